/* What failed trials do to limits, to strategies and to the test set. */
#include <hpo.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORKERS = 4, MOST = 200 };

static hpo_study *open_study(void) {
    hpo_study *study = NULL;
    hpo_space *space = hpo_space_new(NULL);
    hpo_space_add_float(space, "x", 0, 1, HPO_LINEAR, NULL);
    assert_int_equal(hpo_study_new(space, &study, NULL), HPO_OK);
    hpo_space_free(space);
    return study;
}

/* Takes a time that depends on the trial, so that trials end out of order; fails by the configuration. */
static hpo_status fails_often(hpo_trial *trial, double *value, void *user) {
    volatile double burn = 0;
    (void)user;
    for (uint64_t i = 0; i < hpo_trial_seed(trial) % 50000; i++)
        burn = burn + 1.0 / (double)(i + 1);
    *value = hpo_trial_float(trial, "x");
    return *value > 0.5 ? HPO_E_HOST - 5 : HPO_OK;
}

static size_t run_logical(const char *limit, const char *n, hpo_status *status, double *values) {
    hpo_study *study = open_study();
    size_t     count = 0;
    assert_int_equal(hpo_study_set(study, "strategy", "random", NULL), HPO_OK);
    assert_int_equal(hpo_study_set(study, "order", "logical", NULL), HPO_OK);
    assert_int_equal(hpo_study_set(study, "workers", "4", NULL), HPO_OK);
    assert_int_equal(hpo_study_set(study, limit, n, NULL), HPO_OK);
    *status = hpo_study_optimize(study, fails_often, NULL, MOST, NULL);
    assert_int_equal(hpo_study_column(study, "x", values, MOST, &count, NULL), HPO_OK);
    hpo_study_free(study);
    return count;
}

static void limits_in_logical_order_ignore_timing(void **state) {
    static const char *const limits[][2] = {{"failures.consecutive", "3"}, {"failures.max", "9"}};
    (void)state;
    for (size_t l = 0; l < 2; l++) {
        static double first[MOST], again[MOST];
        hpo_status    status = HPO_OK, same = HPO_OK;
        size_t        n = run_logical(limits[l][0], limits[l][1], &status, first);
        assert_int_equal(status, HPO_E_HOST - 5);
        assert_true(n < MOST);
        for (int r = 0; r < 5; r++) {
            assert_int_equal(run_logical(limits[l][0], limits[l][1], &same, again), n);
            assert_int_equal(same, status);
            assert_memory_equal(first, again, n * sizeof *first);
        }
    }
}

/* A strategy that checks what it is shown. */
static hpo_status look(void *state, const hpo_history *history, uint64_t number, hpo_point *out, hpo_error *err) {
    (void)number;
    (void)out;
    (void)err;
    for (size_t i = 0; i < hpo_history_size(history); i++)
        if (hpo_history_states(history)[i] == HPO_FAILED) {
            ++*(size_t *)state;
            if (!isnan(hpo_history_values(history)[i]))
                return HPO_E_HOST;
        }
    return HPO_OK;
}

static const hpo_strategy_ops looking = {.struct_size = sizeof(hpo_strategy_ops), .abi_version = HPO_STRATEGY_ABI, .name = "looking", .ask = look};

static void failed_trials_have_no_value_for_strategies(void **state) {
    hpo_study   *study  = open_study();
    hpo_trial   *trial  = NULL;
    size_t       seen   = 0;
    const double told[] = {-INFINITY, 3.5, NAN};
    (void)state;
    assert_int_equal(hpo_study_use_strategy(study, &looking, &seen, NULL, NULL), HPO_OK);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(hpo_study_ask(study, &trial, NULL), HPO_OK);
        assert_int_equal(hpo_study_tell(study, trial, i == 1 ? HPO_FAILED : HPO_COMPLETE, &told[i], 1, NULL), HPO_OK);
        assert_int_equal(hpo_trial_state(trial), HPO_FAILED);
        hpo_trial_free(trial);
    }
    assert_int_equal(hpo_study_ask(study, &trial, NULL), HPO_OK);
    assert_int_equal(hpo_study_tell(study, trial, HPO_TRIAL_PRUNED, &told[0], 1, NULL), HPO_OK); /* infinitely good: no result either */
    assert_int_equal(hpo_trial_state(trial), HPO_FAILED);
    hpo_trial_free(trial);
    assert_int_equal(hpo_study_ask(study, &trial, NULL), HPO_OK);
    hpo_trial_free(trial);
    assert_true(seen > 0);
    assert_int_equal(hpo_study_trial(study, 1, &trial, NULL), HPO_OK);
    assert_true(hpo_trial_value(trial) == 3.5); /* the host still sees what it told */
    hpo_trial_free(trial);
    hpo_study_free(study);
}

static hpo_status good(hpo_trial *trial, double *value, void *user) {
    (void)user;
    *value = hpo_trial_float(trial, "x");
    return HPO_OK;
}

static hpo_status gives_up(hpo_trial *trial, double *value, void *user) {
    (void)user;
    *value = isnan(hpo_trial_value(trial)) && isnan(hpo_trial_end_time(trial)) ? 1 : 2; /* nothing of the search shows */
    return HPO_PRUNED;
}

