#include "data/resized.h"

#include <string.h>

#include "core/mem.h"
#include "core/team.h"
#include "data/dataset.h"
#include "data/resize.h"

struct scaling {
    const weft_dataset *from;
    weft_dataset *to;
};

static weft_status scale_some(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    const struct scaling *s = arg;
    size_t from = weft_shape_bytes(s->from->recipe.shape);
    size_t to = weft_shape_bytes(s->to->recipe.shape);
    for (size_t i = begin; i < end; i++)
        WEFT_TRY(weft__resize(s->to->pixels + i * to, &s->to->recipe,
            s->from->pixels + i * from, s->from->recipe.shape));
    return WEFT_OK;
}

weft_status weft__dataset_resized(
    weft_dataset **out, const weft_dataset *from, weft_shape shape, weft_context *context)
{
    const weft_recipe recipe = {.shape = shape, .fit = WEFT_FIT_STRETCH};
    struct scaling s = {.from = from};
    WEFT_TRY(weft__dataset_reserve(&s.to, &recipe, from->count, from->classes,
        (const char *const *)from->class_names));
    if (from->labels)
        memcpy(s.to->labels, from->labels, from->count * sizeof *from->labels);
    weft_status status = weft__parallel(
        context, from->count, 64, scale_some, &s, "scaling pictures down", "pictures");
    if (status != WEFT_OK)
        weft_dataset_free(s.to);
    else
        *out = s.to;
    return status;
}
