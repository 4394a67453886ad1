/*
 * Seeded splits of samples into folds or parts, with strata and groups. (Splits by time are in time.c.)
 *
 * Integer arithmetic and Philox only, so that a seed gives the same split on every machine.
 * Strata: samples in order of class, shuffled within it, are dealt out in turn (folds), or counted out by a controlled rounding of the table of classes
 * and parts (holdout; L. H. Cox, "A constructive procedure for unbiased controlled rounding", JASA 82, 1987, without its random signs): every class is
 * shared out to within one sample and the totals are exact.
 * Groups: largest first, ties shuffled, each to the part where the sum over its classes and the size of count^2 / (class total^2 * part's share) grows
 * least; that sum is least when every class and the sizes are in proportion. Cost O(n log n + groups * parts).
 * These functions take no allocator: scratch is malloc's and is freed before they return.
 */
#include "num/random.h"
#include "num/wide.h"
#include "split/parts.h"
#include <hpo/split.h>
#include <stdbool.h>
#include <stdlib.h>

/* Streams of random numbers below HPO__FOR_SPLIT. */
enum { FOR_SAMPLES, FOR_GROUPS, FOR_LABELS };

/* ---- sorting and shuffling ---- */

typedef struct entry {
    int64_t  key;
    uint32_t tie; /* all different, so that the order does not depend on the sort */
    uint32_t item;
} entry;

static int compare_entries(const void *left, const void *right) {
    const entry *a = left, *b = right;
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return (a->tie > b->tie) - (a->tie < b->tie);
}

/* In order of key, shuffled among equals (Fisher and Yates). Ties must come in as 0 ... n-1. */
static void sort_shuffled(entry *entries, size_t n, uint64_t seed, uint64_t stream) {
    for (size_t i = n; i-- > 1;) {
        size_t   other     = (size_t)hpo__random_below(seed, stream, HPO__FOR_SPLIT, (uint32_t)i, i + 1);
        uint32_t tie       = entries[i].tie;
        entries[i].tie     = entries[other].tie;
        entries[other].tie = tie;
    }
    qsort(entries, n, sizeof *entries, compare_entries);
}

static void list_items(entry *entries, size_t n, const int64_t *key) {
    for (size_t i = 0; i < n; i++)
        entries[i] = (entry){key != NULL ? key[i] : 0, (uint32_t)i, (uint32_t)i};
}

/* Numbers the distinct labels 0, 1, ... in id[n] and returns how many there are. */
static uint32_t number_labels(entry *entries, size_t n, const int64_t *label, uint32_t *id) {
    list_items(entries, n, label);
    qsort(entries, n, sizeof *entries, compare_entries);
    uint32_t count = 0;
    for (size_t i = 0; i < n; i++) {
        count += i == 0 || entries[i].key != entries[i - 1].key;
        id[entries[i].item] = count - 1;
    }
    return count;
}

/* ---- whole groups ---- */

/* `count` samples of one class. The class after the last stands for samples of any class, so that sizes are balanced like a class. */
typedef struct run {
    uint32_t class, count;
} run;

typedef struct grouping {
    size_t    n, parts;
    uint32_t  groups, classes; /* classes counts the one for sizes */
    uint32_t *id;              /* n: scratch; group of a sample in the end */
    uint32_t *class_of;        /* n */
    entry    *entries;         /* n: scratch */
    run      *runs;            /* 2n: of group 0, group 1, ... */
    size_t   *first;           /* groups + 1 positions in runs */
    uint32_t *total;           /* per class */
    uint32_t *count;           /* parts * classes */
    uint32_t *members;         /* groups per part */
    uint32_t *part_of;         /* per group */
} grouping;

static void grouping_end(grouping *g) {
    free(g->id);
    free(g->class_of);
    free(g->entries);
    free(g->runs);
    free(g->first);
    free(g->total);
    free(g->count);
    free(g->members);
    free(g->part_of);
}

/* Lists per group its classes and their counts, then its size. */
static void list_runs(grouping *g) {
    for (size_t i = 0; i < g->n; i++)
        g->entries[i] = (entry){(int64_t)((uint64_t)g->id[i] << 32 | g->class_of[i]), (uint32_t)i, (uint32_t)i};
    qsort(g->entries, g->n, sizeof *g->entries, compare_entries);
    size_t at = 0, i = 0;
    for (uint32_t group = 0; group < g->groups; group++) {
        uint32_t size   = 0;
        g->first[group] = at;
        while (i < g->n && g->entries[i].key >> 32 == group) {
            int64_t key   = g->entries[i].key;
            run     found = {(uint32_t)(key & UINT32_MAX), 0};
            for (; i < g->n && g->entries[i].key == key; i++)
                found.count++;
            size += found.count;
            if (found.class == g->classes - 1) /* no strata */
                continue;
            g->runs[at++] = found;
            g->total[found.class] += found.count;
        }
        g->runs[at++] = (run){g->classes - 1, size};
    }
    g->first[g->groups]      = at;
    g->total[g->classes - 1] = (uint32_t)g->n;
}

