/* strategy=gp as a host sees it: better than random, every configuration of a finite space once, and nothing that breaks it. No wall times. */
#include "host.h"

#include "../common/draw.h"
#include "../common/fail_alloc.h"

enum { MOST_TRIALS = 600, WIDE = 210 };

static void set_number(hpo_study *study, const char *key, uint64_t value) {
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    set(study, key, text);
}

static hpo_study *gp_over(hpo_space *space, uint64_t seed) {
    hpo_study *study = study_over(space, "gp");
    set_number(study, "seed", seed);
    return study;
}

/* Values of the trial, legal, and finite where active. */
static void read_values(const hpo_study *study, const hpo_trial *trial, double *values) {
    const hpo_space *space = hpo_study_space(study);
    double           unit[WIDE];
    size_t           d = hpo_trial_values_by_index(trial, values, WIDE);
    assert_int_equal(d, hpo_space_size(space));
    assert_ok(hpo_space_encode(space, values, d, unit, error));
    for (size_t i = 0; i < d; i++)
        assert_true(isnan(values[i]) == isnan(unit[i]));
}

/* The same configuration, real numbers to 1e-5 of their range. */
static bool same_configuration(const hpo_space *space, const double *a, const double *b) {
    size_t d = hpo_space_size(space);
    double u[WIDE], v[WIDE];
    assert_ok(hpo_space_encode(space, a, d, u, error));
    assert_ok(hpo_space_encode(space, b, d, v, error));
    for (size_t i = 0; i < d; i++) {
        double gap = hpo_space_cardinality(space, i) > 0 ? 0 : 1e-5;
        if (isnan(u[i]) != isnan(v[i]) || fabs(u[i] - v[i]) > gap)
            return false;
    }
    return true;
}

/* The values of all finished and running trials so far, to find repeats in. */
typedef struct seen {
    size_t n;
    double values[MOST_TRIALS][8];
} seen;

static void note(seen *s, const hpo_study *study, const hpo_trial *trial) {
    double values[WIDE];
    read_values(study, trial, values);
    for (size_t k = 0; k < s->n; k++)
        if (same_configuration(hpo_study_space(study), values, s->values[k]))
            fail_msg("trial %llu is trial %zu again", (unsigned long long)hpo_trial_number(trial), k);
    assert_true(s->n < MOST_TRIALS);
    memcpy(s->values[s->n++], values, sizeof s->values[0]);
}

/* ---- better than random ---- */

static hpo_space *plane(void) {
    hpo_space *space = hpo_space_new(NULL);
    assert_ok(hpo_space_add_float(space, "x", -5, 10, HPO_LINEAR, error));
    assert_ok(hpo_space_add_float(space, "y", 0, 15, HPO_LINEAR, error));
    return space;
}

/* Branin: three minima of 0.397887. */
static double branin(const hpo_trial *trial) {
    double x = hpo_trial_float(trial, "x"), y = hpo_trial_float(trial, "y"), pi = 3.14159265358979323846;
    double bend = y - 5.1 / (4 * pi * pi) * x * x + 5 / pi * x - 6;
    return bend * bend + 10 * (1 - 1 / (8 * pi)) * cos(x) + 10 - 0.39788735772973816;
}

static hpo_status branin_objective(hpo_trial *trial, double *values, void *user) {
    (void)user;
    values[0] = branin(trial);
    return HPO_OK;
}

/* Four dimensions, no two of a kind, two of which depend on the third. */
static hpo_space *models(void) {
    static const char *const kinds[] = {"line", "tree", "net"}, *const tree[] = {"tree"}, *const net[] = {"net"};
    hpo_space *space = hpo_space_new(NULL);
    assert_ok(hpo_space_add_categorical(space, "model", kinds, 3, error));
    assert_ok(hpo_space_add_float(space, "rate", 1e-4, 1, HPO_LOG, error));
    assert_ok(hpo_space_add_int(space, "depth", 1, 12, HPO_LINEAR, error));
    assert_ok(hpo_space_add_float(space, "drop", 0, 1, HPO_LINEAR, error));
    assert_ok(hpo_space_when(space, "depth", "model", tree, 1, error));
    assert_ok(hpo_space_when(space, "drop", "model", net, 1, error));
    return space;
}

