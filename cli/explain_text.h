/* What weft explain tells on a terminal. */
#ifndef WEFT_CLI_EXPLAIN_TEXT_H
#define WEFT_CLI_EXPLAIN_TEXT_H

#include "weft/explain.h"

/* Of one picture: its map in characters, and its evidence. Of a few: a line each. Of many:
 * a line for each class. At most 80 columns. */
void explain_print(const weft_explanation *explanation);

#endif
