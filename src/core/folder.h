/* Folders: written whole or not at all, and removed with all that is in them. */
#ifndef WEFT_CORE_FOLDER_H
#define WEFT_CORE_FOLDER_H

#include <stdbool.h>

#include "weft/status.h"

/* A folder being filled under a temporary name beside `path`. */
typedef struct weft__folder_writer {
    char *path, *temporary; /* owned; put files into `temporary` */
} weft__folder_writer;

WEFT_MUST weft_status weft__folder_begin(weft__folder_writer *writer, const char *path);
/* Syncs, and gives the folder its name; an existing folder must be empty unless `replace`
 * is set: then it is removed, with everything in it, once the new one stands in its place.
 * On failure what was there is there still, and nothing else is left behind. */
WEFT_MUST weft_status weft__folder_commit(weft__folder_writer *writer, bool replace);
/* Leaves nothing behind. Safe after commit and on a zeroed writer. */
void weft__folder_abandon(weft__folder_writer *writer);

/* Removes a file or a folder with everything in it; follows no links. */
void weft__remove_tree(const char *path);

#endif
