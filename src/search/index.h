/* The inside of an index. */
#ifndef WEFT_SEARCH_INDEX_H
#define WEFT_SEARCH_INDEX_H

#include "weft/similar.h"

struct weft_index {
    const weft_classifier *classifier; /* borrowed */
    const weft_dataset *catalogue;     /* borrowed */
    size_t count, dims;
    const float *points; /* count x dims: made, or within mapping */
    float *made;         /* owned; NULL: mapped */
    void *mapping;       /* of the file; NULL: none */
    size_t mapping_size;
    char *path; /* owned; NULL: not kept */
};

#endif
