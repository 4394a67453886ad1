/* Trials: handles, getters, and what a running trial may record. */
#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "num/random.h"
#include "study/study.h"

#include <math.h>
#include <string.h>

hpo_trial *hpo__trial_new(hpo_study *study) {
    size_t     d     = study->space->size;
    hpo_trial *trial = hpo__alloc_new(&study->alloc, 1, sizeof *trial + 2 * d * sizeof(double));
    if (trial == NULL)
        return NULL;
    memset(trial, 0, sizeof *trial);
    trial->study        = study;
    trial->unit         = trial->rows;
    trial->values       = trial->rows + d;
    trial->running.unit = trial->unit;
    trial->value        = (double)NAN;
    trial->end          = (double)NAN;
    hpo__study_retain(study);
    return trial;
}

void hpo__trial_forget_misuse(hpo_trial *trial) {
    hpo__alloc_free(&trial->study->alloc, trial->misuse, 1, sizeof *trial->misuse);
    trial->misuse = NULL;
}

void hpo__trial_delete(hpo_trial *trial) {
    hpo_study *study = trial->study;
    hpo__trial_forget_misuse(trial);
    if (trial->state == HPO_RUNNING)
        hpo__notes_free(&study->alloc, trial->notes, study->space->size);
    hpo__alloc_free(&study->alloc, trial, 1, sizeof *trial + 2 * study->space->size * sizeof(double));
    hpo__study_release(study);
}

void hpo_trial_free(hpo_trial *trial) {
    if (trial == NULL || trial->lent)
        return;
    if (trial->state == HPO_RUNNING) {
        if (hpo__study_lock(trial->study, NULL) != HPO_OK)
            return; /* from inside a strategy, which must not: the record still links to it */
        hpo__study_finish_locked(trial->study, trial, HPO_FAILED, (double)NAN, HPO__BECAUSE_RELEASED);
        hpo__study_unlock(trial->study);
    }
    hpo__trial_delete(trial);
}

hpo_status hpo__trial_from_row(hpo_study *study, size_t row, hpo_trial **out, hpo_error *err) {
    const hpo__record *record = &study->record;
    hpo_trial         *trial  = hpo__trial_new(study);
    if (trial == NULL)
        return hpo__fail_nomem(err);
    size_t d              = study->space->size;
    trial->running.number = record->numbers[row];
    trial->seed           = hpo__random_bits(study->seed, record->numbers[row], HPO__FOR_TRIAL_SEED, 0);
    trial->state          = record->states[row];
    trial->worker         = (int32_t)(record->origins[row] >> 8);
    trial->reason         = (int)(record->origins[row] >> 4 & 15);
    trial->source         = (int)(record->origins[row] & 15);
    trial->value          = hpo__study_raw_value(study, row);
    trial->start          = record->starts[row];
    trial->end            = record->ends[row];
    trial->notes          = record->notes[row];
    memcpy(trial->unit, record->unit + row * d, d * sizeof *trial->unit);
    hpo__study_row_values(study, row, trial->values);
    *out = trial;
    return HPO_OK;
}

void hpo__trial_run_again(hpo_trial *trial) {
    trial->state  = HPO_RUNNING;
    trial->reason = HPO__BECAUSE_NOTHING;
    trial->notes  = NULL;
    trial->lent   = true;
    trial->value  = (double)NAN;
    trial->start  = hpo__clock_wall();
    trial->end    = (double)NAN;
}

/* ---- plain facts ---- */

uint64_t hpo_trial_number(const hpo_trial *trial) {
    return trial == NULL ? 0 : trial->running.number;
}

uint64_t hpo_trial_seed(const hpo_trial *trial) {
    return trial == NULL ? 0 : trial->seed;
}

uint64_t hpo_trial_repeat(const hpo_trial *trial) {
    return trial == NULL ? 0 : trial->repeat;
}

int32_t hpo_trial_state(const hpo_trial *trial) {
    return trial == NULL ? -1 : trial->state;
}

