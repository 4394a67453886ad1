/* Distribution functions: the normal one from GSL (special_gsl.c) or built in (special_builtin.c) by the meson option `gsl`, the two agree to 1e-12 relative; the others
 * in tails.c and log_tails.c. Any argument is safe; out of domain, and for NaN, the result is NaN. */
#ifndef HPO_NUM_SPECIAL_H
#define HPO_NUM_SPECIAL_H

/* Standard normal: distribution function (the upper tail is that of -x) and quantile, p in [0,1]; 0 and 1 give infinities. */
double hpo__normal_cdf(double x);
double hpo__normal_quantile(double p);
/* log erfc(x) and log of the normal distribution function, where these are too small for a double as well. */
double hpo__log_erfc(double x);
double hpo__normal_log_cdf(double z);
/* log h(z) for h(z) = phi(z) + z Phi(z): the expected improvement over z of a standard normal variable, h'(z) = Phi(z). Writes the slope Phi(z) / h(z) of log h if `slope` is
 * not NULL; phi(z) / h(z) is 1 - z * slope, without cancellation for z <= 0. */
double hpo__normal_log_improvement(double z, double *slope);
/* Student's t with nu > 0 degrees of freedom: distribution function and quantile. */
double hpo__student_cdf(double t, double nu);
double hpo__student_quantile(double p, double nu);
/* Chi-square with nu > 0 degrees of freedom: upper tail P(X > x). */
double hpo__chi_square_upper(double x, double nu);

#endif
