/* 2-D convolution (cross-correlation), channels last.
 *
 *     out[y][x][o] = bias[o] + sum over i, u, v of
 *                    in[y s + u d - p][x s + v d - p][i] weight[u][v][i][o] */
#include <math.h>
#include <stdlib.h>

#include "core/mem.h"
#include "nn/layers/batchnorm.h"
#include "nn/layers/conv_gradient.h"
#include "nn/layers/conv_pooled.h"
#include "nn/layers/conv_shallow.h"
#include "nn/layers/layers.h"
#include "nn/plan.h"

struct options {
    uint64_t filters, kernel, stride, pad, dilation, groups;
    int padding, init;
    bool bias;
};

enum { VALID, SAME };

static const weft_param params[] = {
    {"filters", WEFT_PARAM_COUNT, offsetof(struct options, filters), "1", 1, 65536, NULL,
        "channels out"},
    {"kernel", WEFT_PARAM_COUNT, offsetof(struct options, kernel), "3", 1, 64, NULL,
        "side of the square filter"},
    {"stride", WEFT_PARAM_COUNT, offsetof(struct options, stride), "1", 1, 64, NULL,
        "pixels from one position to the next"},
    {"pad", WEFT_PARAM_COUNT, offsetof(struct options, pad), "0", 0, 64, NULL,
        "zeros added on every side"},
    {"padding", WEFT_PARAM_CHOICE, offsetof(struct options, padding), "valid", 0, 0,
        "valid|same", "same: pad so that the output is the input's size over the stride"},
    {"dilation", WEFT_PARAM_COUNT, offsetof(struct options, dilation), "1", 1, 64, NULL,
        "pixels from one filter element to the next"},
    {"groups", WEFT_PARAM_COUNT, offsetof(struct options, groups), "1", 1, 65536, NULL,
        "independent groups of channels; as many as channels in: depthwise"},
    {"bias", WEFT_PARAM_FLAG, offsetof(struct options, bias), "true", 0, 0, NULL,
        "add a learnt constant to each channel"},
    {"init", WEFT_PARAM_CHOICE, offsetof(struct options, init), "glorot-uniform", 0, 0,
        WEFT__INIT_CHOICES, "how the weights begin"},
    {0},
};

/* Output size and padding before and after, along one side. */
static bool extent(
    const struct options *o, size_t in, size_t *out, size_t *before, size_t *after)
{
    size_t reach = (o->kernel - 1) * o->dilation + 1;
    *before = *after = o->pad;
    if (o->padding == SAME) {
        size_t wanted = (in + o->stride - 1) / o->stride;
        size_t need = (wanted - 1) * o->stride + reach;
        size_t pad = need > in ? need - in : 0;
        *before = pad / 2; /* the odd one behind, as Keras does */
        *after = pad - pad / 2;
    }
    if (in + *before + *after < reach)
        return false;
    *out = (in + *before + *after - reach) / o->stride + 1;
    return true;
}

static weft__conv conv_of(const weft__node *node)
{
    const struct options *o = node->options;
    weft__dims in = node->in[0];
    weft__conv c = {.in_height = in.height,
        .in_width = in.width,
        .in_channels = in.channels,
        .out_channels = o->filters,
        .kernel = o->kernel,
        .stride = o->stride,
        .dilation = o->dilation,
        .groups = o->groups};
    if (!extent(o, in.height, &c.out_height, &c.pad_top, &c.pad_bottom) ||
        !extent(o, in.width, &c.out_width, &c.pad_left, &c.pad_right))
        c.out_height = 0;
    return c;
}

