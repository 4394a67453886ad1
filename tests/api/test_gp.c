/* strategy=gp as a host sees it: better than random, nothing twice, alone or with workers, whatever becomes of its state and its memory. No wall times. */
#include "gp.h"

#include "../common/fail_alloc.h"

/* ---- better than random ---- */

static double best_after(hpo_space *space, const char *strategy, uint64_t seed, hpo_objective objective, uint64_t trials) {
    hpo_study *study = study_over(space, strategy);
    hpo_trial *best  = NULL;
    set_number(study, "seed", seed);
    assert_ok(hpo_study_optimize(study, objective, NULL, trials, error));
    assert_int_equal(finished_count(study), trials);
    assert_ok(hpo_study_best(study, &best, error));
    double value = hpo_trial_value(best);
    hpo_trial_free(best);
    hpo_study_free(study);
    return value;
}

static int rising(const void *a, const void *b) {
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Of five runs the middle one ends ten times nearer to the minimum of 0 than that of as many random ones, and each within `enough`. */
static void check_search(hpo_space *(*space)(void), hpo_objective objective, uint64_t trials, double enough) {
    double found[5], drawn[5];
    for (uint64_t seed = 0; seed < 5; seed++) {
        found[seed] = best_after(space(), "gp", seed + 1, objective, trials);
        drawn[seed] = best_after(space(), "random", seed + 1, objective, trials);
    }
    qsort(found, 5, sizeof *found, rising);
    qsort(drawn, 5, sizeof *drawn, rising);
    if (found[4] > enough || found[2] > 0.1 * drawn[2])
        fail_msg("gp %g to %g, middle %g; random %g to %g, middle %g", found[0], found[4], found[2], drawn[0], drawn[4], drawn[2]);
}

static void finds_the_minimum_of_branin(void **state) {
    (void)state;
    check_search(plane, branin_objective, 40, 0.2);
}

static void finds_the_minimum_behind_a_condition(void **state) {
    (void)state;
    check_search(models, models_objective, 60, 0.02);
}

/* Nets are far worse than trees but close to their own best: a model of all polishes the tree that it knows. */
static hpo_status hidden_objective(hpo_trial *trial, double *values, void *user) {
    (void)user;
    values[0] = models_loss(trial);
    if (strcmp(hpo_trial_categorical(trial, "model"), "net") == 0) {
        double rate = log10(hpo_trial_float(trial, "rate")), drop = hpo_trial_float(trial, "drop");
        values[0] = (rate + 2.7) * (rate + 2.7) + 3 * (drop - 0.3) * (drop - 0.3);
    }
    return HPO_OK;
}

static void leaves_a_branch_for_a_better_one(void **state) {
    (void)state;
    int better = 0; /* than the best tree; 18 of these 20 seeds when this was written; about 7 with steps aside by the model of all */
    for (uint64_t seed = 0; seed < 20; seed++)
        better += best_after(models(), "gp", seed, hidden_objective, 60) < 0.149;
    if (better < 13)
        fail_msg("%d of 20 runs left the trees", better);
}

/* The same by maximising the negative. */
static hpo_status negative_branin(hpo_trial *trial, double *values, void *user) {
    (void)user;
    values[0] = -branin(trial);
    return HPO_OK;
}

static void maximising_is_the_mirror(void **state) {
    (void)state;
    hpo_study *down = gp_over(plane(), 4), *up = gp_over(plane(), 4);
    set(up, "direction", "maximize");
    assert_ok(hpo_study_optimize(down, branin_objective, NULL, 30, error));
    assert_ok(hpo_study_optimize(up, negative_branin, NULL, 30, error));
    for (uint64_t k = 0; k < 30; k++) {
        hpo_trial *a = trial_of(down, k), *b = trial_of(up, k);
        assert_same(hpo_trial_float(a, "x"), hpo_trial_float(b, "x"));
        assert_same(hpo_trial_float(a, "y"), hpo_trial_float(b, "y"));
        hpo_trial_free(a);
        hpo_trial_free(b);
    }
    hpo_study_free(down);
    hpo_study_free(up);
}

/* ---- the initial design ---- */

/* How many suggestions do not depend on what the trials answered. */
static size_t length_of_design(hpo_space *(*space)(void), uint64_t planned) {
    enum { MOST = 14 };
    hpo_study *rising_values = gp_over(space(), 3), *falling = gp_over(space(), 3);
    size_t     length = MOST;
    set(rising_values, "start.default", "false");
    set(falling, "start.default", "false");
    set_number(rising_values, "trials", planned);
    set_number(falling, "trials", planned);
    for (size_t k = 0; k < MOST; k++) {
        hpo_trial *a = ask(rising_values), *b = ask(falling);
        double     values[2][WIDE];
        read_values(rising_values, a, values[0]);
        read_values(falling, b, values[1]);
        if (length == MOST && !same_numbers(values[0], values[1], hpo_space_size(hpo_study_space(falling))))
            length = k;
        tell(rising_values, a, HPO_COMPLETE, (double)k);
        tell(falling, b, HPO_COMPLETE, -(double)k);
    }
    hpo_study_free(rising_values);
    hpo_study_free(falling);
    return length;
}

static hpo_space *twenty_floats(void) {
    hpo_space *space = hpo_space_new(NULL);
    for (int i = 0; i < 20; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%d", i);
        assert_ok(hpo_space_add_float(space, name, 0, 1, HPO_LINEAR, error));
    }
    return space;
}

/* 3 + d/2 trials, 4 to 10, a fifth of what is planned at most. */
static void designs_are_short(void **state) {
    (void)state;
    assert_int_equal(length_of_design(line_space, 0), 4);
    assert_int_equal(length_of_design(plane, 0), 4);
    assert_int_equal(length_of_design(models, 0), 5);
    assert_int_equal(length_of_design(twenty_floats, 0), 10);
    assert_int_equal(length_of_design(twenty_floats, 1000), 10);
    assert_int_equal(length_of_design(twenty_floats, 30), 6);
    assert_int_equal(length_of_design(twenty_floats, 10), 2);
    assert_int_equal(length_of_design(twenty_floats, 7), 2);
    assert_int_equal(length_of_design(plane, 1), 2);
}

/* The centre first, each choice in turn, and as long as nothing is known all quarters of the plane soon. */
static void designs_are_even(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++) {
        hpo_study *study = gp_over(plane(), seed), *branched = gp_over(models(), seed);
        int        quarters = 0, kinds = 0;
        set(study, "start.default", "false");
        set(branched, "start.default", "false");
        for (int k = 0; k < 17; k++) {
            hpo_trial *trial = ask(study);
            double     x = (hpo_trial_float(trial, "x") + 5) / 15, y = hpo_trial_float(trial, "y") / 15;
            if (k == 0)
                assert_true(x == 0.5 && y == 0.5);
            else
                quarters |= 1 << ((x < 0.5 ? 0 : 1) + (y < 0.5 ? 0 : 2));
            tell(study, trial, HPO_FAILED, NONE);
        }
        assert_int_equal(quarters, 15);
        for (int k = 0; k < 3; k++) {
            hpo_trial *trial = ask(branched);
            kinds |= 1 << hpo_trial_categorical(trial, "model")[0] % 31; /* l, t, n */
            tell(branched, trial, HPO_COMPLETE, k);
        }
        assert_int_equal(kinds, 1 << 'l' % 31 | 1 << 't' % 31 | 1 << 'n' % 31);
        hpo_study_free(study);
        hpo_study_free(branched);
    }
}

