/* Tasks of every kind: parameters and conditions, opening by name, checked evaluation, description as JSON. */
#include "tasks.h"
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- parameters ---- */

task_parameter *task_add(bench_task *task, const char *name, task_kind kind, task_error *err) {
    if (task->n_parameters == TASK_PARAMETERS_MAX) {
        task_fail(err, "more than %d parameters", TASK_PARAMETERS_MAX);
        return NULL;
    }
    if (task_find(task, name) != SIZE_MAX) {
        task_fail(err, "parameter '%s' is there twice", name);
        return NULL;
    }
    if (task->parameters == NULL) {
        task->parameters = task_alloc(TASK_PARAMETERS_MAX, sizeof *task->parameters, err);
    }
    char *copy = task->parameters != NULL ? task_copy(name, err) : NULL;
    if (copy == NULL) {
        return NULL;
    }
    task_parameter *parameter = &task->parameters[task->n_parameters++];
    parameter->name           = copy;
    parameter->kind           = kind;
    return parameter;
}

bool task_add_number(bench_task *task, const char *name, task_kind kind, double low, double high, bool log, task_error *err) {
    bool whole = low == floor(low) && high == floor(high);
    if (!isfinite(low) || !isfinite(high) || low >= high || (log && low <= 0.0) || (kind == TASK_INT && !whole)) {
        return task_fail(err, "parameter '%s': bad range %g .. %g", name, low, high);
    }
    task_parameter *parameter = task_add(task, name, kind, err);
    if (parameter == NULL) {
        return false;
    }
    parameter->low  = low;
    parameter->high = high;
    parameter->log  = log;
    return true;
}

bool task_add_choice(task_parameter *parameter, const char *choice, task_error *err) {
    if (task_choice(parameter, choice) != SIZE_MAX) {
        return task_fail(err, "parameter '%s': choice '%s' is there twice", parameter->name, choice);
    }
    char **grown = realloc(parameter->choices, (parameter->n_choices + 1) * sizeof *grown);
    if (grown == NULL) {
        return task_fail(err, "out of memory");
    }
    parameter->choices = grown;
    char *copy         = task_copy(choice, err);
    if (copy == NULL) {
        return false;
    }
    parameter->choices[parameter->n_choices++] = copy;
    return true;
}

bool task_add_condition(bench_task *task, const char *parent, const char *const *values, size_t n, task_error *err) {
    task_parameter *child = &task->parameters[task->n_parameters - 1];
    size_t          above = task_find(task, parent);
    if (above >= task->n_parameters - 1 || task->parameters[above].kind != TASK_CATEGORICAL) {
        return task_fail(err, "condition of '%s': '%s' is no categorical parameter before it", child->name, parent);
    }
    task_condition *grown = realloc(child->conditions, (child->n_conditions + 1) * sizeof *grown);
    if (grown == NULL) {
        return task_fail(err, "out of memory");
    }
    child->conditions = grown;
    bool *allowed     = task_alloc(task->parameters[above].n_choices, sizeof *allowed, err);
    if (allowed == NULL) {
        return false;
    }
    child->conditions[child->n_conditions++] = (task_condition){above, allowed};
    for (size_t i = 0; i < n; i++) {
        size_t choice = task_choice(&task->parameters[above], values[i]);
        if (choice == SIZE_MAX) {
            return task_fail(err, "condition of '%s': '%s' is no choice of '%s'", child->name, values[i], parent);
        }
        allowed[choice] = true;
    }
    return true;
}

