/* Every allocation of reading results, of confirming, testing, advice and export fails in turn. */
#include "failing.h"

#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

/* A searched study; its loop is another file's affair, so each trial is told by hand. */
static hpo_study *searched(run *r, const char *strategy, int trials) {
    hpo_study *study = mixed_study(r, strategy);
    for (int i = 0; i < trials; i++) {
        hpo_trial *trial = NULL;
        TRY(r, hpo_study_ask(study, &trial, error))
        double loss = mixed_loss(trial);
        if (i % 6 == 1)
            TRY(r, hpo_trial_set_attribute(trial, "n", "{\"a\": [1, 2]}", error))
        if (i % 6 == 2)
            TRY(r, hpo_trial_report(trial, 1, loss, error))
        if (i % 6 == 3)
            TRY(r, hpo_trial_set_message(trial, "bad, \"luck\"", error))
        TRY(r, hpo_study_tell(study, trial, i % 6 == 3 ? HPO_FAILED : HPO_COMPLETE, &loss, 1, error))
        hpo_trial_free(trial);
    }
    return study;
}

static void reading(run *r) {
    static const char *const columns[] = {"value", "lr", "parameter:gamma", "duration"};
    hpo_study               *study     = searched(r, "random", 10);
    hpo_trial               *trial     = NULL;
    double                   buffer[16];
    size_t                   n = 0;
    TRY(r, hpo_study_best(study, &trial, error))
    note(r, "best %d\n", (int)hpo_trial_number(trial));
    hpo_trial_free(trial);
    TRY(r, hpo_study_default(study, &trial, error))
    note(r, "default %d\n", (int)hpo_trial_number(trial));
    hpo_trial_free(trial);
    for (size_t i = 0; i < COUNT(columns); i++) {
        TRY(r, hpo_study_column(study, columns[i], buffer, COUNT(buffer), &n, error))
        TRY_AS(r, HPO_E_BUFFER, HARD, hpo_study_column(study, columns[i], NULL, 0, &n, error))
        for (size_t k = 0; k < n && i < 3; k++)
            note_number(r, buffer[k]);
    }
    TRY_AS(r, HPO_E_NOT_FOUND, HARD, hpo_study_column(study, "valu", buffer, COUNT(buffer), &n, error))
    note_study(r, study, true);
    hpo_study_free(study);
}

/* ---- confirmation ---- */

static hpo_status fresh(hpo_trial *trial, double *values, void *user) {
    run *r    = user;
    values[0] = mixed_loss(trial) + 0.01 * (double)hpo_trial_repeat(trial);
    TRY_SOFT(r, hpo_trial_report(trial, 0, values[0], error))
    TRY_SOFT(r, hpo_trial_set_attribute(trial, "fold", "1", error))
    return hpo_trial_number(trial) == 4 ? -1 : HPO_OK;
}

static void note_confirmation(run *r, const hpo_study *study) {
    double optimism = NONE, low = NONE, high = NONE;
    note(r, "confirmed:");
    if (hpo_study_optimism(study, &optimism, &low, &high, NULL) == HPO_OK) {
        note_number(r, optimism);
        note_number(r, low);
        note_number(r, high);
    }
    for (uint64_t i = 0; i < hpo_study_trial_count(study, -1); i++) {
        double mean, deviation;
        size_t repeats;
        if (hpo_study_confirmed(study, i, &mean, &deviation, &repeats, NULL) != HPO_OK)
            continue;
        note(r, " %d x %d", (int)i, (int)repeats);
        note_number(r, mean);
        note_number(r, deviation);
    }
    note(r, "\n");
}

/* Refusals in the objective, of the threads' block or of a message are survived; so a call may succeed in spite of them. */
static void confirm(run *r, hpo_study *study, size_t finalists, size_t repeats) {
    hpo_trial *winner = NULL;
    TRY_SOFT(r, hpo_study_confirm(study, fresh, r, finalists, repeats, &winner, error))
    note(r, "winner %d\n", winner == NULL ? -1 : (int)hpo_trial_number(winner));
    note_confirmation(r, study);
    hpo_trial_free(winner);
}

