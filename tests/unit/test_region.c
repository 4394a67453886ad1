/* lib/strategy/gp_region.c: the side against trials whose successes are known, the box against its definition. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "strategy/gp_region.h"
#include "study/study.h"

#include <math.h>

enum { D = 3 };

/* A study of D floats to which values are added, all at the centre. */
static hpo_study *begin(void) {
    hpo_study *study;
    hpo_space *space = hpo_space_new(NULL);
    hpo_space_add_float(space, "a", 0, 1, HPO_LINEAR, NULL);
    hpo_space_add_float(space, "b", 0, 1, HPO_LINEAR, NULL);
    hpo_space_add_float(space, "c", 0, 1, HPO_LINEAR, NULL);
    assert_int_equal(hpo_study_new(space, &study, NULL), HPO_OK);
    hpo_space_free(space);
    return study;
}

static void add(hpo_study *study, int times, double value) {
    static const double unit[D] = {0.5, 0.5, 0.5};
    hpo_point          *point;
    assert_int_equal(hpo_point_new(hpo_study_space(study), &point, NULL), HPO_OK);
    assert_int_equal(hpo_point_set_unit(point, unit, D, NULL), HPO_OK);
    for (int i = 0; i < times; i++)
        assert_int_equal(hpo_study_add(study, point, HPO_COMPLETE, &value, 1, NULL), HPO_OK);
    hpo_point_free(point);
}

static double side(hpo_study *study, size_t first, size_t inputs) {
    hpo_history view = {.record = &study->record, .size = study->record.visible};
    return hpo__gp_region_side(&view, first, inputs, 0.5);
}

static void failures_halve_it_and_successes_double_it(void **state) {
    (void)state;
    hpo_study *study = begin();
    assert_true(side(study, 0, 4) == 0.8);
    add(study, 1, 100); /* a first value is a success */
    add(study, 1, 99.8);
    assert_true(side(study, 0, 4) == 0.8);
    add(study, 3, 200); /* four without enough gain */
    assert_true(side(study, 0, 4) == 0.4);
    add(study, 4, 200);
    assert_true(side(study, 0, 4) == 0.2);
    add(study, 1, 90);
    add(study, 1, 80);
    assert_true(side(study, 0, 4) == 0.2);
    add(study, 1, 70);
    assert_true(side(study, 0, 4) == 0.4);
    for (int k = 1; k <= 9; k++)
        add(study, 1, 70 - 10 * k);
    assert_true(side(study, 0, 4) == 1.6); /* and no larger */
    hpo_study_free(study);
}

static void more_dimensions_have_more_patience(void **state) {
    (void)state;
    hpo_study *study = begin();
    add(study, 1, 1);
    add(study, 19, 2);
    assert_true(side(study, 0, 20) == 0.8);
    add(study, 1, (double)NAN); /* a failed trial is no success either */
    assert_true(side(study, 0, 20) == 0.4);
    assert_true(side(study, 2, 20) == 0.8); /* what came before the first does not count */
    hpo_study_free(study);
}

static void a_tiny_one_starts_anew(void **state) {
    (void)state;
    hpo_study *study = begin();
    add(study, 1, 1);
    add(study, 6 * 4, 2);
    assert_true(side(study, 0, 4) == 0.8 / 64);
    add(study, 4, 2);
    assert_true(side(study, 0, 4) == 0.8);
    hpo_study_free(study);
}

static void box_has_the_volume_of_its_side(void **state) {
    (void)state;
    static const char *const choices[] = {"x", "y"};
    const char              *yes       = "y";
    hpo_space               *space     = hpo_space_new(NULL);
    hpo_space_add_float(space, "a", 0, 1, HPO_LINEAR, NULL);
    hpo_space_add_categorical(space, "b", choices, 2, NULL);
    hpo_space_add_int(space, "c", 0, 1000, HPO_LINEAR, NULL);
    hpo_space_add_float(space, "e", 0, 1, HPO_LINEAR, NULL);
    hpo_space_when(space, "e", "b", &yes, 1, NULL);
    hpo__surrogate *surrogate = hpo__surrogate_new(space, 1, false);
    assert_non_null(surrogate);
    double centre[4] = {0.5, 0.25, 0.45, (double)NAN}, low[4], high[4];
    assert_int_equal(hpo__gp_region_inputs(surrogate, centre), 3);
    double *theta = hpo__gp_theta(surrogate->gp);
    theta[0]      = log(0.2);
    theta[2]      = log(0.8);
    hpo__gp_region_box(surrogate, centre, 0.1, low, high);
    assert_true(fabs(high[0] - low[0] - 0.05) < 1e-12 && fabs(high[2] - low[2] - 0.2) < 1e-12);
    assert_true(fabs(high[0] + low[0] - 1.0) < 1e-12 && fabs(high[2] + low[2] - 0.9) < 1e-12);
    assert_true(low[1] == 0 && high[1] == 1 && low[3] == 0 && high[3] == 1);
    hpo__gp_region_box(surrogate, centre, 1.6, low, high);
    assert_true(low[2] == 0 && high[2] == 1); /* cut at the ends */
    hpo__surrogate_free(surrogate);
    hpo_space_free(space);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failures_halve_it_and_successes_double_it),
        cmocka_unit_test(more_dimensions_have_more_patience),
        cmocka_unit_test(a_tiny_one_starts_anew),
        cmocka_unit_test(box_has_the_volume_of_its_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
