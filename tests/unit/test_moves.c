/* lib/space/moves.c on random conditional spaces: what comes out is always a legal, canonical point; everything can be reached; new branches are filled. */
#include "space/moves.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../common/random_space.h"

enum { SPACES = 1500 };

/* A drawn space and moves over it. */
typedef struct table {
    uint64_t   seed;
    rs_space   plain;
    hpo_space *space;
    hpo__moves moves;
    double     values[RS_MOST], point[RS_MOST], rows[8 * RS_MOST];
    size_t     list[RS_MOST];
} table;

static void lay(table *t, uint64_t seed) {
    memset(t, 0, sizeof *t);
    t->seed = seed;
    rs_draw_space(seed, RS_MOST, 3, &t->plain);
    t->space        = rs_build(&t->plain, NULL);
    t->moves.space  = t->space;
    t->moves.values = t->values;
    t->moves.list   = t->list;
    hpo__stream_start(&t->moves.stream, seed);
    hpo__moves_random(&t->moves, t->point);
}

static void clear(table *t) {
    hpo_space_free(t->space);
}

/* Some known points, as a search has them. */
static void know(table *t, size_t n) {
    for (size_t row = 0; row < n; row++)
        hpo__moves_random(&t->moves, t->rows + row * t->plain.size);
    t->moves.rows   = t->rows;
    t->moves.n_rows = n;
}

static bool same_bits(double a, double b) {
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

/* Snapping changes nothing; the public decoder takes it and finds the same parameters active as the words of the conditions say. */
static void check_legal(const table *t, const double *point, const char *after) {
    double again[RS_MOST], values[RS_MOST];
    size_t bad = hpo__space_snap(t->space, point, again, values);
    HOLDS(bad == SIZE_MAX, t->seed, "after %s: parameter %zu is active and NaN", after, bad);
    HOLDS(hpo_space_decode(t->space, point, t->plain.size, values, NULL) == HPO_OK, t->seed, "after %s: refused", after);
    for (size_t i = 0; i < t->plain.size; i++) {
        HOLDS(same_bits(again[i], point[i]), t->seed, "after %s: parameter %zu is %.17g, snapped %.17g", after, i, point[i], again[i]);
        HOLDS(isnan(point[i]) == !rs_active(&t->plain, i, values), t->seed, "after %s: parameter %zu of value %g", after, i, values[i]);
        HOLDS(isnan(point[i]) || (point[i] >= 0 && point[i] <= 1), t->seed, "after %s: parameter %zu is %.17g", after, i, point[i]);
    }
}

static bool differ(const table *t, const double *a, const double *b) {
    for (size_t i = 0; i < t->plain.size; i++)
        if (!same_bits(a[i], b[i]))
            return true;
    return false;
}

static double draw_sigma(draw *d) {
    static const double sigmas[] = {1e-12, 1e-4, 0.0125, 0.05, 0.2, 1, 30};
    return sigmas[draw_below(d, sizeof sigmas / sizeof *sigmas)];
}

/* ---- legal whatever is done ---- */

static void moves_stay_legal(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < SPACES; seed++) {
        table t;
        draw  d = {seed + 9};
        lay(&t, seed);
        check_legal(&t, t.point, "a random point");
        know(&t, (size_t)draw_below(&d, 8));
        for (int k = 0; k < 60; k++) {
            size_t              i = (size_t)draw_below(&d, t.plain.size);
            const rs_parameter *p = &t.plain.parameters[i];
            switch (draw_below(&d, 3)) {
            case 0:
                hpo__moves_change(&t.moves, t.point, i, draw_sigma(&d));
                check_legal(&t, t.point, "a change");
                break;
            case 1:
                if (isnan(t.point[i]))
                    continue;
                hpo__moves_choose(&t.moves, t.point, i, p->count > 0 ? ((double)draw_below(&d, p->count) + 0.5) / (double)p->count : draw_unit(&d));
                check_legal(&t, t.point, "a choice");
                break;
            default:
                hpo__moves_perturb(&t.moves, t.point, draw_sigma(&d), 1 + 10 * draw_unit(&d));
                check_legal(&t, t.point, "a perturbation");
            }
        }
        clear(&t);
    }
}

/* Only what depends on the changed parameter may change with it. */
static bool depends(const rs_space *s, size_t child, size_t parent) {
    for (size_t c = 0; c < s->parameters[child].n_conditions; c++) {
        size_t between = s->parameters[child].conditions[c].parent;
        if (between == parent || depends(s, between, parent))
            return true;
    }
    return false;
}

