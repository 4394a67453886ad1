/*
 * The one codec between configurations and the unit cube.
 *
 * Discrete values own cells of the unit interval: equal ones on a linear scale, on a log scale the cells between the midpoints of neighbouring values in
 * the logarithm of the value (outermost cells reach half a step further, as for a rounded continuous variable). A value encodes to a point
 * inside its own cell, so that decode(encode(v)) == v; a continuous value survives to rounding. Bounds are exact: decode(0) is low, decode(1) is high.
 * Cost: O(1) per parameter, one exp on log scales; plus the number of conditions.
 */
#include "base/text.h"
#include "space/space.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Below this a rounded product of a decimal fraction and its power of ten is still next to the whole number that was meant. */
static const double MOST_DECIMAL = 1e15;

/* Smallest power of ten up to 1e15 at which `x` is a whole number, to rounding of the decimal text it came from; 0 when there is none. */
static double decimal_of(double x) {
    double power = 1.0;
    for (int digits = 0; digits <= 15; digits++) {
        double scaled = x * power;
        if (fabs(scaled) > MOST_DECIMAL)
            return 0.0;
        if (round(scaled) / power == x)
            return power;
        power *= 10.0;
    }
    return 0.0;
}

/* The power of ten at which all values low + i step are whole numbers. */
static double common_decimal(const hpo__parameter *p) {
    double low = decimal_of(p->low), step = decimal_of(p->step), decimal = fmax(low, step);
    double largest = fmax(fabs(p->low), fabs(p->declared_high)) + p->step;
    return low > 0 && step > 0 && largest * decimal < MOST_DECIMAL ? decimal : 0.0;
}

/* low + index step; exact when both are decimal fractions. */
static double step_value(const hpo__parameter *p, double index) {
    if (p->decimal > 0)
        return (round(p->low * p->decimal) + index * round(p->step * p->decimal)) / p->decimal;
    return p->low + index * p->step;
}

/*
 * Values on the grid of steps. The last one may lie above the declared high by the rounding of the numbers that were given, (0.3 - 0.2) / 0.1 being less than
 * 1, but whole numbers are taken at their word.
 */
static uint64_t count_steps(const hpo__parameter *p) {
    double last    = floor((p->declared_high - p->low) / p->step + 0.5);
    bool   whole   = p->step == floor(p->step) && p->low == floor(p->low);
    double forgive = 1e-9 * p->step + 2 * DBL_EPSILON * fmax(fabs(p->low), fabs(p->declared_high));
    if (last > 0 && step_value(p, last) > p->declared_high + (whole ? 0 : fmin(forgive, p->step / 4)))
        last -= 1;
    return (uint64_t)last + 1;
}

void hpo__codec_prepare(hpo__parameter *p) {
    bool range = p->kind == HPO_FLOAT || p->kind == HPO_INT;
    p->decimal = p->kind == HPO_FLOAT && p->step > 0 ? common_decimal(p) : 0.0;
    p->count   = !range ? p->n_choices : p->step > 0 ? count_steps(p) : 0;
    p->high    = range && p->count > 0 ? hpo__codec_value(p, p->count - 1) : p->declared_high;
    if (p->scale == HPO_LOG) {
        double half  = p->step / 2;
        double lower = p->low - half > 0 ? p->low - half : p->low / 2;
        double upper = p->high + half;
        p->from      = log(p->step > 0 ? fmax(lower, DBL_TRUE_MIN) : p->low);
        p->span      = log(fmin(upper, DBL_MAX)) - p->from;
    }
    /* On a range this narrow the logarithm is a straight line, and its rounding would eat the digits that are left. */
    p->curved = p->scale == HPO_LOG && p->span > 1e-6;
}

double hpo__codec_value(const hpo__parameter *p, uint64_t index) {
    if (p->kind == HPO_ORDINAL)
        return p->levels[index];
    if (p->kind == HPO_CATEGORICAL || p->kind == HPO_BOOL)
        return (double)index;
    return fmin(step_value(p, (double)index), p->declared_high);
}

static uint64_t nearest_index(const hpo__parameter *p, double value) {
    double index = floor((value - p->low) / p->step + 0.5);
    if (!(index > 0))
        return 0;
    return index >= (double)(p->count - 1) ? p->count - 1 : (uint64_t)index;
}

