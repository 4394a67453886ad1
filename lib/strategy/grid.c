/*
 * Grid search: every cell of the grid exactly once.
 *
 * The grid itself is space/lattice.c. The next cell is the first, in the chosen order, that no finished or running trial stands on, whoever made that trial: so a
 * default configuration that lies on the grid is not tried again, and a resumed study goes on where it was. The state keeps a cursor into the order and a heap of
 * the covered positions beyond it; both follow from the history. Cost O(d) per ask, and O(d) per trial that the cache has not seen; no memory per cell.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "base/settings.h"
#include "num/random.h"
#include "space/lattice.h"
#include "strategy/registry.h"

#include <stdbool.h>
#include <stdio.h>

typedef struct state {
    hpo__alloc    alloc;
    size_t        d;
    hpo__lattice *lattice;
    bool          shuffled;
    uint64_t      key;
    uint64_t      cursor; /* every position before it is covered */
    uint64_t     *ahead;  /* binary min-heap of covered positions >= cursor */
    size_t        n_ahead, capacity;
    size_t        seen;        /* rows of the history that are in */
    uint64_t      next_number; /* trials before this number that run are in */
    double       *unit;
} state;

static void destroy(void *state_) {
    state *s = state_;
    hpo__lattice_free(s->lattice);
    hpo__alloc_free(&s->alloc, s->ahead, s->capacity, sizeof *s->ahead);
    hpo__alloc_free(&s->alloc, s->unit, s->d, sizeof *s->unit);
    hpo__alloc_free(&s->alloc, s, 1, sizeof *s);
}

/* Levels asked for by name, or in general; 0 for "all values". */
static uint64_t wanted_levels(const hpo_settings *settings, const hpo__parameter *p) {
    char key[300];
    snprintf(key, sizeof key, "grid.levels.%s", p->name);
    if (hpo__settings_given(settings, key) != NULL)
        return (uint64_t)hpo__settings_integer(settings, key);
    if (p->kind == HPO_CATEGORICAL || p->kind == HPO_ORDINAL || p->kind == HPO_BOOL || p->stepped)
        return 0;
    return (uint64_t)hpo__settings_integer(settings, "grid.levels");
}

static hpo_status make_lattice(state *s, const hpo_space *space, const hpo_settings *settings, hpo_error *err) {
    hpo__axis *axes = hpo__alloc_zero(&space->alloc, space->size, sizeof *axes);
    if (axes == NULL)
        return hpo__fail_nomem(err);
    for (size_t i = 0; i < space->size; i++) {
        uint64_t   n      = wanted_levels(settings, &space->parameters[i]);
        hpo_status status = hpo__axis_spread(space, i, n > 0 ? n : space->parameters[i].count, &axes[i], err);
        if (status != HPO_OK) {
            axes[i].units = NULL;
            hpo__axes_free(space, axes);
            return status;
        }
    }
    return hpo__lattice_new(space, axes, &s->lattice, err);
}

static hpo_status create(const hpo_space *space, const hpo_settings *settings, void *user, void **out, hpo_error *err) {
    (void)user;
    state *s = hpo__alloc_zero(&space->alloc, 1, sizeof *s);
    if (s == NULL)
        return hpo__fail_nomem(err);
    s->alloc          = space->alloc;
    s->d              = space->size;
    s->shuffled       = hpo__settings_is(settings, "grid.order", "shuffled");
    s->key            = hpo__random_bits((uint64_t)hpo__settings_integer(settings, "seed"), 0, HPO__FOR_GRID_ORDER, 0);
    s->unit           = hpo__alloc_new(&s->alloc, s->d, sizeof *s->unit);
    hpo_status status = s->unit == NULL ? hpo__fail_nomem(err) : make_lattice(s, space, settings, err);
    if (status != HPO_OK) {
        destroy(s);
        return status;
    }
    *out = s;
    return HPO_OK;
}

/* ---- the heap ---- */

