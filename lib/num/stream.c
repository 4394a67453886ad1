#include "num/stream.h"

#include "num/special.h"

static uint64_t rotate(uint64_t x, int k) {
    return x << k | x >> (64 - k);
}

void hpo__stream_start(hpo__stream *stream, uint64_t seed) {
    for (int i = 0; i < 4; i++) {
        seed += 0x9e3779b97f4a7c15u;
        uint64_t z      = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9u;
        z               = (z ^ z >> 27) * 0x94d049bb133111ebu;
        stream->word[i] = z ^ z >> 31;
    }
}

static uint64_t next(hpo__stream *stream) {
    uint64_t *s = stream->word, result = rotate(s[1] * 5, 7) * 9, kept = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= kept;
    s[3] = rotate(s[3], 45);
    return result;
}

double hpo__stream_uniform(hpo__stream *stream) {
    return (double)(next(stream) >> 11) * 0x1p-53;
}

double hpo__stream_normal(hpo__stream *stream) {
    double p = hpo__stream_uniform(stream) + 0x1p-54; /* not 0; of the largest the sum rounds to 1 */
    return hpo__normal_quantile(p < 1 ? p : 1 - 0x1p-53);
}

size_t hpo__stream_below(hpo__stream *stream, size_t n) {
    size_t i = (size_t)(hpo__stream_uniform(stream) * (double)n);
    return i < n ? i : n - 1;
}
