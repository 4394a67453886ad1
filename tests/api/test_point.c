/* Points: configurations by hand, from text, numbers, whole vectors and the unit cube, and what is refused. A study shows what a point holds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../common/fail_alloc.h"
#include "../common/random_space.h"

#include <hpo.h>

enum { KERNEL, GAMMA, DEGREE, WIDTH, BIAS, DROPOUT, SIZE };

static const char *const kernels[] = {"linear", "rbf", "poly"};

static hpo_space *mixed(const hpo_allocator *allocator) {
    static const double widths[] = {16, 32, 64};
    hpo_space          *space    = hpo_space_new(allocator);
    hpo_space_add_categorical(space, "kernel", kernels, 3, NULL);
    hpo_space_add_float(space, "gamma", 1e-4, 1, HPO_LOG, NULL);
    hpo_space_add_int(space, "degree", 2, 5, HPO_LINEAR, NULL);
    hpo_space_add_ordinal(space, "width", widths, 3, NULL);
    hpo_space_add_bool(space, "bias", NULL);
    hpo_space_add_float(space, "dropout", 0, 0.5, HPO_LINEAR, NULL);
    hpo_space_set_step(space, "dropout", 0.1, NULL);
    hpo_space_set_default(space, "dropout", "0.2", NULL);
    hpo_space_when(space, "gamma", "kernel", kernels + 1, 2, NULL);
    hpo_space_when(space, "degree", "kernel", kernels + 2, 1, NULL);
    assert_int_equal(hpo_space_status(space, NULL), HPO_OK);
    return space;
}

/* The configuration that a point stands for, by way of a study; HPO_E_INVALID when it is none. */
static hpo_status shows(const hpo_space *space, const hpo_point *point, double *values, hpo_error *err) {
    hpo_study *study = NULL;
    hpo_trial *trial = NULL;
    assert_int_equal(hpo_study_new(space, &study, NULL), HPO_OK);
    assert_int_equal(hpo_study_set(study, "start.default", "false", NULL), HPO_OK);
    hpo_status status = hpo_study_enqueue(study, point, err);
    if (status == HPO_OK) {
        assert_int_equal(hpo_study_ask(study, &trial, NULL), HPO_OK);
        hpo_trial_values_by_index(trial, values, hpo_space_size(space));
        hpo_trial_free(trial);
    }
    hpo_study_free(study);
    return status;
}

static void assert_holds(const hpo_space *space, const hpo_point *point, const double *expected) {
    double    values[SIZE];
    hpo_error error = {0, 0, ""};
    HOLDS(shows(space, point, values, &error) == HPO_OK, 0, "%s", error.message);
    for (size_t i = 0; i < SIZE; i++)
        HOLDS(values[i] == expected[i] || (isnan(values[i]) && isnan(expected[i])), i, "%.17g, not %.17g", values[i], expected[i]);
}

/* ---- setting ---- */

static void an_empty_point_is_the_default(void **unused) {
    (void)unused;
    hpo_space *space = mixed(NULL);
    hpo_point *point = NULL;
    assert_int_equal(hpo_point_new(space, &point, NULL), HPO_OK);
    const double expected[SIZE] = {0, NONE, NONE, 32, 0, 0.2};
    assert_holds(space, point, expected);
    hpo_point_free(point);
    hpo_point_free(NULL);
    hpo_space_free(space);
}

static void by_text(void **unused) {
    (void)unused;
    hpo_space *space = mixed(NULL);
    hpo_point *point = NULL;
    assert_int_equal(hpo_point_new(space, &point, NULL), HPO_OK);
    static const char *const pairs[][2] = {{"kernel", "poly"}, {"gamma", "2.5e-1"}, {"degree", "3"},
                                           {"width", "64.0"},  {"bias", "true"},    {"dropout", "0.30000000000000004"}};
    for (size_t i = 0; i < SIZE; i++)
        assert_int_equal(hpo_point_set(point, pairs[i][0], pairs[i][1], NULL), HPO_OK);
    const double expected[SIZE] = {2, 0.25, 3, 64, 1, 0.3};
    assert_holds(space, point, expected);
    assert_int_equal(hpo_point_set(point, "degree", "5", NULL), HPO_OK); /* the last one counts */
    const double changed[SIZE] = {2, 0.25, 5, 64, 1, 0.3};
    assert_holds(space, point, changed);
    hpo_point_free(point);
    hpo_space_free(space);
}

