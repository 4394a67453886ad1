/*
 * Random search spaces for property tests: a plain description of a space, drawn at random, that knows nothing of the library's codec; the space built from it
 * through the public API; and naive answers (values, activity) computed from the description alone.
 *
 * Numbers of stepped parameters are whole numbers over a power of ten, so that each value has one exact answer: the quotient of two whole doubles.
 * Include cmocka.h first.
 */
#ifndef HPO_TESTS_RANDOM_SPACE_H
#define HPO_TESTS_RANDOM_SPACE_H

#include "draw.h"

#include <hpo.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { RS_MOST = 14, RS_VALUES = 6, RS_CONDITIONS = 3, RS_WITNESSES = 3 };

typedef struct rs_condition {
    size_t   parent;
    size_t   n;
    uint64_t values[RS_VALUES]; /* indices of the parent's values */
} rs_condition;

typedef struct rs_parameter {
    char         name[40];
    int32_t      kind, scale;
    uint64_t     count;         /* 0: continuous */
    int64_t      first, stride; /* int, stepped float, ordinal: value i is (first + i stride) / power ... */
    int64_t      levels[RS_VALUES];
    int64_t      power;     /* ... or levels[i] / power */
    int64_t      extra;     /* the declared high lies this much (< stride) above the last value */
    bool         stepped;   /* by hpo_space_set_step */
    double       low, high; /* continuous */
    char         choices[RS_VALUES][40];
    bool         has_default; /* discrete ones only */
    uint64_t     initial;
    size_t       n_conditions;
    rs_condition conditions[RS_CONDITIONS];
} rs_parameter;

typedef struct rs_space {
    uint64_t     seed;
    size_t       size;
    rs_parameter parameters[RS_MOST];
} rs_space;

/* ---- naive answers ---- */

/* Value number `index` of a discrete parameter, as hpo_space_decode() gives it. */
static inline double rs_value(const rs_parameter *p, uint64_t index) {
    if (p->kind == HPO_CATEGORICAL || p->kind == HPO_BOOL)
        return (double)index;
    int64_t whole = p->kind == HPO_ORDINAL ? p->levels[index] : p->first + (int64_t)index * p->stride;
    return (double)whole / (double)p->power;
}

/* The index of exactly this value, by bisection in whole numbers. */
static inline bool rs_index(const rs_parameter *p, double value, uint64_t *index) {
    if (p->kind == HPO_ORDINAL) {
        for (*index = 0; *index < p->count; ++*index)
            if (rs_value(p, *index) == value)
                return true;
        return false;
    }
    uint64_t low = 0, high = p->count;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (rs_value(p, middle) < value)
            low = middle + 1;
        else
            high = middle;
    }
    *index = low;
    return low < p->count && rs_value(p, low) == value;
}

/* Straight from the words "active when every parent is active and has one of the values". */
static inline bool rs_active(const rs_space *s, size_t i, const double *values) {
    for (size_t c = 0; c < s->parameters[i].n_conditions; c++) {
        const rs_condition *condition = &s->parameters[i].conditions[c];
        bool                among     = false;
        for (size_t v = 0; v < condition->n; v++)
            among = among || values[condition->parent] == rs_value(&s->parameters[condition->parent], condition->values[v]);
        if (!among || !rs_active(s, condition->parent, values))
            return false;
    }
    return true;
}

/* Text of a discrete value; decimal digits by whole numbers, so that no locale matters. */
static inline void rs_text(const rs_parameter *p, uint64_t index, char out[64]) {
    if (p->kind == HPO_BOOL) {
        strcpy(out, index > 0 ? "true" : "false");
    } else if (p->kind == HPO_CATEGORICAL) {
        strcpy(out, p->choices[index]);
    } else {
        int64_t whole  = p->kind == HPO_ORDINAL ? p->levels[index] : p->first + (int64_t)index * p->stride;
        int64_t size   = whole < 0 ? -whole : whole;
        int     length = snprintf(out, 32, "%s%lld%s", whole < 0 ? "-" : "", (long long)(size / p->power), p->power > 1 ? "." : "");
        for (int64_t power = p->power / 10; power > 0; power /= 10)
            out[length++] = (char)('0' + size / power % 10);
        out[length] = '\0';
    }
}

