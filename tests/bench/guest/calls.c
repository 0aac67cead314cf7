// Calls, indirect branches and bytecode loops.
#include <stdlib.h>

#include "tests/bench/guest/bench.h"

static __attribute__((noinline, optimize("no-optimize-sibling-calls"))) uint32_t fib(uint32_t n) {
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

void fibonacci(uint32_t n) {
    begin();
    end(fib(n));
}

static uint32_t add(uint32_t a, uint32_t b) {
    return a + b;
}
static uint32_t subtract(uint32_t a, uint32_t b) {
    return a - b;
}
static uint32_t exclusive(uint32_t a, uint32_t b) {
    return a ^ b;
}
static uint32_t multiply(uint32_t a, uint32_t b) {
    return a * (b | 1);
}
static uint32_t rotate(uint32_t a, uint32_t b) {
    return a << (b & 7) | a >> 8;
}
static uint32_t invert(uint32_t a, uint32_t b) {
    return ~a ^ b >> 1;
}
static uint32_t swap(uint32_t a, uint32_t b) {
    return __builtin_bswap32(a) + b;
}
static uint32_t increment(uint32_t a, uint32_t b) {
    return a + 1 + (b & 1);
}

void function_table(uint32_t n) {
    static uint32_t (*const volatile kTable[8])(uint32_t, uint32_t) = {
        add, subtract, exclusive, multiply, rotate, invert, swap, increment};
    uint32_t value = 1;
    uint32_t seed = 5;
    begin();
    for (uint32_t i = 0; i < n; ++i) {
        // A pattern that a predictor learns, disturbed now and then.
        const uint32_t index = (i & 63) == 0 ? next_random(&seed) : i * 5 >> 1;
        value = kTable[index & 7](value, i);
    }
    end(value);
}

static int by_value(const void* a, const void* b) {
    const uint32_t one = *(const uint32_t*)a;
    const uint32_t two = *(const uint32_t*)b;
    return (one > two) - (one < two);
}

// The library's sort calls back for each comparison.
void callbacks(uint32_t n) {
    enum { kLength = 20000 };
    static uint32_t values[kLength];
    uint32_t seed = 77;
    uint32_t check = 0;
    begin();
    while (n-- != 0) {
        for (int i = 0; i < kLength; ++i) values[i] = next_random(&seed);
        qsort(values, kLength, sizeof values[0], by_value);
        check = mix(check, values[n * 13]);
    }
    end(check);
}

// --- a stack machine, dispatched by a switch and by computed gotos ---

enum Operation { kPush, kLoad, kStore, kAdd, kMultiply, kXor, kShift, kLess, kBranch, kHalt };

// do { s = s * 3 + i; s ^= s >> 5; ++i; } while (i < 10000); in variables 0 (i) and 1 (s)
static const uint16_t kLoop[] = {
    kLoad, 1,      kPush, 3,     kMultiply, kLoad, 0,      kAdd,  kStore,  1, kLoad, 1,
    kLoad, 1,      kPush, 5,     kShift,    kXor,  kStore, 1,     kLoad,   0, kPush, 1,
    kAdd,  kStore, 0,     kLoad, 0,         kPush, 10000,  kLess, kBranch, 0, kHalt,
};

// Each machine is within one page, whatever else is linked.
static __attribute__((noinline, aligned(512))) uint32_t by_switch(const uint16_t* code,
                                                                  uint32_t s) {
    uint32_t variables[2] = {0, s};
    uint32_t stack[16];
    uint32_t* top = stack;
    const uint16_t* at = code;
    for (;;) switch (*at++) {
            case kPush: *top++ = *at++; break;
            case kLoad: *top++ = variables[*at++]; break;
            case kStore: variables[*at++] = *--top; break;
            case kAdd: --top, top[-1] += *top; break;
            case kMultiply: --top, top[-1] *= *top; break;
            case kXor: --top, top[-1] ^= *top; break;
            case kShift: --top, top[-1] >>= *top; break;
            case kLess: --top, top[-1] = top[-1] < *top; break;
            case kBranch: at = *--top ? code + *at : at + 1; break;
            case kHalt: return variables[1];
        }
}

static __attribute__((noinline, aligned(512), optimize("no-gcse", "no-crossjumping"))) uint32_t
by_goto(const uint16_t* code, uint32_t s) {
    static void* const kLabels[] = {&&push, &&load,  &&store, &&add,    &&multiply,
                                    &&xor_, &&shift, &&less,  &&branch, &&halt};
    uint32_t variables[2] = {0, s};
    uint32_t stack[16];
    uint32_t* top = stack;
    const uint16_t* at = code;
    goto* kLabels[*at++];
push:
    *top++ = *at++;
    goto* kLabels[*at++];
load:
    *top++ = variables[*at++];
    goto* kLabels[*at++];
store:
    variables[*at++] = *--top;
    goto* kLabels[*at++];
add:
    --top, top[-1] += *top;
    goto* kLabels[*at++];
multiply:
    --top, top[-1] *= *top;
    goto* kLabels[*at++];
xor_:
    --top, top[-1] ^= *top;
    goto* kLabels[*at++];
shift:
    --top, top[-1] >>= *top;
    goto* kLabels[*at++];
less:
    --top, top[-1] = top[-1] < *top;
    goto* kLabels[*at++];
branch:
    at = *--top ? code + *at : at + 1;
    goto* kLabels[*at++];
halt:
    return variables[1];
}

void switch_machine(uint32_t n) {
    uint32_t value = 1;
    begin();
    while (n-- != 0) value = by_switch(kLoop, value);
    end(value);
}

void goto_machine(uint32_t n) {
    uint32_t value = 1;
    begin();
    while (n-- != 0) value = by_goto(kLoop, value);
    end(value);
}

// A loop in which one instruction lies across the end of a page.
void page_end(uint32_t n) {
    uint32_t value = 1;
    begin();
    __asm__ volatile(
        "jmp 1f\n"
        ".balign 4096\n"
        ".skip 4096 - 8\n"
        "1:\n"
        "addl %1, %0\n"           // at FF8h
        "roll $3, %0\n"           // at FFAh
        "addl $0x12345678, %0\n"  // at FFDh, 5 or 6 bytes
        "decl %1\n"
        "jnz 1b"
        : "+r"(value), "+r"(n)
        :
        : "cc");
    end(value);
}
