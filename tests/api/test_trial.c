/* A trial: reading its configuration, recording what happens, and its handle. */
#include "host.h"

#include <time.h>

/* The running trial of a configuration given by hand. */
static hpo_trial *ask_for(hpo_study *study, const char *const *settings, size_t n) {
    hpo_point *point = NULL;
    hpo_trial *trial = NULL;
    assert_ok(hpo_point_new(hpo_study_space(study), &point, error));
    for (size_t i = 0; i + 1 < n; i += 2)
        assert_ok(hpo_point_set(point, settings[i], settings[i + 1], error));
    assert_ok(hpo_study_enqueue(study, point, error));
    hpo_point_free(point);
    assert_ok(hpo_study_ask(study, &trial, error));
    return trial;
}

static hpo_study *plain_study(void) {
    hpo_study *study = mixed_study("random");
    set(study, "start.default", "false");
    return study;
}

static const char *const polynomial[] = {"lr", "0.02", "depth", "11",    "kernel", "poly", "gamma", "0.5",  "degree",
                                         "4",  "coef", "-0.25", "batch", "64",     "bias", "true",  "drop", "0.3"};

/* ---- getters ---- */

static void test_values_by_name(void **state) {
    (void)state;
    hpo_study *study = plain_study();
    hpo_trial *trial = ask_for(study, polynomial, COUNT(polynomial));
    double     values[MIXED_SIZE + 1], value = 1;
    for (int finished = 0; finished < 2; finished++) {
        hpo_trial *read = trial;
        if (finished) {
            assert_ok(hpo_study_tell(study, trial, HPO_COMPLETE, &value, 1, error));
            read = trial_of(study, 0);
        }
        assert_same(hpo_trial_float(read, "lr"), 0.02); /* exactly, on a log scale too */
        assert_same(hpo_trial_float(read, "depth"), 11);
        assert_int_equal(hpo_trial_int(read, "depth"), 11);
        assert_string_equal(hpo_trial_categorical(read, "kernel"), "poly");
        assert_same(hpo_trial_float(read, "gamma"), 0.5);
        assert_int_equal(hpo_trial_int(read, "degree"), 4);
        assert_same(hpo_trial_float(read, "coef"), -0.25);
        assert_same(hpo_trial_float(read, "batch"), 64);
        assert_int_equal(hpo_trial_int(read, "batch"), 64);
        assert_int_equal(hpo_trial_int(read, "bias"), 1);
        assert_string_equal(hpo_trial_categorical(read, "bias"), "true");
        assert_same(hpo_trial_float(read, "drop"), 0.3);
        for (size_t i = 0; i < MIXED_SIZE; i++)
            assert_int_equal(hpo_trial_is_active(read, hpo_space_name(hpo_study_space(study), i)), 1);
        const double expected[MIXED_SIZE] = {0.02, 11, 2, 0.5, 4, -0.25, 64, 1, 0.3};
        for (size_t n = 0; n <= MIXED_SIZE + 1; n++) { /* never more than there is room for */
            for (size_t i = 0; i <= MIXED_SIZE; i++)
                values[i] = 99;
            assert_int_equal(hpo_trial_values_by_index(read, values, n), MIXED_SIZE);
            for (size_t i = 0; i <= MIXED_SIZE; i++)
                assert_same(values[i], i < n && i < MIXED_SIZE ? expected[i] : 99);
        }
        assert_int_equal(hpo_trial_values_by_index(read, NULL, 0), MIXED_SIZE);
        if (finished)
            hpo_trial_free(read);
    }
    hpo_trial_free(trial);
    hpo_study_free(study);
}

