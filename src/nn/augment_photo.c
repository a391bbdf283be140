#include "nn/augment_photo.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "core/simd.h"

/* How much; chosen by the photos of clothes/train (docs/results/photos.md). */
static const double ANGLE = 0.25, SHEAR = 0.12; /* radians; a share of the height */
static const double SPREAD = 0.4;               /* of the logarithm of the aspect */
static const double PAIRED = 0.12;              /* chance to be shown as a pair, on end */
static const double LIGHT = 40, SLOPE = 30;     /* grey levels: of all, from side to side */
static const double FLAT = 0.5, STEEP = 1.3;    /* contrast, least and most */
static const double STUCK = 0.35, MISSING = 0.2, FILLED = 0.2; /* chances of slips */

enum { ONE = 1 << 8, LEVELS = 255 };

/* A place, or a direction, in pixels. */
typedef struct point {
    double x, y;
} point;

/* Where the thing is: middle and half sides; empty where all is black. */
struct box {
    point middle, half;
    bool empty;
};

/* From the picture to the thing: source = from + across x + down y, x and y counted from
 * the middle of the picture (of a pair, of the half). */
struct mapping {
    point from, across, down;
    bool paired;
    double apart; /* of a pair: its two middles, in pixels */
};

static double between(weft_rng *rng, double low, double high)
{
    return low + (high - low) * (double)weft_rng_uniform(rng);
}

static bool happens(weft_rng *rng, double chance)
{
    return (double)weft_rng_uniform(rng) < chance;
}

static bool is_black(const uint8_t *pixel, size_t channels)
{
    return pixel[0] == 0 && (channels == 1 || (pixel[1] == 0 && pixel[2] == 0));
}

static struct box find_box(const uint8_t *in, weft_shape s)
{
    uint32_t top = s.height, left = s.width, bottom = 0, right = 0;
    for (uint32_t y = 0; y < s.height; y++)
        for (uint32_t x = 0; x < s.width; x++)
            if (!is_black(in + ((size_t)y * s.width + x) * s.channels, s.channels)) {
                top = y < top ? y : top;
                left = x < left ? x : left;
                bottom = y + 1;
                right = x + 1 > right ? x + 1 : right;
            }
    struct box b = {.empty = bottom == 0};
    b.middle = (point){(left + right - 1) / 2.0, (top + bottom - 1) / 2.0};
    b.half = (point){(right - left) / 2.0, (bottom - top) / 2.0};
    return b;
}

/* The thing laid down anew, as large as fits. */
static struct mapping draw_mapping(const struct box *b, weft_shape s, weft_rng *rng)
{
    struct mapping m = {.from = b->middle, .paired = happens(rng, PAIRED)};
    double angle = between(rng, -ANGLE, ANGLE), shear = between(rng, -SHEAR, SHEAR);
    double aspect = exp(between(rng, -SPREAD, SPREAD) / 2);
    if (m.paired)
        angle += (weft_rng_u32(rng) >> 31 ? 0.5 : -0.5) * 3.14159265358979323846;
    /* Forward: spread, sheared, turned. */
    double c = cos(angle), n = sin(angle);
    double xx = c * aspect, xy = c * shear - n / aspect;
    double yx = n * aspect, yy = n * shear + c / aspect;
    double wide = fabs(xx) * b->half.x + fabs(xy) * b->half.y;
    double high = fabs(yx) * b->half.x + fabs(yy) * b->half.y;
    double across = m.paired ? 2 * wide : wide;
    double scale = fmax(2 * across / s.width, 2 * high / s.height);
    double determinant = (xx * yy - xy * yx) / scale;
    m.across = (point){yy / determinant, -yx / determinant};
    m.down = (point){-xy / determinant, xx / determinant};
    m.apart = m.paired ? 2 * wide / scale : 0;
    return m;
}

/* Bilinear; black outside. */
static inline __attribute__((always_inline)) void sample(
    uint8_t *out, const uint8_t *in, weft_shape s, point at)
{
    double x = floor(at.x), y = floor(at.y);
    int32_t u = (int32_t)lrint((at.x - x) * ONE), v = (int32_t)lrint((at.y - y) * ONE);
    for (uint32_t c = 0; c < s.channels; c++) {
        int32_t sum = 0;
        for (int32_t k = 0; k < 4; k++) {
            double px = x + (k & 1), py = y + (k >> 1);
            if (px < 0 || py < 0 || px >= s.width || py >= s.height)
                continue;
            size_t i = ((size_t)py * s.width + (size_t)px) * s.channels + c;
            sum += in[i] * (k & 1 ? u : ONE - u) * (k >> 1 ? v : ONE - v);
        }
        out[c] = (uint8_t)((sum + ONE * ONE / 2) / (ONE * ONE));
    }
}

