// Benchmark kernels for a bare machine: each prints its name and a checksum on the debug console.
//
// Compiled once with -DKERNEL=n, so that whole-process times of one kernel can be compared across
// emulators; ROUNDS scales the work.

typedef unsigned int u32;
typedef unsigned char u8;

static void out_byte(u32 port, u8 value) { __asm__ volatile("outb %0, %w1" ::"a"(value), "Nd"(port)); }

static void print(const char* text) {
    while (*text) out_byte(0xe9, (u8)*text++);
}

static void print_hex(u32 value) {
    for (int shift = 28; shift >= 0; shift -= 4) out_byte(0xe9, "0123456789abcdef"[value >> shift & 15]);
    out_byte(0xe9, '\n');
}

// Ends the run: the debug exit port of ours and QEMU's, and the word that Bochs takes for it.
static void leave(void) {
    out_byte(0xf4, 0);
    for (const char* word = "Shutdown"; *word; ++word) out_byte(0x8900, (u8)*word);
    for (;;) __asm__ volatile("hlt");
}

#define BUFFER ((u8*)0x400000)
#define WORDS ((u32*)0x400000)

static u32 random_state = 12345;
static u32 next_random(void) { return random_state = random_state * 1664525u + 1013904223u; }

static u32 sieve(void) {
    enum { kSize = 1 << 20 };
    u32 primes = 0;
    for (u32 i = 0; i < kSize; ++i) BUFFER[i] = 1;
    for (u32 i = 2; i < kSize; ++i) {
        if (!BUFFER[i]) continue;
        ++primes;
        for (u32 j = i + i; j < kSize; j += i) BUFFER[j] = 0;
    }
    return primes;
}

static void sort(u32* first, u32* last) {
    while (last - first > 1) {
        u32 pivot = first[(last - first) / 2];
        u32 *low = first, *high = last - 1;
        while (low <= high) {
            while (*low < pivot) ++low;
            while (*high > pivot) --high;
            if (low <= high) {
                u32 swap = *low;
                *low++ = *high;
                *high-- = swap;
            }
        }
        sort(first, high + 1);
        first = low;
    }
}

static u32 sorting(void) {
    enum { kCount = 1 << 17 };
    for (u32 i = 0; i < kCount; ++i) WORDS[i] = next_random();
    sort(WORDS, WORDS + kCount);
    return WORDS[kCount / 2];
}

static __attribute__((noinline)) u32 fibonacci(u32 n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }
static u32 calls(void) { return fibonacci(27); }

static u32 checksum(void) {
    u32 sum = ~0u;
    for (u32 i = 0; i < 1 << 19; ++i) {
        sum ^= BUFFER[i];
        for (int bit = 0; bit < 8; ++bit) sum = sum >> 1 ^ (sum & 1 ? 0xedb88320u : 0);
    }
    return sum;
}

// A little bytecode machine: indirect jumps.
static u32 bytecode(void) {
    static const u8 program[] = {0, 1, 2, 3, 4, 1, 2, 0, 3, 5};
    static const void* const targets[] = {&&add, &&rotate, &&mix, &&multiply, &&shift, &&again};
    u32 a = 1, b = 2, left = 1 << 19;
    const u8* at = program;
    goto* targets[*at++];
add: a += b; goto* targets[*at++];
rotate: b = b << 5 | b >> 27; goto* targets[*at++];
mix: a ^= b; goto* targets[*at++];
multiply: b *= 2654435761u; goto* targets[*at++];
shift: a += b >> 3; goto* targets[*at++];
again:
    at = program;
    if (--left) goto* targets[*at++];
    return a ^ b;
}

static u32 strings(void) {
    for (u32 i = 0; i < 200; ++i) {
        void* to = BUFFER + (1 << 20);
        const void* from = BUFFER;
        u32 count = 1 << 16;
        __asm__ volatile("rep movsl" : "+D"(to), "+S"(from), "+c"(count)::"memory");
        to = BUFFER;
        count = 1 << 16;
        __asm__ volatile("rep stosl" : "+D"(to), "+c"(count) : "a"(i) : "memory");
    }
    return WORDS[17];
}

static u32 floating(void) {
    volatile double seed = 1.5;
    double x = seed, sum = 0;
    for (u32 i = 1; i < 1 << 20; ++i) {
        x = x * 0.999999 + 1.0 / i;
        sum += x * x;
    }
    return (u32)sum;
}

static u32 chase(void) {
    enum { kCount = 1 << 20 };
    for (u32 i = 0; i < kCount; ++i) WORDS[i] = (i * 167 + 12347) & (kCount - 1);
    u32 at = 0;
    for (u32 i = 0; i < kCount * 4; ++i) at = WORDS[at];
    return at;
}

typedef u32 (*Kernel)(void);
static const struct {
    const char* name;
    Kernel run;
    u32 rounds;
} kKernels[] = {
    {"nothing ", 0, 0},       {"sieve ", sieve, 12},       {"sorting ", sorting, 6},
    {"calls ", calls, 16},    {"checksum ", checksum, 5},  {"bytecode ", bytecode, 6},
    {"strings ", strings, 8}, {"floating ", floating, 6},  {"chase ", chase, 5},
};

__attribute__((section(".entry"))) void entry(void) {
    print(kKernels[KERNEL].name);
    u32 sum = 0;
    for (u32 round = 0; round < kKernels[KERNEL].rounds; ++round) sum += kKernels[KERNEL].run();
    print_hex(sum);
    leave();
}
