/* What a study has to run on these pictures, and how long that may take. */
#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/mem.h"
#include "core/text.h"
#include "eval/study.h"
#include "weft/network.h"

static const uint64_t QUICK_SHARE = 5; /* of the epochs: one in so many */

/* A first guess of how long runs take, corrected by those that have ended. */
static const double TRAINING_RATE = 7e11; /* multiplications and additions a second */
static const double PICTURE_SECONDS = 5e-5, OTHER_SECONDS = 5;

static weft_status hurry(weft_classifier *classifier)
{
    char text[32];
    uint64_t epochs;
    if (!weft_param_find(weft_classifier_describe(classifier)->params, "epochs"))
        return WEFT_OK;
    WEFT_TRY(weft_classifier_get(classifier, "epochs", text, sizeof text));
    if (!weft__parse_count(text, &epochs))
        return WEFT_OK;
    snprintf(text, sizeof text, "%" PRIu64, (epochs + QUICK_SHARE - 1) / QUICK_SHARE);
    return weft_classifier_set(classifier, "epochs", text);
}

weft_status weft__study_classifier(
    weft__contender *out, const weft__study_run *run, bool quick)
{
    WEFT_TRY(weft__contender_create(out, run->experiment->classifier, run->seed, 1));
    weft_status status = quick ? hurry(out->classifier) : WEFT_OK;
    if (status != WEFT_OK)
        weft__contender_clear(out);
    return status;
}

/* "cnn.seed-1.json", "cnn.quick.seed-1.fold-2.json". */
static weft_status name_file(weft__study_run *run, bool quick)
{
    const weft_experiment *e = run->experiment;
    weft__text name = {0};
    weft_status status = weft__text_printf(
        &name, "%s%s.seed-%" PRIu64, e->name, quick ? ".quick" : "", run->seed);
    if (status == WEFT_OK && e->protocol.folds)
        status = weft__text_printf(&name, ".fold-%u", run->fold + 1);
    if (status == WEFT_OK)
        status = weft__text_printf(&name, ".json");
    run->file = name.data;
    return status;
}

void weft__study_say(char *text, size_t size, const weft__study_run *run)
{
    int n = snprintf(text, size, "%s, seed %" PRIu64, run->experiment->name, run->seed);
    if (run->experiment->protocol.folds && n > 0 && (size_t)n < size)
        snprintf(text + n, size - (size_t)n, ", fold %u", run->fold + 1);
}

static double count_option(const weft_classifier *classifier, const char *name)
{
    char text[32];
    uint64_t count;
    if (weft_classifier_get(classifier, name, text, sizeof text) != WEFT_OK ||
        !weft__parse_count(text, &count))
        return 0;
    return (double)count;
}

static double training_share(const weft_protocol *p)
{
    return p->folds ? 1 - 1.0 / p->folds : p->parts > 1 ? p->percent[0] / 100.0 : 1;
}

/* Three passes (forward and twice back) over every picture and epoch. */
double weft__study_guess(const weft__study_run *run, const weft_classifier *classifier,
    const weft_data *data, weft_context *context)
{
    char network[4096];
    const weft_param *params = weft_classifier_describe(classifier)->params;
    if (!weft_param_find(params, "network") ||
        weft_classifier_get(classifier, "network", network, sizeof network) != WEFT_OK)
        return OTHER_SECONDS;
    weft_network_use use = {.shape = weft_dataset_shape(data->train),
        .classes = weft_dataset_classes(data->train)};
    weft_network_summary summary;
    if (weft_network_summarise(&summary, network, &use, context) != WEFT_OK)
        return OTHER_SECONDS;
    double each = 6 * (double)summary.multiply_adds / TRAINING_RATE + PICTURE_SECONDS;
    weft_network_summary_clear(&summary);
    const weft_protocol *p = &run->experiment->protocol;
    double pictures = (double)weft_dataset_count(data->train) * training_share(p);
    if (p->division == WEFT_DIVIDE_POOLED && data->test)
        pictures += (double)weft_test_count(data->test) * training_share(p);
    return each * pictures * count_option(classifier, "epochs");
}

