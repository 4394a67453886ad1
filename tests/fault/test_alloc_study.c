/* Every allocation of a study, its trials, its strategies and its loop fails in turn. */
#include "failing.h"

/* ---- ask and tell ---- */

static void ask_and_tell(run *r, hpo_study *study, int trials) {
    for (int i = 0; i < trials; i++) {
        hpo_trial *trial = NULL;
        TRY(r, hpo_study_ask(study, &trial, error))
        if (trial == NULL)
            return;
        double loss = mixed_loss(trial);
        TRY(r, hpo_study_tell(study, trial, HPO_COMPLETE, &loss, 1, error)) /* what was evaluated is never refused */
        hpo_trial_free(trial);
    }
}

static void making(run *r) {
    hpo_study *study = new_study(r, mixed_space(r));
    note_space(r, hpo_study_space(study));
    hpo_study_free(study);
}

static void settings(run *r) {
    static const char *const given[][2] = {{"seed", "5"},         {"strategy", "grid"}, {"grid.levels", "3"},       {"grid.levels.lr", "4"},
                                           {"timeout", "0.5"},    {"order", "logical"}, {"workers", "2"},           {"direction", "maximize"},
                                           {"seed", "6"},         {"trials", "77"},     {"start.default", "false"}, {"zoom.keep", "3"},
                                           {"lhs.samples", "10"}, {"failures.max", "9"}};
    hpo_study               *study      = new_study(r, mixed_space(r));
    char                     value[64];
    for (size_t i = 0; i < COUNT(given); i++)
        TRY(r, hpo_study_set(study, given[i][0], given[i][1], error))
    TRY_AS(r, HPO_E_INVALID, HARD, hpo_study_set(study, "seed", "x", error))
    TRY_AS(r, HPO_E_NOT_FOUND, HARD, hpo_study_set(study, "sed", "1", error))
    for (size_t i = 0; i < COUNT(given); i++) {
        TRY(r, hpo_study_get(study, given[i][0], value, sizeof value, NULL, error))
        note(r, "%s = %s\n", given[i][0], value);
    }
    hpo_study_free(study);
}

static void many_trials(run *r) {
    hpo_study *study = mixed_study(r, "random");
    ask_and_tell(r, study, 40);
    note_study(r, study, true);
    hpo_study_free(study);
}

/* Many that run at once, told in another order. */
static void many_running(run *r) {
    hpo_study *study = mixed_study(r, "grid");
    hpo_trial *trials[20];
    for (size_t i = 0; i < COUNT(trials); i++)
        TRY(r, hpo_study_ask(study, &trials[i], error))
    for (size_t i = 0; i < COUNT(trials); i++) {
        hpo_trial *trial = trials[i * 7 % COUNT(trials)];
        double     loss  = mixed_loss(trial);
        if (i % 5 == 4) {
            hpo_trial_free(trial); /* never told: failed */
            continue;
        }
        TRY(r, hpo_study_tell(study, trial, i % 3 == 0 ? HPO_TRIAL_PRUNED : HPO_COMPLETE, &loss, 1, error))
        hpo_trial_free(trial);
    }
    ask_and_tell(r, study, 5);
    note_study(r, study, true);
    hpo_study_free(study);
}

static void recording(run *r) {
    hpo_study *study = mixed_study(r, "random");
    for (int i = 0; i < 3; i++) {
        hpo_trial *trial = NULL;
        double     value = i;
        TRY(r, hpo_study_ask(study, &trial, error))
        for (int64_t step = 0; step < 20; step++)
            TRY(r, hpo_trial_report(trial, step * 7 % 20, 1.0 / (double)(step + 1), error))
        for (int k = 0; k < 12; k++) {
            char key[16];
            snprintf(key, sizeof key, "key %d", k);
            TRY(r, hpo_trial_set_attribute(trial, key, "[1, {\"a\": null}]", error))
        }
        TRY(r, hpo_trial_set_attribute(trial, "key 3", "\"replaced\"", error))
        TRY_AS(r, HPO_E_INVALID, HARD, hpo_trial_set_attribute(trial, "key 3", "{", error))
        TRY(r, hpo_trial_set_message(trial, "first", error))
        TRY(r, hpo_trial_set_message(trial, "second", error))
        TRY(r, hpo_study_tell(study, trial, i == 0 ? HPO_FAILED : HPO_COMPLETE, &value, 1, error))
        hpo_trial_free(trial);
    }
    note_study(r, study, true);
    hpo_study_free(study);
}

