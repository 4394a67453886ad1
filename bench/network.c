/*
 * The surrogate networks of the .ynet files: YAHPO Gym (Pfisterer, Schneider, Moosbauer, Binder, Bischl 2022), networks fitted by their authors to
 * real training runs.
 *
 * An evaluation: embeddings of the categorical inputs and the transformed numeric inputs side by side -> one of two bodies -> logistic function ->
 * a transformation per output. Body 0 is a residual network with gated blocks (Gorishniy et al. 2021); body 1 sums several SELU stacks (Klambauer et
 * al. 2017). Weights are float, as in the original; inputs and outputs are transformed in double.
 * Cost: one multiplication per weight, 0.03 to 0.15 ms. Memory: the file, plus a few vectors per call, so a network may be used by several threads.
 */
#include "tasks.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Far above every real network; a damaged file is refused before it asks for memory. */
enum { MOST = 65536, STEPS_MAX = 64, OUTPUTS_MAX = 64 };

/* y = W x + b, W row by row. */
typedef struct layer {
    size_t out;
    size_t in;
    float *w;
    float *b;
} layer;

/* x -> x + down(half * gate) with half and gate the parts of up(x * scale + shift). */
typedef struct block {
    float *scale;
    float *shift;
    layer  up;
    layer  down;
} block;

typedef struct stack {
    layer *layers;
    size_t n;
} stack;

typedef struct embedding {
    size_t levels;
    size_t width;
    float *rows;
} embedding;

typedef struct step {
    uint32_t op;
    double   c;
} step;

/* A chain of elementary functions of one number. */
typedef struct chain {
    step  *steps;
    size_t n;
} chain;

struct network {
    uint32_t   body;
    size_t     n_codes;
    size_t     n_numbers;
    size_t     n_outputs;
    size_t     width_in;
    size_t     widest;
    embedding *embeddings;
    chain     *before; /* per numeric input */
    chain     *after;  /* per output */
    layer      first;  /* body 0 */
    block     *blocks;
    size_t     n_blocks;
    float     *scale;
    float     *shift;
    layer      head;
    stack     *stacks; /* body 1 */
    size_t     n_stacks;
};

/* ---- reading ---- */

/* A count from the file, which ends the reading when it cannot be true. */
static size_t read_count(task_bytes *bytes, size_t most) {
    size_t n = task_bytes_u32(bytes);
    if (n > most) {
        bytes->bad = true;
        return 0;
    }
    return n;
}

static float *read_floats(task_bytes *bytes, size_t n) {
    if (bytes->bad || bytes->left / 4 < n) {
        bytes->bad = true;
        return NULL;
    }
    float *floats = malloc((n > 0 ? n : 1) * sizeof *floats);
    if (floats == NULL) {
        bytes->bad = true;
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        floats[i] = task_bytes_f32(bytes);
    }
    return floats;
}

static void *read_array(task_bytes *bytes, size_t n, size_t size) {
    void *array = calloc(n > 0 ? n : 1, size);
    bytes->bad  = bytes->bad || array == NULL;
    return array;
}

static chain read_chain(task_bytes *bytes) {
    chain c = {NULL, read_count(bytes, STEPS_MAX)};
    c.steps = read_array(bytes, c.n, sizeof *c.steps);
    for (size_t i = 0; !bytes->bad && i < c.n; i++) {
        c.steps[i].op = task_bytes_u32(bytes);
        c.steps[i].c  = task_bytes_f64(bytes);
    }
    return c;
}

static layer read_layer(task_bytes *bytes, size_t out, size_t in) {
    layer l = {out, in, NULL, NULL};
    l.w     = read_floats(bytes, out * in);
    l.b     = read_floats(bytes, out);
    return l;
}

static void widen(network *net, size_t width) {
    net->widest = width > net->widest ? width : net->widest;
}

static void read_gated(network *net, task_bytes *bytes) {
    size_t width = read_count(bytes, MOST);
    size_t in    = read_count(bytes, MOST);
    size_t n     = read_count(bytes, MOST);
    size_t inner = read_count(bytes, MOST);
    bytes->bad   = bytes->bad || in != net->width_in;
    net->first   = read_layer(bytes, width, in);
    net->blocks  = read_array(bytes, n, sizeof *net->blocks);
    for (size_t i = 0; !bytes->bad && i < n; i++) {
        block *b = &net->blocks[net->n_blocks++];
        b->scale = read_floats(bytes, width);
        b->shift = read_floats(bytes, width);
        b->up    = read_layer(bytes, 2 * inner, width);
        b->down  = read_layer(bytes, width, inner);
    }
    net->scale = read_floats(bytes, width);
    net->shift = read_floats(bytes, width);
    net->head  = read_layer(bytes, net->n_outputs, width);
    widen(net, width);
    widen(net, 2 * inner);
}

