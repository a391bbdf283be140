#include "nn/layers/conv_shallow.h"

#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__) && !defined(__clang__) /* which has no pragma for targets */
#include <immintrin.h>
#endif

#include "core/mem.h"
#include "nn/layers/layers.h"
#include "nn/layers/window.h"
#include "nn/real.h"

/* PAIR filters are worked on at once, at the POSITIONS of a pool's window. */
enum { LANES = 16, PAIR = 2 * LANES, POSITIONS = 4 };
enum { MOST_CHANNELS = 4, LARGEST_KERNEL = 4, SLACK = 2 * LANES };
/* What a pool's window covers of one channel fits two registers. In `winners`, a byte says
 * where in it the winner's patch begins, or that the ReLU gave 0. */
enum { COVERED = 2 * LANES, NOBODY = 255 };

/* A member's own. */
struct workspace {
    float *picture;   /* [channels][rows][columns], padding included */
    uint16_t *halves; /* the same in bf16, where `paired` */
    float *covered;   /* [windows][covered]: of one channel, by the pool's windows */
    float *sums;      /* [filters / LANES][taps + 1][LANES]: gradients, the bias' last */
};

struct step {
    uint32_t at;        /* where in a patch its first tap lies */
    uint32_t tap, next; /* of the weights; next: taps where there is none */
};

struct weft__shallow {
    weft__plan_node *node;
    weft__conv conv;
    bool rectified;       /* a ReLU stands before the pool */
    size_t height, width; /* windows of the pool */
    size_t rows, columns; /* of a picture, padding included */
    size_t taps, pairs;
    size_t side, covered; /* of what a window covers; floats of a register or two */
    /* A step of the sum is a tap in f32; or, where activations are bf16 and the processor
     * has products of pairs, two taps beside each other in a line, or one and nothing. */
    bool paired;
    size_t steps;
    struct step *step; /* steps */
    uint32_t *weights; /* [pairs][steps][PAIR]: f32, rounded where activations are; pairs */
    float *bias;       /* [pairs][PAIR] */
    struct workspace *members;
};

/* The kernels are written for AVX-512; elsewhere oneDNN's serve. */
static bool has_kernels(void)
{
#if defined(__x86_64__) && !defined(__clang__) /* which has no pragma for targets */
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl");
#else
    return false;
#endif
}

/* A side of what a window of 2 x 2 positions covers. */
static size_t covered_side(const weft__conv *conv)
{
    return conv->kernel + conv->stride;
}

bool weft__shallow_suits(const weft__conv *conv, const weft__plan_node *pool)
{
    if (pool->node->kind != &weft__layer_maxpool || !has_kernels())
        return false;
    weft__window w = weft__window_of(pool->node);
    size_t side = covered_side(conv);
    size_t rows = conv->in_height + conv->pad_top + conv->pad_bottom;
    size_t columns = conv->in_width + conv->pad_left + conv->pad_right;
    return w.size == 2 && w.stride == 2 && w.pad == 0 && conv->groups == 1 &&
           conv->dilation == 1 && conv->in_channels <= MOST_CHANNELS && conv->kernel >= 2 &&
           conv->kernel <= LARGEST_KERNEL && side * side <= COVERED &&
           rows * columns <= UINT32_MAX / MOST_CHANNELS;
}

static void measure(weft__shallow *s)
{
    const weft__conv *c = &s->conv;
    s->rows = c->in_height + c->pad_top + c->pad_bottom;
    s->columns = c->in_width + c->pad_left + c->pad_right;
    s->taps = c->kernel * c->kernel * c->in_channels;
    s->pairs = (c->out_channels + PAIR - 1) / PAIR;
    s->paired = s->node->plan->real == WEFT__REAL_BF16 && weft__has_bf16_vectors_only();
    s->side = covered_side(c);
    s->covered = s->side * s->side <= LANES ? LANES : COVERED;
    s->height = s->node->writes->node->out.height;
    s->width = s->node->writes->node->out.width;
}

