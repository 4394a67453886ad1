/* What a strategy has to say of a suggestion: its message beside HPO_OK is a warning in the log, and the same one comes once. */
#include "host.h"

/* What the log heard. */
typedef struct heard {
    size_t  warnings, others;
    int32_t level; /* of the last */
    char    last[600];
} heard;

static void hear(int32_t level, const char *message, void *user) {
    heard *h = user;
    h->warnings += level == HPO_LOG_WARNING;
    h->others += level != HPO_LOG_WARNING;
    h->level = level;
    snprintf(h->last, sizeof h->last, "%s", message);
}

/* A strategy that suggests its default and says what it is told to. */
typedef struct talker {
    const char *remark;
    hpo_status  status;
    bool        unended; /* fill the message to the last byte, without a zero */
    size_t      asked;
} talker;

static hpo_status talk(void *state, const hpo_history *history, uint64_t number, hpo_point *out, hpo_error *err) {
    talker *t = state;
    (void)history;
    (void)number;
    (void)out;
    t->asked++;
    if (err == NULL || err->message[0] != '\0') /* always there, and always empty */
        return HPO_E_HOST;
    if (t->unended)
        memset(err->message, 'x', sizeof err->message);
    else if (t->remark != NULL)
        snprintf(err->message, sizeof err->message, "%s", t->remark);
    return t->status;
}

static const hpo_strategy_ops talking = {.struct_size = sizeof(hpo_strategy_ops), .abi_version = HPO_STRATEGY_ABI, .name = "talker", .ask = talk};

static hpo_study *talking_study(talker *t, heard *h, int32_t level) {
    hpo_study *study = line_study("random");
    set(study, "start.default", "false");
    assert_ok(hpo_study_use_strategy(study, &talking, t, NULL, error));
    if (h != NULL)
        assert_ok(hpo_study_on_log(study, level, hear, h, error));
    return study;
}

/* One trial; what the host's own error holds is not touched. */
static void go_on(hpo_study *study, const char *remark, talker *t) {
    hpo_error  own   = {17, 18, "mine"};
    hpo_trial *trial = NULL;
    double     value = 1;
    t->remark        = remark;
    assert_int_equal(hpo_study_ask(study, &trial, &own), HPO_OK);
    assert_int_equal(own.code, 17);
    assert_string_equal(own.message, "mine");
    assert_ok(hpo_study_tell(study, trial, HPO_COMPLETE, &value, 1, error));
    hpo_trial_free(trial);
}

static void remarks_are_warnings(void **state) {
    (void)state;
    talker     t     = {0};
    heard      h     = {0};
    hpo_study *study = talking_study(&t, &h, HPO_LOG_DEBUG);
    go_on(study, NULL, &t);
    assert_int_equal(h.warnings, 0);
    go_on(study, "the matrix is singular", &t);
    assert_int_equal(h.warnings, 1);
    assert_non_null(strstr(h.last, "talker"));
    assert_non_null(strstr(h.last, "the matrix is singular"));
    assert_int_equal(h.others, 0);
    hpo_study_free(study);
}

static void the_same_remark_comes_once(void **state) {
    (void)state;
    talker     t     = {0};
    heard      h     = {0};
    hpo_study *study = talking_study(&t, &h, HPO_LOG_WARNING);
    for (int k = 0; k < 50; k++)
        go_on(study, "first", &t);
    assert_int_equal(h.warnings, 1);
    go_on(study, NULL, &t); /* silence between makes no difference */
    go_on(study, "first", &t);
    assert_int_equal(h.warnings, 1);
    go_on(study, "second", &t);
    assert_int_equal(h.warnings, 2);
    assert_non_null(strstr(h.last, "second"));
    go_on(study, "first", &t); /* after another it is news again */
    assert_int_equal(h.warnings, 3);
    set(study, "strategy.cache", "drop"); /* it is the study that remembers, not the strategy */
    go_on(study, "first", &t);
    go_on(study, "first", &t);
    assert_int_equal(h.warnings, 3);
    hpo_study_free(study);
}

