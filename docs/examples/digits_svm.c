/*
 * Tunes a support vector machine (LIBSVM) that reads handwritten digits, and finds out honestly how good it is.
 *
 *     digits_svm DATA.csv OUTPUT_DIRECTORY [TRIALS]
 *
 * 1. The images are split into a training, a validation and a test set.
 * 2. Four strategies search with the same number of trials (60 unless TRIALS says otherwise). They see the training and the validation set only.
 * 3. The best configurations of the best search are trained and judged again on fresh folds, because the winner of a search was also lucky.
 * 4. One model, trained with the chosen configuration, is judged once on the test set.
 *
 * OUTPUT_DIRECTORY receives every trial of every search as CSV and JSON. The exit status is 0 when all went well.
 * Build: cc digits_svm.c $(pkg-config --cflags --libs libhpo) -lsvm -lm -pthread
 */
#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <hpo.h>
#include <libsvm/svm.h>

enum { IMAGES = 1797, PIXELS = 64, DIGITS = 10, FOLDS = 5, FINALISTS = 5 };

static const uint64_t SEED = 2024;

static const char *const STRATEGIES[] = {"grid", "random", "sobol", "zoom"};
static const char *const KERNELS[]    = {"linear", "poly", "rbf", "sigmoid"}; /* in the order of LIBSVM's LINEAR, POLY, RBF, SIGMOID */
static const char *const WITH_GAMMA[] = {"poly", "rbf", "sigmoid"};
static const char *const ONLY_POLY[]  = {"poly"};
enum { STRATEGY_COUNT = sizeof STRATEGIES / sizeof *STRATEGIES };

/* The images, as LIBSVM wants them: sparse rows, each ended by an index of -1. */
struct digits {
    struct svm_node pixels[IMAGES][PIXELS + 1];
    int64_t         digit[IMAGES];
};

/* What the search may see. The test set is not in here, so no trial can peek at it. */
struct search_data {
    struct svm_problem train, validation;
};

/* What the confirmation may see: training and validation set together, cut into fresh folds. */
struct confirm_data {
    struct svm_problem development;
    int64_t           *digit; /* of each image in `development`, to stratify by */
};

/* What the one final evaluation sees. */
struct test_data {
    struct svm_problem development, test;
};

/* One search and what came out of it. */
struct search {
    const char *strategy;
    hpo_study  *study;
    double      best, seconds;
    size_t      trials, trials_to_best;
};

struct progress {
    pthread_mutex_t lock; /* two workers may finish a trial at the same moment */
    const char     *strategy;
    uint64_t        done, planned;
    double          best, start;
    int             terminal;
};

/* ---- small helpers ---- */

static void fail(const char *what) {
    fprintf(stderr, "digits_svm: %s\n", what);
    exit(EXIT_FAILURE);
}

/* Ends the program when a call of libhpo has failed; benign codes such as HPO_EXHAUSTED pass. */
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

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void silent(const char *text) {
    (void)text;
}

/* ---- data ---- */

/* Reads rows of 64 pixels from 0 to 16 and the digit, and scales the pixels to [0,1] as LIBSVM's authors advise. */
static void read_digits(const char *path, struct digits *data) {
    FILE *file = fopen(path, "r");
    if (!file)
        fail("cannot open the data file");
    for (size_t row = 0; row < IMAGES; row++) {
        struct svm_node *node = data->pixels[row];
        for (int column = 1, value; column <= PIXELS; column++) {
            if (fscanf(file, "%d,", &value) != 1 || value < 0 || value > 16)
                fail("the data file does not hold 1797 rows of 64 pixels from 0 to 16 and a digit");
            if (value > 0)
                *node++ = (struct svm_node){.index = column, .value = value / 16.0};
        }
        node->index = -1;
        int digit;
        if (fscanf(file, "%d", &digit) != 1 || digit < 0 || digit >= DIGITS)
            fail("a row of the data file does not end with a digit");
        data->digit[row] = digit;
    }
    char rest;
    if (fscanf(file, " %c", &rest) == 1)
        fail("the data file has more than 1797 rows");
    fclose(file);
}

