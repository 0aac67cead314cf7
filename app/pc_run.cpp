// From options to a machine, a session and an exit status.
#include "app/pc_run.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "app/jit_report.h"
#include "app/mmu_report.h"
#include "app/report.h"
#include "app/screenshot.h"
#include "core/error.h"
#include "core/file.h"
#include "core/snapshot.h"

namespace seventeen::app {

namespace {

using machine::Pc;

constexpr u64 kLargestSnapshot = u64{8} << 30;
constexpr int kScriptUnmet = 3;
constexpr const char* kSnapshotSuffix = ".snapshot";

std::string section_of(const DriveImage& drive) {
    return "disk " + drive.drive;
}

// What a headless guest prints is for standard output; a person has a console.
Session::SerialBackends open_serial_lines(const RunOptions& options) {
    Session::SerialBackends lines;
    for (std::size_t line = 0; line < lines.size(); ++line) {
        const std::string& word = options.serial[line];
        if (word == "stdio" && !options.headless)
            throw Error(
                "--serial stdio: the terminal is the console's; add --headless, or use "
                "--nographic to see serial line 1 there");
        if (!word.empty()) lines[line] = open_serial(word);
    }
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

std::filesystem::path snapshot_file(const std::string& name) {
    return name + kSnapshotSuffix;
}

std::string list_snapshots() {
    std::string text;
    for (const auto& entry : std::filesystem::directory_iterator("."))
        if (entry.path().extension() == kSnapshotSuffix)
            text += entry.path().stem().string() + "\n";
    return text.empty() ? "there are none in this directory\n" : text;
}

}  // namespace

PcRun::PcRun(const RunOptions& options, const MachinePlan& plan)
    : options_(options),
      assembly_(assemble(plan, options)),
      serial_(open_serial_lines(options)),
      pc_(wired()),
      session_(pc_, session_options(options), serial_) {
    if (options.network.connected && options.replay.empty()) {
        network_.emplace(pc_, options.network);
        session_.connect(*network_);
    }
    restore_or_replay();
    first_ = pc_.platform().cpu().retired;
    if (!options.headless) show();
}

// The guest's text goes to the session, which is there before the guest runs.
machine::PcOptions PcRun::wired() {
    machine::PcOptions pc = std::move(assembly_.pc);
    if (options_.headless) pc.console = [](char letter) { std::fputc(letter, stderr); };
    for (unsigned line = 0; line < serial_.size(); ++line)
        pc.serial[line] = [this, line](u8 byte) { session_.serial_byte(line, byte); };
    return pc;
}

void PcRun::restore_or_replay() {
    if (!options_.restore.empty()) restore(options_.restore);
    if (!options_.record.empty()) pc_.record_into(&recorded_);
    if (!options_.replay.empty()) pc_.replay(EventLog::read(options_.replay));
}

// --- a person's view ---

void PcRun::show() {
    terminal_.emplace();
    monitor_.emplace(pc_, links());
    ConsoleLinks console{.press = [this](const KeyEvents& keys) { session_.press(keys); },
                         .send_serial =
                             [this](std::string_view bytes) {
                                 pc_.give(machine::SerialInput{0, {bytes.begin(), bytes.end()}});
                             },
                         .status = [] { return std::string("Seventeen"); }};
    console_.emplace(pc_, *monitor_, *terminal_, std::move(console),
                     options_.nographic ? Console::View::kSerial : Console::View::kScreen);
    if (!serial_[0]) serial_[0] = std::make_unique<ConsoleLine>(*console_);
    session_.show_on(*console_);
}

MonitorLinks PcRun::links() {
    MonitorLinks links;
    links.save_snapshot = [this](const std::string& name) { save(snapshot_file(name)); };
    links.load_snapshot = [this](const std::string& name) { restore(snapshot_file(name)); };
    links.snapshots = list_snapshots;
    links.eject = [this](const std::string& drive) { change(drive, {}); };
    links.change = [this](const std::string& drive, const std::string& file) {
        change(drive, file);
    };
    links.block = [this] { return describe_images(); };
    links.jit = [this] { return describe_engine(pc_.platform().engine()); };
    links.mmu = [this] { return describe_mmu(pc_.platform()); };
    if (network_) links.network = [this] { return network_->describe(); };
    return links;
}

std::string PcRun::describe_images() const {
    std::string text;
    for (const DriveImage& drive : assembly_.images)
        text += drive.drive + ": " + storage::describe(drive.image->info()) +
                (drive.image->uncommitted_sectors() != 0
                     ? "  " + std::to_string(drive.image->uncommitted_sectors()) +
                           " sectors not written to the image\n"
                     : "");
    return text.empty() ? "no images\n" : text;
}

// Takes the medium out of a drive and puts another in, if one is named.
void PcRun::change(const std::string& drive, const std::string& file) {
    std::unique_ptr<storage::DiskImage> image;
    const bool cdrom = drive == "cdrom" || drive == "hdc";
    if (!cdrom && drive != "fda" && drive != "fdb")
        throw Error("'" + drive + "' has no removable medium: there are fda, fdb and cdrom");
    if (!file.empty())
        image = std::make_unique<storage::DiskImage>(
            file, storage::OpenOptions{
                      .mode = cdrom ? storage::OpenMode::kReadOnly : options_.images.mode,
                      .format = {},
                      .temporary_folder = {}});
    storage::DiskImage* const inserted = image.get();
    std::erase_if(assembly_.images, [&](const DriveImage& it) {
        return it.drive == drive || (cdrom && it.drive == "hdc");
    });
    if (cdrom)
        pc_.change_disc(std::move(image));
    else
        pc_.change_floppy(drive == "fda" ? 0 : 1, std::move(image));
    if (inserted != nullptr) assembly_.images.push_back({cdrom ? "hdc" : drive, inserted});
}

// --- snapshots ---

void PcRun::save(const std::filesystem::path& file) const {
    Writer writer;
    pc_.save(writer);
    for (const DriveImage& drive : assembly_.images) drive.image->save(writer, section_of(drive));
    write_file(file, std::move(writer).finish());
}

void PcRun::restore(const std::filesystem::path& file) {
    const std::vector<u8> image = read_file(file, kLargestSnapshot);
    Reader reader(image, file.string());
    pc_.restore(reader);
    for (const DriveImage& drive : assembly_.images)
        drive.image->restore(reader, section_of(drive));
    reader.finish();
}

// --- the run and its end ---

int PcRun::run() {
    if (options_.reports.profile) profiler_.emplace(pc_.platform().engine());
    const Outcome outcome = session_.run();
    if (profiler_) profiler_->stop();
    // The terminal goes first: what is said from here on is said where it stays.
    if (console_ && options_.serial[0].empty()) serial_[0].reset();
    console_.reset();
    monitor_.reset();
    terminal_.reset();
    if (!options_.record.empty()) recorded_.write(options_.record);
    finish();
    return report(outcome);
}

void PcRun::finish() {
    if (!options_.screenshot.empty()) {
        devices::Picture picture;
        pc_.vga().render(picture);
        save_screenshot(picture, options_.screenshot);
    }
    if (!options_.save_on_exit.empty()) save(options_.save_on_exit);
    for (const DriveImage& drive : assembly_.images)
        if (drive.image->info().mode == storage::OpenMode::kCommit) drive.image->commit();
    if (options_.print_state) print_state(pc_.platform().cpu());
    std::fflush(stdout);
    print_reports(options_.reports, pc_.platform(), first_,
                  profiler_ ? &profiler_->profile() : nullptr);
}

int PcRun::report(const Outcome& outcome) {
    if (outcome.ending == Ending::kScriptFinished) return 0;
    const int status =
        outcome.ending == Ending::kQuit ? 0 : report_stop(pc_.platform(), outcome.stop);
    if (outcome.unmet.empty()) return status;
    std::fprintf(stderr, "seventeen: '%s' never appeared\n", outcome.unmet.c_str());
    return kScriptUnmet;
}

}  // namespace seventeen::app
