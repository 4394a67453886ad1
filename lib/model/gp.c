/*
 * Exact Gaussian process with a Matern-5/2 kernel.
 *
 * k(a, b) = s (1 + q + q^2/3) e^-q, q = sqrt(5) r, r^2 = sum over numeric inputs of (w(a_i) - w(b_i))^2 / l_i^2 + sum over choices of [a_c != b_c] / l_c^2
 * (Rasmussen & Williams, eq. 4.17; one length per input; choices inside the same distance as in the Vizier bandit, arXiv 2408.11527). w is the
 * Kumaraswamy distribution function 1 - (1 - u^a)^b (input warping: Snoek et al., ICML 2014), learned per input.
 * Hyperparameters maximise likelihood times priors: length-scales LogNormal(sqrt 2 + ln(d)/2, sqrt 3) (Hvarfner et al., ICML 2024; d here counts the inputs
 * that are active together), signal LogNormal(0, 1), noise
 * LogNormal(-4, 1), ln a and ln b Normal(0, 0.75). Densities of lengths are over l itself, with its Jacobian: by measurement better than over ln l.
 * Cost: a likelihood with gradient O(n^3 + n^2 d); a point more without a fit O(n^2 + n d); prediction O(n^2 + n d) a point; memory 4 n^2.
 */
#include "model/gp.h"

#include "model/kernel.h"
#include "num/elementary.h"
#include "num/lbfgs.h"
#include "num/linalg.h"

#include <math.h>
#include <string.h>

static const double LENGTH_LOW = 0.025, LENGTH_HIGH = 1e3, CHOICE_LENGTH_LOW = 0.1;
static const double SIGNAL_LOW = 0.05, SIGNAL_HIGH = 20, NOISE_HIGH = 1;
static const double WARP_LOW = 0.25, WARP_HIGH = 4, WARP_VARIANCE = 0.75;
static const double EDGE = 1e-7; /* inputs are kept this far from 0 and 1 where the warp's logarithms would blow up */

struct hpo__gp {
    hpo__alloc alloc;
    size_t     d, n, capacity;
    int       *kinds;
    bool       exact, warp;
    double     prior_inputs;
    double    *theta;           /* d + 2 + 2 d places */
    double    *factored_theta;  /* as many: what the factor was made with */
    size_t     factored;        /* rows of the factor and the kernel that belong to the data's first points at factored_theta, without jitter */
    double    *x, *w, *wa, *wb; /* d x capacity: inputs, warped, derivatives by ln a and ln b */
    double    *y, *noise, *weights;
    double    *kernel, *slope; /* capacity x capacity, lower: covariances, and -2 dk/d(r^2) */
    double    *factor, *inverse;
    double    *row; /* 2 x capacity scratch */
    double    *lbfgs;
    size_t     lbfgs_size;
};

/* ---- life ---- */

static size_t most_theta(const hpo__gp *gp) {
    return 3 * gp->d + 2;
}

hpo__gp *hpo__gp_new(const hpo__alloc *alloc, const int *kinds, size_t d, bool exact) {
    hpo__gp *gp = hpo__alloc_zero(alloc, 1, sizeof *gp);
    if (gp == NULL)
        return NULL;
    gp->alloc        = *alloc;
    gp->d            = d;
    gp->prior_inputs = d > 1 ? (double)d : 1;
    gp->exact        = exact;
    gp->kinds        = hpo__alloc_new(alloc, d, sizeof *gp->kinds);
    gp->theta        = hpo__alloc_zero(alloc, 2 * most_theta(gp), sizeof *gp->theta);
    gp->lbfgs_size   = hpo__lbfgs_workspace(most_theta(gp));
    gp->lbfgs        = hpo__alloc_new(alloc, gp->lbfgs_size + 2 * most_theta(gp), sizeof *gp->lbfgs);
    if (gp->kinds == NULL || gp->theta == NULL || gp->lbfgs == NULL) {
        hpo__gp_free(gp);
        return NULL;
    }
    gp->factored_theta = gp->theta + most_theta(gp);
    memcpy(gp->kinds, kinds, d * sizeof *kinds);
    hpo__gp_theta_start(gp);
    return gp;
}