static weft_status infer(weft__network *network, weft__node *node)
{
    const struct options *o = node->options;
    size_t in = node->in[0].channels;
    weft__conv c = conv_of(node);
    if (c.out_height == 0)
        return weft__misfit(node, "a filter of %zux%zu does not fit", c.kernel, c.kernel);
    if (in % o->groups || o->filters % o->groups)
        return weft__misfit(node,
            "%zu channels in and %zu out do not divide into %zu groups", in,
            (size_t)o->filters, (size_t)o->groups);
    if (o->init >= WEFT__INIT_DIRAC && o->groups > 1)
        return weft__misfit(node, "init=dirac and whiten expect groups=1");
    if (o->init == WEFT__INIT_WHITEN && (node->input[0] || o->dilation > 1))
        return weft__misfit(node, "init=whiten is for a first layer, without dilation");
    node->out = (weft__dims){c.out_height, c.out_width, o->filters};
    size_t window = o->kernel * o->kernel;
    size_t shape[] = {o->kernel, o->kernel, in / o->groups, o->filters};
    WEFT_TRY(weft__declare(network, node, "weight", 4, shape, (weft__init)o->init,
        window * in / o->groups, window * o->filters / o->groups, true, true));
    if (o->bias)
        WEFT_TRY(weft__declare(network, node, "bias", 1, (size_t[]){o->filters},
            WEFT__INIT_ZEROS, 1, 1, true, false));
    return WEFT_OK;
}

static uint64_t multiply_adds(const weft__node *node)
{
    const struct options *o = node->options;
    return (uint64_t)weft__dims_size(node->out) * o->kernel * o->kernel *
           node->in[0].channels / o->groups;
}

/* What a plan holds for one convolution. Lists are by member. */
struct state {
    weft__conv conv; /* batch is not set: it is each member's own */
    weft__primitive **forward, **backward_data, **backward_weights, **to_plain;
    weft__primitive *to_forward, *to_backward;
    void *forward_weights, *backward_weights_copy; /* in the primitives' formats */
    void **weight_gradients;                       /* members; NULL: plain, in place */
    weft__plan_node *norm;       /* folded in when predicting; NULL: none */
    float *folded, *folded_bias; /* weights and bias with the norm in them */
    weft__pooled *pooled;        /* does the backward pass; NULL: the primitives do */
    bool own_gradient;           /* of the weights: by conv_gradient.h, no primitive */
    weft__shallow *shallow;      /* does both; NULL: the primitives do */
};

static weft_status plan_member(weft__plan_node *p, struct state *s, int m)
{
    weft__plan *plan = p->plan;
    const struct options *o = p->node->options;
    weft__conv c = s->conv;
    c.batch = weft__row_count(plan, m);
    if (c.batch == 0)
        return WEFT_OK;
    WEFT_TRY(weft__conv_forward(
        &s->forward[m], &c, plan->real, o->bias || s->norm, p->relu_fused, plan->training));
    weft__want_scratch(plan, s->forward[m]);
    if (!plan->training || s->pooled)
        return WEFT_OK;
    if (p->node->input[0] || plan->explaining) { /* nobody else asks for the picture's */
        WEFT_TRY(weft__conv_backward_data(&s->backward_data[m], &c, plan->real));
        weft__want_scratch(plan, s->backward_data[m]);
    }
    if (plan->explaining)
        return WEFT_OK;
    if (s->own_gradient) {
        weft__want_scratch_bytes(plan, weft__conv_gradient_scratch(&c));
        return WEFT_OK;
    }
    WEFT_TRY(weft__conv_backward_weights(&s->backward_weights[m], &c, plan->real, o->bias));
    weft__want_scratch(plan, s->backward_weights[m]);
    if (!weft__primitive_takes_plain(s->backward_weights[m], &c, WEFT__DIFF_WEIGHTS)) {
        WEFT_TRY(weft__reorder_from(
            &s->to_plain[m], &c, s->backward_weights[m], WEFT__DIFF_WEIGHTS));
        weft__want_scratch(plan, s->to_plain[m]);
    }
    return WEFT_OK;
}

/* A copy of the weights in the format that `target` wants, unless plain f32 will do. */
static weft_status plan_copy(weft__plan_node *p, struct state *s, weft__primitive *target,
    weft__primitive **reorder, void **copy)
{
    weft__real from = s->norm ? WEFT__REAL_F32 : p->plan->real;
    if (!s->norm && weft__primitive_takes_plain(target, &s->conv, WEFT__WEIGHTS))
        return WEFT_OK;
    WEFT_TRY(weft__reorder_to(reorder, &s->conv, from, target, WEFT__WEIGHTS));
    weft__want_scratch(p->plan, *reorder);
    return weft__hold(p->plan, copy, weft__primitive_bytes(target, WEFT__WEIGHTS), 1,
        "convolution weights");
}

