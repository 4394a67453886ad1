/* A system that gives no more threads: the search goes on with those there are. */
#define _GNU_SOURCE /* pthread_setattr_default_np */
#include "host.h"

#include <pthread.h>

static void *nothing(void *user) {
    return user;
}

/* Asks for stacks that no machine has, so that no thread can be made; false where that cannot be arranged (sanitizers choose stacks of their own). */
static bool forbid_threads(pthread_attr_t *before) {
    pthread_attr_t huge;
    pthread_t      thread;
    if (pthread_getattr_default_np(before) != 0 || pthread_attr_init(&huge) != 0)
        return false;
    bool set = pthread_attr_setstacksize(&huge, (size_t)1 << 46) == 0 && pthread_setattr_default_np(&huge) == 0;
    pthread_attr_destroy(&huge);
    if (set && pthread_create(&thread, NULL, nothing, NULL) == 0) {
        pthread_join(thread, NULL);
        pthread_setattr_default_np(before);
        return false;
    }
    return set;
}

typedef struct heard {
    int  warnings;
    char text[300];
} heard;

static void hear(int32_t level, const char *message, void *user) {
    heard *h = user;
    if (level == HPO_LOG_WARNING && h->warnings++ == 0)
        snprintf(h->text, sizeof h->text, "%s", message);
}

static hpo_status fresh(hpo_trial *trial, double *values, void *user) {
    values[0] = hpo_trial_float(trial, "x") + (double)hpo_trial_repeat(trial);
    *(int *)user += hpo_trial_worker(trial) != 0;
    return HPO_OK;
}

static void test_no_thread_at_all(void **state) {
    (void)state;
    static const char *const orders[] = {"arrival", "logical"};
    pthread_attr_t           before;
    for (int i = 0; i < 2; i++) {
        hpo_study *study  = line_study("random");
        hpo_trial *winner = NULL;
        heard      h      = {0};
        int        other  = 0;
        set(study, "workers", "4");
        set(study, "order", orders[i]);
        assert_ok(hpo_study_on_log(study, HPO_LOG_WARNING, hear, &h, error));
        if (!forbid_threads(&before)) {
            hpo_study_free(study);
            skip();
        }
        hpo_status searched  = hpo_study_optimize(study, fresh, &other, 20, NULL);
        hpo_status confirmed = hpo_study_confirm(study, fresh, &other, 3, 4, &winner, NULL);
        pthread_setattr_default_np(&before);
        assert_int_equal(searched, HPO_OK);
        assert_int_equal(confirmed, HPO_OK);
        assert_int_equal(other, 0);
        assert_int_equal(hpo_study_trial_count(study, HPO_COMPLETE), 20);
        assert_int_equal(h.warnings, 2);
        assert_non_null(strstr(h.text, "1 of 4 workers"));
        hpo_trial_free(winner);
        hpo_study_free(study);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_thread_at_all),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