/* The steps of the sum, by channels, rows and columns. */
static weft_status list_steps(weft__shallow *s)
{
    const weft__conv *c = &s->conv;
    WEFT_TRY(weft__calloc(&s->step, s->taps, sizeof *s->step, "a plan"));
    for (size_t i = 0; i < c->in_channels; i++)
        for (size_t u = 0; u < c->kernel; u++)
            for (size_t v = 0; v < c->kernel; v += s->paired ? 2 : 1) {
                size_t tap = (u * c->kernel + v) * c->in_channels + i, next = s->taps;
                if (s->paired && v + 1 < c->kernel)
                    next = tap + c->in_channels;
                s->step[s->steps++] =
                    (struct step){(uint32_t)((i * s->rows + u) * s->columns + v),
                        (uint32_t)tap, (uint32_t)next};
            }
    return WEFT_OK;
}

static weft_status make_workspace(weft__plan *plan, const weft__shallow *s, int m)
{
    struct workspace *w = &s->members[m];
    const char *what = "a convolution's pictures";
    size_t pixels = s->conv.in_channels * s->rows * s->columns + SLACK;
    WEFT_TRY(weft__hold(plan, &w->picture, pixels, sizeof *w->picture, what));
    if (s->paired)
        WEFT_TRY(weft__hold(plan, &w->halves, pixels, sizeof *w->halves, what));
    if (!plan->training)
        return WEFT_OK;
    WEFT_TRY(weft__hold(plan, &w->covered, s->height * s->width * s->covered + SLACK,
        sizeof *w->covered, what));
    return weft__hold(plan, &w->sums, s->pairs * (s->taps + 1) * PAIR, sizeof *w->sums,
        "a convolution's gradients");
}

weft_status weft__shallow_create(weft__shallow **out, const weft__conv *conv,
    weft__plan_node *node, weft__plan_node *relu, weft__plan_node *pool)
{
    weft__plan *plan = node->plan;
    weft__shallow *s;
    WEFT_TRY(weft__calloc(&s, 1, sizeof *s, "a plan"));
    *out = s; /* the layer's to free, whatever comes */
    s->node = node;
    s->conv = *conv;
    s->rectified = relu != NULL;
    node->writes = pool;
    node->workspace_row = plan->training ? weft__dims_size(pool->node->out) : 0;
    pool->skip_forward = pool->passes_gradient = true;
    if (relu)
        relu->skip_forward = relu->passes_gradient = true;
    measure(s);
    WEFT_TRY(list_steps(s));
    const char *what = "convolution weights";
    WEFT_TRY(weft__hold(
        plan, &s->weights, s->pairs * s->steps * PAIR, sizeof *s->weights, what));
    WEFT_TRY(weft__hold(plan, &s->bias, s->pairs * PAIR, sizeof(float), what));
    WEFT_TRY(
        weft__calloc(&s->members, (size_t)plan->members, sizeof *s->members, "a plan"));
    for (int m = 0; m < plan->members; m++)
        WEFT_TRY(make_workspace(plan, s, m));
    return WEFT_OK;
}

void weft__shallow_free(weft__shallow *s)
{
    if (!s)
        return;
    for (int m = 0; s->members && m < s->node->plan->members; m++) {
        free(s->members[m].picture);
        free(s->members[m].halves);
        free(s->members[m].covered);
        free(s->members[m].sums);
    }
    free(s->members);
    free(s->step);
    free(s->weights);
    free(s->bias);
    free(s);
}

/* The word that a step is multiplied with, of a filter's plain weights. */
static uint32_t step_word(
    const weft__shallow *s, const struct step *step, const float *weights, size_t filter)
{
    size_t filters = s->conv.out_channels;
    float weight = weights[step->tap * filters + filter];
    if (s->paired) {
        bool two = step->next < s->taps;
        uint16_t next = two ? weft__to_bf16(weights[step->next * filters + filter]) : 0;
        return weft__to_bf16(weight) | (uint32_t)next << 16;
    }
    if (s->node->plan->real == WEFT__REAL_BF16) /* compute weights are, too */
        weight = weft__from_bf16(weft__to_bf16(weight));
    uint32_t word;
    memcpy(&word, &weight, sizeof word);
    return word;
}

