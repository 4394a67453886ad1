/* Every allocation of building, reading and writing spaces and points fails in turn. */
#include "failing.h"

static void build(run *r) {
    static const char *const names[] = {"adam", "sgd", "rmsprop"}, *const momentum[] = {"sgd", "rmsprop"}, *const three[] = {"3", "4"},
                             *const yes[]   = {"true"};
    static const double             sizes[] = {16, 32, 64, 128};
    hpo_space                      *space   = new_space(r);
    TRY(r, hpo_space_add_float(space, "lr", 1e-5, 1e-1, HPO_LOG, error))
    TRY(r, hpo_space_set_default(space, "lr", "0.001", error))
    TRY(r, hpo_space_add_categorical(space, "optimizer", names, COUNT(names), error))
    TRY(r, hpo_space_add_float(space, "momentum", 0, 0.99, HPO_LINEAR, error))
    TRY(r, hpo_space_set_step(space, "momentum", 0.01, error))
    TRY(r, hpo_space_add_int(space, "layers", 1, 4, HPO_LINEAR, error))
    TRY(r, hpo_space_add_ordinal(space, "batch", sizes, COUNT(sizes), error))
    TRY(r, hpo_space_add_bool(space, "bias", error))
    TRY(r, hpo_space_set_default(space, "optimizer", "sgd", error))
    TRY(r, hpo_space_add_float(space, "third", 1, 2, HPO_LINEAR, error))
    TRY(r, hpo_space_when(space, "momentum", "optimizer", momentum, COUNT(momentum), error))
    TRY(r, hpo_space_when(space, "third", "layers", three, COUNT(three), error))
    TRY(r, hpo_space_when(space, "third", "bias", yes, 1, error))
    if (hpo_space_status(space, NULL) != HPO_OK)
        problem(r, "the space has an error left");
    note_space(r, space);
    hpo_space_free(space);
}

static void build_many(run *r) {
    static const char *const values[] = {"x", "y"};
    hpo_space               *space    = new_space(r);
    char                     name[16], parent[16];
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "p%d", i);
        TRY(r, hpo_space_add_categorical(space, name, values, COUNT(values), error))
    }
    for (int i = 1; i < 40; i += 3) {
        snprintf(name, sizeof name, "p%d", i);
        snprintf(parent, sizeof parent, "p%d", i / 2);
        TRY(r, hpo_space_when(space, name, parent, values + i % 2, 1, error))
    }
    note_space(r, space);
    hpo_space_free(space);
}

/* A short program checks once, at the end: the first failure stays, and nothing is half built. */
static void sticky(run *r) {
    hpo_space *space = new_space(r);
    hpo_error  report;
    uint64_t   before = refused_so_far(r);
    hpo_space_add_float(space, "lr", 1e-5, 1e-1, HPO_LOG, NULL);
    hpo_space_add_int(space, "depth", 2, 12, HPO_LINEAR, NULL);
    hpo_space_add_bool(space, "bias", NULL);
    hpo_status status = hpo_space_status(space, &report);
    if (refused_so_far(r) > before) {
        hpo_study *study = NULL;
        lift(r);
        if (status != HPO_E_NOMEM || report.code != HPO_E_NOMEM)
            problem(r, "the space does not remember that memory was short");
        if (hpo_study_new(space, &study, NULL) != HPO_E_NOMEM || study != NULL)
            problem(r, "a space with an error made a study");
        if (hpo_space_size(space) > 3)
            problem(r, "more parameters than were added");
    } else if (status != HPO_OK || hpo_space_size(space) != 3) {
        problem(r, "the space has an error without a failure");
    }
    hpo_space_free(space);
}

static void json_out(run *r) {
    char   text[4096];
    size_t need = 0;
    build(r);
    hpo_space *space = mixed_space(r);
    TRY_AS(r, HPO_E_BUFFER, HARD, hpo_space_to_json(space, NULL, 0, &need, error))
    note(r, "%zu\n", need);
    TRY(r, hpo_space_to_json(space, text, sizeof text, &need, error))
    note(r, "%zu %s\n", need, text);
    hpo_space_free(space);
}

static const char own_form[] = "{\"parameters\": {\"lr\": {\"type\": \"float\", \"low\": 1e-5, \"high\": 0.1, \"scale\": \"log\", \"default\": 1e-3},"
                               "\"kernel\": {\"type\": \"categorical\", \"choices\": [\"linear\", \"rbf\", \"poly\"]},"
                               "\"size\": {\"type\": \"ordinal\", \"levels\": [16, 32, 64]}, \"bias\": {\"type\": \"bool\"},"
                               "\"layers\": {\"type\": \"int\", \"low\": 1, \"high\": 9, \"step\": 2},"
                               "\"gamma\": {\"type\": \"float\", \"low\": 1e-4, \"high\": 10, \"scale\": \"log\", \"when\": {\"kernel\": [\"rbf\", "
                               "\"poly\"], \"bias\": [true]}}}}";

