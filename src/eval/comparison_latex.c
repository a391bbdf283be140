/* A comparison as a table for LaTeX: the terminal's, with its digits. */
#include <stdlib.h>

#include "core/text.h"
#include "eval/compare.h"
#include "eval/latex.h"

static weft_status figure(weft__text *text, double value, int digits)
{
    char number[32];
    weft__format_fixed(value, digits, number, sizeof number);
    return weft__text_printf(text, "%s", number);
}

/* "0.8554 & 0.8484--0.8622", or of several seeds "0.9123 $\\pm$ 0.0047 & 5". */
static weft_status accuracy(weft__text *text, const weft_comparison *c, const weft_entry *e)
{
    const weft_scores *s = weft_evaluation_scores(e->evaluation);
    WEFT_TRY(weft__text_append(text, " & ", 3));
    WEFT_TRY(figure(text, e->accuracy.mean, 4));
    if (!weft__has_seeds(c)) {
        WEFT_TRY(weft__text_append(text, " & ", 3));
        WEFT_TRY(figure(text, s->accuracy_low, 4));
        WEFT_TRY(weft__text_append(text, "--", 2));
        return figure(text, s->accuracy_high, 4);
    }
    if (e->fit_count > 1) {
        WEFT_TRY(weft__text_printf(text, " $\\pm$ "));
        WEFT_TRY(figure(text, e->accuracy.sd, 4));
    }
    return weft__text_printf(text, " & %zu", e->fit_count);
}

static weft_status row(weft__text *text, const weft_comparison *c, const weft_entry *e)
{
    WEFT_TRY(weft__text_printf(text, "  %zu & ", e->place));
    WEFT_TRY(weft__latex_escape(text, e->name));
    WEFT_TRY(accuracy(text, c, e));
    WEFT_TRY(weft__text_append(text, " & ", 3));
    WEFT_TRY(figure(text, e->macro_f1.mean, 4));
    WEFT_TRY(weft__text_append(text, " & ", 3));
    WEFT_TRY(figure(text, e->fit_seconds, 2));
    WEFT_TRY(weft__text_append(text, " & ", 3));
    WEFT_TRY(figure(text, e->predict_seconds, 2));
    return weft__text_printf(text, " \\\\\n");
}

static weft_status table(weft__text *text, const weft_comparison *c)
{
    WEFT_TRY(weft__text_printf(text,
        "%% \\usepackage{booktabs}\n%% equal places are ties: no difference at 5 %% after "
        "Holm's correction\n"));
    WEFT_TRY(weft__latex_begin(text, "rlrrrrr"));
    WEFT_TRY(weft__text_printf(text,
        "  & classifier & accuracy & %s & macro F1 & fit, s & predict, s \\\\\n"
        "  \\midrule\n",
        weft__has_seeds(c) ? "seeds" : "95\\,\\% interval"));
    for (size_t i = 0; i < c->finished; i++)
        WEFT_TRY(row(text, c, &c->contenders[i].entry));
    return weft__latex_end(text);
}

weft_status weft_comparison_latex(char **out, const weft_comparison *c)
{
    weft__text text = {0};
    weft_status status = table(&text, c);
    if (status != WEFT_OK)
        weft__text_clear(&text);
    else
        *out = text.data;
    return status;
}
