/*
 * Tunes a neural network (FANN) that recognises diseases of the thyroid, with a search space in which most parameters apply only sometimes:
 * the learning rate and the momentum depend on the learning algorithm, the units of the second and third layer on the number of layers.
 *
 *     thyroid_fann TRAIN TEST [OUTPUT_DIRECTORY [TRIALS]]
 *
 * TRAIN is split into a training and a validation set. TEST is read after the search and used once. With OUTPUT_DIRECTORY every trial, with its
 * learning curve, is written there as CSV and JSON. The exit status is 0 when all went well.
 * Build: cc thyroid_fann.c $(pkg-config --cflags --libs libhpo) -ldoublefann -lm -pthread
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <doublefann.h>
#include <hpo.h>

enum { INPUTS = 21, CLASSES = 3, MAX_LAYERS = 3, EPOCHS = 100, EPOCHS_PER_REPORT = 10, FOLDS = 5, FINALISTS = 4 };

static const char SEED[] = "11";

struct choice {
    const char  *name;
    unsigned int value;
};

/* Only incremental training uses the momentum; RPROP uses neither rate nor momentum. */
static const struct choice ALGORITHMS[] = {
    {"incremental", FANN_TRAIN_INCREMENTAL}, {"batch", FANN_TRAIN_BATCH}, {"rprop", FANN_TRAIN_RPROP}, {"quickprop", FANN_TRAIN_QUICKPROP}};
static const struct choice ACTIVATIONS[] = {
    {"sigmoid", FANN_SIGMOID}, {"tanh", FANN_SIGMOID_SYMMETRIC}, {"elliot", FANN_ELLIOT}, {"gaussian", FANN_GAUSSIAN}};
static const char *const UNITS[] = {"units1", "units2", "units3"};

/* A training and a validation (or test) set. */
struct sets {
    struct fann_train_data train, judge;
    double                *inputs; /* the rows of both, standardised */
};

/* What the confirmation sees. */
struct fresh {
    struct fann_train_data *data;
    const int64_t          *class_of;
};

struct progress {
    pthread_mutex_t lock; /* two workers may finish a trial at the same moment */
    uint64_t        done, planned;
    double          best;
};

/* ---- small helpers ---- */

static void fail(const char *what) {
    fprintf(stderr, "thyroid_fann: %s\n", what);
    exit(EXIT_FAILURE);
}

/* Ends the program when a call of libhpo has failed. */
static void must(hpo_status status, const hpo_error *error) {
    if (status < 0)
        fail(error->message);
}

static void *allocate(size_t count, size_t size) {
    void *block = calloc(count, size);
    if (!block)
        fail("out of memory");
    return block;
}

static unsigned int look_up(const struct choice *choices, const char *name) {
    for (int i = 0; name && i < 4; i++)
        if (strcmp(choices[i].name, name) == 0)
            return choices[i].value;
    fail("a choice is missing in the table");
    return 0;
}

/* ---- data ---- */

static struct fann_train_data *read_patients(const char *path) {
    struct fann_train_data *data = fann_read_train_from_file(path);
    if (!data || data->num_input != INPUTS || data->num_output != CLASSES)
        fail("cannot read the data: FANN format with 21 inputs and 3 outputs expected");
    return data;
}

static int64_t largest(const double *output) {
    int best = 0;
    for (int i = 1; i < CLASSES; i++)
        if (output[i] > output[best])
            best = i;
    return best;
}

/* Shifts and scales an input to mean 0 and deviation 1. Both come from the training set alone: taken from all rows, they would leak. */
static void standardise(struct sets *sets, int input) {
    const struct fann_train_data *train = &sets->train;
    double                        n = train->num_data, mean = 0, variance = 0;
    for (unsigned int i = 0; i < train->num_data; i++)
        mean += train->input[i][input] / n;
    for (unsigned int i = 0; i < train->num_data; i++)
        variance += pow(train->input[i][input] - mean, 2) / n;
    double   scale = variance > 0 ? 1 / sqrt(variance) : 1;
    unsigned rows  = train->num_data + sets->judge.num_data;
    for (unsigned int i = 0; i < rows; i++) {
        double *x = &sets->inputs[(size_t)i * INPUTS + (size_t)input];
        *x        = fmax(-5, fmin(5, (*x - mean) * scale)); /* a few patients are far out */
    }
}

