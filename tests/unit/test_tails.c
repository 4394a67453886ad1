/* lib/num/log_tails.c: values of mpmath, slopes, and arguments of every kind. */
#include "numeric.h"

#include "../golden/tails.h"
#include <float.h>

#ifdef HPO_TEST_GSL
#include <gsl/gsl_errno.h>
#include <gsl/gsl_sf_erf.h>

static void fail_on_gsl_error(const char *reason, const char *file, int line, int code) {
    fail_msg("GSL error %d at %s:%d: %s", code, file, line, reason);
}
#endif

enum { TAILS = sizeof golden_tails / sizeof *golden_tails };

/* Relative, and for values near 0 absolute within 1e-300. */
static double error_of(double value, double expected) {
    return fabs(value - expected) / fmax(fabs(expected), 1e-288);
}

static void values_of_mpmath(void **state) {
    (void)state;
    double worst[3] = {0};
    for (size_t i = 0; i < TAILS; i++) {
        double z = golden_tails[i].z;
        worst[0] = fmax(worst[0], error_of(hpo__log_erfc(z), golden_tails[i].log_erfc));
        worst[1] = fmax(worst[1], error_of(hpo__normal_log_cdf(z), golden_tails[i].log_cdf));
        worst[2] = fmax(worst[2], fmin(error_of(hpo__normal_log_improvement(z, NULL), golden_tails[i].log_improvement),
                                       fabs(hpo__normal_log_improvement(z, NULL) - golden_tails[i].log_improvement)));
    }
    for (int i = 0; i < 3; i++)
        assert_true(worst[i] < 3e-14);
}

/* d log h / dz by central differences where they are exact enough, and by Phi = h' everywhere. */
static void slopes(void **state) {
    (void)state;
    for (int i = 0; i < 5000; i++) {
        double z = -60 + 0.0137 * i, slope, above, below, step = 1e-4;
        double value = hpo__normal_log_improvement(z, &slope);
        assert_true(value == hpo__normal_log_improvement(z, NULL));
        above = hpo__normal_log_improvement(z + step, NULL);
        below = hpo__normal_log_improvement(z - step, NULL);
        assert_true(fabs((above - below) / (2 * step) - slope) <= 1e-8 * (1 + slope * slope * slope));
        assert_true(error_of(exp(hpo__normal_log_cdf(z) - value), slope) < 1e-10);
        /* phi / h = 1 - z slope. */
        assert_true(z > 0 || error_of(exp(-0.5 * z * z - 0.91893853320467274178 - value), 1 - z * slope) < 1e-10);
    }
}

static void never_falling(void **state) {
    (void)state;
    double last_slope = (double)INFINITY, last[3] = {-(double)INFINITY, -(double)INFINITY, -(double)INFINITY};
    for (int k = 0; k < 57000; k++) {
        double z = -45 + 1e-3 * k, slope, now[3] = {-hpo__log_erfc(z), hpo__normal_log_cdf(z), hpo__normal_log_improvement(z, &slope)};
        for (int i = 0; i < 3; i++) {
            assert_true(now[i] >= last[i]);
            last[i] = now[i];
        }
        assert_true(slope < last_slope * (1 + 1e-12) && slope > 0);
        last_slope = slope;
    }
}

static void ends_and_nan(void **state) {
    (void)state;
    double slope = 5;
    assert_true(hpo__log_erfc(-(double)INFINITY) == log(2));
    assert_true(hpo__log_erfc((double)INFINITY) == -(double)INFINITY);
    assert_true(hpo__log_erfc(0) == 0);
    assert_true(isnan(hpo__log_erfc((double)NAN)));
    assert_true(hpo__normal_log_cdf((double)INFINITY) == 0);
    assert_true(hpo__normal_log_cdf(-(double)INFINITY) == -(double)INFINITY);
    assert_true(isnan(hpo__normal_log_cdf((double)NAN)));
    assert_true(hpo__normal_log_improvement((double)INFINITY, &slope) == (double)INFINITY);
    assert_true(slope == 0);
    assert_true(hpo__normal_log_improvement(-(double)INFINITY, &slope) == -(double)INFINITY);
    assert_true(slope == (double)INFINITY);
    assert_true(isnan(hpo__normal_log_improvement((double)NAN, &slope)) && isnan(slope));
    assert_true(hpo__normal_log_improvement(-DBL_MAX, NULL) == -(double)INFINITY);
    assert_true(hpo__normal_log_improvement(DBL_MAX, &slope) == log(DBL_MAX));
}

static void against_gsl(void **state) {
    (void)state;
#ifdef HPO_TEST_GSL
    gsl_set_error_handler(fail_on_gsl_error);
    for (int i = 0; i < 9800; i++) {
        double x = -10 + 0.0071 * i;
        assert_true(fabs(hpo__log_erfc(x) - gsl_sf_log_erfc(x)) <= 1e-12 * fmax(fabs(gsl_sf_log_erfc(x)), 1e-3));
    }
#else
    skip();
#endif
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_mpmath), cmocka_unit_test(slopes),      cmocka_unit_test(never_falling),
        cmocka_unit_test(ends_and_nan),     cmocka_unit_test(against_gsl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
