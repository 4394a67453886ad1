/*
 * Blocked Cholesky factorization and triangular solves with the kernels of tile.c, the largest products by a BLAS.
 *
 * Source: G. H. Golub, C. F. Van Loan, "Matrix Computations", 4th ed., 2013, 4.2 and 3.1 (right-looking by blocks of DEPTH columns, row by row inside a block).
 * All that costs is done in tiles of 4 x 8 sums of products, their terms added one after the other. A tile's right operand is a panel of 8 columns (or 8 rows of a
 * factor, transposed) that is copied to the stack, so that no matrix needs a second layout and no call needs memory.
 *
 * Deviations: a sum is split at the multiples of DEPTH and nowhere else, so its value does not depend on how rows and columns are grouped into tiles; pivots are
 * inverted once and multiplied by; no fused multiply-add (lib/meson.build), so that all machines agree; rows are appended by the code that factors.
 *
 * Cost: factor n^3/6 multiplications and as many additions, solve n^2/2, inverse n^3/3. Memory: 9 KB of stack.
 */
#include "num/linalg.h"
#include "base/error.h"
#include "num/tile.h"
#include <limits.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#ifndef HPO__HAVE_OPENBLAS
#error "the build says whether a BLAS is linked: define HPO__HAVE_OPENBLAS to 0 or 1"
#endif

/* Sums are split at every DEPTH terms. CACHED rows of DEPTH numbers stay in the second-level cache. */
enum { ROWS = HPO__TILE_ROWS, LANES = HPO__LANES, DEPTH = 128, CACHED = 256 };
/* An inverse of LARGE rows and more is made WIDE columns at a time, so that a factor that no near cache holds is read less often. */
enum { LARGE = 512, WIDE = 64 };

/* A pivot must be above this part of its diagonal element. What rounding leaves of a singular matrix of 1000 rows is about 1e-13. */
#define PIVOT_LEAST 1e-12

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* ---- the BLAS ---- */

/*
 * A large product goes to the BLAS in pieces of BLAS_ROWS x BLAS_COLUMNS x DEPTH = 64^3 multiplications: up to there OpenBLAS stays on the calling thread, whatever
 * number of threads it is set to (interface/gemm.c: 65536 times GEMM_MULTITHREAD_THRESHOLD, which is 4), while its dtrsm, dsyrk and dpotrf start all threads for
 * matrices of a few dozen rows. From how many rows on that pays was measured on one core of an AMD EPYC (Zen 4), in ms, with OpenBLAS 0.3.21 set to one thread:
 *
 *   rows                            100    200    400    800   1200   1600   2400
 *   512 columns, tiles             0.18   0.65    2.4    9.5     29     54    120
 *   512 columns, pieces by dgemm   0.21   0.62    2.8   10.5     19     34     78
 *   512 columns, dtrsm             0.22   0.73    2.7    8.9     19     33     74
 *   inverse, tiles                0.035   0.21    1.5     13     43    106    384
 *   inverse, pieces by dgemm      0.041   0.21    1.7     13     34     81    306
 *   inverse, dpotri               0.062   0.34    2.4     11     34     72    224
 *   Cholesky, tiles               0.017  0.085   0.59    4.6     16     41    133
 *   Cholesky, pieces by dgemm     0.018  0.096   0.88    6.4     17     42    142
 *   Cholesky, dpotrf              0.033   0.17   0.93    5.8     18     41    133
 *
 * So factoring never asks the BLAS, and the rest does from BLAS_FROM rows on. With two threads on two cores that three other processes share, dpotrf for 200 rows took
 * 9 ms on average and 30 at worst; tiles 0.11 and 0.5.
 */
enum { BLAS_FROM = 1024, BLAS_ROWS = 64, BLAS_COLUMNS = 32 };

#if HPO__HAVE_OPENBLAS

/* Fortran: everything by address; after the rest the lengths of the texts. */
extern void dgemm_(const char *transpose_a, const char *transpose_b, const int *m, const int *n, const int *k, const double *alpha, const double *a,
                   const int *lda, const double *b, const int *ldb, const double *beta, double *c, const int *ldc, size_t, size_t);
