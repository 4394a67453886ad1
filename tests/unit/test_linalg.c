/* lib/num/linalg.c and tile.c: against the definitions, against LAPACK where there is one, and to the bit against themselves. */
#include "numeric.h"

#include "num/linalg.h"
#include "num/random.h"
#include <float.h>
#include <string.h>
#include <time.h>

enum { SPARE = 3 }; /* the leading dimension is this much larger than needed, and what lies there must stay */

static const double SENTINEL = -77.25;

#ifdef HPO_TEST_OPENBLAS
extern void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info, size_t);
extern void dpotri_(const char *uplo, const int *n, double *a, const int *lda, int *info, size_t);
extern void dpotrs_(const char *uplo, const int *n, const int *columns, const double *a, const int *lda, double *b, const int *ldb, int *info,
                    size_t);
#endif

static const size_t SIZES[] = {1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 31, 64, 100, 127, 128, 129, 130, 135, 136, 200, 255, 256, 257, 263, 300, 400};

static double *matrix(size_t rows, size_t ld) {
    double *a = grab(rows * ld + 1, sizeof *a);
    for (size_t i = 0; i < rows * ld; i++)
        a[i] = SENTINEL;
    return a;
}

/* A covariance of n random points on a line, with noise on the diagonal: both triangles. */
static double *covariance(size_t n, size_t ld, double noise, uint64_t seed) {
    double *a = matrix(n, ld), *x = grab(n, sizeof *x);
    hpo__random_uniforms(seed, n, 1, x, n);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            a[i * ld + j] = exp(-20 * fabs(x[i] - x[j])) + (i == j ? noise : 0);
    free(x);
    return a;
}

static double *normals(size_t rows, size_t ld, size_t columns, uint64_t seed) {
    double *a = matrix(rows, ld);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++)
            a[i * ld + j] = 2 * hpo__random_uniform(seed, i, 2, (uint32_t)j) - 1;
    return a;
}

static double *copy(const double *a, size_t count) {
    double *b = grab(count + 1, sizeof *b);
    memcpy(b, a, count * sizeof *b);
    return b;
}

static void assert_lower_equal(const double *a, const double *b, size_t ld, size_t n) {
    for (size_t i = 0; i < n; i++)
        assert_memory_equal(a + i * ld, b + i * ld, (i + 1) * sizeof *a);
}

/* The largest |L L^T - K|. */
static double residual(const double *l, const double *k, size_t ld, size_t n) {
    double most = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = k[i * ld + j];
            for (size_t q = 0; q <= j; q++)
                sum -= l[i * ld + q] * l[j * ld + q];
            most = fmax(most, fabs(sum));
        }
    return most;
}

static void factor_times_its_transpose(void **state) {
    (void)state;
    for (size_t s = 0; s < sizeof SIZES / sizeof *SIZES; s++) {
        size_t  n = SIZES[s], ld = n + SPARE;
        double *k = covariance(n, ld, 1e-4, s), *l = copy(k, n * ld);
        assert_int_equal(hpo__linalg_cholesky(l, ld, 0, n), n);
        assert_true(residual(l, k, ld, n) <= 3e-16 * (double)(n + 10));
        for (size_t i = 0; i < n; i++)
            assert_memory_equal(l + i * ld + i + 1, k + i * ld + i + 1, (ld - i - 1) * sizeof *l);
        free(l), free(k);
    }
}

static void grown_or_rebuilt_to_the_bit(void **state) {
    (void)state;
    for (size_t s = 0; s < sizeof SIZES / sizeof *SIZES; s++) {
        size_t  n = SIZES[s], ld = n + SPARE;
        double *k = covariance(n, ld, 1e-6, 100 + s), *whole = copy(k, n * ld), *l = matrix(n, ld);
        assert_int_equal(hpo__linalg_cholesky(whole, ld, 0, n), n);
        for (size_t i = 0; i < n; i++) {
            double jitter = 0;
            assert_true(hpo__linalg_append(l, ld, i, k + i * ld, &jitter));
            assert_true(jitter == 0);
        }
        assert_lower_equal(l, whole, ld, n);
        for (uint32_t draw = 0; draw < 10; draw++) {
            size_t from = (size_t)hpo__random_below(s, 5, 3, draw, n + 1);
            for (size_t i = from; i < n; i++)
                memcpy(l + i * ld, k + i * ld, (i + 1) * sizeof *l);
            assert_int_equal(hpo__linalg_cholesky(l, ld, from, n), n);
            assert_lower_equal(l, whole, ld, n);
        }
        free(l), free(whole), free(k);
    }
}

