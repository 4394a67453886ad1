/* Search spaces as a host builds them: what goes in comes out, random configurations survive the unit cube, and every bad input has its status and message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../common/fail_alloc.h"
#include "../common/random_space.h"

#include <float.h>
#include <hpo.h>

/* ---- what goes in comes out ---- */

static void an_empty_space(void **unused) {
    (void)unused;
    hpo_space *space = hpo_space_new(NULL);
    hpo_study *study = NULL;
    hpo_error  error = {0, 0, ""};
    assert_int_equal(hpo_space_size(space), 0);
    assert_int_equal(hpo_space_status(space, NULL), HPO_OK);
    assert_int_equal(hpo_study_new(space, &study, &error), HPO_E_INVALID);
    assert_null(study);
    assert_true(strlen(error.message) > 0);
    hpo_space_free(space);
    hpo_space_free(NULL);
}

static void parameters_are_as_described(void **unused) {
    (void)unused;
    for (uint64_t seed = 0; seed < 500; seed++) {
        rs_space s;
        rs_draw_space(seed, RS_MOST, 3, &s);
        hpo_space *space = rs_build(&s, NULL);
        HOLDS(hpo_space_size(space) == s.size, seed, "size");
        for (size_t i = 0; i < s.size; i++) {
            const rs_parameter *p = &s.parameters[i];
            HOLDS(strcmp(hpo_space_name(space, i), p->name) == 0, seed, "name");
            HOLDS(hpo_space_index(space, p->name) == i, seed, "index of '%s'", p->name);
            HOLDS(hpo_space_kind(space, i) == p->kind, seed, "kind of '%s'", p->name);
            HOLDS(hpo_space_cardinality(space, i) == p->count, seed, "number of values of '%s'", p->name);
            for (size_t c = 0; c < 2 * RS_VALUES; c++) {
                const char *text = hpo_space_choice(space, i, c);
                bool        is   = c < p->count && (p->kind == HPO_CATEGORICAL || p->kind == HPO_BOOL);
                HOLDS((text != NULL) == is, seed, "choice %zu of '%s'", c, p->name);
                HOLDS(!is || strcmp(text, p->kind == HPO_BOOL ? (c > 0 ? "true" : "false") : p->choices[c]) == 0, seed, "choice of '%s'", p->name);
            }
        }
        hpo_space_free(space);
    }
}

static void many_names_are_found(void **unused) {
    (void)unused;
    hpo_space *space = hpo_space_new(NULL);
    char       name[16];
    for (size_t i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "x%zu", i);
        assert_int_equal(hpo_space_add_bool(space, name, NULL), HPO_OK);
    }
    for (size_t i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "x%zu", i);
        assert_int_equal(hpo_space_index(space, name), i);
    }
    assert_true(hpo_space_index(space, "x3000") == SIZE_MAX && hpo_space_index(space, "") == SIZE_MAX);
    hpo_space_free(space);
}

/* ---- the unit cube ---- */

static void configurations_survive_the_unit_cube(void **unused) {
    (void)unused;
    for (uint64_t seed = 0; seed < 1500; seed++) {
        rs_space s;
        draw     d = {seed + 10};
        double   values[RS_MOST], unit[RS_MOST], back[RS_MOST];
        rs_draw_space(seed, RS_MOST, 3, &s);
        hpo_space *space = rs_build(&s, NULL);
        hpo_error  error = {0, 0, ""};
        for (int k = 0; k < 15; k++) {
            rs_draw_values(&d, &s, values);
            HOLDS(hpo_space_encode(space, values, s.size, unit, &error) == HPO_OK, seed, "%s", error.message);
            for (size_t i = 0; i < s.size; i++)
                HOLDS(isnan(unit[i]) ? isnan(values[i]) : unit[i] >= 0 && unit[i] <= 1, seed, "'%s' is at %.17g", s.parameters[i].name, unit[i]);
            HOLDS(hpo_space_decode(space, unit, s.size, back, &error) == HPO_OK, seed, "%s", error.message);
            for (size_t i = 0; i < s.size; i++) {
                const rs_parameter *p = &s.parameters[i];
                /* On log scales the library rounds to 14 digits: 0.001 rather than 0.0010000000000000002. */
                double most = p->scale == HPO_LOG ? fabs(values[i]) * (6e-14 + 8 * DBL_EPSILON * (fabs(log(p->high)) + fabs(log(p->low)) + 1))
                                                  : 8 * DBL_EPSILON * fmax(fabs(p->low), fabs(p->high));
                HOLDS(isnan(back[i]) == isnan(values[i]), seed, "activity of '%s'", p->name);
                if (isnan(values[i]))
                    continue;
                HOLDS(p->count > 0 ? back[i] == values[i] : fabs(back[i] - values[i]) <= most, seed, "'%s': %.17g comes back as %.17g", p->name,
                      values[i], back[i]);
            }
        }
        hpo_space_free(space);
    }
}

/* All of it from outside: any real coordinate gives a legal value and the right activity. */
static void every_point_is_legal(void **unused) {
    (void)unused;
    static const double corners[] = {0, 1, -0.0, -1, 2, DBL_TRUE_MIN, -DBL_TRUE_MIN, 1 - DBL_EPSILON / 2, 1 + DBL_EPSILON, INF, -INF, DBL_MAX, 0.5};
    for (uint64_t seed = 0; seed < 1500; seed++) {
        rs_space s;
        draw     d = {seed + 20};
        double   unit[RS_MOST], values[RS_MOST], again[RS_MOST], back[RS_MOST];
        rs_draw_space(seed, RS_MOST, 3, &s);
        hpo_space *space = rs_build(&s, NULL);
        hpo_error  error = {0, 0, ""};
        for (int k = 0; k < 20; k++) {
            for (size_t i = 0; i < s.size; i++)
                unit[i] = draw_below(&d, 3) == 0 ? corners[draw_below(&d, sizeof corners / sizeof corners[0])] : draw_unit(&d);
            HOLDS(hpo_space_decode(space, unit, s.size, values, &error) == HPO_OK, seed, "%s", error.message);
            for (size_t i = 0; i < s.size; i++) {
                const rs_parameter *p = &s.parameters[i];
                uint64_t            index;
                HOLDS(isnan(values[i]) == !rs_active(&s, i, values), seed, "activity of '%s'", p->name);
                if (!isnan(values[i]))
                    HOLDS(p->count > 0 ? rs_index(p, values[i], &index) : values[i] >= p->low && values[i] <= p->high, seed, "'%s' is %.17g", p->name,
                          values[i]);
            }
            HOLDS(hpo_space_encode(space, values, s.size, back, &error) == HPO_OK, seed, "%s", error.message);
            HOLDS(hpo_space_decode(space, back, s.size, again, &error) == HPO_OK, seed, "%s", error.message);
            for (size_t i = 0; i < s.size; i++)
                if (s.parameters[i].count > 0)
                    HOLDS(again[i] == values[i] || (isnan(again[i]) && isnan(values[i])), seed, "'%s' moves", s.parameters[i].name);
        }
        hpo_space_free(space);
    }
}

