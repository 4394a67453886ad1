/* lib/model/surrogate.c: what the model sees of a history, that it does not matter how it came there, and the way back to objective values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../common/draw.h"
#include "../common/fail_alloc.h"
#include "model/surrogate.h"
#include "study/study.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>

enum { MOST_WIDE = 60, QUERIES = 5, SEEN = 256 };

/* ---- histories ---- */

/* A study that only holds trials, and the view of it. */
typedef struct past {
    hpo_study  *study;
    hpo_point  *point;
    hpo_history view;
    size_t      d;
} past;

static void begin(past *p, hpo_space *space) {
    memset(p, 0, sizeof *p);
    assert_int_equal(hpo_study_new(space, &p->study, NULL), HPO_OK);
    assert_int_equal(hpo_point_new(hpo_study_space(p->study), &p->point, NULL), HPO_OK);
    p->d = hpo_space_size(space);
    hpo_space_free(space);
    p->view.record = &p->study->record;
}

static void end(past *p) {
    hpo_point_free(p->point);
    hpo_study_free(p->study);
}

/* A trial at a point of the unit cube; NaN: it failed. */
static void add(past *p, const double *unit, double value) {
    assert_int_equal(hpo_point_set_unit(p->point, unit, p->d, NULL), HPO_OK);
    assert_int_equal(hpo_study_add(p->study, p->point, HPO_COMPLETE, &value, 1, NULL), HPO_OK);
}

/* The first n trials of it. */
static const hpo_history *first(past *p, size_t n) {
    assert_true(n <= p->study->record.visible);
    p->view.size = n;
    return &p->view;
}

static double some_value(draw *d, const double *unit, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += pow(unit[i] - 0.3, 2) * (double)(1 + i % 3);
    return exp(sum) + 0.01 * draw_unit(d);
}

/* n trials at random points; one in `failing` of them fails (0: none). */
static void add_random(past *p, draw *d, size_t n, uint64_t failing) {
    double unit[MOST_WIDE];
    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < p->d; i++)
            unit[i] = draw_unit(d);
        double value = some_value(d, unit, p->d);
        add(p, unit, failing > 0 && draw_below(d, failing) == 0 ? NONE : value);
    }
}

/* Every kind, two levels of conditions, and two parameters of one value. */
static hpo_space *mixed(void) {
    static const char *const modes[] = {"a", "b", "c"}, *const on[] = {"b", "c"}, *const high[] = {"3", "4"}, *const only[] = {"x"};
    static const double widths[] = {8, 16, 64};
    hpo_space          *space    = hpo_space_new(NULL);
    hpo_space_add_float(space, "rate", 1e-4, 1, HPO_LOG, NULL);
    hpo_space_add_categorical(space, "single", only, 1, NULL);
    hpo_space_add_categorical(space, "mode", modes, 3, NULL);
    hpo_space_add_int(space, "level", 1, 4, HPO_LINEAR, NULL);
    hpo_space_add_categorical(space, "inner", modes, 3, NULL);
    hpo_space_add_float(space, "drop", 0, 1, HPO_LINEAR, NULL);
    hpo_space_add_int(space, "units", 1, 500, HPO_LOG, NULL);
    hpo_space_add_ordinal(space, "width", widths, 3, NULL);
    hpo_space_add_ordinal(space, "fixed", widths, 1, NULL);
    hpo_space_when(space, "level", "mode", on, 2, NULL);
    hpo_space_when(space, "inner", "level", high, 2, NULL);
    hpo_space_when(space, "drop", "level", high, 2, NULL);
    assert_int_equal(hpo_space_status(space, NULL), HPO_OK);
    return space;
}

static hpo_space *floats(size_t d) {
    hpo_space *space = hpo_space_new(NULL);
    for (size_t i = 0; i < d; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%u", (unsigned)i);
        hpo_space_add_float(space, name, 0, 1, HPO_LINEAR, NULL);
    }
    assert_int_equal(hpo_space_status(space, NULL), HPO_OK);
    return space;
}

static hpo__surrogate *surrogate_of(const past *p, bool exact) {
    hpo__surrogate *s = hpo__surrogate_new(hpo_study_space(p->study), 5, exact);
    assert_non_null(s);
    return s;
}