static void test_inactive_is_no_error(void **state) {
    (void)state;
    static const char *const linear[] = {"kernel", "linear", "bias", "false"};
    hpo_study               *study    = plain_study();
    hpo_trial               *trial    = ask_for(study, linear, COUNT(linear));
    double                   values[MIXED_SIZE], value = 1;
    assert_true(isnan(hpo_trial_float(trial, "gamma")));
    assert_true(isnan(hpo_trial_float(trial, "degree")));
    assert_true(hpo_trial_int(trial, "degree") == INT64_MIN);
    assert_true(isnan(hpo_trial_float(trial, "coef")));
    assert_int_equal(hpo_trial_is_active(trial, "coef"), 0);
    assert_int_equal(hpo_trial_is_active(trial, "gamma"), 0);
    assert_int_equal(hpo_trial_is_active(trial, "kernel"), 1);
    assert_string_equal(hpo_trial_categorical(trial, "bias"), "false");
    assert_int_equal(hpo_trial_int(trial, "bias"), 0);
    hpo_trial_values_by_index(trial, values, MIXED_SIZE);
    for (size_t i = 0; i < MIXED_SIZE; i++)
        assert_int_equal(isnan(values[i]), i == GAMMA || i == DEGREE || i == COEF);
    assert_ok(hpo_study_tell(study, trial, HPO_COMPLETE, &value, 1, error));
    assert_int_equal(hpo_trial_state(trial), HPO_COMPLETE);
    hpo_trial_free(trial);
    hpo_study_free(study);
}

/* Each way of asking wrongly, what the message says, and that the trial then failed. */
static void misuse(hpo_trial *trial, int way) {
    switch (way) {
    case 0:
        assert_true(isnan(hpo_trial_float(trial, "learning_rat")));
        break;
    case 1:
        assert_true(hpo_trial_int(trial, "detph") == INT64_MIN);
        break;
    case 2:
        assert_null(hpo_trial_categorical(trial, "Kernel"));
        break;
    case 3:
        assert_int_equal(hpo_trial_is_active(trial, "gama"), -1);
        break;
    case 4:
        assert_true(isnan(hpo_trial_float(trial, "kernel"))); /* not a number */
        break;
    case 5:
        assert_true(isnan(hpo_trial_float(trial, "bias")));
        break;
    case 6:
        assert_true(hpo_trial_int(trial, "lr") == INT64_MIN); /* not an integer */
        break;
    case 7:
        assert_true(hpo_trial_int(trial, "kernel") == INT64_MIN);
        break;
    case 8:
        assert_null(hpo_trial_categorical(trial, "depth"));
        break;
    case 9:
        assert_null(hpo_trial_categorical(trial, "batch"));
        break;
    case 10:
        assert_true(isnan(hpo_trial_float(trial, NULL)));
        break;
    case 11:
        assert_true(isnan(hpo_trial_float(trial, "")));
        break;
    case 12:
        assert_true(isnan(hpo_trial_float(trial, "nothing like any other name"))); /* no near name to offer */
        break;
    default:
        assert_true(hpo_trial_int(trial, "gamma") == INT64_MIN); /* wrong whether it is active or not */
        break;
    }
}

