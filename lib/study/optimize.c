/* The loop: ask, evaluate, tell, on one thread or several, until a budget or a stop ends it. */
#include "base/clock.h"
#include "base/text.h"
#include "study/workers.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { WAIT_MILLISECONDS = 20 };

/* One call of optimize, shared by its workers under the study's lock. */
typedef struct run {
    hpo_study    *study;
    hpo_objective objective;
    void         *user;
    uint64_t      remaining;
    double        deadline; /* steady clock, infinite without a timeout */
    uint64_t      failures, consecutive, most_failures, most_consecutive;
    uint64_t      active; /* trials of this call that run */
    uint64_t      judged; /* logical order: trials before this number are in the counts of failures */
    bool          ended;
    hpo_status    status;
    hpo_error     error; /* of a status < 0 */
} run;

static void end_run(run *r, hpo_status status, const hpo_error *error) {
    if (r->ended && (r->status < 0 || status >= 0))
        return;
    r->ended  = true;
    r->status = status;
    if (status < 0)
        r->error = *error;
    hpo__lock_wake(&r->study->lock);
}

static bool may_start(run *r) {
    if (atomic_load_explicit(&r->study->stop, memory_order_relaxed))
        end_run(r, HPO_STOPPED, NULL);
    else if (hpo__clock_steady() >= r->deadline)
        end_run(r, HPO_OK, NULL);
    return !r->ended && r->remaining > 0;
}

/* In logical order a trial waits for those that its suggestion must see. */
static bool must_wait(const hpo_study *study) {
    return study->logical && study->record.visible + study->lag <= study->record.next_number;
}

/* What one finished trial adds to the counts of failures; ends the run when a limit is reached. */
static void count_failure(run *r, bool failed, int reason, hpo_status code, const char *message) {
    if (reason == HPO__BECAUSE_STOPPED)
        return;
    if (!failed) {
        r->consecutive = 0;
        return;
    }
    r->failures++;
    r->consecutive++;
    bool many = r->most_failures > 0 && r->failures >= r->most_failures;
    if (!many && !(r->most_consecutive > 0 && r->consecutive >= r->most_consecutive))
        return;
    hpo_error  report;
    hpo_status status = code <= HPO_E_HOST ? code : HPO_E_CALLBACK;
    hpo__fail(&report, status, "failed trials%s: %llu; the last: %.400s", many ? "" : " in a row",
              (unsigned long long)(many ? r->failures : r->consecutive), message);
    end_run(r, status, &report);
}

/* In logical order failures count by number, and only those that the next suggestion sees: else the end of the run would depend on timing. */
static void count_in_order(run *r, uint64_t seen) {
    const hpo__record *record = &r->study->record;
    for (; r->judged < seen && r->judged < record->visible && !r->ended; r->judged++) {
        const hpo__notes *notes  = record->notes[r->judged];
        int               reason = (int)(record->origins[r->judged] >> 4 & 15);
        count_failure(r, record->states[r->judged] == HPO_FAILED, reason, notes != NULL ? notes->code : HPO_OK,
                      notes != NULL && notes->message != NULL ? notes->message : hpo__trial_reason_text(reason));
    }
}

/* The next trial, or NULL when this worker is done; the lock is held. */
static hpo_trial *start_trial(run *r, int32_t worker) {
    hpo_trial *trial = NULL;
    hpo_error  error = {0, 0, ""};
    while (may_start(r)) {
        if (must_wait(r->study) && r->active > 0) { /* else it is for a trial of the host's, who may have called from the thread that would tell it */
            hpo__lock_wait(&r->study->lock, WAIT_MILLISECONDS); /* a stop by a signal handler cannot wake us */
            continue;
        }
        if (r->study->logical && r->study->record.next_number >= r->study->lag)
            count_in_order(r, r->study->record.next_number - r->study->lag + 1);
        if (r->ended)
            break;
        hpo_status status = hpo__study_ask_locked(r->study, worker, &trial, &error);
        if (status == HPO_OK) {
            r->remaining--;
            r->active++;
            trial->lent = true;
            return trial;
        }
        end_run(r, status, &error);
    }
    return NULL;
}

static void finish_trial(run *r, hpo_trial *trial, const hpo__outcome *outcome, const hpo_error *error) {
    hpo_study *study = r->study;
    hpo__study_lock(study, NULL);
    r->active--;
    hpo__study_finish_locked(study, trial, outcome->state, outcome->value, outcome->reason);
    if (outcome->reason == HPO__BECAUSE_UNKNOWN_NAME)
        end_run(r, HPO_E_NOT_FOUND, error);
    if (!study->logical)
        count_failure(r, outcome->state == HPO_FAILED, outcome->reason, outcome->status, error->message);
    if (outcome->status == HPO_STOPPED)
        end_run(r, HPO_STOPPED, NULL);
    hpo__study_unlock(study);
    if (outcome->state == HPO_FAILED)
        hpo__study_log(study, HPO_LOG_WARNING, "%s", error->message);
}

