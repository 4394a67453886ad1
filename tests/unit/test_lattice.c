/* Grids over conditional spaces: counted and listed by brute force, found again, and refused when they are too large. */
#include "space/lattice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../common/random_space.h"

enum { MOST_CELLS = 20000 };

static hpo__axis *new_axes(const hpo_space *space) {
    hpo__axis *axes = hpo__alloc_zero(&space->alloc, space->size, sizeof *axes);
    assert_non_null(axes);
    return axes;
}

/* Levels for every parameter; `most` of them where there are more. */
static hpo__lattice *spread(const hpo_space *space, uint64_t most, hpo_status *status, hpo_error *error) {
    hpo__axis    *axes    = new_axes(space);
    hpo__lattice *lattice = NULL;
    for (size_t i = 0; i < space->size; i++)
        assert_int_equal(hpo__axis_spread(space, i, most, &axes[i], error), HPO_OK);
    *status = hpo__lattice_new(space, axes, &lattice, error);
    return lattice;
}

/* ---- brute force ---- */

/* Natural value of a level, whatever way the axis is kept. */
static double level_value(const hpo_space *space, const hpo__lattice *lattice, size_t i, uint64_t level) {
    const hpo__axis *axis = hpo__lattice_axis(lattice, i);
    return axis->units == NULL ? hpo__codec_value(&space->parameters[i], level) : hpo__codec_decode(&space->parameters[i], axis->units[level]);
}

/* A configuration as one number per parameter: level + 1, 0 when inactive. */
typedef struct cell {
    uint16_t level[RS_MOST];
} cell;

static int compare_cells(const void *a, const void *b) {
    return memcmp(a, b, sizeof(cell));
}

/*
 * All distinct configurations: every combination of all levels, active or not, with the inactive ones struck out; then the distinct ones. SIZE_MAX when
 * there are too many combinations to try.
 */
static size_t brute_force(const rs_space *s, const hpo_space *space, const hpo__lattice *lattice, cell *cells, size_t most) {
    size_t combinations = 1;
    for (size_t i = 0; i < s->size; i++) {
        combinations *= (size_t)hpo__lattice_axis(lattice, i)->n;
        if (combinations > most)
            return SIZE_MAX;
    }
    for (size_t code = 0; code < combinations; code++) {
        double values[RS_MOST];
        size_t rest = code;
        memset(&cells[code], 0, sizeof cells[code]);
        for (size_t i = 0; i < s->size; i++) {
            uint64_t n           = hpo__lattice_axis(lattice, i)->n;
            cells[code].level[i] = (uint16_t)(rest % n + 1);
            values[i]            = level_value(space, lattice, i, rest % n);
            rest /= (size_t)n;
        }
        for (size_t i = 0; i < s->size; i++)
            if (!rs_active(s, i, values))
                cells[code].level[i] = 0;
    }
    qsort(cells, combinations, sizeof *cells, compare_cells);
    size_t distinct = 0;
    for (size_t k = 0; k < combinations; k++)
        if (distinct == 0 || compare_cells(&cells[distinct - 1], &cells[k]) != 0)
            cells[distinct++] = cells[k];
    return distinct;
}

/* The cell that a point stands for, by comparing values. */
static cell cell_of(const rs_space *s, const hpo_space *space, const hpo__lattice *lattice, const double *unit) {
    cell c;
    memset(&c, 0, sizeof c);
    for (size_t i = 0; i < s->size; i++) {
        if (isnan(unit[i]))
            continue;
        double value = hpo__codec_decode(&space->parameters[i], unit[i]);
        for (uint64_t level = 0; level < hpo__lattice_axis(lattice, i)->n && c.level[i] == 0; level++)
            if (level_value(space, lattice, i, level) == value)
                c.level[i] = (uint16_t)(level + 1);
        HOLDS(c.level[i] > 0, s->seed, "'%s': %.17g is no level", s->parameters[i].name, value);
    }
    return c;
}

static void check_lattice(const rs_space *s, const hpo_space *space, hpo__lattice *lattice, cell *expected, cell *found) {
    size_t n = brute_force(s, space, lattice, expected, MOST_CELLS);
    if (n == SIZE_MAX)
        return;
    HOLDS(hpo__lattice_total(lattice) == n, s->seed, "%llu cells, not %zu", (unsigned long long)hpo__lattice_total(lattice), n);
    double unit[RS_MOST], snapped[RS_MOST], values[RS_MOST];
    for (size_t k = 0; k < n; k++) {
        uint64_t index = UINT64_MAX;
        hpo__lattice_point(lattice, k, unit);
        HOLDS(hpo__lattice_find(lattice, unit, &index) && index == k, s->seed, "cell %zu is found as %llu", k, (unsigned long long)index);
        assert_true(hpo__space_snap(space, unit, snapped, values) == SIZE_MAX);
        for (size_t i = 0; i < s->size; i++) /* the points are canonical */
            HOLDS(snapped[i] == unit[i] || (isnan(unit[i]) && isnan(snapped[i])), s->seed, "cell %zu, '%s'", k, s->parameters[i].name);
        found[k] = cell_of(s, space, lattice, unit);
    }
    qsort(found, n, sizeof *found, compare_cells);
    HOLDS(memcmp(found, expected, n * sizeof *found) == 0, s->seed, "other cells than by brute force");
}

