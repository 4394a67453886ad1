/* A program that knows only the installed libhpo. Prints the build info, which tests/install/check.sh compares. */
#include <hpo.h>
#include <stdio.h>

static hpo_status bowl(hpo_trial *trial, double *values, void *user) {
    double x = hpo_trial_float(trial, "x");
    (void)user;
    values[0] = (x - 1.0) * (x - 1.0);
    return HPO_OK;
}

int main(void) {
    hpo_error  error = {0, 0, ""};
    hpo_space *space = hpo_space_new(NULL);
    hpo_study *study = NULL;
    hpo_trial *best  = NULL;
    int        good;

    hpo_space_add_float(space, "x", -4.0, 4.0, HPO_LINEAR, NULL);
    if (hpo_study_new(space, &study, &error) < 0 || hpo_study_optimize(study, bowl, NULL, 200, &error) < 0 ||
        hpo_study_best(study, &best, &error) < 0)
        fprintf(stderr, "%s\n", error.message);
    /* 200 uniform trials all miss [0.5, 1.5] with probability (7/8)^200 < 1e-11. */
    good = best && hpo_trial_value(best) < 0.25 && hpo_version() == HPO_VERSION;
    puts(hpo_build_info());
    hpo_trial_free(best);
    hpo_study_free(study);
    hpo_space_free(space);
    return good ? 0 : 1;
}
