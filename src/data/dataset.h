/* The inside of a dataset, for whoever fills one. After that it never changes. */
#ifndef WEFT_DATA_DATASET_H
#define WEFT_DATA_DATASET_H

#include <stdatomic.h>

#include "core/digest.h"
#include "weft/dataset.h"

/* A file that should have been a picture and could not be read. */
typedef struct weft__skipped {
    char *path, *reason; /* owned */
} weft__skipped;

struct weft_dataset {
    weft_recipe recipe; /* recipe.shape is the pictures' */
    size_t count, classes;
    uint8_t *pixels;    /* count x height x width x channels; owned, or within mapping */
    uint16_t *labels;   /* count, or NULL when unlabelled; owned */
    char **class_names; /* classes, owned */

    void *mapping; /* the mapped cache file that pixels lie in, or NULL */
    size_t mapping_size;

    uint32_t *stored; /* picture i's number in source; NULL: i; owned */
    char *source;     /* a file or folder, or NULL; owned */
    char *paths;      /* each picture's path below source, NUL-terminated, back to back */
    size_t *path_at;  /* where in `paths` picture i's begins, or NULL: source[stored[i]];
                         owned */

    weft__skipped *skipped; /* owned */
    size_t skipped_count, skipped_capacity;

    atomic_int digested; /* what weft_dataset_digest has done so far */
    char digest[WEFT__DIGEST_TEXT];
};

/* Sides from 1 to WEFT_MAX_SIDE, 1 or 3 channels, a known fit. */
WEFT_MUST weft_status weft__check_recipe(const weft_recipe *recipe);

/* Checks recipe, count and classes and makes a dataset whose pixels are not yet set and
 * whose labels are 0; classes 0: no labels. `names` are copied; NULL: "0", "1", ... */
WEFT_MUST weft_status weft__dataset_reserve(weft_dataset **out, const weft_recipe *recipe,
    size_t count, size_t classes, const char *const *names);
/* The same without memory for the pixels, for a caller that has or will find them. */
WEFT_MUST weft_status weft__dataset_describe(weft_dataset **out, const weft_recipe *recipe,
    size_t count, size_t classes, const char *const *names);

/* Remembers a file that could not be read; both texts are copied. */
WEFT_MUST weft_status weft__dataset_skip(
    weft_dataset *dataset, const char *path, const char *reason);

/* Takes the dataset, also on failure. */
WEFT_MUST weft_status weft__test_create(weft_test **out, weft_dataset *dataset);
void weft__test_free(weft_test *test); /* NULL-safe */
/* The pictures, without counting an opening: for moving and checking data only. */
const weft_dataset *weft__test_data(const weft_test *test);

#endif
