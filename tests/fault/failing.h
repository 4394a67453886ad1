/*
 * Allocation failures: an allocator that checks what the library says of its blocks and fails on command, and the loop that lets every allocation of a
 * scenario fail in turn, once and for good.
 *
 * A scenario makes its calls through TRY: a call may fail with HPO_E_NOMEM and with nothing else, only when an allocation was refused, and is then made again,
 * which must work once there is memory. At its end a scenario writes down all that it can read. These notes must be the same as those of a run without failures:
 * that is the strong guarantee, no trial lost and objects as they were before the call.
 */
#ifndef HPO_TESTS_FAULT_FAILING_H
#define HPO_TESTS_FAULT_FAILING_H

#include <hpo.h>

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NONE         ((double)NAN)

/* ---- the allocator ---- */

typedef struct run {
    pthread_mutex_t lock;
    uint64_t        calls;      /* allocations and resizes so far */
    uint64_t        fail_at;    /* the first that is refused; 0: none */
    bool            persistent; /* and all after it, until `lift` */
    uint64_t        refused;
    size_t          blocks;
    hpo_allocator   allocator;
    char            problem[1000]; /* the first thing that was wrong */
    char           *notes;
    size_t          n_notes, notes_capacity;
} run;

typedef union header {
    struct {
        uint64_t mark;
        size_t   size;
    } block;
    max_align_t align;
} header;

static const uint64_t live_mark = 0x6c69766520626c6bu, tail_mark = 0x746865206564676eu;

#if defined(__GNUC__)
#define FORMAT(text, first) __attribute__((format(printf, text, first)))
#else
#define FORMAT(text, first)
#endif

/* Any thread; the first problem stays. */
FORMAT(2, 3) static inline void problem(run *r, const char *format, ...) {
    va_list arguments;
    pthread_mutex_lock(&r->lock);
    if (r->problem[0] == '\0') {
        va_start(arguments, format);
        vsnprintf(r->problem, sizeof r->problem, format, arguments);
        va_end(arguments);
    }
    pthread_mutex_unlock(&r->lock);
}

static inline uint64_t refused_so_far(run *r) {
    pthread_mutex_lock(&r->lock);
    uint64_t refused = r->refused;
    pthread_mutex_unlock(&r->lock);
    return refused;
}

static inline void lift(run *r) {
    pthread_mutex_lock(&r->lock);
    r->fail_at = 0;
    pthread_mutex_unlock(&r->lock);
}

static inline bool refuse(run *r) {
    pthread_mutex_lock(&r->lock);
    r->calls++;
    bool refused = r->fail_at > 0 && (r->calls == r->fail_at || (r->persistent && r->calls > r->fail_at));
    r->refused += refused;
    pthread_mutex_unlock(&r->lock);
    return refused;
}

static inline void count_blocks(run *r, bool more) {
    pthread_mutex_lock(&r->lock);
    r->blocks += more ? 1 : (size_t)-1;
    pthread_mutex_unlock(&r->lock);
}

static inline void check_block(run *r, const unsigned char *block, size_t old_size) {
    const header *h = (const header *)(const void *)(block - sizeof *h);
    if (h->block.mark != live_mark)
        problem(r, "a block that does not live was given to resize");
    else if (h->block.size != old_size)
        problem(r, "old_size is %zu for a block of %zu bytes", old_size, h->block.size);
    else if (memcmp(block + old_size, &tail_mark, sizeof tail_mark) != 0)
        problem(r, "something wrote beyond a block of %zu bytes", old_size);
}

/* Every resize moves, old contents are spoilt, and new bytes are not zero. */
static inline void *failing_resize(void *user, void *block, size_t old_size, size_t new_size) {
    run           *r   = user;
    unsigned char *old = block, *new_block = NULL;
    if (old != NULL)
        check_block(r, old, old_size);
    else if (old_size != 0)
        problem(r, "old_size is %zu without a block", old_size);
    if (old == NULL && new_size == 0)
        problem(r, "nothing was to be freed");
    if (new_size > 0) {
        if (refuse(r))
            return NULL;
        header *h = malloc(sizeof *h + new_size + sizeof tail_mark);
        if (h == NULL)
            abort();
        h->block.mark = live_mark;
        h->block.size = new_size;
        new_block     = (unsigned char *)h + sizeof *h;
        memset(new_block, 0xc5, new_size);
        memcpy(new_block + new_size, &tail_mark, sizeof tail_mark);
        if (old != NULL)
            memcpy(new_block, old, old_size < new_size ? old_size : new_size);
        count_blocks(r, true);
    }
    if (old != NULL) {
        memset(old - sizeof(header), 0xdd, sizeof(header) + old_size);
        free(old - sizeof(header));
        count_blocks(r, false);
    }
    return new_block;
}

