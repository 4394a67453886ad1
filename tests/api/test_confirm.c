/* Choosing honestly: finalists on fresh evaluations, the optimism of the search, and the counted test set. */
#include "host.h"

#include <pthread.h>

enum { SEARCH = 24, MOST_REPEATS = 12 };

/* True loss of a configuration, and the luck that the search saw: known functions, so that every number can be computed here. */
static double truth(double x) {
    return (x - 0.3) * (x - 0.3);
}

static double luck(uint64_t seed) {
    return (double)(seed >> 40) / 16777216.0 - 0.5;
}

/* `user`: the sign, NULL for 1. */
static hpo_status lucky(hpo_trial *trial, double *values, void *user) {
    values[0] = (user == NULL ? 1 : *(double *)user) * (truth(hpo_trial_float(trial, "x")) + luck(hpo_trial_seed(trial)));
    return HPO_OK;
}

/* What the fresh evaluations saw, by finalist (trial number) and repeat. */
typedef struct fresh {
    pthread_mutex_t lock;
    int             calls;
    int             wrong;
    uint64_t        seeds[SEARCH + 8][MOST_REPEATS];
    double          values[SEARCH + 8][MOST_REPEATS];
    int             n[SEARCH + 8];
    double          sign;
    uint64_t        fail_number, fail_repeat; /* this repeat fails */
    hpo_status      fail_status;
    hpo_study      *study;
} fresh;

static fresh *fresh_new(void) {
    fresh *f = calloc(1, sizeof *f);
    assert_non_null(f);
    pthread_mutex_init(&f->lock, NULL);
    f->sign        = 1;
    f->fail_number = UINT64_MAX;
    return f;
}

static hpo_status evaluate_fresh(hpo_trial *trial, double *values, void *user) {
    fresh     *f      = user;
    uint64_t   number = hpo_trial_number(trial), repeat = hpo_trial_repeat(trial);
    hpo_status status = HPO_OK;
    pthread_mutex_lock(&f->lock);
    f->calls++;
    f->wrong += number >= SEARCH + 8 || repeat >= MOST_REPEATS || hpo_trial_state(trial) != HPO_RUNNING;
    f->wrong += hpo_trial_report_count(trial) != 0 || hpo_trial_attribute_count(trial) != 0; /* those of the search stay there */
    f->wrong += hpo_trial_report(trial, 1, 2, NULL) != HPO_OK || hpo_trial_set_attribute(trial, "a", "1", NULL) != HPO_OK;
    f->wrong += hpo_study_tell(f->study, trial, HPO_COMPLETE, values, 1, NULL) != HPO_E_STATE;
    hpo_trial_free(trial); /* lent */
    f->seeds[number][repeat]  = hpo_trial_seed(trial);
    values[0]                 = f->sign * (truth(hpo_trial_float(trial, "x")) + 0.01 * luck(hpo_trial_seed(trial)) + 0.001 * (double)number);
    f->values[number][repeat] = values[0];
    f->n[number]++;
    if (number == f->fail_number && repeat == f->fail_repeat)
        status = f->fail_status;
    pthread_mutex_unlock(&f->lock);
    return status;
}

static hpo_study *searched(void) {
    hpo_study *study = line_study("random");
    assert_ok(hpo_study_optimize(study, lucky, NULL, SEARCH, error));
    return study;
}

/* Numbers of the trials: that with the best value of the search first, then by the estimates of the model. */
static void ranking(const hpo_study *study, double sign, size_t *order, size_t count) {
    size_t  n;
    double *values = column_of(study, "value", &n), *estimates = malloc(n * sizeof *estimates);
    assert_true(count <= n);
    for (size_t i = 0; i < n; i++)
        assert_ok(hpo_study_estimate(study, i, &estimates[i], NULL, error));
    for (size_t k = 0; k < count; k++) {
        const double *key  = k == 0 ? values : estimates;
        size_t        best = SIZE_MAX;
        for (size_t i = 0; i < n; i++) {
            bool taken = false;
            for (size_t j = 0; j < k; j++)
                taken = taken || order[j] == i;
            if (!taken && (best == SIZE_MAX || sign * key[i] < sign * key[best]))
                best = i;
        }
        order[k] = best;
    }
    free(estimates);
    free(values);
}

