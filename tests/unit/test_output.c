/* lib/model/output.c: SciPy's answers (tests/golden/make_model.py), and what holds for any values: order, scale, outliers, ties. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../common/draw.h"
#include "../golden/model.h"
#include "model/output.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { GOLDEN = sizeof golden_output / sizeof *golden_output, MOST = 400 };

static void warp(const double *y, size_t n, double *z) {
    size_t order[MOST];
    double scratch[2 * MOST], kept[MOST];
    assert_true(n <= MOST);
    memcpy(kept, y, n * sizeof *y);
    hpo__output_warp(y, n, z, order, scratch);
    assert_memory_equal(kept, y, n * sizeof *y);
}

/* Mean 0 and deviation 1, in a way of its own; `worst` is how far off. */
static double off_standard(const double *z, size_t n) {
    long double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++)
        sum += z[i];
    for (size_t i = 0; i < n; i++)
        squares += (z[i] - sum / n) * (z[i] - sum / n);
    return (double)fmaxl(fabsl(sum / n), fabsl(sqrtl(squares / (n - 1)) - 1));
}

/* How many pairs that differ come out equal; -1 when two come out in the wrong order. */
static long lost_pairs(const double *y, const double *z, size_t n) {
    long lost = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++) {
            if (y[i] < y[j] && z[i] > z[j])
                return -1;
            if (y[i] == y[j] && z[i] != z[j])
                return -1;
            lost += y[i] < y[j] && z[i] == z[j];
        }
    return lost;
}

static bool all_finite(const double *z, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!isfinite(z[i]))
            return false;
    return true;
}

/* ---- known answers ---- */

static void known_warps(void **state) {
    (void)state;
    double z[MOST];
    for (size_t g = 0; g < GOLDEN; g++) {
        warp(golden_output[g].y, golden_output[g].n, z);
        for (size_t i = 0; i < golden_output[g].n; i++) {
            double error = fabs(z[i] - golden_output[g].z[i]);
            HOLDS(error < (strcmp(golden_output[g].power, "none") == 0 ? 1e-13 : 1e-5), g, "%s (%s, exponent %g), value %zu: %.12g, not %.12g",
                  golden_output[g].name, golden_output[g].power, golden_output[g].exponent, i, z[i], golden_output[g].z[i]);
        }
    }
}

/* ---- any values ---- */

/* Values of many shapes. */
static size_t draw_values(uint64_t seed, double *y) {
    draw   d     = {seed};
    size_t n     = 2 + (size_t)draw_below(&d, 60);
    int    shape = (int)draw_below(&d, 7);
    double power = ldexp(1, (int)draw_between(&d, -300, 300)), offset = draw_below(&d, 2) == 0 ? 0 : draw_unit(&d) * 100 - 50;
    for (size_t i = 0; i < n; i++) {
        double u = draw_unit(&d);
        y[i]     = shape == 0   ? u
                   : shape == 1 ? log(u + 1e-12)
                   : shape == 2 ? exp(12 * u)
                   : shape == 3 ? 1 / (u + 1e-9)
                   : shape == 4 ? (double)draw_below(&d, 5)
                   : shape == 5 ? tan(3.1 * (u - 0.5))
                                : -exp(8 * u);
        y[i]     = shape == 4 ? y[i] : (y[i] + offset) * power;
    }
    return n;
}

static bool all_equal(const double *y, size_t n) {
    for (size_t i = 1; i < n; i++)
        if (y[i] != y[0])
            return false;
    return true;
}

static void order_and_moments(void **state) {
    (void)state;
    double y[MOST], z[MOST];
    for (uint64_t seed = 0; seed < 5000; seed++) {
        size_t n = draw_values(seed, y);
        warp(y, n, z);
        HOLDS(all_finite(z, n), seed, "n %zu", n);
        long lost = lost_pairs(y, z, n);
        HOLDS(lost == 0, seed, lost < 0 ? "order changed, n %zu" : "ties made, n %zu", n);
        if (!all_equal(y, n))
            HOLDS(off_standard(z, n) < 1e-12, seed, "n %zu: mean or deviation off by %g", n, off_standard(z, n));
    }
}

/* The same whatever the order of the values. */
static void order_of_trials_is_no_matter(void **state) {
    (void)state;
    double y[MOST], z[MOST], turned[MOST], back[MOST];
    for (uint64_t seed = 0; seed < 500; seed++) {
        size_t n = draw_values(seed, y);
        for (size_t i = 0; i < n; i++)
            turned[i] = y[(i + n / 3) % n];
        warp(y, n, z);
        warp(turned, n, back);
        for (size_t i = 0; i < n; i++) {
            double first = z[(i + n / 3) % n];
            HOLDS(near(back[i], first, 2e-5), seed, "value %zu (of %zu) became %.12g and %.12g", i, n, back[i], first);
        }
    }
}

