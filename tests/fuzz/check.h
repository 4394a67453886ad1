/* What must hold for every space, however it came about. A fuzz target ends the process when something does not. */
#ifndef HPO_TESTS_FUZZ_CHECK_H
#define HPO_TESTS_FUZZ_CHECK_H

#include <hpo.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                                                                             \
    do {                                                                                                                                             \
        if (!(condition)) {                                                                                                                          \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                                                          \
            abort();                                                                                                                                 \
        }                                                                                                                                            \
    } while (0)

/* RFC 3629 by lead byte and the range of the second byte. */
static inline bool is_utf8(const char *text) {
    const unsigned char *t = (const unsigned char *)text;
    while (*t != 0) {
        int           more = *t < 0x80 ? 0 : *t >= 0xc2 && *t <= 0xdf ? 1 : *t >= 0xe0 && *t <= 0xef ? 2 : *t >= 0xf0 && *t <= 0xf4 ? 3 : -1;
        unsigned char low  = *t == 0xe0 ? 0xa0 : *t == 0xf0 ? 0x90 : 0x80;
        unsigned char high = *t == 0xed ? 0x9f : *t == 0xf4 ? 0x8f : 0xbf;
        t++;
        for (int i = 0; i < more; i++, t++) {
            if (*t < (i == 0 ? low : 0x80) || *t > (i == 0 ? high : 0xbf))
                return false;
        }
        if (more < 0)
            return false;
    }
    return true;
}

/* An error report: filled exactly when the call failed, and readable. */
static inline void check_error(hpo_status status, const hpo_error *error) {
    if (status >= 0)
        return;
    CHECK(error->code == status);
    CHECK(memchr(error->message, '\0', sizeof error->message) != NULL && error->message[0] != '\0');
    CHECK(is_utf8(error->message));
    CHECK(strcmp(hpo_status_name(status), "unknown status") != 0);
    CHECK(status != HPO_E_INTERNAL);
}

static inline char *text_of(const hpo_space *space) {
    size_t need = 0;
    CHECK(hpo_space_to_json(space, NULL, 0, &need, NULL) == HPO_E_BUFFER);
    char *text = malloc(need);
    CHECK(text != NULL && hpo_space_to_json(space, text, need, NULL, NULL) == HPO_OK && strlen(text) == need - 1 && is_utf8(text));
    return text;
}

static inline bool same_value(double a, double b) {
    return a == b || (isnan(a) && isnan(b));
}

/* The coordinates of try `k`: the corners, the middle, and then a fixed sequence (SplitMix64). */
static inline double coordinate(int k, uint64_t *state) {
    static const double first[] = {0, 1, 0.5, -3, 7};
    if (k < 5)
        return first[k];
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z          = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z          = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (double)((z ^ z >> 31) >> 11) / 9007199254740992.0;
}

/* Points decode, their values encode, and discrete ones come back; another space of the same text agrees. */
static inline void check_codec(const hpo_space *space, const hpo_space *twin) {
    size_t   n    = hpo_space_size(space);
    double  *unit = malloc((n + 1) * sizeof *unit), *values = malloc((n + 1) * sizeof *values), *again = malloc((n + 1) * sizeof *again);
    uint64_t state = 1;
    CHECK(unit != NULL && values != NULL && again != NULL);
    for (int k = 0; k < 12; k++) {
        for (size_t i = 0; i < n; i++)
            unit[i] = coordinate(k, &state);
        CHECK(hpo_space_decode(space, unit, n, values, NULL) == HPO_OK);
        CHECK(hpo_space_decode(twin, unit, n, again, NULL) == HPO_OK);
        for (size_t i = 0; i < n; i++)
            CHECK(same_value(values[i], again[i]) && !isinf(values[i]));
        CHECK(hpo_space_encode(space, values, n, unit, NULL) == HPO_OK);
        for (size_t i = 0; i < n; i++)
            CHECK(isnan(values[i]) ? isnan(unit[i]) : unit[i] >= 0 && unit[i] <= 1);
        CHECK(hpo_space_decode(space, unit, n, again, NULL) == HPO_OK);
        for (size_t i = 0; i < n; i++) {
            CHECK(isnan(values[i]) == isnan(again[i]));
            if (hpo_space_cardinality(space, i) > 0)
                CHECK(same_value(values[i], again[i]));
        }
    }
    free(unit);
    free(values);
    free(again);
}

static inline void check_space(const hpo_space *space) {
    hpo_error  error = {0, 0, ""};
    hpo_space *twin  = NULL;
    char      *text  = text_of(space);
    CHECK(hpo_space_from_json(text, strlen(text), NULL, &twin, &error) == HPO_OK);
    CHECK(hpo_space_size(twin) == hpo_space_size(space));
    char *again = text_of(twin);
    CHECK(strcmp(text, again) == 0);
    for (size_t i = 0; i < hpo_space_size(space); i++) {
        CHECK(hpo_space_index(space, hpo_space_name(space, i)) == i);
        CHECK(hpo_space_cardinality(space, i) == hpo_space_cardinality(twin, i));
    }
    check_codec(space, twin);
    hpo_point *point = NULL; /* the default configuration is legal */
    hpo_study *study = NULL;
    if (hpo_space_size(space) > 0) {
        CHECK(hpo_point_new(space, &point, NULL) == HPO_OK && hpo_study_new(space, &study, NULL) == HPO_OK);
        CHECK(hpo_study_enqueue(study, point, NULL) == HPO_OK);
    }
    hpo_point_free(point);
    hpo_study_free(study);
    hpo_space_free(twin);
    free(text);
    free(again);
}

#endif
