/* What can go wrong with a file: no folder, no permission, a full disk, no descriptors, devices and links. The old file is left alone, and no other is left behind. */
#include <hpo.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64];

static char *path_of(const char *name) {
    static char paths[4][400];
    static int  next;
    char       *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/hpo-faults-XXXXXX");
    return mkdtemp(folder) == NULL;
}

static int entries(void) {
    int            n   = 0;
    DIR           *all = opendir(folder);
    struct dirent *entry;
    while (all != NULL && (entry = readdir(all)) != NULL)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(all);
    return n;
}

/* Fails when a test did not clean up, or the library left something. */
static int remove_folder(void **state) {
    (void)state;
    return rmdir(folder);
}

static hpo_status square(hpo_trial *trial, double *values, void *user) {
    (void)user;
    values[0] = hpo_trial_float(trial, "x") * hpo_trial_float(trial, "x");
    return HPO_OK;
}

static hpo_study *study_of(uint64_t trials) {
    hpo_space *space = hpo_space_new(NULL);
    hpo_study *study = NULL;
    assert_int_equal(hpo_space_add_float(space, "x", -1, 1, HPO_LINEAR, NULL), HPO_OK);
    assert_int_equal(hpo_study_new(space, &study, NULL), HPO_OK);
    assert_int_equal(hpo_study_optimize(study, square, NULL, trials, NULL), HPO_OK);
    hpo_space_free(space);
    return study;
}

/* The whole file in a static buffer; its length, or -1. */
static char contents[1 << 20];

static long read_file(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return -1;
    size_t n = fread(contents, 1, sizeof contents - 1, file);
    fclose(file);
    contents[n] = '\0';
    return (long)n;
}

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void assert_io_error(const hpo_study *study, const char *format, const char *path, int cause) {
    hpo_error  report = {0, 0, ""};
    hpo_status status = hpo_study_export(study, format, path, &report);
    if (status != HPO_E_IO || report.code != HPO_E_IO || report.sys_errno != cause)
        fail_msg("%s: %s, errno %d instead of %d: %s", path, hpo_status_name(status), report.sys_errno, cause, report.message);
    assert_non_null(strstr(report.message, strerror(cause)));
    char start[200];
    snprintf(start, sizeof start, "%.150s", path);
    assert_non_null(strstr(report.message, start));
}

static void test_no_folder(void **state) {
    (void)state;
    hpo_study *study = study_of(3);
    char       deep[5000];
    for (int i = 0; i < 2; i++) {
        const char *format = i == 0 ? "csv" : "json";
        assert_io_error(study, format, path_of("none/study"), ENOENT);
        assert_io_error(study, format, folder, EISDIR);
        write_file(path_of("file"), "text");
        assert_io_error(study, format, path_of("file/study"), ENOTDIR);
        unlink(path_of("file"));
    }
    memset(deep, 'd', sizeof deep);
    memcpy(deep, folder, strlen(folder));
    deep[strlen(folder)]  = '/';
    deep[sizeof deep - 1] = '\0';
    assert_io_error(study, "csv", deep, ENAMETOOLONG);
    assert_int_equal(entries(), 0);
    hpo_study_free(study);
}

/* As a user without rights, in a process of its own: 0 when everything was refused as it should be. */
static int export_without_rights(const hpo_study *study) {
    hpo_error report = {0, 0, ""};
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return 10;
    if (hpo_study_export(study, "csv", path_of("closed/new.csv"), &report) != HPO_E_IO || report.sys_errno != EACCES)
        return 1;
    if (hpo_study_export(study, "csv", path_of("open/protected.csv"), &report) != HPO_E_IO || report.sys_errno != EACCES)
        return 2;
    if (hpo_study_export(study, "csv", path_of("open/new.csv"), &report) != HPO_OK)
        return 3;
    return 0;
}

