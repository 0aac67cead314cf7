// Code generators in the guest: places that are written again and again, and run in between.
#include <algorithm>
#include <cstring>

#include "tests/lockstep/loose_programs.h"

namespace seventeen::lockstep {

namespace {

constexpr u32 kVariants = 0x28000;  // what string instructions copy
constexpr u32 kVariantBytes = 0x1000;
constexpr u32 kBuffer = 0x2a000;
constexpr u32 kStack = 0x1e800;
constexpr u32 kPlaceSize = 32;
constexpr u32 kContents = 15;  // bytes of a place that are written; NOPs and RET follow
constexpr u32 kFirstPlace = 0xe00;
constexpr u32 kPlacesInPage = (kPageSize - kFirstPlace) / kPlaceSize;
constexpr u32 kPages = kProgramSize / kPageSize;

// Instructions of all lengths without consequences but in registers and data. Zeros are immediates
// and become instructions of one byte.
const std::vector<Bytes>& catalogue() {
    static const std::vector<Bytes> all{
        {0x90},
        {0x66, 0x40},
        {0xb0, 0},                                        // mov al, imm8
        {0x66, 0xb8, 0, 0},                               // mov ax, imm16
        {0xb8, 0, 0, 0, 0},                               // mov eax, imm32
        {0xba, 0, 0, 0, 0},                               // mov edx, imm32
        {0x05, 0, 0, 0, 0},                               // add eax, imm32
        {0x3d, 0, 0, 0, 0},                               // cmp eax, imm32
        {0x83, 0xc0, 0},                                  // add eax, imm8
        {0x81, 0xc3, 0, 0, 0, 0},                         // add ebx, imm32
        {0x81, 0xf2, 0, 0, 0, 0},                         // xor edx, imm32
        {0x83, 0xd2, 0},                                  // adc edx, imm8
        {0xc7, 0xc0, 0, 0, 0, 0},                         // mov eax, imm32
        {0x69, 0xc0, 0, 0, 0, 0},                         // imul eax, eax, imm32
        {0x0f, 0xb6, 0xc2},                               // movzx eax, dl
        {0xa3, 0x00, 0x00, 0x02, 0x00},                   // mov [data], eax
        {0x8b, 0x15, 0x00, 0x00, 0x02, 0x00},             // mov edx, [data]
        {0xc7, 0x05, 0x08, 0x00, 0x02, 0x00, 0, 0, 0, 0}  // mov dword [data + 8], imm32
    };
    return all;
}

class GeneratorProgram {
  public:
    explicit GeneratorProgram(u64 seed) : random_(seed) {}

    Bytes code() {
        for (u32 page = 0; page < kPages; ++page) {
            page_ = page;
            append(image_, {0xbc});  // mov esp, stack
            append_dword(image_, kStack);
            const u32 room = page * kPageSize + kFirstPlace - 0x80;
            while (image_.size() < room) append_step();
            append(image_, {0xe9});  // to the next page, or the first one
            const u32 next = (page + 1) % kPages * kPageSize;
            append_dword(image_, next - static_cast<u32>(image_.size() + 4));
            image_.resize(page * kPageSize + kFirstPlace, 0x90);
            for (u32 i = 0; i < kPlacesInPage; ++i) append_place();
        }
        image_.resize(kProgramSize - 5, 0x90);
        return image_;
    }
    Bytes variants() {
        Bytes bytes;
        while (bytes.size() < kVariantBytes) append_variant(bytes);
        return bytes;
    }

  private:
    unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }

    void append_variant(Bytes& bytes) {
        for (const u8 byte : catalogue()[below(static_cast<unsigned>(catalogue().size()))])
            bytes.push_back(byte == 0 ? one_byte_instruction(random_()) : byte);
    }
    void append_place() {
        Bytes bytes;
        while (bytes.size() < kContents) append_variant(bytes);
        bytes.resize(kPlaceSize - 1, 0x90);
        bytes.push_back(0xc3);
        image_.insert(image_.end(), bytes.begin(), bytes.end());
    }
    // Mostly on the page that writes.
    u32 place() {
        const u32 page = below(5) != 0 ? page_ : below(kPages);
        return kProgramCode + page * kPageSize + kFirstPlace + below(kPlacesInPage) * kPlaceSize;
    }

