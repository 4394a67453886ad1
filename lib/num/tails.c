/*
 * Chi-square and Student's t, for both builds. GSL 2.7's are not used: its chi-square calls the error handler, which aborts the host, for about 1e6 degrees of
 * freedom and more, and its Student's t is off by up to 1e-6 in the tail for more than 30 (Cornish-Fisher), where these keep 1e-12 (checked against mpmath).
 * Sources are named at each function.
 */
#include "num/polynomial.h"
#include "num/special.h"
#include <float.h>
#include <math.h>
#include <stdbool.h>

#define PI        3.14159265358979323846264338328
#define SQRT_HALF 0.707106781186547524400844362105

enum { ITERATIONS_MAX = 100000 };

/* ---- chi-square: the regularised incomplete gamma function ---- */

/* log(1 + x) - x without cancellation. */
static double log1p_minus(double x) {
    if (fabs(x) > 0.5)
        return log1p(x) - x;
    /* log(1 + x) = 2 artanh(r) with r = x / (2 + x), and 2 r - x = -r x; the rest is the series of artanh. */
    double r = x / (2 + x), square = r * r, power = r * square, sum = 0;
    for (int k = 3; k < 80; k += 2) {
        double term = power / k;
        sum += term;
        if (fabs(term) < 1e-18 * fabs(sum))
            break;
        power *= square;
    }
    return 2 * sum - r * x;
}

/* log of Gamma(a + 1) / (sqrt(2 pi a) (a / e)^a): Stirling's series, for a >= 15. */
static double stirling_rest(double a) {
    static const double c[] = {1.0 / 12, -1.0 / 360, 1.0 / 1260, -1.0 / 1680, 1.0 / 1188, -691.0 / 360360, 1.0 / 156};
    return hpo__polynomial(c, 6, 1 / (a * a)) / a;
}

/* x^a e^-x / Gamma(a + 1), by the saddle-point form of C. Loader, "Fast and accurate computation of binomial probabilities", 2000. */
static double gamma_factor(double a, double x) {
    if (a < 15)
        return exp(a * log(x) - x) / tgamma(a + 1);
    return exp(a * log1p_minus((x - a) / a) - stirling_rest(a)) / sqrt(2 * PI * a);
}

/* Lower part by its power series, P(a, x) = factor * sum of x^k / ((a + 1) ... (a + k)); for x < a + 1. */
static double gamma_series(double a, double x) {
    double sum = 1, term = 1;
    for (int k = 1; k < ITERATIONS_MAX && term > 1e-17 * sum; k++) {
        term *= x / (a + k);
        sum += term;
    }
    return gamma_factor(a, x) * sum;
}

/* Upper part by Legendre's continued fraction (modified Lentz method: W. J. Lentz 1976; Thompson and Barnett 1986); for x >= max(1, a + 1). */
static double gamma_fraction(double a, double x) {
    double b = x + 1 - a, c = 1 / DBL_MIN, d = 1 / b, fraction = d;
    for (int k = 1; k < ITERATIONS_MAX; k++) {
        double top = -k * (k - a);
        b += 2;
        d            = 1 / (b + top * d);
        c            = b + top / c;
        double ratio = c * d;
        fraction *= ratio;
        if (fabs(ratio - 1) <= DBL_EPSILON)
            break;
    }
    return gamma_factor(a, x) * a * fraction;
}

/* log Gamma(1 + a) for 0 < a < 1, also relative to a. */
static double log_gamma_1p(double a) {
    if (a > 0.01)
        return lgamma(1 + a);
    static const double c[] = {-0.577215664901532860606512090082,   1.64493406684822643647241516665 / 2,  -1.20205690315959428539973816151 / 3,
                               1.08232323371113819151600369654 / 4, -1.03692775514336992633136548646 / 5, 1.01734306198444913971451792979 / 6};
    return a * hpo__polynomial(c, 5, a);
}

