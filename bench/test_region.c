/* Regions in which every evaluation fails: their share, their shape, and what is never in them. */
#include "tasks.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static bench_task *opened(const char *name) {
    char        message[400] = "";
    bench_task *task         = bench_task_open(NULL, name, message, sizeof message);
    if (task == NULL) {
        fail_msg("%s", message);
    }
    return task;
}

static bench_region *drawn(const bench_task *task, double share, uint64_t seed) {
    char          message[400] = "";
    bench_region *region       = bench_region_new(task, share, seed, message, sizeof message);
    if (region == NULL) {
        fail_msg("%s", message);
    }
    return region;
}

/* A task with a condition and no known best: the less x, the better; `on` has a child y. */
static void branch_evaluate(const bench_task *task, const double *values, const uint64_t *seed, double *value, double *seconds) {
    (void)task;
    (void)seed;
    (void)seconds;
    *value = values[1] + (isnan(values[2]) ? 5.0 : values[2]);
}

static const task_backend branch_backend = {branch_evaluate, free};

static bench_task *branch_make(void) {
    static const char *const on[] = {"on"};
    task_error               err  = {""};
    bench_task              *task = task_alloc(1, sizeof *task, &err);
    assert_non_null(task);
    task->name            = task_copy("branch", &err);
    task->optimum         = (double)NAN;
    task->backend         = &branch_backend;
    task_parameter *which = task_add(task, "which", TASK_CATEGORICAL, &err);
    assert_true(task->name != NULL && which != NULL && task_add_choice(which, "on", &err) && task_add_choice(which, "off", &err));
    assert_true(task_add_number(task, "x", TASK_FLOAT, 0.001, 10.0, true, &err) && task_add_number(task, "y", TASK_INT, 0.0, 40.0, false, &err) &&
                task_add_condition(task, "which", on, 1, &err));
    return task;
}

static double share_of(const bench_task *task, const bench_region *region, uint64_t state, size_t n) {
    double values[TASK_PARAMETERS_MAX];
    size_t in = 0;
    for (size_t i = 0; i < n; i++) {
        task_draw(task, &state, values);
        in += (size_t)bench_region_holds(region, values);
    }
    return (double)in / (double)n;
}

static void test_share(void **state) {
    static const double shares[] = {0.02, 0.2, 0.5, 0.9};
    bench_task         *tasks[]  = {opened("fn:levy:5"), opened("fn:ackley:10:mixed"), branch_make()};
    (void)state;
    for (size_t t = 0; t < sizeof tasks / sizeof *tasks; t++) {
        for (size_t k = 0; k < sizeof shares / sizeof *shares; k++) {
            for (uint64_t seed = 0; seed < 3; seed++) {
                bench_region *region = drawn(tasks[t], shares[k], seed);
                double        seen   = share_of(tasks[t], region, 123456 + seed, 20000);
                /* Both samples are of 20,000: five standard deviations of the difference are .025 at most. */
                if (!(fabs(seen - shares[k]) < 0.025)) {
                    fail_msg("%s, seed %d: %g of the space fails instead of %g", tasks[t]->name, (int)seed, seen, shares[k]);
                }
                bench_region_free(region);
            }
        }
        bench_task_close(tasks[t]);
    }
}

static void test_same_and_other(void **state) {
    bench_task   *task    = opened("fn:levy:5");
    bench_task   *other   = opened("fn:ackley:5");
    bench_region *first   = drawn(task, 0.3, 7);
    bench_region *again   = drawn(task, 0.3, 7);
    bench_region *seed    = drawn(task, 0.3, 8);
    bench_region *name    = drawn(other, 0.3, 7);
    uint64_t      draws   = 1;
    size_t        by_seed = 0;
    size_t        by_name = 0;
    (void)state;
    for (size_t i = 0; i < 2000; i++) {
        double values[5];
        task_draw(task, &draws, values);
        int in = bench_region_holds(first, values);
        assert_int_equal(in, bench_region_holds(again, values));
        by_seed += in != bench_region_holds(seed, values);
        by_name += in != bench_region_holds(name, values);
    }
    assert_true(by_seed > 50 && by_name > 50);
    bench_region_free(first);
    bench_region_free(again);
    bench_region_free(seed);
    bench_region_free(name);
    bench_task_close(task);
    bench_task_close(other);
}

