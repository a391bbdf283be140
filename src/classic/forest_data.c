#include "classic/forest_data.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classic/transpose.h"
#include "classic/tree_paths.h"
#include "core/mem.h"
#include "core/team.h"

struct transposition {
    const weft__tree_data *data;
    uint8_t *columns;
};

static weft_status transpose_rows(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    const struct transposition *t = arg;
    weft__transpose_bytes(t->columns + begin, t->data->count, t->data->rows + begin,
        end - begin, t->data->features);
    return WEFT_OK;
}

static weft_status sort_rows(
    weft__forest_data *data, const weft__points *points, const weft_view *view)
{
    weft__tree_data *t = &data->tree_data;
    for (size_t i = 0; i < t->count; i++)
        data->class_end[weft_view_label(view, i)]++;
    for (size_t c = 0, sum = 0; c < t->classes; c++) {
        size_t here = data->class_end[c];
        data->class_end[c] = (uint32_t)sum; /* where it begins, until filled */
        sum += here;
    }
    for (size_t i = 0; i < t->count; i++)
        data->rows[data->class_end[weft_view_label(view, i)]++] =
            points->bytes + i * t->features;
    return WEFT_OK;
}

static weft_status make_data(weft__forest_data *data, const weft__points *points,
    const weft_view *view, weft_context *context)
{
    weft__tree_data *t = &data->tree_data;
    WEFT_TRY(weft__alloc(&data->rows, t->count, sizeof *data->rows, "pictures"));
    WEFT_TRY(weft__alloc(&data->columns, t->count, t->features, "transposed pictures"));
    WEFT_TRY(weft__calloc(&data->class_end, t->classes, sizeof(uint32_t), "classes"));
    WEFT_TRY(sort_rows(data, points, view));
    t->rows = data->rows;
    t->columns = data->columns;
    t->class_end = data->class_end;
    struct transposition transposition = {t, data->columns};
    return weft__parallel(
        context, t->count, 64, transpose_rows, &transposition, NULL, NULL);
}

weft_status weft__forest_data_create(weft__forest_data *out, const weft__points *points,
    const weft_view *view, size_t classes, weft_context *context)
{
    if (points->dims > WEFT__TREE_MAX_FEATURES)
        return weft_fail(WEFT_EUNSUPPORTED,
            "trees on %zu features: at most %d are possible", points->dims,
            WEFT__TREE_MAX_FEATURES);
    if (points->count > INT32_MAX)
        return weft_fail(WEFT_EUNSUPPORTED,
            "trees on %zu pictures: at most %d are possible", points->count, INT32_MAX);
    weft__forest_data data = {
        .tree_data = {
            .count = points->count, .features = points->dims, .classes = classes}};
    weft_status status = make_data(&data, points, view, context);
    if (status != WEFT_OK) {
        weft__forest_data_clear(&data);
        return status;
    }
    *out = data;
    return WEFT_OK;
}

void weft__forest_data_clear(weft__forest_data *data)
{
    free(data->rows);
    free(data->columns);
    free(data->class_end);
    *data = (weft__forest_data){0};
}

/* Moves a tree's nodes behind the others', its leaves' rows counting from first_leaf. */
static void append(
    weft__forest *forest, size_t t, const weft__tree *tree, size_t first_leaf)
{
    weft__tree_node *to = forest->nodes + forest->roots[t];
    forest->roots[t + 1] = forest->roots[t] + (int64_t)tree->count;
    memcpy(to, tree->nodes, tree->count * sizeof *to);
    for (size_t i = 0; i < tree->count; i++)
        if (to[i].child < -(int32_t)forest->classes)
            to[i].child -= (int32_t)(first_leaf - forest->classes);
    if (tree->leaves)
        memcpy(forest->leaves + first_leaf * forest->classes, tree->distributions,
            tree->leaves * forest->classes * sizeof *forest->leaves);
}

/* What growing left in the leaves' tests, which predicting wants to be features. */
static weft_status take_covers(weft__forest *forest, size_t nodes)
{
    size_t leaf = 0;
    WEFT_TRY(weft__alloc(&forest->covers, weft__tree_leaves(forest->nodes, nodes),
        sizeof *forest->covers, "leaves"));
    for (size_t i = 0; i < nodes; i++)
        if (forest->nodes[i].child < 0) {
            forest->covers[leaf++] = (float)forest->nodes[i].test;
            forest->nodes[i].test = 0;
        }
    return WEFT_OK;
}

