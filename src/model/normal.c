#include "model/normal.h"

#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/simd.h"

/* No direction counts as narrower than this share of the mean variance: what never varied
 * in training would otherwise outweigh everything else. */
static const double LEAST_SHARE = 0.01;
static const double LEAST = 1e-9; /* where nothing varies at all */

void weft__normal_clear(weft__normal *normal)
{
    free(normal->means);
    free(normal->counts);
    free(normal->axes);
    free(normal->variances);
    *normal = (weft__normal){0};
}

static weft_status make_room(weft__normal *n)
{
    WEFT_TRY(weft__calloc(&n->means, n->groups * n->dims, sizeof *n->means, "means"));
    WEFT_TRY(weft__calloc(&n->counts, n->groups, sizeof *n->counts, "counts"));
    WEFT_TRY(weft__calloc(&n->axes, n->rank * n->dims, sizeof *n->axes, "axes"));
    return weft__calloc(&n->variances, n->rank + 1, sizeof *n->variances, "variances");
}

static size_t group_of(const weft__normal_points *p, size_t i)
{
    return p->group ? p->group[i] : 0;
}

static weft_status fit_means(weft__normal *n, const weft__normal_points *p, double *sums)
{
    for (size_t i = 0; i < p->count; i++) {
        size_t g = group_of(p, i);
        n->counts[g]++;
        for (size_t d = 0; d < n->dims; d++)
            sums[g * n->dims + d] += (double)p->points[i * n->dims + d];
    }
    for (size_t g = 0; g < n->groups; g++)
        for (size_t d = 0; d < n->dims && n->counts[g] > 0; d++) {
            double mean = sums[g * n->dims + d] / (double)n->counts[g];
            if (!isfinite(mean))
                return weft_fail(WEFT_ENUMERIC, "points of class %zu are not finite", g);
            n->means[g * n->dims + d] = (float)mean;
        }
    return WEFT_OK;
}

/* The lower triangle of the sums of products of what is left without the means. */
WEFT__SIMD static void add_products(double *sums, const float *centred, size_t dims)
{
    for (size_t a = 0; a < dims; a++) {
        double value = (double)centred[a], *row = sums + a * dims;
        if (value == 0)
            continue;
        for (size_t b = 0; b <= a; b++)
            row[b] += value * (double)centred[b];
    }
}

static void fit_covariance(
    double *covariance, const weft__normal *n, const weft__normal_points *p, float *centred)
{
    for (size_t i = 0; i < p->count; i++) {
        const float *mean = n->means + group_of(p, i) * n->dims;
        for (size_t d = 0; d < n->dims; d++)
            centred[d] = p->points[i * n->dims + d] - mean[d];
        add_products(covariance, centred, n->dims);
    }
    for (size_t c = 0; c < n->dims * n->dims; c++)
        covariance[c] /= (double)p->count;
}

/* The widest axes of the covariance, which is overwritten; what is left is shared. */
static weft_status fit_axes(
    weft__normal *n, double *covariance, double *values, double *vectors)
{
    int dims = (int)n->dims, rank = (int)n->rank, found = 0;
    double total = 0, taken = 0;
    lapack_int *support;
    for (size_t d = 0; d < n->dims; d++)
        total += covariance[d * n->dims + d];
    WEFT_TRY(weft__alloc(&support, 2 * n->dims, sizeof *support, "axes"));
    /* The row-major lower triangle is the column-major upper one. */
    int failed = LAPACKE_dsyevr(LAPACK_COL_MAJOR, 'V', 'I', 'U', dims, covariance, dims, 0,
        0, dims - rank + 1, dims, 0, &found, values, vectors, dims, support);
    free(support);
    if (failed || found != rank || !isfinite(total))
        return weft_fail(WEFT_ENUMERIC, "no axes of %d points' dimensions: %d of %d found",
            dims, found, rank);
    double least = fmax(LEAST_SHARE * total / dims, LEAST);
    for (int k = 0; k < rank; k++) {
        taken += fmax(values[k], 0);
        n->variances[k] = (float)fmax(values[k], least);
        for (int d = 0; d < dims; d++)
            n->axes[k * dims + d] = (float)vectors[k * dims + d];
    }
    double left = dims > rank ? (total - taken) / (dims - rank) : 0;
    n->variances[rank] = (float)fmax(left, least);
    return WEFT_OK;
}

static weft_status fit(weft__normal *n, const weft__normal_points *p)
{
    double *sums = NULL, *covariance = NULL, *vectors = NULL;
    float *centred = NULL;
    size_t dims = n->dims;
    WEFT_TRY(make_room(n));
    weft_status status =
        weft__calloc(&sums, (n->groups + 1) * dims, sizeof *sums, "sums of points");
    if (status == WEFT_OK)
        status = weft__calloc(&covariance, dims * dims, sizeof *covariance, "a covariance");
    if (status == WEFT_OK)
        status = weft__calloc(&vectors, n->rank * dims, sizeof *vectors, "axes");
    if (status == WEFT_OK)
        status = weft__calloc(&centred, dims, sizeof *centred, "a point");
    if (status == WEFT_OK)
        status = fit_means(n, p, sums);
    if (status == WEFT_OK) {
        fit_covariance(covariance, n, p, centred);
        status = fit_axes(n, covariance, sums, vectors);
    }
    free(sums);
    free(covariance);
    free(vectors);
    free(centred);
    return status;
}

