/* The parts of the pictures that a protocol speaks of. */
#include <stdlib.h>

#include "core/mem.h"
#include "eval/study.h"

static weft_status divide_folds(weft__division *d, const weft_protocol *p,
    const weft_view *all, uint64_t seed, unsigned fold)
{
    WEFT_TRY(weft_split_folds(d->assignment, all, p->folds, seed));
    d->test = weft_view_part(all, d->assignment, (uint8_t)fold, 1, d->index);
    d->train =
        weft_view_part(all, d->assignment, (uint8_t)fold, 0, d->index + d->test.count);
    return WEFT_OK;
}

static weft_status divide_parts(
    weft__division *d, const weft_protocol *p, const weft_view *all, uint64_t seed)
{
    double ratios[WEFT_PROTOCOL_PARTS];
    weft_view views[WEFT_PROTOCOL_PARTS] = {0};
    for (unsigned i = 0; i < p->parts; i++)
        ratios[i] = p->percent[i] / 100.0;
    WEFT_TRY(weft_split_ratios(d->assignment, all, ratios, p->parts, seed));
    uint32_t *index = d->index;
    for (unsigned i = 0; i < p->parts; i++) {
        views[i] = weft_view_part(all, d->assignment, (uint8_t)i, 1, index);
        index += views[i].count;
    }
    bool test_is_last = p->division != WEFT_DIVIDE_PUBLISHED;
    d->train = views[0];
    if (p->parts == 3 || !test_is_last)
        d->validation = views[1];
    if (test_is_last)
        d->test = views[p->parts - 1];
    return WEFT_OK;
}

weft_status weft__divide(weft__division *out, const weft_protocol *p, const weft_data *data,
    const weft_dataset *pooled, uint64_t seed, unsigned fold)
{
    weft__division d = {0};
    if (p->division == WEFT_DIVIDE_PUBLISHED)
        d.published = data->test;
    weft_view all = weft_view_all(p->division == WEFT_DIVIDE_POOLED ? pooled : data->train);
    weft_status status = WEFT_OK;
    if (!p->folds && p->parts == 1) {
        d.train = all;
    } else {
        status = weft__alloc(&d.assignment, all.count, 1, "a split");
        if (status == WEFT_OK)
            status = weft__alloc(&d.index, all.count, sizeof *d.index, "a split");
        if (status == WEFT_OK)
            status = p->folds ? divide_folds(&d, p, &all, seed, fold)
                              : divide_parts(&d, p, &all, seed);
    }
    if (status != WEFT_OK)
        weft__division_clear(&d);
    else
        *out = d;
    return status;
}

weft_view weft__division_test(weft__division *d)
{
    if (d->published)
        d->test = weft_test_open(d->published);
    return d->test;
}

void weft__division_clear(weft__division *d)
{
    free(d->assignment);
    free(d->index);
    *d = (weft__division){0};
}
