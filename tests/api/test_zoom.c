/*
 * The strategy "zoom": every stage is exactly the cells it should be, worked out here by hand from where the best results lie.
 * A test lists the cells of the coming boxes; those not tried before must come next, in any order, and nothing else.
 */
#include "host.h"

enum { MOST = 3000, WIDE = 6 };

typedef double (*loss)(const double *x);

/* A search with all points so far, and the open cells of the stage under way. */
typedef struct search {
    hpo_study *study;
    size_t     d;
    loss       f;
    double     seen[MOST][WIDE], open[MOST][WIDE];
    size_t     n_seen, n_open;
} search;

static bool same_point(const double *a, const double *b, size_t d) {
    for (size_t i = 0; i < d; i++)
        if (isnan(a[i]) != isnan(b[i]) || fabs(a[i] - b[i]) > 1e-9 * fabs(a[i]) + 1e-12)
            return false;
    return true;
}

static size_t find(double points[][WIDE], size_t n, const double *x, size_t d) {
    for (size_t k = 0; k < n; k++)
        if (same_point(points[k], x, d))
            return k;
    return SIZE_MAX;
}

static search *start(hpo_space *space, loss f) {
    search *s = calloc(1, sizeof *s);
    assert_non_null(s);
    s->d     = hpo_space_size(space);
    s->f     = f;
    s->study = study_over(space, "zoom");
    set(s->study, "start.default", "false");
    return s;
}

static void finish(search *s) {
    hpo_study_free(s->study);
    free(s);
}

static search *start_line(loss f, const char *levels, const char *keep) {
    hpo_space *space = hpo_space_new(NULL);
    assert_ok(hpo_space_add_float(space, "x", 0, 1, HPO_LINEAR, error));
    search *s = start(space, f);
    set(s->study, "zoom.levels", levels);
    set(s->study, "zoom.keep", keep);
    return s;
}

/* Asks for a point, which must be a new one; the trial runs on. */
static hpo_trial *ask(search *s, double *x) {
    hpo_trial *trial = NULL;
    assert_ok(hpo_study_ask(s->study, &trial, error));
    assert_int_equal(hpo_trial_values_by_index(trial, x, WIDE), s->d);
    if (find(s->seen, s->n_seen, x, s->d) != SIZE_MAX)
        fail_msg("trial %d repeats a point: %.17g", (int)hpo_trial_number(trial), x[0]);
    assert_true(s->n_seen < MOST);
    memcpy(s->seen[s->n_seen++], x, sizeof s->seen[0]);
    return trial;
}

/* A NaN from the loss stands for a failed trial. */
static void tell(search *s, hpo_trial *trial, const double *x) {
    double value = s->f(x);
    assert_ok(hpo_study_tell(s->study, trial, isnan(value) ? HPO_FAILED : HPO_COMPLETE, &value, 1, error));
    hpo_trial_free(trial);
}

/* One more cell of the coming stage, unless it was tried. */
static void expect_point(search *s, const double *x) {
    if (find(s->seen, s->n_seen, x, s->d) == SIZE_MAX && find(s->open, s->n_open, x, s->d) == SIZE_MAX)
        memcpy(s->open[s->n_open++], x, s->d * sizeof *x);
}

static void expect_line(search *s, const double *xs, size_t n) {
    for (size_t k = 0; k < n; k++)
        expect_point(s, (double[]){xs[k]});
}
#define EXPECT(s, ...) expect_line(s, (const double[]){__VA_ARGS__}, COUNT(((const double[]){__VA_ARGS__})))

static void expect_product(search *s, const double *xs, size_t nx, const double *ys, size_t ny) {
    for (size_t k = 0; k < nx; k++)
        for (size_t l = 0; l < ny; l++)
            expect_point(s, (double[]){xs[k], ys[l]});
}

static void take(search *s, const double *x) {
    size_t k = find(s->open, s->n_open, x, s->d);
    if (k == SIZE_MAX)
        fail_msg("trial %d at %.17g, %.17g is no open cell of its stage", (int)s->n_seen - 1, x[0], s->d > 1 ? x[1] : 0.0);
    memmove(s->open[k], s->open[--s->n_open], sizeof s->open[0]);
}

/* The stage comes next, whole; `n` is how many cells it must have left, as a check of the test itself. */
static void run_stage(search *s, size_t n) {
    assert_int_equal(s->n_open, n);
    while (s->n_open > 0) {
        double     x[WIDE];
        hpo_trial *trial = ask(s, x);
        take(s, x);
        tell(s, trial, x);
    }
}

static void assert_end(search *s) {
    hpo_trial *trial = NULL;
    assert_int_equal(hpo_study_ask(s->study, &trial, NULL), HPO_EXHAUSTED);
    assert_int_equal(hpo_study_ask(s->study, &trial, NULL), HPO_EXHAUSTED); /* and it stays so */
}

