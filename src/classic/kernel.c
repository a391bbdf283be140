#include "classic/kernel.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classic/gemm.h"
#include "core/exp.h"
#include "core/mem.h"
#include "core/simd.h"

enum { WIDTH = 1024 }; /* columns of a product at once */
static const double PER_BYTE_SQUARED = 1.0 / (255.0 * 255.0);

/* ---- points ------------------------------------------------------------------------- */

static weft_status copy_bytes(
    weft__kernel_set *set, const weft__points *points, const uint32_t *rows)
{
    size_t dims = set->dims;
    WEFT_TRY(weft__alloc(&set->bytes, set->count, dims, "pictures"));
    WEFT_TRY(weft__alloc(&set->centred, set->count, dims, "pictures"));
    WEFT_TRY(weft__alloc(&set->sum, set->count, sizeof *set->sum, "pictures"));
    WEFT_TRY(weft__alloc(&set->byte_norm, set->count, sizeof *set->byte_norm, "pictures"));
    for (size_t i = 0; i < set->count; i++) {
        const uint8_t *from = points->bytes + (rows ? rows[i] : i) * dims;
        uint32_t sum = 0, norm = 0;
        memcpy(set->bytes + i * dims, from, dims);
        for (size_t d = 0; d < dims; d++) {
            sum += from[d];
            norm += (uint32_t)from[d] * from[d];
        }
        set->sum[i] = sum;
        set->byte_norm[i] = norm;
    }
    weft__bytes_centre(set->centred, set->bytes, set->count * dims);
    return WEFT_OK;
}

static weft_status copy_floats(
    weft__kernel_set *set, const weft__points *points, const uint32_t *rows)
{
    size_t dims = set->dims, values;
    if (!weft__mul(&values, set->count, dims))
        values = SIZE_MAX;
    WEFT_TRY(weft__alloc(&set->floats, values, sizeof *set->floats, "features"));
    WEFT_TRY(weft__alloc(&set->norm, set->count, sizeof *set->norm, "features"));
    for (size_t i = 0; i < set->count; i++) {
        size_t from = (rows ? rows[i] : i) * dims;
        float *to = set->floats + i * dims;
        double norm = 0;
        for (size_t d = 0; d < dims; d++) {
            to[d] = points->bytes ? (float)points->bytes[from + d] / 255.0f
                                  : points->floats[from + d];
            norm += (double)to[d] * (double)to[d];
        }
        set->norm[i] = (float)norm;
    }
    return WEFT_OK;
}

weft_status weft__kernel_set_create(
    weft__kernel_set *out, const weft__points *points, const uint32_t *rows, size_t count)
{
    weft__kernel_set set = {.count = count, .dims = points->dims};
    bool as_bytes = points->bytes && points->dims <= WEFT__GEMM_MAX_K;
    weft_status status =
        as_bytes ? copy_bytes(&set, points, rows) : copy_floats(&set, points, rows);
    if (status != WEFT_OK) {
        weft__kernel_set_clear(&set);
        return status;
    }
    *out = set;
    return WEFT_OK;
}

void weft__kernel_set_clear(weft__kernel_set *set)
{
    free(set->bytes);
    free(set->centred);
    free(set->sum);
    free(set->floats);
    free(set->byte_norm);
    free(set->norm);
    *set = (weft__kernel_set){0};
}

weft_status weft__kernel_room_create(weft__kernel_room *out, size_t dims)
{
    weft__kernel_room room = {NULL, NULL};
    size_t row;
    if (!weft__mul(&row, dims, sizeof(float)))
        row = SIZE_MAX;
    WEFT_TRY(weft__alloc(&room.rows, WEFT__KERNEL_ROWS, row, "kernel rows"));
    weft_status status = weft__alloc(
        &room.products, WEFT__KERNEL_ROWS, WIDTH * sizeof(float), "kernel rows");
    if (status != WEFT_OK) {
        weft__kernel_room_clear(&room);
        return status;
    }
    *out = room;
    return WEFT_OK;
}

void weft__kernel_room_clear(weft__kernel_room *room)
{
    free(room->rows);
    free(room->products);
    *room = (weft__kernel_room){NULL, NULL};
}

/* ---- from products to kernel values ------------------------------------------------- */

WEFT__SIMD void weft__exp_of_negative(float *values, size_t count)
{
#pragma omp simd
    for (size_t i = 0; i < count; i++)
        values[i] = weft__exp(values[i]);
}

/* products are sum_d a_d (b_d - 128); squared distances and products modulo 2^32 are what
 * they are, for they are below it. */
