/* Windows that slide over a picture, for the pooling layers. */
#ifndef WEFT_NN_LAYERS_WINDOW_H
#define WEFT_NN_LAYERS_WINDOW_H

#include <stddef.h>

#include "nn/network.h"

typedef struct weft__window {
    weft__dims in, out;
    size_t size, stride, pad;
} weft__window;

struct weft__window_options {
    uint64_t size, stride, pad;
};
extern const weft_param weft__window_params[];

WEFT_MUST weft_status weft__window_infer(weft__network *network, weft__node *node);
weft__window weft__window_of(const weft__node *node);

/* The part [*begin, *end) of a window's side that lies in the picture; `at` is where the
 * window begins, padding included. */
void weft__window_clip(
    size_t at, size_t size, size_t pad, size_t side, size_t *begin, size_t *end);
/* The windows [*begin, *end) of `windows` that cover pixel `at` of a side. */
void weft__window_covering(
    const weft__window *w, size_t at, size_t windows, size_t *begin, size_t *end);

#endif
