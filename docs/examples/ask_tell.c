/*
 * The same search as quickstart.c with a loop of our own: ask for a configuration, evaluate it, tell the result.
 * This is the form for programs that already have a loop, a job queue or an event handler of their own.
 * Build: cc ask_tell.c $(pkg-config --cflags --libs libhpo) -lm
 */
#include <hpo.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* The model is a polynomial; the data are 100 points of a sine with noise. Gives prediction minus truth at point i. */
static double error_at(int i, const double *weight, int degree) {
    double x = i / 50.0 - 1, prediction = 0;
    for (int d = 0; d <= degree; d++)
        prediction += weight[d] * pow(x, d);
    return prediction - (sin(4 * x) + 0.3 * sin(997.0 * i));
}

/* Trains on the even points, gives the mean squared error on the odd ones. Knows nothing of libhpo. */
static double train(double rate, int degree) {
    double weight[10] = {0}, sum = 0;
    for (int step = 0; step < 20000; step++) {
        int    i     = step % 50 * 2;
        double error = error_at(i, weight, degree);
        for (int d = 0; d <= degree; d++)
            weight[d] -= rate * error * pow(i / 50.0 - 1, d);
    }
    for (int i = 1; i < 100; i += 2)
        sum += error_at(i, weight, degree) * error_at(i, weight, degree);
    return sum / 50;
}

static void must(hpo_status status, const hpo_error *error) {
    if (status < 0) {
        fprintf(stderr, "ask_tell: %s\n", error->message);
        exit(EXIT_FAILURE);
    }
}

/* A configuration that worked before, or that a colleague swears by, is tried early. */
static void try_first(hpo_study *study, double rate, double degree) {
    hpo_point *point = NULL;
    hpo_error  error;
    must(hpo_point_new(hpo_study_space(study), &point, &error), &error);
    must(hpo_point_set_number(point, "rate", rate, &error), &error);
    must(hpo_point_set_number(point, "degree", degree, &error), &error);
    must(hpo_study_enqueue(study, point, &error), &error);
    hpo_point_free(point);
}

int main(void) {
    hpo_study *study = NULL;
    hpo_error  error;
    hpo_space *space = hpo_space_new(NULL);
    hpo_space_add_float(space, "rate", 1e-4, 1, HPO_LOG, NULL);
    hpo_space_add_int(space, "degree", 1, 9, HPO_LINEAR, NULL);
    must(hpo_study_new(space, &study, &error), &error);
    must(hpo_study_set(study, "strategy", "sobol", &error), &error);
    must(hpo_study_set(study, "seed", "7", &error), &error);
    try_first(study, 0.1, 5);

    double lowest = HUGE_VAL;
    for (int i = 0; i < 60; i++) {
        hpo_trial *trial = NULL;
        must(hpo_study_ask(study, &trial, &error), &error);
        double loss = train(hpo_trial_float(trial, "rate"), (int)hpo_trial_int(trial, "degree"));
        if (isfinite(loss)) {
            must(hpo_study_tell(study, trial, HPO_COMPLETE, &loss, 1, &error), &error);
        } else { /* the step size was too large; say so, and the search goes on */
            hpo_trial_set_message(trial, "training diverged", NULL);
            must(hpo_study_tell(study, trial, HPO_FAILED, NULL, 0, &error), &error);
        }
        if (loss < lowest)
            printf("trial %2d: loss %.4f  rate %.4f  degree %d\n", i, lowest = loss, hpo_trial_float(trial, "rate"),
                   (int)hpo_trial_int(trial, "degree"));
        hpo_trial_free(trial);
    }

    hpo_trial *best = NULL;
    must(hpo_study_best(study, &best, &error), &error);
    printf("best: loss %.4f, rate %.4f, degree %d\n", hpo_trial_value(best), hpo_trial_float(best, "rate"), (int)hpo_trial_int(best, "degree"));
    int good = hpo_trial_value(best) == lowest && hpo_study_trial_count(study, -1) == 60;

    hpo_trial_free(best);
    hpo_study_free(study);
    hpo_space_free(space);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
