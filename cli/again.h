/* The command line that makes the same again. */
#ifndef WEFT_CLI_AGAIN_H
#define WEFT_CLI_AGAIN_H

#include "command.h"

/* What was given, wherever it stood, quoted for a shell; --out is left out. Freed by the
 * caller with free(). */
WEFT_MUST weft_status again(char **out, const struct call *call);

#endif
