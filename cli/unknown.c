#include "unknown.h"

#include <stdlib.h>
#include <string.h>

weft_status unknown_find(weft_novelty **out, const weft_classifier *model,
    const weft_view *view, const float *probabilities, weft_context *context)
{
    *out = NULL;
    if (weft_novelty_rate(model) == 0)
        return WEFT_OK;
    weft_novelty *found = calloc(view->count + 1, sizeof *found);
    if (!found)
        return weft_fail(WEFT_ENOMEM, "no memory for %zu scores", view->count);
    weft_status status = weft_novelty_score(found, model, view, probabilities, context);
    if (status == WEFT_OK)
        *out = found;
    else
        free(found);
    return status;
}

const char *unknown_or_class(
    const weft_classifier *model, const weft_novelty *found, size_t best)
{
    return found && found->score > 1 ? "unknown" : weft_classifier_class_name(model, best);
}

void unknown_print_csv(const weft_classifier *model, const weft_novelty *found, int digits)
{
    printf(",%.*f,\"", digits, (double)found->score);
    for (size_t n = 0; n < found->nearest_count; n++) {
        if (n)
            putchar('|');
        for (const char *c = weft_classifier_class_name(model, found->nearest[n]); *c;
             c++) {
            if (*c == '"')
                putchar('"');
            putchar(*c);
        }
    }
    putchar('"');
}

void unknown_add_json(
    json_t *line, const weft_classifier *model, const weft_novelty *found, double score)
{
    json_t *nearest = json_array();
    for (size_t n = 0; n < found->nearest_count; n++)
        json_array_append_new(
            nearest, json_string(weft_classifier_class_name(model, found->nearest[n])));
    json_object_set_new(line, "unlike", json_real(score));
    json_object_set_new(line, "nearest", nearest);
}

/* The scores alone, owned by the caller. */
static weft_status scores_of(
    float **out, const weft_classifier *model, const weft_view *view, weft_context *context)
{
    size_t classes = weft_classifier_classes(model);
    float *scores = calloc(view->count + 1, sizeof *scores);
    float *probabilities = calloc(view->count + 1, classes * sizeof *probabilities);
    weft_novelty *found = calloc(view->count + 1, sizeof *found);
    weft_status status = scores && probabilities && found
                             ? WEFT_OK
                             : weft_fail(WEFT_ENOMEM, "no memory for scores");
    if (status == WEFT_OK)
        status = weft_classifier_predict_proba(model, view, probabilities, context);
    if (status == WEFT_OK)
        status = weft_novelty_score(found, model, view, probabilities, context);
    for (size_t i = 0; status == WEFT_OK && i < view->count; i++)
        scores[i] = found[i].score;
    free(probabilities);
    free(found);
    if (status == WEFT_OK)
        *out = scores;
    else
        free(scores);
    return status;
}

weft_status unknown_measure(weft_novelty_figures *out, const weft_classifier *model,
    const weft_view *view, const char *where, const weft_load_options *load,
    weft_context *context)
{
    weft_data data = {0};
    weft_dataset *all = NULL;
    float *known = NULL, *foreign = NULL;
    weft_status status = weft_data_load(&data, where, load, context);
    if (status == WEFT_OK)
        status = weft_data_pool(&all, &data);
    if (status == WEFT_OK)
        status = scores_of(&known, model, view, context);
    if (status == WEFT_OK) {
        weft_view pool = weft_view_all(all);
        status = scores_of(&foreign, model, &pool, context);
    }
    if (status == WEFT_OK)
        status =
            weft_novelty_measure(out, known, view->count, foreign, weft_dataset_count(all));
    free(known);
    free(foreign);
    weft_dataset_free(all);
    weft_data_clear(&data);
    return status;
}
