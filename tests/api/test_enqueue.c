/* Configurations that the host gives: enqueued ones, and known results. */
#include "host.h"

static hpo_point *point_over(const hpo_space *space) {
    hpo_point *point = NULL;
    assert_ok(hpo_point_new(space, &point, error));
    return point;
}

static void enqueue_x(hpo_study *study, double x) {
    hpo_point *point = point_over(hpo_study_space(study));
    assert_ok(hpo_point_set_number(point, "x", x, error));
    assert_ok(hpo_study_enqueue(study, point, error));
    hpo_point_free(point);
}

static void test_queue_comes_before_the_strategy(void **state) {
    (void)state;
    hpo_study *study = line_study("random"), *plain = line_study("random");
    size_t     n, m;
    enqueue_x(study, 0.25);
    enqueue_x(study, -0.5);
    enqueue_x(study, 0.25); /* the same once more is what the host wants */
    assert_int_equal(hpo_study_trial_count(study, HPO_WAITING), 3);
    assert_int_equal(hpo_study_trial_count(study, -1), 0); /* waiting is no trial yet */
    assert_ok(hpo_study_optimize(study, line_objective, NULL, 3, error));
    assert_int_equal(hpo_study_trial_count(study, HPO_WAITING), 1);
    assert_ok(hpo_study_optimize(study, line_objective, NULL, 7, error));
    assert_int_equal(hpo_study_trial_count(study, HPO_WAITING), 0);
    assert_ok(hpo_study_optimize(plain, line_objective, NULL, 10, error));
    double *x = column_of(study, "x", &n), *y = column_of(plain, "x", &m);
    assert_same(x[0], 0); /* the default, first of all */
    assert_same(x[1], 0.25);
    assert_same(x[2], -0.5);
    assert_same(x[3], 0.25);
    for (size_t i = 4; i < n; i++)
        assert_same(x[i], y[i]); /* random is a function of the number: the others are not shifted */
    free(x);
    free(y);
    hpo_study_free(study);
    hpo_study_free(plain);
}

static hpo_status enqueues_more(hpo_trial *trial, double *values, void *user) {
    hpo_study *study = user;
    values[0]        = hpo_trial_float(trial, "x");
    if (hpo_trial_number(trial) == 2 || hpo_trial_number(trial) == 5) {
        hpo_point *point = NULL;
        if (hpo_point_new(hpo_study_space(study), &point, NULL) != HPO_OK || hpo_point_set(point, "x", "0.75", NULL) != HPO_OK ||
            hpo_study_enqueue(study, point, NULL) != HPO_OK)
            values[0] = NONE;
        hpo_point_free(point);
    }
    return HPO_OK;
}

