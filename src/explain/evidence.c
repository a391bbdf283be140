/* What a classifier has besides maps: training pictures, ways through trees, weights. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "explain/explain.h"

void weft_evidence_clear(weft_evidence *e)
{
    if (!e)
        return;
    for (size_t i = 0; e->paths && i < e->count; i++)
        free(e->paths[i].steps);
    free(e->paths);
    free(e->bases);
    free(e->scores);
    free(e->example);
    free(e->pixels);
    free(e->boundary_example);
    free(e->boundary_pixels);
    free(e->weight);
    *e = (weft_evidence){0};
}

/* The pictures that are shown, and whose score is explained of each. */
struct shown {
    weft_view view;
    uint32_t *index;
    uint16_t *classes;
};

/* Whether the family can, with the reason it cannot in out->why_not. */
static bool able(weft_evidence *out, weft_status status)
{
    if (status != WEFT_OK && !out->why_not[0])
        snprintf(out->why_not, sizeof out->why_not, "%s", weft_error());
    return status == WEFT_OK;
}

static weft_status add_sums(
    weft_evidence *out, const weft__explaining *e, const struct shown *s)
{
    const weft__family *family = e->classifier->family;
    if (!family->contribute || !able(out, family->contribute(e->classifier, NULL, NULL)))
        return WEFT_OK;
    float *maps;
    WEFT_TRY(weft__alloc(&out->bases, out->count, sizeof *out->bases, "scores"));
    WEFT_TRY(weft__alloc(&out->scores, out->count, sizeof *out->scores, "scores"));
    WEFT_TRY(weft__alloc(
        &maps, out->count * e->shape.height, e->shape.width * sizeof *maps, "maps"));
    weft_status status =
        weft__contribute(maps, out->bases, out->scores, e, &s->view, s->classes);
    free(maps);
    return status;
}

static weft_status add_examples(
    weft_evidence *out, const weft__explaining *e, const struct shown *s, size_t wanted)
{
    const weft__family *family = e->classifier->family;
    if (!family->find_examples || !wanted ||
        !able(out, family->find_examples(e->classifier, NULL, NULL)))
        return WEFT_OK;
    size_t cells = out->count * wanted, bytes = weft_shape_bytes(e->shape);
    weft__examples job = {.view = &s->view, .classes = s->classes, .wanted = wanted};
    WEFT_TRY(weft__alloc(&out->example, cells, sizeof *out->example, "examples"));
    WEFT_TRY(weft__calloc(&out->pixels, cells, bytes, "examples"));
    job.examples = out->example;
    job.pixels = out->pixels;
    WEFT_TRY(family->find_examples(e->classifier, &job, e->context));
    for (size_t i = 0; i < out->count && job.found < wanted; i++) {
        memmove(out->example + i * job.found, out->example + i * wanted,
            job.found * sizeof *out->example);
        memmove(out->pixels + i * job.found * bytes, out->pixels + i * wanted * bytes,
            job.found * bytes);
    }
    out->examples = job.found;
    out->example_meaning = job.meaning;
    if (!job.pictured) {
        free(out->pixels);
        out->pixels = NULL;
    }
    return WEFT_OK;
}

static weft_status add_boundary(
    weft_evidence *out, const weft__explaining *e, size_t wanted)
{
    const weft__family *family = e->classifier->family;
    if (!family->find_boundary || !wanted ||
        !able(out, family->find_boundary(e->classifier, NULL, NULL)))
        return WEFT_OK;
    size_t cells = weft_classifier_classes(e->classifier) * wanted;
    weft__examples job = {.wanted = wanted};
    WEFT_TRY(weft__alloc(
        &out->boundary_example, cells, sizeof *out->boundary_example, "examples"));
    WEFT_TRY(
        weft__calloc(&out->boundary_pixels, cells, weft_shape_bytes(e->shape), "examples"));
    job.examples = out->boundary_example;
    job.pixels = out->boundary_pixels;
    WEFT_TRY(family->find_boundary(e->classifier, &job, e->context));
    out->boundary = job.found;
    out->boundary_meaning = job.meaning;
    if (!job.pictured) {
        free(out->boundary_pixels);
        out->boundary_pixels = NULL;
    }
    return WEFT_OK;
}

static weft_status add_paths(
    weft_evidence *out, const weft__explaining *e, const struct shown *s)
{
    const weft__family *family = e->classifier->family;
    if (!family->find_path || !able(out, family->find_path(e->classifier, NULL)))
        return WEFT_OK;
    WEFT_TRY(weft__calloc(&out->paths, out->count, sizeof *out->paths, "paths"));
    for (size_t i = 0; i < out->count; i++) {
        const weft__path_job job = {&s->view, i, s->classes[i], &out->paths[i]};
        WEFT_TRY(family->find_path(e->classifier, &job));
    }
    return WEFT_OK;
}

static weft_status add_weights(weft_evidence *out, const weft__explaining *e)
{
    const weft__family *family = e->classifier->family;
    weft__weights job = {0};
    if (!family->weigh || !able(out, family->weigh(e->classifier, NULL)))
        return WEFT_OK;
    WEFT_TRY(family->weigh(e->classifier, &job));
    size_t pixels = job.count * e->shape.height * e->shape.width;
    weft_status status = weft__alloc(&out->weight, pixels, sizeof *out->weight, "weights");
    if (status == WEFT_OK) {
        weft__sum_channels(out->weight, job.values, pixels, e->shape.channels);
        out->weights = job.count;
        out->weight_meaning = job.meaning;
    }
    free(job.values);
    return status;
}

static weft_status choose(struct shown *s, const weft__explaining *e, const weft_view *view,
    const uint16_t *classes, size_t count)
{
    WEFT_TRY(weft__alloc(&s->index, count, sizeof *s->index, "pictures"));
    WEFT_TRY(weft__alloc(&s->classes, count, sizeof *s->classes, "pictures"));
    for (size_t n = 0; n < count; n++) {
        size_t at = weft_explain_spread(view->count, count, n);
        s->index[n] = (uint32_t)weft_view_at(view, at);
        s->classes[n] = classes[at];
        if (classes[at] >= weft_classifier_classes(e->classifier))
            return weft_fail(WEFT_EINVAL, "class %u of picture %zu: there are %zu",
                classes[at], at, weft_classifier_classes(e->classifier));
    }
    s->view = (weft_view){view->data, s->index, count};
    return WEFT_OK;
}

weft_status weft_explain_evidence(weft_evidence *out, const weft_classifier *classifier,
    const weft_view *view, const uint16_t *classes, size_t pictures, size_t examples,
    const weft_explain_options *options, weft_context *context)
{
    const weft__explaining e = {
        classifier, options, weft_classifier_recipe(classifier).shape, context};
    struct shown s = {0};
    *out = (weft_evidence){0};
    if (!classifier->state)
        return weft_fail(WEFT_EINVAL, "%s: not fitted yet", classifier->info.name);
    size_t count = view->count < pictures ? view->count : pictures;
    weft_status status = choose(&s, &e, view, classes, count);
    out->count = status == WEFT_OK ? count : 0;
    if (status == WEFT_OK && count)
        status = add_sums(out, &e, &s);
    if (status == WEFT_OK && count)
        status = add_examples(out, &e, &s, examples);
    if (status == WEFT_OK && count)
        status = add_paths(out, &e, &s);
    if (status == WEFT_OK)
        status = add_boundary(out, &e, examples);
    if (status == WEFT_OK)
        status = add_weights(out, &e);
    free(s.index);
    free(s.classes);
    return status;
}
