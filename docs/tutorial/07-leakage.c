/* Chapter 7: a score that was used to choose is too good. The model is k nearest neighbours. */
#include "tutorial.h"

enum { FEATURES = 8, MAX_SAMPLES = 2000, MAX_K = 25, FOLDS = 5, REPETITIONS = 100 };

typedef struct samples {
    size_t  n;
    double  x[MAX_SAMPLES][FEATURES];
    int64_t y[MAX_SAMPLES], person[MAX_SAMPLES];
} samples;

typedef struct settings {
    int k, use[FEATURES];
} settings;

/* The class that most of the k nearest training samples have. part[i] == train marks those; with `folds` they are all that are not in that fold. */
static int64_t classify(const samples *s, const uint32_t *part, uint32_t train, int folds, const settings *h, const double *x) {
    double  nearest[MAX_K + 1];
    int64_t label[MAX_K + 1], votes = 0;
    int     held = 0;
    for (size_t i = 0; i < s->n; i++) {
        double distance = 0;
        if (folds ? part[i] == train : part[i] != train)
            continue;
        for (int j = 0; j < FEATURES; j++)
            distance += h->use[j] ? (s->x[i][j] - x[j]) * (s->x[i][j] - x[j]) : 0;
        int at = held;
        for (; at > 0 && nearest[at - 1] > distance; at--) {
            nearest[at] = nearest[at - 1];
            label[at]   = label[at - 1];
        }
        nearest[at] = distance;
        label[at]   = s->y[i];
        held        = held < h->k ? held + 1 : held;
    }
    for (int i = 0; i < held; i++)
        votes += label[i] ? 1 : -1;
    return votes > 0;
}

/* Share of the samples of `judged` in part `which` that are classified wrongly by the training samples of s. */
static double error_rate(const samples *s, const uint32_t *part, uint32_t train, int folds, const settings *h, const samples *judged, uint32_t which,
                         const uint32_t *judged_part) {
    size_t wrong = 0, n = 0;
    for (size_t i = 0; i < judged->n; i++)
        if (!judged_part || judged_part[i] == which) {
            wrong += classify(s, part, train, folds, h, judged->x[i]) != judged->y[i];
            n++;
        }
    return (double)wrong / (double)n;
}

/* --- 1. Choosing on the test set --- */

typedef struct task {
    samples  s;
    uint32_t part[MAX_SAMPLES];
    uint32_t judge; /* the part that the objective looks at */
} task;

/* Eight features, of which only the first says something about the class, and that faintly. */
static void draw(samples *s, size_t n, uint64_t seed) {
    s->n = n;
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < FEATURES; j++)
            s->x[i][j] = normal(seed, i * (FEATURES + 1) + j);
        s->y[i] = s->x[i][0] + 1.5 * normal(seed, i * (FEATURES + 1) + FEATURES) > 0;
    }
}

static settings read_settings(const hpo_trial *trial) {
    static const char name[FEATURES][3] = {"f0", "f1", "f2", "f3", "f4", "f5", "f6", "f7"};
    settings          h                 = {.k = (int)hpo_trial_int(trial, "k")};
    for (int j = 0; j < FEATURES; j++)
        h.use[j] = (int)hpo_trial_int(trial, name[j]);
    return h;
}

static hpo_status objective(hpo_trial *trial, double *value, void *user) {
    const task *t = user;
    settings    h = read_settings(trial);
    *value        = error_rate(&t->s, t->part, HPO_TRAIN, 0, &h, &t->s, t->judge, t->part);
    return HPO_OK;
}

static hpo_study *search(task *t, uint32_t judge, uint64_t seed) {
    hpo_error  error;
    char       text[32];
    hpo_space *space = hpo_space_new(NULL);
    hpo_space_add_int(space, "k", 1, MAX_K, HPO_LINEAR, NULL);
    hpo_space_set_step(space, "k", 2, NULL); /* odd: no ties */
    for (int j = 0; j < FEATURES; j++) {
        snprintf(text, sizeof text, "f%d", j);
        hpo_space_add_bool(space, text, NULL);
    }
    hpo_study *study = NULL;
    must(hpo_study_new(space, &study, &error), &error);
    hpo_space_free(space);
    snprintf(text, sizeof text, "%llu", (unsigned long long)seed);
    must(hpo_study_set(study, "strategy", "random", &error), &error);
    must(hpo_study_set(study, "seed", text, &error), &error);
    t->judge = judge;
    must(hpo_study_optimize(study, objective, t, 200, &error), &error);
    return study;
}