static void by_number(void **unused) {
    (void)unused;
    hpo_space *space = mixed(NULL);
    hpo_point *point = NULL;
    assert_int_equal(hpo_point_new(space, &point, NULL), HPO_OK);
    assert_int_equal(hpo_point_set(point, "kernel", "poly", NULL), HPO_OK);
    assert_int_equal(hpo_point_set_number(point, "gamma", 0.5, NULL), HPO_OK);
    assert_int_equal(hpo_point_set_number(point, "degree", 4, NULL), HPO_OK);
    assert_int_equal(hpo_point_set_number(point, "width", 16, NULL), HPO_OK);
    assert_int_equal(hpo_point_set_number(point, "bias", 1, NULL), HPO_OK);
    assert_int_equal(hpo_point_set_number(point, "dropout", 0.1 * 3, NULL), HPO_OK);
    const double expected[SIZE] = {2, 0.5, 4, 16, 1, 0.3};
    assert_holds(space, point, expected);
    hpo_point_free(point);
    hpo_space_free(space);
}

static void by_values(void **unused) {
    (void)unused;
    hpo_space *space = mixed(NULL);
    hpo_point *point = NULL;
    assert_int_equal(hpo_point_new(space, &point, NULL), HPO_OK);
    const double given[SIZE] = {2, NONE, 5, NONE, 1, 0.1 * 3}, expected[SIZE] = {2, 0.01, 5, 32, 1, 0.3};
    assert_int_equal(hpo_point_set_values(point, given, SIZE, NULL), HPO_OK);
    double    values[SIZE];
    hpo_error error = {0, 0, ""};
    assert_int_equal(shows(space, point, values, &error), HPO_OK);
    for (size_t i = 0; i < SIZE; i++)
        assert_true(near(values[i], expected[i], i == GAMMA ? 1e-15 : 0));
    /* What inactive parameters hold is ignored, be it legal or not. */
    const double idle[SIZE] = {0, 0.5, -99, 16, 0, 0}, left[SIZE] = {0, NONE, NONE, 16, 0, 0};
    assert_int_equal(hpo_point_set_values(point, idle, SIZE, NULL), HPO_OK);
    assert_holds(space, point, left);
    /* The default of the kernel is linear: the others are inactive then, too. */
    const double unset[SIZE] = {NONE, 7, 7, 16, 0, 0};
    assert_int_equal(hpo_point_set_values(point, unset, SIZE, NULL), HPO_OK);
    assert_holds(space, point, left);
    hpo_point_free(point);
    hpo_space_free(space);
}

static void by_unit(void **unused) {
    (void)unused;
    hpo_space *space = mixed(NULL);
    hpo_point *point = NULL;
    assert_int_equal(hpo_point_new(space, &point, NULL), HPO_OK);
    const double unit[SIZE] = {0.9, 0, 1, 0.5, 2, -1}, expected[SIZE] = {2, 1e-4, 5, 32, 1, 0};
    assert_int_equal(hpo_point_set_unit(point, unit, SIZE, NULL), HPO_OK);
    assert_holds(space, point, expected);
    const double idle[SIZE] = {0, NONE, NONE, 0, 0, 0}, corner[SIZE] = {0, NONE, NONE, 16, 0, 0};
    assert_int_equal(hpo_point_set_unit(point, idle, SIZE, NULL), HPO_OK);
    assert_holds(space, point, corner);
    hpo_point_free(point);
    hpo_space_free(space);
}

