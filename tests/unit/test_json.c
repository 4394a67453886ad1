/* The JSON reader: the corner cases of RFC 8259, positions in messages, depth, huge numbers, escapes and hostile bytes. */
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../common/draw.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Whether the whole text is one JSON value; the text stands in a block of its own size, so that a sanitizer sees a read beyond it. */
static hpo_status check(const char *text, size_t length, hpo_error *error) {
    char *copy = malloc(length > 0 ? length : 1);
    assert_non_null(copy);
    memcpy(copy, text, length);
    hpo__json json;
    hpo__json_init(&json, copy, length, error);
    bool done = hpo__json_skip(&json) && hpo__json_finish(&json);
    free(copy);
    assert_true(done == (json.status == HPO_OK));
    return json.status;
}

#define TEXT(literal)                                                                                                                                \
    { literal, sizeof literal - 1 }

typedef struct sample {
    const char *bytes;
    size_t      length;
} sample;

static void valid_documents(void **unused) {
    (void)unused;
    static const sample texts[] = {
        TEXT("{}"),
        TEXT("[]"),
        TEXT("0"),
        TEXT("-0"),
        TEXT("\"\""),
        TEXT("true"),
        TEXT("false"),
        TEXT("null"),
        TEXT(" \t\r\n1 \t\r\n"),
        TEXT("[[]]"),
        TEXT("{\"a\":{}}"),
        TEXT("[1,2,3]"),
        TEXT("[ 1 , 2 ]"),
        TEXT("{ \"a\" : 1 , \"b\" : [ ] }"),
        TEXT("{\"a\":1,\"a\":2}"),
        TEXT("{\"\":0}"),
        TEXT("-1"),
        TEXT("1.5"),
        TEXT("1e5"),
        TEXT("1E5"),
        TEXT("1e+5"),
        TEXT("1E-05"),
        TEXT("0.0"),
        TEXT("0e0"),
        TEXT("-0.0e-0"),
        TEXT("123456789012345678901234567890"),
        TEXT("1e400"),
        TEXT("1e-400"),
        TEXT("[1e9999999999999999999]"),
        TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""),
        TEXT("\"\\u0041\\u00e9\\u20AC\""),
        TEXT("\"\\ud83c\\udfb2\""),
        TEXT("\"\\uD83C\\uDFB2\""),
        TEXT("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x8e\xb2\""),
        TEXT("\"\x7f\""),
        TEXT("\"\\u0001\""),
        TEXT("\"[{,:]}\""),
        TEXT("[true,false,null]"),
        TEXT("[[[[[[[[[[]]]]]]]]]]"),
        TEXT("\"\\uFFFF\""),
        TEXT("[\"a[\",\"{\"]"),
        TEXT("{\"a{\":\"}\"}"),
        TEXT("[\"[\"]"),
        TEXT("\"\xef\xbb\xbf\""),
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        hpo_error error = {0, 0, ""};
        HOLDS(check(texts[i].bytes, texts[i].length, &error) == HPO_OK, i, "%s: %s", texts[i].bytes, error.message);
    }
}

