/*
 * Sums of products, the inner loops of linalg.c. A panel is LANES columns side by side: row k of panel p is p[k * next] ... p[k * next + LANES - 1].
 * Every sum is taken in the order of k from 0 on, starting from 0, whatever the instruction set.
 */
#ifndef HPO_NUM_TILE_H
#define HPO_NUM_TILE_H

#include <stddef.h>

enum { HPO__TILE_ROWS = 4, HPO__LANES = 8 };

typedef struct hpo__tile_kernels {
    /* out[r][c] = sum over k < depth of a[r * down + k * along] * p[k * next + c], for r < HPO__TILE_ROWS and c < HPO__LANES. */
    void (*product)(double *out, const double *a, ptrdiff_t down, ptrdiff_t along, const double *p, ptrdiff_t next, ptrdiff_t depth);
    /* As many steps of a substitution: for r = 0, 1 ... row depth + r of p, less the sum over k < depth + r as above, is multiplied by the inverse of
     * a[r * down + (depth + r) * along]. */
    void (*solve)(const double *a, ptrdiff_t down, ptrdiff_t along, double *p, ptrdiff_t next, ptrdiff_t depth);
    /* out[c] = the sum of the terms c, c + HPO__LANES, c + 2 HPO__LANES ... of the dot product of x and y; n is a multiple of HPO__LANES. */
    void (*lanes)(double *out, const double *x, const double *y, size_t n);
} hpo__tile_kernels;

/* Those for the processor that runs: they differ in how many sums they work on at a time, and in no bit of the results. */
hpo__tile_kernels hpo__tile_choose(void);

/* One row of a product, and one step of a substitution. */
void hpo__tile_product_row(double *out, const double *a, ptrdiff_t along, const double *p, ptrdiff_t next, ptrdiff_t depth);
void hpo__tile_solve_row(const double *a, ptrdiff_t along, double *p, ptrdiff_t next, ptrdiff_t depth);
/* out[r] = sum over k < depth of a[r * ld + k] * x[k] for r < HPO__LANES. */
void hpo__tile_rows_by_column(double *out, const double *a, size_t ld, const double *x, size_t depth);

#endif