/* Runs on to the end, which must come within `most` trials, and returns how many there were in all. */
static size_t run_within(search *s, size_t most) {
    hpo_trial *trial = NULL;
    while (hpo_study_ask(s->study, &trial, NULL) == HPO_OK) {
        double x[WIDE] = {0};
        hpo_trial_values_by_index(trial, x, WIDE);
        assert_int_equal(find(s->seen, s->n_seen, x, s->d), SIZE_MAX);
        assert_true(s->n_seen < most);
        memcpy(s->seen[s->n_seen++], x, sizeof s->seen[0]);
        tell(s, trial, x);
    }
    assert_end(s);
    return s->n_seen;
}

static size_t run_out(search *s) {
    return run_within(s, MOST);
}

/* A result that the host knew. */
static void add_known(search *s, const double *x, double value) {
    hpo_point *point = NULL;
    assert_ok(hpo_point_new(hpo_study_space(s->study), &point, error));
    assert_ok(hpo_point_set_values(point, x, s->d, error));
    assert_ok(hpo_study_add(s->study, point, HPO_COMPLETE, &value, 1, error));
    hpo_point_free(point);
    memcpy(s->seen[s->n_seen++], x, s->d * sizeof *x);
}

/* ---- the coarse grid ---- */

static double middle(const double *x) {
    return fabs(x[0] - 0.5);
}

static double low_end(const double *x) {
    return x[0];
}

static double sum_of(const double *x) {
    return x[0] + x[1];
}

static void coarse_grid_of_centres(void **state) {
    (void)state;
    for (int levels = 2; levels <= 9; levels++) {
        char number[8];
        snprintf(number, sizeof number, "%d", levels);
        search *s = start_line(low_end, number, "1");
        for (int j = 0; j < levels; j++)
            EXPECT(s, (j + 0.5) / levels);
        run_stage(s, (size_t)levels);
        finish(s);
    }
}

static void coarse_grid_has_five_levels_or_three(void **state) {
    (void)state;
    for (size_t d = 1; d <= 4; d++) {
        hpo_space *space = hpo_space_new(NULL);
        for (size_t i = 0; i < d; i++)
            assert_ok(hpo_space_add_float(space, (char[]){(char)('a' + i), '\0'}, 0, 1, HPO_LINEAR, error));
        search *s = start(space, low_end);
        size_t  k = d <= 2 ? 5 : 3, cells = (size_t)lround(pow((double)k, (double)d));
        for (size_t cell = 0; cell < cells; cell++) {
            double x[WIDE];
            size_t rest = cell;
            for (size_t i = 0; i < d; i++, rest /= k)
                x[i] = ((double)(rest % k) + 0.5) / (double)k;
            expect_point(s, x);
        }
        run_stage(s, cells);
        finish(s);
    }
}

static void coarse_grid_takes_scales_and_every_choice(void **state) {
    (void)state;
    static const char *const kinds[] = {"a", "b", "c"};
    hpo_space               *space   = hpo_space_new(NULL);
    assert_ok(hpo_space_add_float(space, "x", 1e-4, 1, HPO_LOG, error));
    assert_ok(hpo_space_add_categorical(space, "kind", kinds, 3, error));
    assert_ok(hpo_space_add_bool(space, "flag", error));
    search *s = start(space, low_end);
    set(s->study, "zoom.levels", "4");
    for (int j = 0; j < 4; j++)
        for (int kind = 0; kind < 3; kind++)
            for (int flag = 0; flag < 2; flag++)
                expect_point(s, (double[]){pow(10, -3.5 + j), kind, flag});
    run_stage(s, 24);
    finish(s);
}

/* A budget that ends inside a stage should have seen a fair sample of it. */
static void cells_are_shuffled_by_the_seed(void **state) {
    (void)state;
    double first[9], at[2][9];
    for (int seed = 0; seed < 2; seed++) {
        search *s = start_line(low_end, "9", "1");
        set(s->study, "seed", seed == 0 ? "1" : "2");
        for (int k = 0; k < 9; k++) {
            double x[WIDE];
            tell(s, ask(s, x), x);
            at[seed][k] = x[0];
        }
        finish(s);
    }
    for (int k = 0; k < 9; k++)
        first[k] = (k + 0.5) / 9;
    assert_memory_not_equal(at[0], at[1], sizeof at[0]);
    assert_false(same_point(at[0], first, 9));
    assert_false(same_point(at[1], first, 9));
}

/* ---- finer grids ---- */

static double near_04(const double *x) {
    return fabs(x[0] - 0.4);
}

static void a_box_has_a_third_of_the_spacing(void **state) {
    (void)state;
    search *s = start_line(middle, "5", "1");
    EXPECT(s, 0.1, 0.3, 0.5, 0.7, 0.9);
    run_stage(s, 5);
    for (int stage = 1; stage <= 4; stage++) {
        double h = 0.2 / pow(3, stage);
        EXPECT(s, 0.5 - 2 * h, 0.5 - h, 0.5, 0.5 + h, 0.5 + 2 * h);
        run_stage(s, 4);
    }
    finish(s);
}

