/* Inverse compositional alignment: steepest-descent images and their 4 x 4 matrix belong to
 * the template and are computed once; each round warps the other picture, solves for a
 * small warp of the template and composes with its inverse. Complex numbers say it
 * shortest: a warp is z -> g z + s with z = x + iy from the centre, g near 1. */
#include "search/align.h"

#include <complex.h>
#include <math.h>
#include <string.h>

#include "core/simd.h"
#include "data/resize.h"

enum {
    SIDE = WEFT__ALIGN_SIDE,
    PIXELS = SIDE * SIDE,
    ROUNDS = 12,
    SMOOTHINGS = 6, /* of variance 1/2 each: what copying loses is fine detail */
    UNKNOWNS = 4,   /* the parts of g - 1 and of s */
};

/* Four fifths of the frame's width and height: what turning filled, and what smoothing then
 * drew inwards, lies outside. */
static const float WITHIN = 0.65f;
static const double HOPELESS = 0.6; /* after the second round */

/* 1 2 1 in both directions; beyond the frame goes on as at its edge. */
WEFT__SIMD static void smooth(float *plane, int h, int w)
{
    float rows[PIXELS];
    for (int y = 0; y < h; y++) {
        const float *up = plane + (y > 0 ? y - 1 : y) * w, *at = plane + y * w;
        const float *down = plane + (y < h - 1 ? y + 1 : y) * w;
        for (int x = 0; x < w; x++)
            rows[y * w + x] = (up[x] + 2 * at[x] + down[x]) / 4;
    }
    for (int y = 0; y < h; y++) {
        const float *row = rows + y * w;
        for (int x = 0; x < w; x++)
            plane[y * w + x] =
                (row[x > 0 ? x - 1 : x] + 2 * row[x] + row[x < w - 1 ? x + 1 : x]) / 4;
    }
}

weft_status weft__align_ready(weft__aligned *out, const uint8_t *pixels, weft_shape shape)
{
    uint8_t small[3 * PIXELS];
    weft_recipe recipe = {.shape = shape, .fit = WEFT_FIT_STRETCH};
    uint32_t longest = shape.height > shape.width ? shape.height : shape.width;
    if (longest > SIDE) {
        recipe.shape.height = (shape.height * SIDE + longest / 2) / longest;
        recipe.shape.width = (shape.width * SIDE + longest / 2) / longest;
        recipe.shape.height += recipe.shape.height == 0;
        recipe.shape.width += recipe.shape.width == 0;
    }
    WEFT_TRY(weft__resize(small, &recipe, pixels, shape));
    out->shape = recipe.shape;
    const size_t plane = (size_t)recipe.shape.height * recipe.shape.width;
    for (uint32_t c = 0; c < recipe.shape.channels; c++) {
        float *to = out->pixels + c * plane;
        for (size_t i = 0; i < plane; i++)
            to[i] = small[i * recipe.shape.channels + c];
        for (int n = 0; n < SMOOTHINGS; n++)
            smooth(to, (int)recipe.shape.height, (int)recipe.shape.width);
    }
    return WEFT_OK;
}

/* What belongs to the template. Only the `count` pixels within the ellipse are listed. */
struct template
{
    const weft__aligned *picture;
    int count;
    float x[PIXELS], y[PIXELS];          /* from the centre */
    float value[3 * PIXELS];             /* channels x count */
    float descent[UNKNOWNS][3 * PIXELS]; /* each channels x count */
    double inverse[UNKNOWNS][UNKNOWNS];  /* of the matrix */
};

/* Gauss-Jordan with the largest pivot; false when there is nothing to hold on to. */
static bool invert(double m[UNKNOWNS][UNKNOWNS], double inverse[UNKNOWNS][UNKNOWNS])
{
    for (int i = 0; i < UNKNOWNS; i++)
        for (int j = 0; j < UNKNOWNS; j++)
            inverse[i][j] = i == j;
    for (int i = 0; i < UNKNOWNS; i++) {
        int pivot = i;
        for (int r = i + 1; r < UNKNOWNS; r++)
            pivot = fabs(m[r][i]) > fabs(m[pivot][i]) ? r : pivot;
        if (fabs(m[pivot][i]) < 1e-6)
            return false;
        for (int j = 0; j < UNKNOWNS; j++) {
            double t = m[i][j], u = inverse[i][j];
            m[i][j] = m[pivot][j], m[pivot][j] = t;
            inverse[i][j] = inverse[pivot][j], inverse[pivot][j] = u;
        }
        double scale = 1 / m[i][i];
        for (int j = 0; j < UNKNOWNS; j++)
            m[i][j] *= scale, inverse[i][j] *= scale;
        for (int r = 0; r < UNKNOWNS; r++) {
            double factor = r == i ? 0 : m[r][i];
            for (int j = 0; j < UNKNOWNS; j++) {
                m[r][j] -= factor * m[i][j];
                inverse[r][j] -= factor * inverse[i][j];
            }
        }
    }
    return true;
}

