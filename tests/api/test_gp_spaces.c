/* strategy=gp in spaces of odd sizes and shapes: suggestions stay legal, and come. */
#include "gp.h"

/* ---- odd sizes ---- */

static void one_parameter(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 5; seed++) {
        hpo_study *study = gp_over(line_space(), seed);
        hpo_trial *best  = NULL;
        assert_ok(hpo_study_optimize(study, line_objective, NULL, 20, error));
        assert_ok(hpo_study_best(study, &best, error));
        assert_true(hpo_trial_value(best) < 1e-4);
        hpo_trial_free(best);
        hpo_study_free(study);
    }
}

/* 200 choices of one parameter, of which one is good: each is tried at most once. */
static void many_choices(void **state) {
    (void)state;
    char        names[200][8];
    const char *choices[200];
    static seen found;
    hpo_space  *space = hpo_space_new(NULL);
    for (size_t c = 0; c < 200; c++) {
        snprintf(names[c], sizeof names[c], "c%03u", (unsigned)(c % 1000));
        choices[c] = names[c];
    }
    assert_ok(hpo_space_add_categorical(space, "which", choices, 200, error));
    hpo_study *study = gp_over(space, 2);
    found.n          = 0;
    for (int k = 0; k < 200; k++) {
        hpo_trial *trial = NULL;
        assert_ok(hpo_study_ask(study, &trial, error));
        note(&found, study, trial);
        double loss = strcmp(hpo_trial_categorical(trial, "which"), "c123") == 0 ? 0 : 1;
        assert_ok(hpo_study_tell(study, trial, HPO_COMPLETE, &loss, 1, error));
        hpo_trial_free(trial);
    }
    hpo_study_free(study);
}

static void small_budgets(void **state) {
    (void)state;
    for (uint64_t budget = 1; budget <= 12; budget++)
        for (int with_default = 0; with_default < 2; with_default++) {
            static seen found;
            hpo_study  *study = gp_over(models(), budget);
            found.n           = 0;
            set(study, "start.default", with_default == 1 ? "true" : "false");
            assert_ok(hpo_study_optimize(study, models_objective, NULL, budget, error));
            assert_int_equal(finished_count(study), budget);
            for (uint64_t k = 0; k < budget; k++) {
                hpo_trial *trial = trial_of(study, k);
                note(&found, study, trial);
                hpo_trial_free(trial);
            }
            assert_ok(hpo_study_optimize(study, models_objective, NULL, 3, error)); /* and on */
            hpo_study_free(study);
        }
    for (uint64_t budget = 1; budget <= 3; budget++) { /* announced by a host that asks for itself, and for more */
        hpo_study *study = gp_over(models(), budget);
        double     values[WIDE];
        set_number(study, "trials", budget);
        for (int k = 0; k < 8; k++) {
            hpo_trial *trial = ask(study);
            read_values(study, trial, values);
            double loss = models_loss(trial);
            tell(study, trial, HPO_COMPLETE, loss);
        }
        hpo_study_free(study);
    }
}

/* ---- odd spaces ---- */

static void add_float(hpo_space *space, const char *name, double low, double high, int32_t scale) {
    assert_ok(hpo_space_add_float(space, name, low, high, scale, error));
}

static void add_int(hpo_space *space, const char *name, int64_t low, int64_t high, int32_t scale) {
    assert_ok(hpo_space_add_int(space, name, low, high, scale, error));
}

static void add_step(hpo_space *space, const char *name, double low, double high, int32_t scale, double step) {
    add_float(space, name, low, high, scale);
    assert_ok(hpo_space_set_step(space, name, step, error));
}

/* p0, p1, ... */
static const char *numbered(size_t i) {
    static char name[16];
    snprintf(name, sizeof name, "p%u", (unsigned)i);
    return name;
}

static const char *const letters[] = {"a", "b", "c", "d"};

static void one_float(hpo_space *space) {
    add_float(space, "x", -1, 1, HPO_LINEAR);
}

static void one_bool(hpo_space *space) {
    assert_ok(hpo_space_add_bool(space, "x", error));
}

