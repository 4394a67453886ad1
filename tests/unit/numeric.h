/* Goodness of fit for the tests of random numbers. Seeds are fixed, so a test passes always or never; the limits are those of a p-value near 1e-4. */
#ifndef HPO_TEST_NUMERIC_H
#define HPO_TEST_NUMERIC_H

/* cmocka wants these before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "num/special.h"
#include "num/stats.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define P_LEAST 1e-4

/* p-value of counts that are all expected to be total / cells. */
static inline double p_equal_counts(const size_t *counts, size_t cells) {
    double total = 0, square = 0;
    for (size_t i = 0; i < cells; i++)
        total += (double)counts[i];
    double expected = total / (double)cells;
    for (size_t i = 0; i < cells; i++)
        square += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
    return hpo__chi_square_upper(square, (double)(cells - 1));
}

/* p-value of Kolmogorov and Smirnov for x[n] uniform in [0,1]; sorts x. Stephens' form of the asymptotic series. */
static inline double p_uniform(double *x, size_t n) {
    double distance = 0, root = sqrt((double)n), p = 0;
    hpo__stats_sort(x, n);
    for (size_t i = 0; i < n; i++) {
        distance = fmax(distance, (double)(i + 1) / (double)n - x[i]);
        distance = fmax(distance, x[i] - (double)i / (double)n);
    }
    double scaled = (root + 0.12 + 0.11 / root) * distance;
    if (scaled < 0.3)
        return 1;
    for (int k = 1; k < 50; k++)
        p += (k % 2 == 1 ? 2 : -2) * exp(-2.0 * k * k * scaled * scaled);
    return p;
}

static inline void *grab(size_t count, size_t size) {
    void *block = calloc(count, size);
    if (block == NULL)
        abort();
    return block;
}

#endif