/* Least at a net with rate 10^-2.2 and drop 0.3: 0. A tree reaches 0.15, a line 0.4. */
static double models_loss(const hpo_trial *trial) {
    double      rate  = log10(hpo_trial_float(trial, "rate"));
    const char *model = hpo_trial_categorical(trial, "model");
    if (strcmp(model, "line") == 0)
        return 0.4 + 0.1 * (rate + 1) * (rate + 1);
    if (strcmp(model, "tree") == 0) {
        double depth = (double)hpo_trial_int(trial, "depth");
        return 0.15 + 0.1 * (rate + 1.5) * (rate + 1.5) + 0.01 * (depth - 5) * (depth - 5);
    }
    double drop = hpo_trial_float(trial, "drop");
    return 0.2 * (rate + 2.2) * (rate + 2.2) + (drop - 0.3) * (drop - 0.3);
}

static hpo_status models_objective(hpo_trial *trial, double *values, void *user) {
    (void)user;
    values[0] = models_loss(trial);
    return HPO_OK;
}

static double best_after(hpo_space *space, const char *strategy, uint64_t seed, hpo_objective objective, uint64_t trials) {
    hpo_study *study = study_over(space, strategy);
    hpo_trial *best  = NULL;
    set_number(study, "seed", seed);
    assert_ok(hpo_study_optimize(study, objective, NULL, trials, error));
    assert_int_equal(finished_count(study), trials);
    assert_ok(hpo_study_best(study, &best, error));
    double value = hpo_trial_value(best);
    hpo_trial_free(best);
    hpo_study_free(study);
    return value;
}

