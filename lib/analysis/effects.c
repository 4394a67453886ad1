/*
 * Effects of single parameters, from the trials alone.
 *
 * The values are replaced by their ranks (no scale, no outliers, infinite losses are just last). An additive model of binned effects is fitted to the ranks by
 * backfitting (Buja, Hastie & Tibshirani, Annals of Statistics 1989), so that the strong parameters do not hide the weak ones; then each parameter's partial
 * residuals are compared between its bins by the Kruskal-Wallis test. Interactions stay in the residuals: a parameter that matters only in combination may go unseen, and
 * trials that a strategy chose by their results are not independent, so the chance is a guide and no proof.
 * Cost O(n d), five rounds; memory n (d + 5) words.
 */
#include "analysis/effects.h"

#include "num/stats.h"

#include <math.h>

enum { FEWEST = 20, BINS = 4, MOST_VALUES = 8, ROUNDS = 5 };
static const uint32_t NO_GROUP = UINT32_MAX; /* inactive, or nothing to compare */

typedef struct fit {
    const hpo_study *study;
    const size_t    *rows;
    size_t           n, d;
    uint32_t        *groups;   /* d x n */
    size_t          *n_groups; /* d, 0: not judged */
    double          *rest;     /* n: ranks less all effects */
    double          *rank, *scratch;
    size_t          *order, *group;
    double          *effects, *counts; /* by group of the parameter at hand */
    size_t           most_groups;
} fit;

static double unit_of(const fit *f, size_t k, size_t i) {
    return f->study->record.unit[f->rows[k] * f->d + i];
}

static void group_by_value(fit *f, size_t i) {
    const hpo__parameter *p = &f->study->space->parameters[i];
    for (size_t k = 0; k < f->n; k++) {
        uint64_t index = 0;
        double   unit  = unit_of(f, k, i);
        if (!isnan(unit))
            hpo__codec_index(p, hpo__codec_decode(p, unit), &index);
        f->groups[i * f->n + k] = isnan(unit) ? NO_GROUP : (uint32_t)index;
    }
    f->n_groups[i] = (size_t)p->count;
}

/* Quarters by rank of the coordinate. */
static void group_by_rank(fit *f, size_t i, size_t active) {
    size_t m = 0;
    for (size_t k = 0; k < f->n; k++)
        if (!isnan(unit_of(f, k, i)))
            f->scratch[m++] = unit_of(f, k, i);
    hpo__stats_ranks(f->scratch, m, f->rank, f->order);
    m = 0;
    for (size_t k = 0; k < f->n; k++) {
        f->groups[i * f->n + k] = NO_GROUP;
        if (isnan(unit_of(f, k, i)))
            continue;
        size_t bin              = (size_t)((f->rank[m++] - 0.5) * BINS / (double)active);
        f->groups[i * f->n + k] = (uint32_t)(bin < BINS ? bin : BINS - 1);
    }
    f->n_groups[i] = BINS;
}

static void make_groups(fit *f, size_t i) {
    const hpo__parameter *p      = &f->study->space->parameters[i];
    size_t                active = 0;
    for (size_t k = 0; k < f->n; k++)
        active += isnan(unit_of(f, k, i)) ? 0 : 1;
    f->n_groups[i] = 0;
    for (size_t k = 0; k < f->n; k++)
        f->groups[i * f->n + k] = NO_GROUP;
    if (active < FEWEST || p->count == 1)
        return;
    if ((p->count > 0 && p->count <= MOST_VALUES) || p->choices != NULL)
        group_by_value(f, i);
    else
        group_by_rank(f, i, active);
}

/* Means of `values` over the groups of parameter i; the inactive are left out. */
static void group_means(fit *f, size_t i, const double *values) {
    for (size_t g = 0; g < f->n_groups[i]; g++)
        f->effects[g] = f->counts[g] = 0;
    for (size_t k = 0; k < f->n; k++) {
        uint32_t g = f->groups[i * f->n + k];
        if (g == NO_GROUP)
            continue;
        f->effects[g] += values[k];
        f->counts[g] += 1;
    }
    for (size_t g = 0; g < f->n_groups[i]; g++)
        f->effects[g] = f->counts[g] > 0 ? f->effects[g] / f->counts[g] : 0;
}

