/* Minimum and zero of a function of one variable on an interval, by Brent's methods: GSL's (brent_gsl.c) or built in (brent_builtin.c) by the meson option `gsl`. */
#ifndef HPO_NUM_BRENT_H
#define HPO_NUM_BRENT_H

#include <stdbool.h>
#include <stddef.h>

typedef double (*hpo__brent_function)(void *user, double x);

/* A minimum of the function on [low, high], finite, low <= high; the least one if there is only one. Its place is found to `tolerance` times (high - low), and not
 * better than to 1.5e-7 times that; values that are not finite count as very large. At most most_evaluations (at least 3) are made. Writes the value if `value` is not NULL. */
double hpo__brent_minimise(hpo__brent_function function, void *user, double low, double high, double tolerance, size_t most_evaluations,
                           double *value);
/* A zero of the function on [low, high], found to `tolerance` (0: to rounding). False when the interval is not finite, the ends have the same sign, or the function is not
 * a number somewhere. */
bool hpo__brent_root(hpo__brent_function function, void *user, double low, double high, double tolerance, double *root);

/* What the two builds do in their own way; the function gives finite values only. */
typedef struct hpo__brent_bracket {
    double low, middle, high, low_value, middle_value, high_value; /* middle_value below both others */
} hpo__brent_bracket;

/* Up to `most` evaluations, until high - low <= width. */
void hpo__brent_narrow_minimum(hpo__brent_function function, void *user, hpo__brent_bracket *bracket, double width, size_t most);
/* Values of opposite sign at both ends; returns the zero. */
double hpo__brent_narrow_root(hpo__brent_function function, void *user, double low, double low_value, double high, double high_value,
                              double tolerance, size_t most);

#endif
