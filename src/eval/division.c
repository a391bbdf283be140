/* The parts of the pictures that a protocol speaks of. */
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "eval/study.h"

static void copy_split(uint8_t *pixels, uint16_t *labels, const weft_view *view)
{
    size_t bytes = weft_shape_bytes(weft_dataset_shape(view->data));
    for (size_t i = 0; i < view->count; i++) {
        memcpy(pixels + i * bytes, weft_view_pixels(view, i), bytes);
        labels[i] = weft_view_label(view, i);
    }
}

struct pool {
    uint8_t *pixels;
    uint16_t *labels;
    const char **names;
};

/* Equal numbers must mean equal classes. */
static weft_status check_classes(const weft_dataset *train, const weft_dataset *test)
{
    size_t classes = weft_dataset_classes(train);
    for (size_t k = 0; k < weft_dataset_classes(test); k++)
        if (k >= classes || strcmp(weft_dataset_class_name(train, k),
                                weft_dataset_class_name(test, k)) != 0)
            return weft_fail(WEFT_EINVAL,
                "training and test pictures cannot be pooled: class %zu is '%s' there and "
                "'%s' here",
                k, k < classes ? weft_dataset_class_name(train, k) : "",
                weft_dataset_class_name(test, k));
    return WEFT_OK;
}

static weft_status pool(
    weft_dataset **out, struct pool *p, const weft_view *train, const weft_view *test)
{
    WEFT_TRY(check_classes(train->data, test->data));
    weft_shape shape = weft_dataset_shape(train->data);
    size_t classes = weft_dataset_classes(train->data);
    size_t count = train->count + test->count, bytes = weft_shape_bytes(shape);
    WEFT_TRY(weft__alloc(&p->pixels, count, bytes, "pictures"));
    WEFT_TRY(weft__alloc(&p->labels, count, sizeof *p->labels, "labels"));
    WEFT_TRY(weft__alloc(&p->names, classes, sizeof *p->names, "class names"));
    for (size_t k = 0; k < classes; k++)
        p->names[k] = weft_dataset_class_name(train->data, k);
    copy_split(p->pixels, p->labels, train);
    copy_split(p->pixels + train->count * bytes, p->labels + train->count, test);
    return weft_dataset_create(out, shape, count, p->pixels, p->labels, classes, p->names);
}

weft_status weft__pool(weft_dataset **out, const weft_data *data)
{
    struct pool p = {0};
    weft_view train = weft_view_all(data->train), test = weft_test_open(data->test);
    weft_status status = pool(out, &p, &train, &test);
    free(p.pixels);
    free(p.labels);
    free(p.names);
    return status;
}

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
