/* Chapter 3: a grid tries every cell once, and the number of cells grows exponentially with the number of parameters. */
#include "tutorial.h"

/* How many cells a grid of 5 levels has with 1 ... 8 parameters, and why 40 are refused. */
static void count_cells(void) {
    hpo_error error;
    int       powers = 1, refused = 0;
    printf("parameters   cells of a grid with 5 levels\n");
    for (int parameters = 1; parameters <= 40; parameters = parameters < 8 ? parameters + 1 : parameters + 32) {
        hpo_space *space = hpo_space_new(NULL);
        for (int i = 0; i < parameters; i++) {
            char name[16];
            snprintf(name, sizeof name, "p%d", i);
            hpo_space_add_float(space, name, 0, 1, HPO_LINEAR, NULL);
        }
        hpo_study *study = NULL;
        must(hpo_study_new(space, &study, &error), &error);
        must(hpo_study_set(study, "strategy", "grid", &error), &error);
        uint64_t   cells  = 0;
        hpo_status status = hpo_study_total(study, &cells, &error);
        if (status == HPO_OK)
            printf("%10d   %llu\n", parameters, (unsigned long long)cells);
        else
            printf("%10d   %s\n", parameters, hpo_status_name(status));
        if (parameters <= 8)
            powers = powers && cells == (uint64_t)(pow(5, parameters) + 0.5);
        else
            refused = status == HPO_E_UNSUPPORTED;
        hpo_study_free(study);
        hpo_space_free(space);
    }
    claim(powers, "5 to the power of the number of parameters");
    claim(refused, "more cells than 64 bits can count are refused, before a single trial is paid for");
}

/* A stand-in for a model: how its loss depends on the hyperparameters. */
static hpo_status objective(hpo_trial *trial, double *value, void *user) {
    (void)user;
    double lr    = log10(hpo_trial_float(trial, "lr"));
    double depth = (double)hpo_trial_int(trial, "depth");
    *value       = 0.1 + 0.05 * pow(lr + 2, 2) + 0.01 * pow(depth - 3, 2);
    if (hpo_trial_is_active(trial, "gamma") == 1)
        *value += 0.02 * pow(log10(hpo_trial_float(trial, "gamma")) + 1, 2) - 0.03;
    return HPO_OK;
}

/* Writes the first cells, and counts how often each cell is tried: [lr][depth][0 for linear, 1 ... 3 for rbf with that gamma]. */
static hpo_status note(const hpo_trial *trial, void *user) {
    int(*tried)[4][4] = user;
    double lr         = hpo_trial_float(trial, "lr");
    int    depth      = (int)hpo_trial_int(trial, "depth");
    int    has_gamma  = hpo_trial_is_active(trial, "gamma");
    double gamma      = hpo_trial_float(trial, "gamma");
    if (hpo_trial_number(trial) < 6) {
        printf("trial %llu: lr %-6g depth %d  kernel %-7s", (unsigned long long)hpo_trial_number(trial), lr, depth,
               hpo_trial_categorical(trial, "kernel"));
        has_gamma ? printf(" gamma %-5g", gamma) : printf("            ");
        printf(" value %.3f\n", hpo_trial_value(trial));
    }
    tried[lround(log10(lr)) + 3][depth - 1][has_gamma ? lround(log10(gamma)) + 3 : 0]++;
    return HPO_OK;
}

static void run_grid(void) {
    hpo_error         error;
    const char *const kernels[] = {"linear", "rbf"};
    hpo_space        *space     = hpo_space_new(NULL);
    hpo_space_add_float(space, "lr", 1e-3, 1e-1, HPO_LOG, NULL);
    hpo_space_add_int(space, "depth", 1, 4, HPO_LINEAR, NULL);
    hpo_space_add_categorical(space, "kernel", kernels, 2, NULL);
    hpo_space_add_float(space, "gamma", 1e-2, 1, HPO_LOG, NULL);
    hpo_space_when(space, "gamma", "kernel", &kernels[1], 1, NULL);

    int        tried[3][4][4] = {{{0}}};
    hpo_study *study          = NULL;
    must(hpo_study_new(space, &study, &error), &error);
    must(hpo_study_set(study, "strategy", "grid", &error), &error);
    must(hpo_study_set(study, "grid.levels.lr", "3", &error), &error);
    must(hpo_study_set(study, "grid.levels.gamma", "3", &error), &error);
    must(hpo_study_set(study, "start.default", "false", &error), &error); /* the cells of the grid and nothing else */
    must(hpo_study_on_trial(study, note, tried, &error), &error);

    uint64_t cells = 0;
    must(hpo_study_total(study, &cells, &error), &error);
    printf("\nlr 3 levels x depth 4 levels x (linear, or rbf with gamma 3 levels): %llu cells\n", (unsigned long long)cells);
    hpo_status status = hpo_study_optimize(study, objective, NULL, 1000, &error);
    must(status, &error);

    hpo_trial *best = NULL;
    must(hpo_study_best(study, &best, &error), &error);
    printf("...\nasked for 1000 trials; optimize returned %s after %llu\n", hpo_status_name(status),
           (unsigned long long)hpo_study_trial_count(study, HPO_COMPLETE));
    printf("best: lr %g, depth %lld, kernel %s, gamma %g: %.3f\n", hpo_trial_float(best, "lr"), (long long)hpo_trial_int(best, "depth"),
           hpo_trial_categorical(best, "kernel"), hpo_trial_float(best, "gamma"), hpo_trial_value(best));

    int once = 1;
    for (int i = 0; i < 3 * 4 * 4; i++)
        once = once && (&tried[0][0][0])[i] == 1;
    claim(cells == 48 && status == HPO_EXHAUSTED, "3 x 4 x (1 + 3) = 48 cells, and then the grid is exhausted");
    claim(once, "every cell was tried exactly once");
    hpo_trial_free(best);
    hpo_study_free(study);
    hpo_space_free(space);
}

int main(void) {
    count_cells();
    run_grid();
    return 0;
}
