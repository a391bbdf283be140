/* weft/picture.h: picture files.
 *
 *     uint8_t pixels[64 * 64 * 3];
 *     weft_recipe recipe = {{64, 64, 3}, WEFT_FIT_PAD, 255};
 *     WEFT_TRY(weft_picture_read(pixels, "shoe.jpg", &recipe));
 *
 * JPEG (grey, colour, CMYK), PNG (every colour type and depth) and WebP (still), told apart
 * by content. The EXIF orientation of JPEG and PNG is applied, transparency lies on white,
 * 16 bits are cut to 8. Training and prediction read pictures through these functions, so
 * that the same file and recipe give the same bytes. */
#ifndef WEFT_PICTURE_H
#define WEFT_PICTURE_H

#include "weft/dataset.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A file of more pixels than this is refused before memory is set aside for it. */
#define WEFT_MAX_PIXELS 100000000

/* Reads a picture file into recipe->shape, weft_shape_bytes of it. A photo much larger than
 * the recipe's shape is decoded at a half, a quarter or an eighth of its size. WEFT_EFORMAT
 * for what is empty, damaged, too large or no picture; WEFT_EUNSUPPORTED for an animation.
 */
WEFT_API WEFT_MUST weft_status weft_picture_read(
    uint8_t *pixels, const char *path, const weft_recipe *recipe);

/* Writes a grey or RGB picture as PNG, under a temporary name first. */
WEFT_API WEFT_MUST weft_status weft_picture_write_png(
    const char *path, const uint8_t *pixels, weft_shape shape);

/* Reads `count` files into an unlabelled dataset, in their order. Files that cannot be read
 * are left out, named by events and listed by weft_dataset_skipped; the dataset may be
 * empty. weft_dataset_origin gives a picture's path. */
WEFT_API WEFT_MUST weft_status weft_dataset_from_files(weft_dataset **out,
    const char *const *paths, size_t count, const weft_recipe *recipe,
    weft_context *context);

/* The files that should have been in the dataset and could not be read. */
WEFT_API size_t weft_dataset_skipped(const weft_dataset *dataset);
/* Path and one-line reason of one of them. Borrowed; NULL when index is too large. */
WEFT_API const char *weft_dataset_skipped_path(const weft_dataset *dataset, size_t index);
WEFT_API const char *weft_dataset_skipped_reason(const weft_dataset *dataset, size_t index);

#ifdef __cplusplus
}
#endif
#endif
