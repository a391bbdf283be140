#include "data/picture.h"

#include <stdlib.h>
#include <string.h>

#include <libexif/exif-data.h>

#include "core/file.h"
#include "core/mem.h"
#include "data/dataset.h"
#include "data/product.h"
#include "data/resize.h"

enum { FILE_LIMIT = 512 << 20 }; /* bytes of a picture file */

static const weft__codec *const codecs[] = {
    &weft__jpeg_codec, &weft__png_codec, &weft__webp_codec};

weft_status weft__check_size(const char *path, uint64_t height, uint64_t width)
{
    if (height < 1 || width < 1 || height > WEFT_MAX_PIXELS / width)
        return weft_fail(WEFT_EFORMAT, "%s: %llu x %llu pixels: expected 1 to %d", path,
            (unsigned long long)height, (unsigned long long)width, WEFT_MAX_PIXELS);
    return WEFT_OK;
}

int weft__exif_orientation(const uint8_t *exif, size_t size)
{
    int found = WEFT__UPRIGHT;
    ExifData *data =
        size <= UINT16_MAX ? exif_data_new_from_data(exif, (unsigned)size) : NULL;
    if (!data)
        return found;
    ExifEntry *entry = exif_content_get_entry(data->ifd[EXIF_IFD_0], EXIF_TAG_ORIENTATION);
    if (entry && entry->format == EXIF_FORMAT_SHORT && entry->size >= 2)
        found = exif_get_short(entry->data, exif_data_get_byte_order(data));
    exif_data_unref(data);
    return found >= 1 && found <= WEFT__ORIENTATIONS ? found : WEFT__UPRIGHT;
}

void weft__flatten(uint8_t *pixels, size_t count, uint32_t channels)
{
    for (size_t i = 0; i < count; i++) {
        unsigned alpha = pixels[4 * i + 3];
        for (size_t c = 0; c < channels; c++) {
            unsigned level = pixels[4 * i + c] * alpha + 255 * (255 - alpha);
            pixels[channels * i + c] = (uint8_t)((level + 127) / 255);
        }
    }
}

static weft_status decode(weft__picture *out, const char *path, const uint8_t *bytes,
    size_t size, const weft_recipe *recipe, bool pixels)
{
    if (size == 0)
        return weft_fail(WEFT_EFORMAT, "%s: is empty: expected a picture", path);
    for (size_t i = 0; i < sizeof codecs / sizeof *codecs; i++)
        if (codecs[i]->matches(bytes, size))
            return codecs[i]->decode(out, path, bytes, size, recipe, pixels);
    return weft_fail(WEFT_EFORMAT, "%s: is no JPEG, PNG or WebP picture", path);
}

/* Where the stored picture's first row and column are seen (EXIF 2.3, 4.6.4):
 * 1 top left, 2 top right, 3 bottom right, 4 bottom left,
 * 5 left top, 6 right top, 7 right bottom, 8 left bottom. */
static weft_status turn_upright(weft__picture *picture)
{
    int o = picture->orientation;
    if (o == WEFT__UPRIGHT)
        return WEFT_OK;
    weft_shape from = picture->shape, to = from;
    if (o > 4) {
        to.height = from.width;
        to.width = from.height;
    }
    bool right = o == 2 || o == 3 || o == 6 || o == 7;
    bool bottom = o == 3 || o == 4 || o == 7 || o == 8;
    uint8_t *turned;
    WEFT_TRY(weft__alloc(&turned, weft_shape_bytes(to), 1, "a turned picture"));
    for (size_t y = 0; y < to.height; y++)
        for (size_t x = 0; x < to.width; x++) {
            size_t row = bottom ? to.height - 1 - y : y,
                   column = right ? to.width - 1 - x : x;
            size_t at = o > 4 ? column * from.width + row : row * from.width + column;
            for (size_t c = 0; c < from.channels; c++)
                turned[(y * to.width + x) * to.channels + c] =
                    picture->pixels[at * from.channels + c];
        }
    free(picture->pixels);
    picture->pixels = turned;
    picture->shape = to;
    return WEFT_OK;
}

weft_status weft__picture_probe(
    weft_shape *shape, const char *path, const uint8_t *bytes, size_t size)
{
    weft__picture picture = {0};
    WEFT_TRY(decode(&picture, path, bytes, size, NULL, false));
    *shape = picture.shape;
    if (picture.orientation > 4) {
        shape->height = picture.shape.width;
        shape->width = picture.shape.height;
    }
    return WEFT_OK;
}

/* `steps`, of a product, may be NULL. */
static weft_status decode_into(uint8_t *out, weft__product *steps, const char *path,
    const uint8_t *bytes, size_t size, const weft_recipe *recipe)
{
    weft__picture picture = {0};
    WEFT_TRY(decode(&picture, path, bytes, size, recipe, true));
    weft_status status = turn_upright(&picture);
    if (status == WEFT_OK)
        status = recipe->fit == WEFT_FIT_PRODUCT
                     ? weft__product_make(
                           out, recipe->shape, picture.pixels, picture.shape, steps)
                     : weft__resize(out, recipe, picture.pixels, picture.shape);
    free(picture.pixels);
    return status;
}

weft_status weft__picture_decode(uint8_t *out, const char *path, const uint8_t *bytes,
    size_t size, const weft_recipe *recipe)
{
    return decode_into(out, NULL, path, bytes, size, recipe);
}

weft_status weft__picture_product(
    uint8_t *out, weft_shape shape, const char *path, weft__product *steps)
{
    const weft_recipe recipe = {shape, WEFT_FIT_PRODUCT, 0};
    uint8_t *bytes;
    size_t size;
    WEFT_TRY(weft__picture_bytes(path, &bytes, &size));
    weft_status status = decode_into(out, steps, path, bytes, size, &recipe);
    free(bytes);
    return status;
}

weft_status weft__picture_bytes(const char *path, uint8_t **bytes, size_t *size)
{
    return weft__file_read(path, FILE_LIMIT, bytes, size);
}

weft_status weft_picture_read(uint8_t *pixels, const char *path, const weft_recipe *recipe)
{
    uint8_t *bytes;
    size_t size;
    WEFT_TRY(weft__check_recipe(recipe));
    WEFT_TRY(weft__picture_bytes(path, &bytes, &size));
    weft_status status = weft__picture_decode(pixels, path, bytes, size, recipe);
    free(bytes);
    return status;
}

weft_status weft_picture_write_png(
    const char *path, const uint8_t *pixels, weft_shape shape)
{
    uint8_t *bytes;
    size_t size;
    WEFT_TRY(weft__png_encode(&bytes, &size, pixels, shape));
    weft_status status = weft__file_write(path, bytes, size);
    free(bytes);
    return status;
}
