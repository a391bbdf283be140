/* The folder that a command fills: a new one. */
#ifndef WEFT_CLI_FOLDER_H
#define WEFT_CLI_FOLDER_H

#include <stdbool.h>

#include "weft/status.h"

struct folder {
    char *path; /* owned */
    bool made;  /* it was made here, to keep its name */
};

/* `out` as the command line gave it, which must be missing or empty, or with NULL
 * runs/NAME, numbered where that is taken. */
WEFT_MUST weft_status folder_choose(
    struct folder *folder, const char *out, const char *name);
/* Removes a folder that was made here and has stayed empty. Of zeros: nothing. */
void folder_clear(struct folder *folder);

#endif
