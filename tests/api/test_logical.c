/* order=logical: a run with W workers is the same whatever their timing, and equals ask and tell in lockstep. */
#include "host.h"

#include <unistd.h>

enum { MOST_TRIALS = 60, FEW_TRIALS = 18, MOST_WORKERS = 5 };

/*
 * A strategy for which order matters: the next point is a hash of everything it can see (finished values in their order, running points, the count), so that
 * one result more or less, or in another place, changes all that follows.
 */
static uint64_t mix(uint64_t h, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    h ^= isnan(value) ? 0x7ff8u : bits;
    h *= 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

static hpo_status curious_ask(void *strategy, const hpo_history *history, uint64_t number, hpo_point *out, hpo_error *err) {
    size_t         n = hpo_history_size(history), d = hpo_history_dimensions(history);
    const double  *unit = hpo_history_unit(history), *values = hpo_history_values(history), *pending = NULL;
    const int32_t *states = hpo_history_states(history);
    uint64_t       h      = 7 * hpo_history_seed(history) + number + 1000 * hpo_history_suggested(history);
    double         next[MIXED_SIZE];
    (void)strategy;
    for (size_t i = 0; i < n; i++) {
        h = mix(h, values[i]);
        h = mix(h, (double)states[i] + 10 * (double)hpo_history_numbers(history)[i]);
        for (size_t k = 0; k < d; k++)
            h = mix(h, unit[i * d + k]);
    }
    size_t m = hpo_history_pending(history, &pending);
    for (size_t i = 0; i < m * d; i++)
        h = mix(h, pending[i]);
    for (size_t k = 0; k < d; k++) {
        h       = mix(h, (double)k + 0.5);
        next[k] = (double)(h >> 11) * 0x1p-53;
    }
    return hpo_point_set_unit(out, next, d, err);
}

static const hpo_strategy_ops curious = {
    .struct_size = sizeof(hpo_strategy_ops), .abi_version = HPO_STRATEGY_ABI, .name = "curious", .help = "depends on everything", .ask = curious_ask};

static hpo_study *logical_study(const char *strategy, int workers) {
    char       number[8];
    hpo_study *study = mixed_study(NULL);
    snprintf(number, sizeof number, "%d", workers);
    if (strcmp(strategy, "curious") == 0)
        assert_ok(hpo_study_use_strategy(study, &curious, NULL, NULL, error));
    else
        set(study, "strategy", strategy);
    set(study, "order", "logical");
    set(study, "workers", number);
    set(study, "trials", "60");
    if (strcmp(strategy, "zoom") == 0)
        set(study, "zoom.parameters", "lr,depth,gamma");
    return study;
}

/* Failures, pruned trials and infinities among the results, by number. */
static hpo_status judged(const hpo_trial *trial, double *value) {
    uint64_t number = hpo_trial_number(trial);
    *value          = number % 11 == 4 ? INF : mixed_loss(trial);
    return number % 13 == 5 ? HPO_E_HOST - 1 : number % 7 == 3 ? HPO_PRUNED : HPO_OK;
}

/* Delays from the run's number, so that no two runs have the same timing. */
static hpo_status delayed(hpo_trial *trial, double *values, void *user) {
    unsigned *run  = user;
    unsigned  wait = (unsigned)hpo_trial_number(trial) * 2654435761u + *run * 40503u;
    usleep((wait >> 8) % 1500);
    return judged(trial, values);
}

/* A strategy that models takes its time. */
static uint64_t trials_of(const char *strategy) {
    return strcmp(strategy, "gp") == 0 ? FEW_TRIALS : MOST_TRIALS;
}

/* All configurations and values, n x (MIXED_SIZE + 1). */
static void read_run(const hpo_study *study, uint64_t n, double *table) {
    assert_int_equal(finished_count(study), n);
    memset(table, 0, MOST_TRIALS * (MIXED_SIZE + 1) * sizeof *table);
    for (uint64_t i = 0; i < n; i++) {
        hpo_trial *trial = trial_of(study, i);
        hpo_trial_values_by_index(trial, table + i * (MIXED_SIZE + 1), MIXED_SIZE);
        table[i * (MIXED_SIZE + 1) + MIXED_SIZE] = hpo_trial_value(trial);
        hpo_trial_free(trial);
    }
}

/* The built-in ones, and last the curious one. */
static const char *strategy_at(size_t k) {
    return k < hpo_strategy_count() ? hpo_strategy_name(k) : k == hpo_strategy_count() ? "curious" : NULL;
}

static void test_runs_are_identical(void **state) {
    (void)state;
    static double first[MOST_TRIALS * (MIXED_SIZE + 1)], again[MOST_TRIALS * (MIXED_SIZE + 1)];
    for (size_t k = 0; strategy_at(k) != NULL; k++)
        for (int workers = 2; workers <= 4; workers += 2) {
            unsigned runs = workers == 4 ? 5 : 2;
            for (unsigned run = 0; run < runs; run++) {
                hpo_study *study = logical_study(strategy_at(k), workers);
                assert_ok(hpo_study_optimize(study, delayed, &run, trials_of(strategy_at(k)), error));
                read_run(study, trials_of(strategy_at(k)), run == 0 ? first : again);
                hpo_study_free(study);
                if (run > 0 && !same_numbers(first, again, COUNT(first)))
                    fail_msg("%s with %d workers: run %u differs from the first", strategy_at(k), workers, run);
            }
        }
}

/*
 * The host's own loop in the order that the guide promises: suggestion k is made when trials 0 ... k - W are told. `late` keeps back results that
 * could be told already: known or not, they must not be seen.
 */
static void lockstep(hpo_study *study, uint64_t trials, int workers, bool late, double *table) {
    hpo_trial *running[MOST_WORKERS];
    uint64_t   asked = 0, told = 0;
    while (told < trials) {
        hpo_status status = HPO_E_BUSY;
        if (asked < trials)
            status = hpo_study_ask(study, &running[asked % (uint64_t)workers], NULL);
        if (status == HPO_OK) {
            asked++;
            if (late)
                continue;
        } else {
            assert_int_equal(status, HPO_E_BUSY);
            assert_true(asked == trials || asked - told == (uint64_t)workers); /* refused exactly when W are running */
        }
        hpo_trial *trial = running[told % (uint64_t)workers];
        double     value = NONE;
        hpo_status end   = judged(trial, &value);
        assert_ok(hpo_study_tell(study, trial,
                                 end < 0             ? HPO_FAILED
                                 : end == HPO_PRUNED ? HPO_TRIAL_PRUNED
                                                     : HPO_COMPLETE,
                                 &value, end < 0 ? 0 : 1, error));
        hpo_trial_free(trial);
        told++;
    }
    read_run(study, trials, table);
}

static void test_equals_ask_and_tell(void **state) {
    (void)state;
    static double    by_host[2][MOST_TRIALS * (MIXED_SIZE + 1)], by_library[MOST_TRIALS * (MIXED_SIZE + 1)];
    static const int counts[] = {1, 3, MOST_WORKERS};
    for (size_t k = 0; strategy_at(k) != NULL; k++)
        for (size_t w = 0; w < COUNT(counts); w++) {
            unsigned   run   = 9;
            hpo_study *study = logical_study(strategy_at(k), counts[w]);
            assert_ok(hpo_study_optimize(study, delayed, &run, trials_of(strategy_at(k)), error));
            read_run(study, trials_of(strategy_at(k)), by_library);
            hpo_study_free(study);
            for (int late = 0; late < 2; late++) {
                study = logical_study(strategy_at(k), counts[w]);
                lockstep(study, trials_of(strategy_at(k)), counts[w], late, by_host[late]);
                hpo_study_free(study);
                if (!same_numbers(by_host[late], by_library, COUNT(by_library)))
                    fail_msg("%s with %d workers: ask and tell differ from optimize", strategy_at(k), counts[w]);
            }
        }
}

/* With one worker there is nothing to order: the run is that of order=arrival. */
static void test_one_worker_is_arrival(void **state) {
    (void)state;
    static double logical[MOST_TRIALS * (MIXED_SIZE + 1)], arrival[MOST_TRIALS * (MIXED_SIZE + 1)];
    for (size_t k = 0; strategy_at(k) != NULL; k++) {
        unsigned   run = 0;
        hpo_study *a = logical_study(strategy_at(k), 1), *b = logical_study(strategy_at(k), 1);
        set(b, "order", "arrival");
        assert_ok(hpo_study_optimize(a, delayed, &run, trials_of(strategy_at(k)), error));
        assert_ok(hpo_study_optimize(b, delayed, &run, trials_of(strategy_at(k)), error));
        read_run(a, trials_of(strategy_at(k)), logical);
        read_run(b, trials_of(strategy_at(k)), arrival);
        if (!same_numbers(logical, arrival, COUNT(logical)))
            fail_msg("%s: logical order with one worker differs from arrival", strategy_at(k));
        hpo_study_free(a);
        hpo_study_free(b);
    }
}

/* A search in two calls is the search in one. */
static void test_continued_search(void **state) {
    (void)state;
    static double whole[MOST_TRIALS * (MIXED_SIZE + 1)], parts[MOST_TRIALS * (MIXED_SIZE + 1)];
    unsigned      run = 4;
    for (size_t k = 0; strategy_at(k) != NULL; k++) {
        hpo_study *a = logical_study(strategy_at(k), 3), *b = logical_study(strategy_at(k), 3);
        set(a, "strategy.cache", "drop"); /* and without the strategy's memory */
        assert_ok(hpo_study_optimize(a, delayed, &run, trials_of(strategy_at(k)), error));
        run = 5;
        assert_ok(hpo_study_optimize(b, delayed, &run, 11, error));
        assert_ok(hpo_study_optimize(b, delayed, &run, trials_of(strategy_at(k)) - 11, error));
        read_run(a, trials_of(strategy_at(k)), whole);
        read_run(b, trials_of(strategy_at(k)), parts);
        if (!same_numbers(whole, parts, COUNT(whole)))
            fail_msg("%s: a search in two calls differs from one", strategy_at(k));
        hpo_study_free(a);
        hpo_study_free(b);
    }
}

static void test_which_trial_is_waited_for(void **state) {
    (void)state;
    hpo_study *study    = logical_study("curious", 2);
    hpo_trial *trial[3] = {NULL, NULL, NULL};
    double     value    = 1;
    assert_ok(hpo_study_ask(study, &trial[0], error));
    assert_ok(hpo_study_ask(study, &trial[1], error));
    assert_ok(hpo_study_tell(study, trial[1], HPO_COMPLETE, &value, 1, error)); /* not the one that is needed */
    assert_fails(hpo_study_ask(study, &trial[2], error), HPO_E_BUSY, "trial 0", "order=logical");
    assert_int_equal(hpo_study_trial_count(study, -1), 2);
    hpo_trial_free(trial[0]); /* failed is finished too */
    assert_ok(hpo_study_ask(study, &trial[2], error));
    hpo_trial_free(trial[1]);
    hpo_trial_free(trial[2]);
    hpo_study_free(study);
}

/* A trial that the host holds back: the search goes as far as it may, and says what it waits for, instead of waiting for ever. */
static void test_search_beside_a_held_trial(void **state) {
    (void)state;
    hpo_study *study = logical_study("curious", 3);
    hpo_trial *held  = NULL;
    unsigned   run   = 0;
    double     value = 1;
    assert_ok(hpo_study_ask(study, &held, error));
    assert_fails(hpo_study_optimize(study, delayed, &run, MOST_TRIALS, error), HPO_E_BUSY, "trial 0", "told");
    assert_int_equal(hpo_study_trial_count(study, -1), 3);
    assert_int_equal(hpo_study_trial_count(study, HPO_RUNNING), 1);
    assert_ok(hpo_study_tell(study, held, HPO_COMPLETE, &value, 1, error));
    hpo_trial_free(held);
    assert_ok(hpo_study_optimize(study, delayed, &run, MOST_TRIALS - 3, error));
    assert_int_equal(finished_count(study), MOST_TRIALS);
    hpo_study_free(study);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_are_identical),        cmocka_unit_test(test_equals_ask_and_tell),
        cmocka_unit_test(test_one_worker_is_arrival),     cmocka_unit_test(test_continued_search),
        cmocka_unit_test(test_which_trial_is_waited_for), cmocka_unit_test(test_search_beside_a_held_trial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
