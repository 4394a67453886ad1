/*
 * Choosing honestly: the finalists of the search are evaluated again on data or seeds that the search never saw, and the best mean wins.
 *
 * The best of many noisy values is flattered by its luck (the winner's curse); the difference between its value in the search and its fresh mean is that optimism.
 * All finalists share the seed of a repeat (common random numbers), so that they are compared on the same folds. Interval: Student's t over the repeats.
 */
#include "base/text.h"
#include "num/random.h"
#include "num/stats.h"
#include "study/workers.h"

#include <math.h>
#include <string.h>

void hpo__confirmation_end(hpo_study *study) {
    hpo__confirmation *c = &study->confirmation;
    for (size_t f = 0; f < c->n_finalists; f++)
        hpo__alloc_free(&study->alloc, c->finalists[f].values, c->repeats, sizeof(double));
    hpo__alloc_free(&study->alloc, c->finalists, c->n_finalists, sizeof *c->finalists);
    *c = (hpo__confirmation){.winner = SIZE_MAX};
}

/* ---- choosing the finalists; the lock is held ---- */

static bool same_configuration(const hpo_study *study, size_t a, size_t b) {
    size_t        d = study->space->size;
    const double *x = study->record.unit + a * d, *y = study->record.unit + b * d;
    for (size_t i = 0; i < d; i++)
        if (x[i] != y[i] && !(isnan(x[i]) && isnan(y[i])))
            return false;
    return true;
}

/* Rows by rising key, of equals the earlier trial first. */
static bool ahead(const hpo__record *record, const double *key, size_t a, size_t b) {
    return key[a] < key[b] || (key[a] == key[b] && record->numbers[a] < record->numbers[b]);
}

static bool is_new(const hpo_study *study, const size_t *chosen, size_t n, size_t row) {
    for (size_t k = 0; k < n; k++)
        if (same_configuration(study, chosen[k], row))
            return false;
    return true;
}

/* The best row by `key` whose configuration is not chosen yet, SIZE_MAX when there is none. */
static size_t next_best(const hpo_study *study, const double *key, const size_t *chosen, size_t n) {
    const hpo__record *record = &study->record;
    size_t             best   = SIZE_MAX;
    for (size_t row = 0; row < record->rows; row++)
        if (record->states[row] == HPO_COMPLETE && isfinite(key[row]) && (best == SIZE_MAX || ahead(record, key, row, best)) &&
            is_new(study, chosen, n, row))
            best = row;
    return best;
}

/* Rows of the best distinct configurations by `key`, best first, and of the default behind them; returns how many. `chosen` has wanted + 1 places. By another key
 * than the values, the best value still comes first when there is room for two: its optimism is what a confirmation tells. */
static size_t choose(const hpo_study *study, const double *key, size_t wanted, size_t *chosen) {
    const hpo__record *record = &study->record;
    size_t             n = 0, row = next_best(study, record->values, NULL, 0);
    if (key != record->values && wanted > 1 && row != SIZE_MAX)
        chosen[n++] = row;
    while (n < wanted && (row = next_best(study, key, chosen, n)) != SIZE_MAX)
        chosen[n++] = row;
    row = hpo__record_row(record, record->first_default);
    if (n > 0 && row != SIZE_MAX && record->states[row] == HPO_COMPLETE && hpo__settings_is(&study->settings, "confirm.default", "true") &&
        is_new(study, chosen, n, row))
        chosen[n++] = row;
    return n;
}

/* By the model, whose estimates a lucky value does not fool; a single finalist is what hpo_study_best() gives. */
static hpo_status choose_by_model(const hpo_study *study, size_t wanted, size_t *chosen, size_t *n, hpo_error *err) {
    const hpo__record *record = &study->record;
    hpo_error          said   = {0, 0, ""};
    hpo_status         status = wanted > 1 || study->select_mean ? hpo__posterior_follow(study, &said) : HPO_E_NOT_FOUND;
    if (status == HPO_E_NOT_FOUND) { /* nothing to model */
        *n = choose(study, record->values, wanted, chosen);
        return HPO_OK;
    }
    if (status != HPO_OK) {
        if (err != NULL)
            *err = said;
        return status;
    }
    double *means = hpo__alloc_new(&study->alloc, record->rows, sizeof *means);
    status        = means == NULL ? hpo__fail_nomem(err) : hpo__posterior_means(study, means, err);
    if (status == HPO_OK)
        *n = choose(study, means, wanted, chosen);
    hpo__alloc_free(&study->alloc, means, record->rows, sizeof *means);
    return status;
}

