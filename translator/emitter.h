// Emitter: the code of one block while it is made: where flags are, memory accesses, exits.
//
// Rules (rules.h) call it, one instruction after the other. It keeps the promise that makes every
// slow path simple: until the last access of an instruction that may fault has succeeded, nothing a
// guest can see has changed, so a site can at any access hand the whole instruction over to the
// interpreter and go on behind it.
#pragma once

#include <asmjit/x86.h>

#include <array>
#include <cstddef>
#include <functional>
#include <memory_resource>
#include <optional>
#include <vector>

#include "decoder/instruction.h"
#include "privilege/cpu_model.h"
#include "translator/block.h"
#include "translator/context.h"
#include "translator/copied_instruction.h"
#include "translator/marked_instructions.h"
#include "translator/options.h"
#include "translator/thunk.h"

namespace seventeen::translator {

enum class Access : u8 { kRead, kWrite, kModify };

class BlockMap;

// What the translator knows besides the guest's bytes.
struct Surroundings {
    Mode mode;
    TrickSet disabled;
    const MarkedInstructions* soft = nullptr;     // these don't use the window
    LooseSource loose;                            // without `bytes`
    const MarkedInstructions* patched = nullptr;  // their immediates are read where they lie
    // The block ends where one of these begins.
    const BlockMap* joined = nullptr;
    // Calls may lead to these, by EIP in the current address space.
    std::function<std::optional<Thunk>(u32 eip)> thunk_at{};
};

class Emitter {
  public:
    using Assembler = asmjit::x86::Assembler;

    // `draft`: what the block will be. `longest`: instructions in it, at most. `code` is emptied
    // first.
    Emitter(const Surroundings& surroundings, const privilege::CpuModel& model, Block& draft,
            unsigned longest, asmjit::CodeHolder& code);
    Emitter(const Emitter&) = delete;
    Emitter& operator=(const Emitter&) = delete;

    // --- for the translate loop ---
    // The next instruction starts at `eip`. `soft`: it does not use the window.
    void begin(const decoder::Instruction& instruction, u32 eip, bool soft);
    // The interpreter runs the instruction. `ends`: the block ends with it.
    void fall_back(bool ends);
    void end_instruction();
    // Where the instruction after the current one lies: behind it, or at the start of a loop.
    u32 following_eip() const { return again_ ? block_.key.eip : next_eip(); }
    // The source of what follows here is compared before it runs; else the block is left for `eip`.
    void check_source(u32 eip);
    // No instruction follows: leaves for `next`, unless the block has ended. `cut`: the instruction
    // there goes on in another page.
    void finish_open(u32 next, bool cut);
    // Binds what is pending but callouts: the draft is complete.
    void finish();
    // Callouts name the sites of `block`, the draft's copy that stays where it is.
    void finish_callouts(const Block& block);
    asmjit::CodeHolder& code() { return code_; }
    // Fills in the offsets of sites and fault points, now that all labels are bound.
    void resolve(Block& block) const;

    // --- for rules ---
    Assembler& out() { return assembler_; }
    const privilege::CpuModel& model() const { return model_; }
    const Mode& mode() const { return surroundings_.mode; }
    u32 mode_number() const { return block_.key.mode; }
    bool disabled(Trick trick) const { return surroundings_.disabled.has(trick); }
    const decoder::Instruction& instruction() const { return *instruction_; }
    u32 eip() const { return eip_; }
    unsigned completed() const { return completed_; }  // instructions before this one
    u32 next_eip() const { return eip_ + instruction_->length; }

    unsigned memory_size() const;  // of the memory operand

    // Where the guest's register is.
    static asmjit::x86::Gp guest32(unsigned number);
    static asmjit::x86::Gp guest64(unsigned number);
    static asmjit::x86::Gp guest16(unsigned number);
    // A register operand; false where it is AH, CH, DH or BH.
    static bool has_low_name(const decoder::Operand& operand);
    static asmjit::x86::Gp guest(const decoder::Operand& operand);
    asmjit::x86::Mem state(std::size_t offset, u32 size) const;
    asmjit::x86::Mem context(std::size_t offset, u32 size) const;

