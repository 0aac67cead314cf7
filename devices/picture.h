// Picture: what a monitor would show, one 32-bit pixel a dot, and which of its rows have changed.
#pragma once

#include <vector>

#include "core/types.h"

namespace seventeen::devices {

struct Picture {
    unsigned width = 0;
    unsigned height = 0;
    std::vector<u32> pixels;  // 0x00rrggbb, row by row

    void resize(unsigned new_width, unsigned new_height) {
        width = new_width;
        height = new_height;
        pixels.assign(std::size_t{width} * height, 0);
    }
    u32* row(unsigned y) { return pixels.data() + std::size_t{y} * width; }
    u32 at(unsigned x, unsigned y) const { return pixels[std::size_t{y} * width + x]; }
};

// Rows first … end - 1 of a picture.
struct PictureRows {
    unsigned first = 0;
    unsigned end = 0;

    bool empty() const { return first >= end; }
    void add(unsigned row) {
        if (empty()) first = row;
        end = row + 1;
    }
};

}  // namespace seventeen::devices
