/* Which test pictures a report shows for each classifier. */
#ifndef WEFT_REPORT_MISTAKES_H
#define WEFT_REPORT_MISTAKES_H

#include "eval/compare.h"
#include "report/gallery.h"

/* The views of a report's gallery. */
enum { WEFT__SHOWN_TRAIN, WEFT__SHOWN_TEST };

/* Fills the gallery with the most wrong pictures of every classifier and, round by round,
 * with one picture more of each cell of each confusion matrix. *out receives an array,
 * one object a finished classifier: {"worst": [[place, predicted, probability], ...],
 * "cells": {"truth-predicted": [[place, probability], ...]}}. */
WEFT_MUST weft_status weft__mistakes_json(
    json_t **out, const weft_comparison *comparison, weft__gallery *gallery);

#endif
