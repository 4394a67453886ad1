/* The loop: budgets, what the objective may return, and what the host hears of it. */
#include "host.h"

#include <pthread.h>
#include <unistd.h>

/* An objective that answers from a table, by trial number; the last row holds for all later trials. */
typedef struct reply {
    hpo_status  status;
    double      value; /* NaN: leaves values[0] alone */
    const char *message;
} reply;

typedef struct script {
    const reply *answers;
    size_t       n;
    int          calls;
} script;

static hpo_status scripted(hpo_trial *trial, double *values, void *user) {
    script      *s = user;
    size_t       i = (size_t)hpo_trial_number(trial);
    const reply *a = &s->answers[i < s->n ? i : s->n - 1];
    s->calls++;
    if (a->message != NULL)
        hpo_trial_set_message(trial, a->message, NULL);
    if (!isnan(a->value))
        values[0] = a->value;
    return a->status;
}

static const reply good = {HPO_OK, 1, NULL};

static void assert_states(const hpo_study *study, const int32_t *states, const double *values, size_t n) {
    size_t  m, k;
    double *state = column_of(study, "state", &m), *value = column_of(study, "value", &k);
    assert_int_equal(m, n);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal((int)state[i], states[i]);
        assert_same(value[i], values[i]);
    }
    free(state);
    free(value);
}

static void assert_message(const hpo_study *study, uint64_t number, const char *part) {
    hpo_trial *trial = trial_of(study, number);
    if (strstr(hpo_trial_message(trial), part) == NULL)
        fail_msg("trial %d: the message is '%s', without '%s'", (int)number, hpo_trial_message(trial), part);
    hpo_trial_free(trial);
}

/* ---- budgets ---- */

static void test_number_of_trials(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    script     s     = {&good, 1, 0};
    assert_ok(hpo_study_optimize(study, scripted, &s, 1, error));
    assert_int_equal(s.calls, 1);
    assert_ok(hpo_study_optimize(study, scripted, &s, 9, error));
    assert_int_equal(s.calls, 10);
    assert_int_equal(hpo_study_trial_count(study, HPO_COMPLETE), 10);
    assert_fails(hpo_study_optimize(study, scripted, &s, 0, error), HPO_E_INVALID, "n_trials is 0", NULL);
    assert_fails(hpo_study_optimize(study, NULL, NULL, 1, error), HPO_E_INVALID, "objective", NULL);
    assert_fails(hpo_study_optimize(NULL, scripted, &s, 1, error), HPO_E_INVALID, "study", NULL);
    assert_int_equal(s.calls, 10);
    hpo_study_free(study);
}

static void test_failed_trials_count_in_the_budget(void **state) {
    (void)state;
    static const reply bad   = {-1, NONE, NULL};
    hpo_study         *study = line_study("random");
    script             s     = {&bad, 1, 0};
    assert_ok(hpo_study_optimize(study, scripted, &s, 7, error));
    assert_int_equal(s.calls, 7);
    assert_int_equal(hpo_study_trial_count(study, HPO_FAILED), 7);
    hpo_study_free(study);
}

static void test_exhausted_grid(void **state) {
    (void)state;
    hpo_study *study = line_study("grid");
    script     s     = {&good, 1, 0};
    set(study, "start.default", "false");
    assert_int_equal(hpo_study_optimize(study, scripted, &s, 100, NULL), HPO_EXHAUSTED);
    assert_int_equal(s.calls, 5);
    assert_int_equal(hpo_study_optimize(study, scripted, &s, 100, NULL), HPO_EXHAUSTED);
    assert_int_equal(s.calls, 5);
    set(study, "workers", "3");
    set(study, "grid.levels", "9"); /* four new cells between the five */
    assert_int_equal(hpo_study_optimize(study, scripted, &s, UINT64_MAX, NULL), HPO_EXHAUSTED);
    assert_int_equal(s.calls, 9);
    hpo_study_free(study);
}

