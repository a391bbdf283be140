#include "eval/evaluation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "weft/statistics.h"

static const double CLIP = 1e-15; /* scikit-learn's log_loss, eps */

static double ratio(double part, double whole)
{
    return whole > 0 ? part / whole : 0;
}

weft_class_scores weft__class_scores(size_t correct, size_t predicted, size_t support)
{
    weft_class_scores s = {.support = support};
    s.precision = ratio((double)correct, (double)predicted);
    s.recall = ratio((double)correct, (double)support);
    s.f1 = ratio(2 * (double)correct, (double)predicted + (double)support);
    return s;
}

static weft_status check_input(const weft_evaluation *e)
{
    for (size_t i = 0; i < e->count; i++) {
        if (e->truth[i] >= e->classes)
            return weft_fail(WEFT_EINVAL, "picture %zu has label %u, expected below %zu", i,
                (unsigned)e->truth[i], e->classes);
        for (size_t k = 0; k < e->classes; k++) {
            float p = e->probabilities[i * e->classes + k];
            if (!(isfinite(p) && p >= 0))
                return weft_fail(WEFT_ENUMERIC,
                    "picture %zu: class '%s' has probability %g, expected 0 to 1", i,
                    e->class_names[k], (double)p);
        }
    }
    return WEFT_OK;
}

/* The likeliest class, the lower index on ties. */
static size_t likeliest(const float *row, size_t classes)
{
    size_t best = 0;
    for (size_t k = 1; k < classes; k++)
        if (row[k] > row[best])
            best = k;
    return best;
}

/* How many classes come before `label` when sorted by probability, then index. */
static size_t rank_of(const float *row, size_t classes, size_t label)
{
    size_t before = 0;
    for (size_t k = 0; k < classes; k++)
        before += row[k] > row[label] || (row[k] == row[label] && k < label);
    return before;
}

static double clip(double p)
{
    return p < CLIP ? CLIP : p > 1 - CLIP ? 1 - CLIP : p;
}

static double log_loss_of(const float *row, size_t classes, size_t label)
{
    double sum = 0;
    for (size_t k = 0; k < classes; k++)
        sum += clip((double)row[k]);
    return -log(clip((double)row[label]) / sum);
}

static double brier_of(const float *row, size_t classes, size_t label)
{
    double sum = 0;
    for (size_t k = 0; k < classes; k++) {
        double error = (double)row[k] - (k == label);
        sum += error * error;
    }
    return sum;
}

/* Everything that needs one walk over the pictures. */
static void walk_pictures(weft_evaluation *e)
{
    double log_loss = 0, brier = 0;
    size_t correct = 0;
    for (size_t i = 0; i < e->count; i++) {
        const float *row = e->probabilities + i * e->classes;
        size_t label = e->truth[i], best = likeliest(row, e->classes);
        e->predicted[i] = (uint16_t)best;
        e->confusion[label * e->classes + best]++;
        correct += best == label;
        e->within[rank_of(row, e->classes, label) + 1]++;
        log_loss += log_loss_of(row, e->classes, label);
        brier += brier_of(row, e->classes, label);

        double place = ceil((double)row[best] * WEFT_BINS) - 1;
        weft_bin *bin = &e->bins[place < 0            ? 0
                                 : place >= WEFT_BINS ? WEFT_BINS - 1
                                                      : (int)place];
        bin->count++;
        bin->confidence += (double)row[best];
        bin->accuracy += best == label;
    }
    for (size_t k = 1; k <= e->classes; k++)
        e->within[k] += e->within[k - 1];
    double count = (double)e->count;
    weft_interval interval = weft_wilson_interval(correct, e->count);
    e->scores.count = e->count;
    e->scores.accuracy = (double)correct / count;
    e->scores.accuracy_low = interval.low;
    e->scores.accuracy_high = interval.high;
    e->scores.log_loss = log_loss / count;
    e->scores.brier = brier / count;
    e->scores.top3 = weft_evaluation_top(e, 3);
    e->scores.top5 = weft_evaluation_top(e, 5);
}

static void finish_bins(weft_evaluation *e)
{
    double error = 0;
    for (size_t i = 0; i < WEFT_BINS; i++) {
        weft_bin *bin = &e->bins[i];
        error += fabs(bin->accuracy - bin->confidence);
        bin->confidence = ratio(bin->confidence, (double)bin->count);
        bin->accuracy = ratio(bin->accuracy, (double)bin->count);
    }
    e->scores.calibration_error = error / (double)e->count;
}

static void add_weighted(weft_class_scores *sum, const weft_class_scores *s, double weight)
{
    sum->precision += weight * s->precision;
    sum->recall += weight * s->recall;
    sum->f1 += weight * s->f1;
}

