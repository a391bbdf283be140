/* Tables for LaTeX with booktabs; only src/eval includes this. */
#ifndef WEFT_EVAL_LATEX_H
#define WEFT_EVAL_LATEX_H

#include "core/text.h"

/* Appends `plain` so that LaTeX prints it; what controls a terminal or is no UTF-8 becomes
 * '?'. */
WEFT_MUST weft_status weft__latex_escape(weft__text *text, const char *plain);

/* The head of a table with these column letters ("lrr"), up to its first row. */
WEFT_MUST weft_status weft__latex_begin(weft__text *text, const char *columns);
WEFT_MUST weft_status weft__latex_end(weft__text *text);

#endif
