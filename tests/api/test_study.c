/* A study's life, its settings, its strategy and its callbacks. */
#include "host.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

/* ---- making ---- */

static void test_needs_a_usable_space(void **state) {
    (void)state;
    hpo_study *study = (hpo_study *)8;
    assert_fails(hpo_study_new(NULL, &study, error), HPO_E_INVALID, "space", "NULL");
    hpo_space *space = hpo_space_new(NULL);
    assert_fails(hpo_study_new(space, NULL, error), HPO_E_INVALID, "out", "NULL");
    assert_fails(hpo_study_new(space, &study, error), HPO_E_INVALID, "no parameters", NULL);
    hpo_space_add_float(space, "momentum", 0.9, 0.5, HPO_LINEAR, NULL);
    hpo_space_add_bool(space, "fine", NULL);
    assert_fails(hpo_study_new(space, &study, error), HPO_E_INVALID, "momentum", "0.9");
    assert_ptr_equal(study, (hpo_study *)8); /* left alone by every failure */
    hpo_space_free(space);
    hpo_study_free(NULL);
    hpo_study_stop(NULL);
    assert_null(hpo_study_space(NULL));
}

static void test_keeps_its_own_space(void **state) {
    (void)state;
    hpo_space *space = line_space();
    hpo_study *study = NULL;
    assert_ok(hpo_study_new(space, &study, error));
    assert_ok(hpo_space_add_float(space, "later", 0, 1, HPO_LINEAR, error));
    assert_int_equal(hpo_space_size(hpo_study_space(study)), 1);
    hpo_space_free(space);
    assert_string_equal(hpo_space_name(hpo_study_space(study), 0), "x");
    assert_ok(hpo_study_optimize(study, line_objective, NULL, 5, error));
    hpo_study_free(study);
}

static void test_two_studies_do_not_share(void **state) {
    (void)state;
    hpo_study *a = line_study("random"), *b = line_study("random");
    size_t     n, m;
    set(b, "seed", "7");
    assert_ok(hpo_study_optimize(a, line_objective, NULL, 4, error));
    assert_ok(hpo_study_optimize(b, line_objective, NULL, 6, error));
    double *x = column_of(a, "x", &n), *y = column_of(b, "x", &m);
    assert_int_equal(n, 4);
    assert_int_equal(m, 6);
    assert_false(same_numbers(x + 1, y + 1, 3));
    free(x);
    free(y);
    hpo_study_free(a);
    hpo_study_free(b);
}

/* ---- settings ---- */

static void test_every_setting_reads_as_its_default(void **state) {
    (void)state;
    hpo_study *study = line_study(NULL);
    assert_true(hpo_setting_count() >= 12);
    for (size_t i = 0; i < hpo_setting_count(); i++) {
        char        value[64] = "unread";
        size_t      need = 0, length = strlen(hpo_setting_name(i));
        const char *name = hpo_setting_name(i), *type = hpo_setting_type(i);
        assert_true(strcmp(type, "int") == 0 || strcmp(type, "float") == 0 || strcmp(type, "bool") == 0 || strcmp(type, "choice") == 0 ||
                    strcmp(type, "text") == 0);
        assert_true(strlen(hpo_setting_help(i)) > 10);
        assert_non_null(hpo_setting_range(i));
        if (strcmp(name + length - 2, ".*") == 0)
            continue; /* one per parameter */
        assert_ok(hpo_study_get(study, name, value, sizeof value, &need, error));
        assert_string_equal(value, hpo_setting_default(i));
        assert_int_equal(need, strlen(value) + 1);
        if (value[0] != '\0')
            set(study, name, value); /* a default is legal */
    }
    for (size_t i = hpo_setting_count(); i < hpo_setting_count() + 3; i++) {
        assert_null(hpo_setting_name(i));
        assert_null(hpo_setting_type(i));
        assert_null(hpo_setting_default(i));
        assert_null(hpo_setting_range(i));
        assert_null(hpo_setting_help(i));
    }
    hpo_study_free(study);
}

static void test_settings_are_set_and_read(void **state) {
    (void)state;
    hpo_study *study = line_study(NULL);
    char       value[16];
    size_t     need = 0;
    set(study, "strategy", "halton");
    set(study, "seed", "12345678901");
    set(study, "grid.levels.x", "9");
    assert_ok(hpo_study_get(study, "seed", value, sizeof value, NULL, error));
    assert_string_equal(value, "12345678901");
    assert_ok(hpo_study_get(study, "strategy", value, sizeof value, NULL, error));
    assert_string_equal(value, "halton");
    assert_ok(hpo_study_get(study, "grid.levels.x", value, sizeof value, NULL, error));
    assert_string_equal(value, "9");
    set(study, "seed", "5"); /* the last one holds */
    assert_ok(hpo_study_get(study, "seed", value, sizeof value, NULL, error));
    assert_string_equal(value, "5");
    memcpy(value, "untouched", 10);
    assert_fails(hpo_study_get(study, "strategy", value, 6, &need, error), HPO_E_BUFFER, "7", NULL);
    assert_int_equal(need, 7);
    assert_fails(hpo_study_get(study, "strategy", NULL, 0, &need, error), HPO_E_BUFFER, "7", NULL);
    assert_ok(hpo_study_get(study, "strategy", value, need, &need, error));
    assert_string_equal(value, "halton");
    assert_fails(hpo_study_get(study, "strategy", NULL, 1, &need, error), HPO_E_INVALID, "buf", NULL);
    hpo_study_free(study);
}

