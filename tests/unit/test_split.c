/* lib/split: properties of every split over random sizes, strata, groups and times; errors; memory that runs out. */
#include "numeric.h"

#include "num/random.h"
#include <hpo.h>
#include <string.h>

enum { UNUSED_PART = 255, MARK = 0x5a };

/* ---- allocation failures: the splitter once more under other names, with a calloc that refuses at will ---- */

static long allocations_left = -1; /* forever */
static long blocks_held      = 0;

static void *refusing_calloc(size_t count, size_t size) {
    if (allocations_left == 0)
        return NULL;
    allocations_left -= allocations_left > 0;
    void *block = calloc(count, size);
    blocks_held += block != NULL;
    return block;
}

static void counting_free(void *block) {
    blocks_held -= block != NULL;
    free(block);
}

#define calloc               refusing_calloc
#define free                 counting_free
#define hpo_split_kfold      refused_kfold
#define hpo_split_holdout    refused_holdout
#define hpo_split_time       refused_time
#define hpo_split_time_folds refused_time_folds
hpo_status refused_kfold(size_t n, size_t k, const int64_t *strata, const int64_t *groups, uint64_t seed, uint32_t *fold, hpo_error *err);
hpo_status refused_holdout(size_t n, double validation, double test, const int64_t *strata, const int64_t *groups, uint64_t seed, uint8_t *part,
                           hpo_error *err);
hpo_status refused_time(size_t n, double validation, double test, const double *time, double gap, uint8_t *part, hpo_error *err);
hpo_status refused_time_folds(size_t n, size_t k, const double *time, uint32_t *fold, hpo_error *err);
#include "split/split.c" /* NOLINT(bugprone-suspicious-include) */
#include "split/time.c"  /* NOLINT(bugprone-suspicious-include) */
#undef calloc
#undef free
#undef hpo_split_kfold
#undef hpo_split_holdout
#undef hpo_split_time
#undef hpo_split_time_folds

/* ---- random cases ---- */

enum { N_MAX = 400 };

typedef struct sample_set {
    size_t   n, classes, groups;
    int64_t  strata[N_MAX], group[N_MAX];
    double   time[N_MAX];
    uint64_t draws;
} sample_set;

static uint64_t draw(sample_set *s, uint64_t trial, uint64_t n) {
    return hpo__random_below(1234, trial, 1, (uint32_t)s->draws++, n);
}

/* Labels are any 64-bit numbers, classes of very different sizes, groups too. */
static void make_samples(sample_set *s, uint64_t trial) {
    s->draws   = 0;
    s->n       = 1 + (size_t)draw(s, trial, trial % 3 == 0 ? 12 : N_MAX);
    s->classes = 1 + (size_t)draw(s, trial, trial % 5 == 0 ? s->n : 6);
    s->groups  = 1 + (size_t)draw(s, trial, s->n);
    for (size_t i = 0; i < s->n; i++) {
        uint64_t c = draw(s, trial, 1 + draw(s, trial, s->classes)), g = draw(s, trial, 1 + draw(s, trial, s->groups));
        s->strata[i] = c == 0 ? INT64_MIN : c == 1 ? INT64_MAX : (int64_t)(c * 1000) - 3000;
        s->group[i]  = (int64_t)hpo__random_bits(5, g, 1, 0);
        s->time[i]   = trial % 2 == 0 ? (double)draw(s, trial, s->n) - 10 : hpo__random_uniform(6, trial, 1, (uint32_t)i);
    }
}

static size_t count_distinct(const int64_t *label, size_t n) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        size_t j = 0;
        while (label[j] != label[i])
            j++;
        count += j == i;
    }
    return count;
}

static size_t count_where(const uint32_t *part, uint32_t wanted, const int64_t *label, int64_t with, size_t n) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += part[i] == wanted && (label == NULL || label[i] == with);
    return count;
}

/* ---- folds ---- */

