/* The one door to the test set, with a counter on it. */
#include "base/clock.h"
#include "study/workers.h"

#include <math.h>

static bool make_room(hpo_study *study) {
    if (study->n_looks < study->looks_capacity)
        return true;
    size_t     capacity = hpo__alloc_capacity(study->looks_capacity, study->n_looks + 1);
    hpo__look *looks    = hpo__alloc_grow(&study->alloc, study->looks, study->looks_capacity, capacity, sizeof *looks);
    if (looks == NULL)
        return false;
    study->looks          = looks;
    study->looks_capacity = capacity;
    return true;
}

/* A lent, running copy of the winner for the objective. */
static hpo_status lend_winner(hpo_study *study, const hpo_trial *winner, hpo_trial **out, hpo_error *err) {
    size_t row = hpo__record_row(&study->record, winner->running.number);
    if (row == SIZE_MAX || winner->state == HPO_RUNNING)
        return hpo__fail(err, HPO_E_INVALID, "trial %llu is not finished", (unsigned long long)winner->running.number);
    if (!make_room(study))
        return hpo__fail_nomem(err);
    hpo_status status = hpo__trial_from_row(study, row, out, err);
    if (status == HPO_OK)
        hpo__trial_run_again(*out);
    return status;
}

hpo_status hpo_study_test(hpo_study *study, const hpo_trial *winner, hpo_objective on_test_set, void *user, double *score, hpo_error *err) {
    if (study == NULL || winner == NULL || on_test_set == NULL)
        return hpo__fail(err, HPO_E_INVALID, "study, winner and on_test_set must not be NULL");
    if (winner->study != study)
        return hpo__fail(err, HPO_E_INVALID, "the winner belongs to another study");
    hpo_status status = hpo__run_begin(study, err);
    if (status != HPO_OK)
        return status;
    hpo_trial *trial = NULL;
    hpo_error  error = {0, 0, ""};
    hpo__study_lock(study, NULL);
    status = lend_winner(study, winner, &trial, err);
    hpo__study_unlock(study);
    if (status == HPO_OK) {
        hpo__outcome outcome = hpo__objective_call(study, on_test_set, trial, user, &error);
        bool         failed  = outcome.state != HPO_COMPLETE;
        hpo__study_lock(study, NULL);
        study->looks[study->n_looks++] = (hpo__look){winner->running.number, failed ? (double)NAN : outcome.value, hpo__clock_wall()};
        hpo__study_unlock(study);
        if (study->n_looks > 1)
            hpo__study_log(study, HPO_LOG_WARNING, "the test set has been used %zu times: choosing by its scores makes them too good to be true",
                           study->n_looks);
        if (failed && error.code == 0)
            hpo__fail(&error, HPO_E_CALLBACK, "trial %llu ended early on the test set", (unsigned long long)winner->running.number);
        hpo__trial_delete(trial);
        if (failed) {
            bool own = outcome.status <= HPO_E_HOST || outcome.reason == HPO__BECAUSE_UNKNOWN_NAME;
            status   = own ? outcome.status : HPO_E_CALLBACK; /* as in optimize */
            if (err != NULL) {
                *err      = error;
                err->code = status;
            }
        } else if (score != NULL) {
            *score = outcome.value;
        }
    }
    hpo__run_end(study);
    return status;
}

uint64_t hpo_study_test_count(const hpo_study *study) {
    if (study == NULL || hpo__study_lock(study, NULL) != HPO_OK)
        return 0;
    uint64_t count = study->n_looks;
    hpo__study_unlock(study);
    return count;
}
