/* hpo-bench refs: reference values of tasks, for bench/score.py. */
#include "bench.h"
#include "tasks.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char notes[] =
    "Columns: task,scale,best_min,median_min,rs_best_1,rs_best_5,rs_best_10,rs_best_20,rs_best_25,rs_best_50,rs_best_100,rs_best_200\n\n"
    "best_min: the known optimum, else the best draw. rs_best_N: expected best value of N independent uniform configurations, by order statistics of "
    "the\n"
    "drawn sample; a configuration that fails counts as the worst value of the sample. All on the task's own scale, minimised.\n" BENCH_SELECT_HELP
    "\n"
    "Exit status: 0 done, 1 when a task could not be evaluated, 2 for a wrong command line.\n";

static const uint64_t draws_of[] = {1, 5, 10, 20, 25, 50, 100, 200};
enum { DRAWS = (int)(sizeof draws_of / sizeof *draws_of) };

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The least of k draws is above the i smallest of n with probability (1 - i/n)^k. */
static double expected_best(const double *sorted, size_t n, uint64_t k) {
    double sum   = 0.0;
    double above = 1.0;
    for (size_t i = 0; i < n; i++) {
        double next = pow(1.0 - (double)(i + 1) / (double)n, (double)k);
        sum += sorted[i] * (above - next);
        above = next;
    }
    return sum;
}

static bool sample_draw(const bench_task *task, uint64_t seed, double *sample, size_t n) {
    double   values[TASK_PARAMETERS_MAX];
    uint64_t state = seed;
    double   worst = -(double)INFINITY;
    for (size_t i = 0; i < n; i++) {
        task_draw(task, &state, values);
        if (bench_task_evaluate(task, values, task->n_parameters, 0, 0, &sample[i], NULL, NULL, 0) != 0) {
            return false;
        }
        worst = isfinite(sample[i]) ? fmax(worst, sample[i]) : worst;
    }
    for (size_t i = 0; i < n; i++) {
        sample[i] = isfinite(sample[i]) ? sample[i] : worst;
    }
    return isfinite(worst);
}

static bool row(const char *data, const char *name, uint64_t seed, double *sample, size_t n, FILE *table) {
    task_error  err  = {"no configuration has a value"};
    bench_task *task = task_open(data, name, &err);
    bool        good = task != NULL && sample_draw(task, seed, sample, n);
    if (good) {
        qsort(sample, n, sizeof *sample, ascending);
        fprintf(table, "%s,lin,%.10g,%.10g", name, isnan(task->optimum) ? sample[0] : task->optimum, sample[n / 2]);
        for (size_t i = 0; i < DRAWS; i++) {
            fprintf(table, ",%.8g", expected_best(sample, n, draws_of[i]));
        }
        fputc('\n', table);
        fflush(table);
    } else {
        bench_complain("refs", "%s", err.text);
    }
    bench_task_close(task);
    return good;
}

static bool rows(const char *data, const bench_texts *names, uint64_t seed, uint64_t draws, const char *out) {
    double *sample = malloc((size_t)draws * sizeof *sample);
    FILE   *table  = sample != NULL
                         ? bench_table_open(
                               "refs", out,
                               "task,scale,best_min,median_min,rs_best_1,rs_best_5,rs_best_10,rs_best_20,rs_best_25,rs_best_50,rs_best_100,rs_best_200")
                         : NULL;
    bool    good   = table != NULL;
    for (size_t i = 0; table != NULL && i < names->n; i++) {
        good = row(data, names->items[i], seed, sample, (size_t)draws, table) && good;
    }
    free(sample);
    return (table == NULL || bench_table_close("refs", out, table)) && good;
}

static int run_refs(int argc, char **argv) {
    bench_texts        functions;
    bench_texts        names = {NULL, 0};
    const char        *data;
    const char        *tasks;
    const char        *out;
    uint64_t           draws;
    uint64_t           seed;
    const bench_option options[] = {
        {"data", BENCH_TEXT, "DIR", "", 0, 0, &data, "directory with the files of the tasks"},
        {"tasks", BENCH_TEXT, "FILE|all", "", 0, 0, &tasks, "which tasks; see below"},
        {"functions", BENCH_TEXTS, "NAME[,NAME...]", "", 0, 0, &functions, "functions in closed form, or all; see below"},
        {"draws", BENCH_NUMBER, "N", "40000", 1000, 100000000, &draws, "random configurations per task"},
        {"seed", BENCH_NUMBER, "K", "1", 0, INT64_MAX, &seed, "seed of the draws"},
        {"out", BENCH_TEXT, "FILE", "", 0, 0, &out, "write the table to FILE instead of stdout"},
        {NULL, BENCH_FLAG, NULL, NULL, 0, 0, NULL, NULL},
    };
    int code = BENCH_USAGE;
    if (bench_options_read(&bench_refs, options, notes, argc, argv, &code) && bench_select("refs", data, tasks, &functions, &names)) {
        code = rows(data, &names, seed, draws, out) ? BENCH_OK : BENCH_FAILED;
    }
    bench_texts_free(&names);
    bench_options_end(options);
    return code;
}

const bench_command bench_refs = {"refs", "Reference values of tasks: what random search reaches, and the optimum.", run_refs};
