#include "base/settings.h"

#include "base/text.h"

#include <math.h>
#include <string.h>

void hpo__settings_init(hpo_settings *settings, const hpo__alloc *alloc, const hpo_setting *(*row)(size_t i), size_t n_rows) {
    *settings = (hpo_settings){.alloc = *alloc, .row = row, .n_rows = n_rows};
}

void hpo__settings_end(hpo_settings *settings) {
    for (size_t i = 0; i < settings->n_entries; i++) {
        hpo__text_free(&settings->alloc, settings->entries[i].key);
        hpo__text_free(&settings->alloc, settings->entries[i].value);
    }
    hpo__alloc_free(&settings->alloc, settings->entries, settings->capacity, sizeof *settings->entries);
}

/* ---- rows ---- */

/* Row i of the built-in ones and then of the strategy's own; NULL beyond the last. */
static const hpo_setting *row_at(const hpo_settings *settings, size_t i) {
    if (i < settings->n_rows)
        return settings->row(i);
    const hpo_setting *row = settings->own_table;
    for (i -= settings->n_rows; row != NULL && row->name != NULL && i > 0; i--)
        row++;
    return row == NULL || row->name == NULL ? NULL : row;
}

static bool matches(const hpo_setting *row, const char *key, const char **suffix) {
    size_t length = strlen(row->name);
    *suffix       = NULL;
    if (length < 2 || strcmp(row->name + length - 2, ".*") != 0)
        return strcmp(row->name, key) == 0;
    if (strncmp(row->name, key, length - 1) != 0 || key[length - 1] == '\0')
        return false;
    *suffix = key + length - 1;
    return true;
}

const hpo_setting *hpo__settings_row(const hpo_settings *settings, const char *key, const char **suffix) {
    const char        *ignored;
    const hpo_setting *row;
    for (size_t i = 0; (row = row_at(settings, i)) != NULL; i++)
        if (matches(row, key, suffix != NULL ? suffix : &ignored))
            return row;
    return NULL;
}

static hpo_status unknown(const hpo_settings *settings, const char *key, hpo_error *err) {
    const char        *nearest = NULL;
    size_t             best    = strlen(key) / 2 + 2;
    const hpo_setting *row;
    for (size_t i = 0; (row = row_at(settings, i)) != NULL; i++) {
        size_t distance = hpo__text_distance(key, row->name);
        if (distance < best) {
            best    = distance;
            nearest = row->name;
        }
    }
    if (nearest == NULL)
        return hpo__fail(err, HPO_E_NOT_FOUND, "there is no setting '%.100s'", key);
    return hpo__fail(err, HPO_E_NOT_FOUND, "there is no setting '%.100s'; did you mean '%s'?", key, nearest);
}

/* ---- checking ---- */

/* The ends of "low..high", either of which may be missing. */
static void read_range(const char *range, double *low, double *high) {
    const char *dots = strstr(range, "..");
    *low             = -(double)INFINITY;
    *high            = (double)INFINITY;
    if (dots == NULL)
        return;
    hpo__number_read(range, (size_t)(dots - range), low);
    hpo__number_read(dots + 2, strlen(dots + 2), high);
}

static bool is_choice(const char *range, const char *value) {
    size_t length = strlen(value);
    if (length == 0 || strchr(value, '|') != NULL) /* "a|b" stands in the range, but is no choice */
        return false;
    for (const char *at = range; at != NULL; at = strchr(at, '|')) {
        at += *at == '|';
        if (strncmp(at, value, length) == 0 && (at[length] == '|' || at[length] == '\0'))
            return true;
    }
    return false;
}

static bool fits(const hpo_setting *row, const char *value) {
    double  low, high, number;
    int64_t integer;
    read_range(row->range, &low, &high);
    if (strcmp(row->type, "int") == 0)
        return hpo__integer_read(value, strlen(value), &integer) && (double)integer >= low && (double)integer <= high;
    if (strcmp(row->type, "float") == 0)
        return hpo__number_read(value, strlen(value), &number) && number >= low && number <= high;
    if (strcmp(row->type, "bool") == 0)
        return is_choice("true|false", value);
    if (strcmp(row->type, "choice") == 0)
        return is_choice(row->range, value);
    return hpo__utf8_valid(value, strlen(value));
}

