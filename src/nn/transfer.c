#include "nn/transfer.h"

#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/events.h"
#include "core/mem.h"
#include "core/text.h"
#include "model/tensors.h"
#include "nn/named.h"

/* Calls `fn` for each item of "a=x,b=y"; `value` is NULL where an item has no '='. */
typedef weft_status (*item_fn)(void *arg, const char *name, const char *value);

static weft_status each_item(const char *list, item_fn fn, void *arg)
{
    char *copy, *rest;
    WEFT_TRY(weft__strdup(&copy, list));
    weft_status status = WEFT_OK;
    for (char *item = strtok_r(copy, ",", &rest); item && status == WEFT_OK;
         item = strtok_r(NULL, ",", &rest)) {
        char *equals = strchr(item, '=');
        if (equals)
            *equals = 0;
        status = fn(arg, item, equals ? equals + 1 : NULL);
    }
    free(copy);
    return status;
}

static weft_status freeze(void *arg, const char *pattern, const char *value)
{
    weft__network *network = arg;
    bool found = false;
    if (value)
        return weft_fail(WEFT_EINVAL,
            "freeze: '%s=%s': expected layers' names, as in "
            "'conv*,batchnorm1'",
            pattern, value);
    for (size_t i = 0; i < network->node_count; i++) {
        weft__node *node = &network->nodes[i];
        if (fnmatch(pattern, node->name, 0) != 0)
            continue;
        found = node->frozen = true;
        for (size_t k = 0; k < node->parameter_count; k++)
            network->parameters[node->parameters[k]].trained = false;
    }
    return found ? WEFT_OK : weft__no_layer(network, "freeze", pattern);
}

/* The names alone. */
static weft_status name_layers(void *arg, const char *pattern, const char *value)
{
    const weft__network *network = arg;
    for (size_t i = 0; !value && i < network->node_count; i++)
        if (fnmatch(pattern, network->nodes[i].name, 0) == 0)
            return WEFT_OK;
    return weft__no_layer(network, "freeze-late", pattern);
}

static weft_status set_rate(void *arg, const char *pattern, const char *value)
{
    weft__network *network = arg;
    bool found = false;
    double rate;
    if (!value || !weft__parse_real(value, &rate) || rate < 0 || rate > 1000)
        return weft_fail(WEFT_EINVAL,
            "rates: '%s%s%s': expected layer=factor, 0 to 1000, as in 'conv*=0.1'", pattern,
            value ? "=" : "", value ? value : "");
    for (size_t i = 0; i < network->node_count; i++) {
        const weft__node *node = &network->nodes[i];
        bool whole = fnmatch(pattern, node->name, 0) == 0;
        found |= whole;
        for (size_t k = 0; k < node->parameter_count; k++) {
            weft__parameter *p = &network->parameters[node->parameters[k]];
            if (!whole && fnmatch(pattern, p->name, 0) != 0)
                continue;
            found = true;
            p->rate = (float)rate;
        }
    }
    return found ? WEFT_OK : weft__no_layer(network, "rates", pattern);
}

weft_status weft__choose_rates(
    weft__network *network, const weft__train_options *options, bool late)
{
    const char *last = options->freeze;
    if (options->freeze)
        WEFT_TRY(each_item(options->freeze, freeze, network));
    if (options->rates)
        WEFT_TRY(each_item(options->rates, set_rate, network));
    if (options->freeze_late)
        WEFT_TRY(each_item(options->freeze_late, name_layers, network));
    if (late && options->freeze_late) {
        last = options->freeze_late;
        WEFT_TRY(each_item(options->freeze_late, freeze, network));
    }
    if (weft__network_trained_count(network) == 0)
        return weft_fail(
            WEFT_EINVAL, "freeze: '%s' leaves nothing to train", last ? last : "");
    return WEFT_OK;
}

/* A reading of one file into one network. */
struct transfer {
    const weft__network *network;
    const weft__train_options *options;
    const weft__tensors *tensors;
    weft_context *context;
    bool torch;
    bool *used; /* by array of the file */
    size_t taken;
};

static double half(uint16_t bits)
{
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    double sign = bits >> 15 ? -1 : 1;
    if (exponent == 31)
        return fraction ? (double)NAN : sign * (double)INFINITY;
    return sign * (exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24));
}

static float element(const weft__tensor *t, size_t i)
{
    uint32_t wide;
    float value;
    switch (t->dtype) {
    case WEFT__F64:
        return (float)((const double *)t->data)[i];
    case WEFT__F16:
        return (float)half(((const uint16_t *)t->data)[i]);
    case WEFT__BF16:
        wide = (uint32_t)((const uint16_t *)t->data)[i] << 16;
        memcpy(&value, &wide, sizeof value);
        return value;
    default:
        return ((const float *)t->data)[i];
    }
}

