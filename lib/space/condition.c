/* Conditions: their order, cycles, and parameters that could never be active. */
#include "base/text.h"
#include "space/space.h"

#include <math.h>
#include <string.h>

enum { UNSEEN, OPEN, PLACED };

/* Depth-first search state: the path of parameters whose parents are being placed, and how many of its conditions each has looked at. */
typedef struct search {
    unsigned char *state;
    size_t        *path, *looked;
} search;

/* Places `first` after all its ancestors; HPO_E_INVALID when one of them is on the path already. */
static hpo_status place(const hpo_space *space, search *s, size_t first, size_t *order, size_t *done, hpo_error *err) {
    size_t depth = 0;
    s->path[0]   = first;
    for (;;) {
        size_t                at = s->path[depth];
        const hpo__parameter *p  = &space->parameters[at];
        s->state[at]             = OPEN;
        if (s->looked[at] == p->n_conditions) {
            s->state[at]     = PLACED;
            order[(*done)++] = at;
            if (depth-- == 0)
                return HPO_OK;
            continue;
        }
        size_t parent = p->conditions[s->looked[at]++].parent;
        if (s->state[parent] == OPEN)
            return hpo__fail(err, HPO_E_INVALID, "parameter '%s': its conditions depend on itself in a cycle", p->name);
        if (s->state[parent] == UNSEEN)
            s->path[++depth] = parent;
    }
}

/* In the order of declaration, but parents before children; O(parameters + conditions). */
static hpo_status sort(const hpo_space *space, size_t *order, hpo_error *err) {
    search     s      = {hpo__alloc_zero(&space->alloc, space->size, sizeof *s.state), hpo__alloc_new(&space->alloc, space->size, sizeof *s.path),
                         hpo__alloc_zero(&space->alloc, space->size, sizeof *s.looked)};
    hpo_status status = s.state == NULL || s.path == NULL || s.looked == NULL ? hpo__fail_nomem(err) : HPO_OK;
    size_t     done   = 0;
    for (size_t i = 0; i < space->size && status == HPO_OK; i++)
        if (s.state[i] == UNSEEN)
            status = place(space, &s, i, order, &done, err);
    hpo__alloc_free(&space->alloc, s.state, space->size, sizeof *s.state);
    hpo__alloc_free(&space->alloc, s.path, space->size, sizeof *s.path);
    hpo__alloc_free(&space->alloc, s.looked, space->size, sizeof *s.looked);
    return status;
}

/* Marks `index` and everything above it, and counts the conditions on each parameter among the marked ones. */
static void mark_ancestors(const hpo_space *space, const size_t *order, size_t index, bool *marked, size_t *uses) {
    memset(marked, 0, space->size * sizeof *marked);
    memset(uses, 0, space->size * sizeof *uses);
    marked[index] = true;
    for (size_t k = space->size; k-- > 0;) { /* children before parents */
        const hpo__parameter *p = &space->parameters[order[k]];
        for (size_t c = 0; marked[order[k]] && c < p->n_conditions; c++) {
            marked[p->conditions[c].parent] = true;
            uses[p->conditions[c].parent]++;
        }
    }
}

static bool contains(const hpo__condition *condition, double value) {
    for (size_t v = 0; v < condition->n_values; v++)
        if (condition->values[v] == value)
            return true;
    return false;
}

/* Whether every condition on `parent` among the marked parameters allows `value`. */
static bool allowed(const hpo_space *space, const bool *marked, size_t parent, double value) {
    for (size_t i = 0; i < space->size; i++)
        for (size_t c = 0; marked[i] && c < space->parameters[i].n_conditions; c++)
            if (space->parameters[i].conditions[c].parent == parent && !contains(&space->parameters[i].conditions[c], value))
                return false;
    return true;
}

/* Some value of `parent` that all conditions on it among the marked parameters allow: one of the first condition's, if any. */
static bool satisfiable(const hpo_space *space, const bool *marked, size_t parent) {
    for (size_t i = 0; i < space->size; i++)
        for (size_t c = 0; marked[i] && c < space->parameters[i].n_conditions; c++) {
            const hpo__condition *condition = &space->parameters[i].conditions[c];
            if (condition->parent != parent)
                continue;
            for (size_t v = 0; v < condition->n_values; v++)
                if (allowed(space, marked, parent, condition->values[v]))
                    return true;
            return false;
        }
    return true;
}

/* A parameter is active when its conditions and those of all its ancestors hold at once. Each ancestor takes its values freely, so that is possible exactly
 * when the conditions on each ancestor have a value in common. */
static hpo_status check_reachable(const hpo_space *space, const size_t *order, size_t index, bool *marked, size_t *uses, hpo_error *err) {
    mark_ancestors(space, order, index, marked, uses);
    for (size_t parent = 0; parent < space->size; parent++)
        if (uses[parent] > 1 && !satisfiable(space, marked, parent))
            return hpo__fail(err, HPO_E_INVALID, "parameter '%s' can never be active: its conditions on '%s' and above exclude each other",
                             space->parameters[index].name, space->parameters[parent].name);
    return HPO_OK;
}

/* Marks `changed` and everything below it; all parameters when it is SIZE_MAX. */
static void mark_changed(const hpo_space *space, const size_t *order, size_t changed, bool *below) {
    for (size_t k = 0; k < space->size; k++) {
        const hpo__parameter *p = &space->parameters[order[k]];
        bool                  b = changed == SIZE_MAX || order[k] == changed;
        for (size_t c = 0; c < p->n_conditions && !b; c++)
            b = below[p->conditions[c].parent];
        below[order[k]] = b;
    }
}

static hpo_status check_all(const hpo_space *space, const size_t *order, size_t changed, hpo_error *err) {
    bool      *below  = hpo__alloc_new(&space->alloc, space->size, sizeof *below);
    bool      *marked = hpo__alloc_new(&space->alloc, space->size, sizeof *marked);
    size_t    *uses   = hpo__alloc_new(&space->alloc, space->size, sizeof *uses);
    hpo_status status = below == NULL || marked == NULL || uses == NULL ? hpo__fail_nomem(err) : HPO_OK;
    if (status == HPO_OK)
        mark_changed(space, order, changed, below);
    for (size_t i = 0; i < space->size && status == HPO_OK; i++)
        if (below[i] && space->parameters[i].n_conditions > 0)
            status = check_reachable(space, order, i, marked, uses, err);
    hpo__alloc_free(&space->alloc, below, space->size, sizeof *below);
    hpo__alloc_free(&space->alloc, marked, space->size, sizeof *marked);
    hpo__alloc_free(&space->alloc, uses, space->size, sizeof *uses);
    return status;
}

hpo_status hpo__condition_settle(hpo_space *space, size_t changed, hpo_error *err) {
    size_t *order = hpo__alloc_new(&space->alloc, space->capacity, sizeof *order);
    if (order == NULL)
        return hpo__fail_nomem(err);
    hpo_status status = sort(space, order, err);
    if (status == HPO_OK)
        status = check_all(space, order, changed, err);
    size_t *unused = status == HPO_OK ? space->order : order;
    space->order   = status == HPO_OK ? order : space->order;
    hpo__alloc_free(&space->alloc, unused, space->capacity, sizeof *order);
    return status;
}