/* The images whose `part` is `first` or `second`, without copying pixels. */
static struct svm_problem select_images(struct digits *data, const uint8_t *part, int first, int second) {
    struct svm_problem rows = {.l = 0, .y = allocate(IMAGES, sizeof *rows.y), .x = allocate(IMAGES, sizeof *rows.x)};
    for (size_t i = 0; i < IMAGES; i++)
        if (part[i] == first || part[i] == second) {
            rows.x[rows.l]   = data->pixels[i];
            rows.y[rows.l++] = (double)data->digit[i];
        }
    return rows;
}

static void free_rows(struct svm_problem *rows) {
    free(rows->x);
    free(rows->y);
}

/* ---- the model ---- */

/* Defaults are LIBSVM's own; the ranges are those of Hsu, Chang and Lin, "A Practical Guide to Support Vector Classification". */
static hpo_space *make_space(void) {
    hpo_space *space = hpo_space_new(NULL);
    hpo_space_add_categorical(space, "kernel", KERNELS, 4, NULL);
    hpo_space_add_float(space, "C", 0x1p-5, 0x1p15, HPO_LOG, NULL);
    hpo_space_add_float(space, "gamma", 0x1p-15, 0x1p3, HPO_LOG, NULL);
    hpo_space_add_int(space, "degree", 2, 5, HPO_LINEAR, NULL);
    hpo_space_when(space, "gamma", "kernel", WITH_GAMMA, 3, NULL);
    hpo_space_when(space, "degree", "kernel", ONLY_POLY, 1, NULL);
    hpo_space_set_default(space, "kernel", "rbf", NULL);
    hpo_space_set_default(space, "C", "1", NULL);
    hpo_space_set_default(space, "gamma", "0.015625", NULL); /* 1 / number of features */
    hpo_space_set_default(space, "degree", "3", NULL);
    return space; /* hpo_study_new() reports the first error of the calls above */
}

static int kernel_number(const hpo_trial *trial) {
    const char *kernel = hpo_trial_categorical(trial, "kernel");
    for (int i = LINEAR; kernel && i <= SIGMOID; i++)
        if (strcmp(kernel, KERNELS[i]) == 0)
            return i;
    return -1; /* svm_check_parameter() will refuse it */
}

static struct svm_parameter configuration(const hpo_trial *trial) {
    struct svm_parameter svm = {.svm_type = C_SVC, .kernel_type = kernel_number(trial), .cache_size = 50, .eps = 1e-3, .shrinking = 1};
    svm.C                    = hpo_trial_float(trial, "C");
    if (hpo_trial_is_active(trial, "gamma") == 1)
        svm.gamma = hpo_trial_float(trial, "gamma");
    if (hpo_trial_is_active(trial, "degree") == 1)
        svm.degree = (int)hpo_trial_int(trial, "degree");
    return svm;
}

/* Trains on one set and gives the share of wrong answers on another. svm_train() uses no global state, so workers may call it at once. */
static hpo_status train_and_judge(hpo_trial *trial, const struct svm_problem *train, const struct svm_problem *judge, double *error_rate) {
    struct svm_parameter svm     = configuration(trial);
    const char          *problem = svm_check_parameter(train, &svm);
    if (problem) {
        hpo_trial_set_message(trial, problem, NULL);
        return HPO_E_HOST;
    }
    struct svm_model *model = svm_train(train, &svm);
    int               wrong = 0;
    for (int i = 0; i < judge->l; i++)
        wrong += svm_predict(model, judge->x[i]) != judge->y[i];
    svm_free_and_destroy_model(&model);
    *error_rate = (double)wrong / judge->l;
    return HPO_OK;
}

/* ---- the three objectives: search, confirmation, test ---- */

static hpo_status on_validation_set(hpo_trial *trial, double *error_rate, void *user) {
    const struct search_data *data = user;
    return train_and_judge(trial, &data->train, &data->validation, error_rate);
}

