/* Stopping: from another thread, from the callbacks, from a signal handler, before the search, and under order=logical. */
#include "host.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

typedef struct stopping {
    hpo_study *study;
    atomic_int calls;
    uint64_t   at; /* the trial that stops, or raises the signal */
} stopping;

/* Trials never come to an end of their own: only a stop ends these searches. */
static hpo_status counting(hpo_trial *trial, double *values, void *user) {
    stopping *s = user;
    atomic_fetch_add(&s->calls, 1);
    values[0] = hpo_trial_float(trial, "x");
    return HPO_OK;
}

/* After a stop: nothing runs, nothing is lost, and the next search is a normal one. */
static void assert_sound(stopping *s) {
    assert_int_equal(hpo_study_trial_count(s->study, HPO_RUNNING), 0);
    assert_int_equal(hpo_study_trial_count(s->study, HPO_COMPLETE), s->calls);
    assert_ok(hpo_study_optimize(s->study, counting, s, 3, error));
    assert_int_equal(hpo_study_trial_count(s->study, HPO_COMPLETE), s->calls);
}

static void *stop_soon(void *user) {
    stopping *s = user;
    while (atomic_load(&s->calls) < 20)
        usleep(50);
    hpo_study_stop(s->study);
    return NULL;
}

static void test_from_another_thread(void **state) {
    (void)state;
    static const char *const orders[] = {"arrival", "logical"}, *const workers[] = {"1", "3"};
    for (int i = 0; i < 4; i++) {
        stopping  s = {.study = line_study("random")};
        pthread_t thread;
        set(s.study, "order", orders[i / 2]);
        set(s.study, "workers", workers[i % 2]);
        assert_int_equal(pthread_create(&thread, NULL, stop_soon, &s), 0);
        assert_int_equal(hpo_study_optimize(s.study, counting, &s, UINT64_MAX, NULL), HPO_STOPPED);
        pthread_join(thread, NULL);
        assert_true(s.calls >= 20);
        assert_sound(&s);
        hpo_study_free(s.study);
    }
}

static hpo_status stops_itself(hpo_trial *trial, double *values, void *user) {
    stopping *s = user;
    if (hpo_trial_number(trial) == s->at)
        hpo_study_stop(s->study);
    return counting(trial, values, user);
}

static void test_from_the_objective(void **state) {
    (void)state;
    stopping s = {.study = line_study("random"), .at = 6};
    assert_int_equal(hpo_study_optimize(s.study, stops_itself, &s, UINT64_MAX, NULL), HPO_STOPPED);
    assert_int_equal(s.calls, 7); /* the trial in flight counts, no other starts */
    assert_sound(&s);
    hpo_study_free(s.study);
    /* At the very last trial of a budget: the answer still says so. */
    s = (stopping){.study = line_study("random"), .at = 4};
    assert_int_equal(hpo_study_optimize(s.study, stops_itself, &s, 5, NULL), HPO_STOPPED);
    assert_int_equal(s.calls, 5);
    assert_sound(&s);
    hpo_study_free(s.study);
}

static hpo_status stop_in_callback(const hpo_trial *trial, void *user) {
    stopping *s = user;
    if (hpo_trial_number(trial) == s->at)
        hpo_study_stop(s->study);
    return HPO_OK;
}

static hpo_status answer_stopped(const hpo_trial *trial, void *user) {
    stopping *s = user;
    return hpo_trial_number(trial) == s->at ? HPO_STOPPED : HPO_OK;
}

static void test_from_the_trial_callback(void **state) {
    (void)state;
    for (int way = 0; way < 2; way++) {
        stopping s = {.study = line_study("random"), .at = 3};
        assert_ok(hpo_study_on_trial(s.study, way == 0 ? stop_in_callback : answer_stopped, &s, error));
        assert_int_equal(hpo_study_optimize(s.study, counting, &s, UINT64_MAX, NULL), HPO_STOPPED);
        assert_int_equal(s.calls, 4);
        assert_sound(&s);
        hpo_study_free(s.study);
    }
}

/* ---- signals ---- */

static hpo_study *volatile interrupted;

static void on_signal(int number) {
    (void)number;
    hpo_study_stop(interrupted);
}

static hpo_status raises(hpo_trial *trial, double *values, void *user) {
    stopping *s = user;
    if (hpo_trial_number(trial) == s->at)
        raise(SIGUSR1);
    return counting(trial, values, user);
}

