/* Reading the results: counts, single trials, the best, the default, columns. */
#include "host.h"

/* A study whose trials have the given states and values, by trial number. */
static hpo_study *told_study(const char *direction, const int32_t *states, const double *values, size_t n) {
    hpo_study *study = line_study("random");
    set(study, "direction", direction);
    for (size_t i = 0; i < n; i++)
        tell_one(study, states[i], values[i]);
    return study;
}

static void assert_best(hpo_study *study, uint64_t number, double value) {
    hpo_trial *best = NULL;
    assert_ok(hpo_study_best(study, &best, error));
    assert_int_equal(hpo_trial_number(best), number);
    assert_same(hpo_trial_value(best), value);
    assert_int_equal(hpo_trial_state(best), HPO_COMPLETE);
    hpo_trial_free(best);
}

static void test_best(void **state) {
    (void)state;
    static const int32_t states[] = {HPO_FAILED, HPO_COMPLETE, HPO_TRIAL_PRUNED, HPO_COMPLETE, HPO_COMPLETE, HPO_COMPLETE, HPO_FAILED, HPO_COMPLETE};
    static const double  values[] = {-9, 3, -5, 2, 4, 2, 9, 4}; /* pruned and failed values do not count */
    hpo_study           *study    = told_study("minimize", states, values, COUNT(states));
    assert_best(study, 3, 2); /* the first of equals */
    hpo_study_free(study);
    study = told_study("maximize", states, values, COUNT(states));
    assert_best(study, 4, 4);
    hpo_study_free(study);
}

/* Equals told in another order than they were asked: the lower number is the first. */
static void test_first_of_equals_by_number(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    hpo_trial *a = NULL, *b = NULL;
    double     value = 1;
    assert_ok(hpo_study_ask(study, &a, error));
    assert_ok(hpo_study_ask(study, &b, error));
    assert_ok(hpo_study_tell(study, b, HPO_COMPLETE, &value, 1, error));
    assert_best(study, 1, 1);
    assert_ok(hpo_study_tell(study, a, HPO_COMPLETE, &value, 1, error));
    assert_best(study, 0, 1);
    hpo_trial_free(a);
    hpo_trial_free(b);
    hpo_study_free(study);
}

static void test_no_best(void **state) {
    (void)state;
    static const int32_t states[] = {HPO_FAILED, HPO_TRIAL_PRUNED, HPO_FAILED};
    static const double  values[] = {1, 2, 3};
    hpo_study           *study    = line_study("random");
    hpo_trial           *best     = (hpo_trial *)8;
    assert_fails(hpo_study_best(study, &best, error), HPO_E_NOT_FOUND, "0 failed", NULL);
    hpo_study_free(study);
    study = told_study("minimize", states, values, COUNT(states));
    assert_fails(hpo_study_best(study, &best, error), HPO_E_NOT_FOUND, "2 failed", "1 were pruned");
    assert_ptr_equal(best, (hpo_trial *)8);
    assert_fails(hpo_study_best(NULL, &best, error), HPO_E_INVALID, "NULL", NULL);
    assert_fails(hpo_study_best(study, NULL, error), HPO_E_INVALID, "NULL", NULL);
    hpo_study_free(study);
}

static void test_counts(void **state) {
    (void)state;
    static const int32_t states[] = {HPO_FAILED, HPO_TRIAL_PRUNED, HPO_FAILED, HPO_COMPLETE, HPO_COMPLETE, HPO_COMPLETE};
    static const double  values[] = {1, 2, 3, 4, 5, 6};
    hpo_study           *study    = told_study("minimize", states, values, COUNT(states));
    hpo_point           *point    = NULL;
    hpo_trial           *running  = NULL;
    assert_ok(hpo_study_ask(study, &running, error));
    assert_ok(hpo_point_new(hpo_study_space(study), &point, error));
    for (int i = 0; i < 5; i++)
        assert_ok(hpo_study_enqueue(study, point, error));
    hpo_point_free(point);
    static const uint64_t expected[] = {1, 3, 1, 2, 5}; /* running, complete, pruned, failed, waiting */
    for (int32_t i = HPO_RUNNING; i <= HPO_WAITING; i++)
        assert_int_equal(hpo_study_trial_count(study, i), expected[i]);
    assert_int_equal(hpo_study_trial_count(study, -1), 7);
    assert_int_equal(hpo_study_trial_count(study, -2), 0);
    assert_int_equal(hpo_study_trial_count(study, 5), 0);
    assert_int_equal(hpo_study_trial_count(NULL, -1), 0);
    hpo_trial_free(running);
    hpo_study_free(study);
}

