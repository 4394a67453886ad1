/*
 * The posterior as data: what a Gaussian process (model/surrogate.c) of all that is finished says of configurations, whatever strategy made the trials.
 *
 * The model is a cache of the study: it follows the history when it is asked, is dropped when a setting changes, and a new one gives the same bits. It works on warped
 * values, so natural units come back through the warp: the mean is the warp's inverse at the posterior mean, which is the median in natural units, and the deviation half
 * of the interval that one standard deviation to both sides becomes. The inverse ends at the worst value seen; there the side towards the better values stands for both.
 *
 * Finished trials: what the smooth curve does not explain, of variance s, is noise or the configuration's own. Without repeats the data cannot tell; a quarter is taken
 * for the configuration's own. The posterior of a configuration with n results is then (3 curve + sum of results) / (n + 3), with variance 3 s / (4 (n + 3)) +
 * 9 (curve's variance) / (n + 3)^2: exact for n = 0 and 1, where own effect and noise are a nugget together; with repeats the curve is taken as it is. To take all for
 * noise, the usual posterior mean, chooses worse than the raw best on rugged objectives (docs/experiments.md, selection with noise).
 *
 * Cost: to follow, that of the surrogate; then O(m d) a mean and O(m^2) a deviation, m <= 256 points in the model; all finished trials O(n m d). Memory 4 m^2, 64 n
 * while a best is chosen.
 */
#include "num/linalg.h"
#include "study/study.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { BLOCK = 64 };           /* points at a time */
static const double PRIOR = 3; /* results that the curve counts as: noise per own effect */

/* ---- the cache ---- */

void hpo__posterior_drop(hpo_study *study) {
    hpo__surrogate_free(study->posterior.model);
    study->posterior = (hpo__posterior){.model = NULL, .rows = SIZE_MAX};
}

static hpo_status too_little(const hpo_study *study, hpo_error *err) {
    if (study->posterior.model->inputs == 0)
        return hpo__fail(err, HPO_E_NOT_FOUND, "there is nothing to model: no parameter has more than one value");
    if (study->posterior.model->n > 0)
        return hpo__fail(err, HPO_E_NOT_FOUND, "no model can be fitted to the %zu results that it would see", study->posterior.model->n);
    return hpo__fail(err, HPO_E_NOT_FOUND, "there is too little to model: two complete trials with finite values are needed, %llu are complete",
                     (unsigned long long)study->record.counts[HPO_COMPLETE]);
}

hpo_status hpo__posterior_follow(const hpo_study *reading, hpo_error *err) {
    hpo_study      *study  = hpo__study_writable(reading);
    hpo__posterior *p      = &study->posterior;
    hpo_history     known  = {&study->record, study->record.visible, study->record.next_number, study->seed, study->logical};
    hpo_status      usable = hpo__linalg_check(err);
    if (usable != HPO_OK)
        return usable;
    if (p->model == NULL)
        p->model = hpo__surrogate_new(study->space, study->seed, hpo__settings_is(&study->settings, "gp.noise", "none"));
    if (p->model != NULL && p->rows != known.size) {
        p->status      = hpo__surrogate_follow(p->model, &known);
        p->rows        = known.size;
        p->selected_of = 0;
    }
    if (p->model == NULL || p->status == HPO_E_NOMEM) {
        hpo__posterior_drop(study);
        return hpo__fail_nomem(err);
    }
    return p->status == HPO_OK ? HPO_OK : too_little(study, err);
}

/* ---- natural units ---- */

/* Beyond the best value a straight line may leave the range of a double. */
static double natural(const hpo__surrogate *model, double z) {
    double value = hpo__surrogate_unwarp(model, z);
    return value < -DBL_MAX ? -DBL_MAX : value > DBL_MAX ? DBL_MAX : value;
}

static double worst(const hpo__surrogate *model) {
    double z = -(double)INFINITY;
    for (size_t k = 0; k < model->n; k++)
        z = model->labels[k] > 0 && model->y[k] > z ? model->y[k] : z;
    return z;
}

static double natural_deviation(const hpo__surrogate *model, double z, double deviation, double top) {
    if (z + deviation <= top)
        return fmax(0, 0.5 * natural(model, z + deviation) - 0.5 * natural(model, z - deviation)); /* rounding may turn nothing negative */
    z = z < top ? z : top;
    return fmax(0, fmin(2 * (0.5 * natural(model, z) - 0.5 * natural(model, z - deviation)), DBL_MAX));
}

/* ---- predictions ---- */

/* Work space for a block of points: its parts are rows of d coordinates, the model's inputs, means and variances. */
typedef struct block {
    const hpo__alloc *alloc;
    size_t            size;
    double           *unit, *x, *mean, *variance;
} block;

