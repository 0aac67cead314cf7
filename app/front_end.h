// FrontEnd: who shows a machine to a person and takes that person's wishes.
#pragma once

namespace seventeen::app {

class FrontEnd {
  public:
    virtual ~FrontEnd() = default;
    // To be polled; on_input() when something has come.
    virtual int input_fd() const = 0;
    virtual void on_input() = 0;
    // Between two slices, some thirty times a second of the host's time.
    virtual void refresh() = 0;
    virtual bool quit_requested() const = 0;
    virtual bool paused() const = 0;
};

}  // namespace seventeen::app