static void every_configuration_exactly_once(void **unused) {
    (void)unused;
    cell    *expected = malloc(MOST_CELLS * sizeof *expected), *found = malloc(MOST_CELLS * sizeof *found);
    unsigned checked = 0, tied = 0;
    assert_true(expected != NULL && found != NULL);
    for (uint64_t seed = 0; seed < 1500; seed++) {
        rs_space   s;
        hpo_error  error;
        hpo_status status;
        rs_draw_space(seed, 9, 3, &s);
        hpo_space    *space   = rs_build(&s, NULL);
        hpo__lattice *lattice = spread(space, 1 + seed % 5, &status, &error);
        HOLDS(status == HPO_OK, seed, "%s", error.message);
        check_lattice(&s, space, lattice, expected, found);
        checked += hpo__lattice_total(lattice) > 1;
        tied += space->conditional;
        hpo__lattice_free(lattice);
        hpo_space_free(space);
    }
    assert_true(checked > 1000 && tied > 500);
    free(expected);
    free(found);
}

/* ---- order ---- */

static void plain_grids_are_lexicographic(void **unused) {
    (void)unused;
    static const char *const colours[] = {"red", "green", "blue"};
    hpo_space               *space     = hpo_space_new(NULL);
    hpo_status               status;
    hpo_space_add_bool(space, "b", NULL);
    hpo_space_add_categorical(space, "c", colours, 3, NULL);
    hpo_space_add_int(space, "n", 10, 13, HPO_LINEAR, NULL);
    hpo__lattice *lattice = spread(space, 100, &status, NULL);
    assert_int_equal(status, HPO_OK);
    assert_int_equal(hpo__lattice_total(lattice), 24);
    for (uint64_t k = 0; k < 24; k++) {
        double unit[3], values[3];
        hpo__lattice_point(lattice, k, unit);
        assert_int_equal(hpo_space_decode(space, unit, 3, values, NULL), HPO_OK);
        assert_true(values[0] == (double)(k / 12) && values[1] == (double)(k / 4 % 3) && values[2] == (double)(10 + k % 4));
    }
    hpo__lattice_free(lattice);
    hpo_space_free(space);
}

/* The example of the documentation: gamma for two of three kernels, degree for one. */
static void a_known_conditional_grid(void **unused) {
    (void)unused;
    static const char *const kernels[] = {"linear", "rbf", "poly"};
    hpo_space               *space     = hpo_space_new(NULL);
    hpo_status               status;
    hpo_space_add_float(space, "gamma", 1e-4, 1, HPO_LOG, NULL); /* declared before its parent */
    hpo_space_add_categorical(space, "kernel", kernels, 3, NULL);
    hpo_space_add_int(space, "degree", 2, 4, HPO_LINEAR, NULL);
    hpo_space_add_float(space, "C", 0.1, 10, HPO_LOG, NULL);
    hpo_space_when(space, "gamma", "kernel", kernels + 1, 2, NULL);
    hpo_space_when(space, "degree", "kernel", kernels + 2, 1, NULL);
    assert_int_equal(hpo_space_status(space, NULL), HPO_OK);
    hpo__lattice *lattice = spread(space, 5, &status, NULL);
    assert_int_equal(status, HPO_OK);
    assert_int_equal(hpo__lattice_total(lattice), (1 + 5 + 5 * 3) * 5);
    /* C is a group of its own and varies fastest; its five levels are a factor of sqrt(10) apart. */
    double unit[4], values[4];
    for (uint64_t k = 0; k < 5; k++) {
        hpo__lattice_point(lattice, k, unit);
        assert_int_equal(hpo_space_decode(space, unit, 4, values, NULL), HPO_OK);
        assert_true(isnan(values[0]) && values[1] == 0 && isnan(values[2]));
        assert_true(near(values[3], 0.1 * pow(10, (double)k / 2), 1e-13));
    }
    hpo__lattice_free(lattice);
    hpo_space_free(space);
}

/* ---- finding ---- */

