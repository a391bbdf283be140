/* Folds that keep groups together: scikit-learn's StratifiedGroupKFold. Groups are dealt
 * out one by one, those of the most uneven classes first, each to the fold where the
 * classes' shares then differ least between folds. */
#include <math.h>
#include <stdlib.h>

#include "core/mem.h"
#include "weft/dataset.h"

enum { MAX_FOLDS = 255 };
/* The order of equal groups is drawn from this stream. */
static const uint64_t STREAM = 0x67726f7570730000;
/* Differences below this are rounding. */
static const double SAME = 1e-12;

struct group {
    double unevenness;      /* standard deviation of its pictures per class */
    uint32_t number, drawn; /* drawn: its place among equals */
};

struct dealing {
    const weft_view *view;
    size_t classes, folds, group_count;
    struct group *groups;
    size_t *starts;    /* of group g's pictures in `members`; view->count + 1 */
    uint32_t *members; /* positions in the view, group by group */
    size_t *total;     /* pictures of each class */
    size_t *dealt;     /* folds x classes */
    size_t size[MAX_FOLDS];
    /* Of the group in hand. */
    size_t *tally;     /* classes; zero but for those in `touched` */
    uint16_t *touched; /* classes that occur in it */
    size_t touched_count;
};

static int by_unevenness(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    if (x->unevenness != y->unevenness)
        return x->unevenness < y->unevenness ? 1 : -1;
    return x->drawn < y->drawn ? -1 : x->drawn > y->drawn;
}

static weft_status allocate(struct dealing *d)
{
    size_t cells, count = d->view->count;
    if (!weft__mul(&cells, d->classes, d->folds))
        return weft_fail(WEFT_ENOMEM, "%zu classes are too many to group", d->classes);
    WEFT_TRY(weft__calloc(&d->starts, count + 2, sizeof *d->starts, "groups"));
    WEFT_TRY(weft__alloc(&d->members, count, sizeof *d->members, "groups"));
    WEFT_TRY(weft__alloc(&d->groups, count, sizeof *d->groups, "groups"));
    WEFT_TRY(weft__calloc(&d->total, d->classes, sizeof *d->total, "class counts"));
    WEFT_TRY(weft__calloc(&d->tally, d->classes, sizeof *d->tally, "class counts"));
    WEFT_TRY(weft__alloc(&d->touched, d->classes, sizeof *d->touched, "class counts"));
    return weft__calloc(&d->dealt, cells, sizeof *d->dealt, "class counts");
}

static void release(struct dealing *d)
{
    free(d->starts);
    free(d->members);
    free(d->groups);
    free(d->total);
    free(d->tally);
    free(d->touched);
    free(d->dealt);
}

static void sort_by_group(struct dealing *d, const uint32_t *groups)
{
    size_t count = d->view->count;
    for (size_t i = 0; i < count; i++)
        d->starts[groups[i] + 2]++;
    for (size_t g = 1; g < count; g++)
        d->starts[g + 1] += d->starts[g];
    for (size_t i = 0; i < count; i++)
        d->members[d->starts[groups[i] + 1]++] = (uint32_t)i;
    for (size_t i = 0; i < count; i++)
        d->total[weft_view_label(d->view, i)]++;
}

static void take_up(struct dealing *d, uint32_t group)
{
    for (size_t k = 0; k < d->touched_count; k++)
        d->tally[d->touched[k]] = 0;
    d->touched_count = 0;
    for (size_t i = d->starts[group]; i < d->starts[group + 1]; i++) {
        uint16_t label = weft_view_label(d->view, d->members[i]);
        if (d->tally[label]++ == 0)
            d->touched[d->touched_count++] = label;
    }
}

static double unevenness_in_hand(const struct dealing *d)
{
    double sum = 0, squares = 0, classes = (double)d->classes;
    for (size_t k = 0; k < d->touched_count; k++) {
        double n = (double)d->tally[d->touched[k]];
        sum += n;
        squares += n * n;
    }
    double mean = sum / classes;
    return sqrt(fmax(squares / classes - mean * mean, 0));
}

