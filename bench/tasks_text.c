/* Reading the files of tasks: text by lines and words, binary data front to back. */
#include "tasks.h"
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool task_fail(task_error *err, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(err->text, sizeof err->text, format, arguments);
    va_end(arguments);
    return false;
}

void *task_alloc(size_t n, size_t size, task_error *err) {
    void *block = calloc(n > 0 ? n : 1, size);
    if (block == NULL) {
        task_fail(err, "out of memory");
    }
    return block;
}

char *task_copy(const char *text, task_error *err) {
    size_t size = strlen(text) + 1;
    char  *copy = task_alloc(size, 1, err);
    if (copy != NULL) {
        memcpy(copy, text, size);
    }
    return copy;
}

char *task_path(const char *directory, const char *name, const char *suffix, task_error *err) {
    size_t size = strlen(directory) + strlen(name) + strlen(suffix) + 2;
    char  *path = task_alloc(size, 1, err);
    if (path != NULL) {
        snprintf(path, size, "%s/%s%s", directory, name, suffix);
    }
    return path;
}

bool task_is_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return false;
    }
    bool readable = fgetc(file) != EOF || !ferror(file); /* a directory opens but cannot be read */
    fclose(file);
    return readable;
}

/* Grows by doubling, so that the size need not be known beforehand (pipes, /dev/stdin). */
static char *read_all(FILE *file, size_t *size, task_error *err) {
    size_t cap  = 1 << 16;
    size_t used = 0;
    char  *text = task_alloc(cap, 1, err);
    while (text != NULL) {
        used += fread(text + used, 1, cap - 1 - used, file);
        if (used < cap - 1) {
            text[used] = '\0';
            *size      = used;
            return text;
        }
        char *grown = realloc(text, 2 * cap);
        if (grown == NULL) {
            free(text);
            task_fail(err, "out of memory");
            return NULL;
        }
        text = grown;
        cap *= 2;
    }
    return NULL;
}

char *task_read(const char *path, size_t *size, task_error *err) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        task_fail(err, "%s: %s", path, strerror(errno));
        return NULL;
    }
    char *text = read_all(file, size, err);
    if (text != NULL && ferror(file)) {
        task_fail(err, "%s: %s", path, strerror(errno));
        free(text);
        text = NULL;
    }
    fclose(file);
    return text;
}

char *task_line(char **rest) {
    if (**rest == '\0') {
        return NULL;
    }
    char  *line   = *rest;
    size_t length = strcspn(line, "\n");
    *rest += length + (line[length] == '\n');
    line[length] = '\0';
    if (length > 0 && line[length - 1] == '\r') {
        line[length - 1] = '\0';
    }
    return line;
}

char *task_word(char **rest) {
    char  *word   = *rest + strspn(*rest, " \t");
    size_t length = strcspn(word, " \t");
    if (length == 0) {
        return NULL;
    }
    *rest = word + length;
    if (**rest != '\0') {
        *(*rest)++ = '\0';
    }
    return word;
}

char *task_field(char **rest, char separator) {
    if (*rest == NULL) {
        return NULL;
    }
    char *field = *rest;
    char *end   = strchr(field, separator);
    *rest       = NULL;
    if (end != NULL) {
        *end  = '\0';
        *rest = end + 1;
    }
    return field;
}

bool task_number(const char *text, double *number) {
    char *end = NULL;
    *number   = strtod(text, &end);
    return end != text && *end == '\0';
}

bool task_whole(const char *text, long low, long high, long *number) {
    char *end = NULL;
    errno     = 0;
    *number   = strtol(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *number >= low && *number <= high;
}

static uint64_t bytes_take(task_bytes *bytes, size_t n) {
    uint64_t value = 0;
    if (bytes->left < n) {
        bytes->bad  = true;
        bytes->left = 0;
        return 0;
    }
    for (size_t i = n; i-- > 0;) {
        value = value << 8 | bytes->at[i];
    }
    bytes->at += n;
    bytes->left -= n;
    return value;
}

uint32_t task_bytes_u32(task_bytes *bytes) {
    return (uint32_t)bytes_take(bytes, 4);
}

float task_bytes_f32(task_bytes *bytes) {
    uint32_t bits   = task_bytes_u32(bytes);
    float    number = 0.0f;
    memcpy(&number, &bits, sizeof number);
    return number;
}

double task_bytes_f64(task_bytes *bytes) {
    uint64_t bits   = bytes_take(bytes, 8);
    double   number = 0.0;
    memcpy(&number, &bits, sizeof number);
    return number;
}