/* ---- how the model came to its history does not matter ---- */

/* Two models of one history: the same trials, the same hyperparameters and the same predictions, to the last bit. */
static void check_same(hpo__surrogate *a, hpo__surrogate *b, size_t n, uint64_t seed) {
    draw   d = {seed};
    double unit[QUERIES * MOST_WIDE], x[QUERIES * MOST_WIDE], mean[2][QUERIES], variance[2][QUERIES];
    HOLDS(a->n == b->n && a->failures == b->failures, seed, "%zu trials: %zu and %zu points", n, a->n, b->n);
    HOLDS(memcmp(a->rows, b->rows, a->n * sizeof *a->rows) == 0, seed, "%zu trials: other rows", n);
    HOLDS(memcmp(a->y, b->y, a->n * sizeof *a->y) == 0, seed, "%zu trials: other values", n);
    HOLDS(memcmp(a->labels, b->labels, a->n * sizeof *a->labels) == 0, seed, "%zu trials: other labels", n);
    size_t size = hpo__gp_theta_size(a->gp);
    HOLDS(size == hpo__gp_theta_size(b->gp), seed, "%zu trials: other kinds of hyperparameters", n);
    for (size_t i = 0; i < size; i++)
        HOLDS(memcmp(hpo__gp_theta(a->gp) + i, hpo__gp_theta(b->gp) + i, sizeof(double)) == 0, seed,
              "%zu trials: hyperparameter %zu of %zu is %.17g and %.17g", n, i, size, hpo__gp_theta(a->gp)[i], hpo__gp_theta(b->gp)[i]);
    for (size_t i = 0; i < QUERIES * a->d; i++)
        unit[i] = draw_unit(&d);
    hpo__surrogate_inputs(a, unit, QUERIES, x);
    assert_true(hpo__gp_predict(a->gp, x, QUERIES, mean[0], variance[0], NULL, NULL, NULL));
    assert_true(hpo__gp_predict(b->gp, x, QUERIES, mean[1], variance[1], NULL, NULL, NULL));
    HOLDS(memcmp(mean[0], mean[1], sizeof mean[0]) == 0 && memcmp(variance[0], variance[1], sizeof variance[0]) == 0, seed,
          "%zu trials: other predictions", n);
    for (size_t q = 0; q < QUERIES; q++)
        HOLDS(isfinite(mean[0][q]) && variance[0][q] > 0, seed, "%zu trials: mean %g, variance %g", n, mean[0][q], variance[0][q]);
    double best[2] = {hpo__surrogate_incumbent(a), hpo__surrogate_incumbent(b)};
    HOLDS(memcmp(best, best + 1, sizeof *best) == 0 && memcmp(a->order, b->order, a->n * sizeof *a->order) == 0, seed,
          "%zu trials: to improve on %g and %g", n, best[0], best[1]);
}

/* One model follows the history by steps of 1 to `stride`; at sizes around powers of two, and some others, another one is made new. */
static void check_following(past *p, uint64_t seed, size_t stride, bool exact) {
    draw            d    = {seed + 1000};
    size_t          most = p->study->record.visible, n = 0;
    hpo__surrogate *followed = surrogate_of(p, exact);
    while (n < most) {
        n += 1 + (size_t)draw_below(&d, stride);
        n                     = n < most ? n : most;
        hpo_status status     = hpo__surrogate_follow(followed, first(p, n));
        bool       near_power = false;
        for (size_t power = 2; power <= 2 * n; power *= 2)
            near_power = near_power || (n + 1 >= power && n <= power + 1);
        if (!near_power && draw_below(&d, 12) > 0)
            continue;
        hpo__surrogate *made = surrogate_of(p, exact);
        HOLDS(status == hpo__surrogate_follow(made, first(p, n)), seed, "%zu trials: another status", n);
        if (status == HPO_OK)
            check_same(followed, made, n, seed);
        hpo__surrogate_free(made);
    }
    HOLDS(hpo__surrogate_follow(followed, first(p, n)) == HPO_OK, seed, "no model of %zu trials", n);
    hpo__surrogate_free(followed);
}