    // The guest's flags are (again) in EFLAGS.
    void flags_to_host();
    // EFLAGS may be changed: the guest's flags are saved.
    void flags_to_saved();
    // The instruction has set them all in EFLAGS.
    void flags_are_in_host() { saved_ = false; }
    bool flags_saved() const { return saved_; }

    // r8d = offset of the memory operand in its segment.
    void effective_address() {
        effective_address(instruction_->memory, instruction_->address_size);
    }
    void effective_address(const decoder::MemoryOperand& memory, unsigned address_size);
    // r8d = linear address of an access in a segment: limits and rights checked, base added.
    void apply_segment(SegmentName segment, Access access, unsigned size);
    // r8d is a linear address: makes it accessible and returns its place in host memory. The soft
    // form uses r9 and r10, and the place is [r8 + r9].
    asmjit::x86::Mem locate(Access access, unsigned size);
    // Soft form, of all bytes from r8 to `last`, which may use r8 and guest registers: r9 = what to
    // add to r8.
    void locate_until(Access access, const asmjit::x86::Mem& last) {
        flags_to_saved();
        locate_until(access, last, slow_path());
    }
    // All three for the instruction's memory operand.
    asmjit::x86::Mem memory_operand(Access access, unsigned size);
    // The same for an instruction that is copied: which form the copy must have.
    MemoryForm operand_form(Access access) const;
    void operand_for_copy(Access access, unsigned size);
    // The next host instruction is the access itself.
    void touch();
    // The next host instruction may raise SIGFPE.
    void may_fault();
    // The same, and if it does what `landing` emits is executed.
    void may_fault(std::function<void()> landing);
    bool windowed(Access access) const {
        return mode().has(Mode::kWindow) && !soft_ &&
               (access == Access::kRead || !mode().has(Mode::kSoftWrites));
    }

    // The register that holds the address of the Countdown's byte for `count`: r10, or `count`
    // itself. Flags stay.
    asmjit::x86::Gp place_in_countdown(const asmjit::x86::Gp& count);

    // Where the instruction's immediate is read as it runs; nullptr: it is as translated.
    const u8* open_immediate() const { return open_immediate_; }

    // Copies the instruction, which has an encoding of this form.
    void copy(MemoryForm form);
    // Leaves the fast path: the interpreter takes the whole instruction over.
    asmjit::Label slow_path();
    // Behind its slow path the current instruction may have changed the Mode: the block is left.
    void slow_path_leaves() { slow_leaves_ = true; }

    // --- ESP: stack_pointer.h ---
    // ESP moves; r12 follows when it must.
    void fold_stack_pointer(s32 by);
    // r12 is ESP.
    void settle_stack_pointer();
    // What ESP + `offset` is more than r12.
    s32 from_stack_pointer(s32 offset) const {
        return static_cast<s32>(static_cast<u32>(stack_delta_) + static_cast<u32>(offset));
    }

    // --- exits; the current instruction counts as completed ---
    // The block goes on only where a branch around the exit was emitted.
    // kCrossing: the privilege level has changed, and Context says what is there.
    enum class Branch : u8 { kJump, kCall, kReturn, kCrossing };
    void exit_to(u32 target, Branch branch = Branch::kJump);
    void exit_indirect(Branch branch = Branch::kJump);  // to r8d
    // May the block go on with its first instruction, where the current branch leads? Then it does.
    bool go_round(u32 target);
    // Does the current CALL, whose return address is written, lead to a thunk? Then the block goes
    // on behind it, with ESP as it was.
    bool go_through_thunk(u32 target);
    // Has the current CALL been returned from?
    bool runs_on() const { return runs_on_; }
    // Before the current instruction, to a block of a Mode in which FPU registers are loaded.
    void leave_for_fpu();
    bool closed() const { return closed_; }
    // A label that leads to an exit for `target`, emitted later; flags in EFLAGS.
    asmjit::Label exit_later(u32 target);

    // The current instruction is the last x87 instruction; it cannot fault any more.
    void note_x87();
    // Has the block had one whose pointers are not in CpuState yet? FDS is the selector that its
    // segment register had.
    bool x87_noted() const { return x87_.note.any; }

