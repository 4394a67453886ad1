/* lib/study/posterior.c: predictions and estimates against a Gaussian process of the test's own, written from the formulas and solved by elimination. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../common/draw.h"
#include "study/study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { D = 3, MOST = 60, QUERIES = 20 };

static void must(hpo_status status, const hpo_error *error) {
    if (status != HPO_OK)
        fail_msg("%s: %s", hpo_status_name(status), error->message);
}

/* x and y are real (y by its logarithm), c is one of three choices; n distinct results of a function with some noise. */
static hpo_study *random_study(draw *d, size_t n, double noise, double sign) {
    static const char *const choices[] = {"a", "b", "c"};
    hpo_error                error     = {0, 0, ""};
    hpo_space               *space     = hpo_space_new(NULL);
    hpo_study               *study     = NULL;
    hpo_space_add_float(space, "x", -2, 3, HPO_LINEAR, NULL);
    hpo_space_add_categorical(space, "c", choices, 3, NULL);
    hpo_space_add_float(space, "y", 1e-4, 1, HPO_LOG, NULL);
    must(hpo_study_new(space, &study, &error), &error);
    must(hpo_study_set(study, "direction", sign < 0 ? "maximize" : "minimize", &error), &error);
    for (size_t i = 0; i < n; i++) {
        hpo_point *point   = NULL;
        double     unit[D] = {draw_unit(d), draw_unit(d), draw_unit(d)};
        double     value   = sign * (pow(unit[0] - 0.4, 2) + 0.3 * (unit[1] < 0.5) + sin(4 * unit[2]) + noise * (draw_unit(d) - 0.5));
        must(hpo_point_new(space, &point, &error), &error);
        must(hpo_point_set_unit(point, unit, D, &error), &error);
        must(hpo_study_add(study, point, HPO_COMPLETE, &value, 1, &error), &error);
        hpo_point_free(point);
    }
    hpo_space_free(space);
    return study;
}

/* ---- a model of the test's own, from the hyperparameters that were found ---- */

typedef struct reference {
    size_t n;
    double lengths[D], a[D], b[D], signal, noise;
    double x[MOST][D], y[MOST];
} reference;

static double warped(const reference *r, size_t i, double u) {
    if (i == 1 || (r->a[i] == 1 && r->b[i] == 1))
        return u;
    u = fmin(fmax(u, 1e-7), 1 - 1e-7);
    return 1 - pow(1 - pow(u, r->a[i]), r->b[i]);
}

static double covariance(const reference *r, const double *p, const double *q) {
    double square = 0;
    for (size_t i = 0; i < D; i++) {
        double gap = i == 1 ? p[i] != q[i] : warped(r, i, p[i]) - warped(r, i, q[i]);
        square += gap * gap / (r->lengths[i] * r->lengths[i]);
    }
    return r->signal * (1 + sqrt(5 * square) + 5 * square / 3) * exp(-sqrt(5 * square));
}

static reference reference_of(const hpo_study *study) {
    const hpo__surrogate *model = study->posterior.model;
    const double         *theta = hpo__gp_theta(model->gp);
    reference             r     = {.n = model->n, .signal = exp(theta[D]), .noise = exp(theta[D + 1])};
    bool                  warps = hpo__gp_theta_size(model->gp) > D + 2;
    assert_int_equal(model->inputs, D);
    for (size_t i = 0, pair = D + 2; i < D; i++) {
        bool on      = warps && i != 1;
        r.lengths[i] = exp(theta[i]);
        r.a[i]       = on ? exp(theta[pair++]) : 1;
        r.b[i]       = on ? exp(theta[pair++]) : 1;
    }
    for (size_t j = 0; j < r.n; j++) {
        memcpy(r.x[j], study->record.unit + model->rows[j] * D, sizeof r.x[j]);
        r.y[j] = model->y[j];
    }
    return r;
}