static void following_is_making_anew(void **state) {
    (void)state;
    static const struct {
        size_t   floats, trials, stride;
        uint64_t failing;
    } cases[] = {{0, 140, 1, 6}, {0, 70, 7, 2},  {1, 70, 1, 0},  {3, 70, 3, 4}, {0, 330, 40, 9},
                 {55, 33, 1, 0}, {55, 17, 1, 0}, {52, 17, 1, 0}, {58, 17, 2, 0}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        for (int exact = 0; exact < 2; exact++) {
            past p;
            draw d = {c};
            begin(&p, cases[c].floats == 0 ? mixed() : floats(cases[c].floats));
            add_random(&p, &d, cases[c].trials, cases[c].failing);
            check_following(&p, c, cases[c].stride, exact == 1);
            end(&p);
        }
}

/* Every request of memory refused once: the model says so, and goes on as if nothing had been. */
static void out_of_memory(void **state) {
    (void)state;
    const size_t sizes[] = {2, 9, 16, 33};
    past         p;
    draw         d = {3};
    begin(&p, mixed());
    add_random(&p, &d, 4, 0);
    add_random(&p, &d, 36, 5);
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        fail_alloc          memory    = {0};
        const hpo_allocator allocator = fail_allocator(&memory);
        hpo_space          *space     = hpo_space_new(&allocator);
        hpo_space_free(space);
        space              = mixed();
        hpo_space *watched = NULL;
        assert_int_equal(hpo__space_copy(space, &watched, NULL), HPO_OK);
        const hpo__alloc real = watched->alloc;
        watched->alloc        = hpo__alloc_from(&allocator); /* what the surrogate takes its memory from */
        hpo__surrogate *plain = surrogate_of(&p, false), *s = hpo__surrogate_new(watched, 5, false);
        hpo_status      status  = HPO_E_NOMEM;
        uint64_t        refused = 0;
        for (uint64_t at = 0; status == HPO_E_NOMEM; at++) {
            memory.fail_at = memory.requests + at;
            status         = hpo__surrogate_follow(s, first(&p, sizes[k]));
            refused += status == HPO_E_NOMEM;
        }
        memory.fail_at = 0;
        assert_int_equal(status, HPO_OK);
        assert_true(refused > 0);
        assert_int_equal(hpo__surrogate_follow(plain, first(&p, sizes[k])), HPO_OK);
        check_same(s, plain, sizes[k], k);
        hpo__surrogate_free(s);
        hpo__surrogate_free(plain);
        assert_int_equal(memory.bytes, 0);
        watched->alloc = real;
        hpo_space_free(watched);
        hpo_space_free(space);
    }
    end(&p);
}

/* ---- what the model sees ---- */

/* Inputs are the parameters with more than one value; an inactive number stands in the centre, an inactive choice is like no other. */
static void inputs(void **state) {
    (void)state;
    past p;
    begin(&p, mixed());
    hpo__surrogate *s          = surrogate_of(&p, false);
    const size_t    expected[] = {0, 2, 3, 4, 5, 6, 7};
    const int       kinds[]    = {HPO__GP_WARPED, HPO__GP_CHOICE, HPO__GP_NUMERIC, HPO__GP_CHOICE, HPO__GP_WARPED, HPO__GP_WARPED, HPO__GP_NUMERIC};
    assert_int_equal(s->d, 9);
    assert_int_equal(s->inputs, 7);
    assert_memory_equal(s->input_of, expected, sizeof expected);
    assert_memory_equal(s->kinds, kinds, sizeof kinds);
    const double unit[2][9]   = {{0.25, 0.5, 1.0 / 6, NONE, NONE, NONE, 0.75, 0.9, 0.5}, {0.125, 0.5, 0.5, 0.875, 0.5, 0.3, 1, 0.1, 0.5}};
    const double wanted[2][7] = {{0.25, 1.0 / 6, 0.5, -1, 0.5, 0.75, 0.9}, {0.125, 0.5, 0.875, 0.5, 0.3, 1, 0.1}};
    double       x[14];
    hpo__surrogate_inputs(s, &unit[0][0], 2, x);
    for (size_t i = 0; i < 7; i++)
        for (size_t q = 0; q < 2; q++) {
            assert_true(hpo__surrogate_input(s, unit[q], i) == wanted[q][i]);
            assert_true(x[2 * i + q] == wanted[q][i]);
        }
    hpo__surrogate_free(s);
    end(&p);
}

