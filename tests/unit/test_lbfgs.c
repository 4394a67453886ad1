/* lib/num/lbfgs.c: minima in boxes that are known, or that SciPy's L-BFGS-B finds, and functions that misbehave. */
#include "numeric.h"

#include "../golden/lbfgs.h"
#include "num/lbfgs.h"
#include "num/random.h"

enum { MOST = 60 };

/* What a function is asked, and what it must not be asked. */
typedef struct watch {
    unsigned      which;
    size_t        n, calls;
    const double *low, *high;
    bool          left_box;
} watch;

static double rosenbrock(size_t n, const double *x, double *gradient) {
    double value = 0;
    for (size_t i = 0; i + 1 < n; i++) {
        double valley = x[i + 1] - x[i] * x[i], rest = 1 - x[i];
        value += 100 * valley * valley + rest * rest;
        gradient[i] -= 400 * valley * x[i] + 2 * rest;
        gradient[i + 1] += 200 * valley;
    }
    return value;
}

static double beale(const double *x, double *gradient) {
    static const double targets[] = {1.5, 2.25, 2.625};
    double              value = 0, power = 1;
    for (int i = 0; i < 3; i++) {
        double rest = targets[i] - x[0] + x[0] * power * x[1];
        value += rest * rest;
        gradient[0] += 2 * rest * (power * x[1] - 1);
        gradient[1] += 2 * rest * x[0] * (i + 1) * power;
        power *= x[1];
    }
    return value;
}

static double separate(unsigned which, size_t n, const double *x, double *gradient) {
    double value = 0, mixed = 0;
    for (size_t i = 0; i < n; i++) {
        double at = x[i], place = (double)(i + 1), step = i > 0 ? at - x[i - 1] : 0;
        if (which == 2) {
            value += 0.5 * (at * at * at * at - 16 * at * at + 5 * at);
            gradient[i] += 0.5 * (4 * at * at * at - 32 * at + 5);
        } else if (which == 3) {
            value += at * at;
            gradient[i] += 2 * at;
            mixed += 0.5 * place * at;
        } else {
            value += place * at - log(at) + 0.5 * step * step;
            gradient[i] += place - 1 / at + step;
            if (i > 0)
                gradient[i - 1] -= step;
        }
    }
    for (size_t i = 0; i < n; i++)
        gradient[i] += (mixed + 2 * mixed * mixed * mixed) * (double)(i + 1);
    return value + mixed * mixed + mixed * mixed * mixed * mixed;
}

static double quadratic(size_t n, const double *x, double *gradient) {
    double value = 0;
    for (size_t i = 0; i < n; i++) {
        double b = ((double)(i % 5) - 2) * (i % 2 ? 3 : -2), product = (double)i * x[i];
        for (size_t j = 0; j < n; j++)
            product += x[j] / (1 + fabs((double)i - (double)j));
        value += (0.5 * product - b) * x[i];
        gradient[i] = product - b;
    }
    return value;
}

static double golden_function(void *user, const double *x, double *gradient) {
    watch *w = user;
    w->calls++;
    for (size_t i = 0; i < w->n; i++) {
        w->left_box = w->left_box || !(x[i] >= w->low[i] && x[i] <= w->high[i]);
        gradient[i] = 0;
    }
    return w->which == 0   ? rosenbrock(w->n, x, gradient)
           : w->which == 1 ? beale(x, gradient)
           : w->which == 5 ? quadratic(w->n, x, gradient)
                           : separate(w->which, w->n, x, gradient);
}

static void the_minima_of_scipy(void **state) {
    (void)state;
    size_t mine = 0, theirs = 0;
    for (size_t p = 0; p < sizeof golden_lbfgs / sizeof *golden_lbfgs; p++) {
        size_t             n = golden_lbfgs[p].n;
        double             x[MOST], low[MOST], high[MOST], *work = grab(hpo__lbfgs_workspace(n), sizeof *work);
        watch              w = {.which = golden_lbfgs[p].function, .n = n, .low = low, .high = high};
        hpo__lbfgs         run;
        hpo__lbfgs_options options = {.gradient_tolerance = 1e-6, .most_iterations = 10000, .most_evaluations = 100000};
        for (size_t i = 0; i < n; i++)
            x[i] = golden_lbfgs[p].start, low[i] = golden_lbfgs[p].low, high[i] = golden_lbfgs[p].high;
        hpo__lbfgs_start(&run, golden_function, &w, n, x, low, high, &options, work);
        while (hpo__lbfgs_step(&run))
            ;
        assert_true(run.end == HPO__LBFGS_GRADIENT || run.end == HPO__LBFGS_VALUE);
        assert_true(fabs(run.value - golden_lbfgs[p].value) <= 1e-9 * fmax(1, fabs(run.value)));
        for (size_t i = 0; i < n; i++)
            assert_true(fabs(x[i] - golden_lbfgs[p].x[i]) <= 1e-4);
        assert_false(w.left_box);
        assert_int_equal(run.evaluations, w.calls);
        mine += w.calls, theirs += golden_lbfgs[p].evaluations;
        free(work);
    }
    /* About as many evaluations in the sum: 460 to 353 when this was written. */
    assert_true(2 * mine <= 3 * theirs);
}

