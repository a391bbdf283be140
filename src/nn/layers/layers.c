#include "nn/layers/layers.h"

extern const weft__layer_kind weft__layer_conv;
extern const weft__layer_kind weft__layer_dense;
extern const weft__layer_kind weft__layer_dropout;
extern const weft__layer_kind weft__layer_flatten;
extern const weft__layer_kind weft__layer_gelu;
extern const weft__layer_kind weft__layer_globalpool;
extern const weft__layer_kind weft__layer_leaky_relu;
extern const weft__layer_kind weft__layer_silu;
extern const weft__layer_kind weft__layer_softmax;

const weft__layer_kind *const weft__layer_kinds[] = {
    &weft__layer_conv,
    &weft__layer_dense,
    &weft__layer_maxpool,
    &weft__layer_avgpool,
    &weft__layer_globalpool,
    &weft__layer_flatten,
    &weft__layer_batchnorm,
    &weft__layer_dropout,
    &weft__layer_relu,
    &weft__layer_leaky_relu,
    &weft__layer_gelu,
    &weft__layer_silu,
    &weft__layer_softmax,
    NULL,
};
