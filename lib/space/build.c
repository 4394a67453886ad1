/* Building a search space: adding parameters, then refining them. Every call is checked in full before anything changes. */
#include "space/space.h"

#include <math.h>
#include <string.h>

enum { LONGEST_NAME = 255 };
static const double LARGEST_INT     = 9007199254740992.0; /* 2^53 */
static const double MOST_VALUES     = 1125899906842624.0; /* 2^50: the unit interval still tells the cells apart */
static const double MOST_LOG_VALUES = 1099511627776.0;    /* 2^40 */

static hpo_status check_text(const char *text, const char *what, const char *name, hpo_error *err) {
    if (text == NULL || text[0] == '\0')
        return hpo__fail(err, HPO_E_INVALID, "%s%s%s: an empty %s is not allowed", name[0] ? "parameter '" : "space", name, name[0] ? "'" : "", what);
    size_t length = strlen(text);
    if (length > LONGEST_NAME)
        return hpo__fail(err, HPO_E_INVALID, "the %s '%.60s...' is longer than %d bytes", what, text, LONGEST_NAME);
    if (!hpo__utf8_valid(text, length))
        return hpo__fail(err, HPO_E_INVALID, "%s%s%s: a %s is not valid UTF-8", name[0] ? "parameter '" : "space", name, name[0] ? "'" : "", what);
    return HPO_OK;
}

/* ---- the sticky error ---- */

/* Starts a building call: the status of an earlier error, unless this is the retry of a call that ran out of memory. */
static hpo_status begin(hpo_space *space, const char *call, const char *name, uint64_t *ticket, hpo_error *err) {
    *ticket = 0;
    if (space == NULL)
        return hpo__fail(err, HPO_E_INVALID, "the space is NULL");
    *ticket = hpo__space_hash(call) ^ (name == NULL ? 0 : hpo__space_hash(name) * 31);
    if (space->sticky.code == HPO_E_NOMEM && space->retry == *ticket)
        space->sticky.code = 0;
    return hpo_space_status(space, err);
}

/* Ends a building call: remembers its error. */
static hpo_status finish(hpo_space *space, uint64_t ticket, hpo_status status, const hpo_error *local, hpo_error *err) {
    if (status == HPO_OK)
        return status;
    space->sticky = *local;
    space->retry  = ticket;
    if (err != NULL)
        *err = *local;
    return status;
}

/* ---- adding ---- */

static hpo_status make_room(hpo_space *space, hpo_error *err) {
    if (space->size == space->capacity) {
        size_t          capacity   = hpo__alloc_capacity(space->capacity, space->size + 1);
        hpo__parameter *parameters = hpo__alloc_new(&space->alloc, capacity, sizeof *parameters);
        size_t         *order      = hpo__alloc_new(&space->alloc, capacity, sizeof *order);
        if (parameters == NULL || order == NULL) {
            hpo__alloc_free(&space->alloc, parameters, capacity, sizeof *parameters);
            hpo__alloc_free(&space->alloc, order, capacity, sizeof *order);
            return hpo__fail_nomem(err);
        }
        if (space->size > 0) {
            memcpy(parameters, space->parameters, space->size * sizeof *parameters);
            memcpy(order, space->order, space->size * sizeof *order);
        }
        hpo__alloc_free(&space->alloc, space->parameters, space->capacity, sizeof *parameters);
        hpo__alloc_free(&space->alloc, space->order, space->capacity, sizeof *order);
        space->parameters = parameters;
        space->order      = order;
        space->capacity   = capacity;
    }
    if (2 * (space->size + 1) > space->n_slots) {
        size_t  n_slots = space->n_slots == 0 ? 16 : 2 * space->n_slots;
        size_t *slots   = hpo__alloc_zero(&space->alloc, n_slots, sizeof *slots);
        if (slots == NULL)
            return hpo__fail_nomem(err);
        for (size_t i = 0; i < space->size; i++)
            hpo__space_slot(slots, n_slots, space->parameters[i].name, i);
        hpo__alloc_free(&space->alloc, space->slots, space->n_slots, sizeof *slots);
        space->slots   = slots;
        space->n_slots = n_slots;
    }
    return HPO_OK;
}