static void confirming(run *r) {
    hpo_study *study = searched(r, "random", 12);
    TRY(r, hpo_study_set(study, "workers", "1", error))
    confirm(r, study, 3, 2);
    confirm(r, study, 50, 3); /* takes the place of the first */
    hpo_study_free(study);
}

static void confirming_with_workers(run *r) {
    hpo_study *study = searched(r, "random", 8);
    TRY(r, hpo_study_set(study, "workers", "4", error))
    confirm(r, study, 3, 4);
    hpo_study_free(study);
}

/* One that fails, here because nobody has that much memory, leaves the one before it. */
static void confirmation_stays(run *r) {
    double     before = NONE, after = NONE;
    hpo_study *study = searched(r, "random", 8);
    confirm(r, study, 2, 2);
    hpo_study_optimism(study, &before, NULL, NULL, NULL);
    hpo_status status = hpo_study_confirm(study, fresh, r, 2, SIZE_MAX / 8, NULL, NULL);
    hpo_study_optimism(study, &after, NULL, NULL, NULL);
    if (status != HPO_E_NOMEM || isnan(before) || memcmp(&before, &after, sizeof before) != 0)
        problem(r, "a confirmation of 2^61 repeats: %s, the optimism was %g and is %g", hpo_status_name(status), before, after);
    lift(r);
    hpo_study_free(study);
}

/* ---- the model ---- */

static void predicting(run *r) {
    static const double rows[2][MIXED_SIZE] = {{1e-3, 5, 0, NONE, 32, 1}, {1e-2, 9, 1, 0.5, 64, 0}};
    hpo_study          *study               = searched(r, "random", 9);
    double              mean[2] = {NONE, NONE}, deviation[2] = {NONE, NONE}, relevance[MIXED_SIZE] = {NONE};
    TRY(r, hpo_study_relevance(study, relevance, error))
    TRY(r, hpo_study_predict(study, &rows[0][0], 2, mean, deviation, error))
    for (size_t i = 0; i < 2; i++) {
        note_number(r, mean[i]);
        note_number(r, deviation[i]);
    }
    for (size_t i = 0; i < MIXED_SIZE; i++)
        note_number(r, relevance[i]);
    for (uint64_t i = 0; i < 9; i += 2) {
        TRY(r, hpo_study_estimate(study, i, mean, deviation, error))
        note_number(r, mean[0]);
        note_number(r, deviation[0]);
    }
    TRY_AS(r, HPO_E_INVALID, HARD, hpo_study_predict(study, &rows[0][1], 1, mean, NULL, error))
    TRY_AS(r, HPO_E_NOT_FOUND, HARD, hpo_study_estimate(study, 9, mean, NULL, error))
    hpo_study_free(study);
}

static void selecting(run *r) {
    hpo_study *study = searched(r, "random", 8);
    hpo_trial *best  = NULL;
    TRY(r, hpo_study_set(study, "select", "mean", error))
    for (int i = 0; i < 2; i++) {
        TRY(r, hpo_study_best(study, &best, error))
        note(r, "best %d\n", (int)hpo_trial_number(best));
        hpo_trial_free(best);
    }
    TRY(r, hpo_study_set(study, "seed", "3", error))
    confirm(r, study, 2, 2); /* makes a model anew */
    hpo_study_free(study);
}

/* ---- the test set ---- */

static hpo_status on_test_set(hpo_trial *trial, double *values, void *user) {
    run *r    = user;
    values[0] = mixed_loss(trial);
    TRY_SOFT(r, hpo_trial_report(trial, 0, 1, error))
    return HPO_OK;
}