static int rising(const void *a, const void *b) {
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Of five runs the middle one ends ten times nearer to the minimum of 0 than that of as many random ones, and each within `enough`. */
static void check_search(hpo_space *(*space)(void), hpo_objective objective, uint64_t trials, double enough) {
    double found[5], drawn[5];
    for (uint64_t seed = 0; seed < 5; seed++) {
        found[seed] = best_after(space(), "gp", seed + 1, objective, trials);
        drawn[seed] = best_after(space(), "random", seed + 1, objective, trials);
    }
    qsort(found, 5, sizeof *found, rising);
    qsort(drawn, 5, sizeof *drawn, rising);
    if (found[4] > enough || found[2] > 0.1 * drawn[2])
        fail_msg("gp %g to %g, middle %g; random %g to %g, middle %g", found[0], found[4], found[2], drawn[0], drawn[4], drawn[2]);
}

static void finds_the_minimum_of_branin(void **state) {
    (void)state;
    check_search(plane, branin_objective, 40, 0.2);
}

static void finds_the_minimum_behind_a_condition(void **state) {
    (void)state;
    check_search(models, models_objective, 60, 0.02);
}

/* The same by maximising the negative. */
static hpo_status negative_branin(hpo_trial *trial, double *values, void *user) {
    (void)user;
    values[0] = -branin(trial);
    return HPO_OK;
}

static void maximising_is_the_mirror(void **state) {
    (void)state;
    hpo_study *down = gp_over(plane(), 4), *up = gp_over(plane(), 4);
    set(up, "direction", "maximize");
    assert_ok(hpo_study_optimize(down, branin_objective, NULL, 30, error));
    assert_ok(hpo_study_optimize(up, negative_branin, NULL, 30, error));
    for (uint64_t k = 0; k < 30; k++) {
        hpo_trial *a = trial_of(down, k), *b = trial_of(up, k);
        assert_same(hpo_trial_float(a, "x"), hpo_trial_float(b, "x"));
        assert_same(hpo_trial_float(a, "y"), hpo_trial_float(b, "y"));
        hpo_trial_free(a);
        hpo_trial_free(b);
    }
    hpo_study_free(down);
    hpo_study_free(up);
}

/* ---- finite spaces ---- */

static hpo_space *cells(const uint64_t *sizes, size_t n) {
    hpo_space *space = hpo_space_new(NULL);
    for (size_t i = 0; i < n; i++) {
        char name[8];
        snprintf(name, sizeof name, "p%u", (unsigned)(i % 100));
        if (sizes[i] == 1) { /* a choice of one */
            const char *const only[] = {"only"};
            assert_ok(hpo_space_add_categorical(space, name, only, 1, error));
        } else if (sizes[i] == 2) {
            assert_ok(hpo_space_add_bool(space, name, error));
        } else {
            assert_ok(hpo_space_add_int(space, name, 1, (int64_t)sizes[i], i % 2 == 0 ? HPO_LINEAR : HPO_LOG, error));
        }
    }
    return space;
}

/* 3 ways to be off, or 4 levels, times 2 where the level is high; times 3. */
static hpo_space *conditional_cells(void) {
    static const char *const modes[] = {"none", "l1", "l2", "both"}, *const both[] = {"both"}, *const high[] = {"3", "4"};
    static const double widths[] = {8, 16, 64};
    hpo_space          *space    = hpo_space_new(NULL);
    assert_ok(hpo_space_add_bool(space, "deep", error)); /* declared before what it depends on */
    assert_ok(hpo_space_add_categorical(space, "mode", modes, 4, error));
    assert_ok(hpo_space_add_int(space, "level", 1, 4, HPO_LINEAR, error));
    assert_ok(hpo_space_add_ordinal(space, "width", widths, 3, error));
    assert_ok(hpo_space_when(space, "level", "mode", both, 1, error));
    assert_ok(hpo_space_when(space, "deep", "level", high, 2, error));
    return space;
}

/* Any smooth function of what is active. */
static double cell_loss(const hpo_study *study, const hpo_trial *trial) {
    double values[WIDE], loss = 0;
    read_values(study, trial, values);
    for (size_t i = 0; i < hpo_space_size(hpo_study_space(study)); i++)
        loss += isnan(values[i]) ? 0.3 : pow(values[i] - 2.3, 2) / (1 + (double)i);
    return loss;
}

/* Every configuration once, then the end, which stays. `running` trials at a time; these end in a drawn order. */
static void use_up(hpo_space *space, size_t total, size_t running, uint64_t seed, bool with_default) {
    static seen found;
    hpo_study  *study   = gp_over(space, seed);
    hpo_trial  *open[8] = {NULL};
    size_t      n_open  = 0;
    draw        d       = {seed};
    hpo_status  status  = HPO_OK;
    found.n             = 0;
    set(study, "start.default", with_default ? "true" : "false");
    while (status == HPO_OK) {
        hpo_trial *trial = NULL;
        status           = hpo_study_ask(study, &trial, NULL);
        if (status == HPO_OK) {
            note(&found, study, trial);
            open[n_open++] = trial;
        }
        while (n_open > 0 && (n_open == running || status != HPO_OK)) {
            size_t k    = (size_t)draw_below(&d, n_open);
            double loss = cell_loss(study, open[k]);
            assert_ok(hpo_study_tell(study, open[k], HPO_COMPLETE, &loss, 1, error));
            hpo_trial_free(open[k]);
            open[k] = open[--n_open];
        }
    }
    assert_int_equal(status, HPO_EXHAUSTED);
    assert_int_equal(found.n, total);
    hpo_trial *none = NULL;
    assert_int_equal(hpo_study_ask(study, &none, NULL), HPO_EXHAUSTED);
    assert_null(none);
    assert_int_equal(finished_count(study), total);
    hpo_study_free(study);
}

static void finite_spaces_are_used_up(void **state) {
    (void)state;
    static const uint64_t single[] = {1, 1}, two[] = {2}, twelve[] = {2, 6}, many[] = {5, 10, 2, 5};
    for (uint64_t seed = 0; seed < 3; seed++)
        for (size_t running = 1; running <= 4; running += 3)
            for (int with_default = 0; with_default < 2; with_default++) {
                use_up(cells(single, 2), 1, running, seed, with_default == 1);
                use_up(cells(two, 1), 2, running, seed, with_default == 1);
                use_up(cells(twelve, 2), 12, running, seed, with_default == 1);
                use_up(conditional_cells(), (3 + 2 + 2 * 2) * 3, running, seed, with_default == 1);
            }
    use_up(cells(many, 4), 500, 1, 1, true);
}

/* Running trials count, too: the end comes before any has ended. */
static void running_trials_use_up(void **state) {
    (void)state;
    static const uint64_t twelve[] = {2, 6};
    static seen           found;
    hpo_study            *study = gp_over(cells(twelve, 2), 5);
    hpo_trial            *open[12], *more = NULL;
    found.n = 0;
    for (size_t k = 0; k < 12; k++) {
        assert_ok(hpo_study_ask(study, &open[k], error));
        note(&found, study, open[k]);
    }
    assert_int_equal(hpo_study_ask(study, &more, NULL), HPO_EXHAUSTED);
    for (size_t k = 0; k < 12; k++)
        hpo_trial_free(open[k]); /* recorded as failed: tried all the same */
    assert_int_equal(hpo_study_ask(study, &more, NULL), HPO_EXHAUSTED);
    hpo_study_free(study);
}

/* More configurations than are looked at one by one: still each once, though the last ones are hard to hit. Failures are quick, and tried all the same. */
static void large_finite_spaces_are_used_up(void **state) {
    (void)state;
    static const uint64_t sides[] = {60, 59};
    static bool           tried[60][59];
    hpo_study            *study  = gp_over(cells(sides, 2), 9);
    hpo_status            status = HPO_OK;
    size_t                n      = 0;
    for (hpo_trial *trial = NULL; (status = hpo_study_ask(study, &trial, NULL)) == HPO_OK; n++) {
        bool *mark = &tried[hpo_trial_int(trial, "p0") - 1][hpo_trial_int(trial, "p1") - 1];
        assert_false(*mark);
        *mark = true;
        hpo_trial_free(trial);
    }
    assert_int_equal(status, HPO_EXHAUSTED);
    assert_int_equal(n, 60 * 59);
    hpo_study_free(study);
}

/* Said to be noisy: a configuration may come again, and the space is never used up. */
static void noisy_objectives_may_repeat(void **state) {
    (void)state;
    static const uint64_t twelve[] = {2, 6};
    hpo_study            *study    = gp_over(cells(twelve, 2), 2);
    draw                  d        = {1};
    set(study, "gp.noise", "declared");
    for (int k = 0; k < 60; k++) {
        hpo_trial *trial = NULL;
        assert_ok(hpo_study_ask(study, &trial, error));
        double loss = cell_loss(study, trial) + draw_unit(&d);
        assert_ok(hpo_study_tell(study, trial, HPO_COMPLETE, &loss, 1, error));
        hpo_trial_free(trial);
    }
    hpo_study_free(study);
}

/* ---- no repeats, several workers ---- */

/* Mixed spaces; four run at a time in the second round. */
static void nothing_is_tried_twice(void **state) {
    (void)state;
    for (size_t running = 1; running <= 4; running += 3) {
        static seen found;
        hpo_study  *study   = gp_over(models(), 8);
        hpo_trial  *open[4] = {NULL};
        found.n             = 0;
        for (size_t k = 0; k < 70; k++) {
            hpo_trial **place = &open[k % running];
            if (*place != NULL) {
                double loss = models_loss(*place);
                assert_ok(hpo_study_tell(study, *place, HPO_COMPLETE, &loss, 1, error));
                hpo_trial_free(*place);
            }
            assert_ok(hpo_study_ask(study, place, error));
            note(&found, study, *place);
        }
        for (size_t k = 0; k < running; k++)
            hpo_trial_free(open[k]);
        hpo_study_free(study);
    }
}

static void several_workers(void **state) {
    (void)state;
    static seen found;
    hpo_study  *study = gp_over(models(), 3);
    hpo_trial  *best  = NULL;
    set(study, "workers", "4");
    assert_ok(hpo_study_optimize(study, models_objective, NULL, 60, error));
    assert_int_equal(finished_count(study), 60);
    found.n = 0;
    for (uint64_t k = 0; k < 60; k++) {
        hpo_trial *trial = trial_of(study, k);
        note(&found, study, trial);
        hpo_trial_free(trial);
    }
    assert_ok(hpo_study_best(study, &best, error));
    assert_true(hpo_trial_value(best) < 0.1); /* within a net's best part, whatever the threads did */
    hpo_trial_free(best);
    hpo_study_free(study);
    static const uint64_t twelve[] = {2, 6};
    study                          = gp_over(cells(twelve, 2), 3);
    set(study, "workers", "4");
    hpo_error  error  = {0, 0, ""};
    hpo_status status = hpo_study_optimize(study, line_objective, NULL, 1, &error); /* asks for a name that is not there */
    assert_int_equal(status, HPO_E_NOT_FOUND);
    hpo_study_free(study);
}

/* ---- a state is only a cache ---- */

static void add_known(hpo_study *study, size_t n, uint64_t seed) {
    hpo_point *point = NULL;
    draw       d     = {seed};
    assert_ok(hpo_point_new(hpo_study_space(study), &point, error));
    for (size_t k = 0; k < n; k++) {
        double unit[2] = {draw_unit(&d), draw_unit(&d)}, value = (unit[0] - 0.4) * (unit[0] - 0.4) + unit[1];
        assert_ok(hpo_point_set_unit(point, unit, 2, error));
        assert_ok(hpo_study_add(study, point, k % 11 == 10 ? HPO_FAILED : HPO_COMPLETE, &value, 1, error));
    }
    hpo_point_free(point);
}

/* Where fits start afresh, where they become rare, and where the model no longer sees all trials: a state made anew goes on as the old one. */
static void late_states_are_rebuilt(void **state) {
    (void)state;
    static const size_t starts[] = {57, 121, 250, 506};
    for (size_t s = 0; s < COUNT(starts); s++) {
        hpo_study *kept = gp_over(plane(), 2), *dropped = gp_over(plane(), 2);
        add_known(kept, starts[s], s);
        add_known(dropped, starts[s], s);
        for (int k = 0; k < 10; k++) {
            hpo_trial *a = NULL, *b = NULL;
            if (k % 4 == 1)
                set(dropped, "strategy.cache", "drop");
            assert_ok(hpo_study_ask(kept, &a, error));
            assert_ok(hpo_study_ask(dropped, &b, error));
            set(dropped, "strategy.cache", "keep");
            if (!same_number(hpo_trial_float(a, "x"), hpo_trial_float(b, "x")) || !same_number(hpo_trial_float(a, "y"), hpo_trial_float(b, "y")))
                fail_msg("after %zu trials", starts[s] + (size_t)k);
            double value = branin(a);
            assert_ok(hpo_study_tell(kept, a, HPO_COMPLETE, &value, 1, error));
            assert_ok(hpo_study_tell(dropped, b, HPO_COMPLETE, &value, 1, error));
            hpo_trial_free(a);
            hpo_trial_free(b);
        }
        hpo_study_free(kept);
        hpo_study_free(dropped);
    }
}

/* ---- failures ---- */

typedef struct failing {
    double share; /* of x, from its upper end, that fails */
    size_t failed, late_failed, trials;
} failing;

static hpo_status failing_objective(hpo_trial *trial, double *values, void *user) {
    failing *f    = user;
    double   x    = (hpo_trial_float(trial, "x") + 5) / 15;
    bool     fail = x > 1 - f->share || f->share >= 1;
    f->trials++;
    f->failed += fail;
    f->late_failed += fail && f->trials > 20;
    values[0] = branin(trial);
    return fail ? HPO_E_HOST : HPO_OK;
}

/* The minimum at x = -3.14 is left in all but the last. */
static void failing_regions_are_left(void **state) {
    (void)state;
    const double             shares[] = {0.05, 0.2, 0.5};
    static const char *const ways[]   = {"impute", "model"};
    for (size_t k = 0; k < COUNT(shares) * COUNT(ways); k++)
        for (uint64_t seed = 0; seed < 3; seed++) {
            failing    f     = {.share = shares[k / COUNT(ways)]};
            hpo_study *study = gp_over(plane(), seed);
            hpo_trial *best  = NULL;
            set(study, "gp.failures", ways[k % COUNT(ways)]);
            assert_ok(hpo_study_optimize(study, failing_objective, &f, 50, error));
            assert_int_equal(finished_count(study), 50);
            assert_ok(hpo_study_best(study, &best, error));
            if (hpo_trial_value(best) > 0.5 || (double)f.late_failed > 0.5 * f.share * 30 + 2)
                fail_msg("%g fail, %s: best %g, %zu failed, %zu of the last 30", f.share, ways[k % COUNT(ways)], hpo_trial_value(best), f.failed,
                         f.late_failed);
            hpo_trial_free(best);
            hpo_study_free(study);
        }
}

static void all_may_fail(void **state) {
    (void)state;
    failing     f     = {.share = 1};
    hpo_study  *study = gp_over(plane(), 1);
    static seen found;
    found.n = 0;
    assert_ok(hpo_study_optimize(study, failing_objective, &f, 60, error));
    assert_int_equal(hpo_study_trial_count(study, HPO_FAILED), 60);
    for (uint64_t k = 0; k < 60; k++) {
        hpo_trial *trial = trial_of(study, k);
        note(&found, study, trial);
        hpo_trial_free(trial);
    }
    f.share = 0; /* and when it works again, the search does */
    assert_ok(hpo_study_optimize(study, failing_objective, &f, 40, error));
    hpo_trial *best = NULL;
    assert_ok(hpo_study_best(study, &best, error));
    assert_true(hpo_trial_value(best) < 5);
    hpo_trial_free(best);
    hpo_study_free(study);
    study = study_over(models(), "gp"); /* one of 30 works */
    for (int k = 0; k < 45; k++)
        tell_one(study, k == 20 ? HPO_COMPLETE : k % 2 == 0 ? HPO_FAILED : HPO_TRIAL_PRUNED, 0.5);
    hpo_study_free(study);
}

/* ---- odd values ---- */

enum { CONSTANT, HUGE, TINY, BOTH, INFINITE, MOSTLY_INFINITE, NOT_A_NUMBER, DENORMAL, SIGNED_HUGE, TWO_VALUES, DRAWN_BITS, KINDS };

static double odd_value(int kind, double x, uint64_t number, draw *d) {
    switch (kind) {
    case CONSTANT:
        return 3.25;
    case HUGE:
        return 1.7e308 * x;
    case TINY:
        return 1e-308 * x;
    case BOTH:
        return number % 2 == 0 ? 1e308 : 1e-308;
    case INFINITE:
        return x > 0.5 ? INF : x;
    case MOSTLY_INFINITE:
        return number == 3 ? 1 : INF;
    case NOT_A_NUMBER:
        return x > 0.5 ? NONE : x;
    case DENORMAL:
        return 5e-324 * floor(10 * x);
    case SIGNED_HUGE:
        return 1.7e308 * (2 * x - 1);
    case TWO_VALUES:
        return x > 0.9 ? 0 : 1;
    default:
        return draw_double(d);
    }
}

static void odd_values(void **state) {
    (void)state;
    static const char *const noises[] = {"learned", "none", "declared"};
    for (int kind = 0; kind < KINDS; kind++)
        for (size_t noise = 0; noise < COUNT(noises); noise++) {
            hpo_study *study = gp_over(models(), 11);
            draw       d     = {5};
            double     values[WIDE];
            set(study, "gp.noise", noises[noise]);
            for (uint64_t k = 0; k < 40; k++) {
                hpo_trial *trial = NULL;
                assert_ok(hpo_study_ask(study, &trial, error));
                read_values(study, trial, values);
                double value = odd_value(kind, 0.25 * (log10(hpo_trial_float(trial, "rate")) + 4), k, &d);
                assert_ok(hpo_study_tell(study, trial, HPO_COMPLETE, &value, 1, error));
                hpo_trial_free(trial);
            }
            hpo_study_free(study);
        }
}

/* Known results that say nothing new, very many of them. */
static void equal_trials(void **state) {
    (void)state;
    hpo_study *study = gp_over(plane(), 6);
    hpo_point *point = NULL;
    double     value = 7, values[WIDE];
    assert_ok(hpo_point_new(hpo_study_space(study), &point, error));
    for (int k = 0; k < 100000; k++)
        assert_ok(hpo_study_add(study, point, HPO_COMPLETE, &value, 1, error));
    for (int k = 0; k < 6; k++) {
        hpo_trial *trial = NULL;
        assert_ok(hpo_study_ask(study, &trial, error));
        read_values(study, trial, values);
        value = branin(trial);
        assert_ok(hpo_study_tell(study, trial, HPO_COMPLETE, &value, 1, error));
        hpo_trial_free(trial);
    }
    hpo_point_free(point);
    hpo_study_free(study);
}

/* ---- odd sizes ---- */

static void one_parameter(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 5; seed++) {
        hpo_study *study = gp_over(line_space(), seed);
        hpo_trial *best  = NULL;
        assert_ok(hpo_study_optimize(study, line_objective, NULL, 20, error));
        assert_ok(hpo_study_best(study, &best, error));
        assert_true(hpo_trial_value(best) < 1e-4);
        hpo_trial_free(best);
        hpo_study_free(study);
    }
}

