/* Text helpers: a growing buffer, UTF-8, nearest names, and numbers that no locale can change. */
#ifndef HPO_BASE_TEXT_H
#define HPO_BASE_TEXT_H

#include "base/alloc.h"
#include "base/error.h"
#include <stdbool.h>

/* Growing text; after a failed allocation it stays failed and further appends do nothing. */
typedef struct hpo__text {
    const hpo__alloc *alloc;
    char             *data; /* NUL-terminated once anything was appended */
    size_t            length;
    size_t            capacity;
    bool              failed;
} hpo__text;

void hpo__text_init(hpo__text *text, const hpo__alloc *alloc);
void hpo__text_end(hpo__text *text);
void hpo__text_add(hpo__text *text, const char *string);
void hpo__text_add_bytes(hpo__text *text, const char *bytes, size_t n);
/* %s %d %lld and the like only: %g and %f depend on the locale. */
void hpo__text_printf(hpo__text *text, const char *format, ...) HPO__PRINTF(2, 3);
/* Shortest text that reads back as the same double; "nan", "inf", "-inf". */
void hpo__text_number(hpo__text *text, double value);
/* A JSON string with its quotes. */
void hpo__text_json(hpo__text *text, const char *string);

/* The (buf, cap, *need) rule of the public API: copies `length` bytes and a NUL, HPO_E_BUFFER when they do not fit. */
hpo_status hpo__text_out(const char *data, size_t length, char *buf, size_t cap, size_t *need, hpo_error *err);

enum { HPO__NUMBER_SIZE = 32 };
/* Writes the shortest round-trip form into buf[HPO__NUMBER_SIZE] and returns buf. */
const char *hpo__number_text(double value, char *buf);
/* Reads a whole text of `n` bytes as a decimal number; false when it is none. Overflow gives an infinity. Accepts "inf", "-inf" and "nan". */
bool hpo__number_read(const char *text, size_t n, double *value);
/* Whole text as an integer; false when it is none or out of range. */
bool hpo__integer_read(const char *text, size_t n, int64_t *value);

bool hpo__utf8_valid(const char *text, size_t n);
/* Puts '?' in place of every byte that is not part of a valid sequence. */
void hpo__utf8_mend(char *text);

/* Damerau-Levenshtein distance, for "did you mean"; texts beyond 64 bytes count as far. */
size_t hpo__text_distance(const char *a, const char *b);

#endif
