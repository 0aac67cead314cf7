// Line: one wire from a chip's output pin to whatever the board connected it to.
#pragma once

#include <functional>
#include <utility>

namespace seventeen {

// Tells its listener about changes of level only; unconnected lines go nowhere.
class Line {
  public:
    using Listener = std::function<void(bool level)>;

    void connect(Listener listener) { listener_ = std::move(listener); }
    bool level() const { return level_; }
    void set(bool level) {
        if (level == level_) return;
        level_ = level;
        if (listener_) listener_(level);
    }
    void raise() { set(true); }
    void lower() { set(false); }
    // An edge: up and down again.
    void pulse() {
        raise();
        lower();
    }
    // Puts a restored level back without telling the listener, which restores its own state.
    void restore(bool level) { level_ = level; }

  private:
    Listener listener_;
    bool level_ = false;
};

}  // namespace seventeen
