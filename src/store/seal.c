#include "store/seal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

weft_status weft__seal_file(struct weft__seal *seal, const char *path)
{
    enum { CHUNK = 1 << 18 };
    uint8_t *chunk;
    size_t n;
    weft__digest digest;
    WEFT_TRY(weft__alloc(&chunk, CHUNK, 1, "a file's digest"));
    FILE *stream = fopen(path, "rbe");
    weft_status status = WEFT_OK;
    weft__digest_begin(&digest);
    seal->bytes = 0;
    for (; stream && (n = fread(chunk, 1, CHUNK, stream)) > 0; seal->bytes += n)
        weft__digest_add(&digest, chunk, n);
    if (!stream || ferror(stream))
        status = weft_fail(WEFT_EIO, "%s: cannot read: %s", path, strerror(errno));
    if (stream)
        fclose(stream);
    weft__digest_end(&digest, seal->digest);
    free(chunk);
    return status;
}