/* ---- no repeats, several workers ---- */

/* Mixed spaces; four run at a time in the second round. */
static void nothing_is_tried_twice(void **state) {
    (void)state;
    for (size_t running = 1; running <= 4; running += 3) {
        static seen found;
        hpo_study  *study   = gp_over(models(), 8);
        hpo_trial  *open[4] = {NULL};
        found.n             = 0;
        for (size_t k = 0; k < 70; k++) {
            hpo_trial **place = &open[k % running];
            if (*place != NULL) {
                double loss = models_loss(*place);
                assert_ok(hpo_study_tell(study, *place, HPO_COMPLETE, &loss, 1, error));
                hpo_trial_free(*place);
            }
            assert_ok(hpo_study_ask(study, place, error));
            note(&found, study, *place);
        }
        for (size_t k = 0; k < running; k++)
            hpo_trial_free(open[k]);
        hpo_study_free(study);
    }
}

/* Far more trials at once than anyone has processors. */
static void very_many_at_once(void **state) {
    (void)state;
    enum { TOLD = 20, AT_ONCE = 150 };
    static seen found;
    hpo_study  *study = gp_over(models(), 5);
    hpo_trial  *open[AT_ONCE];
    found.n = 0;
    for (int k = 0; k < TOLD; k++) {
        hpo_trial *trial = ask(study);
        note(&found, study, trial);
        double loss = models_loss(trial);
        tell(study, trial, HPO_COMPLETE, loss);
    }
    for (int k = 0; k < AT_ONCE; k++) {
        open[k] = ask(study);
        note(&found, study, open[k]);
    }
    for (int k = AT_ONCE - 1; k >= 0; k--) { /* the last one first */
        double loss = models_loss(open[k]);
        tell(study, open[k], HPO_COMPLETE, loss);
    }
    hpo_trial *trial = ask(study);
    note(&found, study, trial);
    hpo_trial_free(trial);
    hpo_study_free(study);
}