/* Per-class figures and all that follow from the confusion matrix. */
static void score_classes(weft_evaluation *e)
{
    size_t n = e->classes;
    double count = (double)e->count;
    weft_scores *s = &e->scores;
    s->macro.support = s->weighted.support = e->count;
    /* truth . predicted, and the squares of either, over classes: for MCC and kappa */
    double correct = 0, both = 0, truths = 0, predictions = 0;
    for (size_t k = 0; k < n; k++) {
        size_t support = 0, predicted = 0;
        for (size_t j = 0; j < n; j++) {
            support += e->confusion[k * n + j];
            predicted += e->confusion[j * n + k];
        }
        e->per_class[k] = weft__class_scores(e->confusion[k * n + k], predicted, support);
        add_weighted(&s->macro, &e->per_class[k], 1 / (double)n);
        add_weighted(&s->weighted, &e->per_class[k], (double)support / count);
        correct += (double)e->confusion[k * n + k];
        both += (double)support * (double)predicted;
        truths += (double)support * (double)support;
        predictions += (double)predicted * (double)predicted;
    }
    double squared = count * count;
    double spread = sqrt(squared - truths) * sqrt(squared - predictions);
    s->mcc = ratio(correct * count - both, spread);
    s->kappa = (correct * count - both) / (squared - both);
}

static weft_status allocate(weft_evaluation *e, size_t cells)
{
    WEFT_TRY(weft__alloc(&e->probabilities, cells, sizeof(float), "probabilities"));
    WEFT_TRY(weft__alloc(&e->truth, e->count, sizeof *e->truth, "labels"));
    WEFT_TRY(weft__alloc(&e->predicted, e->count, sizeof *e->predicted, "labels"));
    WEFT_TRY(weft__calloc(&e->class_names, e->classes, sizeof(char *), "class names"));
    WEFT_TRY(weft__calloc(
        &e->confusion, e->classes * e->classes, sizeof(size_t), "a confusion matrix"));
    WEFT_TRY(weft__calloc(&e->within, e->classes + 1, sizeof(size_t), "ranks"));
    return weft__calloc(&e->per_class, e->classes, sizeof *e->per_class, "class scores");
}

static weft_status fill(weft_evaluation *e, const float *probabilities,
    const uint16_t *truth, const char *const *class_names)
{
    size_t cells;
    if (!weft__mul(&cells, e->count, e->classes))
        return weft_fail(
            WEFT_ENOMEM, "%zu pictures of %zu classes are too many", e->count, e->classes);
    WEFT_TRY(allocate(e, cells));
    memcpy(e->probabilities, probabilities, cells * sizeof *probabilities);
    memcpy(e->truth, truth, e->count * sizeof *truth);
    for (size_t k = 0; k < e->classes; k++)
        WEFT_TRY(weft__strdup(&e->class_names[k], class_names[k]));
    WEFT_TRY(check_input(e));
    walk_pictures(e);
    finish_bins(e);
    score_classes(e);
    return weft__cover(e);
}

weft_status weft_evaluation_create(weft_evaluation **out, const float *probabilities,
    const uint16_t *truth, size_t count, size_t classes, const char *const *class_names)
{
    if (count == 0)
        return weft_fail(WEFT_EINVAL, "there are no pictures to evaluate");
    if (classes == 0 || classes > WEFT_MAX_CLASSES)
        return weft_fail(
            WEFT_EINVAL, "%zu classes, expected 1 to %d", classes, WEFT_MAX_CLASSES);
    weft_evaluation *e;
    WEFT_TRY(weft__calloc(&e, 1, sizeof *e, "an evaluation"));
    e->count = count;
    e->classes = classes;
    weft_status status = fill(e, probabilities, truth, class_names);
    if (status != WEFT_OK) {
        weft_evaluation_free(e);
        return status;
    }
    *out = e;
    return WEFT_OK;
}

void weft_evaluation_free(weft_evaluation *e)
{
    if (!e)
        return;
    for (size_t k = 0; e->class_names && k < e->classes; k++)
        free(e->class_names[k]);
    free(e->class_names);
    free(e->probabilities);
    free(e->truth);
    free(e->predicted);
    free(e->confusion);
    free(e->per_class);
    free(e->within);
    free(e);
}

const weft_scores *weft_evaluation_scores(const weft_evaluation *e)
{
    return &e->scores;
}

size_t weft_evaluation_classes(const weft_evaluation *e)
{
    return e->classes;
}

const char *weft_evaluation_class_name(const weft_evaluation *e, size_t index)
{
    return index < e->classes ? e->class_names[index] : NULL;
}

const weft_class_scores *weft_evaluation_class(const weft_evaluation *e, size_t index)
{
    return index < e->classes ? &e->per_class[index] : NULL;
}

const size_t *weft_evaluation_confusion(const weft_evaluation *e)
{
    return e->confusion;
}

const uint16_t *weft_evaluation_predicted(const weft_evaluation *e)
{
    return e->predicted;
}

const uint16_t *weft_evaluation_truth(const weft_evaluation *e)
{
    return e->truth;
}

const float *weft_evaluation_probabilities(const weft_evaluation *e)
{
    return e->probabilities;
}

const weft_bin *weft_evaluation_bins(const weft_evaluation *e)
{
    return e->bins;
}

double weft_evaluation_top(const weft_evaluation *e, size_t k)
{
    return (double)e->within[k < e->classes ? k : e->classes] / (double)e->count;
}

const weft_coverage *weft_evaluation_coverage(const weft_evaluation *e, size_t *count)
{
    *count = e->coverage_points;
    return e->coverage;
}
