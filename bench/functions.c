/*
 * Functions in closed form with a known optimum, as tasks.
 *
 *   fn:branin  fn:hartmann3  fn:hartmann6             fixed number of parameters
 *   fn:ackley:D  fn:levy:D  fn:rosenbrock:D  fn:rastrigin:D     D in 2..50
 *   ...:mixed                                          by turns a float, an int, a float and a categorical parameter
 *
 * Formulas and constants as in Surjanovic and Bingham, Virtual Library of Simulation Experiments (2013); Hartmann (1973), Branin (1972), Ackley (1987),
 * Laguna and Marti (2005) for Levy, Rosenbrock (1960), Rastrigin (1974). Functions of any number of parameters are shifted, their optimum at another
 * place in each coordinate, spread over the middle 80 % of the range: an optimum in the centre, or with all coordinates equal, is a gift to methods
 * that start or move there.
 *
 * Mixed: an int or categorical parameter stands for 10 or 11, or 5 to 6, evenly spaced values of its coordinate that include the optimum's, so the optimum
 * stays what it was; the order of the choices says nothing, as they are shuffled.
 * Noise: Gaussian, its standard deviation 5 % of the distance from the optimum to the median of random configurations.
 */
#include "tasks.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

enum { DIMS_MAX = 50, SAMPLE = 2001, CHOICES_MAX = 6 };

typedef struct formula {
    const char *name;
    size_t      dims; /* 0: any */
    double (*value)(const double *x, size_t n);
    double low;
    double high;
    double optimum;      /* where dims is 0; else see below */
    double at[DIMS_MAX]; /* optimum's place: for dims 0 the first entry holds for all */
    double limits[2][2]; /* Branin has two ranges */
    bool   have_limits;
} formula;

static double branin(const double *x, size_t n) {
    (void)n;
    double b = 5.1 / (4.0 * pi * pi);
    double c = 5.0 / pi;
    double t = 1.0 / (8.0 * pi);
    double u = x[1] - b * x[0] * x[0] + c * x[0] - 6.0;
    return u * u + 10.0 * (1.0 - t) * cos(x[0]) + 10.0;
}

static const double hartmann_weights[4] = {1.0, 1.2, 3.0, 3.2};

static double hartmann(const double *x, size_t n, const double *a, const double *p) {
    double sum = 0.0;
    for (size_t i = 0; i < 4; i++) {
        double inner = 0.0;
        for (size_t k = 0; k < n; k++) {
            double d = x[k] - p[i * n + k];
            inner += a[i * n + k] * d * d;
        }
        sum += hartmann_weights[i] * exp(-inner);
    }
    return -sum;
}

static double hartmann3(const double *x, size_t n) {
    static const double a[12] = {3.0, 10.0, 30.0, 0.1, 10.0, 35.0, 3.0, 10.0, 30.0, 0.1, 10.0, 35.0};
    static const double p[12] = {0.3689, 0.1170, 0.2673, 0.4699, 0.4387, 0.7470, 0.1091, 0.8732, 0.5547, 0.0381, 0.5743, 0.8828};
    return hartmann(x, n, a, p);
}

static double hartmann6(const double *x, size_t n) {
    static const double a[24] = {10.0, 3.0, 17.0, 3.5,  1.7,  8.0, 0.05, 10.0, 17.0, 0.1,  8.0, 14.0,
                                 3.0,  3.5, 1.7,  10.0, 17.0, 8.0, 17.0, 8.0,  0.05, 10.0, 0.1, 14.0};
    static const double p[24] = {0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886, 0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991,
                                 0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650, 0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381};
    return hartmann(x, n, a, p);
}

static double ackley(const double *x, size_t n) {
    double squares = 0.0;
    double waves   = 0.0;
    for (size_t i = 0; i < n; i++) {
        squares += x[i] * x[i];
        waves += cos(2.0 * pi * x[i]);
    }
    return -20.0 * exp(-0.2 * sqrt(squares / (double)n)) - exp(waves / (double)n) + 20.0 + exp(1.0);
}

