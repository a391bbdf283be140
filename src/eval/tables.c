/* An evaluation as text and as JSON. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "eval/evaluation.h"

enum { FIGURE = 9 }; /* columns of a figure in scikit-learn's classification_report */

#define FIGURE_AT(field) offsetof(weft_scores, field)

const weft__score_name weft__score_names[] = {
    {"accuracy", "accuracy", FIGURE_AT(accuracy)},
    {"accuracy_low", "95 % interval, low", FIGURE_AT(accuracy_low)},
    {"accuracy_high", "95 % interval, high", FIGURE_AT(accuracy_high)},
    {"top_3_accuracy", "top-3 accuracy", FIGURE_AT(top3)},
    {"top_5_accuracy", "top-5 accuracy", FIGURE_AT(top5)},
    {"matthews_corrcoef", "Matthews correlation", FIGURE_AT(mcc)},
    {"cohen_kappa", "Cohen's kappa", FIGURE_AT(kappa)},
    {"log_loss", "log loss", FIGURE_AT(log_loss)},
    {"brier_score", "Brier score", FIGURE_AT(brier)},
    {"expected_calibration_error", "calibration error", FIGURE_AT(calibration_error)},
    {"aurc", "area under risk-coverage", FIGURE_AT(aurc)},
    {0},
};

double weft__score_value(const weft_scores *scores, const weft__score_name *figure)
{
    double value;
    memcpy(&value, (const char *)scores + figure->offset, sizeof value);
    return value;
}

static weft_status append_figure(weft__text *text, double value, int digits)
{
    char figure[32] = "-";
    if (isfinite(value))
        weft__format_fixed(value, digits, figure, sizeof figure);
    WEFT_TRY(weft__text_append(text, " ", 1));
    return weft__text_cell(text, figure, FIGURE, true);
}

static weft_status append_row(weft__text *text, const char *name, size_t width,
    const weft_class_scores *s, int digits)
{
    WEFT_TRY(weft__text_cell(text, name, width, true));
    WEFT_TRY(weft__text_append(text, " ", 1));
    WEFT_TRY(append_figure(text, s->precision, digits));
    WEFT_TRY(append_figure(text, s->recall, digits));
    WEFT_TRY(append_figure(text, s->f1, digits));
    return weft__text_printf(text, " %*zu\n", FIGURE, s->support);
}

static weft_status append_table(weft__text *text, const weft_evaluation *e, int digits)
{
    size_t width = strlen("weighted avg");
    for (size_t k = 0; k < e->classes; k++) {
        size_t columns = weft__text_columns(e->class_names[k]);
        width = columns > width ? columns : width;
    }
    WEFT_TRY(weft__text_cell(text, "", width, true));
    WEFT_TRY(weft__text_printf(
        text, "  %9s %9s %9s %9s\n\n", "precision", "recall", "f1-score", "support"));
    for (size_t k = 0; k < e->classes; k++)
        WEFT_TRY(append_row(text, e->class_names[k], width, &e->per_class[k], digits));
    WEFT_TRY(weft__text_append(text, "\n", 1));
    WEFT_TRY(weft__text_cell(text, "accuracy", width, true));
    WEFT_TRY(weft__text_cell(text, "", 1 + 2 * (FIGURE + 1), true));
    WEFT_TRY(append_figure(text, e->scores.accuracy, digits));
    WEFT_TRY(weft__text_printf(text, " %*zu\n", FIGURE, e->count));
    WEFT_TRY(append_row(text, "macro avg", width, &e->scores.macro, digits));
    return append_row(text, "weighted avg", width, &e->scores.weighted, digits);
}

/* What stands below the table. */
static weft_status append_figures(weft__text *text, const weft_scores *s, int digits)
{
    enum { TITLE = 24 };
    WEFT_TRY(weft__text_append(text, "\n", 1));
    for (const weft__score_name *f = weft__score_names; f->key; f++) {
        WEFT_TRY(weft__text_cell(text, f->title, TITLE, true));
        WEFT_TRY(append_figure(text, weft__score_value(s, f), digits));
        WEFT_TRY(weft__text_append(text, "\n", 1));
    }
    return WEFT_OK;
}

