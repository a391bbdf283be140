/* Fully connected: out = in weight + bias, weight in x out.
 *
 * Small ones are split by rows: each member multiplies its own pictures and has its own
 * weight gradient. Large ones (most weights of a small CNN) are split by inputs: each
 * member holds a band of the weight's rows, so that weights, their gradients and their
 * optimiser state stay in one core's cache; the forward pass then sums the members'
 * partial products, and gradients need no sum. */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/simd.h"
#include "core/text.h"
#include "nn/layers/dense_gradient.h"
#include "nn/layers/layers.h"
#include "nn/plan.h"
#include "nn/real.h"

struct options {
    char *units;
    int init;
    bool bias;
};

static const weft_param params[] = {
    {"units", WEFT_PARAM_TEXT, offsetof(struct options, units), "classes", 0, 0, NULL,
        "outputs: a number, or 'classes' for one a class"},
    {"bias", WEFT_PARAM_FLAG, offsetof(struct options, bias), "true", 0, 0, NULL,
        "add a learnt constant to each output"},
    {"init", WEFT_PARAM_CHOICE, offsetof(struct options, init), "glorot-uniform", 0, 0,
        WEFT__INIT_CHOICES, "how the weights begin"},
    {0},
};

/* Weights from which a split by inputs pays: half a core's second-level cache. */
enum { BAND_FROM = 128 * 1024, BAND_GRAIN = 16, MOST_UNITS = 1 << 20 };

static weft_status infer(weft__network *network, weft__node *node)
{
    const struct options *o = node->options;
    uint64_t units = network->classes;
    if (strcmp(o->units, "classes") != 0 &&
        (!weft__parse_count(o->units, &units) || units < 1 || units > MOST_UNITS))
        return weft__misfit(
            node, "units=%s: expected 1 to %d, or 'classes'", o->units, MOST_UNITS);
    if (o->init == WEFT__INIT_DIRAC || o->init == WEFT__INIT_WHITEN)
        return weft__misfit(node, "init=dirac and whiten are for convolutions");
    weft__dims in = node->in[0];
    if (in.height != 1 || in.width != 1)
        return weft__misfit(
            node, "expected a vector: put 'flatten' or 'globalpool' before");
    node->out = (weft__dims){1, 1, units};
    WEFT_TRY(weft__declare(network, node, "weight", 2, (size_t[]){in.channels, units},
        (weft__init)o->init, in.channels, units, true, true));
    if (o->bias)
        WEFT_TRY(weft__declare(network, node, "bias", 1, (size_t[]){units},
            WEFT__INIT_ZEROS, 1, 1, true, false));
    return WEFT_OK;
}

static uint64_t multiply_adds(const weft__node *node)
{
    return (uint64_t)node->in[0].channels * node->out.channels;
}

struct state {
    size_t in, out;
    bool banded;     /* split by inputs, else by rows */
    size_t *band;    /* members + 1: first input of each member's band */
    float **partial; /* members: batch x out, banded only */
    weft__primitive **forward, **backward_data, **backward_weights; /* members */
    bool own_gradient; /* of a band's weights: by dense_gradient.h, no primitive */
    uint32_t **packed; /* members: its working memory */
    float **rows;      /* members: WEFT__DENSE_ROWS x out of the gradient */
};

static weft__dense_gradient gradient_of(const weft__plan_node *p, const struct state *s)
{
    return (weft__dense_gradient){.batch = p->plan->batch,
        .width = s->out,
        .in_stride = s->in,
        .real = p->plan->real};
}

/* A row-major matrix; columns may be part of a wider row. */
static weft__matrix matrix(size_t rows, size_t columns, size_t row_stride, weft__real real)
{
    return (weft__matrix){rows, columns, row_stride, 1, real};
}

static weft__matrix transposed(weft__matrix m)
{
    return (weft__matrix){m.columns, m.rows, m.column_stride, m.row_stride, m.real};
}

