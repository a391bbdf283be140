/* Networks by name: a built-in's, or the path of a text. */
#ifndef WEFT_NN_NAMED_H
#define WEFT_NN_NAMED_H

#include "nn/network.h"
#include "nn/options.h"
#include "weft/dataset.h"

/* Reads the network of that name, its named sizes changed as `sizes` says (see
 * weft__sizes_change); WEFT_ENOTFOUND suggests the nearest. */
WEFT_MUST weft_status weft__network_named(
    weft__network *out, const char *name, const char *sizes);
/* Takes the options that a text's `train` line gives; `where` names it in messages. */
WEFT_MUST weft_status weft__take_train_line(
    weft__train_options *options, const char *line, const char *where);

/* Changes the options to what a text's `pictures` line wishes: photo_side and fit. */
WEFT_MUST weft_status weft__take_pictures_line(
    weft_load_options *options, const char *line, const char *where);

/* The failure of an option that names a layer which is not there; it suggests the nearest.
 */
WEFT_MUST weft_status weft__no_layer(
    const weft__network *network, const char *option, const char *name);

#endif
