// Two machines side by side, and the search for the first instruction after which they differ.
#include "app/lockstep.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <memory>
#include <utility>

#include "app/assembly.h"
#include "app/memory_comparison.h"
#include "app/report.h"
#include "core/cpu_snapshot.h"
#include "core/snapshot.h"
#include "debugger/excerpt.h"
#include "machine/memory_map.h"

namespace seventeen::app {

namespace {

using machine::EngineKind;
using machine::Pc;
using machine::Stop;

constexpr u64 kDefaultGrain = 10'000'000;
// So often all RAM is compared, and a snapshot kept.
constexpr u64 kFullGrain = 100'000'000;

// A machine and the images in its drives, which are part of what is compared and put back.
struct Side {
    std::vector<DriveImage> images;
    std::unique_ptr<Pc> pc;

    void save(Writer& writer) const {
        pc->save(writer);
        for (const DriveImage& drive : images) drive.image->save(writer, drive.drive);
    }
    void restore(Reader& reader) {
        pc->restore(reader);
        for (const DriveImage& drive : images) drive.image->restore(reader, drive.drive);
        reader.finish();
    }
};

class Lockstep {
  public:
    explicit Lockstep(const RunOptions& options)
        : options_(options),
          grain_(options.hash_every != 0 ? options.hash_every : kDefaultGrain),
          reference_(make(EngineKind::kInterpreter, 1)),
          tested_(make(EngineKind::kTranslator, options.engine.translator.longest_block)) {}

    int run() {
        memory_ = compare_memory();
        for (;;) {
            const u64 equal = retired();
            if (kept_.empty() || equal - kept_at_ >= kFullGrain) {
                if (!memory_->is_all_alike()) return differ(kept_at_, equal);
                keep();
            }
            const u64 next = std::min(equal + grain_, options_.max_instructions);
            const machine::RunLimit limit = limit_of(next);
            const Stop stop = reference_.pc->run(limit);
            if (!memory_->was_alike()) return differ(kept_at_, equal);
            if (tested_.pc->run(limit) != stop)
                std::printf("the engines stopped for different reasons\n");
            if (!same_cpu() || !memory_->is_alike()) return differ(equal, next);
            if (!is_over(stop)) continue;
            if (!memory_->is_all_alike()) return differ(kept_at_, retired());
            std::printf("%" PRIu64 " instructions, no difference\n", retired());
            return 0;
        }
    }

  private:
    Side make(EngineKind engine, unsigned longest_block) const {
        RunOptions options = options_;
        options.engine.kind = engine;
        options.engine.translator.longest_block = longest_block;
        Assembly assembly = assemble(make_plan(options.plan), options);
        return {std::move(assembly.images), std::make_unique<Pc>(std::move(assembly.pc))};
    }

    u64 retired() const { return reference_.pc->platform().cpu().retired; }

    std::unique_ptr<MemoryComparison> compare_memory() {
        return std::make_unique<MemoryComparison>(
            reference_.pc->platform().memory(), tested_.pc->platform().memory(),
            MemoryComparison::ChipMemory{machine::kShadowMemory.value, machine::kShadowMemorySize});
    }

    // Idle guests retire nothing: time ends a piece, too.
    machine::RunLimit limit_of(u64 retired) const {
        constexpr u64 kIdleTicks = u64{1} << 30;
        return {.retired = retired,
                .ticks = reference_.pc->platform().scheduler().ticks() + kIdleTicks};
    }

    bool is_over(Stop stop) const {
        const machine::Platform& platform = reference_.pc->platform();
        return stop != Stop::kLimit || retired() >= options_.max_instructions ||
               platform.scheduler().now() >= options_.max_time || platform.dead();
    }

    bool same_cpu() const {
        return cpu_digest(reference_.pc->platform().cpu()) ==
               cpu_digest(tested_.pc->platform().cpu());
    }

    bool same() const {
        return same_cpu() && std::ranges::equal(reference_.pc->platform().memory().ram(),
                                                tested_.pc->platform().memory().ram());
    }