static void free_data(hpo__gp *gp) {
    size_t c = gp->capacity;
    hpo__alloc_free(&gp->alloc, gp->x, 4 * gp->d * c, sizeof(double));
    hpo__alloc_free(&gp->alloc, gp->y, 5 * c, sizeof(double));
    hpo__alloc_free(&gp->alloc, gp->kernel, 4 * c * c, sizeof(double));
    gp->x = gp->y = gp->kernel = NULL;
    gp->capacity               = 0;
    gp->n = gp->factored = 0;
}

void hpo__gp_free(hpo__gp *gp) {
    if (gp == NULL)
        return;
    hpo__alloc alloc = gp->alloc;
    free_data(gp);
    hpo__alloc_free(&alloc, gp->kinds, gp->d, sizeof *gp->kinds);
    hpo__alloc_free(&alloc, gp->theta, 2 * most_theta(gp), sizeof *gp->theta);
    hpo__alloc_free(&alloc, gp->lbfgs, gp->lbfgs_size + 2 * most_theta(gp), sizeof *gp->lbfgs);
    hpo__alloc_free(&alloc, gp, 1, sizeof *gp);
}

static bool make_room(hpo__gp *gp, size_t n) {
    if (n <= gp->capacity)
        return true;
    size_t  c      = hpo__alloc_capacity(gp->capacity, n);
    double *x      = hpo__alloc_new(&gp->alloc, 4 * gp->d * c, sizeof(double));
    double *y      = hpo__alloc_new(&gp->alloc, 5 * c, sizeof(double));
    double *kernel = hpo__alloc_new(&gp->alloc, 4 * c * c, sizeof(double));
    if (x == NULL || y == NULL || kernel == NULL) {
        hpo__alloc_free(&gp->alloc, x, 4 * gp->d * c, sizeof(double));
        hpo__alloc_free(&gp->alloc, y, 5 * c, sizeof(double));
        hpo__alloc_free(&gp->alloc, kernel, 4 * c * c, sizeof(double));
        return false;
    }
    free_data(gp);
    gp->capacity = c;
    gp->x        = x;
    gp->w        = x + gp->d * c;
    gp->wa       = gp->w + gp->d * c;
    gp->wb       = gp->wa + gp->d * c;
    gp->y        = y;
    gp->noise    = y + c;
    gp->weights  = y + 2 * c;
    gp->row      = y + 3 * c;
    gp->kernel   = kernel;
    gp->slope    = kernel + c * c;
    gp->factor   = kernel + 2 * c * c;
    gp->inverse  = kernel + 3 * c * c;
    return true;
}

/* How many of the first points are those of the data before. */
static size_t same_points(const hpo__gp *gp, const double *x, const double *noise, size_t n) {
    size_t same = 0;
    while (same < n && same < gp->n && noise[same] == gp->noise[same])
        same++;
    for (size_t i = 0; i < gp->d; i++)
        for (size_t j = 0; j < same; j++)
            same = x[i * n + j] == gp->x[i * gp->capacity + j] ? same : j;
    return same;
}

bool hpo__gp_data(hpo__gp *gp, const double *x, const double *y, const double *noise, size_t n, bool warp) {
    if (!make_room(gp, n))
        return false;
    size_t same  = warp == gp->warp ? same_points(gp, x, noise, n) : 0;
    gp->factored = same < gp->factored ? same : gp->factored;
    gp->n        = n;
    gp->warp     = warp;
    for (size_t i = 0; i < gp->d; i++)
        memcpy(gp->x + i * gp->capacity, x + i * n, n * sizeof *x);
    memcpy(gp->y, y, n * sizeof *y);
    memcpy(gp->noise, noise, n * sizeof *noise);
    return true;
}

void hpo__gp_prior_inputs(hpo__gp *gp, double inputs) {
    gp->prior_inputs = inputs > 1 ? inputs : 1;
}

size_t hpo__gp_inputs(const hpo__gp *gp) {
    return gp->d;
}

size_t hpo__gp_points(const hpo__gp *gp) {
    return gp->n;
}

/* ---- hyperparameters ---- */

size_t hpo__gp_theta_size(const hpo__gp *gp) {
    size_t size = gp->d + 2;
    for (size_t i = 0; i < gp->d; i++)
        size += gp->warp && gp->kinds[i] == HPO__GP_WARPED ? 2 : 0;
    return size;
}

double *hpo__gp_theta(hpo__gp *gp) {
    return gp->theta;
}

