// Gives each image its place: explicit options first, then the images in the order they came in.
#include "app/plan.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/file.h"

namespace seventeen::app {

namespace {

using machine::GuestImage;
using machine::GuestKind;
using std::filesystem::path;

constexpr const char* kPc = "pc";
constexpr const char* kBare = "bare";
constexpr const char* kDefaultCpu = "max";
constexpr u64 kMegabyte = 1u << 20;
constexpr u64 kDefaultMemory = 128 * kMegabyte;
constexpr std::string_view kDefaultBootOrder = "acd";
constexpr std::string_view kBootLetters = "acdn";

// An initrd is in memory twice, packed and unpacked, beside a kernel that needs some itself.
constexpr u64 kKernelMemory = 256 * kMegabyte;
constexpr u64 kUnpacked = 8;
constexpr u64 kMemoryStep = 256 * kMegabyte;
constexpr u64 kLargestMemory = 3072 * kMegabyte;

// Where images without a place go, best first.
constexpr std::array<std::size_t, 4> kDiskPlaces = {0, 1, 2, 3};
constexpr std::array<std::size_t, 4> kCdromPlaces = {2, 3, 1, 0};
constexpr std::array<const char*, 2> kFloppyWords = {"--fda", "--fdb"};
constexpr std::array<const char*, 4> kDiskWords = {"--hda", "--hdb", "--hdc", "--hdd"};
constexpr std::size_t kCdromPlace = 2;

void append_once(std::string& letters, char letter) {
    if (letters.find(letter) == std::string::npos) letters += letter;
}

class Planner {
  public:
    Planner(const PlanRequest& request, const Recogniser& recognise)
        : request_(request), recognise_(recognise) {}

    MachinePlan make() {
        plan_.machine = request_.machine.empty() ? kPc : request_.machine;
        if (plan_.machine == kBare) return bare();
        if (plan_.machine != kPc)
            throw Error("--machine: there is no '" + plan_.machine + "'; there are pc and bare");
        place_named_drives();
        if (!request_.kernel.empty()) place_kernel(request_.kernel, look_at(request_.kernel));
        for (const path& file : request_.images) place(file);
        place_modules();
        finish();
        return std::move(plan_);
    }

  private:
    MachinePlan bare() {
        const bool drives = std::ranges::any_of(request_.floppies, named) ||
                            std::ranges::any_of(request_.disks, named) || named(request_.cdrom) ||
                            !request_.virtio.empty();
        if (drives || named(request_.kernel) || !request_.images.empty())
            throw Error(
                "the bare machine has no drives and no firmware: give it --bios or --raw, "
                "or leave --machine bare out");
        plan_.memory = request_.memory != 0 ? request_.memory : kDefaultMemory;
        plan_.cpu = request_.cpu.empty() ? kDefaultCpu : request_.cpu;
        return std::move(plan_);
    }

    static bool named(const path& file) { return !file.empty(); }

    GuestImage look_at(const path& file) {
        GuestImage image = recognise_(file);
        fitting_memory_ = std::max(fitting_memory_, image.memory);
        return image;
    }

    // --- drives ---

    // The user says what goes where; only an ISO in --hdX is still seen to be a CD-ROM.
    void place_named_drives() {
        for (std::size_t i = 0; i < request_.floppies.size(); ++i)
            if (const path& file = request_.floppies[i]; named(file))
                fill(plan_.floppies[i], PlannedDrive::Kind::kFloppy, file, look_at(file));
        for (std::size_t i = 0; i < request_.disks.size(); ++i) {
            const path& file = request_.disks[i];
            if (!named(file)) continue;
            const GuestImage image = look_at(file);
            fill(plan_.ide[i],
                 image.kind == GuestKind::kCdrom ? PlannedDrive::Kind::kCdrom
                                                 : PlannedDrive::Kind::kDisk,
                 file, image);
        }
        if (named(request_.cdrom))
            place_on_ide(PlannedDrive::Kind::kCdrom, request_.cdrom, look_at(request_.cdrom));
        for (const path& file : request_.virtio)
            fill(plan_.virtio.emplace_back(), PlannedDrive::Kind::kDisk, file, look_at(file));
    }

    void fill(PlannedDrive& drive, PlannedDrive::Kind kind, const path& file,
              const GuestImage& image) {
        const bool known = image.kind != GuestKind::kUnknown;
        drive = {kind, file, known ? image.description : "raw data",
                 kind == PlannedDrive::Kind::kFloppy ? image.padded_size : 0};
        const char letter = kind == PlannedDrive::Kind::kFloppy  ? 'a'
                            : kind == PlannedDrive::Kind::kCdrom ? 'd'
                                                                 : 'c';
        std::string& letters = image.bootable ? bootable_ : others_;
        append_once(letters, letter);
    }

