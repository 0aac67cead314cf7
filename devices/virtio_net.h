// VirtioNet: virtio's network card, one end of an Ethernet cable.
//
// Virtual I/O Device (VIRTIO) 1.2, 5.1: one receive and one transmit queue, and a control queue for
// receive filters. No offloads: each buffer holds one whole frame with its checksums.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "core/network_port.h"
#include "devices/virtio_pci.h"

namespace seventeen::devices {

class VirtioNet final : public VirtioPci, public NetworkPort {
  public:
    using MacAddress = std::array<u8, 6>;
    static constexpr u16 kQueueSize = 256;
    // Entries of the filter; of more addresses than fit, all are accepted.
    static constexpr std::size_t kFilterSize = 64;

    VirtioNet(std::string name, DmaPort& memory, const MacAddress& address);

    // Whoever is at the cable's other end; nullptr pulls it out, and the guest sees the link go.
    void connect(NetworkPort* peer);
    // A frame that no buffer waits for, or that the filter refuses, is dropped.
    void receive(std::span<const u8> frame) override;

    std::string_view name() const override { return name_; }

  private:
    // Addresses of one kind that are accepted.
    struct Filter {
        std::vector<MacAddress> addresses;
        bool all = false;   // of this kind
        bool none = false;  // overrides all
        bool overflow = false;
    };
    struct Filters {
        bool promiscuous = true;
        bool no_broadcast = false;
        Filter unicast;
        Filter multicast;
    };

    std::optional<u64> serve(unsigned queue, VirtioChain& chain) override;
    bool keeps_chains(unsigned queue) const override;
    u8 read_device_config(unsigned offset) const override;
    void write_device_config(unsigned offset, u8 value) override;
    void reset_device() override;
    void save_device(Writer& writer) const override;
    void restore_device(Reader& reader) override;

    std::size_t header_size() const;
    std::optional<u64> transmit(VirtioChain& chain);
    std::optional<u64> control(VirtioChain& chain);
    bool command(unsigned which, VirtioBytes& data);
    bool set_mode(unsigned which, VirtioBytes& data);
    bool set_table(VirtioBytes& data);
    bool read_table(VirtioBytes& data, Filter& filter);
    bool set_address(VirtioBytes& data);

    bool wanted(std::span<const u8> frame) const;
    bool take_room(VirtioQueue& queue, u64 size, std::vector<VirtioChain>& chains);
    void deliver(VirtioQueue& queue, std::span<const u8> frame);

    std::string name_;
    MacAddress permanent_;
    MacAddress address_;
    NetworkPort* peer_ = nullptr;
    Filters filters_;
    std::vector<u8> sent_;  // the frame on its way out
    bool receiving_ = false;
};

}  // namespace seventeen::devices
