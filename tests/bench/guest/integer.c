// Integer compute: sieve, sorting, checksums, a matrix product, divisions.
#include <string.h>

#include "tests/bench/guest/bench.h"

void sieve(uint32_t n) {
    enum { kLimit = 1 << 18 };
    static unsigned char composite[kLimit];
    uint32_t primes = 0;
    begin();
    while (n-- != 0) {
        memset(composite, 0, sizeof composite);
        for (uint32_t i = 2; i < kLimit; ++i) {
            if (composite[i]) continue;
            ++primes;
            for (uint32_t k = 2 * i; k < kLimit; k += i) composite[k] = 1;
        }
    }
    end(primes);
}

static void quicksort(int32_t* low, int32_t* high) {
    while (high - low > 12) {
        const int32_t pivot = low[(high - low) / 2];
        int32_t* i = low;
        int32_t* j = high - 1;
        while (i <= j) {
            while (*i < pivot) ++i;
            while (*j > pivot) --j;
            if (i <= j) {
                const int32_t t = *i;
                *i++ = *j;
                *j-- = t;
            }
        }
        quicksort(low, j + 1);
        low = i;
    }
    for (int32_t* i = low + 1; i < high; ++i) {
        const int32_t value = *i;
        int32_t* k = i;
        for (; k > low && k[-1] > value; --k) *k = k[-1];
        *k = value;
    }
}

void sorting(uint32_t n) {
    enum { kLength = 200000 };
    static int32_t values[kLength];
    uint32_t seed = 17;
    uint32_t check = 0;
    begin();
    while (n-- != 0) {
        for (int i = 0; i < kLength; ++i) values[i] = (int32_t)next_random(&seed);
        quicksort(values, values + kLength);
        for (int i = 0; i < kLength; i += 1000) check = mix(check, (uint32_t)values[i]);
    }
    end(check);
}

void crc(uint32_t n) {
    enum { kLength = 1 << 18 };
    static uint32_t table[256];
    static unsigned char bytes[kLength];
    for (uint32_t i = 0; i < 256; ++i) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ (0xedb88320u & (0u - (value & 1)));
        table[i] = value;
    }
    for (uint32_t i = 0; i < kLength; ++i) bytes[i] = (unsigned char)(i * 31 >> 3);
    uint32_t value = ~0u;
    begin();
    while (n-- != 0)
        for (int i = 0; i < kLength; ++i) value = (value >> 8) ^ table[(value ^ bytes[i]) & 0xff];
    end(~value);
}

// --- SHA-256: FIPS 180-4; its constants are made here, as only the work matters ---

static uint32_t rotate(uint32_t value, int by) {
    return value >> by | value << (32 - by);
}

static void sha_block(uint32_t state[8], const uint32_t constants[64], const uint32_t block[16]) {
    uint32_t w[64];
    memcpy(w, block, 64);
    for (int i = 16; i < 64; ++i) {
        const uint32_t x = w[i - 15];
        const uint32_t y = w[i - 2];
        w[i] = w[i - 16] + (rotate(x, 7) ^ rotate(x, 18) ^ x >> 3) + w[i - 7] +
               (rotate(y, 17) ^ rotate(y, 19) ^ y >> 10);
    }
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (int i = 0; i < 64; ++i) {
        const uint32_t one = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) +
                             ((e & f) ^ (~e & g)) + constants[i] + w[i];
        const uint32_t two =
            (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + one;
        d = c, c = b, b = a, a = one + two;
    }
    const uint32_t add[8] = {a, b, c, d, e, f, g, h};
    for (int i = 0; i < 8; ++i) state[i] += add[i];
}

void sha256(uint32_t n) {
    uint32_t state[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    uint32_t constants[64];
    uint32_t block[16];
    uint32_t seed = 256;
    for (int i = 0; i < 64; ++i) constants[i] = next_random(&seed);
    for (int i = 0; i < 16; ++i) block[i] = next_random(&seed);
    begin();
    for (n *= 1000; n != 0; --n) {
        block[n % 16] ^= n;
        sha_block(state, constants, block);
    }
    end(state[0]);
}

void matrix(uint32_t n) {
    enum { kSide = 96 };
    static int32_t a[kSide][kSide];
    static int32_t b[kSide][kSide];
    static int32_t c[kSide][kSide];
    for (int i = 0; i < kSide; ++i)
        for (int k = 0; k < kSide; ++k) {
            a[i][k] = i * 3 + k;
            b[i][k] = i - k * 7;
        }
    uint32_t check = 0;
    begin();
    while (n-- != 0) {
        for (int i = 0; i < kSide; ++i)
            for (int k = 0; k < kSide; ++k) {
                int32_t total = 0;
                for (int m = 0; m < kSide; ++m) total += a[i][m] * b[m][k];
                c[i][k] = total;
            }
        a[n % kSide][n % 7] += c[n % 11][n % kSide];
        check = mix(check, (uint32_t)c[n % kSide][n % 13]);
    }
    end(check);
}

void division(uint32_t n) {
    uint32_t seed = 99;
    uint32_t check = 0;
    begin();
    while (n-- != 0) {
        uint32_t a = next_random(&seed);
        uint32_t b = next_random(&seed) >> 3 | 1;
        while (b != 0) {
            const uint32_t rest = a % b;
            a = b;
            b = rest;
        }
        check = mix(check, a);
    }
    end(check);
}
