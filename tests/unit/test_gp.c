/* lib/model/gp.c: known answers (tests/golden/make_model.py), gradients against finite differences, leave-one-out against refits, and what no data may break. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../golden/model.h"
#include "random_model.h"

#include <stdio.h>
#include <stdlib.h>

enum { GOLDEN = sizeof golden_gp / sizeof *golden_gp, QUERIES = 4, MOST = 40 };

static bool close_to(double got, double wanted, double tolerance) {
    return fabs(got - wanted) <= tolerance * (1 + fabs(wanted));
}

#define CLOSE(got, wanted, tolerance, where)                                                                                                         \
    HOLDS(close_to(got, wanted, tolerance), where, "%.17g, not %.17g (of %u: line %d)", (double)(got), (double)(wanted), (unsigned)GOLDEN, __LINE__)

/* ---- known answers ---- */

static void load_golden(size_t g, rm_model *m) {
    memset(m, 0, sizeof *m);
    m->d     = golden_gp[g].d;
    m->n     = golden_gp[g].n;
    m->warp  = golden_gp[g].warp != 0;
    m->exact = golden_gp[g].exact != 0;
    memcpy(m->kinds, golden_gp[g].kinds, m->d * sizeof *m->kinds);
    memcpy(m->x, golden_gp[g].x, m->d * m->n * sizeof *m->x);
    memcpy(m->y, golden_gp[g].y, m->n * sizeof *m->y);
    memcpy(m->noise, golden_gp[g].noise, m->n * sizeof *m->noise);
    rm_start(m);
    memcpy(hpo__gp_theta(m->gp), golden_gp[g].theta, hpo__gp_theta_size(m->gp) * sizeof(double));
}

/* Without data the posterior is the prior; the difference is the likelihood. */
static void known_posterior(void **state) {
    (void)state;
    for (size_t g = 0; g < GOLDEN; g++) {
        rm_model m;
        load_golden(g, &m);
        const double *theta = hpo__gp_theta(m.gp);
        double        both  = hpo__gp_log_posterior(m.gp, theta, NULL);
        assert_true(hpo__gp_data(m.gp, m.x, m.y, m.noise, 0, m.warp));
        double prior = hpo__gp_log_posterior(m.gp, theta, NULL);
        CLOSE(prior, golden_gp[g].prior, 1e-13, g);
        CLOSE(both - prior, golden_gp[g].likelihood, 1e-8, g);
        rm_end(&m);
    }
}

static void known_predictions(void **state) {
    (void)state;
    for (size_t g = 0; g < GOLDEN; g++) {
        rm_model m;
        double   mean[QUERIES], variance[QUERIES], other[QUERIES], weights[MOST];
        load_golden(g, &m);
        assert_true(hpo__gp_condition(m.gp));
        hpo__gp_weights_of(m.gp, golden_gp[g].labels, weights);
        assert_true(hpo__gp_predict(m.gp, golden_gp[g].queries, QUERIES, mean, variance, weights, other, NULL));
        for (size_t q = 0; q < QUERIES; q++) {
            CLOSE(mean[q], golden_gp[g].mean[q], 1e-8, g);
            CLOSE(variance[q], golden_gp[g].variance[q], 1e-9, g);
            CLOSE(other[q], golden_gp[g].other[q], 1e-8, g);
            CLOSE(hpo__gp_covariance(m.gp, golden_gp[g].queries, QUERIES, 0, golden_gp[g].queries, QUERIES, q), golden_gp[g].kernel[q], 1e-13, g);
        }
        rm_end(&m);
    }
}

static void known_leave_one_out(void **state) {
    (void)state;
    for (size_t g = 0; g < GOLDEN; g++) {
        rm_model m;
        double   mean[MOST], variance[MOST];
        load_golden(g, &m);
        assert_true(hpo__gp_condition(m.gp));
        assert_true(hpo__gp_leave_one_out(m.gp, mean, variance));
        for (size_t j = 0; j < m.n; j++) {
            CLOSE(mean[j], golden_gp[g].left_out_mean[j], 1e-8, g);
            CLOSE(variance[j], golden_gp[g].left_out_variance[j], 1e-8, g);
        }
        rm_end(&m);
    }
}

/* ---- the posterior of the hyperparameters ---- */