static double levy(const double *x, size_t n) {
    double first = sin(pi * (1.0 + (x[0] - 1.0) / 4.0));
    double sum   = first * first;
    for (size_t i = 0; i < n; i++) {
        double w    = 1.0 + (x[i] - 1.0) / 4.0;
        double wave = sin(i + 1 < n ? pi * w + 1.0 : 2.0 * pi * w);
        sum += (w - 1.0) * (w - 1.0) * (1.0 + (i + 1 < n ? 10.0 : 1.0) * wave * wave);
    }
    return sum;
}

static double rosenbrock(const double *x, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i + 1 < n; i++) {
        double bend = x[i + 1] - x[i] * x[i];
        sum += 100.0 * bend * bend + (1.0 - x[i]) * (1.0 - x[i]);
    }
    return sum;
}

static double rastrigin(const double *x, size_t n) {
    double sum = 10.0 * (double)n;
    for (size_t i = 0; i < n; i++) {
        sum += x[i] * x[i] - 10.0 * cos(2.0 * pi * x[i]);
    }
    return sum;
}

static const formula formulas[] = {
    {"branin", 2, branin, -5.0, 10.0, 0.39788735772973816, {3.14159265358979323846, 2.275}, {{-5.0, 10.0}, {0.0, 15.0}}, true},
    {"hartmann3", 3, hartmann3, 0.0, 1.0, -3.86277978733266, {0.114588871442, 0.555648893427, 0.852546984308}, {{0.0}}, false},
    {"hartmann6",
     6,
     hartmann6,
     0.0,
     1.0,
     -3.32236801141552,
     {0.201689512409, 0.150010691474, 0.476873972343, 0.275332431576, 0.311651615736, 0.657300532998},
     {{0.0}},
     false},
    {"ackley", 0, ackley, -5.0, 10.0, 0.0, {0.0}, {{0.0}}, false},
    {"levy", 0, levy, -5.0, 10.0, 0.0, {1.0}, {{0.0}}, false},
    {"rosenbrock", 0, rosenbrock, -5.0, 10.0, 0.0, {1.0}, {{0.0}}, false},
    {"rastrigin", 0, rastrigin, -5.12, 5.12, 0.0, {0.0}, {{0.0}}, false},
};

/* How a parameter becomes a coordinate: origin + spacing * place, with a choice's place shuffled; spacing 0: as it is. Then `shift` is taken off. */
typedef struct coordinate {
    double  best; /* where the optimum is, in the parameter's range */
    double  shift;
    double  origin;
    double  spacing;
    uint8_t place[CHOICES_MAX];
} coordinate;

typedef struct function {
    const formula *formula;
    double         noise;
    coordinate     coordinates[DIMS_MAX];
} function;

static void limits_of(const formula *f, size_t i, double *low, double *high) {
    *low  = f->have_limits ? f->limits[i % 2][0] : f->low;
    *high = f->have_limits ? f->limits[i % 2][1] : f->high;
}

static double true_value(const function *f, const double *values, size_t n) {
    double x[DIMS_MAX];
    for (size_t i = 0; i < n; i++) {
        const coordinate *c      = &f->coordinates[i];
        bool              choice = c->place[0] != UINT8_MAX;
        double            place  = choice ? (double)c->place[(size_t)values[i]] : values[i];
        x[i]                     = (c->spacing > 0.0 ? c->origin + c->spacing * place : values[i]) - c->shift;
    }
    return f->formula->value(x, n);
}

static void function_evaluate(const bench_task *task, const double *values, const uint64_t *seed, double *value, double *seconds) {
    const function *f = task->data;
    (void)seconds;
    *value = true_value(f, values, task->n_parameters);
    if (seed != NULL) {
        uint64_t state = *seed;
        *value += f->noise * task_normal(&state);
    }
}

