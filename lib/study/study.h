/* Inside of a study. One lock guards everything below it; no callback of the host runs under it but a strategy's. */
#ifndef HPO_STUDY_STUDY_H
#define HPO_STUDY_STUDY_H

#include "base/alloc.h"
#include "base/error.h"
#include "base/settings.h"
#include "base/thread.h"
#include "history/record.h"
#include "model/surrogate.h"
#include "space/space.h"

#include <hpo/result.h>
#include <hpo/study.h>
#include <stdatomic.h>

/* A configuration that waits for its turn; unit and values are its two rows of d. */
typedef struct hpo__queued {
    struct hpo__queued *next;
    double              rows[];
} hpo__queued;

/* What hpo_study_confirm found out about one finalist: `n` values in raw orientation. */
typedef struct hpo__finalist {
    uint64_t number;
    size_t   n;
    bool     failed;
    double  *values; /* hpo__confirmation.repeats long */
} hpo__finalist;

typedef struct hpo__confirmation {
    hpo__finalist *finalists; /* best of the search first, then the default's if it was not among them */
    size_t         n_finalists, repeats;
    size_t         winner; /* SIZE_MAX: none */
} hpo__confirmation;

/* The model of what is finished, a cache: see posterior.c. */
typedef struct hpo__posterior {
    hpo__surrogate *model;       /* NULL: to be made */
    size_t          rows;        /* size of the history that it follows, SIZE_MAX: none */
    hpo_status      status;      /* what it said of that history */
    size_t          selected;    /* row of the best mean of `selected_of` complete trials */
    uint64_t        selected_of; /* 0: not chosen */
} hpo__posterior;

/* One look at the test set. */
typedef struct hpo__look {
    uint64_t number;
    double   score; /* NaN: it failed */
    double   time;
} hpo__look;

struct hpo_study {
    hpo__alloc   alloc;
    hpo__lock    lock;
    atomic_uint  references;
    atomic_bool  stop;
    hpo_space   *space;
    hpo_settings settings;
    hpo__record  record;
    double       sign; /* -1 when maximising */
    uint64_t     seed;
    bool         logical;
    uint64_t     lag; /* logical order: how many trials a suggestion does not see */
    bool         start_default;
    bool         select_mean; /* select = mean */
    bool         running;     /* optimize, confirm or test is at work */

    hpo__queued *first_queued, *last_queued;
    uint64_t     n_queued;

    hpo_strategy_ops strategy;
    void            *strategy_user;
    hpo_destroy      strategy_end;
    void            *strategy_state; /* NULL: to be made */
    bool             strategy_made;
    bool             custom;        /* a third party's */
    bool             strategy_drop; /* strategy.cache = drop */
    hpo_point        point;         /* lent to the strategy */
    hpo_error        remark;        /* the last one that was logged, see ask.c */

    hpo_trial_callback on_trial;
    void              *on_trial_user;
    hpo_log_callback   log;
    void              *log_user;
    int32_t            log_level;

    hpo__posterior    posterior;
    hpo__confirmation confirmation;
    hpo__look        *looks;
    size_t            n_looks, looks_capacity;
};

struct hpo_trial {
    hpo__running running; /* first: the record's link */
    hpo_study   *study;
    uint64_t     seed, repeat;
    int32_t      state;
    int32_t      worker;
    int          source, reason;
    double       value; /* raw */
    double       start, end;
    hpo__notes  *notes;  /* owned while running, the record's afterwards */
    hpo_error   *misuse; /* a getter was asked for an unknown name, see trial.c */
    bool         lent;   /* hpo_trial_free is for the library */
    double      *unit;   /* d */
    double      *values; /* d */
    double       rows[];
};