/* Only additions, multiplications, divisions and roots, each rounded as IEEE 754 says: these bits are those of every machine and instruction set. */
static void the_same_bits_everywhere(void **state) {
    (void)state;
    enum { N = 333, COLUMNS = 21, SQUARE = N * N, RECTANGLE = N * COLUMNS };
    double  *l = matrix(N, N), *inverse = matrix(N, N), *b = matrix(N, COLUMNS);
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < N; j++)
            l[i * N + j] = 1 / (1 + 0.37 * (i > j ? (double)(i - j) : (double)(j - i))) + (i == j ? 0.1 : 0);
        for (size_t j = 0; j < COLUMNS; j++)
            b[i * COLUMNS + j] = 1 / (double)(1 + (7 * i + 13 * j) % 101);
    }
    assert_int_equal(hpo__linalg_cholesky(l, N, 0, N), N);
    hpo__linalg_solve_lower_many(l, N, N, b, COLUMNS, COLUMNS);
    hpo__linalg_solve_upper_many(l, N, N, b, COLUMNS, COLUMNS);
    hpo__linalg_inverse(l, N, N, inverse, N);
    b[0] += hpo__linalg_dot(inverse, inverse + N, N);
    const struct {
        const double *x;
        size_t        count;
    } parts[] = {{l, SQUARE}, {inverse, SQUARE}, {b, RECTANGLE}};
    for (size_t p = 0; p < 3; p++)
        for (size_t i = 0; i < parts[p].count; i++) {
            uint64_t bits;
            memcpy(&bits, parts[p].x + i, sizeof bits);
            hash = (hash ^ bits) * UINT64_C(0x100000001b3);
        }
    assert_int_equal(hash, UINT64_C(0x3ed7deb21953dca7));
    free(b), free(inverse), free(l);
}

static void solves(void **state) {
    (void)state;
    for (size_t s = 0; s < sizeof SIZES / sizeof *SIZES; s++) {
        size_t  n = SIZES[s], ld = n + SPARE;
        double *k = covariance(n, ld, 1e-2, 200 + s), *l = copy(k, n * ld), *wanted = normals(n, 1, 1, s), *x = grab(n, sizeof *x),
               *y = grab(n, sizeof *y);
        assert_int_equal(hpo__linalg_cholesky(l, ld, 0, n), n);
        hpo__linalg_multiply(k, ld, n, n, wanted, x);
        hpo__linalg_solve(l, ld, n, x);
        for (size_t i = 0; i < n; i++)
            assert_true(fabs(x[i] - wanted[i]) <= 1e-11);
        /* L z = L wanted, and L^T z = L^T wanted. */
        hpo__linalg_multiply_lower(l, ld, n, wanted, x);
        hpo__linalg_solve_lower(l, ld, n, x);
        for (size_t i = 0; i < n; i++) {
            assert_true(fabs(x[i] - wanted[i]) <= 1e-11);
            y[i] = 0;
            for (size_t q = i; q < n; q++)
                y[i] += l[q * ld + i] * wanted[q];
        }
        hpo__linalg_solve_upper(l, ld, n, y);
        for (size_t i = 0; i < n; i++)
            assert_true(fabs(y[i] - wanted[i]) <= 1e-11);
        free(y), free(x), free(wanted), free(l), free(k);
    }
}

