/* lib/num/sobol.c, halton.c and lhs.c: golden values of SciPy, stratification, uniformity, and what low discrepancy is for: integrating better. */
#include "numeric.h"

#include "../golden/sequence.h"
#include "num/random.h"
#include "num/sequence.h"
#include <string.h>

enum { DIMENSIONS_MAX = 1111, DEPTH = 32, WORDS = DIMENSIONS_MAX * DEPTH };

static uint32_t *directions;

static int load_directions(void **state) {
    (void)state;
    directions = grab(WORDS, sizeof *directions);
    hpo__sobol_directions(directions, DIMENSIONS_MAX);
    return 0;
}

static int drop_directions(void **state) {
    (void)state;
    free(directions);
    return 0;
}

static hpo__halton_dimension *halton_table(size_t d, uint64_t seed) {
    hpo__halton_dimension *table = grab(1, hpo__halton_size(d));
    hpo__halton_fill(table, d, seed);
    return table;
}

/* ---- all of them as one kind of thing: n points of d dimensions, point i in x[i * d ...] ---- */

enum { RANDOM, SOBOL, HALTON, LHS, KINDS };

static void sample(int kind, size_t n, size_t d, uint64_t seed, double *x) {
    hpo__halton_dimension *table = kind == HALTON ? halton_table(d, seed) : NULL;
    for (size_t i = 0; i < n; i++)
        switch (kind) {
        case SOBOL:
            hpo__sobol_point(directions, d, seed, (uint32_t)i, x + i * d);
            break;
        case HALTON:
            hpo__halton_point(table, d, i, x + i * d);
            break;
        case LHS:
            hpo__lhs_point(n, d, seed, i, x + i * d);
            break;
        default:
            hpo__random_uniforms(seed, i, HPO__FOR_RANDOM, x + i * d, d);
            break;
        }
    free(table);
}

/* ---- Sobol ---- */

