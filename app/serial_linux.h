// SerialBackend: the host's end of a guest's serial line: standard input and output, a file, a
// pseudo-terminal or a socket.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/types.h"

namespace seventeen::app {

class SerialBackend {
  public:
    virtual ~SerialBackend() = default;
    virtual void send(u8 byte) = 0;  // from the guest; what the host cannot take is dropped
    virtual void flush() {}
    // To be polled for input, or -1.
    virtual int input_fd() const { return -1; }
    // What has come; nothing where nothing has.
    virtual std::vector<u8> receive() { return {}; }
};

// null, stdio, file:PATH, pty, unix:PATH or tcp:HOST:PORT (both listen). Throws Error for another
// word or where the host refuses. A pty's name is printed on stderr.
std::unique_ptr<SerialBackend> open_serial(const std::string& word);

}  // namespace seventeen::app
