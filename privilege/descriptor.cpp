// Parses descriptors and looks them up in the guest's tables.
#include "privilege/descriptor.h"

namespace seventeen::privilege {

namespace {

constexpr unsigned kTypeByte = 5;  // P, DPL, S and type within a descriptor
constexpr unsigned kTypeByteInHigh = 8;

LinearAddress entry(u64 table, unsigned offset) {
    return {static_cast<u32>(table + offset)};
}

}  // namespace

u32 Descriptor::limit() const {
    const u32 raw = (low & 0xffff) | (high & 0xf0000);
    return attributes() & kSegmentGranular ? raw << 12 | 0xfff : raw;
}

SegmentRegister Descriptor::segment(u16 selector) const {
    SegmentRegister segment;
    segment.selector = selector;
    segment.attributes = attributes();
    segment.limit = limit();
    segment.base = base();
    segment.update();
    return segment;
}

bool DescriptorTables::contains(u16 selector) const {
    const unsigned last = selector | (kDescriptorSize - 1);
    if (!(selector & kSelectorLocal)) return last <= state_.gdtr.limit;
    return state_.ldtr.usable() && last <= state_.ldtr.limit;
}

LinearAddress DescriptorTables::address_of(u16 selector) const {
    const u64 base = selector & kSelectorLocal ? state_.ldtr.base : state_.gdtr.base;
    return entry(base, selector & ~(kDescriptorSize - 1));
}

Fault DescriptorTables::read(u16 selector, Descriptor& descriptor) const {
    return mmu_.read(address_of(selector), mmu::Privilege::kSupervisor, descriptor);
}

Fault DescriptorTables::fetch(u16 selector, Vector outside, Descriptor& descriptor) const {
    if (!contains(selector)) return Fault::with_code(outside, selector_error(selector));
    return read(selector, descriptor);
}

Fault DescriptorTables::fetch_global(u16 selector, Vector outside, Descriptor& descriptor) const {
    if (selector & kSelectorLocal) return Fault::with_code(outside, selector_error(selector));
    return fetch(selector, outside, descriptor);
}

Fault DescriptorTables::fetch_gate(u8 vector, Descriptor& gate) const {
    const unsigned offset = vector * kDescriptorSize;
    if (offset + kDescriptorSize - 1 > state_.idtr.limit)
        return Fault::general_protection(offset | kErrorIdt);
    return mmu_.read(entry(state_.idtr.base, offset), mmu::Privilege::kSupervisor, gate);
}

Fault DescriptorTables::set_accessed(u16 selector, Descriptor& descriptor) {
    if (descriptor.attributes() & kSegmentAccessed) return {};
    if (Fault fault = modify_type(selector, kSegmentAccessed, 0)) return fault;
    descriptor.high |= kSegmentAccessed << kTypeByteInHigh;
    return {};
}

Fault DescriptorTables::probe_type(u16 selector) {
    return mmu_.probe(entry(address_of(selector).value, kTypeByte), mmu::Privilege::kSupervisor,
                      mmu::Access::kWrite, 1);
}

Fault DescriptorTables::modify_type(u16 selector, u8 set, u8 clear) {
    return mmu_.modify<u8>(entry(address_of(selector).value, kTypeByte),
                           mmu::Privilege::kSupervisor,
                           [=](u8 type) { return static_cast<u8>((type & ~clear) | set); });
}

}  // namespace seventeen::privilege