/* By the five-point formula. */
static double slope(rm_model *m, double *theta, size_t i) {
    const double step = 2e-4, kept = theta[i];
    double       at[4];
    for (int k = 0; k < 4; k++) {
        theta[i] = kept + step * (k < 2 ? k - 2 : k - 1);
        at[k]    = hpo__gp_log_posterior(m->gp, theta, NULL);
    }
    theta[i] = kept;
    return (at[0] - 8 * at[1] + 8 * at[2] - at[3]) / (12 * step);
}

static void gradient_is_the_slope(void **state) {
    (void)state;
    size_t warped = 0;
    for (uint64_t seed = 0; seed < 300; seed++) {
        rm_model m;
        double   theta[3 * RM_INPUTS + 2], gradient[3 * RM_INPUTS + 2], largest = 1;
        rm_draw(seed, RM_INPUTS, 25, &m);
        size_t size = hpo__gp_theta_size(m.gp);
        memcpy(theta, hpo__gp_theta(m.gp), size * sizeof *theta);
        double value = hpo__gp_log_posterior(m.gp, theta, gradient);
        HOLDS(isfinite(value) && value == hpo__gp_log_posterior(m.gp, theta, NULL), seed, "%g", value);
        for (size_t i = 0; i < size; i++)
            largest = fmax(largest, fabs(gradient[i]));
        for (size_t i = 0; i < size; i++) {
            if (m.exact && i == m.d + 1)
                continue; /* fixed: its slope is not wanted */
            double wanted = slope(&m, theta, i);
            /* the last term: what rounding leaves of a difference, where exact twins that differ make the posterior minus millions */
            double allowed = 1e-5 * (fabs(wanted) + 1e-3 * largest) + 1e-6 * fmax(0, fabs(value) - 1e3);
            HOLDS(fabs(gradient[i] - wanted) <= allowed, seed, "hyperparameter %zu of %zu (d %zu): %.10g, not %.10g", i, size, m.d, gradient[i],
                  wanted);
        }
        warped += size > m.d + 2;
        rm_end(&m);
    }
    assert_true(warped > 50 && warped < 250);
}

static double clip(double value, double low, double high) {
    return value < low ? low : value > high ? high : value;
}

static void check_bounds(const rm_model *m, uint64_t seed, double *theta, bool force) {
    for (size_t i = 0; i < hpo__gp_theta_size(m->gp); i++) {
        double low = log(0.25), high = log(4);
        if (i < m->d) {
            low  = log(m->kinds[i] == HPO__GP_CHOICE ? 0.1 : 0.025);
            high = log(1e3);
        } else if (i == m->d) {
            low  = log(0.05);
            high = log(20);
        } else if (i == m->d + 1) {
            low  = log(m->exact ? HPO__GP_EXACT_NOISE : HPO__GP_LEAST_NOISE);
            high = m->exact ? low : 0;
        }
        if (force)
            theta[i] = clip(theta[i], low, high);
        HOLDS(theta[i] >= low - 1e-12 && theta[i] <= high + 1e-12, seed, "hyperparameter %zu of %zu inputs: %g", i, m->d, theta[i]);
    }
}

/* From starts inside and outside the bounds. */
static void fit_improves_within_bounds(void **state) {
    (void)state;
    size_t moved = 0;
    for (uint64_t seed = 0; seed < 150; seed++) {
        rm_model m;
        draw     d = {seed + 1};
        double   start[3 * RM_INPUTS + 2];
        rm_draw(seed, RM_INPUTS, 30, &m);
        double *theta = hpo__gp_theta(m.gp);
        for (size_t i = 0; i < hpo__gp_theta_size(m.gp) && seed % 3 == 0; i++)
            theta[i] = 12 * draw_unit(&d) - 6;
        memcpy(start, theta, hpo__gp_theta_size(m.gp) * sizeof *start);
        check_bounds(&m, seed, start, true);
        double before = hpo__gp_log_posterior(m.gp, start, NULL);
        double after  = hpo__gp_fit(m.gp, seed % 4 == 0 ? 1 : 30);
        HOLDS(after >= before - 1e-9 * fabs(before), seed, "from %.12g to %.12g", before, after);
        HOLDS(close_to(hpo__gp_log_posterior(m.gp, theta, NULL), after, 1e-12), seed, "%.17g is not what was promised", after);
        check_bounds(&m, seed, theta, false);
        moved += after > before + 0.1;
        rm_end(&m);
    }
    assert_true(moved > 75);
}

