// Dp8390: National's network interface controller, the chip of the NE2000 and of all its heirs.
//
// Datasheet: National DP8390D/NS32490D (July 1995), sections 7 to 12; loopback: National AN-937.
// A frame takes no virtual time: it has been sent when the command that sends it has been written.
// The cable carries no checksums and knows neither collisions nor errors.
#pragma once

#include <array>
#include <span>

#include "core/device.h"
#include "core/line.h"
#include "core/network_port.h"
#include "core/types.h"

namespace seventeen::devices {

class Dp8390 {
  public:
    // What the card puts on the chip's own bus: 64 KiB that hold buffers.
    class LocalBus {
      public:
        virtual u8 read_local(u16 address) const = 0;
        virtual void write_local(u16 address, u8 value) = 0;

      protected:
        ~LocalBus() = default;
    };

    static constexpr unsigned kRegisters = 16;
    static constexpr std::size_t kShortestFrame = 14;   // a header and no payload
    static constexpr std::size_t kLongestFrame = 1518;  // with a VLAN tag, without a checksum

    explicit Dp8390(LocalBus& bus) : bus_(bus) { reset(); }

    void connect(NetworkPort* cable) { cable_ = cable; }
    Line& interrupt() { return interrupt_; }

    u8 read(unsigned offset);
    void write(unsigned offset, u8 value);
    unsigned page() const { return command_ >> 6; }

    // Remote DMA: the host moves one unit, a byte or (DCR.WTS) a word, through the card's port.
    bool word_wide() const;
    u16 remote_read();
    void remote_write(u16 value);

    // From the cable.
    void receive(std::span<const u8> frame);
    // Would a frame of any length be taken, or be dropped without an overflow?
    bool has_room() const;

    void reset();
    // Inside the card's own section.
    void save(Writer& writer) const;
    void restore(Reader& reader);

  private:
    enum class Remote : u8 { kIdle, kRead, kWrite, kSend };

    u8 read_page0(unsigned offset);
    u8 read_page1(unsigned offset) const;
    u8 read_page2(unsigned offset) const;
    void write_page0(unsigned offset, u8 value);
    void write_page1(unsigned offset, u8 value);
    void write_command(u8 value);
    u8 read_tally(unsigned which);
    u8 read_fifo();

    void start_remote(Remote remote);
    void load_send_packet();
    void advance_remote();

    bool in_loopback() const;
    void transmit();
    void send(std::span<const u8> frame);
    void loop_back(std::span<const u8> frame);
    void fill_fifo(std::span<const u8> packet);

    bool accepts(std::span<const u8> frame) const;
    unsigned free_pages() const;
    void store(std::span<const u8> frame);
    void miss(u8 causes);
    u8 next_page(u8 page) const;
    void update();

    LocalBus& bus_;
    NetworkPort* cable_ = nullptr;
    Line interrupt_;

    u8 command_ = 0;
    u8 interrupt_status_ = 0;
    u8 interrupt_mask_ = 0;
    u8 data_config_ = 0;
    u8 transmit_config_ = 0;
    u8 transmit_status_ = 0;
    u8 receive_config_ = 0;
    u8 receive_status_ = 0;
    u8 page_start_ = 0;
    u8 page_stop_ = 0;
    u8 boundary_ = 0;
    u8 current_ = 0;
    u8 transmit_page_ = 0;
    u16 transmit_count_ = 0;
    u16 local_address_ = 0;
    u16 remote_address_ = 0;
    u16 remote_count_ = 0;
    u8 remote_next_ = 0;  // where BNRY goes when the packet has been sent to the host
    Remote remote_ = Remote::kIdle;
    std::array<u8, 6> physical_{};
    std::array<u8, 8> multicast_{};
    std::array<u8, 3> tallies_{};
    std::array<u8, 8> fifo_{};
    u8 fifo_at_ = 0;
};

}  // namespace seventeen::devices