/* Repeat 0 ... 4 are the folds of a first cross-validation, repeat 5 ... 9 those of a second one with another seed, and so on. */
static hpo_status on_fresh_fold(hpo_trial *trial, double *error_rate, void *user) {
    const struct confirm_data *data  = user;
    const struct svm_problem  *all   = &data->development;
    uint64_t                   round = hpo_trial_repeat(trial) / FOLDS, held_out = hpo_trial_repeat(trial) % FOLDS;
    uint32_t                   fold[IMAGES];
    hpo_error                  error;
    must(hpo_split_kfold((size_t)all->l, FOLDS, data->digit, NULL, SEED + 1 + round, fold, &error), &error);

    struct svm_node   *x[2][IMAGES];
    double             y[2][IMAGES];
    struct svm_problem part[2] = {{0, y[0], x[0]}, {0, y[1], x[1]}};
    for (int i = 0; i < all->l; i++) {
        struct svm_problem *to = &part[fold[i] == held_out];
        to->x[to->l]           = all->x[i];
        to->y[to->l++]         = all->y[i];
    }
    return train_and_judge(trial, &part[0], &part[1], error_rate);
}

static hpo_status on_test_set(hpo_trial *trial, double *error_rate, void *user) {
    const struct test_data *data = user;
    return train_and_judge(trial, &data->development, &data->test, error_rate);
}

/* ---- search ---- */

/* Called after each trial, by the worker that ran it. On a terminal the line is rewritten; in a log file there is a line now and then. */
static hpo_status show_progress(const hpo_trial *trial, void *user) {
    struct progress *p = user;
    pthread_mutex_lock(&p->lock);
    p->done++;
    if (hpo_trial_state(trial) == HPO_COMPLETE && hpo_trial_value(trial) < p->best)
        p->best = hpo_trial_value(trial);
    uint64_t left    = p->planned > p->done ? p->planned - p->done : 0;
    double   elapsed = now() - p->start;
    if (p->terminal || left == 0 || p->done % 20 == 0) {
        printf("%s%-8s %3llu of %3llu trials   best %5.2f %%   elapsed %4.1f s   ETA %4.1f s%s", p->terminal ? "\r" : "", p->strategy,
               (unsigned long long)p->done, (unsigned long long)p->planned, 100 * p->best, elapsed, elapsed / (double)p->done * (double)left,
               p->terminal && left > 0 ? "   " : "\n"); /* the blanks wipe what is left of a longer line */
        fflush(stdout);
    }
    pthread_mutex_unlock(&p->lock);
    return HPO_OK;
}

static hpo_study *make_study(const hpo_space *space, const char *strategy, uint64_t trials) {
    hpo_study *study = NULL;
    hpo_error  error;
    char       number[24];
    must(hpo_study_new(space, &study, &error), &error);
    must(hpo_study_set(study, "strategy", strategy, &error), &error);
    must(hpo_study_set(study, "workers", "2", &error), &error);
    must(hpo_study_set(study, "order", "logical", &error), &error); /* the same trials in every run, whichever worker is faster */
    snprintf(number, sizeof number, "%llu", (unsigned long long)SEED);
    must(hpo_study_set(study, "seed", number, &error), &error);
    snprintf(number, sizeof number, "%llu", (unsigned long long)trials);
    must(hpo_study_set(study, "trials", number, &error), &error);
    must(hpo_study_set(study, "grid.levels", "3", &error), &error);        /* 3 values of C, 3 of gamma ... */
    must(hpo_study_set(study, "grid.levels.degree", "4", &error), &error); /* ... and all 4 degrees: 3 + 36 + 9 + 9 = 57 cells */
    must(hpo_study_set(study, "grid.order", "shuffled", &error), &error);
    return study;
}

static struct search run_search(const hpo_space *space, const char *strategy, uint64_t trials, struct search_data *data) {
    struct search   search   = {.strategy = strategy, .study = make_study(space, strategy, trials)};
    struct progress progress = {.strategy = strategy, .planned = trials, .best = HUGE_VAL, .start = now(), .terminal = isatty(STDOUT_FILENO)};
    hpo_error       error;
    uint64_t        cells;
    if (hpo_study_total(search.study, &cells, NULL) == HPO_OK && cells + 1 < trials)
        progress.planned = cells + 1; /* a small grid ends early; the default configuration comes on top */

    pthread_mutex_init(&progress.lock, NULL);
    must(hpo_study_on_trial(search.study, show_progress, &progress, &error), &error);
    must(hpo_study_optimize(search.study, on_validation_set, data, trials, &error), &error);
    must(hpo_study_on_trial(search.study, NULL, NULL, &error), &error);
    pthread_mutex_destroy(&progress.lock);
    search.seconds = now() - progress.start;

