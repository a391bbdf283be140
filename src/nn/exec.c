/* Running a plan: every member of the team walks the layers over its own rows. */
#include "core/events.h"
#include "core/simd.h"
#include "nn/plan.h"
#include "nn/real.h"

weft__exec weft__exec_create(const weft__member *self, weft__plan *plan)
{
    return (weft__exec){.self = self,
        .plan = plan,
        .first = plan->first_row[self->rank],
        .rows = weft__row_count(plan, self->rank)};
}

weft_status weft__exec_prepare(const weft__exec *x, bool mirrored)
{
    weft__plan *plan = x->plan;
    if (plan->mirror && !mirrored) {
        size_t begin, end;
        weft__team_share(x->self, plan->network->block, 16, &begin, &end);
        weft__narrow(plan->mirror + begin, plan->parameters + begin, end - begin);
        weft__team_barrier(x->self);
    }
    weft_status status = WEFT_OK;
    for (size_t i = 0; status == WEFT_OK && i < plan->network->node_count; i++)
        if (plan->nodes[i].node->kind->prepare)
            status = plan->nodes[i].node->kind->prepare(x, &plan->nodes[i]);
    return weft__team_agree(x->self, status);
}

static double clock_of(const weft__exec *x)
{
    return x->plan->profile && x->self->rank == 0 ? weft__now() : 0;
}

static void account(const weft__exec *x, size_t slot, double began)
{
    if (x->plan->profile && x->self->rank == 0)
        x->plan->profile[slot] += weft__now() - began;
}

/* A layer that fails goes on to meet the others at their barriers; what it left undone
 * does not matter, since the step's answer is the failure. */
static void first_of(weft_status *status, weft_status now)
{
    if (*status == WEFT_OK)
        *status = now;
}

weft_status weft__exec_forward(const weft__exec *x)
{
    weft__plan *plan = x->plan;
    weft_status status = WEFT_OK;
    for (size_t i = 0; i < plan->network->node_count; i++) {
        weft__plan_node *node = &plan->nodes[i];
        double began = clock_of(x);
        if (!node->skip_forward)
            first_of(&status, node->node->kind->forward(x, node));
        account(x, 2 * i, began);
    }
    const weft__plan_node *last = &plan->nodes[plan->network->node_count - 1];
    if (plan->logits != last->out)
        weft__widen(weft__rows(plan, x->self->rank, plan->logits),
            weft__rows(plan, x->self->rank, last->out), x->rows * plan->network->classes);
    return status;
}

static void add_parts(const weft__exec *x, const weft__plan_node *node, size_t k)
{
    weft__plan *plan = x->plan;
    weft__sum sum = node->sum[k];
    size_t count = x->rows * weft__dims_size(node->node->in[k]);
    int rank = x->self->rank;
    weft__add_reals(weft__rows(plan, rank, sum.to), weft__rows(plan, rank, sum.a),
        weft__rows(plan, rank, sum.b), count, plan->real);
}

weft_status weft__exec_backward(const weft__exec *x)
{
    weft__plan *plan = x->plan;
    weft_status status = WEFT_OK;
    for (size_t i = plan->network->node_count; i-- > x->last_back;) {
        weft__plan_node *node = &plan->nodes[i];
        if (!node->wants_diff)
            continue;
        double began = clock_of(x);
        if (!node->skip_backward && !node->passes_gradient)
            first_of(&status, node->node->kind->backward(x, node));
        for (size_t k = 0; k < node->node->inputs; k++)
            if (node->sum[k].to != WEFT__NO_BUFFER)
                add_parts(x, node, k);
        account(x, 2 * i + 1, began);
    }
    return status;
}