static void change_changes_one(void **state) {
    (void)state;
    size_t changed = 0, refused = 0;
    for (uint64_t seed = 0; seed < SPACES; seed++) {
        table t;
        draw  d = {seed + 2};
        lay(&t, seed);
        know(&t, 4);
        for (int k = 0; k < 40; k++) {
            double before[RS_MOST];
            size_t i     = (size_t)draw_below(&d, t.plain.size);
            double sigma = 0.001 + draw_unit(&d);
            bool   can   = !isnan(t.point[i]) && t.plain.parameters[i].count != 1;
            memcpy(before, t.point, sizeof before);
            hpo__moves_change(&t.moves, t.point, i, sigma);
            /* a step out of an end at both sides in a row may come back to it: at an end, a continuous value may stay */
            bool end = t.plain.parameters[i].count == 0 && (t.point[i] == 0 || t.point[i] == 1);
            HOLDS((before[i] != t.point[i]) == can || (end && can) || (isnan(before[i]) && isnan(t.point[i])), seed,
                  "parameter %zu: %.17g became %.17g", i, before[i], t.point[i]);
            for (size_t j = 0; j < t.plain.size; j++)
                if (j != i && !depends(&t.plain, j, i))
                    HOLDS(same_bits(before[j], t.point[j]), seed, "a change of parameter %zu changed %zu", i, j);
            changed += can;
            refused += !can;
        }
        clear(&t);
    }
    assert_true(changed > 1000 && refused > 1000);
}

/* Steps of a free continuous parameter are as long as they should be, and come back from the ends. */
static void steps_have_their_length(void **state) {
    (void)state;
    enum { N = 20000 };
    hpo_space *space  = hpo_space_new(NULL);
    double     values = 0;
    size_t     list   = 0;
    assert_int_equal(hpo_space_add_float(space, "x", -3, 5, HPO_LINEAR, NULL), HPO_OK);
    hpo__moves moves = {.space = space, .values = &values, .list = &list};
    hpo__stream_start(&moves.stream, 8);
    for (double sigma = 0.0125; sigma < 0.3; sigma *= 4) {
        double sum = 0, squares = 0, below = 0;
        for (int k = 0; k < N; k++) {
            double x = 0.5;
            hpo__moves_change(&moves, &x, 0, sigma);
            sum += x - 0.5;
            squares += (x - 0.5) * (x - 0.5);
            x = 0;
            hpo__moves_change(&moves, &x, 0, sigma); /* reflected: a half normal, mean sigma sqrt(2 / pi) */
            below += x;
        }
        double tolerance = 5 * sigma / sqrt(N);
        assert_true(fabs(sum / N) < tolerance);
        assert_true(sigma > 0.1 || fabs(sqrt(squares / N) - sigma) < tolerance); /* of a long one the ends take a part */
        assert_true(fabs(below / N - sigma * sqrt(0.63661977236758134308)) < tolerance);
    }
    hpo_space_free(space);
}

/* ---- everything can be reached ---- */

/* By changes of one parameter alone, with steps far too short for it, each of its values comes. */
static void every_value_is_reached(void **state) {
    (void)state;
    size_t tried = 0;
    for (uint64_t seed = 0; seed < SPACES; seed++) {
        table t;
        lay(&t, seed);
        for (size_t i = 0; i < t.plain.size; i++) {
            const rs_parameter *p        = &t.plain.parameters[i];
            bool                seen[16] = {false};
            size_t              missing  = (size_t)p->count;
            if (p->count < 2 || p->count > 16)
                continue;
            for (int k = 0; k < 200 && isnan(t.point[i]); k++)
                hpo__moves_random(&t.moves, t.point);
            if (isnan(t.point[i]))
                continue;
            for (size_t k = 0; missing > 0 && k < 40 * p->count * p->count; k++) {
                uint64_t index = 0;
                hpo__moves_change(&t.moves, t.point, i, 1e-9);
                HOLDS(rs_index(p, hpo__codec_decode(&t.space->parameters[i], t.point[i]), &index), seed, "parameter %zu: no value", i);
                missing -= !seen[index];
                seen[index] = true;
            }
            HOLDS(missing == 0, seed, "parameter %zu: %zu of %llu values never came", i, missing, (unsigned long long)p->count);
            tried++;
        }
        clear(&t);
    }
    assert_true(tried > 2000);
}

