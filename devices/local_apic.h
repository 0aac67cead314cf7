// LocalApic: the xAPIC of a Pentium III or 4 (SDM 3A chapter 10), between one CPU and the buses.
//
// The board decodes its page of 4 KiB (IA32_APIC_BASE says where, FEE00000h after reset) for the
// accesses of its own CPU, and tells it when that register's enable bit changes. The 8259s' INT is
// wired to LINT0 and the board's NMI to LINT1; while the APIC is disabled in hardware both pass
// straight through to the CPU (SDM 3A 10.4.3), so that the CPU's INTR is always this chip's.
//
// Registers are read and written by aligned accesses of 32 bits. Of others, which the SDM leaves
// undefined (10.4.1), reads yield the bytes they name (zero beyond the first four of a slot) and
// writes are ignored.
//
// The timer counts nanoseconds of virtual time, divided: a bus clock of 1 GHz. An expiry
// that can't be seen (masked, or its vector is requested already) is not scheduled.
#pragma once

#include <array>
#include <functional>
#include <string>

#include "core/device.h"
#include "core/line.h"
#include "core/scheduler.h"
#include "devices/apic_bus.h"
#include "devices/apic_timer.h"
#include "devices/vector_set.h"

namespace seventeen::devices {

class LocalApic final : public Device, public ApicBus::Agent {
  public:
    static constexpr u64 kSize = 0x1000;
    enum class Role : u8 { kBootstrap, kApplication };
    // What ExtINT and start-up messages need from the board.
    struct Wiring {
        ApicBus& bus;
        Scheduler& scheduler;
        std::function<u8()> external_vector;      // the 8259s' acknowledge cycle
        std::function<void(u8 vector)> start_up;  // the CPU starts at vector × 4096 in real mode
        bool present = true;                      // false: the CPU has none, so it is never enabled
    };

    // `id` is what the CPU's pins say after reset, and CPUID leaf 1. Attaches itself to the bus.
    LocalApic(u8 id, Role role, Wiring wiring);

    // --- to the CPU ---
    Line& interrupt() { return interrupt_; }  // INTR, level
    u8 acknowledge();                         // the vector to deliver
    Line& nmi() { return nmi_; }              // pulses
    Line& smi() { return smi_; }              // pulses
    Line& init() { return init_; }            // pulses: INIT the CPU; the APIC has done its part
    void initialize();                        // the CPU's INIT# pin, for the APIC's part
    bool is_bsp() const { return role_ == Role::kBootstrap; }
    // An application processor does nothing after reset and INIT until a start-up message comes.
    bool waits_for_start_up() const { return waits_for_start_up_; }
    // IA32_APIC_BASE's enable bit. What was programmed is lost (SDM 3A 10.4.3).
    void set_enabled(bool enabled);
    bool enabled() const { return enabled_; }

    // --- from the board ---
    void set_external_interrupt(bool level) { set_pin(0, level); }  // LINT0, or INTR
    void set_external_nmi(bool level) { set_pin(1, level); }        // LINT1, or NMI
    // Virtual wire mode: what the 8259s request through LINT0 reaches the CPU.
    bool external_interrupt_open() const;
    // Enters it, as firmware must before it boots a system (MP specification 3.6.2.2): for loaders
    // without firmware. SeaBIOS does not do it again where a guest resets the CPU only to come back
    // to real mode (CMOS shutdown codes 5, 9, Ah), so a board does it after such a reset, too.
    void enter_virtual_wire();
    void thermal_event() { deliver_local(kThermal); }
    void performance_overflow() { deliver_local(kPerformance); }

    // --- ApicBus::Agent ---
    bool addressed_by(const InterruptMessage& message) const override;
    bool accepts(const InterruptMessage& message) const override;
    unsigned arbitration_priority() const override;
    void accept(const InterruptMessage& message) override;

    std::string_view name() const override { return name_; }
    u64 read(unsigned region, u64 offset, Width width) override;
    void write(unsigned region, u64 offset, u64 value, Width width) override;
    void reset() override;
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

    // What `info lapic` shows.
    u8 id() const { return id_; }
    u8 task_priority() const { return task_priority_; }
    u8 processor_priority() const;
    const VectorSet& requests() const { return requests_; }
    const VectorSet& in_service() const { return in_service_; }

  private:
    enum LvtEntry : unsigned { kTimer, kThermal, kPerformance, kLint0, kLint1, kError, kLvtCount };
    static constexpr unsigned kPins = 2;

    // local_apic.cpp
    u32 read_register(u64 offset);
    u32 read_vectors(u64 offset) const;
    void write_register(u64 offset, u32 value);
    void write_spurious(u32 value);
    void write_lvt(LvtEntry entry, u32 value);
    void power_up_state();

    // local_apic_delivery.cpp
    bool software_enabled() const;
    DeliveryMode delivery_of(LvtEntry entry) const;
    static LvtEntry entry_of(unsigned pin) { return static_cast<LvtEntry>(kLint0 + pin); }
    bool asserted(unsigned pin) const;
    bool level_triggered(unsigned pin) const;
    bool open_external(unsigned pin) const;
    bool external_pending() const;
    std::optional<u8> deliverable() const;
    bool interrupt_wanted() const;
    void set_pin(unsigned pin, bool level);
    void request(u8 vector, TriggerMode trigger);
    void deliver_local(LvtEntry entry);
    void deliver_level_pins();
    void send_command();
    void end_of_interrupt();
    void receive_init();
    void raise_error(u32 error);
    void timer_event();
    void settle_timer();
    void schedule_timer();
    void update();

    std::string name_;
    u8 initial_id_;
    Role role_;
    Wiring wiring_;
    Scheduler::EventId timer_event_;
    Line interrupt_;
    Line nmi_;
    Line smi_;
    Line init_;

    bool enabled_ = true;
    bool waits_for_start_up_ = false;
    bool external_request_ = false;   // an ExtINT message that was not acknowledged yet
    std::array<bool, kPins> pins_{};  // LINT0, LINT1
    u8 id_;
    u8 task_priority_ = 0;
    u8 logical_destination_ = 0;
    u32 destination_format_ = 0;
    u32 spurious_ = 0;
    u32 command_ = 0;
    u8 command_destination_ = 0;
    u32 error_status_ = 0;    // what a read shows
    u32 pending_errors_ = 0;  // since the last write to it
    VectorSet in_service_;
    VectorSet trigger_mode_;  // set where level-triggered
    VectorSet requests_;
    std::array<u32, kLvtCount> lvt_{};
    ApicTimer timer_;
};

}  // namespace seventeen::devices
