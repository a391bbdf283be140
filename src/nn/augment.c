#include "nn/augment.h"

#include <math.h>
#include <string.h>

#include "core/simd.h"
#include "nn/augment_photo.h"
#include "nn/streams.h"
#include "weft/rng.h"

/* The random words of one picture. */
enum {
    DRAW_FLIP,
    DRAW_SHIFT_X,
    DRAW_SHIFT_Y,
    DRAW_CROP_X,
    DRAW_CROP_Y,
    DRAW_ROTATE,
    DRAW_ZOOM,
    DRAW_BRIGHTNESS,
    DRAW_CONTRAST,
    DRAW_ERASE_X,
    DRAW_ERASE_Y,
    DRAW_CHOICE,
    DRAW_BOX_X,
    DRAW_BOX_Y,
    DRAW_TINT,
    DRAWS,
    DRAW_SHARE = 16, /* as many as the beta distribution takes */
    DRAWS_APART = 64
};

/* Fixed point: 16 bits of fraction. */
enum { ONE = 1 << 16, HALF = ONE / 2 };

static const double RADIANS = 3.14159265358979323846 / 180;

/* Uniform on [-1, 1). */
static double either_way(uint32_t word)
{
    return (double)word * 0x1p-31 - 1;
}

/* 0 to count - 1. */
static int32_t below(uint32_t word, uint64_t count)
{
    return (int32_t)(((uint64_t)word * count) >> 32);
}

static int32_t up_to(uint32_t word, uint64_t most)
{
    return below(word, 2 * most + 1) - (int32_t)most;
}

static int32_t fixed(double value)
{
    return (int32_t)lrint(value * ONE);
}

