/* Data splitting: train, validation and test sets that do not leak. */
#ifndef HPO_SPLIT_H
#define HPO_SPLIT_H

#include <hpo/status.h>

HPO_BEGIN_DECLS

/** Part of a sample, see hpo_split_holdout(). */
enum { HPO_TRAIN = 0, HPO_VALIDATION = 1, HPO_TEST = 2, HPO_UNUSED = 255 };

/**
 * Assigns each of `n` samples to one of 2 <= k <= n folds, fold[i] in 0 ... k-1, of near-equal sizes.
 *
 * strata (n class labels, may be NULL): every fold gets each class in proportion, to within one sample. groups (n group ids, may be NULL): samples of a group
 * share a fold; then sizes and strata are as even as whole groups allow. The same seed gives the same folds on every machine.
 * HPO_E_INVALID for bad n or k, or fewer groups than folds. Any thread. Since 0.1.
 */
HPO_API hpo_status hpo_split_kfold(size_t n, size_t k, const int64_t *strata, const int64_t *groups, uint64_t seed, uint32_t *fold, hpo_error *err);

/**
 * Assigns each of `n` samples to part[i] = HPO_TRAIN, HPO_VALIDATION or HPO_TEST; `validation` and `test` are fractions >= 0 with a sum < 1.
 * strata, groups and seed as in hpo_split_kfold(). HPO_E_INVALID for bad fractions or when a wanted part would be empty. Any thread. Since 0.1.
 */
HPO_API hpo_status hpo_split_holdout(size_t n, double validation, double test, const int64_t *strata, const int64_t *groups, uint64_t seed,
                                     uint8_t *part, hpo_error *err);

/**
 * Splits by time: the newest samples become HPO_TEST, those before them HPO_VALIDATION, the oldest HPO_TRAIN; equal times never part.
 * time: n finite numbers in any order. `gap` >= 0 in units of time: training samples closer than that to the validation set, and validation samples that close to
 * the test set, get HPO_UNUSED. HPO_E_INVALID as above. Any thread. Since 0.1.
 */
HPO_API hpo_status hpo_split_time(size_t n, double validation, double test, const double *time, double gap, uint8_t *part, hpo_error *err);

/**
 * Folds for time-ordered validation: sample i gets fold[i] in 0 ... k; fold f >= 1 is validated by a model trained on folds 0 ... f-1 only.
 * Equal times never part. HPO_E_INVALID when there are fewer than k + 1 distinct times. Any thread. Since 0.1.
 */
HPO_API hpo_status hpo_split_time_folds(size_t n, size_t k, const double *time, uint32_t *fold, hpo_error *err);

HPO_END_DECLS

#endif /* HPO_SPLIT_H */
