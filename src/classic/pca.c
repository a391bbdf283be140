/* The covariance of pixels is decomposed where there are more pictures than pixels, else
 * the pictures' inner products, whose eigenvectors u give the components X^T u / |X^T u|.
 */
#include "classic/pca.h"

#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classic/features.h"
#include "classic/gemm.h"
#include "classic/gram.h"
#include "core/mem.h"
#include "core/team.h"

enum { ROWS = 128 }; /* pictures of a block */

static const float UNIT = 1.0f / 255;

/* ---- fitting ----------------------------------------------------------------------- */

struct fit {
    weft_pca *pca;
    const weft__points *points;
    weft_context *context;
    size_t side;    /* of the matrix: dims or pictures, whichever is less */
    double *matrix; /* side x side; then its eigenvectors, one a row, smallest first */
    double *values; /* side eigenvalues, ascending */
    double *sums;   /* side */
};

static void set_mean(struct fit *f)
{
    const weft__points *p = f->points;
    for (size_t d = 0; d < p->dims; d++) {
        uint64_t sum = 0;
        for (size_t i = 0; i < p->count; i++)
            sum += p->bytes[i * p->dims + d];
        f->pca->mean[d] = (float)((double)sum / 255 / (double)p->count);
    }
}

/* Sums of products of pixels become their covariance. */
static void centre_covariance(struct fit *f)
{
    double n = (double)f->points->count, unit = 255.0 * 255.0 * (n - 1);
    for (size_t i = 0; i < f->side; i++)
        for (size_t j = 0; j < f->side; j++)
            f->matrix[i * f->side + j] =
                (f->matrix[i * f->side + j] - f->sums[i] * f->sums[j] / n) / unit;
}

/* Inner products of pictures become those of their differences from the mean. */
static void centre_products(struct fit *f)
{
    size_t n = f->side;
    double all = 0, unit = 255.0 * 255.0 * ((double)n - 1);
    for (size_t i = 0; i < n; i++) {
        f->sums[i] = 0;
        for (size_t j = 0; j < n; j++)
            f->sums[i] += f->matrix[i * n + j];
        all += f->sums[i];
    }
    double mean = all / (double)n;
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            f->matrix[i * n + j] =
                (f->matrix[i * n + j] - (f->sums[i] + f->sums[j] - mean) / (double)n) /
                unit;
}

static weft_status sum_products(struct fit *f)
{
    const weft__points *p = f->points;
    if (f->side == p->dims) {
        WEFT_TRY(weft__gram(f->matrix, f->sums, p, f->context));
        centre_covariance(f);
        return WEFT_OK;
    }
    uint8_t *turned;
    WEFT_TRY(weft__alloc(&turned, p->count * p->dims, 1, "pictures"));
    for (size_t i = 0; i < p->count; i++)
        for (size_t d = 0; d < p->dims; d++)
            turned[d * p->count + i] = p->bytes[i * p->dims + d];
    weft__points pixels = {.count = p->dims, .dims = p->count, .bytes = turned};
    weft_status status = weft__gram(f->matrix, f->sums, &pixels, f->context);
    free(turned);
    if (status == WEFT_OK)
        centre_products(f);
    return status;
}

/* LAPACK inside the team stays on one thread, whatever the machine has. */
static weft_status decompose(const weft__member *self, void *arg)
{
    const struct fit *f = arg;
    lapack_int side = (lapack_int)f->side;
    if (self->rank == 0 &&
        LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'V', 'L', side, f->matrix, side, f->values) != 0)
        return weft_fail(WEFT_ENUMERIC, "pca: no eigenvectors were found");
    return WEFT_OK;
}

/* How many components to keep; eigenvalues within rounding of 0 are none. */
static weft_status choose_count(
    const struct fit *f, const weft_pca_options *options, double total, size_t *count)
{
    size_t most =
        f->points->count - 1 < f->points->dims ? f->points->count - 1 : f->points->dims;
    *count = most;
    if (options && options->components > most)
        return weft_fail(WEFT_EINVAL,
            "pca: %zu components asked for, %zu pictures of %zu pixels have %zu",
            options->components, f->points->count, f->points->dims, most);
    if (options && options->components)
        *count = options->components;
    else if (options && options->variance > 0) {
        double sum = 0;
        for (*count = 0; *count < most && sum < options->variance * total; ++*count)
            sum += fmax(0, f->values[f->side - 1 - *count]);
        *count = *count ? *count : 1;
    }
    return WEFT_OK;
}