/* Values and descent of the pixel at (x, y), as number n. */
static void take_pixel(struct template *t, int n, int x, int y)
{
    const weft__aligned *p = t->picture;
    int h = (int)p->shape.height, w = (int)p->shape.width;
    int left = x > 0 ? x - 1 : x, right = x < w - 1 ? x + 1 : x;
    int up = y > 0 ? y - 1 : y, down = y < h - 1 ? y + 1 : y;
    t->x[n] = (float)x - (float)(w - 1) / 2;
    t->y[n] = (float)y - (float)(h - 1) / 2;
    for (int c = 0; c < (int)p->shape.channels; c++) {
        const float *plane = p->pixels + c * h * w;
        float dx = right > left ? (plane[y * w + right] - plane[y * w + left]) /
                                      (float)(right - left)
                                : 0;
        float dy =
            down > up ? (plane[down * w + x] - plane[up * w + x]) / (float)(down - up) : 0;
        int at = c * PIXELS + n;
        t->value[at] = plane[y * w + x];
        t->descent[0][at] = dx * t->x[n] + dy * t->y[n]; /* grows */
        t->descent[1][at] = dy * t->x[n] - dx * t->y[n]; /* turns */
        t->descent[2][at] = dx;
        t->descent[3][at] = dy;
    }
}

static bool make_template(struct template *t, const weft__aligned *picture)
{
    int h = (int)picture->shape.height, w = (int)picture->shape.width;
    t->picture = picture;
    t->count = 0;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++) {
            float u = (2 * (float)x + 1 - (float)w) / (float)w;
            float v = (2 * (float)y + 1 - (float)h) / (float)h;
            if (u * u + v * v <= WITHIN)
                take_pixel(t, t->count++, x, y);
        }
    double matrix[UNKNOWNS][UNKNOWNS] = {{0}};
    for (int i = 0; i < UNKNOWNS; i++)
        for (int j = 0; j < UNKNOWNS; j++)
            for (int c = 0; c < (int)picture->shape.channels; c++)
                for (int n = c * PIXELS; n < c * PIXELS + t->count; n++)
                    matrix[i][j] += (double)t->descent[i][n] * (double)t->descent[j][n];
    return invert(matrix, t->inverse);
}

/* Sums over the pixels that both pictures show. */
struct sums {
    double n, x, y, xx, yy, xy;
    double descent[UNKNOWNS]; /* descent times (warped - template) */
};

static double concordance(const struct sums *s)
{
    if (s->n == 0)
        return 0;
    double mx = s->x / s->n, my = s->y / s->n;
    double vx = s->xx / s->n - mx * mx, vy = s->yy / s->n - my * my;
    double covariance = s->xy / s->n - mx * my;
    double all = vx + vy + (mx - my) * (mx - my);
    return all > 1e-9 ? 2 * covariance / all : 1;
}

/* Where pixel n of the template falls in the other picture. */
struct sample {
    int at; /* top left of four; -1: outside */
    float fx, fy;
};

WEFT__SIMD static void locate(
    struct sample *to, const struct template *t, float complex g, float complex s)
{
    int h = (int)t->picture->shape.height, w = (int)t->picture->shape.width;
    float gr = crealf(g), gi = cimagf(g);
    float sx = crealf(s) + (float)(w - 1) / 2, sy = cimagf(s) + (float)(h - 1) / 2;
    for (int n = 0; n < t->count; n++) {
        float x = gr * t->x[n] - gi * t->y[n] + sx, y = gi * t->x[n] + gr * t->y[n] + sy;
        bool inside = x >= 0 && y >= 0 && x < (float)(w - 1) && y < (float)(h - 1);
        int column = inside ? (int)x : 0, row = inside ? (int)y : 0;
        to[n].at = inside ? row * w + column : -1;
        to[n].fx = x - (float)column;
        to[n].fy = y - (float)row;
    }
}

