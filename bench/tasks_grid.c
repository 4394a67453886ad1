/*
 * Tables: every configuration was really trained or measured, so the optimum is known exactly.
 *
 * NAME.task is text, a keyword a line; its `data` file has one little-endian float per cell and replicate, the first parameter slowest and replicates
 * innermost. NaN: forbidden, +inf: failed; both are failures for an optimiser. An ordered parameter (ord, ordlog) is an int that counts its levels
 * from 0. Constraints that the file states are for the reader: no optimiser is told them.
 */
#include "tasks.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPLICATES_MAX = 1000, LEVELS_MAX = 100000 };
#define CELLS_MAX ((size_t)1 << 28)

typedef struct grid {
    size_t      replicates;
    size_t      cells;
    float      *values; /* cells x replicates */
    bool        maximise;
    task_metric metric;
    char       *data;
    char       *metric_name;
    double      stated_optimum; /* as in the file, not minimised */
    size_t      stated_cell;    /* SIZE_MAX: not stated */
} grid;

static void grid_close(void *data) {
    grid *g = data;
    free(g->values);
    free(g->data);
    free(g->metric_name);
    free(g);
}

static size_t levels_of(const task_parameter *parameter) {
    return parameter->kind == TASK_CATEGORICAL ? parameter->n_choices : (size_t)parameter->high + 1;
}

/* Mean of the replicates that are there, in the table's own unit; NaN when there is none. */
static double cell_mean(const grid *g, size_t cell) {
    double sum = 0.0;
    size_t n   = 0;
    for (size_t i = 0; i < g->replicates; i++) {
        double v = (double)g->values[cell * g->replicates + i];
        if (!isnan(v)) {
            sum += v;
            n++;
        }
    }
    return n > 0 ? sum / (double)n : (double)NAN;
}

static double cell_replicate(const grid *g, size_t cell, uint64_t seed) {
    const float *v     = g->values + cell * g->replicates;
    size_t       there = 0;
    for (size_t i = 0; i < g->replicates; i++) {
        there += isnan(v[i]) ? 0 : 1;
    }
    size_t pick = there > 0 ? (size_t)(task_random(&seed) % there) : 0;
    for (size_t i = 0; i < g->replicates; i++) {
        if (!isnan(v[i]) && pick-- == 0) {
            return (double)v[i];
        }
    }
    return (double)NAN;
}

static void grid_evaluate(const bench_task *task, const double *values, const uint64_t *seed, double *value, double *seconds) {
    const grid *g    = task->data;
    size_t      cell = 0;
    (void)seconds;
    for (size_t i = 0; i < task->n_parameters; i++) {
        cell = cell * levels_of(&task->parameters[i]) + (size_t)values[i];
    }
    double v = seed != NULL ? cell_replicate(g, cell, *seed) : cell_mean(g, cell);
    *value   = isfinite(v) ? task_minimised(g->metric, v) : (double)INFINITY;
}

static const task_backend backend = {grid_evaluate, grid_close};

/* "param NAME KIND N v1 .. vN" without its first word. */
static bool read_parameter(bench_task *task, char *rest, task_error *err) {
    const char *name  = task_word(&rest);
    const char *kind  = task_word(&rest);
    const char *count = task_word(&rest);
    long        n     = 0;
    if (count == NULL || !task_whole(count, 1, LEVELS_MAX, &n)) {
        return task_fail(err, "a line 'param' needs a name, a kind, a number of levels and the levels");
    }
    bool categorical = strcmp(kind, "cat") == 0;
    if (!categorical && strcmp(kind, "ord") != 0 && strcmp(kind, "ordlog") != 0) {
        return task_fail(err, "parameter '%.60s': unknown kind '%.20s'", name, kind);
    }
    if (!categorical && !task_add_number(task, name, TASK_INT, 0.0, (double)(n - 1), false, err)) {
        return false;
    }
    task_parameter *parameter = categorical ? task_add(task, name, TASK_CATEGORICAL, err) : NULL;
    if (categorical && parameter == NULL) {
        return false;
    }
    long  seen  = 0;
    char *level = NULL;
    for (; (level = task_word(&rest)) != NULL; seen++) {
        double number = 0.0;
        if (categorical && !task_add_choice(parameter, level, err)) {
            return false;
        }
        if (!categorical && !task_number(level, &number)) {
            return task_fail(err, "parameter '%.60s': level '%.20s' is no number", name, level);
        }
    }
    return seen == n ? true : task_fail(err, "parameter '%.60s' states %ld levels and has %ld", name, n, seen);
}

