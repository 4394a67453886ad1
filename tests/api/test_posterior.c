/* The posterior as data and selection by the model, as a host sees them: predict, estimate, relevance, select=mean. Numbers against an independent model: tests/unit. */
#include "host.h"

#include "../common/draw.h"

#include <pthread.h>

enum { GRID = 41, MANY = 330 };

static double curve(double x) {
    return (x - 0.3) * (x - 0.3);
}

/* Adds a finished trial at x. */
static void add_at(hpo_study *study, double x, int32_t status, double value) {
    hpo_point *point = NULL;
    assert_ok(hpo_point_new(hpo_study_space(study), &point, error));
    assert_ok(hpo_point_set_number(point, "x", x, error));
    assert_ok(hpo_study_add(study, point, status, &value, isnan(value) ? 0u : 1u, error));
    hpo_point_free(point);
}

/* n results of curve at even places, with noise of this deviation. */
static hpo_study *noisy_study(size_t n, double noise, uint64_t seed) {
    hpo_study *study = line_study("random");
    draw       d     = {seed};
    for (size_t i = 0; i < n; i++) {
        double x = -1 + 2 * (double)i / (double)(n - 1), luck = draw_unit(&d) + draw_unit(&d) + draw_unit(&d) + draw_unit(&d) - 2;
        add_at(study, x, HPO_COMPLETE, curve(x) + noise * luck * sqrt(3.0));
    }
    return study;
}

static void grid(double *x) {
    for (size_t i = 0; i < GRID; i++)
        x[i] = -1 + 2 * (double)i / (GRID - 1);
}

static uint64_t best_number(const hpo_study *study) {
    hpo_trial *best = NULL;
    assert_ok(hpo_study_best(study, &best, error));
    uint64_t number = hpo_trial_number(best);
    hpo_trial_free(best);
    return number;
}

/* ---- predictions ---- */

static void exact_objectives_are_met(void **state) {
    (void)state;
    hpo_study *study = noisy_study(9, 0, 1);
    double     x[GRID], mean[GRID], deviation[GRID];
    set(study, "gp.noise", "none");
    grid(x);
    assert_ok(hpo_study_predict(study, x, GRID, mean, deviation, error));
    for (size_t i = 0; i < GRID; i++) {
        bool known = i % 5 == 0; /* a trial stands there */
        assert_true(fabs(mean[i] - curve(x[i])) < (known ? 2e-3 : 0.1));
        assert_true(deviation[i] > 0 && deviation[i] < (known ? 5e-3 : 0.2));
    }
    for (uint64_t i = 0; i < 9; i++) {
        double at = -1 + 0.25 * (double)i, m = NONE, e = NONE;
        assert_ok(hpo_study_estimate(study, i, &m, &e, error));
        assert_true(fabs(m - curve(at)) < 1e-3 && e > 0 && e < 5e-3);
    }
    hpo_study_free(study);
}

/* Between two far trials little is known, at a trial much. */
static void less_is_known_far_away(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    double     x[]   = {-0.8, -0.75, 0, 0.75, 0.8}, deviation[5];
    for (size_t i = 0; i < 5; i++)
        if (i != 2)
            add_at(study, x[i], HPO_COMPLETE, sin(9 * x[i]));
    assert_ok(hpo_study_predict(study, x, 5, NULL, deviation, error));
    for (size_t i = 0; i < 5; i++)
        assert_true(i == 2 || deviation[i] < deviation[2]);
    hpo_study_free(study);
}

static void mirrored_results_mirrored_curves(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    double     x[GRID], mean[GRID], deviation[GRID];
    for (int i = -3; i <= 3; i++)
        add_at(study, 0.3 * i, HPO_COMPLETE, cos(2.0 * i) + 0.1 * abs(i));
    grid(x);
    assert_ok(hpo_study_predict(study, x, GRID, mean, deviation, error));
    for (size_t i = 0; i < GRID; i++) {
        assert_true(fabs(mean[i] - mean[GRID - 1 - i]) < 1e-7);
        assert_true(fabs(deviation[i] - deviation[GRID - 1 - i]) < 1e-7);
    }
    hpo_study_free(study);
}