static bool is_real(weft__dtype dtype)
{
    return dtype == WEFT__F32 || dtype == WEFT__F64 || dtype == WEFT__F16 ||
           dtype == WEFT__BF16;
}

/* The picture that a dense layer's inputs were before they were flattened; 1 x 1 x n where
 * it was none. */
static weft__dims flattened(const weft__network *network, const weft__node *node)
{
    while (node->input[0]) {
        const weft__node *before = &network->nodes[node->input[0] - 1];
        weft__dims in = before->in[0];
        if (before->parameter_count || before->inputs != 1 ||
            weft__dims_size(in) != weft__dims_size(node->in[0]))
            break;
        if (in.height * in.width > 1)
            return in;
        node = before;
    }
    return node->in[0];
}

/* Where the element at `i` of our array lies in PyTorch's. */
static size_t torch_position(const weft__parameter *p, weft__dims picture, size_t i)
{
    size_t out = p->shape[p->rank - 1], o = i % out, rest = i / out;
    if (p->rank == 4) { /* height, width, in, out */
        size_t in = p->shape[2], c = rest % in, at = rest / in;
        return (o * in + c) * p->shape[0] * p->shape[1] + at;
    }
    size_t c = rest % picture.channels, at = rest / picture.channels;
    return o * p->shape[0] + c * picture.height * picture.width + at;
}

/* Our parameter's shape as the file should have it. */
static void shape_there(size_t *shape, const weft__parameter *p, bool torch)
{
    memcpy(shape, p->shape, sizeof p->shape);
    if (torch && p->rank == 2) {
        shape[0] = p->shape[1];
        shape[1] = p->shape[0];
    } else if (torch && p->rank == 4) {
        shape[0] = p->shape[3];
        shape[1] = p->shape[2];
        shape[2] = p->shape[0];
        shape[3] = p->shape[1];
    }
}

static bool has_shape(const weft__tensor *t, const weft__parameter *p, bool torch)
{
    size_t shape[4];
    shape_there(shape, p, torch);
    return t->rank == p->rank && memcmp(t->shape, shape, p->rank * sizeof *shape) == 0;
}

/* What `init-map` calls the layer; its own name without. */
struct naming {
    const char *layer;
    char name[256];
};

static weft_status find_name(void *arg, const char *layer, const char *name)
{
    struct naming *naming = arg;
    if (!name || strlen(name) >= sizeof naming->name)
        return weft_fail(WEFT_EINVAL,
            "init-map: '%.100s': expected layer=name in the file, as in 'conv1=features.0'",
            layer);
    if (strcmp(layer, naming->layer) == 0)
        strcpy(naming->name, name);
    return WEFT_OK;
}

static weft_status check_layer(void *arg, const char *layer, const char *name)
{
    const weft__network *network = arg;
    (void)name;
    for (size_t i = 0; i < network->node_count; i++)
        if (strcmp(network->nodes[i].name, layer) == 0)
            return WEFT_OK;
    return weft__no_layer(network, "init-map", layer);
}

/* "conv1.weight", and what else the array may be called: `wanted` is for messages. */
static weft_status find_array(const struct transfer *t, const weft__node *node,
    const weft__parameter *p, char wanted[320], const weft__tensor **out)
{
    static const char *const others[][2] = {{"gamma", "weight"}, {"beta", "bias"},
        {"mean", "running_mean"}, {"variance", "running_var"}};
    struct naming naming = {.layer = node->name};
    snprintf(naming.name, sizeof naming.name, "%s", node->name);
    if (t->options->init_map)
        WEFT_TRY(each_item(t->options->init_map, find_name, &naming));
    const char *suffix = strrchr(p->name, '.') + 1;
    snprintf(wanted, 320, "%s.%s", naming.name, suffix);
    *out = weft__tensors_find(t->tensors, wanted);
    for (size_t i = 0; !*out && i < sizeof others / sizeof *others; i++)
        if (strcmp(suffix, others[i][0]) == 0) {
            char other[320];
            snprintf(other, sizeof other, "%s.%s", naming.name, others[i][1]);
            *out = weft__tensors_find(t->tensors, other);
        }
    return WEFT_OK;
}

static void shape_text(char text[128], size_t rank, const size_t *shape)
{
    size_t used = 0;
    text[0] = 0;
    for (size_t i = 0; i < rank && used < 100; i++)
        used += (size_t)snprintf(text + used, 128 - used, "%s%zu", i ? "x" : "", shape[i]);
}