/* ---- drawing ---- */

static inline void rs_draw_text(draw *d, const char *stem, size_t number, char out[40]) {
    static const char *const odd[] = {"", "", "", ".x", " y", "\"q\"", "\\", "\xc3\xa9", "\n", "\xf0\x9f\x8e\xb2", "/", "\x01", "%s", "'"};
    snprintf(out, 40, "%s%zu%s%s", stem, number, odd[draw_below(d, sizeof odd / sizeof odd[0])], odd[draw_below(d, sizeof odd / sizeof odd[0])]);
}

/* How many values: often few, at times up to `most`. */
static inline uint64_t rs_draw_count(draw *d, uint64_t most) {
    uint64_t limit = most;
    switch (draw_below(d, 8)) {
    case 0:
        limit = most;
        break;
    case 1:
        limit = most < 1u << 20 ? most : 1u << 20;
        break;
    default:
        limit = 12;
    }
    return 2 + draw_below(d, limit - 1);
}

static inline void rs_draw_int(draw *d, rs_parameter *p) {
    p->scale      = draw_below(d, 3) == 0 ? HPO_LOG : HPO_LINEAR;
    p->stepped    = draw_below(d, 3) == 0;
    p->power      = 1;
    p->stride     = p->stepped ? draw_between(d, 1, 9) : 1;
    p->count      = rs_draw_count(d, (p->scale == HPO_LOG ? UINT64_C(1) << 38 : UINT64_C(1) << 50) / (uint64_t)p->stride);
    int64_t reach = (int64_t)(p->count - 1) * p->stride;
    if (p->scale == HPO_LOG)
        p->first = draw_below(d, 2) == 0 ? 1 : draw_between(d, 1, 1000);
    else
        p->first = draw_below(d, 4) == 0 ? draw_between(d, -(INT64_C(1) << 53), (INT64_C(1) << 53) - reach - 8) : draw_between(d, -20, 20);
    p->extra = p->stepped ? draw_between(d, 0, p->stride - 1) : 0;
}

static inline void rs_draw_stepped_float(draw *d, rs_parameter *p) {
    p->stepped = true;
    p->scale   = draw_below(d, 3) == 0 ? HPO_LOG : HPO_LINEAR;
    p->power   = 1;
    for (uint64_t digits = draw_below(d, 9); digits > 0; digits--)
        p->power *= 10;
    p->stride = draw_below(d, 2) == 0 ? 1 : draw_between(d, 1, 250);
    p->count  = rs_draw_count(d, (p->scale == HPO_LOG ? UINT64_C(1) << 38 : UINT64_C(1) << 50) / 256 / (uint64_t)p->stride);
    if (p->scale == HPO_LOG)
        p->first = draw_between(d, 1, 1000);
    else
        p->first = draw_below(d, 2) == 0 ? 0 : draw_between(d, -100000, 100000);
    p->extra = draw_between(d, 0, p->stride - 1);
}

static inline void rs_draw_float(draw *d, rs_parameter *p) {
    do {
        bool wild = draw_below(d, 2) == 0; /* all bit patterns, or what people write */
        p->low    = wild ? draw_double(d) : draw_unit(d) * 20 - 10;
        p->high   = wild ? draw_double(d) : p->low + draw_unit(d) * 20;
    } while (!(p->low < p->high) || isinf(p->low) || isinf(p->high));
    p->scale = p->low > 0 && draw_below(d, 2) == 0 ? HPO_LOG : HPO_LINEAR;
}

static inline void rs_draw_ordinal(draw *d, rs_parameter *p) {
    p->count     = 1 + draw_below(d, RS_VALUES);
    p->power     = draw_below(d, 2) == 0 ? 1 : 1000;
    p->levels[0] = draw_between(d, -500, 500);
    int64_t sign = draw_below(d, 3) == 0 ? -1 : 1;
    for (size_t i = 1; i < p->count; i++)
        p->levels[i] = p->levels[i - 1] + sign * draw_between(d, 1, 300);
}