/* The warp of an input has two hyperparameters, which need ten trials and two per input to be learned from. */
static void warps_need_data(void **state) {
    (void)state;
    static const size_t widths[] = {1, 4, 5, 7};
    for (size_t k = 0; k < sizeof widths / sizeof *widths; k++) {
        past   p;
        draw   d = {k};
        size_t w = widths[k], enough = 2 * w > 10 ? 2 * w : 10;
        begin(&p, floats(w));
        add_random(&p, &d, 16, 0);
        for (size_t n = 2; n <= 16; n++) {
            hpo__surrogate *s = surrogate_of(&p, false);
            assert_int_equal(hpo__surrogate_follow(s, first(&p, n)), HPO_OK);
            assert_int_equal(hpo__gp_theta_size(s->gp), w + 2 + (n >= enough ? 2 * w : 0));
            hpo__surrogate_free(s);
        }
        end(&p);
    }
}

/* Which branch a trial was in is seen: equal numbers beside other choices have other predictions, and an inactive choice is none of the active ones. */
static void branches_differ(void **state) {
    (void)state;
    past   p;
    draw   d = {8};
    double unit[9], mean[3], variance[3], x[3 * 7];
    begin(&p, mixed());
    for (size_t k = 0; k < 60; k++) {
        for (size_t i = 0; i < 9; i++)
            unit[i] = draw_unit(&d);
        add(&p, unit, floor(3 * unit[2]) + 0.01 * draw_unit(&d)); /* nothing but the mode matters */
    }
    hpo__surrogate *s = surrogate_of(&p, false);
    assert_int_equal(hpo__surrogate_follow(s, first(&p, 60)), HPO_OK);
    double queries[3 * 9] = {0};
    for (size_t q = 0; q < 3; q++) {
        double at[9] = {0.4, 0.5, (2.0 * (double)q + 1) / 6, 0.1, 0.2, 0.4, 0.6, 0.5, 0.5}, values[9];
        hpo__space_snap(s->space, at, queries + q * 9, values);
    }
    hpo__surrogate_inputs(s, queries, 3, x);
    assert_true(hpo__gp_predict(s->gp, x, 3, mean, variance, NULL, NULL, NULL));
    assert_true(mean[0] < mean[1] - 0.3 && mean[1] < mean[2] - 0.3);
    hpo__surrogate_free(s);
    end(&p);
}

/* Failed trials count as the worst value, with more noise, and are known as failures. */
static void failures(void **state) {
    (void)state;
    past         p;
    const double values[] = {3, NONE, 1, 7, NONE, 2, INF};
    begin(&p, floats(1));
    for (size_t k = 0; k < 7; k++) {
        double unit = 0.1 * (double)(k + 1);
        add(&p, &unit, values[k]);
    }
    hpo__surrogate *s = surrogate_of(&p, false);
    assert_int_equal(hpo__surrogate_follow(s, first(&p, 7)), HPO_OK);
    assert_int_equal(s->n, 7);
    assert_int_equal(s->failures, 3); /* an infinite value says no more than that it is bad */
    for (size_t k = 0; k < 7; k++) {
        bool ok = k != 1 && k != 4 && k != 6;
        assert_int_equal(hpo__surrogate_succeeded(&p.view, k), ok);
        assert_int_equal(s->rows[k], k);
        assert_true(s->labels[k] == (ok ? 1 : -1));
        assert_true(ok ? s->noise[k] == 1 : s->noise[k] > 1);
        assert_true(ok || s->y[k] == s->y[3]); /* as bad as 7, the worst */
        assert_true(!ok || k == 3 || s->y[k] < s->y[3]);
    }
    assert_true(s->y[2] < s->y[5] && s->y[5] < s->y[0]);
    hpo__surrogate_incumbent(s);
    assert_int_equal(s->order[0], 2);
    for (size_t k = 4; k < 7; k++)
        assert_true(s->labels[s->order[k]] < 0); /* they come last */
    hpo__surrogate_free(s);
    end(&p);
}

