/* Choosing where a feature is best cut; shared by tree.c and the files that search. */
#ifndef WEFT_CLASSIC_TREE_CUT_H
#define WEFT_CLASSIC_TREE_CUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weft/rng.h"

/* A node with at most this many pictures is searched with bit masks. */
enum { WEFT__SMALL_NODE = 64, WEFT__BINS = 256 };

/* The better of two cuts has the larger score: the sum over both sides of
 * sum_c count_c^2 / count, which is what Gini's impurity leaves when constants go. */
typedef struct weft__cut {
    float score;
    uint32_t feature;
    uint8_t threshold; /* values up to it go left */
    bool found;
} weft__cut;

/* Where value v is counted: neighbours in value are 16 apart, so that the running sum
 * over values is 16 sums side by side. */
static inline uint8_t weft__bin_of(uint8_t v)
{
    return (uint8_t)(v << 4 | v >> 4);
}

/* A large node's figures: `present` classes, mass[i] pictures each, `total` in all. */
typedef struct weft__cut_node {
    const uint32_t *mass;
    size_t present;
    uint32_t total, min_leaf;
} weft__cut_node;

/* Improves *best by the best cut of the feature whose counts are in histogram, present x
 * 256 as weft__bin_of places them; overwritten, and so are the present x 16 behind. */
void weft__cut_histogram(
    weft__cut *best, const weft__cut_node *node, uint32_t feature, uint32_t *histogram);

/* Improves *best by the cut at `threshold`, with left[i] of class i's pictures left. */
void weft__cut_counts(weft__cut *best, const weft__cut_node *node, uint32_t feature,
    uint8_t threshold, const uint32_t *left);

/* A small node: pictures are bits of a mask, in the order of their classes. */
typedef struct weft__small_node {
    unsigned count, min_leaf, present;
    uint64_t of_class[WEFT__SMALL_NODE]; /* present masks */
    uint16_t label[WEFT__SMALL_NODE];    /* the classes they are of */
    const uint8_t *columns; /* feature f of picture i: columns[f * stride + row[i]] */
    size_t stride;
    uint32_t row[WEFT__SMALL_NODE];
} weft__small_node;

/* Improves *best by the feature's best cut, or with rng by one at random; false when the
 * feature is constant in the node. Uses the widest instructions there are; the portable
 * one gives the same answers and is exposed for its test. */
bool weft__cut_small(
    weft__cut *best, const weft__small_node *node, uint32_t feature, weft_rng *rng);
bool weft__cut_small_portable(
    weft__cut *best, const weft__small_node *node, uint32_t feature, weft_rng *rng);

#endif