void hpo__gp_theta_start(hpo__gp *gp) {
    memset(gp->theta, 0, most_theta(gp) * sizeof *gp->theta);
    for (size_t i = 0; i < gp->d; i++)
        gp->theta[i] = log(0.5 * sqrt(gp->prior_inputs));
    gp->theta[gp->d + 1] = gp->exact ? log(HPO__GP_EXACT_NOISE) : -4;
}

double hpo__gp_signal(const hpo__gp *gp) {
    return exp(gp->theta[gp->d]);
}

double hpo__gp_noise(const hpo__gp *gp) {
    return exp(gp->theta[gp->d + 1]);
}

enum { BLOCK = 64 };

/* The warp of one input: exponents of 1 leave it as it is. */
typedef struct input_warp {
    bool   on;
    double a, b;
} input_warp;

/* The warp of input i; `pair` walks along the warps' hyperparameters. */
static input_warp warp_of(const hpo__gp *gp, size_t i, const double **pair) {
    if (!gp->warp || gp->kinds[i] != HPO__GP_WARPED)
        return (input_warp){false, 1, 1};
    input_warp warp = {true, exp((*pair)[0]), exp((*pair)[1])};
    *pair += 2;
    return warp;
}

/* w = 1 - (1 - x^a)^b for n <= BLOCK values and, unless NULL, its derivatives by ln a and ln b. */
static void warp_block(input_warp warp, const double *x, size_t n, double *w, double *wa, double *wb) {
    double power[BLOCK], log_x[BLOCK], log_rest[BLOCK], tail[BLOCK];
    for (size_t j = 0; j < n; j++)
        log_x[j] = x[j] < EDGE ? EDGE : x[j] > 1 - EDGE ? 1 - EDGE : x[j];
    hpo__log_many(log_x, n);
    for (size_t j = 0; j < n; j++)
        power[j] = warp.a * log_x[j];
    hpo__exp_many(power, n);
    for (size_t j = 0; j < n; j++)
        log_rest[j] = 1 - power[j];
    hpo__log_many(log_rest, n);
    for (size_t j = 0; j < n; j++)
        tail[j] = warp.b * log_rest[j];
    hpo__exp_many(tail, n);
    for (size_t j = 0; j < n; j++)
        w[j] = 1 - tail[j];
    for (size_t j = 0; j < n && wa != NULL; j++) {
        wa[j] = warp.a * warp.b * tail[j] / (1 - power[j]) * power[j] * log_x[j];
        wb[j] = -warp.b * tail[j] * log_rest[j];
    }
}

static void warp_many(input_warp warp, const double *x, size_t n, double *w, double *wa, double *wb) {
    if (!warp.on) {
        memcpy(w, x, n * sizeof *w);
        return;
    }
    for (size_t j = 0; j < n; j += BLOCK)
        warp_block(warp, x + j, n - j < BLOCK ? n - j : BLOCK, w + j, wa != NULL ? wa + j : NULL, wb != NULL ? wb + j : NULL);
}

/* Warped inputs at theta and, when asked for, their derivatives by ln a and ln b. */
static void warp_inputs(hpo__gp *gp, const double *theta, bool derivatives) {
    const double *pair = theta + gp->d + 2;
    for (size_t i = 0, c = gp->capacity; i < gp->d; i++)
        warp_many(warp_of(gp, i, &pair), gp->x + i * c, gp->n, gp->w + i * c, derivatives ? gp->wa + i * c : NULL,
                  derivatives ? gp->wb + i * c : NULL);
}

/* Rows from ... n - 1 of the kernel and, when asked for, its slopes. */
static void fill_kernel(hpo__gp *gp, const double *theta, size_t from, bool slopes) {
    double signal = exp(theta[gp->d]);
    for (size_t j = from; j < gp->n; j++) {
        double *r2 = gp->row;
        memset(r2, 0, j * sizeof *r2);
        for (size_t i = 0; i < gp->d; i++)
            hpo__kernel_add_distances(gp->kinds[i] == HPO__GP_CHOICE, gp->w[i * gp->capacity + j], gp->w + i * gp->capacity, j, exp(-2 * theta[i]),
                                      r2);
        hpo__kernel_matern(r2, j, signal, gp->kernel + j * gp->capacity, slopes ? gp->slope + j * gp->capacity : NULL);
        gp->kernel[j * gp->capacity + j] = signal;
    }
}

