/* What data holds, as text and JSON; shared by weft_data_text and weft_check_text. */
#ifndef WEFT_DATA_DESCRIBE_H
#define WEFT_DATA_DESCRIBE_H

#include <jansson.h>

#include "core/text.h"
#include "weft/dataset.h"

/* The splits that are there, in the order of WEFT__TRAIN..., NULL where there is none. */
void weft__data_splits(const weft_dataset **splits, const weft_data *data);

/* Pictures of each class, owned by the caller; dataset->classes numbers. */
WEFT_MUST weft_status weft__class_counts(size_t **out, const weft_dataset *dataset);

WEFT_MUST weft_status weft__data_describe(weft__text *text, const weft_data *data);
/* These give NULL when memory is exhausted. */
json_t *weft__data_describe_json(const weft_data *data);

/* Names and paths may be any bytes; what is no UTF-8 becomes '?'. */
json_t *weft__json_name(const char *name);
json_t *weft__json_names(char *const *names, size_t count);
/* Consumes `json`; NULL is WEFT_ENOMEM. */
WEFT_MUST weft_status weft__json_dump(char **out, json_t *json);

#endif
