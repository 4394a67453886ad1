/* History: the read-only columns that strategies read. */
#ifndef HPO_HISTORY_H
#define HPO_HISTORY_H

#include <hpo/api.h>

HPO_BEGIN_DECLS

/**
 * What is known when a trial is suggested: finished trials, oldest first, and the running ones. All arrays live until the strategy's call returns.
 * The order only grows: the first n rows of a later history are those of an earlier one with n rows.
 */
typedef struct hpo_history hpo_history;

/** Number of finished trials, n. Since 0.1. */
HPO_API size_t hpo_history_size(const hpo_history *history);

/** Number of parameters, d. Since 0.1. */
HPO_API size_t hpo_history_dimensions(const hpo_history *history);

/** Points of the finished trials in the unit cube, n x d, row-major, each in [0,1]; NaN marks an inactive parameter. Since 0.1. */
HPO_API const double *hpo_history_unit(const hpo_history *history);

/** Objective values of the finished trials, n, always to be minimised (a maximised one is negated); NaN when a trial has none and for every failed one. Since 0.1. */
HPO_API const double *hpo_history_values(const hpo_history *history);

/** States of the finished trials, n: HPO_COMPLETE, HPO_TRIAL_PRUNED or HPO_FAILED. Since 0.1. */
HPO_API const int32_t *hpo_history_states(const hpo_history *history);

/** Numbers of the finished trials, n. Since 0.1. */
HPO_API const uint64_t *hpo_history_numbers(const hpo_history *history);

/** Number m of running trials; `*unit`, unless NULL is given, becomes their points, m x d as above, by rising trial number. Since 0.1. */
HPO_API size_t hpo_history_pending(const hpo_history *history, const double **unit);

/**
 * How many trials so far came from a strategy, finished or running, and not from the default, enqueue or add: the index of the coming suggestion
 * in a strategy that counts its own. Since 0.1.
 */
HPO_API uint64_t hpo_history_suggested(const hpo_history *history);

/** The study's seed. Since 0.1. */
HPO_API uint64_t hpo_history_seed(const hpo_history *history);

/** Random number in [0,1), a function of the study's seed and the three arguments alone (Philox4x32-10, Salmon et al. 2011). `purpose` < 2^31. Since 0.1. */
HPO_API double hpo_history_uniform(const hpo_history *history, uint64_t number, uint32_t purpose, uint32_t index);

HPO_END_DECLS

#endif /* HPO_HISTORY_H */
