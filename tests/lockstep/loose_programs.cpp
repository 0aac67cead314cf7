// What the programs have in common, DMA into code, and instructions across a page's end.
#include "tests/lockstep/loose_programs.h"

#include <algorithm>

#include "tests/lockstep/rom.h"

namespace seventeen::lockstep {

namespace {

constexpr u32 kData = 0x20000;
constexpr u32 kCommands = 0x28000;
constexpr u32 kCommandCount = 256;
constexpr u32 kStack = 0x1e800;
constexpr std::array<unsigned, 6> kRegisters{0, 2, 3, 5, 6, 7};  // but ECX and ESP

u32 here(const Bytes& image) {
    return kProgramCode + static_cast<u32>(image.size());
}

void append_store(Bytes& code, u32 address, u8 byte) {
    append(code, {0xc6, 0x05});  // mov byte [address], byte
    append_dword(code, address);
    append(code, {byte});
}

void append_command(Bytes& code, u32 address, u8 byte) {
    append(code, {0xb8});  // mov eax, command; out port, eax
    append_dword(code, Guest::bus_master_command(address, byte));
    append(code, {0xe7, Guest::kBusMasterPort});
}

// --- DMA ---

constexpr u32 kBodyInPage = 0x100;
constexpr unsigned kBodySlots = 48;

// What stands between two instructions that DMA changes. ECX counts rounds.
void append_between(Bytes& code, Between between, Random& random) {
    if (between == Between::kNothing) return;
    if (between == Between::kStores) {
        append(code, {0x89, 0x05 | kRegisters[random() % 6] << 3});  // mov [data], r32
        append_dword(code, kData + static_cast<u32>(random() % 0x1000));
        return;
    }
    append(code, {0x0f, 0xb6, 0xd1, 0x8b, 0x04, 0x95});  // movzx edx, cl; mov eax, [edx*4 + …]
    append_dword(code, kCommands + static_cast<u32>(random() % 64) * 4);
    if (between == Between::kPort) {
        append(code, {0xe7, Guest::kBusMasterPort});  // out port, eax
        return;
    }
    if (between == Between::kWrite)
        append(code, {0xa3});  // mov [device], eax
    else
        append(code, {0x8a, 0x80});  // mov al, [eax + device]
    append_dword(code, Guest::kBusMasterAddress);
}

// A function of instructions that DMA may change; its first one, too.
void append_body(Bytes& image, Between between, std::vector<u32>& places, Random& random) {
    for (unsigned i = 0; i < kBodySlots; ++i) {
        places.push_back(here(image));
        append(image, {one_byte_instruction(random())});
        if (random() % 6 == 0) append_between(image, between, random);
    }
    append(image, {0xc3});
}

// Calls the page's function and changes its immediate, which is what makes the page loose.
void append_stir(Bytes& image, u32 function) {
    append_call(image, kProgramCode, function);
    append(image, {0xfe, 0x05});  // inc byte [its immediate]
    append_dword(image, function + 1);
}

void append_loop_end(Bytes& image, std::size_t start) {
    append(image, {0x49, 0x0f, 0x85});  // dec ecx; jnz start
    append_dword(image, static_cast<u32>(start - (image.size() + 4)));
}

void append_rounds(Bytes& image, u32 count) {
    append(image, {0xb9});  // mov ecx, count
    append_dword(image, count);
}

// --- an instruction across a page's end ---

constexpr std::array<Space, 2> kSpaces{{{0x2000, 0x3000}, {0x4000, 0x5000}}};
constexpr u32 kBoundary = kProgramCode + kPageSize;
constexpr u32 kMain = kProgramCode + 2 * kPageSize;
constexpr u32 kLead = 0x20;  // bytes before the boundary at which its function starts
constexpr u32 kOtherPage = 0x40000;

// One of its bytes: what it may become.
enum class Byte : u8 {
    kFixed,
    kAny,     // of an immediate
    kMove,    // MOV r32, imm32: another register
    kAlu,     // an ALU instruction on EAX
    kModRm,   // an ALU instruction on a register: which, and on which
    kPrefix,  // one of operand size, or of segment: the length differs
};
struct Template {
    Bytes bytes;
    std::vector<Byte> kinds;
};

const std::vector<Template>& templates() {
    using B = Byte;
    static const std::vector<Template> all{
        {{0xb8, 1, 2, 3, 4}, {B::kMove, B::kAny, B::kAny, B::kAny, B::kAny}},
        {{0x05, 1, 2, 3, 4}, {B::kAlu, B::kAny, B::kAny, B::kAny, B::kAny}},
        {{0x81, 0xc0, 1, 2, 3, 4}, {B::kFixed, B::kModRm, B::kAny, B::kAny, B::kAny, B::kAny}},
        {{0x66, 0xb8, 1, 2}, {B::kPrefix, B::kMove, B::kAny, B::kAny}},
        {{0x2e, 0x3e, 0x05, 1, 2, 3, 4},
         {B::kPrefix, B::kPrefix, B::kAlu, B::kAny, B::kAny, B::kAny, B::kAny}},
        {{0xc7, 0x05, 0, 0, 0x02, 0, 1, 2, 3, 4},  // mov dword [2xx00h + …], imm32
         {B::kFixed, B::kFixed, B::kAny, B::kFixed, B::kFixed, B::kFixed, B::kAny, B::kAny, B::kAny,
          B::kAny}},
    };
    return all;
}

u8 variation(u8 byte, Byte kind, Random& random) {
    constexpr std::array<u8, 4> kPrefixes{0x66, 0x2e, 0x3e, 0x90};
    switch (kind) {
        case Byte::kFixed: return byte;
        case Byte::kAny: return one_byte_instruction(random());
        case Byte::kMove: return static_cast<u8>(0xb8 + kRegisters[random() % 6]);
        case Byte::kAlu: return static_cast<u8>(0x05 + random() % 8 * 8);
        case Byte::kModRm:
            return static_cast<u8>(0xc0 | random() % 8 << 3 | kRegisters[random() % 6]);
        case Byte::kPrefix: return kPrefixes[random() % kPrefixes.size()];
    }
    return byte;
}

class PageEndProgram {
  public:
    PageEndProgram(u64 seed, const PageEnd& changes)
        : random_(seed),
          changes_(changes),
          template_(templates()[random_() % templates().size()]),
          head_(1 + static_cast<u32>(random_() % (template_.bytes.size() - 1))) {}

