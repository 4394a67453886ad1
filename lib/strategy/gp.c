/*
 * Bayesian optimisation with a Gaussian process (model/gp.c), for every kind of space.
 *
 * Start: the centre with drawn choices (unless the default configuration ran), then scrambled Sobol points with choices dealt in turn, 3 + d/2 trials, 4 to 10. Then, at each
 * suggestion: fit, condition, and maximise log expected improvement (model/acquisition.c) by candidates and a local search over the mixed, conditional space
 * (strategy/gp_search.c). Finite spaces of up to 3,000 configurations are enumerated. Failed trials enter with the worst value and four times the noise.
 * Stagnation: in a space with branches, one step in ten (every second one after five trials without progress) searches inside one drawn branch and aims at beating that
 * branch's own best, because a model polishes the branch it knows.
 *
 * Fits depend on the history alone: they happen at fixed sizes of it (each up to 60, then ever rarer), start afresh at powers of two and from the fit
 * before in between. A dropped state therefore replays at most the fits since the last power of two. Beyond 256 finished trials the model sees 256 of them: the best
 * 40 %, the nearest to the best 40 %, and an even sample of the rest. Cost per ask: O(m^3) to condition and O(m^2) a candidate, m <= 256; memory 4 m^2.
 */
#include "model/gp.h"
#include "base/alloc.h"
#include "base/error.h"
#include "base/settings.h"
#include "model/acquisition.h"
#include "model/output.h"
#include "num/linalg.h"
#include "num/random.h"
#include "num/sequence.h"
#include "num/stats.h"
#include "num/stream.h"
#include "strategy/gp_search.h"
#include "strategy/registry.h"

#include <hpo/trial.h>

#include <math.h>
#include <string.h>

enum {
    MOST_DATA         = 256,
    MOST_FRESH        = 64,
    FEWEST_DATA       = 2,
    COLD_STEPS        = 40,
    WARM_STEPS        = 12,
    MOST_ENUMERATED   = 3000,
    STAGNANT          = 5,
    FAILURES_TO_MODEL = 3
};
static const double FAILED_NOISE = 4;

typedef struct state {
    const hpo_space *space;
    hpo__alloc       alloc;
    size_t           d;        /* parameters */
    size_t           inputs;   /* of the model: those with more than one value */
    size_t          *input_of; /* inputs: parameter of each */
    int             *kinds;    /* inputs */
    uint64_t         seed;
    uint64_t         first; /* trials of the initial design */
    bool             model_failures;
    bool             repeats; /* noise is declared: a configuration may come again */
    hpo__gp         *gp;
    size_t           fitted; /* history size of the last fit, 0: none */
    uint32_t        *directions;
    hpo__gp_search  *search;

    /* the data of the model, see load() */
    size_t  n, capacity;
    size_t *rows;
    double *x, *y, *noise, *labels, *scratch;
    size_t *order;
    bool   *taken;
    size_t  failures;
} state;

/* ---- life ---- */

static void free_data(state *s) {
    hpo__alloc_free(&s->alloc, s->rows, s->capacity, sizeof *s->rows);
    hpo__alloc_free(&s->alloc, s->order, s->capacity, sizeof *s->order);
    hpo__alloc_free(&s->alloc, s->taken, s->capacity, sizeof *s->taken);
    hpo__alloc_free(&s->alloc, s->x, s->capacity * s->inputs, sizeof *s->x);
    hpo__alloc_free(&s->alloc, s->y, 6 * s->capacity, sizeof *s->y);
    s->rows = s->order = NULL;
    s->taken           = NULL;
    s->x = s->y = NULL;
    s->capacity = 0;
}

static void destroy(void *state_) {
    state *s = state_;
    free_data(s);
    hpo__gp_search_free(s->search);
    hpo__gp_free(s->gp);
    hpo__alloc_free(&s->alloc, s->directions, s->d * 32, sizeof *s->directions);
    hpo__alloc_free(&s->alloc, s->input_of, s->d, sizeof *s->input_of);
    hpo__alloc_free(&s->alloc, s->kinds, s->d, sizeof *s->kinds);
    hpo__alloc_free(&s->alloc, s, 1, sizeof *s);
}

