/*
 * A space as JSON. Written in libhpo's own flat form (docs/space-json.md); read from it, or from an object of Optuna distributions in both of Optuna's forms,
 * {"name": "FloatDistribution", "attributes": {...}} and {"type": "float", ...}. Reading needs no tree: the fields of one parameter are noted as
 * cursors into the text and read once its type is known; conditions are read in a second pass, when all parents exist.
 */
#include "base/json.h"
#include "space/space.h"

#include <math.h>
#include <string.h>

/* ---- writing ---- */

static void write_value(hpo__text *text, const hpo__parameter *p, double value) {
    if (p->kind == HPO_CATEGORICAL)
        hpo__text_json(text, p->choices[(size_t)value]);
    else if (p->kind == HPO_BOOL)
        hpo__text_add(text, p->choices[(size_t)value]);
    else
        hpo__text_number(text, value);
}

static void write_field(hpo__text *text, const char *name, double value) {
    hpo__text_printf(text, ", \"%s\": ", name);
    hpo__text_number(text, value);
}

static void write_list(hpo__text *text, const char *name, const hpo__parameter *p) {
    hpo__text_printf(text, ", \"%s\": [", name);
    for (size_t i = 0; i < p->n_choices; i++) {
        hpo__text_add(text, i > 0 ? ", " : "");
        write_value(text, p, p->levels != NULL ? p->levels[i] : (double)i);
    }
    hpo__text_add(text, "]");
}

static void write_conditions(hpo__text *text, const hpo_space *space, const hpo__parameter *p) {
    hpo__text_add(text, ", \"when\": {");
    for (size_t c = 0; c < p->n_conditions; c++) {
        const hpo__condition *condition = &p->conditions[c];
        const hpo__parameter *parent    = &space->parameters[condition->parent];
        hpo__text_add(text, c > 0 ? ", " : "");
        hpo__text_json(text, parent->name);
        hpo__text_add(text, ": [");
        for (size_t v = 0; v < condition->n_values; v++) {
            hpo__text_add(text, v > 0 ? ", " : "");
            write_value(text, parent, condition->values[v]);
        }
        hpo__text_add(text, "]");
    }
    hpo__text_add(text, "}");
}

static void write_parameter(hpo__text *text, const hpo_space *space, const hpo__parameter *p) {
    static const char *const kinds[] = {"float", "int", "categorical", "ordinal", "bool"};
    hpo__text_json(text, p->name);
    hpo__text_printf(text, ": {\"type\": \"%s\"", kinds[p->kind]);
    if (p->kind == HPO_FLOAT || p->kind == HPO_INT) {
        write_field(text, "low", p->low);
        write_field(text, "high", p->high);
        if (p->scale == HPO_LOG)
            hpo__text_add(text, ", \"scale\": \"log\"");
        if (p->stepped)
            write_field(text, "step", p->step);
    }
    if (p->kind == HPO_CATEGORICAL)
        write_list(text, "choices", p);
    if (p->kind == HPO_ORDINAL)
        write_list(text, "levels", p);
    if (!isnan(p->initial)) {
        hpo__text_add(text, ", \"default\": ");
        write_value(text, p, p->initial);
    }
    if (p->n_conditions > 0)
        write_conditions(text, space, p);
    hpo__text_add(text, "}");
}

void hpo__space_json(hpo__text *text, const hpo_space *space) {
    hpo__text_add(text, "{\"parameters\": {");
    for (size_t i = 0; i < space->size; i++) {
        hpo__text_add(text, i > 0 ? ", " : "");
        write_parameter(text, space, &space->parameters[i]);
    }
    hpo__text_add(text, "}}");
}

hpo_status hpo_space_to_json(const hpo_space *space, char *buf, size_t cap, size_t *need, hpo_error *err) {
    hpo_status status = hpo_space_status(space, err);
    if (status != HPO_OK)
        return status;
    if (buf == NULL && cap > 0)
        return hpo__fail(err, HPO_E_INVALID, "buf is NULL and cap is %zu", cap);
    hpo__text text;
    hpo__text_init(&text, &space->alloc);
    hpo__space_json(&text, space);
    status = text.failed ? hpo__fail_nomem(err) : hpo__text_out(text.data, text.length, buf, cap, need, err);
    hpo__text_end(&text);
    return status;
}