static void fit_is_repeatable(void **state) {
    (void)state;
    rm_model first, second;
    rm_draw(5, RM_INPUTS, 30, &first);
    rm_draw(5, RM_INPUTS, 30, &second);
    assert_true(hpo__gp_fit(first.gp, 40) == hpo__gp_fit(second.gp, 40));
    assert_memory_equal(hpo__gp_theta(first.gp), hpo__gp_theta(second.gp), hpo__gp_theta_size(first.gp) * sizeof(double));
    rm_end(&first);
    rm_end(&second);
}

/* Important inputs get short lengths, useless ones long ones; in more inputs than matter. */
static void lengths_tell_relevance(void **state) {
    (void)state;
    enum { N = 40 };
    for (uint64_t seed = 0; seed < 5; seed++) {
        draw     d = {seed};
        rm_model m;
        memset(&m, 0, sizeof m);
        m.d                = 5;
        m.n                = N;
        const int kinds[5] = {HPO__GP_NUMERIC, HPO__GP_NUMERIC, HPO__GP_NUMERIC, HPO__GP_CHOICE, HPO__GP_CHOICE};
        memcpy(m.kinds, kinds, sizeof kinds);
        for (size_t j = 0; j < N; j++) {
            for (size_t i = 0; i < m.d; i++)
                m.x[i * N + j] = i < 3 ? draw_unit(&d) : (double)draw_below(&d, 3);
            m.y[j]     = sin(9 * m.x[j]) + 0.7 * m.x[N + j] + (m.x[3 * N + j] == 1 ? 1.2 : 0);
            m.noise[j] = 1;
        }
        rm_start(&m);
        assert_true(isfinite(hpo__gp_fit(m.gp, 60)));
        const double *length = hpo__gp_theta(m.gp);
        HOLDS(length[0] < length[1] - 0.5 && length[1] < length[2] - 0.5, seed, "lengths e^%g, e^%g, e^%g", length[0], length[1], length[2]);
        HOLDS(length[3] < length[4] - 0.5, seed, "lengths of choices e^%g, e^%g", length[3], length[4]);
        HOLDS(hpo__gp_noise(m.gp) < 0.01, seed, "noise %g where there is none", hpo__gp_noise(m.gp));
        rm_end(&m);
    }
}

/* The noise is found to be about what it was. */
static void fit_finds_the_noise(void **state) {
    (void)state;
    draw     d = {9};
    rm_model m;
    memset(&m, 0, sizeof m);
    m.d = 1;
    m.n = MOST;
    for (size_t j = 0; j < m.n; j++) {
        m.x[j]     = ((double)j + 0.5) / (double)m.n;
        m.y[j]     = 1.3 * sin(5 * m.x[j]) + 0.5 * rm_normal(&d);
        m.noise[j] = 1;
    }
    rm_start(&m);
    hpo__gp_fit(m.gp, 60);
    assert_true(hpo__gp_noise(m.gp) > 0.12 && hpo__gp_noise(m.gp) < 0.45);
    rm_end(&m);
}

/* ---- predictions ---- */

static void remove_point(const rm_model *m, size_t gone, rm_model *rest) {
    *rest   = *m;
    rest->n = m->n - 1;
    for (size_t j = 0, k = 0; j < m->n; j++) {
        if (j == gone)
            continue;
        for (size_t i = 0; i < m->d; i++)
            rest->x[i * rest->n + k] = m->x[i * m->n + j];
        rest->y[k]       = m->y[j];
        rest->noise[k++] = m->noise[j];
    }
}

static void leave_one_out_is_a_refit(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        rm_model m, rest;
        double   mean[MOST], variance[MOST], at[RM_INPUTS], refit_mean, refit_variance;
        rm_draw(seed, RM_INPUTS, 20, &m);
        assert_true(hpo__gp_leave_one_out(m.gp, mean, NULL) && hpo__gp_leave_one_out(m.gp, mean, variance));
        for (size_t j = 0; j < m.n; j++) {
            remove_point(&m, j, &rest);
            rm_start(&rest);
            memcpy(hpo__gp_theta(rest.gp), hpo__gp_theta(m.gp), hpo__gp_theta_size(m.gp) * sizeof(double));
            for (size_t i = 0; i < m.d; i++)
                at[i] = m.x[i * m.n + j];
            assert_true(hpo__gp_condition(rest.gp));
            assert_true(hpo__gp_predict(rest.gp, at, 1, &refit_mean, &refit_variance, NULL, NULL, NULL));
            double own = hpo__gp_noise(m.gp) * m.noise[j];
            HOLDS(fabs(mean[j] - refit_mean) < 1e-6 * (1 + fabs(refit_mean)), seed, "point %zu: mean %.12g, refitted %.12g", j, mean[j], refit_mean);
            HOLDS(fabs(variance[j] / (refit_variance + own) - 1) < 1e-5, seed, "point %zu: variance %.12g, refitted %.12g", j, variance[j],
                  refit_variance + own);
            rm_end(&rest);
        }
        rm_end(&m);
    }
}

