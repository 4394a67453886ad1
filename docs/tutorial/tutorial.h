/* Helpers that the tutorial programs share. Nothing here is part of libhpo. */
#ifndef TUTORIAL_H
#define TUTORIAL_H

#include <hpo.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Ends the program when a call of libhpo failed. A real program would handle the error; see docs/guide/errors.md. */
static inline void must(hpo_status status, const hpo_error *error) {
    if (status < 0) {
        fprintf(stderr, "%s: %s\n", hpo_status_name(status), error->message);
        exit(2);
    }
}

/* Says what the chapter claims; the program fails when it was not true in this run. */
static inline void claim(int holds, const char *text) {
    printf("%s: %s\n", holds ? "true" : "NOT TRUE", text);
    if (!holds)
        exit(1);
}

/* 64 mixed bits of (seed, i): the finaliser of SplitMix64 (Steele, Lea, Flood 2014), for making data. */
static inline uint64_t mix(uint64_t seed, uint64_t i) {
    uint64_t z = seed * 0xd1342543de82ef95u + (i + 1) * 0x9e3779b97f4a7c15u;
    z          = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z          = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* Uniform in (0,1). */
static inline double uniform(uint64_t seed, uint64_t i) {
    return ((double)(mix(seed, i) >> 11) + 0.5) / 9007199254740992.0;
}

/* Standard normal, by Box and Muller. */
static inline double normal(uint64_t seed, uint64_t i) {
    return sqrt(-2 * log(uniform(seed, 2 * i))) * cos(6.283185307179586 * uniform(seed, 2 * i + 1));
}

#endif /* TUTORIAL_H */
