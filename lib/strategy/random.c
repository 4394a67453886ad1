/* Random search (Bergstra & Bengio, JMLR 2012): every coordinate uniform and independent, a function of the seed and the trial's number. O(d) per ask. */
#include "num/random.h"
#include "base/alloc.h"
#include "base/error.h"
#include "space/space.h"
#include "strategy/registry.h"

typedef struct state {
    hpo__alloc alloc;
    size_t     d;
    double     unit[];
} state;

static hpo_status create(const hpo_space *space, const hpo_settings *settings, void *user, void **out, hpo_error *err) {
    (void)settings;
    (void)user;
    state *s = hpo__alloc_new(&space->alloc, 1, sizeof *s + space->size * sizeof(double));
    if (s == NULL)
        return hpo__fail_nomem(err);
    s->alloc = space->alloc;
    s->d     = space->size;
    *out     = s;
    return HPO_OK;
}

static void destroy(void *state_) {
    state *s = state_;
    hpo__alloc_free(&s->alloc, s, 1, sizeof *s + s->d * sizeof(double));
}

static hpo_status ask(void *state_, const hpo_history *history, uint64_t number, hpo_point *out, hpo_error *err) {
    state *s = state_;
    hpo__random_uniforms(hpo_history_seed(history), number, HPO__FOR_RANDOM, s->unit, s->d);
    return hpo_point_set_unit(out, s->unit, s->d, err);
}

const hpo_strategy_ops hpo__strategy_random = {
    .struct_size = sizeof(hpo_strategy_ops),
    .abi_version = HPO_STRATEGY_ABI,
    .name        = "random",
    .help        = "independent uniform points",
    .create      = create,
    .destroy     = destroy,
    .ask         = ask,
};