static void a_box_of_few_points_has_half_of_the_spacing(void **state) {
    (void)state;
    search *s = start_line(near_04, "4", "1");
    EXPECT(s, 0.125, 0.375, 0.625, 0.875);
    run_stage(s, 4);
    EXPECT(s, 0.1875, 0.3125, 0.4375, 0.5625); /* an even number of points leaves the centre out */
    run_stage(s, 4);
    finish(s);
    s = start_line(middle, "3", "1");
    EXPECT(s, 1.0 / 6, 0.5, 5.0 / 6);
    run_stage(s, 3);
    EXPECT(s, 1.0 / 3, 0.5, 2.0 / 3);
    run_stage(s, 2);
    EXPECT(s, 5.0 / 12, 0.5, 7.0 / 12);
    run_stage(s, 2);
    finish(s);
}

static double two_ends(const double *x) {
    return x[0] < 0.2 ? 1 + fabs(x[0] - 0.1) : x[0] > 0.8 ? 2 + fabs(x[0] - 0.9) : 10;
}

static void the_best_cells_get_a_box_each(void **state) {
    (void)state;
    for (int keep = 1; keep <= 2; keep++) {
        search *s = start_line(two_ends, "5", keep == 1 ? "1" : "2");
        EXPECT(s, 0.1, 0.3, 0.5, 0.7, 0.9);
        run_stage(s, 5);
        EXPECT(s, 0, 0.1 - 1.0 / 15, 0.1, 0.1 + 1.0 / 15, 0.1 + 2.0 / 15); /* cut off at the range's end */
        if (keep == 2)
            EXPECT(s, 1, 0.9 + 1.0 / 15, 0.9, 0.9 - 1.0 / 15, 0.9 - 2.0 / 15);
        run_stage(s, keep == 1 ? 4 : 8);
        finish(s);
    }
}

static double falling_from_middle(const double *x) {
    return x[0] > 0.5 + 1e-9 ? 5 * (x[0] - 0.5) : 10 * (0.5 - x[0]);
}

static void boxes_lie_in_different_cells(void **state) {
    (void)state;
    search *s = start_line(falling_from_middle, "5", "2");
    add_known(s, (double[]){0.52}, -1); /* the best and the next best, 0.5, share a cell: the second box goes to 0.7 */
    EXPECT(s, 0.1, 0.3, 0.5, 0.7, 0.9);
    run_stage(s, 5);
    double h = 1.0 / 15;
    EXPECT(s, 0.52 - 2 * h, 0.52 - h, 0.52 + h, 0.52 + 2 * h, 0.7 - 2 * h, 0.7 - h, 0.7 + h, 0.7 + 2 * h);
    run_stage(s, 8);
    finish(s);
}

static double little_by_kind(const double *x) {
    return fabs(x[0] - 0.5) + 0.01 * x[1];
}

static void other_choices_are_another_cell(void **state) {
    (void)state;
    static const char *const kinds[] = {"a", "b", "c"};
    for (int keep = 1; keep <= 2; keep++) {
        hpo_space *space = hpo_space_new(NULL);
        assert_ok(hpo_space_add_float(space, "x", 0, 1, HPO_LINEAR, error));
        assert_ok(hpo_space_add_categorical(space, "kind", kinds, 3, error));
        search *s = start(space, little_by_kind);
        set(s->study, "zoom.keep", keep == 1 ? "1" : "2");
        expect_product(s, (double[]){0.1, 0.3, 0.5, 0.7, 0.9}, 5, (double[]){0, 1, 2}, 3);
        run_stage(s, 15);
        double h = 1.0 / 15;
        expect_product(s, (double[]){0.5 - 2 * h, 0.5 - h, 0.5 + h, 0.5 + 2 * h}, 4, (double[]){0, 1}, (size_t)keep);
        run_stage(s, keep == 1 ? 4 : 8);
        finish(s);
    }
}

static double minus_middle(const double *x) {
    return -middle(x);
}

static void maximising_refines_around_the_largest(void **state) {
    (void)state;
    search *s = start_line(minus_middle, "5", "1");
    set(s->study, "direction", "maximize");
    EXPECT(s, 0.1, 0.3, 0.5, 0.7, 0.9);
    run_stage(s, 5);
    EXPECT(s, 0.5 - 2.0 / 15, 0.5 - 1.0 / 15, 0.5 + 1.0 / 15, 0.5 + 2.0 / 15);
    run_stage(s, 4);
    finish(s);
}

/* ---- widening ---- */

/* The coarse grid is led to 0.7, its box to the edge at 0.5667 and on to 0.45. */
static double leads_down(const double *x) {
    bool trap = fabs(x[0] - 0.3) < 1e-9 || fabs(x[0] - 0.5) < 1e-9;
    return trap ? 10 : fabs(x[0] - 0.45);
}

static double leads_up(const double *x) {
    return leads_down((double[]){1 - x[0]});
}

static double mirrored(double x, bool mirror) {
    return mirror ? 1 - x : x;
}

static void a_best_on_the_edge_widens(void **state) {
    (void)state;
    for (int up = 0; up < 2; up++) {
        search *s = start_line(up ? leads_up : leads_down, "5", "1");
        double  h = 1.0 / 15, fine = h / 3, centre = 0.7 - 4 * h; /* 0.4333 */
        EXPECT(s, 0.1, 0.3, 0.5, 0.7, 0.9);
        run_stage(s, 5);
        for (int k = -2; k <= 2; k++)
            EXPECT(s, mirrored(0.7 + k * h, up));
        run_stage(s, 4);
        EXPECT(s, mirrored(centre, up)); /* around 0.5667 with the same spacing: two are in the box before, 0.5 in the coarse grid */
        run_stage(s, 1);
        EXPECT(s, mirrored(centre - h, up)); /* on the edge again; 0.3 is in the coarse grid */
        run_stage(s, 1);
        for (int k = -2; k <= 2; k++)
            EXPECT(s, mirrored(centre + k * fine, up)); /* inside at last */
        run_stage(s, 4);
        finish(s);
    }
}

