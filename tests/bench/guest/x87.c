// x87: a Mandelbrot set and the bodies of nbody.h.
#include "tests/bench/guest/nbody.h"

void x87_mandelbrot(uint32_t n) {
    uint32_t total = 0;
    begin();
    for (uint32_t row = 0; row < n; ++row)
        for (uint32_t column = 0; column < n; ++column) {
            const double a = -2.0 + 2.5 * column / n;
            const double b = -1.25 + 2.5 * row / n;
            double x = 0;
            double y = 0;
            uint32_t steps = 0;
            for (; steps < 200 && x * x + y * y < 4; ++steps) {
                const double t = x * x - y * y + a;
                y = 2 * x * y + b;
                x = t;
            }
            total += steps;
        }
    end(total);
}

void x87_nbody(uint32_t n) {
    nbody(n);
}
