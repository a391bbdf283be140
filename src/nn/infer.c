/* Shapes, parameters and initial values of a network. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "nn/network.h"
#include "nn/streams.h"
#include "weft/rng.h"

/* Parameters begin on a cache line of floats. */
enum { LINE = 16 };
static const size_t LARGEST_BLOCK = (size_t)1 << 33;

weft_status weft__declare(weft__network *network, weft__node *node, const char *suffix,
    size_t rank, const size_t *shape, weft__init init, size_t fan_in, size_t fan_out,
    bool trained, bool decayed)
{
    weft__parameter parameter = {.rank = rank,
        .count = 1,
        .offset = network->block,
        .init = init,
        .fan_in = fan_in,
        .fan_out = fan_out,
        .trained = trained,
        .rate = 1,
        .decayed = decayed};
    snprintf(parameter.name, sizeof parameter.name, "%s.%s", node->name, suffix);
    for (size_t i = 0; i < rank; i++) {
        parameter.shape[i] = shape[i];
        if (!weft__mul(&parameter.count, parameter.count, shape[i]) ||
            parameter.count > LARGEST_BLOCK)
            return weft__misfit(node, "too many parameters");
    }
    WEFT_TRY(weft__grow(&network->parameters, &network->parameter_capacity,
        network->parameter_count + 1, sizeof parameter, "parameters"));
    node->parameters[node->parameter_count++] = network->parameter_count;
    network->parameters[network->parameter_count++] = parameter;
    network->block += (parameter.count + LINE - 1) / LINE * LINE;
    return WEFT_OK;
}

weft_status weft__misfit(const weft__node *node, const char *format, ...)
{
    char reason[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    weft__dims in = node->in[0];
    return weft_fail(WEFT_EFORMAT, "line %d: %s on %zux%zux%zu: %s", node->line, node->name,
        in.height, in.width, in.channels, reason);
}

static weft_status infer_node(weft__network *network, size_t i)
{
    weft__node *node = &network->nodes[i];
    node->parameter_count = 0;
    node->frozen = false;
    for (size_t k = 0; k < node->inputs; k++)
        node->in[k] =
            node->input[k] ? network->nodes[node->input[k] - 1].out : network->input;
    WEFT_TRY(node->kind->infer(network, node));
    size_t size;
    if (!weft__mul(&size, node->out.height, node->out.width) ||
        !weft__mul(&size, size, node->out.channels) || size > LARGEST_BLOCK)
        return weft__misfit(node, "its output is too large");
    return WEFT_OK;
}

weft_status weft__network_infer(
    weft__network *network, weft__dims input, size_t classes, const char *where)
{
    network->input = input;
    network->classes = classes;
    network->parameter_count = 0;
    network->block = 0;
    for (size_t i = 0; i < network->node_count; i++)
        if (infer_node(network, i) != WEFT_OK)
            return weft_fail(WEFT_EFORMAT, "%s, %s", where, weft_error());
    weft__dims out = network->nodes[network->node_count - 1].out;
    if (weft__dims_size(out) != classes)
        return weft_fail(WEFT_EFORMAT,
            "%s: the last layer, %s, gives %zux%zux%zu, expected %zu classes: end with "
            "'dense classes'",
            where, network->nodes[network->node_count - 1].name, out.height, out.width,
            out.channels, classes);
    return WEFT_OK;
}

/* The first outputs of a convolution become its inputs, channel by channel. */
static void repeat_inputs(const weft__parameter *p, float *out)
{
    size_t side = p->shape[0], inputs = p->shape[2], outputs = p->shape[3];
    size_t same = inputs < outputs ? inputs : outputs, middle = side / 2 * (side + 1);
    for (size_t tap = 0; tap < side * side; tap++)
        for (size_t i = 0; i < inputs; i++)
            for (size_t o = 0; o < same; o++)
                out[(tap * inputs + i) * outputs + o] = tap == middle && i == o;
}

static void fill(const weft__parameter *p, float *out, weft_rng *rng)
{
    double fan_in = (double)p->fan_in, fans = (double)(p->fan_in + p->fan_out);
    double scale = 0;
    bool normal = false;
    switch (p->init) {
    case WEFT__INIT_ZEROS:
    case WEFT__INIT_ONES:
        for (size_t i = 0; i < p->count; i++)
            out[i] = p->init == WEFT__INIT_ONES;
        return;
    case WEFT__INIT_GLOROT_UNIFORM:
        scale = sqrt(6 / fans);
        break;
    case WEFT__INIT_GLOROT_NORMAL:
        scale = sqrt(2 / fans);
        normal = true;
        break;
    case WEFT__INIT_HE_UNIFORM:
        scale = sqrt(6 / fan_in);
        break;
    case WEFT__INIT_HE_NORMAL:
        scale = sqrt(2 / fan_in);
        normal = true;
        break;
    case WEFT__INIT_LECUN_UNIFORM:
    case WEFT__INIT_DIRAC:
    case WEFT__INIT_WHITEN:
        scale = sqrt(1 / fan_in);
        break;
    }
    for (size_t i = 0; i < p->count; i++)
        out[i] =
            (float)scale * (normal ? weft_rng_normal(rng) : 2 * weft_rng_uniform(rng) - 1);
    if (p->init == WEFT__INIT_DIRAC)
        repeat_inputs(p, out);
}

void weft__network_initialise(const weft__network *network, float *block, uint64_t seed)
{
    memset(block, 0, network->block * sizeof *block); /* the gaps between parameters too */
    for (size_t i = 0; i < network->parameter_count; i++) {
        /* A stream for each parameter: adding a layer leaves those before it as they were.
         */
        weft_rng rng = weft_rng_create(seed, WEFT__STREAM_INIT + i);
        fill(&network->parameters[i], block + network->parameters[i].offset, &rng);
    }
}

uint64_t weft__network_multiply_adds(const weft__network *network)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < network->node_count; i++)
        if (network->nodes[i].kind->multiply_adds)
            sum += network->nodes[i].kind->multiply_adds(&network->nodes[i]);
    return sum;
}

size_t weft__network_trained_count(const weft__network *network)
{
    size_t sum = 0;
    for (size_t i = 0; i < network->parameter_count; i++)
        if (network->parameters[i].trained)
            sum += network->parameters[i].count;
    return sum;
}
