/* Ask, tell, and points from the host. */
#include "base/clock.h"
#include "num/random.h"
#include "study/study.h"

#include <math.h>
#include <string.h>

/* ---- ask ---- */

/* A suggestion may come with a remark. It is logged as a warning, and not again before another one was. */
static void log_remark(hpo_study *study, const hpo_error *said) {
    hpo_error remark = {0, 0, ""};
    if (said->message[0] == '\0' || study->log == NULL || study->log_level < HPO_LOG_WARNING)
        return;
    hpo__fail(&remark, HPO_OK, "strategy '%.100s': %.*s", study->strategy.name, (int)sizeof said->message, said->message);
    if (strcmp(remark.message, study->remark.message) != 0)
        hpo__study_log(study, HPO_LOG_WARNING, "%s", remark.message);
    study->remark = remark;
}

static hpo_status ask_strategy(hpo_study *study, hpo_trial *trial, hpo_error *err) {
    uint64_t    number  = study->record.next_number;
    hpo_history history = {&study->record, study->record.visible, number, study->seed, study->logical};
    if (study->logical) {
        uint64_t seen = number >= study->lag ? number - study->lag + 1 : 0;
        history.size  = seen < history.size ? (size_t)seen : history.size;
    }
    hpo_status status = hpo__study_need_state(study, err);
    if (status != HPO_OK)
        return status;
    hpo_error said = {0, 0, ""};
    hpo__point_clear(&study->point);
    status = hpo__study_strategy_said(study, study->strategy.ask(study->strategy_state, &history, number, &study->point, &said), &said, err);
    if (status == HPO_OK) {
        log_remark(study, &said);
        status = hpo__point_finish(&study->point, trial->unit, trial->values, err);
    }
    if (status > 0 && status != HPO_EXHAUSTED)
        status = hpo__fail(err, HPO_E_CALLBACK, "strategy '%s' answered with the unexpected status %d", study->strategy.name, (int)status);
    if (status != HPO_OK || study->strategy_drop)
        hpo__study_drop_state(study); /* also when it failed: what its cache noted did not come to be */
    return status;
}

static void take_queued(hpo_study *study, hpo_trial *trial) {
    size_t       d      = study->space->size;
    hpo__queued *queued = study->first_queued;
    memcpy(trial->unit, queued->rows, d * sizeof(double));
    memcpy(trial->values, queued->rows + d, d * sizeof(double));
    study->first_queued = queued->next;
    if (queued->next == NULL)
        study->last_queued = NULL;
    study->n_queued--;
    hpo__alloc_free(&study->alloc, queued, 1, sizeof *queued + 2 * d * sizeof(double));
}

static void take_default(hpo_study *study, hpo_trial *trial) {
    hpo__point_clear(&study->point);
    hpo__point_finish(&study->point, trial->unit, trial->values, NULL); /* nothing is set, so nothing can be wrong */
}

/* Natural values that a host gave exactly are kept beside the unit cube. */
static bool keep_values(hpo_trial *trial) {
    const hpo_study *study = trial->study;
    trial->notes           = hpo__notes_new(&study->alloc);
    if (trial->notes == NULL)
        return false;
    trial->notes->values = hpo__alloc_new(&study->alloc, study->space->size, sizeof(double));
    if (trial->notes->values != NULL)
        memcpy(trial->notes->values, trial->values, study->space->size * sizeof(double));
    return trial->notes->values != NULL;
}

hpo_status hpo__study_ask_locked(hpo_study *study, int32_t worker, hpo_trial **out, hpo_error *err) {
    hpo__record *record = &study->record;
    if (study->logical && record->visible + study->lag <= record->next_number)
        return hpo__fail(err, HPO_E_BUSY, "with order=logical and %llu workers, trial %llu must be told before the next one starts",
                         (unsigned long long)study->lag, (unsigned long long)record->visible);
    hpo_trial *trial = hpo__record_reserve(record) ? hpo__trial_new(study) : NULL;
    if (trial == NULL)
        return hpo__fail_nomem(err);
    hpo_status status = HPO_OK;
    bool       first  = study->start_default && record->first_default == UINT64_MAX; /* also after known results were added */
    trial->source     = first ? HPO__FROM_DEFAULT : study->first_queued != NULL ? HPO__FROM_QUEUE : HPO__FROM_STRATEGY;
    if (trial->source != HPO__FROM_STRATEGY && !keep_values(trial))
        status = hpo__fail_nomem(err); /* before the queue is touched; the values follow */
    else if (trial->source == HPO__FROM_QUEUE)
        take_queued(study, trial);
    else if (trial->source == HPO__FROM_DEFAULT)
        take_default(study, trial);
    else
        status = ask_strategy(study, trial, err);
    if (status != HPO_OK) {
        hpo__trial_delete(trial);
        return status;
    }
    if (trial->notes != NULL)
        memcpy(trial->notes->values, trial->values, study->space->size * sizeof(double));
    trial->worker = worker;
    trial->seed   = hpo__random_bits(study->seed, record->next_number, HPO__FOR_TRIAL_SEED, 0);
    trial->start  = hpo__clock_wall();
    hpo__record_start(record, &trial->running, study->logical, trial->source);
    *out = trial;
    return HPO_OK;
}

