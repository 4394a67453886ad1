/* lib/model/acquisition.c: log improvement against 40-digit values, the scores against the formula and against sampling, running trials and failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../golden/model.h"
#include "model/acquisition.h"
#include "num/special.h"
#include "random_model.h"

#include <stdio.h>
#include <stdlib.h>

enum { GOLDEN = sizeof golden_improvement / sizeof *golden_improvement, POINTS = 16, PENDING = 20 };

/* ---- log improvement ---- */

static void known_log_improvements(void **state) {
    (void)state;
    for (size_t g = 0; g < GOLDEN; g++) {
        double value = hpo__normal_log_improvement(golden_improvement[g].z, NULL), wanted = golden_improvement[g].value;
        /* of the logarithm, or where that passes through 0, of the improvement itself */
        HOLDS(fabs(value - wanted) <= 1e-12 * fmax(1, fabs(wanted)), g, "z %.17g: %.17g, not %.17g", golden_improvement[g].z, value, wanted);
    }
}

/* No jump where the asymptotic series takes over, no step back anywhere. */
static void improvement_is_smooth(void **state) {
    (void)state;
    double below = hpo__normal_log_improvement(-20, NULL), above = hpo__normal_log_improvement(nextafter(-20, 0), NULL);
    assert_true(fabs(above - below) < 2e-10);
    double last = hpo__normal_log_improvement(-1e6, NULL);
    for (double z = -1e6; z < 40; z += fmax(1e-3, -z * 1e-4)) {
        double value = hpo__normal_log_improvement(z, NULL);
        HOLDS(value >= last - 1e-12 * fabs(last), 0, "z %.17g: %.17g after %.17g", z, value, last);
        last = value;
    }
    for (double z = -20.5; z < -19.5; z += 1e-5) { /* the slope is Phi(z) / h(z), about -z */
        double slope = (hpo__normal_log_improvement(z + 1e-3, NULL) - hpo__normal_log_improvement(z - 1e-3, NULL)) / 2e-3;
        HOLDS(fabs(slope + z) < 0.15, 0, "z %.17g: slope %.17g", z, slope);
    }
}

static void improvement_of_anything(void **state) {
    (void)state;
    draw d = {1};
    for (int i = 0; i < 200000; i++) {
        double z = draw_double(&d), value = hpo__normal_log_improvement(z, NULL);
        if (isnan(z))
            assert_true(isnan(value));
        else
            HOLDS(!isnan(value) && (value < (double)INFINITY || z == (double)INFINITY), 0, "z %g: %g", z, value);
    }
    assert_true(hpo__normal_log_improvement(-(double)INFINITY, NULL) == -(double)INFINITY &&
                hpo__normal_log_improvement((double)INFINITY, NULL) == (double)INFINITY);
}

/* ---- scores without running trials ---- */

static double by_formula(double incumbent, double mean, double variance) {
    double s = sqrt(variance), z = (incumbent - mean) / s;
    return s * (exp(-0.5 * z * z) * 0.39894228040143267794 + z * hpo__normal_cdf(z));
}

static void plain_scores(void **state) {
    (void)state;
    size_t direct = 0;
    for (uint64_t seed = 0; seed < 100; seed++) {
        rm_model m;
        draw     d = {seed + 50};
        double   x[RM_INPUTS * POINTS], score[POINTS], again[POINTS], mean[POINTS], variance[POINTS], model_mean[POINTS], model_variance[POINTS];
        rm_draw(seed, RM_INPUTS, RM_POINTS, &m);
        rm_draw_points(&d, &m, POINTS, x);
        double            incumbent   = rm_normal(&d);
        hpo__acquisition *acquisition = hpo__acquisition_new(&m.alloc, m.gp, incumbent, NULL, 0, NULL, seed);
        assert_non_null(acquisition);
        assert_true(hpo__acquisition_score(acquisition, x, POINTS, score, mean, variance));
        assert_true(hpo__acquisition_score(acquisition, x, POINTS, again, NULL, NULL));
        assert_memory_equal(score, again, sizeof score);
        assert_true(hpo__gp_predict(m.gp, x, POINTS, model_mean, model_variance, NULL, NULL, NULL));
        assert_memory_equal(mean, model_mean, sizeof mean);
        assert_memory_equal(variance, model_variance, sizeof variance);
        for (size_t q = 0; q < POINTS; q++) {
            double s = sqrt(variance[q]), z = (incumbent - mean[q]) / s;
            HOLDS(score[q] == log(s) + hpo__normal_log_improvement(z, NULL), seed, "point %zu", q);
            if (z > -5) { /* further out the formula cancels */
                double wanted = by_formula(incumbent, mean[q], variance[q]);
                HOLDS(fabs(exp(score[q]) / wanted - 1) < 1e-9, seed, "point %zu: improvement %.12g, not %.12g", q, exp(score[q]), wanted);
                direct++;
            }
        }
        hpo__acquisition_free(acquisition);
        rm_end(&m);
    }
    assert_true(direct > 500);
}