extern int  isamax_(const void *n, const float *x, const void *step);

/* See subtract_product. What is row-major here is the transpose to a BLAS, so that b^T -= x^T a^T is asked for. */
static void subtract_by_blas(double *b, size_t ldb, const double *a, size_t down, size_t along, const double *x, size_t ldx, size_t rows, size_t m,
                             size_t depth) {
    const double minus = -1, one = 1;
    const int    a_step = (int)(along == 1 ? down : along), x_step = (int)ldx, b_step = (int)ldb, k = (int)depth;
    for (size_t j = 0; j < m; j += BLAS_COLUMNS)
        for (size_t i = 0; i < rows; i += BLAS_ROWS) {
            int columns = (int)least(BLAS_COLUMNS, m - j), some = (int)least(BLAS_ROWS, rows - i);
            dgemm_("N", along == 1 ? "N" : "T", &columns, &some, &k, &minus, x + j, &x_step, a + i * down, &a_step, &one, b + i * ldb + j, &b_step, 1,
                   1);
        }
}

/*
 * Asks for the position of the largest of three numbers, the count being written so that a BLAS of either kind reads something harmless. Where the low half of a
 * 64-bit integer comes first, 32 bits of it are 3, and all 64 are negative, for which the answer is 0; where it comes last, 32 bits are 0 and 64 bits are 3.
 */
hpo_status hpo__linalg_check(hpo_error *err) {
    static const float    numbers[] = {1, 2, 3};
    static const uint64_t one       = 1;
    bool                  low_first = *(const unsigned char *)&one == 1;
    uint64_t              count     = low_first ? UINT64_C(0xffffffff00000003) : 3;
    if (isamax_(&count, numbers, &one) == (low_first ? 3 : 0))
        return HPO_OK;
    return hpo__fail(err, HPO_E_UNSUPPORTED,
                     "the BLAS that this process has loaded takes 64-bit integers (ILP64), but libhpo was built for one that takes 32-bit integers: "
                     "link the program with an LP64 BLAS, or build libhpo with -Dopenblas=disabled");
}

#else

hpo_status hpo__linalg_check(hpo_error *err) {
    (void)err;
    return HPO_OK;
}

#endif

static bool blas_pays(size_t n, size_t ld_a, size_t ld_b) {
    return HPO__HAVE_OPENBLAS && n >= BLAS_FROM && ld_a <= INT_MAX && ld_b <= INT_MAX;
}

/* ---- sums of products ---- */