static const hpo__lbfgs_options USUAL = {.gradient_tolerance = 1e-8, .most_iterations = 1000, .most_evaluations = 5000};

/* Runs on a work space of the exact size. */
static hpo__lbfgs minimise(hpo__lbfgs_function function, void *user, size_t n, double *x, const double *low, const double *high,
                           hpo__lbfgs_options options) {
    size_t     size = hpo__lbfgs_workspace(n);
    double    *work = grab(size, sizeof *work);
    hpo__lbfgs run;
    hpo__lbfgs_start(&run, function, user, n, x, low, high, &options, work);
    while (hpo__lbfgs_step(&run))
        assert_true(run.iterations <= options.most_iterations);
    assert_false(hpo__lbfgs_step(&run)); /* an ended run stays so */
    assert_true(run.evaluations <= options.most_evaluations || run.evaluations == 1);
    free(work);
    return run;
}

/* sum of (x - target)^2 * weight: the solution is the target, or the bound next to it. */
typedef struct bowl {
    size_t        n, calls;
    const double *target, *weight;
} bowl;

static double in_bowl(void *user, const double *x, double *gradient) {
    bowl  *b     = user;
    double value = 0;
    b->calls++;
    for (size_t i = 0; i < b->n; i++) {
        double rest = x[i] - b->target[i];
        value += b->weight[i] * rest * rest;
        gradient[i] = 2 * b->weight[i] * rest;
    }
    return value;
}

static void bowls_in_boxes(void **state) {
    (void)state;
    enum { N = 20, N2 = 2 * N, N3 = 3 * N, N4 = 4 * N, N5 = 5 * N };
    for (uint64_t seed = 0; seed < 50; seed++) {
        double u[N5], target[N], weight[N], low[N], high[N], x[N];
        hpo__random_uniforms(seed, 0, 1, u, N5);
        for (size_t i = 0; i < N; i++) {
            target[i] = 4 * u[i] - 2;
            weight[i] = exp(8 * u[N + i] - 4);
            low[i]    = u[N2 + i] < 0.3 ? -(double)INFINITY : -2 * u[N2 + i];
            high[i]   = u[N3 + i] < 0.3 ? (double)INFINITY : 2 * u[N3 + i];
            if (i == 5)
                low[i] = high[i] = 0.25;
            x[i] = 10 * u[N4 + i] - 5; /* often outside */
        }
        hpo__lbfgs run = minimise(in_bowl, &(bowl){.n = N, .target = target, .weight = weight}, N, x, low, high, USUAL);
        assert_true(run.end == HPO__LBFGS_GRADIENT || run.end == HPO__LBFGS_VALUE);
        for (size_t i = 0; i < N; i++) {
            double expected = fmin(fmax(target[i], low[i]), high[i]);
            assert_true(expected == target[i] ? fabs(x[i] - expected) < 2e-5 : x[i] == expected);
        }
    }
}

static void as_many_as_allowed(void **state) {
    (void)state;
    double             low[2] = {-10, -10}, high[2] = {10, 10};
    hpo__lbfgs_options options = USUAL;
    double             last    = (double)INFINITY;
    for (size_t most = 0; most < 30; most++) {
        double     x[2] = {-1.2, 1};
        watch      w    = {.which = 0, .n = 2, .low = low, .high = high};
        hpo__lbfgs run;
        options.most_evaluations = most;
        run                      = minimise(golden_function, &w, 2, x, low, high, options);
        assert_int_equal(run.end, HPO__LBFGS_EVALUATIONS);
        assert_int_equal(w.calls, most == 0 ? 1 : most);
        assert_true(run.value <= last && run.value == rosenbrock(2, x, (double[2]){0}));
        last = run.value;
    }
    options = USUAL;
    for (size_t most = 0; most < 20; most++) {
        double x[2]             = {-1.2, 1};
        watch  w                = {.which = 0, .n = 2, .low = low, .high = high};
        options.most_iterations = most;
        hpo__lbfgs run          = minimise(golden_function, &w, 2, x, low, high, options);
        assert_int_equal(run.end, HPO__LBFGS_ITERATIONS);
        assert_int_equal(run.iterations, most);
    }
    double x[2]             = {-1.2, 1};
    watch  w                = {.which = 0, .n = 2, .low = low, .high = high};
    options                 = USUAL;
    options.value_tolerance = 0.5;
    assert_int_equal(minimise(golden_function, &w, 2, x, low, high, options).end, HPO__LBFGS_VALUE);
}