static void folds_are_even_and_stratified(void **state) {
    (void)state;
    sample_set s;
    for (uint64_t trial = 0; trial < 1500; trial++) {
        uint32_t fold[N_MAX + 1];
        make_samples(&s, trial);
        if (s.n < 2)
            continue;
        size_t         k      = 2 + (size_t)draw(&s, trial, trial % 2 == 0 ? s.n - 1 : s.n < 6 ? s.n - 1 : 5);
        const int64_t *strata = trial % 4 == 0 ? NULL : s.strata;
        fold[s.n]             = MARK;
        assert_int_equal(hpo_split_kfold(s.n, k, strata, NULL, trial, fold, NULL), HPO_OK);
        assert_int_equal(fold[s.n], MARK);
        for (uint32_t f = 0; f < k; f++) {
            size_t size = count_where(fold, f, NULL, 0, s.n);
            assert_true(size == s.n / k || size == (s.n + k - 1) / k);
            for (size_t i = 0; strata != NULL && i < s.n; i += 7) {
                size_t members = 0, here = count_where(fold, f, strata, strata[i], s.n);
                for (size_t j = 0; j < s.n; j++)
                    members += strata[j] == strata[i];
                assert_true(here == members / k || here == (members + k - 1) / k);
            }
        }
    }
}

/* Over seeds: every sample is in every fold equally often, and any two samples share a fold as often as they should. */
static void folds_are_random(void **state) {
    (void)state;
    enum { N = 12, K = 3, SEEDS = 30000 };
    const int64_t strata[N] = {0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2};
    for (int stratified = 0; stratified < 2; stratified++) {
        size_t counts[N][K] = {{0}}, together[2] = {0, 0};
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            uint32_t fold[N];
            assert_int_equal(hpo_split_kfold(N, K, stratified ? strata : NULL, NULL, seed, fold, NULL), HPO_OK);
            for (size_t i = 0; i < N; i++)
                counts[i][fold[i]]++;
            together[fold[1] == fold[7]]++;
        }
        for (size_t i = 0; i < N; i++)
            assert_true(p_equal_counts(counts[i], K) > P_LEAST);
        if (!stratified) {
            double share = (double)together[1] / SEEDS, expected = 3.0 / 11; /* fold mates among the other samples */
            assert_true(fabs(share - expected) < 4 * sqrt(expected * (1 - expected) / SEEDS));
        }
    }
}

static void seeds_repeat_and_matter(void **state) {
    (void)state;
    sample_set s;
    make_samples(&s, 1);
    s.n = N_MAX;
    for (size_t i = 0; i < N_MAX; i++)
        s.group[i] = (int64_t)(i / 3), s.strata[i] = (int64_t)(i % 4);
    for (int mode = 0; mode < 4; mode++) {
        const int64_t *strata = mode & 1 ? s.strata : NULL, *groups = mode & 2 ? s.group : NULL;
        uint32_t       a[N_MAX], b[N_MAX], c[N_MAX];
        uint8_t        p[N_MAX], q[N_MAX], r[N_MAX];
        assert_int_equal(hpo_split_kfold(N_MAX, 5, strata, groups, 7, a, NULL), HPO_OK);
        assert_int_equal(hpo_split_kfold(N_MAX, 5, strata, groups, 7, b, NULL), HPO_OK);
        assert_int_equal(hpo_split_kfold(N_MAX, 5, strata, groups, 8, c, NULL), HPO_OK);
        assert_memory_equal(a, b, sizeof a);
        assert_memory_not_equal(a, c, sizeof a);
        assert_int_equal(hpo_split_holdout(N_MAX, 0.2, 0.2, strata, groups, 7, p, NULL), HPO_OK);
        assert_int_equal(hpo_split_holdout(N_MAX, 0.2, 0.2, strata, groups, 7, q, NULL), HPO_OK);
        assert_int_equal(hpo_split_holdout(N_MAX, 0.2, 0.2, strata, groups, 8, r, NULL), HPO_OK);
        assert_memory_equal(p, q, sizeof p);
        assert_memory_not_equal(p, r, sizeof p);
    }
}

