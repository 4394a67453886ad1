/* Results: reading the trials, choosing honestly, and learning what to do next. */
#ifndef HPO_RESULT_H
#define HPO_RESULT_H

#include <hpo/study.h>

HPO_BEGIN_DECLS

/** Number of trials in `state` (HPO_RUNNING ... HPO_WAITING, the latter being enqueued points), or of all but waiting ones with -1. Since 0.1. */
HPO_API uint64_t hpo_study_trial_count(const hpo_study *study, int32_t state);

/** Finished trial `number`; the caller owns *out. HPO_E_NOT_FOUND when there is none, HPO_E_STATE while it runs. Since 0.1. */
HPO_API hpo_status hpo_study_trial(const hpo_study *study, uint64_t number, hpo_trial **out, hpo_error *err);

/** Complete trial with the best value as observed (the first of equals); the caller owns *out. HPO_E_NOT_FOUND when no trial is complete. Since 0.1. */
HPO_API hpo_status hpo_study_best(const hpo_study *study, hpo_trial **out, hpo_error *err);

/** Trial of the default configuration; the caller owns *out. HPO_E_NOT_FOUND when it has not been tried. Since 0.1. */
HPO_API hpo_status hpo_study_default(const hpo_study *study, hpo_trial **out, hpo_error *err);

/**
 * Copies a column over the finished trials, by trial number: "number", "value", "state", "start", "end", "duration" (seconds), "worker", "confirmed" (mean of hpo_study_confirm(), NaN for others) or the name of a
 * parameter (as hpo_space_decode(); NaN when inactive); "parameter:NAME" for a parameter that has one of those names. `*n` is the number of finished
 * trials; HPO_E_BUFFER when cap is smaller (buf may be NULL with cap 0). HPO_E_NOT_FOUND for an unknown column. Since 0.1.
 */
HPO_API hpo_status hpo_study_column(const hpo_study *study, const char *column, double *buf, size_t cap, size_t *n, hpo_error *err);

/**
 * Evaluates the `finalists` best distinct configurations `repeats` times each with `fresh` and selects the one with the best mean.
 *
 * The default configuration joins the finalists when it was tried, so that the winner is never worse than it on the same fresh evaluations. `fresh` is called
 * with hpo_trial_repeat() 0 ... repeats - 1 and a seed per repeat that all finalists share; it should use data splits or seeds that the search never saw.
 * The result is kept with the study: see hpo_study_optimism(), hpo_study_confirmed() and the export. A finalist with a failed repeat is out.
 * The caller owns *winner (may be NULL). HPO_E_INVALID for 0 finalists or repeats, HPO_E_NOT_FOUND without complete trials, HPO_E_CALLBACK when all
 * finalists fail, HPO_E_BUSY while optimize runs, HPO_STOPPED when stopped. Since 0.1.
 */
HPO_API hpo_status hpo_study_confirm(hpo_study *study, hpo_objective fresh, void *user, size_t finalists, size_t repeats, hpo_trial **winner,
                                     hpo_error *err);

/**
 * How much better the raw best looked in the search than in hpo_study_confirm(): positive means the search flattered it. `low` and `high` are a 95 %
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