static void choose_inputs(state *s) {
    for (size_t i = 0; i < s->d; i++) {
        const hpo__parameter *p = &s->space->parameters[i];
        if (p->count == 1)
            continue;
        s->kinds[s->inputs]      = p->choices != NULL ? HPO__GP_CHOICE : p->count > 0 && p->count <= 8 ? HPO__GP_NUMERIC : HPO__GP_WARPED;
        s->input_of[s->inputs++] = i;
    }
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
    s->input_of       = hpo__alloc_new(&s->alloc, s->d, sizeof *s->input_of);
    s->kinds          = hpo__alloc_new(&s->alloc, s->d, sizeof *s->kinds);
    bool made         = s->input_of != NULL && s->kinds != NULL;
    if (made) {
        choose_inputs(s);
        s->first        = 3 + (s->inputs + 1) / 2;
        s->first        = s->first < 4 ? 4 : s->first > 10 ? 10 : s->first;
        int64_t planned = hpo__settings_integer(settings, "trials");
        if (planned > 0 && s->first > (uint64_t)planned / 5)
            s->first = planned >= 10 ? (uint64_t)planned / 5 : 2;
        s->gp     = hpo__gp_new(&s->alloc, s->kinds, s->inputs, hpo__settings_is(settings, "gp.noise", "none"));
        s->search = hpo__gp_search_new(space, s->input_of, s->inputs, MOST_ENUMERATED);
        made      = s->gp != NULL && s->search != NULL;
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

static void initial_point(const state *s, uint64_t number, double *unit) {
    if (s->directions != NULL)
        hpo__sobol_point(s->directions, s->d, s->seed, (uint32_t)number, unit);
    else
        hpo__random_uniforms(s->seed, number, HPO__FOR_GP, unit, s->d);
    for (size_t i = 0; i < s->d; i++) {
        const hpo__parameter *p = &s->space->parameters[i];
        if (p->choices != NULL) /* dealt in turn, in an order of its own per parameter */
            unit[i] = ((double)hpo__permute(number % p->count, p->count, hpo__random_bits(s->seed, i, HPO__FOR_GP, 1)) + 0.5) / (double)p->count;
        else if (number == 0)
            unit[i] = 0.5;
    }
}

/* ---- data ---- */

static bool make_room(state *s, size_t n) {
    if (n <= s->capacity)
        return true;
    free_data(s);
    size_t c    = hpo__alloc_capacity(s->capacity, n);
    s->rows     = hpo__alloc_new(&s->alloc, c, sizeof *s->rows);
    s->order    = hpo__alloc_new(&s->alloc, c, sizeof *s->order);
    s->taken    = hpo__alloc_new(&s->alloc, c, sizeof *s->taken);
    s->x        = hpo__alloc_new(&s->alloc, c * s->inputs, sizeof *s->x);
    s->y        = hpo__alloc_new(&s->alloc, 6 * c, sizeof *s->y);
    s->capacity = c;
    if (s->rows == NULL || s->order == NULL || s->taken == NULL || s->x == NULL || s->y == NULL) {
        free_data(s);
        return false;
    }
    s->noise   = s->y + c;
    s->labels  = s->y + 2 * c;
    s->scratch = s->y + 3 * c;
    return true;
}

static bool succeeded(const hpo_history *history, size_t row) {
    return hpo_history_states(history)[row] == HPO_COMPLETE && isfinite(hpo_history_values(history)[row]);
}

/* Coordinate of an input: inactive numbers stand in the centre, inactive choices equal no other. */
static double input(const state *s, const double *unit, size_t i) {
    double u = unit[s->input_of[i]];
    return !isnan(u) ? u : s->kinds[i] == HPO__GP_CHOICE ? -1 : 0.5;
}

static double gap(const state *s, const double *a, const double *b) {
    double sum = 0;
    for (size_t i = 0; i < s->inputs; i++) {
        double difference = input(s, a, i) - input(s, b, i);
        sum += s->kinds[i] == HPO__GP_CHOICE ? difference != 0 : difference * difference;
    }
    return sum;
}

/* Chooses which of the first n rows the model sees, `most` at most, into s->rows; returns how many. */
static size_t choose_rows(state *s, const hpo_history *history, size_t n, size_t most) {
    if (n <= most) {
        for (size_t row = 0; row < n; row++)
            s->rows[row] = row;
        return n;
    }
    const double *unit = hpo_history_unit(history), *values = hpo_history_values(history);
    double       *key = s->scratch, *rank = s->scratch + s->capacity;
    bool         *taken = s->taken;
    size_t        used = 0, best = 0;
    memset(taken, 0, n * sizeof *taken);
    for (size_t row = 0; row < n; row++)
        key[row] = succeeded(history, row) ? values[row] : (double)INFINITY;
    hpo__stats_ranks(key, n, rank, s->order);
    best = s->order[0];
    for (size_t k = 0; used < most * 2 / 5; k++)
        taken[s->rows[used++] = s->order[k]] = true;
    for (size_t row = 0; row < n; row++)
        key[row] = gap(s, unit + row * s->d, unit + best * s->d);
    hpo__stats_ranks(key, n, rank, s->order);
    for (size_t k = 0; used < most * 4 / 5; k++)
        if (!taken[s->order[k]])
            taken[s->rows[used++] = s->order[k]] = true;
    for (size_t k = 0, left = most - used; k < left; k++)
        for (size_t row = k * n / left; row < n; row++)
            if (!taken[row]) {
                taken[s->rows[used++] = row] = true;
                break;
            }
    return used;
}

/* Loads the first n rows, or `most` of them, into the model; false when out of memory. Leaves s->n at 0 when there is too little to model. */
static bool load(state *s, const hpo_history *history, size_t n, size_t most) {
    const double *unit = hpo_history_unit(history), *values = hpo_history_values(history);
    if (!make_room(s, n + 1))
        return false;
    size_t m = choose_rows(s, history, n, most), good = 0;
    double worst = -(double)INFINITY, *raw = s->scratch, *warped = s->scratch + s->capacity;
    for (size_t k = 0; k < m; k++)
        if (succeeded(history, s->rows[k]))
            raw[good++] = values[s->rows[k]];
    s->n        = 0;
    s->failures = m - good;
    if (good < FEWEST_DATA)
        return true;
    /* warped and its work space overlap nothing: scratch has 3 parts, labels and noise are filled below */
    hpo__output_warp(raw, good, warped, s->order, s->noise);
    for (size_t k = 0; k < good; k++)
        worst = warped[k] > worst ? warped[k] : worst;
    for (size_t k = 0, g = 0; k < m; k++) {
        bool ok      = succeeded(history, s->rows[k]);
        s->y[k]      = ok ? warped[g++] : worst;
        s->noise[k]  = ok ? 1 : FAILED_NOISE;
        s->labels[k] = ok ? 1 : -1;
        for (size_t i = 0; i < s->inputs; i++)
            s->x[i * m + k] = input(s, unit + s->rows[k] * s->d, i);
    }
    s->n = m;
    return hpo__gp_data(s->gp, s->x, s->y, s->noise, m, n >= 10 && n >= 2 * s->inputs);
}

/* ---- fits at fixed sizes ---- */

static size_t power_below(size_t n) {
    size_t power = 1;
    while (power <= n / 2)
        power *= 2;
    return power;
}

static size_t next_size(size_t size) {
    size_t step = size < 60 ? 1 : size < 200 ? size / 20 : size / 10;
    size_t next = size + step, power = 2 * power_below(size);
    return next < power ? next : power;
}

/* From the usual start and from a shifted one; the better stays. */
static void fit_afresh(state *s, size_t size) {
    size_t  n = hpo__gp_theta_size(s->gp), d = s->inputs;
    double *theta = hpo__gp_theta(s->gp), *kept = s->scratch;
    hpo__gp_theta_start(s->gp);
    double first = hpo__gp_fit(s->gp, COLD_STEPS);
    if (n > 3 * s->capacity)
        return;
    memcpy(kept, theta, n * sizeof *theta);
    hpo__gp_theta_start(s->gp);
    hpo__stream stream;
    hpo__stream_start(&stream, hpo__random_bits(s->seed, size, HPO__FOR_GP, 6));
    for (size_t i = 0; i < d; i++)
        theta[i] += 0.7 * hpo__stream_normal(&stream);
    if (!(hpo__gp_fit(s->gp, COLD_STEPS) > first))
        memcpy(theta, kept, n * sizeof *theta);
}

/* A fresh fit starts with few points, where steps are cheap, and ends with all. */
static bool fit_at(state *s, const hpo_history *history, size_t size) {
    bool fresh = size == power_below(size);
    if (fresh && !load(s, history, size, MOST_FRESH))
        return false;
    if (fresh && s->n > 0)
        fit_afresh(s, size);
    if ((!fresh || size > MOST_FRESH) && !load(s, history, size, MOST_DATA))
        return false;
    if ((!fresh || size > MOST_FRESH) && s->n > 0)
        hpo__gp_fit(s->gp, WARM_STEPS);
    s->fitted = size;
    return true;
}

static bool follow(state *s, const hpo_history *history) {
    size_t n = hpo_history_size(history);
    if (s->fitted == 0 && !fit_at(s, history, power_below(n)))
        return false;
    if (2 * power_below(s->fitted) <= power_below(n) &&
        !fit_at(s, history, power_below(n))) /* what lies before the last fresh start does not matter */
        return false;
    while (next_size(s->fitted) <= n)
        if (!fit_at(s, history, next_size(s->fitted)))
            return false;
    return load(s, history, n, MOST_DATA);
}

/* ---- aims ---- */

/* Trials since the best improved by more than 1 % of the way from it to the median. */
static size_t since_progress(state *s, const hpo_history *history) {
    const double *values = hpo_history_values(history);
    size_t        good = 0, since = 0;
    double        best = (double)INFINITY, least;
    for (size_t row = 0; row < hpo_history_size(history); row++)
        if (succeeded(history, row))
            s->scratch[good++] = values[row];
    hpo__stats_sort(s->scratch, good);
    least = 0.01 * hpo__stats_quantile_sorted(s->scratch, good, 0.5) - 0.01 * s->scratch[0]; /* the difference itself may be infinite */
    for (size_t row = 0; row < hpo_history_size(history); row++) {
        bool ok = succeeded(history, row);
        since   = ok && values[row] < best - least ? 0 : since + 1;
        best    = ok && values[row] < best ? values[row] : best;
    }
    return since;
}

/* Draws a branch to search in: a parent without conditions of its own and one of its values. False when there is none. */
static bool draw_branch(const state *s, uint64_t number, size_t *parent, double *unit) {
    size_t roots = 0, drawn;
    for (size_t i = 0; i < s->d; i++)
        roots += s->space->parameters[i].is_parent && s->space->parameters[i].n_conditions == 0 && s->space->parameters[i].count > 1;
    if (roots == 0)
        return false;
    drawn = (size_t)hpo__random_below(s->seed, number, HPO__FOR_GP, 3, roots);
    for (size_t i = 0; i < s->d; i++) {
        const hpo__parameter *p = &s->space->parameters[i];
        if (!p->is_parent || p->n_conditions > 0 || p->count < 2 || drawn-- > 0)
            continue;
        *parent = i;
        *unit   = hpo__codec_encode(p, hpo__codec_value(p, hpo__random_below(s->seed, number, HPO__FOR_GP, 4, p->count)));
        return true;
    }
    return false;
}

/* The value to improve on: the best seen, or with much noise the best posterior mean at the data. Rows of the model by rising aim into s->order. */
static double incumbent(state *s) {
    double *aim = s->scratch, *rank = s->scratch + s->capacity;
    if (hpo__gp_noise(s->gp) > 0.05 * hpo__gp_signal(s->gp))
        hpo__gp_mean_at_data(s->gp, aim);
    else
        memcpy(aim, s->y, s->n * sizeof *aim);
    for (size_t k = 0; k < s->n; k++)
        aim[k] = s->labels[k] > 0 ? aim[k] : (double)INFINITY;
    hpo__stats_ranks(aim, s->n, rank, s->order);
    return aim[s->order[0]];
}

/* ---- the suggestion ---- */

static hpo_status suggest(state *s, const hpo_history *history, uint64_t number, hpo_point *out, hpo_error *err) {
    const double *unit    = hpo_history_unit(history), *pending;
    size_t        running = hpo_history_pending(history, &pending);
    double        best    = incumbent(s);
    hpo__gp_task  task    = {.gp        = s->gp,
                             .history   = history,
                             .pending   = pending,
                             .n_pending = running,
                             .repeats   = s->repeats,
                             .seed      = hpo__random_bits(s->seed, number, HPO__FOR_GP, 0),
                             .branch    = SIZE_MAX};
    double        share   = hpo__random_uniform(s->seed, number, HPO__FOR_GP, 2);
    size_t        since   = since_progress(s, history); /* uses the scratch, the order stays */
    if (share < (since >= STAGNANT ? 0.5 : 0.1) && draw_branch(s, number, &task.branch, &task.branch_unit)) {
        for (size_t k = 0; k < s->n; k++) {
            size_t j = s->order[k];
            if (s->labels[j] > 0 && unit[s->rows[j] * s->d + task.branch] == task.branch_unit) {
                best = s->y[j] > best ? s->y[j] : best;
                break;
            }
        }
    }
    for (size_t k = 0; k < s->n; k++) /* the best rows first, for the search to start from */
        s->scratch[k] = (double)s->rows[s->order[k]];
    for (size_t k = 0; k < s->n; k++)
        s->order[k] = (size_t)s->scratch[k];
    task.rows            = s->order;
    task.n_rows          = s->n;
    task.incumbent       = best;
    task.labels          = s->failures >= FAILURES_TO_MODEL ? s->labels : NULL;
    const double *found  = NULL;
    hpo_status    status = hpo__gp_search_run(s->search, &task, &found, err);
    return status == HPO_OK ? hpo_point_set_unit(out, found, s->d, err) : status;
}

static hpo_status ask(void *state_, const hpo_history *history, uint64_t number, hpo_point *out, hpo_error *err) {
    state *s = state_;
    size_t n = hpo_history_size(history);
    if (!make_room(s, n + 1))
        return hpo__fail_nomem(err);
    bool ready = number >= s->first && n >= FEWEST_DATA && s->inputs > 0;
    if (ready && !follow(s, history))
        return hpo__fail_nomem(err);
    if (ready && s->n > 0 && hpo__gp_condition(s->gp))
        return suggest(s, history, number, out, err);
    /* Nothing to model yet, or the model broke down: the design goes on. */
    const double *found   = NULL, *pending;
    size_t        running = hpo_history_pending(history, &pending);
    hpo__gp_task  task    = {.history   = history,
                             .pending   = pending,
                             .n_pending = running,
                             .repeats   = s->repeats,
                             .seed      = hpo__random_bits(s->seed, number, HPO__FOR_GP, 0),
                             .branch    = SIZE_MAX};
    initial_point(s, number, hpo__gp_search_point(s->search));
    hpo_status status = hpo__gp_search_unseen(s->search, &task, &found, err);
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
