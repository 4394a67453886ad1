/* Every status that libhpo returns is provoked here, with the rules of hpo_error; and the bad inputs that are not about spaces, in one place. */
#include "host.h"

#include <errno.h>

/* ---- every status ---- */

static hpo_status stops(hpo_trial *trial, double *values, void *user) {
    (void)trial;
    (void)user;
    values[0] = 1;
    return HPO_STOPPED;
}

static hpo_status gives_host_code(hpo_trial *trial, double *values, void *user) {
    (void)trial;
    (void)values;
    (void)user;
    return HPO_E_HOST - 234;
}

static hpo_status fails(hpo_trial *trial, double *values, void *user) {
    (void)trial;
    (void)values;
    (void)user;
    return -1;
}

static hpo_status pruned(hpo_trial *trial, double *values, void *user) {
    (void)trial;
    (void)values;
    (void)user;
    return HPO_PRUNED;
}

static hpo_status numeric_ask(void *strategy, const hpo_history *history, uint64_t number, hpo_point *out, hpo_error *err) {
    (void)strategy;
    (void)history;
    (void)number;
    (void)out;
    if (err != NULL) {
        err->code = HPO_E_NUMERIC;
        snprintf(err->message, sizeof err->message, "the matrix is not positive definite");
    }
    return HPO_E_NUMERIC;
}

static const hpo_strategy_ops numeric = {
    .struct_size = sizeof(hpo_strategy_ops), .abi_version = HPO_STRATEGY_ABI, .name = "numeric", .help = "breaks down", .ask = numeric_ask};

static void *refuses(void *user, void *block, size_t old_size, size_t new_size) {
    (void)old_size;
    if (new_size > 0)
        return --*(int *)user >= 0 ? realloc(block, new_size) : NULL;
    free(block);
    return NULL;
}

/* A strategy that answers with a code and leaves the report to the library, and one that writes a report and succeeds. */
static hpo_status silent_ask(void *strategy, const hpo_history *history, uint64_t number, hpo_point *out, hpo_error *err) {
    (void)history;
    (void)number;
    (void)out;
    (void)err;
    return *(hpo_status *)strategy;
}

static hpo_status wordy_ask(void *strategy, const hpo_history *history, uint64_t number, hpo_point *out, hpo_error *err) {
    (void)strategy;
    (void)history;
    (void)number;
    return hpo_point_set(out, "y", "1", err) == HPO_E_NOT_FOUND ? hpo_point_set(out, "x", "0.5", err) : HPO_E_INTERNAL;
}

static void test_reports_of_strategies(void **state) {
    (void)state;
    hpo_strategy_ops silent = numeric, wordy = numeric;
    hpo_study       *study  = line_study("grid");
    hpo_status       answer = HPO_E_HOST - 6;
    hpo_trial       *trial  = NULL;
    hpo_error        report = {77, 77, "untouched"};
    silent.name             = "silent";
    silent.ask              = silent_ask;
    wordy.ask               = wordy_ask;
    set(study, "start.default", "false");
    assert_ok(hpo_study_use_strategy(study, &silent, &answer, NULL, error));
    assert_fails(hpo_study_ask(study, &trial, error), HPO_E_HOST - 6, "silent", "-1006");
    assert_fails(hpo_study_optimize(study, line_objective, NULL, 1, error), HPO_E_HOST - 6, "silent", "-1006");
    answer = HPO_EXHAUSTED;
    assert_int_equal(hpo_study_ask(study, &trial, &report), HPO_EXHAUSTED);
    assert_ok(hpo_study_use_strategy(study, &wordy, NULL, NULL, error));
    assert_int_equal(hpo_study_ask(study, &trial, &report), HPO_OK);
    assert_int_equal(report.code, 77);
    assert_string_equal(report.message, "untouched");
    hpo_trial_free(trial);
    hpo_study_free(study);
}

