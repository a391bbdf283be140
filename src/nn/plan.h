/* A plan: one network made ready for batches of one size.
 *
 * Every activation, gradient and workspace has its place, decided once, by lifetimes, in
 * an arena for each member of the team; so the memory is known before the first batch.
 * Members split the batch by rows (pictures). A layer touches its member's rows alone,
 * except where it says otherwise and meets the others at a barrier. */
#ifndef WEFT_NN_PLAN_H
#define WEFT_NN_PLAN_H

#include "core/team.h"
#include "nn/network.h"
#include "nn/onednn.h"
#include "nn/optimiser.h"

/* A place in memory for `row_bytes` bytes a picture. */
typedef struct weft__buffer {
    size_t row_bytes;
    int first, last; /* steps of the schedule at which it is alive, both included */
    bool shared;     /* all members' rows back to back, for layers that mix rows */
    size_t offset;   /* in the member's arena, or in the shared one */
} weft__buffer;

enum { WEFT__NO_BUFFER = -1 };

/* diff_in = diff_in's new part + the part that another consumer left: buffers. */
typedef struct weft__sum {
    int to, a, b; /* `to` is a or b, or a buffer of its own; NO_BUFFER: nothing to add */
} weft__sum;

/* One layer in a plan. Buffers are positions in the plan's list. */
typedef struct weft__plan_node {
    struct weft__plan *plan;
    const weft__node *node;
    int in[WEFT__MAX_INPUTS], out;           /* activations */
    int diff_in[WEFT__MAX_INPUTS], diff_out; /* gradients; NO_BUFFER: not wanted */
    weft__sum sum[WEFT__MAX_INPUTS];         /* after backward */
    weft__real out_real;                     /* f32 for the logits, else the plan's */
    bool wants_diff;      /* some gradient is wanted: of its input or its parameters */
    bool relu_fused;      /* this layer applies the ReLU that follows, forward */
    bool skip_forward;    /* the layer before does this one's forward pass */
    bool skip_backward;   /* another layer does this one's backward pass */
    bool passes_gradient; /* so does the layer before, from this one's diff_out */
    bool shared;          /* wants_shared was called */
    size_t workspace_row; /* bytes a picture, from forward to backward */
    int workspace;        /* buffer or NO_BUFFER */
    struct weft__plan_node *writes;   /* the later layer whose output is written here, those
                                       * from this one to it being nowhere; NULL: its own */
    struct weft__plan_node *kept_for; /* an earlier layer that reads this one's output and
                                       * workspace in its backward pass; NULL: none */
    void *state;                      /* the kind's own */
} weft__plan_node;

typedef struct weft__plan {
    const weft__network *network;
    weft_context *context; /* borrowed; NULL: the caller's thread alone */
    int members;
    size_t batch;
    bool training;
    bool explaining; /* backward to the picture instead of the parameters, through the
                      * network as it predicts: nothing is dropped, norms are constant,
                      * nothing is fused or in place, and every buffer stays */
    weft__real real;

    weft__plan_node *nodes; /* network->node_count */
    weft__buffer *buffers;
    size_t buffer_count, buffer_capacity;
    size_t arena_bytes; /* of one member */
    size_t shared_bytes;
    uint8_t **arenas; /* members */
    uint8_t *shared;
    size_t *first_row; /* members + 1 */
    void **scratch;    /* members: oneDNN's, shared by a member's primitives */
    size_t scratch_bytes;
    size_t held_bytes; /* by weft__hold */

    float *parameters; /* the flat block; borrowed, may change between batches */
    uint16_t *mirror;  /* the same in bf16 when real is bf16, else NULL; owned */
    float **gradients; /* members: each one's share of the sum; owned; training only */
    bool *stepped;     /* by parameter: its layer takes the optimiser's step itself, in its
                        * backward pass, where it may */
    bool *reduced;     /* by parameter: the sum over members is already in gradients[0] */
    int input;         /* buffer: pictures in, `real` */
    int logits;        /* buffer: f32 */
    int diff_logits;   /* buffer: gradient of the loss, `real` */
    int diff_input;    /* buffer: gradient of the pictures, where explaining */

    /* Seconds that rank 0 spends in each layer, added to: forward at 2i, backward (with the
     * sums after it) at 2i + 1. Borrowed; NULL: not measured. */
    double *profile;
} weft__plan;

/* One member's pass over one batch. */
typedef struct weft__exec {
    const weft__member *self;
    weft__plan *plan;
    size_t first, rows;  /* this member's pictures in the batch */
    uint64_t seed, step; /* for what is drawn anew in every batch */
    size_t last_back;    /* the layer that the backward pass ends with */
    /* The optimiser's step, for layers to take in their backward pass: as `update`, for
     * parameters of factor 1 that decay. NULL: they leave gradients. */
    const weft__optimiser *optimiser;
    const weft__update *update;
} weft__exec;

/* Plans for batches of `batch` pictures. `parameters` is borrowed for the plan's life.
 * `context` NULL plans for the calling thread alone. */
WEFT_MUST weft_status weft__plan_create(weft__plan **out, const weft__network *network,
    size_t batch, bool training, weft__real real, float *parameters, weft_context *context);
/* The same for explaining: forward, then backward from any gradient of the logits; every
 * activation and its gradient can be read afterwards. In f32. */
WEFT_MUST weft_status weft__plan_create_explaining(weft__plan **out,
    const weft__network *network, size_t batch, float *parameters, weft_context *context);
void weft__plan_free(weft__plan *plan); /* NULL-safe */

/* Everything the plan holds: arenas, gradients, compute weights; not the parameters, which
 * it borrows, nor what oneDNN keeps of its own. */
size_t weft__plan_bytes(const weft__plan *plan);

/* The parts of a step, called by every member of the plan's team (or by the caller alone,
 * as a member of one). prepare makes compute weights from the parameters and ends with a
 * barrier; where `mirrored`, the bf16 mirror already agrees with them. forward leaves
 * logits; backward takes diff_logits to gradients. */
weft__exec weft__exec_create(const weft__member *self, weft__plan *plan);
WEFT_MUST weft_status weft__exec_prepare(const weft__exec *x, bool mirrored);
WEFT_MUST weft_status weft__exec_forward(const weft__exec *x);
WEFT_MUST weft_status weft__exec_backward(const weft__exec *x);

/* For layers. The member's first row of a buffer. */
void *weft__rows(const weft__plan *plan, int member, int buffer);
/* For shared buffers: the first row of all. */
void *weft__all_rows(const weft__plan *plan, int buffer);
size_t weft__row_count(const weft__plan *plan, int member);
float *weft__values(const weft__plan *plan, const weft__plan_node *node, size_t which);
uint16_t *weft__mirror(const weft__plan *plan, const weft__plan_node *node, size_t which);
float *weft__gradient(
    const weft__plan *plan, int member, const weft__plan_node *node, size_t which);
/* In `plan`, a layer may set shared: its input and both gradients then lie in buffers
 * where the members' rows are back to back; and workspace_row. */
/* In `plan`: the only layer that uses this one's output, or NULL. */
weft__plan_node *weft__sole_consumer(const weft__plan_node *node);
/* Zeroed memory of a layer's own, which it frees: copies in other layouts, partial sums.
 * weft__plan_bytes counts it. */
WEFT_MUST weft_status weft__hold(
    weft__plan *plan, void *out, size_t count, size_t size, const char *what);
/* In `plan`: raises the scratch memory to what the primitive needs. */
void weft__want_scratch(weft__plan *plan, const weft__primitive *primitive);
void weft__want_scratch_bytes(weft__plan *plan, size_t bytes);

#endif