void weft__shallow_prepare(weft__shallow *s, const float *weights, const float *bias)
{
    for (size_t o = 0; o < s->conv.out_channels; o++) {
        uint32_t *to = s->weights + o / PAIR * s->steps * PAIR + o % PAIR;
        for (size_t k = 0; k < s->steps; k++)
            to[k * PAIR] = step_word(s, &s->step[k], weights, o);
        s->bias[o] = bias ? bias[o] : 0;
    }
}

#if defined(__x86_64__) && !defined(__clang__) /* which has no pragma for targets */
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512bf16")
#define INLINE static inline __attribute__((always_inline))

/* One picture, a plane a channel, as `stored`; `real` is what the activations are. The
 * padding stays 0. */
INLINE void take_any(const weft__shallow *s, void *restrict to, const void *restrict in,
    weft__real stored, weft__real real)
{
    const weft__conv *c = &s->conv;
    for (size_t i = 0; i < c->in_channels; i++)
        for (size_t y = 0; y < c->in_height; y++) {
            size_t line = (i * s->rows + y + c->pad_top) * s->columns + c->pad_left;
            size_t from = y * c->in_width * c->in_channels + i;
            if (stored == WEFT__REAL_BF16 && c->in_channels == 1)
                memcpy((uint16_t *)to + line, (const uint16_t *)in + from,
                    c->in_width * sizeof(uint16_t));
            else if (c->in_channels == 1)
                for (size_t x = 0; x < c->in_width; x++)
                    ((float *)to)[line + x] = weft__get(in, from + x, real);
            else
                for (size_t x = 0; x < c->in_width; x++)
                    weft__put(to, line + x, weft__get(in, from + x * c->in_channels, real),
                        stored);
        }
}

INLINE const void *picture_of(const weft__exec *x, const weft__shallow *s, size_t i)
{
    size_t size = weft__dims_size(s->node->node->in[0]);
    const char *in = weft__rows(x->plan, x->self->rank, s->node->in[0]);
    return in + i * size * weft__real_size(x->plan->real);
}

/* The filters that there are of LANES that begin with filter `first`. */
INLINE __mmask16 lanes_from(const weft__shallow *s, size_t first)
{
    size_t left = first < s->conv.out_channels ? s->conv.out_channels - first : 0;
    return left < LANES ? (__mmask16)((1u << left) - 1) : (__mmask16)0xffff;
}

INLINE void put_lanes(
    void *out, size_t at, __mmask16 lanes, __m512 values, bool paired, weft__real real)
{
    if (real == WEFT__REAL_F32) {
        _mm512_mask_storeu_ps((float *)out + at, lanes, values);
    } else if (paired) {
        _mm256_mask_storeu_epi16(
            (uint16_t *)out + at, lanes, (__m256i)_mm512_cvtneps_pbh(values));
    } else { /* weft__to_bf16 on vectors */
        __m512i bits = _mm512_castps_si512(values), upper = _mm512_srli_epi32(bits, 16);
        __m512i odd = _mm512_and_si512(upper, _mm512_set1_epi32(1));
        __m512i rounded = _mm512_add_epi32(bits, _mm512_set1_epi32(0x7fff));
        rounded = _mm512_srli_epi32(_mm512_add_epi32(rounded, odd), 16);
        __mmask16 nan = _mm512_cmp_ps_mask(values, values, _CMP_UNORD_Q);
        rounded = _mm512_mask_or_epi32(rounded, nan, upper, _mm512_set1_epi32(0x40));
        _mm256_mask_storeu_epi16(
            (uint16_t *)out + at, lanes, _mm512_cvtepi32_epi16(rounded));
    }
}

INLINE __m512 get_lanes(const void *in, size_t at, __mmask16 lanes, weft__real real)
{
    if (real == WEFT__REAL_F32)
        return _mm512_maskz_loadu_ps(lanes, (const float *)in + at);
    __m256i upper = _mm256_maskz_loadu_epi16(lanes, (const uint16_t *)in + at);
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(upper), 16));
}