/* ---- running trials ---- */

/* Joint posterior of r pending points and, last, one candidate, by the tests' own algebra. */
static void joint_posterior(const rm_model *m, const double *pending, size_t r, const double *x, size_t points, size_t q, double *mean, double *cov) {
    static double k[RM_POINTS * RM_POINTS], c[(PENDING + 1) * RM_POINTS], solved[(PENDING + 1) * RM_POINTS];
    for (size_t a = 0; a < m->n; a++)
        for (size_t b = 0; b < m->n; b++)
            k[a * m->n + b] = hpo__gp_covariance(m->gp, m->x, m->n, a, m->x, m->n, b) + (a == b ? hpo__gp_noise(m->gp) * m->noise[a] : 0);
    assert_true(rm_cholesky(k, m->n));
    for (size_t i = 0; i <= r; i++) {
        mean[i] = 0;
        for (size_t j = 0; j < m->n; j++)
            c[i * m->n + j] =
                i < r ? hpo__gp_covariance(m->gp, m->x, m->n, j, pending, r, i) : hpo__gp_covariance(m->gp, m->x, m->n, j, x, points, q);
        memcpy(solved + i * m->n, c + i * m->n, m->n * sizeof *c);
        rm_solve(k, m->n, solved + i * m->n);
        for (size_t j = 0; j < m->n; j++)
            mean[i] += solved[i * m->n + j] * m->y[j];
    }
    for (size_t i = 0; i <= r; i++)
        for (size_t l = 0; l <= r; l++) {
            double value = i < r && l < r ? hpo__gp_covariance(m->gp, pending, r, i, pending, r, l)
                           : i < r        ? hpo__gp_covariance(m->gp, pending, r, i, x, points, q)
                           : l < r        ? hpo__gp_covariance(m->gp, pending, r, l, x, points, q)
                                          : hpo__gp_signal(m->gp);
            for (size_t j = 0; j < m->n; j++)
                value -= solved[i * m->n + j] * c[l * m->n + j];
            cov[i * (r + 1) + l] = value + (i != l ? 0 : hpo__gp_signal(m->gp) * (i < r ? 1e-8 : 1e-10));
        }
}

/* Mean of max(0, min(incumbent, pending values) - candidate's value) over `samples` draws, its standard error, and the deviation over the pending values alone. */
static void by_sampling(draw *d, double incumbent, const double *mean, double *cov, size_t r, size_t samples, double *improvement, double *error,
                        double *inner) {
    double z[PENDING + 1], sum = 0, squares = 0, inner_sum = 0, inner_squares = 0;
    assert_true(rm_cholesky(cov, r + 1));
    double own = cov[r * (r + 1) + r];
    for (size_t s = 0; s < samples; s++) {
        double best = incumbent, f = 0;
        for (size_t i = 0; i <= r; i++) {
            z[i] = rm_normal(d);
            f    = mean[i];
            for (size_t k = 0; k <= i; k++)
                f += cov[i * (r + 1) + k] * z[k];
            best = i < r && f < best ? f : best;
        }
        double gain = fmax(0, best - f), expected = by_formula(best, f - own * z[r], own * own);
        sum += gain;
        squares += gain * gain;
        inner_sum += expected;
        inner_squares += expected * expected;
    }
    double n     = (double)samples;
    *improvement = sum / n;
    *error       = sqrt((squares / n - sum / n * (sum / n)) / n);
    *inner       = sqrt(fmax(0, inner_squares / n - inner_sum / n * (inner_sum / n)));
}

