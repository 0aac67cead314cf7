// The translator is what is tested; in a file of its own, so that the linker may take another.
#include "tests/lockstep/tested_engine.h"

#include "translator/translator.h"

namespace seventeen::lockstep {

Guest::MakeEngine tested_engine(const translator::TranslatorOptions& options) {
    return [options](CpuState& state, mmu::Mmu& mmu, privilege::PrivilegeEngine& privilege) {
        return std::make_unique<translator::Translator>(state, mmu, privilege, options);
    };
}

}  // namespace seventeen::lockstep
