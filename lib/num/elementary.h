/* Exponential and logarithm of many numbers at once, with the same bits on every machine (those of libm differ between its versions). */
#ifndef HPO_NUM_ELEMENTARY_H
#define HPO_NUM_ELEMENTARY_H

#include <stddef.h>

/* x[i] := e^x[i], within 2 units in the last place; 0 below -708, e^709 above 709, where a kernel needs no more. NaN gives e^709: none may come in. */
void hpo__exp_many(double *x, size_t n);
/* x[i] := natural logarithm of x[i], a normal positive number; within 2 units in the last place. */
void hpo__log_many(double *x, size_t n);

#endif