    void keep() {
        Writer writer;
        reference_.save(writer);
        kept_ = std::move(writer).finish();
        kept_at_ = retired();
    }

    void go_back() {
        for (Side* side : {&reference_, &tested_}) {
            Reader reader(kept_, "lockstep");
            side->restore(reader);
        }
    }

    // They differ at `different`, and `equal` is where no difference had been seen yet. All runs
    // start from what is kept: the translator leaves the last instructions before a target to the
    // interpreter, as many as a block may hold, so that equal states do not mean that its own code
    // was right so far. Blocks of one instruction pin the difference to one, if they show it.
    int differ(u64 equal, u64 different) {
        std::printf("they differ between instructions %" PRIu64 " and %" PRIu64 "\n", equal,
                    different);
        memory_.reset();
        unsigned block = 1;
        tested_ = make(EngineKind::kTranslator, block);
        if (same_at(different)) {
            block = options_.engine.translator.longest_block;
            tested_ = make(EngineKind::kTranslator, block);
            if (same_at(different)) {
                std::printf("run without a stop from instruction %" PRIu64 " on, they do not\n",
                            kept_at_);
                return 1;
            }
        }
        if (!same_at(equal)) different = std::exchange(equal, kept_at_);
        bisect(block, equal, different);
        return 1;
    }

    void bisect(unsigned block, u64 equal, u64 different) {
        const u64 start = equal;
        while (different - equal > 1) {
            const u64 middle = equal + (different - equal) / 2;
            (same_at(middle) ? equal : different) = middle;
        }
        const u64 first = std::max(start, different - std::min<u64>(different, block + u64{1}));
        same_at(first);
        std::printf("the instruction after %" PRIu64
                    " differs, or one of the %u behind it; before it:\n",
                    first, block);
        print_state(reference_.pc->platform().cpu());
        print_code();
        print_test(different - first);
        same_at(different);
        std::printf("interpreter:\n");
        print_state(reference_.pc->platform().cpu());
        std::printf("translator:\n");
        print_state(tested_.pc->platform().cpu());
        std::fflush(stdout);
    }

    bool same_at(u64 target) {
        go_back();
        for (Stop stop = Stop::kLimit; retired() < target && !is_over(stop);) {
            const machine::RunLimit limit = limit_of(target);
            stop = reference_.pc->run(limit);
            tested_.pc->run(limit);
        }
        return same();
    }

    void print_test(u64 instructions) const {
        machine::Platform& platform = reference_.pc->platform();
        const debugger::Excerpt excerpt =
            debugger::make_excerpt({std::string(platform.model().name), platform.cpu(),
                                    platform.memory(), instructions, 0xff});
        std::printf("as tests/lockstep/found_difference_test.cpp:\n%s",
                    debugger::test_source(excerpt, {"plan.options.longest_block = 1;"}).c_str());
    }

    void print_code() const {
        constexpr unsigned kBytes = 16;
        const CpuState& state = reference_.pc->platform().cpu();
        const u64 at = state.segment(SegmentName::kCs).base + state.eip();
        std::printf("code at %08" PRIx64 ":", at);
        for (unsigned i = 0; i < kBytes; ++i) {
            PhysicalAddress physical;
            mmu::PhysicalMemory& memory = reference_.pc->platform().memory();
            if (!reference_.pc->platform().mmu().peek(LinearAddress{at + i}, physical) ||
                memory.is_mmio(physical))
                break;
            std::printf(" %02x", memory.read<u8>(physical));
        }
        std::printf("\n");
    }

    const RunOptions& options_;
    u64 grain_;
    Side reference_;
    Side tested_;
    std::unique_ptr<MemoryComparison> memory_;
    std::vector<u8> kept_;  // a snapshot of where all was alike …
    u64 kept_at_ = 0;       // … and how many instructions that was
};

}  // namespace

int run_lockstep(const RunOptions& options) {
    return Lockstep(options).run();
}

}  // namespace seventeen::app
