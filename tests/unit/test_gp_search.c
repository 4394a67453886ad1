/* lib/strategy/gp_search.c: what it finds is a canonical configuration that was not tried, in the branch that was asked for, and better than drawn ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../common/draw.h"
#include "space/moves.h"
#include "strategy/gp_search.h"
#include "study/study.h"

enum { D = 4, TRIALS = 40 };

/* A study of forty trials, a model of them, and a search over it. */
typedef struct search {
    hpo_study      *study;
    hpo_history     view;
    hpo__surrogate *surrogate;
    hpo__gp_search *search;
    size_t          rows[TRIALS];
    hpo__gp_task    task;
} search;

/* Least in the branch "b". Finite: 6, 30 and 30 configurations in the three branches, enumerated. */
static void begin(search *s, uint64_t seed, bool finite) {
    static const char *const modes[] = {"a", "b", "c"}, *const b[] = {"b"}, *const c[] = {"c"};
    hpo_space *space = hpo_space_new(NULL);
    hpo_point *point = NULL;
    draw       d     = {seed};
    if (finite)
        hpo_space_add_int(space, "rate", 1, 6, HPO_LINEAR, NULL);
    else
        hpo_space_add_float(space, "rate", 1e-4, 1, HPO_LOG, NULL);
    hpo_space_add_categorical(space, "mode", modes, 3, NULL);
    hpo_space_add_int(space, "level", 1, finite ? 5 : 20, HPO_LINEAR, NULL);
    if (finite)
        hpo_space_add_int(space, "drop", 1, 5, HPO_LINEAR, NULL);
    else
        hpo_space_add_float(space, "drop", 0, 1, HPO_LINEAR, NULL);
    hpo_space_when(space, "level", "mode", b, 1, NULL);
    hpo_space_when(space, "drop", "mode", c, 1, NULL);
    assert_int_equal(hpo_study_new(space, &s->study, NULL), HPO_OK);
    hpo_space_free(space);
    assert_int_equal(hpo_point_new(hpo_study_space(s->study), &point, NULL), HPO_OK);
    for (size_t k = 0; k < TRIALS; k++) {
        double unit[D] = {draw_unit(&d), draw_unit(&d), draw_unit(&d), draw_unit(&d)};
        double value   = pow(unit[0] - 0.6, 2) + (unit[1] < 1.0 / 3 ? 1.5 : unit[1] < 2.0 / 3 ? pow(unit[2] - 0.3, 2) : 0.8 + pow(unit[3] - 0.3, 2));
        assert_int_equal(hpo_point_set_unit(point, unit, D, NULL), HPO_OK);
        assert_int_equal(hpo_study_add(s->study, point, HPO_COMPLETE, &value, 1, NULL), HPO_OK);
    }
    hpo_point_free(point);
    s->view      = (hpo_history){.record = &s->study->record, .size = TRIALS};
    s->surrogate = hpo__surrogate_new(hpo_study_space(s->study), seed, false);
    assert_int_equal(hpo__surrogate_follow(s->surrogate, &s->view), HPO_OK);
    s->search = hpo__gp_search_new(s->surrogate, 3000);
    assert_non_null(s->search);
    s->task = (hpo__gp_task){.gp        = s->surrogate->gp,
                             .history   = &s->view,
                             .rows      = s->rows,
                             .n_rows    = TRIALS,
                             .incumbent = hpo__surrogate_incumbent(s->surrogate),
                             .seed      = seed,
                             .branch    = SIZE_MAX};
    for (size_t k = 0; k < TRIALS; k++)
        s->rows[k] = s->surrogate->rows[s->surrogate->order[k]];
}

static void end(search *s) {
    hpo__gp_search_free(s->search);
    hpo__surrogate_free(s->surrogate);
    hpo_study_free(s->study);
}

static double score_of(const search *s, const double *unit) {
    double            x[D], score;
    hpo__acquisition *acquisition = hpo__acquisition_new(&s->study->alloc, s->task.gp, s->task.incumbent, NULL, 0, NULL, 1);
    assert_non_null(acquisition);
    hpo__surrogate_inputs(s->surrogate, unit, 1, x);
    assert_true(hpo__acquisition_score(acquisition, x, 1, &score, NULL, NULL));
    hpo__acquisition_free(acquisition);
    return score;
}

/* Runs it; what comes is canonical: snapping changes nothing, and what is inactive has no value. */
static const double *run(search *s, uint64_t seed) {
    const double *found = NULL;
    double        snapped[D], values[D];
    assert_int_equal(hpo__gp_search_run(s->search, &s->task, &found, NULL), HPO_OK);
    hpo__space_snap(hpo_study_space(s->study), found, snapped, values);
    for (size_t i = 0; i < D; i++)
        HOLDS(found[i] == snapped[i] || (isnan(found[i]) && isnan(snapped[i])), seed, "coordinate %zu is %g, snapped %g", i, found[i], snapped[i]);
    return found;
}

static void better_than_drawn_points(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++) {
        search s;
        draw   d = {seed + 50};
        begin(&s, seed, false);
        double found = score_of(&s, run(&s, seed));
        for (int k = 0; k < 500; k++) {
            double unit[D] = {draw_unit(&d), draw_unit(&d), draw_unit(&d), draw_unit(&d)}, point[D], values[D];
            hpo__space_snap(hpo_study_space(s.study), unit, point, values);
            HOLDS(score_of(&s, point) <= found + 1e-6, seed, "found %g, drew %g", found, score_of(&s, point));
        }
        end(&s);
    }
}

