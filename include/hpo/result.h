/* Results: reading the trials, choosing honestly, and learning what to do next. */
#ifndef HPO_RESULT_H
#define HPO_RESULT_H

#include <hpo/study.h>

HPO_BEGIN_DECLS

/** Number of trials in `state` (HPO_RUNNING ... HPO_WAITING, the latter being enqueued points), or of all but waiting ones with -1. Since 0.1. */
HPO_API uint64_t hpo_study_trial_count(const hpo_study *study, int32_t state);

/** Finished trial `number`; the caller owns *out. HPO_E_NOT_FOUND when there is none, HPO_E_STATE while it runs. Since 0.1. */
HPO_API hpo_status hpo_study_trial(const hpo_study *study, uint64_t number, hpo_trial **out, hpo_error *err);

/**
 * Complete trial with the best value as observed (the first of equals); the caller owns *out. HPO_E_NOT_FOUND when no trial is complete.
 *
 * With select=mean: the one with the best mean of hpo_study_estimate(), for noisy objectives, whose best observed value is mostly a lucky one; as observed
 * while there is too little to model. The setting can be changed at any time between two searches, so both stay at hand. Since 0.1.
 */
HPO_API hpo_status hpo_study_best(const hpo_study *study, hpo_trial **out, hpo_error *err);

/** Trial of the default configuration; the caller owns *out. HPO_E_NOT_FOUND when it has not been tried. Since 0.1. */
HPO_API hpo_status hpo_study_default(const hpo_study *study, hpo_trial **out, hpo_error *err);

/**
 * Posterior mean and standard deviation of the objective at `m` points: what a Gaussian process learned from all finished trials, whatever their strategy.
 *
 * `values` are m rows of natural values as hpo_space_decode() gives them (m x d, row-major); inactive ones are ignored, HPO_E_INVALID names the point, the
 * parameter and the value that is missing or out of range. Outputs have m places, are in the objective's own unit and direction, and may be NULL. The model
 * works on warped values: `mean` is the median in the objective's unit, `deviation` half of its central 68 % interval, both of the curve without noise and
 * never beyond the worst value seen. HPO_E_NOT_FOUND when there is too little to model: fewer than two complete trials with finite values, or no parameter
 * with two values. Trials may run meanwhile. The same results and settings give the same bits. Since 0.1.
 */
HPO_API hpo_status hpo_study_predict(const hpo_study *study, const double *values, size_t m, double *mean, double *deviation, hpo_error *err);

/**
 * Posterior mean and standard error of what finished trial `number` would give on average if it were repeated, in the objective's own unit and direction.
 *
 * A repeat would bring back part of what sets a result apart from the curve of hpo_study_predict(), and not the noise. One result cannot tell them apart, so
 * three quarters are taken for noise: the mean lies a quarter of the way from the curve to the result (on the model's warped scale), with more results of
 * the configuration nearer to them. With gp.noise=none it is the result. For a failed or pruned trial it is the curve. Outputs may be NULL. HPO_E_NOT_FOUND also when
 * there is no such trial, HPO_E_STATE while it runs. Since 0.1.
 */
HPO_API hpo_status hpo_study_estimate(const hpo_study *study, uint64_t number, double *mean, double *standard_error, hpo_error *err);

/**
 * How fast the objective changes along each parameter, for the model of hpo_study_predict(): the distance between the parameter's ends in length-scales, as
 * a share of the sum over all parameters. `relevance` has a place per parameter; 0 for one with a single value. It is the model's view, in the cube that the
 * search sees (the logarithm on log scales), and not a share of the variance; a parameter that is mostly inactive counts like the others. HPO_E_NOT_FOUND as
 * there, and when all values are equal. Since 0.1.
 */
HPO_API hpo_status hpo_study_relevance(const hpo_study *study, double *relevance, hpo_error *err);

/**
 * Copies a column over the finished trials, by trial number: "number", "value", "state", "start", "end", "duration" (seconds), "worker", "confirmed" (mean of hpo_study_confirm(), NaN for others) or the name of a
 * parameter (as hpo_space_decode(); NaN when inactive); "parameter:NAME" for a parameter that has one of those names. `*n` is the number of finished
 * trials; HPO_E_BUFFER when cap is smaller (buf may be NULL with cap 0). HPO_E_NOT_FOUND for an unknown column. Since 0.1.
 */
