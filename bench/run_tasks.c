/* hpo-bench tasks: how good a strategy's suggestions are, on tasks whose values are looked up or computed. */
#include "bench.h"
#include "evaluator.h"
#include "simulate.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

static const char notes[] =
    "Columns: " SIMULATION_HEADER "\n\n"
    "One row per finished trial, numbered from 1, in the order of finishing; runs in the order of tasks, then seeds. value: minimised, on the task's "
    "own\n"
    "scale (an accuracy as 1 - accuracy, a percentage as 100 - it), inf for a configuration that fails, which is told as a failed trial. best: the "
    "least\n"
    "value so far. seconds: what hpo_study_ask took. With --noisy, value is one random replicate (or the value plus noise), by hpo_trial_seed, "
    "and\n"
    "best is the value without noise of what hpo_study_best gives at that moment; tasks without replicates stay as they are.\n"
    "--failures SHARE lets every evaluation fail in a region that holds that share of the space: a half-space of a random direction, drawn by the "
    "task's\n"
    "name and the seed, so the same for every strategy, and without the best known configuration. The optimum stays what it was.\n"
    "--workers W keeps W trials in flight; they finish in the order of the training time that the task states, else in a random order by the seed.\n"
    "Levels of an ordered parameter are an int from 0; conditions are conditions; stated constraints of a task are told to nobody. All settings but\n"
    "strategy, seed, trials (N) and workers (W) are the library's own unless --set changes them: start.default is true.\n" BENCH_SELECT_HELP "\n"
    "Exit status: 0 when every run was made, 1 when one failed (the others are still written), 2 for a wrong command line.\n";

typedef struct plan {
    simulation   run;
    bench_texts  names;
    bench_task **tasks;
    uint64_t     first_seed;
    uint64_t     last_seed;
    uint64_t     jobs;
    const char  *data;
} plan;

/* "A..B" or "A". */
static bool seeds_read(const char *text, uint64_t *first, uint64_t *last) {
    char       *end  = NULL;
    const char *dots = strstr(text, "..");
    errno            = 0;
    if (text[0] < '0' || text[0] > '9') {
        return false;
    }
    *first = strtoull(text, &end, 10);
    *last  = *first;
    if (dots != NULL && end == dots && dots[2] >= '0' && dots[2] <= '9') {
        *last = strtoull(dots + 2, &end, 10);
    }
    return errno == 0 && *end == '\0' && *first <= *last && *last <= INT64_MAX;
}

/* A share of the space: "" is none, else a number above 0 and below 1. */
static bool share_read(const char *text, double *share) {
    char *end = NULL;
    *share    = 0.0;
    if (text == NULL) {
        return true;
    }
    *share = strtod(text, &end);
    return *end == '\0' && *share > 0.0 && *share < 1.0;
}

/* What tells this run from others of the same strategy: every setting that was changed. */
static bool peer_make(const plan *p, const char *given, bench_texts *out) {
    char   name[512];
    size_t used = (size_t)snprintf(name, sizeof name, "libhpo-%s", p->run.strategy);
    for (size_t i = 0; given == NULL && i < p->run.settings->n && used < sizeof name; i++) {
        used += (size_t)snprintf(name + used, sizeof name - used, " %s", p->run.settings->items[i]);
    }
    if (given == NULL && p->run.workers > 1 && used < sizeof name) {
        used += (size_t)snprintf(name + used, sizeof name - used, " workers=%" PRIu64, p->run.workers);
    }
    if (given == NULL && p->run.noisy && used < sizeof name) {
        used += (size_t)snprintf(name + used, sizeof name - used, " noisy");
    }
    if (given == NULL && p->run.failures > 0.0 && used < sizeof name) {
        snprintf(name + used, sizeof name - used, " failures=%g", p->run.failures);
    }
    if (strpbrk(given != NULL ? given : name, ",\"\n") != NULL) {
        bench_complain("tasks", "the name of the peer would break the CSV; give another one with --peer");
        return false;
    }
    return bench_texts_add("tasks", out, given != NULL ? given : name);
}

/* ---- runs in child processes: a crash ends one run only ---- */

typedef struct job {
    pid_t child;
    FILE *rows; /* a temporary file; NULL when the job is done with */
    bool  ended;
    bool  good;
} job;

