// The board that notes what is read.
#include "debugger/excerpt.h"

#include <algorithm>
#include <array>
#include <map>

#include "core/bus.h"
#include "interpreter/interpreter.h"
#include "privilege/privilege_engine.h"

namespace seventeen::debugger {

namespace {

constexpr u64 kPhysicalSpace = u64{1} << 36;
constexpr u64 kMostRam = u64{1} << 31;
constexpr u64 kLine = 16;  // bytes that are taken along together

class Board final : private InterruptAcknowledge, private Device {
  public:
    explicit Board(const ExcerptRequest& request)
        : original_(request.memory),
          vector_(request.vector),
          model_(privilege::cpu_model(request.model).without(Feature::kApic)),
          state_(request.state),
          memory_(kPageSize, mmio_),
          privilege_(state_, mmu_, model_, {ports_, scheduler_, *this}),
          engine_(state_, mmu_, privilege_) {
        mmio_.claim({.first = 0, .size = kPhysicalSpace, .device = this, .widest = 8});
        ports_.claim({.first = 0, .size = 0x10000, .device = this, .region = kPorts});
        memory_.set_a20(original_.a20());
        mmu_.flush_all();
        engine_.reset();
    }

    void run(u64 instructions) {
        const u64 target = state_.retired + instructions;
        while (state_.retired < target) {
            note_code();
            const Exit exit = engine_.run(state_.retired + 1);
            if (exit == Exit::kHalted || exit == Exit::kShutdown) return;
        }
    }

    Excerpt excerpt() const {
        Excerpt made;
        made.a20 = original_.a20();
        made.ram = std::max(u64{1} << 20, (highest_ + kPageSize) & ~u64{0xfffff});
        made.incomplete = incomplete_;
        for (const auto& [address, bytes] : lines_) {
            if (std::ranges::all_of(bytes, [](u8 byte) { return byte == 0; })) continue;
            const bool adjoins =
                !made.memory.empty() &&
                made.memory.back().address + made.memory.back().bytes.size() == address;
            if (!adjoins) made.memory.push_back({address, {}});
            std::vector<u8>& piece = made.memory.back().bytes;
            piece.insert(piece.end(), bytes.begin(), bytes.end());
        }
        return made;
    }

  private:
    static constexpr unsigned kPorts = 1;
    using Line = std::array<u8, kLine>;

    std::string_view name() const override { return "excerpt"; }
    u8 acknowledge() override {
        state_.interrupt_line = false;
        return vector_;
    }

    u64 read(unsigned region, u64 offset, Width width) override {
        if (region == kPorts) incomplete_ = true;
        if (region == kPorts || !note(offset, width)) return ~u64{0};
        u64 value = 0;
        for (unsigned i = 0; i < width; ++i) {
            const auto written = written_.find(offset + i);
            const u64 byte = written != written_.end() ? written->second : original(offset + i);
            value |= byte << (8 * i);
        }
        return value;
    }
    void write(unsigned region, u64 offset, u64 value, Width width) override {
        if (region == kPorts) incomplete_ = true;
        if (region == kPorts || !note(offset, width)) return;
        for (unsigned i = 0; i < width; ++i)
            written_[offset + i] = static_cast<u8>(value >> (8 * i));
    }

    u8 original(u64 address) const { return lines_.at(address / kLine * kLine)[address % kLine]; }

    // Takes along the lines of these bytes, as they were at first. False: there is a chip.
    bool note(u64 first, u64 size) {
        for (u64 line = first / kLine * kLine; line < first + size; line += kLine) {
            if (original_.is_mmio({line}) || line >= kMostRam) {
                incomplete_ = true;
                return false;
            }
            if (lines_.contains(line)) continue;
            highest_ = std::max(highest_, line);
            original_.read({line}, lines_[line].data(), kLine);
        }
        return true;
    }

    // A translator looks ahead, as far as the page goes.
    void note_code() {
        const LinearAddress linear =
            privilege::SegmentedMemory::linear(state_.segment(SegmentName::kCs), state_.eip());
        PhysicalAddress physical;
        if (mmu_.peek(linear, physical)) note(physical.value, kPageSize - linear.offset());
    }

    mmu::PhysicalMemory& original_;
    u8 vector_;
    privilege::CpuModel model_;
    CpuState state_;
    Bus ports_{"port", 0x10000};
    Bus mmio_{"memory", kPhysicalSpace};
    Scheduler scheduler_{state_.retired, state_.attention};
    mmu::PhysicalMemory memory_;
    mmu::Mmu mmu_{state_, memory_};
    privilege::PrivilegeEngine privilege_;
    interpreter::Interpreter engine_;
    std::map<u64, Line> lines_;
    std::map<u64, u8> written_;
    u64 highest_ = 0;
    bool incomplete_ = false;
};

}  // namespace

Excerpt make_excerpt(const ExcerptRequest& request) {
    Board board(request);
    board.run(request.instructions);
    Excerpt made = board.excerpt();
    made.model = request.model;
    made.state = request.state;
    made.instructions = request.instructions;
    made.vector = request.vector;
    return made;
}

}  // namespace seventeen::debugger
