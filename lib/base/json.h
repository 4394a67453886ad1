/* A small pull reader for JSON (RFC 8259): no tree, bounded depth, positions in its errors. */
#ifndef HPO_BASE_JSON_H
#define HPO_BASE_JSON_H

#include "base/text.h"

enum { HPO__JSON_DEPTH = 64, HPO__JSON_TEXT = 256 };

typedef enum hpo__json_kind {
    HPO__JSON_OBJECT,
    HPO__JSON_ARRAY,
    HPO__JSON_STRING,
    HPO__JSON_NUMBER,
    HPO__JSON_TRUE,
    HPO__JSON_FALSE,
    HPO__JSON_NULL,
    HPO__JSON_END /* of the text, or an error */
} hpo__json_kind;

/* A cursor into text that the caller keeps; copy it to look ahead. */
typedef struct hpo__json {
    const char *text;
    size_t      length;
    size_t      at;
    int         depth;
    hpo_error  *err;    /* filled at the first error */
    hpo_status  status; /* HPO_OK until then */
} hpo__json;

void           hpo__json_init(hpo__json *json, const char *text, size_t length, hpo_error *err);
hpo__json_kind hpo__json_peek(hpo__json *json);
/* Enter an object or array that peek announced; then loop over hpo__json_member or hpo__json_element. */
bool hpo__json_enter(hpo__json *json, hpo__json_kind kind);
/* True with the key (decoded, at most HPO__JSON_TEXT - 1 bytes, else an error) when another member follows; false at the end of the object or on error. */
bool hpo__json_member(hpo__json *json, char key[HPO__JSON_TEXT]);
bool hpo__json_element(hpo__json *json);
/* Scalars; an error of kind "expected a ..." when the next value is another. */
bool hpo__json_string(hpo__json *json, char out[HPO__JSON_TEXT]);
bool hpo__json_number(hpo__json *json, double *value);
bool hpo__json_bool(hpo__json *json, bool *value);
bool hpo__json_null(hpo__json *json);
/* Skips any value; the raw bytes are text[start .. at). */
bool hpo__json_skip(hpo__json *json);
/* Only white space may follow. */
bool hpo__json_finish(hpo__json *json);
/* Reports HPO_E_INVALID "line L, column C: ..." at the cursor and returns false. */
bool hpo__json_fail(hpo__json *json, const char *format, ...) HPO__PRINTF(2, 3);

#endif
