/* Study: trials, strategy and budget of one search. */
#ifndef HPO_STUDY_H
#define HPO_STUDY_H

#include <hpo/point.h>
#include <hpo/settings.h>
#include <hpo/space.h>
#include <hpo/strategy.h>
#include <hpo/trial.h>

HPO_BEGIN_DECLS

/** One search. Every function may be called from any thread. */
typedef struct hpo_study hpo_study;

/** Ends a user pointer that libhpo was given; also called when the registration fails, so that the caller never branches. */
typedef void (*hpo_destroy)(void *user);

/** Level of a log message. */
enum { HPO_LOG_ERROR = 1, HPO_LOG_WARNING = 2, HPO_LOG_INFO = 3, HPO_LOG_DEBUG = 4 };

/**
 * The host's objective: evaluates a configuration, writes its value to values[0] (NaN beforehand) and returns HPO_OK.
 *
 * HPO_PRUNED: ended early, a value is welcome. HPO_STOPPED: end the search after this trial, which counts when it has a value. Anything below 0: the
 * trial failed (say why with hpo_trial_set_message()) and the search goes on. A NaN is a failure. Infinity on the bad side (+inf when minimising) is a
 * result worse than every finite one; on the good side it is a failure. Runs on the calling thread with one worker. No lock is held.
 */
typedef hpo_status (*hpo_objective)(hpo_trial *trial, double *values, void *user);

/** Called after each finished trial, without a lock, by the thread that ran it; HPO_STOPPED ends the search, an error ends it with that error. */
typedef hpo_status (*hpo_trial_callback)(const hpo_trial *trial, void *user);

/** Receives log messages; must not call functions of the study. */
typedef void (*hpo_log_callback)(int32_t level, const char *message, void *user);

/**
 * New study in memory over a copy of `space`, with its allocator. HPO_E_INVALID when the space is empty, and the space's sticky error when it has one.
 * On success the caller owns *out. Since 0.1.
 */
HPO_API hpo_status hpo_study_new(const hpo_space *space, hpo_study **out, hpo_error *err);

/**
 * Ends the caller's handle. A search that still runs is asked to stop; the memory goes when it has ended and the last trial handle is freed.
 * NULL is allowed. Since 0.1.
 */
HPO_API void hpo_study_free(hpo_study *study);

/** The study's own copy of its space; lives as long as the study. Since 0.1. */
HPO_API const hpo_space *hpo_study_space(const hpo_study *study);

/**
 * Sets an option; see docs/settings.md or hpo_setting_name(). HPO_E_NOT_FOUND offers the nearest name, HPO_E_INVALID names the legal range,
 * HPO_E_BUSY while optimize runs, HPO_E_STATE for the direction once there are results. Since 0.1.
 */
HPO_API hpo_status hpo_study_set(hpo_study *study, const char *key, const char *value, hpo_error *err);

/** Reads an option into `buf` with a final NUL; `*need` (may be NULL) is the size with NUL. HPO_E_BUFFER when cap is too small. Since 0.1. */
HPO_API hpo_status hpo_study_get(const hpo_study *study, const char *key, char *buf, size_t cap, size_t *need, hpo_error *err);

/**
 * Uses a third party's strategy. `user` goes to its calls and is ended by `destroy` (may be NULL) with the study, when another strategy
 * is chosen, and when this call fails. HPO_E_ABI for a table of another version, HPO_E_EXISTS when it has a setting of libhpo's, HPO_E_BUSY while optimize runs. Since 0.1.
 */
HPO_API hpo_status hpo_study_use_strategy(hpo_study *study, const hpo_strategy_ops *ops, void *user, hpo_destroy destroy, hpo_error *err);

/** Sends messages of `level` and more urgent ones to `log`; NULL (the start) is silence. HPO_E_BUSY while optimize runs. Since 0.1. */
HPO_API hpo_status hpo_study_on_log(hpo_study *study, int32_t level, hpo_log_callback log, void *user, hpo_error *err);

/** Calls `done` after every finished trial of optimize; NULL ends that. With several workers the calls may overlap. HPO_E_BUSY while optimize runs. Since 0.1. */
HPO_API hpo_status hpo_study_on_trial(hpo_study *study, hpo_trial_callback done, void *user, hpo_error *err);

/**
 * Runs up to `n_trials` >= 1 more trials (UINT64_MAX: no limit), within the setting "timeout", on "workers" threads; the caller's thread is the first.
 *
 * Returns HPO_OK when a budget is used up, HPO_EXHAUSTED when the strategy has nothing left, HPO_STOPPED after a stop; when "failures.max" or
 * "failures.consecutive" is reached, the objective's own code if <= HPO_E_HOST, else HPO_E_CALLBACK; HPO_E_NOT_FOUND when the objective asked for an
 * unknown parameter. Every finished trial is kept whatever is returned. HPO_E_BUSY when a search of this study runs already, and in logical
 * order when a trial that was asked for and never told stands in the way. Since 0.1.
 */
HPO_API hpo_status hpo_study_optimize(hpo_study *study, hpo_objective objective, void *user, uint64_t n_trials, hpo_error *err);

/**
 * Makes the next trial; the caller evaluates it, tells its result and frees the handle. HPO_EXHAUSTED when the strategy has nothing left; with
 * order=logical HPO_E_BUSY until the trials it depends on have been told. Since 0.1.
 */
HPO_API hpo_status hpo_study_ask(hpo_study *study, hpo_trial **out, hpo_error *err);

/**
 * Records the result of a running trial: HPO_COMPLETE with n = 1 value, HPO_TRIAL_PRUNED or HPO_FAILED with n = 0 or 1. A NaN makes a complete one failed.
 * HPO_E_STATE when it was told already, HPO_E_INVALID for a trial of another study or a wrong n, HPO_E_NOT_FOUND (the trial is then recorded as failed)
 * when a getter was asked for an unknown parameter. Since 0.1.
 */
HPO_API hpo_status hpo_study_tell(hpo_study *study, hpo_trial *trial, int32_t state, const double *values, size_t n, hpo_error *err);

/** Queues a configuration to be tried before the strategy's own; unset parameters take their defaults. HPO_E_INVALID when a set parameter is inactive. Since 0.1. */
HPO_API hpo_status hpo_study_enqueue(hpo_study *study, const hpo_point *point, hpo_error *err);

/** Adds a finished trial with a known result, as hpo_study_tell(). Since 0.1. */
HPO_API hpo_status hpo_study_add(hpo_study *study, const hpo_point *point, int32_t state, const double *values, size_t n, hpo_error *err);

/** Asks a running optimize, or the next one, to stop after the trials in flight. From any thread, a callback or a signal handler. Since 0.1. */
HPO_API void hpo_study_stop(hpo_study *study);

/** Number of trials that the strategy will make in all, when it knows (a grid: its cells; a default configuration that is no cell comes on top). HPO_E_UNSUPPORTED otherwise. Since 0.1. */
HPO_API hpo_status hpo_study_total(hpo_study *study, uint64_t *trials, hpo_error *err);

HPO_END_DECLS

#endif /* HPO_STUDY_H */