  private:
    struct ColdSite {
        asmjit::Label label;
        u16 site = 0;
        bool needed = true;      // something jumps to the label
        bool saved = false;      // flags are in r11
        asmjit::Label resume;    // kInstruction
        asmjit::Label jump_end;  // kDirect: behind the displacement to patch
    };
    // What has happened on the x87 since the block was entered, or since the last fallback.
    struct X87State {
        X87Note note;
        u16 operation = Site::kNoOperation;  // FDP is its memory operand's address, not stored yet
        decoder::MemoryOperand memory;
        u8 address_size = 0;
        u32 moved = 0;  // what has been added to the address since
    };
    // An access whose page is neither plain memory nor, perhaps, the interpreter's business.
    struct TableWrite {
        asmjit::Label label;
        asmjit::Label back;
        asmjit::Label slow;
    };
    struct Landing {
        std::size_t point = 0;  // which of the block's fault points
        asmjit::Label label;
        std::function<void()> emit;
    };
    // A comparison, and the pieces of the source that it is about.
    struct Check {
        asmjit::Label label;
        asmjit::Label back;
        asmjit::Label stale;
        std::vector<std::pair<u32, u32>> pieces;  // offsets: first, end
    };
    struct LaterExit {
        asmjit::Label label;
        u32 target = 0;
        u16 count = 0;
        s32 stack_delta = 0;
        X87State x87;
    };

    u16 new_site(Site::Kind kind, u32 eip, u16 count);
    u16 operation();
    ColdSite& slow_site();
    void locate_until(Access access, const asmjit::x86::Mem& last, const asmjit::Label& miss);
    bool may_write_table(Access access, unsigned size) const;
    void emit_table_write(const TableWrite& write);
    void emit_exit(u32 target, u16 count, bool by_table = false);
    bool is_direct(u32 target, bool by_table) const;
    void emit_direct_exit(u32 target, u16 count);
    void emit_table_exit(u32 target, u16 count);
    void count(u16 site, u16 count);
    u16 new_direct_site(u32 eip);
    void jump_to_site(u16 site);
    void jump_by_map();
    void jump_by_slot(u16 site, u32 target);
    template <typename Place>
    void leave_for(const Place& place);
    bool has_pairs() const;
    bool may_pair() const;
    void emit_landing();
    void leave_at(u16 site);
    void store_x87_note();
    void keep_x87_address();
    void store_x87_address();
    // From what the host has of the base register.
    s32 displacement_of(const decoder::MemoryOperand& memory) const;
    bool in_page(u32 target) const;
    void open_source();
    void cover_source();
    void cover_source(u32 first, u32 end);
    void emit_check(const Check& check);
    void compare_source(u32 first, u32 end, const asmjit::Label& stale);

    // The lists below grow here.
    std::array<std::byte, 16 << 10> room_;
    std::pmr::monotonic_buffer_resource memory_{room_.data(), room_.size()};

    const Surroundings& surroundings_;
    const privilege::CpuModel& model_;
    Block& block_;
    asmjit::CodeHolder& code_;
    Assembler assembler_;
    const decoder::Instruction* instruction_ = nullptr;
    u32 eip_ = 0;
    u16 completed_ = 0;                   // instructions before this one
    u16 operation_ = Site::kNoOperation;  // its own, once a site needs it
    unsigned longest_;
    unsigned rounds_ = 1;
    u16 round_ = 0;       // instructions in each
    bool again_ = false;  // another one follows the current instruction
    bool runs_on_ = false;
    bool soft_ = false;
    bool saved_ = false;
    bool closed_ = false;  // the block has ended
    bool pairs_ = false;   // the exit that is emitted is a CALL's, and leaves a landing
    s32 stack_delta_ = 0;  // what ESP is more than r12
    X87State x87_;
    asmjit::Label slow_;         // of this instruction
    bool slow_leaves_ = false;   // and the block is not resumed behind it
    std::size_t slow_site_ = 0;  // its place in cold_
    std::pmr::vector<ColdSite> cold_{&memory_};
    std::pmr::vector<LaterExit> later_{&memory_};
    std::pmr::vector<Landing> landings_{&memory_};
    std::pmr::vector<TableWrite> table_writes_{&memory_};
    std::pmr::vector<Check> checks_{&memory_};
    const u8* open_immediate_ = nullptr;
};

}  // namespace seventeen::translator