static void points_off_the_grid_are_not_found(void **unused) {
    (void)unused;
    static const char *const yes[] = {"true"};
    hpo_space               *space = hpo_space_new(NULL);
    hpo_status               status;
    uint64_t                 index;
    hpo_space_add_float(space, "x", 0, 1, HPO_LINEAR, NULL);
    hpo_space_add_bool(space, "b", NULL);
    hpo_space_add_float(space, "y", 0, 1, HPO_LINEAR, NULL);
    hpo_space_when(space, "y", "b", yes, 1, NULL);
    hpo__lattice *lattice = spread(space, 3, &status, NULL);
    assert_int_equal(status, HPO_OK);
    assert_int_equal(hpo__lattice_total(lattice), 3 * (1 + 3));
    static const struct {
        double unit[3];
        bool   there;
    } points[] = {
        {{0.5, 0.25, NONE}, true},  {{0.5, 0.75, 1}, true},      {{0.5 + 1e-14, 0.75, 1 - 1e-14}, true},
        {{0.4, 0.25, NONE}, false}, {{1, 0.75, 0.3}, false},     {{0.5, 0.75, NONE}, false},
        {{0.5, 0.25, 0.5}, false},  {{NONE, 0.25, NONE}, false}, {{0.5, NONE, NONE}, false},
        {{0.5, 0.75, -0.1}, false}, {{1.5, 0.75, 0.5}, false},
    };
    for (size_t k = 0; k < sizeof points / sizeof points[0]; k++)
        HOLDS(hpo__lattice_find(lattice, points[k].unit, &index) == points[k].there, k, "point");
    hpo__lattice_free(lattice);
    hpo_space_free(space);
}

/* ---- axes ---- */

static void axes_are_spread_from_end_to_end(void **unused) {
    (void)unused;
    for (uint64_t seed = 0; seed < 1500; seed++) {
        rs_space  s;
        hpo_error error;
        draw      d = {seed * 9 + 4};
        rs_draw_space(seed, 4, 0, &s);
        hpo_space *space = rs_build(&s, NULL);
        for (size_t i = 0; i < s.size; i++) {
            const hpo__parameter *p    = &space->parameters[i];
            uint64_t              n    = 1 + draw_below(&d, 40);
            hpo__axis            *axes = new_axes(space), *axis = &axes[i];
            assert_int_equal(hpo__axis_spread(space, i, n, axis, &error), HPO_OK);
            if (p->count > 0 && p->count <= n) {
                HOLDS(axis->units == NULL && axis->n == p->count, seed, "'%s': all values", p->name);
            } else {
                HOLDS(axis->n >= 1 && axis->n <= n && (p->count > 0 || axis->n == n), seed, "'%s': %llu of %llu levels", p->name,
                      (unsigned long long)axis->n, (unsigned long long)n);
                for (uint64_t k = 1; k < axis->n; k++)
                    HOLDS(axis->units[k] > axis->units[k - 1], seed, "'%s': levels rise", p->name);
                HOLDS(n == 1 || hpo__codec_decode(p, axis->units[0]) == p->low || p->kind > HPO_INT, seed, "'%s': starts at low", p->name);
                HOLDS(n == 1 || hpo__codec_decode(p, axis->units[axis->n - 1]) == p->high || p->kind > HPO_INT, seed, "'%s': ends at high", p->name);
            }
            hpo__axes_free(space, axes);
        }
        hpo_space_free(space);
    }
}

/* ---- too large ---- */

static void overflow_is_refused(void **unused) {
    (void)unused;
    hpo_space *space = hpo_space_new(NULL);
    hpo_status status;
    hpo_error  error = {0, 0, ""};
    char       name[16];
    for (int i = 0; i < 30; i++) {
        snprintf(name, sizeof name, "x%d", i);
        assert_int_equal(hpo_space_add_float(space, name, 0, 1, HPO_LINEAR, NULL), HPO_OK);
    }
    assert_null(spread(space, 10, &status, &error)); /* 10^30 cells */
    assert_int_equal(status, HPO_E_UNSUPPORTED);
    assert_int_equal(error.code, HPO_E_UNSUPPORTED);
    assert_non_null(strstr(error.message, "10^30"));
    hpo_space_free(space);

    space = hpo_space_new(NULL); /* 2^64 - 2^13 cells: just countable; the last one is there */
    hpo_space_add_int(space, "a", 1, INT64_C(1) << 50, HPO_LINEAR, NULL);
    hpo_space_add_int(space, "b", 1, (INT64_C(1) << 14) - 1, HPO_LINEAR, NULL);
    hpo__lattice *lattice = spread(space, UINT64_MAX, &status, &error);
    assert_int_equal(status, HPO_OK);
    uint64_t total = hpo__lattice_total(lattice), index = 0;
    assert_true(total == (UINT64_C(1) << 50) * ((UINT64_C(1) << 14) - 1));
    double unit[2], values[2];
    draw   d = {1};
    for (int k = 0; k < 1000; k++) {
        uint64_t cell_number = k == 0 ? total - 1 : draw_below(&d, total);
        hpo__lattice_point(lattice, cell_number, unit);
        assert_int_equal(hpo_space_decode(space, unit, 2, values, NULL), HPO_OK);
        assert_true((uint64_t)(values[0] - 1) == cell_number / 16383 && (uint64_t)(values[1] - 1) == cell_number % 16383);
        assert_true(hpo__lattice_find(lattice, unit, &index) && index == cell_number);
    }
    hpo__lattice_free(lattice);
    hpo_space_add_bool(space, "c", NULL);
    assert_null(spread(space, UINT64_MAX, &status, &error));
    assert_int_equal(status, HPO_E_UNSUPPORTED);
    hpo_space_free(space);
}

