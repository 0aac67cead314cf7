// Finding the block of CS:EIP, and making it where there is none.
#include <algorithm>
#include <array>
#include <cstring>

#include "core/check.h"
#include "translator/translator.h"

namespace seventeen::translator {

namespace {

constexpr u64 kLongestInstruction = 15;

}  // namespace

// Before the target: for another instruction, and more.
bool Translator::has_room() const {
    return cpu_.target > state_.retired && cpu_.target - state_.retired >= slack();
}

bool Translator::may_go_on() const {
    return !state_.attention && has_room();
}

// Where the boundary is plain: since an instruction follows at once, RF may be cleared now. (Each
// page fault's IRET sets it.)
void Translator::pass_boundary() {
    if (!has_room()) return;
    state_.attention = false;
    state_.system_flags &= ~kFlagRf;
}

// A slot of the jump table is as good as a page walk.
const u8* Translator::go_on(Arrival arrival) {
    if (!may_go_on()) return nullptr;
    find_place();
    const u8* code = jump_tables_.find(state_.eip());
    if (!code) {
        code = block_here(arrival).entry;
        if (!code) return nullptr;
    }
    prepare_to_go_on();
    return code;
}

void Translator::prepare_to_go_on() {
    if (modes_[mode_].has(Mode::kWindow)) {
        choose_window();
        if (awaited_.any) show_awaited_page();
    }
    const u64 left = cpu_.target - state_.retired;
    context_.countdown = countdown_.start() + std::min(left, Countdown::kMost) - slack();
    context_.horizon = state_.retired + context_.countdown;
    context_.flags = flags_to_saved(state_.arithmetic.value());
}

BlockMap::Found Translator::block_here(Arrival arrival) {
    state_.rip = state_.eip();
    find_place();
    BlockKey key;
    key.eip = state_.eip();
    key.mode = mode_;
    PhysicalAddress physical;
    const bool within_limit = key.eip <= modes_[mode_].code_limit;
    const Fault fault = within_limit ? locate(physical) : Fault::general_protection();
    if (fault) {
        const u64 mmio_before = cpu_.mmu.memory().mmio_accesses();
        raise(fault);
        if (attention_is_quiet(mmio_before)) pass_boundary();
        return {};
    }
    key.physical = physical.value;
    BlockMap::Found found = blocks_.find(key);
    if (found.spans && !still_spans(*blocks_.containing(found.entry))) found = {};
    if (!found) found = translate(key, arrival);
    if (found) fill_slot(key.eip, found);
    return found;
}

// Kills the block where its second page is not the one that follows now.
bool Translator::still_spans(Block& block) {
    PhysicalAddress second;
    if (fetch_second_page(second) && second.value == block.second_page) return true;
    blocks_.kill(block);
    state_.attention = false;
    return false;
}

BlockMap::Found Translator::translate(const BlockKey& key, Arrival arrival) {
    const Occupied occupied(Occupation::kTranslation);
    const PhysicalAddress page{key.physical & ~kPageMask};
    // SAFETY: the host memory of one guest page, all of it.
    const u8* bytes = cpu_.mmu.memory().read_pointer(page);
    std::unique_ptr<Block> block;
    if (bytes) {
        const BlockTranslator::Source source{{bytes, kPageSize}, key.physical & kPageMask};
        const Surroundings around = surroundings({key.physical}, {key.physical}, arrival);
        auto outcome = translator_.translate(key, around, source, block);
        if (outcome == BlockTranslator::Outcome::kFull) {
            forget_blocks();
            outcome = translator_.translate(key, around, source, block);
            check(outcome == BlockTranslator::Outcome::kDone, "a block outgrows the code cache");
        }
        if (outcome == BlockTranslator::Outcome::kCut) translate_spanning(key, block);
    }
    interpret_ = !block;
    return block ? BlockMap::Found::of(blocks_.insert(std::move(block))) : BlockMap::Found{};
}

// For a block that starts at `first` and may go on in the page of `second`.
Surroundings Translator::surroundings(PhysicalAddress first, PhysicalAddress second,
                                      Arrival arrival) {
    const bool joins = arrival == Arrival::kOtherwise && !options_.disabled.has(Trick::kJoining);
    Surroundings around{modes_[mode_], options_.disabled,
                        &soft_,        loose_source(first, second),
                        &patched_,     joins ? &blocks_ : nullptr};
    if (may_inline_thunks()) around.thunk_at = [this](u32 eip) { return thunk_at(eip); };
    return around;
}

LooseSource Translator::loose_source(PhysicalAddress first, PhysicalAddress second) const {
    LooseSource source;
    if (!blocks_.is_loose(first) && !blocks_.is_loose(second)) return source;
    const mmu::PhysicalMemory& memory = cpu_.mmu.memory();
    source.host = memory.read_pointer({first.value & ~kPageMask}) + first.offset();
    source.in_first = static_cast<u32>(kPageSize - first.offset());
    source.second = memory.read_pointer({second.value & ~kPageMask});
    return source;
}

// One instruction that goes on in the next linear page.
void Translator::translate_spanning(const BlockKey& key, std::unique_ptr<Block>& into) {
    const Mode& mode = modes_[mode_];
    const u64 in_first = kPageSize - (key.physical & kPageMask);
    const bool within_limit = u64{key.eip} + kLongestInstruction <= u64{mode.code_limit} + 1;
    PhysicalAddress second;
    if (in_first >= kLongestInstruction || !within_limit || !fetch_second_page(second)) return;
    if (second.page() == PhysicalAddress{key.physical}.page()) return;  // one page, mapped twice
    // SAFETY: the host memory of two guest pages; as much is copied of each as lies in it.
    const u8* head = cpu_.mmu.memory().read_pointer({key.physical & ~kPageMask});
    const u8* tail = cpu_.mmu.memory().read_pointer(second);
    if (!head || !tail) return;
    std::array<u8, kLongestInstruction> bytes;
    std::memcpy(bytes.data(), head + (key.physical & kPageMask), in_first);
    std::memcpy(bytes.data() + in_first, tail, kLongestInstruction - in_first);
    const Surroundings around = surroundings({key.physical}, second, Arrival::kByBranch);
    if (translator_.translate(key, around, {bytes, 0, 1}, into) != BlockTranslator::Outcome::kDone)
        return;
    if (into->bytes <= in_first) return;  // not decodable before: the page has changed meanwhile
    into->second_page = second.value;
    into->second_bytes = into->bytes - static_cast<u32>(in_first);
    into->bytes = static_cast<u32>(in_first);
}

// The physical page of the linear page behind the one of CS:EIP; false: fetching from it faults.
bool Translator::fetch_second_page(PhysicalAddress& page) {
    const LinearAddress linear =
        privilege::SegmentedMemory::linear(state_.segment(SegmentName::kCs), state_.eip());
    const LinearAddress next{((linear.page() + 1) << kPageShift) & 0xffff'ffff};
    return !cpu_.mmu.fetch(next, cpu_.memory.privilege(), page);
}

// A delivered fault counts as one retired instruction (interpreter.h).
void Translator::raise(const Fault& fault) {
    ++statistics_.faults;
    cpu_.privilege.deliver(fault);
    ++state_.retired;
}

Fault Translator::locate(PhysicalAddress& physical) {
    const LinearAddress linear =
        privilege::SegmentedMemory::linear(state_.segment(SegmentName::kCs), state_.eip());
    const mmu::Privilege privilege = cpu_.memory.privilege();
    const bool user = privilege == mmu::Privilege::kUser;
    if (linear.page() != code_page_.linear_page || user != code_page_.user ||
        cpu_.mmu.fetch_generation() != code_page_.generation) {
        PhysicalAddress fetched;
        if (Fault fault = cpu_.mmu.fetch(linear, privilege, fetched)) return fault;
        const PhysicalAddress page{fetched.page() << kPageShift};
        code_page_ = {linear.page(), cpu_.mmu.fetch_generation(), user, page};
    }
    physical = code_page_.physical + linear.offset();
    return {};
}

}  // namespace seventeen::translator