weft_status weft__normal_fit(
    weft__normal *out, const weft__normal_points *points, size_t rank)
{
    weft__normal n = {.dims = points->dims, .groups = points->groups};
    if (points->count == 0 || points->dims == 0 || points->groups == 0 ||
        points->dims > WEFT__NORMAL_DIMS)
        return weft_fail(WEFT_EINVAL,
            "a normal distribution of %zu points of %zu dimensions, at most %d",
            points->count, points->dims, WEFT__NORMAL_DIMS);
    n.rank = rank < points->dims ? rank : points->dims;
    n.rank = n.rank < 1 ? 1 : n.rank;
    weft_status status = fit(&n, points);
    if (status == WEFT_OK)
        *out = n;
    else
        weft__normal_clear(&n);
    return status;
}

/* a (x - mean) along one axis. */
WEFT__SIMD static double along(
    const float *axis, const float *point, const float *mean, size_t dims)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t d = 0; d < dims; d++)
        sum += (double)axis[d] * (double)(point[d] - mean[d]);
    return sum;
}

WEFT__SIMD static double square_length(const float *point, const float *mean, size_t dims)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t d = 0; d < dims; d++)
        sum += (double)(point[d] - mean[d]) * (double)(point[d] - mean[d]);
    return sum;
}

double weft__normal_distance(const weft__normal *n, const float *point, size_t group)
{
    const float *mean = n->means + group * n->dims;
    if (!(n->counts[group] > 0))
        return INFINITY;
    double left = square_length(point, mean, n->dims), sum = 0;
    for (size_t k = 0; k < n->rank; k++) {
        double a = along(n->axes + k * n->dims, point, mean, n->dims);
        sum += a * a / (double)n->variances[k];
        left -= a * a;
    }
    return (sum + fmax(left, 0) / (double)n->variances[n->rank]) / (double)n->dims;
}

void weft__normal_surprise(
    const weft__normal *n, const float *point, size_t group, float *surprise)
{
    const float *mean = n->means + group * n->dims;
    double rest = 1 / (double)n->variances[n->rank];
    double r[WEFT__NORMAL_DIMS], precision[WEFT__NORMAL_DIMS];
    for (size_t d = 0; d < n->dims; d++) {
        r[d] = rest * (double)(point[d] - mean[d]);
        precision[d] = rest;
    }
    for (size_t k = 0; k < n->rank; k++) {
        const float *axis = n->axes + k * n->dims;
        double more = 1 / (double)n->variances[k] - rest;
        double a = more * along(axis, point, mean, n->dims);
        for (size_t d = 0; d < n->dims; d++) {
            r[d] += a * (double)axis[d];
            precision[d] += more * (double)axis[d] * (double)axis[d];
        }
    }
    for (size_t d = 0; d < n->dims; d++)
        surprise[d] = (float)(precision[d] > 0 ? r[d] * r[d] / precision[d] : 0);
}

static const char *const parts[] = {"means", "counts", "axes", "variances"};

weft_status weft__normal_save(
    const weft__normal *n, const char *name, weft__tensors *tensors)
{
    const float *data[] = {n->means, n->counts, n->axes, n->variances};
    const size_t shapes[][2] = {
        {n->groups, n->dims}, {n->groups}, {n->rank, n->dims}, {n->rank + 1}};
    const size_t ranks[] = {2, 1, 2, 1};
    char text[128];
    for (size_t i = 0; i < 4; i++) {
        snprintf(text, sizeof text, "%s.%s", name, parts[i]);
        WEFT_TRY(weft__tensors_add(tensors, text, WEFT__F32, ranks[i], shapes[i], data[i]));
    }
    return WEFT_OK;
}

static weft_status check_variances(
    const weft__normal *n, const char *name, const char *path)
{
    for (size_t k = 0; k <= n->rank; k++)
        if (!(n->variances[k] > 0) || !isfinite(n->variances[k]))
            return weft_fail(WEFT_EFORMAT, "%s: %s.variances[%zu] is %g, expected above 0",
                path, name, k, (double)n->variances[k]);
    return WEFT_OK;
}

static weft_status copy_parts(
    weft__normal *n, const char *name, const weft__tensors *tensors)
{
    float *data[] = {n->means, n->counts, n->axes, n->variances};
    const size_t shapes[][2] = {
        {n->groups, n->dims}, {n->groups}, {n->rank, n->dims}, {n->rank + 1}};
    const size_t ranks[] = {2, 1, 2, 1};
    char text[128];
    for (size_t i = 0; i < 4; i++) {
        const weft__tensor *found;
        snprintf(text, sizeof text, "%s.%s", name, parts[i]);
        WEFT_TRY(weft__tensors_need(tensors, text, WEFT__F32, ranks[i], shapes[i], &found));
        memcpy(data[i], found->data, found->bytes);
        for (size_t v = 0; v < found->bytes / sizeof(float); v++)
            if (!isfinite(data[i][v]))
                return weft_fail(
                    WEFT_EFORMAT, "%s: %s[%zu] is not finite", tensors->path, text, v);
    }
    return check_variances(n, name, tensors->path);
}

weft_status weft__normal_load(weft__normal *out, const char *name, size_t dims,
    size_t groups, const weft__tensors *tensors)
{
    char text[128];
    const weft__tensor *axes;
    snprintf(text, sizeof text, "%s.axes", name);
    const size_t shape[] = {SIZE_MAX, dims};
    WEFT_TRY(weft__tensors_need(tensors, text, WEFT__F32, 2, shape, &axes));
    weft__normal n = {.dims = dims, .groups = groups, .rank = axes->shape[0]};
    if (n.rank < 1 || n.rank > dims || dims > WEFT__NORMAL_DIMS)
        return weft_fail(WEFT_EFORMAT, "%s: %s: %zu axes of %zu dimensions", tensors->path,
            text, n.rank, dims);
    weft_status status = make_room(&n);
    if (status == WEFT_OK)
        status = copy_parts(&n, name, tensors);
    if (status == WEFT_OK)
        *out = n;
    else
        weft__normal_clear(&n);
    return status;
}
