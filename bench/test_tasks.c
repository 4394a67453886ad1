/* The loaders and evaluators of the benchmark's tasks, on tiny files that the test makes itself. */
#include "tasks.h"
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* cmocka's own compares as float. */
static void near_at(double a, double b, double slack, int line) {
    if (!(fabs(a - b) <= slack)) {
        fail_msg("line %d: %.17g is not %.17g to %g", line, a, b, slack);
    }
}
#define assert_near(a, b, slack) near_at(a, b, slack, __LINE__)

/* ---- files ---- */

static char root[64];

static const char *path_of(const char *name) {
    static char path[200];
    snprintf(path, sizeof path, "%s/%s", root, name);
    return path;
}

static void write_text(const char *name, const char *text) {
    FILE *file = fopen(path_of(name), "wb");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* Binary data, little-endian, byte by byte. */
typedef struct binary {
    unsigned char bytes[4096];
    size_t        n;
} binary;

static void put(binary *b, uint64_t bits, size_t n) {
    assert_true(b->n + n <= sizeof b->bytes);
    for (size_t i = 0; i < n; i++) {
        b->bytes[b->n++] = (unsigned char)(bits >> 8 * i);
    }
}

static void put_u32(binary *b, uint32_t number) {
    put(b, number, 4);
}

static void put_f32(binary *b, float number) {
    uint32_t bits = 0;
    memcpy(&bits, &number, sizeof bits);
    put(b, bits, 4);
}

static void put_f64(binary *b, double number) {
    uint64_t bits = 0;
    memcpy(&bits, &number, sizeof bits);
    put(b, bits, 8);
}

static void write_binary(const char *name, const binary *b, size_t n) {
    FILE *file = fopen(path_of(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(b->bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static int make_root(void **state) {
    (void)state;
    snprintf(root, sizeof root, "/tmp/bench-tasks-XXXXXX");
    if (mkdtemp(root) == NULL) {
        return -1;
    }
    return mkdir(path_of("grid"), 0700) || mkdir(path_of("ynet"), 0700) || mkdir(path_of("pool"), 0700);
}

static int remove_root(void **state) {
    static const char *const names[] = {"grid/t.task",
                                        "grid/t.f32",
                                        "ynet/m.space",
                                        "ynet/m.ynet",
                                        "ynet/m.check.csv",
                                        "pool/p.task",
                                        "pool/p.pool",
                                        "pool/openml_svc.csv",
                                        "grid",
                                        "ynet",
                                        "pool",
                                        ""};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        remove(path_of(names[i]));
    }
    return 0;
}

/* ---- tasks ---- */

static bench_task *opened(const char *name) {
    char        message[400] = "";
    bench_task *task         = bench_task_open(root, name, message, sizeof message);
    if (task == NULL) {
        fail_msg("%s", message);
    }
    return task;
}

/* The task must not open, and the message must hold `part`. */
static void refused(const char *name, const char *part) {
    char        message[400] = "";
    bench_task *task         = bench_task_open(root, name, message, sizeof message);
    assert_null(task);
    if (strstr(message, part) == NULL) {
        fail_msg("'%s' does not hold '%s'", message, part);
    }
}

static double value_of(const bench_task *task, const double *values) {
    double value = 0.0;
    assert_int_equal(bench_task_evaluate(task, values, bench_task_size(task), 0, 0, &value, NULL, NULL, 0), 0);
    return value;
}

static double noisy_value(const bench_task *task, const double *values, uint64_t seed) {
    double value = 0.0;
    assert_int_equal(bench_task_evaluate(task, values, bench_task_size(task), 1, seed, &value, NULL, NULL, 0), 0);
    return value;
}

static void rejects(const bench_task *task, const double *values, size_t n, const char *part) {
    char   message[400] = "";
    double value        = 0.0;
    assert_int_equal(bench_task_evaluate(task, values, n, 0, 0, &value, NULL, message, sizeof message), -1);
    if (strstr(message, part) == NULL) {
        fail_msg("'%s' does not hold '%s'", message, part);
    }
}

/* ---- tables ---- */

static const char grid_text[] = "gridtask 1\nid t\nsuite test\ndata t.f32\ndirection max\nmetric acc\nreps 2\n"
                                "param opt cat 2 sgd adam\nparam lr ordlog 3 0.01 0.1 1\nconstraint never read\n"
                                "opt_mean 0.8\nopt_index 1 0\n";

/* sgd: .1/.3, .5/nan, nan/nan; adam: .7/.9, inf/.1, .75/.75 */
static void write_grid(const char *text) {
    const float values[] = {0.1f, 0.3f, 0.5f, NAN, NAN, NAN, 0.7f, 0.9f, INFINITY, 0.1f, 0.75f, 0.75f};
    binary      b        = {{0}, 0};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        put_f32(&b, values[i]);
    }
    write_binary("grid/t.f32", &b, b.n);
    write_text("grid/t.task", text);
}

static void test_grid_values(void **state) {
    (void)state;
    write_grid(grid_text);
    bench_task *task = opened("t");
    assert_int_equal(bench_task_size(task), 2);
    assert_true(bench_task_has_noise(task));
    assert_false(bench_task_has_time(task));
    assert_near(bench_task_optimum(task), 0.2, 1e-7); /* 1 - (.7 + .9) / 2 */
    assert_near(value_of(task, (double[]){0, 0}), 0.8, 1e-7);
    assert_near(value_of(task, (double[]){0, 1}), 0.5, 1e-7);  /* the replicate that is there */
    assert_near(value_of(task, (double[]){1, 2}), 0.25, 1e-7); /* last cell: first parameter slowest */
    assert_true(isinf(value_of(task, (double[]){0, 2})));      /* forbidden */
    assert_true(isinf(value_of(task, (double[]){1, 1})));      /* failed */
    bench_task_close(task);
}

static void test_grid_replicates(void **state) {
    (void)state;
    write_grid(grid_text);
    bench_task *task = opened("t");
    size_t      low  = 0;
    for (uint64_t seed = 0; seed < 400; seed++) {
        double v = noisy_value(task, (double[]){0, 0}, seed);
        assert_true(fabs(v - 0.9) < 1e-6 || fabs(v - 0.7) < 1e-6);
        low += v < 0.8;
        assert_near(noisy_value(task, (double[]){0, 1}, seed), 0.5, 1e-7);
        assert_true(v >= noisy_value(task, (double[]){0, 0}, seed) && v <= noisy_value(task, (double[]){0, 0}, seed));
    }
    assert_in_range(low, 150, 250); /* five standard deviations */
    bench_task_close(task);
}

static void test_grid_rejects_values(void **state) {
    (void)state;
    write_grid(grid_text);
    bench_task *task = opened("t");
    rejects(task, (double[]){0, 3}, 2, "'lr' cannot be 3");
    rejects(task, (double[]){0, 0.5}, 2, "'lr' cannot be 0.5");
    rejects(task, (double[]){2, 0}, 2, "'opt' cannot be 2");
    rejects(task, (double[]){(double)NAN, 0}, 2, "'opt' cannot be nan");
    rejects(task, (double[]){-1, 0}, 2, "'opt' cannot be -1");
    rejects(task, (double[]){0}, 1, "1 values for 2 parameters");
    bench_task_close(task);
}

static void grid_variant(const char *from, const char *to, const char *part) {
    char  text[1000];
    char *at = strstr(grid_text, from);
    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - grid_text), grid_text, to, at + strlen(from));
    write_grid(text);
    refused("t", part);
}

static void test_grid_damaged(void **state) {
    (void)state;
    grid_variant("gridtask 1", "gridtask 2", "gridtask 1");
    grid_variant("reps 2", "reps 3", "48 bytes instead of 72");
    grid_variant("reps 2", "reps 0", "reps '0'");
    grid_variant("cat 2 sgd", "cat 3 sgd", "states 3 levels and has 2");
    grid_variant("sgd adam", "sgd sgd", "twice");
    grid_variant("cat 2", "dog 2", "unknown kind 'dog'");
    grid_variant("0.1 1", "0.1 x", "'x' is no number");
    grid_variant("direction max", "direction up", "neither min nor max");
    grid_variant("param lr", "param opt", "twice");
    grid_variant("data t.f32", "data ../t.f32", "beside the task");
    grid_variant("data t.f32", "data none.f32", "none.f32");
    grid_variant("data t.f32\n", "", "lacks 'data'");
    grid_variant("opt_index 1 0", "opt_index 2 0", "opt_index");
    refused("none", "no such task");
    refused("../t", "no '/'");
    write_text("grid/t.task", "");
    refused("t", "gridtask 1");
}

static void grid_check(const char *text, bool expected) {
    char       note[200];
    task_error err = {""};
    write_grid(text);
    bench_task *task = opened("t");
    assert_int_equal(task_grid_check(task, note, sizeof note, &err), expected);
    assert_true(expected || strstr(err.text, "opt_mean") != NULL);
    bench_task_close(task);
}

static void test_grid_check(void **state) {
    static const char head[] = "gridtask 1\ndata t.f32\ndirection max\nmetric acc\nreps 2\nparam a cat 2 x y\nparam b ord 3 1 2 3\n";
    char              text[400];
    (void)state;
    grid_check(grid_text, true);
    snprintf(text, sizeof text, "%s%s", head, "opt_mean 0.9\nopt_index 1 0\n");
    grid_check(text, false);
    snprintf(text, sizeof text, "%s%s", head, "opt_mean 0.8\nopt_index 1 2\n");
    grid_check(text, false);
    grid_check(head, false);
}

static void test_metrics(void **state) {
    (void)state;
    assert_near(task_minimised(task_metric_of("acc", true), 0.75), 0.25, 0.0);
    assert_near(task_minimised(task_metric_of("val_balanced_accuracy", true), 0.75), 0.25, 0.0);
    assert_near(task_minimised(task_metric_of("val_accuracy", true), 75.0), 25.0, 0.0);
    assert_near(task_minimised(task_metric_of("valid_acc_percent", true), 75.0), 25.0, 0.0);
    assert_near(task_minimised(task_metric_of("yield", true), 75.0), 25.0, 0.0);
    assert_near(task_minimised(task_metric_of("reward", true), 75.0), -75.0, 0.0);
    assert_near(task_minimised(task_metric_of("mmce", false), 0.75), 0.75, 0.0);
}

/* ---- networks ---- */

static const char space_text[] = "# comment\nyspace 1\nid m\n"
                                 "y 0 loss min\ny 1 time min\n"
                                 "cont 0 x float lin -2 2 param\ncont 1 steps int log 1 100 param\ncont 2 epoch int lin 1 52 fidelity\n"
                                 "cat 0 data instance 2 iris=2 wine=1\ncat 1 child param 2 u=1 v=2\ncat 2 parent param 2 on=1 off=2\n"
                                 "cond child parent in on\ncond x child in u\nruntime time\n";

static void put_chain(binary *b, uint32_t op, double c) {
    put_u32(b, 1);
    put_u32(b, op);
    put_f64(b, c);
}

/* The embedding of code c is (c), so that the sums can be done by hand; numeric inputs: x as it is, steps halved, epoch less 50. */
static void put_inputs(binary *b, uint32_t body, uint32_t outputs) {
    memcpy(b->bytes, "YNET", 4);
    b->n = 4;
    put_u32(b, 1);
    put_u32(b, body);
    put_u32(b, 3);
    put_u32(b, 3);
    put_u32(b, outputs);
    for (int i = 0; i < 3; i++) {
        put_u32(b, 3);
        put_u32(b, 1);
        for (int k = 0; k < 3; k++) {
            put_f32(b, (float)k);
        }
    }
    put_u32(b, 0);
    put_chain(b, 3, 0.5);
    put_chain(b, 2, 50.0);
}

/* Sum of two stacks: a single layer, and a hidden SELU unit with a layer behind it. Outputs: loss as it is, time 10 times. */
static void write_stacks(binary *b) {
    const float single[] = {0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.0f, 0.0f, 0.0f, 1.0f, 0.0f, 0.0f};
    put_inputs(b, 1, 2);
    put_u32(b, 0);
    put_chain(b, 3, 10.0);
    put_u32(b, 2); /* stacks */
    put_u32(b, 1);
    put_u32(b, 2);
    put_u32(b, 6);
    for (size_t i = 0; i < 12; i++) {
        put_f32(b, single[i]);
    }
    put_f32(b, -1.0f);
    put_f32(b, 0.0f);
    put_u32(b, 2); /* layers */
    put_u32(b, 1);
    put_u32(b, 6);
    for (size_t i = 0; i < 6; i++) {
        put_f32(b, i == 3 ? 1.0f : 0.0f); /* looks at x only */
    }
    put_f32(b, 0.0f);
    put_u32(b, 2);
    put_u32(b, 1);
    put_f32(b, 0.5f);
    put_f32(b, 0.0f);
    put_f32(b, 0.25f);
    put_f32(b, 0.0f);
    write_binary("ynet/m.ynet", b, b->n);
    write_text("ynet/m.space", space_text);
}

static double logistic(double x) {
    return 1.0 / (1.0 + exp(-x));
}

static double selu(double x) {
    return 1.0507009873554805 * (x > 0.0 ? x : 1.6732632423543772 * (exp(x) - 1.0));
}

static double stacks_loss(double data, double child, double parent, double x, double steps) {
    return logistic(0.1 * data + 0.2 * child + 0.3 * parent + 0.4 * x + 0.5 * steps / 2.0 + 0.6 * 2.0 - 1.0 + 0.5 * selu(x) + 0.25);
}

static void test_network_stacks(void **state) {
    binary b = {{0}, 0};
    (void)state;
    write_stacks(&b);
    bench_task *task = opened("m:iris:loss");
    /* Parents first, and nothing but what is searched: parent, child, steps, x. */
    assert_int_equal(bench_task_size(task), 4);
    size_t parent = task_find(task, "parent");
    size_t child  = task_find(task, "child");
    size_t x      = task_find(task, "x");
    size_t steps  = task_find(task, "steps");
    assert_true(parent < child && child < x && steps < 4);
    double v[4];
    v[parent] = 0;
    v[child]  = 0;
    v[x]      = -1.5;
    v[steps]  = 7;
    assert_near(value_of(task, v), stacks_loss(2, 1, 1, -1.5, 7), 1e-6);
    v[x] = 1.25;
    assert_near(value_of(task, v), stacks_loss(2, 1, 1, 1.25, 7), 1e-6);
    v[child] = 1; /* v: x is inactive and counts 0, whatever it holds */
    v[x]     = (double)NAN;
    assert_near(value_of(task, v), stacks_loss(2, 2, 1, 0, 7), 1e-6);
    v[parent] = 1; /* off: child is inactive, and so is x */
    v[child]  = 0;
    assert_near(value_of(task, v), stacks_loss(2, 0, 2, 0, 7), 1e-6);
    v[parent] = 0;
    rejects(task, v, 4, "'x' cannot be nan");
    double value   = 0.0;
    double seconds = 0.0;
    v[x]           = 0.5;
    assert_int_equal(bench_task_evaluate(task, v, 4, 1, 3, &value, &seconds, NULL, 0), 0);
    assert_near(seconds, 10.0 * logistic(0.5), 1e-5);
    assert_true(bench_task_has_time(task));
    assert_false(bench_task_has_noise(task));
    assert_true(isnan(bench_task_optimum(task)));
    bench_task_close(task);
}

static void test_network_fixed(void **state) {
    binary b = {{0}, 0};
    (void)state;
    write_stacks(&b);
    /* Fixing the parent off leaves steps alone; on leaves child, x and steps. */
    bench_task *task = opened("m:wine:loss:parent=off");
    assert_int_equal(bench_task_size(task), 1);
    assert_near(value_of(task, (double[]){9}), stacks_loss(1, 0, 2, 0, 9), 1e-6);
    bench_task_close(task);
    task = opened("m:wine:loss:parent=on+child=u+steps=3");
    assert_int_equal(bench_task_size(task), 1);
    assert_near(value_of(task, (double[]){0.5}), stacks_loss(1, 1, 1, 0.5, 3), 1e-6);
    bench_task_close(task);
    task = opened("m:wine:time:epoch=1");
    assert_int_equal(bench_task_size(task), 4);
    bench_task_close(task);
    refused("m:iris:loss:parent=maybe", "'parent' cannot be 'maybe'");
    refused("m:iris:loss:nobody=1", "'nobody' fixes no parameter");
    refused("m:iris:loss:data=wine", "'data' fixes no parameter");
    refused("m:iris:loss:steps=1000", "'steps' cannot be '1000'");
    refused("m:tulip:loss", "'data' cannot be 'tulip'");
    refused("m:iris:gain", "no output 'gain'");
    refused("m:iris", "MODEL:INSTANCE:OUTPUT");
    refused("n:iris:loss", "n.space");
}

/* One gated block: x + down(half * relu(gate)), then scale, shift, relu and head. */
static void test_network_gated(void **state) {
    binary b = {{0}, 0};
    (void)state;
    put_inputs(&b, 0, 2);
    put_u32(&b, 0);
    put_u32(&b, 0);
    put_u32(&b, 1); /* width, inputs, blocks, inner */
    put_u32(&b, 6);
    put_u32(&b, 1);
    put_u32(&b, 1);
    for (size_t i = 0; i < 6; i++) {
        put_f32(&b, i == 3 ? 2.0f : 0.0f); /* a = 2 x + 0.5 */
    }
    put_f32(&b, 0.5f);
    put_f32(&b, 3.0f); /* t = 3 a - 1 */
    put_f32(&b, -1.0f);
    put_f32(&b, 0.5f); /* half = 0.5 t + 0.25, gate = 2 t + 0.125 */
    put_f32(&b, 2.0f);
    put_f32(&b, 0.25f);
    put_f32(&b, 0.125f);
    put_f32(&b, 0.1f); /* a += 0.1 half relu(gate) - 0.2 */
    put_f32(&b, -0.2f);
    put_f32(&b, 1.5f); /* h = relu(1.5 a + 0.3) */
    put_f32(&b, 0.3f);
    put_f32(&b, 0.7f); /* loss: 0.7 h - 0.4, time: 1 */
    put_f32(&b, 0.0f);
    put_f32(&b, -0.4f);
    put_f32(&b, 1.0f);
    write_binary("ynet/m.ynet", &b, b.n);
    write_text("ynet/m.space", space_text);
    bench_task *task = opened("m:iris:loss:parent=on+child=u+steps=3");
    for (int i = -4; i <= 4; i++) {
        double x    = 0.5 * i;
        double a    = 2.0 * x + 0.5;
        double t    = 3.0 * a - 1.0;
        double gate = fmax(2.0 * t + 0.125, 0.0);
        a += 0.1 * (0.5 * t + 0.25) * gate - 0.2;
        double h = fmax(1.5 * a + 0.3, 0.0);
        assert_near(value_of(task, &x), logistic(0.7 * h - 0.4), 1e-6);
    }
    bench_task_close(task);
}

/* Every prefix of a network file is refused, and so is one byte more. */
static void test_network_damaged(void **state) {
    binary b = {{0}, 0};
    (void)state;
    write_stacks(&b);
    for (size_t n = 0; n < b.n; n++) {
        write_binary("ynet/m.ynet", &b, n);
        refused("m:iris:loss", "damaged");
    }
    put(&b, 0, 1);
    write_binary("ynet/m.ynet", &b, b.n);
    refused("m:iris:loss", "damaged");
    b.n = 0;
    write_stacks(&b);
    for (size_t i = 4; i < b.n; i++) { /* any byte may be wrong: never a crash */
        unsigned char kept = b.bytes[i];
        b.bytes[i] ^= 0xff;
        write_binary("ynet/m.ynet", &b, b.n);
        bench_task *task = bench_task_open(root, "m:iris:loss", NULL, 0);
        if (task != NULL) {
            double v[4] = {0, 0, 0, 0};
            double value;
            v[task_find(task, "steps")] = 7;
            assert_int_equal(bench_task_evaluate(task, v, 4, 0, 0, &value, NULL, NULL, 0), 0);
            assert_int_equal(isnan(value) ? 1 : 0, 0);
            bench_task_close(task);
        }
        b.bytes[i] = kept;
    }
}

static void space_variant(const char *from, const char *to, const char *part) {
    char        text[2000];
    const char *at = strstr(space_text, from);
    assert_non_null(at);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(at - space_text), space_text, to, at + strlen(from));
    write_text("ynet/m.space", text);
    refused("m:iris:loss", part);
}