static void several_workers(void **state) {
    (void)state;
    static seen found;
    hpo_study  *study = gp_over(models(), 3);
    hpo_trial  *best  = NULL;
    set(study, "workers", "4");
    assert_ok(hpo_study_optimize(study, models_objective, NULL, 60, error));
    assert_int_equal(finished_count(study), 60);
    found.n = 0;
    for (uint64_t k = 0; k < 60; k++) {
        hpo_trial *trial = trial_of(study, k);
        note(&found, study, trial);
        hpo_trial_free(trial);
    }
    assert_ok(hpo_study_best(study, &best, error));
    assert_true(hpo_trial_value(best) < 0.1); /* within a net's best part, whatever the threads did */
    hpo_trial_free(best);
    hpo_study_free(study);
    study = gp_over(models(), 3);
    set(study, "workers", "4");
    hpo_error  error  = {0, 0, ""};
    hpo_status status = hpo_study_optimize(study, line_objective, NULL, 1, &error); /* asks for a name that is not there */
    assert_int_equal(status, HPO_E_NOT_FOUND);
    hpo_study_free(study);
}

/* ---- a state is only a cache ---- */

static void add_known(hpo_study *study, size_t n, uint64_t seed) {
    hpo_point *point = NULL;
    draw       d     = {seed};
    assert_ok(hpo_point_new(hpo_study_space(study), &point, error));
    for (size_t k = 0; k < n; k++) {
        double unit[2] = {draw_unit(&d), draw_unit(&d)}, value = (unit[0] - 0.4) * (unit[0] - 0.4) + unit[1];
        assert_ok(hpo_point_set_unit(point, unit, 2, error));
        assert_ok(hpo_study_add(study, point, k % 11 == 10 ? HPO_FAILED : HPO_COMPLETE, &value, 1, error));
    }
    hpo_point_free(point);
}

/* Where fits start afresh, where they become rare, and where the model no longer sees all trials: a state made anew goes on as the old one. */
static void late_states_are_rebuilt(void **state) {
    (void)state;
    static const size_t starts[] = {57, 121, 250, 506};
    for (size_t s = 0; s < COUNT(starts); s++) {
        hpo_study *kept = gp_over(plane(), 2), *dropped = gp_over(plane(), 2);
        add_known(kept, starts[s], s);
        add_known(dropped, starts[s], s);
        for (int k = 0; k < 10; k++) {
            hpo_trial *a = NULL, *b = NULL;
            if (k % 4 == 1)
                set(dropped, "strategy.cache", "drop");
            assert_ok(hpo_study_ask(kept, &a, error));
            assert_ok(hpo_study_ask(dropped, &b, error));
            set(dropped, "strategy.cache", "keep");
            if (!same_number(hpo_trial_float(a, "x"), hpo_trial_float(b, "x")) || !same_number(hpo_trial_float(a, "y"), hpo_trial_float(b, "y")))
                fail_msg("after %zu trials", starts[s] + (size_t)k);
            double value = branin(a);
            assert_ok(hpo_study_tell(kept, a, HPO_COMPLETE, &value, 1, error));
            assert_ok(hpo_study_tell(dropped, b, HPO_COMPLETE, &value, 1, error));
            hpo_trial_free(a);
            hpo_trial_free(b);
        }
        hpo_study_free(kept);
        hpo_study_free(dropped);
    }
}

/* ---- memory ---- */

static hpo_space *models_with(const hpo_allocator *allocator) {
    return mixed_space_with(allocator);
}

/* Trials by ask and tell until trial `last`, which is left to the caller; the third and every seventh fail. */
static void play_to(hpo_study *study, uint64_t last) {
    for (uint64_t k = 0; k < last; k++) {
        hpo_trial *trial = NULL;
        assert_ok(hpo_study_ask(study, &trial, error));
        double loss = mixed_loss(trial);
        assert_ok(hpo_study_tell(study, trial, k == 3 || k % 7 == 6 ? HPO_FAILED : HPO_COMPLETE, &loss, 1, error));
        hpo_trial_free(trial);
    }
}