/* "The same folds on every machine": these were written down once and must never change. */
static void splits_are_frozen(void **state) {
    (void)state;
    const int64_t  strata[12] = {1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3}, groups[12] = {1, 1, 2, 2, 2, 3, 4, 4, 5, 6, 6, 6};
    const uint32_t plain[12] = {1, 2, 1, 1, 2, 0, 0, 0, 0, 2, 2, 1}, stratified[12] = {1, 2, 2, 0, 1, 0, 1, 2, 0, 1, 2, 0},
                   grouped[12] = {2, 2, 1, 1, 1, 0, 2, 2, 1, 0, 0, 0};
    const uint8_t parts[12]    = {1, 2, 0, 0, 0, 2, 0, 1, 0, 2, 1, 0};
    uint32_t      fold[12];
    uint8_t       part[12];
    assert_int_equal(hpo_split_kfold(12, 3, NULL, NULL, 1, fold, NULL), HPO_OK);
    assert_memory_equal(fold, plain, sizeof fold);
    assert_int_equal(hpo_split_kfold(12, 3, strata, NULL, 1, fold, NULL), HPO_OK);
    assert_memory_equal(fold, stratified, sizeof fold);
    assert_int_equal(hpo_split_kfold(12, 3, strata, groups, 1, fold, NULL), HPO_OK);
    assert_memory_equal(fold, grouped, sizeof fold);
    assert_int_equal(hpo_split_holdout(12, 0.25, 0.25, strata, NULL, 1, part, NULL), HPO_OK);
    assert_memory_equal(part, parts, sizeof part);
}

/* ---- groups ---- */

static void assert_groups_whole(const int64_t *group, const uint32_t *part, size_t n) {
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            if (group[i] == group[j])
                assert_int_equal(part[i], part[j]);
}

static void groups_stay_whole_and_fill_every_fold(void **state) {
    (void)state;
    sample_set s;
    hpo_error  error;
    for (uint64_t trial = 0; trial < 1000; trial++) {
        uint32_t fold[N_MAX + 1];
        make_samples(&s, trial);
        size_t groups = count_distinct(s.group, s.n), k = 2 + (size_t)draw(&s, trial, 8);
        if (k > s.n)
            continue;
        fold[s.n]         = MARK;
        hpo_status status = hpo_split_kfold(s.n, k, trial % 2 == 0 ? NULL : s.strata, s.group, trial, fold, &error);
        assert_int_equal(fold[s.n], MARK);
        assert_int_equal(status, groups < k ? HPO_E_INVALID : HPO_OK);
        if (status != HPO_OK)
            continue;
        assert_groups_whole(s.group, fold, s.n);
        for (uint32_t f = 0; f < k; f++)
            assert_true(count_where(fold, f, NULL, 0, s.n) > 0);
    }
}

/* Groups of one sample each are no restriction, so the folds must come out as without groups: even, and stratified to within one. */
static void single_groups_balance_exactly(void **state) {
    (void)state;
    enum { N = 120, K = 4 };
    int64_t  group[N], strata[N];
    uint32_t fold[N];
    for (size_t i = 0; i < N; i++) {
        group[i]  = (int64_t)i * 7;
        strata[i] = i % 10 == 0 ? 3 : (int64_t)(i % 2);
    }
    for (uint64_t seed = 0; seed < 50; seed++) {
        assert_int_equal(hpo_split_kfold(N, K, NULL, group, seed, fold, NULL), HPO_OK);
        for (uint32_t f = 0; f < K; f++)
            assert_int_equal(count_where(fold, f, NULL, 0, N), N / K);
        assert_int_equal(hpo_split_kfold(N, K, strata, group, seed, fold, NULL), HPO_OK);
        for (uint32_t f = 0; f < K; f++) {
            assert_true(abs((int)count_where(fold, f, NULL, 0, N) - N / K) <= 1);
            assert_true(abs((int)count_where(fold, f, strata, 3, N) - 3) <= 1);
            assert_true(abs((int)count_where(fold, f, strata, 1, N) - 15) <= 1);
        }
    }
}

/* A group goes where its classes fit best, each weighted by the group's part of it: the two rare samples join the group without any, not the third one. */
static void rare_classes_are_spread(void **state) {
    (void)state;
    enum { N = 15 };
    const int64_t group[N] = {1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 4}, rare[N] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 1, 0, 0};
    uint32_t      fold[N];
    for (uint64_t seed = 0; seed < 20; seed++) {
        assert_int_equal(hpo_split_kfold(N, 2, rare, group, seed, fold, NULL), HPO_OK);
        assert_int_equal(fold[10], fold[0]);
        assert_int_equal(fold[13], fold[6]);
        assert_int_not_equal(fold[0], fold[6]);
    }
}

