/* The layout of the structs that a caller lays out, and the values of all enumerators: frozen, old binaries have them built in. */
#include <hpo.h>
#include <stddef.h>
#include <stdio.h>

#define POINTER sizeof(void *)

static int failures;

static void expect(const char *what, long long value, long long frozen) {
    if (value != frozen) {
        printf("%s is %lld, frozen at %lld\n", what, value, frozen);
        failures++;
    }
}

#define SIZE(type, size)           expect("sizeof(" #type ")", (long long)sizeof(type), (long long)(size))
#define FIELD(type, field, offset) expect("offset of " #type "." #field, (long long)offsetof(type, field), (long long)(offset))
#define VALUE(name, value)         expect(#name, (long long)(name), (value))

static void check_structs(void) {
    SIZE(hpo_status, 4);

    SIZE(hpo_error, 512);
    FIELD(hpo_error, code, 0);
    FIELD(hpo_error, sys_errno, 4);
    FIELD(hpo_error, message, 8);

    SIZE(hpo_allocator, 8 + 2 * POINTER);
    FIELD(hpo_allocator, struct_size, 0);
    FIELD(hpo_allocator, reserved, 4);
    FIELD(hpo_allocator, user, 8);
    FIELD(hpo_allocator, resize, 8 + POINTER);

    hpo_setting  row      = {"", "", "", "", ""};
    const char **fields[] = {&row.name, &row.type, &row.initial, &row.range, &row.help}; /* a field of another type would not compile */
    SIZE(hpo_setting, (sizeof fields / sizeof *fields) * POINTER);
    FIELD(hpo_setting, name, 0);
    FIELD(hpo_setting, type, POINTER);
    FIELD(hpo_setting, initial, 2 * POINTER);
    FIELD(hpo_setting, range, 3 * POINTER);
    FIELD(hpo_setting, help, 4 * POINTER);

    SIZE(hpo_strategy_ops, 8 + 8 * POINTER);
    FIELD(hpo_strategy_ops, struct_size, 0);
    FIELD(hpo_strategy_ops, abi_version, 4);
    FIELD(hpo_strategy_ops, name, 8);
    FIELD(hpo_strategy_ops, help, 8 + POINTER);
    FIELD(hpo_strategy_ops, create, 8 + 2 * POINTER);
    FIELD(hpo_strategy_ops, destroy, 8 + 3 * POINTER);
    FIELD(hpo_strategy_ops, ask, 8 + 4 * POINTER);
    FIELD(hpo_strategy_ops, observe, 8 + 5 * POINTER);
    FIELD(hpo_strategy_ops, total, 8 + 6 * POINTER);
    FIELD(hpo_strategy_ops, settings, 8 + 7 * POINTER);
}

static void check_values(void) {
    VALUE(HPO_OK, 0);
    VALUE(HPO_PRUNED, 1);
    VALUE(HPO_STOPPED, 2);
    VALUE(HPO_EXHAUSTED, 3);
    VALUE(HPO_E_INVALID, -1);
    VALUE(HPO_E_NOMEM, -2);
    VALUE(HPO_E_STATE, -3);
    VALUE(HPO_E_NOT_FOUND, -4);
    VALUE(HPO_E_EXISTS, -5);
    VALUE(HPO_E_UNSUPPORTED, -6);
    VALUE(HPO_E_BUSY, -7);
    VALUE(HPO_E_IO, -8);
    VALUE(HPO_E_CORRUPT, -9);
    VALUE(HPO_E_ABI, -10);
    VALUE(HPO_E_NUMERIC, -11);
    VALUE(HPO_E_BUFFER, -12);
    VALUE(HPO_E_STALE, -13);
    VALUE(HPO_E_CALLBACK, -14);
    VALUE(HPO_E_INTERNAL, -99);
    VALUE(HPO_E_HOST, -1000);

    VALUE(HPO_LINEAR, 0);
    VALUE(HPO_LOG, 1);

    VALUE(HPO_FLOAT, 0);
    VALUE(HPO_INT, 1);
    VALUE(HPO_CATEGORICAL, 2);
    VALUE(HPO_ORDINAL, 3);
    VALUE(HPO_BOOL, 4);

    VALUE(HPO_TRAIN, 0);
    VALUE(HPO_VALIDATION, 1);
    VALUE(HPO_TEST, 2);
    VALUE(HPO_UNUSED, 255);

    VALUE(HPO_LOG_ERROR, 1);
    VALUE(HPO_LOG_WARNING, 2);
    VALUE(HPO_LOG_INFO, 3);
    VALUE(HPO_LOG_DEBUG, 4);

    VALUE(HPO_RUNNING, 0);
    VALUE(HPO_COMPLETE, 1);
    VALUE(HPO_TRIAL_PRUNED, 2);
    VALUE(HPO_FAILED, 3);
    VALUE(HPO_WAITING, 4);

    VALUE(HPO_STRATEGY_ABI, 1);
}

int main(void) {
    check_structs();
    check_values();
    return failures > 0;
}
