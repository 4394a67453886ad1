/*
 * e^x = 2^k e^r, k = round(x / ln 2), |r| <= ln(2)/2: the Taylor polynomial of degree 13, whose remainder is below 5e-18. k ln 2 is taken off in two parts (Cody & Waite,
 * Software Manual for the Elementary Functions, 1980, ch. 6).
 * log x = k ln 2 + log m, m in [sqrt(1/2), sqrt 2): log m = 2 artanh(s), s = (m - 1) / (m + 1), s^2 < 0.0295: eleven terms of its series, remainder below 1e-18.
 *
 * No branches, tables or conversions, so that compilers turn the loops into vectors of whatever width; no fused multiply-add (lib/meson.build): the same bits everywhere.
 * Cost: about 2 ns a number with AVX2, 5 ns without (3.3 GHz Zen 4).
 */
#include "num/elementary.h"

#include <stdint.h>
#include <string.h>

#define LN2_HIGH    0x1.62e42feep-1       /* 32 bits: times k it is exact */
#define LN2_LOW     0x1.a39ef35793c76p-33 /* ln 2 less that */
#define INVERSE_LN2 0x1.71547652b82fep+0
#define TO_INTEGER  0x1.8p52 /* added: the integer nearest stands in the last bits */
#define ONE_BITS    UINT64_C(0x3ff0000000000000)
#define ROOT_BITS   UINT64_C(0x3fe6a09e667f3bcd) /* sqrt(1/2) */
#define TWO_52_BITS UINT64_C(0x4330000000000000) /* 2^52: with an integer below it in its last bits, that much more */

static inline uint64_t bits_of(double x) {
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline double number_of(uint64_t bits) {
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline double exp_one(double x) {
    double y = x > -708 ? x : -708, kept = x > -708 ? 1 : 0;
    y              = y < 709 ? y : 709;
    double shifted = y * INVERSE_LN2 + TO_INTEGER, k = shifted - TO_INTEGER;
    double r = (y - k * LN2_HIGH) - k * LN2_LOW, p = 1.0 / 6227020800;
    p = p * r + 1.0 / 479001600;
    p = p * r + 1.0 / 39916800;
    p = p * r + 1.0 / 3628800;
    p = p * r + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
    p = p * (r * r) + r + 1;
    return number_of(bits_of(p) + (bits_of(shifted) << 52)) * kept;
}

static inline double log_one(double x) {
    uint64_t offset = bits_of(x) - ROOT_BITS + ONE_BITS; /* its exponent is k + 1023 */
    uint64_t biased = offset >> 52;
    double   k = number_of(TWO_52_BITS | biased) - (0x1p52 + 1023), m = number_of(bits_of(x) - (biased << 52) + ONE_BITS);
    double   s = (m - 1) / (m + 1), t = s * s, p = 1.0 / 23;
    p = p * t + 1.0 / 21;
    p = p * t + 1.0 / 19;
    p = p * t + 1.0 / 17;
    p = p * t + 1.0 / 15;
    p = p * t + 1.0 / 13;
    p = p * t + 1.0 / 11;
    p = p * t + 1.0 / 9;
    p = p * t + 1.0 / 7;
    p = p * t + 1.0 / 5;
    p = p * t + 1.0 / 3;
    /* 2 artanh(s) = (m - 1) - s (m - 1) + 2 s^3 (...): the first term carries no rounding */
    return k * LN2_HIGH + ((m - 1) - (s * (m - 1) - 2 * s * t * p) + k * LN2_LOW);
}

#define EXP_LOOP                                                                                                                                     \
    for (size_t i = 0; i < n; i++)                                                                                                                   \
        x[i] = exp_one(x[i]);
#define LOG_LOOP                                                                                                                                     \
    for (size_t i = 0; i < n; i++)                                                                                                                   \
        x[i] = log_one(x[i]);

#if defined(__GNUC__) && defined(__x86_64__)

__attribute__((target("avx2"))) static void avx2_exp(double *x, size_t n) {
    EXP_LOOP
}

__attribute__((target("avx2"))) static void avx2_log(double *x, size_t n) {
    LOG_LOOP
}

#endif

void hpo__exp_many(double *x, size_t n) {
#if defined(__GNUC__) && defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        avx2_exp(x, n);
        return;
    }
#endif
    EXP_LOOP
}

void hpo__log_many(double *x, size_t n) {
#if defined(__GNUC__) && defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        avx2_log(x, n);
        return;
    }
#endif
    LOG_LOOP
}
