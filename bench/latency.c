/* hpo-bench latency: how long one ask and one tell take once many trials are there, and what they occupy. */
#include "bench.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define HEADER "strategy,dims,trials,ask_p50_ns,ask_p99_ns,tell_p50_ns,tell_p99_ns,bytes_per_trial,samples,peak_bytes,peak_rss_mb"

static const char notes[] =
    "Columns: " HEADER "\n\n"
    "What is measured. A study in memory with one thread makes trials by hpo_study_ask, the objective, hpo_study_tell and hpo_trial_free. ask is\n"
    "hpo_study_ask; tell is hpo_study_tell and hpo_trial_free together. The objective is not timed: it copies all values with\n"
    "hpo_trial_values_by_index. With --time-reads, ask also includes one getter call by name for every parameter. The cost of reading the clock\n"
    "(median of 20001 pairs of readings) is taken off each sample. Percentiles are by nearest rank; samples is their number.\n"
    "With --trials N the last tenth of the N trials (at least one) is timed. --at N is for strategies whose suggestions are slow: the --window "
    "trials\n"
    "around the N-th are timed, in each of --studies studies with seeds in a row, and all samples of an N make one row; one study passes every N.\n"
    "--clock processor counts the processor time of all threads instead of the time of day, for a machine that does other work too.\n"
    "bytes_per_trial: the study lives in an allocator that counts the bytes that the library has asked for and not given back, unused capacity of\n"
    "growing arrays included, the C library's own overhead per block excluded. It is (live bytes after the last timed trial - live bytes after the\n"
    "second) / (number of trials between), with no trial handle open at either point, so that the space, the settings and the strategy's tables do "
    "not\n"
    "count: the first trial is the default configuration, so the strategy starts with the second. nan below three trials. peak_bytes: the most "
    "that\n"
    "was live until then, work space of suggestions included; peak_rss_mb: the same for the resident memory of the whole process. Of the first "
    "study.\n\n"
    "Each row of --trials, all rows of --at together, and each repeat run in a process of their own; of the repeats the one with the least "
    "ask_p50 +\n"
    "tell_p50 (summed over the rows) is shown. --objective: bowl, the sum of squares, or ackley, which has many local optima.\n" BENCH_PROBLEM_HELP
    "\n"
    "Exit status: 0 when every row was measured, 1 when one failed (the others are still written), 2 for a wrong command line.\n";

enum { ASK_P50, ASK_P99, TELL_P50, TELL_P99, BYTES, SAMPLES, PEAK_BYTES, PEAK_RSS, RESULTS };
enum { WINDOWS_MAX = (BENCH_RESULT_MAX - 1) / RESULTS };

/* Trials first .. first + n - 1, counted from 0, of every study are timed. */
typedef struct window {
    uint64_t  first;
    uint64_t  n;
    uint64_t *ask; /* nanoseconds, n per study */
    uint64_t *tell;
    size_t    taken;
    size_t    live; /* bytes after the last of them, in the first study */
    size_t    peak;
    double    rss;
} window;

