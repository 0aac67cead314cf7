// Running a PC: inputs at their ticks, recorded or replayed; snapshots.
#include "core/snapshot.h"
#include "machine/pc.h"

namespace seventeen::machine {

namespace {

constexpr u32 kVersion = 1;
constexpr std::string_view kSection = "board";

}  // namespace

// --- inputs ---

Stop Pc::run(const RunLimit& limit) {
    for (;;) {
        const u64 now = platform_.scheduler().ticks();
        while (replay_) {
            const auto event = replay_->next(now);
            if (!event) break;
            apply(decode(*event));
        }
        RunLimit part = limit;
        if (replay_) part.ticks = std::min(part.ticks, replay_->next_tick().value_or(~u64{0}));
        const Stop stop = platform_.run(part);
        const bool at_input = stop == Stop::kLimit && part.ticks < limit.ticks &&
                              platform_.scheduler().ticks() >= part.ticks &&
                              platform_.cpu().retired < limit.retired;
        if (!at_input) return stop;
    }
}

void Pc::give(const Input& input) {
    if (replay_) return;
    if (recording_) recording_->record(encode(platform_.scheduler().ticks(), input));
    apply(input);
}

void Pc::apply(const Input& input) {
    struct Apply {
        Pc& pc;

        void operator()(const KeyInput& key) const {
            if (key.pressed)
                pc.keyboard_.press(key.code);
            else
                pc.keyboard_.release(key.code);
        }
        void operator()(const MouseInput& mouse) const {
            pc.mouse_.move(mouse.dx, mouse.dy, mouse.wheel, mouse.buttons);
        }
        void operator()(const SerialInput& serial) const {
            for (const u8 byte : serial.bytes)
                (serial.port == 0 ? pc.uart1_ : pc.uart2_).receive(byte);
        }
        void operator()(const FrameInput& frame) const { pc.receive_frame(frame.bytes); }
        void operator()(const RateInput& rate) const {
            pc.platform_.scheduler().set_rate(rate.rate);
        }
        void operator()(const ButtonInput& button) const {
            switch (button.button) {
                case Button::kPower: pc.power_.press_power_button(); break;
                case Button::kReset: pc.platform_.request_reset(); break;
                case Button::kNmi:
                    pc.platform_.cpu().nmi_pending = true;
                    pc.platform_.cpu().attention = true;
                    break;
            }
        }
    };
    std::visit(Apply{*this}, input);
}

// --- snapshots ---

// What a snapshot cannot bring along: the chips it was taken with.
std::string Pc::configuration() const {
    std::string text = "pc cpu=" + options_.cpu + " ide=";
    for (const IdeUnit& unit : options_.ide)
        text += unit.kind == IdeUnit::Kind::kDisk    ? 'd'
                : unit.kind == IdeUnit::Kind::kCdrom ? 'c'
                                                     : '-';
    return text + " network=" + std::to_string(static_cast<unsigned>(options_.network)) +
           " virtio disks=" + std::to_string(virtio_disks_.size());
}

void Pc::save(Writer& writer) const {
    writer.begin(kSection, kVersion);
    writer.string(configuration());
    writer.end();
    platform_.save(writer);
}

void Pc::restore(Reader& reader) {
    reader.begin(kSection, kVersion, kVersion);
    if (const std::string taken = reader.string(); taken != configuration())
        reader.damaged("it was taken on another machine ('" + taken + "'; this one is '" +
                       configuration() + "')");
    reader.end();
    platform_.restore(reader);
    update_a20();
    platform_.privilege().set_ignne(coprocessor_error_.ignore_error().level());
    if (has_apic()) place_local_apic(platform_.cpu().msr.apic_base);
}

}  // namespace seventeen::machine