static void test_wrong_settings_name_what_is_right(void **state) {
    (void)state;
    static const struct {
        const char *key, *value;
        hpo_status  status;
        const char *part, *other;
    } cases[] = {
        {"stratgy", "grid", HPO_E_NOT_FOUND, "stratgy", "'strategy'"},
        {"worker", "2", HPO_E_NOT_FOUND, "worker", "'workers'"},
        {"failure.max", "2", HPO_E_NOT_FOUND, "failure.max", "'failures.max'"},
        {"", "2", HPO_E_NOT_FOUND, "''", NULL},
        {"Seed", "2", HPO_E_NOT_FOUND, "Seed", "'seed'"},
        {"a setting that is like no other", "2", HPO_E_NOT_FOUND, "no setting", NULL},
        {"strategy", "gird", HPO_E_INVALID, "gird", "random|grid|sobol"},
        {"strategy", "", HPO_E_INVALID, "strategy", "random|grid|sobol"},
        {"strategy", "grid|sobol", HPO_E_INVALID, "grid|sobol", NULL},
        {"workers", "0", HPO_E_INVALID, "workers", "1..1024"},
        {"workers", "1025", HPO_E_INVALID, "1025", "1..1024"},
        {"workers", "-1", HPO_E_INVALID, "-1", "1..1024"},
        {"workers", "2.5", HPO_E_INVALID, "2.5", "int"},
        {"workers", "two", HPO_E_INVALID, "two", "int"},
        {"workers", " 2", HPO_E_INVALID, "' 2'", "int"},
        {"workers", "", HPO_E_INVALID, "workers", "int"},
        {"workers", "99999999999999999999", HPO_E_INVALID, "99999999999999999999", "1..1024"},
        {"seed", "-1", HPO_E_INVALID, "-1", "0..9223372036854775807"},
        {"seed", "9223372036854775808", HPO_E_INVALID, "9223372036854775808", "seed"},
        {"timeout", "-0.5", HPO_E_INVALID, "timeout", "-0.5"},
        {"timeout", "nan", HPO_E_INVALID, "timeout", "nan"},
        {"timeout", "1s", HPO_E_INVALID, "1s", "float"},
        {"timeout", "0,5", HPO_E_INVALID, "0,5", "float"},
        {"start.default", "yes", HPO_E_INVALID, "yes", "true|false"},
        {"start.default", "TRUE", HPO_E_INVALID, "TRUE", "true|false"},
        {"direction", "up", HPO_E_INVALID, "up", "minimize|maximize"},
        {"order", "fifo", HPO_E_INVALID, "fifo", "arrival|logical"},
        {"grid.levels", "1", HPO_E_INVALID, "grid.levels", "2..1000000"},
        {"grid.levels.y", "5", HPO_E_NOT_FOUND, "'y'", "'x'"},
        {"grid.levels.", "5", HPO_E_NOT_FOUND, "grid.levels.", NULL},
    };
    hpo_study *study = line_study(NULL);
    for (size_t i = 0; i < COUNT(cases); i++) {
        char before[64], after[64];
        bool known = hpo_study_get(study, cases[i].key, before, sizeof before, NULL, NULL) == HPO_OK;
        assert_fails(hpo_study_set(study, cases[i].key, cases[i].value, error), cases[i].status, cases[i].part, cases[i].other);
        if (known) {
            assert_ok(hpo_study_get(study, cases[i].key, after, sizeof after, NULL, error));
            assert_string_equal(before, after);
        }
    }
    assert_fails(hpo_study_set(NULL, "seed", "1", error), HPO_E_INVALID, "NULL", NULL);
    assert_fails(hpo_study_set(study, NULL, "1", error), HPO_E_INVALID, "NULL", NULL);
    assert_fails(hpo_study_set(study, "seed", NULL, error), HPO_E_INVALID, "NULL", NULL);
    assert_fails(hpo_study_get(study, "sed", NULL, 0, NULL, error), HPO_E_NOT_FOUND, "'sed'", NULL);
    hpo_study_free(study);
}

static void test_direction_is_fixed_by_results(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    set(study, "direction", "maximize");
    set(study, "direction", "minimize");
    hpo_trial *trial = NULL;
    double     value = 1;
    assert_ok(hpo_study_ask(study, &trial, error));
    set(study, "direction", "maximize"); /* a running trial is no result */
    assert_ok(hpo_study_tell(study, trial, HPO_COMPLETE, &value, 1, error));
    assert_fails(hpo_study_set(study, "direction", "minimize", error), HPO_E_STATE, "direction", "minimize");
    set(study, "direction", "maximize"); /* nothing changes */
    hpo_trial_free(trial);
    hpo_study_free(study);
}

static void test_order_and_workers_wait_for_running_trials(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    hpo_trial *trial = NULL;
    assert_ok(hpo_study_ask(study, &trial, error));
    assert_fails(hpo_study_set(study, "order", "logical", error), HPO_E_BUSY, "order", "running");
    assert_fails(hpo_study_set(study, "workers", "3", error), HPO_E_BUSY, "workers", "running");
    hpo_trial_free(trial);
    set(study, "order", "logical");
    set(study, "workers", "3");
    hpo_study_free(study);
}

/* ---- what may not change while the study runs ---- */

typedef struct busy {
    hpo_study *study;
    hpo_point *point;
    int        destroyed;
    int        wrong;
} busy;

static void count_destroyed(void *user) {
    ((busy *)user)->destroyed++;
}

static hpo_status centre_ask(void *strategy, const hpo_history *history, uint64_t number, hpo_point *out, hpo_error *err) {
    (void)strategy;
    (void)history;
    (void)number;
    double unit[1] = {0.5};
    return hpo_point_set_unit(out, unit, 1, err);
}

