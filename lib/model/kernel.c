/*
 * Matern-5/2 from squared distances (Rasmussen & Williams, Gaussian Processes for Machine Learning, eq. 4.17), in loops that compilers turn into vectors: of two numbers
 * for any x86-64 or ARM64, of four where the processor has AVX2. The bits are the same.
 */
#include "model/kernel.h"

#include "num/elementary.h"

#include <math.h>

enum { BLOCK = 64 };

#if defined(__GNUC__)
#define BODY static inline __attribute__((always_inline)) void
#else
#define BODY static inline void
#endif

BODY add_distances(bool choice, double value, const double *restrict others, size_t n, double weight, double *restrict r2) {
    if (choice) {
        for (size_t j = 0; j < n; j++)
            r2[j] += others[j] != value ? weight : 0;
    } else {
        for (size_t j = 0; j < n; j++) {
            double gap = others[j] - value;
            r2[j] += gap * gap * weight;
        }
    }
}

BODY roots(const double *restrict r2, size_t n, double *restrict q, double *restrict decay) {
    for (size_t j = 0; j < n; j++) {
        q[j]     = sqrt(5 * r2[j]);
        decay[j] = -q[j];
    }
}

BODY values(const double *restrict q, const double *restrict decay, size_t n, double signal, double *restrict k) {
    for (size_t j = 0; j < n; j++)
        k[j] = (1 + q[j] + q[j] * q[j] * (1.0 / 3)) * (signal * decay[j]);
}

BODY slopes(const double *restrict q, const double *restrict decay, size_t n, double signal, double *restrict slope) {
    for (size_t j = 0; j < n; j++)
        slope[j] = (5.0 / 3) * (1 + q[j]) * (signal * decay[j]);
}

BODY matern(const double *r2, size_t n, double signal, double *k, double *slope) {
    for (size_t start = 0; start < n; start += BLOCK) {
        double q[BLOCK], decay[BLOCK];
        size_t count = n - start < BLOCK ? n - start : BLOCK;
        roots(r2 + start, count, q, decay);
        hpo__exp_many(decay, count);
        values(q, decay, count, signal, k + start);
        if (slope != NULL)
            slopes(q, decay, count, signal, slope + start);
    }
}

#if defined(__GNUC__) && defined(__x86_64__)

__attribute__((target("avx2"))) static void avx2_add_distances(bool choice, double value, const double *others, size_t n, double weight, double *r2) {
    add_distances(choice, value, others, n, weight, r2);
}

__attribute__((target("avx2"))) static void avx2_matern(const double *r2, size_t n, double signal, double *k, double *slope) {
    matern(r2, n, signal, k, slope);
}

void hpo__kernel_add_distances(bool choice, double value, const double *others, size_t n, double weight, double *r2) {
    if (__builtin_cpu_supports("avx2"))
        avx2_add_distances(choice, value, others, n, weight, r2);
    else
        add_distances(choice, value, others, n, weight, r2);
}

void hpo__kernel_matern(const double *r2, size_t n, double signal, double *k, double *slope) {
    if (__builtin_cpu_supports("avx2"))
        avx2_matern(r2, n, signal, k, slope);
    else
        matern(r2, n, signal, k, slope);
}

#else

void hpo__kernel_add_distances(bool choice, double value, const double *others, size_t n, double weight, double *r2) {
    add_distances(choice, value, others, n, weight, r2);
}

void hpo__kernel_matern(const double *r2, size_t n, double signal, double *k, double *slope) {
    matern(r2, n, signal, k, slope);
}

#endif