static const char optuna_form[] =
    "{\"x\": {\"name\": \"FloatDistribution\", \"attributes\": {\"low\": 0.0, \"high\": 1.0, \"log\": false, \"step\": null}},"
    "\"n\": {\"name\": \"IntDistribution\", \"attributes\": {\"low\": 1, \"high\": 8, \"log\": false, \"step\": 1}},"
    "\"c\": {\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\": [\"a\", \"b\"]}}}";

static void read_json(run *r, const char *text) {
    hpo_space *space = NULL;
    TRY(r, hpo_space_from_json(text, strlen(text), &r->allocator, &space, error))
    if (space != NULL)
        note_space(r, space);
    hpo_space_free(space);
}

static void json_in(run *r) {
    read_json(r, own_form);
}

static void json_in_optuna(run *r) {
    read_json(r, optuna_form);
}

/* Malformed text: refused as such, or for want of memory, and nothing is left either way. */
static void json_malformed(run *r) {
    for (size_t length = 0; length < sizeof own_form - 1; length += 37) {
        hpo_space *space = NULL;
        TRY_AS(r, HPO_E_INVALID, HARD, hpo_space_from_json(own_form, length, &r->allocator, &space, error))
        if (space != NULL)
            problem(r, "half a text made a space");
    }
}

static void note_values(run *r, const hpo_space *space, const double *unit) {
    double values[MIXED_SIZE], back[MIXED_SIZE];
    TRY(r, hpo_space_decode(space, unit, MIXED_SIZE, values, error))
    TRY(r, hpo_space_encode(space, values, MIXED_SIZE, back, error))
    for (size_t i = 0; i < MIXED_SIZE; i++) {
        note_number(r, values[i]);
        note_number(r, back[i]);
    }
    note(r, "\n");
}

static void codec(run *r) {
    static const double units[][MIXED_SIZE] = {{0, 0, 0, 0.5, 0, 0}, {0.3, 0.9, 0.6, 0.2, 0.5, 0.7}, {1, 1, 1, 1, 1, 1}};
    hpo_space          *space               = mixed_space(r);
    for (size_t i = 0; i < COUNT(units); i++)
        note_values(r, space, units[i]);
    hpo_space_free(space);
}

static void points(run *r) {
    double     unit[MIXED_SIZE] = {0.1, 0.2, 0, NONE, 0.5, 1}, values[MIXED_SIZE] = {0.01, 3, 1, 0.5, 32, 1};
    hpo_space *space = mixed_space(r);
    hpo_point *point = NULL;
    TRY(r, hpo_point_new(space, &point, error))
    TRY(r, hpo_point_set(point, "kernel", "poly", error))
    TRY(r, hpo_point_set_number(point, "gamma", 0.5, error))
    TRY(r, hpo_point_set_values(point, values, MIXED_SIZE, error))
    TRY(r, hpo_point_set_unit(point, unit, MIXED_SIZE, error)) /* a NaN where the parameter is not active */
    unit[2] = 0.9;
    TRY_AS(r, HPO_E_INVALID, HARD, hpo_point_set_unit(point, unit, MIXED_SIZE, error)) /* here it is */
    TRY_AS(r, HPO_E_NOT_FOUND, HARD, hpo_point_set(point, "kernl", "poly", error))
    TRY_AS(r, HPO_E_INVALID, HARD, hpo_point_set(point, "kernel", "sigmoid", error))
    hpo_point_free(point);
    hpo_space_free(space);
}

static const struct {
    const char *name;
    scenario    body;
} scenarios[] = {{"building", build},  {"building 40 parameters", build_many}, {"building without checks", sticky}, {"JSON out", json_out},
                 {"JSON in", json_in}, {"JSON of Optuna", json_in_optuna},     {"malformed JSON", json_malformed},  {"codec", codec},
                 {"points", points}};

static void test_scenarios(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(scenarios); i++)
        run_all(scenarios[i].name, scenarios[i].body);
}

/* An allocator that cannot be used is refused before it is called. */
static void test_unusable_allocators(void **state) {
    (void)state;
    run r;
    run_begin(&r, 0, false);
    hpo_allocator allocator = r.allocator;
    allocator.struct_size   = 8;
    assert_null(hpo_space_new(&allocator));
    allocator        = r.allocator;
    allocator.resize = NULL;
    assert_null(hpo_space_new(&allocator));
    allocator             = r.allocator;
    allocator.struct_size = sizeof allocator + 64; /* from a later version: what is known of it is enough */
    hpo_space *space      = hpo_space_new(&allocator);
    assert_non_null(space);
    allocator.resize = NULL; /* it was copied */
    assert_int_equal(hpo_space_add_bool(space, "a", NULL), HPO_OK);
    hpo_space_free(space);
    hpo_space *read   = NULL;
    allocator         = r.allocator;
    allocator.resize  = NULL;
    hpo_status status = hpo_space_from_json(own_form, sizeof own_form - 1, &allocator, &read, NULL);
    assert_true(status == HPO_E_INVALID || status == HPO_E_ABI || status == HPO_E_NOMEM);
    assert_null(read);
    assert_string_equal(r.problem, "");
    assert_int_equal(r.blocks, 0);
    run_end(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenarios),
        cmocka_unit_test(test_unusable_allocators),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
