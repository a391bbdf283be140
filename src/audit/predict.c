#include "audit/predict.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "eval/compare.h"
#include "weft/crossvalidation.h"

/* Folds and seeds differ from repeat to repeat. */
static weft_status predict_by(float *sum, const weft__contender *c,
    const weft__prediction *how, const weft_view *view, weft_context *context)
{
    size_t cells = view->count * weft_dataset_classes(view->data);
    for (size_t r = 0; r < how->repeats; r++) {
        weft_crossvalidation_options options = weft_crossvalidation_defaults();
        weft_crossvalidation *cv;
        options.folds = how->folds;
        options.seed = how->seed + r;
        WEFT_TRY(weft_crossvalidate(
            &cv, c->own[r < c->wanted ? r : 0].classifier, view, &options, context));
        const float *p = weft_evaluation_probabilities(weft_crossvalidation_evaluation(cv));
        for (size_t i = 0; i < cells; i++)
            sum[i] += p[i];
        weft_crossvalidation_free(cv);
    }
    return WEFT_OK;
}

weft_status weft__predict_out_of_fold(float *probabilities, const weft__prediction *how,
    const weft_view *view, weft_context *context)
{
    size_t cells = view->count * weft_dataset_classes(view->data);
    char *names, *rest, *name;
    memset(probabilities, 0, cells * sizeof *probabilities);
    WEFT_TRY(weft__strdup(&names, how->names));
    weft_status status = WEFT_OK;
    size_t count = 0;
    for (name = strtok_r(names, " ", &rest); status == WEFT_OK && name;
         name = strtok_r(NULL, " ", &rest), count++) {
        weft__contender contender;
        status = weft__contender_create(&contender, name, how->seed, how->repeats);
        if (status != WEFT_OK)
            break;
        status = predict_by(probabilities, &contender, how, view, context);
        weft__contender_clear(&contender);
    }
    free(names);
    for (size_t i = 0; i < cells; i++)
        probabilities[i] /= (float)(count * how->repeats);
    return status;
}
