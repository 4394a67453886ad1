/* Inside of the tasks: what each kind of task (table, network, pool, function) builds on. See evaluator.h for the outside. */
#ifndef BENCH_TASKS_H
#define BENCH_TASKS_H

#include "evaluator.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Why something did not work, in words. */
typedef struct task_error {
    char text[400];
} task_error;

/* Fills the error and returns false. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
bool task_fail(task_error *err, const char *format, ...);

/* ---- tasks_text.c: files and words ---- */

/* calloc that says so when there is no memory. */
void *task_alloc(size_t n, size_t size, task_error *err);
char *task_copy(const char *text, task_error *err);
/* Directory, '/' and name, freed by the caller; `suffix` is put behind. */
char *task_path(const char *directory, const char *name, const char *suffix, task_error *err);
/* The whole file with a NUL behind it, freed by the caller. */
char *task_read(const char *path, size_t *size, task_error *err);
bool  task_is_file(const char *path);
/* Cuts the next line, or the next word of a line, out of the text that *rest points into; NULL when there is none. */
char *task_line(char **rest);
char *task_word(char **rest);
/* Cuts at the next `separator`; empty fields count. NULL after the last. */
char *task_field(char **rest, char separator);
bool  task_number(const char *text, double *number);
bool  task_whole(const char *text, long low, long high, long *number);

/* Little-endian binary data that is read from front to back; `bad` sticks after a read beyond the end. */
typedef struct task_bytes {
    const unsigned char *at;
    size_t               left;
    bool                 bad;
} task_bytes;

uint32_t task_bytes_u32(task_bytes *bytes);
float    task_bytes_f32(task_bytes *bytes);
double   task_bytes_f64(task_bytes *bytes);

/* ---- tasks.c: parameters, opening and evaluating ---- */

typedef enum task_kind { TASK_FLOAT, TASK_INT, TASK_CATEGORICAL } task_kind;

/* The parameter is active only when `parent` is and has one of the choices. */
typedef struct task_condition {
    size_t parent;
    bool  *allowed; /* per choice of the parent */
} task_condition;

typedef struct task_parameter {
    char           *name;
    task_kind       kind;
    double          low; /* numbers: range */
    double          high;
    bool            log;
    char          **choices;
    size_t          n_choices;
    task_condition *conditions;
    size_t          n_conditions;
} task_parameter;

enum { TASK_PARAMETERS_MAX = 128 };

/* One kind of task. `values` are checked, and NaN where inactive; `seed` is NULL for the value without noise. */
typedef struct task_backend {
    void (*evaluate)(const bench_task *task, const double *values, const uint64_t *seed, double *value, double *seconds);
    void (*close)(void *data);
} task_backend;

struct bench_task {
    char               *name;
    task_parameter     *parameters; /* parents first */
    size_t              n_parameters;
    double              optimum;
    double             *best; /* a configuration that has it; NULL when none is known */
    bool                noise;
    bool                time;
    const task_backend *backend;
    void               *data;
    char               *json;
};

/* Adds an empty parameter; NULL when there are too many or no memory. */
task_parameter *task_add(bench_task *task, const char *name, task_kind kind, task_error *err);
bool            task_add_number(bench_task *task, const char *name, task_kind kind, double low, double high, bool log, task_error *err);
bool            task_add_choice(task_parameter *parameter, const char *choice, task_error *err);
/* A condition of the newest parameter: `values` are words. */
bool task_add_condition(bench_task *task, const char *parent, const char *const *values, size_t n, task_error *err);
/* Index, or SIZE_MAX. */
size_t task_find(const bench_task *task, const char *name);
size_t task_choice(const task_parameter *parameter, const char *choice);
bool   task_active(const bench_task *task, size_t parameter, const double *values);
/* Place of a number in its range on its own scale, 0 to 1. */
double task_unit(const task_parameter *parameter, double value);

/* How a metric becomes a value to be minimised: offset + sign * metric. */
typedef struct task_metric {
    double offset;
    double sign;
} task_metric;

task_metric task_metric_of(const char *metric, bool maximise);
double      task_minimised(task_metric metric, double value);

/* Random numbers of the benchmark itself: SplitMix64 (Steele, Lea & Flood 2014). */
uint64_t task_random(uint64_t *state);
double   task_uniform(uint64_t *state); /* in (0, 1) */
double   task_normal(uint64_t *state);
/* A random configuration, each parameter uniform on its own scale; NaN where inactive. */
void task_draw(const bench_task *task, uint64_t *state, double *values);

/* The directory that holds grid/, ynet/ and pool/: `data` itself or its "public"; freed by the caller. */
char *task_root(const char *data, task_error *err);
/* Opens with words instead of a buffer. */
bench_task *task_open(const char *data, const char *name, task_error *err);

/* ---- the kinds; each fills the parameters, the backend and what is known ---- */

bool task_grid_open(bench_task *task, const char *path, task_error *err);
bool task_ynet_open(bench_task *task, const char *root, const char *name, task_error *err);
bool task_taskset_open(bench_task *task, const char *path, task_error *err);
bool task_svc_open(bench_task *task, const char *path, const char *instance, task_error *err);
bool task_function_open(bench_task *task, const char *name, task_error *err);
/* Name of function task `i` of the standard list, "fn:branin" ..., NULL beyond the last. */
const char *task_function_name(size_t i);

/* Compare with what the files state; the result is said in `note` (capacity `cap`). False with the reason in `err`. */
bool task_grid_check(const bench_task *task, char *note, size_t cap, task_error *err);
bool task_ynet_check(const char *network, const char *rows, char *note, size_t cap, task_error *err);
bool task_taskset_check(const bench_task *task, char *note, size_t cap, task_error *err);

/* ---- network.c: the surrogate networks ---- */

typedef struct network network;

network *network_read(const char *path, task_error *err);
void     network_free(network *net);
size_t   network_codes(const network *net);   /* categorical inputs */
size_t   network_numbers(const network *net); /* numeric inputs */
size_t   network_outputs(const network *net);
size_t   network_levels(const network *net, size_t code); /* number of codes of a categorical input */
/* False when out of memory. codes beyond the levels count as 0, as for inactive inputs. */
bool network_run(const network *net, const uint32_t *codes, const double *numbers, double *outputs);

#endif
