/* How single pictures look: how bright they are and how much fine detail they have. */
#include <math.h>
#include <stdlib.h>

#include "audit/audit.h"
#include "core/mem.h"
#include "core/team.h"
#include "data/resize.h"

enum {
    LEVELS = 256,
    DARK = 64,  /* the brightest hundredth begins below this level */
    PALE = 192, /* the darkest hundredth ends above this one */
    FLAT = 4,   /* standard deviation of the pixels */
};
/* A picture this many robust standard deviations below the median of the logarithm has
 * remarkably little detail. */
static const double BLURRED = 4;
static const double TO_DEVIATION = 1.4826; /* of a normal distribution's MAD */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double middle(const double *sorted, size_t count)
{
    return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

weft_status weft__robust(
    double *median, double *deviation, const double *values, size_t count)
{
    double *sorted;
    size_t n = 0;
    *median = *deviation = NAN;
    WEFT_TRY(weft__alloc(&sorted, count, sizeof *sorted, "a median"));
    for (size_t i = 0; i < count; i++)
        if (isfinite(values[i]))
            sorted[n++] = values[i];
    if (n) {
        qsort(sorted, n, sizeof *sorted, by_value);
        *median = middle(sorted, n);
        for (size_t i = 0; i < n; i++)
            sorted[i] = fabs(sorted[i] - *median);
        qsort(sorted, n, sizeof *sorted, by_value);
        *deviation = TO_DEVIATION * middle(sorted, n);
    }
    free(sorted);
    return WEFT_OK;
}

static int grey_at(const uint8_t *pixels, weft_shape shape, uint32_t y, uint32_t x)
{
    const uint8_t *p = pixels + ((size_t)y * shape.width + x) * shape.channels;
    return shape.channels == 1 ? p[0] : weft__grey(p[0], p[1], p[2]);
}

/* The level that a hundredth of `total` pixels lies beyond, counted from one end. */
static int hundredth(const size_t *histogram, size_t total, bool from_above)
{
    size_t passed = 0;
    for (int n = 0; n < LEVELS; n++) {
        int level = from_above ? LEVELS - 1 - n : n;
        passed += histogram[level];
        if (passed * 100 > total)
            return level;
    }
    return from_above ? 0 : LEVELS - 1;
}

/* Mean square of the four-neighbour Laplacian, within the frame. */
static double detail(const uint8_t *pixels, weft_shape shape)
{
    double sum = 0;
    size_t n = 0;
    for (uint32_t y = 1; y + 1 < shape.height; y++)
        for (uint32_t x = 1; x + 1 < shape.width; x++, n++) {
            int l = grey_at(pixels, shape, y - 1, x) + grey_at(pixels, shape, y + 1, x) +
                    grey_at(pixels, shape, y, x - 1) + grey_at(pixels, shape, y, x + 1) -
                    4 * grey_at(pixels, shape, y, x);
            sum += (double)l * l;
        }
    return n ? sum / (double)n : 0;
}

static void look(weft_audited *p, const uint8_t *pixels, weft_shape shape)
{
    size_t histogram[LEVELS] = {0}, total = (size_t)shape.height * shape.width;
    double sum = 0, squares = 0;
    for (uint32_t y = 0; y < shape.height; y++)
        for (uint32_t x = 0; x < shape.width; x++)
            histogram[grey_at(pixels, shape, y, x)]++;
    for (int l = 0; l < LEVELS; l++) {
        sum += (double)histogram[l] * l;
        squares += (double)histogram[l] * l * l;
    }
    double mean = sum / (double)total, variance = squares / (double)total - mean * mean;
    p->brightness = (float)mean;
    p->sharpness = variance > 0 ? (float)(detail(pixels, shape) / variance) : NAN;
    if (variance < FLAT * FLAT)
        p->suspicions |= 1u << WEFT_SUSPECT_FLAT;
    if (hundredth(histogram, total, true) < DARK)
        p->suspicions |= 1u << WEFT_SUSPECT_DARK;
    if (hundredth(histogram, total, false) > PALE)
        p->suspicions |= 1u << WEFT_SUSPECT_PALE;
}

static weft_status look_at_some(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    weft_audit *a = arg;
    weft_shape shape = a->train->recipe.shape;
    for (size_t i = begin; i < end; i++)
        look(&a->pictures[i], a->train->pixels + i * weft_shape_bytes(shape), shape);
    return WEFT_OK;
}

weft_status weft__audit_looks(weft_audit *a, weft_context *context)
{
    size_t count = a->train->count;
    double *logs, median, deviation;
    WEFT_TRY(weft__parallel(
        context, count, 64, look_at_some, a, "looking at pictures", "pictures"));
    WEFT_TRY(weft__alloc(&logs, count, sizeof *logs, "sharpness"));
    for (size_t i = 0; i < count; i++)
        logs[i] = log((double)a->pictures[i].sharpness);
    weft_status status = weft__robust(&median, &deviation, logs, count);
    for (size_t i = 0; status == WEFT_OK && i < count; i++)
        if (deviation > 0 && logs[i] < median - BLURRED * deviation)
            a->pictures[i].suspicions |= 1u << WEFT_SUSPECT_BLURRED;
    free(logs);
    return status;
}
