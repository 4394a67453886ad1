/*
 * Limited-memory BFGS with bounds.
 *
 * Sources: two-loop recursion, J. Nocedal, "Updating quasi-Newton matrices with limited storage", Math. Comp. 35, 1980. Projected steps with variables held near a
 * bound that the gradient pushes against, D. P. Bertsekas, "Projected Newton methods for optimization problems with simple constraints", SIAM J. Control Optim. 20, 1982.
 * Line search, A. S. Lewis, M. L. Overton, "Nonsmooth optimization via quasi-Newton methods", Math. Program. 141, 2013: bracketing for Armijo's and the weak Wolfe
 * condition, along the projected line.
 *
 * Deviations: this is not L-BFGS-B (Byrd, Lu, Nocedal, Zhu, 1995), whose generalized Cauchy point is replaced by the projection; the curvature of the pairs is that on
 * the free variables, so that a pair made with other variables held does no harm; halving is replaced by a quadratic's minimum where that lies well inside.
 *
 * Cost per iteration: about 6 HPO__LBFGS_PAIRS n operations, and mostly one evaluation. Memory: 23 n doubles of the caller's.
 */
#include "num/lbfgs.h"
#include <float.h>
#include <math.h>
#include <string.h>

enum { MOST_TRIALS = 25 };

static const double ARMIJO = 1e-4, WOLFE = 0.9;
/* A variable nearer to its bound than this part of its range is held there. */
static const double NEAR = 1e-3;

size_t hpo__lbfgs_workspace(size_t n) {
    return (6 + 2 * HPO__LBFGS_PAIRS) * n;
}

static double clamp(const hpo__lbfgs *run, size_t i, double x) {
    return x < run->low[i] ? run->low[i] : x > run->high[i] ? run->high[i] : x;
}

static bool all_finite(const double *x, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}

static double projected_gradient(const hpo__lbfgs *run) {
    double most = 0;
    for (size_t i = 0; i < run->n; i++)
        most = fmax(most, fabs(clamp(run, i, run->x[i] - run->gradient[i]) - run->x[i]));
    return most;
}

/* Where variable i is held: at the bound that it is near to and pushed against, or NaN when it is free. */
static double held_at(const hpo__lbfgs *run, size_t i, double projected) {
    double low = run->low[i], high = run->high[i], near = fmin(projected, NEAR * fmin(high - low, 1));
    if (run->x[i] - low <= near && run->gradient[i] > 0)
        return low;
    if (high - run->x[i] <= near && run->gradient[i] < 0)
        return high;
    return (double)NAN;
}

static size_t pair_at(const hpo__lbfgs *run, size_t age) {
    return (run->newest + HPO__LBFGS_PAIRS - age) % HPO__LBFGS_PAIRS * run->n;
}

/* The dot product on the free variables, which are those whose mark is not 0. */
static double dot_free(const double *a, const double *b, const double *mark, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += mark[i] != 0 ? a[i] * b[i] : 0;
    return sum;
}

/* The direction on the free variables: minus the gradient, times the inverse Hessian that the pairs tell. False when they tell nothing. */
static bool two_loops(hpo__lbfgs *run, const double *mark) {
    double inverse[HPO__LBFGS_PAIRS] = {0}, factor[HPO__LBFGS_PAIRS] = {0}, scale = 0, *d = run->direction; /* 0: the pair is passed over */
    for (size_t age = 0; age < run->pairs; age++) {
        const double *step = run->steps + pair_at(run, age), *change = run->changes + pair_at(run, age);
        double        product = dot_free(step, change, mark, run->n), squares = dot_free(change, change, mark, run->n);
        if (!(product > DBL_EPSILON * squares && isfinite(1 / product)))
            continue;
        inverse[age] = 1 / product;
        if (scale == 0)
            scale = product / squares;
        factor[age] = inverse[age] * dot_free(step, d, mark, run->n);
        for (size_t i = 0; i < run->n; i++)
            d[i] -= factor[age] * change[i];
    }
    if (!(scale > 0 && isfinite(scale)))
        return false;
    for (size_t i = 0; i < run->n; i++)
        d[i] *= scale;
    for (size_t age = run->pairs; age-- > 0;) {
        const double *step = run->steps + pair_at(run, age), *change = run->changes + pair_at(run, age);
        if (inverse[age] == 0)
            continue;
        double back = factor[age] - inverse[age] * dot_free(change, d, mark, run->n);
        for (size_t i = 0; i < run->n; i++)
            d[i] += back * step[i];
    }
    return true;
}

