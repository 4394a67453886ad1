/*
 * Chapter 8: reading the results and choosing. The model predicts a number from the samples nearby, weighted by a kernel (Nadaraya and Watson).
 * Usage: 08-choosing [DIRECTORY for the exported files]
 */
#include "tutorial.h"

#include <string.h>

enum { SAMPLES = 400, FEATURES = 3, FOLDS = 5 };

typedef struct data {
    double   x[SAMPLES][FEATURES], y[SAMPLES];
    uint8_t  part[SAMPLES]; /* HPO_TRAIN, HPO_VALIDATION or HPO_TEST */
    uint32_t fold[SAMPLES];
} data;

static void make_data(data *d) {
    hpo_error error;
    for (uint64_t i = 0; i < SAMPLES; i++) {
        for (uint64_t j = 0; j < FEATURES; j++)
            d->x[i][j] = 2 * uniform(11, i * FEATURES + j) - 1;
        d->y[i] = sin(4 * d->x[i][0]) + d->x[i][1] * d->x[i][1] + 0.3 * normal(12, i);
    }
    must(hpo_split_holdout(SAMPLES, 0.2, 0.2, NULL, NULL, 7, d->part, &error), &error);
}

/* Mean of the training samples, weighted by how near they are. `use` marks the training samples. */
static double predict(const data *d, const uint8_t *use, const hpo_trial *trial, const double *x) {
    double bandwidth = hpo_trial_float(trial, "bandwidth"), power = hpo_trial_float(trial, "power");
    double sum = 0, weights = 1e-300;
    for (int i = 0; i < SAMPLES; i++) {
        double square = 0;
        for (int j = 0; j < FEATURES; j++)
            square += (d->x[i][j] - x[j]) * (d->x[i][j] - x[j]);
        double weight = use[i] ? exp(-pow(sqrt(square) / bandwidth, power)) : 0;
        sum += weight * d->y[i];
        weights += weight;
    }
    return sum / weights;
}

/* Mean squared error over the samples with judge[i]. */
static double judge(const data *d, const uint8_t *use, const uint8_t *judged, const hpo_trial *trial) {
    double sum = 0, n = 0;
    for (int i = 0; i < SAMPLES; i++)
        if (judged[i]) {
            sum += pow(predict(d, use, trial, d->x[i]) - d->y[i], 2);
            n++;
        }
    return sum / n;
}

/* The search: train on the training set, judge on the validation set. The parameter "block" is read by nothing, as happens in real programs. */
static hpo_status on_validation(hpo_trial *trial, double *value, void *user) {
    const data *d = user;
    uint8_t     use[SAMPLES], judged[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
        use[i]    = d->part[i] == HPO_TRAIN;
        judged[i] = d->part[i] == HPO_VALIDATION;
    }
    *value = judge(d, use, judged, trial);
    return HPO_OK;
}

/* Confirmation: cross-validation over training and validation samples, in new folds for every repeat. The test set stays out. */
static hpo_status on_fresh_folds(hpo_trial *trial, double *value, void *user) {
    data      *d = user;
    uint32_t   fold[SAMPLES];
    hpo_status status = hpo_split_kfold(SAMPLES, FOLDS, NULL, NULL, hpo_trial_seed(trial), fold, NULL);
    if (status < 0)
        return status;
    *value = 0;
    for (uint32_t f = 0; f < FOLDS; f++) {
        uint8_t use[SAMPLES], judged[SAMPLES];
        for (int i = 0; i < SAMPLES; i++) {
            use[i]    = d->part[i] != HPO_TEST && fold[i] != f;
            judged[i] = d->part[i] != HPO_TEST && fold[i] == f;
        }
        *value += judge(d, use, judged, trial) / FOLDS;
    }
    return HPO_OK;
}

/* The final look: train on everything but the test set, judge on the test set. */
static hpo_status on_test_set(hpo_trial *trial, double *value, void *user) {
    const data *d = user;
    uint8_t     use[SAMPLES], judged[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
        use[i]    = d->part[i] != HPO_TEST;
        judged[i] = d->part[i] == HPO_TEST;
    }
    *value = judge(d, use, judged, trial);
    return HPO_OK;
}

/* 60 trials with bandwidths from `narrowest` on. */
static hpo_study *search(data *d, double narrowest) {
    hpo_error  error;
    hpo_study *study = NULL;
    hpo_space *space = hpo_space_new(NULL);
    hpo_space_add_float(space, "bandwidth", narrowest, 10, HPO_LOG, NULL);
    hpo_space_add_float(space, "power", 1, 3, HPO_LINEAR, NULL);
    hpo_space_add_int(space, "block", 16, 256, HPO_LOG, NULL);
    must(hpo_study_new(space, &study, &error), &error);
    hpo_space_free(space);
    must(hpo_study_optimize(study, on_validation, d, 60, &error), &error);
    return study;
}