static double mean_of(const double *values, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return sum / (double)n;
}

static double error_of(const double *values, size_t n) {
    double mean = mean_of(values, n), sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (values[i] - mean) * (values[i] - mean);
    return sqrt(sum / (double)(n - 1) / (double)n);
}

static void assert_near(double a, double b) {
    if (!(fabs(a - b) <= 1e-12 * (1 + fabs(a) + fabs(b))))
        fail_msg("%.17g is not near %.17g", a, b);
}

/* ---- confirmation ---- */

static void check_confirmation(const hpo_study *study, const fresh *f, const size_t *finalists, size_t n, size_t repeats, const hpo_trial *winner,
                               double t) {
    size_t best = 0;
    for (size_t k = 0; k < n; k++) {
        size_t number = finalists[k], seen = 0;
        double mean = 0, deviation = 0;
        assert_int_equal(f->n[number], repeats);
        assert_ok(hpo_study_confirmed(study, number, &mean, &deviation, &seen, error));
        assert_int_equal(seen, repeats);
        assert_near(mean, mean_of(f->values[number], repeats));
        if (repeats > 1)
            assert_near(deviation, error_of(f->values[number], repeats));
        else
            assert_true(isinf(deviation));
        if (f->sign * mean < f->sign * mean_of(f->values[finalists[best]], repeats))
            best = k;
        for (size_t r = 0; r < repeats; r++) /* all finalists on the same folds */
            assert_true(f->seeds[number][r] == f->seeds[finalists[0]][r]);
    }
    assert_int_equal(hpo_trial_number(winner), finalists[best]);
    hpo_trial *seen     = trial_of(study, finalists[0]);
    double     optimism = 0, low = 0, high = 0, mean = mean_of(f->values[finalists[0]], repeats);
    assert_ok(hpo_study_optimism(study, &optimism, &low, &high, error));
    assert_near(optimism, f->sign * (mean - hpo_trial_value(seen))); /* positive: the search flattered it */
    if (repeats > 1) {
        double half = t * error_of(f->values[finalists[0]], repeats);
        assert_true(fabs(high - optimism - half) <= 1e-9 && fabs(optimism - low - half) <= 1e-9);
    } else {
        assert_true(isinf(low) && low < 0 && isinf(high) && high > 0);
    }
    hpo_trial_free(seen);
}

static void test_confirmation(void **state) {
    (void)state;
    /* Student's t for 95 %, from tables: 4, 0, 9 and 1 degrees of freedom. */
    static const struct {
        size_t finalists, repeats;
        double t;
        bool   maximize;
        int    workers;
    } cases[] = {{4, 5, 2.7764451051977987, false, 1}, {3, 1, NONE, false, 1},
                 {2, 10, 2.2621571627409915, true, 1}, {6, 5, 2.7764451051977987, true, 2},
                 {5, 2, 12.706204736432095, false, 3}, {1, 5, 2.7764451051977987, false, 2}};
    for (size_t c = 0; c < COUNT(cases); c++) {
        hpo_study *study  = line_study("random");
        fresh     *f      = fresh_new();
        hpo_trial *winner = NULL;
        size_t     finalists[8], n = cases[c].finalists;
        f->study = study;
        f->sign  = cases[c].maximize ? -1 : 1;
        set(study, "direction", cases[c].maximize ? "maximize" : "minimize");
        set(study, "workers", cases[c].workers == 1 ? "1" : cases[c].workers == 2 ? "2" : "3");
        assert_ok(hpo_study_optimize(study, lucky, &f->sign, SEARCH, error));
        assert_ok(hpo_study_confirm(study, evaluate_fresh, f, n, cases[c].repeats, &winner, error));
        ranking(study, f->sign, finalists, n);
        bool with_default = false;
        for (size_t k = 0; k < n; k++)
            with_default = with_default || finalists[k] == 0;
        if (!with_default)
            finalists[n++] = 0; /* the default joins them */
        assert_int_equal(f->calls, n * cases[c].repeats);
        assert_int_equal(f->wrong, 0);
        check_confirmation(study, f, finalists, n, cases[c].repeats, winner, cases[c].t);
        for (size_t r = 0; r < cases[c].repeats; r++) { /* no repeat uses a seed of the search, or that of another repeat */
            for (size_t q = 0; q < r; q++)
                assert_true(f->seeds[finalists[0]][r] != f->seeds[finalists[0]][q]);
            for (uint64_t i = 0; i < SEARCH; i++) {
                hpo_trial *trial = trial_of(study, i);
                assert_true(hpo_trial_seed(trial) != f->seeds[finalists[0]][r]);
                hpo_trial_free(trial);
            }
        }
        assert_int_equal(hpo_trial_state(winner), HPO_COMPLETE); /* the trial of the search, with its value there */
        assert_int_equal(hpo_study_trial_count(study, -1), SEARCH);
        hpo_trial_free(winner);
        free(f);
        hpo_study_free(study);
    }
}