static weft_status plan_lists(weft__plan_node *p, struct state *s)
{
    size_t members = (size_t)p->plan->members;
    weft__primitive ***lists[] = {
        &s->forward, &s->backward_data, &s->backward_weights, &s->to_plain};
    for (size_t i = 0; i < 4; i++)
        WEFT_TRY(weft__calloc(lists[i], members, sizeof **lists, "a plan"));
    WEFT_TRY(
        weft__calloc(&s->weight_gradients, members, sizeof *s->weight_gradients, "a plan"));
    for (int m = 0; m < p->plan->members; m++)
        WEFT_TRY(plan_member(p, s, m));
    return WEFT_OK;
}

/* When predicting, a batch norm that follows is folded into weights and bias; a ReLU
 * that follows is always applied on the way out. A first convolution takes a max pool
 * behind that along; behind any other it leaves few gradients to go through. */
static weft_status fuse(weft__plan_node *p, struct state *s)
{
    if (p->plan->explaining)
        return WEFT_OK;
    weft__plan_node *next = weft__sole_consumer(p), *relu = NULL;
    if (next && !p->plan->training && next->node->kind == &weft__layer_batchnorm) {
        s->norm = next;
        next->skip_forward = true;
        size_t weights = s->conv.kernel * s->conv.kernel * s->conv.in_channels /
                         s->conv.groups * s->conv.out_channels;
        WEFT_TRY(weft__hold(p->plan, &s->folded, weights, sizeof(float), "folded weights"));
        WEFT_TRY(weft__hold(p->plan, &s->folded_bias, s->conv.out_channels, sizeof(float),
            "folded weights"));
        next = weft__sole_consumer(next);
    }
    if (next && next->node->kind == &weft__layer_relu) {
        p->relu_fused = true;
        next->skip_forward = true;
        relu = next;
        next = weft__sole_consumer(next);
    }
    if (next && p->node->input[0] == 0 && weft__shallow_suits(&s->conv, next))
        return weft__shallow_create(&s->shallow, &s->conv, p, relu, next);
    if (next && p->plan->training && weft__pooled_suits(&s->conv, next))
        return weft__pooled_create(&s->pooled, &s->conv, p, relu, next);
    return WEFT_OK;
}

static weft_status plan(weft__plan_node *p)
{
    struct state *s;
    WEFT_TRY(weft__calloc(&s, 1, sizeof *s, "a plan"));
    p->state = s;
    s->conv = conv_of(p->node);
    s->conv.batch = 1;
    s->own_gradient =
        p->plan->real == WEFT__REAL_BF16 && weft__conv_gradient_serves(&s->conv);
    WEFT_TRY(fuse(p, s));
    if (s->shallow)
        return WEFT_OK;
    WEFT_TRY(plan_lists(p, s));
    /* Formats do not depend on the batch: the first member's serve all. */
    WEFT_TRY(plan_copy(p, s, s->forward[0], &s->to_forward, &s->forward_weights));
    if (s->backward_data[0])
        WEFT_TRY(plan_copy(
            p, s, s->backward_data[0], &s->to_backward, &s->backward_weights_copy));
    return WEFT_OK;
}