bool hpo__codec_index(const hpo__parameter *p, double value, uint64_t *index) {
    if (p->kind == HPO_ORDINAL) { /* levels rise or fall: by bisection */
        bool   falling = p->n_choices > 1 && p->levels[0] > p->levels[1];
        size_t low = 0, high = p->n_choices - 1;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            bool   beyond = falling ? p->levels[middle] <= value : p->levels[middle] >= value;
            low           = beyond ? low : middle + 1;
            high          = beyond ? middle : high;
        }
        *index = low;
        return p->levels[low] == value;
    }
    if (p->kind == HPO_CATEGORICAL || p->kind == HPO_BOOL) {
        if (!(value >= 0 && value < (double)p->count) || value != floor(value))
            return false;
        *index = (uint64_t)value;
        return true;
    }
    if (!(value >= p->low - p->step / 2 && value <= p->high + p->step / 2))
        return false;
    *index = nearest_index(p, value);
    if (p->kind == HPO_INT)
        return hpo__codec_value(p, *index) == value;
    return fabs(hpo__codec_value(p, *index) - value) <= 1e-9 * p->step + 4 * DBL_EPSILON * fabs(value);
}

/* 14 significant digits: the logarithm's rounding would otherwise show as 0.0010000000000000002. `log_value` is the natural logarithm of value. */
static double round_log(double value, double log_value) {
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    int                 shift    = 13 - (int)floor(log_value * 0.43429448190325182765); /* 1 / ln 10 */
    if (shift > 22 || shift < -22)
        return value; /* these powers of ten are not exact */
    return shift >= 0 ? round(value * powers[shift]) / powers[shift] : round(value / powers[-shift]) * powers[-shift];
}

double hpo__codec_decode(const hpo__parameter *p, double unit) {
    unit = unit < 0 ? 0 : unit > 1 ? 1 : unit;
    if (p->curved) {
        double log_value = p->from + unit * p->span, value = exp(log_value);
        if (p->count > 0)
            return hpo__codec_value(p, nearest_index(p, value));
        value = unit == 0 ? p->low : unit == 1 ? p->high : round_log(value, log_value);
        return value < p->low ? p->low : value > p->high ? p->high : value;
    }
    if (p->count > 0) {
        uint64_t index = (uint64_t)(unit * (double)p->count);
        return hpo__codec_value(p, index < p->count ? index : p->count - 1);
    }
    /* Not low + unit * (high - low): the difference may overflow, and this form is exact at both ends. */
    double value = p->low * (1 - unit) + p->high * unit;
    return value < p->low ? p->low : value > p->high ? p->high : value;
}

double hpo__codec_encode(const hpo__parameter *p, double value) {
    double unit;
    if (p->curved) {
        unit = (log(value) - p->from) / p->span;
    } else if (p->count > 0) {
        uint64_t index = 0;
        hpo__codec_index(p, value, &index);
        unit = ((double)index + 0.5) / (double)p->count;
    } else {
        double range = p->high - p->low; /* may overflow */
        unit         = isinf(range) ? (value / 2 - p->low / 2) / (p->high / 2 - p->low / 2) : (value - p->low) / range;
    }
    return unit < 0 ? 0 : unit > 1 ? 1 : unit;
}

static hpo_status out_of_range(const hpo__parameter *p, double value, hpo_error *err) {
    char given[HPO__NUMBER_SIZE], low[HPO__NUMBER_SIZE], high[HPO__NUMBER_SIZE], step[HPO__NUMBER_SIZE];
    hpo__number_text(value, given);
    if (p->kind == HPO_CATEGORICAL || p->kind == HPO_BOOL)
        return hpo__fail(err, HPO_E_INVALID, "parameter '%s': %s is not the index of one of its %zu choices", p->name, given, p->n_choices);
    if (p->kind == HPO_ORDINAL)
        return hpo__fail(err, HPO_E_INVALID, "parameter '%s': %s is not one of its %zu levels", p->name, given, p->n_choices);
    hpo__number_text(p->low, low);
    hpo__number_text(p->high, high);
    if (value >= p->low && value <= p->high)
        return hpo__fail(err, HPO_E_INVALID, "parameter '%s': %s is not a multiple of its step %s above %s", p->name, given,
                         hpo__number_text(p->step, step), low);
    return hpo__fail(err, HPO_E_INVALID, "parameter '%s': %s is outside [%s, %s]", p->name, given, low, high);
}

hpo_status hpo__codec_check(const hpo__parameter *p, double *value, hpo_error *err) {
    uint64_t index;
    if (p->count == 0)
        return *value >= p->low && *value <= p->high ? HPO_OK : out_of_range(p, *value, err);
    if (!hpo__codec_index(p, *value, &index))
        return out_of_range(p, *value, err);
    *value = hpo__codec_value(p, index);
    return HPO_OK;
}

static hpo_status unknown_choice(const hpo__parameter *p, const char *text, hpo_error *err) {
    const char *near = p->choices[0];
    for (size_t i = 1; i < p->n_choices; i++)
        if (hpo__text_distance(text, p->choices[i]) < hpo__text_distance(text, near))
            near = p->choices[i];
    return hpo__fail(err, HPO_E_INVALID, "parameter '%s': '%.100s' is not one of its %zu choices; the nearest is '%.100s'", p->name, text,
                     p->n_choices, near);
}