/* ---- calls ---- */

enum { HARD = 0, SOFT = 1 }; /* SOFT: may succeed in spite of a refusal, where the documentation says what is lost then */

/*
 * What came of a call: true when it is to be made again. With failures for good it is made once more before there is memory again, so that
 * a call that failed is seen to fail twice.
 */
static inline bool to_be_repeated(run *r, const char *call, hpo_status status, hpo_status wanted, const hpo_error *report, uint64_t refused, int turn,
                                  int how) {
    if (status == HPO_E_NOMEM) {
        if (refused == 0)
            problem(r, "%s: HPO_E_NOMEM though no allocation was refused", call);
        if (report->code != HPO_E_NOMEM || report->message[0] == '\0')
            problem(r, "%s: the report does not say that memory is short", call);
        if (turn == (r->persistent ? 1 : 0))
            lift(r);
        if (turn < 2)
            return true;
        problem(r, "%s: fails again with memory", call);
        return false;
    }
    if (status != wanted)
        problem(r, "%s: %s: %s", call, hpo_status_name(status), report->message);
    else if (refused > 0 && how == HARD)
        problem(r, "%s: succeeded though an allocation was refused", call);
    return false;
}

#define TRY_AS(r, wanted, how, call)                                                                                                                 \
    for (int try_turn_ = 0;; try_turn_++) {                                                                                                          \
        uint64_t   try_refused_ = refused_so_far(r);                                                                                                 \
        hpo_error  try_report_  = {0, 0, ""};                                                                                                        \
        hpo_error *error        = &try_report_;                                                                                                      \
        hpo_status try_status_  = (call);                                                                                                            \
        if (!to_be_repeated(r, #call, try_status_, wanted, error, refused_so_far(r) - try_refused_, try_turn_, how))                                 \
            break;                                                                                                                                   \
    }

#define TRY(r, call)      TRY_AS(r, HPO_OK, HARD, call)
#define TRY_SOFT(r, call) TRY_AS(r, HPO_OK, SOFT, call)

static inline hpo_space *new_space(run *r) {
    hpo_space *space = NULL;
    for (int turn = 0; space == NULL && turn < 3; turn++) {
        space = hpo_space_new(&r->allocator);
        if (space == NULL && turn == 1)
            lift(r);
    }
    if (space == NULL) {
        problem(r, "hpo_space_new: fails with memory");
        abort(); /* nothing else can go on */
    }
    return space;
}

/* ---- notes ---- */

FORMAT(2, 3) static inline void note(run *r, const char *format, ...) {
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (r->n_notes + (size_t)length + 1 > r->notes_capacity) {
        r->notes_capacity = 2 * (r->n_notes + (size_t)length + 1);
        r->notes          = realloc(r->notes, r->notes_capacity);
        if (r->notes == NULL)
            abort();
    }
    vsnprintf(r->notes + r->n_notes, (size_t)length + 1, format, again);
    va_end(again);
    r->n_notes += (size_t)length;
}

static inline void note_number(run *r, double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    note(r, isnan(value) ? " nan" : " %016llx", (unsigned long long)bits);
}

/* Everything of a trial but its times and its worker. */
static inline void note_trial(run *r, const hpo_study *study, uint64_t number, bool with_message) {
    hpo_trial *trial = NULL;
    double     values[64];
    TRY(r, hpo_study_trial(study, number, &trial, error))
    if (trial == NULL)
        return;
    size_t n = hpo_trial_values_by_index(trial, values, COUNT(values));
    note(r, "trial %llu state %d seed %llu:", (unsigned long long)hpo_trial_number(trial), (int)hpo_trial_state(trial),
         (unsigned long long)hpo_trial_seed(trial));
    for (size_t i = 0; i < n; i++)
        note_number(r, values[i]);
    note(r, " value");
    note_number(r, hpo_trial_value(trial));
    for (size_t i = 0; i < hpo_trial_report_count(trial); i++) {
        int64_t step  = -1;
        double  value = 0;
        hpo_trial_report_at(trial, i, &step, &value, NULL);
        note(r, " %lld:", (long long)step);
        note_number(r, value);
    }
    for (size_t i = 0; i < hpo_trial_attribute_count(trial); i++)
        note(r, " %s=%s", hpo_trial_attribute_key(trial, i), hpo_trial_attribute(trial, hpo_trial_attribute_key(trial, i)));
    note(r, " %s\n", with_message ? hpo_trial_message(trial) : "");
    hpo_trial_free(trial);
}

static inline void note_study(run *r, const hpo_study *study, bool with_messages) {
    for (int32_t state = -1; state <= HPO_WAITING; state++)
        note(r, "%llu ", (unsigned long long)hpo_study_trial_count(study, state));
    note(r, "\n");
    for (uint64_t i = 0; i < hpo_study_trial_count(study, -1); i++)
        note_trial(r, study, i, with_messages);
}

static inline void note_space(run *r, const hpo_space *space) {
    static char text[16384];
    size_t      need = 0;
    TRY(r, hpo_space_to_json(space, text, sizeof text, &need, error))
    note(r, "%s\n", text);
}

/* ---- the loop ---- */

typedef void (*scenario)(run *r);

static inline void run_begin(run *r, uint64_t fail_at, bool persistent) {
    *r = (run){.fail_at = fail_at, .persistent = persistent};
    pthread_mutex_init(&r->lock, NULL);
    r->allocator = (hpo_allocator){sizeof r->allocator, 0, r, failing_resize};
}

static inline void run_end(run *r) {
    free(r->notes);
    pthread_mutex_destroy(&r->lock);
}

/* The first line in which two notes differ. */
static inline const char *difference(const char *a, const char *b) {
    static char line[700];
    size_t      at = 0, start = 0;
    for (; a[at] == b[at] && a[at] != '\0'; at++)
        start = a[at] == '\n' ? at + 1 : start;
    snprintf(line, sizeof line, "\n    %.*s\nbut without failures\n    %.*s", (int)strcspn(a + start, "\n"), a + start, (int)strcspn(b + start, "\n"),
             b + start);
    return line;
}

static inline void run_all(const char *name, scenario body) {
    run plain;
    run_begin(&plain, 0, false);
    body(&plain);
    note(&plain, "end");
    if (plain.problem[0] != '\0' || plain.blocks != 0)
        fail_msg("%s without failures: %s, %zu blocks left", name, plain.problem, plain.blocks);
    for (int persistent = 0; persistent < 2; persistent++) {
        uint64_t n    = 1;
        bool     more = true;
        for (; more; n++) {
            run r;
            run_begin(&r, n, persistent != 0);
            body(&r);
            note(&r, "end");
            char where[64];
            snprintf(where, sizeof where, "%s allocation %llu%s", persistent ? "from" : "at", (unsigned long long)n, persistent ? " on" : "");
            if (r.problem[0] != '\0')
                fail_msg("%s, %s: %s", name, where, r.problem);
            if (r.blocks != 0)
                fail_msg("%s, %s: %zu blocks left", name, where, r.blocks);
            if (strcmp(r.notes, plain.notes) != 0)
                fail_msg("%s, %s: it ends with %s", name, where, difference(r.notes, plain.notes));
            more = r.refused > 0;
            run_end(&r);
        }
        assert_true(n > 2); /* something was refused at all */
    }
    run_end(&plain);
}

/* ---- what several scenarios use ---- */

enum { MIXED_SIZE = 6 };

/* The space for the studies: made before, so that their scenarios need not repeat its failures. */
static inline hpo_space *mixed_space(run *r) {
    static const char *const kernels[] = {"linear", "rbf", "poly"}, *const curved[] = {"rbf", "poly"};
    static const double sizes[] = {16, 32, 64};
    hpo_space          *space   = new_space(r);
    TRY(r, hpo_space_add_float(space, "lr", 1e-5, 1e-1, HPO_LOG, error))
    TRY(r, hpo_space_add_int(space, "depth", 2, 12, HPO_LINEAR, error))
    TRY(r, hpo_space_add_categorical(space, "kernel", kernels, COUNT(kernels), error))
    TRY(r, hpo_space_add_float(space, "gamma", 1e-4, 10, HPO_LOG, error))
    TRY(r, hpo_space_add_ordinal(space, "size", sizes, COUNT(sizes), error))
    TRY(r, hpo_space_add_bool(space, "bias", error))
    TRY(r, hpo_space_when(space, "gamma", "kernel", curved, COUNT(curved), error))
    return space;
}

static inline double mixed_loss(const hpo_trial *trial) {
    double gamma = hpo_trial_is_active(trial, "gamma") == 1 ? log10(hpo_trial_float(trial, "gamma")) : 0;
    return pow(log10(hpo_trial_float(trial, "lr")) + 3, 2) + 0.1 * fabs(hpo_trial_float(trial, "depth") - 6) + 0.2 * pow(gamma + 1, 2) +
           0.01 * hpo_trial_float(trial, "size") + 0.1 * (double)hpo_trial_int(trial, "bias");
}

static inline hpo_study *new_study(run *r, hpo_space *space) {
    hpo_study *study = NULL;
    TRY(r, hpo_study_new(space, &study, error))
    if (study == NULL)
        abort();
    hpo_space_free(space);
    return study;
}

static inline hpo_study *mixed_study(run *r, const char *strategy) {
    hpo_study *study = new_study(r, mixed_space(r));
    TRY(r, hpo_study_set(study, "strategy", strategy, error))
    return study;
}

#endif