static hpo_status misfit(const hpo_setting *row, const char *key, const char *value, hpo_error *err) {
    const char *range = strcmp(row->type, "bool") == 0 ? "true|false" : row->range;
    const char *joint = range[0] == '\0' ? "" : strchr(range, '|') != NULL ? ", one of " : " in ";
    return hpo__fail(err, HPO_E_INVALID, "setting '%s': '%.100s' is not legal; it takes %s %s%s%s", key, value, row->type[0] == 'i' ? "an" : "a",
                     row->type, joint, range);
}

/* ---- setting and reading ---- */

static hpo__setting_entry *find_entry(const hpo_settings *settings, const char *key) {
    for (size_t i = 0; i < settings->n_entries; i++)
        if (strcmp(settings->entries[i].key, key) == 0)
            return &settings->entries[i];
    return NULL;
}

static bool grow(hpo_settings *settings) {
    if (settings->n_entries < settings->capacity)
        return true;
    size_t              capacity = hpo__alloc_capacity(settings->capacity, settings->n_entries + 1);
    hpo__setting_entry *entries  = hpo__alloc_grow(&settings->alloc, settings->entries, settings->capacity, capacity, sizeof *entries);
    if (entries == NULL)
        return false;
    settings->entries  = entries;
    settings->capacity = capacity;
    return true;
}

hpo_status hpo__settings_set(hpo_settings *settings, const char *key, const char *value, hpo_error *err) {
    if (key == NULL || value == NULL)
        return hpo__fail(err, HPO_E_INVALID, "key and value must not be NULL");
    const hpo_setting *row = hpo__settings_row(settings, key, NULL);
    if (row == NULL)
        return unknown(settings, key, err);
    if (!fits(row, value))
        return misfit(row, key, value, err);
    char *copy = hpo__text_copy(&settings->alloc, value, strlen(value));
    if (copy == NULL)
        return hpo__fail_nomem(err);
    hpo__setting_entry *entry = find_entry(settings, key);
    if (entry != NULL) {
        hpo__text_free(&settings->alloc, entry->value);
        entry->value = copy;
        return HPO_OK;
    }
    char *name = hpo__text_copy(&settings->alloc, key, strlen(key));
    if (name == NULL || !grow(settings)) {
        hpo__text_free(&settings->alloc, name);
        hpo__text_free(&settings->alloc, copy);
        return hpo__fail_nomem(err);
    }
    settings->entries[settings->n_entries++] = (hpo__setting_entry){name, copy};
    return HPO_OK;
}

void hpo__settings_prune(hpo_settings *settings) {
    size_t kept = 0;
    for (size_t i = 0; i < settings->n_entries; i++) {
        hpo__setting_entry entry = settings->entries[i];
        const hpo_setting *row   = hpo__settings_row(settings, entry.key, NULL);
        if (row != NULL && fits(row, entry.value)) {
            settings->entries[kept++] = entry;
        } else {
            hpo__text_free(&settings->alloc, entry.key);
            hpo__text_free(&settings->alloc, entry.value);
        }
    }
    settings->n_entries = kept;
}

const char *hpo__settings_given(const hpo_settings *settings, const char *key) {
    const hpo__setting_entry *entry = find_entry(settings, key);
    return entry == NULL ? NULL : entry->value;
}

const char *hpo_settings_text(const hpo_settings *settings, const char *key) {
    if (settings == NULL || key == NULL)
        return NULL;
    const char *given = hpo__settings_given(settings, key), *suffix;
    if (given != NULL)
        return given;
    const hpo_setting *row = hpo__settings_row(settings, key, &suffix);
    return row == NULL || (suffix != NULL && row->initial[0] == '\0') ? NULL : row->initial;
}

double hpo_settings_number(const hpo_settings *settings, const char *key) {
    const char *text = hpo_settings_text(settings, key);
    double      number;
    if (text == NULL)
        return (double)NAN;
    if (strcmp(text, "true") == 0 || strcmp(text, "false") == 0)
        return text[0] == 't';
    return hpo__number_read(text, strlen(text), &number) ? number : (double)NAN;
}

int64_t hpo__settings_integer(const hpo_settings *settings, const char *key) {
    const char *text    = hpo_settings_text(settings, key);
    int64_t     integer = 0;
    if (text != NULL)
        hpo__integer_read(text, strlen(text), &integer);
    return integer;
}

bool hpo__settings_is(const hpo_settings *settings, const char *key, const char *value) {
    const char *text = hpo_settings_text(settings, key);
    return text != NULL && strcmp(text, value) == 0;
}