/* 60 patients of 1 to 15 samples, 20 % of the samples of a rare class: sizes and classes within a few samples of even. */
static void groups_are_balanced_as_far_as_they_can_be(void **state) {
    (void)state;
    enum { K = 5, PATIENTS = 60 };
    for (uint64_t seed = 0; seed < 50; seed++) {
        int64_t  group[PATIENTS * 15], strata[PATIENTS * 15];
        uint32_t fold[PATIENTS * 15];
        size_t   n = 0, rare = 0;
        for (uint32_t g = 0; g < PATIENTS; g++)
            for (uint64_t size = 1 + hpo__random_below(3, seed, 1, g, 15); size > 0; size--) {
                strata[n] = hpo__random_below(4, seed, 1, (uint32_t)n, 5) == 0;
                rare += strata[n] == 1;
                group[n++] = g;
            }
        assert_int_equal(hpo_split_kfold(n, K, strata, group, seed, fold, NULL), HPO_OK);
        for (uint32_t f = 0; f < K; f++) {
            assert_true(fabs((double)count_where(fold, f, NULL, 0, n) / ((double)n / K) - 1) < 0.1);
            assert_true(fabs((double)count_where(fold, f, strata, 1, n) / ((double)rare / K) - 1) < 0.25);
        }
    }
}

/* ---- holdout ---- */

static void widen(const uint8_t *part, uint32_t *wide, size_t n) {
    for (size_t i = 0; i < n; i++)
        wide[i] = part[i];
}

static void holdout_is_exact_and_stratified(void **state) {
    (void)state;
    sample_set s;
    size_t     done = 0;
    for (uint64_t trial = 0; trial < 4000; trial++) {
        uint8_t  part[N_MAX + 1];
        uint32_t wide[N_MAX];
        make_samples(&s, trial);
        double validation = trial % 7 == 0 ? 0 : (double)draw(&s, trial, 60) / 100, test = trial % 5 == 0 ? 0 : (double)draw(&s, trial, 60) / 100;
        const int64_t *strata  = trial % 4 == 0 ? NULL : s.strata;
        size_t         size[3] = {0, (size_t)(validation * (double)s.n + 0.5), (size_t)(test * (double)s.n + 0.5)};
        bool           valid   = validation + test < 1 && size[1] + size[2] < s.n && (validation == 0 || size[1] > 0) && (test == 0 || size[2] > 0);
        part[s.n]              = MARK;
        assert_int_equal(hpo_split_holdout(s.n, validation, test, strata, NULL, trial, part, NULL), valid ? HPO_OK : HPO_E_INVALID);
        assert_int_equal(part[s.n], MARK);
        if (!valid)
            continue;
        done++;
        size[0] = s.n - size[1] - size[2];
        widen(part, wide, s.n);
        for (uint32_t p = 0; p < 3; p++) {
            assert_int_equal(count_where(wide, p, NULL, 0, s.n), size[p]);
            for (size_t i = 0; strata != NULL && i < s.n; i += 5) {
                size_t members = 0, here = count_where(wide, p, strata, strata[i], s.n);
                for (size_t j = 0; j < s.n; j++)
                    members += strata[j] == strata[i];
                assert_true(here == members * size[p] / s.n || here == (members * size[p] + s.n - 1) / s.n);
            }
        }
    }
    assert_true(done > 1500);
}

