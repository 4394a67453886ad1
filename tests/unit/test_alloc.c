/* The host's allocator: which ones are usable, sizes that would overflow, and that every block is given back with the size it had. */
#include "base/alloc.h"

#include "space/space.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../common/fail_alloc.h"
#include "../common/random_space.h"

static void usable_allocators(void **unused) {
    (void)unused;
    fail_alloc    f         = {0};
    hpo_allocator allocator = fail_allocator(&f);
    assert_non_null(hpo__alloc_from(NULL).resize);
    assert_ptr_equal(hpo__alloc_from(&allocator).user, &f);
    hpo_space *space = hpo_space_new(&allocator);
    assert_non_null(space);
    assert_true(f.bytes > 0);
    hpo_space_free(space);
    assert_int_equal(f.bytes, 0);

    /* One of a later version, with fields that this library does not know, will do; a shorter one, or one without a function, not. */
    struct {
        hpo_allocator known;
        void         *later;
    } longer                 = {allocator, NULL};
    longer.known.struct_size = sizeof longer;
    space                    = hpo_space_new(&longer.known);
    assert_non_null(space);
    hpo_space_free(space);
    allocator.struct_size = sizeof allocator - 1;
    assert_null(hpo_space_new(&allocator));
    allocator.struct_size = 0;
    assert_null(hpo_space_new(&allocator));
    allocator.struct_size = sizeof allocator;
    allocator.resize      = NULL;
    assert_null(hpo_space_new(&allocator));
}

static void sizes_that_overflow(void **unused) {
    (void)unused;
    fail_alloc    f         = {0};
    hpo_allocator allocator = fail_allocator(&f);
    hpo__alloc    alloc     = hpo__alloc_from(&allocator);
    assert_null(hpo__alloc_new(&alloc, SIZE_MAX, 8));
    assert_null(hpo__alloc_new(&alloc, SIZE_MAX / 8 + 2, 8));
    assert_null(hpo__alloc_new(&alloc, (size_t)PTRDIFF_MAX + 1, 1));
    assert_null(hpo__alloc_zero(&alloc, SIZE_MAX / 2, 16));
    char *block = hpo__alloc_new(&alloc, 10, 1);
    assert_null(hpo__alloc_grow(&alloc, block, 10, SIZE_MAX, 3));
    assert_int_equal(f.requests, 1); /* the host was not even asked */
    hpo__alloc_free(&alloc, block, 10, 1);
    void *none = hpo__alloc_new(&alloc, 0, 8); /* nothing is still something */
    assert_non_null(none);
    hpo__alloc_free(&alloc, none, 0, 8);
    hpo__alloc_free(&alloc, NULL, 10, 8);
    assert_int_equal(f.bytes, 0);
    assert_int_equal(f.blocks, 0);
    for (size_t c = 0; c < 1000; c++)
        assert_true(hpo__alloc_capacity(c, c + 1) >= c + 1 && hpo__alloc_capacity(c, 5000) >= 5000);
}

static void zeroed_and_kept(void **unused) {
    (void)unused;
    hpo__alloc alloc = hpo__alloc_from(NULL);
    char      *block = hpo__alloc_zero(&alloc, 100, 1);
    assert_non_null(block);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(block[i], 0);
    memset(block, 'x', 100);
    block = hpo__alloc_grow(&alloc, block, 100, 100000, 1);
    assert_non_null(block);
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(block[i], 'x');
    hpo__alloc_free(&alloc, block, 100000, 1);
    char *copy = hpo__text_copy(&alloc, "abcdef", 3);
    assert_string_equal(copy, "abc");
    hpo__text_free(&alloc, copy);
    hpo__text_free(&alloc, NULL);
}

