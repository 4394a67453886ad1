/*
 * Brent's methods by GSL. Its allocating functions call the error handler, which aborts the host, when memory runs out: so the solvers' structs, which are public, stand on the
 * stack. That brackets are good and values finite was seen to in brent.c.
 */
#include "num/brent.h"
#include <gsl/gsl_math.h>
#include <gsl/gsl_min.h>
#include <gsl/gsl_roots.h>
#include <math.h>

/* The solvers' own state: 64 bytes in GSL 2.7. */
typedef union state {
    double numbers[64];
    void  *pointer;
} state;

typedef struct caller {
    hpo__brent_function function;
    void               *user;
} caller;

static double call(double x, void *user) {
    const caller *c = user;
    return c->function(c->user, x);
}

void hpo__brent_narrow_minimum(hpo__brent_function function, void *user, hpo__brent_bracket *bracket, double width, size_t most) {
    state              own;
    caller             c       = {function, user};
    gsl_function       f       = {call, &c};
    gsl_min_fminimizer solver  = {.type = gsl_min_fminimizer_brent, .state = &own};
    bool               ordered = bracket->low < bracket->middle && bracket->middle < bracket->high;
    if (most < 2 || !ordered || solver.type->size > sizeof own)
        return;
    gsl_min_fminimizer_set_with_values(&solver, &f, bracket->middle, bracket->middle_value, bracket->low, bracket->low_value, bracket->high,
                                       bracket->high_value);
    for (size_t k = 1; k < most && solver.x_upper - solver.x_lower > width; k++)
        gsl_min_fminimizer_iterate(&solver);
    *bracket = (hpo__brent_bracket){solver.x_lower, solver.x_minimum, solver.x_upper, solver.f_lower, solver.f_minimum, solver.f_upper};
}

double hpo__brent_narrow_root(hpo__brent_function function, void *user, double low, double low_value, double high, double high_value,
                              double tolerance, size_t most) {
    state            own;
    caller           c      = {function, user};
    gsl_function     f      = {call, &c};
    gsl_root_fsolver solver = {.type = gsl_root_fsolver_brent, .state = &own};
    if (solver.type->size > sizeof own)
        return fabs(low_value) < fabs(high_value) ? low : high;
    gsl_root_fsolver_set(&solver, &f, low, high);
    for (size_t k = 0; k < most; k++) {
        double lower = solver.x_lower, upper = solver.x_upper;
        gsl_root_fsolver_iterate(&solver);
        if (solver.x_upper - solver.x_lower <= tolerance || (solver.x_lower == lower && solver.x_upper == upper))
            break;
    }
    return solver.root;
}