/* Whether a list such as "cnn,knn-*" names the experiment. */
static bool is_wanted(const char *only, const char *name)
{
    if (!only)
        return true;
    char pattern[256];
    for (const char *item = only; *item;) {
        size_t length = strcspn(item, ",");
        snprintf(pattern, sizeof pattern, "%.*s", (int)length, item);
        if (fnmatch(pattern, name, 0) == 0)
            return true;
        item += length + (item[length] == ',');
    }
    return false;
}

static weft_status add_run(weft_study_results *r, size_t *capacity,
    const weft_experiment *e, uint64_t seed, unsigned fold)
{
    WEFT_TRY(weft__grow(
        &r->runs, capacity, r->run_count + 1, sizeof *r->runs, "a study's runs"));
    weft__study_run *run = &r->runs[r->run_count++];
    *run = (weft__study_run){.experiment = e, .seed = seed, .fold = fold};
    return name_file(run, r->quick);
}

weft_status weft__study_list(weft_study_results *r, const weft_study_options *o)
{
    size_t capacity = 0;
    for (size_t i = 0; i < r->study->experiment_count; i++) {
        const weft_experiment *e = &r->study->experiments[i];
        if (!is_wanted(o->only, e->name))
            continue;
        uint64_t seeds = e->last_seed - e->first_seed + 1;
        if (o->seeds)
            seeds = o->seeds;
        if (o->quick)
            seeds = 1;
        unsigned folds = e->protocol.folds ? e->protocol.folds : 1;
        for (uint64_t s = 0; s < seeds; s++)
            for (unsigned fold = 0; fold < folds; fold++)
                WEFT_TRY(add_run(r, &capacity, e, e->first_seed + s, fold));
    }
    if (r->run_count == 0)
        return weft_fail(WEFT_ENOTFOUND,
            "%s: no experiment '%s': expected names as --list shows them", r->study->path,
            o->only);
    return WEFT_OK;
}

weft_status weft__study_check(const weft_study *study, const weft_data *data)
{
    if (!weft_dataset_labels(data->train))
        return weft_fail(WEFT_EINVAL, "the training pictures have no labels to learn from");
    for (size_t i = 0; i < study->experiment_count; i++) {
        const weft_experiment *e = &study->experiments[i];
        if (e->protocol.division != WEFT_DIVIDE_TRAIN && !data->test)
            return weft_fail(WEFT_ENOTFOUND,
                "%s, line %d: '%s' needs a test split, and the data has none", study->path,
                e->line, e->protocol.text);
        for (size_t j = 0; j < e->reported_count; j++) {
            const char *class = weft__figure_class(e->reported[j].figure);
            bool found = !class;
            for (size_t k = 0; !found && k < weft_dataset_classes(data->train); k++)
                found = strcmp(weft_dataset_class_name(data->train, k), class) == 0;
            if (!found)
                return weft_fail(WEFT_ENOTFOUND,
                    "%s, line %d: '%s': the data has no class '%s'", study->path,
                    e->reported[j].line, e->reported[j].figure, class);
        }
    }
    return WEFT_OK;
}

static double seconds_of(const json_t *record)
{
    const json_t *seconds = json_object_get(record, "fit_seconds");
    return json_is_number(seconds) ? json_number_value(seconds) : 0;
}

double weft_study_seconds_left(const weft_study_results *r)
{
    double took = 0, expected = 0, left = 0;
    for (size_t i = 0; i < r->run_count; i++) {
        const weft__study_run *run = &r->runs[i];
        if (run->record) {
            took += seconds_of(run->record);
            expected += run->expected;
        } else if (!run->error) {
            left += run->expected;
        }
    }
    return expected > 0 && took > 0 ? left * took / expected : left;
}
