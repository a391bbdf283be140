/* What a model keeps to tell what is unlike its training pictures. */
#ifndef WEFT_MODEL_NOVELTY_H
#define WEFT_MODEL_NOVELTY_H

#include "model/normal.h"
#include "weft/novelty.h"

/* What is looked at: the embedding, the pixels, how sure the classifier is. */
enum { WEFT__NOVELTY_EMBEDDING, WEFT__NOVELTY_PIXELS, WEFT__NOVELTY_DOUBT };
enum { WEFT__NOVELTY_PARTS = 3, WEFT__NOVELTY_POINTS = 2 /* that have distances */ };

typedef struct weft__novelty {
    double rate, threshold; /* of the joined score */
    /* Logarithms of a part's median and 95th percentile on held-out pictures. */
    struct {
        double middle, far;
    } scale[WEFT__NOVELTY_PARTS];
    weft__normal normal[WEFT__NOVELTY_POINTS]; /* dims 0: the part is not there */
} weft__novelty;

void weft__novelty_free(weft__novelty *novelty); /* NULL-safe */

/* Arrays novelty.*, metadata weft.novelty; nothing where there is none. */
WEFT_MUST weft_status weft__novelty_save(
    const weft_classifier *classifier, weft__tensors *tensors);
WEFT_MUST weft_status weft__novelty_load(
    weft_classifier *classifier, const weft__tensors *tensors);

#endif