/* "opt_index i1 .. iN" without its first word; it stands behind all parameters. */
static bool read_index(const bench_task *task, grid *g, char *rest, task_error *err) {
    size_t cell = 0;
    for (size_t i = 0; i < task->n_parameters; i++) {
        size_t      levels = levels_of(&task->parameters[i]);
        const char *word   = task_word(&rest);
        long        index  = 0;
        if (word == NULL || !task_whole(word, 0, (long)levels - 1, &index)) {
            return task_fail(err, "opt_index does not fit parameter '%.60s'", task->parameters[i].name);
        }
        cell = cell * levels + (size_t)index;
    }
    g->stated_cell = cell;
    return true;
}

static bool read_text(char **target, const char *word, task_error *err) {
    free(*target);
    *target = word != NULL ? task_copy(word, err) : NULL;
    return *target != NULL;
}

static bool read_line(bench_task *task, grid *g, char *line, task_error *err) {
    const char *key = task_word(&line);
    if (key == NULL) {
        return true;
    }
    if (strcmp(key, "param") == 0) {
        return read_parameter(task, line, err);
    }
    if (strcmp(key, "opt_index") == 0) {
        return read_index(task, g, line, err);
    }
    /* The rest of the lines that matter have one word. */
    bool matters = strcmp(key, "data") == 0 || strcmp(key, "metric") == 0 || strcmp(key, "direction") == 0 || strcmp(key, "reps") == 0 ||
                   strcmp(key, "opt_mean") == 0;
    const char *word = task_word(&line);
    long        reps = 0;
    if (!matters) {
        return true;
    }
    if (word == NULL) {
        return task_fail(err, "'%s' has no value", key);
    }
    if (strcmp(key, "data") == 0) {
        return read_text(&g->data, word, err);
    }
    if (strcmp(key, "metric") == 0) {
        return read_text(&g->metric_name, word, err);
    }
    if (strcmp(key, "opt_mean") == 0) {
        return task_number(word, &g->stated_optimum) ? true : task_fail(err, "opt_mean '%.20s' is no number", word);
    }
    if (strcmp(key, "direction") == 0) {
        g->maximise = strcmp(word, "max") == 0;
        return g->maximise || strcmp(word, "min") == 0 ? true : task_fail(err, "direction '%.20s' is neither min nor max", word);
    }
    if (!task_whole(word, 1, REPLICATES_MAX, &reps)) {
        return task_fail(err, "reps '%.20s' is not in 1..%d", word, REPLICATES_MAX);
    }
    g->replicates = (size_t)reps;
    return true;
}

static bool read_text_file(bench_task *task, grid *g, const char *path, task_error *err) {
    size_t size = 0;
    char  *file = task_read(path, &size, err);
    char  *rest = file;
    char  *line = file != NULL ? task_line(&rest) : NULL;
    bool   good = line != NULL && strcmp(line, "gridtask 1") == 0;
    if (file != NULL && !good) {
        task_fail(err, "%s does not start with 'gridtask 1'", path);
    }
    while (good && (line = task_line(&rest)) != NULL) {
        good = read_line(task, g, line, err);
    }
    free(file);
    if (good && (g->data == NULL || g->metric_name == NULL)) {
        return task_fail(err, "%s lacks 'data' or 'metric'", path);
    }
    return good;
}

