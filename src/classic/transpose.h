/* Turning pictures into columns of one pixel each. */
#ifndef WEFT_CLASSIC_TRANSPOSE_H
#define WEFT_CLASSIC_TRANSPOSE_H

#include <stddef.h>
#include <stdint.h>

/* to[f * stride + i] = rows[i][f] for i < count, f < bytes. */
void weft__transpose_bytes(
    uint8_t *to, size_t stride, const uint8_t *const *rows, size_t count, size_t bytes);

#endif
