#include "nn/layers/window.h"

const weft_param weft__window_params[] = {
    {"size", WEFT_PARAM_COUNT, offsetof(struct weft__window_options, size), "2", 1, 15,
        NULL, "side of the square window"},
    {"stride", WEFT_PARAM_COUNT, offsetof(struct weft__window_options, stride), "0", 0, 15,
        NULL, "pixels from one window to the next; 0: its size"},
    {"pad", WEFT_PARAM_COUNT, offsetof(struct weft__window_options, pad), "0", 0, 7, NULL,
        "pixels added on every side; never chosen, not counted"},
    {0},
};

static size_t stride_of(const struct weft__window_options *o)
{
    return o->stride ? o->stride : o->size;
}

weft_status weft__window_infer(weft__network *network, weft__node *node)
{
    (void)network;
    const struct weft__window_options *o = node->options;
    weft__dims in = node->in[0];
    size_t height = in.height + 2 * o->pad, width = in.width + 2 * o->pad;
    if (height < o->size || width < o->size)
        return weft__misfit(
            node, "a window of %zux%zu does not fit", (size_t)o->size, (size_t)o->size);
    if (2 * o->pad > o->size)
        return weft__misfit(node, "padding of more than half the window");
    node->out = (weft__dims){(height - o->size) / stride_of(o) + 1,
        (width - o->size) / stride_of(o) + 1, in.channels};
    return WEFT_OK;
}

weft__window weft__window_of(const weft__node *node)
{
    const struct weft__window_options *o = node->options;
    return (weft__window){node->in[0], node->out, o->size, stride_of(o), o->pad};
}

void weft__window_clip(
    size_t at, size_t size, size_t pad, size_t side, size_t *begin, size_t *end)
{
    *begin = at < pad ? pad - at : 0;
    *end = at + size > side + pad ? side + pad - at : size;
}

void weft__window_covering(
    const weft__window *w, size_t at, size_t windows, size_t *begin, size_t *end)
{
    size_t padded = at + w->pad;
    *begin = padded < w->size ? 0 : (padded - w->size) / w->stride + 1;
    *end = padded / w->stride + 1;
    *end = *end < windows ? *end : windows;
}
