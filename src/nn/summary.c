#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "nn/named.h"
#include "nn/optimiser.h"
#include "nn/plan.h"
#include "nn/trainer.h"
#include "weft/network.h"

weft_network_use weft_network_use_defaults(void)
{
    return (weft_network_use){.shape = {28, 28, 1}, .classes = 10};
}

static weft_status check_use(const weft_network_use *use)
{
    weft_shape s = use->shape;
    if (s.height < 1 || s.width < 1 || s.height > WEFT_MAX_SIDE || s.width > WEFT_MAX_SIDE)
        return weft_fail(WEFT_EINVAL, "shape %ux%ux%u: expected sides of 1 to %d", s.height,
            s.width, s.channels, WEFT_MAX_SIDE);
    if (s.channels != 1 && s.channels != 3)
        return weft_fail(WEFT_EINVAL, "shape %ux%ux%u: expected 1 or 3 channels", s.height,
            s.width, s.channels);
    if (use->classes < 1 || use->classes > WEFT_MAX_CLASSES)
        return weft_fail(
            WEFT_EINVAL, "%zu classes: expected 1 to %d", use->classes, WEFT_MAX_CLASSES);
    return WEFT_OK;
}

/* The text's own options, with what the use changes. */
static weft_status choose_options(weft__train_options *options,
    const weft__network *network, const weft_network_use *use, const char *name)
{
    WEFT_TRY(weft_param_defaults(weft__train_params, options));
    WEFT_TRY(weft__take_train_line(options, network->train, name));
    if (use->batch)
        options->batch = use->batch;
    return use->precision
               ? weft_param_set(weft__train_params, options, "precision", use->precision)
               : WEFT_OK;
}

static weft_status list_layers(weft_network_summary *out, const weft__network *network)
{
    WEFT_TRY(weft__calloc(
        &out->layers, network->node_count, sizeof *out->layers, "a list of layers"));
    out->layer_count = network->node_count;
    for (size_t i = 0; i < network->node_count; i++) {
        const weft__node *node = &network->nodes[i];
        weft_network_layer *layer = &out->layers[i];
        memcpy(layer->name, node->name, sizeof layer->name);
        layer->out = (weft_shape){(uint32_t)node->out.height, (uint32_t)node->out.width,
            (uint32_t)node->out.channels};
        if (node->kind->multiply_adds)
            layer->multiply_adds = node->kind->multiply_adds(node);
        for (size_t k = 0; k < node->parameter_count; k++) {
            const weft__parameter *p = &network->parameters[node->parameters[k]];
            layer->weights += p->trained ? p->count : 0;
        }
    }
    out->weights = weft__network_trained_count(network);
    out->multiply_adds = weft__network_multiply_adds(network);
    return WEFT_OK;
}

/* The memory is a plan's own account of itself. */
static weft_status measure(weft_network_summary *out, const weft__network *network,
    const weft__train_options *options, weft_context *context)
{
    weft__real real;
    weft__plan *plan;
    float *block;
    WEFT_TRY(weft__choose_real(&real, options->precision));
    WEFT_TRY(weft__calloc(&block, network->block, sizeof *block, "parameters"));
    weft_status status =
        weft__plan_create(&plan, network, options->batch, true, real, block, context);
    if (status == WEFT_OK) {
        out->working_bytes = weft__plan_bytes(plan);
        weft__plan_free(plan);
    }
    free(block);
    const weft__optimiser *optimiser = &weft__optimisers[options->optimizer];
    out->weight_bytes = network->block * sizeof(float);
    out->optimiser_bytes = out->weight_bytes * (size_t)optimiser->slots;
    out->batch = options->batch;
    out->precision = real == WEFT__REAL_BF16 ? "bf16" : "f32";
    out->optimizer = optimiser->name;
    return status;
}

static weft_status summarise(weft_network_summary *out, weft__network *network,
    const char *name, const weft_network_use *use, weft_context *context)
{
    weft__train_options options = {0};
    weft__dims input = {use->shape.height, use->shape.width, use->shape.channels};
    WEFT_TRY(weft__network_infer(network, input, use->classes, name));
    WEFT_TRY(weft__strdup(&out->title, network->title));
    WEFT_TRY(weft__strdup(&out->source, network->source));
    WEFT_TRY(list_layers(out, network));
    weft_status status = choose_options(&options, network, use, name);
    if (status == WEFT_OK)
        status = measure(out, network, &options, context);
    weft_param_clear(weft__train_params, &options);
    return status;
}

weft_status weft_network_summarise(weft_network_summary *out, const char *name,
    const weft_network_use *use, weft_context *context)
{
    weft__network network;
    weft_network_summary summary = {0};
    WEFT_TRY(check_use(use));
    WEFT_TRY(weft__network_named(&network, name, use->sizes));
    weft_status status = summarise(&summary, &network, name, use, context);
    weft__network_clear(&network);
    if (status == WEFT_OK)
        *out = summary;
    else
        weft_network_summary_clear(&summary);
    return status;
}

void weft_network_summary_clear(weft_network_summary *summary)
{
    free(summary->title);
    free(summary->source);
    free(summary->layers);
    *summary = (weft_network_summary){0};
}
