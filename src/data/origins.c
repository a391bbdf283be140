#include "data/origins.h"

#include <stdio.h>
#include <string.h>

#include "data/dataset.h"
#include "data/describe.h"
#include "data/loader.h"

/* What the split's origins begin with. */
static void source_of(char *text, const weft_dataset *d)
{
    const char *source = d->source ? d->source : "";
    snprintf(text, WEFT__ORIGIN, "%s%s", source, d->path_at && d->source ? "/" : "");
}

size_t weft__origins_shared(const weft_data *data)
{
    const weft_dataset *splits[WEFT__SPLITS];
    char first[WEFT__ORIGIN] = "", other[WEFT__ORIGIN];
    weft__data_splits(splits, data);
    for (int s = 0; s < WEFT__SPLITS; s++) {
        size_t n = 0;
        if (!splits[s])
            continue;
        source_of(other, splits[s]);
        if (!*first)
            memcpy(first, other, sizeof first);
        while (first[n] && first[n] == other[n])
            n++;
        first[n] = 0;
    }
    const char *slash = strrchr(first, '/');
    return slash ? (size_t)(slash - first) + 1 : 0;
}
