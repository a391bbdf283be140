#include "weft/rng.h"

#include <math.h>

#include "core/simd.h"

/* Constants of Philox 4x32: Salmon et al. 2011, table 2 and section 4.3. */
static const uint32_t MULTIPLIER_0 = 0xD2511F53, MULTIPLIER_1 = 0xCD9E8D57;
static const uint32_t WEYL_0 = 0x9E3779B9, WEYL_1 = 0xBB67AE85;
enum { ROUNDS = 10 };

static void philox(uint32_t out[4], uint64_t block, uint64_t stream, uint64_t seed)
{
    uint32_t c0 = (uint32_t)block, c1 = (uint32_t)(block >> 32);
    uint32_t c2 = (uint32_t)stream, c3 = (uint32_t)(stream >> 32);
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t p0 = (uint64_t)MULTIPLIER_0 * c0, p1 = (uint64_t)MULTIPLIER_1 * c2;
        uint32_t n0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0, n2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c1 = (uint32_t)p1;
        c3 = (uint32_t)p0;
        c0 = n0;
        c2 = n2;
        k0 += WEYL_0;
        k1 += WEYL_1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

weft_rng weft_rng_create(uint64_t seed, uint64_t stream)
{
    return (weft_rng){.seed = seed, .stream = stream};
}

uint32_t weft_rng_u32(weft_rng *rng)
{
    unsigned lane = (unsigned)(rng->position & 3);
    if (lane == 0)
        philox(rng->block, rng->position >> 2, rng->stream, rng->seed);
    rng->position++;
    return rng->block[lane];
}

/* Philox on LANES blocks side by side: word w of lane l goes to out[4 l + w]. Each word is
 * in the lower half of 64 bits, where a product leaves both of its own; what is above is
 * never read. */
enum { LANES = 16, HALF = LANES / 2 };
typedef uint64_t lanes __attribute__((vector_size(HALF * sizeof(uint64_t))));

WEFT__SIMD static void philox_lanes(
    uint32_t *out, uint64_t block, uint64_t stream, uint64_t seed)
{
    const uint64_t low = 0xffffffff;
    const lanes none = {0}, numbers = {0, 1, 2, 3, 4, 5, 6, 7};
    lanes c[2][4];
    uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);
    for (unsigned h = 0; h < 2; h++) {
        lanes blocks = block + h * HALF + numbers;
        c[h][0] = blocks & low;
        c[h][1] = blocks >> 32;
        c[h][2] = none + (stream & low);
        c[h][3] = none + (stream >> 32);
    }
    for (int round = 0; round < ROUNDS; round++) {
        for (unsigned h = 0; h < 2; h++) {
            lanes p0 = MULTIPLIER_0 * (c[h][0] & low), p1 = MULTIPLIER_1 * (c[h][2] & low);
            c[h][0] = (p1 >> 32) ^ c[h][1] ^ k0;
            c[h][2] = (p0 >> 32) ^ c[h][3] ^ k1;
            c[h][1] = p1;
            c[h][3] = p0;
        }
        k0 += WEYL_0;
        k1 += WEYL_1;
    }
    for (unsigned l = 0; l < LANES; l++)
        for (unsigned w = 0; w < 4; w++)
            out[4 * l + w] = (uint32_t)c[l / HALF][w][l % HALF];
}

void weft_rng_fill(weft_rng *rng, uint32_t *words, size_t count)
{
    size_t i = 0;
    while (i < count && (rng->position & 3))
        words[i++] = weft_rng_u32(rng);
    for (; count - i >= 4 * LANES; i += 4 * LANES) {
        philox_lanes(words + i, rng->position >> 2, rng->stream, rng->seed);
        rng->position += 4 * LANES;
    }
    while (i < count)
        words[i++] = weft_rng_u32(rng);
}

uint32_t weft_rng_below(weft_rng *rng, uint32_t bound)
{
    /* Lemire: Fast random integer generation in an interval, 2019, algorithm 5. */
    uint64_t product = (uint64_t)weft_rng_u32(rng) * bound;
    if ((uint32_t)product < bound) {
        uint32_t threshold = -bound % bound;
        while ((uint32_t)product < threshold)
            product = (uint64_t)weft_rng_u32(rng) * bound;
    }
    return (uint32_t)(product >> 32);
}

float weft_rng_uniform(weft_rng *rng)
{
    return (float)(weft_rng_u32(rng) >> 8) * 0x1p-24f;
}

float weft_rng_normal(weft_rng *rng)
{
    /* The radius is drawn from (0, 1], so that its logarithm is finite. */
    double radius = ((double)weft_rng_u32(rng) + 1.0) * 0x1p-32;
    double angle = 2 * 3.14159265358979323846 * (double)weft_rng_u32(rng) * 0x1p-32;
    return (float)(sqrt(-2 * log(radius)) * cos(angle));
}

void weft_rng_shuffle(weft_rng *rng, uint32_t *words, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t j = weft_rng_below(rng, (uint32_t)i);
        uint32_t swap = words[i - 1];
        words[i - 1] = words[j];
        words[j] = swap;
    }
}