static void a_column_alone_or_among_many(void **state) {
    (void)state;
    static const size_t columns[] = {1, 2, 7, 8, 9, 16, 33, 64};
    for (size_t s = 0; s < sizeof SIZES / sizeof *SIZES; s++)
        for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
            size_t n = SIZES[s], ld = n + SPARE, m = columns[c], ldb = m + SPARE;
            if (n > 130 && c % 3 != 0)
                continue;
            double *l = covariance(n, ld, 1e-3, 300 + s), *b = normals(n, ldb, m, s), *lower = copy(b, n * ldb), *upper = copy(b, n * ldb);
            double *x = grab(n, sizeof *x), *y = grab(n, sizeof *y);
            assert_int_equal(hpo__linalg_cholesky(l, ld, 0, n), n);
            hpo__linalg_solve_lower_many(l, ld, n, lower, ldb, m);
            hpo__linalg_solve_upper_many(l, ld, n, upper, ldb, m);
            for (size_t j = 0; j < m; j++) {
                for (size_t i = 0; i < n; i++)
                    x[i] = y[i] = b[i * ldb + j];
                hpo__linalg_solve_lower(l, ld, n, x);
                hpo__linalg_solve_upper(l, ld, n, y);
                for (size_t i = 0; i < n; i++) {
                    assert_true(lower[i * ldb + j] == x[i]);
                    assert_true(upper[i * ldb + j] == y[i]);
                }
            }
            for (size_t i = 0; i < n; i++)
                for (size_t j = m; j < ldb; j++)
                    assert_true(lower[i * ldb + j] == SENTINEL && upper[i * ldb + j] == SENTINEL);
            free(y), free(x), free(upper), free(lower), free(b), free(l);
        }
}

static void inverse(void **state) {
    (void)state;
    for (size_t s = 0; s < sizeof SIZES / sizeof *SIZES; s++) {
        size_t  n = SIZES[s], ld = n + SPARE, ldi = n + 1;
        double *k = covariance(n, ld, 1e-2, 400 + s), *l = copy(k, n * ld), *inverse = matrix(n, ldi), *column = grab(n, sizeof *column);
        assert_int_equal(hpo__linalg_cholesky(l, ld, 0, n), n);
        hpo__linalg_inverse(l, ld, n, inverse, ldi);
        for (size_t i = 0; i < n; i++) {
            assert_true(inverse[i * ldi + n] == SENTINEL);
            hpo__linalg_multiply(k, ld, n, n, inverse + i * ldi, column);
            for (size_t j = 0; j < n; j++) {
                assert_true(inverse[i * ldi + j] == inverse[j * ldi + i]);
                assert_true(fabs(column[j] - (i == j)) <= 1e-10);
            }
        }
        free(column), free(inverse), free(l), free(k);
    }
}

/* H(i, j) = 1 / (i + j + 1); its determinant for 6 rows is 1 / 186313420339200000. */
static void known_determinants(void **state) {
    (void)state;
    double h[36], scaled[4] = {1e300, 0, 0, 1e300};
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < 6; j++)
            h[i * 6 + j] = 1 / (double)(i + j + 1);
    assert_int_equal(hpo__linalg_cholesky(h, 6, 0, 6), 6);
    assert_true(fabs(hpo__linalg_log_determinant(h, 6, 6) + log(186313420339200000.0)) < 1e-8);
    assert_int_equal(hpo__linalg_cholesky(scaled, 2, 0, 2), 2);
    assert_true(fabs(hpo__linalg_log_determinant(scaled, 2, 2) - 600 * log(10)) < 1e-9);
    assert_true(hpo__linalg_log_determinant(h, 6, 0) == 0);
}

static void no_rows(void **state) {
    (void)state;
    double nothing = 5, jitter = 0;
    assert_int_equal(hpo__linalg_cholesky(&nothing, 1, 0, 0), 0);
    assert_true(hpo__linalg_factor(&nothing, 1, &nothing, 1, 0, &jitter));
    assert_true(jitter == 0);
    hpo__linalg_solve(&nothing, 1, 0, &nothing);
    hpo__linalg_solve_lower_many(&nothing, 1, 0, &nothing, 1, 1);
    hpo__linalg_solve_upper_many(&nothing, 1, 0, &nothing, 1, 1);
    hpo__linalg_solve_lower_many(&nothing, 1, 1, &nothing, 1, 0);
    hpo__linalg_inverse(&nothing, 1, 0, &nothing, 1);
    assert_true(hpo__linalg_dot(&nothing, &nothing, 0) == 0);
    assert_true(nothing == 5);
}

