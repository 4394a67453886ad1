#include "strategy/registry.h"

#include <string.h>

static const hpo_strategy_ops *const strategies[] = {
    &hpo__strategy_random, &hpo__strategy_grid, &hpo__strategy_sobol, &hpo__strategy_halton,
    &hpo__strategy_lhs,    &hpo__strategy_zoom, &hpo__strategy_gp,
};

size_t hpo_strategy_count(void) {
    return sizeof strategies / sizeof strategies[0];
}

const hpo_strategy_ops *hpo__strategy_at(size_t i) {
    return i < hpo_strategy_count() ? strategies[i] : NULL;
}

const char *hpo_strategy_name(size_t i) {
    return i < hpo_strategy_count() ? strategies[i]->name : NULL;
}

const char *hpo_strategy_help(size_t i) {
    return i < hpo_strategy_count() ? strategies[i]->help : NULL;
}

const hpo_strategy_ops *hpo__strategy_find(const char *name) {
    for (size_t i = 0; i < hpo_strategy_count(); i++)
        if (strcmp(strategies[i]->name, name) == 0)
            return strategies[i];
    return NULL;
}
