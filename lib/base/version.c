#include <hpo/version.h>

#ifndef HPO__HAVE_GSL
#error "the build says whether GSL is linked: define HPO__HAVE_GSL to 0 or 1"
#endif

#define TEXT_OF(x)   #x
#define TEXT(x)      TEXT_OF(x)
#define VERSION_TEXT TEXT(HPO_VERSION_MAJOR) "." TEXT(HPO_VERSION_MINOR) "." TEXT(HPO_VERSION_PATCH)

uint32_t hpo_version(void) {
    return HPO_VERSION;
}

const char *hpo_version_string(void) {
    return VERSION_TEXT;
}

const char *hpo_build_info(void) {
#if HPO__HAVE_GSL
    return "libhpo " VERSION_TEXT "; gsl: yes (the binary is under the GPL, see docs/licences.md)";
#else
    return "libhpo " VERSION_TEXT "; gsl: no (MIT only)";
#endif
}
