/* Reads a command line from a table of options, so that all sub-commands take, explain and refuse them alike. */
#include "bench.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void bench_complain(const char *command, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "hpo-bench %s: ", command);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
}

void bench_texts_free(bench_texts *texts) {
    for (size_t i = 0; i < texts->n; i++) {
        free(texts->items[i]);
    }
    free(texts->items);
    *texts = (bench_texts){NULL, 0};
}

static bool texts_add(bench_texts *texts, const char *text, size_t length) {
    char  *copy  = malloc(length + 1);
    char **grown = realloc(texts->items, (texts->n + 1) * sizeof *grown);
    if (grown != NULL) {
        texts->items = grown;
    }
    if (copy == NULL || grown == NULL) {
        free(copy);
        return false;
    }
    memcpy(copy, text, length);
    copy[length]             = '\0';
    texts->items[texts->n++] = copy;
    return true;
}

/* Digits, or digits with an exponent as in 1e6. */
static bool number_read(const char *text, size_t length, uint64_t *number) {
    uint64_t value = 0;
    size_t   i     = 0;
    for (; i < length && text[i] >= '0' && text[i] <= '9'; i++) {
        uint64_t digit = (uint64_t)(text[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = 10 * value + digit;
    }
    if (i == 0) {
        return false;
    }
    if (i + 2 == length && (text[i] == 'e' || text[i] == 'E') && text[i + 1] >= '0' && text[i + 1] <= '9') {
        for (char power = text[i + 1]; power > '0'; power--) {
            if (value > UINT64_MAX / 10) {
                return false;
            }
            value *= 10;
        }
        i = length;
    }
    *number = value;
    return i == length;
}

static bool number_take(const char *command, const bench_option *option, const char *text, size_t length, uint64_t *number) {
    if (number_read(text, length, number) && *number >= option->low && *number <= option->high) {
        return true;
    }
    if (option->high == UINT64_MAX) {
        bench_complain(command, "--%s: '%.*s' is not a whole number of at least %llu", option->name, (int)length, text,
                       (unsigned long long)option->low);
    } else {
        bench_complain(command, "--%s: '%.*s' is not a whole number in %llu..%llu", option->name, (int)length, text, (unsigned long long)option->low,
                       (unsigned long long)option->high);
    }
    return false;
}

/* Adds one item of a list to the option's target. */
static bool item_take(const char *command, const bench_option *option, const char *text, size_t length) {
    if (length == 0) {
        bench_complain(command, "--%s: an item of the list is empty", option->name);
        return false;
    }
    if (option->kind == BENCH_NUMBERS) {
        bench_numbers *numbers = option->target;
        uint64_t       number  = 0;
        if (!number_take(command, option, text, length, &number)) {
            return false;
        }
        uint64_t *grown = realloc(numbers->items, (numbers->n + 1) * sizeof *grown);
        if (grown != NULL) {
            numbers->items               = grown;
            numbers->items[numbers->n++] = number;
            return true;
        }
    } else if (texts_add(option->target, text, length)) {
        return true;
    }
    bench_complain(command, "out of memory");
    return false;
}

/* Forgets what a list option had, so that the last use of it counts. */
static void list_clear(const bench_option *option) {
    if (option->kind == BENCH_NUMBERS) {
        bench_numbers *numbers = option->target;
        free(numbers->items);
        *numbers = (bench_numbers){NULL, 0};
    } else if (option->kind == BENCH_TEXTS || option->kind == BENCH_PAIRS) {
        bench_texts_free(option->target);
    }
}

static bool value_take(const char *command, const bench_option *option, const char *text) {
    if (option->kind == BENCH_NUMBER) {
        return number_take(command, option, text, strlen(text), option->target);
    }
    if (option->kind == BENCH_TEXT) {
        *(const char **)option->target = text;
        return true;
    }
    if (option->kind == BENCH_PAIRS) {
        if (text[0] == '=' || strchr(text, '=') == NULL) {
            bench_complain(command, "--%s: '%s' is not of the form KEY=VALUE", option->name, text);
            return false;
        }
        return item_take(command, option, text, strlen(text));
    }
    list_clear(option);
    for (const char *item = text;; item++) {
        size_t length = strcspn(item, ",");
        if (!item_take(command, option, item, length)) {
            return false;
        }
        item += length;
        if (*item == '\0') {
            return true;
        }
    }
}

/* Targets as they are before anything is read; the command line's own values follow. */
static void targets_clear(const bench_option *options) {
    for (const bench_option *option = options; option->name != NULL; option++) {
        switch (option->kind) {
        case BENCH_FLAG:
            *(bool *)option->target = false;
            break;
        case BENCH_NUMBER:
            *(uint64_t *)option->target = 0;
            break;
        case BENCH_NUMBERS:
            *(bench_numbers *)option->target = (bench_numbers){NULL, 0};
            break;
        case BENCH_TEXT:
            *(const char **)option->target = NULL;
            break;
        case BENCH_TEXTS:
        case BENCH_PAIRS:
            *(bench_texts *)option->target = (bench_texts){NULL, 0};
            break;
        }
    }
}

void bench_options_end(const bench_option *options) {
    for (const bench_option *option = options; option->name != NULL; option++) {
        list_clear(option);
    }
}

static void print_help(const bench_command *command, const bench_option *options, const char *notes) {
    printf("usage: hpo-bench %s [OPTION]...\n\n%s\n\noptions:\n", command->name, command->summary);
    for (const bench_option *option = options; option->name != NULL; option++) {
        char left[64];
        snprintf(left, sizeof left, "--%s%s%s", option->name, option->value[0] != '\0' ? " " : "", option->value);
        printf("  %-24s %s", left, option->help);
        if (option->initial == NULL) {
            fputs(" (required)", stdout);
        } else if (option->initial[0] != '\0') {
            printf(" (default %s)", option->initial);
        }
        putchar('\n');
    }
    printf("  %-24s %s\n\n%s", "--help", "this text", notes);
}

/* Index of the option that argv[i] names, or -1; `*value` is what follows '=', else NULL. */
static int option_find(const bench_option *options, const char *argument, const char **value) {
    if (strncmp(argument, "--", 2) != 0) {
        return -1;
    }
    size_t length = strcspn(argument + 2, "=");
    *value        = argument[2 + length] == '=' ? argument + 3 + length : NULL;
    for (int i = 0; options[i].name != NULL; i++) {
        if (strlen(options[i].name) == length && memcmp(options[i].name, argument + 2, length) == 0) {
            return i;
        }
    }
    return -1;
}

/* Takes argv[*i] and, where it needs one, the value behind it. */
static bool argument_take(const bench_command *command, const bench_option *options, int argc, char **argv, int *i, bool *given) {
    const char *value = NULL;
    int         which = option_find(options, argv[*i], &value);
    if (which < 0) {
        bench_complain(command->name, "'%s' is not an option; 'hpo-bench %s --help' lists them", argv[*i], command->name);
        return false;
    }
    const bench_option *option = &options[which];
    given[which]               = true;
    if (option->kind == BENCH_FLAG) {
        if (value != NULL) {
            bench_complain(command->name, "--%s takes no value", option->name);
            return false;
        }
        *(bool *)option->target = true;
        return true;
    }
    if (value == NULL && *i + 1 < argc) {
        value = argv[++*i];
    }
    if (value == NULL || value[0] == '\0') {
        bench_complain(command->name, "--%s needs a value: %s", option->name, option->value);
        return false;
    }
    return value_take(command->name, option, value);
}

bool bench_options_read(const bench_command *command, const bench_option *options, const char *notes, int argc, char **argv, int *exit_code) {
    enum { MOST = 32 };
    bool given[MOST] = {false};
    targets_clear(options);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_help(command, options, notes);
            *exit_code = BENCH_OK;
            return false;
        }
    }
    *exit_code = BENCH_USAGE;
    for (int i = 1; i < argc; i++) {
        if (!argument_take(command, options, argc, argv, &i, given)) {
            return false;
        }
    }
    for (int i = 0; options[i].name != NULL; i++) {
        if (!given[i] && options[i].initial == NULL) {
            bench_complain(command->name, "--%s %s is required; 'hpo-bench %s --help' explains", options[i].name, options[i].value, command->name);
            return false;
        }
        if (!given[i] && options[i].initial[0] != '\0' && !value_take(command->name, &options[i], options[i].initial)) {
            return false;
        }
    }
    return true;
}
