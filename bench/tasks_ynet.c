/*
 * Surrogate networks as tasks: MODEL.space is the search space in text, a keyword a line, MODEL.ynet the network.
 *
 *   y INDEX NAME min|max                                    an output
 *   cont INDEX NAME float|int lin|log LOW HIGH ROLE         a numeric input
 *   cat INDEX NAME ROLE N CHOICE=CODE ...                   a categorical input
 *   cond CHILD PARENT in CHOICE ...                         CHILD is active when all its conditions hold
 *   runtime NAME                                            the output that is the training time
 *
 * Roles: param (searched), fidelity (put to its upper end), instance (the data set, chosen by the task's name). The network gets 0 for what is inactive.
 * These tasks have no noise: the input "repl" of some models is a fidelity.
 */
#include "tasks.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROLE_PARAM, ROLE_FIDELITY, ROLE_INSTANCE };

/* One input of the network. */
typedef struct input {
    char     *name;
    int       role;
    size_t    parameter; /* of the task; SIZE_MAX: not searched */
    bool      is_int;
    bool      log;
    double    low;
    double    high;
    double    number; /* what it has when it is not searched; code for a categorical one */
    char    **choices;
    uint32_t *codes;
    size_t    n_choices;
} input;

typedef struct condition {
    char  *child;
    char  *parent;
    char **values;
    size_t n;
} condition;

enum { INPUTS_MAX = TASK_PARAMETERS_MAX, OUTPUTS_MAX = 64, CONDITIONS_MAX = 512 };

typedef struct space {
    input     cats[INPUTS_MAX];
    input     conts[INPUTS_MAX];
    condition conditions[CONDITIONS_MAX];
    char     *outputs[OUTPUTS_MAX];
    bool      maximise[OUTPUTS_MAX];
    char     *runtime;
    size_t    n_cats;
    size_t    n_conts;
    size_t    n_conditions;
    size_t    n_outputs;
} space;

typedef struct ynet {
    network    *net;
    space       space;
    size_t      target;
    size_t      runtime; /* SIZE_MAX: none */
    task_metric metric;
} ynet;

static void input_end(input *in) {
    for (size_t i = 0; i < in->n_choices; i++) {
        free(in->choices[i]);
    }
    free(in->choices);
    free(in->codes);
    free(in->name);
}

static void space_end(space *s) {
    for (size_t i = 0; i < s->n_cats; i++) {
        input_end(&s->cats[i]);
    }
    for (size_t i = 0; i < s->n_conts; i++) {
        input_end(&s->conts[i]);
    }
    for (size_t i = 0; i < s->n_conditions; i++) {
        for (size_t k = 0; k < s->conditions[i].n; k++) {
            free(s->conditions[i].values[k]);
        }
        free(s->conditions[i].values);
        free(s->conditions[i].child);
        free(s->conditions[i].parent);
    }
    for (size_t i = 0; i < s->n_outputs; i++) {
        free(s->outputs[i]);
    }
    free(s->runtime);
}

static void ynet_close(void *data) {
    ynet *y = data;
    network_free(y->net);
    space_end(&y->space);
    free(y);
}

/* ---- the text of the space ---- */

static bool read_role(const char *word, int *role, task_error *err) {
    static const char *const roles[] = {"param", "fidelity", "instance"};
    for (int i = 0; i < 3; i++) {
        if (strcmp(word, roles[i]) == 0) {
            *role = i;
            return true;
        }
    }
    return task_fail(err, "unknown role '%.20s'", word);
}

/* Words of a line into an array; false unless there are exactly n. */
static bool take_words(char *line, const char **words, size_t n, task_error *err) {
    for (size_t i = 0; i < n; i++) {
        words[i] = task_word(&line);
        if (words[i] == NULL) {
            return task_fail(err, "a line of the space is too short");
        }
    }
    return true;
}

/* Indices must count up from 0, as they are positions in the network's input. */
static bool index_is(const char *word, size_t expected, size_t most, task_error *err) {
    long index = 0;
    return task_whole(word, 0, (long)most - 1, &index) && (size_t)index == expected ? true : task_fail(err, "index '%.20s' is out of order", word);
}

static bool read_output(space *s, char *line, task_error *err) {
    const char *w[3];
    if (!take_words(line, w, 3, err) || !index_is(w[0], s->n_outputs, OUTPUTS_MAX, err)) {
        return false;
    }
    s->maximise[s->n_outputs] = strcmp(w[2], "max") == 0;
    s->outputs[s->n_outputs]  = task_copy(w[1], err);
    return s->outputs[s->n_outputs++] != NULL;
}

