/* What lies in a folder of classes: names, sizes and times, no content. */
#ifndef WEFT_DATA_LISTING_H
#define WEFT_DATA_LISTING_H

#include "core/digest.h"
#include "core/text.h"
#include "weft/dataset.h"

typedef struct weft__listed {
    size_t path; /* "CLASS/file" begins here in the listing's text */
    size_t file; /* and its "file" here */
    uint16_t label;
    uint64_t size;
    int64_t modified; /* nanoseconds since 1970 */
} weft__listed;

/* The files of one split. They are in the order of their own names, then of their classes:
 * pictures that were written out by number come back in that order, whatever their class.
 * Zero-initialised is empty. */
typedef struct weft__listing {
    char *folder;
    weft__text text; /* the paths, each ended by NUL */
    weft__listed *items;
    size_t count, capacity;
    size_t hidden; /* files and folders whose names begin with a dot: left out */
} weft__listing;

void weft__listing_clear(weft__listing *listing);

/* Whether `folder` is one with a visible folder in it. */
bool weft__has_folder(const char *folder);

/* The visible folders in `folder`, in bytewise order; freed by weft__class_names_free.
 * *hidden counts what was left out. */
WEFT_MUST weft_status weft__list_folders(
    char ***names, size_t *count, size_t *hidden, const char *folder);

/* Lists `folder`/CLASS/... for each of the classes; a class's folder may be missing. */
WEFT_MUST weft_status weft__list_files(
    weft__listing *out, const char *folder, char *const *classes, size_t count);

/* Keeps at most `limit` files (0: all), evenly over the classes. */
WEFT_MUST weft_status weft__listing_limit(
    weft__listing *listing, size_t classes, size_t limit);

/* Adds the paths, sizes and times of all files. */
void weft__listing_digest(const weft__listing *listing, weft__digest *digest);

#endif