/* Too little to model: fewer than two values, or nothing that varies. */
static void nothing_to_model(void **state) {
    (void)state;
    past         p;
    const double values[] = {NONE, 5, NONE, INF, 4};
    begin(&p, floats(2));
    hpo__surrogate *s = surrogate_of(&p, false);
    for (size_t k = 0; k < 5; k++) {
        double unit[] = {0.2 * (double)k, 0.5};
        assert_int_equal(hpo__surrogate_follow(s, first(&p, k)), HPO_EXHAUSTED);
        assert_int_equal(s->n, 0);
        add(&p, unit, values[k]);
    }
    assert_int_equal(hpo__surrogate_follow(s, first(&p, 5)), HPO_OK);
    assert_int_equal(s->n, 5);
    hpo__surrogate_free(s);
    end(&p);
    hpo_space *space = hpo_space_new(NULL);
    hpo_space_add_ordinal(space, "fixed", (const double[]){5}, 1, NULL);
    begin(&p, space);
    for (int k = 0; k < 4; k++)
        add(&p, (const double[]){0.5}, k);
    s = surrogate_of(&p, false);
    assert_int_equal(s->inputs, 0);
    assert_int_equal(hpo__surrogate_follow(s, first(&p, 4)), HPO_EXHAUSTED);
    hpo__surrogate_free(s);
    end(&p);
}

/* ---- more trials than the model sees ---- */

/* Squared distance in inputs; another choice counts 1. */
static double distance(const hpo__surrogate *s, const double *a, const double *b) {
    double sum = 0;
    for (size_t i = 0; i < s->inputs; i++) {
        double u = hpo__surrogate_input(s, a, i), v = hpo__surrogate_input(s, b, i);
        sum += s->kinds[i] == HPO__GP_CHOICE ? (u == v ? 0 : 1) : (u - v) * (u - v);
    }
    return sum;
}

/* How many rows of the history have a smaller key than row `row`. */
static size_t before(const double *key, size_t n, size_t row) {
    size_t count = 0;
    for (size_t k = 0; k < n; k++)
        count += key[k] < key[row];
    return count;
}

/* Of n trials the model has 256: the best 40 %, the nearest to the best up to 80 %, and of the others some from all times. No values are equal here. */
static void check_choice(past *p, size_t n, uint64_t seed) {
    hpo__surrogate *s    = surrogate_of(p, false);
    const double   *unit = hpo_history_unit(first(p, n)), *values = hpo_history_values(&p->view);
    double         *value = malloc(n * sizeof *value), *gap = malloc(n * sizeof *gap);
    bool           *chosen = calloc(n, sizeof *chosen);
    size_t          best = 0, by_value = 0, by_gap = 0, good = SEEN * 2 / 5, near_best = SEEN * 4 / 5;
    assert_true(value != NULL && gap != NULL && chosen != NULL);
    HOLDS(hpo__surrogate_follow(s, &p->view) == HPO_OK, seed, "no model of %zu trials", n);
    HOLDS(s->n == SEEN && hpo__gp_points(s->gp) == SEEN, seed, "%zu of %zu trials", s->n, n);
    for (size_t k = 0; k < SEEN; k++) {
        HOLDS(s->rows[k] < n && !chosen[s->rows[k]], seed, "row %zu twice", s->rows[k]);
        chosen[s->rows[k]] = true;
        HOLDS((s->labels[k] > 0) == hpo__surrogate_succeeded(&p->view, s->rows[k]), seed, "row %zu has the label of another", s->rows[k]);
    }
    for (size_t row = 0; row < n; row++) {
        value[row] = hpo__surrogate_succeeded(&p->view, row) ? values[row] : INF;
        best       = value[row] < value[best] ? row : best;
    }
    for (size_t row = 0; row < n; row++)
        gap[row] = distance(s, unit + row * p->d, unit + best * p->d);
    for (size_t row = 0; row < n; row++) {
        bool valued = before(value, n, row) < good && isfinite(value[row]);
        HOLDS(!valued || chosen[row], seed, "row %zu of %zu is among the best %zu", row, n, good);
        by_value += valued;
    }
    /* of the others, those nearest to the best: as many as fill up to 80 % */
    double farthest = 0;
    for (size_t row = 0; row < n; row++)
        if (before(value, n, row) >= good || !isfinite(value[row])) {
            size_t nearer = 0;
            for (size_t k = 0; k < n; k++)
                nearer += gap[k] < gap[row] && (before(value, n, k) >= good || !isfinite(value[k]));
            if (nearer < near_best - by_value && by_value == good) {
                HOLDS(chosen[row], seed, "row %zu of %zu is among the nearest to the best", row, n);
                by_gap++;
                farthest = gap[row] > farthest ? gap[row] : farthest;
            }
        }
    HOLDS(by_value + by_gap >= near_best || by_value < good, seed, "only %zu and %zu", by_value, by_gap);
    /* and the rest from all times: at least one from each eighth of the history */
    for (size_t part = 0; part < 8 && by_value == good; part++) {
        size_t some = 0;
        for (size_t row = part * n / 8; row < (part + 1) * n / 8; row++)
            some += chosen[row] && before(value, n, row) >= good && gap[row] > farthest;
        HOLDS(some > 0, seed, "none of trials %zu to %zu", part * n / 8, (part + 1) * n / 8);
    }
    free(value);
    free(gap);
    free(chosen);
    hpo__surrogate_free(s);
}