static void test_same_finalists_again_same_seeds(void **state) {
    (void)state;
    hpo_study *study = searched();
    fresh     *f = fresh_new(), *g = fresh_new();
    f->study = g->study = study;
    assert_ok(hpo_study_confirm(study, evaluate_fresh, f, 3, 4, NULL, error)); /* the winner need not be taken */
    assert_ok(hpo_study_confirm(study, evaluate_fresh, g, 3, 4, NULL, error));
    assert_memory_equal(f->values, g->values, sizeof f->values); /* a function of the study's seed and the repeat */
    assert_memory_equal(f->seeds, g->seeds, sizeof f->seeds);
    free(f);
    free(g);
    hpo_study_free(study);
}

static void test_equal_configurations_count_once(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    hpo_point *point = NULL;
    fresh     *f     = fresh_new();
    double     value = -10;
    f->study         = study;
    set(study, "start.default", "false");
    assert_ok(hpo_point_new(hpo_study_space(study), &point, error));
    assert_ok(hpo_point_set(point, "x", "0.5", error));
    for (int i = 0; i < 4; i++, value -= 1) /* trial 3 is the best */
        assert_ok(hpo_study_add(study, point, HPO_COMPLETE, &value, 1, error));
    assert_ok(hpo_point_set(point, "x", "0.25", error));
    value = -1;
    assert_ok(hpo_study_add(study, point, HPO_COMPLETE, &value, 1, error));
    value = -INF; /* failed */
    assert_ok(hpo_study_add(study, point, HPO_COMPLETE, &value, 1, error));
    hpo_point_free(point);
    assert_ok(hpo_study_confirm(study, evaluate_fresh, f, 10, 2, NULL, error));
    assert_int_equal(f->calls, 4);
    assert_int_equal(f->n[3], 2);
    assert_int_equal(f->n[4], 2);
    assert_fails(hpo_study_confirmed(study, 2, NULL, NULL, NULL, error), HPO_E_NOT_FOUND, "trial 2", NULL);
    assert_ok(hpo_study_confirmed(study, 3, NULL, NULL, NULL, error)); /* outputs may be NULL */
    assert_ok(hpo_study_optimism(study, NULL, NULL, NULL, error));
    free(f);
    hpo_study_free(study);
}

static hpo_status count_calls(hpo_trial *trial, double *values, void *user) {
    (void)trial;
    values[0] = ++*(int *)user;
    return HPO_OK;
}

/* The same with parameters that are not active. */
static void test_equal_configurations_with_inactive_parameters(void **state) {
    (void)state;
    hpo_study *study = mixed_study("random");
    hpo_point *point = NULL;
    int        calls = 0;
    double     value = 1;
    set(study, "start.default", "false");
    assert_ok(hpo_point_new(hpo_study_space(study), &point, error)); /* a linear kernel: no gamma, degree or coef */
    for (int i = 0; i < 3; i++)
        assert_ok(hpo_study_add(study, point, HPO_COMPLETE, &value, 1, error));
    assert_ok(hpo_point_set(point, "kernel", "rbf", error));
    assert_ok(hpo_study_add(study, point, HPO_COMPLETE, &value, 1, error));
    hpo_point_free(point);
    assert_ok(hpo_study_confirm(study, count_calls, &calls, 10, 5, NULL, error));
    assert_int_equal(calls, 10);
    hpo_study_free(study);
}

