/* lib/num/stats.c: known answers of NumPy and SciPy, and properties on random arrays. */
#include "numeric.h"

#include "../common/draw.h"
#include "../golden/stats.h"
#include "num/random.h"
#include <float.h>
#include <string.h>

enum { SAMPLE = sizeof golden_sample / sizeof *golden_sample };

static void known_moments(void **state) {
    (void)state;
    assert_true(fabs(hpo__stats_mean(golden_sample, SAMPLE) - golden_mean) < 1e-15);
    assert_true(fabs(hpo__stats_deviation(golden_sample, SAMPLE) / golden_deviation - 1) < 1e-14);
}

static void moments_of_few_numbers(void **state) {
    (void)state;
    const double x[] = {3.0, 3.0, 5.0};
    assert_true(hpo__stats_mean(x, 0) == 0.0 && hpo__stats_mean(x, 1) == 3.0);
    assert_true(hpo__stats_deviation(x, 0) == 0.0 && hpo__stats_deviation(x, 1) == 0.0 && hpo__stats_deviation(x, 2) == 0.0);
    assert_true(fabs(hpo__stats_deviation(x, 3) - sqrt(4.0 / 3)) < 1e-15);
}

/* A large offset, and values whose sum or squares leave the range of double. */
static void moments_of_extreme_numbers(void **state) {
    (void)state;
    const double offset[] = {1e12 + 1, 1e12 + 2, 1e12 + 3}, huge[] = {1e308, 1.5e308, 1.7e308}, tiny[] = {1e-300, 2e-300, 3e-300},
                 infinite[] = {1, HUGE_VAL};
    assert_true(hpo__stats_mean(offset, 3) == 1e12 + 2 && hpo__stats_deviation(offset, 3) == 1.0);
    assert_true(fabs(hpo__stats_mean(huge, 3) / 1.4e308 - 1) < 1e-15);
    assert_true(fabs(hpo__stats_deviation(huge, 3) / 3.605551275463989e307 - 1) < 1e-14);
    assert_true(fabs(hpo__stats_mean(tiny, 3) / 2e-300 - 1) < 1e-15 && fabs(hpo__stats_deviation(tiny, 3) / 1e-300 - 1) < 1e-14);
    assert_true(hpo__stats_mean(infinite, 2) == HUGE_VAL && hpo__stats_deviation(infinite, 2) == HUGE_VAL);
}

static int compare(const void *left, const void *right) {
    const double *a = left, *b = right;
    return (*a > *b) - (*a < *b);
}

static void sorting(void **state) {
    (void)state;
    double x[300], expected[300];
    for (size_t n = 0; n < 300; n++) {
        for (size_t i = 0; i < n; i++) /* with many ties when n is odd */
            x[i] = n % 2 == 0 ? hpo__random_uniform(1, n, 1, (uint32_t)i) : (double)hpo__random_below(1, n, 1, (uint32_t)i, 7);
        memcpy(expected, x, n * sizeof *x);
        qsort(expected, n, sizeof *expected, compare);
        hpo__stats_sort(x, n);
        assert_memory_equal(x, expected, n * sizeof *x);
        hpo__stats_sort(x, n); /* sorted already */
        assert_memory_equal(x, expected, n * sizeof *x);
    }
    double extreme[] = {3, -HUGE_VAL, DBL_MAX, HUGE_VAL, -DBL_MAX, 0};
    hpo__stats_sort(extreme, 6);
    assert_true(extreme[0] == -HUGE_VAL && extreme[1] == -DBL_MAX && extreme[4] == DBL_MAX && extreme[5] == HUGE_VAL);
}

/* Few distinct values, rising, falling, all equal, or anything: against sorting. */
static void fill(draw *d, double *x, size_t n) {
    uint64_t how = draw_below(d, 5);
    for (size_t i = 0; i < n; i++)
        x[i] = how == 0 ? (double)draw_below(d, 4) : how == 1 ? (double)i : how == 2 ? -(double)i : how == 3 ? 7 : draw_unit(d);
}

static void selection_is_a_part_of_sorting(void **state) {
    (void)state;
    enum { MOST = 60 };
    for (uint64_t seed = 0; seed < 3000; seed++) {
        draw   d = {seed};
        double x[MOST], sorted[MOST], mixed[MOST];
        bool   skip[MOST];
        size_t n = 1 + (size_t)draw_below(&d, MOST), k = (size_t)draw_below(&d, n), left = 0, order[MOST];
        fill(&d, x, n);
        memcpy(mixed, x, sizeof x);
        memcpy(sorted, x, sizeof x);
        hpo__stats_sort(sorted, n);
        HOLDS(hpo__stats_nth(mixed, n, k) == sorted[k], seed, "%zu of %zu", k, n);
        hpo__stats_sort(mixed, n);
        HOLDS(memcmp(mixed, sorted, n * sizeof *sorted) == 0, seed, "values were lost");
        for (size_t i = 0; i < n; i++) {
            skip[i] = draw_below(&d, 3) == 0;
            left += skip[i] ? 0 : 1;
        }
        size_t got = hpo__stats_smallest(x, skip, n, k, order);
        HOLDS(got == (k < left ? k : left), seed, "%zu of %zu", got, left);
        for (size_t i = 0; i < got; i++) { /* each has the right number of others before it */
            size_t before = 0;
            for (size_t j = 0; j < n; j++)
                before += !skip[j] && (x[j] < x[order[i]] || (x[j] == x[order[i]] && j < order[i])) ? 1 : 0;
            HOLDS(!skip[order[i]] && before == i, seed, "place %zu of %zu", i, got);
        }
    }
}