/* The mark of a getter that was asked wrongly survives without memory, only its words may be lost. */
static void misuse(run *r) {
    hpo_study *study = mixed_study(r, "random");
    for (int i = 0; i < 3; i++) {
        hpo_trial *trial = NULL;
        double     value = 1;
        TRY(r, hpo_study_ask(study, &trial, error))
        if (!isnan(hpo_trial_float(trial, "learning_rate")))
            problem(r, "an unknown parameter has a value");
        TRY_AS(r, HPO_E_NOT_FOUND, SOFT, hpo_study_tell(study, trial, HPO_COMPLETE, &value, 1, error))
        if (hpo_trial_state(trial) != HPO_FAILED || hpo_trial_message(trial)[0] == '\0')
            problem(r, "a trial that was misused is not failed, with a reason");
        hpo_trial_free(trial);
    }
    note_study(r, study, false);
    hpo_study_free(study);
}

static void points_of_the_host(run *r) {
    hpo_study *study = mixed_study(r, "random");
    hpo_point *point = NULL;
    TRY(r, hpo_point_new(hpo_study_space(study), &point, error))
    for (int i = 0; i < 12; i++) {
        double value = i;
        TRY(r, hpo_point_set_number(point, "lr", 0.001 * (i + 1), error))
        TRY(r, hpo_study_enqueue(study, point, error))
        TRY(r, hpo_study_add(study, point, i % 4 == 3 ? HPO_FAILED : HPO_COMPLETE, &value, 1, error))
        if (hpo_study_trial_count(study, HPO_WAITING) != (uint64_t)i + 1)
            problem(r, "%d points wait, not %d", (int)hpo_study_trial_count(study, HPO_WAITING), i + 1);
    }
    TRY(r, hpo_point_set(point, "gamma", "0.5", error))
    TRY_AS(r, HPO_E_INVALID, HARD, hpo_study_enqueue(study, point, error)) /* not active */
    hpo_point_free(point);
    ask_and_tell(r, study, 8); /* some stay in the queue */
    note_study(r, study, true);
    hpo_study_free(study);
}

/* ---- strategies ---- */

static void strategy(run *r, const char *name, const char *cache, int trials) {
    hpo_study *study = mixed_study(r, name);
    uint64_t   total = 0;
    TRY(r, hpo_study_set(study, "strategy.cache", cache, error))
    TRY(r, hpo_study_set(study, "grid.levels", "3", error))
    TRY(r, hpo_study_set(study, "zoom.parameters", "lr,gamma", error))
    TRY(r, hpo_study_set(study, "lhs.samples", "8", error))
    if (strcmp(name, "grid") == 0) {
        TRY(r, hpo_study_total(study, &total, error))
        note(r, "total %llu\n", (unsigned long long)total);
    }
    ask_and_tell(r, study, trials);
    note_study(r, study, true);
    hpo_study_free(study);
}

static void with_random(run *r) {
    strategy(r, "random", "keep", 25);
}

static void with_sobol(run *r) {
    strategy(r, "sobol", "keep", 25);
}

static void with_halton(run *r) {
    strategy(r, "halton", "keep", 25);
}

static void with_lhs(run *r) {
    strategy(r, "lhs", "keep", 25);
}

static void with_grid(run *r) {
    strategy(r, "grid", "keep", 40);
}

static void with_zoom(run *r) {
    strategy(r, "zoom", "keep", 150);
}

static void with_gp(run *r) {
    strategy(r, "gp", "keep", 11);
}

