/*
 * Output warping in three monotone steps, so that ranks and incumbents stay as they are.
 *
 * 1. Half-rank (Song et al., "The Vizier Gaussian process bandit algorithm", arXiv 2408.11527): values worse than the median are replaced by normal quantiles of their
 *    rank, scaled by the spread of the better half. Diverged runs then bend nothing. The median of an even number is the lower of the two in the middle, so that this
 *    holds when half of the runs diverged.
 * 2. Power (Box & Cox 1964; Yeo & Johnson, Biometrika 2000), as HEBO does (Cowen-Rivers et al., JAIR 2022): Box-Cox when all values are positive and spread over more
 *    than a factor of 20, else Yeo-Johnson; the exponent by maximum likelihood.
 * 3. Mean 0 and deviation 1.
 * Deviation from the sources: both warps in turn (HEBO has only the second, Vizier only the first and a logarithm). O(n log n), and O(n) per trial exponent.
 */
#include "model/output.h"

#include "num/brent.h"
#include "num/special.h"
#include "num/stats.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { FEWEST_FOR_POWER = 8, STEPS = 40 };
static const double LOWEST_EXPONENT = -2, HIGHEST_EXPONENT = 4;

/* The good side is counted in units of 2^exponent, which is exact, so that no square overflows or vanishes; how large bad values are does not matter. */
typedef struct middle {
    double raw, median, spread;
    int    exponent;
} middle;

static double scaled(const middle *m, double y) {
    return ldexp(y, -m->exponent);
}

/* z: distance from the median in units of the good side's spread, above the median by rank. `sorted` (n) becomes y by rising value. */
static middle half_rank(const double *y, size_t n, double *z, size_t *order, double *sorted) {
    hpo__stats_ranks(y, n, sorted, order); /* order: indices by rising value; the ranks are not needed */
    for (size_t k = 0; k < n; k++)
        sorted[k] = y[order[k]];
    middle m = {.raw = sorted[(n - 1) / 2]};
    frexp(fmax(fabs(sorted[0]), fabs(m.raw)), &m.exponent);
    m.median        = scaled(&m, m.raw);
    size_t distinct = 0, worse = 0; /* distinct values up to the median, and above it */
    double sum = 0;
    for (size_t k = 0; k < n; k++) {
        bool   first = k == 0 || sorted[k] != sorted[k - 1];
        double gap   = scaled(&m, sorted[k]) - m.median;
        worse += first && sorted[k] > m.raw;
        if (first && sorted[k] <= m.raw) {
            sum += gap * gap;
            distinct++;
        }
    }
    m.spread    = sum > 0 ? sqrt(sum / (double)distinct) : 1;
    double rank = (double)worse + 1, whole = (double)worse + 0.5;
    for (size_t k = 0; k < n; k++) {
        rank -= sorted[k] > m.raw && sorted[k] != sorted[k - 1]; /* counted from the worst, which has 1 */
        z[order[k]] = sorted[k] <= m.raw ? (scaled(&m, sorted[k]) - m.median) / m.spread : -hpo__normal_quantile(0.5 * (rank - 0.5) / whole);
    }
    return m;
}

static double box_cox(double y, double e) {
    return e == 0 ? log(y) : (pow(y, e) - 1) / e;
}

static double yeo_johnson(double y, double e) {
    if (y >= 0)
        return e == 0 ? log1p(y) : (pow(y + 1, e) - 1) / e;
    return e == 2 ? -log1p(-y) : -(pow(1 - y, 2 - e) - 1) / (2 - e);
}

/* Negative log likelihood of the exponent, up to a constant. `jacobian` is the sum of the logarithms of the derivative at exponent 1 less. */
static double misfit(const double *y, size_t n, double e, bool positive, double jacobian, double *warped) {
    for (size_t i = 0; i < n; i++)
        warped[i] = positive ? box_cox(y[i], e) : yeo_johnson(y[i], e);
    double deviation = hpo__stats_deviation(warped, n);
    if (!(deviation > 0) || !isfinite(deviation))
        return (double)INFINITY;
    return (double)n * log(deviation) - (e - 1) * jacobian;
}

/* The data of one search for an exponent. */
typedef struct powers {
    const double *y;
    size_t        n;
    bool          positive;
    double        jacobian;
    double       *warped;
} powers;

static double misfit_of(void *user, double e) {
    const powers *p = user;
    return misfit(p->y, p->n, e, p->positive, p->jacobian, p->warped);
}

static double best_exponent(powers *p) {
    p->jacobian = 0;
    for (size_t i = 0; i < p->n; i++)
        p->jacobian += p->positive ? log(p->y[i]) : copysign(log1p(fabs(p->y[i])), p->y[i]);
    return hpo__brent_minimise(misfit_of, p, LOWEST_EXPONENT, HIGHEST_EXPONENT, 1e-6, STEPS, NULL);
}

static void standardise(double *z, size_t n) {
    double mean = hpo__stats_mean(z, n), deviation = hpo__stats_deviation(z, n);
    for (size_t i = 0; i < n; i++)
        z[i] = deviation > 0 ? (z[i] - mean) / deviation : 0;
}

void hpo__output_warp(const double *y, size_t n, double *z, size_t *order, double *scratch) {
    if (n == 0)
        return;
    middle m = half_rank(y, n, z, order, scratch);
    if (scratch[0] == scratch[n - 1]) {
        memset(z, 0, n * sizeof *z);
        return;
    }
    if (n >= FEWEST_FOR_POWER) {
        double smallest = scaled(&m, scratch[0]), largest = m.median + m.spread * z[order[n - 1]], *input = scratch + n;
        bool   positive = smallest > 0 && largest / smallest >= 20;
        for (size_t i = 0; i < n; i++)
            input[i] = !positive ? z[i] : y[i] <= m.raw ? scaled(&m, y[i]) : m.median + m.spread * z[i];
        powers p = {.y = input, .n = n, .positive = positive, .warped = scratch};
        double e = best_exponent(&p);
        if (isfinite(misfit(input, n, e, positive, 0, scratch)) && (positive || hpo__stats_deviation(scratch, n) >= 0.5))
            memcpy(z, scratch, n * sizeof *z);
    }
    standardise(z, n);
}
