/* Settings as text: what each type takes, names that are near, one setting per parameter, and what is read back. */
#include "base/settings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../common/fail_alloc.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const hpo_setting rows[] = {
    {"workers", "int", "1", "1..1024", "threads"},
    {"budget", "int", "0", "0..", "trials"},
    {"offset", "int", "-5", "..10", "anything up to 10"},
    {"rate", "float", "0.5", "0..1", "a share"},
    {"timeout", "float", "0", "0..", "seconds"},
    {"order", "choice", "arrival", "arrival|logical", "order"},
    {"fast", "bool", "true", "", "speed"},
    {"label", "text", "none", "", "any text"},
    {"levels.*", "int", "", "2..", "levels of one parameter"},
    {"weight.*", "float", "1", "0..", "weight of one parameter"},
};

static const hpo_setting own[] = {
    {"radius", "float", "0.1", "0..1", "of a third party"},
    {"metric", "choice", "l2", "l1|l2|max", "of a third party"},
    {NULL, NULL, NULL, NULL, NULL},
};

static const hpo_setting *row(size_t i) {
    return &rows[i];
}

static hpo_settings fresh(const hpo_allocator *allocator) {
    hpo_settings s;
    hpo__alloc   alloc = hpo__alloc_from(allocator);
    hpo__settings_init(&s, &alloc, row, sizeof rows / sizeof rows[0]);
    return s;
}

static void initial_values(void **unused) {
    (void)unused;
    hpo_settings s = fresh(NULL);
    assert_string_equal(hpo_settings_text(&s, "workers"), "1");
    assert_true(hpo_settings_number(&s, "workers") == 1);
    assert_true(hpo_settings_number(&s, "offset") == -5);
    assert_true(hpo_settings_number(&s, "rate") == 0.5);
    assert_true(hpo_settings_number(&s, "fast") == 1);
    assert_string_equal(hpo_settings_text(&s, "order"), "arrival");
    assert_true(isnan(hpo_settings_number(&s, "order"))); /* no number */
    assert_null(hpo_settings_text(&s, "levels.lr"));      /* unset */
    assert_true(isnan(hpo_settings_number(&s, "levels.lr")));
    assert_string_equal(hpo_settings_text(&s, "weight.lr"), "1");
    assert_null(hpo_settings_text(&s, "nothing"));
    assert_true(isnan(hpo_settings_number(&s, "nothing")));
    assert_null(hpo_settings_text(NULL, "workers"));
    assert_null(hpo_settings_text(&s, NULL));
    assert_null(hpo__settings_given(&s, "workers"));
    assert_int_equal(hpo__settings_integer(&s, "offset"), -5);
    assert_true(hpo__settings_is(&s, "order", "arrival") && !hpo__settings_is(&s, "order", "logical") && !hpo__settings_is(&s, "nothing", ""));
    hpo__settings_end(&s);
}

static void good_values(void **unused) {
    (void)unused;
    static const char *const pairs[][2] = {
        {"workers", "1"},
        {"workers", "1024"},
        {"workers", "+8"},
        {"budget", "9223372036854775807"},
        {"offset", "-9223372036854775808"},
        {"offset", "10"},
        {"rate", "0"},
        {"rate", "1"},
        {"rate", "1e-3"},
        {"rate", ".25"},
        {"timeout", "1e6"},
        {"order", "logical"},
        {"order", "arrival"},
        {"fast", "false"},
        {"fast", "true"},
        {"label", ""},
        {"label", "a b, \xc3\xa9|x"},
        {"levels.lr", "2"},
        {"levels.a.b", "7"},
        {"levels.\xc3\xa9", "3"},
        {"levels.*", "5"},
        {"weight.x", "0.5"},
    };
    hpo_settings s = fresh(NULL);
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        hpo_error error = {0, 0, ""};
        if (hpo__settings_set(&s, pairs[i][0], pairs[i][1], &error) != HPO_OK) {
            print_error("%s\n", error.message);
            fail();
        }
        assert_string_equal(hpo_settings_text(&s, pairs[i][0]), pairs[i][1]);
        assert_string_equal(hpo__settings_given(&s, pairs[i][0]), pairs[i][1]);
    }
    assert_true(hpo_settings_number(&s, "rate") == 0.25);
    assert_true(hpo_settings_number(&s, "fast") == 1);
    assert_int_equal(hpo__settings_integer(&s, "budget"), INT64_MAX);
    assert_true(hpo_settings_number(&s, "levels.a.b") == 7);
    assert_null(hpo__settings_given(&s, "levels.a")); /* the exact name only */
    hpo__settings_end(&s);
}

