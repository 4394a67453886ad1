/* Version of the header and of the library that is linked. */
#ifndef HPO_VERSION_H
#define HPO_VERSION_H

#include <hpo/api.h>

#define HPO_VERSION_MAJOR 0 /**< Rises with a break of the ABI. */
#define HPO_VERSION_MINOR 1 /**< Rises with new functions. */
#define HPO_VERSION_PATCH 0 /**< Rises with corrections only. */
/** Version of this header as one number, 10000 * major + 100 * minor + patch. */
#define HPO_VERSION (HPO_VERSION_MAJOR * 10000 + HPO_VERSION_MINOR * 100 + HPO_VERSION_PATCH)

HPO_BEGIN_DECLS

/** Version of the linked library, 10000 * major + 100 * minor + patch. Any thread. Since 0.1. */
HPO_API uint32_t hpo_version(void);

/** Version of the linked library as static text, "0.1.0". Any thread. Since 0.1. */
HPO_API const char *hpo_version_string(void);

/** How the linked library was built, as static text such as "libhpo 0.1.0; gsl: yes"; says whether GPL code (GSL) is linked. Any thread. Since 0.1. */
HPO_API const char *hpo_build_info(void);

HPO_END_DECLS

#endif /* HPO_VERSION_H */
