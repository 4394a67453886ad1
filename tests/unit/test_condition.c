/* Conditions: order, cycles and impossible parameters against brute force; activity against the words that define it. */
#include "space/space.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../common/random_space.h"

enum { N = 5, CASES = 4000 };

/* ---- activity ---- */

static void activity_follows_the_words(void **unused) {
    (void)unused;
    size_t deepest = 0;
    for (uint64_t seed = 0; seed < 3000; seed++) {
        rs_space s;
        draw     d = {seed * 5 + 3};
        double   unit[RS_MOST], values[RS_MOST], snapped[RS_MOST];
        rs_draw_space(seed, RS_MOST, 3, &s);
        hpo_space *space = rs_build(&s, NULL);
        for (int k = 0; k < 20; k++) {
            for (size_t i = 0; i < s.size; i++)
                unit[i] = draw_unit(&d);
            assert_int_equal(hpo_space_decode(space, unit, s.size, values, NULL), HPO_OK);
            hpo__space_snap(space, unit, snapped, values);
            for (size_t i = 0; i < s.size; i++)
                HOLDS(isnan(values[i]) == !rs_active(&s, i, values), seed, "'%s' is %s", s.parameters[i].name, isnan(values[i]) ? "off" : "on");
        }
        size_t depth[RS_MOST] = {0};
        for (size_t k = 0; k < s.size; k++) { /* parents come first in the order */
            const hpo__parameter *p = &space->parameters[space->order[k]];
            for (size_t c = 0; c < p->n_conditions; c++) {
                size_t under           = depth[p->conditions[c].parent] + 1;
                depth[space->order[k]] = depth[space->order[k]] > under ? depth[space->order[k]] : under;
            }
            deepest = depth[space->order[k]] > deepest ? depth[space->order[k]] : deepest;
        }
        hpo_space_free(space);
    }
    assert_true(deepest >= 5); /* else the spaces say nothing about depth */
}

/* ---- cycles and impossible parameters ---- */

/* A plan of N categorical parameters with 3 choices and conditions as bit masks; mask 0: none. */
typedef struct plan {
    unsigned mask[N][N]; /* [child][parent] */
} plan;

/* No parameter can be reached from itself: by repeated removal of those without (remaining) parents. */
static bool has_cycle(const plan *p) {
    bool gone[N] = {false};
    for (int round = 0; round < N; round++)
        for (size_t i = 0; i < N; i++) {
            bool free = true;
            for (size_t j = 0; j < N; j++)
                free = free && (p->mask[i][j] == 0 || gone[j]);
            gone[i] = gone[i] || free;
        }
    for (size_t i = 0; i < N; i++)
        if (!gone[i])
            return true;
    return false;
}

static bool on(const plan *p, size_t i, const unsigned *choice) {
    for (size_t j = 0; j < N; j++)
        if (p->mask[i][j] != 0 && (!(p->mask[i][j] >> choice[j] & 1) || !on(p, j, choice)))
            return false;
    return true;
}

/* Whether each parameter is active in at least one of the 3^N configurations. */
static bool all_possible(const plan *p) {
    bool possible[N] = {false};
    for (unsigned code = 0; code < 243; code++) {
        unsigned choice[N], rest = code;
        for (size_t i = 0; i < N; i++, rest /= 3)
            choice[i] = rest % 3;
        for (size_t i = 0; i < N; i++)
            possible[i] = possible[i] || on(p, i, choice);
    }
    for (size_t i = 0; i < N; i++)
        if (!possible[i])
            return false;
    return true;
}

static void refusals_agree_with_brute_force(void **unused) {
    (void)unused;
    static const char *const choices[] = {"a", "b", "c"};
    static const char *const names[]   = {"v", "w", "x", "y", "z"};
    unsigned                 cycles = 0, impossible = 0, sound = 0;
    for (uint64_t seed = 0; seed < CASES; seed++) {
        draw       d     = {seed};
        plan       p     = {{{0}}};
        hpo_space *space = hpo_space_new(NULL);
        for (size_t i = 0; i < N; i++)
            assert_int_equal(hpo_space_add_categorical(space, names[i], choices, 3, NULL), HPO_OK);
        /* Until the first refusal, which is kept. Falling children make most plans free of cycles. */
        for (int k = 0; k < 9; k++) {
            size_t child = (size_t)draw_below(&d, N), parent = (size_t)draw_below(&d, N);
            if (child < parent && draw_below(&d, 8) != 0)
                continue;
            if (p.mask[child][parent] != 0 || (child == parent && draw_below(&d, 8) != 0))
                continue;
            unsigned    mask = 1 + (unsigned)draw_below(&d, 6);
            const char *values[3];
            size_t      n = 0;
            for (size_t v = 0; v < 3; v++)
                if ((mask >> v & 1) != 0)
                    values[n++] = choices[v];
            hpo_error  error      = {0, 0, ""};
            hpo_status status     = hpo_space_when(space, names[child], names[parent], values, n, &error);
            p.mask[child][parent] = mask;
            if (has_cycle(&p)) {
                HOLDS(status == HPO_E_INVALID && strstr(error.message, "cycle") != NULL, seed, "a cycle passed: %s", error.message);
                cycles++;
                break;
            }
            if (!all_possible(&p)) {
                HOLDS(status == HPO_E_INVALID && strstr(error.message, "never be active") != NULL, seed, "impossible, yet: %s", error.message);
                impossible++;
                break;
            }
            HOLDS(status == HPO_OK, seed, "%s", error.message);
            sound++;
        }
        hpo_space_free(space);
    }
    assert_true(cycles > 200 && impossible > 200 && sound > 2000); /* the cases are what they should be */
}

