/* A study's figures beside ours, as text, Markdown, CSV and JSON. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "core/text.h"
#include "eval/evaluation.h"
#include "eval/study.h"

enum { VALUE = 72, VERDICT = 64 };

/* Widths of the text's columns. */
struct columns {
    size_t figure, paper, value;
};

/* One line of the table. */
struct row {
    const struct columns *columns;
    const weft_experiment *experiment;
    const weft_reported *reported; /* NULL: the study gives no figure, ours is shown */
    const char *figure;
    weft__spread ours;
    char paper[VALUE], value[VALUE], verdict[VERDICT];
};

static void format_spread(char *text, size_t size, double mean, double sd, int decimals)
{
    char a[32], b[32];
    if (isnan(mean)) {
        snprintf(text, size, "-");
        return;
    }
    weft__format_fixed(mean, decimals, a, sizeof a);
    weft__format_fixed(sd, decimals, b, sizeof b);
    if (isnan(sd))
        snprintf(text, size, "%s", a);
    else
        snprintf(text, size, "%s \u00b1 %s", a, b);
}

static void format_reported(char *text, size_t size, const weft_reported *p)
{
    static const char *const words[] = {
        [WEFT_REPORTED] = "", [WEFT_ABOUT] = "about ", [WEFT_ABOVE] = "above "};
    char value[VALUE];
    int decimals = (int)lround(-log10(p->unit));
    format_spread(value, sizeof value, p->value, p->sd, decimals);
    snprintf(text, size, "%s%s", words[p->wording], value);
}

static void make_row(struct row *row, const weft_study_results *r, const weft_experiment *e,
    const weft_reported *reported)
{
    *row = (struct row){.experiment = e,
        .reported = reported,
        .figure = reported ? reported->figure : "accuracy",
        .paper = "-"};
    row->ours = weft__figure_spread(r, e, row->figure);
    format_spread(row->value, sizeof row->value, row->ours.mean, row->ours.sd, 4);
    if (!reported)
        return;
    format_reported(row->paper, sizeof row->paper, reported);
    weft__verdict(
        row->verdict, sizeof row->verdict, reported, &row->ours, weft__by_chance(e));
}

/* Whether any of the experiment's runs were asked for. */
static bool is_asked(const weft_study_results *r, const weft_experiment *e)
{
    for (size_t i = 0; i < r->run_count; i++)
        if (r->runs[i].experiment == e)
            return true;
    return false;
}

/* The narrowest columns that hold every figure. */
static struct columns columns_of(const weft_study_results *r)
{
    struct columns c = {strlen("accuracy"), strlen("paper"), strlen("0.0000 + 0.0000")};
    for (size_t i = 0; i < r->study->experiment_count; i++) {
        const weft_experiment *e = &r->study->experiments[i];
        for (size_t j = 0; is_asked(r, e) && j < e->reported_count; j++) {
            char paper[VALUE];
            format_reported(paper, sizeof paper, &e->reported[j]);
            size_t wide = weft__text_columns(e->reported[j].figure);
            size_t broad = weft__text_columns(paper);
            c.figure = wide > c.figure ? wide : c.figure;
            c.paper = broad > c.paper ? broad : c.paper;
        }
    }
    return c;
}

/* Calls `write` for every figure of every experiment that was asked for. */
static weft_status for_rows(weft__text *text, const weft_study_results *r,
    const struct columns *columns,
    weft_status (*head)(weft__text *, const weft_experiment *),
    weft_status (*write)(weft__text *, const struct row *))
{
    for (size_t i = 0; i < r->study->experiment_count; i++) {
        const weft_experiment *e = &r->study->experiments[i];
        struct row row;
        if (!is_asked(r, e))
            continue;
        if (head)
            WEFT_TRY(head(text, e));
        bool accuracy = false;
        for (size_t j = 0; j < e->reported_count; j++) {
            make_row(&row, r, e, &e->reported[j]);
            row.columns = columns;
            accuracy = accuracy || strcmp(row.figure, "accuracy") == 0;
            WEFT_TRY(write(text, &row));
        }
        if (accuracy)
            continue;
        make_row(&row, r, e, NULL);
        row.columns = columns;
        WEFT_TRY(write(text, &row));
    }
    return WEFT_OK;
}

static weft_status append(weft__text *text, const char *line)
{
    return weft__text_append(text, line, strlen(line));
}