static weft_status plan_member(weft__plan_node *p, struct state *s, int m)
{
    weft__plan *plan = p->plan;
    const struct options *o = p->node->options;
    size_t rows = s->banded ? plan->batch : weft__row_count(plan, m);
    size_t inputs = s->banded ? s->band[m + 1] - s->band[m] : s->in;
    if (rows == 0 || inputs == 0)
        return WEFT_OK;
    weft__matrix x = matrix(rows, inputs, s->in, plan->real);
    weft__matrix w = matrix(inputs, s->out, s->out, plan->real);
    weft__matrix y = matrix(rows, s->out, s->out, s->banded ? WEFT__REAL_F32 : p->out_real);
    WEFT_TRY(weft__matmul(
        &s->forward[m], x, w, y, o->bias && !s->banded, p->relu_fused && !s->banded));
    weft__want_scratch(plan, s->forward[m]);
    if (!plan->training)
        return WEFT_OK;
    weft__matrix dy = matrix(rows, s->out, s->out, plan->real);
    weft__matrix dw = matrix(inputs, s->out, s->out, WEFT__REAL_F32);
    WEFT_TRY(weft__matmul(&s->backward_data[m], dy, transposed(w), x, false, false));
    weft__want_scratch(plan, s->backward_data[m]);
    if (plan->explaining || s->own_gradient)
        return WEFT_OK;
    WEFT_TRY(weft__matmul(&s->backward_weights[m], transposed(x), dy, dw, false, false));
    weft__want_scratch(plan, s->backward_weights[m]);
    return WEFT_OK;
}

static weft_status plan_own_gradient(weft__plan_node *p, struct state *s)
{
    weft__plan *plan = p->plan;
    size_t members = (size_t)plan->members, which = p->node->parameters[0];
    weft__dense_gradient g = gradient_of(p, s);
    WEFT_TRY(weft__calloc(&s->packed, members, sizeof *s->packed, "a plan"));
    WEFT_TRY(weft__calloc(&s->rows, members, sizeof *s->rows, "a plan"));
    for (size_t m = 0; m < members; m++) {
        WEFT_TRY(weft__hold(plan, &s->packed[m], weft__dense_gradient_words(&g),
            sizeof **s->packed, "a gradient"));
        WEFT_TRY(weft__hold(
            plan, &s->rows[m], WEFT__DENSE_ROWS * s->out, sizeof **s->rows, "a gradient"));
    }
    plan->stepped[which] = plan->network->parameters[which].trained;
    return WEFT_OK;
}

static weft_status plan_bands(weft__plan_node *p, struct state *s)
{
    weft__plan *plan = p->plan;
    size_t members = (size_t)plan->members;
    WEFT_TRY(weft__alloc(&s->band, members + 1, sizeof *s->band, "a plan"));
    WEFT_TRY(weft__calloc(&s->partial, members, sizeof *s->partial, "a plan"));
    for (int m = 0; m < plan->members; m++) {
        weft__member member = {plan->context, m, plan->members};
        weft__team_share(&member, s->in, BAND_GRAIN, &s->band[m], &s->band[m + 1]);
        WEFT_TRY(weft__hold(p->plan, &s->partial[m], plan->batch * s->out, sizeof(float),
            "partial products"));
    }
    p->shared = true;
    plan->reduced[p->node->parameters[0]] = true;
    s->own_gradient = plan->training && weft__dense_gradient_serves(plan->real);
    return s->own_gradient ? plan_own_gradient(p, s) : WEFT_OK;
}

static weft_status plan(weft__plan_node *p)
{
    struct state *s;
    size_t members = (size_t)p->plan->members;
    WEFT_TRY(weft__calloc(&s, 1, sizeof *s, "a plan"));
    p->state = s;
    s->in = p->node->in[0].channels;
    s->out = p->node->out.channels;
    weft__plan_node *next = weft__sole_consumer(p);
    if (next && next->node->kind == &weft__layer_relu && !p->plan->explaining) {
        p->relu_fused = true;
        next->skip_forward = true;
    }
    s->banded = members > 1 && s->in * s->out >= BAND_FROM && !p->plan->explaining;
    if (s->banded)
        WEFT_TRY(plan_bands(p, s));
    weft__primitive ***lists[] = {&s->forward, &s->backward_data, &s->backward_weights};
    for (size_t i = 0; i < 3; i++)
        WEFT_TRY(weft__calloc(lists[i], members, sizeof **lists, "a plan"));
    for (int m = 0; m < p->plan->members; m++)
        WEFT_TRY(plan_member(p, s, m));
    return WEFT_OK;
}

/* The first element of member m's part of an activation: its rows, or its columns of all
 * rows. */
static void *part(const weft__plan_node *p, const struct state *s, int m, int buffer)
{
    if (!s->banded)
        return weft__rows(p->plan, m, buffer);
    return weft__advance(weft__all_rows(p->plan, buffer), s->band[m], p->plan->real);
}