static void many_parameters(void **state) {
    (void)state;
    enum { D = 200 };
    static const char *const choices[] = {"a", "b", "c", "d"};
    hpo_space               *space     = hpo_space_new(NULL);
    for (int i = 0; i < D; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%d", i);
        if (i % 4 == 0)
            assert_ok(hpo_space_add_categorical(space, name, choices, 4, error));
        else if (i % 4 == 1)
            assert_ok(hpo_space_add_int(space, name, 1, 1000, HPO_LOG, error));
        else
            assert_ok(hpo_space_add_float(space, name, 0, 1, HPO_LINEAR, error));
    }
    hpo_study *study = gp_over(space, 1);
    for (int k = 0; k < 16; k++) {
        hpo_trial *trial = NULL;
        double     values[WIDE], loss = 0;
        assert_ok(hpo_study_ask(study, &trial, error));
        read_values(study, trial, values);
        for (int i = 2; i < D; i += 4)
            loss += (values[i] - 0.2) * (values[i] - 0.2);
        assert_ok(hpo_study_tell(study, trial, HPO_COMPLETE, &loss, 1, error));
        hpo_trial_free(trial);
    }
    hpo_study_free(study);
}

/* 200 choices of one parameter, of which one is good: each is tried at most once. */
static void many_choices(void **state) {
    (void)state;
    char        names[200][8];
    const char *choices[200];
    static seen found;
    hpo_space  *space = hpo_space_new(NULL);
    for (size_t c = 0; c < 200; c++) {
        snprintf(names[c], sizeof names[c], "c%03u", (unsigned)(c % 1000));
        choices[c] = names[c];
    }
    assert_ok(hpo_space_add_categorical(space, "which", choices, 200, error));
    hpo_study *study = gp_over(space, 2);
    found.n          = 0;
    for (int k = 0; k < 200; k++) {
        hpo_trial *trial = NULL;
        assert_ok(hpo_study_ask(study, &trial, error));
        note(&found, study, trial);
        double loss = strcmp(hpo_trial_categorical(trial, "which"), "c123") == 0 ? 0 : 1;
        assert_ok(hpo_study_tell(study, trial, HPO_COMPLETE, &loss, 1, error));
        hpo_trial_free(trial);
    }
    hpo_study_free(study);
}

