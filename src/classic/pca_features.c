/* Principal components as features. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classic/features.h"
#include "classic/pca.h"
#include "core/mem.h"
#include "core/text.h"

/* "50" is a number of components, "0.95" a share of the variance. */
static weft_status parse(const char *argument, weft_pca_options *options)
{
    uint64_t count;
    *options = (weft_pca_options){0};
    if (argument && weft__parse_count(argument, &count) && count > 0 && count <= SIZE_MAX) {
        options->components = (size_t)count;
        return WEFT_OK;
    }
    if (argument && weft__parse_real(argument, &options->variance) &&
        options->variance > 0 && options->variance <= 1)
        return WEFT_OK;
    return weft_fail(WEFT_EINVAL,
        "features=pca%s%s: expected pca:K with K components, or with a share of the "
        "variance such as pca:0.95",
        argument ? ":" : "", argument ? argument : "");
}

static weft_status fit(
    void **state, const char *argument, const weft_view *train, weft_context *context)
{
    weft_pca_options options;
    weft_pca *pca;
    WEFT_TRY(parse(argument, &options));
    WEFT_TRY(weft_pca_fit(&pca, train, &options, context));
    *state = pca;
    return WEFT_OK;
}

static size_t dims(const void *state, weft_shape shape)
{
    (void)shape;
    return weft_pca_count(state);
}

static weft_status apply(
    const void *state, const weft_view *view, float *floats, weft_context *context)
{
    return weft_pca_project(state, view, floats, context);
}

static void pull_back(const void *state, const float *by_feature, float *by_value)
{
    const weft_pca *pca = state;
    memset(by_value, 0, pca->dims * sizeof *by_value);
    for (size_t k = 0; k < pca->count; k++)
        for (size_t d = 0; d < pca->dims; d++)
            by_value[d] += by_feature[k] * pca->components[k * pca->dims + d];
}

static void restore(const void *state, const float *features, float *values)
{
    const weft_pca *pca = state;
    pull_back(state, features, values);
    for (size_t d = 0; d < pca->dims; d++)
        values[d] += pca->mean[d];
}

static weft_status save(const void *state, weft__tensors *tensors)
{
    const weft_pca *pca = state;
    WEFT_TRY(
        weft__tensors_add(tensors, "features.mean", WEFT__F32, 1, &pca->dims, pca->mean));
    WEFT_TRY(weft__tensors_add(tensors, "features.components", WEFT__F32, 2,
        (const size_t[]){pca->count, pca->dims}, pca->components));
    return weft__tensors_add(
        tensors, "features.explained", WEFT__F64, 1, &pca->count, pca->explained);
}

/* Mean pixels and elements of vectors of length 1, so that projections stay finite. */
static weft_status check_range(const char *name, const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabsf(values[i]) <= 1.01f))
            return weft_fail(WEFT_EFORMAT, "array '%s': value %zu is %g, expected -1 to 1",
                name, i, (double)values[i]);
    return WEFT_OK;
}

static weft_status fill(
    weft_pca *pca, const weft__tensors *tensors, const weft__tensor *components)
{
    const weft__tensor *mean, *explained;
    WEFT_TRY(weft__tensors_need(tensors, "features.mean", WEFT__F32, 1, &pca->dims, &mean));
    WEFT_TRY(weft__tensors_need(
        tensors, "features.explained", WEFT__F64, 1, &pca->count, &explained));
    WEFT_TRY(weft__alloc(&pca->mean, mean->bytes, 1, "principal components"));
    WEFT_TRY(weft__alloc(&pca->components, components->bytes, 1, "principal components"));
    WEFT_TRY(weft__alloc(&pca->explained, explained->bytes, 1, "principal components"));
    memcpy(pca->mean, mean->data, mean->bytes);
    memcpy(pca->components, components->data, components->bytes);
    memcpy(pca->explained, explained->data, explained->bytes);
    WEFT_TRY(check_range("features.mean", pca->mean, pca->dims));
    return check_range("features.components", pca->components, pca->count * pca->dims);
}

static weft_status load(void **state, const weft__tensors *tensors, weft_shape shape)
{
    const weft__tensor *components;
    weft_pca *pca;
    size_t pixels = weft_shape_bytes(shape);
    WEFT_TRY(weft__tensors_need(tensors, "features.components", WEFT__F32, 2,
        (const size_t[]){SIZE_MAX, pixels}, &components));
    if (components->shape[0] == 0)
        return weft_fail(WEFT_EFORMAT, "array 'features.components' is empty");
    WEFT_TRY(weft__calloc(&pca, 1, sizeof *pca, "principal components"));
    pca->dims = pixels;
    pca->count = components->shape[0];
    weft_status status = fill(pca, tensors, components);
    if (status != WEFT_OK)
        weft_pca_free(pca);
    else
        *state = pca;
    return status;
}

static void free_state(void *state)
{
    weft_pca_free(state);
}

const weft__feature_kind weft__features_pca = {
    .name = "pca",
    .fit = fit,
    .dims = dims,
    .apply = apply,
    .pull_back = pull_back,
    .restore = restore,
    .save = save,
    .load = load,
    .free = free_state,
};
