#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "data/dataset.h"

static weft_status check_alike(const weft_dataset *train, const weft_dataset *other)
{
    weft_shape a = train->recipe.shape, b = other->recipe.shape;
    if (a.height != b.height || a.width != b.width || a.channels != b.channels)
        return weft_fail(WEFT_EINVAL,
            "pictures of %ux%ux%u cannot be pooled with training pictures of %ux%ux%u",
            b.height, b.width, b.channels, a.height, a.width, a.channels);
    if (!train->labels || !other->labels || train->classes != other->classes)
        return weft_fail(WEFT_EINVAL,
            "%zu classes cannot be pooled with the training pictures' %zu", other->classes,
            train->classes);
    for (size_t c = 0; c < train->classes; c++)
        if (strcmp(train->class_names[c], other->class_names[c]) != 0)
            return weft_fail(WEFT_EINVAL,
                "class %zu is '%s' in one split and '%s' in another: they cannot be pooled",
                c, train->class_names[c], other->class_names[c]);
    return WEFT_OK;
}

weft_status weft_data_pool(weft_dataset **out, const weft_data *data)
{
    const weft_dataset *parts[3] = {data->train};
    size_t part_count = 1, count = 0;
    if (data->validation)
        parts[part_count++] = data->validation;
    if (data->test)
        parts[part_count++] = weft_test_open(data->test).data;
    for (size_t p = 0; p < part_count; p++) {
        WEFT_TRY(check_alike(parts[0], parts[p]));
        count += parts[p]->count;
    }
    weft_dataset *pooled;
    WEFT_TRY(weft__dataset_reserve(&pooled, &parts[0]->recipe, count, parts[0]->classes,
        (const char *const *)parts[0]->class_names));
    size_t bytes = weft_shape_bytes(parts[0]->recipe.shape), at = 0;
    for (size_t p = 0; p < part_count; at += parts[p++]->count) {
        if (parts[p]->count == 0)
            continue;
        memcpy(pooled->pixels + at * bytes, parts[p]->pixels, parts[p]->count * bytes);
        memcpy(pooled->labels + at, parts[p]->labels,
            parts[p]->count * sizeof *pooled->labels);
    }
    *out = pooled;
    return WEFT_OK;
}