/* Enough points of the unit interval meet every value of a small parameter. */
static void every_value_is_reached(void **unused) {
    (void)unused;
    for (uint64_t seed = 0; seed < 400; seed++) {
        rs_space s;
        rs_draw_space(seed, 4, 0, &s);
        hpo_space *space            = rs_build(&s, NULL);
        bool       met[RS_MOST][16] = {{false}};
        for (int k = 0; k <= 4000; k++) {
            double unit[RS_MOST], values[RS_MOST];
            for (size_t i = 0; i < s.size; i++)
                unit[i] = k / 4000.0;
            assert_int_equal(hpo_space_decode(space, unit, s.size, values, NULL), HPO_OK);
            for (size_t i = 0; i < s.size; i++) {
                uint64_t index;
                if (s.parameters[i].count > 0 && s.parameters[i].count <= 16 && rs_index(&s.parameters[i], values[i], &index))
                    met[i][index] = true;
            }
        }
        for (size_t i = 0; i < s.size; i++)
            for (size_t v = 0; v < s.parameters[i].count && s.parameters[i].count <= 16; v++)
                HOLDS(met[i][v], seed, "value %zu of '%s' is never met", v, s.parameters[i].name);
        hpo_space_free(space);
    }
}

/* A conditional space to be refused things. */
static hpo_space *svm(void) {
    static const char *const kernels[] = {"linear", "rbf", "poly"};
    hpo_space               *space     = hpo_space_new(NULL);
    hpo_space_add_categorical(space, "kernel", kernels, 3, NULL);
    hpo_space_add_float(space, "gamma", 1e-4, 1, HPO_LOG, NULL);
    hpo_space_add_int(space, "degree", 2, 5, HPO_LINEAR, NULL);
    hpo_space_when(space, "gamma", "kernel", kernels + 1, 2, NULL);
    hpo_space_when(space, "degree", "kernel", kernels + 2, 1, NULL);
    assert_int_equal(hpo_space_status(space, NULL), HPO_OK);
    return space;
}

