/* Copying and comparing whole spaces: a study keeps its own. */
#include "space/space.h"

#include <string.h>

static bool copy_conditions(const hpo__alloc *alloc, const hpo__parameter *from, hpo__parameter *to) {
    to->conditions   = NULL;
    to->n_conditions = 0;
    if (from->n_conditions == 0)
        return true;
    to->conditions = hpo__alloc_zero(alloc, from->n_conditions, sizeof *to->conditions);
    if (to->conditions == NULL)
        return false;
    to->n_conditions = from->n_conditions;
    for (size_t i = 0; i < from->n_conditions; i++) {
        const hpo__condition *condition = &from->conditions[i];
        to->conditions[i] = (hpo__condition){condition->parent, hpo__alloc_new(alloc, condition->n_values, sizeof(double)), condition->n_values};
        if (to->conditions[i].values == NULL)
            return false;
        memcpy(to->conditions[i].values, condition->values, condition->n_values * sizeof(double));
    }
    return true;
}

static bool copy_parameter(const hpo__alloc *alloc, const hpo__parameter *from, hpo__parameter *to) {
    *to         = *from;
    to->choices = NULL;
    to->levels  = NULL;
    to->name    = hpo__text_copy(alloc, from->name, strlen(from->name));
    bool copied = copy_conditions(alloc, from, to) && to->name != NULL;
    if (from->levels != NULL) {
        to->levels = hpo__alloc_new(alloc, from->n_choices, sizeof *to->levels);
        if (to->levels != NULL)
            memcpy(to->levels, from->levels, from->n_choices * sizeof *to->levels);
        copied = copied && to->levels != NULL;
    }
    if (from->choices != NULL) {
        to->choices = hpo__alloc_zero(alloc, from->n_choices, sizeof *to->choices);
        copied      = copied && to->choices != NULL;
        for (size_t i = 0; copied && i < from->n_choices; i++)
            copied = (to->choices[i] = hpo__text_copy(alloc, from->choices[i], strlen(from->choices[i]))) != NULL;
    }
    return copied;
}

hpo_status hpo__space_copy(const hpo_space *space, hpo_space **out, hpo_error *err) {
    hpo_space *copy = hpo__alloc_zero(&space->alloc, 1, sizeof *copy);
    if (copy == NULL)
        return hpo__fail_nomem(err);
    copy->alloc       = space->alloc;
    copy->capacity    = space->size;
    copy->n_slots     = space->n_slots;
    copy->conditional = space->conditional;
    copy->parameters  = hpo__alloc_new(&space->alloc, space->size, sizeof *copy->parameters);
    copy->order       = hpo__alloc_new(&space->alloc, space->size, sizeof *copy->order);
    copy->slots       = hpo__alloc_new(&space->alloc, space->n_slots, sizeof *copy->slots);
    bool copied       = copy->parameters != NULL && copy->order != NULL && copy->slots != NULL;
    if (copied && space->size > 0) {
        memcpy(copy->order, space->order, space->size * sizeof *copy->order);
        memcpy(copy->slots, space->slots, space->n_slots * sizeof *copy->slots);
    }
    while (copied && copy->size < space->size) {
        copied = copy_parameter(&space->alloc, &space->parameters[copy->size], &copy->parameters[copy->size]);
        copy->size++;
    }
    if (!copied) {
        hpo_space_free(copy);
        return hpo__fail_nomem(err);
    }
    *out = copy;
    return HPO_OK;
}

static bool equal_conditions(const hpo__parameter *a, const hpo__parameter *b) {
    if (a->n_conditions != b->n_conditions)
        return false;
    for (size_t c = 0; c < a->n_conditions; c++) {
        const hpo__condition *x = &a->conditions[c], *y = &b->conditions[c];
        if (x->parent != y->parent || x->n_values != y->n_values || memcmp(x->values, y->values, x->n_values * sizeof(double)) != 0)
            return false;
    }
    return true;
}

static bool equal_parameters(const hpo__parameter *a, const hpo__parameter *b) {
    if (strcmp(a->name, b->name) != 0 || a->kind != b->kind || a->scale != b->scale || a->low != b->low || a->high != b->high || a->step != b->step ||
        a->n_choices != b->n_choices || !equal_conditions(a, b))
        return false;
    for (size_t i = 0; i < a->n_choices; i++)
        if (a->choices != NULL ? strcmp(a->choices[i], b->choices[i]) != 0 : a->levels[i] != b->levels[i])
            return false;
    return true;
}

bool hpo__space_equal(const hpo_space *a, const hpo_space *b) {
    if (a == b)
        return true;
    if (a->size != b->size)
        return false;
    for (size_t i = 0; i < a->size; i++)
        if (!equal_parameters(&a->parameters[i], &b->parameters[i]))
            return false;
    return true;
}
