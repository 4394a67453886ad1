/* Strategy plug-ins: how a third party decides what to try next. The built-in strategies use this same table. */
#ifndef HPO_STRATEGY_H
#define HPO_STRATEGY_H

#include <hpo/history.h>
#include <hpo/point.h>
#include <hpo/settings.h>
#include <hpo/space.h>

HPO_BEGIN_DECLS

/** Version of the table below, for its `abi_version`. */
#define HPO_STRATEGY_ABI 1

/**
 * Table of a strategy; copied by libhpo, new fields are only ever appended.
 *
 * A strategy is a pure function of (settings, seed, trial number, history). Its `state` is a cache only: libhpo may destroy it at any time and
 * create it again, and the suggestions must be the same. Calls for one study never overlap, but may come from different threads. They run under the
 * study's lock: a strategy must not call functions of a study or a trial (they answer HPO_E_BUSY).
 */
typedef struct hpo_strategy_ops {
    uint32_t    struct_size; /**< sizeof(hpo_strategy_ops) as the strategy knows it. */
    uint32_t    abi_version; /**< HPO_STRATEGY_ABI. */
    const char *name;        /**< Value of the setting "strategy"; static. */
    const char *help;        /**< One line; static. */

    /** Makes the state for a space; `settings`, `space` and `user` outlive it. Optional with `destroy`: without it, `user` is the state. */
    hpo_status (*create)(const hpo_space *space, const hpo_settings *settings, void *user, void **state, hpo_error *err);

    /** Ends a state made by `create`. */
    void (*destroy)(void *state);

    /**
     * Suggests the configuration of trial `number` by setting `out`; unset parameters take their defaults.
     * HPO_EXHAUSTED when there is nothing left to try; an error is reported by ask and optimize, and the trial does not come to be.
     * HPO_OK with a message in `err` is a suggestion with a remark (say, that no model could be fitted): it is logged as a warning, and the same
     * message not again before another one was.
     */
    hpo_status (*ask)(void *state, const hpo_history *history, uint64_t number, hpo_point *out, hpo_error *err);

    /** Optional: trial `number` has just become the last row of the history; update the cache. An error only drops the state. */
    hpo_status (*observe)(void *state, const hpo_history *history, uint64_t number, hpo_error *err);

    /** Optional: number of trials that the strategy will make in all, known in advance (a grid). HPO_E_UNSUPPORTED when it is unbounded or too large to count. */
    hpo_status (*total)(void *state, uint64_t *trials, hpo_error *err);

    /** Settings that this strategy reads besides the study's own, ended by a row with a NULL name; NULL for none. Static. */
    const hpo_setting *settings;
} hpo_strategy_ops;

/** Number of built-in strategies. Any thread. Since 0.1. */
HPO_API size_t hpo_strategy_count(void);

/** Name of built-in strategy `i`, NULL beyond; static. Since 0.1. */
HPO_API const char *hpo_strategy_name(size_t i);

/** One line of help for built-in strategy `i`, NULL beyond; static. Since 0.1. */
HPO_API const char *hpo_strategy_help(size_t i);

HPO_END_DECLS

#endif /* HPO_STRATEGY_H */