static void tuning_on_the_test_set(void) {
    static task    t;
    static samples fresh;
    hpo_error      error;
    double         mean[2][3] = {{0}}; /* wrong and right way: score used to choose, score reported, error on fresh data */
    uint64_t       looks      = 0;
    for (uint64_t r = 0; r < REPETITIONS; r++) {
        uint8_t part[MAX_SAMPLES];
        draw(&t.s, 120, 1000 + r);
        draw(&fresh, MAX_SAMPLES, 2000 + r);
        must(hpo_split_holdout(t.s.n, 0.25, 0.25, t.s.y, NULL, r, part, &error), &error);
        for (size_t i = 0; i < t.s.n; i++)
            t.part[i] = part[i];
        for (int right = 0; right < 2; right++) {
            hpo_trial *best  = NULL;
            hpo_study *study = search(&t, right ? HPO_VALIDATION : HPO_TEST, r);
            must(hpo_study_best(study, &best, &error), &error);
            double   reported = hpo_trial_value(best);
            settings h        = read_settings(best);
            mean[right][0] += hpo_trial_value(best) / REPETITIONS;
            if (right) { /* one look at the test set, after the choice */
                t.judge = HPO_TEST;
                must(hpo_study_test(study, best, objective, &t, &reported, &error), &error);
                looks = hpo_study_test_count(study);
            }
            mean[right][1] += reported / REPETITIONS;
            mean[right][2] += error_rate(&t.s, t.part, HPO_TRAIN, 0, &h, &fresh, 0, NULL) / REPETITIONS;
            hpo_trial_free(best);
            hpo_study_free(study);
        }
    }
    printf("Error in %%, mean of %d repetitions      used to choose  reported  on fresh data\n", REPETITIONS);
    printf("choose on the test set, report that     %14.1f  %8.1f  %13.1f\n", 100 * mean[0][0], 100 * mean[0][1], 100 * mean[0][2]);
    printf("choose on validation, test once         %14.1f  %8.1f  %13.1f\n", 100 * mean[1][0], 100 * mean[1][1], 100 * mean[1][2]);
    claim(mean[0][2] - mean[0][1] > 0.10, "tuned on the test set, the report is more than 10 points too good");
    claim(fabs(mean[1][2] - mean[1][1]) < 0.03, "tested once, it is right to 3 points");
    claim(mean[1][2] - mean[1][0] > 0.10, "the validation score of the winner was used to choose: it flatters as well");
    claim(looks == 1, "libhpo counted one look at the test set");
}

/* --- 2. Samples that belong together --- */

typedef struct clinic {
    samples  s;
    uint32_t fold[MAX_SAMPLES];
} clinic;

/* `persons` of 6 samples each; a person's samples are close to each other and share the class. */
static void draw_persons(samples *s, size_t persons, uint64_t seed) {
    s->n = 6 * persons;
    for (size_t i = 0; i < s->n; i++) {
        size_t person = i / 6;
        for (size_t j = 0; j < FEATURES; j++)
            s->x[i][j] = normal(seed, person * FEATURES + j) + 0.1 * normal(seed + 1, i * FEATURES + j);
        s->y[i]      = normal(seed, person * FEATURES) + 0.5 * normal(seed + 2, person) > 0;
        s->person[i] = (int64_t)person;
    }
}

static hpo_status cross_validate(hpo_trial *trial, double *value, void *user) {
    const clinic *c = user;
    settings      h = {.k = (int)hpo_trial_int(trial, "k"), .use = {1, 1, 1, 1, 1, 1, 1, 1}};
    *value          = 0;
    for (uint32_t fold = 0; fold < FOLDS; fold++)
        *value += error_rate(&c->s, c->fold, fold, 1, &h, &c->s, fold, c->fold) / FOLDS;
    return HPO_OK;
}

/* Chooses k with the folds of c; returns the error it promises. */
static double choose_k(clinic *c, int *k) {
    hpo_error  error;
    hpo_study *study = NULL;
    hpo_trial *best  = NULL;
    hpo_space *space = hpo_space_new(NULL);
    hpo_space_add_int(space, "k", 1, MAX_K, HPO_LINEAR, NULL);
    hpo_space_set_step(space, "k", 2, NULL);
    must(hpo_study_new(space, &study, &error), &error);
    must(hpo_study_set(study, "strategy", "grid", &error), &error);
    must(hpo_study_set(study, "grid.levels.k", "13", &error), &error);
    must(hpo_study_set(study, "start.default", "false", &error), &error);
    must(hpo_study_optimize(study, cross_validate, c, 13, &error), &error);
    must(hpo_study_best(study, &best, &error), &error);
    double promised = hpo_trial_value(best);
    *k              = (int)hpo_trial_int(best, "k");
    hpo_trial_free(best);
    hpo_study_free(study);
    hpo_space_free(space);
    return promised;
}

static void samples_that_belong_together(void) {
    static clinic  c;
    static samples fresh;
    hpo_error      error;
    double         promised[2] = {0}, true_error[2] = {0}, chosen[2] = {0};
    enum { REPEAT = 20 };
    for (uint64_t r = 0; r < REPEAT; r++) {
        draw_persons(&c.s, 60, 3000 + 10 * r);
        draw_persons(&fresh, MAX_SAMPLES / 6, 5000 + 10 * r);
        for (int grouped = 0; grouped < 2; grouped++) {
            settings h = {.use = {1, 1, 1, 1, 1, 1, 1, 1}};
            must(hpo_split_kfold(c.s.n, FOLDS, NULL, grouped ? c.s.person : NULL, r, c.fold, &error), &error);
            promised[grouped] += choose_k(&c, &h.k) / REPEAT;
            chosen[grouped] += (double)h.k / REPEAT;
            for (size_t i = 0; i < c.s.n; i++)
                c.fold[i] = 0;
            true_error[grouped] += error_rate(&c.s, c.fold, 1, 1, &h, &fresh, 0, NULL) / REPEAT; /* fold 1 is empty: train on all */
        }
    }
    printf("\n60 persons with 6 samples each    mean k  promised  on new persons\n");
    printf("folds of samples                  %6.1f  %8.1f  %14.1f\n", chosen[0], 100 * promised[0], 100 * true_error[0]);
    printf("folds of persons (groups)         %6.1f  %8.1f  %14.1f\n", chosen[1], 100 * promised[1], 100 * true_error[1]);
    claim(true_error[0] - promised[0] > 0.25, "with a person on both sides the promise is more than 25 points too good");
    claim(fabs(true_error[1] - promised[1]) < 0.08, "with groups it is right to 8 points");
    claim(true_error[1] < true_error[0], "and the model that was chosen with groups is better for new persons");
}

int main(void) {
    tuning_on_the_test_set();
    samples_that_belong_together();
    return 0;
}