static void with_dropped_caches(run *r) {
    for (size_t i = 0; i < hpo_strategy_count(); i++)
        strategy(r, hpo_strategy_name(i), "drop", 4);
}

static void changed_strategies(run *r) {
    static const char *const names[] = {"grid", "random", "zoom", "sobol", "lhs", "halton", "grid"};
    hpo_study               *study   = mixed_study(r, "random");
    TRY(r, hpo_study_set(study, "zoom.parameters", "lr", error))
    for (size_t i = 0; i < COUNT(names); i++) {
        TRY(r, hpo_study_set(study, "strategy", names[i], error))
        ask_and_tell(r, study, 2);
    }
    note_study(r, study, true);
    hpo_study_free(study);
}

static void exhausted(run *r) {
    hpo_space *space = new_space(r);
    hpo_trial *trial = NULL;
    TRY(r, hpo_space_add_bool(space, "a", error))
    TRY(r, hpo_space_add_int(space, "b", 1, 3, HPO_LINEAR, error))
    hpo_study *study = new_study(r, space);
    TRY(r, hpo_study_set(study, "strategy", "grid", error))
    for (int i = 0; i < 6; i++) {
        double value = i;
        TRY(r, hpo_study_ask(study, &trial, error))
        TRY(r, hpo_study_tell(study, trial, HPO_COMPLETE, &value, 1, error))
        hpo_trial_free(trial);
    }
    TRY_AS(r, HPO_EXHAUSTED, HARD, hpo_study_ask(study, &trial, error))
    note_study(r, study, true);
    hpo_study_free(study);
}

/* ---- a third party's strategy: its own memory is its own affair, but its state must be ended as often as it was made ---- */

typedef struct guest {
    run *r;
    int  created, destroyed, ended;
} guest;

static void guest_end(void *user) {
    ((guest *)user)->ended++;
}

static hpo_status guest_create(const hpo_space *space, const hpo_settings *given, void *user, void **out, hpo_error *err) {
    guest *g = user;
    (void)space;
    (void)err;
    if (isnan(hpo_settings_number(given, "guest.reach")))
        problem(g->r, "the strategy's setting is not there");
    g->created++;
    *out = user;
    return HPO_OK;
}

static void guest_destroy(void *state) {
    ((guest *)state)->destroyed++;
}

static hpo_status guest_ask(void *state, const hpo_history *history, uint64_t number, hpo_point *out, hpo_error *err) {
    double unit[MIXED_SIZE];
    (void)state;
    for (uint32_t i = 0; i < MIXED_SIZE; i++)
        unit[i] = hpo_history_uniform(history, number, 3, i);
    unit[2]           = 0;    /* a linear kernel */
    unit[3]           = NONE; /* has no gamma */
    hpo_status status = hpo_point_set_unit(out, unit, MIXED_SIZE, err);
    return status == HPO_OK ? hpo_point_set_number(out, "depth", 2 + (double)(hpo_history_size(history) % 10), err) : status;
}

static hpo_status guest_observe(void *state, const hpo_history *history, uint64_t number, hpo_error *err) {
    guest *g = state;
    (void)err;
    if (hpo_history_numbers(history)[hpo_history_size(history) - 1] != number)
        problem(g->r, "the last row of the history is not that of trial %d", (int)number);
    return number % 4 == 3 ? HPO_E_NOMEM : HPO_OK; /* a cache that could not grow: the state is dropped */
}

static const hpo_setting guest_settings[] = {{"guest.reach", "float", "0.5", "0..1", "how far"}, {NULL, NULL, NULL, NULL, NULL}};

static const hpo_strategy_ops guest_ops = {
    .struct_size = sizeof(hpo_strategy_ops),
    .abi_version = HPO_STRATEGY_ABI,
    .name        = "guest",
    .help        = "of a third party",
    .create      = guest_create,
    .destroy     = guest_destroy,
    .ask         = guest_ask,
    .observe     = guest_observe,
    .settings    = guest_settings,
};