static bool read_cont(space *s, char *line, task_error *err) {
    const char *w[7];
    if (!take_words(line, w, 7, err) || !index_is(w[0], s->n_conts, INPUTS_MAX, err)) {
        return false;
    }
    input *in     = &s->conts[s->n_conts++];
    in->parameter = SIZE_MAX;
    in->is_int    = strcmp(w[2], "int") == 0;
    in->log       = strcmp(w[3], "log") == 0;
    in->name      = task_copy(w[1], err);
    if (!task_number(w[4], &in->low) || !task_number(w[5], &in->high)) {
        return task_fail(err, "'%.60s': the range is no pair of numbers", w[1]);
    }
    return in->name != NULL && read_role(w[6], &in->role, err);
}

static bool read_choice(input *in, char *word, task_error *err) {
    char *equals = strrchr(word, '=');
    long  code   = 0;
    if (equals == NULL || !task_whole(equals + 1, 0, 65535, &code)) {
        return task_fail(err, "'%.60s': '%.60s' is not CHOICE=CODE", in->name, word);
    }
    *equals                    = '\0';
    in->choices[in->n_choices] = task_copy(word, err);
    in->codes[in->n_choices]   = (uint32_t)code;
    return in->choices[in->n_choices++] != NULL;
}

static bool read_cat(space *s, char *line, task_error *err) {
    const char *w[4];
    for (size_t i = 0; i < 4; i++) {
        w[i] = task_word(&line);
    }
    long n = 0;
    if (w[3] == NULL || !task_whole(w[3], 1, 10000, &n) || !index_is(w[0], s->n_cats, INPUTS_MAX, err)) {
        return task_fail(err, "a line 'cat' is damaged");
    }
    input *in     = &s->cats[s->n_cats++];
    in->parameter = SIZE_MAX;
    in->name      = task_copy(w[1], err);
    in->choices   = task_alloc((size_t)n, sizeof *in->choices, err);
    in->codes     = task_alloc((size_t)n, sizeof *in->codes, err);
    if (in->name == NULL || in->choices == NULL || in->codes == NULL || !read_role(w[2], &in->role, err)) {
        return false;
    }
    for (long i = 0; i < n; i++) {
        char *word = task_word(&line);
        if (word == NULL) {
            return task_fail(err, "'%.60s' states %ld choices and has %ld", in->name, n, i);
        }
        if (!read_choice(in, word, err)) {
            return false;
        }
    }
    return true;
}

static bool read_cond(space *s, char *line, task_error *err) {
    const char *child  = task_word(&line);
    const char *parent = task_word(&line);
    const char *in     = task_word(&line);
    if (in == NULL || strcmp(in, "in") != 0 || s->n_conditions == CONDITIONS_MAX) {
        return task_fail(err, "a line 'cond' is not CHILD PARENT in CHOICE ..., or there are too many");
    }
    condition *c = &s->conditions[s->n_conditions++];
    c->child     = task_copy(child, err);
    c->parent    = task_copy(parent, err);
    c->values    = task_alloc(strlen(line) / 2 + 1, sizeof *c->values, err);
    if (c->child == NULL || c->parent == NULL || c->values == NULL) {
        return false;
    }
    char *word = NULL;
    while ((word = task_word(&line)) != NULL) {
        c->values[c->n] = task_copy(word, err);
        if (c->values[c->n++] == NULL) {
            return false;
        }
    }
    return true;
}

static bool read_line(space *s, char *line, task_error *err) {
    static const struct {
        const char *key;
        bool (*read)(space *s, char *line, task_error *err);
    } keys[]        = {{"y", read_output}, {"cont", read_cont}, {"cat", read_cat}, {"cond", read_cond}};
    const char *key = task_word(&line);
    if (key == NULL) {
        return true;
    }
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (strcmp(key, keys[i].key) == 0) {
            return keys[i].read(s, line, err);
        }
    }
    if (strcmp(key, "runtime") == 0) {
        const char *name = task_word(&line);
        free(s->runtime);
        s->runtime = name != NULL ? task_copy(name, err) : NULL;
    }
    return true;
}

static bool read_space(space *s, const char *path, task_error *err) {
    size_t size  = 0;
    char  *file  = task_read(path, &size, err);
    char  *rest  = file;
    char  *line  = NULL;
    bool   good  = file != NULL;
    bool   named = false;
    while (good && (line = task_line(&rest)) != NULL) {
        if (line[0] == '#') {
            continue;
        }
        if (!named) {
            named = strcmp(line, "yspace 1") == 0;
            good  = named ? true : task_fail(err, "%s does not start with 'yspace 1'", path);
            continue;
        }
        good = read_line(s, line, err);
    }
    free(file);
    return good && (named || task_fail(err, "%s is empty", path));
}

