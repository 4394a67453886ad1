/*
 * Log expected improvement (Ament et al., NeurIPS 2023): log s + log h(z), h(z) = phi(z) + z Phi(z), z = (incumbent - mean) / s (num/log_tails.c).
 *
 * Running trials: their values are sampled jointly from the posterior (32 scrambled Sobol normals, at most 16 trials, the newest), the candidate itself is integrated
 * exactly, and the improvement is averaged over the samples. This is qLogEI with the inner expectation in closed form (Rao-Blackwell): no smoothing constants.
 * Failures: a least-squares Gaussian process on labels +-1 with the same kernel gives the chance of success, whose logarithm (not below log 0.001) is added.
 * Cost per point, beside the prediction: O(r n + r^2 + 32 r).
 */
#include "model/acquisition.h"

#include "num/linalg.h"
#include "num/sequence.h"
#include "num/special.h"

#include <math.h>
#include <string.h>

enum { SAMPLES = 32, MOST_PENDING = 16 };

struct hpo__acquisition {
    hpo__alloc alloc;
    hpo__gp   *gp;
    double     incumbent;
    size_t     d, n, r, usable; /* pending points: stored, taken into account */
    double    *points;          /* d x r */
    double    *v;               /* n x r: covariances of the pending with the data, solved */
    double    *factor;          /* r x r: of the pending's posterior covariance */
    double    *normals;         /* SAMPLES x r */
    double    *best;            /* SAMPLES: incumbent or a better sampled pending value */
    double    *labels;          /* n: weights of the labels, NULL */
};

void hpo__acquisition_free(hpo__acquisition *a) {
    if (a == NULL)
        return;
    hpo__alloc alloc = a->alloc;
    hpo__alloc_free(&alloc, a->points, a->d * a->r, sizeof(double));
    hpo__alloc_free(&alloc, a->v, a->r * a->n, sizeof(double));
    hpo__alloc_free(&alloc, a->factor, a->r * a->r, sizeof(double));
    hpo__alloc_free(&alloc, a->normals, SAMPLES * a->r, sizeof(double));
    hpo__alloc_free(&alloc, a->best, SAMPLES, sizeof(double));
    hpo__alloc_free(&alloc, a->labels, a->n, sizeof(double));
    hpo__alloc_free(&alloc, a, 1, sizeof *a);
}

static void draw_normals(hpo__acquisition *a, uint64_t seed) {
    uint32_t directions[MOST_PENDING * 32];
    hpo__sobol_directions(directions, a->r);
    for (uint32_t s = 0; s < SAMPLES; s++) {
        double *row = a->normals + s * a->r;
        hpo__sobol_point(directions, a->r, seed, s, row);
        for (size_t k = 0; k < a->r; k++)
            row[k] = hpo__normal_quantile(row[k] < 1e-12 ? 1e-12 : row[k]);
    }
}

/* Joint posterior of the pending points, and the best value in each sample of it. */
static bool prepare_pending(hpo__acquisition *a, uint64_t seed) {
    double mean[MOST_PENDING], prior[MOST_PENDING * MOST_PENDING], jitter = 0;
    if (!hpo__gp_predict(a->gp, a->points, a->r, mean, NULL, NULL, NULL, a->v))
        return false;
    for (size_t j = 0; j < a->r; j++)
        for (size_t k = 0; k < a->r; k++)
            prior[j * a->r + k] = hpo__gp_covariance(a->gp, a->points, a->r, j, a->points, a->r, k);
    hpo__linalg_subtract_product(prior, a->r, a->v, a->r, a->v, a->r, a->r, a->r, a->n);
    for (size_t j = 0; j < a->r; j++)
        prior[j * a->r + j] += 1e-8 * hpo__gp_signal(a->gp);
    if (!hpo__linalg_factor(prior, a->r, a->factor, a->r, a->r, &jitter)) {
        a->usable = 0; /* all but certain already: they cannot matter */
        return true;
    }
    a->usable = a->r;
    draw_normals(a, seed);
    for (size_t s = 0; s < SAMPLES; s++) {
        a->best[s] = a->incumbent;
        for (size_t j = 0; j < a->r; j++) {
            double f   = mean[j] + hpo__linalg_dot(a->factor + j * a->r, a->normals + s * a->r, j + 1);
            a->best[s] = f < a->best[s] ? f : a->best[s];
        }
    }
    return true;
}

