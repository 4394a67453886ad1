/* The codec between values and the unit interval: exact for discrete values, to rounding for continuous ones, and never outside the bounds. */
#include "space/space.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../common/random_space.h"

#include <float.h>

enum { SPACES = 3000, ALL_VALUES = 2000, SOME_VALUES = 60 };

static const hpo__parameter *only(const hpo_space *space) {
    assert_int_equal(hpo_space_status(space, NULL), HPO_OK);
    return &space->parameters[0];
}

/* ---- discrete values ---- */

static void check_value(const rs_space *s, const hpo__parameter *p, const rs_parameter *q, uint64_t index) {
    double   expected = rs_value(q, index), unit = hpo__codec_encode(p, expected);
    uint64_t found = UINT64_MAX;
    HOLDS(hpo__codec_value(p, index) == expected, s->seed, "'%s', value %llu is %.17g, not %.17g", p->name, (unsigned long long)index,
          hpo__codec_value(p, index), expected);
    HOLDS(hpo__codec_index(p, expected, &found) && found == index, s->seed, "'%s', index of %.17g", p->name, expected);
    HOLDS(unit >= 0 && unit <= 1, s->seed, "'%s', %.17g encodes to %.17g", p->name, expected, unit);
    HOLDS(hpo__codec_decode(p, unit) == expected, s->seed, "'%s', %.17g encodes to %.17g, which decodes to %.17g", p->name, expected, unit,
          hpo__codec_decode(p, unit));
    double again = hpo__codec_encode(p, hpo__codec_decode(p, unit));
    HOLDS(again == unit, s->seed, "'%s': snapping %.17g again gives %.17g", p->name, unit, again);
}

static void check_discrete(draw *d, const rs_space *s, const hpo__parameter *p, const rs_parameter *q) {
    HOLDS(p->count == q->count, s->seed, "'%s' has %llu values, not %llu", p->name, (unsigned long long)p->count, (unsigned long long)q->count);
    if (q->count <= ALL_VALUES) {
        for (uint64_t i = 0; i < q->count; i++)
            check_value(s, p, q, i);
        return;
    }
    for (uint64_t i = 0; i < SOME_VALUES; i++) {
        check_value(s, p, q, draw_below(d, q->count));
        check_value(s, p, q, i);
        check_value(s, p, q, q->count - 1 - i);
    }
}

static void every_discrete_value_survives(void **unused) {
    (void)unused;
    for (uint64_t seed = 0; seed < SPACES; seed++) {
        rs_space s;
        draw     d = {seed * 77 + 1};
        rs_draw_space(seed, 4, 0, &s);
        hpo_space *space = rs_build(&s, NULL);
        for (size_t i = 0; i < s.size; i++)
            if (s.parameters[i].count > 0)
                check_discrete(&d, &s, &space->parameters[i], &s.parameters[i]);
        hpo_space_free(space);
    }
}

/* Linear cells are equal: 0.37/n and 0.81/n into cell i must both give value i. On a log scale the cells join without a gap and in order. */
static void cells_tile_the_interval(void **unused) {
    (void)unused;
    for (uint64_t seed = 0; seed < SPACES; seed++) {
        rs_space s;
        rs_draw_space(seed, 4, 0, &s);
        hpo_space *space = rs_build(&s, NULL);
        for (size_t i = 0; i < s.size; i++) {
            const rs_parameter   *q = &s.parameters[i];
            const hpo__parameter *p = &space->parameters[i];
            for (uint64_t k = 0; k < q->count && q->count <= 100 && q->scale == HPO_LINEAR; k++) {
                HOLDS(hpo__codec_decode(p, ((double)k + 0.37) / (double)q->count) == rs_value(q, k), seed, "'%s', cell %d", p->name, (int)k);
                HOLDS(hpo__codec_decode(p, ((double)k + 0.81) / (double)q->count) == rs_value(q, k), seed, "'%s', cell %d", p->name, (int)k);
            }
            for (uint64_t k = 0; k + 1 < q->count && q->count <= 100 && q->scale == HPO_LOG; k++) {
                double at = hpo__codec_encode(p, rs_value(q, k)), next = hpo__codec_encode(p, rs_value(q, k + 1));
                HOLDS(at < next, seed, "'%s', cells %d and the next", p->name, (int)k);
                for (int j = 0; j <= 20; j++) {
                    double value = hpo__codec_decode(p, at + (next - at) * j / 20);
                    HOLDS(value == rs_value(q, k) || value == rs_value(q, k + 1), seed, "'%s', between cells %d and the next", p->name, (int)k);
                }
            }
        }
        hpo_space_free(space);
    }
}