/* ---- reading ---- */

enum { TYPE, LOW, HIGH, STEP, SCALE, LOG, CHOICES, LEVELS, DEFAULT, WHEN, NAME, ATTRIBUTES, N_FIELDS };
static const char *const field_names[N_FIELDS] = {"type",    "low",    "high",    "step", "scale", "log",
                                                  "choices", "levels", "default", "when", "name",  "attributes"};

typedef struct fields {
    bool      foreign; /* Optuna's: a range may have one value, and every int has a step */
    bool      present[N_FIELDS];
    hpo__json at[N_FIELDS]; /* cursors at the values */
} fields;

/* Notes the members of the object at `json` without reading their values; `low` and so on may stand inside "attributes". */
static bool note_fields(hpo__json *json, fields *found) {
    char key[HPO__JSON_TEXT];
    if (!hpo__json_enter(json, HPO__JSON_OBJECT))
        return false;
    while (hpo__json_member(json, key)) {
        size_t f = 0;
        while (f < N_FIELDS && strcmp(key, field_names[f]) != 0)
            f++;
        if (found->present[ATTRIBUTES] && strcmp(key, "q") == 0) /* DiscreteUniformDistribution's name of the step */
            f = STEP;
        if (f == N_FIELDS)
            return hpo__json_fail(json, "unknown field \"%.60s\" of a parameter", key);
        if (found->present[f])
            return hpo__json_fail(json, "field \"%s\" is there twice", key);
        hpo__json_peek(json);
        found->present[f] = true;
        found->at[f]      = *json;
        if (f == ATTRIBUTES ? !note_fields(json, found) : !hpo__json_skip(json))
            return false;
    }
    return json->status == HPO_OK;
}

/* A reader of one field; its error ends the whole reading. */
static hpo__json *field(fields *found, int f) {
    return &found->at[f];
}

static bool missing(hpo__json *json, const fields *found, int f, const char *name) {
    return !found->present[f] && !hpo__json_fail(json, "parameter '%s' has no \"%s\"", name, field_names[f]);
}

static bool read_flag(fields *found, int f, bool *value) {
    *value = false;
    return !found->present[f] || hpo__json_bool(field(found, f), value);
}

static bool read_scale(fields *found, int32_t *scale) {
    char text[HPO__JSON_TEXT] = "linear";
    bool log                  = false;
    if (found->present[LOG] && found->present[SCALE])
        return hpo__json_fail(field(found, LOG), "\"log\" and \"scale\" say the same: give one of them");
    hpo__json start = *field(found, SCALE);
    if (!read_flag(found, LOG, &log) || (found->present[SCALE] && !hpo__json_string(field(found, SCALE), text)))
        return false;
    if (strcmp(text, "linear") != 0 && strcmp(text, "log") != 0) {
        *field(found, SCALE) = start;
        return hpo__json_fail(field(found, SCALE), "scale \"%.60s\" is neither \"linear\" nor \"log\"", text);
    }
    *scale = log || strcmp(text, "log") == 0 ? HPO_LOG : HPO_LINEAR;
    return true;
}

/* A scalar as the text that hpo_space_set_default and the choices use. */
static bool read_scalar(hpo__json *json, char out[HPO__JSON_TEXT]) {
    double number;
    bool   flag;
    switch (hpo__json_peek(json)) {
    case HPO__JSON_STRING:
        return hpo__json_string(json, out);
    case HPO__JSON_NUMBER:
        return hpo__json_number(json, &number) && hpo__number_text(number, out) != NULL;
    case HPO__JSON_TRUE:
    case HPO__JSON_FALSE:
        return hpo__json_bool(json, &flag) && (flag ? memcpy(out, "true", sizeof "true") : memcpy(out, "false", sizeof "false")) != NULL;
    case HPO__JSON_NULL:
        return hpo__json_null(json) && memcpy(out, "null", sizeof "null") != NULL;
    case HPO__JSON_OBJECT:
    case HPO__JSON_ARRAY:
    case HPO__JSON_END:
        break;
    }
    return hpo__json_fail(json, "expected a text, a number, true or false");
}