static double dot(const hpo__tile_kernels *use, const double *x, const double *y, size_t n) {
    double s[LANES];
    size_t whole = n / LANES * LANES;
    use->lanes(s, x, y, whole);
    for (size_t i = whole; i < n; i++)
        s[i - whole] += x[i] * y[i];
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

/* A tile of fewer rows at the lower edge of a matrix, below which nothing may be read. */
static void edge_tile(const hpo__tile_kernels *use, size_t rows, double *out, const double *a, ptrdiff_t down, ptrdiff_t along, const double *p,
                      ptrdiff_t next, size_t depth) {
    if (rows == ROWS) {
        use->product(out, a, down, along, p, next, (ptrdiff_t)depth);
        return;
    }
    for (size_t r = 0; r < rows; r++)
        hpo__tile_product_row(out + r * LANES, a + (ptrdiff_t)r * down, along, p, next, (ptrdiff_t)depth);
}

/* out[r] = sum over k < depth of a[r][k] * x[k] for r < rows <= LANES; for few right-hand sides: the terms are added in the order of a tile. */
static void row_sums(double *out, const double *a, size_t ld, size_t rows, const double *x, size_t depth) {
    if (rows == LANES) {
        hpo__tile_rows_by_column(out, a, ld, x, depth);
        return;
    }
    for (size_t r = 0; r < rows; r++) {
        out[r] = 0;
        for (size_t k = 0; k < depth; k++)
            out[r] += a[r * ld + k] * x[k];
    }
}

/* ---- panels: up to LANES columns of a matrix, or rows of one transposed, side by side ---- */

static void pack_columns(double *restrict p, const double *restrict b, size_t ldb, size_t lanes, size_t depth) {
    if (lanes < LANES)
        memset(p, 0, depth * LANES * sizeof *p);
    for (size_t k = 0; k < depth; k++)
        memcpy(p + k * LANES, b + k * ldb, (lanes < LANES ? lanes : LANES) * sizeof *p);
}

static void unpack_columns(const double *restrict p, double *restrict b, size_t ldb, size_t lanes, size_t depth) {
    for (size_t k = 0; k < depth; k++)
        memcpy(b + k * ldb, p + k * LANES, (lanes < LANES ? lanes : LANES) * sizeof *p);
}

static void pack_rows(double *restrict p, const double *restrict a, size_t ld, size_t lanes, size_t depth) {
    if (lanes < LANES)
        memset(p, 0, depth * LANES * sizeof *p);
    for (size_t c = 0; c < lanes; c++)
        for (size_t k = 0; k < depth; k++)
            p[k * LANES + c] = a[c * ld + k];
}

static void unpack_rows(const double *restrict p, double *restrict a, size_t ld, size_t lanes, size_t depth) {
    for (size_t c = 0; c < lanes; c++)
        for (size_t k = 0; k < depth; k++)
            a[c * ld + k] = p[k * LANES + c];
}

/* Solves for the `size` <= DEPTH rows of p: element (i, k) of the factor, k <= i, is at i * down + k * along, row k of p at k * next. */
static void panel_solve(const hpo__tile_kernels *use, const double *a, ptrdiff_t down, ptrdiff_t along, double *p, ptrdiff_t next, size_t size) {
    size_t i = 0;
    for (; i + ROWS <= size; i += ROWS)
        use->solve(a + (ptrdiff_t)i * down, down, along, p, next, (ptrdiff_t)i);
    for (; i < size; i++)
        hpo__tile_solve_row(a + (ptrdiff_t)i * down, along, p, next, (ptrdiff_t)i);
}

/* p := L^-1 p, p := L^-T p for the first `size` rows of a factor; the latter from the last row upwards. */
static void panel_lower(const hpo__tile_kernels *use, const double *l, size_t ld, size_t size, double *p) {
    panel_solve(use, l, (ptrdiff_t)ld, 1, p, LANES, size);
}

static void panel_upper(const hpo__tile_kernels *use, const double *l, size_t ld, size_t size, double *p) {
    if (size > 0)
        panel_solve(use, l + (size - 1) * (ld + 1), -1, -(ptrdiff_t)ld, p + (size - 1) * LANES, -LANES, size);
}

/* x := L^-1 x for one column. */
static void column_lower(const double *l, size_t ld, size_t size, double *x) {
    for (size_t j = 0; j < size; j += LANES) {
        size_t rows = least(LANES, size - j);
        double sums[LANES], inverse[LANES];
        row_sums(sums, l + j * ld, ld, rows, x, j);
        for (size_t r = 0; r < rows; r++)
            inverse[r] = 1 / l[(j + r) * ld + j + r];
        for (size_t r = 0; r < rows; r++) {
            for (size_t q = j; q < j + r; q++)
                sums[r] += l[(j + r) * ld + q] * x[q];
            x[j + r] = (x[j + r] - sums[r]) * inverse[r];
        }
    }
}

/* x := L^-T x for one column. */
static void column_upper(const double *l, size_t ld, size_t size, double *x) {
    for (size_t end = size, begin; end > 0; end = begin) {
        begin              = end > LANES ? end - LANES : 0;
        double sums[LANES] = {0};
        if (end - begin == LANES)
            hpo__tile_product_row(sums, x + size - 1, -1, l + (size - 1) * ld + begin, -(ptrdiff_t)ld, (ptrdiff_t)(size - end));
        else
            for (size_t k = size; k-- > end;)
                for (size_t c = 0; c < end; c++)
                    sums[c] += l[k * ld + c] * x[k];
        for (size_t j = end; j-- > begin;) {
            for (size_t q = end; q-- > j + 1;)
                sums[j - begin] += l[q * ld + j] * x[q];
            x[j] = (x[j] - sums[j - begin]) * (1 / l[j * ld + j]);
        }
    }
}

/* ---- Cholesky ---- */

/* The corner of a row group at row and column `at` of a: sums[r][c] are the products of rows at + r and at + c within this block, as far as they are known.
 * Returns how many of the rows are good. */
static size_t factor_corner(const hpo__tile_kernels *use, double *a, size_t ld, size_t at, size_t rows, const double sums[LANES * LANES]) {
    double inverse[LANES];
    for (size_t i = 0; i < rows; i++) {
        double *row = a + (at + i) * ld + at;
        for (size_t j = 0; j <= i; j++) {
            double s = sums[j * LANES + i];
            for (size_t q = 0; q < j; q++)
                s += row[q] * a[(at + j) * ld + at + q];
            row[j] -= s;
            if (j < i)
                row[j] *= inverse[j];
        }
        double pivot = row[i], *begin = a + (at + i) * ld;
        double part = pivot + dot(use, begin, begin, at + i);
        if (!(pivot > PIVOT_LEAST * part && part < (double)INFINITY))
            return i;
        row[i]     = sqrt(pivot);
        inverse[i] = 1 / row[i];
    }
    return rows;
}

/* Rows `first` and on of the diagonal block of columns begin ... end-1. Returns the first bad row, or end. */
static size_t factor_block(const hpo__tile_kernels *use, double *a, size_t ld, size_t first, size_t begin, size_t end) {
    double p[DEPTH * LANES], sums[LANES * LANES];
    for (size_t i = first, rows; i < end; i += rows) {
        double *corner = a + begin * ld + begin, *row = a + i * ld + begin;
        size_t  depth = i - begin, good;
        rows          = least(LANES, end - i);
        if (rows == 1) {
            column_lower(corner, ld, depth, row);
            row_sums(sums, row, ld, 1, row, depth);
        } else {
            pack_rows(p, row, ld, rows, depth);
            panel_lower(use, corner, ld, depth, p);
            unpack_rows(p, row, ld, rows, depth);
            for (size_t r = 0; r < LANES; r += ROWS)
                use->product(sums + r * LANES, p + r, 1, LANES, p, LANES, (ptrdiff_t)depth);
        }
        good = factor_corner(use, a, ld, i, rows, sums);
        if (good < rows)
            return i + good;
    }
    return end;
}

/* Rows `first` and on, below the diagonal block of columns begin ... end-1: their part of the factor in these columns. */
static void factor_below(const hpo__tile_kernels *use, double *a, size_t ld, size_t first, size_t n, size_t begin, size_t end) {
    double        p[DEPTH * LANES];
    const double *corner = a + begin * ld + begin;
    size_t        depth  = end - begin;
    for (size_t i = first; i < n; i += LANES) {
        size_t  rows = least(LANES, n - i);
        double *row  = a + i * ld + begin;
        if (rows == 1) {
            column_lower(corner, ld, depth, row);
            continue;
        }
        pack_rows(p, row, ld, rows, depth);
        panel_lower(use, corner, ld, depth, p);
        unpack_rows(p, row, ld, rows, depth);
    }
}

/* Rows i ... i+rows-1, columns j ... last-1 of the lower triangle, less the products of these rows of the factor in the columns begin ... end-1. */
static void update_group(const hpo__tile_kernels *use, double *a, size_t ld, size_t i, size_t rows, size_t j, size_t last, size_t begin, size_t end) {
    double        p[DEPTH * LANES], sums[ROWS * LANES];
    const double *row   = a + i * ld + begin;
    size_t        depth = end - begin;
    if (rows == 1) {
        for (; j < last; j += LANES) {
            size_t some = least(LANES, last - j);
            row_sums(sums, a + j * ld + begin, ld, some, row, depth);
            for (size_t r = 0; r < some; r++)
                a[i * ld + j + r] -= sums[r];
        }
        return;
    }
    pack_rows(p, row, ld, rows, depth);
    for (; j < last; j += ROWS) {
        size_t some = least(ROWS, last - j);
        edge_tile(use, some, sums, a + j * ld + begin, (ptrdiff_t)ld, 1, p, LANES, depth);
        for (size_t c = 0; c < rows; c++)
            for (size_t r = 0; r < some && j + r <= i + c; r++)
                a[(i + c) * ld + j + r] -= sums[r * LANES + c];
    }
}

/* The lower triangle right of column `end`, in the rows `first` and on. CACHED rows of the factor at a time, that they stay near. */
static void update_rest(const hpo__tile_kernels *use, double *a, size_t ld, size_t first, size_t n, size_t begin, size_t end) {
    for (size_t j = end, last; j < n; j = last) {
        last = least(j + CACHED, n);
        for (size_t i = j > first ? j : first; i < n; i += LANES) {
            size_t rows = least(LANES, n - i);
            update_group(use, a, ld, i, rows, j, least(last, i + rows), begin, end);
        }
    }
}

size_t hpo__linalg_cholesky(double *a, size_t ld, size_t from, size_t n) {
    const hpo__tile_kernels use = hpo__tile_choose();
    for (size_t begin = 0, end; begin < n; begin = end) {
        end = least(begin + DEPTH, n);
        if (from < end) {
            size_t good = factor_block(&use, a, ld, from > begin ? from : begin, begin, end);
            if (good < end)
                return good;
        }
        size_t first = from > end ? from : end;
        factor_below(&use, a, ld, first, n, begin, end);
        update_rest(&use, a, ld, first, n, begin, end);
    }
    return n;
}

static void copy_lower(const double *a, size_t lda, double *l, size_t ldl, size_t n, double jitter) {
    for (size_t i = 0; i < n; i++) {
        memcpy(l + i * ldl, a + i * lda, (i + 1) * sizeof *l);
        l[i * ldl + i] += jitter;
    }
}

/* The jitters to try: 0 is *jitter itself, then parts of the mean diagonal element. Returns a negative number after the last. */
static double jitter_at(size_t attempt, double start, double mean) {
    static const double parts[] = {1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2};
    if (attempt == 0)
        return start;
    size_t skipped = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        if (!(parts[i] * mean > start))
            skipped++;
        else if (i - skipped + 1 == attempt)
            return parts[i] * mean;
    }
    return -1;
}