static void test_wrong_names_and_types(void **state) {
    (void)state;
    static const char *const parts[][2] = {{"learning_rat", NULL},   {"detph", "'depth'"},     {"Kernel", "'kernel'"}, {"gama", "'gamma'"},
                                           {"kernel", "number"},     {"bias", "number"},       {"lr", "integer"},      {"kernel", "integer"},
                                           {"depth", "categorical"}, {"batch", "categorical"}, {"NULL", NULL},         {"''", NULL},
                                           {"nothing like", NULL},   {"gamma", "integer"}};
    hpo_study               *study      = plain_study();
    for (int way = 0; way < (int)COUNT(parts); way++) {
        hpo_trial *trial = NULL, *done = NULL;
        double     value = 1;
        assert_ok(hpo_study_ask(study, &trial, error));
        assert_string_equal(hpo_trial_message(trial), "");
        misuse(trial, way);
        misuse(trial, 3); /* the first one is reported */
        assert_int_equal(hpo_trial_state(trial), HPO_RUNNING);
        assert_fails(hpo_study_tell(study, trial, HPO_COMPLETE, &value, 1, error), HPO_E_NOT_FOUND, parts[way][0], parts[way][1]);
        assert_int_equal(hpo_trial_state(trial), HPO_FAILED);
        assert_fails(hpo_study_tell(study, trial, HPO_COMPLETE, &value, 1, error), HPO_E_STATE, "told already", NULL);
        done = trial_of(study, hpo_trial_number(trial));
        assert_int_equal(hpo_trial_state(done), HPO_FAILED);
        assert_true(isnan(hpo_trial_value(done)));
        assert_non_null(strstr(hpo_trial_message(done), parts[way][0]));
        misuse(done, way); /* a finished trial cannot be marked any more */
        assert_int_equal(hpo_trial_state(done), HPO_FAILED);
        hpo_trial_free(done);
        hpo_trial_free(trial);
    }
    assert_int_equal(hpo_study_trial_count(study, HPO_FAILED), COUNT(parts));
    assert_int_equal(hpo_study_trial_count(study, -1), COUNT(parts));
    hpo_study_free(study);
}

static void test_ordinal_as_integer(void **state) {
    (void)state;
    static const double      levels[] = {0.5, 2, 1e300};
    static const char *const chosen[] = {"0.5", "2", "1e300"};
    hpo_space               *space    = hpo_space_new(NULL);
    assert_ok(hpo_space_add_ordinal(space, "size", levels, 3, error));
    hpo_study *study = study_over(space, "random");
    set(study, "start.default", "false");
    for (int i = 0; i < 3; i++) {
        const char *settings[] = {"size", chosen[i]};
        hpo_trial  *trial      = ask_for(study, settings, 2);
        double      value      = 1;
        assert_same(hpo_trial_float(trial, "size"), levels[i]);
        if (i == 1) {
            assert_int_equal(hpo_trial_int(trial, "size"), 2);
            assert_ok(hpo_study_tell(study, trial, HPO_COMPLETE, &value, 1, error));
        } else { /* half a unit, and beyond 2^53 */
            assert_true(hpo_trial_int(trial, "size") == INT64_MIN);
            assert_fails(hpo_study_tell(study, trial, HPO_COMPLETE, &value, 1, error), HPO_E_NOT_FOUND, "size", "integer");
        }
        hpo_trial_free(trial);
    }
    hpo_study_free(study);
}

/* ---- facts ---- */

static void test_life_of_a_trial(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    hpo_trial *trial = NULL, *done = NULL;
    double     value  = 2.5;
    double     before = (double)time(NULL);
    assert_ok(hpo_study_ask(study, &trial, error));
    assert_int_equal(hpo_trial_number(trial), 0);
    assert_int_equal(hpo_trial_state(trial), HPO_RUNNING);
    assert_int_equal(hpo_trial_repeat(trial), 0);
    assert_int_equal(hpo_trial_worker(trial), 0);
    assert_true(isnan(hpo_trial_value(trial)));
    assert_true(isnan(hpo_trial_end_time(trial)));
    assert_true(hpo_trial_start_time(trial) >= before - 1 && hpo_trial_start_time(trial) <= before + 3600);
    assert_fails(hpo_study_trial(study, 0, &done, error), HPO_E_STATE, "trial 0", "running");
    assert_fails(hpo_study_trial(study, 1, &done, error), HPO_E_NOT_FOUND, "trial 1", NULL);
    assert_ok(hpo_study_tell(study, trial, HPO_COMPLETE, &value, 1, error));
    done = trial_of(study, 0);
    for (int i = 0; i < 2; i++) {
        const hpo_trial *read = i == 0 ? trial : done;
        assert_int_equal(hpo_trial_number(read), 0);
        assert_int_equal(hpo_trial_state(read), HPO_COMPLETE);
        assert_same(hpo_trial_value(read), 2.5);
        assert_true(hpo_trial_end_time(read) >= hpo_trial_start_time(read));
        assert_int_equal(hpo_trial_seed(read), hpo_trial_seed(trial));
        assert_same(hpo_trial_start_time(read), hpo_trial_start_time(trial));
        assert_same(hpo_trial_end_time(read), hpo_trial_end_time(trial));
    }
    hpo_trial_free(done);
    hpo_trial_free(trial);
    hpo_trial_free(NULL);
    hpo_study_free(study);
}

