/* Which tasks: from a file, from a list of names, all of the data's reference values, or functions. */
#include "bench.h"
#include "tasks.h"
#include <stdlib.h>
#include <string.h>

bool bench_texts_add(const char *command, bench_texts *texts, const char *name) {
    size_t size  = strlen(name) + 1;
    char  *copy  = malloc(size);
    char **grown = realloc(texts->items, (texts->n + 1) * sizeof *grown);
    if (grown != NULL) {
        texts->items = grown;
    }
    if (copy == NULL || grown == NULL) {
        free(copy);
        bench_complain(command, "out of memory");
        return false;
    }
    memcpy(copy, name, size);
    texts->items[texts->n++] = copy;
    return true;
}

/* A task that is named twice is run once. */
static bool add_once(const char *command, bench_texts *out, const char *name) {
    for (size_t i = 0; i < out->n; i++) {
        if (strcmp(out->items[i], name) == 0) {
            return true;
        }
    }
    return bench_texts_add(command, out, name);
}

/* A name per line; in refs.csv it is the first column. */
static bool add_file(const char *command, const char *path, bool refs, bench_texts *out) {
    task_error err  = {""};
    size_t     size = 0;
    char      *file = task_read(path, &size, &err);
    char      *rest = file;
    char      *line = NULL;
    bool       good = file != NULL;
    if (!good) {
        bench_complain(command, "%s", err.text);
    }
    if (good && refs) {
        task_line(&rest); /* names of the columns */
    }
    while (good && (line = task_line(&rest)) != NULL) {
        line[strcspn(line, refs ? "," : "#")] = '\0';
        const char *name                      = task_word(&line);
        good                                  = name == NULL || add_once(command, out, name);
    }
    free(file);
    return good;
}

static bool add_all(const char *command, const char *data, bench_texts *out) {
    task_error err  = {""};
    char      *root = task_root(data, &err);
    char      *path = root != NULL ? task_path(root, "refs.csv", "", &err) : NULL;
    bool       good = path != NULL;
    if (!good) {
        bench_complain(command, "--tasks all: %s", err.text);
    }
    good = good && add_file(command, path, true, out);
    free(root);
    free(path);
    return good;
}

/* What is no file is a list of names. */
static bool add_names(const char *command, const char *list, bench_texts *out) {
    task_error err  = {""};
    char      *copy = task_copy(list, &err);
    char      *rest = copy;
    char      *name = NULL;
    bool       good = copy != NULL;
    while (good && (name = task_field(&rest, ',')) != NULL) {
        good = name[0] != '\0' && add_once(command, out, name);
    }
    free(copy);
    if (!good) {
        bench_complain(command, "--tasks: an item of the list is empty");
    }
    return good;
}

static bool add_function(const char *command, const char *name, bench_texts *out) {
    char full[80];
    snprintf(full, sizeof full, "%s%s", strncmp(name, "fn:", 3) == 0 ? "" : "fn:", name);
    return add_once(command, out, full);
}

bool bench_select(const char *command, const char *data, const char *tasks, const bench_texts *functions, bench_texts *out) {
    bool good = true;
    *out      = (bench_texts){NULL, 0};
    if (tasks != NULL) {
        good = strcmp(tasks, "all") == 0 ? add_all(command, data, out)
               : task_is_file(tasks)     ? add_file(command, tasks, false, out)
                                         : add_names(command, tasks, out);
    }
    for (size_t i = 0; good && i < functions->n; i++) {
        bool        all  = strcmp(functions->items[i], "all") == 0;
        const char *name = NULL;
        for (size_t k = 0; all && good && (name = task_function_name(k)) != NULL; k++) {
            good = add_once(command, out, name);
        }
        good = good && (all || add_function(command, functions->items[i], out));
    }
    if (good && out->n == 0) {
        bench_complain(command, "no tasks are given: use --tasks or --functions");
        good = false;
    }
    if (!good) {
        bench_texts_free(out);
    }
    return good;
}