/* ---- bounds ---- */

static void check_bounds(const rs_space *s, const hpo__parameter *p, const rs_parameter *q, double unit) {
    double   value = hpo__codec_decode(p, unit);
    uint64_t index = 0;
    if (q->count > 0)
        HOLDS(rs_index(q, value, &index), s->seed, "'%s': %.17g decodes to %.17g, which is no value", p->name, unit, value);
    else
        HOLDS(value >= q->low && value <= q->high, s->seed, "'%s': %.17g decodes to %.17g, outside [%.17g, %.17g]", p->name, unit, value, q->low,
              q->high);
    double back = hpo__codec_encode(p, value);
    HOLDS(back >= 0 && back <= 1, s->seed, "'%s': %.17g decodes to %.17g, which encodes to %.17g", p->name, unit, value, back);
}

static void no_value_leaves_the_bounds(void **unused) {
    (void)unused;
    static const double corners[] = {
        0.0,  -0.0, DBL_TRUE_MIN, -DBL_TRUE_MIN, DBL_MIN, 1e-310, 1e-17,   0.5, 1 - DBL_EPSILON / 2, 1.0, 1 + DBL_EPSILON, -1e-17,
        -1.0, 2.0,  -DBL_MAX,     DBL_MAX,       INF,     -INF,   1 / 3.0, 0.1, 0.9999999999999};
    for (uint64_t seed = 0; seed < SPACES; seed++) {
        rs_space s;
        draw     d = {seed * 31 + 5};
        rs_draw_space(seed, 4, 0, &s);
        hpo_space *space = rs_build(&s, NULL);
        for (size_t i = 0; i < s.size; i++) {
            const rs_parameter   *q = &s.parameters[i];
            const hpo__parameter *p = &space->parameters[i];
            for (size_t c = 0; c < sizeof corners / sizeof corners[0]; c++)
                check_bounds(&s, p, q, corners[c]);
            for (int k = 0; k < 40; k++) {
                double unit = draw_unit(&d), wild = draw_double(&d);
                check_bounds(&s, p, q, unit);
                if (!isnan(wild))
                    check_bounds(&s, p, q, wild);
                for (uint64_t n = q->count; n > 0 && k < 3; n = 0) { /* both sides of an edge between cells */
                    double edge = (double)draw_below(&d, n + 1) / (double)n;
                    check_bounds(&s, p, q, edge);
                    check_bounds(&s, p, q, nextafter(edge, 2));
                    check_bounds(&s, p, q, nextafter(edge, -1));
                }
            }
            double first = q->count > 0 ? rs_value(q, 0) : q->low, last = q->count > 0 ? rs_value(q, q->count - 1) : q->high;
            HOLDS(hpo__codec_decode(p, 0) == first && hpo__codec_decode(p, -3) == first, seed, "'%s': 0 is the first value", p->name);
            HOLDS(hpo__codec_decode(p, 1) == last && hpo__codec_decode(p, 3) == last, seed, "'%s': 1 is the last value", p->name);
        }
        hpo_space_free(space);
    }
}

/* ---- continuous values ---- */

static void continuous_values_survive_to_rounding(void **unused) {
    (void)unused;
    for (uint64_t seed = 0; seed < SPACES; seed++) {
        rs_space s;
        draw     d = {seed * 13 + 7};
        rs_draw_space(seed, 4, 0, &s);
        hpo_space *space = rs_build(&s, NULL);
        for (size_t i = 0; i < s.size; i++) {
            const rs_parameter   *q = &s.parameters[i];
            const hpo__parameter *p = &space->parameters[i];
            for (int k = 0; k < 30 && q->count == 0; k++) {
                double unit = draw_unit(&d), value = hpo__codec_decode(p, unit), back = hpo__codec_decode(p, hpo__codec_encode(p, value));
                /* A rounding of the unit moves the value by its share of the range, on a log scale by its share of the logarithm's range. */
                double scale = q->scale == HPO_LOG ? fabs(value) * (fabs(log(q->high)) + fabs(log(q->low)) + 1) : fmax(fabs(q->low), fabs(q->high));
                HOLDS(fabs(back - value) <= 8 * DBL_EPSILON * scale + 2 * DBL_TRUE_MIN, seed, "'%s': %.17g comes back as %.17g", p->name, value,
                      back);
            }
        }
        hpo_space_free(space);
    }
}

