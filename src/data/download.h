/* Fetching a published file. */
#ifndef WEFT_DATA_DOWNLOAD_H
#define WEFT_DATA_DOWNLOAD_H

#include <stddef.h>

#include "weft/context.h"
#include "weft/status.h"

/* Fetches a gzipped file from the first of `urls` (ended by NULL) that has it, checks that
 * it unpacks to the bytes of this SHA-256, and gives it the name `path`. On failure
 * nothing is left there, and the message is the last URL's. Progress goes to `task`, in
 * MB. */
WEFT_MUST weft_status weft__download_gz(const char *path, const char *const *urls,
    const char *sha256, const char *task, weft_context *context);

#endif