static void test_space_damaged(void **state) {
    binary b = {{0}, 0};
    (void)state;
    write_stacks(&b);
    space_variant("yspace 1", "yspace 2", "yspace 1");
    space_variant("cont 1 steps", "cont 2 steps", "out of order");
    space_variant("int log 1 100", "int log 0 100", "bad range");
    space_variant("int log 1 100", "int log one 100", "no pair of numbers");
    space_variant("100 param", "100 hyper", "unknown role 'hyper'");
    space_variant("2 u=1 v=2", "3 u=1 v=2", "states 3 choices and has 2");
    space_variant("u=1 v=2", "u=1 v", "CHOICE=CODE");
    space_variant("cond child parent in on", "cond child parent in up", "'up' is no choice of 'parent'");
    space_variant("cond child parent in on", "cond parent child in u\ncond child parent in on", "circle");
    space_variant("cont 2 epoch int lin 1 52 fidelity\n", "", "do not fit");
    write_text("ynet/m.space", "");
    refused("m:iris:loss", "empty");
}

static void network_check(const char *rows, const char *part) {
    char       note[200];
    char       network_path[200];
    task_error err = {""};
    write_text("ynet/m.check.csv", rows);
    snprintf(network_path, sizeof network_path, "%s", path_of("ynet/m.ynet"));
    assert_int_equal(task_ynet_check(network_path, path_of("ynet/m.check.csv"), note, sizeof note, &err), part == NULL);
    if (part != NULL && strstr(err.text, part) == NULL) {
        fail_msg("'%s' does not hold '%s'", err.text, part);
    }
}

