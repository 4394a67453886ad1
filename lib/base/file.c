#include "base/file.h"

#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_NAMES = 1000 };

static bool write_all(int file, const char *data, size_t length) {
    while (length > 0) {
        ssize_t written = write(file, data, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        data += written;
        length -= (size_t)written;
    }
    return true;
}

/* Closes whatever happened before; answers whether everything went well, with errno of the first failure. */
static bool close_after(int file, bool good) {
    int  reason = errno;
    bool closed = close(file) == 0;
    if (!good)
        errno = reason;
    return good && closed;
}

/*
 * A new file in the target's folder, under a name that does not grow with the target's. O_EXCL keeps off the files of other threads and processes, what a killed
 * process left, and links that somebody laid there to lead the writing elsewhere.
 */
static int open_beside(const char *path, hpo__text *name) {
    const char *slash = strrchr(path, '/');
    for (int i = 0; i < MOST_NAMES; i++) {
        name->length = 0;
        hpo__text_add_bytes(name, path, slash == NULL ? 0 : (size_t)(slash - path) + 1);
        hpo__text_printf(name, ".hpo-%ld-%d.tmp", (long)getpid(), i);
        if (name->failed) {
            errno = ENOMEM;
            return -1;
        }
        int file = open(name->data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file >= 0 || errno != EEXIST)
            return file;
    }
    return -1;
}

/* `old`: the file to be replaced, NULL when there is none. */
static bool write_beside(const char *path, hpo__text *name, const struct stat *old, const char *data, size_t length) {
    int file = open_beside(path, name);
    if (file < 0)
        return false;
    bool good = old == NULL || fchmod(file, old->st_mode & 07777) == 0;
    good      = good && write_all(file, data, length) && fsync(file) == 0;
    good      = close_after(file, good) && rename(name->data, path) == 0;
    if (!good) {
        int reason = errno;
        unlink(name->data);
        errno = reason;
    }
    return good;
}

static bool write_directly(const char *path, const char *data, size_t length) {
    int file = open(path, O_WRONLY | O_CLOEXEC);
    return file >= 0 && close_after(file, write_all(file, data, length));
}

hpo_status hpo__file_write(const hpo__alloc *alloc, const char *path, const char *data, size_t length, hpo_error *err) {
    struct stat old;
    hpo__text   name;
    bool        exists = stat(path, &old) == 0, written = false;
    hpo__text_init(&name, alloc);
    if (exists && S_ISDIR(old.st_mode))
        errno = EISDIR;
    else if (exists && !S_ISREG(old.st_mode))
        written = write_directly(path, data, length);
    else if (!exists || access(path, W_OK) == 0) /* a file that is protected from writing is not replaced either */
        written = write_beside(path, &name, exists ? &old : NULL, data, length);
    int        reason = errno;
    bool       nomem  = name.failed;
    hpo_status status = HPO_OK;
    hpo__text_end(&name);
    if (nomem)
        status = hpo__fail_nomem(err);
    else if (!written)
        status = hpo__fail_errno(err, HPO_E_IO, reason, "cannot write '%.300s'", path);
    return status;
}
