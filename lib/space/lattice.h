/* Lattice: a grid over a space, conditions included, addressed by index without being stored. */
#ifndef HPO_SPACE_LATTICE_H
#define HPO_SPACE_LATTICE_H

#include "space/space.h"

/* Levels of one parameter: `n` coordinates in the unit interval, rising; coordinates NULL means all values of a discrete parameter. */
typedef struct hpo__axis {
    double  *units;
    uint64_t n;
} hpo__axis;

typedef struct hpo__lattice hpo__lattice;

/* Takes over `axes` (one per parameter, made with the space's allocator) whatever it returns. HPO_E_UNSUPPORTED when there are 2^64 cells or more, or more than 2^20
 * combinations of the parameters that others depend on within one group; the space must outlive it. */
hpo_status hpo__lattice_new(const hpo_space *space, hpo__axis *axes, hpo__lattice **out, hpo_error *err);
void       hpo__lattice_free(hpo__lattice *lattice);
uint64_t   hpo__lattice_total(const hpo__lattice *lattice);
/* Cell `index` < total: every configuration occurs once. Order: groups of parameters tied by conditions in the order of their first parameter; in a group the
 * parameters that others depend on vary slowest; otherwise the last declared varies fastest. */
void hpo__lattice_point(hpo__lattice *lattice, uint64_t index, double *unit);
/* Index of the cell at these canonical coordinates; false when there is none. */
bool hpo__lattice_find(hpo__lattice *lattice, const double *unit, uint64_t *index);

/* Levels of a parameter; lives as long as the lattice. */
const hpo__axis *hpo__lattice_axis(const hpo__lattice *lattice, size_t parameter);

/* Frees axes that no lattice took. */
void hpo__axes_free(const hpo_space *space, hpo__axis *axes);
/* Fills an axis with `n` >= 1 coordinates spread evenly from end to end of the parameter's scale (n = 1: the middle), doubles on discrete parameters left out; a discrete
 * parameter of at most n values gets them all. */
hpo_status hpo__axis_spread(const hpo_space *space, size_t index, uint64_t n, hpo__axis *axis, hpo_error *err);

#endif
