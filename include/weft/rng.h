/* weft/rng.h: random numbers that depend on a seed and a position alone.
 *
 * Philox 4x32-10 (Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as
 * 1, 2, 3; SC 2011). A generator is a value: copying it forks nothing and shares
 * nothing. Two generators with different seed or stream never repeat each other, so a
 * picture's augmentation can be drawn by any thread in any order. */
#ifndef WEFT_RNG_H
#define WEFT_RNG_H

#include <stddef.h>
#include <stdint.h>

#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_rng {
    uint64_t seed, stream;
    uint64_t position; /* words drawn so far */
    uint32_t block[4]; /* the block that `position` lies in, once drawn from */
} weft_rng;

WEFT_API weft_rng weft_rng_create(uint64_t seed, uint64_t stream);

WEFT_API uint32_t weft_rng_u32(weft_rng *rng);
/* The next `count` words at once, several times as fast. */
WEFT_API void weft_rng_fill(weft_rng *rng, uint32_t *words, size_t count);
/* Uniform on [0, bound), without bias; bound > 0. */
WEFT_API uint32_t weft_rng_below(weft_rng *rng, uint32_t bound);
/* Uniform on [0, 1) with 24 bits. */
WEFT_API float weft_rng_uniform(weft_rng *rng);
/* Standard normal by Box and Muller (1958). */
WEFT_API float weft_rng_normal(weft_rng *rng);
/* Fisher and Yates' shuffle of count words. */
WEFT_API void weft_rng_shuffle(weft_rng *rng, uint32_t *words, size_t count);

#ifdef __cplusplus
}
#endif
#endif