static void test_default_may_stay_out(void **state) {
    (void)state;
    hpo_study *study = searched();
    fresh     *f     = fresh_new();
    size_t     order[2];
    f->study = study;
    ranking(study, 1, order, 2);
    assert_true(order[0] != 0 && order[1] != 0);
    set(study, "confirm.default", "false");
    assert_ok(hpo_study_confirm(study, evaluate_fresh, f, 2, 3, NULL, error));
    assert_int_equal(f->calls, 6);
    assert_int_equal(f->n[0], 0);
    free(f);
    hpo_study_free(study);
}

static void test_failed_repeats(void **state) {
    (void)state;
    static const hpo_status statuses[] = {HPO_E_HOST - 2, -1, HPO_PRUNED, HPO_EXHAUSTED};
    for (size_t i = 0; i < COUNT(statuses); i++) {
        hpo_study *study  = searched();
        fresh     *f      = fresh_new();
        hpo_trial *winner = NULL;
        size_t     order[3];
        ranking(study, 1, order, 3);
        f->study       = study;
        f->fail_number = order[0];
        f->fail_repeat = 1;
        f->fail_status = statuses[i];
        assert_ok(hpo_study_confirm(study, evaluate_fresh, f, 3, 3, &winner, error));
        assert_true(hpo_trial_number(winner) != order[0]); /* it is out */
        assert_fails(hpo_study_confirmed(study, order[0], NULL, NULL, NULL, error), HPO_E_NOT_FOUND, "not confirmed", NULL);
        assert_fails(hpo_study_optimism(study, NULL, NULL, NULL, error), HPO_E_NOT_FOUND, "failed", NULL);
        assert_ok(hpo_study_confirmed(study, order[1], NULL, NULL, NULL, error));
        hpo_trial_free(winner);
        free(f);
        hpo_study_free(study);
    }
}

static hpo_status always_fails(hpo_trial *trial, double *values, void *user) {
    (void)values;
    (void)user;
    hpo_trial_set_message(trial, "no fold left", NULL);
    return HPO_E_HOST - 8;
}

static hpo_status not_a_number(hpo_trial *trial, double *values, void *user) {
    (void)trial;
    values[0] = *(double *)user;
    return HPO_OK;
}

static hpo_status asks_wrongly(hpo_trial *trial, double *values, void *user) {
    (void)user;
    values[0] = hpo_trial_float(trial, "xx");
    values[0] = 1;
    return HPO_OK;
}

static hpo_status stops(hpo_trial *trial, double *values, void *user) {
    (void)trial;
    (void)user;
    values[0] = 1;
    return HPO_STOPPED;
}

/* After a confirmation that fails, the one before it still stands. */
static void test_failed_confirmation_changes_nothing(void **state) {
    (void)state;
    hpo_study *study  = searched();
    fresh     *f      = fresh_new();
    hpo_trial *winner = NULL;
    double     before, after, bad[] = {NONE, INF, -INF};
    f->study = study;
    assert_fails(hpo_study_confirm(study, always_fails, NULL, 3, 2, &winner, error), HPO_E_CALLBACK, "every finalist", "no fold left");
    assert_fails(hpo_study_optimism(study, NULL, NULL, NULL, error), HPO_E_NOT_FOUND, "no confirmation", NULL);
    assert_ok(hpo_study_confirm(study, evaluate_fresh, f, 3, 2, NULL, error));
    assert_ok(hpo_study_optimism(study, &before, NULL, NULL, error));
    assert_fails(hpo_study_confirm(study, always_fails, NULL, 3, 2, &winner, error), HPO_E_CALLBACK, "every finalist", "no fold left");
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_fails(hpo_study_confirm(study, not_a_number, &bad[i], 3, 2, &winner, error), HPO_E_CALLBACK, "every finalist", NULL);
    assert_fails(hpo_study_confirm(study, asks_wrongly, NULL, 3, 2, &winner, error), HPO_E_NOT_FOUND, "'xx'", "'x'");
    assert_int_equal(hpo_study_confirm(study, stops, NULL, 3, 2, &winner, NULL), HPO_STOPPED);
    assert_fails(hpo_study_confirm(study, evaluate_fresh, f, 0, 2, &winner, error), HPO_E_INVALID, "finalists is 0", NULL);
    assert_fails(hpo_study_confirm(study, evaluate_fresh, f, 2, 0, &winner, error), HPO_E_INVALID, "repeats is 0", NULL);
    assert_fails(hpo_study_confirm(study, NULL, f, 2, 2, &winner, error), HPO_E_INVALID, "fresh", NULL);
    assert_fails(hpo_study_confirm(NULL, evaluate_fresh, f, 2, 2, &winner, error), HPO_E_INVALID, "study", NULL);
    assert_fails(hpo_study_confirm(study, evaluate_fresh, f, 2, SIZE_MAX, &winner, error), HPO_E_NOMEM, "memory", NULL);
    assert_null(winner);
    assert_ok(hpo_study_optimism(study, &after, NULL, NULL, error));
    assert_same(before, after);
    assert_fails(hpo_study_optimism(NULL, NULL, NULL, NULL, error), HPO_E_INVALID, "NULL", NULL);
    assert_fails(hpo_study_confirmed(NULL, 0, NULL, NULL, NULL, error), HPO_E_INVALID, "NULL", NULL);
    free(f);
    hpo_study_free(study);
}