static void test_network_check(void **state) {
    binary b = {{0}, 0};
    char   rows[400];
    (void)state;
    write_stacks(&b);
    double loss = stacks_loss(1, 2, 1, 0.5, 8);
    double time = 10.0 * logistic(0.5);
    snprintf(rows, sizeof rows, "1,2,1,0.5,8,52,%.8g,%.8g\n1,2,1,0.5,8,52,%.8g,%.8g\n", loss, time, loss, time);
    network_check(rows, NULL);
    snprintf(rows, sizeof rows, "1,2,1,0.5,8,52,%.8g,%.8g\n", loss + 1e-4, time);
    network_check(rows, "differs");
    snprintf(rows, sizeof rows, "1,2,1,0.5,8,52,%.8g,nan\n", loss);
    network_check(rows, "differs");
    network_check("1,2,1,0.5,8,52,0.5\n", "column 8");
    network_check("1,2,1,0.5,8,52,0.5,0.5,0.5\n", "too many columns");
    network_check("", "no rows");
}

/* ---- pools ---- */

static const char pool_text[] = "pooltask 1\nid p\ndata p.pool\nrows 3 params 2 curves 2 steps 2\ndirection min\n"
                                "param lr float log 0.001 1\nparam beta float log1m 0.01 1\nbest_final_valid 0.25\n";

