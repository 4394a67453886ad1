/* Which parameters visibly change the result. */
#ifndef HPO_ANALYSIS_EFFECTS_H
#define HPO_ANALYSIS_EFFECTS_H

#include "study/study.h"

/* Chance (p-value) of seeing differences as large as in these n rows of complete trials if parameter i had no effect, for every i, into chance[d]; NaN when the parameter
 * has one value or is active in too few rows to judge. False when out of memory. The study's lock is held. */
bool hpo__effects(const hpo_study *study, const size_t *rows, size_t n, double *chance);

#endif