bool hpo__linalg_factor(const double *a, size_t lda, double *l, size_t ldl, size_t n, double *jitter) {
    double mean = 0, some;
    for (size_t i = 0; i < n; i++)
        mean += a[i * lda + i] / (double)n;
    for (size_t attempt = 0; (some = jitter_at(attempt, *jitter, mean)) >= 0; attempt++) {
        copy_lower(a, lda, l, ldl, n, some);
        if (hpo__linalg_cholesky(l, ldl, 0, n) == n) {
            *jitter = some;
            return true;
        }
    }
    return false;
}

bool hpo__linalg_append(double *l, size_t ld, size_t n, const double *row, double *jitter) {
    double some;
    for (size_t attempt = 0; (some = jitter_at(attempt, *jitter, row[n])) >= 0; attempt++) {
        memcpy(l + n * ld, row, (n + 1) * sizeof *row);
        l[n * ld + n] += some;
        if (hpo__linalg_cholesky(l, ld, n, n + 1) == n + 1) {
            *jitter = some;
            return true;
        }
    }
    return false;
}

/* ---- solves ---- */

void hpo__linalg_solve_lower(const double *l, size_t ld, size_t n, double *x) {
    for (size_t begin = 0, end; begin < n; begin = end) {
        end = least(begin + DEPTH, n);
        column_lower(l + begin * ld + begin, ld, end - begin, x + begin);
        for (size_t i = end; i < n; i += LANES) {
            size_t rows = least(LANES, n - i);
            double sums[LANES];
            row_sums(sums, l + i * ld + begin, ld, rows, x + begin, end - begin);
            for (size_t r = 0; r < rows; r++)
                x[i + r] -= sums[r];
        }
    }
}

