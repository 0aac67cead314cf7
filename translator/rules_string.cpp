// Rules for MOVS, STOS, LODS, CMPS and SCAS, alone and repeated, upwards in flat 32-bit segments.
//
// A repeated one is the host's own, on host addresses. It counts an instruction for each iteration
// (interpreter/string.cpp), and where it would pass the next event the interpreter does it all.
//
// Window form: a host fault stops it between iterations, as a guest's fault would, and the
// interpreter goes on from there. (Windows lie at multiples of 4 GiB, so a host address's lower
// half is the guest's.) CMPS and SCAS change nothing but registers: if they fault, or turn out to
// have passed an event, they never happened. Soft form: MOVS and STOS where each side lies in one
// page.
#include "translator/rules.h"

namespace seventeen::translator {

namespace x86 = asmjit::x86;
using decoder::Instruction;
using decoder::Mnemonic;

namespace {

enum class Kind : u8 { kMove, kStore, kLoad, kCompare, kScan };

struct StringInstruction {
    Kind kind;
    unsigned size;
    bool reads_si() const { return kind != Kind::kStore && kind != Kind::kScan; }
    bool uses_di() const { return kind != Kind::kLoad; }
    bool compares() const { return kind == Kind::kCompare || kind == Kind::kScan; }
    bool writes() const { return kind == Kind::kMove || kind == Kind::kStore; }
};

bool recognise(const Instruction& instruction, StringInstruction& string) {
    switch (instruction.mnemonic) {
        case Mnemonic::MOVSB: string = {Kind::kMove, 1}; return true;
        case Mnemonic::MOVSW: string = {Kind::kMove, 2}; return true;
        case Mnemonic::MOVSD: string = {Kind::kMove, 4}; return true;
        case Mnemonic::STOSB: string = {Kind::kStore, 1}; return true;
        case Mnemonic::STOSW: string = {Kind::kStore, 2}; return true;
        case Mnemonic::STOSD: string = {Kind::kStore, 4}; return true;
        case Mnemonic::LODSB: string = {Kind::kLoad, 1}; return true;
        case Mnemonic::LODSW: string = {Kind::kLoad, 2}; return true;
        case Mnemonic::LODSD: string = {Kind::kLoad, 4}; return true;
        case Mnemonic::CMPSB: string = {Kind::kCompare, 1}; return true;
        case Mnemonic::CMPSW: string = {Kind::kCompare, 2}; return true;
        case Mnemonic::CMPSD: string = {Kind::kCompare, 4}; return true;
        case Mnemonic::SCASB: string = {Kind::kScan, 1}; return true;
        case Mnemonic::SCASW: string = {Kind::kScan, 2}; return true;
        case Mnemonic::SCASD: string = {Kind::kScan, 4}; return true;
        default: return false;
    }
}

x86::Gp sized(unsigned number, unsigned size) {
    switch (size) {
        case 1: return x86::gpb_lo(number);
        case 2: return x86::gpw(number);
        default: return x86::gpd(number);
    }
}

constexpr unsigned kAx = static_cast<unsigned>(Gpr::kAx);
constexpr unsigned kSi = static_cast<unsigned>(Gpr::kSi);
constexpr unsigned kDi = static_cast<unsigned>(Gpr::kDi);
constexpr unsigned kValue = 10;  // r10

void advance(Emitter& emitter, unsigned number, unsigned size) {
    emitter.out().lea(x86::gpd(number), x86::ptr(x86::gpq(number), static_cast<s32>(size)));
}

// --- alone ---

// Where the element at ESI or EDI is in host memory.
x86::Mem locate_element(Emitter& emitter, unsigned number, Access access, unsigned size) {
    if (emitter.windowed(access)) {
        x86::Mem place = x86::ptr(x86::gpd(number), 0, size);
        place.setSegment(x86::gs);
        return place;
    }
    emitter.out().mov(x86::r8d, x86::gpd(number));
    return emitter.locate(access, size);
}

// r10 = the element at ESI; then where the one at EDI is.
x86::Mem load_and_locate(Emitter& emitter, unsigned size, Access access) {
    Emitter::Assembler& out = emitter.out();
    const x86::Gp value = sized(kValue, size);
    const x86::Mem scratch = emitter.context(offsetof(Context, scratch), size);
    const x86::Mem from = locate_element(emitter, kSi, Access::kRead, size);
    emitter.touch();
    out.mov(value, from);
    if (emitter.windowed(access)) return locate_element(emitter, kDi, access, size);
    out.mov(scratch, value);
    const x86::Mem to = locate_element(emitter, kDi, access, size);
    out.mov(value, scratch);
    return to;
}

void translate_once(Emitter& emitter, const StringInstruction& string) {
    Emitter::Assembler& out = emitter.out();
    const unsigned size = string.size;
    const x86::Gp accumulator = sized(kAx, size);
    switch (string.kind) {
        case Kind::kMove: {
            const x86::Mem to = load_and_locate(emitter, size, Access::kWrite);
            emitter.touch();
            out.mov(to, sized(kValue, size));
            break;
        }
        case Kind::kCompare: {
            const x86::Mem other = load_and_locate(emitter, size, Access::kRead);
            emitter.touch();
            out.cmp(sized(kValue, size), other);
            break;
        }
        case Kind::kStore: {
            const x86::Mem to = locate_element(emitter, kDi, Access::kWrite, size);
            emitter.touch();
            out.mov(to, accumulator);
            break;
        }
        case Kind::kLoad: {
            const x86::Mem from = locate_element(emitter, kSi, Access::kRead, size);
            emitter.touch();
            out.mov(accumulator, from);
            break;
        }
        case Kind::kScan: {
            const x86::Mem from = locate_element(emitter, kDi, Access::kRead, size);
            emitter.touch();
            out.cmp(accumulator, from);
            break;
        }
    }
    if (string.compares()) emitter.flags_are_in_host();
    if (string.reads_si()) advance(emitter, kSi, size);
    if (string.uses_di()) advance(emitter, kDi, size);
}

// --- repeated ---

void emit_repeated(Emitter& emitter, const StringInstruction& string) {
    constexpr u8 kRepne = 0xf2;
    constexpr u8 kRep = 0xf3;
    constexpr u8 kOperandSize = 0x66;
    constexpr u8 kOpcodes[] = {0xa4, 0xaa, 0xac, 0xa6, 0xae};  // by Kind, of bytes
    Emitter::Assembler& out = emitter.out();
    out.db(emitter.instruction().repne && string.compares() ? kRepne : kRep);
    if (string.size == 2) out.db(kOperandSize);
    out.db(static_cast<u8>(kOpcodes[static_cast<unsigned>(string.kind)] + (string.size > 1)));
}

// Guest addresses become the window's.
void enter_window(Emitter& emitter, const StringInstruction& string) {
    const x86::Mem window = emitter.context(offsetof(Context, window), 8);
    if (string.reads_si()) emitter.out().add(x86::rsi, window);
    emitter.out().add(x86::rdi, window);
}

void leave_window(Emitter& emitter, const StringInstruction& string) {
    if (string.reads_si()) emitter.out().mov(x86::esi, x86::esi);
    emitter.out().mov(x86::edi, x86::edi);
}

// r8 = what r13 will be when ECX iterations have been counted as well as what the block has
// completed. Where ECX is zero nothing happens, which counts as one instruction: on to `done`.
void count_iterations(Emitter& emitter, const asmjit::Label& done) {
    Emitter::Assembler& out = emitter.out();
    out.test(x86::ecx, x86::ecx);
    out.jz(done);
    out.lea(x86::r8, x86::ptr(x86::r13, -static_cast<s32>(emitter.completed())));
    out.sub(x86::r8, x86::rcx);
}

void check_iterations(Emitter& emitter, const asmjit::Label& slow) {
    emitter.out().cmp(x86::r8, emitter.context(offsetof(Context, countdown_start), 8));
    emitter.out().jb(slow);
}

void repeat_in_window(Emitter& emitter, const StringInstruction& string) {
    Emitter::Assembler& out = emitter.out();
    const asmjit::Label slow = emitter.slow_path();
    const asmjit::Label done = out.newLabel();
    const s32 completed = static_cast<s32>(emitter.completed());
    count_iterations(emitter, done);
    check_iterations(emitter, slow);
    enter_window(emitter, string);
    emitter.may_fault([=, &emitter] {
        leave_window(emitter, string);
        emitter.out().lea(x86::r13, x86::ptr(x86::r8, x86::rcx, 0, completed));
        emitter.out().jmp(slow);
    });
    emit_repeated(emitter, string);
    leave_window(emitter, string);
    out.lea(x86::r13, x86::ptr(x86::r8, completed + 1));
    out.bind(done);
}

void compare_in_window(Emitter& emitter, const StringInstruction& string) {
    Emitter::Assembler& out = emitter.out();
    const asmjit::Label slow = emitter.slow_path();
    const asmjit::Label nothing = out.newLabel();
    const asmjit::Label done = out.newLabel();
    const s32 completed = static_cast<s32>(emitter.completed());
    const auto before = [&emitter](unsigned which) {
        return emitter.context(offsetof(Context, string) + which * sizeof(u32), 4);
    };
    count_iterations(emitter, nothing);
    out.mov(before(0), x86::ecx);
    out.mov(before(1), x86::esi);
    out.mov(before(2), x86::edi);
    enter_window(emitter, string);
    const auto never_happened = [=, &emitter] {
        emitter.out().mov(x86::ecx, before(0));
        emitter.out().mov(x86::esi, before(1));
        emitter.out().mov(x86::edi, before(2));
        emitter.out().jmp(slow);
    };
    emitter.may_fault(never_happened);
    emit_repeated(emitter, string);
    leave_window(emitter, string);
    out.lea(x86::r8, x86::ptr(x86::r8, x86::rcx));
    const x86::Gp place = emitter.place_in_countdown(x86::r8);
    emitter.may_fault(never_happened);
    out.movzx(x86::r10d, x86::byte_ptr(place));  // did it pass an event?
    out.lea(x86::r13, x86::ptr(x86::r8, completed + 1));
    out.short_().jmp(done);
    out.bind(nothing);
    emitter.flags_to_host();  // as they were
    out.bind(done);
}

// r8 = host address of the stretch of ECX elements at ESI or EDI.
void locate_stretch(Emitter& emitter, unsigned number, Access access, unsigned size) {
    const unsigned shift = size == 4 ? 2 : size - 1;
    emitter.out().mov(x86::r8d, x86::gpd(number));
    emitter.locate_until(access, x86::ptr(x86::r8, x86::rcx, shift, -1));
    emitter.out().add(x86::r8, x86::r9);
}

void repeat_softly(Emitter& emitter, const StringInstruction& string) {
    Emitter::Assembler& out = emitter.out();
    const asmjit::Label slow = emitter.slow_path();
    const unsigned shift = string.size == 4 ? 2 : string.size - 1;
    const asmjit::Label done = out.newLabel();
    const x86::Mem source = emitter.context(offsetof(Context, host_address), 8);
    count_iterations(emitter, done);
    check_iterations(emitter, slow);
    if (string.reads_si()) {
        locate_stretch(emitter, kSi, Access::kRead, string.size);
        out.mov(source, x86::r8);
    }
    locate_stretch(emitter, kDi, Access::kWrite, string.size);
    out.mov(x86::r10, x86::rcx);
    out.xchg(x86::rdi, x86::r8);
    if (string.reads_si()) {
        out.mov(x86::r9, x86::rsi);
        out.mov(x86::rsi, source);
    }
    emit_repeated(emitter, string);
    if (string.reads_si()) out.lea(x86::esi, x86::ptr(x86::r9, x86::r10, shift));
    out.lea(x86::edi, x86::ptr(x86::r8, x86::r10, shift));
    out.sub(x86::r13, x86::r10);
    out.lea(x86::r13, x86::ptr(x86::r13, 1));
    out.bind(done);
}

bool translate_repeated(Emitter& emitter, const StringInstruction& string) {
    if (string.kind == Kind::kLoad) return false;
    const bool windowed = emitter.windowed(string.writes() ? Access::kWrite : Access::kRead);
    if (string.compares() && !windowed) return false;
    emitter.flags_to_saved();
    emitter.slow_path();
    emitter.slow_path_leaves();  // several instructions may have retired
    if (!windowed)
        repeat_softly(emitter, string);
    else if (string.compares())
        compare_in_window(emitter, string);
    else
        repeat_in_window(emitter, string);
    return true;
}

}  // namespace

bool translate_string(Emitter& emitter) {
    const Instruction& instruction = emitter.instruction();
    const Mode& mode = emitter.mode();
    StringInstruction string{};
    if (!recognise(instruction, string)) return false;
    if (mode.has(Mode::kBackwards) || instruction.address_size != 4) return false;
    if (string.reads_si() && !mode.flat(instruction.memory.segment)) return false;
    if (string.uses_di() && !mode.flat(SegmentName::kEs)) return false;
    if (instruction.rep || instruction.repne) return translate_repeated(emitter, string);
    translate_once(emitter, string);
    return true;
}

}  // namespace seventeen::translator