static inline void rs_draw_parameter(draw *d, size_t number, rs_parameter *p) {
    memset(p, 0, sizeof *p);
    rs_draw_text(d, "p", number, p->name);
    static const int32_t kinds[] = {HPO_FLOAT, HPO_FLOAT, HPO_FLOAT, HPO_INT, HPO_INT, HPO_CATEGORICAL, HPO_CATEGORICAL, HPO_ORDINAL, HPO_BOOL};
    p->kind                      = kinds[draw_below(d, sizeof kinds / sizeof kinds[0])];
    p->power                     = 1;
    if (p->kind == HPO_INT)
        rs_draw_int(d, p);
    else if (p->kind == HPO_FLOAT && draw_below(d, 2) == 0)
        rs_draw_stepped_float(d, p);
    else if (p->kind == HPO_FLOAT)
        rs_draw_float(d, p);
    else if (p->kind == HPO_ORDINAL)
        rs_draw_ordinal(d, p);
    else if (p->kind == HPO_BOOL)
        p->count = 2;
    else
        p->count = 1 + draw_below(d, RS_VALUES);
    for (size_t i = 0; p->kind == HPO_CATEGORICAL && i < p->count; i++)
        rs_draw_text(d, "c", i, p->choices[i]);
    p->has_default = p->count > 0 && draw_below(d, 2) == 0;
    p->initial     = p->has_default ? draw_below(d, p->count) : 0;
}

static inline void rs_add_value(rs_condition *condition, uint64_t value) {
    for (size_t i = 0; i < condition->n; i++)
        if (condition->values[i] == value)
            return;
    if (condition->n < RS_VALUES)
        condition->values[condition->n++] = value;
}

/*
 * Conditions under which nothing is impossible: a few witnesses (whole configurations) are drawn first, and each parameter is made active in at least one of
 * them. Parents come before children in a random order that has nothing to do with the order of declaration.
 */
static inline void rs_draw_conditions(draw *d, rs_space *s, size_t most) {
    uint64_t witness[RS_WITNESSES][RS_MOST];
    unsigned active[RS_MOST];
    size_t   order[RS_MOST];
    for (size_t i = 0; i < s->size; i++) {
        for (size_t w = 0; w < RS_WITNESSES; w++)
            witness[w][i] = s->parameters[i].count > 0 ? draw_below(d, s->parameters[i].count) : 0;
        size_t j = (size_t)draw_below(d, i + 1);
        order[i] = order[j];
        order[j] = i;
    }
    for (size_t k = 0; k < s->size; k++) {
        rs_parameter *p  = &s->parameters[order[k]];
        active[order[k]] = (1u << RS_WITNESSES) - 1;
        size_t wanted    = most == 0 ? 0 : (size_t)draw_below(d, most + 1);
        if (wanted > 0 && draw_below(d, 2) == 0)
            active[order[k]] = 1u + (unsigned)draw_below(d, (1u << RS_WITNESSES) - 1);
        for (size_t tries = 0; k > 0 && tries < 6 && p->n_conditions < wanted; tries++) {
            size_t              parent = order[draw_below(d, k)];
            const rs_parameter *q      = &s->parameters[parent];
            bool                taken  = q->count == 0;
            for (size_t c = 0; c < p->n_conditions; c++)
                taken = taken || p->conditions[c].parent == parent;
            if (taken || (active[order[k]] & active[parent]) == 0)
                continue;
            active[order[k]] &= active[parent];
            rs_condition *condition = &p->conditions[p->n_conditions++];
            condition->parent       = parent;
            for (size_t w = 0; w < RS_WITNESSES; w++)
                if ((active[order[k]] >> w & 1) != 0)
                    rs_add_value(condition, witness[w][parent]);
            if (draw_below(d, 2) == 0)
                rs_add_value(condition, draw_below(d, q->count));
        }
    }
}

