#include "study/workers.h"

#include "base/text.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>

typedef struct seat {
    pthread_t thread;
    void (*body)(void *context, int32_t worker);
    void   *context;
    int32_t worker;
} seat;

static void *sit(void *argument) {
    seat *s = argument;
    s->body(s->context, s->worker);
    return NULL;
}

void hpo__workers_run(hpo_study *study, size_t n, void (*body)(void *context, int32_t worker), void *context) {
    seat  *seats   = n > 1 ? hpo__alloc_new(&study->alloc, n, sizeof *seats) : NULL;
    size_t started = 1;
    for (; seats != NULL && started < n; started++) {
        seats[started].body    = body;
        seats[started].context = context;
        seats[started].worker  = (int32_t)started;
        if (pthread_create(&seats[started].thread, NULL, sit, &seats[started]) != 0)
            break;
    }
    if (started < n)
        hpo__study_log(study, HPO_LOG_WARNING, "only %zu of %zu workers could be started", started, n);
    body(context, 0);
    for (size_t i = 1; i < started; i++)
        pthread_join(seats[i].thread, NULL);
    hpo__alloc_free(&study->alloc, seats, n, sizeof *seats);
}

/* `returned` is what the objective said, `status` what it counts as. */
static hpo__outcome failed(hpo_trial *trial, hpo_status returned, hpo_status status, int reason, hpo_error *err) {
    if (trial->notes == NULL || trial->notes->message == NULL) {
        char text[64];
        if (reason == HPO__BECAUSE_OBJECTIVE) {
            snprintf(text, sizeof text, "the objective returned %d (%s)", (int)returned, hpo_status_name(returned));
            hpo__trial_set_note(trial, text); /* without memory the plain reason has to do */
        }
        hpo__fail(err, status, "trial %llu: %s", (unsigned long long)trial->running.number,
                  reason == HPO__BECAUSE_OBJECTIVE ? text : hpo__trial_reason_text(reason));
    } else {
        hpo__fail(err, status, "trial %llu: %.400s", (unsigned long long)trial->running.number, trial->notes->message);
    }
    if (trial->notes != NULL)
        trial->notes->code = returned;
    return (hpo__outcome){status, HPO_FAILED, reason, (double)NAN};
}

hpo__outcome hpo__objective_call(const hpo_study *study, hpo_objective objective, hpo_trial *trial, void *user, hpo_error *err) {
    double     value  = (double)NAN;
    int        reason = HPO__BECAUSE_NOTHING;
    hpo_status status = objective(trial, &value, user);
    if (trial->reason == HPO__BECAUSE_UNKNOWN_NAME) {
        if (trial->misuse != NULL)
            hpo__trial_set_note(trial, trial->misuse->message);
        return failed(trial, status, HPO_E_NOT_FOUND, HPO__BECAUSE_UNKNOWN_NAME, err);
    }
    if (status < 0 || status > HPO_STOPPED)
        return failed(trial, status, status < 0 ? status : HPO_E_CALLBACK, HPO__BECAUSE_OBJECTIVE, err);
    if (status == HPO_STOPPED && isnan(value))
        return failed(trial, status, HPO_STOPPED, HPO__BECAUSE_STOPPED, err);
    int32_t state = hpo__study_judge(study, status == HPO_PRUNED ? HPO_TRIAL_PRUNED : HPO_COMPLETE, value, &reason);
    if (state == HPO_FAILED) {
        hpo__outcome outcome = failed(trial, status, HPO_E_CALLBACK, reason, err);
        outcome.value        = value; /* as it was told */
        outcome.status       = status == HPO_STOPPED ? HPO_STOPPED : outcome.status;
        return outcome;
    }
    return (hpo__outcome){status, state, reason, value};
}

hpo_status hpo__run_begin(hpo_study *study, hpo_error *err) {
    hpo_status status = hpo__study_lock(study, err);
    if (status != HPO_OK)
        return status;
    if (study->running)
        status = hpo__fail(err, HPO_E_BUSY, "the study runs already");
    else
        study->running = true;
    hpo__study_unlock(study);
    if (status == HPO_OK)
        hpo__study_retain(study);
    return status;
}

void hpo__run_end(hpo_study *study) {
    hpo__study_lock(study, NULL);
    study->running = false;
    hpo__study_unlock(study);
    hpo__study_release(study);
}

bool hpo__run_stopped(hpo_study *study) {
    return atomic_exchange(&study->stop, false);
}
