/* Random numbers of the tests' own (SplitMix64, Steele, Lea and Flood 2014), and a check that says which seed failed. Include cmocka.h first. */
#ifndef HPO_TESTS_DRAW_H
#define HPO_TESTS_DRAW_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Some C libraries have these as float. */
#define NONE ((double)NAN)
#define INF  ((double)INFINITY)

typedef struct draw {
    uint64_t state;
} draw;

static inline uint64_t draw_bits(draw *d) {
    uint64_t z = d->state += 0x9e3779b97f4a7c15u;
    z          = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z          = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* 0 ... n - 1. */
static inline uint64_t draw_below(draw *d, uint64_t n) {
    return draw_bits(d) % n;
}

static inline int64_t draw_between(draw *d, int64_t low, int64_t high) {
    return low + (int64_t)draw_below(d, (uint64_t)(high - low) + 1);
}

/* [0,1). */
static inline double draw_unit(draw *d) {
    return (double)(draw_bits(d) >> 11) / 9007199254740992.0;
}

/* Any bit pattern: also infinities, NaN and denormals. */
static inline double draw_double(draw *d) {
    uint64_t bits = draw_bits(d);
    double   value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* cmocka's own comparison goes through float. */
static inline int near(double a, double b, double tolerance) {
    return a - b <= tolerance && b - a <= tolerance;
}

/* A property does not hold: says where the random object came from, and what is wrong. */
#define HOLDS(condition, seed, ...)                                                                                                                  \
    do {                                                                                                                                             \
        if (!(condition)) {                                                                                                                          \
            print_error("seed %llu: " #condition ": ", (unsigned long long)(seed));                                                                  \
            print_error(__VA_ARGS__);                                                                                                                \
            print_error("\n");                                                                                                                       \
            fail();                                                                                                                                  \
        }                                                                                                                                            \
    } while (0)

#endif
