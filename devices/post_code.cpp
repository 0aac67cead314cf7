// The latch and its ring of codes.
#include "devices/post_code.h"

#include <algorithm>

#include "core/snapshot.h"

namespace seventeen::devices {

namespace {

constexpr u32 kVersion = 1;

}  // namespace

void PostCode::write(unsigned, u64, u64 value, Width) {
    const u8 code = static_cast<u8>(value);
    if (written_ != 0 && code == last_) return;
    last_ = code;
    codes_[written_++ % kKept] = code;
}

std::vector<u8> PostCode::history() const {
    std::vector<u8> codes;
    for (u64 i = written_ - std::min<u64>(written_, kKept); i < written_; ++i)
        codes.push_back(codes_[i % kKept]);
    return codes;
}

void PostCode::reset() {
    last_ = 0;
    codes_.fill(0);
    written_ = 0;
}

void PostCode::save(Writer& writer) const {
    writer.begin(name_, kVersion);
    writer.put(last_);
    writer.bytes(codes_.data(), codes_.size());
    writer.put(written_);
    writer.end();
}

void PostCode::restore(Reader& reader) {
    reader.begin(name_, kVersion, kVersion);
    reader.get(last_);
    reader.bytes(codes_.data(), codes_.size());
    reader.get(written_);
    reader.end();
}

}  // namespace seventeen::devices
