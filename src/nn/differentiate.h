/* Derivatives of a class's logit with respect to the picture and to a layer's output, for
 * explanations. The network is taken as it predicts: nothing dropped, norms constant. */
#ifndef WEFT_NN_DIFFERENTIATE_H
#define WEFT_NN_DIFFERENTIATE_H

#include "model/family.h"
#include "nn/batch.h"
#include "nn/plan.h"

/* Pictures at once. */
enum { WEFT__DIFFERENTIATE_BATCH = 64 };

/* The last layer whose output still has height or width and that is no pooling or
 * dropout: where Grad-CAM looks (Selvaraju et al. 2017, section 3). SIZE_MAX: none. */
size_t weft__last_spatial_layer(const weft__network *network);
/* The layer of that name, NULL for the last spatial one. WEFT_ENOTFOUND suggests the
 * nearest; WEFT_EUNSUPPORTED where the network has no spatial layer. */
WEFT_MUST weft_status weft__layer_to_explain(
    size_t *out, const weft__network *network, const char *name);

/* Does what `job` asks with a plan made for explaining. */
WEFT_MUST weft_status weft__differentiate(weft__plan *plan,
    const weft__normalisation *normalisation, size_t layer, const weft__derivatives *job,
    weft_context *context);

#endif
