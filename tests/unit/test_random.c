/* lib/num/random.c: known answers, uniformity and independence of the streams, and the keyed permutations. */
#include "numeric.h"

#include "num/random.h"
#include <string.h>

enum { SAMPLES = 100000 };

/* The published vectors of the Random123 distribution (tests/kat_vectors, philox4x32 10). */
static void known_answers(void **state) {
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } vectors[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}, {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
        uint32_t out[4];
        hpo__philox(vectors[i].counter, vectors[i].key, out);
        assert_memory_equal(out, vectors[i].out, sizeof out);
    }
}

/* The layout is part of the promise that a seed repeats a study, so it must not change. */
static void layout_of_blocks(void **state) {
    (void)state;
    const uint64_t seed = UINT64_C(0x0123456789abcdef), number = UINT64_C(0xfedcba9876543210);
    for (uint32_t index = 0; index < 20; index++) {
        uint32_t counter[4] = {0x76543210u, 0xfedcba98u, 77, index / 2}, key[2] = {0x89abcdefu, 0x01234567u}, out[4];
        uint64_t pair[2];
        hpo__philox(counter, key, out);
        uint64_t expected = index % 2 == 0 ? (uint64_t)out[1] << 32 | out[0] : (uint64_t)out[3] << 32 | out[2];
        hpo__random_pair(seed, number, 77, index / 2, pair);
        assert_true(hpo__random_bits(seed, number, 77, index) == expected);
        assert_true(pair[index % 2] == expected);
        assert_true(hpo__random_uniform(seed, number, 77, index) == ldexp((double)(expected >> 11), -53));
    }
}

static void uniforms_are_the_single_numbers(void **state) {
    (void)state;
    double out[34];
    for (size_t n = 0; n <= 33; n++) {
        out[n] = -1;
        hpo__random_uniforms(5, n, HPO__FOR_RANDOM, out, n);
        for (size_t i = 0; i < n; i++)
            assert_true(out[i] == hpo__random_uniform(5, n, HPO__FOR_RANDOM, (uint32_t)i));
        assert_true(out[n] == -1);
    }
}

/* Along each of the four arguments: p by Kolmogorov-Smirnov, and by chi-square over 16 x 16 cells of neighbours. */
static void uniform_along_every_argument(void **state) {
    (void)state;
    double *x = grab(SAMPLES, sizeof *x);
    for (int axis = 0; axis < 5; axis++) {
        size_t pairs[256] = {0};
        for (uint32_t i = 0; i < SAMPLES; i++) {
            switch (axis) {
            case 0:
                x[i] = hpo__random_uniform(i, 1, 2, 3);
                break;
            case 1:
                x[i] = hpo__random_uniform(1, i, 2, 3);
                break;
            case 2:
                x[i] = hpo__random_uniform(1, 2, i, 3);
                break;
            case 3:
                x[i] = hpo__random_uniform(1, 2, 3, i);
                break;
            default:
                x[i] = hpo__random_uniform((uint64_t)i << 32, (uint64_t)i << 40, 3, 4);
                break;
            }
            assert_true(x[i] >= 0 && x[i] < 1);
            if (i % 2 == 1)
                pairs[(size_t)(x[i - 1] * 16) * 16 + (size_t)(x[i] * 16)]++;
        }
        assert_true(p_equal_counts(pairs, 256) > P_LEAST);
        assert_true(p_uniform(x, SAMPLES) > P_LEAST);
    }
    free(x);
}

/* Each of the 64 bits is 1 half of the time, and independent of the next one. */
static void every_bit_is_random(void **state) {
    (void)state;
    size_t counts[64][4] = {{0}};
    for (uint32_t i = 0; i < SAMPLES; i++) {
        uint64_t bits = hpo__random_bits(9, i, HPO__FOR_ZOOM, i % 5);
        for (unsigned b = 0; b < 64; b++)
            counts[b][(bits >> b & 1) * 2 + (bits >> (b + 1) % 64 & 1)]++;
    }
    for (unsigned b = 0; b < 64; b++)
        assert_true(p_equal_counts(counts[b], 4) > P_LEAST / 10);
}

