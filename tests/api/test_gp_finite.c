/* strategy=gp in finite spaces: every configuration once, then the end. */
#include "gp.h"

static hpo_space *cells(const uint64_t *sizes, size_t n) {
    hpo_space *space = hpo_space_new(NULL);
    for (size_t i = 0; i < n; i++) {
        char name[8];
        snprintf(name, sizeof name, "p%u", (unsigned)(i % 100));
        if (sizes[i] == 1) { /* a choice of one */
            const char *const only[] = {"only"};
            assert_ok(hpo_space_add_categorical(space, name, only, 1, error));
        } else if (sizes[i] == 2) {
            assert_ok(hpo_space_add_bool(space, name, error));
        } else {
            assert_ok(hpo_space_add_int(space, name, 1, (int64_t)sizes[i], i % 2 == 0 ? HPO_LINEAR : HPO_LOG, error));
        }
    }
    return space;
}

/* 3 ways to be off, or 4 levels, times 2 where the level is high; times 3. */
static hpo_space *conditional_cells(void) {
    static const char *const modes[] = {"none", "l1", "l2", "both"}, *const both[] = {"both"}, *const high[] = {"3", "4"};
    static const double widths[] = {8, 16, 64};
    hpo_space          *space    = hpo_space_new(NULL);
    assert_ok(hpo_space_add_bool(space, "deep", error)); /* declared before what it depends on */
    assert_ok(hpo_space_add_categorical(space, "mode", modes, 4, error));
    assert_ok(hpo_space_add_int(space, "level", 1, 4, HPO_LINEAR, error));
    assert_ok(hpo_space_add_ordinal(space, "width", widths, 3, error));
    assert_ok(hpo_space_when(space, "level", "mode", both, 1, error));
    assert_ok(hpo_space_when(space, "deep", "level", high, 2, error));
    return space;
}

/* Any smooth function of what is active. */
static double cell_loss(const hpo_study *study, const hpo_trial *trial) {
    double values[WIDE], loss = 0;
    read_values(study, trial, values);
    for (size_t i = 0; i < hpo_space_size(hpo_study_space(study)); i++)
        loss += isnan(values[i]) ? 0.3 : pow(values[i] - 2.3, 2) / (1 + (double)i);
    return loss;
}

/* Every configuration once, then the end, which stays. `running` trials at a time; these end in a drawn order. */
static void use_up(hpo_space *space, size_t total, size_t running, uint64_t seed, bool with_default) {
    static seen found;
    hpo_study  *study   = gp_over(space, seed);
    hpo_trial  *open[8] = {NULL};
    size_t      n_open  = 0;
    draw        d       = {seed};
    hpo_status  status  = HPO_OK;
    found.n             = 0;
    set(study, "start.default", with_default ? "true" : "false");
    while (status == HPO_OK) {
        hpo_trial *trial = NULL;
        status           = hpo_study_ask(study, &trial, NULL);
        if (status == HPO_OK) {
            note(&found, study, trial);
            open[n_open++] = trial;
        }
        while (n_open > 0 && (n_open == running || status != HPO_OK)) {
            size_t k    = (size_t)draw_below(&d, n_open);
            double loss = cell_loss(study, open[k]);
            assert_ok(hpo_study_tell(study, open[k], HPO_COMPLETE, &loss, 1, error));
            hpo_trial_free(open[k]);
            open[k] = open[--n_open];
        }
    }
    assert_int_equal(status, HPO_EXHAUSTED);
    assert_int_equal(found.n, total);
    hpo_trial *none = NULL;
    assert_int_equal(hpo_study_ask(study, &none, NULL), HPO_EXHAUSTED);
    assert_null(none);
    assert_int_equal(finished_count(study), total);
    hpo_study_free(study);
}

static void finite_spaces_are_used_up(void **state) {
    (void)state;
    static const uint64_t single[] = {1, 1}, two[] = {2}, twelve[] = {2, 6}, many[] = {5, 10, 2, 5};
    for (uint64_t seed = 0; seed < 3; seed++)
        for (size_t running = 1; running <= 4; running += 3)
            for (int with_default = 0; with_default < 2; with_default++) {
                use_up(cells(single, 2), 1, running, seed, with_default == 1);
                use_up(cells(two, 1), 2, running, seed, with_default == 1);
                use_up(cells(twelve, 2), 12, running, seed, with_default == 1);
                use_up(conditional_cells(), (3 + 2 + 2 * 2) * 3, running, seed, with_default == 1);
            }
    use_up(cells(many, 4), 500, 1, 1, true);
}