/* The function's own posterior at the data: by the short formula as by prediction. */
static void data_are_met(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        rm_model m;
        double   shortly[MOST], mean[MOST], variance[MOST];
        rm_draw(seed, RM_INPUTS, 30, &m);
        hpo__gp_mean_at_data(m.gp, shortly);
        assert_true(hpo__gp_predict(m.gp, m.x, m.n, mean, variance, NULL, NULL, NULL));
        for (size_t j = 0; j < m.n; j++) {
            HOLDS(fabs(shortly[j] - mean[j]) < 1e-7, seed, "point %zu: %.12g and %.12g", j, shortly[j], mean[j]);
            HOLDS(variance[j] > 0 && variance[j] <= hpo__gp_noise(m.gp) * m.noise[j] * (1 + 1e-6) + 1e-9, seed, "point %zu: variance %g", j,
                  variance[j]);
        }
        rm_end(&m);
    }
}

/* With next to no noise the mean goes through values of a function that is no rougher than the kernel. */
static void exact_data_are_interpolated(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        rm_model m;
        double   mean[MOST];
        rm_draw(seed, RM_INPUTS, 30, &m);
        for (size_t j = 0; j < m.n && m.exact; j++) {
            m.y[j] = 0;
            for (size_t i = 0; i < m.d; i++)
                m.y[j] += sin(m.x[i * m.n + j] + (double)i);
        }
        assert_true(hpo__gp_data(m.gp, m.x, m.y, m.noise, m.n, m.warp) && hpo__gp_condition(m.gp));
        assert_true(hpo__gp_predict(m.gp, m.x, m.n, mean, NULL, NULL, NULL, NULL));
        for (size_t j = 0; j < m.n && m.exact; j++)
            HOLDS(fabs(mean[j] - m.y[j]) < 2e-3, seed, "point %zu: %.12g at an exact value of %.12g", j, mean[j], m.y[j]);
        rm_end(&m);
    }
}

/* All outputs together, each alone, in blocks and one by one: the same bits. Far away the prior comes back. */
static void predictions_agree(void **state) {
    (void)state;
    enum { M = 150 };
    for (uint64_t seed = 0; seed < 20; seed++) {
        rm_model      m;
        draw          d = {seed + 77};
        static double x[RM_INPUTS * M], mean[M], variance[M], other[M], v[RM_POINTS * M], alone[M];
        double        labels[MOST], weights[MOST], at[RM_INPUTS], one_mean, one_variance, one_other, own[RM_POINTS];
        rm_draw(seed, RM_INPUTS, RM_POINTS, &m);
        rm_draw_points(&d, &m, M, x);
        for (size_t j = 0; j < m.n; j++)
            labels[j] = draw_below(&d, 2) == 0 ? 1 : -1;
        hpo__gp_weights_of(m.gp, labels, weights);
        assert_true(hpo__gp_predict(m.gp, x, M, mean, variance, weights, other, v));
        assert_true(hpo__gp_predict(m.gp, x, M, alone, NULL, NULL, NULL, NULL));
        assert_memory_equal(alone, mean, sizeof mean);
        assert_true(hpo__gp_predict(m.gp, x, M, NULL, alone, NULL, NULL, NULL));
        assert_memory_equal(alone, variance, sizeof variance);
        for (size_t q = 0; q < M; q += 7) {
            double squares = 0;
            for (size_t i = 0; i < m.d; i++)
                at[i] = x[i * M + q];
            assert_true(hpo__gp_predict(m.gp, at, 1, &one_mean, &one_variance, weights, &one_other, own));
            HOLDS(one_mean == mean[q] && one_variance == variance[q] && one_other == other[q], seed, "point %zu alone: %.17g, among many %.17g", q,
                  one_mean, mean[q]);
            for (size_t j = 0; j < m.n; j++) {
                HOLDS(own[j] == v[j * M + q], seed, "solved covariance %zu of point %zu", j, q);
                squares += own[j] * own[j];
            }
            double left = hpo__gp_signal(m.gp) - squares;
            HOLDS(fabs(left - variance[q]) < 1e-9 || (left < 1e-9 && variance[q] < 1e-8), seed, "variance %g, %g by its covariances", variance[q],
                  left);
        }
        rm_end(&m);
    }
}

