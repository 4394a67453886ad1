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

/* ---- thresholds, from results that are given one by one ---- */

/* A study of floats "p0" ... in [low, low + 1]; 0 is a natural end, at which no edge is seen. */
static hpo_study *given_floats(size_t n, double low) {
    hpo_space *space = hpo_space_new(NULL);
    for (size_t i = 0; i < n; i++)
        assert_ok(hpo_space_add_float(space, (char[]){'p', (char)('0' + i), '\0'}, low, low + 1, HPO_LINEAR, error));
    return study_over(space, "random");
}

static void give(hpo_study *study, const double *x, int32_t outcome, double value) {
    hpo_point       *point = NULL;
    const hpo_space *space = hpo_study_space(study);
    assert_ok(hpo_point_new(space, &point, error));
    assert_ok(hpo_point_set_values(point, x, hpo_space_size(space), error));
    assert_ok(hpo_study_add(study, point, outcome, &value, 1, error));
    hpo_point_free(point);
}

static void give_line(hpo_study *study, double x, double value) {
    give(study, &x, HPO_COMPLETE, value);
}

static void test_edge_needs_ten_trials(void **state) {
    (void)state;
    for (int upper = 0; upper < 2; upper++) {
        hpo_study *study = given_floats(1, 1);
        for (int k = 0; k < 10; k++) {
            assert_no_piece(study, "edge", "p0");
            give_line(study, upper ? 2 - 0.1 * k : 1 + 0.1 * k, k);
        }
        assert_piece(study, "edge", "p0", upper ? "upper" : "lower", NULL);
        hpo_study_free(study);
    }
}

/* How near the edge the best must be: 0.02 of the range, or 2/n when n trials come less near. */
static void test_edge_is_near(void **state) {
    (void)state;
    static const struct {
        int    n;
        double best;
        bool   wanted;
    } cases[] = {{200, 1.985, true}, {200, 1.975, false}, {200, 1.015, true}, {200, 1.025, false}, {10, 1.81, true},
                 {10, 1.79, false},  {50, 1.965, true},   {50, 1.955, false}, {20, 1.095, true},   {20, 1.105, false}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool       upper = cases[i].best > 1.5;
        hpo_study *study = given_floats(1, 1);
        give_line(study, cases[i].best, -1);
        for (int k = 1; k < cases[i].n; k++) /* all in the quarter by the edge, so that only the best matters */
            give_line(study, upper ? 1.77 : 1.23, k);
        if (cases[i].wanted)
            assert_piece(study, "edge", "p0", upper ? "upper" : "lower", NULL);
        else
            assert_no_piece(study, "edge", "p0");
        hpo_study_free(study);
    }
}

/* Half of the good trials, a tenth of all, must be in the quarter by the edge. */
static void test_edge_needs_a_crowd(void **state) {
    (void)state;
    for (int crowd = 9; crowd <= 10; crowd++)
        for (int upper = 0; upper < 2; upper++) {
            hpo_study *study = given_floats(1, 1);
            for (int k = 0; k < 200; k++) {
                double x = k == 0 ? 0 : k < crowd ? 0.24 : 0.26;
                give_line(study, upper ? 2 - x : 1 + x, k);
            }
            if (crowd == 10)
                assert_piece(study, "edge", "p0", upper ? "upper" : "lower", NULL);
            else
                assert_no_piece(study, "edge", "p0");
            hpo_study_free(study);
        }
}

static void test_no_edge_when_as_good_elsewhere(void **state) {
    (void)state;
    hpo_study *study = given_floats(1, 1);
    for (int k = 0; k < 20; k++)
        give_line(study, 1 + 0.01 * k, k);
    assert_piece(study, "edge", "p0", "lower", NULL);
    give_line(study, 1.1, 0);
    assert_no_piece(study, "edge", "p0");
    hpo_study_free(study);
    hpo_space *space = hpo_space_new(NULL);
    assert_ok(hpo_space_add_int(space, "two", 5, 6, HPO_LINEAR, error));
    assert_ok(hpo_space_add_int(space, "three", 5, 7, HPO_LINEAR, error));
    study = study_over(space, "random");
    for (int k = 0; k < 20; k++)
        give(study, (double[]){k < 10 ? 6 : 5, k < 7 ? 7 : k < 14 ? 6 : 5}, HPO_COMPLETE, k);
    assert_no_piece(study, "edge", "two"); /* each of two values is at an edge */
    assert_piece(study, "edge", "three", "upper", NULL);
    hpo_study_free(study);
}

