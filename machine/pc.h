// Pc: an i440FX/PIIX3 board with its chips; the initialiser list in pc.cpp is its block diagram.
//
// Host inputs (keys, mouse movements, serial bytes) enter between two runs, at an exact tick, and
// are what the event log records.
#pragma once

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/block_medium.h"
#include "core/event_log.h"
#include "devices/apic_bus.h"
#include "devices/ata_disk.h"
#include "devices/atapi_cdrom.h"
#include "devices/coprocessor_error.h"
#include "devices/dma_controller.h"
#include "devices/firmware_config.h"
#include "devices/floppy_controller.h"
#include "devices/hpet.h"
#include "devices/ide_bus_master.h"
#include "devices/ide_channel.h"
#include "devices/interrupt_controller.h"
#include "devices/interval_timer.h"
#include "devices/io_apic.h"
#include "devices/isa_bridge.h"
#include "devices/keyboard.h"
#include "devices/keyboard_controller.h"
#include "devices/local_apic.h"
#include "devices/mouse.h"
#include "devices/ne2000.h"
#include "devices/pci_bus.h"
#include "devices/pci_host.h"
#include "devices/post_code.h"
#include "devices/power_function.h"
#include "devices/power_management.h"
#include "devices/real_time_clock.h"
#include "devices/rom.h"
#include "devices/system_control.h"
#include "devices/uart.h"
#include "devices/vga.h"
#include "devices/vga_function.h"
#include "devices/virtio_block.h"
#include "devices/virtio_net.h"
#include "machine/input.h"
#include "machine/machine.h"
#include "machine/pci_windows.h"
#include "machine/shadow_port.h"

namespace seventeen::machine {

struct IdeUnit {
    enum class Kind : u8 { kNone, kDisk, kCdrom };
    Kind kind = Kind::kNone;
    std::unique_ptr<BlockMedium> medium;  // a CD-ROM drive may be empty
};

enum class NetworkCard : u8 { kNone, kNe2000, kRtl8029, kVirtio };

struct PcOptions {
    u64 memory = 128u << 20;
    std::string cpu = "max";
    TickRate rate{.nanoseconds = 2, .ticks = 1};  // half a billion instructions a second
    EngineOptions engine = {};
    s64 epoch = 1'577'836'800;     // the clock's time at the start: 2020-01-01 00:00:00
    std::vector<u8> firmware;      // empty: SeaBIOS
    std::vector<u8> vga_firmware;  // empty: its VGA BIOS
    std::array<std::unique_ptr<BlockMedium>, 2> floppies;
    std::array<IdeUnit, 4> ide;  // primary master and slave, secondary master and slave
    std::vector<std::unique_ptr<BlockMedium>> virtio_disks;
    NetworkCard network = NetworkCard::kNone;
    std::string boot_order = "acd";  // letters as QEMU's -boot order: a floppy, c disk, d CD, n net
    bool boot_menu = false;
    std::optional<devices::KernelImage> kernel;  // booted before anything else
    bool apic = true;                            // local and I/O APIC, where the CPU model has one
    bool hpet = true;
    bool reset_after_triple_fault = true;
    // Where text goes that the guest sends.
    std::function<void(char)> console = [](char) {};
    std::array<std::function<void(u8)>, 2> serial = {[](u8) {}, [](u8) {}};
};

class Pc final : public Machine, private InterruptAcknowledge {
  public:
    explicit Pc(PcOptions options);

    Platform& platform() override { return platform_; }
    const Platform& platform() const override { return platform_; }

    // Runs the machine, giving it the inputs of a replayed log at their ticks.
    Stop run(const RunLimit& limit);
    // Takes effect now. A replayed log replaces every other input.
    void give(const Input& input);
    // What is given from now on is put down there.
    void record_into(EventLog* log) { recording_ = log; }
    void replay(EventLog log) { replay_ = std::move(log); }
    bool replaying() const { return replay_ && replay_->next_tick().has_value(); }

    // The network card's other end; frames for the card are inputs. Without a card, nothing.
    void connect_network(NetworkPort& port);
    bool has_room_for_frame() const;

