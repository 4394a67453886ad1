/* The trust region of the gp strategy: a box around the best trial that grows with success and shrinks without. */
#ifndef HPO_STRATEGY_GP_REGION_H
#define HPO_STRATEGY_GP_REGION_H

#include "model/surrogate.h"

/* Inputs that are active at a point: from more than 15 on a region is worth while. */
size_t hpo__gp_region_inputs(const hpo__surrogate *surrogate, const double *unit);

/*
 * Side of the box that trials first ... n - 1 of a history have led to, 1 / 128 to 1.6 of the range of a parameter. `inputs`: number of dimensions; `least`: the gain that counts as
 * a success.
 */
double hpo__gp_region_side(const hpo_history *history, size_t first, size_t inputs, double least);

/*
 * The box of that side around a point: low[d] and high[d], unit coordinates. Sides are stretched by the length-scales to the same volume; a parameter that is inactive at the
 * centre or a choice has the whole range.
 */
void hpo__gp_region_box(const hpo__surrogate *surrogate, const double *centre, double side, double *low, double *high);

#endif
