/*
 * What comes before Brent's methods: a bracket of the minimum or zero, and a function that is finite everywhere. GSL calls its error handler, which aborts the host, when
 * either is missing.
 */
#include "num/brent.h"
#include <math.h>

/* Values beyond are cut, so that neither they nor their differences overflow. */
#define LARGEST 1e300
/* (3 - sqrt(5)) / 2 */
#define GOLDEN 0.381966011250105151795413165634

enum { MOST_FOR_ROOT = 200 };

/* The function on the interval 1 ... 2. Tolerances of Brent's method are relative to x, which must mean the same everywhere in the interval. */
typedef struct scaled {
    hpo__brent_function function;
    void               *user;
    double              low, high, best, best_value;
    size_t              evaluations;
} scaled;

static double place(const scaled *s, double at) {
    double part = at - 1;
    return part <= 0 ? s->low : part >= 1 ? s->high : (1 - part) * s->low + part * s->high;
}

static double scaled_value(void *user, double at) {
    scaled *s     = user;
    double  value = s->function(s->user, place(s, at));
    s->evaluations++;
    value = isnan(value) ? LARGEST : fmax(-LARGEST, fmin(value, LARGEST));
    if (s->evaluations == 1 || value < s->best_value) {
        s->best       = at;
        s->best_value = value;
    }
    return value;
}

/* Goes towards the lower end until a point is below both of its neighbours. False when the end itself stays the lowest. */
static bool find_bracket(scaled *s, hpo__brent_bracket *b, double width, size_t most) {
    *b              = (hpo__brent_bracket){.low = 1, .middle = 1 + GOLDEN, .high = 2};
    b->low_value    = scaled_value(s, b->low);
    b->high_value   = scaled_value(s, b->high);
    b->middle_value = scaled_value(s, b->middle);
    while (!(b->middle_value < b->low_value && b->middle_value < b->high_value)) {
        if (s->evaluations >= most || b->high - b->low <= width)
            return false;
        if (b->low_value <= b->high_value) {
            b->high       = b->middle;
            b->high_value = b->middle_value;
        } else {
            b->low       = b->middle;
            b->low_value = b->middle_value;
        }
        b->middle       = b->low + GOLDEN * (b->high - b->low);
        b->middle_value = scaled_value(s, b->middle);
    }
    return true;
}

double hpo__brent_minimise(hpo__brent_function function, void *user, double low, double high, double tolerance, size_t most_evaluations,
                           double *value) {
    scaled             s = {.function = function, .user = user, .low = low, .high = high};
    hpo__brent_bracket bracket;
    double             width = fmax(tolerance, 1.5e-7);
    if (find_bracket(&s, &bracket, width, most_evaluations) && s.evaluations < most_evaluations)
        hpo__brent_narrow_minimum(scaled_value, &s, &bracket, width, most_evaluations - s.evaluations);
    if (value != NULL)
        *value = s.best_value;
    return place(&s, s.best);
}

/* A function whose values at the ends are known. */
typedef struct watched {
    hpo__brent_function function;
    void               *user;
    double              low, high, low_value, high_value;
    bool                failed;
} watched;

static double watched_value(void *user, double x) {
    watched *w     = user;
    double   value = x == w->low ? w->low_value : x == w->high ? w->high_value : w->function(w->user, x);
    w->failed      = w->failed || isnan(value);
    return w->failed ? 0 : fmax(-LARGEST, fmin(value, LARGEST)); /* 0 ends the search */
}

bool hpo__brent_root(hpo__brent_function function, void *user, double low, double high, double tolerance, double *root) {
    watched w = {.function = function, .user = user, .low = (double)NAN, .high = (double)NAN};
    if (!(isfinite(low) && isfinite(high) && low <= high && tolerance >= 0))
        return false;
    double low_value = watched_value(&w, low), high_value = watched_value(&w, high);
    if (w.failed || (low_value > 0 && high_value > 0) || (low_value < 0 && high_value < 0))
        return false;
    if (low_value == 0 || high_value == 0) {
        *root = low_value == 0 ? low : high;
        return true;
    }
    w.low = low, w.low_value = low_value, w.high = high, w.high_value = high_value;
    double found = hpo__brent_narrow_root(watched_value, &w, low, low_value, high, high_value, tolerance, MOST_FOR_ROOT);
    if (w.failed)
        return false;
    *root = found;
    return true;
}