    double *value = allocate((size_t)trials, sizeof *value);
    must(hpo_study_column(search.study, "value", value, (size_t)trials, &search.trials, &error), &error);
    search.best = HUGE_VAL;
    for (size_t i = 0; i < search.trials; i++)
        if (value[i] < search.best) {
            search.best           = value[i];
            search.trials_to_best = i + 1;
        }
    free(value);
    return search;
}

static struct search *best_search(struct search *searches) {
    struct search *best = &searches[0];
    for (size_t i = 1; i < STRATEGY_COUNT; i++)
        if (searches[i].best < best->best || (searches[i].best == best->best && searches[i].trials_to_best < best->trials_to_best))
            best = &searches[i];
    return best;
}

/* ---- reports ---- */

static void print_configuration(const hpo_trial *trial) {
    printf("%-7s  C = %-9.4g", hpo_trial_categorical(trial, "kernel"), hpo_trial_float(trial, "C"));
    if (hpo_trial_is_active(trial, "gamma") == 1)
        printf("  gamma = %-9.4g", hpo_trial_float(trial, "gamma"));
    if (hpo_trial_is_active(trial, "degree") == 1)
        printf("  degree = %lld", (long long)hpo_trial_int(trial, "degree"));
    printf("\n");
}

static void print_searches(const struct search *searches) {
    printf("\n%-10s %7s %23s %20s %9s\n", "strategy", "trials", "best validation error", "trials to get there", "time");
    for (size_t i = 0; i < STRATEGY_COUNT; i++)
        printf("%-10s %7zu %21.2f %% %20zu %7.1f s\n", searches[i].strategy, searches[i].trials, 100 * searches[i].best, searches[i].trials_to_best,
               searches[i].seconds);
}

static void print_finalists(const hpo_study *study, const hpo_trial *winner, const hpo_trial *standard) {
    printf("%5s %12s %20s\n", "trial", "in search", "on fresh folds");
    uint64_t count = hpo_study_trial_count(study, -1);
    for (uint64_t number = 0; number < count; number++) {
        double     mean, standard_error;
        hpo_trial *trial;
        if (hpo_study_confirmed(study, number, &mean, &standard_error, NULL, NULL) < 0)
            continue; /* not a finalist */
        must(hpo_study_trial(study, number, &trial, &(hpo_error){.message = "a finalist is missing"}),
             &(hpo_error){.message = "a finalist is missing"});
        printf("%5llu %10.2f %% %8.2f %% +- %.2f %%  ", (unsigned long long)number, 100 * hpo_trial_value(trial), 100 * mean, 100 * standard_error);
        printf("%s  ", number == hpo_trial_number(winner) ? "winner " : number == hpo_trial_number(standard) ? "default" : "       ");
        print_configuration(trial);
        hpo_trial_free(trial);
    }
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

/* Wilson's interval for a share of `n` (Wilson 1927): unlike p +- 2 s it is right for small shares. */
static void print_test_score(double share, int n) {
    double z = 1.96, centre = (share + z * z / (2 * n)) / (1 + z * z / n);
    double half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4.0 * n * n));
    printf("\nTest set, used once: %.0f of %d images wrong, %.2f %% (95 %% interval %.2f to %.2f %%)\n", share * n, n, 100 * share,
           100 * (centre - half), 100 * (centre + half));
}

static void export_trials(const struct search *search, const char *directory) {
    static const char *const FORMATS[] = {"csv", "json"};
    for (size_t i = 0; i < 2; i++) {
        char      path[4096];
        hpo_error error;
        snprintf(path, sizeof path, "%s/digits-%s.%s", directory, search->strategy, FORMATS[i]);
        must(hpo_study_export(search->study, FORMATS[i], path, &error), &error);
    }
}

/* ---- the parts put together ---- */