/* The objective's own direction, and its unit: a power of two changes no digit. */
static void direction_and_unit(void **state) {
    (void)state;
    double     x[GRID], mean[3][GRID], deviation[3][GRID], m[3], e[3];
    hpo_study *study[3];
    grid(x);
    for (int s = 0; s < 3; s++) {
        draw d   = {7};
        study[s] = line_study("random");
        set(study[s], "direction", s == 1 ? "maximize" : "minimize");
        for (int i = 0; i < 30; i++) {
            double at = 2 * draw_unit(&d) - 1, value = curve(at) - 0.2 * draw_unit(&d);
            add_at(study[s], at, HPO_COMPLETE, value * (s == 0 ? 1 : s == 1 ? -1 : 1024));
        }
        assert_ok(hpo_study_predict(study[s], x, GRID, mean[s], deviation[s], error));
        assert_ok(hpo_study_estimate(study[s], 11, &m[s], &e[s], error));
    }
    for (size_t i = 0; i < GRID; i++) {
        assert_same(mean[1][i], -mean[0][i]);
        assert_same(deviation[1][i], deviation[0][i]);
        assert_true(fabs(mean[2][i] - 1024 * mean[0][i]) <= 1e-9);
        assert_true(fabs(deviation[2][i] - 1024 * deviation[0][i]) <= 1e-9);
    }
    assert_same(m[1], -m[0]);
    assert_same(e[1], e[0]);
    for (int s = 0; s < 3; s++)
        set(study[s], "select", "mean");
    for (int s = 3; s-- > 0; hpo_study_free(study[s]))
        assert_int_equal(best_number(study[s]), best_number(study[0]));
}

/* One point at a time or many; either output alone. */
static void points_do_not_touch_each_other(void **state) {
    (void)state;
    hpo_study *study = mixed_study("sobol");
    double    *unit = malloc(200 * MIXED_SIZE * sizeof *unit), *values = malloc(200 * MIXED_SIZE * sizeof *values);
    double     mean[200], deviation[200], alone[200];
    draw       d = {3};
    assert_true(unit != NULL && values != NULL);
    assert_ok(hpo_study_optimize(study, mixed_objective, NULL, 60, error));
    for (size_t i = 0; i < (size_t)200 * MIXED_SIZE; i++)
        unit[i] = draw_unit(&d);
    for (size_t q = 0; q < 200; q++)
        assert_ok(hpo_space_decode(hpo_study_space(study), unit + q * MIXED_SIZE, MIXED_SIZE, values + q * MIXED_SIZE, error));
    assert_ok(hpo_study_predict(study, values, 200, mean, deviation, error));
    assert_ok(hpo_study_predict(study, values, 200, alone, NULL, error));
    assert_true(same_numbers(alone, mean, 200));
    assert_ok(hpo_study_predict(study, values, 200, NULL, alone, error));
    assert_true(same_numbers(alone, deviation, 200));
    assert_ok(hpo_study_predict(study, values, 200, NULL, NULL, error));
    assert_ok(hpo_study_predict(study, NULL, 0, NULL, NULL, error));
    for (size_t q = 0; q < 200; q++) {
        double m, s;
        for (size_t i = 0; i < MIXED_SIZE; i++) /* what is inactive may hold anything */
            values[q * MIXED_SIZE + i] = isnan(values[q * MIXED_SIZE + i]) ? 1e300 : values[q * MIXED_SIZE + i];
        assert_ok(hpo_study_predict(study, values + q * MIXED_SIZE, 1, &m, &s, error));
        assert_true(fabs(m - mean[q]) < 1e-9 && fabs(s - deviation[q]) < 1e-9 && s > 0);
    }
    free(unit);
    free(values);
    hpo_study_free(study);
}

