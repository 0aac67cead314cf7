// Option values: what the words after options mean, or an Error that names the option.
#pragma once

#include <string>
#include <string_view>

#include "app/options.h"

namespace seventeen::app {

u64 parse_number(const std::string& option, std::string_view text);
// 512K, 64M, 1G; a bare number counts MiB, as QEMU's -m does.
u64 parse_memory(std::string text);
RawImage parse_raw(const std::string& text);
// translate or interpret (empty: what the host can), and tricks to leave out, between commas.
machine::EngineOptions parse_engine(const std::string& accelerator, const std::string& disabled);
std::string trick_names();                             // for help
ReportOptions parse_reports(const std::string& text);  // jit and mmu, between commas
// Seconds, with a fraction, as nanoseconds.
u64 parse_seconds(const std::string& option, const std::string& text);
// "2020-01-01T12:00:00", "now" (the host's clock) or seconds since 1970.
s64 parse_clock(const std::string& text);

}  // namespace seventeen::app