/* Whatever the space: from anywhere, perturbations lead to every combination of a small finite one. */
static void every_configuration_is_reached(void **state) {
    (void)state;
    const char *const models[] = {"linear", "tree", "net"}, *const tree[] = {"tree"}, *const net[] = {"net"}, *const two[] = {"2"};
    hpo_space *space = hpo_space_new(NULL);
    hpo_space_add_int(space, "units", 1, 3, HPO_LINEAR, NULL); /* before its parents on purpose */
    hpo_space_add_categorical(space, "model", models, 3, NULL);
    hpo_space_add_int(space, "depth", 1, 4, HPO_LINEAR, NULL);
    hpo_space_add_int(space, "layers", 1, 2, HPO_LINEAR, NULL);
    hpo_space_add_bool(space, "bias", NULL);
    hpo_space_when(space, "depth", "model", tree, 1, NULL);
    hpo_space_when(space, "layers", "model", net, 1, NULL);
    hpo_space_when(space, "units", "layers", two, 1, NULL);
    assert_int_equal(hpo_space_status(space, NULL), HPO_OK);
    for (uint64_t seed = 0; seed < 20; seed++) {
        double          point[5], values[5];
        size_t          list[5];
        static unsigned seen[7776];
        hpo__moves      moves = {.space = space, .values = values, .list = list};
        memset(seen, 0, sizeof seen);
        hpo__stream_start(&moves.stream, seed);
        hpo__moves_random(&moves, point);
        for (int k = 0; k < 3000; k++) {
            unsigned code = 0;
            hpo__moves_perturb(&moves, point, 0.05, 1 + k % 2);
            for (size_t i = 0; i < 5; i++) /* in base 6 */
                code = code * 6 + (isnan(point[i]) ? 0 : 1 + (unsigned)hpo__codec_decode(&space->parameters[i], point[i]));
            seen[code]++;
        }
        size_t distinct = 0;
        for (size_t k = 0; k < 7776; k++)
            distinct += seen[k] > 0;
        HOLDS(distinct == 2 * (1 + 4 + 1 + 3), seed, "%zu configurations, not 18", distinct);
    }
    hpo_space_free(space);
}

/* ---- perturbing ---- */

static void perturbing_changes_something(void **state) {
    (void)state;
    size_t changed = 0, rigid = 0;
    for (uint64_t seed = 0; seed < SPACES; seed++) {
        table t;
        draw  d = {seed + 4};
        lay(&t, seed);
        know(&t, (size_t)draw_below(&d, 8));
        for (int k = 0; k < 30; k++) {
            double before[RS_MOST];
            size_t free_ones = 0;
            memcpy(before, t.point, sizeof before);
            for (size_t i = 0; i < t.plain.size; i++)
                free_ones += !isnan(t.point[i]) && t.plain.parameters[i].count != 1;
            HOLDS(hpo__moves_active(&t.moves, t.point) == free_ones, seed, "%zu can change", free_ones);
            hpo__moves_perturb(&t.moves, t.point, 0.1, 1 + 5 * draw_unit(&d));
            HOLDS(differ(&t, before, t.point) == (free_ones > 0), seed, "%zu could change", free_ones);
            changed += free_ones > 0;
            rigid += free_ones == 0;
        }
        clear(&t);
    }
    assert_true(changed > 1000 && rigid > 100);
}

/* As many as asked for, on average, and all of them at times. */
static void perturbing_changes_as_many(void **state) {
    (void)state;
    enum { D = 12, N = 4000 };
    hpo_space *space = hpo_space_new(NULL);
    double     values[D], point[D], before[D];
    size_t     list[D];
    for (int i = 0; i < D; i++) {
        char name[16];
        snprintf(name, sizeof name, "x%d", i);
        assert_int_equal(hpo_space_add_float(space, name, 0, 1, HPO_LINEAR, NULL), HPO_OK);
    }
    hpo__moves moves = {.space = space, .values = values, .list = list};
    hpo__stream_start(&moves.stream, 5);
    hpo__moves_random(&moves, point);
    for (double expected = 1; expected <= D; expected *= 2) {
        double sum = 0, least = 1; /* one at least: (1 - e/D)^D of the time nothing was drawn */
        size_t each[D] = {0};
        for (int k = 0; k < N; k++) {
            memcpy(before, point, sizeof before);
            hpo__moves_perturb(&moves, point, 0.05, expected);
            for (size_t i = 0; i < D; i++) {
                sum += before[i] != point[i];
                each[i] += before[i] != point[i];
            }
        }
        least = pow(1 - expected / D, D);
        assert_true(fabs(sum / N - expected - least) < 5 * sqrt(expected / N));
        for (size_t i = 0; i < D; i++) /* none is left out */
            assert_true((double)each[i] > 0.7 * (expected + least) * N / D);
    }
    hpo_space_free(space);
}

/* ---- branches ---- */

