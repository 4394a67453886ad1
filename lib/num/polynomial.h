/* Horner's rule. */
#ifndef HPO_NUM_POLYNOMIAL_H
#define HPO_NUM_POLYNOMIAL_H

/* c[0] + c[1] x + ... + c[degree] x^degree. */
static inline double hpo__polynomial(const double *c, int degree, double x) {
    double y = c[degree];
    for (int i = degree; i-- > 0;)
        y = y * x + c[i];
    return y;
}

#endif