/* The mean over many scramblings against 10^5 samples: within five standard errors of both. A single scrambling: within those of its 32 samples. */
static void pending_as_sampled(void **state) {
    (void)state;
    enum { SEEDS = 40, SAMPLES = 100000, M = 2 };
    size_t mattered = 0;
    for (uint64_t seed = 0; seed < 16; seed++) {
        rm_model m;
        draw     d = {seed + 500};
        double   pending[RM_INPUTS * PENDING], x[RM_INPUTS * M], score[M], plain[M], mean[PENDING + 1], cov[(PENDING + 1) * (PENDING + 1)];
        rm_draw(seed, 3, 12, &m);
        size_t r         = 1 + (size_t)draw_below(&d, 4);
        double incumbent = -0.3 + 0.5 * rm_normal(&d);
        rm_draw_points(&d, &m, r, pending);
        rm_draw_points(&d, &m, M, x);
        hpo__acquisition *acquisition = hpo__acquisition_new(&m.alloc, m.gp, incumbent, NULL, 0, NULL, 0);
        assert_true(acquisition != NULL && hpo__acquisition_score(acquisition, x, M, plain, NULL, NULL));
        hpo__acquisition_free(acquisition);
        for (size_t q = 0; q < M; q++) {
            double improvement, error, inner, average = 0;
            joint_posterior(&m, pending, r, x, M, q, mean, cov);
            by_sampling(&d, incumbent, mean, cov, r, SAMPLES, &improvement, &error, &inner);
            for (uint64_t s = 0; s < SEEDS; s++) {
                acquisition = hpo__acquisition_new(&m.alloc, m.gp, incumbent, pending, r, NULL, s);
                assert_true(acquisition != NULL && hpo__acquisition_score(acquisition, x, M, score, NULL, NULL));
                hpo__acquisition_free(acquisition);
                average += exp(score[q]) / SEEDS;
                HOLDS(fabs(exp(score[q]) - improvement) < 5 * (error + inner / sqrt(32)) + 1e-5, seed,
                      "point %zu, scrambling %d: improvement %.8g, sampled %.8g +- %.2g", q, (int)s, exp(score[q]), improvement, error);
            }
            HOLDS(fabs(average - improvement) < 5 * (error + inner / sqrt(32.0 * SEEDS)) + 1e-5, seed,
                  "point %zu: improvement %.8g, sampled %.8g +- %.2g", q, average, improvement, error);
            mattered += exp(plain[q]) > improvement + 10 * error;
        }
        rm_end(&m);
    }
    assert_true(mattered > 5);
}

/* A smooth model over [0,1]^2, its data on a coarse grid. */
static void start_bowl(rm_model *m) {
    memset(m, 0, sizeof *m);
    m->d = 2;
    m->n = 16;
    for (size_t j = 0; j < m->n; j++) {
        m->x[j]        = ((double)(j % 4) + 0.5) / 4;
        m->x[m->n + j] = ((double)(j / 4) + 0.5) / 4;
        m->y[j]        = 6 * (pow(m->x[j] - 0.5, 2) + pow(m->x[m->n + j] - 0.45, 2)) - 1;
        m->noise[j]    = 1;
    }
    rm_start(m);
    const double theta[] = {log(0.4), log(0.4), 0, -6};
    memcpy(hpo__gp_theta(m->gp), theta, sizeof theta);
    assert_true(hpo__gp_condition(m->gp));
}

static double score_at(rm_model *m, const double *pending, size_t r, const double *labels, double a, double b) {
    const double      x[]         = {a, b};
    double            score       = 0;
    hpo__acquisition *acquisition = hpo__acquisition_new(&m->alloc, m->gp, -1, pending, r, labels, 7);
    assert_true(acquisition != NULL && hpo__acquisition_score(acquisition, x, 1, &score, NULL, NULL));
    hpo__acquisition_free(acquisition);
    return score;
}

static void pending_keeps_others_away(void **state) {
    (void)state;
    rm_model m;
    start_bowl(&m);
    const double at[] = {0.5, 0.45}, elsewhere[] = {0.05, 0.95};
    double       near_plain = score_at(&m, NULL, 0, NULL, 0.5, 0.46), near_it = score_at(&m, at, 1, NULL, 0.5, 0.46);
    double       far_plain = score_at(&m, NULL, 0, NULL, 0.95, 0.95), far_off = score_at(&m, at, 1, NULL, 0.95, 0.95);
    assert_true(near_it < near_plain - 1);
    assert_true(near_plain - near_it > 2 * (far_plain - far_off));
    assert_true(score_at(&m, at, 1, NULL, 0.5, 0.45) < near_it); /* the point itself least of all */
    /* one that cannot matter changes next to nothing */
    assert_true(fabs(score_at(&m, elsewhere, 1, NULL, 0.5, 0.46) - near_plain) < 0.05);
    /* a ring of candidates: the further from the running one, the less is lost */
    double last = (double)INFINITY;
    for (double step = 0; step < 0.3; step += 0.05) {
        double lost = score_at(&m, NULL, 0, NULL, 0.5 + step, 0.45) - score_at(&m, at, 1, NULL, 0.5 + step, 0.45);
        assert_true(lost < last);
        last = lost;
    }
    rm_end(&m);
}

