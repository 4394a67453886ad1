/* What the tests of strategy=gp share: spaces, objectives, and checks of every suggestion. Public functions only. */
#ifndef HPO_TESTS_API_GP_H
#define HPO_TESTS_API_GP_H

#include "host.h"

#include "../common/draw.h"

#ifdef HPO_TEST_TIMES
#include <time.h>
#endif

enum { MOST_TRIALS = 600, WIDE = 210 };

static inline void set_number(hpo_study *study, const char *key, uint64_t value) {
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    set(study, key, text);
}

static inline hpo_study *gp_over(hpo_space *space, uint64_t seed) {
    hpo_study *study = study_over(space, "gp");
    set_number(study, "seed", seed);
    return study;
}

/* Values of the trial: legal, finite where active, and none where a condition does not hold. */
static inline void read_values(const hpo_study *study, const hpo_trial *trial, double *values) {
    const hpo_space *space = hpo_study_space(study);
    double           unit[WIDE], back[WIDE];
    size_t           d = hpo_trial_values_by_index(trial, values, WIDE);
    assert_int_equal(d, hpo_space_size(space));
    assert_ok(hpo_space_encode(space, values, d, unit, error));
    assert_ok(hpo_space_decode(space, unit, d, back, error)); /* says again what is active */
    for (size_t i = 0; i < d; i++) {
        assert_true(isnan(values[i]) == isnan(unit[i]) && isnan(values[i]) == isnan(back[i]));
        assert_true(isnan(unit[i]) || (unit[i] >= 0 && unit[i] <= 1 && isfinite(values[i])));
    }
}

/* A suggestion, which must come. Built with HPO_TEST_TIMES, slow ones are shown. */
static inline hpo_trial *ask(hpo_study *study) {
    hpo_trial *trial = NULL;
#ifdef HPO_TEST_TIMES
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
#endif
    assert_ok(hpo_study_ask(study, &trial, error));
#ifdef HPO_TEST_TIMES
    clock_gettime(CLOCK_MONOTONIC, &end);
    double seconds = (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec);
    if (seconds > 0.1)
        print_message("trial %llu: %.0f ms\n", (unsigned long long)hpo_trial_number(trial), 1e3 * seconds);
#endif
    return trial;
}

static inline void tell(hpo_study *study, hpo_trial *trial, int32_t state, double value) {
    assert_ok(hpo_study_tell(study, trial, state, &value, 1, error));
    hpo_trial_free(trial);
}

/* The same configuration, real numbers to 1e-5 of their range. */
static inline bool same_configuration(const hpo_space *space, const double *a, const double *b) {
    size_t d = hpo_space_size(space);
    double u[WIDE], v[WIDE];
    assert_ok(hpo_space_encode(space, a, d, u, error));
    assert_ok(hpo_space_encode(space, b, d, v, error));
    for (size_t i = 0; i < d; i++) {
        double gap = hpo_space_cardinality(space, i) > 0 ? 0 : 1e-5;
        if (isnan(u[i]) != isnan(v[i]) || fabs(u[i] - v[i]) > gap)
            return false;
    }
    return true;
}

/* The values of all finished and running trials so far, to find repeats in. */
typedef struct seen {
    size_t n;
    double values[MOST_TRIALS][8];
} seen;

static inline void note(seen *s, const hpo_study *study, const hpo_trial *trial) {
    double values[WIDE];
    read_values(study, trial, values);
    for (size_t k = 0; k < s->n; k++)
        if (same_configuration(hpo_study_space(study), values, s->values[k]))
            fail_msg("trial %llu is trial %zu again", (unsigned long long)hpo_trial_number(trial), k);
    assert_true(s->n < MOST_TRIALS);
    memcpy(s->values[s->n++], values, sizeof s->values[0]);
}

/* ---- spaces and objectives ---- */

static inline hpo_space *plane(void) {
    hpo_space *space = hpo_space_new(NULL);
    assert_ok(hpo_space_add_float(space, "x", -5, 10, HPO_LINEAR, error));
    assert_ok(hpo_space_add_float(space, "y", 0, 15, HPO_LINEAR, error));
    return space;
}

/* Branin: three minima of 0.397887. */
static inline double branin(const hpo_trial *trial) {
    double x = hpo_trial_float(trial, "x"), y = hpo_trial_float(trial, "y"), pi = 3.14159265358979323846;
    double bend = y - 5.1 / (4 * pi * pi) * x * x + 5 / pi * x - 6;
    return bend * bend + 10 * (1 - 1 / (8 * pi)) * cos(x) + 10 - 0.39788735772973816;
}

static inline hpo_status branin_objective(hpo_trial *trial, double *values, void *user) {
    (void)user;
    values[0] = branin(trial);
    return HPO_OK;
}

/* Four dimensions, no two of a kind, two of which depend on the third. */
static inline hpo_space *models(void) {
    static const char *const kinds[] = {"line", "tree", "net"}, *const tree[] = {"tree"}, *const net[] = {"net"};
    hpo_space *space = hpo_space_new(NULL);
    assert_ok(hpo_space_add_categorical(space, "model", kinds, 3, error));
    assert_ok(hpo_space_add_float(space, "rate", 1e-4, 1, HPO_LOG, error));
    assert_ok(hpo_space_add_int(space, "depth", 1, 12, HPO_LINEAR, error));
    assert_ok(hpo_space_add_float(space, "drop", 0, 1, HPO_LINEAR, error));
    assert_ok(hpo_space_when(space, "depth", "model", tree, 1, error));
    assert_ok(hpo_space_when(space, "drop", "model", net, 1, error));
    return space;
}

/* Least at a net with rate 10^-2.2 and drop 0.3: 0. A tree reaches 0.15, a line 0.4. */
static inline double models_loss(const hpo_trial *trial) {
    double      rate  = log10(hpo_trial_float(trial, "rate"));
    const char *model = hpo_trial_categorical(trial, "model");
    if (strcmp(model, "line") == 0)
        return 0.4 + 0.1 * (rate + 1) * (rate + 1);
    if (strcmp(model, "tree") == 0) {
        double depth = (double)hpo_trial_int(trial, "depth");
        return 0.15 + 0.1 * (rate + 1.5) * (rate + 1.5) + 0.01 * (depth - 5) * (depth - 5);
    }
    double drop = hpo_trial_float(trial, "drop");
    return 0.2 * (rate + 2.2) * (rate + 2.2) + (drop - 0.3) * (drop - 0.3);
}

static inline hpo_status models_objective(hpo_trial *trial, double *values, void *user) {
    (void)user;
    values[0] = models_loss(trial);
    return HPO_OK;
}

#endif