/* A call for each status, on a fresh line study with the strategy "grid" and three finished trials. */
static hpo_status provoke(hpo_study *study, hpo_status wanted, hpo_error *err) {
    hpo_trial *trial = NULL;
    hpo_space *space = NULL;
    double     value = 1;
    char       small[2];
    hpo_status status = HPO_E_INTERNAL;
    switch (wanted) {
    case HPO_OK:
        return hpo_study_optimize(study, line_objective, NULL, 1, err);
    case HPO_STOPPED:
        return hpo_study_optimize(study, stops, NULL, 5, err);
    case HPO_EXHAUSTED:
        return hpo_study_optimize(study, line_objective, NULL, 100, err);
    case HPO_E_INVALID:
        return hpo_study_set(study, "workers", "0", err);
    case HPO_E_NOMEM: {
        int           left      = 1; /* the space's own block, and no other */
        hpo_allocator allocator = {sizeof allocator, 0, &left, refuses};
        space                   = hpo_space_new(&allocator);
        status                  = hpo_space_add_float(space, "x", 0, 1, HPO_LINEAR, err);
        hpo_space_free(space);
        return status;
    }
    case HPO_E_STATE:
        status = hpo_study_best(study, &trial, NULL);
        status = status == HPO_OK ? hpo_study_tell(study, trial, HPO_COMPLETE, &value, 1, err) : status;
        hpo_trial_free(trial);
        return status;
    case HPO_E_NOT_FOUND:
        return hpo_study_trial(study, 1000, &trial, err);
    case HPO_E_EXISTS:
        space = hpo_space_new(NULL);
        hpo_space_add_bool(space, "twice", NULL);
        status = hpo_space_add_bool(space, "twice", err);
        hpo_space_free(space);
        return status;
    case HPO_E_UNSUPPORTED: {
        uint64_t total;
        set(study, "strategy", "random");
        return hpo_study_total(study, &total, err);
    }
    case HPO_E_BUSY:
        set(study, "order", "logical");
        if (hpo_study_ask(study, &trial, NULL) != HPO_OK)
            return HPO_E_INTERNAL;
        status = hpo_study_ask(study, &trial, err);
        hpo_trial_free(trial);
        return status;
    case HPO_E_IO:
        return hpo_study_export(study, "csv", "/nonexistent/folder/study.csv", err);
    case HPO_E_ABI: {
        hpo_strategy_ops old = numeric;
        old.abi_version      = 0;
        return hpo_study_use_strategy(study, &old, NULL, NULL, err);
    }
    case HPO_E_NUMERIC:
        return hpo_study_use_strategy(study, &numeric, NULL, NULL, NULL) == HPO_OK ? hpo_study_ask(study, &trial, err) : HPO_E_INTERNAL;
    case HPO_E_BUFFER:
        return hpo_study_get(study, "strategy", small, sizeof small, NULL, err);
    case HPO_E_CALLBACK:
        set(study, "failures.max", "1");
        return hpo_study_optimize(study, fails, NULL, 5, err);
    case HPO_E_HOST - 234:
        set(study, "failures.max", "1");
        return hpo_study_optimize(study, gives_host_code, NULL, 5, err);
    default:
        return HPO_E_INTERNAL;
    }
}

/* HPO_PRUNED is an answer of objectives only; HPO_E_CORRUPT and HPO_E_STALE come with stored studies; HPO_E_INTERNAL would be a defect. */
static const hpo_status statuses[] = {HPO_OK,          HPO_STOPPED,  HPO_EXHAUSTED,     HPO_E_INVALID,   HPO_E_NOMEM, HPO_E_STATE,
                                      HPO_E_NOT_FOUND, HPO_E_EXISTS, HPO_E_UNSUPPORTED, HPO_E_BUSY,      HPO_E_IO,    HPO_E_ABI,
                                      HPO_E_NUMERIC,   HPO_E_BUFFER, HPO_E_CALLBACK,    HPO_E_HOST - 234};

static hpo_study *three_trials(void) {
    hpo_study *study = line_study("grid");
    assert_ok(hpo_study_optimize(study, line_objective, NULL, 3, error));
    return study;
}

