/*
 * Bayesian optimisation with a Gaussian process (model/surrogate.c), for every kind of space.
 *
 * Start: the centre with drawn choices, behind the default configuration if that runs, then scrambled Sobol points with choices dealt in turn: 3 + d/2 trials, 4 to 10, with
 * those that were enqueued or added. Then, at each suggestion: fit, condition, and maximise log expected improvement (model/acquisition.c) by candidates and a local search
 * over the mixed, conditional space (strategy/gp_search.c). Finite spaces of up to 3,000 configurations are enumerated.
 * Stagnation: in a space with branches, a share of the steps, which grows with the trials since the last progress, searches inside a branch other than the best trial's, with
 * a model of that branch alone, and aims at beating that branch's own best, because a model polishes the branch it knows; a branch with fewer than three
 * trials is searched with the model of all.
 *
 * Many parameters: with more than 15 active ones, half of the steps stay in a trust region around the best trial (strategy/gp_region.c).
 *
 * Cost per ask: that of the surrogate, and O(m^2) a candidate for m <= 256 points in the model.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "base/settings.h"
#include "model/surrogate.h"
#include "num/linalg.h"
#include "num/random.h"
#include "num/sequence.h"
#include "num/stats.h"
#include "strategy/gp_region.h"
#include "strategy/gp_search.h"
#include "strategy/registry.h"

#include <hpo/trial.h>

#include <math.h>
#include <string.h>

enum { MOST_ENUMERATED = 3000, FAILURES_TO_MODEL = 3, MOST_WITHOUT_REGION = 15, MOST_BRANCHES = 1000 };
/* Share of the steps inside a branch that is not the best trial's: at least, more for each trial without progress, at most. */
static const double LEAST_ASIDE = 0.05, MORE_ASIDE = 0.03, MOST_ASIDE = 0.6;
static const double IN_REGION = 0.5; /* share of the other steps in the trust region, with many parameters */

typedef struct state {
    const hpo_space *space;
    hpo__alloc       alloc;
    size_t           d; /* parameters */
    uint64_t         seed;
    uint64_t         first; /* trials of the initial design */
    bool             model_failures;
    bool             repeats; /* noise is declared: a configuration may come again */
    hpo__surrogate  *surrogate;
    hpo__surrogate  *part; /* of one branch; NULL in a space without branches */
    uint32_t        *directions;
    hpo__gp_search  *search;
    double          *box;    /* 2 d */
    double          *values; /* capacity: work space for the history's values */
    size_t          *rows;   /* capacity: rows of the history that the model has, best first */
    size_t           capacity;
} state;

/* ---- life ---- */

static void free_room(state *s) {
    hpo__alloc_free(&s->alloc, s->values, s->capacity, sizeof *s->values);
    hpo__alloc_free(&s->alloc, s->rows, s->capacity, sizeof *s->rows);
    s->values   = NULL;
    s->rows     = NULL;
    s->capacity = 0;
}

static void destroy(void *state_) {
    state *s = state_;
    hpo__gp_search_free(s->search);
    hpo__surrogate_free(s->part);
    hpo__surrogate_free(s->surrogate);
    hpo__alloc_free(&s->alloc, s->directions, s->d * 32, sizeof *s->directions);
    hpo__alloc_free(&s->alloc, s->box, 2 * s->d, sizeof *s->box);
    free_room(s);
    hpo__alloc_free(&s->alloc, s, 1, sizeof *s);
}

/* Can parameter i divide the space into branches? */
static bool is_root(const hpo_space *space, size_t i) {
    const hpo__parameter *p = &space->parameters[i];
    return p->is_parent && p->n_conditions == 0 && p->count > 1 && p->count <= MOST_BRANCHES;
}

static size_t count_roots(const hpo_space *space) {
    size_t roots = 0;
    for (size_t i = 0; i < space->size; i++)
        roots += is_root(space, i);
    return roots;
}

