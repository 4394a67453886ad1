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

static void many_parameters(void **state) {
    (void)state;
    enum { D = 200 };
    static const char *const choices[] = {"a", "b", "c", "d"};
    hpo_space               *space     = hpo_space_new(NULL);
    for (int i = 0; i < D; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%d", i);
        if (i % 4 == 0)
            assert_ok(hpo_space_add_categorical(space, name, choices, 4, error));
        else if (i % 4 == 1)
            assert_ok(hpo_space_add_int(space, name, 1, 1000, HPO_LOG, error));
        else
            assert_ok(hpo_space_add_float(space, name, 0, 1, HPO_LINEAR, error));
    }
    hpo_study *study = gp_over(space, 1);
    for (int k = 0; k < 16; k++) {
        hpo_trial *trial = NULL;
        double     values[WIDE], loss = 0;
        assert_ok(hpo_study_ask(study, &trial, error));
        read_values(study, trial, values);
        for (int i = 2; i < D; i += 4)
            loss += (values[i] - 0.2) * (values[i] - 0.2);
        assert_ok(hpo_study_tell(study, trial, HPO_COMPLETE, &loss, 1, error));
        hpo_trial_free(trial);
    }
    hpo_study_free(study);
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
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_parameter),
        cmocka_unit_test(many_parameters),
        cmocka_unit_test(many_choices),
        cmocka_unit_test(small_budgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
