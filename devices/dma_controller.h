// DmaController: the PC's two Intel 8237A with their page registers, seven channels for ISA chips.
//
// The datasheet is Intel order number 231466. A chip on the bus moves data through its `channel`
// when it likes; DREQ and DACK take no time. Channel 4 only passes the first 8237's requests on:
// firmware leaves it open, so that its own mask is not looked at.
#pragma once

#include <array>

#include "core/device.h"
#include "devices/dma_channel.h"

namespace seventeen::devices {

class DmaController final : public Device {
  public:
    enum Region : unsigned {
        kFirst,   // 00h to 0fh: channels 0 to 3, which move bytes
        kSecond,  // c0h to dfh, one register at each even port: channels 4 to 7, words
        kPages,   // 81h to 8fh (80h, the first page register, is the POST code's)
    };
    static constexpr unsigned kChannels = 8;
    static constexpr u64 kPagesSize = 15;

    explicit DmaController(DmaPort& memory);

    // What the device on channel 0 to 7 (4 excepted) holds.
    DmaChannel& channel(unsigned number);

    std::string_view name() const override { return "DMA controller"; }
    u64 read(unsigned region, u64 offset, Width width) override;
    void write(unsigned region, u64 offset, u64 value, Width width) override;
    void reset() override;
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

  private:
    static constexpr unsigned kChips = 2;
    static constexpr unsigned kChipChannels = 4;

    enum class Transfer : u8 { kVerify, kWrite, kRead, kIllegal };  // mode register, bits 3-2

    class Channel final : public DmaChannel {
      public:
        void attach(DmaController& controller, unsigned number);
        std::size_t read(std::span<u8> into) override;
        std::size_t write(std::span<const u8> from) override;
        bool terminal_count() const override { return terminal_count_; }

        u16 base_address = 0;
        u16 base_count = 0;
        u16 address = 0;
        u16 count = 0;  // units left, less one
        u8 mode = 0;

        void save(Writer& writer) const;
        void restore(Reader& reader);

      private:
        template <typename Move>
        std::size_t transfer(Transfer wanted, std::size_t size, Move&& move);
        void step(u32 units);

        DmaController* controller_ = nullptr;
        unsigned number_ = 0;
        bool terminal_count_ = false;
    };

    struct Chip {
        u8 command = 0;
        u8 requests = 0;  // by software
        u8 reached = 0;   // terminal counts since the status was read
        u8 mask = 0;
        bool high_byte = false;  // the flip-flop
    };

    bool open(unsigned channel) const;
    void finish(unsigned channel);
    PhysicalAddress physical(unsigned channel, u16 address) const;
    u8 read_chip(unsigned chip, unsigned reg);
    void write_chip(unsigned chip, unsigned reg, u8 value);
    void write_word(Chip& chip, u16& base, u16& current, u8 value);
    void master_clear(Chip& chip);

    DmaPort& memory_;
    std::array<Channel, kChannels> channels_;
    std::array<Chip, kChips> chips_;
    std::array<u8, kPagesSize> pages_{};
};

}  // namespace seventeen::devices
