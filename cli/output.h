/* What commands print and where they may write. */
#ifndef WEFT_CLI_OUTPUT_H
#define WEFT_CLI_OUTPUT_H

#include <jansson.h>

#include "weft/status.h"

/* Prints `value`, consumed, on stdout. */
WEFT_MUST weft_status output_json(json_t *value);

/* A file's name as JSON: names are bytes, and what is no UTF-8 in them becomes '?'. */
json_t *output_name(const char *name);

/* Fails now where writing the file would fail
 * after hours of work. */
WEFT_MUST weft_status output_check_file(const char *path);
/* The same for a folder that is to be new, or is empty. */
WEFT_MUST weft_status output_check_new_folder(const char *path);

#endif
