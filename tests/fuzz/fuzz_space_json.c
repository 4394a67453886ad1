/* Any bytes as the JSON text of a space: refused with a proper message, or a sound space that survives being written and read. */
#include "check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    hpo_error  error  = {0, 0, ""};
    hpo_space *space  = NULL;
    hpo_status status = hpo_space_from_json((const char *)data, size, NULL, &space, &error);
    check_error(status, &error);
    if (status != HPO_OK) {
        CHECK(space == NULL && (status == HPO_E_INVALID || status == HPO_E_EXISTS || status == HPO_E_NOT_FOUND));
        return 0;
    }
    check_space(space);
    hpo_space_free(space);
    return 0;
}