INLINE __m512 multiply_add(__m512 sum, uint32_t value, __m512i weights, bool paired)
{
    __m512i values = _mm512_set1_epi32((int)value);
    return paired ? _mm512_dpbf16_ps(sum, (__m512bh)values, (__m512bh)weights)
                  : _mm512_fmadd_ps(
                        _mm512_castsi512_ps(values), _mm512_castsi512_ps(weights), sum);
}

/* sum[p] = bias + the products of PAIR filters and the patch at position p. */
INLINE void convolve(__m512 sum[POSITIONS][2], const weft__shallow *s,
    const char *const patch[POSITIONS], size_t pair, bool paired)
{
    const uint32_t *weights = s->weights + pair * s->steps * PAIR;
    const float *bias = s->bias + pair * PAIR;
    const struct step *step = s->step, *end = step + s->steps;
#pragma GCC unroll 4
    for (int p = 0; p < POSITIONS; p++) {
        sum[p][0] = _mm512_load_ps(bias);
        sum[p][1] = _mm512_load_ps(bias + LANES);
    }
    for (; step < end; step++, weights += PAIR) {
        __m512i first = _mm512_load_si512(weights);
        __m512i second = _mm512_load_si512(weights + LANES);
        size_t at = step->at * (paired ? sizeof(uint16_t) : sizeof(float));
#pragma GCC unroll 4
        for (int p = 0; p < POSITIONS; p++) {
            uint32_t value;
            memcpy(&value, patch[p] + at, sizeof value);
            sum[p][0] = multiply_add(sum[p][0], value, first, paired);
            sum[p][1] = multiply_add(sum[p][1], value, second, paired);
        }
    }
}

/* The winner of a window for LANES filters; the first of equals wins. What is not a number
 * wins and passes the ReLU, so that it is seen in the loss. */
INLINE void pool_four(const weft__shallow *s, __m512 sum[POSITIONS][2], int half, void *out,
    uint8_t *winners, size_t at, __mmask16 lanes, bool paired, weft__real real)
{
    const int step = (int)s->conv.stride, line = step * (int)s->side;
    const int begins[POSITIONS] = {0, step, line, line + step};
    __m512 best = sum[0][half];
    __m512i where = _mm512_setzero_si512();
#pragma GCC unroll 4
    for (int p = 1; p < POSITIONS; p++) {
        __mmask16 more = _mm512_cmp_ps_mask(sum[p][half], best, _CMP_NLE_UQ);
        best = _mm512_mask_mov_ps(best, more, sum[p][half]);
        where = _mm512_mask_mov_epi32(where, more, _mm512_set1_epi32(begins[p]));
    }
    if (s->rectified) {
        __mmask16 positive = _mm512_cmp_ps_mask(best, _mm512_setzero_ps(), _CMP_NLE_UQ);
        best = _mm512_maskz_mov_ps(positive, best);
        where = _mm512_mask_mov_epi32(_mm512_set1_epi32(NOBODY), positive, where);
    }
    put_lanes(out, at, lanes, best, paired, real);
    if (winners)
        _mm_mask_storeu_epi8(winners + at, lanes, _mm512_cvtepi32_epi8(where));
}

/* `picture` is of floats, or of bf16 where `paired`. */
INLINE void forward_picture(const weft__shallow *s, const void *picture, void *out,
    uint8_t *winners, bool paired, weft__real real)
{
    size_t filters = s->conv.out_channels, size = paired ? sizeof(uint16_t) : sizeof(float);
    size_t step = s->conv.stride * size, line = s->columns * size;
    for (size_t first = 0; first < filters; first += PAIR) {
        __mmask16 lanes = lanes_from(s, first), more = lanes_from(s, first + LANES);
        size_t at = first;
        for (size_t y = 0; y < s->height; y++)
            for (size_t x = 0; x < s->width; x++, at += filters) {
                const char *a =
                    (const char *)picture + 2 * (y * s->conv.stride * line + x * step);
                const char *b = a + s->conv.stride * line;
                const char *const patch[POSITIONS] = {a, a + step, b, b + step};
                __m512 sum[POSITIONS][2];
                convolve(sum, s, patch, first / PAIR, paired);
                pool_four(s, sum, 0, out, winners, at, lanes, paired, real);
                if (more)
                    pool_four(s, sum, 1, out, winners, at + LANES, more, paired, real);
            }
    }
}

