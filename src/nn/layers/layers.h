/* The kinds of layers that others name; the table in layers.c lists them all. */
#ifndef WEFT_NN_LAYERS_H
#define WEFT_NN_LAYERS_H

#include "nn/network.h"

extern const weft__layer_kind weft__layer_relu;      /* fused by the layers before it */
extern const weft__layer_kind weft__layer_batchnorm; /* folded into convolutions */
extern const weft__layer_kind weft__layer_add;       /* made by residual blocks */
extern const weft__layer_kind weft__layer_maxpool, weft__layer_avgpool;

#endif