static weft_status bind_member(weft__plan_node *p, struct state *s, int m)
{
    weft__plan *plan = p->plan;
    const struct options *o = p->node->options;
    if (!s->forward[m])
        return WEFT_OK;
    void *plain = weft__values(plan, p, 0);
    void *in = weft__rows(plan, m, p->in[0]), *scratch = plan->scratch[m];
    float *bias = s->norm ? s->folded_bias : o->bias ? weft__values(plan, p, 1) : NULL;
    WEFT_TRY(weft__primitive_bind(s->forward[m], WEFT__SRC, in));
    WEFT_TRY(weft__primitive_bind(
        s->forward[m], WEFT__WEIGHTS, s->forward_weights ? s->forward_weights : plain));
    WEFT_TRY(weft__primitive_bind(s->forward[m], WEFT__BIAS, bias));
    WEFT_TRY(weft__primitive_bind(s->forward[m], WEFT__DST, weft__rows(plan, m, p->out)));
    WEFT_TRY(weft__primitive_bind(s->forward[m], WEFT__SCRATCH, scratch));
    if (!plan->training || !p->wants_diff || s->pooled)
        return WEFT_OK;
    void *diff_out = weft__rows(plan, m, p->diff_out);
    if (s->backward_data[m] && p->diff_in[0] != WEFT__NO_BUFFER) {
        weft__primitive *b = s->backward_data[m];
        WEFT_TRY(weft__primitive_bind(b, WEFT__DIFF_DST, diff_out));
        WEFT_TRY(weft__primitive_bind(
            b, WEFT__WEIGHTS, s->backward_weights_copy ? s->backward_weights_copy : plain));
        WEFT_TRY(
            weft__primitive_bind(b, WEFT__DIFF_SRC, weft__rows(plan, m, p->diff_in[0])));
        WEFT_TRY(weft__primitive_bind(b, WEFT__SCRATCH, scratch));
    }
    weft__primitive *w = s->backward_weights[m];
    if (!w)
        return WEFT_OK;
    void *gradient = weft__gradient(plan, m, p, 0);
    if (s->to_plain[m]) {
        WEFT_TRY(weft__hold(plan, &s->weight_gradients[m],
            weft__primitive_bytes(w, WEFT__DIFF_WEIGHTS), 1, "weight gradients"));
        WEFT_TRY(weft__primitive_bind(s->to_plain[m], WEFT__SRC, s->weight_gradients[m]));
        WEFT_TRY(weft__primitive_bind(s->to_plain[m], WEFT__DST, gradient));
        WEFT_TRY(weft__primitive_bind(s->to_plain[m], WEFT__SCRATCH, scratch));
        gradient = s->weight_gradients[m];
    }
    WEFT_TRY(weft__primitive_bind(w, WEFT__SRC, in));
    WEFT_TRY(weft__primitive_bind(w, WEFT__DIFF_DST, diff_out));
    WEFT_TRY(weft__primitive_bind(w, WEFT__DIFF_WEIGHTS, gradient));
    if (o->bias)
        WEFT_TRY(weft__primitive_bind(w, WEFT__DIFF_BIAS, weft__gradient(plan, m, p, 1)));
    return weft__primitive_bind(w, WEFT__SCRATCH, scratch);
}

static weft_status bind(weft__plan_node *p)
{
    struct state *s = p->state;
    if (s->shallow)
        return WEFT_OK;
    for (int m = 0; m < p->plan->members; m++)
        WEFT_TRY(bind_member(p, s, m));
    void *plain = s->norm           ? s->folded
                  : p->plan->mirror ? (void *)weft__mirror(p->plan, p, 0)
                                    : (void *)weft__values(p->plan, p, 0);
    if (s->to_forward) {
        WEFT_TRY(weft__primitive_bind(s->to_forward, WEFT__SRC, plain));
        WEFT_TRY(weft__primitive_bind(s->to_forward, WEFT__DST, s->forward_weights));
    }
    if (s->to_backward) {
        WEFT_TRY(weft__primitive_bind(s->to_backward, WEFT__SRC, plain));
        WEFT_TRY(weft__primitive_bind(s->to_backward, WEFT__DST, s->backward_weights_copy));
    }
    return WEFT_OK;
}

/* w' = w scale, b' = b scale + shift, by output channel. */
static void fold(weft__plan_node *p, struct state *s)
{
    const struct options *o = p->node->options;
    const float *weights = weft__values(p->plan, p, 0);
    const float *bias = o->bias ? weft__values(p->plan, p, 1) : NULL;
    size_t out = s->conv.out_channels;
    size_t rows = s->conv.kernel * s->conv.kernel * s->conv.in_channels / s->conv.groups;
    for (size_t c = 0; c < out; c++) {
        float scale, shift;
        weft__batchnorm_affine(s->norm, c, &scale, &shift);
        for (size_t r = 0; r < rows; r++)
            s->folded[r * out + c] = weights[r * out + c] * scale;
        s->folded_bias[c] = (bias ? bias[c] : 0) * scale + shift;
    }
}