static void write_pool(void) {
    const double x[]      = {0.001, 0.99, 1.0, 0.99, 1.0, 0.0};
    const float  curves[] = {9.0f, 0.5f, 9.0f, 9.0f, 9.0f, 0.25f, 9.0f, 9.0f, 9.0f, NAN, 9.0f, 9.0f};
    binary       b        = {{0}, 0};
    for (size_t i = 0; i < 6; i++) {
        put_f64(&b, x[i]);
    }
    for (size_t i = 0; i < 12; i++) {
        put_f32(&b, curves[i]);
    }
    write_binary("pool/p.pool", &b, b.n);
    write_text("pool/p.task", pool_text);
}

static void test_taskset(void **state) {
    char       note[200];
    task_error err = {""};
    (void)state;
    write_pool();
    bench_task *task = opened("p");
    assert_int_equal(bench_task_size(task), 2);
    assert_int_equal(task_find(task, "one_minus_beta"), 1);
    assert_near(bench_task_optimum(task), 0.25, 0.0);
    /* Unit places of the runs: (0, 0), (1, 0), (1, 1). */
    assert_near(value_of(task, (double[]){0.03, 0.01}), 0.5, 0.0);
    assert_near(value_of(task, (double[]){0.033, 0.01}), 0.25, 0.0);
    assert_near(value_of(task, (double[]){1.0, 0.09}), 0.25, 0.0);
    assert_true(isinf(value_of(task, (double[]){1.0, 0.11}))); /* diverged */
    assert_true(task_taskset_check(task, note, sizeof note, &err));
    bench_task_close(task);
    binary none = {{0}, 0};
    put_f64(&none, 1.0);
    write_binary("pool/p.pool", &none, none.n);
    refused("p", "stated size");
    write_text("pool/p.task", "pooltask 1\ndata p.pool\nrows 3 params 3 curves 2 steps 2\nparam lr float log 0.001 1\n");
    refused("p", "do not fit together");
}