void hpo__linalg_solve_upper(const double *l, size_t ld, size_t n, double *x) {
    for (size_t end = n, begin; end > 0; end = begin) {
        begin = (end - 1) / DEPTH * DEPTH;
        column_upper(l + begin * ld + begin, ld, end - begin, x + begin);
        for (size_t i = 0; i < begin; i += LANES) { /* begin is a multiple of LANES */
            double sums[LANES];
            hpo__tile_product_row(sums, x + begin, 1, l + begin * ld + i, (ptrdiff_t)ld, (ptrdiff_t)(end - begin));
            for (size_t c = 0; c < LANES; c++)
                x[i + c] -= sums[c];
        }
    }
}

void hpo__linalg_solve(const double *l, size_t ld, size_t n, double *x) {
    hpo__linalg_solve_lower(l, ld, n, x);
    hpo__linalg_solve_upper(l, ld, n, x);
}

/* c[rows][m] -= a x for x[depth][m], depth <= DEPTH. Element (i, k) of a is at i * down + k * along, of which one is 1. */
static void subtract_product(const hpo__tile_kernels *use, bool blas, double *c, size_t ldc, const double *a, size_t down, size_t along,
                             const double *x, size_t ldx, size_t rows, size_t m, size_t depth) {
    double p[DEPTH * LANES], sums[ROWS * LANES];
#if HPO__HAVE_OPENBLAS
    if (blas && m >= BLAS_COLUMNS) {
        subtract_by_blas(c, ldc, a, down, along, x, ldx, rows, m, depth);
        return;
    }
#else
    (void)blas;
#endif
    for (size_t first = 0, last; first < rows; first = last) {
        last = least(first + CACHED, rows);
        for (size_t j = 0; j < m; j += LANES) {
            size_t lanes = least(LANES, m - j);
            pack_columns(p, x + j, ldx, lanes, depth);
            for (size_t i = first; i < last; i += ROWS) {
                size_t height = least(ROWS, last - i);
                edge_tile(use, height, sums, a + i * down, (ptrdiff_t)down, (ptrdiff_t)along, p, LANES, depth);
                for (size_t r = 0; r < height; r++)
                    for (size_t q = 0; q < lanes; q++)
                        c[(i + r) * ldc + j + q] -= sums[r * LANES + q];
            }
        }
    }
}

