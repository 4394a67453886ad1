/* Files that are written whole or not at all. */
#ifndef HPO_BASE_FILE_H
#define HPO_BASE_FILE_H

#include "base/alloc.h"
#include "base/error.h"

/*
 * Makes `length` bytes the contents of the file `path`. They are written beside it and renamed, so that a full disk or a kill leaves the old file alone;
 * its permissions stay. A device or pipe cannot be replaced and is written to directly. HPO_E_IO, HPO_E_NOMEM.
 */
hpo_status hpo__file_write(const hpo__alloc *alloc, const char *path, const char *data, size_t length, hpo_error *err);

#endif