/* Whatever made the trials; also while some run, which changes nothing. */
static void any_strategy_and_running_trials(void **state) {
    (void)state;
    for (size_t s = 0; s < hpo_strategy_count(); s++) {
        hpo_study *study  = line_study(hpo_strategy_name(s));
        hpo_trial *trial  = NULL;
        double     x[]    = {0, 0.25}, mean[2], deviation[2], again[2];
        hpo_status status = hpo_study_optimize(study, line_objective, NULL, 12, NULL);
        assert_true(status == HPO_OK || status == HPO_EXHAUSTED);
        assert_ok(hpo_study_predict(study, x, 2, mean, deviation, error));
        assert_true(fabs(mean[0] - curve(0)) < 0.05 && fabs(mean[1]) < 0.1 && deviation[0] > 0 && deviation[1] > 0); /* the first trial is at 0 */
        status = hpo_study_ask(study, &trial, NULL);
        if (status == HPO_OK) {
            double m;
            assert_ok(hpo_study_predict(study, x, 2, again, NULL, error));
            assert_true(same_numbers(again, mean, 2));
            assert_fails(hpo_study_estimate(study, hpo_trial_number(trial), &m, NULL, error), HPO_E_STATE, "running", NULL);
        }
        hpo_trial_free(trial);
        hpo_study_free(study);
    }
}

/* ---- the cache ---- */

static void note_all(const hpo_study *study, double *notes) {
    double x[GRID];
    grid(x);
    assert_ok(hpo_study_predict(study, x, GRID, notes, notes + GRID, error));
    assert_ok(hpo_study_relevance(study, notes + 2 * GRID, error));
    assert_ok(hpo_study_estimate(study, 1, notes + 2 * GRID + 1, notes + 2 * GRID + 2, error));
}

/* A model that followed the study from its start, one that is made at the end, and one that is dropped on the way: the same bits. */
static void cache_is_pure(void **state) {
    (void)state;
    enum { NOTES = 2 * GRID + 3 };
    double     notes[3][NOTES];
    hpo_study *study[3];
    for (int s = 0; s < 3; s++) {
        study[s] = line_study("sobol");
        set(study[s], "seed", "5");
        set(study[s], "select", "mean");
    }
    for (int n = 0; n < 90; n++)
        for (int s = 0; s < 3; s++) {
            assert_ok(hpo_study_optimize(study[s], line_objective, NULL, 1, error));
            if (s == 0 || (s == 1 && n % 7 == 3))
                best_number(study[s]);
            if (s == 1 && n % 11 == 0)
                set(study[s], "timeout", n % 2 == 0 ? "0" : "1000"); /* drops it */
        }
    for (int s = 0; s < 3; s++) {
        note_all(study[s], notes[s]);
        assert_true(same_numbers(notes[s], notes[0], NOTES));
        assert_int_equal(best_number(study[s]), best_number(study[0]));
    }
    set(study[0], "seed", "6"); /* the model starts from the seed; 0 is a setting for its noise */
    set(study[0], "gp.noise", "none");
    note_all(study[0], notes[0]);
    assert_false(same_numbers(notes[0], notes[1], NOTES));
    set(study[0], "seed", "5");
    set(study[0], "gp.noise", "learned");
    note_all(study[0], notes[0]);
    assert_true(same_numbers(notes[0], notes[1], NOTES));
    for (int s = 0; s < 3; s++)
        hpo_study_free(study[s]);
}

/* In logical order the model knows what a suggestion would: the trials before the first that runs. */
static void logical_order(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    hpo_trial *trials[4];
    double     x = 0.5, before, after, value;
    set(study, "order", "logical");
    set(study, "workers", "4");
    assert_ok(hpo_study_optimize(study, line_objective, NULL, 8, error));
    assert_ok(hpo_study_predict(study, &x, 1, &before, NULL, error));
    for (int i = 0; i < 4; i++)
        assert_ok(hpo_study_ask(study, &trials[i], error));
    for (int i = 3; i >= 0; i--) {
        assert_ok(hpo_study_predict(study, &x, 1, &after, NULL, error));
        assert_same(before, after);
        value = -5 - i;
        assert_ok(hpo_study_tell(study, trials[i], HPO_COMPLETE, &value, 1, error));
        assert_ok(hpo_study_estimate(study, hpo_trial_number(trials[i]), &after, NULL, error)); /* also of those */
        assert_true(isfinite(after));
        hpo_trial_free(trials[i]);
    }
    assert_ok(hpo_study_predict(study, &x, 1, &after, NULL, error));
    assert_true(before > after);
    hpo_study_free(study);
}

