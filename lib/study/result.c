/* Reading results. */
#include "base/text.h"
#include "num/special.h"
#include "num/stats.h"
#include "study/study.h"

#include <math.h>
#include <string.h>

void hpo__study_row_values(const hpo_study *study, size_t row, double *values) {
    const hpo__record *record = &study->record;
    size_t             d      = study->space->size;
    if (record->notes[row] != NULL && record->notes[row]->values != NULL) {
        memcpy(values, record->notes[row]->values, d * sizeof *values);
        return;
    }
    for (size_t i = 0; i < d; i++) {
        double unit = record->unit[row * d + i];
        values[i]   = isnan(unit) ? unit : hpo__codec_decode(&study->space->parameters[i], unit);
    }
}

double hpo__study_raw_value(const hpo_study *study, size_t row) {
    const hpo__notes *notes = study->record.notes[row];
    if (study->record.states[row] == HPO_FAILED)
        return notes != NULL ? notes->told : (double)NAN;
    return study->sign * study->record.values[row];
}

double hpo__study_half_width(double deviation, size_t n) {
    return n < 2 ? (double)INFINITY : hpo__student_quantile(0.975, (double)(n - 1)) * deviation / sqrt((double)n);
}

uint64_t hpo_study_trial_count(const hpo_study *study, int32_t state) {
    if (study == NULL || state < -1 || state > HPO_WAITING || hpo__study_lock(study, NULL) != HPO_OK)
        return 0;
    uint64_t count = state == HPO_WAITING ? study->n_queued : state < 0 ? study->record.next_number : study->record.counts[state];
    hpo__study_unlock(study);
    return count;
}

hpo_status hpo__study_find(const hpo_study *study, uint64_t number, size_t *row, hpo_error *err) {
    *row = hpo__record_row(&study->record, number);
    if (*row != SIZE_MAX)
        return HPO_OK;
    if (number < study->record.next_number)
        return hpo__fail(err, HPO_E_STATE, "trial %llu is still running", (unsigned long long)number);
    return hpo__fail(err, HPO_E_NOT_FOUND, "there is no trial %llu; the study has %llu", (unsigned long long)number,
                     (unsigned long long)study->record.next_number);
}

hpo_status hpo_study_trial(const hpo_study *study, uint64_t number, hpo_trial **out, hpo_error *err) {
    if (study == NULL || out == NULL)
        return hpo__fail(err, HPO_E_INVALID, "study and out must not be NULL");
    hpo_status status = hpo__study_lock(study, err);
    if (status != HPO_OK)
        return status;
    size_t row = SIZE_MAX;
    status     = hpo__study_find(study, number, &row, err);
    if (status == HPO_OK)
        status = hpo__trial_from_row(hpo__study_writable(study), row, out, err);
    hpo__study_unlock(study);
    return status;
}

hpo_status hpo__study_best_row(const hpo_study *study, size_t *row, hpo_error *err) {
    hpo_error  said   = {0, 0, ""};
    hpo_status status = study->select_mean && study->record.best != SIZE_MAX ? hpo__posterior_best(study, row, &said) : HPO_E_NOT_FOUND;
    if (status == HPO_E_NOT_FOUND) { /* nothing to model */
        *row   = study->record.best;
        status = HPO_OK;
    }
    if (status != HPO_OK && err != NULL)
        *err = said;
    return status;
}

hpo_status hpo_study_best(const hpo_study *study, hpo_trial **out, hpo_error *err) {
    if (study == NULL || out == NULL)
        return hpo__fail(err, HPO_E_INVALID, "study and out must not be NULL");
    hpo_status status = hpo__study_lock(study, err);
    if (status != HPO_OK)
        return status;
    size_t row = SIZE_MAX;
    status     = hpo__study_best_row(study, &row, err);
    if (status == HPO_OK && row != SIZE_MAX)
        status = hpo__trial_from_row(hpo__study_writable(study), row, out, err);
    else if (status == HPO_OK)
        status = hpo__fail(err, HPO_E_NOT_FOUND, "no trial is complete: %llu failed, %llu were pruned, %llu are running",
                           (unsigned long long)study->record.counts[HPO_FAILED], (unsigned long long)study->record.counts[HPO_TRIAL_PRUNED],
                           (unsigned long long)study->record.counts[HPO_RUNNING]);
    hpo__study_unlock(study);
    return status;
}