static void report_trial(run *r, hpo_trial *trial) {
    if (r->study->on_trial == NULL)
        return;
    hpo_status status = r->study->on_trial(trial, r->study->on_trial_user);
    if (status == HPO_OK || status == HPO_PRUNED)
        return;
    hpo_error error;
    hpo__fail(&error, status, "the trial callback returned %d (%s)", (int)status, hpo_status_name(status));
    hpo__study_lock(r->study, NULL);
    end_run(r, status, &error);
    hpo__study_unlock(r->study);
}

static void work(void *context, int32_t worker) {
    run *r = context;
    for (;;) {
        hpo_error error = {0, 0, ""};
        hpo__study_lock(r->study, NULL);
        hpo_trial *trial = start_trial(r, worker);
        hpo__study_unlock(r->study);
        if (trial == NULL)
            return;
        hpo__outcome outcome = hpo__objective_call(r->study, r->objective, trial, r->user, &error);
        finish_trial(r, trial, &outcome, &error);
        report_trial(r, trial);
        hpo__trial_delete(trial);
    }
}

/* The first call says how long the study is planned to be, unless the setting does; kept as a setting, so that a replay knows it too. */
static hpo_status note_plan(hpo_study *study, uint64_t n_trials, hpo_error *err) {
    char number[32];
    if (study->record.next_number > 0 || hpo__settings_integer(&study->settings, "trials") > 0 || n_trials > 1000000000000u)
        return HPO_OK;
    snprintf(number, sizeof number, "%llu", (unsigned long long)n_trials);
    hpo_status status = hpo__settings_set(&study->settings, "trials", number, err);
    if (status == HPO_OK)
        hpo__study_settings_apply(study);
    return status;
}

/* Numbers for the closing message, read while other threads may ask and tell. */
static void log_end(hpo_study *study, hpo_status status) {
    char     number[HPO__NUMBER_SIZE] = "none";
    uint64_t counts[4];
    hpo__study_lock(study, NULL);
    if (study->record.best != SIZE_MAX)
        hpo__number_text(study->sign * study->record.values[study->record.best], number);
    memcpy(counts, study->record.counts, sizeof counts);
    hpo__study_unlock(study);
    hpo__study_log(study, HPO_LOG_INFO, "optimize ended with %s: %llu complete, %llu pruned, %llu failed, best %s", hpo_status_name(status),
                   (unsigned long long)counts[HPO_COMPLETE], (unsigned long long)counts[HPO_TRIAL_PRUNED], (unsigned long long)counts[HPO_FAILED],
                   number);
}

hpo_status hpo_study_optimize(hpo_study *study, hpo_objective objective, void *user, uint64_t n_trials, hpo_error *err) {
    if (study == NULL || objective == NULL)
        return hpo__fail(err, HPO_E_INVALID, "study and objective must not be NULL");
    if (n_trials == 0)
        return hpo__fail(err, HPO_E_INVALID, "n_trials is 0: give a number of trials, or UINT64_MAX for no limit");
    hpo_status status = hpo__run_begin(study, err);
    if (status != HPO_OK)
        return status;
    double timeout = hpo_settings_number(&study->settings, "timeout");
    run    r       = {.study            = study,
                      .objective        = objective,
                      .user             = user,
                      .remaining        = n_trials,
                      .deadline         = timeout > 0 ? hpo__clock_steady() + timeout : (double)INFINITY,
                      .most_failures    = (uint64_t)hpo__settings_integer(&study->settings, "failures.max"),
                      .most_consecutive = (uint64_t)hpo__settings_integer(&study->settings, "failures.consecutive")};
    hpo__study_lock(study, NULL);
    status   = note_plan(study, n_trials, err);
    r.judged = study->record.next_number;
    hpo__study_unlock(study);
    if (status == HPO_OK) {
        hpo__workers_run(study, (size_t)hpo__settings_integer(&study->settings, "workers"), work, &r);
        hpo__study_lock(study, NULL);
        if (study->logical)
            count_in_order(&r, UINT64_MAX);
        hpo__study_unlock(study);
        log_end(study, r.status);
        status = r.status;
        if (status < 0 && err != NULL)
            *err = r.error;
    }
    if (hpo__run_stopped(study) && status >= 0)
        status = HPO_STOPPED;
    hpo__run_end(study);
    return status;
}
