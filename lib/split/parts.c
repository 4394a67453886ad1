#include "split/parts.h"
#include "base/text.h"
#include <math.h>

hpo_status hpo__split_check(size_t n, const void *out, const char *out_name, hpo_error *err) {
    if (n < 1 || n > INT32_MAX)
        return hpo__fail(err, HPO_E_INVALID, "n = %zu samples: must be 1 ... %ld", n, (long)INT32_MAX);
    if (out == NULL)
        return hpo__fail(err, HPO_E_INVALID, "%s is NULL", out_name);
    return HPO_OK;
}

static hpo_status check_fraction(const char *name, double fraction, hpo_error *err) {
    char text[HPO__NUMBER_SIZE];
    if (!(fraction >= 0 && fraction < 1))
        return hpo__fail(err, HPO_E_INVALID, "%s = %s: must be a fraction, 0 <= %s < 1", name, hpo__number_text(fraction, text), name);
    return HPO_OK;
}

hpo_status hpo__split_sizes(size_t n, double validation, double test, uint32_t size[PARTS], hpo_error *err) {
    char       first[HPO__NUMBER_SIZE], second[HPO__NUMBER_SIZE];
    hpo_status status = check_fraction("validation", validation, err);
    if (status == HPO_OK)
        status = check_fraction("test", test, err);
    if (status != HPO_OK)
        return status;
    hpo__number_text(validation, first);
    hpo__number_text(test, second);
    if (validation + test >= 1)
        return hpo__fail(err, HPO_E_INVALID, "validation = %s and test = %s leave nothing to train on", first, second);
    size[HPO_VALIDATION] = (uint32_t)floor(validation * (double)n + 0.5);
    size[HPO_TEST]       = (uint32_t)floor(test * (double)n + 0.5);
    if (validation > 0 && size[HPO_VALIDATION] == 0)
        return hpo__fail(err, HPO_E_INVALID, "validation = %s of n = %zu samples is none", first, n);
    if (test > 0 && size[HPO_TEST] == 0)
        return hpo__fail(err, HPO_E_INVALID, "test = %s of n = %zu samples is none", second, n);
    if ((size_t)size[HPO_VALIDATION] + size[HPO_TEST] >= n)
        return hpo__fail(err, HPO_E_INVALID, "validation = %s and test = %s of n = %zu samples leave none to train on", first, second, n);
    size[HPO_TRAIN] = (uint32_t)(n - size[HPO_VALIDATION] - size[HPO_TEST]);
    return HPO_OK;
}