static void test_no_permission(void **state) {
    (void)state;
    hpo_study *study = study_of(3);
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(mkdir(path_of("closed"), 0555), 0);
    assert_int_equal(mkdir(path_of("open"), 0777), 0);
    assert_int_equal(chmod(path_of("open"), 0777), 0);
    write_file(path_of("open/protected.csv"), "mine");
    assert_int_equal(chmod(path_of("open/protected.csv"), 0444), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(export_without_rights(study));
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(read_file(path_of("open/protected.csv")), 4);
    assert_string_equal(contents, "mine");
    assert_true(read_file(path_of("open/new.csv")) > 20);
    unlink(path_of("open/protected.csv"));
    unlink(path_of("open/new.csv"));
    assert_int_equal(rmdir(path_of("open")), 0);
    assert_int_equal(rmdir(path_of("closed")), 0);
    hpo_study_free(study);
}

/* A disk that is full after 1000 bytes: the limit of a file's size does the same to a write. */
static void test_full_disk(void **state) {
    (void)state;
    hpo_study    *study = study_of(200);
    struct rlimit before, small;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small            = before;
    small.rlim_cur   = 1000;
    void (*old)(int) = signal(SIGXFSZ, SIG_IGN);
    for (int i = 0; i < 2; i++) {
        const char *format = i == 0 ? "csv" : "json", *path = path_of("study");
        hpo_error   report = {0, 0, ""};
        write_file(path, "what was there before");
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        hpo_status over = hpo_study_export(study, format, path, &report);
        hpo_status anew = hpo_study_export(study, format, path_of("new"), NULL);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
        assert_int_equal(over, HPO_E_IO);
        assert_int_equal(anew, HPO_E_IO);
        assert_int_equal(report.sys_errno, EFBIG);
        assert_int_equal(read_file(path), 21);
        assert_string_equal(contents, "what was there before");                /* bit for bit */
        assert_int_equal(entries(), 1);                                        /* and nothing beside it */
        assert_int_equal(hpo_study_export(study, format, path, NULL), HPO_OK); /* with room it works */
        assert_true(read_file(path) > 1000);
        unlink(path);
    }
    signal(SIGXFSZ, old);
    hpo_study_free(study);
}

static void test_no_descriptors(void **state) {
    (void)state;
    const char *preloaded = getenv("LD_PRELOAD");
    if (preloaded != NULL && strstr(preloaded, "vgpreload") != NULL)
        skip(); /* valgrind opens and creates the file first and closes it again when it is beyond the limit */
    hpo_study    *study = study_of(3);
    struct rlimit before, none;
    hpo_error     report = {0, 0, ""};
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none          = before;
    none.rlim_cur = 0;
    write_file(path_of("study"), "old");
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    hpo_status status = hpo_study_export(study, "csv", path_of("study"), &report);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(status, HPO_E_IO);
    assert_int_equal(report.sys_errno, EMFILE);
    assert_int_equal(read_file(path_of("study")), 3);
    assert_int_equal(entries(), 1);
    unlink(path_of("study"));
    hpo_study_free(study);
}

/* ---- devices, pipes, links ---- */

/* The device that is always full, by way of a link, so that a defect here could not replace the machine's own. */
static void test_full_device(void **state) {
    (void)state;
    hpo_study  *study = study_of(3);
    struct stat facts;
    if (stat("/dev/full", &facts) != 0 || !S_ISCHR(facts.st_mode)) {
        hpo_study_free(study);
        skip();
    }
    assert_int_equal(symlink("/dev/full", path_of("full")), 0);
    assert_io_error(study, "csv", path_of("full"), ENOSPC);
    assert_io_error(study, "json", path_of("full"), ENOSPC);
    assert_int_equal(lstat(path_of("full"), &facts), 0);
    assert_true(S_ISLNK(facts.st_mode)); /* a device is written to, not replaced */
    assert_int_equal(stat("/dev/full", &facts), 0);
    assert_true(S_ISCHR(facts.st_mode));
    assert_int_equal(entries(), 1);
    unlink(path_of("full"));
    hpo_study_free(study);
}

static void *read_pipe(void *path) {
    static long length;
    length = read_file(path);
    return &length;
}

static void test_pipe(void **state) {
    (void)state;
    hpo_study  *study = study_of(2000); /* more than a pipe holds at once */
    struct stat facts;
    pthread_t   reader;
    void       *length = NULL;
    char        pipe_path[400];
    snprintf(pipe_path, sizeof pipe_path, "%s", path_of("pipe"));
    assert_int_equal(mkfifo(pipe_path, 0600), 0);
    assert_int_equal(pthread_create(&reader, NULL, read_pipe, pipe_path), 0);
    assert_int_equal(hpo_study_export(study, "csv", pipe_path, NULL), HPO_OK);
    pthread_join(reader, &length);
    assert_int_equal(stat(pipe_path, &facts), 0);
    assert_true(S_ISFIFO(facts.st_mode));
    static char through[sizeof contents];
    memcpy(through, contents, sizeof contents);
    assert_int_equal(hpo_study_export(study, "csv", path_of("file"), NULL), HPO_OK);
    assert_int_equal(read_file(path_of("file")), *(long *)length);
    assert_memory_equal(through, contents, (size_t) * (long *)length);
    unlink(path_of("file"));
    unlink(pipe_path);
    hpo_study_free(study);
}

/* A link to a file is replaced by the new file; what it led to is left alone. So are files under the name that the library would take, and links laid there. */
static void test_links_and_leftovers(void **state) {
    (void)state;
    hpo_study *study = study_of(3);
    char       taken[64], laid[64];
    snprintf(taken, sizeof taken, ".hpo-%ld-0.tmp", (long)getpid());
    snprintf(laid, sizeof laid, ".hpo-%ld-1.tmp", (long)getpid());
    write_file(path_of("precious"), "precious");
    write_file(path_of(taken), "of a killed process");
    assert_int_equal(symlink(path_of("precious"), path_of("study")), 0);
    assert_int_equal(symlink(path_of("precious"), path_of(laid)), 0);
    assert_int_equal(hpo_study_export(study, "csv", path_of("study"), NULL), HPO_OK);
    assert_true(read_file(path_of("study")) > 20);
    assert_int_equal(read_file(path_of("precious")), 8);
    assert_string_equal(contents, "precious");
    assert_int_equal(read_file(path_of(taken)), 19);
    assert_int_equal(entries(), 4);
    unlink(path_of("study"));
    unlink(path_of("precious"));
    unlink(path_of(taken));
    unlink(path_of(laid));
    hpo_study_free(study);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_folder),           cmocka_unit_test(test_no_permission), cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_no_descriptors),      cmocka_unit_test(test_full_device),   cmocka_unit_test(test_pipe),
        cmocka_unit_test(test_links_and_leftovers),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
