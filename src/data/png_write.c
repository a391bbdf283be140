#include "data/png_write.h"

#include <spng.h>

weft_status weft__png_encode(
    uint8_t **bytes, size_t *size, weft_shape shape, const uint8_t *pixels)
{
    spng_ctx *encoder = spng_ctx_new(SPNG_CTX_ENCODER);
    if (!encoder)
        return weft_fail(WEFT_ENOMEM, "no memory for a PNG encoder");
    struct spng_ihdr header = {.width = shape.width,
        .height = shape.height,
        .bit_depth = 8,
        .color_type =
            shape.channels == 1 ? SPNG_COLOR_TYPE_GRAYSCALE : SPNG_COLOR_TYPE_TRUECOLOR};
    int error = spng_set_option(encoder, SPNG_ENCODE_TO_BUFFER, 1);
    if (!error)
        error = spng_set_ihdr(encoder, &header);
    if (!error)
        error = spng_encode_image(
            encoder, pixels, weft_shape_bytes(shape), SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE);
    if (!error)
        *bytes = spng_get_png_buffer(encoder, size, &error);
    spng_ctx_free(encoder);
    if (error)
        return weft_fail(error == SPNG_EMEM ? WEFT_ENOMEM : WEFT_EUNSUPPORTED,
            "cannot encode a PNG picture of %u x %u: %s", shape.height, shape.width,
            spng_strerror(error));
    return WEFT_OK;
}
