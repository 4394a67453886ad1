/* An allocator that counts what is out, insists on the sizes it gave, and can refuse. Include cmocka.h first. */
#ifndef HPO_TESTS_FAIL_ALLOC_H
#define HPO_TESTS_FAIL_ALLOC_H

#include <hpo/allocator.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

typedef struct fail_alloc {
    uint64_t fail_at; /* this request (counted from 0) is refused; 0: none, as an object needs its first */
    bool     forever; /* and all after it */
    size_t   limit;   /* larger blocks are refused; 0: none */
    uint64_t requests;
    size_t   bytes, blocks; /* out at present */
} fail_alloc;

static inline void *fail_resize(void *user, void *block, size_t old_size, size_t new_size) {
    fail_alloc *f = user;
    assert_true((block == NULL) == (old_size == 0));
    if (block != NULL)
        assert_true(f->bytes >= old_size && f->blocks > 0);
    if (new_size == 0) {
        f->bytes -= old_size;
        f->blocks -= block != NULL;
        free(block);
        return NULL;
    }
    uint64_t number = f->requests++;
    bool     refuse = f->fail_at > 0 && (number == f->fail_at || (f->forever && number > f->fail_at));
    if (refuse || (f->limit > 0 && new_size > f->limit))
        return NULL;
    void *result = realloc(block, new_size);
    if (result != NULL) {
        f->bytes = f->bytes - old_size + new_size;
        f->blocks += block == NULL;
    }
    return result;
}

static inline hpo_allocator fail_allocator(fail_alloc *f) {
    return (hpo_allocator){.struct_size = sizeof(hpo_allocator), .user = f, .resize = fail_resize};
}

#endif
