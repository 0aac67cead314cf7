// The command line: our words, and QEMU's single-dash spelling of the same.
#include "app/options.h"

#include <CLI/CLI.hpp>
#include <array>
#include <iostream>

#include "app/keys.h"
#include "app/option_values.h"
#include "core/error.h"
#include "privilege/cpu_model.h"

namespace seventeen::app {

namespace {

// Words that QEMU spells with one dash.
std::string long_spelling(const std::string& word) {
    constexpr std::array<std::string_view, 20> kSame{
        "-bios", "-cpu",    "-help",      "-fda",       "-fdb",     "-hda",    "-hdb",
        "-hdc",  "-hdd",    "-cdrom",     "-boot",      "-kernel",  "-initrd", "-append",
        "-rtc",  "-serial", "-no-reboot", "-nographic", "-machine", "-drive"};
    if (word == "-m") return "--memory";
    for (const std::string_view theirs : kSame)
        if (word == theirs) return "-" + word;
    return word;
}

// What CLI11 stores, before it is checked.
struct Words {
    std::string memory;
    std::string limit;
    std::string time;
    std::string hash_every;
    std::string clock;
    std::string format;
    std::vector<std::string> raw;
    std::vector<std::string> serial;
    std::vector<std::string> expect;
    std::vector<std::string> type;
    bool writable = false;
    bool commit = false;
    bool read_only = false;
    CLI::Option* expect_option = nullptr;
    CLI::Option* type_option = nullptr;
};

void describe_machine(CLI::App& run, RunOptions& options, Words& words) {
    run.add_option("--machine", options.machine,
                   "pc (with chips and firmware) or bare (CPU and memory)");
    run.add_option("--memory", words.memory,
                   "RAM: 128M (the default on a PC), 512K, 1G; a bare number is MiB");
    run.add_option("--cpu", options.cpu, "CPU model: 486, pentium, pentium3 or max (the default)");
    run.add_option("--bios", options.bios, "Firmware image instead of SeaBIOS");
    run.add_option("--raw", words.raw,
                   "FILE@ADDRESS: put FILE into RAM; without --bios the CPU "
                   "starts at the first one, in real mode");
    run.add_option("--rtc", words.clock,
                   "The clock at the start: 2020-01-01T00:00:00 (the default) or now");
    run.add_flag("!--no-apic", options.apic, "Without local and I/O APIC");
    run.add_flag("!--no-hpet", options.hpet, "Without HPET");
    run.add_flag("!--no-reboot", options.reboot, "End where the guest resets by a triple fault");
}

void describe_drives(CLI::App& run, DriveOptions& drives, Words& words) {
    run.add_option("image", drives.images,
                   "Floppy, disk, CD or kernel images, recognised by what they hold");
    run.add_option("--fda", drives.floppies[0], "Disk in the first floppy drive");
    run.add_option("--fdb", drives.floppies[1], "Disk in the second floppy drive");
    run.add_option("--hda", drives.disks[0], "Hard disk: IDE, primary master");
    run.add_option("--hdb", drives.disks[1], "Hard disk: IDE, primary slave");
    run.add_option("--hdc", drives.disks[2], "Hard disk: IDE, secondary master");
    run.add_option("--hdd", drives.disks[3], "Hard disk: IDE, secondary slave");
    run.add_option("--cdrom", drives.cdrom, "Disc in the CD-ROM drive, secondary master");
    run.add_option("--kernel", drives.kernel, "Linux bzImage or Multiboot kernel to boot directly");
    run.add_option("--initrd", drives.initrd, "Its initial RAM disk");
    run.add_option("--append", drives.append, "Its command line");
    run.add_option("--boot", drives.boot, "Boot order: a floppy, c disk, d CD; like dc");
    run.add_flag("--boot-menu", drives.boot_menu, "Let the firmware offer its boot menu");
    run.add_option("--format", words.format, "Of the disk images: raw, qcow2, vhd or vmdk");
    run.add_flag("--writable", words.writable, "Write to the images at once");
    run.add_flag("--commit", words.commit, "Write to the images when the run has ended");
    run.add_flag("--read-only", words.read_only, "The guest cannot write to its disks");
}

void describe_run(CLI::App& run, RunOptions& options, Words& words) {
    run.add_option("--serial", words.serial,
                   "Serial line 1, then 2: stdio, null, pty, file:PATH, unix:PATH, tcp:HOST:PORT");
    run.add_flag("--headless", options.headless,
                 "No screen, no keyboard, unpaced: as fast as the host can");
    run.add_flag("--nographic", options.nographic, "Show serial line 1 instead of the screen");
    words.expect_option =
        run.add_option("--expect", words.expect,
                       "End with status 0 when the screen or serial line 1 shows TEXT; 3 when the "
                       "run ends without");
    words.type_option = run.add_option(
        "--type", words.type, "Type TEXT (\\n is Enter) once the --expect before it has been met");
    run.add_option("--max-instructions", words.limit, "Stop after N retired instructions");
    run.add_option("--max-time", words.time, "Stop after so many seconds of virtual time");
    run.add_option("--hash-every", words.hash_every,
                   "At each multiple of N instructions print 'hash INSTRUCTIONS DIGEST' on stderr");
    run.add_flag("--print-state", options.print_state, "Print the CPU's registers at the end");
    run.add_option("--screenshot", options.screenshot, "Save the screen as PNG at the end");
    run.add_option("--save-on-exit", options.save_on_exit, "Save the machine to FILE at the end");
    run.add_option("--restore", options.restore, "Start from a machine saved to FILE");
    run.add_option("--record", options.record, "Write every input with its tick to FILE");
    run.add_option("--replay", options.replay, "Take all inputs from FILE");
    run.add_flag("--explain", options.explain, "Print the full equivalent command and end");
}

// The two options' values in the order in which they were given.
std::vector<ScriptStep> script_of(const CLI::App& run, const Words& words) {
    std::vector<ScriptStep> script;
    std::size_t expected = 0;
    std::size_t typed = 0;
    for (const CLI::Option* option : run.parse_order()) {
        if (option == words.expect_option)
            script.push_back({ScriptStep::Kind::kExpect, words.expect[expected++]});
        if (option == words.type_option)
            script.push_back({ScriptStep::Kind::kType, unescaped(words.type[typed++])});
    }
    return script;
}

void check_drives(DriveOptions& drives, const Words& words) {
    if (words.writable + words.commit + words.read_only > 1)
        throw Error("--writable, --commit and --read-only exclude one another");
    if (words.writable) drives.mode = storage::OpenMode::kWritable;
    if (words.commit) drives.mode = storage::OpenMode::kCommit;
    if (words.read_only) drives.mode = storage::OpenMode::kReadOnly;
    if (!words.format.empty()) {
        drives.format = storage::format_by_name(words.format);
        if (!drives.format)
            throw Error("--format: '" + words.format + "' is none of raw, qcow2, vhd, vmdk");
    }
    if (drives.boot.find_first_not_of("acdn") != std::string::npos)
        throw Error("--boot: '" + drives.boot + "' has letters other than a, c, d and n");
    if (drives.kernel.empty() && !(drives.initrd.empty() && drives.append.empty()) &&
        drives.images.empty())
        throw Error("--initrd and --append go with a kernel: give --kernel FILE");
}

bool has_drives(const DriveOptions& drives) {
    const auto given = [](const auto& paths) {
        return std::ranges::any_of(paths, [](const auto& path) { return !path.empty(); });
    };
    return given(drives.images) || given(drives.floppies) || given(drives.disks) ||
           given(drives.virtio) || !drives.cdrom.empty() || !drives.kernel.empty();
}

void check_words(RunOptions& options, const Words& words) {
    if (!words.memory.empty()) options.memory = parse_memory(words.memory);
    if (!words.limit.empty())
        options.max_instructions = parse_number("--max-instructions", words.limit);
    if (!words.time.empty()) options.max_time = parse_seconds("--max-time", words.time);
    if (!words.hash_every.empty()) {
        options.hash_every = parse_number("--hash-every", words.hash_every);
        if (options.hash_every == 0) throw Error("--hash-every: must be at least 1");
    }
    if (!words.clock.empty()) options.epoch = parse_clock(words.clock);
    for (const std::string& text : words.raw) options.raw.push_back(parse_raw(text));
    if (words.serial.size() > options.serial.size())
        throw Error("--serial: a PC has two serial lines");
    std::ranges::copy(words.serial, options.serial.begin());
    check_drives(options.drives, words);
    const bool drives = has_drives(options.drives);
    if (options.machine.empty())
        options.machine = !drives && !(options.bios.empty() && options.raw.empty()) ? "bare" : "pc";
    if (options.machine != "pc" && options.machine != "bare")
        throw Error("--machine: '" + options.machine + "' is neither pc nor bare");
    if (options.machine == "bare" && drives)
        throw Error("--machine bare has no drives: leave the images out, or take --machine pc");
    if (options.machine == "bare" && options.bios.empty() && options.raw.empty())
        throw Error("nothing to run: give --bios FILE or --raw FILE@ADDRESS");
    if (options.memory == 0) options.memory = (options.machine == "pc" ? 128u : 64u) << 20;
    if (!options.record.empty() && !options.replay.empty())
        throw Error("--record and --replay exclude one another");
    privilege::cpu_model(options.cpu);  // throws where there is none of that name
}

}  // namespace

std::optional<RunOptions> parse_command_line(int argc, char** argv) {
    CLI::App program(
        "Seventeen runs unmodified x86 operating systems without hardware "
        "virtualization.",
        "seventeen");
    program.require_subcommand(1);
    CLI::App& run = *program.add_subcommand("run", "Run a guest");
    RunOptions options;
    Words words;
    describe_drives(run, options.drives, words);
    describe_machine(run, options, words);
    describe_run(run, options, words);
    std::vector<std::string> arguments;  // CLI11 takes them last first
    for (int i = argc - 1; i > 0; --i) arguments.push_back(long_spelling(argv[i]));
    try {
        program.parse(arguments);
    } catch (const CLI::CallForHelp& help) {
        std::cout << (run.parsed() ? run.help() : program.help());
        return std::nullopt;
    } catch (const CLI::ParseError& error) {
        throw Error(std::string(error.what()) + " (try: seventeen run --help)");
    }
    options.script = script_of(run, words);
    check_words(options, words);
    return options;
}

}  // namespace seventeen::app
