#include "explain/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/events.h"
#include "core/mem.h"
#include "model/calibrate.h"
#include "weft/rng.h"

/* The option struct as a member of itself, for the table of its own. */
struct alone {
    weft_explain_options options;
};

const weft_param weft_explain_params[] = {
    WEFT_EXPLAIN_PARAMS(struct alone, options),
    {0},
};

static weft_status noise(const weft__explaining *e, const weft__explain_run *run)
{
    weft_rng rng = weft_rng_create(e->options->seed, 0);
    for (size_t i = 0; i < run->count * e->shape.height * e->shape.width; i++)
        run->maps[i] = weft_rng_uniform(&rng);
    return WEFT_OK;
}

/* What a method asks of a family. */
enum needs { PREDICTIONS, DERIVATIVES, LAYERS, SUMS };

/* In the order of weft_explain_method. */
static const struct method {
    const char *name;
    weft__explain_fn run;
    enum needs needs;
    bool predicts;  /* could tell logits on its way */
    size_t at_once; /* pictures */
} methods[] = {
    {"auto", NULL, PREDICTIONS, false, 1},
    {"grad-cam", weft__grad_cam, LAYERS, true, 512},
    {"grad-cam++", weft__grad_cam_plus_plus, LAYERS, true, 512},
    {"integrated", weft__integrated_gradients, DERIVATIVES, false, 16},
    {"smooth-grad", weft__smooth_grad, DERIVATIVES, false, 16},
    {"occlusion", weft__occlusion, PREDICTIONS, false, 64},
    {"random", noise, PREDICTIONS, false, SIZE_MAX},
    {"contributions", weft__explain_contributions, SUMS, false, 4096},
};

const char *weft_explain_name(weft_explain_method method)
{
    return methods[method].name;
}

/* Whether the family has what is needed at all. */
static bool has(const weft_classifier *c, enum needs needs)
{
    const weft__family *family = c->family;
    return needs == DERIVATIVES ? family->differentiate != NULL
           : needs == LAYERS    ? family->derivatives_shape != NULL
           : needs == SUMS      ? family->contribute != NULL
                                : true;
}

/* Whether this classifier can, which has it; the reason where not. */
static weft_status check_able(const weft_classifier *c, enum needs needs, const char *layer)
{
    const weft__family *family = c->family;
    const char *name;
    size_t shape[3];
    return needs == DERIVATIVES ? family->differentiate(c, NULL, NULL)
           : needs == LAYERS    ? family->derivatives_shape(c, layer, &name, shape)
           : needs == SUMS      ? family->contribute(c, NULL, NULL)
                                : WEFT_OK;
}