static const hpo_strategy_ops centre = {
    .struct_size = sizeof(hpo_strategy_ops), .abi_version = HPO_STRATEGY_ABI, .name = "centre", .help = "always the centre", .ask = centre_ask};

static hpo_status busy_objective(hpo_trial *trial, double *values, void *user) {
    busy       *b       = user;
    hpo_study  *study   = b->study;
    hpo_trial  *other   = NULL;
    hpo_error   report  = {0, 0, ""};
    const char *running = "running";
    uint64_t    count   = hpo_study_trial_count(study, HPO_RUNNING);
    b->wrong += count != 1;
    b->wrong += hpo_study_set(study, "seed", "3", &report) != HPO_E_BUSY || strstr(report.message, "seed") == NULL;
    b->wrong += hpo_study_on_log(study, HPO_LOG_INFO, NULL, NULL, &report) != HPO_E_BUSY;
    b->wrong += hpo_study_on_trial(study, NULL, NULL, &report) != HPO_E_BUSY;
    b->wrong += hpo_study_use_strategy(study, &centre, b, count_destroyed, &report) != HPO_E_BUSY;
    b->wrong += hpo_study_optimize(study, line_objective, NULL, 1, &report) != HPO_E_BUSY || report.code != HPO_E_BUSY;
    b->wrong += hpo_study_confirm(study, line_objective, NULL, 1, 1, NULL, &report) != HPO_E_BUSY;
    b->wrong += hpo_study_trial(study, hpo_trial_number(trial), &other, &report) != HPO_E_STATE || strstr(report.message, running) == NULL;
    b->wrong += hpo_study_tell(study, trial, HPO_COMPLETE, values, 1, &report) != HPO_E_STATE;
    hpo_trial_free(trial); /* lent: left alone */
    /* These are fine. */
    b->wrong += hpo_study_enqueue(study, b->point, &report) != HPO_OK;
    b->wrong += hpo_study_ask(study, &other, &report) != HPO_OK;
    values[0] = 2;
    b->wrong += hpo_study_tell(study, other, HPO_COMPLETE, values, 1, &report) != HPO_OK;
    b->wrong += hpo_study_test(study, other, line_objective, NULL, NULL, &report) != HPO_E_BUSY;
    hpo_trial_free(other);
    values[0] = 1;
    return HPO_OK;
}

static void test_running_study_refuses_changes(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    busy       b     = {study, NULL, 0, 0};
    assert_ok(hpo_point_new(hpo_study_space(study), &b.point, error));
    assert_ok(hpo_study_optimize(study, busy_objective, &b, 3, error));
    assert_int_equal(b.wrong, 0);
    assert_int_equal(b.destroyed, 3); /* by every refused registration */
    assert_int_equal(hpo_study_trial_count(study, HPO_COMPLETE), 6);
    set(study, "seed", "3"); /* and afterwards it may */
    hpo_point_free(b.point);
    hpo_study_free(study);
}

/* ---- a third party's strategy ---- */

typedef struct plug {
    hpo_study *study;
    hpo_trial *held; /* running, told from inside: must be refused */
    int        created, destroyed, asked, observed, ended, wrong;
    hpo_status answer;
} plug;

static void plug_end(void *user) {
    ((plug *)user)->ended++;
}

static hpo_status plug_create(const hpo_space *space, const hpo_settings *settings, void *user, void **out, hpo_error *err) {
    plug *p = user;
    (void)err;
    p->created++;
    p->wrong += hpo_space_size(space) != 1;
    p->wrong += hpo_settings_number(settings, "reach") != 0.25 && hpo_settings_number(settings, "reach") != 0.5;
    p->wrong += strcmp(hpo_settings_text(settings, "mode"), "calm") != 0;
    p->wrong += hpo_settings_text(settings, "unknown") != NULL || !isnan(hpo_settings_number(settings, "unknown"));
    *out = p;
    return HPO_OK;
}

static void plug_destroy(void *strategy) {
    ((plug *)strategy)->destroyed++;
}

/* Every function of the study and of a trial that takes its lock answers HPO_E_BUSY. */
static void call_back(plug *p) {
    hpo_trial *trial = NULL;
    hpo_point *point = NULL;
    char       text[64];
    double     value = 1;
    size_t     n;
    uint64_t   total;
    p->wrong += hpo_study_ask(p->study, &trial, NULL) != HPO_E_BUSY;
    p->wrong += hpo_study_optimize(p->study, line_objective, NULL, 1, NULL) != HPO_E_BUSY;
    p->wrong += hpo_study_set(p->study, "seed", "1", NULL) != HPO_E_BUSY;
    p->wrong += hpo_study_get(p->study, "seed", text, sizeof text, NULL, NULL) != HPO_E_BUSY;
    p->wrong += hpo_study_total(p->study, &total, NULL) != HPO_E_BUSY;
    p->wrong += hpo_study_on_log(p->study, HPO_LOG_INFO, NULL, NULL, NULL) != HPO_E_BUSY;
    p->wrong += hpo_study_on_trial(p->study, NULL, NULL, NULL) != HPO_E_BUSY;
    p->wrong += hpo_study_best(p->study, &trial, NULL) != HPO_E_BUSY;
    p->wrong += hpo_study_default(p->study, &trial, NULL) != HPO_E_BUSY;
    p->wrong += hpo_study_trial(p->study, 0, &trial, NULL) != HPO_E_BUSY;
    p->wrong += hpo_study_column(p->study, "x", &value, 1, &n, NULL) != HPO_E_BUSY;
    p->wrong += hpo_study_advice(p->study, "text", text, sizeof text, &n, NULL) != HPO_E_BUSY;
    p->wrong += hpo_study_export(p->study, "csv", "/nonexistent/x.csv", NULL) != HPO_E_BUSY;
    p->wrong += hpo_study_confirm(p->study, line_objective, NULL, 1, 1, NULL, NULL) != HPO_E_BUSY;
    p->wrong += hpo_study_optimism(p->study, NULL, NULL, NULL, NULL) != HPO_E_BUSY;
    p->wrong += hpo_study_confirmed(p->study, 0, NULL, NULL, NULL, NULL) != HPO_E_BUSY;
    p->wrong += hpo_study_predict(p->study, &value, 1, &value, NULL, NULL) != HPO_E_BUSY;
    p->wrong += hpo_study_estimate(p->study, 0, NULL, NULL, NULL) != HPO_E_BUSY;
    p->wrong += hpo_study_relevance(p->study, &value, NULL) != HPO_E_BUSY;
    p->wrong += hpo_study_use_strategy(p->study, &centre, NULL, NULL, NULL) != HPO_E_BUSY;
    if (hpo_point_new(hpo_study_space(p->study), &point, NULL) == HPO_OK) {
        p->wrong += hpo_study_enqueue(p->study, point, NULL) != HPO_E_BUSY;
        p->wrong += hpo_study_add(p->study, point, HPO_COMPLETE, &value, 1, NULL) != HPO_E_BUSY;
    }
    hpo_point_free(point);
    if (p->held != NULL) {
        p->wrong += hpo_study_tell(p->study, p->held, HPO_COMPLETE, &value, 1, NULL) != HPO_E_BUSY;
        hpo_trial_free(p->held); /* left alone: the study needs it */
        p->wrong += hpo_trial_state(p->held) != HPO_RUNNING;
    }
}

