#include "classic/boost_tree.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/simd.h"

enum { BINS = 256, LEVELS = 1024 };

/* A sum of gradients, in the upper half, and hessians, in the lower: whole multiples of a
 * unit, so that sums are exact, depend on no order and are added at once. Borrowing from
 * the upper half is undone when the halves are read. */
typedef uint64_t sums;

static const double LARGEST_SUM = 1 << 30; /* in units */

static sums pack(int32_t gradient, uint32_t hessian)
{
    return ((uint64_t)(uint32_t)gradient << 32) + hessian;
}

static int32_t gradients(sums s)
{
    return (int32_t)(s >> 32);
}

static uint32_t hessians(sums s)
{
    return (uint32_t)s;
}

struct split {
    double gain;
    uint32_t feature; /* number in the tree's draw */
    uint8_t threshold;
};

struct leaf {
    size_t node, begin, count;
    sums total;
    struct split split; /* gain 0: none */
    sums *histogram;    /* features drawn x 256 */
};

struct weft__booster {
    weft__tree_data data;
    weft__boost_options options;
    double unit;
    uint32_t *feature;             /* features, in an order that draws shuffle */
    uint32_t *row, *row_scratch;   /* count */
    sums *figure, *figure_scratch; /* count: of the rows, in their order */
    struct leaf *leaves;
    sums *histograms; /* leaves x features drawn x 256 */
};

static weft_status allocate(weft__booster *b)
{
    size_t n = b->data.count, cells;
    const char *what = "boosting";
    if (!weft__mul(&cells, b->options.leaves * BINS, b->options.features))
        cells = SIZE_MAX;
    WEFT_TRY(weft__alloc(&b->feature, b->data.features, sizeof *b->feature, what));
    WEFT_TRY(weft__alloc(&b->row, n, sizeof *b->row, what));
    WEFT_TRY(weft__alloc(&b->row_scratch, n, sizeof *b->row, what));
    WEFT_TRY(weft__alloc(&b->figure, n, sizeof *b->figure, what));
    WEFT_TRY(weft__alloc(&b->figure_scratch, n, sizeof *b->figure, what));
    WEFT_TRY(weft__alloc(&b->leaves, b->options.leaves, sizeof *b->leaves, what));
    return weft__alloc(&b->histograms, cells, sizeof *b->histograms, what);
}

weft_status weft__booster_create(
    weft__booster **out, const weft__tree_data *data, const weft__boost_options *options)
{
    weft__booster *b;
    WEFT_TRY(weft__calloc(&b, 1, sizeof *b, "boosting"));
    b->data = *data;
    b->options = *options;
    weft_status status = allocate(b);
    if (status != WEFT_OK) {
        weft__booster_free(b);
        return status;
    }
    *out = b;
    return WEFT_OK;
}

void weft__booster_free(weft__booster *b)
{
    if (!b)
        return;
    free(b->feature);
    free(b->row);
    free(b->row_scratch);
    free(b->figure);
    free(b->figure_scratch);
    free(b->leaves);
    free(b->histograms);
    free(b);
}

/* ---- rows ------------------------------------------------------------------------------
 */

/* The size from which on a gradient is among the largest. */
static float large_from(const weft__booster *b, const float *gradient)
{
    size_t count[LEVELS] = {0}, wanted = (size_t)((double)b->data.count * b->options.large);
    size_t seen = 0, level = LEVELS;
    for (size_t i = 0; i < b->data.count; i++) {
        size_t at = (size_t)(fabsf(gradient[i]) * LEVELS);
        count[at < LEVELS ? at : LEVELS - 1]++;
    }
    while (level > 0 && seen < wanted)
        seen += count[--level];
    return (float)level / LEVELS;
}

/* Takes the rows of large gradients and a sample of the others, that counts for all. */
static size_t draw_rows(
    weft__booster *b, weft_rng *rng, const float *gradient, const float *hessian)
{
    double large = b->options.large, small = b->options.small;
    bool all = large + small >= 1;
    float from = all ? 0 : large_from(b, gradient),
          times = all ? 1 : (float)((1 - large) / small);
    float share = (float)(small / (1 - large));
    double sum = 0;
    size_t taken = 0;
    for (size_t i = 0; i < b->data.count; i++) {
        float size = fabsf(gradient[i]);
        if (size < from && weft_rng_uniform(rng) >= share)
            continue;
        sum += (double)(size < from ? size * times : size);
        b->row[taken++] = (uint32_t)i;
    }
    b->unit = sum > 0 ? sum / LARGEST_SUM : 1;
    float scale = (float)(1 / b->unit);
    for (size_t k = 0; k < taken; k++) {
        uint32_t i = b->row[k];
        float by = fabsf(gradient[i]) < from ? times * scale : scale;
        b->figure[k] =
            pack((int32_t)lrintf(gradient[i] * by), (uint32_t)lrintf(hessian[i] * by));
    }
    return taken;
}

