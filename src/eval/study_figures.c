/* What a study reports, found in our records, and what can be said of the two. */
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/text.h"
#include "eval/study.h"

static double number(const json_t *json)
{
    return json_is_number(json) ? json_number_value(json) : NAN;
}

static double last(const json_t *history, const char *column)
{
    const json_t *values = json_object_get(history, column);
    size_t n = json_array_size(values);
    return n ? number(json_array_get(values, n - 1)) : NAN;
}

static double test_accuracy(const json_t *record)
{
    return number(json_object_get(json_object_get(record, "test"), "accuracy"));
}

static double test_loss(const json_t *record)
{
    return number(json_object_get(json_object_get(record, "test"), "log_loss"));
}

static double macro(const json_t *record, const char *score)
{
    const json_t *test = json_object_get(record, "test");
    return number(json_object_get(json_object_get(test, "macro avg"), score));
}

static double precision(const json_t *record)
{
    return macro(record, "precision");
}

static double recall(const json_t *record)
{
    return macro(record, "recall");
}

static double f1(const json_t *record)
{
    return macro(record, "f1-score");
}

static double precision_half(const json_t *record)
{
    return number(json_object_get(json_object_get(record, "test"), "precision_half"));
}

static double recall_half(const json_t *record)
{
    return number(json_object_get(json_object_get(record, "test"), "recall_half"));
}

static double train_accuracy(const json_t *record)
{
    return last(json_object_get(record, "history"), "accuracy");
}

static double train_loss(const json_t *record)
{
    return last(json_object_get(record, "history"), "loss");
}

static double val_accuracy(const json_t *record)
{
    return number(json_object_get(json_object_get(record, "validation"), "accuracy"));
}

static double val_loss(const json_t *record)
{
    return number(json_object_get(json_object_get(record, "validation"), "log_loss"));
}

static double loss_rises(const json_t *record)
{
    const json_t *losses = json_object_get(json_object_get(record, "history"), "loss");
    if (json_array_size(losses) == 0)
        return NAN;
    double rises = 0;
    for (size_t i = 1; i < json_array_size(losses); i++)
        rises += number(json_array_get(losses, i)) > number(json_array_get(losses, i - 1));
    return rises;
}

/* Of the test pictures, unless the name says otherwise; precision, recall and f1 are means
 * over the classes. Training figures are the last epoch's running means. */
static const struct {
    const char *name;
    double (*get)(const json_t *record);
} figures[] = {
    {"accuracy", test_accuracy}, {"loss", test_loss}, {"precision", precision},
    {"recall", recall}, {"f1", f1},
    /* A class counts as predicted where its probability is above one half, as with Keras'
     * Precision() and Recall(). */
    {"precision-half", precision_half}, {"recall-half", recall_half},
    {"train-accuracy", train_accuracy}, {"train-loss", train_loss},
    {"val-accuracy", val_accuracy}, {"val-loss", val_loss},
    {"loss-rises", loss_rises}, /* epochs whose training loss is above the one before */
};

/* Of one class: "f1:Shirt". */
static const struct {
    const char *prefix, *score;
} class_figures[] = {
    {"precision:", "precision"},
    {"recall:", "recall"},
    {"f1:", "f1-score"},
};

static const char *figure_name(const void *unused, size_t i)
{
    (void)unused;
    return i < sizeof figures / sizeof *figures ? figures[i].name : NULL;
}

const char *weft__figure_class(const char *figure)
{
    const char *colon = strchr(figure, ':');
    return colon ? colon + 1 : NULL;
}

weft_status weft__figure_check(const char *figure)
{
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        if (strcmp(figure, figures[i].name) == 0)
            return WEFT_OK;
    for (size_t i = 0; i < sizeof class_figures / sizeof *class_figures; i++)
        if (strncmp(figure, class_figures[i].prefix, strlen(class_figures[i].prefix)) == 0)
            return WEFT_OK;
    const char *near = weft__nearest(figure, figure_name, NULL);
    if (near)
        return weft_fail(
            WEFT_ENOTFOUND, "no figure '%s': did you mean '%s'?", figure, near);
    return weft_fail(
        WEFT_ENOTFOUND, "no figure '%s': expected one like accuracy or f1:CLASS", figure);
}

static double class_figure(const json_t *record, const char *class, const char *score)
{
    const json_t *test = json_object_get(record, "test");
    const json_t *classes = json_object_get(test, "classes");
    for (size_t k = 0; k < json_array_size(classes); k++) {
        const json_t *row = json_array_get(classes, k);
        const char *name = json_string_value(json_object_get(row, "name"));
        if (name && strcmp(name, class) == 0)
            return number(json_object_get(row, score));
    }
    return NAN;
}

double weft__figure(const json_t *record, const char *figure)
{
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        if (strcmp(figure, figures[i].name) == 0)
            return figures[i].get(record);
    for (size_t i = 0; i < sizeof class_figures / sizeof *class_figures; i++)
        if (strncmp(figure, class_figures[i].prefix, strlen(class_figures[i].prefix)) == 0)
            return class_figure(record, weft__figure_class(figure), class_figures[i].score);
    return NAN;
}

