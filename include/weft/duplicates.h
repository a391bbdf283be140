/* weft/duplicates.h: the same picture more than once, also turned a little, rescaled or
 * recompressed, within and across splits.
 *
 *     weft_duplicates *found;
 *     WEFT_TRY(weft_duplicates_find(&found, &data, NULL, context));
 *     for (size_t i = 0; i < weft_duplicates_count(found); i++)
 *         use(weft_duplicates_group(found, i));
 *     weft_duplicates_free(found);
 *
 * Exact copies are those with the same SHA-256 of their pixels. The others are found in
 * three steps:
 * - a picture is described by the 35 lowest frequencies of its cosine transform, brightness
 *   left out, at length 1, as perceptual hashes do before they round to bits;
 * - all pairs are compared by the distance to which one of them, turned, could come nearer
 *   (tangent distance: Simard, LeCun and Denker, "Efficient pattern recognition using a new
 *   transformation distance", 1993); each picture keeps its nearest few;
 * - these are laid over each other by the rotation, scale and shift that fit best (inverse
 *   compositional alignment: Baker and Matthews, "Lucas-Kanade 20 years on", 2004), and are
 *   copies when their similarity then reaches the threshold.
 *
 * The similarity of two pictures is Lin's concordance correlation of their pixels (1989):
 * 1 for equal ones, less for whatever differs, brightness and contrast included. Test
 * pictures are compared, but the test split is not opened: nothing here can choose a
 * model. */
#ifndef WEFT_DUPLICATES_H
#define WEFT_DUPLICATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weft/context.h"
#include "weft/dataset.h"
#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weft_split {
    WEFT_SPLIT_TRAIN,
    WEFT_SPLIT_VALIDATION,
    WEFT_SPLIT_TEST,
    WEFT_SPLITS
} weft_split;

/* "train", "validation", "test". */
WEFT_API const char *weft_split_name(weft_split split);

typedef struct weft_duplicates_options {
    /* From here on pictures are copies: 0.5 to 1; 1: exact ones alone. 0: chosen from the
     * data, 0.985 to 0.997, the higher the more strangers resemble each other. */
    double similarity;
} weft_duplicates_options;

WEFT_API weft_duplicates_options weft_duplicates_defaults(void);

/* One picture of a group. */
typedef struct weft_duplicate {
    weft_split split;
    uint32_t index; /* in the split's dataset */
    uint16_t label;
    double similarity; /* to the most similar other of the group; 1: the same pixels */
} weft_duplicate;

/* Pictures that are copies of each other, two at least, by split and index: each with the
 * one that is most similar to it, and with the most similar one of another split. Two of a
 * group may be alike only by way of a third. */
typedef struct weft_duplicate_group {
    const weft_duplicate *pictures; /* borrowed */
    size_t count;
    bool exact;        /* all have the same pixels */
    bool across;       /* in more than one split */
    bool conflict;     /* with more than one label */
    double similarity; /* of the two most similar */
} weft_duplicate_group;

typedef struct weft_duplicates weft_duplicates;

/* `options` NULL: the defaults. The work grows with the square of the number of pictures:
 * 70,000 take a few seconds. The result does not depend on the number of threads. */
WEFT_API WEFT_MUST weft_status weft_duplicates_find(weft_duplicates **out,
    const weft_data *data, const weft_duplicates_options *options, weft_context *context);
WEFT_API void weft_duplicates_free(weft_duplicates *duplicates); /* NULL-safe */

/* The threshold that was used. */
WEFT_API double weft_duplicates_similarity(const weft_duplicates *duplicates);
/* Groups, the worst first: across splits with different labels, then either, then neither;
 * of these the most similar. */
WEFT_API size_t weft_duplicates_count(const weft_duplicates *duplicates);
WEFT_API const weft_duplicate_group *weft_duplicates_group(
    const weft_duplicates *duplicates, size_t index);

#ifdef __cplusplus
}
#endif
#endif
