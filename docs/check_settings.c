/*
 * Compares the table of docs/settings.md with the settings that the library has: each must be in both, with the same type, default and range.
 * Usage: check_settings docs/settings.md. Exit status 0 when they agree.
 */
#include <hpo.h>

#include <stdio.h>
#include <string.h>

enum { COLUMNS = 5, CELL = 512, MAX_SETTINGS = 256 };

/* Copies one table cell without its blanks, code marks and escapes. */
static void clean(char *out, const char *begin, const char *end) {
    size_t n = 0;
    for (; begin < end && n < CELL - 1; begin++)
        if (*begin != '`' && !(*begin == '\\' && begin + 1 < end && begin[1] == '|') && !(n == 0 && *begin == ' '))
            out[n++] = *begin;
    while (n > 0 && out[n - 1] == ' ')
        n--;
    out[n] = '\0';
}

/* Splits "| a | b |" at the bars that are not escaped; returns the number of cells. */
static int split(const char *line, char cell[COLUMNS][CELL]) {
    int         n     = 0;
    const char *begin = line + 1;
    for (const char *p = begin; *p && n < COLUMNS; p++)
        if (*p == '|' && p[-1] != '\\') {
            clean(cell[n++], begin, p);
            begin = p + 1;
        }
    return n;
}

static int differs(const char *name, const char *what, const char *page, const char *library) {
    if (!strcmp(page, library ? library : ""))
        return 0;
    printf("%s: the page says %s \"%s\", the library \"%s\"\n", name, what, page, library ? library : "");
    return 1;
}

int main(int argc, char **argv) {
    static char line[4096];
    static char cell[COLUMNS][CELL];
    static int  seen[MAX_SETTINGS];
    int         faults = 0, rows = 0, inside = 0;
    FILE       *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (!file || hpo_setting_count() > MAX_SETTINGS) {
        fprintf(stderr, "usage: check_settings docs/settings.md\n");
        return 2;
    }
    while (fgets(line, sizeof line, file)) {
        inside = !strncmp(line, "| Name | Type |", 15) || (inside && line[0] == '|');
        if (!inside || line[2] != '`' || split(line, cell) != COLUMNS)
            continue;
        size_t i = 0;
        while (i < hpo_setting_count() && strcmp(hpo_setting_name(i), cell[0]) != 0)
            i++;
        rows++;
        if (i == hpo_setting_count()) {
            printf("%s: on the page, not in the library\n", cell[0]);
            faults++;
            continue;
        }
        seen[i]++;
        faults += differs(cell[0], "type", cell[1], hpo_setting_type(i));
        faults += differs(cell[0], "default", cell[2], hpo_setting_default(i));
        faults += differs(cell[0], "range", cell[3], hpo_setting_range(i));
        faults += cell[4][0] == '\0';
    }
    fclose(file);
    for (size_t i = 0; i < hpo_setting_count(); i++)
        if (seen[i] != 1) {
            printf("%s: %d times on the page\n", hpo_setting_name(i), seen[i]);
            faults++;
        }
    printf("%d rows, %d settings, %d faults\n", rows, (int)hpo_setting_count(), faults);
    return rows == 0 || faults > 0;
}
