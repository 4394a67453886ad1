/* Threads for work on one study. */
#ifndef HPO_STUDY_WORKERS_H
#define HPO_STUDY_WORKERS_H

#include "study/study.h"

/* Runs body(context, worker) for worker 0 on this thread and for 1 ... n-1 on others, and waits for all. Fewer threads, with a warning, when the system gives no more. */
void hpo__workers_run(hpo_study *study, size_t n, void (*body)(void *context, int32_t worker), void *context);

/* Calls an objective on a lent trial and says what came of it. */
typedef struct hpo__outcome {
    hpo_status status; /* the objective's, or HPO_E_NOT_FOUND after a getter's misuse */
    int32_t    state;
    int        reason;
    double     value;
} hpo__outcome;

/* Fills `err` (never NULL) when the status is < 0; the trial's message is set where the objective gave none. No lock is held. */
hpo__outcome hpo__objective_call(const hpo_study *study, hpo_objective objective, hpo_trial *trial, void *user, hpo_error *err);

/* Marks the study as running; HPO_E_BUSY when it is already. Undone by hpo__run_end. */
hpo_status hpo__run_begin(hpo_study *study, hpo_error *err);
void       hpo__run_end(hpo_study *study);
/* Whether a stop was asked for; the answer uses it up, so that it ends one search. Called at the end of what a stop is meant for. */
bool hpo__run_stopped(hpo_study *study);

#endif
