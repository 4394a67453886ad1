/*
 * TuRBO's trust region (Eriksson et al., NeurIPS 2019, section 2 and appendix): with many parameters a model of the whole cube spends its suggestions on corners that it knows
 * nothing about; inside a box around the best trial it can be right.
 *
 * The side starts at 0.8, doubles (up to 1.6) after three successes in a row and halves after max(4, d) failures in a row; below 1/128 it starts anew. Deviations: one
 * region; its data are all trials, so that a restart forgets nothing; the side is not kept but read off the history, so that the strategy stays a function of it. O(n).
 */
#include "strategy/gp_region.h"

#include <math.h>

static const double FIRST_SIDE = 0.8, MOST_SIDE = 1.6, LEAST_SIDE = 1.0 / 128;
enum { SUCCESSES = 3, FEWEST_FAILURES = 4 };

size_t hpo__gp_region_inputs(const hpo__surrogate *s, const double *unit) {
    size_t active = 0;
    for (size_t i = 0; i < s->inputs; i++)
        active += isnan(unit[s->input_of[i]]) ? 0 : 1;
    return active;
}

double hpo__gp_region_side(const hpo_history *history, size_t first, size_t inputs, double least) {
    const double *values = hpo_history_values(history);
    double        best = (double)INFINITY, side = FIRST_SIDE;
    size_t        successes = 0, failures = 0, patience = inputs > FEWEST_FAILURES ? inputs : FEWEST_FAILURES;
    for (size_t row = 0; row < hpo_history_size(history); row++) {
        bool ok = hpo__surrogate_succeeded(history, row), better = ok && values[row] < best - least;
        best = ok && values[row] < best ? values[row] : best;
        if (row < first)
            continue;
        successes = better ? successes + 1 : 0;
        failures  = better ? 0 : failures + 1;
        if (successes == SUCCESSES) {
            side      = fmin(MOST_SIDE, 2 * side);
            successes = 0;
        } else if (failures == patience) {
            side     = side / 2 < LEAST_SIDE ? FIRST_SIDE : side / 2;
            failures = 0;
        }
    }
    return side;
}

void hpo__gp_region_box(const hpo__surrogate *s, const double *centre, double side, double *low, double *high) {
    const double *theta = hpo__gp_theta(s->gp);
    double        sum   = 0;
    size_t        n     = 0;
    for (size_t i = 0; i < s->d; i++) {
        low[i]  = 0;
        high[i] = 1;
    }
    for (size_t i = 0; i < s->inputs; i++)
        if (s->kinds[i] != HPO__GP_CHOICE && !isnan(centre[s->input_of[i]])) {
            sum += theta[i];
            n++;
        }
    for (size_t i = 0; i < s->inputs; i++) {
        size_t p = s->input_of[i];
        if (s->kinds[i] == HPO__GP_CHOICE || isnan(centre[p]))
            continue;
        double half = 0.5 * side * exp(theta[i] - sum / (double)n);
        low[p]      = fmax(0, centre[p] - half);
        high[p]     = fmin(1, centre[p] + half);
    }
}