static hpo_status plug_ask(void *strategy, const hpo_history *history, uint64_t number, hpo_point *out, hpo_error *err) {
    plug         *p       = strategy;
    const double *pending = NULL;
    double        unit[1] = {hpo_history_uniform(history, number, 1, 0)};
    p->asked++;
    p->wrong += hpo_history_dimensions(history) != 1;
    p->wrong += hpo_history_pending(history, &pending) != (size_t)(p->held != NULL);
    call_back(p);
    if (p->answer != HPO_OK)
        return p->answer;
    hpo_point_free(out); /* lent: left alone */
    return hpo_point_set_unit(out, unit, 1, err);
}

static hpo_status plug_observe(void *strategy, const hpo_history *history, uint64_t number, hpo_error *err) {
    plug *p = strategy;
    (void)err;
    size_t last = hpo_history_size(history) - 1;
    p->observed++;
    p->wrong += hpo_history_numbers(history)[last] != number;
    call_back(p);
    return HPO_OK;
}

static hpo_status plug_total(void *strategy, uint64_t *trials, hpo_error *err) {
    (void)strategy;
    (void)err;
    *trials = 77;
    return HPO_OK;
}

static const hpo_setting plug_settings[] = {
    {"reach", "float", "0.25", "0..1", "how far"},
    {"mode", "choice", "calm", "calm|wild", "how bold"},
    {NULL, NULL, NULL, NULL, NULL},
};

static const hpo_strategy_ops plug_ops = {
    .struct_size = sizeof(hpo_strategy_ops),
    .abi_version = HPO_STRATEGY_ABI,
    .name        = "plug",
    .help        = "for this test",
    .create      = plug_create,
    .destroy     = plug_destroy,
    .ask         = plug_ask,
    .observe     = plug_observe,
    .total       = plug_total,
    .settings    = plug_settings,
};

static void test_third_party_strategy(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    plug       p     = {.study = study};
    char       text[32];
    uint64_t   total = 0;
    assert_fails(hpo_study_set(study, "reach", "0.5", error), HPO_E_NOT_FOUND, "reach", NULL);
    assert_ok(hpo_study_use_strategy(study, &plug_ops, &p, plug_end, error));
    assert_ok(hpo_study_get(study, "strategy", text, sizeof text, NULL, error));
    assert_string_equal(text, "plug");
    set(study, "reach", "0.5");
    assert_fails(hpo_study_set(study, "reach", "2", error), HPO_E_INVALID, "reach", "0..1");
    assert_fails(hpo_study_set(study, "reech", "0.5", error), HPO_E_NOT_FOUND, "'reach'", NULL);
    assert_ok(hpo_study_total(study, &total, error));
    assert_int_equal(total, 77);
    assert_ok(hpo_study_optimize(study, line_objective, NULL, 10, error));
    assert_int_equal(p.asked, 9); /* the default is not the strategy's */
    assert_true(p.observed >= 9); /* the state may have been made after the first trial */
    tell_one(study, HPO_COMPLETE, 5);
    assert_ok(hpo_study_ask(study, &p.held, error));
    hpo_trial *trial = NULL;
    assert_ok(hpo_study_ask(study, &trial, error)); /* its strategy tries to tell the held one */
    hpo_trial_free(trial);
    hpo_trial *held = p.held;
    p.held          = NULL;
    hpo_trial_free(held);
    assert_int_equal(p.wrong, 0);
    assert_int_equal(p.ended, 0);
    set(study, "strategy", "sobol"); /* back to a built-in one */
    assert_int_equal(p.ended, 1);
    assert_int_equal(p.created, p.destroyed);
    assert_fails(hpo_study_set(study, "reach", "0.5", error), HPO_E_NOT_FOUND, "reach", NULL);
    assert_ok(hpo_study_optimize(study, line_objective, NULL, 3, error));
    hpo_study_free(study);
    assert_int_equal(p.ended, 1);
}

/* ---- what a strategy sees ---- */

