/* hpo__linalg_check: this program brings an isamax_ of its own, which stands before that of the BLAS and answers as one with 64-bit integers does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "num/linalg.h"
#include <string.h>

int64_t isamax_(const int64_t *n, const float *x, const int64_t *step);

int64_t isamax_(const int64_t *n, const float *x, const int64_t *step) {
    int64_t at = 0;
    for (int64_t i = 0; i < *n; i++)
        if (at == 0 || x[i * *step] > x[(at - 1) * *step])
            at = i + 1;
    return at;
}

static void long_integers_are_refused(void **state) {
    (void)state;
    hpo_error err = {0};
    assert_int_equal(hpo__linalg_check(&err), HPO_E_UNSUPPORTED);
    assert_int_equal(err.code, HPO_E_UNSUPPORTED);
    assert_non_null(strstr(err.message, "ILP64"));
    assert_int_equal(hpo__linalg_check(NULL), HPO_E_UNSUPPORTED);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(long_integers_are_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