/* Bit for bit, as long as no digit is lost at the ends of the range. */
static void powers_of_two_change_nothing(void **state) {
    (void)state;
    double y[MOST], z[MOST], scaled[MOST], again[MOST];
    for (uint64_t seed = 0; seed < 1000; seed++) {
        draw   d     = {seed};
        size_t n     = draw_values(seed, y);
        int    shift = (int)draw_between(&d, -400, 400);
        for (size_t i = 0; i < n; i++)
            scaled[i] = ldexp(y[i], shift);
        warp(y, n, z);
        warp(scaled, n, again);
        HOLDS(memcmp(z, again, n * sizeof *z) == 0, seed, "n %zu, times 2^%d", n, shift);
    }
}

/* Any scale, and when the power is Yeo and Johnson's any offset: to rounding. */
static void scale_and_offset_change_little(void **state) {
    (void)state;
    double y[MOST], z[MOST], moved[MOST], again[MOST];
    for (uint64_t seed = 0; seed < 1000; seed++) {
        draw   d = {seed};
        size_t n = draw_values(seed, y);
        for (size_t i = 0; i < n; i++)
            moved[i] = 0.37 * y[i];
        warp(y, n, z);
        warp(moved, n, again);
        for (size_t i = 0; i < n; i++)
            HOLDS(fabs(z[i] - again[i]) < 2e-5, seed, "times 0.37, value %zu of %zu: %.12g and %.12g", i, n, z[i], again[i]);
        n = 2 + (size_t)draw_below(&d, 60);
        for (size_t i = 0; i < n; i++) {
            y[i]     = draw_unit(&d) * draw_unit(&d) - 1; /* not all positive, whatever the offset */
            moved[i] = y[i] - 20;
        }
        warp(y, n, z);
        warp(moved, n, again);
        for (size_t i = 0; i < n; i++)
            HOLDS(fabs(z[i] - again[i]) < 2e-5, seed, "less 20, value %zu of %zu: %.12g and %.12g", i, n, z[i], again[i]);
    }
}

/* How bad the bad values are does not matter, only their ranks do, while they are not more than half. */
static void outliers_bend_nothing(void **state) {
    (void)state;
    const double bad[] = {1e3, 1e6, 1e30, 1e150, 1e160, 1e200, 1e300, DBL_MAX};
    double       y[MOST], z[MOST], first[MOST];
    for (size_t n = 6; n <= 30; n += 6)
        for (size_t outliers = 1; 2 * outliers <= n; outliers++)
            for (size_t b = 0; b < sizeof bad / sizeof *bad; b++) {
                for (size_t i = 0; i < n; i++)
                    y[i] = i < outliers ? bad[b] / (double)(i + 1) : 0.5 + 0.001 * (double)(i * i);
                warp(y, n, z);
                HOLDS(all_finite(z, n) && lost_pairs(y, z, n) == 0, b, "%zu of %zu values are %g or less", outliers, n, bad[b]);
                if (b == 0)
                    memcpy(first, z, sizeof first);
                for (size_t i = 0; i < n; i++)
                    HOLDS(fabs(z[i] - first[i]) < 1e-6, b, "%zu of %zu values near %g: value %zu is %g, not %g", outliers, n, bad[b], i, z[i],
                          first[i]);
            }
}

/* Half of the runs diverged, or fewer: the good ones stay well apart, as if the others were merely bad. */
static void good_values_stay_apart(void **state) {
    (void)state;
    double y[MOST], z[MOST];
    for (size_t n = 4; n <= 40; n++)
        for (size_t outliers = 1; 2 * outliers <= n; outliers++) {
            size_t good = n - outliers;
            for (size_t i = 0; i < n; i++)
                y[i] = i < good ? 0.3 + 0.01 * (double)i : 1e30;
            warp(y, n, z);
            HOLDS(z[good - 1] - z[0] > 0.5, n, "%zu of %zu diverged: the good ones lie within %g", outliers, n, z[good - 1] - z[0]);
        }
}