static void holdout_of_groups(void **state) {
    (void)state;
    sample_set s;
    for (uint64_t trial = 0; trial < 1000; trial++) {
        uint8_t  part[N_MAX];
        uint32_t wide[N_MAX];
        make_samples(&s, trial);
        double validation = trial % 3 == 0 ? 0 : 0.2, test = trial % 5 == 0 ? 0 : 0.3;
        size_t wanted = (size_t)1 + (validation > 0) + (test > 0), groups = count_distinct(s.group, s.n);
        if (s.n < 10)
            continue;
        hpo_status status = hpo_split_holdout(s.n, validation, test, trial % 2 == 0 ? NULL : s.strata, s.group, trial, part, NULL);
        assert_int_equal(status, groups < wanted ? HPO_E_INVALID : HPO_OK);
        if (status != HPO_OK)
            continue;
        widen(part, wide, s.n);
        assert_groups_whole(s.group, wide, s.n);
        assert_true(count_where(wide, HPO_TRAIN, NULL, 0, s.n) > 0);
        assert_true((count_where(wide, HPO_VALIDATION, NULL, 0, s.n) > 0) == (validation > 0));
        assert_true((count_where(wide, HPO_TEST, NULL, 0, s.n) > 0) == (test > 0));
    }
}

/* Many small groups: the parts come close to the fractions, and so do their classes. */
static void holdout_of_groups_keeps_the_fractions(void **state) {
    (void)state;
    enum { N = 600 };
    for (uint64_t seed = 0; seed < 30; seed++) {
        int64_t  group[N], strata[N];
        uint8_t  part[N];
        uint32_t wide[N];
        for (size_t i = 0; i < N; i++) {
            group[i]  = (int64_t)hpo__random_below(1, seed, 1, (uint32_t)i, 150);
            strata[i] = (int64_t)hpo__random_below(2, seed, 1, (uint32_t)i, 3);
        }
        assert_int_equal(hpo_split_holdout(N, 0.15, 0.25, strata, group, seed, part, NULL), HPO_OK);
        widen(part, wide, N);
        const double fraction[] = {0.6, 0.15, 0.25};
        for (uint32_t p = 0; p < 3; p++) {
            assert_true(fabs((double)count_where(wide, p, NULL, 0, N) / N - fraction[p]) < 0.03);
            for (int64_t c = 0; c < 3; c++) {
                double members = 0;
                for (size_t i = 0; i < N; i++)
                    members += strata[i] == c;
                assert_true(fabs((double)count_where(wide, p, strata, c, N) - fraction[p] * members) < 10);
            }
        }
    }
}

/* ---- time ---- */

static void time_parts_are_in_order(void **state) {
    (void)state;
    sample_set s;
    size_t     done = 0;
    for (uint64_t trial = 0; trial < 2000; trial++) {
        uint8_t part[N_MAX + 1];
        double  last[3] = {-HUGE_VAL, -HUGE_VAL, -HUGE_VAL}, first[3] = {HUGE_VAL, HUGE_VAL, HUGE_VAL};
        make_samples(&s, trial);
        double validation = trial % 3 == 0 ? 0 : 0.2, test = trial % 5 == 0 ? 0 : 0.3, gap = trial % 4 == 0 ? 0 : trial % 2 == 0 ? 2 : 0.02;
        part[s.n] = MARK;
        if (hpo_split_time(s.n, validation, test, s.time, gap, part, NULL) != HPO_OK)
            continue;
        done++;
        assert_int_equal(part[s.n], MARK);
        size_t count[256] = {0};
        for (size_t i = 0; i < s.n; i++) {
            count[part[i]]++;
            if (part[i] == UNUSED_PART)
                continue;
            last[part[i]]  = fmax(last[part[i]], s.time[i]);
            first[part[i]] = fmin(first[part[i]], s.time[i]);
        }
        assert_true(count[0] > 0 && (count[1] > 0) == (validation > 0) && (count[2] > 0) == (test > 0));
        assert_int_equal(count[0] + count[1] + count[2] + count[UNUSED_PART], s.n);
        if (gap == 0)
            assert_int_equal(count[UNUSED_PART], 0);
        for (int later = 1; later < 3; later++)
            for (int before = 0; before < later; before++)
                if (count[later] > 0 && count[before] > 0) { /* strictly, so equal times are together; and by the gap */
                    assert_true(first[later] > last[before]);
                    assert_true(first[later] - last[before] >= gap);
                }
        for (size_t i = 0; i < s.n; i++) /* nobody is left out without a reason */
            if (part[i] == UNUSED_PART)
                assert_true((first[1] > s.time[i] && first[1] - s.time[i] < gap) || (first[2] > s.time[i] && first[2] - s.time[i] < gap));
    }
    assert_true(done > 1000);
}