/* Status, and texts that the message must hold. */
static void bad_values(void **unused) {
    (void)unused;
    static const struct {
        const char *key, *value;
        hpo_status  status;
        const char *holds[3];
    } cases[] = {
        {"workers", "0", HPO_E_INVALID, {"'workers'", "'0'", "1..1024"}},
        {"workers", "1025", HPO_E_INVALID, {"'workers'", "'1025'", "1..1024"}},
        {"workers", "-1", HPO_E_INVALID, {"'workers'", "'-1'", "an int"}},
        {"workers", "two", HPO_E_INVALID, {"'workers'", "'two'", "1..1024"}},
        {"workers", "1.5", HPO_E_INVALID, {"'workers'", "'1.5'", "an int"}},
        {"workers", "1e2", HPO_E_INVALID, {"'workers'", "'1e2'", "an int"}},
        {"workers", "", HPO_E_INVALID, {"'workers'", "''", "an int"}},
        {"workers", " 1", HPO_E_INVALID, {"'workers'", "' 1'", "an int"}},
        {"workers", "99999999999999999999", HPO_E_INVALID, {"'workers'", "'99999999999999999999'", "1..1024"}},
        {"budget", "-1", HPO_E_INVALID, {"'budget'", "'-1'", "0.."}},
        {"offset", "11", HPO_E_INVALID, {"'offset'", "'11'", "..10"}},
        {"rate", "1.0001", HPO_E_INVALID, {"'rate'", "'1.0001'", "a float in 0..1"}},
        {"rate", "-1e-300", HPO_E_INVALID, {"'rate'", "'-1e-300'", "0..1"}},
        {"rate", "nan", HPO_E_INVALID, {"'rate'", "'nan'", "0..1"}},
        {"rate", "inf", HPO_E_INVALID, {"'rate'", "'inf'", "0..1"}},
        {"rate", "0,5", HPO_E_INVALID, {"'rate'", "'0,5'", "0..1"}},
        {"rate", "0x1", HPO_E_INVALID, {"'rate'", "'0x1'", "0..1"}},
        {"timeout", "nan", HPO_E_INVALID, {"'timeout'", "'nan'", "0.."}},
        {"timeout", "-inf", HPO_E_INVALID, {"'timeout'", "'-inf'", "0.."}},
        {"order", "logic", HPO_E_INVALID, {"'order'", "'logic'", "one of arrival|logical"}},
        {"order", "logical ", HPO_E_INVALID, {"'order'", "'logical '", "arrival|logical"}},
        {"order", "Logical", HPO_E_INVALID, {"'order'", "'Logical'", "arrival|logical"}},
        {"order", "", HPO_E_INVALID, {"'order'", "''", "arrival|logical"}},
        {"order", "arrival|logical", HPO_E_INVALID, {"'order'", "'arrival|logical'", "arrival|logical"}},
        {"order", "|", HPO_E_INVALID, {"'order'", "'|'", "arrival|logical"}},
        {"fast", "1", HPO_E_INVALID, {"'fast'", "'1'", "true|false"}},
        {"fast", "yes", HPO_E_INVALID, {"'fast'", "'yes'", "true|false"}},
        {"fast", "true|false", HPO_E_INVALID, {"'fast'", "'true|false'", "a bool"}},
        {"label", "\xff", HPO_E_INVALID, {"'label'", "'?'", "a text"}},
        {"levels.lr", "1", HPO_E_INVALID, {"'levels.lr'", "'1'", "2.."}},
        {"levels.lr", "", HPO_E_INVALID, {"'levels.lr'", "''", "2.."}},
        {"worker", "1", HPO_E_NOT_FOUND, {"'worker'", "did you mean", "'workers'"}},
        {"wrokers", "1", HPO_E_NOT_FOUND, {"'wrokers'", "did you mean", "'workers'"}},
        {"Order", "logical", HPO_E_NOT_FOUND, {"'Order'", "did you mean", "'order'"}},
        {"levels.", "3", HPO_E_NOT_FOUND, {"'levels.'", "did you mean", "'levels.*'"}},
        {"levels", "3", HPO_E_NOT_FOUND, {"'levels'", "did you mean", "'levels.*'"}},
        {"", "1", HPO_E_NOT_FOUND, {"''", "there is no setting", "there"}},
        {"something entirely different", "1", HPO_E_NOT_FOUND, {"'something entirely different'", "there is no setting", "there"}},
        {"radius", "0.5", HPO_E_NOT_FOUND, {"'radius'", "there is no setting", "rad"}}, /* the third party is not there yet */
        {"\xff\xfe", "1", HPO_E_NOT_FOUND, {"'?\?'", "there is no setting", "there"}},
    };
    hpo_settings s = fresh(NULL);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hpo_error  error  = {0, 0, ""};
        hpo_status status = hpo__settings_set(&s, cases[i].key, cases[i].value, &error);
        bool       right  = status == cases[i].status && error.code == status;
        for (size_t k = 0; k < 3; k++)
            right = right && strstr(error.message, cases[i].holds[k]) != NULL;
        if (!right) {
            print_error("%s = %s: status %d: %s\n", cases[i].key, cases[i].value, (int)status, error.message);
            fail();
        }
    }
    assert_int_equal(s.n_entries, 0); /* nothing was set */
    assert_int_equal(hpo__settings_set(&s, NULL, "1", NULL), HPO_E_INVALID);
    assert_int_equal(hpo__settings_set(&s, "workers", NULL, NULL), HPO_E_INVALID);
    hpo__settings_end(&s);
}