/* Layers take turns at the members: each reorders some of them. */
static weft_status prepare(const weft__exec *x, weft__plan_node *p)
{
    struct state *s = p->state;
    if (s->pooled)
        weft__pooled_prepare(x, s->pooled);
    if ((p - p->plan->nodes) % x->self->count != x->self->rank)
        return WEFT_OK;
    void *scratch = p->plan->scratch[x->self->rank];
    if (s->norm)
        fold(p, s);
    if (s->shallow) {
        const struct options *o = p->node->options;
        const float *bias = o->bias ? weft__values(p->plan, p, 1) : NULL;
        weft__shallow_prepare(s->shallow, s->norm ? s->folded : weft__values(p->plan, p, 0),
            s->norm ? s->folded_bias : bias);
    }
    if (s->to_forward) {
        WEFT_TRY(weft__primitive_bind(s->to_forward, WEFT__SCRATCH, scratch));
        WEFT_TRY(weft__primitive_run(s->to_forward));
    }
    if (s->to_backward) {
        WEFT_TRY(weft__primitive_bind(s->to_backward, WEFT__SCRATCH, scratch));
        WEFT_TRY(weft__primitive_run(s->to_backward));
    }
    return WEFT_OK;
}

static weft_status forward(const weft__exec *x, weft__plan_node *p)
{
    struct state *s = p->state;
    if (s->shallow) {
        weft__shallow_forward(x, s->shallow);
        return WEFT_OK;
    }
    weft__primitive *primitive = s->forward[x->self->rank];
    return primitive ? weft__primitive_run(primitive) : WEFT_OK;
}

static void own_gradient(const weft__exec *x, weft__plan_node *p, const struct state *s)
{
    const struct options *o = p->node->options;
    weft__plan *plan = p->plan;
    int m = x->self->rank;
    weft__conv c = s->conv;
    c.batch = x->rows;
    weft__conv_gradient(weft__gradient(plan, m, p, 0),
        o->bias ? weft__gradient(plan, m, p, 1) : NULL, weft__rows(plan, m, p->in[0]),
        weft__rows(plan, m, p->diff_out), &c, plan->scratch[m]);
}

static weft_status backward(const weft__exec *x, weft__plan_node *p)
{
    struct state *s = p->state;
    int m = x->self->rank;
    if (s->shallow || s->pooled) {
        s->shallow ? weft__shallow_backward(x, s->shallow)
                   : weft__pooled_backward(x, s->pooled);
        return WEFT_OK;
    }
    if (s->own_gradient && !p->plan->explaining)
        own_gradient(x, p, s);
    if (s->backward_weights[m])
        WEFT_TRY(weft__primitive_run(s->backward_weights[m]));
    if (s->to_plain[m])
        WEFT_TRY(weft__primitive_run(s->to_plain[m]));
    if (p->diff_in[0] == WEFT__NO_BUFFER || !s->backward_data[m])
        return WEFT_OK;
    return weft__primitive_run(s->backward_data[m]);
}

static void release(weft__plan_node *p)
{
    struct state *s = p->state;
    if (!s)
        return;
    weft__primitive **lists[] = {
        s->forward, s->backward_data, s->backward_weights, s->to_plain};
    for (size_t i = 0; i < 4; i++) {
        for (int m = 0; lists[i] && m < p->plan->members; m++)
            weft__primitive_free(lists[i][m]);
        free(lists[i]);
    }
    for (int m = 0; s->weight_gradients && m < p->plan->members; m++)
        free(s->weight_gradients[m]);
    free(s->weight_gradients);
    weft__primitive_free(s->to_forward);
    weft__primitive_free(s->to_backward);
    free(s->forward_weights);
    free(s->backward_weights_copy);
    free(s->folded);
    free(s->folded_bias);
    weft__pooled_free(s->pooled);
    weft__shallow_free(s->shallow);
    free(s);
}

const weft__layer_kind weft__layer_conv = {
    .name = "conv",
    .argument = "filters",
    .params = params,
    .options_size = sizeof(struct options),
    .infer = infer,
    .multiply_adds = multiply_adds,
    .keeps_input = true,
    .plan = plan,
    .bind = bind,
    .prepare = prepare,
    .forward = forward,
    .backward = backward,
    .release = release,
};
