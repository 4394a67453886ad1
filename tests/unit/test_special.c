/* lib/num/tails.c, special_gsl.c and special_builtin.c: values of mpmath, arguments of every kind, and the two normal distributions against each other. */
#include "numeric.h"

#include "../golden/special.h"
#include "num/random.h"
#include <float.h>

/* The built-in ones under other names: in a build with GSL, the library's own are GSL's. */
#define hpo__normal_cdf      builtin_normal_cdf
#define hpo__normal_quantile builtin_normal_quantile
double builtin_normal_cdf(double x);
double builtin_normal_quantile(double p);
#include "num/special_builtin.c" /* NOLINT(bugprone-suspicious-include) */
#undef hpo__normal_cdf
#undef hpo__normal_quantile

#ifdef HPO_TEST_GSL
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_errno.h>
#endif

#define COUNT(array) (sizeof(array) / sizeof *(array))

#ifdef HPO_TEST_GSL
static void fail_on_gsl_error(const char *reason, const char *file, int line, int code) {
    fail_msg("GSL error %d at %s:%d: %s", code, file, line, reason);
}
#endif

/* Any use of GSL's error handler fails the test it happens in: in a host it would be abort(). */
static int watch_gsl(void **state) {
    (void)state;
#ifdef HPO_TEST_GSL
    gsl_set_error_handler(fail_on_gsl_error);
#endif
    return 0;
}

static double error_of(double value, double expected) {
    return fabs(value / expected - 1);
}

static const double arguments[] = {0.0,   5e-324, 1e-300, 1e-160, 1e-20, 1e-10, 1e-8,  1e-5,  1e-3,    0.1,     0.5, 1.0,
                                   1.5,   2.0,    3.0,    10.0,   37.0,  38.6,  50.0,  1e3,   1e4,     10001.,  1e5, 1e6,
                                   2.1e6, 1e8,    1e10,   1e16,   1e100, 1e155, 1e200, 1e300, DBL_MAX, HUGE_VAL};

static void normal_equals_mpmath(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(golden_normal_cdf); i++) {
        double x = golden_normal_cdf[i].x, p = golden_normal_cdf[i].value;
        assert_true(error_of(hpo__normal_cdf(x), p) < 5e-13);
        assert_true(error_of(builtin_normal_cdf(x), p) < 5e-13);
        if (x < 0) { /* above, 1 - p has lost digits; near 0, the last digit of p moves x by 1e-16 and more */
            assert_true(fabs(hpo__normal_quantile(p) - x) < 3e-16 - 1e-13 * x);
            assert_true(fabs(builtin_normal_quantile(p) - x) < 3e-16 - 1e-13 * x);
        }
    }
}

static void normals_agree(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 20000; i++) {
        double u = hpo__random_uniform(1, i, 1, 0), x = -38 + 47 * u, p = i % 2 == 0 ? u : exp(-740 * u);
        if (hpo__normal_cdf(x) > DBL_MIN)
            assert_true(error_of(builtin_normal_cdf(x), hpo__normal_cdf(x)) < 1e-12);
        assert_true(fabs(builtin_normal_quantile(p) - hpo__normal_quantile(p)) <= 1e-12 * fabs(hpo__normal_quantile(p)));
    }
}

static void normal_at_the_edges(void **state) {
    (void)state;
    double (*const cdf[])(double)      = {hpo__normal_cdf, builtin_normal_cdf};
    double (*const quantile[])(double) = {hpo__normal_quantile, builtin_normal_quantile};
    const double infinity              = HUGE_VAL;
    for (size_t k = 0; k < 2; k++) {
        double before = 0.5;
        for (size_t i = 0; i < COUNT(arguments); i++) {
            double p = cdf[k](-arguments[i]);
            assert_true(p >= 0 && p <= before);
            assert_true(fabs(p + cdf[k](arguments[i]) - 1) < 1e-15);
            before = p;
        }
        assert_true(cdf[k](-infinity) == 0 && cdf[k](infinity) == 1 && isnan(cdf[k]((double)NAN)));
        assert_true(quantile[k](0) == -infinity && quantile[k](1) == infinity && quantile[k](0.5) == 0);
        assert_true(isnan(quantile[k](-5e-324)) && isnan(quantile[k](1 + DBL_EPSILON)) && isnan(quantile[k]((double)NAN)) &&
                    isnan(quantile[k](infinity)));
        assert_true(fabs(quantile[k](5e-324) + 38.4674056172733) < 1e-6 && quantile[k](1 - DBL_EPSILON / 2) > 8.2);
    }
}

