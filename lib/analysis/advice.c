/*
 * Advice after a run, in words that name the parameter and what to do.
 *
 * Rules of thumb, each with its threshold beside it; which parameters have an effect is analysis/effects.c. Cost O(n log n + n d); memory O(n d).
 */
#include "analysis/advice.h"

#include "analysis/effects.h"
#include "num/stats.h"
#include "strategy/registry.h"

#include <math.h>
#include <string.h>

enum {
    TRIALS_FOR_EDGE      = 10, /* below, the best is near some edge by chance */
    TRIALS_FOR_REGION    = 20,
    MOST_FOR_REGION      = 10,
    SCARCE_PER_PARAMETER = 5,
    ENOUGH_PER_PARAMETER = 10,
};

typedef struct advice {
    const hpo_study *study;
    size_t           d;
    hpo__text       *text;
    bool             json;
    size_t           written;
    size_t          *rows; /* complete trials, best first */
    size_t           n;
    double          *scratch; /* n */
    size_t          *order;   /* n */
    double          *chance;  /* d, see effects.h */
    bool            *idle;    /* d: no visible effect */
    bool             weak;    /* any of them */
} advice;

/* ---- writing ---- */

/* Text of one piece of advice under way. */
typedef struct piece {
    hpo__text   text;
    const char *kind, *parameter;
} piece;

static piece begin(const advice *a, const char *kind, const char *parameter) {
    piece p = {.kind = kind, .parameter = parameter};
    hpo__text_init(&p.text, a->text->alloc);
    return p;
}

static void end(advice *a, piece *p) {
    if (p->text.failed || p->text.data == NULL) {
        a->text->failed = true;
    } else if (a->json) {
        hpo__text_add(a->text, a->written > 0 ? ", " : "");
        hpo__text_add(a->text, "{\"kind\": ");
        hpo__text_json(a->text, p->kind);
        hpo__text_add(a->text, ", \"parameter\": ");
        if (p->parameter != NULL)
            hpo__text_json(a->text, p->parameter);
        else
            hpo__text_add(a->text, "null");
        hpo__text_add(a->text, ", \"text\": ");
        hpo__text_json(a->text, p->text.data);
        hpo__text_add(a->text, "}");
    } else {
        hpo__text_add(a->text, a->written > 0 ? "\n" : "");
        hpo__text_add(a->text, p->text.data);
    }
    a->written++;
    hpo__text_end(&p->text);
}

static double round_digits(double value, int digits) {
    if (value == 0 || !isfinite(value))
        return value;
    double scale = pow(10.0, digits - 1 - (int)floor(log10(fabs(value)))), whole = round(value * scale);
    double rounded = scale >= 1 ? whole / scale : whole * round(1 / scale);
    return isfinite(scale) && scale > 0 && isfinite(rounded) ? rounded : value;
}

static void add_number(piece *p, double value) {
    hpo__text_number(&p->text, round_digits(value, 4));
}

/* ---- the data ---- */

static double natural(const advice *a, size_t row, size_t i) {
    const hpo__record *record = &a->study->record;
    const hpo__notes  *notes  = record->notes[row];
    if (notes != NULL && notes->values != NULL)
        return notes->values[i];
    double unit = record->unit[row * a->d + i];
    return isnan(unit) ? unit : hpo__codec_decode(&a->study->space->parameters[i], unit);
}

static double unit_of(const advice *a, size_t row, size_t i) {
    return a->study->record.unit[row * a->d + i];
}

static bool numeric(const hpo__parameter *p) {
    return p->kind == HPO_FLOAT || p->kind == HPO_INT || p->kind == HPO_ORDINAL;
}

static bool row_ahead(const hpo__record *record, size_t a, size_t b) {
    return record->values[a] < record->values[b] || (record->values[a] == record->values[b] && record->numbers[a] < record->numbers[b]);
}

