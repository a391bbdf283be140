/* Decoded pictures, kept in the user's cache so that later runs map them.
 *
 * One file a folder and set of options, named by both; its content names the files it was
 * made of by their paths, sizes and times, and is made anew when any of these changed. */
#ifndef WEFT_DATA_CACHE_H
#define WEFT_DATA_CACHE_H

#include <stdbool.h>

#include "core/digest.h"
#include "weft/dataset.h"

typedef struct weft__cache_key {
    char place[WEFT__DIGEST_TEXT];   /* which folder, read how */
    char content[WEFT__DIGEST_TEXT]; /* of which files */
} weft__cache_key;

/* `dataset` has labels and paths, but no pixels. On a hit its shape is set and its pixels
 * are mapped, and `reasons` (as in weft__read_pictures) holds what was left out. What does
 * not fit, is damaged or not there is no hit; failures are want of memory. */
WEFT_MUST weft_status weft__cache_find(
    bool *hit, weft_dataset *dataset, char **reasons, const weft__cache_key *key);

/* Keeps a dataset after weft__leave_out; `listed` is how many pictures it had before. That
 * a cache cannot be written is told, and is no failure. */
void weft__cache_keep(const weft_dataset *dataset, char *const *reasons, size_t listed,
    const weft__cache_key *key, weft_context *context);

#endif