hpo_status hpo_study_ask(hpo_study *study, hpo_trial **out, hpo_error *err) {
    if (study == NULL || out == NULL)
        return hpo__fail(err, HPO_E_INVALID, "study and out must not be NULL");
    hpo_status status = hpo__study_lock(study, err);
    if (status != HPO_OK)
        return status;
    status = hpo__study_ask_locked(study, 0, out, err);
    hpo__study_unlock(study);
    return status;
}

/* ---- tell ---- */

int32_t hpo__study_judge(const hpo_study *study, int32_t state, double value, int *reason) {
    double minimised = study->sign * value;
    *reason          = state == HPO_FAILED ? HPO__BECAUSE_OBJECTIVE : HPO__BECAUSE_NOTHING;
    if (state == HPO_COMPLETE && isnan(value))
        *reason = HPO__BECAUSE_NAN;
    else if (state != HPO_FAILED && isinf(minimised) && minimised < 0)
        *reason = HPO__BECAUSE_INFINITE;
    return *reason == HPO__BECAUSE_NOTHING ? state : HPO_FAILED;
}

void hpo__study_finish_locked(hpo_study *study, hpo_trial *trial, int32_t state, double value, int reason) {
    trial->state  = state;
    trial->value  = value;
    trial->reason = reason;
    trial->end    = hpo__clock_wall();
    if (trial->notes != NULL && state != HPO_FAILED) {
        hpo__text_free(&study->alloc, trial->notes->message); /* it did not fail after all */
        trial->notes->message = NULL;
    }
    if (state == HPO_FAILED && !isnan(value)) { /* kept for the host to see; without memory for it, the failure is what counts */
        if (trial->notes == NULL)
            trial->notes = hpo__notes_new(&study->alloc);
        if (trial->notes != NULL)
            trial->notes->told = value;
    }
    double            minimised = state == HPO_FAILED ? (double)NAN : study->sign * value;
    const hpo__result result    = {trial->running.number, state,         minimised, trial->start, trial->end,
                                   trial->worker,         trial->source, reason,    trial->notes};
    hpo__record_finish(&study->record, &trial->running, trial->unit, &result);
    if (study->strategy_made && study->strategy.observe != NULL && !study->logical) {
        hpo_history history = {&study->record, study->record.visible, study->record.next_number, study->seed, false};
        hpo_error   said    = {0, 0, ""}; /* nobody reads it, but a strategy may rely on having one */
        if (study->strategy.observe(study->strategy_state, &history, trial->running.number, &said) != HPO_OK)
            hpo__study_drop_state(study);
    }
    hpo__lock_wake(&study->lock);
}

static hpo_status check_result(const hpo_study *study, int32_t state, const double *values, size_t n, hpo_error *err) {
    (void)study;
    if (state != HPO_COMPLETE && state != HPO_TRIAL_PRUNED && state != HPO_FAILED)
        return hpo__fail(err, HPO_E_INVALID, "state %d is not HPO_COMPLETE, HPO_TRIAL_PRUNED or HPO_FAILED", (int)state);
    if (n > 1 || (state == HPO_COMPLETE && n != 1))
        return hpo__fail(err, HPO_E_INVALID, "%zu values were given, a %s trial takes %s", n, state == HPO_COMPLETE ? "complete" : "pruned or failed",
                         state == HPO_COMPLETE ? "1" : "0 or 1");
    if (n > 0 && values == NULL)
        return hpo__fail(err, HPO_E_INVALID, "values is NULL and n is %zu", n);
    return HPO_OK;
}