/* Each way of setting takes the place of what was set before; single values refine whole vectors. */
static void one_after_the_other(void **unused) {
    (void)unused;
    hpo_space *space = mixed(NULL);
    hpo_point *point = NULL;
    hpo_error  error = {0, 0, ""};
    double     values[SIZE];
    assert_int_equal(hpo_point_new(space, &point, NULL), HPO_OK);
    const double unit[SIZE] = {0.9, 0, 1, 0.5, 1, 1}, refined[SIZE] = {2, 1e-4, 2, 32, 1, 0.5};
    assert_int_equal(hpo_point_set_unit(point, unit, SIZE, NULL), HPO_OK);
    assert_int_equal(hpo_point_set(point, "degree", "2", NULL), HPO_OK);
    assert_holds(space, point, refined);

    /* degree was set by name; with the kernel linear it cannot be. */
    assert_int_equal(hpo_point_set(point, "kernel", "linear", NULL), HPO_OK);
    assert_int_equal(shows(space, point, values, &error), HPO_E_INVALID);
    assert_non_null(strstr(error.message, "'degree'"));
    assert_non_null(strstr(error.message, "set to 2"));
    /* A whole vector or unit point forgets that name. */
    const double linear[SIZE] = {0, NONE, NONE, 64, 0, 0};
    assert_int_equal(hpo_point_set_values(point, linear, SIZE, NULL), HPO_OK);
    assert_holds(space, point, linear);
    assert_int_equal(hpo_point_set(point, "kernel", "poly", NULL), HPO_OK);
    assert_int_equal(hpo_point_set(point, "degree", "2", NULL), HPO_OK);
    const double low[SIZE] = {0, 0, 0, 0, 0, 0}, corner[SIZE] = {0, NONE, NONE, 16, 1, 0};
    assert_int_equal(hpo_point_set_unit(point, low, SIZE, NULL), HPO_OK);
    assert_int_equal(hpo_point_set(point, "bias", "true", NULL), HPO_OK);
    assert_holds(space, point, corner);
    hpo_point_free(point);
    hpo_space_free(space);
}

static void random_points(void **unused) {
    (void)unused;
    for (uint64_t seed = 0; seed < 300; seed++) {
        rs_space s;
        draw     d = {seed + 30};
        double   given[RS_MOST], unit[RS_MOST], values[RS_MOST];
        rs_draw_space(seed, RS_MOST, 3, &s);
        hpo_space *space = rs_build(&s, NULL);
        hpo_point *point = NULL;
        hpo_error  error = {0, 0, ""};
        HOLDS(hpo_point_new(space, &point, &error) == HPO_OK, seed, "%s", error.message);
        rs_draw_values(&d, &s, given);
        HOLDS(hpo_point_set_values(point, given, s.size, &error) == HPO_OK, seed, "%s", error.message);
        HOLDS(shows(space, point, values, &error) == HPO_OK, seed, "%s", error.message);
        for (size_t i = 0; i < s.size; i++)
            HOLDS(values[i] == given[i] || (isnan(values[i]) && isnan(given[i])), seed, "'%s' is %.17g, not %.17g", s.parameters[i].name, values[i],
                  given[i]);
        /* Name by name, parents and children in any order. */
        hpo_point_free(point);
        assert_int_equal(hpo_point_new(space, &point, &error), HPO_OK);
        for (size_t i = s.size; i-- > 0;) {
            const rs_parameter *p = &s.parameters[i];
            uint64_t            index;
            char                text[64];
            if (isnan(given[i]))
                continue;
            if (p->count > 0 && rs_index(p, given[i], &index) && (draw_below(&d, 2) == 0 || p->kind == HPO_CATEGORICAL)) {
                rs_text(p, index, text);
                HOLDS(hpo_point_set(point, p->name, text, &error) == HPO_OK, seed, "%s", error.message);
            } else {
                HOLDS(hpo_point_set_number(point, p->name, given[i], &error) == HPO_OK, seed, "%s", error.message);
            }
        }
        HOLDS(shows(space, point, values, &error) == HPO_OK, seed, "%s", error.message);
        for (size_t i = 0; i < s.size; i++)
            HOLDS(values[i] == given[i] || (isnan(values[i]) && isnan(given[i])), seed, "'%s' is %.17g, not %.17g", s.parameters[i].name, values[i],
                  given[i]);
        /* From the unit cube, as decode says. */
        for (size_t i = 0; i < s.size; i++)
            unit[i] = draw_unit(&d);
        assert_int_equal(hpo_space_decode(space, unit, s.size, given, NULL), HPO_OK);
        assert_int_equal(hpo_point_set_unit(point, unit, s.size, NULL), HPO_OK);
        HOLDS(shows(space, point, values, &error) == HPO_OK, seed, "%s", error.message);
        for (size_t i = 0; i < s.size; i++)
            HOLDS(values[i] == given[i] || (isnan(values[i]) && isnan(given[i])), seed, "'%s' is %.17g, not %.17g", s.parameters[i].name, values[i],
                  given[i]);
        hpo_point_free(point);
        hpo_space_free(space);
    }
}

