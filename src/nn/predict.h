/* A network's forward pass over any number of pictures. */
#ifndef WEFT_NN_PREDICT_H
#define WEFT_NN_PREDICT_H

#include "nn/batch.h"
#include "nn/loss.h"
#include "nn/plan.h"

/* Pictures a batch when predicting many. */
enum { WEFT__PREDICT_BATCH = 256 };

/* Views of a picture whose logits are averaged: itself; and its mirror image; and both
 * moved by a pixel up and left, and down and right, with half the weight (Jordan 2024, "94%
 * on CIFAR-10 in 3.29 seconds", section 3.5). In the order of the `views` option. */
typedef enum weft__views { WEFT__VIEWS_1, WEFT__VIEWS_2, WEFT__VIEWS_6 } weft__views;
#define WEFT__VIEWS_CHOICES "1|2|6"

/* What is asked of a pass. */
typedef struct weft__prediction {
    const weft_view *view;
    const weft__normalisation *normalisation;
    weft__views views;
    bool prepare; /* make the plan's compute weights anew from its parameters */
    int buffer;   /* whose f32 rows are wanted: the plan's logits, or another's */
} weft__prediction;

/* Writes each picture's row of the buffer, with a plan made for prediction. */
WEFT_MUST weft_status weft__predict_rows(
    weft__plan *plan, const weft__prediction *wanted, float *rows, weft_context *context);

#endif