weft__spread weft__figure_spread(
    const weft_study_results *r, const weft_experiment *experiment, const char *figure)
{
    double sum = 0, squares = 0;
    weft__spread spread = {0, NAN, NAN};
    for (int pass = 0; pass < 2; pass++) {
        spread.n = 0;
        for (size_t i = 0; i < r->run_count; i++) {
            if (r->runs[i].experiment != experiment || !r->runs[i].record)
                continue;
            double value = weft__figure(r->runs[i].record, figure);
            if (isnan(value))
                continue;
            spread.n++;
            if (pass == 0)
                sum += value;
            else
                squares += (value - spread.mean) * (value - spread.mean);
        }
        if (pass == 0)
            spread.mean = spread.n ? sum / (double)spread.n : NAN;
    }
    if (spread.n > 1)
        spread.sd = sqrt(squares / (double)(spread.n - 1));
    return spread;
}

bool weft__by_chance(const weft_experiment *e)
{
    if (e->protocol.folds || e->protocol.parts > 1)
        return true;
    weft__contender contender;
    if (weft__contender_create(&contender, e->classifier, 0, 1) != WEFT_OK)
        return true;
    bool by_chance = contender.entry.by_chance;
    weft__contender_clear(&contender);
    return by_chance;
}

/* Two standard deviations of a run of ours, and of one of the paper's where that is known:
 * what lies within is no difference. */
static double allowance(double ours, double theirs)
{
    double a = isnan(ours) ? 0 : ours, b = isnan(theirs) ? 0 : theirs;
    return 2 * sqrt(a * a + b * b);
}

void weft__verdict(char *text, size_t size, const weft_reported *p,
    const weft__spread *ours, bool by_chance)
{
    if (ours->n == 0) {
        snprintf(text, size, "not run");
        return;
    }
    double difference = ours->mean - p->value;
    /* What printing rounds away: half of the last digit; a whole one of "about". */
    double rounding = p->wording == WEFT_ABOUT ? p->unit : p->unit / 2;
    bool known = ours->n > 1 || !by_chance;
    double allowed = rounding + 1e-9 + (known ? allowance(ours->sd, p->sd) : 0);
    if (p->wording == WEFT_ABOVE && difference > 0) {
        snprintf(text, size, "above, as said");
    } else if (fabs(difference) <= allowed) {
        snprintf(text, size, "agrees");
    } else {
        char by[32];
        weft__format_fixed(fabs(difference), 4, by, sizeof by);
        snprintf(text, size, "%s %s %s", known ? "differs:" : "one run:", by,
            difference > 0 ? "higher" : "lower");
    }
}

/* The experiment of the pattern, other than `but`, that is furthest in the claim's
 * direction. */
static const weft_experiment *best_of(const weft_study_results *r, const weft_claim *claim,
    const weft_experiment *but, weft__spread *spread)
{
    const weft_experiment *best = NULL;
    for (size_t i = 0; i < r->study->experiment_count; i++) {
        const weft_experiment *e = &r->study->experiments[i];
        if (e == but || fnmatch(claim->pattern, e->name, 0) != 0)
            continue;
        weft__spread s = weft__figure_spread(r, e, claim->figure);
        if (s.n == 0)
            continue;
        if (!best || (claim->lowest ? s.mean < spread->mean : s.mean > spread->mean)) {
            best = e;
            *spread = s;
        }
    }
    return best;
}

weft_status weft__claim_verdict(
    char **out, const weft_study_results *r, const weft_claim *claim)
{
    const weft_experiment *own = NULL;
    for (size_t i = 0; i < r->study->experiment_count; i++)
        if (strcmp(r->study->experiments[i].name, claim->name) == 0)
            own = &r->study->experiments[i];
    weft__spread mine = weft__figure_spread(r, own, claim->figure), other = {0};
    const weft_experiment *best = best_of(r, claim, own, &other);
    if (mine.n == 0 || !best)
        return weft__strdup(out, "not run");
    double ahead = claim->lowest ? other.mean - mine.mean : mine.mean - other.mean;
    bool by_chance = weft__by_chance(own) || weft__by_chance(best);
    const char *spread = !by_chance                  ? "chance has no part in it"
                         : mine.n < 2 || other.n < 2 ? "single runs: spread unknown"
                         : fabs(ahead) <= allowance(mine.sd, other.sd)
                             ? "within the spread"
                             : "more than the spread";
    char value[32], others[32];
    weft__format_fixed(mine.mean, 4, value, sizeof value);
    weft__format_fixed(other.mean, 4, others, sizeof others);
    weft__text text = {0};
    weft_status status;
    if (ahead >= 0)
        status = weft__text_printf(&text, "%s: %s %s, then %s %s; %s",
            ahead > 0 ? "yes" : "equal", own->name, value, best->name, others, spread);
    else
        status = weft__text_printf(
            &text, "no: %s %s, %s %s; %s", best->name, others, own->name, value, spread);
    if (status == WEFT_OK)
        *out = text.data;
    else
        weft__text_clear(&text);
    return status;
}