    void place_on_ide(PlannedDrive::Kind kind, const path& file, const GuestImage& image) {
        for (const std::size_t place :
             kind == PlannedDrive::Kind::kCdrom ? kCdromPlaces : kDiskPlaces)
            if (plan_.ide[place].kind == PlannedDrive::Kind::kNone)
                return fill(plan_.ide[place], kind, file, image);
        throw Error("no IDE drive is left for " + file.string() +
                    ": there are four; give further disks with --drive");
    }

    void place_floppy(const path& file, const GuestImage& image) {
        for (PlannedDrive& drive : plan_.floppies)
            if (drive.kind == PlannedDrive::Kind::kNone)
                return fill(drive, PlannedDrive::Kind::kFloppy, file, image);
        throw Error("no floppy drive is left for " + file.string() + ": there are two");
    }

    void place(const path& file) {
        const GuestImage image = look_at(file);
        switch (image.kind) {
            case GuestKind::kFloppy:
            case GuestKind::kBootSector: return place_floppy(file, image);
            case GuestKind::kDisk: return place_on_ide(PlannedDrive::Kind::kDisk, file, image);
            case GuestKind::kCdrom: return place_on_ide(PlannedDrive::Kind::kCdrom, file, image);
            case GuestKind::kLinuxKernel:
            case GuestKind::kMultibootKernel: return place_kernel(file, image);
            case GuestKind::kInitrd:
            case GuestKind::kUnknown: break;
        }
        if (image.kind == GuestKind::kUnknown && !multiboot())
            throw Error(file.string() + ": " + image.description);
        loose_.push_back(file);
    }

    // --- kernel, initrd and modules ---

    bool multiboot() const { return plan_.kernel.kind == PlannedKernel::Kind::kMultiboot; }

    void place_kernel(const path& file, const GuestImage& image) {
        if (plan_.kernel.kind != PlannedKernel::Kind::kNone)
            throw Error(plan_.kernel.file.string() + " and " + file.string() +
                        " are both kernels: give one");
        if (image.kind == GuestKind::kLinuxKernel)
            plan_.kernel.kind = PlannedKernel::Kind::kLinux;
        else if (image.kind == GuestKind::kMultibootKernel)
            plan_.kernel.kind = PlannedKernel::Kind::kMultiboot;
        else
            throw Error("--kernel: " + file.string() +
                        " is neither a Linux nor a Multiboot "
                        "kernel but " +
                        image.description);
        plan_.kernel.file = file;
        plan_.kernel.description = image.description;
    }

    void place_modules() {
        PlannedKernel& kernel = plan_.kernel;
        if (kernel.kind == PlannedKernel::Kind::kNone) return refuse_without_kernel();
        kernel.append = request_.append;
        if (multiboot()) {
            add_module_list();
            for (const path& file : loose_) kernel.modules.push_back({file, file.string(), true});
            return;
        }
        if (!request_.initrd.empty()) kernel.modules.push_back({request_.initrd, {}, false});
        for (const path& file : loose_) kernel.modules.push_back({file, {}, true});
        if (kernel.modules.size() > 1)
            throw Error(kernel.modules[0].file.string() + " and " +
                        kernel.modules[1].file.string() + " are both initrds: give one");
    }

    void refuse_without_kernel() const {
        if (!loose_.empty())
            throw Error(loose_.front().string() +
                        " is compressed or an archive: as an initrd it needs a kernel beside it, "
                        "and a compressed disk image has to be unpacked");
        if (!request_.initrd.empty()) throw Error("--initrd: there is no kernel; add --kernel");
        if (!request_.append.empty())
            throw Error(
                "--append: there is no kernel whose command line this could be; add "
                "--kernel");
    }

    // "FILE ARGUMENTS,FILE ARGUMENTS"
    void add_module_list() {
        std::string_view rest = request_.initrd;
        while (!rest.empty()) {
            const std::string_view module = rest.substr(0, rest.find(','));
            rest.remove_prefix(std::min(rest.size(), module.size() + 1));
            if (module.empty()) continue;
            plan_.kernel.modules.push_back(
                {module.substr(0, module.find(' ')), std::string(module), false});
        }
    }

    // --- what is left ---

    void finish() {
        plan_.cpu = request_.cpu.empty() ? kDefaultCpu : request_.cpu;
        plan_.memory = request_.memory != 0 ? request_.memory : memory_that_fits();
        plan_.boot_order = request_.boot;
        if (plan_.boot_order.empty()) plan_.boot_order = boot_order_that_fits();
        if (plan_.boot_order.find_first_not_of(kBootLetters) != std::string::npos)
            throw Error("--boot: '" + plan_.boot_order +
                        "' is not made of a (floppy), c (disk), d (CD-ROM) and n (network)");
    }

