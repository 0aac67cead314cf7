// Which Mode and address space the CPU is in, and what belongs to them: windows, jump tables, age.
#include <algorithm>
#include <utility>

#include "translator/translator.h"

namespace seventeen::translator {

namespace {

constexpr std::size_t kMostModes = 64;
constexpr std::size_t kMostEarnings = 4096;
// What a host fault costs, in instructions: about as many lose its 6 us to the soft form.
constexpr u64 kPriceOfFault = 25'000;
// What a callout costs that a window had spared, likewise.
constexpr u64 kPriceOfMiss = 600;

}  // namespace

// Callouts that change the Mode mostly change it back and forth: what was found is kept.
void Translator::find_place() {
    if (mode_known_) return;
    mode_known_ = true;
    earn();
    if (fpu_.overdue()) fpu_.unload();
    Mode mode = mode_of(state_);
    if (fpu_.live()) mode.bits |= Mode::kFpuLive;
    const SpaceKey space = space_of(state_);
    Place& place = places_[((space.cr3 >> kPageShift) * 2 + mode.user()) % kPlaces];
    const bool known = place.table && place.mode == mode && place.space == space &&
                       place.generation == jump_tables_.generation() &&
                       place.window == may_use_window(place);
    if (!known) place = new_place(mode, space);
    mode_ = place.number;
    earn_for(place.earnings);
    context_.jump_table = jump_tables_.select(*place.table);
    context_.look_up = place.table->mapped ? stubs_.look_up_map : stubs_.look_up_slot;
    if (crossings_generation_ == jump_tables_.generation()) return;
    crossings_generation_ = jump_tables_.generation();
    forget_crossings();
}

// Translated code has crossed from one privilege level to the other since the last callout.
void Translator::follow_crossings() {
    if (statistics_.crossings == context_.crossed) return;
    statistics_.crossings = context_.crossed;
    mode_known_ = false;
    find_place();
    if (modes_[mode_].has(Mode::kWindow)) choose_window();
}

// What the instruction crossed just now can be repeated; with the number of its Mode, and the
// system flags before it.
void Translator::keep_crossing(const interpreter::Operation& operation, u32 mode, u32 flags) {
    Crossing crossing;
    const CrossingKind kind = *crossing_of(operation.mnemonic);
    const u8 vector = static_cast<u8>(operation.immediate);
    if (!learn_crossing(crossing, kind, vector, flags, state_, cpu_.mmu)) return;
    crossing.key = crossing_key(kind, operation.immediate, mode);
    crossing.jump_table = context_.jump_table;
    crossing.look_up = context_.look_up;
    const bool window = modes_[mode_].has(Mode::kWindow);
    if (window) crossing.window = context_.window;
    crossing.credit = context_.credit;
    if (!window && windows_) crossing.enough = options_.young_instructions;
    u32 place = crossing_place(crossing.key);
    if (leads_to_user(kind)) place ^= (state_.cr3 >> kPageShift) % kCrossingsOfKind;
    context_.crossings[place] = crossing;
}

void Translator::forget_places() {
    places_.fill({});
    forget_crossings();
}

void Translator::forget_crossings() {
    for (Crossing& crossing : context_.crossings) crossing.key = Crossing::kNone;
}

// May empty all of places_.
Translator::Place Translator::new_place(const Mode& from_state, const SpaceKey& space) {
    Place place;
    place.mode = from_state;
    place.space = space;
    place.earnings = space.user ? earnings_of_space() : nullptr;
    place.window = may_use_window(place);
    Mode mode = from_state;
    if (place.window) mode.bits |= Mode::kWindow;
    const bool writes = !options_.disabled.has(Trick::kKernelWrites);
    if (place.window && space.paging && !space.user && !writes) mode.bits |= Mode::kSoftWrites;
    place.number = number_of_mode(mode);
    place.table = &jump_tables_.table_of(place.number, mode.mapped(), space);
    place.generation = jump_tables_.generation();
    return place;
}

u32 Translator::number_of_mode(const Mode& mode) {
    const auto known = std::find(modes_.begin(), modes_.end(), mode);
    if (known != modes_.end()) return static_cast<u32>(known - modes_.begin());
    if (modes_.size() == kMostModes) {
        forget_blocks();
        modes_.clear();
        forget_places();
    }
    modes_.push_back(mode);
    return static_cast<u32>(modes_.size() - 1);
}

bool Translator::may_use_window(const Place& place) const {
    if (!windows_) return false;
    if (!place.space.paging) return true;
    if (!place.space.user) return !options_.disabled.has(Trick::kKernelWindow);
    return options_.disabled.has(Trick::kYoungSoft) || has_earned_window(*place.earnings);
}

bool Translator::has_earned_window(Earnings& earnings) const {
    if (earnings.credit >= options_.young_instructions) earnings.window = true;
    return earnings.window;
}

void Translator::choose_window() {
    const u64 evictions = statistics_.evictions;
    const u64 window = windows_->window_of(space_of(state_));
    if (statistics_.evictions != evictions) forget_crossings();
    if (window == context_.window) return;
    context_.window = window;
    const bool instruction = !options_.disabled.has(Trick::kFsgsbase);
    select_window(window, instruction ? BaseWrite::kInstruction : BaseWrite::kSystemCall);
}

void Translator::earn() {
    const u64 most = 2 * options_.young_instructions;
    *context_.credit = std::min(*context_.credit + (state_.retired - context_.earned), most);
    context_.earned = state_.retired;
}

void Translator::earn_for(Earnings* earnings) {
    earning_ = earnings;
    context_.credit = earnings ? &earnings->credit : &context_.no_credit;
}

// True: the space has earned its window just now, and goes on in it.
bool Translator::earn_by_miss(const Mode& mode) {
    if (!earning_ || !windows_ || mode.has(Mode::kWindow)) return false;
    earning_->credit += kPriceOfMiss;
    return earning_->credit >= options_.young_instructions;
}

// Code that keeps faulting (it touches page after page, or waits for SIGSEGV) loses its window.
void Translator::pay_for_fault() {
    earn();
    if (!earning_) return;
    if (earning_->credit < kPriceOfFault && std::exchange(earning_->window, false))
        forget_crossings();
    earning_->credit -= std::min(earning_->credit, kPriceOfFault);
}

// Whoever has this CR3 next is to earn its own window.
void Translator::end_space(u64 cr3) {
    const auto ended = earnings_.find(cr3);
    if (ended == earnings_.end()) return;
    if (ended->second.window) forget_crossings();
    ended->second = {};
}

Translator::Earnings* Translator::earnings_of_space() {
    if (earnings_.size() == kMostEarnings) {
        earnings_.clear();
        earn_for(nullptr);
        forget_places();
    }
    return &earnings_[state_.cr3];
}

}  // namespace seventeen::translator