    void append_step() {
        const u32 at = place();
        switch (below(16)) {
            case 0: append_rewriting(at); break;
            case 1: append_opcode(at); break;
            case 2: append_prefix(at); break;
            case 3: append_immediate(at); break;
            case 4: append_own_string(); return;
            case 5: append_pushes(at); break;
            case 6: append_string(at); break;
            case 7: append_store(at, {0xeb, static_cast<u8>(below(12))}); break;  // jmp
            case 8: append_immediate_as_code(at); break;
            default: append_next(); return;
        }
        append_call(image_, kProgramCode, at);
    }
    // All of the place, or its first bytes, by stores of all widths.
    void append_rewriting(u32 at) {
        Bytes bytes;
        const unsigned least = 1 + below(kContents);
        while (bytes.size() < least) append_variant(bytes);
        bytes.resize(std::min<std::size_t>(bytes.size(), kContents));
        for (u32 done = 0; done < bytes.size();) {
            const u32 left = static_cast<u32>(bytes.size()) - done;
            const u32 size = left >= 4 && below(4) != 0 ? 4 : left >= 2 && below(2) ? 2 : 1;
            append_store(at + done, {bytes.begin() + done, bytes.begin() + done + size});
            done += size;
        }
    }
    // mov [at], its bytes: one, two or four
    void append_store(u32 at, const Bytes& bytes) {
        if (bytes.size() == 2) append(image_, {0x66});
        append(image_, {bytes.size() == 1 ? 0xc6u : 0xc7u, 0x05});
        append_dword(image_, at);
        image_.insert(image_.end(), bytes.begin(), bytes.end());
    }
    void append_opcode(u32 at) {
        Bytes bytes;
        append_variant(bytes);
        append_store(at, {bytes.front()});
    }
    void append_prefix(u32 at) {
        constexpr std::array<u8, 6> kPrefixes{0x66, 0x90, 0x2e, 0x3e, 0xf3, 0x64};
        append_store(at, {kPrefixes[below(6)]});
    }
    // Of an instruction of five or six bytes, whatever is there now.
    void append_immediate(u32 at) {
        Bytes bytes(std::size_t{1} << below(3));
        for (u8& byte : bytes) byte = one_byte_instruction(random_());
        append_store(at + 1 + below(2), bytes);
    }
    // The immediate keeps changing, so that it is read where it lies; then it is code; then it is
    // an immediate again, of another instruction.
    void append_immediate_as_code(u32 at) {
        constexpr std::array<u8, 6> kWithImmediate{0xb8, 0xba, 0xbb, 0x05, 0x35, 0x3d};
        append_store(at, {kWithImmediate[below(6)]});
        for (unsigned round = 2 + below(4); round != 0; --round) {
            Bytes immediate;
            for (unsigned i = 0; i < 4; ++i) immediate.push_back(one_byte_instruction(random_()));
            append_store(at + 1, immediate);
            append_call(image_, kProgramCode, at);
        }
        append_store(at, {below(2) ? u8{0x90} : one_byte_instruction(random_())});
        append_call(image_, kProgramCode, at);
        append_store(at, {kWithImmediate[below(6)]});
    }
    // What follows has one byte or another, two or five: the first one changes each time.
    void append_next() {
        constexpr std::array<std::array<u8, 2>, 5> kFirst{{{0x40, 0x03},    // inc eax, inc ebx
                                                           {0xb0, 0x08},    // mov al, mov eax
                                                           {0x90, 0xf6},    // nop, 66h
                                                           {0xb8, 0xbd},    // mov eax, add eax
                                                           {0x3e, 0x58}}};  // ds:, 66h
        const auto [first, difference] = kFirst[below(5)];
        const Bytes& way = ways()[below(static_cast<unsigned>(ways().size()))];
        const u32 between = below(3);
        constexpr u32 kPreparation = 7 * 5;
        const u32 next = here() + kPreparation + static_cast<u32>(way.size()) + between;
        append_with({0xa1}, next);  // mov eax, [next]
        append_with({0x35}, difference);
        append_with({0xa3}, kBuffer);  // mov [buffer], eax
        append_with({0xba}, difference);
        append_with({0xbe}, kBuffer);  // mov esi, buffer; mov edi, next; mov ecx, …
        append_with({0xbf}, next);
        append_with({0xb9}, 1);
        image_.insert(image_.end(), way.begin(), way.end());
        append_one_byte_instructions(between);
        append(image_, {first});
        if (first == 0x3e) append(image_, {0xb8});
        append_one_byte_instructions(8);
        append_with({0xbc}, kStack);  // mov esp, stack
    }
    // To store EAX, some of it, or what is at ESI, at EDI; or DL's bits.
    static const std::vector<Bytes>& ways() {
        static const std::vector<Bytes> all{
            {0x89, 0x07},                                      // mov [edi], eax
            {0x88, 0x07},                                      // mov [edi], al
            {0x30, 0x17},                                      // xor [edi], dl
            {0x87, 0x07},                                      // xchg [edi], eax
            {0x8d, 0x67, 0x04, 0x50},                          // lea esp, [edi + 4]; push eax
            {0x8d, 0x67, 0x02, 0x66, 0x50},                    // lea esp, [edi + 2]; push ax
            {0x8d, 0x67, 0x04, 0xff, 0x36},                    // lea esp, [edi + 4]; push [esi]
            {0x50, 0x8f, 0x07},                                // push eax; pop dword [edi]
            {0xab},                                            // stosd
            {0xa4},                                            // movsb
            {0xf3, 0xaa},                                      // rep stosb
            {0xf3, 0xa5},                                      // rep movsd
            {0x66, 0x0f, 0x6e, 0xc0, 0x66, 0x0f, 0x7e, 0x07},  // movd xmm0, eax; movd [edi], xmm0
            {0xdb, 0x06, 0xdb, 0x1f},                          // fild [esi]; fistp [edi]
            {0xc1, 0x07, 0x08},                                // rol dword [edi], 8
            {0x0f, 0xba, 0x3f, 0x03},                          // btc dword [edi], 3
        };
        return all;
    }
    // A repeated instruction that overwrites itself, and what is around it.
    void append_own_string() {
        const u8 store = below(2) ? 0xaa : 0xab;
        constexpr u32 kPreparation = 9 + 3 * 5 + 4;
        const u32 at = here() + kPreparation;
        append_store(at, {0xf3, store});
        append_with({0xbf}, at - below(4));  // mov edi, …; mov ecx, …
        append_with({0xb9}, 1 + below(6));
        append(image_, {0xb8});  // mov eax, instructions
        append_one_byte_instructions(4);
        append(image_, {0x90, 0x90, 0x90, 0x90, 0xf3, store});
        append_one_byte_instructions(28);
    }
    u32 here() const { return kProgramCode + static_cast<u32>(image_.size()); }
    void append_with(std::initializer_list<unsigned> bytes, u32 dword) {
        append(image_, bytes);
        append_dword(image_, dword);
    }
    void append_one_byte_instructions(unsigned count) {
        for (; count != 0; --count) append(image_, {one_byte_instruction(random_())});
    }
    void append_pushes(u32 at) {
        append(image_, {0xbc});  // mov esp, …
        append_dword(image_, at + 4 + below(8));
        for (unsigned i = 0; i <= below(2); ++i) {
            append(image_, {0x68});  // push imm32
            append_one_byte_instructions(4);
        }
        append(image_, {0xbc});
        append_dword(image_, kStack);
    }
    void append_string(u32 at) {
        constexpr std::array<u8, 4> kStores{0xa4, 0xa5, 0xaa, 0xab};
        append(image_, {0xbf});  // mov edi, place; mov esi, variants
        append_dword(image_, at);
        append(image_, {0xbe});
        append_dword(image_, kVariants + below(kVariantBytes - 16));
        const u8 store = kStores[below(4)];
        if (store >= 0xaa) {
            append(image_, {0xb8});  // mov eax, …
            append_one_byte_instructions(4);
        }
        if (below(2)) {
            append(image_, {0xb9});  // mov ecx, …; rep
            append_dword(image_, store % 2 ? below(3) : below(12));
            append(image_, {0xf3});
        }
        append(image_, {store});
    }

    Random random_;
    Bytes image_;
    u32 page_ = 0;
};

}  // namespace

Start make_generator_program(u64 seed) {
    GeneratorProgram program(seed);
    const Bytes code = program.code();
    const Bytes variants = program.variants();
    Start start = start_at_code(replace_code({Setting::kFlat, seed, Diet::kTame}, code), kStack);
    for (u32 i = 0; i < kHandlerTargetCount; ++i) {  // the start of a page
        const u32 target = kProgramCode + i % kPages * kPageSize;
        std::memcpy(start.firmware.data() + kHandlerTargets + i * 4, &target, sizeof target);
    }
    start.prepare = [before = start.prepare, variants](CpuState& state,
                                                       mmu::PhysicalMemory& memory) {
        before(state, memory);
        state.cr4 |= kCr4Osfxsr;
        memory.write({kVariants}, variants.data(), variants.size());
    };
    return start;
}

}  // namespace seventeen::lockstep