static void student_equals_mpmath(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(golden_student_cdf); i++) {
        double t = golden_student_cdf[i].x, nu = golden_student_cdf[i].nu, p = golden_student_cdf[i].value;
        assert_true(error_of(hpo__student_cdf(t, nu), p) < 5e-13);
        if (t < 0 && p < 0.49) { /* with few degrees of freedom, or near 1/2, the last digit of p moves t by more */
            double slope = p / -t / (hpo__student_cdf(t * (1 - 1e-6), nu) - hpo__student_cdf(t * (1 + 1e-6), nu)) * 2e-6 * -t;
            assert_true(error_of(hpo__student_quantile(p, nu), t) < 1e-12 * fmax(1, slope));
        }
    }
}

/* 1 and 2 degrees of freedom have closed forms. */
static void student_closed_forms(void **state) {
    (void)state;
    for (int percent = 1; percent < 100; percent++) {
        double p = percent / 100.0, alpha = 4 * p * (1 - p);
        assert_true(fabs(hpo__student_quantile(p, 1) - tan(acos(-1) * (p - 0.5))) < 1e-12 * (1 + fabs(tan(acos(-1) * (p - 0.5)))));
        assert_true(fabs(hpo__student_quantile(p, 2) - 2 * (p - 0.5) * sqrt(2 / alpha)) < 1e-12 * (1 + fabs(p - 0.5) * sqrt(2 / alpha)));
    }
}

static void student_quantile_inverts(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 5000; i++) {
        double u = hpo__random_uniform(2, i, 1, 0), nu = exp(-4 + 24 * hpo__random_uniform(2, i, 1, 1));
        double p = i % 3 == 0 ? exp(-300 * u) * 0.5 : i % 3 == 1 ? u : 0.5 + (u - 0.5) * 1e-6, t = hpo__student_quantile(p, nu);
        if (isinf(t))
            continue;
        assert_true(error_of(hpo__student_cdf(t, nu), p) < 1e-12);
        double q = 1 - p;
        if (1 - q == p) /* exactly */
            assert_true(hpo__student_quantile(q, nu) == -t);
    }
}

static void chi_square_equals_mpmath(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(golden_chi_square_upper); i++)
        assert_true(error_of(hpo__chi_square_upper(golden_chi_square_upper[i].x, golden_chi_square_upper[i].nu), golden_chi_square_upper[i].value) <
                    5e-13);
    for (int x = 1; x < 1000; x += 7) /* two degrees of freedom: an exponential distribution */
        assert_true(error_of(hpo__chi_square_upper(x, 2), exp(-x / 2.0)) < 1e-13);
}

/* Every pair of magnitudes: a probability, falling with the argument, and never a NaN. */
static void tails_at_the_edges(void **state) {
    (void)state;
    for (size_t k = 1; k < COUNT(arguments); k++) {
        double nu = arguments[k], before = 0.5, before_chi = 1;
        for (size_t i = 0; i < COUNT(arguments); i++) {
            double x = arguments[i], lower = hpo__student_cdf(-x, nu), upper = hpo__student_cdf(x, nu);
            assert_true(lower >= 0 && lower <= before * (1 + 1e-12) && fabs(lower + upper - 1) < 1e-14);
            before = lower;
            if (isinf(nu))
                continue;
            double chi = hpo__chi_square_upper(x, nu);
            assert_true(chi >= 0 && chi <= before_chi * (1 + 1e-12));
            before_chi = chi;
        }
    }
    for (size_t i = 0; i < COUNT(arguments); i++)
        assert_true(hpo__student_cdf(-arguments[i], HUGE_VAL) == hpo__normal_cdf(-arguments[i]));
}