static void invalid_documents(void **unused) {
    (void)unused;
    static const sample texts[] = {
        TEXT(""),
        TEXT(" "),
        TEXT("{"),
        TEXT("}"),
        TEXT("["),
        TEXT("]"),
        TEXT("[1"),
        TEXT("[1,"),
        TEXT("[1,]"),
        TEXT("[,1]"),
        TEXT("[,]"),
        TEXT("[1,,2]"),
        TEXT("[1 2]"),
        TEXT("{\"a\"}"),
        TEXT("{\"a\":}"),
        TEXT("{\"a\":1,}"),
        TEXT("{,}"),
        TEXT("{\"a\" 1}"),
        TEXT("{a:1}"),
        TEXT("{1:1}"),
        TEXT("{'a':1}"),
        TEXT("{\"a\":1 \"b\":2}"),
        TEXT("{\"a\":1]"),
        TEXT("[1}"),
        TEXT("[1:2]"),
        TEXT("{null:1}"),
        TEXT("01"),
        TEXT("-01"),
        TEXT("00"),
        TEXT("+1"),
        TEXT(".5"),
        TEXT("1."),
        TEXT("1.e5"),
        TEXT("-.5"),
        TEXT("-"),
        TEXT("--1"),
        TEXT("1e"),
        TEXT("1e+"),
        TEXT("1.2.3"),
        TEXT("0x10"),
        TEXT("1e5.5"),
        TEXT("1-2"),
        TEXT("1+"),
        TEXT("NaN"),
        TEXT("nan"),
        TEXT("Infinity"),
        TEXT("-Infinity"),
        TEXT("inf"),
        TEXT("-inf"),
        TEXT("1,5"),
        TEXT("1_0"),
        TEXT("1 2"),
        TEXT("1a"),
        TEXT("tru"),
        TEXT("True"),
        TEXT("TRUE"),
        TEXT("truex"),
        TEXT("nul"),
        TEXT("nulll"),
        TEXT("fals"),
        TEXT("t"),
        TEXT("n"),
        TEXT("f"),
        TEXT("\""),
        TEXT("\"a"),
        TEXT("'a'"),
        TEXT("\"\n\""),
        TEXT("\"\t\""),
        TEXT("\"\x1f\""),
        TEXT("\"a\0b\""),
        TEXT("\"\\"),
        TEXT("\"\\\""),
        TEXT("\"\\x41\""),
        TEXT("\"\\a\""),
        TEXT("\"\\'\""),
        TEXT("\"\\0\""),
        TEXT("\"\\u\""),
        TEXT("\"\\u12\""),
        TEXT("\"\\u12g4\""),
        TEXT("\"\\u123"),
        TEXT("\"\\u 123\""),
        TEXT("\"\\u+123\""),
        TEXT("\"\\ud83c\""),
        TEXT("\"\\ud83c\\n\""),
        TEXT("\"\\ud83c\\u0041\""),
        TEXT("\"\\udfb2\""),
        TEXT("\"\\ud83c\\ud83c\""),
        TEXT("\"\\ud83c\\u"),
        TEXT("\"\\ud83c"),
        TEXT("\"\\u0000\""),
        TEXT("\"\xff\""),
        TEXT("\"\xc3\""),
        TEXT("\"\xc0\xaf\""),
        TEXT("\"\xed\xa0\x80\""),
        TEXT("\"\xf4\x90\x80\x80\""),
        TEXT("\"\xe2\x82\""),
        TEXT("{} {}"),
        TEXT("[]]"),
        TEXT("1 // one"),
        TEXT("/* */ 1"),
        TEXT("\xef\xbb\xbf{}"),
        TEXT("{}\0"),
        TEXT("\0"),
        TEXT("[1]x"),
        TEXT("\x0b"
             "1"),
        TEXT("\xa0"
             "1"),
        TEXT("[\"a\"\"b\"]"),
        TEXT("{\"a\":1}}"),
        TEXT("[\0]"),
        TEXT("[1\0]"),
        TEXT("{\"a\"\0:1}"),
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        hpo_error error = {0, 0, ""};
        HOLDS(check(texts[i].bytes, texts[i].length, &error) == HPO_E_INVALID, i, "'%s' passes", texts[i].bytes);
        HOLDS(error.code == HPO_E_INVALID && strncmp(error.message, "JSON line ", 10) == 0 && strstr(error.message, ", column ") != NULL, i, "%s",
              error.message);
        HOLDS(hpo__utf8_valid(error.message, strlen(error.message)), i, "message");
    }
}

static void positions(void **unused) {
    (void)unused;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"?", "JSON line 1, column 1: unexpected character"},
        {"[1,\n  2,\n   ?]", "JSON line 3, column 4: unexpected character"},
        {"[1 2]", "JSON line 1, column 4: expected ',' or ']'"},
        {"{\"a\": 1,\n\"b\" 2}", "JSON line 2, column 5: expected ':'"},
        {"{\"a\": 01}", "JSON line 1, column 7: malformed number"},
        {"[1, 2", "JSON line 1, column 6: the text ends inside an array"},
        {"{\"a\": 1", "JSON line 1, column 8: the text ends inside an object"},
        {"\n\n\"abc", "JSON line 3, column 5: the text ends inside a string"},
        {"{1: 2}", "JSON line 1, column 2: expected a string, found a number"},
        {"[] x", "JSON line 1, column 4: text after the end of the value"},
        {"{\"a\":", "JSON line 1, column 6: the text ends where a value is due"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        hpo_error error = {0, 0, ""};
        check(cases[i].text, strlen(cases[i].text), &error);
        assert_string_equal(error.message, cases[i].message);
    }
}

