/* Text: numbers in both directions against the C library's own in the C locale, under a comma-decimal locale too; UTF-8; names that are near; messages. */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../common/draw.h"
#include "../common/fail_alloc.h"

#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { CASES = 10000 };

/* ---- numbers ---- */

static uint64_t bits_of(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static double from_bits(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static double read_back(const char *text) {
    double value = -77;
    if (!hpo__number_read(text, strlen(text), &value)) {
        print_error("'%s' is not read\n", text);
        fail();
    }
    return value;
}

static void round_trip(double value) {
    char        buf[HPO__NUMBER_SIZE];
    const char *text = hpo__number_text(value, buf);
    if (strlen(text) >= HPO__NUMBER_SIZE || strchr(text, ',') != NULL || bits_of(read_back(text)) != bits_of(value)) {
        print_error("%.17g is written as '%s', which reads as %.17g\n", value, text, read_back(text));
        fail();
    }
}

static void interesting_numbers(void (*check)(double)) {
    static const double corners[] = {0.0,
                                     -0.0,
                                     1,
                                     -1,
                                     0.1,
                                     0.3,
                                     1e15,
                                     1e15 - 1,
                                     999999999999999.9,
                                     1e16,
                                     1e21,
                                     1e22,
                                     1e23,
                                     DBL_MAX,
                                     -DBL_MAX,
                                     DBL_MIN,
                                     DBL_TRUE_MIN,
                                     5e-324,
                                     -5e-324,
                                     2.2250738585072011e-308,
                                     3.141592653589793,
                                     1 / 3.0,
                                     1e-5,
                                     DBL_EPSILON,
                                     1 + DBL_EPSILON,
                                     1 - DBL_EPSILON / 2,
                                     9007199254740993.0,
                                     9007199254740992.0,
                                     4503599627370496.5,
                                     INF,
                                     -INF};
    for (size_t i = 0; i < sizeof corners / sizeof corners[0]; i++)
        check(corners[i]);
    for (int e = -1074; e < 1024; e++) { /* powers of two and their neighbours */
        double power = ldexp(1, e);
        check(power);
        check(nextafter(power, 0));
        check(nextafter(power, INF));
    }
    for (int e = -323; e <= 308; e++) {
        char text[16];
        snprintf(text, sizeof text, "1e%d", e);
        check(read_back(text));
    }
    draw d = {42};
    for (int i = 0; i < CASES; i++) {
        double value = draw_double(&d);
        if (!isnan(value))
            check(value);
        check((double)(int64_t)(draw_bits(&d) >> draw_below(&d, 60)));
        check((double)draw_between(&d, -1000000, 1000000) / 1000);
        check(from_bits(draw_bits(&d) & UINT64_C(0x800fffffffffffff))); /* denormals */
    }
}

static void numbers_round_trip(void **unused) {
    (void)unused;
    interesting_numbers(round_trip);
    char buf[HPO__NUMBER_SIZE];
    assert_string_equal(hpo__number_text(NONE, buf), "nan");
    assert_true(isnan(read_back("nan")));
}

/* The fewest digits with which printf and strtod of the C locale give the number back; no shorter text of ours can. */
static int digits_needed(double value) {
    char text[64];
    int  digits = 1;
    while (digits < 17) {
        snprintf(text, sizeof text, "%.*e", digits - 1, value);
        if (strtod(text, NULL) == value)
            break;
        digits++;
    }
    return digits;
}

static int digits_in(const char *text) {
    int digits = 0, zeros = 0;
    for (; *text != '\0' && *text != 'e'; text++)
        if (*text >= '0' && *text <= '9' && (digits > 0 || *text != '0')) {
            zeros = *text == '0' ? zeros + 1 : 0;
            digits++;
        }
    return digits - zeros;
}

static void check_shortest(double value) {
    char buf[HPO__NUMBER_SIZE];
    if (isinf(value) || value == 0)
        return;
    hpo__number_text(value, buf);
    if (digits_in(buf) > digits_needed(value)) {
        print_error("%s has more than %d digits\n", buf, digits_needed(value));
        fail();
    }
}

/* The locale of the environment may have a comma; the oracle needs the C locale. */
static void in_c_locale(void (*work)(void)) {
    char *before = setlocale(LC_ALL, NULL);
    char  name[256];
    snprintf(name, sizeof name, "%s", before);
    setlocale(LC_ALL, "C");
    work();
    setlocale(LC_ALL, name);
}

static void compare_shortest(void) {
    interesting_numbers(check_shortest);
}

static void numbers_are_short(void **unused) {
    (void)unused;
    in_c_locale(compare_shortest);
    static const struct {
        double      value;
        const char *text;
    } known[] = {{0.1, "0.1"},
                 {1e-5, "1e-05"},
                 {12, "12"},
                 {-3, "-3"},
                 {0.001, "0.001"},
                 {1e100, "1e+100"},
                 {5e-324, "5e-324"},
                 {2.5, "2.5"},
                 {-0.0, "-0"},
                 {1e14, "100000000000000"},
                 {0.1 + 0.2, "0.30000000000000004"},
                 {123456789.25, "123456789.25"}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        char buf[HPO__NUMBER_SIZE];
        assert_string_equal(hpo__number_text(known[i].value, buf), known[i].text);
    }
}

/* strtod in the C locale reads the same texts. */
static void compare_with_strtod(void) {
    static const char *const texts[] = {"0",
                                        "-0",
                                        "1",
                                        "+1",
                                        "1.",
                                        ".5",
                                        "-.5e3",
                                        "1e5",
                                        "1E+5",
                                        "1e-5",
                                        "00012.5",
                                        "1e400",
                                        "-1e400",
                                        "1e-400",
                                        "1e99999999999",
                                        "0.1e-9999999999",
                                        "123456789012345678901234567890",
                                        "2.2250738585072012e-308",
                                        "4.9406564584124654e-324",
                                        "2.4703282292062327e-324",
                                        "2.4703282292062328e-324",
                                        "1.7976931348623158e308",
                                        "1.7976931348623159e308",
                                        "9007199254740993",
                                        "0.1000000000000000055511151231257827"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        assert_true(bits_of(read_back(texts[i])) == bits_of(strtod(texts[i], NULL)));
    draw d = {7};
    for (int i = 0; i < CASES; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s%llu.%llue%d", draw_below(&d, 2) == 0 ? "-" : "", (unsigned long long)(draw_bits(&d) >> draw_below(&d, 64)),
                 (unsigned long long)(draw_bits(&d) >> draw_below(&d, 64)), (int)draw_between(&d, -340, 320));
        if (bits_of(read_back(text)) != bits_of(strtod(text, NULL))) {
            print_error("%s\n", text);
            fail();
        }
    }
}

static void numbers_read_as_strtod_reads_them(void **unused) {
    (void)unused;
    in_c_locale(compare_with_strtod);
}

static void other_texts_are_no_numbers(void **unused) {
    (void)unused;
    static const char *const texts[] = {"",    " ",     " 1",    "1 ",       "1,5",      "0x10", "1e",  "1e+",    "e5",   ".",    "-",
                                        "+",   "--1",   "1.2.3", "1e5.5",    "infinity", "INF",  "NaN", "nan(1)", "+nan", "-nan", "1d5",
                                        "0b1", "1_000", "1'000", "\xd9\xa1", "1e5e5",    "- 1",  "1-",  "i",      "tru",  "∞"};
    double                   value;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (hpo__number_read(texts[i], strlen(texts[i]), &value)) {
            print_error("'%s' passes as %g\n", texts[i], value);
            fail();
        }
    assert_false(hpo__number_read("1\0002", 3, &value)); /* the length counts, not a NUL */
    assert_true(hpo__number_read("12345", 2, &value) && value == 12);
    char nines[1000];
    memset(nines, '9', sizeof nines);
    assert_true(hpo__number_read(nines, 400, &value) && isinf(value));
    hpo__number_read(nines, sizeof nines, &value); /* refused or read, but safe */
}

static void errno_is_left_alone(void **unused) {
    (void)unused;
    char buf[HPO__NUMBER_SIZE];
    errno = 77;
    read_back("1e999");
    read_back("1e-999");
    hpo__number_text(5e-324, buf);
    hpo__number_text(DBL_MAX, buf);
    assert_int_equal(errno, 77);
}

static void whole_numbers(void **unused) {
    (void)unused;
    static const struct {
        const char *text;
        int64_t     value;
    } good[]                       = {{"0", 0},
                                      {"-0", 0},
                                      {"+7", 7},
                                      {"007", 7},
                                      {"9223372036854775807", INT64_MAX},
                                      {"-9223372036854775808", INT64_MIN},
                                      {"-1", -1},
                                      {"1000000000000", 1000000000000}};
    static const char *const bad[] = {
        "", "-", "+", "1.0", "1e3", " 1", "1 ", "9223372036854775808", "-9223372036854775809", "99999999999999999999", "0x1", "1,000", "a"};
    int64_t value;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(hpo__integer_read(good[i].text, strlen(good[i].text), &value) && value == good[i].value);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(hpo__integer_read(bad[i], strlen(bad[i]), &value));
    draw d = {3};
    for (int i = 0; i < CASES; i++) {
        char    text[32];
        int64_t expected = (int64_t)draw_bits(&d) / ((int64_t)1 << draw_below(&d, 62));
        snprintf(text, sizeof text, "%lld", (long long)expected);
        assert_true(hpo__integer_read(text, strlen(text), &value) && value == expected);
    }
}

/* ---- a comma for a decimal point ---- */

/* The first locale with a decimal comma that this machine has; tools/test.sh makes one and points LOCPATH to it. */
static bool comma_locale(void) {
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "it_IT.UTF-8", "de_DE", "fr_FR"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (setlocale(LC_ALL, names[i]) != NULL && localeconv()->decimal_point[0] == ',')
            return true;
    return false;
}

static void a_comma_locale_changes_nothing(void **unused) {
    (void)unused;
    char before[256], text[32], buf[HPO__NUMBER_SIZE];
    snprintf(before, sizeof before, "%s", setlocale(LC_ALL, NULL));
    if (!comma_locale()) {
        setlocale(LC_ALL, before);
        print_message("no locale with a decimal comma is installed; tools/test.sh makes one (LOCPATH)\n");
        skip();
    }
    snprintf(text, sizeof text, "%g", 0.5);
    assert_string_equal(text, "0,5"); /* the host's own numbers are like that */
    double value = 0;
    assert_string_equal(hpo__number_text(0.5, buf), "0.5");
    assert_string_equal(hpo__number_text(1e-7, buf), "1e-07");
    assert_true(hpo__number_read("0.25", 4, &value) && value == 0.25);
    assert_true(hpo__number_read("2.5e-3", 6, &value) && value == 2.5e-3);
    assert_false(hpo__number_read("0,25", 4, &value));
    interesting_numbers(round_trip);
    snprintf(text, sizeof text, "%g", 0.5);
    assert_string_equal(text, "0,5"); /* and still are */
    setlocale(LC_ALL, before);
}

/* ---- UTF-8 ---- */

/* Encodes a code point by the table of RFC 3629, section 3; surrogates too. */
static size_t encode(uint32_t code, char *out) {
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

static void every_code_point(void **unused) {
    (void)unused;
    char text[4];
    for (uint32_t code = 0; code < 0x120000; code++) {
        size_t n     = encode(code, text);
        bool   legal = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
        if (hpo__utf8_valid(text, n) != legal) {
            print_error("U+%04X\n", (unsigned)code);
            fail();
        }
        for (size_t cut = 1; cut < n; cut++)
            assert_false(hpo__utf8_valid(text, cut));
    }
}

/* All texts of 2 bytes, and all of 3 whose first byte could lead: valid ones are exactly the encodings of code points. */
static void every_short_text(void **unused) {
    (void)unused;
    size_t valid2 = 0, valid3 = 0;
    for (unsigned a = 0; a < 256; a++)
        for (unsigned b = 0; b < 256; b++) {
            char text[3] = {(char)a, (char)b, 0};
            valid2 += hpo__utf8_valid(text, 2);
            for (unsigned c = 0; c < 256 && a >= 0xc0; c++) {
                text[2] = (char)c;
                valid3 += hpo__utf8_valid(text, 3);
            }
        }
    /* Sequences of 1, 2 and 3 bytes: 128, 1920 and 63488 - 2048 of them. */
    const size_t one = 128, two = 1920, three = 61440;
    assert_int_equal(valid2, one * one + two);
    assert_int_equal(valid3, two * one + three);
}

static void broken_text_is_mended(void **unused) {
    (void)unused;
    static const char *const texts[][2] = {{"abc", "abc"},
                                           {"a\xff"
                                            "b",
                                            "a?b"},
                                           {"\xc3\xa9\xc3", "\xc3\xa9?"},
                                           {"\xe2\x82", "??"},
                                           {"\xf0\x9f\x8e\xb2!", "\xf0\x9f\x8e\xb2!"},
                                           {"\xed\xa0\x80", "???"},
                                           {"", ""},
                                           {"\xc0\xaf", "??"}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char text[32];
        strcpy(text, texts[i][0]);
        hpo__utf8_mend(text);
        assert_string_equal(text, texts[i][1]);
        assert_true(hpo__utf8_valid(text, strlen(text)));
    }
}

/* ---- near names ---- */

/* By the recurrence, without a table (optimal string alignment): independent and slow. */
static size_t distance(const char *a, size_t n, const char *b, size_t m) {
    if (n == 0 || m == 0)
        return n + m;
    size_t best = distance(a, n - 1, b, m - 1) + (a[n - 1] != b[m - 1]), other = distance(a, n - 1, b, m) + 1;
    best  = other < best ? other : best;
    other = distance(a, n, b, m - 1) + 1;
    best  = other < best ? other : best;
    if (n > 1 && m > 1 && a[n - 1] == b[m - 2] && a[n - 2] == b[m - 1]) {
        other = distance(a, n - 2, b, m - 2) + 1;
        best  = other < best ? other : best;
    }
    return best;
}

static void distances(void **unused) {
    (void)unused;
    assert_int_equal(hpo__text_distance("kitten", "sitting"), 3);
    assert_int_equal(hpo__text_distance("gamma", "gmama"), 1);
    assert_int_equal(hpo__text_distance("", "abc"), 3);
    assert_int_equal(hpo__text_distance("lr", "lr"), 0);
    draw d = {11};
    for (int i = 0; i < 3000; i++) {
        char   a[8] = "", b[8] = "";
        size_t n = (size_t)draw_below(&d, 7), m = (size_t)draw_below(&d, 7);
        for (size_t k = 0; k < n; k++)
            a[k] = (char)('a' + draw_below(&d, 3));
        for (size_t k = 0; k < m; k++)
            b[k] = (char)('a' + draw_below(&d, 3));
        assert_int_equal(hpo__text_distance(a, b), distance(a, n, b, m));
    }
    char longest[65], longer[300];
    memset(longest, 'x', 64);
    longest[64] = '\0';
    memset(longer, 'x', 299);
    longer[299] = '\0';
    assert_int_equal(hpo__text_distance(longest, ""), 64);
    assert_true(hpo__text_distance(longer, "x") > 64); /* far, and no overrun */
    assert_true(hpo__text_distance("x", longer) > 64);
}

/* ---- the growing text ---- */

static void text_grows(void **unused) {
    (void)unused;
    hpo__alloc alloc = hpo__alloc_from(NULL);
    hpo__text  text;
    hpo__text_init(&text, &alloc);
    char *expected = malloc(200000);
    assert_non_null(expected);
    size_t length = 0;
    draw   d      = {5};
    while (length < 100000) {
        char piece[300];
        int  n = (int)draw_below(&d, 299);
        memset(piece, 'a' + (int)draw_below(&d, 26), (size_t)n);
        piece[n] = '\0';
        switch (draw_below(&d, 3)) {
        case 0:
            hpo__text_add(&text, piece);
            break;
        case 1:
            hpo__text_add_bytes(&text, piece, (size_t)n);
            break;
        default:
            hpo__text_printf(&text, "%s", piece);
        }
        memcpy(expected + length, piece, (size_t)n + 1);
        length += (size_t)n;
    }
    assert_false(text.failed);
    assert_int_equal(text.length, length);
    assert_string_equal(text.data, expected);
    hpo__text_end(&text);
    free(expected);
}

static void text_stays_failed(void **unused) {
    (void)unused;
    fail_alloc    counter   = {.fail_at = 1};
    hpo_allocator allocator = fail_allocator(&counter);
    hpo__alloc    alloc     = hpo__alloc_from(&allocator);
    hpo__text     text;
    hpo__text_init(&text, &alloc);
    hpo__text_add(&text, "abc"); /* the first allocation passes */
    assert_false(text.failed);
    for (int i = 0; i < 100; i++)
        hpo__text_add(&text, "0123456789");
    assert_true(text.failed);
    size_t length = text.length;
    hpo__text_add(&text, "x");
    hpo__text_printf(&text, "%d", 5);
    hpo__text_json(&text, "y");
    hpo__text_number(&text, 0.5);
    assert_int_equal(text.length, length);
    assert_int_equal(text.data[length], '\0');
    hpo__text_end(&text);
    assert_int_equal(counter.bytes, 0);
}

static void json_strings(void **unused) {
    (void)unused;
    hpo__alloc alloc = hpo__alloc_from(NULL);
    hpo__text  text;
    hpo__text_init(&text, &alloc);
    hpo__text_json(&text, "a\"b\\c/\n\t\x01\x1f\x7f\xc3\xa9");
    assert_string_equal(text.data, "\"a\\\"b\\\\c/\\u000a\\u0009\\u0001\\u001f\x7f\xc3\xa9\"");
    hpo__text_end(&text);
}

static void text_into_a_buffer(void **unused) {
    (void)unused;
    char      buf[8] = "zzzzzzz";
    size_t    need   = 0;
    hpo_error error  = {0, 0, ""};
    assert_int_equal(hpo__text_out("abc", 3, NULL, 0, &need, &error), HPO_E_BUFFER);
    assert_int_equal(need, 4);
    assert_int_equal(hpo__text_out("abc", 3, buf, 3, &need, &error), HPO_E_BUFFER);
    assert_string_equal(buf, "zzzzzzz");
    assert_int_equal(hpo__text_out("abc", 3, buf, 4, NULL, &error), HPO_OK);
    assert_string_equal(buf, "abc");
    assert_int_equal(hpo__text_out("", 0, buf, 1, &need, &error), HPO_OK);
    assert_int_equal(need, 1);
    assert_string_equal(buf, "");
}

/* ---- messages ---- */

static void messages_are_cut_between_characters(void **unused) {
    (void)unused;
    hpo_error error;
    for (int shift = 0; shift < 8; shift++) {
        static const char *const marks[] = {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x8e\xb2", "x"};
        for (size_t m = 0; m < 4; m++) {
            char   text[700] = "";
            size_t length    = 0;
            for (; length < (size_t)shift; length++)
                text[length] = 'a';
            for (; length < 600; length += strlen(marks[m]))
                strcpy(text + length, marks[m]);
            assert_int_equal(hpo__fail(&error, HPO_E_INVALID, "%s", text), HPO_E_INVALID);
            size_t kept = strlen(error.message);
            assert_true(kept >= sizeof error.message - 4 && kept < sizeof error.message);
            assert_memory_equal(error.message, text, kept); /* nothing but the end is missing */
            assert_true(hpo__utf8_valid(error.message, kept));
        }
    }
    hpo__fail(&error, HPO_E_NOT_FOUND, "there is no '%.3s'", "ab\xc3\xa9"); /* a value that is cut in the middle */
    assert_string_equal(error.message, "there is no 'ab?'");
    hpo__fail(&error, HPO_E_NOT_FOUND, "there is no '%s'", "\xff\xfe");
    assert_string_equal(error.message, "there is no '?\?'");
    assert_int_equal(error.code, HPO_E_NOT_FOUND);
    assert_int_equal(error.sys_errno, 0);
}

static void messages_of_the_system(void **unused) {
    (void)unused;
    hpo_error error;
    char      path[600];
    assert_int_equal(hpo__fail_errno(&error, HPO_E_IO, ENOENT, "cannot open '%s'", "x.csv"), HPO_E_IO);
    assert_int_equal(error.sys_errno, ENOENT);
    assert_int_equal(strncmp(error.message, "cannot open 'x.csv': ", 21), 0);
    assert_true(strlen(error.message) > 21);
    memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    hpo__fail_errno(&error, HPO_E_IO, ENOSPC, "%s", path);
    assert_int_equal(strlen(error.message), sizeof error.message - 1);
    hpo__fail_errno(&error, HPO_E_IO, ENOSPC, "%.495s", path);
    assert_true(strlen(error.message) < sizeof error.message);
    assert_int_equal(hpo__fail(NULL, HPO_E_STATE, "nobody listens"), HPO_E_STATE);
    assert_int_equal(hpo__fail_errno(NULL, HPO_E_IO, ENOENT, "nobody listens"), HPO_E_IO);
    assert_int_equal(hpo__fail_nomem(&error), HPO_E_NOMEM);
    assert_string_equal(error.message, "out of memory");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_round_trip),
        cmocka_unit_test(numbers_are_short),
        cmocka_unit_test(numbers_read_as_strtod_reads_them),
        cmocka_unit_test(other_texts_are_no_numbers),
        cmocka_unit_test(errno_is_left_alone),
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(a_comma_locale_changes_nothing),
        cmocka_unit_test(every_code_point),
        cmocka_unit_test(every_short_text),
        cmocka_unit_test(broken_text_is_mended),
        cmocka_unit_test(distances),
        cmocka_unit_test(text_grows),
        cmocka_unit_test(text_stays_failed),
        cmocka_unit_test(json_strings),
        cmocka_unit_test(text_into_a_buffer),
        cmocka_unit_test(messages_are_cut_between_characters),
        cmocka_unit_test(messages_of_the_system),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
