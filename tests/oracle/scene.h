// Scene: a case under construction, played on the host CPU as it grows.
//
// Each instruction is chosen knowing the registers that the ones before it arrived at, so that
// memory operands can be aimed and special values set up.
#pragma once

#include "decoder/decoder.h"
#include "tests/oracle/case.h"
#include "tests/oracle/native_linux.h"
#include "tests/oracle/random.h"

namespace seventeen::oracle {

// An instruction not yet in the case.
struct Draft {
    Bytes bytes;
    decoder::CodeSize code_size = decoder::CodeSize::k32;
    decoder::Instruction instruction;  // decoded from `bytes`, unless `undefined`
    bool undefined = false;
};

class Scene {
  public:
    Scene(NativeCpu& host, Random& random, Case& test);

    Random& random() { return random_; }
    bool has_low() const { return host_.has_low(); }

    // Registers and memory after the instructions so far.
    const Registers& live() const { return live_; }
    u32 gpr(unsigned number) const { return number == kNoGpr ? 0 : live_.gpr[number]; }
    u32 peek(u32 address);  // 4 bytes, zero outside the memory image
    u32 next_address() const { return test_.end(); }
    bool has_local_segments() const { return host_.has_local_segments(); }

    // Segments as they are now. EIP counts from the code segment's base.
    decoder::CodeSize code_size() const { return test_.code_size(); }
    u32 base(SegmentName name) const { return segment_base(live_[name]); }
    u32 stack_address() const {
        const u32 mask = is_32_bit(live_[SegmentName::kSs]) ? 0xffff'ffff : 0xffff;
        return base(SegmentName::kSs) + (live_[Gpr::kSp] & mask);
    }
    // The instruction in work goes on in another code segment.
    void change_code_segment(u16 selector) { next_code_ = selector | kUserRpl; }
    bool at_start() const { return test_.instructions.empty(); }

    // Changes the start state, where no instruction precedes; otherwise adds a MOV.
    void set_gpr(unsigned number, u32 value);
    // Replaces its lower half only.
    void set_gpr16(unsigned number, u32 value) {
        set_gpr(number, (gpr(number) & 0xffff0000) | (value & 0xffff));
    }
    // Changes memory now and in the start state.
    void poke(u32 address, const void* bytes, std::size_t size);
    template <typename T>
    void poke(u32 address, const T& value) {
        poke(address, &value, sizeof value);
    }

    // Adds the instruction and plays it. False: it did not reach its end, so the case ends here.
    bool append(const Bytes& bytes);

  private:
    static constexpr u16 kUserRpl = 3;

    NativeCpu& host_;
    Random& random_;
    Case& test_;
    Registers live_;
    u16 next_code_ = 0;
};

}  // namespace seventeen::oracle