static void depth_is_limited(void **unused) {
    (void)unused;
    enum { DEEP = 1000000 };
    char *deep = malloc(DEEP);
    assert_non_null(deep);
    for (int object = 0; object < 2; object++)
        for (int levels = HPO__JSON_DEPTH - 1; levels <= HPO__JSON_DEPTH + 1; levels++) {
            size_t length = 0;
            for (int i = 0; i < levels; i++)
                length += (size_t)sprintf(deep + length, object ? "{\"a\":" : "[");
            length += (size_t)sprintf(deep + length, "1");
            for (int i = 0; i < levels; i++)
                deep[length++] = object ? '}' : ']';
            hpo_error  error  = {0, 0, ""};
            hpo_status status = check(deep, length, &error);
            assert_int_equal(status, levels <= HPO__JSON_DEPTH ? HPO_OK : HPO_E_INVALID);
            if (status != HPO_OK)
                assert_non_null(strstr(error.message, "nested deeper than 64 levels"));
        }
    memset(deep, '[', DEEP);
    assert_int_equal(check(deep, DEEP, NULL), HPO_E_INVALID);
    for (int i = 0; i + 5 <= DEEP; i += 5)
        memcpy(deep + i, "{\"\":", 5);
    assert_int_equal(check(deep, DEEP, NULL), HPO_E_INVALID);
    /* Breadth is not depth. */
    size_t length  = 0;
    deep[length++] = '[';
    while (length < DEEP - 10)
        length += (size_t)sprintf(deep + length, "[],");
    length += (size_t)sprintf(deep + length, "[]]");
    assert_int_equal(check(deep, length, NULL), HPO_OK);
    free(deep);
}

static void huge_numbers_and_texts(void **unused) {
    (void)unused;
    enum { LONG = 100000 };
    char  *buf   = malloc(LONG + 16);
    double value = 0;
    assert_non_null(buf);
    hpo__json json;
    hpo__json_init(&json, "1e999", 5, NULL);
    assert_true(hpo__json_number(&json, &value) && isinf(value));
    hpo__json_init(&json, "-1e-999", 7, NULL);
    assert_true(hpo__json_number(&json, &value) && value == 0);
    memset(buf, '9', LONG);
    hpo__json_init(&json, buf, LONG, NULL);
    assert_true(!hpo__json_number(&json, &value) || isinf(value));

    /* A text of 255 bytes is read, one of 256 is not, and any can be skipped. */
    char out[HPO__JSON_TEXT];
    for (size_t n = 254; n <= 257; n++) {
        memset(buf, 'x', n + 1);
        buf[0]          = '"';
        buf[n + 1]      = '"';
        hpo_error error = {0, 0, ""};
        hpo__json_init(&json, buf, n + 2, &error);
        assert_true(hpo__json_string(&json, out) == (n <= 255));
        if (n <= 255)
            assert_int_equal(strlen(out), n);
        else
            assert_non_null(strstr(error.message, "more than 255 bytes"));
    }
    memset(buf, 'x', LONG);
    buf[0]        = '"';
    buf[LONG - 1] = '"';
    assert_int_equal(check(buf, LONG, NULL), HPO_OK);
    free(buf);
}

