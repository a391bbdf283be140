/* What weft similar says of what it found. */
#ifndef WEFT_CLI_SIMILAR_OUTPUT_H
#define WEFT_CLI_SIMILAR_OUTPUT_H

#include "command.h"
#include "weft/similar.h"

/* All borrowed. */
struct similar_answer {
    const weft_dataset *catalogue;
    weft_view queries;
    const weft_index *index;
    const weft_similar *found;
    const weft_retrieval *retrieval; /* NULL: not evaluated */
    const char *folder;              /* that was exported to; NULL: none */
    bool listed;                     /* every query with what is like it */
    double index_seconds, seconds;   /* of the index, and of the search alone */
};

WEFT_MUST weft_status similar_print(
    const struct similar_answer *answer, const struct call *call);

#endif