static void distinct_times_give_exact_sizes(void **state) {
    (void)state;
    enum { N = 100 };
    double  time[N];
    uint8_t part[N];
    for (size_t i = 0; i < N; i++)
        time[i] = (double)(i * 37 % N); /* a permutation */
    assert_int_equal(hpo_split_time(N, 0.15, 0.25, time, 0, part, NULL), HPO_OK);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(part[i], time[i] < 60 ? HPO_TRAIN : time[i] < 75 ? HPO_VALIDATION : HPO_TEST);
    assert_int_equal(hpo_split_time(N, 0.15, 0.25, time, 5, part, NULL), HPO_OK);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(part[i], time[i] < 56   ? HPO_TRAIN
                                  : time[i] < 60 ? UNUSED_PART
                                  : time[i] < 71 ? HPO_VALIDATION
                                  : time[i] < 75 ? UNUSED_PART
                                                 : HPO_TEST);
    assert_int_equal(hpo_split_time(N, 0, 0.25, time, 5, part, NULL), HPO_OK); /* without a validation set the gap is before the test set */
    for (size_t i = 0; i < N; i++)
        assert_int_equal(part[i], time[i] < 71 ? HPO_TRAIN : time[i] < 75 ? UNUSED_PART : HPO_TEST);
    assert_int_equal(hpo_split_time(N, 0, 0, time, 5, part, NULL), HPO_OK);
    for (size_t i = 0; i < N; i++)
        assert_int_equal(part[i], HPO_TRAIN);
}

/* With ties across the wanted positions the boundaries move, and every wanted part still gets a time when there are enough. */
static void ties_move_the_boundary(void **state) {
    (void)state;
    const double three[] = {1, 1, 1, 1, 1, 1, 1, 1, 2, 3}, late[] = {1, 2, 3, 3, 3, 3, 3, 3, 3, 3};
    uint8_t      part[10];
    assert_int_equal(hpo_split_time(10, 0.4, 0.4, three, 0, part, NULL), HPO_OK);
    assert_true(part[7] == HPO_TRAIN && part[8] == HPO_VALIDATION && part[9] == HPO_TEST);
    assert_int_equal(hpo_split_time(10, 0.1, 0.1, late, 0, part, NULL), HPO_OK);
    assert_true(part[0] == HPO_TRAIN && part[1] == HPO_VALIDATION && part[2] == HPO_TEST && part[9] == HPO_TEST);
    assert_int_equal(hpo_split_time(10, 0.1, 0.1, (const double[10]){1, 1, 2}, 0, part, NULL), HPO_OK); /* 0 is the oldest */
    assert_true(part[0] == HPO_VALIDATION && part[1] == HPO_VALIDATION && part[2] == HPO_TEST && part[3] == HPO_TRAIN);
}

static void time_folds_grow(void **state) {
    (void)state;
    sample_set s;
    size_t     done = 0;
    for (uint64_t trial = 0; trial < 1500; trial++) {
        uint32_t fold[N_MAX + 1];
        make_samples(&s, trial);
        size_t k = 1 + (size_t)draw(&s, trial, 8), distinct = 0;
        for (size_t i = 0; i < s.n; i++) {
            size_t j = 0;
            while (s.time[j] != s.time[i])
                j++;
            distinct += i == j;
        }
        fold[s.n] = MARK;
        assert_int_equal(hpo_split_time_folds(s.n, k, s.time, fold, NULL), distinct < k + 1 ? HPO_E_INVALID : HPO_OK);
        assert_int_equal(fold[s.n], MARK);
        if (distinct < k + 1)
            continue;
        done++;
        for (uint32_t f = 0; f <= k; f++) {
            size_t size = count_where(fold, f, NULL, 0, s.n);
            assert_true(size > 0);
            if (distinct == s.n)
                assert_true(size == s.n / (k + 1) || size == s.n / (k + 1) + 1);
        }
        for (size_t i = 0; i < s.n; i++)
            for (size_t j = 0; j < i; j++) {
                if (s.time[i] == s.time[j])
                    assert_int_equal(fold[i], fold[j]);
                if (s.time[i] < s.time[j])
                    assert_true(fold[i] <= fold[j]);
            }
    }
    assert_true(done > 1000);
}

