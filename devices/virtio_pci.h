// VirtioPci: what all virtio devices on the PCI bus share: features, status, queues, interrupts.
//
// Virtual I/O Device (VIRTIO) 1.2, 2, 3 and 4.1; transitional, so legacy drivers find the interface
// of 0.9.5 at an I/O base address and modern ones theirs in memory, through capabilities. The
// interrupt is INTA# (no MSI-X). Requests are served while the driver notifies; a driver that
// breaks its queue gets DEVICE_NEEDS_RESET and no more service until it resets the device.
#pragma once

#include <optional>
#include <vector>

#include "devices/virtio_function.h"
#include "devices/virtio_queue.h"

namespace seventeen::devices {

struct VirtioKind {
    u16 device = 0;        // virtio's number of it
    u16 transitional = 0;  // PCI's
    u32 class_code = 0;
    u64 features = 0;  // its own
    unsigned queues = 0;
    u16 queue_size = 0;
};

class VirtioPci : public VirtioFunction {
  public:
    // While the device moves data it does not answer: a driver may have pointed it at itself.
    u64 read(unsigned region, u64 offset, Width width) override;
    void write(unsigned region, u64 offset, u64 value, Width width) override;
    void reset() override;
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

  protected:
    // Holds a flag up for as long as it lives.
    class Scope {
      public:
        explicit Scope(bool& flag) : flag_(flag), before_(flag) { flag_ = true; }
        ~Scope() { flag_ = before_; }
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;

      private:
        bool& flag_;
        bool before_;
    };

    VirtioPci(DmaPort& memory, const VirtioKind& kind);

    // Does what a chain asks for and returns how many bytes were written to its front; nothing
    // where it is no request at all, which breaks the queue.
    virtual std::optional<u64> serve(unsigned queue, VirtioChain& chain) = 0;
    // Chains of this queue wait until the device has a use for them.
    virtual bool keeps_chains(unsigned queue) const {
        static_cast<void>(queue);
        return false;
    }
    virtual u8 read_device_config(unsigned offset) const = 0;
    virtual void write_device_config(unsigned offset, u8 value) {
        static_cast<void>(offset);
        static_cast<void>(value);
    }
    // The driver set these bits of the status.
    virtual void status_raised(u8 bits) { static_cast<void>(bits); }
    // Of the device's own state, also when the driver resets it.
    virtual void reset_device() {}
    virtual void save_device(Writer& writer) const { static_cast<void>(writer); }
    virtual void restore_device(Reader& reader) { static_cast<void>(reader); }

    DmaPort& memory() { return memory_; }
    // The device is moving data.
    Scope moving() { return Scope(moving_); }
    bool negotiated(u64 feature) const;
    bool driver_ok() const;
    // The queue that chains may be taken from now; nullptr while there is none.
    VirtioQueue* ready(unsigned queue);
    // After chains were used: interrupts as the driver asked, and sees to a broken queue.
    void settle(VirtioQueue& queue);
    // What read_device_config() says changed.
    void config_changed();

  private:
    void config_written(unsigned offset, u8 old) override;

    u64 modern_features() const;
    u32 legacy_features() const;
    u8 read_byte(unsigned region, u64 offset);
    u8 read_config_byte(u64 offset);
    u32 legacy_register(unsigned offset) const;
    u32 common_register(unsigned offset) const;
    void write_legacy(unsigned offset, u32 value);
    void write_common(unsigned offset, u32 value);
    void write_config_bytes(unsigned offset, u64 value, Width width);
    void write_ring(unsigned offset, u32 value);
    void place_legacy_queue(u32 page);
    void accept_features(u64 features);
    void write_status(u8 value);

    VirtioQueue* selected();
    const VirtioQueue* selected() const;
    void enable(VirtioQueue& queue);
    void notify(unsigned queue);
    void notify_all();
    void raise(u8 interrupt);
    u8 take_interrupt_status();
    void reset_virtio();

    DmaPort& memory_;
    u64 offered_;
    std::vector<VirtioQueue> queues_;
    bool moving_ = false;

    u64 accepted_ = 0;  // as the driver wrote it
    u32 device_feature_select_ = 0;
    u32 driver_feature_select_ = 0;
    u16 queue_select_ = 0;
    u8 status_ = 0;
    u8 interrupt_status_ = 0;
    u8 generation_ = 0;
    bool config_changed_ = false;  // since the driver read it
    bool broken_ = false;
};

}  // namespace seventeen::devices
