/* A configuration under construction. */
#include "base/text.h"
#include "space/space.h"

#include <math.h>
#include <string.h>

bool hpo__point_init(hpo_point *point, const hpo_space *space) {
    *point         = (hpo_point){.space = space, .alloc = space->alloc, .n = space->size};
    point->values  = hpo__alloc_new(&point->alloc, space->size, sizeof(double));
    point->unit    = hpo__alloc_new(&point->alloc, space->size, sizeof(double));
    point->by_name = hpo__alloc_new(&point->alloc, space->size, sizeof(bool));
    if (point->values == NULL || point->unit == NULL || point->by_name == NULL) {
        hpo__point_end(point);
        return false;
    }
    hpo__point_clear(point);
    return true;
}

void hpo__point_end(hpo_point *point) {
    hpo__alloc_free(&point->alloc, point->values, point->n, sizeof(double));
    hpo__alloc_free(&point->alloc, point->unit, point->n, sizeof(double));
    hpo__alloc_free(&point->alloc, point->by_name, point->n, sizeof(bool));
}

void hpo__point_clear(hpo_point *point) {
    for (size_t i = 0; i < point->n; i++)
        point->values[i] = (double)NAN;
    memset(point->by_name, 0, point->n * sizeof(bool));
    point->from_unit = false;
}

hpo_status hpo_point_new(const hpo_space *space, hpo_point **out, hpo_error *err) {
    if (space == NULL || out == NULL)
        return hpo__fail(err, HPO_E_INVALID, "space and out must not be NULL");
    if (space->sticky.code != 0)
        return hpo_space_status(space, err);
    hpo_point *point = hpo__alloc_new(&space->alloc, 1, sizeof *point);
    if (point == NULL)
        return hpo__fail_nomem(err);
    if (!hpo__point_init(point, space)) {
        hpo__alloc_free(&space->alloc, point, 1, sizeof *point);
        return hpo__fail_nomem(err);
    }
    *out = point;
    return HPO_OK;
}

void hpo_point_free(hpo_point *point) {
    if (point == NULL || point->lent)
        return;
    hpo__alloc alloc = point->alloc;
    hpo__point_end(point);
    hpo__alloc_free(&alloc, point, 1, sizeof *point);
}

/* Back from "everything by unit" to single values. */
static void store(hpo_point *point, size_t index, double value, bool by_name) {
    point->from_unit      = false;
    point->values[index]  = value;
    point->by_name[index] = by_name;
}

/* A space that grew after the point was made has parameters that the point knows nothing of. */
static hpo_status check_space(const hpo_point *point, hpo_error *err) {
    if (point->n == point->space->size)
        return HPO_OK;
    return hpo__fail(err, HPO_E_STATE, "the point was made for %zu parameters, the space has %zu now: make a new point", point->n,
                     point->space->size);
}

hpo_status hpo_point_set(hpo_point *point, const char *name, const char *value, hpo_error *err) {
    if (point == NULL || name == NULL)
        return hpo__fail(err, HPO_E_INVALID, "point and name must not be NULL");
    if (check_space(point, err) != HPO_OK)
        return HPO_E_STATE;
    size_t index = hpo_space_index(point->space, name);
    if (index == SIZE_MAX)
        return hpo__space_unknown(point->space, name, err);
    double     number = 0;
    hpo_status status = hpo__codec_read(&point->space->parameters[index], value, &number, err);
    if (status == HPO_OK)
        store(point, index, number, true);
    return status;
}

hpo_status hpo_point_set_number(hpo_point *point, const char *name, double value, hpo_error *err) {
    if (point == NULL || name == NULL)
        return hpo__fail(err, HPO_E_INVALID, "point and name must not be NULL");
    if (check_space(point, err) != HPO_OK)
        return HPO_E_STATE;
    size_t index = hpo_space_index(point->space, name);
    if (index == SIZE_MAX)
        return hpo__space_unknown(point->space, name, err);
    const hpo__parameter *p = &point->space->parameters[index];
    if (p->kind == HPO_CATEGORICAL)
        return hpo__fail(err, HPO_E_INVALID, "parameter '%s' is categorical: set it by text, with hpo_point_set()", name);
    hpo_status status = hpo__codec_check(p, &value, err);
    if (status == HPO_OK)
        store(point, index, value, true);
    return status;
}

