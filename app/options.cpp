// The command line: our words, and QEMU's single-dash spelling of the same.
#include "app/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
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

bool names_an_image(const std::string& word) {
    return !word.starts_with('-') && word != "run" && word != "lockstep" &&
           std::filesystem::exists(word);
}

// What CLI11 stores, before it is checked.
struct Words {
    std::string memory;
    std::string limit;
    std::string time;
    std::string hash_every;
    std::string clock;
    std::string accelerator;
    std::string disabled;
    std::string format;
    std::string reports;
    std::vector<std::string> raw;
    std::vector<std::string> serial;
    std::vector<std::string> expect;
    std::vector<std::string> type;
    std::vector<std::string> forwards;
    std::string net;
    std::string nic;
    bool profile = false;
    bool writable = false;
    bool commit = false;
    bool read_only = false;
    CLI::Option* expect_option = nullptr;
    CLI::Option* type_option = nullptr;
};

void describe_machine(CLI::App& run, RunOptions& options, Words& words) {
    run.add_option("--machine", options.plan.machine,
                   "pc (with chips and firmware) or bare (CPU and memory)");
    run.add_option("--memory", words.memory,
                   "RAM: 128M (the default on a PC), 512K, 1G; a bare number is MiB");
    run.add_option("--cpu", options.plan.cpu,
                   "CPU model: 486, pentium, pentium3 or max (the default)");
    run.add_option("--accel", words.accelerator,
                   "Engine: translate (the default on x86-64) or interpret");
    run.add_option("--disable", words.disabled, "Translator tricks to leave out: " + trick_names());
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

void describe_drives(CLI::App& run, RunOptions& options, Words& words) {
    PlanRequest& plan = options.plan;
    run.add_option("image", plan.images,
                   "Floppy, disk, CD or kernel images, recognised by what they hold");
    run.add_option("--fda", plan.floppies[0], "Disk in the first floppy drive");
    run.add_option("--fdb", plan.floppies[1], "Disk in the second floppy drive");
    run.add_option("--hda", plan.disks[0], "Hard disk: IDE, primary master");
    run.add_option("--hdb", plan.disks[1], "Hard disk: IDE, primary slave");
    run.add_option("--hdc", plan.disks[2], "Hard disk: IDE, secondary master");
    run.add_option("--hdd", plan.disks[3], "Hard disk: IDE, secondary slave");
    run.add_option("--cdrom", plan.cdrom, "Disc in the CD-ROM drive");
    run.add_option("--drive", plan.virtio, "Hard disk on a virtio controller");
    run.add_option("--kernel", plan.kernel, "Linux bzImage or Multiboot kernel to boot directly");
    run.add_option("--initrd", plan.initrd, "Its initial RAM disk, or Multiboot modules");
    run.add_option("--append", plan.append, "Its command line");
    run.add_option("--boot", plan.boot, "Boot order: a floppy, c disk, d CD; like dc");
    run.add_flag("--boot-menu", options.boot_menu, "Let the firmware offer its boot menu");
    run.add_option("--format", words.format, "Of the disk images: raw, qcow2, vhd or vmdk");
    run.add_flag("--writable", words.writable, "Write to the images at once");
    run.add_flag("--commit", words.commit, "Write to the images when the run has ended");
    run.add_flag("--read-only", words.read_only, "The guest cannot write to its disks");
}

void describe_network(CLI::App& run, RunOptions& options, Words& words) {
    run.add_option("--net", words.net,
                   "user (through the host, without privileges), restricted (a network with no "
                   "way out) or none (the default)");
    run.add_option("--nic", words.nic,
                   "The card: rtl8029 (the default with --net), ne2000, virtio");
    run.add_option("--forward", words.forwards,
                   "tcp:HOST:PORT-GUESTPORT or udp:…: a port of the host leads to the guest");
    run.add_option("--pcap", options.network.capture, "Write every frame to FILE");
}

void describe_limits(CLI::App& command, Words& words) {
    command.add_option("--max-instructions", words.limit, "Stop after N retired instructions");
    command.add_option("--max-time", words.time, "Stop after so many seconds of virtual time");
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
    describe_limits(run, words);
    run.add_option("--hash-every", words.hash_every,
                   "At each multiple of N instructions print 'hash INSTRUCTIONS DIGEST' on stderr");
    run.add_flag("--print-state", options.print_state, "Print the CPU's registers at the end");
    run.add_option("--report", words.reports,
                   "Tell on stderr at the end how the run went: jit, mmu or jit,mmu");
    run.add_flag("--profile", words.profile,
                 "Tell on stderr at the end where the host's CPU time went");
    run.add_option("--screenshot", options.screenshot, "Save the screen as PNG at the end");
    run.add_option("--save-on-exit", options.save_on_exit, "Save the machine to FILE at the end");
    run.add_option("--restore", options.restore, "Start from a machine saved to FILE");
    run.add_option("--record", options.record, "Write every input with its tick to FILE");
    run.add_option("--replay", options.replay, "Take all inputs from FILE");
    run.add_flag("--explain", options.explain, "Print the full equivalent command and end");
}

void describe_comparison(CLI::App& lockstep, Words& words) {
    describe_limits(lockstep, words);
    lockstep.add_option(
        "--every", words.hash_every,
        "Compare every N instructions; ten million unless given, a thousand is cheap");
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

void check_images(ImageOptions& images, const Words& words) {
    if (words.writable + words.commit + words.read_only > 1)
        throw Error("--writable, --commit and --read-only exclude one another");
    if (words.writable) images.mode = storage::OpenMode::kWritable;
    if (words.commit) images.mode = storage::OpenMode::kCommit;
    if (words.read_only) images.mode = storage::OpenMode::kReadOnly;
    if (words.format.empty()) return;
    images.format = storage::format_by_name(words.format);
    if (!images.format)
        throw Error("--format: '" + words.format + "' is none of raw, qcow2, vhd, vmdk");
}

machine::NetworkCard card_named(const std::string& name) {
    using machine::NetworkCard;
    if (name == "rtl8029") return NetworkCard::kRtl8029;
    if (name == "ne2000") return NetworkCard::kNe2000;
    if (name == "virtio") return NetworkCard::kVirtio;
    if (name == "none") return NetworkCard::kNone;
    throw Error("--nic: '" + name + "' is none of rtl8029, ne2000, virtio, none");
}

void check_network(NetworkOptions& network, const Words& words) {
    network.connected = words.net == "user" || words.net == "restricted";
    network.restricted = words.net == "restricted";
    if (!network.connected && !words.net.empty() && words.net != "none")
        throw Error("--net: '" + words.net + "' is none of user, restricted, none");
    if (!words.nic.empty())
        network.card = card_named(words.nic);
    else if (network.connected)
        network.card = machine::NetworkCard::kRtl8029;
    for (const std::string& text : words.forwards)
        network.forwards.push_back(network::parse_forward(text));
    if (!network.connected && !(words.forwards.empty() && network.capture.empty()))
        throw Error("--forward and --pcap need a network: add --net user");
}

bool has_images(const PlanRequest& plan) {
    const auto given = [](const auto& paths) {
        return std::ranges::any_of(paths, [](const auto& path) { return !path.empty(); });
    };
    return given(plan.images) || given(plan.floppies) || given(plan.disks) || given(plan.virtio) ||
           !plan.cdrom.empty() || !plan.kernel.empty();
}

// Programs of one's own run on the bare machine, everything else on a PC.
void check_machine(RunOptions& options) {
    std::string& machine = options.plan.machine;
    const bool images = has_images(options.plan);
    const bool programs = !options.bios.empty() || !options.raw.empty();
    if (machine.empty()) machine = programs && !images ? "bare" : "pc";
    if (machine != "pc" && machine != "bare")
        throw Error("--machine: '" + machine + "' is neither pc nor bare");
    if (machine == "bare" && images)
        throw Error("--machine bare has no drives: leave the images out, or take --machine pc");
    if (machine == "bare" && !programs)
        throw Error("nothing to run: give --bios FILE or --raw FILE@ADDRESS");
}

// Firmware alone runs where a PC is asked for by name.
void check_something_runs(const RunOptions& options, bool pc_named) {
    if (pc_named || options.plan.machine == "bare" || has_images(options.plan)) return;
    throw Error(
        "nothing to run: give an image (a floppy, disk, CD or kernel), or --raw FILE@ADDRESS");
}

void check_words(RunOptions& options, const Words& words) {
    if (!words.memory.empty()) options.plan.memory = parse_memory(words.memory);
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
    options.engine = parse_engine(words.accelerator, words.disabled);
    options.reports = parse_reports(words.reports);
    options.reports.profile = words.profile;
    check_images(options.images, words);
    check_network(options.network, words);
    const bool pc_named = options.plan.machine == "pc";
    check_machine(options);
    check_something_runs(options, pc_named || !options.restore.empty());
    if (!options.record.empty() && !options.replay.empty())
        throw Error("--record and --replay exclude one another");
    if (!options.plan.cpu.empty())
        privilege::cpu_model(options.plan.cpu);  // throws where there is none of that name
}

}  // namespace

std::optional<RunOptions> parse_command_line(int argc, char** argv) {
    CLI::App program(
        "Seventeen runs unmodified x86 operating systems without hardware "
        "virtualization.",
        "seventeen");
    program.require_subcommand(1);
    CLI::App& run = *program.add_subcommand("run", "Run a guest");
    CLI::App& lockstep = *program.add_subcommand(
        "lockstep", "Run a guest under interpreter and translator and compare them");
    RunOptions options;
    Words words;
    for (CLI::App* command : {&run, &lockstep}) {
        describe_drives(*command, options, words);
        describe_network(*command, options, words);
        describe_machine(*command, options, words);
    }
    describe_comparison(lockstep, words);
    describe_run(run, options, words);
    std::vector<std::string> arguments;  // CLI11 takes them last first
    for (int i = argc - 1; i > 0; --i) arguments.push_back(long_spelling(argv[i]));
    // `seventeen disk.img` is `seventeen run disk.img`.
    if (!arguments.empty() && names_an_image(arguments.back())) arguments.emplace_back("run");
    try {
        program.parse(arguments);
    } catch (const CLI::CallForHelp& help) {
        const CLI::App& asked = run.parsed() ? run : lockstep.parsed() ? lockstep : program;
        std::cout << asked.help();
        return std::nullopt;
    } catch (const CLI::ParseError& error) {
        throw Error(std::string(error.what()) + " (try: seventeen run --help)");
    }
    if (lockstep.parsed()) options.command = Command::kLockstep;
    options.script = script_of(run, words);
    check_words(options, words);
    return options;
}

}  // namespace seventeen::app
