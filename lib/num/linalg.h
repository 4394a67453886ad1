/*
 * Dense linear algebra of symmetric positive definite matrices, for Gaussian processes.
 *
 * Matrices are row-major with a leading dimension: element (i, j) is a[i * ld + j], ld >= number of columns. A factor L, with K = L L^T, has its lower triangle there;
 * what stands above its diagonal is neither read nor written. With ld beyond n, a factor grows by rows in place. Nothing here allocates or takes locks.
 *
 * Every element of a result is computed by the same operations in the same order, whatever is computed along with it: a factor grown row by row has the bits of
 * one made at once, a column solved alone those of one solved among many, and all machines with IEEE arithmetic agree. The exception are hpo__linalg_inverse and the
 * solves for many columns for 1024 rows and more, where a BLAS is used if the build has one. Nothing here starts or wakes a thread, however many the BLAS is set to.
 * Not a number or infinite in gives the like out, or "not positive definite"; never an endless loop.
 */
#ifndef HPO_NUM_LINALG_H
#define HPO_NUM_LINALG_H

#include <hpo/status.h>
#include <stdbool.h>
#include <stddef.h>

/* HPO_E_UNSUPPORTED when the BLAS that the process has loaded takes 64-bit integers: libhpo passes 32-bit ones. To be asked once before the functions below. */
hpo_status hpo__linalg_check(hpo_error *err);

/*
 * Cholesky factor in place. Rows 0 ... from-1 hold a factor, rows from ... n-1 the lower triangle of the matrix; these become the factor's.
 * from = 0 factors all, from = n - 1 appends one row in O(n^2), any other rebuilds from that row.
 * Returns n, or the first row whose pivot is not above 1e-12 of its diagonal element: it and the rows below are then spoilt.
 */
size_t hpo__linalg_cholesky(double *a, size_t ld, size_t from, size_t n);
/*
 * Factor of a + jitter I into l, a being kept (only its lower triangle is read). The jitter tried first is *jitter (usually 0); while that is not positive definite,
 * 1e-8, 1e-7 ... 1e-2 times the mean of the diagonal, as far as above *jitter. *jitter is then the one used. False, *jitter as before, when none was enough.
 */
bool hpo__linalg_factor(const double *a, size_t lda, double *l, size_t ldl, size_t n, double *jitter);
/* Appends row n to a factor of n rows: row[0 ... n] are its elements in the matrix, the diagonal one last. The jitter is as above, with that element as the mean. */
bool hpo__linalg_append(double *l, size_t ld, size_t n, const double *row, double *jitter);

/* With the factor L of K, in place: x := L^-1 x, x := L^-T x, x := K^-1 x. n^2/2, n^2/2, n^2 multiplications. */
void hpo__linalg_solve_lower(const double *l, size_t ld, size_t n, double *x);
void hpo__linalg_solve_upper(const double *l, size_t ld, size_t n, double *x);
void hpo__linalg_solve(const double *l, size_t ld, size_t n, double *x);
/* The same for the m columns of b[n][m]. Best with m a multiple of 8. */
void hpo__linalg_solve_lower_many(const double *l, size_t ld, size_t n, double *b, size_t ldb, size_t m);
void hpo__linalg_solve_upper_many(const double *l, size_t ld, size_t n, double *b, size_t ldb, size_t m);

/* The whole of K^-1 (both triangles, exactly symmetric) from the factor of K. n^3/3 multiplications. */
void   hpo__linalg_inverse(const double *l, size_t ld, size_t n, double *inverse, size_t ldi);
double hpo__linalg_log_determinant(const double *l, size_t ld, size_t n);

double hpo__linalg_dot(const double *x, const double *y, size_t n);
/* y[rows] = a x for a[rows][columns]; y[columns] = a^T x; y[n] = L x for the lower triangle of l. x and y do not overlap. */
void hpo__linalg_multiply(const double *a, size_t ld, size_t rows, size_t columns, const double *x, double *y);
void hpo__linalg_multiply_transposed(const double *a, size_t ld, size_t rows, size_t columns, const double *x, double *y);
void hpo__linalg_multiply_lower(const double *l, size_t ld, size_t n, const double *x, double *y);
/* c[rows][columns] -= a^T b for a[depth][rows] and b[depth][columns]. */
void hpo__linalg_subtract_product(double *c, size_t ldc, const double *a, size_t lda, const double *b, size_t ldb, size_t rows, size_t columns,
                                  size_t depth);
/* out[j] = sum over i of a[i][j]^2. */
void hpo__linalg_column_squares(const double *a, size_t ld, size_t rows, size_t columns, double *out);

#endif