static uint64_t jobs_total(const plan *p) {
    return p->names.n * (p->last_seed - p->first_seed + 1);
}

static simulation simulation_of(const plan *p, uint64_t index) {
    uint64_t   seeds = p->last_seed - p->first_seed + 1;
    simulation run   = p->run;
    run.task         = p->tasks[index / seeds];
    run.seed         = p->first_seed + index % seeds;
    return run;
}

static bool job_start(const plan *p, uint64_t index, job *j) {
    *j      = (job){-1, NULL, true, false};
    j->rows = tmpfile();
    if (j->rows == NULL) {
        bench_complain("tasks", "no temporary file: %s", strerror(errno));
        return false;
    }
    fflush(NULL); /* or the child would write the buffers a second time */
    j->child = fork();
    if (j->child == 0) {
        simulation run  = simulation_of(p, index);
        bool       good = simulation_run(&run, j->rows) && fflush(j->rows) == 0;
        _exit(good ? BENCH_OK : BENCH_FAILED);
    }
    if (j->child < 0) {
        bench_complain("tasks", "fork: %s", strerror(errno));
        fclose(j->rows);
        j->rows = NULL;
        return false;
    }
    j->ended = false;
    return true;
}

/* Waits until any of the jobs has ended. */
static bool jobs_wait(const plan *p, job *jobs, uint64_t from, uint64_t to) {
    int   status = 0;
    pid_t child  = 0;
    while ((child = waitpid(-1, &status, 0)) < 0) {
        if (errno != EINTR) {
            bench_complain("tasks", "waitpid: %s", strerror(errno));
            return false;
        }
    }
    for (uint64_t i = from; i < to; i++) {
        if (jobs[i].child == child && !jobs[i].ended) {
            jobs[i].ended = true;
            jobs[i].good  = WIFEXITED(status) && WEXITSTATUS(status) == 0;
            if (WIFSIGNALED(status)) {
                simulation run = simulation_of(p, i);
                bench_complain("tasks", "%s, %s, seed %" PRIu64 ": ended by signal %d", run.strategy, bench_task_name(run.task), run.seed,
                               WTERMSIG(status));
            }
        }
    }
    return true;
}

/* Rows of a failed run are left out: half a run would pass for a bad one. */
static bool job_collect(job *j, FILE *table) {
    char   buf[1 << 14];
    size_t n    = 0;
    bool   good = j->good;
    if (j->rows == NULL) {
        return false;
    }
    rewind(j->rows);
    while (good && (n = fread(buf, 1, sizeof buf, j->rows)) > 0) {
        good = fwrite(buf, 1, n, table) == n;
    }
    good = good && !ferror(j->rows) && fflush(table) == 0;
    fclose(j->rows);
    j->rows = NULL;
    return good;
}

/* Keeps `jobs` processes busy and writes the rows in the order of the jobs. */
static bool jobs_run(const plan *p, FILE *table) {
    enum { AHEAD = 200 }; /* open temporary files at most */
    uint64_t total   = jobs_total(p);
    uint64_t started = 0;
    uint64_t running = 0;
    uint64_t written = 0;
    bool     good    = true;
    job     *jobs    = calloc(total, sizeof *jobs);
    if (jobs == NULL) {
        bench_complain("tasks", "out of memory");
        return false;
    }
    while (written < total) {
        if (started < total && running < p->jobs && started - written < AHEAD) {
            good = job_start(p, started, &jobs[started]) && good;
            running += !jobs[started].ended;
            started++;
        } else if (jobs[written].ended) {
            good = job_collect(&jobs[written], table) && good;
            written++;
        } else if (jobs_wait(p, jobs, written, started)) {
            running--;
        } else {
            good = false;
            break;
        }
    }
    free(jobs);
    return good;
}

static bool tasks_open(plan *p) {
    p->tasks = calloc(p->names.n, sizeof *p->tasks);
    for (size_t i = 0; p->tasks != NULL && i < p->names.n; i++) {
        char message[400] = "";
        p->tasks[i]       = bench_task_open(p->data, p->names.items[i], message, sizeof message);
        if (p->tasks[i] == NULL) {
            bench_complain("tasks", "%s", message);
            return false;
        }
    }
    return p->tasks != NULL;
}