/* Factor of kernel + noise; false when it is not positive definite with any allowed jitter. */
static bool factor_kernel(hpo__gp *gp, const double *theta, double *jitter) {
    double noise = exp(theta[gp->d + 1]);
    *jitter      = 0;
    for (size_t j = 0; j < gp->n; j++) { /* the inverse's place is free until there is a factor */
        memcpy(gp->inverse + j * gp->capacity, gp->kernel + j * gp->capacity, (j + 1) * sizeof(double));
        gp->inverse[j * gp->capacity + j] += noise * gp->noise[j];
    }
    return hpo__linalg_factor(gp->inverse, gp->capacity, gp->factor, gp->capacity, gp->n, jitter);
}

/* Log density of the priors, and its gradient added to `gradient`. */
static double log_prior(const hpo__gp *gp, const double *theta, double *gradient) {
    double        sum = 0, centre = sqrt(2.0) + 0.5 * log(gp->prior_inputs);
    const size_t  d = gp->d;
    const double *t = theta;
    for (size_t i = 0; i < d; i++) {
        sum -= (t[i] - centre) * (t[i] - centre) / 6 + t[i];
        if (gradient != NULL)
            gradient[i] -= (t[i] - centre) / 3 + 1;
    }
    sum -= 0.5 * t[d] * t[d];
    if (gradient != NULL)
        gradient[d] -= t[d];
    if (!gp->exact) {
        sum -= 0.5 * (t[d + 1] + 4) * (t[d + 1] + 4);
        if (gradient != NULL)
            gradient[d + 1] -= t[d + 1] + 4;
    }
    for (size_t i = d + 2; i < hpo__gp_theta_size(gp); i++) {
        sum -= 0.5 * t[i] * t[i] / WARP_VARIANCE;
        if (gradient != NULL)
            gradient[i] -= t[i] / WARP_VARIANCE;
    }
    return sum;
}

/* Adds the likelihood's gradient: half the sum over pairs of A = weights weights' - inverse times the derivative of the covariance (Rasmussen & Williams, eq. 5.9). */
static void add_gradient(hpo__gp *gp, const double *theta, double *gradient) {
    size_t d = gp->d, c = gp->capacity;
    double noise = exp(theta[d + 1]), signal = exp(theta[d]), *pull = gp->row;
    for (size_t j = 0; j < gp->n; j++) {
        const double *inverse = gp->inverse + j * c, *k = gp->kernel + j * c, *slope = gp->slope + j * c;
        double        own = gp->weights[j] * gp->weights[j] - inverse[j], by_signal = 0;
        for (size_t l = 0; l < j; l++) {
            double a = gp->weights[j] * gp->weights[l] - inverse[l];
            by_signal += a * k[l];
            pull[l] = a * slope[l];
        }
        gradient[d] += by_signal + 0.5 * own * signal;
        gradient[d + 1] += gp->exact ? 0 : 0.5 * own * noise * gp->noise[j];
        double *by_warp = gradient + d + 2;
        for (size_t i = 0; i < d; i++) {
            const double *w = gp->w + i * c, *wa = gp->wa + i * c, *wb = gp->wb + i * c;
            double        weight = exp(-2 * theta[i]), by_length = 0, by_a = 0, by_b = 0;
            if (gp->kinds[i] == HPO__GP_CHOICE) {
                for (size_t l = 0; l < j; l++)
                    by_length += w[l] != w[j] ? pull[l] : 0;
            } else if (gp->warp && gp->kinds[i] == HPO__GP_WARPED) {
                for (size_t l = 0; l < j; l++) {
                    double gap = w[l] - w[j], force = pull[l] * gap;
                    by_length += force * gap;
                    by_a += force * (wa[l] - wa[j]);
                    by_b += force * (wb[l] - wb[j]);
                }
                *by_warp++ -= by_a * weight;
                *by_warp++ -= by_b * weight;
            } else {
                for (size_t l = 0; l < j; l++) {
                    double gap = w[l] - w[j];
                    by_length += pull[l] * gap * gap;
                }
            }
            gradient[i] += by_length * weight;
        }
    }
}