/* Bottom-up merge sort of rows by value; `spare` has n places. */
static void sort_rows(const hpo__record *record, size_t *rows, size_t *spare, size_t n) {
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t start = 0; start < n; start += 2 * width) {
            size_t middle = start + width < n ? start + width : n, stop = start + 2 * width < n ? start + 2 * width : n;
            for (size_t at = start, left = start, right = middle; at < stop; at++)
                spare[at] = left < middle && (right >= stop || !row_ahead(record, rows[right], rows[left])) ? rows[left++] : rows[right++];
        }
        memcpy(rows, spare, n * sizeof *rows);
    }
}

static bool gather(advice *a) {
    const hpo__record *record = &a->study->record;
    const hpo__alloc  *alloc  = &a->study->alloc;
    a->n                      = (size_t)record->counts[HPO_COMPLETE];
    a->rows                   = hpo__alloc_new(alloc, a->n, sizeof *a->rows);
    a->scratch                = hpo__alloc_new(alloc, a->n, sizeof *a->scratch);
    a->order                  = hpo__alloc_new(alloc, a->n, sizeof *a->order);
    a->chance                 = hpo__alloc_new(alloc, a->d, sizeof *a->chance);
    a->idle                   = hpo__alloc_zero(alloc, a->d, sizeof *a->idle);
    if (a->rows == NULL || a->scratch == NULL || a->order == NULL || a->chance == NULL || a->idle == NULL)
        return false;
    size_t used = 0;
    for (size_t row = 0; row < record->rows; row++)
        if (record->states[row] == HPO_COMPLETE)
            a->rows[used++] = row;
    sort_rows(record, a->rows, a->order, a->n);
    return true;
}

static void drop(const advice *a) {
    const hpo__alloc *alloc = &a->study->alloc;
    hpo__alloc_free(alloc, a->rows, a->n, sizeof *a->rows);
    hpo__alloc_free(alloc, a->scratch, a->n, sizeof *a->scratch);
    hpo__alloc_free(alloc, a->order, a->n, sizeof *a->order);
    hpo__alloc_free(alloc, a->chance, a->d, sizeof *a->chance);
    hpo__alloc_free(alloc, a->idle, a->d, sizeof *a->idle);
}

/* Trials that count as "the good ones". */
static size_t top(const advice *a, size_t least) {
    size_t n = a->n / 10 > least ? a->n / 10 : least;
    return n < a->n ? n : a->n;
}

/* ---- the pieces ---- */

static void advise_gain(advice *a) {
    const hpo_study   *study  = a->study;
    const hpo__record *record = &study->record;
    size_t             best = record->best, row = hpo__record_row(record, record->first_default);
    piece              p = begin(a, "gain", NULL);
    hpo__text_add(&p.text, "best value ");
    add_number(&p, study->sign * record->values[best]);
    hpo__text_printf(&p.text, " (trial %llu)", (unsigned long long)record->numbers[best]);
    if (row == SIZE_MAX) {
        hpo__text_add(&p.text, "; the default configuration was not tried, so the gain over it is unknown");
    } else if (record->states[row] != HPO_COMPLETE) {
        hpo__text_add(&p.text, "; the default configuration failed");
    } else {
        double before = record->values[row], gain = before == record->values[best] ? 0 : before - record->values[best]; /* both may be infinite */
        hpo__text_add(&p.text, "; the default configuration has ");
        add_number(&p, study->sign * before);
        hpo__text_add(&p.text, gain > 0 ? ": a gain of " : ": nothing better was found, a gain of ");
        add_number(&p, gain);
        if (gain > 0 && before != 0 && isfinite(gain)) {
            hpo__text_add(&p.text, " (");
            hpo__text_number(&p.text, round_digits(100 * gain / fabs(before), 3));
            hpo__text_add(&p.text, " %)");
        }
    }
    end(a, &p);
}