/* Values 1 ... n, a choice each; the first and the second choice take turns, but the pair at `x` and `y` is exchanged. */
static hpo_study *give_turns(int n, int x, int y) {
    static const char *const kinds[] = {"a", "b"};
    hpo_space               *space   = hpo_space_new(NULL);
    assert_ok(hpo_space_add_categorical(space, "kind", kinds, 2, error));
    hpo_study *study = study_over(space, "random");
    for (int value = 1; value <= n; value++) {
        double kind = (double)((value + 1) % 2);
        give_line(study, value == x || value == y ? 1 - kind : kind, value);
    }
    return study;
}

/* Kruskal and Wallis: with 20 and 20 of 40 ranks, H = 120 D^2 / 1640 for a difference D of the mean ranks; chance 0.5 is H = 0.455. */
static void test_no_effect_is_above_one_half(void **state) {
    (void)state;
    static const struct {
        int  n, x, y;
        bool wanted;
    } cases[] = {
        {40, 0, 0, true},   /* D = 1: p = 0.79 */
        {40, 15, 2, true},  /* D = 2.3: p = 0.53 */
        {40, 19, 2, false}, /* D = 2.7: p = 0.465 */
        {40, 39, 2, false}, /* D = 4.7: p = 0.2 */
        {20, 0, 0, true},   /* D = 1: p = 0.71 */
        {19, 0, 0, false},  /* too few to say */
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        hpo_study *study = give_turns(cases[i].n, cases[i].x, cases[i].y);
        if (cases[i].wanted)
            assert_piece(study, "no-effect", "kind", "no visible effect", NULL);
        else
            assert_no_piece(study, "no-effect", "kind");
        hpo_study_free(study);
    }
}

static void test_effects_of_every_shape(void **state) {
    (void)state;
    hpo_study *study = given_floats(1, 0); /* a bowl: the halves are alike, the quarters are not */
    for (int k = 0; k < 40; k++)
        give_line(study, (k + 0.5) / 40, fabs(k - 19.5));
    assert_no_piece(study, "no-effect", "p0");
    hpo_study_free(study);
    hpo_space *space = hpo_space_new(NULL);
    assert_ok(hpo_space_add_int(space, "n", 0, 7, HPO_LINEAR, error));
    study = study_over(space, "random"); /* odd and even: up to eight values are told apart */
    for (int k = 0; k < 40; k++)
        give_line(study, k % 8, k % 2 + 0.01 * (k / 8));
    assert_no_piece(study, "no-effect", "n");
    hpo_study_free(study);
}