static weft_status bind_member(weft__plan_node *p, struct state *s, int m)
{
    weft__plan *plan = p->plan;
    const struct options *o = p->node->options;
    if (!s->forward[m])
        return WEFT_OK;
    size_t first = s->banded ? s->band[m] * s->out : 0;
    void *weights = plan->mirror ? (void *)(weft__mirror(plan, p, 0) + first)
                                 : (void *)(weft__values(plan, p, 0) + first);
    void *in = part(p, s, m, p->in[0]), *scratch = plan->scratch[m];
    void *out = s->banded ? s->partial[m] : weft__rows(plan, m, p->out);
    WEFT_TRY(weft__primitive_bind(s->forward[m], WEFT__SRC, in));
    WEFT_TRY(weft__primitive_bind(s->forward[m], WEFT__WEIGHTS, weights));
    WEFT_TRY(weft__primitive_bind(s->forward[m], WEFT__DST, out));
    WEFT_TRY(weft__primitive_bind(s->forward[m], WEFT__SCRATCH, scratch));
    if (o->bias)
        WEFT_TRY(weft__primitive_bind(s->forward[m], WEFT__BIAS, weft__values(plan, p, 1)));
    if (!plan->training || !p->wants_diff)
        return WEFT_OK;
    void *diff_out =
        s->banded ? weft__all_rows(plan, p->diff_out) : weft__rows(plan, m, p->diff_out);
    weft__primitive *w = s->backward_weights[m], *b = s->backward_data[m];
    if (w) {
        float *gradient = weft__gradient(plan, s->banded ? 0 : m, p, 0) + first;
        WEFT_TRY(weft__primitive_bind(w, WEFT__SRC, in));
        WEFT_TRY(weft__primitive_bind(w, WEFT__WEIGHTS, diff_out));
        WEFT_TRY(weft__primitive_bind(w, WEFT__DST, gradient));
        WEFT_TRY(weft__primitive_bind(w, WEFT__SCRATCH, scratch));
    }
    if (p->diff_in[0] == WEFT__NO_BUFFER)
        return WEFT_OK;
    WEFT_TRY(weft__primitive_bind(b, WEFT__SRC, diff_out));
    WEFT_TRY(weft__primitive_bind(b, WEFT__WEIGHTS, weights));
    WEFT_TRY(weft__primitive_bind(b, WEFT__DST, part(p, s, m, p->diff_in[0])));
    return weft__primitive_bind(b, WEFT__SCRATCH, scratch);
}

static weft_status bind(weft__plan_node *p)
{
    for (int m = 0; m < p->plan->members; m++)
        WEFT_TRY(bind_member(p, p->state, m));
    return WEFT_OK;
}

/* One row: out = sum of the members' partial products + bias, then ReLU where asked. */
static inline __attribute__((always_inline)) void finish_row(void *out,
    float *const *partial, int members, size_t at, const float *bias, size_t width,
    bool relu, weft__real real)
{
    for (size_t j = 0; j < width; j++) {
        float sum = bias ? bias[j] : 0;
        for (int m = 0; m < members; m++)
            sum += partial[m][at + j];
        weft__put(out, j, relu && sum < 0 ? 0 : sum, real);
    }
}

WEFT__SIMD static void finish_rows(void *out, float *const *partial, int members,
    size_t first, size_t rows, const float *bias, size_t width, bool relu, weft__real real)
{
    for (size_t i = 0; i < rows; i++) {
        void *row = weft__advance(out, i * width, real);
        if (real == WEFT__REAL_BF16)
            finish_row(row, partial, members, (first + i) * width, bias, width, relu,
                WEFT__REAL_BF16);
        else
            finish_row(row, partial, members, (first + i) * width, bias, width, relu,
                WEFT__REAL_F32);
    }
}

static weft_status forward(const weft__exec *x, weft__plan_node *p)
{
    struct state *s = p->state;
    const struct options *o = p->node->options;
    weft__plan *plan = p->plan;
    int m = x->self->rank;
    if (!s->banded)
        return s->forward[m] ? weft__primitive_run(s->forward[m]) : WEFT_OK;
    weft__team_barrier(x->self); /* all rows of the input are there */
    weft_status status = s->forward[m] ? weft__primitive_run(s->forward[m]) : WEFT_OK;
    weft__team_barrier(x->self); /* all partial products are there */
    finish_rows(weft__rows(plan, m, p->out), s->partial, plan->members, x->first, x->rows,
        o->bias ? weft__values(plan, p, 1) : NULL, s->out, p->relu_fused, p->out_real);
    return status;
}