/* Trials of the initial design: few, because the model is useful soon, and fewer still of a small budget. */
static uint64_t design_length(size_t inputs, int64_t planned) {
    uint64_t length = 3 + (inputs + 1) / 2;
    length          = length < 4 ? 4 : length > 10 ? 10 : length;
    if (planned > 0 && length > (uint64_t)planned / 5)
        length = planned >= 10 ? (uint64_t)planned / 5 : 2;
    return length;
}

static hpo_status create(const hpo_space *space, const hpo_settings *settings, void *user, void **out, hpo_error *err) {
    (void)user;
    hpo_status usable = hpo__linalg_check(err);
    if (usable != HPO_OK)
        return usable;
    state *s = hpo__alloc_zero(&space->alloc, 1, sizeof *s);
    if (s == NULL)
        return hpo__fail_nomem(err);
    s->space          = space;
    s->alloc          = space->alloc;
    s->d              = space->size;
    s->seed           = (uint64_t)hpo__settings_integer(settings, "seed");
    s->repeats        = hpo__settings_is(settings, "gp.noise", "declared");
    s->model_failures = hpo__settings_is(settings, "gp.failures", "model");
    s->surrogate      = hpo__surrogate_new(space, s->seed, hpo__settings_is(settings, "gp.noise", "none"));
    s->box            = hpo__alloc_new(&s->alloc, 2 * s->d, sizeof *s->box);
    bool made         = s->surrogate != NULL && s->box != NULL;
    if (made) {
        s->first  = design_length(s->surrogate->inputs, hpo__settings_integer(settings, "trials"));
        s->search = hpo__gp_search_new(s->surrogate, MOST_ENUMERATED);
        made      = s->search != NULL;
    }
    if (made && count_roots(space) > 0) {
        s->part = hpo__surrogate_new(space, s->seed, hpo__settings_is(settings, "gp.noise", "none"));
        made    = s->part != NULL;
    }
    if (made && s->d <= hpo__sobol_dimensions()) {
        s->directions = hpo__alloc_new(&s->alloc, s->d * 32, sizeof *s->directions);
        made          = s->directions != NULL;
        if (made)
            hpo__sobol_directions(s->directions, s->d);
    }
    if (!made) {
        destroy(s);
        return hpo__fail_nomem(err);
    }
    *out = s;
    return HPO_OK;
}

/* ---- initial design ---- */

/* Are the numbers of a trial that finished or runs all in the middle? A function of the points alone, so that a study made again from its results goes on alike. */
static bool is_central(const state *s, const double *unit) {
    for (size_t i = 0; i < s->d; i++) {
        const hpo__parameter *p = &s->space->parameters[i];
        if (p->choices == NULL && !isnan(unit[i]) && unit[i] != (p->count == 0 ? 0.5 : hpo__codec_encode(p, hpo__codec_decode(p, 0.5))))
            return false;
    }
    return true;
}

/* The centre comes first, or second behind a default configuration that is another. */
static bool wants_centre(const state *s, const hpo_history *history, const hpo__gp_task *task, uint64_t number) {
    bool wanted = number <= 1;
    for (size_t row = 0; wanted && row < hpo_history_size(history); row++)
        wanted = !is_central(s, hpo_history_unit(history) + row * s->d);
    for (size_t k = 0; wanted && k < task->n_pending; k++)
        wanted = !is_central(s, task->pending + k * s->d);
    return wanted;
}

static void initial_point(const state *s, uint64_t number, bool centre, double *unit) {
    if (s->directions != NULL)
        hpo__sobol_point(s->directions, s->d, s->seed, (uint32_t)number, unit);
    else
        hpo__random_uniforms(s->seed, number, HPO__FOR_GP, unit, s->d);
    for (size_t i = 0; i < s->d; i++) {
        const hpo__parameter *p = &s->space->parameters[i];
        if (p->choices != NULL) /* dealt in turn, in an order of its own per parameter and round: equal ones would tie choices together */
            unit[i] =
                ((double)hpo__permute(number % p->count, p->count, hpo__random_bits(s->seed, i + s->d * (number / p->count), HPO__FOR_GP, 1)) + 0.5) /
                (double)p->count;
        else if (centre)
            unit[i] = 0.5;
    }
}