/* Values to be minimised, whatever the direction; NaN where a trial has none or failed; the order of telling. */
static hpo_status see(void *strategy, const hpo_history *history, uint64_t number, hpo_point *out, hpo_error *err) {
    static const uint64_t numbers[] = {0, 2, 1, 4, 3, 5};
    static const int32_t  states[]  = {HPO_COMPLETE, HPO_FAILED, HPO_TRIAL_PRUNED, HPO_TRIAL_PRUNED, HPO_FAILED, HPO_COMPLETE};
    const double          values[]  = {-1, NONE, -2, NONE, NONE, INF};
    int                  *wrong     = strategy;
    size_t                n         = hpo_history_size(history);
    const double         *pending   = NULL;
    if (number == 6) {
        *wrong += n != COUNT(numbers) || hpo_history_pending(history, &pending) != 0 || hpo_history_suggested(history) != 5;
        for (size_t i = 0; i < COUNT(numbers); i++) {
            *wrong += hpo_history_numbers(history)[i] != numbers[i] || hpo_history_states(history)[i] != states[i];
            *wrong += !same_number(hpo_history_values(history)[i], values[i]);
        }
    } else {
        *wrong += number < 6 && hpo_history_pending(history, &pending) != number - 1;
        for (uint64_t i = 1; i < number && number < 6; i++) /* running ones by number */
            *wrong += pending[i - 1] != 0.1 * (double)i;
    }
    double unit[1] = {0.1 * (double)number};
    return hpo_point_set_unit(out, unit, 1, err);
}

static void test_history_of_a_strategy(void **state) {
    (void)state;
    static const struct {
        size_t  which;
        int32_t state;
        size_t  n;
        double  value;
    } told[] = {
        {2, HPO_FAILED, 1, 9}, {1, HPO_TRIAL_PRUNED, 1, 2}, {4, HPO_TRIAL_PRUNED, 0, 0}, {3, HPO_COMPLETE, 1, INF}, {5, HPO_COMPLETE, 1, -INF}};
    hpo_strategy_ops ops   = centre;
    hpo_study       *study = line_study(NULL);
    hpo_trial       *trials[6];
    int              wrong = 0;
    ops.ask                = see;
    set(study, "direction", "maximize");
    assert_ok(hpo_study_use_strategy(study, &ops, &wrong, NULL, error));
    tell_one(study, HPO_COMPLETE, 1); /* the default */
    for (size_t i = 1; i < COUNT(trials); i++)
        assert_ok(hpo_study_ask(study, &trials[i], error));
    for (size_t i = 0; i < COUNT(told); i++) {
        assert_ok(hpo_study_tell(study, trials[told[i].which], told[i].state, &told[i].value, told[i].n, error));
        hpo_trial_free(trials[told[i].which]);
    }
    tell_one(study, HPO_COMPLETE, 1);
    assert_int_equal(wrong, 0);
    hpo_study_free(study);
}

static void test_strategy_is_ended_with_its_study(void **state) {
    (void)state;
    plug       p = {0}, q = {0};
    hpo_study *study = line_study(NULL);
    p.study = q.study = study;
    assert_ok(hpo_study_use_strategy(study, &plug_ops, &p, plug_end, error));
    tell_one(study, HPO_COMPLETE, 1);
    tell_one(study, HPO_COMPLETE, 1);
    assert_ok(hpo_study_use_strategy(study, &plug_ops, &q, plug_end, error)); /* takes the place of the first */
    assert_int_equal(p.ended, 1);
    assert_int_equal(p.created, p.destroyed);
    tell_one(study, HPO_COMPLETE, 1);
    hpo_study_free(study);
    assert_int_equal(q.ended, 1);
    assert_int_equal(q.created, 1);
    assert_int_equal(q.destroyed, 1);
    assert_int_equal(p.wrong + q.wrong, 0);
}

static void test_strategy_answers(void **state) {
    (void)state;
    hpo_study *study = line_study(NULL);
    hpo_trial *trial = NULL;
    plug       p     = {.study = study, .answer = HPO_EXHAUSTED};
    assert_ok(hpo_study_use_strategy(study, &plug_ops, &p, plug_end, error));
    assert_int_equal(hpo_study_optimize(study, line_objective, NULL, 5, NULL), HPO_EXHAUSTED);
    assert_int_equal(hpo_study_trial_count(study, -1), 1); /* the default */
    assert_int_equal(hpo_study_ask(study, &trial, NULL), HPO_EXHAUSTED);
    p.answer = HPO_E_HOST - 4;
    assert_int_equal(hpo_study_ask(study, &trial, NULL), HPO_E_HOST - 4);
    assert_int_equal(hpo_study_optimize(study, line_objective, NULL, 5, NULL), HPO_E_HOST - 4);
    p.answer = HPO_E_NUMERIC;
    assert_int_equal(hpo_study_ask(study, &trial, NULL), HPO_E_NUMERIC);
    p.answer = HPO_PRUNED; /* makes no sense */
    assert_fails(hpo_study_ask(study, &trial, error), HPO_E_CALLBACK, "plug", "1");
    assert_null(trial);
    assert_int_equal(hpo_study_trial_count(study, -1), 1); /* none of these came to be */
    p.answer = HPO_OK;
    tell_one(study, HPO_COMPLETE, 1);
    assert_int_equal(hpo_study_trial_count(study, -1), 2);
    hpo_study_free(study);
    assert_int_equal(p.created, p.destroyed);
    assert_int_equal(p.wrong, 0);
}

