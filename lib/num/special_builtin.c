/*
 * Special functions without GSL. Sources are named at each function; accuracy is about 1e-13 relative in both tails, checked against mpmath.
 */
#include "num/special.h"
#include <float.h>
#include <math.h>
#include <stdbool.h>

#define LN_SQRT_2PI 0.918938533204672741780329736406
#define PI          3.14159265358979323846264338328

enum { ITERATIONS_MAX = 100000 };

/* ---- normal ---- */

double hpo__normal_cdf(double x) {
    return 0.5 * erfc(-x * 0.707106781186547524400844362105);
}

static double polynomial(const double *c, int degree, double x) {
    double y = c[degree];
    for (int i = degree; i-- > 0;)
        y = y * x + c[i];
    return y;
}

/* M. J. Wichura, "Algorithm AS 241: the percentage points of the normal distribution", Applied Statistics 37, 1988: PPND16, about 1e-16 relative. */
double hpo__normal_quantile(double p) {
    static const double middle_top[] = {3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3, 1.3731693765509461125e+4,
                                        4.5921953931549871457e+4, 6.7265770927008700853e+4, 3.3430575583588128105e+4, 2.5090809287301226727e+3};
    static const double middle_low[] = {1.0,
                                        4.2313330701600911252e+1,
                                        6.8718700749205790830e+2,
                                        5.3941960214247511077e+3,
                                        2.1213794301586595867e+4,
                                        3.9307895800092710610e+4,
                                        2.8729085735721942674e+4,
                                        5.2264952788528545610e+3};
    static const double tail_top[]   = {1.42343711074968357734e0, 4.63033784615654529590e0,  5.76949722146069140550e0,  3.64784832476320460504e0,
                                        1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double tail_low[]   = {1.0,
                                        2.05319162663775882187e0,
                                        1.67638483018380384940e0,
                                        6.89767334985100004550e-1,
                                        1.48103976427480074590e-1,
                                        1.51986665636164571966e-2,
                                        5.47593808499534494600e-4,
                                        1.05075007164441684324e-9};
    static const double far_top[]    = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,  2.96560571828504891230e-1,
                                        2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double far_low[]    = {1.0,
                                        5.99832206555887937690e-1,
                                        1.36929880922735805310e-1,
                                        1.48753612908506148525e-2,
                                        7.86869131145613259100e-4,
                                        1.84631831751005468180e-5,
                                        1.42151175831644588870e-7,
                                        2.04426310338993978564e-15};
    if (!(p >= 0 && p <= 1))
        return (double)NAN;
    if (p == 0 || p == 1)
        return p == 0 ? -(double)INFINITY : (double)INFINITY;
    double q = p - 0.5;
    if (fabs(q) <= 0.425) {
        double r = 0.180625 - q * q;
        return q * polynomial(middle_top, 7, r) / polynomial(middle_low, 7, r);
    }
    double r = sqrt(-log(q < 0 ? p : 1 - p)), x;
    if (r <= 5) {
        r -= 1.6;
        x = polynomial(tail_top, 7, r) / polynomial(tail_low, 7, r);
    } else {
        r -= 5;
        x = polynomial(far_top, 7, r) / polynomial(far_low, 7, r);
    }
    return q < 0 ? -x : x;
}

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
    return polynomial(c, 6, 1 / (a * a)) / a;
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
        if (fabs(ratio - 1) < 1e-16)
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
    return a * polynomial(c, 5, a);
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
    double rest = polynomial(c0, 6, eta) + polynomial(c1, 2, eta) / a;
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
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d           = 1 / (1 + even * d);
        c           = 1 + even / c;
        fraction *= c * d;
        double odd   = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d            = 1 / (1 + odd * d);
        c            = 1 + odd / c;
        double ratio = c * d;
        fraction *= ratio;
        if (fabs(ratio - 1) < 1e-16)
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
    double a = nu - 0.5, b = 48 * a * a, square = a * log1p(t / nu * t), z = sqrt(square);
    double correction = ((((-0.4 * square - 3.3) * square - 24) * square - 85.5) / (0.8 * square * square + 100 + b) + square + 3) / b + 1;
    z *= correction;
    return z < 0.5 ? parts_from_centre(0.5 * erf(z * 0.707106781186547524400844362105)) : parts_from_tail(hpo__normal_cdf(-z));
}

static parts student_parts(double t, double nu) {
    double a = 0.5 * nu, odds = t / nu * t; /* (1 - x) / x for x = nu / (nu + t^2) */
    if (nu > 1e4)
        return student_large(t, nu);
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
    if (in_tail && student_parts(DBL_MAX, nu).tail > wanted)
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