/* Symmetric, largest at no distance, and positive semidefinite on sets with twins. */
static void covariance_is_a_kernel(void **state) {
    (void)state;
    enum { M = 30 };
    for (uint64_t seed = 0; seed < 200; seed++) {
        rm_model m;
        draw     d = {seed + 5};
        double   x[RM_INPUTS * M], k[M * M];
        rm_draw(seed, RM_INPUTS, 5, &m);
        rm_draw_points(&d, &m, M, x);
        for (size_t i = 0; i < m.d; i++)
            x[i * M + 1] = x[i * M];
        double signal = hpo__gp_signal(m.gp);
        for (size_t a = 0; a < M; a++)
            for (size_t b = 0; b < M; b++) {
                k[a * M + b] = hpo__gp_covariance(m.gp, x, M, a, x, M, b);
                HOLDS(k[a * M + b] >= 0 && k[a * M + b] <= signal, seed, "covariance %g, signal %g", k[a * M + b], signal);
                HOLDS(k[a * M + b] == hpo__gp_covariance(m.gp, x, M, b, x, M, a), seed, "points %zu and %zu", a, b);
            }
        HOLDS(fabs(k[0] - signal) <= 1e-12 * signal && k[1] == k[0], seed, "%g at no distance, signal %g", k[0], signal);
        for (size_t a = 0; a < M; a++)
            k[a * M + a] += 1e-10 * signal;
        HOLDS(rm_cholesky(k, M), seed, "not positive semidefinite");
        rm_end(&m);
    }
}

/* Means and variances again, with the tests' own linear algebra over the model's covariances. */
static void predictions_follow_from_covariances(void **state) {
    (void)state;
    enum { M = 12 };
    for (uint64_t seed = 0; seed < 60; seed++) {
        rm_model      m;
        draw          d = {seed + 31};
        static double k[RM_POINTS * RM_POINTS];
        double        x[RM_INPUTS * M], mean[M], variance[M], c[RM_POINTS], solved[RM_POINTS];
        rm_draw(seed, RM_INPUTS, RM_POINTS, &m);
        rm_draw_points(&d, &m, M, x);
        assert_true(hpo__gp_predict(m.gp, x, M, mean, variance, NULL, NULL, NULL));
        for (size_t a = 0; a < m.n; a++)
            for (size_t b = 0; b < m.n; b++)
                k[a * m.n + b] = hpo__gp_covariance(m.gp, m.x, m.n, a, m.x, m.n, b) + (a == b ? hpo__gp_noise(m.gp) * m.noise[a] : 0);
        assert_true(rm_cholesky(k, m.n));
        for (size_t q = 0; q < M; q++) {
            double wanted = 0, left = hpo__gp_signal(m.gp);
            for (size_t j = 0; j < m.n; j++)
                c[j] = solved[j] = hpo__gp_covariance(m.gp, m.x, m.n, j, x, M, q);
            rm_solve(k, m.n, solved);
            for (size_t j = 0; j < m.n; j++) {
                wanted += solved[j] * m.y[j];
                left -= solved[j] * c[j];
            }
            HOLDS(fabs(mean[q] - wanted) < 1e-7 * (1 + fabs(wanted)), seed, "mean %.12g, not %.12g", mean[q], wanted);
            HOLDS(fabs(variance[q] - left) < 1e-8 * hpo__gp_signal(m.gp), seed, "variance %.12g, not %.12g", variance[q], left);
        }
        rm_end(&m);
    }
}

/* ---- data that could break it ---- */

