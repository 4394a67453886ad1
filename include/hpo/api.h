/* Export macro and C linkage, used by every other header of libhpo. */
#ifndef HPO_API_H
#define HPO_API_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32) && !defined(HPO_STATIC)
#ifdef HPO_BUILD
#define HPO_API __declspec(dllexport)
#else
#define HPO_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define HPO_API __attribute__((visibility("default")))
#else
#define HPO_API
#endif

#ifdef __cplusplus
#define HPO_BEGIN_DECLS extern "C" {
#define HPO_END_DECLS   }
#else
#define HPO_BEGIN_DECLS
#define HPO_END_DECLS
#endif

#endif /* HPO_API_H */
