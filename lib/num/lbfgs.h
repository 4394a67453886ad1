/*
 * Minimum of a smooth function in a box: limited-memory BFGS. No allocation: the caller gives the work space, so that a run can be kept and taken up again.
 */
#ifndef HPO_NUM_LBFGS_H
#define HPO_NUM_LBFGS_H

#include <stdbool.h>
#include <stddef.h>

/* Value at x[n], and the gradient. Where one of them is not finite, the step there is taken back. */
typedef double (*hpo__lbfgs_function)(void *user, const double *x, double *gradient);

typedef struct hpo__lbfgs_options {
    double gradient_tolerance; /* ends when no component of the projected gradient, P(x - gradient) - x, is larger */
    size_t most_iterations;
    size_t most_evaluations; /* at least one is made */
    double value_tolerance;  /* ends when a step gains no more than this part of max(|value|, 1) */
} hpo__lbfgs_options;

typedef enum hpo__lbfgs_end {
    HPO__LBFGS_RUNS = 0,
    HPO__LBFGS_GRADIENT,    /* converged by the gradient */
    HPO__LBFGS_VALUE,       /* converged by the value, or no better value can be told from this one by rounding */
    HPO__LBFGS_ITERATIONS,  /* as many as allowed */
    HPO__LBFGS_EVALUATIONS, /* as many as allowed */
    HPO__LBFGS_NOT_FINITE   /* the function at the start */
} hpo__lbfgs_end;

enum { HPO__LBFGS_PAIRS = 8 };

/* A run. To be read between steps: x, value, gradient, iterations, evaluations, end. */
typedef struct hpo__lbfgs {
    hpo__lbfgs_function function;
    void               *user;
    hpo__lbfgs_options  options;
    size_t              n, iterations, evaluations, pairs, newest;
    hpo__lbfgs_end      end;
    double              value, *x, *gradient;
    const double       *low, *high;
    double             *direction, *trial, *trial_gradient, *good, *good_gradient; /* n each */
    double             *steps, *changes;                                           /* HPO__LBFGS_PAIRS times n each: of x and of the gradient */
} hpo__lbfgs;

/* How many doubles of work space n variables need. */
size_t hpo__lbfgs_workspace(size_t n);
/* Moves x into [low, high] (infinite bounds are none) and evaluates there. x, low, high and workspace are used until the run's end, x holds the best point so far. */
void hpo__lbfgs_start(hpo__lbfgs *run, hpo__lbfgs_function function, void *user, size_t n, double *x, const double *low, const double *high,
                      const hpo__lbfgs_options *options, double *workspace);
/* One iteration. False when the run has ended. */
bool hpo__lbfgs_step(hpo__lbfgs *run);
/* Start, and steps to the end. Returns the value at x, which is not finite only when it was not at the start. */
double hpo__lbfgs_minimise(hpo__lbfgs_function function, void *user, size_t n, double *x, const double *low, const double *high,
                           const hpo__lbfgs_options *options, double *workspace);

#endif