static void test_first_budget_is_the_plan(void **state) {
    (void)state;
    hpo_study *study = line_study("lhs"), *given = line_study("lhs");
    char       text[32];
    script     s = {&good, 1, 0};
    assert_ok(hpo_study_optimize(study, scripted, &s, 12, error));
    assert_ok(hpo_study_optimize(study, scripted, &s, 5, error));
    assert_ok(hpo_study_get(study, "trials", text, sizeof text, NULL, error));
    assert_string_equal(text, "12"); /* the first call says it */
    set(given, "trials", "30");
    assert_ok(hpo_study_optimize(given, scripted, &s, 12, error));
    assert_ok(hpo_study_get(given, "trials", text, sizeof text, NULL, error));
    assert_string_equal(text, "30");
    hpo_study_free(given);
    given = line_study("lhs");
    tell_one(given, HPO_COMPLETE, 1); /* the study had begun already: its plan is not this call's */
    assert_ok(hpo_study_optimize(given, scripted, &s, 12, error));
    assert_ok(hpo_study_get(given, "trials", text, sizeof text, NULL, error));
    assert_string_equal(text, "0");
    hpo_study_free(study);
    hpo_study_free(given);
}

typedef struct slow {
    atomic_int calls;
    useconds_t pause;
} slow;

static hpo_status pausing(hpo_trial *trial, double *values, void *user) {
    slow *s = user;
    (void)trial;
    atomic_fetch_add(&s->calls, 1);
    usleep(s->pause); /* at least that long */
    values[0] = 1;
    return HPO_OK;
}

static void test_timeout(void **state) {
    (void)state;
    for (int workers = 1; workers <= 2; workers++) {
        slow       s     = {.pause = 40000};
        hpo_study *study = line_study("random");
        set(study, "timeout", "0.5");
        set(study, "workers", workers == 1 ? "1" : "2");
        assert_ok(hpo_study_optimize(study, pausing, &s, 40, error)); /* more than the time allows, but an end if it were ignored */
        /* None starts after half a second: at most 13 by each worker, at the earliest every 0.04 s. However slow the machine, the first one starts. */
        assert_true(s.calls >= 1 && s.calls <= 13 * workers);
        assert_int_equal(finished_count(study), s.calls); /* what had started was finished and kept */
        assert_int_equal(hpo_study_trial_count(study, HPO_RUNNING), 0);
        hpo_study_free(study);
    }
}

static hpo_status never(hpo_trial *trial, double *values, void *user) {
    (void)trial;
    (void)values;
    ++*(int *)user;
    return HPO_OK;
}

static void test_timeout_that_is_over_at_once(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    int        calls = 0;
    set(study, "timeout", "1e-12"); /* shorter than a tick of the clock: nothing starts */
    assert_ok(hpo_study_optimize(study, never, &calls, 5, error));
    assert_int_equal(calls, 0);
    assert_int_equal(hpo_study_trial_count(study, -1), 0);
    set(study, "timeout", "0"); /* no limit */
    assert_ok(hpo_study_optimize(study, line_objective, NULL, 5, error));
    set(study, "timeout", "1e300");
    assert_ok(hpo_study_optimize(study, line_objective, NULL, 5, error));
    assert_int_equal(finished_count(study), 10);
    hpo_study_free(study);
}

/* ---- what an objective may answer ---- */

