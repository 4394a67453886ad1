/* Where the acquisition is highest: candidates and local search over a mixed, conditional space. */
#ifndef HPO_STRATEGY_GP_SEARCH_H
#define HPO_STRATEGY_GP_SEARCH_H

#include "model/acquisition.h"
#include "model/surrogate.h"

typedef struct hpo__gp_search hpo__gp_search;

/* One search. */
typedef struct hpo__gp_task {
    hpo__gp           *gp;
    const hpo_history *history;
    const double      *pending; /* n_pending x d */
    size_t             n_pending;
    const size_t      *rows; /* of the history, best first */
    size_t             n_rows;
    double             incumbent;
    const double      *labels;  /* see hpo__acquisition_new; NULL */
    bool               repeats; /* configurations may come again */
    uint64_t           seed;
    size_t             branch; /* parameter that is held at branch_unit, SIZE_MAX for none */
    double             branch_unit;
    const double      *low, *high; /* d each: the box around the best row to search in; NULL: the whole space */
} hpo__gp_task;

/* The surrogate must outlive it. Spaces of at most `enumerate` configurations are searched whole. NULL: out of memory. */
hpo__gp_search *hpo__gp_search_new(const hpo__surrogate *surrogate, uint64_t enumerate);
void            hpo__gp_search_free(hpo__gp_search *search);
/* The search's own point of d coordinates, for hpo__gp_search_unseen. */
double *hpo__gp_search_point(hpo__gp_search *search);

/* The best configuration that was found; it lives until the next call. HPO_EXHAUSTED when every configuration of a finite space, or of the branch, was tried
 * or runs. */
hpo_status hpo__gp_search_run(hpo__gp_search *search, const hpo__gp_task *task, const double **found, hpo_error *err);
/* The search's own point, or when it was tried already (and may not come again) a random one that was not. */
hpo_status hpo__gp_search_unseen(hpo__gp_search *search, const hpo__gp_task *task, const double **found, hpo_error *err);

#endif
