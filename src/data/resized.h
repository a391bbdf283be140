/* A data set at another size, for looking at it. */
#ifndef WEFT_DATA_RESIZED_H
#define WEFT_DATA_RESIZED_H

#include "weft/dataset.h"

/* The same pictures and labels stretched to `shape`; whoever asked frees it. */
WEFT_MUST weft_status weft__dataset_resized(
    weft_dataset **out, const weft_dataset *from, weft_shape shape, weft_context *context);

#endif