static hpo_status make_finalists(hpo_study *study, size_t wanted, size_t repeats, hpo__confirmation *c, hpo_error *err) {
    uint64_t complete = study->record.counts[HPO_COMPLETE];
    wanted            = wanted < complete ? wanted : (size_t)complete;
    size_t *chosen    = hpo__alloc_new(&study->alloc, wanted + 1, sizeof *chosen);
    if (chosen == NULL)
        return hpo__fail_nomem(err);
    size_t     n      = 0;
    hpo_status status = choose_by_model(study, wanted, chosen, &n, err);
    if (status != HPO_OK) {
        hpo__alloc_free(&study->alloc, chosen, wanted + 1, sizeof *chosen);
        return status;
    }
    *c           = (hpo__confirmation){.repeats = repeats, .winner = SIZE_MAX};
    c->finalists = hpo__alloc_zero(&study->alloc, n, sizeof *c->finalists);
    status       = n == 0 ? hpo__fail(err, HPO_E_NOT_FOUND, "no trial is complete with a finite value: there is nothing to confirm") : HPO_OK;
    if (c->finalists == NULL)
        status = hpo__fail_nomem(err);
    else
        c->n_finalists = n;
    for (size_t f = 0; f < n && status == HPO_OK; f++) {
        c->finalists[f].number = study->record.numbers[chosen[f]];
        c->finalists[f].values = hpo__alloc_new(&study->alloc, repeats, sizeof(double));
        if (c->finalists[f].values == NULL)
            status = hpo__fail_nomem(err);
    }
    hpo__alloc_free(&study->alloc, chosen, wanted + 1, sizeof *chosen);
    return status;
}

/* ---- evaluating ---- */

typedef struct job {
    hpo_study         *study;
    hpo_objective      fresh;
    void              *user;
    hpo__confirmation *c;
    size_t             next; /* evaluation repeat * n_finalists + finalist */
    hpo_status         status;
    hpo_error          error;
} job;

static hpo_status start_repeat(job *j, size_t f, size_t repeat, int32_t worker, hpo_trial **out, hpo_error *err) {
    hpo_study *study  = j->study;
    hpo_status status = hpo__trial_from_row(study, hpo__record_row(&study->record, j->c->finalists[f].number), out, err);
    if (status != HPO_OK)
        return status;
    hpo_trial *trial = *out;
    hpo__trial_run_again(trial);
    trial->worker = worker;
    trial->repeat = repeat;
    trial->seed   = hpo__random_bits(study->seed, repeat, HPO__FOR_REPEAT_SEED, 0);
    return HPO_OK;
}

/* The next evaluation of this worker, NULL when there is none; the lock is held. */
static hpo_trial *next_repeat(job *j, int32_t worker, size_t *f, size_t *repeat) {
    hpo_trial *trial = NULL;
    size_t     n     = j->c->n_finalists;
    if (atomic_load_explicit(&j->study->stop, memory_order_relaxed) && j->status == HPO_OK)
        j->status = HPO_STOPPED;
    if (j->status != HPO_OK || j->next == n * j->c->repeats)
        return NULL;
    *f        = j->next % n;
    *repeat   = j->next / n;
    j->status = start_repeat(j, *f, *repeat, worker, &trial, &j->error);
    j->next++;
    return trial;
}

static void note_repeat(job *j, size_t f, size_t repeat, const hpo__outcome *outcome, const hpo_error *error) {
    hpo__finalist *finalist  = &j->c->finalists[f];
    finalist->values[repeat] = outcome->value;
    if (outcome->state != HPO_COMPLETE || !isfinite(outcome->value)) {
        finalist->failed = true;
        if (error->code != 0)
            j->error = *error;
        else
            hpo__fail(&j->error, HPO_E_CALLBACK, "trial %llu gave %s", (unsigned long long)finalist->number,
                      outcome->state == HPO_TRIAL_PRUNED ? "up early" : "an infinite value");
    }
    if (outcome->reason == HPO__BECAUSE_UNKNOWN_NAME)
        j->status = HPO_E_NOT_FOUND;
    else if (outcome->status == HPO_STOPPED && j->status == HPO_OK)
        j->status = HPO_STOPPED;
}

static void work(void *context, int32_t worker) {
    job *j = context;
    for (;;) {
        size_t    f = 0, repeat = 0;
        hpo_error error = {0, 0, ""};
        hpo__study_lock(j->study, NULL);
        hpo_trial *trial = next_repeat(j, worker, &f, &repeat);
        hpo__study_unlock(j->study);
        if (trial == NULL)
            return;
        hpo__outcome outcome = hpo__objective_call(j->study, j->fresh, trial, j->user, &error);
        hpo__study_lock(j->study, NULL);
        note_repeat(j, f, repeat, &outcome, &error);
        hpo__study_unlock(j->study);
        hpo__trial_delete(trial);
    }
}

