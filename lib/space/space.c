/* The life and the reading of a search space. */
#include "space/space.h"

#include <string.h>

hpo_space *hpo_space_new(const hpo_allocator *allocator) {
    hpo__alloc alloc = hpo__alloc_from(allocator);
    if (alloc.resize == NULL)
        return NULL;
    hpo_space *space = hpo__alloc_zero(&alloc, 1, sizeof *space);
    if (space != NULL)
        space->alloc = alloc;
    return space;
}

void hpo__condition_end(const hpo__alloc *alloc, hpo__condition *condition) {
    hpo__alloc_free(alloc, condition->values, condition->n_values, sizeof(double));
}

void hpo__parameter_end(const hpo__alloc *alloc, hpo__parameter *p) {
    for (size_t i = 0; p->choices != NULL && i < p->n_choices; i++)
        hpo__text_free(alloc, p->choices[i]);
    hpo__alloc_free(alloc, p->choices, p->n_choices, sizeof *p->choices);
    hpo__alloc_free(alloc, p->levels, p->n_choices, sizeof *p->levels);
    for (size_t i = 0; i < p->n_conditions; i++)
        hpo__condition_end(alloc, &p->conditions[i]);
    hpo__alloc_free(alloc, p->conditions, p->n_conditions, sizeof *p->conditions);
    hpo__text_free(alloc, p->name);
}

void hpo_space_free(hpo_space *space) {
    if (space == NULL)
        return;
    hpo__alloc alloc = space->alloc;
    for (size_t i = 0; i < space->size; i++)
        hpo__parameter_end(&alloc, &space->parameters[i]);
    hpo__alloc_free(&alloc, space->parameters, space->capacity, sizeof *space->parameters);
    hpo__alloc_free(&alloc, space->order, space->capacity, sizeof *space->order);
    hpo__alloc_free(&alloc, space->slots, space->n_slots, sizeof *space->slots);
    hpo__alloc_free(&alloc, space, 1, sizeof *space);
}

hpo_status hpo_space_status(const hpo_space *space, hpo_error *err) {
    if (space == NULL)
        return hpo__fail(err, HPO_E_INVALID, "the space is NULL");
    if (space->sticky.code != 0 && err != NULL)
        *err = space->sticky;
    return space->sticky.code;
}

/* ---- names ---- */

uint64_t hpo__space_hash(const char *text) { /* FNV-1a */
    uint64_t h = 14695981039346656037u;
    for (; *text != '\0'; text++)
        h = (h ^ (unsigned char)*text) * 1099511628211u;
    return h ^ h >> 32;
}

void hpo__space_slot(size_t *slots, size_t n_slots, const char *name, size_t index) {
    size_t at = (size_t)hpo__space_hash(name) & (n_slots - 1);
    while (slots[at] != 0)
        at = (at + 1) & (n_slots - 1);
    slots[at] = index + 1;
}

size_t hpo_space_index(const hpo_space *space, const char *name) {
    if (space == NULL || name == NULL || space->n_slots == 0)
        return SIZE_MAX;
    for (size_t at = (size_t)hpo__space_hash(name) & (space->n_slots - 1); space->slots[at] != 0; at = (at + 1) & (space->n_slots - 1))
        if (strcmp(space->parameters[space->slots[at] - 1].name, name) == 0)
            return space->slots[at] - 1;
    return SIZE_MAX;
}

const char *hpo__space_nearest(const hpo_space *space, const char *name) {
    const char *nearest = NULL;
    size_t      best    = strlen(name) / 2 + 2;
    for (size_t i = 0; i < space->size; i++) {
        size_t distance = hpo__text_distance(name, space->parameters[i].name);
        if (distance < best) {
            best    = distance;
            nearest = space->parameters[i].name;
        }
    }
    return nearest;
}

hpo_status hpo__space_unknown(const hpo_space *space, const char *name, hpo_error *err) {
    const char *nearest = hpo__space_nearest(space, name);
    if (nearest == NULL)
        return hpo__fail(err, HPO_E_NOT_FOUND, "there is no parameter '%.100s'", name);
    return hpo__fail(err, HPO_E_NOT_FOUND, "there is no parameter '%.100s'; did you mean '%.100s'?", name, nearest);
}

/* ---- reading ---- */

size_t hpo_space_size(const hpo_space *space) {
    return space == NULL ? 0 : space->size;
}

static const hpo__parameter *at(const hpo_space *space, size_t index) {
    return space != NULL && index < space->size ? &space->parameters[index] : NULL;
}

const char *hpo_space_name(const hpo_space *space, size_t index) {
    const hpo__parameter *p = at(space, index);
    return p == NULL ? NULL : p->name;
}

int32_t hpo_space_kind(const hpo_space *space, size_t index) {
    const hpo__parameter *p = at(space, index);
    return p == NULL ? -1 : p->kind;
}

uint64_t hpo_space_cardinality(const hpo_space *space, size_t index) {
    const hpo__parameter *p = at(space, index);
    return p == NULL ? 0 : p->count;
}

const char *hpo_space_choice(const hpo_space *space, size_t index, size_t choice) {
    const hpo__parameter *p = at(space, index);
    return p == NULL || p->choices == NULL || choice >= p->n_choices ? NULL : p->choices[choice];
}

const char *hpo__parameter_text(const hpo__parameter *p, double value, char *buf) {
    if (p->choices != NULL && value >= 0 && value < (double)p->n_choices)
        return p->choices[(size_t)value];
    return hpo__number_text(value, buf);
}