/* Fits, conditions and predicts: all finite. `steps` of the fit. */
static void survive(const int *kinds, size_t d, size_t n, const double *x, const double *y, bool exact, bool warp, size_t steps) {
    fail_alloc    memory    = {0};
    hpo_allocator allocator = fail_allocator(&memory);
    hpo__alloc    alloc     = hpo__alloc_from(&allocator);
    hpo__gp      *gp        = hpo__gp_new(&alloc, kinds, d, exact);
    double       *noise = malloc(n * sizeof *noise), *mean = malloc(n * sizeof *mean), *variance = malloc(n * sizeof *variance);
    assert_true(gp != NULL && noise != NULL && mean != NULL && variance != NULL);
    for (size_t j = 0; j < n; j++)
        noise[j] = 1;
    assert_true(hpo__gp_data(gp, x, y, noise, n, warp));
    hpo__gp_theta_start(gp);
    double reached = hpo__gp_fit(gp, steps);
    assert_true(isfinite(reached));
    assert_true(rm_finite(hpo__gp_theta(gp), hpo__gp_theta_size(gp)));
    assert_true(hpo__gp_condition(gp));
    assert_true(rm_finite(hpo__gp_weights(gp), n));
    assert_true(hpo__gp_predict(gp, x, n, mean, variance, NULL, NULL, NULL));
    assert_true(rm_finite(mean, n) && rm_finite(variance, n));
    for (size_t j = 0; j < n; j++)
        assert_true(variance[j] > 0 && fabs(mean[j]) < 1e3);
    assert_true(hpo__gp_leave_one_out(gp, mean, variance));
    assert_true(rm_finite(mean, n) && rm_finite(variance, n));
    free(noise);
    free(mean);
    free(variance);
    hpo__gp_free(gp);
    assert_int_equal(memory.bytes, 0);
}

static void survive_both(const int *kinds, size_t d, size_t n, const double *x, const double *y, size_t steps) {
    for (int version = 0; version < 4; version++)
        survive(kinds, d, n, x, y, version % 2 == 1, version > 1, steps);
}

static void equal_points(void **state) {
    (void)state;
    enum { N = 1000 };
    const int     kinds[] = {HPO__GP_WARPED, HPO__GP_CHOICE};
    static double x[2 * N], y[N];
    draw          d = {4};
    for (size_t j = 0; j < N; j++) {
        x[j]     = 0.3;
        x[N + j] = 1;
        y[j]     = rm_normal(&d);
    }
    survive(kinds, 2, N, x, y, false, true, 2);
    for (size_t j = 0; j < 2 * 60; j++)
        x[j] = 0.3;
    survive_both(kinds, 2, 60, x, y, 20); /* different values at one point, and said to be exact */
}

static void constant_outputs(void **state) {
    (void)state;
    enum { N = 30 };
    const int kinds[] = {HPO__GP_WARPED, HPO__GP_NUMERIC, HPO__GP_CHOICE};
    double    x[3 * N], y[N] = {0};
    draw      d = {6};
    for (size_t j = 0; j < 3 * N; j++)
        x[j] = j < 2 * N ? draw_unit(&d) : (double)draw_below(&d, 2);
    survive_both(kinds, 3, N, x, y, 40);
}

static void one_and_two_points(void **state) {
    (void)state;
    const int    kinds[] = {HPO__GP_WARPED, HPO__GP_CHOICE};
    const double one[] = {0.2, 1}, two[] = {0.2, 0.7, 0, 1}, same[] = {0.2, 0.2, 1, 1}, y[] = {-0.7, 0.7};
    survive_both(kinds, 2, 1, one, y, 40);
    survive_both(kinds, 2, 2, two, y, 40);
    survive_both(kinds, 2, 2, same, y, 40);
}

static void many_inputs(void **state) {
    (void)state;
    enum { D = 200, N = 40 };
    int           kinds[D];
    static double x[D * N];
    double        y[N];
    draw          d = {8};
    for (size_t i = 0; i < D; i++) {
        kinds[i] = (int)(i % 3);
        for (size_t j = 0; j < N; j++)
            x[i * N + j] = kinds[i] == HPO__GP_CHOICE ? (double)draw_below(&d, 3) : draw_unit(&d);
    }
    for (size_t j = 0; j < N; j++)
        y[j] = rm_normal(&d);
    survive_both(kinds, D, N, x, y, 10);
    for (size_t i = 0; i < D; i++)
        kinds[i] = HPO__GP_CHOICE; /* and all of them choices */
    survive_both(kinds, D, N, x, y, 10);
}

