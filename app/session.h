// Session: runs a PC in slices and, between them, lets the host in: keys, serial bytes, the script,
// the wall clock.
//
// A headless session is unpaced: idle time is skipped, and what it does depends on nothing but the
// machine and the script. A session with a front end is paced to the wall clock.
#pragma once

#include <array>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "app/front_end.h"
#include "app/keys.h"
#include "app/network.h"
#include "app/pacer.h"
#include "app/script.h"
#include "app/serial_linux.h"
#include "app/waiter_linux.h"
#include "machine/pc.h"

namespace seventeen::app {

struct SessionOptions {
    u64 max_instructions = ~u64{0};
    u64 max_time = ~u64{0};  // nanoseconds of virtual time
    u64 hash_every = 0;      // instructions; 0: never
    std::vector<ScriptStep> script;
    bool paced = false;
};

// How a session ended.
enum class Ending : u8 { kStopped, kScriptFinished, kQuit };
struct Outcome {
    Ending ending = Ending::kStopped;
    machine::Stop stop = machine::Stop::kLimit;
    std::string unmet;  // the expectation that was never met, if any
};

class Session {
  public:
    using SerialBackends = std::array<std::unique_ptr<SerialBackend>, 2>;

    Session(machine::Pc& pc, SessionOptions options, SerialBackends& serial);

    // Before run(). The front end outlives the session.
    void show_on(FrontEnd& front_end);
    void connect(Network& network);
    // Keys that are pressed one after another, no faster than a guest can take them.
    void press(const KeyEvents& keys);
    // From the guest.
    void serial_byte(unsigned line, u8 byte);

    Outcome run();

  private:
    machine::RunLimit next_limit() const;
    u64 slices_at_once() const;
    machine::Stop run_slice();
    bool slice_ends(u64 every) const;
    bool over(machine::Stop stop) const;
    void print_hash();
    void follow_script();
    void feed();
    void let_the_host_in();
    bool must_keep_pace();
    bool nothing_can_happen() const;
    std::string screen() const;

    machine::Pc& pc_;
    SessionOptions options_;
    SerialBackends& serial_;
    Script script_;
    Waiter waiter_;
    EndSignals end_signals_;
    Pacer pacer_;
    FrontEnd* front_end_ = nullptr;
    Network* network_ = nullptr;
    std::deque<KeyEvent> keys_;
    std::deque<u8> serial_text_;
    Pacer::Clock::time_point last_look_{};
    u64 at_once_ = 1;      // slices that the host has lately had the patience for
    u64 hashed_ = 0;       // the instruction at which the last hash was printed
    bool pacing_ = false;  // in the last slice
    bool quit_ = false;
};

}  // namespace seventeen::app