static uint64_t hash_words(const uint32_t *words, size_t n) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ words[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static void sobol_equals_scipy(void **state) {
    (void)state;
    assert_true(hpo__sobol_dimensions() >= DIMENSIONS_MAX);
    assert_true(hash_words(directions, WORDS) == golden_directions);
    for (size_t k = 0; k < sizeof golden_sobol / sizeof *golden_sobol; k++) {
        uint32_t index = golden_sobol[k].index, gray = index ^ index >> 1; /* SciPy counts in Gray code */
        uint32_t bits[DIMENSIONS_MAX];
        for (size_t j = 0; j < DIMENSIONS_MAX; j++)
            bits[j] = hpo__sobol_bits(directions, j, gray);
        for (size_t j = 0; j < GOLDEN_SHOWN; j++)
            assert_int_equal(bits[golden_shown[j]], golden_sobol[k].bits[j]);
        assert_true(hash_words(bits, DIMENSIONS_MAX) == golden_sobol[k].hash);
    }
}

static void sobol_directions_of_fewer_dimensions(void **state) {
    (void)state;
    for (size_t d = 0; d <= 40; d++) {
        uint32_t *few  = grab(d * DEPTH + 1, sizeof *few);
        few[d * DEPTH] = 77;
        hpo__sobol_directions(few, d);
        assert_memory_equal(few, directions, d * DEPTH * sizeof *few);
        assert_int_equal(few[d * DEPTH], 77);
        free(few);
    }
}

/* Each of the first 2^m points has its own cell of width 2^-m, in every dimension, scrambled or not. */
static void sobol_stratifies_every_dimension(void **state) {
    (void)state;
    enum { M = 8, N = 1 << M };
    double *x = grab((size_t)N * DIMENSIONS_MAX, sizeof *x);
    sample(SOBOL, N, DIMENSIONS_MAX, 3, x);
    for (size_t j = 0; j < DIMENSIONS_MAX; j++) {
        unsigned char plain[N] = {0}, scrambled[N] = {0};
        for (uint32_t i = 0; i < N; i++) {
            assert_int_equal(plain[hpo__sobol_bits(directions, j, i) >> (32 - M)]++, 0);
            assert_int_equal(scrambled[(size_t)(x[(size_t)i * DIMENSIONS_MAX + j] * N)]++, 0);
        }
    }
    free(x);
}

/* The first two dimensions are a (0,2)-sequence: every elementary interval 2^-a x 2^-(m-a) holds one of 2^m points, from any multiple of 2^m on. */
static void sobol_stratifies_two_dimensions(void **state) {
    (void)state;
    for (unsigned m = 1; m <= 10; m++)
        for (uint64_t seed = 0; seed < 4; seed++)
            for (unsigned a = 0; a <= m; a++) {
                unsigned char seen[1024] = {0};
                for (uint32_t i = 0; i < 1u << m; i++) {
                    double x[2];
                    hpo__sobol_point(directions, 2, seed, (uint32_t)(seed << m) + i, x);
                    size_t cell = (size_t)ldexp(x[0], (int)a) << (m - a) | (size_t)ldexp(x[1], (int)(m - a));
                    assert_int_equal(seen[cell]++, 0);
                }
            }
}

static unsigned common_bits(uint32_t a, uint32_t b) {
    unsigned count = 0;
    while (count < 32 && (a >> (31 - count) & 1u) == (b >> (31 - count) & 1u))
        count++;
    return count;
}

/* Nested scrambling keeps the length of the common prefix of any two points of a dimension, at all 32 digits. */
static void sobol_scrambling_is_nested(void **state) {
    (void)state;
    for (uint32_t trial = 0; trial < 20000; trial++) {
        uint32_t j = (uint32_t)hpo__random_below(1, trial, 1, 0, 40), a = (uint32_t)hpo__random_bits(1, trial, 1, 1),
                 b = (uint32_t)hpo__random_bits(1, trial, 1, 2);
        b ^= trial % 2 == 0 ? 0 : (a ^ b) & ~((UINT32_C(2) << (31 - trial % 32)) - 1); /* long common prefixes too */
        double xa[40], xb[40];
        hpo__sobol_point(directions, j + 1, trial / 100, a, xa);
        hpo__sobol_point(directions, j + 1, trial / 100, b, xb);
        unsigned plain = common_bits(hpo__sobol_bits(directions, j, a), hpo__sobol_bits(directions, j, b));
        assert_int_equal(common_bits((uint32_t)ldexp(xa[j], 32), (uint32_t)ldexp(xb[j], 32)), plain);
    }
}

/* Where two points first differ, the digits that follow are scrambled independently: in the pair, each digit differs half of the time. */
static void sobol_scrambling_avalanches(void **state) {
    (void)state;
    enum { TRIALS = 4000 };
    for (unsigned flipped = 0; flipped < 31; flipped++) { /* dimension 0: bit k of the index is digit k */
        size_t differ[53] = {0};
        for (uint32_t trial = 0; trial < TRIALS; trial++) {
            uint32_t index = trial % 4 == 0 ? trial / 4 : (uint32_t)hpo__random_bits(2, trial, 1, 0); /* small indices as users have them, and any */
            double   a, b;
            hpo__sobol_point(directions, 1, trial, index, &a);
            hpo__sobol_point(directions, 1, trial, index ^ 1u << flipped, &b);
            uint64_t difference = (uint64_t)ldexp(a, 53) ^ (uint64_t)ldexp(b, 53);
            for (unsigned digit = 0; digit < 53; digit++)
                differ[digit] += difference >> (52 - digit) & 1;
        }
        for (unsigned digit = 0; digit < 53; digit++) {
            if (digit < flipped)
                assert_int_equal(differ[digit], 0);
            else if (digit == flipped)
                assert_int_equal(differ[digit], TRIALS);
            else
                assert_true(fabs((double)differ[digit] / TRIALS - 0.5) < 0.06); /* 7 standard errors, for the hash is not perfect */
        }
    }
}

/* ---- Halton ---- */

static void halton_sizes(void **state) {
    (void)state;
    assert_true(hpo__halton_size(1) > 512);
    for (size_t d = 1; d < 5000; d += 700)
        assert_true(hpo__halton_size(d) > hpo__halton_size(d - 1) && hpo__halton_size(d) < d * 2000);
    assert_int_equal(hpo__halton_size(100001), 0);
    assert_int_equal(hpo__halton_size(SIZE_MAX), 0);
}

/* p^k points from a multiple of p^k on have one each of the p^k cells: so the base is p, and the digits' scrambling is a bijection. */
static void halton_stratifies_every_dimension(void **state) {
    (void)state;
    static const struct {
        size_t   dimension;
        uint32_t prime;
    } known[] = {{0, 2}, {1, 3}, {2, 5}, {3, 7}, {4, 11}, {5, 13}, {9, 29}, {24, 97}, {99, 541}, {999, 7919}};
    enum { D = 1000 };
    hpo__halton_dimension *table = halton_table(D, 4);
    double                *x     = grab(D, sizeof *x);
    for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
        uint32_t p = known[k].prime;
        for (uint64_t cells = p; cells <= 8000; cells *= p)
            for (uint64_t block = 0; block < 3; block++) {
                unsigned char *seen  = grab((size_t)cells, 1);
                uint64_t       first = block * (cells > 1000 ? 1 : UINT64_C(1000000007)) * cells; /* late points take the other way to divide */
                for (uint64_t i = 0; i < cells; i++) {
                    hpo__halton_point(table, known[k].dimension + 1, first + i, x);
                    assert_int_equal(seen[(size_t)(x[known[k].dimension] * (double)cells + 1e-7)]++, 0);
                }
                free(seen);
            }
    }
    free(x);
    free(table);
}

