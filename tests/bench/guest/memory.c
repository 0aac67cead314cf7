// Memory: streams, pointer chases, a walk that misses the TLB at each step.
#include "tests/bench/guest/bench.h"

void copy(uint32_t n) {
    enum { kWords = 4 << 20 };
    uint32_t* from = pages(kWords * 4, kTouched);
    uint32_t* to = pages(kWords * 4, kTouched);
    begin();
    while (n-- != 0) {
        for (int i = 0; i < kWords; ++i) to[i] = from[i];
        __asm__ volatile("" : : : "memory");
        from[n] = n;
    }
    end(to[5] + to[kWords - 1]);
}

void sum(uint32_t n) {
    enum { kWords = 4 << 20 };
    uint32_t* from = pages(kWords * 4, kTouched);
    uint32_t total = 0;
    begin();
    while (n-- != 0) {
        for (int i = 0; i < kWords; ++i) total += from[i];
        from[n] = total;
    }
    end(total);
}

// Follows one cycle through `count` lines of 64 bytes in random order (Sattolo's shuffle).
static void chase(uint32_t count, uint32_t steps) {
    enum { kWords = 16 };
    uint32_t* lines = pages(count * 64, kTouched);
    uint32_t* order = pages(count * 4, kTouched);
    uint32_t seed = 3;
    for (uint32_t i = 0; i < count; ++i) order[i] = i;
    for (uint32_t i = count - 1; i > 0; --i) {
        const uint32_t k = next_random(&seed) % i;
        const uint32_t t = order[i];
        order[i] = order[k];
        order[k] = t;
    }
    void** at = (void**)lines;
    for (uint32_t i = 0; i < count; ++i)
        *(void**)(lines + order[i] * kWords) = lines + order[(i + 1) % count] * kWords;
    begin();
    while (steps-- != 0) at = *at;
    end((uint32_t)((uint32_t*)at - lines));
}

void chase_near(uint32_t n) {
    chase(4096, n);  // 256 KiB: in the second-level cache
}

void chase_far(uint32_t n) {
    chase(1 << 19, n);  // 32 MiB
}

void tlb_walk(uint32_t n) {
    enum { kPages = 16384 };  // 64 MiB
    unsigned char* memory = pages(kPages * 4096u, kTouched);
    uint32_t total = 0;
    begin();
    while (n-- != 0)
        for (uint32_t i = 0; i < kPages; ++i)
            total += *(uint32_t*)(memory + i * 4096 + (i * 64 & 0xfff));  // another cache set each
    end(total);
}
