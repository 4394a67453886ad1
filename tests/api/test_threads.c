/* Many threads at once: 10,000 trials by 8 workers, ask and tell from 8 threads of the host, and readers beside them. Made for the thread sanitizer. */
#include "host.h"

#include <pthread.h>
#include <sched.h>

enum { THREADS = 8, TRIALS = 10000 };

typedef struct shared {
    hpo_study *study;
    atomic_int wrong, evaluated, held, stop_reading;
    atomic_int by_number[TRIALS + 64];
} shared;

static shared *shared_new(hpo_study *study) {
    shared *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->study = study;
    return s;
}

static hpo_status note(hpo_trial *trial, double *values, void *user) {
    shared  *s      = user;
    uint64_t number = hpo_trial_number(trial);
    values[0]       = mixed_loss(trial);
    if (number >= COUNT(s->by_number) || isnan(values[0]))
        s->wrong++;
    else
        atomic_fetch_add(&s->by_number[number], 1);
    atomic_fetch_add(&s->evaluated, 1);
    if (number % 97 == 0 && (hpo_trial_report(trial, 1, values[0], NULL) != HPO_OK || hpo_trial_set_attribute(trial, "n", "97", NULL) != HPO_OK))
        s->wrong++;
    if (number % 101 == 0) {
        hpo_trial_set_message(trial, "one in 101", NULL);
        return HPO_E_HOST - 1;
    }
    return HPO_OK;
}

/* Every number from 0 on exactly once, each with the loss of its own configuration. */
static void assert_complete(shared *s, uint64_t n) {
    size_t  m       = 0;
    double *numbers = column_of(s->study, "number", &m), *states = column_of(s->study, "state", &m);
    assert_int_equal(m, n);
    assert_int_equal(hpo_study_trial_count(s->study, -1), n);
    assert_int_equal(hpo_study_trial_count(s->study, HPO_RUNNING), 0);
    for (uint64_t i = 0; i < n; i++) {
        assert_same(numbers[i], (double)i);
        assert_int_equal((int)states[i], i % 101 == 0 ? HPO_FAILED : HPO_COMPLETE);
        assert_int_equal(s->by_number[i], 1);
        if (i % 13 == 0) {
            hpo_trial *trial = trial_of(s->study, i);
            if (i % 101 != 0)
                assert_same(hpo_trial_value(trial), mixed_loss(trial));
            assert_int_equal(hpo_trial_report_count(trial), i % 97 == 0);
            hpo_trial_free(trial);
        }
    }
    assert_int_equal(s->wrong, 0);
    free(numbers);
    free(states);
}

static void test_workers(void **state) {
    (void)state;
    hpo_study *study = mixed_study("random");
    shared    *s     = shared_new(study);
    set(study, "workers", "8");
    assert_ok(hpo_study_optimize(study, note, s, TRIALS, error));
    assert_int_equal(s->evaluated, TRIALS);
    assert_complete(s, TRIALS);
    hpo_study_free(study);
    free(s);
}

/* A strategy with a cache that grows, under the same load. */
static void test_workers_on_a_grid(void **state) {
    (void)state;
    hpo_study *study = mixed_study("grid");
    shared    *s     = shared_new(study);
    set(study, "workers", "8");
    assert_ok(hpo_study_optimize(study, note, s, 2000, error));
    assert_complete(s, 2000);
    hpo_study_free(study);
    free(s);
}

/* ---- the host's own threads ---- */

static void *ask_and_tell(void *user) {
    shared *s = user;
    while (hpo_study_trial_count(s->study, -1) < TRIALS) {
        hpo_trial *trial = NULL;
        double     value = NONE;
        if (hpo_study_ask(s->study, &trial, NULL) != HPO_OK) {
            s->wrong++;
            return NULL;
        }
        hpo_status status = note(trial, &value, s);
        s->wrong += hpo_study_tell(s->study, trial, status < 0 ? HPO_FAILED : HPO_COMPLETE, &value, status < 0 ? 0 : 1, NULL) != HPO_OK;
        s->wrong += hpo_trial_state(trial) != (status < 0 ? HPO_FAILED : HPO_COMPLETE);
        hpo_trial_free(trial);
    }
    return NULL;
}

static void test_ask_and_tell_from_threads(void **state) {
    (void)state;
    hpo_study *study = mixed_study("random");
    shared    *s     = shared_new(study);
    pthread_t  threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask_and_tell, s), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    uint64_t n = hpo_study_trial_count(study, -1);
    assert_true(n >= TRIALS && n < TRIALS + THREADS);
    assert_int_equal(s->evaluated, n);
    assert_complete(s, n);
    hpo_study_free(study);
    free(s);
}

/* A trial begun by one thread and told by another. */
typedef struct parcel {
    hpo_study *study;
    hpo_trial *trial;
    hpo_status status;
} parcel;

static void *tell_it(void *user) {
    parcel *p     = user;
    double  value = mixed_loss(p->trial);
    p->status     = hpo_study_tell(p->study, p->trial, HPO_COMPLETE, &value, 1, NULL);
    return NULL;
}

static void test_trial_handed_over(void **state) {
    (void)state;
    parcel    p = {.study = mixed_study("random")};
    pthread_t thread;
    for (int i = 0; i < 20; i++) {
        assert_ok(hpo_study_ask(p.study, &p.trial, error));
        assert_int_equal(pthread_create(&thread, NULL, tell_it, &p), 0);
        pthread_join(thread, NULL);
        assert_int_equal(p.status, HPO_OK);
        assert_int_equal(hpo_trial_state(p.trial), HPO_COMPLETE);
        hpo_trial_free(p.trial);
    }
    hpo_study_free(p.study);
}

/* ---- readers and writers beside a search ---- */

