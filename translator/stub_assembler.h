// StubAssembler: what the code of all stubs is put together from (context.h has the ABI).
#pragma once

#include <xbyak/xbyak.h>

#include <bit>
#include <cstring>
#include <initializer_list>

#include "core/check.h"
#include "mmu/tlb.h"
#include "translator/code_cache.h"
#include "translator/context.h"

namespace seventeen::translator {

class StubAssembler : public Xbyak::CodeGenerator {
  public:
    explicit StubAssembler(std::size_t room) : Xbyak::CodeGenerator(room) {
        setDefaultJmpNEAR(true);
    }

    // Where the code starts in the cache.
    const u8* place(CodeCache& cache) const {
        const u8* code = cache.allocate(getSize());
        check(code, "the code cache has no room for its stubs");
        std::memcpy(cache.writable(code), getCode(), getSize());
        return code;
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

    // The end of a subroutine: ZF says that it is done; from `slow`, that it is not. Pops these.
    void finish(Xbyak::Label& slow, std::initializer_list<Xbyak::Reg64> pushed) {
        for (const Xbyak::Reg64& each : pushed) pop(each);
        cmp(eax, eax);
        ret();
        L(slow);
        for (const Xbyak::Reg64& each : pushed) pop(each);
        test(rsp, rsp);
        ret();
    }
};

}  // namespace seventeen::translator
