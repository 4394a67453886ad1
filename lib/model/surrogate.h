/* The surrogate: a Gaussian process of a study's objective, kept in step with its history. */
#ifndef HPO_MODEL_SURROGATE_H
#define HPO_MODEL_SURROGATE_H

#include "model/gp.h"
#include "space/space.h"

#include <hpo/history.h>

/* Fields are read by its users and changed here alone. */
typedef struct hpo__surrogate {
    const hpo_space *space;
    hpo__alloc       alloc;
    size_t           d;        /* parameters */
    size_t           inputs;   /* of the model: those with more than one value */
    size_t          *input_of; /* inputs: parameter of each */
    int             *kinds;    /* inputs */
    uint64_t         seed;
    hpo__gp         *gp;
    size_t           fitted; /* history size of the last fit, 0: none */

    size_t  n;        /* points that the model has, 0: too little is known */
    size_t  failures; /* of them */
    size_t *rows;     /* n: row of the history of each */
    double *y;        /* n: warped value, to be minimised; the worst for failures */
    double *labels;   /* n: 1, or -1 for a failure */
    size_t *order;    /* n: points by rising aim, see hpo__surrogate_incumbent; also work space of what follows the history */

    /* inside */
    size_t  part; /* SIZE_MAX, or the parameter that must be at part_unit in the rows that the model sees */
    double  part_unit;
    size_t  capacity;
    double *x, *noise, *raw, *scratch; /* scratch: 3 x capacity */
    bool   *taken;
    double *kept; /* 3 d + 2: hyperparameters */
} hpo__surrogate;

/* A surrogate over a space, which must outlive it; `exact`: the objective repeats exactly. NULL: out of memory. */
hpo__surrogate *hpo__surrogate_new(const hpo_space *space, uint64_t seed, bool exact);
void            hpo__surrogate_free(hpo__surrogate *surrogate);

/* Has row `row` a finite value to learn from? */
bool hpo__surrogate_succeeded(const hpo_history *history, size_t row);

/* Coordinate of input i of a point: inactive numbers stand in the centre, inactive choices equal no other. */
double hpo__surrogate_input(const hpo__surrogate *surrogate, const double *unit, size_t i);
/* Inputs of m points unit[m][d] as the model takes them: x[inputs][m]. */
void hpo__surrogate_inputs(const hpo__surrogate *surrogate, const double *unit, size_t m, double *x);

/*
 * Brings the model up to a history and conditions it. What comes out is a function of the space, the seed and the history alone: a new surrogate gives the same bits as one
 * that followed the history from its start. HPO_EXHAUSTED when there is nothing to model yet (fewer than two values) or no matrix could be factored, HPO_E_NOMEM.
 */
hpo_status hpo__surrogate_follow(hpo__surrogate *surrogate, const hpo_history *history);

/*
 * Models only the trials with `parameter` at `unit`, at most 64 of them, by a fit of its own. A surrogate serves either this or hpo__surrogate_follow(). HPO_EXHAUSTED when there
 * are fewer than three such trials or no model of them, HPO_E_NOMEM.
 */
hpo_status hpo__surrogate_fit_part(hpo__surrogate *surrogate, const hpo_history *history, size_t parameter, double unit);

/* The value to improve on: the best seen, or with much noise the best posterior mean at the data. */
double hpo__surrogate_incumbent(hpo__surrogate *surrogate);

/* Where the output warp puts an objective value (to be minimised): linear between the data's values, not beyond the best and the worst of them. */
double hpo__surrogate_warp(const hpo__surrogate *surrogate, double value);
/* Objective value (to be minimised) that the output warp maps to z: linear between the data's values, beyond the best with the slope there, never above the worst. */
double hpo__surrogate_unwarp(const hpo__surrogate *surrogate, double z);

#endif
