/* Batch normalisation (Ioffe and Szegedy 2015, algorithm 1) over each channel of the
 * whole batch, with the ReLU that often follows done in the same pass.
 *
 *     out = gamma (in - mean) / sqrt(variance + epsilon) + beta
 *
 * Training uses the batch's own mean and (biased) variance and moves the running ones:
 *     running = momentum running + (1 - momentum) batch's
 * with the unbiased variance there, as PyTorch does. Prediction uses the running ones. */
#include "nn/layers/batchnorm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "nn/layers/layers.h"
#include "nn/layers/norm_loops.h"
#include "nn/real.h"

struct options {
    double momentum, epsilon;
    bool affine;
};

static const weft_param params[] = {
    {"momentum", WEFT_PARAM_REAL, offsetof(struct options, momentum), "0.9", 0, 1, NULL,
        "share of the running statistics kept at each batch"},
    {"epsilon", WEFT_PARAM_REAL, offsetof(struct options, epsilon), "1e-5", 1e-12, 1, NULL,
        "added to the variance"},
    {"affine", WEFT_PARAM_FLAG, offsetof(struct options, affine), "true", 0, 0, NULL,
        "learn gamma"},
    {0},
};

enum { GAMMA, BETA, MEAN, VARIANCE };

static weft_status infer(weft__network *network, weft__node *node)
{
    const struct options *o = node->options;
    node->out = node->in[0];
    size_t shape[] = {node->in[0].channels};
    WEFT_TRY(weft__declare(
        network, node, "gamma", 1, shape, WEFT__INIT_ONES, 1, 1, o->affine, false));
    WEFT_TRY(weft__declare(
        network, node, "beta", 1, shape, WEFT__INIT_ZEROS, 1, 1, true, false));
    WEFT_TRY(weft__declare(
        network, node, "mean", 1, shape, WEFT__INIT_ZEROS, 1, 1, false, false));
    return weft__declare(
        network, node, "variance", 1, shape, WEFT__INIT_ONES, 1, 1, false, false);
}

void weft__batchnorm_affine(const weft__plan_node *p, size_t c, float *scale, float *shift)
{
    const struct options *o = p->node->options;
    double variance = (double)weft__values(p->plan, p, VARIANCE)[c];
    double mean = (double)weft__values(p->plan, p, MEAN)[c];
    double factor =
        (double)weft__values(p->plan, p, GAMMA)[c] / sqrt(variance + o->epsilon);
    *scale = (float)factor;
    *shift = (float)((double)weft__values(p->plan, p, BETA)[c] - mean * factor);
}

struct state {
    size_t channels, pixels; /* of one picture */
    float **sums;            /* members: two sums a channel */
    float **centre;          /* members: what the moments are taken about, a channel */
    float *mean, *inverse;   /* of the batch: mean, 1 / standard deviation */
    float *scale, *shift;    /* out = scale in + shift */
    float *slope, *offset;   /* two more coefficients of the backward pass */
};

static weft_status plan(weft__plan_node *p)
{
    struct state *s;
    WEFT_TRY(weft__calloc(&s, 1, sizeof *s, "a plan"));
    p->state = s;
    weft__dims in = p->node->in[0];
    size_t members = (size_t)p->plan->members;
    s->channels = in.channels;
    s->pixels = in.height * in.width;
    WEFT_TRY(weft__calloc(&s->sums, members, sizeof *s->sums, "a plan"));
    WEFT_TRY(weft__calloc(&s->centre, members, sizeof *s->centre, "a plan"));
    for (size_t m = 0; m < members; m++) {
        WEFT_TRY(weft__calloc(&s->sums[m], 2 * in.channels, sizeof(float), "statistics"));
        WEFT_TRY(weft__calloc(&s->centre[m], in.channels, sizeof(float), "statistics"));
    }
    float **lists[] = {&s->mean, &s->inverse, &s->scale, &s->shift, &s->slope, &s->offset};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        WEFT_TRY(weft__calloc(lists[i], in.channels, sizeof(float), "statistics"));
    weft__plan_node *next = weft__sole_consumer(p);
    if (next && next->node->kind == &weft__layer_relu && !p->skip_forward &&
        !p->plan->explaining) {
        p->relu_fused = true;
        next->skip_forward = next->skip_backward = true;
    }
    return WEFT_OK;
}

