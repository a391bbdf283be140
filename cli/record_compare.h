/* A comparison in the store: a run for the whole and a part for each classifier, whose
 * epochs and figures are written as they come. */
#ifndef WEFT_CLI_RECORD_COMPARE_H
#define WEFT_CLI_RECORD_COMPARE_H

#include "record.h"

/* Zeroed: nothing is recorded. */
struct compare_record {
    struct record whole;
    struct record *entries; /* count, in the order asked for; owned */
    size_t count;
    const weft_compare_options *options; /* borrowed, until the end */
};

/* Begins the run and has `options` tell of every step. */
WEFT_MUST weft_status compare_record_begin(struct compare_record *record,
    const struct store_options *store, struct call *call, const weft_data *data,
    size_t count, weft_compare_options *options);
/* As record_end; ends what parts are left with the same status. */
WEFT_MUST weft_status compare_record_end(struct compare_record *record, weft_status status);

#endif
