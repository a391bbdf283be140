/* What a classifier sees of pictures, as points of length 1. */
#ifndef WEFT_SEARCH_SEEN_H
#define WEFT_SEARCH_SEEN_H

#include "weft/classifier.h"

/* "embedding": a network's layer before the last; "features": what another classifier was
 * fitted on; "pixels": neither, and pictures are seen as they are. */
const char *weft__seen_kind(const weft_classifier *classifier);
/* Numbers a picture. */
size_t weft__seen_dims(const weft_classifier *classifier);

/* Writes view->count x dims numbers; a row is of length 1, or 0 throughout where there is
 * nothing to see. The classifier is fitted and the view of its shape, else WEFT_EINVAL;
 * WEFT_ENUMERIC for what is not finite. */
WEFT_MUST weft_status weft__seen_points(float *points, const weft_classifier *classifier,
    const weft_view *view, weft_context *context);

/* The inner product in double precision; the same for (b, a). */
double weft__seen_product(const float *a, const float *b, size_t dims);

#endif