static void test_svc(void **state) {
    (void)state;
    write_text("pool/openml_svc.csv", "task_id,C,kernel,degree,gamma,coef0,shrinking,tol,imputer,accuracy\n"
                                      "3,1,rbf,,,,True,0.001,mean,0.6\n" /* far from every configuration that has gamma */
                                      "3,1,rbf,,0.1,,True,0.001,mean,0.5\n"
                                      "3,1,poly,3,0.1,0.5,True,0.001,mean,0.75\n"
                                      "4,1,rbf,,0.1,,True,0.001,mean,0.9\n");
    bench_task *task = opened("openml_svc:3");
    double      v[8];
    v[task_find(task, "kernel")]    = 1;
    v[task_find(task, "C")]         = 2;
    v[task_find(task, "gamma")]     = 0.2;
    v[task_find(task, "tol")]       = 0.01;
    v[task_find(task, "shrinking")] = 0;
    v[task_find(task, "imputer")]   = 2;
    v[task_find(task, "degree")]    = 2;
    v[task_find(task, "coef0")]     = 0;
    assert_near(bench_task_optimum(task), 0.25, 1e-12);
    assert_near(value_of(task, v), 0.25, 1e-12);
    v[task_find(task, "kernel")] = 0; /* degree and coef0 are inactive */
    assert_near(value_of(task, v), 0.5, 1e-12);
    bench_task_close(task);
    refused("openml_svc:5", "no task '5'");
    write_text("pool/openml_svc.csv", "task_id,C\n");
    refused("openml_svc:3", "known columns");
    write_text("pool/openml_svc.csv", "task_id,C,kernel,degree,gamma,coef0,shrinking,tol,imputer,accuracy\n3,1,rbf,,0.1,,True,0.001,mode,0.5\n");
    refused("openml_svc:3", "'mode' is no choice");
}