static void test_single_trials(void **state) {
    (void)state;
    hpo_study *study = mixed_study("random");
    hpo_trial *trial = NULL;
    assert_fails(hpo_study_trial(study, 0, &trial, error), HPO_E_NOT_FOUND, "trial 0", "has 0");
    assert_ok(hpo_study_optimize(study, mixed_objective, NULL, 30, error));
    for (uint64_t i = 0; i < 30; i++) {
        trial = trial_of(study, i);
        assert_int_equal(hpo_trial_number(trial), i);
        assert_same(hpo_trial_value(trial), mixed_loss(trial)); /* its configuration is the one that was evaluated */
        hpo_trial_free(trial);
    }
    assert_fails(hpo_study_trial(study, 30, &trial, error), HPO_E_NOT_FOUND, "trial 30", "has 30");
    assert_fails(hpo_study_trial(study, UINT64_MAX, &trial, error), HPO_E_NOT_FOUND, "18446744073709551615", NULL);
    assert_fails(hpo_study_trial(study, 0, NULL, error), HPO_E_INVALID, "NULL", NULL);
    assert_fails(hpo_study_trial(NULL, 0, &trial, error), HPO_E_INVALID, "NULL", NULL);
    assert_fails(hpo_study_default(NULL, &trial, error), HPO_E_INVALID, "NULL", NULL);
    assert_fails(hpo_study_default(study, NULL, error), HPO_E_INVALID, "NULL", NULL);
    hpo_study_free(study);
}

static hpo_status sometimes_fails(hpo_trial *trial, double *values, void *user) {
    (void)user;
    values[0] = mixed_loss(trial);
    return hpo_trial_number(trial) % 5 == 3 ? -1 : hpo_trial_number(trial) % 7 == 2 ? HPO_PRUNED : HPO_OK;
}

static void test_columns(void **state) {
    (void)state;
    static const char *const names[] = {"number", "value", "state", "start", "end", "duration", "worker"};
    hpo_study               *study   = mixed_study("random");
    const hpo_space         *space   = hpo_study_space(study);
    double                  *columns[COUNT(names) + 2 * MIXED_SIZE];
    size_t                   n = 0;
    set(study, "workers", "2");
    assert_ok(hpo_study_optimize(study, sometimes_fails, NULL, 40, error));
    for (size_t i = 0; i < COUNT(names); i++)
        columns[i] = column_of(study, names[i], &n);
    for (size_t i = 0; i < MIXED_SIZE; i++) {
        char name[64];
        snprintf(name, sizeof name, "parameter:%s", hpo_space_name(space, i));
        columns[COUNT(names) + i]              = column_of(study, hpo_space_name(space, i), &n);
        columns[COUNT(names) + MIXED_SIZE + i] = column_of(study, name, &n);
    }
    assert_int_equal(n, 40);
    for (size_t k = 0; k < n; k++) {
        hpo_trial *trial = trial_of(study, k);
        double     values[MIXED_SIZE];
        assert_same(columns[0][k], (double)k);
        assert_same(columns[1][k], hpo_trial_value(trial));
        assert_int_equal((int)columns[2][k], hpo_trial_state(trial));
        assert_same(columns[3][k], hpo_trial_start_time(trial));
        assert_same(columns[4][k], hpo_trial_end_time(trial));
        assert_same(columns[5][k], hpo_trial_end_time(trial) - hpo_trial_start_time(trial));
        assert_int_equal((int)columns[6][k], hpo_trial_worker(trial));
        hpo_trial_values_by_index(trial, values, MIXED_SIZE);
        for (size_t i = 0; i < MIXED_SIZE; i++) {
            assert_same(columns[COUNT(names) + i][k], values[i]); /* NaN when inactive */
            assert_same(columns[COUNT(names) + MIXED_SIZE + i][k], values[i]);
        }
        hpo_trial_free(trial);
    }
    for (size_t i = 0; i < COUNT(columns); i++)
        free(columns[i]);
    hpo_study_free(study);
}

