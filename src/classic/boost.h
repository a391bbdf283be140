/* What forest.c asks of boosting. */
#ifndef WEFT_CLASSIC_BOOST_H
#define WEFT_CLASSIC_BOOST_H

#include "weft/classifier.h"

/* As weft_forest_importance; NULL when the classifier is not boosted trees. */
const float *weft__boost_importance(const weft_classifier *classifier, size_t *count);

#endif