hpo_status hpo__codec_read(const hpo__parameter *p, const char *text, double *value, hpo_error *err) {
    if (text == NULL)
        return hpo__fail(err, HPO_E_INVALID, "parameter '%s': the value is NULL", p->name);
    if (p->kind == HPO_CATEGORICAL || p->kind == HPO_BOOL) {
        for (size_t i = 0; i < p->n_choices; i++)
            if (strcmp(p->choices[i], text) == 0) {
                *value = (double)i;
                return HPO_OK;
            }
        return unknown_choice(p, text, err);
    }
    double number;
    if (!hpo__number_read(text, strlen(text), &number))
        return hpo__fail(err, HPO_E_INVALID, "parameter '%s': '%.100s' is not a number", p->name, text);
    hpo_status status = hpo__codec_check(p, &number, err);
    if (status == HPO_OK)
        *value = number;
    return status;
}

double hpo__codec_default(const hpo__parameter *p) {
    if (!isnan(p->initial))
        return p->initial;
    if (p->kind == HPO_CATEGORICAL || p->kind == HPO_BOOL)
        return 0.0;
    if (!p->curved && p->count > 0)
        return hpo__codec_value(p, (p->count - 1) / 2);
    return hpo__codec_decode(p, 0.5);
}

static bool condition_holds(const hpo__condition *condition, const double *values) {
    for (size_t i = 0; i < condition->n_values; i++)
        if (condition->values[i] == values[condition->parent]) /* NaN, an inactive parent, equals nothing */
            return true;
    return false;
}

bool hpo__space_active(const hpo_space *space, size_t index, const double *values) {
    const hpo__parameter *p = &space->parameters[index];
    for (size_t i = 0; i < p->n_conditions; i++)
        if (!condition_holds(&p->conditions[i], values))
            return false;
    return true;
}

size_t hpo__space_snap(const hpo_space *space, const double *unit, double *unit_out, double *values) {
    for (size_t k = 0; k < space->size; k++) {
        size_t                i = space->conditional ? space->order[k] : k;
        const hpo__parameter *p = &space->parameters[i];
        if (p->n_conditions > 0 && !hpo__space_active(space, i, values)) {
            unit_out[i] = (double)NAN;
            values[i]   = (double)NAN;
            continue;
        }
        if (isnan(unit[i]))
            return i;
        values[i]   = hpo__codec_decode(p, unit[i]);
        unit_out[i] = p->count > 0 ? hpo__codec_encode(p, values[i]) : unit[i] < 0 ? 0 : unit[i] > 1 ? 1 : unit[i];
    }
    return SIZE_MAX;
}

hpo_status hpo_space_decode(const hpo_space *space, const double *unit, size_t n, double *values, hpo_error *err) {
    if (space == NULL || unit == NULL || values == NULL)
        return hpo__fail(err, HPO_E_INVALID, "space, unit and values must not be NULL");
    if (space->sticky.code != 0)
        return hpo_space_status(space, err);
    if (n != space->size)
        return hpo__fail(err, HPO_E_INVALID, "n is %zu, the space has %zu parameters", n, space->size);
    for (size_t k = 0; k < n; k++) {
        size_t i = space->order[k];
        if (!hpo__space_active(space, i, values))
            values[i] = (double)NAN;
        else if (isnan(unit[i]))
            return hpo__fail(err, HPO_E_INVALID, "parameter '%s': the coordinate is NaN", space->parameters[i].name);
        else
            values[i] = hpo__codec_decode(&space->parameters[i], unit[i]);
    }
    return HPO_OK;
}

hpo_status hpo_space_encode(const hpo_space *space, const double *values, size_t n, double *unit, hpo_error *err) {
    if (space == NULL || unit == NULL || values == NULL)
        return hpo__fail(err, HPO_E_INVALID, "space, values and unit must not be NULL");
    if (space->sticky.code != 0)
        return hpo_space_status(space, err);
    if (n != space->size)
        return hpo__fail(err, HPO_E_INVALID, "n is %zu, the space has %zu parameters", n, space->size);
    /* First the exact values, which decide what is active: a parent given as 0.30000000000000004 is 0.3, and an inactive one has no value. */
    for (size_t k = 0; k < n; k++) {
        size_t i     = space->order[k];
        double value = values[i];
        bool   on    = hpo__space_active(space, i, unit);
        if (on) {
            hpo_status status = hpo__codec_check(&space->parameters[i], &value, err);
            if (status != HPO_OK)
                return status;
        }
        unit[i] = on ? value : (double)NAN;
    }
    for (size_t i = 0; i < n; i++)
        unit[i] = isnan(unit[i]) ? unit[i] : hpo__codec_encode(&space->parameters[i], unit[i]);
    return HPO_OK;
}
