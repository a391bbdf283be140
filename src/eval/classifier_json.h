/* A classifier's options and history as JSON, as every record shows them. */
#ifndef WEFT_EVAL_CLASSIFIER_JSON_H
#define WEFT_EVAL_CLASSIFIER_JSON_H

#include <jansson.h>

#include "weft/classifier.h"

/* An object of every option, each in the JSON type it has. */
json_t *weft__options_json(const weft_classifier *classifier);

/* An object of columns with Keras' names, an array each; a column that was never measured
 * is left out. */
json_t *weft__history_json(const weft_epoch *epochs, size_t count);

#endif
