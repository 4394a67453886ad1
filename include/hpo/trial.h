/* Trial: one evaluation of one configuration, running or finished. */
#ifndef HPO_TRIAL_H
#define HPO_TRIAL_H

#include <hpo/status.h>

HPO_BEGIN_DECLS

/**
 * One evaluation. A running trial belongs to one thread at a time; a finished one is read-only.
 * The handle keeps its study's data alive, even past hpo_study_free().
 */
typedef struct hpo_trial hpo_trial;

/** State of a trial. */
enum { HPO_RUNNING = 0, HPO_COMPLETE = 1, HPO_TRIAL_PRUNED = 2, HPO_FAILED = 3, HPO_WAITING = 4 };

/** Ends the caller's handle; a running trial that was never told is recorded as failed. NULL, and a trial lent by optimize to a callback, are left alone. Since 0.1. */
HPO_API void hpo_trial_free(hpo_trial *trial);

/** Number of the trial in its study, dense from 0. Since 0.1. */
HPO_API uint64_t hpo_trial_number(const hpo_trial *trial);

/** Seed for the host's own randomness, a function of the study's seed and the trial's number (in hpo_study_confirm(), of the repeat). Since 0.1. */
HPO_API uint64_t hpo_trial_seed(const hpo_trial *trial);

/** Which repeat of hpo_study_confirm() this is, from 0; 0 in the search. Use it to pick fresh folds. Since 0.1. */
HPO_API uint64_t hpo_trial_repeat(const hpo_trial *trial);

/** State of the trial: HPO_RUNNING, HPO_COMPLETE, HPO_TRIAL_PRUNED or HPO_FAILED. Since 0.1. */
HPO_API int32_t hpo_trial_state(const hpo_trial *trial);

/** Objective value as it was told, NaN when there is none. Since 0.1. */
HPO_API double hpo_trial_value(const hpo_trial *trial);

/** Start of the trial, seconds since 1970-01-01 UTC. Since 0.1. */
HPO_API double hpo_trial_start_time(const hpo_trial *trial);

/** End of the trial, seconds since 1970-01-01 UTC; NaN while it runs. Since 0.1. */
HPO_API double hpo_trial_end_time(const hpo_trial *trial);

/** Worker of hpo_study_optimize() that ran the trial, 0 for ask and tell. Since 0.1. */
HPO_API int32_t hpo_trial_worker(const hpo_trial *trial);

/*
 * Getters never fail silently: asking for an unknown or wrongly typed name marks a running trial, and tell (or optimize) then reports
 * HPO_E_NOT_FOUND with the nearest name and records the trial as failed, so that a typing error cannot pass as a bad configuration.
 * An inactive parameter is no error.
 */

/** Value of a float, int or ordinal parameter; NaN when unknown, inactive or not a number. Since 0.1. */
HPO_API double hpo_trial_float(const hpo_trial *trial, const char *name);

/** Value of an int or bool (0, 1) parameter, or of an ordinal one whose level is a whole number; INT64_MIN when unknown, inactive or no integer. Since 0.1. */
HPO_API int64_t hpo_trial_int(const hpo_trial *trial, const char *name);

/** Choice of a categorical parameter, or "false" / "true" of a bool; NULL when unknown, inactive or of another kind. Lives as long as the trial. Since 0.1. */
HPO_API const char *hpo_trial_categorical(const hpo_trial *trial, const char *name);

/** 1 when the parameter is active in this trial, 0 when not; -1 and a mark when the name is unknown. Since 0.1. */
HPO_API int32_t hpo_trial_is_active(const hpo_trial *trial, const char *name);

/** Copies up to `n` values in the space's order, as hpo_space_decode() gives them; returns the number of parameters. Since 0.1. */
HPO_API size_t hpo_trial_values_by_index(const hpo_trial *trial, double *values, size_t n);

/**
 * Records an intermediate value (such as the validation loss after epoch `step`). Steps are >= 0; a repeated step keeps the last value.
 * HPO_E_INVALID for a negative step, HPO_E_STATE for a finished trial, HPO_E_NOMEM. Since 0.1.
 */
HPO_API hpo_status hpo_trial_report(hpo_trial *trial, int64_t step, double value, hpo_error *err);

/** Number of intermediate values. Since 0.1. */
HPO_API size_t hpo_trial_report_count(const hpo_trial *trial);

/** Intermediate value `i` in the order of steps; HPO_E_NOT_FOUND beyond the last. `step` and `value` may be NULL. Since 0.1. */
HPO_API hpo_status hpo_trial_report_at(const hpo_trial *trial, size_t i, int64_t *step, double *value, hpo_error *err);

/**
 * Attaches a JSON value under a non-empty key of at most 255 bytes; a second use replaces it. HPO_E_INVALID with line and column for malformed JSON,
 * HPO_E_STATE for a finished trial, HPO_E_NOMEM. Since 0.1.
 */
HPO_API hpo_status hpo_trial_set_attribute(hpo_trial *trial, const char *key, const char *json, hpo_error *err);

/** JSON text of an attribute, NULL when there is none; lives as long as the trial and until the attribute is set again. Since 0.1. */
HPO_API const char *hpo_trial_attribute(const hpo_trial *trial, const char *key);

/** Number of attributes. Since 0.1. */
HPO_API size_t hpo_trial_attribute_count(const hpo_trial *trial);

/** Key of attribute `i`, NULL beyond the last; lives as the attribute. Since 0.1. */
HPO_API const char *hpo_trial_attribute_key(const hpo_trial *trial, size_t i);

/** Says in words why a running trial is about to fail; kept with the trial. HPO_E_STATE for a finished trial, HPO_E_NOMEM. Since 0.1. */
HPO_API hpo_status hpo_trial_set_message(hpo_trial *trial, const char *message, hpo_error *err);

/** Why the trial failed; "" when it did not. Lives as long as the trial. Since 0.1. */
HPO_API const char *hpo_trial_message(const hpo_trial *trial);

HPO_END_DECLS

#endif /* HPO_TRIAL_H */
