/* Starting from what was learnt before: values of another model's or framework's arrays,
 * layers that are left as they are, and learning rates of their own. */
#ifndef WEFT_NN_TRANSFER_H
#define WEFT_NN_TRANSFER_H

#include "nn/network.h"
#include "nn/options.h"
#include "weft/context.h"

/* In the order of the option. */
enum { WEFT__LAYOUT_AUTO, WEFT__LAYOUT_WEFT, WEFT__LAYOUT_TORCH };
#define WEFT__LAYOUT_CHOICES "auto|weft|torch"

/* Applies the options `freeze`, `rates` and, when it is `late`, `freeze-late` to the
 * inferred network. A pattern that names no layer is WEFT_ENOTFOUND. */
WEFT_MUST weft_status weft__choose_rates(
    weft__network *network, const weft__train_options *options, bool late);

/* Overwrites parameters in `block` with the arrays of the safetensors file that the option
 * `init-from` names, and tells by notes what matched, what did not and why. What does not
 * fit, such as a head for other classes, stays as it is; a file of which nothing fits is
 * WEFT_EFORMAT. Nothing to do without the option.
 *
 * An array matches by its name, "conv1.weight"; `init-map` gives a layer another name in
 * the file, "conv1=features.0". Batch norm's arrays may also have PyTorch's names.
 * Layout torch means out x in x height x width for convolutions, out x in for dense layers,
 * and channels before pixels where a picture is flattened; auto takes it for every file
 * that is no weft model. */
WEFT_MUST weft_status weft__init_from(const weft__network *network, float *block,
    const weft__train_options *options, weft_context *context);

#endif