static void test_bad_strategy_tables(void **state) {
    (void)state;
    hpo_study       *study = line_study(NULL);
    plug             p     = {.study = study};
    hpo_strategy_ops ops;
    int              n = 0;
    assert_fails(hpo_study_use_strategy(study, NULL, &p, plug_end, error), HPO_E_INVALID, "NULL", NULL);
    assert_int_equal(p.ended, ++n);
    assert_fails(hpo_study_use_strategy(NULL, &plug_ops, &p, plug_end, error), HPO_E_INVALID, "NULL", NULL);
    assert_int_equal(p.ended, ++n);
    ops             = plug_ops;
    ops.abi_version = HPO_STRATEGY_ABI + 1;
    assert_fails(hpo_study_use_strategy(study, &ops, &p, plug_end, error), HPO_E_ABI, "version 2", "version 1");
    assert_int_equal(p.ended, ++n);
    ops             = plug_ops;
    ops.struct_size = 8;
    assert_fails(hpo_study_use_strategy(study, &ops, &p, plug_end, error), HPO_E_ABI, "size 8", NULL);
    assert_int_equal(p.ended, ++n);
    ops      = plug_ops;
    ops.name = "";
    assert_fails(hpo_study_use_strategy(study, &ops, &p, plug_end, error), HPO_E_INVALID, "name", NULL);
    ops     = plug_ops;
    ops.ask = NULL;
    assert_fails(hpo_study_use_strategy(study, &ops, &p, plug_end, error), HPO_E_INVALID, "ask", NULL);
    ops         = plug_ops;
    ops.destroy = NULL;
    assert_fails(hpo_study_use_strategy(study, &ops, &p, plug_end, error), HPO_E_INVALID, "plug", "create and destroy");
    assert_fails(hpo_study_use_strategy(study, &ops, &p, NULL, error), HPO_E_INVALID, "plug", "create and destroy");
    assert_int_equal(p.ended, n + 3);
    assert_ok(hpo_study_optimize(study, line_objective, NULL, 3, error)); /* with the strategy it had */
    assert_int_equal(p.created + p.asked, 0);
    hpo_study_free(study);
}

static void test_totals(void **state) {
    (void)state;
    hpo_study *study = line_study("grid");
    uint64_t   total = 0;
    assert_ok(hpo_study_total(study, &total, error));
    assert_int_equal(total, 5);
    set(study, "grid.levels.x", "101");
    assert_ok(hpo_study_total(study, &total, error));
    assert_int_equal(total, 101);
    set(study, "strategy", "random");
    assert_fails(hpo_study_total(study, &total, error), HPO_E_UNSUPPORTED, "random", NULL);
    assert_fails(hpo_study_total(study, NULL, error), HPO_E_INVALID, "NULL", NULL);
    assert_fails(hpo_study_total(NULL, &total, error), HPO_E_INVALID, "NULL", NULL);
    hpo_study_free(study);
    assert_true(hpo_strategy_count() >= 6);
    for (size_t i = 0; i < hpo_strategy_count(); i++) {
        study = line_study(hpo_strategy_name(i)); /* every listed name can be set */
        assert_true(strlen(hpo_strategy_help(i)) > 5);
        hpo_study_free(study);
    }
    assert_null(hpo_strategy_name(hpo_strategy_count()));
    assert_null(hpo_strategy_help(hpo_strategy_count()));
}

/* ---- the default configuration ---- */

static void test_default_runs_first(void **state) {
    (void)state;
    double     expected[MIXED_SIZE], values[MIXED_SIZE];
    hpo_study *study         = mixed_study("random");
    hpo_trial *first         = NULL;
    hpo_trial *default_trial = NULL;
    assert_fails(hpo_study_default(study, &default_trial, error), HPO_E_NOT_FOUND, "default", NULL);
    assert_ok(hpo_study_ask(study, &first, error));
    assert_int_equal(hpo_trial_values_by_index(first, values, MIXED_SIZE), MIXED_SIZE);
    assert_same(values[LR], 0.001); /* exactly, though the scale is logarithmic */
    assert_same(values[DEPTH], 7);
    assert_string_equal(hpo_trial_categorical(first, "kernel"), "linear");
    assert_int_equal(hpo_trial_is_active(first, "gamma"), 0);
    assert_fails(hpo_study_default(study, &default_trial, error), HPO_E_NOT_FOUND, "default", NULL); /* it still runs */
    memcpy(expected, values, sizeof values);
    double loss = 3;
    assert_ok(hpo_study_tell(study, first, HPO_COMPLETE, &loss, 1, error));
    hpo_trial_free(first);
    assert_ok(hpo_study_optimize(study, mixed_objective, NULL, 5, error));
    assert_ok(hpo_study_default(study, &default_trial, error));
    assert_int_equal(hpo_trial_number(default_trial), 0);
    hpo_trial_values_by_index(default_trial, values, MIXED_SIZE);
    assert_true(same_numbers(values, expected, MIXED_SIZE));
    hpo_trial_free(default_trial);
    hpo_study_free(study);
}

static void test_default_can_be_refused(void **state) {
    (void)state;
    hpo_study *with = mixed_study("random"), *without = mixed_study("random");
    hpo_trial *trial = NULL;
    double     a[MIXED_SIZE], b[MIXED_SIZE];
    set(without, "start.default", "false");
    assert_ok(hpo_study_optimize(with, mixed_objective, NULL, 6, error));
    assert_ok(hpo_study_optimize(without, mixed_objective, NULL, 6, error));
    assert_fails(hpo_study_default(without, &trial, error), HPO_E_NOT_FOUND, "default", NULL);
    for (uint64_t i = 0; i < 6; i++) { /* random is a function of the number, so the rest is the same */
        hpo_trial *x = trial_of(with, i), *y = trial_of(without, i);
        hpo_trial_values_by_index(x, a, MIXED_SIZE);
        hpo_trial_values_by_index(y, b, MIXED_SIZE);
        assert_int_equal(same_numbers(a, b, MIXED_SIZE), i > 0);
        hpo_trial_free(x);
        hpo_trial_free(y);
    }
    set(without, "start.default", "true"); /* now it comes next */
    assert_ok(hpo_study_optimize(without, mixed_objective, NULL, 1, error));
    assert_ok(hpo_study_default(without, &trial, error));
    assert_int_equal(hpo_trial_number(trial), 6);
    hpo_trial_free(trial);
    hpo_study_free(with);
    hpo_study_free(without);
}

