#include "nn/sampling.h"

#include <stdlib.h>

#include "core/mem.h"
#include "nn/streams.h"
#include "weft/rng.h"

/* begin[c], classes + 1 of them, receives the number of pictures in classes before c;
 * returns how many classes have any. */
static size_t count_before(size_t *begin, const weft_view *view, size_t classes)
{
    size_t present = 0;
    for (size_t c = 0; c <= classes; c++)
        begin[c] = 0;
    for (size_t i = 0; i < view->count; i++)
        begin[weft_view_label(view, i) + 1]++;
    for (size_t c = 0; c < classes; c++) {
        present += begin[c + 1] > 0;
        begin[c + 1] += begin[c];
    }
    return present;
}

weft_status weft__balanced_weights(float *weights, const weft_view *view, size_t classes)
{
    size_t *begin;
    WEFT_TRY(weft__alloc(&begin, classes + 1, sizeof *begin, "classes"));
    double present = (double)count_before(begin, view, classes);
    for (size_t c = 0; c < classes; c++) {
        double count = (double)(begin[c + 1] - begin[c]);
        weights[c] = count > 0 ? (float)((double)view->count / (present * count)) : 0;
    }
    free(begin);
    return WEFT_OK;
}

/* `begin` is overwritten. */
static void draw_balanced(uint32_t *order, const weft_view *view, size_t classes,
    size_t *begin, uint32_t *by_class, weft_rng *rng)
{
    for (size_t i = 0; i < view->count; i++)
        by_class[begin[weft_view_label(view, i)]++] = (uint32_t)i;
    /* Now begin[c] is where c ends; those with pictures move together. */
    size_t present = 0;
    for (size_t c = 0, before = 0; c < classes; c++) {
        size_t end = begin[c];
        if (end > before)
            begin[present++] = end;
        before = end;
    }
    for (size_t i = 0; i < view->count; i++) {
        size_t c = weft_rng_below(rng, (uint32_t)present);
        size_t first = c ? begin[c - 1] : 0;
        order[i] = by_class[first + weft_rng_below(rng, (uint32_t)(begin[c] - first))];
    }
}

weft_status weft__epoch_order(uint32_t *order, const weft_view *view, size_t classes,
    weft__sampling sampling, uint64_t seed, uint64_t epoch)
{
    weft_rng rng = weft_rng_create(seed, WEFT__STREAM_SHUFFLE + epoch);
    if (sampling == WEFT__SAMPLING_UNIFORM) {
        for (size_t i = 0; i < view->count; i++)
            order[i] = (uint32_t)i;
        weft_rng_shuffle(&rng, order, view->count);
        return WEFT_OK;
    }
    size_t *begin = NULL;
    uint32_t *by_class = NULL;
    weft_status status = weft__alloc(&begin, classes + 1, sizeof *begin, "an order");
    if (status == WEFT_OK)
        status = weft__alloc(&by_class, view->count, sizeof *by_class, "an order");
    if (status == WEFT_OK) {
        (void)count_before(begin, view, classes);
        draw_balanced(order, view, classes, begin, by_class, &rng);
    }
    free(begin);
    free(by_class);
    return status;
}