    Bytes main() {
        Bytes code;
        append(code, {0xbc});  // mov esp, stack
        append_dword(code, kStack);
        while (code.size() < kPageSize - 0x60) {
            append_change(code);
            append_call(code, kMain, kBoundary - kLead);
        }
        return code;
    }
    // The function from its start to the boundary; and from there on.
    Bytes first_part() {
        Bytes code;
        while (code.size() < kLead - head_) append(code, {one_byte_instruction(random_())});
        const Bytes now = version();
        code.insert(code.end(), now.begin(), now.begin() + head_);
        return code;
    }
    Bytes second_part() {
        const Bytes now = version();
        Bytes code(now.begin() + head_, now.end());
        for (unsigned i = 0; i < 12; ++i) append(code, {one_byte_instruction(random_())});
        append(code, {0xc3});
        return code;
    }

  private:
    Bytes version() {
        Bytes bytes = template_.bytes;
        for (std::size_t i = 0; i < bytes.size(); ++i)
            bytes[i] = variation(bytes[i], template_.kinds[i], random_);
        return bytes;
    }
    void append_change(Bytes& code) {
        const u32 tail = static_cast<u32>(template_.bytes.size()) - head_;
        const u32 start = kBoundary - head_;
        switch (random_() % 5) {
            case 0:
                if (changes_.head) append_byte(code, start, static_cast<u32>(random_() % head_));
                break;
            case 1:
            case 2:
                if (changes_.tail)
                    append_byte(code, random_() % 2 ? start : start + kOtherPage - kBoundary,
                                head_ + static_cast<u32>(random_() % tail));
                break;
            case 3:
                if (changes_.both) append_crossing(code);
                break;
            default:
                if (changes_.mapping) append_mapping(code);
        }
    }
    // One of the instruction's bytes, which starts at `start`.
    void append_byte(Bytes& code, u32 start, u32 offset) {
        const u8 byte = version()[offset];
        if (changes_.dma && random_() % 2)
            append_command(code, start + offset, byte);
        else
            append_store(code, start + offset, byte);
    }
    void append_crossing(Bytes& code) {
        const Bytes now = version();
        append(code, {0x66, 0xc7, 0x05});  // mov word [boundary - 1], …
        append_dword(code, kBoundary - 1);
        append(code, {now[head_ - 1], now[head_]});
    }
    void append_mapping(Bytes& code) {
        if (!changes_.user && random_() % 4 == 0) {
            append(code, {0xb8});  // mov eax, directory; mov cr3, eax
            append_dword(code, kSpaces[random_() % 2].directory);
            append(code, {0x0f, 0x22, 0xd8});
        } else {
            append(code, {0x81, 0x35});  // xor dword [entry], …
            const Space& space = changes_.user ? kSpaces[0] : kSpaces[random_() % 2];
            append_dword(code, space.table + (kBoundary >> kPageShift) * 4);
            append_dword(code, kBoundary ^ kOtherPage);
        }
    }