/* Adds one channel's pixels. */
WEFT__SIMD static void add_channel(struct sums *sums, const struct template *t,
    const struct sample *samples, const float *plane, int channel)
{
    float e[PIXELS], weight[PIXELS];
    const float *value = t->value + channel * PIXELS;
    int w = (int)t->picture->shape.width;
    float n = 0, sx = 0, sy = 0, xx = 0, yy = 0, xy = 0;
    for (int i = 0; i < t->count; i++) {
        const float *p = plane + (samples[i].at < 0 ? 0 : samples[i].at);
        float fx = samples[i].fx, fy = samples[i].fy;
        weight[i] = samples[i].at < 0 ? 0 : 1;
        float top = p[0] + fx * (p[1] - p[0]), bottom = p[w] + fx * (p[w + 1] - p[w]);
        e[i] = samples[i].at < 0 ? 0 : top + fy * (bottom - top);
    }
#pragma omp simd reduction(+ : n, sx, sy, xx, yy, xy)
    for (int i = 0; i < t->count; i++) {
        float x = weight[i] * value[i], y = e[i];
        n += weight[i];
        sx += x, sy += y;
        xx += x * x, yy += y * y, xy += x * y;
        e[i] = y - x;
    }
    sums->n += (double)n;
    sums->x += (double)sx, sums->y += (double)sy;
    sums->xx += (double)xx, sums->yy += (double)yy, sums->xy += (double)xy;
    for (int k = 0; k < UNKNOWNS; k++) {
        const float *descent = t->descent[k] + channel * PIXELS;
        float sum = 0;
#pragma omp simd reduction(+ : sum)
        for (int i = 0; i < t->count; i++)
            sum += descent[i] * e[i];
        sums->descent[k] += (double)sum;
    }
}

static struct sums compare(
    const struct template *t, const weft__aligned *other, float complex g, float complex s)
{
    struct sample samples[PIXELS];
    struct sums sums = {0};
    size_t plane = (size_t)other->shape.height * other->shape.width;
    locate(samples, t, g, s);
    for (uint32_t c = 0; c < other->shape.channels; c++)
        add_channel(&sums, t, samples, other->pixels + c * plane, (int)c);
    return sums;
}

/* Of two shapes that differ, through another aspect, b is compared as it would be at a's.
 */
static void stretch(weft__aligned *out, const weft__aligned *b, weft_shape to)
{
    int h = (int)to.height, w = (int)to.width;
    int bh = (int)b->shape.height, bw = (int)b->shape.width;
    out->shape = to;
    for (int c = 0; c < (int)to.channels; c++)
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++) {
                float v = fmaxf(0, ((float)y + 0.5f) * (float)bh / (float)h - 0.5f);
                float u = fmaxf(0, ((float)x + 0.5f) * (float)bw / (float)w - 0.5f);
                int row = (int)v < bh - 2 ? (int)v : bh - 2;
                int column = (int)u < bw - 2 ? (int)u : bw - 2;
                float fy = fminf(1, v - (float)row), fx = fminf(1, u - (float)column);
                const float *p = b->pixels + (c * bh + row) * bw + column;
                float top = p[0] + fx * (p[1] - p[0]);
                float bottom = p[bw] + fx * (p[bw + 1] - p[bw]);
                out->pixels[(c * h + y) * w + x] = top + fy * (bottom - top);
            }
}

double weft__align_similarity(const weft__aligned *a, const weft__aligned *b)
{
    weft__aligned stretched;
    struct template t;
    float complex g = 1, s = 0;
    double best = 0;
    if (a->shape.height < 2 || a->shape.width < 2 || b->shape.height < 2 ||
        b->shape.width < 2 || !make_template(&t, a))
        return 0;
    if (a->shape.height != b->shape.height || a->shape.width != b->shape.width) {
        stretch(&stretched, b, a->shape);
        b = &stretched;
    }
    float farthest = 0.25f * (float)(a->shape.height < a->shape.width ? a->shape.height
                                                                      : a->shape.width);
    for (int round = 0; round < ROUNDS; round++) {
        struct sums sums = compare(&t, b, g, s);
        double value = concordance(&sums), step[UNKNOWNS] = {0};
        if (sums.n < 0.7 * (double)t.count * (double)a->shape.channels)
            break;
        best = value > best ? value : best;
        if (round == 2 && best < HOPELESS)
            break;
        for (int i = 0; i < UNKNOWNS; i++)
            for (int j = 0; j < UNKNOWNS; j++)
                step[i] += t.inverse[i][j] * sums.descent[j];
        /* The template would move by z -> h z + d; the warp takes that back first. */
        float complex h = 1 + (float)step[0] + I * (float)step[1];
        float complex d = (float)step[2] + I * (float)step[3];
        g /= h;
        s -= g * d;
        if (fabsf(cargf(g)) > 0.35f || fabsf(cabsf(g) - 1) > 0.25f || cabsf(s) > farthest)
            break;
        if (cabsf(h - 1) < 1e-4f && cabsf(d) < 1e-3f)
            break;
    }
    return best;
}
