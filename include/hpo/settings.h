/* Settings: every option of a study is a text key with a text value. */
#ifndef HPO_SETTINGS_H
#define HPO_SETTINGS_H

#include <hpo/status.h>

HPO_BEGIN_DECLS

/** Read-only view of a study's settings, handed to strategies. */
typedef struct hpo_settings hpo_settings;

/**
 * One setting that a strategy declares in its ops table; five static texts, a layout that is frozen. A row whose name is NULL ends a table.
 *
 * type: "int", "float", "bool", "choice" or "text"; range: "low..high" (either may be empty) for numbers, "a|b|c" for choices, "" for any.
 * A name that ends in ".*" stands for one setting per parameter ("grid.levels.*" is set as "grid.levels.lr").
 */
typedef struct hpo_setting {
    const char *name;
    const char *type;
    const char *initial; /**< Default value; "" for a per-parameter row means unset. */
    const char *range;
    const char *help; /**< One line. */
} hpo_setting;

/** Number of settings that libhpo has built in. Any thread. Since 0.1. */
HPO_API size_t hpo_setting_count(void);

/** Name of built-in setting `i` < hpo_setting_count(), NULL beyond; static. Any thread. Since 0.1. */
HPO_API const char *hpo_setting_name(size_t i);

/** Type of built-in setting `i`: "int", "float", "bool", "choice" or "text"; NULL beyond; static. Since 0.1. */
HPO_API const char *hpo_setting_type(size_t i);

/** Default of built-in setting `i` as text; NULL beyond; static. Since 0.1. */
HPO_API const char *hpo_setting_default(size_t i);

/** Legal range of built-in setting `i`, "low..high" or "a|b|c", "" for any; NULL beyond; static. Since 0.1. */
HPO_API const char *hpo_setting_range(size_t i);

/** One line of help for built-in setting `i`; NULL beyond; static. Since 0.1. */
HPO_API const char *hpo_setting_help(size_t i);

/** Value of a setting as a number; bool is 0 or 1; NaN when the name is unknown, unset or no number. Since 0.1. */
HPO_API double hpo_settings_number(const hpo_settings *settings, const char *key);

/** Value of a setting as text, the default when it was not set; NULL when the name is unknown or unset. Valid until the next setting is set. Since 0.1. */
HPO_API const char *hpo_settings_text(const hpo_settings *settings, const char *key);

HPO_END_DECLS

#endif /* HPO_SETTINGS_H */
