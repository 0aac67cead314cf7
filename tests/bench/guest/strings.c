// String instructions: repeated, over long and short ranges, and one at a time.
#include <string.h>

#include "tests/bench/guest/bench.h"

enum { kLong = 1 << 16 };
static unsigned char source[kLong + 64];
static unsigned char target[kLong + 64];

static void prepare(void) {
    uint32_t seed = 41;
    for (int i = 0; i < kLong; ++i) source[i] = (unsigned char)(next_random(&seed) | 1);
    memcpy(target, source, kLong);
}

void movs_long(uint32_t n) {
    prepare();
    begin();
    for (uint32_t i = 0; i < n; ++i) {
        void* from = source + (i & 3) * 4;
        void* to = target;
        uint32_t count = kLong / 4;
        __asm__ volatile("rep movsl" : "+S"(from), "+D"(to), "+c"(count) : : "memory");
    }
    end(mix_bytes(0, target, kLong));
}

void movs_short(uint32_t n) {
    prepare();
    begin();
    for (uint32_t i = 0; i < n; ++i) {
        void* from = source + (i & 1023);
        void* to = target + (i * 7 & 1023);
        uint32_t count = 3 + (i & 31);
        __asm__ volatile("rep movsb" : "+S"(from), "+D"(to), "+c"(count) : : "memory");
    }
    end(mix_bytes(0, target, kLong));
}

void stos_long(uint32_t n) {
    prepare();
    begin();
    for (uint32_t i = 0; i < n; ++i) {
        void* to = target;
        uint32_t count = kLong / 4;
        __asm__ volatile("rep stosl" : "+D"(to), "+c"(count) : "a"(i) : "memory");
    }
    end(mix_bytes(0, target, kLong));
}

void stos_short(uint32_t n) {
    prepare();
    begin();
    for (uint32_t i = 0; i < n; ++i) {
        void* to = target + (i * 7 & 1023);
        uint32_t count = 1 + (i & 15);
        __asm__ volatile("rep stosl" : "+D"(to), "+c"(count) : "a"(i) : "memory");
    }
    end(mix_bytes(0, target, kLong));
}

void cmps(uint32_t n) {
    uint32_t total = 0;
    prepare();
    target[kLong - 1] ^= 2;
    begin();
    while (n-- != 0) {
        const void* one = source;
        const void* two = target;
        uint32_t count = kLong;
        __asm__ volatile("repe cmpsb" : "+S"(one), "+D"(two), "+c"(count) : : "memory", "cc");
        total += count + (uint32_t)((const unsigned char*)one - source);
        one = source + (n & 1023);
        two = target + (n & 1023);
        count = 4 + (n & 7);
        __asm__ volatile("repe cmpsl" : "+S"(one), "+D"(two), "+c"(count) : : "memory", "cc");
        total += count;
    }
    end(total);
}

void scas(uint32_t n) {
    uint32_t total = 0;
    prepare();
    source[kLong - 2] = 0;
    begin();
    while (n-- != 0) {
        const void* at = source;
        uint32_t count = kLong;
        __asm__ volatile("repne scasb" : "+D"(at), "+c"(count) : "a"(0) : "memory", "cc");
        total += count;
    }
    end(total);
}

void lods_stos(uint32_t n) {
    prepare();
    begin();
    for (uint32_t i = 0; i < n; ++i) {
        const void* from = source;
        void* to = target;
        uint32_t count = kLong / 4;
        __asm__ volatile(
            "1: lodsl\n"
            "addl %3, %%eax\n"
            "stosl\n"
            "decl %2\n"
            "jnz 1b"
            : "+S"(from), "+D"(to), "+r"(count)
            : "r"(i)
            : "eax", "memory", "cc");
    }
    end(mix_bytes(0, target, kLong));
}
