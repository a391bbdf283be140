#include "weft/audit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "core/events.h"
#include "core/mem.h"
#include "core/text.h"
#include "data/describe.h"
#include "data/origins.h"

_Static_assert((int)WEFT_SPLIT_TRAIN == WEFT__TRAIN && (int)WEFT_SPLIT_TEST == WEFT__TEST,
    "the public splits are the loaders'");

/* The networks that judge where the caller names none: one that reads 60,000 small pictures
 * in a minute or two, and one for photos. So few passes that wrong labels are not learnt by
 * heart; more where there are few pictures, within these bounds. */
static const struct judge {
    uint32_t longest;   /* side of the pictures that it is for */
    size_t seen;        /* pictures that a fold shows it, if the bounds allow */
    size_t least, most; /* epochs */
    const char *options;
} judges[] = {
    {48, 160000, 4, 40,
        "kugler-cnn:epochs=%zu,batch=%d,optimizer=adamw,learning-rate=0.003,"
        "schedule=one-cycle,warmup=0.3"},
    {WEFT_MAX_SIDE, 60000, 6, 30, "photo-resnet:epochs=%zu,batch=%d"},
};
enum { MANY = 4000 /* pictures of a fold: batches of 128, else of 32 */ };

const char *weft_suspicion_name(weft_suspicion suspicion)
{
    static const char *const names[WEFT_SUSPICIONS] = {
        "label", "leak", "copy", "outlier", "flat", "dark", "pale", "blurred", "size"};
    return (size_t)suspicion < WEFT_SUSPICIONS ? names[suspicion] : NULL;
}

weft_audit_options weft_audit_defaults(void)
{
    return (weft_audit_options){.folds = 3, .repeats = 1, .seed = 1, .confidence = 0.95};
}

static weft_status choose_judge(weft__text *text, const weft_audit *a)
{
    weft_shape shape = a->train->recipe.shape;
    uint32_t longest = shape.height > shape.width ? shape.height : shape.width;
    size_t fold = a->train->count - a->train->count / a->options.folds;
    const struct judge *judge = judges;
    while (longest > judge->longest)
        judge++;
    size_t epochs = (judge->seen + fold - 1) / fold;
    epochs = epochs < judge->least ? judge->least : epochs;
    epochs = epochs > judge->most ? judge->most : epochs;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    return weft__text_printf(text, judge->options, epochs, fold > MANY ? 128 : 32);
#pragma GCC diagnostic pop
}

static weft_status choose(weft_audit *a)
{
    weft__text text = {0};
    weft_status status = WEFT_OK;
    for (size_t i = 0; status == WEFT_OK && i < a->options.classifier_count; i++)
        status =
            strchr(a->options.classifiers[i], ' ') || !*a->options.classifiers[i]
                ? weft_fail(WEFT_EINVAL, "classifier '%s': expected a name without spaces",
                      a->options.classifiers[i])
                : weft__text_printf(&text, "%s%s", i ? " " : "", a->options.classifiers[i]);
    if (status == WEFT_OK && !a->options.classifier_count)
        status = choose_judge(&text, a);
    if (status != WEFT_OK) {
        weft__text_clear(&text);
        return status;
    }
    a->names = text.data;
    a->how =
        (weft__prediction){a->names, a->options.folds, a->options.repeats, a->options.seed};
    return WEFT_OK;
}

static weft_status predict(weft_audit *a, weft_context *context)
{
    size_t cells;
    weft_view view = weft_view_all(a->train);
    if (!weft__mul(&cells, a->train->count, a->train->classes))
        cells = SIZE_MAX;
    WEFT_TRY(weft__alloc(
        &a->probabilities, cells, sizeof *a->probabilities, "out-of-fold probabilities"));
    return weft__predict_out_of_fold(a->probabilities, &a->how, &view, context);
}

/* By suspicion; copies are known by then. */
static void count_costs(weft_audit *a)
{
    size_t all = 0;
    for (size_t i = 0; i < a->train->count; i++)
        all += a->pictures[i].predicted == a->pictures[i].label;
    a->accuracy = (double)all / (double)a->train->count;
    for (int s = 0; s < WEFT_SUSPICIONS; s++) {
        size_t count = 0, right = 0;
        for (size_t i = 0; i < a->train->count; i++)
            if (weft__suspected(&a->pictures[i], (weft_suspicion)s)) {
                count++;
                right += a->pictures[i].predicted == a->pictures[i].label;
            }
        size_t others = a->train->count - count;
        a->costs[s] = (weft_audit_cost){count, count ? (double)right / (double)count : NAN,
            others ? (double)(all - right) / (double)others : NAN};
    }
}

