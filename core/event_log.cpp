// Records host inputs, hands them out again, and keeps them in a file of one snapshot section.
#include "core/event_log.h"

#include "core/check.h"
#include "core/file.h"
#include "core/snapshot.h"

namespace seventeen {

namespace {

constexpr std::string_view kSection = "events";
constexpr u32 kVersion = 1;
constexpr u64 kMostBytes = u64{1} << 30;  // of a file: a billion bytes of input is a mistake

LoggedEvent read_event(Reader& reader) {
    LoggedEvent event;
    event.tick = reader.get<u64>();
    event.source = reader.string();
    const std::string data = reader.string();
    event.data.assign(data.begin(), data.end());
    return event;
}

}  // namespace

void EventLog::record(LoggedEvent event) {
    check(events_.empty() || event.tick >= events_.back().tick, "an input is logged out of order");
    events_.push_back(std::move(event));
}

std::optional<LoggedEvent> EventLog::next(u64 tick) {
    const std::optional<u64> upcoming = next_tick();
    if (!upcoming || *upcoming > tick) return std::nullopt;
    return events_[cursor_++];
}

std::optional<u64> EventLog::next_tick() const {
    if (cursor_ == events_.size()) return std::nullopt;
    return events_[cursor_].tick;
}

void EventLog::write(const std::filesystem::path& path) const {
    Writer writer;
    writer.begin(kSection, kVersion);
    writer.put(u64{events_.size()});
    for (const LoggedEvent& event : events_) {
        writer.put(event.tick);
        writer.string(event.source);
        writer.put(static_cast<u32>(event.data.size()));
        writer.bytes(event.data.data(), event.data.size());
    }
    writer.end();
    write_file(path, std::move(writer).finish());
}

EventLog EventLog::read(const std::filesystem::path& path) {
    const std::vector<u8> image = read_file(path, kMostBytes);
    Reader reader(image, path.string());
    reader.begin(kSection, kVersion, kVersion);
    EventLog log;
    // The count is not believed: each event is added as it is read.
    for (u64 left = reader.get<u64>(); left != 0; --left) {
        LoggedEvent event = read_event(reader);
        if (!log.events_.empty() && event.tick < log.events_.back().tick)
            reader.damaged("an event comes before the one it follows");
        log.events_.push_back(std::move(event));
    }
    reader.end();
    reader.finish();
    return log;
}

}  // namespace seventeen
