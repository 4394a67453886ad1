/*
 * Pools of runs as search tasks: the finished run that is nearest to a configuration answers for it.
 *
 * Nearest: least sum over the parameters of the squared difference on the unit scale; a different choice, or a parameter that is active in only one of
 * the two, counts 1. So the objective is flat around each run and every value was really measured. Such a task is coarser than the others, which is
 * why the headline figures leave pools out.
 *
 * NAME.task + NAME.pool: TaskSet (Metz et al. 2020), training runs of one optimiser with 8 parameters and their loss curves; the value is the validation
 * loss after the last step, a run that diverged is a failure. beta1 and beta2 were drawn log-uniform in 1 - beta, which is the parameter here.
 * openml_svc.csv: support vector machines on OpenML tasks; the value is 1 - accuracy.
 */
#include "tasks.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct pool {
    size_t  rows;
    double *unit;   /* rows x parameters; index of the choice for categorical ones, NaN when inactive */
    double *values; /* minimised; +inf for a failed run */
    char   *data;   /* TaskSet: name of the binary file */
    long    n[4];   /* TaskSet: rows, parameters, curves, steps */
    double  stated_best;
} pool;

static void pool_close(void *data) {
    pool *p = data;
    free(p->unit);
    free(p->values);
    free(p->data);
    free(p);
}

static double unit_of(const task_parameter *parameter, double value) {
    return parameter->kind == TASK_CATEGORICAL || isnan(value) ? value : task_unit(parameter, value);
}

static double distance(const task_parameter *parameter, double a, double b) {
    if (isnan(a) || isnan(b)) {
        return isnan(a) == isnan(b) ? 0.0 : 1.0;
    }
    if (parameter->kind == TASK_CATEGORICAL) {
        return a < b || a > b ? 1.0 : 0.0;
    }
    return (a - b) * (a - b);
}

static void pool_evaluate(const bench_task *task, const double *values, const uint64_t *seed, double *value, double *seconds) {
    const pool *p    = task->data;
    size_t      d    = task->n_parameters;
    size_t      best = 0;
    double      near = (double)INFINITY;
    double      unit[TASK_PARAMETERS_MAX];
    (void)seed;
    (void)seconds;
    for (size_t i = 0; i < d; i++) {
        unit[i] = unit_of(&task->parameters[i], values[i]);
    }
    for (size_t r = 0; r < p->rows; r++) {
        double sum = 0.0;
        for (size_t i = 0; i < d && sum < near; i++) {
            sum += distance(&task->parameters[i], unit[i], p->unit[r * d + i]);
        }
        if (sum < near) {
            near = sum;
            best = r;
        }
    }
    *value = p->values[best];
}

static const task_backend backend = {pool_evaluate, pool_close};

static bool pool_new(bench_task *task, task_error *err) {
    task->backend = &backend;
    task->data    = task_alloc(1, sizeof(pool), err);
    return task->data != NULL;
}

static bool pool_finish(bench_task *task, task_error *err) {
    const pool *p    = task->data;
    double      best = (double)INFINITY;
    for (size_t i = 0; i < p->rows; i++) {
        best = fmin(best, p->values[i]);
    }
    task->optimum = best;
    return isfinite(best) ? true : task_fail(err, "no run of the pool has a value");
}

/* ---- TaskSet ---- */

static const char one_minus[] = "one_minus_";

static bool taskset_parameter(bench_task *task, char *rest, task_error *err) {
    char        name[100];
    double      low  = 0.0;
    double      high = 0.0;
    const char *w[5];
    for (size_t i = 0; i < 5; i++) {
        w[i] = task_word(&rest);
    }
    if (w[4] == NULL || strcmp(w[1], "float") != 0 || !task_number(w[3], &low) || !task_number(w[4], &high)) {
        return task_fail(err, "a line 'param' is not NAME float SCALE LOW HIGH");
    }
    bool flipped = strcmp(w[2], "log1m") == 0;
    if (!flipped && strcmp(w[2], "log") != 0 && strcmp(w[2], "lin") != 0) {
        return task_fail(err, "parameter '%.60s': unknown scale '%.20s'", w[0], w[2]);
    }
    snprintf(name, sizeof name, "%s%.60s", flipped ? one_minus : "", w[0]);
    return task_add_number(task, name, TASK_FLOAT, low, high, flipped || strcmp(w[2], "log") == 0, err);
}

/* "rows R params P curves C steps S" without its first word. */
static bool taskset_sizes(pool *p, char *rest, task_error *err) {
    static const char *const keys[] = {NULL, "params", "curves", "steps"};
    for (size_t i = 0; i < 4; i++) {
        const char *key  = i > 0 ? task_word(&rest) : NULL;
        const char *word = i == 0 || (key != NULL && strcmp(key, keys[i]) == 0) ? task_word(&rest) : NULL;
        if (word == NULL || !task_whole(word, 1, 1000000, &p->n[i])) {
            return task_fail(err, "a line 'rows' is not R params P curves C steps S");
        }
    }
    return true;
}

