#include "spaces.h"

#include <math.h>
#include <stddef.h>

static const char *const names[N_SPACES] = {"one float", "mixed", "conditional", "two parents, three levels", "discrete only", "single values"};

const char *conformance_space_name(int i) {
    return names[i];
}

static void add_mixed(hpo_space *s) {
    const char *const solvers[] = {"sgd", "adam", "lbfgs"};
    hpo_space_add_float(s, "lr", 1e-5, 1e-1, HPO_LOG, NULL);
    hpo_space_set_default(s, "lr", "0.001", NULL);
    hpo_space_add_int(s, "depth", 2, 12, HPO_LINEAR, NULL);
    hpo_space_add_categorical(s, "solver", solvers, 3, NULL);
    hpo_space_add_bool(s, "bias", NULL);
}

static void add_conditional(hpo_space *s) {
    const char *const kernels[] = {"linear", "poly", "rbf", "sigmoid"}, *const with_gamma[] = {"poly", "rbf", "sigmoid"}, *const poly[] = {"poly"};
    hpo_space_add_categorical(s, "kernel", kernels, 4, NULL);
    hpo_space_add_float(s, "C", 1e-3, 1e3, HPO_LOG, NULL);
    hpo_space_add_float(s, "gamma", 1e-4, 10, HPO_LOG, NULL);
    hpo_space_add_int(s, "degree", 2, 5, HPO_LINEAR, NULL);
    hpo_space_when(s, "gamma", "kernel", with_gamma, 3, NULL);
    hpo_space_when(s, "degree", "kernel", poly, 1, NULL);
}

static void add_deep(hpo_space *s) {
    const char *const models[] = {"net", "forest"}, *const net[] = {"net"}, *const two[] = {"2", "3"}, *const three[] = {"3"}, *const on[] = {"true"};
    hpo_space_add_int(s, "units3", 4, 64, HPO_LOG, NULL); /* declared before its parents on purpose */
    hpo_space_add_categorical(s, "model", models, 2, NULL);
    hpo_space_add_int(s, "layers", 1, 3, HPO_LINEAR, NULL);
    hpo_space_add_bool(s, "dropout", NULL);
    hpo_space_add_float(s, "rate", 0, 0.8, HPO_LINEAR, NULL);
    hpo_space_when(s, "layers", "model", net, 1, NULL);
    hpo_space_when(s, "dropout", "model", net, 1, NULL);
    hpo_space_when(s, "rate", "dropout", on, 1, NULL);
    hpo_space_when(s, "rate", "layers", two, 2, NULL);
    hpo_space_when(s, "units3", "layers", three, 1, NULL);
}

static void add_discrete(hpo_space *s) {
    const double levels[] = {16, 32, 64, 128};
    hpo_space_add_ordinal(s, "width", levels, 4, NULL);
    hpo_space_add_float(s, "momentum", 0, 0.9, HPO_LINEAR, NULL);
    hpo_space_set_step(s, "momentum", 0.3, NULL);
    hpo_space_add_bool(s, "shuffle", NULL);
}

static void add_single(hpo_space *s) {
    const char *const only[] = {"only"};
    const double      level  = 7;
    hpo_space_add_categorical(s, "a", only, 1, NULL);
    hpo_space_add_ordinal(s, "b", &level, 1, NULL);
}

hpo_space *conformance_space(int i) {
    hpo_space *s = hpo_space_new(NULL);
    if (i == 0)
        hpo_space_add_float(s, "x", -1, 2, HPO_LINEAR, NULL);
    else if (i == 1)
        add_mixed(s);
    else if (i == 2)
        add_conditional(s);
    else if (i == 3)
        add_deep(s);
    else if (i == 4)
        add_discrete(s);
    else
        add_single(s);
    return s;
}

hpo_status conformance_objective(hpo_trial *trial, double *value, void *space) {
    double values[8], unit[8];
    size_t d = hpo_trial_values_by_index(trial, values, 8);
    if (hpo_space_encode(space, values, d, unit, NULL) != HPO_OK)
        return HPO_E_HOST;
    *value = 0;
    for (size_t i = 0; i < d; i++)
        *value += isnan(unit[i]) ? 0.05 : (unit[i] - 0.3 - 0.05 * (double)i) * (unit[i] - 0.3 - 0.05 * (double)i);
    return unit[0] > 0.97 ? HPO_E_HOST - 1 : HPO_OK;
}
