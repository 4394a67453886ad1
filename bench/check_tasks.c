/* hpo-bench check: are the files of the tasks read and evaluated as they should be? */
#include "bench.h"
#include "tasks.h"
#include <glob.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char notes[] =
    "grid/*.task: the best cell of the table is opt_mean, at opt_index. ynet/*.ynet: every row of MODEL.check.csv, the original's own answers, to "
    "2e-5 "
    "of\n"
    "the largest answer of each output. pool/*.task: the best run is best_final_valid. refs.csv: each task opens, and the optimum of tables is "
    "best_min.\n"
    "A file counts once. Prints a line per file and at the end 'N passed, N failed'.\n\n"
    "Exit status: 0 when there was something and all of it passed, 1 otherwise, 2 for a wrong command line.\n";

typedef struct tally {
    size_t      passed;
    size_t      failed;
    const char *root;
} tally;

static void count(tally *t, const char *name, bool good, const char *note, const task_error *err) {
    printf("%-4s %-44s %s\n", good ? "ok" : "FAIL", name, good ? note : err->text);
    t->passed += good;
    t->failed += !good;
}

/* "DIR/grid/abc.task" to "abc". */
static void base_name(const char *path, char *name, size_t cap) {
    const char *slash = strrchr(path, '/');
    snprintf(name, cap, "%s", slash != NULL ? slash + 1 : path);
    char *dot = strrchr(name, '.');
    if (dot != NULL) {
        *dot = '\0';
    }
}

typedef bool (*task_check)(const bench_task *task, char *note, size_t cap, task_error *err);

static void check_task(tally *t, const char *name, task_check check) {
    task_error  err       = {""};
    char        note[200] = "";
    bench_task *task      = task_open(t->root, name, &err);
    count(t, name, task != NULL && check(task, note, sizeof note, &err), note, &err);
    bench_task_close(task);
}

static void check_grid(tally *t, const char *path) {
    char name[200];
    base_name(path, name, sizeof name);
    check_task(t, name, task_grid_check);
}

static void check_pool(tally *t, const char *path) {
    char name[200];
    base_name(path, name, sizeof name);
    check_task(t, name, task_taskset_check);
}

static void check_network(tally *t, const char *path) {
    char       name[200];
    char       note[200] = "";
    task_error err       = {""};
    base_name(path, name, sizeof name);
    char *directory = task_path(t->root, "ynet", "", &err);
    char *rows      = directory != NULL ? task_path(directory, name, ".check.csv", &err) : NULL;
    count(t, name, rows != NULL && task_ynet_check(path, rows, note, sizeof note, &err), note, &err);
    free(directory);
    free(rows);
}

static void each_file(tally *t, const char *folder, const char *pattern, void (*check)(tally *t, const char *path)) {
    task_error err  = {""};
    char      *path = task_path(t->root, folder, pattern, &err);
    glob_t     found;
    if (path != NULL && glob(path, 0, NULL, &found) == 0) {
        for (size_t i = 0; i < found.gl_pathc; i++) {
            check(t, found.gl_pathv[i]);
        }
        globfree(&found);
    }
    free(path);
}

/* best_min of refs.csv has 8 digits, in logarithms where its column "scale" says so. */
static bool refs_row(const tally *t, const char *name, const char *scale, const char *best, bool exact, task_error *err) {
    double      stated = 0.0;
    bench_task *task   = task_open(t->root, name, err);
    if (task == NULL) {
        return false;
    }
    double ours = strcmp(scale, "log10") == 0 ? log10(task->optimum) : task->optimum;
    bool   good = true;
    if (!task_number(best, &stated)) {
        good = task_fail(err, "task '%.80s': best_min is no number", name);
    } else if (exact && !(fabs(ours - stated) <= 1e-6 * (1.0 + fabs(stated)))) {
        good = task_fail(err, "task '%.80s': the best cell is %.9g, best_min is %.9g", name, ours, stated);
    }
    bench_task_close(task);
    return good;
}

static void check_refs(tally *t) {
    enum { TASK, SUITE, KIND, DIMS, DIRECTION, METRIC, SCALE, BEST, COLUMNS };
    task_error err  = {""};
    size_t     size = 0;
    size_t     rows = 0;
    char      *path = task_path(t->root, "refs.csv", "", &err);
    char      *file = path != NULL && task_is_file(path) ? task_read(path, &size, &err) : NULL;
    char      *rest = file;
    char      *line = file != NULL ? task_line(&rest) : NULL;
    bool       good = line != NULL;
    while (good && (line = task_line(&rest)) != NULL) {
        const char *fields[COLUMNS] = {NULL};
        for (size_t i = 0; i < COLUMNS; i++) {
            fields[i] = task_field(&line, ',');
        }
        good = fields[BEST] != NULL ? refs_row(t, fields[TASK], fields[SCALE], fields[BEST], strcmp(fields[KIND], "grid") == 0, &err)
                                    : task_fail(&err, "row %zu is too short", rows + 1);
        rows++;
    }
    if (file != NULL) {
        char note[60];
        snprintf(note, sizeof note, "%zu tasks", rows);
        count(t, "refs.csv", good, note, &err);
    }
    free(file);
    free(path);
}

static int run_check(int argc, char **argv) {
    const char        *data;
    const bench_option options[] = {
        {"data", BENCH_TEXT, "DIR", NULL, 0, 0, &data, "directory with the files of the tasks"},
        {NULL, BENCH_FLAG, NULL, NULL, 0, 0, NULL, NULL},
    };
    int        code = BENCH_USAGE;
    task_error err  = {""};
    if (!bench_options_read(&bench_check, options, notes, argc, argv, &code)) {
        bench_options_end(options);
        return code;
    }
    char *root = task_root(data, &err);
    if (root == NULL) {
        bench_complain("check", "%s", err.text);
        bench_options_end(options);
        return BENCH_FAILED;
    }
    tally t = {0, 0, root};
    each_file(&t, "grid", "/*.task", check_grid);
    each_file(&t, "ynet", "/*.ynet", check_network);
    each_file(&t, "pool", "/*.task", check_pool);
    check_refs(&t);
    printf("%zu passed, %zu failed\n", t.passed, t.failed);
    free(root);
    bench_options_end(options);
    return t.failed == 0 && t.passed > 0 ? BENCH_OK : BENCH_FAILED;
}

const bench_command bench_check = {"check", "Compares the tasks' files with the answers that come with them.", run_check};
