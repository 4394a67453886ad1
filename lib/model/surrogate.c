/*
 * From a study's history to a Gaussian process: which trials the model sees, what of them, and when its hyperparameters are fitted.
 *
 * Inputs are the unit coordinates of the parameters with more than one value, outputs the warped values (model/output.c). Failed trials enter with the worst value and
 * four times the noise. Beyond 256 finished trials the model sees 256 of them: the best 40 %, the nearest to the best 40 %, and an even sample of the rest.
 *
 * A part of the history (the trials of one branch of the space) can be modelled alone: what decides between branches must not blur what matters inside one.
 *
 * Fits depend on the history alone: they happen at fixed sizes of it (each up to 60, then ever rarer), start afresh at powers of two and from the fit before in
 * between. A new surrogate therefore replays at most the fits since the last power of two. Cost: O(m^3) to condition, m <= 256; a fit some ten times that; memory 4 m^2.
 */
#include "model/surrogate.h"

#include "model/output.h"
#include "num/random.h"
#include "num/stats.h"
#include "num/stream.h"

#include <hpo/trial.h>

#include <math.h>
#include <string.h>

enum {
    MOST_DATA      = 256,
    MOST_FRESH     = 64,
    FEWEST_DATA    = 2,
    FEWEST_IN_PART = 3,
    COLD_STEPS     = 40,
    WARM_STEPS     = 12,
    LATE_STEPS     = 6,
    LATE           = 100,
    FEW_VALUES     = 8
};
static const double FAILED_NOISE = 4, MUCH_NOISE = 0.05;

/* ---- life ---- */

/* Points that the model may have when the history has room for `capacity` trials. */
static size_t points(size_t capacity) {
    return capacity < MOST_DATA ? capacity : MOST_DATA;
}

static void free_data(hpo__surrogate *s) {
    hpo__alloc_free(&s->alloc, s->rows, s->capacity, sizeof *s->rows);
    hpo__alloc_free(&s->alloc, s->order, s->capacity, sizeof *s->order);
    hpo__alloc_free(&s->alloc, s->taken, s->capacity, sizeof *s->taken);
    hpo__alloc_free(&s->alloc, s->x, points(s->capacity) * s->inputs, sizeof *s->x);
    hpo__alloc_free(&s->alloc, s->y, 7 * s->capacity, sizeof *s->y);
    s->rows = s->order = NULL;
    s->taken           = NULL;
    s->x = s->y = NULL;
    s->capacity = 0;
}

void hpo__surrogate_free(hpo__surrogate *s) {
    if (s == NULL)
        return;
    hpo__alloc alloc = s->alloc;
    free_data(s);
    hpo__gp_free(s->gp);
    hpo__alloc_free(&alloc, s->input_of, s->d, sizeof *s->input_of);
    hpo__alloc_free(&alloc, s->kinds, s->d, sizeof *s->kinds);
    hpo__alloc_free(&alloc, s->kept, 3 * s->d + 2, sizeof *s->kept);
    hpo__alloc_free(&alloc, s, 1, sizeof *s);
}

/* The warp of an input needs more than a few values to be learned from. */
static void choose_inputs(hpo__surrogate *s) {
    for (size_t i = 0; i < s->d; i++) {
        const hpo__parameter *p = &s->space->parameters[i];
        if (p->count == 1)
            continue;
        s->kinds[s->inputs]      = p->choices != NULL ? HPO__GP_CHOICE : p->count > 0 && p->count <= FEW_VALUES ? HPO__GP_NUMERIC : HPO__GP_WARPED;
        s->input_of[s->inputs++] = i;
    }
}

