/* Latin hypercube sampling (num/lhs.c): in every block of n suggestions each parameter's range is cut into n slices and each slice is used once. A longer run
 * goes on with independent blocks. O(d) per ask, no memory for the design. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/settings.h"
#include "num/random.h"
#include "num/sequence.h"
#include "space/space.h"
#include "strategy/registry.h"

enum { UNKNOWN_BUDGET = 100 };

typedef struct state {
    hpo__alloc alloc;
    size_t     d;
    uint64_t   n;
    double     unit[];
} state;

static hpo_status create(const hpo_space *space, const hpo_settings *settings, void *user, void **out, hpo_error *err) {
    (void)user;
    state *s = hpo__alloc_new(&space->alloc, 1, sizeof *s + space->size * sizeof(double));
    if (s == NULL)
        return hpo__fail_nomem(err);
    int64_t wanted  = hpo__settings_integer(settings, "lhs.samples");
    int64_t planned = hpo__settings_integer(settings, "trials");
    s->alloc        = space->alloc;
    s->d            = space->size;
    s->n            = (uint64_t)(wanted > 0 ? wanted : planned > 0 ? planned : UNKNOWN_BUDGET);
    *out            = s;
    return HPO_OK;
}

static void destroy(void *state_) {
    state *s = state_;
    hpo__alloc_free(&s->alloc, s, 1, sizeof *s + s->d * sizeof(double));
}

static hpo_status ask(void *state_, const hpo_history *history, uint64_t number, hpo_point *out, hpo_error *err) {
    state   *s     = state_;
    uint64_t index = hpo_history_suggested(history);
    uint64_t seed  = hpo__random_bits(hpo_history_seed(history), index / s->n, HPO__FOR_LHS, 0);
    (void)number;
    hpo__lhs_point(s->n, s->d, seed, index % s->n, s->unit);
    return hpo_point_set_unit(out, s->unit, s->d, err);
}

static const hpo_setting settings_table[] = {
    {"lhs.samples", "int", "0", "0..1000000000", "size of a Latin hypercube; 0: the planned trials, or 100 when these are unknown"},
    {NULL, NULL, NULL, NULL, NULL},
};

const hpo_strategy_ops hpo__strategy_lhs = {
    .struct_size = sizeof(hpo_strategy_ops),
    .abi_version = HPO_STRATEGY_ABI,
    .name        = "lhs",
    .help        = "Latin hypercube: every slice of every parameter used once",
    .create      = create,
    .destroy     = destroy,
    .ask         = ask,
    .settings    = settings_table,
};
