/* A network's forward pass over any number of pictures. */
#ifndef WEFT_NN_PREDICT_H
#define WEFT_NN_PREDICT_H

#include "nn/batch.h"
#include "nn/loss.h"
#include "nn/plan.h"

/* Pictures a batch when predicting many. */
enum { WEFT__PREDICT_BATCH = 256 };

/* Writes the view's logits, count x classes, with a plan made for prediction. The plan's
 * compute weights are made anew from its parameters where `prepare`. */
WEFT_MUST weft_status weft__predict_logits(weft__plan *plan, const weft_view *view,
    const weft__normalisation *normalisation, bool prepare, float *logits,
    weft_context *context);

/* The same for what lies in another f32 buffer of the plan after the forward pass: its row
 * for each picture. */
WEFT_MUST weft_status weft__predict_rows(weft__plan *plan, int buffer,
    const weft_view *view, const weft__normalisation *normalisation, bool prepare,
    float *rows, weft_context *context);

#endif
