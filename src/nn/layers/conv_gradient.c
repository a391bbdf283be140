#include "nn/layers/conv_gradient.h"

#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>

#define BF16 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))
#define BF16_INLINE BF16 static inline __attribute__((always_inline))

enum { LANES = 16 };
/* Of the packed pictures that are multiplied at once. They should stay in the second-level
 * cache, but the more they are, the seldomer a large gradient is read and written. */
static const size_t LEAST_BYTES = 200 << 10, MOST_BYTES = 700 << 10;

/* Packed: pairs of pictures, of `channels` in panels of 16, each panel the pixels of all
 * pairs row by row, with zeros around; a pixel is 16 x 2 numbers. */
struct packed {
    uint32_t *values;
    size_t height, width, channels; /* the border included */
    size_t pairs;
};

static inline size_t panel_size(const struct packed *p)
{
    return p->pairs * p->height * p->width * LANES;
}

static struct packed input_of(const weft__conv *c, size_t pairs)
{
    return (struct packed){.height = c->in_height + c->pad_top + c->pad_bottom,
        .width = c->in_width + c->pad_left + c->pad_right,
        .channels = c->in_channels,
        .pairs = pairs};
}

static struct packed gradient_of(const weft__conv *c, size_t pairs)
{
    return (struct packed){.height = c->out_height,
        .width = c->out_width,
        .channels = c->out_channels,
        .pairs = pairs};
}

static size_t packed_bytes(const struct packed *p)
{
    return panel_size(p) * (p->channels / LANES) * sizeof *p->values;
}

static size_t weights_bytes(const weft__conv *c)
{
    return c->kernel * c->kernel * c->in_channels * c->out_channels * sizeof(float);
}

static size_t pairs_at_once(const weft__conv *c)
{
    struct packed in = input_of(c, 1), gradient = gradient_of(c, 1);
    size_t bytes = weights_bytes(c);
    bytes = bytes < LEAST_BYTES ? LEAST_BYTES : bytes > MOST_BYTES ? MOST_BYTES : bytes;
    size_t pairs = bytes / (packed_bytes(&in) + packed_bytes(&gradient));
    size_t all = (c->batch + 1) / 2;
    pairs = pairs < 1 ? 1 : pairs;
    return pairs < all ? pairs : all;
}

size_t weft__conv_gradient_scratch(const weft__conv *c)
{
    struct packed in = input_of(c, pairs_at_once(c));
    struct packed gradient = gradient_of(c, pairs_at_once(c));
    return packed_bytes(&in) + packed_bytes(&gradient);
}

bool weft__conv_gradient_serves(const weft__conv *c)
{
    return weft__has_bf16_vectors_only() && c->groups == 1 && c->in_channels % LANES == 0 &&
           c->out_channels % LANES == 0;
}

BF16_INLINE __m512i pair(const uint16_t *a, const uint16_t *b)
{
    __m512i low = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)a));
    __m512i high = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)b));
    return _mm512_or_si512(low, _mm512_slli_epi32(high, 16));
}

/* Pictures of height x width into the middle of `to`, whose border stays as it is. A last
 * picture without a partner is paired with zeros. */
BF16 static void pack(const struct packed *to, const uint16_t *from, size_t pictures,
    size_t height, size_t width, size_t top, size_t left)
{
    size_t channels = to->channels, picture = height * width * channels;
    for (size_t n = 0; n < to->pairs; n++)
        for (size_t y = 0; y < height; y++) {
            const uint16_t *a = from + 2 * n * picture + y * width * channels;
            const uint16_t *b = a + picture;
            uint32_t *row =
                to->values + ((n * to->height + top + y) * to->width + left) * LANES;
            bool alone = 2 * n + 1 == pictures;
            for (size_t c = 0; c < channels; c += LANES, row += panel_size(to))
                for (size_t x = 0; x < width; x++) {
                    const uint16_t *at = a + x * channels + c;
                    __m512i both =
                        alone ? _mm512_cvtepu16_epi32(_mm256_loadu_si256((const void *)at))
                              : pair(at, b + x * channels + c);
                    _mm512_store_si512(row + x * LANES, both);
                }
        }
}

/* The sums of a packed gradient over its pixels. */
BF16 static void add_bias(float *bias, const struct packed *gradient)
{
    size_t pixels = gradient->pairs * gradient->height * gradient->width;
    const __m512bh one = (__m512bh)_mm512_set1_epi16(0x3f80);
    for (size_t c = 0; c < gradient->channels; c += LANES) {
        const uint32_t *at = gradient->values + c / LANES * panel_size(gradient);
        __m512 sum = _mm512_setzero_ps();
        for (size_t i = 0; i < pixels; i++)
            sum = _mm512_dpbf16_ps(sum, (__m512bh)_mm512_load_si512(at + i * LANES), one);
        _mm512_storeu_ps(bias + c, _mm512_add_ps(_mm512_loadu_ps(bias + c), sum));
    }
}

/* One tile: ROWS channels in by 16 COLUMNS channels out of one filter element, summed over
 * all pixels of all pairs. `in` is the panel at the element's shift. */
struct tile {
    const uint32_t *in, *gradient;
    size_t in_pixel, in_row, in_picture; /* to the next one's, in words */
    size_t panel;                        /* of the gradient, to the next 16 channels */
    size_t pairs, height, width;
    float *weights; /* in x out */
    size_t out_channels;
};