static const task_backend backend = {function_evaluate, free};

/* Golden ratio steps spread any number of places evenly. */
static void shift_make(const formula *f, size_t i, coordinate *c) {
    double low  = 0.0;
    double high = 0.0;
    double step = (double)(i + 1) * 0.61803398874989485;
    limits_of(f, i, &low, &high);
    c->best  = f->dims > 0 ? f->at[i] : low + (high - low) * (0.1 + 0.8 * (step - floor(step)));
    c->shift = f->dims > 0 ? 0.0 : c->best - f->at[0];
}

/* Levels of an int or categorical coordinate: multiples of `spacing` away from the optimum, as far as the range goes. */
static size_t levels_make(const formula *f, size_t i, double parts, coordinate *c) {
    double low  = 0.0;
    double high = 0.0;
    limits_of(f, i, &low, &high);
    c->spacing   = (high - low) / parts;
    double below = floor((c->best - low) / c->spacing + 1e-9);
    double above = floor((high - c->best) / c->spacing + 1e-9);
    c->origin    = c->best - below * c->spacing;
    return (size_t)(below + above) + 1;
}

/* A fixed shuffle of the choices (Fisher and Yates), another one per parameter. */
static void places_shuffle(coordinate *c, size_t n, size_t parameter) {
    uint64_t state = 977 + parameter;
    for (size_t i = 0; i < n; i++) {
        c->place[i] = (uint8_t)i;
    }
    for (size_t i = n; i > 1; i--) {
        size_t  k       = (size_t)(task_random(&state) % i);
        uint8_t other   = c->place[k];
        c->place[k]     = c->place[i - 1];
        c->place[i - 1] = other;
    }
}

static bool parameter_make(bench_task *task, function *f, size_t i, bool mixed, task_error *err) {
    static const char *const choices[CHOICES_MAX] = {"a", "b", "c", "d", "e", "f"};
    char                     name[24];
    double                   low  = 0.0;
    double                   high = 0.0;
    coordinate              *c    = &f->coordinates[i];
    c->place[0]                   = UINT8_MAX; /* no choice */
    snprintf(name, sizeof name, "x%zu", i);
    limits_of(f->formula, i, &low, &high);
    shift_make(f->formula, i, c);
    if (mixed && i % 4 == 1) {
        return task_add_number(task, name, TASK_INT, 0.0, (double)(levels_make(f->formula, i, 10.0, c) - 1), false, err);
    }
    if (!mixed || i % 4 != 3) {
        return task_add_number(task, name, TASK_FLOAT, low, high, false, err);
    }
    size_t          n         = levels_make(f->formula, i, 5.0, c);
    task_parameter *parameter = task_add(task, name, TASK_CATEGORICAL, err);
    if (n > CHOICES_MAX) {
        return task_fail(err, "%s has too many levels", f->formula->name);
    }
    places_shuffle(c, n, i);
    for (size_t k = 0; k < n; k++) {
        if (parameter == NULL || !task_add_choice(parameter, choices[k], err)) {
            return false;
        }
    }
    return true;
}

