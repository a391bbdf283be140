/* weft/forest.h: what random forests, extra-trees and boosted trees tell beyond
 * probabilities. */
#ifndef WEFT_FOREST_H
#define WEFT_FOREST_H

#include <stddef.h>

#include "weft/classifier.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How much each feature has to do with the answer: its share of the decrease of impurity
 * (forests) or of loss (boosting) over all trees; the shares sum to 1, or are all 0 where
 * no tree has a cut. *count is the number of features: for pixels height x width x
 * channels, laid out as a picture. NULL for an unfitted classifier and for families without
 * trees. Borrowed until the next fit. */
WEFT_API const float *weft_forest_importance(
    const weft_classifier *classifier, size_t *count);

/* Accuracy on the training pictures, each judged by the trees that did not see it
 * (Breiman 2001). NaN without bootstrap, or when no picture was ever left out. */
WEFT_API double weft_forest_out_of_bag(const weft_classifier *classifier);

#ifdef __cplusplus
}
#endif
#endif
