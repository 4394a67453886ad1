/* Memory through the host's allocator. */
#ifndef HPO_BASE_ALLOC_H
#define HPO_BASE_ALLOC_H

#include <hpo/allocator.h>

/* Where an object's memory comes from; held by value, so that a small object needs no second allocation. */
typedef struct hpo__alloc {
    void *user;
    void *(*resize)(void *user, void *block, size_t old_size, size_t new_size);
} hpo__alloc;

/* malloc's family when `allocator` is NULL; resize NULL in the result when the allocator is not usable. */
hpo__alloc hpo__alloc_from(const hpo_allocator *allocator);

/* NULL when out of memory, or when count * size overflows. Sizes of 0 give one byte. */
void *hpo__alloc_new(const hpo__alloc *alloc, size_t count, size_t size);
void *hpo__alloc_zero(const hpo__alloc *alloc, size_t count, size_t size);
/* Keeps the old block on failure. old_count and size must be those of the block. */
void *hpo__alloc_grow(const hpo__alloc *alloc, void *block, size_t old_count, size_t new_count, size_t size);
void  hpo__alloc_free(const hpo__alloc *alloc, void *block, size_t count, size_t size);

/* Copy of a text of `length` bytes with a final NUL; freed by hpo__text_free. */
char *hpo__text_copy(const hpo__alloc *alloc, const char *text, size_t length);
void  hpo__text_free(const hpo__alloc *alloc, char *text);

/* Next capacity of a growing array: at least `wanted`, half again as large as before. */
size_t hpo__alloc_capacity(size_t capacity, size_t wanted);

#endif
