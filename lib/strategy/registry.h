/* The built-in strategies, listed once. */
#ifndef HPO_STRATEGY_REGISTRY_H
#define HPO_STRATEGY_REGISTRY_H

#include <hpo/strategy.h>

extern const hpo_strategy_ops hpo__strategy_gp, hpo__strategy_grid, hpo__strategy_halton, hpo__strategy_lhs, hpo__strategy_random,
    hpo__strategy_sobol, hpo__strategy_zoom;

/* NULL when there is none of that name. */
const hpo_strategy_ops *hpo__strategy_find(const char *name);
/* Built-in strategy i < hpo_strategy_count(). */
const hpo_strategy_ops *hpo__strategy_at(size_t i);

#endif