static double high_end(const double *x) {
    return 1 - x[0];
}

static void there_is_nothing_past_the_range(void **state) {
    (void)state;
    for (int up = 0; up < 2; up++) {
        search *s = start_line(up ? high_end : low_end, "5", "1");
        double  h = 1.0 / 15;
        EXPECT(s, 0.1, 0.3, 0.5, 0.7, 0.9);
        run_stage(s, 5);
        EXPECT(s, mirrored(0, up), mirrored(0.1 - h, up), mirrored(0.1 + h, up), mirrored(0.1 + 2 * h, up));
        run_stage(s, 4);
        EXPECT(s, mirrored(h / 3, up), mirrored(2 * h / 3, up));
        run_stage(s, 2);
        EXPECT(s, mirrored(h / 9, up), mirrored(2 * h / 9, up));
        run_stage(s, 2);
        finish(s);
    }
}

static double leads_down_in_x(const double *x) {
    return leads_down(x) + fabs(x[1] - 0.5);
}

static void widening_is_by_parameter(void **state) {
    (void)state;
    hpo_space *space = hpo_space_new(NULL);
    assert_ok(hpo_space_add_float(space, "x", 0, 1, HPO_LINEAR, error));
    assert_ok(hpo_space_add_float(space, "y", 0, 1, HPO_LINEAR, error));
    search *s = start(space, leads_down_in_x);
    set(s->study, "zoom.keep", "1");
    double coarse[5], x[5], y[5], h = 1.0 / 15;
    for (int k = 0; k < 5; k++) {
        coarse[k] = 0.1 + 0.2 * k;
        x[k]      = 0.7 + (k - 2) * h;
        y[k]      = 0.5 + (k - 2) * h;
    }
    expect_product(s, coarse, 5, coarse, 5);
    run_stage(s, 25);
    expect_product(s, x, 5, y, 5);
    run_stage(s, 24);
    for (int k = 0; k < 5; k++) {
        x[k] = 0.7 + (k - 4) * h;       /* on its edge: the spacing stays */
        y[k] = 0.5 + (k - 2) * (h / 3); /* inside: it shrinks */
    }
    expect_product(s, x, 5, y, 5);
    run_stage(s, 21);
    finish(s);
}

/* ---- the end ---- */

static void tolerance_ends_the_search(void **state) {
    (void)state;
    static const struct {
        const char *levels, *tolerance;
        size_t      trials;
    } cases[] = {
        {"5", "0.5", 5}, {"5", "0.07", 5},  {"5", "0.066", 9}, {"5", "0.023", 9}, {"5", "0.022", 13}, {"5", "0.001", 21},
        {"5", NULL, 21}, {"5", "1e-5", 41}, {"4", "0.13", 4},  {"3", "0.2", 3},   {"3", "0.16", 5},   {"3", "0.08", 7},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        search *s = start_line(middle, cases[i].levels, "1");
        if (cases[i].tolerance != NULL)
            set(s->study, "zoom.tolerance", cases[i].tolerance);
        size_t trials = run_within(s, cases[i].trials);
        if (trials != cases[i].trials)
            fail_msg("levels %s, tolerance %s: %d trials, not %d", cases[i].levels, cases[i].tolerance, (int)trials, (int)cases[i].trials);
        finish(s);
    }
}

static double near_37(const double *x) {
    return fabs(x[0] - 37);
}

static double near_3(const double *x) {
    return fabs(x[0] - 3);
}

static search *start_int(loss f, int64_t low, int64_t high) {
    hpo_space *space = hpo_space_new(NULL);
    assert_ok(hpo_space_add_int(space, "x", low, high, HPO_LINEAR, error));
    return start(space, f);
}

static bool tried(search *s, double x) {
    return find(s->seen, s->n_seen, &x, 1) != SIZE_MAX;
}

static void integers_stop_at_neighbours(void **state) {
    (void)state;
    search *s = start_int(near_37, 0, 100);
    set(s->study, "zoom.keep", "1");
    set(s->study, "zoom.tolerance", "1e-9"); /* which an integer never needs */
    size_t trials = run_out(s);
    assert_true(tried(s, 36) && tried(s, 37) && tried(s, 38));
    assert_true(trials >= 10 && trials <= 30); /* 5, then at most 4 in each of a few boxes */
    for (size_t k = 0; k < trials; k++)
        assert_true(s->seen[k][0] == floor(s->seen[k][0]));
    finish(s);
    s = start_int(low_end, 1, 4); /* fewer values than levels */
    EXPECT(s, 1, 2, 3, 4);
    run_stage(s, 4);
    assert_end(s);
    finish(s);
    hpo_space *space = hpo_space_new(NULL);
    assert_ok(hpo_space_add_int(space, "x", 1, 5, HPO_LOG, error));
    s = start(space, low_end); /* cells of uneven width: each value all the same */
    EXPECT(s, 1, 2, 3, 4, 5);
    run_stage(s, 5);
    assert_end(s);
    finish(s);
    s = start_int(near_3, 1, 6); /* one more: five of them, then the last */
    EXPECT(s, 1, 2, 4, 5, 6);
    run_stage(s, 5);
    assert_int_equal(run_out(s), 6);
    finish(s);
}