static void test_values_when_minimising(void **state) {
    (void)state;
    static const reply answers[] = {
        {HPO_OK, 2.5, NULL},          {HPO_OK, NONE, NULL},        {HPO_OK, INF, NULL},      {HPO_OK, -INF, NULL},
        {HPO_PRUNED, 1.5, NULL},      {HPO_PRUNED, NONE, NULL},    {-3, 0.5, "it diverged"}, {-3, NONE, NULL},
        {HPO_E_HOST - 7, NONE, NULL}, {HPO_EXHAUSTED, 0.25, NULL}, {12345, 0.25, NULL},      {HPO_OK, -0.0, "no matter"},
    };
    static const int32_t states[] = {HPO_COMPLETE, HPO_FAILED, HPO_COMPLETE, HPO_FAILED, HPO_TRIAL_PRUNED, HPO_TRIAL_PRUNED,
                                     HPO_FAILED,   HPO_FAILED, HPO_FAILED,   HPO_FAILED, HPO_FAILED,       HPO_COMPLETE};
    static const double  values[] = {2.5, NONE, INF, -INF, 1.5, NONE, NONE, NONE, NONE, NONE, NONE, -0.0};
    hpo_study           *study    = line_study("random");
    hpo_trial           *best     = NULL;
    script               s        = {answers, COUNT(answers), 0};
    assert_ok(hpo_study_optimize(study, scripted, &s, COUNT(answers), error));
    assert_states(study, states, values, COUNT(answers));
    assert_message(study, 1, "NaN");
    assert_message(study, 3, "infinite");
    assert_message(study, 6, "it diverged");
    assert_message(study, 7, "-3");
    assert_message(study, 8, "-1007");
    assert_message(study, 9, "3");
    assert_message(study, 10, "12345");
    for (uint64_t i = 0; i < COUNT(answers); i++) { /* only failures have a message */
        hpo_trial *trial = trial_of(study, i);
        assert_int_equal(hpo_trial_message(trial)[0] == '\0', hpo_trial_state(trial) != HPO_FAILED);
        hpo_trial_free(trial);
    }
    assert_ok(hpo_study_best(study, &best, error));
    assert_int_equal(hpo_trial_number(best), 11);
    assert_int_equal(hpo_study_trial_count(study, HPO_COMPLETE), 3);
    assert_int_equal(hpo_study_trial_count(study, HPO_TRIAL_PRUNED), 2);
    assert_int_equal(hpo_study_trial_count(study, HPO_FAILED), 7);
    hpo_trial_free(best);
    hpo_study_free(study);
}

static void test_values_when_maximising(void **state) {
    (void)state;
    static const reply   answers[] = {{HPO_OK, -INF, NULL}, {HPO_OK, INF, NULL}, {HPO_OK, NONE, NULL}, {HPO_OK, -1e300, NULL}, {HPO_OK, -2, NULL}};
    static const int32_t states[]  = {HPO_COMPLETE, HPO_FAILED, HPO_FAILED, HPO_COMPLETE, HPO_COMPLETE};
    static const double  values[]  = {-INF, INF, NONE, -1e300, -2};
    hpo_study           *study     = line_study("random");
    hpo_trial           *best      = NULL;
    script               s         = {answers, COUNT(answers), 0};
    set(study, "direction", "maximize");
    assert_ok(hpo_study_optimize(study, scripted, &s, 1, error));
    assert_ok(hpo_study_best(study, &best, error)); /* worse than every finite one, but a result */
    assert_same(hpo_trial_value(best), -INF);
    hpo_trial_free(best);
    assert_ok(hpo_study_optimize(study, scripted, &s, COUNT(answers) - 1, error));
    assert_states(study, states, values, COUNT(answers));
    assert_message(study, 1, "infinite");
    assert_ok(hpo_study_best(study, &best, error));
    assert_int_equal(hpo_trial_number(best), 4);
    hpo_trial_free(best);
    hpo_study_free(study);
}

static void test_stopped_by_the_objective(void **state) {
    (void)state;
    static const reply with[]    = {{HPO_OK, 1, NULL}, {HPO_STOPPED, 0.5, NULL}, {HPO_OK, 2, NULL}};
    static const reply without[] = {{HPO_OK, 1, NULL}, {HPO_STOPPED, NONE, NULL}, {HPO_OK, 2, NULL}};
    hpo_study         *study     = line_study("random");
    hpo_trial         *best      = NULL;
    script             s         = {with, COUNT(with), 0};
    assert_int_equal(hpo_study_optimize(study, scripted, &s, 10, NULL), HPO_STOPPED);
    assert_int_equal(s.calls, 2);
    assert_ok(hpo_study_best(study, &best, error)); /* it counts, for it has a value */
    assert_int_equal(hpo_trial_number(best), 1);
    hpo_trial_free(best);
    assert_ok(hpo_study_optimize(study, scripted, &s, 1, error)); /* the stop was for that search only */
    hpo_study_free(study);
    study = line_study("random");
    s     = (script){without, COUNT(without), 0};
    assert_int_equal(hpo_study_optimize(study, scripted, &s, 10, NULL), HPO_STOPPED);
    assert_int_equal(hpo_study_trial_count(study, HPO_FAILED), 1);
    assert_int_equal(hpo_study_trial_count(study, HPO_COMPLETE), 1);
    hpo_study_free(study);
    static const reply infinite[] = {{HPO_OK, 1, NULL}, {HPO_STOPPED, -INF, NULL}, {HPO_OK, 2, NULL}};
    study                         = line_study("random");
    s                             = (script){infinite, COUNT(infinite), 0};
    assert_int_equal(hpo_study_optimize(study, scripted, &s, 10, NULL), HPO_STOPPED); /* a failure, and still the end */
    assert_int_equal(s.calls, 2);
    assert_int_equal(hpo_study_trial_count(study, HPO_FAILED), 1);
    hpo_study_free(study);
}