static void ending_early_is_no_score(void **state) {
    hpo_study *study = open_study();
    hpo_trial *best  = NULL;
    double     score = 7;
    hpo_error  error = {0, 0, "untouched"};
    (void)state;
    assert_int_equal(hpo_study_optimize(study, good, NULL, 5, NULL), HPO_OK);
    assert_int_equal(hpo_study_best(study, &best, NULL), HPO_OK);
    assert_int_equal(hpo_study_test(study, best, gives_up, NULL, &score, &error), HPO_E_CALLBACK);
    assert_true(score == 7);
    assert_non_null(strstr(error.message, "ended early"));
    assert_int_equal(hpo_study_confirm(study, gives_up, NULL, 2, 2, NULL, &error), HPO_E_CALLBACK);
    assert_non_null(strstr(error.message, "gave up early"));
    assert_int_equal(hpo_study_confirm(study, good, NULL, 2, 2, NULL, NULL), HPO_OK);
    error = (hpo_error){0, 0, "untouched"};
    assert_int_equal(hpo_study_confirmed(study, hpo_trial_number(best), NULL, NULL, NULL, &error), HPO_OK);
    assert_string_equal(error.message, "untouched");
    hpo_trial_free(best);
    hpo_study_free(study);
}

/* ---- settings of a strategy that left ---- */

static const hpo_setting rows[]    = {{"mine.level", "int", "3", "0..9", "a level"}, {NULL, NULL, NULL, NULL, NULL}};
static const hpo_setting clashes[] = {{"seed", "int", "3", "0..9", "taken"}, {NULL, NULL, NULL, NULL, NULL}};

static void settings_leave_with_their_strategy(void **state) {
    hpo_study       *study = open_study();
    hpo_strategy_ops ops   = looking;
    size_t           seen  = 0;
    char             text[16];
    hpo_error        error;
    (void)state;
    ops.settings = rows;
    assert_int_equal(hpo_study_use_strategy(study, &ops, &seen, NULL, NULL), HPO_OK);
    assert_int_equal(hpo_study_set(study, "mine.level", "7", NULL), HPO_OK);
    assert_int_equal(hpo_study_set(study, "strategy", "random", NULL), HPO_OK);
    assert_int_equal(hpo_study_get(study, "mine.level", text, sizeof text, NULL, NULL), HPO_E_NOT_FOUND);
    assert_int_equal(hpo_study_use_strategy(study, &ops, &seen, NULL, NULL), HPO_OK);
    assert_int_equal(hpo_study_get(study, "mine.level", text, sizeof text, NULL, NULL), HPO_OK);
    assert_string_equal(text, "3");
    ops.settings = clashes;
    assert_int_equal(hpo_study_use_strategy(study, &ops, &seen, NULL, &error), HPO_E_EXISTS);
    assert_non_null(strstr(error.message, "seed"));
    hpo_study_free(study);
}

/* ---- handles that do not fit ---- */

static void nothing_is_no_trial(void **state) {
    (void)state;
    assert_int_equal(hpo_trial_number(NULL), 0);
    assert_int_equal(hpo_trial_state(NULL), -1);
    assert_true(isnan(hpo_trial_value(NULL)) && isnan(hpo_trial_float(NULL, "x")));
    assert_int_equal(hpo_trial_is_active(NULL, "x"), -1);
    assert_int_equal(hpo_trial_values_by_index(NULL, NULL, 0), 0);
    assert_string_equal(hpo_trial_message(NULL), "");
    assert_int_equal(hpo_trial_report_at(NULL, 0, NULL, NULL, NULL), HPO_E_NOT_FOUND);
    assert_null(hpo_trial_attribute(NULL, "a"));
}

static void points_of_grown_spaces(void **state) {
    hpo_space *space = hpo_space_new(NULL);
    hpo_point *point = NULL;
    double     two[] = {0.5, 0.5};
    (void)state;
    hpo_space_add_int(space, "n", INT64_C(4503599627370496), INT64_C(4503599627371496), HPO_LINEAR, NULL);
    hpo_space_set_step(space, "n", 10, NULL);
    assert_int_equal(hpo_point_new(space, &point, NULL), HPO_OK);
    assert_int_equal(hpo_point_set(point, "n", "4503599627370999", NULL), HPO_E_INVALID); /* off the grid by 3, far out */
    assert_int_equal(hpo_point_set(point, "n", "4503599627370996", NULL), HPO_OK);
    hpo_space_add_bool(space, "late", NULL);
    assert_int_equal(hpo_point_set_unit(point, two, 2, NULL), HPO_E_STATE);
    assert_int_equal(hpo_point_set_values(point, two, 2, NULL), HPO_E_STATE);
    assert_int_equal(hpo_point_set(point, "late", "true", NULL), HPO_E_STATE);
    hpo_point_free(point);
    hpo_space_free(space);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limits_in_logical_order_ignore_timing),
        cmocka_unit_test(failed_trials_have_no_value_for_strategies),
        cmocka_unit_test(ending_early_is_no_score),
        cmocka_unit_test(settings_leave_with_their_strategy),
        cmocka_unit_test(nothing_is_no_trial),
        cmocka_unit_test(points_of_grown_spaces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
