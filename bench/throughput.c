/* hpo-bench throughput: how many trials per second hpo_study_optimize makes when the objective costs nothing. */
#include "bench.h"
#include <inttypes.h>
#include <stdlib.h>
#include <sys/resource.h>

static const char notes[] =
    "Columns: strategy,dims,trials,workers,seconds,trials_per_s,peak_rss_mb\n\n"
    "What is measured. seconds: wall time of one hpo_study_optimize of N trials on a study in memory, with the library's own allocation (malloc). "
    "The\n"
    "objective copies all values with hpo_trial_values_by_index and adds up squared distances. peak_rss_mb: the largest resident memory of the\n"
    "measuring process, program and libraries included, in 10^6 bytes (getrusage). Each row, and each repeat of a row, runs in a process of its "
    "own;\n"
    "of the repeats the quickest is shown.\n" BENCH_PROBLEM_HELP "\n"
    "Exit status: 0 when every row was measured, 1 when one failed (the others are still written), 2 for a wrong command line.\n";

enum { SECONDS, PEAK_RSS, RESULTS };

/* More parameters than this take a heap block per call of the objective. */
enum { VALUES_ON_STACK = 256 };

static hpo_status objective(hpo_trial *trial, double *values, void *user) {
    const bench_problem *problem = user;
    double               near[VALUES_ON_STACK];
    double              *all = problem->dims <= VALUES_ON_STACK ? near : malloc(problem->dims * sizeof *all);
    if (all == NULL) {
        return HPO_E_NOMEM;
    }
    hpo_trial_values_by_index(trial, all, problem->dims);
    values[0] = bench_problem_value(problem, all, false);
    if (all != near) {
        free(all);
    }
    return HPO_OK;
}

static bool optimize(hpo_study *study, bench_problem *problem, const bench_run *run, double *result) {
    hpo_error     err    = {0, 0, ""};
    uint64_t      start  = bench_clock();
    hpo_status    status = hpo_study_optimize(study, objective, problem, run->trials, &err);
    uint64_t      end    = bench_clock();
    uint64_t      done   = hpo_study_trial_count(study, HPO_COMPLETE);
    struct rusage usage;
    if (status < 0 || done != run->trials) {
        bench_complain("throughput", "%s, %" PRIu64 " parameters: %" PRIu64 " of %" PRIu64 " trials complete: %s%s%s", run->strategy, run->dims, done,
                       run->trials, hpo_status_name(status), status < 0 ? ": " : "", status < 0 ? err.message : "");
        return false;
    }
    if (getrusage(RUSAGE_SELF, &usage) != 0) {
        bench_complain("throughput", "getrusage failed");
        return false;
    }
    result[SECONDS]  = (double)(end - start) * 1e-9;
    result[PEAK_RSS] = (double)usage.ru_maxrss * 1024.0 * 1e-6; /* Linux counts in KiB */
    return true;
}

static bool measure(const bench_run *run, double *result) {
    bench_problem problem;
    hpo_study    *study = NULL;
    hpo_error     err   = {0, 0, ""};
    if (!bench_problem_init(&problem, (size_t)run->dims, run->mixed)) {
        bench_complain("throughput", "out of memory");
        return false;
    }
    bool good = bench_problem_study(&problem, run, NULL, &study, &err) >= 0;
    if (!good) {
        bench_complain("throughput", "%s, %" PRIu64 " parameters: %s", run->strategy, run->dims, err.message);
    }
    good = good && optimize(study, &problem, run, result);
    hpo_study_free(study);
    bench_problem_end(&problem);
    return good;
}

static bool row(const bench_run *run, uint64_t repeat, FILE *table) {
    double result[RESULTS];
    if (!bench_isolated("throughput", measure, run, repeat, result, RESULTS)) {
        return false;
    }
    fprintf(table, "%s,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%.3f,%.0f,%.1f\n", run->strategy, run->dims, run->trials, run->workers, result[SECONDS],
            (double)run->trials / result[SECONDS], result[PEAK_RSS]);
    fflush(table);
    return true;
}

/* Every combination of the lists. */
static bool rows(bench_run *run, const bench_texts *strategies, const bench_numbers *dims, const bench_numbers *trials, const bench_numbers *workers,
                 uint64_t repeat, FILE *table) {
    bool good = true;
    for (size_t i = 0; i < strategies->n * dims->n * trials->n * workers->n; i++) {
        size_t rest  = i;
        run->workers = workers->items[rest % workers->n];
        rest /= workers->n;
        run->trials = trials->items[rest % trials->n];
        rest /= trials->n;
        run->dims     = dims->items[rest % dims->n];
        run->strategy = strategies->items[rest / dims->n];
        good          = row(run, repeat, table) && good;
    }
    return good;
}

static int run_throughput(int argc, char **argv) {
    bench_texts        given;
    bench_texts        settings;
    bench_texts        strategies = {NULL, 0};
    bench_numbers      dims;
    bench_numbers      trials;
    bench_numbers      workers;
    uint64_t           repeat;
    const char        *out;
    bench_run          run       = {.settings = &settings};
    const bench_option options[] = {
        {"strategy", BENCH_TEXTS, "S[,S...]", NULL, 0, 0, &given, "strategies, or all"},
        {"dims", BENCH_NUMBERS, "D[,D...]", NULL, 1, 100000, &dims, "number of parameters"},
        {"trials", BENCH_NUMBERS, "N[,N...]", NULL, 1, 1000000000, &trials, "number of trials; 1e6 is understood"},
        {"workers", BENCH_NUMBERS, "W[,W...]", "1", 1, 1024, &workers, "threads"},
        {"mixed", BENCH_FLAG, "", "", 0, 0, &run.mixed, "also int and categorical parameters"},
        {"repeat", BENCH_NUMBER, "R", "1", 1, 1000, &repeat, "runs per row; the quickest is shown"},
        {"seed", BENCH_NUMBER, "K", "1", 0, INT64_MAX, &run.seed, "seed of the study"},
        {"set", BENCH_PAIRS, "KEY=VALUE", "", 0, 0, &settings, "a setting of the study; may be repeated"},
        {"out", BENCH_TEXT, "FILE", "", 0, 0, &out, "write the table to FILE instead of stdout"},
        {NULL, BENCH_FLAG, NULL, NULL, 0, 0, NULL, NULL},
    };
    int code = BENCH_USAGE;
    if (bench_options_read(&bench_throughput, options, notes, argc, argv, &code) && bench_strategies("throughput", &given, &strategies)) {
        FILE *table = bench_table_open("throughput", out, "strategy,dims,trials,workers,seconds,trials_per_s,peak_rss_mb");
        code        = table != NULL && rows(&run, &strategies, &dims, &trials, &workers, repeat, table) ? BENCH_OK : BENCH_FAILED;
        if (table != NULL && !bench_table_close("throughput", out, table)) {
            code = BENCH_FAILED;
        }
    }
    bench_texts_free(&strategies);
    bench_options_end(options);
    return code;
}

const bench_command bench_throughput = {"throughput", "Trials per second of hpo_study_optimize, and its peak memory.", run_throughput};
