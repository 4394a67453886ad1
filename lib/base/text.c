#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void hpo__text_init(hpo__text *text, const hpo__alloc *alloc) {
    *text = (hpo__text){alloc, NULL, 0, 0, false};
}

void hpo__text_end(hpo__text *text) {
    hpo__alloc_free(text->alloc, text->data, text->capacity, 1);
    hpo__text_init(text, text->alloc);
}

static bool make_room(hpo__text *text, size_t more) {
    if (text->failed)
        return false;
    if (more < text->capacity - text->length && text->data != NULL)
        return true;
    size_t capacity = hpo__alloc_capacity(text->capacity, text->length + more + 1);
    char  *data     = hpo__alloc_grow(text->alloc, text->data, text->capacity, capacity, 1);
    if (data == NULL) {
        text->failed = true;
        return false;
    }
    text->data     = data;
    text->capacity = capacity;
    return true;
}

void hpo__text_add_bytes(hpo__text *text, const char *bytes, size_t n) {
    if (!make_room(text, n))
        return;
    memcpy(text->data + text->length, bytes, n);
    text->length += n;
    text->data[text->length] = '\0';
}

void hpo__text_add(hpo__text *text, const char *string) {
    hpo__text_add_bytes(text, string, strlen(string));
}

void hpo__text_printf(hpo__text *text, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0)
        text->failed = true;
    else if (make_room(text, (size_t)length)) {
        vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
    va_end(arguments);
}

void hpo__text_number(hpo__text *text, double value) {
    char number[HPO__NUMBER_SIZE];
    hpo__text_add(text, hpo__number_text(value, number));
}

void hpo__text_json(hpo__text *text, const char *string) {
    hpo__text_add_bytes(text, "\"", 1);
    for (const char *c = string; *c != '\0'; c++) {
        if (*c == '"' || *c == '\\')
            hpo__text_printf(text, "\\%c", *c);
        else if ((unsigned char)*c < 0x20)
            hpo__text_printf(text, "\\u%04x", (unsigned)*c);
        else
            hpo__text_add_bytes(text, c, 1);
    }
    hpo__text_add_bytes(text, "\"", 1);
}

hpo_status hpo__text_out(const char *data, size_t length, char *buf, size_t cap, size_t *need, hpo_error *err) {
    if (need != NULL)
        *need = length + 1;
    if (cap <= length)
        return hpo__fail(err, HPO_E_BUFFER, "the buffer holds %zu bytes, %zu are needed", cap, length + 1);
    memcpy(buf, data, length);
    buf[length] = '\0';
    return HPO_OK;
}

/* Length of the UTF-8 sequence at text, 0 when it is malformed (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF). */
static size_t sequence_length(const unsigned char *text, size_t n) {
    if (text[0] < 0x80)
        return 1;
    size_t   length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    uint32_t low    = length == 4 ? 0x10000 : length == 3 ? 0x800 : 0x80;
    if (text[0] < 0xc2 || text[0] > 0xf4 || n < length)
        return 0;
    uint32_t code = text[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (text[i] & 0x3fu);
    }
    return code >= low && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff) ? length : 0;
}

bool hpo__utf8_valid(const char *text, size_t n) {
    for (size_t at = 0; at < n;) {
        size_t length = sequence_length((const unsigned char *)text + at, n - at);
        if (length == 0)
            return false;
        at += length;
    }
    return true;
}

void hpo__utf8_mend(char *text) {
    size_t n = strlen(text);
    for (size_t at = 0; at < n;) {
        size_t length = sequence_length((const unsigned char *)text + at, n - at);
        if (length == 0)
            text[at] = '?';
        at += length == 0 ? 1 : length;
    }
}

size_t hpo__text_distance(const char *a, const char *b) {
    enum { LONGEST = 64 };
    size_t n = strlen(a), m = strlen(b);
    if (n > LONGEST || m > LONGEST)
        return LONGEST + (n > m ? n : m);
    size_t  rows[3][LONGEST + 1];
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    for (size_t j = 0; j <= m; j++)
        last[j] = j;
    for (size_t i = 1; i <= n; i++) {
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t best = last[j - 1] + (a[i - 1] != b[j - 1]);
            best        = last[j] + 1 < best ? last[j] + 1 : best;
            best        = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && before[j - 2] + 1 < best)
                best = before[j - 2] + 1;
            row[j] = best;
        }
        size_t *free_row = before;
        before           = last;
        last             = row;
        row              = free_row;
    }
    return last[m];
}
