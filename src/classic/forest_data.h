/* Forests as data: what trees are grown on, and grown trees side by side. */
#ifndef WEFT_CLASSIC_FOREST_DATA_H
#define WEFT_CLASSIC_FOREST_DATA_H

#include "classic/features.h"
#include "classic/tree.h"

/* Pictures sorted by class, and transposed. */
typedef struct weft__forest_data {
    weft__tree_data tree_data;
    const uint8_t **rows; /* owned, as are the next */
    uint8_t *columns;
    uint32_t *class_end;
} weft__forest_data;

/* points are the view's, as bytes; borrowed. */
WEFT_MUST weft_status weft__forest_data_create(weft__forest_data *out,
    const weft__points *points, const weft_view *view, size_t classes,
    weft_context *context);
void weft__forest_data_clear(weft__forest_data *data);

/* Trees side by side. The leaf table has the pure leaves first: row c < classes is class c
 * for sure. Zero-initialised is empty. */
typedef struct weft__forest {
    size_t trees, features, classes;
    int64_t *roots;         /* trees + 1: where each tree's nodes begin; owned */
    weft__tree_node *nodes; /* children count from the tree's root; owned */
    float *leaves;          /* leaf_count x classes, each row summing to 1; owned */
    size_t leaf_count;
    float *covers; /* leaves among nodes, in their order: how often a training picture came
                    * there; NULL: not known; owned */
} weft__forest;

/* Takes the trees' contents. */
WEFT_MUST weft_status weft__forest_join(
    weft__forest *out, weft__tree *trees, size_t count, size_t features, size_t classes);
void weft__forest_clear(weft__forest *forest);

/* Adds one tree's opinion of the picture x to votes, `classes` sums. */
void weft__forest_vote(
    const weft__forest *forest, size_t tree, const uint8_t *x, float *votes);
/* Adds every tree's opinion of count pictures to votes, count x classes. */
void weft__forest_votes(
    const weft__forest *forest, const uint8_t *pictures, size_t count, float *votes);

WEFT_MUST weft_status weft__forest_save(const weft__forest *forest, weft__tensors *tensors);
/* Whether trees, roots and nodes can be walked, by whatever bytes: children come after
 * their parent and lie inside the tree, features and leaves exist, `nodes` nodes are all
 * used. */
WEFT_MUST weft_status weft__forest_check(const weft__forest *forest, size_t nodes);
/* Checks all of it. */
WEFT_MUST weft_status weft__forest_load(
    weft__forest *out, const weft__tensors *tensors, size_t features, size_t classes);

#endif
