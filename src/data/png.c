/* PNG through libspng. */
#include <stdlib.h>
#include <string.h>

#include <spng.h>

#include "core/mem.h"
#include "data/picture.h"

/* Bytes that text and colour profiles may take, one by one and together. */
enum { CHUNK_LIMIT = 16 << 20, CHUNKS_LIMIT = 64 << 20 };

static weft_status failure(const char *path, int code)
{
    if (code == SPNG_EMEM)
        return weft_fail(WEFT_ENOMEM, "%s: no memory to decode it", path);
    return weft_fail(WEFT_EFORMAT, "%s: damaged PNG: %s", path, spng_strerror(code));
}

static int orientation(spng_ctx *png)
{
    struct spng_exif exif;
    uint8_t *block;
    size_t size;
    if (spng_get_exif(png, &exif) != 0 || !weft__add(&size, exif.length, 6) ||
        weft__alloc(&block, size, 1, "EXIF data") != WEFT_OK)
        return WEFT__UPRIGHT;
    memcpy(block, "Exif\0", 6);
    memcpy(block + 6, exif.data, exif.length);
    int found = weft__exif_orientation(block, size);
    free(block);
    return found;
}

static weft_status decode_pixels(
    weft__picture *out, spng_ctx *png, const char *path, const struct spng_ihdr *head)
{
    struct spng_trns transparency;
    bool plain_grey = head->color_type == SPNG_COLOR_TYPE_GRAYSCALE &&
                      head->bit_depth <= 8 && spng_get_trns(png, &transparency) != 0;
    int format = plain_grey ? SPNG_FMT_G8 : SPNG_FMT_RGBA8;
    size_t count = (size_t)head->width * head->height, size = count * (plain_grey ? 1 : 4);
    uint8_t *pixels;
    WEFT_TRY(weft__alloc(&pixels, size, 1, "a decoded picture"));
    int code = spng_decode_image(png, pixels, size, format, SPNG_DECODE_TRNS);
    if (code) {
        free(pixels);
        return failure(path, code);
    }
    if (!plain_grey)
        weft__flatten(pixels, count, out->shape.channels);
    out->pixels = pixels;
    return WEFT_OK;
}

static weft_status run(weft__picture *out, spng_ctx *png, const char *path,
    const uint8_t *bytes, size_t size, bool pixels)
{
    struct spng_ihdr head;
    spng_set_crc_action(png, SPNG_CRC_ERROR, SPNG_CRC_DISCARD);
    spng_set_chunk_limits(png, CHUNK_LIMIT, CHUNKS_LIMIT);
    int code = spng_set_png_buffer(png, bytes, size);
    if (!code)
        code = spng_get_ihdr(png, &head);
    if (code)
        return failure(path, code);
    WEFT_TRY(weft__check_size(path, head.height, head.width));
    bool grey = head.color_type == SPNG_COLOR_TYPE_GRAYSCALE ||
                head.color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA;
    out->shape = (weft_shape){head.height, head.width, grey ? 1 : 3};
    out->orientation = orientation(png);
    return pixels ? decode_pixels(out, png, path, &head) : WEFT_OK;
}

static weft_status decode(weft__picture *out, const char *path, const uint8_t *bytes,
    size_t size, const weft_recipe *recipe, bool pixels)
{
    (void)recipe;
    spng_ctx *png = spng_ctx_new(0);
    if (!png)
        return failure(path, SPNG_EMEM);
    weft_status status = run(out, png, path, bytes, size, pixels);
    spng_ctx_free(png);
    return status;
}

static bool matches(const uint8_t *bytes, size_t size)
{
    return size >= 8 && !memcmp(bytes, "\x89PNG\r\n\x1a\n", 8);
}

const weft__codec weft__png_codec = {"PNG", matches, decode};

weft_status weft__png_encode(
    uint8_t **bytes, size_t *size, const uint8_t *pixels, weft_shape shape)
{
    spng_ctx *png = spng_ctx_new(SPNG_CTX_ENCODER);
    if (!png)
        return weft_fail(WEFT_ENOMEM, "no memory for a PNG file");
    struct spng_ihdr head = {.width = shape.width,
        .height = shape.height,
        .bit_depth = 8,
        .color_type =
            shape.channels == 1 ? SPNG_COLOR_TYPE_GRAYSCALE : SPNG_COLOR_TYPE_TRUECOLOR};
    size_t length = 0;
    void *encoded = NULL;
    int code = spng_set_option(png, SPNG_ENCODE_TO_BUFFER, 1);
    if (!code)
        code = spng_set_ihdr(png, &head);
    if (!code)
        code = spng_encode_image(
            png, pixels, weft_shape_bytes(shape), SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE);
    if (!code)
        encoded = spng_get_png_buffer(png, &length, &code);
    spng_ctx_free(png);
    if (code || !encoded)
        return weft_fail(code == SPNG_EMEM ? WEFT_ENOMEM : WEFT_EINVAL,
            "cannot make a PNG file of %u x %u x %u: %s", shape.height, shape.width,
            shape.channels, spng_strerror(code));
    *bytes = encoded;
    *size = length;
    return WEFT_OK;
}
