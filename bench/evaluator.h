/*
 * The tasks of the benchmark behind a flat C interface: tables of trained models and measured kernels, surrogate networks, pools of runs, and
 * functions in closed form. hpo-bench links it; libbenchtasks offers it to other optimisers by FFI, so that all are judged by the same code.
 *
 * A task is read-only once it is open: any thread may evaluate it. No function depends on the locale.
 */
#ifndef BENCH_EVALUATOR_H
#define BENCH_EVALUATOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define BENCH_TASKS_API __attribute__((visibility("default")))
#else
#define BENCH_TASKS_API
#endif

typedef struct bench_task bench_task;

/*
 * Opens a task by name; NULL on failure, with the reason in `message` (capacity `cap`, may be NULL).
 *
 *   fcnet_naval_propulsion                 a table, DIR/grid/NAME.task
 *   rbv2_xgboost:42:acc:booster=gbtree     a surrogate network, DIR/ynet/MODEL.ynet: model, instance, output, fixed parameters joined by '+'
 *   taskset_imdb_patch32_gru64_avg_bs128   a pool of runs, DIR/pool/NAME.task: the run that is nearest to a configuration answers
 *   openml_svc:3                           a pool of runs, DIR/pool/openml_svc.csv: OpenML task
 *   fn:ackley:10:mixed                     a function, no file: name, parameters, optionally "mixed" (see functions.c)
 *
 * `data` is DIR or the directory that holds DIR as "public"; it may be NULL for functions.
 */
BENCH_TASKS_API bench_task *bench_task_open(const char *data, const char *name, char *message, size_t cap);
BENCH_TASKS_API void        bench_task_close(bench_task *task);

BENCH_TASKS_API const char *bench_task_name(const bench_task *task);
/* Number of parameters. */
BENCH_TASKS_API size_t bench_task_size(const bench_task *task);
/* Best value there is, minimised; NaN when it is not known. */
BENCH_TASKS_API double bench_task_optimum(const bench_task *task);
/* 1 when `noisy` makes a difference to bench_task_evaluate(). */
BENCH_TASKS_API int bench_task_has_noise(const bench_task *task);
/* 1 when bench_task_evaluate() tells how long the configuration took to train. */
BENCH_TASKS_API int bench_task_has_time(const bench_task *task);

/*
 * The task as JSON text, alive as long as the task. Parameters come parents first, in the order that bench_task_evaluate() wants:
 *   {"name": "...", "optimum": 0.1, "noise": false, "time": true, "parameters": [
 *     {"name": "lr", "kind": "float", "low": 1e-5, "high": 0.1, "log": true, "conditions": []},
 *     {"name": "depth", "kind": "int", "low": 1, "high": 15, "log": false, "conditions": [{"parent": "booster", "values": ["gbtree", "dart"]}]},
 *     {"name": "booster", "kind": "categorical", "choices": ["gbtree", "dart"], "conditions": []}]}
 * All conditions of a parameter must hold. "optimum" is null when it is not known. Levels of an ordered parameter of a table are an int from 0.
 */
BENCH_TASKS_API const char *bench_task_json(const bench_task *task);

/*
 * Evaluates a configuration of n = bench_task_size() values: numbers as they are, a choice by its index from 0. Values of inactive parameters are not
 * looked at. `value` is to be minimised, +inf when this configuration fails. `seconds` (may be NULL) is its training time, NaN when not known.
 * noisy = 0: the mean of the replicates, or the function itself; else one random replicate, or a noisy value, chosen by `seed`.
 * Returns 0; -1 with `message` for a value that is no configuration of the task.
 */
BENCH_TASKS_API int bench_task_evaluate(const bench_task *task, const double *values, size_t n, int noisy, uint64_t seed, double *value,
                                        double *seconds, char *message, size_t cap);

/*
 * A region that holds `share` of the space (0 < share < 1), in which whoever measures lets every evaluation fail; the same for the same task, share and
 * seed. Never with the best known configuration in it; tasks_region.c says how it is drawn. The task must outlive it. NULL on failure, with the reason.
 */
typedef struct bench_region bench_region;

BENCH_TASKS_API bench_region *bench_region_new(const bench_task *task, double share, uint64_t seed, char *message, size_t cap);
BENCH_TASKS_API void          bench_region_free(bench_region *region);
/* 1 when the configuration, valid as for bench_task_evaluate(), lies in the region, else 0. */
BENCH_TASKS_API int bench_region_holds(const bench_region *region, const double *values);

#ifdef __cplusplus
}
#endif

#endif
