/* Counter-based random numbers: Philox4x32-10. Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011. */
#ifndef HPO_NUM_RANDOM_H
#define HPO_NUM_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* What a stream is for; two purposes never share a number. Values below 2^31 are free for third-party strategies through hpo_history_uniform. */
#define HPO__FOR_TRIAL_SEED  UINT32_C(0x80000001)
#define HPO__FOR_RANDOM      UINT32_C(0x80000002)
#define HPO__FOR_SOBOL       UINT32_C(0x80000003)
#define HPO__FOR_HALTON      UINT32_C(0x80000004)
#define HPO__FOR_LHS         UINT32_C(0x80000005)
#define HPO__FOR_GRID_ORDER  UINT32_C(0x80000006)
#define HPO__FOR_ZOOM        UINT32_C(0x80000007)
#define HPO__FOR_SPLIT       UINT32_C(0x80000008)
#define HPO__FOR_REPEAT_SEED UINT32_C(0x80000009)
#define HPO__FOR_GP          0x8000000au

/* One block: counter (4 words) and key (2 words) to 4 words. */
void hpo__philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* 64 random bits, a function of the four arguments: counter {number low, number high, purpose, index / 2}, key = seed; words 0,1 or 2,3 by index parity. */
uint64_t hpo__random_bits(uint64_t seed, uint64_t number, uint32_t purpose, uint32_t index);
/* hpo__random_bits at index 2 * block and 2 * block + 1, for the price of one. */
void hpo__random_pair(uint64_t seed, uint64_t number, uint32_t purpose, uint32_t block, uint64_t pair[2]);
/* In [0,1), 53 bits: the upper bits of hpo__random_bits. */
double hpo__random_uniform(uint64_t seed, uint64_t number, uint32_t purpose, uint32_t index);
/* out[i] = hpo__random_uniform(seed, number, purpose, i) for i < n, two to a block. */
void hpo__random_uniforms(uint64_t seed, uint64_t number, uint32_t purpose, double *out, size_t n);
/* In 0 ... n-1, n >= 1, without bias beyond 2^-64 * n (multiply-shift). */
uint64_t hpo__random_below(uint64_t seed, uint64_t number, uint32_t purpose, uint32_t index, uint64_t n);

/* A keyed permutation of 0 ... n-1 and its inverse, O(1) time and memory (Feistel network on the next power of two, cycle walking). n >= 1, i < n. */
uint64_t hpo__permute(uint64_t i, uint64_t n, uint64_t key);
uint64_t hpo__permute_inverse(uint64_t i, uint64_t n, uint64_t key);

#endif