/* A measurement under way: one or more studies, one after another. */
typedef struct session {
    const bench_run *run;
    bench_problem    problem;
    window           windows[WINDOWS_MAX];
    size_t           n_windows;
    bench_memory     memory;
    size_t           before; /* bytes live after the second trial, in the first study */
    hpo_study       *study;
    double          *values;
    char (*names)[BENCH_NAME_SIZE];
    uint64_t (*clock)(void);
    uint64_t clock_cost;
    double   sink; /* keeps the reads by name alive */
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

/* Runs trial i, and times it into the windows that hold it. */
static hpo_status trial_run(session *s, uint64_t i, hpo_error *err) {
    hpo_trial *trial  = NULL;
    uint64_t   start  = s->clock();
    hpo_status status = hpo_study_ask(s->study, &trial, err);
    if (status != HPO_OK) {
        return status;
    }
    if (s->run->read_names) {
        read_by_name(s, trial);
    }
    uint64_t asked = s->clock();
    hpo_trial_values_by_index(trial, s->values, s->problem.dims);
    double   value = bench_problem_value(&s->problem, s->values, s->run->rugged);
    uint64_t done  = s->clock();
    status         = hpo_study_tell(s->study, trial, HPO_COMPLETE, &value, 1, err);
    hpo_trial_free(trial);
    uint64_t told = s->clock();
    for (size_t k = 0; k < s->n_windows; k++) {
        window *w = &s->windows[k];
        if (i >= w->first && i - w->first < w->n) {
            w->ask[w->taken]    = net(asked - start, s->clock_cost);
            w->tell[w->taken++] = net(told - done, s->clock_cost);
        }
    }
    return status;
}

/* What is occupied at the end of a window. */
static void occupied(session *s, window *w) {
    struct rusage usage;
    w->live = s->memory.live;
    w->peak = s->memory.peak;
    w->rss  = getrusage(RUSAGE_SELF, &usage) == 0 ? (double)usage.ru_maxrss * 1024.0 * 1e-6 : (double)NAN; /* Linux counts in KiB */
}

static bool trials_run(session *s, bool first) {
    uint64_t  n   = s->run->trials;
    hpo_error err = {0, 0, ""};
    for (uint64_t i = 0; i < n; i++) {
        hpo_status status = trial_run(s, i, &err);
        if (status != HPO_OK) {
            bench_complain("latency", "%s, %" PRIu64 " parameters: trial %" PRIu64 " of %" PRIu64 ": %s: %s", s->run->strategy, s->run->dims, i + 1,
                           n, hpo_status_name(status), status < 0 ? err.message : "the strategy has nothing left; --set may enlarge it");
            return false;
        }
        if (first && i == 1) {
            s->before = s->memory.live;
        }
        for (size_t k = 0; first && k < s->n_windows; k++) {
            if (i + 1 == s->windows[k].first + s->windows[k].n) {
                occupied(s, &s->windows[k]);
            }
        }
    }
    return true;
}

/* One study from its making to its end. */
static bool study_run(session *s, uint64_t number) {
    bench_run run = *s->run;
    run.seed += number;
    hpo_allocator allocator = bench_memory_allocator(&s->memory);
    hpo_error     err       = {0, 0, ""};
    if (bench_problem_study(&s->problem, &run, &allocator, &s->study, &err) < 0) {
        bench_complain("latency", "%s, %" PRIu64 " parameters: %s", run.strategy, run.dims, err.message);
        return false;
    }
    bool good = trials_run(s, number == 0);
    hpo_study_free(s->study);
    /* The count is only worth something when it comes back to nothing. */
    if (good && s->memory.live != 0) {
        bench_complain("latency", "%s: %zu bytes are still live after all was freed", run.strategy, s->memory.live);
        good = false;
    }
    return good;
}

static bool window_add(session *s, uint64_t first, uint64_t n) {
    window *w = &s->windows[s->n_windows++];
    *w        = (window){.first = first, .n = n};
    w->ask    = calloc((size_t)(n * s->run->studies), sizeof *w->ask);
    w->tell   = calloc((size_t)(n * s->run->studies), sizeof *w->tell);
    return w->ask != NULL && w->tell != NULL;
}

/* The window around trial N, which is number N - 1 counted from 0, as far as there are trials before it. */
static uint64_t first_around(uint64_t at, uint64_t n) {
    return at - 1 > n / 2 ? at - 1 - n / 2 : 0;
}

static bool session_init(session *s) {
    const bench_run *run  = s->run;
    size_t           dims = (size_t)run->dims;
    uint64_t         last = run->trials / 10 > 0 ? run->trials / 10 : 1;
    bool             good = run->at.n > 0 || window_add(s, run->trials - last, last);
    for (size_t i = 0; good && i < run->at.n; i++) {
        good = window_add(s, first_around(run->at.items[i], run->window), run->window);
    }
    s->values = calloc(dims, sizeof *s->values);
    s->names  = calloc(dims, sizeof *s->names);
    if (!good || !bench_problem_init(&s->problem, dims, run->mixed) || s->values == NULL || s->names == NULL) {
        bench_complain("latency", "out of memory");
        return false;
    }
    for (size_t i = 0; i < dims; i++) {
        bench_problem_name(i, s->names[i]);
    }
    s->clock      = run->processor ? bench_clock_processor : bench_clock;
    s->clock_cost = bench_clock_cost(s->clock);
    return true;
}

static void session_end(session *s) {
    for (size_t k = 0; k < s->n_windows; k++) {
        free(s->windows[k].ask);
        free(s->windows[k].tell);
    }
    free(s->values);
    free(s->names);
    bench_problem_end(&s->problem);
}

static void window_result(const session *s, window *w, double *result) {
    uint64_t trials    = w->first + w->n;
    result[ASK_P50]    = (double)bench_percentile(w->ask, w->taken, 50.0);
    result[ASK_P99]    = (double)bench_percentile(w->ask, w->taken, 99.0);
    result[TELL_P50]   = (double)bench_percentile(w->tell, w->taken, 50.0);
    result[TELL_P99]   = (double)bench_percentile(w->tell, w->taken, 99.0);
    result[BYTES]      = trials > 2 ? ((double)w->live - (double)s->before) / (double)(trials - 2) : (double)NAN;
    result[SAMPLES]    = (double)w->taken;
    result[PEAK_BYTES] = (double)w->peak;
    result[PEAK_RSS]   = w->rss;
}

/* result[0]: what the repeats are compared by; then RESULTS numbers per window. */
static bool measure(const bench_run *run, double *result) {
    session s    = {.run = run};
    bool    good = session_init(&s);
    for (uint64_t k = 0; good && k < run->studies; k++) {
        good = study_run(&s, k);
    }
    result[0] = 0.0;
    for (size_t k = 0; good && k < s.n_windows; k++) {
        double *part = result + 1 + k * RESULTS;
        window_result(&s, &s.windows[k], part);
        result[0] += part[ASK_P50] + part[TELL_P50];
    }
    session_end(&s);
    return good;
}

static bool row(const bench_run *run, uint64_t repeat, FILE *table) {
    double results[BENCH_RESULT_MAX];
    size_t n = run->at.n > 0 ? run->at.n : 1;
    if (!bench_isolated("latency", measure, run, repeat, results, 1 + n * RESULTS)) {
        return false;
    }
    for (size_t k = 0; k < n; k++) {
        const double *r = results + 1 + k * RESULTS;
        fprintf(table, "%s,%" PRIu64 ",%" PRIu64 ",%.0f,%.0f,%.0f,%.0f,%.1f,%.0f,%.0f,%.1f\n", run->strategy, run->dims,
                run->at.n > 0 ? run->at.items[k] : run->trials, r[ASK_P50], r[ASK_P99], r[TELL_P50], r[TELL_P99], r[BYTES], r[SAMPLES], r[PEAK_BYTES],
                r[PEAK_RSS]);
    }
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

static bool choose(const char *option, const char *text, const char *plain, const char *other, bool *chosen) {
    *chosen = strcmp(text, other) == 0;
    if (!*chosen && strcmp(text, plain) != 0) {
        bench_complain("latency", "--%s: '%s' is neither %s nor %s", option, text, plain, other);
        return false;
    }
    return true;
}

/* Either --trials or --at; with --at, `last` becomes the number of trials that passes every window. */
static bool places_check(const bench_run *run, const bench_numbers *trials, uint64_t *last) {
    if ((trials->n > 0) == (run->at.n > 0)) {
        bench_complain("latency", "either --trials or --at is needed");
        return false;
    }
    if (run->at.n > WINDOWS_MAX) {
        bench_complain("latency", "--at: at most %d numbers", (int)WINDOWS_MAX);
        return false;
    }
    *last = 0;
    for (size_t i = 0; i < run->at.n; i++) {
        uint64_t end = first_around(run->at.items[i], run->window) + run->window;
        *last        = end > *last ? end : *last;
    }
    return true;
}

static int run_latency(int argc, char **argv) {
    bench_texts        given;
    bench_texts        settings;
    bench_texts        strategies = {NULL, 0};
    bench_numbers      dims;
    bench_numbers      trials;
    uint64_t           repeat;
    const char        *objective;
    const char        *clock;
    const char        *out;
    uint64_t           last      = 0;
    bench_run          run       = {.workers = 1, .settings = &settings};
    const bench_option options[] = {
        {"strategy", BENCH_TEXTS, "S[,S...]", NULL, 0, 0, &given, "strategies, or all"},
        {"dims", BENCH_NUMBERS, "D[,D...]", NULL, 1, 100000, &dims, "number of parameters"},
        {"trials", BENCH_NUMBERS, "N[,N...]", "", 1, 1000000000, &trials, "number of trials; 1e6 is understood"},
        {"at", BENCH_NUMBERS, "N[,N...]", "", 1, 1000000, &run.at, "instead: trials around which is measured"},
        {"window", BENCH_NUMBER, "W", "40", 1, 1000000, &run.window, "trials measured around each"},
        {"studies", BENCH_NUMBER, "K", "5", 1, 10000, &run.studies, "studies whose samples are put together"},
        {"objective", BENCH_TEXT, "NAME", "bowl", 0, 0, &objective, "bowl or ackley"},
        {"clock", BENCH_TEXT, "NAME", "wall", 0, 0, &clock, "wall or processor"},
        {"mixed", BENCH_FLAG, "", "", 0, 0, &run.mixed, "also int and categorical parameters"},
        {"time-reads", BENCH_FLAG, "", "", 0, 0, &run.read_names, "count reading every parameter by name to ask"},
        {"repeat", BENCH_NUMBER, "R", "1", 1, 1000, &repeat, "runs per row; the quickest is shown"},
        {"seed", BENCH_NUMBER, "K", "1", 0, INT64_MAX / 2, &run.seed, "seed of the (first) study"},
        {"set", BENCH_PAIRS, "KEY=VALUE", "", 0, 0, &settings, "a setting of the study; may be repeated"},
        {"out", BENCH_TEXT, "FILE", "", 0, 0, &out, "write the table to FILE instead of stdout"},
        {NULL, BENCH_FLAG, NULL, NULL, 0, 0, NULL, NULL},
    };
    int code = BENCH_USAGE;
    if (bench_options_read(&bench_latency, options, notes, argc, argv, &code) && places_check(&run, &trials, &last) &&
        choose("objective", objective, "bowl", "ackley", &run.rugged) && choose("clock", clock, "wall", "processor", &run.processor) &&
        bench_strategies("latency", &given, &strategies)) {
        bench_numbers whole = {&last, 1};
        run.studies         = run.at.n > 0 ? run.studies : 1;
        FILE *table         = bench_table_open("latency", out, HEADER);
        code = table != NULL && rows(&run, &strategies, &dims, run.at.n > 0 ? &whole : &trials, repeat, table) ? BENCH_OK : BENCH_FAILED;
        if (table != NULL && !bench_table_close("latency", out, table)) {
            code = BENCH_FAILED;
        }
    }
    bench_texts_free(&strategies);
    bench_options_end(options);
    return code;
}

const bench_command bench_latency = {"latency", "Time of one ask and one tell, and memory.", run_latency};
