/* One run as JSON, from which its page, the difference of two and the export are made; only
 * src/store includes this. */
#ifndef WEFT_STORE_STORED_H
#define WEFT_STORE_STORED_H

#include <jansson.h>

#include "store/store.h"

/* Everything that is known of the run, as a new object. WEFT_ENOTFOUND names the store. */
WEFT_MUST weft_status weft__stored_json(json_t **out, weft_store *store, int64_t run);

/* A new object whose values are the object's that are neither objects nor arrays, also of
 * objects in it, under names like "figures.test.accuracy". */
json_t *weft__flat_json(const json_t *object);

/* The value as text, "" for null. A real is as short as it can be. */
const char *weft__flat_text(const json_t *value, char *text, size_t size);

/* The object's text, the object consumed. */
WEFT_MUST weft_status weft__dump_json(char **out, json_t *json);

#endif
