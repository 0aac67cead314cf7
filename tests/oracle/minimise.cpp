// Tries one simplification after the other and keeps those that still fail.
#include "tests/oracle/minimise.h"

#include <algorithm>

namespace seventeen::oracle {

namespace {

// Applies `change` if the case still fails with it.
template <typename Change>
bool attempt(Runner& runner, Case& test, Change&& change) {
    const auto before = std::make_unique<Case>(test);
    change(test);
    if (runner.run(test) == Verdict::kDifferent) return true;
    test = *before;
    return false;
}

void drop_instructions(Runner& runner, Case& test) {
    for (std::size_t i = test.instructions.size(); i-- > 0;) {
        if (test.instructions.size() == 1) return;
        attempt(runner, test, [i](Case& smaller) {
            smaller.instructions.erase(smaller.instructions.begin() + static_cast<long>(i));
        });
    }
}

void clear_registers(Runner& runner, Case& test) {
    constexpr u32 kPlainFlags = kFlagFixed | kFlagIf;
    attempt(runner, test, [](Case& simpler) { simpler.origin = kCode.base; });
    for (std::size_t i = 0; i < kSegmentCount; ++i)
        attempt(runner, test,
                [i](Case& simpler) { simpler.registers.selectors[i] = Registers().selectors[i]; });
    for (std::size_t i = 0; i < test.registers.gpr.size(); ++i)
        attempt(runner, test, [i](Case& simpler) { simpler.registers.gpr[i] = 0; });
    for (u32 bit = 1; bit <= kFlagId; bit <<= 1) {
        if (test.registers.eflags & bit & ~kPlainFlags)
            attempt(runner, test, [bit](Case& simpler) { simpler.registers.eflags &= ~bit; });
    }
}

void clear_fpu(Runner& runner, Case& test) {
    const auto attempt_fx = [&](auto&& change) {
        return attempt(runner, test, [&](Case& simpler) { change(simpler.registers.fx); });
    };
    if (attempt_fx([](FxImage& fx) { fx = FxImage{}; })) return;
    attempt_fx([](FxImage& fx) { fx.mxcsr = kMxcsrReset; });
    attempt_fx([](FxImage& fx) { fx.control = kX87ControlInit; });
    attempt_fx([](FxImage& fx) { fx.status = 0; });
    attempt_fx([](FxImage& fx) { fx.valid = 0; });
    attempt_fx([](FxImage& fx) {
        fx.opcode = fx.instruction_selector = fx.data_selector = 0;
        fx.instruction_pointer = fx.data_pointer = 0;
    });
    for (std::size_t i = 0; i < 8; ++i) {
        attempt_fx([i](FxImage& fx) { fx.st[i] = {}; });
        attempt_fx([i](FxImage& fx) { fx.xmm[i] = {}; });
    }
}

// Clears as much as possible of [first, first + size), halving what cannot be cleared as a whole.
void clear_memory(Runner& runner, Case& test, std::size_t first, std::size_t size) {
    const auto begin = test.memory.begin() + static_cast<long>(first);
    if (std::all_of(begin, begin + static_cast<long>(size), [](u8 byte) { return byte == 0; }))
        return;
    const auto clear = [=](Case& simpler) {
        std::fill_n(simpler.memory.begin() + static_cast<long>(first), size, u8{0});
    };
    if (attempt(runner, test, clear) || size == 1) return;
    clear_memory(runner, test, first, size / 2);
    clear_memory(runner, test, first + size / 2, size - size / 2);
}

}  // namespace

void minimise(Runner& runner, Case& test) {
    drop_instructions(runner, test);
    clear_registers(runner, test);
    clear_fpu(runner, test);
    clear_memory(runner, test, 0, kMemorySize);
    drop_instructions(runner, test);
    runner.run(test);
}

std::size_t first_difference(Runner& runner, const Case& test) {
    const auto shorter = std::make_unique<Case>(test);
    for (std::size_t count = 1; count < test.instructions.size(); ++count) {
        shorter->instructions.assign(test.instructions.begin(),
                                     test.instructions.begin() + static_cast<long>(count));
        if (runner.run(*shorter) == Verdict::kDifferent) return count - 1;
    }
    return test.instructions.size() - 1;
}

}  // namespace seventeen::oracle