static void ordinal_levels_are_refined(void **state) {
    (void)state;
    double levels[12];
    for (int i = 0; i < 12; i++)
        levels[i] = 3 * i + 1; /* 1 ... 34 */
    hpo_space *space = hpo_space_new(NULL);
    assert_ok(hpo_space_add_ordinal(space, "x", levels, 12, error));
    search *s = start(space, near_37);
    EXPECT(s, 4, 10, 19, 25, 31); /* levels 1.2, 3.6, 6, 8.4 and 10.8 of 12, rounded down */
    run_stage(s, 5);
    run_out(s);
    assert_true(tried(s, 34));
    finish(s);
}

static double fails_outside(const double *x) {
    return fabs(x[0] - 0.5) < 0.07 ? fabs(x[0] - 0.5) : fabs(x[0] - 0.5) < 0.3 ? NONE : INF;
}

static double always_fails(const double *x) {
    (void)x;
    return NONE;
}

static double always_infinite(const double *x) {
    (void)x;
    return INF;
}

static void failures_do_not_stop_it(void **state) {
    (void)state;
    search *s = start_line(fails_outside, "5", "3"); /* there is only one box to make: failed and infinite results are no centres */
    EXPECT(s, 0.1, 0.3, 0.5, 0.7, 0.9);
    run_stage(s, 5);
    double h = 1.0 / 15;
    EXPECT(s, 0.5 - 2 * h, 0.5 - h, 0.5 + h, 0.5 + 2 * h);
    run_stage(s, 4);
    assert_int_equal(hpo_study_trial_count(s->study, HPO_FAILED), 4);
    h /= 3; /* three boxes: around 0.5 and the two that did not fail beside it */
    EXPECT(s, 0.5 - 2 * h, 0.5 - h, 0.5 + h, 0.5 + 2 * h);
    for (int k = -2; k <= 2; k++)
        EXPECT(s, 0.5 - 3 * h + k * h, 0.5 + 3 * h + k * h);
    run_stage(s, 8);
    finish(s);
    loss nothing[] = {always_fails, always_infinite};
    for (size_t i = 0; i < 2; i++) {
        s = start_line(nothing[i], "5", "2");
        assert_int_equal(run_out(s), 5); /* no cell to refine */
        finish(s);
    }
}

static void pruned_trials_are_no_centres(void **state) {
    (void)state;
    search *s = start_line(falling_from_middle, "5", "1");
    for (int k = 0; k < 5; k++) {
        double     x[WIDE], value;
        hpo_trial *trial = ask(s, x);
        value            = falling_from_middle(x);
        assert_ok(hpo_study_tell(s->study, trial, fabs(x[0] - 0.5) < 1e-9 ? HPO_TRIAL_PRUNED : HPO_COMPLETE, &value, 1, error));
        hpo_trial_free(trial);
    }
    double h = 1.0 / 15;
    EXPECT(s, 0.7 - 2 * h, 0.7 - h, 0.7 + h, 0.7 + 2 * h);
    run_stage(s, 4);
    finish(s);
}

/* ---- conditions ---- */

/* kernel, gamma (rbf, poly), degree 2 ... 5 (poly) */
static hpo_space *kernel_space(void) {
    static const char *const kernels[] = {"linear", "rbf", "poly"}, *const curved[] = {"rbf", "poly"}, *const poly[] = {"poly"};
    hpo_space *space = hpo_space_new(NULL);
    assert_ok(hpo_space_add_categorical(space, "kernel", kernels, 3, error));
    assert_ok(hpo_space_add_float(space, "gamma", 0, 1, HPO_LINEAR, error));
    assert_ok(hpo_space_add_int(space, "degree", 2, 5, HPO_LINEAR, error));
    assert_ok(hpo_space_when(space, "gamma", "kernel", curved, 2, error));
    assert_ok(hpo_space_when(space, "degree", "kernel", poly, 1, error));
    return space;
}

static double linear_is_best(const double *x) {
    return x[0];
}

static double rbf_is_best(const double *x) {
    return x[0] == 1 ? fabs(x[1] - 0.5) : 1 + x[0];
}

static double poly_is_best(const double *x) {
    return x[0] == 2 ? fabs(x[1] - 0.5) + fabs(x[2] - 4) : 9;
}

static void expect_kernels(search *s) {
    expect_point(s, (double[]){0, NONE, NONE});
    for (int j = 0; j < 5; j++) {
        expect_point(s, (double[]){1, 0.1 + 0.2 * j, NONE});
        for (int degree = 2; degree <= 5; degree++)
            expect_point(s, (double[]){2, 0.1 + 0.2 * j, degree});
    }
    run_stage(s, 26);
}

