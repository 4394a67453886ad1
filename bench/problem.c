/*
 * The problem that is measured: a space of `dims` parameters x0, x1, ... and a cheap objective over it.
 *
 * Plain: floats, by turns linear in [-5, 5] and log in [1e-5, 1]. Mixed: by turns a linear float, a log float, an int in [1, 64] and a categorical of
 * 4 choices. bench/peers/latency.py builds the same.
 */
#include "bench.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CYCLE_LINEAR = 0, CYCLE_LOG = 1, CYCLE_INT = 2, CYCLE_CATEGORICAL = 3 };

static const char *const choices[] = {"a", "b", "c", "d"};
enum { CHOICES = (int)(sizeof choices / sizeof *choices), INT_HIGH = 64 };

static int cycle_of(const bench_problem *problem, size_t i) {
    return (int)(i % (problem->mixed ? 4 : 2));
}

static void range_of(int cycle, double *low, double *high) {
    static const double ranges[][2] = {{-5.0, 5.0}, {1e-5, 1.0}, {1.0, INT_HIGH}, {0.0, CHOICES - 1.0}};
    *low                            = ranges[cycle][0];
    *high                           = ranges[cycle][1];
}

bool bench_problem_init(bench_problem *problem, size_t dims, bool mixed) {
    problem->dims  = dims;
    problem->mixed = mixed;
    problem->low   = malloc(dims * sizeof *problem->low);
    problem->scale = malloc(dims * sizeof *problem->scale);
    if (problem->low == NULL || problem->scale == NULL) {
        bench_problem_end(problem);
        return false;
    }
    for (size_t i = 0; i < dims; i++) {
        double high = 0.0;
        range_of(cycle_of(problem, i), &problem->low[i], &high);
        problem->scale[i] = 1.0 / (high - problem->low[i]);
    }
    return true;
}

void bench_problem_end(bench_problem *problem) {
    free(problem->low);
    free(problem->scale);
    problem->low   = NULL;
    problem->scale = NULL;
}

const char *bench_problem_name(size_t i, char buf[BENCH_NAME_SIZE]) {
    snprintf(buf, BENCH_NAME_SIZE, "x%zu", i);
    return buf;
}

double bench_problem_value(const bench_problem *problem, const double *values, bool rugged) {
    double squares = 0.0;
    double waves   = 0.0;
    for (size_t i = 0; i < problem->dims; i++) {
        double distance = (values[i] - problem->low[i]) * problem->scale[i] - 0.3;
        distance        = isnan(distance) ? 0.0 : distance;
        squares += distance * distance;
        waves += rugged ? cos(20.0 * 3.14159265358979323846 * distance) : 0.0;
    }
    double n = (double)problem->dims;
    return rugged ? 20.0 + exp(1.0) - 20.0 * exp(-0.2 * sqrt(100.0 * squares / n)) - exp(waves / n) : squares;
}

static hpo_space *space_new(const bench_problem *problem, const hpo_allocator *allocator) {
    hpo_space *space = hpo_space_new(allocator);
    for (size_t i = 0; space != NULL && i < problem->dims; i++) {
        char        buf[BENCH_NAME_SIZE];
        const char *name  = bench_problem_name(i, buf);
        int         cycle = cycle_of(problem, i);
        double      low   = 0.0;
        double      high  = 0.0;
        range_of(cycle, &low, &high);
        if (cycle == CYCLE_CATEGORICAL) {
            hpo_space_add_categorical(space, name, choices, CHOICES, NULL);
        } else if (cycle == CYCLE_INT) {
            hpo_space_add_int(space, name, (int64_t)low, (int64_t)high, HPO_LINEAR, NULL);
        } else {
            hpo_space_add_float(space, name, low, high, cycle == CYCLE_LOG ? HPO_LOG : HPO_LINEAR, NULL);
        }
    }
    return space;
}

static hpo_status set_number(hpo_study *study, const char *key, uint64_t number, hpo_error *err) {
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, number);
    return hpo_study_set(study, key, text, err);
}