static int32_t clamped(int32_t value, int32_t low, int32_t high)
{
    return value < low ? low : value > high ? high : value;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static weft_rng draws_of(const weft__augmenter *a, size_t place)
{
    weft_rng rng = weft_rng_create(a->seed, WEFT__STREAM_AUGMENT + a->epoch);
    rng.position = (uint64_t)place * DRAWS_APART;
    return rng;
}

size_t weft__augment_scratch(weft_shape shape)
{
    /* Two pictures' results, one as a photo, one between steps, and four bytes for every
     * byte. */
    return 8 * ((weft_shape_bytes(shape) + 63) / 64 * 64);
}

/* out = in moved by whole pixels; black comes in from outside. */
static void crop(uint8_t *out, const uint8_t *in, weft_shape s, int32_t dx, int32_t dy)
{
    int32_t width = (int32_t)s.width, height = (int32_t)s.height;
    size_t pixel = s.channels, row = s.width * pixel;
    int32_t left = clamped(dx, 0, width), right = clamped(width + dx, 0, width);
    for (int32_t y = 0; y < height; y++, out += row) {
        int32_t from = y - dy;
        if (from < 0 || from >= height || left >= right) {
            memset(out, 0, row);
            continue;
        }
        size_t begin = (size_t)left * pixel, end = (size_t)right * pixel;
        memset(out, 0, begin);
        memcpy(out + begin, in + (size_t)from * row + (size_t)(left - dx) * pixel,
            end - begin);
        memset(out + end, 0, row - end);
    }
}

WEFT__SIMD static void mirror_grey(
    uint8_t *restrict out, const uint8_t *restrict in, size_t count)
{
    for (size_t i = 0; i < count; i++)
        out[i] = in[count - 1 - i];
}

static void mirror_colour(uint8_t *restrict out, const uint8_t *restrict in, size_t count)
{
    for (size_t i = 0; i < count; i++)
        memcpy(out + 3 * i, in + 3 * (count - 1 - i), 3);
}

static void mirror(uint8_t *out, const uint8_t *in, size_t count, size_t channels)
{
    if (channels == 1)
        mirror_grey(out, in, count);
    else
        mirror_colour(out, in, count);
}

/* The `count` pixels at `out` become copies of the one at `pixel`. */
static void repeat(uint8_t *out, const uint8_t *pixel, size_t count, size_t channels)
{
    if (channels == 1)
        memset(out, *pixel, count);
    else
        for (size_t i = 0; i < count; i++)
            memcpy(out + 3 * i, pixel, 3);
}

/* The `count` pixels to the left of `out`, and to its right, become the mirror image of
 * those that follow the outermost of the `inner` pixels at `out`. */
static void reflect(uint8_t *out, size_t inner, size_t left, size_t right, size_t channels)
{
    for (size_t k = 1; k <= left; k++)
        memcpy(out - k * channels, out + smaller(k, inner - 1) * channels, channels);
    uint8_t *last = out + (inner - 1) * channels;
    for (size_t k = 1; k <= right; k++)
        memcpy(last + k * channels, last - smaller(k, inner - 1) * channels, channels);
}

/* Where coordinate `at` is found along a side of `count` pixels. */
static int32_t inside(int32_t at, int32_t count, bool reflecting)
{
    if (reflecting && at < 0)
        at = -at;
    else if (reflecting && at >= count)
        at = 2 * (count - 1) - at;
    return clamped(at, 0, count - 1);
}

void weft__move_picture(uint8_t *out, const uint8_t *in, weft_shape s, weft__move move)
{
    int32_t width = (int32_t)s.width, height = (int32_t)s.height;
    size_t channels = s.channels, row = s.width * channels;
    int32_t dx = clamped(move.dx, 1 - width, width - 1); /* further out nothing changes */
    size_t left = dx > 0 ? (size_t)dx : 0, right = s.width - (dx < 0 ? (size_t)-dx : 0);
    for (int32_t y = 0; y < height; y++, out += row) {
        const uint8_t *from = in + (size_t)inside(y - move.dy, height, move.reflect) * row;
        size_t count = right - left, skip = dx < 0 ? (size_t)-dx : 0;
        if (move.flip)
            mirror(out + left * channels, from + (s.width - skip - count) * channels, count,
                channels);
        else
            memcpy(out + left * channels, from + skip * channels, count * channels);
        if (move.reflect) {
            reflect(out + left * channels, count, left, s.width - right, channels);
            continue;
        }
        repeat(out, out + left * channels, left, channels);
        repeat(out + right * channels, out + (right - 1) * channels, s.width - right,
            channels);
    }
}

/* Where an output row begins in the input and how far each pixel goes on; fixed point. */
struct path {
    int32_t x, y, dx, dy;
    int32_t right, bottom; /* the last pixel's centre */
};

/* The four bytes that each pixel is interpolated from, in one word: itself, right, below,
 * below right. */
WEFT__SIMD static void gather_quads(
    uint32_t *restrict quads, const uint8_t *restrict in, weft_shape s, size_t channel)
{
    size_t n = s.channels, row = s.width * n, last = s.width - 1;
    for (size_t y = 0; y < s.height; y++, quads += s.width) {
        const uint8_t *a = in + y * row + channel, *b = y + 1 < s.height ? a + row : a;
        for (size_t x = 0; x < last; x++)
            quads[x] = (uint32_t)a[x * n] | (uint32_t)a[(x + 1) * n] << 8 |
                       (uint32_t)b[x * n] << 16 | (uint32_t)b[(x + 1) * n] << 24;
        quads[last] = (uint32_t)a[last * n] * 0x101u | (uint32_t)b[last * n] * 0x1010000u;
    }
}

/* Rows are made in runs of this many pixels; what stands out at the end is led back inside
 * like every other place and thrown away. */
enum { RUN = 16 };

WEFT__SIMD static void warp_row(uint8_t *restrict out, const uint32_t *restrict quads,
    const struct path *path, int32_t width, int32_t channels)
{
    const struct path p = *path;
    for (int32_t first = 0; first < width; first += RUN) {
        uint32_t run[RUN];
        for (int32_t i = 0; i < RUN; i++) {
            int32_t x = p.x + (first + i) * p.dx, y = p.y + (first + i) * p.dy;
            x = x < 0 ? 0 : x > p.right ? p.right : x;
            y = y < 0 ? 0 : y > p.bottom ? p.bottom : y;
            uint32_t quad = quads[(y >> 16) * width + (x >> 16)];
            uint32_t u = (uint32_t)(x >> 8) & 255, v = (uint32_t)(y >> 8) & 255;
            uint32_t above = (quad & 255) * (256 - u) + (quad >> 8 & 255) * u;
            uint32_t beneath = (quad >> 16 & 255) * (256 - u) + (quad >> 24) * u;
            run[i] = (above * (256 - v) + beneath * v + HALF) >> 16;
        }
        int32_t count = width - first < RUN ? width - first : RUN;
        for (int32_t i = 0; i < count; i++)
            out[(first + i) * channels] = (uint8_t)run[i];
    }
}

/* A change of place: flip, then turn and zoom about the middle, then shift. */
struct motion {
    bool flip;
    int32_t dx, dy;
    double angle, zoom; /* clockwise in radians; factor of size */
};

/* out = in, bilinear. Every output pixel is led back to its place in the input. Sides of
 * 4096, sizes from a half and shifts of 4096 stay below 2^15 pixels. */
static void warp(
    uint8_t *out, const uint8_t *in, weft_shape s, const struct motion *m, uint32_t *quads)
{
    double middle_x = ((double)s.width - 1) / 2, middle_y = ((double)s.height - 1) / 2;
    double cosine = cos(m->angle) / m->zoom, sine = sin(m->angle) / m->zoom;
    double left = -m->dx - middle_x, sign = m->flip ? -1 : 1;
    struct path p = {.dx = fixed(sign * cosine),
        .dy = fixed(-sine),
        .right = (int32_t)(s.width - 1) * ONE,
        .bottom = (int32_t)(s.height - 1) * ONE};
    for (size_t c = 0; c < s.channels; c++) {
        gather_quads(quads, in, s, c);
        for (size_t y = 0; y < s.height; y++) {
            double top = (double)y - m->dy - middle_y;
            p.x = fixed(middle_x + sign * (cosine * left + sine * top));
            p.y = fixed(middle_y - sine * left + cosine * top);
            warp_row(out + y * s.width * s.channels + c, quads, &p, (int32_t)s.width,
                (int32_t)s.channels);
        }
    }
}

WEFT__SIMD static uint64_t sum_of(const uint8_t *values, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count;) {
        uint32_t part = 0; /* 2^24 bytes fit */
        size_t end = (size_t)smaller(i + ((size_t)1 << 24), count);
        for (; i < end; i++)
            part += values[i];
        sum += part;
    }
    return sum;
}

