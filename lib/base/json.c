/* Pull reader for JSON (RFC 8259). No memory of its own, depth bounded by HPO__JSON_DEPTH, linear time. */
#include "base/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void hpo__json_init(hpo__json *json, const char *text, size_t length, hpo_error *err) {
    *json = (hpo__json){text, length, 0, 0, err, HPO_OK};
}

static void position(const hpo__json *json, size_t *line, size_t *column) {
    *line   = 1;
    *column = 1;
    for (size_t i = 0; i < json->at && i < json->length; i++) {
        if (json->text[i] == '\n') {
            ++*line;
            *column = 1;
        } else {
            ++*column;
        }
    }
}

bool hpo__json_fail(hpo__json *json, const char *format, ...) {
    if (json->status != HPO_OK)
        return false;
    char    reason[400];
    size_t  line, column;
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    position(json, &line, &column);
    json->status = hpo__fail(json->err, HPO_E_INVALID, "JSON line %zu, column %zu: %s", line, column, length < 0 ? "malformed" : reason);
    return false;
}

static void skip_space(hpo__json *json) {
    while (json->at < json->length && strchr(" \t\r\n", json->text[json->at]) != NULL && json->text[json->at] != '\0')
        json->at++;
}

static bool next_is(hpo__json *json, char c) {
    skip_space(json);
    if (json->status != HPO_OK || json->at >= json->length || json->text[json->at] != c)
        return false;
    json->at++;
    return true;
}

hpo__json_kind hpo__json_peek(hpo__json *json) {
    skip_space(json);
    if (json->status != HPO_OK || json->at >= json->length)
        return HPO__JSON_END;
    switch (json->text[json->at]) {
    case '{':
        return HPO__JSON_OBJECT;
    case '[':
        return HPO__JSON_ARRAY;
    case '"':
        return HPO__JSON_STRING;
    case 't':
        return HPO__JSON_TRUE;
    case 'f':
        return HPO__JSON_FALSE;
    case 'n':
        return HPO__JSON_NULL;
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return HPO__JSON_NUMBER;
    default:
        hpo__json_fail(json, "unexpected character");
        return HPO__JSON_END;
    }
}

static const char *kind_name(hpo__json_kind kind) {
    static const char *const names[] = {"an object",     "an array",      "a string", "a number",
                                        "true or false", "true or false", "null",     "the end of the text"};
    return names[kind];
}

static bool expect(hpo__json *json, hpo__json_kind kind) {
    hpo__json_kind found = hpo__json_peek(json);
    if (json->status != HPO_OK)
        return false;
    return found == kind || hpo__json_fail(json, "expected %s, found %s", kind_name(kind), kind_name(found));
}

bool hpo__json_enter(hpo__json *json, hpo__json_kind kind) {
    if (!expect(json, kind))
        return false;
    if (json->depth >= HPO__JSON_DEPTH)
        return hpo__json_fail(json, "nested deeper than %d levels", HPO__JSON_DEPTH);
    json->depth++;
    json->at++;
    return true;
}

/* The step between two entries: `first` has no comma before it. */
static bool next_entry(hpo__json *json, char close, char open) {
    skip_space(json);
    size_t before = json->at;
    while (before > 0 && strchr(" \t\r\n", json->text[before - 1]) != NULL)
        before--;
    bool first = before > 0 && json->text[before - 1] == open;
    if (next_is(json, close)) {
        json->depth--;
        return false;
    }
    if (json->status != HPO_OK)
        return false;
    if (json->at >= json->length)
        return hpo__json_fail(json, "the text ends inside %s", open == '{' ? "an object" : "an array");
    if (first)
        return true;
    return next_is(json, ',') || hpo__json_fail(json, "expected ',' or '%c'", close);
}

bool hpo__json_member(hpo__json *json, char key[HPO__JSON_TEXT]) {
    if (!next_entry(json, '}', '{'))
        return false;
    return hpo__json_string(json, key) && (next_is(json, ':') || hpo__json_fail(json, "expected ':'"));
}

bool hpo__json_element(hpo__json *json) {
    return next_entry(json, ']', '[');
}

static bool hex4(hpo__json *json, uint32_t *code) {
    *code = 0;
    for (int i = 0; i < 4; i++, json->at++) {
        char c = json->at < json->length ? json->text[json->at] : '\0';
        if (c >= '0' && c <= '9')
            *code = *code << 4 | (uint32_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            *code = *code << 4 | (uint32_t)(c - 'a' + 10);
        else if (c >= 'A' && c <= 'F')
            *code = *code << 4 | (uint32_t)(c - 'A' + 10);
        else
            return hpo__json_fail(json, "\\u needs four hexadecimal digits");
    }
    return true;
}

static size_t utf8_put(uint32_t code, char out[4]) {
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = length - 1; i > 0; i--, code >>= 6)
        out[i] = (char)(0x80 | (code & 0x3f));
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    out[0]                            = (char)(lead[length] | code);
    return length;
}

