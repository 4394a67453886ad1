/* Log expected improvement under a Gaussian process, with running trials and failures taken into account. */
#ifndef HPO_MODEL_ACQUISITION_H
#define HPO_MODEL_ACQUISITION_H

#include "model/gp.h"

#include <stdint.h>

typedef struct hpo__acquisition hpo__acquisition;

/*
 * An acquisition over a conditioned model, which must outlive it. `incumbent`: value to improve on, standardised. `pending`: r points that run, pending[i * r + k];
 * `labels`: 1 for feasible and -1 for failed per data point, or NULL when failures are not modelled. `seed` fixes the samples. NULL when out of memory.
 */
hpo__acquisition *hpo__acquisition_new(const hpo__alloc *alloc, hpo__gp *gp, double incumbent, const double *pending, size_t r, const double *labels,
                                       uint64_t seed);
void              hpo__acquisition_free(hpo__acquisition *acquisition);
/* Log acquisition of m points x[i * m + q]; mean and variance of the model beside it (may be NULL). False when out of memory. */
bool hpo__acquisition_score(hpo__acquisition *acquisition, const double *x, size_t m, double *score, double *mean, double *variance);

#endif