/* study.c */
void hpo__study_retain(hpo_study *study);
void hpo__study_release(hpo_study *study);
/* What stays behind const is the lock, the reference count and the caches. */
hpo_study *hpo__study_writable(const hpo_study *study);
/* Takes the lock; HPO_E_BUSY when this thread holds it, which is a strategy or log callback that calls back. */
hpo_status hpo__study_lock(const hpo_study *study, hpo_error *err);
void       hpo__study_unlock(const hpo_study *study);
void       hpo__study_log(const hpo_study *study, int32_t level, const char *format, ...) HPO__PRINTF(3, 4);
void       hpo__study_drop_state(hpo_study *study);
/* Hands a strategy's own report on: the host's is touched by errors only, and then always, whatever a third party writes. */
hpo_status hpo__study_strategy_said(const hpo_study *study, hpo_status status, const hpo_error *said, hpo_error *err);
hpo_status hpo__study_need_state(hpo_study *study, hpo_error *err); /* makes the strategy's state when there is none; the lock is held */

/* ask.c */
/* Makes the next trial; the lock is held. HPO_E_BUSY in logical order when an earlier trial must finish first. */
hpo_status hpo__study_ask_locked(hpo_study *study, int32_t worker, hpo_trial **out, hpo_error *err);
/* Records a result; the lock is held. `value` is raw, NaN for none. */
void hpo__study_finish_locked(hpo_study *study, hpo_trial *trial, int32_t state, double value, int reason);
/* What a raw value means for a trial said to be `state`: the state to record and the reason of a failure. */
int32_t hpo__study_judge(const hpo_study *study, int32_t state, double value, int *reason);

/* settings.c */
void hpo__study_settings_init(hpo_study *study);
void hpo__study_settings_apply(hpo_study *study); /* after a change: refreshes the fields above */

/* trial.c */
hpo_trial *hpo__trial_new(hpo_study *study); /* NULL: out of memory; holds a reference to the study */
void       hpo__trial_delete(hpo_trial *trial);
/* A finished trial as a handle; the lock is held. */
hpo_status hpo__trial_from_row(hpo_study *study, size_t row, hpo_trial **out, hpo_error *err);
/* Makes a handle of a finished trial a lent, running one, for another evaluation that the record does not see. */
void hpo__trial_run_again(hpo_trial *trial);
/* The message of a failure that carries none of its own. */
const char *hpo__trial_reason_text(int reason);
bool        hpo__trial_set_note(hpo_trial *trial, const char *message); /* false: out of memory */
void        hpo__trial_forget_misuse(hpo_trial *trial);

/* result.c */
/* Natural values of a row into values[d]. */
void hpo__study_row_values(const hpo_study *study, size_t row, double *values);
/* The value of a row as it was told. */
double hpo__study_raw_value(const hpo_study *study, size_t row);
/* Student's t interval of a mean: half width at 95 %, infinite for n < 2. */
double hpo__study_half_width(double deviation, size_t n);

/* Row of a finished trial; HPO_E_STATE while it runs, HPO_E_NOT_FOUND when there is none. The lock is held. */
hpo_status hpo__study_find(const hpo_study *study, uint64_t number, size_t *row, hpo_error *err);
/* Row of what hpo_study_best() hands out, SIZE_MAX when no trial is complete. The lock is held. */
hpo_status hpo__study_best_row(const hpo_study *study, size_t *row, hpo_error *err);

/* posterior.c; the lock is held */
void hpo__posterior_drop(hpo_study *study);
/* Brings the model up to what is finished: HPO_E_NOT_FOUND when there is too little to model. */
hpo_status hpo__posterior_follow(const hpo_study *study, hpo_error *err);
/* After it: posterior mean of every complete row with a finite value, as the model counts (small is good), NaN for the others. */
hpo_status hpo__posterior_means(const hpo_study *study, double *means, hpo_error *err);
/* Complete row with the best posterior mean; HPO_E_NOT_FOUND as above. */
hpo_status hpo__posterior_best(const hpo_study *study, size_t *best, hpo_error *err);

/* confirm.c */
void hpo__confirmation_end(hpo_study *study);

#endif
