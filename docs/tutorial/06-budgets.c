/* Chapter 6: budgets in trials and in time, the price of a grid before it is run, and when a grid is justified. */
#include "tutorial.h"

#include <time.h>

/* Takes about two milliseconds, as a tiny model would. */
static hpo_status slow(hpo_trial *trial, double *value, void *user) {
    (void)user;
    struct timespec start, now;
    timespec_get(&start, TIME_UTC);
    do
        timespec_get(&now, TIME_UTC);
    while ((now.tv_sec - start.tv_sec) * 1000000000 + now.tv_nsec - start.tv_nsec < 2000000);
    *value = pow(log10(hpo_trial_float(trial, "lr")) + 3, 2);
    return HPO_OK;
}

static void budgets(void) {
    hpo_error  error;
    hpo_space *space = hpo_space_new(NULL);
    hpo_space_add_float(space, "lr", 1e-5, 1e-1, HPO_LOG, NULL);
    hpo_study *study = NULL;
    must(hpo_study_new(space, &study, &error), &error);

    must(hpo_study_optimize(study, slow, NULL, 20, &error), &error);
    uint64_t first = hpo_study_trial_count(study, -1);
    printf("a budget of 20 trials: %llu trials\n", (unsigned long long)first);
    must(hpo_study_optimize(study, slow, NULL, 5, &error), &error);
    uint64_t more = hpo_study_trial_count(study, -1);
    printf("5 more: %llu trials\n", (unsigned long long)more);

    must(hpo_study_set(study, "timeout", "0.2", &error), &error);
    must(hpo_study_optimize(study, slow, NULL, UINT64_MAX, &error), &error);
    uint64_t timed = hpo_study_trial_count(study, -1);
    fprintf(stderr, "a budget of 0.2 seconds: %llu more trials (differs from run to run)\n", (unsigned long long)(timed - more));
    claim(first == 20 && more == 25, "a budget in trials is kept to the trial, and a study can go on where it was");
    claim(timed > more && timed < UINT64_MAX, "a search without a limit on trials ended by its time budget");
    hpo_study_free(study);
    hpo_space_free(space);
}

/* 3 kernels x 4 degrees: a table of 12 losses, another one for every user value. */
static hpo_status table(hpo_trial *trial, double *value, void *user) {
    double cell[2];
    hpo_trial_values_by_index(trial, cell, 2);
    *value = uniform(*(const uint64_t *)user, (uint64_t)(4 * cell[0] + cell[1])); /* cells 1 ... 12: cell[0] is the index of the kernel */
    return HPO_OK;
}

static hpo_study *small_study(const char *strategy, uint64_t seed) {
    static const char *const kernels[] = {"linear", "poly", "rbf"};
    hpo_error                error;
    char                     text[32];
    hpo_space               *space = hpo_space_new(NULL);
    hpo_space_add_categorical(space, "kernel", kernels, 3, NULL);
    hpo_space_add_int(space, "degree", 1, 4, HPO_LINEAR, NULL);
    hpo_study *study = NULL;
    must(hpo_study_new(space, &study, &error), &error);
    hpo_space_free(space); /* a study has its own copy */
    snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
    must(hpo_study_set(study, "seed", text, &error), &error);
    must(hpo_study_set(study, "strategy", strategy, &error), &error);
    must(hpo_study_set(study, "start.default", "false", &error), &error);
    return study;
}

/* In how many of `repetitions` does a search with a budget of all 12 cells find the best one? */
static int found(const char *strategy, uint64_t repetitions) {
    hpo_error error;
    int       count = 0;
    for (uint64_t r = 0; r < repetitions; r++) {
        hpo_study *study = small_study(strategy, r);
        hpo_trial *best  = NULL;
        double     least = 1;
        must(hpo_study_optimize(study, table, &r, 12, &error), &error);
        must(hpo_study_best(study, &best, &error), &error);
        for (uint64_t cell = 0; cell < 12; cell++)
            least = fmin(least, uniform(r, cell + 1));
        count += hpo_trial_value(best) <= least;
        hpo_trial_free(best);
        hpo_study_free(study);
    }
    return count;
}

static void when_a_grid(void) {
    hpo_error  error;
    uint64_t   cells = 0;
    hpo_study *study = small_study("grid", 0);
    must(hpo_study_total(study, &cells, &error), &error);
    hpo_study_free(study);
    printf("\nkernel x degree: the grid has %llu cells; at 30 seconds a trial that is %.0f minutes\n", (unsigned long long)cells, (double)cells / 2);

    int grid = found("grid", 200), random = found("random", 200);
    printf("best of the 12 cells found with 12 trials: grid in %d of 200 runs, random in %d of 200\n", grid, random);
    claim(cells == 12, "the price of a grid is known before the first trial");
    claim(grid == 200, "few discrete values and a budget for all of them: the grid cannot miss");
    claim(random < 180, "random draws repeat themselves and miss some cells");
}

int main(void) {
    budgets();
    when_a_grid();
    return 0;
}
