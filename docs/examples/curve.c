/*
 * What the model has learned from a search with noise: the curve along each parameter with its uncertainty, ready to be plotted, how much each parameter
 * matters, and the best trial by the model beside the luckiest one.
 * Build: cc curve.c $(pkg-config --cflags --libs libhpo) -lm
 */
#include <hpo.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { POINTS = 9, SIZE = 3 };

static void must(hpo_status status, const hpo_error *error) {
    if (status < 0) {
        fprintf(stderr, "curve: %s\n", error->message);
        exit(EXIT_FAILURE);
    }
}

/* The loss without its noise: best at a rate of 0.01 and 4 layers. */
static double true_loss(double rate, double layers) {
    double off = log10(rate) + 2;
    return 0.2 + 0.1 * off * off + 0.01 * (layers - 4) * (layers - 4);
}

/* Stands for a training: its result depends on the seed. */
static hpo_status train(hpo_trial *trial, double *values, void *user) {
    (void)user;
    double luck = 0;
    for (int i = 0; i < 12; i++)
        luck += (double)(hpo_trial_seed(trial) >> 5 * i & 31) / 31 - 0.5;
    values[0] = true_loss(hpo_trial_float(trial, "rate"), (double)hpo_trial_int(trial, "layers")) + 0.07 * luck;
    return HPO_OK;
}

/* The curve along one parameter, the others as in `row`: a table that every plotting program reads. */
static void print_curve(const hpo_study *study, size_t along, const double *row) {
    const hpo_space *space = hpo_study_space(study);
    double           rows[POINTS * SIZE], mean[POINTS], deviation[POINTS];
    hpo_error        error;
    for (int q = 0; q < POINTS; q++) {
        double unit[SIZE];
        must(hpo_space_encode(space, row, SIZE, unit, &error), &error);
        unit[along] = (double)q / (POINTS - 1); /* even steps on the parameter's own scale */
        must(hpo_space_decode(space, unit, SIZE, rows + (ptrdiff_t)q * SIZE, &error), &error);
    }
    must(hpo_study_predict(study, rows, POINTS, mean, deviation, &error), &error);
    printf("# %s mean deviation\n", hpo_space_name(space, along));
    for (int q = 0; q < POINTS; q++)
        printf("%.3g %.3f %.3f\n", rows[(size_t)q * SIZE + along], mean[q], deviation[q]);
}

/* The best trial by a rule, what it was observed to be, and what the model makes of it; returns the true loss. */
static double show_best(hpo_study *study, const char *rule, double *row) {
    hpo_trial *best = NULL;
    hpo_error  error;
    double     mean = 0, deviation = 0;
    must(hpo_study_set(study, "select", rule, &error), &error);
    must(hpo_study_best(study, &best, &error), &error);
    must(hpo_study_estimate(study, hpo_trial_number(best), &mean, &deviation, &error), &error);
    hpo_trial_values_by_index(best, row, SIZE);
    double loss = true_loss(row[0], row[1]);
    printf("select=%s: trial %d, rate %.4f, layers %.0f; observed %.3f, estimate %.3f +- %.3f, in truth %.3f\n", rule, (int)hpo_trial_number(best),
           row[0], row[1], hpo_trial_value(best), mean, deviation, loss);
    hpo_trial_free(best);
    return loss;
}

int main(void) {
    hpo_study *study = NULL;
    hpo_error  error;
    double     row[SIZE], relevance[SIZE];
    hpo_space *space = hpo_space_new(NULL);
    hpo_space_add_float(space, "rate", 1e-4, 1, HPO_LOG, NULL);
    hpo_space_add_int(space, "layers", 1, 8, HPO_LINEAR, NULL);
    hpo_space_add_float(space, "momentum", 0, 1, HPO_LINEAR, NULL); /* has no effect */
    must(hpo_study_new(space, &study, &error), &error);
    must(hpo_study_optimize(study, train, NULL, 60, &error), &error);
    double lucky  = show_best(study, "observed", row);
    double chosen = show_best(study, "mean", row);
    print_curve(study, 0, row);
    must(hpo_study_relevance(study, relevance, &error), &error);
    for (size_t i = 0; i < SIZE; i++)
        printf("relevance of %s: %.2f\n", hpo_space_name(space, i), relevance[i]);
    hpo_study_free(study);
    hpo_space_free(space);
    return chosen <= lucky ? EXIT_SUCCESS : EXIT_FAILURE;
}
