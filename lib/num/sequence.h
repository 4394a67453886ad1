/* Low-discrepancy sequences in the unit cube: scrambled Sobol, randomised Halton, Latin hypercube. Plain arrays in and out. */
#ifndef HPO_NUM_SEQUENCE_H
#define HPO_NUM_SEQUENCE_H

#include <stddef.h>
#include <stdint.h>

/* Sobol: number of dimensions of the table (>= 1024). */
size_t hpo__sobol_dimensions(void);
/* Fills directions[d * 32] with the direction numbers (most significant bit first) of dimensions 0 ... d-1, d <= hpo__sobol_dimensions(). */
void hpo__sobol_directions(uint32_t *directions, size_t d);
/* Point `index` < 2^32 of the plain sequence in dimension j (index 0 is the origin), as 32 bits of fraction; in the plain order of the index (no Gray code). */
uint32_t hpo__sobol_bits(const uint32_t *directions, size_t j, uint32_t index);
/* Owen-scrambled point: out[j] in [0,1) with 53 bits. Nested uniform scrambling by hashing (Laine & Karras 2011; Burley 2020), keyed per dimension by seed. */
void hpo__sobol_point(const uint32_t *directions, size_t d, uint64_t seed, uint32_t index, double *out);

/* Halton: a randomised sequence, every digit scrambled, the endless zeros at the end too. d <= 100000. A table of d dimensions serves fewer as well. */
typedef struct hpo__halton_dimension hpo__halton_dimension;

/* Bytes of a table for d dimensions; 0 when d is too large. */
size_t hpo__halton_size(size_t d);
void   hpo__halton_fill(hpo__halton_dimension *table, size_t d, uint64_t seed);
void   hpo__halton_point(const hpo__halton_dimension *table, size_t d, uint64_t index, double *out);

/* Latin hypercube: point `index` < n of a random Latin hypercube sample of n points (McKay, Beckman, Conover 1979), without storing it: one keyed permutation per
 * dimension and a uniform jitter inside each cell. */
void hpo__lhs_point(uint64_t n, size_t d, uint64_t seed, uint64_t index, double *out);

#endif
