#include "data/cutout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "data/mixture.h"

/* What a pixel is taken for when the colours are fitted. */
enum { GROUND, THING, UNSURE };
enum { ROUNDS = 5, SWEEPS = 60 };

/* Chosen by looking at the photos of clothes/train, and by how many of them a network of
 * Fashion-MNIST then knew (docs/results/photos.md). */
static const float EDGE = 0.03f; /* of a side: surely ground */
static const float NEAR = 0.5f;  /* of the half diagonal: taken for the thing at first */
static const float FAR = 0.95f;  /* and for ground */
static const float STEEP = 5, MOST = 2; /* of the prior by place, a logarithm of odds */
static const float FADE = 0.3f;         /* of that prior from round to round */
static const float SURE = 5;            /* largest such by colour */
static const float STIFF = 6;           /* of the walker against the priors */
static const float LEAK = 0.03f;        /* of the walker across any edge */
static const float WHOLE = 0.15f; /* of the largest part: further parts as large count */
static const float SMALL = 0.03f, LARGE = 0.95f; /* of the picture: no thing found */

struct scene {
    uint32_t height, width;
    size_t count;
    float (*colour)[3];   /* brightness, blue and red differences, about 0 to 1 */
    float *place;         /* the prior by place */
    float *aim, *pull;    /* of the walker: where to, how strongly */
    float *across, *down; /* its ease of going right and down from a pixel */
    float *likely;        /* the answer; borrowed */
    uint8_t *marks, *work;
    uint32_t *stack, *part; /* of the connected parts */
    size_t *size;           /* each part's pixels */
};

static weft_status make_scene(struct scene *s, uint32_t height, uint32_t width)
{
    const char *what = "finding what a photo is of";
    *s = (struct scene){.height = height, .width = width, .count = (size_t)height * width};
    WEFT_TRY(weft__alloc(&s->colour, s->count, sizeof *s->colour, what));
    float **arrays[] = {&s->place, &s->aim, &s->pull, &s->across, &s->down};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        WEFT_TRY(weft__alloc(arrays[i], s->count, sizeof(float), what));
    WEFT_TRY(weft__alloc(&s->marks, s->count, 1, what));
    WEFT_TRY(weft__alloc(&s->work, s->count, 1, what));
    WEFT_TRY(weft__alloc(&s->stack, s->count, sizeof *s->stack, what));
    WEFT_TRY(weft__alloc(&s->size, s->count, sizeof *s->size, what));
    return weft__alloc(&s->part, s->count, sizeof *s->part, what);
}

static void clear_scene(struct scene *s)
{
    free(s->colour);
    free(s->place);
    free(s->aim);
    free(s->pull);
    free(s->across);
    free(s->down);
    free(s->marks);
    free(s->work);
    free(s->stack);
    free(s->part);
    free(s->size);
}

/* Light changes brightness more than colour: it counts for less. */
static void take_colours(struct scene *s, const uint8_t *rgb)
{
    for (size_t i = 0; i < s->count; i++) {
        float r = (float)rgb[3 * i] / 255, g = (float)rgb[3 * i + 1] / 255,
              b = (float)rgb[3 * i + 2] / 255;
        float y = 0.299f * r + 0.587f * g + 0.114f * b;
        s->colour[i][0] = 0.7f * y;
        s->colour[i][1] = 0.9f * (b - y);
        s->colour[i][2] = 1.1f * (r - y);
    }
}

static bool at_edge(const struct scene *s, uint32_t y, uint32_t x)
{
    float v = ((float)y + 0.5f) / (float)s->height, u = ((float)x + 0.5f) / (float)s->width;
    return u < EDGE || v < EDGE || u > 1 - EDGE || v > 1 - EDGE;
}

static void take_places(struct scene *s)
{
    for (uint32_t y = 0; y < s->height; y++)
        for (uint32_t x = 0; x < s->width; x++) {
            size_t i = (size_t)y * s->width + x;
            float v = 2 * ((float)y + 0.5f) / (float)s->height - 1;
            float u = 2 * ((float)x + 0.5f) / (float)s->width - 1;
            float r = sqrtf((u * u + v * v) / 2) * 1.41421356f;
            float odds = STEEP * (0.8f - r);
            s->place[i] = odds > MOST ? MOST : odds < -MOST ? -MOST : odds;
            s->marks[i] = at_edge(s, y, x) || r > FAR ? GROUND : r < NEAR ? THING : UNSURE;
        }
}

