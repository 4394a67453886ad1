/* Owen-scrambled Sobol points (num/sobol.c). The index counts the strategy's own suggestions, so that a default or an enqueued trial takes no point out of the
 * sequence. Cost O(d log index) per ask; memory 128 bytes per parameter. */
#include "base/alloc.h"
#include "base/error.h"
#include "num/sequence.h"
#include "space/space.h"
#include "strategy/registry.h"

typedef struct state {
    hpo__alloc alloc;
    size_t     d;
    uint32_t  *directions; /* d x 32 */
    double    *unit;
} state;

static void destroy(void *state_) {
    state *s = state_;
    hpo__alloc_free(&s->alloc, s->directions, s->d * 32, sizeof *s->directions);
    hpo__alloc_free(&s->alloc, s->unit, s->d, sizeof *s->unit);
    hpo__alloc_free(&s->alloc, s, 1, sizeof *s);
}

static hpo_status create(const hpo_space *space, const hpo_settings *settings, void *user, void **out, hpo_error *err) {
    (void)settings;
    (void)user;
    if (space->size > hpo__sobol_dimensions())
        return hpo__fail(err, HPO_E_UNSUPPORTED, "strategy 'sobol' handles at most %zu parameters, the space has %zu; use 'random' or 'lhs'",
                         hpo__sobol_dimensions(), space->size);
    state *s = hpo__alloc_zero(&space->alloc, 1, sizeof *s);
    if (s == NULL)
        return hpo__fail_nomem(err);
    s->alloc      = space->alloc;
    s->d          = space->size;
    s->directions = hpo__alloc_new(&s->alloc, s->d * 32, sizeof *s->directions);
    s->unit       = hpo__alloc_new(&s->alloc, s->d, sizeof *s->unit);
    if (s->directions == NULL || s->unit == NULL) {
        destroy(s);
        return hpo__fail_nomem(err);
    }
    hpo__sobol_directions(s->directions, s->d);
    *out = s;
    return HPO_OK;
}

static hpo_status ask(void *state_, const hpo_history *history, uint64_t number, hpo_point *out, hpo_error *err) {
    state   *s     = state_;
    uint64_t index = hpo_history_suggested(history);
    (void)number;
    if (index > UINT32_MAX)
        return HPO_EXHAUSTED;
    hpo__sobol_point(s->directions, s->d, hpo_history_seed(history), (uint32_t)index, s->unit);
    return hpo_point_set_unit(out, s->unit, s->d, err);
}

const hpo_strategy_ops hpo__strategy_sobol = {
    .struct_size = sizeof(hpo_strategy_ops),
    .abi_version = HPO_STRATEGY_ABI,
    .name        = "sobol",
    .help        = "scrambled Sobol sequence: evenly spread points, better than random at every budget",
    .create      = create,
    .destroy     = destroy,
    .ask         = ask,
};
