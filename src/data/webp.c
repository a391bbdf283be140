/* WebP through libwebp. */
#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>

#include "core/mem.h"
#include "data/picture.h"

static weft_status decode(weft__picture *out, const char *path, const uint8_t *bytes,
    size_t size, const weft_recipe *recipe, bool pixels)
{
    (void)recipe;
    WebPBitstreamFeatures head;
    if (WebPGetFeatures(bytes, size, &head) != VP8_STATUS_OK)
        return weft_fail(WEFT_EFORMAT, "%s: damaged WebP header", path);
    WEFT_TRY(weft__check_size(path, (uint64_t)head.height, (uint64_t)head.width));
    if (head.has_animation)
        return weft_fail(
            WEFT_EUNSUPPORTED, "%s: an animated WebP: expected a single picture", path);
    out->shape = (weft_shape){(uint32_t)head.height, (uint32_t)head.width, 3};
    out->orientation = WEFT__UPRIGHT;
    if (!pixels)
        return WEFT_OK;
    size_t count = (size_t)head.height * (size_t)head.width;
    size_t each = head.has_alpha ? 4 : 3;
    uint8_t *decoded;
    WEFT_TRY(weft__alloc(&decoded, count, each, "a decoded picture"));
    int stride = (int)((size_t)head.width * each);
    if (!(head.has_alpha ? WebPDecodeRGBAInto : WebPDecodeRGBInto)(
            bytes, size, decoded, count * each, stride)) {
        free(decoded);
        return weft_fail(WEFT_EFORMAT, "%s: damaged or truncated WebP", path);
    }
    if (head.has_alpha)
        weft__flatten(decoded, count, 3);
    out->pixels = decoded;
    return WEFT_OK;
}

static bool matches(const uint8_t *bytes, size_t size)
{
    return size >= 12 && !memcmp(bytes, "RIFF", 4) && !memcmp(bytes + 8, "WEBP", 4);
}

const weft__codec weft__webp_codec = {"WebP", matches, decode};