double hpo__gp_log_posterior(hpo__gp *gp, const double *theta, double *gradient) {
    double jitter;
    gp->factored = 0;
    warp_inputs(gp, theta, gradient != NULL);
    fill_kernel(gp, theta, 0, gradient != NULL);
    if (!factor_kernel(gp, theta, &jitter))
        return -(double)INFINITY;
    memcpy(gp->weights, gp->y, gp->n * sizeof *gp->y);
    hpo__linalg_solve(gp->factor, gp->capacity, gp->n, gp->weights);
    double sum = 0;
    for (size_t j = 0; j < gp->n; j++)
        sum -= 0.5 * gp->y[j] * gp->weights[j] + log(gp->factor[j * gp->capacity + j]);
    if (gradient != NULL) {
        memset(gradient, 0, hpo__gp_theta_size(gp) * sizeof *gradient);
        hpo__linalg_inverse(gp->factor, gp->capacity, gp->n, gp->inverse, gp->capacity);
        add_gradient(gp, theta, gradient);
    }
    return sum + log_prior(gp, theta, gradient);
}

static double misfit(void *user, const double *theta, double *gradient) {
    hpo__gp *gp   = user;
    double   fit  = hpo__gp_log_posterior(gp, theta, gradient);
    size_t   size = hpo__gp_theta_size(gp);
    for (size_t i = 0; i < size; i++)
        gradient[i] = isfinite(fit) ? -gradient[i] : 0;
    return -fit;
}

static void set_bounds(const hpo__gp *gp, double *low, double *high) {
    for (size_t i = 0; i < gp->d; i++) {
        low[i]  = log(gp->kinds[i] == HPO__GP_CHOICE ? CHOICE_LENGTH_LOW : LENGTH_LOW);
        high[i] = log(LENGTH_HIGH);
    }
    low[gp->d]      = log(SIGNAL_LOW);
    high[gp->d]     = log(SIGNAL_HIGH);
    low[gp->d + 1]  = log(gp->exact ? HPO__GP_EXACT_NOISE : HPO__GP_LEAST_NOISE);
    high[gp->d + 1] = gp->exact ? low[gp->d + 1] : log(NOISE_HIGH);
    for (size_t i = gp->d + 2; i < hpo__gp_theta_size(gp); i++) {
        low[i]  = log(WARP_LOW);
        high[i] = log(WARP_HIGH);
    }
}

double hpo__gp_fit(hpo__gp *gp, size_t iterations) {
    double *low = gp->lbfgs + gp->lbfgs_size, *high = low + most_theta(gp);
    set_bounds(gp, low, high);
    const hpo__lbfgs_options options = {.gradient_tolerance = 1e-2, .most_iterations = iterations, .most_evaluations = 2 * iterations + 4};
    double                   best    = hpo__lbfgs_minimise(misfit, gp, hpo__gp_theta_size(gp), gp->theta, low, high, &options, gp->lbfgs);
    return -best;
}

/* ---- using it ---- */

/* Appends the rows behind the first `from` to the factor; false when it needs jitter. */
static bool append_rows(hpo__gp *gp, size_t from) {
    for (size_t j = from; j < gp->n; j++) {
        memcpy(gp->factor + j * gp->capacity, gp->kernel + j * gp->capacity, (j + 1) * sizeof(double));
        gp->factor[j * gp->capacity + j] += hpo__gp_noise(gp) * gp->noise[j];
    }
    return hpo__linalg_cholesky(gp->factor, gp->capacity, from, gp->n) == gp->n;
}

bool hpo__gp_condition(hpo__gp *gp) {
    size_t size = hpo__gp_theta_size(gp) * sizeof *gp->theta, from = gp->factored;
    double jitter = 0;
    if (memcmp(gp->theta, gp->factored_theta, size) != 0)
        from = 0;
    warp_inputs(gp, gp->theta, false);
    fill_kernel(gp, gp->theta, from, false);
    gp->factored = 0;
    if ((from == 0 || !append_rows(gp, from)) && !factor_kernel(gp, gp->theta, &jitter))
        return false;
    gp->factored = jitter > 0 ? 0 : gp->n;
    memcpy(gp->factored_theta, gp->theta, size);
    memcpy(gp->weights, gp->y, gp->n * sizeof *gp->y);
    hpo__linalg_solve(gp->factor, gp->capacity, gp->n, gp->weights);
    return true;
}

const double *hpo__gp_weights(const hpo__gp *gp) {
    return gp->weights;
}

void hpo__gp_weights_of(const hpo__gp *gp, const double *t, double *weights) {
    memmove(weights, t, gp->n * sizeof *t);
    hpo__linalg_solve(gp->factor, gp->capacity, gp->n, weights);
}