static void conditions_keep_to_the_active(void **state) {
    (void)state;
    search *s = start(kernel_space(), rbf_is_best);
    double  h = 1.0 / 15;
    set(s->study, "zoom.keep", "1");
    expect_kernels(s);
    for (int k = -2; k <= 2; k++)
        expect_point(s, (double[]){1, 0.5 + k * h, NONE});
    run_stage(s, 4);
    finish(s);
    s = start(kernel_space(), poly_is_best);
    set(s->study, "zoom.keep", "1");
    expect_kernels(s);
    for (int k = -2; k <= 2; k++)
        for (int degree = 3; degree <= 5; degree++) /* 4 and its neighbours */
            expect_point(s, (double[]){2, 0.5 + k * h, degree});
    run_stage(s, 12);
    finish(s);
    s = start(kernel_space(), linear_is_best);
    set(s->study, "zoom.keep", "1");
    expect_kernels(s);
    assert_end(s); /* nothing to refine around it */
    finish(s);
}

/* ---- which parameters ---- */

static hpo_space *floats(size_t n) {
    hpo_space *space = hpo_space_new(NULL);
    for (size_t i = 0; i < n; i++)
        assert_ok(hpo_space_add_float(space, (char[]){'p', (char)('0' + i), '\0'}, 0, 1, HPO_LINEAR, error));
    return space;
}

static void at_most_four_are_refined(void **state) {
    (void)state;
    hpo_study *study = study_over(floats(5), "zoom");
    hpo_trial *trial = NULL;
    set(study, "start.default", "false");
    assert_fails(hpo_study_ask(study, &trial, error), HPO_E_UNSUPPORTED, "at most 4 numeric parameters at once, this space has 5",
                 "'zoom.parameters'");
    set(study, "zoom.parameters", "p0,p1,p2,p3,p4");
    assert_fails(hpo_study_ask(study, &trial, error), HPO_E_INVALID, "at most 4", "5 are named");
    set(study, "zoom.parameters", "p0,p1,p1,p0,p2,p3"); /* four, two of them named twice */
    assert_ok(hpo_study_ask(study, &trial, error));
    hpo_trial_free(trial);
    hpo_study_free(study);
    study = study_over(floats(4), "zoom");
    set(study, "start.default", "false");
    assert_ok(hpo_study_ask(study, &trial, error));
    hpo_trial_free(trial);
    hpo_study_free(study);
}

/* Six numeric ones of which no configuration has more than four. */
static void only_active_ones_count(void **state) {
    (void)state;
    static const char *const no[] = {"false"}, *const yes[] = {"true"};
    for (int more = 0; more < 2; more++) {
        hpo_space *space = floats(6);
        hpo_study *study = NULL;
        hpo_trial *trial = NULL;
        assert_ok(hpo_space_add_bool(space, "flag", error));
        for (int i = 0; i < 4; i++)
            if (i < 3 || !more)
                assert_ok(hpo_space_when(space, (char[]){'p', (char)('0' + i), '\0'}, "flag", i < 2 ? no : yes, 1, error));
        study = study_over(space, "zoom");
        set(study, "start.default", "false");
        if (more) {
            assert_fails(hpo_study_ask(study, &trial, error), HPO_E_UNSUPPORTED, "has 5", "'zoom.parameters'");
        } else {
            assert_ok(hpo_study_ask(study, &trial, error));
            hpo_trial_free(trial);
        }
        hpo_study_free(study);
    }
}

static void wrong_names_are_refused(void **state) {
    (void)state;
    static const char *const kinds[] = {"a", "b"};
    static const struct {
        const char *names;
        hpo_status  status;
        const char *part, *other;
    } cases[] = {
        {"rate,lambda", HPO_E_NOT_FOUND, "'lambda'", NULL}, {"rat", HPO_E_NOT_FOUND, "'rat'", "'rate'"},
        {"kind", HPO_E_INVALID, "'kind'", "not numeric"},   {"rate,flag", HPO_E_INVALID, "'flag'", "not numeric"},
        {"rate,,size", HPO_E_NOT_FOUND, "''", NULL},        {"rate, size", HPO_E_NOT_FOUND, "' size'", NULL},
    };
    hpo_space *space = hpo_space_new(NULL);
    assert_ok(hpo_space_add_float(space, "rate", 0, 1, HPO_LINEAR, error));
    assert_ok(hpo_space_add_int(space, "size", 1, 100, HPO_LINEAR, error));
    assert_ok(hpo_space_add_categorical(space, "kind", kinds, 2, error));
    assert_ok(hpo_space_add_bool(space, "flag", error));
    hpo_study *study = study_over(space, "zoom");
    hpo_trial *trial = NULL;
    set(study, "start.default", "false");
    for (size_t i = 0; i < COUNT(cases); i++) {
        set(study, "zoom.parameters", cases[i].names);
        assert_fails(hpo_study_ask(study, &trial, error), cases[i].status, cases[i].part, cases[i].other);
    }
    char names[301] = "";
    memset(names, 'n', 300);
    set(study, "zoom.parameters", names);
    assert_fails(hpo_study_ask(study, &trial, error), HPO_E_INVALID, "too long", "'zoom.parameters'");
    hpo_study_free(study);
}

