/* All trials as a file: CSV for spreadsheets, JSON for programs. */
#include "analysis/advice.h"
#include "base/file.h"
#include "base/text.h"
#include "num/random.h"

#include <hpo/version.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *state_name(int32_t state) {
    return state == HPO_COMPLETE ? "complete" : state == HPO_TRIAL_PRUNED ? "pruned" : "failed";
}

static const char *message_of(const hpo__record *record, size_t row) {
    const hpo__notes *notes = record->notes[row];
    return notes != NULL && notes->message != NULL ? notes->message : hpo__trial_reason_text((int)(record->origins[row] >> 4 & 15));
}

static uint64_t seed_of(const hpo_study *study, size_t row) {
    return hpo__random_bits(study->seed, study->record.numbers[row], HPO__FOR_TRIAL_SEED, 0);
}

/* ---- CSV (RFC 4180; a missing number is an empty field) ---- */

static void csv_text(hpo__text *text, const char *field) {
    if (strpbrk(field, ",\"\r\n") == NULL) {
        hpo__text_add(text, field);
        return;
    }
    hpo__text_add(text, "\"");
    for (const char *c = field; *c != '\0'; c++) {
        hpo__text_add_bytes(text, c, 1);
        hpo__text_add(text, *c == '"' ? "\"" : "");
    }
    hpo__text_add(text, "\"");
}

static void csv_number(hpo__text *text, double value) {
    if (!isnan(value))
        hpo__text_number(text, value);
}

static void csv_row(const hpo_study *study, size_t row, double *values, hpo__text *text) {
    const hpo__record *record = &study->record;
    char               number[HPO__NUMBER_SIZE];
    hpo__text_printf(text, "%llu,%s,", (unsigned long long)record->numbers[row], state_name(record->states[row]));
    csv_number(text, hpo__study_raw_value(study, row));
    hpo__study_row_values(study, row, values);
    for (size_t i = 0; i < study->space->size; i++) {
        hpo__text_add(text, ",");
        if (!isnan(values[i]))
            csv_text(text, hpo__parameter_text(&study->space->parameters[i], values[i], number));
    }
    hpo__text_add(text, ",");
    csv_number(text, record->starts[row]);
    hpo__text_add(text, ",");
    csv_number(text, record->ends[row]);
    hpo__text_printf(text, ",%lu,%llu,", (unsigned long)(record->origins[row] >> 8), (unsigned long long)seed_of(study, row));
    csv_text(text, message_of(record, row));
    hpo__text_add(text, "\n");
}

/* Headings differ whatever the parameters are called: as for hpo_study_column(), "parameter:" goes before a name that could be taken for another one. */
static void csv_name(hpo__text *text, const char *name) {
    static const char *const fixed[] = {"number", "state", "value", "start", "end", "worker", "seed", "message"};
    bool                     taken   = strncmp(name, "parameter:", 10) == 0;
    char                     heading[300]; /* names have at most 255 bytes */
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        taken = taken || strcmp(name, fixed[i]) == 0;
    snprintf(heading, sizeof heading, "%s%s", taken ? "parameter:" : "", name);
    hpo__text_add(text, ",");
    csv_text(text, heading);
}

static void write_csv(const hpo_study *study, double *values, hpo__text *text) {
    hpo__text_add(text, "number,state,value");
    for (size_t i = 0; i < study->space->size; i++)
        csv_name(text, study->space->parameters[i].name);
    hpo__text_add(text, ",start,end,worker,seed,message\n");
    for (uint64_t number = 0; number < study->record.next_number; number++) {
        size_t row = hpo__record_row(&study->record, number);
        if (row != SIZE_MAX)
            csv_row(study, row, values, text);
    }
}

/* ---- JSON (NaN is null, infinities are texts) ---- */

static void json_number(hpo__text *text, double value) {
    if (isnan(value))
        hpo__text_add(text, "null");
    else if (isinf(value))
        hpo__text_add(text, value > 0 ? "\"inf\"" : "\"-inf\"");
    else
        hpo__text_number(text, value);
}

static void json_configuration(const hpo_study *study, const double *values, hpo__text *text) {
    size_t written = 0;
    hpo__text_add(text, "\"parameters\": {");
    for (size_t i = 0; i < study->space->size; i++) {
        const hpo__parameter *p = &study->space->parameters[i];
        if (isnan(values[i]))
            continue;
        hpo__text_add(text, written++ > 0 ? ", " : "");
        hpo__text_json(text, p->name);
        hpo__text_add(text, ": ");
        if (p->kind == HPO_CATEGORICAL)
            hpo__text_json(text, p->choices[(size_t)values[i]]);
        else if (p->kind == HPO_BOOL)
            hpo__text_add(text, values[i] != 0 ? "true" : "false");
        else
            hpo__text_number(text, values[i]);
    }
    hpo__text_add(text, "}");
}

static void json_notes(const hpo__notes *notes, hpo__text *text) {
    if (notes == NULL)
        return;
    hpo__text_add(text, notes->n_reports > 0 ? ", \"reports\": [" : "");
    for (size_t i = 0; i < notes->n_reports; i++) {
        hpo__text_printf(text, "%s[%lld, ", i > 0 ? ", " : "", (long long)notes->reports[i].step);
        json_number(text, notes->reports[i].value);
        hpo__text_add(text, "]");
    }
    hpo__text_add(text, notes->n_reports > 0 ? "]" : "");
    hpo__text_add(text, notes->n_attributes > 0 ? ", \"attributes\": {" : "");
    for (size_t i = 0; i < notes->n_attributes; i++) {
        hpo__text_add(text, i > 0 ? ", " : "");
        hpo__text_json(text, notes->attributes[i].key);
        hpo__text_add(text, ": ");
        hpo__text_add(text, notes->attributes[i].json);
    }
    hpo__text_add(text, notes->n_attributes > 0 ? "}" : "");
}

