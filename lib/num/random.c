/*
 * Counter-based random numbers and keyed permutations.
 *
 * Philox4x32-10: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 3.3; checked against the known answers of
 * Random123. One block gives two 64-bit numbers; no state, so any number of any stream costs the same.
 *
 * Permutation: an unbalanced Feistel network (Schneier, Kelsey 1996) on the next power of two, left by cycle walking (Black, Rogaway, CT-RSA 2002), at most
 * two walks on average. Its round function is a multiplicative hash, so it shuffles well but hides nothing from an adversary. Rounds: 8, more for small n,
 * where a round has few bits to mix with; as many as make all permutations (tested up to n = 8) and the joint images of several points equally likely.
 */
#include "num/random.h"
#include "num/wide.h"

enum { ROUNDS = 10 };

static inline void philox(uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t k0, uint32_t k1, uint32_t out[4]) {
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t p0 = (uint64_t)0xd2511f53u * c0;
        uint64_t p1 = (uint64_t)0xcd9e8d57u * c2;
        c0          = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1          = (uint32_t)p1;
        c2          = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3          = (uint32_t)p0;
        k0 += 0x9e3779b9u;
        k1 += 0xbb67ae85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

void hpo__philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
    philox(counter[0], counter[1], counter[2], counter[3], key[0], key[1], out);
}

/* Both numbers of block `block` = index / 2. */
static inline void random_pair(uint64_t seed, uint64_t number, uint32_t purpose, uint32_t block, uint64_t pair[2]) {
    uint32_t w[4];
    philox((uint32_t)number, (uint32_t)(number >> 32), purpose, block, (uint32_t)seed, (uint32_t)(seed >> 32), w);
    pair[0] = (uint64_t)w[1] << 32 | w[0];
    pair[1] = (uint64_t)w[3] << 32 | w[2];
}

uint64_t hpo__random_bits(uint64_t seed, uint64_t number, uint32_t purpose, uint32_t index) {
    uint64_t pair[2];
    random_pair(seed, number, purpose, index / 2, pair);
    return pair[index & 1];
}

void hpo__random_pair(uint64_t seed, uint64_t number, uint32_t purpose, uint32_t block, uint64_t pair[2]) {
    random_pair(seed, number, purpose, block, pair);
}

double hpo__random_uniform(uint64_t seed, uint64_t number, uint32_t purpose, uint32_t index) {
    return hpo__unit(hpo__random_bits(seed, number, purpose, index));
}

void hpo__random_uniforms(uint64_t seed, uint64_t number, uint32_t purpose, double *out, size_t n) {
    uint64_t pair[2];
    size_t   i = 0;
    for (; i + 1 < n; i += 2) {
        random_pair(seed, number, purpose, (uint32_t)(i / 2), pair);
        out[i]     = hpo__unit(pair[0]);
        out[i + 1] = hpo__unit(pair[1]);
    }
    if (i < n)
        out[i] = hpo__random_uniform(seed, number, purpose, (uint32_t)i);
}

uint64_t hpo__random_below(uint64_t seed, uint64_t number, uint32_t purpose, uint32_t index, uint64_t n) {
    return hpo__mulhi(hpo__random_bits(seed, number, purpose, index), n);
}

/* The left half has bits/2 bits, the right one the rest. */
typedef struct network {
    unsigned right_bits, rounds;
    uint64_t left_mask, right_mask, key;
} network;

static network network_for(uint64_t n, uint64_t key) {
    unsigned bits = 0;
    while (bits < 64 && (n - 1) >> bits != 0)
        bits++;
    unsigned left_bits = bits / 2, right_bits = bits - left_bits; /* both at most 32 */
    unsigned rounds = bits <= 3 ? 32 : bits <= 6 ? 16 : 8;
    network  net    = {right_bits, rounds, (UINT64_C(1) << left_bits) - 1, (UINT64_C(1) << right_bits) - 1, hpo__mix(key)};
    return net;
}

/* The round function: 32 well-mixed bits of the other half, the key and the round. */
static inline uint64_t round_bits(uint64_t half, uint64_t key, unsigned round) {
    uint64_t z = (half + key + round * UINT64_C(0x9e3779b97f4a7c15)) * UINT64_C(0xd6e8feb86659fd93);
    z          = (z ^ (z >> 32)) * UINT64_C(0xd6e8feb86659fd93);
    return z >> 32;
}

uint64_t hpo__permute(uint64_t i, uint64_t n, uint64_t key) {
    network net = network_for(n, key);
    do {
        uint64_t left = i >> net.right_bits, right = i & net.right_mask;
        for (unsigned round = 0; round < net.rounds; round += 2) {
            left ^= round_bits(right, net.key, round) & net.left_mask;
            right ^= round_bits(left, net.key, round + 1) & net.right_mask;
        }
        i = left << net.right_bits | right;
    } while (i >= n);
    return i;
}

uint64_t hpo__permute_inverse(uint64_t i, uint64_t n, uint64_t key) {
    network net = network_for(n, key);
    do {
        uint64_t left = i >> net.right_bits, right = i & net.right_mask;
        for (unsigned round = net.rounds; round > 0; round -= 2) {
            right ^= round_bits(left, net.key, round - 1) & net.right_mask;
            left ^= round_bits(right, net.key, round - 2) & net.left_mask;
        }
        i = left << net.right_bits | right;
    } while (i >= n);
    return i;
}
