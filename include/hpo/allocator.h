/* The host's memory allocator, optional. */
#ifndef HPO_ALLOCATOR_H
#define HPO_ALLOCATOR_H

#include <hpo/api.h>

HPO_BEGIN_DECLS

/**
 * Allocator given to hpo_space_new(); copied, and inherited by everything made from that space.
 *
 * `resize` allocates (block NULL), resizes, or frees (new_size 0) and returns NULL when out of memory or after a free;
 * on failure the old block stays valid. Blocks are aligned for any type. It is called from any thread that uses the objects, at times concurrently.
 */
typedef struct hpo_allocator {
    uint32_t struct_size; /**< sizeof(hpo_allocator) as the caller knows it. */
    uint32_t reserved;    /**< 0. */
    void    *user;        /**< Passed to `resize`. */
    /** Allocates, resizes and frees, as said above. */
    void *(*resize)(void *user, void *block, size_t old_size, size_t new_size);
} hpo_allocator;

HPO_END_DECLS

#endif /* HPO_ALLOCATOR_H */
