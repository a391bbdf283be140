/* Files: read whole with a bound, written whole or not at all. */
#ifndef WEFT_CORE_FILE_H
#define WEFT_CORE_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "weft/status.h"

/* Reads the file into memory, owned by the caller, with a NUL byte behind it that is not
 * counted. More than `limit` bytes are WEFT_EFORMAT. A directory, a missing or an
 * unreadable file is WEFT_EIO or WEFT_ENOTFOUND. */
WEFT_MUST weft_status weft__file_read(
    const char *path, size_t limit, uint8_t **bytes, size_t *size);

/* A file being written under a temporary name beside `path`. */
typedef struct weft__file_writer {
    FILE *stream;           /* write here; errors may be left to commit */
    char *path, *temporary; /* owned */
} weft__file_writer;

WEFT_MUST weft_status weft__file_begin(weft__file_writer *writer, const char *path);
/* Flushes, syncs, and gives the file its name; on failure nothing is left behind. */
WEFT_MUST weft_status weft__file_commit(weft__file_writer *writer);
/* Leaves nothing behind. Safe after commit and on a zeroed writer. */
void weft__file_abandon(weft__file_writer *writer);

/* The three above in one. */
WEFT_MUST weft_status weft__file_write(const char *path, const void *bytes, size_t size);

/* Makes the folder and its parents. */
WEFT_MUST weft_status weft__make_folder(const char *path);

/* Makes the folders above `path`. */
WEFT_MUST weft_status weft__make_parent(const char *path);

/* "A/B", owned by the caller. */
WEFT_MUST weft_status weft__path_join(char **out, const char *a, const char *b);

/* $XDG_CACHE_HOME/weft or ~/.cache/weft, owned by the caller; not created. */
WEFT_MUST weft_status weft__cache_folder(char **out);

#endif