/* Solves (K + noise I) s = right by elimination with pivots, in long double. */
static void solve(const reference *r, const double *right, double *s) {
    static long double m[MOST][MOST + 1];
    size_t             n = r->n;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++)
            m[i][j] = (long double)covariance(r, r->x[i], r->x[j]) + (i == j ? (long double)r->noise : 0);
        m[i][n] = (long double)right[i];
    }
    for (size_t k = 0; k < n; k++) {
        size_t top = k;
        for (size_t i = k + 1; i < n; i++)
            top = fabsl(m[i][k]) > fabsl(m[top][k]) ? i : top;
        for (size_t j = 0; j <= n; j++) {
            long double swap = m[k][j];
            m[k][j]          = m[top][j];
            m[top][j]        = swap;
        }
        for (size_t i = 0; i < n; i++)
            for (size_t j = n + 1; i != k && j-- > k;)
                m[i][j] -= m[i][k] / m[k][k] * m[k][j];
    }
    for (size_t i = 0; i < n; i++)
        s[i] = (double)(m[i][n] / m[i][i]);
}

/* Posterior of the curve at a point; with `own` of row j added, of the curve and that row's own effect. */
static void posterior(const reference *r, const double *point, size_t j, double own, double *mean, double *deviation) {
    double k[MOST], s[MOST], variance = r->signal + own;
    for (size_t i = 0; i < r->n; i++)
        k[i] = covariance(r, point, r->x[i]) + (i == j ? own : 0);
    solve(r, k, s);
    *mean = 0;
    for (size_t i = 0; i < r->n; i++) {
        *mean += s[i] * r->y[i];
        variance -= s[i] * k[i];
    }
    *deviation = sqrt(variance);
}

static void check(const hpo_study *study, double got, double got_deviation, double z, double s) {
    const hpo__surrogate *model = study->posterior.model;
    double                top   = -INF;
    for (size_t j = 0; j < model->n; j++)
        top = fmax(top, model->y[j]);
    double wanted = study->sign * hpo__surrogate_unwarp(model, z), deviation;
    if (z + s <= top) {
        deviation = (hpo__surrogate_unwarp(model, z + s) - hpo__surrogate_unwarp(model, z - s)) / 2;
    } else {
        z         = fmin(z, top);
        deviation = hpo__surrogate_unwarp(model, z) - hpo__surrogate_unwarp(model, z - s);
    }
    if (!(fabs(got - wanted) <= 1e-6 * (1 + fabs(wanted))) || !(fabs(got_deviation - deviation) <= 1e-5 * (1 + deviation)))
        fail_msg("mean %.12g, not %.12g; deviation %.12g, not %.12g", got, wanted, got_deviation, deviation);
}

static void predictions(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        draw       d     = {seed};
        hpo_error  error = {0, 0, ""};
        hpo_study *study = random_study(&d, (size_t)draw_between(&d, 4, 50), seed % 3 == 0 ? 0 : 0.4, seed % 2 == 0 ? 1 : -1);
        double     unit[QUERIES][D], values[QUERIES][D], mean[QUERIES], deviation[QUERIES], z, s;
        for (size_t q = 0; q < QUERIES; q++) {
            for (size_t i = 0; i < D; i++)
                unit[q][i] = draw_unit(&d);
            must(hpo_space_decode(hpo_study_space(study), unit[q], D, values[q], &error), &error);
            must(hpo_space_encode(hpo_study_space(study), values[q], D, unit[q], &error), &error);
        }
        must(hpo_study_predict(study, &values[0][0], QUERIES, mean, deviation, &error), &error);
        reference r = reference_of(study);
        for (size_t q = 0; q < QUERIES; q++) {
            posterior(&r, unit[q], SIZE_MAX, 0, &z, &s);
            check(study, mean[q], deviation[q], z, s);
        }
        hpo_study_free(study);
    }
}

/* A quarter of the nugget is the configuration's own: with one result each, that is a Gaussian process too, and the estimate is exactly its posterior. */
static void estimates(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        draw       d     = {100 + seed};
        hpo_error  error = {0, 0, ""};
        hpo_study *study = random_study(&d, (size_t)draw_between(&d, 4, 40), 0.6, seed % 2 == 0 ? 1 : -1);
        double     mean, deviation, z, s;
        must(hpo_study_estimate(study, 0, &mean, &deviation, &error), &error);
        reference r = reference_of(study);
        for (size_t j = 0; j < r.n; j++) {
            must(hpo_study_estimate(study, study->record.numbers[study->posterior.model->rows[j]], &mean, &deviation, &error), &error);
            posterior(&r, r.x[j], j, r.noise / 4, &z, &s);
            check(study, mean, deviation, z, s);
        }
        hpo_study_free(study);
    }
}