INLINE void forward_any(
    const weft__exec *x, const weft__shallow *s, bool paired, weft__real real)
{
    weft__plan *plan = x->plan;
    int m = x->self->rank;
    struct workspace *w = &s->members[m];
    void *picture = paired ? (void *)w->halves : (void *)w->picture;
    weft__real stored = paired ? WEFT__REAL_BF16 : WEFT__REAL_F32;
    char *out = weft__rows(plan, m, s->node->writes->out);
    uint8_t *winners = s->node->workspace == WEFT__NO_BUFFER
                           ? NULL
                           : weft__rows(plan, m, s->node->workspace);
    size_t size = s->height * s->width * s->conv.out_channels;
    for (size_t i = 0; i < x->rows; i++) {
        uint8_t *won = winners ? winners + i * size : NULL;
        take_any(s, picture, picture_of(x, s, i), stored, real);
        forward_picture(
            s, picture, out + i * size * weft__real_size(real), won, paired, real);
    }
}

/* What each window covers of a channel, gathered into a register or two. */
INLINE void cover(const weft__shallow *s, float *to, const float *plane)
{
    size_t step = s->conv.stride, side = s->side;
    for (size_t y = 0; y < s->height; y++)
        for (size_t x = 0; x < s->width; x++, to += s->covered) {
            const float *from = plane + 2 * step * (y * s->columns + x);
            /* Eight at once: what is too much is written over by the next line. */
            for (size_t u = 0; u < side; u++)
                _mm256_storeu_ps(to + u * side, _mm256_loadu_ps(from + u * s->columns));
        }
}

INLINE void add_to(float *sums, __m512 more)
{
    _mm512_store_ps(sums, _mm512_add_ps(_mm512_load_ps(sums), more));
}

/* The sums of one picture, one channel and LANES filters: each filter's product is with
 * the patch of its own winner, which is taken out of what the window covers. */
INLINE void add_winners(const weft__shallow *s, float *sums, const float *covered,
    const void *diff, const uint8_t *winners, size_t first, size_t channel, int kernel,
    bool two, weft__real real)
{
    enum { MOST = 16 };
    size_t filters = s->conv.out_channels, channels = s->conv.in_channels, at = first;
    __mmask16 lanes = lanes_from(s, first);
    __m512 sum[MOST], bias = _mm512_setzero_ps();
    const int side = (int)s->side;
#pragma GCC unroll 16
    for (int t = 0; t < kernel * kernel; t++)
        sum[t] = _mm512_setzero_ps();
    for (size_t i = 0; i < s->height * s->width; i++, at += filters) {
        __m128i where = _mm_maskz_loadu_epi8(lanes, winners + at);
        __mmask16 won =
            _mm_mask_cmpneq_epu8_mask(lanes, where, _mm_set1_epi8((char)NOBODY));
        __m512 value = _mm512_maskz_mov_ps(won, get_lanes(diff, at, lanes, real));
        __m512i begin = _mm512_cvtepu8_epi32(where);
        __m512 a = _mm512_load_ps(covered + i * s->covered), b = a;
        if (two)
            b = _mm512_load_ps(covered + i * s->covered + LANES);
        bias = _mm512_add_ps(bias, value);
#pragma GCC unroll 16
        for (int t = 0; t < kernel * kernel; t++) {
            __m512i here =
                _mm512_add_epi32(begin, _mm512_set1_epi32(t / kernel * side + t % kernel));
            __m512 mine =
                two ? _mm512_permutex2var_ps(a, here, b) : _mm512_permutexvar_ps(here, a);
            sum[t] = _mm512_fmadd_ps(value, mine, sum[t]);
        }
    }
#pragma GCC unroll 16
    for (int t = 0; t < kernel * kernel; t++)
        add_to(sums + ((size_t)t * channels + channel) * LANES, sum[t]);
    if (channel == 0)
        add_to(sums + s->taps * LANES, bias);
}

