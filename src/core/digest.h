/* SHA-256 (nettle), for recognising the same bytes again. */
#ifndef WEFT_CORE_DIGEST_H
#define WEFT_CORE_DIGEST_H

#include <nettle/sha2.h>
#include <stddef.h>
#include <stdint.h>

enum { WEFT__DIGEST_TEXT = 65 }; /* 64 hexadecimal digits and NUL */

typedef struct weft__digest {
    struct sha256_ctx state;
} weft__digest;

void weft__digest_begin(weft__digest *digest);
void weft__digest_add(weft__digest *digest, const void *bytes, size_t size);
void weft__digest_add_u64(weft__digest *digest, uint64_t value); /* little endian */
void weft__digest_end(weft__digest *digest, char text[WEFT__DIGEST_TEXT]);

#endif