/* After the backslash: decodes one escape into out and its length. */
static bool escape(hpo__json *json, char out[4], size_t *length) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char              c   = json->at < json->length ? json->text[json->at] : '\0';
    const char       *hit = c == '\0' ? NULL : strchr(from, c);
    *length               = 1;
    if (hit != NULL) {
        out[0] = to[hit - from];
        json->at++;
        return true;
    }
    if (c != 'u')
        return hpo__json_fail(json, "unknown escape");
    json->at++;
    uint32_t code, low;
    if (!hex4(json, &code))
        return false;
    if (code >= 0xd800 && code < 0xdc00) {
        if (json->at + 2 > json->length || json->text[json->at] != '\\' || json->text[json->at + 1] != 'u')
            return hpo__json_fail(json, "half of a surrogate pair");
        json->at += 2;
        if (!hex4(json, &low))
            return false;
        if (low < 0xdc00 || low > 0xdfff)
            return hpo__json_fail(json, "half of a surrogate pair");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code < 0xe000) {
        return hpo__json_fail(json, "half of a surrogate pair");
    }
    if (code == 0)
        return hpo__json_fail(json, "the character U+0000 is not allowed");
    *length = utf8_put(code, out);
    return true;
}

/* Reads a string; `out` NULL skips it whatever its length. */
static bool read_string(hpo__json *json, char *out) {
    if (!expect(json, HPO__JSON_STRING))
        return false;
    size_t start = ++json->at, used = 0;
    while (json->at < json->length && json->text[json->at] != '"') {
        char   piece[4];
        size_t length = 1;
        if ((unsigned char)json->text[json->at] < 0x20)
            return hpo__json_fail(json, "control character in a string");
        piece[0] = json->text[json->at++];
        if (piece[0] == '\\' && !escape(json, piece, &length))
            return false;
        if (out == NULL)
            continue;
        if (used + length >= HPO__JSON_TEXT)
            return hpo__json_fail(json, "a text of more than %d bytes", HPO__JSON_TEXT - 1);
        memcpy(out + used, piece, length);
        used += length;
    }
    if (json->at >= json->length)
        return hpo__json_fail(json, "the text ends inside a string");
    if (!hpo__utf8_valid(json->text + start, json->at - start))
        return hpo__json_fail(json, "invalid UTF-8 in a string");
    json->at++;
    if (out != NULL)
        out[used] = '\0';
    return true;
}

bool hpo__json_string(hpo__json *json, char out[HPO__JSON_TEXT]) {
    return read_string(json, out);
}

/* RFC 8259 is stricter than hpo__number_read: no leading zeros, no '+', digits on both sides of the point. */
static bool strict_number(const char *text, size_t n) {
    size_t i = n > 0 && text[0] == '-';
    if (i >= n || text[i] < '0' || text[i] > '9')
        return false;
    if (text[i] == '0' && i + 1 < n && text[i + 1] >= '0' && text[i + 1] <= '9')
        return false;
    const char *point = memchr(text, '.', n);
    return point == NULL || (point + 1 < text + n && point[1] >= '0' && point[1] <= '9' && point[-1] >= '0' && point[-1] <= '9');
}

bool hpo__json_number(hpo__json *json, double *value) {
    if (!expect(json, HPO__JSON_NUMBER))
        return false;
    size_t start = json->at;
    while (json->at < json->length && json->text[json->at] != '\0' && strchr("+-.0123456789eE", json->text[json->at]) != NULL)
        json->at++;
    size_t length = json->at - start;
    if (!strict_number(json->text + start, length) || !hpo__number_read(json->text + start, length, value)) {
        json->at = start;
        return hpo__json_fail(json, "malformed number");
    }
    return true;
}

static bool word(hpo__json *json, const char *expected) {
    size_t length = strlen(expected);
    if (json->length - json->at < length || memcmp(json->text + json->at, expected, length) != 0)
        return hpo__json_fail(json, "unexpected character");
    json->at += length;
    return true;
}

bool hpo__json_bool(hpo__json *json, bool *value) {
    hpo__json_kind found = hpo__json_peek(json);
    if (found != HPO__JSON_FALSE && !expect(json, HPO__JSON_TRUE))
        return false;
    *value = found == HPO__JSON_TRUE;
    return word(json, *value ? "true" : "false");
}

bool hpo__json_null(hpo__json *json) {
    return expect(json, HPO__JSON_NULL) && word(json, "null");
}

static bool skip_container(hpo__json *json, hpo__json_kind kind) {
    if (!hpo__json_enter(json, kind))
        return false;
    if (kind == HPO__JSON_ARRAY) {
        while (hpo__json_element(json))
            if (!hpo__json_skip(json))
                return false;
        return json->status == HPO_OK;
    }
    while (next_entry(json, '}', '{'))
        if (!read_string(json, NULL) || !(next_is(json, ':') || hpo__json_fail(json, "expected ':'")) || !hpo__json_skip(json))
            return false;
    return json->status == HPO_OK;
}

/* Recursion is bounded by HPO__JSON_DEPTH. */
bool hpo__json_skip(hpo__json *json) {
    double number;
    bool   flag;
    switch (hpo__json_peek(json)) {
    case HPO__JSON_OBJECT:
        return skip_container(json, HPO__JSON_OBJECT);
    case HPO__JSON_ARRAY:
        return skip_container(json, HPO__JSON_ARRAY);
    case HPO__JSON_STRING:
        return read_string(json, NULL);
    case HPO__JSON_NUMBER:
        return hpo__json_number(json, &number);
    case HPO__JSON_TRUE:
    case HPO__JSON_FALSE:
        return hpo__json_bool(json, &flag);
    case HPO__JSON_NULL:
        return hpo__json_null(json);
    case HPO__JSON_END:
        break;
    }
    return hpo__json_fail(json, "the text ends where a value is due");
}

bool hpo__json_finish(hpo__json *json) {
    skip_space(json);
    return json->status == HPO_OK && (json->at == json->length || hpo__json_fail(json, "text after the end of the value"));
}