static void below_is_uniform_and_in_range(void **state) {
    (void)state;
    static const uint64_t limits[] = {1, 2, 3, 7, 10, 1000};
    for (size_t k = 0; k < sizeof limits / sizeof *limits; k++) {
        size_t counts[1000] = {0};
        for (uint32_t i = 0; i < SAMPLES; i++) {
            uint64_t value = hpo__random_below(3, k, 4, i, limits[k]);
            assert_true(value < limits[k]);
            counts[value]++;
        }
        if (limits[k] > 1)
            assert_true(p_equal_counts(counts, (size_t)limits[k]) > P_LEAST);
    }
    double *x = grab(SAMPLES, sizeof *x); /* close to 2^64 */
    for (uint32_t i = 0; i < SAMPLES; i++) {
        uint64_t value = hpo__random_below(3, 8, 4, i, UINT64_MAX);
        assert_true(value < UINT64_MAX);
        x[i] = (double)value / 18446744073709551616.0;
    }
    assert_true(p_uniform(x, SAMPLES) > P_LEAST);
    free(x);
}

static void permutations_are_bijections(void **state) {
    (void)state;
    for (uint64_t n = 1; n <= 300; n++)
        for (uint64_t key = 0; key < 8; key++) {
            unsigned char seen[300] = {0};
            for (uint64_t i = 0; i < n; i++) {
                uint64_t image = hpo__permute(i, n, key * UINT64_C(0x123456789));
                assert_true(image < n);
                assert_int_equal(seen[image]++, 0);
                assert_true(hpo__permute_inverse(image, n, key * UINT64_C(0x123456789)) == i);
            }
        }
}

static void large_permutations_have_inverses(void **state) {
    (void)state;
    static const uint64_t sizes[] = {1000,
                                     65536,
                                     65537,
                                     1000003,
                                     UINT64_C(4294967295),
                                     UINT64_C(4294967296),
                                     UINT64_C(4294967297),
                                     UINT64_C(1) << 52,
                                     UINT64_C(1) << 63,
                                     (UINT64_C(1) << 63) + 1,
                                     UINT64_MAX};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        uint64_t n = sizes[k];
        for (uint32_t i = 0; i < 2000; i++) {
            uint64_t value = i < 10 ? i : i < 20 ? n - (i - 9) : hpo__random_below(11, k, 1, i, n), key = hpo__random_bits(12, k, 1, i / 100);
            uint64_t image = hpo__permute(value, n, key);
            assert_true(image < n);
            assert_true(hpo__permute_inverse(image, n, key) == value);
            image = hpo__permute_inverse(value, n, key);
            assert_true(image < n);
            assert_true(hpo__permute(image, n, key) == value);
        }
    }
}

/* Number of a permutation of n <= 6 in lexicographic order. */
static size_t rank_of(const uint64_t *image, size_t n) {
    size_t rank = 0;
    for (size_t i = 0; i < n; i++) {
        size_t smaller = 0;
        for (size_t j = i + 1; j < n; j++)
            smaller += image[j] < image[i];
        rank = rank * (n - i) + smaller;
    }
    return rank;
}

static size_t rank_of_key(size_t n, uint64_t key) {
    uint64_t image[6];
    for (size_t i = 0; i < n; i++)
        image[i] = hpo__permute(i, n, key);
    return rank_of(image, n);
}

static void small_permutations_are_all_equally_likely(void **state) {
    (void)state;
    size_t factorial = 1;
    for (size_t n = 2; n <= 6; n++) {
        factorial *= n;
        size_t counts[720] = {0};
        for (uint64_t key = 0; key < 100 * factorial; key++)
            counts[rank_of_key(n, key)]++;
        assert_true(p_equal_counts(counts, factorial) > P_LEAST);
    }
}

