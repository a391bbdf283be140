#include "classic/tree.h"

#include <stdlib.h>
#include <string.h>

#include "classic/transpose.h"
#include "classic/tree_cut.h"
#include "core/mem.h"
#include "core/simd.h"

/* A node still to be grown: rows begin..begin+count of the grower's lists, sorted by
 * class. The larger child waits while the smaller grows, so few ever wait at once. */
struct pending {
    size_t node, depth, begin, count;
    uint32_t total;   /* pictures: rows as often as they were drawn */
    size_t present;   /* classes that occur */
    bool in_block;    /* rows are the block's, not the data's */
    uint32_t *label;  /* classes: which, the first `present` */
    uint32_t *length; /* rows of each */
    uint32_t *mass;   /* pictures of each */
};

enum { MAX_PENDING = 66 }; /* halving 2^64 rows leaves one after 64 */

/* Subtrees of few rows are grown on a copy of these, small enough for the caches near the
 * core: columns of all rows would be fetched from memory for a few bytes of each line. */
enum { BLOCK_BYTES = 3200 << 10, BLOCK_ROWS = 4096, LINE = 64 };

struct weft__grower {
    weft__tree_data data;
    weft__tree_options options;
    weft_rng rng;
    weft__tree *tree;
    double *importance;

    uint32_t *row, *row_scratch;       /* count */
    uint8_t *weight, *weight_scratch;  /* count: how often each was drawn */
    uint8_t *value;                    /* count: a feature's values in a node */
    size_t block_rows;                 /* 0: no blocks, there are too many features */
    size_t block_stride;               /* an odd number of lines: columns share no set */
    uint8_t *block;                    /* features x block_stride */
    const uint8_t **block_row;         /* block_rows: where they are copied from */
    uint32_t *feature;                 /* features, in an order that draws shuffle */
    uint32_t *histogram;               /* classes x (256 + 16) */
    uint32_t *left_length, *left_mass; /* classes */
    struct pending stack[MAX_PENDING];
    size_t waiting;
    uint32_t *figures; /* behind the stack's lists */
};

void weft__tree_clear(weft__tree *tree)
{
    free(tree->nodes);
    free(tree->distributions);
    *tree = (weft__tree){0};
}

static weft_status allocate(weft__grower *g)
{
    size_t n = g->data.count, classes = g->data.classes, bins;
    if (!weft__mul(&bins, classes, WEFT__BINS + 16))
        bins = SIZE_MAX;
    const char *what = "growing trees";
    WEFT_TRY(weft__alloc(&g->row, n, sizeof *g->row, what));
    WEFT_TRY(weft__alloc(&g->row_scratch, n, sizeof *g->row, what));
    WEFT_TRY(weft__alloc(&g->weight, n, 1, what));
    WEFT_TRY(weft__alloc(&g->weight_scratch, n, 1, what));
    WEFT_TRY(weft__alloc(&g->value, n, 1, what));
    WEFT_TRY(weft__alloc(&g->block, g->block_stride, g->data.features, what));
    WEFT_TRY(weft__alloc(&g->block_row, g->block_rows, sizeof *g->block_row, what));
    WEFT_TRY(weft__alloc(&g->feature, g->data.features, sizeof *g->feature, what));
    WEFT_TRY(weft__alloc(&g->histogram, bins, sizeof *g->histogram, what));
    WEFT_TRY(weft__alloc(&g->left_length, classes, sizeof *g->left_length, what));
    WEFT_TRY(weft__alloc(&g->left_mass, classes, sizeof *g->left_mass, what));
    WEFT_TRY(weft__alloc(&g->figures, classes, MAX_PENDING * 3 * sizeof *g->figures, what));
    for (size_t i = 0; i < MAX_PENDING; i++) {
        g->stack[i].label = g->figures + (3 * i) * classes;
        g->stack[i].length = g->figures + (3 * i + 1) * classes;
        g->stack[i].mass = g->figures + (3 * i + 2) * classes;
    }
    return WEFT_OK;
}

weft_status weft__grower_create(
    weft__grower **out, const weft__tree_data *data, const weft__tree_options *options)
{
    weft__grower *g;
    WEFT_TRY(weft__calloc(&g, 1, sizeof *g, "growing trees"));
    g->data = *data;
    g->options = *options;
    g->block_rows = BLOCK_BYTES / data->features;
    if (g->block_rows > BLOCK_ROWS)
        g->block_rows = BLOCK_ROWS;
    if (g->block_rows < WEFT__SMALL_NODE)
        g->block_rows = 0;
    g->block_stride =
        (g->block_rows / LINE | 1) * LINE + (g->block_rows % LINE ? 2 * LINE : 0);
    weft_status status = allocate(g);
    if (status != WEFT_OK) {
        weft__grower_free(g);
        return status;
    }
    *out = g;
    return WEFT_OK;
}