double hpo_trial_value(const hpo_trial *trial) {
    return trial == NULL ? (double)NAN : trial->value;
}

double hpo_trial_start_time(const hpo_trial *trial) {
    return trial == NULL ? (double)NAN : trial->start;
}

double hpo_trial_end_time(const hpo_trial *trial) {
    return trial == NULL ? (double)NAN : trial->end;
}

int32_t hpo_trial_worker(const hpo_trial *trial) {
    return trial == NULL ? -1 : trial->worker;
}

const char *hpo__trial_reason_text(int reason) {
    switch (reason) {
    case HPO__BECAUSE_NAN:
        return "the objective value is NaN";
    case HPO__BECAUSE_INFINITE:
        return "the objective value is infinite on the good side: no other trial could ever be better";
    case HPO__BECAUSE_RELEASED:
        return "the trial was freed without a result";
    case HPO__BECAUSE_UNKNOWN_NAME:
        return "the objective asked for a parameter that does not exist or has another type";
    case HPO__BECAUSE_OBJECTIVE:
        return "the objective failed";
    case HPO__BECAUSE_STOPPED:
        return "stopped before it had a value";
    default:
        return "";
    }
}

const char *hpo_trial_message(const hpo_trial *trial) {
    return trial == NULL ? "" : trial->notes != NULL && trial->notes->message != NULL ? trial->notes->message : hpo__trial_reason_text(trial->reason);
}

/* ---- getters ---- */

/* Marks a running trial: the first misuse is kept for tell. The trial belongs to one thread, so a const handle may be written to here. When there is no memory for
 * the text, the mark alone stays. */
static void mark(const hpo_trial *const_trial, hpo_status status, const char *name, const char *wanted) {
    hpo_trial *trial;
    memcpy(&trial, &const_trial, sizeof trial); /* the handle itself is never const: the library made it */
    if (trial->state != HPO_RUNNING || trial->reason == HPO__BECAUSE_UNKNOWN_NAME)
        return;
    trial->reason = HPO__BECAUSE_UNKNOWN_NAME;
    trial->misuse = hpo__alloc_new(&trial->study->alloc, 1, sizeof *trial->misuse);
    if (trial->misuse == NULL)
        return;
    if (name == NULL)
        hpo__fail(trial->misuse, status, "the objective asked for a parameter whose name is NULL");
    else if (wanted == NULL)
        hpo__space_unknown(trial->study->space, name, trial->misuse);
    else
        hpo__fail(trial->misuse, status, "parameter '%.100s' is not %s", name, wanted);
}

static const hpo__parameter *find(const hpo_trial *trial, const char *name, double *value) {
    if (trial == NULL)
        return NULL;
    size_t index = name == NULL ? SIZE_MAX : hpo_space_index(trial->study->space, name);
    if (index == SIZE_MAX) {
        mark(trial, HPO_E_NOT_FOUND, name, NULL);
        return NULL;
    }
    *value = trial->values[index];
    return &trial->study->space->parameters[index];
}

double hpo_trial_float(const hpo_trial *trial, const char *name) {
    double                value;
    const hpo__parameter *p = find(trial, name, &value);
    if (p == NULL)
        return (double)NAN;
    if (p->kind == HPO_CATEGORICAL || p->kind == HPO_BOOL) {
        mark(trial, HPO_E_NOT_FOUND, name, "a number");
        return (double)NAN;
    }
    return value;
}

int64_t hpo_trial_int(const hpo_trial *trial, const char *name) {
    double                value;
    const hpo__parameter *p = find(trial, name, &value);
    if (p == NULL)
        return INT64_MIN;
    if (p->kind == HPO_CATEGORICAL || p->kind == HPO_FLOAT || (p->kind == HPO_ORDINAL && value != floor(value) && !isnan(value)) ||
        fabs(value) > 9007199254740992.0) {
        mark(trial, HPO_E_NOT_FOUND, name, "an integer");
        return INT64_MIN;
    }
    return isnan(value) ? INT64_MIN : (int64_t)value;
}