static void one_small_int(hpo_space *space) {
    add_int(space, "x", -1, 1, HPO_LINEAR);
}

static void single_values(hpo_space *space) {
    assert_ok(hpo_space_add_categorical(space, "a", letters, 1, error));
    assert_ok(hpo_space_add_ordinal(space, "b", (const double[]){5}, 1, error));
}

static void single_values_and_one_float(hpo_space *space) {
    single_values(space);
    one_float(space);
}

/* Hardly any doubles lie in these, or they are large beside their width. */
static void narrow_ranges(hpo_space *space) {
    add_float(space, "a", 1e9, 1e9 + 1e-6, HPO_LINEAR);
    add_float(space, "b", 1, 1 + 8e-16, HPO_LOG);
    add_float(space, "c", -1e300, -0.9999999e300, HPO_LINEAR);
    add_float(space, "d", 0, 1e-320, HPO_LINEAR);
}

/* Two doubles in all. */
static void two_doubles(hpo_space *space) {
    add_float(space, "x", 1, 1 + 2.3e-16, HPO_LINEAR);
}

static void wide_ranges(hpo_space *space) {
    add_float(space, "a", -8e307, 8e307, HPO_LINEAR);
    add_float(space, "b", 1e-300, 1e300, HPO_LOG);
    add_float(space, "c", 5e-324, 1.7e308, HPO_LOG);
    add_float(space, "g", -1.7e308, 1.7e308, HPO_LINEAR); /* wider than a double can say */
    add_int(space, "d", -(INT64_C(1) << 49), (INT64_C(1) << 49) - 1, HPO_LINEAR);
    add_int(space, "e", 1, INT64_C(1) << 40, HPO_LOG);
    add_int(space, "f", (INT64_C(1) << 53) - 1000, INT64_C(1) << 53, HPO_LINEAR);
}

static void steps(hpo_space *space) {
    add_step(space, "a", 0, 1, HPO_LINEAR, 0.1);
    add_step(space, "b", 0, 1e6, HPO_LINEAR, 1e-3);
    add_step(space, "c", 1e-3, 1, HPO_LOG, 1e-3);
    add_step(space, "d", -1, 1, HPO_LINEAR, 0.7); /* does not end at 1 */
    add_int(space, "e", 16, 4096, HPO_LOG);
    assert_ok(hpo_space_set_step(space, "e", 16, error));
}

/* Five levels: each only below one answer of the one above, declared from the inside out. */
static void deep_conditions(hpo_space *space) {
    add_float(space, "rate4", 0, 1, HPO_LINEAR);
    for (int level = 4; level >= 0; level--) {
        char name[16];
        snprintf(name, sizeof name, "switch%d", level);
        assert_ok(hpo_space_add_categorical(space, name, letters, 3, error));
        if (level < 4) {
            snprintf(name, sizeof name, "rate%d", level);
            add_float(space, name, 0, 1, HPO_LINEAR);
        }
    }
    for (int level = 0; level < 5; level++) {
        char parent[16], child[16];
        snprintf(parent, sizeof parent, "switch%d", level);
        snprintf(child, sizeof child, "rate%d", level);
        assert_ok(hpo_space_when(space, child, parent, letters, level == 4 ? 1 : 2, error));
        snprintf(child, sizeof child, "switch%d", level + 1);
        if (level < 4)
            assert_ok(hpo_space_when(space, child, parent, letters + 2, 1, error));
    }
}

/* 20 branches with two parameters each, and one that needs two answers. */
static void many_branches(hpo_space *space) {
    char        texts[20][8];
    const char *choices[20];
    for (size_t c = 0; c < 20; c++) {
        snprintf(texts[c], sizeof texts[c], "m%u", (unsigned)c);
        choices[c] = texts[c];
    }
    assert_ok(hpo_space_add_categorical(space, "model", choices, 20, error));
    assert_ok(hpo_space_add_bool(space, "more", error));
    for (size_t c = 0; c < 20; c++) {
        char name[16];
        snprintf(name, sizeof name, "rate%u", (unsigned)c);
        add_float(space, name, 1e-4, 1, HPO_LOG);
        assert_ok(hpo_space_when(space, name, "model", choices + c, 1, error));
        snprintf(name, sizeof name, "depth%u", (unsigned)c);
        add_int(space, name, 1, 9, HPO_LINEAR);
        assert_ok(hpo_space_when(space, name, "model", choices + c, 1, error));
    }
    assert_ok(hpo_space_when(space, "depth3", "more", (const char *const[]){"true"}, 1, error));
}