/* The first step has no scale but that of the gradient: its length is at most 1. */
static void steepest(hpo__lbfgs *run, const double *mark) {
    double most = 0;
    for (size_t i = 0; i < run->n; i++)
        most = fmax(most, mark[i] != 0 ? fabs(run->gradient[i]) : 0);
    for (size_t i = 0; i < run->n; i++)
        run->direction[i] = -run->gradient[i] / fmax(most, 1);
}

/* Fills the direction; held variables go to their bound. Returns the slope along it. */
static double choose_direction(hpo__lbfgs *run, double projected) {
    double *mark = run->trial, slope = 0; /* not in use now */
    for (size_t i = 0; i < run->n; i++) {
        mark[i]           = isnan(held_at(run, i, projected));
        run->direction[i] = -run->gradient[i];
    }
    if (!two_loops(run, mark) || !(dot_free(run->direction, run->gradient, mark, run->n) < 0) || !all_finite(run->direction, run->n)) {
        run->pairs = 0;
        steepest(run, mark);
    }
    for (size_t i = 0; i < run->n; i++) {
        if (mark[i] == 0)
            run->direction[i] = held_at(run, i, projected) - run->x[i];
        slope += run->direction[i] * run->gradient[i];
    }
    return slope;
}

/* Evaluates at P(x + length * direction), where the line has the slope `slope`. Returns the change of value that the gradient at x promises. */
static double try_length(hpo__lbfgs *run, double length, double *value, double *slope) {
    double promised = 0;
    for (size_t i = 0; i < run->n; i++) {
        run->trial[i] = clamp(run, i, run->x[i] + length * run->direction[i]);
        promised += run->gradient[i] * (run->trial[i] - run->x[i]);
    }
    *value = run->function(run->user, run->trial, run->trial_gradient);
    run->evaluations++;
    if (!all_finite(run->trial_gradient, run->n))
        *value = (double)NAN;
    *slope = 0;
    for (size_t i = 0; i < run->n; i++)
        if (run->trial[i] > run->low[i] && run->trial[i] < run->high[i])
            *slope += run->trial_gradient[i] * run->direction[i];
    return promised;
}

static void swap(double **a, double **b) {
    double *kept = *a;
    *a           = *b;
    *b           = kept;
}

/* Leaves in good and good_gradient the point to go on from, and returns its value; NaN when none better was found. */
static double search_line(hpo__lbfgs *run, double slope) {
    double low = 0, high = (double)INFINITY, length = 1, best = (double)NAN;
    for (int k = 0; k < MOST_TRIALS && run->evaluations < run->options.most_evaluations; k++) {
        double value, slope_there, promised = try_length(run, length, &value, &slope_there);
        if (isfinite(value) && promised < 0 && value <= run->value + ARMIJO * promised) {
            if (!(value >= best)) {
                best = value;
                swap(&run->trial, &run->good);
                swap(&run->trial_gradient, &run->good_gradient);
            }
            if (slope_there >= WOLFE * slope)
                break;
            low    = length;
            length = high < (double)INFINITY ? 0.5 * (low + high) : 4 * length;
            continue;
        }
        high         = length;
        double inner = 0.2; /* far back from where the function does not exist */
        if (isfinite(value)) {
            double bent = 2 * (value - run->value - slope * length) / length;
            inner       = low == 0 && bent > 0 ? fmin(fmax(-slope / bent, 0.1), 0.5) : 0.5;
        }
        length = low + inner * (high - low);
        if (!(length > low && length < high))
            break;
    }
    return best;
}