weft_explain_method weft_explain_choose(const weft_classifier *classifier)
{
    static const weft_explain_method best_first[] = {WEFT_EXPLAIN_GRAD_CAM,
        WEFT_EXPLAIN_CONTRIBUTIONS, WEFT_EXPLAIN_INTEGRATED_GRADIENTS};
    for (size_t i = 0; classifier->state && i < 3; i++) {
        enum needs needs = methods[best_first[i]].needs;
        if (has(classifier, needs) && check_able(classifier, needs, NULL) == WEFT_OK)
            return best_first[i];
    }
    return WEFT_EXPLAIN_OCCLUSION;
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

void weft__explain_take_likeliest(
    const weft__explaining *e, const weft__explain_run *run, const float *scores)
{
    size_t outputs = weft_classifier_classes(e->classifier);
    for (size_t i = 0; i < run->count; i++) {
        const float *row = scores + i * outputs;
        size_t best = 0;
        for (size_t c = 1; c < outputs; c++)
            best = row[c] > row[best] ? c : best;
        if (run->classes[i] == WEFT_EXPLAIN_PREDICTED)
            run->classes[i] = (uint16_t)best;
    }
}

/* The pictures in runs that the method can take. `predicting`: it fills
 * whole->probabilities on the way. */
static weft_status run_all(const weft__explaining *e, const struct method *method,
    const weft_view *view, const weft__explain_run *whole, bool predicting)
{
    size_t bytes = weft_shape_bytes(e->shape);
    size_t map = (size_t)e->shape.height * e->shape.width, most = method->at_once;
    size_t outputs = weft_classifier_classes(e->classifier);
    uint8_t *pixels;
    if (most > view->count)
        most = view->count;
    WEFT_TRY(weft__alloc(&pixels, most * bytes, 1, "pictures"));
    weft__task task =
        weft__task_begin(e->context, "explaining", "pictures", (double)view->count);
    weft_status status = WEFT_OK;
    for (size_t at = 0; status == WEFT_OK && at < view->count; at += most) {
        weft__explain_run run = {.maps = whole->maps + at * map,
            .pixels = pixels,
            .classes = whole->classes + at,
            .probabilities = predicting ? whole->probabilities + at * outputs : NULL,
            .count = view->count - at < most ? view->count - at : most};
        for (size_t i = 0; i < run.count; i++)
            memcpy(pixels + i * bytes, weft_view_pixels(view, at + i), bytes);
        status = method->run(e, &run);
        if (status == WEFT_OK && weft_context_cancelled(e->context))
            status = weft_fail(WEFT_ECANCELLED, "explaining: cancelled");
        weft__task_progress(&task, (double)(at + run.count));
    }
    weft__task_end(&task);
    free(pixels);
    return status;
}

/* Whether some class is still to be predicted. */
static weft_status check_classes(
    const weft__explaining *e, const weft__explain_run *whole, bool *missing)
{
    size_t outputs = weft_classifier_classes(e->classifier);
    *missing = false;
    for (size_t i = 0; i < whole->count; i++) {
        if (whole->classes[i] == WEFT_EXPLAIN_PREDICTED)
            *missing = true;
        else if (whole->classes[i] >= outputs)
            return weft_fail(WEFT_EINVAL, "class %u of picture %zu: there are %zu",
                whole->classes[i], i, outputs);
    }
    return WEFT_OK;
}

/* Probabilities and classes as far as they are asked for, by the method on its way where it
 * can, else before it. */
static weft_status predict_and_run(const weft__explaining *e, const struct method *method,
    const weft_view *view, weft__explain_run *whole)
{
    const weft_classifier *c = e->classifier;
    size_t cells = view->count * c->classes;
    float *own = NULL;
    bool missing;
    WEFT_TRY(check_classes(e, whole, &missing));
    if (!missing && !whole->probabilities)
        return run_all(e, method, view, whole, false);
    if (!whole->probabilities)
        WEFT_TRY(weft__alloc(&own, cells, sizeof *own, "probabilities"));
    if (own)
        whole->probabilities = own;
    bool predicting = method->predicts && !e->options->untrained &&
                      c->family->predicts_by_logits && c->family->predicts_by_logits(c);
    weft_status status = WEFT_OK;
    if (!predicting) {
        status = weft_classifier_predict_proba(c, view, whole->probabilities, e->context);
        if (status == WEFT_OK)
            weft__explain_take_likeliest(e, whole, whole->probabilities);
    }
    if (status == WEFT_OK)
        status = run_all(e, method, view, whole, predicting);
    if (status == WEFT_OK && predicting)
        weft__temperature_apply(
            c->temperature, whole->probabilities, view->count, c->classes);
    free(own);
    return status;
}

static weft_status check_method(const weft__explaining *e, const struct method *method)
{
    const weft_classifier *c = e->classifier;
    static const char *const missing[] = {
        "", "derivatives", "layers", "score that is a sum over pixels"};
    if (!has(c, method->needs))
        return weft_fail(WEFT_EUNSUPPORTED, "%s: has no %s for %s: use method=%s",
            c->info.name, missing[method->needs], method->name,
            weft_explain_name(weft_explain_choose(c)));
    bool weighty = method->needs == LAYERS || method->needs == DERIVATIVES;
    if (e->options->untrained && !(c->family->derivatives_shape && weighty))
        return weft_fail(WEFT_EUNSUPPORTED,
            "untrained: %s by %s has no random weights to begin with: use grad-cam, "
            "integrated or smooth-grad with a network",
            c->info.name, method->name);
    weft_status status = check_able(c, method->needs, e->options->layer);
    if (status != WEFT_EUNSUPPORTED)
        return status;
    char why[512];
    snprintf(why, sizeof why, "%s", weft_error());
    return weft_fail(status, "%s by %s: %s: use method=%s", c->info.name, method->name, why,
        weft_explain_name(weft_explain_choose(c)));
}

weft_status weft_explain(float *maps, uint16_t *classes, float *probabilities,
    const weft_classifier *classifier, const weft_view *view,
    const weft_explain_options *options, weft_context *context)
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
    WEFT_TRY(check_method(&e, method));
    uint16_t *chosen = classes;
    if (!classes)
        WEFT_TRY(weft__alloc(&chosen, view->count, sizeof *chosen, "classes"));
    for (size_t i = 0; !classes && i < view->count; i++)
        chosen[i] = WEFT_EXPLAIN_PREDICTED;
    weft__explain_run whole = {.maps = maps,
        .classes = chosen,
        .probabilities = probabilities,
        .count = view->count};
    weft_status status = predict_and_run(&e, method, view, &whole);
    if (!classes)
        free(chosen);
    return status;
}