/* L^-1 on the rows first ... n-1 of b, those above being zero. */
static void solve_lower_from(const hpo__tile_kernels *use, bool blas, const double *l, size_t ld, size_t first, size_t n, double *b, size_t ldb,
                             size_t m) {
    double p[DEPTH * LANES];
    for (size_t begin = first, end; begin < n; begin = end) {
        end       = least(begin / DEPTH * DEPTH + DEPTH, n);
        double *x = b + begin * ldb;
        for (size_t j = 0; j < m; j += LANES) {
            size_t lanes = least(LANES, m - j);
            pack_columns(p, x + j, ldb, lanes, end - begin);
            panel_lower(use, l + begin * ld + begin, ld, end - begin, p);
            unpack_columns(p, x + j, ldb, lanes, end - begin);
        }
        if (end < n)
            subtract_product(use, blas, b + end * ldb, ldb, l + end * ld + begin, ld, 1, x, ldb, n - end, m, end - begin);
    }
}

/* L^-T on b, of which the rows `first` and on are wanted. */
static void solve_upper_to(const hpo__tile_kernels *use, bool blas, const double *l, size_t ld, size_t first, size_t n, double *b, size_t ldb,
                           size_t m) {
    double p[DEPTH * LANES];
    for (size_t end = n, begin; end > first; end = begin) {
        begin     = (end - 1) / DEPTH * DEPTH;
        begin     = begin > first ? begin : first;
        double *x = b + begin * ldb;
        for (size_t j = 0; j < m; j += LANES) {
            size_t lanes = least(LANES, m - j);
            pack_columns(p, x + j, ldb, lanes, end - begin);
            panel_upper(use, l + begin * ld + begin, ld, end - begin, p);
            unpack_columns(p, x + j, ldb, lanes, end - begin);
        }
        if (first < begin)
            subtract_product(use, blas, b + first * ldb, ldb, l + begin * ld + first, 1, ld, x, ldb, begin - first, m, end - begin);
    }
}

void hpo__linalg_solve_lower_many(const double *l, size_t ld, size_t n, double *b, size_t ldb, size_t m) {
    const hpo__tile_kernels use = hpo__tile_choose();
    solve_lower_from(&use, blas_pays(n, ld, ldb), l, ld, 0, n, b, ldb, m);
}