/* The halves, tenths and so on of a range fall where a person would put them. */
static void known_values(void **unused) {
    (void)unused;
    hpo_space *space = hpo_space_new(NULL);
    hpo_space_add_float(space, "x", -4, 4, HPO_LINEAR, NULL);
    hpo_space_add_float(space, "lr", 1e-4, 1e-2, HPO_LOG, NULL);
    hpo_space_add_int(space, "n", 1, 4, HPO_LINEAR, NULL);
    hpo_space_add_int(space, "units", 1, 1024, HPO_LOG, NULL);
    hpo_space_add_float(space, "p", 0, 1, HPO_LINEAR, NULL);
    hpo_space_set_step(space, "p", 0.1, NULL);
    assert_int_equal(hpo_space_status(space, NULL), HPO_OK);
    const hpo__parameter *p = space->parameters;
    assert_true(near(hpo__codec_decode(&p[0], 0.25), -2, 1e-15));
    assert_true(near(hpo__codec_encode(&p[0], 3), 0.875, 1e-15));
    assert_true(near(hpo__codec_decode(&p[1], 0.5), 1e-3, 1e-17));
    assert_true(near(hpo__codec_encode(&p[1], 1e-3), 0.5, 1e-14));
    for (int i = 0; i < 4; i++)
        assert_true(hpo__codec_decode(&p[2], 0.125 + 0.25 * i) == i + 1);
    /* Log cells of an int reach from half to half: 1 owns log(1.5 / 0.5) of log(1024.5 / 0.5). */
    double edge = log(3.0) / log(2049.0);
    assert_true(hpo__codec_decode(&p[3], edge * 0.999999) == 1);
    assert_true(hpo__codec_decode(&p[3], edge * 1.000001) == 2);
    static const double tenths[] = {0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1};
    assert_int_equal(p[4].count, 11);
    for (uint64_t i = 0; i < 11; i++)
        assert_true(hpo__codec_value(&p[4], i) == tenths[i]); /* exactly, not 0.30000000000000004 */
    hpo_space_free(space);

    /* Steps that fit exactly on paper, but not in doubles: (0.3 - 0.2) / 0.1 < 1. */
    static const struct {
        double   low, high, step;
        uint64_t count;
    } exact[] = {{0.2, 0.3, 0.1, 2},  {0, 0.3, 0.1, 4},  {0.1, 100000000.1, 0.1, 1000000001},
                 {-0.7, 0.7, 0.2, 8}, {1, 2.9, 0.1, 20}, {0, 0.95, 0.1, 10}};
    for (size_t i = 0; i < sizeof exact / sizeof exact[0]; i++) {
        space = hpo_space_new(NULL);
        hpo_space_add_float(space, "x", exact[i].low, exact[i].high, HPO_LINEAR, NULL);
        assert_int_equal(hpo_space_set_step(space, "x", exact[i].step, NULL), HPO_OK);
        assert_int_equal(hpo_space_cardinality(space, 0), exact[i].count);
        assert_true(hpo__codec_decode(only(space), 1) == (exact[i].high == 0.95 ? 0.9 : exact[i].high));
        hpo_space_free(space);
    }
    space = hpo_space_new(NULL);
    hpo_space_free(space);
}

/* Ranges at the ends of what a double can say. */
static void extreme_ranges(void **unused) {
    (void)unused;
    static const struct {
        double  low, high, step;
        int32_t scale;
    } ranges[] = {
        {0, DBL_TRUE_MIN, 0, HPO_LINEAR},
        {DBL_TRUE_MIN, 2 * DBL_TRUE_MIN, 0, HPO_LINEAR},
        {DBL_TRUE_MIN, 2 * DBL_TRUE_MIN, 0, HPO_LOG},
        {-DBL_MAX, DBL_MAX, 0, HPO_LINEAR},
        {DBL_TRUE_MIN, DBL_MAX, 0, HPO_LOG},
        {1, 1 + DBL_EPSILON, 0, HPO_LINEAR},
        {1, 1 + DBL_EPSILON, 0, HPO_LOG},
        {-1e-320, 1e-320, 0, HPO_LINEAR},
        {DBL_TRUE_MIN, 1, 0.25, HPO_LOG},
        {1e-310, 1e-300, 1e-305, HPO_LOG},
        {0, DBL_MAX, DBL_MAX / 4, HPO_LINEAR},
        {DBL_MAX / 8, DBL_MAX, DBL_MAX / 4, HPO_LOG},
        {0, 40 * DBL_TRUE_MIN, 4 * DBL_TRUE_MIN, HPO_LINEAR},
        {9007199254740000.0, 9007199254740992.0, 2, HPO_LINEAR},
    };
    for (size_t r = 0; r < sizeof ranges / sizeof ranges[0]; r++) {
        hpo_space *space = hpo_space_new(NULL);
        hpo_space_add_float(space, "x", ranges[r].low, ranges[r].high, ranges[r].scale, NULL);
        if (ranges[r].step > 0)
            hpo_space_set_step(space, "x", ranges[r].step, NULL);
        const hpo__parameter *p = only(space);
        for (int i = 0; i <= 1000; i++) {
            double value = hpo__codec_decode(p, i / 1000.0), unit = hpo__codec_encode(p, value);
            HOLDS(value >= ranges[r].low && value <= ranges[r].high, r, "decodes to %.17g", value);
            HOLDS(unit >= 0 && unit <= 1, r, "%.17g encodes to %.17g", value, unit);
        }
        HOLDS(hpo__codec_decode(p, 0) == p->low && hpo__codec_decode(p, 1) == p->high, r, "ends");
        for (uint64_t i = 0; i < p->count && i < 2000; i++)
            HOLDS(hpo__codec_decode(p, hpo__codec_encode(p, hpo__codec_value(p, i))) == hpo__codec_value(p, i), r, "value %d", (int)i);
        for (uint64_t i = 1; i < p->count && i < 2000; i++)
            HOLDS(hpo__codec_value(p, i) > hpo__codec_value(p, i - 1), r, "value %d is no greater than the one before", (int)i);
        hpo_space_free(space);
    }
}

