/*
 * Maximising an acquisition without gradients.
 *
 * 360 candidates: 45 % uniform, the others changed from the best known points by steps of three sizes, one coordinate or several. The five best or luckiest (Gumbel noise)
 * start local searches of up to nine rounds: each round tries steps of every active coordinate, other choices, and changes of several at once, and moves to
 * the best; steps shrink when they fail, weak starts are dropped. Gradients would help only the continuous part of a smooth model; this serves all kinds
 * alike. Nothing that was tried or runs is suggested, unless repeats are welcome; a branch in which nothing else is found counts as used up.
 */
#include "strategy/gp_search.h"

#include "num/random.h"
#include "space/lattice.h"
#include "space/moves.h"

#include <math.h>
#include <string.h>

enum { CANDIDATES = 360, STARTS = 5, ROUNDS = 9, TRIES = 200, BEST_KNOWN = 6, MOST_TRIED = 1 << 20 };
static const double REDRAWN = 20, REDRAWN_CHOICES = 0.2;

struct hpo__gp_search {
    const hpo__surrogate *surrogate;
    const hpo_space      *space;
    hpo__alloc            alloc;
    size_t                d, inputs;
    hpo__lattice         *lattice; /* all configurations of a finite space that trials could use up, else NULL */
    bool                  whole;   /* it is searched whole */
    uint64_t             *tried;   /* of the lattice: a bit per configuration, set for the first `marked` rows of the history */
    size_t                marked;
    hpo__moves            moves;
    double               *known; /* best known points, known_capacity x d */
    size_t                known_capacity;
    double               *points; /* capacity x d */
    double               *x;      /* inputs x capacity */
    double               *score;  /* capacity */
    bool                 *used;
    size_t                capacity, n;
    double               *point;  /* d */
    double               *starts; /* STARTS x d */
};

typedef struct start {
    double *point;
    double  score, sigma;
    bool    done;
} start;

/* ---- life ---- */

static size_t words(const hpo__gp_search *s) {
    return (size_t)(hpo__lattice_total(s->lattice) / 64 + 1);
}

void hpo__gp_search_free(hpo__gp_search *s) {
    if (s == NULL)
        return;
    hpo__alloc alloc = s->alloc;
    if (s->lattice != NULL)
        hpo__alloc_free(&alloc, s->tried, words(s), sizeof *s->tried);
    hpo__lattice_free(s->lattice);
    hpo__alloc_free(&alloc, s->moves.values, s->d, sizeof(double));
    hpo__alloc_free(&alloc, s->moves.list, s->d, sizeof(size_t));
    hpo__alloc_free(&alloc, s->known, s->known_capacity * s->d, sizeof(double));
    hpo__alloc_free(&alloc, s->points, s->capacity * s->d, sizeof(double));
    hpo__alloc_free(&alloc, s->x, s->capacity * s->inputs, sizeof(double));
    hpo__alloc_free(&alloc, s->score, s->capacity, sizeof(double));
    hpo__alloc_free(&alloc, s->used, s->capacity, sizeof(bool));
    hpo__alloc_free(&alloc, s->point, s->d, sizeof(double));
    hpo__alloc_free(&alloc, s->starts, STARTS * s->d, sizeof(double));
    hpo__alloc_free(&alloc, s, 1, sizeof *s);
}

/* A lattice of everything when the space is finite and not too large to be used up. False: out of memory. */
static bool make_lattice(hpo__gp_search *s, uint64_t enumerate) {
    for (size_t i = 0; i < s->d; i++)
        if (s->space->parameters[i].count == 0)
            return true;
    hpo__axis *axes = hpo__alloc_zero(&s->alloc, s->d, sizeof *axes);
    if (axes == NULL)
        return false;
    for (size_t i = 0; i < s->d; i++)
        axes[i].n = s->space->parameters[i].count;
    hpo_status status = hpo__lattice_new(s->space, axes, &s->lattice, NULL);
    if (status != HPO_OK)
        return status != HPO_E_NOMEM;
    s->whole = hpo__lattice_total(s->lattice) <= enumerate;
    if (hpo__lattice_total(s->lattice) > MOST_TRIED) {
        hpo__lattice_free(s->lattice);
        s->lattice = NULL;
        return true;
    }
    s->tried = hpo__alloc_zero(&s->alloc, words(s), sizeof *s->tried);
    return s->tried != NULL;
}