static weft_status text_head(weft__text *text, const weft_experiment *e)
{
    WEFT_TRY(append(text, "\n"));
    WEFT_TRY(weft__text_cell(text, e->name, 0, false));
    WEFT_TRY(append(text, "  "));
    WEFT_TRY(weft__text_cell(text, e->classifier, 0, false));
    return weft__text_printf(text, "  (%s)\n", e->protocol.text);
}

static weft_status text_row(weft__text *text, const struct row *row)
{
    WEFT_TRY(append(text, "  "));
    WEFT_TRY(weft__text_cell(text, row->figure, row->columns->figure, false));
    WEFT_TRY(append(text, "  "));
    WEFT_TRY(weft__text_cell(text, row->paper, row->columns->paper, false));
    WEFT_TRY(append(text, "  "));
    WEFT_TRY(weft__text_cell(text, row->value, row->columns->value, false));
    WEFT_TRY(weft__text_printf(text, "  %2zu", row->ours.n));
    return *row->verdict ? weft__text_printf(text, "  %s\n", row->verdict)
                         : append(text, "\n");
}

static weft_status claim_lines(
    weft__text *text, const weft_study_results *r, const char *before)
{
    for (size_t i = 0; i < r->study->claim_count; i++) {
        const weft_claim *c = &r->study->claims[i];
        char *verdict;
        WEFT_TRY(weft__text_printf(text, "%s%s has the %s %s of %s", before, c->name,
            c->lowest ? "lowest" : "highest", c->figure, c->pattern));
        if (*c->where)
            WEFT_TRY(weft__text_printf(text, " (%s)", c->where));
        WEFT_TRY(weft__claim_verdict(&verdict, r, c));
        weft_status status =
            weft__text_printf(text, "%s%s\n", *before ? ". Ours: " : "\n  ours: ", verdict);
        free(verdict);
        WEFT_TRY(status);
    }
    return WEFT_OK;
}

static weft_status failed_lines(weft__text *text, const weft_study_results *r)
{
    for (size_t i = 0; i < r->run_count; i++)
        if (r->runs[i].error)
            WEFT_TRY(weft__text_printf(text, "\n%s, seed %" PRIu64 " failed: %s\n",
                r->runs[i].experiment->name, r->runs[i].seed, r->runs[i].error));
    return WEFT_OK;
}

static weft_status state_lines(weft__text *text, const weft_study_results *r)
{
    if (r->quick)
        WEFT_TRY(append(
            text, "\nQuick: one seed, a fifth of the epochs. Not figures to quote.\n"));
    WEFT_TRY(failed_lines(text, r));
    if (weft_study_finished(r) < r->run_count)
        WEFT_TRY(weft__text_printf(
            text, "\n%zu of %zu runs have ended.\n", weft_study_finished(r), r->run_count));
    return WEFT_OK;
}

static const char LEGEND[] =
    "agrees: within rounding and two standard deviations of the runs (and of the study's,\n"
    "where it gives one); one run: nothing is known of the spread\n";

static weft_status make_text(weft__text *text, const weft_study_results *r)
{
    WEFT_TRY(weft__text_cell(text, r->study->title, 0, false));
    WEFT_TRY(append(text, "\n"));
    WEFT_TRY(weft__text_cell(text, r->study->source, 0, false));
    const struct columns c = columns_of(r);
    WEFT_TRY(weft__text_printf(text, "\n\n  %-*s  %-*s  %-*s   n\n", (int)c.figure,
        "figure", (int)c.paper, "paper", (int)c.value, "ours"));
    WEFT_TRY(for_rows(text, r, &c, text_head, text_row));
    if (r->study->claim_count)
        WEFT_TRY(append(text, "\n"));
    WEFT_TRY(claim_lines(text, r, ""));
    WEFT_TRY(state_lines(text, r));
    return weft__text_printf(text, "\n%s", LEGEND);
}

/* A cell of a Markdown table. */
static weft_status markdown_cell(weft__text *text, const char *value)
{
    for (; *value; value++) {
        if (*value == '|')
            WEFT_TRY(append(text, "\\"));
        WEFT_TRY(weft__text_append(text, value, 1));
    }
    return append(text, " | ");
}

