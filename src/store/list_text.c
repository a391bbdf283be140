/* Runs as a table for a terminal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "store/list.h"

/* id 5, moment 16, label, two figures of 8 or one of 18, time 7; two spaces between. */
enum { LABEL = 26, FIGURE = 8, FIGURES = 2 * FIGURE + 2, TIME = 7 };

static weft_status gap(weft__text *text)
{
    return weft__text_append(text, "  ", 2);
}

/* Cut to its column: the list is for looking over, all of it is in the run's own page. */
static weft_status label_cell(weft__text *text, const weft_run_row *row)
{
    char label[256];
    weft__run_label(label, sizeof label, row->kind, row->name);
    size_t length = strlen(label);
    bool cut = weft__text_columns(label) > LABEL;
    while (length > 0 && weft__text_columns(label) > LABEL - 3) {
        if (!cut)
            break;
        do
            label[--length] = 0;
        while (length > 0 && ((unsigned char)label[length - 1] & 0xc0) == 0x80);
    }
    if (cut)
        strcpy(label + length, "...");
    return weft__text_cell(text, label, LABEL, false);
}

static weft_status figure_cell(weft__text *text, double value, size_t columns)
{
    char figure[32] = "";
    if (!isnan(value))
        weft__format_fixed(value, 4, figure, sizeof figure);
    WEFT_TRY(gap(text));
    return weft__text_cell(text, figure, columns, true);
}

static weft_status figure_cells(
    weft__text *text, const weft_run_list *list, const weft_run_row *row)
{
    if (strcmp(row->status, "done") != 0) {
        WEFT_TRY(gap(text));
        return weft__text_cell(text, row->status, FIGURES, true);
    }
    if (list->metric)
        return figure_cell(text, row->figure, FIGURES);
    WEFT_TRY(figure_cell(text, row->validation_accuracy, FIGURE));
    return figure_cell(text, row->test_accuracy, FIGURE);
}

static weft_status row_text(
    weft__text *text, const weft_run_list *list, const weft_run_row *row)
{
    char seconds[32] = "";
    if (row->seconds == 0) /* moments are kept to the second */
        strcpy(seconds, "< 1 s");
    else if (!isnan(row->seconds))
        weft__format_seconds(row->seconds, seconds, sizeof seconds);
    char moment[17]; /* "2026-11-20T18:44", whatever the file says */
    snprintf(moment, sizeof moment, "%s", row->began);
    char *between = strchr(moment, 'T');
    if (between)
        *between = ' ';
    WEFT_TRY(weft__text_printf(text, "%5lld  ", (long long)row->id));
    WEFT_TRY(weft__text_cell(text, moment, sizeof moment - 1, false));
    WEFT_TRY(gap(text));
    WEFT_TRY(label_cell(text, row));
    WEFT_TRY(figure_cells(text, list, row));
    WEFT_TRY(gap(text));
    WEFT_TRY(weft__text_cell(text, seconds, TIME, true));
    return weft__text_append(text, "\n", 1);
}

static weft_status heading(weft__text *text, const weft_run_list *list)
{
    weft__text figure = {0};
    weft_status status = list->metric ? weft__text_printf(&figure, "%s", list->metric)
                                      : weft__text_printf(&figure, "%*s  %*s", FIGURE,
                                            "val", FIGURE, "test");
    if (status == WEFT_OK)
        status = weft__text_printf(text, "%5s  %-16s  %-*s  ", "run", "began (UTC)", LABEL,
            list->metric && list->split ? list->split : "");
    if (status == WEFT_OK)
        status = weft__text_cell(text, figure.data, FIGURES, true);
    weft__text_clear(&figure);
    WEFT_TRY(status);
    return weft__text_printf(text, "  %*s\n", TIME, "time");
}

static weft_status table(weft__text *text, const weft_run_list *list)
{
    WEFT_TRY(heading(text, list));
    for (size_t i = 0; i < list->count; i++)
        WEFT_TRY(row_text(text, list, &list->rows[i]));
    return WEFT_OK;
}

weft_status weft_run_list_text(char **out, const weft_run_list *list)
{
    weft__text text = {0};
    weft_status status = table(&text, list);
    if (status != WEFT_OK)
        weft__text_clear(&text);
    else
        *out = text.data;
    return status;
}