static void read_once(shared *s, unsigned turn) {
    static const char *const columns[] = {"value", "state", "lr", "gamma", "duration"};
    static double            buffer[THREADS][4096];
    const hpo_study         *study = s->study;
    char                     text[4096];
    size_t                   n      = 0;
    hpo_trial               *trial  = NULL;
    hpo_status               status = hpo_study_column(study, columns[turn % COUNT(columns)], buffer[turn % THREADS], 4096, &n, NULL);
    s->wrong += status != HPO_OK || n > 4096;
    status = hpo_study_best(study, &trial, NULL);
    s->wrong += status != HPO_OK && status != HPO_E_NOT_FOUND;
    if (status == HPO_OK)
        s->wrong += !same_number(mixed_loss(trial), hpo_trial_value(trial));
    hpo_trial_free(trial);
    status = hpo_study_trial(study, turn % 64, &trial, NULL);
    s->wrong += status != HPO_OK && status != HPO_E_NOT_FOUND && status != HPO_E_STATE;
    if (status == HPO_OK)
        hpo_trial_free(trial);
    s->wrong += hpo_study_get(study, "strategy", text, sizeof text, &n, NULL) != HPO_OK;
    status = turn % 16 == 0 ? hpo_study_advice(study, "text", text, sizeof text, &n, NULL) : HPO_OK;
    s->wrong += status != HPO_OK && status != HPO_E_BUFFER;
    s->wrong += hpo_study_trial_count(study, -1) < hpo_study_trial_count(study, HPO_FAILED);
}

typedef struct reader {
    shared  *s;
    unsigned turn;
} reader;

static void *read_on(void *user) {
    reader *r = user;
    for (; !atomic_load(&r->s->stop_reading); r->turn += THREADS) { /* keeps its own buffer */
        read_once(r->s, r->turn);
        sched_yield();
    }
    return NULL;
}

static void *write_on(void *user) {
    reader    *r     = user;
    shared    *s     = r->s;
    hpo_point *point = NULL;
    double     value = 100;
    if (hpo_point_new(hpo_study_space(s->study), &point, NULL) != HPO_OK)
        s->wrong++;
    for (int i = 0; i < 200; i++) {
        s->wrong += hpo_study_enqueue(s->study, point, NULL) != HPO_OK;
        s->wrong += hpo_study_add(s->study, point, HPO_COMPLETE, &value, 1, NULL) != HPO_OK;
        s->wrong += hpo_study_set(s->study, "seed", "1", NULL) != HPO_E_BUSY;
    }
    hpo_point_free(point);
    return NULL;
}

static hpo_status plain_loss(hpo_trial *trial, double *values, void *user) {
    shared *s = user;
    values[0] = mixed_loss(trial);
    if (atomic_fetch_add(&s->held, 1) == 0) /* the first call lasts until the writers are done, and so does the search */
        while (!atomic_load(&s->stop_reading))
            sched_yield();
    return HPO_OK;
}

static hpo_status count_trial(const hpo_trial *trial, void *user) {
    shared *s = user;
    atomic_fetch_add(&s->evaluated, 1);
    s->wrong += hpo_trial_state(trial) != HPO_COMPLETE;
    return HPO_OK;
}

static void *search(void *user) {
    reader *r = user;
    r->s->wrong += hpo_study_optimize(r->s->study, plain_loss, r->s, 1000, NULL) != HPO_OK;
    return NULL;
}

static void test_readers_and_writers(void **state) {
    (void)state;
    hpo_study *study = mixed_study("random");
    shared    *s     = shared_new(study);
    pthread_t  threads[5];
    reader     readers[5];
    set(study, "workers", "3");
    assert_ok(hpo_study_on_trial(study, count_trial, s, error));
    void *(*bodies[5])(void *) = {search, read_on, read_on, write_on, write_on};
    for (unsigned i = 0; i < 5; i++) {
        readers[i] = (reader){s, i};
        if (i > 0) /* the writers want to see a running search, and the readers a best trial that is not one of the writers' */
            while (hpo_study_trial_count(study, HPO_COMPLETE) < 1)
                sched_yield();
        assert_int_equal(pthread_create(&threads[i], NULL, bodies[i], &readers[i]), 0);
    }
    pthread_join(threads[3], NULL);
    pthread_join(threads[4], NULL);
    atomic_store(&s->stop_reading, 1);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
    pthread_join(threads[2], NULL);
    assert_int_equal(s->wrong, 0);
    assert_int_equal(s->evaluated, 1000); /* on_trial is for optimize, not for added results */
    assert_int_equal(hpo_study_trial_count(study, HPO_COMPLETE), 1400);
    assert_int_equal(hpo_study_trial_count(study, -1), 1400);
    hpo_study_free(study);
    free(s);
}

/* Several studies at once share nothing. */
static void *whole_study(void *user) {
    hpo_space *space = mixed_space_with(NULL);
    hpo_study *study = NULL;
    shared    *s     = user;
    s->wrong += hpo_study_new(space, &study, NULL) != HPO_OK;
    hpo_space_free(space);
    s->wrong += hpo_study_optimize(study, plain_loss, &(shared){.stop_reading = 1}, 300, NULL) != HPO_OK;
    s->wrong += hpo_study_trial_count(study, HPO_COMPLETE) != 300;
    hpo_study_free(study);
    return NULL;
}

static void test_studies_side_by_side(void **state) {
    (void)state;
    shared   *s = shared_new(NULL);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, whole_study, s), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(s->wrong, 0);
    free(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_workers),           cmocka_unit_test(test_workers_on_a_grid),   cmocka_unit_test(test_ask_and_tell_from_threads),
        cmocka_unit_test(test_trial_handed_over), cmocka_unit_test(test_readers_and_writers), cmocka_unit_test(test_studies_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
