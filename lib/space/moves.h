/* Random changes of points in a conditional space: what searches over configurations are made of. */
#ifndef HPO_SPACE_MOVES_H
#define HPO_SPACE_MOVES_H

#include "num/stream.h"
#include "space/space.h"

/* What moves need. Points are canonical unit coordinates, NaN where inactive, as hpo__space_snap gives them. */
typedef struct hpo__moves {
    const hpo_space *space;
    hpo__stream      stream;
    const double    *rows; /* n_rows x size: known points, best first; new branches start from them */
    size_t           n_rows;
    double          *values; /* size, scratch */
    size_t          *list;   /* size, scratch */
} hpo__moves;

/* Uniform over the unit cube. */
void hpo__moves_random(hpo__moves *moves, double *point);
/* Changes one active coordinate: a normal step of deviation `sigma`, reflected at the ends, at least to the neighbouring value of a discrete one; another choice. */
void hpo__moves_change(hpo__moves *moves, double *point, size_t i, double sigma);
/* Gives an active choice the value of coordinate `unit`; children that become active start at the best known point of the new branch, near the centre, or anywhere. */
void hpo__moves_choose(hpo__moves *moves, double *point, size_t i, double unit);
/* Changes about `expected` >= 1 of the active coordinates. */
void hpo__moves_perturb(hpo__moves *moves, double *point, double sigma, double expected);
/* Indices of active coordinates that can change into moves->list; returns how many. */
size_t hpo__moves_active(hpo__moves *moves, const double *point);
/* The same configuration, continuous coordinates to 1e-5. */
bool hpo__moves_same(const hpo_space *space, const double *a, const double *b);

#endif