/* ---- histograms ------------------------------------------------------------------------
 */

/* Neighbouring rows often fall into one bin; two tables keep their sums from waiting for
 * each other. */
static void count_feature(sums *restrict bins, const uint8_t *restrict column,
    const uint32_t *restrict row, const sums *restrict figure, size_t count)
{
    sums apart[BINS] = {0};
    memset(bins, 0, BINS * sizeof *bins);
    size_t i = 0;
    for (; i + 2 <= count; i += 2) {
        bins[column[row[i]]] += figure[i];
        apart[column[row[i + 1]]] += figure[i + 1];
    }
    if (i < count)
        bins[column[row[i]]] += figure[i];
    for (size_t bin = 0; bin < BINS; bin++)
        bins[bin] += apart[bin];
}

static void count_leaf(weft__booster *b, const struct leaf *leaf)
{
    for (size_t f = 0; f < b->options.features; f++)
        count_feature(leaf->histogram + f * BINS,
            b->data.columns + (size_t)b->feature[f] * b->data.count, b->row + leaf->begin,
            b->figure + leaf->begin, leaf->count);
}

/* ---- splits ----------------------------------------------------------------------------
 */

struct search {
    float gradient, hessian; /* of the leaf */
    float penalty, weight;
};

/* The best score of all cuts between bins; score[] and the running sums are filled in. */
WEFT__SIMD static float score_cuts(
    const sums *bins, const struct search *s, float unit, float *restrict score)
{
    float left_g[BINS], left_h[BINS], best = 0;
    sums running = 0;
    for (size_t i = 0; i < BINS; i++) {
        running += bins[i];
        left_g[i] = (float)gradients(running);
        left_h[i] = (float)(int32_t)hessians(running);
    }
#pragma omp simd reduction(max : best)
    for (size_t i = 0; i < BINS - 1; i++) {
        float g = left_g[i] * unit, h = left_h[i] * unit;
        float rest_g = s->gradient - g, rest_h = s->hessian - h;
        float value = g * g / (h + s->penalty) + rest_g * rest_g / (rest_h + s->penalty);
        value = (h >= s->weight) & (rest_h >= s->weight) ? value : 0;
        score[i] = value;
        best = value > best ? value : best;
    }
    return best;
}

static void find_split(const weft__booster *b, struct leaf *leaf)
{
    float unit = (float)b->unit, score[BINS], best = 0;
    struct search s = {(float)gradients(leaf->total) * unit,
        (float)hessians(leaf->total) * unit, (float)b->options.penalty,
        (float)b->options.weight};
    float parent = s.gradient * s.gradient / (s.hessian + s.penalty);
    leaf->split = (struct split){0, 0, 0};
    for (size_t f = 0; f < b->options.features; f++) {
        float there = score_cuts(leaf->histogram + f * BINS, &s, unit, score);
        if (there <= best)
            continue;
        size_t cut = 0;
        while (score[cut] != there)
            cut++;
        best = there;
        leaf->split =
            (struct split){(double)there - (double)parent, (uint32_t)f, (uint8_t)cut};
    }
    /* Less than rounding leaves of the parent's score is no gain. */
    if (leaf->split.gain <= 1e-5 * (double)parent)
        leaf->split.gain = 0;
}

static size_t partition(weft__booster *b, const struct leaf *leaf, sums *left_total)
{
    const uint8_t *column =
        b->data.columns + (size_t)b->feature[leaf->split.feature] * b->data.count;
    uint32_t *row = b->row + leaf->begin;
    sums *figure = b->figure + leaf->begin, total = 0;
    size_t left = 0, right = 0;
    for (size_t i = 0; i < leaf->count; i++) {
        uint32_t r = row[i];
        sums f = figure[i];
        bool goes_left = column[r] <= leaf->split.threshold;
        row[left] = b->row_scratch[right] = r;
        figure[left] = b->figure_scratch[right] = f;
        total += goes_left ? f : 0;
        left += goes_left;
        right += !goes_left;
    }
    memcpy(row + left, b->row_scratch, right * sizeof *row);
    memcpy(figure + left, b->figure_scratch, right * sizeof *figure);
    *left_total = total;
    return left;
}

/* Splits a leaf into itself, the left side, and `other`, which is new. The smaller side is
 * counted; the larger is what remains of the whole. */
