/* Clock, percentiles, counted memory, one process per measurement, and the table. POSIX. */
#include "bench.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

uint64_t bench_clock(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t bench_clock_processor(void) {
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

uint64_t bench_clock_cost(uint64_t (*clock)(void)) {
    enum { ROUNDS = 20001 };
    uint64_t *samples = malloc(ROUNDS * sizeof *samples);
    if (samples == NULL) {
        return 0;
    }
    for (size_t i = 0; i < ROUNDS; i++) {
        uint64_t start = clock();
        samples[i]     = clock() - start;
    }
    uint64_t cost = bench_percentile(samples, ROUNDS, 50.0);
    free(samples);
    return cost;
}

static int compare(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

uint64_t bench_percentile(uint64_t *samples, size_t n, double p) {
    qsort(samples, n, sizeof *samples, compare);
    double rank = ceil(p / 100.0 * (double)n);
    size_t i    = rank < 1.0 ? 0 : (size_t)rank - 1;
    return samples[i < n ? i : n - 1];
}

static void *counted_resize(void *user, void *block, size_t old_size, size_t new_size) {
    bench_memory *memory = user;
    if (new_size == 0) {
        free(block);
        memory->live -= old_size;
        return NULL;
    }
    void *grown = realloc(block, new_size);
    if (grown != NULL) {
        memory->live += new_size - (block != NULL ? old_size : 0);
        memory->peak = memory->live > memory->peak ? memory->live : memory->peak;
    }
    return grown;
}

hpo_allocator bench_memory_allocator(bench_memory *memory) {
    *memory = (bench_memory){0, 0};
    return (hpo_allocator){sizeof(hpo_allocator), 0, memory, counted_resize};
}

/* In the child: measures and sends the result; the exit code says whether it is there. */
static void child_run(bench_measure measure, const bench_run *run, size_t n, int pipe_end) {
    double result[BENCH_RESULT_MAX] = {0.0};
    bool   good                     = measure(run, result);
    size_t size                     = n * sizeof *result;
    good                            = good && write(pipe_end, result, size) == (ssize_t)size;
    _exit(good ? BENCH_OK : BENCH_FAILED);
}

static bool child_wait(const char *command, pid_t child) {
    int status = 0;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) {
            bench_complain(command, "waitpid: %s", strerror(errno));
            return false;
        }
    }
    if (WIFSIGNALED(status)) {
        bench_complain(command, "the measuring process was ended by signal %d", WTERMSIG(status));
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool isolated_once(const char *command, bench_measure measure, const bench_run *run, double *result, size_t n) {
    int ends[2];
    if (pipe(ends) != 0) {
        bench_complain(command, "pipe: %s", strerror(errno));
        return false;
    }
    fflush(NULL); /* or the child would write the buffers a second time */
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        child_run(measure, run, n, ends[1]);
    }
    close(ends[1]);
    if (child < 0) {
        bench_complain(command, "fork: %s", strerror(errno));
        close(ends[0]);
        return false;
    }
    size_t  size = n * sizeof *result;
    ssize_t got  = 0;
    do {
        got = read(ends[0], result, size); /* far below PIPE_BUF, so it comes in one piece */
    } while (got < 0 && errno == EINTR);
    close(ends[0]);
    return child_wait(command, child) && got == (ssize_t)size;
}

bool bench_isolated(const char *command, bench_measure measure, const bench_run *run, uint64_t repeat, double *result, size_t n) {
    for (uint64_t i = 0; i < repeat; i++) {
        double once[BENCH_RESULT_MAX] = {0.0};
        if (!isolated_once(command, measure, run, once, n)) {
            return false;
        }
        if (i == 0 || once[0] < result[0]) {
            memcpy(result, once, n * sizeof *result);
        }
    }
    return true;
}

FILE *bench_table_open(const char *command, const char *path, const char *header) {
    FILE *table = path == NULL ? stdout : fopen(path, "w");
    if (table == NULL) {
        bench_complain(command, "--out %s: %s", path, strerror(errno));
        return NULL;
    }
    fprintf(table, "%s\n", header);
    fflush(table);
    return table;
}

bool bench_table_close(const char *command, const char *path, FILE *table) {
    bool good = fflush(table) == 0 && !ferror(table);
    good      = (path == NULL || fclose(table) == 0) && good;
    if (!good) {
        bench_complain(command, "writing %s failed: %s", path == NULL ? "the table" : path, strerror(errno));
    }
    return good;
}
