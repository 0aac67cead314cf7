// Rules for the instructions that work on flags.
#include "translator/rules.h"

namespace seventeen::translator {

namespace x86 = asmjit::x86;
using decoder::Mnemonic;

bool translate_flag_control(Emitter& emitter) {
    Emitter::Assembler& out = emitter.out();
    switch (emitter.instruction().mnemonic) {
        case Mnemonic::CLC:
        case Mnemonic::STC:
        case Mnemonic::CMC:
        case Mnemonic::LAHF:  // bit 1 reads as one, bits 3 and 5 as zero, on the host as here
        case Mnemonic::SAHF:
            emitter.flags_to_host();
            emitter.copy(MemoryForm::kNone);
            return true;
        case Mnemonic::CLD:
        case Mnemonic::STD: {
            emitter.flags_to_saved();
            const x86::Mem flags = emitter.state(offsetof(CpuState, system_flags), 4);
            if (emitter.instruction().mnemonic == Mnemonic::CLD)
                out.and_(flags, ~static_cast<s32>(kFlagDf));
            else
                out.or_(flags, kFlagDf);
            return true;
        }
        default: return false;
    }
}

}  // namespace seventeen::translator