/* ---- what is refused ---- */

static void bad_texts(void **unused) {
    (void)unused;
    static const struct {
        const char *name, *value;
        hpo_status  status;
        const char *holds[2];
    } cases[] = {
        {"kernal", "rbf", HPO_E_NOT_FOUND, {"'kernal'", "did you mean 'kernel'"}},
        {"", "rbf", HPO_E_NOT_FOUND, {"''", "no parameter"}},
        {"unrelated to all", "1", HPO_E_NOT_FOUND, {"'unrelated to all'", "no parameter"}},
        {"kernel", "rfb", HPO_E_INVALID, {"'kernel'", "'rfb'"}},
        {"kernel", "1", HPO_E_INVALID, {"'kernel'", "'1'"}},
        {"kernel", "", HPO_E_INVALID, {"'kernel'", "''"}},
        {"kernel", NULL, HPO_E_INVALID, {"'kernel'", "NULL"}},
        {"gamma", "2", HPO_E_INVALID, {"'gamma'", "2 is outside [0.0001, 1]"}},
        {"gamma", "0", HPO_E_INVALID, {"'gamma'", "0 is outside"}},
        {"gamma", "nan", HPO_E_INVALID, {"'gamma'", "nan"}},
        {"gamma", "inf", HPO_E_INVALID, {"'gamma'", "inf"}},
        {"gamma", "0,5", HPO_E_INVALID, {"'gamma'", "'0,5'"}},
        {"gamma", "", HPO_E_INVALID, {"'gamma'", "''"}},
        {"degree", "2.5", HPO_E_INVALID, {"'degree'", "2.5"}},
        {"degree", "6", HPO_E_INVALID, {"'degree'", "6 is outside [2, 5]"}},
        {"width", "48", HPO_E_INVALID, {"'width'", "48"}},
        {"bias", "yes", HPO_E_INVALID, {"'bias'", "'yes'"}},
        {"dropout", "0.25", HPO_E_INVALID, {"'dropout'", "0.25"}},
        {"\xff", "1", HPO_E_NOT_FOUND, {"'?'", "no parameter"}},
    };
    hpo_space *space = mixed(NULL);
    hpo_point *point = NULL;
    assert_int_equal(hpo_point_new(space, &point, NULL), HPO_OK);
    assert_int_equal(hpo_point_set(point, "width", "64", NULL), HPO_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hpo_error  error  = {0, 0, ""};
        hpo_status status = hpo_point_set(point, cases[i].name, cases[i].value, &error);
        HOLDS(status == cases[i].status && error.code == status, i, "status %d: %s", (int)status, error.message);
        HOLDS(strstr(error.message, cases[i].holds[0]) != NULL && strstr(error.message, cases[i].holds[1]) != NULL, i, "%s", error.message);
        assert_int_equal(hpo_point_set(point, cases[i].name, cases[i].value, NULL), status);
    }
    const double expected[SIZE] = {0, NONE, NONE, 64, 0, 0.2}; /* as before */
    assert_holds(space, point, expected);
    hpo_point_free(point);
    hpo_space_free(space);
}