/* ---- errors ---- */

static void assert_message(hpo_status status, const hpo_error *error, const char *name, const char *value) {
    assert_int_equal(status, HPO_E_INVALID);
    assert_int_equal(error->code, HPO_E_INVALID);
    if (strstr(error->message, name) == NULL || strstr(error->message, value) == NULL)
        fail_msg("\"%s\" names not both %s and %s", error->message, name, value);
}

static void errors_name_the_value(void **state) {
    (void)state;
    uint32_t      fold[20];
    uint8_t       part[20];
    hpo_error     e;
    double        time[20];
    const int64_t groups[20] = {1, 2};
    for (size_t i = 0; i < 20; i++)
        time[i] = (double)i;

    assert_message(hpo_split_kfold(0, 2, NULL, NULL, 1, fold, &e), &e, "n = ", "0");
    assert_message(hpo_split_kfold(20, 1, NULL, NULL, 1, fold, &e), &e, "k = ", "1");
    assert_message(hpo_split_kfold(20, 21, NULL, NULL, 1, fold, &e), &e, "k = ", "21");
    assert_message(hpo_split_kfold(20, 2, NULL, NULL, 1, NULL, &e), &e, "fold", "NULL");
    assert_message(hpo_split_kfold(20, 4, NULL, groups, 1, fold, &e), &e, "groups", "3");
    assert_message(hpo_split_kfold((size_t)INT32_MAX + 1, 4, NULL, NULL, 1, fold, &e), &e, "n = ", "2147483648");

    assert_message(hpo_split_holdout(0, 0.2, 0.2, NULL, NULL, 1, part, &e), &e, "n = ", "0");
    assert_message(hpo_split_holdout(20, -0.25, 0.2, NULL, NULL, 1, part, &e), &e, "validation", "-0.25");
    assert_message(hpo_split_holdout(20, 0.2, (double)NAN, NULL, NULL, 1, part, &e), &e, "test", "nan");
    assert_message(hpo_split_holdout(20, HUGE_VAL, 0.2, NULL, NULL, 1, part, &e), &e, "validation", "inf");
    assert_message(hpo_split_holdout(20, 0.5, 0.5, NULL, NULL, 1, part, &e), &e, "test", "0.5");
    assert_message(hpo_split_holdout(20, 0.01, 0.2, NULL, NULL, 1, part, &e), &e, "validation", "0.01");
    assert_message(hpo_split_holdout(20, 0.2, 0.01, NULL, NULL, 1, part, &e), &e, "test", "0.01");
    assert_message(hpo_split_holdout(2, 0.49, 0.49, NULL, NULL, 1, part, &e), &e, "train", "0.49");
    assert_message(hpo_split_holdout(20, 0.2, 0.2, NULL, NULL, 1, NULL, &e), &e, "part", "NULL");
    assert_message(hpo_split_holdout(10, 0.2, 0.2, NULL, (const int64_t[10]){1}, 1, part, &e), &e, "groups", "2");

    assert_message(hpo_split_time(20, 0.2, 0.2, NULL, 0, part, &e), &e, "time", "NULL");
    assert_message(hpo_split_time(20, 0.2, 0.2, time, -1.5, part, &e), &e, "gap", "-1.5");
    assert_message(hpo_split_time(20, 0.2, 0.2, time, (double)NAN, part, &e), &e, "gap", "nan");
    assert_message(hpo_split_time(20, 0.2, 0.2, time, 15.5, part, &e), &e, "gap", "15.5");
    assert_message(hpo_split_time(20, 0.2, 0.2, time, 6, part, &e), &e, "gap", "validation");
    assert_message(hpo_split_time(20, 1, 0.2, time, 0, part, &e), &e, "validation", "1");
    assert_message(hpo_split_time(20, 0.2, 0.2, (const double[20]){0}, 0, part, &e), &e, "times", "1");
    assert_message(hpo_split_time_folds(20, 0, time, fold, &e), &e, "k = ", "0");
    assert_message(hpo_split_time_folds(20, 20, time, fold, &e), &e, "k = ", "20");
    assert_message(hpo_split_time_folds(20, 3, (const double[20]){0, 1}, fold, &e), &e, "times", "2");
    assert_message(hpo_split_time_folds(0, 3, time, fold, &e), &e, "n = ", "0");
    time[13] = (double)NAN;
    assert_message(hpo_split_time(20, 0.2, 0.2, time, 0, part, &e), &e, "time[13]", "nan");
    time[13] = -HUGE_VAL;
    assert_message(hpo_split_time_folds(20, 3, time, fold, &e), &e, "time[13]", "-inf");
    assert_int_equal(hpo_split_kfold(20, 1, NULL, NULL, 1, fold, NULL), HPO_E_INVALID); /* without a report */
}

