// Translator: the fast engine. Copies harmless guest code into host code and runs that.
//
// Life of a run: run() looks after pending events (as the interpreter does it: boundary and careful
// instructions are left to it), then enters translated code at the block of CS:EIP. Blocks lead to
// each other directly. Whatever else is to be done calls out (context.h): on_callout() brings
// CpuState up to date, does it, and says where translated code goes on, or that it is left.
//
// Exactness: CpuState at a given CpuState::retired is the interpreter's, always. Three rules see to
// it. (1) What translated code can't do at once it leaves to the interpreter's own handler, for the
// one instruction, with all of CpuState in place. (2) Translated code runs only while a whole block
// fits before the target; the interpreter runs the last few instructions. (3) It never runs while
// attention is raised: every C++ function that may raise it is reached by a callout.
#pragma once

#include <array>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/engine.h"
#include "interpreter/cpu.h"
#include "interpreter/interpreter.h"
#include "mmu/shadow_observer.h"
#include "translator/block_map.h"
#include "translator/block_translator.h"
#include "translator/code_cache.h"
#include "translator/context.h"
#include "translator/countdown.h"
#include "translator/fpu_residence.h"
#include "translator/host_faults.h"
#include "translator/jump_tables.h"
#include "translator/marked_instructions.h"
#include "translator/options.h"
#include "translator/pair_stack.h"
#include "translator/profile.h"
#include "translator/statistics.h"
#include "translator/stubs.h"
#include "translator/window_set.h"

namespace seventeen::translator {

class Translator final : public Engine, private HostFaultHandler, private mmu::ShadowObserver {
  public:
    // Throws Error where the host has no memory for code.
    Translator(CpuState& state, mmu::Mmu& mmu, privilege::PrivilegeEngine& privilege,
               const TranslatorOptions& options = {});
    ~Translator() override;

    std::string_view name() const override { return "translator"; }
    Exit run(u64 target) override;
    void reset() override;

    const Statistics& statistics() const { return statistics_; }
    Census census() const;
    // Completes a sample that was taken at this host instruction. For a signal handler on the
    // thread that run() runs on, at any time.
    void locate(Sample& sample, const u8* code);

  private:
    // Where the page of code at a linear page lies, while nothing has changed that.
    struct CodePage {
        u64 linear_page = ~u64{0};
        u64 generation = 0;
        bool user = false;
        PhysicalAddress physical;
    };

    // Whether a user's address space has earned its window: instructions earn it, host faults cost.
    struct Earnings {
        u64 credit = 0;  // in instructions
        bool window = false;
    };

    // A Mode and an address space, and what belongs to them.
    struct Place {
        Mode mode;  // as CpuState has it
        SpaceKey space;
        bool window = false;
        Earnings* earnings = nullptr;  // of a user's space
        u32 number = 0;                // of the Mode
        JumpTables::Table* table = nullptr;
        u64 generation = 0;  // JumpTables::generation()
    };

    // A page that the guest's handler of a page fault is expected to make present.
    struct Awaited {
        bool any = false;
        bool write = false;
        u32 eip = 0;  // of the instruction that wants it
        u64 cr3 = 0;
        u64 linear_page = 0;
    };

