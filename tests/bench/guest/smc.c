// Code that is written, then run: patched in place, generated anew, or beside its own data.
#include <string.h>

#include "tests/bench/guest/bench.h"

typedef uint32_t (*Function)(uint32_t argument);

static Function code_at(unsigned char* bytes) {
    Function function;
    memcpy(&function, &bytes, sizeof function);
    return function;
}

static unsigned char* put32(unsigned char* at, uint32_t value) {
    memcpy(at, &value, 4);
    return at + 4;
}

// An immediate is patched before each call.
void patch_immediate(uint32_t n) {
    unsigned char* code = pages(4096, kExecutable);
    memcpy(code, "\x8b\x44\x24\x04\x05\0\0\0\0\xc3", 10);  // mov eax, [esp+4]; add eax, imm32; ret
    uint32_t value = 0;
    begin();
    while (n-- != 0) {
        put32(code + 5, n);
        value = code_at(code)(value) ^ 0x5a5a;
    }
    end(value);
}

// Some 100 bytes: a loop of four rounds over add, xor and rotate by constants of this function.
static void generate(unsigned char* at, uint32_t seed) {
    memcpy(at, "\x8b\x44\x24\x04\xb9\x04\0\0\0", 9);  // mov eax, [esp+4]; mov ecx, 4
    at += 9;
    unsigned char* loop = at;
    for (int i = 0; i < 6; ++i) {
        *at++ = 0x05;  // add eax, imm32
        at = put32(at, next_random(&seed));
        *at++ = 0x35;  // xor eax, imm32
        at = put32(at, next_random(&seed));
        *at++ = 0xc1;  // rol eax, imm8
        *at++ = 0xc0;
        *at++ = (unsigned char)(1 + (seed & 15));
    }
    *at++ = 0x49;  // dec ecx
    *at++ = 0x75;  // jnz loop
    *at = (unsigned char)(loop - at - 1);
    at[1] = 0xc3;
}

// `generated` functions in turn, `distance` bytes apart, each run 50 times.
static void generate_and_run(uint32_t generated, uint32_t size, uint32_t distance) {
    unsigned char* code = pages(size, kExecutable);
    uint32_t value = 1;
    uint32_t offset = 0;
    begin();
    for (uint32_t i = 1; i <= generated; ++i) {
        generate(code + offset, i);
        for (int k = 0; k < 50; ++k) value = code_at(code + offset)(value);
        offset = (offset + distance) % (size - 255);
    }
    end(value);
}

void generate_fresh(uint32_t n) {
    generate_and_run(n, 1 << 20, 256);
}

void generate_over(uint32_t n) {
    generate_and_run(n, 4096, 0);
}

// A loop that counts in a word on its own page: data beside running code, none of it modified.
void data_beside_code(uint32_t n) {
    unsigned char* code = pages(4096, kExecutable);
    unsigned char* at = code;
    memcpy(at, "\x8b\x4c\x24\x04\xff\x05", 6);  // mov ecx, [esp+4]; inc dword [imm32]
    at = put32(at + 6, (uint32_t)(uintptr_t)(code + 2048));
    memcpy(at, "\x49\x75\xf7\xa1", 4);  // dec ecx; jnz to the inc; mov eax, [imm32]
    at = put32(at + 4, (uint32_t)(uintptr_t)(code + 2048));
    *at = 0xc3;
    uint32_t value = 0;
    begin();
    while (n-- != 0) {
        value ^= code_at(code)(10 + (n & 7));
        ++*(uint32_t*)(code + 3072);
    }
    end(value);
}