hpo_status hpo_study_default(const hpo_study *study, hpo_trial **out, hpo_error *err) {
    if (study == NULL || out == NULL)
        return hpo__fail(err, HPO_E_INVALID, "study and out must not be NULL");
    hpo_status status = hpo__study_lock(study, err);
    if (status != HPO_OK)
        return status;
    size_t row = hpo__record_row(&study->record, study->record.first_default);
    status     = row == SIZE_MAX ? hpo__fail(err, HPO_E_NOT_FOUND, "the default configuration has not been tried")
                                 : hpo__trial_from_row(hpo__study_writable(study), row, out, err);
    hpo__study_unlock(study);
    return status;
}

/* ---- columns ---- */

enum { NUMBER, VALUE, STATE, START, END, DURATION, WORKER, CONFIRMED, PARAMETER };

static int find_column(const hpo_study *study, const char *name, size_t *parameter) {
    static const char *const names[] = {"number", "value", "state", "start", "end", "duration", "worker", "confirmed"};
    for (int i = 0; i < PARAMETER; i++)
        if (strcmp(name, names[i]) == 0)
            return i;
    *parameter = hpo_space_index(study->space, strncmp(name, "parameter:", 10) == 0 ? name + 10 : name);
    if (*parameter == SIZE_MAX)
        *parameter = hpo_space_index(study->space, name);
    return *parameter == SIZE_MAX ? -1 : PARAMETER;
}

static double confirmed_mean(const hpo_study *study, uint64_t number) {
    for (size_t f = 0; f < study->confirmation.n_finalists; f++)
        if (study->confirmation.finalists[f].number == number && study->confirmation.finalists[f].n > 0)
            return hpo__stats_mean(study->confirmation.finalists[f].values, study->confirmation.finalists[f].n);
    return (double)NAN;
}

static double cell(const hpo_study *study, size_t row, int column, size_t parameter) {
    const hpo__record *r = &study->record;
    switch (column) {
    case NUMBER:
        return (double)r->numbers[row];
    case VALUE:
        return hpo__study_raw_value(study, row);
    case STATE:
        return r->states[row];
    case START:
        return r->starts[row];
    case END:
        return r->ends[row];
    case DURATION:
        return r->ends[row] - r->starts[row];
    case WORKER:
        return r->origins[row] >> 8;
    case CONFIRMED:
        return confirmed_mean(study, r->numbers[row]);
    default:
        break;
    }
    if (r->notes[row] != NULL && r->notes[row]->values != NULL)
        return r->notes[row]->values[parameter];
    double unit = r->unit[row * study->space->size + parameter];
    return isnan(unit) ? unit : hpo__codec_decode(&study->space->parameters[parameter], unit);
}

static hpo_status copy_column(const hpo_study *study, const char *name, double *buf, size_t cap, size_t *n, hpo_error *err) {
    const hpo__record *record    = &study->record;
    size_t             parameter = 0, used = 0;
    int                column = find_column(study, name, &parameter);
    if (column < 0)
        return hpo__space_unknown(study->space, name, err);
    *n = (size_t)(record->counts[HPO_COMPLETE] + record->counts[HPO_TRIAL_PRUNED] + record->counts[HPO_FAILED]);
    if (cap < *n)
        return hpo__fail(err, HPO_E_BUFFER, "the buffer holds %zu values, %zu are needed", cap, *n);
    for (uint64_t number = 0; number < record->next_number; number++) {
        size_t row = hpo__record_row(record, number);
        if (row != SIZE_MAX && used < cap)
            buf[used++] = cell(study, row, column, parameter);
    }
    return HPO_OK;
}

hpo_status hpo_study_column(const hpo_study *study, const char *column, double *buf, size_t cap, size_t *n, hpo_error *err) {
    if (study == NULL || column == NULL || n == NULL || (buf == NULL && cap > 0))
        return hpo__fail(err, HPO_E_INVALID, "study, column and n must not be NULL, nor buf when cap is not 0");
    hpo_status status = hpo__study_lock(study, err);
    if (status != HPO_OK)
        return status;
    status = copy_column(study, column, buf, cap, n, err);
    hpo__study_unlock(study);
    return status;
}
