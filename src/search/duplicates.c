/* Every picture has a number over all splits. Equal ones are found by sorting digests and
 * stand for one another from then on: only the first of them is compared any further. Links
 * join pictures into groups (disjoint sets). */
#include "weft/duplicates.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "core/mem.h"
#include "core/team.h"
#include "data/dataset.h"
#include "data/describe.h"
#include "data/loader.h"
#include "data/resize.h"
#include "search/align.h"
#include "search/likeness.h"

/* Where no threshold is given, a copy's dissimilarity is at most a fifth of that which nine
 * in ten pictures have to the least alike of their nearest few, surely no copy, within
 * these bounds. Photos of clutter hardly resemble strangers and get the lowest; small plain
 * pictures, as Fashion-MNIST's trousers, do, and get the highest. */
static const double LOWEST = 0.985, HIGHEST = 0.997, NINE_IN_TEN = 0.9, FIFTH = 0.2;
enum { SUM = 32 /* hexadecimal digits kept of a SHA-256 */ };

_Static_assert((int)WEFT_SPLIT_TRAIN == WEFT__TRAIN && (int)WEFT_SPLIT_TEST == WEFT__TEST &&
                   (int)WEFT_SPLITS == WEFT__SPLITS,
    "the public splits are the loaders'");

struct weft_duplicates {
    weft_duplicate *pictures; /* of all groups, back to back; owned */
    weft_duplicate_group *groups;
    size_t count;
    double similarity;
};

struct digest {
    char sum[SUM];
    uint32_t number;
};

struct job {
    double threshold;
    const weft_dataset *splits[WEFT__SPLITS];
    size_t first[WEFT__SPLITS + 1]; /* the number of a split's first picture */
    size_t total;
    struct digest *digests; /* total */
    uint32_t *distinct;     /* numbers of the pictures that are compared */
    size_t distinct_count;
    float *descriptions, *tangents; /* distinct_count x DIMS */
    uint32_t *nearest;              /* distinct_count x NEAREST */
    float *near;                    /* and their similarity */
    float *best;                    /* total x 2: of its links within the split, across */
    uint8_t *rooms;                 /* threads x room: a picture without padding */
    size_t room;
    uint32_t *parent;  /* total: disjoint sets */
    float *similarity; /* total: to the most similar picture linked to it */
};

const char *weft_split_name(weft_split split)
{
    return (size_t)split < WEFT_SPLITS ? weft__split_names[split] : NULL;
}

weft_duplicates_options weft_duplicates_defaults(void)
{
    return (weft_duplicates_options){0};
}

static int split_of(const struct job *job, size_t number)
{
    int split = 0;
    while (number >= job->first[split + 1])
        split++;
    return split;
}

static const uint8_t *pixels_of(const struct job *job, size_t number, weft_shape *shape)
{
    int split = split_of(job, number);
    const weft_dataset *d = job->splits[split];
    *shape = d->recipe.shape;
    return d->pixels + (number - job->first[split]) * weft_shape_bytes(*shape);
}

static weft_duplicate picture_of(const struct job *job, size_t number)
{
    int split = split_of(job, number);
    const weft_dataset *d = job->splits[split];
    size_t index = number - job->first[split];
    return (weft_duplicate){.split = (weft_split)split,
        .index = (uint32_t)index,
        .label = d->labels ? d->labels[index] : 0,
        .similarity = (double)job->similarity[number]};
}

/* ---- sets -------------------------------------------------------------------------- */

static uint32_t root_of(struct job *job, uint32_t number)
{
    while (job->parent[number] != number) {
        job->parent[number] = job->parent[job->parent[number]];
        number = job->parent[number];
    }
    return number;
}

/* The lower number stays the root, so that a group begins with it. */
static void join(struct job *job, uint32_t a, uint32_t b, float similarity)
{
    uint32_t x = root_of(job, a), y = root_of(job, b);
    job->parent[x > y ? x : y] = x > y ? y : x;
    if (similarity > job->similarity[a])
        job->similarity[a] = similarity;
    if (similarity > job->similarity[b])
        job->similarity[b] = similarity;
}

/* ---- exact copies ------------------------------------------------------------------ */