/* A growing list of texts or numbers read from an array (or one scalar). */
typedef struct list {
    const hpo__alloc *alloc;
    char            **texts;
    double           *numbers;
    size_t            n, capacity;
} list;

static void end_list(list *l) {
    for (size_t i = 0; i < l->n; i++)
        hpo__text_free(l->alloc, l->texts[i]);
    hpo__alloc_free(l->alloc, l->texts, l->capacity, sizeof *l->texts);
    hpo__alloc_free(l->alloc, l->numbers, l->capacity, sizeof *l->numbers);
}

static bool out_of_memory(hpo__json *json) {
    json->status = hpo__fail_nomem(json->err);
    return false;
}

static bool grow_list(hpo__json *json, list *l) {
    size_t  capacity = hpo__alloc_capacity(l->capacity, l->n + 1);
    char  **texts    = hpo__alloc_new(l->alloc, capacity, sizeof *texts);
    double *numbers  = hpo__alloc_new(l->alloc, capacity, sizeof *numbers);
    if (texts == NULL || numbers == NULL) {
        hpo__alloc_free(l->alloc, texts, capacity, sizeof *texts);
        hpo__alloc_free(l->alloc, numbers, capacity, sizeof *numbers);
        return out_of_memory(json);
    }
    if (l->n > 0) {
        memcpy(texts, l->texts, l->n * sizeof *texts);
        memcpy(numbers, l->numbers, l->n * sizeof *numbers);
    }
    hpo__alloc_free(l->alloc, l->texts, l->capacity, sizeof *texts);
    hpo__alloc_free(l->alloc, l->numbers, l->capacity, sizeof *numbers);
    l->texts    = texts;
    l->numbers  = numbers;
    l->capacity = capacity;
    return true;
}

static bool read_entry(hpo__json *json, bool numeric, list *l) {
    char text[HPO__JSON_TEXT];
    if (l->n == l->capacity && !grow_list(json, l))
        return false;
    hpo__json at = *json; /* so that a number keeps its own spelling only as a number */
    if (numeric && !hpo__json_number(&at, &l->numbers[l->n])) {
        *json = at;
        return false;
    }
    if (!read_scalar(json, text))
        return false;
    l->texts[l->n] = hpo__text_copy(l->alloc, text, strlen(text));
    if (l->texts[l->n] == NULL)
        return out_of_memory(json);
    l->n++;
    return true;
}

static bool read_list(hpo__json *json, bool numeric, list *l) {
    if (hpo__json_peek(json) != HPO__JSON_ARRAY)
        return read_entry(json, numeric, l);
    if (!hpo__json_enter(json, HPO__JSON_ARRAY))
        return false;
    while (hpo__json_element(json))
        if (!read_entry(json, numeric, l))
            return false;
    return json->status == HPO_OK;
}

/* The kinds that a "type" or an Optuna "name" stands for. */
typedef struct kind_name {
    const char *name;
    int32_t     kind;
    int32_t     scale; /* forced by a legacy name, else -1 */
} kind_name;

static const kind_name kind_names[] = {
    {"float", HPO_FLOAT, -1},
    {"int", HPO_INT, -1},
    {"categorical", HPO_CATEGORICAL, -1},
    {"ordinal", HPO_ORDINAL, -1},
    {"bool", HPO_BOOL, -1},
    {"FloatDistribution", HPO_FLOAT, -1},
    {"IntDistribution", HPO_INT, -1},
    {"CategoricalDistribution", HPO_CATEGORICAL, -1},
    {"UniformDistribution", HPO_FLOAT, HPO_LINEAR},
    {"LogUniformDistribution", HPO_FLOAT, HPO_LOG},
    {"DiscreteUniformDistribution", HPO_FLOAT, HPO_LINEAR},
    {"IntUniformDistribution", HPO_INT, HPO_LINEAR},
    {"IntLogUniformDistribution", HPO_INT, HPO_LOG},
};

