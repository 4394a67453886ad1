/* The building functions, called as the bytes say, with numbers and texts of every sort: the first error sticks, or the space is sound. */
#include "check.h"

typedef struct input {
    const uint8_t *at, *end;
} input;

static uint8_t byte(input *in) {
    return in->at < in->end ? *in->at++ : 0;
}

static double number(input *in) {
    static const double usual[] = {0,
                                   1,
                                   -1,
                                   0.1,
                                   0.5,
                                   2,
                                   10,
                                   100,
                                   1e-5,
                                   1e-300,
                                   1e300,
                                   5e-324,
                                   2.2250738585072014e-308,
                                   1.7976931348623157e308,
                                   -1.7976931348623157e308,
                                   0.3,
                                   0.30000000000000004,
                                   9007199254740992.0,
                                   1125899906842624.0,
                                   1e15,
                                   1.0000000000000002,
                                   1024,
                                   3,
                                   -0.0};
    uint8_t             which   = byte(in);
    double              value   = 0;
    uint8_t             raw[sizeof value];
    if (which < sizeof usual / sizeof usual[0])
        return usual[which];
    if (which < 0xe0)
        return ((double)which - 100) / 16;
    for (size_t i = 0; i < sizeof value; i++)
        raw[i] = byte(in);
    memcpy(&value, raw, sizeof value);
    return value;
}

static int64_t integer(input *in) {
    static const int64_t usual[] = {INT64_MIN,        INT64_MAX,        INT64_C(1) << 53, -(INT64_C(1) << 53), (INT64_C(1) << 53) + 1,
                                    INT64_C(1) << 50, INT64_C(1) << 40, 1000000};
    uint8_t              which   = byte(in);
    return which < 8 ? usual[which] : which - 100;
}

static const char *name(input *in) {
    static const char *const usual[] = {"a", "b", "c", "d", "e", "f", "", "\xff", "x\"\\\n", "\xc3\xa9", NULL, "aa"};
    return usual[byte(in) % (sizeof usual / sizeof usual[0])];
}

static const char *text(input *in) {
    static const char *const usual[] = {
        "a", "b", "c", "true", "false", "0", "1", "2", "0.5", "-1", "1e-5", "nan", "inf", "", "0x1", "0.30000000000000004", "3", "10", "\xff", NULL};
    return usual[byte(in) % (sizeof usual / sizeof usual[0])];
}

static hpo_status one_call(hpo_space *space, input *in, hpo_error *error) {
    const char *texts[6];
    double      numbers[6];
    const char *subject = name(in);
    uint8_t     what    = byte(in) % 8;
    size_t      n       = byte(in) % 7;
    double      low, high;
    int64_t     first;
    switch (what) {
    case 0:
        low  = number(in);
        high = number(in);
        return hpo_space_add_float(space, subject, low, high, (int32_t)n % 3, error);
    case 1:
        first = integer(in);
        return hpo_space_add_int(space, subject, first, integer(in), (int32_t)n % 3, error);
    case 2:
        for (size_t i = 0; i < n && i < 6; i++)
            texts[i] = text(in);
        return hpo_space_add_categorical(space, subject, texts, n < 6 ? n : 6, error);
    case 3:
        for (size_t i = 0; i < n && i < 6; i++)
            numbers[i] = number(in);
        return hpo_space_add_ordinal(space, subject, numbers, n < 6 ? n : 6, error);
    case 4:
        return hpo_space_add_bool(space, subject, error);
    case 5:
        return hpo_space_set_step(space, subject, number(in), error);
    case 6:
        return hpo_space_set_default(space, subject, text(in), error);
    default:
        for (size_t i = 0; i < n && i < 6; i++)
            texts[i] = text(in);
        return hpo_space_when(space, subject, name(in), texts, n < 6 ? n : 6, error);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    input      in       = {data, data + size};
    hpo_space *space    = hpo_space_new(NULL);
    hpo_status expected = HPO_OK;
    CHECK(space != NULL);
    while (in.at < in.end) {
        size_t     before = hpo_space_size(space);
        hpo_error  error = {0, 0, ""}, kept = {0, 0, ""};
        hpo_status status = one_call(space, &in, &error);
        check_error(status, &error);
        CHECK(expected == HPO_OK || status == expected);
        CHECK(status == HPO_OK || hpo_space_size(space) == before);
        CHECK(hpo_space_status(space, &kept) == status && strcmp(kept.message, error.message) == 0);
        expected = status;
    }
    if (expected == HPO_OK)
        check_space(space);
    hpo_space_free(space);
    return 0;
}
