/* weft train --lr-find: learning rates tried in turn. */
#ifndef WEFT_CLI_LR_FIND_H
#define WEFT_CLI_LR_FIND_H

#include "command.h"

/* Writes the curve to `out`, CSV; "lr-find.csv" when NULL; and prints what it says. */
WEFT_MUST weft_status lr_find(struct call *call, const weft_view *train, const char *out);

#endif