/* Cells of the grid with `levels` per parameter, as far as its kind has so many. */
static double cells_of(const bench_problem *problem, uint64_t levels) {
    double cells = 1.0;
    for (size_t i = 0; i < problem->dims; i++) {
        int cycle = cycle_of(problem, i);
        cells *= cycle == CYCLE_CATEGORICAL ? CHOICES : cycle == CYCLE_INT ? fmin((double)levels, INT_HIGH) : (double)levels;
    }
    return cells;
}

/* Least number >= 2 of levels that gives `cells`; the first parameter is a float, so there is one. */
static uint64_t levels_for(const bench_problem *problem, uint64_t cells) {
    uint64_t low  = 1;
    uint64_t high = 2;
    while (cells_of(problem, high) < (double)cells) {
        low = high;
        high *= 2;
    }
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (cells_of(problem, middle) < (double)cells) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

static hpo_status settings_apply(const bench_texts *settings, hpo_study *study, hpo_error *err) {
    hpo_status status = HPO_OK;
    for (size_t i = 0; status >= 0 && settings != NULL && i < settings->n; i++) {
        char *equals = strchr(settings->items[i], '=');
        *equals      = '\0';
        status       = hpo_study_set(study, settings->items[i], equals + 1, err);
        *equals      = '=';
    }
    return status;
}

hpo_status bench_problem_study(const bench_problem *problem, const bench_run *run, const hpo_allocator *allocator, hpo_study **out, hpo_error *err) {
    hpo_space *space = space_new(problem, allocator);
    if (space == NULL) {
        *err = (hpo_error){HPO_E_NOMEM, 0, "out of memory"};
        return HPO_E_NOMEM;
    }
    hpo_study *study  = NULL;
    hpo_status status = hpo_study_new(space, &study, err);
    hpo_space_free(space);
    if (status >= 0) {
        status = hpo_study_set(study, "strategy", run->strategy, err);
    }
    if (status >= 0) {
        status = set_number(study, "seed", run->seed, err);
    }
    if (status >= 0) {
        status = set_number(study, "trials", run->trials, err);
    }
    if (status >= 0 && run->workers > 1) {
        status = set_number(study, "workers", run->workers, err);
    }
    if (status >= 0 && strcmp(run->strategy, "grid") == 0) {
        status = set_number(study, "grid.levels", levels_for(problem, run->trials), err);
    }
    if (status >= 0) {
        status = settings_apply(run->settings, study, err);
    }
    if (status < 0) {
        hpo_study_free(study);
        return status;
    }
    *out = study;
    return HPO_OK;
}

static bool strategy_known(const char *name) {
    for (size_t i = 0; i < hpo_strategy_count(); i++) {
        if (strcmp(hpo_strategy_name(i), name) == 0) {
            return true;
        }
    }
    return false;
}

static bool name_copy(bench_texts *out, const char *name) {
    size_t size = strlen(name) + 1;
    char  *copy = malloc(size);
    if (copy != NULL) {
        memcpy(copy, name, size);
        out->items[out->n++] = copy;
    }
    return copy != NULL;
}

bool bench_strategies(const char *command, const bench_texts *given, bench_texts *out) {
    bool   all    = given->n == 1 && strcmp(given->items[0], "all") == 0;
    size_t n      = all ? hpo_strategy_count() : given->n;
    bool   memory = true;
    out->n        = 0;
    out->items    = malloc((n + 1) * sizeof *out->items);
    memory        = out->items != NULL;
    for (size_t i = 0; memory && i < n; i++) {
        const char *name = all ? hpo_strategy_name(i) : given->items[i];
        if (!strategy_known(name)) {
            bench_complain(command, "--strategy: there is no strategy '%s'; the strategies are:", name);
            for (size_t k = 0; k < hpo_strategy_count(); k++) {
                fprintf(stderr, "  %-10s %s\n", hpo_strategy_name(k), hpo_strategy_help(k));
            }
            bench_texts_free(out);
            return false;
        }
        memory = name_copy(out, name);
    }
    if (!memory) {
        bench_complain(command, "out of memory");
        bench_texts_free(out);
    }
    return memory;
}
