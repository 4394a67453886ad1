/*
 * The normal distribution by GSL. Its error handler aborts the host on a domain error, so arguments for which it would be called are settled here.
 */
#include "num/special.h"
#include <gsl/gsl_cdf.h>
#include <math.h>

double hpo__normal_cdf(double x) {
    if (isnan(x))
        return x;
    if (x < -37) /* below -37.5 GSL gives 0, where the smallest doubles are not yet reached */
        return 0.5 * erfc(-x * 0.707106781186547524400844362105);
    return gsl_cdf_ugaussian_P(x);
}

double hpo__normal_quantile(double p) {
    if (!(p >= 0 && p <= 1))
        return (double)NAN;
    if (p == 0 || p == 1)
        return p == 0 ? -(double)INFINITY : (double)INFINITY;
    return gsl_cdf_ugaussian_Pinv(p);
}