static float difference(const struct scene *s, size_t a, size_t b)
{
    float sum = 0;
    for (int c = 0; c < 3; c++)
        sum += (s->colour[a][c] - s->colour[b][c]) * (s->colour[a][c] - s->colour[b][c]);
    return sum;
}

/* How easily the walker goes from a pixel to the next: less across an edge of colours, by
 * the picture's mean difference. */
static void take_edges(struct scene *s)
{
    double sum = 0;
    size_t n = 0, w = s->width;
    for (size_t i = 0; i < s->count; i++) {
        s->across[i] = (i + 1) % w ? difference(s, i, i + 1) : 0;
        s->down[i] = i + w < s->count ? difference(s, i, i + w) : 0;
        sum += (double)(s->across[i] + s->down[i]);
        n += 2;
    }
    float scale = (float)(sum / (double)n) * 2 + 1e-6f;
    for (size_t i = 0; i < s->count; i++) {
        s->across[i] = (i + 1) % w ? LEAK + expf(-s->across[i] / scale) : 0;
        s->down[i] = i + w < s->count ? LEAK + expf(-s->down[i] / scale) : 0;
    }
}

/* One step of the walker's equations at pixel i: the mean of its neighbours and its aim. */
static void relax(struct scene *s, size_t i)
{
    size_t w = s->width;
    float sum = s->pull[i] * s->aim[i], weight = s->pull[i];
    if ((i + 1) % w) {
        sum += STIFF * s->across[i] * s->likely[i + 1];
        weight += STIFF * s->across[i];
    }
    if (i % w) {
        sum += STIFF * s->across[i - 1] * s->likely[i - 1];
        weight += STIFF * s->across[i - 1];
    }
    if (i + w < s->count) {
        sum += STIFF * s->down[i] * s->likely[i + w];
        weight += STIFF * s->down[i];
    }
    if (i >= w) {
        sum += STIFF * s->down[i - w] * s->likely[i - w];
        weight += STIFF * s->down[i - w];
    }
    const float ahead = 1.6f; /* over-relaxation */
    s->likely[i] += ahead * (sum / weight - s->likely[i]);
}

static void walk(struct scene *s)
{
    for (int sweep = 0; sweep < SWEEPS; sweep++) {
        if (sweep % 2 == 0)
            for (size_t i = 0; i < s->count; i++)
                relax(s, i);
        else
            for (size_t i = s->count; i-- > 0;)
                relax(s, i);
    }
}

/* From the colours of what is taken for thing and ground to what is likely; the prior by
 * place counts by `trust`. */
static void judge(struct scene *s, float trust)
{
    weft__mixture thing, ground;
    const float(*colours)[3] = (const float(*)[3])s->colour;
    weft__mixture_fit(&thing, colours, s->marks, THING, s->count, s->work);
    weft__mixture_fit(&ground, colours, s->marks, GROUND, s->count, s->work);
    for (uint32_t y = 0; y < s->height; y++)
        for (uint32_t x = 0; x < s->width; x++) {
            size_t i = (size_t)y * s->width + x;
            float odds = weft__mixture_log(&thing, s->colour[i]) -
                         weft__mixture_log(&ground, s->colour[i]);
            odds = (odds > SURE ? SURE : odds < -SURE ? -SURE : odds) + trust * s->place[i];
            float chance = 1 / (1 + expf(-odds));
            s->aim[i] = at_edge(s, y, x) ? 0 : chance;
            s->pull[i] = at_edge(s, y, x) ? STIFF : 0.05f + fabsf(2 * chance - 1);
            s->likely[i] = s->aim[i];
        }
    walk(s);
    for (size_t i = 0; i < s->count; i++)
        s->marks[i] = s->likely[i] > 0.5f ? THING : GROUND;
}

