/* Features from another model: the embedding of a fitted network, which goes along in the
 * model file that uses it. */
#include <stdlib.h>
#include <string.h>

#include "classic/features.h"
#include "core/file.h"
#include "core/mem.h"
#include "model/family.h"

static const size_t LARGEST_MODEL = (size_t)4 << 30;
static const char ARRAY[] = "features.model";

struct state {
    weft_classifier *model; /* owned */
    uint8_t *bytes;         /* the file that it came from, owned */
    size_t size;
};

static void free_state(void *state)
{
    struct state *s = state;
    if (!s)
        return;
    weft_classifier_free(s->model);
    free(s->bytes);
    free(s);
}

/* Whether the arrays are of a family with embeddings. Asked before they are loaded: a model
 * inside a model inside a model would be loaded as deep as a hostile file likes. */
static bool of_embedding_family(const weft__tensors *tensors)
{
    const char *name = weft__tensors_get(tensors, "weft.family");
    for (const weft__family *const *family = weft__families; name && *family; family++)
        if (strcmp((*family)->name, name) == 0)
            return (*family)->embed != NULL;
    return false;
}

/* Reads s->bytes, which pictures of `shape` are to go through. */
static weft_status open_model(struct state *s, const char *where, weft_shape shape)
{
    weft__tensors tensors;
    WEFT_TRY(weft__tensors_parse(&tensors, where, s->bytes, s->size));
    weft_status status = WEFT_OK;
    if (of_embedding_family(&tensors))
        status = weft__classifier_from_tensors(&s->model, &tensors);
    weft__tensors_clear(&tensors);
    WEFT_TRY(status);
    if (!s->model || weft_classifier_embedding_size(s->model) == 0)
        return weft_fail(WEFT_EUNSUPPORTED,
            "%s: features=model needs a network that ends in a dense layer", where);
    weft_shape wants = weft_classifier_recipe(s->model).shape;
    if (wants.height != shape.height || wants.width != shape.width ||
        wants.channels != shape.channels)
        return weft_fail(WEFT_EINVAL, "%s: takes pictures of %ux%ux%u, these are %ux%ux%u",
            where, wants.height, wants.width, wants.channels, shape.height, shape.width,
            shape.channels);
    return WEFT_OK;
}

static weft_status fit(
    void **state, const char *path, const weft_view *train, weft_context *context)
{
    (void)context;
    struct state *s;
    if (!path || !*path)
        return weft_fail(
            WEFT_EINVAL, "features=model: expected model:PATH of a weft model");
    WEFT_TRY(weft__calloc(&s, 1, sizeof *s, "features"));
    *state = s;
    WEFT_TRY(weft__file_read(path, LARGEST_MODEL, &s->bytes, &s->size));
    return open_model(s, path, weft_dataset_shape(train->data));
}

static size_t dims(const void *state, weft_shape shape)
{
    (void)shape;
    return weft_classifier_embedding_size(((const struct state *)state)->model);
}

static weft_status apply(
    const void *state, const weft_view *view, float *floats, weft_context *context)
{
    return weft_classifier_embed(
        ((const struct state *)state)->model, view, floats, context);
}

static weft_status save(const void *state, weft__tensors *tensors)
{
    const struct state *s = state;
    return weft__tensors_add(tensors, ARRAY, WEFT__U8, 1, (size_t[]){s->size}, s->bytes);
}

static weft_status load(void **state, const weft__tensors *tensors, weft_shape shape)
{
    const weft__tensor *found;
    struct state *s;
    WEFT_TRY(weft__tensors_need(tensors, ARRAY, WEFT__U8, 1, (size_t[]){SIZE_MAX}, &found));
    WEFT_TRY(weft__calloc(&s, 1, sizeof *s, "features"));
    *state = s;
    WEFT_TRY(weft__alloc(&s->bytes, found->bytes, 1, "a model"));
    memcpy(s->bytes, found->data, found->bytes);
    s->size = found->bytes;
    return open_model(s, tensors->path, shape);
}

extern const weft__feature_kind weft__features_model;
const weft__feature_kind weft__features_model = {
    .name = "model",
    .fit = fit,
    .dims = dims,
    .apply = apply,
    .save = save,
    .load = load,
    .free = free_state,
};