static void small_budgets(void **state) {
    (void)state;
    for (uint64_t budget = 1; budget <= 12; budget++)
        for (int with_default = 0; with_default < 2; with_default++) {
            static seen found;
            hpo_study  *study = gp_over(models(), budget);
            found.n           = 0;
            set(study, "start.default", with_default == 1 ? "true" : "false");
            assert_ok(hpo_study_optimize(study, models_objective, NULL, budget, error));
            assert_int_equal(finished_count(study), budget);
            for (uint64_t k = 0; k < budget; k++) {
                hpo_trial *trial = trial_of(study, k);
                note(&found, study, trial);
                hpo_trial_free(trial);
            }
            assert_ok(hpo_study_optimize(study, models_objective, NULL, 3, error)); /* and on */
            hpo_study_free(study);
        }
}

/* ---- memory ---- */

static hpo_space *models_with(const hpo_allocator *allocator) {
    return mixed_space_with(allocator);
}

/* Trials by ask and tell until trial `last`, which is left to the caller; the third and every seventh fail. */
static void play_to(hpo_study *study, uint64_t last) {
    for (uint64_t k = 0; k < last; k++) {
        hpo_trial *trial = NULL;
        assert_ok(hpo_study_ask(study, &trial, error));
        double loss = mixed_loss(trial);
        assert_ok(hpo_study_tell(study, trial, k == 3 || k % 7 == 6 ? HPO_FAILED : HPO_COMPLETE, &loss, 1, error));
        hpo_trial_free(trial);
    }
}