/* The mean of a few pixels spread over the rows: near enough to the mean of all that f32
 * sums of squares about it lose nothing. */
static void sample(
    float *centre, const void *in, size_t count, size_t channels, weft__real real)
{
    enum { SAMPLES = 16 };
    memset(centre, 0, channels * sizeof *centre);
    for (size_t k = 0; count && k < SAMPLES; k++)
        for (size_t c = 0; c < channels; c++)
            centre[c] +=
                weft__get(in, k * count / SAMPLES * channels + c, real) / (float)SAMPLES;
}

/* The mean and variance of one channel over the batch, from the members' moments, each
 * about its own centre. */
static void join(
    const weft__plan *plan, const struct state *s, size_t c, double *mean, double *variance)
{
    double n = (double)plan->batch * (double)s->pixels, sum = 0, squares = 0;
    for (int m = 0; m < plan->members; m++)
        sum += (double)s->sums[m][c] +
               (double)s->centre[m][c] * (double)(weft__row_count(plan, m) * s->pixels);
    *mean = sum / n;
    for (int m = 0; m < plan->members; m++) {
        double off = (double)s->centre[m][c] - *mean;
        double count = (double)(weft__row_count(plan, m) * s->pixels);
        squares += (double)s->sums[m][s->channels + c] +
                   off * (2 * (double)s->sums[m][c] + off * count);
    }
    *variance = squares > 0 ? squares / n : 0;
}

/* Batch statistics of this member's share of the channels. */
static void settle(const weft__exec *x, weft__plan_node *p, struct state *s)
{
    const struct options *o = p->node->options;
    float *gamma = weft__values(p->plan, p, GAMMA), *beta = weft__values(p->plan, p, BETA);
    float *mean = weft__values(p->plan, p, MEAN);
    float *variance = weft__values(p->plan, p, VARIANCE);
    double n = (double)p->plan->batch * (double)s->pixels;
    size_t begin, end;
    weft__team_share(x->self, s->channels, 16, &begin, &end);
    for (size_t c = begin; c < end; c++) {
        double centre, spread;
        join(p->plan, s, c, &centre, &spread);
        double inverse = 1 / sqrt(spread + o->epsilon);
        s->mean[c] = (float)centre;
        s->inverse[c] = (float)inverse;
        s->scale[c] = (float)((double)gamma[c] * inverse);
        s->shift[c] = (float)((double)beta[c] - centre * (double)gamma[c] * inverse);
        double keep = o->momentum, unbiased = n > 1 ? spread * n / (n - 1) : spread;
        mean[c] = (float)(keep * (double)mean[c] + (1 - keep) * centre);
        variance[c] = (float)(keep * (double)variance[c] + (1 - keep) * unbiased);
    }
}

/* When predicting, and in a frozen layer, the running statistics serve until the parameters
 * change. */
static bool uses_batch(const weft__plan_node *p)
{
    return p->plan->training && !p->plan->explaining && !p->node->frozen;
}

static weft_status prepare(const weft__exec *x, weft__plan_node *p)
{
    struct state *s = p->state;
    bool own = uses_batch(p);
    for (size_t c = 0; !own && x->self->rank == 0 && c < s->channels; c++)
        weft__batchnorm_affine(p, c, &s->scale[c], &s->shift[c]);
    return WEFT_OK;
}

/* This member's rows, for the loops. */
static weft__norm_rows rows_of(
    const weft__exec *x, const weft__plan_node *p, const struct state *s)
{
    return (weft__norm_rows){
        x->rows * s->pixels, s->channels, p->plan->real, p->relu_fused};
}

static weft__norm_factors factors_of(const struct state *s)
{
    return (weft__norm_factors){s->scale, s->shift, s->mean, s->slope, s->offset};
}