/* Row `bad` of the unit matrix gets a diagonal element that makes its pivot 0, negative, too small or not a number. */
static void the_first_bad_row(void **state) {
    (void)state;
    static const size_t places[] = {0, 1, 7, 8, 60, 127, 128, 131, 199};
    static const double values[] = {0, -1, 0.5, 0.5 + 2e-13, (double)NAN, (double)INFINITY, -(double)INFINITY};
    enum { N = 200 };
    for (size_t p = 0; p < sizeof places / sizeof *places; p++)
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            double *a   = grab((size_t)N * N, sizeof *a);
            size_t  bad = places[p], next = bad > 0 ? bad - 1 : 0;
            for (size_t i = 0; i < N; i++)
                a[i * N + i] = 1;
            if (bad > 0) /* what the row before takes from the pivot is exactly 1/2 when the values say so */
                a[bad * N + next] = sqrt(0.5);
            a[bad * N + bad] = bad == 0 && values[v] > 0 ? 0 : values[v];
            assert_int_equal(hpo__linalg_cholesky(a, N, 0, N), bad);
            for (size_t i = 0; i < bad; i++)
                for (size_t j = 0; j <= i; j++)
                    assert_true(a[i * N + j] == (i == j));
            free(a);
        }
}

static void jitter(void **state) {
    (void)state;
    enum { N = 50 };
    double k[N * N], kept[N * N], l[N * N], used = 0;
    /* All rows equal: one parameter, one point, N times. */
    for (size_t i = 0; i < (size_t)N * N; i++)
        k[i] = kept[i] = 4;
    assert_true(hpo__linalg_factor(k, N, l, N, N, &used));
    assert_true(used > 0.99 * 4e-8 && used < 1.01 * 4e-8);
    assert_memory_equal(k, kept, sizeof k);
    double missing = 0;
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j <= i; j++) {
            double sum = 4 + (i == j ? used : 0);
            for (size_t q = 0; q <= j; q++)
                sum -= l[i * N + q] * l[j * N + q];
            missing = fmax(missing, fabs(sum));
        }
    assert_true(missing < 1e-13);
    /* One that is used already is not taken back, and one that is enough is not exceeded. */
    used = 1e-3;
    assert_true(hpo__linalg_factor(k, N, l, N, N, &used));
    assert_true(used == 1e-3);
    /* A negative eigenvalue of -0.005 with a mean near 1 needs the last one. */
    memset(k, 0, sizeof k);
    for (size_t i = 0; i < N; i++)
        k[i * N + i] = i == 30 ? -0.005 : 1;
    used = 0;
    assert_true(hpo__linalg_factor(k, N, l, N, N, &used));
    assert_true(used > 0.0095 && used < 0.01);
    /* And one of -0.02 is beyond it. */
    k[30 * N + 30] = -0.02;
    used           = 1e-5;
    assert_false(hpo__linalg_factor(k, N, l, N, N, &used));
    assert_true(used == 1e-5);
    static const double bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY, 1e308};
    for (size_t v = 0; v < sizeof bad / sizeof *bad; v++) {
        k[30 * N + 30] = 1;
        k[30 * N + 3]  = bad[v];
        assert_false(hpo__linalg_factor(k, N, l, N, N, &used));
        k[30 * N + 3]  = 0;
        k[30 * N + 30] = v == 3 ? -1e308 : bad[v];
        assert_false(hpo__linalg_factor(k, N, l, N, N, &used));
    }
    assert_true(used == 1e-5);
}

static void jitter_of_an_appended_row(void **state) {
    (void)state;
    double l[9] = {1}, row[3] = {1, 1}, used = 0;
    assert_true(hpo__linalg_append(l, 3, 1, row, &used));
    assert_true(used == 1e-8);
    assert_true(fabs(l[4] * l[4] - 1e-8) < 1e-15);
    row[2] = -1, used = 0.25;
    assert_false(hpo__linalg_append(l, 3, 2, row, &used));
    assert_true(used == 0.25);
    row[2] = (double)NAN;
    assert_false(hpo__linalg_append(l, 3, 2, row, &used));
}

