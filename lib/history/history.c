/* The view of the record that a strategy gets. */
#include "history/record.h"
#include "num/random.h"

#include <string.h>

size_t hpo_history_size(const hpo_history *history) {
    return history->size;
}

size_t hpo_history_dimensions(const hpo_history *history) {
    return history->record->dimensions;
}

const double *hpo_history_unit(const hpo_history *history) {
    return history->record->unit;
}

const double *hpo_history_values(const hpo_history *history) {
    return history->record->values;
}

const int32_t *hpo_history_states(const hpo_history *history) {
    return history->record->states;
}

const uint64_t *hpo_history_numbers(const hpo_history *history) {
    return history->record->numbers;
}

size_t hpo_history_pending(const hpo_history *history, const double **unit) {
    const hpo__record *record = history->record;
    size_t             d = record->dimensions, m = 0;
    if (history->logical) { /* rows stand by number: what may not be seen yet counts as running, finished or not */
        if (unit != NULL)
            *unit = record->unit + history->size * d;
        return (size_t)history->number - history->size;
    }
    if (unit != NULL) {
        for (const hpo__running *running = record->first; running != NULL; running = running->next)
            memcpy(record->pending + m++ * d, running->unit, d * sizeof *record->pending);
        *unit = record->pending;
    }
    return (size_t)record->counts[HPO_RUNNING];
}

uint64_t hpo_history_suggested(const hpo_history *history) {
    return history->record->suggested;
}

uint64_t hpo_history_seed(const hpo_history *history) {
    return history->seed;
}

double hpo_history_uniform(const hpo_history *history, uint64_t number, uint32_t purpose, uint32_t index) {
    return hpo__random_uniform(history->seed, number, purpose & 0x7fffffffu, index);
}
