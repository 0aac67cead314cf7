// Derives the range of valid offsets from a segment's attributes and limit.
#include "core/segment_register.h"

namespace seventeen {

void SegmentRegister::update() {
    const bool code = attributes & kSegmentCode;
    const bool expand_down = !code && (attributes & kSegmentExpandDown);
    const u64 top = big() ? 0xffff'ffffu : 0xffffu;  // SDM 3A 5.3: upper bound when expand-down
    first = expand_down ? limit + 1 : 0;
    u64 span = u64{limit} + 1;
    if (expand_down) span = limit >= top ? 0 : top - limit;
    const bool valid = usable() && (attributes & kSegmentNotSystem);
    read_span = valid && (!code || (attributes & kSegmentReadable)) ? span : 0;
    write_span = valid && !code && (attributes & kSegmentWritable) ? span : 0;
}

}  // namespace seventeen
