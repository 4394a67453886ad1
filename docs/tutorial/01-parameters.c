/*
 * Chapter 1: parameters are learned by training, hyperparameters are chosen before it.
 * The model is a polynomial, its weights are trained by gradient descent.
 */
#include "tutorial.h"

enum { SAMPLES = 60, TRAINING = 20, MAX_DEGREE = 10, EPOCHS = 5000 };

typedef struct data {
    double x[SAMPLES], y[SAMPLES]; /* the first TRAINING ones are for training, the others for validation */
} data;

typedef struct model {
    int    degree;
    double weight[MAX_DEGREE + 1]; /* the parameters */
} model;

static void make_data(data *d) {
    for (uint64_t i = 0; i < SAMPLES; i++) {
        d->x[i] = 2 * uniform(1, i) - 1;
        d->y[i] = sin(3 * d->x[i]) + 0.3 * normal(2, i);
    }
}

/* Legendre polynomials P_0 ... P_degree at x: the same curves as 1, x, x^2, ..., but kinder to gradient descent. */
static void features(double x, int degree, double *p) {
    p[0] = 1;
    p[1] = x;
    for (int j = 1; j < degree; j++)
        p[j + 1] = ((2 * j + 1) * x * p[j] - j * p[j - 1]) / (j + 1);
}

static double predict(const model *m, double x) {
    double p[MAX_DEGREE + 1], sum = 0;
    features(x, m->degree, p);
    for (int j = 0; j <= m->degree; j++)
        sum += m->weight[j] * p[j];
    return sum;
}

/* Mean squared error over the samples from `first` up to `end`. */
static double loss(const model *m, const data *d, int first, int end) {
    double sum = 0;
    for (int i = first; i < end; i++)
        sum += pow(predict(m, d->x[i]) - d->y[i], 2);
    return sum / (end - first);
}

/* Training: it is given the three hyperparameters, it finds the weights. */
static model train(const data *d, int degree, double lr, double lambda) {
    model m = {.degree = degree};
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        double slope[MAX_DEGREE + 1], p[MAX_DEGREE + 1];
        for (int j = 0; j <= degree; j++)
            slope[j] = 2 * lambda * m.weight[j];
        for (int i = 0; i < TRAINING; i++) {
            double miss = predict(&m, d->x[i]) - d->y[i];
            features(d->x[i], degree, p);
            for (int j = 0; j <= degree; j++)
                slope[j] += 2 * miss * p[j] / TRAINING;
        }
        for (int j = 0; j <= degree; j++)
            m.weight[j] -= lr * slope[j];
    }
    return m;
}

/* What libhpo calls for every trial: read the hyperparameters, train, give back the validation loss. */
static hpo_status objective(hpo_trial *trial, double *value, void *user) {
    const data *d = user;
    model       m = train(d, (int)hpo_trial_int(trial, "degree"), hpo_trial_float(trial, "lr"), hpo_trial_float(trial, "lambda"));
    *value        = loss(&m, d, TRAINING, SAMPLES);
    if (isfinite(*value))
        return HPO_OK;
    hpo_trial_set_message(trial, "the weights grew without bound", NULL);
    return HPO_E_HOST;
}

static void show_parameters(const data *d) {
    model m = train(d, 3, 0.1, 0.001);
    printf("Hyperparameters we chose: degree 3, lr 0.1, lambda 0.001\nParameters that training found:");
    for (int j = 0; j <= m.degree; j++)
        printf(" %.2f", m.weight[j]);
    printf("\n\n");
}

static void show_degrees(const data *d) {
    double training[MAX_DEGREE + 1], validation[MAX_DEGREE + 1];
    int    falls = 1, best = 1;
    printf("degree  training loss  validation loss\n");
    for (int degree = 1; degree <= MAX_DEGREE; degree++) {
        model m            = train(d, degree, 0.3, 0);
        training[degree]   = loss(&m, d, 0, TRAINING);
        validation[degree] = loss(&m, d, TRAINING, SAMPLES);
        falls              = falls && (degree == 1 || training[degree] < training[degree - 1]);
        best               = validation[degree] < validation[best] ? degree : best;
        printf("%6d  %13.3f  %15.3f\n", degree, training[degree], validation[degree]);
    }
    claim(falls, "the training loss falls with every degree, so it cannot choose one");
    claim(best > 1 && best < MAX_DEGREE, "the validation loss is lowest somewhere in the middle");
    printf("\n");
}

static void tune(data *d) {
    hpo_error  error;
    hpo_space *space = hpo_space_new(NULL);
    hpo_space_add_float(space, "lr", 1e-4, 3, HPO_LOG, NULL);
    hpo_space_add_float(space, "lambda", 1e-6, 1, HPO_LOG, NULL);
    hpo_space_add_int(space, "degree", 1, MAX_DEGREE, HPO_LINEAR, NULL);

    hpo_study *study = NULL;
    must(hpo_study_new(space, &study, &error), &error);
    must(hpo_study_optimize(study, objective, d, 100, &error), &error);

    hpo_trial *best = NULL, *first = NULL;
    must(hpo_study_best(study, &best, &error), &error);
    must(hpo_study_default(study, &first, &error), &error);
    printf("default: degree %2d, lr %.4f, lambda %.6f: validation loss %.3f\n", (int)hpo_trial_int(first, "degree"), hpo_trial_float(first, "lr"),
           hpo_trial_float(first, "lambda"), hpo_trial_value(first));
    printf("best:    degree %2d, lr %.4f, lambda %.6f: validation loss %.3f\n", (int)hpo_trial_int(best, "degree"), hpo_trial_float(best, "lr"),
           hpo_trial_float(best, "lambda"), hpo_trial_value(best));
    printf("trials: %d complete, %d failed\n", (int)hpo_study_trial_count(study, HPO_COMPLETE), (int)hpo_study_trial_count(study, HPO_FAILED));
    claim(hpo_trial_value(best) < hpo_trial_value(first), "tuning found better hyperparameters than the defaults");
    claim(hpo_study_trial_count(study, HPO_FAILED) > 0, "a learning rate that is too large fails, and the search goes on");

    hpo_trial_free(first);
    hpo_trial_free(best);
    hpo_study_free(study);
    hpo_space_free(space);
}

int main(void) {
    data d;
    make_data(&d);
    show_parameters(&d);
    show_degrees(&d);
    tune(&d);
    return 0;
}
