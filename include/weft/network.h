/* weft/network.h: what a network is made of, before any training.
 *
 *     weft_network_use use = weft_network_use_defaults();
 *     weft_network_summary summary;
 *     WEFT_TRY(weft_network_summarise(&summary, "resnet-20", &use, context));
 *     printf("%zu weights\n", summary.weights);
 *     weft_network_summary_clear(&summary);
 */
#ifndef WEFT_NETWORK_H
#define WEFT_NETWORK_H

#include <stddef.h>
#include <stdint.h>

#include "weft/context.h"
#include "weft/dataset.h"
#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the network is to be used for: shapes and memory depend on it. */
typedef struct weft_network_use {
    weft_shape shape; /* of a picture */
    size_t classes;
    size_t batch;          /* pictures a step; 0: as the network's text says */
    const char *precision; /* "auto", "f32" or "bf16"; NULL: as the text says */
    const char *sizes; /* "filters=64": values of sizes that the text names; NULL: its own
                        */
} weft_network_use;

/* Fashion-MNIST's 28x28x1 and 10 classes; batch and precision as the text says. */
WEFT_API weft_network_use weft_network_use_defaults(void);

typedef struct weft_network_layer {
    char name[32]; /* "conv2": its kind and its number among its kind */
    weft_shape out;
    size_t weights;         /* learnt numbers */
    uint64_t multiply_adds; /* of one picture's forward pass */
} weft_network_layer;

typedef struct weft_network_summary {
    char *title, *source;       /* owned; "" where the text gives none */
    weft_network_layer *layers; /* owned, in order */
    size_t layer_count;
    size_t weights;
    uint64_t multiply_adds;
    size_t batch;
    const char *precision; /* "f32" or "bf16" */
    const char *optimizer;
    /* Bytes while training with these options: activations, gradients and scratch memory;
     * the weights; the optimiser's state. */
    size_t working_bytes, weight_bytes, optimiser_bytes;
} weft_network_summary;

/* `name` is a built-in network's or the path of a text. Memory is that of training with
 * the context's threads. WEFT_ENOTFOUND suggests the nearest name; WEFT_EFORMAT names the
 * line, the layer and the shapes that do not fit; WEFT_EINVAL: a use outside what there
 * is; WEFT_EUNSUPPORTED: bf16 on a processor without it. */
WEFT_API WEFT_MUST weft_status weft_network_summarise(weft_network_summary *out,
    const char *name, const weft_network_use *use, weft_context *context);
WEFT_API void weft_network_summary_clear(weft_network_summary *summary);

/* The sizes that the network's text names, with their values: "filters=128 hidden=256"; ""
 * where it names none. Freed by the caller with free(). */
WEFT_API WEFT_MUST weft_status weft_network_sizes(char **out, const char *name);

#ifdef __cplusplus
}
#endif
#endif