WEFT__SIMD static void scale_values(
    uint8_t *out, const uint8_t *in, size_t count, int32_t gain, int32_t offset)
{
    for (size_t i = 0; i < count; i++) {
        int32_t value = (in[i] * gain + offset) >> 16;
        out[i] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
    }
}

/* v = brightness v; then v = mean + contrast (v - mean), the mean over all channels. */
static void relight(
    uint8_t *out, const uint8_t *in, size_t count, double brightness, double contrast)
{
    double mean = brightness * (double)sum_of(in, count) / (double)count;
    scale_values(
        out, in, count, fixed(brightness * contrast), fixed(mean * (1 - contrast)) + HALF);
}

/* Each colour moved by up to `most` of the full scale. One word serves all three: ten of its
 * bits each decide. */
static void tint(
    uint8_t *out, const uint8_t *in, size_t pixels, double most, uint32_t word)
{
    int32_t offset[3];
    for (int c = 0; c < 3; c++)
        offset[c] = (int32_t)lrint(255 * most * either_way(word << 10 * c));
    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < 3; c++)
            out[3 * i + c] = (uint8_t)clamped(in[3 * i + c] + offset[c], 0, 255);
}

/* A part of a picture, the ends excluded. */
struct box {
    size_t left, right, top, bottom;
};

/* A box with these shares of the sides whose middle lies anywhere in the picture, cut off
 * at the edges. */
static struct box draw_box(weft_shape s, double side, uint32_t word_x, uint32_t word_y)
{
    int32_t width = (int32_t)lrint(side * s.width),
            height = (int32_t)lrint(side * s.height);
    int32_t most_x = (int32_t)s.width, most_y = (int32_t)s.height;
    int32_t x = below(word_x, s.width) - width / 2,
            y = below(word_y, s.height) - height / 2;
    return (struct box){(size_t)clamped(x, 0, most_x),
        (size_t)clamped(x + width, 0, most_x), (size_t)clamped(y, 0, most_y),
        (size_t)clamped(y + height, 0, most_y)};
}

