// The main loop, and what translated code calls out for.
#include "translator/translator.h"

#include <xmmintrin.h>

#include <algorithm>
#include <new>
#include <type_traits>

#include "core/check.h"

namespace seventeen::translator {

namespace {

// Without the tricks that this host cannot do.
TranslatorOptions possible(TranslatorOptions options) {
    if (!Countdown::is_dense_possible()) options.disabled.set(Trick::kDenseCount);
    if (best_base_write() == BaseWrite::kSystemCall) options.disabled.set(Trick::kFsgsbase);
    return options;
}

}  // namespace

Translator::Translator(CpuState& state, mmu::Mmu& mmu, privilege::PrivilegeEngine& privilege,
                       const TranslatorOptions& options)
    : state_(state),
      cpu_{state, mmu, privilege, privilege::SegmentedMemory(state, mmu)},
      interpreter_(state, mmu, privilege),
      options_(possible(options)),
      cache_(options.code_cache_bytes, sizeof(Context)),
      stubs_(make_stubs(cache_)),
      blocks_(state, mmu.memory(), cache_),
      translator_(privilege.model(), options.longest_block, cache_, statistics_),
      thunk_translator_(privilege.model(), options.longest_block, cache_, statistics_),
      jump_tables_(cache_.code()),
      context_(*new (cache_.data()) Context),
      countdown_(!options_.disabled.has(Trick::kDenseCount)),
      pairs_(stubs_.unpaired) {
    static_assert(std::is_trivially_destructible_v<Context>);
    install_host_fault_handlers();
    mmu.set_shadow(this);
    if (!options_.disabled.has(Trick::kWindows)) windows_.emplace(mmu, options_, statistics_);
    context_.state = &state;
    context_.tlb = {mmu.tlb_entries(mmu::Privilege::kSupervisor),
                    mmu.tlb_entries(mmu::Privilege::kUser)};
    context_.load_segment = stubs_.load_segment;
    context_.write_table = stubs_.write_table;
    context_.cross = stubs_.cross;
    context_.ram = mmu.memory().ram().data();
    context_.page_tables = mmu.watched_tables();
    context_.mispaired = stubs_.mispaired;
    context_.callout_host = stubs_.callout_host;
    context_.callout_saved = stubs_.callout_saved;
    context_.countdown_start = countdown_.start();
    context_.pairs_top = context_.pairs = pairs_.top();
    indirect_.kind = Site::Kind::kIndirect;
    indirect_.block = &nowhere_;
    context_.unknown_target = &indirect_;
    context_.owner = this;
    context_.host_mxcsr = _mm_getcsr();
    context_.handle = [](Context& context, Site& site) -> const u8* {
        auto& self = *static_cast<Translator*>(context.owner);
        const Occupied occupied(Occupation::kDispatch);
        const u8* code = nullptr;
        try {
            code = self.on_callout(site);
        } catch (...) {  // translated code can't be unwound: run() throws it again
            self.calling_ = {};
            self.exception_ = std::current_exception();
        }
        if (!code) self.fpu_.unload();
        self.review_pairs();
        return code;
    };
    if (!options_.disabled.has(Trick::kLooseCode)) blocks_.allow_loose_pages();
    blocks_.on_death([this](const Block& block) {
        ++statistics_.invalidated;
        jump_tables_.forget(block);
    });
    jump_tables_.on_supervisor_loss([this](const u8* code) {
        if (const Block* block = blocks_.containing(code)) blocks_.unlink_far(*block);
    });
}

Translator::~Translator() {
    cpu_.mmu.set_shadow(nullptr);
}

void Translator::reset() {
    interpreter_.reset();
    forget_blocks();
    blocks_.collect();
    code_page_ = {};
    mode_known_ = false;
}

Exit Translator::run(u64 target) {
    if (state_.activity != Activity::kRunning) state_.attention = true;
    const Occupied occupied(Occupation::kDispatch);
    cpu_.target = target;
    blocks_.review_loose_pages();
    blocks_.collect();
    const HostFaultScope faults(*this);
    learn_clock();
    context_.window = 0;  // another machine's may be in gs:
    while (state_.retired < target) {
        // Events, careful instructions and the last few before the target.
        if (state_.attention || target - state_.retired < slack()) return interpreter_.run(target);
        mode_known_ = false;
        interpret_ = false;
        if (const u8* code = go_on()) run_code(code);
        if (!interpret_) continue;
        interpreter_.run_stretch(target);
        learn_clock();
    }
    return Exit::kTarget;
}

void Translator::run_code(const u8* code) {
    ++statistics_.entries;
    const u64 before = state_.retired;
    review_pairs();
    {
        const Occupied occupied(Occupation::kCode);
        stubs_.enter(&context_, code);
    }
    statistics_.retired += state_.retired - before;
    statistics_.unpaired = context_.unpaired;
    statistics_.table_writes = context_.table_writes;
    if (exception_) std::rethrow_exception(std::exchange(exception_, nullptr));
    earn();
}

// --- callouts ---

const u8* Translator::on_callout(Site& site) {
    state_.arithmetic.set(flags_from_saved(context_.flags));
    state_.retired = context_.horizon - context_.countdown + site.count;
    state_.set_reg32(Gpr::kSp, state_.reg32(Gpr::kSp) + static_cast<u32>(site.stack_before));
    follow_crossings();
    if (blocks_.any_dead() && !site.block->dead) blocks_.collect();
    fpu_.update_pointers(site);
    switch (site.kind) {
        case Site::Kind::kInstruction: return run_instruction(site);
        case Site::Kind::kDirect: return leave_directly(site);
        case Site::Kind::kIndirect: return leave_indirectly();
        case Site::Kind::kFpu: return load_fpu(site);
        case Site::Kind::kStale: return leave_stale(site);
    }
    return nullptr;
}

// The interpreter's handler runs the site's instruction; the block goes on behind it.
const u8* Translator::run_instruction(Site& site) {
    ++statistics_.interpreted;
    const std::optional<HostFault> host_fault = std::exchange(fault_, std::nullopt);
    const Block& block = *site.block;
    const interpreter::Operation& operation = block.operations[site.operation];
    statistics_.count_callout(operation.mnemonic, host_fault      ? CalloutCause::kHostFault
                                                  : site.fallback ? CalloutCause::kNoRule
                                                                  : CalloutCause::kSlowPath);
    state_.rip = u64{site.eip} + operation.length;
    const u64 before = state_.retired;
    const u32 flags = state_.system_flags;
    const u64 mmio_before = cpu_.mmu.memory().mmio_accesses();
    const u64 generation = cpu_.mmu.fetch_generation();
    // Only few instructions work on the FPU's registers, or can tell whether they are in place.
    const bool fpu = fpu_.live() && site.fpu;
    if (fpu) fpu_.lend();
    const Fault fault = run_operation(site, operation);
    if (fpu) fpu_.take_back();
    if (site.clock) learn_clock();
    if (host_fault && !host_fault->division) pay_for_fault();
    bool moves = false;  // into a window
    if (fault) {
        state_.rip = site.eip;
        statistics_.faults_guest += host_fault.has_value();
        if (host_fault) await_page(site, *host_fault);
        raise(fault);
    } else {
        ++state_.retired;
        if (host_fault)
            learn_from_fault(site, *host_fault);
        else if (!site.fallback && !site.crossing)
            moves = earn_by_miss(modes_[block.key.mode]);
        if (site.segment)
            learn_segment(context_.segment_loads, state_, cpu_.mmu,
                          static_cast<SegmentName>(operation.operand[0]));
    }
    const bool quiet = state_.attention && !site.board && attention_is_quiet(mmio_before);
    const bool goes_on =
        !fault && !moves && site.resume != 0 && (!block.loose || block.loose.holds());
    const bool done = !state_.flag(kFlagRf);  // not a repeated one that goes on
    if (goes_on && (!state_.attention || (quiet && done && still_holds(block, generation)))) {
        check(state_.retired == before + 1, "an instruction within a block retired several");
        state_.attention = false;
        state_.set_reg32(Gpr::kSp, state_.reg32(Gpr::kSp) - static_cast<u32>(site.stack_after));
        context_.flags = flags_to_saved(state_.arithmetic.value());
        return block.entry + site.resume;
    }
    if (quiet) pass_boundary();
    mode_known_ = false;
    const u8* code = go_on();
    const bool crossed = site.crossing && !fault && code && !block.dead;
    if (crossed) keep_crossing(operation, block.key.mode, flags);
    return code;
}

// After an instruction that may have changed anything: is the rest of its block still what is to
// run?
bool Translator::still_holds(const Block& block, u64 fetch_generation) const {
    constexpr u32 kOurs = Mode::kWindow | Mode::kSoftWrites | Mode::kFpuLive;
    if (block.dead || cpu_.mmu.fetch_generation() != fetch_generation) return false;
    Mode mode = mode_of(state_);
    mode.bits |= modes_[block.key.mode].bits & kOurs;
    return mode == modes_[block.key.mode];
}

Fault Translator::run_operation(const Site& site, const interpreter::Operation& operation) {
    const Occupied occupied(site.occupation);
    calling_ = {site.eip, state_.cpl == 3, operation.mnemonic};
    const Fault fault = operation.run(cpu_, operation);
    calling_.mnemonic = decoder::Mnemonic::kInvalid;
    return fault;
}

// Attention is raised for whatever may concern the next boundary. Where the instruction reached no
// device, the board's events are what they were; if nothing is to be taken at the boundary either,
// there is nothing to leave for.
bool Translator::attention_is_quiet(u64 mmio_before) const {
    return !options_.disabled.has(Trick::kQuietAttention) &&
           cpu_.mmu.memory().mmio_accesses() == mmio_before && cpu_.privilege.boundary_is_plain();
}

// The time-stamp counter is this line while nothing but instructions lets time pass.
void Translator::learn_clock() {
    const privilege::PrivilegeEngine::TimeStampLine line = cpu_.privilege.time_stamp_line();
    context_.time_stamp_step = line.step;
    context_.time_stamp_start = line.start;
}

const u8* Translator::load_fpu(const Site& site) {
    ++statistics_.fpu_loads;
    state_.rip = site.eip;
    fpu_.load();
    mode_known_ = false;
    return go_on();
}

// The access that could not be done in the window has succeeded: show its page there, if it may be
// shown. An instruction that this never helps (devices, guarded pages) gives its window up. So does
// one of a kernel's that writes to ever other pages: most of them become page tables or caches one
// day, and have to be protected again.
void Translator::learn_from_fault(Site& site, const HostFault& fault) {
    constexpr u8 kPatience = 3;
    const Mode& mode = modes_[site.block->key.mode];
    if (!mode.has(Mode::kWindow) || fault.division) return;
    const bool kernel = !mode.user() && state_.paging();
    const u64 linear = fault.address - context_.window;
    if (linear >> 32 == 0 && windows_->fill(linear >> kPageShift, fault.write)) {
        ++statistics_.faults_filled;
        if (!kernel || !fault.write || site.same_pages) return;
    } else {
        ++statistics_.faults_vain;
        if (kernel) site.faults = kPatience;  // what its window does not show it hardly ever will
    }
    if (options_.disabled.has(Trick::kAdaptive) || ++site.faults < kPatience) return;
    if (site.block->dead) return;
    ++statistics_.soft_sites;
    soft_.mark(site.block->key.physical + (site.eip - site.block->key.eip));
    blocks_.kill(*site.block);
}

// The guest raises a page fault: the page is to be shown before the instruction runs again, or it
// would cost a second host fault.
void Translator::await_page(const Site& site, const HostFault& fault) {
    const u64 linear = fault.address - context_.window;
    const bool wanted = !fault.division && linear >> 32 == 0 && state_.paging();
    awaited_ = {wanted, fault.write, site.eip, state_.cr3, linear >> kPageShift};
}

void Translator::show_awaited_page() {
    if (state_.cr3 != awaited_.cr3 || state_.eip() != awaited_.eip) return;
    awaited_.any = false;
    windows_->fill(awaited_.linear_page, awaited_.write);
}

std::optional<HostFaultHandler::Redirection> Translator::host_fault(const HostFault& fault) {
    const Block* block = cache_.contains(fault.code) ? blocks_.containing(fault.code) : nullptr;
    if (!block) return std::nullopt;
    const u32 offset = static_cast<u32>(fault.code - block->entry);
    const auto& points = block->fault_points;
    const auto point =
        std::lower_bound(points.begin(), points.end(), offset,
                         [](const FaultPoint& each, u32 code) { return each.code < code; });
    if (point == points.end() || point->code != offset) return std::nullopt;
    const Site& site = block->sites[point->site];
    if (countdown_.holds(fault.address)) {
        ++statistics_.events;
    } else if (site.kind == Site::Kind::kInstruction) {
        ++statistics_.host_faults;
        fault_ = fault;
    }
    if (point->landing != 0) return Redirection{block->entry + point->landing, 0};
    // SAFETY: what a callout expects in r10.
    return Redirection{point->saved ? stubs_.callout_saved : stubs_.callout_host,
                       reinterpret_cast<u64>(&site)};
}

HostFaultHandler::Situation Translator::situation(const HostFault& fault) const {
    const Block* block = cache_.contains(fault.code) ? blocks_.containing(fault.code) : nullptr;
    return {cache_.contains(fault.code), block ? block->key.eip : state_.eip(), state_.retired};
}

const u8* Translator::leave_directly(Site& site) {
    state_.rip = site.eip;
    if (!may_go_on()) return nullptr;
    ++statistics_.direct_exits;
    const BlockMap::Found to = block_here(Arrival::kByBranch);
    if (!to) return nullptr;
    prepare_to_go_on();
    if (may_link(site, to)) {
        ++statistics_.links;
        blocks_.link(site, *blocks_.containing(to.entry));
    }
    return to.entry;
}

// A block in another page is reached by what page tables say. All supervisors have one jump table
// for a Mode, and as long as that has the block, so has the link.
bool Translator::may_link(const Site& site, const BlockMap::Found& to) const {
    if (site.jump == 0 || options_.disabled.has(Trick::kChaining)) return false;
    if (site.far || to.spans) {
        if (modes_[mode_].user() || options_.disabled.has(Trick::kFarChaining)) return false;
        if (jump_tables_.find(site.eip) != to.entry) return false;
    }
    return !site.block->dead && site.block->key.mode == mode_;
}

const u8* Translator::leave_indirectly() {
    ++statistics_.indirect_misses;
    state_.rip = context_.indirect;
    return go_on(Arrival::kByBranch);
}

const u8* Translator::leave_stale(Site& site) {
    ++statistics_.stale;
    state_.rip = site.eip;
    learn_from_patch(*site.block);
    blocks_.kill(*site.block);
    state_.attention = false;
    return go_on();
}

// Immediates that differ are read where they lie from now on.
void Translator::learn_from_patch(const Block& block) {
    const LooseSource& source = block.loose;
    for (const LooseSource::Immediate& each : source.immediates) {
        for (u32 i = each.first; i < each.first + LooseSource::kImmediateSize; ++i) {
            if (source.bytes[i] != *source.host_of(i))
                patched_.mark(block.key.physical + each.instruction);
        }
    }
}

// --- jump tables ---

void Translator::fill_slot(u32 eip, const BlockMap::Found& block) {
    if (options_.disabled.has(Trick::kIndirectTable)) return;
    const LinearAddress linear =
        privilege::SegmentedMemory::linear(state_.segment(SegmentName::kCs), eip);
    const mmu::Privilege privilege = cpu_.memory.privilege();
    if (!cpu_.mmu.keeps_fetch(linear, privilege)) {
        unkept_ = cpu_.mmu.fetch_generation();
        return;
    }
    const JumpTables::Target target{eip, block.entry};
    if (block.spans) {
        const LinearAddress next{(linear.value + kPageSize) & 0xffff'ffff};
        if (!cpu_.mmu.keeps_fetch(next, privilege)) return;
        jump_tables_.depends(target, next.page());
    }
    jump_tables_.fill(target, linear.page());
}

// Drops all pairs where one may no longer be right, or where there are too many.
void Translator::review_pairs() {
    const bool moved = unkept_ && *unkept_ != cpu_.mmu.fetch_generation();
    if (jump_tables_.losses() == losses_ && !moved && !pairs_.is_deep(context_.pairs)) return;
    ++statistics_.pair_drops;
    losses_ = jump_tables_.losses();
    if (moved) unkept_.reset();
    context_.pairs = pairs_.top();
}

// --- what page tables no longer say ---

void Translator::shadow_dropped(u64 first_page, u64 pages, u64 root) {
    shadow_dropped_elsewhere(first_page, pages, root);
    shadow_left(first_page, pages);
}

void Translator::shadow_dropped_elsewhere(u64 first_page, u64 pages, u64 root) {
    const Spaces spaces{true, root};
    if (jump_tables_.drop_pages(spaces, first_page, pages)) end_space(root);
    if (windows_) windows_->drop_pages(spaces, first_page, pages);
}

void Translator::shadow_left(u64 first_page, u64 pages) {
    jump_tables_.drop_pages({}, first_page, pages);
    if (windows_) windows_->drop_pages({}, first_page, pages);
}

void Translator::shadow_dropped_all() {
    jump_tables_.empty_all();
    if (windows_) windows_->drop_all();
}

void Translator::shadow_protected(u64 ram_page) {
    if (windows_) windows_->protect(ram_page);
}

void Translator::forget_blocks() {
    ++statistics_.cache_flushes;
    const bool attention = state_.attention;
    jump_tables_.empty_all();
    blocks_.clear();
    cache_.reset();
    state_.attention = attention;
}

}  // namespace seventeen::translator