/* Numbers near the ends of the range of double. */
static void scales(void **state) {
    (void)state;
    enum { N = 140 };
    static const double powers[] = {1e-300, 1e-30, 1e30, 1e300};
    double             *k = covariance(N, N, 1e-4, 5), *l = copy(k, (size_t)N * N), *big = grab((size_t)N * N, sizeof *big);
    assert_int_equal(hpo__linalg_cholesky(l, N, 0, N), N);
    for (size_t p = 0; p < 4; p++) {
        for (size_t i = 0; i < (size_t)N * N; i++)
            big[i] = k[i] * powers[p];
        assert_int_equal(hpo__linalg_cholesky(big, N, 0, N), N);
        for (size_t i = 0; i < N; i++)
            for (size_t j = 0; j <= i; j++)
                assert_true(fabs(big[i * N + j] / sqrt(powers[p]) - l[i * N + j]) < 1e-11);
    }
    free(big), free(l), free(k);
}

static void products(void **state) {
    (void)state;
    for (size_t s = 0; s < sizeof SIZES / sizeof *SIZES; s++) {
        size_t rows = SIZES[s], columns = SIZES[(5 * s + 3) % (sizeof SIZES / sizeof *SIZES)],
               depth = SIZES[(11 * s + 1) % (sizeof SIZES / sizeof *SIZES)];
        size_t  lda = rows + SPARE, ldb = columns + SPARE;
        double *a = normals(depth, lda, rows, 500 + s), *b = normals(depth, ldb, columns, 600 + s), *c = normals(rows, ldb, columns, 700 + s);
        double *before = copy(c, rows * ldb), *x = normals(1, lda + ldb + depth, lda + ldb + depth, s), *y = matrix(1, lda + ldb + depth);
        double  dot = 0;
        hpo__linalg_subtract_product(c, ldb, a, lda, b, ldb, rows, columns, depth);
        for (size_t i = 0; i < rows; i++)
            for (size_t j = 0; j < ldb; j++) {
                double expected = before[i * ldb + j];
                for (size_t k = 0; j < columns && k < depth; k++)
                    expected -= a[k * lda + i] * b[k * ldb + j];
                assert_true(fabs(c[i * ldb + j] - expected) <= 1e-12);
            }
        hpo__linalg_multiply(b, ldb, depth, columns, x, y);
        for (size_t i = 0; i < depth; i++) {
            double expected = 0;
            for (size_t j = 0; j < columns; j++)
                expected += b[i * ldb + j] * x[j];
            assert_true(fabs(y[i] - expected) <= 1e-12);
        }
        assert_true(y[depth] == SENTINEL);
        for (size_t i = 0; i < depth; i++)
            dot += x[i] * x[i + 1];
        assert_true(fabs(hpo__linalg_dot(x, x + 1, depth) - dot) <= 1e-12);
        y[columns] = SENTINEL;
        hpo__linalg_multiply_transposed(b, ldb, depth, columns, x, y);
        assert_true(y[columns] == SENTINEL);
        for (size_t j = 0; j < columns; j++) {
            double expected = 0;
            for (size_t i = 0; i < depth; i++)
                expected += b[i * ldb + j] * x[i];
            assert_true(fabs(y[j] - expected) <= 1e-12);
        }
        hpo__linalg_column_squares(b, ldb, depth, columns, y);
        assert_true(y[columns] == SENTINEL);
        for (size_t j = 0; j < columns; j++) {
            double expected = 0;
            for (size_t i = 0; i < depth; i++)
                expected += b[i * ldb + j] * b[i * ldb + j];
            assert_true(fabs(y[j] - expected) <= 1e-12);
        }
        free(y), free(x), free(before), free(c), free(b), free(a);
    }
}

