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

/* Least in the branch "b". */
static void begin(search *s, uint64_t seed) {
    static const char *const modes[] = {"a", "b", "c"}, *const b[] = {"b"}, *const c[] = {"c"};
    hpo_space *space = hpo_space_new(NULL);
    hpo_point *point = NULL;
    draw       d     = {seed};
    hpo_space_add_float(space, "rate", 1e-4, 1, HPO_LOG, NULL);
    hpo_space_add_categorical(space, "mode", modes, 3, NULL);
    hpo_space_add_int(space, "level", 1, 20, HPO_LINEAR, NULL);
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
        begin(&s, seed);
        double found = score_of(&s, run(&s, seed));
        for (int k = 0; k < 500; k++) {
            double unit[D] = {draw_unit(&d), draw_unit(&d), draw_unit(&d), draw_unit(&d)}, point[D], values[D];
            hpo__space_snap(hpo_study_space(s.study), unit, point, values);
            HOLDS(score_of(&s, point) <= found + 1e-6, seed, "found %g, drew %g", found, score_of(&s, point));
        }
        end(&s);
    }
}

static void branches_are_held(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++)
        for (int mode = 0; mode < 3; mode++) {
            search s;
            begin(&s, seed);
            s.task.branch       = 1;
            s.task.branch_unit  = (mode + 0.5) / 3;
            const double *found = run(&s, seed);
            HOLDS(found[1] == s.task.branch_unit, seed, "mode %d: %g, not %g", mode, found[1], s.task.branch_unit);
            HOLDS(isnan(found[2]) == (mode != 1) && isnan(found[3]) == (mode != 2), seed, "mode %d: another branch's parameters", mode);
            end(&s);
        }
}

/* What runs is not suggested, though it would be the best. */
static void nothing_that_runs(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++) {
        search s;
        double running[3 * D];
        begin(&s, seed);
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
        cmocka_unit_test(better_than_drawn_points),
        cmocka_unit_test(branches_are_held),
        cmocka_unit_test(nothing_that_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
