// The main loop, and where its operations come from.
#include "interpreter/interpreter.h"

#include <algorithm>
#include <array>

#include "decoder/properties.h"
#include "interpreter/bind.h"

namespace seventeen::interpreter {

namespace {

using decoder::CodeSize;
using decoder::DecodeStatus;
using decoder::Instruction;

constexpr std::size_t kLongestInstruction = 15;

}  // namespace

Interpreter::Interpreter(CpuState& state, mmu::Mmu& mmu, privilege::PrivilegeEngine& privilege)
    : cpu_{state, mmu, privilege, privilege::SegmentedMemory(state, mmu)},
      blocks_(state, mmu.memory()) {}

void Interpreter::reset() {
    blocks_.clear();
    code_page_ = {};
    cpu_.state.attention = true;
}

Exit Interpreter::run(u64 target) {
    const Occupied occupied(Occupation::kInterpreter);
    CpuState& state = cpu_.state;
    if (state.activity != Activity::kRunning) state.attention = true;
    while (state.retired < target) {
        if (state.attention) [[unlikely]] {
            if (const auto exit = look_around(target)) return *exit;
            continue;
        }
        run_block(target, kLongestBlock);
    }
    return Exit::kTarget;
}

// Takes what is pending; one instruction that needs care runs here, and the caller looks again.
std::optional<Exit> Interpreter::look_around(u64 target) {
    using Boundary = privilege::PrivilegeEngine::Boundary;
    switch (cpu_.privilege.service_boundary()) {
        case Boundary::kHalted: return Exit::kHalted;
        case Boundary::kShutdown: return Exit::kShutdown;
        case Boundary::kRun: break;
    }
    if (cpu_.privilege.needs_care()) run_carefully(target);
    return Exit::kAttention;
}

void Interpreter::run_carefully(u64 target) {
    if (const Fault fault = cpu_.privilege.begin_careful()) {
        raise(fault);
        return;
    }
    if (run_block(target, 1)) cpu_.privilege.end_careful();
}

bool Interpreter::run_block(u64 target, u64 most) {
    CpuState& state = cpu_.state;
    blocks_.collect();
    cpu_.target = target;
    state.rip = state.eip();
    const SegmentRegister& code = state.segment(SegmentName::kCs);
    if (state.eip() > code.limit) return raise(Fault::general_protection());
    BlockKey key{{}, code.big()};
    if (const Fault fault = locate(state.eip(), key.address)) return raise(fault);
    const Block* block = blocks_.find(key);
    if (!block) [[unlikely]] {
        const PhysicalAddress page_address{key.address.page() << kPageShift};
        const u8* page = cpu_.mmu.memory().read_pointer(page_address);
        if (!page) return run_uncached();
        block = &decode_block(key, page);
    }
    const bool within_limit = u64{state.eip()} + block->bytes <= u64{code.limit} + 1;
    if (block->operations.empty() || !within_limit) [[unlikely]]
        return run_uncached();
    return run_operations(*block,
                          std::min({u64{block->operations.size()}, target - state.retired, most}));
}

bool Interpreter::run_operations(const Block& block, u64 count) {
    CpuState& state = cpu_.state;
    const Operation* operation = block.operations.data();
    const Operation* const end = operation + count;
    do {
        const u64 start = state.rip;
        state.rip = start + operation->length;
        if (const Fault fault = operation->run(cpu_, *operation)) [[unlikely]] {
            state.rip = start;
            return raise(fault);
        }
        ++state.retired;
    } while (++operation != end && !state.attention);
    return true;
}

bool Interpreter::run_uncached() {
    Operation operation;
    if (const Fault fault = fetch_uncached(operation)) return raise(fault);
    return run_one(operation);
}

bool Interpreter::run_one(const Operation& operation) {
    CpuState& state = cpu_.state;
    const u64 start = state.rip;
    state.rip = start + operation.length;
    if (const Fault fault = operation.run(cpu_, operation)) {
        state.rip = start;
        return raise(fault);
    }
    ++state.retired;
    return true;
}

// A delivered fault counts as one retired instruction: see the essay in the header.
bool Interpreter::raise(const Fault& fault) {
    cpu_.privilege.deliver(fault);
    ++cpu_.state.retired;
    return false;
}

// The physical address of the code at `eip`; #PF as a fetch raises it.
Fault Interpreter::locate(u32 eip, PhysicalAddress& physical) {
    const SegmentRegister& code = cpu_.state.segment(SegmentName::kCs);
    const LinearAddress linear = privilege::SegmentedMemory::linear(code, eip);
    const mmu::Privilege privilege = cpu_.memory.privilege();
    if (linear.page() != code_page_.linear_page || privilege != code_page_.privilege ||
        cpu_.mmu.fetch_generation() != code_page_.generation) {
        PhysicalAddress fetched;
        if (Fault fault = cpu_.mmu.fetch(linear, privilege, fetched)) return fault;
        const PhysicalAddress page{fetched.page() << kPageShift};
        code_page_ = {linear.page(), cpu_.mmu.fetch_generation(), privilege, page};
    }
    physical = code_page_.physical + linear.offset();
    return {};
}

const Block& Interpreter::decode_block(BlockKey key, const u8* page) {
    const CodeSize size = key.big ? CodeSize::k32 : CodeSize::k16;
    const u64 first = key.address.offset();
    Block block;
    Instruction instruction;
    while (block.operations.size() < kLongestBlock) {
        const u64 at = first + block.bytes;
        const std::size_t left = std::min<std::size_t>(kPageSize - at, kLongestInstruction);
        // SAFETY: `page` is the host memory of one guest page, and `at + left` stays within it.
        const auto status = decoder_.decode({page + at, left}, size, instruction);
        block.covered = static_cast<u32>(at + left - first);
        if (status == DecodeStatus::kTruncated) break;  // leaves the page: run_uncached
        if (status != DecodeStatus::kOk) {
            block.operations.push_back(undecodable_operation(status, instruction.length));
            block.bytes += instruction.length;
            break;
        }
        block.operations.push_back(bind_operation(instruction, cpu_.privilege.model()));
        block.bytes += instruction.length;
        block.covered = block.bytes;
        if (block.operations.back().ends_block || first + block.bytes >= kPageSize) break;
    }
    return *blocks_.insert(key, std::move(block));
}

// Gathers bytes up to the segment's limit, from the second page only when the first does not
// suffice. Bytes beyond the limit are a #GP(0), beyond the page whatever the MMU says.
Fault Interpreter::fetch_uncached(Operation& operation) {
    const CpuState& state = cpu_.state;
    const SegmentRegister& code = state.segment(SegmentName::kCs);
    const u32 eip = state.eip();
    const std::size_t within_limit = std::min<u64>(u64{code.limit} + 1 - eip, kLongestInstruction);
    const u64 in_page = kPageSize - privilege::SegmentedMemory::linear(code, eip).offset();
    const std::size_t first = std::min<std::size_t>(within_limit, in_page);
    std::array<u8, kLongestInstruction> bytes;
    PhysicalAddress physical;
    if (Fault fault = locate(eip, physical)) return fault;
    cpu_.mmu.memory().read(physical, bytes.data(), first);
    const CodeSize size = code.big() ? CodeSize::k32 : CodeSize::k16;
    Instruction instruction;
    DecodeStatus status = decoder_.decode({bytes.data(), first}, size, instruction);
    if (status == DecodeStatus::kTruncated && first < within_limit) {
        if (Fault fault = locate(eip + static_cast<u32>(first), physical)) return fault;
        cpu_.mmu.memory().read(physical, bytes.data() + first, within_limit - first);
        status = decoder_.decode({bytes.data(), within_limit}, size, instruction);
    }
    if (status == DecodeStatus::kTruncated) return Fault::general_protection();
    operation = status == DecodeStatus::kOk ? bind_operation(instruction, cpu_.privilege.model())
                                            : undecodable_operation(status, instruction.length);
    return {};
}

}  // namespace seventeen::interpreter
