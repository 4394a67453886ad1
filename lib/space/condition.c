/* Conditions: their order, cycles, and parameters that could never be active. */
#include "base/text.h"
#include "space/space.h"

#include <math.h>
#include <string.h>

/* Kahn's algorithm in the order of declaration, so that equal spaces have equal orders; O(parameters x passes), passes at most the depth. */
hpo_status hpo__condition_sort(hpo_space *space, size_t *order, hpo_error *err) {
    size_t *rank = hpo__alloc_zero(&space->alloc, space->size, sizeof *rank);
    if (rank == NULL)
        return hpo__fail_nomem(err);
    size_t done = 0, before = SIZE_MAX;
    while (done < space->size && done != before) {
        before = done;
        for (size_t i = 0; i < space->size; i++) {
            const hpo__parameter *p     = &space->parameters[i];
            bool                  ready = rank[i] == 0;
            for (size_t c = 0; c < p->n_conditions && ready; c++)
                ready = rank[p->conditions[c].parent] != 0;
            if (ready) {
                order[done] = i;
                rank[i]     = ++done;
            }
        }
    }
    hpo_status status = HPO_OK;
    for (size_t i = 0; i < space->size && status == HPO_OK; i++)
        if (rank[i] == 0)
            status = hpo__fail(err, HPO_E_INVALID, "parameter '%s': its conditions depend on itself in a cycle", space->parameters[i].name);
    hpo__alloc_free(&space->alloc, rank, space->size, sizeof *rank);
    return status;
}

/* Marks `index` and everything above it. */
static void mark_ancestors(const hpo_space *space, size_t index, bool *marked) {
    memset(marked, 0, space->size * sizeof *marked);
    marked[index] = true;
    for (size_t k = space->size; k-- > 0;) { /* children before parents */
        const hpo__parameter *p = &space->parameters[space->order[k]];
        for (size_t c = 0; marked[space->order[k]] && c < p->n_conditions; c++)
            marked[p->conditions[c].parent] = true;
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

/* A parameter is active when its conditions and those of all its ancestors hold at once. Each ancestor takes its values freely, so that is possible
 * exactly when every such condition has a value that all the others on the same ancestor allow too. */
static bool reachable(const hpo_space *space, const bool *marked) {
    for (size_t i = 0; i < space->size; i++)
        for (size_t c = 0; marked[i] && c < space->parameters[i].n_conditions; c++) {
            const hpo__condition *condition = &space->parameters[i].conditions[c];
            bool                  found     = false;
            for (size_t v = 0; v < condition->n_values && !found; v++)
                found = allowed(space, marked, condition->parent, condition->values[v]);
            if (!found)
                return false;
        }
    return true;
}

hpo_status hpo__condition_reachable(const hpo_space *space, hpo_error *err) {
    bool *marked = hpo__alloc_new(&space->alloc, space->size, sizeof *marked);
    if (marked == NULL)
        return hpo__fail_nomem(err);
    hpo_status status = HPO_OK;
    for (size_t i = 0; i < space->size && status == HPO_OK; i++) {
        if (space->parameters[i].n_conditions == 0)
            continue;
        mark_ancestors(space, i, marked);
        if (!reachable(space, marked))
            status =
                hpo__fail(err, HPO_E_INVALID, "parameter '%s' can never be active: its conditions exclude each other", space->parameters[i].name);
    }
    hpo__alloc_free(&space->alloc, marked, space->size, sizeof *marked);
    return status;
}
