/* Pictures unlike those that a model learnt from, as commands tell of them. */
#ifndef WEFT_CLI_UNKNOWN_H
#define WEFT_CLI_UNKNOWN_H

#include <jansson.h>

#include "command.h"

/* A score for each picture of the view, freed with free(); NULL where the model has not
 * learnt what is unlike training. */
WEFT_MUST weft_status unknown_find(weft_novelty **out, const weft_classifier *model,
    const weft_view *view, const float *probabilities, weft_context *context);
/* What a picture is said to be: class `best`, or "unknown". `found` NULL: no score. */
const char *unknown_or_class(
    const weft_classifier *model, const weft_novelty *found, size_t best);

/* The columns behind a line of predict's CSV: ",unlike,nearest", the classes joined by |.
 */
void unknown_print_csv(const weft_classifier *model, const weft_novelty *found, int digits);
/* Adds "unlike" and "nearest" to an object. */
void unknown_add_json(
    json_t *line, const weft_classifier *model, const weft_novelty *found, double score);

/* Measures how well scores tell `view` from every picture of the data set at `where`, of
 * which the test split is opened. */
WEFT_MUST weft_status unknown_measure(weft_novelty_figures *out,
    const weft_classifier *model, const weft_view *view, const char *where,
    const weft_load_options *load, weft_context *context);

#endif
