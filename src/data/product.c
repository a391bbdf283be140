#include "data/product.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "data/resize.h"

enum { LEAST_SIDE = 8 };

/* Mean and deviation of what is no background in Fashion-MNIST's training pictures, and how
 * far a photo is brought there; the largest change of contrast. */
static const float MEAN = 150, DEVIATION = 50, SHARE = 0.7f, MOST_GAIN = 1.0f;
static const float SHARPEN = 0.5f; /* of the difference from the mean of nine pixels */

/* The photo in colour, its longest side as above. */
static weft_status look_at(weft__product *p, const uint8_t *photo, weft_shape from)
{
    uint32_t longest = from.height > from.width ? from.height : from.width;
    double scale = (double)WEFT__PRODUCT_SIDE / longest;
    weft_recipe recipe = {.fit = WEFT_FIT_STRETCH, .shape.channels = 3};
    recipe.shape.height = (uint32_t)fmax(LEAST_SIDE, floor(from.height * scale + 0.5));
    recipe.shape.width = (uint32_t)fmax(LEAST_SIDE, floor(from.width * scale + 0.5));
    WEFT_TRY(weft__alloc(&p->small, weft_shape_bytes(recipe.shape), 1, "a photo's object"));
    WEFT_TRY(weft__resize(p->small, &recipe, photo, from));
    return weft__cutout_find(&p->cutout, p->small, recipe.shape.height, recipe.shape.width);
}

/* Light that falls from one side makes brightness a slope: the plane through the thing's
 * brightness, by least squares. slope[0] is by rows, slope[1] by columns, from the middle.
 */
static void find_slope(
    float slope[2], float middle[2], const uint8_t *grey, const weft__cutout *c)
{
    double n = 0, y1 = 0, x1 = 0, v1 = 0, yy = 0, xx = 0, xy = 0, yv = 0, xv = 0;
    for (uint32_t y = 0; y < c->height; y++)
        for (uint32_t x = 0; x < c->width; x++) {
            size_t i = (size_t)y * c->width + x;
            if (!c->mask[i])
                continue;
            double v = grey[i];
            n++, y1 += y, x1 += x, v1 += v;
            yy += (double)y * y, xx += (double)x * x, xy += (double)x * y;
            yv += y * v, xv += x * v;
        }
    yy -= y1 * y1 / n, xx -= x1 * x1 / n, xy -= x1 * y1 / n;
    yv -= y1 * v1 / n, xv -= x1 * v1 / n;
    double determinant = yy * xx - xy * xy;
    bool flat = !(determinant > 1e-6 * yy * xx);
    slope[0] = flat ? 0 : (float)((yv * xx - xv * xy) / determinant);
    slope[1] = flat ? 0 : (float)((xv * yy - yv * xy) / determinant);
    middle[0] = (float)(y1 / n);
    middle[1] = (float)(x1 / n);
}

/* Negative, without the slope, brought to brightness and contrast. */
static void even_out(uint8_t *grey, const weft__cutout *c)
{
    float slope[2], middle[2];
    double n = 0, sum = 0, squares = 0;
    size_t count = (size_t)c->height * c->width;
    find_slope(slope, middle, grey, c);
    for (size_t i = 0; i < count; i++) {
        float y = (float)(i / c->width) - middle[0], x = (float)(i % c->width) - middle[1];
        float v = 255 - ((float)grey[i] - slope[0] * y - slope[1] * x);
        grey[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v + 0.5f);
        if (c->mask[i]) {
            n++;
            sum += grey[i];
            squares += (double)grey[i] * grey[i];
        }
    }
    float mean = (float)(sum / n);
    float deviation = sqrtf((float)fmax(squares / n - sum / n * (sum / n), 1));
    float gain = powf(fminf(DEVIATION / deviation, MOST_GAIN), SHARE);
    float aim = mean + SHARE * (MEAN - mean);
    for (size_t i = 0; i < count; i++) {
        float v = aim + gain * ((float)grey[i] - mean);
        grey[i] = c->mask[i] ? (uint8_t)(v < 1 ? 1 : v > 255 ? 255 : v + 0.5f) : 0;
    }
}

static weft_status make_grey(weft__product *p)
{
    const weft__cutout *c = &p->cutout;
    size_t count = (size_t)c->height * c->width;
    WEFT_TRY(weft__alloc(&p->grey, count, 1, "a photo's object"));
    for (size_t i = 0; i < count; i++)
        p->grey[i] = weft__grey(p->small[3 * i], p->small[3 * i + 1], p->small[3 * i + 2]);
    even_out(p->grey, c);
    return WEFT_OK;
}

/* v + SHARPEN (v - the mean of the nine around it), but black stays black. */
static void sharpen(uint8_t *out, const uint8_t *in, uint32_t height, uint32_t width)
{
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            int sum = 0, n = 0;
            for (uint32_t v = y ? y - 1 : 0; v <= y + 1 && v < height; v++)
                for (uint32_t u = x ? x - 1 : 0; u <= x + 1 && u < width; u++, n++)
                    sum += in[v * width + u];
            float here = in[y * width + x];
            float more = here + SHARPEN * (here - (float)sum / (float)n);
            out[y * width + x] = here == 0    ? 0
                                 : more < 0   ? 0
                                 : more > 255 ? 255
                                              : (uint8_t)(more + 0.5f);
        }
}

/* The box of the thing, its longest edge as long as the picture's, in the middle. */
static weft_status place(uint8_t *out, weft_shape shape, const weft__product *p)
{
    const weft__cutout *c = &p->cutout;
    weft_shape box = {c->bottom - c->top, c->right - c->left, 1};
    weft_recipe recipe = {.shape = shape, .fit = WEFT_FIT_PAD, .background = 0};
    uint8_t *cut, *soft;
    WEFT_TRY(weft__alloc(
        &cut, weft_shape_bytes(box) + weft_shape_bytes(shape), 1, "a photo's object"));
    soft = cut + weft_shape_bytes(box);
    for (uint32_t y = 0; y < box.height; y++)
        memcpy(cut + (size_t)y * box.width,
            p->grey + (size_t)(c->top + y) * c->width + c->left, box.width);
    weft_status status = weft__resize(soft, &recipe, cut, box);
    if (status == WEFT_OK)
        sharpen(out, soft, shape.height, shape.width);
    free(cut);
    return status;
}

weft_status weft__product_make(uint8_t *out, weft_shape shape, const uint8_t *photo,
    weft_shape from, weft__product *steps)
{
    weft__product p = {0};
    weft_status status = look_at(&p, photo, from);
    if (status == WEFT_OK)
        status = make_grey(&p);
    if (status == WEFT_OK)
        status = place(out, shape, &p);
    if (status == WEFT_OK && steps)
        *steps = p;
    else
        weft__product_clear(&p);
    return status;
}

void weft__product_clear(weft__product *p)
{
    free(p->small);
    free(p->grey);
    weft__cutout_clear(&p->cutout);
    p->small = p->grey = NULL;
}
