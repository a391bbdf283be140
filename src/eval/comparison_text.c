/* A comparison as a terminal's table and as CSV. */
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "eval/compare.h"
#include "eval/csv.h"
#include "eval/evaluation.h"

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

/* "0.8484-0.8622", Wilson's interval; of several seeds "0.0047 (5)", their standard
 * deviation and number. */
static void format_doubt(
    const weft_comparison *c, const weft_entry *e, char *text, size_t size)
{
    const weft_scores *s = weft_evaluation_scores(e->evaluation);
    char low[16] = "-", high[16];
    if (weft__has_seeds(c)) {
        if (e->fit_count > 1)
            weft__format_fixed(e->accuracy.sd, 4, low, sizeof low);
        snprintf(text, size, "%s (%zu)", low, e->fit_count);
        return;
    }
    weft__format_fixed(s->accuracy_low, 4, low, sizeof low);
    weft__format_fixed(s->accuracy_high, 4, high, sizeof high);
    snprintf(text, size, "%s-%s", low, high);
}

static weft_status row(weft__text *text, const weft_comparison *c, size_t i, size_t name)
{
    const weft_entry *e = &c->contenders[i].entry;
    bool tied = (i > 0 && c->contenders[i - 1].entry.place == e->place) ||
                (i + 1 < c->finished && c->contenders[i + 1].entry.place == e->place);
    char value[48];
    WEFT_TRY(weft__text_printf(text, "%2zu%c ", e->place, tied ? '=' : ' '));
    WEFT_TRY(name_cell(text, e->name, name));
    WEFT_TRY(figure_cell(text, e->accuracy.mean, 4, 8));
    format_doubt(c, e, value, sizeof value);
    WEFT_TRY(cell(text, value, 13));
    WEFT_TRY(figure_cell(text, e->macro_f1.mean, 4, 8));
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
    bool seeds = weft__has_seeds(c);
    if (ties || seeds)
        WEFT_TRY(weft__text_append(text, "\n", 1));
    if (seeds)
        WEFT_TRY(weft__text_printf(text, "Means of n seeds, sd of the accuracy; times and "
                                         "models are the first seed's\n"));
    if (ties)
        WEFT_TRY(weft__text_printf(text,
            "= a tie: %s, Holm's correction, finds no difference at 5 %%\n",
            seeds ? "a t-test over pictures and seeds" : "McNemar's test"));
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
    const struct {
        const char *title;
        size_t columns;
    } columns[] = {{"accuracy", 8}, {weft__has_seeds(c) ? "sd (n)" : "95 % interval", 13},
        {"macro f1", 8}, {"fit", 7}, {"predict", 7}, {"model", 6}};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        WEFT_TRY(cell(text, columns[i].title, columns[i].columns));
    WEFT_TRY(weft__text_append(text, "\n", 1));
    for (size_t i = 0; i < c->finished; i++)
        WEFT_TRY(row(text, c, i, name));
    return footing(text, c);
}

/* What a row of CSV holds of an entry, beside its name and the evaluation's figures. */
static weft_status csv_own(weft__text *text, const weft_entry *e)
{
    const weft_scores *s = weft_evaluation_scores(e->evaluation);
    const double figures[] = {(double)e->place, (double)e->fit_count, e->accuracy.mean,
        e->accuracy.sd, e->macro_f1.mean, e->macro_f1.sd, s->macro.precision,
        s->macro.recall, s->macro.f1, e->f1.low, e->f1.high, s->weighted.precision,
        s->weighted.recall, s->weighted.f1, weft_classifier_temperature(e->classifier),
        e->fit_seconds, e->predict_seconds, e->rate, (double)e->model_bytes,
        (double)e->peak_memory};
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        char figure[32];
        weft__csv_real(figures[i], figure, sizeof figure);
        WEFT_TRY(weft__text_printf(text, ",%s", figure));
    }
    return WEFT_OK;
}

static weft_status csv_row(weft__text *text, const weft_entry *e)
{
    WEFT_TRY(weft__text_csv(text, e->name));
    WEFT_TRY(csv_own(text, e));
    for (const weft__score_name *f = weft__score_names; f->key; f++) {
        char figure[32];
        weft__csv_real(weft__score_value(weft_evaluation_scores(e->evaluation), f), figure,
            sizeof figure);
        WEFT_TRY(weft__text_printf(text, ",%s", figure));
    }
    return weft__text_append(text, "\n", 1);
}

static weft_status csv(weft__text *text, const weft_comparison *c)
{
    WEFT_TRY(weft__text_printf(text,
        "classifier,place,seeds,accuracy_mean,accuracy_sd,macro_f1_mean,macro_f1_sd,"
        "macro_precision,macro_recall,macro_f1,macro_f1_low,macro_f1_high,"
        "weighted_precision,weighted_recall,weighted_f1,temperature,fit_seconds,"
        "predict_seconds,pictures_per_second,model_bytes,peak_memory"));
    for (const weft__score_name *f = weft__score_names; f->key; f++)
        WEFT_TRY(weft__text_printf(text, ",%s", f->key));
    WEFT_TRY(weft__text_append(text, "\n", 1));
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