/* ---- from inputs to parameters ---- */

static input *input_find(space *s, const char *name) {
    for (size_t i = 0; i < s->n_cats; i++) {
        if (strcmp(s->cats[i].name, name) == 0) {
            return &s->cats[i];
        }
    }
    for (size_t i = 0; i < s->n_conts; i++) {
        if (strcmp(s->conts[i].name, name) == 0) {
            return &s->conts[i];
        }
    }
    return NULL;
}

static bool is_cat(const input *in) {
    return in->codes != NULL;
}

/* Fixes an input, given as text. */
static bool input_fix(input *in, const char *value, task_error *err) {
    for (size_t i = 0; i < in->n_choices; i++) {
        if (strcmp(in->choices[i], value) == 0) {
            in->number = (double)in->codes[i];
            return true;
        }
    }
    bool fits = !is_cat(in) && task_number(value, &in->number) && in->number >= in->low && in->number <= in->high;
    return fits ? true : task_fail(err, "'%.60s' cannot be '%.60s'", in->name, value);
}

/* What is known about an input before the search: searched, fixed, or inactive for good. */
enum { PLAN_SEARCH, PLAN_FIXED, PLAN_OFF, PLAN_DONE };

/* "a=1+b=x" of the task's name. */
static bool fix_inputs(space *s, char *fixed, int *plan_cats, int *plan_conts, task_error *err) {
    char *pair = NULL;
    while ((pair = task_field(&fixed, '+')) != NULL) {
        char  *equals = strchr(pair, '=');
        input *in     = NULL;
        if (equals != NULL) {
            *equals = '\0';
            in      = input_find(s, pair);
        }
        if (in == NULL || in->role == ROLE_INSTANCE) {
            return task_fail(err, "'%.60s' fixes no parameter", pair);
        }
        if (!input_fix(in, equals + 1, err)) {
            return false;
        }
        *(is_cat(in) ? &plan_cats[in - s->cats] : &plan_conts[in - s->conts]) = PLAN_FIXED;
    }
    return true;
}

static int *plan_of(space *s, const input *in, int *plan_cats, int *plan_conts) {
    return is_cat(in) ? &plan_cats[in - s->cats] : &plan_conts[in - s->conts];
}

/* 1: the parents are settled and `in` may be active; 0: a parent is not settled yet; -1: it can never be active. */
static int input_ready(space *s, const input *in, int *plan_cats, int *plan_conts) {
    for (size_t i = 0; i < s->n_conditions; i++) {
        const condition *c = &s->conditions[i];
        if (strcmp(c->child, in->name) != 0) {
            continue;
        }
        const input *parent = input_find(s, c->parent);
        int          plan   = parent != NULL ? *plan_of(s, parent, plan_cats, plan_conts) : PLAN_OFF;
        bool         met    = false;
        for (size_t k = 0; plan == PLAN_FIXED && k < c->n; k++) {
            for (size_t m = 0; m < parent->n_choices; m++) {
                met = met || (strcmp(parent->choices[m], c->values[k]) == 0 && (double)parent->codes[m] == parent->number);
            }
        }
        if (plan == PLAN_OFF || (plan == PLAN_FIXED && !met)) {
            return -1;
        }
        if (plan == PLAN_SEARCH) {
            return 0;
        }
    }
    return 1;
}

/* Adds the input as the newest parameter, with the conditions on parents that are searched too. */
static bool input_add(bench_task *task, space *s, input *in, task_error *err) {
    in->parameter = task->n_parameters;
    if (is_cat(in)) {
        task_parameter *parameter = task_add(task, in->name, TASK_CATEGORICAL, err);
        for (size_t i = 0; i < in->n_choices; i++) {
            if (parameter == NULL || !task_add_choice(parameter, in->choices[i], err)) {
                return false;
            }
        }
    } else if (!task_add_number(task, in->name, in->is_int ? TASK_INT : TASK_FLOAT, in->low, in->high, in->log, err)) {
        return false;
    }
    for (size_t i = 0; i < s->n_conditions; i++) {
        condition   *c      = &s->conditions[i];
        const input *parent = input_find(s, c->parent);
        if (strcmp(c->child, in->name) != 0 || parent == NULL || parent->parameter == SIZE_MAX) {
            continue;
        }
        const char *values[64];
        if (c->n > 64) {
            return task_fail(err, "a condition of '%.60s' has too many values", in->name);
        }
        for (size_t k = 0; k < c->n; k++) {
            values[k] = c->values[k];
        }
        if (!task_add_condition(task, c->parent, values, c->n, err)) {
            return false;
        }
    }
    return true;
}

