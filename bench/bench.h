/* What the sub-commands of hpo-bench share: options, the problem, measuring, and the table of results. */
#ifndef BENCH_H
#define BENCH_H

#include <hpo.h>
#include <stdbool.h>
#include <stdio.h>

/* Exit codes of hpo-bench. */
enum { BENCH_OK = 0, BENCH_FAILED = 1, BENCH_USAGE = 2 };

/* A sub-command: one file with one of these, listed once in main.c. argv[0] is the name of the sub-command. */
typedef struct bench_command {
    const char *name;
    const char *summary; /* one line */
    int (*run)(int argc, char **argv);
} bench_command;

extern const bench_command bench_check;
extern const bench_command bench_latency;
extern const bench_command bench_refs;
extern const bench_command bench_tasks;
extern const bench_command bench_throughput;

/* ---- options.c: reading a command line from a table ---- */

typedef struct bench_numbers {
    uint64_t *items;
    size_t    n;
} bench_numbers;

typedef struct bench_texts {
    char **items;
    size_t n;
} bench_texts;

/* What an option takes, and so what its `target` points to. */
typedef enum bench_kind {
    BENCH_FLAG,    /* nothing; bool */
    BENCH_NUMBER,  /* whole number; uint64_t */
    BENCH_NUMBERS, /* whole numbers with commas between; bench_numbers */
    BENCH_TEXT,    /* text; const char * */
    BENCH_TEXTS,   /* texts with commas between; bench_texts */
    BENCH_PAIRS    /* KEY=VALUE, any number of times; bench_texts, each still with its '=' */
} bench_kind;

typedef struct bench_option {
    const char *name; /* without the dashes; NULL ends a table */
    bench_kind  kind;
    const char *value;   /* what stands for the value in the help */
    const char *initial; /* read when the option is not given; NULL: the option must be given, "": unset */
    uint64_t    low;     /* numbers: range */
    uint64_t    high;
    void       *target;
    const char *help; /* one line */
} bench_option;

/*
 * Reads argv into the targets. Returns true to go on; false when the command shall end with *exit_code, because --help was printed or the command
 * line is wrong (said on stderr). `notes` are further lines of help. bench_options_end() frees what was read in any case.
 */
bool bench_options_read(const bench_command *command, const bench_option *options, const char *notes, int argc, char **argv, int *exit_code);
void bench_options_end(const bench_option *options);

/* Prints "hpo-bench NAME: message" to stderr. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void bench_complain(const char *command, const char *format, ...);

/* ---- problem.c: the search space, the objective and the study that are measured ---- */

#define BENCH_PROBLEM_HELP                                                                                                                           \
    "Space: floats, by turns linear in [-5, 5] and log in [1e-5, 1]; with --mixed by turns a linear float, a log float, an int in [1, 64] and a\n"   \
    "categorical of 4 choices. The setting trials is N. For the strategy grid, grid.levels is the least number >= 2 that gives N cells; above "      \
    "some\n"                                                                                                                                         \
    "60 parameters the library refuses even 2 levels.\n"

typedef struct bench_problem {
    size_t  dims;
    bool    mixed;
    double *low;   /* per parameter, as hpo_space_decode() counts */
    double *scale; /* 1 / (high - low) */
} bench_problem;

/* False when out of memory. */
bool bench_problem_init(bench_problem *problem, size_t dims, bool mixed);
void bench_problem_end(bench_problem *problem);

/* What every row is measured with. */
typedef struct bench_run {
    const char        *strategy;
    uint64_t           dims;
    uint64_t           trials;
    uint64_t           workers;
    uint64_t           seed;
    bool               mixed;
    bool               read_names;
    bool               rugged;    /* the objective is Ackley's function, else a bowl */
    bool               processor; /* processor time of all threads is measured, else time of day */
    bench_numbers      at;        /* latency: trials around which is measured; none: at the end */
    uint64_t           window;    /* trials measured around each */
    uint64_t           studies;   /* runs with seeds in a row, whose samples are put together */
    const bench_texts *settings;  /* KEY=VALUE */
} bench_run;

/* New study for a run, ready for its first trial: strategy, seed, sizes that the strategy needs for so many trials, then the user's settings. */
hpo_status bench_problem_study(const bench_problem *problem, const bench_run *run, const hpo_allocator *allocator, hpo_study **out, hpo_error *err);

/* Name of parameter `i`, in buf. */
enum { BENCH_NAME_SIZE = 24 };
const char *bench_problem_name(size_t i, char buf[BENCH_NAME_SIZE]);

/* The objective, of t = distances from 0.3 of the linear range: the sum of squares, or Ackley's function of 10 t; inactive (NaN) values count nothing. */
double bench_problem_value(const bench_problem *problem, const double *values, bool rugged);

/* "all" or a list of strategies to their names in *out (freed with bench_texts_free); complains and returns false for an unknown one. */
bool bench_strategies(const char *command, const bench_texts *given, bench_texts *out);
void bench_texts_free(bench_texts *texts);

/* ---- select.c: which tasks a sub-command works on ---- */

#define BENCH_SELECT_HELP                                                                                                                            \
    "--tasks: a file with a task name per line ('#' starts a comment), names with commas between, or all: those of refs.csv. --functions: names "    \
    "such\n"                                                                                                                                         \
    "as ackley:10 or rosenbrock:5:mixed with commas between, or all. Data tasks need --data.\n"

/* Task names in order, each once (freed with bench_texts_free); complains and returns false when there is none or the file cannot be read. */
bool bench_select(const char *command, const char *data, const char *tasks, const bench_texts *functions, bench_texts *out);
/* Appends a copy of a name; complains and returns false when out of memory. */
bool bench_texts_add(const char *command, bench_texts *texts, const char *name);

/* ---- measure.c: clock, memory, isolation, output ---- */

/* Nanoseconds from an arbitrary start. */
uint64_t bench_clock(void);
/* Nanoseconds of processor time that all threads of this process have used. */
uint64_t bench_clock_processor(void);
/* What two readings in a row differ by: the median of many. */
uint64_t bench_clock_cost(uint64_t (*clock)(void));

/* Nearest-rank percentile, p in (0, 100]; sorts `samples`. */
uint64_t bench_percentile(uint64_t *samples, size_t n, double p);

/* Counts live bytes as the library asks for them. One thread. */
typedef struct bench_memory {
    size_t live;
    size_t peak;
} bench_memory;

hpo_allocator bench_memory_allocator(bench_memory *memory);

/* Measures one row: fills result[0 .. n-1]; false after complaining. */
typedef bool (*bench_measure)(const bench_run *run, double *result);

enum { BENCH_RESULT_MAX = 100 };

/*
 * Calls `measure` in a child process, `repeat` times in a fresh one each, so that no row inherits another's heap or peak memory. Keeps the repeat with
 * the smallest result[0]. False when one failed, which has been said.
 */
bool bench_isolated(const char *command, bench_measure measure, const bench_run *run, uint64_t repeat, double *result, size_t n);

/* Opens --out (NULL: stdout) and writes the header line; NULL after complaining. */
FILE *bench_table_open(const char *command, const char *path, const char *header);
/* False, after complaining, when something could not be written. */
bool bench_table_close(const char *command, const char *path, FILE *table);

#endif
