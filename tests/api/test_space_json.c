/* Spaces as JSON: random ones there and back, the documented form, Optuna's distributions as Optuna writes them, and every kind of bad text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../common/fail_alloc.h"
#include "../common/random_space.h"

#include <hpo.h>
#include <locale.h>

/* The text of a space, to be freed. */
static char *to_json(const hpo_space *space) {
    size_t need = 0;
    assert_int_equal(hpo_space_to_json(space, NULL, 0, &need, NULL), HPO_E_BUFFER);
    char *text = malloc(need);
    assert_non_null(text);
    assert_int_equal(hpo_space_to_json(space, text, need, NULL, NULL), HPO_OK);
    assert_int_equal(strlen(text), need - 1);
    return text;
}

static hpo_space *from_json(const char *text) {
    hpo_space *space = NULL;
    hpo_error  error = {0, 0, ""};
    if (hpo_space_from_json(text, strlen(text), NULL, &space, &error) != HPO_OK) {
        print_error("%s\n%s\n", text, error.message);
        fail();
    }
    return space;
}

/* ---- there and back ---- */

static void check_same(const rs_space *s, const hpo_space *a, const hpo_space *b) {
    double unit[RS_MOST], x[RS_MOST], y[RS_MOST];
    draw   d = {s->seed + 1};
    HOLDS(hpo_space_size(a) == hpo_space_size(b), s->seed, "size");
    for (size_t i = 0; i < s->size; i++) {
        const char *name = hpo_space_name(a, i);
        HOLDS(strcmp(name, hpo_space_name(b, i)) == 0, s->seed, "name");
        HOLDS(hpo_space_kind(a, i) == hpo_space_kind(b, i), s->seed, "kind of '%s'", name);
        HOLDS(hpo_space_cardinality(a, i) == hpo_space_cardinality(b, i), s->seed, "number of values of '%s'", name);
        for (size_t c = 0; hpo_space_choice(a, i, c) != NULL; c++)
            HOLDS(strcmp(hpo_space_choice(a, i, c), hpo_space_choice(b, i, c)) == 0, s->seed, "choice of '%s'", name);
    }
    for (int k = 0; k < 20; k++) {
        for (size_t i = 0; i < s->size; i++)
            unit[i] = draw_unit(&d);
        assert_int_equal(hpo_space_decode(a, unit, s->size, x, NULL), HPO_OK);
        assert_int_equal(hpo_space_decode(b, unit, s->size, y, NULL), HPO_OK);
        for (size_t i = 0; i < s->size; i++)
            HOLDS(x[i] == y[i] || (isnan(x[i]) && isnan(y[i])), s->seed, "'%s' decodes to %.17g and %.17g", hpo_space_name(a, i), x[i], y[i]);
    }
}

static void random_spaces_come_back(void **unused) {
    (void)unused;
    for (uint64_t seed = 0; seed < 1500; seed++) {
        rs_space s;
        rs_draw_space(seed, RS_MOST, 3, &s);
        hpo_space *space = rs_build(&s, NULL);
        char      *text  = to_json(space);
        hpo_space *back  = from_json(text);
        char      *again = to_json(back);
        HOLDS(strcmp(text, again) == 0, seed, "%s\n%s", text, again);
        check_same(&s, space, back);
        hpo_space_free(space);
        hpo_space_free(back);
        free(text);
        free(again);
    }
}

/* The example of docs/space-json.md, and what is written for it. */
static void the_documented_form(void **unused) {
    (void)unused;
    static const char text[] =
        "{\n  \"parameters\": {\n"
        "    \"lr\":     {\"type\": \"float\", \"low\": 1e-5, \"high\": 0.1, \"scale\": \"log\", \"default\": 1e-3},\n"
        "    \"depth\":  {\"type\": \"int\", \"low\": 1, \"high\": 8, \"step\": 1},\n"
        "    \"kernel\": {\"type\": \"categorical\", \"choices\": [\"rbf\", \"poly\", \"linear\"]},\n"
        "    \"width\":  {\"type\": \"ordinal\", \"levels\": [16, 32, 64]},\n"
        "    \"bias\":   {\"type\": \"bool\"},\n"
        "    \"gamma\":  {\"type\": \"float\", \"low\": 1e-4, \"high\": 10, \"scale\": \"log\", \"when\": {\"kernel\": [\"rbf\", \"poly\"]}}\n"
        "  }\n}\n";
    hpo_space           *space   = from_json(text);
    static const int32_t kinds[] = {HPO_FLOAT, HPO_INT, HPO_CATEGORICAL, HPO_ORDINAL, HPO_BOOL, HPO_FLOAT};
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(hpo_space_kind(space, i), kinds[i]);
    double unit[6] = {0.5, 0.99, 0.99, 0.5, 0.2, 0.5}, values[6];
    assert_int_equal(hpo_space_decode(space, unit, 6, values, NULL), HPO_OK);
    assert_true(near(values[0], 1e-3, 1e-15) && values[1] == 8 && values[2] == 2 && values[3] == 32 && values[4] == 0 && isnan(values[5]));
    char *written = to_json(space);
    assert_string_equal(
        written,
        "{\"parameters\": {\"lr\": {\"type\": \"float\", \"low\": 1e-05, \"high\": 0.1, \"scale\": \"log\", \"default\": 0.001}, "
        "\"depth\": {\"type\": \"int\", \"low\": 1, \"high\": 8, \"step\": 1}, "
        "\"kernel\": {\"type\": \"categorical\", \"choices\": [\"rbf\", \"poly\", \"linear\"]}, "
        "\"width\": {\"type\": \"ordinal\", \"levels\": [16, 32, 64]}, \"bias\": {\"type\": \"bool\"}, "
        "\"gamma\": {\"type\": \"float\", \"low\": 0.0001, \"high\": 10, \"scale\": \"log\", \"when\": {\"kernel\": [\"rbf\", \"poly\"]}}}}");
    free(written);
    hpo_space_free(space);
}