/* A condition on one of very many values: such a parent does not divide the space into branches to look at one by one. */
static void parent_of_many_values(hpo_space *space) {
    add_int(space, "n", 0, INT64_C(1000000000000), HPO_LINEAR);
    add_float(space, "x", 0, 1, HPO_LINEAR);
    assert_ok(hpo_space_when(space, "x", "n", (const char *const[]){"0", "7"}, 2, error));
}

static void many_floats(hpo_space *space) {
    for (size_t i = 0; i < 200; i++)
        add_float(space, numbered(i), 0, 1, HPO_LINEAR);
}

static void many_choices_of_two(hpo_space *space) {
    for (size_t i = 0; i < 200; i++)
        assert_ok(hpo_space_add_categorical(space, numbered(i), letters, 2, error));
}

static void many_of_all_kinds(hpo_space *space) {
    for (size_t i = 0; i < 200; i++) {
        if (i % 4 == 0)
            assert_ok(hpo_space_add_categorical(space, numbered(i), letters, 4, error));
        else if (i % 4 == 1)
            add_int(space, numbered(i), 1, 1000, HPO_LOG);
        else
            add_float(space, numbered(i), 0, 1, HPO_LINEAR);
    }
}

static void one_of_200_choices(hpo_space *space) {
    char        texts[200][8];
    const char *choices[200];
    for (size_t c = 0; c < 200; c++) {
        snprintf(texts[c], sizeof texts[c], "c%u", (unsigned)c);
        choices[c] = texts[c];
    }
    assert_ok(hpo_space_add_categorical(space, "which", choices, 200, error));
}

/* `total`: configurations of a finite space that a test may use up, 0: more than that. */
static const struct {
    const char *name;
    void (*build)(hpo_space *);
    uint64_t trials, total;
} odd_spaces[] = {
    {"one float", one_float, 40, 0},
    {"one bool", one_bool, 10, 2},
    {"one small int", one_small_int, 10, 3},
    {"single values", single_values, 10, 1},
    {"single values and one float", single_values_and_one_float, 40, 0},
    {"narrow ranges", narrow_ranges, 40, 0},
    {"two doubles", two_doubles, 20, 0},
    {"wide ranges", wide_ranges, 50, 0},
    {"steps", steps, 50, 0},
    {"deep conditions", deep_conditions, 60, 0},
    {"a parent of many values", parent_of_many_values, 40, 0},
    {"many branches", many_branches, 60, 0},
    {"200 floats", many_floats, 14, 0},
    {"200 choices of two", many_choices_of_two, 24, 0},
    {"200 of all kinds", many_of_all_kinds, 14, 0},
    {"one of 200 choices", one_of_200_choices, 60, 200},
};

static hpo_space *odd_space(size_t k) {
    hpo_space *space = hpo_space_new(NULL);
    odd_spaces[k].build(space);
    assert_ok(hpo_space_status(space, error));
    return space;
}

/* Smooth in the unit cube, with its least value in a corner of it. */
static double odd_loss(const hpo_space *space, const hpo_trial *trial) {
    double values[WIDE], unit[WIDE], loss = 0;
    size_t d = hpo_trial_values_by_index(trial, values, WIDE);
    if (hpo_space_encode(space, values, d, unit, NULL) != HPO_OK)
        return NONE;
    for (size_t i = 0; i < d; i++)
        loss += isnan(unit[i]) ? 0.2 : (unit[i] - 0.1) * (unit[i] - 0.1) / (double)(1 + i % 5);
    return loss;
}