static void test_every_status(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(statuses); i++)
        for (int with_error = 0; with_error < 2; with_error++) {
            hpo_study *study = three_trials();
            hpo_error  report, before;
            memset(&report, 0x55, sizeof report);
            before            = report;
            hpo_status status = provoke(study, statuses[i], with_error ? &report : NULL);
            if (status != statuses[i])
                fail_msg("%s was wanted, %s came", hpo_status_name(statuses[i]), hpo_status_name(status));
            if (!with_error || status >= 0) {
                assert_memory_equal(&report, &before, sizeof report); /* success and news leave it untouched */
            } else {
                assert_int_equal(report.code, status);
                assert_non_null(memchr(report.message, '\0', sizeof report.message));
                assert_true(strlen(report.message) >= 5);
                assert_int_equal(report.sys_errno, status == HPO_E_IO ? ENOENT : 0);
            }
            hpo_study_free(study);
        }
}

static void test_pruned_is_news_of_the_objective(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    assert_ok(hpo_study_optimize(study, pruned, NULL, 3, error));
    assert_int_equal(hpo_study_trial_count(study, HPO_TRIAL_PRUNED), 3);
    hpo_study_free(study);
}

static void test_names_of_statuses(void **state) {
    (void)state;
    static const struct {
        hpo_status  status;
        const char *name;
    } names[] = {
        {HPO_OK, "HPO_OK"},
        {HPO_PRUNED, "HPO_PRUNED"},
        {HPO_STOPPED, "HPO_STOPPED"},
        {HPO_EXHAUSTED, "HPO_EXHAUSTED"},
        {HPO_E_INVALID, "HPO_E_INVALID"},
        {HPO_E_NOMEM, "HPO_E_NOMEM"},
        {HPO_E_STATE, "HPO_E_STATE"},
        {HPO_E_NOT_FOUND, "HPO_E_NOT_FOUND"},
        {HPO_E_EXISTS, "HPO_E_EXISTS"},
        {HPO_E_UNSUPPORTED, "HPO_E_UNSUPPORTED"},
        {HPO_E_BUSY, "HPO_E_BUSY"},
        {HPO_E_IO, "HPO_E_IO"},
        {HPO_E_CORRUPT, "HPO_E_CORRUPT"},
        {HPO_E_ABI, "HPO_E_ABI"},
        {HPO_E_NUMERIC, "HPO_E_NUMERIC"},
        {HPO_E_BUFFER, "HPO_E_BUFFER"},
        {HPO_E_STALE, "HPO_E_STALE"},
        {HPO_E_CALLBACK, "HPO_E_CALLBACK"},
        {HPO_E_INTERNAL, "HPO_E_INTERNAL"},
        {HPO_E_HOST, "HPO_E_HOST"},
        {HPO_E_HOST - 1, "HPO_E_HOST"},
        {INT32_MIN, "HPO_E_HOST"},
        {HPO_E_HOST + 1, "unknown status"},
        {4, "unknown status"},
        {-15, "unknown status"},
        {INT32_MAX, "unknown status"},
    };
    for (size_t i = 0; i < COUNT(names); i++)
        assert_string_equal(hpo_status_name(names[i].status), names[i].name);
    assert_int_equal(sizeof(hpo_error), 512);
}

/* ---- messages ---- */

static bool valid_utf8(const char *text) {
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0';) {
        int more = *c < 0x80 ? 0 : (*c & 0xe0) == 0xc0 ? 1 : (*c & 0xf0) == 0xe0 ? 2 : (*c & 0xf8) == 0xf0 ? 3 : -1;
        if (more < 0)
            return false;
        for (c++; more > 0; more--, c++)
            if ((*c & 0xc0) != 0x80)
                return false;
    }
    return true;
}

