/* Random Gaussian processes over mixed inputs for the tests of lib/model, and dense linear algebra of the tests' own. Include cmocka.h first. */
#ifndef HPO_TESTS_RANDOM_MODEL_H
#define HPO_TESTS_RANDOM_MODEL_H

#include "../common/draw.h"
#include "../common/fail_alloc.h"
#include "model/gp.h"

#include <math.h>

enum { RM_INPUTS = 6, RM_POINTS = 40, RM_CHOICES = 3 };

/* Inputs x[i * n + j]; the bounds of the hyperparameters, as gp.c's header and the design state them. */
typedef struct rm_model {
    size_t     d, n;
    int        kinds[RM_INPUTS];
    double     x[RM_INPUTS * RM_POINTS], y[RM_POINTS], noise[RM_POINTS];
    bool       warp, exact;
    fail_alloc memory;
    hpo__alloc alloc;
    hpo__gp   *gp;
} rm_model;

/* Standard normal, by the polar method. */
static inline double rm_normal(draw *d) {
    double a, b, square;
    do {
        a      = 2 * draw_unit(d) - 1;
        b      = 2 * draw_unit(d) - 1;
        square = a * a + b * b;
    } while (square >= 1 || square == 0);
    return a * sqrt(-2 * log(square) / square);
}

/* A coordinate of an input; at times an end, the value of an inactive number, or -1 for an inactive choice. */
static inline double rm_coordinate(draw *d, int kind) {
    if (kind == HPO__GP_CHOICE)
        return (double)draw_between(d, -1, RM_CHOICES - 1);
    uint64_t what = draw_below(d, 12);
    return what == 0 ? 0 : what == 1 ? 1 : what == 2 ? 0.5 : draw_unit(d);
}

static inline void rm_draw_data(draw *d, size_t inputs, size_t points, rm_model *m) {
    m->d    = inputs;
    m->n    = points;
    m->warp = draw_below(d, 2) == 0;
    for (size_t i = 0; i < inputs; i++) {
        m->kinds[i] = (int)draw_below(d, 3);
        for (size_t j = 0; j < points; j++)
            m->x[i * points + j] = rm_coordinate(d, m->kinds[i]);
    }
    for (size_t j = 0; j < points; j++) {
        m->y[j]     = rm_normal(d);
        m->noise[j] = draw_below(d, 4) == 0 ? 4 : 1;
    }
}

/* Hyperparameters anywhere in the middle of their bounds. */
static inline void rm_draw_theta(draw *d, const rm_model *m, double *theta) {
    for (size_t i = 0; i < m->d; i++)
        theta[i] = -2 + 3.5 * draw_unit(d);
    theta[m->d]     = -1 + 2 * draw_unit(d);
    theta[m->d + 1] = m->exact ? log(HPO__GP_EXACT_NOISE) : -7 + 6 * draw_unit(d);
    for (size_t i = m->d + 2; i < hpo__gp_theta_size(m->gp); i++)
        theta[i] = -1.2 + 2.4 * draw_unit(d);
}

/* Makes the model and gives it the data; for rm_end(). */
static inline void rm_start(rm_model *m) {
    m->memory               = (fail_alloc){0};
    hpo_allocator allocator = fail_allocator(&m->memory);
    m->alloc                = hpo__alloc_from(&allocator);
    m->gp                   = hpo__gp_new(&m->alloc, m->kinds, m->d, m->exact);
    assert_non_null(m->gp);
    assert_true(hpo__gp_data(m->gp, m->x, m->y, m->noise, m->n, m->warp));
}

static inline void rm_end(rm_model *m) {
    hpo__gp_free(m->gp);
    assert_int_equal(m->memory.bytes, 0);
    assert_int_equal(m->memory.blocks, 0);
}

/* A conditioned model with drawn data and hyperparameters. */
static inline void rm_draw(uint64_t seed, size_t most_inputs, size_t most_points, rm_model *m) {
    draw d = {seed};
    memset(m, 0, sizeof *m);
    m->exact      = draw_below(&d, 4) == 0;
    size_t inputs = 1 + (size_t)draw_below(&d, most_inputs);
    rm_draw_data(&d, inputs, 1 + (size_t)draw_below(&d, most_points), m);
    rm_start(m);
    rm_draw_theta(&d, m, hpo__gp_theta(m->gp));
    HOLDS(hpo__gp_condition(m->gp), seed, "not positive definite");
}

/* m points x[i * m + q] for a model. */
static inline void rm_draw_points(draw *d, const rm_model *m, size_t points, double *x) {
    for (size_t i = 0; i < m->d; i++)
        for (size_t q = 0; q < points; q++)
            x[i * points + q] = rm_coordinate(d, m->kinds[i]);
}

/* Lower Cholesky factor in place of a[n][n]; false when it is not positive definite. */
static inline bool rm_cholesky(double *a, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = a[i * n + j];
            for (size_t k = 0; k < j; k++)
                sum -= a[i * n + k] * a[j * n + k];
            if (i == j && !(sum > 0))
                return false;
            a[i * n + j] = i == j ? sqrt(sum) : sum / a[j * n + j];
        }
    return true;
}

/* x := K^-1 x by the factor of K. */
static inline void rm_solve(const double *l, size_t n, double *x) {
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++)
            x[i] -= l[i * n + k] * x[k];
        x[i] /= l[i * n + i];
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = i + 1; k < n; k++)
            x[i] -= l[k * n + i] * x[k];
        x[i] /= l[i * n + i];
    }
}

static inline bool rm_finite(const double *x, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}

#endif
