/* What every strategy must keep, on every shape of space:
 * legal suggestions, and suggestions that are a function of (settings, seed, number, history) alone, whatever happens to the state and in whatever order trials end. */
#include "spaces.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TRIALS = 90, COSTLY_TRIALS = 36, MOST_RUNNING = 4, WIDTH = 8 };

typedef struct run {
    hpo_status end;
    size_t     n;
    double     values[TRIALS][WIDTH];
} run;

static uint32_t draw(uint32_t *state) { /* a host's own dice: linear congruential, high bits */
    *state = *state * 1664525u + 1013904223u;
    return *state >> 16;
}

/* A strategy that models is made anew many times below: fewer trials show as much. */
static size_t trials_of(const char *strategy) {
    return strcmp(strategy, "gp") == 0 ? COSTLY_TRIALS : TRIALS;
}

static hpo_study *open_study(const hpo_space *space, const char *strategy, const char *seed) {
    hpo_study *study = NULL;
    assert_int_equal(hpo_study_new(space, &study, NULL), HPO_OK);
    assert_int_equal(hpo_study_set(study, "strategy", strategy, NULL), HPO_OK);
    assert_int_equal(hpo_study_set(study, "seed", seed, NULL), HPO_OK);
    assert_int_equal(hpo_study_set(study, "trials", "90", NULL), HPO_OK);
    return study;
}

static void check_legal(const hpo_space *space, const hpo_trial *trial, double *values) {
    double    unit[WIDTH], again[WIDTH];
    hpo_error error = {0, 0, ""};
    size_t    d     = hpo_trial_values_by_index(trial, values, WIDTH);
    assert_int_equal(d, hpo_space_size(space));
    if (hpo_space_encode(space, values, d, unit, &error) != HPO_OK)
        fail_msg("illegal suggestion: %s", error.message);
    for (size_t i = 0; i < d; i++)
        assert_int_equal(isnan(unit[i]), isnan(values[i]));
    assert_int_equal(hpo_space_decode(space, unit, d, again, NULL), HPO_OK);
    for (size_t i = 0; i < d; i++)
        if (hpo_space_cardinality(space, i) > 0 && !isnan(values[i]))
            assert_true(again[i] == values[i]);
}

static void tell(hpo_study *study, hpo_trial *trial) {
    double     value  = NAN;
    hpo_space *space  = NULL;
    hpo_status status = HPO_OK;
    memcpy(&space, &(const hpo_space *){hpo_study_space(study)}, sizeof space);
    status = conformance_objective(trial, &value, space);
    assert_int_equal(hpo_study_tell(study, trial, status == HPO_OK ? HPO_COMPLETE : HPO_FAILED, &value, status == HPO_OK, NULL), HPO_OK);
    hpo_trial_free(trial);
}

/* Up to `width` trials run at once and end in an order drawn from `dice`; `drop` throws the strategy's state away at random. `queue` enqueues a point now and then. */
static void play(const hpo_space *space, const char *strategy, const char *seed, size_t width, bool drop, bool queue, run *out) {
    hpo_study *study = open_study(space, strategy, seed);
    hpo_trial *running[MOST_RUNNING];
    size_t     n_running = 0;
    uint32_t   order = 7, dropping = 99;
    out->n   = 0;
    out->end = HPO_OK;
    while (out->n < trials_of(strategy)) {
        if (drop && draw(&dropping) % 3 == 0) {
            assert_int_equal(hpo_study_set(study, "strategy.cache", "drop", NULL), HPO_OK);
            assert_int_equal(hpo_study_set(study, "strategy.cache", draw(&dropping) % 2 == 0 ? "keep" : "drop", NULL), HPO_OK);
        }
        if (queue && out->n % 17 == 5) {
            hpo_point *point = NULL;
            assert_int_equal(hpo_point_new(space, &point, NULL), HPO_OK);
            assert_int_equal(hpo_study_enqueue(study, point, NULL), HPO_OK);
            hpo_point_free(point);
        }
        out->end = hpo_study_ask(study, &running[n_running], NULL);
        if (out->end != HPO_OK)
            break;
        check_legal(space, running[n_running], out->values[out->n++]);
        n_running++;
        while (n_running == width || (n_running > 0 && draw(&order) % 4 == 0)) {
            size_t k = draw(&order) % n_running;
            tell(study, running[k]);
            running[k] = running[--n_running];
        }
    }
    while (n_running > 0)
        tell(study, running[--n_running]);
    assert_true(out->end == HPO_OK || out->end == HPO_EXHAUSTED);
    hpo_study_free(study);
}

static void assert_same(const hpo_space *space, const run *a, const run *b) {
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->end, b->end);
    for (size_t t = 0; t < a->n; t++)
        for (size_t i = 0; i < hpo_space_size(space); i++)
            if (!(a->values[t][i] == b->values[t][i] || (isnan(a->values[t][i]) && isnan(b->values[t][i]))))
                fail_msg("trial %zu, parameter '%s': %.17g and %.17g", t, hpo_space_name(space, i), a->values[t][i], b->values[t][i]);
}