/* Indices of all magnitudes: in range, and no two neighbours alike in any dimension. */
static void halton_points_differ(void **state) {
    (void)state;
    enum { D = 30 };
    hpo__halton_dimension *table = halton_table(D, 8);
    for (uint32_t trial = 0; trial < 2000; trial++) {
        uint64_t index = hpo__random_bits(1, trial, 2, 0) >> trial % 60;
        double   a[D], b[D];
        hpo__halton_point(table, D, index, a);
        hpo__halton_point(table, D, index ^ 1, b); /* neighbours differ in the first digit of base 2 by exactly one half of the range */
        assert_true((a[0] < 0.5) != (b[0] < 0.5));
        for (size_t j = 0; j < D; j++)
            assert_true(a[j] >= 0 && a[j] < 1 && a[j] != b[j]);
    }
    free(table);
}

static void halton_has_thousands_of_dimensions(void **state) {
    (void)state;
    enum { D = 5000, N = 40 };
    hpo__halton_dimension *table = halton_table(D, 9);
    double                *x     = grab(D, sizeof *x);
    for (uint64_t i = 0; i < N; i++) {
        hpo__halton_point(table, D, i < N - 2 ? i : UINT64_MAX - i, x);
        for (size_t j = 0; j < D; j++)
            assert_true(x[j] >= 0 && x[j] < 1);
        assert_true(p_uniform(x, D) > P_LEAST);
    }
    free(x);
    free(table);
}

/* ---- Latin hypercube ---- */

static void lhs_has_one_point_per_cell(void **state) {
    (void)state;
    for (size_t n = 1; n <= 200; n = n * 5 / 4 + 1)
        for (size_t d = 1; d <= 7; d += 3) {
            double *x = grab(n * d, sizeof *x);
            sample(LHS, n, d, n, x);
            for (size_t j = 0; j < d; j++) {
                unsigned char seen[201] = {0};
                for (size_t i = 0; i < n; i++)
                    assert_int_equal(seen[(size_t)(x[i * d + j] * (double)n)]++, 0);
            }
            free(x);
        }
}

static void lhs_of_huge_samples_stays_in_range(void **state) {
    (void)state;
    static const uint64_t sizes[] = {UINT64_MAX, UINT64_C(1) << 63, (UINT64_C(1) << 53) + 1, 1000003};
    enum { N = 4000 };
    double *x = grab(N, sizeof *x);
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        for (uint64_t i = 0; i < N; i++) {
            double point[5];
            hpo__lhs_point(sizes[k], 5, 1, i % 2 == 0 ? i : sizes[k] - i, point);
            for (size_t j = 0; j < 5; j++)
                assert_true(point[j] >= 0 && point[j] < 1);
            x[i] = point[3];
        }
        assert_true(p_uniform(x, N) > P_LEAST);
    }
    free(x);
}

/* ---- every kind ---- */

