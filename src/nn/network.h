/* A network: layers with shapes and named parameters, read from a short text.
 *
 *     title   Kugler's CNN
 *     source  Paper 4, section II-A
 *     train   optimizer=sgd learning-rate=0.01 momentum=0.9 batch=32 epochs=10
 *     pictures size=64 fit=stretch
 *     conv 32 kernel=3 init=he-normal
 *     relu
 *     maxpool 2
 *     flatten
 *     dense classes
 *
 * One layer a line: its kind, one argument by position where the kind has one, options
 * by name; `#` begins a comment. `pictures` is how folders of photos are best read.
 * `residual`, optionally `shortcut`, and `end` enclose two paths whose outputs are added.
 * The input's shape and the number of classes come from the data. What a layer knows (this
 * file) stays apart from how it is executed (plan.h). */
#ifndef WEFT_NN_NETWORK_H
#define WEFT_NN_NETWORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weft/param.h"
#include "weft/status.h"

/* The shape of one picture's activations, channels last; a vector is 1 x 1 x n. */
typedef struct weft__dims {
    size_t height, width, channels;
} weft__dims;

static inline size_t weft__dims_size(weft__dims d)
{
    return d.height * d.width * d.channels;
}

enum { WEFT__MAX_PARAMETERS = 4, WEFT__MAX_INPUTS = 2 };

/* How a parameter begins. Fans are those of its layer. */
typedef enum weft__init {
    WEFT__INIT_GLOROT_UNIFORM, /* Glorot and Bengio 2010, equation 16 */
    WEFT__INIT_GLOROT_NORMAL,
    WEFT__INIT_HE_UNIFORM, /* He et al. 2015, section 2.2 */
    WEFT__INIT_HE_NORMAL,
    WEFT__INIT_LECUN_UNIFORM, /* PyTorch's default: uniform, bound 1 / sqrt(fan in) */
    WEFT__INIT_ZEROS,
    WEFT__INIT_ONES,
    WEFT__INIT_DIRAC, /* convolutions: as many outputs as there are inputs repeat them, the
                       * rest as lecun-uniform (Zagoruyko and Komodakis 2017) */
    WEFT__INIT_WHITEN /* convolutions of the picture: see whiten.h; before that, and where
                       * there are no filters left, as lecun-uniform */
} weft__init;
/* For WEFT_PARAM_CHOICE tables, in the order above. */
#define WEFT__INIT_CHOICES \
    "glorot-uniform|glorot-normal|he-uniform|he-normal|lecun-uniform|zeros|ones|dirac|" \
    "whiten"

typedef struct weft__parameter {
    char name[48]; /* "conv2.weight" */
    size_t rank, shape[4];
    size_t count;  /* elements */
    size_t offset; /* of its first element in the flat block, a multiple of 16 */
    weft__init init;
    size_t fan_in, fan_out;
    bool trained; /* false: running statistics or frozen: no optimiser touches it */
    float rate;   /* factor of the learning rate */
    bool decayed; /* weight decay applies: weights yes, biases and norms no */
} weft__parameter;

typedef struct weft__node weft__node;
typedef struct weft__network weft__network;
typedef struct weft__layer_kind weft__layer_kind;

/* One layer in its place. Value 0 is the picture; node i makes value i + 1. */
struct weft__node {
    const weft__layer_kind *kind;
    void *options; /* the kind's struct, owned */
    int line;      /* in the text */
    char name[32]; /* "conv2": the kind and its number among its kind */
    size_t inputs, input[WEFT__MAX_INPUTS]; /* values */
    weft__dims in[WEFT__MAX_INPUTS], out;
    size_t parameters[WEFT__MAX_PARAMETERS]; /* positions in the network's list */
    size_t parameter_count;
    bool frozen; /* stays as it is in training too: no parameter is trained, and running
                  * statistics serve instead of a batch's */
};

struct weft__network {
    char *text, *title, *source, *train, *pictures; /* owned; all but text may be "" */
    weft__node *nodes;
    size_t node_count, node_capacity;

    /* Known once shapes are inferred. */
    weft__dims input;
    size_t classes;
    weft__parameter *parameters;
    size_t parameter_count, parameter_capacity;
    size_t block; /* floats of the flat block that holds every parameter */
};

struct weft__plan_node; /* plan.h */
struct weft__exec;

/* One kind of layer: one const table, one file under layers/, one line in layers.c. */
struct weft__layer_kind {
    const char *name;
    const char *argument;     /* the option that may be given by position; NULL: none */
    const weft_param *params; /* of the options; NULL: none */
    size_t options_size;

    /* From node->in to node->out, declaring parameters on the way. A misfit is
     * weft__misfit. */
    weft_status (*infer)(weft__network *network, weft__node *node);
    uint64_t (*multiply_adds)(const weft__node *node); /* one picture; NULL: none */

    /* What the planner must know of memory. */
    bool in_place;            /* forward and backward may write over what they read */
    bool in_place_predicting; /* forward may, when no backward follows */
    bool identity_predicting; /* without backward the output is the input's bytes */
    bool keeps_sign;          /* its output is positive only where its input is */
    bool passes_through;      /* the output is the input's bytes, and gradients likewise */
    bool copies_gradient;     /* every input's gradient is the output's */
    bool keeps_input;         /* backward reads the input */
    bool keeps_output;        /* backward reads the output, of which the sign must stay */
    bool gives_logits;        /* can write f32 whatever the plan's precision */

    /* Execution: see plan.h. Any but forward and backward may be NULL. */
    weft_status (*plan)(struct weft__plan_node *node);
    weft_status (*bind)(struct weft__plan_node *node);
    weft_status (*prepare)(const struct weft__exec *x, struct weft__plan_node *node);
    weft_status (*forward)(const struct weft__exec *x, struct weft__plan_node *node);
    weft_status (*backward)(const struct weft__exec *x, struct weft__plan_node *node);
    void (*release)(struct weft__plan_node *node);
};

/* The kinds, ended by NULL. */
extern const weft__layer_kind *const weft__layer_kinds[];

/* Reads the text; `where` names it in messages. Shapes stay unknown. */
WEFT_MUST weft_status weft__network_parse(
    weft__network *out, const char *text, const char *where);
/* Shapes, parameters and their places in the flat block, for pictures of `input` and this
 * many classes. Inferring anew forgets what was inferred. */
WEFT_MUST weft_status weft__network_infer(
    weft__network *network, weft__dims input, size_t classes, const char *where);
void weft__network_clear(weft__network *network);

/* Fills the block with initial values, from the seed alone. */
void weft__network_initialise(const weft__network *network, float *block, uint64_t seed);

/* Total of one picture's forward pass. */
uint64_t weft__network_multiply_adds(const weft__network *network);
size_t weft__network_trained_count(const weft__network *network);

/* For infer: declares a parameter of the node; `suffix` as in "weight". */
WEFT_MUST weft_status weft__declare(weft__network *network, weft__node *node,
    const char *suffix, size_t rank, const size_t *shape, weft__init init, size_t fan_in,
    size_t fan_out, bool trained, bool decayed);
/* For infer: the one-line message about a layer that its input does not fit. */
weft_status weft__misfit(const weft__node *node, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The built-in networks: name and text, ended by a NULL name. */
typedef struct weft__builtin {
    const char *name, *text;
} weft__builtin;
extern const weft__builtin weft__builtin_networks[];

#endif
