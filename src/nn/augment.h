/* Augmentation on the bytes, one picture at a time, by whichever thread needs it.
 *
 * What is drawn for a picture depends on the seed, the epoch and its place in the epoch's
 * order alone (alternate flips: on the picture, not the place), and each kind of change
 * has draws of its own, so that switching one on leaves the others as they were. Whole
 * numbers throughout: every processor makes the same bytes. */
#ifndef WEFT_NN_AUGMENT_H
#define WEFT_NN_AUGMENT_H

#include "nn/loss.h"
#include "weft/dataset.h"
#include "weft/preview.h"

/* One epoch's changes. */
typedef struct weft__augmenter {
    const weft_augmentation *options; /* borrowed */
    uint64_t seed, epoch;
} weft__augmenter;

/* A batch of the epoch: rows first to first + count of `order`, positions in the view. */
typedef struct weft__batch {
    const weft_view *view;
    const uint32_t *order;
    size_t first, count;
} weft__batch;

/* Flipped or not, then moved by whole pixels; outside the edge goes on, or with `reflect`
 * the picture is mirrored at its outermost pixels. */
typedef struct weft__move {
    int32_t dx, dy;
    bool flip, reflect;
} weft__move;

/* out = in, moved. */
void weft__move_picture(uint8_t *out, const uint8_t *in, weft_shape s, weft__move move);

/* Bytes of working memory that a thread needs for pictures of this shape. */
size_t weft__augment_scratch(weft_shape shape);

/* The bytes that row `row` of the batch learns from, and what it should give. Row i is
 * mixed with row count - 1 - i; `a` of the target has the larger share. Borrowed: in
 * `scratch` or, where nothing changes, in the dataset. */
const uint8_t *weft__augmented_row(weft__target *target, const weft__augmenter *augmenter,
    const weft__batch *batch, size_t row, uint8_t *scratch);

#endif