static void chosen_rows(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 3; seed++) {
        past p;
        draw d = {seed};
        begin(&p, seed == 0 ? floats(2) : mixed());
        add_random(&p, &d, 900, seed == 0 ? 0 : 3 - seed);
        hpo__surrogate *s = surrogate_of(&p, false);
        if (seed < 2) { /* else all have failed */
            assert_int_equal(hpo__surrogate_follow(s, first(&p, SEEN)), HPO_OK);
            assert_int_equal(s->n, SEEN);
            for (size_t k = 0; k < SEEN; k++)
                assert_int_equal(s->rows[k], k);
            check_choice(&p, SEEN + 1, seed);
            check_choice(&p, 300, seed);
            check_choice(&p, 900, seed);
        } else {
            assert_int_equal(hpo__surrogate_follow(s, first(&p, 900)), HPO_EXHAUSTED);
        }
        hpo__surrogate_free(s);
        end(&p);
    }
}

/* ---- back to objective values ---- */

static void check_unwarp(past *p, hpo__surrogate *s, uint64_t seed) {
    const double *values = hpo_history_values(&p->view);
    double        low = INF, high = -INF, best = INF, worst = -INF, last = -INF;
    for (size_t k = 0; k < s->n; k++) {
        if (s->labels[k] < 0)
            continue;
        double value = values[s->rows[k]], back = hpo__surrogate_unwarp(s, s->y[k]);
        HOLDS(fabs(back - value) <= 1e-14 * fabs(value) || back == value, seed, "point %zu: %.17g, not %.17g", k, back, value);
        low   = fmin(low, s->y[k]);
        high  = fmax(high, s->y[k]);
        best  = fmin(best, value);
        worst = fmax(worst, value);
    }
    double width = high - low > 0 ? high - low : 1;
    for (int step = -300; step <= 1300; step++) {
        double z = low + width * step / 1000, back = hpo__surrogate_unwarp(s, z);
        HOLDS(!isnan(back) && back >= last - 1e-12 * fabs(last), seed, "falls from %.17g to %.17g at %g", last, back, z);
        HOLDS(back <= worst, seed, "%g is above the worst, %g", back, worst);
        if (step > 1000)
            HOLDS(back == worst, seed, "%g, not the worst, %g", back, worst);
        if (step < 0 && best < worst)
            HOLDS(back < best, seed, "%.17g at %g, where the best is %.17g at %g", back, z, best, low);
        last = back;
    }
}

/* Any values: the data's own come back, the order stays, nothing is worse than the worst, and beyond the best it goes on. */
static void unwarp_goes_back(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 60; seed++) {
        past   p;
        draw   d = {seed};
        size_t n = 2 + (size_t)draw_below(&d, 40);
        begin(&p, floats(1));
        double scale = ldexp(1, (int)draw_between(&d, -200, 200));
        for (size_t k = 0; k < n; k++) {
            double unit = draw_unit(&d), u = draw_unit(&d);
            double value = seed % 5 == 0   ? exp(20 * u)
                           : seed % 5 == 1 ? -exp(8 * u)
                           : seed % 5 == 2 ? floor(4 * u)
                           : seed % 5 == 3 ? tan(3.1 * (u - 0.5))
                                           : u;
            add(&p, &unit, k > 2 && draw_below(&d, 6) == 0 ? NONE : value * scale);
        }
        hpo__surrogate *s = surrogate_of(&p, false);
        HOLDS(hpo__surrogate_follow(s, first(&p, n)) == HPO_OK, seed, "no model of %zu trials", n);
        check_unwarp(&p, s, seed);
        hpo__surrogate_free(s);
        end(&p);
    }
}

