/* Advice after a run: each piece is given where it should be, names its parameter, and is not given elsewhere. */
#include "host.h"

/* The advice as a block for free(); checked to be the same as JSON. */
static char *advice_of(const hpo_study *study, const char *format) {
    size_t     need = 0, again = 0;
    hpo_status status = hpo_study_advice(study, format, NULL, 0, &need, NULL);
    char      *text   = malloc(need + 1);
    assert_non_null(text);
    assert_int_equal(status, HPO_E_BUFFER);
    assert_int_equal(hpo_study_advice(study, format, text, need - 1, &again, NULL), HPO_E_BUFFER);
    assert_int_equal(again, need);
    assert_ok(hpo_study_advice(study, format, text, need, &again, error));
    assert_int_equal(strlen(text) + 1, need);
    return text;
}

/* The text of the piece `kind` about `parameter` ("null": about none), or NULL; in a static buffer. */
static const char *find_piece(const hpo_study *study, const char *kind, const char *parameter) {
    static char piece[2000];
    char        head[200];
    char       *json = advice_of(study, "json"), *text = advice_of(study, "text");
    if (strcmp(parameter, "null") == 0)
        snprintf(head, sizeof head, "{\"kind\": \"%s\", \"parameter\": null, \"text\": \"", kind);
    else
        snprintf(head, sizeof head, "{\"kind\": \"%s\", \"parameter\": \"%s\", \"text\": \"", kind, parameter);
    const char *at = strstr(json, head);
    if (at != NULL) {
        at += strlen(head);
        size_t length = (size_t)(strchr(at, '"') - at);
        assert_true(length < sizeof piece);
        memcpy(piece, at, length);
        piece[length] = '\0';
        assert_non_null(strstr(text, piece)); /* the same words in both forms */
    }
    free(json);
    free(text);
    return at == NULL ? NULL : piece;
}

static void assert_piece(const hpo_study *study, const char *kind, const char *parameter, const char *part, const char *other) {
    const char *piece = find_piece(study, kind, parameter);
    if (piece == NULL || strstr(piece, part) == NULL || (other != NULL && strstr(piece, other) == NULL)) {
        char *text = advice_of(study, "text");
        fail_msg("no advice '%s' about '%s' that says '%s' and '%s' in:\n%s", kind, parameter, part, other == NULL ? "" : other, text);
    }
}

static void assert_no_piece(const hpo_study *study, const char *kind, const char *parameter) {
    const char *piece = find_piece(study, kind, parameter);
    if (piece != NULL)
        fail_msg("unwanted advice: %s", piece);
}

/* A study over n parameters "p0" ... in [low, high], searched with `objective`. */
typedef struct range {
    double  low, high;
    int32_t scale;
} range;

static hpo_study *search(const range *ranges, size_t n, const char *strategy, hpo_objective objective, void *user, uint64_t trials) {
    hpo_space *space = hpo_space_new(NULL);
    for (size_t i = 0; i < n; i++) {
        char name[8];
        snprintf(name, sizeof name, "p%d", (int)i);
        assert_ok(hpo_space_add_float(space, name, ranges[i].low, ranges[i].high, ranges[i].scale, error));
    }
    hpo_study *study  = study_over(space, strategy);
    hpo_status status = hpo_study_optimize(study, objective, user, trials, NULL);
    assert_true(status == HPO_OK || status == HPO_EXHAUSTED);
    return study;
}

/* ---- gain ---- */