static void test_freed_without_a_result(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    hpo_trial *trial = NULL;
    assert_ok(hpo_study_ask(study, &trial, error));
    assert_ok(hpo_trial_report(trial, 3, 0.25, error));
    hpo_trial_free(trial);
    assert_int_equal(hpo_study_trial_count(study, HPO_RUNNING), 0);
    assert_int_equal(hpo_study_trial_count(study, HPO_FAILED), 1);
    trial = trial_of(study, 0);
    assert_non_null(strstr(hpo_trial_message(trial), "freed"));
    assert_int_equal(hpo_trial_report_count(trial), 1); /* what it had said is kept */
    hpo_trial_free(trial);
    hpo_study_free(study);
}

/* ---- telling ---- */

static void test_what_can_be_told(void **state) {
    (void)state;
    static const struct {
        int32_t    state;
        size_t     n;
        double     value;
        hpo_status status;
        int32_t    recorded;
        double     kept;
    } cases[] = {
        {HPO_COMPLETE, 1, 3, HPO_OK, HPO_COMPLETE, 3},
        {HPO_COMPLETE, 0, 3, HPO_E_INVALID, HPO_RUNNING, NONE},
        {HPO_COMPLETE, 2, 3, HPO_E_INVALID, HPO_RUNNING, NONE},
        {HPO_COMPLETE, 1, NONE, HPO_OK, HPO_FAILED, NONE},
        {HPO_COMPLETE, 1, INF, HPO_OK, HPO_COMPLETE, INF},
        {HPO_COMPLETE, 1, -INF, HPO_OK, HPO_FAILED, -INF},
        {HPO_TRIAL_PRUNED, 0, 3, HPO_OK, HPO_TRIAL_PRUNED, NONE},
        {HPO_TRIAL_PRUNED, 1, 3, HPO_OK, HPO_TRIAL_PRUNED, 3},
        {HPO_TRIAL_PRUNED, 1, INF, HPO_OK, HPO_TRIAL_PRUNED, INF},
        {HPO_TRIAL_PRUNED, 1, -INF, HPO_OK, HPO_FAILED, -INF},
        {HPO_TRIAL_PRUNED, 2, 3, HPO_E_INVALID, HPO_RUNNING, NONE},
        {HPO_FAILED, 0, 3, HPO_OK, HPO_FAILED, NONE},
        {HPO_FAILED, 1, 3, HPO_OK, HPO_FAILED, 3},
        {HPO_FAILED, SIZE_MAX, 3, HPO_E_INVALID, HPO_RUNNING, NONE},
        {HPO_RUNNING, 1, 3, HPO_E_INVALID, HPO_RUNNING, NONE},
        {HPO_WAITING, 1, 3, HPO_E_INVALID, HPO_RUNNING, NONE},
        {-1, 1, 3, HPO_E_INVALID, HPO_RUNNING, NONE},
        {77, 1, 3, HPO_E_INVALID, HPO_RUNNING, NONE},
    };
    hpo_study *study = line_study("random");
    for (size_t i = 0; i < COUNT(cases); i++) {
        hpo_trial *trial     = NULL;
        double     values[2] = {cases[i].value, cases[i].value};
        hpo_error  report    = {0, 0, ""};
        assert_ok(hpo_study_ask(study, &trial, error));
        assert_int_equal(hpo_study_tell(study, trial, cases[i].state, values, cases[i].n, &report), cases[i].status);
        assert_int_equal(report.code, cases[i].status);
        assert_int_equal(hpo_trial_state(trial), cases[i].recorded);
        assert_same(hpo_trial_value(trial), cases[i].kept);
        if (cases[i].recorded == HPO_RUNNING) { /* refused: it can still be told */
            assert_true(strlen(report.message) > 10);
            assert_ok(hpo_study_tell(study, trial, HPO_COMPLETE, values, 1, error));
        }
        assert_fails(hpo_study_tell(study, trial, HPO_COMPLETE, values, 1, error), HPO_E_STATE, "told already", NULL);
        hpo_trial_free(trial);
    }
    hpo_study_free(study);
}