/* The best may be far off, too: the others must stay apart. */
static void a_far_best_value(void **state) {
    (void)state;
    const double best[] = {-10, -1e6, -1e30, -1e160, -1e300, -DBL_MAX};
    double       y[MOST], z[MOST];
    for (size_t n = 2; n <= 30; n += 7)
        for (size_t b = 0; b < sizeof best / sizeof *best; b++) {
            for (size_t i = 0; i < n; i++)
                y[i] = i == n / 2 ? best[b] : 0.5 + 0.01 * (double)i;
            warp(y, n, z);
            HOLDS(all_finite(z, n) && lost_pairs(y, z, n) >= 0 && off_standard(z, n) < 1e-12, b, "best of %zu: %g", n, best[b]);
            for (size_t i = 0; i < n; i++)
                HOLDS(i == n / 2 || z[i] > z[n / 2], b, "best of %zu: %g", n, best[b]);
        }
}

static void equal_values(void **state) {
    (void)state;
    const double values[] = {0, -0.0, 1, -3.5, 1e308, -1e308, 1e-308, 5e-324, -5e-324, DBL_MAX, -DBL_MAX};
    double       y[MOST], z[MOST];
    for (size_t v = 0; v < sizeof values / sizeof *values; v++)
        for (size_t n = 1; n <= 20; n++) {
            for (size_t i = 0; i < n; i++)
                y[i] = values[v];
            warp(y, n, z);
            for (size_t i = 0; i < n; i++)
                HOLDS(z[i] == 0, v, "%zu times %g: %g", n, values[v], z[i]);
        }
    const double zeros[] = {0.0, -0.0, 0.0, -0.0};
    warp(zeros, 4, z);
    for (size_t i = 0; i < 4; i++)
        assert_true(z[i] == 0);
    warp(zeros, 0, z);
}

/* Any two, at any share. */
static void two_values(void **state) {
    (void)state;
    const double pairs[][2] = {{0, 1},           {-1, 1},          {1, 1 + DBL_EPSILON}, {1e308, 1.1e308}, {-1e308, 1e308}, {-DBL_MAX, DBL_MAX},
                               {0, 5e-324},      {5e-324, 1e-323}, {-5e-324, 5e-324},    {0, DBL_MAX},     {1e-308, 1e308}, {-1e308, -1e-308},
                               {1e16, 1e16 + 2}, {-0.0, 1e-300}};
    double       y[MOST], z[MOST];
    for (size_t p = 0; p < sizeof pairs / sizeof *pairs; p++)
        for (size_t n = 2; n <= 24; n += 2)
            for (size_t low = 1; low < n; low++) {
                for (size_t i = 0; i < n; i++)
                    y[i] = pairs[p][i >= low];
                warp(y, n, z);
                HOLDS(all_finite(z, n) && lost_pairs(y, z, n) == 0 && off_standard(z, n) < 1e-9, p, "%zu of %zu values are %g, the others %g", low, n,
                      pairs[p][0], pairs[p][1]);
            }
}

/* The smallest doubles there are, the largest, and both at once: order kept as far as the doubles go. */
static void ends_of_the_range(void **state) {
    (void)state;
    double y[MOST], z[MOST];
    for (uint64_t seed = 0; seed < 3000; seed++) {
        draw   d    = {seed};
        size_t n    = 2 + (size_t)draw_below(&d, 40);
        int    kind = (int)draw_below(&d, 4);
        for (size_t i = 0; i < n; i++)
            do
                y[i] = kind == 0   ? 5e-324 * (double)draw_below(&d, 30)
                       : kind == 1 ? DBL_MAX * (draw_unit(&d) - 0.5)
                       : kind == 2 ? 1e-308 * (draw_unit(&d) - 0.5)
                                   : draw_double(&d);
            while (!isfinite(y[i]));
        warp(y, n, z);
        HOLDS(all_finite(z, n), seed, "kind %d, n %zu: not finite", kind, n);
        long lost = lost_pairs(y, z, n);
        HOLDS(kind == 3 ? lost >= 0 : lost == 0, seed, "kind %d, n %zu: %ld ties made (-1: order changed)", kind, n, lost);
        if (!all_equal(y, n))
            HOLDS(off_standard(z, n) < 1e-9, seed, "kind %d, n %zu: mean or deviation off by %g", kind, n, off_standard(z, n));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_warps),
        cmocka_unit_test(order_and_moments),
        cmocka_unit_test(order_of_trials_is_no_matter),
        cmocka_unit_test(powers_of_two_change_nothing),
        cmocka_unit_test(scale_and_offset_change_little),
        cmocka_unit_test(outliers_bend_nothing),
        cmocka_unit_test(good_values_stay_apart),
        cmocka_unit_test(a_far_best_value),
        cmocka_unit_test(equal_values),
        cmocka_unit_test(two_values),
        cmocka_unit_test(ends_of_the_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