static weft_status sum_some(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    const struct job *job = arg;
    for (size_t i = begin; i < end; i++) {
        char text[WEFT__DIGEST_TEXT];
        weft_shape shape;
        const uint8_t *pixels = pixels_of(job, i, &shape);
        weft__digest digest;
        weft__digest_begin(&digest);
        weft__digest_add(&digest, pixels, weft_shape_bytes(shape));
        weft__digest_end(&digest, text);
        memcpy(job->digests[i].sum, text, SUM);
        job->digests[i].number = (uint32_t)i;
    }
    return WEFT_OK;
}

static int by_sum(const void *a, const void *b)
{
    const struct digest *x = a, *y = b;
    int order = memcmp(x->sum, y->sum, SUM);
    return order ? order : x->number < y->number ? -1 : x->number > y->number;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static weft_status find_exact(struct job *job, weft_context *context)
{
    WEFT_TRY(weft__parallel(
        context, job->total, 256, sum_some, job, "summing up pictures", "pictures"));
    qsort(job->digests, job->total, sizeof *job->digests, by_sum);
    for (size_t i = 0, end; i < job->total; i = end) {
        const struct digest *one = &job->digests[i];
        job->distinct[job->distinct_count++] = one->number;
        for (end = i + 1; end < job->total; end++) {
            if (memcmp(one->sum, job->digests[end].sum, SUM) != 0)
                break;
            join(job, one->number, job->digests[end].number, 1);
        }
    }
    qsort(job->distinct, job->distinct_count, sizeof *job->distinct, by_number);
    return WEFT_OK;
}

/* ---- near copies ------------------------------------------------------------------- */

/* Whether row (or column) `at` is nothing but padding. */
static bool is_padding(
    const uint8_t *pixels, weft_shape shape, uint8_t background, uint32_t at, bool row)
{
    size_t length = (size_t)(row ? shape.width : shape.height);
    size_t step = row ? shape.channels : (size_t)shape.width * shape.channels;
    size_t begin = row ? (size_t)at * shape.width * shape.channels : at * shape.channels;
    for (size_t i = 0; i < length; i++)
        for (uint32_t c = 0; c < shape.channels; c++)
            if (pixels[begin + i * step + c] != background)
                return false;
    return true;
}

/* How many rows (or columns) of padding lie at either end. */
static uint32_t padding_of(
    const uint8_t *pixels, weft_shape shape, uint8_t background, bool rows)
{
    uint32_t side = rows ? shape.height : shape.width, bar = 0;
    while (2 * bar + 2 < side && is_padding(pixels, shape, background, bar, rows) &&
           is_padding(pixels, shape, background, side - 1 - bar, rows))
        bar++;
    return bar;
}

/* Copies a photo without the bars that brought it to the data's shape: its frame must be
 * the same however it was turned in it. `out` has room for the padded one. */
static weft_shape take_content(const struct job *job, size_t number, uint8_t *out)
{
    weft_shape shape;
    const uint8_t *from = pixels_of(job, number, &shape);
    const weft_dataset *d = job->splits[split_of(job, number)];
    uint32_t top = 0, left = 0;
    if (d->path_at && d->recipe.fit == WEFT_FIT_PAD) {
        top = padding_of(from, shape, d->recipe.background, true);
        left = top ? 0 : padding_of(from, shape, d->recipe.background, false);
    }
    weft_shape inner = {shape.height - 2 * top, shape.width - 2 * left, shape.channels};
    size_t line = (size_t)inner.width * inner.channels;
    for (uint32_t y = 0; y < inner.height; y++)
        memcpy(out + y * line,
            from + ((size_t)(y + top) * shape.width + left) * shape.channels, line);
    return inner;
}

static weft_status describe_some(size_t begin, size_t end, int rank, void *arg)
{
    const struct job *job = arg;
    uint8_t *content = job->rooms + (size_t)rank * job->room;
    weft_recipe recipe = {
        .shape = {WEFT__LIKE_SIDE, WEFT__LIKE_SIDE, 1}, .fit = WEFT_FIT_STRETCH};
    for (size_t i = begin; i < end; i++) {
        uint8_t grey[WEFT__LIKE_PIXELS];
        float pixels[WEFT__LIKE_PIXELS];
        weft_shape shape = take_content(job, job->distinct[i], content);
        WEFT_TRY(weft__resize(grey, &recipe, content, shape));
        for (int p = 0; p < WEFT__LIKE_PIXELS; p++)
            pixels[p] = grey[p];
        weft__like_describe(pixels, job->descriptions + i * WEFT__LIKE_DIMS,
            job->tangents + i * WEFT__LIKE_DIMS);
    }
    return WEFT_OK;
}

/* Where the similarity to i is kept when `other` comes first and has i among its nearest
 * too: there the two are compared. Else NULL. */
static const float *compared_before(const struct job *job, size_t i, size_t other)
{
    for (size_t k = 0; other < i && k < WEFT__LIKE_NEAREST; k++)
        if (job->nearest[other * WEFT__LIKE_NEAREST + k] == i)
            return &job->near[other * WEFT__LIKE_NEAREST + k];
    return NULL;
}

static weft_status make_ready(
    const struct job *job, size_t i, uint8_t *content, weft__aligned *out)
{
    weft_shape shape = take_content(job, job->distinct[i], content);
    return weft__align_ready(out, content, shape);
}

static weft_status align_some(size_t begin, size_t end, int rank, void *arg)
{
    const struct job *job = arg;
    uint8_t *content = job->rooms + (size_t)rank * job->room;
    for (size_t i = begin; i < end; i++) {
        weft__aligned one, other;
        bool ready = false;
        for (size_t k = 0; k < WEFT__LIKE_NEAREST; k++) {
            size_t at = i * WEFT__LIKE_NEAREST + k;
            job->near[at] = 0;
            if (job->nearest[at] == UINT32_MAX || compared_before(job, i, job->nearest[at]))
                continue;
            if (!ready)
                WEFT_TRY(make_ready(job, i, content, &one));
            ready = true;
            WEFT_TRY(make_ready(job, job->nearest[at], content, &other));
            job->near[at] = (float)weft__align_similarity(&one, &other);
        }
    }
    return WEFT_OK;
}

static int by_similarity(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

static weft_status choose_threshold(struct job *job)
{
    float *strangers;
    size_t count = job->distinct_count;
    WEFT_TRY(weft__alloc(&strangers, count, sizeof *strangers, "comparing pictures"));
    for (size_t i = 0; i < count; i++) {
        const float *near = job->near + i * WEFT__LIKE_NEAREST;
        strangers[i] = near[0];
        for (size_t k = 1; k < WEFT__LIKE_NEAREST; k++)
            strangers[i] = near[k] < strangers[i] ? near[k] : strangers[i];
    }
    qsort(strangers, count, sizeof *strangers, by_similarity);
    double stranger =
        count ? (double)strangers[(size_t)(NINE_IN_TEN * (double)(count - 1))] : 0;
    double found = 1 - FIFTH * (1 - stranger);
    job->threshold = found < LOWEST ? LOWEST : found > HIGHEST ? HIGHEST : found;
    free(strangers);
    return WEFT_OK;
}

/* Notes that a picture has a link of this similarity, within its split or across. */
static void note_best(struct job *job, uint32_t number, bool across, float similarity)
{
    float *best = &job->best[2 * (size_t)number + across];
    *best = similarity > *best ? similarity : *best;
}

/* Calls for every pair that is similar enough. */
static void each_link(
    struct job *job, void (*fn)(struct job *, uint32_t, uint32_t, bool, float))
{
    for (size_t at = 0; at < job->distinct_count * WEFT__LIKE_NEAREST; at++) {
        if (job->near[at] <= 0 || (double)job->near[at] < job->threshold)
            continue;
        uint32_t a = job->distinct[at / WEFT__LIKE_NEAREST];
        uint32_t b = job->distinct[job->nearest[at]];
        fn(job, a, b, split_of(job, a) != split_of(job, b), job->near[at]);
    }
}

static void note_link(
    struct job *job, uint32_t a, uint32_t b, bool across, float similarity)
{
    note_best(job, a, across, similarity);
    note_best(job, b, across, similarity);
}

/* Joins what is the other's most similar picture, or the most similar one of another split:
 * were every link to join, pictures that are nothing like each other would be, by way of
 * many between them. */
static void join_best(
    struct job *job, uint32_t a, uint32_t b, bool across, float similarity)
{
    const float *x = &job->best[2 * (size_t)a], *y = &job->best[2 * (size_t)b];
    bool best = similarity >= fmaxf(x[0], x[1]) || similarity >= fmaxf(y[0], y[1]);
    if (best || (across && (similarity >= x[1] || similarity >= y[1])))
        join(job, a, b, similarity);
}

static weft_status find_near(struct job *job, weft_context *context)
{
    static const char what[] = "comparing pictures";
    size_t count = job->distinct_count, places = count * WEFT__LIKE_NEAREST;
    size_t floats = count * WEFT__LIKE_DIMS;
    WEFT_TRY(weft__alloc(&job->descriptions, floats, sizeof(float), what));
    WEFT_TRY(weft__alloc(&job->tangents, floats, sizeof(float), what));
    WEFT_TRY(weft__alloc(&job->nearest, places, sizeof *job->nearest, what));
    for (int k = 0; k < WEFT__SPLITS; k++)
        if (job->splits[k])
            job->room = weft_shape_bytes(job->splits[k]->recipe.shape);
    WEFT_TRY(weft__alloc(
        &job->rooms, (size_t)weft_context_threads(context) * job->room, 1, what));
    WEFT_TRY(weft__calloc(&job->best, job->total * 2, sizeof *job->best, what));
    WEFT_TRY(weft__alloc(&job->near, places, sizeof *job->near, what));
    WEFT_TRY(weft__parallel(
        context, count, 64, describe_some, job, "describing pictures", "pictures"));
    WEFT_TRY(
        weft__like_search(job->nearest, job->descriptions, job->tangents, count, context));
    WEFT_TRY(weft__parallel(context, count, 64, align_some, job,
        "laying pictures over each other", "pictures"));
    for (size_t at = 0; at < places; at++)
        if (job->nearest[at] != UINT32_MAX) {
            const float *before =
                compared_before(job, at / WEFT__LIKE_NEAREST, job->nearest[at]);
            job->near[at] = before ? *before : job->near[at];
        }
    if (job->threshold == 0)
        WEFT_TRY(choose_threshold(job));
    each_link(job, note_link);
    each_link(job, join_best);
    return WEFT_OK;
}

/* ---- groups ------------------------------------------------------------------------ */

static bool same_pixels(
    const struct job *job, const weft_duplicate *a, const weft_duplicate *b)
{
    weft_shape shape;
    const uint8_t *x = pixels_of(job, job->first[a->split] + a->index, &shape);
    const uint8_t *y = pixels_of(job, job->first[b->split] + b->index, &shape);
    return memcmp(x, y, weft_shape_bytes(shape)) == 0;
}

static weft_duplicate_group group_of(
    const struct job *job, const weft_duplicate *pictures, size_t count)
{
    weft_duplicate_group group = {pictures, count, true, false, false, 0};
    for (size_t i = 0; i < count; i++) {
        group.similarity = fmax(group.similarity, pictures[i].similarity);
        group.exact = group.exact && same_pixels(job, pictures, &pictures[i]);
        group.across |= pictures[i].split != pictures->split;
        group.conflict |= pictures[i].label != pictures->label;
    }
    return group;
}

/* Across splits with different labels, then either, then neither; the most similar first.
 */
static int worst_first(const void *a, const void *b)
{
    const weft_duplicate_group *x = a, *y = b;
    int weight = (y->across + y->conflict) - (x->across + x->conflict);
    if (weight)
        return weight;
    if (x->similarity != y->similarity)
        return x->similarity > y->similarity ? -1 : 1;
    return x->pictures < y->pictures ? -1 : x->pictures > y->pictures;
}

/* Counts the members of each set, gives each set of two or more a place and fills it. */
static weft_status make_groups(struct job *job, weft_duplicates *out)
{
    static const char what[] = "duplicates";
    size_t total = job->total, members = 0, *begin = NULL;
    WEFT_TRY(weft__calloc(&begin, total + 1, sizeof *begin, what));
    for (size_t i = 0; i < total; i++)
        begin[root_of(job, (uint32_t)i)]++;
    for (size_t i = 0; i < total; i++) {
        size_t size = begin[i] > 1 ? begin[i] : 0;
        begin[i] = members;
        members += size;
        out->count += size > 0;
    }
    begin[total] = members;
    weft_status status = weft__alloc(&out->pictures, members, sizeof *out->pictures, what);
    if (status == WEFT_OK)
        status = weft__alloc(&out->groups, out->count, sizeof *out->groups, what);
    if (status != WEFT_OK) {
        free(begin);
        return status;
    }
    size_t groups = 0;
    for (size_t i = 0; i < total; i++)
        if (begin[i + 1] > begin[i]) /* a root, before its set is filled */
            out->groups[groups++].count = begin[i + 1] - begin[i];
    for (size_t i = 0; i < total; i++) {
        uint32_t root = root_of(job, (uint32_t)i);
        if (root != i || begin[i + 1] > begin[i])
            out->pictures[begin[root]++] = picture_of(job, i);
    }
    free(begin);
    for (size_t g = 0, at = 0; g < groups; g++) {
        size_t count = out->groups[g].count;
        out->groups[g] = group_of(job, out->pictures + at, count);
        at += count;
    }
    qsort(out->groups, groups, sizeof *out->groups, worst_first);
    return WEFT_OK;
}

static weft_status find(struct job *job, weft_duplicates *out, weft_context *context)
{
    static const char what[] = "comparing pictures";
    WEFT_TRY(weft__alloc(&job->digests, job->total, sizeof *job->digests, what));
    WEFT_TRY(weft__alloc(&job->distinct, job->total, sizeof *job->distinct, what));
    WEFT_TRY(weft__alloc(&job->parent, job->total, sizeof *job->parent, what));
    WEFT_TRY(weft__calloc(&job->similarity, job->total, sizeof *job->similarity, what));
    for (size_t i = 0; i < job->total; i++)
        job->parent[i] = (uint32_t)i;
    WEFT_TRY(find_exact(job, context));
    if (job->threshold < 1)
        WEFT_TRY(find_near(job, context));
    out->similarity = job->threshold;
    return make_groups(job, out);
}

weft_status weft_duplicates_find(weft_duplicates **out, const weft_data *data,
    const weft_duplicates_options *options, weft_context *context)
{
    struct job job = {.threshold = options ? options->similarity : 0};
    weft_duplicates *found;
    if (job.threshold != 0 && !(job.threshold >= 0.5 && job.threshold <= 1))
        return weft_fail(WEFT_EINVAL,
            "duplicates: a similarity of %g: expected 0 or 0.5 to 1", job.threshold);
    weft__data_splits(job.splits, data);
    for (int s = 0; s < WEFT__SPLITS; s++)
        job.first[s + 1] = job.first[s] + (job.splits[s] ? job.splits[s]->count : 0);
    job.total = job.first[WEFT__SPLITS];
    if (job.total >= UINT32_MAX)
        return weft_fail(WEFT_EINVAL, "duplicates: %zu pictures: expected at most %u",
            job.total, UINT32_MAX - 1);
    WEFT_TRY(weft__calloc(&found, 1, sizeof *found, "duplicates"));
    weft_status status = find(&job, found, context);
    free(job.digests);
    free(job.distinct);
    free(job.descriptions);
    free(job.tangents);
    free(job.nearest);
    free(job.near);
    free(job.best);
    free(job.rooms);
    free(job.parent);
    free(job.similarity);
    if (status == WEFT_OK)
        *out = found;
    else
        weft_duplicates_free(found);
    return status;
}

void weft_duplicates_free(weft_duplicates *duplicates)
{
    if (!duplicates)
        return;
    free(duplicates->pictures);
    free(duplicates->groups);
    free(duplicates);
}

size_t weft_duplicates_count(const weft_duplicates *duplicates)
{
    return duplicates->count;
}

const weft_duplicate_group *weft_duplicates_group(
    const weft_duplicates *duplicates, size_t index)
{
    return index < duplicates->count ? &duplicates->groups[index] : NULL;
}

double weft_duplicates_similarity(const weft_duplicates *duplicates)
{
    return duplicates->similarity;
}
