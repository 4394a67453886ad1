/* Search space: which hyperparameters there are, their ranges, and when each one applies. */
#ifndef HPO_SPACE_H
#define HPO_SPACE_H

#include <hpo/allocator.h>
#include <hpo/status.h>

HPO_BEGIN_DECLS

/** Search space under construction or in use. One thread while it is built; afterwards, as a const argument, any. */
typedef struct hpo_space hpo_space;

enum { HPO_LINEAR = 0, HPO_LOG = 1 }; /**< Scale of a float or an int parameter. */

/** Kind of a parameter, see hpo_space_kind(). */
enum { HPO_FLOAT = 0, HPO_INT = 1, HPO_CATEGORICAL = 2, HPO_ORDINAL = 3, HPO_BOOL = 4 };

/**
 * New empty space; `allocator` NULL means malloc. NULL only when out of memory or when the allocator is not usable.
 * The caller owns it and ends it with hpo_space_free(). Since 0.1.
 *
 * Building is sticky: the first error is kept, later building calls return it and change nothing, and hpo_study_new() reports it
 * again, so a short program may check once. Names and texts are UTF-8, copied, and at most 255 bytes long.
 */
HPO_API hpo_space *hpo_space_new(const hpo_allocator *allocator);

/** Frees a space; studies made from it keep their own copy. NULL is allowed. Since 0.1. */
HPO_API void hpo_space_free(hpo_space *space);

/** First error of building this space, HPO_OK when there is none. Since 0.1. */
HPO_API hpo_status hpo_space_status(const hpo_space *space, hpo_error *err);

/**
 * Adds a real parameter in [low, high], low < high, both finite; with HPO_LOG, low > 0 and the search is uniform in the logarithm.
 * HPO_E_INVALID for bad bounds, scale or name, HPO_E_EXISTS for a name that is taken. Since 0.1.
 */
HPO_API hpo_status hpo_space_add_float(hpo_space *space, const char *name, double low, double high, int32_t scale, hpo_error *err);

/**
 * Adds an integer parameter in [low, high], low < high, both within +-2^53 so that a double holds every value; with HPO_LOG, low >= 1.
 * At most 2^50 values (linear) or 2^40 (log). Errors as hpo_space_add_float(). Since 0.1.
 */
HPO_API hpo_status hpo_space_add_int(hpo_space *space, const char *name, int64_t low, int64_t high, int32_t scale, hpo_error *err);

/** Adds a parameter that takes one of `n` >= 1 distinct, non-empty texts without any order. HPO_E_INVALID for empty or duplicate choices. Since 0.1. */
HPO_API hpo_status hpo_space_add_categorical(hpo_space *space, const char *name, const char *const *choices, size_t n, hpo_error *err);

/** Adds a parameter that takes one of `n` >= 1 finite numbers in strictly rising or falling order; neighbours are close. Since 0.1. */
HPO_API hpo_status hpo_space_add_ordinal(hpo_space *space, const char *name, const double *levels, size_t n, hpo_error *err);

/** Adds a parameter that is false or true. Since 0.1. */
HPO_API hpo_status hpo_space_add_bool(hpo_space *space, const char *name, hpo_error *err);

/**
 * Restricts a float or int parameter to low, low + step, low + 2 step, ..., up to high.
 * HPO_E_INVALID when step is not finite, <= 0 or larger than the range, or when a default or condition names a value off the grid. Since 0.1.
 */
HPO_API hpo_status hpo_space_set_step(hpo_space *space, const char *name, double step, hpo_error *err);

/**
 * Sets the default, given as text ("0.001", "12", "adam", "true"); the default configuration is the first trial of a study.
 * Without one, the default is the centre of the range or the first choice. HPO_E_INVALID when out of range or no choice. Since 0.1.
 */
HPO_API hpo_status hpo_space_set_default(hpo_space *space, const char *name, const char *value, hpo_error *err);

/**
 * Makes `child` active only when `parent` is active and has one of the `n` >= 1 `values` (texts as in hpo_space_set_default()).
 * Several parents: one call each, all must hold. HPO_E_NOT_FOUND for unknown names, HPO_E_EXISTS when this pair has a condition already,
 * HPO_E_INVALID for a value that the parent cannot take, a parent without discrete values, a cycle, or a child that could never be active. Since 0.1.
 */
HPO_API hpo_status hpo_space_when(hpo_space *space, const char *child, const char *parent, const char *const *values, size_t n, hpo_error *err);

/** Number of parameters. Since 0.1. */
HPO_API size_t hpo_space_size(const hpo_space *space);

/** Name of parameter `index` in the order of adding, NULL when out of range; lives as long as the space. Since 0.1. */
HPO_API const char *hpo_space_name(const hpo_space *space, size_t index);

/** Index of the parameter `name`, or SIZE_MAX when there is none. Since 0.1. */
HPO_API size_t hpo_space_index(const hpo_space *space, const char *name);

/** Kind of parameter `index` (HPO_FLOAT ... HPO_BOOL), -1 when out of range. Since 0.1. */
HPO_API int32_t hpo_space_kind(const hpo_space *space, size_t index);

/** Number of values that parameter `index` can take, 0 for a continuous one or when out of range. Since 0.1. */
HPO_API uint64_t hpo_space_cardinality(const hpo_space *space, size_t index);

/** Text of choice `choice` of a categorical or bool parameter, NULL for others and out of range; lives as long as the space. Since 0.1. */
HPO_API const char *hpo_space_choice(const hpo_space *space, size_t index, size_t choice);

/**
 * Turns a point of the unit cube (n = number of parameters, each in [0,1]) into the configuration it stands for.
 *
 * `values[i]`: the number itself for float, int and ordinal, the index of the choice for categorical and bool (false 0, true 1), NaN when inactive.
 * Any real input is legal but NaN on an active parameter: values outside [0,1] count as the nearer end. HPO_E_INVALID for a wrong n or NaN. Since 0.1.
 */
HPO_API hpo_status hpo_space_decode(const hpo_space *space, const double *unit, size_t n, double *values, hpo_error *err);

/**
 * Turns a configuration (as hpo_space_decode() gives it) into its point of the unit cube; inactive parameters become NaN whatever they hold.
 * Discrete values survive encode and decode exactly, continuous ones to rounding. HPO_E_INVALID names the value that is out of range. Since 0.1.
 */
HPO_API hpo_status hpo_space_encode(const hpo_space *space, const double *values, size_t n, double *unit, hpo_error *err);

/**
 * Writes the space as JSON text with a final NUL into `buf` (capacity `cap` bytes); `*need` is the size with NUL.
 * HPO_E_BUFFER when cap is too small (buf may be NULL with cap 0). The form is described in docs/space-json.md. Since 0.1.
 */
HPO_API hpo_status hpo_space_to_json(const hpo_space *space, char *buf, size_t cap, size_t *need, hpo_error *err);

/**
 * Reads a space from `len` bytes of JSON: libhpo's own form or an object of Optuna distributions.
 * HPO_E_INVALID with line and column for malformed text, and as the building functions for bad contents. On success the caller owns *out. Since 0.1.
 */
HPO_API hpo_status hpo_space_from_json(const char *json, size_t len, const hpo_allocator *allocator, hpo_space **out, hpo_error *err);

HPO_END_DECLS

#endif /* HPO_SPACE_H */