/* However long the texts are that a message quotes, and wherever they are cut: it ends with a NUL and is UTF-8. */
static void test_long_messages(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    hpo_trial *trial = NULL;
    char       text[3000];
    for (size_t shift = 0; shift < 4; shift++) {
        hpo_error report = {0, 0, ""};
        memset(text, 'a', shift);
        for (size_t i = shift; i + 4 < sizeof text; i += 3)
            memcpy(text + i, "\xe2\x82\xac", 4); /* the euro sign */
        assert_int_equal(hpo_study_set(study, text, "1", &report), HPO_E_NOT_FOUND);
        assert_true(valid_utf8(report.message));
        assert_int_equal(hpo_study_set(study, "strategy", text, &report), HPO_E_INVALID);
        assert_true(valid_utf8(report.message));
        assert_int_equal(hpo_study_set(study, "workers", text, &report), HPO_E_INVALID);
        assert_true(valid_utf8(report.message));
        assert_int_equal(hpo_study_export(study, text, "/tmp/x", &report), HPO_E_INVALID);
        assert_true(valid_utf8(report.message));
        assert_int_equal(hpo_study_export(study, "csv", text, &report), HPO_E_IO); /* a name that is too long */
        assert_true(valid_utf8(report.message));
        assert_ok(hpo_study_ask(study, &trial, error));
        assert_int_equal(hpo_trial_set_attribute(trial, text, "1", &report), HPO_E_INVALID);
        assert_true(valid_utf8(report.message));
        assert_ok(hpo_trial_set_message(trial, text, error)); /* messages of trials are kept whole */
        assert_ok(hpo_study_tell(study, trial, HPO_FAILED, NULL, 0, error));
        assert_string_equal(hpo_trial_message(trial), text);
        hpo_trial_free(trial);
        assert_ok(hpo_study_ask(study, &trial, error));
        assert_true(isnan(hpo_trial_float(trial, text)));
        double value = 1;
        assert_int_equal(hpo_study_tell(study, trial, HPO_COMPLETE, &value, 1, &report), HPO_E_NOT_FOUND);
        assert_true(valid_utf8(report.message));
        assert_true(valid_utf8(hpo_trial_message(trial)));
        hpo_trial_free(trial);
    }
    hpo_study_free(study);
}

/* A failing trial with a long reason: optimize's own message, the log's and the trial's are all UTF-8. */
static hpo_status long_reason(hpo_trial *trial, double *values, void *user) {
    (void)values;
    hpo_trial_set_message(trial, user, NULL);
    return -1;
}

static void hear_utf8(int32_t level, const char *message, void *user) {
    (void)level;
    *(int *)user += !valid_utf8(message);
}

static void test_long_reasons(void **state) {
    (void)state;
    char text[2000];
    for (size_t shift = 0; shift < 3; shift++) {
        hpo_study *study  = line_study("random");
        hpo_error  report = {0, 0, ""};
        int        wrong  = 0;
        memset(text, 'a', shift);
        for (size_t i = shift; i + 4 < sizeof text; i += 3)
            memcpy(text + i, "\xe2\x82\xac", 4);
        set(study, "failures.consecutive", "2");
        assert_ok(hpo_study_on_log(study, HPO_LOG_DEBUG, hear_utf8, &wrong, error));
        assert_int_equal(hpo_study_optimize(study, long_reason, text, 5, &report), HPO_E_CALLBACK);
        assert_true(valid_utf8(report.message));
        assert_int_equal(wrong, 0);
        hpo_study_free(study);
    }
}

/* ---- bad inputs ---- */

static void test_grid_of_ten_to_the_thirty_cells(void **state) {
    (void)state;
    hpo_space *space = hpo_space_new(NULL);
    for (int i = 0; i < 30; i++) {
        char name[8];
        snprintf(name, sizeof name, "p%d", i);
        assert_ok(hpo_space_add_float(space, name, 0, 1, HPO_LINEAR, error));
    }
    hpo_study *study = study_over(space, "grid");
    hpo_trial *trial = NULL;
    uint64_t   total = 99;
    set(study, "grid.levels", "10");
    set(study, "start.default", "false");
    assert_fails(hpo_study_total(study, &total, error), HPO_E_UNSUPPORTED, "10^30", "grid.levels");
    assert_int_equal(total, 99);
    assert_fails(hpo_study_ask(study, &trial, error), HPO_E_UNSUPPORTED, "10^30", "another strategy");
    assert_fails(hpo_study_optimize(study, line_objective, NULL, 10, error), HPO_E_UNSUPPORTED, "10^30", NULL);
    assert_int_equal(hpo_study_trial_count(study, -1), 0);
    set(study, "strategy", "random"); /* the study is still good */
    assert_ok(hpo_study_ask(study, &trial, error));
    hpo_trial_free(trial);
    hpo_study_free(study);
}

