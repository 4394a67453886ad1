/* lib/num/brent.c with brent_gsl.c and brent_builtin.c: known minima and zeros, the two against each other, and functions that misbehave. */
#include "numeric.h"

#include "num/brent.h"
#include "num/random.h"
#include <float.h>

#ifdef HPO_TEST_GSL
#include <gsl/gsl_errno.h>
/* The built-in ones under other names: in a build with GSL, the library's own are GSL's. */
#define hpo__brent_minimise       builtin_minimise
#define hpo__brent_root           builtin_root
#define hpo__brent_narrow_minimum builtin_narrow_minimum
#define hpo__brent_narrow_root    builtin_narrow_root
double builtin_minimise(hpo__brent_function function, void *user, double low, double high, double tolerance, size_t most_evaluations, double *value);
bool   builtin_root(hpo__brent_function function, void *user, double low, double high, double tolerance, double *root);
void   builtin_narrow_minimum(hpo__brent_function function, void *user, hpo__brent_bracket *bracket, double width, size_t most);
double builtin_narrow_root(hpo__brent_function function, void *user, double low, double low_value, double high, double high_value, double tolerance,
                           size_t most);
#include "num/brent.c" /* NOLINT(bugprone-suspicious-include) */
#undef GOLDEN
#include "num/brent_builtin.c" /* NOLINT(bugprone-suspicious-include) */
#undef hpo__brent_minimise
#undef hpo__brent_root
#undef hpo__brent_narrow_minimum
#undef hpo__brent_narrow_root

static void fail_on_gsl_error(const char *reason, const char *file, int line, int code) {
    fail_msg("GSL error %d at %s:%d: %s", code, file, line, reason);
}
#else
#define builtin_minimise hpo__brent_minimise
#define builtin_root     hpo__brent_root
#endif

/* Any use of GSL's error handler fails the test it happens in: in a host it would be abort(). */
static int watch_gsl(void **state) {
    (void)state;
#ifdef HPO_TEST_GSL
    gsl_set_error_handler(fail_on_gsl_error);
#endif
    return 0;
}

typedef double minimise_function(hpo__brent_function function, void *user, double low, double high, double tolerance, size_t most, double *value);
typedef bool   root_function(hpo__brent_function function, void *user, double low, double high, double tolerance, double *root);

static minimise_function *const MINIMISERS[] = {hpo__brent_minimise, builtin_minimise};
static root_function *const     FINDERS[]    = {hpo__brent_root, builtin_root};

typedef struct probe {
    int    which;
    size_t calls;
    double low, high;
    bool   outside;
} probe;

static double valley(void *user, double x) {
    probe *p = user;
    p->calls++;
    p->outside = p->outside || !(x >= p->low && x <= p->high);
    switch (p->which) {
    case 0:
        return (x - 1.25) * (x - 1.25) + 3;
    case 1:
        return x * log(x); /* NaN below 0; least at 1/e */
    case 2:
        return fabs(x - 0.3) + 1;
    case 3:
        return exp(x) - 2 * x;
    case 4:
        return pow(x - 2, 4) - 7;
    case 5:
        return -exp(-(x - 3) * (x - 3) / 0.02); /* flat but for a narrow valley */
    case 6:
        return x;
    case 7:
        return -x;
    case 8:
        return x < 0.7 ? 5 : 2 + x; /* a step */
    case 9:
        return cos(x);
    default:
        return 1 / x; /* infinite at 0 */
    }
}

static void known_minima(void **state) {
    (void)state;
    static const struct {
        int    which;
        double low, high, x, value, error;
    } cases[] = {
        {0, -10, 10, 1.25, 3, 1e-5},
        {0, 1.25, 10, 1.25, 3, 1e-5},
        {0, 2, 10, 2, 3.5625, 0},
        {0, -10, 0, 0, 4.5625, 0},
        {0, -1e6, 1e6, 1.25, 3, 1},
        {1, -0.5, 4, 0.36787944117144233, -0.36787944117144233, 1e-5},
        {1, 1e-9, 4, 0.36787944117144233, -0.36787944117144233, 1e-5},
        {2, -1, 1, 0.3, 1, 1e-6},
        {3, -2, 4, 0.69314718055994531, 0.61370563888010938, 1e-5},
        {4, -3, 5, 2, -7, 1e-2},
        {5, 2, 4.1, 3, -1, 1e-5},
        {6, -3, 8, -3, -3, 0},
        {7, -3, 8, 8, -8, 0},
        {8, 0, 2, 0.7, 2.7, 1e-5},
        {9, 1, 6, 3.14159265358979324, -1, 1e-5},
        {10, 0, 3, 3, 1 / 3.0, 0},
        {0, 5, 5, 5, 17.0625, 0},
    };
    for (size_t b = 0; b < 2; b++)
        for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
            probe  p     = {.which = cases[c].which, .low = cases[c].low, .high = cases[c].high};
            double value = 0, x = MINIMISERS[b](valley, &p, p.low, p.high, 0, 200, &value);
            assert_false(p.outside);
            assert_true(p.calls <= 80);
            assert_true(fabs(x - cases[c].x) <= cases[c].error);
            assert_true(fabs(value - cases[c].value) <= (cases[c].which == 2 || cases[c].which == 8 ? 1e-6 : 1e-12 * (1 + fabs(value))) ||
                        cases[c].high > 1e5);
            assert_true(value == valley(&p, x));
            assert_true(x == MINIMISERS[b](valley, &p, p.low, p.high, 0, 200, NULL));
        }
}