static weft_status order_groups(struct dealing *d, uint64_t seed)
{
    uint32_t *drawn;
    WEFT_TRY(weft__alloc(&drawn, d->view->count, sizeof *drawn, "groups"));
    for (size_t i = 0; i < d->view->count; i++)
        drawn[i] = (uint32_t)i;
    weft_rng rng = weft_rng_create(seed, STREAM);
    weft_rng_shuffle(&rng, drawn, d->view->count);
    for (size_t g = 0; g < d->view->count; g++) {
        if (d->starts[g] == d->starts[g + 1])
            continue;
        take_up(d, (uint32_t)g);
        d->groups[d->group_count++] =
            (struct group){unevenness_in_hand(d), (uint32_t)g, drawn[g]};
    }
    free(drawn);
    qsort(d->groups, d->group_count, sizeof *d->groups, by_unevenness);
    return WEFT_OK;
}

/* The standard deviation over folds of a class's share, with `more` in fold `at`. */
static double spread(const struct dealing *d, uint16_t label, size_t at, size_t more)
{
    double sum = 0, squares = 0, folds = (double)d->folds;
    for (size_t f = 0; f < d->folds; f++) {
        size_t n = d->dealt[f * d->classes + label] + (f == at ? more : 0);
        double share = (double)n / (double)d->total[label];
        sum += share;
        squares += share * share;
    }
    double mean = sum / folds;
    return sqrt(fmax(squares / folds - mean * mean, 0));
}

/* How much less even the folds become by it: only the group's own classes change. */
static double worsening(const struct dealing *d, size_t fold)
{
    double change = 0;
    for (size_t k = 0; k < d->touched_count; k++) {
        uint16_t label = d->touched[k];
        change += spread(d, label, fold, d->tally[label]) - spread(d, label, fold, 0);
    }
    return change;
}

static void deal(struct dealing *d, uint8_t *assignment)
{
    for (size_t g = 0; g < d->group_count; g++) {
        uint32_t number = d->groups[g].number;
        take_up(d, number);
        size_t best = 0;
        double least = HUGE_VAL;
        for (size_t f = 0; f < d->folds; f++) {
            double w = worsening(d, f);
            if (w < least - SAME || (w < least + SAME && d->size[f] < d->size[best])) {
                least = w;
                best = f;
            }
        }
        for (size_t i = d->starts[number]; i < d->starts[number + 1]; i++) {
            assignment[d->members[i]] = (uint8_t)best;
            d->dealt[best * d->classes + weft_view_label(d->view, d->members[i])]++;
            d->size[best]++;
        }
    }
}

static weft_status split(
    struct dealing *d, uint8_t *assignment, const uint32_t *groups, uint64_t seed)
{
    WEFT_TRY(allocate(d));
    sort_by_group(d, groups);
    WEFT_TRY(order_groups(d, seed));
    if (d->group_count < d->folds)
        return weft_fail(WEFT_EINVAL, "%zu groups cannot be kept together in %zu folds",
            d->group_count, d->folds);
    deal(d, assignment);
    return WEFT_OK;
}

weft_status weft_split_groups(uint8_t *assignment, const weft_view *view,
    const uint32_t *groups, size_t folds, uint64_t seed)
{
    if (folds < 2 || folds > MAX_FOLDS)
        return weft_fail(WEFT_EINVAL, "%zu folds: expected 2 to %d", folds, MAX_FOLDS);
    if (!weft_dataset_labels(view->data))
        return weft_fail(WEFT_EINVAL, "the pictures have no labels to stratify by");
    for (size_t i = 0; i < view->count; i++)
        if (groups[i] >= view->count)
            return weft_fail(WEFT_EINVAL,
                "picture %zu is of group %u: expected a number below that of pictures, %zu",
                i, groups[i], view->count);
    struct dealing d = {
        .view = view, .classes = weft_dataset_classes(view->data), .folds = folds};
    weft_status status = split(&d, assignment, groups, seed);
    release(&d);
    return status;
}
