/* A network on random pictures, run forward and backward by one or more members. */
#ifndef WEFT_TESTS_NN_HARNESS_H
#define WEFT_TESTS_NN_HARNESS_H

#include "support.h"

#include "core/mem.h"
#include "nn/loss.h"
#include "nn/plan.h"
#include "nn/real.h"
#include "weft/rng.h"

struct harness {
    weft__network network;
    weft_context *context;
    weft__plan *plan;
    float *block, *input; /* input: batch pictures */
    weft__target *targets;
    weft__loss_options loss;
    weft__loss_sums *sums; /* members */
    uint64_t step;
    bool backward;
};

static inline void harness_open(struct harness *h, const char *text, weft__dims input,
    size_t classes, size_t batch, int threads, weft__real real, bool training)
{
    memset(h, 0, sizeof *h);
    assert_ok(weft_context_create(&h->context, threads));
    assert_ok(weft__network_parse(&h->network, text, "test"));
    assert_ok(weft__network_infer(&h->network, input, classes, "test"));
    assert_ok(weft__calloc(&h->block, h->network.block, sizeof(float), "parameters"));
    weft__network_initialise(&h->network, h->block, 1);
    assert_ok(weft__plan_create(
        &h->plan, &h->network, batch, training, real, h->block, h->context));
    assert_ok(
        weft__calloc(&h->input, batch * weft__dims_size(input), sizeof(float), "pictures"));
    assert_ok(weft__calloc(&h->targets, batch, sizeof *h->targets, "targets"));
    assert_ok(weft__calloc(&h->sums, (size_t)threads, sizeof *h->sums, "sums"));
    weft_rng rng = weft_rng_create(2, 0);
    for (size_t i = 0; i < batch * weft__dims_size(input); i++)
        h->input[i] = weft_rng_normal(&rng);
    for (size_t i = 0; i < batch; i++) {
        uint16_t label = (uint16_t)weft_rng_below(&rng, (uint32_t)classes);
        h->targets[i] = (weft__target){label, label, 1};
    }
    h->loss = (weft__loss_options){.kind = WEFT__CROSS_ENTROPY, .batch = batch};
}

static inline void harness_close(struct harness *h)
{
    weft__plan_free(h->plan);
    weft__network_clear(&h->network);
    weft_context_free(h->context);
    free(h->block);
    free(h->input);
    free(h->targets);
    free(h->sums);
}

static inline weft_status harness_step(const weft__member *self, void *arg)
{
    struct harness *h = arg;
    weft__plan *plan = h->plan;
    weft__exec x = weft__exec_create(self, plan);
    size_t size = weft__dims_size(h->network.input);
    void *input = weft__rows(plan, self->rank, plan->input);
    x.seed = 3;
    x.step = h->step;
    for (size_t i = 0; i < x.rows * size; i++)
        weft__put(input, i, h->input[x.first * size + i], plan->real);
    WEFT_TRY(weft__exec_prepare(&x, false));
    WEFT_TRY(weft__exec_forward(&x));
    if (!h->backward)
        weft__loss_rows(&h->sums[self->rank], NULL, plan->real,
            weft__rows(plan, self->rank, plan->logits), h->targets + x.first, x.rows,
            h->network.classes, &h->loss);
    else
        weft__loss_rows(&h->sums[self->rank],
            weft__rows(plan, self->rank, plan->diff_logits), plan->real,
            weft__rows(plan, self->rank, plan->logits), h->targets + x.first, x.rows,
            h->network.classes, &h->loss);
    return h->backward ? weft__exec_backward(&x) : WEFT_OK;
}

/* The mean loss of one pass; gradients are in the plan where `backward`. */
static inline double harness_run(struct harness *h, bool backward)
{
    h->backward = backward;
    memset(h->sums, 0, (size_t)h->plan->members * sizeof *h->sums);
    assert_ok(weft__team_run(h->context, harness_step, h));
    double loss = 0;
    for (int m = 0; m < h->plan->members; m++)
        loss += h->sums[m].loss;
    return loss / (double)h->plan->batch;
}

/* The gradient of element `i` of parameter `which`, summed over members. */
static inline double harness_gradient(const struct harness *h, size_t which, size_t i)
{
    const weft__parameter *p = &h->network.parameters[which];
    int parts = h->plan->reduced[which] ? 1 : h->plan->members;
    double sum = 0;
    for (int m = 0; m < parts; m++)
        sum += (double)h->plan->gradients[m][p->offset + i];
    return sum;
}

#endif
