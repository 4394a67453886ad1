/* A sequential random stream, for searches inside one suggestion: xoshiro256** (Blackman & Vigna 2021), seeded by SplitMix64. Where the k-th number must be known without those
 * before it, use num/random.h. */
#ifndef HPO_NUM_STREAM_H
#define HPO_NUM_STREAM_H

#include <stddef.h>
#include <stdint.h>

typedef struct hpo__stream {
    uint64_t word[4];
} hpo__stream;

void   hpo__stream_start(hpo__stream *stream, uint64_t seed);
double hpo__stream_uniform(hpo__stream *stream);         /* in [0,1), 53 bits */
double hpo__stream_normal(hpo__stream *stream);          /* standard normal, by inversion */
size_t hpo__stream_below(hpo__stream *stream, size_t n); /* in 0 ... n-1, n >= 1; bias below n / 2^53 */

#endif