weft_status weft__forest_join(
    weft__forest *out, weft__tree *trees, size_t count, size_t features, size_t classes)
{
    weft__forest forest = {.trees = count, .features = features, .classes = classes};
    size_t nodes = 0;
    forest.leaf_count = classes;
    for (size_t t = 0; t < count; t++) {
        nodes += trees[t].count;
        forest.leaf_count += trees[t].leaves;
    }
    if (forest.leaf_count > INT32_MAX)
        return weft_fail(WEFT_EUNSUPPORTED,
            "a forest of %zu leaves: at most %d are possible", forest.leaf_count,
            INT32_MAX);
    weft_status status =
        weft__calloc(&forest.roots, count + 1, sizeof *forest.roots, "trees");
    if (status == WEFT_OK)
        status = weft__alloc(&forest.nodes, nodes, sizeof *forest.nodes, "trees");
    if (status == WEFT_OK)
        status = weft__calloc(
            &forest.leaves, forest.leaf_count, classes * sizeof *forest.leaves, "leaves");
    if (status != WEFT_OK) {
        weft__forest_clear(&forest);
        return status;
    }
    for (size_t c = 0; c < classes; c++)
        forest.leaves[c * classes + c] = 1;
    size_t first_leaf = classes;
    for (size_t t = 0; t < count; t++) {
        append(&forest, t, &trees[t], first_leaf);
        first_leaf += trees[t].leaves;
    }
    status = take_covers(&forest, nodes);
    if (status != WEFT_OK)
        weft__forest_clear(&forest);
    else
        *out = forest;
    return status;
}

void weft__forest_clear(weft__forest *forest)
{
    free(forest->roots);
    free(forest->nodes);
    free(forest->leaves);
    free(forest->covers);
    *forest = (weft__forest){0};
}

static void add_leaf(const weft__forest *forest, size_t leaf, float *votes)
{
    if (leaf < forest->classes) {
        votes[leaf] += 1;
        return;
    }
    const float *row = forest->leaves + leaf * forest->classes;
    for (size_t c = 0; c < forest->classes; c++)
        votes[c] += row[c];
}

void weft__forest_vote(
    const weft__forest *forest, size_t tree, const uint8_t *x, float *votes)
{
    add_leaf(forest, weft__tree_leaf(forest->nodes + forest->roots[tree], x), votes);
}

/* Pictures that go down a tree side by side, so that none waits for memory alone. */
enum { ABREAST = 8 };

static void descend(
    const weft__tree_node *nodes, const uint8_t *pictures, size_t stride, int32_t *at)
{
    memset(at, 0, ABREAST * sizeof *at);
    for (bool moving = true; moving;) {
        moving = false;
        for (size_t k = 0; k < ABREAST; k++) {
            const weft__tree_node *node = nodes + at[k];
            bool inner = node->child >= 0;
            int32_t next = node->child + weft__tree_side(node, pictures + k * stride);
            at[k] = inner ? next : at[k];
            moving |= inner;
        }
    }
}

void weft__forest_votes(
    const weft__forest *forest, const uint8_t *pictures, size_t count, float *votes)
{
    size_t stride = forest->features, classes = forest->classes;
    for (size_t t = 0; t < forest->trees; t++) {
        const weft__tree_node *nodes = forest->nodes + forest->roots[t];
        int32_t at[ABREAST];
        size_t i = 0;
        for (; i + ABREAST <= count; i += ABREAST) {
            descend(nodes, pictures + i * stride, stride, at);
            for (size_t k = 0; k < ABREAST; k++)
                add_leaf(
                    forest, (size_t)(-1 - nodes[at[k]].child), votes + (i + k) * classes);
        }
        for (; i < count; i++)
            weft__forest_vote(forest, t, pictures + i * stride, votes + i * classes);
    }
}

weft_status weft__forest_save(const weft__forest *forest, weft__tensors *tensors)
{
    size_t roots = forest->trees + 1;
    WEFT_TRY(
        weft__tensors_add(tensors, "trees.roots", WEFT__I64, 1, &roots, forest->roots));
    size_t nodes = (size_t)forest->roots[forest->trees];
    size_t leaves = weft__tree_leaves(forest->nodes, nodes);
    WEFT_TRY(weft__tensors_add(
        tensors, "trees.nodes", WEFT__I32, 2, (const size_t[]){nodes, 2}, forest->nodes));
    if (forest->covers)
        WEFT_TRY(weft__tensors_add(
            tensors, "trees.covers", WEFT__F32, 1, &leaves, forest->covers));
    return weft__tensors_add(tensors, "trees.leaves", WEFT__F32, 2,
        (const size_t[]){forest->leaf_count, forest->classes}, forest->leaves);
}