/* Running trials count, too: the end comes before any has ended. */
static void running_trials_use_up(void **state) {
    (void)state;
    static const uint64_t twelve[] = {2, 6};
    static seen           found;
    hpo_study            *study = gp_over(cells(twelve, 2), 5);
    hpo_trial            *open[12], *more = NULL;
    found.n = 0;
    for (size_t k = 0; k < 12; k++) {
        assert_ok(hpo_study_ask(study, &open[k], error));
        note(&found, study, open[k]);
    }
    assert_int_equal(hpo_study_ask(study, &more, NULL), HPO_EXHAUSTED);
    for (size_t k = 0; k < 12; k++)
        hpo_trial_free(open[k]); /* recorded as failed: tried all the same */
    assert_int_equal(hpo_study_ask(study, &more, NULL), HPO_EXHAUSTED);
    hpo_study_free(study);
}

/* More configurations than are looked at one by one: still each once, though the last ones are hard to hit. Failures are quick, and tried all the same. */
static void large_finite_spaces_are_used_up(void **state) {
    (void)state;
    static const uint64_t sides[] = {60, 59};
    static bool           tried[60][59];
    hpo_study            *study  = gp_over(cells(sides, 2), 9);
    hpo_status            status = HPO_OK;
    size_t                n      = 0;
    for (hpo_trial *trial = NULL; (status = hpo_study_ask(study, &trial, NULL)) == HPO_OK; n++) {
        bool *mark = &tried[hpo_trial_int(trial, "p0") - 1][hpo_trial_int(trial, "p1") - 1];
        assert_false(*mark);
        *mark = true;
        hpo_trial_free(trial);
    }
    assert_int_equal(status, HPO_EXHAUSTED);
    assert_int_equal(n, 60 * 59);
    hpo_study_free(study);
}

/* A quarter of a million configurations of which all but five are known: the five come, then the end. Work grows with the trials and the space, not with their product. */
static void the_last_of_very_many(void **state) {
    (void)state;
    enum { SIDE = 500, LEFT = 5 };
    static const uint64_t sides[] = {SIDE, SIDE};
    hpo_study            *study   = gp_over(cells(sides, 2), 4);
    hpo_point            *point   = NULL;
    hpo_trial            *more    = NULL;
    size_t                known = 0, found = 0;
    set(study, "start.default", "false");
    assert_ok(hpo_point_new(hpo_study_space(study), &point, error));
    for (size_t k = 0; k < (size_t)SIDE * SIDE; k++) {
        double values[2] = {(double)(k / SIDE + 1), (double)(k % SIDE + 1)}, loss = values[0] + values[1];
        if (k % ((size_t)SIDE * SIDE / LEFT) == 1234)
            continue;
        assert_ok(hpo_point_set_values(point, values, 2, error));
        assert_ok(hpo_study_add(study, point, HPO_COMPLETE, &loss, 1, error));
        known++;
    }
    assert_int_equal(known, SIDE * SIDE - LEFT);
    for (; found < LEFT; found++) {
        hpo_trial *trial = ask(study);
        size_t     k     = ((size_t)hpo_trial_int(trial, "p0") - 1) * SIDE + (size_t)hpo_trial_int(trial, "p1") - 1;
        assert_int_equal(k % ((size_t)SIDE * SIDE / LEFT), 1234);
        tell(study, trial, HPO_COMPLETE, 1);
    }
    assert_int_equal(hpo_study_ask(study, &more, NULL), HPO_EXHAUSTED);
    hpo_point_free(point);
    hpo_study_free(study);
}

/* Said to be noisy: a configuration may come again, and the space is never used up. */
static void noisy_objectives_may_repeat(void **state) {
    (void)state;
    static const uint64_t twelve[] = {2, 6};
    hpo_study            *study    = gp_over(cells(twelve, 2), 2);
    draw                  d        = {1};
    set(study, "gp.noise", "declared");
    for (int k = 0; k < 60; k++) {
        hpo_trial *trial = NULL;
        assert_ok(hpo_study_ask(study, &trial, error));
        double loss = cell_loss(study, trial) + draw_unit(&d);
        assert_ok(hpo_study_tell(study, trial, HPO_COMPLETE, &loss, 1, error));
        hpo_trial_free(trial);
    }
    hpo_study_free(study);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finite_spaces_are_used_up), cmocka_unit_test(running_trials_use_up),       cmocka_unit_test(large_finite_spaces_are_used_up),
        cmocka_unit_test(the_last_of_very_many),     cmocka_unit_test(noisy_objectives_may_repeat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