static void remember(hpo__lbfgs *run) {
    size_t  place = (run->newest + 1) % HPO__LBFGS_PAIRS;
    double *step = run->steps + place * run->n, *change = run->changes + place * run->n, product = 0, squares = 0;
    for (size_t i = 0; i < run->n; i++) {
        step[i]   = run->good[i] - run->x[i];
        change[i] = run->good_gradient[i] - run->gradient[i];
        product += step[i] * change[i];
        squares += change[i] * change[i];
    }
    if (!(product > DBL_EPSILON * squares))
        return;
    run->newest = place;
    run->pairs += run->pairs < HPO__LBFGS_PAIRS;
}

static bool finish(hpo__lbfgs *run, hpo__lbfgs_end end) {
    run->end = end;
    return false;
}

bool hpo__lbfgs_step(hpo__lbfgs *run) {
    if (run->end != HPO__LBFGS_RUNS)
        return false;
    double projected = projected_gradient(run);
    if (!(projected > run->options.gradient_tolerance))
        return finish(run, HPO__LBFGS_GRADIENT);
    if (run->iterations >= run->options.most_iterations)
        return finish(run, HPO__LBFGS_ITERATIONS);
    if (run->evaluations >= run->options.most_evaluations)
        return finish(run, HPO__LBFGS_EVALUATIONS);
    double slope = choose_direction(run, projected);
    bool   fresh = run->pairs == 0;
    if (!(-slope > DBL_EPSILON * fabs(run->value))) /* what could be gained is lost in rounding */
        return finish(run, HPO__LBFGS_VALUE);
    double value = search_line(run, slope);
    run->iterations++;
    if (isnan(value)) {
        if (fresh)
            return finish(run, run->evaluations < run->options.most_evaluations ? HPO__LBFGS_VALUE : HPO__LBFGS_EVALUATIONS);
        run->pairs = 0; /* once more along the gradient */
        return true;
    }
    remember(run);
    double gain = run->value - value;
    run->value  = value;
    memcpy(run->x, run->good, run->n * sizeof *run->x);
    memcpy(run->gradient, run->good_gradient, run->n * sizeof *run->gradient);
    return gain > run->options.value_tolerance * fmax(fabs(value), 1) || finish(run, HPO__LBFGS_VALUE);
}

void hpo__lbfgs_start(hpo__lbfgs *run, hpo__lbfgs_function function, void *user, size_t n, double *x, const double *low, const double *high,
                      const hpo__lbfgs_options *options, double *workspace) {
    *run                   = (hpo__lbfgs){.function = function, .user = user, .options = *options, .n = n, .x = x, .low = low, .high = high};
    double **const parts[] = {&run->gradient, &run->direction, &run->trial, &run->trial_gradient, &run->good, &run->good_gradient};
    for (size_t k = 0; k < sizeof parts / sizeof *parts; k++, workspace += n)
        *parts[k] = workspace;
    run->steps   = workspace;
    run->changes = workspace + HPO__LBFGS_PAIRS * n;
    for (size_t i = 0; i < n; i++)
        x[i] = clamp(run, i, x[i]);
    run->value       = function(user, x, run->gradient);
    run->evaluations = 1;
    if (!isfinite(run->value) || !all_finite(run->gradient, n))
        run->end = HPO__LBFGS_NOT_FINITE;
}

double hpo__lbfgs_minimise(hpo__lbfgs_function function, void *user, size_t n, double *x, const double *low, const double *high,
                           const hpo__lbfgs_options *options, double *workspace) {
    hpo__lbfgs run;
    hpo__lbfgs_start(&run, function, user, n, x, low, high, options, workspace);
    while (hpo__lbfgs_step(&run))
        ;
    return run.value;
}