/* Between two values a straight line, and below the best the line of the best two. */
static void unwarp_is_piecewise_linear(void **state) {
    (void)state;
    past         p;
    const double values[] = {4, 1, 9, 2, 30};
    begin(&p, floats(1));
    for (size_t k = 0; k < 5; k++)
        add(&p, (const double[]){0.15 * (double)(k + 1)}, values[k]);
    hpo__surrogate *s = surrogate_of(&p, false);
    assert_int_equal(hpo__surrogate_follow(s, first(&p, 5)), HPO_OK);
    double y1 = s->y[1], y2 = s->y[3], y4 = s->y[0], y9 = s->y[2];
    assert_true(near(hpo__surrogate_unwarp(s, (y1 + y2) / 2), 1.5, 1e-12));
    assert_true(near(hpo__surrogate_unwarp(s, (y2 + 3 * y4) / 4), 3.5, 1e-12));
    assert_true(near(hpo__surrogate_unwarp(s, (y4 + y9) / 2), 6.5, 1e-12));
    assert_true(near(hpo__surrogate_unwarp(s, y1 - 2 * (y2 - y1)), -1, 1e-11));
    hpo__surrogate_free(s);
    end(&p);
}

static void unwarp_of_equal_values(void **state) {
    (void)state;
    const double values[] = {0, -3.5, 1e308, -1e308, 5e-324};
    for (size_t v = 0; v < 5; v++) {
        past p;
        begin(&p, floats(1));
        for (size_t k = 0; k < 12; k++)
            add(&p, (const double[]){0.08 * (double)k}, values[v]);
        hpo__surrogate *s = surrogate_of(&p, false);
        assert_int_equal(hpo__surrogate_follow(s, first(&p, 12)), HPO_OK);
        for (int z = -3; z <= 3; z++)
            assert_true(hpo__surrogate_unwarp(s, z) == values[v]);
        hpo__surrogate_free(s);
        end(&p);
    }
}

/* Values at the ends of a double's range: never a NaN, and never above the worst. */
static void unwarp_of_huge_values(void **state) {
    (void)state;
    const double sets[][4] = {
        {1.7e308, -1.7e308, 0, 1e300}, {-DBL_MAX, -1e308, -1.5e308, DBL_MAX}, {5e-324, 1e-323, 0, -5e-324}, {1e-308, 1e308, 2e-308, 1e-300}};
    for (size_t v = 0; v < 4; v++) {
        past   p;
        double worst = -INF;
        begin(&p, floats(1));
        for (size_t k = 0; k < 12; k++)
            add(&p, (const double[]){0.08 * (double)k}, sets[v][k % 4]);
        for (size_t k = 0; k < 4; k++)
            worst = fmax(worst, sets[v][k]);
        hpo__surrogate *s = surrogate_of(&p, false);
        assert_int_equal(hpo__surrogate_follow(s, first(&p, 12)), HPO_OK);
        for (int z = -80; z <= 80; z++) {
            double back = hpo__surrogate_unwarp(s, 0.1 * z);
            HOLDS(!isnan(back) && back <= worst, v, "%g at %g", back, 0.1 * z);
        }
        hpo__surrogate_free(s);
        end(&p);
    }
}

/* ---- the value to improve on ---- */

