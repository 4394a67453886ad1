/*
 * A strategy of your own, through the same table that the built-in strategies use, compared with random search.
 *
 * The strategy is a local search: random points at first, then always the best finished point moved by a random step. The step doubles after a
 * success and shrinks by 2^(-1/4) after a failure, so that about one success in five keeps it steady (the 1/5 success rule, Rechenberg 1973).
 *
 * What every strategy must keep: a suggestion is a pure function of settings, seed, trial number and history. So all randomness comes from
 * hpo_history_uniform(), and the step is worked out anew from the history instead of being remembered. Cost per suggestion: O(trials + parameters).
 *
 * Build: cc local_search.c $(pkg-config --cflags --libs libhpo) -lm
 */
#include <hpo.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the strategy ---- */

struct local {
    const hpo_space *space;
    double           first_step;
    uint64_t         starts;
    double           unit[]; /* the point under construction, one number per parameter */
};

static hpo_status local_create(const hpo_space *space, const hpo_settings *settings, void *user, void **state, hpo_error *err) {
    (void)user;
    struct local *local = malloc(sizeof *local + hpo_space_size(space) * sizeof *local->unit);
    if (!local) {
        if (err)
            *err = (hpo_error){.code = HPO_E_NOMEM, .message = "local search: out of memory"};
        return HPO_E_NOMEM;
    }
    local->space      = space;
    local->first_step = hpo_settings_number(settings, "local.step");
    local->starts     = (uint64_t)hpo_settings_number(settings, "local.starts");
    *state            = local;
    return HPO_OK;
}

/* The best row of the history, and the step that successes and failures after the random start have led to. */
static const double *best_so_far(const struct local *local, const hpo_history *history, double *step) {
    const double *values = hpo_history_values(history), *best = NULL;
    size_t        d = hpo_history_dimensions(history), n = hpo_history_size(history);
    double        lowest = HUGE_VAL;
    *step                = local->first_step;
    for (size_t i = 0; i < n; i++) {
        int success = values[i] < lowest; /* false for a failed trial, whose value is NaN */
        if (success) {
            lowest = values[i];
            best   = hpo_history_unit(history) + i * d;
        }
        if (i >= local->starts)
            *step = fmin(0.5, *step * (success ? 2 : pow(2, -0.25)));
    }
    return best;
}

static hpo_status local_ask(void *state, const hpo_history *history, uint64_t number, hpo_point *out, hpo_error *err) {
    struct local *local = state;
    double        step;
    const double *best     = best_so_far(local, history, &step);
    int           starting = !best || hpo_history_suggested(history) < local->starts;
    size_t        d        = hpo_history_dimensions(history);
    for (size_t j = 0; j < d; j++) {
        double  u = hpo_history_uniform(history, number, 0, (uint32_t)j), v = hpo_history_uniform(history, number, 1, (uint32_t)j);
        int32_t kind     = hpo_space_kind(local->space, j);
        int     no_order = kind == HPO_CATEGORICAL || kind == HPO_BOOL;
        if (starting || isnan(best[j])) /* NaN: the parameter was inactive there */
            local->unit[j] = u;
        else if (no_order) /* neighbours mean nothing, so jump, but rarely */
            local->unit[j] = v < step ? u : best[j];
        else
            local->unit[j] = best[j] + step * (2 * u - 1); /* beyond 0 and 1 counts as the end of the range */
    }
    return hpo_point_set_unit(out, local->unit, d, err);
}

static const hpo_setting LOCAL_SETTINGS[] = {
    {"local.step", "float", "0.25", "0.001..0.5", "first step, as a share of each range"},
    {"local.starts", "int", "8", "1..", "random points before the local search begins"},
    {NULL, NULL, NULL, NULL, NULL},
};

static const hpo_strategy_ops LOCAL_SEARCH = {
    .struct_size = sizeof(hpo_strategy_ops),
    .abi_version = HPO_STRATEGY_ABI,
    .name        = "local",
    .help        = "moves the best point by a step that adapts",
    .create      = local_create,
    .destroy     = free,
    .ask         = local_ask,
    .settings    = LOCAL_SETTINGS,
};

