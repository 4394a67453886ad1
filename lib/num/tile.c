/*
 * Sums of products with vectors of two (every x86-64 and ARM64) or four (AVX2) numbers, or in plain C. A sum stays in one lane of one register from its first term to
 * its last, and there is no fused multiply-add (lib/meson.build), so that all of these give the same bits.
 *
 * About 50, 18 and 4 Gflop/s for vectors of four, of two and plain C on a 3.3 GHz Zen 4 core, whose limit for four is 53.
 */
#include "num/tile.h"
#include <string.h>

enum { ROWS = HPO__TILE_ROWS, LANES = HPO__LANES, TWO_ROWS = 2 * LANES, THREE_ROWS = 3 * LANES };

void hpo__tile_solve_row(const double *a, ptrdiff_t along, double *p, ptrdiff_t next, ptrdiff_t depth) {
    double sums[LANES], *x = p + depth * next, inverse = 1 / a[depth * along];
    hpo__tile_product_row(sums, a, along, p, next, depth);
    for (size_t c = 0; c < LANES; c++)
        x[c] = (x[c] - sums[c]) * inverse;
}

#if defined(__GNUC__) && !defined(HPO__TILE_PLAIN)

typedef double pair __attribute__((vector_size(16), aligned(8), may_alias)); /* what every x86-64 and ARM64 has */

/* ROWS rows by two vectors: as many sums as there are registers for. They must be variables of their own to stay in registers. */
#define TILE_SUMS(vector, width)                                                                                                                     \
    vector s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0}, t0 = {0}, t1 = {0}, t2 = {0}, t3 = {0};                                                           \
    for (ptrdiff_t k = 0; k < depth; k++) {                                                                                                          \
        const double *column = a + k * along, *row = p + k * next;                                                                                   \
        vector        left = *(const vector *)row, right = *(const vector *)(row + (width));                                                         \
        s0 += column[0] * left;                                                                                                                      \
        t0 += column[0] * right;                                                                                                                     \
        s1 += column[down] * left;                                                                                                                   \
        t1 += column[down] * right;                                                                                                                  \
        s2 += column[2 * down] * left;                                                                                                               \
        t2 += column[2 * down] * right;                                                                                                              \
        s3 += column[3 * down] * left;                                                                                                               \
        t3 += column[3 * down] * right;                                                                                                              \
    }

#define TILE_STORE(vector, width)                                                                                                                    \
    *(vector *)out                          = s0;                                                                                                    \
    *(vector *)(out + (width))              = t0;                                                                                                    \
    *(vector *)(out + LANES)                = s1;                                                                                                    \
    *(vector *)(out + LANES + (width))      = t1;                                                                                                    \
    *(vector *)(out + TWO_ROWS)             = s2;                                                                                                    \
    *(vector *)(out + TWO_ROWS + (width))   = t2;                                                                                                    \
    *(vector *)(out + THREE_ROWS)           = s3;                                                                                                    \
    *(vector *)(out + THREE_ROWS + (width)) = t3;