/* Every request of an ask refused once: HPO_E_NOMEM, and the same ask again gives what it would have given. With a running trial, failures and a kept state. */
static void out_of_memory(void **state) {
    (void)state;
    const uint64_t sizes[] = {0, 1, 2, 6, 8, 13, 24};
    for (size_t at = 0; at < COUNT(sizes); at++) {
        fail_alloc          memory = {0}, plain_memory = {0};
        const hpo_allocator allocator = fail_allocator(&memory), plain_allocator = fail_allocator(&plain_memory);
        hpo_study          *study = gp_over(models_with(&allocator), 4), *plain = gp_over(models_with(&plain_allocator), 4);
        hpo_trial          *running[2], *wanted[2], *trial = NULL;
        double              values[MIXED_SIZE], expected[MIXED_SIZE];
        uint64_t            refused = 0;
        play_to(study, sizes[at]);
        play_to(plain, sizes[at]);
        assert_ok(hpo_study_ask(study, &running[0], error));
        assert_ok(hpo_study_ask(plain, &wanted[0], error));
        assert_ok(hpo_study_ask(plain, &wanted[1], error));
        for (uint64_t k = 0; trial == NULL; k++) {
            memory.fail_at    = memory.requests + k;
            hpo_status status = hpo_study_ask(study, &trial, NULL);
            if (status != HPO_OK) {
                assert_int_equal(status, HPO_E_NOMEM);
                assert_null(trial);
                refused++;
            }
        }
        memory.fail_at = 0;
        running[1]     = trial;
        assert_true(refused >= 1);
        hpo_trial_values_by_index(trial, values, MIXED_SIZE);
        hpo_trial_values_by_index(wanted[1], expected, MIXED_SIZE);
        assert_true(same_numbers(values, expected, MIXED_SIZE));
        for (int k = 0; k < 2; k++) {
            hpo_trial_free(running[k]);
            hpo_trial_free(wanted[k]);
        }
        hpo_study_free(study);
        hpo_study_free(plain);
        assert_int_equal(memory.bytes + plain_memory.bytes, 0);
        assert_int_equal(memory.blocks + plain_memory.blocks, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_minimum_of_branin),
        cmocka_unit_test(finds_the_minimum_behind_a_condition),
        cmocka_unit_test(maximising_is_the_mirror),
        cmocka_unit_test(finite_spaces_are_used_up),
        cmocka_unit_test(running_trials_use_up),
        cmocka_unit_test(large_finite_spaces_are_used_up),
        cmocka_unit_test(noisy_objectives_may_repeat),
        cmocka_unit_test(nothing_is_tried_twice),
        cmocka_unit_test(several_workers),
        cmocka_unit_test(late_states_are_rebuilt),
        cmocka_unit_test(failing_regions_are_left),
        cmocka_unit_test(all_may_fail),
        cmocka_unit_test(odd_values),
        cmocka_unit_test(equal_trials),
        cmocka_unit_test(one_parameter),
        cmocka_unit_test(many_parameters),
        cmocka_unit_test(many_choices),
        cmocka_unit_test(small_budgets),
        cmocka_unit_test(out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