static void read_stack(network *net, task_bytes *bytes, stack *s) {
    size_t in = net->width_in;
    size_t n  = read_count(bytes, STEPS_MAX);
    s->layers = read_array(bytes, n, sizeof *s->layers);
    for (size_t i = 0; !bytes->bad && i < n; i++) {
        size_t out        = read_count(bytes, MOST);
        bytes->bad        = bytes->bad || read_count(bytes, MOST) != in;
        s->layers[s->n++] = read_layer(bytes, out, in);
        widen(net, out);
        in = out;
    }
    bytes->bad = bytes->bad || in != net->n_outputs || n == 0;
}

static void read_stacks(network *net, task_bytes *bytes) {
    size_t n    = read_count(bytes, STEPS_MAX);
    net->stacks = read_array(bytes, n, sizeof *net->stacks);
    for (size_t i = 0; !bytes->bad && i < n; i++) {
        read_stack(net, bytes, &net->stacks[net->n_stacks++]);
    }
}

static void read_inputs(network *net, task_bytes *bytes) {
    net->embeddings = read_array(bytes, net->n_codes, sizeof *net->embeddings);
    for (size_t i = 0; !bytes->bad && i < net->n_codes; i++) {
        embedding *e = &net->embeddings[i];
        e->levels    = read_count(bytes, MOST);
        e->width     = read_count(bytes, MOST);
        e->rows      = read_floats(bytes, e->levels * e->width);
        net->width_in += e->width;
        bytes->bad = bytes->bad || e->levels == 0;
    }
    net->width_in += net->n_numbers;
    widen(net, net->width_in);
    net->before = read_array(bytes, net->n_numbers, sizeof *net->before);
    for (size_t i = 0; !bytes->bad && i < net->n_numbers; i++) {
        net->before[i] = read_chain(bytes);
    }
    net->after = read_array(bytes, net->n_outputs, sizeof *net->after);
    for (size_t i = 0; !bytes->bad && i < net->n_outputs; i++) {
        net->after[i] = read_chain(bytes);
    }
}

static bool read_network(network *net, task_bytes *bytes) {
    uint32_t version = task_bytes_u32(bytes);
    net->body        = task_bytes_u32(bytes);
    net->n_codes     = read_count(bytes, TASK_PARAMETERS_MAX);
    net->n_numbers   = read_count(bytes, TASK_PARAMETERS_MAX);
    net->n_outputs   = read_count(bytes, OUTPUTS_MAX);
    if (bytes->bad || version != 1 || net->body > 1 || net->n_outputs == 0) {
        return false;
    }
    read_inputs(net, bytes);
    if (bytes->bad) {
        return false;
    }
    if (net->body == 0) {
        read_gated(net, bytes);
    } else {
        read_stacks(net, bytes);
    }
    return !bytes->bad && bytes->left == 0;
}

network *network_read(const char *path, task_error *err) {
    size_t   size = 0;
    char    *file = task_read(path, &size, err);
    network *net  = file != NULL ? task_alloc(1, sizeof *net, err) : NULL;
    if (net != NULL) {
        task_bytes bytes = {(const unsigned char *)file, size, false};
        bool       good  = size > 4 && memcmp(file, "YNET", 4) == 0;
        bytes.at += good ? 4 : 0;
        bytes.left -= good ? 4 : 0;
        if (!good || !read_network(net, &bytes)) {
            task_fail(err, "%s is no network, or damaged", path);
            network_free(net);
            net = NULL;
        }
    }
    free(file);
    return net;
}

static void layer_end(layer *l) {
    free(l->w);
    free(l->b);
}

static void chains_end(chain *chains, size_t n) {
    for (size_t i = 0; chains != NULL && i < n; i++) {
        free(chains[i].steps);
    }
    free(chains);
}

void network_free(network *net) {
    if (net == NULL) {
        return;
    }
    for (size_t i = 0; net->embeddings != NULL && i < net->n_codes; i++) {
        free(net->embeddings[i].rows);
    }
    chains_end(net->before, net->n_numbers);
    chains_end(net->after, net->n_outputs);
    for (size_t i = 0; i < net->n_blocks; i++) {
        free(net->blocks[i].scale);
        free(net->blocks[i].shift);
        layer_end(&net->blocks[i].up);
        layer_end(&net->blocks[i].down);
    }
    for (size_t i = 0; i < net->n_stacks; i++) {
        for (size_t k = 0; k < net->stacks[i].n; k++) {
            layer_end(&net->stacks[i].layers[k]);
        }
        free(net->stacks[i].layers);
    }
    layer_end(&net->first);
    layer_end(&net->head);
    free(net->embeddings);
    free(net->blocks);
    free(net->stacks);
    free(net->scale);
    free(net->shift);
    free(net);
}

/* ---- running ---- */

/* The numbers of the operations are those of the file format; 11 and 12 change the type only. */
static double chain_run(const chain *c, double x) {
    for (size_t i = 0; i < c->n; i++) {
        double k = c->steps[i].c;
        switch (c->steps[i].op) {
        case 1:
            x += k;
            break;
        case 2:
            x -= k;
            break;
        case 3:
            x *= k;
            break;
        case 4:
            x /= k;
            break;
        case 5:
            x = log(x);
            break;
        case 6:
            x = exp(x);
            break;
        case 7:
            x = -x;
            break;
        case 8:
            x = rint(x);
            break;
        case 9:
            x = fmax(x, k);
            break;
        case 10:
            x = fmin(x, k);
            break;
        case 13:
            x = k - x;
            break;
        case 14:
            x = k / x;
            break;
        default:
            break;
        }
    }
    return x;
}