/* An error leaves the caller's array as it was. */
static void errors_write_nothing(void **state) {
    (void)state;
    uint32_t      fold[4] = {MARK, MARK, MARK, MARK};
    uint8_t       part[4] = {MARK, MARK, MARK, MARK};
    const int64_t one[4]  = {1, 1, 1, 1};
    const double  time[4] = {1, 1, 1, 1};
    assert_int_equal(hpo_split_kfold(4, 2, NULL, one, 1, fold, NULL), HPO_E_INVALID);
    assert_int_equal(hpo_split_holdout(4, 0.25, 0.25, NULL, one, 1, part, NULL), HPO_E_INVALID);
    assert_int_equal(hpo_split_time(4, 0.25, 0.25, time, 0, part, NULL), HPO_E_INVALID);
    assert_int_equal(hpo_split_time_folds(4, 2, time, fold, NULL), HPO_E_INVALID);
    for (size_t i = 0; i < 4; i++)
        assert_true(fold[i] == MARK && part[i] == MARK);
}

/* ---- memory ---- */

static hpo_status run_refused(int scenario, hpo_error *err) {
    const int64_t label[12] = {1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 7};
    const double  time[12]  = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    uint32_t      fold[12];
    uint8_t       part[12];
    switch (scenario) {
    case 0:
        return refused_kfold(12, 3, NULL, NULL, 1, fold, err);
    case 1:
        return refused_kfold(12, 3, label, NULL, 1, fold, err);
    case 2:
        return refused_kfold(12, 3, label, label, 1, fold, err);
    case 3:
        return refused_holdout(12, 0.25, 0.25, label, NULL, 1, part, err);
    case 4:
        return refused_holdout(12, 0.25, 0.25, label, label, 1, part, err);
    case 5:
        return refused_time(12, 0.25, 0.25, time, 0, part, err);
    default:
        return refused_time_folds(12, 3, time, fold, err);
    }
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    for (int scenario = 0; scenario < 7; scenario++) {
        hpo_status status = HPO_E_NOMEM;
        long       nth    = 0;
        for (; status != HPO_OK; nth++) {
            hpo_error error  = {0, 0, ""};
            allocations_left = nth;
            status           = run_refused(scenario, &error);
            assert_int_equal(blocks_held, 0);
            assert_true(status == HPO_OK || (status == HPO_E_NOMEM && error.code == HPO_E_NOMEM && error.message[0] != '\0'));
            assert_true(nth < 50);
        }
        assert_true(nth >= 2); /* it did fail */
    }
    allocations_left = -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folds_are_even_and_stratified),
        cmocka_unit_test(folds_are_random),
        cmocka_unit_test(seeds_repeat_and_matter),
        cmocka_unit_test(splits_are_frozen),
        cmocka_unit_test(groups_stay_whole_and_fill_every_fold),
        cmocka_unit_test(single_groups_balance_exactly),
        cmocka_unit_test(rare_classes_are_spread),
        cmocka_unit_test(groups_are_balanced_as_far_as_they_can_be),
        cmocka_unit_test(holdout_is_exact_and_stratified),
        cmocka_unit_test(holdout_of_groups),
        cmocka_unit_test(holdout_of_groups_keeps_the_fractions),
        cmocka_unit_test(time_parts_are_in_order),
        cmocka_unit_test(distinct_times_give_exact_sizes),
        cmocka_unit_test(ties_move_the_boundary),
        cmocka_unit_test(time_folds_grow),
        cmocka_unit_test(errors_name_the_value),
        cmocka_unit_test(errors_write_nothing),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