/* Takes over `p`, whose texts are its own but for the name; frees them on failure. */
static hpo_status append(hpo_space *space, const char *name, hpo__parameter *p, hpo_error *err) {
    hpo_status status = make_room(space, err);
    if (status == HPO_OK && (p->name = hpo__text_copy(&space->alloc, name, strlen(name))) == NULL)
        status = hpo__fail_nomem(err);
    if (status != HPO_OK) {
        hpo__parameter_end(&space->alloc, p);
        return status;
    }
    p->initial = (double)NAN;
    hpo__codec_prepare(p);
    space->parameters[space->size] = *p;
    space->order[space->size]      = space->size;
    hpo__space_slot(space->slots, space->n_slots, p->name, space->size);
    space->size++;
    return HPO_OK;
}

static hpo_status check_new_name(const hpo_space *space, const char *name, hpo_error *err) {
    hpo_status status = check_text(name, "name", "", err);
    if (status == HPO_OK && hpo_space_index(space, name) != SIZE_MAX)
        return hpo__fail(err, HPO_E_EXISTS, "parameter '%s' exists already", name);
    return status;
}

static hpo_status check_range(const char *name, double low, double high, int32_t scale, double lowest_log, hpo_error *err) {
    char a[HPO__NUMBER_SIZE], b[HPO__NUMBER_SIZE];
    hpo__number_text(low, a);
    hpo__number_text(high, b);
    if (!isfinite(low) || !isfinite(high))
        return hpo__fail(err, HPO_E_INVALID, "parameter '%s': the bounds [%s, %s] must be finite", name, a, b);
    if (low >= high)
        return hpo__fail(err, HPO_E_INVALID, "parameter '%s': low %s must be less than high %s", name, a, b);
    if (scale != HPO_LINEAR && scale != HPO_LOG)
        return hpo__fail(err, HPO_E_INVALID, "parameter '%s': scale %d is neither HPO_LINEAR nor HPO_LOG", name, (int)scale);
    if (scale == HPO_LOG && !(low >= lowest_log))
        return hpo__fail(err, HPO_E_INVALID, "parameter '%s': a log scale needs low %s, low is %s", name, lowest_log >= 1 ? ">= 1" : "> 0", a);
    return HPO_OK;
}

static hpo_status check_count(const char *name, double low, double high, double step, int32_t scale, hpo_error *err) {
    char a[HPO__NUMBER_SIZE], b[HPO__NUMBER_SIZE], by[HPO__NUMBER_SIZE];
    hpo__number_text(low, a);
    hpo__number_text(high, b);
    hpo__number_text(step, by);
    double steps = scale == HPO_LOG ? high / step : (high - low) / step + 1;
    if (isinf(high - low))
        return hpo__fail(err, HPO_E_INVALID, "parameter '%s': the range [%s, %s] is too wide for steps", name, a, b);
    if (steps > (scale == HPO_LOG ? MOST_LOG_VALUES : MOST_VALUES))
        return hpo__fail(err, HPO_E_INVALID, "parameter '%s': [%s, %s] by steps of %s has more than 2^%d values; narrow the range, or use a float",
                         name, a, b, by, scale == HPO_LOG ? 40 : 50);
    /* The values must stay apart after rounding; whole numbers up to 2^53 are exact. */
    double largest = fmax(fabs(low), fabs(high));
    bool   exact   = step == floor(step) && low == floor(low) && largest <= LARGEST_INT;
    if (!exact && step < 4 * (largest - nextafter(largest, 0)))
        return hpo__fail(err, HPO_E_INVALID, "parameter '%s': step %s is too small for doubles of the size of the bounds [%s, %s]", name, by, a, b);
    return HPO_OK;
}

static hpo_status add_float(hpo_space *space, const char *name, double low, double high, int32_t scale, hpo_error *err) {
    hpo_status status = check_new_name(space, name, err);
    if (status == HPO_OK)
        status = check_range(name, low, high, scale, nextafter(0.0, 1.0), err);
    if (status != HPO_OK)
        return status;
    hpo__parameter p = {.kind = HPO_FLOAT, .scale = scale, .low = low + 0.0, .declared_high = high + 0.0};
    return append(space, name, &p, err);
}

hpo_status hpo_space_add_float(hpo_space *space, const char *name, double low, double high, int32_t scale, hpo_error *err) {
    hpo_error  local;
    uint64_t   ticket;
    hpo_status status = begin(space, "float", name, &ticket, err);
    return status != HPO_OK ? status : finish(space, ticket, add_float(space, name, low, high, scale, &local), &local, err);
}

