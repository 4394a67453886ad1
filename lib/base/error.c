#define HPO__ERROR_C
#include "base/error.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* vsnprintf may cut a UTF-8 sequence in two: drops the broken end. */
static void drop_cut_sequence(char *text) {
    size_t length = strlen(text), tail = 1;
    while (tail < 4 && tail < length && ((unsigned char)text[length - tail] & 0xc0) == 0x80)
        tail++;
    if (length > 0 && !hpo__utf8_valid(text + length - tail, tail))
        text[length - tail] = '\0';
}

/* The message is UTF-8 whatever the caller's names and values are, and zeros follow it: errors are copied and compared whole. */
static void polish(hpo_error *err, bool cut) {
    if (cut)
        drop_cut_sequence(err->message);
    hpo__utf8_mend(err->message);
    size_t length = strlen(err->message);
    memset(err->message + length, 0, sizeof err->message - length);
}

HPO__PRINTF(4, 0) static void fill(hpo_error *err, hpo_status status, int sys_errno, const char *format, va_list arguments) {
    err->code      = status;
    err->sys_errno = sys_errno;
    int length     = vsnprintf(err->message, sizeof err->message, format, arguments);
    if (length < 0)
        err->message[0] = '\0';
    polish(err, length >= (int)sizeof err->message);
}

hpo_status hpo__fail(hpo_error *err, hpo_status status, const char *format, ...) {
    if (err != NULL) {
        va_list arguments;
        va_start(arguments, format);
        fill(err, status, 0, format, arguments);
        va_end(arguments);
    }
    return status;
}

hpo_status hpo__fail_errno(hpo_error *err, hpo_status status, int sys_errno, const char *format, ...) {
    if (err != NULL) {
        va_list arguments;
        va_start(arguments, format);
        fill(err, status, sys_errno, format, arguments);
        va_end(arguments);
        char   cause[128];
        size_t length = strlen(err->message);
        if (strerror_r(sys_errno, cause, sizeof cause) == 0 && length + 3 < sizeof err->message) {
            snprintf(err->message + length, sizeof err->message - length, ": %s", cause);
            polish(err, true);
        }
    }
    return status;
}

hpo_status hpo__fail_nomem(hpo_error *err) {
    return hpo__fail(err, HPO_E_NOMEM, "out of memory");
}

const char *hpo_status_name(hpo_status status) {
    if (status <= HPO_E_HOST)
        return "HPO_E_HOST";
    switch (status) {
    case HPO_OK:
        return "HPO_OK";
    case HPO_PRUNED:
        return "HPO_PRUNED";
    case HPO_STOPPED:
        return "HPO_STOPPED";
    case HPO_EXHAUSTED:
        return "HPO_EXHAUSTED";
    case HPO_E_INVALID:
        return "HPO_E_INVALID";
    case HPO_E_NOMEM:
        return "HPO_E_NOMEM";
    case HPO_E_STATE:
        return "HPO_E_STATE";
    case HPO_E_NOT_FOUND:
        return "HPO_E_NOT_FOUND";
    case HPO_E_EXISTS:
        return "HPO_E_EXISTS";
    case HPO_E_UNSUPPORTED:
        return "HPO_E_UNSUPPORTED";
    case HPO_E_BUSY:
        return "HPO_E_BUSY";
    case HPO_E_IO:
        return "HPO_E_IO";
    case HPO_E_CORRUPT:
        return "HPO_E_CORRUPT";
    case HPO_E_ABI:
        return "HPO_E_ABI";
    case HPO_E_NUMERIC:
        return "HPO_E_NUMERIC";
    case HPO_E_BUFFER:
        return "HPO_E_BUFFER";
    case HPO_E_STALE:
        return "HPO_E_STALE";
    case HPO_E_CALLBACK:
        return "HPO_E_CALLBACK";
    case HPO_E_INTERNAL:
        return "HPO_E_INTERNAL";
    default:
        return "unknown status";
    }
}