static hpo_status odd_objective(hpo_trial *trial, double *values, void *user) {
    values[0] = odd_loss(user, trial);
    return HPO_OK;
}

/* Trial after trial: legal, and as many as there are. Every ninth fails. */
static void odd_spaces_are_searched(void **state) {
    (void)state;
    static const char *const noises[] = {"learned", "none", "declared"};
    for (size_t k = 0; k < COUNT(odd_spaces); k++)
        for (size_t noise = 0; noise < COUNT(noises); noise++) {
            hpo_study *study  = gp_over(odd_space(k), k);
            bool       ends   = odd_spaces[k].total > 0 && odd_spaces[k].total < odd_spaces[k].trials && noise < 2;
            uint64_t   trials = ends ? odd_spaces[k].total : odd_spaces[k].trials;
            double     values[WIDE];
            hpo_trial *none = NULL;
            set(study, "gp.noise", noises[noise]);
            for (uint64_t n = 0; n < trials; n++) {
                hpo_trial *trial = ask(study);
                read_values(study, trial, values);
                double loss = odd_loss(hpo_study_space(study), trial);
                assert_true(isfinite(loss));
                tell(study, trial, n % 9 == 8 ? HPO_FAILED : HPO_COMPLETE, loss);
            }
            if (ends && hpo_study_ask(study, &none, NULL) != HPO_EXHAUSTED)
                fail_msg("%s: more than %llu configurations", odd_spaces[k].name, (unsigned long long)trials);
            hpo_study_free(study);
        }
}

/* Three workers, by arrival and in logical order. */
static void odd_spaces_with_workers(void **state) {
    (void)state;
    for (size_t k = 0; k < COUNT(odd_spaces); k++)
        for (int logical = 0; logical < 2; logical++) {
            hpo_study *study  = gp_over(odd_space(k), k);
            uint64_t   trials = odd_spaces[k].trials / 2;
            double     values[WIDE];
            set(study, "workers", "3");
            set(study, "order", logical == 1 ? "logical" : "arrival");
            hpo_status status = hpo_study_optimize(study, odd_objective, (void *)(uintptr_t)hpo_study_space(study), trials, NULL);
            bool       ends   = odd_spaces[k].total > 0 && odd_spaces[k].total < trials;
            if (status != (ends ? HPO_EXHAUSTED : HPO_OK) || finished_count(study) != (ends ? odd_spaces[k].total : trials))
                fail_msg("%s: %s after %llu trials", odd_spaces[k].name, hpo_status_name(status), (unsigned long long)finished_count(study));
            for (uint64_t n = 0; n < finished_count(study); n++) {
                hpo_trial *trial = trial_of(study, n);
                read_values(study, trial, values);
                hpo_trial_free(trial);
            }
            hpo_study_free(study);
        }
}

/* The optimum lies behind five answers in a row. */
static double deep_loss(const hpo_trial *trial) {
    for (int level = 0; level < 5; level++) {
        char rate[16];
        snprintf(rate, sizeof rate, "rate%d", level);
        if (hpo_trial_is_active(trial, rate) == 1) {
            double gap = hpo_trial_float(trial, rate) - 0.6;
            return (4 - level) + gap * gap;
        }
    }
    return 5;
}

static void deep_branches_are_found(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 3; seed++) {
        hpo_space *space = hpo_space_new(NULL);
        double     best  = INF;
        deep_conditions(space);
        hpo_study *study = gp_over(space, seed);
        for (int k = 0; k < 100; k++) {
            hpo_trial *trial = ask(study);
            double     loss  = deep_loss(trial);
            best             = loss < best ? loss : best;
            tell(study, trial, HPO_COMPLETE, loss);
        }
        if (best > 0.01)
            fail_msg("seed %llu: %g", (unsigned long long)seed, best);
        hpo_study_free(study);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_parameter),           cmocka_unit_test(many_choices),
        cmocka_unit_test(small_budgets),           cmocka_unit_test(odd_spaces_are_searched),
        cmocka_unit_test(odd_spaces_with_workers), cmocka_unit_test(deep_branches_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
