// Five bodies under gravity, in doubles: x87 and SSE2 code are made from the same source.
#pragma once

#include "tests/bench/guest/bench.h"

enum { kBodies = 5 };

struct Body {
    double place[3];
    double speed[3];
    double mass;
};

static void advance(struct Body* bodies, double step) {
    for (int i = 0; i < kBodies; ++i)
        for (int k = i + 1; k < kBodies; ++k) {
            _Alignas(32) double d[3];
            double square = 0;
            for (int axis = 0; axis < 3; ++axis) {
                d[axis] = bodies[i].place[axis] - bodies[k].place[axis];
                square += d[axis] * d[axis];
            }
            const double pull = step / (square * __builtin_sqrt(square));
            for (int axis = 0; axis < 3; ++axis) {
                bodies[i].speed[axis] -= d[axis] * bodies[k].mass * pull;
                bodies[k].speed[axis] += d[axis] * bodies[i].mass * pull;
            }
        }
    for (int i = 0; i < kBodies; ++i)
        for (int axis = 0; axis < 3; ++axis) bodies[i].place[axis] += step * bodies[i].speed[axis];
}

static void nbody(uint32_t steps) {
    // Where a stack lies must not decide which numbers lie across two cache lines.
    _Alignas(64) struct Body bodies[kBodies] = {
        {{0, 0, 0}, {0, 0, 0}, 39.47},
        {{4.84, -1.16, -0.10}, {0.606, 2.811, -0.025}, 0.0377},
        {{8.34, 4.12, -0.40}, {-1.010, 1.825, 0.008}, 0.0113},
        {{12.89, -15.11, -0.22}, {1.082, 0.868, -0.010}, 0.0017},
        {{15.37, -25.91, 0.17}, {0.979, 0.594, -0.034}, 0.0020},
    };
    begin();
    while (steps-- != 0) advance(bodies, 0.01);
    uint32_t check = 0;
    for (int i = 0; i < kBodies; ++i) check = mix_double(check, bodies[i].place[0]);
    end(check);
}
