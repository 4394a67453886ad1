/*
 * Splits by time. A boundary lies between two distinct times, at the one nearest to the wanted position that leaves every part at least one time.
 * Cost O(n log n). Scratch is malloc's and is freed before these functions return, as they take no allocator.
 */
#include "base/text.h"
#include "split/parts.h"
#include <math.h>
#include <stdlib.h>

typedef struct moment {
    double   time;
    uint32_t item;
} moment;

static int compare_moments(const void *left, const void *right) {
    const moment *a = left, *b = right;
    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    return (a->item > b->item) - (a->item < b->item);
}

static hpo_status check_times(size_t n, const double *time, hpo_error *err) {
    char text[HPO__NUMBER_SIZE];
    if (time == NULL)
        return hpo__fail(err, HPO_E_INVALID, "time is NULL");
    for (size_t i = 0; i < n; i++)
        if (!isfinite(time[i]))
            return hpo__fail(err, HPO_E_INVALID, "time[%zu] = %s: must be finite", i, hpo__number_text(time[i], text));
    return HPO_OK;
}

/* Samples in order of time, and the positions where a new time starts (the first left out). */
typedef struct timeline {
    moment *moments;
    size_t *starts;
    size_t  count; /* of starts */
} timeline;

static void timeline_end(timeline *line) {
    free(line->moments);
    free(line->starts);
}

static hpo_status timeline_begin(timeline *line, size_t n, const double *time, hpo_error *err) {
    line->moments = calloc(n, sizeof *line->moments);
    line->starts  = calloc(n, sizeof *line->starts);
    line->count   = 0;
    if (line->moments == NULL || line->starts == NULL)
        return hpo__fail_nomem(err);
    for (size_t i = 0; i < n; i++)
        line->moments[i] = (moment){time[i], (uint32_t)i};
    qsort(line->moments, n, sizeof *line->moments, compare_moments);
    for (size_t i = 1; i < n; i++)
        if (line->moments[i].time != line->moments[i - 1].time)
            line->starts[line->count++] = i;
    return HPO_OK;
}

static size_t distance(size_t a, size_t b) {
    return a < b ? b - a : a - b;
}

/* The start nearest to `wanted` among numbers *next ... count - later - 1; *next then is the one after it. */
static size_t place_cut(const timeline *line, size_t wanted, size_t later, size_t *next) {
    size_t best = *next;
    while (best + 1 + later < line->count && distance(line->starts[best + 1], wanted) < distance(line->starts[best], wanted))
        best++;
    *next = best + 1;
    return line->starts[best];
}

/* Parts in order of time, without the gap: samples before cut[0], before cut[1], and the rest. */
static hpo_status cut_parts(const timeline *line, size_t n, const uint32_t size[PARTS], size_t cut[2], hpo_error *err) {
    size_t wanted = (size_t)(size[HPO_VALIDATION] > 0) + (size_t)(size[HPO_TEST] > 0), next = 0;
    if (line->count < wanted)
        return hpo__fail(err, HPO_E_INVALID, "%zu distinct times cannot fill %zu parts", line->count + 1, wanted + 1);
    cut[0] = cut[1] = n;
    if (size[HPO_VALIDATION] > 0)
        cut[0] = place_cut(line, size[HPO_TRAIN], wanted - 1, &next);
    if (size[HPO_TEST] > 0)
        cut[1] = place_cut(line, n - size[HPO_TEST], 0, &next);
    if (size[HPO_VALIDATION] == 0)
        cut[0] = cut[1];
    return HPO_OK;
}

/* Positions from *end - 1 downwards whose time is closer than gap to that at `border` leave the part that starts at `begin`. */
static size_t before_gap(const timeline *line, size_t n, size_t begin, size_t border, double gap) {
    size_t end = border;
    while (border < n && end > begin && line->moments[border].time - line->moments[end - 1].time < gap)
        end--;
    return end;
}

hpo_status hpo_split_time(size_t n, double validation, double test, const double *time, double gap, uint8_t *part, hpo_error *err) {
    char       text[HPO__NUMBER_SIZE];
    uint32_t   size[PARTS];
    size_t     cut[2] = {0, 0};
    hpo_status status = hpo__split_check(n, part, "part", err);
    if (status == HPO_OK)
        status = hpo__split_sizes(n, validation, test, size, err);
    if (status == HPO_OK)
        status = check_times(n, time, err);
    if (status == HPO_OK && !(gap >= 0 && isfinite(gap)))
        status = hpo__fail(err, HPO_E_INVALID, "gap = %s: must be finite and not negative", hpo__number_text(gap, text));
    if (status != HPO_OK)
        return status;

    timeline line;
    status = timeline_begin(&line, n, time, err);
    if (status == HPO_OK)
        status = cut_parts(&line, n, size, cut, err);
    if (status == HPO_OK) {
        size_t train_end = before_gap(&line, n, 0, cut[0], gap), validation_end = before_gap(&line, n, cut[0], cut[1], gap);
        if (train_end == 0 || (size[HPO_VALIDATION] > 0 && validation_end == cut[0]))
            status = hpo__fail(err, HPO_E_INVALID, "gap = %s leaves the %s set empty", hpo__number_text(gap, text),
                               train_end == 0 ? "training" : "validation");
        for (size_t i = 0; status == HPO_OK && i < n; i++) {
            uint8_t of = i < train_end ? HPO_TRAIN : i < cut[0] ? UNUSED : i < validation_end ? HPO_VALIDATION : i < cut[1] ? UNUSED : HPO_TEST;
            part[line.moments[i].item] = of;
        }
    }
    timeline_end(&line);
    return status;
}

hpo_status hpo_split_time_folds(size_t n, size_t k, const double *time, uint32_t *fold, hpo_error *err) {
    hpo_status status = hpo__split_check(n, fold, "fold", err);
    if (status == HPO_OK && (k < 1 || k >= n))
        status = hpo__fail(err, HPO_E_INVALID, "k = %zu folds: must be 1 ... n - 1 = %zu", k, n - 1);
    if (status == HPO_OK)
        status = check_times(n, time, err);
    if (status != HPO_OK)
        return status;

    timeline line;
    status = timeline_begin(&line, n, time, err);
    if (status == HPO_OK && line.count < k)
        status =
            hpo__fail(err, HPO_E_INVALID, "k = %zu folds and a first training set need %zu distinct times; there are %zu", k, k + 1, line.count + 1);
    size_t next = 0, begin = 0;
    for (size_t f = 0; status == HPO_OK && f <= k; f++) {
        size_t wanted = (size_t)((uint64_t)(f + 1) * n / (k + 1));
        size_t end    = f < k ? place_cut(&line, wanted, k - 1 - f, &next) : n;
        for (; begin < end; begin++)
            fold[line.moments[begin].item] = (uint32_t)f;
    }
    timeline_end(&line);
    return status;
}