void weft__grower_free(weft__grower *g)
{
    if (!g)
        return;
    free(g->row);
    free(g->row_scratch);
    free(g->weight);
    free(g->weight_scratch);
    free(g->value);
    free(g->block);
    free(g->block_row);
    free(g->feature);
    free(g->histogram);
    free(g->left_length);
    free(g->left_mass);
    free(g->figures);
    free(g);
}

static weft_status add_children(weft__tree *tree, size_t parent, const weft__cut *cut)
{
    WEFT_TRY(weft__grow(
        &tree->nodes, &tree->capacity, tree->count + 2, sizeof *tree->nodes, "a tree"));
    if (tree->count > INT32_MAX - 2)
        return weft_fail(WEFT_EUNSUPPORTED, "a tree of more than %d nodes", INT32_MAX);
    tree->nodes[parent] = (weft__tree_node){
        (int32_t)tree->count, (int32_t)(cut->feature << 8 | cut->threshold)};
    tree->count += 2;
    return WEFT_OK;
}

static weft_status add_leaf(weft__grower *g, size_t node, size_t present,
    const uint32_t *label, const uint32_t *mass, uint32_t total)
{
    weft__tree *tree = g->tree;
    size_t classes = g->data.classes;
    if (present == 1) {
        tree->nodes[node] = (weft__tree_node){-1 - (int32_t)label[0], (int32_t)total};
        return WEFT_OK;
    }
    WEFT_TRY(weft__grow(&tree->distributions, &tree->leaves_capacity,
        (tree->leaves + 1) * classes, sizeof *tree->distributions, "leaves"));
    float *row = tree->distributions + tree->leaves * classes;
    memset(row, 0, classes * sizeof *row);
    for (size_t c = 0; c < present; c++)
        row[label[c]] = (float)mass[c] / (float)total;
    tree->nodes[node] =
        (weft__tree_node){-1 - (int32_t)(classes + tree->leaves++), (int32_t)total};
    return WEFT_OK;
}

static void credit(weft__grower *g, const weft__cut *cut, const uint32_t *mass,
    size_t present, uint32_t total)
{
    double squares = 0;
    for (size_t c = 0; c < present; c++)
        squares += (double)mass[c] * mass[c];
    double gain = (double)cut->score - squares / total;
    g->importance[cut->feature] += gain > 0 ? gain : 0;
}

static bool is_leaf(const weft__grower *g, size_t present, uint32_t total, size_t depth)
{
    const weft__tree_options *o = &g->options;
    return present == 1 || total / 2 < o->min_leaf ||
           (o->max_depth && depth >= o->max_depth);
}

/* The drawn-th feature of a draw without replacement. */
static uint32_t draw_feature(weft__grower *g, size_t drawn)
{
    size_t at = drawn + weft_rng_below(&g->rng, (uint32_t)(g->data.features - drawn));
    uint32_t feature = g->feature[at];
    g->feature[at] = g->feature[drawn];
    g->feature[drawn] = feature;
    return feature;
}

/* Whether to draw another feature: max_features of them, and on until one varies. */
static bool draw_on(const weft__grower *g, size_t drawn, bool varies)
{
    return drawn < g->data.features && (drawn < g->options.max_features || !varies);
}

/* Small nodes. */

static weft_status grow_small(
    weft__grower *g, const weft__small_node *node, size_t at, size_t depth);

/* The part of `node` that `side` holds. */
static void take_side(weft__small_node *out, const weft__small_node *node, uint64_t side)
{
    out->count = out->present = 0;
    out->min_leaf = node->min_leaf;
    out->columns = node->columns;
    out->stride = node->stride;
    for (unsigned c = 0; c < node->present; c++) {
        uint64_t rest = node->of_class[c] & side, mask = 0;
        if (!rest)
            continue;
        for (; rest; rest &= rest - 1) {
            mask |= (uint64_t)1 << out->count;
            out->row[out->count++] = node->row[__builtin_ctzll(rest)];
        }
        out->label[out->present] = node->label[c];
        out->of_class[out->present++] = mask;
    }
}

