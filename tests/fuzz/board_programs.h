// What drivers do, with wrong parameters: code for the CPU, commands and DMA programs for the
// chips.
#pragma once

#include "tests/fuzz/board.h"

namespace seventeen::fuzz {

// Where the firmware jumps: a loop that waits, or instructions that nobody wrote.
void load_program(Board& board, Choices& choices);
// A command of the disk: programmed I/O or bus-master DMA.
void run_disk_command(Board& board, Choices& choices);
void run_packet_command(Board& board, Choices& choices);
void run_floppy_command(Board& board, Choices& choices);
// fw_cfg by DMA.
void run_firmware_transfer(Board& board, Choices& choices);
void program_isa_dma(Board& board, Choices& choices);
// A virtio device's queue, set up and notified.
void run_virtio_request(Board& board, Choices& choices);
// Remote DMA and a transmission of an NE2000.
void drive_network_card(Board& board, Choices& choices);
// Every source of periodic interrupts.
void program_timers(Board& board, Choices& choices);

}  // namespace seventeen::fuzz