static void show(const char *title, const hpo_trial *trial) {
    printf("%s trial %llu: bandwidth %.3f, power %.2f, block %lld: %.4f\n", title, (unsigned long long)hpo_trial_number(trial),
           hpo_trial_float(trial, "bandwidth"), hpo_trial_float(trial, "power"), (long long)hpo_trial_int(trial, "block"), hpo_trial_value(trial));
}

/* Is there advice of this kind on this parameter? Programs read the advice as JSON; the texts are for people. */
static int advises(const hpo_study *study, const char *kind, const char *parameter) {
    hpo_error error;
    char      advice[8192], wanted[256];
    must(hpo_study_advice(study, "json", advice, sizeof advice, NULL, &error), &error);
    snprintf(wanted, sizeof wanted, "{\"kind\": \"%s\", \"parameter\": \"%s\"", kind, parameter);
    return strstr(advice, wanted) != NULL;
}

/* Prints best, default and advice; returns the best value. */
static double read_results(const hpo_study *study) {
    hpo_error  error;
    char       advice[8192];
    hpo_trial *best = NULL, *first = NULL;
    must(hpo_study_best(study, &best, &error), &error);
    must(hpo_study_default(study, &first, &error), &error);
    show("default:", first);
    show("best:   ", best);
    must(hpo_study_advice(study, "text", advice, sizeof advice, NULL, &error), &error);
    printf("advice:\n%s\n", advice);
    double value = hpo_trial_value(best);
    hpo_trial_free(first);
    hpo_trial_free(best);
    return value;
}

/* The plateau: how many trials were nearly as good as the best, and in what range of bandwidths. */
static void show_plateau(const hpo_study *study, double best) {
    hpo_error error;
    double    value[60], bandwidth[60], low = HUGE_VAL, high = 0;
    size_t    n     = 0;
    int       close = 0;
    must(hpo_study_column(study, "value", value, 60, &n, &error), &error);
    must(hpo_study_column(study, "bandwidth", bandwidth, 60, &n, &error), &error);
    for (size_t i = 0; i < n; i++)
        if (value[i] < 1.1 * best) {
            close++;
            low  = fmin(low, bandwidth[i]);
            high = fmax(high, bandwidth[i]);
        }
    printf("%d of %d trials are within 10 %% of the best, with bandwidths from %.3f to %.3f\n", close, (int)n, low, high);
}

static void choose(hpo_study *study, data *d) {
    hpo_error  error;
    hpo_trial *winner   = NULL;
    double     optimism = 0, low = 0, high = 0, mean = 0, spread = 0, score = 0;
    size_t     repeats = 0;
    must(hpo_study_confirm(study, on_fresh_folds, d, 5, 10, &winner, &error), &error);
    must(hpo_study_optimism(study, &optimism, &low, &high, &error), &error);
    must(hpo_study_confirmed(study, hpo_trial_number(winner), &mean, &spread, &repeats, &error), &error);
    show("winner: ", winner);
    printf("confirmed: %.4f +- %.4f over %d repeats\n", mean, spread, (int)repeats);
    printf("optimism of the raw best: %.4f (95 %% interval %.4f to %.4f)\n", optimism, low, high);
    must(hpo_study_test(study, winner, on_test_set, d, &score, &error), &error);
    printf("test set, used %d time: %.4f\n", (int)hpo_study_test_count(study), score);
    claim(fabs(score - mean) < 0.05, "the confirmed score foretold the test score to 0.05");
    claim(hpo_study_test_count(study) == 1, "the test set was used once");
    hpo_trial_free(winner);
}

static void export_all(const hpo_study *study, const char *directory) {
    static const char *const format[] = {"csv", "json"};
    hpo_error                error;
    char                     path[4096];
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/choosing.%s", directory, format[i]);
        must(hpo_study_export(study, format[i], path, &error), &error);
    }
    snprintf(path, sizeof path, "%s/choosing.csv", directory);
    FILE *file  = fopen(path, "r");
    int   lines = 0;
    for (int c = 0; file && (c = getc(file)) != EOF;)
        lines += c == '\n';
    if (file)
        fclose(file);
    claim(lines == 61, "choosing.csv has a heading and a row for each of the 60 trials");
}

int main(int argc, char **argv) {
    static data d;
    make_data(&d);
    printf("--- First search: bandwidth from 1.2 to 10\n");
    hpo_study *study = search(&d, 1.2);
    double     first = read_results(study);
    claim(advises(study, "edge", "bandwidth"), "the advice says that the best bandwidth is at the edge of its range");
    claim(advises(study, "no-effect", "block"), "and that block has no effect");
    hpo_study_free(study);

    printf("\n--- Second search: bandwidth from 0.02 to 10\n");
    study         = search(&d, 0.02);
    double second = read_results(study);
    show_plateau(study, second);
    claim(second < first, "the wider range was worth it");

    printf("\n--- Choosing\n");
    choose(study, &d);
    export_all(study, argc > 1 ? argv[1] : ".");
    hpo_study_free(study);
    return 0;
}
