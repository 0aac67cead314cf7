// VGA rendering: from registers and video memory to the picture on the monitor.
#pragma once

#include "devices/picture.h"
#include "devices/vga_scan.h"

namespace seventeen::devices {

// Draws the whole frame; one pixel of the picture is one dot of the monitor, so that 320 × 200 of
// mode 13h, whose pixels are two dots wide and two lines high, fill 640 × 400.
void render(const VgaView& view, Picture& picture);

// Draws, in a picture of the last frame whose registers are unchanged, the rows of a VBE mode with
// whole bytes a pixel whose memory has changed since.
PictureRows render_dirty_rows(const VgaView& view, Picture& picture);

}  // namespace seventeen::devices
