/* An evaluation as CSV and as LaTeX. */
#include <math.h>
#include <string.h>

#include "eval/csv.h"
#include "eval/evaluation.h"
#include "eval/latex.h"

static weft_status csv_figure(
    weft__text *text, const char *group, const char *name, const char *figure, double value)
{
    char number[32];
    weft__csv_real(value, number, sizeof number);
    WEFT_TRY(weft__text_printf(text, "%s,", group));
    WEFT_TRY(weft__text_csv(text, name));
    return weft__text_printf(text, ",%s,%s\n", figure, number);
}

static weft_status csv_scores(
    weft__text *text, const char *group, const char *name, const weft_class_scores *s)
{
    WEFT_TRY(csv_figure(text, group, name, "precision", s->precision));
    WEFT_TRY(csv_figure(text, group, name, "recall", s->recall));
    WEFT_TRY(csv_figure(text, group, name, "f1-score", s->f1));
    return csv_figure(text, group, name, "support", (double)s->support);
}

static weft_status csv(weft__text *text, const weft_evaluation *e)
{
    const weft_scores *s = &e->scores;
    WEFT_TRY(weft__text_printf(text, "group,name,figure,value\n"));
    for (size_t k = 0; k < e->classes; k++)
        WEFT_TRY(csv_scores(text, "class", e->class_names[k], &e->per_class[k]));
    WEFT_TRY(csv_scores(text, "average", "macro avg", &s->macro));
    WEFT_TRY(csv_scores(text, "average", "weighted avg", &s->weighted));
    WEFT_TRY(csv_figure(text, "all", "", "count", (double)s->count));
    for (const weft__score_name *f = weft__score_names; f->key; f++)
        WEFT_TRY(csv_figure(text, "all", "", f->key, weft__score_value(s, f)));
    return WEFT_OK;
}

static weft_status latex_figure(weft__text *text, double value, int digits)
{
    char number[32];
    if (!isfinite(value))
        return weft__text_printf(text, " & --");
    weft__format_fixed(value, digits, number, sizeof number);
    return weft__text_printf(text, " & %s", number);
}

static weft_status latex_row(
    weft__text *text, const char *name, const weft_class_scores *s, int digits)
{
    WEFT_TRY(weft__text_printf(text, "  "));
    WEFT_TRY(weft__latex_escape(text, name));
    WEFT_TRY(latex_figure(text, s->precision, digits));
    WEFT_TRY(latex_figure(text, s->recall, digits));
    WEFT_TRY(latex_figure(text, s->f1, digits));
    return weft__text_printf(text, " & %zu \\\\\n", s->support);
}

static weft_status latex(weft__text *text, const weft_evaluation *e, int digits)
{
    const weft_scores *s = &e->scores;
    WEFT_TRY(weft__text_printf(text, "%% \\usepackage{booktabs}\n"));
    WEFT_TRY(weft__latex_begin(text, "lrrrr"));
    WEFT_TRY(weft__text_printf(
        text, "  class & precision & recall & f1-score & support \\\\\n  \\midrule\n"));
    for (size_t k = 0; k < e->classes; k++)
        WEFT_TRY(latex_row(text, e->class_names[k], &e->per_class[k], digits));
    WEFT_TRY(weft__text_printf(text, "  \\midrule\n  accuracy & &"));
    WEFT_TRY(latex_figure(text, s->accuracy, digits));
    WEFT_TRY(weft__text_printf(text, " & %zu \\\\\n", s->count));
    WEFT_TRY(latex_row(text, "macro avg", &s->macro, digits));
    WEFT_TRY(latex_row(text, "weighted avg", &s->weighted, digits));
    WEFT_TRY(weft__latex_end(text));
    WEFT_TRY(weft__text_printf(text, "\n"));
    WEFT_TRY(weft__latex_begin(text, "lr"));
    for (const weft__score_name *f = weft__score_names; f->key; f++) {
        WEFT_TRY(weft__text_printf(text, "  "));
        WEFT_TRY(weft__latex_escape(text, f->title));
        WEFT_TRY(latex_figure(text, weft__score_value(s, f), digits));
        WEFT_TRY(weft__text_printf(text, " \\\\\n"));
    }
    return weft__latex_end(text);
}

static weft_status finish(char **out, weft__text *text, weft_status status)
{
    if (status != WEFT_OK)
        weft__text_clear(text);
    else
        *out = text->data;
    return status;
}

weft_status weft_evaluation_csv(char **out, const weft_evaluation *e)
{
    weft__text text = {0};
    return finish(out, &text, csv(&text, e));
}

weft_status weft_evaluation_latex(char **out, const weft_evaluation *e, int digits)
{
    weft__text text = {0};
    if (digits < 0 || digits > 9)
        return weft_fail(WEFT_EINVAL, "%d decimals, expected 0 to 9", digits);
    return finish(out, &text, latex(&text, e, digits));
}
