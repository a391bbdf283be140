/* Evaluating a model on a view whose classes may be ordered otherwise, or be fewer. */
#ifndef WEFT_CLI_SCORE_H
#define WEFT_CLI_SCORE_H

#include "command.h"

/* Predicts the view and compares with its labels by class name: the data's class order
 * need not be the model's. WEFT_EINVAL for a class that the model does not know. */
WEFT_MUST weft_status score(weft_evaluation **out, const weft_classifier *model,
    const weft_view *view, weft_context *context);

#endif
