/* Chapter 5: coarse to fine. A zooming grid against one fine grid and against random search, and how a zoom can be misled. */
#include "tutorial.h"

enum { BUDGET = 400 /* a fine grid of 20 x 20 */, REPETITIONS = 50 };

typedef struct task {
    double lr, lambda; /* log10 of the best place */
    int    trap;       /* 1: a narrow hole that is deeper than the broad valley */
} task;

/* A smooth valley in log10(lr) and log10(lambda), tilted so that the two depend on each other. */
static hpo_status objective(hpo_trial *trial, double *value, void *user) {
    const task *t = user;
    double      u = log10(hpo_trial_float(trial, "lr")), v = log10(hpo_trial_float(trial, "lambda"));
    double      a = u - t->lr, b = v - t->lambda;
    *value = a * a + b * b + a * b;
    if (t->trap)
        *value -= 30 * exp(-50 * (pow(u + 2, 2) + pow(v + 3, 2)));
    return HPO_OK;
}

/* Runs up to BUDGET trials; best[i] is the best value after i + 1 trials. Returns the number of trials made. */
static int search(const char *strategy, uint64_t seed, task *t, double best[BUDGET]) {
    hpo_error  error;
    char       text[32];
    hpo_space *space = hpo_space_new(NULL);
    hpo_space_add_float(space, "lr", 1e-5, 1, HPO_LOG, NULL);
    hpo_space_add_float(space, "lambda", 1e-6, 1e-1, HPO_LOG, NULL);
    hpo_study *study = NULL;
    must(hpo_study_new(space, &study, &error), &error);
    snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
    must(hpo_study_set(study, "seed", text, &error), &error);
    must(hpo_study_set(study, "strategy", strategy, &error), &error);
    must(hpo_study_set(study, "grid.levels", "20", &error), &error);
    must(hpo_study_set(study, "grid.order", "shuffled", &error), &error); /* so that a part of the grid is a fair sample of it */
    must(hpo_study_set(study, "start.default", "false", &error), &error);
    must(hpo_study_optimize(study, objective, t, BUDGET, &error), &error);

    size_t n = 0;
    must(hpo_study_column(study, "value", best, BUDGET, &n, &error), &error);
    for (size_t i = 1; i < n; i++)
        best[i] = fmin(best[i], best[i - 1]);
    for (size_t i = n; i < BUDGET; i++)
        best[i] = best[n - 1]; /* the zoom may end early: it has reached its tolerance */
    hpo_study_free(study);
    hpo_space_free(space);
    return (int)n;
}

int main(void) {
    static const int         at[]       = {25, 50, 100, 400};
    static const char *const name[]     = {"grid", "random", "zoom"};
    double                   mean[3][4] = {{0}}, best[3][BUDGET], sooner = 0;
    for (uint64_t r = 0; r < REPETITIONS; r++) {
        task t = {-4.5 + 4 * uniform(r, 0), -5.5 + 4 * uniform(r, 1), 0};
        for (int s = 0; s < 3; s++) {
            search(name[s], r, &t, best[s]);
            for (int i = 0; i < 4; i++)
                mean[s][i] += best[s][at[i] - 1] / REPETITIONS;
        }
        int n = 0;
        while (n < BUDGET && best[2][n] > best[0][BUDGET - 1])
            n++;
        sooner += (n + 1.0) / REPETITIONS;
    }
    printf("Mean best value after so many trials (0 is perfect), %d repetitions\n", REPETITIONS);
    printf("strategy  %9d  %9d  %9d  %9d\n", at[0], at[1], at[2], at[3]);
    for (int s = 0; s < 3; s++)
        printf("%-8s  %9.6f  %9.6f  %9.6f  %9.6f\n", name[s], mean[s][0], mean[s][1], mean[s][2], mean[s][3]);
    printf("the zoom is as good as the full grid of %d after %.0f trials on average\n", BUDGET, sooner);
    claim(sooner < BUDGET / 4.0, "the zoom needs less than a quarter of the grid's trials");
    claim(mean[2][2] < mean[0][3] && mean[2][2] < mean[1][3], "the zoom's best after 100 trials beats the 400 of grid and of random");

    task trap = {-3.8, -4.7, 1};
    for (int s = 0; s < 3; s++)
        search(name[s], 0, &trap, best[s]);
    printf("\nA narrow hole far from the broad valley, after %d trials:\n", BUDGET);
    for (int s = 0; s < 3; s++)
        printf("%-8s  %9.4f\n", name[s], best[s][BUDGET - 1]);
    claim(best[2][BUDGET - 1] > best[0][BUDGET - 1], "the fine grid sees the hole, the zoom has looked away from it after its first stage");
    return 0;
}
