/* Pages: one HTML file each, holding everything it needs. */
#ifndef WEFT_REPORT_PAGE_H
#define WEFT_REPORT_PAGE_H

#include <jansson.h>

#include "weft/status.h"

/* Writes web/NAME.html to `path`, whole or not at all. Where the file says "@@x.html@@"
 * that file of web/ stands instead, read the same way; "@@x.css@@" and "@@x.js@@" are put
 * in as they are, "@@data@@" is `data` as JSON. What is put in is listed in meson.build. */
WEFT_MUST weft_status weft__page_write(
    const char *path, const char *name, const json_t *data);

#endif