/* `conditions`: at most so many parents of each parameter. */
static inline void rs_draw_space(uint64_t seed, size_t largest, size_t conditions, rs_space *s) {
    draw d = {seed};
    memset(s, 0, sizeof *s);
    s->seed = seed;
    s->size = 1 + (size_t)draw_below(&d, largest);
    for (size_t i = 0; i < s->size; i++)
        rs_draw_parameter(&d, i, &s->parameters[i]);
    rs_draw_conditions(&d, s, conditions);
}

/* ---- building ---- */

static inline void rs_good(const rs_space *s, hpo_status status, const hpo_error *error) {
    HOLDS(status == HPO_OK, s->seed, "%s: %s", hpo_status_name(status), error->message);
}

static inline hpo_status rs_add(hpo_space *space, const rs_parameter *p, hpo_error *error) {
    const char *choices[RS_VALUES];
    double      levels[RS_VALUES], low = p->low, high = p->high;
    for (size_t i = 0; i < RS_VALUES; i++) {
        choices[i] = p->choices[i];
        levels[i]  = (double)p->levels[i] / (double)p->power;
    }
    int64_t last = p->first + (int64_t)(p->count == 0 ? 0 : p->count - 1) * p->stride + p->extra;
    if (p->kind == HPO_FLOAT && p->stepped) {
        low  = (double)p->first / (double)p->power;
        high = (double)last / (double)p->power;
    }
    switch (p->kind) {
    case HPO_FLOAT:
        return hpo_space_add_float(space, p->name, low, high, p->scale, error);
    case HPO_INT:
        return hpo_space_add_int(space, p->name, p->first, last, p->scale, error);
    case HPO_CATEGORICAL:
        return hpo_space_add_categorical(space, p->name, choices, (size_t)p->count, error);
    case HPO_ORDINAL:
        return hpo_space_add_ordinal(space, p->name, levels, (size_t)p->count, error);
    default:
        return hpo_space_add_bool(space, p->name, error);
    }
}

static inline void rs_tie(hpo_space *space, const rs_space *s, size_t child, const rs_condition *condition) {
    char        texts[RS_VALUES][64];
    const char *values[RS_VALUES];
    hpo_error   error;
    for (size_t v = 0; v < condition->n; v++) {
        rs_text(&s->parameters[condition->parent], condition->values[v], texts[v]);
        values[v] = texts[v];
    }
    rs_good(s, hpo_space_when(space, s->parameters[child].name, s->parameters[condition->parent].name, values, condition->n, &error), &error);
}

/* The space as described; the caller ends it. */
static inline hpo_space *rs_build(const rs_space *s, const hpo_allocator *allocator) {
    hpo_error  error;
    hpo_space *space = hpo_space_new(allocator);
    HOLDS(space != NULL, s->seed, "no space");
    for (size_t i = 0; i < s->size; i++) {
        const rs_parameter *p = &s->parameters[i];
        rs_good(s, rs_add(space, p, &error), &error);
        if (p->stepped)
            rs_good(s, hpo_space_set_step(space, p->name, (double)p->stride / (double)p->power, &error), &error);
        if (p->has_default) {
            char text[64];
            rs_text(p, p->initial, text);
            rs_good(s, hpo_space_set_default(space, p->name, text, &error), &error);
        }
    }
    for (size_t i = s->size; i-- > 0;)
        for (size_t c = 0; c < s->parameters[i].n_conditions; c++)
            rs_tie(space, s, i, &s->parameters[i].conditions[c]);
    return space;
}

/* A random configuration as hpo_space_encode() takes it, inactive parameters NaN. Continuous ones get a value in their range. */
static inline void rs_draw_values(draw *d, const rs_space *s, double *values) {
    for (size_t i = 0; i < s->size; i++) {
        const rs_parameter *p = &s->parameters[i];
        double              u = draw_unit(d);
        values[i]             = p->count > 0 ? rs_value(p, draw_below(d, p->count)) : fmax(p->low, fmin(p->high, p->low * (1 - u) + p->high * u));
    }
    bool off[RS_MOST];
    for (size_t i = 0; i < s->size; i++)
        off[i] = !rs_active(s, i, values);
    for (size_t i = 0; i < s->size; i++)
        values[i] = off[i] ? NONE : values[i];
}

#endif