/* None running is the plain score to the bit; all but known points, equal points, and more than are looked at, break nothing. */
static void odd_pending(void **state) {
    (void)state;
    rm_model m;
    start_bowl(&m);
    double plain = score_at(&m, NULL, 0, NULL, 0.3, 0.3), twins[2 * PENDING], many[2 * PENDING], newest[2 * 16];
    assert_true(score_at(&m, twins, 0, NULL, 0.3, 0.3) == plain);
    for (size_t k = 0; k < PENDING; k++) {
        twins[k]           = 0.31;
        twins[PENDING + k] = 0.3;
        many[k]            = fmod(0.37 * (double)k, 1);
        many[PENDING + k]  = fmod(0.71 * (double)k, 1);
        if (k >= PENDING - 16) {
            newest[k - (PENDING - 16)]      = many[k];
            newest[16 + k - (PENDING - 16)] = many[PENDING + k];
        }
    }
    double one = score_at(&m, (const double[]){0.31, 0.3}, 1, NULL, 0.3, 0.3), all = score_at(&m, twins, PENDING, NULL, 0.3, 0.3);
    assert_true(isfinite(all) && fabs(all - one) < 1 && all < plain);
    assert_true(score_at(&m, many, PENDING, NULL, 0.3, 0.3) == score_at(&m, newest, 16, NULL, 0.3, 0.3));
    double known = score_at(&m, (const double[]){m.x[5], m.x[m.n + 5]}, 1, NULL, 0.3, 0.3);
    assert_true(isfinite(known) && fabs(known - plain) < 0.1);
    rm_end(&m);
}

/* The order of running trials is no matter but for the sampling. */
static void seeds_repeat(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++) {
        rm_model m;
        draw     d = {seed + 900};
        double   pending[RM_INPUTS * 3], x[RM_INPUTS * POINTS], first[POINTS], again[POINTS], one[RM_INPUTS], alone;
        rm_draw(seed, RM_INPUTS, 20, &m);
        rm_draw_points(&d, &m, 3, pending);
        rm_draw_points(&d, &m, POINTS, x);
        for (int k = 0; k < 2; k++) {
            hpo__acquisition *acquisition = hpo__acquisition_new(&m.alloc, m.gp, -0.5, pending, 3, NULL, seed);
            assert_true(acquisition != NULL && hpo__acquisition_score(acquisition, x, POINTS, k == 0 ? first : again, NULL, NULL));
            for (size_t q = 0; q < POINTS; q += 5) { /* alone as among others */
                for (size_t i = 0; i < m.d; i++)
                    one[i] = x[i * POINTS + q];
                assert_true(hpo__acquisition_score(acquisition, one, 1, &alone, NULL, NULL));
                HOLDS(alone == (k == 0 ? first : again)[q], seed, "point %zu alone: %.17g, among others %.17g", q, alone, first[q]);
            }
            hpo__acquisition_free(acquisition);
        }
        assert_memory_equal(first, again, sizeof first);
        rm_end(&m);
    }
}

/* ---- failures ---- */

static void failures_keep_others_away(void **state) {
    (void)state;
    rm_model m;
    double   labels[16];
    start_bowl(&m);
    for (size_t j = 0; j < m.n; j++)
        labels[j] = 1;
    double good = score_at(&m, NULL, 0, labels, 0.3, 0.3), plain = score_at(&m, NULL, 0, NULL, 0.3, 0.3);
    assert_true(good <= plain && good > plain - 0.3); /* where all went well, it stays */
    for (size_t j = 0; j < m.n; j++)
        labels[j] = m.x[j] > 0.5 ? -1 : 1;
    double failing = score_at(&m, NULL, 0, NULL, 0.8, 0.5) - score_at(&m, NULL, 0, labels, 0.8, 0.5);
    double passing = score_at(&m, NULL, 0, NULL, 0.2, 0.5) - score_at(&m, NULL, 0, labels, 0.2, 0.5);
    assert_true(failing > 1 && passing < 0.3 && passing >= 0);
    double last = -1; /* rises on the way into the failing half */
    for (double a = 0.15; a < 0.76; a += 0.1) {
        double lost = score_at(&m, NULL, 0, NULL, a, 0.5) - score_at(&m, NULL, 0, labels, a, 0.5);
        assert_true(lost > last - 0.05 && lost <= log(1e3) + 1e-12);
        last = lost;
    }
    for (size_t j = 0; j < m.n; j++) /* nowhere is any hope: bounded, and the same order as without */
        labels[j] = -1;
    assert_true(fabs(score_at(&m, NULL, 0, NULL, 0.5, 0.5) - score_at(&m, NULL, 0, labels, 0.5, 0.5)) <= log(1e3) + 1e-12);
    /* with running trials the same chance comes on top */
    const double at[] = {0.5, 0.45};
    for (size_t j = 0; j < m.n; j++)
        labels[j] = m.x[j] > 0.5 ? -1 : 1;
    double both = score_at(&m, at, 1, labels, 0.8, 0.5), running = score_at(&m, at, 1, NULL, 0.8, 0.5);
    assert_true(fabs(running - both - failing) < 1e-9);
    rm_end(&m);
}

