/* What each pixel adds to the class's score, as the family itself has it. */
#include <stdlib.h>

#include "core/mem.h"
#include "explain/explain.h"

void weft__sum_channels(float *maps, const float *values, size_t pixels, size_t channels)
{
    for (size_t p = 0; p < pixels; p++) {
        double sum = 0;
        for (size_t k = 0; k < channels; k++)
            sum += (double)values[p * channels + k];
        maps[p] = (float)sum;
    }
}

weft_status weft__contribute(float *maps, double *bases, double *scores,
    const weft__explaining *e, const weft_view *view, const uint16_t *classes)
{
    float *values = NULL;
    size_t count = view->count, bytes = weft_shape_bytes(e->shape);
    weft_status status = weft__alloc(&values, count, bytes * sizeof *values, "values");
    const weft__contributions job = {.view = view,
        .classes = classes,
        .baseline = e->options->baseline,
        .values = values,
        .bases = bases,
        .scores = scores};
    if (status == WEFT_OK)
        status = e->classifier->family->contribute(e->classifier, &job, e->context);
    if (status == WEFT_OK)
        weft__sum_channels(
            maps, values, count * e->shape.height * e->shape.width, e->shape.channels);
    free(values);
    return status;
}

weft_status weft__explain_contributions(
    const weft__explaining *e, const weft__explain_run *run)
{
    weft_dataset *data;
    double *sums;
    WEFT_TRY(weft__alloc(&sums, run->count, 2 * sizeof *sums, "scores"));
    weft_status status =
        weft_dataset_create(&data, e->shape, run->count, run->pixels, NULL, 0, NULL);
    if (status == WEFT_OK) {
        weft_view view = weft_view_all(data);
        status =
            weft__contribute(run->maps, sums, sums + run->count, e, &view, run->classes);
        weft_dataset_free(data);
    }
    free(sums);
    return status;
}
