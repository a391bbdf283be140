/* Stratified splits: each class is shuffled by the seed and dealt out by the ratios. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "core/mem.h"
#include "weft/dataset.h"

enum { MAX_PARTS = 255 };
static const double RATIO_TOLERANCE = 1e-6;
/* Below this, a part's exact size is a whole number and the rest is rounding. */
static const double WHOLE_TOLERANCE = 1e-6;
/* Shuffles use the streams from here on, one for each class. */
static const uint64_t FIRST_STREAM = 0x73706c6974000000;

/* Sizes of the parts of `count` pictures: exact where the ratio gives whole numbers,
 * else rounded down, and what is left goes one by one to the parts that the classes
 * before left furthest behind (`behind`, which is brought up to date). */
static void part_sizes(
    size_t *sizes, size_t count, const double *ratios, size_t parts, double *behind)
{
    bool open[MAX_PARTS];
    size_t left = count;
    for (size_t p = 0; p < parts; p++) {
        double exact = ratios[p] * (double)count;
        double whole = floor(exact + WHOLE_TOLERANCE);
        open[p] = exact - whole > WHOLE_TOLERANCE;
        sizes[p] = (size_t)whole < left ? (size_t)whole : left;
        left -= sizes[p];
        behind[p] += open[p] ? exact - whole : 0;
    }
    while (left > 0) {
        size_t best = 0;
        double most = -HUGE_VAL;
        for (size_t p = 0; p < parts; p++)
            if (open[p] && behind[p] > most + WHOLE_TOLERANCE) {
                most = behind[p];
                best = p;
            }
        sizes[best]++;
        behind[best] -= 1;
        open[best] = false;
        left--;
    }
}

/* Positions in the view, class after class; class c's lie at starts[c] to starts[c + 1].
 * `starts` has classes + 2 zeroed places. */
static void sort_by_class(const weft_view *view, size_t *starts, uint32_t *positions)
{
    size_t classes = weft_dataset_classes(view->data);
    for (size_t i = 0; i < view->count; i++)
        starts[(classes ? weft_view_label(view, i) : 0) + 2]++;
    for (size_t c = 1; c < classes; c++)
        starts[c + 2] += starts[c + 1];
    for (size_t i = 0; i < view->count; i++)
        positions[starts[(classes ? weft_view_label(view, i) : 0) + 1]++] = (uint32_t)i;
}

static void deal(uint8_t *assignment, size_t classes, const size_t *starts,
    uint32_t *positions, const double *ratios, size_t parts, uint64_t seed)
{
    double behind[MAX_PARTS] = {0};
    for (size_t c = 0; c < classes; c++) {
        size_t sizes[MAX_PARTS], count = starts[c + 1] - starts[c];
        uint32_t *members = positions + starts[c];
        weft_rng rng = weft_rng_create(seed, FIRST_STREAM + c);
        weft_rng_shuffle(&rng, members, count);
        part_sizes(sizes, count, ratios, parts, behind);
        for (size_t p = 0, i = 0; p < parts; p++)
            for (size_t end = i + sizes[p]; i < end; i++)
                assignment[members[i]] = (uint8_t)p;
    }
}

weft_status weft_split_ratios(uint8_t *assignment, const weft_view *view,
    const double *ratios, size_t parts, uint64_t seed)
{
    if (parts < 1 || parts > MAX_PARTS)
        return weft_fail(WEFT_EINVAL, "%zu parts: expected 1 to %d", parts, MAX_PARTS);
    double sum = 0;
    for (size_t p = 0; p < parts; p++) {
        if (!(ratios[p] >= 0))
            return weft_fail(
                WEFT_EINVAL, "part %zu has ratio %g: expected 0 or more", p, ratios[p]);
        sum += ratios[p];
    }
    if (!(fabs(sum - 1) <= RATIO_TOLERANCE))
        return weft_fail(WEFT_EINVAL, "the ratios sum to %.9g: expected 1", sum);
    double exact[MAX_PARTS];
    for (size_t p = 0; p < parts; p++)
        exact[p] = ratios[p] / sum;

    size_t classes = weft_dataset_classes(view->data), *starts = NULL;
    uint32_t *positions = NULL;
    weft_status status = weft__calloc(&starts, classes + 3, sizeof *starts, "a split");
    if (status == WEFT_OK)
        status = weft__alloc(&positions, view->count, sizeof *positions, "a split");
    if (status == WEFT_OK) {
        sort_by_class(view, starts, positions);
        deal(assignment, classes ? classes : 1, starts, positions, exact, parts, seed);
    }
    free(positions);
    free(starts);
    return status;
}

weft_status weft_split_folds(
    uint8_t *assignment, const weft_view *view, size_t folds, uint64_t seed)
{
    if (folds < 2 || folds > MAX_PARTS)
        return weft_fail(WEFT_EINVAL, "%zu folds: expected 2 to %d", folds, MAX_PARTS);
    double ratios[MAX_PARTS];
    for (size_t f = 0; f < folds; f++)
        ratios[f] = 1.0 / (double)folds;
    return weft_split_ratios(assignment, view, ratios, folds, seed);
}