static void bad_numbers(void **unused) {
    (void)unused;
    const struct {
        const char *name;
        double      value;
        hpo_status  status;
        const char *holds[2];
    } cases[] = {
        {"width", 48, HPO_E_INVALID, {"'width'", "48"}},
        {"widht", 32, HPO_E_NOT_FOUND, {"'widht'", "'width'"}},
        {"kernel", 1, HPO_E_INVALID, {"'kernel'", "text"}},
        {"gamma", NONE, HPO_E_INVALID, {"'gamma'", "nan"}},
        {"gamma", INF, HPO_E_INVALID, {"'gamma'", "inf"}},
        {"gamma", -0.5, HPO_E_INVALID, {"'gamma'", "-0.5"}},
        {"degree", nextafter(3, 4), HPO_E_INVALID, {"'degree'", "3.0000000000000004"}},
        {"degree", 2.000001, HPO_E_INVALID, {"'degree'", "2.000001"}},
        {"degree", 1e300, HPO_E_INVALID, {"'degree'", "1e+300"}},
        {"bias", 2, HPO_E_INVALID, {"'bias'", "2"}},
        {"bias", 0.5, HPO_E_INVALID, {"'bias'", "0.5"}},
        {"bias", -1, HPO_E_INVALID, {"'bias'", "-1"}},
        {"dropout", 0.6, HPO_E_INVALID, {"'dropout'", "0.6"}},
    };
    hpo_space *space = mixed(NULL);
    hpo_point *point = NULL;
    assert_int_equal(hpo_point_new(space, &point, NULL), HPO_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hpo_error  error  = {0, 0, ""};
        hpo_status status = hpo_point_set_number(point, cases[i].name, cases[i].value, &error);
        HOLDS(status == cases[i].status && error.code == status, i, "status %d: %s", (int)status, error.message);
        HOLDS(strstr(error.message, cases[i].holds[0]) != NULL && strstr(error.message, cases[i].holds[1]) != NULL, i, "%s", error.message);
    }
    hpo_point_free(point);
    hpo_space_free(space);
}

