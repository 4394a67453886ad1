/*
 * One run of a strategy on one task.
 *
 * With W workers, W trials are in flight: whenever one finishes it is told and the next one is asked for. A trial takes as long as the task says its
 * configuration takes to train. Tasks that do not say so give it a random time, exponential by its own seed, so that each trial in flight is as likely to
 * be the next. Nothing waits: the times only decide the order. Rows stand in the order of finishing, so row k is what is known after k results.
 */
#include "simulate.h"
#include "tasks.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A trial in flight. */
typedef struct flight {
    hpo_trial *trial; /* NULL: the place is free */
    double     end;
    double     value;
    uint64_t   asked; /* nanoseconds that the suggestion took */
} flight;

typedef struct session {
    const simulation *run;
    hpo_study        *study;
    flight           *flights;
    bench_region     *region; /* in which every evaluation fails; NULL */
    FILE             *table;
    double            now;
    double            best;
    uint64_t          n_asked;
    uint64_t          n_told;
    uint64_t          in_flight;
    bool              ended; /* the strategy has nothing left */
} session;

/* ---- the space ---- */

static void add_parameter(hpo_space *space, const task_parameter *parameter) {
    int32_t scale = parameter->log ? HPO_LOG : HPO_LINEAR;
    switch (parameter->kind) {
    case TASK_FLOAT:
        hpo_space_add_float(space, parameter->name, parameter->low, parameter->high, scale, NULL);
        break;
    case TASK_INT:
        hpo_space_add_int(space, parameter->name, (int64_t)parameter->low, (int64_t)parameter->high, scale, NULL);
        break;
    case TASK_CATEGORICAL:
        /* The cast only adds const, which C does not do by itself behind two pointers. */
        hpo_space_add_categorical(space, parameter->name, (const char *const *)parameter->choices, parameter->n_choices, NULL);
        break;
    }
}

static void add_conditions(hpo_space *space, const bench_task *task, const task_parameter *child) {
    const char *values[256];
    for (size_t i = 0; i < child->n_conditions; i++) {
        const task_parameter *parent = &task->parameters[child->conditions[i].parent];
        size_t                n      = 0;
        for (size_t k = 0; k < parent->n_choices && n < sizeof values / sizeof *values; k++) {
            if (child->conditions[i].allowed[k]) {
                values[n++] = parent->choices[k];
            }
        }
        hpo_space_when(space, child->name, parent->name, values, n, NULL);
    }
}

hpo_space *simulation_space(const bench_task *task, hpo_error *err) {
    hpo_space *space = hpo_space_new(NULL);
    if (space == NULL) {
        *err = (hpo_error){HPO_E_NOMEM, 0, "out of memory"};
        return NULL;
    }
    for (size_t i = 0; i < task->n_parameters; i++) {
        add_parameter(space, &task->parameters[i]);
        add_conditions(space, task, &task->parameters[i]);
    }
    if (hpo_space_status(space, err) < 0) {
        hpo_space_free(space);
        return NULL;
    }
    return space;
}

/* ---- the study ---- */

static hpo_status set_number(hpo_study *study, const char *key, uint64_t number, hpo_error *err) {
    char text[32];
    snprintf(text, sizeof text, "%" PRIu64, number);
    return hpo_study_set(study, key, text, err);
}

static hpo_status settings_apply(const bench_texts *settings, hpo_study *study, hpo_error *err) {
    hpo_status status = HPO_OK;
    for (size_t i = 0; status >= 0 && i < settings->n; i++) {
        char *equals = strchr(settings->items[i], '=');
        *equals      = '\0';
        status       = hpo_study_set(study, settings->items[i], equals + 1, err);
        *equals      = '=';
    }
    return status;
}

static hpo_status study_make(const simulation *run, hpo_study **out, hpo_error *err) {
    hpo_space *space  = simulation_space(run->task, err);
    hpo_study *study  = NULL;
    hpo_status status = space != NULL ? hpo_study_new(space, &study, err) : err->code;
    hpo_space_free(space);
    if (status >= 0) {
        status = hpo_study_set(study, "strategy", run->strategy, err);
    }
    if (status >= 0) {
        status = set_number(study, "seed", run->seed, err);
    }
    if (status >= 0) {
        status = set_number(study, "trials", run->trials, err);
    }
    if (status >= 0 && run->workers > 1) {
        status = set_number(study, "workers", run->workers, err);
    }
    if (status >= 0) {
        status = settings_apply(run->settings, study, err);
    }
    if (status < 0) {
        hpo_study_free(study);
        return status;
    }
    *out = study;
    return HPO_OK;
}

/* ---- trials ---- */

static bool complain(const session *s, const char *what, hpo_status status, const hpo_error *err) {
    bench_complain("tasks", "%s, %s, seed %" PRIu64 ", trial %" PRIu64 ": %s: %s%s%s", s->run->strategy, bench_task_name(s->run->task), s->run->seed,
                   s->n_told + 1, what, hpo_status_name(status), err->message[0] != '\0' ? ": " : "", err->message);
    return false;
}