static const kind_name *read_kind(hpo__json *json, fields *found, const char *name) {
    char text[HPO__JSON_TEXT];
    int  f = found->present[NAME] ? NAME : TYPE;
    if (missing(json, found, f, name))
        return NULL;
    hpo__json start = *field(found, f);
    if (!hpo__json_string(field(found, f), text))
        return NULL;
    for (size_t i = 0; i < sizeof kind_names / sizeof kind_names[0]; i++)
        if (strcmp(text, kind_names[i].name) == 0)
            return &kind_names[i];
    *field(found, f) = start;
    hpo__json_fail(field(found, f), "parameter '%s' has the unknown type \"%.60s\"", name, text);
    return NULL;
}

/* Building errors carry the parameter's name; they end the reading as they are. */
static bool built(hpo__json *json, hpo_status status) {
    if (json->status == HPO_OK)
        json->status = status;
    return status == HPO_OK;
}

static bool add_range(hpo__json *json, hpo_space *space, const char *name, const kind_name *kind, fields *found) {
    double  low, high, step = 0;
    int32_t scale = HPO_LINEAR;
    if (missing(json, found, LOW, name) || missing(json, found, HIGH, name) || !hpo__json_number(field(found, LOW), &low) ||
        !hpo__json_number(field(found, HIGH), &high) || !read_scale(found, &scale))
        return false;
    bool has_step = found->present[STEP] && hpo__json_peek(field(found, STEP)) != HPO__JSON_NULL;
    if (has_step && !hpo__json_number(field(found, STEP), &step))
        return false;
    if (kind->scale >= 0)
        scale = kind->scale;
    if (kind->kind == HPO_INT && (low != floor(low) || high != floor(high) || fabs(low) > 9.1e15 || fabs(high) > 9.1e15))
        return hpo__json_fail(field(found, low != floor(low) || fabs(low) > 9.1e15 ? LOW : HIGH),
                              "parameter '%s': an int needs whole bounds within +-2^53", name);
    if (low == high && found->foreign)
        return built(json, hpo_space_add_ordinal(space, name, &low, 1, json->err));
    hpo_status status = kind->kind == HPO_INT ? hpo_space_add_int(space, name, (int64_t)low, (int64_t)high, scale, json->err)
                                              : hpo_space_add_float(space, name, low, high, scale, json->err);
    if (status == HPO_OK && has_step && !(kind->kind == HPO_INT && step == 1 && found->foreign))
        status = hpo_space_set_step(space, name, step, json->err);
    return built(json, status);
}

static bool add_list(hpo__json *json, hpo_space *space, const char *name, int32_t kind, fields *found) {
    int  f = kind == HPO_ORDINAL ? LEVELS : CHOICES;
    list l = {&space->alloc, NULL, NULL, 0, 0};
    if (missing(json, found, f, name))
        return false;
    bool done = read_list(field(found, f), kind == HPO_ORDINAL, &l);
    if (done && kind == HPO_ORDINAL)
        done = built(json, hpo_space_add_ordinal(space, name, l.numbers, l.n, json->err));
    else if (done)
        done = built(json, hpo_space_add_categorical(space, name, (const char *const *)l.texts, l.n, json->err));
    end_list(&l);
    return done;
}

/* A field that another type would have is a mistake, not a remark. */
static bool check_fields(fields *found, const char *name, int32_t kind) {
    bool range = kind == HPO_FLOAT || kind == HPO_INT;
    for (int f = LOW; f <= LEVELS; f++) {
        bool fits = f == CHOICES ? kind == HPO_CATEGORICAL : f == LEVELS ? kind == HPO_ORDINAL : range;
        if (found->present[f] && !fits)
            return hpo__json_fail(field(found, f), "parameter '%s': \"%s\" does not go with its type", name, field_names[f]);
    }
    return true;
}

static bool add_parameter(hpo__json *json, hpo_space *space, const char *name, fields *found) {
    const kind_name *kind = read_kind(json, found, name);
    if (kind == NULL || !check_fields(found, name, kind->kind))
        return false;
    bool done = kind->kind == HPO_BOOL                             ? built(json, hpo_space_add_bool(space, name, json->err))
                : kind->kind == HPO_FLOAT || kind->kind == HPO_INT ? add_range(json, space, name, kind, found)
                                                                   : add_list(json, space, name, kind->kind, found);
    char text[HPO__JSON_TEXT];
    if (done && found->present[DEFAULT])
        done = read_scalar(field(found, DEFAULT), text) && built(json, hpo_space_set_default(space, name, text, json->err));
    return done;
}

