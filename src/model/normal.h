/* Normal distributions of points around several means, with one covariance of low rank:
 * along `rank` axes each has its own variance, in all other directions the same one
 * (probabilistic principal components: Tipping and Bishop 1999; class means with a shared
 * covariance: Lee et al. 2018, "A simple unified framework for detecting
 * out-of-distribution samples", section 2.1). */
#ifndef WEFT_MODEL_NORMAL_H
#define WEFT_MODEL_NORMAL_H

#include "model/tensors.h"
#include "weft/context.h"

enum { WEFT__NORMAL_RANK = 64, WEFT__NORMAL_DIMS = 1024 /* at most */ };

typedef struct weft__normal {
    size_t dims, rank, groups;
    float *means;     /* groups x dims; owned */
    float *counts;    /* groups: points that each mean is of; owned */
    float *axes;      /* rank x dims, orthonormal; owned */
    float *variances; /* rank + 1, the last that of every other direction; above 0; owned */
} weft__normal;

/* What is fitted: row i belongs to group `group[i]`, NULL: all to group 0. */
typedef struct weft__normal_points {
    const float *points; /* count x dims; borrowed */
    const uint16_t *group;
    size_t count, dims, groups;
} weft__normal_points;

/* Learns means and at most `rank` axes. WEFT_EINVAL for no points or too many dimensions,
 * WEFT_ENUMERIC for what is not finite. */
WEFT_MUST weft_status weft__normal_fit(
    weft__normal *out, const weft__normal_points *points, size_t rank);
void weft__normal_clear(weft__normal *normal);

/* The squared Mahalanobis distance a dimension; infinite from a group without points. */
double weft__normal_distance(const weft__normal *normal, const float *point, size_t group);
/* Writes for each dimension how far the point's value is from what all its others let
 * expect, in squared standard deviations: r^2 / P, r = P (x - mean) with the precision P,
 * by its diagonal. */
void weft__normal_surprise(
    const weft__normal *normal, const float *point, size_t group, float *surprise);

/* Arrays NAME.means, NAME.counts, NAME.axes, NAME.variances; borrowed until written. */
WEFT_MUST weft_status weft__normal_save(
    const weft__normal *normal, const char *name, weft__tensors *tensors);
/* `dims` and `groups` are those expected. */
WEFT_MUST weft_status weft__normal_load(weft__normal *out, const char *name, size_t dims,
    size_t groups, const weft__tensors *tensors);

#endif