hpo__gp_search *hpo__gp_search_new(const hpo__surrogate *surrogate, uint64_t enumerate) {
    hpo__gp_search *s = hpo__alloc_zero(&surrogate->alloc, 1, sizeof *s);
    if (s == NULL)
        return NULL;
    s->surrogate    = surrogate;
    s->space        = surrogate->space;
    s->alloc        = surrogate->alloc;
    s->d            = surrogate->d;
    s->inputs       = surrogate->inputs;
    s->moves.space  = s->space;
    s->moves.values = hpo__alloc_new(&s->alloc, s->d, sizeof(double));
    s->moves.list   = hpo__alloc_new(&s->alloc, s->d, sizeof(size_t));
    s->point        = hpo__alloc_new(&s->alloc, s->d, sizeof(double));
    s->starts       = hpo__alloc_new(&s->alloc, STARTS * s->d, sizeof(double));
    if (s->moves.values == NULL || s->moves.list == NULL || s->point == NULL || s->starts == NULL || !make_lattice(s, enumerate)) {
        hpo__gp_search_free(s);
        return NULL;
    }
    return s;
}

double *hpo__gp_search_point(hpo__gp_search *s) {
    return s->point;
}

static bool make_room(hpo__gp_search *s, size_t n) {
    if (n <= s->capacity)
        return true;
    size_t  c      = hpo__alloc_capacity(s->capacity, n);
    double *points = hpo__alloc_new(&s->alloc, c * s->d, sizeof(double)), *x = hpo__alloc_new(&s->alloc, c * s->inputs, sizeof(double));
    double *score = hpo__alloc_new(&s->alloc, c, sizeof(double));
    bool   *used  = hpo__alloc_new(&s->alloc, c, sizeof(bool));
    if (points == NULL || x == NULL || score == NULL || used == NULL) {
        hpo__alloc_free(&s->alloc, points, c * s->d, sizeof(double));
        hpo__alloc_free(&s->alloc, x, c * s->inputs, sizeof(double));
        hpo__alloc_free(&s->alloc, score, c, sizeof(double));
        hpo__alloc_free(&s->alloc, used, c, sizeof(bool));
        return false;
    }
    if (s->n > 0)
        memcpy(points, s->points, s->n * s->d * sizeof(double));
    hpo__alloc_free(&s->alloc, s->points, s->capacity * s->d, sizeof(double));
    hpo__alloc_free(&s->alloc, s->x, s->capacity * s->inputs, sizeof(double));
    hpo__alloc_free(&s->alloc, s->score, s->capacity, sizeof(double));
    hpo__alloc_free(&s->alloc, s->used, s->capacity, sizeof(bool));
    s->points   = points;
    s->x        = x;
    s->score    = score;
    s->used     = used;
    s->capacity = c;
    return true;
}

/* ---- what was tried ---- */

static bool seen(const hpo__gp_search *s, const hpo__gp_task *task, const double *point) {
    const double *unit = hpo_history_unit(task->history);
    uint64_t      cell;
    if (task->repeats)
        return false;
    if (s->lattice != NULL && hpo__lattice_find(s->lattice, point, &cell)) {
        if (s->tried[cell / 64] >> cell % 64 & 1)
            return true;
    } else {
        for (size_t row = 0; row < hpo_history_size(task->history); row++)
            if (hpo__moves_same(s->space, point, unit + row * s->d))
                return true;
    }
    for (size_t k = 0; k < task->n_pending; k++)
        if (hpo__moves_same(s->space, point, task->pending + k * s->d))
            return true;
    return false;
}

static void begin(hpo__gp_search *s, const hpo__gp_task *task) {
    hpo__stream_start(&s->moves.stream, task->seed);
    s->moves.rows   = s->known;
    s->moves.n_rows = 0;
    s->n            = 0;
    uint64_t cell;
    for (; s->lattice != NULL && s->marked < hpo_history_size(task->history); s->marked++)
        if (hpo__lattice_find(s->lattice, hpo_history_unit(task->history) + s->marked * s->d, &cell))
            s->tried[cell / 64] |= UINT64_C(1) << cell % 64;
}

