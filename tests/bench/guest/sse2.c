// SSE2: scalar and packed doubles, packed floats, packed integers.
#include <emmintrin.h>

#include "tests/bench/guest/nbody.h"

void sse2_nbody(uint32_t n) {
    nbody(n);
}

// Two points at a time.
void sse2_mandelbrot(uint32_t n) {
    uint32_t total = 0;
    begin();
    for (uint32_t row = 0; row < n; ++row)
        for (uint32_t column = 0; column < n; column += 2) {
            const __m128d a = _mm_set_pd(-2.0 + 2.5 * column / n, -2.0 + 2.5 * (column + 1) / n);
            const __m128d b = _mm_set1_pd(-1.25 + 2.5 * row / n);
            __m128d x = _mm_setzero_pd();
            __m128d y = _mm_setzero_pd();
            for (uint32_t steps = 0; steps < 200; ++steps) {
                const __m128d xx = _mm_mul_pd(x, x);
                const __m128d yy = _mm_mul_pd(y, y);
                const int inside =
                    _mm_movemask_pd(_mm_cmplt_pd(_mm_add_pd(xx, yy), _mm_set1_pd(4)));
                if (inside == 0) break;
                total += (uint32_t)((inside & 1) + (inside >> 1));
                y = _mm_add_pd(_mm_mul_pd(_mm_add_pd(x, x), y), b);
                x = _mm_add_pd(_mm_sub_pd(xx, yy), a);
            }
        }
    end(total);
}

void sse2_saxpy(uint32_t n) {
    enum { kLength = 8192 };
    static float x[kLength] __attribute__((aligned(16)));
    static float y[kLength] __attribute__((aligned(16)));
    for (int i = 0; i < kLength; ++i) {
        x[i] = (float)i / 3;
        y[i] = (float)(i % 17);
    }
    begin();
    while (n-- != 0) {
        const __m128 a = _mm_set1_ps((n & 1) ? 0.5f : -0.5f);
        for (int i = 0; i < kLength; i += 4)
            _mm_store_ps(y + i, _mm_add_ps(_mm_mul_ps(a, _mm_load_ps(x + i)), _mm_load_ps(y + i)));
    }
    end(mix_bytes(0, y, sizeof y));
}

// Blends two rows of bytes in 16-bit steps, as a decoder or a window system does.
void sse2_pixels(uint32_t n) {
    enum { kLength = 16384 };
    static unsigned char a[kLength] __attribute__((aligned(16)));
    static unsigned char b[kLength] __attribute__((aligned(16)));
    uint32_t seed = 8;
    for (int i = 0; i < kLength; ++i) {
        a[i] = (unsigned char)next_random(&seed);
        b[i] = (unsigned char)next_random(&seed);
    }
    const __m128i zero = _mm_setzero_si128();
    begin();
    while (n-- != 0) {
        const __m128i part = _mm_set1_epi16((short)(n & 255));
        for (int i = 0; i < kLength; i += 16) {
            const __m128i one = _mm_load_si128((const __m128i*)(a + i));
            const __m128i two = _mm_load_si128((const __m128i*)(b + i));
            const __m128i low = _mm_mullo_epi16(
                _mm_sub_epi16(_mm_unpacklo_epi8(one, zero), _mm_unpacklo_epi8(two, zero)), part);
            const __m128i high = _mm_mullo_epi16(
                _mm_sub_epi16(_mm_unpackhi_epi8(one, zero), _mm_unpackhi_epi8(two, zero)), part);
            const __m128i change = _mm_packs_epi16(_mm_srai_epi16(low, 8), _mm_srai_epi16(high, 8));
            _mm_store_si128((__m128i*)(b + i), _mm_add_epi8(two, change));
        }
    }
    end(mix_bytes(0, b, sizeof b));
}
