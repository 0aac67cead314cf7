// Matching expectations against what a guest shows.
#include "app/script.h"

namespace seventeen::app {

namespace {

constexpr std::size_t kMostSerial = std::size_t{1} << 20;

}  // namespace

Script::Script(std::vector<ScriptStep> steps)
    : steps_(steps.begin(), steps.end()), total_(steps.size()) {}

void Script::heard(u8 byte) {
    if (total_ == 0) return;
    serial_ += static_cast<char>(byte);
    if (serial_.size() > 2 * kMostSerial) serial_.erase(0, kMostSerial);
}

void Script::advance(const std::string& screen,
                     const std::function<void(Place, const std::string&)>& type) {
    while (!steps_.empty()) {
        const ScriptStep& step = steps_.front();
        if (step.kind == ScriptStep::Kind::kExpect && !met(screen, step.text)) return;
        if (step.kind == ScriptStep::Kind::kType) type(place_, step.text);
        steps_.pop_front();
    }
}

// Serial text counts once. A screen that met the last expectation must change to meet another, or
// `--expect A:\> --type dir --expect A:\>` would not wait for the second prompt.
bool Script::met(const std::string& screen, const std::string& text) {
    if (const auto at = serial_.find(text); at != std::string::npos) {
        serial_.erase(0, at + text.size());
        place_ = Place::kSerial;
        return true;
    }
    if (screen == stale_ || screen.find(text) == std::string::npos) return false;
    stale_ = screen;
    place_ = Place::kScreen;
    return true;
}

std::string Script::waiting_for() const {
    return steps_.empty() ? std::string() : steps_.front().text;
}

}  // namespace seventeen::app