static void escapes_are_decoded(void **unused) {
    (void)unused;
    static const char *const pairs[][2] = {
        {"\"\\u0041\"", "A"},
        {"\"\\u00e9\"", "\xc3\xa9"},
        {"\"\\u20ac\"", "\xe2\x82\xac"},
        {"\"\\uD83C\\uDFB2\"", "\xf0\x9f\x8e\xb2"},
        {"\"\\ud800\\udc00\"", "\xf0\x90\x80\x80"},
        {"\"\\udbff\\udfff\"", "\xf4\x8f\xbf\xbf"},
        {"\"\\b\\f\\n\\r\\t\\\"\\\\\\/\"", "\b\f\n\r\t\"\\/"},
        {"\"\\u007f\\u0080\\u07ff\\u0800\"", "\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80"},
        {"\"a\xc3\xa9z\"", "a\xc3\xa9z"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        char      out[HPO__JSON_TEXT];
        hpo__json json;
        hpo__json_init(&json, pairs[i][0], strlen(pairs[i][0]), NULL);
        assert_true(hpo__json_string(&json, out) && hpo__json_finish(&json));
        assert_string_equal(out, pairs[i][1]);
    }
    char out[HPO__JSON_TEXT]; /* a sequence of 4 bytes does not fit behind 252 */
    char text[300] = "\"";
    memset(text + 1, 'x', 252);
    strcpy(text + 253, "\\ud83c\\udfb2\"");
    hpo__json json;
    hpo__json_init(&json, text, strlen(text), NULL);
    assert_false(hpo__json_string(&json, out));
    strcpy(text + 252, "\\ud83c\\udfb2\"");
    hpo__json_init(&json, text, strlen(text), NULL);
    assert_true(hpo__json_string(&json, out) && strlen(out) == 255);
}

/* What is written as a JSON string comes back, byte for byte. */
static void written_strings_are_read(void **unused) {
    (void)unused;
    hpo__alloc alloc = hpo__alloc_from(NULL);
    draw       d     = {9};
    for (int k = 0; k < 5000; k++) {
        char   text[64], out[HPO__JSON_TEXT];
        size_t n = (size_t)draw_below(&d, 60);
        for (size_t i = 0; i < n; i++)
            text[i] = (char)(1 + draw_below(&d, 127));
        text[n] = '\0';
        hpo__text written;
        hpo__text_init(&written, &alloc);
        hpo__text_json(&written, text);
        hpo__json json;
        hpo__json_init(&json, written.data, written.length, NULL);
        assert_true(hpo__json_string(&json, out) && hpo__json_finish(&json));
        assert_string_equal(out, text);
        hpo__text_end(&written);
    }
}

static void types_are_insisted_on(void **unused) {
    (void)unused;
    hpo_error error = {0, 0, ""};
    hpo__json json;
    char      out[HPO__JSON_TEXT];
    double    number;
    bool      flag;
    hpo__json_init(&json, "1", 1, &error);
    assert_false(hpo__json_string(&json, out));
    assert_non_null(strstr(error.message, "expected a string, found a number"));
    assert_false(hpo__json_number(&json, &number)); /* the first error stays */
    hpo__json_init(&json, "\"1\"", 3, &error);
    assert_false(hpo__json_number(&json, &number));
    assert_non_null(strstr(error.message, "expected a number, found a string"));
    hpo__json_init(&json, "null", 4, &error);
    assert_false(hpo__json_bool(&json, &flag));
    assert_non_null(strstr(error.message, "expected true or false, found null"));
    hpo__json_init(&json, "[]", 2, &error);
    assert_false(hpo__json_enter(&json, HPO__JSON_OBJECT));
    assert_non_null(strstr(error.message, "expected an object, found an array"));
    hpo__json_init(&json, "true", 4, &error);
    assert_false(hpo__json_null(&json));
    hpo__json_init(&json, "false", 5, &error);
    assert_true(hpo__json_bool(&json, &flag) && !flag);
    hpo__json_init(&json, "true", 4, &error);
    assert_true(hpo__json_bool(&json, &flag) && flag);
    hpo__json_init(&json, "null", 4, &error);
    assert_true(hpo__json_null(&json) && hpo__json_finish(&json));
    hpo__json_init(&json, "", 0, &error);
    assert_false(hpo__json_number(&json, &number));
    assert_non_null(strstr(error.message, "found the end of the text"));
}

/* Reading member by member, with a look ahead by copying the cursor. */
static void members_and_elements(void **unused) {
    (void)unused;
    static const char text[] = "{\"a\": [1, 2.5, -3e2], \"b\": {\"c\": \"d\"}, \"e\": null}";
    hpo__json         json;
    char              key[HPO__JSON_TEXT], out[HPO__JSON_TEXT];
    double            sum = 0, number;
    hpo__json_init(&json, text, sizeof text - 1, NULL);
    assert_int_equal(hpo__json_peek(&json), HPO__JSON_OBJECT);
    assert_true(hpo__json_enter(&json, HPO__JSON_OBJECT));
    assert_true(hpo__json_member(&json, key));
    assert_string_equal(key, "a");
    hpo__json ahead = json;
    assert_true(hpo__json_skip(&ahead));
    assert_true(hpo__json_member(&ahead, key));
    assert_string_equal(key, "b");
    assert_true(hpo__json_enter(&json, HPO__JSON_ARRAY));
    while (hpo__json_element(&json)) {
        assert_true(hpo__json_number(&json, &number));
        sum += number;
    }
    assert_true(sum == -296.5);
    assert_true(hpo__json_member(&json, key) && hpo__json_enter(&json, HPO__JSON_OBJECT) && hpo__json_member(&json, key));
    assert_true(hpo__json_string(&json, out));
    assert_string_equal(key, "c");
    assert_string_equal(out, "d");
    assert_false(hpo__json_member(&json, key));
    assert_true(hpo__json_member(&json, key) && hpo__json_null(&json));
    assert_false(hpo__json_member(&json, key));
    assert_true(hpo__json_finish(&json));
    assert_int_equal(json.status, HPO_OK);
}

/* ---- random documents ---- */

static size_t write_value(draw *d, char *out, int depth) {
    static const char *const scalars[] = {"0", "-1.5e3", "true", "false", "null", "\"\"", "\"a\\u00e9[{\"", "12345", "1e-9"};
    static const char *const spaces[]  = {"", "", "", " ", "\n", "\t\r\n "};
    size_t                   n         = (size_t)sprintf(out, "%s", spaces[draw_below(d, 6)]);
    uint64_t                 kind      = depth > 5 ? 0 : draw_below(d, 3);
    if (kind == 0)
        return n + (size_t)sprintf(out + n, "%s%s", scalars[draw_below(d, 9)], spaces[draw_below(d, 6)]);
    out[n++] = kind == 1 ? '[' : '{';
    for (uint64_t i = 0, entries = draw_below(d, 4); i < entries; i++) {
        n += (size_t)sprintf(out + n, "%s", i > 0 ? "," : "");
        if (kind == 2)
            n += (size_t)sprintf(out + n, "%s\"k%d\"%s:", spaces[draw_below(d, 6)], (int)i, spaces[draw_below(d, 6)]);
        n += write_value(d, out + n, depth + 1);
    }
    n += (size_t)sprintf(out + n, "%s", spaces[draw_below(d, 6)]);
    out[n++] = kind == 1 ? ']' : '}';
    return n;
}

/* Random documents pass; no prefix of an object or array does; a changed byte is refused or read, never more. */
static void random_documents(void **unused) {
    (void)unused;
    char *text = malloc(1 << 20);
    assert_non_null(text);
    for (uint64_t seed = 0; seed < 400; seed++) {
        draw      d     = {seed};
        size_t    n     = write_value(&d, text, 0);
        hpo_error error = {0, 0, ""};
        text[n]         = '\0';
        HOLDS(check(text, n, &error) == HPO_OK, seed, "%s: %s", text, error.message);
        size_t start = strspn(text, " \t\r\n");
        for (size_t cut = 0; cut < n && cut < 300 && (text[start] == '[' || text[start] == '{'); cut++)
            HOLDS(check(text, cut, NULL) == HPO_E_INVALID, seed, "%.*s passes", (int)cut, text);
        for (int k = 0; k < 100; k++) {
            size_t at         = (size_t)draw_below(&d, n);
            char   kept       = text[at];
            text[at]          = (char)draw_bits(&d);
            hpo_status status = check(text, n, &error);
            HOLDS(status == HPO_OK || status == HPO_E_INVALID, seed, "status %d", (int)status);
            text[at] = kept;
        }
    }
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_documents),          cmocka_unit_test(invalid_documents),      cmocka_unit_test(positions),
        cmocka_unit_test(depth_is_limited),         cmocka_unit_test(huge_numbers_and_texts), cmocka_unit_test(escapes_are_decoded),
        cmocka_unit_test(written_strings_are_read), cmocka_unit_test(types_are_insisted_on),  cmocka_unit_test(members_and_elements),
        cmocka_unit_test(random_documents),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
