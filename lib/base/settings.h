/* Settings: text keys and values checked against tables of rows (hpo_setting); knows nothing of what they mean. */
#ifndef HPO_BASE_SETTINGS_H
#define HPO_BASE_SETTINGS_H

#include "base/alloc.h"
#include "base/error.h"

#include <hpo/settings.h>
#include <stdbool.h>

typedef struct hpo__setting_entry {
    char *key;
    char *value;
} hpo__setting_entry;

struct hpo_settings {
    hpo__alloc alloc;
    const hpo_setting *(*row)(size_t i); /* built-in row i < n_rows */
    size_t              n_rows;
    const hpo_setting  *own_table; /* of a third party's strategy, may be NULL */
    hpo__setting_entry *entries;   /* what was set */
    size_t              n_entries, capacity;
};

void hpo__settings_init(hpo_settings *settings, const hpo__alloc *alloc, const hpo_setting *(*row)(size_t i), size_t n_rows);
void hpo__settings_end(hpo_settings *settings);

/* The row of a key; `*suffix` becomes the parameter of a per-parameter row, else NULL. NULL when the key is unknown. */
const hpo_setting *hpo__settings_row(const hpo_settings *settings, const char *key, const char **suffix);
/* Checks and stores; HPO_E_NOT_FOUND with the nearest name, HPO_E_INVALID with the legal range. */
hpo_status hpo__settings_set(hpo_settings *settings, const char *key, const char *value, hpo_error *err);
/* After own_table changed: forgets what was set under keys that are no longer known, or take that value no more. */
void hpo__settings_prune(hpo_settings *settings);
/* What was set under exactly this key, NULL when it was not. */
const char *hpo__settings_given(const hpo_settings *settings, const char *key);
/* Numbers of rows that are known to exist and to be numeric. */
int64_t hpo__settings_integer(const hpo_settings *settings, const char *key);
bool    hpo__settings_is(const hpo_settings *settings, const char *key, const char *value);

#endif
