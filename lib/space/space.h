/* Inside of a search space: what the layers below space/ (history, strategy, study) may see. */
#ifndef HPO_SPACE_SPACE_H
#define HPO_SPACE_SPACE_H

#include "base/alloc.h"
#include "base/error.h"
#include "base/text.h"

#include <hpo/point.h>
#include <hpo/space.h>
#include <stdbool.h>

/* One condition of a child: active only while `parent` has one of `values` (natural numbers, see below). */
typedef struct hpo__condition {
    size_t  parent;
    double *values;
    size_t  n_values;
} hpo__condition;

/*
 * One parameter. Its natural value is a double: the number itself for float, int and ordinal, the index of the choice for categorical and bool.
 * Discrete values are counted from 0; continuous parameters have count 0.
 */
typedef struct hpo__parameter {
    char           *name;
    int32_t         kind;
    int32_t         scale;
    double          low, high; /* natural bounds, high being the last value on the grid of steps */
    double          declared_high;
    double          step;       /* 0: none; 1 for an int without one */
    uint64_t        count;      /* number of values, 0: continuous */
    double          from, span; /* log scale: logarithms of the lower edge and of upper / lower edge of the outermost cells */
    bool            curved;     /* the log scale is at work */
    double          decimal;    /* power of ten at which low and step are whole numbers, 0 when there is none: values of steps are rounded there */
    char          **choices;    /* categorical, bool */
    double         *levels;     /* ordinal */
    size_t          n_choices;  /* length of choices or levels */
    double          initial;    /* declared default, NaN when there is none */
    hpo__condition *conditions; /* all must hold */
    size_t          n_conditions;
    bool            is_parent;
    bool            stepped; /* by hpo_space_set_step */
} hpo__parameter;

struct hpo_space {
    hpo__alloc      alloc;
    hpo__parameter *parameters;
    size_t          size, capacity;
    size_t         *slots; /* hash table of names: index + 1, 0 is free */
    size_t          n_slots;
    size_t         *order; /* parents before children, `capacity` long */
    bool            conditional;
    hpo_error       sticky;
    uint64_t        retry; /* which call ran out of memory: the same call again may go on */
};

/* space.c */
void     hpo__condition_end(const hpo__alloc *alloc, hpo__condition *condition);
void     hpo__parameter_end(const hpo__alloc *alloc, hpo__parameter *parameter);
uint64_t hpo__space_hash(const char *text);
/* Enters a name into a hash table of names; n_slots is a power of two with room. */
void        hpo__space_slot(size_t *slots, size_t n_slots, const char *name, size_t index);
const char *hpo__space_nearest(const hpo_space *space, const char *name);                 /* NULL when nothing is near */
hpo_status  hpo__space_unknown(const hpo_space *space, const char *name, hpo_error *err); /* HPO_E_NOT_FOUND with the nearest name */
/* Text of a natural value, in buf (HPO__NUMBER_SIZE bytes) or the space's own. */
const char *hpo__parameter_text(const hpo__parameter *parameter, double value, char *buf);

/* copy.c */
hpo_status hpo__space_copy(const hpo_space *space, hpo_space **out, hpo_error *err);
/* Same parameters in the same order with the same values and conditions. */
bool hpo__space_equal(const hpo_space *a, const hpo_space *b);

/* json.c */
void hpo__space_json(hpo__text *text, const hpo_space *space);

/* codec.c: the one codec between natural values and the unit interval. */
void   hpo__codec_prepare(hpo__parameter *parameter);                                    /* after the bounds, step or choices changed */
double hpo__codec_decode(const hpo__parameter *parameter, double unit);                  /* unit is clamped to [0,1] */
double hpo__codec_encode(const hpo__parameter *parameter, double value);                 /* value must be legal */
double hpo__codec_value(const hpo__parameter *parameter, uint64_t index);                /* discrete: value number index < count */
bool   hpo__codec_index(const hpo__parameter *parameter, double value, uint64_t *index); /* discrete: false when value is not one of them */
/* Checks a natural value and makes it exact (0.30000000000000004 on steps of 0.1 becomes 0.3). */
hpo_status hpo__codec_check(const hpo__parameter *parameter, double *value, hpo_error *err);
/* Reads text into a checked natural value. */
hpo_status hpo__codec_read(const hpo__parameter *parameter, const char *text, double *value, hpo_error *err);
double     hpo__codec_default(const hpo__parameter *parameter);

/* Whole configurations. All arrays have length size; NaN marks the inactive. */
bool hpo__space_active(const hpo_space *space, size_t index, const double *values); /* values of its ancestors must be there */
/* Decodes and snaps: unit_out are the canonical coordinates (cell centres of discrete values). NaN on an active parameter: returns its index, else SIZE_MAX. in and out may be one array. */
size_t hpo__space_snap(const hpo_space *space, const double *unit, double *unit_out, double *values);

/* condition.c */
/* Orders parents before children and checks `changed`, with all that depends on it (SIZE_MAX: everything). HPO_E_INVALID names a parameter that depends on
 * itself or can never be active; the order is then as before. O(d) to sort, O(d) per parameter checked. */
hpo_status hpo__condition_settle(hpo_space *space, size_t changed, hpo_error *err);

/* build.c: hpo_space_when(), but nothing is settled yet: for many conditions at once. */
hpo_status hpo__space_tie(hpo_space *space, const char *child, const char *parent, const char *const *values, size_t n, hpo_error *err);

/* point.c */
struct hpo_point {
    const hpo_space *space;
    hpo__alloc       alloc;
    size_t           n;      /* parameters when it was made */
    double          *values; /* natural, NaN: unset */
    double          *unit;   /* canonical, for points set by hpo_point_set_unit */
    bool            *by_name;
    bool             from_unit; /* unit is complete and values follow from it */
    bool             lent;      /* not the host's to free */
};
bool hpo__point_init(hpo_point *point, const hpo_space *space); /* false when out of memory */
void hpo__point_end(hpo_point *point);
void hpo__point_clear(hpo_point *point);
/* The whole configuration: defaults filled in, inactive parameters NaN, unit canonical. HPO_E_INVALID when a parameter was set by name but is inactive. */
hpo_status hpo__point_finish(const hpo_point *point, double *unit, double *values, hpo_error *err);

#endif