/* Over many seeds, one point is uniform in each dimension and independent between dimensions. */
static void every_point_is_uniform_over_seeds(void **state) {
    (void)state;
    enum { N = 64, SEEDS = 20000, D = 6 };
    double *x = grab(SEEDS, sizeof *x), point[D];
    for (int kind = SOBOL; kind < KINDS; kind++)
        for (size_t i = 0; i < N; i += 21)
            for (size_t j = 0; j < D; j++) {
                size_t pairs[16 * 16] = {0};
                for (uint64_t seed = 0; seed < SEEDS; seed++) {
                    hpo__halton_dimension *table = kind == HALTON ? halton_table(D, seed) : NULL;
                    if (kind == SOBOL)
                        hpo__sobol_point(directions, D, seed, (uint32_t)i, point);
                    else if (kind == HALTON)
                        hpo__halton_point(table, D, i, point);
                    else
                        hpo__lhs_point(N, D, seed, i, point);
                    free(table);
                    x[seed] = point[j];
                    pairs[(size_t)(16 * point[j]) * 16 + (size_t)(16 * point[(j + 1) % D])]++;
                }
                assert_true(p_equal_counts(pairs, 256) > P_LEAST);
                assert_true(p_uniform(x, SEEDS) > P_LEAST);
            }
    free(x);
}

static void seeds_give_different_points_and_repeat(void **state) {
    (void)state;
    enum { N = 50, D = 9, NUMBERS = N * D };
    double a[NUMBERS], b[NUMBERS], c[NUMBERS];
    for (int kind = SOBOL; kind < KINDS; kind++) {
        sample(kind, N, D, 1, a);
        sample(kind, N, D, 1, b);
        sample(kind, N, D, 2, c);
        assert_memory_equal(a, b, sizeof a);
        for (size_t i = 0; i < NUMBERS; i++)
            assert_true(a[i] != c[i]);
    }
}

/* Warnock 1972: the square of the L2-star discrepancy in closed form. */
static double discrepancy_squared(const double *x, size_t n, size_t d) {
    double pairs = 0, singles = 0;
    for (size_t i = 0; i < n; i++) {
        double single = 1;
        for (size_t k = 0; k < d; k++)
            single *= (1 - x[i * d + k] * x[i * d + k]) / 2;
        singles += single;
        for (size_t j = 0; j < n; j++) {
            double pair = 1;
            for (size_t k = 0; k < d; k++)
                pair *= 1 - fmax(x[i * d + k], x[j * d + k]);
            pairs += pair;
        }
    }
    return pow(3, -(double)d) - 2 * singles / (double)n + pairs / ((double)n * (double)n);
}

static void sobol_discrepancy_equals_scipy(void **state) {
    (void)state;
    for (size_t k = 0; k < sizeof golden_discrepancy / sizeof *golden_discrepancy; k++) {
        size_t  n = golden_discrepancy[k].n, d = golden_discrepancy[k].d;
        double *x = grab(n * d, sizeof *x);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < d; j++)
                x[i * d + j] = hpo__sobol_bits(directions, j, (uint32_t)i) / 4294967296.0;
        assert_true(fabs(sqrt(discrepancy_squared(x, n, d)) / golden_discrepancy[k].discrepancy - 1) < 1e-9);
        free(x);
    }
}

static double mean_discrepancy_squared(int kind, size_t n, size_t d) {
    enum { SEEDS = 30 };
    double *x = grab(n * d, sizeof *x), sum = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        sample(kind, n, d, seed + 100, x);
        sum += discrepancy_squared(x, n, d);
    }
    free(x);
    return sum / SEEDS;
}

/* The mean square of random points is known, (2^-d - 3^-d) / n; the others are to be below that, by how much shrinks with the dimension. */
static void discrepancy_is_below_random(void **state) {
    (void)state;
    static const struct {
        size_t d;
        double limit[KINDS]; /* of the ratio to random */
    } cases[] = {{1, {1.3, 0.02, 0.02, 0.02}}, {2, {1.3, 0.08, 0.1, 0.5}}, {5, {1.3, 0.4, 0.5, 0.95}}, {8, {1.3, 0.6, 0.85, 1}}};
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++)
        for (int kind = 0; kind < KINDS; kind++) {
            size_t d      = cases[k].d;
            double random = (pow(2, -(double)d) - pow(3, -(double)d)) / 128, ratio = mean_discrepancy_squared(kind, 128, d) / random;
            print_message("d = %zu, kind %d: %.4f of random\n", d, kind, ratio);
            assert_true(ratio < cases[k].limit[kind]);
            if (kind == RANDOM)
                assert_true(ratio > 0.7);
        }
}

