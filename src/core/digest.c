#include "core/digest.h"

void weft__digest_begin(weft__digest *digest)
{
    sha256_init(&digest->state);
}

void weft__digest_add(weft__digest *digest, const void *bytes, size_t size)
{
    sha256_update(&digest->state, size, bytes);
}

void weft__digest_add_u64(weft__digest *digest, uint64_t value)
{
    uint8_t bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    weft__digest_add(digest, bytes, sizeof bytes);
}

void weft__digest_end(weft__digest *digest, char text[WEFT__DIGEST_TEXT])
{
    static const char digits[] = "0123456789abcdef";
    uint8_t sum[SHA256_DIGEST_SIZE];
    sha256_digest(&digest->state, sizeof sum, sum);
    for (size_t i = 0; i < sizeof sum; i++) {
        text[2 * i] = digits[sum[i] >> 4];
        text[2 * i + 1] = digits[sum[i] & 15];
    }
    text[2 * sizeof sum] = 0;
}