static void split_leaf(
    weft__booster *b, struct leaf *leaf, struct leaf *other, size_t child)
{
    sums left_total, *whole = leaf->histogram, *fresh = other->histogram;
    size_t left = partition(b, leaf, &left_total), cells = b->options.features * BINS;
    struct leaf right = {child + 1, leaf->begin + left, leaf->count - left,
        leaf->total - left_total, {0, 0, 0}, fresh};
    leaf->node = child;
    leaf->count = left;
    leaf->total = left_total;
    bool left_smaller = left < right.count;
    if (left_smaller) {
        leaf->histogram = fresh;
        right.histogram = whole;
    }
    *other = right;
    count_leaf(b, left_smaller ? leaf : other);
    for (size_t i = 0; i < cells; i++)
        whole[i] -= fresh[i];
    find_split(b, leaf);
    find_split(b, other);
}

/* ---- trees -----------------------------------------------------------------------------
 */

static void draw_features(weft__booster *b, weft_rng *rng)
{
    size_t all = b->data.features;
    for (size_t f = 0; f < all; f++)
        b->feature[f] = (uint32_t)f;
    for (size_t f = 0; f < b->options.features; f++) {
        size_t at = f + weft_rng_below(rng, (uint32_t)(all - f));
        uint32_t feature = b->feature[at];
        b->feature[at] = b->feature[f];
        b->feature[f] = feature;
    }
}

static void plant(weft__booster *b, size_t rows)
{
    struct leaf *root = &b->leaves[0];
    for (size_t i = 0; i < b->options.leaves; i++)
        b->leaves[i].histogram = b->histograms + i * b->options.features * BINS;
    root->node = root->begin = 0;
    root->count = rows;
    root->total = 0;
    for (size_t i = 0; i < rows; i++)
        root->total += b->figure[i];
    count_leaf(b, root);
    find_split(b, root);
}

void weft__boost_grow(weft__booster *b, weft_rng rng, const float *gradient,
    const float *hessian, weft__boost_tree *tree, double *gain)
{
    draw_features(b, &rng);
    plant(b, draw_rows(b, &rng, gradient, hessian));
    tree->node_count = tree->leaf_count = 1;
    while (tree->leaf_count < b->options.leaves) {
        struct leaf *best = &b->leaves[0];
        for (size_t i = 1; i < tree->leaf_count; i++)
            best = b->leaves[i].split.gain > best->split.gain ? &b->leaves[i] : best;
        if (best->split.gain <= 0)
            break;
        uint32_t feature = b->feature[best->split.feature];
        gain[feature] += best->split.gain;
        tree->nodes[best->node] = (weft__tree_node){
            (int32_t)tree->node_count, (int32_t)(feature << 8 | best->split.threshold)};
        split_leaf(b, best, &b->leaves[tree->leaf_count++], tree->node_count);
        tree->node_count += 2;
    }
    for (size_t i = 0; i < tree->leaf_count; i++) {
        const struct leaf *leaf = &b->leaves[i];
        double g = gradients(leaf->total) * b->unit, h = hessians(leaf->total) * b->unit;
        double below = h + b->options.penalty;
        tree->nodes[leaf->node] = (weft__tree_node){-1 - (int32_t)i, 0};
        tree->covers[i] = (float)fmax(h, 1e-9); /* a tree of one leaf may have none */
        tree->values[i] = below > 0 ? (float)(-b->options.learning_rate * g / below) : 0;
    }
}

/* Rows that go down a tree side by side. Neighbours read the same lines of the columns. */
enum { ABREAST = 16 };

static void add_some(const weft__tree_data *data, const weft__boost_tree *tree,
    size_t first, size_t count, float *score)
{
    const weft__tree_node *nodes = tree->nodes;
    int32_t at[ABREAST] = {0};
    for (bool moving = true; moving;) {
        moving = false;
        for (size_t k = 0; k < count; k++) {
            const weft__tree_node *node = nodes + at[k];
            bool inner = node->child >= 0;
            size_t feature = (size_t)(node->test >> 8);
            uint8_t value = data->columns[feature * data->count + first + k];
            int32_t next = node->child + (value > (node->test & 255));
            at[k] = inner ? next : at[k];
            moving |= inner;
        }
    }
    for (size_t k = 0; k < count; k++)
        score[first + k] += tree->values[-1 - nodes[at[k]].child];
}

void weft__boost_add(
    const weft__tree_data *data, const weft__boost_tree *tree, float *score)
{
    size_t i = 0;
    for (; i + ABREAST <= data->count; i += ABREAST)
        add_some(data, tree, i, ABREAST, score);
    add_some(data, tree, i, data->count - i, score);
}