static bool grouping_begin(grouping *g, size_t n, size_t parts, const int64_t *strata, const int64_t *groups) {
    *g          = (grouping){.n = n, .parts = parts};
    g->id       = calloc(n, sizeof *g->id);
    g->entries  = calloc(n, sizeof *g->entries);
    g->class_of = calloc(n, sizeof *g->class_of);
    if (g->id == NULL || g->entries == NULL || g->class_of == NULL)
        return false;
    g->classes = 1 + (strata != NULL ? number_labels(g->entries, n, strata, g->class_of) : 0);
    g->groups  = number_labels(g->entries, n, groups, g->id);
    g->runs    = calloc(n, 2 * sizeof *g->runs);
    g->first   = calloc((size_t)g->groups + 1, sizeof *g->first);
    g->total   = calloc(g->classes, sizeof *g->total);
    g->count   = calloc(parts, g->classes * sizeof *g->count);
    g->members = calloc(parts, sizeof *g->members);
    g->part_of = calloc(g->groups, sizeof *g->part_of);
    return g->runs != NULL && g->first != NULL && g->total != NULL && g->count != NULL && g->members != NULL && g->part_of != NULL;
}

static uint64_t divide_up(uint64_t a, uint64_t b) {
    return (a + b - 1) / b;
}

/*
 * How much the sum of squares of `part` grows with `group`: sum over the group's classes of c (2 count + c) / total^2, in units of 2^-44. Rounding up keeps
 * single samples of a huge class from costing nothing.
 */
static uint64_t cost_of(const grouping *g, uint32_t group, size_t part) {
    uint64_t cost = 0;
    for (size_t at = g->first[group]; at < g->first[group + 1]; at++) {
        run      r     = g->runs[at];
        uint64_t total = g->total[r.class], count = g->count[part * g->classes + r.class];
        uint64_t share = divide_up((uint64_t)r.count << 22, total), load = divide_up((2 * count + r.count) << 22, total);
        cost += share * load;
    }
    return cost;
}

/* a / b < c / d. */
static bool less_ratio(uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
    uint64_t left = hpo__mulhi(a, d), right = hpo__mulhi(c, b);
    return left != right ? left < right : a * d < c * b;
}

/* The part that costs least by its weight, one without members when it must be. */
static size_t choose_part(const grouping *g, uint32_t group, const uint32_t *weight, bool must_fill) {
    size_t   best      = g->parts;
    uint64_t best_cost = 0;
    for (size_t part = 0; part < g->parts; part++) {
        if (weight[part] == 0 || (must_fill && g->members[part] > 0))
            continue;
        uint64_t cost = cost_of(g, group, part);
        if (best == g->parts || less_ratio(cost, weight[part], best_cost, weight[best])) {
            best      = part;
            best_cost = cost;
        }
    }
    return best;
}

static void assign_groups(grouping *g, const uint32_t *weight, uint64_t seed) {
    for (uint32_t group = 0; group < g->groups; group++) {
        int64_t size      = g->runs[g->first[group + 1] - 1].count;
        g->entries[group] = (entry){-size, group, group};
    }
    sort_shuffled(g->entries, g->groups, seed, FOR_GROUPS);

    size_t empty = 0;
    for (size_t part = 0; part < g->parts; part++)
        empty += weight[part] > 0;
    for (uint32_t rank = 0; rank < g->groups; rank++) {
        uint32_t group = g->entries[rank].item;
        size_t   part  = choose_part(g, group, weight, g->groups - rank <= empty);
        empty -= g->members[part] == 0;
        g->members[part]++;
        g->part_of[group] = (uint32_t)part;
        for (size_t at = g->first[group]; at < g->first[group + 1]; at++)
            g->count[part * g->classes + g->runs[at].class] += g->runs[at].count;
    }
}