static double near_03(const double *x) {
    return fabs(x[0] - 0.3);
}

static void others_keep_their_values(void **state) {
    (void)state;
    hpo_space *space = floats(2);
    assert_ok(hpo_space_set_default(space, "p1", "0.25", error));
    search *s = start(space, near_03);
    set(s->study, "zoom.parameters", "p0");
    set(s->study, "zoom.keep", "1");
    add_known(s, (double[]){0.51, 0.75}, -1); /* better than all, and with another value of p1: that one is kept around it */
    expect_product(s, (double[]){0.1, 0.3, 0.5, 0.7, 0.9}, 5, (double[]){0.25}, 1);
    run_stage(s, 5);
    double h = 1.0 / 15;
    expect_product(s, (double[]){0.51 - 2 * h, 0.51 - h, 0.51 + h, 0.51 + 2 * h}, 4, (double[]){0.75}, 1);
    run_stage(s, 4);
    finish(s);
}

static void too_many_cells_are_refused(void **state) {
    (void)state;
    hpo_space *space = floats(4);
    for (int i = 0; i < 8; i++)
        assert_ok(hpo_space_add_bool(space, (char[]){'b', (char)('0' + i), '\0'}, error));
    hpo_study *study = study_over(space, "zoom"); /* 9^4 2^8 = 1679616 */
    hpo_trial *trial = NULL;
    uint64_t   total;
    set(study, "start.default", "false");
    set(study, "zoom.levels", "9");
    assert_fails(hpo_study_ask(study, &trial, error), HPO_E_UNSUPPORTED, "1679616 cells", "zoom.levels");
    set(study, "zoom.levels", "3");
    assert_ok(hpo_study_ask(study, &trial, error));
    hpo_trial_free(trial);
    assert_int_equal(hpo_study_total(study, &total, NULL), HPO_E_UNSUPPORTED);
    hpo_study_free(study);
}

/* ---- several at once ---- */

static void fillers_while_a_stage_ends(void **state) {
    (void)state;
    enum { FILLERS = 60 };
    search    *s = start_line(two_ends, "5", "2");
    hpo_trial *held[5], *other[8 + FILLERS];
    double     x[5][WIDE], y[8 + FILLERS][WIDE], h = 1.0 / 15;
    EXPECT(s, 0.1, 0.3, 0.5, 0.7, 0.9);
    for (int k = 0; k < 5; k++) {
        held[k] = ask(s, x[k]);
        take(s, x[k]);
    }
    other[0] = ask(s, y[0]); /* all cells run: a random point, which ask() has found to be none of them */
    assert_true(y[0][0] >= 0 && y[0][0] <= 1);
    for (int k = 0; k < 5; k++)
        tell(s, held[k], x[k]);
    tell(s, other[0], (double[]){0.5}); /* told a bad value */
    EXPECT(s, 0, 0.1 - h, 0.1, 0.1 + h, 0.1 + 2 * h, 1, 0.9 + h, 0.9, 0.9 - h, 0.9 - 2 * h);
    for (int k = 0; k < 8; k++) {
        other[k] = ask(s, y[k]);
        take(s, y[k]);
    }
    int low = 0, high = 0;
    for (int k = 8; k < 8 + FILLERS; k++) {
        other[k] = ask(s, y[k]);
        low += y[k][0] <= 0.1 + 2 * h;
        high += y[k][0] >= 0.9 - 2 * h;
    }
    assert_int_equal(low + high, FILLERS); /* inside the boxes, and in both */
    assert_true(low >= FILLERS / 5 && high >= FILLERS / 5);
    for (int k = 0; k < 8 + FILLERS; k++)
        tell(s, other[k], y[k]);
    finish(s);
}

/* A stage waits for its last cell, however many fillers end before it. */
static void a_stage_waits_for_its_cells(void **state) {
    (void)state;
    search    *s = start_line(middle, "5", "1");
    hpo_trial *held[5];
    double     x[5][WIDE], filler[WIDE];
    for (int k = 0; k < 5; k++)
        held[k] = ask(s, x[k]);
    for (int k = 0; k < 4; k++)
        tell(s, held[k], x[k]);
    int outside = 0;
    for (int k = 0; k < 60; k++) {
        hpo_trial *trial = ask(s, filler);
        double     bad   = 50;
        outside += fabs(filler[0] - 0.5) > 0.4; /* farther than any cell's centre */
        assert_ok(hpo_study_tell(s->study, trial, HPO_COMPLETE, &bad, 1, error));
        hpo_trial_free(trial);
    }
    assert_true(outside > 3); /* anywhere */
    hpo_trial_free(held[4]);  /* given up: that counts as failed and ends the stage */
    double first[WIDE];
    tell(s, ask(s, first), first);
    double best = 9;
    for (int k = 0; k < 4; k++)
        best = fabs(x[k][0] - 0.5) < fabs(best - 0.5) ? x[k][0] : best;
    double steps = (first[0] - best) * 15;
    assert_true(fabs(steps - round(steps)) < 1e-9 && fabs(steps) < 2.5);
    finish(s);
}