/* ---- the comparison ---- */

enum { SEEDS = 15, TRIALS = 60 };

static void must(hpo_status status, const hpo_error *error) {
    if (status < 0) {
        fprintf(stderr, "local_search: %s\n", error->message);
        exit(EXIT_FAILURE);
    }
}

static hpo_space *make_space(void) {
    static const char *const optimizers[] = {"sgd", "adam"};
    hpo_space               *space        = hpo_space_new(NULL);
    hpo_space_add_categorical(space, "optimizer", optimizers, 2, NULL);
    hpo_space_add_float(space, "lr", 1e-5, 1, HPO_LOG, NULL);
    hpo_space_add_float(space, "momentum", 0, 0.99, HPO_LINEAR, NULL);
    hpo_space_add_int(space, "units", 4, 512, HPO_LOG, NULL);
    hpo_space_when(space, "momentum", "optimizer", optimizers, 1, NULL);
    return space;
}

/* A smooth bowl that looks like a learning task: 0 at best, with sgd, lr 0.01 and momentum 0.9; adam cannot get below 0.2. */
static hpo_status bowl(hpo_trial *trial, double *value, void *user) {
    (void)user;
    double lr = log10(hpo_trial_float(trial, "lr")), units = log2((double)hpo_trial_int(trial, "units"));
    *value = pow(units - 6, 2) / 4;
    if (hpo_trial_is_active(trial, "momentum") == 1)
        *value += pow(lr + 2, 2) + 10 * pow(hpo_trial_float(trial, "momentum") - 0.9, 2);
    else
        *value += pow(lr + 3, 2) + 0.2;
    return HPO_OK;
}

static double best_value(const hpo_space *space, int seed, int with_local_search) {
    hpo_study *study = NULL;
    hpo_trial *best  = NULL;
    hpo_error  error;
    char       text[16];
    must(hpo_study_new(space, &study, &error), &error);
    snprintf(text, sizeof text, "%d", seed);
    must(hpo_study_set(study, "seed", text, &error), &error);
    if (with_local_search) {
        must(hpo_study_use_strategy(study, &LOCAL_SEARCH, NULL, NULL, &error), &error);
        must(hpo_study_set(study, "local.starts", "10", &error), &error);
    } else {
        must(hpo_study_set(study, "strategy", "random", &error), &error);
    }
    must(hpo_study_optimize(study, bowl, NULL, TRIALS, &error), &error);
    must(hpo_study_best(study, &best, &error), &error);
    double value = hpo_trial_value(best);
    hpo_trial_free(best);
    hpo_study_free(study);
    return value;
}

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(void) {
    hpo_space *space = make_space();
    double     local[SEEDS], random[SEEDS];
    for (int seed = 0; seed < SEEDS; seed++) {
        local[seed]  = best_value(space, seed, 1);
        random[seed] = best_value(space, seed, 0);
    }
    int repeats = best_value(space, 3, 1) == local[3]; /* the same seed gives the same search */
    hpo_space_free(space);

    qsort(local, SEEDS, sizeof *local, by_value);
    qsort(random, SEEDS, sizeof *random, by_value);
    printf("best value after %d trials over %d seeds:\n%-8s %10s %10s %10s\n", TRIALS, SEEDS, "", "best", "median", "worst");
    printf("%-8s %10.4f %10.4f %10.4f\n", "local", local[0], local[SEEDS / 2], local[SEEDS - 1]);
    printf("%-8s %10.4f %10.4f %10.4f\n", "random", random[0], random[SEEDS / 2], random[SEEDS - 1]);
    if (!repeats)
        fprintf(stderr, "local_search: the same seed gave another result\n");
    return repeats && local[SEEDS / 2] < random[SEEDS / 2] ? EXIT_SUCCESS : EXIT_FAILURE;
}