static bool evaluate(const session *s, const hpo_trial *trial, bool noisy, double *value, double *time) {
    double   values[TASK_PARAMETERS_MAX];
    char     message[200] = "";
    size_t   n            = hpo_trial_values_by_index(trial, values, TASK_PARAMETERS_MAX);
    uint64_t seed         = hpo_trial_seed(trial);
    if (bench_task_evaluate(s->run->task, values, n, noisy, seed, value, time, message, sizeof message) != 0) {
        bench_complain("tasks", "%s, %s, seed %" PRIu64 ": the suggestion does not fit the task: %s", s->run->strategy, bench_task_name(s->run->task),
                       s->run->seed, message);
        return false;
    }
    if (s->region != NULL && bench_region_holds(s->region, values)) {
        *value = (double)INFINITY;
    }
    if (!(*time >= 0.0)) {
        seed ^= 0x5eed0f7173; /* not the numbers that the noise has used */
        *time = -log(task_uniform(&seed));
    }
    return true;
}

/* Asks for trials until W are in flight, the budget is asked for, or the strategy must wait or has nothing left. */
static bool fly(session *s) {
    for (uint64_t i = 0; i < s->run->workers && !s->ended && s->n_asked < s->run->trials; i++) {
        flight   *f   = &s->flights[i];
        double    end = 0.0;
        hpo_error err = {0, 0, ""};
        if (f->trial != NULL) {
            continue;
        }
        uint64_t   start  = bench_clock();
        hpo_status status = hpo_study_ask(s->study, &f->trial, &err);
        f->asked          = bench_clock() - start;
        if (status == HPO_EXHAUSTED) {
            s->ended = true;
        } else if (status == HPO_E_BUSY && s->in_flight > 0) {
            return true;
        } else if (status != HPO_OK) {
            return complain(s, "ask", status, &err);
        } else if (!evaluate(s, f->trial, s->run->noisy, &f->value, &end)) {
            return false;
        } else {
            f->end = s->now + end;
            s->n_asked++;
            s->in_flight++;
        }
    }
    return true;
}

/* With noise, what counts is the true value of the configuration that the study would hand out now. */
static bool best_update(session *s, double value) {
    if (!s->run->noisy || !bench_task_has_noise(s->run->task)) {
        s->best = fmin(s->best, value);
        return true;
    }
    hpo_trial *best   = NULL;
    hpo_error  err    = {0, 0, ""};
    double     time   = 0.0;
    hpo_status status = hpo_study_best(s->study, &best, &err);
    if (status == HPO_E_NOT_FOUND) {
        return true;
    }
    if (status < 0) {
        return complain(s, "best", status, &err);
    }
    bool good = evaluate(s, best, false, &s->best, &time);
    hpo_trial_free(best);
    return good;
}

/* Place of the trial that finishes first, of equals the one that was asked for first; at least one is in flight. */
static uint64_t first_of(const session *s) {
    uint64_t first = 0;
    for (uint64_t i = 1; i < s->run->workers; i++) {
        const flight *f = &s->flights[i];
        const flight *g = &s->flights[first];
        if (f->trial != NULL &&
            (g->trial == NULL || f->end < g->end || (f->end <= g->end && hpo_trial_number(f->trial) < hpo_trial_number(g->trial)))) {
            first = i;
        }
    }
    return first;
}

/* Tells that trial and writes its row. */
static bool land(session *s) {
    flight    *f      = &s->flights[first_of(s)];
    hpo_error  err    = {0, 0, ""};
    bool       failed = !isfinite(f->value);
    hpo_status status = hpo_study_tell(s->study, f->trial, failed ? HPO_FAILED : HPO_COMPLETE, failed ? NULL : &f->value, failed ? 0 : 1, &err);
    hpo_trial_free(f->trial);
    f->trial = NULL;
    s->now   = f->end;
    s->in_flight--;
    if (status < 0) {
        return complain(s, "tell", status, &err);
    }
    s->n_told++;
    if (!best_update(s, f->value)) {
        return false;
    }
    fprintf(s->table, "%s,%s,%s,%" PRIu64 ",%" PRIu64 ",%.10g,%.10g,%.6f\n", s->run->peer, hpo_version_string(), bench_task_name(s->run->task),
            s->run->seed, s->n_told, f->value, s->best, (double)f->asked * 1e-9);
    return true;
}

/* The places for trials in flight, the region that fails and the study. */
static bool session_start(session *s) {
    hpo_error err          = {0, 0, ""};
    char      message[400] = "";
    s->flights             = calloc(s->run->workers, sizeof *s->flights);
    if (s->flights == NULL) {
        bench_complain("tasks", "out of memory");
        return false;
    }
    if (s->run->failures > 0.0) {
        s->region = bench_region_new(s->run->task, s->run->failures, s->run->seed, message, sizeof message);
        if (s->region == NULL) {
            bench_complain("tasks", "--failures: %s", message);
            return false;
        }
    }
    hpo_status status = study_make(s->run, &s->study, &err);
    return status >= 0 || complain(s, "study", status, &err);
}

bool simulation_run(const simulation *run, FILE *table) {
    session s    = {.run = run, .table = table, .best = (double)INFINITY};
    bool    good = session_start(&s);
    while (good && s.n_told < run->trials) {
        good = fly(&s);
        if (good && s.in_flight == 0) {
            break;
        }
        good = good && land(&s);
    }
    if (good && s.n_told < run->trials) {
        fprintf(stderr, "hpo-bench tasks: %s, %s, seed %" PRIu64 ": nothing left to try after %" PRIu64 " trials\n", run->strategy,
                bench_task_name(run->task), run->seed, s.n_told);
    }
    for (uint64_t i = 0; s.flights != NULL && i < run->workers; i++) {
        hpo_trial_free(s.flights[i].trial);
    }
    free(s.flights);
    bench_region_free(s.region);
    hpo_study_free(s.study);
    return good;
}