/* What libhpo looks for: the best power of a transformation, whose minimum both must put in the same place as far as it matters. */
static void both_agree_on_minima(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 300; seed++) {
        double u[3], value[2];
        hpo__random_uniforms(seed, 1, 1, u, 3);
        for (size_t b = 0; b < 2; b++) {
            probe p = {.which = 3, .low = -1 - 3 * u[0], .high = 1 + 3 * u[1]};
            MINIMISERS[b](valley, &p, p.low, p.high, 1e-7, 100, &value[b]);
            assert_true(p.calls <= 40);
        }
        assert_true(fabs(value[0] - value[1]) <= 1e-12);
    }
}

static void few_evaluations(void **state) {
    (void)state;
    for (size_t b = 0; b < 2; b++)
        for (int which = 0; which <= 10; which++) {
            double last = (double)INFINITY;
            for (size_t most = 3; most < 40; most++) {
                probe  p = {.which = which, .low = 0, .high = 4};
                double value;
                MINIMISERS[b](valley, &p, 0, 4, 0, most, &value);
                assert_true(p.calls <= most);
                assert_true(value <= last);
                last = value;
            }
        }
}

static double slope(void *user, double x) {
    probe *p = user;
    p->calls++;
    p->outside = p->outside || !(x >= p->low && x <= p->high);
    switch (p->which) {
    case 0:
        return x * x - 2;
    case 1:
        return cos(x) - x;
    case 2:
        return x * x * x;
    case 3:
        return x < 0.7 ? -1 : 1;
    case 4:
        return exp(x) - 1e-8;
    case 5:
        return log(x); /* NaN and -infinity at 0 and below */
    case 6:
        return 1e305 * (x - 0.25);
    case 7:
        return x > 0.4 && x < 0.6 ? (double)NAN : x - 0.5;
    case 8:
        return 1e-300 * (x - 3);
    default:
        return (x - 1) * (x - 1) * (x - 1) + 1e-9 * (x - 1);
    }
}

static void known_zeros(void **state) {
    (void)state;
    static const struct {
        int    which;
        double low, high, x, error;
    } cases[] = {
        {0, 0, 2, 1.4142135623730951, 4e-16},
        {0, 0, 1e6, 1.4142135623730951, 4e-16},
        {0, -7, 0, -1.4142135623730951, 4e-16},
        {1, 0, 1, 0.73908513321516064, 3e-16},
        {2, -1, 3, 0, 1e-5},
        {3, -4, 9, 0.7, 3e-15},
        {4, -30, 1, -18.420680743952367, 1e-14},
        {5, 0, 5, 1, 1e-15},
        {6, -1, 1, 0.25, 1e-15},
        {8, -10, 10, 3, 1e-14},
        {9, 0, 3, 1, 1e-12},
        {0, 1.4142135623730951, 1.4142135623730951, 0, 0},
        {2, 0, 4, 0, 0},
        {2, -4, 0, 0, 0},
    };
    for (size_t b = 0; b < 2; b++)
        for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
            probe  p     = {.which = cases[c].which, .low = cases[c].low, .high = cases[c].high};
            double x     = -99;
            bool   found = FINDERS[b](slope, &p, p.low, p.high, 0, &x);
            assert_false(p.outside);
            assert_true(p.calls <= 203);
            if (c == 11) /* an interval of one point that is no zero */
                assert_true(!found && x == -99);
            else
                assert_true(found && fabs(x - cases[c].x) <= cases[c].error);
        }
    for (size_t b = 0; b < 2; b++)
        for (int digits = 3; digits < 12; digits++) {
            double tolerance = pow(10, -digits);
            probe  p         = {.which = 1, .low = -20, .high = 30};
            double x;
            assert_true(FINDERS[b](slope, &p, -20, 30, tolerance, &x));
            assert_true(fabs(x - 0.73908513321516064) <= tolerance);
        }
}

static void no_zero(void **state) {
    (void)state;
    static const double ends[][2] = {{2, 3}, {-1, 1}, {1, 0}, {(double)NAN, 2}, {0, (double)INFINITY}, {-(double)INFINITY, 0}};
    for (size_t b = 0; b < 2; b++) {
        double x = -99;
        probe  p = {.which = 0};
        for (size_t e = 0; e < sizeof ends / sizeof *ends; e++)
            assert_false(FINDERS[b](slope, &p, ends[e][0], ends[e][1], 0, &x));
        assert_false(FINDERS[b](slope, &p, 0, 2, (double)NAN, &x));
        assert_false(FINDERS[b](slope, &p, 0, 2, -1, &x));
        p.which = 5;
        assert_false(FINDERS[b](slope, &p, -1, 2, 0, &x));
        p.which = 7;
        assert_false(FINDERS[b](slope, &p, 0, 1, 0, &x));
        assert_true(x == -99);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_minima), cmocka_unit_test(both_agree_on_minima), cmocka_unit_test(few_evaluations), cmocka_unit_test(known_zeros),
        cmocka_unit_test(no_zero),
    };
    return cmocka_run_group_tests(tests, watch_gsl, NULL);
}