static void bad_vectors(void **unused) {
    (void)unused;
    hpo_space *space = mixed(NULL);
    hpo_point *point = NULL;
    hpo_error  error = {0, 0, ""};
    assert_int_equal(hpo_point_new(space, &point, NULL), HPO_OK);
    const double good[SIZE] = {2, 0.5, 3, 64, 1, 0.1}, zero[SIZE] = {0};
    assert_int_equal(hpo_point_set_values(point, good, SIZE, NULL), HPO_OK);
    for (size_t n = 0; n <= SIZE + 1; n++)
        if (n != SIZE) {
            assert_int_equal(hpo_point_set_values(point, zero, n, &error), HPO_E_INVALID);
            assert_non_null(strstr(error.message, "6 parameters"));
            assert_int_equal(hpo_point_set_unit(point, zero, n, &error), HPO_E_INVALID);
            assert_non_null(strstr(error.message, "6 parameters"));
        }
    static const struct {
        size_t      at;
        double      value;
        const char *holds[2];
    } cases[] = {
        {KERNEL, 3, {"'kernel'", "3"}},     {KERNEL, 0.5, {"'kernel'", "0.5"}}, {GAMMA, 2, {"'gamma'", "2"}}, {GAMMA, INF, {"'gamma'", "inf"}},
        {DEGREE, 2.5, {"'degree'", "2.5"}}, {WIDTH, 17, {"'width'", "17"}},     {BIAS, 2, {"'bias'", "2"}},   {DROPOUT, 0.55, {"'dropout'", "0.55"}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double values[SIZE];
        memcpy(values, good, sizeof values);
        values[WIDTH]       = 16;
        values[cases[i].at] = cases[i].value;
        HOLDS(hpo_point_set_values(point, values, SIZE, &error) == HPO_E_INVALID, i, "passes");
        HOLDS(strstr(error.message, cases[i].holds[0]) != NULL && strstr(error.message, cases[i].holds[1]) != NULL, i, "%s", error.message);
        assert_holds(space, point, good); /* nothing of it was set */
    }
    double unit[SIZE] = {0.9, NONE, 0.5, 0.5, 0.5, 0.5};
    assert_int_equal(hpo_point_set_unit(point, unit, SIZE, &error), HPO_E_INVALID);
    assert_non_null(strstr(error.message, "'gamma'"));
    assert_holds(space, point, good);
    hpo_point_free(point);
    hpo_space_free(space);
}

static void null_arguments(void **unused) {
    (void)unused;
    hpo_space *space     = mixed(NULL);
    hpo_point *point     = NULL;
    double     six[SIZE] = {0};
    assert_int_equal(hpo_point_new(NULL, &point, NULL), HPO_E_INVALID);
    assert_int_equal(hpo_point_new(space, NULL, NULL), HPO_E_INVALID);
    assert_null(point);
    assert_int_equal(hpo_point_new(space, &point, NULL), HPO_OK);
    assert_int_equal(hpo_point_set(NULL, "gamma", "1", NULL), HPO_E_INVALID);
    assert_int_equal(hpo_point_set(point, NULL, "1", NULL), HPO_E_INVALID);
    assert_int_equal(hpo_point_set_number(NULL, "gamma", 1, NULL), HPO_E_INVALID);
    assert_int_equal(hpo_point_set_number(point, NULL, 1, NULL), HPO_E_INVALID);
    assert_int_equal(hpo_point_set_values(NULL, six, SIZE, NULL), HPO_E_INVALID);
    assert_int_equal(hpo_point_set_values(point, NULL, SIZE, NULL), HPO_E_INVALID);
    assert_int_equal(hpo_point_set_unit(NULL, six, SIZE, NULL), HPO_E_INVALID);
    assert_int_equal(hpo_point_set_unit(point, NULL, SIZE, NULL), HPO_E_INVALID);
    hpo_point_free(point);
    hpo_space_free(space);
}

static void out_of_memory(void **unused) {
    (void)unused;
    const double good[SIZE] = {2, 0.5, 3, 64, 1, 0.1}, other[SIZE] = {0, NONE, NONE, 16, 0, 0}, unit[SIZE] = {0, NONE, NONE, 0, 0, 0};
    for (uint64_t n = 0;; n++) {
        fail_alloc    f         = {0};
        hpo_allocator allocator = fail_allocator(&f);
        hpo_space    *space     = mixed(&allocator);
        hpo_point    *point     = NULL;
        f.fail_at               = f.requests + n;
        f.forever               = true;
        hpo_status status       = hpo_point_new(space, &point, NULL);
        if (status != HPO_OK) {
            assert_int_equal(status, HPO_E_NOMEM);
            assert_null(point);
            hpo_space_free(space);
            assert_int_equal(f.bytes, 0);
            continue;
        }
        f.fail_at = 0;
        assert_int_equal(hpo_point_set_values(point, good, SIZE, NULL), HPO_OK);
        f.fail_at = f.requests; /* nothing more is to be had; the point stays as it is */
        assert_int_equal(hpo_point_set_values(point, other, SIZE, NULL), HPO_E_NOMEM);
        assert_int_equal(hpo_point_set_unit(point, unit, SIZE, NULL), HPO_E_NOMEM);
        f.fail_at = 0;
        assert_holds(space, point, good);
        hpo_point_free(point);
        hpo_space_free(space);
        assert_int_equal(f.bytes, 0);
        assert_true(n >= 4);
        break;
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_point_is_the_default),
        cmocka_unit_test(by_text),
        cmocka_unit_test(by_number),
        cmocka_unit_test(by_values),
        cmocka_unit_test(by_unit),
        cmocka_unit_test(one_after_the_other),
        cmocka_unit_test(random_points),
        cmocka_unit_test(bad_texts),
        cmocka_unit_test(bad_numbers),
        cmocka_unit_test(bad_vectors),
        cmocka_unit_test(null_arguments),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests_name("point", tests, NULL, NULL);
}
