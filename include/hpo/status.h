/* Status codes and error text: what every fallible function of libhpo returns and fills. */
#ifndef HPO_STATUS_H
#define HPO_STATUS_H

#include <hpo/api.h>

HPO_BEGIN_DECLS

/** Result of a call: 0 is success, > 0 is benign news, < 0 is an error, <= HPO_E_HOST is the host's own code. */
typedef int32_t hpo_status;

/* Codes marked as reserved are not returned by this version. */
enum {
    HPO_OK        = 0, /**< Done. */
    HPO_PRUNED    = 1, /**< Returned by an objective: the trial was ended early. */
    HPO_STOPPED   = 2, /**< A stop was requested, by hpo_study_stop() or by a callback. */
    HPO_EXHAUSTED = 3, /**< The strategy has nothing left to suggest. */

    HPO_E_INVALID     = -1,   /**< An argument or a value is not acceptable; the message names it. */
    HPO_E_NOMEM       = -2,   /**< The allocator refused; the object is as it was before the call. */
    HPO_E_STATE       = -3,   /**< The call does not fit the state of the object (telling a trial twice). */
    HPO_E_NOT_FOUND   = -4,   /**< No parameter, setting or trial of that name or number. */
    HPO_E_EXISTS      = -5,   /**< The name is taken. */
    HPO_E_UNSUPPORTED = -6,   /**< Not possible with this strategy, space or build. */
    HPO_E_BUSY        = -7,   /**< The study is running, or must first hear of other trials. */
    HPO_E_IO          = -8,   /**< Reading or writing failed; hpo_error.sys_errno has the cause. */
    HPO_E_CORRUPT     = -9,   /**< Stored or given data is damaged. Reserved. */
    HPO_E_ABI         = -10,  /**< A struct or table was built for an incompatible version. */
    HPO_E_NUMERIC     = -11,  /**< A computation broke down. Reserved. */
    HPO_E_BUFFER      = -12,  /**< The caller's buffer is too small; the needed size is reported. */
    HPO_E_STALE       = -13,  /**< The trial is no longer this caller's. Reserved. */
    HPO_E_CALLBACK    = -14,  /**< A callback of the host failed. */
    HPO_E_INTERNAL    = -99,  /**< A defect of libhpo; please report it. Reserved. */
    HPO_E_HOST        = -1000 /**< This and everything below belongs to the host and passes through unchanged. */
};

/**
 * Error report of one call, laid out by the caller and frozen at 512 bytes.
 *
 * Every fallible function takes `hpo_error *err` last; NULL is allowed. On an error the function fills it; on success and
 * on benign statuses it is left untouched.
 */
typedef struct hpo_error {
    int32_t code;         /**< The hpo_status that was returned. */
    int32_t sys_errno;    /**< errno of the failed system call, else 0. */
    char    message[504]; /**< UTF-8, NUL-terminated; names the parameter and the offending value. */
} hpo_error;

/** Name of a status such as "HPO_E_INVALID"; static text, "HPO_E_HOST" at and below -1000, "unknown status" otherwise. Any thread. Since 0.1. */
HPO_API const char *hpo_status_name(hpo_status status);

HPO_END_DECLS

#endif /* HPO_STATUS_H */