static void a_bad_value_keeps_the_old_one(void **unused) {
    (void)unused;
    hpo_settings s = fresh(NULL);
    assert_int_equal(hpo__settings_set(&s, "workers", "4", NULL), HPO_OK);
    assert_int_equal(hpo__settings_set(&s, "workers", "0", NULL), HPO_E_INVALID);
    assert_string_equal(hpo_settings_text(&s, "workers"), "4");
    assert_int_equal(hpo__settings_set(&s, "workers", "2", NULL), HPO_OK);
    assert_int_equal(s.n_entries, 1); /* replaced, not added */
    assert_string_equal(hpo_settings_text(&s, "workers"), "2");
    hpo__settings_end(&s);
}

static void settings_of_a_third_party(void **unused) {
    (void)unused;
    hpo_settings s = fresh(NULL);
    s.own_table    = own;
    const char *suffix;
    hpo_error   error = {0, 0, ""};
    assert_string_equal(hpo_settings_text(&s, "radius"), "0.1");
    assert_int_equal(hpo__settings_set(&s, "metric", "max", NULL), HPO_OK);
    assert_int_equal(hpo__settings_set(&s, "radius", "2", &error), HPO_E_INVALID);
    assert_int_equal(hpo__settings_set(&s, "metrics", "l1", &error), HPO_E_NOT_FOUND);
    assert_non_null(strstr(error.message, "'metric'"));
    assert_ptr_equal(hpo__settings_row(&s, "metric", NULL), &own[1]);
    assert_ptr_equal(hpo__settings_row(&s, "levels.lr", &suffix), &rows[8]);
    assert_string_equal(suffix, "lr");
    assert_ptr_equal(hpo__settings_row(&s, "workers", &suffix), &rows[0]);
    assert_null(suffix);
    assert_null(hpo__settings_row(&s, "x", &suffix));
    hpo__settings_end(&s);
}

