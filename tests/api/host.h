/* What the API tests share: a space with every kind of parameter, its objective, and checks. Public functions only. */
#ifndef HPO_TESTS_API_HOST_H
#define HPO_TESTS_API_HOST_H

#include <hpo.h>

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NONE         ((double)NAN)
#define INF          ((double)INFINITY)

/* ---- checks ---- */

/* A call that must succeed; its message is shown when it does not. */
#define assert_ok(call)                                                                                                                              \
    do {                                                                                                                                             \
        hpo_error  assert_ok_error_  = {0, 0, ""};                                                                                                   \
        hpo_error *error             = &assert_ok_error_;                                                                                            \
        hpo_status assert_ok_status_ = (call);                                                                                                       \
        if (assert_ok_status_ != HPO_OK)                                                                                                             \
            fail_msg("%s: %s: %s", #call, hpo_status_name(assert_ok_status_), assert_ok_error_.message);                                             \
    } while (0)

/* A call that must fail with `code` and a message that contains each of the texts (the last may be NULL). */
#define assert_fails(call, code_, part, other_part)                                                                                                  \
    do {                                                                                                                                             \
        hpo_error   assert_fails_error_  = {0, -1, ""};                                                                                              \
        hpo_error  *error                = &assert_fails_error_;                                                                                     \
        hpo_status  assert_fails_status_ = (call);                                                                                                   \
        const char *assert_fails_other_  = (other_part);                                                                                             \
        if (assert_fails_status_ != (code_) || assert_fails_error_.code != (code_))                                                                  \
            fail_msg("%s: %s, not %s: %s", #call, hpo_status_name(assert_fails_status_), hpo_status_name(code_), assert_fails_error_.message);       \
        if (strstr(assert_fails_error_.message, (part)) == NULL ||                                                                                   \
            (assert_fails_other_ != NULL && strstr(assert_fails_error_.message, assert_fails_other_) == NULL))                                       \
            fail_msg("%s: the message does not say '%s': %s", #call, (part), assert_fails_error_.message);                                           \
    } while (0)

/* Equal bits, or both NaN. */
static inline bool same_number(double a, double b) {
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static inline bool same_numbers(const double *a, const double *b, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!same_number(a[i], b[i]))
            return false;
    return true;
}

#define assert_same(a, b)                                                                                                                            \
    do {                                                                                                                                             \
        double assert_same_a_ = (a), assert_same_b_ = (b);                                                                                           \
        if (!same_number(assert_same_a_, assert_same_b_))                                                                                            \
            fail_msg("%s is %.17g, %s is %.17g", #a, assert_same_a_, #b, assert_same_b_);                                                            \
    } while (0)

/* ---- a space with every kind, two levels of conditions and every sort of scale ---- */

enum { LR, DEPTH, KERNEL, GAMMA, DEGREE, COEF, BATCH, BIAS, DROP, MIXED_SIZE };

static inline hpo_space *mixed_space_with(const hpo_allocator *allocator) {
    static const char *const kernels[] = {"linear", "rbf", "poly"}, *const curved[] = {"rbf", "poly"}, *const poly[] = {"poly"},
                             *const high[]    = {"4", "5"};
    static const double             batches[] = {16, 32, 64, 128};
    hpo_space                      *space     = hpo_space_new(allocator);
    assert_non_null(space);
    hpo_space_add_float(space, "lr", 1e-5, 1e-1, HPO_LOG, NULL);
    hpo_space_set_default(space, "lr", "0.001", NULL);
    hpo_space_add_int(space, "depth", 2, 12, HPO_LINEAR, NULL);
    hpo_space_add_categorical(space, "kernel", kernels, COUNT(kernels), NULL);
    hpo_space_add_float(space, "gamma", 1e-4, 10, HPO_LOG, NULL);
    hpo_space_add_int(space, "degree", 2, 5, HPO_LINEAR, NULL);
    hpo_space_add_float(space, "coef", -1, 1, HPO_LINEAR, NULL);
    hpo_space_add_ordinal(space, "batch", batches, COUNT(batches), NULL);
    hpo_space_add_bool(space, "bias", NULL);
    hpo_space_add_float(space, "drop", 0, 0.5, HPO_LINEAR, NULL);
    hpo_space_set_step(space, "drop", 0.1, NULL);
    hpo_space_when(space, "gamma", "kernel", curved, COUNT(curved), NULL);
    hpo_space_when(space, "degree", "kernel", poly, COUNT(poly), NULL);
    hpo_space_when(space, "coef", "degree", high, COUNT(high), NULL);
    assert_ok(hpo_space_status(space, error));
    return space;
}

/* The smallest space there is: x in [-1, 1], its default 0. */
static inline hpo_space *line_space(void) {
    hpo_space *space = hpo_space_new(NULL);
    assert_non_null(space);
    assert_ok(hpo_space_add_float(space, "x", -1, 1, HPO_LINEAR, error));
    return space;
}

static inline void set(hpo_study *study, const char *key, const char *value) {
    hpo_error  error  = {0, 0, ""};
    hpo_status status = hpo_study_set(study, key, value, &error);
    if (status != HPO_OK)
        fail_msg("%s = %s: %s", key, value, error.message);
}

/* A study over a space that it takes; the strategy may be NULL. */
static inline hpo_study *study_over(hpo_space *space, const char *strategy) {
    hpo_study *study = NULL;
    assert_ok(hpo_study_new(space, &study, error));
    hpo_space_free(space);
    if (strategy != NULL)
        set(study, "strategy", strategy);
    return study;
}

static inline hpo_study *mixed_study(const char *strategy) {
    return study_over(mixed_space_with(NULL), strategy);
}

static inline hpo_study *line_study(const char *strategy) {
    return study_over(line_space(), strategy);
}

/* ---- objectives ---- */

/* A loss that depends on every parameter; reads by name, so a wrong name would show. */
static inline double mixed_loss(const hpo_trial *trial) {
    const char *kernel = hpo_trial_categorical(trial, "kernel");
    double      loss   = pow(log10(hpo_trial_float(trial, "lr")) + 3.3, 2) + 0.1 * fabs((double)hpo_trial_int(trial, "depth") - 7);
    loss += 0.01 * log2(hpo_trial_float(trial, "batch")) + 0.2 * (double)hpo_trial_int(trial, "bias") + hpo_trial_float(trial, "drop");
    if (kernel == NULL)
        return NONE;
    if (hpo_trial_is_active(trial, "gamma") == 1)
        loss += 0.3 * pow(log10(hpo_trial_float(trial, "gamma")) + 1, 2) - 0.5;
    if (hpo_trial_is_active(trial, "degree") == 1)
        loss += 0.1 * (double)hpo_trial_int(trial, "degree");
    if (hpo_trial_is_active(trial, "coef") == 1)
        loss += 0.1 * hpo_trial_float(trial, "coef");
    return loss;
}

static inline hpo_status mixed_objective(hpo_trial *trial, double *values, void *user) {
    (void)user;
    values[0] = mixed_loss(trial);
    return HPO_OK;
}

static inline hpo_status line_objective(hpo_trial *trial, double *values, void *user) {
    (void)user;
    double x  = hpo_trial_float(trial, "x");
    values[0] = (x - 0.3) * (x - 0.3);
    return HPO_OK;
}

/* ---- reading ---- */

static inline uint64_t finished_count(const hpo_study *study) {
    return hpo_study_trial_count(study, HPO_COMPLETE) + hpo_study_trial_count(study, HPO_TRIAL_PRUNED) + hpo_study_trial_count(study, HPO_FAILED);
}

/* A column by trial number, as a block for free(); *n is its length. */
static inline double *column_of(const hpo_study *study, const char *name, size_t *n) {
    size_t     need   = 0;
    hpo_status status = hpo_study_column(study, name, NULL, 0, &need, NULL);
    double    *column = malloc((need + 1) * sizeof *column);
    assert_non_null(column);
    assert_int_equal(status, need > 0 ? HPO_E_BUFFER : HPO_OK);
    assert_ok(hpo_study_column(study, name, column, need, n, error));
    assert_int_equal(*n, need);
    return column;
}

/* A finished trial, to be freed. */
static inline hpo_trial *trial_of(const hpo_study *study, uint64_t number) {
    hpo_trial *trial = NULL;
    assert_ok(hpo_study_trial(study, number, &trial, error));
    return trial;
}

/* One trial by ask and tell. */
static inline void tell_one(hpo_study *study, int32_t state, double value) {
    hpo_trial *trial = NULL;
    assert_ok(hpo_study_ask(study, &trial, error));
    assert_ok(hpo_study_tell(study, trial, state, &value, 1, error));
    hpo_trial_free(trial);
}

#endif
