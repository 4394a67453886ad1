/* Point: one configuration under construction, by a strategy or by a host that enqueues or adds it. */
#ifndef HPO_POINT_H
#define HPO_POINT_H

#include <hpo/space.h>

HPO_BEGIN_DECLS

/** Configuration under construction. One thread. */
typedef struct hpo_point hpo_point;

/** New point over `space` (which must outlive it and no longer grow: HPO_E_STATE from the functions below then) with nothing set; the caller owns *out. HPO_E_NOMEM. Since 0.1. */
HPO_API hpo_status hpo_point_new(const hpo_space *space, hpo_point **out, hpo_error *err);

/** Frees a point made by hpo_point_new(); NULL is allowed, and the point lent to a strategy is left alone. Since 0.1. */
HPO_API void hpo_point_free(hpo_point *point);

/** Sets one parameter from text ("0.001", "12", "adam", "true"). HPO_E_NOT_FOUND, HPO_E_INVALID when out of range or no choice. Since 0.1. */
HPO_API hpo_status hpo_point_set(hpo_point *point, const char *name, const char *value, hpo_error *err);

/** Sets one float, int, ordinal or bool (0, 1) parameter from a number. HPO_E_NOT_FOUND, HPO_E_INVALID when it cannot take that value. Since 0.1. */
HPO_API hpo_status hpo_point_set_number(hpo_point *point, const char *name, double value, hpo_error *err);

/**
 * Sets all parameters from numbers as hpo_space_decode() gives them (n = number of parameters); NaN leaves a parameter unset, values of inactive
 * parameters are ignored. HPO_E_INVALID names the first value that is out of range; nothing is set then. Since 0.1.
 */
HPO_API hpo_status hpo_point_set_values(hpo_point *point, const double *values, size_t n, hpo_error *err);

/** Sets all parameters from a point of the unit cube, as hpo_space_decode(); what a strategy usually calls. Since 0.1. */
HPO_API hpo_status hpo_point_set_unit(hpo_point *point, const double *unit, size_t n, hpo_error *err);

HPO_END_DECLS

#endif /* HPO_POINT_H */