/* Eight partial sums in a fixed order: the same result on every machine, and a form that compilers turn into vector code. */
static void layer_run(const layer *l, const float *x, float *y) {
    enum { LANES = 8 };
    for (size_t r = 0; r < l->out; r++) {
        const float *w          = l->w + r * l->in;
        float        sum[LANES] = {0.0f};
        size_t       i          = 0;
        for (; i + LANES <= l->in; i += LANES) {
            for (size_t k = 0; k < LANES; k++) {
                sum[k] += w[i + k] * x[i + k];
            }
        }
        for (; i < l->in; i++) {
            sum[i % LANES] += w[i] * x[i];
        }
        y[r] = l->b[r] + (((sum[0] + sum[4]) + (sum[1] + sum[5])) + ((sum[2] + sum[6]) + (sum[3] + sum[7])));
    }
}

/* `x` has the inputs and is used up; `a`, `b` and `x` hold `widest` each. The sums before the logistic function go to `out`. */
static void gated_run(const network *net, float *x, float *a, float *b, float *out) {
    size_t width = net->first.out;
    layer_run(&net->first, x, a);
    for (size_t n = 0; n < net->n_blocks; n++) {
        const block *k     = &net->blocks[n];
        size_t       inner = k->down.in;
        for (size_t i = 0; i < width; i++) {
            b[i] = a[i] * k->scale[i] + k->shift[i];
        }
        layer_run(&k->up, b, x);
        for (size_t i = 0; i < inner; i++) {
            x[i] = x[inner + i] > 0.0f ? x[i] * x[inner + i] : 0.0f;
        }
        layer_run(&k->down, x, b);
        for (size_t i = 0; i < width; i++) {
            a[i] += b[i];
        }
    }
    for (size_t i = 0; i < width; i++) {
        float v = a[i] * net->scale[i] + net->shift[i];
        a[i]    = v > 0.0f ? v : 0.0f;
    }
    layer_run(&net->head, a, out);
}

static float selu(float x) {
    const float scale = 1.0507009873554805f;
    const float alpha = 1.6732632423543772f;
    return x > 0.0f ? scale * x : scale * alpha * (expf(x) - 1.0f);
}

static void stacks_run(const network *net, const float *x, float *a, float *b, float *out) {
    for (size_t i = 0; i < net->n_outputs; i++) {
        out[i] = 0.0f;
    }
    for (size_t n = 0; n < net->n_stacks; n++) {
        const stack *s    = &net->stacks[n];
        const float *from = x;
        float       *to   = a;
        for (size_t k = 0; k < s->n; k++) {
            layer_run(&s->layers[k], from, to);
            for (size_t i = 0; k + 1 < s->n && i < s->layers[k].out; i++) {
                to[i] = selu(to[i]);
            }
            from = to;
            to   = to == a ? b : a;
        }
        for (size_t i = 0; i < net->n_outputs; i++) {
            out[i] += from[i];
        }
    }
}

static void inputs_set(const network *net, const uint32_t *codes, const double *numbers, float *x) {
    for (size_t i = 0; i < net->n_codes; i++) {
        const embedding *e    = &net->embeddings[i];
        size_t           code = codes[i] < e->levels ? codes[i] : 0;
        memcpy(x, e->rows + code * e->width, e->width * sizeof *x);
        x += e->width;
    }
    for (size_t i = 0; i < net->n_numbers; i++) {
        x[i] = (float)chain_run(&net->before[i], (double)(float)numbers[i]); /* the original takes its inputs as float */
    }
}

bool network_run(const network *net, const uint32_t *codes, const double *numbers, double *outputs) {
    float *scratch = calloc(3 * net->widest, sizeof *scratch);
    float  out[OUTPUTS_MAX];
    if (scratch == NULL) {
        return false;
    }
    float *x = scratch;
    float *a = scratch + net->widest;
    float *b = scratch + 2 * net->widest;
    inputs_set(net, codes, numbers, x);
    if (net->body == 0) {
        gated_run(net, x, a, b, out);
    } else {
        stacks_run(net, x, a, b, out);
    }
    for (size_t i = 0; i < net->n_outputs; i++) {
        outputs[i] = chain_run(&net->after[i], 1.0 / (1.0 + exp(-(double)out[i])));
    }
    free(scratch);
    return true;
}

size_t network_codes(const network *net) {
    return net->n_codes;
}

size_t network_numbers(const network *net) {
    return net->n_numbers;
}

size_t network_outputs(const network *net) {
    return net->n_outputs;
}

size_t network_levels(const network *net, size_t code) {
    return net->embeddings[code].levels;
}