static void advise_optimism(advice *a) {
    const hpo__confirmation *c = &a->study->confirmation;
    if (c->n_finalists == 0 || c->finalists[0].n == 0)
        return;
    const hpo__finalist *first = &c->finalists[0];
    double               seen  = a->study->record.values[hpo__record_row(&a->study->record, first->number)],
           fresh               = a->study->sign * hpo__stats_mean(first->values, first->n);
    double half                = hpo__study_half_width(hpo__stats_deviation(first->values, first->n), first->n);
    piece  p                   = begin(a, "optimism", NULL);
    hpo__text_printf(&p.text, "on %zu fresh evaluations the best of the search has a mean of ", first->n);
    add_number(&p, a->study->sign * fresh);
    hpo__text_add(&p.text, ": the search flattered it by ");
    add_number(&p, fresh - seen);
    if (isfinite(half)) {
        hpo__text_add(&p.text, " (95 % interval ");
        add_number(&p, fresh - seen - half);
        hpo__text_add(&p.text, " to ");
        add_number(&p, fresh - seen + half);
        hpo__text_add(&p.text, ")");
    }
    end(a, &p);
}

/* -1: at the lower edge, 1: at the upper edge, 0: inside. An edge counts when half of the good trials crowd there too. */
static int edge_of(const advice *a, size_t i) {
    const hpo__parameter *q    = &a->study->space->parameters[i];
    double                unit = unit_of(a, a->rows[0], i);
    if (!numeric(q) || isnan(unit) || (q->count > 0 && q->count < 3))
        return 0;
    double reach = q->count > 0 ? 0.5 / (double)q->count + 1e-9 : fmax(0.02, 2.0 / (double)a->n); /* how near n points come to an edge */
    if (q->scale == HPO_LOG && q->count > 0)
        reach = 0.0; /* cells of uneven width: only the value itself tells */
    double value = natural(a, a->rows[0], i);
    bool   low = unit <= reach || value == hpo__codec_decode(q, 0), high = unit >= 1 - reach || value == hpo__codec_decode(q, 1);
    if (low == high)
        return 0;
    for (size_t k = 1; k < a->n && a->study->record.values[a->rows[k]] == a->study->record.values[a->rows[0]]; k++)
        if (natural(a, a->rows[k], i) != value)
            return 0; /* as good elsewhere */
    size_t good = top(a, 3), crowd = 0;
    for (size_t k = 0; k < good; k++) {
        double u = unit_of(a, a->rows[k], i);
        crowd += low ? u <= 0.25 : u >= 0.75;
    }
    return 2 * crowd < good ? 0 : low ? -1 : 1;
}

/* Where the bound could go: a third of the range further in the logarithm, half of it on a linear scale. */
static double widened(const hpo__parameter *q, int edge) {
    double bound = edge < 0 ? q->low : q->high, other = edge < 0 ? q->high : q->low, wider;
    if (q->scale == HPO_LOG)
        wider = bound * pow(bound / other, 1.0 / 3.0);
    else
        wider = bound + (bound - other) / 2;
    if (q->kind == HPO_INT)
        wider = edge < 0 ? floor(wider) : ceil(wider);
    double end = q->kind == HPO_INT && q->low >= 1 ? 1 : 0; /* counts seldom go below one, amounts seldom below zero */
    if (q->low >= end && wider < end)
        wider = end;
    return q->kind == HPO_INT ? wider : round_digits(wider, 2);
}

static void advise_edges(advice *a) {
    for (size_t i = 0; i < a->d && a->n >= TRIALS_FOR_EDGE; i++) {
        const hpo__parameter *q    = &a->study->space->parameters[i];
        int                   edge = edge_of(a, i);
        if (edge == 0)
            continue;
        double wider = widened(q, edge), value = natural(a, a->rows[0], i);
        bool   falling = q->kind == HPO_ORDINAL && q->n_choices > 1 && q->levels[0] > q->levels[1];
        if (wider == (edge < 0 ? q->low : q->high))
            continue; /* at a natural end such as 0 */
        piece p = begin(a, "edge", q->name);
        hpo__text_printf(&p.text, "parameter '%s': the best value ", q->name);
        add_number(&p, value);
        if (q->kind == HPO_ORDINAL) {
            hpo__text_printf(&p.text, " is its %s level: add levels beyond it", (edge < 0) != falling ? "lowest" : "highest");
        } else {
            hpo__text_printf(&p.text, " is at the %s edge of its range: ", edge < 0 ? "lower" : "upper");
            hpo__text_add(&p.text, edge < 0 ? "lower it to about " : "raise it to about ");
            hpo__text_number(&p.text, wider);
            hpo__text_add(&p.text, " if the model allows it");
        }
        end(a, &p);
    }
}

