/*
 * Halton's sequence, randomised.
 *
 * Sources: J. H. Halton, "On the efficiency of certain quasi-random sequences of points", Numer. Math. 2, 1960; random linear scrambling of the digits:
 * J. Matousek, "On the L2-discrepancy for anchored boxes", J. Complexity 14, 1998.
 * Deviations: a linear map of the digits keeps the first points of two dimensions with large bases on a lattice, for some seeds nearly on a line. So digit k
 * becomes factor_k * (digit + before_k)^e + after_k mod p instead; e > 1 without a common divisor with p - 1 makes the power a permutation, and one without a
 * line. The infinitely many zeros after an index's last digit are scrambled too; their sums are kept per number of digits, so that a point costs its own
 * digits only. Divisions by the base are multiplications by its reciprocal.
 * Memory: 32 bytes per dimension and 24 per digit, 64 digits for base 2, 5 for the thousandth prime.
 */
#include "num/random.h"
#include "num/sequence.h"
#include "num/wide.h"
#include <stdbool.h>

/* The primes p are at most 1299709, so that (2 p)^2 < 2^64 / p: products of two digits can be reduced by the reciprocal. */
enum { DIMENSIONS_MAX = 100000 };

typedef struct digit {
    uint32_t factor, before, after;
    double   tail; /* all digits from this one on, when they are zeros, as a fraction 0.d_k d_(k+1) ... */
} digit;

struct hpo__halton_dimension {
    uint64_t reciprocal; /* ceil(2^64 / base) */
    double   unit;       /* 1 / base */
    uint32_t base;
    uint32_t exponent;
    uint32_t digits; /* base^digits >= 2^64; one more `digit` holds a tail of zero */
    uint32_t offset; /* of the digits in bytes from here: they follow the dimensions */
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

/* n / base. With c = ceil(2^64 / base), (c * n) >> 64 is exact while n < c. */
static inline uint64_t divide(const hpo__halton_dimension *dimension, uint64_t n) {
    return n < dimension->reciprocal ? hpo__mulhi(n, dimension->reciprocal) : n / dimension->base;
}

/* n mod base for n < 2^64 / base. */
static inline uint64_t reduce(const hpo__halton_dimension *dimension, uint64_t n) {
    return n - hpo__mulhi(n, dimension->reciprocal) * dimension->base;
}

static inline uint64_t scramble(const hpo__halton_dimension *dimension, const digit *at, uint64_t value) {
    uint64_t square = value + at->before, power = square; /* up to 2 * base: reduced after the first product */
    for (uint32_t rest = dimension->exponent >> 1; rest != 0; rest >>= 1) {
        square = reduce(dimension, square * square);
        if (rest & 1u)
            power = reduce(dimension, power * square);
    }
    return reduce(dimension, at->factor * power + at->after);
}

static uint32_t greatest_common_divisor(uint32_t a, uint32_t b) {
    while (b != 0) {
        uint32_t rest = a % b;
        a             = b;
        b             = rest;
    }
    return a;
}

static void fill_digits(const hpo__halton_dimension *dimension, digit *digits, uint64_t seed, size_t j) {
    uint32_t p = dimension->base;
    for (uint32_t k = 0; k < dimension->digits; k++) {
        digits[k].factor = 1 + (uint32_t)hpo__random_below(seed, j, HPO__FOR_HALTON, 3 * k, p - 1);
        digits[k].before = (uint32_t)hpo__random_below(seed, j, HPO__FOR_HALTON, 3 * k + 1, p);
        digits[k].after  = (uint32_t)hpo__random_below(seed, j, HPO__FOR_HALTON, 3 * k + 2, p);
    }
    double tail = 0;
    for (uint32_t k = dimension->digits; k-- > 0;)
        tail = digits[k].tail = ((double)scramble(dimension, &digits[k], 0) + tail) * dimension->unit;
    digits[dimension->digits] = (digit){1, 0, 0, 0};
}

void hpo__halton_fill(hpo__halton_dimension *table, size_t d, uint64_t seed) {
    digit *digits = (digit *)(void *)(table + d);
    for (size_t j = 0; j < d; j++) {
        uint32_t p          = next_prime(table, j);
        table[j].base       = p;
        table[j].unit       = 1.0 / p;
        table[j].reciprocal = UINT64_MAX / p + 1;
        table[j].exponent   = 3;
        while (greatest_common_divisor(table[j].exponent, p - 1) != 1)
            table[j].exponent += 2;
        table[j].digits = digits_of(p);
        table[j].offset = (uint32_t)((const char *)digits - (const char *)&table[j]);
        fill_digits(&table[j], digits, seed, j);
        digits += table[j].digits + 1;
    }
}

static double coordinate(const hpo__halton_dimension *dimension, uint64_t index) {
    const digit *at = (const digit *)(const void *)((const char *)dimension + dimension->offset);
    uint64_t     p  = dimension->base;
    double       x = 0, scale = 1; /* base^-(digits done) */
    for (; index != 0; at++) {
        uint64_t quotient = divide(dimension, index);
        scale *= dimension->unit;
        x += (double)scramble(dimension, at, index - quotient * p) * scale;
        index = quotient;
    }
    x += at->tail * scale;
    return x < 1.0 ? x : 1.0 - 0x1p-53;
}

void hpo__halton_point(const hpo__halton_dimension *table, size_t d, uint64_t index, double *out) {
    for (size_t j = 0; j < d; j++)
        out[j] = coordinate(&table[j], index);
}
