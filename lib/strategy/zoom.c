/*
 * Coarse to fine: a coarse grid, then finer grids around the best cells.
 *
 * Stage 0 puts k cells on each numeric parameter (their centres, on the parameter's scale) and takes every choice of the others. When all its cells are finished,
 * the best `zoom.keep` results that do not lie in each other's cell become the centres of boxes of k points a side, with spacing 1/2 (k < 5) or 1/3 of the one before;
 * choices stay fixed inside a box. A parameter whose best value lies on the edge of its box keeps its spacing, so that the next box reaches past that edge. The
 * search ends when every spacing is below `zoom.tolerance` (continuous) or reaches no neighbour (discrete).
 * Workers that ask while the last cells of a stage still run get random points inside the boxes.
 *
 * A stage ends at the row of the history that completes it and the next one is built from the rows up to there: so stages follow from the history alone.
 * Cost: O(d) per ask; O(rows x keep) per stage. Memory: one byte per cell of the stage.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "base/settings.h"
#include "num/random.h"
#include "space/lattice.h"
#include "strategy/registry.h"

#include <math.h>
#include <string.h>

enum { MOST_REFINED = 4, MOST_BOXES = 8, MOST_CELLS = 1 << 20 };

/* A box of the current stage. */
typedef struct box {
    hpo__lattice *lattice;
    uint8_t      *covered; /* per cell: OPEN, STARTED or FINISHED */
    uint64_t      cells;
} box;

enum { OPEN = 0, STARTED = 1, FINISHED = 2 };

typedef struct state {
    const hpo_space *space;
    hpo__alloc       alloc;
    size_t           d;
    size_t           levels, keep;
    double           tolerance;
    uint64_t         seed;
    bool            *refined; /* d: zoomed into, the other numeric ones keep the centre's value */
    double          *spacing; /* d */
    box              boxes[MOST_BOXES];
    size_t           n_boxes;
    uint64_t         unfinished;          /* cells of the stage */
    uint64_t         stage, marked_stage; /* the stage that running trials were noted for */
    bool             ended;
    size_t           seen;
    uint64_t         next_number;
    size_t           at_box; /* where the search for an open cell goes on */
    uint64_t         at_cell;
    double          *unit; /* d, scratch */
} state;

static bool numeric(const hpo__parameter *p) {
    return p->kind == HPO_FLOAT || p->kind == HPO_INT || p->kind == HPO_ORDINAL;
}

static void drop_boxes(state *s) {
    for (size_t b = 0; b < s->n_boxes; b++) {
        hpo__alloc_free(&s->alloc, s->boxes[b].covered, (size_t)s->boxes[b].cells, 1);
        hpo__lattice_free(s->boxes[b].lattice);
    }
    s->n_boxes    = 0;
    s->unfinished = 0;
    s->at_box     = 0;
    s->at_cell    = 0;
}

static void destroy(void *state_) {
    state *s = state_;
    drop_boxes(s);
    hpo__alloc_free(&s->alloc, s->refined, s->d, sizeof *s->refined);
    hpo__alloc_free(&s->alloc, s->spacing, s->d, sizeof *s->spacing);
    hpo__alloc_free(&s->alloc, s->unit, s->d, sizeof *s->unit);
    hpo__alloc_free(&s->alloc, s, 1, sizeof *s);
}

/* ---- boxes ---- */

/* `n` points from centre - (n-1)/2 spacing on, snapped, inside [0,1], without doubles. */
static hpo_status make_axis(const state *s, size_t i, double centre, double spacing, size_t n, hpo__axis *axis, hpo_error *err) {
    const hpo__parameter *p = &s->space->parameters[i];
    double                found[16];
    size_t                used = 0;
    for (size_t k = 0; k < n; k++) {
        double unit = centre + ((double)k - (double)(n - 1) / 2) * spacing;
        unit        = unit < 1e-9 ? 0 : unit > 1 - 1e-9 ? 1 : unit; /* an end that rounding missed is meant */
        if (p->count > 0)
            unit = hpo__codec_encode(p, hpo__codec_decode(p, unit));
        if (used == 0 || unit > found[used - 1])
            found[used++] = unit;
    }
    *axis = (hpo__axis){hpo__alloc_new(&s->alloc, used, sizeof *found), used};
    if (axis->units == NULL)
        return hpo__fail_nomem(err);
    memcpy(axis->units, found, used * sizeof *found);
    return HPO_OK;
}