void hpo__linalg_solve_upper_many(const double *l, size_t ld, size_t n, double *b, size_t ldb, size_t m) {
    const hpo__tile_kernels use = hpo__tile_choose();
    solve_upper_to(&use, blas_pays(n, ld, ldb), l, ld, 0, n, b, ldb, m);
}

/* By columns of the unit matrix: what is zero above their ones, and what lies above the diagonal of the result, is left out. */
void hpo__linalg_inverse(const double *l, size_t ld, size_t n, double *inverse, size_t ldi) {
    const hpo__tile_kernels use = hpo__tile_choose();
    for (size_t j = 0, m; j < n; j += m) {
        m = least(n < LARGE ? LANES : WIDE, n - j);
        for (size_t i = j; i < n; i++)
            for (size_t c = 0; c < m; c++)
                inverse[i * ldi + j + c] = i == j + c;
        solve_lower_from(&use, blas_pays(n, ld, ldi), l, ld, j, n, inverse + j, ldi, m);
        solve_upper_to(&use, blas_pays(n, ld, ldi), l, ld, j, n, inverse + j, ldi, m);
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            inverse[j * ldi + i] = inverse[i * ldi + j];
}

double hpo__linalg_log_determinant(const double *l, size_t ld, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += log(l[i * ld + i]);
    return 2 * sum;
}

/* ---- products ---- */

double hpo__linalg_dot(const double *x, const double *y, size_t n) {
    const hpo__tile_kernels use = hpo__tile_choose();
    return dot(&use, x, y, n);
}

void hpo__linalg_multiply(const double *a, size_t ld, size_t rows, size_t columns, const double *x, double *y) {
    const hpo__tile_kernels use = hpo__tile_choose();
    for (size_t i = 0; i < rows; i++)
        y[i] = dot(&use, a + i * ld, x, columns);
}

void hpo__linalg_multiply_lower(const double *l, size_t ld, size_t n, const double *x, double *y) {
    const hpo__tile_kernels use = hpo__tile_choose();
    for (size_t i = 0; i < n; i++)
        y[i] = dot(&use, l + i * ld, x, i + 1);
}

/* y += factor * row, LANES at a time: of a loop whose length is fixed compilers make vectors at any level of optimisation. */
static void add_row(double *restrict y, const double *restrict row, double factor, size_t n) {
    size_t j = 0;
    for (; j + LANES <= n; j += LANES)
        for (size_t c = 0; c < LANES; c++)
            y[j + c] += factor * row[j + c];
    for (; j < n; j++)
        y[j] += factor * row[j];
}

static void add_squares(double *restrict y, const double *restrict row, size_t n) {
    size_t j = 0;
    for (; j + LANES <= n; j += LANES)
        for (size_t c = 0; c < LANES; c++)
            y[j + c] += row[j + c] * row[j + c];
    for (; j < n; j++)
        y[j] += row[j] * row[j];
}

void hpo__linalg_multiply_transposed(const double *a, size_t ld, size_t rows, size_t columns, const double *x, double *y) {
    for (size_t j = 0; j < columns; j++)
        y[j] = 0;
    for (size_t i = 0; i < rows; i++)
        add_row(y, a + i * ld, x[i], columns);
}

void hpo__linalg_column_squares(const double *a, size_t ld, size_t rows, size_t columns, double *out) {
    for (size_t j = 0; j < columns; j++)
        out[j] = 0;
    for (size_t i = 0; i < rows; i++)
        add_squares(out, a + i * ld, columns);
}

void hpo__linalg_subtract_product(double *c, size_t ldc, const double *a, size_t lda, const double *b, size_t ldb, size_t rows, size_t columns,
                                  size_t depth) {
    const hpo__tile_kernels use = hpo__tile_choose();
    for (size_t k = 0; k < depth; k += DEPTH)
        subtract_product(&use, false, c, ldc, a + k * lda, 1, lda, b + k * ldb, ldb, rows, columns, least(DEPTH, depth - k));
}
