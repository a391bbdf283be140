/* What web/ holds, embedded when weft was built. */
#ifndef WEFT_REPORT_ASSETS_H
#define WEFT_REPORT_ASSETS_H

#include <stddef.h>

typedef struct weft__asset {
    const char *name; /* "report.css" */
    const char *bytes;
    size_t size;
} weft__asset;

/* Ended by a NULL name. */
extern const weft__asset weft__assets[];

#endif