static void test_telling_wrongly(void **state) {
    (void)state;
    hpo_study *study = line_study("random"), *other = line_study("random");
    hpo_trial *trial = NULL, *foreign = NULL, *best = NULL;
    double     value = 1;
    assert_ok(hpo_study_ask(study, &trial, error));
    assert_ok(hpo_study_ask(other, &foreign, error));
    assert_fails(hpo_study_tell(study, foreign, HPO_COMPLETE, &value, 1, error), HPO_E_INVALID, "another study", NULL);
    assert_fails(hpo_study_tell(study, trial, HPO_COMPLETE, NULL, 1, error), HPO_E_INVALID, "values is NULL", NULL);
    assert_fails(hpo_study_tell(study, NULL, HPO_COMPLETE, &value, 1, error), HPO_E_INVALID, "NULL", NULL);
    assert_fails(hpo_study_tell(NULL, trial, HPO_COMPLETE, &value, 1, error), HPO_E_INVALID, "NULL", NULL);
    assert_int_equal(hpo_trial_state(foreign), HPO_RUNNING);
    assert_int_equal(hpo_study_trial_count(other, HPO_RUNNING), 1);
    assert_ok(hpo_study_tell(study, trial, HPO_COMPLETE, &value, 1, error));
    assert_ok(hpo_study_best(study, &best, error)); /* a second handle of the same trial */
    assert_fails(hpo_study_tell(study, best, HPO_COMPLETE, &value, 1, error), HPO_E_STATE, "told already", NULL);
    assert_int_equal(hpo_study_trial_count(study, HPO_COMPLETE), 1);
    hpo_trial_free(best);
    hpo_trial_free(trial);
    hpo_trial_free(foreign);
    hpo_study_free(study);
    hpo_study_free(other);
}

static void test_told_in_any_order(void **state) {
    (void)state;
    enum { N = 40 };
    hpo_study *study = line_study("random");
    hpo_trial *trials[N];
    double     x[N];
    size_t     n;
    for (int i = 0; i < N; i++) {
        assert_ok(hpo_study_ask(study, &trials[i], error));
        assert_int_equal(hpo_trial_number(trials[i]), i);
        x[i] = hpo_trial_float(trials[i], "x");
    }
    assert_int_equal(hpo_study_trial_count(study, HPO_RUNNING), N);
    for (int i = 0; i < N; i++) {
        int    k     = i * 23 % N;
        double value = k;
        assert_ok(hpo_study_tell(study, trials[k], HPO_COMPLETE, &value, 1, error));
        hpo_trial_free(trials[k]);
    }
    double *numbers = column_of(study, "number", &n), *values = column_of(study, "value", &n), *xs = column_of(study, "x", &n);
    for (int i = 0; i < N; i++) { /* by number, whatever the order of their results */
        assert_same(numbers[i], i);
        assert_same(values[i], i);
        assert_same(xs[i], x[i]);
    }
    free(numbers);
    free(values);
    free(xs);
    hpo_study_free(study);
}

/* ---- intermediate values ---- */