/* A length of 1 and a sign that does not depend on the solver's whim. */
static void normalise(float *component, size_t dims)
{
    double square = 0;
    float largest = 0;
    for (size_t d = 0; d < dims; d++) {
        square += (double)component[d] * (double)component[d];
        largest = fabsf(component[d]) > fabsf(largest) ? component[d] : largest;
    }
    float scale = square > 0 ? (float)(1 / sqrt(square)) : 0;
    for (size_t d = 0; d < dims; d++)
        component[d] *= largest < 0 ? -scale : scale;
}

/* Components begin .. end from the covariance's eigenvectors. */
static void copy_some(const struct fit *f, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++)
        for (size_t d = 0; d < f->side; d++)
            f->pca->components[i * f->side + d] =
                (float)f->matrix[(f->side - 1 - i) * f->side + d];
}

/* The same from the pictures' eigenvectors: sums over pictures of u (x - mean). */
static weft_status combine_some(const struct fit *f, size_t begin, size_t end)
{
    const weft__points *p = f->points;
    size_t dims = p->dims, count = end - begin;
    float *x = NULL, *u = NULL, *to = f->pca->components + begin * dims;
    weft_status status = weft__alloc(&x, ROWS * dims, sizeof *x, "principal components");
    if (status == WEFT_OK)
        status = weft__alloc(&u, count * ROWS, sizeof *u, "principal components");
    for (size_t first = 0; status == WEFT_OK && first < p->count; first += ROWS) {
        size_t rows = p->count - first < ROWS ? p->count - first : ROWS;
        weft__bytes_scale(x, p->bytes + first * dims, rows * dims, UNIT);
        for (size_t i = 0; i < rows; i++)
            for (size_t d = 0; d < dims; d++)
                x[i * dims + d] -= f->pca->mean[d];
        for (size_t i = 0; i < count; i++)
            for (size_t j = 0; j < rows; j++)
                u[i * rows + j] =
                    (float)f->matrix[(f->side - 1 - begin - i) * f->side + first + j];
        weft__gemm_shape shape = {.m = count, .n = dims, .k = rows};
        status = weft__gemm_f32(shape, 1, u, rows, x, dims, first > 0, to, dims);
    }
    free(x);
    free(u);
    return status;
}

static weft_status make_components(const weft__member *self, void *arg)
{
    const struct fit *f = arg;
    size_t begin, end;
    weft__team_share(self, f->pca->count, 1, &begin, &end);
    if (f->side == f->pca->dims)
        copy_some(f, begin, end);
    else if (begin < end)
        WEFT_TRY(combine_some(f, begin, end));
    for (size_t i = begin; i < end; i++)
        normalise(f->pca->components + i * f->pca->dims, f->pca->dims);
    return WEFT_OK;
}

static weft_status solve(struct fit *f, const weft_pca_options *options)
{
    static const char what[] = "principal components";
    size_t cells;
    if (!weft__mul(&cells, f->side, f->side))
        cells = SIZE_MAX;
    WEFT_TRY(weft__alloc(&f->matrix, cells, sizeof *f->matrix, what));
    WEFT_TRY(weft__alloc(&f->values, f->side, sizeof *f->values, what));
    WEFT_TRY(weft__alloc(&f->sums, f->side, sizeof *f->sums, what));
    WEFT_TRY(weft__alloc(&f->pca->mean, f->points->dims, sizeof(float), what));
    set_mean(f);
    WEFT_TRY(sum_products(f));
    WEFT_TRY(weft__team_run(f->context, decompose, f));
    double total = 0;
    for (size_t i = 0; i < f->side; i++)
        total += fmax(0, f->values[i]);
    weft_pca *pca = f->pca;
    WEFT_TRY(choose_count(f, options, total, &pca->count));
    WEFT_TRY(weft__alloc(&pca->explained, pca->count, sizeof(double), what));
    WEFT_TRY(weft__alloc(&pca->components, pca->count * pca->dims, sizeof(float), what));
    for (size_t i = 0; i < pca->count; i++)
        pca->explained[i] = total > 0 ? fmax(0, f->values[f->side - 1 - i]) / total : 0;
    return weft__team_run(f->context, make_components, f);
}

static weft_status fit_points(weft_pca **out, const weft__points *points,
    const weft_pca_options *options, weft_context *context)
{
    struct fit f = {.points = points, .context = context};
    f.side = points->dims < points->count ? points->dims : points->count;
    WEFT_TRY(weft__calloc(&f.pca, 1, sizeof *f.pca, "principal components"));
    f.pca->dims = points->dims;
    weft_status status = solve(&f, options);
    free(f.matrix);
    free(f.values);
    free(f.sums);
    if (status == WEFT_OK)
        *out = f.pca;
    else
        weft_pca_free(f.pca);
    return status;
}