/* ---- failures ---- */

static void test_failures_max(void **state) {
    (void)state;
    static const reply answers[] = {{HPO_OK, 1, NULL}, {-5, NONE, NULL},        {HPO_OK, 1, NULL}, {HPO_OK, NONE, NULL},
                                    {HPO_OK, 1, NULL}, {-5, NONE, "the third"}, {HPO_OK, 1, NULL}};
    hpo_study         *study     = line_study("random");
    script             s         = {answers, COUNT(answers), 0};
    set(study, "failures.max", "3");
    set(study, "failures.consecutive", "2");
    assert_fails(hpo_study_optimize(study, scripted, &s, 100, error), HPO_E_CALLBACK, "failed trials: 3", "the third");
    assert_int_equal(s.calls, 6);
    assert_int_equal(finished_count(study), 6);                    /* every finished trial is kept */
    assert_ok(hpo_study_optimize(study, scripted, &s, 10, error)); /* counted per call */
    hpo_study_free(study);
}

static void test_failures_consecutive(void **state) {
    (void)state;
    static const reply answers[] = {{-1, NONE, NULL},      {-1, NONE, NULL},     {HPO_OK, 1, NULL}, {HPO_E_HOST - 3, NONE, NULL},
                                    {HPO_PRUNED, 1, NULL}, {HPO_OK, NONE, NULL}, {-1, NONE, NULL},  {HPO_E_HOST - 4, NONE, "the disk is gone"}};
    hpo_study         *study     = line_study("random");
    script             s         = {answers, COUNT(answers), 0};
    set(study, "failures.consecutive", "3");
    /* The host's own code passes through. */
    assert_fails(hpo_study_optimize(study, scripted, &s, 100, error), HPO_E_HOST - 4, "in a row: 3", "the disk is gone");
    assert_int_equal(s.calls, 8);
    hpo_study_free(study);
}

static void test_failures_with_workers(void **state) {
    (void)state;
    static const reply bad   = {HPO_E_HOST - 4, NONE, NULL};
    hpo_study         *study = line_study("random");
    script             s     = {&bad, 1, 0};
    set(study, "failures.max", "1");
    set(study, "workers", "1");
    assert_int_equal(hpo_study_optimize(study, scripted, &s, 50, NULL), HPO_E_HOST - 4);
    assert_int_equal(s.calls, 1);
    hpo_study_free(study);
}

/* A stop ends the search, and a trial that is still in flight then fails once too often: the error is what the host must hear of. */
static hpo_status stops_then_fails(hpo_trial *trial, double *values, void *user) {
    hpo_study *study = user;
    values[0]        = 1;
    if (hpo_trial_number(trial) == 1)
        return HPO_STOPPED;
    while (hpo_study_trial_count(study, HPO_COMPLETE) == 0)
        usleep(50);
    return HPO_E_HOST - 5;
}

static void test_error_after_a_stop(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    set(study, "workers", "2");
    set(study, "failures.max", "1");
    assert_int_equal(hpo_study_optimize(study, stops_then_fails, study, 100, NULL), HPO_E_HOST - 5);
    assert_int_equal(hpo_study_trial_count(study, -1), 2);
    hpo_study_free(study);
}

/* ---- misuse of a getter ---- */

