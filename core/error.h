// Error: host or user trouble, whose text is the message a user sees (what, where, what to do).
#pragma once

#include <stdexcept>
#include <string>

namespace seventeen {

class Error : public std::runtime_error {
  public:
    explicit Error(const std::string& message) : std::runtime_error(message) {}
};

}  // namespace seventeen