/* Every request of an ask refused once: HPO_E_NOMEM, and the same ask again gives what it would have given. With a running trial, failures and a kept state. */
/* A design of five trials goes on alike in another study to which the results so far were added. */
static void designs_follow_from_results(void **state) {
    (void)state;
    for (int start = 0; start < 2; start++) {
        hpo_study *study = gp_over(models(), 3);
        set(study, "start.default", start == 0 ? "true" : "false");
        for (uint64_t k = 0; k < 5; k++) {
            hpo_study *again = gp_over(models(), 3);
            hpo_point *point = NULL;
            set(again, "start.default", "false");
            assert_ok(hpo_point_new(hpo_study_space(again), &point, error));
            for (uint64_t i = 0; i < k; i++) {
                hpo_trial *old = NULL;
                double     values[MIXED_SIZE], unit[MIXED_SIZE], value;
                assert_ok(hpo_study_trial(study, i, &old, error));
                size_t d = hpo_trial_values_by_index(old, values, MIXED_SIZE);
                value    = hpo_trial_value(old);
                assert_ok(hpo_space_encode(hpo_study_space(study), values, d, unit, error));
                assert_ok(hpo_point_set_unit(point, unit, d, error));
                assert_ok(hpo_study_add(again, point, HPO_COMPLETE, &value, 1, error));
                hpo_trial_free(old);
            }
            hpo_trial *trial = ask(study);
            if (k > 0 || start == 1) { /* the default is the study's own trial */
                hpo_trial *other = ask(again);
                double     a[MIXED_SIZE], b[MIXED_SIZE];
                hpo_trial_values_by_index(trial, a, MIXED_SIZE);
                hpo_trial_values_by_index(other, b, MIXED_SIZE);
                if (!same_numbers(a, b, hpo_space_size(hpo_study_space(study))))
                    fail_msg("suggestion %llu differs in a study made again", (unsigned long long)k);
                hpo_trial_free(other);
            }
            tell(study, trial, HPO_COMPLETE, models_loss(trial));
            hpo_point_free(point);
            hpo_study_free(again);
        }
        hpo_study_free(study);
    }
}

static void out_of_memory(void **state) {
    (void)state;
    const uint64_t sizes[] = {0, 1, 2, 6, 8, 13, 24};
    for (size_t at = 0; at < COUNT(sizes); at++) {
        fail_alloc          memory = {0}, plain_memory = {0};
        const hpo_allocator allocator = fail_allocator(&memory), plain_allocator = fail_allocator(&plain_memory);
        hpo_study          *study = gp_over(models_with(&allocator), 4), *plain = gp_over(models_with(&plain_allocator), 4);
        hpo_trial          *running[2], *wanted[2], *trial = NULL;
        double              values[MIXED_SIZE], expected[MIXED_SIZE];
        uint64_t            refused = 0;
        play_to(study, sizes[at]);
        play_to(plain, sizes[at]);
        assert_ok(hpo_study_ask(study, &running[0], error));
        assert_ok(hpo_study_ask(plain, &wanted[0], error));
        assert_ok(hpo_study_ask(plain, &wanted[1], error));
        for (uint64_t k = 0; trial == NULL; k++) {
            memory.fail_at    = memory.requests + k;
            hpo_status status = hpo_study_ask(study, &trial, NULL);
            if (status != HPO_OK) {
                assert_int_equal(status, HPO_E_NOMEM);
                assert_null(trial);
                refused++;
            }
        }
        memory.fail_at = 0;
        running[1]     = trial;
        assert_true(refused >= 1);
        hpo_trial_values_by_index(trial, values, MIXED_SIZE);
        hpo_trial_values_by_index(wanted[1], expected, MIXED_SIZE);
        assert_true(same_numbers(values, expected, MIXED_SIZE));
        for (int k = 0; k < 2; k++) {
            hpo_trial_free(running[k]);
            hpo_trial_free(wanted[k]);
        }
        hpo_study_free(study);
        hpo_study_free(plain);
        assert_int_equal(memory.bytes + plain_memory.bytes, 0);
        assert_int_equal(memory.blocks + plain_memory.blocks, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_minimum_of_branin),
        cmocka_unit_test(finds_the_minimum_behind_a_condition),
        cmocka_unit_test(leaves_a_branch_for_a_better_one),
        cmocka_unit_test(maximising_is_the_mirror),
        cmocka_unit_test(designs_are_short),
        cmocka_unit_test(designs_are_even),
        cmocka_unit_test(nothing_is_tried_twice),
        cmocka_unit_test(very_many_at_once),
        cmocka_unit_test(several_workers),
        cmocka_unit_test(late_states_are_rebuilt),
        cmocka_unit_test(designs_follow_from_results),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