static hpo_status add_int(hpo_space *space, const char *name, int64_t low, int64_t high, int32_t scale, hpo_error *err) {
    hpo_status status = check_new_name(space, name, err);
    if (status != HPO_OK)
        return status;
    if (low < -(int64_t)LARGEST_INT || high > (int64_t)LARGEST_INT)
        return hpo__fail(err, HPO_E_INVALID, "parameter '%s': the bounds [%lld, %lld] must lie within +-2^53", name, (long long)low, (long long)high);
    status = check_range(name, (double)low, (double)high, scale, 1.0, err);
    if (status == HPO_OK)
        status = check_count(name, (double)low, (double)high, 1, scale, err);
    if (status != HPO_OK)
        return status;
    hpo__parameter p = {.kind = HPO_INT, .scale = scale, .low = (double)low, .declared_high = (double)high, .step = 1};
    return append(space, name, &p, err);
}

hpo_status hpo_space_add_int(hpo_space *space, const char *name, int64_t low, int64_t high, int32_t scale, hpo_error *err) {
    hpo_error  local;
    uint64_t   ticket;
    hpo_status status = begin(space, "int", name, &ticket, err);
    return status != HPO_OK ? status : finish(space, ticket, add_int(space, name, low, high, scale, &local), &local, err);
}

static hpo_status check_choices(const char *name, const char *const *choices, size_t n, hpo_error *err) {
    if (n == 0 || choices == NULL)
        return hpo__fail(err, HPO_E_INVALID, "parameter '%s': the list of choices is empty", name);
    for (size_t i = 0; i < n; i++) {
        hpo_status status = check_text(choices[i], "choice", name, err);
        if (status != HPO_OK)
            return status;
        for (size_t j = 0; j < i; j++)
            if (strcmp(choices[i], choices[j]) == 0)
                return hpo__fail(err, HPO_E_INVALID, "parameter '%s': the choice '%.100s' is there twice", name, choices[i]);
    }
    return HPO_OK;
}

static hpo_status add_choices(hpo_space *space, const char *name, int32_t kind, const char *const *choices, size_t n, hpo_error *err) {
    hpo_status status = check_new_name(space, name, err);
    if (status == HPO_OK)
        status = check_choices(name, choices, n, err);
    if (status != HPO_OK)
        return status;
    hpo__parameter p = {.kind = kind, .n_choices = n};
    p.choices        = hpo__alloc_zero(&space->alloc, n, sizeof *p.choices);
    bool complete    = p.choices != NULL;
    for (size_t i = 0; i < n && complete; i++)
        complete = (p.choices[i] = hpo__text_copy(&space->alloc, choices[i], strlen(choices[i]))) != NULL;
    if (!complete) {
        hpo__parameter_end(&space->alloc, &p);
        return hpo__fail_nomem(err);
    }
    p.high = p.declared_high = (double)(n - 1);
    return append(space, name, &p, err);
}

hpo_status hpo_space_add_categorical(hpo_space *space, const char *name, const char *const *choices, size_t n, hpo_error *err) {
    hpo_error  local;
    uint64_t   ticket;
    hpo_status status = begin(space, "categorical", name, &ticket, err);
    return status != HPO_OK ? status : finish(space, ticket, add_choices(space, name, HPO_CATEGORICAL, choices, n, &local), &local, err);
}

hpo_status hpo_space_add_bool(hpo_space *space, const char *name, hpo_error *err) {
    static const char *const choices[] = {"false", "true"};
    hpo_error                local;
    uint64_t                 ticket;
    hpo_status               status = begin(space, "bool", name, &ticket, err);
    return status != HPO_OK ? status : finish(space, ticket, add_choices(space, name, HPO_BOOL, choices, 2, &local), &local, err);
}

static hpo_status check_levels(const char *name, const double *levels, size_t n, hpo_error *err) {
    char a[HPO__NUMBER_SIZE], b[HPO__NUMBER_SIZE];
    if (n == 0 || levels == NULL)
        return hpo__fail(err, HPO_E_INVALID, "parameter '%s': the list of levels is empty", name);
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(levels[i]))
            return hpo__fail(err, HPO_E_INVALID, "parameter '%s': level %s is not finite", name, hpo__number_text(levels[i], a));
        if (i > 0 && (levels[i] == levels[i - 1] || (levels[i] > levels[i - 1]) != (levels[1] > levels[0])))
            return hpo__fail(err, HPO_E_INVALID, "parameter '%s': levels must rise or fall strictly, %s follows %s", name,
                             hpo__number_text(levels[i], a), hpo__number_text(levels[i - 1], b));
    }
    return HPO_OK;
}