static bool taskset_line(bench_task *task, char *line, task_error *err) {
    pool       *p    = task->data;
    const char *key  = task_word(&line);
    const char *word = NULL;
    if (key == NULL) {
        return true;
    }
    if (strcmp(key, "param") == 0) {
        return taskset_parameter(task, line, err);
    }
    if (strcmp(key, "rows") == 0) {
        return taskset_sizes(p, line, err);
    }
    word = task_word(&line);
    if (word != NULL && strcmp(key, "best_final_valid") == 0) {
        return task_number(word, &p->stated_best) ? true : task_fail(err, "best_final_valid is no number");
    }
    if (word != NULL && strcmp(key, "direction") == 0 && strcmp(word, "min") != 0) {
        return task_fail(err, "only direction min is known");
    }
    if (word != NULL && strcmp(key, "data") == 0) {
        free(p->data);
        p->data = task_copy(word, err);
        return p->data != NULL;
    }
    return true;
}

static bool taskset_numbers(bench_task *task, const char *file, size_t size, task_error *err) {
    pool      *p      = task->data;
    size_t     d      = task->n_parameters;
    size_t     rows   = (size_t)p->n[0];
    size_t     curves = (size_t)p->n[2];
    size_t     steps  = (size_t)p->n[3];
    task_bytes bytes  = {(const unsigned char *)file, size, false};
    if (size / 8 / d < rows || size != rows * (8 * d + 4 * curves * steps)) {
        return task_fail(err, "%.100s does not have the stated size", p->data);
    }
    p->unit   = task_alloc(rows * d, sizeof *p->unit, err);
    p->values = task_alloc(rows, sizeof *p->values, err);
    if (p->unit == NULL || p->values == NULL) {
        return false;
    }
    p->rows = rows;
    for (size_t i = 0; i < rows * d; i++) {
        const task_parameter *parameter = &task->parameters[i % d];
        double                x         = task_bytes_f64(&bytes);
        bool                  flipped   = strncmp(parameter->name, one_minus, sizeof one_minus - 1) == 0;
        p->unit[i]                      = unit_of(parameter, flipped ? 1.0 - x : x);
    }
    /* Curve 0 is the validation loss. */
    for (size_t i = 0; i < rows * curves * steps; i++) {
        double v = (double)task_bytes_f32(&bytes);
        if (i % (curves * steps) == steps - 1) {
            p->values[i / (curves * steps)] = isfinite(v) ? v : (double)INFINITY;
        }
    }
    return true;
}

static bool taskset_text(bench_task *task, const char *path, task_error *err) {
    size_t size = 0;
    char  *file = task_read(path, &size, err);
    char  *rest = file;
    char  *line = file != NULL ? task_line(&rest) : NULL;
    bool   good = line != NULL && strcmp(line, "pooltask 1") == 0;
    if (file != NULL && !good) {
        task_fail(err, "%s does not start with 'pooltask 1'", path);
    }
    while (good && (line = task_line(&rest)) != NULL) {
        good = taskset_line(task, line, err);
    }
    free(file);
    return good;
}

bool task_taskset_open(bench_task *task, const char *path, task_error *err) {
    if (!pool_new(task, err)) {
        return false;
    }
    pool *p        = task->data;
    p->stated_best = (double)NAN;
    if (!taskset_text(task, path, err)) {
        return false;
    }
    if (p->data == NULL || strchr(p->data, '/') != NULL || task->n_parameters == 0 || (size_t)p->n[1] != task->n_parameters) {
        return task_fail(err, "'data', 'rows' and the lines 'param' do not fit together");
    }
    char *directory = task_copy(path, err);
    if (directory == NULL) {
        return false;
    }
    *strrchr(directory, '/') = '\0';
    size_t size              = 0;
    char  *data              = task_path(directory, p->data, "", err);
    char  *file              = data != NULL ? task_read(data, &size, err) : NULL;
    bool   good              = file != NULL && taskset_numbers(task, file, size, err);
    free(file);
    free(data);
    free(directory);
    return good && pool_finish(task, err);
}

bool task_taskset_check(const bench_task *task, char *note, size_t cap, task_error *err) {
    const pool *p = task->data;
    if (!(fabs(task->optimum - p->stated_best) <= 1e-6 * fabs(p->stated_best))) {
        return task_fail(err, "the best run has %.9g, best_final_valid is %.9g", task->optimum, p->stated_best);
    }
    snprintf(note, cap, "%zu runs, best %.9g", p->rows, task->optimum);
    return true;
}

/* ---- support vector machines ---- */

enum { SVC_C, SVC_KERNEL, SVC_DEGREE, SVC_GAMMA, SVC_COEF0, SVC_SHRINKING, SVC_TOL, SVC_IMPUTER, SVC_PARAMETERS };

