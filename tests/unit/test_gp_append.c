/* Points added to a model that was conditioned before cost O(n^2) each, and must not show in the results: the same bits as from a new model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "random_model.h"

#include <stdio.h>

enum { ROUNDS = 60, QUERIES = 7 };

/* The first n points of a model's data, into x. */
static void first_points(const rm_model *m, size_t n, double *x) {
    for (size_t i = 0; i < m->d; i++)
        memcpy(x + i * n, m->x + i * m->n, n * sizeof *x);
}

static void predict(hpo__gp *gp, const double *x, double *out) {
    assert_true(hpo__gp_predict(gp, x, QUERIES, out, out + QUERIES, NULL, NULL, NULL));
}

/* Predictions of `gp`, conditioned now, against those of a new model with the same data and hyperparameters. */
static void check(uint64_t seed, const rm_model *m, hpo__gp *gp, const double *x, const double *y, const double *noise, size_t n, bool warp) {
    double   queries[RM_INPUTS * QUERIES], got[2 * QUERIES], wanted[2 * QUERIES];
    draw     d     = {seed + 1};
    hpo__gp *other = hpo__gp_new(&m->alloc, m->kinds, m->d, m->exact);
    assert_non_null(other);
    rm_draw_points(&d, m, QUERIES, queries);
    assert_true(hpo__gp_data(gp, x, y, noise, n, warp) && hpo__gp_data(other, x, y, noise, n, warp));
    memcpy(hpo__gp_theta(other), hpo__gp_theta(gp), hpo__gp_theta_size(gp) * sizeof(double));
    bool done = hpo__gp_condition(gp);
    HOLDS(done == hpo__gp_condition(other), seed, "one model could be conditioned, the other not");
    if (done) {
        predict(gp, queries, got);
        predict(other, queries, wanted);
        HOLDS(memcmp(got, wanted, sizeof got) == 0, seed, "%zu points: %.17g, not %.17g", n, got[0], wanted[0]);
    }
    hpo__gp_free(other);
}

/* Grows point by point with new outputs, changes a point, a noise, the warp, the hyperparameters, shrinks, fits, and repeats a point (which needs jitter without noise). */
static void the_past_does_not_show(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        rm_model m;
        double   x[RM_INPUTS * RM_POINTS], y[RM_POINTS];
        draw     d = {seed};
        rm_draw(seed, RM_INPUTS, RM_POINTS, &m);
        for (size_t n = 1; n <= m.n; n++) {
            for (size_t j = 0; j < n; j++)
                y[j] = rm_normal(&d);
            uint64_t what = draw_below(&d, 12);
            size_t   size = what == 5 && n > 2 ? n - 2 : n, point = (size_t)draw_below(&d, size);
            first_points(&m, size, x);
            if (what == 0)
                m.noise[point] = 5 - m.noise[point];
            if (what == 1)
                for (size_t i = 0; i < m.d; i++)
                    x[i * size + point] = m.x[i * m.n + point] = rm_coordinate(&d, m.kinds[i]);
            if (what == 2)
                m.warp = !m.warp;
            if (what == 3)
                hpo__gp_theta(m.gp)[0] += 0.1;
            if (what == 4)
                hpo__gp_fit(m.gp, 2);
            if (what == 6)
                for (size_t i = 0; i < m.d; i++)
                    x[i * size + size - 1] = m.x[i * m.n + size - 1] = m.x[i * m.n];
            check(seed, &m, m.gp, x, y, m.noise, size, m.warp);
        }
        rm_end(&m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_past_does_not_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
