/* The inside of a cross-validation; only src/eval includes this. */
#ifndef WEFT_EVAL_CROSSVALIDATION_H
#define WEFT_EVAL_CROSSVALIDATION_H

#include <jansson.h>

#include "core/machine.h"
#include "weft/crossvalidation.h"

struct weft_crossvalidation {
    weft_view view; /* over a copy of the positions, or the whole dataset */
    uint32_t *index;
    weft_crossvalidation_options options; /* its texts owned here, groups NULL */
    char *source, *command, *name;        /* name: of the classifier */
    bool grouped;
    json_t *classifier_options;
    uint8_t *assignment; /* view.count */
    weft_fold *folds;    /* options.folds */
    weft_evaluation *evaluation;
    weft__machine machine;
    int threads;
    char began[32];
};

#endif
