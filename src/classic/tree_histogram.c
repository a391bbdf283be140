/* Cuts in large nodes, from counts of every class at each of the 256 values. */
#include "classic/tree_cut.h"

#include <string.h>

#include "core/simd.h"

enum { LANES = 16, STEPS = WEFT__BINS / LANES };

/* Vectors, so that the compiler need not find out that lanes are independent; a processor
 * with narrower registers takes several. */
typedef float reals __attribute__((vector_size(4 * LANES)));
typedef int32_t counts __attribute__((vector_size(4 * LANES)));

/* Of each cut, in the bins' order: pictures left of it, and its score; 0 where a side is
 * smaller than a leaf may be. */
struct cuts {
    reals left[STEPS], score[STEPS];
};

/* Makes one class's bins running sums of each lane; *before is to be added. */
static inline __attribute__((always_inline)) void run_sums(counts *bins, counts *before)
{
    counts sum = bins[0];
    for (size_t step = 1; step < STEPS; step++)
        bins[step] = sum += bins[step];
    int32_t lanes[LANES], running = 0;
    memcpy(lanes, &sum, sizeof lanes);
    for (size_t lane = 0; lane < LANES; lane++) {
        int32_t here = lanes[lane];
        lanes[lane] = running;
        running += here;
    }
    memcpy(before, lanes, sizeof lanes);
}

static inline __attribute__((always_inline)) void score_step(struct cuts *cuts,
    const weft__cut_node *node, const counts *histogram, const counts *before, size_t step)
{
    reals left = {0}, left_squares = {0}, right_squares = {0};
    for (size_t c = 0; c < node->present; c++) {
        reals l = __builtin_convertvector(histogram[c * STEPS + step] + before[c], reals);
        reals r = (float)node->mass[c] - l;
        left += l;
        left_squares += l * l;
        right_squares += r * r;
    }
    float min_leaf = (float)node->min_leaf;
    reals right = (float)node->total - left;
    reals score = (left_squares * right + right_squares * left) / (left * right);
    counts allowed = (left >= min_leaf) & (right >= min_leaf);
    cuts->left[step] = left;
    cuts->score[step] = (reals)((counts)score & allowed);
}

/* The highest score. */
WEFT__SIMD static float score_cuts(
    struct cuts *cuts, const weft__cut_node *node, counts *histogram, counts *before)
{
    for (size_t c = 0; c < node->present; c++)
        run_sums(histogram + c * STEPS, before + c);
    reals highest = {0};
    for (size_t step = 0; step < STEPS; step++) {
        score_step(cuts, node, histogram, before, step);
        counts higher = cuts->score[step] > highest;
        highest =
            (reals)(((counts)cuts->score[step] & higher) | ((counts)highest & ~higher));
    }
    float best = 0;
    for (size_t lane = 0; lane < LANES; lane++)
        best = highest[lane] > best ? highest[lane] : best;
    return best;
}

/* Where value v is in arrays of the bins' order. */
static float at(const reals *bins, unsigned v)
{
    return bins[v % LANES][v / LANES];
}

void weft__cut_histogram(
    weft__cut *best, const weft__cut_node *node, uint32_t feature, uint32_t *histogram)
{
    struct cuts cuts;
    counts *bins = (counts *)histogram;
    float score = score_cuts(&cuts, node, bins, bins + node->present * STEPS);
    if (score == 0 || (best->found && score <= best->score))
        return;
    unsigned cut = 0, next;
    while (at(cuts.score, cut) < score)
        cut++;
    for (next = cut + 1; next < WEFT__BINS - 1; next++)
        if (at(cuts.left, next) > at(cuts.left, cut))
            break;
    /* half-way to the next value that occurs */
    *best = (weft__cut){score, feature, (uint8_t)((cut + next) / 2), true};
}

void weft__cut_counts(weft__cut *best, const weft__cut_node *node, uint32_t feature,
    uint8_t threshold, const uint32_t *left)
{
    uint32_t left_total = 0;
    float left_squares = 0, right_squares = 0;
    for (size_t c = 0; c < node->present; c++) {
        float l = (float)left[c], r = (float)(node->mass[c] - left[c]);
        left_total += left[c];
        left_squares += l * l;
        right_squares += r * r;
    }
    uint32_t right_total = node->total - left_total;
    if (left_total < node->min_leaf || right_total < node->min_leaf)
        return;
    float score = left_squares / (float)left_total + right_squares / (float)right_total;
    if (!best->found || score > best->score)
        *best = (weft__cut){score, feature, threshold, true};
}