/* The triangle of coefficients c[r][q] that is left, and the inverses of its pivots; x are the rows to solve for. */
#define TILE_SOLVE(vector, width)                                                                                                                    \
    const double *c  = a + depth * along;                                                                                                            \
    double       *x  = p + depth * next;                                                                                                             \
    double        i0 = 1 / c[0], i1 = 1 / c[down + along], i2 = 1 / c[2 * (down + along)], i3 = 1 / c[3 * (down + along)];                           \
    s0           = (*(vector *)x - s0) * i0;                                                                                                         \
    t0           = (*(vector *)(x + (width)) - t0) * i0;                                                                                             \
    s1           = (*(vector *)(x + next) - (s1 + c[down] * s0)) * i1;                                                                               \
    t1           = (*(vector *)(x + next + (width)) - (t1 + c[down] * t0)) * i1;                                                                     \
    s2           = (*(vector *)(x + 2 * next) - (s2 + c[2 * down] * s0 + c[2 * down + along] * s1)) * i2;                                            \
    t2           = (*(vector *)(x + 2 * next + (width)) - (t2 + c[2 * down] * t0 + c[2 * down + along] * t1)) * i2;                                  \
    s3           = (*(vector *)(x + 3 * next) - (s3 + c[3 * down] * s0 + c[3 * down + along] * s1 + c[3 * down + 2 * along] * s2)) * i3;             \
    t3           = (*(vector *)(x + 3 * next + (width)) - (t3 + c[3 * down] * t0 + c[3 * down + along] * t1 + c[3 * down + 2 * along] * t2)) * i3;   \
    *(vector *)x = s0;                                                                                                                               \
    *(vector *)(x + (width))            = t0;                                                                                                        \
    *(vector *)(x + next)               = s1;                                                                                                        \
    *(vector *)(x + next + (width))     = t1;                                                                                                        \
    *(vector *)(x + 2 * next)           = s2;                                                                                                        \
    *(vector *)(x + 2 * next + (width)) = t2;                                                                                                        \
    *(vector *)(x + 3 * next)           = s3;                                                                                                        \
    *(vector *)(x + 3 * next + (width)) = t3;

static void half_tile(double *out, const double *a, ptrdiff_t down, ptrdiff_t along, const double *p, ptrdiff_t next, ptrdiff_t depth) {
    TILE_SUMS(pair, 2)
    TILE_STORE(pair, 2)
}

static void half_solve(const double *a, ptrdiff_t down, ptrdiff_t along, double *p, ptrdiff_t next, ptrdiff_t depth) {
    TILE_SUMS(pair, 2)
    TILE_SOLVE(pair, 2)
}

static void plain_tile(double *out, const double *a, ptrdiff_t down, ptrdiff_t along, const double *p, ptrdiff_t next, ptrdiff_t depth) {
    half_tile(out, a, down, along, p, next, depth);
    half_tile(out + LANES / 2, a, down, along, p + LANES / 2, next, depth);
}

static void plain_solve(const double *a, ptrdiff_t down, ptrdiff_t along, double *p, ptrdiff_t next, ptrdiff_t depth) {
    half_solve(a, down, along, p, next, depth);
    half_solve(a, down, along, p + LANES / 2, next, depth);
}

void hpo__tile_product_row(double *out, const double *a, ptrdiff_t along, const double *p, ptrdiff_t next, ptrdiff_t depth) {
    pair s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
    for (ptrdiff_t k = 0; k < depth; k++) {
        const double  factor = a[k * along];
        const double *row    = p + k * next;
        s0 += factor * *(const pair *)row;
        s1 += factor * *(const pair *)(row + 2);
        s2 += factor * *(const pair *)(row + 4);
        s3 += factor * *(const pair *)(row + 6);
    }
    *(pair *)out       = s0;
    *(pair *)(out + 2) = s1;
    *(pair *)(out + 4) = s2;
    *(pair *)(out + 6) = s3;
}

static void plain_lanes(double *out, const double *x, const double *y, size_t n) {
    pair s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
    for (size_t i = 0; i < n; i += LANES) {
        s0 += *(const pair *)(x + i) * *(const pair *)(y + i);
        s1 += *(const pair *)(x + i + 2) * *(const pair *)(y + i + 2);
        s2 += *(const pair *)(x + i + 4) * *(const pair *)(y + i + 4);
        s3 += *(const pair *)(x + i + 6) * *(const pair *)(y + i + 6);
    }
    *(pair *)out       = s0;
    *(pair *)(out + 2) = s1;
    *(pair *)(out + 4) = s2;
    *(pair *)(out + 6) = s3;
}