static void quantiles_at_the_edges(void **state) {
    (void)state;
    static const double probabilities[] = {5e-324, 1e-310, 1e-300, 1e-100, 1e-20, 1e-5, 0.1, 0.2499, 0.25, 0.2501, 0.4, 0.4999999, 0.5 - 1e-15};
    for (size_t k = 1; k < COUNT(arguments); k++) {
        double nu = arguments[k], before = -HUGE_VAL;
        for (size_t i = 0; i < COUNT(probabilities); i++) {
            double t = hpo__student_quantile(probabilities[i], nu), tolerance = nu > 9e3 && probabilities[i] < DBL_MIN ? 1.1 : 1e-11;
            assert_true(t <= 0 && t >= before);
            assert_true(isinf(t) ? hpo__student_cdf(-DBL_MAX, nu) >= probabilities[i]
                                 : error_of(hpo__student_cdf(t, nu), probabilities[i]) < tolerance);
            before = t;
        }
        assert_true(hpo__student_quantile(0.5, nu) == 0);
        assert_true(hpo__student_quantile(0, nu) == -HUGE_VAL && hpo__student_quantile(1, nu) == HUGE_VAL);
    }
}

static void bad_arguments_are_nan(void **state) {
    (void)state;
    const double bad = (double)NAN, infinity = HUGE_VAL;
    assert_true(isnan(hpo__student_cdf(bad, 3)) && isnan(hpo__student_cdf(1, bad)) && isnan(hpo__student_cdf(1, 0)) &&
                isnan(hpo__student_cdf(1, -2)));
    assert_true(isnan(hpo__student_quantile(bad, 3)) && isnan(hpo__student_quantile(-0.1, 3)) && isnan(hpo__student_quantile(1.1, 3)));
    assert_true(isnan(hpo__student_quantile(0.3, 0)) && isnan(hpo__student_quantile(0.3, bad)) && isnan(hpo__student_quantile(0.3, -1)));
    assert_true(isnan(hpo__chi_square_upper(bad, 3)) && isnan(hpo__chi_square_upper(1, 0)) && isnan(hpo__chi_square_upper(1, -1)));
    assert_true(isnan(hpo__chi_square_upper(1, bad)) && isnan(hpo__chi_square_upper(1, infinity)));
    assert_true(hpo__chi_square_upper(-1, 3) == 1 && hpo__chi_square_upper(0, 3) == 1 && hpo__chi_square_upper(infinity, 3) == 0);
}

#ifdef HPO_TEST_GSL
/* Where GSL's Student and chi-square are good: see lib/num/tails.c for where they are not. */
static void tails_agree_with_gsl(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 20000; i++) {
        double u = hpo__random_uniform(3, i, 1, 0), v = hpo__random_uniform(3, i, 1, 1), nu = 1 + 29 * u, t = -20 * v * v, x = nu * exp(4 * v - 2);
        assert_true(error_of(hpo__student_cdf(t, nu), gsl_cdf_tdist_P(t, nu)) < 1e-11);
        assert_true(error_of(hpo__chi_square_upper(x, 10 * nu), gsl_cdf_chisq_Q(x, 10 * nu)) < 1e-11);
    }
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normal_equals_mpmath),     cmocka_unit_test(normals_agree),        cmocka_unit_test(normal_at_the_edges),
        cmocka_unit_test(student_equals_mpmath),    cmocka_unit_test(student_closed_forms), cmocka_unit_test(student_quantile_inverts),
        cmocka_unit_test(chi_square_equals_mpmath), cmocka_unit_test(tails_at_the_edges),   cmocka_unit_test(quantiles_at_the_edges),
        cmocka_unit_test(bad_arguments_are_nan),
#ifdef HPO_TEST_GSL
        cmocka_unit_test(tails_agree_with_gsl),
#endif
    };
    return cmocka_run_group_tests(tests, watch_gsl, NULL);
}