    u64 memory_that_fits() const {
        u64 memory = fitting_memory_ != 0 ? fitting_memory_ : kDefaultMemory;
        u64 modules = 0;
        for (const PlannedModule& module : plan_.kernel.modules) {
            std::error_code absent;  // said when it is read
            const u64 size = std::filesystem::file_size(module.file, absent);
            if (!absent) modules += size;
        }
        if (modules != 0 && modules < kLargestMemory) {
            const u64 wanted = kKernelMemory + kUnpacked * modules;
            memory = std::max(memory, (wanted + kMemoryStep - 1) / kMemoryStep * kMemoryStep);
        }
        return std::min(memory, kLargestMemory);
    }

    // What can boot, in the order it was named in; then the rest.
    std::string boot_order_that_fits() const {
        std::string order = bootable_;
        for (const char letter : others_ + std::string(kDefaultBootOrder))
            append_once(order, letter);
        return order;
    }

    const PlanRequest& request_;
    const Recogniser& recognise_;
    MachinePlan plan_;
    std::vector<path> loose_;  // what goes with a kernel
    std::string bootable_;
    std::string others_;
    u64 fitting_memory_ = 0;
};

// --- the command ---

std::string quoted(const std::string& word) {
    constexpr std::string_view kPlain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./,:@%";
    if (!word.empty() && word.find_first_not_of(kPlain) == std::string::npos) return word;
    std::string text = "'";
    for (const char letter : word) text += letter == '\'' ? "'\\''" : std::string(1, letter);
    return text + "'";
}

std::string memory_text(u64 bytes) {
    if (bytes % kMegabyte == 0) return std::to_string(bytes / kMegabyte) + "M";
    return std::to_string(bytes / 1024) + "K";
}

class Explanation {
  public:
    void add(const std::string& word, const std::string& value) {
        command_ += " " + word + " " + quoted(value);
    }
    void add(const std::string& word) { command_ += " " + quoted(word); }
    void note(const path& file, const std::string& description) {
        notes_ += "# " + file.string() + ": " + description + "\n";
    }
    void add(const std::string& word, const PlannedDrive& drive) {
        if (drive.kind == PlannedDrive::Kind::kNone) return;
        note(drive.file, drive.description);
        add(word, drive.file.string());
    }
    std::string text() const { return notes_ + command_ + "\n"; }

  private:
    std::string notes_;
    std::string command_ = "seventeen run";
};

void explain_kernel(Explanation& explanation, const PlannedKernel& kernel) {
    if (kernel.kind == PlannedKernel::Kind::kNone) return;
    explanation.note(kernel.file, kernel.description);
    explanation.add("--kernel", kernel.file.string());
    const bool multiboot = kernel.kind == PlannedKernel::Kind::kMultiboot;
    std::string list;
    for (const PlannedModule& module : kernel.modules)
        if (!multiboot || !module.loose)
            list += (list.empty() ? "" : ",") +
                    (multiboot ? module.command_line : module.file.string());
    if (!list.empty()) explanation.add("--initrd", list);
    if (!kernel.append.empty()) explanation.add("--append", kernel.append);
    for (const PlannedModule& module : kernel.modules)
        if (multiboot && module.loose) explanation.add(module.file.string());
}

}  // namespace

MachinePlan make_plan(const PlanRequest& request, const Recogniser& recognise) {
    return Planner(request, recognise).make();
}

MachinePlan make_plan(const PlanRequest& request) {
    return make_plan(request, [](const path& file) { return machine::recognise(file); });
}

std::string explain(const MachinePlan& plan) {
    Explanation explanation;
    explanation.add("--machine", plan.machine);
    explanation.add("--memory", memory_text(plan.memory));
    explanation.add("--cpu", plan.cpu);
    if (!plan.boot_order.empty()) explanation.add("--boot", plan.boot_order);
    for (std::size_t i = 0; i < plan.floppies.size(); ++i)
        explanation.add(kFloppyWords[i], plan.floppies[i]);
    for (std::size_t i = 0; i < plan.ide.size(); ++i) {
        const bool cdrom = i == kCdromPlace && plan.ide[i].kind == PlannedDrive::Kind::kCdrom;
        explanation.add(cdrom ? "--cdrom" : kDiskWords[i], plan.ide[i]);
    }
    for (const PlannedDrive& drive : plan.virtio) explanation.add("--drive", drive);
    explain_kernel(explanation, plan.kernel);
    return explanation.text();
}

}  // namespace seventeen::app