static hpo_status asks_for_nothing(hpo_trial *trial, double *values, void *user) {
    int *calls = user;
    values[0]  = 1;
    if (++*calls == 3)
        values[0] = hpo_trial_float(trial, "lerning_rate");
    values[0] = 1; /* it hides what it got */
    return HPO_OK;
}

static void test_unknown_name_ends_the_search(void **state) {
    (void)state;
    hpo_space *space = hpo_space_new(NULL);
    assert_ok(hpo_space_add_float(space, "learning_rate", 0.001, 1, HPO_LOG, error));
    hpo_study *study = study_over(space, "random");
    int        calls = 0;
    assert_fails(hpo_study_optimize(study, asks_for_nothing, &calls, 10, error), HPO_E_NOT_FOUND, "lerning_rate", "'learning_rate'");
    assert_int_equal(calls, 3);
    assert_int_equal(hpo_study_trial_count(study, HPO_FAILED), 1);
    assert_int_equal(hpo_study_trial_count(study, HPO_COMPLETE), 2);
    assert_message(study, 2, "learning_rate");
    hpo_study_free(study);
}

/* ---- what the host hears ---- */

enum { MANY = 200 };

typedef struct told {
    atomic_int seen[MANY]; /* on_trial calls per number */
    atomic_int wrong;
    hpo_study *study;
} told;

static hpo_status hear_trial(const hpo_trial *trial, void *user) {
    told    *t      = user;
    uint64_t number = hpo_trial_number(trial);
    int32_t  wanted = number % 5 == 1 ? HPO_FAILED : number % 5 == 2 ? HPO_TRIAL_PRUNED : HPO_COMPLETE;
    t->wrong += number >= MANY || hpo_trial_state(trial) != wanted;
    t->wrong += !(hpo_trial_end_time(trial) >= hpo_trial_start_time(trial));
    if (wanted == HPO_COMPLETE)
        t->wrong += !same_number(hpo_trial_value(trial), hpo_trial_float(trial, "x"));
    else if (wanted == HPO_FAILED)
        t->wrong += strcmp(hpo_trial_message(trial), "unlucky") != 0;
    hpo_trial *same = NULL; /* the study can be read here, and has the trial already */
    t->wrong += hpo_study_trial(t->study, number, &same, NULL) != HPO_OK || hpo_trial_state(same) != wanted;
    hpo_trial_free(same);
    atomic_fetch_add(&t->seen[number], 1);
    return HPO_OK;
}

static hpo_status by_number(hpo_trial *trial, double *values, void *user) {
    uint64_t number = hpo_trial_number(trial);
    (void)user;
    values[0] = hpo_trial_float(trial, "x");
    if (number % 5 == 1)
        hpo_trial_set_message(trial, "unlucky", NULL);
    return number % 5 == 1 ? -1 : number % 5 == 2 ? HPO_PRUNED : HPO_OK;
}

static void test_on_trial_once_for_each(void **state) {
    (void)state;
    for (int workers = 1; workers <= 4; workers += 3) {
        hpo_study *study = line_study("random");
        told       t     = {.study = study};
        set(study, "workers", workers == 1 ? "1" : "4");
        assert_ok(hpo_study_on_trial(study, hear_trial, &t, error));
        assert_ok(hpo_study_optimize(study, by_number, NULL, MANY, error));
        for (int i = 0; i < MANY; i++)
            assert_int_equal(t.seen[i], 1);
        assert_int_equal(t.wrong, 0);
        assert_ok(hpo_study_on_trial(study, NULL, NULL, error)); /* no more */
        assert_ok(hpo_study_optimize(study, by_number, NULL, 1, error));
        tell_one(study, HPO_COMPLETE, 1);
        assert_int_equal(t.wrong, 0);
        hpo_study_free(study);
    }
    assert_fails(hpo_study_on_trial(NULL, hear_trial, NULL, error), HPO_E_INVALID, "NULL", NULL);
}

static hpo_status callback_answers(const hpo_trial *trial, void *user) {
    return hpo_trial_number(trial) == 2 ? *(hpo_status *)user : HPO_OK;
}