/* ---- selection ---- */

/* The best by the estimates of all trials, one by one: the rule that hpo_study_best() must follow. */
static uint64_t best_estimate(const hpo_study *study, double sign) {
    uint64_t best  = UINT64_MAX;
    double   least = INF, mean;
    for (uint64_t i = 0; i < hpo_study_trial_count(study, -1); i++) {
        hpo_trial *trial = trial_of(study, i);
        assert_ok(hpo_study_estimate(study, i, &mean, NULL, error));
        assert_true(isfinite(mean));
        if (hpo_trial_state(trial) == HPO_COMPLETE && isfinite(hpo_trial_value(trial)) && sign * mean < least) {
            least = sign * mean;
            best  = i;
        }
        hpo_trial_free(trial);
    }
    return best;
}

static void best_of_all_estimates(void **state) {
    (void)state;
    for (int maximize = 0; maximize < 2; maximize++) {
        double     sign  = maximize ? -1 : 1;
        hpo_study *study = line_study("random");
        draw       d     = {11};
        set(study, "direction", maximize ? "maximize" : "minimize");
        set(study, "select", "mean");
        for (int i = 0; i < MANY; i++) { /* more than the model sees; also failures, infinities and results of the same configuration */
            double  x = i % 3 == 0 ? 0.1 * (double)draw_between(&d, -9, 9) : 2 * draw_unit(&d) - 1, value = curve(x) + 0.4 * draw_unit(&d);
            int32_t how = i < 60 && i % 4 == 1 ? HPO_FAILED : i % 29 == 5 ? HPO_FAILED : i % 31 == 7 ? HPO_TRIAL_PRUNED : HPO_COMPLETE;
            add_at(study, x, how, sign * (i == 40 ? INF : value));
            if ((i > 2 && i < 60) || i == 120 || i == MANY - 1)
                assert_int_equal(best_number(study), best_estimate(study, sign));
        }
        hpo_study_free(study);
    }
}

/* Failures next to the best are news, though there is no new value. */
static void failures_are_news(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    set(study, "select", "mean");
    for (int i = 0; i < 21; i++) { /* two valleys, the left one a little deeper */
        double x = -1 + 0.1 * i;
        add_at(study, x, HPO_COMPLETE, fabs(fabs(x) - 0.5) + (x < 0 ? 0 : 0.01) + 0.02 * (i % 3));
    }
    uint64_t before = best_number(study);
    for (int i = 0; i < 12; i++)
        add_at(study, -1 + 0.1 * (double)before + 0.001 * (i - 6), HPO_FAILED, NONE);
    assert_int_equal(best_number(study), best_estimate(study, 1));
    assert_int_not_equal(best_number(study), before);
    hpo_study_free(study);
}

/* Equal estimates, of one configuration: the earlier trial, whichever ended first. */
static void earlier_of_equals(void **state) {
    (void)state;
    hpo_study *study = noisy_study(10, 0, 1);
    hpo_point *point = NULL;
    hpo_trial *trials[2];
    double     value = -1;
    set(study, "start.default", "false");
    set(study, "select", "mean");
    assert_ok(hpo_point_new(hpo_study_space(study), &point, error));
    assert_ok(hpo_point_set_number(point, "x", 0.35, error));
    for (int i = 0; i < 2; i++) {
        assert_ok(hpo_study_enqueue(study, point, error));
        assert_ok(hpo_study_ask(study, &trials[i], error));
    }
    for (int i = 2; i-- > 0; hpo_trial_free(trials[i]))
        assert_ok(hpo_study_tell(study, trials[i], HPO_COMPLETE, &value, 1, error));
    assert_int_equal(best_number(study), 10);
    hpo_point_free(point);
    hpo_study_free(study);
}