/* Where the optimum is, in the task's own terms. */
static double best_value(const task_parameter *parameter, const coordinate *c) {
    double place = c->spacing > 0.0 ? round((c->best - c->origin) / c->spacing) : c->best;
    for (size_t k = 0; k < parameter->n_choices; k++) {
        if ((double)c->place[k] == place) {
            return (double)k;
        }
    }
    return place;
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(const bench_task *task, const function *f) {
    double   sample[SAMPLE];
    double   values[TASK_PARAMETERS_MAX];
    uint64_t state = 1;
    for (size_t i = 0; i < SAMPLE; i++) {
        task_draw(task, &state, values);
        sample[i] = true_value(f, values, task->n_parameters);
    }
    qsort(sample, SAMPLE, sizeof *sample, ascending);
    return sample[SAMPLE / 2];
}

static const formula *formula_find(const char *name) {
    for (size_t i = 0; i < sizeof formulas / sizeof *formulas; i++) {
        if (strcmp(formulas[i].name, name) == 0) {
            return &formulas[i];
        }
    }
    return NULL;
}

/* Number of parameters and variant from what follows the function's name. */
static bool variant_read(const formula *f, char *rest, size_t *dims, bool *mixed, task_error *err) {
    char *word = NULL;
    *dims      = f->dims;
    while ((word = task_field(&rest, ':')) != NULL) {
        long n = 0;
        if (strcmp(word, "mixed") == 0) {
            *mixed = true;
        } else if (task_whole(word, 2, DIMS_MAX, &n) && (f->dims == 0 || (size_t)n == f->dims)) {
            *dims = (size_t)n;
        } else {
            return task_fail(err, "'%.40s' is neither 'mixed' nor a number of parameters that %s has", word, f->name);
        }
    }
    return *dims > 0 ? true : task_fail(err, "%s needs a number of parameters, 2 to %d: fn:%s:10", f->name, DIMS_MAX, f->name);
}

static bool function_make(bench_task *task, char *name, task_error *err) {
    char          *rest  = name;
    bool           mixed = false;
    size_t         dims  = 0;
    const char    *first = (task_field(&rest, ':'), task_field(&rest, ':'));
    const formula *f     = first != NULL ? formula_find(first) : NULL;
    if (f == NULL) {
        return task_fail(err, "there is no such function; there are branin, hartmann3, hartmann6, ackley:D, levy:D, rosenbrock:D, rastrigin:D");
    }
    function *fn = task->data;
    fn->formula  = f;
    if (!variant_read(f, rest, &dims, &mixed, err)) {
        return false;
    }
    for (size_t i = 0; i < dims; i++) {
        if (!parameter_make(task, fn, i, mixed, err)) {
            return false;
        }
    }
    task->best = task_alloc(dims, sizeof *task->best, err);
    for (size_t i = 0; task->best != NULL && i < dims; i++) {
        task->best[i] = best_value(&task->parameters[i], &fn->coordinates[i]);
    }
    task->optimum = f->optimum;
    task->noise   = true;
    fn->noise     = 0.05 * (median_of(task, fn) - f->optimum);
    return task->best != NULL;
}

bool task_function_open(bench_task *task, const char *name, task_error *err) {
    task->backend = &backend;
    task->data    = task_alloc(1, sizeof(function), err);
    char *copy    = task->data != NULL ? task_copy(name, err) : NULL;
    bool  good    = copy != NULL && function_make(task, copy, err);
    free(copy);
    return good;
}

const char *task_function_name(size_t i) {
    static const char *const names[] = {"fn:branin",
                                        "fn:hartmann3",
                                        "fn:hartmann6",
                                        "fn:ackley:2",
                                        "fn:ackley:5",
                                        "fn:ackley:10",
                                        "fn:ackley:20",
                                        "fn:ackley:50",
                                        "fn:levy:2",
                                        "fn:levy:5",
                                        "fn:levy:10",
                                        "fn:levy:20",
                                        "fn:levy:50",
                                        "fn:rosenbrock:2",
                                        "fn:rosenbrock:5",
                                        "fn:rosenbrock:10",
                                        "fn:rosenbrock:20",
                                        "fn:rosenbrock:50",
                                        "fn:rastrigin:2",
                                        "fn:rastrigin:5",
                                        "fn:rastrigin:10",
                                        "fn:rastrigin:20",
                                        "fn:rastrigin:50",
                                        "fn:hartmann6:mixed",
                                        "fn:ackley:10:mixed",
                                        "fn:levy:10:mixed",
                                        "fn:rosenbrock:10:mixed",
                                        "fn:rastrigin:10:mixed"};
    return i < sizeof names / sizeof *names ? names[i] : NULL;
}