static void test_reports(void **state) {
    (void)state;
    static const struct {
        int64_t step;
        double  value;
    } given[]        = {{5, 0.5}, {1, 0.1}, {INT64_MAX, 9}, {0, 0}, {3, NONE}, {5, 0.55}, {2, INF}, {4, -0.0}, {1, 0.11}},
      kept[]         = {{0, 0}, {1, 0.11}, {2, INF}, {3, NONE}, {4, -0.0}, {5, 0.55}, {INT64_MAX, 9}};
    hpo_study *study = line_study("random");
    hpo_trial *trial = NULL;
    double     value = 1;
    assert_ok(hpo_study_ask(study, &trial, error));
    assert_int_equal(hpo_trial_report_count(trial), 0);
    assert_fails(hpo_trial_report_at(trial, 0, NULL, NULL, error), HPO_E_NOT_FOUND, "0", NULL);
    for (size_t i = 0; i < COUNT(given); i++)
        assert_ok(hpo_trial_report(trial, given[i].step, given[i].value, error));
    assert_fails(hpo_trial_report(trial, -1, 1, error), HPO_E_INVALID, "-1", "negative");
    assert_fails(hpo_trial_report(trial, INT64_MIN, 1, error), HPO_E_INVALID, "negative", NULL);
    assert_fails(hpo_trial_report(NULL, 1, 1, error), HPO_E_INVALID, "NULL", NULL);
    assert_ok(hpo_study_tell(study, trial, HPO_TRIAL_PRUNED, &value, 1, error));
    assert_fails(hpo_trial_report(trial, 9, 1, error), HPO_E_STATE, "trial 0", "finished");
    hpo_trial *done = trial_of(study, 0);
    for (int k = 0; k < 2; k++) {
        const hpo_trial *read = k == 0 ? trial : done;
        assert_int_equal(hpo_trial_report_count(read), COUNT(kept));
        for (size_t i = 0; i < COUNT(kept); i++) {
            int64_t step = -1;
            double  held = -1;
            assert_ok(hpo_trial_report_at(read, i, &step, &held, error));
            assert_true(step == kept[i].step);
            assert_same(held, kept[i].value);
            assert_ok(hpo_trial_report_at(read, i, NULL, NULL, error));
        }
        assert_fails(hpo_trial_report_at(read, COUNT(kept), NULL, NULL, error), HPO_E_NOT_FOUND, "7", NULL);
    }
    hpo_trial_free(done);
    hpo_trial_free(trial);
    hpo_study_free(study);
}

static void test_many_reports(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    hpo_trial *trial = NULL;
    assert_ok(hpo_study_ask(study, &trial, error));
    for (int64_t i = 0; i < 1000; i++)
        assert_ok(hpo_trial_report(trial, i * 7 % 1000, (double)(i * 7 % 1000), error));
    assert_int_equal(hpo_trial_report_count(trial), 1000);
    for (size_t i = 0; i < 1000; i++) {
        int64_t step;
        double  held;
        assert_ok(hpo_trial_report_at(trial, i, &step, &held, error));
        assert_int_equal(step, i);
        assert_same(held, (double)i);
    }
    hpo_trial_free(trial);
    hpo_study_free(study);
}

/* ---- attributes and messages ---- */

