/*
 * Statistics on plain arrays. Sorting is heapsort: in place, O(n log n) always, and the same on every machine.
 */
#include "num/stats.h"
#include "num/special.h"
#include <math.h>

double hpo__stats_mean(const double *x, size_t n) {
    if (n == 0)
        return 0;
    double count = (double)n, sum = 0, scaled = 0;
    for (size_t i = 0; i < n; i++) {
        sum += x[i];
        scaled += x[i] / count;
    }
    /* The sum of values near the largest double overflows where the mean does not. */
    double mean = isfinite(sum) ? sum / count : scaled, rest = 0;
    if (!isfinite(mean))
        return mean;
    for (size_t i = 0; i < n; i++)
        rest += (x[i] - mean) / count;
    return isfinite(rest) ? mean + rest : mean;
}

double hpo__stats_deviation(const double *x, size_t n) {
    if (n < 2)
        return 0;
    double mean = hpo__stats_mean(x, n), largest = 0;
    for (size_t i = 0; i < n; i++) {
        double difference = fabs(x[i] - mean);
        if (!isfinite(difference))
            return (double)INFINITY;
        largest = fmax(largest, difference);
    }
    if (largest == 0)
        return 0;
    double squares = 0; /* in units of the largest difference: squares of large and small numbers leave the range of double */
    for (size_t i = 0; i < n; i++) {
        double difference = (x[i] - mean) / largest;
        squares += difference * difference;
    }
    return largest * sqrt(squares / (double)(n - 1));
}

static void sift(double *x, size_t root, size_t n) {
    double value = x[root];
    for (size_t child; (child = 2 * root + 1) < n; root = child) {
        child += child + 1 < n && x[child] < x[child + 1];
        if (!(value < x[child]))
            break;
        x[root] = x[child];
    }
    x[root] = value;
}

void hpo__stats_sort(double *x, size_t n) {
    for (size_t root = n / 2; root-- > 0;)
        sift(x, root, n);
    for (size_t end = n; end-- > 1;) {
        double largest = x[0];
        x[0]           = x[end];
        sift(x, 0, end);
        x[end] = largest;
    }
}

/* Splits x[low ... high] at the middle one of three of its values; returns the last place of the lower part, which is not the last of all. Hoare's partition. */
static size_t split(double *x, size_t low, size_t high) {
    double a = x[low], b = x[low + (high - low) / 2], c = x[high], pivot = fmax(fmin(a, b), fmin(fmax(a, b), c));
    size_t i = low, j = high;
    for (;; i++, j--) {
        while (x[i] < pivot)
            i++;
        while (x[j] > pivot)
            j--;
        if (i >= j)
            return j < high ? j : high - 1;
        double kept = x[i];
        x[i]        = x[j];
        x[j]        = kept;
    }
}

double hpo__stats_nth(double *x, size_t n, size_t k) {
    size_t low = 0, high = n - 1, left = 4 * n; /* comparisons before the order of the values must be a bad one for this */
    while (low < high) {
        if (left < high - low) {
            hpo__stats_sort(x + low, high - low + 1);
            break;
        }
        left -= high - low;
        size_t last = split(x, low, high);
        if (k <= last)
            high = last;
        else
            low = last + 1;
    }
    return x[k];
}

/* Does a come before b? Equal values by index. */
static bool before(const double *x, size_t a, size_t b) {
    double left = x[a], right = x[b];
    return left < right || (left == right && a < b);
}

/* As sift(), for a heap of indices whose last is on top. */
static void sift_index(const double *x, size_t *heap, size_t root, size_t n) {
    size_t index = heap[root];
    for (size_t child; (child = 2 * root + 1) < n; root = child) {
        child += child + 1 < n && before(x, heap[child], heap[child + 1]) ? 1 : 0;
        if (!before(x, index, heap[child]))
            break;
        heap[root] = heap[child];
    }
    heap[root] = index;
}

size_t hpo__stats_smallest(const double *x, const bool *skip, size_t n, size_t k, size_t *order) {
    size_t used = 0, i = 0;
    for (; i < n && used < k; i++)
        if (!skip[i])
            order[used++] = i;
    for (size_t root = used / 2; root-- > 0;)
        sift_index(x, order, root, used);
    for (; i < n && used > 0; i++)
        if (!skip[i] && before(x, i, order[0])) {
            order[0] = i;
            sift_index(x, order, 0, used);
        }
    for (size_t end = used; end-- > 1;) {
        size_t last = order[0];
        order[0]    = order[end];
        sift_index(x, order, 0, end);
        order[end] = last;
    }
    return used;
}

double hpo__stats_quantile_sorted(const double *x, size_t n, double p) {
    double at    = p * (double)(n - 1);
    size_t below = (size_t)at;
    if (below >= n - 1)
        return x[n - 1];
    double part = at - (double)below, low = x[below], high = x[below + 1];
    if (part == 0 || low == high)
        return low;
    if (isinf(low) && isinf(high)) /* of opposite signs: no number lies between, so the nearer one */
        return part < 0.5 ? low : high;
    return (1 - part) * low + part * high;
}

static void sift_order(const double *x, size_t *order, size_t root, size_t n) {
    size_t index = order[root];
    for (size_t child; (child = 2 * root + 1) < n; root = child) {
        child += child + 1 < n && x[order[child]] < x[order[child + 1]];
        if (!(x[index] < x[order[child]]))
            break;
        order[root] = order[child];
    }
    order[root] = index;
}

void hpo__stats_ranks(const double *x, size_t n, double *rank, size_t *order) {
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (size_t root = n / 2; root-- > 0;)
        sift_order(x, order, root, n);
    for (size_t end = n; end-- > 1;) {
        size_t largest = order[0];
        order[0]       = order[end];
        sift_order(x, order, 0, end);
        order[end] = largest;
    }
    for (size_t start = 0, end; start < n; start = end) {
        for (end = start + 1; end < n && x[order[end]] == x[order[start]]; end++)
            ;
        for (size_t i = start; i < end; i++)
            rank[order[i]] = 0.5 * (double)(start + 1 + end);
    }
}

/*
 * Kruskal, Wallis, "Use of ranks in one-criterion variance analysis", JASA 47, 1952. With ranks R and N of them, the statistic with tie correction is
 * (N - 1) * (between-group sum of squares of ranks) / (total sum of squares of ranks), so no list of ties is needed.
 */
double hpo__stats_kruskal_wallis(const double *rank, const size_t *group, size_t n, size_t groups, double *sums, double *counts) {
    double middle = 0.5 * ((double)n + 1), total = 0, between = 0;
    size_t members = 0;
    for (size_t g = 0; g < groups; g++)
        sums[g] = counts[g] = 0;
    for (size_t i = 0; i < n; i++) {
        double difference = rank[i] - middle;
        total += difference * difference;
        sums[group[i]] += difference;
        counts[group[i]] += 1;
    }
    for (size_t g = 0; g < groups; g++)
        if (counts[g] > 0) {
            between += sums[g] * sums[g] / counts[g];
            members++;
        }
    if (members < 2 || total == 0)
        return 1;
    return hpo__chi_square_upper(((double)n - 1) * between / total, (double)(members - 1));
}