static inline __attribute__((always_inline)) void sum_columns(
    float *sums, const void *values, size_t rows, size_t width, weft__real real)
{
    memset(sums, 0, width * sizeof *sums);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < width; j++)
            sums[j] += weft__get(values, i * width + j, real);
}

WEFT__SIMD static void bias_gradient(
    float *sums, const void *diff, size_t rows, size_t width, weft__real real)
{
    if (real == WEFT__REAL_BF16)
        sum_columns(sums, diff, rows, width, WEFT__REAL_BF16);
    else
        sum_columns(sums, diff, rows, width, WEFT__REAL_F32);
}

/* The gradient of the member's band, some rows after others; where the optimiser's step may
 * be taken, it takes them at once. */
static void own_gradient(const weft__exec *x, weft__plan_node *p, struct state *s)
{
    weft__plan *plan = p->plan;
    int m = x->self->rank;
    size_t which = p->node->parameters[0];
    const weft__parameter *weight = &plan->network->parameters[which];
    weft__dense_gradient g = gradient_of(p, s);
    bool stepping = x->optimiser && plan->stepped[which];
    weft__dense_gradient_pack(s->packed[m], &g, weft__all_rows(plan, p->diff_out));
    for (size_t k = s->band[m]; k < s->band[m + 1]; k += WEFT__DENSE_ROWS) {
        size_t left = s->band[m + 1] - k, at = weight->offset + k * s->out;
        size_t rows = left < WEFT__DENSE_ROWS ? left : WEFT__DENSE_ROWS;
        float *gradient = stepping ? s->rows[m] : plan->gradients[0] + at;
        weft__dense_gradient_rows(gradient, &g, s->packed[m],
            weft__advance(weft__all_rows(plan, p->in[0]), k, plan->real), rows);
        if (!stepping)
            continue;
        weft__update u =
            weft__update_at(x->update, weight->rate, weight->decayed, at, &gradient);
        x->optimiser->update(&u, 0, rows * s->out);
    }
}

static weft_status backward(const weft__exec *x, weft__plan_node *p)
{
    struct state *s = p->state;
    const struct options *o = p->node->options;
    weft__plan *plan = p->plan;
    int m = x->self->rank;
    if (o->bias && !plan->explaining)
        bias_gradient(weft__gradient(plan, m, p, 1), weft__rows(plan, m, p->diff_out),
            x->rows, s->out, plan->real);
    if (s->banded)
        weft__team_barrier(x->self); /* all rows of the gradient are there */
    weft_status status = WEFT_OK;
    if (s->backward_data[m] && p->diff_in[0] != WEFT__NO_BUFFER)
        status = weft__primitive_run(s->backward_data[m]);
    if (status == WEFT_OK && s->backward_weights[m])
        status = weft__primitive_run(s->backward_weights[m]);
    if (s->own_gradient)
        own_gradient(x, p, s);
    if (s->banded)
        weft__team_barrier(x->self); /* all columns of the input's gradient are there */
    return status;
}

static void release(weft__plan_node *p)
{
    struct state *s = p->state;
    if (!s)
        return;
    weft__primitive **lists[] = {s->forward, s->backward_data, s->backward_weights};
    for (size_t i = 0; i < 3; i++) {
        for (int m = 0; lists[i] && m < p->plan->members; m++)
            weft__primitive_free(lists[i][m]);
        free(lists[i]);
    }
    for (int m = 0; s->partial && m < p->plan->members; m++)
        free(s->partial[m]);
    for (int m = 0; s->packed && m < p->plan->members; m++)
        free(s->packed[m]);
    for (int m = 0; s->rows && m < p->plan->members; m++)
        free(s->rows[m]);
    free(s->partial);
    free(s->packed);
    free(s->rows);
    free(s->band);
    free(s);
}

const weft__layer_kind weft__layer_dense = {
    .name = "dense",
    .argument = "units",
    .params = params,
    .options_size = sizeof(struct options),
    .infer = infer,
    .multiply_adds = multiply_adds,
    .keeps_input = true,
    .gives_logits = true,
    .plan = plan,
    .bind = bind,
    .forward = forward,
    .backward = backward,
    .release = release,
};
