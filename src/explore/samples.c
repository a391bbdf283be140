/* The first pictures of each class and random ones: a reservoir (Vitter, "Random sampling
 * with a reservoir", 1985, algorithm R), so that one pass is enough. */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "data/dataset.h"
#include "explore/exploration.h"

enum { STREAM = 0x5a3b }; /* of the random numbers */

static int by_position(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

weft_status weft__explore_samples(weft_exploration *e)
{
    static const char what[] = "samples";
    const weft_dataset *train = e->splits[WEFT__TRAIN];
    weft__samples *s = &e->samples;
    size_t *met;
    WEFT_TRY(weft__calloc(&s->first, train->classes, sizeof *s->first, what));
    WEFT_TRY(weft__calloc(&s->random, train->classes, sizeof *s->random, what));
    WEFT_TRY(weft__calloc(&s->counts, train->classes, sizeof *s->counts, what));
    WEFT_TRY(weft__calloc(&met, train->classes, sizeof *met, what));
    weft_rng rng = weft_rng_create(e->seed, STREAM);
    for (size_t i = 0; i < train->count; i++) {
        size_t c = train->labels[i], n = met[c]++;
        if (n < WEFT__SAMPLES) {
            s->first[c][n] = s->random[c][n] = (uint32_t)i;
            s->counts[c]++;
            continue;
        }
        uint32_t at = weft_rng_below(&rng, (uint32_t)(n + 1));
        if (at < WEFT__SAMPLES)
            s->random[c][at] = (uint32_t)i;
    }
    for (size_t c = 0; c < train->classes; c++)
        qsort(s->random[c], s->counts[c], sizeof **s->random, by_position);
    free(met);
    return WEFT_OK;
}