hpo__surrogate *hpo__surrogate_new(const hpo_space *space, uint64_t seed, bool exact) {
    hpo__surrogate *s = hpo__alloc_zero(&space->alloc, 1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->space    = space;
    s->alloc    = space->alloc;
    s->d        = space->size;
    s->seed     = seed;
    s->part     = SIZE_MAX;
    s->input_of = hpo__alloc_new(&s->alloc, s->d, sizeof *s->input_of);
    s->kinds    = hpo__alloc_new(&s->alloc, s->d, sizeof *s->kinds);
    s->kept     = hpo__alloc_new(&s->alloc, 3 * s->d + 2, sizeof *s->kept);
    if (s->input_of != NULL && s->kinds != NULL && s->kept != NULL) {
        choose_inputs(s);
        s->gp = hpo__gp_new(&s->alloc, s->kinds, s->inputs, exact);
    }
    if (s->gp == NULL) {
        hpo__surrogate_free(s);
        return NULL;
    }
    return s;
}

static bool make_room(hpo__surrogate *s, size_t n) {
    if (n <= s->capacity)
        return true;
    size_t c = hpo__alloc_capacity(s->capacity, n);
    free_data(s);
    s->rows     = hpo__alloc_new(&s->alloc, c, sizeof *s->rows);
    s->order    = hpo__alloc_new(&s->alloc, c, sizeof *s->order);
    s->taken    = hpo__alloc_new(&s->alloc, c, sizeof *s->taken);
    s->x        = hpo__alloc_new(&s->alloc, points(c) * s->inputs, sizeof *s->x);
    s->y        = hpo__alloc_new(&s->alloc, 7 * c, sizeof *s->y);
    s->capacity = c;
    if (s->rows == NULL || s->order == NULL || s->taken == NULL || s->x == NULL || s->y == NULL) {
        free_data(s);
        return false;
    }
    s->noise   = s->y + c;
    s->labels  = s->y + 2 * c;
    s->raw     = s->y + 3 * c;
    s->scratch = s->y + 4 * c;
    return true;
}

/* ---- data ---- */

bool hpo__surrogate_succeeded(const hpo_history *history, size_t row) {
    return hpo_history_states(history)[row] == HPO_COMPLETE && isfinite(hpo_history_values(history)[row]);
}

double hpo__surrogate_input(const hpo__surrogate *s, const double *unit, size_t i) {
    double u = unit[s->input_of[i]];
    return !isnan(u) ? u : s->kinds[i] == HPO__GP_CHOICE ? -1 : 0.5;
}

void hpo__surrogate_inputs(const hpo__surrogate *s, const double *unit, size_t m, double *x) {
    for (size_t i = 0; i < s->inputs; i++)
        for (size_t q = 0; q < m; q++)
            x[i * m + q] = hpo__surrogate_input(s, unit + q * s->d, i);
}

static double gap(const hpo__surrogate *s, const double *a, const double *b) {
    double sum = 0;
    for (size_t i = 0; i < s->inputs; i++) {
        double difference = hpo__surrogate_input(s, a, i) - hpo__surrogate_input(s, b, i);
        sum += s->kinds[i] == HPO__GP_CHOICE ? difference != 0 : difference * difference;
    }
    return sum;
}

/* Marks the rows that the model may not have, and lists the others; returns how many. */
static size_t rows_of_part(hpo__surrogate *s, const hpo_history *history, size_t n) {
    const double *unit = hpo_history_unit(history);
    size_t        used = 0;
    for (size_t row = 0; row < n; row++) {
        s->taken[row] = s->part != SIZE_MAX && unit[row * s->d + s->part] != s->part_unit;
        if (!s->taken[row])
            s->rows[used++] = row;
    }
    return used;
}

/* Chooses which of the first n rows the model sees, `most` at most, into s->rows; returns how many. */
static size_t choose_rows(hpo__surrogate *s, const hpo_history *history, size_t n, size_t most) {
    size_t all = rows_of_part(s, history, n);
    if (all <= most)
        return all;
    const double *unit = hpo_history_unit(history), *values = hpo_history_values(history);
    double       *key   = s->scratch;
    bool         *taken = s->taken;
    size_t        used  = 0;
    for (size_t row = 0; row < n; row++)
        key[row] = hpo__surrogate_succeeded(history, row) ? values[row] : (double)INFINITY;
    used += hpo__stats_smallest(key, taken, n, most * 2 / 5, s->rows);
    for (size_t k = 0; k < used; k++)
        taken[s->rows[k]] = true;
    const double *best = unit + s->rows[0] * s->d;
    for (size_t row = 0; row < n; row++)
        key[row] = taken[row] ? 0 : gap(s, unit + row * s->d, best);
    used += hpo__stats_smallest(key, taken, n, most * 4 / 5 - used, s->rows + used);
    for (size_t k = 0; k < used; k++)
        taken[s->rows[k]] = true;
    for (size_t row = 0, k = 0, left = most - used, others = all - used; row < n; row++) {
        if (taken[row])
            continue;
        if ((k + 1) * left / others > k * left / others)
            s->rows[used++] = row;
        k++;
    }
    return used;
}

/* Loads the first n rows, or `most` of them, into the model; false when out of memory. Leaves s->n at 0 when there is too little to model. */
static bool load(hpo__surrogate *s, const hpo_history *history, size_t n, size_t most) {
    const double *unit = hpo_history_unit(history), *values = hpo_history_values(history);
    if (!make_room(s, n + 1))
        return false;
    size_t m = choose_rows(s, history, n, most), good = 0, active = 0;
    double worst = -(double)INFINITY, *raw = s->scratch, *warped = s->scratch + s->capacity;
    for (size_t k = 0; k < m; k++)
        if (hpo__surrogate_succeeded(history, s->rows[k]))
            raw[good++] = values[s->rows[k]];
    s->n        = 0;
    s->failures = m - good;
    if (good < FEWEST_DATA || s->inputs == 0)
        return true;
    /* warped and its work space overlap nothing: scratch has 3 parts, noise, labels and raw are filled below */
    hpo__output_warp(raw, good, warped, s->order, s->noise);
    for (size_t k = 0; k < good; k++)
        worst = warped[k] > worst ? warped[k] : worst;
    for (size_t k = 0, g = 0; k < m; k++) {
        bool ok      = hpo__surrogate_succeeded(history, s->rows[k]);
        s->raw[k]    = ok ? raw[g] : (double)NAN;
        s->y[k]      = ok ? warped[g++] : worst;
        s->noise[k]  = ok ? 1 : FAILED_NOISE;
        s->labels[k] = ok ? 1 : -1;
        for (size_t i = 0; i < s->inputs; i++) {
            s->x[i * m + k] = hpo__surrogate_input(s, unit + s->rows[k] * s->d, i);
            active += isnan(unit[s->rows[k] * s->d + s->input_of[i]]) ? 0 : 1;
        }
    }
    s->n = m;
    hpo__gp_prior_inputs(s->gp, (double)active / (double)m);
    size_t known = s->part == SIZE_MAX ? n : m; /* trials that a warp can be learned from */
    return hpo__gp_data(s->gp, s->x, s->y, s->noise, m, known >= 10 && known >= 2 * s->inputs);
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
static void fit_afresh(hpo__surrogate *s, size_t size) {
    size_t  n     = hpo__gp_theta_size(s->gp);
    double *theta = hpo__gp_theta(s->gp);
    hpo__gp_theta_start(s->gp);
    double first = hpo__gp_fit(s->gp, COLD_STEPS);
    memcpy(s->kept, theta, n * sizeof *theta);
    hpo__gp_theta_start(s->gp);
    hpo__stream stream;
    hpo__stream_start(&stream, hpo__random_bits(s->seed, size, HPO__FOR_GP, 6));
    for (size_t i = 0; i < s->inputs; i++)
        theta[i] += 0.7 * hpo__stream_normal(&stream);
    if (!(hpo__gp_fit(s->gp, COLD_STEPS) > first))
        memcpy(theta, s->kept, n * sizeof *theta);
}

/* A fresh fit starts with few points, where steps are cheap, and ends with all. */
static bool fit_at(hpo__surrogate *s, const hpo_history *history, size_t size) {
    bool fresh = size == power_below(size);
    if (fresh && !load(s, history, size, MOST_FRESH))
        return false;
    if (fresh && s->n > 0)
        fit_afresh(s, size);
    if ((!fresh || size > MOST_FRESH) && !load(s, history, size, MOST_DATA))
        return false;
    if ((!fresh || size > MOST_FRESH) && s->n > 0)
        hpo__gp_fit(s->gp, size > LATE ? LATE_STEPS : WARM_STEPS); /* later, each step costs more and moves less */
    s->fitted = size;
    return true;
}

static bool fit_all(hpo__surrogate *s, const hpo_history *history, size_t n) {
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

hpo_status hpo__surrogate_follow(hpo__surrogate *s, const hpo_history *history) {
    size_t n = hpo_history_size(history);
    s->n     = 0;
    if (n < FEWEST_DATA)
        return HPO_EXHAUSTED;
    if (!fit_all(s, history, n))
        return HPO_E_NOMEM;
    return s->n > 0 && hpo__gp_condition(s->gp) ? HPO_OK : HPO_EXHAUSTED;
}

hpo_status hpo__surrogate_fit_part(hpo__surrogate *s, const hpo_history *history, size_t parameter, double unit) {
    size_t n     = hpo_history_size(history);
    s->part      = parameter;
    s->part_unit = unit;
    if (!load(s, history, n, MOST_FRESH))
        return HPO_E_NOMEM;
    if (s->n < FEWEST_IN_PART)
        return HPO_EXHAUSTED;
    fit_afresh(s, n);
    return hpo__gp_condition(s->gp) ? HPO_OK : HPO_EXHAUSTED;
}

/* ---- values ---- */

double hpo__surrogate_incumbent(hpo__surrogate *s) {
    double *aim = s->scratch, *rank = s->scratch + s->capacity;
    if (hpo__gp_noise(s->gp) > MUCH_NOISE * hpo__gp_signal(s->gp))
        hpo__gp_mean_at_data(s->gp, aim);
    else
        memcpy(aim, s->y, s->n * sizeof *aim);
    for (size_t k = 0; k < s->n; k++)
        aim[k] = s->labels[k] > 0 ? aim[k] : (double)INFINITY;
    hpo__stats_ranks(aim, s->n, rank, s->order);
    return aim[s->order[0]];
}

/* Points next to `value` on both sides in the column `by` (y or raw), failures left out; SIZE_MAX where there is none. */
static void neighbours(const hpo__surrogate *s, const double *by, double value, size_t *lower, size_t *upper) {
    *lower = *upper = SIZE_MAX;
    for (size_t k = 0; k < s->n; k++) {
        if (!(s->labels[k] > 0))
            continue;
        if (by[k] <= value && (*lower == SIZE_MAX || by[k] > by[*lower]))
            *lower = k;
        if (by[k] > value && (*upper == SIZE_MAX || by[k] < by[*upper]))
            *upper = k;
    }
}

double hpo__surrogate_warp(const hpo__surrogate *s, double value) {
    size_t lower, upper;
    neighbours(s, s->raw, value, &lower, &upper);
    if (lower == SIZE_MAX || upper == SIZE_MAX)
        return lower != SIZE_MAX ? s->y[lower] : upper != SIZE_MAX ? s->y[upper] : (double)NAN;
    double share = (0.5 * value - 0.5 * s->raw[lower]) / (0.5 * s->raw[upper] - 0.5 * s->raw[lower]); /* the differences may overflow */
    return (1 - share) * s->y[lower] + share * s->y[upper];
}

double hpo__surrogate_unwarp(const hpo__surrogate *s, double z) {
    size_t lower, upper, next;
    neighbours(s, s->y, z, &lower, &upper);
    if (upper == SIZE_MAX)
        return lower == SIZE_MAX ? (double)NAN : s->raw[lower];
    if (lower == SIZE_MAX) {
        lower = upper;
        neighbours(s, s->y, s->y[lower], &next, &upper);
        if (upper == SIZE_MAX) /* all values are equal: there is no scale */
            return s->raw[lower];
    }
    double share = (z - s->y[lower]) / (s->y[upper] - s->y[lower]);
    if (share < 0) /* beyond the best; the slope may be beyond a double's range */
        return s->raw[lower] + 2 * share * (0.5 * s->raw[upper] - 0.5 * s->raw[lower]);
    return (1 - share) * s->raw[lower] + share * s->raw[upper];
}