static void steps_are_the_whole(void **state) {
    (void)state;
    double     low[10], high[10], x[10], y[10], *work = grab(hpo__lbfgs_workspace(10), sizeof *work);
    watch      w = {.which = 0, .n = 10, .low = low, .high = high};
    hpo__lbfgs run;
    for (size_t i = 0; i < 10; i++)
        low[i] = -2, high[i] = 2, x[i] = y[i] = 0.1 * (double)i;
    run          = minimise(golden_function, &w, 10, x, low, high, USUAL);
    double value = hpo__lbfgs_minimise(golden_function, &w, 10, y, low, high, &USUAL, work);
    assert_true(value == run.value);
    assert_memory_equal(x, y, sizeof x);
    free(work);
}

/* Functions that misbehave: by number. */
static double bad(void *user, const double *x, double *gradient) {
    size_t *calls = user, which = calls[0], call = ++calls[1];
    gradient[0] = gradient[1] = 0;
    switch (which) {
    case 0: /* constant */
        return 5;
    case 1: /* never finite */
        return (double)NAN;
    case 2: /* not after the start */
        gradient[0] = 1;
        return call == 1 ? 1 : (double)NAN;
    case 3: /* infinite after the start */
        gradient[0] = 1;
        return call == 1 ? 1 : -(double)INFINITY;
    case 4: /* a gradient that is not finite */
        gradient[1] = call == 1 ? 1 : (double)NAN;
        return -(double)call;
    case 5: /* noise */
        gradient[0] = hpo__random_uniform(1, call, 2, 0) - 0.5;
        gradient[1] = hpo__random_uniform(1, call, 2, 1) - 0.5;
        return hpo__random_uniform(1, call, 2, 2);
    case 6: /* a gradient of the wrong sign */
        gradient[0] = -2 * x[0];
        gradient[1] = -2 * x[1];
        return x[0] * x[0] + x[1] * x[1];
    case 7: /* huge */
        gradient[0] = 1e308 * x[0];
        gradient[1] = 1e300;
        return 5e307 * x[0] * x[0] + 1e300 * x[1];
    case 8: /* tiny */
        gradient[0] = 1e-308;
        return 1e-308 * x[0];
    case 9: /* a step */
        gradient[0] = 1e-3;
        return x[0] > 0.3 ? 1 : 0;
    case 10: /* the absolute value, whose gradient does not fall */
        gradient[0] = x[0] < 0.1 ? -1 : 1;
        gradient[1] = x[1] < 0.2 ? -3 : 3;
        return fabs(x[0] - 0.1) + 3 * fabs(x[1] - 0.2);
    default: /* not finite gradient from the start */
        gradient[0] = (double)INFINITY;
        return 1;
    }
}

static void functions_that_misbehave(void **state) {
    (void)state;
    static const double lows[][2]  = {{-1, -1}, {-(double)INFINITY, -(double)INFINITY}, {0.4, 0.5}};
    static const double highs[][2] = {{1, 1}, {(double)INFINITY, (double)INFINITY}, {0.4, 3}};
    for (size_t which = 0; which < 12; which++)
        for (size_t box = 0; box < 3; box++) {
            size_t             calls[2] = {which, 0};
            double             x[2]     = {0.7, 0.6};
            hpo__lbfgs_options options  = USUAL;
            options.most_iterations     = 200;
            hpo__lbfgs run              = minimise(bad, calls, 2, x, lows[box], highs[box], options);
            assert_int_equal(run.evaluations, calls[1]);
            assert_true(run.end != HPO__LBFGS_RUNS);
            assert_true((run.end == HPO__LBFGS_NOT_FINITE) == (which == 1 || which == 11));
            assert_true(x[0] >= lows[box][0] && x[0] <= highs[box][0] && x[1] >= lows[box][1] && x[1] <= highs[box][1]);
            if (which == 10 && box < 2)
                assert_true(run.value < 1e-3);
            if (which == 8 && box == 0)
                assert_true(run.value <= 0.7e-308);
        }
}

static void no_variables(void **state) {
    (void)state;
    double     nothing[2] = {0};
    bowl       b          = {.n = 0};
    hpo__lbfgs run        = minimise(in_bowl, &b, 0, nothing, nothing, nothing, USUAL);
    assert_int_equal(run.end, HPO__LBFGS_GRADIENT);
    assert_int_equal(b.calls, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_minima_of_scipy), cmocka_unit_test(bowls_in_boxes),           cmocka_unit_test(as_many_as_allowed),
        cmocka_unit_test(steps_are_the_whole), cmocka_unit_test(functions_that_misbehave), cmocka_unit_test(no_variables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