/* Joint images of four points, where all permutations are too many to count. */
static void images_of_four_points_are_equally_likely(void **state) {
    (void)state;
    static const uint64_t sizes[] = {8, 10, 16, 17};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        uint64_t n     = sizes[k];
        size_t   cells = (size_t)(n * (n - 1) * (n - 2) * (n - 3)), used = 0;
        size_t  *counts = grab((size_t)(n * n * n * n), sizeof *counts);
        for (uint64_t key = 0; key < 20 * cells; key++) {
            uint64_t at = hpo__permute(0, n, key) * n + hpo__permute(1, n, key);
            counts[(at * n + hpo__permute(n / 2, n, key)) * n + hpo__permute(n - 1, n, key)]++;
        }
        for (size_t i = 0; i < n * n * n * n; i++)
            if (counts[i] > 0)
                counts[used++] = counts[i];
        assert_int_equal(used, cells);
        assert_true(p_equal_counts(counts, cells) > P_LEAST);
        free(counts);
    }
}

/* Callers number their keys 0, 1, 2 ...: neighbours must have nothing in common. */
static void neighbouring_keys_are_independent(void **state) {
    (void)state;
    size_t counts[576] = {0};
    for (uint64_t key = 0; key < 200000; key += 2)
        counts[rank_of_key(4, key) * 24 + rank_of_key(4, key + 1)]++;
    assert_true(p_equal_counts(counts, 576) > P_LEAST);
}

/* Every place is taken by every element equally often, and so is every pair of places by neighbours; inversions have their known mean and variance. */
static void permutations_shuffle(void **state) {
    (void)state;
    enum { N = 20, KEYS = 20000 };
    size_t(*places)[N] = grab(N, sizeof *places), (*pairs)[N] = grab(N, sizeof *pairs);
    double sum = 0, square = 0;
    for (uint64_t key = 0; key < KEYS; key++) {
        uint64_t image[N];
        double   inversions = 0;
        for (size_t i = 0; i < N; i++) {
            image[i] = hpo__permute(i, N, key << 20);
            places[i][image[i]]++;
            for (size_t j = 0; j < i; j++)
                inversions += image[j] > image[i];
        }
        pairs[image[3]][image[4]]++;
        sum += inversions;
        square += inversions * inversions;
    }
    for (size_t i = 0; i < N; i++)
        assert_true(p_equal_counts(places[i], N) > P_LEAST / 10);
    size_t off_diagonal[N * (N - 1)], count = 0;
    for (size_t a = 0; a < N; a++)
        for (size_t b = 0; b < N; b++)
            if (a == b)
                assert_int_equal(pairs[a][b], 0);
            else
                off_diagonal[count++] = pairs[a][b];
    assert_true(p_equal_counts(off_diagonal, count) > P_LEAST);

    double mean = sum / KEYS, variance = square / KEYS - mean * mean, exact = N * (N - 1) * (2.0 * N + 5) / 72;
    assert_true(fabs(mean - N * (N - 1) / 4.0) < 4 * sqrt(exact / KEYS));
    assert_true(fabs(variance / exact - 1) < 0.05);
    free(places);
    free(pairs);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers),
        cmocka_unit_test(layout_of_blocks),
        cmocka_unit_test(uniforms_are_the_single_numbers),
        cmocka_unit_test(uniform_along_every_argument),
        cmocka_unit_test(every_bit_is_random),
        cmocka_unit_test(below_is_uniform_and_in_range),
        cmocka_unit_test(permutations_are_bijections),
        cmocka_unit_test(large_permutations_have_inverses),
        cmocka_unit_test(small_permutations_are_all_equally_likely),
        cmocka_unit_test(images_of_four_points_are_equally_likely),
        cmocka_unit_test(neighbouring_keys_are_independent),
        cmocka_unit_test(permutations_shuffle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