weft_status weft_evaluation_text(char **out, const weft_evaluation *e, int digits)
{
    if (digits < 0 || digits > 9)
        return weft_fail(WEFT_EINVAL, "%d decimals, expected 0 to 9", digits);
    weft__text text = {0};
    weft_status status = append_table(&text, e, digits);
    if (status == WEFT_OK)
        status = append_figures(&text, &e->scores, digits);
    if (status != WEFT_OK) {
        weft__text_clear(&text);
        return status;
    }
    *out = text.data;
    return WEFT_OK;
}

json_t *weft__json_text(const char *text)
{
    weft__text clean = {0};
    json_t *json = NULL;
    if (weft__text_cell(&clean, text, 0, false) == WEFT_OK)
        json = json_string(clean.data ? clean.data : "");
    weft__text_clear(&clean);
    return json;
}

json_t *weft__json_real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *class_scores_json(const weft_class_scores *s)
{
    return json_pack("{s:f, s:f, s:f, s:I}", "precision", s->precision, "recall", s->recall,
        "f1-score", s->f1, "support", (json_int_t)s->support);
}

static json_t *classes_json(const weft_evaluation *e)
{
    json_t *array = json_array();
    for (size_t k = 0; k < e->classes; k++) {
        json_t *object = class_scores_json(&e->per_class[k]);
        json_object_set_new(object, "name", weft__json_text(e->class_names[k]));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *confusion_json(const weft_evaluation *e)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < e->classes; i++) {
        json_t *row = json_array();
        for (size_t j = 0; j < e->classes; j++)
            json_array_append_new(
                row, json_integer((json_int_t)e->confusion[i * e->classes + j]));
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *bins_json(const weft_evaluation *e)
{
    json_t *array = json_array();
    for (int i = 0; i < WEFT_BINS; i++)
        json_array_append_new(array,
            json_pack("{s:f, s:f, s:I, s:f, s:f}", "above", i / (double)WEFT_BINS, "to",
                (i + 1) / (double)WEFT_BINS, "count", (json_int_t)e->bins[i].count,
                "confidence", e->bins[i].confidence, "accuracy", e->bins[i].accuracy));
    return array;
}

static json_t *coverage_json(const weft_evaluation *e)
{
    json_t *array = json_array();
    for (size_t i = 0; i < e->coverage_points; i++)
        json_array_append_new(array,
            json_pack("{s:f, s:f, s:f}", "coverage", e->coverage[i].coverage, "accuracy",
                e->coverage[i].accuracy, "confidence", e->coverage[i].confidence));
    return array;
}

weft_status weft__evaluation_json(json_t **out, const weft_evaluation *e)
{
    const weft_scores *s = &e->scores;
    json_t *json = json_pack("{s:I, s:f, s:[f,f], s:o, s:o, s:f, s:f, s:f, s:f, s:f, s:o, "
                             "s:f, s:f, s:o, s:o, s:o, s:o}",
        "count", (json_int_t)s->count, "accuracy", s->accuracy, "accuracy_interval",
        s->accuracy_low, s->accuracy_high, "macro avg", class_scores_json(&s->macro),
        "weighted avg", class_scores_json(&s->weighted), "log_loss", s->log_loss,
        "brier_score", s->brier, "top_3_accuracy", s->top3, "top_5_accuracy", s->top5,
        "matthews_corrcoef", s->mcc, "cohen_kappa", weft__json_real(s->kappa),
        "expected_calibration_error", s->calibration_error, "aurc", s->aurc, "classes",
        classes_json(e), "confusion_matrix", confusion_json(e), "reliability", bins_json(e),
        "coverage", coverage_json(e));
    if (!json)
        return weft_fail(WEFT_ENOMEM, "no memory for an evaluation's JSON");
    *out = json;
    return WEFT_OK;
}

weft_status weft_evaluation_json(char **out, const weft_evaluation *e)
{
    json_t *json;
    WEFT_TRY(weft__evaluation_json(&json, e));
    char *text = json_dumps(json, JSON_INDENT(2));
    json_decref(json);
    if (!text)
        return weft_fail(WEFT_ENOMEM, "no memory for an evaluation's JSON");
    *out = text;
    return WEFT_OK;
}