static void tasks_close(plan *p) {
    for (size_t i = 0; p->tasks != NULL && i < p->names.n; i++) {
        bench_task_close(p->tasks[i]);
    }
    free(p->tasks);
    bench_texts_free(&p->names);
}

static bool plan_run(plan *p, const char *out) {
    FILE *table = tasks_open(p) ? bench_table_open("tasks", out, SIMULATION_HEADER) : NULL;
    bool  good  = table != NULL && jobs_run(p, table);
    if (table != NULL && !bench_table_close("tasks", out, table)) {
        good = false;
    }
    return good;
}

static int run_tasks(int argc, char **argv) {
    bench_texts        strategy;
    bench_texts        settings;
    bench_texts        functions;
    bench_texts        strategies = {NULL, 0};
    bench_texts        peer       = {NULL, 0};
    const char        *tasks;
    const char        *seeds;
    const char        *given;
    const char        *failures;
    const char        *out;
    plan               p         = {.run = {.settings = &settings}};
    const bench_option options[] = {
        {"strategy", BENCH_TEXTS, "S", NULL, 0, 0, &strategy, "the strategy"},
        {"data", BENCH_TEXT, "DIR", "", 0, 0, &p.data, "directory with the files of the tasks"},
        {"tasks", BENCH_TEXT, "FILE|all", "", 0, 0, &tasks, "which tasks; see below"},
        {"functions", BENCH_TEXTS, "NAME[,NAME...]", "", 0, 0, &functions, "functions in closed form, or all; see below"},
        {"set", BENCH_PAIRS, "KEY=VALUE", "", 0, 0, &settings, "a setting of the study; may be repeated"},
        {"trials", BENCH_NUMBER, "N", "100", 1, 1000000, &p.run.trials, "trials per run"},
        {"seeds", BENCH_TEXT, "A..B", "0..9", 0, 0, &seeds, "a run per seed and task"},
        {"workers", BENCH_NUMBER, "W", "1", 1, 1024, &p.run.workers, "trials in flight"},
        {"noisy", BENCH_FLAG, "", "", 0, 0, &p.run.noisy, "one random replicate per evaluation"},
        {"failures", BENCH_TEXT, "SHARE", "", 0, 0, &failures, "share of the space in which every evaluation fails"},
        {"jobs", BENCH_NUMBER, "J", "1", 1, 1024, &p.jobs, "runs at the same time; times are then less exact"},
        {"peer", BENCH_TEXT, "NAME", "", 0, 0, &given, "first column instead of libhpo-STRATEGY and the settings"},
        {"out", BENCH_TEXT, "FILE", "", 0, 0, &out, "write the table to FILE instead of stdout"},
        {NULL, BENCH_FLAG, NULL, NULL, 0, 0, NULL, NULL},
    };
    int  code = BENCH_USAGE;
    bool good = bench_options_read(&bench_tasks, options, notes, argc, argv, &code);
    if (good && !seeds_read(seeds, &p.first_seed, &p.last_seed)) {
        bench_complain("tasks", "--seeds: '%s' is not of the form A..B with A <= B", seeds);
        good = false;
    }
    if (good && !share_read(failures, &p.run.failures)) {
        bench_complain("tasks", "--failures: '%s' is no number above 0 and below 1", failures);
        good = false;
    }
    if (good && strategy.n != 1) {
        bench_complain("tasks", "--strategy: one at a time");
        good = false;
    }
    if (good && bench_strategies("tasks", &strategy, &strategies) && bench_select("tasks", p.data, tasks, &functions, &p.names)) {
        p.run.strategy = strategies.items[0];
        if (strategies.n == 1 && peer_make(&p, given, &peer)) {
            p.run.peer = peer.items[0];
            code       = plan_run(&p, out) ? BENCH_OK : BENCH_FAILED;
        }
    }
    tasks_close(&p);
    bench_texts_free(&strategies);
    bench_texts_free(&peer);
    bench_options_end(options);
    return code;
}

const bench_command bench_tasks = {"tasks", "Quality of a strategy's suggestions: every trial of runs on benchmark tasks.", run_tasks};