/* A lucky value among many good ones is not chosen, and is at hand all the same. */
static void luck_is_seen_through(void **state) {
    (void)state;
    hpo_study *study = noisy_study(41, 0.02, 5);
    add_at(study, 0.9, HPO_COMPLETE, -0.2);
    assert_int_equal(best_number(study), 41);
    set(study, "select", "mean");
    hpo_trial *best = NULL;
    assert_ok(hpo_study_best(study, &best, error));
    double lucky, lucky_error, x = hpo_trial_float(best, "x");
    assert_true(fabs(x - 0.3) < 0.25);
    assert_ok(hpo_study_estimate(study, 41, &lucky, &lucky_error, error));
    assert_true(lucky > -0.15 && lucky_error > 0);
    hpo_trial_free(best);
    set(study, "select", "observed");
    assert_int_equal(best_number(study), 41);
    hpo_study_free(study);
}

/* What the rule is for: on average the chosen configuration is truly better, on a smooth objective with noise. */
static void better_on_average(void **state) {
    (void)state;
    double observed = 0, chosen = 0;
    for (uint64_t seed = 1; seed <= 40; seed++) {
        hpo_study *study = noisy_study(40, 0.3, seed);
        hpo_trial *trial = NULL;
        for (int s = 0; s < 2; s++) {
            set(study, "select", s == 0 ? "observed" : "mean");
            assert_ok(hpo_study_best(study, &trial, error));
            *(s == 0 ? &observed : &chosen) += curve(hpo_trial_float(trial, "x")) / 40;
            hpo_trial_free(trial);
        }
        hpo_study_free(study);
    }
    if (!(chosen < 0.95 * observed))
        fail_msg("true value by select=mean %g, as observed %g", chosen, observed);
}

/* More results of a configuration, more trust in them. */
static void repeats_count(void **state) {
    (void)state;
    double last = INF, last_error = INF;
    for (size_t n = 1; n <= 16; n *= 4) {
        hpo_study *study = noisy_study(21, 0.1, 3);
        double     mean, deviation;
        for (size_t i = 0; i < n; i++)
            add_at(study, 0.5005, HPO_COMPLETE, -0.3);
        assert_ok(hpo_study_estimate(study, 21, &mean, &deviation, error));
        assert_true(mean < last && mean > -0.3 && deviation < last_error && deviation > 0);
        last       = mean;
        last_error = deviation;
        set(study, "select", "mean");
        assert_int_equal(best_number(study), 21);
        hpo_study_free(study);
    }
}

static void too_little_to_select(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    hpo_trial *best  = NULL;
    set(study, "select", "mean");
    assert_fails(hpo_study_best(study, &best, error), HPO_E_NOT_FOUND, "no trial is complete", NULL);
    add_at(study, 0.5, HPO_COMPLETE, INF);
    assert_int_equal(best_number(study), 0);
    add_at(study, 0.4, HPO_COMPLETE, 3);
    assert_int_equal(best_number(study), 1);
    add_at(study, 0.3, HPO_COMPLETE, 3); /* equal values: the first */
    assert_int_equal(best_number(study), 1);
    hpo_study_free(study);
    assert_fails(hpo_study_set(study = line_study(NULL), "select", "median", error), HPO_E_INVALID, "observed", "mean");
    hpo_study_free(study);
}

/* ---- confirmation ---- */

typedef struct calls {
    int by_number[MANY];
    int total;
} calls;

static hpo_status count_call(hpo_trial *trial, double *values, void *user) {
    calls *c = user;
    c->by_number[hpo_trial_number(trial)]++;
    c->total++;
    values[0] = curve(hpo_trial_float(trial, "x"));
    return HPO_OK;
}