/* Gives the connected pixels of `mark` from `start` on the number `part`; how many. */
static size_t flood(struct scene *s, size_t start, uint8_t mark, uint32_t part)
{
    size_t depth = 0, found = 0, w = s->width;
    s->stack[depth++] = (uint32_t)start;
    s->part[start] = part;
    while (depth) {
        size_t i = s->stack[--depth];
        const size_t next[4] = {i % w ? i - 1 : i, (i + 1) % w ? i + 1 : i,
            i >= w ? i - w : i, i + w < s->count ? i + w : i};
        found++;
        for (int d = 0; d < 4; d++)
            if (s->marks[next[d]] == mark && s->part[next[d]] == 0) {
                s->part[next[d]] = part;
                s->stack[depth++] = (uint32_t)next[d];
            }
    }
    return found;
}

/* Holes become the thing's: ground that does not reach the edge. */
static void fill_holes(struct scene *s)
{
    memset(s->part, 0, s->count * sizeof *s->part);
    for (uint32_t y = 0; y < s->height; y++)
        for (uint32_t x = 0; x < s->width; x++) {
            size_t i = (size_t)y * s->width + x;
            bool border = y == 0 || x == 0 || y + 1 == s->height || x + 1 == s->width;
            if (border && s->marks[i] == GROUND && s->part[i] == 0)
                flood(s, i, GROUND, 1);
        }
    for (size_t i = 0; i < s->count; i++)
        if (s->part[i] == 0)
            s->marks[i] = THING;
}

/* Only the largest part and those of its order stay. Returns their pixels. */
static size_t keep_parts(struct scene *s)
{
    size_t largest = 0, kept = 0;
    uint32_t parts = 0;
    memset(s->part, 0, s->count * sizeof *s->part);
    for (size_t i = 0; i < s->count; i++)
        if (s->marks[i] == THING && s->part[i] == 0) {
            s->size[parts] = flood(s, i, THING, parts + 1);
            largest = s->size[parts] > largest ? s->size[parts] : largest;
            parts++;
        }
    for (size_t i = 0; i < s->count; i++) {
        bool stays = s->part[i] && (float)s->size[s->part[i] - 1] >= WHOLE * (float)largest;
        s->marks[i] = stays ? THING : GROUND;
        kept += stays;
    }
    return kept;
}

static void measure(weft__cutout *out, const struct scene *s, size_t kept)
{
    float share = (float)kept / (float)s->count;
    out->found = share >= SMALL && share <= LARGE;
    out->top = out->found ? s->height : 0;
    out->left = out->found ? s->width : 0;
    out->bottom = out->found ? 0 : s->height;
    out->right = out->found ? 0 : s->width;
    for (uint32_t y = 0; y < s->height; y++)
        for (uint32_t x = 0; x < s->width; x++) {
            size_t i = (size_t)y * s->width + x;
            out->mask[i] = !out->found || s->marks[i] == THING ? 255 : 0;
            if (!out->found || s->marks[i] != THING)
                continue;
            out->top = y < out->top ? y : out->top;
            out->left = x < out->left ? x : out->left;
            out->bottom = y + 1 > out->bottom ? y + 1 : out->bottom;
            out->right = x + 1 > out->right ? x + 1 : out->right;
        }
}

weft_status weft__cutout_find(
    weft__cutout *out, const uint8_t *rgb, uint32_t height, uint32_t width)
{
    struct scene s;
    weft__cutout found = {.height = height, .width = width};
    weft_status status = make_scene(&s, height, width);
    if (status == WEFT_OK)
        status = weft__alloc(&found.likely, s.count, sizeof(float), "a photo's object");
    if (status == WEFT_OK)
        status = weft__alloc(&found.mask, s.count, 1, "a photo's object");
    if (status == WEFT_OK) {
        s.likely = found.likely;
        take_colours(&s, rgb);
        take_places(&s);
        take_edges(&s);
        float trust = 1;
        for (int round = 0; round < ROUNDS; round++, trust *= FADE)
            judge(&s, trust);
        fill_holes(&s);
        measure(&found, &s, keep_parts(&s));
        *out = found;
    } else {
        weft__cutout_clear(&found);
    }
    clear_scene(&s);
    return status;
}

void weft__cutout_clear(weft__cutout *cutout)
{
    free(cutout->likely);
    free(cutout->mask);
    cutout->likely = NULL;
    cutout->mask = NULL;
}