/* A conditional subspace can overflow alone. */
static void overflow_within_a_group(void **unused) {
    (void)unused;
    static const char *const yes[] = {"true"};
    hpo_space               *space = hpo_space_new(NULL);
    hpo_status               status;
    hpo_error                error = {0, 0, ""};
    hpo_space_add_bool(space, "b", NULL);
    hpo_space_add_int(space, "p", 1, INT64_C(1) << 40, HPO_LINEAR, NULL);
    hpo_space_add_int(space, "q", 1, INT64_C(1) << 40, HPO_LINEAR, NULL);
    hpo_space_when(space, "p", "b", yes, 1, NULL);
    hpo_space_when(space, "q", "b", yes, 1, NULL);
    assert_null(spread(space, UINT64_MAX, &status, &error));
    assert_int_equal(status, HPO_E_UNSUPPORTED);
    hpo_space_free(space);
}

/* More than 2^20 combinations of parents in one group; one parent with more than 2^20 levels. */
static void many_branches_are_refused(void **unused) {
    (void)unused;
    static const char *const yes[] = {"true"}, *const one[] = {"1"};
    hpo_space *space = hpo_space_new(NULL);
    hpo_status status;
    hpo_error  error = {0, 0, ""};
    char       name[16];
    hpo_space_add_int(space, "child", 1, 3, HPO_LINEAR, NULL);
    for (int i = 0; i < 21; i++) {
        snprintf(name, sizeof name, "b%d", i);
        hpo_space_add_bool(space, name, NULL);
        hpo_space_when(space, "child", name, yes, 1, NULL);
    }
    assert_int_equal(hpo_space_status(space, NULL), HPO_OK);
    assert_null(spread(space, 5, &status, &error));
    assert_int_equal(status, HPO_E_UNSUPPORTED);
    assert_non_null(strstr(error.message, "1048576"));
    hpo_space_free(space);

    space = hpo_space_new(NULL);
    hpo_space_add_int(space, "wide", 1, 2000000, HPO_LINEAR, NULL);
    hpo_space_add_bool(space, "child", NULL);
    hpo_space_when(space, "child", "wide", one, 1, NULL);
    assert_null(spread(space, UINT64_MAX, &status, &error));
    assert_int_equal(status, HPO_E_UNSUPPORTED);
    assert_non_null(strstr(error.message, "'wide'"));
    hpo_space_free(space);
}

/* A chain is short in cells and long in branches: 512 of them are counted, more are refused before the recursion gets deep. */
static void deep_chains(void **unused) {
    (void)unused;
    static const char *const yes[] = {"true"};
    for (int branches = 511; branches <= 514; branches++) {
        hpo_space *space = hpo_space_new(NULL);
        hpo_status status;
        hpo_error  error = {0, 0, ""};
        char       name[16], parent[16];
        for (int i = 0; i <= branches; i++) { /* the last one has no child */
            snprintf(name, sizeof name, "b%d", i);
            snprintf(parent, sizeof parent, "b%d", i - 1);
            hpo_space_add_bool(space, name, NULL);
            if (i > 0)
                hpo_space_when(space, name, parent, yes, 1, NULL);
        }
        assert_int_equal(hpo_space_status(space, NULL), HPO_OK);
        hpo__lattice *lattice = spread(space, 5, &status, &error);
        assert_int_equal(status, branches <= 512 ? HPO_OK : HPO_E_UNSUPPORTED);
        if (lattice != NULL)
            assert_int_equal(hpo__lattice_total(lattice), branches + 2); /* true up to some link, then false; or all true */
        else
            assert_non_null(strstr(error.message, "512"));
        hpo__lattice_free(lattice);
        hpo_space_free(space);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_configuration_exactly_once),
        cmocka_unit_test(plain_grids_are_lexicographic),
        cmocka_unit_test(a_known_conditional_grid),
        cmocka_unit_test(points_off_the_grid_are_not_found),
        cmocka_unit_test(axes_are_spread_from_end_to_end),
        cmocka_unit_test(overflow_is_refused),
        cmocka_unit_test(overflow_within_a_group),
        cmocka_unit_test(many_branches_are_refused),
        cmocka_unit_test(deep_chains),
    };
    return cmocka_run_group_tests_name("lattice", tests, NULL, NULL);
}
