// Finding an instruction's head, and putting an instruction together from a shape.
#include "decoder/quick_decoder.h"

#include <algorithm>

#include "decoder/prefixes.h"

namespace seventeen::decoder {

namespace {

constexpr u8 kLongestHead = 6;

// `size` bytes, little-endian.
u64 number_at(std::span<const u8> bytes, unsigned first, unsigned size, bool is_signed) {
    u64 value = 0;
    for (unsigned i = 0; i < size; ++i) value |= u64{bytes[first + i]} << 8 * i;
    const unsigned unused = 64 - 8 * size;
    return is_signed ? static_cast<u64>(static_cast<s64>(value << unused) >> unused) : value;
}

}  // namespace

DecodeStatus QuickDecoder::decode(std::span<const u8> bytes, CodeSize size, Instruction& into) {
    const Head head = head_of(bytes, size);
    if (head.key != 0) {
        const Shape& shape = shape_of(head);
        if (shape.key == head.key && shape.instruction.length <= bytes.size()) {
            rebuild(shape, bytes, into);
            ++remembered_;
            return DecodeStatus::kOk;
        }
    }
    const DecodeStatus status = decoder_.decode(bytes, size, into);
    if (status == DecodeStatus::kOk) learn(head, size, into);
    return status;
}

QuickDecoder::Head QuickDecoder::head_of(std::span<const u8> bytes, CodeSize size) const {
    Head head;
    if (size == CodeSize::k64) return head;
    unsigned at = 0;
    bool address_prefix = false;
    const unsigned end = static_cast<unsigned>(std::min<std::size_t>(bytes.size(), kLongestHead));
    while (at < end && is_prefix(bytes[at])) address_prefix |= bytes[at++] == kPrefixAddressSize;
    if (at + 2 < end && bytes[at] == 0x0f) {
        const u8 next = bytes[++at];
        head.map = next == 0x38 ? 2 : next == 0x3a ? 3 : 1;
        at += head.map > 1;
    }
    if (at >= end) return head;
    head.opcode = bytes[at++];
    const ModRm modrm = modrm_[head.map][head.opcode];
    if (modrm == ModRm::kUnknown) return head;
    if (modrm == ModRm::kPresent) {
        if (at >= end) return head;
        const u8 value = bytes[at++];
        const bool address32 = (size == CodeSize::k32) != address_prefix;
        at += address32 && value < 0xc0 && (value & 7) == 4;  // SIB
        if (at > end) return head;
    }
    head.length = static_cast<u8>(at);
    head.key = number_at(bytes, 0, at, false) | u64{head.length} << 48 |
               (size == CodeSize::k32 ? u64{1} << 56 : 0);
    return head;
}

QuickDecoder::Shape& QuickDecoder::shape_of(const Head& head) {
    return shapes_[head.key * 0x9e37'79b9'7f4a'7c15 >> 52];
}

void QuickDecoder::learn(const Head& head, CodeSize size, const Instruction& instruction) {
    const Layout& layout = instruction.layout;
    modrm_[instruction.opcode_map & 3][instruction.opcode] =
        layout.modrm == 0 ? ModRm::kNone : ModRm::kPresent;
    const unsigned behind = head.length + layout.displacement_size + layout.immediate_size;
    if (head.key == 0 || behind != instruction.length) return;
    if (layout.displacement_size != 0 && layout.displacement != head.length) return;
    if (layout.immediate_size != 0 && layout.immediate + layout.immediate_size != behind) return;
    // With the highest bits set, an extension shows.
    std::array<u8, kMaxInstructionLength> probe = instruction.bytes;
    std::fill(probe.begin() + head.length, probe.begin() + instruction.length, u8{0xff});
    Instruction probed;
    if (decoder_.decode({probe.data(), instruction.length}, size, probed) != DecodeStatus::kOk)
        return;
    for (const bool is_signed : {false, true}) {
        const Shape shape{head.key, is_signed, instruction};
        Instruction rebuilt;
        rebuild(shape, probe, rebuilt);
        if (rebuilt == probed) shape_of(head) = shape;
    }
}

void QuickDecoder::rebuild(const Shape& shape, std::span<const u8> bytes, Instruction& into) {
    into = shape.instruction;
    std::copy_n(bytes.begin(), into.length, into.bytes.begin());
    const Layout& layout = into.layout;
    if (layout.displacement_size != 0)
        into.memory.displacement =
            static_cast<s64>(number_at(bytes, layout.displacement, layout.displacement_size, true));
    if (layout.immediate_size != 0)
        into.immediate = static_cast<s64>(
            number_at(bytes, layout.immediate, layout.immediate_size, shape.is_signed));
}

}  // namespace seventeen::decoder