static void third_party(run *r) {
    guest      a = {.r = r}, b = {.r = r};
    hpo_study *study = mixed_study(r, "random");
    TRY(r, hpo_study_use_strategy(study, &guest_ops, &a, guest_end, error))
    TRY(r, hpo_study_set(study, "guest.reach", "0.75", error))
    ask_and_tell(r, study, 12);
    TRY(r, hpo_study_use_strategy(study, &guest_ops, &b, guest_end, error))
    ask_and_tell(r, study, 6);
    TRY(r, hpo_study_set(study, "strategy", "random", error))
    ask_and_tell(r, study, 2);
    note_study(r, study, true);
    hpo_study_free(study);
    if (a.created != a.destroyed || b.created != b.destroyed || a.ended != 1 || b.ended != 1)
        problem(r, "states of the strategy: %d + %d made, %d + %d ended, users %d %d", a.created, b.created, a.destroyed, b.destroyed, a.ended,
                b.ended);
}

/* ---- the loop ---- */

typedef struct loop {
    run            *r;
    pthread_mutex_t lock;
    int             evaluated, heard;
} loop;

static void count_one(loop *l, int *counter) {
    pthread_mutex_lock(&l->lock);
    ++*counter;
    pthread_mutex_unlock(&l->lock);
}

/* Reports, attributes and messages as a training would make them; some trials fail, some are pruned. Runs on any worker. */
static hpo_status train(hpo_trial *trial, double *values, void *user) {
    loop    *l      = user;
    uint64_t number = hpo_trial_number(trial);
    count_one(l, &l->evaluated);
    values[0] = mixed_loss(trial);
    for (int64_t step = 0; step < 3; step++)
        TRY_SOFT(l->r, hpo_trial_report(trial, step, values[0] / (double)(step + 1), error))
    TRY_SOFT(l->r, hpo_trial_set_attribute(trial, "epochs", "3", error))
    if (number % 5 == 2) {
        TRY_SOFT(l->r, hpo_trial_set_message(trial, "it diverged", error))
        return HPO_E_HOST - 1;
    }
    return number % 7 == 4 ? HPO_PRUNED : number % 11 == 8 ? -1 : HPO_OK;
}

static hpo_status hear(const hpo_trial *trial, void *user) {
    (void)trial;
    count_one(user, &((loop *)user)->heard);
    return HPO_OK;
}

static void count_log(int32_t level, const char *message, void *user) {
    if (level < HPO_LOG_ERROR || message[0] == '\0')
        problem(((loop *)user)->r, "an empty message in the log");
}

/*
 * Until `trials` are finished, whatever happens between. Refusals inside the objective and of the threads' own block are survived by the loop itself,
 * so a call may succeed in spite of them.
 */
static void optimize(run *r, hpo_study *study, uint64_t trials) {
    loop l = {.r = r};
    pthread_mutex_init(&l.lock, NULL);
    TRY(r, hpo_study_on_trial(study, hear, &l, error))
    TRY(r, hpo_study_on_log(study, HPO_LOG_DEBUG, count_log, &l, error))
    uint64_t finished = 0;
    for (int turn = 0; finished < trials; turn++) {
        hpo_error  report  = {0, 0, ""};
        uint64_t   before  = refused_so_far(r);
        hpo_status status  = hpo_study_optimize(study, train, &l, trials - finished, &report);
        bool       refused = refused_so_far(r) > before;
        finished =
            hpo_study_trial_count(study, HPO_COMPLETE) + hpo_study_trial_count(study, HPO_TRIAL_PRUNED) + hpo_study_trial_count(study, HPO_FAILED);
        if (status == HPO_E_NOMEM && refused && report.code == HPO_E_NOMEM && turn < 5) {
            if (turn > 0)
                lift(r);
        } else if (status != HPO_OK || finished != trials) {
            problem(r, "optimize: %s: %s, %d trials", hpo_status_name(status), report.message, (int)finished);
            break;
        }
        if (hpo_study_trial_count(study, HPO_RUNNING) != 0 || (uint64_t)l.evaluated != finished || (uint64_t)l.heard != finished)
            problem(r, "%d trials were evaluated, %d heard of, %d are finished", l.evaluated, l.heard, (int)finished);
    }
    pthread_mutex_destroy(&l.lock);
}