/* One round of backfitting moves what each parameter's groups still explain out of the rest; the sum of what was moved stays in `moved` (d x most_groups). */
static void backfit(fit *f, double *moved) {
    for (size_t i = 0; i < f->d; i++) {
        group_means(f, i, f->rest);
        for (size_t g = 0; g < f->n_groups[i]; g++)
            moved[i * f->most_groups + g] += f->effects[g];
        for (size_t k = 0; k < f->n; k++)
            if (f->groups[i * f->n + k] != NO_GROUP)
                f->rest[k] -= f->effects[f->groups[i * f->n + k]];
    }
}

/* Kruskal-Wallis over the groups of parameter i on the rest plus that parameter's own effect. */
static double judge(fit *f, size_t i, const double *moved) {
    size_t m = 0;
    for (size_t k = 0; k < f->n; k++) {
        uint32_t g = f->groups[i * f->n + k];
        if (g == NO_GROUP)
            continue;
        f->group[m]     = g;
        f->scratch[m++] = f->rest[k] + moved[i * f->most_groups + g];
    }
    hpo__stats_ranks(f->scratch, m, f->rank, f->order);
    return hpo__stats_kruskal_wallis(f->rank, f->group, m, f->n_groups[i], f->effects, f->counts);
}

static bool run(fit *f, double *chance) {
    const hpo__alloc *alloc = &f->study->alloc;
    f->most_groups          = BINS;
    for (size_t i = 0; i < f->d; i++) {
        make_groups(f, i);
        f->most_groups = f->n_groups[i] > f->most_groups ? f->n_groups[i] : f->most_groups;
    }
    f->effects    = hpo__alloc_new(alloc, f->most_groups, sizeof *f->effects);
    f->counts     = hpo__alloc_new(alloc, f->most_groups, sizeof *f->counts);
    double *moved = hpo__alloc_zero(alloc, f->d * f->most_groups, sizeof *moved);
    bool    made  = f->effects != NULL && f->counts != NULL && moved != NULL;
    if (made) {
        for (size_t k = 0; k < f->n; k++)
            f->scratch[k] = f->study->record.values[f->rows[k]];
        hpo__stats_ranks(f->scratch, f->n, f->rest, f->order);
        for (int round = 0; round < ROUNDS; round++)
            backfit(f, moved);
        for (size_t i = 0; i < f->d; i++)
            chance[i] = f->n_groups[i] > 0 ? judge(f, i, moved) : (double)NAN;
    }
    hpo__alloc_free(alloc, f->effects, f->most_groups, sizeof *f->effects);
    hpo__alloc_free(alloc, f->counts, f->most_groups, sizeof *f->counts);
    hpo__alloc_free(alloc, moved, f->d * f->most_groups, sizeof *moved);
    return made;
}

bool hpo__effects(const hpo_study *study, const size_t *rows, size_t n, double *chance) {
    const hpo__alloc *alloc = &study->alloc;
    fit               f     = {.study = study, .rows = rows, .n = n, .d = study->space->size};
    f.groups                = hpo__alloc_new(alloc, n * f.d, sizeof *f.groups);
    f.n_groups              = hpo__alloc_new(alloc, f.d, sizeof *f.n_groups);
    f.rest                  = hpo__alloc_new(alloc, n, sizeof *f.rest);
    f.rank                  = hpo__alloc_new(alloc, n, sizeof *f.rank);
    f.scratch               = hpo__alloc_new(alloc, n, sizeof *f.scratch);
    f.order                 = hpo__alloc_new(alloc, n, sizeof *f.order);
    f.group                 = hpo__alloc_new(alloc, n, sizeof *f.group);
    bool done               = f.groups != NULL && f.n_groups != NULL && f.rest != NULL && f.rank != NULL && f.scratch != NULL && f.order != NULL &&
                f.group != NULL && run(&f, chance);
    hpo__alloc_free(alloc, f.groups, n * f.d, sizeof *f.groups);
    hpo__alloc_free(alloc, f.n_groups, f.d, sizeof *f.n_groups);
    hpo__alloc_free(alloc, f.rest, n, sizeof *f.rest);
    hpo__alloc_free(alloc, f.rank, n, sizeof *f.rank);
    hpo__alloc_free(alloc, f.scratch, n, sizeof *f.scratch);
    hpo__alloc_free(alloc, f.order, n, sizeof *f.order);
    hpo__alloc_free(alloc, f.group, n, sizeof *f.group);
    return done;
}