static void arguments_of_decode_and_encode(void **unused) {
    (void)unused;
    hpo_space *space   = svm();
    hpo_error  error   = {0, 0, ""};
    double     unit[3] = {0.5, 0.5, 0.5}, values[3] = {0};
    assert_int_equal(hpo_space_decode(NULL, unit, 3, values, &error), HPO_E_INVALID);
    assert_int_equal(hpo_space_decode(space, NULL, 3, values, &error), HPO_E_INVALID);
    assert_int_equal(hpo_space_decode(space, unit, 3, NULL, &error), HPO_E_INVALID);
    assert_int_equal(hpo_space_encode(NULL, values, 3, unit, &error), HPO_E_INVALID);
    assert_int_equal(hpo_space_encode(space, NULL, 3, unit, &error), HPO_E_INVALID);
    assert_int_equal(hpo_space_encode(space, values, 3, NULL, &error), HPO_E_INVALID);
    for (size_t n = 0; n < 6; n++) { /* a wrong number of values */
        error.message[0] = '\0';
        assert_int_equal(hpo_space_decode(space, unit, n, values, &error), n == 3 ? HPO_OK : HPO_E_INVALID);
        assert_true(n == 3 || strstr(error.message, "3 parameters") != NULL);
    }
    assert_int_equal(hpo_space_encode(space, values, 2, unit, &error), HPO_E_INVALID);
    assert_int_equal(hpo_space_encode(space, values, 4, unit, NULL), HPO_E_INVALID);

    double linear[3] = {0.1, NONE, NONE}, poly[3] = {0.9, NONE, 0.5}, none[3] = {NONE, 0.5, 0.5};
    assert_int_equal(hpo_space_decode(space, linear, 3, values, &error), HPO_OK); /* NaN does no harm where it is inactive */
    assert_true(values[0] == 0 && isnan(values[1]) && isnan(values[2]));
    assert_int_equal(hpo_space_decode(space, poly, 3, values, &error), HPO_E_INVALID);
    assert_non_null(strstr(error.message, "'gamma'"));
    assert_int_equal(hpo_space_decode(space, none, 3, values, &error), HPO_E_INVALID);
    assert_non_null(strstr(error.message, "'kernel'"));

    static const struct {
        double      values[3];
        const char *name, *value; /* NULL: fine */
    } cases[] = {
        {{0, 99, -7}, NULL, NULL}, /* inactive ones may hold anything */
        {{0, NONE, NONE}, NULL, NULL},       {{1, 0.5, 99}, NULL, NULL},          {{2, 0.5, 3}, NULL, NULL},
        {{3, 0.5, 3}, "'kernel'", "3"},      {{-1, 0.5, 3}, "'kernel'", "-1"},    {{0.5, 0.5, 3}, "'kernel'", "0.5"},
        {{NONE, 0.5, 3}, "'kernel'", "nan"}, {{1, 1.5, 3}, "'gamma'", "1.5"},     {{1, 0, 3}, "'gamma'", "[0.0001, 1]"},
        {{1, NONE, 3}, "'gamma'", "nan"},    {{1, INF, 3}, "'gamma'", "inf"},     {{2, 0.5, 6}, "'degree'", "6"},
        {{2, 0.5, 2.5}, "'degree'", "2.5"},  {{2, 0.5, NONE}, "'degree'", "nan"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hpo_status status = hpo_space_encode(space, cases[i].values, 3, unit, &error);
        HOLDS(status == (cases[i].name == NULL ? HPO_OK : HPO_E_INVALID), i, "status %d", (int)status);
        if (cases[i].name != NULL)
            HOLDS(strstr(error.message, cases[i].name) != NULL && strstr(error.message, cases[i].value) != NULL, i, "%s", error.message);
        else
            for (size_t k = 1; k < 3; k++)
                HOLDS(isnan(unit[k]) == (cases[i].values[0] < (double)k), i, "activity");
    }
    hpo_space_free(space);
}

/* A value of an inactive parent counts for nothing, whatever it is. */
static void inactive_parents_have_no_value(void **unused) {
    (void)unused;
    static const char *const yes[] = {"true"};
    hpo_space               *space = hpo_space_new(NULL);
    hpo_space_add_bool(space, "top", NULL);
    hpo_space_add_bool(space, "middle", NULL);
    hpo_space_add_bool(space, "bottom", NULL);
    hpo_space_when(space, "middle", "top", yes, 1, NULL);
    hpo_space_when(space, "bottom", "middle", yes, 1, NULL);
    double values[3] = {0, 1, 1}, unit[3], decoded[3];
    assert_int_equal(hpo_space_encode(space, values, 3, unit, NULL), HPO_OK);
    assert_true(!isnan(unit[0]) && isnan(unit[1]) && isnan(unit[2]));
    double all[3] = {0.2, 0.9, 0.9};
    assert_int_equal(hpo_space_decode(space, all, 3, decoded, NULL), HPO_OK);
    assert_true(decoded[0] == 0 && isnan(decoded[1]) && isnan(decoded[2]));
    hpo_space_free(space);
}

/* ---- bad input: one call each on a fresh space ---- */

typedef struct bad {
    const char *what;
    hpo_status (*call)(hpo_space *space, hpo_error *err);
    hpo_status  status;
    const char *holds[3];
} bad;

static const char *const kernel_names[] = {"linear", "rbf", "poly"};
static const char *const rbf[]          = {"rbf"};

#define CALL(name, expression)                                                                                                                       \
    static hpo_status name(hpo_space *s, hpo_error *err) {                                                                                           \
        return (expression);                                                                                                                         \
    }

CALL(low_is_high, hpo_space_add_float(s, "lr", 0.5, 0.5, HPO_LINEAR, err))
CALL(low_above_high, hpo_space_add_float(s, "lr", 2, 1, HPO_LINEAR, err))
CALL(low_nan, hpo_space_add_float(s, "lr", NONE, 1, HPO_LINEAR, err))
CALL(high_nan, hpo_space_add_float(s, "lr", 0, NONE, HPO_LINEAR, err))
CALL(low_infinite, hpo_space_add_float(s, "lr", -INF, 1, HPO_LINEAR, err))
CALL(high_infinite, hpo_space_add_float(s, "lr", 0, INF, HPO_LINEAR, err))
CALL(log_of_zero, hpo_space_add_float(s, "lr", 0, 1, HPO_LOG, err))
CALL(log_of_minus_zero, hpo_space_add_float(s, "lr", -0.0, 1, HPO_LOG, err))
CALL(log_of_negative, hpo_space_add_float(s, "lr", -2.5, 1, HPO_LOG, err))
CALL(unknown_scale, hpo_space_add_float(s, "lr", 0, 1, 7, err))
CALL(int_low_is_high, hpo_space_add_int(s, "depth", 3, 3, HPO_LINEAR, err))
CALL(int_low_above_high, hpo_space_add_int(s, "depth", 9, -4, HPO_LINEAR, err))
CALL(int_log_of_zero, hpo_space_add_int(s, "depth", 0, 9, HPO_LOG, err))
CALL(int_too_low, hpo_space_add_int(s, "depth", -INT64_C(9007199254740993), 0, HPO_LINEAR, err))
CALL(int_too_high, hpo_space_add_int(s, "depth", INT64_C(9007199254740992), INT64_C(9007199254740993), HPO_LINEAR, err))
CALL(int_extreme, hpo_space_add_int(s, "depth", INT64_MIN, INT64_MAX, HPO_LINEAR, err))
CALL(int_too_many, hpo_space_add_int(s, "depth", 0, INT64_C(1) << 50, HPO_LINEAR, err))
CALL(int_too_many_log, hpo_space_add_int(s, "depth", 1, (INT64_C(1) << 40) + 1, HPO_LOG, err))
CALL(int_unknown_scale, hpo_space_add_int(s, "depth", 0, 9, -1, err))
CALL(no_name, hpo_space_add_float(s, NULL, 0, 1, HPO_LINEAR, err))
CALL(empty_name, hpo_space_add_bool(s, "", err))
CALL(broken_name, hpo_space_add_bool(s, "na\xffme", err))
CALL(surrogate_name, hpo_space_add_bool(s, "na\xed\xa0\x80me", err))
CALL(taken_name, hpo_space_add_bool(s, "kernel", err))
CALL(taken_by_float, hpo_space_add_float(s, "kernel", 0, 1, HPO_LINEAR, err))

static hpo_status long_name(hpo_space *s, hpo_error *err) {
    char name[257];
    memset(name, 'n', 256);
    name[256] = '\0';
    return hpo_space_add_bool(s, name, err);
}

static const char *const twice[]   = {"sgd", "adam", "sgd"};
static const char *const blank[]   = {"sgd", ""};
static const char *const missing[] = {"sgd", NULL};
static const char *const broken[]  = {"sgd", "\xc3"};
CALL(no_choices, hpo_space_add_categorical(s, "optimizer", twice, 0, err))
CALL(null_choices, hpo_space_add_categorical(s, "optimizer", NULL, 3, err))
CALL(choice_twice, hpo_space_add_categorical(s, "optimizer", twice, 3, err))
CALL(empty_choice, hpo_space_add_categorical(s, "optimizer", blank, 2, err))
CALL(null_choice, hpo_space_add_categorical(s, "optimizer", missing, 2, err))
CALL(broken_choice, hpo_space_add_categorical(s, "optimizer", broken, 2, err))

static const double same[] = {1, 2, 2, 3}, zigzag[] = {1, 3, 2}, infinite[] = {1, INF}, undefined[] = {NONE, 1}, falling[] = {3, 2, 2.5};
CALL(no_levels, hpo_space_add_ordinal(s, "width", same, 0, err))
CALL(null_levels, hpo_space_add_ordinal(s, "width", NULL, 2, err))
CALL(level_twice, hpo_space_add_ordinal(s, "width", same, 4, err))
CALL(levels_turn, hpo_space_add_ordinal(s, "width", zigzag, 3, err))
CALL(levels_turn_up, hpo_space_add_ordinal(s, "width", falling, 3, err))
CALL(level_infinite, hpo_space_add_ordinal(s, "width", infinite, 2, err))
CALL(level_nan, hpo_space_add_ordinal(s, "width", undefined, 2, err))

CALL(step_zero, hpo_space_set_step(s, "dropout", 0, err))
CALL(step_negative, hpo_space_set_step(s, "dropout", -0.1, err))
CALL(step_nan, hpo_space_set_step(s, "dropout", NONE, err))
CALL(step_infinite, hpo_space_set_step(s, "dropout", INF, err))
CALL(step_too_large, hpo_space_set_step(s, "dropout", 0.51, err))
CALL(step_too_small, hpo_space_set_step(s, "dropout", 1e-17, err))
CALL(step_of_nobody, hpo_space_set_step(s, "droput", 0.1, err))
CALL(step_of_null, hpo_space_set_step(s, NULL, 0.1, err))
CALL(step_of_choices, hpo_space_set_step(s, "kernel", 1, err))
CALL(step_of_bool, hpo_space_set_step(s, "bias", 1, err))
CALL(step_broken, hpo_space_set_step(s, "layers", 1.5, err))
CALL(step_wide_int, hpo_space_set_step(s, "layers", 8, err))

static hpo_status step_misses_default(hpo_space *s, hpo_error *err) {
    assert_int_equal(hpo_space_set_default(s, "dropout", "0.25", NULL), HPO_OK);
    return hpo_space_set_step(s, "dropout", 0.2, err);
}

static hpo_status step_misses_condition(hpo_space *s, hpo_error *err) {
    static const char *const two[] = {"2"};
    assert_int_equal(hpo_space_when(s, "gamma", "layers", two, 1, NULL), HPO_OK);
    return hpo_space_set_step(s, "layers", 3, err);
}

static hpo_status step_too_fine(hpo_space *s, hpo_error *err) {
    assert_int_equal(hpo_space_add_float(s, "far", 1e15, 1e15 + 10, HPO_LINEAR, NULL), HPO_OK);
    return hpo_space_set_step(s, "far", 0.1, err);
}

static hpo_status step_of_everything(hpo_space *s, hpo_error *err) {
    assert_int_equal(hpo_space_add_float(s, "far", -DBL_MAX, DBL_MAX, HPO_LINEAR, NULL), HPO_OK);
    return hpo_space_set_step(s, "far", 1e308, err);
}

CALL(default_too_high, hpo_space_set_default(s, "dropout", "0.75", err))
CALL(default_too_low, hpo_space_set_default(s, "layers", "0", err))
CALL(default_no_number, hpo_space_set_default(s, "dropout", "half", err))
CALL(default_comma, hpo_space_set_default(s, "dropout", "0,1", err))
CALL(default_nan, hpo_space_set_default(s, "dropout", "nan", err))
CALL(default_infinite, hpo_space_set_default(s, "dropout", "inf", err))
CALL(default_broken_int, hpo_space_set_default(s, "layers", "2.5", err))
CALL(default_no_choice, hpo_space_set_default(s, "kernel", "polly", err))
CALL(default_no_bool, hpo_space_set_default(s, "bias", "1", err))
CALL(default_empty, hpo_space_set_default(s, "kernel", "", err))
CALL(default_null, hpo_space_set_default(s, "kernel", NULL, err))
CALL(default_of_nobody, hpo_space_set_default(s, "kernl", "rbf", err))
CALL(default_of_null, hpo_space_set_default(s, NULL, "rbf", err))

static const char *const sigmoid[] = {"rbf", "sigmod"}, *const null_value[] = {NULL}, *const nine[] = {"9"}, *const half[] = {"0.25"},
                         *const linear[] = {"linear"}, *const yes[] = {"true"};
CALL(when_unknown_child, hpo_space_when(s, "gama", "kernel", rbf, 1, err))
CALL(when_unknown_parent, hpo_space_when(s, "gamma", "kernal", rbf, 1, err))
CALL(when_null_child, hpo_space_when(s, NULL, "kernel", rbf, 1, err))
CALL(when_null_parent, hpo_space_when(s, "gamma", NULL, rbf, 1, err))
CALL(when_no_values, hpo_space_when(s, "gamma", "kernel", rbf, 0, err))
CALL(when_null_values, hpo_space_when(s, "gamma", "kernel", NULL, 1, err))
CALL(when_null_value, hpo_space_when(s, "gamma", "kernel", null_value, 1, err))
CALL(when_bad_value, hpo_space_when(s, "gamma", "kernel", sigmoid, 2, err))
CALL(when_bad_number, hpo_space_when(s, "gamma", "layers", nine, 1, err))
CALL(when_continuous, hpo_space_when(s, "gamma", "dropout", half, 1, err))
CALL(when_itself, hpo_space_when(s, "kernel", "kernel", rbf, 1, err))

static hpo_status when_twice(hpo_space *s, hpo_error *err) {
    assert_int_equal(hpo_space_when(s, "gamma", "kernel", rbf, 1, NULL), HPO_OK);
    return hpo_space_when(s, "gamma", "kernel", linear, 1, err);
}

static hpo_status when_cycle(hpo_space *s, hpo_error *err) {
    assert_int_equal(hpo_space_when(s, "bias", "kernel", rbf, 1, NULL), HPO_OK);
    assert_int_equal(hpo_space_when(s, "layers", "bias", yes, 1, NULL), HPO_OK);
    static const char *const two[] = {"2"};
    return hpo_space_when(s, "kernel", "layers", two, 1, err);
}

static hpo_status when_never(hpo_space *s, hpo_error *err) {
    assert_int_equal(hpo_space_when(s, "bias", "kernel", rbf, 1, NULL), HPO_OK);
    assert_int_equal(hpo_space_when(s, "gamma", "bias", yes, 1, NULL), HPO_OK); /* so the kernel must be rbf ... */
    return hpo_space_when(s, "gamma", "kernel", linear, 1, err);                /* ... and linear */
}

static const bad bad_calls[] = {
    {"low = high", low_is_high, HPO_E_INVALID, {"'lr'", "0.5"}},
    {"low > high", low_above_high, HPO_E_INVALID, {"'lr'", "2", "1"}},
    {"low NaN", low_nan, HPO_E_INVALID, {"'lr'", "nan", "finite"}},
    {"high NaN", high_nan, HPO_E_INVALID, {"'lr'", "nan", "finite"}},
    {"low -inf", low_infinite, HPO_E_INVALID, {"'lr'", "-inf", "finite"}},
    {"high inf", high_infinite, HPO_E_INVALID, {"'lr'", "inf", "finite"}},
    {"log of 0", log_of_zero, HPO_E_INVALID, {"'lr'", "log", "low is 0"}},
    {"log of -0", log_of_minus_zero, HPO_E_INVALID, {"'lr'", "log", "low is -0"}},
    {"log of -2.5", log_of_negative, HPO_E_INVALID, {"'lr'", "log", "-2.5"}},
    {"scale 7", unknown_scale, HPO_E_INVALID, {"'lr'", "scale 7"}},
    {"int low = high", int_low_is_high, HPO_E_INVALID, {"'depth'", "3"}},
    {"int low > high", int_low_above_high, HPO_E_INVALID, {"'depth'", "9", "-4"}},
    {"int log of 0", int_log_of_zero, HPO_E_INVALID, {"'depth'", "log", "low is 0"}},
    {"int below -2^53", int_too_low, HPO_E_INVALID, {"'depth'", "-9007199254740993", "2^53"}},
    {"int above 2^53", int_too_high, HPO_E_INVALID, {"'depth'", "9007199254740993", "2^53"}},
    {"all of int64", int_extreme, HPO_E_INVALID, {"'depth'", "9223372036854775807", "2^53"}},
    {"more than 2^50", int_too_many, HPO_E_INVALID, {"'depth'", "2^50"}},
    {"more than 2^40, log", int_too_many_log, HPO_E_INVALID, {"'depth'", "2^40"}},
    {"int scale -1", int_unknown_scale, HPO_E_INVALID, {"'depth'", "scale -1"}},
    {"name NULL", no_name, HPO_E_INVALID, {"name", "empty"}},
    {"name empty", empty_name, HPO_E_INVALID, {"name", "empty"}},
    {"name not UTF-8", broken_name, HPO_E_INVALID, {"name", "UTF-8"}},
    {"name with a surrogate", surrogate_name, HPO_E_INVALID, {"name", "UTF-8"}},
    {"name of 256 bytes", long_name, HPO_E_INVALID, {"name", "'nnnn", "255"}},
    {"name taken", taken_name, HPO_E_EXISTS, {"'kernel'", "exists"}},
    {"name taken", taken_by_float, HPO_E_EXISTS, {"'kernel'", "exists"}},
    {"no choices", no_choices, HPO_E_INVALID, {"'optimizer'", "empty"}},
    {"choices NULL", null_choices, HPO_E_INVALID, {"'optimizer'", "empty"}},
    {"choice twice", choice_twice, HPO_E_INVALID, {"'optimizer'", "'sgd'", "twice"}},
    {"choice empty", empty_choice, HPO_E_INVALID, {"'optimizer'", "empty choice"}},
    {"choice NULL", null_choice, HPO_E_INVALID, {"'optimizer'", "empty choice"}},
    {"choice not UTF-8", broken_choice, HPO_E_INVALID, {"'optimizer'", "UTF-8"}},
    {"no levels", no_levels, HPO_E_INVALID, {"'width'", "empty"}},
    {"levels NULL", null_levels, HPO_E_INVALID, {"'width'", "empty"}},
    {"level twice", level_twice, HPO_E_INVALID, {"'width'", "2 follows 2"}},
    {"levels turn", levels_turn, HPO_E_INVALID, {"'width'", "2 follows 3"}},
    {"levels turn up", levels_turn_up, HPO_E_INVALID, {"'width'", "2.5 follows 2"}},
    {"level inf", level_infinite, HPO_E_INVALID, {"'width'", "inf"}},
    {"level NaN", level_nan, HPO_E_INVALID, {"'width'", "nan"}},
    {"step 0", step_zero, HPO_E_INVALID, {"'dropout'", "step 0"}},
    {"step -0.1", step_negative, HPO_E_INVALID, {"'dropout'", "step -0.1"}},
    {"step NaN", step_nan, HPO_E_INVALID, {"'dropout'", "step nan"}},
    {"step inf", step_infinite, HPO_E_INVALID, {"'dropout'", "step inf"}},
    {"step 0.51 in [0, 0.5]", step_too_large, HPO_E_INVALID, {"'dropout'", "0.51", "larger than the range"}},
    {"step 1e-17", step_too_small, HPO_E_INVALID, {"'dropout'", "1e-17", "2^50"}},
    {"step of nobody", step_of_nobody, HPO_E_NOT_FOUND, {"'droput'", "did you mean 'dropout'"}},
    {"step of NULL", step_of_null, HPO_E_INVALID, {"name", "NULL"}},
    {"step of choices", step_of_choices, HPO_E_INVALID, {"'kernel'", "only float and int"}},
    {"step of a bool", step_of_bool, HPO_E_INVALID, {"'bias'", "only float and int"}},
    {"step 1.5 of an int", step_broken, HPO_E_INVALID, {"'layers'", "1.5", "whole"}},
    {"step 8 in [1, 8]", step_wide_int, HPO_E_INVALID, {"'layers'", "step 8", "larger than the range"}},
    {"step past the default", step_misses_default, HPO_E_INVALID, {"'dropout'", "0.25", "step 0.2"}},
    {"step past a condition", step_misses_condition, HPO_E_INVALID, {"'layers'", "2", "step 3"}},
    {"step too fine", step_too_fine, HPO_E_INVALID, {"'far'", "step 0.1", "too small"}},
    {"step of everything", step_of_everything, HPO_E_INVALID, {"'far'", "1.7976931348623157e+308", "too wide"}},
    {"default 0.75", default_too_high, HPO_E_INVALID, {"'dropout'", "0.75", "[0, 0.5]"}},
    {"default 0", default_too_low, HPO_E_INVALID, {"'layers'", "0", "[1, 8]"}},
    {"default half", default_no_number, HPO_E_INVALID, {"'dropout'", "'half'", "not a number"}},
    {"default 0,1", default_comma, HPO_E_INVALID, {"'dropout'", "'0,1'", "not a number"}},
    {"default nan", default_nan, HPO_E_INVALID, {"'dropout'", "nan"}},
    {"default inf", default_infinite, HPO_E_INVALID, {"'dropout'", "inf"}},
    {"default 2.5 of an int", default_broken_int, HPO_E_INVALID, {"'layers'", "2.5"}},
    {"default no choice", default_no_choice, HPO_E_INVALID, {"'kernel'", "'polly'", "'poly'"}},
    {"default 1 of a bool", default_no_bool, HPO_E_INVALID, {"'bias'", "'1'", "choices"}},
    {"default empty", default_empty, HPO_E_INVALID, {"'kernel'", "''"}},
    {"default NULL", default_null, HPO_E_INVALID, {"'kernel'", "NULL"}},
    {"default of nobody", default_of_nobody, HPO_E_NOT_FOUND, {"'kernl'", "did you mean 'kernel'"}},
    {"default of NULL", default_of_null, HPO_E_INVALID, {"name", "NULL"}},
    {"unknown child", when_unknown_child, HPO_E_NOT_FOUND, {"'gama'", "did you mean 'gamma'"}},
    {"unknown parent", when_unknown_parent, HPO_E_NOT_FOUND, {"'kernal'", "did you mean 'kernel'"}},
    {"child NULL", when_null_child, HPO_E_INVALID, {"name", "NULL"}},
    {"parent NULL", when_null_parent, HPO_E_INVALID, {"name", "NULL"}},
    {"condition without values", when_no_values, HPO_E_INVALID, {"'kernel'", "at least one"}},
    {"values NULL", when_null_values, HPO_E_INVALID, {"'kernel'", "at least one"}},
    {"value NULL", when_null_value, HPO_E_INVALID, {"'kernel'", "NULL"}},
    {"value the parent cannot take", when_bad_value, HPO_E_INVALID, {"'kernel'", "'sigmod'", "choices"}},
    {"number the parent cannot take", when_bad_number, HPO_E_INVALID, {"'layers'", "9", "[1, 8]"}},
    {"continuous parent", when_continuous, HPO_E_INVALID, {"'dropout'", "continuous"}},
    {"condition on itself", when_itself, HPO_E_INVALID, {"'kernel'", "cycle"}},
    {"condition twice", when_twice, HPO_E_EXISTS, {"'gamma'", "'kernel'", "already"}},
    {"cycle of three", when_cycle, HPO_E_INVALID, {"cycle", "depend"}},
    {"never active", when_never, HPO_E_INVALID, {"'gamma'", "never be active"}},
};

static hpo_space *to_refuse(void) {
    hpo_space *space = hpo_space_new(NULL);
    hpo_space_add_categorical(space, "kernel", kernel_names, 3, NULL);
    hpo_space_add_float(space, "gamma", 1e-4, 1, HPO_LOG, NULL);
    hpo_space_add_float(space, "dropout", 0, 0.5, HPO_LINEAR, NULL);
    hpo_space_add_int(space, "layers", 1, 8, HPO_LINEAR, NULL);
    hpo_space_add_bool(space, "bias", NULL);
    assert_int_equal(hpo_space_status(space, NULL), HPO_OK);
    return space;
}

static void bad_input_is_refused_and_remembered(void **unused) {
    (void)unused;
    for (size_t i = 0; i < sizeof bad_calls / sizeof bad_calls[0]; i++) {
        const bad *b     = &bad_calls[i];
        hpo_space *space = to_refuse();
        hpo_study *study = NULL;
        hpo_point *point = NULL;
        hpo_error  error = {0, 0, ""}, kept = {0, 0, ""};
        double     five[5] = {0};
        hpo_status status  = b->call(space, &error);
        HOLDS(status == b->status && error.code == status && error.sys_errno == 0, i, "%s: status %d, %s", b->what, (int)status, error.message);
        for (size_t k = 0; k < 3; k++)
            HOLDS(b->holds[k] == NULL || strstr(error.message, b->holds[k]) != NULL, i, "%s: \"%s\" does not say \"%s\"", b->what, error.message,
                  b->holds[k]);

        /* The first error is kept: later calls give it back and change nothing. */
        size_t size = hpo_space_size(space);
        assert_int_equal(hpo_space_add_bool(space, "later", &kept), status);
        assert_string_equal(kept.message, error.message);
        assert_int_equal(hpo_space_set_step(space, "layers", -1, &kept), status);
        assert_string_equal(kept.message, error.message);
        assert_int_equal(hpo_space_add_float(space, "later", 1, 0, HPO_LINEAR, &kept), status);
        assert_int_equal(hpo_space_add_int(space, "later", 0, 1, HPO_LINEAR, &kept), status);
        assert_int_equal(hpo_space_add_categorical(space, "later", kernel_names, 3, NULL), status);
        assert_int_equal(hpo_space_add_ordinal(space, "later", zigzag, 2, NULL), status);
        assert_int_equal(hpo_space_set_default(space, "kernel", "rbf", NULL), status);
        assert_int_equal(hpo_space_when(space, "gamma", "kernel", rbf, 1, NULL), status);
        assert_int_equal(hpo_space_size(space), size);
        assert_true(hpo_space_index(space, "later") == SIZE_MAX);

        /* And the space is refused by all that would use it. */
        memset(&kept, 0, sizeof kept);
        assert_int_equal(hpo_space_status(space, &kept), status);
        assert_memory_equal(&kept, &error, sizeof kept);
        memset(&kept, 0, sizeof kept);
        assert_int_equal(hpo_study_new(space, &study, &kept), status);
        assert_null(study);
        assert_string_equal(kept.message, error.message);
        assert_int_equal(hpo_point_new(space, &point, &kept), status);
        assert_int_equal(hpo_space_to_json(space, NULL, 0, NULL, &kept), status);
        assert_int_equal(hpo_space_decode(space, five, 5, five, NULL), status);
        assert_int_equal(hpo_space_encode(space, five, 5, five, NULL), status);
        hpo_space_free(space);
    }
}

/* The same without anywhere to put the message. */
static void bad_input_without_an_error_to_fill(void **unused) {
    (void)unused;
    for (size_t i = 0; i < sizeof bad_calls / sizeof bad_calls[0]; i++) {
        hpo_space *space = to_refuse();
        hpo_error  error = {0, 0, ""};
        assert_int_equal(bad_calls[i].call(space, NULL), bad_calls[i].status);
        assert_int_equal(hpo_space_status(space, &error), bad_calls[i].status);
        assert_true(error.message[0] != '\0'); /* it was kept all the same */
        hpo_space_free(space);
    }
}

static void limits_that_just_pass(void **unused) {
    (void)unused;
    char name[256];
    memset(name, 'n', 255);
    name[255]              = '\0';
    const char  *choices[] = {name};
    const double one[]     = {7};
    hpo_space   *space     = hpo_space_new(NULL);
    assert_int_equal(hpo_space_add_categorical(space, name, choices, 1, NULL), HPO_OK);
    assert_int_equal(hpo_space_add_int(space, "all", 1, INT64_C(1) << 50, HPO_LINEAR, NULL), HPO_OK);
    assert_int_equal(hpo_space_add_int(space, "log", 1, INT64_C(1) << 40, HPO_LOG, NULL), HPO_OK);
    assert_int_equal(hpo_space_add_int(space, "top", (INT64_C(1) << 53) - 1, INT64_C(1) << 53, HPO_LINEAR, NULL), HPO_OK);
    assert_int_equal(hpo_space_add_int(space, "bottom", -(INT64_C(1) << 53), 1 - (INT64_C(1) << 53), HPO_LINEAR, NULL), HPO_OK);
    assert_int_equal(hpo_space_add_float(space, "widest", -DBL_MAX, DBL_MAX, HPO_LINEAR, NULL), HPO_OK);
    assert_int_equal(hpo_space_add_float(space, "narrow", 1, nextafter(1, 2), HPO_LINEAR, NULL), HPO_OK);
    assert_int_equal(hpo_space_add_ordinal(space, "one", one, 1, NULL), HPO_OK);
    assert_int_equal(hpo_space_add_float(space, "step", 0, 1, HPO_LINEAR, NULL), HPO_OK);
    assert_int_equal(hpo_space_set_step(space, "step", 1, NULL), HPO_OK);
    assert_int_equal(hpo_space_cardinality(space, 0), 1);
    assert_true(hpo_space_cardinality(space, 1) == UINT64_C(1) << 50);
    assert_true(hpo_space_cardinality(space, 2) == UINT64_C(1) << 40);
    assert_int_equal(hpo_space_cardinality(space, 3), 2);
    assert_int_equal(hpo_space_cardinality(space, 5), 0);
    assert_int_equal(hpo_space_cardinality(space, 7), 1);
    assert_int_equal(hpo_space_cardinality(space, 8), 2);
    assert_int_equal(hpo_space_set_step(space, "step", 0.25, NULL), HPO_OK); /* the declared range still stands */
    assert_int_equal(hpo_space_cardinality(space, 8), 5);
    assert_int_equal(hpo_space_set_default(space, "step", "0.5", NULL), HPO_OK);
    assert_int_equal(hpo_space_set_default(space, "step", "0.75", NULL), HPO_OK); /* the last one counts */
    hpo_space_free(space);
}

static void nothing_is_null_proof(void **unused) {
    (void)unused;
    hpo_error                error     = {0, 0, ""};
    const double             levels[]  = {1, 2};
    static const char *const choices[] = {"a"};
    assert_int_equal(hpo_space_status(NULL, &error), HPO_E_INVALID);
    assert_int_equal(hpo_space_add_float(NULL, "x", 0, 1, 0, &error), HPO_E_INVALID);
    assert_int_equal(hpo_space_add_int(NULL, "x", 0, 1, 0, &error), HPO_E_INVALID);
    assert_int_equal(hpo_space_add_categorical(NULL, "x", choices, 1, &error), HPO_E_INVALID);
    assert_int_equal(hpo_space_add_ordinal(NULL, "x", levels, 2, &error), HPO_E_INVALID);
    assert_int_equal(hpo_space_add_bool(NULL, "x", &error), HPO_E_INVALID);
    assert_int_equal(hpo_space_set_step(NULL, "x", 1, &error), HPO_E_INVALID);
    assert_int_equal(hpo_space_set_default(NULL, "x", "1", &error), HPO_E_INVALID);
    assert_int_equal(hpo_space_when(NULL, "x", "y", choices, 1, &error), HPO_E_INVALID);
    assert_int_equal(hpo_space_to_json(NULL, NULL, 0, NULL, &error), HPO_E_INVALID);
    assert_non_null(strstr(error.message, "NULL"));
    assert_int_equal(hpo_space_size(NULL), 0);
    assert_null(hpo_space_name(NULL, 0));
    assert_true(hpo_space_index(NULL, "x") == SIZE_MAX);
    assert_int_equal(hpo_space_kind(NULL, 0), -1);
    assert_int_equal(hpo_space_cardinality(NULL, 0), 0);
    assert_null(hpo_space_choice(NULL, 0, 0));
    hpo_space          *space    = svm();
    static const size_t beyond[] = {3, 4, SIZE_MAX};
    for (size_t i = 0; i < 3; i++) {
        assert_null(hpo_space_name(space, beyond[i]));
        assert_int_equal(hpo_space_kind(space, beyond[i]), -1);
        assert_int_equal(hpo_space_cardinality(space, beyond[i]), 0);
        assert_null(hpo_space_choice(space, beyond[i], 0));
        assert_null(hpo_space_choice(space, 0, beyond[i]));
    }
    assert_null(hpo_space_choice(space, 1, 0));
    assert_true(hpo_space_index(space, NULL) == SIZE_MAX && hpo_space_index(space, "Kernel") == SIZE_MAX);
    hpo_space_free(space);
}

/* An error report is touched by errors only. */
static void success_leaves_the_error_alone(void **unused) {
    (void)unused;
    hpo_error  error = {-77, 5, "as it was"};
    hpo_space *space = hpo_space_new(NULL);
    double     unit  = 0.5, value;
    assert_int_equal(hpo_space_add_float(space, "x", 0, 1, HPO_LINEAR, &error), HPO_OK);
    assert_int_equal(hpo_space_set_step(space, "x", 0.1, &error), HPO_OK);
    assert_int_equal(hpo_space_set_default(space, "x", "0.3", &error), HPO_OK);
    assert_int_equal(hpo_space_status(space, &error), HPO_OK);
    assert_int_equal(hpo_space_decode(space, &unit, 1, &value, &error), HPO_OK);
    assert_int_equal(hpo_space_encode(space, &value, 1, &unit, &error), HPO_OK);
    assert_int_equal(error.code, -77);
    assert_string_equal(error.message, "as it was");
    hpo_space_free(space);
}

/* ---- out of memory ---- */

/* One building call in six, each with a space that is ready for it. */
static hpo_status build_step(hpo_space *s, int step, hpo_error *err) {
    static const char *const choices[] = {"a", "b"};
    static const double      levels[]  = {1, 2, 4};
    switch (step) {
    case 0:
        return hpo_space_add_categorical(s, "c", choices, 2, err);
    case 1:
        return hpo_space_add_ordinal(s, "o", levels, 3, err);
    case 2:
        return hpo_space_add_float(s, "x", 0, 1, HPO_LINEAR, err);
    case 3:
        return hpo_space_set_step(s, "x", 0.5, err);
    case 4:
        return hpo_space_when(s, "x", "c", choices, 1, err);
    case 5:
        return hpo_space_add_bool(s, "b", err);
    default:
        return hpo_space_add_int(s, "i", 0, 9, HPO_LINEAR, err);
    }
}

/* The n-th allocation fails once: the call fails, other calls repeat its error, the same call made again works, and the space is as if nothing had been. */
static void a_call_is_repeated_after_running_out(void **unused) {
    (void)unused;
    char   expected[1024], found[1024];
    bool   failed   = true;
    size_t failures = 0;
    for (uint64_t n = 0; failed; n++) {
        fail_alloc    f         = {.fail_at = n};
        hpo_allocator allocator = fail_allocator(&f);
        hpo_space    *space     = hpo_space_new(&allocator);
        assert_non_null(space);
        failed = false;
        for (int step = 0; step < 7; step++) {
            hpo_error  error  = {0, 0, ""};
            hpo_status status = build_step(space, step, &error);
            if (status != HPO_OK) {
                size_t size = hpo_space_size(space);
                assert_int_equal(status, HPO_E_NOMEM);
                assert_int_equal(error.code, HPO_E_NOMEM);
                assert_int_equal(hpo_space_status(space, NULL), HPO_E_NOMEM);
                assert_int_equal(hpo_space_add_bool(space, "other", NULL), HPO_E_NOMEM);
                hpo_study *study = NULL;
                assert_int_equal(hpo_study_new(space, &study, NULL), HPO_E_NOMEM);
                assert_int_equal(hpo_space_size(space), size);
                assert_int_equal(build_step(space, step, &error), HPO_OK);
                assert_int_equal(hpo_space_status(space, NULL), HPO_OK);
                failed = true;
                failures++;
            }
        }
        f.fail_at = 0;
        assert_int_equal(hpo_space_to_json(space, n == 0 ? expected : found, sizeof found, NULL, NULL), HPO_OK);
        if (n > 0)
            assert_string_equal(found, expected);
        failed = failed || n == 0;
        hpo_space_free(space);
        assert_int_equal(f.bytes, 0);
    }
    assert_true(failures >= 15);
}

/* Another error than memory stays for good, also when the same call is made again and would work. */
static void other_errors_stay(void **unused) {
    (void)unused;
    hpo_space *space = hpo_space_new(NULL);
    assert_int_equal(hpo_space_add_float(space, "x", 1, 0, HPO_LINEAR, NULL), HPO_E_INVALID);
    assert_int_equal(hpo_space_add_float(space, "x", 0, 1, HPO_LINEAR, NULL), HPO_E_INVALID);
    assert_int_equal(hpo_space_size(space), 0);
    hpo_space_free(space);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_space),
        cmocka_unit_test(parameters_are_as_described),
        cmocka_unit_test(many_names_are_found),
        cmocka_unit_test(configurations_survive_the_unit_cube),
        cmocka_unit_test(every_point_is_legal),
        cmocka_unit_test(every_value_is_reached),
        cmocka_unit_test(arguments_of_decode_and_encode),
        cmocka_unit_test(inactive_parents_have_no_value),
        cmocka_unit_test(bad_input_is_refused_and_remembered),
        cmocka_unit_test(bad_input_without_an_error_to_fill),
        cmocka_unit_test(limits_that_just_pass),
        cmocka_unit_test(nothing_is_null_proof),
        cmocka_unit_test(success_leaves_the_error_alone),
        cmocka_unit_test(a_call_is_repeated_after_running_out),
        cmocka_unit_test(other_errors_stay),
    };
    return cmocka_run_group_tests_name("space", tests, NULL, NULL);
}
