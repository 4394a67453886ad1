/* lib/num/stream.c: published numbers of SplitMix64 and xoshiro256**, goodness of fit, and the ends of the range. */
#include "numeric.h"

#include "num/stream.h"
#include <string.h>

enum { MANY = 100000 };

/* Seeding by the published SplitMix64 sequence of seed 0. */
static void known_seeding(void **state) {
    (void)state;
    static const uint64_t words[4] = {0xe220a8397b1dcdafu, 0x6e789e6aa1b965f4u, 0x06c45d188009454fu, 0xf88bb8a8724c81ecu};
    hpo__stream           stream;
    hpo__stream_start(&stream, 0);
    assert_memory_equal(stream.word, words, sizeof words);
    hpo__stream_start(&stream, 0x9e3779b97f4a7c15u); /* the sequence of seed 0, one later */
    assert_memory_equal(stream.word, words + 1, 3 * sizeof *words);
}

/* The first numbers of the authors' program from the words 1, 2, 3, 4. */
static void known_numbers(void **state) {
    (void)state;
    static const uint64_t numbers[] = {11520u,
                                       0u,
                                       1509978240u,
                                       1215971899390074240u,
                                       1216172134540287360u,
                                       607988272756665600u,
                                       16172922978634559625u,
                                       8476171486693032832u,
                                       10595114339597558777u,
                                       2904607092377533576u};
    hpo__stream           stream    = {{1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        assert_true(hpo__stream_uniform(&stream) == (double)(numbers[i] >> 11) / 9007199254740992.0);
}

static void same_seed_same_numbers(void **state) {
    (void)state;
    hpo__stream a, b, c;
    size_t      equal = 0;
    hpo__stream_start(&a, 12);
    hpo__stream_start(&b, 12);
    hpo__stream_start(&c, 13);
    for (int i = 0; i < 1000; i++) {
        double u = hpo__stream_uniform(&a);
        assert_true(u == hpo__stream_uniform(&b));
        equal += u == hpo__stream_uniform(&c);
    }
    assert_int_equal(equal, 0);
}

static void uniforms_are_uniform(void **state) {
    (void)state;
    double *x = grab(MANY, sizeof *x);
    for (uint64_t seed = 0; seed < 5; seed++) {
        hpo__stream stream;
        size_t      pairs[64] = {0};
        hpo__stream_start(&stream, seed);
        for (size_t i = 0; i < MANY; i++) {
            x[i] = hpo__stream_uniform(&stream);
            assert_true(x[i] >= 0 && x[i] < 1);
            if (i > 0) /* neighbours fall everywhere in the square */
                pairs[(size_t)(x[i - 1] * 8) * 8 + (size_t)(x[i] * 8)]++;
        }
        assert_true(p_equal_counts(pairs, 64) > P_LEAST);
        assert_true(p_uniform(x, MANY) > P_LEAST);
    }
    free(x);
}

/* The first numbers of neighbouring seeds: what one suggestion after the other draws. */
static void seeds_are_unrelated(void **state) {
    (void)state;
    double *first = grab(MANY, sizeof *first), *second = grab(MANY, sizeof *second);
    for (size_t seed = 0; seed < MANY; seed++) {
        hpo__stream stream;
        hpo__stream_start(&stream, seed);
        first[seed]  = hpo__stream_uniform(&stream);
        second[seed] = hpo__stream_uniform(&stream);
    }
    size_t pairs[64] = {0};
    for (size_t i = 1; i < MANY; i++)
        pairs[(size_t)(first[i - 1] * 8) * 8 + (size_t)(first[i] * 8)]++;
    assert_true(p_equal_counts(pairs, 64) > P_LEAST);
    assert_true(p_uniform(first, MANY) > P_LEAST && p_uniform(second, MANY) > P_LEAST);
    free(first);
    free(second);
}

static void normals_are_normal(void **state) {
    (void)state;
    double *x = grab(MANY, sizeof *x), sum = 0, squares = 0;
    for (uint64_t seed = 0; seed < 3; seed++) {
        hpo__stream stream;
        hpo__stream_start(&stream, seed);
        for (size_t i = 0; i < MANY; i++) {
            double z = hpo__stream_normal(&stream);
            x[i]     = hpo__normal_cdf(z);
            sum += z;
            squares += z * z;
        }
        assert_true(p_uniform(x, MANY) > P_LEAST);
    }
    assert_true(fabs(sum / (3.0 * MANY)) < 4 / sqrt(3.0 * MANY) && fabs(squares / (3.0 * MANY) - 1) < 4 * sqrt(2 / (3.0 * MANY)));
    free(x);
}

static void below_is_even(void **state) {
    (void)state;
    hpo__stream stream;
    hpo__stream_start(&stream, 3);
    for (size_t n = 1; n <= 40; n++) {
        size_t counts[40] = {0};
        for (int i = 0; i < 20000; i++) {
            size_t k = hpo__stream_below(&stream, n);
            assert_true(k < n);
            counts[k]++;
        }
        assert_true(n == 1 || p_equal_counts(counts, n) > P_LEAST);
    }
    for (int i = 0; i < 1000; i++)
        assert_true(hpo__stream_below(&stream, SIZE_MAX) < SIZE_MAX);
}

/* Inverse of an odd number modulo 2^64, by Newton's iteration. */
static uint64_t inverse(uint64_t odd) {
    uint64_t x = odd;
    for (int i = 0; i < 6; i++)
        x *= 2 - odd * x;
    return x;
}

/* A stream whose next number is `number`. */
static hpo__stream about_to_give(uint64_t number) {
    uint64_t x = number * inverse(9);
    return (hpo__stream){{1, (x >> 7 | x << 57) * inverse(5), 2, 3}};
}

/* The smallest and the largest number there are, and those beside them. */
static void extreme_numbers(void **state) {
    (void)state;
    const uint64_t numbers[] = {0, 1u << 11, UINT64_MAX, UINT64_MAX - (1u << 11), UINT64_MAX << 11};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        hpo__stream stream = about_to_give(numbers[i]);
        double      u      = hpo__stream_uniform(&stream);
        assert_true(u == (double)(numbers[i] >> 11) * 0x1p-53 && u < 1);
        stream = about_to_give(numbers[i]);
        assert_true(isfinite(hpo__stream_normal(&stream)));
        const size_t sizes[] = {1, 2, 3, 1000000007, SIZE_MAX};
        for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
            stream = about_to_give(numbers[i]);
            assert_true(hpo__stream_below(&stream, sizes[k]) < sizes[k]);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_seeding),        cmocka_unit_test(known_numbers),       cmocka_unit_test(same_seed_same_numbers),
        cmocka_unit_test(uniforms_are_uniform), cmocka_unit_test(seeds_are_unrelated), cmocka_unit_test(normals_are_normal),
        cmocka_unit_test(below_is_even),        cmocka_unit_test(extreme_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