static void tell_misfit(
    const struct transfer *t, const weft__parameter *p, const weft__tensor *found)
{
    char is[128], must[128];
    size_t shape[4];
    shape_there(shape, p, t->torch);
    shape_text(is, found->rank, found->shape);
    shape_text(must, p->rank, shape);
    if (!is_real(found->dtype))
        weft__note(t->context, "%s: begins anew: its type there is %s", p->name,
            weft__dtype_name(found->dtype));
    else if (has_shape(found, p, !t->torch))
        weft__note(t->context,
            "%s: begins anew: it is %s there, which would fit init-layout=%s", p->name, is,
            t->torch ? "weft" : "torch");
    else
        weft__note(
            t->context, "%s: begins anew: it is %s there, %s here", p->name, is, must);
}

static weft_status take_array(
    struct transfer *t, const weft__node *node, const weft__parameter *p, float *block)
{
    char wanted[320];
    const weft__tensor *found;
    WEFT_TRY(find_array(t, node, p, wanted, &found));
    if (!found) {
        weft__note(t->context, "%s: begins anew: no '%s' there", p->name, wanted);
        return WEFT_OK;
    }
    t->used[found - t->tensors->items] = true;
    if (!is_real(found->dtype) || !has_shape(found, p, t->torch)) {
        tell_misfit(t, p, found);
        return WEFT_OK;
    }
    bool turn = t->torch && p->rank > 1;
    weft__dims picture = flattened(t->network, node);
    for (size_t i = 0; i < p->count; i++) {
        float value = element(found, turn ? torch_position(p, picture, i) : i);
        if (!isfinite(value))
            return weft_fail(WEFT_EFORMAT, "%s: array '%s': element %zu is not finite",
                t->tensors->path, found->name, i);
        block[p->offset + i] = value;
    }
    t->taken++;
    return WEFT_OK;
}

/* Names of the arrays that nothing took, as many as a line holds. */
static void tell_unused(const struct transfer *t)
{
    char names[256] = "";
    size_t count = 0, used = 0;
    for (size_t i = 0; i < t->tensors->count; i++) {
        const char *name = t->tensors->items[i].name;
        if (t->used[i] || strncmp(name, "golden.", 7) == 0 ||
            strncmp(name, "input.", 6) == 0)
            continue;
        if (used + strlen(name) + 3 < sizeof names)
            used += (size_t)snprintf(
                names + used, sizeof names - used, "%s%s", used ? ", " : "", name);
        count++;
    }
    if (count)
        weft__note(t->context, "%s: %zu arrays have no place here: %s%s", t->tensors->path,
            count, names, used + 64 > sizeof names ? ", ..." : "");
}

static weft_status take_all(struct transfer *t, float *block)
{
    const weft__network *network = t->network;
    if (t->options->init_map)
        WEFT_TRY(each_item(t->options->init_map, check_layer, (void *)network));
    for (size_t i = 0; i < network->node_count; i++) {
        const weft__node *node = &network->nodes[i];
        for (size_t k = 0; k < node->parameter_count; k++)
            WEFT_TRY(take_array(t, node, &network->parameters[node->parameters[k]], block));
    }
    tell_unused(t);
    if (t->taken == 0)
        return weft_fail(WEFT_EFORMAT,
            "%s: none of its %zu arrays fits this network: init-map gives layers the names "
            "they have there",
            t->tensors->path, t->tensors->count);
    weft__note(t->context, "%s: %zu of %zu arrays of the network begin as there, layout %s",
        t->tensors->path, t->taken, network->parameter_count, t->torch ? "torch" : "weft");
    return WEFT_OK;
}

weft_status weft__init_from(const weft__network *network, float *block,
    const weft__train_options *options, weft_context *context)
{
    if (!options->init_from)
        return WEFT_OK;
    weft__tensors tensors;
    WEFT_TRY(weft__tensors_read(&tensors, options->init_from));
    bool own = weft__tensors_get(&tensors, "weft.format") != NULL;
    struct transfer t = {.network = network,
        .options = options,
        .tensors = &tensors,
        .context = context,
        .torch = options->init_layout == WEFT__LAYOUT_TORCH ||
                 (options->init_layout == WEFT__LAYOUT_AUTO && !own)};
    weft_status status = weft__calloc(
        &t.used, tensors.count ? tensors.count : 1, sizeof *t.used, "a list of arrays");
    if (status == WEFT_OK)
        status = take_all(&t, block);
    free(t.used);
    weft__tensors_clear(&tensors);
    return status;
}