static void testing(run *r) {
    hpo_study *study = searched(r, "random", 6);
    hpo_trial *best  = NULL;
    TRY(r, hpo_study_best(study, &best, error))
    for (int i = 0; i < 14; i++) {
        double score = NONE;
        TRY_SOFT(r, hpo_study_test(study, best, on_test_set, r, &score, error))
        note_number(r, score);
        if (hpo_study_test_count(study) != (uint64_t)i + 1) /* counted once, however often it was tried */
            problem(r, "the test set was used %d times, not %d", (int)hpo_study_test_count(study), i + 1);
    }
    hpo_trial_free(best);
    hpo_study_free(study);
}

/* ---- advice and export ---- */

static void advising(run *r) {
    static const char *const formats[] = {"text", "json"};
    static char              text[16384];
    hpo_study               *study = searched(r, "grid", 60);
    size_t                   need  = 0;
    for (size_t i = 0; i < COUNT(formats); i++) {
        TRY(r, hpo_study_advice(study, formats[i], text, sizeof text, &need, error))
        note(r, "%zu %s\n", need, text);
        TRY_AS(r, HPO_E_BUFFER, HARD, hpo_study_advice(study, formats[i], text, 3, &need, error))
    }
    hpo_study_free(study);
}

static void advising_on_nothing(run *r) {
    hpo_study *study = mixed_study(r, "random");
    char       text[16];
    TRY(r, hpo_study_advice(study, "json", text, sizeof text, NULL, error))
    note(r, "%s\n", text);
    hpo_study_free(study);
}

/* The file without its times, which differ from run to run: its length and its lines. */
static void note_file(run *r, const char *path) {
    FILE *file  = fopen(path, "r");
    int   lines = 0, c;
    if (file == NULL) {
        problem(r, "%s is not there", path);
        return;
    }
    while ((c = fgetc(file)) != EOF)
        lines += c == '\n';
    fclose(file);
    note(r, "%d lines\n", lines);
}

static void exporting(run *r) {
    static const char *const formats[] = {"csv", "json"};
    hpo_study               *study     = searched(r, "random", 12);
    char                     path[200];
    hpo_trial               *best = NULL;
    TRY(r, hpo_study_best(study, &best, error))
    confirm(r, study, 2, 2);
    TRY_SOFT(r, hpo_study_test(study, best, on_test_set, r, NULL, error))
    hpo_trial_free(best);
    for (size_t i = 0; i < COUNT(formats); i++) {
        uint64_t before = refused_so_far(r);
        snprintf(path, sizeof path, "%s/study.%s", folder, formats[i]);
        unlink(path);
        hpo_status first = hpo_study_export(study, formats[i], path, NULL);
        if (first == HPO_E_NOMEM && access(path, F_OK) == 0)
            problem(r, "a file was left by an export that failed");
        if (first != HPO_OK && (first != HPO_E_NOMEM || refused_so_far(r) == before))
            problem(r, "export: %s", hpo_status_name(first));
        if (first != HPO_OK)
            TRY(r, hpo_study_export(study, formats[i], path, error))
        note_file(r, path);
    }
    hpo_study_free(study);
}

static const struct {
    const char *name;
    scenario    body;
} scenarios[] = {{"reading", reading},
                 {"confirming", confirming},
                 {"confirming with workers", confirming_with_workers},
                 {"a confirmation that cannot be", confirmation_stays},
                 {"predictions", predicting},
                 {"selection", selecting},
                 {"the test set", testing},
                 {"advice", advising},
                 {"advice on nothing", advising_on_nothing},
                 {"export", exporting}};

static void test_scenarios(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT(scenarios); i++)
        run_all(scenarios[i].name, scenarios[i].body);
}

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/hpo-alloc-XXXXXX");
    return mkdtemp(folder) == NULL;
}

/* Fails when anything but the two exported files was left. */
static int remove_folder(void **state) {
    (void)state;
    char path[200];
    snprintf(path, sizeof path, "%s/study.csv", folder);
    unlink(path);
    snprintf(path, sizeof path, "%s/study.json", folder);
    unlink(path);
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_scenarios),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