/* ---- functions ---- */

/* Never below the optimum, and close to it when a crude search goes downhill from the best of many random points. */
static void search(const bench_task *task, double reached) {
    double   best[TASK_PARAMETERS_MAX];
    double   trial[TASK_PARAMETERS_MAX];
    double   least = (double)INFINITY;
    uint64_t state = 5;
    for (int i = 0; i < 60000; i++) {
        task_draw(task, &state, trial);
        for (size_t k = 0; i >= 2000 && k < task->n_parameters; k++) {
            const task_parameter *p     = &task->parameters[k];
            double                step  = (p->high - p->low) * pow(10.0, -6.0 * task_uniform(&state)) * (task_uniform(&state) - 0.5);
            bool                  moves = task_uniform(&state) < 0.5;
            if (p->kind == TASK_FLOAT) {
                trial[k] = fmin(fmax(best[k] + (moves ? step : 0.0), p->low), p->high);
            } else if (task_uniform(&state) < 0.8) {
                trial[k] = best[k];
            }
        }
        double v = value_of(task, trial);
        assert_true(v >= task->optimum - 1e-9);
        if (v < least) {
            least = v;
            memcpy(best, trial, sizeof best);
        }
    }
    if (!(least <= task->optimum + reached)) {
        fail_msg("%s: the search ends at %g, the optimum is %g", task->name, least, task->optimum);
    }
}