/* Any configuration that was not tried: drawn, or in a finite space, from a drawn place on in turn. */
static hpo_status draw_unseen(hpo__gp_search *s, const hpo__gp_task *task, const double **found) {
    *found = s->point;
    for (int i = 0; i < TRIES; i++) {
        hpo__moves_random(&s->moves, s->point);
        if (!seen(s, task, s->point))
            return HPO_OK;
    }
    if (s->lattice == NULL)
        return HPO_OK; /* hardly possible: a repeat is the lesser evil */
    uint64_t total = hpo__lattice_total(s->lattice), first = hpo__random_below(task->seed, 0, HPO__FOR_GP, 5, total);
    for (uint64_t k = 0; k < total; k++) {
        hpo__lattice_point(s->lattice, (first + k) % total, s->point);
        if (!seen(s, task, s->point))
            return HPO_OK;
    }
    return HPO_EXHAUSTED;
}

hpo_status hpo__gp_search_unseen(hpo__gp_search *s, const hpo__gp_task *task, const double **found, hpo_error *err) {
    (void)err;
    begin(s, task);
    hpo__space_snap(s->space, s->point, s->point, s->moves.values);
    *found = s->point;
    return seen(s, task, s->point) ? draw_unseen(s, task, found) : HPO_OK;
}

/* ---- candidates ---- */

/* A new candidate, a copy of `from` (NULL: uniform); NULL when out of memory. */
static double *add(hpo__gp_search *s, const double *from) {
    if (!make_room(s, s->n + 1))
        return NULL;
    double *point = s->points + s->n++ * s->d;
    if (from != NULL)
        memcpy(point, from, s->d * sizeof *point);
    else
        hpo__moves_random(&s->moves, point);
    return point;
}

static bool in_branch(const hpo__gp_task *task, const double *point) {
    return task->branch == SIZE_MAX || point[task->branch] == task->branch_unit;
}

/* Moves the numbers of a point into the box. */
static void hold_box(hpo__gp_search *s, const hpo__gp_task *task, double *point) {
    for (size_t i = 0; i < s->d; i++)
        if (!isnan(point[i]) && s->space->parameters[i].choices == NULL)
            point[i] = fmin(fmax(point[i], task->low[i]), task->high[i]);
    hpo__space_snap(s->space, point, point, s->moves.values);
}

/* A point of the box: the best known one with about 20 of its coordinates drawn anew, all when it has no more (as Regis & Shoemaker, Engineering Optimization 2013). */
static void draw_in_box(hpo__gp_search *s, const hpo__gp_task *task, double *point) {
    size_t active = hpo__moves_active(&s->moves, s->known);
    for (size_t i = 0; i < s->d; i++) {
        double u = hpo__stream_uniform(&s->moves.stream), known = s->known[i];
        bool   drawn = hpo__stream_uniform(&s->moves.stream) * (double)active < REDRAWN;
        if (drawn && s->space->parameters[i].choices != NULL)
            drawn = hpo__stream_uniform(&s->moves.stream) < REDRAWN_CHOICES;
        point[i] = isnan(known) ? u : drawn ? task->low[i] + u * (task->high[i] - task->low[i]) : known;
    }
    hpo__space_snap(s->space, point, point, s->moves.values);
}

static void stay_inside(hpo__gp_search *s, const hpo__gp_task *task, double *point) {
    if (task->low != NULL)
        hold_box(s, task, point);
    if (!in_branch(task, point))
        hpo__moves_choose(&s->moves, point, task->branch, task->branch_unit);
}

static bool score(hpo__gp_search *s, hpo__acquisition *acquisition) {
    hpo__surrogate_inputs(s->surrogate, s->points, s->n, s->x);
    memset(s->used, 0, s->n * sizeof *s->used);
    return hpo__acquisition_score(acquisition, s->x, s->n, s->score, NULL, NULL);
}

static bool add_candidates(hpo__gp_search *s, const hpo__gp_task *task) {
    static const double sigmas[] = {0.2, 0.05, 0.0125};
    double              wide     = 0.5 * (double)(s->inputs < 20 ? s->inputs : 20);
    for (size_t q = 0; q < CANDIDATES; q++) {
        double  share = (double)q / CANDIDATES;
        double *point =
            add(s, share < 0.45
                       ? NULL
                       : s->known +
                             (share < 0.55 ? 0 : hpo__stream_below(&s->moves.stream, s->moves.n_rows < BEST_KNOWN ? s->moves.n_rows : BEST_KNOWN)) *
                                 s->d);
        if (point == NULL)
            return false;
        if (share < 0.45 && task->low != NULL)
            draw_in_box(s, task, point);
        if (share >= 0.45)
            hpo__moves_perturb(&s->moves, point, sigmas[q % 3], share < 0.65 ? 1 : share < 0.85 ? 2 : wide);
        stay_inside(s, task, point);
    }
    return true;
}