/* A step that is no decimal fraction: values within rounding of low + i step, each of them exact through the codec, and all of them there. */
static void binary_steps(void **unused) {
    (void)unused;
    for (uint64_t seed = 0; seed < SPACES; seed++) {
        draw     d   = {seed};
        double   low = (draw_unit(&d) - 0.5) * 100, step = exp(draw_unit(&d) * 20 - 15);
        uint64_t count = 2 + draw_below(&d, draw_below(&d, 4) == 0 ? 1000000000 : 1000);
        double   high  = low + step * ((double)(count - 1) + 0.1 + 0.8 * draw_unit(&d));
        if (high - step == high)
            continue;
        hpo_space *space = hpo_space_new(NULL);
        hpo_space_add_float(space, "x", low, high, low > 0 && draw_below(&d, 2) == 0 ? HPO_LOG : HPO_LINEAR, NULL);
        hpo_space_set_step(space, "x", step, NULL);
        const hpo__parameter *p = only(space);
        HOLDS(p->count == count, seed, "%llu values, not %llu", (unsigned long long)p->count, (unsigned long long)count);
        for (int k = 0; k < 200; k++) {
            uint64_t i     = count <= 200 ? (uint64_t)k % count : draw_below(&d, count), index;
            double   value = hpo__codec_value(p, i), exact = low + (double)i * step;
            HOLDS(fabs(value - exact) <= 2 * DBL_EPSILON * (fabs(low) + fabs(exact)), seed, "%.17g is not %.17g", value, exact);
            HOLDS(hpo__codec_decode(p, hpo__codec_encode(p, value)) == value, seed, "%.17g does not survive", value);
            HOLDS(hpo__codec_index(p, value, &index) && index == i, seed, "index of %.17g", value);
        }
        hpo_space_free(space);
    }
}

/* ---- checks and defaults ---- */

static void values_off_the_grid_are_refused(void **unused) {
    (void)unused;
    hpo_space *space = hpo_space_new(NULL);
    hpo_error  error = {0, 0, ""};
    hpo_space_add_float(space, "momentum", 0.5, 0.95, HPO_LINEAR, NULL);
    hpo_space_set_step(space, "momentum", 0.1, NULL);
    const hpo__parameter *p = only(space);
    assert_int_equal(p->count, 5);
    assert_true(p->high == 0.9);
    double value = 0.1 + 0.5 + 0.1; /* 0.7 but for rounding */
    assert_int_equal(hpo__codec_check(p, &value, &error), HPO_OK);
    assert_true(value == 0.7);
    static const double bad[] = {0.55, 0.95, 1.0, 0.4, 0.70001, -0.7, NONE, INF, -INF};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        value = bad[i];
        assert_int_equal(hpo__codec_check(p, &value, &error), HPO_E_INVALID);
        assert_non_null(strstr(error.message, "'momentum'"));
    }
    value = 0.55;
    hpo__codec_check(p, &value, &error);
    assert_non_null(strstr(error.message, "0.55"));
    assert_non_null(strstr(error.message, "step 0.1"));
    hpo_space_free(space);
}

