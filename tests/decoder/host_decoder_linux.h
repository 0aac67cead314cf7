// HostDecoder: asks the processor this runs on how it decodes 16- and 32-bit code.
//
// The bytes are put at the end of a page whose successor can't be read, and run in compatibility
// mode as a user program with all registers zero and TF set. A fetch fault in the next page says
// that the instruction is longer; #UD says that there is none; anything else that there is one.
#pragma once

#include <array>
#include <csignal>
#include <span>

#include "decoder/instruction.h"

namespace seventeen::decoder {

enum class HostAnswer : u8 {
    kLonger,             // more bytes are needed
    kUndefined,          // #UD
    kGeneralProtection,  // #GP: privileged, or over 15 bytes
    kAccepted,           // ran, or raised another exception
};

class HostDecoder {
  public:
    HostDecoder();
    ~HostDecoder();
    HostDecoder(const HostDecoder&) = delete;
    HostDecoder& operator=(const HostDecoder&) = delete;

    // False where the kernel offers no 16-bit segments or no low memory.
    bool available() const { return available_; }
    // Must not hold a system call, nor an address of anything in the first 4 GiB.
    HostAnswer ask(std::span<const u8> bytes, CodeSize size);

  private:
    static constexpr std::array kSignals{SIGILL, SIGSEGV, SIGTRAP, SIGBUS, SIGFPE};

    void take_signals();

    u8* page_ = nullptr;
    bool available_ = false;
    std::array<u8, 64 * 1024> stack_;  // the handler's
    stack_t old_stack_{};
    std::array<struct sigaction, kSignals.size()> old_actions_{};
};

}  // namespace seventeen::decoder
