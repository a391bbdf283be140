/* A file's size and SHA-256, by which it is recognised. */
#ifndef WEFT_STORE_SEAL_H
#define WEFT_STORE_SEAL_H

#include <stdint.h>

#include "core/digest.h"
#include "weft/status.h"

struct weft__seal {
    uint64_t bytes;
    char digest[WEFT__DIGEST_TEXT];
};

WEFT_MUST weft_status weft__seal_file(struct weft__seal *seal, const char *path);

#endif