static void test_function_optima(void **state) {
    static const char *const names[] = {"fn:branin",         "fn:hartmann3",   "fn:hartmann6",    "fn:ackley:2",           "fn:levy:2",
                                        "fn:rosenbrock:2",   "fn:rastrigin:2", "fn:levy:4:mixed", "fn:rosenbrock:2:mixed", "fn:branin:mixed",
                                        "fn:hartmann6:mixed"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        bench_task *task = opened(names[i]);
        search(task, 1e-3);
        bench_task_close(task);
    }
}

static void test_function_values(void **state) {
    (void)state;
    bench_task *task = opened("fn:branin");
    assert_near(value_of(task, (double[]){0.0, 0.0}), 36.0 + 20.0 - 10.0 / (8.0 * 3.14159265358979323846), 1e-12);
    assert_near(value_of(task, (double[]){-3.14159265358979323846, 12.275}), 0.39788735772973816, 1e-10);
    assert_near(value_of(task, (double[]){9.42478, 2.475}), 0.39788735772973816, 1e-8);
    bench_task_close(task);
    task = opened("fn:hartmann6");
    assert_near(value_of(task, (double[]){0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573}), -3.32237, 1e-5);
    bench_task_close(task);
    task = opened("fn:hartmann3");
    assert_near(value_of(task, (double[]){0.114614, 0.555649, 0.852547}), -3.86278, 1e-5);
    bench_task_close(task);
}

static void test_function_list(void **state) {
    size_t n = 0;
    (void)state;
    for (; task_function_name(n) != NULL; n++) {
        bench_task *task = opened(task_function_name(n));
        double      v[TASK_PARAMETERS_MAX];
        uint64_t    seed = 9;
        assert_true(bench_task_has_noise(task));
        for (size_t i = 0; i < 200; i++) {
            task_draw(task, &seed, v);
            assert_true(value_of(task, v) > bench_task_optimum(task));
        }
        bench_task_close(task);
    }
    assert_true(n >= 20);
}

static void test_function_noise(void **state) {
    enum { N = 20000 };
    (void)state;
    bench_task *task = opened("fn:levy:3");
    double      v[3] = {0.0, 0.0, 0.0};
    double      sum  = 0.0;
    double      sq   = 0.0;
    double      mean = value_of(task, v);
    for (uint64_t seed = 0; seed < N; seed++) {
        double d = noisy_value(task, v, seed) - mean;
        sum += d;
        sq += d * d;
    }
    double sd = sqrt(sq / N);
    assert_true(sd > 0.0 && fabs(sum / N) < 5.0 * sd / sqrt(N));
    /* 5 % of the way from the optimum to the median of random configurations, which is estimated here anew. */
    double   above = 0.0;
    uint64_t draw  = 77;
    for (size_t i = 0; i < N; i++) {
        task_draw(task, &draw, v);
        above += value_of(task, v) > 20.0 * sd ? 1.0 : 0.0;
    }
    assert_true(fabs(above / N - 0.5) < 0.05);
    bench_task_close(task);
}