/* Each text means the same as the canonical one beside it. */
static void other_ways_to_say_it(void **unused) {
    (void)unused;
    static const char *const pairs[][2] = {
        {"{\"parameters\": {}}", "{\"parameters\": {}}"},
        {"{}", "{\"parameters\": {}}"},
        {" { \"parameters\" : { \"x\" : { \"high\" : 1 , \"low\" : 0.0 , \"type\" : \"float\" } } } ",
         "{\"parameters\": {\"x\": {\"type\": \"float\", \"low\": 0, \"high\": 1}}}"},
        {"{\"parameters\": {\"x\": {\"type\": \"float\", \"low\": 1, \"high\": 2, \"log\": true}}}",
         "{\"parameters\": {\"x\": {\"type\": \"float\", \"low\": 1, \"high\": 2, \"scale\": \"log\"}}}"},
        {"{\"parameters\": {\"x\": {\"type\": \"float\", \"low\": 1, \"high\": 2, \"scale\": \"linear\", \"step\": null}}}",
         "{\"parameters\": {\"x\": {\"type\": \"float\", \"low\": 1, \"high\": 2}}}"},
        {"{\"parameters\": {\"x\": {\"type\": \"float\", \"low\": 0, \"high\": 0.95, \"step\": 0.1}}}",
         "{\"parameters\": {\"x\": {\"type\": \"float\", \"low\": 0, \"high\": 0.9, \"step\": 0.1}}}"},
        /* a parent that comes later, one value instead of an array, texts with escapes, defaults of all kinds */
        {"{\"parameters\": {\"x\": {\"type\": \"bool\", \"when\": {\"\\u006b\": \"a\\\"\"}, \"default\": true}, \"k\": {\"type\": \"categorical\", "
         "\"choices\": [\"a\\u0022\", \"b\"], \"default\": \"b\"}}}",
         "{\"parameters\": {\"x\": {\"type\": \"bool\", \"default\": true, \"when\": {\"k\": [\"a\\\"\"]}}, \"k\": {\"type\": \"categorical\", "
         "\"choices\": [\"a\\\"\", \"b\"], \"default\": \"b\"}}}"},
        {"{\"parameters\": {\"n\": {\"type\": \"int\", \"low\": -3, \"high\": 3e0, \"default\": \"2\"}, \"x\": {\"type\": \"bool\", \"when\": "
         "{\"n\": [1, \"2\", 3.0]}}}}",
         "{\"parameters\": {\"n\": {\"type\": \"int\", \"low\": -3, \"high\": 3, \"default\": 2}, \"x\": {\"type\": \"bool\", \"when\": {\"n\": [1, "
         "2, 3]}}}}"},
        {"{\"parameters\": {\"o\": {\"type\": \"ordinal\", \"levels\": [4, 2.5, -1], \"default\": 2.50}, \"x\": {\"type\": \"bool\", \"when\": "
         "{\"o\": -1}}}}",
         "{\"parameters\": {\"o\": {\"type\": \"ordinal\", \"levels\": [4, 2.5, -1], \"default\": 2.5}, \"x\": {\"type\": \"bool\", \"when\": "
         "{\"o\": [-1]}}}}"},
        {"{\"parameters\": {\"b\": {\"type\": \"bool\"}, \"x\": {\"type\": \"bool\", \"when\": {\"b\": [true, false]}}}}",
         "{\"parameters\": {\"b\": {\"type\": \"bool\"}, \"x\": {\"type\": \"bool\", \"when\": {\"b\": [true, false]}}}}"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        hpo_space *space   = from_json(pairs[i][0]);
        char      *written = to_json(space);
        assert_string_equal(written, pairs[i][1]);
        hpo_space_free(space);
        free(written);
    }
}

/* ---- Optuna ---- */

/* Written by Optuna 5.0.0's distribution_to_json() for one distribution each; then the same in its short form. */
static void optunas_distributions(void **unused) {
    (void)unused;
    static const char *const pairs[][2] = {
        {"{\"name\": \"FloatDistribution\", \"attributes\": {\"step\": null, \"low\": 1e-05, \"high\": 0.1, \"log\": true}}",
         "{\"type\": \"float\", \"low\": 1e-05, \"high\": 0.1, \"scale\": \"log\"}"},
        {"{\"name\": \"FloatDistribution\", \"attributes\": {\"step\": 0.25, \"low\": 0.0, \"high\": 1.0, \"log\": false}}",
         "{\"type\": \"float\", \"low\": 0, \"high\": 1, \"step\": 0.25}"},
        {"{\"name\": \"FloatDistribution\", \"attributes\": {\"step\": null, \"low\": -1.5, \"high\": 2.5, \"log\": false}}",
         "{\"type\": \"float\", \"low\": -1.5, \"high\": 2.5}"},
        {"{\"name\": \"FloatDistribution\", \"attributes\": {\"step\": 0.1, \"low\": 0.0, \"high\": 0.9, \"log\": false}}",
         "{\"type\": \"float\", \"low\": 0, \"high\": 0.9, \"step\": 0.1}"},
        {"{\"name\": \"FloatDistribution\", \"attributes\": {\"step\": null, \"low\": 3.0, \"high\": 3.0, \"log\": false}}",
         "{\"type\": \"ordinal\", \"levels\": [3]}"},
        {"{\"name\": \"IntDistribution\", \"attributes\": {\"log\": false, \"step\": 1, \"low\": 1, \"high\": 8}}",
         "{\"type\": \"int\", \"low\": 1, \"high\": 8}"},
        {"{\"name\": \"IntDistribution\", \"attributes\": {\"log\": true, \"step\": 1, \"low\": 1, \"high\": 1024}}",
         "{\"type\": \"int\", \"low\": 1, \"high\": 1024, \"scale\": \"log\"}"},
        {"{\"name\": \"IntDistribution\", \"attributes\": {\"log\": false, \"step\": 4, \"low\": 0, \"high\": 8}}",
         "{\"type\": \"int\", \"low\": 0, \"high\": 8, \"step\": 4}"},
        {"{\"name\": \"IntDistribution\", \"attributes\": {\"log\": false, \"step\": 1, \"low\": 4, \"high\": 4}}",
         "{\"type\": \"ordinal\", \"levels\": [4]}"},
        {"{\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\": [\"rbf\", \"poly\", null, true, 3, 0.5]}}",
         "{\"type\": \"categorical\", \"choices\": [\"rbf\", \"poly\", \"null\", \"true\", \"3\", \"0.5\"]}"},
        {"{\"name\": \"CategoricalDistribution\", \"attributes\": {\"choices\": [\"a\"]}}", "{\"type\": \"categorical\", \"choices\": [\"a\"]}"},
        {"{\"name\": \"UniformDistribution\", \"attributes\": {\"low\": 0.0, \"high\": 1.0}}", "{\"type\": \"float\", \"low\": 0, \"high\": 1}"},
        {"{\"name\": \"LogUniformDistribution\", \"attributes\": {\"low\": 0.001, \"high\": 1.0}}",
         "{\"type\": \"float\", \"low\": 0.001, \"high\": 1, \"scale\": \"log\"}"},
        {"{\"name\": \"DiscreteUniformDistribution\", \"attributes\": {\"low\": 0.0, \"high\": 1.0, \"q\": 0.1}}",
         "{\"type\": \"float\", \"low\": 0, \"high\": 1, \"step\": 0.1}"},
        {"{\"name\": \"IntUniformDistribution\", \"attributes\": {\"step\": 2, \"low\": 1, \"high\": 9}}",
         "{\"type\": \"int\", \"low\": 1, \"high\": 9, \"step\": 2}"},
        {"{\"name\": \"IntUniformDistribution\", \"attributes\": {\"step\": 1, \"low\": 1, \"high\": 9}}",
         "{\"type\": \"int\", \"low\": 1, \"high\": 9}"},
        {"{\"name\": \"IntLogUniformDistribution\", \"attributes\": {\"step\": 1, \"low\": 1, \"high\": 64}}",
         "{\"type\": \"int\", \"low\": 1, \"high\": 64, \"scale\": \"log\"}"},
        /* the other order of the two, as a dictionary may come */
        {"{\"attributes\": {\"high\": 1.0, \"q\": 0.5, \"low\": 0.0}, \"name\": \"DiscreteUniformDistribution\"}",
         "{\"type\": \"float\", \"low\": 0, \"high\": 1, \"step\": 0.5}"},
        /* the short form */
        {"{\"type\": \"float\", \"low\": 1e-5, \"high\": 0.1, \"log\": true}",
         "{\"type\": \"float\", \"low\": 1e-05, \"high\": 0.1, \"scale\": \"log\"}"},
        {"{\"type\": \"float\", \"low\": 0, \"high\": 1, \"step\": 0.5, \"log\": false}",
         "{\"type\": \"float\", \"low\": 0, \"high\": 1, \"step\": 0.5}"},
        {"{\"type\": \"float\", \"low\": 2, \"high\": 2}", "{\"type\": \"ordinal\", \"levels\": [2]}"},
        {"{\"type\": \"int\", \"low\": 1, \"high\": 8}", "{\"type\": \"int\", \"low\": 1, \"high\": 8}"},
        {"{\"type\": \"int\", \"low\": 1, \"high\": 8, \"step\": 1}", "{\"type\": \"int\", \"low\": 1, \"high\": 8}"},
        {"{\"type\": \"categorical\", \"choices\": [\"x\", \"y\"]}", "{\"type\": \"categorical\", \"choices\": [\"x\", \"y\"]}"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char text[400], expected[400];
        snprintf(text, sizeof text, "{\"p\": %s, \"other\": {\"type\": \"float\", \"low\": 0, \"high\": 1}}", pairs[i][0]);
        snprintf(expected, sizeof expected, "{\"parameters\": {\"p\": %s, \"other\": {\"type\": \"float\", \"low\": 0, \"high\": 1}}}", pairs[i][1]);
        hpo_space *space   = from_json(text);
        char      *written = to_json(space);
        assert_string_equal(written, expected);
        hpo_space_free(space);
        free(written);
    }
}

/* ---- bad texts ---- */

typedef struct bad {
    const char *text;
    hpo_status  status;
    const char *holds[3];
} bad;

#define P(body) "{\"parameters\": {" body "}}"

static const bad bad_texts[] = {
    /* malformed: with line and column */
    {"", HPO_E_INVALID, {"line 1, column 1", "end of the text"}},
    {"null", HPO_E_INVALID, {"line 1, column 1", "expected an object, found null"}},
    {"[]", HPO_E_INVALID, {"line 1, column 1", "expected an object, found an array"}},
    {"{\"parameters\": ", HPO_E_INVALID, {"line 1, column 16"}},
    {"{\"parameters\":\n{\"x\": {\"type\": \"bool\"}\n", HPO_E_INVALID, {"line 3, column 1", "ends inside an object"}},
    {"{\"parameters\": {}} x", HPO_E_INVALID, {"line 1, column 20", "after the end"}},
    {"{\"parameters\": {\"x\": {\"type\": \"float\", \"low\": 0,\n \"high\": 01}}}", HPO_E_INVALID, {"line 2, column 10", "malformed number"}},
    {"{\"parameters\": {\"x\": {\"type\": \"float\", \"low\": NaN, \"high\": 1}}}", HPO_E_INVALID, {"line 1, column 47"}},
    {"{\"parameters\": {\"x\": {\"type\": \"float\", \"low\": -Infinity, \"high\": 1}}}", HPO_E_INVALID, {"line 1, column 47"}},
    {"{\"parameters\": {\"x\xff\": {\"type\": \"bool\"}}}", HPO_E_INVALID, {"line 1, column", "UTF-8"}},
    {"{\"parameters\": {\"x\\ud800\": {\"type\": \"bool\"}}}", HPO_E_INVALID, {"line 1, column", "surrogate"}},
    {"{\"parameters\": {\"x\\u0000y\": {\"type\": \"bool\"}}}", HPO_E_INVALID, {"line 1, column", "U+0000"}},
    /* the wrong shape */
    {"{\"parameters\": []}", HPO_E_INVALID, {"line 1, column 16", "expected an object, found an array"}},
    {"{\"parameters\": {}, \"version\": 1}", HPO_E_INVALID, {"line 1, column", "version"}},
    {"{\"version\": 1, \"parameters\": {}}", HPO_E_INVALID, {"line 1, column", "parameters"}},
    {"{\"parameters\": {}, \"parameters\": {}}", HPO_E_INVALID, {"line 1, column", "parameters"}},
    {P("\"x\": 1"), HPO_E_INVALID, {"line 1, column 22", "expected an object, found a number"}},
    {P("\"x\": {}"), HPO_E_INVALID, {"'x'", "has no \"type\"", "line 1"}},
    {P("\"x\": {\"type\": \"floot\"}"), HPO_E_INVALID, {"'x'", "floot", "line 1, column 31"}},
    {P("\"x\": {\"type\": 3}"), HPO_E_INVALID, {"line 1, column 31", "expected a string"}},
    {P("\"x\": {\"type\": \"bool\", \"type\": \"bool\"}"), HPO_E_INVALID, {"\"type\"", "twice", "line 1"}},
    {P("\"x\": {\"type\": \"bool\", \"colour\": 1}"), HPO_E_INVALID, {"colour", "unknown field", "line 1"}},
    {P("\"x\": {\"type\": \"bool\", \"low\": 1}"), HPO_E_INVALID, {"'x'", "\"low\"", "line 1"}},
    {P("\"x\": {\"type\": \"float\", \"low\": 0, \"high\": 1, \"choices\": []}"), HPO_E_INVALID, {"'x'", "\"choices\""}},
    {P("\"x\": {\"type\": \"categorical\", \"levels\": [1]}"), HPO_E_INVALID, {"'x'", "\"levels\""}},
    {P("\"x\": {\"type\": \"ordinal\", \"levels\": [1], \"scale\": \"log\"}"), HPO_E_INVALID, {"'x'", "\"scale\""}},
    {P("\"x\": {\"type\": \"float\", \"low\": 1}"), HPO_E_INVALID, {"'x'", "\"high\""}},
    {P("\"x\": {\"type\": \"float\", \"high\": 1}"), HPO_E_INVALID, {"'x'", "\"low\""}},
    {P("\"x\": {\"type\": \"categorical\"}"), HPO_E_INVALID, {"'x'", "\"choices\""}},
    {P("\"x\": {\"type\": \"ordinal\"}"), HPO_E_INVALID, {"'x'", "\"levels\""}},
    {P("\"x\": {\"type\": \"float\", \"low\": \"0\", \"high\": 1}"), HPO_E_INVALID, {"line 1, column 47", "expected a number, found a string"}},
    {P("\"x\": {\"type\": \"float\", \"low\": 0, \"high\": null}"), HPO_E_INVALID, {"expected a number, found null"}},
    {P("\"x\": {\"type\": \"float\", \"low\": 0, \"high\": 1, \"step\": true}"), HPO_E_INVALID, {"expected a number"}},
    {P("\"x\": {\"type\": \"float\", \"low\": 1, \"high\": 2, \"scale\": \"cubic\"}"), HPO_E_INVALID, {"cubic", "line 1"}},
    {P("\"x\": {\"type\": \"float\", \"low\": 1, \"high\": 2, \"log\": 1}"), HPO_E_INVALID, {"expected true or false"}},
    {P("\"x\": {\"type\": \"float\", \"low\": 1, \"high\": 2, \"log\": false, \"scale\": \"log\"}"), HPO_E_INVALID, {"\"log\"", "\"scale\""}},
    {P("\"x\": {\"type\": \"bool\", \"default\": []}"), HPO_E_INVALID, {"line 1, column", "expected a text"}},
    {P("\"x\": {\"type\": \"bool\", \"when\": []}"), HPO_E_INVALID, {"expected an object, found an array"}},
    {P("\"x\": {\"type\": \"ordinal\", \"levels\": [1, \"2\"]}"), HPO_E_INVALID, {"expected a number, found a string"}},
    {P("\"x\": {\"type\": \"categorical\", \"choices\": [\"a\", []]}"), HPO_E_INVALID, {"expected a text"}},
    {P("\"x\": {\"type\": \"int\", \"low\": 0.5, \"high\": 3}"), HPO_E_INVALID, {"'x'", "whole", "line 1"}},
    {P("\"x\": {\"type\": \"int\", \"low\": 0, \"high\": 1e300}"), HPO_E_INVALID, {"'x'", "2^53"}},
    {P("\"x\": {\"type\": \"int\", \"low\": 0, \"high\": 1e999}"), HPO_E_INVALID, {"'x'", "2^53"}},
    {"{\"x\": {\"name\": \"StrangeDistribution\", \"attributes\": {}}}", HPO_E_INVALID, {"'x'", "StrangeDistribution"}},
    {"{\"x\": {\"name\": \"FloatDistribution\", \"attributes\": 5}}", HPO_E_INVALID, {"expected an object"}},
    {"{\"x\": {\"name\": \"FloatDistribution\", \"attributes\": {\"low\": 0, \"attributes\": {\"high\": 1}}}}",
     HPO_E_INVALID,
     {"\"attributes\"", "twice"}},
    {"{\"x\": {\"name\": \"FloatDistribution\", \"attributes\": {\"low\": 0, \"hihg\": 1}}}", HPO_E_INVALID, {"hihg"}},
    {"{\"x\": {\"name\": \"FloatDistribution\", \"attributes\": {\"low\": 0}}}", HPO_E_INVALID, {"'x'", "\"high\""}},
    {"{\"x\": {\"type\": \"float\", \"low\": 0, \"high\": 1, \"q\": 0.1}}", HPO_E_INVALID, {"\"q\""}},
    /* bad contents: as from the building functions */
    {P("\"\": {\"type\": \"bool\"}"), HPO_E_INVALID, {"name", "empty"}},
    {P("\"x\": {\"type\": \"bool\"}, \"x\": {\"type\": \"bool\"}"), HPO_E_EXISTS, {"'x'", "exists"}},
    {P("\"x\": {\"type\": \"float\", \"low\": 1, \"high\": 1}"), HPO_E_INVALID, {"'x'", "low 1", "high 1"}},
    {P("\"x\": {\"type\": \"float\", \"low\": 2, \"high\": 1}"), HPO_E_INVALID, {"'x'", "low 2", "high 1"}},
    {"{\"x\": {\"type\": \"float\", \"low\": 2, \"high\": 1}}", HPO_E_INVALID, {"'x'", "low 2", "high 1"}},
    {P("\"x\": {\"type\": \"float\", \"low\": 0, \"high\": 1e999}"), HPO_E_INVALID, {"'x'", "inf", "finite"}},
    {P("\"x\": {\"type\": \"float\", \"low\": 0, \"high\": 1, \"scale\": \"log\"}"), HPO_E_INVALID, {"'x'", "log", "low is 0"}},
    {P("\"x\": {\"type\": \"float\", \"low\": 0, \"high\": 1, \"step\": 0}"), HPO_E_INVALID, {"'x'", "step 0"}},
    {P("\"x\": {\"type\": \"float\", \"low\": 0, \"high\": 1, \"step\": -1}"), HPO_E_INVALID, {"'x'", "step -1"}},
    {P("\"x\": {\"type\": \"float\", \"low\": 0, \"high\": 1, \"step\": 2}"), HPO_E_INVALID, {"'x'", "step 2", "larger than the range"}},
    {P("\"x\": {\"type\": \"float\", \"low\": 0, \"high\": 1, \"step\": 1e-300}"), HPO_E_INVALID, {"'x'", "1e-300"}},
    {P("\"x\": {\"type\": \"int\", \"low\": 0, \"high\": 9007199254740993}"), HPO_E_INVALID, {"'x'", "2^"}},
    {P("\"x\": {\"type\": \"categorical\", \"choices\": []}"), HPO_E_INVALID, {"'x'", "empty"}},
    {P("\"x\": {\"type\": \"categorical\", \"choices\": [\"a\", \"b\", \"a\"]}"), HPO_E_INVALID, {"'x'", "'a'", "twice"}},
    {P("\"x\": {\"type\": \"categorical\", \"choices\": [1, \"1\"]}"), HPO_E_INVALID, {"'x'", "'1'", "twice"}},
    {P("\"x\": {\"type\": \"categorical\", \"choices\": [\"\"]}"), HPO_E_INVALID, {"'x'", "empty choice"}},
    {P("\"x\": {\"type\": \"ordinal\", \"levels\": []}"), HPO_E_INVALID, {"'x'", "empty"}},
    {P("\"x\": {\"type\": \"ordinal\", \"levels\": [1, 1]}"), HPO_E_INVALID, {"'x'", "1 follows 1"}},
    {P("\"x\": {\"type\": \"ordinal\", \"levels\": [1, 1e999]}"), HPO_E_INVALID, {"'x'", "inf"}},
    {P("\"x\": {\"type\": \"float\", \"low\": 0, \"high\": 1, \"default\": 2}"), HPO_E_INVALID, {"'x'", "2", "[0, 1]"}},
    {P("\"x\": {\"type\": \"float\", \"low\": 0, \"high\": 1, \"default\": \"much\"}"), HPO_E_INVALID, {"'x'", "'much'"}},
    {P("\"x\": {\"type\": \"float\", \"low\": 0, \"high\": 1, \"default\": null}"), HPO_E_INVALID, {"'x'", "null"}},
    {P("\"x\": {\"type\": \"categorical\", \"choices\": [\"a\"], \"default\": \"b\"}"), HPO_E_INVALID, {"'x'", "'b'"}},
    {P("\"x\": {\"type\": \"bool\", \"default\": 1}"), HPO_E_INVALID, {"'x'", "'1'"}},
    {P("\"x\": {\"type\": \"bool\", \"when\": {\"y\": true}}"), HPO_E_NOT_FOUND, {"'y'", "no parameter"}},
    {P("\"kernel\": {\"type\": \"bool\"}, \"x\": {\"type\": \"bool\", \"when\": {\"kernal\": true}}"),
     HPO_E_NOT_FOUND,
     {"'kernal'", "did you mean 'kernel'"}},
    {P("\"x\": {\"type\": \"bool\", \"when\": {\"x\": true}}"), HPO_E_INVALID, {"'x'", "cycle"}},
    {P("\"x\": {\"type\": \"bool\", \"when\": {\"y\": true}}, \"y\": {\"type\": \"bool\", \"when\": {\"x\": true}}"), HPO_E_INVALID, {"cycle"}},
    {P("\"y\": {\"type\": \"bool\"}, \"x\": {\"type\": \"bool\", \"when\": {\"y\": []}}"), HPO_E_INVALID, {"'y'", "at least one"}},
    {P("\"y\": {\"type\": \"bool\"}, \"x\": {\"type\": \"bool\", \"when\": {\"y\": 1}}"), HPO_E_INVALID, {"'y'", "'1'"}},
    {P("\"y\": {\"type\": \"bool\"}, \"x\": {\"type\": \"bool\", \"when\": {\"y\": true, \"y\": false}}"), HPO_E_EXISTS, {"'x'", "'y'", "already"}},
    {P("\"y\": {\"type\": \"float\", \"low\": 0, \"high\": 1}, \"x\": {\"type\": \"bool\", \"when\": {\"y\": 0.5}}"),
     HPO_E_INVALID,
     {"'y'", "continuous"}},
    {P("\"a\": {\"type\": \"bool\"}, \"b\": {\"type\": \"bool\", \"when\": {\"a\": true}}, \"c\": {\"type\": \"bool\", \"when\": {\"a\": false, "
       "\"b\": true}}"),
     HPO_E_INVALID,
     {"'c'", "never be active"}},
};

static void bad_texts_are_refused(void **unused) {
    (void)unused;
    for (size_t i = 0; i < sizeof bad_texts / sizeof bad_texts[0]; i++) {
        const bad    *b         = &bad_texts[i];
        fail_alloc    f         = {0};
        hpo_allocator allocator = fail_allocator(&f);
        hpo_space    *space     = NULL;
        hpo_error     error     = {0, 0, ""};
        hpo_status    status    = hpo_space_from_json(b->text, strlen(b->text), &allocator, &space, &error);
        HOLDS(status == b->status && error.code == status && space == NULL, i, "%s: status %d, %s", b->text, (int)status, error.message);
        for (size_t k = 0; k < 3; k++)
            HOLDS(b->holds[k] == NULL || strstr(error.message, b->holds[k]) != NULL, i, "%s: \"%s\" does not say \"%s\"", b->text, error.message,
                  b->holds[k]);
        HOLDS(f.bytes == 0, i, "%s: %zu bytes are lost", b->text, f.bytes);
        assert_int_equal(hpo_space_from_json(b->text, strlen(b->text), NULL, &space, NULL), b->status);
    }
}

static void arguments(void **unused) {
    (void)unused;
    hpo_space *space = NULL;
    hpo_error  error = {0, 0, ""};
    assert_int_equal(hpo_space_from_json(NULL, 0, NULL, &space, &error), HPO_E_INVALID);
    assert_int_equal(hpo_space_from_json("{}", 2, NULL, NULL, &error), HPO_E_INVALID);
    hpo_allocator allocator = {.struct_size = 4};
    assert_int_equal(hpo_space_from_json("{}", 2, &allocator, &space, &error), HPO_E_INVALID);
    assert_non_null(strstr(error.message, "allocator"));
    assert_int_equal(hpo_space_from_json("{}{}", 2, NULL, &space, &error), HPO_OK); /* the length counts */
    assert_int_equal(hpo_space_size(space), 0);
    char   buf[64];
    size_t need = 0;
    assert_int_equal(hpo_space_to_json(space, NULL, 5, &need, &error), HPO_E_INVALID);
    assert_int_equal(hpo_space_to_json(space, buf, 5, &need, &error), HPO_E_BUFFER);
    assert_int_equal(need, strlen("{\"parameters\": {}}") + 1);
    assert_int_equal(hpo_space_to_json(space, buf, need - 1, NULL, &error), HPO_E_BUFFER);
    assert_int_equal(hpo_space_to_json(space, buf, need, NULL, &error), HPO_OK);
    assert_string_equal(buf, "{\"parameters\": {}}");
    hpo_space_free(space);
}

/* Text that is long or deep rather than wrong; each has to end soon and safely. */
static void hostile_texts(void **unused) {
    (void)unused;
    enum { LARGE = 1 << 18 };
    char      *text  = malloc(LARGE + 1000);
    hpo_space *space = NULL;
    hpo_error  error = {0, 0, ""};
    assert_non_null(text);
    for (int i = 0; i + 5 <= LARGE; i += 5) /* objects in objects */
        memcpy(text + i, "{\"a\":", 5);
    assert_int_equal(hpo_space_from_json(text, LARGE, NULL, &space, &error), HPO_E_INVALID);
    assert_non_null(strstr(error.message, "64 levels"));
    size_t n = (size_t)sprintf(text, "{\"parameters\": {\"x\": {\"type\": \"ordinal\", \"levels\": "); /* arrays in arrays */
    memset(text + n, '[', LARGE - n);
    assert_int_equal(hpo_space_from_json(text, LARGE, NULL, &space, &error), HPO_E_INVALID);
    n = (size_t)sprintf(text, "{\"parameters\": {\""); /* a name without end */
    memset(text + n, 'n', LARGE - n);
    assert_int_equal(hpo_space_from_json(text, LARGE, NULL, &space, &error), HPO_E_INVALID);
    assert_non_null(strstr(error.message, "ends inside a string"));
    n = (size_t)sprintf(text, "{\"parameters\": {\""); /* and one that does end */
    memset(text + n, 'n', 256);
    n += 256;
    n += (size_t)sprintf(text + n, "\": {\"type\": \"bool\"}}}");
    assert_int_equal(hpo_space_from_json(text, n, NULL, &space, &error), HPO_E_INVALID);
    assert_non_null(strstr(error.message, "line 1, column 274"));
    assert_non_null(strstr(error.message, "255 bytes"));
    n = (size_t)sprintf(text, "{\"parameters\": {\"x\": {\"type\": \"float\", \"low\": 0, \"high\": "); /* a number without end */
    memset(text + n, '7', LARGE - n);
    assert_int_equal(hpo_space_from_json(text, LARGE, NULL, &space, &error), HPO_E_INVALID);
    n              = (size_t)sprintf(text, "{\"parameters\": {"); /* many parameters */
    int parameters = 0;
    for (; n < LARGE - 100; parameters++)
        n += (size_t)sprintf(text + n, "%s\"p%d\": {\"type\": \"bool\"}", parameters > 0 ? "," : "", parameters);
    n += (size_t)sprintf(text + n, "}}");
    assert_int_equal(hpo_space_from_json(text, n, NULL, &space, &error), HPO_OK);
    assert_int_equal(hpo_space_size(space), parameters);
    hpo_space_free(space);
    n        = (size_t)sprintf(text, "{\"parameters\": {"); /* a chain of thousands, each tied to the next */
    int link = 0;
    for (; n < LARGE - 100; link++)
        n += (size_t)sprintf(text + n, "\"p%d\": {\"type\": \"bool\", \"when\": {\"p%d\": true}},", link, link + 1);
    n += (size_t)sprintf(text + n, "\"p%d\": {\"type\": \"bool\"}}}", link);
    assert_int_equal(hpo_space_from_json(text, n, NULL, &space, &error), HPO_OK);
    assert_int_equal(hpo_space_size(space), link + 1);
    hpo_space_free(space);
    free(text);
}

/* The n-th allocation fails: HPO_E_NOMEM and nothing is lost. */
static void out_of_memory(void **unused) {
    (void)unused;
    static const char text[] =
        P("\"x\": {\"type\": \"float\", \"low\": 0, \"high\": 1, \"step\": 0.5, \"default\": 0.5, \"when\": {\"k\": [\"a\"], \"o\": 2}},"
          "\"k\": {\"type\": \"categorical\", \"choices\": [\"a\", \"b\"]}, \"o\": {\"type\": \"ordinal\", \"levels\": [1, 2]}, \"b\": {\"type\": "
          "\"bool\"}");
    uint64_t failures = 0;
    for (int forever = 0; forever < 2; forever++) {
        hpo_status status = HPO_E_NOMEM;
        for (uint64_t n = 1; status != HPO_OK; n++) {
            fail_alloc    f         = {.fail_at = n, .forever = forever == 1};
            hpo_allocator allocator = fail_allocator(&f);
            hpo_space    *space     = NULL;
            hpo_error     error     = {0, 0, ""};
            status                  = hpo_space_from_json(text, sizeof text - 1, &allocator, &space, &error);
            if (status != HPO_OK) {
                assert_int_equal(status, HPO_E_NOMEM);
                assert_int_equal(error.code, HPO_E_NOMEM);
                assert_null(space);
                failures++;
            } else {
                f.fail_at = f.requests; /* and when writing */
                f.forever = true;
                char buf[1000];
                assert_int_equal(hpo_space_to_json(space, buf, sizeof buf, NULL, &error), HPO_E_NOMEM);
                f.fail_at = 0;
                assert_int_equal(hpo_space_to_json(space, buf, sizeof buf, NULL, &error), HPO_OK);
            }
            hpo_space_free(space);
            assert_int_equal(f.bytes, 0);
        }
    }
    assert_true(failures > 30);
}

/* tools/test.sh also runs all tests in such a locale; here it is set in the middle of things. */
static void a_comma_locale_changes_nothing(void **unused) {
    (void)unused;
    char before[256];
    snprintf(before, sizeof before, "%s", setlocale(LC_ALL, NULL));
    if ((setlocale(LC_ALL, "de_DE.UTF-8") == NULL && setlocale(LC_ALL, "fr_FR.UTF-8") == NULL) || localeconv()->decimal_point[0] != ',') {
        setlocale(LC_ALL, before);
        print_message("no locale with a decimal comma is installed; tools/test.sh makes one (LOCPATH)\n");
        skip();
    }
    random_spaces_come_back(NULL);
    the_documented_form(NULL);
    optunas_distributions(NULL);
    setlocale(LC_ALL, before);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_spaces_come_back), cmocka_unit_test(the_documented_form),   cmocka_unit_test(other_ways_to_say_it),
        cmocka_unit_test(optunas_distributions),   cmocka_unit_test(bad_texts_are_refused), cmocka_unit_test(arguments),
        cmocka_unit_test(hostile_texts),           cmocka_unit_test(out_of_memory),         cmocka_unit_test(a_comma_locale_changes_nothing),
    };
    return cmocka_run_group_tests_name("space as JSON", tests, NULL, NULL);
}