#define DEFINE_TILE(NAME, ROWS, COLUMNS) \
    BF16 static void NAME(const struct tile *t) \
    { \
        __m512 sum[ROWS][COLUMNS]; \
        const uint32_t *g = t->gradient; \
        const size_t panel = t->panel, in_pixel = t->in_pixel; \
        _Pragma("GCC unroll 16") for (int i = 0; i < ROWS; i++) \
            _Pragma("GCC unroll 16") for (int j = 0; j < COLUMNS; j++) sum[i][j] = \
                _mm512_setzero_ps(); \
        for (size_t n = 0; n < t->pairs; n++) \
            for (size_t y = 0; y < t->height; y++) { \
                const uint32_t *a = t->in + n * t->in_picture + y * t->in_row; \
                for (size_t x = 0; x < t->width; x++, a += in_pixel, g += LANES) { \
                    __m512bh d[COLUMNS]; \
                    _Pragma("GCC unroll 16") for (int j = 0; j < COLUMNS; j++) d[j] = \
                        (__m512bh)_mm512_load_si512(g + (size_t)j * panel); \
                    _Pragma("GCC unroll 16") for (int i = 0; i < ROWS; i++) \
                    { \
                        __m512bh v = (__m512bh)_mm512_set1_epi32((int)a[i]); \
                        _Pragma("GCC unroll 16") for (int j = 0; j < COLUMNS; j++) \
                            sum[i][j] = _mm512_dpbf16_ps(sum[i][j], v, d[j]); \
                    } \
                } \
            } \
        _Pragma("GCC unroll 16") for (int i = 0; i < ROWS; i++) \
            _Pragma("GCC unroll 16") for (int j = 0; j < COLUMNS; j++) \
        { \
            float *w = t->weights + (size_t)i * t->out_channels + (size_t)j * LANES; \
            _mm512_storeu_ps(w, _mm512_add_ps(_mm512_loadu_ps(w), sum[i][j])); \
        } \
    }

DEFINE_TILE(tile_wide, 4, 4)
DEFINE_TILE(tile_middle, 8, 2)
DEFINE_TILE(tile_narrow, 16, 1)

static const struct shape {
    size_t rows, columns;
    void (*run)(const struct tile *);
} shapes[] = {{4, 4, tile_wide}, {8, 2, tile_middle}, {16, 1, tile_narrow}};

/* weights += what the packed pictures give. */
static void multiply(float *weights, const struct packed *in, const struct packed *gradient,
    const weft__conv *c)
{
    size_t columns = c->out_channels / LANES;
    const struct shape *shape = &shapes[columns % 4 == 0 ? 0 : columns % 2 == 0 ? 1 : 2];
    struct tile t = {.in_pixel = c->stride * LANES,
        .in_row = c->stride * in->width * LANES,
        .in_picture = in->height * in->width * LANES,
        .panel = panel_size(gradient),
        .pairs = in->pairs,
        .height = c->out_height,
        .width = c->out_width,
        .out_channels = c->out_channels};
    for (size_t o = 0; o < c->out_channels; o += shape->columns * LANES)
        for (size_t i0 = 0; i0 < c->in_channels; i0 += LANES)
            for (size_t k = 0; k < c->kernel * c->kernel; k++)
                for (size_t i = i0; i < i0 + LANES; i += shape->rows) {
                    size_t y = k / c->kernel * c->dilation, x = k % c->kernel * c->dilation;
                    t.in = in->values + i0 / LANES * panel_size(in) +
                           (y * in->width + x) * LANES + (i - i0);
                    t.gradient = gradient->values + o / LANES * t.panel;
                    t.weights = weights + (k * c->in_channels + i) * c->out_channels + o;
                    shape->run(&t);
                }
}

void weft__conv_gradient(float *weights, float *bias, const uint16_t *in,
    const uint16_t *diff_out, const weft__conv *c, void *scratch)
{
    size_t at_once = pairs_at_once(c),
           in_size = c->in_height * c->in_width * c->in_channels;
    size_t out_size = c->out_height * c->out_width * c->out_channels;
    memset(weights, 0, weights_bytes(c));
    if (bias)
        memset(bias, 0, c->out_channels * sizeof *bias);
    for (size_t first = 0; first < c->batch; first += 2 * at_once) {
        size_t left = c->batch - first, pictures = left < 2 * at_once ? left : 2 * at_once;
        struct packed a = input_of(c, (pictures + 1) / 2);
        struct packed g = gradient_of(c, (pictures + 1) / 2);
        a.values = scratch;
        g.values = a.values + packed_bytes(&a) / sizeof *a.values;
        if (c->pad_top + c->pad_bottom + c->pad_left + c->pad_right)
            memset(a.values, 0, packed_bytes(&a));
        pack(&a, in + first * in_size, pictures, c->in_height, c->in_width, c->pad_top,
            c->pad_left);
        pack(&g, diff_out + first * out_size, pictures, c->out_height, c->out_width, 0, 0);
        if (bias)
            add_bias(bias, &g);
        multiply(weights, &a, &g, c);
    }
}

#else

bool weft__conv_gradient_serves(const weft__conv *c)
{
    (void)c;
    return false;
}

size_t weft__conv_gradient_scratch(const weft__conv *c)
{
    (void)c;
    return 0;
}

void weft__conv_gradient(float *weights, float *bias, const uint16_t *in,
    const uint16_t *diff_out, const weft__conv *conv, void *scratch)
{
    (void)weights, (void)bias, (void)in, (void)diff_out, (void)conv, (void)scratch;
}

#endif