/* Columns of the file in the order above; parameters of the task are put with kernel first, as the parent of others. */
static const char *const svc_columns[SVC_PARAMETERS] = {"C", "kernel", "degree", "gamma", "coef0", "shrinking", "tol", "imputer"};

static bool svc_categorical(bench_task *task, const char *name, const char *const *choices, size_t n, task_error *err) {
    task_parameter *parameter = task_add(task, name, TASK_CATEGORICAL, err);
    for (size_t i = 0; i < n; i++) {
        if (parameter == NULL || !task_add_choice(parameter, choices[i], err)) {
            return false;
        }
    }
    return true;
}

/* The ranges are those that the runs were drawn from (OpenML's sklearn-bot). */
static bool svc_parameters(bench_task *task, task_error *err) {
    static const char *const kernels[]   = {"rbf", "poly", "sigmoid"};
    static const char *const truth[]     = {"False", "True"};
    static const char *const imputers[]  = {"mean", "median", "most_frequent"};
    static const char *const poly[]      = {"poly"};
    static const char *const with_coef[] = {"poly", "sigmoid"};
    return svc_categorical(task, "kernel", kernels, 3, err) && task_add_number(task, "C", TASK_FLOAT, 0x1p-5, 0x1p15, true, err) &&
           task_add_number(task, "gamma", TASK_FLOAT, 0x1p-15, 0x1p3, true, err) && task_add_number(task, "tol", TASK_FLOAT, 1e-5, 1e-1, true, err) &&
           svc_categorical(task, "shrinking", truth, 2, err) && svc_categorical(task, "imputer", imputers, 3, err) &&
           task_add_number(task, "degree", TASK_INT, 1.0, 5.0, false, err) && task_add_condition(task, "kernel", poly, 1, err) &&
           task_add_number(task, "coef0", TASK_FLOAT, -1.0, 1.0, false, err) && task_add_condition(task, "kernel", with_coef, 2, err);
}

static bool svc_cell(const bench_task *task, size_t column, const char *field, double *unit, task_error *err) {
    size_t                at        = task_find(task, svc_columns[column]);
    const task_parameter *parameter = &task->parameters[at];
    double                number    = 0.0;
    if (field[0] == '\0') {
        unit[at] = (double)NAN;
        return true;
    }
    if (parameter->kind == TASK_CATEGORICAL) {
        size_t choice = task_choice(parameter, field);
        unit[at]      = (double)choice;
        return choice != SIZE_MAX ? true : task_fail(err, "'%.60s' is no choice of '%s'", field, parameter->name);
    }
    if (!task_number(field, &number)) {
        return task_fail(err, "'%.60s' is no number for '%s'", field, parameter->name);
    }
    unit[at] = unit_of(parameter, number);
    return true;
}

/* One row "task,C,...,imputer,accuracy" of the wanted instance. */
static bool svc_row(bench_task *task, char *fields, task_error *err) {
    pool *p = task->data;
    for (size_t i = 0; i < SVC_PARAMETERS; i++) {
        const char *field = task_field(&fields, ',');
        if (field == NULL || !svc_cell(task, i, field, p->unit + p->rows * SVC_PARAMETERS, err)) {
            return field != NULL ? false : task_fail(err, "a row is too short");
        }
    }
    const char *last     = task_field(&fields, ',');
    double      accuracy = 0.0;
    if (last == NULL || fields != NULL || !task_number(last, &accuracy)) {
        return task_fail(err, "a row does not end with its accuracy");
    }
    p->values[p->rows++] = 1.0 - accuracy;
    return true;
}

static bool svc_rows(bench_task *task, char *file, const char *instance, task_error *err) {
    char *rest = file;
    char *line = task_line(&rest);
    if (line == NULL || strcmp(line, "task_id,C,kernel,degree,gamma,coef0,shrinking,tol,imputer,accuracy") != 0) {
        return task_fail(err, "the first line does not name the known columns");
    }
    while ((line = task_line(&rest)) != NULL) {
        char       *fields = line;
        const char *id     = task_field(&fields, ',');
        if (strcmp(id, instance) == 0 && !svc_row(task, fields, err)) {
            return false;
        }
    }
    return true;
}

bool task_svc_open(bench_task *task, const char *path, const char *instance, task_error *err) {
    size_t size = 0;
    char  *file = pool_new(task, err) && svc_parameters(task, err) ? task_read(path, &size, err) : NULL;
    if (file == NULL) {
        return false;
    }
    pool  *p     = task->data;
    size_t lines = 1;
    for (size_t i = 0; i < size; i++) {
        lines += file[i] == '\n';
    }
    p->unit   = task_alloc(lines * SVC_PARAMETERS, sizeof *p->unit, err);
    p->values = task_alloc(lines, sizeof *p->values, err);
    bool good = p->unit != NULL && p->values != NULL && svc_rows(task, file, instance, err);
    free(file);
    return good && (p->rows > 0 || task_fail(err, "the file has no task '%.40s'", instance)) && pool_finish(task, err);
}