static weft_status audit(weft_audit *a, weft_context *context)
{
    WEFT_TRY(weft__strdup(&a->source, a->options.source));
    WEFT_TRY(weft__strdup(&a->command, a->options.command));
    WEFT_TRY(choose(a));
    WEFT_TRY(weft__calloc(
        &a->pictures, a->train->count, sizeof *a->pictures, "audited pictures"));
    WEFT_TRY(weft_data_check(&a->check, a->data, context));
    WEFT_TRY(weft__audit_looks(a, context));
    WEFT_TRY(weft__audit_sizes(a, context));
    WEFT_TRY(weft__audit_outliers(a, context));
    WEFT_TRY(weft__audit_copies(a, context));
    WEFT_TRY(weft__audit_border(a, context));
    WEFT_TRY(predict(a, context));
    WEFT_TRY(weft__audit_labels(a));
    WEFT_TRY(weft__audit_overlaps(a));
    count_costs(a);
    WEFT_TRY(weft__audit_fix(a));
    return weft__audit_refit(a, context);
}

static weft_status check_options(const weft_audit_options *o)
{
    if (o->folds < 2 || o->folds > 255)
        return weft_fail(WEFT_EINVAL, "%zu folds: expected 2 to 255", o->folds);
    if (o->repeats < 1 || o->repeats > 100)
        return weft_fail(WEFT_EINVAL, "%zu repeats: expected 1 to 100", o->repeats);
    if (!(o->confidence >= 0.5 && o->confidence <= 1))
        return weft_fail(WEFT_EINVAL, "confidence %g: expected 0.5 to 1", o->confidence);
    return WEFT_OK;
}

weft_status weft_audit_run(weft_audit **out, const weft_data *data,
    const weft_audit_options *options, weft_context *context)
{
    weft_audit *a;
    double began = weft__now();
    weft_audit_options o = options ? *options : weft_audit_defaults();
    WEFT_TRY(check_options(&o));
    if (!data->train->labels || data->train->classes < 2 || data->train->count < o.folds)
        return weft_fail(WEFT_EINVAL,
            "audit: %zu training pictures of %zu classes: expected labelled ones, of two "
            "classes and one a fold at least",
            data->train->count, data->train->labels ? data->train->classes : 0);
    WEFT_TRY(weft__calloc(&a, 1, sizeof *a, "an audit"));
    a->data = data;
    a->train = data->train;
    a->options = o;
    weft__data_splits(a->splits, data);
    weft_status status = audit(a, context);
    a->seconds = weft__now() - began;
    a->options.classifiers = NULL;
    a->options.source = a->options.command = NULL;
    if (status == WEFT_OK)
        *out = a;
    else
        weft_audit_free(a);
    return status;
}

void weft_audit_free(weft_audit *a)
{
    if (!a)
        return;
    weft_check_free(a->check);
    weft_duplicates_free(a->copies);
    free(a->probabilities);
    free(a->pictures);
    free(a->order);
    free(a->joint);
    free(a->thresholds);
    free(a->overlaps);
    free(a->fixes);
    free(a->source);
    free(a->command);
    free(a->names);
    free(a);
}

const char *weft__audit_picture(
    const weft_audit *audit, weft_split split, size_t index, char *text)
{
    weft_dataset_origin(audit->splits[split], index, text, WEFT__ORIGIN);
    return text + weft__origins_shared(audit->data);
}

size_t weft_audit_count(const weft_audit *audit)
{
    return audit->train->count;
}

const weft_audited *weft_audit_pictures(const weft_audit *audit)
{
    return audit->pictures;
}

const uint32_t *weft_audit_order(const weft_audit *audit)
{
    return audit->order;
}

const size_t *weft_audit_joint(const weft_audit *audit)
{
    return audit->joint;
}

double weft_audit_wrong_labels(const weft_audit *audit)
{
    return audit->wrong;
}

double weft_audit_accuracy(const weft_audit *audit)
{
    return audit->accuracy;
}

const weft_audit_cost *weft_audit_costs(const weft_audit *audit)
{
    return audit->costs;
}

const weft_overlap *weft_audit_overlaps(const weft_audit *audit, size_t *count)
{
    *count = audit->overlap_count;
    return audit->overlaps;
}

const weft_border_cue *weft_audit_border(const weft_audit *audit)
{
    return &audit->border;
}

const weft_duplicates *weft_audit_copies(const weft_audit *audit)
{
    return audit->copies;
}

const weft_check *weft_audit_check(const weft_audit *audit)
{
    return audit->check;
}

const weft_fix *weft_audit_fixes(const weft_audit *audit, size_t *count)
{
    *count = audit->fix_count;
    return audit->fixes;
}

const weft_audit_refit *weft_audit_refitted(const weft_audit *audit)
{
    return &audit->refit;
}

const char *weft_audit_classifiers(const weft_audit *audit)
{
    return audit->names;
}
