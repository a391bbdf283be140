#include "nn/whiten.h"

#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

enum { PICTURES = 4000 };
static const double SMALL = 5e-4; /* added to eigenvalues, so that noise stays small */

/* The covariance of patches about zero, size x size, of side x side pixels. */
struct patches {
    size_t side, size; /* size = side * side * channels */
    double *covariance;
    double *patch;
    double count;
};

static void add_patch(
    struct patches *p, const float *picture, weft_shape shape, size_t y, size_t x)
{
    size_t row = p->side * shape.channels;
    for (size_t v = 0; v < p->side; v++)
        for (size_t k = 0; k < row; k++)
            p->patch[v * row + k] =
                (double)picture[((y + v) * shape.width + x) * shape.channels + k];
    for (size_t i = 0; i < p->size; i++)
        for (size_t j = 0; j <= i; j++)
            p->covariance[i * p->size + j] += p->patch[i] * p->patch[j];
    p->count++;
}

/* Every other patch across and down: neighbours tell little that is new. */
static weft_status add_pictures(
    struct patches *p, const weft_view *train, const weft__normalisation *normalisation)
{
    weft_shape shape = weft_dataset_shape(train->data);
    size_t taken = train->count < PICTURES ? train->count : PICTURES;
    float *picture;
    WEFT_TRY(weft__alloc(&picture, weft_shape_bytes(shape), sizeof *picture, "a picture"));
    for (size_t n = 0; n < taken; n++) {
        weft__picture_to_reals(picture, WEFT__REAL_F32,
            weft_view_pixels(train, n * train->count / taken), shape, normalisation);
        for (size_t y = 0; y + p->side <= shape.height; y += 2)
            for (size_t x = 0; x + p->side <= shape.width; x += 2)
                add_patch(p, picture, shape, y, x);
    }
    free(picture);
    return WEFT_OK;
}

/* Column o of the weights, size x outputs: eigenvector o / sqrt(eigenvalue), and from
 * `size` on the same negated. dsyev leaves eigenvectors as columns, smallest first. */
static void write_filters(
    float *weights, size_t outputs, const struct patches *p, const double *eigenvalues)
{
    for (size_t o = 0; o < outputs && o < 2 * p->size; o++) {
        size_t which = p->size - 1 - o % p->size;
        double scale = (o < p->size ? 1 : -1) / sqrt(eigenvalues[which] + SMALL);
        for (size_t i = 0; i < p->size; i++)
            weights[i * outputs + o] = (float)(scale * p->covariance[i * p->size + which]);
    }
}

static weft_status whiten(float *weights, const weft__parameter *parameter,
    const weft_view *train, const weft__normalisation *normalisation)
{
    struct patches p = {
        .side = parameter->shape[0], .size = parameter->count / parameter->shape[3]};
    double *eigenvalues = NULL;
    weft_status status =
        weft__calloc(&p.covariance, p.size * p.size, sizeof *p.covariance, "a covariance");
    if (status == WEFT_OK)
        status = weft__alloc(&p.patch, p.size, sizeof *p.patch, "a patch");
    if (status == WEFT_OK)
        status = weft__alloc(&eigenvalues, p.size, sizeof *eigenvalues, "eigenvalues");
    if (status == WEFT_OK)
        status = add_pictures(&p, train, normalisation);
    for (size_t i = 0; status == WEFT_OK && i < p.size * p.size; i++)
        p.covariance[i] /= p.count > 0 ? p.count : 1;
    if (status == WEFT_OK && LAPACKE_dsyev(LAPACK_ROW_MAJOR, 'V', 'L', (lapack_int)p.size,
                                 p.covariance, (lapack_int)p.size, eigenvalues))
        status = weft_fail(WEFT_ENUMERIC, "init=whiten: no eigenvectors were found");
    if (status == WEFT_OK)
        write_filters(weights, parameter->shape[3], &p, eigenvalues);
    free(p.covariance);
    free(p.patch);
    free(eigenvalues);
    return status;
}

weft_status weft__whiten(const weft__network *network, float *block, const weft_view *train,
    const weft__normalisation *normalisation)
{
    for (size_t i = 0; i < network->node_count; i++) {
        const weft__node *node = &network->nodes[i];
        if (node->input[0] || !node->parameter_count)
            continue;
        const weft__parameter *p = &network->parameters[node->parameters[0]];
        if (p->init == WEFT__INIT_WHITEN)
            WEFT_TRY(whiten(block + p->offset, p, train, normalisation));
    }
    return WEFT_OK;
}
