/* Writing PNG pictures. */
#ifndef WEFT_DATA_PNG_WRITE_H
#define WEFT_DATA_PNG_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "weft/dataset.h"

/* Encodes one picture of grey or RGB bytes; *bytes is owned by the caller, free(). */
WEFT_MUST weft_status weft__png_encode(
    uint8_t **bytes, size_t *size, weft_shape shape, const uint8_t *pixels);

#endif