/* Where the warp's logarithms would be infinite, and next to it. */
static void inputs_at_the_ends(void **state) {
    (void)state;
    enum { N = 12 };
    const int    kinds[] = {HPO__GP_WARPED};
    const double x[N]    = {0, 0, 1, 1, 1e-300, 5e-324, 1e-16, 1 - 1.2e-16, 1 - 1e-9, 1e-9, 0.5, 0.25};
    const double y[N]    = {1, -1, 1, -1, 0.5, 0.2, -0.4, 2, -2, 0.1, 0.3, -0.9};
    survive_both(kinds, 1, N, x, y, 40);
    for (double a = -1; a <= 1; a += 1) /* at the bounds of the warp, its gradient too */
        for (double b = -1; b <= 1; b += 1) {
            fail_alloc    memory    = {0};
            hpo_allocator allocator = fail_allocator(&memory);
            hpo__alloc    alloc     = hpo__alloc_from(&allocator);
            hpo__gp      *gp        = hpo__gp_new(&alloc, kinds, 1, false);
            const double  noise[N] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, theta[] = {-1, 0, -4, a * log(4), b * log(4)};
            double        gradient[5];
            assert_non_null(gp);
            assert_true(hpo__gp_data(gp, x, y, noise, N, true));
            assert_true(isfinite(hpo__gp_log_posterior(gp, theta, gradient)));
            assert_true(rm_finite(gradient, 5));
            hpo__gp_free(gp);
        }
}

/* Every hyperparameter at its ends. */
static void hyperparameters_at_bounds(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 100; seed++) {
        rm_model m;
        draw     d = {seed + 3};
        double   mean[RM_POINTS], variance[RM_POINTS], gradient[3 * RM_INPUTS + 2];
        rm_draw(seed, RM_INPUTS, RM_POINTS, &m);
        double *theta = hpo__gp_theta(m.gp);
        for (size_t i = 0; i < hpo__gp_theta_size(m.gp); i++)
            theta[i] = draw_below(&d, 2) == 0 ? -100 : 100;
        check_bounds(&m, seed, theta, true);
        double value = hpo__gp_log_posterior(m.gp, theta, gradient);
        HOLDS(isfinite(value) && rm_finite(gradient, hpo__gp_theta_size(m.gp)), seed, "log posterior %g", value);
        assert_true(hpo__gp_condition(m.gp));
        assert_true(hpo__gp_predict(m.gp, m.x, m.n, mean, variance, NULL, NULL, NULL));
        HOLDS(rm_finite(mean, m.n) && rm_finite(variance, m.n), seed, "prediction %g", mean[0]);
        rm_end(&m);
    }
}

/* A thousand exact measurements of one point: what is left of the variance there is less than the model admits, 1e-10 of the signal. */
static void variance_has_a_floor(void **state) {
    (void)state;
    enum { N = 1000 };
    const int        kinds[] = {HPO__GP_NUMERIC};
    static double    x[N], y[N], noise[N];
    double           mean, variance;
    const double     at    = 0.3;
    const hpo__alloc alloc = hpo__alloc_from(NULL);
    hpo__gp         *gp    = hpo__gp_new(&alloc, kinds, 1, true);
    assert_non_null(gp);
    for (size_t j = 0; j < N; j++) {
        x[j]     = at;
        noise[j] = 1;
    }
    assert_true(hpo__gp_data(gp, x, y, noise, N, false));
    hpo__gp_theta(gp)[1] = log(20);
    assert_true(hpo__gp_condition(gp));
    assert_true(hpo__gp_predict(gp, &at, 1, &mean, &variance, NULL, NULL, NULL));
    assert_true(near(variance, 20e-10, 1e-15));
    hpo__gp_free(gp);
}

/* Data that pull a hyperparameter over its end leave it there: values that are all the mean, far too wide ones, and such as jump from point to point. */
static void bounds_are_reached(void **state) {
    (void)state;
    enum { N = 40 };
    const int kinds[] = {HPO__GP_NUMERIC};
    for (int data = 0; data < 3; data++) {
        rm_model m = {.d = 1, .n = N};
        m.kinds[0] = kinds[0];
        for (size_t j = 0; j < N; j++) {
            m.x[j]     = (double)j / (N - 1);
            m.y[j]     = data == 0 ? 0 : (data == 1 ? 100.0 : 1.0) * (j % 2 == 0 ? 1 : -1);
            m.noise[j] = 1;
        }
        m.exact = data == 2; /* so that noise cannot explain the jumps */
        rm_start(&m);
        hpo__gp_theta_start(m.gp);
        assert_true(isfinite(hpo__gp_fit(m.gp, 200)));
        const double *theta = hpo__gp_theta(m.gp);
        if (data == 0) /* the prior keeps some signal */
            assert_true(near(theta[2], log(HPO__GP_LEAST_NOISE), 1e-9) && theta[1] < log(0.4));
        else if (data == 1)
            assert_true(near(theta[1], log(20), 1e-9) && near(theta[2], 0, 1e-9));
        else
            assert_true(near(theta[0], log(0.025), 1e-9));
        assert_true(hpo__gp_condition(m.gp));
        rm_end(&m);
    }
}