/* fail_resize insists on the sizes; a space of every kind, its copy and its JSON give all of it back. */
static void everything_is_given_back(void **unused) {
    (void)unused;
    for (uint64_t seed = 0; seed < 200; seed++) {
        fail_alloc    f         = {0};
        hpo_allocator allocator = fail_allocator(&f);
        rs_space      s;
        rs_draw_space(seed, RS_MOST, 3, &s);
        hpo_space *space = rs_build(&s, &allocator), *copy = NULL;
        assert_int_equal(hpo__space_copy(space, &copy, NULL), HPO_OK);
        HOLDS(hpo__space_equal(space, copy) && hpo__space_equal(copy, space) && hpo__space_equal(space, space), seed, "copy");
        size_t need = 0;
        assert_int_equal(hpo_space_to_json(copy, NULL, 0, &need, NULL), HPO_E_BUFFER);
        hpo_space_free(space);
        for (size_t i = 0; i < s.size; i++) /* the copy stands alone */
            assert_string_equal(hpo_space_name(copy, i), s.parameters[i].name);
        hpo_space_free(copy);
        HOLDS(f.bytes == 0 && f.blocks == 0, seed, "%zu bytes in %zu blocks are left", f.bytes, f.blocks);
    }
}

/* Spaces that differ in one thing are not equal. */
static void differences_are_seen(void **unused) {
    (void)unused;
    static const char *const texts[] = {
        "{\"parameters\": {\"a\": {\"type\": \"bool\"}, \"x\": {\"type\": \"float\", \"low\": 0, \"high\": 1}}}",
        "{\"parameters\": {\"a\": {\"type\": \"bool\"}, \"y\": {\"type\": \"float\", \"low\": 0, \"high\": 1}}}",
        "{\"parameters\": {\"a\": {\"type\": \"bool\"}, \"x\": {\"type\": \"float\", \"low\": 0, \"high\": 2}}}",
        "{\"parameters\": {\"a\": {\"type\": \"bool\"}, \"x\": {\"type\": \"float\", \"low\": -1, \"high\": 1}}}",
        "{\"parameters\": {\"a\": {\"type\": \"bool\"}, \"x\": {\"type\": \"int\", \"low\": 0, \"high\": 1}}}",
        "{\"parameters\": {\"a\": {\"type\": \"bool\"}, \"x\": {\"type\": \"float\", \"low\": 0, \"high\": 1, \"step\": 0.5}}}",
        "{\"parameters\": {\"a\": {\"type\": \"bool\"}, \"x\": {\"type\": \"float\", \"low\": 0, \"high\": 1, \"when\": {\"a\": true}}}}",
        "{\"parameters\": {\"a\": {\"type\": \"bool\"}, \"x\": {\"type\": \"float\", \"low\": 0, \"high\": 1, \"when\": {\"a\": false}}}}",
        "{\"parameters\": {\"a\": {\"type\": \"bool\"}}}",
        "{\"parameters\": {\"x\": {\"type\": \"float\", \"low\": 0, \"high\": 1}, \"a\": {\"type\": \"bool\"}}}",
        "{\"parameters\": {\"a\": {\"type\": \"categorical\", \"choices\": [\"p\", \"q\"]}}}",
        "{\"parameters\": {\"a\": {\"type\": \"categorical\", \"choices\": [\"p\", \"r\"]}}}",
        "{\"parameters\": {\"a\": {\"type\": \"ordinal\", \"levels\": [1, 2, 4]}}}",
        "{\"parameters\": {\"a\": {\"type\": \"ordinal\", \"levels\": [1, 3, 4]}}}",
        "{\"parameters\": {\"a\": {\"type\": \"float\", \"low\": 1, \"high\": 2}}}",
        "{\"parameters\": {\"a\": {\"type\": \"float\", \"low\": 1, \"high\": 2, \"scale\": \"log\"}}}",
    };
    enum { N = sizeof texts / sizeof texts[0] };
    hpo_space *spaces[N];
    for (size_t i = 0; i < N; i++)
        assert_int_equal(hpo_space_from_json(texts[i], strlen(texts[i]), NULL, &spaces[i], NULL), HPO_OK);
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++)
            HOLDS(hpo__space_equal(spaces[i], spaces[j]) == (i == j), i, "and %zu", j);
    for (size_t i = 0; i < N; i++)
        hpo_space_free(spaces[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usable_allocators),        cmocka_unit_test(sizes_that_overflow),  cmocka_unit_test(zeroed_and_kept),
        cmocka_unit_test(everything_is_given_back), cmocka_unit_test(differences_are_seen),
    };
    return cmocka_run_group_tests_name("alloc", tests, NULL, NULL);
}