/* The chance by the formula: Phi(label / sqrt(variance / signal + 1/2)), the label's mean from a least-squares model. */
static void chance_of_success(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 40; seed++) {
        rm_model m;
        draw     d = {seed + 70};
        double   x[RM_INPUTS * POINTS], labels[RM_POINTS], weights[RM_POINTS], plain[POINTS], score[POINTS], label[POINTS], variance[POINTS];
        rm_draw(seed, RM_INPUTS, RM_POINTS, &m);
        rm_draw_points(&d, &m, POINTS, x);
        for (size_t j = 0; j < m.n; j++)
            labels[j] = draw_below(&d, 3) == 0 ? -1 : 1;
        hpo__gp_weights_of(m.gp, labels, weights);
        assert_true(hpo__gp_predict(m.gp, x, POINTS, NULL, variance, weights, label, NULL));
        for (int with = 0; with < 2; with++) {
            hpo__acquisition *acquisition = hpo__acquisition_new(&m.alloc, m.gp, -0.5, NULL, 0, with ? labels : NULL, seed);
            assert_true(acquisition != NULL && hpo__acquisition_score(acquisition, x, POINTS, with ? score : plain, NULL, NULL));
            hpo__acquisition_free(acquisition);
        }
        for (size_t q = 0; q < POINTS; q++) {
            double chance = hpo__normal_cdf(label[q] / sqrt(variance[q] / hpo__gp_signal(m.gp) + 0.5));
            HOLDS(fabs(score[q] - plain[q] - log(fmax(chance, 1e-3))) < 1e-9, seed, "point %zu: chance %g", q, chance);
        }
        rm_end(&m);
    }
}

/* ---- memory ---- */

static void out_of_memory(void **state) {
    (void)state;
    rm_model m;
    start_bowl(&m);
    double       labels[16], score[3];
    const double pending[] = {0.2, 0.3, 0.6, 0.7}, x[] = {0.1, 0.2, 0.3, 0.4, 0.5, 0.6};
    for (size_t j = 0; j < m.n; j++)
        labels[j] = j % 2 == 0 ? 1 : -1;
    uint64_t made = 0;
    for (uint64_t at = 0; made == 0; at++) {
        size_t bytes                  = m.memory.bytes;
        m.memory.fail_at              = m.memory.requests + at;
        uint64_t          first       = m.memory.requests;
        hpo__acquisition *acquisition = hpo__acquisition_new(&m.alloc, m.gp, -1, pending, 2, labels, 1);
        assert_true((acquisition == NULL) == (m.memory.requests > m.memory.fail_at));
        if (acquisition != NULL) {
            made = m.memory.requests - first;
            for (uint64_t step = 0; step < 2; step++) {
                m.memory.fail_at = m.memory.requests + step;
                assert_false(hpo__acquisition_score(acquisition, x, 3, score, NULL, NULL));
            }
            m.memory.fail_at = 0;
            assert_true(hpo__acquisition_score(acquisition, x, 3, score, NULL, NULL));
        }
        hpo__acquisition_free(acquisition);
        assert_int_equal(m.memory.bytes, bytes);
    }
    assert_true(made >= 7);
    hpo__acquisition_free(NULL);
    rm_end(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_log_improvements),
        cmocka_unit_test(improvement_is_smooth),
        cmocka_unit_test(improvement_of_anything),
        cmocka_unit_test(plain_scores),
        cmocka_unit_test(pending_as_sampled),
        cmocka_unit_test(pending_keeps_others_away),
        cmocka_unit_test(odd_pending),
        cmocka_unit_test(seeds_repeat),
        cmocka_unit_test(failures_keep_others_away),
        cmocka_unit_test(chance_of_success),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