static void defaults_are_legal(void **unused) {
    (void)unused;
    for (uint64_t seed = 0; seed < SPACES; seed++) {
        rs_space s;
        rs_draw_space(seed, 4, 0, &s);
        hpo_space *space = rs_build(&s, NULL);
        for (size_t i = 0; i < s.size; i++) {
            const rs_parameter *q     = &s.parameters[i];
            double              value = hpo__codec_default(&space->parameters[i]);
            uint64_t            index = 0;
            if (q->count == 0) {
                HOLDS(value >= q->low && value <= q->high, seed, "'%s'", q->name);
                continue;
            }
            HOLDS(rs_index(q, value, &index), seed, "'%s': the default %.17g is no value", q->name, value);
            HOLDS(!q->has_default || index == q->initial, seed, "'%s': the default is another", q->name);
            HOLDS(q->has_default || (q->kind != HPO_CATEGORICAL && q->kind != HPO_BOOL) || index == 0, seed, "'%s': the first choice", q->name);
        }
        hpo_space_free(space);
    }
}

static void text_is_read(void **unused) {
    (void)unused;
    hpo_error error = {0, 0, ""};
    for (uint64_t seed = 0; seed < SPACES; seed++) {
        rs_space s;
        draw     d = {seed + 4};
        rs_draw_space(seed, 4, 0, &s);
        hpo_space *space = rs_build(&s, NULL);
        for (size_t i = 0; i < s.size; i++) {
            const rs_parameter *q = &s.parameters[i];
            for (int k = 0; k < 10 && q->count > 0; k++) {
                char     text[64], shortest[HPO__NUMBER_SIZE];
                uint64_t index = draw_below(&d, q->count);
                double   value = NONE;
                rs_text(q, index, text);
                HOLDS(hpo__codec_read(&space->parameters[i], text, &value, &error) == HPO_OK, seed, "%s", error.message);
                HOLDS(value == rs_value(q, index), seed, "'%s': '%s' reads as %.17g", q->name, text, value);
                const char *again = hpo__parameter_text(&space->parameters[i], value, shortest);
                HOLDS(hpo__codec_read(&space->parameters[i], again, &value, &error) == HPO_OK, seed, "%s", error.message);
                HOLDS(value == rs_value(q, index), seed, "'%s': '%s' reads as %.17g", q->name, again, value);
            }
        }
        hpo_space_free(space);
    }
}

/* ---- whole configurations ---- */

static void snapping_is_idempotent(void **unused) {
    (void)unused;
    for (uint64_t seed = 0; seed < SPACES; seed++) {
        rs_space s;
        draw     d = {seed * 3 + 2};
        double   unit[RS_MOST], once[RS_MOST], twice[RS_MOST], values[RS_MOST], again[RS_MOST];
        rs_draw_space(seed, RS_MOST, 3, &s);
        hpo_space *space = rs_build(&s, NULL);
        for (int k = 0; k < 10; k++) {
            for (size_t i = 0; i < s.size; i++)
                unit[i] = draw_unit(&d) * 1.2 - 0.1;
            assert_true(hpo__space_snap(space, unit, once, values) == SIZE_MAX);
            assert_true(hpo__space_snap(space, once, twice, again) == SIZE_MAX);
            for (size_t i = 0; i < s.size; i++) {
                bool active = rs_active(&s, i, values);
                HOLDS(isnan(values[i]) == !active && isnan(once[i]) == !active, seed, "activity of '%s'", s.parameters[i].name);
                HOLDS(!active || (once[i] == twice[i] && values[i] == again[i]), seed, "'%s' moves from %.17g to %.17g", s.parameters[i].name,
                      once[i], twice[i]);
            }
            hpo__space_snap(space, unit, unit, values); /* in place */
            for (size_t i = 0; i < s.size; i++)
                HOLDS(unit[i] == once[i] || (isnan(unit[i]) && isnan(once[i])), seed, "in place, '%s'", s.parameters[i].name);
        }
        hpo_space_free(space);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_discrete_value_survives),
        cmocka_unit_test(cells_tile_the_interval),
        cmocka_unit_test(no_value_leaves_the_bounds),
        cmocka_unit_test(continuous_values_survive_to_rounding),
        cmocka_unit_test(known_values),
        cmocka_unit_test(extreme_ranges),
        cmocka_unit_test(binary_steps),
        cmocka_unit_test(values_off_the_grid_are_refused),
        cmocka_unit_test(defaults_are_legal),
        cmocka_unit_test(text_is_read),
        cmocka_unit_test(snapping_is_idempotent),
    };
    return cmocka_run_group_tests_name("codec", tests, NULL, NULL);
}