HPO_API hpo_status hpo_study_column(const hpo_study *study, const char *column, double *buf, size_t cap, size_t *n, hpo_error *err);

/**
 * Evaluates the `finalists` best distinct configurations `repeats` times each with `fresh` and selects the one with the best mean.
 *
 * They are the best as observed and then the best by hpo_study_estimate(), because among many noisy values the next best are mostly lucky; a single one is that of
 * hpo_study_best(). Without a model (see hpo_study_predict()) they go by the values.
 * The default configuration joins the finalists when it was tried, so that the winner is never worse than it on the same fresh evaluations. `fresh` is called
 * with hpo_trial_repeat() 0 ... repeats - 1 and a seed per repeat that all finalists share; it should use data splits or seeds that the search never saw.
 * The result is kept with the study: see hpo_study_optimism(), hpo_study_confirmed() and the export. A finalist with a failed repeat is out.
 * The caller owns *winner (may be NULL). HPO_E_INVALID for 0 finalists or repeats, HPO_E_NOT_FOUND without complete trials, HPO_E_CALLBACK when all
 * finalists fail, HPO_E_BUSY while optimize runs, HPO_STOPPED when stopped. Since 0.1.
 */
HPO_API hpo_status hpo_study_confirm(hpo_study *study, hpo_objective fresh, void *user, size_t finalists, size_t repeats, hpo_trial **winner,
                                     hpo_error *err);

/**
 * How much better the raw best looked in the search than in hpo_study_confirm(): positive means the search flattered it. (With select=mean and one finalist
 * it is that finalist.) `low` and `high` are a 95 %
 * interval by Student's t over the repeats (infinite with one repeat). Outputs may be NULL. HPO_E_NOT_FOUND before a confirmation. Since 0.1.
 */
HPO_API hpo_status hpo_study_optimism(const hpo_study *study, double *optimism, double *low, double *high, hpo_error *err);

/** Mean and standard error over the `repeats` of trial `number` in the last hpo_study_confirm(). Outputs may be NULL. HPO_E_NOT_FOUND when it was no finalist. Since 0.1. */
HPO_API hpo_status hpo_study_confirmed(const hpo_study *study, uint64_t number, double *mean, double *standard_error, size_t *repeats,
                                       hpo_error *err);

/**
 * Evaluates the winner once on the test set: the only door to it. Each use is counted, kept with the study and exported; from the second on a warning is
 * logged and listed by hpo_study_advice(), because a test score that is looked at repeatedly is no test score. HPO_E_INVALID for an unfinished trial or
 * one of another study, HPO_E_CALLBACK or the host's code when the objective fails. `score` may be NULL. Since 0.1.
 */
HPO_API hpo_status hpo_study_test(hpo_study *study, const hpo_trial *winner, hpo_objective on_test_set, void *user, double *score, hpo_error *err);

/** How often the test set has been used by hpo_study_test(). Since 0.1. */
HPO_API uint64_t hpo_study_test_count(const hpo_study *study);

/**
 * What the results say about the search: gain over the default, best at the edge of a range, parameters without effect, a wasteful grid, a budget that is
 * too small, the region to refine next, use of the test set. `format` is "text" (a line each) or "json" (an array of objects with "kind", "parameter" and "text").
 * Buffer rules as hpo_study_get(). HPO_E_INVALID for another format. Since 0.1.
 */
HPO_API hpo_status hpo_study_advice(const hpo_study *study, const char *format, char *buf, size_t cap, size_t *need, hpo_error *err);

/**
 * Writes every finished trial to a file, whole or not at all: "csv" (a row each) or "json" (space, settings, trials, confirmation, tests, advice).
 * A device or pipe is written to directly. HPO_E_INVALID for another format, HPO_E_IO with errno when the file cannot be written. Since 0.1.
 */
HPO_API hpo_status hpo_study_export(const hpo_study *study, const char *format, const char *path, hpo_error *err);

HPO_END_DECLS

#endif /* HPO_RESULT_H */
