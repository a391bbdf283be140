/* Trees as explanations see them: a picture's way down, and what each cut on it changed.
 *
 * Between two nodes the class's score changes by the difference of their means, those of
 * the training pictures that came through; the cut's feature gets it (Saabas, "Interpreting
 * random forests", 2014). Over a way the differences add up to the leaf's answer less the
 * root's mean. */
#ifndef WEFT_CLASSIC_TREE_PATHS_H
#define WEFT_CLASSIC_TREE_PATHS_H

#include "classic/features.h"
#include "classic/tree.h"
#include "model/family.h"

/* A fitted family's trees. Borrowed. */
typedef struct weft__trees {
    const weft__features *features;
    size_t count, classes;
    const int64_t *roots; /* count + 1 */
    const weft__tree_node *nodes;
    const float *covers;  /* of the leaves, in the order of nodes: how much of the training
                           * came there; NULL: the model's file does not say */
    const float *answers; /* of row r of the leaf table: [r x classes + class], or, */
    bool by_class;        /* where tree t speaks of class t % classes alone, [r] */
    double scale;         /* what a tree's answer counts in the score */
    const float *base;    /* classes: what the score begins with; NULL: 0 */
} weft__trees;

/* weft__family's contribute and find_path. */
WEFT_MUST weft_status weft__trees_contribute(
    const weft__trees *trees, const weft__contributions *job, weft_context *context);
WEFT_MUST weft_status weft__trees_find_path(
    const weft__trees *trees, const weft__path_job *job);
/* weft__family's weigh: the shares that features have in the fit, where they are pixels. */
WEFT_MUST weft_status weft__trees_weigh(
    const weft__trees *trees, const float *importance, size_t dims, weft__weights *job);

/* How many leaves there are among `count` nodes. */
size_t weft__tree_leaves(const weft__tree_node *nodes, size_t count);
/* A copy of a model file's "trees.covers", NULL where it has none. WEFT_EFORMAT unless it
 * holds a positive number for each leaf. */
WEFT_MUST weft_status weft__tree_covers_load(
    float **out, const weft__tensors *tensors, const weft__tree_node *nodes, size_t count);

#endif