/* The unused candidate with the highest score, drawn scores when `luck`, that was not tried; SIZE_MAX when there is none. */
static size_t best_unused(hpo__gp_search *s, const hpo__gp_task *task, bool luck) {
    for (;;) {
        size_t best = SIZE_MAX;
        double most = -(double)INFINITY;
        for (size_t q = 0; q < s->n; q++) {
            if (s->used[q])
                continue;
            double value = s->score[q] - (luck ? log(-log(hpo__stream_uniform(&s->moves.stream) + 0x1p-54)) : 0);
            if (best == SIZE_MAX || value > most) {
                best = q;
                most = value;
            }
        }
        if (best == SIZE_MAX)
            return SIZE_MAX;
        s->used[best] = true;
        if (!seen(s, task, s->points + best * s->d))
            return best;
    }
}

/* ---- local search ---- */

/* All moves of one round from a start. */
static bool add_moves(hpo__gp_search *s, const hpo__gp_task *task, const start *from, int round) {
    size_t n = hpo__moves_active(&s->moves, from->point), list[64];
    n        = n < 64 ? n : 64; /* of very many coordinates a part each round; the changes of several reach the others */
    for (size_t k = 0; k < n; k++)
        list[k] = s->moves.list[k];
    for (size_t k = 0; k < n; k++) {
        const hpo__parameter *p   = &s->space->parameters[list[k]];
        bool                  all = p->choices != NULL && p->count <= 8 && (round < 3 || hpo__stream_uniform(&s->moves.stream) < 0.3);
        size_t                m   = all ? (size_t)p->count : p->choices != NULL ? 3 : 2;
        for (size_t v = 0; v < m; v++) {
            double unit = ((double)v + 0.5) / (double)p->count;
            if (all && unit == from->point[list[k]])
                continue;
            double *point = add(s, from->point);
            if (point == NULL)
                return false;
            if (all)
                hpo__moves_choose(&s->moves, point, list[k], unit);
            else
                hpo__moves_change(&s->moves, point, list[k], v == 0 ? 0.3 * from->sigma : from->sigma);
            stay_inside(s, task, point);
        }
    }
    for (int v = 0; v < 8; v++) {
        double *point = add(s, from->point);
        if (point == NULL)
            return false;
        hpo__moves_perturb(&s->moves, point, v % 2 == 0 ? 0.3 * from->sigma : from->sigma, v < 4 ? 2 : 4);
        stay_inside(s, task, point);
    }
    return true;
}

/* Moves a start to its best candidate in [first, last), if that is better. */
static void improve(hpo__gp_search *s, const hpo__gp_task *task, start *from, size_t first, size_t last) {
    for (;;) {
        size_t best = SIZE_MAX;
        for (size_t q = first; q < last; q++)
            if (!s->used[q] && s->score[q] > from->score + 1e-9 && (best == SIZE_MAX || s->score[q] > s->score[best]))
                best = q;
        if (best == SIZE_MAX) {
            from->sigma *= 0.4;
            break;
        }
        s->used[best] = true;
        if (seen(s, task, s->points + best * s->d))
            continue;
        if (s->score[best] - from->score < 1e-3)
            from->sigma *= 0.5;
        from->score = s->score[best];
        memcpy(from->point, s->points + best * s->d, s->d * sizeof(double));
        break;
    }
    from->done = from->sigma < 0.004;
}

static void drop_weak(start *starts, size_t n, double margin) {
    double best = -(double)INFINITY;
    for (size_t k = 0; k < n; k++)
        best = starts[k].score > best ? starts[k].score : best;
    for (size_t k = 0; k < n; k++)
        starts[k].done = starts[k].done || starts[k].score < best - margin;
}

static bool run_rounds(hpo__gp_search *s, const hpo__gp_task *task, hpo__acquisition *acquisition, start *starts, size_t n) {
    for (int round = 0; round < ROUNDS; round++) {
        size_t ends[STARTS + 1] = {0};
        s->n                    = 0;
        for (size_t k = 0; k < n; k++) {
            if (!starts[k].done && !add_moves(s, task, &starts[k], round))
                return false;
            ends[k + 1] = s->n;
        }
        if (s->n == 0)
            break;
        if (!score(s, acquisition))
            return false;
        for (size_t k = 0; k < n; k++)
            if (!starts[k].done)
                improve(s, task, &starts[k], ends[k], ends[k + 1]);
        if (round == 2 || round == 4)
            drop_weak(starts, n, round == 2 ? 3 : 1);
    }
    return true;
}

