// Reads images past their ends and words what is wrong with them.
#include "storage/image.h"

#include <algorithm>

#include "core/error.h"

namespace seventeen::storage {

std::string printable(std::string text) {
    for (char& c : text)
        if (static_cast<u8>(c) < ' ' || c == 0x7f) c = '?';
    return text;
}

void Image::read(u64 offset, std::span<u8> into) {
    const u64 end = size();
    const u64 inside = offset < end ? std::min<u64>(end - offset, into.size()) : 0;
    if (inside != 0) read_inside(offset, into.first(inside));
    std::fill(into.begin() + static_cast<std::ptrdiff_t>(inside), into.end(), u8{0});
}

void Image::damaged(const std::string& why) const {
    throw Error(printable("disk image " + name_ + " is damaged: " + why +
                          "; use an intact copy, or try to repair it with qemu-img check"));
}

void Image::unsupported(const std::string& what, const std::string& remedy) const {
    throw Error(printable("disk image " + name_ + " cannot be used: " + what + "; " + remedy));
}

}  // namespace seventeen::storage