static void incumbents(void **state) {
    (void)state;
    past p;
    draw d = {12};
    begin(&p, floats(1));
    for (size_t k = 0; k < 40; k++) { /* a parabola, and a lucky trial far from its bottom */
        double unit = draw_unit(&d);
        add(&p, &unit, k == 20 ? -8 : 10 * pow(unit - 0.5, 2) + 2 * draw_unit(&d));
    }
    hpo__surrogate *s = surrogate_of(&p, false);
    assert_int_equal(hpo__surrogate_follow(s, first(&p, 40)), HPO_OK);
    double *theta = hpo__gp_theta(s->gp);
    theta[2]      = log(1e-6); /* as good as no noise: the best seen */
    assert_true(hpo__gp_condition(s->gp));
    assert_true(hpo__surrogate_incumbent(s) == s->y[20]);
    assert_int_equal(s->order[0], 20);
    theta[1] = 0; /* much of it: the lowest mean at the data */
    theta[2] = 0;
    assert_true(hpo__gp_condition(s->gp));
    double mean[40], low = INF, incumbent = hpo__surrogate_incumbent(s);
    hpo__gp_mean_at_data(s->gp, mean);
    for (size_t k = 0; k < 40; k++)
        low = fmin(low, mean[k]);
    assert_true(incumbent == low && incumbent > s->y[20] + 0.5);
    for (size_t k = 1; k < 40; k++)
        assert_true(mean[s->order[k - 1]] <= mean[s->order[k]]);
    hpo__surrogate_free(s);
    end(&p);
}

/* ---- a model that breaks down ---- */

typedef struct heard {
    int  warnings;
    char last[600];
} heard;

static void hear(int32_t level, const char *message, void *user) {
    heard *h = user;
    h->warnings += level == HPO_LOG_WARNING;
    snprintf(h->last, sizeof h->last, "%s", message);
}

/* Rows of the unit cube are finite as long as nobody writes into memory that is not his. If one is not, no matrix can be factored: strategy=gp says so once,
 * and what it suggests comes from its initial design. */
static void a_broken_model_is_reported(void **state) {
    (void)state;
    past       p;
    heard      h     = {0};
    draw       d     = {4};
    hpo_space *space = hpo_space_new(NULL);
    hpo_space_add_int(space, "level", 1, 4, HPO_LINEAR, NULL);
    hpo_space_add_float(space, "rate", 0, 1, HPO_LINEAR, NULL);
    begin(&p, space);
    assert_int_equal(hpo_study_set(p.study, "strategy", "gp", NULL), HPO_OK);
    assert_int_equal(hpo_study_on_log(p.study, HPO_LOG_WARNING, hear, &h, NULL), HPO_OK);
    add_random(&p, &d, 20, 0);
    double kept = p.study->record.unit[6];
    for (int k = 0; k < 8; k++) {
        bool       broken = k >= 2 && k < 6;
        hpo_trial *trial  = NULL;
        double     unit[2], value = 1 + k;
        p.study->record.unit[6] = broken ? INF : kept;
        assert_int_equal(hpo_study_ask(p.study, &trial, NULL), HPO_OK);
        assert_int_equal(h.warnings, k < 2 ? 0 : 1);
        memcpy(unit, trial->unit, sizeof unit);
        assert_true(unit[0] >= 0 && unit[0] <= 1 && unit[1] >= 0 && unit[1] <= 1);
        assert_int_equal(hpo_study_tell(p.study, trial, HPO_COMPLETE, &value, 1, NULL), HPO_OK);
        hpo_trial_free(trial);
    }
    assert_non_null(strstr(h.last, "gp"));
    assert_non_null(strstr(h.last, "model"));
    hpo__surrogate *s = surrogate_of(&p, false);
    assert_int_equal(hpo__surrogate_follow(s, first(&p, 20)), HPO_OK);
    p.study->record.unit[6] = INF;
    assert_int_equal(hpo__surrogate_follow(s, first(&p, 20)), HPO_EXHAUSTED);
    assert_int_equal(s->n, 20); /* unlike where there is nothing to model */
    hpo__surrogate_free(s);
    end(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(following_is_making_anew),
        cmocka_unit_test(out_of_memory),
        cmocka_unit_test(inputs),
        cmocka_unit_test(warps_need_data),
        cmocka_unit_test(branches_differ),
        cmocka_unit_test(failures),
        cmocka_unit_test(nothing_to_model),
        cmocka_unit_test(chosen_rows),
        cmocka_unit_test(unwarp_goes_back),
        cmocka_unit_test(unwarp_is_piecewise_linear),
        cmocka_unit_test(unwarp_of_equal_values),
        cmocka_unit_test(unwarp_of_huge_values),
        cmocka_unit_test(incumbents),
        cmocka_unit_test(a_broken_model_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