static void advise_effects(advice *a) {
    if (!hpo__effects(a->study, a->rows, a->n, a->chance)) {
        a->text->failed = true;
        return;
    }
    for (size_t i = 0; i < a->d; i++) {
        const hpo__parameter *q = &a->study->space->parameters[i];
        if (!(a->chance[i] > 0.5)) /* without any effect the chance exceeds that every second time */
            continue;
        a->idle[i] = true;
        a->weak    = true;
        piece p    = begin(a, "no-effect", q->name);
        hpo__text_printf(&p.text, "parameter '%s': no visible effect in %zu trials (p = ", q->name, a->n);
        hpo__text_number(&p.text, round_digits(a->chance[i], 2));
        hpo__text_add(&p.text, "); fixing it would leave more of the budget to the others");
        end(a, &p);
    }
}

static size_t distinct_values(advice *a, size_t i) {
    size_t m = 0, distinct = 0;
    for (size_t k = 0; k < a->n; k++)
        if (!isnan(unit_of(a, a->rows[k], i)))
            a->scratch[m++] = unit_of(a, a->rows[k], i);
    hpo__stats_sort(a->scratch, m);
    for (size_t k = 0; k < m; k++)
        distinct += k == 0 || a->scratch[k] != a->scratch[k - 1];
    return distinct;
}

/* Bergstra & Bengio 2012: a grid repeats the same few values of the parameter that matters for every level of those that do not. */
static void advise_grid(advice *a) {
    if (strcmp(a->study->strategy.name, hpo__strategy_grid.name) != 0 || !a->weak)
        return;
    for (size_t i = 0; i < a->d; i++) {
        const hpo__parameter *q        = &a->study->space->parameters[i];
        size_t                distinct = 0;
        if (a->idle[i] || !numeric(q) || (q->count > 0 && q->count <= 8) || (distinct = distinct_values(a, i)) * 2 > a->n)
            continue;
        piece p = begin(a, "grid", q->name);
        hpo__text_printf(&p.text,
                         "the grid tried only %zu values of '%s' in %zu trials, because it repeated them for parameters without visible effect; "
                         "random or sobol search with the same "
                         "budget would try %zu",
                         distinct, q->name, a->n, a->n);
        end(a, &p);
    }
}

static void advise_budget(advice *a) {
    if (a->n >= SCARCE_PER_PARAMETER * a->d)
        return;
    bool   small = true; /* a finite space that is used up needs no more */
    double cells = 1;
    for (size_t i = 0; i < a->d; i++)
        cells = a->study->space->parameters[i].count > 0 ? cells * (double)a->study->space->parameters[i].count : (double)INFINITY;
    small = (double)a->n < cells;
    if (!small)
        return;
    piece p = begin(a, "budget", NULL);
    hpo__text_printf(&p.text, "%zu complete trials are few for %zu parameters; plan about %zu, or fix the parameters that matter least", a->n, a->d,
                     ENOUGH_PER_PARAMETER * a->d);
    end(a, &p);
}

static bool same_choices(const advice *a, size_t x, size_t y) {
    for (size_t i = 0; i < a->d; i++) {
        double u = unit_of(a, x, i), v = unit_of(a, y, i);
        if (isnan(u) != isnan(v) || (!isnan(u) && !numeric(&a->study->space->parameters[i]) && u != v))
            return false;
    }
    return true;
}

/* Range of the good trials with the best one's choices, a tenth of the scale wider at both ends; false when that is no real narrowing. */
static bool good_range(const advice *a, size_t i, double *low, double *high) {
    double from = 1, to = 0;
    size_t good = top(a, 5);
    good        = good < MOST_FOR_REGION ? good : MOST_FOR_REGION; /* a tenth of many trials would fill half of a plain two-dimensional bowl */
    for (size_t k = 0; k < good; k++) {
        double u = unit_of(a, a->rows[k], i);
        if (isnan(u) || !same_choices(a, a->rows[0], a->rows[k]))
            continue;
        from = u < from ? u : from;
        to   = u > to ? u : to;
    }
    from -= 0.1;
    to += 0.1;
    *low  = hpo__codec_decode(&a->study->space->parameters[i], from);
    *high = hpo__codec_decode(&a->study->space->parameters[i], to);
    return to - from < 0.5 && *low < *high;
}

