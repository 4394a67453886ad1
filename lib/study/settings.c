/* The study's own settings, and the list of all that libhpo has. */
#include "base/text.h"
#include "strategy/registry.h"
#include "study/study.h"

#include <string.h>

static const hpo_setting study_table[] = {
    {"direction", "choice", "minimize", "minimize|maximize", "whether a small or a large value is good; fixed once there are results"},
    {"strategy", "choice", "sobol", "random|grid|sobol|halton|lhs|zoom|gp", "what decides which configuration comes next"},
    {"seed", "int", "0", "0..9223372036854775807", "seed of all randomness of the study"},
    {"trials", "int", "0", "0..1000000000000",
     "planned number of trials, for strategies that need to know; 0: taken from the first call of optimize"},
    {"timeout", "float", "0", "0..", "seconds after which optimize starts no more trials; 0: no limit"},
    {"workers", "int", "1", "1..1024", "threads of optimize"},
    {"order", "choice", "arrival", "arrival|logical",
     "logical: a suggestion sees only trials that are certain to be finished, so that a run with workers repeats exactly"},
    {"start.default", "bool", "true", "", "try the default configuration first"},
    {"failures.max", "int", "0", "0..1000000000000", "failed trials after which optimize gives up; 0: no limit"},
    {"failures.consecutive", "int", "0", "0..1000000000000", "failed trials in a row after which optimize gives up; 0: no limit"},
    {"select", "choice", "observed", "observed|mean",
     "mean: the best trial is the one with the best posterior mean of a model of all results, which a lucky value does not fool"},
    {"confirm.default", "bool", "true", "", "let the default configuration join the finalists"},
    {"strategy.cache", "choice", "keep", "keep|drop", "drop: rebuild the strategy's state at every suggestion, to test that it is pure"},
    {NULL, NULL, NULL, NULL, NULL},
};

/* All tables, ours first. */
static const hpo_setting *table_at(size_t t) {
    return t == 0 ? study_table : hpo__strategy_at(t - 1)->settings;
}

static const hpo_setting *row_at(size_t i) {
    for (size_t t = 0; t <= hpo_strategy_count(); t++)
        for (const hpo_setting *row = table_at(t); row != NULL && row->name != NULL; row++, i--)
            if (i == 0)
                return row;
    return NULL;
}

size_t hpo_setting_count(void) {
    size_t n = 0;
    while (row_at(n) != NULL)
        n++;
    return n;
}

/* Stands for the rows beyond the last. */
static const hpo_setting no_row = {NULL, NULL, NULL, NULL, NULL};

static const hpo_setting *row_or_none(size_t i) {
    const hpo_setting *row = row_at(i);
    return row == NULL ? &no_row : row;
}

const char *hpo_setting_name(size_t i) {
    return row_or_none(i)->name;
}

const char *hpo_setting_type(size_t i) {
    return row_or_none(i)->type;
}

const char *hpo_setting_default(size_t i) {
    return row_or_none(i)->initial;
}

const char *hpo_setting_range(size_t i) {
    return row_or_none(i)->range;
}

const char *hpo_setting_help(size_t i) {
    return row_or_none(i)->help;
}

void hpo__study_settings_init(hpo_study *study) {
    hpo__settings_init(&study->settings, &study->alloc, row_at, hpo_setting_count());
}

void hpo__study_settings_apply(hpo_study *study) {
    hpo_settings           *settings = &study->settings;
    const hpo_strategy_ops *chosen   = hpo__strategy_find(hpo_settings_text(settings, "strategy"));
    hpo__study_drop_state(study); /* a strategy is a function of its settings; the table that made the state must end it */
    hpo__posterior_drop(study);
    study->sign          = hpo__settings_is(settings, "direction", "maximize") ? -1.0 : 1.0;
    study->seed          = (uint64_t)hpo__settings_integer(settings, "seed");
    study->logical       = hpo__settings_is(settings, "order", "logical");
    study->lag           = (uint64_t)hpo__settings_integer(settings, "workers");
    study->start_default = hpo__settings_is(settings, "start.default", "true");
    study->select_mean   = hpo__settings_is(settings, "select", "mean");
    study->strategy_drop = hpo__settings_is(settings, "strategy.cache", "drop");
    if (!study->custom && chosen != NULL)
        study->strategy = *chosen;
}

/* What cannot be changed at any time. */
static hpo_status check_change(const hpo_study *study, const char *key, const char *value, hpo_error *err) {
    if (study->running)
        return hpo__fail(err, HPO_E_BUSY, "setting '%s' cannot be set while the study runs", key);
    bool finished = study->record.counts[HPO_COMPLETE] + study->record.counts[HPO_TRIAL_PRUNED] + study->record.counts[HPO_FAILED] > 0;
    if (strcmp(key, "direction") == 0 && finished && !hpo__settings_is(&study->settings, key, value))
        return hpo__fail(err, HPO_E_STATE, "setting 'direction' cannot change to '%.100s': the study has results already", value);
    if ((strcmp(key, "order") == 0 || strcmp(key, "workers") == 0) && study->record.counts[HPO_RUNNING] > 0)
        return hpo__fail(err, HPO_E_BUSY, "setting '%s' cannot be set while trials are running: tell them first", key);
    const char *parameter = NULL;
    if (hpo__settings_row(&study->settings, key, &parameter) != NULL && parameter != NULL && hpo_space_index(study->space, parameter) == SIZE_MAX)
        return hpo__space_unknown(study->space, parameter, err);
    return HPO_OK;
}

hpo_status hpo_study_set(hpo_study *study, const char *key, const char *value, hpo_error *err) {
    if (study == NULL || key == NULL || value == NULL)
        return hpo__fail(err, HPO_E_INVALID, "study, key and value must not be NULL");
    hpo_status status = hpo__study_lock(study, err);
    if (status != HPO_OK)
        return status;
    status = check_change(study, key, value, err);
    if (status == HPO_OK)
        status = hpo__settings_set(&study->settings, key, value, err);
    hpo_destroy end  = NULL;
    void       *user = NULL;
    if (status == HPO_OK) {
        if (strcmp(key, "strategy") == 0 && study->custom) { /* a built-in one takes over from the third party's */
            hpo__study_drop_state(study);
            end                       = study->strategy_end;
            user                      = study->strategy_user;
            study->custom             = false;
            study->strategy_end       = NULL;
            study->strategy_user      = NULL;
            study->settings.own_table = NULL;
            hpo__settings_prune(&study->settings);
        }
        hpo__study_settings_apply(study);
    }
    hpo__study_unlock(study);
    if (end != NULL)
        end(user);
    return status;
}

hpo_status hpo_study_get(const hpo_study *study, const char *key, char *buf, size_t cap, size_t *need, hpo_error *err) {
    if (study == NULL || key == NULL || (buf == NULL && cap > 0))
        return hpo__fail(err, HPO_E_INVALID, "study and key must not be NULL, nor buf when cap is not 0");
    hpo_status status = hpo__study_lock(study, err);
    if (status != HPO_OK)
        return status;
    const char *text = hpo_settings_text(&study->settings, key);
    if (strcmp(key, "strategy") == 0)
        text = study->strategy.name;
    if (text == NULL && hpo__settings_row(&study->settings, key, NULL) != NULL)
        text = ""; /* a per-parameter setting that is not set */
    status =
        text == NULL ? hpo__fail(err, HPO_E_NOT_FOUND, "there is no setting '%.100s'", key) : hpo__text_out(text, strlen(text), buf, cap, need, err);
    hpo__study_unlock(study);
    return status;
}