void hpo__tile_rows_by_column(double *out, const double *a, size_t ld, const double *x, size_t depth) {
    pair s0 = {0}, s1 = {0}, s2 = {0}, s3 = {0};
    for (size_t k = 0; k < depth; k++) {
        const double *column = a + k;
        s0 += (pair){column[0], column[ld]} * x[k];
        s1 += (pair){column[2 * ld], column[3 * ld]} * x[k];
        s2 += (pair){column[4 * ld], column[5 * ld]} * x[k];
        s3 += (pair){column[6 * ld], column[7 * ld]} * x[k];
    }
    *(pair *)out       = s0;
    *(pair *)(out + 2) = s1;
    *(pair *)(out + 4) = s2;
    *(pair *)(out + 6) = s3;
}

#if defined(__x86_64__)

typedef double quad __attribute__((vector_size(32), aligned(8), may_alias));

__attribute__((target("avx2"))) static void avx2_tile(double *out, const double *a, ptrdiff_t down, ptrdiff_t along, const double *p, ptrdiff_t next,
                                                      ptrdiff_t depth) {
    TILE_SUMS(quad, 4)
    TILE_STORE(quad, 4)
}

__attribute__((target("avx2"))) static void avx2_solve(const double *a, ptrdiff_t down, ptrdiff_t along, double *p, ptrdiff_t next, ptrdiff_t depth) {
    TILE_SUMS(quad, 4)
    TILE_SOLVE(quad, 4)
}

__attribute__((target("avx2"))) static void avx2_lanes(double *out, const double *x, const double *y, size_t n) {
    quad s0 = {0}, s1 = {0};
    for (size_t i = 0; i < n; i += LANES) {
        s0 += *(const quad *)(x + i) * *(const quad *)(y + i);
        s1 += *(const quad *)(x + i + 4) * *(const quad *)(y + i + 4);
    }
    *(quad *)out       = s0;
    *(quad *)(out + 4) = s1;
}

#endif

#else

void hpo__tile_product_row(double *out, const double *a, ptrdiff_t along, const double *p, ptrdiff_t next, ptrdiff_t depth) {
    memset(out, 0, LANES * sizeof *out);
    for (ptrdiff_t k = 0; k < depth; k++)
        for (ptrdiff_t c = 0; c < LANES; c++)
            out[c] += a[k * along] * p[k * next + c];
}

static void plain_tile(double *out, const double *a, ptrdiff_t down, ptrdiff_t along, const double *p, ptrdiff_t next, ptrdiff_t depth) {
    for (ptrdiff_t r = 0; r < ROWS; r++)
        hpo__tile_product_row(out + r * LANES, a + r * down, along, p, next, depth);
}

static void plain_solve(const double *a, ptrdiff_t down, ptrdiff_t along, double *p, ptrdiff_t next, ptrdiff_t depth) {
    for (ptrdiff_t r = 0; r < ROWS; r++)
        hpo__tile_solve_row(a + r * down, along, p, next, depth + r);
}

static void plain_lanes(double *out, const double *x, const double *y, size_t n) {
    memset(out, 0, LANES * sizeof *out);
    for (size_t i = 0; i < n; i += LANES)
        for (size_t c = 0; c < LANES; c++)
            out[c] += x[i + c] * y[i + c];
}

void hpo__tile_rows_by_column(double *out, const double *a, size_t ld, const double *x, size_t depth) {
    for (size_t r = 0; r < LANES; r++) {
        out[r] = 0;
        for (size_t k = 0; k < depth; k++)
            out[r] += a[r * ld + k] * x[k];
    }
}

#endif

hpo__tile_kernels hpo__tile_choose(void) {
#if defined(__GNUC__) && defined(__x86_64__) && !defined(HPO__TILE_PLAIN)
    if (__builtin_cpu_supports("avx2"))
        return (hpo__tile_kernels){avx2_tile, avx2_solve, avx2_lanes};
#endif
    return (hpo__tile_kernels){plain_tile, plain_solve, plain_lanes};
}