/* Sets g->part_of[g->id[i]] for every sample; at least one group to every part of weight > 0. */
static hpo_status split_groups(grouping *g, size_t n, size_t parts, const uint32_t *weight, const int64_t *strata, const int64_t *groups,
                               uint64_t seed, hpo_error *err) {
    if (!grouping_begin(g, n, parts, strata, groups))
        return hpo__fail_nomem(err);
    size_t wanted = 0;
    for (size_t part = 0; part < parts; part++)
        wanted += weight[part] > 0;
    if (g->groups < wanted)
        return hpo__fail(err, HPO_E_INVALID, "%lu groups cannot fill %zu parts", (unsigned long)g->groups, wanted);
    list_runs(g);
    assign_groups(g, weight, seed);
    return HPO_OK;
}

/* ---- folds ---- */

static hpo_status kfold_samples(size_t n, size_t k, const int64_t *strata, uint64_t seed, uint32_t *fold, hpo_error *err) {
    entry *entries = calloc(n, sizeof *entries);
    if (entries == NULL)
        return hpo__fail_nomem(err);
    list_items(entries, n, strata);
    sort_shuffled(entries, n, seed, FOR_SAMPLES);
    for (size_t i = 0; i < n; i++)
        fold[entries[i].item] = (uint32_t)(i % k);
    free(entries);
    return HPO_OK;
}

static hpo_status kfold_groups(size_t n, size_t k, const int64_t *strata, const int64_t *groups, uint64_t seed, uint32_t *fold, hpo_error *err) {
    uint32_t *weight = calloc(k, sizeof *weight);
    if (weight == NULL)
        return hpo__fail_nomem(err);
    for (size_t part = 0; part < k; part++)
        weight[part] = 1;
    grouping   g;
    hpo_status status = split_groups(&g, n, k, weight, strata, groups, seed, err);
    for (size_t i = 0; status == HPO_OK && i < n; i++)
        fold[i] = g.part_of[g.id[i]];
    grouping_end(&g);
    free(weight);
    return status;
}

hpo_status hpo_split_kfold(size_t n, size_t k, const int64_t *strata, const int64_t *groups, uint64_t seed, uint32_t *fold, hpo_error *err) {
    hpo_status status = hpo__split_check(n, fold, "fold", err);
    if (status != HPO_OK)
        return status;
    if (k < 2 || k > n)
        return hpo__fail(err, HPO_E_INVALID, "k = %zu folds: must be 2 ... n = %zu", k, n);
    status = groups != NULL ? kfold_groups(n, k, strata, groups, seed, fold, err) : kfold_samples(n, k, strata, seed, fold, err);
    /* The first folds get the largest group or the odd sample; which ones these are is left to the seed. */
    uint64_t key = hpo__random_bits(seed, FOR_LABELS, HPO__FOR_SPLIT, 0);
    for (size_t i = 0; status == HPO_OK && i < n; i++)
        fold[i] = (uint32_t)hpo__permute(fold[i], k, key);
    return status;
}

/* ---- holdout ---- */

/* A class: how many of its samples go to each part, and by how much, in n-ths, that falls short of the exact share. */
typedef struct row {
    uint64_t take[PARTS], rest[PARTS];
} row;

/* Moves an amount around a cycle of `steps` cells to raise and as many to lower, so that at least one of them becomes whole; sums of rows and columns stay. */
static void turn_cycle(row *const rows[PARTS], const int up[PARTS], const int down[PARTS], int steps, uint64_t n) {
    uint64_t amount = n;
    for (int i = 0; i < steps; i++) {
        uint64_t room  = n - rows[i]->rest[up[i]];
        uint64_t spare = rows[i]->rest[down[i]];
        amount         = room < amount ? room : amount;
        amount         = spare < amount ? spare : amount;
    }
    for (int i = 0; i < steps; i++) {
        rows[i]->rest[down[i]] -= amount;
        rows[i]->rest[up[i]] += amount;
        if (rows[i]->rest[up[i]] == n) {
            rows[i]->rest[up[i]] = 0;
            rows[i]->take[up[i]]++;
        }
    }
}

/* Rows that wait for a partner: waiting[c] has fractions in the two columns other than c. todo: rows to look at (again). */
typedef struct rounding {
    row     *waiting[PARTS];
    row     *todo[PARTS + 1];
    int      todo_count;
    uint64_t n;
} rounding;

