// Which Mode and address space the CPU is in, and what belongs to them: windows, jump tables, age.
#include <algorithm>

#include "translator/translator.h"

namespace seventeen::translator {

namespace {

constexpr std::size_t kMostModes = 64;
constexpr std::size_t kMostAges = 4096;

}  // namespace

// Callouts that change the Mode mostly change it back and forth: what was found is kept.
void Translator::find_place() {
    if (mode_known_) return;
    mode_known_ = true;
    count_age();
    if (fpu_.overdue()) fpu_.unload();
    Mode mode = mode_of(state_);
    if (fpu_.live()) mode.bits |= Mode::kFpuLive;
    const SpaceKey space = space_of(state_);
    Place& place = places_[((space.cr3 >> kPageShift) * 2 + mode.user()) % kPlaces];
    const bool known = place.table && place.mode == mode && place.space == space &&
                       place.generation == jump_tables_.generation() &&
                       !(place.young && may_use_window(place));
    if (!known) {
        place.mode = mode;
        place.space = space;
        fill_place(place);
    }
    mode_ = place.number;
    aging_ = place.age;
    context_.jump_table = jump_tables_.select(*place.table);
}

void Translator::fill_place(Place& place) {
    place.age = windows_ && state_.paging() && state_.cpl == 3 ? age_of_space() : nullptr;
    Mode mode = place.mode;
    place.young = !may_use_window(place);
    if (!place.young) mode.bits |= Mode::kWindow;
    if (!place.young && place.space.paging && !place.space.user) mode.bits |= Mode::kSoftWrites;
    place.number = number_of_mode(mode);
    place.table = &jump_tables_.table_of(place.number, mode.mapped(), place.space);
    place.generation = jump_tables_.generation();
}

u32 Translator::number_of_mode(const Mode& mode) {
    const auto known = std::find(modes_.begin(), modes_.end(), mode);
    if (known != modes_.end()) return static_cast<u32>(known - modes_.begin());
    if (modes_.size() == kMostModes) {
        forget_blocks();
        modes_.clear();
        places_.fill({});
    }
    modes_.push_back(mode);
    return static_cast<u32>(modes_.size() - 1);
}

// User code has one once it has run for a while.
bool Translator::may_use_window(const Place& place) const {
    if (!windows_) return false;
    if (!place.space.paging) return true;
    if (!place.space.user) return !options_.disabled.has(Trick::kKernelWindow);
    return options_.disabled.has(Trick::kYoungSoft) || *place.age >= options_.young_instructions;
}

void Translator::choose_window() {
    const u64 window = windows_->window_of(space_of(state_));
    if (window == context_.window) return;
    context_.window = window;
    select_window(window);
}

// Address spaces of user code grow older by the instructions they run.
void Translator::count_age() {
    if (aging_) *aging_ += state_.retired - aged_;
    aged_ = state_.retired;
}

u64* Translator::age_of_space() {
    if (ages_.size() == kMostAges) {
        ages_.clear();
        places_.fill({});
    }
    return &ages_[state_.cr3];
}

}  // namespace seventeen::translator