/* Sends row i to the judging set where judge[i] is not 0, to the training set elsewhere. */
static struct sets split(const struct fann_train_data *data, const uint8_t *judge) {
    struct sets             sets     = {*data, *data, allocate((size_t)data->num_data * INPUTS, sizeof(double))};
    struct fann_train_data *parts[2] = {&sets.train, &sets.judge};
    for (int p = 0; p < 2; p++) {
        parts[p]->num_data = 0;
        parts[p]->input    = allocate(data->num_data, sizeof *data->input);
        parts[p]->output   = allocate(data->num_data, sizeof *data->output);
    }
    for (unsigned int i = 0; i < data->num_data; i++) {
        struct fann_train_data *to = parts[judge[i] != 0];
        to->input[to->num_data]    = memcpy(sets.inputs + (size_t)i * INPUTS, data->input[i], INPUTS * sizeof(double));
        to->output[to->num_data++] = data->output[i];
    }
    for (int input = 0; input < INPUTS; input++)
        standardise(&sets, input);
    return sets;
}

static void free_sets(struct sets *sets) {
    free(sets->train.input);
    free(sets->train.output);
    free(sets->judge.input);
    free(sets->judge.output);
    free(sets->inputs);
}

/* ---- the model ---- */

static hpo_space *make_space(void) {
    static const char *const has_rate[]     = {"incremental", "batch", "quickprop"};
    static const char *const has_momentum[] = {"incremental"};
    static const char *const has_second[]   = {"2", "3"};
    static const char *const has_third[]    = {"3"};
    const char              *algorithms[4], *activations[4];
    for (int i = 0; i < 4; i++) {
        algorithms[i]  = ALGORITHMS[i].name;
        activations[i] = ACTIVATIONS[i].name;
    }
    hpo_space *space = hpo_space_new(NULL);
    hpo_space_add_categorical(space, "algorithm", algorithms, 4, NULL);
    hpo_space_add_float(space, "rate", 1e-3, 10, HPO_LOG, NULL);
    hpo_space_add_float(space, "momentum", 0, 0.95, HPO_LINEAR, NULL);
    hpo_space_add_int(space, "layers", 1, MAX_LAYERS, HPO_LINEAR, NULL);
    for (int i = 0; i < MAX_LAYERS; i++) {
        hpo_space_add_int(space, UNITS[i], 2, 32, HPO_LOG, NULL);
        hpo_space_set_default(space, UNITS[i], "8", NULL);
    }
    hpo_space_add_categorical(space, "activation", activations, 4, NULL);

    hpo_space_when(space, "rate", "algorithm", has_rate, 3, NULL);
    hpo_space_when(space, "momentum", "algorithm", has_momentum, 1, NULL);
    hpo_space_when(space, "units2", "layers", has_second, 2, NULL);
    hpo_space_when(space, "units3", "layers", has_third, 1, NULL);

    hpo_space_set_default(space, "algorithm", "rprop", NULL); /* FANN's own defaults, where it has some */
    hpo_space_set_default(space, "rate", "0.7", NULL);
    hpo_space_set_default(space, "momentum", "0", NULL);
    hpo_space_set_default(space, "layers", "1", NULL);
    return space; /* hpo_study_new() reports the first error of the calls above */
}

/* FANN draws its first weights from rand(), which all threads share. Ours come from the trial's seed (SplitMix64, Steele et al. 2014). */
static void set_first_weights(struct fann *net, uint64_t seed) {
    unsigned int            count = fann_get_total_connections(net);
    struct fann_connection *links = allocate(count, sizeof *links);
    fann_get_connection_array(net, links);
    for (unsigned int i = 0; i < count; i++) {
        uint64_t z      = seed += 0x9E3779B97F4A7C15u;
        z               = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z               = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        links[i].weight = 0.2 * ((double)((z ^ (z >> 31)) >> 11) * 0x1p-53) - 0.1;
    }
    fann_set_weight_array(net, links, count);
    free(links);
}

