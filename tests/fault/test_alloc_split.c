/* The splitters take no allocator: here malloc's family itself fails, wrapped by the linker, so this test links the static library. */
#include <hpo.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void  __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void  __wrap_free(void *block);

static bool     counting, persistent;
static uint64_t calls, fail_at, refused, all_refused;
static long     blocks;

static bool refuse(void) {
    if (!counting)
        return false;
    calls++;
    bool now = fail_at > 0 && (calls == fail_at || (persistent && calls > fail_at));
    refused += now;
    all_refused += now;
    return now;
}

void *__wrap_malloc(size_t size) {
    if (refuse())
        return NULL;
    blocks += counting;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    if (refuse())
        return NULL;
    blocks += counting;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size) {
    if (size > 0 && refuse())
        return NULL;
    blocks += counting && block == NULL;
    return __real_realloc(block, size);
}

void __wrap_free(void *block) {
    blocks -= counting && block != NULL;
    __real_free(block);
}

/* ---- the splitters ---- */

enum { N = 200 };

static int64_t strata[N], groups[N];
static double  times[N];

typedef hpo_status (*splitter)(uint32_t *out, hpo_error *err);

static hpo_status widen(hpo_status status, const uint8_t *part, uint32_t *out) {
    for (size_t i = 0; status == HPO_OK && i < N; i++)
        out[i] = part[i];
    return status;
}

static hpo_status plain_folds(uint32_t *out, hpo_error *err) {
    return hpo_split_kfold(N, 5, NULL, NULL, 7, out, err);
}

static hpo_status stratified_folds(uint32_t *out, hpo_error *err) {
    return hpo_split_kfold(N, 5, strata, NULL, 7, out, err);
}

static hpo_status grouped_folds(uint32_t *out, hpo_error *err) {
    return hpo_split_kfold(N, 5, strata, groups, 7, out, err);
}

static hpo_status plain_holdout(uint32_t *out, hpo_error *err) {
    uint8_t part[N];
    return widen(hpo_split_holdout(N, 0.2, 0.2, NULL, NULL, 7, part, err), part, out);
}

static hpo_status stratified_holdout(uint32_t *out, hpo_error *err) {
    uint8_t part[N];
    return widen(hpo_split_holdout(N, 0.2, 0.2, strata, NULL, 7, part, err), part, out);
}

static hpo_status grouped_holdout(uint32_t *out, hpo_error *err) {
    uint8_t part[N];
    return widen(hpo_split_holdout(N, 0.2, 0.2, strata, groups, 7, part, err), part, out);
}

static hpo_status by_time(uint32_t *out, hpo_error *err) {
    uint8_t part[N];
    return widen(hpo_split_time(N, 0.2, 0.2, times, 1, part, err), part, out);
}

static hpo_status time_folds(uint32_t *out, hpo_error *err) {
    return hpo_split_time_folds(N, 4, times, out, err);
}

static hpo_status run(splitter split, uint64_t at, bool for_good, uint32_t *out, hpo_error *err) {
    calls = refused   = 0;
    blocks            = 0;
    fail_at           = at;
    persistent        = for_good;
    counting          = true;
    hpo_status status = split(out, err);
    counting          = false;
    return status;
}

static void test_every_allocation(void **state) {
    (void)state;
    static const splitter splitters[] = {plain_folds,        stratified_folds, grouped_folds, plain_holdout,
                                         stratified_holdout, grouped_holdout,  by_time,       time_folds};
    static uint32_t       wanted[N], out[N];
    for (size_t i = 0; i < N; i++) {
        strata[i] = (int64_t)(i * i % 3);
        groups[i] = (int64_t)(i / 4);
        times[i]  = (double)(i * 37 % 101);
    }
    for (size_t s = 0; s < COUNT(splitters); s++) {
        assert_int_equal(run(splitters[s], 0, false, wanted, NULL), HPO_OK);
        assert_int_equal(blocks, 0);
        for (int for_good = 0; for_good < 2; for_good++)
            for (uint64_t n = 1; refused > 0 || n == 1; n++) {
                hpo_error  report = {0, 0, ""};
                hpo_status status = run(splitters[s], n, for_good != 0, out, &report);
                assert_int_equal(blocks, 0);
                if (refused == 0)
                    assert_int_equal(status, HPO_OK);
                else if (status != HPO_E_NOMEM || report.code != HPO_E_NOMEM || report.message[0] == '\0')
                    fail_msg("splitter %d, allocation %d: %s", (int)s, (int)n, hpo_status_name(status));
                assert_int_equal(run(splitters[s], 0, false, out, NULL), HPO_OK); /* it works again */
                assert_memory_equal(out, wanted, sizeof out);
                refused = status == HPO_E_NOMEM;
            }
    }
    assert_true(all_refused > COUNT(splitters)); /* the linker did wrap the library's calls */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
