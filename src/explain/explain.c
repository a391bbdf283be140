#include "explain/explain.h"

#include <stdlib.h>
#include <string.h>

#include "core/events.h"
#include "core/mem.h"
#include "weft/rng.h"

/* The option struct as a member of itself, for the table of its own. */
struct alone {
    weft_explain_options options;
};

const weft_param weft_explain_params[] = {
    WEFT_EXPLAIN_PARAMS(struct alone, options),
    {0},
};

static weft_status noise(float *maps, const weft__explaining *e, const uint8_t *pixels,
    const uint16_t *classes, size_t count)
{
    weft_rng rng = weft_rng_create(e->options->seed, 0);
    (void)pixels;
    (void)classes;
    for (size_t i = 0; i < count * e->shape.height * e->shape.width; i++)
        maps[i] = weft_rng_uniform(&rng);
    return WEFT_OK;
}

/* In the order of weft_explain_method. */
static const struct method {
    const char *name;
    weft__explain_fn run;
    bool derivatives;
    size_t at_once; /* pictures */
} methods[] = {
    {"auto", NULL, false, 1},
    {"grad-cam", weft__grad_cam, true, 512},
    {"grad-cam++", weft__grad_cam_plus_plus, true, 512},
    {"integrated", weft__integrated_gradients, true, 16},
    {"smooth-grad", weft__smooth_grad, true, 16},
    {"occlusion", weft__occlusion, false, 64},
    {"random", noise, false, SIZE_MAX},
};

const char *weft_explain_name(weft_explain_method method)
{
    return methods[method].name;
}

weft_explain_method weft_explain_choose(const weft_classifier *classifier)
{
    const weft__family *family = classifier->family;
    const char *name;
    size_t shape[3];
    if (!classifier->state || !family->differentiate)
        return WEFT_EXPLAIN_OCCLUSION;
    return family->derivatives_shape(classifier, NULL, &name, shape) == WEFT_OK
               ? WEFT_EXPLAIN_GRAD_CAM
               : WEFT_EXPLAIN_INTEGRATED_GRADIENTS;
}

weft_status weft__explain_predict(
    float *probabilities, const weft__explaining *e, const uint8_t *pixels, size_t count)
{
    weft_dataset *data;
    WEFT_TRY(weft_dataset_create(&data, e->shape, count, pixels, NULL, 0, NULL));
    weft_view view = weft_view_all(data);
    weft_status status =
        weft_classifier_predict_proba(e->classifier, &view, probabilities, e->context);
    weft_dataset_free(data);
    return status;
}

/* The likeliest class wherever none was given. */
static weft_status choose_classes(
    uint16_t *classes, const weft__explaining *e, const weft_view *view, bool all)
{
    size_t outputs = weft_classifier_classes(e->classifier);
    bool missing = all;
    for (size_t i = 0; !all && i < view->count; i++) {
        if (classes[i] == WEFT_EXPLAIN_PREDICTED)
            missing = true;
        else if (classes[i] >= outputs)
            return weft_fail(WEFT_EINVAL, "class %u of picture %zu: there are %zu",
                classes[i], i, outputs);
    }
    if (!missing)
        return WEFT_OK;
    float *p;
    WEFT_TRY(weft__alloc(&p, view->count * outputs, sizeof *p, "probabilities"));
    weft_status status = weft_classifier_predict_proba(e->classifier, view, p, e->context);
    for (size_t i = 0; status == WEFT_OK && i < view->count; i++) {
        if (!all && classes[i] != WEFT_EXPLAIN_PREDICTED)
            continue;
        size_t best = 0;
        for (size_t c = 1; c < outputs; c++)
            best = p[i * outputs + c] > p[i * outputs + best] ? c : best;
        classes[i] = (uint16_t)best;
    }
    free(p);
    return status;
}

/* The pictures in runs that the method can take. */
static weft_status run_all(float *maps, const weft__explaining *e,
    const struct method *method, const weft_view *view, const uint16_t *classes)
{
    size_t bytes = weft_shape_bytes(e->shape);
    size_t map = (size_t)e->shape.height * e->shape.width, most = method->at_once;
    uint8_t *pixels;
    if (most > view->count)
        most = view->count;
    WEFT_TRY(weft__alloc(&pixels, most * bytes, 1, "pictures"));
    weft__task task =
        weft__task_begin(e->context, "explaining", "pictures", (double)view->count);
    weft_status status = WEFT_OK;
    for (size_t at = 0; status == WEFT_OK && at < view->count; at += most) {
        size_t here = view->count - at < most ? view->count - at : most;
        for (size_t i = 0; i < here; i++)
            memcpy(pixels + i * bytes, weft_view_pixels(view, at + i), bytes);
        status = method->run(maps + at * map, e, pixels, classes + at, here);
        if (status == WEFT_OK && weft_context_cancelled(e->context))
            status = weft_fail(WEFT_ECANCELLED, "explaining: cancelled");
        weft__task_progress(&task, (double)(at + here));
    }
    weft__task_end(&task);
    free(pixels);
    return status;
}

weft_status weft_explain(float *maps, uint16_t *classes, const weft_classifier *classifier,
    const weft_view *view, const weft_explain_options *options, weft_context *context)
{
    weft__explaining e = {
        classifier, options, weft_classifier_recipe(classifier).shape, context};
    if (!classifier->state)
        return weft_fail(WEFT_EINVAL, "%s: not fitted yet", classifier->info.name);
    if (view->count == 0)
        return WEFT_OK;
    weft_explain_method which = options->method == WEFT_EXPLAIN_AUTO
                                    ? weft_explain_choose(classifier)
                                    : (weft_explain_method)options->method;
    const struct method *method = &methods[which];
    if (method->derivatives && !classifier->family->differentiate)
        return weft_fail(WEFT_EUNSUPPORTED,
            "%s: has no derivatives for %s: use method=occlusion", classifier->info.name,
            method->name);
    if (options->untrained && !method->derivatives)
        return weft_fail(WEFT_EUNSUPPORTED,
            "untrained: %s asks for predictions alone: use a method with derivatives",
            method->name);
    uint16_t *chosen = classes;
    if (!classes)
        WEFT_TRY(weft__alloc(&chosen, view->count, sizeof *chosen, "classes"));
    weft_status status = choose_classes(chosen, &e, view, !classes);
    if (status == WEFT_OK)
        status = run_all(maps, &e, method, view, chosen);
    if (!classes)
        free(chosen);
    return status;
}
