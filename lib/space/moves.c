#include "space/moves.h"

#include <math.h>

static const double SAME = 1e-5;

static bool is_choice(const hpo__parameter *p) {
    return p->choices != NULL;
}

void hpo__moves_random(hpo__moves *moves, double *point) {
    for (size_t i = 0; i < moves->space->size; i++)
        point[i] = hpo__stream_uniform(&moves->stream);
    hpo__space_snap(moves->space, point, point, moves->values);
}

/* Best known point in which parameter i has this coordinate. */
static const double *best_of_branch(const hpo__moves *moves, size_t i, double unit) {
    for (size_t row = 0; row < moves->n_rows; row++) {
        double u = moves->rows[row * moves->space->size + i];
        if (u == unit)
            return moves->rows + row * moves->space->size;
    }
    return NULL;
}

/* Values for coordinates that a changed parent may have brought to life; snapping makes those that stay inactive NaN again. */
static void fill_inactive(hpo__moves *moves, double *point, const double *known, size_t how) {
    for (size_t k = 0; k < moves->space->size; k++) {
        if (!isnan(point[k]))
            continue;
        if (known != NULL && !isnan(known[k]))
            point[k] = known[k];
        else if (how == 2 || is_choice(&moves->space->parameters[k]))
            point[k] = hpo__stream_uniform(&moves->stream);
        else
            point[k] = 0.5 + 0.15 * hpo__stream_normal(&moves->stream);
    }
}

void hpo__moves_choose(hpo__moves *moves, double *point, size_t i, double unit) {
    point[i] = unit;
    if (moves->space->parameters[i].is_parent) {
        size_t how = hpo__stream_below(&moves->stream, 3);
        fill_inactive(moves, point, how == 0 ? best_of_branch(moves, i, unit) : NULL, how);
    }
    hpo__space_snap(moves->space, point, point, moves->values);
}

static double other_choice(hpo__moves *moves, const hpo__parameter *p, double unit) {
    uint64_t now = (uint64_t)(unit * (double)p->count);
    uint64_t new = hpo__stream_below(&moves->stream, (size_t)p->count - 1);
    return ((double)(new + (new >= now)) + 0.5) / (double)p->count;
}

/* A neighbouring value of a discrete number, for steps that were too short to leave the old one. */
static double neighbour(hpo__moves *moves, const hpo__parameter *p, double unit) {
    uint64_t index = 0;
    hpo__codec_index(p, hpo__codec_decode(p, unit), &index);
    bool up = index == 0 || (index + 1 < p->count && hpo__stream_uniform(&moves->stream) < 0.5);
    return hpo__codec_encode(p, hpo__codec_value(p, up ? index + 1 : index - 1));
}

static double step_from(hpo__moves *moves, const hpo__parameter *p, double unit, double sigma) {
    double moved = unit + sigma * hpo__stream_normal(&moves->stream);
    moved        = moved < 0 ? -moved : moved;
    moved        = moved > 1 ? 2 - moved : moved;
    moved        = moved < 0 ? 0 : moved;
    if (p->count == 0)
        return moved;
    moved = hpo__codec_encode(p, hpo__codec_decode(p, moved));
    return moved == unit ? neighbour(moves, p, unit) : moved;
}

void hpo__moves_change(hpo__moves *moves, double *point, size_t i, double sigma) {
    const hpo__parameter *p = &moves->space->parameters[i];
    if (isnan(point[i]) || p->count == 1)
        return;
    hpo__moves_choose(moves, point, i, is_choice(p) ? other_choice(moves, p, point[i]) : step_from(moves, p, point[i], sigma));
}

size_t hpo__moves_active(hpo__moves *moves, const double *point) {
    size_t n = 0;
    for (size_t i = 0; i < moves->space->size; i++)
        if (!isnan(point[i]) && moves->space->parameters[i].count != 1)
            moves->list[n++] = i;
    return n;
}

void hpo__moves_perturb(hpo__moves *moves, double *point, double sigma, double expected) {
    size_t n = hpo__moves_active(moves, point), changed = 0;
    if (n == 0)
        return;
    for (size_t k = 0; k < n; k++)
        if (hpo__stream_uniform(&moves->stream) * (double)n < expected) {
            hpo__moves_change(moves, point, moves->list[k], sigma); /* leaves one that has become inactive alone */
            changed++;
        }
    if (changed == 0)
        hpo__moves_change(moves, point, moves->list[hpo__stream_below(&moves->stream, n)], sigma);
}

bool hpo__moves_same(const hpo_space *space, const double *a, const double *b) {
    for (size_t i = 0; i < space->size; i++)
        if (isnan(a[i]) != isnan(b[i]) || fabs(a[i] - b[i]) > (space->parameters[i].count > 0 ? 0 : SAME))
            return false;
    return true;
}