    void run_code(const u8* code);
    void learn_clock();
    bool attention_is_quiet(u64 mmio_before) const;
    const u8* on_callout(Site& site);
    const u8* run_instruction(Site& site);
    Fault run_operation(const Site& site, const interpreter::Operation& operation);
    std::optional<Redirection> host_fault(const HostFault& fault) override;
    Situation situation(const HostFault& fault) const override;
    const u8* load_fpu(const Site& site);
    void learn_from_fault(Site& site, const HostFault& fault);
    void await_page(const Site& site, const HostFault& fault);
    void show_awaited_page();
    const u8* leave_directly(Site& site);
    bool may_link(const Site& site, const BlockMap::Found& to) const;
    const u8* leave_indirectly();
    bool still_holds(const Block& block, u64 fetch_generation) const;
    // Where to go on at CS:EIP, or nullptr: translated code is left.
    // How the place was reached that is to run: what no branch leads to will hardly be run again.
    enum class Arrival : u8 { kByBranch, kOtherwise };
    const u8* go_on(Arrival arrival = Arrival::kOtherwise);
    bool may_go_on() const;
    bool has_room() const;
    void pass_boundary();
    void prepare_to_go_on();
    void review_pairs();
    BlockMap::Found block_here(Arrival arrival);
    bool still_spans(Block& block);
    BlockMap::Found translate(const BlockKey& key, Arrival arrival);
    Surroundings surroundings(PhysicalAddress first, PhysicalAddress second, Arrival arrival);
    LooseSource loose_source(PhysicalAddress first, PhysicalAddress second) const;
    const u8* leave_stale(Site& site);
    void learn_from_patch(const Block& block);
    bool may_inline_thunks() const;
    std::optional<Thunk> thunk_at(u32 eip);
    const Block* thunk_block(const BlockKey& key, std::span<const u8> page);
    void translate_spanning(const BlockKey& key, std::unique_ptr<Block>& into);
    bool fetch_second_page(PhysicalAddress& page);
    void raise(const Fault& fault);
    // Instructions that a block may run before it looks whether any are left, and one that the
    // interpreter runs: the one that STI, or MOV SS, holds interrupts off for.
    u64 slack() const { return options_.longest_block + 1; }

    Fault locate(PhysicalAddress& physical);
    // Modes and address spaces.
    void find_place();
    void follow_crossings();
    void keep_crossing(const interpreter::Operation& operation, u32 mode, u32 flags);
    void forget_places();
    void forget_crossings();
    Place new_place(const Mode& from_state, const SpaceKey& space);
    u32 number_of_mode(const Mode& mode);
    bool may_use_window(const Place& place) const;
    bool has_earned_window(Earnings& earnings) const;
    void choose_window();
    void earn();
    void earn_for(Earnings* earnings);
    void pay_for_fault();
    bool earn_by_miss(const Mode& mode);
    Earnings* earnings_of_space();
    void end_space(u64 cr3);
    void fill_slot(u32 eip, const BlockMap::Found& block);
    void shadow_dropped(u64 first_page, u64 pages, u64 root) override;
    void shadow_dropped_all() override;
    void shadow_dropped_elsewhere(u64 first_page, u64 pages, u64 root) override;
    void shadow_left(u64 first_page, u64 pages) override;
    void shadow_protected(u64 ram_page) override;
    void forget_blocks();

    CpuState& state_;
    interpreter::Cpu cpu_;
    interpreter::Interpreter interpreter_;
    TranslatorOptions options_;
    Statistics statistics_;
    CodeCache cache_;
    Stubs stubs_;
    BlockMap blocks_;
    BlockTranslator translator_;
    BlockTranslator thunk_translator_;
    JumpTables jump_tables_;
    std::optional<WindowSet> windows_;
    MarkedInstructions soft_;         // they gave their window up
    MarkedInstructions patched_;      // their immediates change
    std::optional<HostFault> fault_;  // what led to the callout
    Awaited awaited_;
    Earnings* earning_ = nullptr;                 // of the user's space that runs
    std::unordered_map<u64, Earnings> earnings_;  // by CR3
    Context& context_;
    Countdown countdown_;
    PairStack pairs_;
    u64 losses_ = 0;  // JumpTables::losses() when pairs were last dropped
    // Mmu::fetch_generation() when a page was met whose loss JumpTables would not hear of.
    std::optional<u64> unkept_;
    Block nowhere_;  // has `indirect_`, where jump maps lead that know no better
    Site indirect_;
    FpuResidence fpu_{state_, context_};
    std::vector<Mode> modes_;  // that blocks were translated for
    u32 mode_ = 0;             // the current one, while mode_known_
    bool mode_known_ = false;
    u64 crossings_generation_ = 0;  // JumpTables::generation() when they were learnt
    static constexpr std::size_t kPlaces = 16;
    std::array<Place, kPlaces> places_{};  // found lately, by find_place()
    CodePage code_page_;
    GuestPlace calling_;      // what run_operation() runs; else its mnemonic is kInvalid
    bool interpret_ = false;  // proceed() found code that cannot be translated
    std::exception_ptr exception_;
};

}  // namespace seventeen::translator