static void test_attributes(void **state) {
    (void)state;
    char       long_key[300], deep[40000];
    hpo_study *study = line_study("random");
    hpo_trial *trial = NULL;
    double     value = 1;
    assert_ok(hpo_study_ask(study, &trial, error));
    assert_null(hpo_trial_attribute(trial, "epochs"));
    assert_null(hpo_trial_attribute(trial, NULL));
    assert_null(hpo_trial_attribute_key(trial, 0));
    assert_int_equal(hpo_trial_attribute_count(trial), 0);
    assert_ok(hpo_trial_set_attribute(trial, "epochs", "12", error));
    assert_ok(hpo_trial_set_attribute(trial, "model", "{\"layers\": [64, 32], \"name\": \"caf\\u00e9\"}", error));
    assert_ok(hpo_trial_set_attribute(trial, "\xc3\xa9poques \"\n", "null", error)); /* any UTF-8 is a key */
    assert_ok(hpo_trial_set_attribute(trial, "epochs", "[13]", error));              /* takes the old one's place */
    memset(long_key, 'k', sizeof long_key);
    long_key[255] = '\0';
    assert_ok(hpo_trial_set_attribute(trial, long_key, "true", error));
    long_key[255] = 'k';
    long_key[256] = '\0';
    assert_fails(hpo_trial_set_attribute(trial, long_key, "true", error), HPO_E_INVALID, "255", NULL);
    memset(deep, '[', sizeof deep);
    deep[sizeof deep - 1]                = '\0';
    static const char *const malformed[] = {"",   " ",  "{",      "nul",      "1 2", "{\"a\": 1,}", "[1,]",       "'text'",
                                            "01", "1e", "\"open", "\"\x01\"", "NaN", "\"\xff\"",    "\"\\ud800\""};
    for (size_t i = 0; i < COUNT(malformed); i++)
        assert_fails(hpo_trial_set_attribute(trial, "epochs", malformed[i], error), HPO_E_INVALID, "epochs", "line 1");
    assert_fails(hpo_trial_set_attribute(trial, "epochs", "{\n  \"a\": !\n}", error), HPO_E_INVALID, "line 2", "column 8");
    assert_fails(hpo_trial_set_attribute(trial, "epochs", deep, error), HPO_E_INVALID, "epochs", NULL);
    assert_fails(hpo_trial_set_attribute(trial, "", "1", error), HPO_E_INVALID, "key", NULL);
    assert_fails(hpo_trial_set_attribute(trial, NULL, "1", error), HPO_E_INVALID, "key", NULL);
    assert_fails(hpo_trial_set_attribute(trial, "epochs", NULL, error), HPO_E_INVALID, "JSON", NULL);
    assert_fails(hpo_trial_set_attribute(trial, "\xff", "1", error), HPO_E_INVALID, "UTF-8", NULL);
    assert_fails(hpo_trial_set_attribute(NULL, "a", "1", error), HPO_E_INVALID, "NULL", NULL);
    assert_ok(hpo_study_tell(study, trial, HPO_COMPLETE, &value, 1, error));
    assert_fails(hpo_trial_set_attribute(trial, "late", "1", error), HPO_E_STATE, "finished", NULL);
    hpo_trial *done = trial_of(study, 0);
    for (int k = 0; k < 2; k++) {
        const hpo_trial *read = k == 0 ? trial : done;
        assert_int_equal(hpo_trial_attribute_count(read), 4);
        assert_string_equal(hpo_trial_attribute_key(read, 0), "epochs");
        assert_string_equal(hpo_trial_attribute(read, "epochs"), "[13]");
        assert_string_equal(hpo_trial_attribute(read, "model"), "{\"layers\": [64, 32], \"name\": \"caf\\u00e9\"}");
        assert_string_equal(hpo_trial_attribute(read, "\xc3\xa9poques \"\n"), "null");
        assert_null(hpo_trial_attribute(read, "late"));
        assert_null(hpo_trial_attribute_key(read, 4));
    }
    hpo_trial_free(done);
    hpo_trial_free(trial);
    hpo_study_free(study);
}