static void each(void (*check)(const hpo_space *space, const char *strategy)) {
    for (size_t s = 0; s < hpo_strategy_count(); s++)
        for (int i = 0; i < N_SPACES; i++) {
            hpo_space *space = conformance_space(i);
            assert_int_equal(hpo_space_status(space, NULL), HPO_OK);
            print_message("  %s on %s\n", hpo_strategy_name(s), conformance_space_name(i));
            check(space, hpo_strategy_name(s));
            hpo_space_free(space);
        }
}

static void check_cache(const hpo_space *space, const char *strategy) {
    static run kept, dropped;
    for (size_t width = 1; width <= MOST_RUNNING; width += MOST_RUNNING - 1)
        for (int queue = 0; queue < 2; queue++) {
            play(space, strategy, "5", width, false, queue, &kept);
            play(space, strategy, "5", width, true, queue, &dropped);
            assert_same(space, &kept, &dropped);
        }
}

static void state_is_only_a_cache(void **state) {
    (void)state;
    each(check_cache);
}

static void check_repeat(const hpo_space *space, const char *strategy) {
    static run first, second, other;
    play(space, strategy, "1", 3, false, false, &first);
    play(space, strategy, "1", 3, false, false, &second);
    assert_same(space, &first, &second);
    if (strcmp(strategy, "grid") == 0 || hpo_space_cardinality(space, 0) > 0)
        return; /* the order of a plain grid has no seed; finite spaces may coincide */
    play(space, strategy, "2", 3, false, false, &other);
    bool differs = strcmp(strategy, "zoom") == 0; /* its cells have no seed either, only their order */
    for (size_t t = 1; t < first.n && t < other.n; t++)
        differs = differs || first.values[t][0] != other.values[t][0];
    assert_true(differs);
}

static void same_seed_same_run(void **state) {
    (void)state;
    each(check_repeat);
}

/* ---- order=logical: threads and lockstep agree ---- */

static hpo_status slow_objective(hpo_trial *trial, double *value, void *user) {
    volatile double burn = 0; /* some work, different for each trial, so that trials end out of order */
    for (uint64_t i = 0; i < hpo_trial_seed(trial) % 20000; i++)
        burn = burn + 1.0 / (double)(i + 1);
    return conformance_objective(trial, value, user);
}

static void read_run(const hpo_study *study, run *out) {
    out->n = (size_t)hpo_study_trial_count(study, -1);
    for (size_t t = 0; t < out->n; t++) {
        hpo_trial *trial = NULL;
        assert_int_equal(hpo_study_trial(study, t, &trial, NULL), HPO_OK);
        hpo_trial_values_by_index(trial, out->values[t], WIDTH);
        hpo_trial_free(trial);
    }
}

static void check_logical(const hpo_space *space, const char *strategy) {
    static run threads[2], lockstep;
    for (int r = 0; r < 2; r++) {
        hpo_study *study = open_study(space, strategy, "3");
        hpo_space *own   = NULL;
        memcpy(&own, &space, sizeof own);
        assert_int_equal(hpo_study_set(study, "order", "logical", NULL), HPO_OK);
        assert_int_equal(hpo_study_set(study, "workers", "4", NULL), HPO_OK);
        threads[r].end = hpo_study_optimize(study, slow_objective, own, trials_of(strategy), NULL);
        read_run(study, &threads[r]);
        hpo_study_free(study);
    }
    assert_same(space, &threads[0], &threads[1]);
    /* Lockstep: four run, the oldest ends first. The last suggestions of a strategy that ends may differ in number only. */
    hpo_study *study = open_study(space, strategy, "3");
    hpo_trial *running[4];
    size_t     first = 0, next = 0;
    assert_int_equal(hpo_study_set(study, "order", "logical", NULL), HPO_OK);
    assert_int_equal(hpo_study_set(study, "workers", "4", NULL), HPO_OK);
    while (next < trials_of(strategy)) {
        if (next - first == 4) {
            hpo_trial *refused = NULL;
            assert_int_equal(hpo_study_ask(study, &refused, NULL), HPO_E_BUSY);
            tell(study, running[first++ % 4]);
        }
        if (hpo_study_ask(study, &running[next % 4], NULL) != HPO_OK)
            break;
        next++;
    }
    while (first < next)
        tell(study, running[first++ % 4]);
    read_run(study, &lockstep);
    lockstep.end = threads[0].end;
    assert_same(space, &threads[0], &lockstep);
    hpo_study_free(study);
}

static void logical_order_ignores_timing(void **state) {
    (void)state;
    each(check_logical);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(state_is_only_a_cache),
        cmocka_unit_test(same_seed_same_run),
        cmocka_unit_test(logical_order_ignores_timing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
