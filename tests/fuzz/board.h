// Board: a PC whose disks are in memory, and what fuzzers need to reach its chips.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/network_port.h"
#include "machine/pc.h"
#include "tests/fuzz/choices.h"
#include "tests/fuzz/scratch_medium.h"

namespace seventeen::fuzz {

class Board {
  public:
    static constexpr u64 kMemory = 16u << 20;

    // The variant decides which network card there is.
    explicit Board(u64 variant);
    // Another board of the same parts, switched on, with copies of this one's disks.
    std::unique_ptr<Board> sibling() const;
    // Restores a snapshot of it, and what that does not bring along.
    void take_over(const Board& from);

    machine::Pc& pc() { return *pc_; }
    Bus& ports() { return pc_->platform().ports(); }
    Bus& mmio() { return pc_->platform().mmio(); }
    mmu::PhysicalMemory& memory() { return pc_->platform().memory(); }

    // What the guest has seen so far, as a fingerprint.
    u64 trace() const { return trace_; }
    void see(u64 value);

    u64 in(u64 port, Width width);
    void out(u64 port, u64 value, Width width);
    u32 read_config(unsigned place, unsigned offset, Width width);
    void write_config(unsigned place, unsigned offset, u32 value, Width width);
    // Runs the CPU, and with it the clock.
    void run(u64 instructions, u64 ticks);

    // A range of the bus: each chip is as likely as the others.
    Bus::Claim claim(const Bus& bus, Choices& choices) const;
    // Where programs may point a chip: mostly RAM, but also ROM, MMIO, holes and the far end.
    u64 address(Choices& choices);
    // The places on the PCI bus (device × 8 + function) that are not empty.
    std::vector<unsigned> places();

    std::vector<u8> save() const;
    // Throws Error where the image is damaged.
    void restore(std::span<const u8> image);

  private:
    static constexpr std::size_t kDisks = 5;
    using Disks = std::array<std::shared_ptr<ScratchSectors>, kDisks>;
    // The other end of the network's cable.
    class Cable final : public NetworkPort {
      public:
        explicit Cable(Board& board) : board_(board) {}
        void receive(std::span<const u8> frame) override {
            for (const u8 byte : frame) board_.see(byte);
        }

      private:
        Board& board_;
    };

    machine::PcOptions options() const;
    void select(unsigned place, unsigned offset);

    u64 variant_;
    Disks disks_;
    Cable cable_{*this};
    std::unique_ptr<machine::Pc> pc_;
    u64 trace_ = 0;
};

}  // namespace seventeen::fuzz