/* ---- log ---- */

typedef struct heard {
    atomic_int at[5]; /* by level */
    atomic_int wrong;
    char       last[600];
} heard;

static void hear(int32_t level, const char *message, void *user) {
    heard *h = user;
    if (level < HPO_LOG_ERROR || level > HPO_LOG_DEBUG || message == NULL || message[0] == '\0') {
        atomic_fetch_add(&h->wrong, 1);
        return;
    }
    atomic_fetch_add(&h->at[level], 1);
    snprintf(h->last, sizeof h->last, "%s", message);
}

static hpo_status failing_objective(hpo_trial *trial, double *values, void *user) {
    (void)values;
    (void)user;
    hpo_trial_set_message(trial, "out of luck", NULL);
    return -5000;
}

static void test_log_levels(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    heard      h     = {0};
    assert_fails(hpo_study_on_log(study, 0, hear, &h, error), HPO_E_INVALID, "0", NULL);
    assert_fails(hpo_study_on_log(study, 5, hear, &h, error), HPO_E_INVALID, "5", NULL);
    assert_fails(hpo_study_on_log(NULL, 1, hear, &h, error), HPO_E_INVALID, "NULL", NULL);
    assert_ok(hpo_study_on_log(study, HPO_LOG_ERROR, hear, &h, error));
    assert_ok(hpo_study_optimize(study, failing_objective, NULL, 2, error));
    assert_int_equal(h.at[HPO_LOG_WARNING] + h.at[HPO_LOG_INFO] + h.at[HPO_LOG_DEBUG], 0);
    assert_ok(hpo_study_on_log(study, HPO_LOG_WARNING, hear, &h, error));
    assert_ok(hpo_study_optimize(study, failing_objective, NULL, 3, error));
    assert_int_equal(h.at[HPO_LOG_WARNING], 3); /* one for each failure */
    assert_non_null(strstr(h.last, "out of luck"));
    assert_int_equal(h.at[HPO_LOG_INFO] + h.at[HPO_LOG_DEBUG], 0);
    assert_ok(hpo_study_on_log(study, HPO_LOG_DEBUG, hear, &h, error));
    assert_ok(hpo_study_optimize(study, line_objective, NULL, 1, error));
    assert_true(h.at[HPO_LOG_INFO] >= 1);
    int all = h.at[1] + h.at[2] + h.at[3] + h.at[4];
    assert_ok(hpo_study_on_log(study, 0, NULL, NULL, error)); /* silence again; the level does not matter */
    assert_ok(hpo_study_optimize(study, failing_objective, NULL, 2, error));
    assert_int_equal(h.at[1] + h.at[2] + h.at[3] + h.at[4], all);
    assert_int_equal(h.wrong, 0);
    hpo_study_free(study);
}

/* Whatever goes wrong, nothing is written to the host's stdout or stderr. */
static void test_silent_by_default(void **state) {
    (void)state;
    char  path[] = "/tmp/hpo-silent-XXXXXX", seen[64];
    int   file   = mkstemp(path);
    char *none[] = {NULL};
    assert_true(file >= 0 && none[0] == NULL);
    fflush(stdout);
    fflush(stderr);
    int out = dup(1), err = dup(2);
    dup2(file, 1);
    dup2(file, 2);
    hpo_study *study   = line_study("random");
    hpo_trial *trial   = NULL;
    hpo_status failed  = hpo_study_optimize(study, failing_objective, NULL, 3, NULL);
    hpo_status unknown = hpo_study_set(study, "nothing", "1", NULL);
    hpo_status worked  = hpo_study_optimize(study, line_objective, NULL, 3, NULL);
    hpo_status best    = hpo_study_best(study, &trial, NULL);
    hpo_status tested  = hpo_study_test(study, trial, line_objective, NULL, NULL, NULL);
    hpo_status again   = hpo_study_test(study, trial, line_objective, NULL, NULL, NULL);
    hpo_status export  = hpo_study_export(study, "csv", "/nonexistent/folder/x.csv", NULL);
    hpo_trial_free(trial);
    hpo_study_free(study);
    fflush(stdout);
    fflush(stderr);
    dup2(out, 1);
    dup2(err, 2);
    close(out);
    close(err);
    lseek(file, 0, SEEK_SET);
    ssize_t written = read(file, seen, sizeof seen);
    close(file);
    unlink(path);
    assert_int_equal(written, 0);
    assert_true(failed == HPO_OK && worked == HPO_OK && best == HPO_OK && tested == HPO_OK && again == HPO_OK);
    assert_true(unknown == HPO_E_NOT_FOUND && export == HPO_E_IO);
}

/* ---- freeing while running ---- */

typedef struct freeing {
    hpo_study *study;
    atomic_int calls;
    atomic_int wrong;
    hpo_trial *kept; /* a handle that outlives the study */
    int        ended;
} freeing;

static hpo_status free_in_objective(hpo_trial *trial, double *values, void *user) {
    freeing *f = user;
    if (atomic_fetch_add(&f->calls, 1) == 2)
        hpo_study_free(f->study);
    values[0] = hpo_trial_float(trial, "x"); /* the trial still knows its space */
    f->wrong += isnan(values[0]);
    return HPO_OK;
}

