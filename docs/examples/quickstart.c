/*
 * The shortest complete use of libhpo: with which step size does gradient descent learn a noisy curve, and how many coefficients does it need?
 * Build: cc quickstart.c $(pkg-config --cflags --libs libhpo) -lm
 */
#include <hpo.h>
#include <math.h>
#include <stdio.h>

/* The model is a polynomial; the data are 100 points of a sine with noise. Gives prediction minus truth at point i. */
static double error_at(int i, const double *weight, int64_t degree) {
    double x = i / 50.0 - 1, prediction = 0;
    for (int64_t d = 0; d <= degree; d++)
        prediction += weight[d] * pow(x, (double)d);
    return prediction - (sin(4 * x) + 0.3 * sin(997.0 * i));
}

/* The objective: trains on the even points with the hyperparameters of this trial, and gives the mean squared error on the odd points. */
static hpo_status train(hpo_trial *trial, double *loss, void *user) {
    double  rate       = hpo_trial_float(trial, "rate");
    int64_t degree     = hpo_trial_int(trial, "degree");
    double  weight[10] = {0}, sum = 0;
    (void)user;
    for (int step = 0; step < 20000; step++) {
        int    i     = step % 50 * 2;
        double error = error_at(i, weight, degree);
        for (int64_t d = 0; d <= degree; d++)
            weight[d] -= rate * error * pow(i / 50.0 - 1, (double)d);
    }
    for (int i = 1; i < 100; i += 2)
        sum += error_at(i, weight, degree) * error_at(i, weight, degree);
    *loss = sum / 50;
    return HPO_OK;
}

int main(void) {
    hpo_study *study = NULL;
    hpo_trial *best  = NULL;
    hpo_error  error;
    hpo_space *space = hpo_space_new(NULL);
    hpo_space_add_float(space, "rate", 1e-4, 1, HPO_LOG, NULL);
    hpo_space_add_int(space, "degree", 1, 9, HPO_LINEAR, NULL);

    if (hpo_study_new(space, &study, &error) < 0 || hpo_study_optimize(study, train, NULL, 100, &error) < 0 ||
        hpo_study_best(study, &best, &error) < 0) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    printf("best: loss %.4f, rate %.4f, degree %d\n", hpo_trial_value(best), hpo_trial_float(best, "rate"), (int)hpo_trial_int(best, "degree"));

    int good = hpo_trial_value(best) < 0.1;
    hpo_trial_free(best);
    hpo_study_free(study);
    hpo_space_free(space);
    return good ? 0 : 1;
}