static weft_status split_small(
    weft__grower *g, const weft__small_node *node, size_t at, size_t depth, weft__cut cut)
{
    const uint8_t *column = node->columns + cut.feature * node->stride;
    uint64_t left = 0;
    for (unsigned i = 0; i < node->count; i++)
        left |= (uint64_t)(column[node->row[i]] <= cut.threshold) << i;
    WEFT_TRY(add_children(g->tree, at, &cut));
    size_t child = g->tree->count - 2;
    weft__small_node side;
    take_side(&side, node, left);
    WEFT_TRY(grow_small(g, &side, child, depth + 1));
    take_side(&side, node, ~left);
    return grow_small(g, &side, child + 1, depth + 1);
}

static weft_status grow_small(
    weft__grower *g, const weft__small_node *node, size_t at, size_t depth)
{
    uint32_t mass[WEFT__SMALL_NODE], label[WEFT__SMALL_NODE];
    for (unsigned c = 0; c < node->present; c++) {
        mass[c] = (uint32_t)__builtin_popcountll(node->of_class[c]);
        label[c] = node->label[c];
    }
    weft__cut cut = {0};
    if (!is_leaf(g, node->present, node->count, depth)) {
        bool varies = false;
        for (size_t drawn = 0; draw_on(g, drawn, varies); drawn++)
            varies |= weft__cut_small(&cut, node, draw_feature(g, drawn),
                g->options.random_cuts ? &g->rng : NULL);
    }
    if (g->tree->depth < depth)
        g->tree->depth = depth;
    if (!cut.found)
        return add_leaf(g, at, node->present, label, mass, node->count);
    credit(g, &cut, mass, node->present, node->count);
    return split_small(g, node, at, depth, cut);
}

/* A drawn row is as many bits as times it was drawn. */
static weft_status start_small(weft__grower *g, const struct pending *p)
{
    weft__small_node node = {.present = (unsigned)p->present,
        .columns = p->in_block ? g->block : g->data.columns,
        .stride = p->in_block ? g->block_stride : g->data.count};
    size_t min_leaf = g->options.min_leaf;
    node.min_leaf = min_leaf > WEFT__SMALL_NODE ? WEFT__SMALL_NODE + 1 : (unsigned)min_leaf;
    size_t i = p->begin;
    for (size_t c = 0; c < p->present; c++) {
        node.label[c] = (uint16_t)p->label[c];
        for (size_t end = i + p->length[c]; i < end; i++)
            for (unsigned again = g->weight[i]; again; again--) {
                node.of_class[c] |= (uint64_t)1 << node.count;
                node.row[node.count++] = g->row[i];
            }
    }
    return grow_small(g, &node, p->node, p->depth);
}

/* Large nodes. */

/* Makes the block of the node's rows, which its whole subtree uses: a node in a block is
 * always on top of all that wait outside. */
static void enter_block(weft__grower *g, struct pending *p)
{
    uint32_t *row = g->row + p->begin;
    for (size_t i = 0; i < p->count; i++) {
        g->block_row[i] = g->data.rows[row[i]];
        row[i] = (uint32_t)i;
    }
    weft__transpose_bytes(
        g->block, g->block_stride, g->block_row, p->count, g->data.features);
    p->in_block = true;
}

static const uint8_t *column_of(
    const weft__grower *g, const struct pending *p, size_t feature)
{
    return p->in_block ? g->block + feature * g->block_stride
                       : g->data.columns + feature * g->data.count;
}

static void gather(uint8_t *restrict value, const uint8_t *restrict column,
    const uint32_t *restrict row, size_t count)
{
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        value[i] = column[row[i]];
        value[i + 1] = column[row[i + 1]];
        value[i + 2] = column[row[i + 2]];
        value[i + 3] = column[row[i + 3]];
    }
    for (; i < count; i++)
        value[i] = column[row[i]];
}

WEFT__SIMD static void value_range(
    const uint8_t *value, size_t count, uint8_t *low, uint8_t *high)
{
    uint8_t l = 255, h = 0;
    for (size_t i = 0; i < count; i++) {
        l = value[i] < l ? value[i] : l;
        h = value[i] > h ? value[i] : h;
    }
    *low = l;
    *high = h;
}

/* The weight of the values up to the threshold. */
WEFT__SIMD static uint32_t weigh_left(
    const uint8_t *value, const uint8_t *weight, size_t count, uint8_t threshold)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += value[i] <= threshold ? weight[i] : 0;
    return sum;
}

