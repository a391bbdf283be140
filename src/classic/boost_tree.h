/* Regression trees on bytes, for gradient boosting: grown leaf by leaf, the most gainful
 * first, on exact histograms of gradients. */
#ifndef WEFT_CLASSIC_BOOST_TREE_H
#define WEFT_CLASSIC_BOOST_TREE_H

#include "classic/tree.h"

typedef struct weft__boost_options {
    size_t leaves;          /* at most */
    size_t features;        /* drawn for each tree */
    double large, small;    /* share of rows with large gradients kept, and of the others
                             * drawn (Ke et al.: LightGBM, NIPS 2017, algorithm 2) */
    double penalty, weight; /* L2 on leaf values; least sum of hessians in a leaf */
    double learning_rate;
} weft__boost_options;

/* One tree's leaves; nodes as weft__tree_node's, whose leaf rows count from 0. */
typedef struct weft__boost_tree {
    weft__tree_node *nodes; /* room for 2 leaves - 1 */
    float *values;          /* room for leaves */
    float *covers;          /* the same: sums of the hessians of the rows seen there */
    size_t node_count, leaf_count;
} weft__boost_tree;

typedef struct weft__booster weft__booster;

/* One thread's storage; data and options are borrowed. */
WEFT_MUST weft_status weft__booster_create(
    weft__booster **out, const weft__tree_data *data, const weft__boost_options *options);
void weft__booster_free(weft__booster *booster); /* NULL-safe */

/* Grows a tree that lowers a loss with these gradients and hessians, one for each row.
 * gain, features sums, grows by what each feature brought. */
void weft__boost_grow(weft__booster *booster, weft_rng rng, const float *gradient,
    const float *hessian, weft__boost_tree *tree, double *gain);

/* score[i] += the tree's value for row i. */
void weft__boost_add(
    const weft__tree_data *data, const weft__boost_tree *tree, float *score);

#endif