/* Upper part for a and x below 1, where 1 - P cancels: Q = 1 - x^a / Gamma(1 + a) - x^a / Gamma(a) * sum over n >= 1 of (-x)^n / ((a + n) n!). */
static double gamma_small(double a, double x) {
    double exponent = a * log(x) - log_gamma_1p(a), sum = 0, power = 1;
    for (int n = 1; n < 30; n++) {
        power *= -x / n;
        sum += power / (a + n);
    }
    return -expm1(exponent) - exp(exponent) * a * sum;
}

/* Upper part for a >= 1e6: N. M. Temme, "The asymptotic expansion of the incomplete gamma functions", SIAM J. Math. Anal. 10, 1979. |eta| is small wherever
 * the result is neither 0 nor 1, so the first coefficients are taken from their Taylor series. */
static double gamma_asymptotic(double a, double x) {
    static const double c0[] = {-1.0 / 3, 1.0 / 12, -2.0 / 135, 1.0 / 864, 1.0 / 2835, -139.0 / 777600, 1.0 / 25515};
    static const double c1[] = {-1.0 / 540, -1.0 / 288, 25.0 / 12096};
    double              mu = (x - a) / a, half_square = -log1p_minus(mu);
    if (a * half_square > 760)
        return mu < 0 ? 1 : 0;
    double eta  = copysign(sqrt(2 * half_square), mu);
    double rest = hpo__polynomial(c0, 6, eta) + hpo__polynomial(c1, 2, eta) / a;
    return 0.5 * erfc(copysign(sqrt(a * half_square), mu)) + exp(-a * half_square) / sqrt(2 * PI * a) * rest;
}

double hpo__chi_square_upper(double x, double nu) {
    if (isnan(x) || !(nu > 0) || isinf(nu))
        return (double)NAN;
    double a = nu / 2;
    x /= 2;
    if (x <= 0)
        return 1;
    if (isinf(x))
        return 0;
    if (a >= 1e6)
        return gamma_asymptotic(a, x);
    if (a < 1 && x < 1)
        return gamma_small(a, x);
    return x < a + 1 ? 1 - gamma_series(a, x) : gamma_fraction(a, x);
}

/* ---- Student's t: the regularised incomplete beta function with b = 1/2 ---- */

/* 1 / B(a, 1/2) = Gamma(a + 1/2) / (Gamma(a) sqrt(pi)). */
static double inverse_beta_half(double a) {
    if (a < 20)
        return tgamma(a + 0.5) / (tgamma(a + 1) * sqrt(PI)) * a;
    /* Gamma(a + 1/2) / Gamma(a + 1) by Stirling at both, with the powers joined in one logarithm. */
    double shifted = a - 0.5; /* Gamma(a + 1/2) = Gamma(shifted + 1) */
    double power   = shifted * log1p(-0.5 / a) + 0.5 - 0.5 * log(a) + stirling_rest(shifted) - stirling_rest(a) + 0.5 * log1p(-0.5 / a);
    return exp(power) * a / sqrt(PI);
}

/* The continued fraction of I_x(a, b) without its factor x^a (1 - x)^b / (a B(a, b)) (DLMF 8.17.22, modified Lentz); for x < (a + 1) / (a + b + 2). */
static double beta_fraction(double a, double b, double x) {
    double c = 1, d = 1 / (1 - (a + b) * x / (a + 1)), fraction = d;
    for (int m = 1; m < ITERATIONS_MAX; m++) {
        double even       = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d                 = 1 / (1 + even * d);
        c                 = 1 + even / c;
        double even_ratio = c * d, odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d                = 1 / (1 + odd * d);
        c                = 1 + odd / c;
        double odd_ratio = c * d;
        fraction *= even_ratio * odd_ratio;
        if (fabs(even_ratio - 1) <= DBL_EPSILON &&
            fabs(odd_ratio - 1) <= DBL_EPSILON) /* one of them alone is 1 to all digits too early for small x */
            break;
    }
    return fraction;
}

/* Both parts of the distribution on the positive side: tail = P(T > t), centre = P(0 < T < t), t >= 0. */
typedef struct parts {
    double tail, centre;
} parts;

static parts parts_from_tail(double tail) {
    return (parts){tail, 0.5 - tail};
}

static parts parts_from_centre(double centre) {
    return (parts){0.5 - centre, centre};
}

