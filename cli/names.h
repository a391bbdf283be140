/* The picture files that arguments stand for. */
#ifndef WEFT_CLI_NAMES_H
#define WEFT_CLI_NAMES_H

#include <stddef.h>

#include "weft/status.h"

/* Zero-initialised is empty. Owns everything. */
struct names {
    char **items;
    size_t count, capacity;
};

/* A file is added as it is; a folder with every picture below it, sorted bytewise, hidden
 * ones left out; "-" with the lines of standard input. */
WEFT_MUST weft_status names_add(struct names *names, const char *argument);
void names_clear(struct names *names);

#endif