/* DeVries and Taylor 2017 (cutout), with the picture's own mean. */
static void erase(uint8_t *picture, weft_shape s, struct box b)
{
    size_t n = s.channels, pixels = (size_t)s.width * s.height;
    uint8_t mean[3];
    for (size_t c = 0; c < n; c++) {
        uint64_t sum = 0;
        for (size_t i = 0; i < pixels; i++)
            sum += picture[i * n + c];
        mean[c] = (uint8_t)((sum + pixels / 2) / pixels);
    }
    for (size_t y = b.top; y < b.bottom; y++)
        repeat(picture + (y * s.width + b.left) * n, mean, b.right - b.left, n);
}

static bool flipped(const weft__augmenter *a, size_t picture, uint32_t word)
{
    if (a->options->flip == WEFT_FLIP_NONE)
        return false;
    if (a->options->flip == WEFT_FLIP_RANDOM)
        return word >> 31;
    weft_rng rng = weft_rng_create(a->seed, WEFT__STREAM_FLIP);
    rng.position = (uint64_t)picture * 4;
    return (weft_rng_u32(&rng) >> 31) ^ (a->epoch & 1);
}

static struct motion draw_motion(
    const weft__augmenter *a, weft_shape s, size_t picture, const uint32_t *words)
{
    const weft_augmentation *o = a->options;
    return (struct motion){.flip = flipped(a, picture, words[DRAW_FLIP]),
        .dx = up_to(words[DRAW_SHIFT_X], smaller(o->shift, s.width)),
        .dy = up_to(words[DRAW_SHIFT_Y], smaller(o->shift, s.height)),
        .angle = either_way(words[DRAW_ROTATE]) * o->rotate * RADIANS,
        .zoom = 1 + either_way(words[DRAW_ZOOM]) * o->zoom};
}

/* All steps but mixing. Borrowed: `in` itself, or in `result`. `between` is one picture,
 * `quads` a word for each pixel. */
static const uint8_t *change(const weft__augmenter *a, const uint8_t *in, weft_shape s,
    size_t picture, const uint32_t *words, uint8_t *result, uint8_t *between,
    uint32_t *quads)
{
    const weft_augmentation *o = a->options;
    size_t bytes = weft_shape_bytes(s);
    if (o->crop_pad) {
        crop(between, in, s, up_to(words[DRAW_CROP_X], smaller(o->crop_pad, s.width)),
            up_to(words[DRAW_CROP_Y], smaller(o->crop_pad, s.height)));
        in = between;
    }
    struct motion m = draw_motion(a, s, picture, words);
    if (o->rotate > 0 || o->zoom > 0)
        warp(result, in, s, &m, quads), in = result;
    else if (m.flip || m.dx || m.dy) {
        bool reflecting = o->border == WEFT_BORDER_REFLECT;
        weft__move_picture(result, in, s, (weft__move){m.dx, m.dy, m.flip, reflecting});
        in = result;
    }
    if (o->brightness > 0 || o->contrast > 0) {
        relight(result, in, bytes, 1 + either_way(words[DRAW_BRIGHTNESS]) * o->brightness,
            1 + either_way(words[DRAW_CONTRAST]) * o->contrast);
        in = result;
    }
    if (o->tint > 0 && s.channels == 3) {
        tint(result, in, bytes / 3, o->tint, words[DRAW_TINT]);
        in = result;
    }
    if (o->erase > 0) {
        if (in != result)
            memcpy(result, in, bytes);
        erase(result, s, draw_box(s, o->erase, words[DRAW_ERASE_X], words[DRAW_ERASE_Y]));
        in = result;
    }
    return in;
}

/* Beta(alpha, alpha) for alpha up to 1, by Jöhnk (1964), in logarithms as the powers may
 * vanish. */
static double draw_share(weft_rng *rng, double alpha)
{
    for (;;) {
        double x = log(((double)weft_rng_u32(rng) + 0.5) * 0x1p-32) / alpha;
        double y = log(((double)weft_rng_u32(rng) + 0.5) * 0x1p-32) / alpha;
        if (exp(x) + exp(y) <= 1)
            return 1 / (1 + exp(y - x));
    }
}

/* out = (share out + (ONE - share) other) / ONE. */
WEFT__SIMD static void blend(
    uint8_t *restrict out, const uint8_t *restrict other, size_t count, uint32_t share)
{
    for (size_t i = 0; i < count; i++)
        out[i] = (uint8_t)((out[i] * share + other[i] * (ONE - share) + HALF) >> 16);
}

