/* weft/photo.h: from somebody's photo to a picture such as Fashion-MNIST's.
 *
 * A dataset that is read with the fit WEFT_FIT_PRODUCT, and 'weft predict --photo', find
 * what a photo is of and make of it a grey picture on black: what a network that has seen
 * nothing but product pictures can be shown. This header is for looking at how. */
#ifndef WEFT_PHOTO_H
#define WEFT_PHOTO_H

#include <stddef.h>

#include "weft/context.h"
#include "weft/dataset.h"
#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Writes a new folder, whole or not at all, with a PNG for each of `count` photos, 1.png on,
 * numbered in the order of `paths`: side by side the photo as it is looked at, how likely
 * each place is the thing's, what was taken for it, that in grey, negative and evened out,
 * and the picture of `shape` (one channel) that is made of it. Photos that cannot be read
 * are told of by an event and have no PNG. */
WEFT_API WEFT_MUST weft_status weft_photo_save_steps(const char *folder,
    const char *const *paths, size_t count, weft_shape shape, weft_context *context);

#ifdef __cplusplus
}
#endif
#endif
