// `seventeen run`: from options to a machine, a session and an exit status.
#include "app/run.h"

#include <cstdio>
#include <optional>

#include "app/assembly.h"
#include "app/network.h"
#include "app/plan.h"
#include "app/report.h"
#include "app/screenshot.h"
#include "app/session.h"
#include "core/error.h"
#include "core/file.h"
#include "core/snapshot.h"

namespace seventeen::app {

namespace {

using machine::Pc;

constexpr u64 kLargestSnapshot = u64{8} << 30;
constexpr int kScriptUnmet = 3;

std::string section_of(const DriveImage& drive) {
    return "disk " + drive.drive;
}

void save(const Pc& pc, const Assembly& assembly, const std::filesystem::path& file) {
    Writer writer;
    pc.save(writer);
    for (const DriveImage& drive : assembly.images) drive.image->save(writer, section_of(drive));
    write_file(file, std::move(writer).finish());
}

void restore(Pc& pc, const Assembly& assembly, const std::filesystem::path& file) {
    const std::vector<u8> image = read_file(file, kLargestSnapshot);
    Reader reader(image, file.string());
    pc.restore(reader);
    for (const DriveImage& drive : assembly.images) drive.image->restore(reader, section_of(drive));
    reader.finish();
}

// What a headless guest prints is for standard output; a person has a screen.
Session::SerialBackends open_serial_lines(const RunOptions& options) {
    Session::SerialBackends lines;
    for (std::size_t line = 0; line < lines.size(); ++line)
        if (!options.serial[line].empty()) lines[line] = open_serial(options.serial[line]);
    if (options.headless && options.serial[0].empty()) lines[0] = open_serial("stdio");
    return lines;
}

SessionOptions session_options(const RunOptions& options) {
    return {.max_instructions = options.max_instructions,
            .max_time = options.max_time,
            .hash_every = options.hash_every,
            .script = options.script,
            .paced = !options.headless};
}

int report(const Pc& pc, const Outcome& outcome) {
    if (outcome.ending == Ending::kScriptFinished) return 0;
    const int status =
        outcome.ending == Ending::kQuit ? 0 : report_stop(pc.platform(), outcome.stop);
    if (outcome.unmet.empty()) return status;
    std::fprintf(stderr, "seventeen: '%s' never appeared\n", outcome.unmet.c_str());
    return kScriptUnmet;
}

void finish(Pc& pc, const Assembly& assembly, const RunOptions& options) {
    if (!options.screenshot.empty()) {
        devices::Picture picture;
        pc.vga().render(picture);
        save_screenshot(picture, options.screenshot);
    }
    if (!options.save_on_exit.empty()) save(pc, assembly, options.save_on_exit);
    if (options.images.mode == storage::OpenMode::kCommit)
        for (const DriveImage& drive : assembly.images)
            if (drive.image->info().mode == storage::OpenMode::kCommit) drive.image->commit();
    if (options.print_state) print_state(pc.platform().cpu());
    std::fflush(stdout);
}

}  // namespace

int run_guest(const RunOptions& options) {
    return options.plan.machine == "bare" ? run_bare(options) : run_pc(options);
}

int run_pc(const RunOptions& options) {
    const MachinePlan plan = make_plan(options.plan);
    if (options.explain) {
        std::fputs(explain(plan).c_str(), stdout);
        return 0;
    }
    std::optional<Session> session;
    Session::SerialBackends serial = open_serial_lines(options);
    Assembly assembly = assemble(plan, options);
    assembly.pc.console = [](char letter) { std::fputc(letter, stderr); };
    for (unsigned line = 0; line < serial.size(); ++line)
        assembly.pc.serial[line] = [&session, line](u8 byte) { session->serial_byte(line, byte); };
    Pc pc(std::move(assembly.pc));
    session.emplace(pc, session_options(options), serial);
    if (!options.restore.empty()) restore(pc, assembly, options.restore);
    EventLog recorded;
    if (!options.record.empty()) pc.record_into(&recorded);
    if (!options.replay.empty()) pc.replay(EventLog::read(options.replay));
    std::optional<Network> network;
    if (options.network.connected && options.replay.empty()) {
        network.emplace(pc, options.network);
        session->connect(*network);
    }
    const Outcome outcome = session->run();
    if (!options.record.empty()) recorded.write(options.record);
    finish(pc, assembly, options);
    return report(pc, outcome);
}

}  // namespace seventeen::app