static bool read_values(const bench_task *task, grid *g, const char *directory, task_error *err) {
    size_t cells = 1;
    for (size_t i = 0; i < task->n_parameters; i++) {
        cells *= levels_of(&task->parameters[i]);
        if (cells > CELLS_MAX / g->replicates) {
            return task_fail(err, "the table has too many cells");
        }
    }
    size_t size = 0;
    char  *path = strchr(g->data, '/') == NULL ? task_path(directory, g->data, "", err) : NULL;
    if (path == NULL) {
        return task_fail(err, "'data' must name a file beside the task");
    }
    char *file = task_read(path, &size, err);
    free(path);
    if (file == NULL) {
        return false;
    }
    size_t n = cells * g->replicates;
    if (size != 4 * n) {
        free(file);
        return task_fail(err, "%.100s has %zu bytes instead of %zu", g->data, size, 4 * n);
    }
    g->cells  = cells;
    g->values = task_alloc(n, sizeof *g->values, err);
    if (g->values != NULL) {
        task_bytes bytes = {(const unsigned char *)file, size, false};
        for (size_t i = 0; i < n; i++) {
            g->values[i] = task_bytes_f32(&bytes);
        }
    }
    free(file);
    return g->values != NULL;
}

static double best_of(const grid *g, size_t *where) {
    double best = (double)INFINITY;
    *where      = SIZE_MAX;
    for (size_t i = 0; i < g->cells; i++) {
        double v = cell_mean(g, i);
        double m = task_minimised(g->metric, v);
        if (isfinite(v) && m < best) {
            best   = m;
            *where = i;
        }
    }
    return best;
}

/* The configuration of a cell. */
static bool set_best(bench_task *task, size_t cell, task_error *err) {
    task->best = task_alloc(task->n_parameters, sizeof *task->best, err);
    for (size_t i = task->n_parameters; task->best != NULL && i-- > 0;) {
        size_t levels = levels_of(&task->parameters[i]);
        task->best[i] = (double)(cell % levels);
        cell /= levels;
    }
    return task->best != NULL;
}

bool task_grid_open(bench_task *task, const char *path, task_error *err) {
    grid *g = task_alloc(1, sizeof *g, err);
    if (g == NULL) {
        return false;
    }
    task->data        = g;
    task->backend     = &backend;
    g->replicates     = 1;
    g->stated_optimum = (double)NAN;
    g->stated_cell    = SIZE_MAX;
    char *directory   = task_copy(path, err);
    if (directory == NULL) {
        return false;
    }
    *strrchr(directory, '/') = '\0';
    bool good                = read_text_file(task, g, path, err) && read_values(task, g, directory, err);
    free(directory);
    if (!good) {
        return false;
    }
    size_t where  = 0;
    g->metric     = task_metric_of(g->metric_name, g->maximise);
    task->optimum = best_of(g, &where);
    task->noise   = g->replicates > 1;
    return where != SIZE_MAX ? set_best(task, where, err) : task_fail(err, "no cell of the table has a value");
}

bool task_grid_check(const bench_task *task, char *note, size_t cap, task_error *err) {
    const grid *g      = task->data;
    double      stated = task_minimised(g->metric, g->stated_optimum);
    double      slack  = 1e-6 * (fabs(g->stated_optimum) + 1e-30);
    if (isnan(stated)) {
        return task_fail(err, "no opt_mean is stated");
    }
    if (!(fabs(task->optimum - stated) <= slack)) {
        return task_fail(err, "the best cell is %.9g, opt_mean is %.9g (minimised)", task->optimum, stated);
    }
    if (g->stated_cell != SIZE_MAX && !(fabs(cell_mean(g, g->stated_cell) - g->stated_optimum) <= slack)) {
        return task_fail(err, "the cell of opt_index has %.9g, opt_mean is %.9g", cell_mean(g, g->stated_cell), g->stated_optimum);
    }
    snprintf(note, cap, "%zu cells, best %.9g", g->cells, g->stated_optimum);
    return true;
}