static weft_status markdown_row(weft__text *text, const struct row *row)
{
    const weft_experiment *e = row->experiment;
    char n[24], spec[512];
    snprintf(n, sizeof n, "%zu", row->ours.n);
    snprintf(spec, sizeof spec, "`%s`", e->classifier);
    const char *cells[] = {e->name, spec, row->figure, row->paper,
        row->reported ? row->reported->where : "", row->value, n, row->verdict};
    WEFT_TRY(append(text, "| "));
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++)
        WEFT_TRY(markdown_cell(text, cells[i]));
    text->data[--text->length] = 0;
    return append(text, "\n");
}

static weft_status note_lines(weft__text *text, const weft_study_results *r)
{
    bool any = false;
    for (size_t i = 0; i < r->study->experiment_count; i++) {
        const weft_experiment *e = &r->study->experiments[i];
        if (!*e->note || !is_asked(r, e))
            continue;
        WEFT_TRY(
            weft__text_printf(text, "%s- %s: %s\n", any ? "" : "\n", e->name, e->note));
        any = true;
    }
    return WEFT_OK;
}

static weft_status make_markdown(weft__text *text, const weft_study_results *r)
{
    WEFT_TRY(weft__text_printf(text, "# %s\n\n%s\n\n", r->study->title, r->study->source));
    WEFT_TRY(
        append(text, "| experiment | classifier | figure | paper | where | ours | n | |\n"
                     "| --- | --- | --- | --- | --- | --- | --- | --- |\n"));
    WEFT_TRY(for_rows(text, r, NULL, NULL, markdown_row));
    WEFT_TRY(note_lines(text, r));
    if (r->study->claim_count)
        WEFT_TRY(append(text, "\n"));
    WEFT_TRY(claim_lines(text, r, "- "));
    WEFT_TRY(state_lines(text, r));
    return weft__text_printf(text, "\n%s", LEGEND);
}

/* A field of CSV (RFC 4180). */
static weft_status csv_field(weft__text *text, const char *value, const char *after)
{
    if (!strpbrk(value, ",\"\n")) {
        WEFT_TRY(append(text, value));
        return append(text, after);
    }
    WEFT_TRY(append(text, "\""));
    for (; *value; value++) {
        if (*value == '"')
            WEFT_TRY(append(text, "\""));
        WEFT_TRY(weft__text_append(text, value, 1));
    }
    WEFT_TRY(append(text, "\""));
    return append(text, after);
}

static weft_status csv_number(weft__text *text, double value)
{
    char number[32] = "";
    if (!isnan(value))
        weft__format_real(value, number, sizeof number);
    return csv_field(text, number, ",");
}

static weft_status csv_row(weft__text *text, const struct row *row)
{
    const weft_experiment *e = row->experiment;
    const weft_reported *p = row->reported;
    WEFT_TRY(csv_field(text, e->name, ","));
    WEFT_TRY(csv_field(text, e->classifier, ","));
    WEFT_TRY(csv_field(text, e->protocol.text, ","));
    WEFT_TRY(csv_field(text, row->figure, ","));
    WEFT_TRY(csv_number(text, p ? p->value : NAN));
    WEFT_TRY(csv_number(text, p ? p->sd : NAN));
    WEFT_TRY(csv_field(text, p ? p->where : "", ","));
    WEFT_TRY(csv_number(text, row->ours.mean));
    WEFT_TRY(csv_number(text, row->ours.sd));
    WEFT_TRY(weft__text_printf(text, "%zu,", row->ours.n));
    return csv_field(text, row->verdict, "\n");
}

static weft_status make_csv(weft__text *text, const weft_study_results *r)
{
    WEFT_TRY(append(text, "experiment,classifier,protocol,figure,paper,paper_sd,where,mean,"
                          "sd,n,verdict\n"));
    return for_rows(text, r, NULL, NULL, csv_row);
}

static json_t *row_json(const struct row *row)
{
    const weft_reported *p = row->reported;
    static const char *const wordings[] = {
        [WEFT_REPORTED] = "", [WEFT_ABOUT] = "about", [WEFT_ABOVE] = "above"};
    return json_pack("{s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:I, s:s}", "figure",
        weft__json_text(row->figure), "paper", weft__json_real(p ? p->value : NAN),
        "paper_sd", weft__json_real(p ? p->sd : NAN), "wording",
        p ? wordings[p->wording] : "", "where", weft__json_text(p ? p->where : ""), "mean",
        weft__json_real(row->ours.mean), "sd", weft__json_real(row->ours.sd), "n",
        (json_int_t)row->ours.n, "verdict", row->verdict);
}