const char *hpo_trial_categorical(const hpo_trial *trial, const char *name) {
    double                value;
    const hpo__parameter *p = find(trial, name, &value);
    if (p == NULL)
        return NULL;
    if (p->choices == NULL) {
        mark(trial, HPO_E_NOT_FOUND, name, "categorical");
        return NULL;
    }
    return isnan(value) ? NULL : p->choices[(size_t)value];
}

int32_t hpo_trial_is_active(const hpo_trial *trial, const char *name) {
    double value;
    return find(trial, name, &value) == NULL ? -1 : !isnan(value);
}

size_t hpo_trial_values_by_index(const hpo_trial *trial, double *values, size_t n) {
    size_t d = trial == NULL ? 0 : trial->study->space->size;
    if (trial != NULL && values != NULL)
        memcpy(values, trial->values, (n < d ? n : d) * sizeof *values);
    return d;
}

/* ---- recording ---- */

static hpo_status open_notes(hpo_trial *trial, hpo_error *err) {
    if (trial == NULL)
        return hpo__fail(err, HPO_E_INVALID, "the trial is NULL");
    if (trial->state != HPO_RUNNING)
        return hpo__fail(err, HPO_E_STATE, "trial %llu is finished", (unsigned long long)trial->running.number);
    if (trial->notes == NULL && (trial->notes = hpo__notes_new(&trial->study->alloc)) == NULL)
        return hpo__fail_nomem(err);
    return HPO_OK;
}

static bool grow_reports(const hpo__alloc *alloc, hpo__notes *notes) {
    if (notes->n_reports < notes->report_capacity)
        return true;
    size_t       capacity = hpo__alloc_capacity(notes->report_capacity, notes->n_reports + 1);
    hpo__report *reports  = hpo__alloc_grow(alloc, notes->reports, notes->report_capacity, capacity, sizeof *reports);
    if (reports == NULL)
        return false;
    notes->reports         = reports;
    notes->report_capacity = capacity;
    return true;
}

hpo_status hpo_trial_report(hpo_trial *trial, int64_t step, double value, hpo_error *err) {
    hpo_status status = open_notes(trial, err);
    if (status != HPO_OK)
        return status;
    if (step < 0)
        return hpo__fail(err, HPO_E_INVALID, "step %lld is negative", (long long)step);
    hpo__notes *notes = trial->notes;
    size_t      at    = notes->n_reports;
    while (at > 0 && notes->reports[at - 1].step > step)
        at--;
    if (at > 0 && notes->reports[at - 1].step == step) {
        notes->reports[at - 1].value = value;
        return HPO_OK;
    }
    if (!grow_reports(&trial->study->alloc, notes))
        return hpo__fail_nomem(err);
    memmove(notes->reports + at + 1, notes->reports + at, (notes->n_reports - at) * sizeof *notes->reports);
    notes->reports[at] = (hpo__report){step, value};
    notes->n_reports++;
    return HPO_OK;
}

size_t hpo_trial_report_count(const hpo_trial *trial) {
    return trial == NULL || trial->notes == NULL ? 0 : trial->notes->n_reports;
}

hpo_status hpo_trial_report_at(const hpo_trial *trial, size_t i, int64_t *step, double *value, hpo_error *err) {
    if (i >= hpo_trial_report_count(trial))
        return hpo__fail(err, HPO_E_NOT_FOUND, "the trial has %zu intermediate values, none at %zu", hpo_trial_report_count(trial), i);
    if (step != NULL)
        *step = trial->notes->reports[i].step;
    if (value != NULL)
        *value = trial->notes->reports[i].value;
    return HPO_OK;
}

