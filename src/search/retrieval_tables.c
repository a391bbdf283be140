/* A retrieval's figures as text and JSON. */
#include <jansson.h>
#include <string.h>

#include "core/text.h"
#include "eval/evaluation.h"
#include "weft/similar.h"

enum { CUTS = WEFT_RETRIEVAL_CUTS };

/* ---- JSON ---- */

static json_t *cuts_json(const double *values)
{
    json_t *json = json_object();
    for (int c = 0; c < CUTS; c++) {
        char k[24];
        snprintf(k, sizeof k, "%zu", weft_retrieval_cuts[c]);
        json_object_set_new(json, k, weft__json_real(values[c]));
    }
    return json;
}

static json_t *figures_json(const weft_retrieval_figures *f)
{
    return json_pack("{s:I, s:o, s:o, s:o, s:o, s:o}", "queries", (json_int_t)f->queries,
        "precision", cuts_json(f->precision), "recall", cuts_json(f->recall), "hit",
        cuts_json(f->hit), "map", weft__json_real(f->average_precision), "shown_precision",
        weft__json_real(f->shown_precision));
}

weft_status weft_retrieval_json(char **out, const weft_retrieval *retrieval)
{
    json_t *json = figures_json(&retrieval->all), *classes = json_array();
    for (size_t c = 0; c < retrieval->class_count; c++) {
        json_t *one = figures_json(&retrieval->classes[c]);
        json_object_set_new(one, "class", weft__json_text(retrieval->class_names[c]));
        json_array_append_new(classes, one);
    }
    json_object_set_new(json, "classes", classes);
    char *text = json_dumps(json, JSON_INDENT(2));
    json_decref(json);
    if (!text)
        return weft_fail(WEFT_ENOMEM, "no memory for figures");
    *out = text;
    return WEFT_OK;
}

/* ---- text ---- */

enum { WIDEST_NAME = 24, COLUMN = 7 };

static const char *const headings[] = {
    "P@1", "P@5", "P@10", "R@10", "R@100", "hit@10", "mAP"};
enum { COLUMNS = sizeof headings / sizeof *headings };

static weft_status add_row(
    weft__text *text, const char *name, size_t width, const weft_retrieval_figures *f)
{
    const double values[COLUMNS] = {f->precision[0], f->precision[1], f->precision[2],
        f->recall[2], f->recall[5], f->hit[2], f->average_precision};
    char cell[32];
    WEFT_TRY(weft__text_cell(text, name, width, false));
    WEFT_TRY(weft__text_printf(text, "%8zu", f->queries));
    for (int c = 0; c < COLUMNS; c++) {
        weft__format_fixed(values[c], 4, cell, sizeof cell);
        WEFT_TRY(weft__text_cell(text, f->queries ? cell : "-", COLUMN, true));
    }
    return weft__text_append(text, "\n", 1);
}

static weft_status write_table(weft__text *text, const weft_retrieval *r)
{
    size_t width = strlen("class");
    for (size_t c = 0; c < r->class_count; c++) {
        size_t columns = weft__text_columns(r->class_names[c]);
        width = columns > width ? columns : width;
    }
    width = width < WIDEST_NAME ? width : WIDEST_NAME;
    WEFT_TRY(weft__text_cell(text, "class", width, false));
    WEFT_TRY(weft__text_printf(text, "%8s", "queries"));
    for (int c = 0; c < COLUMNS; c++)
        WEFT_TRY(weft__text_cell(text, headings[c], COLUMN, true));
    WEFT_TRY(weft__text_append(text, "\n", 1));
    for (size_t c = 0; c < r->class_count; c++)
        WEFT_TRY(add_row(text, r->class_names[c], width, &r->classes[c]));
    return add_row(text, "all", width, &r->all);
}

weft_status weft_retrieval_text(char **out, const weft_retrieval *retrieval)
{
    weft__text text = {0};
    weft_status status = write_table(&text, retrieval);
    if (status == WEFT_OK)
        *out = text.data;
    else
        weft__text_clear(&text);
    return status;
}
