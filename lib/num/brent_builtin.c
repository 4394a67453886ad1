/*
 * Brent's methods without GSL. Source: R. P. Brent, "Algorithms for Minimization without Derivatives", 1973, chapters 4 (zeros: bisection, secant and inverse quadratic
 * interpolation) and 5 (minima: golden section and parabolas through the three best points).
 */
#include "num/brent.h"
#include <float.h>
#include <math.h>

#define GOLDEN 0.381966011250105151795413165634

/* The step from the best point x by the parabola through (x, fx), (w, fw), (v, fv); NaN when it leaves the bracket, or is not less than half of the step before last. */
static double parabola_step(double x, double fx, double w, double fw, double v, double fv, const hpo__brent_bracket *b, double before_last) {
    double r = (x - w) * (fx - fv), q = (x - v) * (fx - fw), top = (x - v) * q - (x - w) * r, bottom = 2 * (r - q);
    double step = top / bottom;
    if (!(fabs(step) < 0.5 * fabs(before_last) && x + step > b->low && x + step < b->high))
        return (double)NAN;
    return step;
}

void hpo__brent_narrow_minimum(hpo__brent_function function, void *user, hpo__brent_bracket *bracket, double width, size_t most) {
    hpo__brent_bracket *b = bracket;
    /* The two best points besides b->middle are w and v; at first they are the ends. */
    bool   low_better = b->low_value < b->high_value;
    double w = low_better ? b->low : b->high, fw = low_better ? b->low_value : b->high_value;
    double v = low_better ? b->high : b->low, fv = low_better ? b->high_value : b->low_value;
    double last = b->high - b->low, before_last = last;
    for (size_t k = 0; k < most && b->high - b->low > width; k++) {
        double x = b->middle, middle = 0.5 * (b->low + b->high), least = 0.5 * fmax(sqrt(DBL_EPSILON) * fabs(x), 0.5 * width);
        double step = parabola_step(x, b->middle_value, w, fw, v, fv, b, before_last);
        before_last = last;
        if (isnan(step)) {
            before_last = x < middle ? b->high - x : b->low - x;
            step        = GOLDEN * before_last;
        } else if (x + step - b->low < 2 * least || b->high - x - step < 2 * least) {
            step = x < middle ? least : -least;
        }
        if (fabs(step) < least)
            step = copysign(least, step);
        last     = step;
        double u = x + step, fu = function(user, u);
        bool   up = u > x;
        if (fu <= b->middle_value) { /* u is the new best; x becomes the end behind it */
            *(up ? &b->low : &b->high)             = x;
            *(up ? &b->low_value : &b->high_value) = b->middle_value;
            v = w, fv = fw, w = x, fw = b->middle_value;
            b->middle = u, b->middle_value = fu;
        } else {
            *(up ? &b->high : &b->low)             = u;
            *(up ? &b->high_value : &b->low_value) = fu;
            if (fu <= fw || w == x)
                v = w, fv = fw, w = u, fw = fu;
            else if (fu <= fv || v == x || v == w)
                v = u, fv = fu;
        }
    }
}

/* The zero lies between b and c, of which b is the better guess; a is the b before. */
double hpo__brent_narrow_root(hpo__brent_function function, void *user, double low, double low_value, double high, double high_value,
                              double tolerance, size_t most) {
    double a = low, fa = low_value, b = high, fb = high_value, c = a, fc = fa, last = b - a, before_last = last;
    for (size_t k = 0; k < most && fb != 0; k++) {
        if (fabs(fc) < fabs(fb)) {
            a = b, fa = fb;
            b = c, fb = fc;
            c = a, fc = fa;
        }
        double half = 0.5 * (c - b), least = fmax(0.5 * tolerance, 0.5 * DBL_EPSILON * fabs(b));
        if (fabs(half) <= least)
            break;
        double step = half;
        if (fabs(before_last) >= least && fabs(fa) > fabs(fb)) {
            double s = fb / fa, top, bottom;
            if (a == c) {
                top    = 2 * half * s;
                bottom = 1 - s;
            } else {
                double q = fa / fc, r = fb / fc;
                top    = s * (2 * half * q * (q - r) - (b - a) * (r - 1));
                bottom = (q - 1) * (r - 1) * (s - 1);
            }
            bottom = top > 0 ? -bottom : bottom;
            top    = fabs(top);
            if (2 * top < fmin(3 * half * bottom - fabs(least * bottom), fabs(before_last * bottom)))
                step = top / bottom;
        }
        before_last = step == half ? half : last;
        last        = step;
        a = b, fa = fb;
        b += fabs(step) > least ? step : copysign(least, half);
        fb = function(user, b);
        if ((fb > 0 && fc > 0) || (fb < 0 && fc < 0)) {
            c = a, fc = fa;
            last = before_last = b - a;
        }
    }
    return b;
}
