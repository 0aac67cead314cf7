// Running programs on the bare machine.
#include "app/run.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <optional>

#include "app/profiler_linux.h"
#include "app/report.h"
#include "core/file.h"
#include "machine/bare_machine.h"
#include "machine/memory_map.h"

namespace seventeen::app {

namespace {

using machine::BareMachine;
using machine::Platform;
using machine::Stop;

constexpr u64 kDefaultMemory = 64u << 20;

u64 memory_of(const RunOptions& options) {
    return options.plan.memory == 0 ? kDefaultMemory : options.plan.memory;
}

void load_images(BareMachine& machine, const RunOptions& options) {
    if (!options.bios.empty())
        machine.load_firmware(read_file(options.bios, machine::kFirmwareLargest));
    for (const RawImage& image : options.raw)
        machine.platform().load_raw(image.address, read_file(image.file, memory_of(options)));
    if (options.bios.empty()) machine.start_at(options.raw.front().address);
}

// In slices that end at each multiple of `hash_every`.
Stop run_hashing(Platform& platform, const RunOptions& options) {
    const u64 limit = options.max_instructions;
    if (options.hash_every == 0) return platform.run({.retired = limit});
    for (;;) {
        const u64 now = platform.cpu().retired;
        const u64 next = (now / options.hash_every + 1) * options.hash_every;
        const Stop stop = platform.run({.retired = std::min(limit, next)});
        if (platform.cpu().retired == next)
            std::fprintf(stderr, "hash %" PRIu64 " %016" PRIx64 "\n", next, platform.digest());
        if (stop != Stop::kLimit || platform.cpu().retired >= limit) return stop;
    }
}

}  // namespace

int run_bare(const RunOptions& options) {
    BareMachine machine({.memory = memory_of(options),
                         .cpu = options.plan.cpu.empty() ? "max" : options.plan.cpu,
                         .rate = {},
                         .engine = options.engine,
                         .console = [](char text) { std::putchar(text); }});
    load_images(machine, options);
    std::optional<Profiler> profiler;
    if (options.reports.profile) profiler.emplace(machine.platform().engine());
    const Stop stop = run_hashing(machine.platform(), options);
    if (profiler) profiler->stop();
    if (options.print_state) print_state(machine.platform().cpu());
    std::fflush(stdout);
    print_reports(options.reports, machine.platform(), 0,
                  profiler ? &profiler->profile() : nullptr);
    return report_stop(machine.platform(), stop);
}

}  // namespace seventeen::app