static void test_column_rules(void **state) {
    (void)state;
    hpo_study *study     = line_study("random");
    double     buffer[4] = {7, 7, 7, 7};
    size_t     n         = 99;
    assert_ok(hpo_study_column(study, "value", NULL, 0, &n, error)); /* nothing to copy */
    assert_int_equal(n, 0);
    assert_ok(hpo_study_optimize(study, line_objective, NULL, 3, error));
    assert_fails(hpo_study_column(study, "value", buffer, 2, &n, error), HPO_E_BUFFER, "2", "3");
    assert_int_equal(n, 3);
    assert_same(buffer[0], 7);
    assert_ok(hpo_study_column(study, "number", buffer, 4, &n, error));
    assert_int_equal(n, 3);
    assert_same(buffer[2], 2);
    assert_same(buffer[3], 7);
    n = 99;
    assert_fails(hpo_study_column(study, "vale", buffer, 4, &n, error), HPO_E_NOT_FOUND, "'vale'", NULL);
    assert_fails(hpo_study_column(study, "parameter:y", buffer, 4, &n, error), HPO_E_NOT_FOUND, "y", NULL);
    assert_fails(hpo_study_column(study, "parameter:", buffer, 4, &n, error), HPO_E_NOT_FOUND, "", NULL);
    assert_fails(hpo_study_column(study, "parameter:value", buffer, 4, &n, error), HPO_E_NOT_FOUND, "value", NULL);
    assert_fails(hpo_study_column(study, "", buffer, 4, &n, error), HPO_E_NOT_FOUND, "", NULL);
    assert_fails(hpo_study_column(study, NULL, buffer, 4, &n, error), HPO_E_INVALID, "NULL", NULL);
    assert_fails(hpo_study_column(study, "x", NULL, 4, &n, error), HPO_E_INVALID, "buf", NULL);
    assert_fails(hpo_study_column(study, "x", buffer, 4, NULL, error), HPO_E_INVALID, "NULL", NULL);
    assert_fails(hpo_study_column(NULL, "x", buffer, 4, &n, error), HPO_E_INVALID, "NULL", NULL);
    hpo_study_free(study);
}

/* Parameters may have any name, those of the fixed columns too. */
static void test_columns_of_awkward_names(void **state) {
    (void)state;
    hpo_space *space = hpo_space_new(NULL);
    assert_ok(hpo_space_add_int(space, "value", 100, 109, HPO_LINEAR, error));
    assert_ok(hpo_space_add_int(space, "parameter:x", 200, 209, HPO_LINEAR, error));
    assert_ok(hpo_space_add_int(space, "x", 300, 309, HPO_LINEAR, error));
    assert_ok(hpo_space_add_int(space, "a,b \"c\"\n", 400, 409, HPO_LINEAR, error));
    hpo_study *study = study_over(space, "random");
    double     value = 5, cell;
    size_t     n;
    hpo_trial *trial = NULL;
    assert_ok(hpo_study_ask(study, &trial, error));
    assert_ok(hpo_study_tell(study, trial, HPO_COMPLETE, &value, 1, error));
    assert_ok(hpo_study_column(study, "value", &cell, 1, &n, error));
    assert_same(cell, 5);
    assert_ok(hpo_study_column(study, "parameter:value", &cell, 1, &n, error));
    assert_same(cell, hpo_trial_float(trial, "value"));
    assert_ok(hpo_study_column(study, "x", &cell, 1, &n, error));
    assert_true(cell >= 300 && cell <= 309);
    assert_ok(hpo_study_column(study, "parameter:parameter:x", &cell, 1, &n, error));
    assert_true(cell >= 200 && cell <= 209);
    assert_ok(hpo_study_column(study, "a,b \"c\"\n", &cell, 1, &n, error));
    assert_true(cell >= 400 && cell <= 409);
    hpo_trial_free(trial);
    hpo_study_free(study);
}

/* With order=logical rows stand by number already when a trial starts: running ones must not show. */
static void test_running_trials_do_not_show(void **state) {
    (void)state;
    static const char *const orders[] = {"arrival", "logical"};
    for (int i = 0; i < 2; i++) {
        hpo_study *study    = line_study("random");
        hpo_trial *trial[3] = {NULL, NULL, NULL}, *read = NULL;
        double     value = 2, buffer[3];
        size_t     n;
        set(study, "order", orders[i]);
        set(study, "workers", "3");
        for (int k = 0; k < 3; k++)
            assert_ok(hpo_study_ask(study, &trial[k], error));
        assert_ok(hpo_study_tell(study, trial[1], HPO_COMPLETE, &value, 1, error));
        assert_ok(hpo_study_column(study, "number", buffer, 3, &n, error));
        assert_int_equal(n, 1);
        assert_same(buffer[0], 1);
        assert_best(study, 1, 2);
        assert_fails(hpo_study_trial(study, 0, &read, error), HPO_E_STATE, "trial 0", NULL);
        value = 1;
        assert_ok(hpo_study_tell(study, trial[2], HPO_COMPLETE, &value, 1, error));
        value = 3;
        assert_ok(hpo_study_tell(study, trial[0], HPO_COMPLETE, &value, 1, error));
        assert_ok(hpo_study_column(study, "value", buffer, 3, &n, error));
        assert_int_equal(n, 3);
        assert_true(same_numbers(buffer, (const double[]){3, 2, 1}, 3));
        assert_best(study, 2, 1);
        for (int k = 0; k < 3; k++)
            hpo_trial_free(trial[k]);
        hpo_study_free(study);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_best),
        cmocka_unit_test(test_first_of_equals_by_number),
        cmocka_unit_test(test_no_best),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_single_trials),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_column_rules),
        cmocka_unit_test(test_columns_of_awkward_names),
        cmocka_unit_test(test_running_trials_do_not_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
