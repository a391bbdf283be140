/* A network's named sizes: the line `sizes filters=32 hidden=128` in its text, which its
 * layers refer to as in `conv {filters}` or `conv {filters*2}`. */
#ifndef WEFT_NN_SIZES_H
#define WEFT_NN_SIZES_H

#include <stddef.h>
#include <stdint.h>

#include "weft/status.h"

enum { WEFT__MOST_SIZES = 32, WEFT__SIZE_NAME = 32, WEFT__LARGEST_SIZE = 1 << 20 };

typedef struct weft__size {
    char name[WEFT__SIZE_NAME];
    uint64_t value;
} weft__size;

typedef struct weft__sizes {
    weft__size items[WEFT__MOST_SIZES];
    size_t count;
} weft__sizes;

/* Reads "filters=32 hidden=128"; commas part as spaces do. */
WEFT_MUST weft_status weft__sizes_read(weft__sizes *out, const char *text);

/* Writes `item` to `out` with what stands in braces replaced by its value: names and whole
 * numbers with * and / between them, from left to right. */
WEFT_MUST weft_status weft__sizes_expand(
    const weft__sizes *sizes, const char *item, char *out, size_t size);

/* A copy of a network's text, owned by the caller, whose line `sizes` has the values that
 * `changes` gives instead of its own; NULL or "": none. `where` names the text. */
WEFT_MUST weft_status weft__sizes_change(
    char **out, const char *text, const char *changes, const char *where);

/* The line `sizes` without its first word, owned by the caller; "" where there is none. */
WEFT_MUST weft_status weft__sizes_find(char **out, const char *text);

#endif