/* A remark that nobody could hear was not made. */
static void silence(void **state) {
    (void)state;
    talker     t     = {0};
    heard      h     = {0};
    hpo_study *study = talking_study(&t, NULL, 0);
    go_on(study, "first", &t);
    assert_ok(hpo_study_on_log(study, HPO_LOG_ERROR, hear, &h, error));
    go_on(study, "first", &t);
    assert_int_equal(h.warnings + h.others, 0);
    assert_ok(hpo_study_on_log(study, HPO_LOG_WARNING, hear, &h, error));
    go_on(study, "first", &t);
    assert_int_equal(h.warnings, 1);
    hpo_study_free(study);
}

/* The end of a search and errors are no remarks: their message goes the usual way. */
static void only_suggestions_have_remarks(void **state) {
    (void)state;
    talker     t     = {.status = HPO_EXHAUSTED, .remark = "all done"};
    heard      h     = {0};
    hpo_study *study = talking_study(&t, &h, HPO_LOG_DEBUG);
    hpo_trial *trial = NULL;
    assert_int_equal(hpo_study_ask(study, &trial, NULL), HPO_EXHAUSTED);
    t.status = HPO_E_NUMERIC;
    assert_fails(hpo_study_ask(study, &trial, error), HPO_E_NUMERIC, "all done", NULL);
    assert_int_equal(h.warnings + h.others, 0);
    assert_int_equal(t.asked, 2);
    hpo_study_free(study);
}

static void a_message_without_an_end(void **state) {
    (void)state;
    talker     t     = {.unended = true};
    heard      h     = {0};
    hpo_study *study = talking_study(&t, &h, HPO_LOG_WARNING);
    go_on(study, NULL, &t);
    go_on(study, NULL, &t);
    assert_int_equal(h.warnings, 1);
    assert_non_null(strstr(h.last, "xxxx"));
    assert_true(strlen(h.last) < sizeof(hpo_error));
    t.unended = false;
    go_on(study, "caf\xe9", &t); /* Latin-1: what the log gets is UTF-8 all the same */
    assert_int_equal(h.warnings, 2);
    for (const char *c = h.last; *c != '\0'; c++)
        assert_true((unsigned char)*c < 0x80 || strstr(h.last, "\xef\xbf\xbd") != NULL);
    hpo_study_free(study);
}

/* optimize, with four workers: still once. */
static void workers_log_once(void **state) {
    (void)state;
    talker     t     = {.remark = "again and again"};
    heard      h     = {0};
    hpo_study *study = talking_study(&t, &h, HPO_LOG_WARNING);
    set(study, "workers", "4");
    assert_ok(hpo_study_optimize(study, line_objective, NULL, 40, error));
    assert_int_equal(t.asked, 40);
    assert_int_equal(h.warnings, 1);
    hpo_study_free(study);
}

/* No strategy of the library's has anything to say of an ordinary search. */
static void ordinary_searches_are_quiet(void **state) {
    (void)state;
    for (size_t s = 0; s < hpo_strategy_count(); s++) {
        heard      h     = {0};
        hpo_study *study = mixed_study(hpo_strategy_name(s));
        if (strcmp(hpo_strategy_name(s), "zoom") == 0)
            set(study, "zoom.parameters", "lr,drop");
        assert_ok(hpo_study_on_log(study, HPO_LOG_WARNING, hear, &h, error));
        assert_ok(hpo_study_optimize(study, mixed_objective, NULL, 25, error));
        if (h.warnings > 0)
            fail_msg("%s: %s", hpo_strategy_name(s), h.last);
        hpo_study_free(study);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(remarks_are_warnings),          cmocka_unit_test(the_same_remark_comes_once), cmocka_unit_test(silence),
        cmocka_unit_test(only_suggestions_have_remarks), cmocka_unit_test(a_message_without_an_end),   cmocka_unit_test(workers_log_once),
        cmocka_unit_test(ordinary_searches_are_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
