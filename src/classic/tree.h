/* Classification trees on bytes, for forests.
 *
 * Pixels are bytes, so a histogram of 256 bins holds all there is to know of a feature and
 * every cut considered is exact. A cut sends values up to its threshold to the left. */
#ifndef WEFT_CLASSIC_TREE_H
#define WEFT_CLASSIC_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weft/rng.h"
#include "weft/status.h"

/* Features are numbered below this, so that a node's test fits 31 bits. */
enum { WEFT__TREE_MAX_FEATURES = 1 << 23 };

/* A node. Children are neighbours and come after their parent. */
typedef struct weft__tree_node {
    int32_t child; /* inner: the left child's position; leaf: -1 - row of the leaf table */
    int32_t test;  /* inner: feature << 8 | threshold; leaf: 0, but in a tree that has just
                    * been grown how often a row came there */
} weft__tree_node;

/* Whether x, one picture's bytes, goes to the left child or (1) to the right. */
static inline int32_t weft__tree_side(const weft__tree_node *node, const uint8_t *x)
{
    return x[node->test >> 8] > (node->test & 255);
}

/* The leaf that x falls into: its row of the leaf table. */
static inline size_t weft__tree_leaf(const weft__tree_node *nodes, const uint8_t *x)
{
    const weft__tree_node *node = nodes;
    while (node->child >= 0)
        node = nodes + node->child + weft__tree_side(node, x);
    return (size_t)(-1 - node->child);
}

/* What trees are grown on; borrowed by the grower. Rows are sorted by class. */
typedef struct weft__tree_data {
    size_t count, features, classes;
    const uint8_t *const *rows; /* count pictures of `features` bytes */
    const uint8_t *columns;     /* features x count: the same, transposed */
    const uint32_t *class_end;  /* classes: where each class's rows end */
} weft__tree_data;

typedef struct weft__tree_options {
    size_t max_features; /* drawn at each node, 1 to features */
    size_t max_depth;    /* 0: no limit */
    size_t min_leaf;     /* pictures in a leaf, at least 1 */
    bool bootstrap;      /* draw count rows with replacement */
    bool random_cuts;    /* one random cut a feature (extra-trees), not the best one */
} weft__tree_options;

/* A grown tree. The leaf table's first `classes` rows are the pure leaves and not stored;
 * row classes + i is distributions[i]. Zero-initialised is empty. */
typedef struct weft__tree {
    weft__tree_node *nodes; /* owned */
    float *distributions;   /* leaves x classes, owned */
    size_t count, capacity, leaves, leaves_capacity, depth;
} weft__tree;

void weft__tree_clear(weft__tree *tree);

/* One thread's storage for growing trees on one set of data. */
typedef struct weft__grower weft__grower;

WEFT_MUST weft_status weft__grower_create(
    weft__grower **out, const weft__tree_data *data, const weft__tree_options *options);
void weft__grower_free(weft__grower *grower); /* NULL-safe */

/* Grows a tree by Gini's impurity from the generator's numbers alone. `in_bag`, count
 * bytes, receives how often each row was drawn; `importance`, features numbers, each
 * feature's share of the decrease of impurity (Breiman 2001; sum 1, or 0 for a tree that
 * is one leaf). */
WEFT_MUST weft_status weft__tree_grow(weft__grower *grower, weft_rng rng, weft__tree *tree,
    uint8_t *in_bag, double *importance);

#endif