static void test_gain_over_the_default(void **state) {
    (void)state;
    static const struct {
        const char *direction;
        double      before, best;
        const char *part, *other;
    } cases[] = {
        {"minimize", 0.5, 0.25, "a gain of 0.25", "(50 %)"},   {"maximize", 0.5, 0.75, "a gain of 0.25", "(50 %)"},
        {"minimize", 0.5, 0.75, "nothing better", "0.5"},      {"minimize", 0, -0.5, "a gain of 0.5", "trial 1"},
        {"minimize", -0.5, -0.75, "a gain of 0.25", "(50 %)"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        hpo_study *study = line_study("random");
        set(study, "direction", cases[i].direction);
        tell_one(study, HPO_COMPLETE, cases[i].before);
        tell_one(study, HPO_COMPLETE, cases[i].best);
        assert_piece(study, "gain", "null", cases[i].part, cases[i].other);
        hpo_study_free(study);
    }
    hpo_study *study = line_study("random");
    set(study, "start.default", "false");
    tell_one(study, HPO_COMPLETE, 1);
    assert_piece(study, "gain", "null", "not tried", "best value 1");
    hpo_study_free(study);
    study = line_study("random");
    tell_one(study, HPO_FAILED, 0);
    tell_one(study, HPO_COMPLETE, 1);
    assert_piece(study, "gain", "null", "default configuration failed", NULL);
    hpo_study_free(study);
}

static void test_infinite_values(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    tell_one(study, HPO_COMPLETE, INF);
    assert_piece(study, "gain", "null", "best value inf", "nothing better");
    const char *piece = find_piece(study, "gain", "null");
    assert_null(strstr(piece, "nan")); /* infinity less infinity is not said */
    tell_one(study, HPO_COMPLETE, 2);
    assert_piece(study, "gain", "null", "best value 2", "inf");
    for (int i = 0; i < 60; i++)
        tell_one(study, HPO_COMPLETE, INF);
    free(advice_of(study, "text"));
    hpo_study_free(study);
}

static void test_no_trials(void **state) {
    (void)state;
    char       text[16] = "unread";
    size_t     need     = 0;
    hpo_study *study    = line_study(NULL);
    assert_ok(hpo_study_advice(study, "json", text, sizeof text, &need, error));
    assert_string_equal(text, "[]");
    assert_ok(hpo_study_advice(study, "text", text, sizeof text, &need, error));
    assert_string_equal(text, "");
    assert_int_equal(need, 1);
    assert_fails(hpo_study_advice(study, "xml", text, sizeof text, NULL, error), HPO_E_INVALID, "xml", "json");
    assert_fails(hpo_study_advice(study, NULL, text, sizeof text, NULL, error), HPO_E_INVALID, "NULL", NULL);
    assert_fails(hpo_study_advice(study, "text", NULL, 5, NULL, error), HPO_E_INVALID, "buf", NULL);
    assert_fails(hpo_study_advice(NULL, "text", text, sizeof text, NULL, error), HPO_E_INVALID, "NULL", NULL);
    hpo_study_free(study);
}

/* ---- edges ---- */

/* The best lies beyond the upper end of p0, beyond the lower end of p1, and inside p2. */
static hpo_status beyond(hpo_trial *trial, double *values, void *user) {
    (void)user;
    values[0] = 3 - hpo_trial_float(trial, "p0") + log10(hpo_trial_float(trial, "p1")) + pow(hpo_trial_float(trial, "p2") - 0.5, 2);
    return HPO_OK;
}

static void test_edges(void **state) {
    (void)state;
    static const range ranges[] = {{1, 2, HPO_LINEAR}, {1e-4, 1e-1, HPO_LOG}, {0, 1, HPO_LINEAR}};
    hpo_study         *study    = search(ranges, 3, "grid", beyond, NULL, 200);
    assert_piece(study, "edge", "p0", "upper edge", "raise it to about 2.5");
    assert_piece(study, "edge", "p1", "lower edge", "lower it to about 1e-05");
    assert_no_piece(study, "edge", "p2");
    hpo_study_free(study);
}

static hpo_status small_is_good(hpo_trial *trial, double *values, void *user) {
    (void)user;
    values[0] = hpo_trial_float(trial, "p0");
    return HPO_OK;
}

static void test_natural_ends_are_no_edges(void **state) {
    (void)state;
    static const range from_zero = {0, 1, HPO_LINEAR}, from_one = {1, 5, HPO_LINEAR};
    hpo_study         *study = search(&from_zero, 1, "grid", small_is_good, NULL, 100); /* a dropout of -0.5 is nonsense */
    set(study, "grid.levels", "21");
    hpo_study_optimize(study, small_is_good, NULL, 100, NULL);
    assert_no_piece(study, "edge", "p0");
    hpo_study_free(study);
    study = search(&from_one, 1, "random", small_is_good, NULL, 5); /* too few trials to say */
    assert_no_piece(study, "edge", "p0");
    hpo_study_free(study);
}

static void test_integer_and_ordinal_edges(void **state) {
    (void)state;
    static const double sizes[] = {128, 64, 32, 16};
    hpo_space          *space   = hpo_space_new(NULL);
    assert_ok(hpo_space_add_int(space, "depth", 2, 6, HPO_LINEAR, error));
    assert_ok(hpo_space_add_ordinal(space, "size", sizes, COUNT(sizes), error));
    hpo_study *study = study_over(space, "grid");
    hpo_trial *trial = NULL;
    while (hpo_study_ask(study, &trial, NULL) == HPO_OK) {
        double value = hpo_trial_float(trial, "size") - 10 * hpo_trial_float(trial, "depth");
        assert_ok(hpo_study_tell(study, trial, HPO_COMPLETE, &value, 1, error));
        hpo_trial_free(trial);
    }
    assert_piece(study, "edge", "depth", "upper edge", "about 8");
    assert_piece(study, "edge", "size", "the best value 16", "lowest");
    hpo_study_free(study);
}

/* ---- effects ---- */

static double noise(uint64_t seed) {
    return (double)(seed >> 40) / 16777216.0 - 0.5;
}

/* Everything comes from p0, a little from p1; p2 and p3 do nothing. */
static hpo_status few_matter(hpo_trial *trial, double *values, void *user) {
    (void)user;
    values[0] = 10 * pow(hpo_trial_float(trial, "p0") - 0.37, 2) + 0.5 * hpo_trial_float(trial, "p1") + 0.02 * noise(hpo_trial_seed(trial));
    return HPO_OK;
}

static void test_effects(void **state) {
    (void)state;
    static const range ranges[] = {{0, 1, HPO_LINEAR}, {0.1, 1, HPO_LINEAR}, {0, 1, HPO_LINEAR}, {1e-3, 1, HPO_LOG}};
    int                found[4] = {0};
    for (int seed = 0; seed < 20; seed++) {
        char       number[8];
        hpo_study *study = search(ranges, 4, "random", few_matter, NULL, 10);
        snprintf(number, sizeof number, "%d", seed);
        set(study, "seed", number);
        assert_no_piece(study, "no-effect", "p2"); /* too few trials to say */
        assert_ok(hpo_study_optimize(study, few_matter, NULL, 190, error));
        for (int i = 0; i < 4; i++) {
            char name[8];
            snprintf(name, sizeof name, "p%d", i);
            found[i] += find_piece(study, "no-effect", name) != NULL;
        }
        hpo_study_free(study);
    }
    assert_int_equal(found[0], 0);
    assert_int_equal(found[1], 0);
    assert_true(found[2] >= 4 && found[3] >= 4); /* about every second time, by its definition */
}

static void test_wasteful_grid(void **state) {
    (void)state;
    static const range ranges[] = {{0, 1, HPO_LINEAR}, {0, 1, HPO_LINEAR}, {0, 1, HPO_LINEAR}};
    struct {
        const char *strategy;
        bool        wanted;
    } cases[] = {{"grid", true}, {"random", false}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        hpo_space *space = hpo_space_new(NULL);
        for (int k = 0; k < 3; k++) {
            char name[8];
            snprintf(name, sizeof name, "p%d", k);
            assert_ok(hpo_space_add_float(space, name, ranges[k].low, ranges[k].high, HPO_LINEAR, error));
        }
        hpo_study *study = study_over(space, cases[i].strategy);
        hpo_trial *trial = NULL;
        for (int k = 0; k < 125 && hpo_study_ask(study, &trial, NULL) == HPO_OK; k++) {
            double value = pow(hpo_trial_float(trial, "p0") - 0.4, 2); /* the two others are idle */
            assert_ok(hpo_study_tell(study, trial, HPO_COMPLETE, &value, 1, error));
            hpo_trial_free(trial);
        }
        if (cases[i].wanted)
            assert_piece(study, "grid", "p0", "only 5 values", "125");
        else
            assert_no_piece(study, "grid", "p0");
        assert_no_piece(study, "grid", "p1");
        hpo_study_free(study);
    }
}

/* ---- budget, region, failures ---- */

static hpo_status bowl(hpo_trial *trial, double *values, void *user) {
    (void)user;
    values[0] = 16 * pow(hpo_trial_float(trial, "p0") - 0.5, 2) + pow(log10(hpo_trial_float(trial, "p1")) + 2, 2);
    return HPO_OK;
}

static void test_small_budget(void **state) {
    (void)state;
    static const range ranges[8] = {{0, 1, HPO_LINEAR}, {1e-4, 1, HPO_LOG}, {0, 1, HPO_LINEAR}, {0, 1, HPO_LINEAR},
                                    {0, 1, HPO_LINEAR}, {0, 1, HPO_LINEAR}, {0, 1, HPO_LINEAR}, {0, 1, HPO_LINEAR}};
    hpo_study         *study     = search(ranges, 8, "random", bowl, NULL, 12);
    assert_piece(study, "budget", "null", "12", NULL);
    assert_ok(hpo_study_optimize(study, bowl, NULL, 100, error));
    assert_no_piece(study, "budget", "null");
    hpo_study_free(study);
}

static void test_finite_space_that_is_used_up(void **state) {
    (void)state;
    hpo_space *space = hpo_space_new(NULL);
    assert_ok(hpo_space_add_bool(space, "a", error));
    assert_ok(hpo_space_add_bool(space, "b", error));
    hpo_study *study = study_over(space, "grid");
    for (int i = 0; i < 3; i++)
        tell_one(study, HPO_COMPLETE, i);
    assert_piece(study, "budget", "null", "3", NULL);
    tell_one(study, HPO_COMPLETE, 4);
    assert_no_piece(study, "budget", "null");
    hpo_study_free(study);
}

/* A decimal number, whatever the locale. */
static double decimal(const char *text) {
    double value = 0, unit = 1;
    for (text += strspn(text, " "); *text >= '0' && *text <= '9'; text++)
        value = 10 * value + (*text - '0');
    if (*text == '.')
        for (text++; *text >= '0' && *text <= '9'; text++)
            value += (unit /= 10) * (*text - '0');
    return value;
}

static void test_region_to_refine(void **state) {
    (void)state;
    static const range ranges[] = {{0, 1, HPO_LINEAR}, {1e-4, 1, HPO_LOG}};
    hpo_study         *study    = search(ranges, 2, "sobol", bowl, NULL, 15);
    assert_no_piece(study, "region", "null"); /* too early */
    assert_ok(hpo_study_optimize(study, bowl, NULL, 185, error));
    assert_piece(study, "region", "null", "p0 in [", "p1 in [");
    const char *piece = find_piece(study, "region", "null"), *at = strstr(piece, "p0 in [");
    double      low = decimal(at + 7), high = decimal(strchr(at, ',') + 1);
    assert_true(low < 0.5 && high > 0.5 && high - low < 0.5);
    hpo_study_free(study);
}

static void test_failures(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    for (int i = 0; i < 10; i++)
        tell_one(study, i < 1 ? HPO_FAILED : HPO_COMPLETE, i);
    assert_no_piece(study, "failures", "null");
    for (int i = 0; i < 4; i++)
        tell_one(study, HPO_FAILED, 0);
    assert_piece(study, "failures", "null", "5 of 14", NULL);
    hpo_study_free(study);
    study = line_study("random");
    tell_one(study, HPO_FAILED, 0); /* nothing but failures */
    assert_piece(study, "failures", "null", "1 of 1", NULL);
    assert_no_piece(study, "gain", "null");
    hpo_study_free(study);
}

/* ---- honesty ---- */

static hpo_status flattered(hpo_trial *trial, double *values, void *user) {
    (void)user;
    values[0] = 1 + 0.001 * (double)hpo_trial_repeat(trial); /* the search saw less */
    return HPO_OK;
}

static void test_optimism(void **state) {
    (void)state;
    hpo_study *study = line_study("random");
    for (int i = 0; i < 5; i++)
        tell_one(study, HPO_COMPLETE, 0.5 + i);
    assert_no_piece(study, "optimism", "null");
    assert_ok(hpo_study_confirm(study, flattered, NULL, 2, 3, NULL, error));
    assert_piece(study, "optimism", "null", "flattered it by 0.501", "95 % interval");
    hpo_study_free(study);
}

/* Every piece is legal JSON, also about a parameter with an awkward name: the trial's attributes take nothing else. */
static void test_json_is_legal(void **state) {
    (void)state;
    hpo_space *space = hpo_space_new(NULL);
    assert_ok(hpo_space_add_float(space, "\"quoted\\\"\n\t\xc3\xa9", 1, 2, HPO_LINEAR, error));
    assert_ok(hpo_space_add_float(space, "x", 0, 1, HPO_LINEAR, error));
    hpo_study *study = study_over(space, "grid");
    hpo_trial *trial = NULL;
    while (hpo_study_ask(study, &trial, NULL) == HPO_OK) {
        double value = hpo_trial_float(trial, "\"quoted\\\"\n\t\xc3\xa9");
        assert_ok(hpo_study_tell(study, trial, HPO_COMPLETE, &value, 1, error));
        hpo_trial_free(trial);
    }
    char *json = advice_of(study, "json");
    assert_non_null(strstr(json, "\"edge\""));
    assert_non_null(strstr(json, "\"no-effect\""));
    set(study, "strategy", "random");
    assert_ok(hpo_study_ask(study, &trial, error));
    assert_ok(hpo_trial_set_attribute(trial, "advice", json, error));
    hpo_trial_free(trial);
    free(json);
    hpo_study_free(study);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gain_over_the_default),
        cmocka_unit_test(test_infinite_values),
        cmocka_unit_test(test_no_trials),
        cmocka_unit_test(test_edges),
        cmocka_unit_test(test_natural_ends_are_no_edges),
        cmocka_unit_test(test_integer_and_ordinal_edges),
        cmocka_unit_test(test_effects),
        cmocka_unit_test(test_wasteful_grid),
        cmocka_unit_test(test_small_budget),
        cmocka_unit_test(test_finite_space_that_is_used_up),
        cmocka_unit_test(test_region_to_refine),
        cmocka_unit_test(test_failures),
        cmocka_unit_test(test_optimism),
        cmocka_unit_test(test_json_is_legal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