static json_t *experiment_json(const weft_study_results *r, const weft_experiment *e)
{
    json_t *rows = json_array(), *runs = json_array();
    struct row row;
    for (size_t j = 0; j < e->reported_count; j++) {
        make_row(&row, r, e, &e->reported[j]);
        json_array_append_new(rows, row_json(&row));
    }
    make_row(&row, r, e, NULL);
    json_array_append_new(rows, row_json(&row));
    for (size_t i = 0; i < r->run_count; i++)
        if (r->runs[i].experiment == e)
            json_array_append_new(
                runs, r->runs[i].record ? json_incref(r->runs[i].record) : json_null());
    return json_pack("{s:s, s:o, s:s, s:o, s:o, s:o}", "name", e->name, "classifier",
        weft__json_text(e->classifier), "protocol", e->protocol.text, "note",
        weft__json_text(e->note), "figures", rows, "runs", runs);
}

static weft_status claims_json(json_t *claims, const weft_study_results *r)
{
    for (size_t i = 0; i < r->study->claim_count; i++) {
        const weft_claim *c = &r->study->claims[i];
        char *verdict;
        WEFT_TRY(weft__claim_verdict(&verdict, r, c));
        json_array_append_new(
            claims, json_pack("{s:o, s:s, s:s, s:o, s:o, s:o}", "name",
                        weft__json_text(c->name), "has", c->lowest ? "lowest" : "highest",
                        "figure", c->figure, "of", weft__json_text(c->pattern), "where",
                        weft__json_text(c->where), "verdict", weft__json_text(verdict)));
        free(verdict);
    }
    return WEFT_OK;
}

static weft_status make_json(weft__text *text, const weft_study_results *r)
{
    json_t *experiments = json_array(), *claims = json_array();
    for (size_t i = 0; i < r->study->experiment_count; i++)
        if (is_asked(r, &r->study->experiments[i]))
            json_array_append_new(
                experiments, experiment_json(r, &r->study->experiments[i]));
    weft_status status = claims_json(claims, r);
    json_t *json = json_pack("{s:o, s:o, s:o, s:b, s:I, s:I, s:o, s:o}", "recipe",
        weft__json_text(r->study->path), "title", weft__json_text(r->study->title),
        "source", weft__json_text(r->study->source), "quick", r->quick, "runs",
        (json_int_t)r->run_count, "finished", (json_int_t)weft_study_finished(r),
        "experiments", experiments, "claims", claims);
    char *dumped = json ? json_dumps(json, JSON_INDENT(2)) : NULL;
    json_decref(json);
    if (status == WEFT_OK)
        status = dumped ? append(text, dumped)
                        : weft_fail(WEFT_ENOMEM, "no memory for a study's JSON");
    free(dumped);
    return status;
}

static weft_status made(char **out, const weft_study_results *r,
    weft_status (*make)(weft__text *, const weft_study_results *))
{
    weft__text text = {0};
    weft_status status = make(&text, r);
    if (status == WEFT_OK)
        *out = text.data;
    else
        weft__text_clear(&text);
    return status;
}

weft_status weft_study_text(char **out, const weft_study_results *r)
{
    return made(out, r, make_text);
}

weft_status weft_study_markdown(char **out, const weft_study_results *r)
{
    return made(out, r, make_markdown);
}

weft_status weft_study_csv(char **out, const weft_study_results *r)
{
    return made(out, r, make_csv);
}

weft_status weft_study_json(char **out, const weft_study_results *r)
{
    return made(out, r, make_json);
}

weft_status weft_study_save(const weft_study_results *r, const char *folder)
{
    static const struct {
        const char *name;
        weft_status (*make)(weft__text *, const weft_study_results *);
    } files[] = {{"results.json", make_json}, {"results.csv", make_csv},
        {"results.md", make_markdown}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char *path = NULL, *text = NULL;
        weft_status status = weft__path_join(&path, folder, files[i].name);
        if (status == WEFT_OK)
            status = made(&text, r, files[i].make);
        if (status == WEFT_OK)
            status = weft__file_write(path, text, strlen(text));
        free(path);
        free(text);
        WEFT_TRY(status);
    }
    return WEFT_OK;
}