WEFT__SIMD static void byte_distances(float *restrict to, const int32_t *restrict products,
    uint32_t sum, uint32_t norm, const uint32_t *restrict norms, double scale, size_t count)
{
    for (size_t j = 0; j < count; j++) {
        uint32_t product = (uint32_t)products[j] + 128u * sum;
        uint32_t distance = norm + norms[j] - 2u * product;
        to[j] = (float)((double)distance * scale);
    }
}

WEFT__SIMD static void byte_products(float *restrict to, const int32_t *restrict products,
    uint32_t sum, double scale, double shift, size_t count)
{
    for (size_t j = 0; j < count; j++)
        to[j] = (float)((double)((uint32_t)products[j] + 128u * sum) * scale + shift);
}

WEFT__SIMD static void float_distances(float *restrict to, const float *restrict products,
    float norm, const float *restrict norms, float scale, size_t count)
{
    for (size_t j = 0; j < count; j++) {
        float distance = norm + norms[j] - 2 * products[j];
        to[j] = (distance > 0 ? distance : 0) * scale;
    }
}

WEFT__SIMD static void float_products(float *restrict to, const float *restrict products,
    float scale, float shift, size_t count)
{
    for (size_t j = 0; j < count; j++)
        to[j] = products[j] * scale + shift;
}

WEFT__SIMD static void raise(float *values, unsigned degree, size_t count)
{
    for (size_t j = 0; j < count; j++) {
        float power = 1;
        for (unsigned d = 0; d < degree; d++)
            power *= values[j];
        values[j] = power;
    }
}

/* One row of products to kernel values; row is a's point, column b's first. */
static void finish(const weft__kernel *kernel, const weft__kernel_set *a, size_t row,
    const weft__kernel_set *b, size_t column, const void *products, float *to, size_t count)
{
    bool rbf = kernel->kind == WEFT__KERNEL_RBF, poly = kernel->kind == WEFT__KERNEL_POLY;
    double scale = kernel->kind == WEFT__KERNEL_LINEAR ? 1 : kernel->gamma;
    double shift = poly ? kernel->coef0 : 0;
    if (a->bytes) {
        scale *= PER_BYTE_SQUARED;
        if (rbf)
            byte_distances(to, products, a->sum[row], a->byte_norm[row],
                b->byte_norm + column, -scale, count);
        else
            byte_products(to, products, a->sum[row], scale, shift, count);
    } else if (rbf) {
        float_distances(to, products, a->norm[row], b->norm + column, -(float)scale, count);
    } else {
        float_products(to, products, (float)scale, (float)shift, count);
    }
    if (rbf)
        weft__exp_of_negative(to, count);
    else if (poly)
        raise(to, kernel->degree, count);
}

static void gather(void *to, const weft__kernel_set *a, const uint32_t *rows, size_t count)
{
    size_t size = a->dims * (a->bytes ? 1 : sizeof(float));
    const uint8_t *from = a->bytes ? a->bytes : (const uint8_t *)a->floats;
    for (size_t r = 0; r < count; r++)
        memcpy((uint8_t *)to + r * size, from + rows[r] * size, size);
}

weft_status weft__kernel_block(const weft__kernel *kernel, const weft__kernel_set *a,
    const uint32_t *rows, size_t count, const weft__kernel_set *b, size_t first,
    size_t width, float *const *out, weft__kernel_room *room)
{
    size_t dims = a->dims;
    gather(room->rows, a, rows, count);
    for (size_t begin = 0; begin < width; begin += WIDTH) {
        size_t n = width - begin < WIDTH ? width - begin : WIDTH, at = first + begin;
        weft__gemm_shape shape = {count, n, dims, false, true};
        if (a->bytes)
            WEFT_TRY(weft__gemm_u8s8(
                shape, room->rows, dims, b->centred + at * dims, dims, room->products, n));
        else
            WEFT_TRY(weft__gemm_f32(shape, 1, room->rows, dims, b->floats + at * dims, dims,
                0, room->products, n));
        for (size_t r = 0; r < count; r++)
            finish(kernel, a, rows[r], b, at, (const float *)room->products + r * n,
                out[r] + begin, n);
    }
    return WEFT_OK;
}

float weft__kernel_self(const weft__kernel *kernel, const weft__kernel_set *set, size_t i)
{
    double product = set->bytes ? 0 : (double)set->norm[i];
    if (set->bytes)
        product = (double)set->byte_norm[i] * PER_BYTE_SQUARED;
    if (kernel->kind == WEFT__KERNEL_RBF)
        return 1;
    if (kernel->kind == WEFT__KERNEL_LINEAR)
        return (float)product;
    return (float)pow(kernel->gamma * product + kernel->coef0, kernel->degree);
}