static void json_trial(const hpo_study *study, size_t row, double *values, hpo__text *text) {
    static const char *const sources[] = {"strategy", "default", "enqueued", "added"};
    const hpo__record       *record    = &study->record;
    hpo__text_printf(text, "{\"number\": %llu, \"state\": \"%s\", \"value\": ", (unsigned long long)record->numbers[row],
                     state_name(record->states[row]));
    json_number(text, hpo__study_raw_value(study, row));
    hpo__text_add(text, ", ");
    hpo__study_row_values(study, row, values);
    json_configuration(study, values, text);
    hpo__text_printf(text, ", \"source\": \"%s\", \"start\": ", sources[record->origins[row] & 3]);
    json_number(text, record->starts[row]);
    hpo__text_add(text, ", \"end\": ");
    json_number(text, record->ends[row]);
    hpo__text_printf(text, ", \"worker\": %lu, \"seed\": %llu", (unsigned long)(record->origins[row] >> 8), (unsigned long long)seed_of(study, row));
    if (message_of(record, row)[0] != '\0') {
        hpo__text_add(text, ", \"message\": ");
        hpo__text_json(text, message_of(record, row));
    }
    json_notes(record->notes[row], text);
    hpo__text_add(text, "}");
}

static void json_settings(const hpo_settings *settings, hpo__text *text) {
    hpo__text_add(text, "{");
    for (size_t i = 0; i < settings->n_entries; i++) {
        hpo__text_add(text, i > 0 ? ", " : "");
        hpo__text_json(text, settings->entries[i].key);
        hpo__text_add(text, ": ");
        hpo__text_json(text, settings->entries[i].value);
    }
    hpo__text_add(text, "}");
}

static void json_confirmation(const hpo__confirmation *c, hpo__text *text) {
    if (c->n_finalists == 0) {
        hpo__text_add(text, "null");
        return;
    }
    hpo__text_printf(text, "{\"winner\": %llu, \"finalists\": [", (unsigned long long)c->finalists[c->winner].number);
    for (size_t f = 0; f < c->n_finalists; f++) {
        hpo__text_printf(text, "%s{\"number\": %llu, \"values\": [", f > 0 ? ", " : "", (unsigned long long)c->finalists[f].number);
        for (size_t r = 0; r < c->repeats; r++) {
            hpo__text_add(text, r > 0 ? ", " : "");
            json_number(text, c->finalists[f].values[r]);
        }
        hpo__text_add(text, "]}");
    }
    hpo__text_add(text, "]}");
}

static void json_looks(const hpo_study *study, hpo__text *text) {
    hpo__text_add(text, "[");
    for (size_t i = 0; i < study->n_looks; i++) {
        hpo__text_printf(text, "%s{\"number\": %llu, \"score\": ", i > 0 ? ", " : "", (unsigned long long)study->looks[i].number);
        json_number(text, study->looks[i].score);
        hpo__text_add(text, ", \"time\": ");
        json_number(text, study->looks[i].time);
        hpo__text_add(text, "}");
    }
    hpo__text_add(text, "]");
}

static void write_json(const hpo_study *study, double *values, hpo__text *text) {
    hpo__text_printf(text, "{\n\"libhpo\": \"%s\",\n\"direction\": \"%s\",\n\"strategy\": ", hpo_version_string(),
                     study->sign < 0 ? "maximize" : "minimize");
    hpo__text_json(text, study->strategy.name);
    hpo__text_printf(text, ",\n\"seed\": %llu,\n\"settings\": ", (unsigned long long)study->seed);
    json_settings(&study->settings, text);
    hpo__text_add(text, ",\n\"space\": ");
    hpo__space_json(text, study->space);
    hpo__text_add(text, ",\n\"trials\": [");
    for (uint64_t number = 0, written = 0; number < study->record.next_number; number++) {
        size_t row = hpo__record_row(&study->record, number);
        if (row == SIZE_MAX)
            continue;
        hpo__text_add(text, written++ > 0 ? ",\n" : "\n");
        json_trial(study, row, values, text);
    }
    hpo__text_add(text, "\n],\n\"confirmation\": ");
    json_confirmation(&study->confirmation, text);
    hpo__text_add(text, ",\n\"tests\": ");
    json_looks(study, text);
    hpo__text_add(text, ",\n\"advice\": ");
    hpo__advice_write(study, true, text);
    hpo__text_add(text, "\n}\n");
}

hpo_status hpo_study_export(const hpo_study *study, const char *format, const char *path, hpo_error *err) {
    if (study == NULL || format == NULL || path == NULL || path[0] == '\0')
        return hpo__fail(err, HPO_E_INVALID, "study, format and path must not be NULL, nor path empty");
    if (strcmp(format, "csv") != 0 && strcmp(format, "json") != 0)
        return hpo__fail(err, HPO_E_INVALID, "format '%.100s' is neither 'csv' nor 'json'", format);
    hpo_status status = hpo__study_lock(study, err);
    if (status != HPO_OK)
        return status;
    hpo__text text;
    hpo__text_init(&text, &study->alloc);
    double *values = hpo__alloc_new(&study->alloc, study->space->size, sizeof *values);
    if (values == NULL)
        text.failed = true;
    else if (format[0] == 'c')
        write_csv(study, values, &text);
    else
        write_json(study, values, &text);
    hpo__alloc_free(&study->alloc, values, study->space->size, sizeof *values);
    hpo__study_unlock(study);
    status = text.failed ? hpo__fail_nomem(err) : hpo__file_write(&study->alloc, path, text.data, text.length, err);
    hpo__text_end(&text);
    return status;
}