/* Numbers by rising estimate, one of each configuration. */
static void finalists_follow_the_setting(void **state) {
    (void)state;
    hpo_study *study = noisy_study(60, 0.3, 9);
    add_at(study, -0.9, HPO_COMPLETE, -2); /* lucky */
    set(study, "confirm.default", "false");
    set(study, "select", "mean");
    for (size_t wanted = 1; wanted <= 5; wanted++) {
        calls      c        = {{0}, 0};
        uint64_t   order[5] = {60}, n = wanted > 1;
        hpo_trial *winner = NULL;
        double     optimism;
        while (n < wanted) {
            uint64_t best  = UINT64_MAX;
            double   least = INF, mean;
            for (uint64_t i = 0; i < 61; i++) {
                bool taken = false;
                for (uint64_t k = 0; k < n; k++)
                    taken = taken || order[k] == i;
                assert_ok(hpo_study_estimate(study, i, &mean, NULL, error));
                if (!taken && mean < least) {
                    least = mean;
                    best  = i;
                }
            }
            order[n++] = best;
        }
        assert_ok(hpo_study_confirm(study, count_call, &c, wanted, 2, &winner, error));
        assert_int_equal(c.total, 2 * wanted);
        for (uint64_t k = 0; k < wanted; k++)
            assert_int_equal(c.by_number[order[k]], 2);
        assert_ok(hpo_study_optimism(study, &optimism, NULL, NULL, error));
        hpo_trial *first = trial_of(study, order[0]);
        assert_true(fabs(optimism - (curve(hpo_trial_float(first, "x")) - hpo_trial_value(first))) < 1e-12);
        hpo_trial_free(first);
        hpo_trial_free(winner);
    }
    hpo_study_free(study);
}

/* ---- relevance ---- */

static hpo_status one_matters(hpo_trial *trial, double *values, void *user) {
    (void)user;
    double a = hpo_trial_float(trial, "a"), c = hpo_trial_categorical(trial, "c")[0] == 'x' ? 0 : 2;
    values[0] = sin(8 * a) + c;
    return HPO_OK;
}

static void what_matters_is_relevant(void **state) {
    (void)state;
    static const char *const choices[] = {"x", "y", "z"};
    static const double      one[]     = {4};
    hpo_space               *space     = hpo_space_new(NULL);
    hpo_space_add_float(space, "idle", 1e-3, 1, HPO_LOG, NULL);
    hpo_space_add_float(space, "a", 0, 1, HPO_LINEAR, NULL);
    hpo_space_add_ordinal(space, "single", one, 1, NULL);
    hpo_space_add_categorical(space, "c", choices, 3, NULL);
    hpo_space_add_int(space, "idle too", 0, 9, HPO_LINEAR, NULL);
    hpo_study *study = study_over(space, "sobol");
    double     r[5], sum = 0;
    assert_ok(hpo_study_optimize(study, one_matters, NULL, 60, error));
    assert_ok(hpo_study_relevance(study, r, error));
    for (size_t i = 0; i < 5; i++) {
        assert_true(r[i] >= 0 && r[i] <= 1);
        sum += r[i];
    }
    assert_true(fabs(sum - 1) < 1e-12);
    assert_true(r[2] == 0);
    assert_true(r[1] > 3 * r[0] && r[1] > 3 * r[4] && r[3] > 2 * r[0] && r[3] > 2 * r[4]);
    hpo_study_free(study);
}

/* ---- what goes wrong ---- */