/* Settles one input if its parents are; false only on an error. */
static bool input_settle(bench_task *task, space *s, input *in, int *plan, int *plan_cats, int *plan_conts, bool *moved, task_error *err) {
    int ready = *plan == PLAN_SEARCH ? input_ready(s, in, plan_cats, plan_conts) : 0;
    if (ready == 0) {
        return true;
    }
    *moved = true;
    *plan  = ready < 0 ? PLAN_OFF : PLAN_DONE;
    return ready < 0 || input_add(task, s, in, err);
}

/* Adds all inputs that are searched: the categorical ones first, parents before children. */
static bool parameters_add(bench_task *task, space *s, int *plan_cats, int *plan_conts, task_error *err) {
    bool moved = true;
    while (moved) {
        moved = false;
        for (size_t i = 0; i < s->n_cats; i++) {
            if (!input_settle(task, s, &s->cats[i], &plan_cats[i], plan_cats, plan_conts, &moved, err)) {
                return false;
            }
        }
        for (size_t i = 0; i < s->n_conts; i++) {
            if (!input_settle(task, s, &s->conts[i], &plan_conts[i], plan_cats, plan_conts, &moved, err)) {
                return false;
            }
        }
    }
    for (size_t i = 0; i < s->n_cats + s->n_conts; i++) {
        int plan = i < s->n_cats ? plan_cats[i] : plan_conts[i - s->n_cats];
        if (plan == PLAN_SEARCH) {
            return task_fail(err, "the conditions go in a circle");
        }
    }
    return true;
}

static bool parameters_make(bench_task *task, space *s, const char *instance, char *fixed, task_error *err) {
    int  plan_cats[INPUTS_MAX]  = {PLAN_SEARCH};
    int  plan_conts[INPUTS_MAX] = {PLAN_SEARCH};
    bool found                  = false;
    for (size_t i = 0; i < s->n_conts; i++) {
        if (s->conts[i].role == ROLE_FIDELITY) {
            s->conts[i].number = s->conts[i].high;
            plan_conts[i]      = PLAN_FIXED;
        }
    }
    for (size_t i = 0; i < s->n_cats; i++) {
        if (s->cats[i].role == ROLE_INSTANCE) {
            found        = true;
            plan_cats[i] = PLAN_FIXED;
            if (!input_fix(&s->cats[i], instance, err)) {
                return false;
            }
        }
    }
    if (!found && instance[0] != '\0') {
        return task_fail(err, "the model has no instances");
    }
    return fix_inputs(s, fixed, plan_cats, plan_conts, err) && parameters_add(task, s, plan_cats, plan_conts, err);
}

/* ---- evaluating ---- */

static double input_value(const input *in, const double *values) {
    if (in->parameter == SIZE_MAX) {
        return in->number; /* 0 when it is inactive for good */
    }
    double v = values[in->parameter];
    if (isnan(v)) {
        return 0.0;
    }
    return is_cat(in) ? (double)in->codes[(size_t)v] : v;
}

static void ynet_evaluate(const bench_task *task, const double *values, const uint64_t *seed, double *value, double *seconds) {
    const ynet *y = task->data;
    uint32_t    codes[INPUTS_MAX];
    double      numbers[INPUTS_MAX];
    double      outputs[OUTPUTS_MAX];
    (void)seed;
    for (size_t i = 0; i < y->space.n_cats; i++) {
        codes[i] = (uint32_t)input_value(&y->space.cats[i], values);
    }
    for (size_t i = 0; i < y->space.n_conts; i++) {
        numbers[i] = input_value(&y->space.conts[i], values);
    }
    *value = (double)INFINITY;
    if (network_run(y->net, codes, numbers, outputs)) {
        double v = task_minimised(y->metric, outputs[y->target]);
        *value   = isfinite(v) ? v : (double)INFINITY;
        *seconds = y->runtime != SIZE_MAX ? fmax(outputs[y->runtime], 0.0) : (double)NAN;
    }
}

static const task_backend backend = {ynet_evaluate, ynet_close};

static size_t output_find(const space *s, const char *name) {
    for (size_t i = 0; name != NULL && i < s->n_outputs; i++) {
        if (strcmp(s->outputs[i], name) == 0) {
            return i;
        }
    }
    return SIZE_MAX;
}