weft_status weft_pca_fit(weft_pca **out, const weft_view *view,
    const weft_pca_options *options, weft_context *context)
{
    weft__points points;
    if (view->count < 2)
        return weft_fail(
            WEFT_EINVAL, "pca: %zu pictures: expected 2 at least", view->count);
    if (options && !(options->variance >= 0 && options->variance <= 1))
        return weft_fail(WEFT_EINVAL, "pca: a share of %g of the variance: expected 0 to 1",
            options->variance);
    WEFT_TRY(weft__points_of_pixels(view, &points));
    weft_status status = fit_points(out, &points, options, context);
    weft__points_clear(&points);
    return status;
}

void weft_pca_free(weft_pca *pca)
{
    if (!pca)
        return;
    free(pca->mean);
    free(pca->components);
    free(pca->explained);
    free(pca);
}

size_t weft_pca_count(const weft_pca *pca)
{
    return pca->count;
}

size_t weft_pca_dims(const weft_pca *pca)
{
    return pca->dims;
}

double weft_pca_explained(const weft_pca *pca, size_t i)
{
    return i < pca->count ? pca->explained[i] : 0;
}

const float *weft_pca_mean(const weft_pca *pca)
{
    return pca->mean;
}

const float *weft_pca_component(const weft_pca *pca, size_t i)
{
    return i < pca->count ? pca->components + i * pca->dims : NULL;
}

/* ---- projecting -------------------------------------------------------------------- */

struct projection {
    const weft_pca *pca;
    const weft__points *points; /* NULL when reconstructing */
    float *rooms;               /* threads x ROWS x dims */
    const float *from;
    float *to;
};

/* (x - mean) components^T */
static weft_status project_block(size_t begin, size_t end, int rank, void *arg)
{
    const struct projection *p = arg;
    size_t dims = p->pca->dims, count = p->pca->count, rows = end - begin;
    float *room = p->rooms + (size_t)rank * ROWS * dims;
    weft__bytes_scale(room, p->points->bytes + begin * dims, rows * dims, UNIT);
    for (size_t i = 0; i < rows; i++)
        for (size_t d = 0; d < dims; d++)
            room[i * dims + d] -= p->pca->mean[d];
    weft__gemm_shape shape = {.m = rows, .n = count, .k = dims, .b_transposed = true};
    return weft__gemm_f32(
        shape, 1, room, dims, p->pca->components, dims, 0, p->to + begin * count, count);
}

weft_status weft_pca_project(
    const weft_pca *pca, const weft_view *view, float *projections, weft_context *context)
{
    weft__points points;
    struct projection p = {.pca = pca, .points = &points, .to = projections};
    size_t dims = weft_shape_bytes(weft_dataset_shape(view->data)), floats;
    if (dims != pca->dims)
        return weft_fail(
            WEFT_EINVAL, "pca: pictures of %zu pixels, expected %zu", dims, pca->dims);
    if (!weft__mul(&floats, (size_t)weft_context_threads(context) * ROWS, dims))
        floats = SIZE_MAX;
    WEFT_TRY(weft__alloc(&p.rooms, floats, sizeof *p.rooms, "a projection"));
    weft_status status = weft__points_of_pixels(view, &points);
    if (status == WEFT_OK) {
        status = weft__parallel(context, points.count, ROWS, project_block, &p,
            "projecting on components", "pictures");
        weft__points_clear(&points);
    }
    free(p.rooms);
    return status;
}

/* mean + projections components */
static weft_status reconstruct_block(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    const struct projection *p = arg;
    size_t dims = p->pca->dims, count = p->pca->count, rows = end - begin;
    float *to = p->to + begin * dims;
    for (size_t i = 0; i < rows; i++)
        memcpy(to + i * dims, p->pca->mean, dims * sizeof *to);
    weft__gemm_shape shape = {.m = rows, .n = dims, .k = count};
    return weft__gemm_f32(
        shape, 1, p->from + begin * count, count, p->pca->components, dims, 1, to, dims);
}

weft_status weft_pca_reconstruct(const weft_pca *pca, const float *projections,
    size_t pictures, float *pixels, weft_context *context)
{
    struct projection p = {.pca = pca, .from = projections, .to = pixels};
    return weft__parallel(context, pictures, ROWS, reconstruct_block, &p,
        "reconstructing from components", "pictures");
}