static void advise_region(advice *a) {
    if (a->n < TRIALS_FOR_REGION)
        return;
    piece  p     = begin(a, "region", NULL);
    size_t parts = 0;
    char   number[HPO__NUMBER_SIZE];
    hpo__text_add(&p.text, "refine next:");
    for (size_t i = 0; i < a->d; i++) {
        const hpo__parameter *q = &a->study->space->parameters[i];
        double                low, high, best = natural(a, a->rows[0], i);
        if (isnan(best) || a->idle[i])
            continue;
        if (!numeric(q)) {
            hpo__text_printf(&p.text, "%s %s = %s", parts++ > 0 ? "," : "", q->name, hpo__parameter_text(q, best, number));
        } else if (good_range(a, i, &low, &high)) {
            hpo__text_printf(&p.text, "%s %s in [", parts++ > 0 ? "," : "", q->name);
            hpo__text_number(&p.text, round_digits(low, 3));
            hpo__text_add(&p.text, ", ");
            hpo__text_number(&p.text, round_digits(high, 3));
            hpo__text_add(&p.text, "]");
        }
    }
    if (parts > 0)
        end(a, &p);
    else
        hpo__text_end(&p.text);
}

static void advise_failures(advice *a) {
    uint64_t failed = a->study->record.counts[HPO_FAILED],
             all    = failed + a->study->record.counts[HPO_COMPLETE] + a->study->record.counts[HPO_TRIAL_PRUNED];
    if (failed == 0 || failed * 5 < all)
        return;
    piece p = begin(a, "failures", NULL);
    hpo__text_printf(
        &p.text,
        "%llu of %llu trials failed; their messages (hpo_trial_message, or the exported file) say why, and a narrower space would spare the budget",
        (unsigned long long)failed, (unsigned long long)all);
    end(a, &p);
}

static void advise_test_set(advice *a) {
    if (a->study->n_looks < 2)
        return;
    piece p = begin(a, "test-set", NULL);
    hpo__text_printf(&p.text, "the test set has been used %zu times; choosing by its scores makes them too good to be true, so report the first",
                     a->study->n_looks);
    end(a, &p);
}

void hpo__advice_write(const hpo_study *study, bool json, hpo__text *text) {
    advice a = {.study = study, .d = study->space->size, .text = text, .json = json};
    hpo__text_add(text, json ? "[" : "");
    if (!gather(&a)) {
        text->failed = true;
    } else {
        if (a.n > 0) {
            advise_gain(&a);
            advise_optimism(&a);
            advise_edges(&a);
            advise_effects(&a);
            advise_grid(&a);
            advise_budget(&a);
            advise_region(&a);
        }
        advise_failures(&a);
        advise_test_set(&a);
    }
    drop(&a);
    hpo__text_add(text, json ? "]" : "");
}

hpo_status hpo_study_advice(const hpo_study *study, const char *format, char *buf, size_t cap, size_t *need, hpo_error *err) {
    if (study == NULL || format == NULL || (buf == NULL && cap > 0))
        return hpo__fail(err, HPO_E_INVALID, "study and format must not be NULL, nor buf when cap is not 0");
    if (strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
        return hpo__fail(err, HPO_E_INVALID, "format '%.100s' is neither 'text' nor 'json'", format);
    hpo_status status = hpo__study_lock(study, err);
    if (status != HPO_OK)
        return status;
    hpo__text text;
    hpo__text_init(&text, &study->alloc);
    hpo__advice_write(study, format[0] == 'j', &text);
    status = text.failed ? hpo__fail_nomem(err) : hpo__text_out(text.data, text.length, buf, cap, need, err);
    hpo__text_end(&text);
    hpo__study_unlock(study);
    return status;
}
