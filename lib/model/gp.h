/* An exact Gaussian process over mixed inputs: kernel, hyperparameters by maximum a posteriori, prediction. Knows no study. */
#ifndef HPO_MODEL_GP_H
#define HPO_MODEL_GP_H

#include "base/alloc.h"

#include <stdbool.h>

/* How an input enters the distance. */
enum { HPO__GP_NUMERIC = 0, HPO__GP_WARPED = 1 /* numeric, with a learned warp */, HPO__GP_CHOICE = 2 /* equal or not */ };

/* Smallest noise variance, as a share of the standardised outputs' variance 1; and the variance assumed when the outputs are declared exact. */
#define HPO__GP_LEAST_NOISE 1e-4
#define HPO__GP_EXACT_NOISE 1e-6

typedef struct hpo__gp hpo__gp;

/* A model of d inputs whose kinds are copied; NULL when out of memory. `exact`: outputs without noise. */
hpo__gp *hpo__gp_new(const hpo__alloc *alloc, const int *kinds, size_t d, bool exact);
void     hpo__gp_free(hpo__gp *gp);

/* Takes the data: x[i * n + j] is input i of point j in [0,1] (choices: any numbers), y standardised, `noise[j]` multiplies the noise variance of point j. Turns the input
 * warp on or off. False when out of memory; the hyperparameters stay. */
bool hpo__gp_data(hpo__gp *gp, const double *x, const double *y, const double *noise, size_t n, bool warp);

/* How many inputs the prior of the length-scales supposes to matter; d unless told otherwise. Fewer than d in a space where some are always inactive. */
void hpo__gp_prior_inputs(hpo__gp *gp, double inputs);

size_t hpo__gp_inputs(const hpo__gp *gp);
size_t hpo__gp_points(const hpo__gp *gp);

/* Number of hyperparameters: d length-scales, signal and noise variance (all logarithms), two per warped input. */
size_t  hpo__gp_theta_size(const hpo__gp *gp);
double *hpo__gp_theta(hpo__gp *gp);       /* the current ones, changed in place by hpo__gp_fit */
void    hpo__gp_theta_start(hpo__gp *gp); /* to where a first fit begins */
/* Improves the hyperparameters from where they are, at most `iterations` steps; returns the log posterior that was reached, -infinity when nothing could be evaluated. */
double hpo__gp_fit(hpo__gp *gp, size_t iterations);
/* Log posterior density of the hyperparameters (up to a constant) and, unless NULL, its gradient; -infinity when the matrix is not positive definite. */
double hpo__gp_log_posterior(hpo__gp *gp, const double *theta, double *gradient);

/* Factors the data's covariance at the current hyperparameters; needed before what follows. False when even the largest jitter did not help. */
bool hpo__gp_condition(hpo__gp *gp);
/* Weights: mean at a point is the dot product of its covariances with these. n values, for the given outputs. */
const double *hpo__gp_weights(const hpo__gp *gp);
/* Weights for other outputs `t` of the same points (labels of feasibility). */
void   hpo__gp_weights_of(const hpo__gp *gp, const double *t, double *weights);
double hpo__gp_signal(const hpo__gp *gp); /* variances */
double hpo__gp_noise(const hpo__gp *gp);
/* Posterior mean at the data's own points, noise taken out: y_j - noise_j * weight_j. */
void hpo__gp_mean_at_data(const hpo__gp *gp, double *mean);
/* Leave-one-out means (and variances, unless NULL) of the data. */
bool hpo__gp_leave_one_out(hpo__gp *gp, double *mean, double *variance);

/* Prediction at m points, x[i * m + q]. Outputs, any of which may be NULL: mean[m]; variance[m] of the noise-free function; other[m], the mean with `other_weights` (see
 * hpo__gp_weights_of); v[j * m + q], the covariances of point q with the data solved with the factor, from which covariances between predictions follow. False when out of memory. */
bool hpo__gp_predict(hpo__gp *gp, const double *x, size_t m, double *mean, double *variance, const double *other_weights, double *other, double *v);
/* Prior covariance between point a of one set (x, m points) and point b of another (z, r points). */
double hpo__gp_covariance(const hpo__gp *gp, const double *x, size_t m, size_t a, const double *z, size_t r, size_t b);

#endif