/* The axis of parameter i in a box around `centre` (d coordinates, NaN inactive), or in stage 0 (centre NULL). */
static hpo_status choose_axis(const state *s, size_t i, const double *centre, hpo__axis *axis, hpo_error *err) {
    const hpo__parameter *p = &s->space->parameters[i];
    if (centre == NULL && !numeric(p)) {
        *axis = (hpo__axis){NULL, p->count};
        return HPO_OK;
    }
    if (centre == NULL && s->refined[i])
        return p->count > 0 && p->count <= s->levels ? hpo__axis_spread(s->space, i, s->levels, axis, err)
                                                     : make_axis(s, i, 0.5, s->spacing[i], s->levels, axis, err);
    double middle = centre == NULL || isnan(centre[i]) ? hpo__codec_encode(p, hpo__codec_default(p)) : centre[i];
    return make_axis(s, i, middle, s->spacing[i], s->refined[i] && centre != NULL && !isnan(centre[i]) ? s->levels : 1, axis, err);
}

static hpo_status add_box(state *s, const double *centre, hpo_error *err) {
    box        made   = {NULL, NULL, 0};
    hpo__axis *axes   = hpo__alloc_zero(&s->alloc, s->d, sizeof *axes);
    hpo_status status = axes == NULL ? hpo__fail_nomem(err) : HPO_OK;
    for (size_t i = 0; i < s->d && status == HPO_OK; i++)
        status = choose_axis(s, i, centre, &axes[i], err);
    if (status != HPO_OK) {
        hpo__axes_free(s->space, axes);
        return status;
    }
    status = hpo__lattice_new(s->space, axes, &made.lattice, err);
    if (status != HPO_OK)
        return status;
    made.cells = hpo__lattice_total(made.lattice);
    if (made.cells > MOST_CELLS)
        status =
            hpo__fail(err, HPO_E_UNSUPPORTED, "strategy 'zoom' would start with %llu cells, more than %d; lower zoom.levels or use another strategy",
                      (unsigned long long)made.cells, (int)MOST_CELLS);
    else if ((made.covered = hpo__alloc_zero(&s->alloc, (size_t)made.cells, 1)) == NULL)
        status = hpo__fail_nomem(err);
    if (status != HPO_OK) {
        hpo__lattice_free(made.lattice);
        return status;
    }
    s->boxes[s->n_boxes++] = made;
    s->unfinished += made.cells;
    return HPO_OK;
}

/* Notes a trial on every cell that it stands on. */
static void cover(state *s, const double *unit, uint8_t how) {
    uint64_t cell;
    for (size_t b = 0; b < s->n_boxes; b++)
        if (hpo__lattice_find(s->boxes[b].lattice, unit, &cell) && s->boxes[b].covered[cell] < how) {
            s->boxes[b].covered[cell] = how;
            s->unfinished -= how == FINISHED;
        }
}

/* ---- from stage to stage ---- */

static bool same_choices(const state *s, const double *a, const double *b) {
    for (size_t i = 0; i < s->d; i++)
        if (isnan(a[i]) != isnan(b[i]) || (!isnan(a[i]) && !numeric(&s->space->parameters[i]) && a[i] != b[i]))
            return false;
    return true;
}

/* Whether b lies in the cell around a: the same choices and every coordinate nearer than half a spacing. */
static bool same_cell(const state *s, const double *a, const double *b) {
    if (!same_choices(s, a, b))
        return false;
    for (size_t i = 0; i < s->d; i++)
        if (s->refined[i] && !isnan(a[i]) && fabs(a[i] - b[i]) > 0.5 * s->spacing[i])
            return false;
    return true;
}