static void loop_with(run *r, const char *name, const char *workers, const char *order, uint64_t trials) {
    hpo_study *study = mixed_study(r, name);
    TRY(r, hpo_study_set(study, "workers", workers, error))
    TRY(r, hpo_study_set(study, "order", order, error))
    TRY(r, hpo_study_set(study, "trials", "20", error))
    TRY(r, hpo_study_set(study, "zoom.parameters", "lr", error))
    optimize(r, study, trials);
    note_study(r, study, false); /* words of failures may be lost */
    hpo_study_free(study);
}

static void one_worker(run *r) {
    loop_with(r, "random", "1", "arrival", 24);
}

static void four_workers(run *r) {
    loop_with(r, "random", "4", "arrival", 24);
}

static void four_workers_logical(run *r) {
    loop_with(r, "zoom", "4", "logical", 24);
}

static void one_worker_on_a_grid(run *r) {
    loop_with(r, "grid", "1", "arrival", 30);
}

/* The plan that the first call leaves as a setting. */
static void first_plan(run *r) {
    char       value[16];
    hpo_study *study = mixed_study(r, "lhs");
    loop       l     = {.r = r};
    pthread_mutex_init(&l.lock, NULL);
    TRY_SOFT(r, hpo_study_set(study, "start.default", "false", error))
    for (int turn = 0; hpo_study_trial_count(study, -1) == 0 && turn < 5; turn++) {
        uint64_t   before = refused_so_far(r);
        hpo_status status = hpo_study_optimize(study, train, &l, 1, NULL);
        if (status != HPO_OK && (status != HPO_E_NOMEM || refused_so_far(r) == before))
            problem(r, "optimize: %s", hpo_status_name(status));
        if (turn == 1)
            lift(r);
    }
    TRY(r, hpo_study_get(study, "trials", value, sizeof value, NULL, error))
    note(r, "%s\n", value);
    note_study(r, study, false);
    pthread_mutex_destroy(&l.lock);
    hpo_study_free(study);
}

static const struct {
    const char *name;
    scenario    body;
} scenarios[] = {{"making a study", making},
                 {"settings", settings},
                 {"ask and tell", many_trials},
                 {"many running trials", many_running},
                 {"reports, attributes, messages", recording},
                 {"misuse of getters", misuse},
                 {"enqueue and add", points_of_the_host},
                 {"random", with_random},
                 {"sobol", with_sobol},
                 {"halton", with_halton},
                 {"lhs", with_lhs},
                 {"grid", with_grid},
                 {"zoom", with_zoom},
                 {"gp", with_gp},
                 {"strategies without caches", with_dropped_caches},
                 {"one strategy after another", changed_strategies},
                 {"the end of a grid", exhausted},
                 {"a third party's strategy", third_party},
                 {"optimize with one worker", one_worker},
                 {"optimize with four workers", four_workers},
                 {"optimize in logical order", four_workers_logical},
                 {"optimize on a grid", one_worker_on_a_grid},
                 {"the plan of the first call", first_plan}};

/* Every built-in strategy has a scenario of its name; a new one must get one. */
static void test_no_strategy_is_left_out(void **state) {
    (void)state;
    for (size_t i = 0; i < hpo_strategy_count(); i++) {
        bool found = false;
        for (size_t k = 0; k < COUNT(scenarios); k++)
            found = found || strcmp(scenarios[k].name, hpo_strategy_name(i)) == 0;
        if (!found)
            fail_msg("strategy '%s' has no scenario", hpo_strategy_name(i));
    }
}

static void test_scenarios(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(scenarios); i++)
        run_all(scenarios[i].name, scenarios[i].body);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_strategy_is_left_out),
        cmocka_unit_test(test_scenarios),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
