/* Filling hpo_error. */
#ifndef HPO_BASE_ERROR_H
#define HPO_BASE_ERROR_H

#include <hpo/status.h>

#if defined(__GNUC__)
#define HPO__PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define HPO__PRINTF(text, first)
#endif

/* Fills `err` (may be NULL) and returns `status`. The text is cut at a UTF-8 boundary; numbers in it come through hpo__number_text, never %g. */
hpo_status hpo__fail(hpo_error *err, hpo_status status, const char *format, ...) HPO__PRINTF(3, 4);
/* The same with errno's cause appended. */
hpo_status hpo__fail_errno(hpo_error *err, hpo_status status, int sys_errno, const char *format, ...) HPO__PRINTF(4, 5);
hpo_status hpo__fail_nomem(hpo_error *err);

/* A static analyzer sees one file at a time, so what callers rely on must stand here: the status comes back. error.c itself is left out. */
#if defined(__clang_analyzer__) && !defined(HPO__ERROR_C)
#define hpo__fail(err, status, ...)              ((void)(hpo__fail)(err, status, __VA_ARGS__), (hpo_status)(status))
#define hpo__fail_errno(err, status, cause, ...) ((void)(hpo__fail_errno)(err, status, cause, __VA_ARGS__), (hpo_status)(status))
#define hpo__fail_nomem(err)                     ((void)(hpo__fail_nomem)(err), (hpo_status)HPO_E_NOMEM)
#endif

#endif
