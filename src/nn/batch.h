/* From pictures' bytes to a plan's input: chosen, augmented, normalised. */
#ifndef WEFT_NN_BATCH_H
#define WEFT_NN_BATCH_H

#include "nn/onednn.h"
#include "weft/dataset.h"

enum { WEFT__MAX_CHANNELS = 3 };

/* value = byte * scale + shift, by channel. */
typedef struct weft__normalisation {
    float scale[WEFT__MAX_CHANNELS], shift[WEFT__MAX_CHANNELS];
} weft__normalisation;

/* Bytes to [0, 1], as the papers do. */
weft__normalisation weft__normalise_unit(void);
/* To mean 0 and standard deviation 1 over the view's pixels, by channel. */
weft__normalisation weft__normalise_standard(const weft_view *view);

/* Writes one picture as `real`s. */
void weft__picture_to_reals(void *to, weft__real real, const uint8_t *pixels,
    weft_shape shape, const weft__normalisation *n);

#endif