static struct fann *make_network(const hpo_trial *trial) {
    unsigned int hidden = (unsigned int)hpo_trial_int(trial, "layers"), sizes[MAX_LAYERS + 2] = {INPUTS};
    for (unsigned int i = 0; i < hidden; i++)
        sizes[i + 1] = (unsigned int)hpo_trial_int(trial, UNITS[i]);
    sizes[hidden + 1] = CLASSES;
    struct fann *net  = fann_create_standard_array(hidden + 2, sizes);
    if (!net)
        fail("FANN cannot make the network");
    fann_set_activation_function_hidden(net, look_up(ACTIVATIONS, hpo_trial_categorical(trial, "activation")));
    fann_set_activation_function_output(net, FANN_SIGMOID);
    fann_set_training_algorithm(net, look_up(ALGORITHMS, hpo_trial_categorical(trial, "algorithm")));
    if (hpo_trial_is_active(trial, "rate") == 1)
        fann_set_learning_rate(net, (float)hpo_trial_float(trial, "rate"));
    if (hpo_trial_is_active(trial, "momentum") == 1)
        fann_set_learning_momentum(net, (float)hpo_trial_float(trial, "momentum"));
    set_first_weights(net, hpo_trial_seed(trial));
    return net;
}

static double error_rate(struct fann *net, const struct fann_train_data *data) {
    unsigned int wrong = 0;
    for (unsigned int i = 0; i < data->num_data; i++)
        wrong += largest(fann_run(net, data->input[i])) != largest(data->output[i]);
    return (double)wrong / data->num_data;
}

/* Trains for a fixed number of epochs and reports the learning curve on the way; the value is that of the last epoch, not of the luckiest. */
static hpo_status train_and_judge(hpo_trial *trial, struct sets *sets, double *value) {
    struct fann *net = make_network(trial);
    for (int epoch = 1; epoch <= EPOCHS; epoch++) {
        float mse = fann_train_epoch(net, &sets->train);
        if (!isfinite(mse)) {
            hpo_trial_set_message(trial, "training diverged", NULL);
            fann_destroy(net);
            return HPO_E_HOST; /* the trial has failed, the search goes on */
        }
        if (epoch % EPOCHS_PER_REPORT == 0)
            hpo_trial_report(trial, epoch, *value = error_rate(net, &sets->judge), NULL);
    }
    fann_destroy(net);
    return HPO_OK;
}

/* ---- the objectives: search and test, and confirmation ---- */

static hpo_status on_given_sets(hpo_trial *trial, double *value, void *user) {
    return train_and_judge(trial, user, value);
}

/* Repeat 0 ... 4 are the folds of a first cross-validation, repeat 5 ... 9 those of a second one; each repeat starts from other weights. */
static hpo_status on_fresh_fold(hpo_trial *trial, double *value, void *user) {
    const struct fresh *fresh  = user;
    size_t              n      = fresh->data->num_data;
    uint64_t            repeat = hpo_trial_repeat(trial);
    uint32_t           *fold   = allocate(n, sizeof *fold);
    uint8_t            *judge  = allocate(n, 1);
    hpo_error           error;
    must(hpo_split_kfold(n, FOLDS, fresh->class_of, NULL, 1000 + repeat / FOLDS, fold, &error), &error);
    for (size_t i = 0; i < n; i++)
        judge[i] = fold[i] == repeat % FOLDS;
    struct sets sets   = split(fresh->data, judge);
    hpo_status  status = train_and_judge(trial, &sets, value);
    free_sets(&sets);
    free(judge);
    free(fold);
    return status;
}

/* ---- reports ---- */