hpo__acquisition *hpo__acquisition_new(const hpo__alloc *alloc, hpo__gp *gp, double incumbent, const double *pending, size_t r, const double *labels,
                                       uint64_t seed) {
    hpo__acquisition *a = hpo__alloc_zero(alloc, 1, sizeof *a);
    if (a == NULL)
        return NULL;
    size_t skipped = r > MOST_PENDING ? r - MOST_PENDING : 0;
    *a = (hpo__acquisition){.alloc = *alloc, .gp = gp, .incumbent = incumbent, .d = hpo__gp_inputs(gp), .n = hpo__gp_points(gp), .r = r - skipped};
    a->points  = hpo__alloc_new(alloc, a->d * a->r, sizeof(double));
    a->v       = hpo__alloc_new(alloc, a->r * a->n, sizeof(double));
    a->factor  = hpo__alloc_new(alloc, a->r * a->r, sizeof(double));
    a->normals = hpo__alloc_new(alloc, SAMPLES * a->r, sizeof(double));
    a->best    = hpo__alloc_new(alloc, SAMPLES, sizeof(double));
    a->labels  = labels != NULL ? hpo__alloc_new(alloc, a->n, sizeof(double)) : NULL;
    bool made =
        a->points != NULL && a->v != NULL && a->factor != NULL && a->normals != NULL && a->best != NULL && (labels == NULL || a->labels != NULL);
    for (size_t i = 0; made && i < a->d; i++)
        for (size_t k = 0; k < a->r; k++)
            a->points[i * a->r + k] = pending[i * r + skipped + k];
    if (made && labels != NULL)
        hpo__gp_weights_of(gp, labels, a->labels);
    if (!made || (a->r > 0 && !prepare_pending(a, seed))) {
        hpo__acquisition_free(a);
        return NULL;
    }
    return a;
}

/* Mean of the improvement over the samples of the pending values; c: the candidate's posterior covariances with them. */
static double pending_score(const hpo__acquisition *a, double mean, double variance, double *c) {
    double best = -(double)INFINITY, logs[SAMPLES], sum = 0, least = 1e-10 * hpo__gp_signal(a->gp);
    hpo__linalg_solve_lower(a->factor, a->r, a->r, c);
    double left = variance - hpo__linalg_dot(c, c, a->r), s = sqrt(left > least ? left : least);
    for (size_t k = 0; k < SAMPLES; k++) {
        double shifted = mean + hpo__linalg_dot(c, a->normals + k * a->r, a->r);
        logs[k]        = hpo__normal_log_improvement((a->best[k] - shifted) / s, NULL);
        best           = logs[k] > best ? logs[k] : best;
    }
    for (size_t k = 0; k < SAMPLES; k++)
        sum += exp(logs[k] - best);
    return log(s) + best + log(sum / SAMPLES);
}

/* Posterior covariances of m candidates with the pending points, r x m. */
static void pending_covariances(const hpo__acquisition *a, const double *x, size_t m, const double *v, double *c) {
    for (size_t k = 0; k < a->r; k++)
        for (size_t q = 0; q < m; q++)
            c[k * m + q] = hpo__gp_covariance(a->gp, x, m, q, a->points, a->r, k);
    hpo__linalg_subtract_product(c, m, a->v, a->r, v, m, a->r, m, a->n);
}

bool hpo__acquisition_score(hpo__acquisition *a, const double *x, size_t m, double *score, double *mean, double *variance) {
    size_t  joint = a->usable > 0 ? m * (a->n + a->r) : 0;
    double *work  = hpo__alloc_new(&a->alloc, joint + 3 * m, sizeof *work);
    if (work == NULL)
        return false;
    double *mu = work, *s2 = mu + m, *label = s2 + m, *v = label + m, *c = v + m * a->n;
    bool    done = hpo__gp_predict(a->gp, x, m, mu, s2, a->labels, a->labels != NULL ? label : NULL, joint > 0 ? v : NULL);
    if (done && joint > 0)
        pending_covariances(a, x, m, v, c);
    for (size_t q = 0; done && q < m; q++) {
        if (joint > 0) {
            double own[MOST_PENDING];
            for (size_t k = 0; k < a->r; k++)
                own[k] = c[k * m + q];
            score[q] = pending_score(a, mu[q], s2[q], own);
        } else {
            double s = sqrt(s2[q]);
            score[q] = log(s) + hpo__normal_log_improvement((a->incumbent - mu[q]) / s, NULL);
        }
        if (a->labels != NULL) {
            double chance = hpo__normal_cdf(label[q] / sqrt(s2[q] / hpo__gp_signal(a->gp) + 0.5));
            score[q] += log(chance > 1e-3 ? chance : 1e-3);
        }
    }
    if (done && mean != NULL)
        memcpy(mean, mu, m * sizeof *mu);
    if (done && variance != NULL)
        memcpy(variance, s2, m * sizeof *s2);
    hpo__alloc_free(&a->alloc, work, joint + 3 * m, sizeof *work);
    return done;
}