/* Best rows (values rising) among the first n that are in no earlier one's cell; returns how many. */
static size_t pick(const state *s, const hpo_history *history, size_t n, size_t picks[MOST_BOXES]) {
    const double  *unit   = hpo_history_unit(history);
    const double  *values = hpo_history_values(history);
    const int32_t *states = hpo_history_states(history);
    size_t         found  = 0;
    for (; found < s->keep; found++) {
        size_t best = SIZE_MAX;
        for (size_t row = 0; row < n; row++) {
            bool usable = states[row] == 1 /* HPO_COMPLETE */ && isfinite(values[row]) && (best == SIZE_MAX || values[row] < values[best]);
            for (size_t k = 0; k < found && usable; k++)
                usable = !same_cell(s, unit + picks[k] * s->d, unit + row * s->d);
            best = usable ? row : best;
        }
        if (best == SIZE_MAX)
            break;
        picks[found] = best;
    }
    return found;
}

/* Whether `unit` is on the edge of parameter i in a box of the stage, with range left beyond. */
static bool on_edge(const state *s, const double *unit, size_t i) {
    uint64_t cell;
    for (size_t b = 0; b < s->n_boxes; b++) {
        if (isnan(unit[i]) || !hpo__lattice_find(s->boxes[b].lattice, unit, &cell))
            continue;
        const hpo__axis *axis = hpo__lattice_axis(s->boxes[b].lattice, i);
        if (axis->units == NULL || axis->n < 2)
            continue;
        const hpo__parameter *p    = &s->space->parameters[i];
        double                last = axis->units[axis->n - 1], first = axis->units[0];
        if (fabs(unit[i] - first) <= 1e-12 && hpo__codec_decode(p, first) != hpo__codec_decode(p, 0))
            return true;
        if (fabs(unit[i] - last) <= 1e-12 && hpo__codec_decode(p, last) != hpo__codec_decode(p, 1))
            return true;
    }
    return false;
}

/* Shrinks the spacings around the best, all of them or those whose best is not on an edge; false when nothing is left to refine anywhere. */
static bool shrink(state *s, const double *best, bool all) {
    double factor = s->levels >= 5 ? 3.0 : 2.0;
    bool   alive  = false;
    for (size_t i = 0; i < s->d; i++) {
        if (!s->refined[i])
            continue;
        if (all || !on_edge(s, best, i))
            s->spacing[i] /= factor;
        alive = alive || s->spacing[i] > s->tolerance;
    }
    return alive;
}

/* Builds the next stage from the first n rows. Stages without a new cell are passed over. */
static hpo_status next_stage(state *s, const hpo_history *history, size_t n, hpo_error *err) {
    const double *unit = hpo_history_unit(history);
    bool          all  = s->stage == 0; /* the coarse grid has no edge to reach past; a box without a new cell has none either */
    while (s->unfinished == 0 && !s->ended) {
        size_t picks[MOST_BOXES], found = pick(s, history, n, picks);
        if (found == 0 || !shrink(s, unit + picks[0] * s->d, all)) {
            s->ended = true;
            break;
        }
        drop_boxes(s);
        for (size_t k = 0; k < found; k++) {
            hpo_status status = add_box(s, unit + picks[k] * s->d, err);
            if (status != HPO_OK)
                return status;
        }
        s->stage++;
        all = true;
        for (size_t row = 0; row < n; row++)
            cover(s, unit + row * s->d, FINISHED);
    }
    return HPO_OK;
}

static hpo_status follow(state *s, const hpo_history *history, uint64_t number, hpo_error *err) {
    const double *unit = hpo_history_unit(history);
    for (; s->seen < hpo_history_size(history); s->seen++) {
        cover(s, unit + s->seen * s->d, FINISHED);
        hpo_status status = s->unfinished > 0 ? HPO_OK : next_stage(s, history, s->seen + 1, err);
        if (status != HPO_OK)
            return status;
    }
    if (s->next_number != number || s->marked_stage != s->stage) {
        size_t running = hpo_history_pending(history, &unit);
        for (size_t i = 0; i < running; i++)
            cover(s, unit + i * s->d, STARTED);
    }
    s->marked_stage = s->stage;
    return HPO_OK;
}

