// EventLog: every host input (key, frame, wall clock, rate change) with the tick it took effect at.
//
// Recording, a source of input calls `record` at the event point where it hands its input to the
// guest. Replaying, sources are silent and the machine hands out `next` when its tick has come.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "core/types.h"

namespace seventeen {

struct LoggedEvent {
    u64 tick = 0;
    std::string source;    // which input: "keyboard", "network", "rtc", "rate"
    std::vector<u8> data;  // what it was, in the source's own encoding
    bool operator==(const LoggedEvent&) const = default;
};

class EventLog {
  public:
    void record(LoggedEvent event);  // ticks never decrease
    const std::vector<LoggedEvent>& events() const { return events_; }

    // Replay: the next event, if its tick is at or before `tick`; it is then consumed.
    std::optional<LoggedEvent> next(u64 tick);
    std::optional<u64> next_tick() const;  // of the next event to replay

    // The file starts with a magic and a version; a damaged one throws Error.
    void write(const std::filesystem::path& path) const;
    static EventLog read(const std::filesystem::path& path);

  private:
    std::vector<LoggedEvent> events_;
    std::size_t cursor_ = 0;
};

}  // namespace seventeen
