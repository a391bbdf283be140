/* Where a training's results and its checkpoint go. */
#ifndef WEFT_CLI_PLACE_H
#define WEFT_CLI_PLACE_H

#include "command.h"

struct place {
    char *model;      /* the model's file; NULL: a run's folder */
    char *folder;     /* NULL: a model's file */
    char *checkpoint; /* MODEL.checkpoint, or a file in the folder */
    bool made;        /* the folder was made here, to keep its name */
};

/* Chooses from `out` as the command line gave it, NULL meaning runs/NAME. An unfinished
 * run that is there is only taken up with `resume`. */
WEFT_MUST weft_status place_choose(
    struct place *place, const char *out, const char *name, bool resume);
/* Whether the checkpoint is there. */
bool place_unfinished(const struct place *place);
/* Removes the checkpoint, and the folder when that was all it held. */
void place_remove_checkpoint(const struct place *place);
/* Removes the folder that was made where it has stayed empty. */
void place_clear(struct place *place);

#endif