static bool block_init(block *b, const hpo_study *study) {
    size_t d = study->space->size;
    b->alloc = &study->alloc;
    b->size  = BLOCK * (2 * d + 2);
    b->unit  = hpo__alloc_new(b->alloc, b->size, sizeof *b->unit);
    if (b->unit == NULL)
        return false;
    b->x        = b->unit + BLOCK * d;
    b->mean     = b->x + BLOCK * d;
    b->variance = b->mean + BLOCK;
    return true;
}

static void block_end(block *b) {
    hpo__alloc_free(b->alloc, b->unit, b->size, sizeof *b->unit);
}

/* Mean and, when asked for, variance of the first m rows of b->unit. */
static bool block_predict(block *b, const hpo__surrogate *model, size_t m, bool variances) {
    hpo__surrogate_inputs(model, b->unit, m, b->x);
    return hpo__gp_predict(model->gp, b->x, m, b->mean, variances ? b->variance : NULL, NULL, NULL, NULL);
}

/* The configurations as they are given, in the unit cube; all are checked before any is predicted. */
static hpo_status check_points(const hpo_study *study, const double *values, size_t m, double *unit, hpo_error *err) {
    size_t    d    = study->space->size;
    hpo_error said = {0, 0, ""};
    for (size_t q = 0; q < m; q++) {
        hpo_status status = hpo_space_encode(study->space, values + q * d, d, unit, &said);
        if (status != HPO_OK)
            return hpo__fail(err, status, "point %zu: %.480s", q, said.message);
    }
    return HPO_OK;
}

static bool predict_block(const hpo_study *study, block *b, const double *values, size_t m, double *mean, double *deviation) {
    const hpo__surrogate *model = study->posterior.model;
    size_t                d     = study->space->size;
    for (size_t q = 0; q < m; q++)
        hpo_space_encode(study->space, values + q * d, d, b->unit + q * d, NULL); /* checked before */
    if (!block_predict(b, model, m, deviation != NULL))
        return false;
    double top = worst(model);
    for (size_t q = 0; q < m; q++) {
        if (mean != NULL)
            mean[q] = study->sign * natural(model, b->mean[q]);
        if (deviation != NULL)
            deviation[q] = natural_deviation(model, b->mean[q], sqrt(b->variance[q]), top);
    }
    return true;
}

static hpo_status predict(const hpo_study *study, const double *values, size_t m, double *mean, double *deviation, hpo_error *err) {
    block b = {0};
    if (!block_init(&b, study))
        return hpo__fail_nomem(err);
    hpo_status status = check_points(study, values, m, b.unit, err);
    if (status == HPO_OK)
        status = hpo__posterior_follow(study, err);
    for (size_t start = 0; start < m && status == HPO_OK; start += BLOCK) {
        size_t count = m - start < BLOCK ? m - start : BLOCK;
        if (!predict_block(study, &b, values + start * study->space->size, count, mean != NULL ? mean + start : NULL,
                           deviation != NULL ? deviation + start : NULL))
            status = hpo__fail_nomem(err);
    }
    block_end(&b);
    return status;
}

hpo_status hpo_study_predict(const hpo_study *study, const double *values, size_t m, double *mean, double *deviation, hpo_error *err) {
    if (study == NULL || (values == NULL && m > 0))
        return hpo__fail(err, HPO_E_INVALID, "the study must not be NULL, nor values when m is not 0");
    hpo_status status = hpo__study_lock(study, err);
    if (status != HPO_OK)
        return status;
    status = predict(study, values, m, mean, deviation, err);
    hpo__study_unlock(study);
    return status;
}

/* ---- finished trials ---- */

static bool succeeded(const hpo__record *record, size_t row) {
    return record->states[row] == HPO_COMPLETE && isfinite(record->values[row]);
}

/* Smooth means, the curve of the model, of all complete rows with a finite value; NaN for the others. */
static bool smooth_means(const hpo_study *study, double *means) {
    const hpo__record    *record = &study->record;
    const hpo__surrogate *model  = study->posterior.model;
    size_t                d = record->dimensions, waiting[BLOCK], count = 0;
    block                 b    = {0};
    double               *data = hpo__alloc_new(&study->alloc, model->n, sizeof *data);
    bool                  good = data != NULL && block_init(&b, study);
    for (size_t row = 0; row < record->rows; row++)
        means[row] = (double)NAN;
    if (good)
        hpo__gp_mean_at_data(model->gp, data);
    for (size_t k = 0; k < model->n && good; k++)
        means[model->rows[k]] = model->labels[k] > 0 ? data[k] : (double)NAN;
    for (size_t row = 0; row < record->rows && good; row++) {
        if (isnan(means[row]) && succeeded(record, row)) {
            memcpy(b.unit + count * d, record->unit + row * d, d * sizeof *b.unit);
            waiting[count++] = row;
        }
        if (count < BLOCK && row + 1 < record->rows)
            continue;
        good = block_predict(&b, model, count, false);
        for (size_t q = 0; q < count && good; q++)
            means[waiting[q]] = b.mean[q];
        count = 0;
    }
    hpo__alloc_free(&study->alloc, data, model->n, sizeof *data);
    if (b.unit != NULL)
        block_end(&b);
    return good;
}

