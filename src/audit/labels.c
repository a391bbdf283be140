/* Confident learning (Northcutt, Jiang and Chuang 2021). A class's threshold is the mean
 * probability that its pictures have of it; a picture confidently is of the likeliest class
 * among those whose thresholds its probabilities reach (equation 1). Pictures are ranked by
 * self-confidence, the probability of their own label, which orders them by how likely the
 * label was drawn at random. */
#include <math.h>
#include <stdlib.h>

#include "audit/audit.h"
#include "core/mem.h"
#include "data/describe.h"

/* What is to be sorted, so that no global is needed. */
struct place {
    float given;
    uint32_t index;
};

static int by_confidence(const void *a, const void *b)
{
    const struct place *p = a, *q = b;
    if (p->given != q->given)
        return p->given < q->given ? -1 : 1;
    return p->index < q->index ? -1 : p->index > q->index;
}

static void judge(weft_audit *a)
{
    size_t classes = a->train->classes;
    for (size_t i = 0; i < a->train->count; i++) {
        weft_audited *p = &a->pictures[i];
        const float *row = a->probabilities + i * classes;
        size_t best = 0;
        for (size_t c = 1; c < classes; c++)
            best = row[c] > row[best] ? c : best;
        p->label = p->suggested = a->train->labels[i];
        p->predicted = (uint16_t)best;
        p->likeliest = row[best];
        p->given = row[p->label];
    }
}

static weft_status rank(weft_audit *a)
{
    struct place *places;
    size_t count = a->train->count;
    WEFT_TRY(weft__alloc(&a->order, count, sizeof *a->order, "ranks"));
    WEFT_TRY(weft__alloc(&places, count, sizeof *places, "ranks"));
    for (size_t i = 0; i < count; i++)
        places[i] = (struct place){a->pictures[i].given, (uint32_t)i};
    qsort(places, count, sizeof *places, by_confidence);
    for (size_t r = 0; r < count; r++) {
        a->order[r] = places[r].index;
        a->pictures[places[r].index].rank = (uint32_t)r + 1;
    }
    free(places);
    return WEFT_OK;
}

/* The class that a picture confidently is of, or `classes`. */
static size_t confident_class(const weft_audit *a, size_t i)
{
    size_t classes = a->train->classes, best = classes;
    const float *row = a->probabilities + i * classes;
    for (size_t c = 0; c < classes; c++)
        if ((double)row[c] >= a->thresholds[c] && (best == classes || row[c] > row[best]))
            best = c;
    return best;
}

/* Off the diagonal, each row scaled to the pictures of its label (equation 3 and
 * section 3.1): how many labels are wrong. */
static void estimate(weft_audit *a, const size_t *counts)
{
    size_t classes = a->train->classes;
    for (size_t i = 0; i < classes; i++) {
        size_t row = 0, right = a->joint[i * classes + i];
        for (size_t j = 0; j < classes; j++)
            row += a->joint[i * classes + j];
        if (row)
            a->wrong += (double)counts[i] * (double)(row - right) / (double)row;
    }
}

static weft_status join(weft_audit *a, const size_t *counts)
{
    size_t classes = a->train->classes, cells;
    if (!weft__mul(&cells, classes, classes))
        cells = SIZE_MAX;
    WEFT_TRY(weft__calloc(&a->joint, cells, sizeof *a->joint, "the confident joint"));
    WEFT_TRY(weft__calloc(
        &a->thresholds, classes, sizeof *a->thresholds, "the confident joint"));
    for (size_t i = 0; i < a->train->count; i++)
        a->thresholds[a->pictures[i].label] += (double)a->pictures[i].given;
    for (size_t c = 0; c < classes; c++)
        a->thresholds[c] = counts[c] ? a->thresholds[c] / (double)counts[c] : INFINITY;
    for (size_t i = 0; i < a->train->count; i++) {
        weft_audited *p = &a->pictures[i];
        size_t is = confident_class(a, i);
        if (is == classes)
            continue;
        a->joint[p->label * classes + is]++;
        if (is != p->label) {
            p->suggested = (uint16_t)is;
            p->suspicions |= 1u << WEFT_SUSPECT_LABEL;
        }
    }
    estimate(a, counts);
    return WEFT_OK;
}

weft_status weft__audit_labels(weft_audit *a)
{
    size_t *counts;
    judge(a);
    WEFT_TRY(rank(a));
    WEFT_TRY(weft__class_counts(&counts, a->train));
    weft_status status = join(a, counts);
    free(counts);
    return status;
}

static int most_gain_first(const void *a, const void *b)
{
    const weft_overlap *p = a, *q = b;
    size_t x = p->a_as_b + p->b_as_a, y = q->a_as_b + q->b_as_a;
    if (x != y)
        return x > y ? -1 : 1;
    return p->a != q->a ? (p->a < q->a ? -1 : 1) : p->b < q->b ? -1 : p->b > q->b;
}

/* Pairs that were taken for each other at least once. */
weft_status weft__audit_overlaps(weft_audit *a)
{
    size_t classes = a->train->classes, *confusion, capacity = 0;
    WEFT_TRY(weft__calloc(
        &confusion, classes * classes, sizeof *confusion, "classes that overlap"));
    for (size_t i = 0; i < a->train->count; i++)
        confusion[a->pictures[i].label * classes + a->pictures[i].predicted]++;
    weft_status status = WEFT_OK;
    for (size_t i = 0; status == WEFT_OK && i < classes; i++)
        for (size_t j = i + 1; status == WEFT_OK && j < classes; j++) {
            size_t ij = confusion[i * classes + j], ji = confusion[j * classes + i];
            if (ij + ji == 0)
                continue;
            status = weft__grow(&a->overlaps, &capacity, a->overlap_count + 1,
                sizeof *a->overlaps, "classes that overlap");
            if (status == WEFT_OK)
                a->overlaps[a->overlap_count++] = (weft_overlap){(uint16_t)i, (uint16_t)j,
                    ij, ji, a->joint[i * classes + j], a->joint[j * classes + i],
                    (double)(ij + ji) / (double)a->train->count};
        }
    free(confusion);
    if (status == WEFT_OK && a->overlap_count)
        qsort(a->overlaps, a->overlap_count, sizeof *a->overlaps, most_gain_first);
    return status;
}