/* ---- the calls ---- */

/* A random point: inside a box of the stage, or anywhere while the first stage runs. */
static void fill_in(const state *s, uint64_t number) {
    hpo__random_uniforms(s->seed, number, HPO__FOR_ZOOM, s->unit, s->d);
    if (s->stage == 0)
        return;
    const box *b = &s->boxes[hpo__random_below(s->seed, number, HPO__FOR_ZOOM, (uint32_t)s->d + 1, s->n_boxes)];
    for (size_t i = 0; i < s->d; i++) {
        const hpo__axis *axis = hpo__lattice_axis(b->lattice, i);
        if (axis->units != NULL)
            s->unit[i] = axis->units[0] + s->unit[i] * (axis->units[axis->n - 1] - axis->units[0]);
    }
}

/* Cells come in an order shuffled by the seed, so that a budget that ends inside a stage has seen a fair sample of it. */
static bool next_cell(state *s) {
    for (; s->at_box < s->n_boxes; s->at_box++, s->at_cell = 0) {
        box *b = &s->boxes[s->at_box];
        for (; s->at_cell < b->cells; s->at_cell++) {
            uint64_t cell = hpo__permute(s->at_cell, b->cells, s->seed + s->stage);
            if (b->covered[cell] == OPEN) {
                hpo__lattice_point(b->lattice, cell, s->unit);
                return true;
            }
        }
    }
    return false;
}

static hpo_status ask(void *state_, const hpo_history *history, uint64_t number, hpo_point *out, hpo_error *err) {
    state     *s      = state_;
    hpo_status status = follow(s, history, number, err);
    if (status != HPO_OK)
        return status;
    if (s->ended)
        return HPO_EXHAUSTED;
    if (next_cell(s))
        cover(s, s->unit, STARTED);
    else
        fill_in(s, number);
    s->next_number = number + 1;
    return hpo_point_set_unit(out, s->unit, s->d, err);
}

/* ---- making ---- */

/* Marks the parameters named in zoom.parameters, or all numeric ones. */
static hpo_status mark_refined(state *s, const char *names, hpo_error *err) {
    size_t n = 0;
    for (size_t i = 0; i < s->d; i++)
        s->refined[i] = names[0] == '\0' && numeric(&s->space->parameters[i]);
    for (const char *at = names; *at != '\0';) {
        char   name[256];
        size_t length = strcspn(at, ",");
        if (length >= sizeof name)
            return hpo__fail(err, HPO_E_INVALID, "setting 'zoom.parameters': '%.60s' is too long for a name", at);
        memcpy(name, at, length);
        name[length] = '\0';
        at += length + (at[length] == ',');
        size_t i = hpo_space_index(s->space, name);
        if (i == SIZE_MAX)
            return hpo__space_unknown(s->space, name, err);
        if (!numeric(&s->space->parameters[i]))
            return hpo__fail(err, HPO_E_INVALID, "setting 'zoom.parameters': parameter '%s' is not numeric; its choices are always all tried", name);
        n += !s->refined[i];
        s->refined[i] = true;
    }
    if (n > MOST_REFINED)
        return hpo__fail(err, HPO_E_INVALID, "setting 'zoom.parameters': at most %d parameters can be refined, %zu are named", (int)MOST_REFINED, n);
    return HPO_OK;
}

