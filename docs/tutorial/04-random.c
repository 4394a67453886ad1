/*
 * Chapter 4: why random search covers important dimensions better than a grid.
 * After J. Bergstra and Y. Bengio, "Random search for hyper-parameter optimization", JMLR 13 (2012) 281-305, figure 1.
 */
#include "tutorial.h"

enum { PARAMETERS = 4, BUDGET = 81 /* 3^4: the only fair grid has 3 levels */, REPETITIONS = 200 };

typedef struct task {
    double weight[PARAMETERS]; /* how much each parameter matters */
    double best[PARAMETERS];   /* where it should be; another place in every repetition */
} task;

static hpo_status objective(hpo_trial *trial, double *value, void *user) {
    const task *t = user;
    double      x[PARAMETERS];
    hpo_trial_values_by_index(trial, x, PARAMETERS);
    *value = 0;
    for (int i = 0; i < PARAMETERS; i++)
        *value += t->weight[i] * pow(x[i] - t->best[i], 2);
    return HPO_OK;
}

static int rising(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int distinct(double *v, size_t n) {
    int count = 1;
    qsort(v, n, sizeof *v, rising);
    for (size_t i = 1; i < n; i++)
        count += v[i] > v[i - 1];
    return count;
}

/* One search; returns its best value, and how many different values of the first parameter it tried. */
static double search(const char *strategy, uint64_t seed, task *t, int *values_tried) {
    hpo_error         error;
    char              text[32];
    static const char name[PARAMETERS][2] = {"a", "b", "c", "d"};
    hpo_space        *space               = hpo_space_new(NULL);
    for (int i = 0; i < PARAMETERS; i++)
        hpo_space_add_float(space, name[i], 0, 1, HPO_LINEAR, NULL);
    hpo_study *study = NULL;
    must(hpo_study_new(space, &study, &error), &error);
    snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
    must(hpo_study_set(study, "seed", text, &error), &error);
    must(hpo_study_set(study, "strategy", strategy, &error), &error);
    must(hpo_study_set(study, "grid.levels", "3", &error), &error);
    must(hpo_study_set(study, "start.default", "false", &error), &error);
    must(hpo_study_optimize(study, objective, t, BUDGET, &error), &error);

    double     column[BUDGET];
    size_t     n    = 0;
    hpo_trial *best = NULL;
    must(hpo_study_column(study, "a", column, BUDGET, &n, &error), &error);
    must(hpo_study_best(study, &best, &error), &error);
    double value  = hpo_trial_value(best);
    *values_tried = distinct(column, n);
    hpo_trial_free(best);
    hpo_study_free(study);
    hpo_space_free(space);
    return value;
}

/* Mean of the best value of each strategy over all repetitions. */
static void compare(const char *title, const double weight[PARAMETERS], double mean[3], int values[3]) {
    static const char *const strategy[] = {"grid", "random", "sobol"};
    printf("%s\nstrategy  mean best value  different values of a\n", title);
    for (int s = 0; s < 3; s++) {
        mean[s] = 0;
        for (uint64_t r = 0; r < REPETITIONS; r++) {
            task t;
            for (uint64_t i = 0; i < PARAMETERS; i++) {
                t.weight[i] = weight[i];
                t.best[i]   = uniform(r, i);
            }
            mean[s] += search(strategy[s], r, &t, &values[s]) / REPETITIONS;
        }
        printf("%-8s  %15.5f  %21d\n", strategy[s], mean[s], values[s]);
    }
}

int main(void) {
    double mean[3];
    int    values[3];
    printf("%d trials each, mean of %d repetitions; 0 is perfect\n\n", BUDGET, REPETITIONS);
    compare("One of four parameters matters (a: 1, the others: 0.001)", (const double[]){1, 0.001, 0.001, 0.001}, mean, values);
    claim(values[0] == 3 && values[1] == BUDGET && values[2] == BUDGET, "81 trials of the grid see 3 values of a, the others see 81");
    claim(mean[1] < mean[0] / 5 && mean[2] < mean[0] / 5, "random and sobol are more than 5 times as close as the grid");
    claim(mean[2] < mean[1], "sobol is closer than random");
    printf("\n");
    compare("All four parameters matter alike (0.25 each)", (const double[]){0.25, 0.25, 0.25, 0.25}, mean, values);
    claim(mean[0] < 3 * mean[1] && mean[1] < 3 * mean[0], "now grid and random are within a factor of 3 of each other");
    return 0;
}