/* ---- aims ---- */

/* The difference that counts as progress: a share of the way from the best value to the median. */
static double least_gain(state *s, const hpo_history *history, double share) {
    size_t good = 0;
    for (size_t row = 0; row < hpo_history_size(history); row++)
        if (hpo__surrogate_succeeded(history, row))
            s->values[good++] = hpo_history_values(history)[row];
    double best = (double)INFINITY;
    for (size_t k = 0; k < good; k++)
        best = fmin(best, s->values[k]);
    return share * hpo__stats_nth(s->values, good, (good - 1) / 2) - share * best; /* the difference itself may be infinite */
}

static size_t since_progress(const hpo_history *history, double least) {
    const double *values = hpo_history_values(history);
    size_t        since  = 0;
    double        best   = (double)INFINITY;
    for (size_t row = 0; row < hpo_history_size(history); row++) {
        bool ok = hpo__surrogate_succeeded(history, row);
        since   = ok && values[row] < best - least ? 0 : since + 1;
        best    = ok && values[row] < best ? values[row] : best;
    }
    return since;
}

static double share_aside(state *s, const hpo_history *history) {
    return fmin(MOST_ASIDE, LEAST_ASIDE + MORE_ASIDE * (double)since_progress(history, least_gain(s, history, 0.01)));
}

/* Draws a branch to search in: one that `best`, the point of the best trial, is not in. */
static void draw_branch(const state *s, const double *best, uint64_t number, size_t *parent, double *unit) {
    size_t drawn = (size_t)hpo__random_below(s->seed, number, HPO__FOR_GP, 3, count_roots(s->space)), i = 0;
    while (!is_root(s->space, i) || drawn-- > 0)
        i++;
    const hpo__parameter *p     = &s->space->parameters[i];
    uint64_t              value = hpo__random_below(s->seed, number, HPO__FOR_GP, 4, p->count - 1);
    for (uint64_t k = 0; k <= value; k++)
        if (hpo__codec_encode(p, hpo__codec_value(p, k)) == best[i]) {
            value++;
            break;
        }
    *parent = i;
    *unit   = hpo__codec_encode(p, hpo__codec_value(p, value));
}

/* ---- the suggestion ---- */

static bool make_room(state *s, size_t n) {
    if (n <= s->capacity)
        return true;
    size_t capacity = hpo__alloc_capacity(s->capacity, n);
    free_room(s);
    s->values   = hpo__alloc_new(&s->alloc, capacity, sizeof *s->values);
    s->rows     = hpo__alloc_new(&s->alloc, capacity, sizeof *s->rows);
    s->capacity = capacity;
    if (s->values != NULL && s->rows != NULL)
        return true;
    free_room(s);
    return false;
}

/* Turns the task into a step inside a branch other than the best trial's, with a model of that branch when it has enough trials. Returns the model that is used, NULL: out of memory. */
static hpo__surrogate *step_aside(state *s, const hpo_history *history, uint64_t number, hpo__gp_task *task) {
    hpo__surrogate *m    = s->surrogate;
    const double   *unit = hpo_history_unit(history);
    draw_branch(s, unit + m->rows[m->order[0]] * s->d, number, &task->branch, &task->branch_unit);
    hpo_status fitted = hpo__surrogate_fit_part(s->part, history, task->branch, task->branch_unit);
    if (fitted == HPO_E_NOMEM)
        return NULL;
    if (fitted == HPO_OK) {
        m               = s->part;
        task->incumbent = hpo__surrogate_incumbent(m);
    }
    return m;
}

static void use_region(state *s, const hpo_history *history, hpo__gp_task *task) {
    const hpo__surrogate *m      = s->surrogate;
    const double         *centre = hpo_history_unit(history) + task->rows[0] * s->d;
    size_t                inputs = hpo__gp_region_inputs(m, centre);
    if (inputs <= MOST_WITHOUT_REGION)
        return;
    double side = hpo__gp_region_side(history, (size_t)s->first, inputs, least_gain(s, history, 0.001));
    hpo__gp_region_box(m, centre, side, s->box, s->box + s->d);
    task->low  = s->box;
    task->high = s->box + s->d;
}