static void out_of_memory(void **unused) {
    (void)unused;
    for (uint64_t n = 1; n < 8; n++) {
        fail_alloc    f         = {.fail_at = n, .forever = true};
        hpo_allocator allocator = fail_allocator(&f);
        hpo_settings  s         = fresh(&allocator);
        f.requests              = 1; /* count from here */
        hpo_status  status      = hpo__settings_set(&s, "workers", "4", NULL);
        const char *expected    = status == HPO_OK ? "4" : "1";
        assert_true(status == HPO_OK ? n > 3 : status == HPO_E_NOMEM);
        assert_string_equal(hpo_settings_text(&s, "workers"), expected);
        hpo_status again = hpo__settings_set(&s, "workers", "8", NULL);
        assert_string_equal(hpo_settings_text(&s, "workers"), again == HPO_OK ? "8" : expected);
        f.fail_at = 0;
        assert_int_equal(hpo__settings_set(&s, "workers", "9", NULL), HPO_OK);
        assert_string_equal(hpo_settings_text(&s, "workers"), "9");
        hpo__settings_end(&s);
        assert_int_equal(f.bytes, 0);
    }
}

static void many_settings(void **unused) {
    (void)unused;
    hpo_settings s = fresh(NULL);
    char         key[32], value[32];
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 300; i++) {
            snprintf(key, sizeof key, "levels.p%d", i);
            snprintf(value, sizeof value, "%d", i + 2 + round);
            assert_int_equal(hpo__settings_set(&s, key, value, NULL), HPO_OK);
        }
    assert_int_equal(s.n_entries, 300);
    for (int i = 0; i < 300; i++) {
        snprintf(key, sizeof key, "levels.p%d", i);
        assert_int_equal(hpo__settings_integer(&s, key), i + 3);
    }
    hpo__settings_end(&s);
}

/* The library's own rows: each default is legal, each help is there, names are unique, and each type is known. */
static void built_in_rows(void **unused) {
    (void)unused;
    size_t n = hpo_setting_count();
    assert_true(n >= 20);
    for (size_t i = 0; i < n; i++) {
        const char *name = hpo_setting_name(i), *type = hpo_setting_type(i), *initial = hpo_setting_default(i), *range = hpo_setting_range(i);
        assert_true(name != NULL && name[0] != '\0' && hpo_setting_help(i) != NULL && strlen(hpo_setting_help(i)) > 5 && range != NULL);
        assert_true(strcmp(type, "int") == 0 || strcmp(type, "float") == 0 || strcmp(type, "bool") == 0 || strcmp(type, "choice") == 0 ||
                    strcmp(type, "text") == 0);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(name, hpo_setting_name(j));
        hpo_setting  one[] = {{name, type, initial, range, ""}, {NULL, NULL, NULL, NULL, NULL}};
        hpo_settings s     = fresh(NULL);
        s.own_table        = one;
        hpo_error error    = {0, 0, ""};
        if (strstr(name, ".*") == NULL && hpo__settings_set(&s, name, initial, &error) != HPO_OK) {
            print_error("%s\n", error.message);
            fail();
        }
        hpo__settings_end(&s);
    }
    assert_null(hpo_setting_name(n));
    assert_null(hpo_setting_type(n));
    assert_null(hpo_setting_default(n));
    assert_null(hpo_setting_range(n));
    assert_null(hpo_setting_help(n));
    assert_null(hpo_setting_name(SIZE_MAX));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(initial_values),
        cmocka_unit_test(good_values),
        cmocka_unit_test(bad_values),
        cmocka_unit_test(a_bad_value_keeps_the_old_one),
        cmocka_unit_test(settings_of_a_third_party),
        cmocka_unit_test(out_of_memory),
        cmocka_unit_test(many_settings),
        cmocka_unit_test(built_in_rows),
    };
    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