static weft_status check_node(
    const weft__forest *forest, size_t tree, int64_t at, int64_t count)
{
    const weft__tree_node *node = forest->nodes + forest->roots[tree] + at;
    if (node->child < 0 ? (size_t)(-1 - (int64_t)node->child) >= forest->leaf_count
                        : node->child <= at || node->child > count - 2)
        return weft_fail(WEFT_EFORMAT,
            "array 'trees.nodes': tree %zu, node %lld of %lld: its child is %d", tree,
            (long long)at, (long long)count, (int)node->child);
    if (node->test < 0 || (size_t)(node->test >> 8) >= forest->features)
        return weft_fail(WEFT_EFORMAT,
            "array 'trees.nodes': tree %zu, node %lld tests feature %d of %zu", tree,
            (long long)at, (int)(node->test >> 8), forest->features);
    return WEFT_OK;
}

weft_status weft__forest_check(const weft__forest *forest, size_t nodes)
{
    if (forest->roots[0] != 0 || (size_t)forest->roots[forest->trees] != nodes)
        return weft_fail(
            WEFT_EFORMAT, "array 'trees.roots' does not cover %zu nodes", nodes);
    for (size_t t = 0; t < forest->trees; t++)
        if (forest->roots[t] < 0 || forest->roots[t + 1] <= forest->roots[t] ||
            (size_t)forest->roots[t + 1] > nodes)
            return weft_fail(WEFT_EFORMAT, "array 'trees.roots': tree %zu begins at %lld",
                t, (long long)forest->roots[t]);
    for (size_t t = 0; t < forest->trees; t++) {
        int64_t count = forest->roots[t + 1] - forest->roots[t];
        for (int64_t i = 0; i < count; i++)
            WEFT_TRY(check_node(forest, t, i, count));
    }
    return WEFT_OK;
}

static weft_status check_leaves(const weft__forest *forest)
{
    for (size_t i = 0; i < forest->leaf_count; i++) {
        float sum = 0;
        for (size_t c = 0; c < forest->classes; c++) {
            float share = forest->leaves[i * forest->classes + c];
            sum += share >= 0 ? share : NAN;
        }
        if (!(fabsf(sum - 1) < 1e-3f))
            return weft_fail(
                WEFT_EFORMAT, "array 'trees.leaves': row %zu sums to %g", i, (double)sum);
    }
    return WEFT_OK;
}

static weft_status copy(void *to, const weft__tensor *array)
{
    WEFT_TRY(weft__alloc(to, array->bytes, 1, "trees"));
    void *block;
    memcpy(&block, to, sizeof block);
    memcpy(block, array->data, array->bytes);
    return WEFT_OK;
}

weft_status weft__forest_load(
    weft__forest *out, const weft__tensors *tensors, size_t features, size_t classes)
{
    const weft__tensor *roots, *nodes, *leaves;
    WEFT_TRY(weft__tensors_need(
        tensors, "trees.roots", WEFT__I64, 1, (const size_t[]){SIZE_MAX}, &roots));
    WEFT_TRY(weft__tensors_need(
        tensors, "trees.nodes", WEFT__I32, 2, (const size_t[]){SIZE_MAX, 2}, &nodes));
    WEFT_TRY(weft__tensors_need(tensors, "trees.leaves", WEFT__F32, 2,
        (const size_t[]){SIZE_MAX, classes}, &leaves));
    if (roots->shape[0] < 2 || leaves->shape[0] < classes || features == 0)
        return weft_fail(WEFT_EFORMAT, "array 'trees.roots': %zu trees with %zu leaves",
            roots->shape[0], leaves->shape[0]);
    weft__forest forest = {.trees = roots->shape[0] - 1,
        .features = features,
        .classes = classes,
        .leaf_count = leaves->shape[0]};
    weft_status status = copy(&forest.roots, roots);
    if (status == WEFT_OK)
        status = copy(&forest.nodes, nodes);
    if (status == WEFT_OK)
        status = copy(&forest.leaves, leaves);
    if (status == WEFT_OK)
        status = weft__forest_check(&forest, nodes->shape[0]);
    if (status == WEFT_OK)
        status = check_leaves(&forest);
    if (status == WEFT_OK)
        status =
            weft__tree_covers_load(&forest.covers, tensors, forest.nodes, nodes->shape[0]);
    if (status != WEFT_OK) {
        weft__forest_clear(&forest);
        return status;
    }
    *out = forest;
    return WEFT_OK;
}
