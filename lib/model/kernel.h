/* The inner loops of the covariance function, many values at a time. */
#ifndef HPO_MODEL_KERNEL_H
#define HPO_MODEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>

/* r2[j] += weight * (others[j] - value)^2, or for a choice weight where the two differ. */
void hpo__kernel_add_distances(bool choice, double value, const double *others, size_t n, double weight, double *r2);
/* k[j] = signal (1 + q + q^2/3) e^-q with q = sqrt(5 r2[j]) and, unless NULL, slope[j] = -2 dk/d(r2). k may be r2. */
void hpo__kernel_matern(const double *r2, size_t n, double signal, double *k, double *slope);

#endif