/* Most refined parameters that are active at once: a lattice over the branches alone lists every case. */
static hpo_status count_refined(const state *s, size_t *most, hpo_error *err) {
    hpo__axis    *axes   = hpo__alloc_zero(&s->alloc, s->d, sizeof *axes);
    hpo__lattice *cases  = NULL;
    hpo_status    status = axes == NULL ? hpo__fail_nomem(err) : HPO_OK;
    for (size_t i = 0; i < s->d && status == HPO_OK; i++) {
        const hpo__parameter *p = &s->space->parameters[i];
        status                  = hpo__axis_spread(s->space, i, !p->is_parent ? 1 : p->count, &axes[i], err);
    }
    if (status != HPO_OK) {
        hpo__axes_free(s->space, axes);
        return status;
    }
    status = hpo__lattice_new(s->space, axes, &cases, err);
    *most  = 0;
    for (uint64_t c = 0; status == HPO_OK && c < hpo__lattice_total(cases); c++) {
        size_t n = 0;
        if (c == MOST_CELLS)
            status =
                hpo__fail(err, HPO_E_UNSUPPORTED, "strategy 'zoom': the conditions of this space branch into more than %d cases", (int)MOST_CELLS);
        hpo__lattice_point(cases, c, s->unit);
        for (size_t i = 0; i < s->d; i++)
            n += s->refined[i] && !isnan(s->unit[i]);
        *most = n > *most ? n : *most;
    }
    hpo__lattice_free(cases);
    return status;
}

static hpo_status prepare(state *s, const hpo_settings *settings, hpo_error *err) {
    size_t     most   = 0;
    hpo_status status = mark_refined(s, hpo_settings_text(settings, "zoom.parameters"), err);
    if (status == HPO_OK)
        status = count_refined(s, &most, err);
    if (status != HPO_OK)
        return status;
    if (most > MOST_REFINED)
        return hpo__fail(err, HPO_E_UNSUPPORTED,
                         "strategy 'zoom' refines at most %d numeric parameters at once, this space has %zu; name the ones that matter in the "
                         "setting 'zoom.parameters'",
                         (int)MOST_REFINED, most);
    s->levels = (size_t)hpo__settings_integer(settings, "zoom.levels");
    if (s->levels < 2)
        s->levels = most <= 2 ? 5 : 3;
    for (size_t i = 0; i < s->d; i++) {
        uint64_t count = s->space->parameters[i].count;
        s->spacing[i]  = 1.0 / (double)(count > 0 && count < s->levels ? count : s->levels);
    }
    return add_box(s, NULL, err);
}

static hpo_status create(const hpo_space *space, const hpo_settings *settings, void *user, void **out, hpo_error *err) {
    (void)user;
    state *s = hpo__alloc_zero(&space->alloc, 1, sizeof *s);
    if (s == NULL)
        return hpo__fail_nomem(err);
    s->space          = space;
    s->alloc          = space->alloc;
    s->d              = space->size;
    s->keep           = (size_t)hpo__settings_integer(settings, "zoom.keep");
    s->tolerance      = hpo_settings_number(settings, "zoom.tolerance");
    s->seed           = (uint64_t)hpo__settings_integer(settings, "seed");
    s->refined        = hpo__alloc_zero(&s->alloc, s->d, sizeof *s->refined);
    s->spacing        = hpo__alloc_new(&s->alloc, s->d, sizeof *s->spacing);
    s->unit           = hpo__alloc_new(&s->alloc, s->d, sizeof *s->unit);
    hpo_status status = s->refined == NULL || s->spacing == NULL || s->unit == NULL ? hpo__fail_nomem(err) : prepare(s, settings, err);
    if (status != HPO_OK) {
        destroy(s);
        return status;
    }
    *out = s;
    return HPO_OK;
}

static const hpo_setting settings_table[] = {
    {"zoom.levels", "int", "0", "0..9", "points per numeric parameter and stage; 0: 5 for up to two such parameters, else 3"},
    {"zoom.keep", "int", "2", "1..8", "best cells that are refined at each stage"},
    {"zoom.tolerance", "float", "0.001", "1e-9..0.5", "spacing, as a share of the range, below which a continuous parameter is fine enough"},
    {"zoom.parameters", "text", "", "", "names, separated by commas, of the at most 4 numeric parameters to refine; the others keep their defaults"},
    {NULL, NULL, NULL, NULL, NULL},
};

const hpo_strategy_ops hpo__strategy_zoom = {
    .struct_size = sizeof(hpo_strategy_ops),
    .abi_version = HPO_STRATEGY_ABI,
    .name        = "zoom",
    .help        = "coarse grid, then finer grids around the best cells",
    .create      = create,
    .destroy     = destroy,
    .ask         = ask,
    .settings    = settings_table,
};