static void print_configuration(const hpo_trial *trial) {
    printf("%s", hpo_trial_categorical(trial, "algorithm"));
    if (hpo_trial_is_active(trial, "rate") == 1)
        printf(" rate %.3g", hpo_trial_float(trial, "rate"));
    if (hpo_trial_is_active(trial, "momentum") == 1)
        printf(" momentum %.2f", hpo_trial_float(trial, "momentum"));
    printf(", %s, units", hpo_trial_categorical(trial, "activation"));
    for (int i = 0; i < hpo_trial_int(trial, "layers"); i++)
        printf(" %lld", (long long)hpo_trial_int(trial, UNITS[i]));
    printf("\n");
}

/* Called after each trial, by the worker that ran it; prints the improvements, and a sign of life now and then. */
static hpo_status show_progress(const hpo_trial *trial, void *user) {
    struct progress *p = user;
    pthread_mutex_lock(&p->lock);
    p->done++;
    int better = hpo_trial_state(trial) == HPO_COMPLETE && hpo_trial_value(trial) < p->best;
    if (better)
        p->best = hpo_trial_value(trial);
    if (better || p->done % 15 == 0) {
        printf("%3llu of %llu trials   best %5.2f %% error%s", (unsigned long long)p->done, (unsigned long long)p->planned, 100 * p->best,
               better ? "   " : "\n");
        if (better)
            print_configuration(trial);
        fflush(stdout);
    }
    pthread_mutex_unlock(&p->lock);
    return HPO_OK;
}

static void print_learning_curve(const hpo_trial *trial) {
    printf("\nLearning curve of trial %llu (epoch: %% error on the validation set)\n", (unsigned long long)hpo_trial_number(trial));
    for (size_t i = 0; i < hpo_trial_report_count(trial); i++) {
        int64_t epoch;
        double  value;
        hpo_trial_report_at(trial, i, &epoch, &value, NULL);
        printf("%s%lld: %.2f", i ? "  " : "", (long long)epoch, 100 * value);
    }
    printf("\n");
}

static void print_advice(const hpo_study *study) {
    size_t need = 0;
    hpo_study_advice(study, "text", NULL, 0, &need, NULL);
    char     *text = allocate(need, 1);
    hpo_error error;
    must(hpo_study_advice(study, "text", text, need, NULL, &error), &error);
    printf("\nAdvice\n%s\n", text);
    free(text);
}

static void export_trials(const hpo_study *study, const char *directory) {
    static const char *const formats[] = {"csv", "json"};
    if (mkdir(directory, 0777) != 0 && errno != EEXIST)
        fail("cannot make the output directory");
    for (size_t i = 0; i < 2; i++) {
        char      path[4096];
        hpo_error error;
        snprintf(path, sizeof path, "%s/thyroid.%s", directory, formats[i]);
        must(hpo_study_export(study, formats[i], path, &error), &error);
        printf("wrote %s\n", path);
    }
}

/* ---- the parts put together ---- */

static hpo_study *search(const hpo_space *space, struct sets *sets, uint64_t trials) {
    hpo_study      *study    = NULL;
    struct progress progress = {.planned = trials, .best = HUGE_VAL};
    hpo_error       error;
    pthread_mutex_init(&progress.lock, NULL);
    must(hpo_study_new(space, &study, &error), &error);
    must(hpo_study_set(study, "strategy", "sobol", &error), &error);
    must(hpo_study_set(study, "seed", SEED, &error), &error);
    must(hpo_study_set(study, "workers", "2", &error), &error);
    must(hpo_study_set(study, "order", "logical", &error), &error); /* the same trials in every run, whichever worker is faster */
    must(hpo_study_on_trial(study, show_progress, &progress, &error), &error);
    must(hpo_study_optimize(study, on_given_sets, sets, trials, &error), &error);
    must(hpo_study_on_trial(study, NULL, NULL, &error), &error);
    pthread_mutex_destroy(&progress.lock);
    return study;
}