static void quantiles(void **state) {
    (void)state;
    double x[SAMPLE];
    memcpy(x, golden_sample, sizeof x);
    hpo__stats_sort(x, SAMPLE);
    for (size_t i = 0; i < sizeof golden_quantile / sizeof *golden_quantile; i++)
        assert_true(fabs(hpo__stats_quantile_sorted(x, SAMPLE, golden_quantile[i].p) - golden_quantile[i].value) < 1e-14);

    const double one[] = {4}, same[] = {0.1, 0.1, 0.1}, infinite[] = {-HUGE_VAL, 2, HUGE_VAL}, both[] = {-HUGE_VAL, HUGE_VAL},
                 huge[] = {-1.7e308, 1.7e308};
    for (int eighth = 0; eighth <= 8; eighth++) {
        double p = eighth / 8.0;
        assert_true(hpo__stats_quantile_sorted(one, 1, p) == 4);
        assert_true(hpo__stats_quantile_sorted(same, 3, p) == 0.1);
        assert_true(!isnan(hpo__stats_quantile_sorted(infinite, 3, p)));
        assert_true(!isnan(hpo__stats_quantile_sorted(both, 2, p)));
    }
    assert_true(hpo__stats_quantile_sorted(infinite, 3, 0.5) == 2 && hpo__stats_quantile_sorted(infinite, 3, 0.25) == -HUGE_VAL);
    assert_true(hpo__stats_quantile_sorted(huge, 2, 0.5) == 0);
}

static void ranks(void **state) {
    (void)state;
    double x[SAMPLE], rank[SAMPLE];
    size_t order[SAMPLE];
    for (size_t i = 0; i < SAMPLE; i++)
        x[i] = nearbyint(golden_sample[i]);
    hpo__stats_ranks(x, SAMPLE, rank, order);
    assert_memory_equal(rank, golden_ranks, sizeof rank);
    hpo__stats_ranks(x, 0, rank, order);
    hpo__stats_ranks(x, 1, rank, order);
    assert_true(rank[0] == 1);
}

/* By the definition: one plus the smaller ones plus half of the other equal ones. */
static void ranks_by_counting(void **state) {
    (void)state;
    enum { N = 200 };
    double x[N], rank[N];
    size_t order[N];
    for (uint64_t levels = 1; levels < 1000; levels = levels * 3 + 1) {
        for (size_t i = 0; i < N; i++)
            x[i] = (double)hpo__random_below(2, levels, 1, (uint32_t)i, levels) - 5;
        hpo__stats_ranks(x, N, rank, order);
        for (size_t i = 0; i < N; i++) {
            double expected = 1;
            for (size_t j = 0; j < N; j++)
                expected += x[j] < x[i] ? 1 : j != i && x[j] == x[i] ? 0.5 : 0;
            assert_true(rank[i] == expected);
        }
    }
}

static void kruskal_wallis_equals_scipy(void **state) {
    (void)state;
    for (size_t k = 0; k < sizeof golden_kruskal / sizeof *golden_kruskal; k++) {
        double rank[60], sums[12], counts[12];
        size_t order[60], group[60], n = golden_kruskal[k].n, groups = golden_kruskal[k].groups;
        for (size_t i = 0; i < n; i++)
            group[i] = golden_kruskal[k].group[i];
        hpo__stats_ranks(golden_kruskal[k].x, n, rank, order);
        assert_true(fabs(hpo__stats_kruskal_wallis(rank, group, n, groups, sums, counts) / golden_kruskal[k].p - 1) < 1e-11);
        /* Groups without members change nothing. */
        assert_true(fabs(hpo__stats_kruskal_wallis(rank, group, n, groups + 2, sums, counts) / golden_kruskal[k].p - 1) < 1e-11);
    }
}

static void kruskal_wallis_without_information(void **state) {
    (void)state;
    const double rank[] = {1, 2, 3, 4}, ties[] = {2.5, 2.5, 2.5, 2.5};
    const size_t one[] = {1, 1, 1, 1}, two[] = {0, 1, 0, 1};
    double       sums[2], counts[2];
    assert_true(hpo__stats_kruskal_wallis(rank, one, 4, 2, sums, counts) == 1);
    assert_true(hpo__stats_kruskal_wallis(ties, two, 4, 2, sums, counts) == 1);
    assert_true(hpo__stats_kruskal_wallis(rank, two, 0, 2, sums, counts) == 1);
    assert_true(hpo__stats_kruskal_wallis(rank, two, 4, 2, sums, counts) < 1);
}

/* Under the null hypothesis p-values are close to uniform. */
static void kruskal_wallis_is_calibrated(void **state) {
    (void)state;
    enum { N = 90, RUNS = 2000 };
    double x[N], rank[N], sums[3], counts[3], *p = grab(RUNS, sizeof *p);
    size_t order[N], group[N];
    for (uint64_t run = 0; run < RUNS; run++) {
        hpo__random_uniforms(6, run, 1, x, N);
        for (size_t i = 0; i < N; i++)
            group[i] = i % 3;
        hpo__stats_ranks(x, N, rank, order);
        p[run] = hpo__stats_kruskal_wallis(rank, group, N, 3, sums, counts);
    }
    assert_true(p_uniform(p, RUNS) > P_LEAST);
    free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_moments),
        cmocka_unit_test(moments_of_few_numbers),
        cmocka_unit_test(moments_of_extreme_numbers),
        cmocka_unit_test(sorting),
        cmocka_unit_test(selection_is_a_part_of_sorting),
        cmocka_unit_test(quantiles),
        cmocka_unit_test(ranks),
        cmocka_unit_test(ranks_by_counting),
        cmocka_unit_test(kruskal_wallis_equals_scipy),
        cmocka_unit_test(kruskal_wallis_without_information),
        cmocka_unit_test(kruskal_wallis_is_calibrated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
