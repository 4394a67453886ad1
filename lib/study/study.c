/* The study's life, its lock and log, and the strategy it uses. */
#include "study/study.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- life ---- */

void hpo__study_drop_state(hpo_study *study) {
    if (study->strategy_made && study->strategy.create != NULL && study->strategy.destroy != NULL)
        study->strategy.destroy(study->strategy_state);
    study->strategy_state = NULL;
    study->strategy_made  = false;
}

static void end_study(hpo_study *study) {
    hpo__alloc alloc = study->alloc;
    hpo__study_drop_state(study);
    if (study->strategy_end != NULL)
        study->strategy_end(study->strategy_user);
    while (study->first_queued != NULL) {
        hpo__queued *queued = study->first_queued;
        study->first_queued = queued->next;
        hpo__alloc_free(&alloc, queued, 1, sizeof *queued + 2 * study->space->size * sizeof(double));
    }
    hpo__posterior_drop(study);
    hpo__confirmation_end(study);
    hpo__alloc_free(&alloc, study->looks, study->looks_capacity, sizeof *study->looks);
    hpo__record_end(&study->record);
    hpo__settings_end(&study->settings);
    if (study->point.space != NULL)
        hpo__point_end(&study->point);
    hpo_space_free(study->space);
    hpo__lock_end(&study->lock);
    hpo__alloc_free(&alloc, study, 1, sizeof *study);
}

void hpo__study_retain(hpo_study *study) {
    atomic_fetch_add_explicit(&study->references, 1, memory_order_relaxed);
}

void hpo__study_release(hpo_study *study) {
    if (atomic_fetch_sub_explicit(&study->references, 1, memory_order_acq_rel) == 1)
        end_study(study);
}

hpo_status hpo_study_new(const hpo_space *space, hpo_study **out, hpo_error *err) {
    if (space == NULL || out == NULL)
        return hpo__fail(err, HPO_E_INVALID, "space and out must not be NULL");
    hpo_status status = hpo_space_status(space, err);
    if (status != HPO_OK)
        return status;
    if (space->size == 0)
        return hpo__fail(err, HPO_E_INVALID, "the space has no parameters: there is no configuration to try");
    hpo_study *study = hpo__alloc_zero(&space->alloc, 1, sizeof *study);
    if (study == NULL)
        return hpo__fail_nomem(err);
    study->alloc = space->alloc;
    if (!hpo__lock_init(&study->lock)) {
        hpo__alloc_free(&space->alloc, study, 1, sizeof *study);
        return hpo__fail_nomem(err);
    }
    atomic_init(&study->references, 1);
    atomic_init(&study->stop, false);
    hpo__record_init(&study->record, &study->alloc, space->size);
    hpo__study_settings_init(study);
    study->confirmation.winner = SIZE_MAX;
    study->posterior.rows      = SIZE_MAX;
    status                     = hpo__space_copy(space, &study->space, err);
    if (status == HPO_OK && !hpo__point_init(&study->point, study->space)) {
        study->point.space = NULL;
        status             = hpo__fail_nomem(err);
    }
    if (status != HPO_OK) {
        end_study(study);
        return status;
    }
    study->point.lent = true;
    hpo__study_settings_apply(study);
    *out = study;
    return HPO_OK;
}

void hpo_study_free(hpo_study *study) {
    if (study == NULL)
        return;
    hpo_study_stop(study);
    hpo__study_release(study);
}

const hpo_space *hpo_study_space(const hpo_study *study) {
    return study == NULL ? NULL : study->space;
}

void hpo_study_stop(hpo_study *study) {
    if (study != NULL)
        atomic_store_explicit(&study->stop, true, memory_order_relaxed);
}

/* ---- lock and log ---- */

hpo_study *hpo__study_writable(const hpo_study *study) {
    hpo_study *changing;
    memcpy(&changing, &study, sizeof changing);
    return changing;
}

hpo_status hpo__study_lock(const hpo_study *study, hpo_error *err) {
    if (hpo__lock_take(&hpo__study_writable(study)->lock))
        return HPO_OK;
    return hpo__fail(err, HPO_E_BUSY, "the study was called from inside its own strategy");
}

void hpo__study_unlock(const hpo_study *study) {
    hpo__lock_drop(&hpo__study_writable(study)->lock);
}

void hpo__study_log(const hpo_study *study, int32_t level, const char *format, ...) {
    if (study->log == NULL || level > study->log_level)
        return;
    char    message[512];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (length >= 0)
        study->log(level, message, study->log_user);
}

hpo_status hpo_study_on_log(hpo_study *study, int32_t level, hpo_log_callback log, void *user, hpo_error *err) {
    if (study == NULL)
        return hpo__fail(err, HPO_E_INVALID, "the study is NULL");
    if (log != NULL && (level < HPO_LOG_ERROR || level > HPO_LOG_DEBUG))
        return hpo__fail(err, HPO_E_INVALID, "log level %d is not in %d ... %d", (int)level, (int)HPO_LOG_ERROR, (int)HPO_LOG_DEBUG);
    hpo_status status = hpo__study_lock(study, err);
    if (status != HPO_OK)
        return status;
    if (study->running) {
        status = hpo__fail(err, HPO_E_BUSY, "the log callback cannot change while the study runs");
    } else {
        study->log       = log;
        study->log_user  = user;
        study->log_level = level;
    }
    hpo__study_unlock(study);
    return status;
}

