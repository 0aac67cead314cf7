// What is on the board, and what is wired to what.
#include "machine/pc.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "core/error.h"
#include "machine/firmware.h"
#include "machine/memory_map.h"

namespace seventeen::machine {

namespace {

constexpr const char* kSystemFirmware = "bios-256k.bin";
constexpr const char* kVgaFirmware = "vgabios-stdvga.bin";

// Disks turn a hundred times as fast as real ones: time spent waiting for them is time lost.
constexpr unsigned kFloppyHaste = 100;
// Kernels wait for every character of their console.
constexpr unsigned kSerialHaste = 32;

// The inputs that the 82371SB lets be level-triggered: not timer, keyboard, cascade, clock and
// coprocessor.
constexpr u8 kMasterLevelCapable = 0xf8;
constexpr u8 kSlaveLevelCapable = 0xde;

std::vector<u8> firmware_or(std::vector<u8> given, const char* file) {
    return given.empty() ? find_firmware(file) : std::move(given);
}

privilege::CpuModel model_of(const PcOptions& options) {
    const privilege::CpuModel& model = privilege::cpu_model(options.cpu);
    return options.apic ? model : model.without(Feature::kApic);
}

// An expansion ROM is as large as a power of two.
std::vector<u8> padded(std::vector<u8> rom) {
    rom.resize(std::bit_ceil(rom.size()), 0xff);
    return rom;
}

}  // namespace

Pc::Pc(PcOptions options)
    : options_(std::move(options)),
      firmware_(firmware_or(std::move(options_.firmware), kSystemFirmware)),
      vga_rom_(padded(firmware_or(std::move(options_.vga_firmware), kVgaFirmware))),
      platform_({.memory = options_.memory,
                 .model = model_of(options_),
                 .rate = options_.rate,
                 .engine = options_.engine,
                 .console = options_.console},
                *this),
      master_pic_("master interrupt controller", kMasterLevelCapable),
      slave_pic_("slave interrupt controller", kSlaveLevelCapable),
      local_apic_(0, devices::LocalApic::Role::kBootstrap,
                  {.bus = apic_bus_,
                   .scheduler = platform_.scheduler(),
                   .external_vector = [this] { return master_pic_.acknowledge(); },
                   .start_up = [](u8) {},
                   .present = has_apic()}),
      io_apic_(apic_bus_, devices::IoApic::Polarity::kIgnored),
      timer_(platform_.scheduler()),
      system_control_(platform_.scheduler(), [this] { return timer_.output(2); }),
      clock_(platform_.scheduler(), options_.epoch),
      hpet_(platform_.scheduler()),
      dma_(platform_.memory()),
      post_code_("POST code"),
      second_post_code_("second POST code"),
      keyboard_(platform_.scheduler()),
      mouse_(platform_.scheduler()),
      keyboard_controller_(platform_.scheduler(), keyboard_, mouse_),
      uart1_("uart 1", platform_.scheduler(), options_.serial[0], kSerialHaste),
      uart2_("uart 2", platform_.scheduler(), options_.serial[1], kSerialHaste),
      floppy_(platform_.scheduler(), dma_.channel(kFloppyDmaChannel),
              {.drives = 2, .haste = kFloppyHaste}),
      firmware_config_(platform_.memory()),
      primary_ide_("primary IDE channel"),
      secondary_ide_("secondary IDE channel"),
      ide_bus_master_(platform_.scheduler(), platform_.memory(), primary_ide_, secondary_ide_),
      power_(platform_.scheduler(), [this] { platform_.request_stop(Stop::kPowerOff); }),
      power_function_(power_),
      vga_(platform_.scheduler()),
      vga_function_(devices::Vga::kDefaultMemory, static_cast<u32>(vga_rom_.size())),
      vga_rom_chip_(vga_rom_),
      shadow_port_(
          platform_.memory().ram().subspan(kShadowMemory.value, kShadowMemorySize),
          std::span<const u8>(firmware_).last(std::min(firmware_.size(), kFirmwareLowLargest))),
      windows_(platform_.ports(), platform_.mmio()) {
    attach_drives();
    attach_pci();
    claim_ports();
    map_memory();
    attach_network();
    attach_virtio_disks();
    wire_interrupts();
    wire_apics();
    wire_control();
    register_chips();
    tell_firmware();
}

void Pc::attach_drives() {
    for (unsigned number = 0; number < options_.floppies.size(); ++number)
        if (options_.floppies[number])
            floppy_.drive(number).insert(std::move(options_.floppies[number]));
    constexpr std::array<const char*, 4> kNames = {"ide 0-0", "ide 0-1", "ide 1-0", "ide 1-1"};
    for (unsigned unit = 0; unit < drives_.size(); ++unit) {
        IdeUnit& wanted = options_.ide[unit];
        if (wanted.kind == IdeUnit::Kind::kNone) continue;
        if (wanted.kind == IdeUnit::Kind::kDisk) {
            drives_[unit] = std::make_unique<devices::AtaDisk>(kNames[unit], platform_.scheduler(),
                                                               *wanted.medium);
        } else {
            auto drive = std::make_unique<devices::AtapiCdrom>(kNames[unit], platform_.scheduler());
            drive->change_disc(wanted.medium.get());
            if (cdrom_ == nullptr) {
                cdrom_ = drive.get();
                cdrom_unit_ = unit;
            }
            drives_[unit] = std::move(drive);
        }
        (unit < 2 ? primary_ide_ : secondary_ide_).attach(unit % 2, *drives_[unit]);
    }
}

void Pc::attach_pci() {
    pci_.attach(kPciHostDevice, 0, pci_host_);
    pci_.attach(kPiixDevice, 0, isa_bridge_);
    pci_.attach(kPiixDevice, kIdeFunction, ide_bus_master_);
    pci_.attach(kPiixDevice, kPowerFunction, power_function_);
    pci_.attach(kVgaDevice, 0, vga_function_);
    pci_.connect_reset_control(isa_bridge_, devices::IsaBridge::kResetControl);
}

void Pc::claim(IoPort first, u64 size, Device& chip, unsigned region, Width widest) {
    platform_.ports().claim(
        {.first = first.value, .size = size, .device = &chip, .region = region, .widest = widest});
}

void Pc::claim_ports() {
    using namespace devices;
    claim(kDmaFirst, kDmaFirstSize, dma_, DmaController::kFirst);
    claim(kDmaSecond, kDmaSecondSize, dma_, DmaController::kSecond);
    claim(kDmaPages, kDmaPagesSize, dma_, DmaController::kPages);
    claim(kMasterPic, 2, master_pic_, InterruptController::kRegisters);
    claim(kSlavePic, 2, slave_pic_, InterruptController::kRegisters);
    claim(kMasterEdgeLevel, 1, master_pic_, InterruptController::kEdgeLevel);
    claim(kSlaveEdgeLevel, 1, slave_pic_, InterruptController::kEdgeLevel);
    claim(kTimer, kTimerSize, timer_);
    claim(kKeyboardData, 1, keyboard_controller_, KeyboardController::kDataPort);
    claim(kKeyboardCommand, 1, keyboard_controller_, KeyboardController::kCommandPort);
    claim(kSystemPortB, 1, system_control_, SystemControl::kPortB);
    claim(kSystemPortA, 1, system_control_, SystemControl::kPortA);
    claim(kClock, 2, clock_);
    claim(kPostCode, 1, post_code_);
    claim(kSecondPostCode, 1, second_post_code_);
    claim(kFirstSerial, kSerialSize, uart1_);
    claim(kSecondSerial, kSerialSize, uart2_);
    claim(kFloppy, kFloppySize, floppy_, FloppyController::kRegisters);
    claim(kFloppyDirection, 1, floppy_, FloppyController::kDirection);
    claim(kPrimaryIde, kIdeCommandSize, primary_ide_, IdeChannel::kCommandBlock, 4);
    claim(kPrimaryIdeControl, 1, primary_ide_, IdeChannel::kControlBlock);
    claim(kSecondaryIde, kIdeCommandSize, secondary_ide_, IdeChannel::kCommandBlock, 4);
    claim(kSecondaryIdeControl, 1, secondary_ide_, IdeChannel::kControlBlock);
    claim(kFirmwareConfig, kFirmwareConfigSize, firmware_config_, FirmwareConfig::kSelectorAndData,
          2);
    claim(kFirmwareConfigDma, kFirmwareConfigDmaSize, firmware_config_, FirmwareConfig::kDma, 4);
    claim(kPciAddress, 4, pci_, PciBus::kAddress, 4);
    claim(kPciData, 4, pci_, PciBus::kData, 4);
    claim(kGeneralPurposeEvents, 4, power_, PowerManagement::kGpe0);
    claim(kApmControl, 2, power_, PowerManagement::kApm);
    claim(kCoprocessorError, CoprocessorError::kSize, coprocessor_error_);
    claim(kVga, kVgaSize, vga_, Vga::kPorts);
    claim(kVgaMonochrome, Vga::kMonochromePortCount, vga_, Vga::kMonochromePorts);
    claim(kVbe, Vga::kVbePortCount, vga_, Vga::kVbePorts, 2);
}

// Every request passes the ISA bridge, which routes PCI's; the controllers drive the CPU.
void Pc::wire_interrupts() {
    const auto to_irq = [this](unsigned irq) {
        return [this, irq](bool level) { isa_bridge_.set_isa_irq(irq, level); };
    };
    timer_.interrupt().connect([this](bool level) { hpet_.set_interval_timer(level); });
    clock_.interrupt().connect([this](bool level) { hpet_.set_real_time_clock(level); });
    hpet_.irq0().connect(to_irq(kTimerIrq));
    hpet_.irq8().connect(to_irq(kClockIrq));
    keyboard_controller_.keyboard_interrupt().connect(to_irq(kKeyboardIrq));
    keyboard_controller_.mouse_interrupt().connect(to_irq(kMouseIrq));
    uart1_.interrupt().connect(to_irq(kFirstSerialIrq));
    uart2_.interrupt().connect(to_irq(kSecondSerialIrq));
    floppy_.interrupt().connect(to_irq(kFloppyIrq));
    power_.sci().connect(to_irq(kAcpiIrq));
    coprocessor_error_.interrupt().connect(to_irq(kCoprocessorIrq));
    coprocessor_error_.ignore_error().connect(
        [this](bool level) { platform_.privilege().set_ignne(level); });
    platform_.privilege().ferr().connect(
        [this](bool level) { coprocessor_error_.set_error(level); });
    for (unsigned channel = 0; channel < 2; ++channel)
        ide_bus_master_.interrupt(channel).connect(to_irq(kIdeIrq[channel]));
    for (unsigned pirq = 0; pirq < devices::PciBus::kInterrupts; ++pirq)
        pci_.interrupt(pirq).connect(
            [this, pirq](bool level) { isa_bridge_.set_pirq(pirq, level); });
    for (unsigned irq = 0; irq < devices::IsaBridge::kIrqs; ++irq) {
        if (irq == kCascadeIrq) continue;
        isa_bridge_.interrupt(irq).connect([this, irq](bool level) {
            constexpr unsigned kInputs = devices::InterruptController::kInputs;
            (irq < kInputs ? master_pic_ : slave_pic_).set_input(irq % kInputs, level);
            io_apic_.set_input(irq == kTimerIrq ? kTimerIoApicPin : irq, level);
        });
    }
    master_pic_.cascade(kCascadeIrq, slave_pic_);
    master_pic_.interrupt().connect(
        [this](bool level) { local_apic_.set_external_interrupt(level); });
}

// The local APIC has the last word on what reaches the CPU; where there is none, or it is disabled,
// it passes the 8259s' request on.
void Pc::wire_apics() {
    local_apic_.interrupt().connect([this](bool level) {
        platform_.cpu().interrupt_line = level;
        platform_.cpu().attention = true;
    });
    local_apic_.nmi().connect([this](bool level) {
        if (level) apply(ButtonInput{Button::kNmi});
    });
    local_apic_.init().connect([this](bool level) {
        if (level) platform_.request_init();
    });
    apic_bus_.attach_listener([this](u8 vector) { io_apic_.end_of_interrupt(vector); });
    for (unsigned pin = 0; pin < devices::Hpet::kRoutes; ++pin)
        if (devices::Hpet::kInput2 >> pin & 1)
            hpet_.route(pin).connect([this, pin](bool level) { io_apic_.set_input(pin, level); });
    if (options_.hpet)
        platform_.mmio().claim(
            {.first = kHpet.value, .size = devices::Hpet::kSize, .device = &hpet_, .widest = 8});
    if (!has_apic()) return;
    platform_.mmio().claim(
        {.first = kIoApic.value, .size = devices::IoApic::kSize, .device = &io_apic_});
    apic_window_ = windows_.add(
        platform_.mmio(), {.first = 0, .size = devices::LocalApic::kSize, .device = &local_apic_});
    platform_.privilege().on_apic_base([this](u64 value) { place_local_apic(value); });
    const auto place = [this] { place_local_apic(platform_.cpu().msr.apic_base); };
    platform_.on_reset(place);
    place();
}

// IA32_APIC_BASE: the page's address, and the global enable bit (SDM 3A 10.4.3).
void Pc::place_local_apic(u64 apic_base) {
    constexpr u64 kEnable = u64{1} << 11;
    const bool enabled = (apic_base & kEnable) != 0;
    if (enabled != local_apic_.enabled()) local_apic_.set_enabled(enabled);
    const u64 page = apic_base & ~(kPageSize - 1) & (kPhysicalSpace - 1);
    windows_.move(apic_window_, enabled ? std::optional(page) : std::nullopt);
}

bool Pc::has_apic() const {
    return platform_.model().has(Feature::kApic);
}

// A20, resets and the speaker's gate.
void Pc::wire_control() {
    const auto reset = [this](bool level) {
        if (level) platform_.request_reset();
    };
    const auto init = [this](bool level) {
        if (level) initialize();
    };
    if (options_.reset_after_triple_fault) platform_.on_triple_fault([this] { initialize(); });
    keyboard_controller_.reset_request().connect(init);
    system_control_.reset_request().connect(init);
    isa_bridge_.soft_reset().connect(init);
    isa_bridge_.hard_reset().connect(reset);
    keyboard_controller_.a20().connect([this](bool) { update_a20(); });
    system_control_.a20().connect([this](bool) { update_a20(); });
    system_control_.timer_gate().connect([this](bool level) { timer_.set_gate(2, level); });
    update_a20();
}

// INIT#. What the firmware left in the APIC's LINT pins it does not put back when it goes on after
// such a reset, as at CMOS shutdown code 0Ah: the board does.
void Pc::initialize() {
    local_apic_.initialize();
    local_apic_.enter_virtual_wire();
    platform_.request_init();
}

// The order of reset, of snapshots, and of what a restore tells the board.
void Pc::register_chips() {
    for (Device* chip : std::initializer_list<Device*>{&master_pic_,
                                                       &slave_pic_,
                                                       &local_apic_,
                                                       &io_apic_,
                                                       &timer_,
                                                       &system_control_,
                                                       &clock_,
                                                       &hpet_,
                                                       &coprocessor_error_,
                                                       &dma_,
                                                       &post_code_,
                                                       &second_post_code_,
                                                       &keyboard_controller_,
                                                       &uart1_,
                                                       &uart2_,
                                                       &floppy_,
                                                       &firmware_config_,
                                                       &pci_,
                                                       &pci_host_,
                                                       &isa_bridge_,
                                                       &primary_ide_,
                                                       &secondary_ide_,
                                                       &ide_bus_master_,
                                                       &power_,
                                                       &power_function_,
                                                       &vga_,
                                                       &vga_function_})
        platform_.add(*chip);
    if (ne2000_) platform_.add(*ne2000_);
    if (rtl8029_) platform_.add(*rtl8029_);
    if (virtio_net_) platform_.add(*virtio_net_);
    for (devices::VirtioBlock& disk : virtio_disks_) platform_.add(disk);
}

}  // namespace seventeen::machine
