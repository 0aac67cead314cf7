// StubAssembler: what the code of all stubs is put together from (context.h has the ABI).
#pragma once

#include <xbyak/xbyak.h>

#include <bit>

#include "mmu/tlb.h"
#include "translator/context.h"

namespace seventeen::translator {

class StubAssembler : public Xbyak::CodeGenerator {
  public:
    explicit StubAssembler(std::size_t room) : Xbyak::CodeGenerator(room) {
        setDefaultJmpNEAR(true);
    }

  protected:
    static Xbyak::RegExp context(std::size_t offset) {
        return Xbyak::util::r15 + (static_cast<s32>(offset) - kContextBias);
    }
    static Xbyak::RegExp state(std::size_t offset) {
        return Xbyak::util::r14 + static_cast<s32>(offset);
    }

    // r8, a linear address that supervisors access, becomes its host address, where the TLB's line
    // has the page under `tag`. Uses r10, rcx and EFLAGS.
    void find_host(std::size_t tag, const Xbyak::Label& slow) {
        mov(r10, r8);
        shr(r10, kPageShift);
        mov(ecx, r10d);
        and_(ecx, mmu::Tlb::kLines - 1);
        shl(ecx, std::countr_zero(sizeof(mmu::TlbEntry)));
        add(rcx, ptr[context(offsetof(Context, tlb))]);
        cmp(r10, ptr[rcx + tag]);
        jne(slow);
        add(r8, ptr[rcx + offsetof(mmu::TlbEntry, delta)]);
    }
};

}  // namespace seventeen::translator
