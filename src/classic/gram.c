/* The columns of the result are divided among the threads, so that nothing is summed
 * across them. */
#include "classic/gram.h"

#include <stdlib.h>
#include <string.h>

#include "classic/gemm.h"
#include "core/mem.h"
#include "core/team.h"

enum { ROWS = 4096, COLUMNS = 512 }; /* points and columns of one product */

struct gram {
    const weft__points *points;
    double *gram, *sums;
};

struct tile {
    int8_t *centred; /* ROWS x COLUMNS */
    int32_t *bytes;  /* dims x COLUMNS */
    float *floats;   /* dims x COLUMNS */
};

/* Adds rows `first` to `first + rows`, columns `column` to `column + columns`. */
static weft_status add_tile(const struct gram *g, const struct tile *tile, size_t first,
    size_t rows, size_t column, size_t columns)
{
    const weft__points *p = g->points;
    weft__gemm_shape shape = {.m = p->dims, .n = columns, .k = rows, .a_transposed = true};
    if (p->bytes) {
        const uint8_t *x = p->bytes + first * p->dims;
        for (size_t i = 0; i < rows; i++)
            weft__bytes_centre(
                tile->centred + i * columns, x + i * p->dims + column, columns);
        WEFT_TRY(weft__gemm_u8s8(
            shape, x, p->dims, tile->centred, columns, tile->bytes, columns));
        for (size_t i = 0; i < p->dims; i++)
            for (size_t j = 0; j < columns; j++)
                g->gram[i * p->dims + column + j] += tile->bytes[i * columns + j];
        return WEFT_OK;
    }
    const float *x = p->floats + first * p->dims;
    WEFT_TRY(weft__gemm_f32(
        shape, 1, x, p->dims, x + column, p->dims, 0, tile->floats, columns));
    for (size_t i = 0; i < p->dims; i++)
        for (size_t j = 0; j < columns; j++)
            g->gram[i * p->dims + column + j] += (double)tile->floats[i * columns + j];
    return WEFT_OK;
}

static weft_status add_columns(
    const weft__member *self, const struct gram *g, const struct tile *tile)
{
    const weft__points *p = g->points;
    size_t begin, end;
    weft__team_share(self, p->dims, 16, &begin, &end);
    for (size_t column = begin; column < end; column += COLUMNS) {
        size_t columns = end - column < COLUMNS ? end - column : COLUMNS;
        for (size_t first = 0; first < p->count; first += ROWS) {
            size_t rows = p->count - first < ROWS ? p->count - first : ROWS;
            if (weft_context_cancelled(self->context))
                return weft_fail(WEFT_ECANCELLED, "cancelled while comparing pixels");
            WEFT_TRY(add_tile(g, tile, first, rows, column, columns));
        }
    }
    for (size_t i = 0; i < p->count; i++)
        for (size_t j = begin; j < end; j++)
            g->sums[j] += p->bytes ? (double)p->bytes[i * p->dims + j]
                                   : (double)p->floats[i * p->dims + j];
    return WEFT_OK;
}

static weft_status add_share(const weft__member *self, void *arg)
{
    const struct gram *g = arg;
    size_t dims = g->points->dims, cells = dims * COLUMNS;
    struct tile tile = {0};
    weft_status status;
    if (g->points->bytes) {
        status = weft__alloc(&tile.centred, ROWS * COLUMNS, 1, "second moments");
        if (status == WEFT_OK)
            status = weft__alloc(&tile.bytes, cells, sizeof *tile.bytes, "second moments");
    } else {
        status = weft__alloc(&tile.floats, cells, sizeof *tile.floats, "second moments");
    }
    if (status == WEFT_OK)
        status = add_columns(self, g, &tile);
    free(tile.centred);
    free(tile.bytes);
    free(tile.floats);
    return status;
}

weft_status weft__gram(
    double *gram, double *sums, const weft__points *points, weft_context *context)
{
    size_t dims = points->dims;
    memset(gram, 0, dims * dims * sizeof *gram);
    memset(sums, 0, dims * sizeof *sums);
    struct gram g = {points, gram, sums};
    WEFT_TRY(weft__team_run(context, add_share, &g));
    /* x y = x (y - 128) + 128 x */
    for (size_t i = 0; points->bytes && i < dims; i++)
        for (size_t j = 0; j < dims; j++)
            gram[i * dims + j] += 128 * sums[i];
    return WEFT_OK;
}