static hpo_status add_ordinal(hpo_space *space, const char *name, const double *levels, size_t n, hpo_error *err) {
    hpo_status status = check_new_name(space, name, err);
    if (status == HPO_OK)
        status = check_levels(name, levels, n, err);
    if (status != HPO_OK)
        return status;
    hpo__parameter p = {.kind = HPO_ORDINAL, .n_choices = n};
    p.levels         = hpo__alloc_new(&space->alloc, n, sizeof *p.levels);
    if (p.levels == NULL)
        return hpo__fail_nomem(err);
    memcpy(p.levels, levels, n * sizeof *levels);
    p.low  = fmin(levels[0], levels[n - 1]);
    p.high = p.declared_high = fmax(levels[0], levels[n - 1]);
    return append(space, name, &p, err);
}

hpo_status hpo_space_add_ordinal(hpo_space *space, const char *name, const double *levels, size_t n, hpo_error *err) {
    hpo_error  local;
    uint64_t   ticket;
    hpo_status status = begin(space, "ordinal", name, &ticket, err);
    return status != HPO_OK ? status : finish(space, ticket, add_ordinal(space, name, levels, n, &local), &local, err);
}

/* ---- refining ---- */

static hpo_status find(const hpo_space *space, const char *name, size_t *index, hpo_error *err) {
    if (name == NULL)
        return hpo__fail(err, HPO_E_INVALID, "the name of the parameter is NULL");
    *index = hpo_space_index(space, name);
    return *index == SIZE_MAX ? hpo__space_unknown(space, name, err) : HPO_OK;
}

/* Values that conditions of other parameters name must stay possible; their rounding may change. */
static hpo_status check_children(const hpo_space *space, size_t parent, const hpo__parameter *changed, bool store, hpo_error *err) {
    for (size_t i = 0; i < space->size; i++)
        for (size_t c = 0; c < space->parameters[i].n_conditions; c++) {
            hpo__condition *condition = &space->parameters[i].conditions[c];
            for (size_t v = 0; v < condition->n_values && condition->parent == parent; v++) {
                double     value  = condition->values[v];
                hpo_status status = hpo__codec_check(changed, &value, err);
                if (status != HPO_OK)
                    return status;
                if (store)
                    condition->values[v] = value;
            }
        }
    return HPO_OK;
}

static hpo_status set_step(hpo_space *space, const char *name, double step, hpo_error *err) {
    size_t     index = 0;
    char       number[HPO__NUMBER_SIZE];
    hpo_status status = find(space, name, &index, err);
    if (status != HPO_OK)
        return status;
    hpo__parameter changed = space->parameters[index];
    hpo__number_text(step, number);
    if (changed.kind != HPO_FLOAT && changed.kind != HPO_INT)
        return hpo__fail(err, HPO_E_INVALID, "parameter '%s': only float and int parameters have a step", name);
    if (!isfinite(step) || step <= 0)
        return hpo__fail(err, HPO_E_INVALID, "parameter '%s': step %s must be finite and > 0", name, number);
    if (changed.kind == HPO_INT && step != floor(step))
        return hpo__fail(err, HPO_E_INVALID, "parameter '%s': step %s of an int parameter must be a whole number", name, number);
    status = check_count(name, changed.low, changed.declared_high, step, changed.scale, err);
    if (status != HPO_OK)
        return status;
    changed.step    = step;
    changed.stepped = true;
    hpo__codec_prepare(&changed);
    if (changed.count < 2)
        return hpo__fail(err, HPO_E_INVALID, "parameter '%s': step %s is larger than the range", name, number);
    if (!isnan(changed.initial))
        status = hpo__codec_check(&changed, &changed.initial, err);
    if (status == HPO_OK)
        status = check_children(space, index, &changed, false, err);
    if (status != HPO_OK)
        return status;
    check_children(space, index, &changed, true, NULL);
    space->parameters[index] = changed;
    return HPO_OK;
}

hpo_status hpo_space_set_step(hpo_space *space, const char *name, double step, hpo_error *err) {
    hpo_error  local;
    uint64_t   ticket;
    hpo_status status = begin(space, "step", name, &ticket, err);
    return status != HPO_OK ? status : finish(space, ticket, set_step(space, name, step, &local), &local, err);
}

