/* Output warping: objective values made close to normal before a Gaussian process sees them. */
#ifndef HPO_MODEL_OUTPUT_H
#define HPO_MODEL_OUTPUT_H

#include <stddef.h>

/* Warps y[n] (finite, to be minimised) into z[n] with mean 0 and deviation 1, in the same order; all equal values give zeros. `order` (n) and `scratch` (2 n) are work space. */
void hpo__output_warp(const double *y, size_t n, double *z, size_t *order, double *scratch);

#endif
