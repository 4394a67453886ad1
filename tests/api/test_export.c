/* Export: what a CSV and a JSON file say is what the API says, read back by Python's own modules (read_export.py). */
#include "host.h"

#include <dirent.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef HPO_TEST_PYTHON
#error "HPO_TEST_PYTHON and HPO_TEST_READER name the interpreter and read_export.py"
#endif

/* A folder of its own for the files of this run. */
static char folder[64];

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/hpo-export-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static const char *in_folder(const char *name, char *path, size_t size) {
    snprintf(path, size, "%s/%s", folder, name);
    return path;
}

/* Also sees to it that nothing but the exported files was left. */
static int remove_folder(void **state) {
    (void)state;
    char           path[400];
    int            strange = 0;
    DIR           *entries = opendir(folder);
    struct dirent *entry;
    while (entries != NULL && (entry = readdir(entries)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        strange += strstr(entry->d_name, ".tmp") != NULL;
        unlink(in_folder(entry->d_name, path, sizeof path));
    }
    closedir(entries);
    return rmdir(folder) != 0 || strange != 0;
}

/* ---- the expected contents, through the API ---- */

static void put_text(FILE *file, const char *text) {
    for (const char *c = text; *c != '\0'; c++)
        fprintf(file, "%02x", (unsigned)(unsigned char)*c);
}

static void put_double(FILE *file, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    fprintf(file, "%016llx", (unsigned long long)bits);
}

static void put_line(FILE *file, const char *kind, const char *text) {
    fprintf(file, "%s\t", kind);
    put_text(file, text);
    fputc('\n', file);
}

static void put_parameters(FILE *file, const hpo_study *study, const hpo_trial *trial) {
    const hpo_space *space = hpo_study_space(study);
    double           values[32];
    assert_true(hpo_trial_values_by_index(trial, values, COUNT(values)) <= COUNT(values));
    for (size_t i = 0; i < hpo_space_size(space); i++) {
        int32_t kind = hpo_space_kind(space, i);
        if (isnan(values[i]))
            continue;
        fprintf(file, "%s\t%llu\t", kind == HPO_CATEGORICAL || kind == HPO_BOOL ? "choice" : "number", (unsigned long long)hpo_trial_number(trial));
        put_text(file, hpo_space_name(space, i));
        fputc('\t', file);
        if (kind == HPO_CATEGORICAL || kind == HPO_BOOL)
            put_text(file, hpo_trial_categorical(trial, hpo_space_name(space, i)));
        else
            put_double(file, values[i]);
        fputc('\n', file);
    }
}

static void put_notes(FILE *file, const hpo_trial *trial) {
    unsigned long long number = hpo_trial_number(trial);
    for (size_t i = 0; i < hpo_trial_report_count(trial); i++) {
        int64_t step;
        double  value;
        assert_ok(hpo_trial_report_at(trial, i, &step, &value, error));
        fprintf(file, "report\t%llu\t%lld\t", number, (long long)step);
        put_double(file, value);
        fputc('\n', file);
    }
    for (size_t i = 0; i < hpo_trial_attribute_count(trial); i++) {
        const char *key = hpo_trial_attribute_key(trial, i);
        fprintf(file, "attribute\t%llu\t", number);
        put_text(file, key);
        fputc('\t', file);
        put_text(file, hpo_trial_attribute(trial, key));
        fputc('\n', file);
    }
}

static void put_trial(FILE *file, const hpo_study *study, const hpo_trial *trial, const char *source) {
    fprintf(file, "trial\t%llu\t%d\t", (unsigned long long)hpo_trial_number(trial), (int)hpo_trial_state(trial));
    put_double(file, hpo_trial_value(trial));
    fprintf(file, "\t%llu\t%d\t", (unsigned long long)hpo_trial_seed(trial), (int)hpo_trial_worker(trial));
    put_double(file, hpo_trial_start_time(trial));
    fputc('\t', file);
    put_double(file, hpo_trial_end_time(trial));
    fputc('\t', file);
    put_text(file, hpo_trial_message(trial));
    fputc('\t', file);
    put_text(file, source);
    fputc('\n', file);
    put_parameters(file, study, trial);
    put_notes(file, trial);
}

static char *space_json(const hpo_space *space) {
    size_t need = 0;
    hpo_space_to_json(space, NULL, 0, &need, NULL);
    char *text = malloc(need);
    assert_non_null(text);
    assert_ok(hpo_space_to_json(space, text, need, NULL, error));
    return text;
}

static char *advice_json(const hpo_study *study) {
    size_t need = 0;
    hpo_study_advice(study, "json", NULL, 0, &need, NULL);
    char *text = malloc(need);
    assert_non_null(text);
    assert_ok(hpo_study_advice(study, "json", text, need, NULL, error));
    return text;
}

static void put_study(FILE *file, const hpo_study *study, const char *const *settings, const char *const *sources) {
    char        value[64];
    const char *always[] = {"strategy", "direction"};
    char       *space = space_json(hpo_study_space(study)), *advice = advice_json(study);
    put_line(file, "space", space);
    put_line(file, "advice", advice);
    for (size_t i = 0; i < COUNT(always); i++) {
        assert_ok(hpo_study_get(study, always[i], value, sizeof value, NULL, error));
        put_line(file, always[i], value);
    }
    assert_ok(hpo_study_get(study, "seed", value, sizeof value, NULL, error));
    fprintf(file, "seed\t%s\n", value);
    for (size_t i = 0; settings[i] != NULL; i++) {
        assert_ok(hpo_study_get(study, settings[i], value, sizeof value, NULL, error));
        fprintf(file, "setting\t");
        put_text(file, settings[i]);
        fputc('\t', file);
        put_text(file, value);
        fputc('\n', file);
    }
    for (size_t i = 0; i < hpo_space_size(hpo_study_space(study)); i++)
        put_line(file, "name", hpo_space_name(hpo_study_space(study), i));
    for (uint64_t i = 0; i < hpo_study_trial_count(study, -1); i++) {
        hpo_trial *trial = NULL;
        if (hpo_study_trial(study, i, &trial, NULL) != HPO_OK)
            continue; /* running: not exported */
        put_trial(file, study, trial, sources == NULL ? (i == 0 ? "default" : "strategy") : sources[i]);
        hpo_trial_free(trial);
    }
    free(space);
    free(advice);
}

/* Exports, and has Python compare. `extra` ends the expectations (confirmation and looks). */
static void check_export(const hpo_study *study, const char *const *settings, const char *const *sources, const char *extra) {
    char  csv[400], json[400], expected[400], command[2000];
    FILE *file = fopen(in_folder("expected", expected, sizeof expected), "w");
    assert_non_null(file);
    put_study(file, study, settings, sources);
    fputs(extra, file);
    assert_int_equal(fclose(file), 0);
    assert_ok(hpo_study_export(study, "csv", in_folder("study.csv", csv, sizeof csv), error));
    assert_ok(hpo_study_export(study, "json", in_folder("study.json", json, sizeof json), error));
    snprintf(command, sizeof command, "'%s' '%s' '%s' '%s' '%s'", HPO_TEST_PYTHON, HPO_TEST_READER, csv, json, expected);
    if (system(command) != 0)
        fail_msg("the exported files are not what the API says");
}

/* ---- studies of all sorts ---- */

static const char *const no_settings[] = {NULL};

static void test_empty_study(void **state) {
    (void)state;
    hpo_study *study = mixed_study(NULL);
    hpo_trial *trial = NULL;
    check_export(study, no_settings, NULL, "");
    assert_ok(hpo_study_ask(study, &trial, error));
    check_export(study, no_settings, NULL, ""); /* a running trial is not finished */
    hpo_trial_free(trial);
    check_export(study, no_settings, NULL, "");
    hpo_study_free(study);
}

static hpo_status rich(hpo_trial *trial, double *values, void *user) {
    uint64_t number = hpo_trial_number(trial);
    (void)user;
    values[0] = number == 17 ? INF : mixed_loss(trial);
    for (int64_t step = 0; step < (int64_t)(number % 4); step++)
        hpo_trial_report(trial, step * 10, step == 2 ? NONE : step == 1 && number % 8 == 7 ? -INF : 1.0 / (3.0 + (double)step), NULL);
    if (number % 6 == 1) {
        hpo_trial_set_attribute(trial, "files, \"all\"\n", "[\"a\\\\b\", {\"\\u00fc\": null}, 1e-7, true]", NULL);
        hpo_trial_set_attribute(trial, "\xf0\x9f\x8c\x8d", "\"\xf0\x9f\x8c\x8d\"", NULL);
    }
    if (number % 9 == 5) {
        hpo_trial_set_message(trial, "line one\nline \"two\", with; \ttab, \x01 and \xc3\xa9\r\n", NULL);
        return -1;
    }
    return number % 9 == 6 ? HPO_E_HOST - 1 : number % 9 == 7 ? HPO_PRUNED : HPO_OK;
}

static void test_rich_study(void **state) {
    (void)state;
    static const char *const settings[] = {"seed", "direction", "workers", NULL};
    hpo_study               *study      = mixed_study("sobol");
    set(study, "seed", "9007199254740993"); /* more than a double can hold */
    set(study, "direction", "maximize");
    set(study, "workers", "3");
    assert_ok(hpo_study_optimize(study, rich, NULL, 120, error));
    check_export(study, settings, NULL, "");
    hpo_study_free(study);
}

/* Values from everywhere between the smallest and the largest doubles come back bit for bit. */
static void test_every_double(void **state) {
    (void)state;
    hpo_space *space = hpo_space_new(NULL);
    assert_ok(hpo_space_add_float(space, "x", -1.7e308 / 2, 1.7e308 / 2, HPO_LINEAR, error));
    assert_ok(hpo_space_add_float(space, "tiny", 5e-324, 1, HPO_LOG, error));
    hpo_study *study = study_over(space, "random");
    hpo_point *point = NULL;
    assert_ok(hpo_point_new(hpo_study_space(study), &point, error));
    const char *sources[200];
    uint64_t    bits = 88172645463325252u;
    for (size_t i = 0; i < COUNT(sources); i++) {
        double value, x;
        do {
            bits ^= bits << 13;
            bits ^= bits >> 7;
            bits ^= bits << 17;
            memcpy(&value, &bits, sizeof value);
        } while (!isfinite(value));
        x = fabs(value) > 1e307 ? value / 1e3 : value;
        assert_ok(hpo_point_set_number(point, "x", x, error));
        assert_ok(hpo_point_set_number(point, "tiny", fmin(1, fmax(5e-324, fabs(value))), error));
        assert_ok(hpo_study_add(study, point, HPO_COMPLETE, &value, 1, error));
        sources[i] = "added";
    }
    hpo_point_free(point);
    check_export(study, no_settings, sources, "");
    hpo_study_free(study);
}

static void test_awkward_names(void **state) {
    (void)state;
    static const char *const choices[] = {"plain", "with, comma", "with \"quotes\"", "two\nlines", "caf\xc3\xa9", " spaces ", "null", "1.5", "\\"};
    static const double      levels[]  = {1e-300, 0.1, 3, 1e15};
    static const char *const names[]   = {"number", "state", "value", "start", "end", "worker", "seed", "message", "parameter:x", "x"};
    hpo_space               *space     = hpo_space_new(NULL);
    for (size_t i = 0; i < COUNT(names); i++)
        assert_ok(hpo_space_add_int(space, names[i], (int64_t)i * 100, (int64_t)i * 100 + 9, HPO_LINEAR, error));
    assert_ok(hpo_space_add_categorical(space, "a,b;\"c\"\n\xe2\x82\xac", choices, COUNT(choices), error));
    assert_ok(hpo_space_add_ordinal(space, " level ", levels, COUNT(levels), error));
    assert_ok(hpo_space_add_bool(space, "\x01", error));
    hpo_study *study = study_over(space, "random");
    for (int i = 0; i < 40; i++)
        tell_one(study, HPO_COMPLETE, i);
    check_export(study, no_settings, NULL, "");
    hpo_study_free(study);
}

static hpo_status fresh(hpo_trial *trial, double *values, void *user) {
    (void)user;
    values[0] = 0.1 + 0.7 * (double)hpo_trial_number(trial) + 0.01 * (double)hpo_trial_repeat(trial);
    return hpo_trial_number(trial) == 3 && hpo_trial_repeat(trial) == 1 ? -1 : HPO_OK;
}

static hpo_status look(hpo_trial *trial, double *values, void *user) {
    (void)trial;
    values[0] = *(double *)user;
    return HPO_OK;
}

static void test_sources_confirmation_and_looks(void **state) {
    (void)state;
    static const char *const sources[] = {"default", "enqueued", "added", "strategy", "strategy", "added"};
    hpo_study               *study     = line_study("halton");
    hpo_point               *point     = NULL;
    hpo_trial               *winner    = NULL;
    double                   value = 3, scores[] = {0.1, NONE, INF};
    char                     extra[400], bits[3][20];
    assert_ok(hpo_point_new(hpo_study_space(study), &point, error));
    assert_ok(hpo_point_set(point, "x", "0.1", error));
    tell_one(study, HPO_COMPLETE, 1);
    assert_ok(hpo_study_enqueue(study, point, error));
    tell_one(study, HPO_COMPLETE, 2);
    assert_ok(hpo_study_add(study, point, HPO_COMPLETE, &value, 1, error));
    tell_one(study, HPO_COMPLETE, 4);
    tell_one(study, HPO_TRIAL_PRUNED, 5);
    assert_ok(hpo_study_add(study, point, HPO_FAILED, NULL, 0, error));
    hpo_point_free(point);
    assert_ok(hpo_study_confirm(study, fresh, NULL, 3, 3, &winner, error));
    assert_int_equal(hpo_trial_number(winner), 0);
    for (int i = 0; i < 3; i++) {
        hpo_status status = hpo_study_test(study, winner, look, &scores[i], NULL, NULL);
        assert_int_equal(status, i == 1 ? HPO_E_CALLBACK : HPO_OK);
        uint64_t pattern;
        memcpy(&pattern, &scores[i], sizeof pattern);
        snprintf(bits[i], sizeof bits[i], "%016llx", (unsigned long long)pattern);
    }
    double   means[2];
    uint64_t patterns[2];
    assert_ok(hpo_study_confirmed(study, 0, &means[0], NULL, NULL, error));
    assert_ok(hpo_study_confirmed(study, 1, &means[1], NULL, NULL, error));
    memcpy(patterns, means, sizeof patterns);
    snprintf(extra, sizeof extra, "winner\t0\nfinalist\t0\t%016llx\t3\nfinalist\t1\t%016llx\t3\nlook\t0\t%s\nlook\t0\t%s\nlook\t0\t%s\n",
             (unsigned long long)patterns[0], (unsigned long long)patterns[1], bits[0], bits[1], bits[2]);
    hpo_trial_free(winner);
    check_export(study, no_settings, sources, extra);
    hpo_study_free(study);
}

/* ---- files ---- */

static void test_wrong_arguments(void **state) {
    (void)state;
    hpo_study *study = line_study(NULL);
    char       path[400];
    in_folder("none", path, sizeof path);
    assert_fails(hpo_study_export(study, "xml", path, error), HPO_E_INVALID, "xml", "'csv' nor 'json'");
    assert_fails(hpo_study_export(study, "", path, error), HPO_E_INVALID, "''", NULL);
    assert_fails(hpo_study_export(study, "CSV", path, error), HPO_E_INVALID, "CSV", NULL);
    assert_fails(hpo_study_export(study, NULL, path, error), HPO_E_INVALID, "NULL", NULL);
    assert_fails(hpo_study_export(study, "csv", NULL, error), HPO_E_INVALID, "NULL", NULL);
    assert_fails(hpo_study_export(study, "csv", "", error), HPO_E_INVALID, "path", NULL);
    assert_fails(hpo_study_export(NULL, "csv", path, error), HPO_E_INVALID, "NULL", NULL);
    assert_int_not_equal(access(path, F_OK), 0);
    hpo_study_free(study);
}

static size_t file_size(const char *path) {
    struct stat facts;
    return stat(path, &facts) == 0 ? (size_t)facts.st_size : 0;
}

static void test_replaces_a_file_and_keeps_its_permissions(void **state) {
    (void)state;
    struct stat facts;
    char        path[400];
    hpo_study  *study = line_study(NULL);
    in_folder("private.csv", path, sizeof path);
    assert_ok(hpo_study_export(study, "csv", path, error));
    size_t before = file_size(path);
    assert_true(before > 0);
    assert_int_equal(chmod(path, 0600), 0);
    tell_one(study, HPO_COMPLETE, 1);
    assert_ok(hpo_study_export(study, "csv", path, error));
    assert_true(file_size(path) > before);
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 07777, 0600);
    hpo_study_free(study);
}