    Random random_;
    PageEnd changes_;
    const Template& template_;
    u32 head_;  // bytes of the instruction in the first page
};

// With the selectors of random programs.
void enter_user_code(CpuState& state) {
    constexpr u16 kCode = 0x18 | 3;
    constexpr u16 kData = 0x20 | 3;
    for (SegmentRegister& each : state.segments)
        each = segment(kData, 0, 0xffff'ffff, kDataBits | kUserBits | kFlat);
    state.segment(SegmentName::kCs) = segment(kCode, 0, 0xffff'ffff, kCodeBits | kUserBits | kFlat);
    state.cpl = 3;
}

}  // namespace

u8 one_byte_instruction(u64 random) {
    return static_cast<u8>((random % 2 ? 0x40 : 0x48) + kRegisters[random / 2 % 6]);
}

DmaProgram make_dma_program(u64 seed, Between between) {
    Random random(seed);
    DmaProgram program;
    Bytes image;
    append(image, {0xbc});  // mov esp, stack
    append_dword(image, kStack);
    append_rounds(image, 64);
    const std::size_t stir = image.size();
    const std::array<u32, 2> pages{kProgramCode + kPageSize, kProgramCode + 2 * kPageSize};
    for (const u32 page : pages) append_stir(image, page);
    append_loop_end(image, stir);
    append_rounds(image, 150);
    const std::size_t quiet = image.size();
    for (const u32 page : pages) append_call(image, kProgramCode, page + kBodyInPage);
    append_loop_end(image, quiet);
    append(image, {0xe9});  // back to the start
    append_dword(image, 0u - (here(image) + 4 - kProgramCode));
    for (const u32 page : pages) {
        image.resize(page - kProgramCode, 0x90);
        append(image, {0xb0, 0, 0xc3});  // mov al, 0; ret
        image.resize(page - kProgramCode + kBodyInPage, 0x90);
        append_body(image, between, program.places, random);
    }
    std::array<u32, kCommandCount> commands;
    for (u32& command : commands) {
        const u64 first = random() % 4 == 0 ? random() % 2 * kBodySlots : random();
        command = Guest::bus_master_command(program.places[first % program.places.size()],
                                            one_byte_instruction(random()));
    }
    program.start = start_at_code(replace_code({Setting::kFlat, seed, Diet::kTame}, image), kStack);
    program.start.bus_master = true;
    program.start.prepare = [before = program.start.prepare, commands](
                                CpuState& state, mmu::PhysicalMemory& memory) {
        before(state, memory);
        memory.write({kCommands}, commands.data(), sizeof commands);
    };
    return program;
}

Start make_page_end_program(u64 seed, const PageEnd& changes) {
    PageEndProgram program(seed, changes);
    Bytes image{0xe9};  // jmp main
    append_dword(image, kMain - kProgramCode - 5);
    image.resize(kPageSize - kLead, 0x90);
    const Bytes first = program.first_part();
    const Bytes second = program.second_part();
    const Bytes other = program.second_part();
    const Bytes main = program.main();
    image.insert(image.end(), first.begin(), first.end());
    image.insert(image.end(), second.begin(), second.end());
    image.resize(kMain - kProgramCode, 0x90);
    image.insert(image.end(), main.begin(), main.end());
    const Setting setting = changes.user ? Setting::kUser : Setting::kFlat;
    Start start = start_at_code(replace_code({setting, seed, Diet::kTame}, image), kStack);
    start.bus_master = true;
    start.prepare = [before = start.prepare, other, user = changes.user](
                        CpuState& state, mmu::PhysicalMemory& memory) {
        before(state, memory);
        memory.write({kOtherPage}, other.data(), other.size());
        constexpr u32 kRights = 0x63;  // accessed and dirty, the supervisor's …
        constexpr u32 kUserRights = 0x67;
        map_spaces(state, memory, kSpaces, user ? kUserRights : kRights);
        if (user) enter_user_code(state);
    };
    return start;
}

}  // namespace seventeen::lockstep