/* ---- memory ---- */

static void grows_and_shrinks(void **state) {
    (void)state;
    rm_model m;
    rm_draw(3, RM_INPUTS, RM_POINTS, &m);
    for (size_t n = 1; n <= RM_POINTS; n++) {
        rm_model fresh = m;
        double   mean, variance, fresh_mean, fresh_variance;
        size_t   k = (n * 7) % RM_POINTS + 1;
        fresh.n    = k;
        for (size_t i = 0; i < m.d; i++)
            for (size_t j = 0; j < k; j++)
                fresh.x[i * k + j] = j < m.n ? m.x[i * m.n + j] : 0.01 * (double)j;
        assert_true(hpo__gp_data(m.gp, fresh.x, fresh.y, fresh.noise, k, m.warp));
        assert_int_equal(hpo__gp_points(m.gp), k);
        assert_int_equal(hpo__gp_inputs(m.gp), m.d);
        rm_start(&fresh);
        memcpy(hpo__gp_theta(fresh.gp), hpo__gp_theta(m.gp), hpo__gp_theta_size(m.gp) * sizeof(double));
        assert_true(hpo__gp_condition(m.gp) && hpo__gp_condition(fresh.gp));
        assert_true(hpo__gp_predict(m.gp, (const double[RM_INPUTS]){0.4, 0.6, 0.1, 0.8}, 1, &mean, &variance, NULL, NULL, NULL));
        assert_true(hpo__gp_predict(fresh.gp, (const double[RM_INPUTS]){0.4, 0.6, 0.1, 0.8}, 1, &fresh_mean, &fresh_variance, NULL, NULL, NULL));
        assert_true(mean == fresh_mean && variance == fresh_variance);
        rm_end(&fresh);
    }
    rm_end(&m);
}

/* Each request for memory refused once: said so, nothing lost, and the next attempt works. */
static void out_of_memory(void **state) {
    (void)state;
    rm_model m;
    double   mean[RM_POINTS];
    rm_draw(3, RM_INPUTS, RM_POINTS, &m);
    for (uint64_t at = 1; at < 4; at++) {
        hpo_allocator allocator = fail_allocator(&m.memory);
        hpo__alloc    alloc     = hpo__alloc_from(&allocator);
        m.memory.fail_at        = m.memory.requests + at - 1;
        assert_null(hpo__gp_new(&alloc, m.kinds, m.d, false));
    }
    m.memory.fail_at = m.memory.requests;
    assert_false(hpo__gp_predict(m.gp, m.x, m.n, mean, NULL, NULL, NULL, NULL));
    assert_true(hpo__gp_predict(m.gp, m.x, m.n, mean, NULL, NULL, NULL, NULL));
    static double x[RM_INPUTS * 200], y[200], noise[200];
    for (uint64_t at = 0; at < 3; at++) {
        m.memory.fail_at = m.memory.requests + at;
        assert_false(hpo__gp_data(m.gp, x, y, noise, 200, false));
        assert_int_equal(hpo__gp_points(m.gp), m.n);
    }
    assert_true(hpo__gp_data(m.gp, x, y, noise, 200, false));
    assert_int_equal(hpo__gp_points(m.gp), 200);
    rm_end(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_posterior),
        cmocka_unit_test(known_predictions),
        cmocka_unit_test(known_leave_one_out),
        cmocka_unit_test(gradient_is_the_slope),
        cmocka_unit_test(fit_improves_within_bounds),
        cmocka_unit_test(fit_is_repeatable),
        cmocka_unit_test(lengths_tell_relevance),
        cmocka_unit_test(fit_finds_the_noise),
        cmocka_unit_test(leave_one_out_is_a_refit),
        cmocka_unit_test(data_are_met),
        cmocka_unit_test(exact_data_are_interpolated),
        cmocka_unit_test(predictions_agree),
        cmocka_unit_test(covariance_is_a_kernel),
        cmocka_unit_test(predictions_follow_from_covariances),
        cmocka_unit_test(equal_points),
        cmocka_unit_test(constant_outputs),
        cmocka_unit_test(one_and_two_points),
        cmocka_unit_test(many_inputs),
        cmocka_unit_test(inputs_at_the_ends),
        cmocka_unit_test(hyperparameters_at_bounds),
        cmocka_unit_test(variance_has_a_floor),
        cmocka_unit_test(bounds_are_reached),
        cmocka_unit_test(grows_and_shrinks),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
