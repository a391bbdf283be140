/* Layers that move no byte: flatten, and the softmax that belongs to the loss. */
#include "nn/layers/layers.h"
#include "nn/plan.h"

static weft_status flatten_infer(weft__network *network, weft__node *node)
{
    (void)network;
    node->out = (weft__dims){1, 1, weft__dims_size(node->in[0])};
    return WEFT_OK;
}

static weft_status nothing(const weft__exec *x, weft__plan_node *p)
{
    (void)x;
    (void)p;
    return WEFT_OK;
}

const weft__layer_kind weft__layer_flatten = {
    .name = "flatten",
    .infer = flatten_infer,
    .passes_through = true,
    .forward = nothing,
    .backward = nothing,
};

/* Written where the papers write it; only the last layer may be one, and the loss and
 * the prediction apply it. */
static weft_status softmax_infer(weft__network *network, weft__node *node)
{
    if (node != &network->nodes[network->node_count - 1])
        return weft__misfit(node, "only the last layer can be softmax");
    node->out = node->in[0];
    return WEFT_OK;
}

const weft__layer_kind weft__layer_softmax = {
    .name = "softmax",
    .infer = softmax_infer,
    .passes_through = true,
    .forward = nothing,
    .backward = nothing,
};