static bool push(state *s, uint64_t position) {
    if (s->n_ahead == s->capacity) {
        size_t    capacity = hpo__alloc_capacity(s->capacity, s->n_ahead + 1);
        uint64_t *ahead    = hpo__alloc_grow(&s->alloc, s->ahead, s->capacity, capacity, sizeof *ahead);
        if (ahead == NULL)
            return false;
        s->ahead    = ahead;
        s->capacity = capacity;
    }
    size_t at = s->n_ahead++;
    for (; at > 0 && s->ahead[(at - 1) / 2] > position; at = (at - 1) / 2)
        s->ahead[at] = s->ahead[(at - 1) / 2];
    s->ahead[at] = position;
    return true;
}

static void pop(state *s) {
    uint64_t last = s->ahead[--s->n_ahead];
    size_t   at   = 0;
    for (size_t child = 1; child < s->n_ahead; at = child, child = 2 * child + 1) {
        child += child + 1 < s->n_ahead && s->ahead[child + 1] < s->ahead[child];
        if (s->ahead[child] >= last)
            break;
        s->ahead[at] = s->ahead[child];
    }
    s->ahead[at] = last;
}

/* ---- following the history ---- */

static bool cover(state *s, const double *unit) {
    uint64_t position;
    if (!hpo__lattice_find(s->lattice, unit, &position))
        return true;
    if (s->shuffled)
        position = hpo__permute_inverse(position, hpo__lattice_total(s->lattice), s->key);
    return position < s->cursor || push(s, position);
}

static bool follow(state *s, const hpo_history *history, uint64_t number) {
    const double *unit = hpo_history_unit(history);
    for (; s->seen < hpo_history_size(history); s->seen++)
        if (!cover(s, unit + s->seen * s->d))
            return false;
    if (s->next_number != number) { /* others started trials meanwhile, or the cache is new */
        size_t running = hpo_history_pending(history, &unit);
        for (size_t i = 0; i < running; i++)
            if (!cover(s, unit + i * s->d))
                return false;
    }
    for (; s->n_ahead > 0 && s->ahead[0] <= s->cursor; pop(s))
        s->cursor += s->ahead[0] == s->cursor;
    return true;
}

static hpo_status ask(void *state_, const hpo_history *history, uint64_t number, hpo_point *out, hpo_error *err) {
    state   *s     = state_;
    uint64_t total = hpo__lattice_total(s->lattice);
    if (!follow(s, history, number))
        return hpo__fail_nomem(err);
    if (s->cursor >= total)
        return HPO_EXHAUSTED;
    hpo__lattice_point(s->lattice, s->shuffled ? hpo__permute(s->cursor, total, s->key) : s->cursor, s->unit);
    s->cursor++;
    s->next_number = number + 1;
    return hpo_point_set_unit(out, s->unit, s->d, err);
}

static hpo_status total(void *state_, uint64_t *trials, hpo_error *err) {
    (void)err;
    *trials = hpo__lattice_total(((state *)state_)->lattice);
    return HPO_OK;
}

static const hpo_setting settings_table[] = {
    {"grid.levels", "int", "5", "2..1000000", "levels of a parameter without choices or steps; an int with fewer values gets them all"},
    {"grid.levels.*", "int", "", "1..1000000", "levels of this parameter, spread evenly on its scale"},
    {"grid.order", "choice", "lexicographic", "lexicographic|shuffled",
     "order of the cells; shuffled by the seed, so that a part of the grid is a fair sample"},
    {NULL, NULL, NULL, NULL, NULL},
};

const hpo_strategy_ops hpo__strategy_grid = {
    .struct_size = sizeof(hpo_strategy_ops),
    .abi_version = HPO_STRATEGY_ABI,
    .name        = "grid",
    .help        = "every cell of a grid, once",
    .create      = create,
    .destroy     = destroy,
    .ask         = ask,
    .total       = total,
    .settings    = settings_table,
};