hpo_status hpo_study_on_trial(hpo_study *study, hpo_trial_callback done, void *user, hpo_error *err) {
    if (study == NULL)
        return hpo__fail(err, HPO_E_INVALID, "the study is NULL");
    hpo_status status = hpo__study_lock(study, err);
    if (status != HPO_OK)
        return status;
    if (study->running) {
        status = hpo__fail(err, HPO_E_BUSY, "the trial callback cannot change while the study runs");
    } else {
        study->on_trial      = done;
        study->on_trial_user = user;
    }
    hpo__study_unlock(study);
    return status;
}

/* ---- strategy ---- */

/* A table from a newer header is fine as long as it does not use what this library does not know. */
static bool zero_tail(const hpo_strategy_ops *ops) {
    const unsigned char *bytes = (const unsigned char *)ops;
    for (size_t i = sizeof *ops; i < ops->struct_size && i < 4096; i++)
        if (bytes[i] != 0)
            return false;
    return ops->struct_size <= 4096;
}

static hpo_status check_strategy(const hpo_strategy_ops *ops, hpo_error *err) {
    if (ops == NULL)
        return hpo__fail(err, HPO_E_INVALID, "the strategy's ops table is NULL");
    if (ops->struct_size < sizeof(hpo_strategy_ops) || !zero_tail(ops) || ops->abi_version != HPO_STRATEGY_ABI)
        return hpo__fail(err, HPO_E_ABI, "the strategy's table has size %u and version %u, this library takes size %zu and version %d",
                         ops->struct_size, ops->abi_version, sizeof(hpo_strategy_ops), HPO_STRATEGY_ABI);
    if (ops->name == NULL || ops->name[0] == '\0' || ops->ask == NULL)
        return hpo__fail(err, HPO_E_INVALID, "a strategy needs a name and an ask function");
    for (const hpo_setting *row = ops->settings; row != NULL && row->name != NULL; row++)
        for (size_t i = 0; i < hpo_setting_count(); i++)
            if (strcmp(row->name, hpo_setting_name(i)) == 0)
                return hpo__fail(err, HPO_E_EXISTS, "strategy '%.100s': libhpo has a setting '%s' already", ops->name, row->name);
    if ((ops->create == NULL) != (ops->destroy == NULL))
        return hpo__fail(err, HPO_E_INVALID, "strategy '%.100s' must have both create and destroy, or neither", ops->name);
    return HPO_OK;
}

hpo_status hpo_study_use_strategy(hpo_study *study, const hpo_strategy_ops *ops, void *user, hpo_destroy destroy, hpo_error *err) {
    hpo_status status = study == NULL ? hpo__fail(err, HPO_E_INVALID, "the study is NULL") : check_strategy(ops, err);
    if (status == HPO_OK)
        status = hpo__study_lock(study, err);
    if (status == HPO_OK && study->running) {
        hpo__study_unlock(study);
        status = hpo__fail(err, HPO_E_BUSY, "the strategy cannot change while the study runs");
    }
    if (status != HPO_OK) {
        if (destroy != NULL)
            destroy(user);
        return status;
    }
    hpo__study_drop_state(study);
    hpo_destroy old_end       = study->strategy_end;
    void       *old_user      = study->strategy_user;
    study->strategy           = *ops;
    study->strategy_user      = user;
    study->strategy_end       = destroy;
    study->custom             = true;
    study->settings.own_table = ops->settings;
    hpo__settings_prune(&study->settings);
    hpo__study_unlock(study);
    if (old_end != NULL)
        old_end(old_user);
    return HPO_OK;
}

hpo_status hpo__study_strategy_said(const hpo_study *study, hpo_status status, const hpo_error *said, hpo_error *err) {
    if (status >= 0 || err == NULL)
        return status;
    *err      = *said;
    err->code = status;
    if (said->message[0] == '\0')
        hpo__fail(err, status, "strategy '%.100s' failed with %d (%s)", study->strategy.name, (int)status, hpo_status_name(status));
    return status;
}

hpo_status hpo__study_need_state(hpo_study *study, hpo_error *err) {
    if (study->strategy_made)
        return HPO_OK;
    hpo_status status = HPO_OK;
    hpo_error  said   = {0, 0, ""};
    if (study->strategy.create == NULL)
        study->strategy_state = study->strategy_user;
    else
        status = study->strategy.create(study->space, &study->settings, study->strategy_user, &study->strategy_state, &said);
    study->strategy_made = status == HPO_OK;
    return hpo__study_strategy_said(study, status, &said, err);
}

hpo_status hpo_study_total(hpo_study *study, uint64_t *trials, hpo_error *err) {
    if (study == NULL || trials == NULL)
        return hpo__fail(err, HPO_E_INVALID, "study and trials must not be NULL");
    hpo_status status = hpo__study_lock(study, err);
    if (status != HPO_OK)
        return status;
    if (study->strategy.total == NULL) {
        status = hpo__fail(err, HPO_E_UNSUPPORTED, "strategy '%s' has no fixed number of trials", study->strategy.name);
    } else {
        hpo_error said = {0, 0, ""};
        uint64_t  n    = 0;
        status         = hpo__study_need_state(study, err);
        if (status == HPO_OK)
            status = hpo__study_strategy_said(study, study->strategy.total(study->strategy_state, &n, &said), &said, err);
        if (status == HPO_OK)
            *trials = n;
    }
    hpo__study_unlock(study);
    return status;
}
