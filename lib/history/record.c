#include "history/record.h"

#include <math.h>
#include <string.h>

hpo__notes *hpo__notes_new(const hpo__alloc *alloc) {
    hpo__notes *notes = hpo__alloc_zero(alloc, 1, sizeof *notes);
    if (notes != NULL)
        notes->told = (double)NAN;
    return notes;
}

void hpo__notes_free(const hpo__alloc *alloc, hpo__notes *notes, size_t dimensions) {
    if (notes == NULL)
        return;
    for (size_t i = 0; i < notes->n_attributes; i++) {
        hpo__text_free(alloc, notes->attributes[i].key);
        hpo__text_free(alloc, notes->attributes[i].json);
    }
    hpo__alloc_free(alloc, notes->attributes, notes->attribute_capacity, sizeof *notes->attributes);
    hpo__alloc_free(alloc, notes->reports, notes->report_capacity, sizeof *notes->reports);
    hpo__alloc_free(alloc, notes->values, dimensions, sizeof *notes->values);
    hpo__text_free(alloc, notes->message);
    hpo__alloc_free(alloc, notes, 1, sizeof *notes);
}

void hpo__record_init(hpo__record *record, const hpo__alloc *alloc, size_t dimensions) {
    *record = (hpo__record){.alloc = *alloc, .dimensions = dimensions, .best = SIZE_MAX, .first_default = UINT64_MAX};
}

/* Every column with the number of its elements per row. */
#define FOR_EACH_COLUMN(DO)                                                                                                                          \
    DO(0, unit, record->dimensions)                                                                                                                  \
    DO(1, values, 1)                                                                                                                                 \
    DO(2, starts, 1)                                                                                                                                 \
    DO(3, ends, 1)                                                                                                                                   \
    DO(4, numbers, 1)                                                                                                                                \
    DO(5, states, 1)                                                                                                                                 \
    DO(6, origins, 1)                                                                                                                                \
    DO(7, notes, 1)                                                                                                                                  \
    DO(8, row_of, 1)

void hpo__record_end(hpo__record *record) {
    for (size_t row = 0; row < record->rows; row++)
        hpo__notes_free(&record->alloc, record->notes[row], record->dimensions);
#define FREE_COLUMN(i, column, width) hpo__alloc_free(&record->alloc, record->column, record->capacities[i], (width) * sizeof *record->column);
    FOR_EACH_COLUMN(FREE_COLUMN)
#undef FREE_COLUMN
    hpo__alloc_free(&record->alloc, record->pending, record->pending_capacity * record->dimensions, sizeof *record->pending);
}

/* Each column knows its own capacity, so that a refusal half way leaves a sound record. */
static bool grow_columns(hpo__record *record, size_t wanted) {
    size_t capacity = hpo__alloc_capacity(record->capacity, wanted);
#define GROW_COLUMN(i, column, width)                                                                                                                \
    if (record->capacities[i] < wanted) {                                                                                                            \
        void *block = hpo__alloc_grow(&record->alloc, record->column, record->capacities[i], capacity, (width) * sizeof *record->column);            \
        if (block == NULL)                                                                                                                           \
            return false;                                                                                                                            \
        record->column        = block;                                                                                                               \
        record->capacities[i] = capacity;                                                                                                            \
    }
    FOR_EACH_COLUMN(GROW_COLUMN)
#undef GROW_COLUMN
    record->capacity = record->capacities[0];
    for (size_t i = 1; i < HPO__COLUMNS; i++)
        if (record->capacities[i] < record->capacity)
            record->capacity = record->capacities[i];
    return true;
}

static bool reserve_pending(hpo__record *record) {
    size_t wanted = (size_t)record->counts[HPO_RUNNING] + 1;
    if (wanted <= record->pending_capacity)
        return true;
    size_t  capacity = hpo__alloc_capacity(record->pending_capacity, wanted);
    double *pending  = hpo__alloc_new(&record->alloc, capacity * record->dimensions, sizeof *pending);
    if (pending == NULL)
        return false;
    hpo__alloc_free(&record->alloc, record->pending, record->pending_capacity * record->dimensions, sizeof *pending);
    record->pending          = pending;
    record->pending_capacity = capacity;
    return true;
}

bool hpo__record_reserve(hpo__record *record) {
    size_t wanted = (size_t)record->next_number + 1; /* every number has at most one row */
    if (wanted > UINT32_MAX - 1)
        return false;
    return reserve_pending(record) && (wanted <= record->capacity || grow_columns(record, wanted));
}

void hpo__record_start(hpo__record *record, hpo__running *running, bool logical, int source) {
    running->number                                                = record->next_number++;
    running->next                                                  = NULL;
    running->previous                                              = record->last;
    *(record->last != NULL ? &record->last->next : &record->first) = running;
    record->last                                                   = running;
    record->counts[HPO_RUNNING]++;
    record->suggested += source == HPO__FROM_STRATEGY;
    record->row_of[running->number] = 0;
    if (source == HPO__FROM_DEFAULT && record->first_default == UINT64_MAX)
        record->first_default = running->number;
    if (!logical)
        return;
    size_t row                      = record->rows++;
    record->states[row]             = HPO_RUNNING;
    record->numbers[row]            = running->number;
    record->notes[row]              = NULL;
    record->origins[row]            = (uint32_t)source;
    record->values[row]             = (double)NAN;
    record->row_of[running->number] = (uint32_t)row + 1;
    memcpy(record->unit + row * record->dimensions, running->unit, record->dimensions * sizeof *record->unit);
}

static void unlink_running(hpo__record *record, hpo__running *running) {
    *(running->previous != NULL ? &running->previous->next : &record->first) = running->next;
    *(running->next != NULL ? &running->next->previous : &record->last)      = running->previous;
    running->next = running->previous = NULL;
    record->counts[HPO_RUNNING]--;
}

static bool better(const hpo__record *record, size_t row, size_t than) {
    if (than == SIZE_MAX || record->values[row] < record->values[than])
        return true;
    return record->values[row] == record->values[than] && record->numbers[row] < record->numbers[than];
}

void hpo__record_finish(hpo__record *record, hpo__running *running, const double *unit, const hpo__result *result) {
    if (running != NULL)
        unlink_running(record, running);
    else
        record->row_of[record->next_number++] = 0;
    size_t row = record->row_of[result->number] > 0 ? record->row_of[result->number] - 1 : record->rows++;
    memmove(record->unit + row * record->dimensions, unit, record->dimensions * sizeof *unit);
    record->row_of[result->number] = (uint32_t)row + 1;
    record->numbers[row]           = result->number;
    record->states[row]            = result->state;
    record->values[row]            = result->value;
    record->starts[row]            = result->start;
    record->ends[row]              = result->end;
    record->origins[row]           = (uint32_t)result->worker << 8 | (uint32_t)result->reason << 4 | (uint32_t)result->source;
    record->notes[row]             = result->notes;
    record->counts[result->state]++;
    if (result->state == HPO_COMPLETE && better(record, row, record->best))
        record->best = row;
    while (record->visible < record->rows && record->states[record->visible] != HPO_RUNNING)
        record->visible++;
}

size_t hpo__record_row(const hpo__record *record, uint64_t number) {
    if (number >= record->next_number || record->row_of[number] == 0)
        return SIZE_MAX;
    size_t row = record->row_of[number] - 1;
    return record->states[row] == HPO_RUNNING ? SIZE_MAX : row;
}
