/* The inside of reading pictures: one codec a file format. */
#ifndef WEFT_DATA_PICTURE_H
#define WEFT_DATA_PICTURE_H

#include <stdbool.h>

#include "data/product.h"
#include "weft/picture.h"

/* EXIF's orientation (tag 0x0112): which way up the stored picture is. */
enum { WEFT__UPRIGHT = 1, WEFT__ORIENTATIONS = 8 };

/* A picture as it is stored in a file. channels is 1 where the format says grey. */
typedef struct weft__picture {
    weft_shape shape;
    int orientation;
    uint8_t *pixels; /* owned; NULL after a probe */
} weft__picture;

typedef struct weft__codec {
    const char *name; /* "JPEG" */
    bool (*matches)(const uint8_t *bytes, size_t size);
    /* Reads the header; with `pixels`, the picture too. What is larger than WEFT_MAX_PIXELS
     * is refused in between. Where `recipe` is not NULL the picture may come smaller than
     * stored, but at least twice the size that the recipe needs. *out->pixels is set on
     * success alone. */
    weft_status (*decode)(weft__picture *out, const char *path, const uint8_t *bytes,
        size_t size, const weft_recipe *recipe, bool pixels);
} weft__codec;

extern const weft__codec weft__jpeg_codec, weft__png_codec, weft__webp_codec;

/* For codecs: refuses pictures that are too large; the orientation in an EXIF block, which
 * begins with "Exif\0\0". */
WEFT_MUST weft_status weft__check_size(const char *path, uint64_t height, uint64_t width);
int weft__exif_orientation(const uint8_t *exif, size_t size);
/* Lays count RGBA pixels on white, in place; channels of each pixel stay. */
void weft__flatten(uint8_t *pixels, size_t count, uint32_t channels);

/* A picture file's bytes in memory, for messages called `path`. The shape is as it will be
 * shown: upright. */
WEFT_MUST weft_status weft__picture_probe(
    weft_shape *shape, const char *path, const uint8_t *bytes, size_t size);
WEFT_MUST weft_status weft__picture_decode(uint8_t *out, const char *path,
    const uint8_t *bytes, size_t size, const weft_recipe *recipe);

/* A photo's file as a product (product.h), and the steps on the way, the caller's. */
WEFT_MUST weft_status weft__picture_product(
    uint8_t *out, weft_shape shape, const char *path, weft__product *steps);

/* Reads a file no larger than any picture should be. */
WEFT_MUST weft_status weft__picture_bytes(const char *path, uint8_t **bytes, size_t *size);

/* A picture as the bytes of a PNG file, owned by the caller. */
WEFT_MUST weft_status weft__png_encode(
    uint8_t **bytes, size_t *size, const uint8_t *pixels, weft_shape shape);

/* Reads every picture of a dataset that has paths but no pixels. Those that cannot be read
 * leave their message in `reasons`: one place for each, NULL on entry, owned by the caller.
 */
WEFT_MUST weft_status weft__read_pictures(
    weft_dataset *dataset, char **reasons, const char *task, weft_context *context);
/* Takes those with a reason out of the dataset, remembers them there and tells of them.
 * Pixels are moved together unless they are mapped, and then lie so already. */
WEFT_MUST weft_status weft__leave_out(
    weft_dataset *dataset, char *const *reasons, weft_context *context);

#endif