void hpo__gp_mean_at_data(const hpo__gp *gp, double *mean) {
    double noise = hpo__gp_noise(gp);
    for (size_t j = 0; j < gp->n; j++)
        mean[j] = gp->y[j] - noise * gp->noise[j] * gp->weights[j];
}

/* Rasmussen & Williams, eq. 5.12. */
bool hpo__gp_leave_one_out(hpo__gp *gp, double *mean, double *variance) {
    hpo__linalg_inverse(gp->factor, gp->capacity, gp->n, gp->inverse, gp->capacity);
    for (size_t j = 0; j < gp->n; j++) {
        double precision = gp->inverse[j * gp->capacity + j];
        if (!(precision > 0))
            return false;
        mean[j] = gp->y[j] - gp->weights[j] / precision;
        if (variance != NULL)
            variance[j] = 1 / precision;
    }
    return true;
}

double hpo__gp_covariance(const hpo__gp *gp, const double *x, size_t m, size_t a, const double *z, size_t r, size_t b) {
    const double *pair = gp->theta + gp->d + 2;
    double        r2   = 0, k;
    for (size_t i = 0; i < gp->d; i++) {
        const input_warp warp = warp_of(gp, i, &pair);
        double           v, w;
        warp_many(warp, z + i * r + b, 1, &v, NULL, NULL);
        warp_many(warp, x + i * m + a, 1, &w, NULL, NULL);
        hpo__kernel_add_distances(gp->kinds[i] == HPO__GP_CHOICE, w, &v, 1, exp(-2 * gp->theta[i]), &r2);
    }
    hpo__kernel_matern(&r2, 1, hpo__gp_signal(gp), &k, NULL);
    return k;
}

/* Covariances of the points [start, start + count) with the data: k[j * BLOCK + b]. `w` is work space of BLOCK. */
static void covariances(const hpo__gp *gp, const double *x, size_t m, size_t start, size_t count, double *w, double *k) {
    const double *pair = gp->theta + gp->d + 2;
    memset(k, 0, gp->n * BLOCK * sizeof *k);
    for (size_t i = 0; i < gp->d; i++) {
        double weight = exp(-2 * gp->theta[i]);
        warp_many(warp_of(gp, i, &pair), x + i * m + start, count, w, NULL, NULL);
        for (size_t j = 0; j < gp->n; j++)
            hpo__kernel_add_distances(gp->kinds[i] == HPO__GP_CHOICE, gp->w[i * gp->capacity + j], w, count, weight, k + j * BLOCK);
    }
    for (size_t j = 0; j < gp->n; j++)
        hpo__kernel_matern(k + j * BLOCK, count, hpo__gp_signal(gp), k + j * BLOCK, NULL);
}

bool hpo__gp_predict(hpo__gp *gp, const double *x, size_t m, double *mean, double *variance, const double *other_weights, double *other, double *v) {
    size_t  n = gp->n;
    double *k = hpo__alloc_new(&gp->alloc, (n + 2) * BLOCK, sizeof *k);
    if (k == NULL)
        return false;
    double *w = k + n * BLOCK, *squares = w + BLOCK, signal = hpo__gp_signal(gp);
    for (size_t start = 0; start < m; start += BLOCK) {
        size_t count = m - start < BLOCK ? m - start : BLOCK;
        covariances(gp, x, m, start, count, w, k);
        if (mean != NULL)
            hpo__linalg_multiply_transposed(k, BLOCK, n, count, gp->weights, mean + start);
        if (other != NULL)
            hpo__linalg_multiply_transposed(k, BLOCK, n, count, other_weights, other + start);
        if (variance == NULL && v == NULL)
            continue;
        hpo__linalg_solve_lower_many(gp->factor, gp->capacity, n, k, BLOCK, BLOCK);
        hpo__linalg_column_squares(k, BLOCK, n, count, squares);
        for (size_t b = 0; b < count && variance != NULL; b++) {
            double left         = signal - squares[b];
            variance[start + b] = left > 1e-10 * signal ? left : 1e-10 * signal;
        }
        for (size_t j = 0; j < n && v != NULL; j++)
            memcpy(v + j * m + start, k + j * BLOCK, count * sizeof *v);
    }
    hpo__alloc_free(&gp->alloc, k, (n + 2) * BLOCK, sizeof *k);
    return true;
}