static void test_nothing_to_confirm(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    fresh     *f     = fresh_new();
    f->study         = study;
    assert_fails(hpo_study_confirm(study, evaluate_fresh, f, 3, 2, NULL, error), HPO_E_NOT_FOUND, "complete", NULL);
    tell_one(study, HPO_FAILED, 1);
    tell_one(study, HPO_COMPLETE, INF); /* infinite: no finalist */
    assert_fails(hpo_study_confirm(study, evaluate_fresh, f, 3, 2, NULL, error), HPO_E_NOT_FOUND, "complete", NULL);
    assert_int_equal(f->calls, 0);
    free(f);
    hpo_study_free(study);
}

/* ---- the test set ---- */

typedef struct looks {
    int        calls, warnings;
    double     score;
    hpo_status status;
    hpo_study *study;
    int        wrong;
    char       last[600];
} looks;

static hpo_status on_test_set(hpo_trial *trial, double *values, void *user) {
    looks *l = user;
    l->calls++;
    l->wrong += hpo_trial_state(trial) != HPO_RUNNING || isnan(hpo_trial_float(trial, "x"));
    l->wrong += hpo_study_optimize(l->study, lucky, NULL, 1, NULL) != HPO_E_BUSY;
    hpo_trial_free(trial); /* lent */
    if (l->status < 0 && l->status != -1)
        hpo_trial_set_message(trial, "the test set is not there", NULL);
    values[0] = l->score;
    return l->status;
}

static void hear(int32_t level, const char *message, void *user) {
    looks *l = user;
    l->warnings += level == HPO_LOG_WARNING;
    snprintf(l->last, sizeof l->last, "%s", message);
}

static void test_test_set_is_counted(void **state) {
    (void)state;
    hpo_study *study  = searched();
    looks      l      = {.score = 0.75, .study = study};
    hpo_trial *winner = NULL;
    double     score  = -1;
    char       text[8192];
    assert_ok(hpo_study_on_log(study, HPO_LOG_WARNING, hear, &l, error));
    assert_int_equal(hpo_study_test_count(study), 0);
    assert_ok(hpo_study_confirm(study, lucky, NULL, 3, 2, &winner, error));
    assert_ok(hpo_study_test(study, winner, on_test_set, &l, &score, error));
    assert_same(score, 0.75);
    assert_int_equal(hpo_study_test_count(study), 1);
    assert_int_equal(l.warnings, 0);
    assert_ok(hpo_study_advice(study, "json", text, sizeof text, NULL, error));
    assert_null(strstr(text, "test-set"));
    assert_ok(hpo_study_test(study, winner, on_test_set, &l, NULL, error)); /* a second look */
    assert_int_equal(l.warnings, 1);
    assert_non_null(strstr(l.last, "2 times"));
    assert_ok(hpo_study_advice(study, "json", text, sizeof text, NULL, error));
    assert_non_null(strstr(text, "test-set"));
    assert_ok(hpo_study_test(study, winner, on_test_set, &l, NULL, error));
    assert_int_equal(l.warnings, 2);
    assert_int_equal(hpo_study_test_count(study), 3);
    assert_int_equal(hpo_study_trial_count(study, -1), SEARCH); /* no trials of the search */
    assert_int_equal(l.wrong, 0);
    assert_int_equal(hpo_study_test_count(NULL), 0);
    hpo_trial_free(winner);
    hpo_study_free(study);
}