static hpo_status search_by(state *s, const hpo_history *history, hpo__surrogate *m, uint64_t number, hpo__gp_task *task, const double **found,
                            hpo_error *err) {
    for (size_t k = 0; k < m->n; k++)
        s->rows[k] = m->rows[m->order[k]];
    task->gp     = m->gp;
    task->rows   = s->rows;
    task->n_rows = m->n;
    if (task->branch == SIZE_MAX && hpo__random_uniform(s->seed, number, HPO__FOR_GP, 7) < IN_REGION)
        use_region(s, history, task);
    task->labels = s->model_failures && m->failures >= FAILURES_TO_MODEL ? m->labels : NULL;
    return hpo__gp_search_run(s->search, task, found, err);
}

static hpo_status suggest(state *s, const hpo_history *history, uint64_t number, hpo__gp_task *task, const double **found, hpo_error *err) {
    if (!make_room(s, hpo_history_size(history)))
        return hpo__fail_nomem(err);
    double best     = hpo__surrogate_incumbent(s->surrogate);
    task->incumbent = best;
    if (s->part != NULL && hpo__random_uniform(s->seed, number, HPO__FOR_GP, 2) < share_aside(s, history)) {
        hpo__surrogate *m = step_aside(s, history, number, task);
        if (m == NULL)
            return hpo__fail_nomem(err);
        hpo_status status = search_by(s, history, m, number, task, found, err);
        if (status != HPO_EXHAUSTED)
            return status;
        task->branch    = SIZE_MAX; /* it is used up */
        task->incumbent = best;
    }
    return search_by(s, history, s->surrogate, number, task, found, err);
}

static hpo_status ask(void *state_, const hpo_history *history, uint64_t number, hpo_point *out, hpo_error *err) {
    state        *s     = state_;
    const double *found = NULL;
    hpo_status    known = number >= s->first ? hpo__surrogate_follow(s->surrogate, history) : HPO_EXHAUSTED, status;
    hpo__gp_task  task  = {.history = history, .repeats = s->repeats, .seed = hpo__random_bits(s->seed, number, HPO__FOR_GP, 0), .branch = SIZE_MAX};
    task.n_pending      = hpo_history_pending(history, &task.pending);
    if (known == HPO_E_NOMEM)
        return hpo__fail_nomem(err);
    if (known == HPO_OK) {
        status = suggest(s, history, number, &task, &found, err);
    } else { /* nothing to model yet, or the model broke down: the design goes on */
        if (number >= s->first && s->surrogate->n > 0)
            hpo__fail(err, HPO_OK, "no model can be fitted to the results so far: the initial design goes on until one can");
        initial_point(s, number, wants_centre(s, history, &task, number), hpo__gp_search_point(s->search));
        status = hpo__gp_search_unseen(s->search, &task, &found, err);
    }
    return status == HPO_OK ? hpo_point_set_unit(out, found, s->d, err) : status;
}

static const hpo_setting settings_table[] = {
    {"gp.noise", "choice", "learned", "learned|none|declared",
     "none: the objective repeats exactly; declared: it does not, and a configuration may be tried again; learned: found out from the trials"},
    {"gp.failures", "choice", "impute", "impute|model",
     "impute: a failed trial counts as the worst; model: its chance is modelled too, for objectives whose failures say nothing about nearby values"},
    {NULL, NULL, NULL, NULL, NULL},
};

const hpo_strategy_ops hpo__strategy_gp = {
    .struct_size = sizeof(hpo_strategy_ops),
    .abi_version = HPO_STRATEGY_ABI,
    .name        = "gp",
    .help        = "Bayesian optimisation with a Gaussian process",
    .create      = create,
    .destroy     = destroy,
    .ask         = ask,
    .settings    = settings_table,
};
