// Reads and writes port forwardings as the command line has them.
#include "network/forward.h"

#include <charconv>

#include "core/error.h"

namespace seventeen::network {

namespace {

[[noreturn]] void refuse(std::string_view text, const std::string& why) {
    throw Error("cannot forward '" + std::string(text) + "': " + why +
                "; write tcp:HOST:PORT-GUESTPORT or udp:HOST:PORT-GUESTPORT, for example "
                "tcp::2222-22");
}

// Splits off what stands before `mark`; without a mark, nothing is taken.
bool take_until(std::string_view& rest, char mark, std::string_view& before) {
    const std::size_t at = rest.find(mark);
    if (at == std::string_view::npos) return false;
    before = rest.substr(0, at);
    rest.remove_prefix(at + 1);
    return true;
}

// A whole number without sign or blanks.
template <typename T>
bool parse_number(std::string_view text, T& number) {
    if (text.empty() || text[0] == '-') return false;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size();
}

bool parse_address(std::string_view text, std::array<u8, 4>& address) {
    std::string_view part;
    for (std::size_t i = 0; i < 3; ++i)
        if (!take_until(text, '.', part) || !parse_number(part, address[i])) return false;
    return parse_number(text, address[3]);
}

u16 parse_port(std::string_view whole, std::string_view text, const char* whose) {
    u16 port = 0;
    if (!parse_number(text, port) || port == 0)
        refuse(whole, "the " + std::string(whose) + "'s port '" + std::string(text) +
                          "' is not a number from 1 to 65535");
    return port;
}

}  // namespace

Forward parse_forward(std::string_view text) {
    Forward forward;
    std::string_view rest = text;
    std::string_view part;
    if (!take_until(rest, ':', part) || (part != "tcp" && part != "udp"))
        refuse(text, "it does not start with 'tcp:' or 'udp:'");
    if (part == "udp") forward.protocol = Forward::Protocol::kUdp;
    if (!take_until(rest, ':', part)) refuse(text, "the colon between HOST and PORT is missing");
    if (!part.empty() && !parse_address(part, forward.host_address))
        refuse(text, "the host '" + std::string(part) + "' is not an IPv4 address");
    if (!take_until(rest, '-', part)) refuse(text, "'-GUESTPORT' is missing");
    forward.host_port = parse_port(text, part, "host");
    forward.guest_port = parse_port(text, rest, "guest");
    return forward;
}

std::string to_string(const Forward& forward) {
    std::string text = forward.protocol == Forward::Protocol::kTcp ? "tcp" : "udp";
    char separator = ':';
    for (const u8 part : forward.host_address) {
        text += separator + std::to_string(part);
        separator = '.';
    }
    return text + ":" + std::to_string(forward.host_port) + "-" +
           std::to_string(forward.guest_port);
}

}  // namespace seventeen::network
