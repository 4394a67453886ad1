/* hpo-bench latency: how long one ask and one tell take once many trials are there, and what a finished trial occupies. */
#include "bench.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char notes[] =
    "Columns: strategy,dims,trials,ask_p50_ns,ask_p99_ns,tell_p50_ns,tell_p99_ns,bytes_per_trial\n\n"
    "What is measured. A study in memory with one thread makes N trials by hpo_study_ask, the objective, hpo_study_tell and hpo_trial_free. The "
    "last\n"
    "tenth of the trials (at least one) is timed: ask is hpo_study_ask; tell is hpo_study_tell and hpo_trial_free together. The objective is not "
    "timed:\n"
    "it copies all values with hpo_trial_values_by_index. With --time-reads, ask also includes one getter call by name for every parameter. The cost "
    "of\n"
    "reading the clock (median of 20001 pairs of readings) is taken off each sample. Percentiles are by nearest rank.\n"
    "bytes_per_trial: the study lives in an allocator that counts the bytes that the library has asked for and not given back, unused capacity of\n"
    "growing arrays included, the C library's own overhead per block excluded. It is (live bytes after the last trial - live bytes after the second) "
    "/\n"
    "(N - 2), with no trial handle open at either point, so that the space, the settings and the strategy's tables do not count: the first trial is "
    "the\n"
    "default configuration, so the strategy starts with the second. nan for N < 3.\n\n"
    "Each row, and each repeat of a row, runs in a process of its own; of the repeats the one with the least ask_p50 + tell_p50 is "
    "shown.\n" BENCH_PROBLEM_HELP "\n"
    "Exit status: 0 when every row was measured, 1 when one failed (the others are still written), 2 for a wrong command line.\n";

enum { TOTAL, ASK_P50, ASK_P99, TELL_P50, TELL_P99, BYTES, RESULTS };

/* A measurement under way. */
typedef struct session {
    const bench_run *run;
    bench_problem    problem;
    bench_memory     memory;
    hpo_study       *study;
    double          *values;
    char (*names)[BENCH_NAME_SIZE];
    uint64_t *ask; /* nanoseconds, one per timed trial */
    uint64_t *tell;
    size_t    timed;
    uint64_t  clock_cost;
    double    sink; /* keeps the reads by name alive */
} session;

static uint64_t net(uint64_t elapsed, uint64_t cost) {
    return elapsed > cost ? elapsed - cost : 0;
}

static void read_by_name(session *s, const hpo_trial *trial) {
    for (size_t i = 0; i < s->problem.dims; i++) {
        const char *name = s->names[i];
        size_t      turn = s->problem.mixed ? i % 4 : 0;
        if (turn == 3) {
            s->sink += hpo_trial_categorical(trial, name) != NULL ? 1.0 : 0.0;
        } else if (turn == 2) {
            s->sink += (double)hpo_trial_int(trial, name);
        } else {
            s->sink += hpo_trial_float(trial, name);
        }
    }
}

/* Runs one trial; times it into slot `slot` unless that is SIZE_MAX. */
static hpo_status trial_run(session *s, size_t slot, hpo_error *err) {
    hpo_trial *trial  = NULL;
    uint64_t   start  = bench_clock();
    hpo_status status = hpo_study_ask(s->study, &trial, err);
    if (status != HPO_OK) {
        return status;
    }
    if (s->run->read_names) {
        read_by_name(s, trial);
    }
    uint64_t asked = bench_clock();
    hpo_trial_values_by_index(trial, s->values, s->problem.dims);
    double   value = bench_problem_value(&s->problem, s->values);
    uint64_t done  = bench_clock();
    status         = hpo_study_tell(s->study, trial, HPO_COMPLETE, &value, 1, err);
    hpo_trial_free(trial);
    uint64_t told = bench_clock();
    if (slot != SIZE_MAX) {
        s->ask[slot]  = net(asked - start, s->clock_cost);
        s->tell[slot] = net(told - done, s->clock_cost);
    }
    return status;
}

static bool trials_run(session *s, double *result) {
    uint64_t  n      = s->run->trials;
    size_t    before = 0;
    hpo_error err    = {0, 0, ""};
    for (uint64_t i = 0; i < n; i++) {
        size_t     slot   = i < n - s->timed ? SIZE_MAX : (size_t)(i - (n - s->timed));
        hpo_status status = trial_run(s, slot, &err);
        if (status != HPO_OK) {
            bench_complain("latency", "%s, %" PRIu64 " parameters: trial %" PRIu64 " of %" PRIu64 ": %s: %s", s->run->strategy, s->run->dims, i + 1,
                           n, hpo_status_name(status), status < 0 ? err.message : "the strategy has nothing left; --set may enlarge it");
            return false;
        }
        if (i == 1) {
            before = s->memory.live;
        }
    }
    result[BYTES] = n > 2 ? ((double)s->memory.live - (double)before) / (double)(n - 2) : (double)NAN;
    return true;
}

