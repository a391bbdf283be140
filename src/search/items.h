/* Which pictures show one item, so that a search may pass over what is not news. */
#ifndef WEFT_SEARCH_ITEMS_H
#define WEFT_SEARCH_ITEMS_H

#include "weft/similar.h"

/* Numbers of items: of the catalogue's pictures, then, where `others` is not NULL, of the
 * pictures of that dataset. *out has a number for each, owned by the caller. */
WEFT_MUST weft_status weft__items(uint32_t **out, const weft_dataset *catalogue,
    const weft_dataset *others, const weft_similar_options *options, weft_context *context);

#endif