WEFT__SIMD static void lay_down(
    uint8_t *out, const uint8_t *in, weft_shape s, const struct mapping *m)
{
    for (uint32_t y = 0; y < s.height; y++)
        for (uint32_t x = 0; x < s.width; x++, out += s.channels) {
            point p = {x - (s.width - 1) / 2.0, y - (s.height - 1) / 2.0};
            if (m->paired) { /* the second is the first's mirror image */
                double side = p.x < 0 ? -1 : 1;
                p.x = side * (p.x - side * m->apart / 2);
            }
            sample(out, in, s,
                (point){m->from.x + m->across.x * p.x + m->down.x * p.y,
                    m->from.y + m->across.y * p.x + m->down.y * p.y});
        }
}

/* The thing in another light. */
WEFT__SIMD static void relight(uint8_t *out, weft_shape s, weft_rng *rng)
{
    size_t count = (size_t)s.height * s.width;
    double sum = 0, n = 0;
    for (size_t i = 0; i < count * s.channels; i++) {
        sum += out[i];
        n += out[i] > 0;
    }
    double mean = n > 0 ? sum / n : 0, contrast = between(rng, FLAT, STEEP);
    double level = mean + between(rng, -LIGHT, LIGHT);
    double across = between(rng, -SLOPE, SLOPE) / s.width;
    double down = between(rng, -SLOPE, SLOPE) / s.height;
    for (size_t i = 0; i < count; i++) {
        double x = (double)(i % s.width) - s.width / 2.0;
        double y = (double)(i / s.width) - s.height / 2.0;
        uint8_t *pixel = out + i * s.channels;
        for (uint32_t c = 0; c < s.channels; c++) {
            double v = level + contrast * (pixel[c] - mean) + across * x + down * y;
            if (pixel[c])
                pixel[c] = (uint8_t)lrint(fmin(fmax(v, 1), LEVELS));
        }
    }
}

/* An ellipse of the ground: seen where the thing is not, or in place of it. */
static void slip(uint8_t *out, weft_shape s, bool missing, weft_rng *rng)
{
    double rx = between(rng, 0.08, missing ? 0.2 : 0.35) * s.width;
    double ry = between(rng, 0.08, missing ? 0.2 : 0.35) * s.height;
    double cx = between(rng, 0, s.width), cy = between(rng, 0, s.height);
    double level = between(rng, 40, LEVELS);
    for (uint32_t y = 0; y < s.height; y++)
        for (uint32_t x = 0; x < s.width; x++) {
            double u = (x - cx) / rx, v = (y - cy) / ry;
            uint8_t *pixel = out + ((size_t)y * s.width + x) * s.channels;
            if (u * u + v * v > 1 || (!missing && !is_black(pixel, s.channels)))
                continue;
            memset(pixel, missing ? 0 : (int)level, s.channels);
        }
}

/* Ground between parts of the thing in a row, such as legs, is taken for it. */
static void fill_gaps(uint8_t *out, weft_shape s, weft_rng *rng)
{
    int level = (int)between(rng, 40, LEVELS);
    for (uint32_t y = 0; y < s.height; y++) {
        uint8_t *row = out + (size_t)y * s.width * s.channels;
        uint32_t first = 0, last = s.width;
        while (first < last && is_black(row + first * s.channels, s.channels))
            first++;
        while (last > first && is_black(row + (last - 1) * s.channels, s.channels))
            last--;
        for (uint32_t x = first; x < last; x++)
            if (is_black(row + x * s.channels, s.channels))
                memset(row + x * s.channels, level, s.channels);
    }
}

void weft__photograph(uint8_t *out, const uint8_t *in, weft_shape s, weft_rng *rng)
{
    struct box b = find_box(in, s);
    if (b.empty) {
        memcpy(out, in, weft_shape_bytes(s));
        return;
    }
    struct mapping m = draw_mapping(&b, s, rng);
    lay_down(out, in, s, &m);
    relight(out, s, rng);
    if (happens(rng, FILLED))
        fill_gaps(out, s, rng);
    if (happens(rng, STUCK))
        slip(out, s, false, rng);
    if (happens(rng, MISSING))
        slip(out, s, true, rng);
}