/* The same where every weight is 1: bytes compare to -1, and 255 of those fit a byte. */
WEFT__SIMD static uint32_t count_left(const uint8_t *value, size_t count, uint8_t threshold)
{
    enum { LANES = 64, MOST = 255 };
    typedef uint8_t bytes __attribute__((vector_size(LANES)));
    uint32_t sum = 0;
    size_t i = 0;
    while (count - i >= LANES) {
        bytes lanes = {0}, v;
        for (size_t n = 0; n < MOST && count - i >= LANES; n++, i += LANES) {
            memcpy(&v, value + i, LANES);
            lanes -= (bytes)(v <= threshold);
        }
        for (size_t lane = 0; lane < LANES; lane++)
            sum += lanes[lane];
    }
    for (; i < count; i++)
        sum += value[i] <= threshold;
    return sum;
}

/* Adds the weights to the bins of the values. Neighbours often fall into one bin, and a
 * sum would wait for the last to be stored: every other one is kept in `apart`. */
static void count_class(uint32_t *restrict bins, uint32_t *restrict apart,
    const uint8_t *restrict value, const uint8_t *restrict weight, size_t count)
{
    size_t i = 0;
    if (count >= WEFT__BINS) {
        memset(apart, 0, WEFT__BINS * sizeof *apart);
        for (; i + 2 <= count; i += 2) {
            bins[weft__bin_of(value[i])] += weight[i];
            apart[weft__bin_of(value[i + 1])] += weight[i + 1];
        }
        for (size_t bin = 0; bin < WEFT__BINS; bin++)
            bins[bin] += apart[bin];
    }
    for (; i < count; i++)
        bins[weft__bin_of(value[i])] += weight[i];
}

static void count_values(weft__grower *g, const struct pending *p, const uint8_t *value)
{
    uint32_t apart[WEFT__BINS];
    memset(g->histogram, 0, p->present * WEFT__BINS * sizeof *g->histogram);
    for (size_t c = 0, i = 0; c < p->present; i += p->length[c++])
        count_class(g->histogram + c * WEFT__BINS, apart, value + i,
            g->weight + p->begin + i, p->length[c]);
}

/* The feature's values in the node, in the order of its rows. All rows are in their own
 * order: that is the column itself. */
static const uint8_t *values_of(weft__grower *g, const struct pending *p, uint32_t feature)
{
    const uint8_t *column = column_of(g, p, feature);
    if (p->count == g->data.count && !p->in_block)
        return column;
    gather(g->value, column, g->row + p->begin, p->count);
    return g->value;
}

static bool try_feature(
    weft__grower *g, const struct pending *p, uint32_t feature, weft__cut *cut)
{
    uint8_t low, high;
    const uint8_t *value = values_of(g, p, feature);
    value_range(value, p->count, &low, &high);
    if (low == high)
        return false;
    uint32_t min_leaf =
        g->options.min_leaf > UINT32_MAX ? UINT32_MAX : (uint32_t)g->options.min_leaf;
    weft__cut_node node = {p->mass, p->present, p->total, min_leaf};
    if (!g->options.random_cuts) {
        count_values(g, p, value);
        weft__cut_histogram(cut, &node, feature, g->histogram);
        return true;
    }
    uint8_t at = (uint8_t)(low + weft_rng_below(&g->rng, (uint32_t)(high - low)));
    for (size_t c = 0, i = 0; c < p->present; i += p->length[c++])
        g->left_mass[c] =
            p->total == p->count
                ? count_left(value + i, p->length[c], at)
                : weigh_left(value + i, g->weight + p->begin + i, p->length[c], at);
    weft__cut_counts(cut, &node, feature, at, g->left_mass);
    return true;
}

/* Moves the rows that go left to the front, keeping their order, so that both parts stay
 * sorted by class; counts those of each class. Returns how many there are. */
static size_t partition(weft__grower *g, const struct pending *p, const weft__cut *cut)
{
    const uint8_t *column = column_of(g, p, cut->feature);
    uint32_t *row = g->row + p->begin;
    uint8_t *weight = g->weight + p->begin;
    size_t i = 0, left = 0, right = 0;
    for (size_t c = 0; c < p->present; c++) {
        size_t before = left;
        uint32_t mass = 0;
        for (size_t end = i + p->length[c]; i < end; i++) {
            uint32_t r = row[i];
            uint8_t w = weight[i];
            bool goes_left = column[r] <= cut->threshold;
            row[left] = g->row_scratch[right] = r;
            weight[left] = g->weight_scratch[right] = w;
            left += goes_left;
            right += !goes_left;
            mass += goes_left ? w : 0;
        }
        g->left_length[c] = (uint32_t)(left - before);
        g->left_mass[c] = mass;
    }
    memcpy(row + left, g->row_scratch, right * sizeof *row);
    memcpy(weight + left, g->weight_scratch, right);
    return left;
}

static void add_class(struct pending *side, uint32_t label, uint32_t length, uint32_t mass)
{
    if (!length)
        return;
    side->label[side->present] = label;
    side->length[side->present] = length;
    side->mass[side->present++] = mass;
    side->count += length;
    side->total += mass;
}