static void test_strategies_that_cannot(void **state) {
    (void)state;
    hpo_space *space = hpo_space_new(NULL);
    for (int i = 0; i < 6; i++) {
        char name[8];
        snprintf(name, sizeof name, "p%d", i);
        assert_ok(hpo_space_add_float(space, name, 0, 1, HPO_LINEAR, error));
    }
    hpo_study *study = study_over(space, "zoom");
    hpo_trial *trial = NULL;
    set(study, "start.default", "false");
    assert_fails(hpo_study_ask(study, &trial, error), HPO_E_UNSUPPORTED, "6", "zoom.parameters");
    set(study, "zoom.parameters", "p0,p9");
    assert_fails(hpo_study_ask(study, &trial, error), HPO_E_NOT_FOUND, "'p9'", NULL);
    set(study, "zoom.parameters", "p0,p1");
    assert_ok(hpo_study_ask(study, &trial, error));
    hpo_trial_free(trial);
    hpo_study_free(study);
}

/* The short list of the bad inputs; each has its own tests elsewhere too. */
static void test_bad_inputs(void **state) {
    (void)state;
    hpo_study *study = line_study("random"), *other = line_study("random"), *none = NULL;
    hpo_trial *trial = NULL, *foreign = NULL;
    hpo_space *empty     = hpo_space_new(NULL);
    double     values[3] = {1, 2, 3};
    assert_fails(hpo_study_new(empty, &none, error), HPO_E_INVALID, "no parameters", NULL);
    hpo_space_free(empty);
    assert_fails(hpo_study_set(study, "worker", "2", error), HPO_E_NOT_FOUND, "'worker'", "'workers'");
    assert_fails(hpo_study_set(study, "workers", "0", error), HPO_E_INVALID, "'0'", "1..1024");
    assert_fails(hpo_study_optimize(study, line_objective, NULL, 0, error), HPO_E_INVALID, "n_trials is 0", NULL);
    assert_ok(hpo_study_ask(study, &trial, error));
    assert_ok(hpo_study_ask(other, &foreign, error));
    assert_fails(hpo_study_tell(study, trial, HPO_COMPLETE, values, 0, error), HPO_E_INVALID, "0 values", "complete");
    assert_fails(hpo_study_tell(study, trial, HPO_COMPLETE, values, 3, error), HPO_E_INVALID, "3 values", NULL);
    assert_fails(hpo_study_tell(study, foreign, HPO_COMPLETE, values, 1, error), HPO_E_INVALID, "another study", NULL);
    assert_ok(hpo_study_tell(study, trial, HPO_COMPLETE, values, 1, error));
    assert_fails(hpo_study_tell(study, trial, HPO_COMPLETE, values, 1, error), HPO_E_STATE, "trial 0", "told already");
    hpo_trial_free(trial);
    hpo_trial_free(foreign);
    hpo_study_free(study);
    hpo_study_free(other);
}

/* A study and all that it was asked to do under NULL. */
static void test_null_handles(void **state) {
    (void)state;
    uint64_t total;
    char     text[8];
    assert_int_equal(hpo_study_total(NULL, &total, NULL), HPO_E_INVALID);
    assert_int_equal(hpo_study_get(NULL, "seed", text, sizeof text, NULL, NULL), HPO_E_INVALID);
    assert_int_equal(hpo_study_ask(NULL, NULL, NULL), HPO_E_INVALID);
    assert_int_equal(hpo_study_best(NULL, NULL, NULL), HPO_E_INVALID);
    assert_int_equal(hpo_study_on_log(NULL, HPO_LOG_INFO, NULL, NULL, NULL), HPO_E_INVALID);
    assert_int_equal(hpo_study_trial_count(NULL, -1), 0);
    assert_int_equal(hpo_study_test_count(NULL), 0);
    assert_null(hpo_study_space(NULL));
    hpo_study_stop(NULL);
    hpo_study_free(NULL);
    hpo_trial_free(NULL);
    hpo_point_free(NULL);
    hpo_space_free(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_status),
        cmocka_unit_test(test_reports_of_strategies),
        cmocka_unit_test(test_pruned_is_news_of_the_objective),
        cmocka_unit_test(test_names_of_statuses),
        cmocka_unit_test(test_long_messages),
        cmocka_unit_test(test_long_reasons),
        cmocka_unit_test(test_grid_of_ten_to_the_thirty_cells),
        cmocka_unit_test(test_strategies_that_cannot),
        cmocka_unit_test(test_bad_inputs),
        cmocka_unit_test(test_null_handles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
