/* An audit on a terminal: at most 80 columns. */
#include <math.h>

#include "audit/audit.h"
#include "core/text.h"
#include "data/origins.h"

enum { LABELS = 10, PAIRS = 6, GROUPS = 5, FINDINGS = 8, NAME = 18 };

static weft_status put_percent(weft__text *text, double value, int columns)
{
    char number[64] = "-";
    if (isfinite(value))
        weft__format_fixed(100 * value, 2, number, sizeof number);
    return weft__text_printf(text, "%*s", columns, number);
}

static weft_status put_summary(weft__text *text, const weft_audit *a)
{
    char number[32];
    weft__format_fixed(a->wrong, 0, number, sizeof number);
    WEFT_TRY(weft__text_printf(text,
        "%zu training pictures of %zu classes, judged by %zu folds, seed %llu, of\n  ",
        a->train->count, a->train->classes, a->options.folds,
        (unsigned long long)a->options.seed));
    WEFT_TRY(weft__text_cell(text, a->names, 0, false));
    WEFT_TRY(weft__text_printf(text, "\naccuracy out of fold"));
    WEFT_TRY(put_percent(text, a->accuracy, 7));
    return weft__text_printf(text, " %%; about %s labels are wrong\n", number);
}

static weft_status put_costs(weft__text *text, const weft_audit *a)
{
    WEFT_TRY(weft__text_printf(
        text, "\nsuspicion  pictures  accuracy among them  on all others    costs\n"));
    for (int s = 0; s < WEFT_SUSPICIONS; s++) {
        const weft_audit_cost *c = &a->costs[s];
        WEFT_TRY(weft__text_printf(
            text, "%-9s%10zu", weft_suspicion_name((weft_suspicion)s), c->count));
        WEFT_TRY(put_percent(text, c->among, 21));
        WEFT_TRY(put_percent(text, c->left_out, 15));
        WEFT_TRY(put_percent(text, c->count ? c->left_out - a->accuracy : NAN, 9));
        WEFT_TRY(weft__text_append(text, "\n", 1));
    }
    return weft__text_printf(text, "(in percent; label's is of those that the same "
                                   "probabilities chose: no estimate)\n");
}

static weft_status put_labels(weft__text *text, const weft_audit *a)
{
    char name[WEFT__ORIGIN];
    WEFT_TRY(weft__text_printf(text, "\nlabels most likely wrong\n"));
    for (size_t r = 0, shown = 0; r < a->train->count && shown < LABELS; r++) {
        const weft_audited *p = &a->pictures[a->order[r]];
        if (!weft__suspected(p, WEFT_SUSPECT_LABEL))
            continue;
        shown++;
        WEFT_TRY(weft__text_printf(text, "  "));
        WEFT_TRY(weft__text_cell(text, a->train->class_names[p->label], NAME, false));
        WEFT_TRY(weft__text_printf(text, " rather "));
        WEFT_TRY(weft__text_cell(text, a->train->class_names[p->suggested], NAME, false));
        WEFT_TRY(weft__text_printf(text, "  "));
        WEFT_TRY(weft__text_cell(
            text, weft__audit_picture(a, WEFT_SPLIT_TRAIN, a->order[r], name), 0, false));
        WEFT_TRY(weft__text_append(text, "\n", 1));
    }
    return WEFT_OK;
}

static weft_status put_overlaps(weft__text *text, const weft_audit *a)
{
    WEFT_TRY(weft__text_printf(
        text, "\nclasses that overlap%*s taken for each other\n", 2 * NAME - 14, ""));
    for (size_t i = 0; i < a->overlap_count && i < PAIRS; i++) {
        const weft_overlap *o = &a->overlaps[i];
        WEFT_TRY(weft__text_printf(text, "  "));
        WEFT_TRY(weft__text_cell(text, a->train->class_names[o->a], NAME, false));
        WEFT_TRY(weft__text_printf(text, " "));
        WEFT_TRY(weft__text_cell(text, a->train->class_names[o->b], NAME, false));
        WEFT_TRY(weft__text_printf(text, "%8zu, which is", o->a_as_b + o->b_as_a));
        WEFT_TRY(put_percent(text, o->gain, 6));
        WEFT_TRY(weft__text_printf(text, " %% of all\n"));
    }
    return WEFT_OK;
}