static void test_enqueued_by_the_objective(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    size_t     n;
    assert_ok(hpo_study_optimize(study, enqueues_more, study, 8, error));
    double *x = column_of(study, "x", &n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(same_number(x[i], 0.75), i == 3 || i == 6);
    assert_int_equal(hpo_study_trial_count(study, HPO_COMPLETE), 8);
    free(x);
    hpo_study_free(study);
}

static void test_unset_parameters_take_their_defaults(void **state) {
    (void)state;
    hpo_study *study = mixed_study("random");
    hpo_point *point = point_over(hpo_study_space(study));
    hpo_trial *trial = NULL;
    set(study, "start.default", "false");
    assert_ok(hpo_study_enqueue(study, point, error)); /* nothing is set: the default configuration */
    assert_ok(hpo_point_set(point, "kernel", "poly", error));
    assert_ok(hpo_study_enqueue(study, point, error)); /* children come alive with their defaults */
    assert_ok(hpo_study_ask(study, &trial, error));
    assert_same(hpo_trial_float(trial, "lr"), 0.001);
    assert_string_equal(hpo_trial_categorical(trial, "kernel"), "linear");
    assert_int_equal(hpo_trial_is_active(trial, "gamma"), 0);
    hpo_trial_free(trial);
    assert_ok(hpo_study_ask(study, &trial, error));
    assert_same(hpo_trial_float(trial, "lr"), 0.001);
    assert_string_equal(hpo_trial_categorical(trial, "kernel"), "poly");
    assert_int_equal(hpo_trial_is_active(trial, "gamma"), 1);
    assert_int_equal(hpo_trial_is_active(trial, "degree"), 1);
    hpo_trial_free(trial);
    hpo_point_free(point);
    hpo_study_free(study);
}

static void test_inactive_parameters_cannot_be_set(void **state) {
    (void)state;
    hpo_study *study = mixed_study("random");
    hpo_point *point = point_over(hpo_study_space(study));
    double     value = 1;
    assert_ok(hpo_point_set(point, "gamma", "0.5", error)); /* the kernel is linear by default */
    assert_fails(hpo_study_enqueue(study, point, error), HPO_E_INVALID, "gamma", "not active");
    assert_fails(hpo_study_add(study, point, HPO_COMPLETE, &value, 1, error), HPO_E_INVALID, "gamma", "0.5");
    assert_int_equal(hpo_study_trial_count(study, HPO_WAITING), 0);
    assert_int_equal(hpo_study_trial_count(study, -1), 0);
    assert_ok(hpo_point_set(point, "kernel", "rbf", error)); /* now it is active */
    assert_ok(hpo_study_enqueue(study, point, error));
    assert_int_equal(hpo_study_trial_count(study, HPO_WAITING), 1);
    hpo_point_free(point);
    hpo_study_free(study); /* with a point in the queue */
}

static void test_points_are_copied(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    hpo_point *point = point_over(hpo_study_space(study));
    hpo_trial *trial = NULL;
    set(study, "start.default", "false");
    assert_ok(hpo_point_set(point, "x", "0.5", error));
    assert_ok(hpo_study_enqueue(study, point, error));
    assert_ok(hpo_point_set(point, "x", "0.125", error));
    hpo_point_free(point);
    assert_ok(hpo_study_ask(study, &trial, error));
    assert_same(hpo_trial_float(trial, "x"), 0.5);
    hpo_trial_free(trial);
    hpo_study_free(study);
}

static void test_points_of_other_spaces(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    hpo_space *same = line_space(), *other = hpo_space_new(NULL), *wider = hpo_space_new(NULL);
    double     value = 1;
    assert_ok(hpo_space_add_float(other, "y", -1, 1, HPO_LINEAR, error));
    assert_ok(hpo_space_add_float(wider, "x", -1, 2, HPO_LINEAR, error));
    hpo_point *a = point_over(same), *b = point_over(other), *c = point_over(wider);
    assert_ok(hpo_study_enqueue(study, a, error)); /* an equal space will do: the study has a copy anyway */
    assert_fails(hpo_study_enqueue(study, b, error), HPO_E_INVALID, "different space", NULL);
    assert_fails(hpo_study_enqueue(study, c, error), HPO_E_INVALID, "different space", NULL);
    assert_fails(hpo_study_add(study, c, HPO_COMPLETE, &value, 1, error), HPO_E_INVALID, "different space", NULL);
    assert_fails(hpo_study_enqueue(study, NULL, error), HPO_E_INVALID, "NULL", NULL);
    assert_fails(hpo_study_enqueue(NULL, a, error), HPO_E_INVALID, "NULL", NULL);
    assert_fails(hpo_study_add(study, NULL, HPO_COMPLETE, &value, 1, error), HPO_E_INVALID, "NULL", NULL);
    assert_fails(hpo_study_add(NULL, a, HPO_COMPLETE, &value, 1, error), HPO_E_INVALID, "NULL", NULL);
    hpo_point_free(a);
    hpo_point_free(b);
    hpo_point_free(c);
    hpo_space_free(same);
    hpo_space_free(other);
    hpo_space_free(wider);
    hpo_study_free(study);
}

/* ---- known results ---- */

static void test_known_results(void **state) {
    (void)state;
    static const struct {
        int32_t    state;
        size_t     n;
        double     value;
        hpo_status status;
        int32_t    recorded;
        double     kept;
    } cases[] = {
        {HPO_COMPLETE, 1, 4, HPO_OK, HPO_COMPLETE, 4},
        {HPO_COMPLETE, 1, NONE, HPO_OK, HPO_FAILED, NONE},
        {HPO_TRIAL_PRUNED, 0, 0, HPO_OK, HPO_TRIAL_PRUNED, NONE},
        {HPO_TRIAL_PRUNED, 1, 5, HPO_OK, HPO_TRIAL_PRUNED, 5},
        {HPO_FAILED, 0, 0, HPO_OK, HPO_FAILED, NONE},
        {HPO_COMPLETE, 1, INF, HPO_OK, HPO_FAILED, INF},
        {HPO_COMPLETE, 1, -INF, HPO_OK, HPO_COMPLETE, -INF},
        {HPO_COMPLETE, 0, 0, HPO_E_INVALID, 0, 0},
        {HPO_COMPLETE, 2, 0, HPO_E_INVALID, 0, 0},
        {HPO_WAITING, 1, 0, HPO_E_INVALID, 0, 0},
        {HPO_RUNNING, 0, 0, HPO_E_INVALID, 0, 0},
    };
    hpo_study *study  = line_study("random");
    hpo_point *point  = point_over(hpo_study_space(study));
    uint64_t   number = 0;
    set(study, "direction", "maximize");
    for (size_t i = 0; i < COUNT(cases); i++) {
        double values[2] = {cases[i].value, 0};
        assert_ok(hpo_point_set_number(point, "x", 0.1 * (double)i - 0.5, error));
        assert_int_equal(hpo_study_add(study, point, cases[i].state, values, cases[i].n, NULL), cases[i].status);
        if (cases[i].status != HPO_OK)
            continue;
        hpo_trial *trial = trial_of(study, number++);
        assert_int_equal(hpo_trial_state(trial), cases[i].recorded);
        assert_same(hpo_trial_value(trial), cases[i].kept);
        assert_same(hpo_trial_float(trial, "x"), 0.1 * (double)i - 0.5);
        assert_true(hpo_trial_end_time(trial) >= hpo_trial_start_time(trial));
        hpo_trial_free(trial);
    }
    assert_int_equal(hpo_study_trial_count(study, -1), number);
    hpo_trial *best = NULL;
    assert_ok(hpo_study_best(study, &best, error));
    assert_same(hpo_trial_value(best), 4);
    hpo_trial_free(best);
    assert_ok(hpo_study_optimize(study, line_objective, NULL, 2, error)); /* the default still comes first */
    assert_ok(hpo_study_default(study, &best, error));
    assert_int_equal(hpo_trial_number(best), number);
    hpo_trial_free(best);
    hpo_point_free(point);
    hpo_study_free(study);
}

/* A strategy learns from known results: a grid leaves out the cells that are known. */
static void test_known_results_are_learnt_from(void **state) {
    (void)state;
    hpo_study *study = line_study("grid");
    hpo_point *point = point_over(hpo_study_space(study));
    double     value = 1;
    size_t     n;
    set(study, "start.default", "false");
    assert_ok(hpo_point_set(point, "x", "-0.5", error));
    assert_ok(hpo_study_add(study, point, HPO_COMPLETE, &value, 1, error));
    assert_ok(hpo_point_set(point, "x", "1", error));
    assert_ok(hpo_study_enqueue(study, point, error));
    assert_int_equal(hpo_study_optimize(study, line_objective, NULL, 100, NULL), HPO_EXHAUSTED);
    double      *x          = column_of(study, "x", &n);
    const double expected[] = {-0.5, 1, -1, 0, 0.5};
    assert_int_equal(n, COUNT(expected));
    assert_true(same_numbers(x, expected, n));
    free(x);
    hpo_point_free(point);
    hpo_study_free(study);
}

static void test_points_from_numbers_and_units(void **state) {
    (void)state;
    hpo_study *study              = mixed_study("random");
    hpo_point *point              = point_over(hpo_study_space(study));
    hpo_trial *trial              = NULL;
    double     values[MIXED_SIZE] = {0.01, 3, 1, 0.3, NONE, NONE, 32, 1, 0.2}, read[MIXED_SIZE];
    double     unit[MIXED_SIZE]   = {0, 1, 0.999, 1, 1, 1, 0, 0, 1};
    set(study, "start.default", "false");
    assert_ok(hpo_point_set_values(point, values, MIXED_SIZE, error));
    assert_ok(hpo_study_enqueue(study, point, error));
    assert_ok(hpo_point_set_unit(point, unit, MIXED_SIZE, error));
    assert_ok(hpo_study_enqueue(study, point, error));
    assert_ok(hpo_study_ask(study, &trial, error));
    hpo_trial_values_by_index(trial, read, MIXED_SIZE);
    assert_true(same_numbers(read, values, MIXED_SIZE));
    hpo_trial_free(trial);
    assert_ok(hpo_study_ask(study, &trial, error));
    const double corner[MIXED_SIZE] = {1e-5, 12, 2, 10, 5, 1, 16, 0, 0.5};
    hpo_trial_values_by_index(trial, read, MIXED_SIZE);
    assert_true(same_numbers(read, corner, MIXED_SIZE));
    hpo_trial_free(trial);
    hpo_point_free(point);
    hpo_study_free(study);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_queue_comes_before_the_strategy),
        cmocka_unit_test(test_enqueued_by_the_objective),
        cmocka_unit_test(test_unset_parameters_take_their_defaults),
        cmocka_unit_test(test_inactive_parameters_cannot_be_set),
        cmocka_unit_test(test_points_are_copied),
        cmocka_unit_test(test_points_of_other_spaces),
        cmocka_unit_test(test_known_results),
        cmocka_unit_test(test_known_results_are_learnt_from),
        cmocka_unit_test(test_points_from_numbers_and_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
