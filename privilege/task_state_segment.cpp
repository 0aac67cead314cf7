// Loads and saves the state of a task in its TSS.
#include "privilege/task_state_segment.h"

#include <algorithm>
#include <iterator>

#include "privilege/descriptor.h"

namespace seventeen::privilege {

namespace {

constexpr mmu::Privilege kSupervisor = mmu::Privilege::kSupervisor;
constexpr unsigned kLinkOffset = 0;

// A 16-bit TSS is an array of words; those from IP to DS are saved.
namespace tss16 {
constexpr unsigned kSize = 0x2c;
constexpr unsigned kIp = 14;
constexpr unsigned kSavedWords = 14;  // IP, FLAGS, eight registers, ES CS SS DS
constexpr unsigned kSegments = 4;
}  // namespace tss16

// A 32-bit TSS is an array of doublewords, its selectors in the lower halves; the first ten from
// EIP on are saved whole, the upper halves beside the selectors are left alone.
namespace tss32 {
constexpr unsigned kSize = 0x68;
constexpr unsigned kCr3 = 28;
constexpr unsigned kEip = 32;
constexpr unsigned kSavedDwords = 10;  // EIP, EFLAGS, eight registers
constexpr unsigned kSegments = 72;
constexpr unsigned kSavedEnd = 96;
}  // namespace tss32

}  // namespace

TaskStateSegment::TaskStateSegment(const SegmentRegister& segment, mmu::Mmu& mmu)
    : base_(segment.base),
      limit_(segment.limit),
      is_32_bit_(segment.attributes & kSystemType32),
      mmu_(mmu) {}

bool TaskStateSegment::holds_state() const {
    return limit_ >= (is_32_bit_ ? tss32::kSize : tss16::kSize) - 1;
}

bool TaskStateSegment::holds_saved_state() const {
    return limit_ >= (is_32_bit_ ? tss32::kSavedEnd : tss16::kIp + tss16::kSavedWords * 2) - 1;
}

Fault TaskStateSegment::probe_load() {
    return mmu_.probe(at(0), kSupervisor, mmu::Access::kRead,
                      is_32_bit_ ? tss32::kSize : tss16::kSize);
}

Fault TaskStateSegment::probe_save() {
    if (is_32_bit_)
        return mmu_.probe(at(tss32::kEip), kSupervisor, mmu::Access::kWrite,
                          tss32::kSavedEnd - tss32::kEip);
    return mmu_.probe(at(tss16::kIp), kSupervisor, mmu::Access::kWrite, tss16::kSavedWords * 2);
}

Fault TaskStateSegment::probe_link() {
    return mmu_.probe(at(kLinkOffset), kSupervisor, mmu::Access::kWrite, sizeof(u16));
}

Fault TaskStateSegment::read_link(u16& selector) {
    return mmu_.read(at(kLinkOffset), kSupervisor, selector);
}

Fault TaskStateSegment::write_link(u16 selector) {
    return mmu_.write(at(kLinkOffset), kSupervisor, selector);
}

Fault TaskStateSegment::load(TaskState& task) {
    return is_32_bit_ ? load_32_bit(task) : load_16_bit(task);
}

Fault TaskStateSegment::save(const CpuState& state, u32 eflags) {
    return is_32_bit_ ? save_32_bit(state, eflags) : save_16_bit(state, eflags);
}

Fault TaskStateSegment::load_16_bit(TaskState& task) {
    std::array<u16, tss16::kSize / 2> words{};
    if (Fault fault = mmu_.read_bytes(at(0), kSupervisor, words.data(), sizeof words)) return fault;
    const u16* next = words.data() + tss16::kIp / 2;
    task.eip = *next++;
    task.eflags = *next++;
    // The SDM leaves the upper halves open; the 386 and its successors fill them with ones.
    for (u32& reg : task.gpr) reg = 0xffff'0000u | *next++;
    std::copy_n(next, tss16::kSegments, task.selectors.begin());
    task.ldt = next[tss16::kSegments];
    return {};
}

Fault TaskStateSegment::load_32_bit(TaskState& task) {
    std::array<u32, tss32::kSize / 4> dwords{};
    if (Fault fault = mmu_.read_bytes(at(0), kSupervisor, dwords.data(), sizeof dwords))
        return fault;
    task.page_directory = dwords[tss32::kCr3 / 4];
    const u32* next = dwords.data() + tss32::kEip / 4;
    task.eip = *next++;
    task.eflags = *next++;
    for (u32& reg : task.gpr) reg = *next++;
    for (u16& selector : task.selectors) selector = static_cast<u16>(*next++);
    task.ldt = static_cast<u16>(*next++);
    task.debug_trap = *next & 1;
    return {};
}

Fault TaskStateSegment::save_16_bit(const CpuState& state, u32 eflags) {
    std::array<u16, tss16::kSavedWords> words{};
    u16* next = words.data();
    *next++ = static_cast<u16>(state.rip);
    *next++ = static_cast<u16>(eflags);
    for (unsigned i = 0; i < 8; ++i) *next++ = static_cast<u16>(state.gpr[i]);
    for (unsigned i = 0; i < tss16::kSegments; ++i) *next++ = state.segments[i].selector;
    return mmu_.write_bytes(at(tss16::kIp), kSupervisor, words.data(), sizeof words);
}

Fault TaskStateSegment::save_32_bit(const CpuState& state, u32 eflags) {
    std::array<u32, tss32::kSavedDwords> dwords{state.eip(), eflags};
    for (unsigned i = 0; i < 8; ++i) dwords[2 + i] = static_cast<u32>(state.gpr[i]);
    if (Fault fault = mmu_.write_bytes(at(tss32::kEip), kSupervisor, dwords.data(), sizeof dwords))
        return fault;
    for (unsigned i = 0; i < kSegmentCount; ++i)
        if (Fault fault =
                mmu_.write(at(tss32::kSegments + i * 4), kSupervisor, state.segments[i].selector))
            return fault;
    return {};
}

}  // namespace seventeen::privilege