size_t task_find(const bench_task *task, const char *name) {
    for (size_t i = 0; i < task->n_parameters; i++) {
        if (strcmp(task->parameters[i].name, name) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

size_t task_choice(const task_parameter *parameter, const char *choice) {
    for (size_t i = 0; i < parameter->n_choices; i++) {
        if (strcmp(parameter->choices[i], choice) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

/* Parents stand first, so theirs are NaN already when they are inactive. */
bool task_active(const bench_task *task, size_t parameter, const double *values) {
    const task_parameter *child = &task->parameters[parameter];
    for (size_t i = 0; i < child->n_conditions; i++) {
        double choice = values[child->conditions[i].parent];
        if (isnan(choice) || !child->conditions[i].allowed[(size_t)choice]) {
            return false;
        }
    }
    return true;
}

double task_unit(const task_parameter *parameter, double value) {
    if (parameter->log) {
        return (log(value) - log(parameter->low)) / (log(parameter->high) - log(parameter->low));
    }
    return (value - parameter->low) / (parameter->high - parameter->low);
}

static void parameter_end(task_parameter *parameter) {
    for (size_t i = 0; i < parameter->n_choices; i++) {
        free(parameter->choices[i]);
    }
    for (size_t i = 0; i < parameter->n_conditions; i++) {
        free(parameter->conditions[i].allowed);
    }
    free(parameter->choices);
    free(parameter->conditions);
    free(parameter->name);
}

/* ---- metrics and random numbers ---- */

/* As the reference values of the data count: an accuracy becomes an error, in the same unit. */
task_metric task_metric_of(const char *metric, bool maximise) {
    static const char *const fractions[] = {"acc", "bac", "auc", "f1", "accuracy", "val_balanced_accuracy", "test_balanced_accuracy"};
    if (!maximise) {
        return (task_metric){0.0, 1.0};
    }
    if (strstr(metric, "percent") != NULL || strstr(metric, "yield") != NULL || strcmp(metric, "val_accuracy") == 0) {
        return (task_metric){100.0, -1.0};
    }
    for (size_t i = 0; i < sizeof fractions / sizeof *fractions; i++) {
        if (strcmp(metric, fractions[i]) == 0) {
            return (task_metric){1.0, -1.0};
        }
    }
    return (task_metric){0.0, -1.0};
}

double task_minimised(task_metric metric, double value) {
    return metric.offset + metric.sign * value;
}

uint64_t task_random(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z          = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z          = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

double task_uniform(uint64_t *state) {
    return ((double)(task_random(state) >> 11) + 0.5) * 0x1p-53;
}

/* Box and Muller (1958). */
double task_normal(uint64_t *state) {
    double u = task_uniform(state);
    double v = task_uniform(state);
    return sqrt(-2.0 * log(u)) * cos(2.0 * 3.14159265358979323846 * v);
}

static double draw_number(const task_parameter *parameter, double u) {
    /* An int owns the cells from half below to half above, so that the ends are as likely as the others. */
    double half = parameter->kind == TASK_INT ? 0.5 : 0.0;
    double low  = parameter->low - half;
    double high = parameter->high + half;
    double x    = parameter->log ? exp(log(low) + u * (log(high) - log(low))) : low + u * (high - low);
    x           = parameter->kind == TASK_INT ? round(x) : x;
    return fmin(fmax(x, parameter->low), parameter->high);
}

void task_draw(const bench_task *task, uint64_t *state, double *values) {
    for (size_t i = 0; i < task->n_parameters; i++) {
        const task_parameter *parameter = &task->parameters[i];
        double                u         = task_uniform(state);
        values[i]                       = parameter->kind == TASK_CATEGORICAL ? floor(u * (double)parameter->n_choices) : draw_number(parameter, u);
        values[i]                       = task_active(task, i, values) ? values[i] : (double)NAN;
    }
}

/* ---- JSON ---- */

/* Text that grows; `bad` sticks when memory runs out. */
typedef struct text {
    char  *buf;
    size_t used;
    size_t cap;
    bool   bad;
} text;

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
text_add(text *t, const char *format, ...) {
    for (int round = 0; round < 2 && !t->bad; round++) {
        va_list arguments;
        va_start(arguments, format);
        int n = vsnprintf(t->buf != NULL ? t->buf + t->used : NULL, t->cap - t->used, format, arguments);
        va_end(arguments);
        if (n >= 0 && t->used + (size_t)n < t->cap) {
            t->used += (size_t)n;
            return;
        }
        size_t cap   = n < 0 ? 0 : 2 * (t->used + (size_t)n + 1);
        char  *grown = cap > 0 ? realloc(t->buf, cap) : NULL;
        t->bad       = grown == NULL;
        t->buf       = grown != NULL ? grown : t->buf;
        t->cap       = grown != NULL ? cap : t->cap;
    }
}

static void text_add_quoted(text *t, const char *s) {
    text_add(t, "\"");
    for (; *s != '\0'; s++) {
        if ((unsigned char)*s < 0x20) {
            text_add(t, "\\u%04x", (unsigned)*s);
        } else {
            text_add(t, *s == '"' || *s == '\\' ? "\\%c" : "%c", *s);
        }
    }
    text_add(t, "\"");
}

static void json_conditions(text *t, const bench_task *task, const task_parameter *child) {
    text_add(t, "\"conditions\": [");
    for (size_t i = 0; i < child->n_conditions; i++) {
        const task_parameter *parent = &task->parameters[child->conditions[i].parent];
        const char           *comma  = "";
        text_add(t, "%s{\"parent\": ", i > 0 ? ", " : "");
        text_add_quoted(t, parent->name);
        text_add(t, ", \"values\": [");
        for (size_t k = 0; k < parent->n_choices; k++) {
            if (child->conditions[i].allowed[k]) {
                text_add(t, "%s", comma);
                text_add_quoted(t, parent->choices[k]);
                comma = ", ";
            }
        }
        text_add(t, "]}");
    }
    text_add(t, "]");
}

static void json_parameter(text *t, const bench_task *task, const task_parameter *parameter) {
    static const char *const kinds[] = {"float", "int", "categorical"};
    text_add(t, "{\"name\": ");
    text_add_quoted(t, parameter->name);
    text_add(t, ", \"kind\": \"%s\", ", kinds[parameter->kind]);
    if (parameter->kind == TASK_CATEGORICAL) {
        text_add(t, "\"choices\": [");
        for (size_t i = 0; i < parameter->n_choices; i++) {
            text_add(t, "%s", i > 0 ? ", " : "");
            text_add_quoted(t, parameter->choices[i]);
        }
        text_add(t, "], ");
    } else {
        text_add(t, "\"low\": %.17g, \"high\": %.17g, \"log\": %s, ", parameter->low, parameter->high, parameter->log ? "true" : "false");
    }
    json_conditions(t, task, parameter);
    text_add(t, "}");
}

static char *json_of(const bench_task *task) {
    text t = {NULL, 0, 0, false};
    text_add(&t, "{\"name\": ");
    text_add_quoted(&t, task->name);
    if (isfinite(task->optimum)) {
        text_add(&t, ", \"optimum\": %.17g", task->optimum);
    } else {
        text_add(&t, ", \"optimum\": null");
    }
    text_add(&t, ", \"noise\": %s, \"time\": %s, \"parameters\": [", task->noise ? "true" : "false", task->time ? "true" : "false");
    for (size_t i = 0; i < task->n_parameters; i++) {
        text_add(&t, "%s", i > 0 ? ", " : "");
        json_parameter(&t, task, &task->parameters[i]);
    }
    text_add(&t, "]}");
    if (t.bad) {
        free(t.buf);
        return NULL;
    }
    return t.buf;
}

/* ---- opening ---- */

static bool holds(const char *directory, const char *name, task_error *err) {
    char *path  = task_path(directory, name, "", err);
    bool  there = path != NULL && access(path, F_OK) == 0;
    free(path);
    return there;
}

char *task_root(const char *data, task_error *err) {
    static const char *const parts[] = {"grid", "ynet", "pool", "refs.csv"};
    if (data == NULL) {
        task_fail(err, "no data directory is given");
        return NULL;
    }
    char *below = task_path(data, "public", "", err);
    for (size_t i = 0; below != NULL && i < 2 * sizeof parts / sizeof *parts; i++) {
        const char *directory = i % 2 == 0 ? data : below;
        if (holds(directory, parts[i / 2], err)) {
            char *root = task_copy(directory, err);
            free(below);
            return root;
        }
    }
    task_fail(err, "%s holds no tasks: neither grid, ynet, pool nor refs.csv", data);
    free(below);
    return NULL;
}

/* A table or a pool, whichever has a file of this name. */
static bool open_file(bench_task *task, const char *root, const char *name, task_error *err) {
    char *grid  = task_path(root, "grid/", "", err);
    char *table = grid != NULL ? task_path(grid, name, ".task", err) : NULL;
    char *pool  = task_path(root, "pool", "", err);
    char *runs  = pool != NULL ? task_path(pool, name, ".task", err) : NULL;
    bool  good  = false;
    if (table != NULL && runs != NULL) {
        good = task_is_file(table)  ? task_grid_open(task, table, err)
               : task_is_file(runs) ? task_taskset_open(task, runs, err)
                                    : task_fail(err, "there is no such task in %s", root);
    }
    free(grid);
    free(table);
    free(pool);
    free(runs);
    return good;
}

static bool open_named(bench_task *task, const char *root, const char *name, task_error *err) {
    static const char svc[] = "openml_svc:";
    if (strchr(name, '/') != NULL) {
        return task_fail(err, "a task's name has no '/'");
    }
    if (strncmp(name, svc, sizeof svc - 1) == 0) {
        char *path = task_path(root, "pool/openml_svc.csv", "", err);
        bool  good = path != NULL && task_svc_open(task, path, name + sizeof svc - 1, err);
        free(path);
        return good;
    }
    return strchr(name, ':') != NULL ? task_ynet_open(task, root, name, err) : open_file(task, root, name, err);
}

static bool open_any(bench_task *task, const char *data, const char *name, task_error *err) {
    if (strncmp(name, "fn:", 3) == 0) {
        return task_function_open(task, name, err);
    }
    char *root = task_root(data, err);
    bool  good = root != NULL && open_named(task, root, name, err);
    free(root);
    return good;
}

static bool open_whole(bench_task *task, const char *data, const char *name, task_error *err) {
    task_error why = {""};
    task->name     = task_copy(name, err);
    if (task->name == NULL) {
        return false;
    }
    if (!open_any(task, data, name, &why)) {
        return task_fail(err, "task '%.80s': %.300s", name, why.text);
    }
    if (task->n_parameters == 0) {
        return task_fail(err, "task '%.80s' has no parameters", name);
    }
    task->json = json_of(task);
    return task->json != NULL ? true : task_fail(err, "out of memory");
}

bench_task *task_open(const char *data, const char *name, task_error *err) {
    bench_task *task = task_alloc(1, sizeof *task, err);
    /* Numbers in files and in JSON have a point, whatever the host's locale. */
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (task == NULL || plain == (locale_t)0) {
        free(task);
        task_fail(err, "out of memory");
        return NULL;
    }
    locale_t before = uselocale(plain);
    task->optimum   = (double)NAN;
    bool good       = open_whole(task, data, name, err);
    uselocale(before);
    freelocale(plain);
    if (!good) {
        bench_task_close(task);
        return NULL;
    }
    return task;
}

/* ---- the outside ---- */

static void tell(const task_error *err, char *message, size_t cap) {
    if (message != NULL && cap > 0) {
        snprintf(message, cap, "%s", err->text);
    }
}

bench_task *bench_task_open(const char *data, const char *name, char *message, size_t cap) {
    task_error  err  = {"no name is given"};
    bench_task *task = name != NULL ? task_open(data, name, &err) : NULL;
    if (task == NULL) {
        tell(&err, message, cap);
    }
    return task;
}

void bench_task_close(bench_task *task) {
    if (task == NULL) {
        return;
    }
    if (task->data != NULL) {
        task->backend->close(task->data);
    }
    for (size_t i = 0; i < task->n_parameters; i++) {
        parameter_end(&task->parameters[i]);
    }
    free(task->parameters);
    free(task->best);
    free(task->json);
    free(task->name);
    free(task);
}

const char *bench_task_name(const bench_task *task) {
    return task->name;
}

size_t bench_task_size(const bench_task *task) {
    return task->n_parameters;
}

double bench_task_optimum(const bench_task *task) {
    return task->optimum;
}

int bench_task_has_noise(const bench_task *task) {
    return task->noise;
}

int bench_task_has_time(const bench_task *task) {
    return task->time;
}

const char *bench_task_json(const bench_task *task) {
    return task->json;
}

/* Bounds that went through a logarithm and back may be off by rounding. */
static bool number_fits(const task_parameter *parameter, double *value) {
    double slack = parameter->kind == TASK_INT ? 0.0 : 1e-9 * (fabs(parameter->low) + fabs(parameter->high));
    if (!(*value >= parameter->low - slack && *value <= parameter->high + slack) || (parameter->kind == TASK_INT && *value != floor(*value))) {
        return false;
    }
    *value = fmin(fmax(*value, parameter->low), parameter->high);
    return true;
}

static bool value_fits(const task_parameter *parameter, double *value) {
    if (parameter->kind != TASK_CATEGORICAL) {
        return number_fits(parameter, value);
    }
    return *value >= 0.0 && *value < (double)parameter->n_choices && *value == floor(*value);
}

int bench_task_evaluate(const bench_task *task, const double *values, size_t n, int noisy, uint64_t seed, double *value, double *seconds,
                        char *message, size_t cap) {
    double     known[TASK_PARAMETERS_MAX];
    task_error err  = {""};
    double     time = (double)NAN;
    if (n != task->n_parameters) {
        task_fail(&err, "%zu values for %zu parameters", n, task->n_parameters);
        tell(&err, message, cap);
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        known[i] = (double)NAN;
        if (task_active(task, i, known)) {
            known[i] = values[i];
            if (!value_fits(&task->parameters[i], &known[i])) {
                task_fail(&err, "parameter '%s' cannot be %g", task->parameters[i].name, values[i]);
                tell(&err, message, cap);
                return -1;
            }
        }
    }
    task->backend->evaluate(task, known, noisy && task->noise ? &seed : NULL, value, &time);
    *value = isnan(*value) ? (double)INFINITY : *value;
    if (seconds != NULL) {
        *seconds = time;
    }
    return 0;
}
