#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static void *standard_resize(void *user, void *block, size_t old_size, size_t new_size) {
    (void)user;
    (void)old_size;
    if (new_size == 0) {
        free(block);
        return NULL;
    }
    return realloc(block, new_size);
}

hpo__alloc hpo__alloc_from(const hpo_allocator *allocator) {
    if (allocator == NULL)
        return (hpo__alloc){NULL, standard_resize};
    if (allocator->struct_size < sizeof(hpo_allocator) || allocator->resize == NULL)
        return (hpo__alloc){NULL, NULL};
    return (hpo__alloc){allocator->user, allocator->resize};
}

static size_t bytes_of(size_t count, size_t size) {
    if (count == 0 || size == 0)
        return 1;
    return count > SIZE_MAX / size ? SIZE_MAX : count * size;
}

void *hpo__alloc_new(const hpo__alloc *alloc, size_t count, size_t size) {
    size_t bytes = bytes_of(count, size);
    return bytes > PTRDIFF_MAX ? NULL : alloc->resize(alloc->user, NULL, 0, bytes);
}

void *hpo__alloc_zero(const hpo__alloc *alloc, size_t count, size_t size) {
    void *block = hpo__alloc_new(alloc, count, size);
    if (block != NULL)
        memset(block, 0, bytes_of(count, size));
    return block;
}

void *hpo__alloc_grow(const hpo__alloc *alloc, void *block, size_t old_count, size_t new_count, size_t size) {
    size_t bytes = bytes_of(new_count, size);
    if (bytes > PTRDIFF_MAX)
        return NULL;
    return alloc->resize(alloc->user, block, block == NULL ? 0 : bytes_of(old_count, size), bytes);
}

void hpo__alloc_free(const hpo__alloc *alloc, void *block, size_t count, size_t size) {
    if (block != NULL)
        alloc->resize(alloc->user, block, bytes_of(count, size), 0);
}

char *hpo__text_copy(const hpo__alloc *alloc, const char *text, size_t length) {
    char *copy = hpo__alloc_new(alloc, length + 1, 1);
    if (copy == NULL)
        return NULL;
    memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

void hpo__text_free(const hpo__alloc *alloc, char *text) {
    if (text != NULL)
        hpo__alloc_free(alloc, text, strlen(text) + 1, 1);
}

size_t hpo__alloc_capacity(size_t capacity, size_t wanted) {
    size_t grown = capacity + capacity / 2 + 8;
    return grown > wanted ? grown : wanted;
}