static void against_lapack(void **state) {
    (void)state;
#ifdef HPO_TEST_OPENBLAS
    for (size_t s = 0; s < sizeof SIZES / sizeof *SIZES; s++) {
        size_t  n     = SIZES[s];
        int     order = (int)n, columns = 3, info = -1;
        double *k = covariance(n, n, 1e-3, 800 + s), *l = copy(k, n * n), *theirs = copy(k, n * n), *mine = matrix(n, n);
        double *b = normals(n, 3, 3, s), *b_theirs = matrix(3, n);
        assert_int_equal(hpo__linalg_cholesky(l, n, 0, n), n);
        dpotrf_("U", &order, theirs, &order, &info, 1); /* the upper triangle by columns is the lower one by rows */
        assert_int_equal(info, 0);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j <= i; j++)
                assert_true(fabs(l[i * n + j] - theirs[i * n + j]) <= 1e-12);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < 3; j++)
                b_theirs[j * n + i] = b[i * 3 + j];
        dpotrs_("U", &order, &columns, theirs, &order, b_theirs, &order, &info, 1);
        hpo__linalg_solve_lower_many(l, n, n, b, 3, 3);
        hpo__linalg_solve_upper_many(l, n, n, b, 3, 3);
        dpotri_("U", &order, theirs, &order, &info, 1);
        hpo__linalg_inverse(l, n, n, mine, n);
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < 3; j++)
                assert_true(fabs(b[i * 3 + j] - b_theirs[j * n + i]) <= 1e-9);
            for (size_t j = 0; j <= i; j++)
                assert_true(fabs(mine[i * n + j] - theirs[i * n + j]) <= 1e-9);
        }
        free(b_theirs), free(b), free(mine), free(theirs), free(l), free(k);
    }
#else
    skip();
#endif
}

static double seconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* From 1024 rows on a BLAS may be used: no other thread may work for it, whatever number the BLAS is set to. */
static void many_rows(void **state) {
    (void)state;
    enum { N = 1100, M = 70 };
    double *k = covariance(N, N, 1e-2, 9), *l = copy(k, (size_t)N * N), *b = normals(N, M, M, 4), *x = copy(b, (size_t)N * M),
           *column  = grab(N, sizeof *column);
    double *inverse = matrix(N, N);
    nanosleep(&(struct timespec){.tv_nsec = 300000000}, NULL); /* threads of the BLAS spin for a while after their start */
    double others = seconds(CLOCK_PROCESS_CPUTIME_ID) - seconds(CLOCK_THREAD_CPUTIME_ID), own = seconds(CLOCK_THREAD_CPUTIME_ID);
    assert_int_equal(hpo__linalg_cholesky(l, N, 0, N), N);
    hpo__linalg_solve_lower_many(l, N, N, x, M, M);
    hpo__linalg_solve_upper_many(l, N, N, x, M, M);
    hpo__linalg_inverse(l, N, N, inverse, N);
    others = seconds(CLOCK_PROCESS_CPUTIME_ID) - seconds(CLOCK_THREAD_CPUTIME_ID) - others;
    own    = seconds(CLOCK_THREAD_CPUTIME_ID) - own;
    assert_true(others < 0.1 * own);
    for (size_t j = 0; j < M; j++) {
        for (size_t i = 0; i < N; i++)
            column[i] = b[i * M + j];
        hpo__linalg_solve(l, N, N, column);
        for (size_t i = 0; i < N; i++)
            assert_true(fabs(column[i] - x[i * M + j]) <= 1e-10);
    }
    for (size_t i = 0; i < N; i += 50) {
        hpo__linalg_multiply(k, N, N, N, inverse + i * N, column);
        for (size_t j = 0; j < N; j++)
            assert_true(fabs(column[j] - (i == j)) <= 1e-9);
    }
    free(inverse), free(column), free(x), free(b), free(l), free(k);
}

static void this_blas_is_accepted(void **state) {
    (void)state;
    hpo_error err = {.code = 5};
    assert_int_equal(hpo__linalg_check(&err), HPO_OK);
    assert_int_equal(err.code, 5);
    assert_int_equal(hpo__linalg_check(NULL), HPO_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(factor_times_its_transpose),
        cmocka_unit_test(grown_or_rebuilt_to_the_bit),
        cmocka_unit_test(the_same_bits_everywhere),
        cmocka_unit_test(solves),
        cmocka_unit_test(a_column_alone_or_among_many),
        cmocka_unit_test(inverse),
        cmocka_unit_test(known_determinants),
        cmocka_unit_test(no_rows),
        cmocka_unit_test(the_first_bad_row),
        cmocka_unit_test(jitter),
        cmocka_unit_test(jitter_of_an_appended_row),
        cmocka_unit_test(scales),
        cmocka_unit_test(products),
        cmocka_unit_test(against_lapack),
        cmocka_unit_test(many_rows),
        cmocka_unit_test(this_blas_is_accepted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
