// The loop of a session.
#include "app/session.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <utility>

namespace seventeen::app {

namespace {

using machine::RunLimit;
using machine::Stop;

// Slices end at multiples of this, so that the script acts at the same ticks in every run.
constexpr u64 kSliceTicks = u64{1} << 20;
constexpr u64 kSlicesPerLook = 4;  // of the script at the screen
constexpr u64 kSlicesPerKey = 4;
// Several are run at once while all that could come is from the host, which can wait this long.
constexpr u64 kMostAtOnce = 16;
constexpr auto kPatience = std::chrono::milliseconds(4);
constexpr std::size_t kSerialChunk = 8;
constexpr auto kRefresh = std::chrono::milliseconds(33);
constexpr auto kLongestSleep = std::chrono::milliseconds(20);
constexpr auto kPaused = std::chrono::milliseconds(50);

}  // namespace

Session::Session(machine::Pc& pc, SessionOptions options, SerialBackends& serial)
    : pc_(pc),
      options_(std::move(options)),
      serial_(serial),
      script_(std::move(options_.script)),
      pacer_(Pacer::Clock::now(), pc.platform().scheduler().now()) {
    waiter_.watch([this] { return end_signals_.descriptor(); }, [this] { quit_ = true; });
    for (u8 line = 0; line < serial_.size(); ++line) {
        SerialBackend* backend = serial_[line].get();
        if (backend == nullptr) continue;
        waiter_.watch([backend] { return backend->input_fd(); },
                      [this, backend, line] {
                          std::vector<u8> bytes = backend->receive();
                          if (!bytes.empty())
                              pc_.give(machine::SerialInput{line, std::move(bytes)});
                      });
    }
}

void Session::show_on(FrontEnd& front_end) {
    front_end_ = &front_end;
    waiter_.watch([&front_end] { return front_end.input_fd(); },
                  [&front_end] { front_end.on_input(); });
}

void Session::connect(Network& network) {
    network_ = &network;
    waiter_.add(network.collector());
}

void Session::press(const KeyEvents& keys) {
    keys_.insert(keys_.end(), keys.begin(), keys.end());
}

void Session::serial_byte(unsigned line, u8 byte) {
    if (serial_[line]) serial_[line]->send(byte);
    if (line == 0) script_.heard(byte);
}

Outcome Session::run() {
    for (;;) {
        if (front_end_ && front_end_->paused()) {
            waiter_.wait(kPaused);
            front_end_->refresh();
        } else {
            const Stop stop = run_slice();
            if (stop != Stop::kLimit || slice_ends(kSlicesPerLook)) follow_script();
            if (!script_.empty() && script_.finished()) return {Ending::kScriptFinished, stop, {}};
            if (over(stop)) return {Ending::kStopped, stop, script_.waiting_for()};
            if (!front_end_ && nothing_can_happen())
                return {Ending::kStopped, Stop::kHalted, script_.waiting_for()};
            feed();
            let_the_host_in();
        }
        if (quit_ || (front_end_ && front_end_->quit_requested()))
            return {Ending::kQuit, Stop::kLimit, script_.waiting_for()};
    }
}

RunLimit Session::next_limit() const {
    const Scheduler& scheduler = pc_.platform().scheduler();
    const u64 retired = pc_.platform().cpu().retired;
    const u64 length = slices_at_once() * kSliceTicks;
    RunLimit limit{.retired = options_.max_instructions,
                   .ticks = (scheduler.ticks() / length + 1) * length};
    if (options_.hash_every != 0)
        limit.retired =
            std::min(limit.retired, (retired / options_.hash_every + 1) * options_.hash_every);
    return limit;
}

u64 Session::slices_at_once() const {
    // Time that is to pass beside the wall's, or to end, is given in small portions.
    const bool counted = pacing_ || options_.max_time != Scheduler::kNever;
    if (counted || !serial_text_.empty()) return 1;
    if (!keys_.empty()) return kSlicesPerKey;
    return script_.empty() ? at_once_ : kSlicesPerLook;
}

Stop Session::run_slice() {
    const u64 before = pc_.platform().cpu().retired;
    const auto start = Pacer::Clock::now();
    const Stop stop = pc_.run(next_limit());
    const auto taken = Pacer::Clock::now() - start;
    if (taken < kPatience / 4)
        at_once_ = std::min(2 * at_once_, kMostAtOnce);
    else if (taken > kPatience)
        at_once_ = std::max(at_once_ / 2, u64{1});
    const u64 retired = pc_.platform().cpu().retired - before;
    print_hash();
    if (options_.paced) {
        const auto rate = pacer_.ran(retired, taken, pc_.platform().scheduler().rate());
        if (rate) pc_.give(machine::RateInput{*rate});
    }
    return stop;
}

// Whether virtual time has come to the end of every so many slices.
bool Session::slice_ends(u64 every) const {
    return pc_.platform().scheduler().ticks() % (every * kSliceTicks) == 0;
}

bool Session::over(Stop stop) const {
    return stop != Stop::kLimit || pc_.platform().cpu().retired >= options_.max_instructions ||
           pc_.platform().scheduler().now() >= options_.max_time;
}

void Session::print_hash() {
    const u64 retired = pc_.platform().cpu().retired;
    if (options_.hash_every == 0 || retired == hashed_ || retired % options_.hash_every != 0)
        return;
    hashed_ = retired;
    std::fprintf(stderr, "hash %" PRIu64 " %016" PRIx64 "\n", retired, pc_.platform().digest());
}

// --- the script ---

void Session::follow_script() {
    if (script_.empty() || !keys_.empty() || !serial_text_.empty()) return;
    script_.advance(screen(), [this](Place place, const std::string& text) {
        if (place == Place::kSerial)
            serial_text_.insert(serial_text_.end(), text.begin(), text.end());
        else
            press(typed(text));
    });
}

std::string Session::screen() const {
    const devices::TextScreen text = pc_.vga().text_screen();
    std::string all;
    for (unsigned row = 0; row < text.rows; ++row) {
        all += text.text(row);
        all += '\n';
    }
    return all;
}

// Typed text, no faster than a guest without a large buffer can take it.
void Session::feed() {
    if (!keys_.empty() && slice_ends(kSlicesPerKey)) {
        const KeyEvent key = keys_.front();
        keys_.pop_front();
        pc_.give(machine::KeyInput{key.code, key.pressed});
    }
    if (!serial_text_.empty() && slice_ends(1)) {
        machine::SerialInput input;
        while (!serial_text_.empty() && input.bytes.size() < kSerialChunk) {
            input.bytes.push_back(serial_text_.front());
            serial_text_.pop_front();
        }
        pc_.give(input);
    }
}

// --- the host ---

void Session::let_the_host_in() {
    const auto now = Pacer::Clock::now();
    if (now - last_look_ >= kRefresh) {
        last_look_ = now;
        for (const auto& line : serial_)
            if (line) line->flush();
        if (front_end_) front_end_->refresh();
    }
    if (!must_keep_pace()) {
        waiter_.wait(Pacer::Nanoseconds::zero());
        if (network_) network_->feed();
        return;
    }
    auto ahead = pacer_.ahead(now, pc_.platform().scheduler().now());
    do {
        waiter_.wait(std::min<Pacer::Nanoseconds>(ahead, kLongestSleep));
        if (network_) network_->feed();
        ahead = pacer_.ahead(Pacer::Clock::now(), pc_.platform().scheduler().now());
    } while (ahead > Pacer::Nanoseconds::zero() && keys_.empty() && !quit_);
}

// Always with a front end. Without one while a peer outside has the word: a guest whose idle time
// is skipped would lose patience before the peer can answer.
bool Session::must_keep_pace() {
    const bool now = options_.paced || (network_ && network_->in_conversation());
    if (now && !pacing_) pacer_ = Pacer(Pacer::Clock::now(), pc_.platform().scheduler().now());
    return pacing_ = now;
}

// A headless guest that has halted for good.
bool Session::nothing_can_happen() const {
    return keys_.empty() && serial_text_.empty() && !pc_.replaying() && pc_.platform().dead();
}

}  // namespace seventeen::app