static bool model_read(ynet *y, const char *root, const char *model, task_error *err) {
    char *directory = task_path(root, "ynet", "", err);
    char *text      = directory != NULL ? task_path(directory, model, ".space", err) : NULL;
    char *weights   = directory != NULL ? task_path(directory, model, ".ynet", err) : NULL;
    bool  good      = text != NULL && weights != NULL && read_space(&y->space, text, err);
    if (good) {
        y->net = network_read(weights, err);
        good   = y->net != NULL;
    }
    free(directory);
    free(text);
    free(weights);
    if (good &&
        (network_codes(y->net) != y->space.n_cats || network_numbers(y->net) != y->space.n_conts || network_outputs(y->net) != y->space.n_outputs)) {
        return task_fail(err, "the space and the network of '%.60s' do not fit", model);
    }
    return good;
}

bool task_ynet_open(bench_task *task, const char *root, const char *name, task_error *err) {
    ynet *y    = task_alloc(1, sizeof *y, err);
    char *copy = y != NULL ? task_copy(name, err) : NULL;
    if (copy == NULL) {
        free(y);
        return false;
    }
    task->data           = y;
    task->backend        = &backend;
    char       *rest     = copy;
    const char *model    = task_field(&rest, ':');
    const char *instance = task_field(&rest, ':');
    const char *target   = task_field(&rest, ':');
    bool        good     = target != NULL ? model_read(y, root, model, err) : task_fail(err, "the name is not MODEL:INSTANCE:OUTPUT");
    y->target            = good ? output_find(&y->space, target) : SIZE_MAX;
    if (good && y->target == SIZE_MAX) {
        good = task_fail(err, "the model has no output '%.60s'", target);
    }
    if (good) {
        y->metric  = task_metric_of(target, y->space.maximise[y->target]);
        y->runtime = output_find(&y->space, y->space.runtime);
        task->time = y->runtime != SIZE_MAX;
        good       = parameters_make(task, &y->space, instance, rest, err);
    }
    free(copy);
    return good;
}

/* ---- comparing with the answers of the original ---- */

/* Rows of codes, numbers and the outputs that the original networks gave. */
typedef struct answers {
    size_t n;
    double difference[OUTPUTS_MAX]; /* largest, per output */
    double largest[OUTPUTS_MAX];
} answers;

static bool check_row(const network *net, char *line, answers *a, task_error *err) {
    uint32_t codes[TASK_PARAMETERS_MAX];
    double   numbers[TASK_PARAMETERS_MAX];
    double   outputs[OUTPUTS_MAX];
    size_t   n_codes   = network_codes(net);
    size_t   n_numbers = network_numbers(net);
    size_t   n_outputs = network_outputs(net);
    for (size_t i = 0; i < n_codes + n_numbers + n_outputs; i++) {
        const char *field  = task_field(&line, ',');
        double      number = 0.0;
        if (field == NULL || !task_number(field, &number)) {
            return task_fail(err, "row %zu: column %zu is no number", a->n + 1, i + 1);
        }
        if (i < n_codes) {
            codes[i] = (uint32_t)number;
        } else if (i < n_codes + n_numbers) {
            numbers[i - n_codes] = number;
        }
        if (i + 1 == n_codes + n_numbers && !network_run(net, codes, numbers, outputs)) {
            return task_fail(err, "out of memory");
        }
        if (i >= n_codes + n_numbers) {
            size_t k         = i - n_codes - n_numbers;
            double d         = fabs(outputs[k] - number);
            a->difference[k] = d <= a->difference[k] ? a->difference[k] : d; /* a NaN stays */
            a->largest[k]    = fmax(a->largest[k], fabs(number));
        }
    }
    a->n++;
    return line == NULL ? true : task_fail(err, "row %zu has too many columns", a->n);
}

bool task_ynet_check(const char *path, const char *rows, char *note, size_t cap, task_error *err) {
    answers  a     = {0, {0.0}, {0.0}};
    size_t   size  = 0;
    double   worst = 0.0;
    network *net   = network_read(path, err);
    char    *file  = net != NULL ? task_read(rows, &size, err) : NULL;
    char    *rest  = file;
    char    *line  = NULL;
    bool     good  = file != NULL;
    while (good && (line = task_line(&rest)) != NULL) {
        good = check_row(net, line, &a, err);
    }
    for (size_t i = 0; good && i < network_outputs(net); i++) {
        double relative = a.difference[i] / (a.largest[i] + 1e-300);
        worst           = relative <= worst ? worst : relative;
    }
    network_free(net);
    free(file);
    if (good && a.n == 0) {
        return task_fail(err, "%s has no rows", rows);
    }
    /* Float arithmetic in another order; the outputs have 7 digits. */
    if (good && !(worst <= 2e-5)) {
        return task_fail(err, "differs by %.1e of the largest output", worst);
    }
    snprintf(note, cap, "%zu rows, largest difference %.1e of the largest output", a.n, worst);
    return good;
}