static bool add_conditions(hpo__json *json, hpo_space *space, const char *child, fields *found) {
    char       parent[HPO__JSON_TEXT];
    hpo__json *when = field(found, WHEN);
    if (!found->present[WHEN])
        return true;
    if (!hpo__json_enter(when, HPO__JSON_OBJECT))
        return false;
    while (hpo__json_member(when, parent)) {
        list l    = {&space->alloc, NULL, NULL, 0, 0};
        bool done = read_list(when, false, &l) && built(json, hpo__space_tie(space, child, parent, (const char *const *)l.texts, l.n, json->err));
        end_list(&l);
        if (!done)
            return false;
    }
    return when->status == HPO_OK;
}

/* One pass over the object of parameters at `json`: the first adds, the second ties. */
static bool read_parameters(hpo__json *json, hpo_space *space, bool own, bool conditions) {
    char name[HPO__JSON_TEXT];
    if (!hpo__json_enter(json, HPO__JSON_OBJECT))
        return false;
    while (hpo__json_member(json, name)) {
        fields found  = {0};
        bool   done   = note_fields(json, &found);
        found.foreign = !own || found.present[NAME];
        done          = done && (conditions ? add_conditions(json, space, name, &found) : add_parameter(json, space, name, &found));
        for (size_t f = 0; f < N_FIELDS && !done && json->status == HPO_OK; f++)
            json->status = found.present[f] ? found.at[f].status : HPO_OK;
        if (!done)
            return false;
    }
    return json->status == HPO_OK;
}

/* Finds the object of parameters: the member "parameters" of the root, or for Optuna's forms the root itself. */
static bool find_parameters(hpo__json *json, hpo__json *parameters, bool *own) {
    char   key[HPO__JSON_TEXT];
    size_t members = 0;
    *own           = false;
    hpo__json_peek(json);
    *parameters = *json;
    if (!hpo__json_enter(json, HPO__JSON_OBJECT))
        return false;
    for (; hpo__json_member(json, key); members++) {
        bool here = strcmp(key, "parameters") == 0;
        if (*own || (here && members > 0))
            return hpo__json_fail(json, "nothing but one \"parameters\" is expected, \"%.60s\" is there too", *own ? key : "another field");
        hpo__json_peek(json);
        if (here) {
            *own        = true;
            *parameters = *json;
        }
        if (!hpo__json_skip(json))
            return false;
    }
    return json->status == HPO_OK && hpo__json_finish(json);
}

hpo_status hpo_space_from_json(const char *text, size_t len, const hpo_allocator *allocator, hpo_space **out, hpo_error *err) {
    hpo_error local = {0, 0, ""};
    hpo__json json, parameters = {0};
    if (text == NULL || out == NULL)
        return hpo__fail(err, HPO_E_INVALID, "json and out must not be NULL");
    hpo_space *space = hpo_space_new(allocator);
    if (space == NULL)
        return hpo__alloc_from(allocator).resize == NULL ? hpo__fail(err, HPO_E_INVALID, "the allocator has no resize function or a bad struct_size")
                                                         : hpo__fail_nomem(err);
    hpo__json_init(&json, text, len, &local);
    hpo_status status = HPO_OK;
    bool       own    = false;
    if (!find_parameters(&json, &parameters, &own))
        status = json.status;
    for (int pass = 0; pass < 2 && status == HPO_OK; pass++) {
        hpo__json at = parameters;
        if (!read_parameters(&at, space, own, pass == 1))
            status = at.status;
    }
    if (status == HPO_OK)
        status = hpo__condition_settle(space, SIZE_MAX, &local);
    if (status == HPO_OK) {
        *out = space;
        return HPO_OK;
    }
    hpo_space_free(space);
    if (err != NULL)
        *err = local;
    return status;
}