static bool session_init(session *s) {
    size_t dims = (size_t)s->run->dims;
    s->timed    = (size_t)(s->run->trials / 10 > 0 ? s->run->trials / 10 : 1);
    s->ask      = calloc(s->timed, sizeof *s->ask);
    s->tell     = calloc(s->timed, sizeof *s->tell);
    s->values   = calloc(dims, sizeof *s->values);
    s->names    = calloc(dims, sizeof *s->names);
    if (!bench_problem_init(&s->problem, dims, s->run->mixed) || s->ask == NULL || s->tell == NULL || s->values == NULL || s->names == NULL) {
        bench_complain("latency", "out of memory");
        return false;
    }
    for (size_t i = 0; i < dims; i++) {
        bench_problem_name(i, s->names[i]);
    }
    hpo_allocator allocator = bench_memory_allocator(&s->memory);
    hpo_error     err       = {0, 0, ""};
    if (bench_problem_study(&s->problem, s->run, &allocator, &s->study, &err) < 0) {
        bench_complain("latency", "%s, %" PRIu64 " parameters: %s", s->run->strategy, s->run->dims, err.message);
        return false;
    }
    s->clock_cost = bench_clock_cost();
    return true;
}

static void session_end(session *s) {
    free(s->ask);
    free(s->tell);
    free(s->values);
    free(s->names);
    bench_problem_end(&s->problem);
}

static bool measure(const bench_run *run, double *result) {
    session s    = {.run = run};
    bool    good = session_init(&s) && trials_run(&s, result);
    if (good) {
        result[ASK_P50]  = (double)bench_percentile(s.ask, s.timed, 50.0);
        result[ASK_P99]  = (double)bench_percentile(s.ask, s.timed, 99.0);
        result[TELL_P50] = (double)bench_percentile(s.tell, s.timed, 50.0);
        result[TELL_P99] = (double)bench_percentile(s.tell, s.timed, 99.0);
        result[TOTAL]    = result[ASK_P50] + result[TELL_P50];
    }
    hpo_study_free(s.study);
    /* The count is only worth something when it comes back to nothing. */
    if (good && s.memory.live != 0) {
        bench_complain("latency", "%s: %zu bytes are still live after all was freed", run->strategy, s.memory.live);
        good = false;
    }
    session_end(&s);
    return good;
}

static bool row(const bench_run *run, uint64_t repeat, FILE *table) {
    double result[RESULTS];
    if (!bench_isolated("latency", measure, run, repeat, result, RESULTS)) {
        return false;
    }
    fprintf(table, "%s,%" PRIu64 ",%" PRIu64 ",%.0f,%.0f,%.0f,%.0f,%.1f\n", run->strategy, run->dims, run->trials, result[ASK_P50], result[ASK_P99],
            result[TELL_P50], result[TELL_P99], result[BYTES]);
    fflush(table);
    return true;
}

/* Every combination of the lists. */
static bool rows(bench_run *run, const bench_texts *strategies, const bench_numbers *dims, const bench_numbers *trials, uint64_t repeat,
                 FILE *table) {
    bool good = true;
    for (size_t i = 0; i < strategies->n * dims->n * trials->n; i++) {
        run->trials   = trials->items[i % trials->n];
        run->dims     = dims->items[i / trials->n % dims->n];
        run->strategy = strategies->items[i / trials->n / dims->n];
        good          = row(run, repeat, table) && good;
    }
    return good;
}

static int run_latency(int argc, char **argv) {
    bench_texts        given;
    bench_texts        settings;
    bench_texts        strategies = {NULL, 0};
    bench_numbers      dims;
    bench_numbers      trials;
    uint64_t           repeat;
    const char        *out;
    bench_run          run       = {.workers = 1, .settings = &settings};
    const bench_option options[] = {
        {"strategy", BENCH_TEXTS, "S[,S...]", NULL, 0, 0, &given, "strategies, or all"},
        {"dims", BENCH_NUMBERS, "D[,D...]", NULL, 1, 100000, &dims, "number of parameters"},
        {"trials", BENCH_NUMBERS, "N[,N...]", NULL, 1, 1000000000, &trials, "number of trials; 1e6 is understood"},
        {"mixed", BENCH_FLAG, "", "", 0, 0, &run.mixed, "also int and categorical parameters"},
        {"time-reads", BENCH_FLAG, "", "", 0, 0, &run.read_names, "count reading every parameter by name to ask"},
        {"repeat", BENCH_NUMBER, "R", "1", 1, 1000, &repeat, "runs per row; the quickest is shown"},
        {"seed", BENCH_NUMBER, "K", "1", 0, INT64_MAX, &run.seed, "seed of the study"},
        {"set", BENCH_PAIRS, "KEY=VALUE", "", 0, 0, &settings, "a setting of the study; may be repeated"},
        {"out", BENCH_TEXT, "FILE", "", 0, 0, &out, "write the table to FILE instead of stdout"},
        {NULL, BENCH_FLAG, NULL, NULL, 0, 0, NULL, NULL},
    };
    int code = BENCH_USAGE;
    if (bench_options_read(&bench_latency, options, notes, argc, argv, &code) && bench_strategies("latency", &given, &strategies)) {
        FILE *table = bench_table_open("latency", out, "strategy,dims,trials,ask_p50_ns,ask_p99_ns,tell_p50_ns,tell_p99_ns,bytes_per_trial");
        code        = table != NULL && rows(&run, &strategies, &dims, &trials, repeat, table) ? BENCH_OK : BENCH_FAILED;
        if (table != NULL && !bench_table_close("latency", out, table)) {
            code = BENCH_FAILED;
        }
    }
    bench_texts_free(&strategies);
    bench_options_end(options);
    return code;
}

const bench_command bench_latency = {"latency", "Time of one ask and one tell, and memory per finished trial.", run_latency};