    // The user's hand: another medium, or none. Not among the inputs that are recorded.
    void change_floppy(unsigned drive, std::unique_ptr<BlockMedium> medium);
    void change_disc(std::unique_ptr<BlockMedium> medium);

    // --- what a front end looks at between runs ---
    devices::Vga& vga() { return vga_; }
    const devices::Keyboard& keyboard() const { return keyboard_; }
    devices::PciBus& pci() { return pci_; }
    devices::InterruptController& master_pic() { return master_pic_; }
    devices::InterruptController& slave_pic() { return slave_pic_; }
    devices::LocalApic& local_apic() { return local_apic_; }
    devices::IoApic& io_apic() { return io_apic_; }
    devices::PowerManagement& power() { return power_; }
    const devices::PostCode& post_code() const { return post_code_; }

    // What the machine is made of must be the same when it is restored.
    void save(Writer& writer) const;
    void restore(Reader& reader);

  private:
    u8 acknowledge() override { return local_apic_.acknowledge(); }
    bool has_apic() const;
    void initialize();
    void apply(const Input& input);
    std::string configuration() const;

    // pc.cpp
    void attach_drives();
    void attach_pci();
    void attach_network();
    // pc_cards.cpp
    void attach_virtio_disks();
    void attach_virtio(unsigned device, devices::VirtioPci& chip);
    void receive_frame(std::span<const u8> frame);
    void claim_ports();
    void wire_interrupts();
    void wire_apics();
    void place_local_apic(u64 apic_base);
    void wire_control();
    void register_chips();
    void claim(IoPort first, u64 size, Device& chip, unsigned region = 0, Width widest = 1);
    // pc_memory.cpp
    void map_memory();
    void map_firmware();
    void shadow(const devices::PamRange& range);
    void open_smram(const devices::SmramControl& control);
    void update_a20();
    void place_windows();
    // pc_firmware.cpp
    void tell_firmware();
    void describe_memory();
    void describe_drives();
    void describe_boot_order();

    PcOptions options_;
    std::vector<u8> firmware_;
    std::vector<u8> vga_rom_;
    Platform platform_;

    devices::InterruptController master_pic_;
    devices::InterruptController slave_pic_;
    devices::ApicBus apic_bus_;
    devices::LocalApic local_apic_;
    devices::IoApic io_apic_;
    devices::IntervalTimer timer_;
    devices::SystemControl system_control_;
    devices::RealTimeClock clock_;
    devices::Hpet hpet_;
    devices::CoprocessorError coprocessor_error_;
    devices::DmaController dma_;
    devices::PostCode post_code_;
    devices::PostCode second_post_code_;
    devices::Keyboard keyboard_;
    devices::Mouse mouse_;
    devices::KeyboardController keyboard_controller_;
    devices::Uart uart1_;
    devices::Uart uart2_;
    devices::FloppyController floppy_;
    devices::FirmwareConfig firmware_config_;

    devices::PciBus pci_;
    devices::PciHost pci_host_;
    devices::IsaBridge isa_bridge_;
    devices::IdeChannel primary_ide_;
    devices::IdeChannel secondary_ide_;
    devices::IdeBusMaster ide_bus_master_;
    devices::PowerManagement power_;
    devices::PowerFunction power_function_;
    devices::Vga vga_;
    devices::VgaFunction vga_function_;
    devices::Rom vga_rom_chip_;
    std::optional<devices::Ne2000> ne2000_;
    std::optional<devices::Rtl8029> rtl8029_;
    std::optional<devices::VirtioNet> virtio_net_;
    std::deque<devices::VirtioBlock> virtio_disks_;
    ShadowPort shadow_port_;
    std::array<std::unique_ptr<devices::IdeDrive>, 4> drives_;
    devices::AtapiCdrom* cdrom_ = nullptr;  // the first of them that is one
    std::size_t cdrom_unit_ = 0;
    PciWindows windows_;
    std::size_t apic_window_ = 0;
    EventLog* recording_ = nullptr;
    std::optional<EventLog> replay_;
};

}  // namespace seventeen::machine