static void wrong_arguments(void **state) {
    (void)state;
    hpo_study *study = mixed_study("sobol");
    double     rows[3 * MIXED_SIZE], unit[MIXED_SIZE], mean[3] = {7, 7, 7}, r[MIXED_SIZE];
    assert_ok(hpo_study_optimize(study, mixed_objective, NULL, 10, error));
    for (size_t q = 0; q < 3; q++) {
        for (size_t i = 0; i < MIXED_SIZE; i++)
            unit[i] = 0.999; /* kernel poly, everything active */
        assert_ok(hpo_space_decode(hpo_study_space(study), unit, MIXED_SIZE, rows + q * MIXED_SIZE, error));
    }
    assert_ok(hpo_study_predict(study, rows, 3, mean, NULL, error));
    mean[0] = 7;
    static const struct {
        size_t      parameter;
        double      value;
        const char *name, *said;
    } cases[] = {
        {LR, 1, "'lr'", "1 is outside"},     {LR, NONE, "'lr'", "nan"},       {DEPTH, 2.5, "'depth'", "2.5"},
        {KERNEL, 3, "'kernel'", "3 is not"}, {GAMMA, NONE, "'gamma'", "nan"}, {BATCH, 17, "'batch'", "17 is not"},
        {BIAS, -1, "'bias'", "-1"},          {DROP, 0.15, "'drop'", "0.15"},  {COEF, INF, "'coef'", "inf"},
    };
    for (size_t c = 0; c < COUNT(cases); c++) {
        double kept                               = rows[2 * MIXED_SIZE + cases[c].parameter];
        rows[2 * MIXED_SIZE + cases[c].parameter] = cases[c].value;
        assert_fails(hpo_study_predict(study, rows, 3, mean, NULL, error), HPO_E_INVALID, cases[c].name, cases[c].said);
        assert_fails(hpo_study_predict(study, rows, 3, mean, NULL, error), HPO_E_INVALID, "point 2", NULL);
        assert_true(mean[0] == 7); /* all are checked first */
        rows[2 * MIXED_SIZE + cases[c].parameter] = kept;
    }
    assert_int_equal(hpo_study_predict(study, NULL, 1, mean, NULL, NULL), HPO_E_INVALID);
    assert_int_equal(hpo_study_predict(NULL, rows, 1, mean, NULL, NULL), HPO_E_INVALID);
    assert_fails(hpo_study_estimate(NULL, 0, mean, NULL, error), HPO_E_INVALID, "NULL", NULL);
    assert_fails(hpo_study_estimate(study, 10, mean, NULL, error), HPO_E_NOT_FOUND, "no trial 10", "10");
    assert_fails(hpo_study_relevance(NULL, r, error), HPO_E_INVALID, "NULL", NULL);
    assert_fails(hpo_study_relevance(study, NULL, error), HPO_E_INVALID, "NULL", NULL);
    assert_ok(hpo_study_estimate(study, 0, NULL, NULL, error));
    hpo_study_free(study);
}

static void too_little_to_model(void **state) {
    (void)state;
    double       x      = 0.5, y, r;
    const double one[]  = {4};
    hpo_study   *study  = line_study("random");
    hpo_space   *single = hpo_space_new(NULL);
    for (int n = 0; n < 5; n++) { /* one value is one too few; failures, pruned trials and infinities do not count */
        assert_fails(hpo_study_predict(study, &x, 1, &y, NULL, error), HPO_E_NOT_FOUND, "too little to model", NULL);
        assert_fails(hpo_study_relevance(study, &r, error), HPO_E_NOT_FOUND, "too little to model", NULL);
        if (n > 0)
            assert_fails(hpo_study_estimate(study, 0, &y, NULL, error), HPO_E_NOT_FOUND, "too little to model", NULL);
        add_at(study, 0.1 * n, n == 0 ? HPO_FAILED : n == 3 ? HPO_TRIAL_PRUNED : HPO_COMPLETE, n == 0 ? NONE : n == 1 ? INF : 2);
    }
    assert_ok(hpo_study_predict(study, &x, 1, &y, NULL, error)); /* two values, equal ones */
    assert_true(y == 2);
    assert_fails(hpo_study_relevance(study, &r, error), HPO_E_NOT_FOUND, "all values are equal", NULL);
    hpo_study_free(study);
    hpo_space_add_ordinal(single, "x", one, 1, NULL);
    study = study_over(single, "random");
    assert_ok(hpo_study_optimize(study, line_objective, NULL, 3, error));
    x = 4;
    assert_fails(hpo_study_predict(study, &x, 1, &y, NULL, error), HPO_E_NOT_FOUND, "no parameter has more than one value", NULL);
    set(study, "select", "mean");
    assert_int_equal(best_number(study), 0);
    hpo_study_free(study);
}

