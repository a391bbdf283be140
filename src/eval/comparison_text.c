/* A comparison as a terminal's table and as CSV. */
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "eval/compare.h"

enum { SCREEN = 80, NAME_MIN = 12 };

static weft_status cell(weft__text *text, const char *value, size_t columns)
{
    WEFT_TRY(weft__text_append(text, "  ", 2));
    return weft__text_cell(text, value, columns, true);
}

static weft_status figure_cell(weft__text *text, double value, int digits, size_t columns)
{
    char figure[32];
    weft__format_fixed(value, digits, figure, sizeof figure);
    return cell(text, figure, columns);
}

/* A name longer than its column gets a line of its own. */
static weft_status name_cell(weft__text *text, const char *name, size_t columns)
{
    WEFT_TRY(weft__text_cell(text, name, columns, false));
    if (weft__text_columns(name) <= columns)
        return WEFT_OK;
    WEFT_TRY(weft__text_append(text, "\n    ", 5));
    return weft__text_cell(text, "", columns, false);
}

static weft_status row(weft__text *text, const weft_comparison *c, size_t i, size_t name)
{
    const weft_entry *e = &c->contenders[i].entry;
    const weft_scores *s = weft_evaluation_scores(e->evaluation);
    bool tied = (i > 0 && c->contenders[i - 1].entry.place == e->place) ||
                (i + 1 < c->finished && c->contenders[i + 1].entry.place == e->place);
    char value[48], low[16], high[16];
    WEFT_TRY(weft__text_printf(text, "%2zu%c ", e->place, tied ? '=' : ' '));
    WEFT_TRY(name_cell(text, e->name, name));
    WEFT_TRY(figure_cell(text, s->accuracy, 4, 8));
    weft__format_fixed(s->accuracy_low, 4, low, sizeof low);
    weft__format_fixed(s->accuracy_high, 4, high, sizeof high);
    snprintf(value, sizeof value, "%s-%s", low, high);
    WEFT_TRY(cell(text, value, 13));
    WEFT_TRY(figure_cell(text, s->macro.f1, 4, 8));
    weft__format_seconds(e->fit_seconds, value, sizeof value);
    WEFT_TRY(cell(text, value, 7));
    weft__format_seconds(e->predict_seconds, value, sizeof value);
    WEFT_TRY(cell(text, value, 7));
    if (e->model_bytes)
        weft__format_bytes(e->model_bytes, value, sizeof value);
    else
        snprintf(value, sizeof value, "-");
    WEFT_TRY(cell(text, value, 6));
    return weft__text_append(text, "\n", 1);
}

static weft_status footing(weft__text *text, const weft_comparison *c)
{
    for (size_t i = c->finished; i < c->count; i++) {
        WEFT_TRY(weft__text_append(text, "    ", 4));
        WEFT_TRY(weft__text_cell(text, c->contenders[i].name, 0, false));
        WEFT_TRY(weft__text_append(text, ": ", 2));
        WEFT_TRY(weft__text_cell(
            text, c->contenders[i].error ? c->contenders[i].error : "", 0, false));
        WEFT_TRY(weft__text_append(text, "\n", 1));
    }
    bool ties = false;
    for (size_t i = 1; i < c->finished; i++)
        ties = ties || c->contenders[i].entry.place == c->contenders[i - 1].entry.place;
    if (ties)
        WEFT_TRY(weft__text_printf(text,
            "\n= a tie: McNemar's test, Holm's correction, finds no difference at 5 %%\n"));
    return WEFT_OK;
}

static weft_status table(weft__text *text, const weft_comparison *c)
{
    size_t name = NAME_MIN;
    for (size_t i = 0; i < c->finished; i++) {
        size_t columns = weft__text_columns(c->contenders[i].name);
        name = columns > name ? columns : name;
    }
    /* The other columns take 65 of the screen's; what is longer has its own line. */
    size_t room = SCREEN - 65;
    name = name > room ? room : name;
    WEFT_TRY(weft__text_printf(text, "%zu pictures of %zu classes: ", c->test.count,
        weft_dataset_classes(c->data->train)));
    WEFT_TRY(weft__text_printf(text, "%s\n\n    ", c->test_origin));
    WEFT_TRY(weft__text_cell(text, "classifier", name, false));
    static const struct {
        const char *title;
        size_t columns;
    } columns[] = {{"accuracy", 8}, {"95 % interval", 13}, {"macro f1", 8}, {"fit", 7},
        {"predict", 7}, {"model", 6}};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        WEFT_TRY(cell(text, columns[i].title, columns[i].columns));
    WEFT_TRY(weft__text_append(text, "\n", 1));
    for (size_t i = 0; i < c->finished; i++)
        WEFT_TRY(row(text, c, i, name));
    return footing(text, c);
}

static weft_status csv_row(weft__text *text, const weft_entry *e)
{
    const weft_scores *s = weft_evaluation_scores(e->evaluation);
    const double figures[] = {s->accuracy, s->accuracy_low, s->accuracy_high,
        s->macro.precision, s->macro.recall, s->macro.f1, e->f1.low, e->f1.high,
        s->weighted.precision, s->weighted.recall, s->weighted.f1, s->log_loss, s->brier,
        s->top3, s->mcc, s->calibration_error, e->fit_seconds, e->predict_seconds, e->rate,
        (double)e->model_bytes, (double)e->peak_memory};
    WEFT_TRY(weft__text_csv(text, e->name));
    WEFT_TRY(weft__text_printf(text, ",%zu", e->place));
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        char figure[32];
        weft__format_real(figures[i], figure, sizeof figure);
        WEFT_TRY(weft__text_printf(text, ",%s", figure));
    }
    return weft__text_append(text, "\n", 1);
}

static weft_status csv(weft__text *text, const weft_comparison *c)
{
    WEFT_TRY(weft__text_printf(text,
        "classifier,place,accuracy,accuracy_low,accuracy_high,macro_precision,macro_recall,"
        "macro_f1,macro_f1_low,macro_f1_high,weighted_precision,weighted_recall,weighted_"
        "f1,"
        "log_loss,brier_score,top_3_accuracy,matthews_corrcoef,expected_calibration_error,"
        "fit_seconds,predict_seconds,pictures_per_second,model_bytes,peak_memory\n"));
    for (size_t i = 0; i < c->finished; i++)
        WEFT_TRY(csv_row(text, &c->contenders[i].entry));
    return WEFT_OK;
}

static weft_status finish(char **out, weft__text *text, weft_status status)
{
    if (status != WEFT_OK)
        weft__text_clear(text);
    else
        *out = text->data;
    return status;
}

weft_status weft_comparison_text(char **out, const weft_comparison *c)
{
    weft__text text = {0};
    return finish(out, &text, table(&text, c));
}

weft_status weft_comparison_csv(char **out, const weft_comparison *c)
{
    weft__text text = {0};
    return finish(out, &text, csv(&text, c));
}
