#include "nn/layers/conv_pooled.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/simd.h"
#include "nn/layers/layers.h"
#include "nn/layers/window.h"
#include "nn/real.h"

/* LANES channels in are worked on at once. A few pictures at a time: as many as leave the
 * lists and the pictures' channels in the caches. Filters by FILTERS: their weights for
 * LANES channels then stay in the first-level cache. */
enum { LANES = 16, FILTERS = 64, WINNERS = 4, MOST_ENTRIES = 32768, MOST_PIXELS = 512 };
enum { FEWEST_CHANNELS = 8, LARGEST_KERNEL = 5 };

typedef float vec __attribute__((vector_size(4 * LANES), may_alias));

/* One gradient that is not 0. */
struct entry {
    float value;
    uint32_t at; /* floats: where its position's patch begins, or its filter's weights */
};

/* The entries of one position and FILTERS filters. */
struct place {
    uint32_t at, count;
};

/* A member's own. Pictures are [group][rows][columns][LANES], padding included. */
struct workspace {
    float *in, *diff_in;
    float *sums;              /* [blocks][filters][taps][LANES]: the weights' gradient */
    struct entry *by_filter;  /* [filters][group x windows] */
    uint32_t *filter_entries; /* filters */
    struct entry *by_place;   /* in the order of places */
    struct place *places;     /* of all chunks of filters, one after another */
    size_t *chunk_places;     /* chunks + 1: where each one's places begin */
};

struct weft__pooled {
    weft__plan_node *node;
    const weft__plan_node *pool;
    weft__conv conv;
    weft__window window;
    bool rectified;
    size_t rows, columns; /* of a picture, padding included */
    size_t taps, blocks, chunks, windows, group;
    float *weights; /* [blocks][filters][taps][LANES] */
    struct workspace *members;
};