/* Running cells are known from the history alone. */
static void running_cells_outlive_the_cache(void **state) {
    (void)state;
    search    *s = start_line(middle, "9", "1");
    hpo_trial *held[9];
    double     x[9][WIDE];
    for (int k = 0; k < 9; k++)
        EXPECT(s, (k + 0.5) / 9);
    for (int k = 0; k < 9; k++) {
        if (k == 4) {
            set(s->study, "strategy", "random");
            set(s->study, "strategy", "zoom");
        }
        held[k] = ask(s, x[k]);
        take(s, x[k]);
    }
    for (int k = 0; k < 9; k++)
        tell(s, held[k], x[k]);
    finish(s);
}

static double kernel_loss(const double *x) {
    return x[0] == 0 ? 1 : pow(x[1] - 0.37, 2) + (x[0] == 2 ? 0.1 * fabs(x[2] - 4) : 0.05);
}

static hpo_status kernel_objective(hpo_trial *trial, double *values, void *user) {
    (void)user;
    double x[3];
    hpo_trial_values_by_index(trial, x, 3);
    values[0] = kernel_loss(x);
    return HPO_OK;
}

/* The cells of one worker's search are each tried once; with several workers, in a logical order, likewise, and to the same end. */
static void no_cell_comes_twice(void **state) {
    (void)state;
    static const char *const keeps[] = {"1", "2", "8"}, *const levels[] = {"2", "3", "4", "5", "7"};
    for (size_t i = 0; i < COUNT(keeps); i++)
        for (size_t k = 0; k < COUNT(levels); k++) {
            search *s = start(kernel_space(), kernel_loss);
            set(s->study, "zoom.keep", keeps[i]);
            set(s->study, "zoom.levels", levels[k]);
            run_out(s); /* checks that every point is new */
            finish(s);
        }
    for (int logical = 0; logical < 2; logical++) {
        hpo_study *study = study_over(kernel_space(), "zoom");
        set(study, "start.default", "false");
        set(study, "workers", "4");
        if (logical)
            set(study, "order", "logical");
        hpo_study_optimize(study, kernel_objective, NULL, 400, NULL);
        size_t  n, m;
        double *kernel = column_of(study, "kernel", &n), *gamma = column_of(study, "gamma", &m), *degree = column_of(study, "degree", &m);
        size_t  repeats = 0;
        for (size_t a = 0; a < n; a++)
            for (size_t b = 0; b < a; b++)
                repeats += kernel[a] != 0 && same_point((double[]){kernel[a], gamma[a], degree[a]}, (double[]){kernel[b], gamma[b], degree[b]}, 3);
        assert_int_equal(repeats, 0); /* fillers with kernel "linear" have nothing else to vary, all others are random numbers */
        assert_true(n > 30);
        free(kernel);
        free(gamma);
        free(degree);
        hpo_study_free(study);
    }
}

/* What it is for: near the best, where the coarse grid alone is not. */
static void it_gets_there(void **state) {
    (void)state;
    hpo_space *space = floats(2);
    search    *s     = start(space, sum_of);
    run_out(s);
    double best[2] = {9, 9};
    for (size_t k = 0; k < s->n_seen; k++)
        if (sum_of(s->seen[k]) < sum_of(best))
            memcpy(best, s->seen[k], sizeof best);
    assert_true(best[0] == 0 && best[1] == 0); /* the corner itself */
    finish(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(coarse_grid_of_centres),
        cmocka_unit_test(coarse_grid_has_five_levels_or_three),
        cmocka_unit_test(coarse_grid_takes_scales_and_every_choice),
        cmocka_unit_test(cells_are_shuffled_by_the_seed),
        cmocka_unit_test(a_box_has_a_third_of_the_spacing),
        cmocka_unit_test(a_box_of_few_points_has_half_of_the_spacing),
        cmocka_unit_test(the_best_cells_get_a_box_each),
        cmocka_unit_test(boxes_lie_in_different_cells),
        cmocka_unit_test(other_choices_are_another_cell),
        cmocka_unit_test(maximising_refines_around_the_largest),
        cmocka_unit_test(a_best_on_the_edge_widens),
        cmocka_unit_test(there_is_nothing_past_the_range),
        cmocka_unit_test(widening_is_by_parameter),
        cmocka_unit_test(tolerance_ends_the_search),
        cmocka_unit_test(integers_stop_at_neighbours),
        cmocka_unit_test(ordinal_levels_are_refined),
        cmocka_unit_test(failures_do_not_stop_it),
        cmocka_unit_test(pruned_trials_are_no_centres),
        cmocka_unit_test(conditions_keep_to_the_active),
        cmocka_unit_test(at_most_four_are_refined),
        cmocka_unit_test(only_active_ones_count),
        cmocka_unit_test(wrong_names_are_refused),
        cmocka_unit_test(others_keep_their_values),
        cmocka_unit_test(too_many_cells_are_refused),
        cmocka_unit_test(fillers_while_a_stage_ends),
        cmocka_unit_test(a_stage_waits_for_its_cells),
        cmocka_unit_test(running_cells_outlive_the_cache),
        cmocka_unit_test(no_cell_comes_twice),
        cmocka_unit_test(it_gets_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
