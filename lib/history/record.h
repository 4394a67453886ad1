/* Record: the columns of all trials of a study, and the list of the running ones. */
#ifndef HPO_HISTORY_RECORD_H
#define HPO_HISTORY_RECORD_H

#include "base/alloc.h"
#include "base/error.h"

#include <hpo/history.h>
#include <hpo/trial.h>
#include <stdbool.h>

/* What only few trials have: texts, attributes, intermediate values, and exact values that a host gave. */
typedef struct hpo__attribute {
    char *key;
    char *json;
} hpo__attribute;

typedef struct hpo__report {
    int64_t step;
    double  value;
} hpo__report;

typedef struct hpo__notes {
    char           *message;
    int32_t         code; /* what the objective returned, with the message */
    hpo__attribute *attributes;
    size_t          n_attributes, attribute_capacity;
    hpo__report    *reports; /* by rising step */
    size_t          n_reports, report_capacity;
    double          told;   /* value that a failed trial was told, raw; NaN for none. The columns have NaN for every failed trial */
    double         *values; /* natural values as the host gave them, NULL when they follow from the unit cube */
} hpo__notes;

hpo__notes *hpo__notes_new(const hpo__alloc *alloc);
void        hpo__notes_free(const hpo__alloc *alloc, hpo__notes *notes, size_t dimensions);

/* Where a trial came from, and why it failed when the objective gave no message. */
enum { HPO__FROM_STRATEGY = 0, HPO__FROM_DEFAULT = 1, HPO__FROM_QUEUE = 2, HPO__FROM_HOST = 3 };
enum {
    HPO__BECAUSE_NOTHING      = 0,
    HPO__BECAUSE_NAN          = 1,
    HPO__BECAUSE_INFINITE     = 2,
    HPO__BECAUSE_RELEASED     = 3,
    HPO__BECAUSE_OBJECTIVE    = 4,
    HPO__BECAUSE_UNKNOWN_NAME = 5,
    HPO__BECAUSE_STOPPED      = 6
};

/* Link of a running trial, embedded in its handle. */
typedef struct hpo__running {
    struct hpo__running *previous, *next;
    uint64_t             number;
    const double        *unit;
} hpo__running;

enum { HPO__COLUMNS = 9 };

/*
 * Columns are indexed by row. By arrival, a trial gets the next row when it finishes. In logical order its row is its number, taken when it starts, and
 * `visible` counts the rows before the first unfinished one. Memory: 60 + 8 d bytes per trial, times the slack of growing by half.
 */
typedef struct hpo__record {
    hpo__alloc    alloc;
    size_t        dimensions;
    size_t        rows;     /* in use */
    size_t        visible;  /* finished rows without a gap before them */
    size_t        capacity; /* of every column at least */
    size_t        capacities[HPO__COLUMNS];
    double       *unit;   /* capacity x dimensions */
    double       *values; /* minimised */
    double       *starts, *ends;
    uint64_t     *numbers;
    int32_t      *states;
    uint32_t     *origins; /* worker << 8 | reason << 4 | source */
    hpo__notes  **notes;
    uint32_t     *row_of; /* by number: row + 1, 0 while it has none */
    uint64_t      next_number;
    uint64_t      suggested;     /* started from the strategy */
    uint64_t      counts[4];     /* by state, HPO_RUNNING ... HPO_FAILED */
    size_t        best;          /* row, SIZE_MAX when no trial is complete */
    uint64_t      first_default; /* number of the trial of the default configuration, UINT64_MAX */
    hpo__running *first, *last;
    double       *pending; /* scratch for hpo_history_pending: pending_capacity x dimensions */
    size_t        pending_capacity;
} hpo__record;

/* What tell knows about a result. */
typedef struct hpo__result {
    uint64_t    number;
    int32_t     state;
    double      value; /* minimised, NaN: none */
    double      start, end;
    int32_t     worker;
    int         source, reason;
    hpo__notes *notes; /* taken over; may be NULL */
} hpo__result;

void hpo__record_init(hpo__record *record, const hpo__alloc *alloc, size_t dimensions);
void hpo__record_end(hpo__record *record);
/* Room for one more trial and for all that run, so that no result is ever lost for want of memory. */
bool hpo__record_reserve(hpo__record *record);
/* Starts a trial; needs the reserved room. `logical` takes its row now. */
void hpo__record_start(hpo__record *record, hpo__running *running, bool logical, int source);
/* Finishes a trial (running NULL: one that never ran, with unit). Needs the reserved room. */
void hpo__record_finish(hpo__record *record, hpo__running *running, const double *unit, const hpo__result *result);
/* Row of a finished trial, SIZE_MAX when there is none. */
size_t hpo__record_row(const hpo__record *record, uint64_t number);

/* The view for a strategy (hpo_history.h), made anew for each suggestion. */
struct hpo_history {
    const hpo__record *record;
    size_t             size;   /* rows that may be seen */
    uint64_t           number; /* of the coming trial */
    uint64_t           seed;
    bool               logical;
};

#endif