static void set_aside(
    struct pending *side, size_t node, size_t depth, size_t begin, bool in_block)
{
    side->node = node;
    side->depth = depth;
    side->begin = begin;
    side->in_block = in_block;
    side->count = side->present = 0;
    side->total = 0;
}

/* Replaces the stack's top by its children, the smaller on top. */
static weft_status split_large(weft__grower *g, const weft__cut *cut)
{
    struct pending *p = &g->stack[g->waiting - 1];
    WEFT_TRY(add_children(g->tree, p->node, cut));
    size_t child = g->tree->count - 2, begin = p->begin, depth = p->depth + 1;
    size_t left_count = partition(g, p, cut), present = p->present;
    bool left_smaller = left_count < p->count - left_count;
    struct pending *on_top = p + 1;
    /* The node's own lists are rewritten behind the class being read. */
    struct pending *left = left_smaller ? on_top : p, *right = left_smaller ? p : on_top;
    uint32_t *label = p->label, *length = p->length, *mass = p->mass;
    bool in_block = p->in_block;
    set_aside(left, child, depth, begin, in_block);
    set_aside(right, child + 1, depth, begin + left_count, in_block);
    for (size_t c = 0; c < present; c++) {
        uint32_t name = label[c], n = length[c], m = mass[c];
        add_class(left, name, g->left_length[c], g->left_mass[c]);
        add_class(right, name, n - g->left_length[c], m - g->left_mass[c]);
    }
    g->waiting++;
    return WEFT_OK;
}

static weft_status grow_top(weft__grower *g)
{
    struct pending *p = &g->stack[g->waiting - 1];
    if (g->tree->depth < p->depth)
        g->tree->depth = p->depth;
    if (p->count <= g->block_rows && !p->in_block)
        enter_block(g, p);
    if (p->total <= WEFT__SMALL_NODE) {
        g->waiting--;
        return start_small(g, p);
    }
    weft__cut cut = {0};
    if (!is_leaf(g, p->present, p->total, p->depth)) {
        bool varies = false;
        for (size_t drawn = 0; draw_on(g, drawn, varies); drawn++)
            varies |= try_feature(g, p, draw_feature(g, drawn), &cut);
    }
    if (!cut.found) {
        g->waiting--;
        return add_leaf(g, p->node, p->present, p->label, p->mass, p->total);
    }
    credit(g, &cut, p->mass, p->present, p->total);
    return split_large(g, &cut);
}

/* Draws the tree's rows and puts the root on the stack. */
static void plant(weft__grower *g, uint8_t *in_bag)
{
    size_t n = g->data.count;
    memset(in_bag, g->options.bootstrap ? 0 : 1, n);
    if (g->options.bootstrap)
        for (size_t i = 0; i < n; i++) {
            uint8_t *drawn = &in_bag[weft_rng_below(&g->rng, (uint32_t)n)];
            *drawn += *drawn < 255;
        }
    struct pending *root = &g->stack[0];
    g->waiting = 1;
    set_aside(root, 0, 0, 0, false);
    size_t used = 0;
    for (size_t c = 0, r = 0; c < g->data.classes; c++) {
        size_t before = used;
        uint32_t mass = 0;
        for (; r < g->data.class_end[c]; r++) {
            g->row[used] = (uint32_t)r;
            g->weight[used] = in_bag[r];
            mass += in_bag[r];
            used += in_bag[r] > 0;
        }
        add_class(root, (uint32_t)c, (uint32_t)(used - before), mass);
    }
    for (size_t f = 0; f < g->data.features; f++)
        g->feature[f] = (uint32_t)f;
}

static void normalise(double *importance, size_t features)
{
    double sum = 0;
    for (size_t f = 0; f < features; f++)
        sum += importance[f];
    for (size_t f = 0; sum > 0 && f < features; f++)
        importance[f] /= sum;
}

weft_status weft__tree_grow(
    weft__grower *g, weft_rng rng, weft__tree *tree, uint8_t *in_bag, double *importance)
{
    g->rng = rng;
    g->tree = tree;
    g->importance = importance;
    memset(importance, 0, g->data.features * sizeof *importance);
    WEFT_TRY(weft__grow(&tree->nodes, &tree->capacity, 1, sizeof *tree->nodes, "a tree"));
    tree->count = 1;
    plant(g, in_bag);
    while (g->waiting > 0)
        WEFT_TRY(grow_top(g));
    normalise(importance, g->data.features);
    return WEFT_OK;
}