static void test_freed_in_its_objective(void **state) {
    (void)state;
    for (int workers = 1; workers <= 3; workers += 2) {
        freeing f = {.study = line_study("random")};
        char    number[8];
        snprintf(number, sizeof number, "%d", workers);
        set(f.study, "workers", number);
        assert_int_equal(hpo_study_optimize(f.study, free_in_objective, &f, 1000, NULL), HPO_STOPPED);
        assert_true(f.calls >= 3 && f.calls <= 2 + workers + 1); /* trials in flight end */
        assert_int_equal(f.wrong, 0);
    }
}

static hpo_status free_in_callback(const hpo_trial *trial, void *user) {
    freeing *f = user;
    if (hpo_trial_number(trial) == 1) {
        f->wrong += hpo_study_trial(f->study, 0, &f->kept, NULL) != HPO_OK;
        hpo_study_free(f->study);
    }
    return HPO_OK;
}

static void test_freed_in_its_callback(void **state) {
    (void)state;
    freeing f = {.study = line_study("random")};
    assert_ok(hpo_study_on_trial(f.study, free_in_callback, &f, error));
    assert_int_equal(hpo_study_optimize(f.study, line_objective, NULL, 1000, NULL), HPO_STOPPED);
    assert_int_equal(f.wrong, 0);
    assert_same(hpo_trial_float(f.kept, "x"), 0); /* the default, though the study is gone */
    hpo_trial_free(f.kept);
}

static void count_end(void *user) {
    ((freeing *)user)->ended++;
}

static hpo_status wait_until_freed(hpo_trial *trial, double *values, void *user) {
    freeing *f = user;
    (void)trial;
    atomic_fetch_add(&f->calls, 1);
    usleep(1000);
    values[0] = 1;
    return HPO_OK;
}

static void *run_until_freed(void *user) {
    freeing   *f      = user;
    hpo_status status = hpo_study_optimize(f->study, wait_until_freed, f, UINT64_MAX, NULL);
    f->wrong += status != HPO_STOPPED;
    return NULL;
}

static void test_freed_by_another_thread(void **state) {
    (void)state;
    freeing   f = {.study = line_study(NULL)};
    pthread_t thread;
    set(f.study, "workers", "2");
    assert_ok(hpo_study_use_strategy(f.study, &centre, &f, count_end, error));
    assert_int_equal(pthread_create(&thread, NULL, run_until_freed, &f), 0);
    while (atomic_load(&f.calls) < 5)
        usleep(100);
    hpo_study_free(f.study);
    pthread_join(thread, NULL);
    assert_int_equal(f.wrong, 0);
    assert_int_equal(f.ended, 1); /* with the memory, when the search had ended */
}

static void test_trials_outlive_the_study(void **state) {
    (void)state;
    hpo_study *study   = mixed_study("random");
    hpo_trial *running = NULL, *done = NULL, *told = NULL;
    double     value = 4, before[MIXED_SIZE], after[MIXED_SIZE];
    assert_ok(hpo_study_optimize(study, mixed_objective, NULL, 3, error));
    done = trial_of(study, 2);
    assert_ok(hpo_study_ask(study, &told, error));
    assert_ok(hpo_trial_set_attribute(told, "note", "{\"a\": 1}", error));
    assert_ok(hpo_study_tell(study, told, HPO_COMPLETE, &value, 1, error));
    assert_ok(hpo_study_ask(study, &running, error));
    assert_ok(hpo_trial_report(running, 0, 0.5, error));
    hpo_trial_values_by_index(done, before, MIXED_SIZE);
    hpo_study_free(study);
    hpo_trial_values_by_index(done, after, MIXED_SIZE);
    assert_true(same_numbers(before, after, MIXED_SIZE));
    assert_same(hpo_trial_value(done), mixed_loss(done));
    assert_string_equal(hpo_trial_attribute(told, "note"), "{\"a\": 1}");
    assert_non_null(hpo_trial_categorical(done, "kernel"));
    assert_ok(hpo_trial_report(running, 1, 0.4, error)); /* a running one goes on */
    assert_int_equal(hpo_trial_report_count(running), 2);
    hpo_trial_free(told);
    hpo_trial_free(done);
    hpo_trial_free(running);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_needs_a_usable_space),
        cmocka_unit_test(test_keeps_its_own_space),
        cmocka_unit_test(test_two_studies_do_not_share),
        cmocka_unit_test(test_every_setting_reads_as_its_default),
        cmocka_unit_test(test_settings_are_set_and_read),
        cmocka_unit_test(test_wrong_settings_name_what_is_right),
        cmocka_unit_test(test_direction_is_fixed_by_results),
        cmocka_unit_test(test_order_and_workers_wait_for_running_trials),
        cmocka_unit_test(test_running_study_refuses_changes),
        cmocka_unit_test(test_third_party_strategy),
        cmocka_unit_test(test_history_of_a_strategy),
        cmocka_unit_test(test_strategy_is_ended_with_its_study),
        cmocka_unit_test(test_strategy_answers),
        cmocka_unit_test(test_bad_strategy_tables),
        cmocka_unit_test(test_totals),
        cmocka_unit_test(test_default_runs_first),
        cmocka_unit_test(test_default_can_be_refused),
        cmocka_unit_test(test_log_levels),
        cmocka_unit_test(test_silent_by_default),
        cmocka_unit_test(test_freed_in_its_objective),
        cmocka_unit_test(test_freed_in_its_callback),
        cmocka_unit_test(test_freed_by_another_thread),
        cmocka_unit_test(test_trials_outlive_the_study),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