static bool tried(const search *s, const double *point) {
    for (size_t row = 0; row < TRIALS; row++)
        if (hpo__moves_same(hpo_study_space(s->study), point, hpo_history_unit(&s->view) + row * D))
            return true;
    return false;
}

static void branches_are_held(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++)
        for (int mode = 0; mode < 3; mode++) {
            search s;
            begin(&s, seed, seed % 2 == 1);
            s.task.branch       = 1;
            s.task.branch_unit  = (mode + 0.5) / 3;
            const double *found = NULL;
            hpo_status    done  = hpo__gp_search_run(s.search, &s.task, &found, NULL);
            size_t        left  = 6; /* of the finite branch "a" */
            for (int rate = 0; rate < 6; rate++) {
                double point[D] = {(rate + 0.5) / 6, 0.5 / 3, (double)NAN, (double)NAN};
                left -= tried(&s, point) ? 1 : 0;
            }
            if (seed % 2 == 1 && mode == 0 && left == 0) {
                HOLDS(done == HPO_EXHAUSTED, seed, "a used-up branch gives %d", (int)done);
            } else {
                HOLDS(done == HPO_OK && !tried(&s, found), seed, "mode %d: %d", mode, (int)done);
                HOLDS(found[1] == s.task.branch_unit, seed, "mode %d: %g, not %g", mode, found[1], s.task.branch_unit);
                HOLDS(isnan(found[2]) == (mode != 1) && isnan(found[3]) == (mode != 2), seed, "mode %d: another branch's parameters", mode);
            }
            end(&s);
        }
}

/* A branch with a single configuration among continuous ones: nothing is left of it, and no candidate would ever show that. */
static void a_branch_is_used_up(void **state) {
    (void)state;
    static const char *const modes[] = {"alone", "wide"}, *const wide[] = {"wide"};
    hpo_space *space = hpo_space_new(NULL);
    hpo_study *study = NULL;
    hpo_point *point = NULL;
    hpo_space_add_categorical(space, "mode", modes, 2, NULL);
    hpo_space_add_float(space, "x", 0, 1, HPO_LINEAR, NULL);
    hpo_space_when(space, "x", "mode", wide, 1, NULL);
    assert_int_equal(hpo_study_new(space, &study, NULL), HPO_OK);
    hpo_space_free(space);
    assert_int_equal(hpo_point_new(hpo_study_space(study), &point, NULL), HPO_OK);
    for (int k = 0; k < 6; k++) {
        double unit[] = {k == 0 ? 0.25 : 0.75, k / 6.0}, value = k;
        assert_int_equal(hpo_point_set_unit(point, unit, 2, NULL), HPO_OK);
        assert_int_equal(hpo_study_add(study, point, HPO_COMPLETE, &value, 1, NULL), HPO_OK);
    }
    hpo_point_free(point);
    hpo_history     view      = {.record = &study->record, .size = 6};
    hpo__surrogate *surrogate = hpo__surrogate_new(hpo_study_space(study), 1, false);
    assert_int_equal(hpo__surrogate_follow(surrogate, &view), HPO_OK);
    hpo__gp_search *gp_search = hpo__gp_search_new(surrogate, 3000);
    const double   *found     = NULL;
    size_t          rows[]    = {0, 1, 2, 3, 4, 5};
    hpo__gp_task    task      = {.gp = surrogate->gp, .history = &view, .rows = rows, .n_rows = 6, .branch = 0, .branch_unit = 0.25};
    assert_int_equal(hpo__gp_search_run(gp_search, &task, &found, NULL), HPO_EXHAUSTED);
    task.branch_unit = 0.75;
    assert_int_equal(hpo__gp_search_run(gp_search, &task, &found, NULL), HPO_OK);
    hpo__gp_search_free(gp_search);
    hpo__surrogate_free(surrogate);
    hpo_study_free(study);
}

static void boxes_are_held(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++) {
        search s;
        double low[D] = {0, 0, 0, 0}, high[D] = {1, 1, 1, 1};
        begin(&s, seed, false);
        const double *best  = hpo_history_unit(&s.view) + s.rows[0] * D;
        low[0]              = best[0] - 0.05;
        high[0]             = best[0] + 0.02;
        s.task.low          = low;
        s.task.high         = high;
        const double *found = run(&s, seed);
        HOLDS(found[0] >= low[0] - 1e-9 && found[0] <= high[0] + 1e-9, seed, "%g, not %g to %g", found[0], low[0], high[0]);
        end(&s);
    }
}

/* What runs is not suggested, though it would be the best. */
static void nothing_that_runs(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++) {
        search s;
        double running[3 * D];
        begin(&s, seed, false);
        for (size_t k = 0; k < 3; k++) {
            s.task.pending      = running;
            s.task.n_pending    = k;
            const double *found = run(&s, seed);
            for (size_t j = 0; j < k; j++)
                HOLDS(!hpo__moves_same(hpo_study_space(s.study), found, running + j * D), seed, "%zu run: number %zu of them again", k, j);
            memcpy(running + k * D, found, D * sizeof(double));
        }
        end(&s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(better_than_drawn_points), cmocka_unit_test(branches_are_held), cmocka_unit_test(a_branch_is_used_up),
        cmocka_unit_test(boxes_are_held),           cmocka_unit_test(nothing_that_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