static void test_path_without_folder(void **state) {
    (void)state;
    char       before[4096], name[256];
    hpo_study *study = line_study(NULL);
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(folder), 0);
    memset(name, 'n', sizeof name);
    name[255]          = '\0'; /* as long as a name can be */
    hpo_status bare    = hpo_study_export(study, "json", "bare.json", NULL);
    hpo_status longest = hpo_study_export(study, "json", name, NULL);
    assert_int_equal(chdir(before), 0);
    assert_int_equal(bare, HPO_OK);
    assert_int_equal(longest, HPO_OK);
    hpo_study_free(study);
}

/* Threads that export to one path do not mix their files: whichever comes last, it is whole. */
typedef struct exporter {
    const hpo_study *study;
    const char      *format, *path;
    int              failed;
} exporter;

static void *export_often(void *user) {
    exporter *e = user;
    for (int i = 0; i < 30; i++)
        e->failed += hpo_study_export(e->study, e->format, e->path, NULL) != HPO_OK;
    return NULL;
}

static void test_threads_export_to_one_path(void **state) {
    (void)state;
    char       path[400], csv[400], json[400];
    hpo_study *study = line_study("random");
    pthread_t  threads[4];
    exporter   e[4];
    assert_ok(hpo_study_optimize(study, line_objective, NULL, 300, error));
    in_folder("shared", path, sizeof path);
    for (int i = 0; i < 4; i++) {
        e[i] = (exporter){study, i % 2 == 0 ? "csv" : "json", path, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, export_often, &e[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(e[i].failed, 0);
    }
    assert_ok(hpo_study_export(study, "csv", in_folder("one.csv", csv, sizeof csv), error));
    assert_ok(hpo_study_export(study, "json", in_folder("one.json", json, sizeof json), error));
    assert_true(file_size(path) == file_size(csv) || file_size(path) == file_size(json));
    hpo_study_free(study);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_study),
        cmocka_unit_test(test_rich_study),
        cmocka_unit_test(test_every_double),
        cmocka_unit_test(test_awkward_names),
        cmocka_unit_test(test_sources_confirmation_and_looks),
        cmocka_unit_test(test_wrong_arguments),
        cmocka_unit_test(test_replaces_a_file_and_keeps_its_permissions),
        cmocka_unit_test(test_path_without_folder),
        cmocka_unit_test(test_threads_export_to_one_path),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