/* Values of any size, constant ones, a hundred equal configurations: finite answers. */
static void odd_values(void **state) {
    (void)state;
    static const double scales[] = {1e308, 1e-308, 5e-324, 1, 0, 1e-300};
    for (size_t s = 0; s < COUNT(scales) * 3; s++) {
        hpo_study *study = line_study("random");
        draw       d     = {s};
        double     x[GRID], mean[GRID], deviation[GRID], m, e;
        set(study, "direction", s % 2 == 0 ? "minimize" : "maximize");
        set(study, "select", "mean");
        for (int i = 0; i < 30; i++) {
            double u = 2 * draw_unit(&d) - 1, value = s % 3 == 2 ? (i % 2 == 0 ? -1 : 1) : s % 3 == 1 && i < 28 ? 1e-9 * u : u;
            add_at(study, s % 3 == 2 ? 0.25 : u, i % 9 == 8 ? HPO_FAILED : HPO_COMPLETE, scales[s / 3] * value * 1.7);
        }
        grid(x);
        assert_ok(hpo_study_predict(study, x, GRID, mean, deviation, error));
        for (size_t i = 0; i < GRID; i++)
            assert_true(isfinite(mean[i]) && isfinite(deviation[i]) && deviation[i] >= 0);
        for (uint64_t i = 0; i < 30; i++) {
            assert_ok(hpo_study_estimate(study, i, &m, &e, error));
            assert_true(isfinite(m) && isfinite(e) && e >= 0);
        }
        best_number(study);
        hpo_study_free(study);
    }
}

/* ---- threads ---- */

typedef struct readers {
    hpo_study  *study;
    atomic_bool ended;
    atomic_int  wrong, answers;
} readers;

static void *read_on(void *user) {
    readers *r = user;
    double   x[GRID], mean[GRID], deviation[GRID], relevance;
    grid(x);
    do {
        hpo_trial *best   = NULL;
        hpo_status status = hpo_study_predict(r->study, x, GRID, mean, deviation, NULL);
        r->wrong += status != HPO_OK && status != HPO_E_NOT_FOUND;
        r->answers += status == HPO_OK;
        for (size_t i = 0; i < GRID && status == HPO_OK; i++)
            r->wrong += !isfinite(mean[i]) || !(deviation[i] >= 0);
        status = hpo_study_best(r->study, &best, NULL);
        r->wrong += status != HPO_OK && status != HPO_E_NOT_FOUND;
        if (best != NULL)
            r->wrong += hpo_study_estimate(r->study, hpo_trial_number(best), mean, NULL, NULL) != HPO_OK && hpo_study_trial_count(r->study, -1) > 20;
        hpo_trial_free(best);
        status = hpo_study_relevance(r->study, &relevance, NULL);
        r->wrong += status != HPO_OK && status != HPO_E_NOT_FOUND;
    } while (!r->ended);
    return NULL;
}

static void asked_while_the_study_runs(void **state) {
    (void)state;
    readers   r = {.study = line_study("random")};
    pthread_t threads[3];
    set(r.study, "workers", "3");
    set(r.study, "select", "mean");
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, &r), 0);
    assert_ok(hpo_study_optimize(r.study, line_objective, NULL, 120, error));
    r.ended = true;
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(r.wrong, 0);
    double x = 0;
    assert_ok(hpo_study_predict(r.study, &x, 1, &x, NULL, error));
    hpo_study_free(r.study);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exact_objectives_are_met),
        cmocka_unit_test(less_is_known_far_away),
        cmocka_unit_test(mirrored_results_mirrored_curves),
        cmocka_unit_test(direction_and_unit),
        cmocka_unit_test(points_do_not_touch_each_other),
        cmocka_unit_test(any_strategy_and_running_trials),
        cmocka_unit_test(cache_is_pure),
        cmocka_unit_test(logical_order),
        cmocka_unit_test(best_of_all_estimates),
        cmocka_unit_test(failures_are_news),
        cmocka_unit_test(earlier_of_equals),
        cmocka_unit_test(luck_is_seen_through),
        cmocka_unit_test(better_on_average),
        cmocka_unit_test(repeats_count),
        cmocka_unit_test(too_little_to_select),
        cmocka_unit_test(finalists_follow_the_setting),
        cmocka_unit_test(what_matters_is_relevant),
        cmocka_unit_test(wrong_arguments),
        cmocka_unit_test(too_little_to_model),
        cmocka_unit_test(odd_values),
        cmocka_unit_test(asked_while_the_study_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
