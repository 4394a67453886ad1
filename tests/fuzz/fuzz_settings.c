/* Lines "key=value" as settings of a study: taken and given back, or refused with a proper message; then a few trials by whatever strategy that makes. */
#include "check.h"

enum { LARGEST_BLOCK = 1 << 20 };

/* A grid of a million levels is legal, but not what is tried here. */
static void *resize(void *user, void *block, size_t old_size, size_t new_size) {
    (void)user;
    (void)old_size;
    if (new_size == 0) {
        free(block);
        return NULL;
    }
    return new_size > LARGEST_BLOCK ? NULL : realloc(block, new_size);
}

static hpo_space *small_space(void) {
    static const char *const kernels[] = {"linear", "rbf", "poly"};
    const hpo_allocator      allocator = {.struct_size = sizeof allocator, .resize = resize};
    hpo_space               *space     = hpo_space_new(&allocator);
    hpo_space_add_categorical(space, "kernel", kernels, 3, NULL);
    hpo_space_add_float(space, "gamma", 1e-4, 10, HPO_LOG, NULL);
    hpo_space_add_int(space, "degree", 2, 5, HPO_LINEAR, NULL);
    hpo_space_when(space, "gamma", "kernel", kernels + 1, 2, NULL);
    hpo_space_when(space, "degree", "kernel", kernels + 2, 1, NULL);
    CHECK(hpo_space_status(space, NULL) == HPO_OK);
    return space;
}

static void read_back(hpo_study *study, const char *key, const char *value) {
    char   buf[256];
    size_t need = 0;
    CHECK(hpo_study_get(study, key, buf, sizeof buf, &need, NULL) == (need <= sizeof buf ? HPO_OK : HPO_E_BUFFER));
    CHECK(need == strlen(value) + 1 && (need > sizeof buf || strcmp(buf, value) == 0));
}

static void set(hpo_study *study, char *line) {
    char *equals = strchr(line, '=');
    if (equals == NULL)
        return;
    *equals           = '\0';
    hpo_error  error  = {0, 0, ""};
    hpo_status status = hpo_study_set(study, line, equals + 1, &error);
    check_error(status, &error);
    CHECK(status == HPO_OK || status == HPO_E_INVALID || status == HPO_E_NOT_FOUND || status == HPO_E_NOMEM);
    if (status == HPO_OK)
        read_back(study, line, equals + 1);
}

static void run(hpo_study *study) {
    for (int k = 0; k < 3; k++) {
        hpo_trial *trial  = NULL;
        hpo_error  error  = {0, 0, ""};
        double     value  = k, values[3];
        hpo_status status = hpo_study_ask(study, &trial, &error);
        check_error(status, &error);
        CHECK((status == HPO_OK) == (trial != NULL));
        if (trial == NULL)
            return;
        CHECK(hpo_trial_values_by_index(trial, values, 3) == 3);
        CHECK(values[0] >= 0 && values[0] <= 2);
        CHECK(values[0] == 0 ? isnan(values[1]) : values[1] >= 1e-4 && values[1] <= 10);
        CHECK(values[0] != 2 ? isnan(values[2]) : values[2] >= 2 && values[2] <= 5);
        CHECK(hpo_study_tell(study, trial, HPO_COMPLETE, &value, 1, &error) == HPO_OK);
        hpo_trial_free(trial);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    hpo_space *space = small_space();
    hpo_study *study = NULL;
    char      *lines = malloc(size + 1);
    CHECK(lines != NULL && hpo_study_new(space, &study, NULL) == HPO_OK);
    hpo_space_free(space);
    memcpy(lines, data, size);
    lines[size] = '\0';
    for (char *line = lines, *end; line < lines + size; line = end + 1) {
        end  = line + strcspn(line, "\n");
        *end = '\0';
        set(study, line);
    }
    run(study);
    hpo_study_free(study);
    free(lines);
    return 0;
}
