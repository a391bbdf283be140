#include "nn/differentiate.h"

#include <string.h>

#include "nn/layers/layers.h"
#include "nn/loss.h"
#include "nn/named.h"

static bool spatial(const weft__node *node)
{
    return node->out.height * node->out.width > 1 && !node->kind->passes_through &&
           !node->kind->identity_predicting && node->kind != &weft__layer_maxpool &&
           node->kind != &weft__layer_avgpool;
}

size_t weft__last_spatial_layer(const weft__network *network)
{
    size_t i = network->node_count;
    while (i-- > 0)
        if (spatial(&network->nodes[i]))
            return i;
    return SIZE_MAX;
}

weft_status weft__layer_to_explain(
    size_t *out, const weft__network *network, const char *name)
{
    *out = weft__last_spatial_layer(network);
    if (!name && *out == SIZE_MAX)
        return weft_fail(WEFT_EUNSUPPORTED,
            "no layer's output has height or width: a class activation map needs one");
    for (size_t i = 0; name && i < network->node_count; i++)
        if (strcmp(network->nodes[i].name, name) == 0) {
            *out = i;
            return WEFT_OK;
        }
    return name ? weft__no_layer(network, "layer", name) : WEFT_OK;
}

struct run {
    weft__plan *plan;
    const weft__normalisation *normalisation;
    size_t layer;
    const weft__derivatives *job;
};

/* Pictures first + row of the job, this member's `rows` of them. */
static void load(const weft__exec *x, const struct run *r, size_t first, size_t rows)
{
    size_t values = weft__dims_size(r->plan->network->input);
    size_t channels = r->plan->network->input.channels;
    float *input = weft__rows(r->plan, x->self->rank, r->plan->input);
    const float *from = r->job->pictures + first * values;
    for (size_t i = 0; i < rows * values; i++)
        input[i] = from[i] * r->normalisation->scale[i % channels] +
                   r->normalisation->shift[i % channels];
}

static size_t largest(const float *values, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        best = values[i] > values[best] ? i : best;
    return best;
}

/* The gradient of the chosen classes' logits: 1 there, 0 elsewhere. */
static void choose(const weft__exec *x, const struct run *r, size_t first, size_t rows)
{
    size_t classes = r->plan->network->classes;
    const float *logits = weft__rows(r->plan, x->self->rank, r->plan->logits);
    float *diff = weft__rows(r->plan, x->self->rank, r->plan->diff_logits);
    memset(diff, 0, x->rows * classes * sizeof *diff);
    for (size_t i = 0; i < rows; i++) {
        size_t c = r->job->classes ? r->job->classes[first + i] : classes;
        if (c >= classes)
            c = largest(logits + i * classes, classes);
        diff[i * classes + c] = 1;
    }
    if (r->job->logits)
        memcpy(r->job->logits + first * classes, logits, rows * classes * sizeof *diff);
    if (r->job->probabilities)
        weft__logits_to_probabilities(r->job->probabilities + first * classes,
            r->job->logits + first * classes, rows, classes);
}

static void take(
    const weft__exec *x, float *to, int buffer, weft__dims dims, size_t first, size_t rows)
{
    size_t values = weft__dims_size(dims);
    if (to)
        memcpy(to + first * values, weft__rows(x->plan, x->self->rank, buffer),
            rows * values * sizeof *to);
}

/* The gradients of the layer's output: what arrives from above, summed where several
 * layers read it. */
static int gradient_buffer(const weft__plan *plan, size_t layer)
{
    return plan->nodes[layer].diff_out;
}

static weft_status run_batch(const weft__exec *x, const struct run *r, size_t at)
{
    const weft__derivatives *job = r->job;
    const weft__plan *plan = r->plan;
    size_t begin = at + x->first, left = job->count;
    size_t rows = begin >= left ? 0 : left - begin < x->rows ? left - begin : x->rows;
    begin = rows ? begin : 0;
    load(x, r, begin, rows);
    weft_status status = weft__exec_forward(x);
    choose(x, r, begin, rows);
    weft_status back = weft__exec_backward(x);
    weft__dims dims = plan->network->nodes[r->layer].out;
    take(x, job->activations, plan->nodes[r->layer].out, dims, begin, rows);
    take(x, job->gradients, gradient_buffer(plan, r->layer), dims, begin, rows);
    if (job->input_gradients && rows) {
        size_t values = weft__dims_size(plan->network->input);
        size_t channels = plan->network->input.channels;
        const float *diff = weft__rows(plan, x->self->rank, plan->diff_input);
        float *to = job->input_gradients + begin * values;
        for (size_t i = 0; i < rows * values; i++)
            to[i] = diff[i] * r->normalisation->scale[i % channels];
    }
    return status != WEFT_OK ? status : back;
}

static weft_status run_all(const weft__member *self, void *arg)
{
    const struct run *r = arg;
    weft__exec x = weft__exec_create(self, r->plan);
    x.last_back = r->job->input_gradients ? 0 : r->layer + 1;
    WEFT_TRY(weft__exec_prepare(&x, false));
    weft_status status = WEFT_OK;
    for (size_t at = 0; at < r->job->count; at += r->plan->batch) {
        weft_status now = run_batch(&x, r, at);
        if (status == WEFT_OK)
            status = now;
    }
    return status;
}

weft_status weft__differentiate(weft__plan *plan, const weft__normalisation *normalisation,
    size_t layer, const weft__derivatives *job, weft_context *context)
{
    struct run r = {plan, normalisation, layer, job};
    return plan->members == 1 ? weft__team_alone(context, run_all, &r)
                              : weft__team_run(context, run_all, &r);
}
