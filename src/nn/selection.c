#include "nn/selection.h"

#include <stdlib.h>

#include "core/mem.h"
#include "nn/streams.h"
#include "weft/rng.h"

size_t weft__shown(
    size_t count, size_t batch, double share, uint64_t epoch, uint64_t epochs)
{
    if (epoch == 0 || epoch + 1 >= epochs)
        return count;
    size_t batches = (size_t)(share * (double)count / (double)batch);
    return count - batches * batch;
}

/* A place in the order and the loss of the picture there. */
struct ease {
    float loss;
    uint32_t place;
};

static int by_loss(const void *a, const void *b)
{
    const struct ease *x = a, *y = b;
    if (x->loss != y->loss)
        return x->loss < y->loss ? -1 : 1;
    return x->place < y->place ? -1 : x->place > y->place;
}

weft_status weft__leave_easy(uint32_t *order, size_t count, size_t shown,
    const float *losses, uint64_t seed, uint64_t epoch)
{
    size_t leaving = count - shown, kept = 0;
    struct ease *list;
    if (leaving == 0)
        return WEFT_OK;
    WEFT_TRY(weft__alloc(&list, count, sizeof *list, "a selection"));
    for (size_t i = 0; i < count; i++)
        list[i] = (struct ease){losses[order[i]], (uint32_t)i};
    qsort(list, count, sizeof *list, by_loss);
    size_t easy = 2 * leaving < count ? 2 * leaving : count;
    weft_rng rng = weft_rng_create(seed, WEFT__STREAM_SELECT + epoch);
    /* A sample without replacement: the first `leaving` of a shuffle. */
    for (size_t i = 0; i < leaving; i++) {
        size_t other = i + weft_rng_below(&rng, (uint32_t)(easy - i));
        uint32_t place = list[other].place;
        list[other].place = list[i].place;
        order[place] = UINT32_MAX;
    }
    for (size_t i = 0; i < count; i++)
        if (order[i] != UINT32_MAX)
            order[kept++] = order[i];
    free(list);
    return WEFT_OK;
}
