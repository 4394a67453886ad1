/* Exponential and logarithm of many numbers: against the C library in long double, and the same bits in whatever company. */
#include "num/elementary.h"
#include "num/stream.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 1003 };

/* Distance of x from the exact value in units of that value's last place. */
static double units(double x, long double exact) {
    double size = fabs((double)exact);
    return (double)fabsl((long double)x - exact) / (nextafter(size, (double)INFINITY) - size);
}

static void exponentials_are_exact_to_two_units(void **state) {
    (void)state;
    static const double widths[] = {1e-9, 0.4, 1, 40, 708};
    double              x[MANY], y[MANY];
    hpo__stream         stream;
    hpo__stream_start(&stream, 1);
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < MANY; i++)
            x[i] = y[i] = widths[round % 5] * (2 * hpo__stream_uniform(&stream) - 1);
        hpo__exp_many(y, MANY);
        for (int i = 0; i < MANY; i++)
            assert_true(units(y[i], expl((long double)x[i])) < 2);
    }
}

static void logarithms_are_exact_to_two_units(void **state) {
    (void)state;
    double      x[MANY], y[MANY];
    hpo__stream stream;
    hpo__stream_start(&stream, 2);
    for (int round = 0; round < 200; round++) {
        for (int i = 0; i < MANY; i++) {
            double u = hpo__stream_uniform(&stream);
            x[i] = y[i] = round % 4 == 0 ? exp(1400 * (u - 0.5)) : round % 4 == 1 ? 0.5 + u : round % 4 == 2 ? 1 + 1e-6 * (u - 0.5) : 1e-7 + u;
        }
        hpo__log_many(y, MANY);
        for (int i = 0; i < MANY; i++)
            assert_true(x[i] == 1 ? y[i] == 0 : units(y[i], logl((long double)x[i])) < 2);
    }
}

static void ends(void **state) {
    (void)state;
    double x[] = {0, -0.0, -708.5, -1e300, -(double)INFINITY, 709, 1e9, (double)INFINITY, 1};
    hpo__exp_many(x, sizeof x / sizeof *x);
    assert_true(x[0] == 1 && x[1] == 1);
    assert_true(x[2] == 0 && x[3] == 0 && x[4] == 0);
    assert_true(x[5] > 8e307 && x[6] == x[5] && x[7] == x[5]);
    assert_true(fabs(x[8] - 2.718281828459045) < 1e-15);
    double y[] = {1, DBL_MIN, DBL_MAX, 2, 0.5};
    hpo__log_many(y, sizeof y / sizeof *y);
    assert_true(y[0] == 0);
    assert_true(fabs(y[1] - log(DBL_MIN)) < 2e-13 && fabs(y[2] - log(DBL_MAX)) < 2e-13);
    assert_true(y[3] == -y[4] && fabs(y[3] - 0.6931471805599453) < 1e-16);
}

static void no_number_depends_on_its_neighbours(void **state) {
    (void)state;
    double      x[MANY], together[MANY], alone;
    hpo__stream stream;
    hpo__stream_start(&stream, 3);
    for (int i = 0; i < MANY; i++)
        x[i] = 20 * hpo__stream_uniform(&stream);
    for (int kind = 0; kind < 2; kind++) {
        memcpy(together, x, sizeof x);
        (kind == 0 ? hpo__exp_many : hpo__log_many)(together, MANY);
        for (int i = 0; i < MANY; i++) {
            alone = x[i];
            (kind == 0 ? hpo__exp_many : hpo__log_many)(&alone, 1);
            assert_memory_equal(&alone, &together[i], sizeof alone);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exponentials_are_exact_to_two_units),
        cmocka_unit_test(logarithms_are_exact_to_two_units),
        cmocka_unit_test(ends),
        cmocka_unit_test(no_number_depends_on_its_neighbours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
