/* How long a fit may take, for the time left; only src/eval includes this. */
#ifndef WEFT_EVAL_GUESS_H
#define WEFT_EVAL_GUESS_H

#include "weft/classifier.h"

/* Seconds, in the mutual proportion that they have on two cores of an AMD EPYC (Zen 5):
 * nothing but a guess, which the time that the first fits take corrects. */
double weft__guess_seconds(
    const weft_classifier *classifier, const weft_view *train, weft_context *context);

#endif
