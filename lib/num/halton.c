/*
 * Halton's sequence, randomised.
 *
 * Sources: J. H. Halton, "On the efficiency of certain quasi-random sequences of points", Numer. Math. 2, 1960; random linear scrambling of the digits:
 * J. Matousek, "On the L2-discrepancy for anchored boxes", J. Complexity 14, 1998 (the diagonal form: digit k becomes a_k * digit + b_k mod p, a_k != 0).
 * The infinitely many zeros after an index's last digit are scrambled too, to b_k; their sums are kept per number of digits, so a point costs its own
 * digits only. Divisions by the base are multiplications by its reciprocal.
 * Memory: 32 bytes per dimension and 16 per digit, 64 digits for base 2, 5 for the thousandth prime.
 */
#include "num/random.h"
#include "num/sequence.h"
#include "num/wide.h"
#include <stdbool.h>

/* Primes stay below 2^21, so that a * digit + b stays below 2^42, where the reciprocal is exact. */
enum { DIMENSIONS_MAX = 100000 };

typedef struct digit {
    uint32_t factor, shift;
    double   tail; /* 0.b_k b_(k+1) ... in the base: all shifts from this digit on */
} digit;

struct hpo__halton_dimension {
    uint64_t reciprocal; /* ceil(2^64 / base) */
    double   unit;       /* 1 / base */
    uint32_t base;
    uint32_t digits; /* base^digits >= 2^64; one more `digit` holds a tail of zero */
    size_t   first;  /* of the digits, which follow the dimensions */
};

/* Digits until base^digits >= 2^64: enough for any index, and what comes after lies below 2^-64. */
static uint32_t digits_of(uint64_t base) {
    uint32_t count = 0;
    for (uint64_t rest = UINT64_MAX; rest != 0; rest /= base)
        count++;
    return count;
}

size_t hpo__halton_size(size_t d) {
    if (d > DIMENSIONS_MAX)
        return 0;
    size_t size = d * sizeof(hpo__halton_dimension);
    for (size_t j = 0; j < d; j++) /* the j-th prime is at least j + 2 */
        size += (digits_of(j + 2) + 1) * sizeof(digit);
    return size;
}

/* Next prime after the j bases before it. */
static uint32_t next_prime(const hpo__halton_dimension *table, size_t j) {
    if (j == 0)
        return 2;
    for (uint32_t p = table[j - 1].base + 1;; p++) {
        bool prime = true;
        for (size_t i = 0; prime && i < j && (uint64_t)table[i].base * table[i].base <= p; i++)
            prime = p % table[i].base != 0;
        if (prime)
            return p;
    }
}

static void fill_digits(const hpo__halton_dimension *dimension, digit *digits, uint64_t seed, size_t j) {
    uint32_t p = dimension->base;
    for (uint32_t k = 0; k < dimension->digits; k++) {
        digits[k].factor = 1 + (uint32_t)hpo__random_below(seed, j, HPO__FOR_HALTON, 2 * k, p - 1);
        digits[k].shift  = (uint32_t)hpo__random_below(seed, j, HPO__FOR_HALTON, 2 * k + 1, p);
    }
    double tail = 0;
    for (uint32_t k = dimension->digits; k-- > 0;)
        tail = digits[k].tail = (digits[k].shift + tail) * dimension->unit;
    digits[dimension->digits] = (digit){1, 0, 0};
}

void hpo__halton_fill(hpo__halton_dimension *table, size_t d, uint64_t seed) {
    digit *digits = (digit *)(void *)(table + d);
    size_t first  = 0;
    for (size_t j = 0; j < d; j++) {
        uint32_t p          = next_prime(table, j);
        table[j].base       = p;
        table[j].unit       = 1.0 / p;
        table[j].reciprocal = UINT64_MAX / p + 1;
        table[j].digits     = digits_of(p);
        table[j].first      = first;
        fill_digits(&table[j], digits + first, seed, j);
        first += table[j].digits + 1;
    }
}

/* n / base. With c = ceil(2^64 / base), (c * n) >> 64 is exact while n < c. */
static inline uint64_t divide(const hpo__halton_dimension *dimension, uint64_t n) {
    return n < dimension->reciprocal ? hpo__mulhi(n, dimension->reciprocal) : n / dimension->base;
}

static double coordinate(const hpo__halton_dimension *dimension, const digit *at, uint64_t index) {
    uint64_t p = dimension->base;
    double   x = 0, scale = 1; /* base^-(digits done) */
    for (; index != 0; at++) {
        uint64_t quotient  = divide(dimension, index);
        uint64_t scrambled = at->factor * (index - quotient * p) + at->shift;
        scrambled -= hpo__mulhi(scrambled, dimension->reciprocal) * p;
        scale *= dimension->unit;
        x += (double)scrambled * scale;
        index = quotient;
    }
    x += at->tail * scale;
    return x < 1.0 ? x : 1.0 - 0x1p-53;
}

void hpo__halton_point(const hpo__halton_dimension *table, size_t d, uint64_t index, double *out) {
    const digit *digits = (const digit *)(const void *)(table + d);
    for (size_t j = 0; j < d; j++)
        out[j] = coordinate(&table[j], digits + table[j].first, index);
}