/* Finalists on fresh folds, optimism, gain over the default, one look at the test set. */
static int choose_and_test(struct search *search, struct confirm_data *confirm, struct test_data *test, size_t repeats) {
    hpo_trial *winner = NULL, *standard = NULL;
    hpo_error  error;
    printf("\nThe %d best of %s and the default, trained again on %zu fresh folds:\n", FINALISTS, search->strategy, repeats);
    must(hpo_study_confirm(search->study, on_fresh_fold, confirm, FINALISTS, repeats, &winner, &error), &error);
    must(hpo_study_default(search->study, &standard, &error), &error);
    print_finalists(search->study, winner, standard);

    double optimism, low, high, chosen, before, score;
    must(hpo_study_optimism(search->study, &optimism, &low, &high, &error), &error);
    must(hpo_study_confirmed(search->study, hpo_trial_number(winner), &chosen, NULL, NULL, &error), &error);
    must(hpo_study_confirmed(search->study, hpo_trial_number(standard), &before, NULL, NULL, &error), &error);
    printf("Optimism of the raw best: %.2f %% (95 %% interval %.2f to %.2f %%)\n", 100 * optimism, 100 * low, 100 * high);
    printf("Gain over the default:    %.2f %% -> %.2f %% error\n", 100 * before, 100 * chosen);

    must(hpo_study_test(search->study, winner, on_test_set, test, &score, &error), &error);
    print_test_score(score, test->test.l);
    print_advice(search->study);

    int good = chosen <= before && score < 0.2 && hpo_study_test_count(search->study) == 1;
    hpo_trial_free(winner);
    hpo_trial_free(standard);
    return good;
}

int main(int argc, char **argv) {
    if (argc != 3 && argc != 4)
        fail("usage: digits_svm DATA.csv OUTPUT_DIRECTORY [TRIALS]");
    uint64_t trials = argc == 4 ? strtoull(argv[3], NULL, 10) : 60;
    if (trials < 8 || trials > 100000)
        fail("TRIALS must be from 8 to 100000");
    if (mkdir(argv[2], 0777) != 0 && errno != EEXIST)
        fail("cannot make the output directory");
    svm_set_print_string_function(silent);

    static struct digits data;
    uint8_t              part[IMAGES];
    hpo_error            error;
    read_digits(argv[1], &data);
    must(hpo_split_holdout(IMAGES, 0.2, 0.2, data.digit, NULL, SEED, part, &error), &error);
    struct search_data  search_data  = {select_images(&data, part, HPO_TRAIN, HPO_TRAIN), select_images(&data, part, HPO_VALIDATION, HPO_VALIDATION)};
    struct confirm_data confirm_data = {select_images(&data, part, HPO_TRAIN, HPO_VALIDATION), allocate(IMAGES, sizeof(int64_t))};
    struct test_data    test_data    = {confirm_data.development, select_images(&data, part, HPO_TEST, HPO_TEST)};
    for (int i = 0; i < confirm_data.development.l; i++)
        confirm_data.digit[i] = (int64_t)confirm_data.development.y[i];
    printf("%d images: %d to train, %d to validate, %d to test. %llu trials per strategy.\n\n", IMAGES, search_data.train.l, search_data.validation.l,
           test_data.test.l, (unsigned long long)trials);

    hpo_space    *space = make_space();
    struct search searches[STRATEGY_COUNT];
    int           good = 1;
    for (size_t i = 0; i < STRATEGY_COUNT; i++) {
        searches[i] = run_search(space, STRATEGIES[i], trials, &search_data);
        good        = good && hpo_study_trial_count(searches[i].study, HPO_COMPLETE) == searches[i].trials;
    }
    print_searches(searches);
    printf("One image is %.2f %%: with a validation set of this size, small differences between strategies are chance.\n",
           100.0 / search_data.validation.l);
    good = choose_and_test(best_search(searches), &confirm_data, &test_data, trials < 30 ? FOLDS : 2 * FOLDS) && good;

    for (size_t i = 0; i < STRATEGY_COUNT; i++) {
        export_trials(&searches[i], argv[2]);
        hpo_study_free(searches[i].study);
    }
    printf("\nEvery trial of every search: %s/digits-*.csv and *.json\n", argv[2]);
    hpo_space_free(space);
    free_rows(&search_data.train);
    free_rows(&search_data.validation);
    free_rows(&confirm_data.development); /* test_data shares it */
    free_rows(&test_data.test);
    free(confirm_data.digit);
    if (!good)
        fail("a trial failed, the winner is worse than the default, or the test score is not plausible");
    return EXIT_SUCCESS;
}
