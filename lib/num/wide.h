/* Wide multiplication and bit mixing shared by the generators of this layer. */
#ifndef HPO_NUM_WIDE_H
#define HPO_NUM_WIDE_H

#include <stdint.h>

/* The upper 64 bits of the 128-bit product. */
static inline uint64_t hpo__mulhi(uint64_t a, uint64_t b) {
#if defined(__SIZEOF_INT128__)
    __extension__ typedef unsigned __int128 wide;
    return (uint64_t)(((wide)a * b) >> 64);
#else
    uint64_t a0 = a & 0xffffffffu, a1 = a >> 32, b0 = b & 0xffffffffu, b1 = b >> 32;
    uint64_t middle = a1 * b0 + ((a0 * b0) >> 32);
    uint64_t cross  = a0 * b1 + (middle & 0xffffffffu);
    return a1 * b1 + (middle >> 32) + (cross >> 32);
#endif
}

/* A bijection of 64 bits in which every input bit reaches every output bit: the finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014; Stafford's variant 13). */
static inline uint64_t hpo__mix(uint64_t z) {
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* 64 random bits to [0,1): the upper 53. */
static inline double hpo__unit(uint64_t bits) {
    return (double)(bits >> 11) * 0x1p-53;
}

#endif