/* Children that come to life are those of the best known point of the branch, near the centre, or anywhere: each in a third of all cases. */
static void branches_are_filled(void **state) {
    (void)state;
    const char *const models[] = {"a", "b", "c"}, *const b[] = {"b"}, *const c[] = {"c"};
    hpo_space *space = hpo_space_new(NULL);
    hpo_space_add_categorical(space, "model", models, 3, NULL);
    hpo_space_add_float(space, "rate", 0, 1, HPO_LINEAR, NULL);
    hpo_space_add_float(space, "other", 0, 1, HPO_LINEAR, NULL);
    hpo_space_add_float(space, "always", 0, 1, HPO_LINEAR, NULL);
    hpo_space_when(space, "rate", "model", b, 1, NULL);
    hpo_space_when(space, "other", "model", c, 1, NULL);
    assert_int_equal(hpo_space_status(space, NULL), HPO_OK);
    /* best first: two of b, of which the better has a rate of 0.123; none of c */
    const double rows[] = {1.0 / 6, NAN, NAN, 0.9, 0.5, 0.123, NAN, 0.2, 0.5, 0.877, NAN, 0.3};
    double       values[4];
    size_t       list[4];
    hpo__moves   moves = {.space = space, .rows = rows, .n_rows = 3, .values = values, .list = list};
    hpo__stream_start(&moves.stream, 21);
    enum { N = 9000 };
    size_t known = 0, far = 0, central = 0, lone_far = 0, lone_central = 0;
    for (int k = 0; k < N; k++) {
        double point[4] = {1.0 / 6, NAN, NAN, 0.4};
        hpo__moves_choose(&moves, point, 0, 0.5);
        assert_true(point[0] == 0.5 && isnan(point[2]) && point[3] == 0.4 && point[1] >= 0 && point[1] <= 1);
        known += point[1] == 0.123;
        far += point[1] != 0.123 && fabs(point[1] - 0.5) > 0.45;
        central += point[1] != 0.123 && fabs(point[1] - 0.5) < 0.15;
        double lone[4] = {1.0 / 6, NAN, NAN, 0.4};
        hpo__moves_choose(&moves, lone, 0, 5.0 / 6); /* nothing is known of this branch */
        assert_true(isnan(lone[1]) && lone[3] == 0.4 && lone[2] >= 0 && lone[2] <= 1);
        lone_far += fabs(lone[2] - 0.5) > 0.45;
        lone_central += fabs(lone[2] - 0.5) < 0.15;
    }
    const double third = N / 3.0, near_centre = 0.6827;
    assert_true(fabs((double)known - third) < 5 * sqrt(third));
    assert_true(fabs((double)far - third * (0.1 + 0.0027)) < 5 * sqrt(0.1 * third));
    assert_true(fabs((double)central - third * (0.3 + near_centre)) < 5 * sqrt(third));
    assert_true(fabs((double)lone_far - third * (0.1 + 2 * 0.0027)) < 5 * sqrt(0.1 * third));
    assert_true(fabs((double)lone_central - third * (0.3 + 2 * near_centre)) < 5 * sqrt(2 * third));
    hpo_space_free(space);
}

/* ---- sameness ---- */

static void sameness(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < SPACES; seed++) {
        table t;
        draw  d = {seed + 7};
        lay(&t, seed);
        for (int k = 0; k < 20; k++) {
            double other[RS_MOST];
            memcpy(other, t.point, sizeof other);
            HOLDS(hpo__moves_same(t.space, t.point, other), seed, "not the same as itself");
            size_t i   = (size_t)draw_below(&d, t.plain.size);
            bool   can = !isnan(other[i]) && t.plain.parameters[i].count != 1;
            hpo__moves_change(&t.moves, other, i, 0.2);
            bool apart = can && (t.plain.parameters[i].count > 0 || fabs(other[i] - t.point[i]) > 1e-5);
            HOLDS(hpo__moves_same(t.space, t.point, other) == !apart, seed, "parameter %zu: %.17g and %.17g", i, t.point[i], other[i]);
            HOLDS(hpo__moves_same(t.space, other, t.point) == !apart, seed, "not symmetric");
            hpo__moves_random(&t.moves, t.point);
        }
        clear(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_stay_legal),
        cmocka_unit_test(change_changes_one),
        cmocka_unit_test(steps_have_their_length),
        cmocka_unit_test(every_value_is_reached),
        cmocka_unit_test(every_configuration_is_reached),
        cmocka_unit_test(perturbing_changes_something),
        cmocka_unit_test(perturbing_changes_as_many),
        cmocka_unit_test(branches_are_filled),
        cmocka_unit_test(sameness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