/* Best mean among the finalists without a failed repeat. */
static hpo_status choose_winner(job *j, hpo_error *err) {
    hpo__confirmation *c = j->c;
    for (size_t f = 0; f < c->n_finalists; f++) {
        c->finalists[f].n = c->finalists[f].failed ? 0 : c->repeats;
        if (c->finalists[f].failed)
            continue;
        double mean = j->study->sign * hpo__stats_mean(c->finalists[f].values, c->repeats);
        if (c->winner == SIZE_MAX || mean < j->study->sign * hpo__stats_mean(c->finalists[c->winner].values, c->repeats))
            c->winner = f;
    }
    if (c->winner != SIZE_MAX)
        return HPO_OK;
    return hpo__fail(err, HPO_E_CALLBACK, "every finalist failed a repeat; the last: %.400s", j->error.message);
}

static void swap_in(hpo_study *study, hpo__confirmation *c) {
    hpo__confirmation old = study->confirmation;
    study->confirmation   = *c;
    *c                    = old;
}

hpo_status hpo_study_confirm(hpo_study *study, hpo_objective fresh, void *user, size_t finalists, size_t repeats, hpo_trial **winner,
                             hpo_error *err) {
    if (study == NULL || fresh == NULL)
        return hpo__fail(err, HPO_E_INVALID, "study and fresh must not be NULL");
    if (finalists == 0 || repeats == 0)
        return hpo__fail(err, HPO_E_INVALID, "finalists is %zu and repeats is %zu: both must be at least 1", finalists, repeats);
    hpo_status status = hpo__run_begin(study, err);
    if (status != HPO_OK)
        return status;
    hpo__confirmation c = {.winner = SIZE_MAX};
    job               j = {.study = study, .fresh = fresh, .user = user, .c = &c};
    hpo__study_lock(study, NULL);
    status = make_finalists(study, finalists, repeats, &c, err);
    hpo__study_unlock(study);
    if (status == HPO_OK) {
        hpo__workers_run(study, (size_t)hpo__settings_integer(&study->settings, "workers"), work, &j);
        status = j.status;
        if (status < 0 && err != NULL)
            *err = j.error;
    }
    if (status == HPO_OK)
        status = choose_winner(&j, err);
    hpo__study_lock(study, NULL);
    if (status == HPO_OK && winner != NULL)
        status = hpo__trial_from_row(study, hpo__record_row(&study->record, c.finalists[c.winner].number), winner, err);
    if (status == HPO_OK)
        swap_in(study, &c);
    hpo__confirmation kept = study->confirmation; /* frees `c`, whichever that is now */
    study->confirmation    = c;
    hpo__confirmation_end(study);
    study->confirmation = kept;
    hpo__study_unlock(study);
    hpo__run_stopped(study);
    hpo__run_end(study);
    return status;
}

/* ---- reading ---- */

hpo_status hpo_study_optimism(const hpo_study *study, double *optimism, double *low, double *high, hpo_error *err) {
    if (study == NULL)
        return hpo__fail(err, HPO_E_INVALID, "the study is NULL");
    hpo_status status = hpo__study_lock(study, err);
    if (status != HPO_OK)
        return status;
    const hpo__confirmation *c = &study->confirmation;
    if (c->n_finalists == 0 || c->finalists[0].n == 0) {
        status = hpo__fail(err, HPO_E_NOT_FOUND,
                           c->n_finalists == 0 ? "there was no confirmation yet" : "the best of the search failed in the confirmation");
    } else {
        double seen  = study->record.values[hpo__record_row(&study->record, c->finalists[0].number)];
        double fresh = study->sign * hpo__stats_mean(c->finalists[0].values, c->finalists[0].n);
        double half  = hpo__study_half_width(hpo__stats_deviation(c->finalists[0].values, c->finalists[0].n), c->finalists[0].n);
        if (optimism != NULL)
            *optimism = fresh - seen;
        if (low != NULL)
            *low = fresh - seen - half;
        if (high != NULL)
            *high = fresh - seen + half;
    }
    hpo__study_unlock(study);
    return status;
}

hpo_status hpo_study_confirmed(const hpo_study *study, uint64_t number, double *mean, double *standard_error, size_t *repeats, hpo_error *err) {
    if (study == NULL)
        return hpo__fail(err, HPO_E_INVALID, "the study is NULL");
    hpo_status status = hpo__study_lock(study, err);
    if (status != HPO_OK)
        return status;
    status = HPO_E_NOT_FOUND;
    for (size_t f = 0; f < study->confirmation.n_finalists; f++) {
        const hpo__finalist *finalist = &study->confirmation.finalists[f];
        if (finalist->number != number || finalist->n == 0)
            continue;
        status = HPO_OK;
        if (mean != NULL)
            *mean = hpo__stats_mean(finalist->values, finalist->n);
        if (standard_error != NULL)
            *standard_error = finalist->n < 2 ? (double)INFINITY : hpo__stats_deviation(finalist->values, finalist->n) / sqrt((double)finalist->n);
        if (repeats != NULL)
            *repeats = finalist->n;
    }
    if (status != HPO_OK)
        hpo__fail(err, status, "trial %llu was not confirmed", (unsigned long long)number);
    hpo__study_unlock(study);
    return status;
}