static void test_failing_test(void **state) {
    (void)state;
    static const struct {
        hpo_status  returned;
        double      score;
        hpo_status  status;
        const char *part;
    } cases[] = {
        {HPO_E_HOST - 3, 1, HPO_E_HOST - 3, "the test set is not there"},
        {-1, 1, HPO_E_CALLBACK, "-1"},
        {HPO_E_NOMEM, 1, HPO_E_CALLBACK, "the test set is not there"}, /* not the library's memory */
        {HPO_OK, NONE, HPO_E_CALLBACK, "NaN"},
        {HPO_STOPPED, NONE, HPO_E_CALLBACK, "value"},
        {HPO_OK, -INF, HPO_E_CALLBACK, "infinite"},
    };
    hpo_study *study = searched();
    hpo_trial *best  = NULL;
    assert_ok(hpo_study_best(study, &best, error));
    for (size_t i = 0; i < COUNT(cases); i++) {
        looks  l     = {.score = cases[i].score, .status = cases[i].returned, .study = study};
        double score = -1;
        assert_fails(hpo_study_test(study, best, on_test_set, &l, &score, error), cases[i].status, cases[i].part, NULL);
        assert_same(score, -1);
        assert_int_equal(hpo_study_test_count(study), i + 1); /* it was looked at all the same */
    }
    assert_fails(hpo_study_test(study, best, asks_wrongly, NULL, NULL, error), HPO_E_NOT_FOUND, "'xx'", "'x'");
    hpo_trial_free(best);
    hpo_study_free(study);
}

static void test_wrong_winners(void **state) {
    (void)state;
    hpo_study *study = searched(), *other = searched();
    hpo_trial *running = NULL, *foreign = NULL;
    looks      l = {.score = 1, .study = study};
    assert_ok(hpo_study_ask(study, &running, error));
    assert_ok(hpo_study_best(other, &foreign, error));
    assert_fails(hpo_study_test(study, running, on_test_set, &l, NULL, error), HPO_E_INVALID, "not finished", NULL);
    assert_fails(hpo_study_test(study, foreign, on_test_set, &l, NULL, error), HPO_E_INVALID, "another study", NULL);
    assert_fails(hpo_study_test(study, NULL, on_test_set, &l, NULL, error), HPO_E_INVALID, "NULL", NULL);
    assert_fails(hpo_study_test(NULL, foreign, on_test_set, &l, NULL, error), HPO_E_INVALID, "NULL", NULL);
    assert_fails(hpo_study_test(other, foreign, NULL, &l, NULL, error), HPO_E_INVALID, "NULL", NULL);
    assert_int_equal(l.calls, 0);
    assert_int_equal(hpo_study_test_count(study), 0);
    hpo_trial_free(running); /* failed, but finished: one may look */
    hpo_trial *failed = trial_of(study, SEARCH);
    assert_ok(hpo_study_test(study, failed, on_test_set, &l, NULL, error));
    hpo_trial_free(failed);
    hpo_trial_free(foreign);
    hpo_study_free(study);
    hpo_study_free(other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_confirmation),
        cmocka_unit_test(test_same_finalists_again_same_seeds),
        cmocka_unit_test(test_equal_configurations_count_once),
        cmocka_unit_test(test_equal_configurations_with_inactive_parameters),
        cmocka_unit_test(test_default_may_stay_out),
        cmocka_unit_test(test_failed_repeats),
        cmocka_unit_test(test_failed_confirmation_changes_nothing),
        cmocka_unit_test(test_nothing_to_confirm),
        cmocka_unit_test(test_test_set_is_counted),
        cmocka_unit_test(test_failing_test),
        cmocka_unit_test(test_wrong_winners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
