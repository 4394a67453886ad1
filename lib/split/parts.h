/* What splits by chance and by time share: the checks and the sizes of the parts. */
#ifndef HPO_SPLIT_PARTS_H
#define HPO_SPLIT_PARTS_H

#include "base/error.h"
#include <hpo/split.h>

enum { PARTS = 3, UNUSED = 255 };

/* n must be 1 ... 2^31 - 1 (sample, class and group numbers are kept in 31 bits) and `out` not NULL. */
hpo_status hpo__split_check(size_t n, const void *out, const char *out_name, hpo_error *err);

/* size[HPO_TRAIN], size[HPO_VALIDATION], size[HPO_TEST]: the fractions of n to the nearest sample; HPO_E_INVALID for bad fractions and for a wanted part
 * without samples. */
hpo_status hpo__split_sizes(size_t n, double validation, double test, uint32_t size[PARTS], hpo_error *err);

#endif