static void test_from_a_signal_handler(void **state) {
    (void)state;
    struct sigaction ours = {.sa_handler = on_signal}, before, now;
    sigemptyset(&ours.sa_mask);
    assert_int_equal(sigaction(SIGUSR1, &ours, &before), 0);
    for (int workers = 1; workers <= 3; workers += 2) {
        stopping s  = {.study = line_study("random"), .at = 10};
        interrupted = s.study;
        set(s.study, "workers", workers == 1 ? "1" : "3");
        assert_int_equal(hpo_study_optimize(s.study, raises, &s, UINT64_MAX, NULL), HPO_STOPPED);
        assert_true(workers == 1 ? s.calls == 11 : s.calls >= 11);
        assert_int_equal(sigaction(SIGUSR1, NULL, &now), 0);
        assert_true(now.sa_handler == on_signal); /* the library leaves handlers alone */
        s.at = UINT64_MAX;
        assert_sound(&s);
        hpo_study_free(s.study);
    }
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
}

static void *signal_soon(void *user) {
    stopping *s = user;
    while (atomic_load(&s->calls) < 20)
        usleep(50);
    kill(getpid(), SIGUSR1); /* any thread may take it */
    return NULL;
}

/* Workers that wait for an earlier trial (order=logical) notice a stop that cannot wake them. */
static void test_signal_to_the_process(void **state) {
    (void)state;
    struct sigaction ours = {.sa_handler = on_signal}, before;
    sigemptyset(&ours.sa_mask);
    assert_int_equal(sigaction(SIGUSR1, &ours, &before), 0);
    stopping  s = {.study = line_study("random")};
    pthread_t thread;
    interrupted = s.study;
    set(s.study, "workers", "4");
    set(s.study, "order", "logical");
    assert_int_equal(pthread_create(&thread, NULL, signal_soon, &s), 0);
    assert_int_equal(hpo_study_optimize(s.study, counting, &s, UINT64_MAX, NULL), HPO_STOPPED);
    pthread_join(thread, NULL);
    assert_sound(&s);
    hpo_study_free(s.study);
    assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
}

/* ---- other times ---- */

static void test_before_the_search(void **state) {
    (void)state;
    stopping s = {.study = line_study("random")};
    hpo_study_stop(s.study);
    hpo_study_stop(s.study);
    assert_int_equal(hpo_study_optimize(s.study, counting, &s, 5, NULL), HPO_STOPPED);
    assert_int_equal(s.calls, 0);
    tell_one(s.study, HPO_COMPLETE, 1); /* ask and tell are the host's own loop */
    assert_int_equal(hpo_study_trial_count(s.study, HPO_COMPLETE), 1);
    assert_ok(hpo_study_optimize(s.study, counting, &s, 5, error)); /* a stop ends one search */
    assert_int_equal(s.calls, 5);
    hpo_study_free(s.study);
}

/* A look at the test set is no search: a stop that was asked for still ends the next one. */
static void test_stop_is_kept_over_a_test(void **state) {
    (void)state;
    stopping   s    = {.study = line_study("random")};
    hpo_trial *best = NULL;
    assert_ok(hpo_study_optimize(s.study, counting, &s, 3, error));
    assert_ok(hpo_study_best(s.study, &best, error));
    hpo_study_stop(s.study);
    assert_ok(hpo_study_test(s.study, best, counting, &s, NULL, error));
    assert_int_equal(hpo_study_optimize(s.study, counting, &s, 3, NULL), HPO_STOPPED);
    assert_int_equal(s.calls, 4);
    hpo_trial_free(best);
    hpo_study_free(s.study);
}

static void test_during_a_confirmation(void **state) {
    (void)state;
    stopping   s      = {.study = line_study("random"), .at = UINT64_MAX};
    hpo_trial *winner = NULL;
    assert_ok(hpo_study_optimize(s.study, counting, &s, 8, error));
    s.calls = 0;
    s.at    = 0; /* the default is a finalist */
    hpo_study_stop(s.study);
    assert_int_equal(hpo_study_confirm(s.study, counting, &s, 3, 5, &winner, NULL), HPO_STOPPED);
    assert_int_equal(s.calls, 0);
    assert_int_equal(hpo_study_confirm(s.study, stops_itself, &s, 3, 5, &winner, NULL), HPO_STOPPED);
    assert_true(s.calls >= 1 && s.calls <= 4); /* the first repeat of the default stopped it */
    assert_null(winner);
    assert_fails(hpo_study_optimism(s.study, NULL, NULL, NULL, error), HPO_E_NOT_FOUND, "no confirmation", NULL);
    assert_ok(hpo_study_confirm(s.study, counting, &s, 3, 5, &winner, error));
    hpo_trial_free(winner);
    hpo_study_free(s.study);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from_another_thread),      cmocka_unit_test(test_from_the_objective),    cmocka_unit_test(test_from_the_trial_callback),
        cmocka_unit_test(test_from_a_signal_handler),    cmocka_unit_test(test_signal_to_the_process), cmocka_unit_test(test_before_the_search),
        cmocka_unit_test(test_stop_is_kept_over_a_test), cmocka_unit_test(test_during_a_confirmation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