static hpo_trial *choose(hpo_study *study, struct fresh *fresh, size_t repeats) {
    hpo_trial *best = NULL, *winner = NULL, *standard = NULL;
    hpo_error  error;
    must(hpo_study_best(study, &best, &error), &error);
    print_learning_curve(best);

    double optimism, low, high, chosen, before;
    must(hpo_study_confirm(study, on_fresh_fold, fresh, FINALISTS, repeats, &winner, &error), &error);
    must(hpo_study_default(study, &standard, &error), &error);
    must(hpo_study_optimism(study, &optimism, &low, &high, &error), &error);
    must(hpo_study_confirmed(study, hpo_trial_number(winner), &chosen, NULL, NULL, &error), &error);
    must(hpo_study_confirmed(study, hpo_trial_number(standard), &before, NULL, NULL, &error), &error);
    printf("\nThe %d best and the default, trained again on %zu fresh folds from fresh weights\nwinner: trial %llu, ", FINALISTS, repeats,
           (unsigned long long)hpo_trial_number(winner));
    print_configuration(winner);
    printf("error of the winner: %.2f %%, of the default: %.2f %%\n", 100 * chosen, 100 * before);
    printf("optimism of the raw best: %.2f %% (95 %% interval %.2f to %.2f %%)\n", 100 * optimism, 100 * low, 100 * high);
    if (chosen > before)
        fail("the winner is worse than the default");
    hpo_trial_free(standard);
    hpo_trial_free(best);
    return winner;
}

/* The test file is opened here and not before: nothing above can have been fitted to it. */
static void test(hpo_study *study, const hpo_trial *winner, struct fann_train_data *data, const char *path) {
    struct fann_train_data *patients = read_patients(path), *all = fann_merge_train_data(data, patients);
    uint8_t                *judge = allocate(all->num_data, 1);
    double                  score;
    hpo_error               error;
    memset(judge + data->num_data, 1, patients->num_data);
    struct sets sets = split(all, judge);
    must(hpo_study_test(study, winner, on_given_sets, &sets, &score, &error), &error);
    printf("\nTest set, used once: %.0f of %u patients wrong, %.2f %%\n", score * patients->num_data, patients->num_data, 100 * score);
    if (score > 0.07) /* 7.03 % of them are ill: calling everybody healthy is wrong that often */
        fail("the network has learnt nothing");
    free_sets(&sets);
    free(judge);
    fann_destroy_train(all);
    fann_destroy_train(patients);
}

int main(int argc, char **argv) {
    if (argc < 3 || argc > 5)
        fail("usage: thyroid_fann TRAIN TEST [OUTPUT_DIRECTORY [TRIALS]]");
    uint64_t trials = argc == 5 ? strtoull(argv[4], NULL, 10) : 60;
    if (trials < 5 || trials > 100000)
        fail("TRIALS must be from 5 to 100000");

    struct fann_train_data *data     = read_patients(argv[1]);
    size_t                  n        = data->num_data;
    int64_t                *class_of = allocate(n, sizeof *class_of);
    uint8_t                *part     = allocate(n, 1);
    hpo_error               error;
    for (size_t i = 0; i < n; i++)
        class_of[i] = largest(data->output[i]);
    must(hpo_split_holdout(n, 0.25, 0, class_of, NULL, 1, part, &error), &error); /* HPO_TRAIN is 0, HPO_VALIDATION 1 */
    struct sets  sets  = split(data, part);
    struct fresh fresh = {data, class_of};
    printf("%zu patients: %u to train, %u to validate. %llu trials of %d epochs.\n\n", n, sets.train.num_data, sets.judge.num_data,
           (unsigned long long)trials, EPOCHS);

    hpo_space *space  = make_space();
    hpo_study *study  = search(space, &sets, trials);
    hpo_trial *winner = choose(study, &fresh, trials < 30 ? FOLDS : 2 * FOLDS);
    test(study, winner, data, argv[2]);
    print_advice(study);
    if (argc > 3)
        export_trials(study, argv[3]);

    hpo_trial_free(winner);
    hpo_study_free(study);
    hpo_space_free(space);
    free_sets(&sets);
    free(part);
    free(class_of);
    fann_destroy_train(data);
    return EXIT_SUCCESS;
}
