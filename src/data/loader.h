/* What every loader implements, and what loaders share.
 *
 * A loader is one file with its table and one line in load.c. Those whose pictures are
 * stored as plain bytes (IDX, CSV, drawn ones) fill a weft__parts and leave the rest to
 * weft__parts_finish. */
#ifndef WEFT_DATA_LOADER_H
#define WEFT_DATA_LOADER_H

#include <stdbool.h>

#include "weft/dataset.h"

typedef struct weft__loader {
    /* Whether `where` is this loader's, from a look at names alone. */
    bool (*recognise)(const char *where);
    /* *out is cleared on entry; what it holds after a failure is freed by the caller. */
    weft_status (*load)(weft_data *out, const char *where, const weft_load_options *options,
        weft_context *context);
} weft__loader;

extern const weft__loader weft__named_loader, weft__idx_loader, weft__csv_loader,
    weft__folder_loader, weft__synth_loader;

/* The places of a weft_data, in its order. */
enum { WEFT__TRAIN, WEFT__VALIDATION, WEFT__TEST, WEFT__SPLITS };
extern const char *const weft__split_names[WEFT__SPLITS]; /* "train", ... */

/* One split as it was stored. Owns its arrays; NULL pixels: there is none. */
typedef struct weft__part {
    char *source;     /* the file, for messages and origins */
    uint8_t *pixels;  /* count x shape */
    uint16_t *labels; /* count */
    uint32_t *stored; /* each picture's number in the file, or NULL: 0, 1, ... */
    size_t count;
    weft_shape shape;
} weft__part;

typedef struct weft__parts {
    weft__part part[WEFT__SPLITS];
    char **names;   /* class names; owned; NULL: "0", "1", ... */
    size_t classes; /* how many names there are */
} weft__parts;

void weft__parts_clear(weft__parts *parts);

/* Reads class names, one a line, from `folder`/class-names.txt; leaves *names NULL when
 * there is no such file. */
WEFT_MUST weft_status weft__class_names_read(
    char ***names, size_t *count, const char *folder);
void weft__class_names_free(char **names, size_t count);
/* Copies Fashion-MNIST's ten names. */
WEFT_MUST weft_status weft__class_names_fashion(char ***names, size_t *count);

/* Checks that the parts agree and every class occurs in train, applies limit, size and
 * channels, and makes the datasets. Takes the parts' arrays, also on failure. */
WEFT_MUST weft_status weft__parts_finish(weft_data *out, weft__parts *parts,
    const weft_load_options *options, weft_context *context);

/* Chooses at most `limit` of the pictures (0: all), evenly over the classes and the first
 * ones of each, in order. Writes their positions to `index`, room for count. */
WEFT_MUST weft_status weft__limit(uint32_t *index, size_t *chosen, const uint16_t *labels,
    size_t count, size_t classes, size_t limit);

#endif