/* The strong parameter's share is taken out before the weak one is judged: alone, the difference of the latter's mean ranks, 2 of 32, has a chance of 0.55. */
static void test_strong_effects_hide_no_weak_ones(void **state) {
    (void)state;
    static const char *const kinds[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
    hpo_space               *space   = hpo_space_new(NULL);
    assert_ok(hpo_space_add_categorical(space, "strong", kinds, 8, error));
    assert_ok(hpo_space_add_bool(space, "weak", error));
    assert_ok(hpo_space_add_bool(space, "idle", error));
    hpo_study *study = study_over(space, "random");
    for (int k = 0; k < 32; k++)
        give(study, (double[]){k / 4, k / 2 % 2, k % 2}, HPO_COMPLETE, 10 * (k / 4) + k / 2 % 2);
    assert_no_piece(study, "no-effect", "strong");
    assert_no_piece(study, "no-effect", "weak");
    assert_piece(study, "no-effect", "idle", "32 trials", NULL);
    assert_piece(study, "region", "null", "strong = a, weak = false", NULL);
    assert_null(strstr(find_piece(study, "region", "null"), "idle")); /* nothing to refine */
    hpo_study_free(study);
}

/* The first `n` trials of a grid over an int of `count` values and a flag. */
static hpo_study *give_grid(const char *strategy, int count, int n, bool flag_matters) {
    hpo_space *space = hpo_space_new(NULL);
    assert_ok(hpo_space_add_int(space, "n", 0, count - 1, HPO_LINEAR, error));
    assert_ok(hpo_space_add_bool(space, "flag", error));
    hpo_study *study = study_over(space, strategy);
    for (int k = 0; k < n; k++)
        give(study, (double[]){k % count, k / count}, HPO_COMPLETE, k % count + (flag_matters ? 100 * (k / count) : 0));
    return study;
}

static void test_grid_that_repeats(void **state) {
    (void)state;
    static const struct {
        const char *strategy;
        int         count, n;
        bool        flag_matters, wanted;
    } cases[] = {
        {"grid", 20, 40, false, true},   {"grid", 20, 39, false, false}, /* more than half of the values were new */
        {"grid", 20, 40, true, false},                                   /* nothing is idle */
        {"sobol", 20, 40, false, false}, {"random", 20, 40, false, false}, {"zoom", 20, 40, false, false}, {"grid", 16, 32, false, true},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        hpo_study *study = give_grid(cases[i].strategy, cases[i].count, cases[i].n, cases[i].flag_matters);
        if (cases[i].wanted)
            assert_piece(study, "grid", "n", cases[i].count == 20 ? "only 20 values" : "only 16 values", cases[i].count == 20 ? "in 40" : "in 32");
        else
            assert_no_piece(study, "grid", "n");
        assert_no_piece(study, "grid", "flag");
        hpo_study_free(study);
    }
    for (int count = 8; count <= 9; count++) { /* an int of few values has no others to try */
        hpo_space *space = hpo_space_new(NULL);
        assert_ok(hpo_space_add_int(space, "n", 0, count - 1, HPO_LINEAR, error));
        assert_ok(hpo_space_add_float(space, "idle", 0, 1, HPO_LINEAR, error));
        hpo_study *study = study_over(space, "grid");
        for (int k = 0; k < 4 * count; k++)
            give(study, (double[]){k % count, (k / count + 0.5) / 4}, HPO_COMPLETE, k % count);
        if (count == 9)
            assert_piece(study, "grid", "n", "only 9 values", NULL);
        else
            assert_no_piece(study, "grid", "n");
        hpo_study_free(study);
    }
}

static void test_budget_of_five_a_parameter(void **state) {
    (void)state;
    hpo_study *study = given_floats(2, 0);
    for (int k = 0; k < 10; k++) {
        if (k > 0)
            assert_piece(study, "budget", "null", "2 parameters", "plan about 20");
        give(study, (double[]){0.05 * k, 0.5}, HPO_COMPLETE, k);
    }
    assert_no_piece(study, "budget", "null");
    hpo_study_free(study);
}

static void test_region_needs_twenty_trials(void **state) {
    (void)state;
    hpo_study *study = given_floats(2, 0);
    for (int k = 0; k < 20; k++) { /* the five best: p0 in 0.4 ... 0.48, p1 in 0 ... 0.4 */
        assert_no_piece(study, "region", "null");
        give(study, (double[]){k < 10 ? 0.4 + 0.02 * k : 1, 0.1 * (k % 10)}, HPO_COMPLETE, k);
    }
    assert_piece(study, "region", "null", "refine next: p0 in [0.3, 0.58]", NULL); /* a tenth wider on both sides */
    const char *piece = find_piece(study, "region", "null");
    assert_null(strstr(piece, "p1")); /* 0 ... 0.4, widened to more than half of the range, is no narrowing */
    hpo_study_free(study);
    study = given_floats(1, 0);
    for (int k = 0; k < 40; k++)
        give_line(study, k % 2 == 0 ? 0.025 * k : 1 - 0.025 * k, k); /* good ones at both ends */
    assert_no_piece(study, "region", "null");
    hpo_study_free(study);
}

static void test_failures_of_a_fifth(void **state) {
    (void)state;
    for (int n = 5; n <= 6; n++) {
        hpo_study *study = given_floats(1, 0);
        for (int k = 0; k < n; k++) /* one is pruned, which is no failure but a trial */
            give(study, (double[]){0.1 * k}, k == 0 ? HPO_FAILED : k == 1 ? HPO_TRIAL_PRUNED : HPO_COMPLETE, k);
        if (n == 5)
            assert_piece(study, "failures", "null", "1 of 5", NULL);
        else
            assert_no_piece(study, "failures", "null");
        hpo_study_free(study);
    }
}

static hpo_status score_one(hpo_trial *trial, double *values, void *user) {
    (void)trial;
    (void)user;
    values[0] = 1;
    return HPO_OK;
}

static void test_test_set_used_twice(void **state) {
    (void)state;
    hpo_study *study = given_floats(1, 0);
    hpo_trial *best  = NULL;
    give_line(study, 0.5, 1);
    assert_ok(hpo_study_best(study, &best, error));
    assert_no_piece(study, "test-set", "null");
    assert_ok(hpo_study_test(study, best, score_one, NULL, NULL, error));
    assert_no_piece(study, "test-set", "null");
    assert_ok(hpo_study_test(study, best, score_one, NULL, NULL, error));
    assert_piece(study, "test-set", "null", "used 2 times", NULL);
    hpo_trial_free(best);
    hpo_study_free(study);
}

static void test_optimism_by_repeats(void **state) {
    (void)state;
    hpo_study *study = given_floats(1, 0);
    give_line(study, 0.5, 0.25);
    assert_ok(hpo_study_confirm(study, score_one, NULL, 1, 1, NULL, error));
    assert_piece(study, "optimism", "null", "on 1 fresh", "flattered it by 0.75");
    assert_null(strstr(find_piece(study, "optimism", "null"), "interval")); /* one repeat has none */
    hpo_study_free(study);
    study = given_floats(1, 0);
    set(study, "direction", "maximize");
    give_line(study, 0.5, 1.5);
    assert_ok(hpo_study_confirm(study, score_one, NULL, 1, 2, NULL, error));
    assert_piece(study, "optimism", "null", "a mean of 1:", "flattered it by 0.5 (95 % interval 0.5 to 0.5)");
    hpo_study_free(study);
}

/* All at once: as many objects as lines, and legal JSON. */
static void test_every_kind_at_once(void **state) {
    (void)state;
    static const char *const kinds[] = {"gain", "optimism", "edge", "no-effect", "grid", "region", "failures", "test-set"};
    hpo_space               *space   = hpo_space_new(NULL);
    hpo_trial               *trial   = NULL;
    assert_ok(hpo_space_add_float(space, "x", 1, 2, HPO_LINEAR, error));
    assert_ok(hpo_space_add_bool(space, "flag", error));
    hpo_study *study = study_over(space, "grid");
    for (int k = 0; k < 40; k++)
        give(study, (double[]){1 + 0.05 * (k % 20), k / 20}, HPO_COMPLETE, k % 20 + 1);
    for (int k = 0; k < 20; k++)
        give(study, (double[]){1.5, 0}, HPO_FAILED, 0);
    assert_ok(hpo_study_confirm(study, score_one, NULL, 2, 2, &trial, error));
    for (int k = 0; k < 2; k++)
        assert_ok(hpo_study_test(study, trial, score_one, NULL, NULL, error));
    hpo_trial_free(trial);
    char  *json = advice_of(study, "json"), *text = advice_of(study, "text");
    size_t lines = 1, objects = 0;
    for (const char *at = text; *at != '\0'; at++)
        lines += *at == '\n';
    for (const char *at = json; (at = strstr(at, "{\"kind\": ")) != NULL; at++)
        objects++;
    assert_int_equal(lines, COUNT(kinds));
    assert_int_equal(objects, COUNT(kinds));
    for (size_t i = 0; i < COUNT(kinds); i++) {
        char head[64];
        snprintf(head, sizeof head, "{\"kind\": \"%s\", ", kinds[i]);
        assert_non_null(strstr(json, head));
    }
    set(study, "strategy", "random");
    assert_ok(hpo_study_ask(study, &trial, error));
    assert_ok(hpo_trial_set_attribute(trial, "advice", json, error)); /* takes nothing but JSON */
    hpo_trial_free(trial);
    free(json);
    free(text);
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
        cmocka_unit_test(test_edge_needs_ten_trials),
        cmocka_unit_test(test_edge_is_near),
        cmocka_unit_test(test_edge_needs_a_crowd),
        cmocka_unit_test(test_no_edge_when_as_good_elsewhere),
        cmocka_unit_test(test_no_effect_is_above_one_half),
        cmocka_unit_test(test_effects_of_every_shape),
        cmocka_unit_test(test_strong_effects_hide_no_weak_ones),
        cmocka_unit_test(test_grid_that_repeats),
        cmocka_unit_test(test_budget_of_five_a_parameter),
        cmocka_unit_test(test_region_needs_twenty_trials),
        cmocka_unit_test(test_failures_of_a_fifth),
        cmocka_unit_test(test_test_set_used_twice),
        cmocka_unit_test(test_optimism_by_repeats),
        cmocka_unit_test(test_every_kind_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