static weft_status put_copies(weft__text *text, const weft_audit *a)
{
    size_t count = weft_duplicates_count(a->copies), across = 0, conflict = 0;
    char name[WEFT__ORIGIN];
    for (size_t g = 0; g < count; g++) {
        across += weft_duplicates_group(a->copies, g)->across;
        conflict += weft_duplicates_group(a->copies, g)->conflict;
    }
    WEFT_TRY(weft__text_printf(text,
        "\n%zu groups of copies: %zu across splits, %zu with different labels\n", count,
        across, conflict));
    for (size_t g = 0; g < count && g < GROUPS; g++) {
        const weft_duplicate_group *group = weft_duplicates_group(a->copies, g);
        for (size_t i = 0; i < 2; i++) {
            const weft_duplicate *p = &group->pictures[i];
            WEFT_TRY(weft__text_append(text, i ? "    " : "  ", i ? 4 : 2));
            WEFT_TRY(weft__text_cell(
                text, weft__audit_picture(a, p->split, p->index, name), 0, false));
            WEFT_TRY(weft__text_append(text, "\n", 1));
        }
    }
    return WEFT_OK;
}

static weft_status put_border(weft__text *text, const weft_audit *a)
{
    const weft_border_cue *b = &a->border;
    WEFT_TRY(weft__text_printf(text, "\nthe border alone tells the label in"));
    WEFT_TRY(put_percent(text, b->accuracy, 6));
    WEFT_TRY(weft__text_printf(text, " %% of pictures (95 %%:"));
    WEFT_TRY(put_percent(text, b->low, 6));
    WEFT_TRY(weft__text_printf(text, " to"));
    WEFT_TRY(put_percent(text, b->high, 6));
    WEFT_TRY(weft__text_printf(text, "), chance is"));
    WEFT_TRY(put_percent(text, b->chance, 6));
    return weft__text_append(text, "\n", 1);
}

static weft_status put_findings(weft__text *text, const weft_audit *a)
{
    size_t shown = 0;
    for (size_t i = 0; i < weft_check_count(a->check) && shown < FINDINGS; i++) {
        const weft_finding *f = weft_check_finding(a->check, i);
        if (f->severity == WEFT_SEVERITY_NOTE || f->where_count > 1)
            continue; /* copies are told above */
        if (shown++ == 0)
            WEFT_TRY(weft__text_append(text, "\n", 1));
        WEFT_TRY(weft__text_cell(text, f->message, 0, false));
        WEFT_TRY(weft__text_append(text, "\n", 1));
    }
    return WEFT_OK;
}

static weft_status put_fixes(weft__text *text, const weft_audit *a)
{
    size_t counts[WEFT_FIX_ACTIONS] = {0};
    for (size_t i = 0; i < a->fix_count; i++)
        counts[a->fixes[i].action]++;
    WEFT_TRY(weft__text_printf(text,
        "\nfix list: %zu to drop, %zu to relabel, %zu to move, %zu to look at\n",
        counts[WEFT_FIX_DROP], counts[WEFT_FIX_RELABEL], counts[WEFT_FIX_MOVE],
        counts[WEFT_FIX_KEEP]));
    if (!a->options.refit)
        return WEFT_OK;
    WEFT_TRY(weft__text_printf(text,
        "without these %zu in training, accuracy on all others is", a->refit.left_out));
    WEFT_TRY(put_percent(text, a->refit.after, 6));
    WEFT_TRY(weft__text_printf(text, " %%, with them"));
    WEFT_TRY(put_percent(text, a->refit.before, 6));
    return weft__text_append(text, "\n", 1);
}

weft_status weft_audit_text(char **out, const weft_audit *audit)
{
    static weft_status (*const parts[])(weft__text *, const weft_audit *) = {put_summary,
        put_costs, put_labels, put_overlaps, put_copies, put_border, put_findings,
        put_fixes};
    weft__text text = {0};
    weft_status status = WEFT_OK;
    for (size_t i = 0; status == WEFT_OK && i < sizeof parts / sizeof *parts; i++)
        status = parts[i](&text, audit);
    if (status == WEFT_OK)
        *out = text.data;
    else
        weft__text_clear(&text);
    return status;
}