/* A row with fractions in two columns is turned against a waiting row with fractions in the same, until one has none left; else it waits. */
static void round_row(rounding *r, row *current) {
    for (int c = 0; c < PARTS; c++) {
        int a = (c + 1) % PARTS, b = (c + 2) % PARTS;
        while (r->waiting[c] != NULL && current->rest[a] > 0 && current->rest[b] > 0) {
            row *other = r->waiting[c];
            turn_cycle((row *const[PARTS]){current, other}, (const int[PARTS]){a, b}, (const int[PARTS]){b, a}, 2, r->n);
            if (other->rest[a] == 0 || other->rest[b] == 0) {
                r->waiting[c]            = NULL;
                r->todo[r->todo_count++] = other;
            }
        }
    }
    for (int c = 0; c < PARTS; c++)
        if (r->waiting[c] == NULL && current->rest[(c + 1) % PARTS] > 0 && current->rest[(c + 2) % PARTS] > 0) {
            r->waiting[c] = current;
            return;
        }
}

/* Three waiting rows form a cycle through the three columns. */
static void round_waiting(rounding *r) {
    if (r->waiting[0] == NULL || r->waiting[1] == NULL || r->waiting[2] == NULL)
        return;
    turn_cycle(r->waiting, (const int[PARTS]){1, 2, 0}, (const int[PARTS]){2, 0, 1}, PARTS, r->n);
    for (int c = 0; c < PARTS; c++) {
        r->todo[r->todo_count++] = r->waiting[c];
        r->waiting[c]            = NULL;
    }
}

/* rows[c].take[p] = the exact share size[p] * members[c] / n rounded down or up, with sums size[p] and members[c]. */
static void round_shares(row *rows, size_t classes, const uint32_t *members, const uint32_t size[PARTS], uint64_t n) {
    rounding r = {.n = n};
    for (size_t c = 0; c < classes; c++) {
        for (int p = 0; p < PARTS; p++) {
            rows[c].take[p] = (uint64_t)members[c] * size[p] / n;
            rows[c].rest[p] = (uint64_t)members[c] * size[p] % n;
        }
        r.todo[r.todo_count++] = &rows[c];
        while (r.todo_count > 0) {
            round_row(&r, r.todo[--r.todo_count]);
            round_waiting(&r);
        }
    }
}

/* entries are in order of class; hands out each class's shares. */
static void deal_shares(const entry *entries, size_t n, row *rows, uint8_t *part) {
    size_t c = 0;
    for (size_t i = 0; i < n; i++) {
        c += i > 0 && entries[i].key != entries[i - 1].key;
        uint8_t p = 0;
        while (rows[c].take[p] == 0)
            p++;
        rows[c].take[p]--;
        part[entries[i].item] = p;
    }
}

static hpo_status holdout_samples(size_t n, const uint32_t size[PARTS], const int64_t *strata, uint64_t seed, uint8_t *part, hpo_error *err) {
    entry    *entries = calloc(n, sizeof *entries);
    uint32_t *members = calloc(n, sizeof *members);
    row      *rows    = NULL;
    size_t    classes = 0;
    if (entries != NULL && members != NULL) {
        list_items(entries, n, strata);
        sort_shuffled(entries, n, seed, FOR_SAMPLES);
        for (size_t i = 0; i < n; i++) {
            classes += i == 0 || entries[i].key != entries[i - 1].key;
            members[classes - 1]++;
        }
        rows = calloc(classes, sizeof *rows);
    }
    if (rows != NULL) {
        round_shares(rows, classes, members, size, n);
        deal_shares(entries, n, rows, part);
    }
    hpo_status status = rows != NULL ? HPO_OK : hpo__fail_nomem(err);
    free(entries);
    free(members);
    free(rows);
    return status;
}

static hpo_status holdout_groups(size_t n, const uint32_t size[PARTS], const int64_t *strata, const int64_t *groups, uint64_t seed, uint8_t *part,
                                 hpo_error *err) {
    grouping   g;
    hpo_status status = split_groups(&g, n, PARTS, size, strata, groups, seed, err);
    for (size_t i = 0; status == HPO_OK && i < n; i++)
        part[i] = (uint8_t)g.part_of[g.id[i]];
    grouping_end(&g);
    return status;
}

hpo_status hpo_split_holdout(size_t n, double validation, double test, const int64_t *strata, const int64_t *groups, uint64_t seed, uint8_t *part,
                             hpo_error *err) {
    uint32_t   size[PARTS];
    hpo_status status = hpo__split_check(n, part, "part", err);
    if (status == HPO_OK)
        status = hpo__split_sizes(n, validation, test, size, err);
    if (status != HPO_OK)
        return status;
    return groups != NULL ? holdout_groups(n, size, strata, groups, seed, part, err) : holdout_samples(n, size, strata, seed, part, err);
}
