// Words for the end of a run.
#include "app/report.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "app/formatted.h"
#include "app/jit_report.h"
#include "app/mmu_report.h"
#include "app/profile_report.h"

namespace seventeen::app {

namespace {

using machine::Platform;
using machine::Stop;

void print_segment(const char* name, const SegmentRegister& segment) {
    std::printf("%-4s %04x base %08" PRIx64 " limit %08x attributes %05x\n", name, segment.selector,
                segment.base, segment.limit, segment.attributes);
}

}  // namespace

void print_state(const CpuState& state) {
    constexpr const char* kNames[] = {"EAX", "ECX", "EDX", "EBX", "ESP", "EBP", "ESI", "EDI"};
    constexpr const char* kSegments[] = {"ES", "CS", "SS", "DS", "FS", "GS"};
    for (unsigned i = 0; i < std::size(kNames); ++i)
        std::printf("%s %08" PRIx64 "%c", kNames[i], state.gpr[i], i % 4 == 3 ? '\n' : ' ');
    std::printf("EIP %08x EFLAGS %08x CPL %u\n", state.eip(), state.eflags(), unsigned{state.cpl});
    for (unsigned i = 0; i < kSegmentCount; ++i) print_segment(kSegments[i], state.segments[i]);
    print_segment("LDTR", state.ldtr);
    print_segment("TR", state.tr);
    std::printf("GDTR base %08" PRIx64 " limit %04x\nIDTR base %08" PRIx64 " limit %04x\n",
                state.gdtr.base, state.gdtr.limit, state.idtr.base, state.idtr.limit);
    std::printf("CR0 %08" PRIx64 " CR2 %08" PRIx64 " CR3 %08" PRIx64 " CR4 %08" PRIx64 "\n",
                state.cr0, state.cr2, state.cr3, state.cr4);
}

void print_reports(const ReportOptions& options, machine::Platform& platform, u64 first,
                   const translator::Profile* profile) {
    if (!options.jit && !options.mmu && profile == nullptr) return;
    // A snapshot may have taken the machine back to before the beginning.
    const u64 retired = std::max(platform.cpu().retired, first) - first;
    std::string text = describe_speed(retired, cpu_time());
    if (options.jit) text += "\n" + describe_engine(platform.engine());
    if (options.mmu) text += "\n" + describe_mmu(platform);
    if (profile) text += "\n" + describe_profile(*profile);
    std::fputs(text.c_str(), stderr);
}

std::string describe_speed(u64 retired, const CpuTime& time) {
    const double seconds = time.user + time.system;
    const double millions = static_cast<double>(retired) / 1e6;
    return formatted("%" PRIu64
                     " instructions, %.3f s of CPU time (%.3f user, %.3f system), "
                     "%.1f million instructions per second\n",
                     retired, seconds, time.user, time.system,
                     seconds > 0 ? millions / seconds : 0.0);
}

int report_stop(const Platform& platform, Stop stop) {
    const u64 retired = platform.cpu().retired;
    switch (stop) {
        case Stop::kLimit:
            std::fprintf(stderr, "seventeen: stopped after %" PRIu64 " instructions\n", retired);
            return 0;
        case Stop::kHalted:
            std::fprintf(stderr,
                         "seventeen: halted after %" PRIu64 " instructions; nothing can wake it\n",
                         retired);
            return 0;
        case Stop::kTripleFault:
            std::fprintf(stderr, "seventeen: triple fault after %" PRIu64 " instructions\n",
                         retired);
            return 1;
        case Stop::kPowerOff:
            std::fprintf(stderr, "seventeen: switched off after %" PRIu64 " instructions\n",
                         retired);
            return 0;
        case Stop::kExit: break;
    }
    return static_cast<int>((platform.exit_value() << 1 | 1) & 0xff);
}

}  // namespace seventeen::app