/* For large nu: G. W. Hill, "Algorithm 395: Student's t-distribution", CACM 13, 1970: a normal deviate whose error falls with nu^-3. */
static parts student_large(double t, double nu) {
    double a = nu - 0.5, b = 48 * a * a, square = nu < 1e20 ? a * log1p(t / nu * t) : t * t, z = sqrt(square);
    if (!(square < 1500)) /* the tail is below the least double */
        return parts_from_tail(0);
    double correction = ((((-0.4 * square - 3.3) * square - 24) * square - 85.5) / (0.8 * square * square + 100 + b) + square + 3) / b + 1;
    z *= correction;
    return z < 0.5 ? parts_from_centre(0.5 * erf(z * SQRT_HALF)) : parts_from_tail(hpo__normal_cdf(-z));
}

static parts student_parts(double t, double nu) {
    double a = 0.5 * nu, odds = t / nu * t; /* (1 - x) / x for x = nu / (nu + t^2) */
    if (nu > 1e4)
        return student_large(t, nu);
    if (a < DBL_MIN) /* all mass lies beyond the largest double */
        return parts_from_centre(0);
    double ln_x = isfinite(odds) && odds < 1e100 ? -log1p(odds) : log(nu) - 2 * log(t), x = exp(ln_x), y = odds < 1 ? odds / (1 + odds) : 1 - x;
    /* x^a sqrt(1 - x) / B(a, 1/2) */
    double factor = exp(a * ln_x) * sqrt(y) * inverse_beta_half(a);
    if (x < (a + 1) / (a + 2.5))
        return parts_from_tail(0.5 * factor / a * beta_fraction(a, 0.5, x));
    return parts_from_centre(factor * beta_fraction(0.5, a, y));
}

double hpo__student_cdf(double t, double nu) {
    if (isnan(t) || !(nu > 0))
        return (double)NAN;
    if (isinf(nu))
        return hpo__normal_cdf(t);
    if (isinf(t))
        return t < 0 ? 0 : 1;
    parts p = student_parts(fabs(t), nu);
    return t < 0 ? p.tail : 0.5 + p.centre;
}

/* The solution t > 0 of log(part(t)) = log(wanted), by Newton's method on log t: both sides are concave there, so that after one step it cannot overshoot;
 * the bracket guards that step. */
static double student_solve(double wanted, bool in_tail, double nu) {
    double low = 1e-20, high = DBL_MAX, t = fabs(hpo__normal_quantile(in_tail ? wanted : 0.5 + wanted));
    double top = inverse_beta_half(0.5 * nu) / sqrt(nu); /* the density at 0 */
    parts  end = student_parts(DBL_MAX, nu);
    if (in_tail ? end.tail > wanted : end.centre < wanted)
        return (double)INFINITY;
    for (int k = 0; k < 200; k++) {
        parts  p     = student_parts(t, nu);
        double value = in_tail ? p.tail : p.centre, miss = log(value / wanted);
        if (in_tail ? miss > 0 : miss < 0)
            low = t;
        else
            high = t;
        double odds     = t / nu * t;
        double ln_power = isfinite(odds) ? log1p(odds) : 2 * log(t) - log(nu);
        double slope = top * exp(log(t) - 0.5 * (nu + 1) * ln_power) / value, step = in_tail ? miss / slope : -miss / slope;
        double next = t * exp(step);
        if (!(next > low && next < high))
            next = fabs(step) < 1e-15 ? t : sqrt(low) * sqrt(high);
        if (fabs(next - t) <= 1e-16 * t)
            return next;
        t = next;
    }
    return t;
}

double hpo__student_quantile(double p, double nu) {
    if (!(p >= 0 && p <= 1) || !(nu > 0))
        return (double)NAN;
    if (isinf(nu) || p == 0 || p == 1)
        return hpo__normal_quantile(p);
    if (p == 0.5)
        return 0;
    double tail = p < 0.5 ? p : 1 - p, t = tail < 0.25 ? student_solve(tail, true, nu) : student_solve(0.5 - tail, false, nu);
    return p < 0.5 ? -t : t;
}