bool weft__pooled_suits(const weft__conv *conv, const weft__plan_node *pool)
{
    if (pool->node->kind != &weft__layer_maxpool)
        return false;
    weft__window w = weft__window_of(pool->node);
    size_t rows = conv->in_height + conv->pad_top + conv->pad_bottom;
    size_t columns = conv->in_width + conv->pad_left + conv->pad_right;
    return w.size == 2 && w.stride == 2 && conv->groups == 1 && conv->dilation == 1 &&
           conv->kernel >= 2 && conv->kernel <= LARGEST_KERNEL &&
           conv->in_channels >= FEWEST_CHANNELS && rows * columns <= UINT32_MAX / LANES;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void measure(weft__pooled *s)
{
    const weft__conv *c = &s->conv;
    s->rows = c->in_height + c->pad_top + c->pad_bottom;
    s->columns = c->in_width + c->pad_left + c->pad_right;
    s->taps = c->kernel * c->kernel;
    s->blocks = (c->in_channels + LANES - 1) / LANES;
    s->chunks = (c->out_channels + FILTERS - 1) / FILTERS;
    s->windows = s->window.out.height * s->window.out.width;
    size_t by_entries = MOST_ENTRIES / (s->windows * c->out_channels);
    size_t by_pixels = MOST_PIXELS / (s->rows * s->columns);
    s->group = smaller(by_entries, by_pixels);
    s->group = s->group ? s->group : 1;
}

static weft_status make_workspace(weft__plan *plan, const weft__pooled *s, int m)
{
    struct workspace *w = &s->members[m];
    const char *what = "a convolution's gradients";
    size_t filters = s->conv.out_channels, pixels = s->group * s->rows * s->columns;
    size_t entries = filters * s->windows * s->group;
    size_t places = s->chunks * s->windows * s->group * WINNERS;
    WEFT_TRY(weft__hold(plan, &w->in, pixels * LANES, sizeof *w->in, what));
    if (s->node->node->input[0])
        WEFT_TRY(weft__hold(plan, &w->diff_in, pixels * LANES, sizeof *w->diff_in, what));
    WEFT_TRY(weft__hold(
        plan, &w->sums, s->blocks * filters * s->taps * LANES, sizeof *w->sums, what));
    WEFT_TRY(weft__hold(plan, &w->by_filter, entries, sizeof *w->by_filter, what));
    WEFT_TRY(weft__hold(plan, &w->filter_entries, filters, sizeof(uint32_t), what));
    WEFT_TRY(weft__hold(plan, &w->by_place, entries, sizeof *w->by_place, what));
    WEFT_TRY(weft__hold(plan, &w->places, places, sizeof *w->places, what));
    return weft__hold(plan, &w->chunk_places, s->chunks + 1, sizeof(size_t), what);
}

weft_status weft__pooled_create(weft__pooled **out, const weft__conv *conv,
    weft__plan_node *node, weft__plan_node *relu, weft__plan_node *pool)
{
    weft__plan *plan = node->plan;
    weft__pooled *s;
    WEFT_TRY(weft__calloc(&s, 1, sizeof *s, "a plan"));
    *out = s; /* the layer's to free, whatever comes */
    s->node = node;
    s->pool = pool;
    s->conv = *conv;
    s->window = weft__window_of(pool->node);
    s->rectified = relu != NULL;
    measure(s);
    if (relu)
        relu->passes_gradient = true;
    pool->passes_gradient = true;
    pool->kept_for = node;
    size_t weights = s->blocks * conv->out_channels * s->taps * LANES;
    WEFT_TRY(weft__hold(plan, &s->weights, weights, sizeof *s->weights, "weights"));
    WEFT_TRY(
        weft__calloc(&s->members, (size_t)plan->members, sizeof *s->members, "a plan"));
    for (int m = 0; m < plan->members; m++)
        WEFT_TRY(make_workspace(plan, s, m));
    return WEFT_OK;
}

void weft__pooled_free(weft__pooled *s)
{
    if (!s)
        return;
    for (int m = 0; s->members && m < s->node->plan->members; m++) {
        struct workspace *w = &s->members[m];
        free(w->in);
        free(w->diff_in);
        free(w->sums);
        free(w->by_filter);
        free(w->filter_entries);
        free(w->by_place);
        free(w->places);
        free(w->chunk_places);
    }
    free(s->members);
    free(s->weights);
    free(s);
}

/* Channels of block `b` that there are. */
static size_t lanes_of(const weft__pooled *s, size_t b)
{
    return smaller(s->conv.in_channels - b * LANES, LANES);
}

static inline __attribute__((always_inline)) void order_weights(float *restrict to,
    const void *restrict weights, const weft__pooled *s, size_t b, size_t begin, size_t end,
    weft__real real)
{
    size_t filters = s->conv.out_channels, lanes = lanes_of(s, b);
    for (size_t t = 0; t < s->taps; t++)
        for (size_t o = begin; o < end; o++) {
            size_t from = (t * s->conv.in_channels + b * LANES) * filters + o;
            float *line = to + ((b * filters + o) * s->taps + t) * LANES;
            for (size_t k = 0; k < lanes; k++)
                line[k] = weft__get(weights, from + k * filters, real);
        }
}

void weft__pooled_prepare(const weft__exec *x, weft__pooled *s)
{
    weft__plan *plan = x->plan;
    size_t begin, end;
    if (s->node->diff_in[0] == WEFT__NO_BUFFER)
        return;
    weft__team_share(x->self, s->conv.out_channels, LANES, &begin, &end);
    for (size_t b = 0; b < s->blocks; b++)
        if (plan->mirror)
            order_weights(s->weights, weft__mirror(plan, s->node, 0), s, b, begin, end,
                WEFT__REAL_BF16);
        else
            order_weights(s->weights, weft__values(plan, s->node, 0), s, b, begin, end,
                WEFT__REAL_F32);
}

/* The gradients of one window, 0 where the ReLU let nothing through. */
static inline __attribute__((always_inline)) void take_values(float *restrict values,
    const void *restrict diff, const void *restrict out, size_t count, weft__real real)
{
    for (size_t o = 0; o < count; o++) {
        float value = weft__get(diff, o, real);
        values[o] = out && !(weft__get(out, o, real) > 0) ? 0 : value;
    }
}

/* What list_window reads and where the four winners' patches begin. */
struct source {
    const float *values;
    const uint8_t *chosen;
    uint32_t patch[WINNERS];
};

/* Lists the gradients of one window and filters first to first + count. Every entry is
 * written, and counted where it is not 0. */
static inline __attribute__((always_inline)) size_t list_window(const weft__pooled *s,
    struct workspace *w, const struct source *from, size_t first, size_t count,
    struct entry *to, struct place **place)
{
    struct entry found[WINNERS][FILTERS];
    uint64_t counts = 0; /* 16 bits a winner */
    size_t capacity = s->windows * s->group, each = s->taps * LANES, total = 0;
    uint32_t *entries = w->filter_entries + first;
    struct entry *list = w->by_filter + first * capacity;
    for (size_t o = 0; o < count; o++, list += capacity) {
        float value = from->values[o];
        uint32_t winner = from->chosen[o];
        uint64_t one = value != 0;
        list[entries[o]] = (struct entry){value, from->patch[winner]};
        entries[o] += (uint32_t)one;
        found[winner][(counts >> (16 * winner)) & 0xffff] =
            (struct entry){value, (uint32_t)(o * each)};
        counts += one << (16 * winner);
    }
    for (size_t k = 0; k < WINNERS; k++) {
        size_t n = (counts >> (16 * k)) & 0xffff;
        if (n == 0)
            continue;
        memcpy(to + total, found[k], n * sizeof *to);
        total += n;
        *(*place)++ = (struct place){from->patch[k], (uint32_t)n};
    }
    return total;
}

/* Lists the gradients of pictures first to first + count of the member's rows. */
static inline __attribute__((always_inline)) void list_any(const weft__pooled *s,
    struct workspace *w, int m, size_t first, size_t count, weft__real real)
{
    weft__plan *plan = s->node->plan;
    const weft__window *g = &s->window;
    size_t filters = s->conv.out_channels, size = s->windows * filters, total = 0;
    const void *diff = weft__rows(plan, m, s->pool->diff_out);
    const void *out = s->rectified ? weft__rows(plan, m, s->pool->out) : NULL;
    const uint8_t *chosen = weft__rows(plan, m, s->pool->workspace);
    struct place *place = w->places;
    memset(w->filter_entries, 0, filters * sizeof *w->filter_entries);
    for (size_t c = 0; c < s->chunks; c++) {
        size_t from = c * FILTERS, here = smaller(filters - from, FILTERS);
        w->chunk_places[c] = (size_t)(place - w->places);
        for (size_t i = 0; i < count; i++)
            for (size_t y = 0; y < g->out.height; y++)
                for (size_t x = 0; x < g->out.width; x++) {
                    size_t at =
                        (first + i) * size + (y * g->out.width + x) * filters + from;
                    float values[FILTERS];
                    take_values(values, (const char *)diff + at * weft__real_size(real),
                        out ? (const char *)out + at * weft__real_size(real) : NULL, here,
                        real);
                    struct source source = {values, chosen + at, {0}};
                    for (size_t k = 0; k < WINNERS; k++) {
                        size_t py = (2 * y + k / 2 - g->pad) * s->conv.stride;
                        size_t px = (2 * x + k % 2 - g->pad) * s->conv.stride;
                        source.patch[k] =
                            (uint32_t)(((i * s->rows + py) * s->columns + px) * LANES);
                    }
                    total +=
                        list_window(s, w, &source, from, here, w->by_place + total, &place);
                }
    }
    w->chunk_places[s->chunks] = (size_t)(place - w->places);
}

WEFT__SIMD static void list_gradients(
    const weft__pooled *s, struct workspace *w, int m, size_t first, size_t count)
{
    if (s->node->plan->real == WEFT__REAL_BF16)
        list_any(s, w, m, first, count, WEFT__REAL_BF16);
    else
        list_any(s, w, m, first, count, WEFT__REAL_F32);
}

/* One block's channels of pictures first to first + count, into w->in. What lies outside
 * the pictures and the channels stays 0. */
static inline __attribute__((always_inline)) void take_any(const weft__pooled *s,
    struct workspace *w, int m, size_t b, size_t first, size_t count, weft__real real)
{
    const weft__conv *c = &s->conv;
    const void *in = weft__rows(s->node->plan, m, s->node->in[0]);
    size_t channels = c->in_channels, lanes = lanes_of(s, b);
    for (size_t i = 0; i < count; i++)
        for (size_t y = 0; y < c->in_height; y++) {
            size_t from = ((first + i) * c->in_height + y) * c->in_width * channels;
            float *to =
                w->in + ((i * s->rows + y + c->pad_top) * s->columns + c->pad_left) * LANES;
            for (size_t x = 0; x < c->in_width; x++)
                if (lanes == LANES)
                    for (size_t k = 0; k < LANES; k++)
                        to[x * LANES + k] =
                            weft__get(in, from + x * channels + b * LANES + k, real);
                else
                    for (size_t k = 0; k < LANES; k++)
                        to[x * LANES + k] =
                            k < lanes
                                ? weft__get(in, from + x * channels + b * LANES + k, real)
                                : 0;
        }
}

WEFT__SIMD static void take_pictures(
    const weft__pooled *s, struct workspace *w, int m, size_t b, size_t first, size_t count)
{
    if (s->node->plan->real == WEFT__REAL_BF16)
        take_any(s, w, m, b, first, count, WEFT__REAL_BF16);
    else
        take_any(s, w, m, b, first, count, WEFT__REAL_F32);
}

static inline __attribute__((always_inline)) void give_any(const weft__pooled *s,
    const struct workspace *w, int m, size_t b, size_t first, size_t count, weft__real real)
{
    const weft__conv *c = &s->conv;
    void *diff = weft__rows(s->node->plan, m, s->node->diff_in[0]);
    size_t channels = c->in_channels, lanes = lanes_of(s, b);
    for (size_t i = 0; i < count; i++)
        for (size_t y = 0; y < c->in_height; y++) {
            size_t to = ((first + i) * c->in_height + y) * c->in_width * channels;
            const float *from =
                w->diff_in +
                ((i * s->rows + y + c->pad_top) * s->columns + c->pad_left) * LANES;
            for (size_t x = 0; x < c->in_width; x++)
                if (lanes == LANES)
                    for (size_t k = 0; k < LANES; k++)
                        weft__put(diff, to + x * channels + b * LANES + k,
                            from[x * LANES + k], real);
                else
                    for (size_t k = 0; k < lanes; k++)
                        weft__put(diff, to + x * channels + b * LANES + k,
                            from[x * LANES + k], real);
        }
}

WEFT__SIMD static void give_pictures(const weft__pooled *s, const struct workspace *w,
    int m, size_t b, size_t first, size_t count)
{
    if (s->node->plan->real == WEFT__REAL_BF16)
        give_any(s, w, m, b, first, count, WEFT__REAL_BF16);
    else
        give_any(s, w, m, b, first, count, WEFT__REAL_F32);
}

/* sums[tap] += value in[patch + tap], over one filter's entries. The sums are registers. */
static inline __attribute__((always_inline)) void add_patches(float *sums,
    const struct entry *entries, size_t count, const float *in, size_t row, int kernel)
{
    vec sum[LARGEST_KERNEL * LARGEST_KERNEL];
#pragma GCC unroll 25
    for (int t = 0; t < kernel * kernel; t++)
        sum[t] = ((const vec *)sums)[t];
    for (size_t i = 0; i < count; i++) {
        const float *patch = in + entries[i].at;
        float value = entries[i].value;
#pragma GCC unroll 25
        for (int t = 0; t < kernel * kernel; t++)
            sum[t] += value * *(const vec *)(patch + (size_t)(t / kernel) * row +
                                             t % kernel * LANES);
    }
#pragma GCC unroll 25
    for (int t = 0; t < kernel * kernel; t++)
        ((vec *)sums)[t] = sum[t];
}

/* diff[patch + tap] += sum of value weights[filter][tap], over one place's entries. */
static inline __attribute__((always_inline)) void add_filters(float *diff, size_t row,
    const struct entry *entries, size_t count, const float *weights, int kernel)
{
    vec sum[LARGEST_KERNEL * LARGEST_KERNEL];
#pragma GCC unroll 25
    for (int t = 0; t < kernel * kernel; t++)
        sum[t] = (vec){0};
    for (size_t i = 0; i < count; i++) {
        const vec *filter = (const vec *)(weights + entries[i].at);
        float value = entries[i].value;
#pragma GCC unroll 25
        for (int t = 0; t < kernel * kernel; t++)
            sum[t] += value * filter[t];
    }
#pragma GCC unroll 25
    for (int t = 0; t < kernel * kernel; t++)
        *(vec *)(diff + (size_t)(t / kernel) * row + t % kernel * LANES) += sum[t];
}

static inline __attribute__((always_inline)) void weights_any(
    const weft__pooled *s, struct workspace *w, size_t b, int kernel)
{
    size_t filters = s->conv.out_channels, capacity = s->windows * s->group;
    for (size_t o = 0; o < filters; o++)
        add_patches(w->sums + (b * filters + o) * s->taps * LANES,
            w->by_filter + o * capacity, w->filter_entries[o], w->in, s->columns * LANES,
            kernel);
}

static inline __attribute__((always_inline)) void data_any(
    const weft__pooled *s, struct workspace *w, size_t b, int kernel)
{
    size_t filters = s->conv.out_channels, each = s->taps * LANES;
    const struct entry *entries = w->by_place;
    for (size_t c = 0; c < s->chunks; c++) {
        const float *weights = s->weights + (b * filters + c * FILTERS) * each;
        for (size_t p = w->chunk_places[c]; p < w->chunk_places[c + 1]; p++) {
            add_filters(w->diff_in + w->places[p].at, s->columns * LANES, entries,
                w->places[p].count, weights, kernel);
            entries += w->places[p].count;
        }
    }
}

/* Kernels' sides are compiled apart, so that their sums stay in registers. */
WEFT__SIMD static void add_weights(const weft__pooled *s, struct workspace *w, size_t b)
{
    switch (s->conv.kernel) {
    case 2:
        weights_any(s, w, b, 2);
        break;
    case 3:
        weights_any(s, w, b, 3);
        break;
    case 4:
        weights_any(s, w, b, 4);
        break;
    case 5:
        weights_any(s, w, b, 5);
        break;
    }
}

WEFT__SIMD static void add_data(const weft__pooled *s, struct workspace *w, size_t b)
{
    switch (s->conv.kernel) {
    case 2:
        data_any(s, w, b, 2);
        break;
    case 3:
        data_any(s, w, b, 3);
        break;
    case 4:
        data_any(s, w, b, 4);
        break;
    case 5:
        data_any(s, w, b, 5);
        break;
    }
}

/* The sums, in the weights' own order. */
WEFT__SIMD static void give_weights(
    float *restrict gradient, const weft__pooled *s, const float *restrict sums)
{
    size_t filters = s->conv.out_channels;
    for (size_t t = 0; t < s->taps; t++)
        for (size_t i = 0; i < s->conv.in_channels; i++)
            for (size_t o = 0; o < filters; o++)
                gradient[(t * s->conv.in_channels + i) * filters + o] =
                    sums[((i / LANES * filters + o) * s->taps + t) * LANES + i % LANES];
}

static void add_bias(float *gradient, const weft__pooled *s, const struct workspace *w)
{
    size_t capacity = s->windows * s->group;
    for (size_t o = 0; o < s->conv.out_channels; o++)
        for (size_t i = 0; i < w->filter_entries[o]; i++)
            gradient[o] += w->by_filter[o * capacity + i].value;
}

void weft__pooled_backward(const weft__exec *x, weft__pooled *s)
{
    weft__plan *plan = x->plan;
    int m = x->self->rank;
    struct workspace *w = &s->members[m];
    size_t filters = s->conv.out_channels, pixels = s->rows * s->columns * LANES;
    bool data = s->node->diff_in[0] != WEFT__NO_BUFFER;
    float *bias =
        s->node->node->parameter_count > 1 ? weft__gradient(plan, m, s->node, 1) : NULL;
    memset(w->sums, 0, s->blocks * filters * s->taps * LANES * sizeof *w->sums);
    if (bias)
        memset(bias, 0, filters * sizeof *bias);
    for (size_t first = 0; first < x->rows; first += s->group) {
        size_t count = smaller(x->rows - first, s->group);
        list_gradients(s, w, m, first, count);
        if (bias)
            add_bias(bias, s, w);
        for (size_t b = 0; b < s->blocks; b++) {
            take_pictures(s, w, m, b, first, count);
            add_weights(s, w, b);
            if (!data)
                continue;
            memset(w->diff_in, 0, count * pixels * sizeof *w->diff_in);
            add_data(s, w, b);
            give_pictures(s, w, m, b, first, count);
        }
    }
    give_weights(weft__gradient(plan, m, s->node, 0), s, w->sums);
}