/* ---- the whole ---- */

static bool gather_known(hpo__gp_search *s, const hpo__gp_task *task) {
    if (task->n_rows > s->known_capacity) {
        size_t  c     = hpo__alloc_capacity(s->known_capacity, task->n_rows);
        double *known = hpo__alloc_new(&s->alloc, c * s->d, sizeof *known);
        if (known == NULL)
            return false;
        hpo__alloc_free(&s->alloc, s->known, s->known_capacity * s->d, sizeof *known);
        s->known          = known;
        s->known_capacity = c;
    }
    const double *unit = hpo_history_unit(task->history);
    size_t        n    = 0;
    for (int any = task->branch == SIZE_MAX; n == 0 && any < 2; any++) /* those of the branch, or when it has none, all */
        for (size_t k = 0; k < task->n_rows; k++)
            if (any || unit[task->rows[k] * s->d + task->branch] == task->branch_unit)
                memcpy(s->known + n++ * s->d, unit + task->rows[k] * s->d, s->d * sizeof(double));
    s->moves.rows   = s->known;
    s->moves.n_rows = n;
    return true;
}

static bool enumerate(hpo__gp_search *s, const hpo__gp_task *task) {
    for (uint64_t k = 0; k < hpo__lattice_total(s->lattice); k++) {
        if (!make_room(s, s->n + 1))
            return false;
        double *point = s->points + s->n * s->d;
        hpo__lattice_point(s->lattice, k, point);
        s->n += in_branch(task, point) ? 1 : 0;
    }
    return true;
}

static hpo_status search(hpo__gp_search *s, const hpo__gp_task *task, hpo__acquisition *acquisition, const double **found, hpo_error *err) {
    start  starts[STARTS];
    size_t n = 0;
    if (!(s->whole ? enumerate(s, task) : add_candidates(s, task)) || !score(s, acquisition))
        return hpo__fail_nomem(err);
    for (; n < STARTS; n++) {
        size_t best = best_unused(s, task, !s->whole && n >= 2 && n < STARTS - 1);
        if (best == SIZE_MAX)
            break;
        starts[n] = (start){s->starts + n * s->d, s->score[best], 0.15, false};
        memcpy(starts[n].point, s->points + best * s->d, s->d * sizeof(double));
        if (s->whole) {
            *found = starts[n].point;
            return HPO_OK;
        }
    }
    if (n == 0) /* all were tried */
        return task->branch != SIZE_MAX ? HPO_EXHAUSTED : draw_unseen(s, task, found);
    if (!run_rounds(s, task, acquisition, starts, n))
        return hpo__fail_nomem(err);
    size_t best = 0;
    for (size_t k = 1; k < n; k++)
        best = starts[k].score > starts[best].score ? k : best;
    *found = starts[best].point;
    return HPO_OK;
}

/* The acquisition of the task; in a branch the running trials outside it do not count. NULL: out of memory. */
static hpo__acquisition *acquisition_of(hpo__gp_search *s, const hpo__gp_task *task) {
    size_t  all = (s->d + s->inputs) * task->n_pending, n = 0;
    double *unit = hpo__alloc_new(&s->alloc, all, sizeof *unit);
    if (unit == NULL)
        return NULL;
    double *pending = unit + s->d * task->n_pending;
    for (size_t k = 0; k < task->n_pending; k++)
        if (in_branch(task, task->pending + k * s->d))
            memcpy(unit + n++ * s->d, task->pending + k * s->d, s->d * sizeof *unit);
    hpo__surrogate_inputs(s->surrogate, unit, n, pending);
    hpo__acquisition *acquisition = hpo__acquisition_new(&s->alloc, task->gp, task->incumbent, pending, n, task->labels, task->seed);
    hpo__alloc_free(&s->alloc, unit, all, sizeof *unit);
    return acquisition;
}

hpo_status hpo__gp_search_run(hpo__gp_search *s, const hpo__gp_task *task, const double **found, hpo_error *err) {
    begin(s, task);
    hpo__acquisition *acquisition = gather_known(s, task) ? acquisition_of(s, task) : NULL;
    if (acquisition == NULL)
        return hpo__fail_nomem(err);
    hpo_status status = search(s, task, acquisition, found, err);
    hpo__acquisition_free(acquisition);
    return status;
}
