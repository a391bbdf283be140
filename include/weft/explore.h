/* weft/explore.h: what a data set looks like, before anything learns from it.
 *
 *     weft_exploration *exploration;
 *     WEFT_TRY(weft_explore(&exploration, &data, NULL, context));
 *     WEFT_TRY(weft_exploration_page("explore.html", exploration));
 *     weft_exploration_free(exploration);
 *
 * Pictures per class and split; sizes of the files as found; how often each pixel value
 * occurs; the mean picture of each class and its spread; the first pictures of each class
 * and random ones; principal components; which classes lie near each other; the same
 * picture more than once. Of the test split only numbers of pictures, sizes and copies are
 * looked at: everything else is of the training split. */
#ifndef WEFT_EXPLORE_H
#define WEFT_EXPLORE_H

#include <stddef.h>
#include <stdint.h>

#include "weft/context.h"
#include "weft/dataset.h"
#include "weft/duplicates.h"
#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weft_exploration weft_exploration;

typedef struct weft_explore_options {
    uint64_t seed;       /* what is drawn by chance depends on this alone */
    double similarity;   /* as in weft_duplicates_options */
    const char *source;  /* what the data is called; NULL: nothing */
    const char *command; /* that makes the same again; NULL: nothing */
} weft_explore_options;

WEFT_API weft_explore_options weft_explore_defaults(void);

/* `options` NULL: the defaults. The data is borrowed and must outlive the exploration. */
WEFT_API WEFT_MUST weft_status weft_explore(weft_exploration **out, const weft_data *data,
    const weft_explore_options *options, weft_context *context);
WEFT_API void weft_exploration_free(weft_exploration *exploration); /* NULL-safe */

/* Borrowed. */
WEFT_API const weft_duplicates *weft_exploration_duplicates(
    const weft_exploration *exploration);

/* At most 80 columns of text, or JSON. Freed by the caller with free(). */
WEFT_API WEFT_MUST weft_status weft_exploration_text(
    char **out, const weft_exploration *exploration);
WEFT_API WEFT_MUST weft_status weft_exploration_json(
    char **out, const weft_exploration *exploration);
/* Writes one HTML file that opens offline and stays under 10 MB, whole or not at all. */
WEFT_API WEFT_MUST weft_status weft_exploration_page(
    const char *path, const weft_exploration *exploration);
/* Makes a folder, which must be new or empty, with explore.html and explore.json. */
WEFT_API WEFT_MUST weft_status weft_exploration_save(
    const char *folder, const weft_exploration *exploration);

#ifdef __cplusplus
}
#endif
#endif