static hpo_status set_default(hpo_space *space, const char *name, const char *value, hpo_error *err) {
    size_t     index  = 0;
    double     number = 0;
    hpo_status status = find(space, name, &index, err);
    if (status == HPO_OK)
        status = hpo__codec_read(&space->parameters[index], value, &number, err);
    if (status == HPO_OK)
        space->parameters[index].initial = number;
    return status;
}

hpo_status hpo_space_set_default(hpo_space *space, const char *name, const char *value, hpo_error *err) {
    hpo_error  local;
    uint64_t   ticket;
    hpo_status status = begin(space, "default", name, &ticket, err);
    return status != HPO_OK ? status : finish(space, ticket, set_default(space, name, value, &local), &local, err);
}

static hpo_status read_values(const hpo_space *space, size_t parent, const char *const *values, size_t n, hpo__condition *condition, hpo_error *err) {
    const hpo__parameter *p = &space->parameters[parent];
    if (n == 0 || values == NULL)
        return hpo__fail(err, HPO_E_INVALID, "a condition on '%s' needs at least one value", p->name);
    if (p->count == 0)
        return hpo__fail(err, HPO_E_INVALID, "a condition on '%s' is not possible: it is continuous", p->name);
    *condition = (hpo__condition){parent, hpo__alloc_new(&space->alloc, n, sizeof(double)), n};
    if (condition->values == NULL)
        return hpo__fail_nomem(err);
    hpo_status status = HPO_OK;
    for (size_t i = 0; i < n && status == HPO_OK; i++)
        status = hpo__codec_read(p, values[i], &condition->values[i], err);
    if (status != HPO_OK)
        hpo__condition_end(&space->alloc, condition);
    return status;
}

/* Puts the condition in place, and takes it out again when the space would not be sound with it. */
static hpo_status attach(hpo_space *space, size_t child, const hpo__condition *condition, bool settle, hpo_error *err) {
    hpo__parameter *p          = &space->parameters[child];
    hpo__condition *before     = p->conditions;
    size_t          n_before   = p->n_conditions;
    hpo__condition *conditions = hpo__alloc_new(&space->alloc, n_before + 1, sizeof *conditions);
    if (conditions == NULL)
        return hpo__fail_nomem(err);
    if (n_before > 0)
        memcpy(conditions, before, n_before * sizeof *conditions);
    conditions[n_before] = *condition;
    p->conditions        = conditions;
    p->n_conditions      = n_before + 1;
    hpo_status status    = settle ? hpo__condition_settle(space, child, err) : HPO_OK;
    if (status != HPO_OK) {
        p->conditions   = before;
        p->n_conditions = n_before;
        hpo__alloc_free(&space->alloc, conditions, n_before + 1, sizeof *conditions);
        return status;
    }
    hpo__alloc_free(&space->alloc, before, n_before, sizeof *before);
    return HPO_OK;
}

static hpo_status when(hpo_space *space, const char *child, const char *parent, const char *const *values, size_t n, bool settle, hpo_error *err) {
    size_t         c = 0, p = 0;
    hpo__condition condition;
    hpo_status     status = find(space, child, &c, err);
    if (status == HPO_OK)
        status = find(space, parent, &p, err);
    if (status != HPO_OK)
        return status;
    for (size_t i = 0; i < space->parameters[c].n_conditions; i++)
        if (space->parameters[c].conditions[i].parent == p)
            return hpo__fail(err, HPO_E_EXISTS, "parameter '%s' has a condition on '%s' already", child, parent);
    status = read_values(space, p, values, n, &condition, err);
    if (status != HPO_OK)
        return status;
    status = attach(space, c, &condition, settle, err);
    if (status != HPO_OK) {
        hpo__condition_end(&space->alloc, &condition);
        return status;
    }
    space->parameters[p].is_parent = true;
    space->conditional             = true;
    return HPO_OK;
}

hpo_status hpo__space_tie(hpo_space *space, const char *child, const char *parent, const char *const *values, size_t n, hpo_error *err) {
    return when(space, child, parent, values, n, false, err);
}

hpo_status hpo_space_when(hpo_space *space, const char *child, const char *parent, const char *const *values, size_t n, hpo_error *err) {
    hpo_error  local;
    uint64_t   ticket;
    hpo_status status = begin(space, "when", child, &ticket, err);
    return status != HPO_OK ? status : finish(space, ticket, when(space, child, parent, values, n, true, &local), &local, err);
}
