/*
 * A region of a task's space in which every evaluation fails, to measure how an optimiser bears failures.
 *
 * A half-space of a random direction. Each parameter has a position in [0,1]: a number its place on its own scale, a choice a number drawn for it, an
 * inactive parameter 1/2. Weights are standard normal, and the configurations with the largest weighted sums fail: as many of 20,000 uniform ones as the
 * share says, or fewer where several configurations have the same sum. So a failure tells something about its neighbours, as in practice (memory that runs
 * out, steps that diverge), and more parameters make the border harder to see.
 *
 * The best known configuration never fails, or the optimum would be out of reach: the task's own where it is known (tables, functions), else the best of
 * the first 1,000 uniform ones. Directions are drawn until that holds and at least half of the share fails; a share well above one half may be refused,
 * because no plane leaves so little on the side of a best that lies in the middle. All is drawn by the task's name and the seed, so every optimiser meets the
 * same region.
 */
#include "tasks.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWS = 20000, DRAWS_EVALUATED = 1000, DIRECTIONS = 200 };

struct bench_region {
    const bench_task *task;
    double           *weights;   /* per parameter */
    double           *positions; /* of all choices of all parameters, one after another */
    double            border;    /* sums above it fail */
};

/* Inactive parameters do not count, whatever stands in `values`. */
static double sum_of(const bench_region *region, const double *values) {
    const bench_task *task     = region->task;
    const double     *position = region->positions;
    double            known[TASK_PARAMETERS_MAX];
    double            sum = 0.0;
    for (size_t i = 0; i < task->n_parameters; i++) {
        const task_parameter *parameter = &task->parameters[i];
        double                place     = 0.5;
        known[i]                        = (double)NAN;
        if (task_active(task, i, known)) {
            known[i] = values[i];
            place    = parameter->kind == TASK_CATEGORICAL ? position[(size_t)values[i]] : task_unit(parameter, values[i]);
        }
        sum += region->weights[i] * (place - 0.5);
        position += parameter->n_choices;
    }
    return sum;
}

static void draw_direction(bench_region *region, size_t n_choices, uint64_t *state) {
    for (size_t i = 0; i < region->task->n_parameters; i++) {
        region->weights[i] = task_normal(state);
    }
    for (size_t i = 0; i < n_choices; i++) {
        region->positions[i] = task_uniform(state);
    }
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sets the border by the sums of the sample; returns the share of the sample that fails. `sums` is work space. */
static double set_border(bench_region *region, const double *sample, double share, double *sums) {
    size_t fail  = (size_t)(share * DRAWS);
    size_t above = 0;
    for (size_t k = 0; k < DRAWS; k++) {
        sums[k] = sum_of(region, sample + k * region->task->n_parameters);
    }
    qsort(sums, DRAWS, sizeof *sums, ascending);
    region->border = sums[DRAWS - 1 - fail];
    while (above < fail && sums[DRAWS - 1 - above] > region->border) {
        above++;
    }
    return (double)above / DRAWS;
}

/* The configuration that must not fail. */
static const double *best_known(const bench_task *task, const double *sample) {
    const double *best  = sample;
    double        least = (double)INFINITY;
    for (size_t k = 0; task->best == NULL && k < DRAWS_EVALUATED; k++) {
        const double *values = sample + k * task->n_parameters;
        double        value  = 0.0;
        if (bench_task_evaluate(task, values, task->n_parameters, 0, 0, &value, NULL, NULL, 0) == 0 && value < least) {
            least = value;
            best  = values;
        }
    }
    return task->best != NULL ? task->best : best;
}

/* The seed and the name make the state (FNV-1a over the name). */
static uint64_t state_of(const char *name, uint64_t seed) {
    uint64_t hash = 0xcbf29ce484222325u;
    for (; *name != '\0'; name++) {
        hash = (hash ^ (unsigned char)*name) * 0x100000001b3u;
    }
    uint64_t state = seed;
    return hash ^ task_random(&state);
}

static bool region_find(bench_region *region, size_t n_choices, double share, uint64_t seed, double *sample, double *sums) {
    uint64_t state = state_of(region->task->name, seed);
    for (size_t k = 0; k < DRAWS; k++) {
        task_draw(region->task, &state, sample + k * region->task->n_parameters);
    }
    const double *best = best_known(region->task, sample);
    for (size_t round = 0; round < DIRECTIONS; round++) {
        draw_direction(region, n_choices, &state);
        if (set_border(region, sample, share, sums) >= 0.5 * share && sum_of(region, best) <= region->border) {
            return true;
        }
    }
    return false;
}

static bench_region *region_new(const bench_task *task, double share, uint64_t seed, task_error *err) {
    size_t n_choices = 0;
    if (!(share > 0.0 && share < 1.0)) {
        task_fail(err, "the share of failures must be above 0 and below 1");
        return NULL;
    }
    for (size_t i = 0; i < task->n_parameters; i++) {
        n_choices += task->parameters[i].n_choices;
    }
    double       *sample = task_alloc(DRAWS * task->n_parameters, sizeof *sample, err);
    double       *sums   = task_alloc(DRAWS, sizeof *sums, err);
    bench_region *region = task_alloc(1, sizeof *region, err);
    bool          good   = false;
    if (region != NULL) {
        region->task      = task;
        region->weights   = task_alloc(task->n_parameters, sizeof *region->weights, err);
        region->positions = task_alloc(n_choices + 1, sizeof *region->positions, err);
    }
    if (sample != NULL && sums != NULL && region != NULL && region->weights != NULL && region->positions != NULL) {
        good = region_find(region, n_choices, share, seed, sample, sums) ||
               task_fail(err, "task '%.80s' has no region of about %g of its space that spares its best configuration", task->name, share);
    }
    free(sample);
    free(sums);
    if (!good) {
        bench_region_free(region);
        return NULL;
    }
    return region;
}

bench_region *bench_region_new(const bench_task *task, double share, uint64_t seed, char *message, size_t cap) {
    task_error    err    = {""};
    bench_region *region = region_new(task, share, seed, &err);
    if (region == NULL && message != NULL && cap > 0) {
        snprintf(message, cap, "%s", err.text);
    }
    return region;
}

void bench_region_free(bench_region *region) {
    if (region != NULL) {
        free(region->weights);
        free(region->positions);
        free(region);
    }
}

int bench_region_holds(const bench_region *region, const double *values) {
    return sum_of(region, values) > region->border;
}