/* The warp of values and its inverse, at the data and between; neither leaves the data but beyond the best. */
static void warp_and_back(void **state) {
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        draw       d     = {200 + seed};
        hpo_error  error = {0, 0, ""};
        hpo_study *study = random_study(&d, 30, 1, 1);
        double     value = 0, low = INF, high = -INF;
        must(hpo_study_estimate(study, 0, &value, NULL, &error), &error);
        const hpo__surrogate *model = study->posterior.model;
        for (size_t j = 0; j < model->n; j++) {
            double v = study->record.values[model->rows[j]];
            assert_true(hpo__surrogate_warp(model, v) == model->y[j]);
            assert_true(hpo__surrogate_unwarp(model, model->y[j]) == v);
            low  = fmin(low, v);
            high = fmax(high, v);
        }
        for (size_t k = 0; k <= 100; k++) {
            value = low + (high - low) * (double)k / 100;
            assert_true(fabs(hpo__surrogate_unwarp(model, hpo__surrogate_warp(model, value)) - value) < 1e-12 * (1 + fabs(value)));
        }
        assert_true(hpo__surrogate_warp(model, high + 1) == hpo__surrogate_warp(model, high));
        assert_true(hpo__surrogate_warp(model, low - 1) == hpo__surrogate_warp(model, low));
        assert_true(hpo__surrogate_unwarp(model, 100) == high);
        assert_true(hpo__surrogate_unwarp(model, hpo__surrogate_warp(model, low) - 1) < low);
        hpo_study_free(study);
    }
}

/* Ends of each kind of parameter, in lengths: the centres of two cells are half the cube apart, those of four three quarters. */
static void relevances(void **state) {
    (void)state;
    static const double levels[] = {1, 2, 4, 8}, single[] = {3}, extents[] = {0.5, 1, 0, 0.75, 1, 0.5};
    enum { SIZE = sizeof extents / sizeof *extents };
    hpo_error  error = {0, 0, ""};
    hpo_space *space = hpo_space_new(NULL);
    hpo_study *study = NULL;
    draw       d     = {9};
    double     unit[SIZE], relevance[SIZE], sum = 0;
    hpo_space_add_int(space, "two", 0, 1, HPO_LINEAR, NULL);
    hpo_space_add_float(space, "real", 1e-3, 1, HPO_LOG, NULL);
    hpo_space_add_ordinal(space, "one", single, 1, NULL);
    hpo_space_add_ordinal(space, "four", levels, 4, NULL);
    hpo_space_add_bool(space, "choice", NULL);
    hpo_space_add_float(space, "steps", 0, 1, HPO_LINEAR, NULL);
    hpo_space_set_step(space, "steps", 1, NULL);
    must(hpo_study_new(space, &study, &error), &error);
    for (int k = 0; k < 40; k++) {
        hpo_point *point = NULL;
        for (size_t i = 0; i < SIZE; i++)
            unit[i] = draw_unit(&d);
        double value = unit[0] + sin(3 * unit[1]) + (unit[4] < 0.5) + draw_unit(&d);
        must(hpo_point_new(space, &point, &error), &error);
        must(hpo_point_set_unit(point, unit, SIZE, &error), &error);
        must(hpo_study_add(study, point, HPO_COMPLETE, &value, 1, &error), &error);
        hpo_point_free(point);
    }
    must(hpo_study_relevance(study, relevance, &error), &error);
    const double *theta = hpo__gp_theta(study->posterior.model->gp);
    for (size_t i = 0, k = 0; i < SIZE; i++)
        sum += i == 2 ? 0 : extents[i] / exp(theta[k++]);
    for (size_t i = 0, k = 0; i < SIZE; i++) {
        double wanted = i == 2 ? 0 : extents[i] / exp(theta[k++]) / sum;
        if (!(fabs(relevance[i] - wanted) < 1e-12))
            fail_msg("relevance of %s: %.15g, not %.15g", hpo_space_name(space, i), relevance[i], wanted);
    }
    hpo_space_free(space);
    hpo_study_free(study);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(predictions),
        cmocka_unit_test(estimates),
        cmocka_unit_test(warp_and_back),
        cmocka_unit_test(relevances),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
