/*
 * Latin hypercube sampling without storage.
 *
 * Source: M. D. McKay, R. J. Beckman, W. J. Conover, "A comparison of three methods for selecting values of input variables ...", Technometrics 21, 1979.
 * Deviation: each dimension's permutation is a keyed one (hpo__permute), so that a point costs O(d) time and no memory.
 */
#include "num/random.h"
#include "num/sequence.h"
#include "num/wide.h"
#include <math.h>

/* Rounding may carry a point to the upper edge of its cell [cell, cell + 1) / n, which belongs to the next. */
static double in_cell(uint64_t cell, uint64_t n, double jitter) {
    double x = ((double)cell + jitter) / (double)n, high = ((double)cell + 1.0) / (double)n;
    return x < high ? x : nextafter(high, 0.0);
}

void hpo__lhs_point(uint64_t n, size_t d, uint64_t seed, uint64_t index, double *out) {
    uint64_t key[2], jitter[2];
    for (size_t j = 0; j < d; j++) {
        if (j % 2 == 0) {
            /* No index equals UINT64_MAX, so the keys' numbers are not the jitter's. */
            hpo__random_pair(seed, UINT64_MAX, HPO__FOR_LHS, (uint32_t)(j / 2), key);
            hpo__random_pair(seed, index, HPO__FOR_LHS, (uint32_t)(j / 2), jitter);
        }
        out[j] = in_cell(hpo__permute(index, n, key[j % 2]), n, hpo__unit(jitter[j % 2]));
    }
}