static hpo_status tell_locked(hpo_study *study, hpo_trial *trial, int32_t state, double value, hpo_error *err) {
    int reason;
    if (trial->repeat > 0 || trial->lent)
        return hpo__fail(err, HPO_E_STATE, "trial %llu is run by the library, which records its result itself",
                         (unsigned long long)trial->running.number);
    if (trial->state != HPO_RUNNING)
        return hpo__fail(err, HPO_E_STATE, "trial %llu was told already", (unsigned long long)trial->running.number);
    if (trial->reason == HPO__BECAUSE_UNKNOWN_NAME) {
        hpo_status status = hpo__fail(err, HPO_E_NOT_FOUND, "%s", hpo__trial_reason_text(HPO__BECAUSE_UNKNOWN_NAME));
        if (trial->misuse != NULL) {
            hpo__trial_set_note(trial, trial->misuse->message);
            if (err != NULL)
                *err = *trial->misuse;
        }
        hpo__study_finish_locked(study, trial, HPO_FAILED, (double)NAN, HPO__BECAUSE_UNKNOWN_NAME);
        return status;
    }
    state = hpo__study_judge(study, state, value, &reason);
    hpo__study_finish_locked(study, trial, state, value, reason);
    return HPO_OK;
}

hpo_status hpo_study_tell(hpo_study *study, hpo_trial *trial, int32_t state, const double *values, size_t n, hpo_error *err) {
    if (study == NULL || trial == NULL)
        return hpo__fail(err, HPO_E_INVALID, "study and trial must not be NULL");
    if (trial->study != study)
        return hpo__fail(err, HPO_E_INVALID, "trial %llu belongs to another study", (unsigned long long)trial->running.number);
    hpo_status status = check_result(study, state, values, n, err);
    if (status == HPO_OK)
        status = hpo__study_lock(study, err);
    if (status != HPO_OK)
        return status;
    status = tell_locked(study, trial, state, n > 0 ? values[0] : (double)NAN, err);
    hpo__study_unlock(study);
    return status;
}

/* ---- points from the host ---- */

static hpo_status check_point(const hpo_study *study, const hpo_point *point, hpo_error *err) {
    if (study == NULL || point == NULL)
        return hpo__fail(err, HPO_E_INVALID, "study and point must not be NULL");
    if (!hpo__space_equal(study->space, point->space))
        return hpo__fail(err, HPO_E_INVALID, "the point belongs to a different space than the study");
    return HPO_OK;
}

hpo_status hpo_study_enqueue(hpo_study *study, const hpo_point *point, hpo_error *err) {
    hpo_status status = check_point(study, point, err);
    if (status != HPO_OK)
        return status;
    size_t       d      = study->space->size;
    hpo__queued *queued = hpo__alloc_new(&study->alloc, 1, sizeof *queued + 2 * d * sizeof(double));
    if (queued == NULL)
        return hpo__fail_nomem(err);
    queued->next = NULL;
    status       = hpo__point_finish(point, queued->rows, queued->rows + d, err);
    if (status == HPO_OK)
        status = hpo__study_lock(study, err);
    if (status != HPO_OK) {
        hpo__alloc_free(&study->alloc, queued, 1, sizeof *queued + 2 * d * sizeof(double));
        return status;
    }
    *(study->last_queued != NULL ? &study->last_queued->next : &study->first_queued) = queued;
    study->last_queued                                                               = queued;
    study->n_queued++;
    hpo__study_unlock(study);
    return HPO_OK;
}

/* A trial that starts and ends at once; the lock is held. */
static hpo_status add_locked(hpo_study *study, const hpo_point *point, int32_t state, double value, hpo_error *err) {
    int        reason;
    hpo_trial *trial = hpo__record_reserve(&study->record) ? hpo__trial_new(study) : NULL;
    if (trial == NULL)
        return hpo__fail_nomem(err);
    hpo_status status = hpo__point_finish(point, trial->unit, trial->values, err);
    if (status == HPO_OK && !keep_values(trial))
        status = hpo__fail_nomem(err);
    if (status == HPO_OK) {
        trial->source = HPO__FROM_HOST;
        trial->start  = hpo__clock_wall();
        hpo__record_start(&study->record, &trial->running, study->logical, trial->source);
        state = hpo__study_judge(study, state, value, &reason);
        hpo__study_finish_locked(study, trial, state, value, reason);
    }
    hpo__trial_delete(trial);
    return status;
}

hpo_status hpo_study_add(hpo_study *study, const hpo_point *point, int32_t state, const double *values, size_t n, hpo_error *err) {
    hpo_status status = check_point(study, point, err);
    if (status == HPO_OK)
        status = check_result(study, state, values, n, err);
    if (status == HPO_OK)
        status = hpo__study_lock(study, err);
    if (status != HPO_OK)
        return status;
    status = add_locked(study, point, state, n > 0 ? values[0] : (double)NAN, err);
    hpo__study_unlock(study);
    return status;
}
