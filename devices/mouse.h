// Mouse: the PS/2 mouse and its IntelliMouse extensions (wheel, five buttons).
#pragma once

#include <array>

#include "core/scheduler.h"
#include "devices/ps2_device.h"

namespace seventeen::devices {

class Mouse final : public Ps2Device {
  public:
    static constexpr u8 kLeft = 1 << 0;
    static constexpr u8 kRight = 1 << 1;
    static constexpr u8 kMiddle = 1 << 2;
    static constexpr u8 kFourth = 1 << 3;
    static constexpr u8 kFifth = 1 << 4;

    explicit Mouse(Scheduler& scheduler);

    // Relative movement in counts, right, down and (the wheel) towards the user; the buttons that
    // are down from now on.
    void move(int dx, int dy, int wheel, u8 buttons);

    void reset() override;
    void save(Writer& writer) const override;
    void restore(Reader& reader) override;

  private:
    enum class Mode : u8 { kStream, kRemote };

    void command(u8 byte) override;
    bool obey(u8 byte);
    void argument(u8 byte);
    void set_defaults();
    void set_mode(Mode mode);
    void note_rate(u8 rate);
    u8 status() const;
    bool streams() const { return reporting_ && mode_ == Mode::kStream && !wrap_; }
    bool pending() const;
    void forget_movement();
    void sample();
    void send_packet(bool scaled);

    Scheduler& scheduler_;
    Scheduler::EventId sample_event_;
    int dx_ = 0;
    int dy_ = 0;
    int wheel_ = 0;
    u8 buttons_ = 0;
    u8 reported_buttons_ = 0;
    Mode mode_ = Mode::kStream;
    u8 id_ = 0;  // 0, 3 with a wheel, 4 with five buttons
    u8 awaiting_ = 0;
    u8 rate_ = 0;
    u8 resolution_ = 0;
    std::array<u8, 2> last_rates_{};  // the two before the latest: the knock for the extensions
    bool reporting_ = false;
    bool wrap_ = false;
    bool double_scaling_ = false;
};

}  // namespace seventeen::devices