static weft_status forward(const weft__exec *x, weft__plan_node *p)
{
    struct state *s = p->state;
    weft__plan *plan = p->plan;
    int m = x->self->rank;
    const weft__norm_rows rows = rows_of(x, p, s);
    const weft__norm_factors factors = factors_of(s);
    const void *in = weft__rows(plan, m, p->in[0]);
    if (uses_batch(p)) {
        memset(s->sums[m], 0, 2 * s->channels * sizeof(float));
        sample(s->centre[m], in, rows.count, s->channels, plan->real);
        weft__norm_moments(s->sums[m], in, s->centre[m], &rows);
        weft__team_barrier(x->self);
        settle(x, p, s);
        weft__team_barrier(x->self);
    }
    weft__norm_apply(weft__rows(plan, m, p->out), in, &factors, &rows);
    return WEFT_OK;
}

/* The gradient of the input is
 *     dx = scale (dy - mean(dy) - xhat mean(dy xhat)),
 * written as scale dy + slope x + offset: this member's share of those coefficients. */
static void settle_gradient(const weft__exec *x, struct state *s)
{
    const weft__plan *plan = x->plan;
    double n = (double)plan->batch * (double)s->pixels;
    size_t begin, end;
    weft__team_share(x->self, s->channels, 16, &begin, &end);
    for (size_t c = begin; c < end; c++) {
        double dy = 0, dy_x = 0;
        for (int other = 0; other < plan->members; other++) {
            dy += (double)s->sums[other][c];
            dy_x += (double)s->sums[other][s->channels + c];
        }
        double scale = (double)s->scale[c], inverse = (double)s->inverse[c];
        double slope = -scale * inverse * dy_x / n;
        s->slope[c] = (float)slope;
        s->offset[c] = (float)(-scale * dy / n - slope * (double)s->mean[c]);
    }
}

static weft_status backward(const weft__exec *x, weft__plan_node *p)
{
    struct state *s = p->state;
    weft__plan *plan = p->plan;
    int m = x->self->rank;
    const weft__norm_rows rows = rows_of(x, p, s);
    const weft__norm_factors factors = factors_of(s);
    const void *in = weft__rows(plan, m, p->in[0]);
    const void *diff = weft__rows(plan, m, p->diff_out);
    float *sums = s->sums[m];
    if (!uses_batch(p)) { /* a constant scale: slope and offset stay 0 */
        weft__norm_pull(weft__rows(plan, m, p->diff_in[0]), diff, in, &factors, &rows);
        return WEFT_OK;
    }
    memset(sums, 0, 2 * s->channels * sizeof(float));
    weft__norm_gradients(sums, diff, in, &factors, &rows);
    for (size_t c = 0; c < s->channels; c++)
        sums[s->channels + c] *= s->inverse[c];
    /* The parameters' gradients: each member's part, summed with all others' later. */
    memcpy(weft__gradient(plan, m, p, BETA), sums, s->channels * sizeof(float));
    memcpy(
        weft__gradient(plan, m, p, GAMMA), sums + s->channels, s->channels * sizeof(float));
    if (p->diff_in[0] == WEFT__NO_BUFFER)
        return WEFT_OK;
    weft__team_barrier(x->self);
    settle_gradient(x, s);
    weft__team_barrier(x->self);
    weft__norm_pull(weft__rows(plan, m, p->diff_in[0]), diff, in, &factors, &rows);
    return WEFT_OK;
}

static void release(weft__plan_node *p)
{
    struct state *s = p->state;
    if (!s)
        return;
    for (int m = 0; m < p->plan->members; m++) {
        if (s->sums)
            free(s->sums[m]);
        if (s->centre)
            free(s->centre[m]);
    }
    free(s->sums);
    free(s->centre);
    free(s->mean);
    free(s->inverse);
    free(s->scale);
    free(s->shift);
    free(s->slope);
    free(s->offset);
    free(s);
}

const weft__layer_kind weft__layer_batchnorm = {
    .name = "batchnorm",
    .params = params,
    .options_size = sizeof(struct options),
    .infer = infer,
    .in_place_predicting = true,
    .keeps_input = true,
    .plan = plan,
    .prepare = prepare,
    .forward = forward,
    .backward = backward,
    .release = release,
};
