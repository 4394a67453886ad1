/* Spaces that together have every shape a strategy must handle, and an objective over any of them. */
#ifndef CONFORMANCE_SPACES_H
#define CONFORMANCE_SPACES_H

#include <hpo.h>

enum { N_SPACES = 6 };

/* Space `i` < N_SPACES; the caller owns it. */
hpo_space  *conformance_space(int i);
const char *conformance_space_name(int i);
/* A smooth bowl over the unit cube whose bottom moves with the choices; fails on a corner of the cube. */
hpo_status conformance_objective(hpo_trial *trial, double *value, void *space);

#endif
