#include "fuzz.h"

#include "data/picture.h"

/* Every picture is read at two sizes: reduced where possible, and not. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static uint8_t out[64 * 64 * 3];
    const weft_recipe recipes[] = {
        {{8, 8, 1}, WEFT_FIT_CROP, 255}, {{64, 48, 3}, WEFT_FIT_PAD, 255}};
    weft_shape shape;
    if (weft__picture_probe(&shape, "input", bytes, size) == WEFT_OK &&
        (uint64_t)shape.height * shape.width > 1 << 20)
        return 0; /* large pictures are slow, and nothing else */
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++)
        if (weft__picture_decode(out, "input", bytes, size, &recipes[i]) != WEFT_OK &&
            weft_error()[0] == 0)
            abort();
    return 0;
}