static void test_on_trial_may_end_the_search(void **state) {
    (void)state;
    static const hpo_status answers[] = {HPO_STOPPED, HPO_E_HOST - 9, HPO_E_IO};
    for (size_t i = 0; i < COUNT(answers); i++) {
        hpo_study *study  = line_study("random");
        hpo_status answer = answers[i];
        hpo_error  report = {0, 0, ""};
        assert_ok(hpo_study_on_trial(study, callback_answers, &answer, error));
        assert_int_equal(hpo_study_optimize(study, line_objective, NULL, 10, &report), answer);
        assert_int_equal(report.code, answer < 0 ? answer : 0); /* benign news leave it alone */
        assert_int_equal(finished_count(study), 3);
        hpo_study_free(study);
    }
}

typedef struct workers_seen {
    atomic_int by[8];
    pthread_t  main_thread;
    atomic_int wrong, together, most;
} workers_seen;

static hpo_status notes_worker(hpo_trial *trial, double *values, void *user) {
    workers_seen *w      = user;
    int32_t       worker = hpo_trial_worker(trial);
    int           now = atomic_fetch_add(&w->together, 1) + 1, most = atomic_load(&w->most);
    while (now > most && !atomic_compare_exchange_weak(&w->most, &most, now)) {
    }
    if (worker < 0 || worker >= 8)
        w->wrong++;
    else
        w->by[worker]++;
    w->wrong += (worker == 0) != (pthread_equal(pthread_self(), w->main_thread) != 0); /* the caller's thread is the first */
    usleep(500);
    values[0] = 1;
    atomic_fetch_sub(&w->together, 1);
    return HPO_OK;
}

static void test_worker_indices(void **state) {
    (void)state;
    hpo_study   *study = line_study("random");
    workers_seen w     = {.main_thread = pthread_self()};
    size_t       n;
    set(study, "workers", "4");
    assert_ok(hpo_study_optimize(study, notes_worker, &w, 100, error));
    assert_int_equal(w.wrong, 0);
    assert_true(w.most >= 2 && w.most <= 4);
    assert_int_equal(w.by[0] + w.by[1] + w.by[2] + w.by[3], 100);
    double *column    = column_of(study, "worker", &n);
    int     counts[4] = {0};
    for (size_t i = 0; i < n; i++)
        counts[(int)column[i]]++;
    for (int i = 0; i < 4; i++)
        assert_int_equal(counts[i], w.by[i]);
    free(column);
    set(study, "workers", "1");
    w = (workers_seen){.main_thread = pthread_self()};
    assert_ok(hpo_study_optimize(study, notes_worker, &w, 5, error));
    assert_int_equal(w.by[0], 5);
    assert_int_equal(w.wrong, 0);
    assert_int_equal(w.most, 1);
    tell_one(study, HPO_COMPLETE, 1);
    hpo_trial *asked = trial_of(study, 105);
    assert_int_equal(hpo_trial_worker(asked), 0);
    hpo_trial_free(asked);
    hpo_study_free(study);
}

/* ---- seeds ---- */

static void read_seeds(hpo_study *study, uint64_t *seeds, uint64_t n) {
    for (uint64_t i = 0; i < n; i++) {
        hpo_trial *trial = trial_of(study, i);
        seeds[i]         = hpo_trial_seed(trial);
        hpo_trial_free(trial);
    }
}

static hpo_status checks_seed(hpo_trial *trial, double *values, void *user) {
    uint64_t *seeds                = user;
    seeds[hpo_trial_number(trial)] = hpo_trial_seed(trial);
    values[0]                      = 1;
    return HPO_OK;
}

