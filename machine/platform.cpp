// The run loop, reset and INIT, and the snapshot of what every board has.
#include "machine/platform.h"

#include <algorithm>
#include <utility>

#include "core/cpu_snapshot.h"
#include "core/digest.h"
#include "core/error.h"
#include "core/occupation.h"
#include "core/snapshot.h"
#include "core/text.h"
#include "interpreter/interpreter.h"
#include "machine/memory_map.h"

namespace seventeen::machine {

namespace {

constexpr u64 kPortSpace = 0x10000;
constexpr u32 kRamVersion = 1;
constexpr u32 kRequestsVersion = 1;

}  // namespace

Platform::Platform(const PlatformOptions& options, InterruptAcknowledge& interrupts)
    : model_(options.model),
      state_(privilege::reset_state(model_)),
      scheduler_(state_.retired, state_.attention, options.rate),
      ports_("port", kPortSpace),
      mmio_("memory", kPhysicalSpace),
      memory_(options.memory, mmio_),
      mmu_(state_, memory_),
      privilege_(state_, mmu_, model_,
                 {.ports = ports_, .scheduler = scheduler_, .interrupts = interrupts}),
      engine_(make_engine(options.engine)),
      debug_console_(options.console),
      debug_exit_([this](u32 value) {
          exit_value_ = value;
          request_stop(Stop::kExit);
      }),
      triple_fault_([this] { request_stop(Stop::kTripleFault); }) {
    ports_.claim({.first = kDebugConsole.value, .size = 1, .device = &debug_console_, .widest = 1});
    ports_.claim({.first = kDebugExit.value, .size = kDebugExitSize, .device = &debug_exit_});
}

std::unique_ptr<Engine> Platform::make_engine(const EngineOptions& options) {
    if (options.kind == EngineKind::kTranslator)
        return std::make_unique<translator::Translator>(state_, mmu_, privilege_,
                                                        options.translator);
    return std::make_unique<interpreter::Interpreter>(state_, mmu_, privilege_);
}

void Platform::load_raw(PhysicalAddress address, std::span<const u8> bytes) {
    const u64 room = memory_.ram_size();
    if (address.value > room || bytes.size() > room - address.value)
        throw Error(std::to_string(bytes.size()) + " bytes do not fit at " + hex(address.value) +
                    ": memory ends at " + hex(room) + "; try a larger --memory");
    std::ranges::copy(bytes, memory_.ram().begin() + static_cast<std::ptrdiff_t>(address.value));
}

// --- running ---

Stop Platform::run(const RunLimit& limit) {
    const Occupied occupied(Occupation::kMachine);
    for (;;) {
        serve_requests();
        if (stop_) return *std::exchange(stop_, std::nullopt);
        if (reached(limit)) return Stop::kLimit;
        scheduler_.run_due();
        if (stop_ || reset_wanted_ || init_wanted_) continue;
        const u64 until_time = state_.retired + (limit.ticks - scheduler_.ticks());
        const u64 target = std::min(limit.retired, std::max(until_time, state_.retired));
        const Exit exit = engine_->run(std::min(target, scheduler_.retired_limit()));
        if (exit == Exit::kShutdown) triple_fault_();
        if (exit == Exit::kHalted && !skip_idle_time(limit.ticks)) return Stop::kHalted;
    }
}

bool Platform::reached(const RunLimit& limit) const {
    return state_.retired >= limit.retired || scheduler_.ticks() >= limit.ticks;
}

// HLT: the clock jumps to the next event. False: there is none, and nothing else can wake the CPU.
bool Platform::skip_idle_time(u64 ticks) {
    if (stop_ || reset_wanted_ || init_wanted_) return true;
    const u64 next = scheduler_.next_tick();
    if (next == Scheduler::kNever && ticks == ~u64{0}) return false;
    scheduler_.skip_to(std::min(next, ticks));
    return true;
}

bool Platform::dead() const {
    return state_.activity == Activity::kHalted &&
           (!state_.flag(kFlagIf) || scheduler_.next_tick() == Scheduler::kNever);
}

void Platform::request_stop(Stop stop) {
    stop_ = stop;
    state_.attention = true;
}

void Platform::request_reset() {
    reset_wanted_ = true;
    state_.attention = true;
}

void Platform::request_init() {
    init_wanted_ = true;
    state_.attention = true;
}

void Platform::serve_requests() {
    if (std::exchange(reset_wanted_, false)) {
        init_wanted_ = false;
        reset();
    }
    if (std::exchange(init_wanted_, false)) initialize_cpu();
}

// Virtual time goes on: the counter of retired instructions is the clock's.
void Platform::reset() {
    const u64 retired = state_.retired;
    state_ = privilege::reset_state(model_);
    state_.retired = retired;
    for (Device* chip : chips_) chip->reset();
    reset_done_();
    privilege_.update_ferr();
    mmu_.flush_all();
    engine_->reset();
    ++resets_;
}

// INIT keeps the x87 and SSE registers, the MSRs, the time stamp and the caches' control bits
// (SDM 3A table 10-1). The lines that chips drive are not the CPU's own.
void Platform::initialize_cpu() {
    constexpr u64 kCacheControl = kCr0Cd | kCr0Nw;
    CpuState fresh = privilege::reset_state(model_);
    fresh.retired = state_.retired;
    fresh.fpu = state_.fpu;
    fresh.msr = state_.msr;
    fresh.cr0 = (fresh.cr0 & ~kCacheControl) | (state_.cr0 & kCacheControl);
    fresh.interrupt_line = state_.interrupt_line;
    state_ = fresh;
    privilege_.update_ferr();
    mmu_.flush_all();
    engine_->reset();
    ++resets_;
}

// --- fingerprint and snapshot ---

u64 Platform::digest() const {
    return digest_word(seventeen::digest(memory_.ram()), cpu_digest(state_));
}

void Platform::save(Writer& writer) const {
    save_cpu(state_, writer);
    scheduler_.save(writer);
    save_requests(writer);
    save_ram(writer);
    for (const Device* chip : chips_) chip->save(writer);
}

// The map of physical memory is the chips' doing, who tell the board again.
void Platform::restore(Reader& reader) {
    restore_cpu(state_, reader);
    scheduler_.restore(reader);
    restore_requests(reader);
    restore_ram(reader);
    for (Device* chip : chips_) chip->restore(reader);
    privilege_.update_ferr();
    mmu_.flush_all();
    engine_->reset();
}

void Platform::save_requests(Writer& writer) const {
    writer.begin("requests", kRequestsVersion);
    writer.put(reset_wanted_);
    writer.put(init_wanted_);
    writer.end();
}

void Platform::restore_requests(Reader& reader) {
    reader.begin("requests", kRequestsVersion, kRequestsVersion);
    reset_wanted_ = reader.get<bool>();
    init_wanted_ = reader.get<bool>();
    stop_.reset();
    reader.end();
}

// Pages that hold zeros only are left out: a number, then the page; the end is kEndOfPages.
constexpr u64 kEndOfPages = ~u64{0};

void Platform::save_ram(Writer& writer) const {
    writer.begin("ram", kRamVersion);
    writer.put(memory_.ram_size());
    const std::span<const u8> ram = memory_.ram();
    for (u64 page = 0; page < ram.size() / kPageSize; ++page) {
        const std::span<const u8> bytes = ram.subspan(page * kPageSize, kPageSize);
        if (std::ranges::all_of(bytes, [](u8 byte) { return byte == 0; })) continue;
        writer.put(page);
        writer.bytes(bytes.data(), bytes.size());
    }
    writer.put(kEndOfPages);
    writer.end();
}

void Platform::restore_ram(Reader& reader) {
    reader.begin("ram", kRamVersion, kRamVersion);
    const std::span<u8> ram = memory_.ram();
    if (const u64 size = reader.get<u64>(); size != ram.size())
        reader.damaged("it was taken with " + std::to_string(size >> 20) +
                       " MiB of memory; start with --memory of that size");
    std::ranges::fill(ram, u8{0});
    for (u64 page; (page = reader.get<u64>()) != kEndOfPages;) {
        if (page >= ram.size() / kPageSize) reader.damaged("a page lies beyond memory");
        reader.bytes(ram.data() + page * kPageSize, kPageSize);
    }
    reader.end();
}

}  // namespace seventeen::machine