/* Kernels' sides are compiled apart, so that the sums stay in registers. */
INLINE void add_picture(const weft__shallow *s, struct workspace *w, const void *diff,
    const uint8_t *winners, weft__real real)
{
    for (size_t channel = 0; channel < s->conv.in_channels; channel++) {
        cover(s, w->covered, w->picture + channel * s->rows * s->columns);
        for (size_t first = 0; first < s->conv.out_channels; first += LANES) {
            float *sums = w->sums + first * (s->taps + 1);
#define ADD(kernel, two) \
    add_winners(s, sums, w->covered, diff, winners, first, channel, kernel, two, real)
            if (s->conv.kernel == 2)
                s->covered == LANES ? ADD(2, false) : ADD(2, true);
            else if (s->conv.kernel == 3)
                s->covered == LANES ? ADD(3, false) : ADD(3, true);
            else
                ADD(4, true);
#undef ADD
        }
    }
}

INLINE void backward_any(const weft__exec *x, const weft__shallow *s, weft__real real)
{
    weft__plan *plan = x->plan;
    int m = x->self->rank;
    struct workspace *w = &s->members[m];
    size_t size = s->height * s->width * s->conv.out_channels;
    size_t stride = size * weft__real_size(real);
    const char *diff = weft__rows(plan, m, s->node->diff_out);
    const uint8_t *winners = weft__rows(plan, m, s->node->workspace);
    for (size_t i = 0; i < x->rows; i++) {
        take_any(s, w->picture, picture_of(x, s, i), WEFT__REAL_F32, real);
        add_picture(s, w, diff + i * stride, winners + i * size, real);
    }
}

static void forward_f32(const weft__exec *x, const weft__shallow *s)
{
    forward_any(x, s, false, WEFT__REAL_F32);
}

static void forward_bf16(const weft__exec *x, const weft__shallow *s)
{
    if (s->paired)
        forward_any(x, s, true, WEFT__REAL_BF16);
    else
        forward_any(x, s, false, WEFT__REAL_BF16);
}

static void backward_f32(const weft__exec *x, const weft__shallow *s)
{
    backward_any(x, s, WEFT__REAL_F32);
}

static void backward_bf16(const weft__exec *x, const weft__shallow *s)
{
    backward_any(x, s, WEFT__REAL_BF16);
}
#pragma GCC pop_options
#else
static void forward_f32(const weft__exec *x, const weft__shallow *s)
{
    (void)x, (void)s;
}
#define forward_bf16 forward_f32
#define backward_f32 forward_f32
#define backward_bf16 forward_f32
#endif

void weft__shallow_forward(const weft__exec *x, weft__shallow *s)
{
    x->plan->real == WEFT__REAL_BF16 ? forward_bf16(x, s) : forward_f32(x, s);
}

void weft__shallow_backward(const weft__exec *x, weft__shallow *s)
{
    weft__plan *plan = x->plan;
    int m = x->self->rank;
    size_t filters = s->conv.out_channels, each = s->taps + 1;
    float *sums = s->members[m].sums, *gradient = weft__gradient(plan, m, s->node, 0);
    memset(sums, 0, s->pairs * each * PAIR * sizeof *sums);
    x->plan->real == WEFT__REAL_BF16 ? backward_bf16(x, s) : backward_f32(x, s);
    for (size_t t = 0; t < s->taps; t++)
        for (size_t o = 0; o < filters; o++)
            gradient[t * filters + o] = sums[(o / LANES * each + t) * LANES + o % LANES];
    if (s->node->node->parameter_count < 2)
        return;
    float *bias = weft__gradient(plan, m, s->node, 1);
    for (size_t o = 0; o < filters; o++)
        bias[o] = sums[(o / LANES * each + s->taps) * LANES + o % LANES];
}