static hpo_status check_attribute(const char *key, const char *json, hpo_error *err) {
    if (key == NULL || key[0] == '\0' || json == NULL)
        return hpo__fail(err, HPO_E_INVALID, "an attribute needs a key and a JSON value");
    if (strlen(key) > 255 || !hpo__utf8_valid(key, strlen(key)))
        return hpo__fail(err, HPO_E_INVALID, "attribute '%.60s': the key must be valid UTF-8 of at most 255 bytes", key);
    hpo_error reason;
    hpo__json reader;
    hpo__json_init(&reader, json, strlen(json), &reason);
    if (!hpo__json_skip(&reader) || !hpo__json_finish(&reader))
        return hpo__fail(err, HPO_E_INVALID, "attribute '%.100s': %.300s", key, reason.message);
    return HPO_OK;
}

static hpo__attribute *find_attribute(const hpo_trial *trial, const char *key) {
    for (size_t i = 0; i < hpo_trial_attribute_count(trial); i++)
        if (strcmp(trial->notes->attributes[i].key, key) == 0)
            return &trial->notes->attributes[i];
    return NULL;
}

static bool grow_attributes(const hpo__alloc *alloc, hpo__notes *notes) {
    if (notes->n_attributes < notes->attribute_capacity)
        return true;
    size_t          capacity   = hpo__alloc_capacity(notes->attribute_capacity, notes->n_attributes + 1);
    hpo__attribute *attributes = hpo__alloc_grow(alloc, notes->attributes, notes->attribute_capacity, capacity, sizeof *attributes);
    if (attributes == NULL)
        return false;
    notes->attributes         = attributes;
    notes->attribute_capacity = capacity;
    return true;
}

hpo_status hpo_trial_set_attribute(hpo_trial *trial, const char *key, const char *json, hpo_error *err) {
    hpo_status status = open_notes(trial, err);
    if (status == HPO_OK)
        status = check_attribute(key, json, err);
    if (status != HPO_OK)
        return status;
    const hpo__alloc *alloc = &trial->study->alloc;
    hpo__attribute   *held  = find_attribute(trial, key);
    char             *text  = hpo__text_copy(alloc, json, strlen(json));
    char             *name  = held == NULL ? hpo__text_copy(alloc, key, strlen(key)) : NULL;
    if (text == NULL || (held == NULL && (name == NULL || !grow_attributes(alloc, trial->notes)))) {
        hpo__text_free(alloc, text);
        hpo__text_free(alloc, name);
        return hpo__fail_nomem(err);
    }
    if (held != NULL) {
        hpo__text_free(alloc, held->json);
        held->json = text;
    } else {
        trial->notes->attributes[trial->notes->n_attributes++] = (hpo__attribute){name, text};
    }
    return HPO_OK;
}

const char *hpo_trial_attribute(const hpo_trial *trial, const char *key) {
    const hpo__attribute *held = key == NULL || trial == NULL ? NULL : find_attribute(trial, key);
    return held == NULL ? NULL : held->json;
}

size_t hpo_trial_attribute_count(const hpo_trial *trial) {
    return trial == NULL || trial->notes == NULL ? 0 : trial->notes->n_attributes;
}

const char *hpo_trial_attribute_key(const hpo_trial *trial, size_t i) {
    return i < hpo_trial_attribute_count(trial) ? trial->notes->attributes[i].key : NULL;
}

bool hpo__trial_set_note(hpo_trial *trial, const char *message) {
    if (open_notes(trial, NULL) != HPO_OK)
        return false;
    char *copy = hpo__text_copy(&trial->study->alloc, message, strlen(message));
    if (copy == NULL)
        return false;
    hpo__text_free(&trial->study->alloc, trial->notes->message);
    trial->notes->message = copy;
    return true;
}

hpo_status hpo_trial_set_message(hpo_trial *trial, const char *message, hpo_error *err) {
    hpo_status status = open_notes(trial, err);
    if (status != HPO_OK)
        return status;
    if (message == NULL || !hpo__utf8_valid(message, strlen(message)))
        return hpo__fail(err, HPO_E_INVALID, "the message is NULL or not valid UTF-8");
    return hpo__trial_set_note(trial, message) ? HPO_OK : hpo__fail_nomem(err);
}