/* A smooth function with interactions whose integral is 1. */
static double smooth(const double *x, size_t d) {
    double product = 1;
    for (size_t j = 0; j < d; j++)
        product *= exp(x[j]) / (exp(1) - 1);
    return product;
}

static double root_mean_square_error(int kind, size_t n, size_t d) {
    enum { SEEDS = 50 };
    double *x = grab(n * d, sizeof *x), sum = 0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        double mean = 0;
        sample(kind, n, d, seed + 1000, x);
        for (size_t i = 0; i < n; i++)
            mean += smooth(x + i * d, d) / (double)n;
        sum += (mean - 1) * (mean - 1);
    }
    free(x);
    return sqrt(sum / SEEDS);
}

/* Owen 1997: the error of a scrambled net falls like n^-3/2 (log n)^((d-1)/2) on smooth functions; that of random points like n^-1/2. */
static void integration_errors_fall_as_they_should(void **state) {
    (void)state;
    enum { D = 3, FEW = 64, MANY = 4096 };
    double error[KINDS], rate[KINDS];
    for (int kind = 0; kind < KINDS; kind++) {
        error[kind] = root_mean_square_error(kind, MANY, D);
        rate[kind]  = log(error[kind] / root_mean_square_error(kind, FEW, D)) / log((double)MANY / FEW);
        print_message("kind %d: error %.3g at n = %d, like n^%.2f\n", kind, error[kind], MANY, rate[kind]);
    }
    assert_true(rate[RANDOM] > -0.65 && rate[RANDOM] < -0.35);
    assert_true(rate[SOBOL] < -1.25 && error[SOBOL] < error[RANDOM] / 100);
    assert_true(rate[HALTON] < -0.85 && error[HALTON] < error[RANDOM] / 20);
    assert_true(error[LHS] < error[RANDOM] / 1.5);
}

/* In many dimensions few points must not line up in any plane of two coordinates, as those of plain or linearly scrambled Halton do (correlations to 0.97). */
static void far_dimensions_are_not_correlated(void **state) {
    (void)state;
    enum { N = 256, D = 100 };
    double *x = grab((size_t)N * D, sizeof *x);
    for (int kind = 0; kind < KINDS; kind++) {
        double worst = 0, square = 0;
        sample(kind, N, D, 77, x);
        for (size_t a = 0; a < D; a++)
            for (size_t b = 0; b < a; b++) {
                double correlation = 0;
                for (size_t i = 0; i < N; i++)
                    correlation += 12 * (x[i * D + a] - 0.5) * (x[i * D + b] - 0.5) / N;
                worst = fmax(worst, fabs(correlation));
                square += correlation * correlation;
            }
        double deviation = sqrt(square / (D * (D - 1) / 2.0)) * sqrt(N);
        print_message("kind %d: correlations up to %.2f, deviation %.2f of random\n", kind, worst, deviation);
        assert_true(deviation < 1.3);
        assert_true(worst < 0.5);
    }
    free(x);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sobol_equals_scipy),
        cmocka_unit_test(sobol_directions_of_fewer_dimensions),
        cmocka_unit_test(sobol_stratifies_every_dimension),
        cmocka_unit_test(sobol_stratifies_two_dimensions),
        cmocka_unit_test(sobol_scrambling_is_nested),
        cmocka_unit_test(sobol_scrambling_avalanches),
        cmocka_unit_test(halton_sizes),
        cmocka_unit_test(halton_stratifies_every_dimension),
        cmocka_unit_test(halton_points_differ),
        cmocka_unit_test(halton_has_thousands_of_dimensions),
        cmocka_unit_test(lhs_has_one_point_per_cell),
        cmocka_unit_test(lhs_of_huge_samples_stays_in_range),
        cmocka_unit_test(every_point_is_uniform_over_seeds),
        cmocka_unit_test(seeds_give_different_points_and_repeat),
        cmocka_unit_test(sobol_discrepancy_equals_scipy),
        cmocka_unit_test(discrepancy_is_below_random),
        cmocka_unit_test(integration_errors_fall_as_they_should),
        cmocka_unit_test(far_dimensions_are_not_correlated),
    };
    return cmocka_run_group_tests(tests, load_directions, drop_directions);
}