/* Between two configurations on one side of a plane, all are on that side. */
static void test_half_space(void **state) {
    bench_task   *task   = opened("fn:rastrigin:5");
    bench_region *region = drawn(task, 0.5, 3);
    uint64_t      draws  = 2;
    size_t        pairs  = 0;
    (void)state;
    for (size_t i = 0; i < 4000; i++) {
        double a[5];
        double b[5];
        double between[5];
        double t = task_uniform(&draws);
        task_draw(task, &draws, a);
        task_draw(task, &draws, b);
        for (size_t k = 0; k < 5; k++) {
            between[k] = a[k] + t * (b[k] - a[k]);
        }
        if (bench_region_holds(region, a) == bench_region_holds(region, b)) {
            assert_int_equal(bench_region_holds(region, between), bench_region_holds(region, a));
            pairs++;
        }
    }
    assert_true(pairs > 1000);
    bench_region_free(region);
    bench_task_close(task);
}

static void test_best_is_spared(void **state) {
    (void)state;
    for (size_t i = 0; i < 20 && task_function_name(i) != NULL; i++) {
        bench_task *task  = opened(task_function_name(i));
        double      value = 0.0;
        assert_non_null(task->best);
        assert_int_equal(bench_task_evaluate(task, task->best, task->n_parameters, 0, 0, &value, NULL, NULL, 0), 0);
        assert_true(fabs(value - task->optimum) < 1e-4);
        for (uint64_t seed = 0; seed < 4; seed++) {
            bench_region *region = drawn(task, 0.5, seed);
            assert_int_equal(bench_region_holds(region, task->best), 0);
            bench_region_free(region);
        }
        bench_task_close(task);
    }
    bench_task *mixed = opened("fn:hartmann6:mixed");
    double      value = 0.0;
    assert_int_equal(bench_task_evaluate(mixed, mixed->best, mixed->n_parameters, 0, 0, &value, NULL, NULL, 0), 0);
    assert_true(fabs(value - mixed->optimum) < 1e-4);
    bench_task_close(mixed);
}

/* Where no best is known, what is best among random configurations stays: here all of the best corner's middle. */
static void test_best_of_draws_is_spared(void **state) {
    bench_task *task = branch_make();
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        bench_region *region = drawn(task, 0.7, seed);
        double        least  = (double)INFINITY;
        uint64_t      draws  = 99;
        for (size_t i = 0; i < 3000; i++) {
            double values[3];
            double value = 0.0;
            task_draw(task, &draws, values);
            assert_int_equal(bench_task_evaluate(task, values, 3, 0, 0, &value, NULL, NULL, 0), 0);
            least = bench_region_holds(region, values) ? least : fmin(least, value);
        }
        assert_true(least < 0.5); /* of 0.001 to 50 */
        bench_region_free(region);
    }
    bench_task_close(task);
}

static void test_inactive_counts_nothing(void **state) {
    bench_task *task    = branch_make();
    size_t      differs = 0;
    (void)state;
    for (uint64_t seed = 0; seed < 5; seed++) {
        bench_region *region = drawn(task, 0.5, seed);
        for (size_t i = 0; i < 40; i++) {
            double x = 0.001 * pow(10.0, 0.1 * (double)i);
            assert_int_equal(bench_region_holds(region, (double[]){1, x, 0}), bench_region_holds(region, (double[]){1, x, 40}));
            assert_int_equal(bench_region_holds(region, (double[]){1, x, (double)NAN}), bench_region_holds(region, (double[]){1, x, 40}));
            differs += bench_region_holds(region, (double[]){0, x, 0}) != bench_region_holds(region, (double[]){0, x, 40});
        }
        bench_region_free(region);
    }
    assert_true(differs > 0); /* it does count where it is active */
    bench_task_close(task);
}

static void test_refused(void **state) {
    static const double wrong[] = {0.0, 1.0, -0.1, 2.0, (double)NAN, (double)INFINITY, 1e-9};
    bench_task         *task    = opened("fn:branin");
    char                message[200];
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        message[0] = '\0';
        assert_null(bench_region_new(task, wrong[i], 1, message, sizeof message));
        assert_true(strlen(message) > 0);
    }
    bench_task_close(task);
    /* Two configurations: a tenth of them is not to be had. */
    task_error  err   = {""};
    bench_task *two   = branch_make();
    two->n_parameters = 1;
    two->best         = task_alloc(1, sizeof *two->best, &err);
    assert_null(bench_region_new(two, 0.1, 1, message, sizeof message));
    assert_non_null(strstr(message, "no region of about 0.1"));
    bench_region *half = drawn(two, 0.6, 1);
    assert_int_equal(bench_region_holds(half, (double[]){0}), 0);
    assert_int_equal(bench_region_holds(half, (double[]){1}), 1);
    bench_region_free(half);
    two->n_parameters = 3;
    bench_task_close(two);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_share),          cmocka_unit_test(test_same_and_other),          cmocka_unit_test(test_half_space),
        cmocka_unit_test(test_best_is_spared), cmocka_unit_test(test_best_of_draws_is_spared), cmocka_unit_test(test_inactive_counts_nothing),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests_name("region", tests, NULL, NULL);
}