static void test_seeds_of_trials(void **state) {
    (void)state;
    enum { N = 50 };
    uint64_t   a[N], b[N], c[N], seen[N], seen_too[N];
    hpo_study *x = line_study("random"), *y = mixed_study("sobol"), *z = line_study("random");
    set(z, "seed", "1");
    set(y, "workers", "3");
    assert_ok(hpo_study_optimize(x, checks_seed, seen, N, error));
    assert_ok(hpo_study_optimize(y, mixed_objective, NULL, N, error));
    assert_ok(hpo_study_optimize(z, checks_seed, seen_too, N, error));
    read_seeds(x, a, N);
    read_seeds(y, b, N);
    read_seeds(z, c, N);
    assert_memory_equal(a, seen, sizeof a); /* the same while it ran and afterwards */
    assert_memory_equal(c, seen_too, sizeof c);
    assert_memory_equal(a, b, sizeof a); /* a function of the study's seed and the number, of nothing else */
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            assert_true(i == j || a[i] != a[j]);
            assert_true(a[i] != c[j]);
        }
    hpo_study_free(x);
    hpo_study_free(y);
    hpo_study_free(z);
}

static void test_repeats_by_seed(void **state) {
    (void)state;
    for (size_t k = 0; k < hpo_strategy_count(); k++) {
        double *runs[3];
        size_t  n = 0;
        for (int r = 0; r < 3; r++) {
            hpo_study *study = line_study(hpo_strategy_name(k));
            set(study, "seed", r < 2 ? "11" : "12");
            if (strcmp(hpo_strategy_name(k), "grid") == 0) {
                set(study, "grid.order", "shuffled");
                set(study, "grid.levels", "40");
            }
            assert_ok(hpo_study_optimize(study, line_objective, NULL, 12, error));
            runs[r] = column_of(study, "x", &n);
            hpo_study_free(study);
        }
        assert_true(same_numbers(runs[0], runs[1], n));
        assert_false(same_numbers(runs[0], runs[2], n));
        for (int r = 0; r < 3; r++)
            free(runs[r]);
    }
}

/* ---- searching in pieces ---- */

static void test_pieces_are_one_search(void **state) {
    (void)state;
    hpo_study *whole = mixed_study("sobol"), *pieces = mixed_study("sobol");
    set(pieces, "trials", "30"); /* as the first call of `whole` says */
    assert_ok(hpo_study_optimize(whole, mixed_objective, NULL, 30, error));
    assert_ok(hpo_study_optimize(pieces, mixed_objective, NULL, 11, error));
    for (int i = 0; i < 4; i++) {
        hpo_trial *trial = NULL;
        assert_ok(hpo_study_ask(pieces, &trial, error));
        double loss = mixed_loss(trial);
        assert_ok(hpo_study_tell(pieces, trial, HPO_COMPLETE, &loss, 1, error));
        hpo_trial_free(trial);
    }
    assert_ok(hpo_study_optimize(pieces, mixed_objective, NULL, 15, error));
    for (size_t i = 0; i <= MIXED_SIZE; i++) {
        size_t      n, m;
        const char *name = i < MIXED_SIZE ? hpo_space_name(hpo_study_space(whole), i) : "value";
        double     *a = column_of(whole, name, &n), *b = column_of(pieces, name, &m);
        assert_int_equal(n, 30);
        assert_int_equal(m, 30);
        assert_true(same_numbers(a, b, n));
        free(a);
        free(b);
    }
    hpo_study_free(whole);
    hpo_study_free(pieces);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_number_of_trials),
        cmocka_unit_test(test_failed_trials_count_in_the_budget),
        cmocka_unit_test(test_exhausted_grid),
        cmocka_unit_test(test_first_budget_is_the_plan),
        cmocka_unit_test(test_timeout),
        cmocka_unit_test(test_timeout_that_is_over_at_once),
        cmocka_unit_test(test_values_when_minimising),
        cmocka_unit_test(test_values_when_maximising),
        cmocka_unit_test(test_stopped_by_the_objective),
        cmocka_unit_test(test_failures_max),
        cmocka_unit_test(test_failures_consecutive),
        cmocka_unit_test(test_failures_with_workers),
        cmocka_unit_test(test_error_after_a_stop),
        cmocka_unit_test(test_unknown_name_ends_the_search),
        cmocka_unit_test(test_on_trial_once_for_each),
        cmocka_unit_test(test_on_trial_may_end_the_search),
        cmocka_unit_test(test_worker_indices),
        cmocka_unit_test(test_seeds_of_trials),
        cmocka_unit_test(test_repeats_by_seed),
        cmocka_unit_test(test_pieces_are_one_search),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
