/*
 * Sobol's sequence with nested uniform (Owen) scrambling.
 *
 * Sources: I. M. Sobol, "On the distribution of points in a cube ...", 1967; direction numbers of Joe and Kuo (sobol_directions.inc); A. B. Owen, "Randomly
 * permuted (t,m,s)-nets", 1995; scrambling by a hash in which a bit depends only on more significant ones: S. Laine and T. Karras, "Stratified sampling for
 * stochastic transparency", EGSR 2011; B. Burley, "Practical hash-based Owen scrambling", JCGT 9(4), 2020; constants of N. Vegdahl, "Building a better LK
 * hash", 2021.
 * Deviations: the summand and the factor of the hash come from different key bits; the index is not shuffled, so a sequence can be continued; the digits after
 * the 32nd, zeros whose scrambling depends on all digits before, are a hash of those.
 * Cost: 32 vectorisable steps and half a Philox block per dimension. Memory: 128 bytes per dimension, in the caller's table.
 */
#include "num/random.h"
#include "num/sequence.h"
#include "num/wide.h"

#include "num/sobol_directions.inc"

enum { BITS = 32 };

size_t hpo__sobol_dimensions(void) {
    return SOBOL_DIMENSIONS;
}

/* Continues the first s numbers of one dimension, m[0 ... s-1], by the recurrence of the polynomial (degree s, all coefficients as bits). */
static void extend(uint32_t v[BITS], unsigned polynomial, unsigned s, const uint16_t *m) {
    for (unsigned k = 0; k < s; k++)
        v[k] = (uint32_t)m[k] << (BITS - 1 - k);
    for (unsigned k = s; k < BITS; k++) {
        v[k] = v[k - s] ^ (v[k - s] >> s);
        for (unsigned i = 1; i < s; i++)
            if (polynomial >> (s - i) & 1u)
                v[k] ^= v[k - i];
    }
}

void hpo__sobol_directions(uint32_t *directions, size_t d) {
    const uint16_t *row = sobol_rows;
    for (unsigned k = 0; k < BITS && d > 0; k++) /* the first dimension is van der Corput's sequence */
        directions[k] = UINT32_C(1) << (BITS - 1 - k);
    for (size_t j = 1; j < d; j++) {
        unsigned s = 0;
        while (row[0] >> (s + 1) != 0)
            s++;
        extend(directions + j * BITS, row[0], s, row + 1);
        row += 1 + s;
    }
}

uint32_t hpo__sobol_bits(const uint32_t *directions, size_t j, uint32_t index) {
    uint32_t x = 0;
    for (const uint32_t *v = directions + j * BITS; index != 0; index >>= 1, v++)
        x ^= *v & (0u - (index & 1u));
    return x;
}

static inline uint32_t reverse_bits(uint32_t x) {
    x = (x >> 1 & 0x55555555u) | (x & 0x55555555u) << 1;
    x = (x >> 2 & 0x33333333u) | (x & 0x33333333u) << 2;
    x = (x >> 4 & 0x0f0f0f0fu) | (x & 0x0f0f0f0fu) << 4;
    x = (x >> 8 & 0x00ff00ffu) | (x & 0x00ff00ffu) << 8;
    return x >> 16 | x << 16;
}

/* Every step is a bijection in which a bit depends on itself and lower bits only: on the reversed digits, that is a nested scrambling. */
static inline uint32_t scramble(uint32_t x, uint64_t key) {
    x = reverse_bits(x);
    x ^= x * 0x3d20adeau;
    x += (uint32_t)key;
    x *= (uint32_t)(key >> 32) | 1u;
    x ^= x * 0x05526c56u;
    x ^= x * 0x53a22864u;
    return reverse_bits(x);
}

void hpo__sobol_point(const uint32_t *directions, size_t d, uint64_t seed, uint32_t index, double *out) {
    uint32_t mask[BITS]; /* a loop of fixed length without branches beats one over the set bits */
    for (unsigned k = 0; k < BITS; k++)
        mask[k] = 0u - (index >> k & 1u);

    uint64_t key[2];
    for (size_t j = 0; j < d; j++) {
        if (j % 2 == 0)
            hpo__random_pair(seed, 0, HPO__FOR_SOBOL, (uint32_t)(j / 2), key);
        const uint32_t *v = directions + j * BITS;
        uint32_t        x = 0;
        for (unsigned k = 0; k < BITS; k++)
            x ^= v[k] & mask[k];
        x             = scramble(x, key[j % 2]);
        uint64_t tail = hpo__mix(key[j % 2] ^ (x * UINT64_C(0x9e3779b97f4a7c15)));
        out[j]        = hpo__unit((uint64_t)x << 32 | tail >> 32);
    }
}