/* Exact values of the active parameters that are given; NaN for the others, whatever they hold. Defaults decide what is active where nothing is given. */
static hpo_status check_values(const hpo_space *space, const double *values, double *exact, hpo_error *err) {
    for (size_t k = 0; k < space->size; k++) {
        size_t                i = space->order[k];
        const hpo__parameter *p = &space->parameters[i];
        exact[i]                = values[i];
        if (!hpo__space_active(space, i, exact))
            exact[i] = (double)NAN;
        else if (isnan(values[i]))
            exact[i] = hpo__codec_default(p);
        else if (hpo__codec_check(p, &exact[i], err) != HPO_OK)
            return HPO_E_INVALID;
    }
    return HPO_OK;
}

hpo_status hpo_point_set_values(hpo_point *point, const double *values, size_t n, hpo_error *err) {
    if (point == NULL || values == NULL)
        return hpo__fail(err, HPO_E_INVALID, "point and values must not be NULL");
    if (check_space(point, err) != HPO_OK)
        return HPO_E_STATE;
    if (n != point->n)
        return hpo__fail(err, HPO_E_INVALID, "n is %zu, the space has %zu parameters", n, point->n);
    double *exact = hpo__alloc_new(&point->alloc, n, sizeof *exact);
    if (exact == NULL)
        return hpo__fail_nomem(err);
    hpo_status status = check_values(point->space, values, exact, err);
    for (size_t i = 0; i < n && status == HPO_OK; i++)
        store(point, i, isnan(values[i]) ? (double)NAN : exact[i], false);
    hpo__alloc_free(&point->alloc, exact, n, sizeof *exact);
    return status;
}

static bool has_nan(const double *unit, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (isnan(unit[i]))
            return true;
    return false;
}

/* A NaN is fine where the parameter is inactive; found out aside, so that a refused call leaves the point as it was. */
static hpo_status try_unit(const hpo_point *point, const double *unit, hpo_error *err) {
    size_t  n      = point->n;
    double *values = hpo__alloc_new(&point->alloc, n, sizeof *values);
    if (values == NULL)
        return hpo__fail_nomem(err);
    hpo_status status = hpo_space_decode(point->space, unit, n, values, err);
    hpo__alloc_free(&point->alloc, values, n, sizeof *values);
    return status;
}

hpo_status hpo_point_set_unit(hpo_point *point, const double *unit, size_t n, hpo_error *err) {
    if (point == NULL || unit == NULL)
        return hpo__fail(err, HPO_E_INVALID, "point and unit must not be NULL");
    if (check_space(point, err) != HPO_OK)
        return HPO_E_STATE;
    if (n != point->n)
        return hpo__fail(err, HPO_E_INVALID, "n is %zu, the space has %zu parameters", n, point->n);
    hpo_status status = has_nan(unit, n) ? try_unit(point, unit, err) : HPO_OK;
    if (status != HPO_OK)
        return status;
    hpo__space_snap(point->space, unit, point->unit, point->values);
    memset(point->by_name, 0, n * sizeof *point->by_name);
    point->from_unit = true;
    return HPO_OK;
}

hpo_status hpo__point_finish(const hpo_point *point, double *unit, double *values, hpo_error *err) {
    const hpo_space *space = point->space;
    if (check_space(point, err) != HPO_OK)
        return HPO_E_STATE;
    if (point->from_unit) {
        memcpy(unit, point->unit, space->size * sizeof(double));
        memcpy(values, point->values, space->size * sizeof(double));
        return HPO_OK;
    }
    for (size_t k = 0; k < space->size; k++) {
        size_t                i      = space->order[k];
        const hpo__parameter *p      = &space->parameters[i];
        bool                  active = hpo__space_active(space, i, values);
        if (!active && point->by_name[i]) {
            char        number[HPO__NUMBER_SIZE];
            const char *text = hpo__parameter_text(p, point->values[i], number);
            return hpo__fail(err, HPO_E_INVALID, "parameter '%s' is set to %.100s but is not active in this configuration", p->name, text);
        }
        values[i] = !active ? (double)NAN : isnan(point->values[i]) ? hpo__codec_default(p) : point->values[i];
        unit[i]   = active ? hpo__codec_encode(p, values[i]) : (double)NAN;
    }
    return HPO_OK;
}