static void test_messages(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    hpo_trial *trial = NULL;
    double     value = 1;
    assert_ok(hpo_study_ask(study, &trial, error));
    assert_string_equal(hpo_trial_message(trial), "");
    assert_ok(hpo_trial_set_message(trial, "first", error));
    assert_ok(hpo_trial_set_message(trial, "the loss is n\xc3\xa4n", error));
    assert_fails(hpo_trial_set_message(trial, "\xff", error), HPO_E_INVALID, "UTF-8", NULL);
    assert_fails(hpo_trial_set_message(trial, NULL, error), HPO_E_INVALID, "NULL", NULL);
    assert_fails(hpo_trial_set_message(NULL, "x", error), HPO_E_INVALID, "NULL", NULL);
    assert_ok(hpo_study_tell(study, trial, HPO_FAILED, NULL, 0, error));
    assert_string_equal(hpo_trial_message(trial), "the loss is n\xc3\xa4n");
    assert_fails(hpo_trial_set_message(trial, "late", error), HPO_E_STATE, "finished", NULL);
    hpo_trial_free(trial);
    trial = trial_of(study, 0);
    assert_string_equal(hpo_trial_message(trial), "the loss is n\xc3\xa4n");
    hpo_trial_free(trial);
    assert_ok(hpo_study_ask(study, &trial, error)); /* it did not fail after all */
    assert_ok(hpo_trial_set_message(trial, "about to fail", error));
    assert_ok(hpo_study_tell(study, trial, HPO_COMPLETE, &value, 1, error));
    assert_string_equal(hpo_trial_message(trial), "");
    hpo_trial_free(trial);
    assert_ok(hpo_study_ask(study, &trial, error)); /* the reason of the host goes before that of the library */
    assert_ok(hpo_trial_set_message(trial, "overflow", error));
    value = NONE;
    assert_ok(hpo_study_tell(study, trial, HPO_COMPLETE, &value, 1, error));
    assert_string_equal(hpo_trial_message(trial), "overflow");
    hpo_trial_free(trial);
    hpo_study_free(study);
}

/* ---- exact values ---- */

/* What a host gives is what it gets back, though the search works in the unit cube. */
static void test_exact_values_through_log_scales(void **state) {
    (void)state;
    hpo_space *space = hpo_space_new(NULL);
    assert_ok(hpo_space_add_float(space, "lr", 1e-7, 10, HPO_LOG, error));
    assert_ok(hpo_space_add_float(space, "x", -3, 7, HPO_LINEAR, error));
    hpo_study *study = study_over(space, "random");
    hpo_point *point = NULL;
    set(study, "start.default", "false");
    assert_ok(hpo_point_new(hpo_study_space(study), &point, error));
    uint64_t number = 0;
    double   value  = 1;
    for (int mantissa = 1; mantissa < 10; mantissa++)
        for (int exponent = -7; exponent <= 0; exponent++, number += 2) {
            char   text[16];
            double x = mantissa / 10.0 - 0.3;
            snprintf(text, sizeof text, "%de%d", mantissa, exponent);
            double lr = strtod(text, NULL);
            assert_ok(hpo_point_set(point, "lr", text, error));
            assert_ok(hpo_point_set_number(point, "x", x, error));
            assert_ok(hpo_study_enqueue(study, point, error));
            assert_ok(hpo_study_add(study, point, HPO_COMPLETE, &value, 1, error));
            hpo_trial *trial = NULL;
            assert_ok(hpo_study_ask(study, &trial, error));
            assert_same(hpo_trial_float(trial, "lr"), lr);
            assert_same(hpo_trial_float(trial, "x"), x);
            assert_ok(hpo_study_tell(study, trial, HPO_COMPLETE, &value, 1, error));
            hpo_trial_free(trial);
            for (uint64_t i = number; i < number + 2; i++) {
                trial = trial_of(study, i);
                assert_same(hpo_trial_float(trial, "lr"), lr);
                assert_same(hpo_trial_float(trial, "x"), x);
                hpo_trial_free(trial);
            }
        }
    hpo_point_free(point);
    hpo_study_free(study);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_by_name),
        cmocka_unit_test(test_inactive_is_no_error),
        cmocka_unit_test(test_wrong_names_and_types),
        cmocka_unit_test(test_ordinal_as_integer),
        cmocka_unit_test(test_life_of_a_trial),
        cmocka_unit_test(test_freed_without_a_result),
        cmocka_unit_test(test_what_can_be_told),
        cmocka_unit_test(test_telling_wrongly),
        cmocka_unit_test(test_told_in_any_order),
        cmocka_unit_test(test_reports),
        cmocka_unit_test(test_many_reports),
        cmocka_unit_test(test_attributes),
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_exact_values_through_log_scales),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
