/* Randomised Halton points (num/halton.c); the index counts the strategy's own suggestions. Good in few dimensions; beyond some tens prefer sobol. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/settings.h"
#include "num/sequence.h"
#include "space/space.h"
#include "strategy/registry.h"

typedef struct state {
    hpo__alloc             alloc;
    size_t                 d;
    hpo__halton_dimension *table;
    size_t                 table_size;
    double                *unit;
} state;

static void destroy(void *state_) {
    state *s = state_;
    hpo__alloc_free(&s->alloc, s->table, s->table_size, 1);
    hpo__alloc_free(&s->alloc, s->unit, s->d, sizeof *s->unit);
    hpo__alloc_free(&s->alloc, s, 1, sizeof *s);
}

static hpo_status create(const hpo_space *space, const hpo_settings *settings, void *user, void **out, hpo_error *err) {
    (void)user;
    if (hpo__halton_size(space->size) == 0)
        return hpo__fail(err, HPO_E_UNSUPPORTED, "strategy 'halton' does not handle %zu parameters; use 'random' or 'lhs'", space->size);
    state *s = hpo__alloc_zero(&space->alloc, 1, sizeof *s);
    if (s == NULL)
        return hpo__fail_nomem(err);
    s->alloc      = space->alloc;
    s->d          = space->size;
    s->table_size = hpo__halton_size(s->d);
    s->table      = hpo__alloc_new(&s->alloc, s->table_size, 1);
    s->unit       = hpo__alloc_new(&s->alloc, s->d, sizeof *s->unit);
    if (s->table == NULL || s->unit == NULL) {
        destroy(s);
        return hpo__fail_nomem(err);
    }
    hpo__halton_fill(s->table, s->d, (uint64_t)hpo__settings_integer(settings, "seed"));
    *out = s;
    return HPO_OK;
}

static hpo_status ask(void *state_, const hpo_history *history, uint64_t number, hpo_point *out, hpo_error *err) {
    state *s = state_;
    (void)number;
    hpo__halton_point(s->table, s->d, hpo_history_suggested(history), s->unit);
    return hpo_point_set_unit(out, s->unit, s->d, err);
}

const hpo_strategy_ops hpo__strategy_halton = {
    .struct_size = sizeof(hpo_strategy_ops),
    .abi_version = HPO_STRATEGY_ABI,
    .name        = "halton",
    .help        = "randomised Halton sequence: evenly spread points, for few parameters",
    .create      = create,
    .destroy     = destroy,
    .ask         = ask,
};
