/*
 * Special functions by GSL. Its error handler aborts the host on a domain error or an underflow, so arguments for which it would be called are settled here.
 */
#include "num/special.h"
#include <gsl/gsl_cdf.h>
#include <math.h>

double hpo__normal_cdf(double x) {
    if (isnan(x))
        return x;
    return gsl_cdf_ugaussian_P(x);
}

double hpo__normal_quantile(double p) {
    if (!(p >= 0 && p <= 1))
        return (double)NAN;
    if (p == 0 || p == 1)
        return p == 0 ? -(double)INFINITY : (double)INFINITY;
    return gsl_cdf_ugaussian_Pinv(p);
}

double hpo__student_cdf(double t, double nu) {
    if (isnan(t) || !(nu > 0))
        return (double)NAN;
    if (isinf(nu))
        return hpo__normal_cdf(t);
    if (isinf(t))
        return t < 0 ? 0 : 1;
    return gsl_cdf_tdist_P(t, nu);
}

double hpo__student_quantile(double p, double nu) {
    if (!(p >= 0 && p <= 1) || !(nu > 0))
        return (double)NAN;
    if (isinf(nu) || p == 0 || p == 1)
        return hpo__normal_quantile(p);
    return gsl_cdf_tdist_Pinv(p, nu);
}

double hpo__chi_square_upper(double x, double nu) {
    if (isnan(x) || !(nu > 0) || isinf(nu))
        return (double)NAN;
    if (x <= 0)
        return 1;
    if (isinf(x))
        return 0;
    return gsl_cdf_chisq_Q(x, nu);
}