/* ---- order ---- */

static void parents_come_first_and_ties_by_declaration(void **unused) {
    (void)unused;
    for (uint64_t seed = 0; seed < 1000; seed++) {
        rs_space s;
        size_t   rank[RS_MOST];
        rs_draw_space(seed, RS_MOST, 3, &s);
        hpo_space *space = rs_build(&s, NULL);
        for (size_t k = 0; k < s.size; k++)
            rank[k] = SIZE_MAX;
        for (size_t k = 0; k < s.size; k++) {
            HOLDS(space->order[k] < s.size && rank[space->order[k]] == SIZE_MAX, seed, "not a permutation");
            rank[space->order[k]] = k;
        }
        for (size_t i = 0; i < s.size; i++)
            for (size_t c = 0; c < s.parameters[i].n_conditions; c++)
                HOLDS(rank[s.parameters[i].conditions[c].parent] < rank[i], seed, "'%s' before its parent", s.parameters[i].name);
        bool plain = true;
        for (size_t i = 0; i < s.size; i++)
            plain = plain && s.parameters[i].n_conditions == 0;
        for (size_t i = 0; plain && i < s.size; i++)
            HOLDS(rank[i] == i, seed, "without conditions the order is that of declaration");
        hpo_space_free(space);
    }
}

/* A long chain, each parameter tied to the next declared one: the worst case for the order. */
static void a_deep_chain(void **unused) {
    (void)unused;
    enum { LENGTH = 300 };
    static const char *const yes[] = {"true"};
    hpo_space               *space = hpo_space_new(NULL);
    char                     name[16], parent[16];
    for (int i = 0; i < LENGTH; i++) {
        snprintf(name, sizeof name, "b%d", i);
        assert_int_equal(hpo_space_add_bool(space, name, NULL), HPO_OK);
    }
    for (int i = 0; i + 1 < LENGTH; i++) {
        snprintf(name, sizeof name, "b%d", i);
        snprintf(parent, sizeof parent, "b%d", i + 1);
        assert_int_equal(hpo_space_when(space, name, parent, yes, 1, NULL), HPO_OK);
    }
    double unit[LENGTH], values[LENGTH];
    for (int i = 0; i < LENGTH; i++)
        unit[i] = 0.9;
    assert_int_equal(hpo_space_decode(space, unit, LENGTH, values, NULL), HPO_OK);
    for (int i = 0; i < LENGTH; i++)
        assert_true(values[i] == 1);
    unit[200] = 0.1; /* false: everything below it goes */
    assert_int_equal(hpo_space_decode(space, unit, LENGTH, values, NULL), HPO_OK);
    for (int i = 0; i < LENGTH; i++)
        assert_true(i < 200 ? isnan(values[i]) : values[i] == (i > 200));
    snprintf(name, sizeof name, "b%d", LENGTH - 1);
    assert_int_equal(hpo_space_when(space, name, "b0", yes, 1, NULL), HPO_E_INVALID);
    hpo_space_free(space);
}

/* Conditions on numbers: rounding of the text must not matter. */
static void conditions_on_numbers(void **unused) {
    (void)unused;
    static const char *const some[]   = {"0.30000000000000004", "5e-1"};
    static const char *const widths[] = {"32"};
    hpo_space               *space    = hpo_space_new(NULL);
    static const double      levels[] = {64, 32, 16};
    hpo_space_add_float(space, "dropout", 0, 0.5, HPO_LINEAR, NULL);
    hpo_space_set_step(space, "dropout", 0.1, NULL);
    hpo_space_add_ordinal(space, "width", levels, 3, NULL);
    hpo_space_add_bool(space, "scaled", NULL);
    hpo_space_when(space, "scaled", "dropout", some, 2, NULL);
    hpo_space_when(space, "scaled", "width", widths, 1, NULL);
    assert_int_equal(hpo_space_status(space, NULL), HPO_OK);
    for (int i = 0; i <= 5; i++)
        for (int j = 0; j < 3; j++) {
            double values[] = {0.1 * i, levels[j], 1}, unit[3]; /* 0.1 * 3 is 0.30000000000000004 */
            assert_int_equal(hpo_space_encode(space, values, 3, unit, NULL), HPO_OK);
            assert_int_equal(!isnan(unit[2]), (i == 3 || i == 5) && j == 1);
            assert_int_equal(hpo_space_decode(space, unit, 3, values, NULL), HPO_OK);
            assert_int_equal(!isnan(values[2]), (i == 3 || i == 5) && j == 1);
        }
    hpo_space_free(space);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activity_follows_the_words),
        cmocka_unit_test(refusals_agree_with_brute_force),
        cmocka_unit_test(parents_come_first_and_ties_by_declaration),
        cmocka_unit_test(a_deep_chain),
        cmocka_unit_test(conditions_on_numbers),
    };
    return cmocka_run_group_tests_name("condition", tests, NULL, NULL);
}