static void test_function_names(void **state) {
    (void)state;
    refused("fn:ackley", "needs a number of parameters");
    refused("fn:ackley:1", "'1'");
    refused("fn:ackley:51", "'51'");
    refused("fn:branin:3", "'3'");
    refused("fn:sphere:2", "no such function");
    refused("fn:", "no such function");
    assert_null(bench_task_open(NULL, NULL, NULL, 0));
    assert_null(bench_task_open(NULL, "fcnet", NULL, 0));
    bench_task *task = bench_task_open(NULL, "fn:ackley:50:mixed", NULL, 0); /* no data directory needed */
    assert_non_null(task);
    assert_int_equal(bench_task_size(task), 50);
    assert_int_equal(task->parameters[1].kind, TASK_INT);
    assert_int_equal(task->parameters[3].kind, TASK_CATEGORICAL);
    bench_task_close(task);
}

/* ---- the rest ---- */

static void test_draws(void **state) {
    enum { N = 30000 };
    (void)state;
    binary b = {{0}, 0};
    write_stacks(&b);
    bench_task *task   = opened("m:iris:loss");
    size_t      parent = task_find(task, "parent");
    size_t      child  = task_find(task, "child");
    size_t      x      = task_find(task, "x");
    size_t      steps  = task_find(task, "steps");
    uint64_t    seed   = 3;
    size_t      n_x    = 0;
    size_t      small  = 0;
    for (size_t i = 0; i < N; i++) {
        double v[4];
        task_draw(task, &seed, v);
        assert_int_equal(isnan(v[child]) ? 1 : 0, v[parent] > 0.5);
        assert_int_equal(isnan(v[x]) ? 1 : 0, !(v[child] < 0.5));
        n_x += isnan(v[x]) ? 0 : 1;
        small += v[steps] <= 10.0;
    }
    assert_true(fabs((double)n_x / N - 0.25) < 0.02);
    /* log-uniform: from 0.5 to 10.5 of 0.5 to 100.5 */
    assert_true(fabs((double)small / N - log(21.0) / log(201.0)) < 0.02);
    bench_task_close(task);
}

static void test_json(void **state) {
    static const char expected[] = "{\"name\": \"m:iris:loss:steps=3\", \"optimum\": null, \"noise\": false, \"time\": true, \"parameters\": ["
                                   "{\"name\": \"parent\", \"kind\": \"categorical\", \"choices\": [\"on\", \"off\"], \"conditions\": []}, "
                                   "{\"name\": \"child\", \"kind\": \"categorical\", \"choices\": [\"u\", \"v\"], \"conditions\": "
                                   "[{\"parent\": \"parent\", \"values\": [\"on\"]}]}, "
                                   "{\"name\": \"x\", \"kind\": \"float\", \"low\": -2, \"high\": 2, \"log\": false, \"conditions\": "
                                   "[{\"parent\": \"child\", \"values\": [\"u\"]}]}]}";
    binary            b          = {{0}, 0};
    (void)state;
    write_stacks(&b);
    bench_task *task = opened("m:iris:loss:steps=3");
    assert_string_equal(bench_task_json(task), expected);
    bench_task_close(task);
}

/* A host whose locale writes 0,5 reads the same files and gives the same text. */
static void test_locale(void **state) {
    (void)state;
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL) {
        skip();
    }
    assert_int_equal(localeconv()->decimal_point[0], ',');
    write_grid(grid_text);
    bench_task *task = opened("t");
    assert_non_null(strstr(bench_task_json(task), "\"optimum\": 0.2"));
    assert_near(bench_task_optimum(task), 0.2, 1e-7);
    bench_task_close(task);
    assert_int_equal(localeconv()->decimal_point[0], ','); /* left as it was */
    setlocale(LC_ALL, "C");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grid_values),
        cmocka_unit_test(test_grid_replicates),
        cmocka_unit_test(test_grid_rejects_values),
        cmocka_unit_test(test_grid_damaged),
        cmocka_unit_test(test_grid_check),
        cmocka_unit_test(test_metrics),
        cmocka_unit_test(test_network_stacks),
        cmocka_unit_test(test_network_fixed),
        cmocka_unit_test(test_network_gated),
        cmocka_unit_test(test_network_damaged),
        cmocka_unit_test(test_space_damaged),
        cmocka_unit_test(test_network_check),
        cmocka_unit_test(test_taskset),
        cmocka_unit_test(test_svc),
        cmocka_unit_test(test_function_optima),
        cmocka_unit_test(test_function_values),
        cmocka_unit_test(test_function_list),
        cmocka_unit_test(test_function_noise),
        cmocka_unit_test(test_function_names),
        cmocka_unit_test(test_draws),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_locale),
    };
    return cmocka_run_group_tests_name("tasks", tests, make_root, remove_root);
}