/* Yun et al. 2019 (CutMix), equation 2. Returns the share that is left. */
static double paste(uint8_t *out, const uint8_t *other, weft_shape s, struct box b)
{
    for (size_t y = b.top; y < b.bottom; y++) {
        size_t at = (y * s.width + b.left) * s.channels;
        memcpy(out + at, other + at, (b.right - b.left) * s.channels);
    }
    double area = (double)((b.right - b.left) * (b.bottom - b.top));
    return 1 - area / ((double)s.width * s.height);
}

/* Zhang et al. 2018 (mixup) or CutMix; where both are wanted, each for half of the
 * pictures. Returns this picture's share. */
static double mix(uint8_t *out, const uint8_t *other, weft_shape s,
    const weft_augmentation *o, const uint32_t *words, weft_rng *rng)
{
    bool paste_it = o->cutmix > 0 && (o->mixup <= 0 || words[DRAW_CHOICE] >> 31);
    double share = draw_share(rng, paste_it ? o->cutmix : o->mixup);
    if (paste_it)
        return paste(out, other, s,
            draw_box(s, sqrt(1 - share), words[DRAW_BOX_X], words[DRAW_BOX_Y]));
    uint32_t part = (uint32_t)lrint(share * ONE);
    blend(out, other, weft_shape_bytes(s), part);
    return (double)part / ONE;
}

/* The picture at this place of the epoch, or a photo of it, made in `shot`. */
static const uint8_t *photographed(
    const weft__augmenter *a, const uint8_t *in, weft_shape s, size_t place, uint8_t *shot)
{
    weft_rng rng = weft_rng_create(a->seed, WEFT__STREAM_PHOTO + a->epoch);
    rng.position = (uint64_t)place * DRAWS_APART;
    if ((double)weft_rng_uniform(&rng) >= a->options->photo)
        return in;
    weft__photograph(shot, in, s, &rng);
    return shot;
}

/* Working memory: a picture each, and a word for each byte. */
struct rooms {
    uint8_t *shot, *between;
    uint32_t *quads;
};

/* The batch's row as it is, and after every step but mixing. */
static const uint8_t *changed_row(const weft__augmenter *a, const weft__batch *b,
    size_t row, weft_rng *rng, uint32_t words[DRAW_SHARE], uint8_t *result,
    const struct rooms *rooms)
{
    size_t place = b->first + row, picture = b->order[place];
    weft_shape s = weft_dataset_shape(b->view->data);
    const uint8_t *in = weft_view_pixels(b->view, picture);
    *rng = draws_of(a, place);
    weft_rng_fill(rng, words, DRAW_SHARE);
    if (a->options->photo > 0)
        in = photographed(a, in, s, place, rooms->shot);
    return change(a, in, s, picture, words, result, rooms->between, rooms->quads);
}

const uint8_t *weft__augmented_row(weft__target *target, const weft__augmenter *a,
    const weft__batch *b, size_t row, uint8_t *scratch)
{
    const weft_augmentation *o = a->options;
    weft_shape s = weft_dataset_shape(b->view->data);
    size_t bytes = weft_shape_bytes(s), apart = (bytes + 63) / 64 * 64;
    uint8_t *own = scratch, *others = scratch + apart;
    const struct rooms rooms = {scratch + 2 * apart, scratch + 3 * apart,
        (uint32_t *)(void *)(scratch + 4 * apart)};
    uint32_t words[DRAW_SHARE], ignored[DRAW_SHARE];
    weft_rng rng, unused;
    const uint8_t *made = changed_row(a, b, row, &rng, words, own, &rooms);
    uint16_t label = weft_view_label(b->view, b->order[b->first + row]);
    *target = (weft__target){label, label, 1};
    if (o->mixup <= 0 && o->cutmix <= 0)
        return made;
    size_t partner = b->count - 1 - row;
    if (made != own) /* before the rooms are used again */
        memcpy(own, made, bytes);
    const uint8_t *other = changed_row(a, b, partner, &unused, ignored, others, &rooms);
    double share = mix(own, other, s, o, words, &rng);
    uint16_t second = weft_view_label(b->view, b->order[b->first + partner]);
    *target = share >= 0.5 ? (weft__target){label, second, (float)share}
                           : (weft__target){second, label, (float)(1 - share)};
    return own;
}
