/*
 * libhpo: an embeddable C library that finds good hyperparameters.
 *
 * The tour:
 *   hpo/space.h     which hyperparameters there are       hpo_space_new, hpo_space_add_float, hpo_space_when ...
 *   hpo/study.h     one search                            hpo_study_new, hpo_study_set, hpo_study_optimize, hpo_study_ask, hpo_study_tell
 *   hpo/trial.h     one evaluation                        hpo_trial_float, hpo_trial_int, hpo_trial_categorical, hpo_trial_report
 *   hpo/result.h    reading and choosing                  hpo_study_best, hpo_study_confirm, hpo_study_test, hpo_study_advice, hpo_study_export
 *   hpo/split.h     train, validation and test sets       hpo_split_kfold, hpo_split_holdout
 *   hpo/settings.h  every option, enumerable              hpo_setting_count, hpo_setting_name
 *   hpo/point.h     a configuration given by hand         hpo_point_set, for hpo_study_enqueue and hpo_study_add
 *   hpo/strategy.h  your own strategy                     hpo_strategy_ops, with hpo/history.h
 *   hpo/status.h  hpo/allocator.h  hpo/version.h          errors, memory, version
 *
 * The whole of it:
 *
 *   static hpo_status train(hpo_trial *trial, double *loss, void *data) {
 *       *loss = validation_loss(data, hpo_trial_float(trial, "lr"), hpo_trial_int(trial, "depth"));
 *       return HPO_OK;
 *   }
 *   hpo_space *space = hpo_space_new(NULL);
 *   hpo_space_add_float(space, "lr", 1e-5, 1e-1, HPO_LOG, NULL);
 *   hpo_space_add_int(space, "depth", 2, 12, HPO_LINEAR, NULL);
 *   hpo_study *study = NULL;
 *   hpo_error  error;
 *   if (hpo_study_new(space, &study, &error) < 0 || hpo_study_optimize(study, train, data, 100, &error) < 0)
 *       fprintf(stderr, "%s\n", error.message);
 *
 * Rules that hold everywhere: a `T **out` gives the caller one reference, ended by hpo_T_free(); inputs are copied; returned `const char *` live as long as
 * their object; a failed call leaves its objects as they were; a study is safe from any thread, a trial belongs to one thread at a time, a `const`
 * argument means that concurrent calls are fine; no lock is held while an objective or progress callback runs.
 */
#ifndef HPO_H
#define HPO_H

#include <hpo/allocator.h>
#include <hpo/history.h>
#include <hpo/point.h>
#include <hpo/result.h>
#include <hpo/settings.h>
#include <hpo/space.h>
#include <hpo/split.h>
#include <hpo/status.h>
#include <hpo/strategy.h>
#include <hpo/study.h>
#include <hpo/trial.h>
#include <hpo/version.h>

#endif /* HPO_H */