/* A configuration and all its results: the row that stands for it, the sum of its warped values, their number. */
typedef struct group {
    size_t row; /* SIZE_MAX: a free place */
    size_t n;
    double sum;
} group;

static bool same_point(const hpo__record *record, size_t a, size_t b) {
    const double *x = record->unit + a * record->dimensions, *y = record->unit + b * record->dimensions;
    for (size_t i = 0; i < record->dimensions; i++)
        if (x[i] != y[i] && !(isnan(x[i]) && isnan(y[i])))
            return false;
    return true;
}

static uint64_t hash_point(const hpo__record *record, size_t row) {
    uint64_t hash = 0;
    for (size_t i = 0; i < record->dimensions; i++) {
        double   unit = record->unit[row * record->dimensions + i];
        uint64_t bits = 1;
        if (!isnan(unit) && unit != 0) /* -0 is 0 */
            memcpy(&bits, &unit, sizeof bits);
        hash = (hash ^ (isnan(unit) ? 2 : bits)) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    return hash;
}

/* The place of a row's configuration in a table of a power of two places. */
static group *group_of(const hpo__record *record, group *groups, size_t places, size_t row) {
    size_t at = (size_t)hash_point(record, row) & (places - 1);
    while (groups[at].row != SIZE_MAX && !same_point(record, groups[at].row, row))
        at = (at + 1) & (places - 1);
    return &groups[at];
}

/* What a configuration with n results of warped sum `sum` is worth, the curve being at `smooth`: see the head of this file. */
static double pooled(double smooth, double sum, size_t n) {
    return (PRIOR * smooth + sum) / ((double)n + PRIOR);
}

hpo_status hpo__posterior_means(const hpo_study *study, double *means, hpo_error *err) {
    const hpo__record    *record = &study->record;
    const hpo__surrogate *model  = study->posterior.model;
    size_t                places = 16;
    while (places < 2 * record->rows)
        places *= 2;
    group *groups = hpo__alloc_new(&study->alloc, places, sizeof *groups);
    bool   good   = groups != NULL && smooth_means(study, means);
    for (size_t at = 0; at < places && good; at++)
        groups[at] = (group){.row = SIZE_MAX};
    for (size_t row = 0; row < record->rows && good; row++)
        if (succeeded(record, row)) {
            group *g = group_of(record, groups, places, row);
            g->row   = g->row == SIZE_MAX ? row : g->row;
            g->sum += hpo__surrogate_warp(model, record->values[row]);
            g->n++;
        }
    for (size_t row = record->rows; row-- > 0 && good;) /* backwards: the smooth mean of the row that stands for it is needed to the end */
        if (succeeded(record, row)) {
            const group *g = group_of(record, groups, places, row);
            means[row]     = pooled(means[g->row], g->sum, g->n);
        }
    hpo__alloc_free(&study->alloc, groups, places, sizeof *groups);
    return good ? HPO_OK : hpo__fail_nomem(err);
}

hpo_status hpo__posterior_best(const hpo_study *reading, size_t *best, hpo_error *err) {
    hpo_study         *study  = hpo__study_writable(reading);
    const hpo__record *record = &study->record;
    hpo__posterior    *p      = &study->posterior;
    hpo_status         status = hpo__posterior_follow(study, err);
    if (status != HPO_OK)
        return status;
    if (p->selected_of != record->counts[HPO_COMPLETE]) {
        double *means = hpo__alloc_new(&study->alloc, record->rows, sizeof *means);
        status        = means == NULL ? hpo__fail_nomem(err) : hpo__posterior_means(study, means, err);
        p->selected   = SIZE_MAX;
        for (size_t row = 0; row < record->rows && status == HPO_OK; row++)
            if (!isnan(means[row]) && (p->selected == SIZE_MAX || means[row] < means[p->selected] ||
                                       (means[row] == means[p->selected] && record->numbers[row] < record->numbers[p->selected])))
                p->selected = row;
        hpo__alloc_free(&study->alloc, means, record->rows, sizeof *means);
        p->selected_of = status == HPO_OK ? record->counts[HPO_COMPLETE] : 0;
    }
    if (status == HPO_OK)
        *best = p->selected;
    return status;
}

/* The curve at a row, exactly as smooth_means() has it. */
static bool smooth_mean(const hpo__surrogate *model, const hpo__alloc *alloc, size_t row, double *mean) {
    size_t k = 0;
    while (k < model->n && model->rows[k] != row)
        k++;
    if (k == model->n || !(model->labels[k] > 0))
        return true; /* as predicted */
    double *data = hpo__alloc_new(alloc, model->n, sizeof *data);
    if (data == NULL)
        return false;
    hpo__gp_mean_at_data(model->gp, data);
    *mean = data[k];
    hpo__alloc_free(alloc, data, model->n, sizeof *data);
    return true;
}

static hpo_status estimate(const hpo_study *study, size_t row, double *mean, double *standard_error, hpo_error *err) {
    const hpo__record *record = &study->record;
    size_t             d = record->dimensions, n = 0, first = row;
    double             sum    = 0;
    block              b      = {0};
    hpo_status         status = hpo__posterior_follow(study, err);
    if (status != HPO_OK)
        return status;
    const hpo__surrogate *model = study->posterior.model;
    if (!block_init(&b, study))
        return hpo__fail_nomem(err);
    for (size_t other = 0; other < record->rows; other++)
        if (succeeded(record, other) && same_point(record, other, row)) {
            first = n++ == 0 ? other : first;
            sum += hpo__surrogate_warp(model, record->values[other]);
        }
    memcpy(b.unit, record->unit + first * d, d * sizeof *b.unit);
    bool   good     = block_predict(&b, model, 1, true) && smooth_mean(model, &study->alloc, first, b.mean);
    double z        = pooled(b.mean[0], sum, n);
    double share    = PRIOR / ((double)n + PRIOR); /* of the curve */
    double variance = share * hpo__gp_noise(model->gp) / (PRIOR + 1) + share * share * b.variance[0];
    if (good && mean != NULL)
        *mean = study->sign * natural(model, z);
    if (good && standard_error != NULL)
        *standard_error = natural_deviation(model, z, sqrt(variance), worst(model));
    block_end(&b);
    return good ? HPO_OK : hpo__fail_nomem(err);
}

hpo_status hpo_study_estimate(const hpo_study *study, uint64_t number, double *mean, double *standard_error, hpo_error *err) {
    if (study == NULL)
        return hpo__fail(err, HPO_E_INVALID, "the study is NULL");
    hpo_status status = hpo__study_lock(study, err);
    if (status != HPO_OK)
        return status;
    size_t row = SIZE_MAX;
    status     = hpo__study_find(study, number, &row, err);
    if (status == HPO_OK)
        status = estimate(study, row, mean, standard_error, err);
    hpo__study_unlock(study);
    return status;
}

/* ---- relevance ---- */

/* How far apart the ends of a parameter are for the model, in its length-scales. */
static double extent(const hpo__parameter *p) {
    if (p->choices != NULL || p->count == 0)
        return 1;
    return hpo__codec_encode(p, hpo__codec_value(p, p->count - 1)) - hpo__codec_encode(p, hpo__codec_value(p, 0));
}

static hpo_status relevance_of(const hpo_study *study, double *relevance, hpo_error *err) {
    hpo_status status = hpo__posterior_follow(study, err);
    if (status != HPO_OK)
        return status;
    const hpo__surrogate *model = study->posterior.model;
    const double         *theta = hpo__gp_theta(model->gp);
    double                sum   = 0;
    bool                  flat  = true;
    for (size_t k = 0; k < model->n; k++)
        flat = flat && (model->y[k] == model->y[0]);
    if (flat)
        return hpo__fail(err, HPO_E_NOT_FOUND, "all values are equal: no parameter can be told to matter");
    for (size_t i = 0; i < model->inputs; i++)
        sum += extent(&study->space->parameters[model->input_of[i]]) * exp(-theta[i]);
    for (size_t i = 0; i < study->space->size; i++)
        relevance[i] = 0;
    for (size_t i = 0; i < model->inputs; i++)
        relevance[model->input_of[i]] = extent(&study->space->parameters[model->input_of[i]]) * exp(-theta[i]) / sum;
    return HPO_OK;
}

hpo_status hpo_study_relevance(const hpo_study *study, double *relevance, hpo_error *err) {
    if (study == NULL || relevance == NULL)
        return hpo__fail(err, HPO_E_INVALID, "study and relevance must not be NULL");
    hpo_status status = hpo__study_lock(study, err);
    if (status != HPO_OK)
        return status;
    status = relevance_of(study, relevance, err);
    hpo__study_unlock(study);
    return status;
}
