#include "data/draw.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

void weft__draw_reset(weft__drawing *drawing, uint32_t side)
{
    drawing->point_count = drawing->layer_count = drawing->start = 0;
    drawing->steps = 4 + (int)(0.7f * sqrtf((float)side));
    if (drawing->steps > 16)
        drawing->steps = 16;
}

void weft__draw_line(weft__drawing *drawing, float x, float y)
{
    assert(drawing->point_count < WEFT__POINTS);
    drawing->points[drawing->point_count++] = (weft__point){x, y};
}

static weft__point last_point(const weft__drawing *drawing)
{
    assert(drawing->point_count > drawing->start);
    return drawing->points[drawing->point_count - 1];
}

void weft__draw_curve(
    weft__drawing *drawing, float ax, float ay, float bx, float by, float x, float y)
{
    weft__point from = last_point(drawing);
    for (int i = 1; i <= drawing->steps; i++) {
        float t = (float)i / (float)drawing->steps, s = 1 - t;
        float w0 = s * s * s, w1 = 3 * s * s * t, w2 = 3 * s * t * t, w3 = t * t * t;
        weft__draw_line(drawing, w0 * from.x + w1 * ax + w2 * bx + w3 * x,
            w0 * from.y + w1 * ay + w2 * by + w3 * y);
    }
}

void weft__draw_bend(weft__drawing *drawing, float bx, float by, float x, float y)
{
    weft__point from = last_point(drawing);
    for (int i = 1; i <= drawing->steps; i++) {
        float t = (float)i / (float)drawing->steps, s = 1 - t;
        weft__draw_line(drawing, s * s * from.x + 2 * s * t * bx + t * t * x,
            s * s * from.y + 2 * s * t * by + t * t * y);
    }
}

void weft__draw_ellipse(weft__drawing *drawing, float x, float y, float rx, float ry)
{
    const float k = 0.5523f; /* a cubic's quarter circle */
    weft__draw_line(drawing, x + rx, y);
    weft__draw_curve(drawing, x + rx, y + k * ry, x + k * rx, y + ry, x, y + ry);
    weft__draw_curve(drawing, x - k * rx, y + ry, x - rx, y + k * ry, x - rx, y);
    weft__draw_curve(drawing, x - rx, y - k * ry, x - k * rx, y - ry, x, y - ry);
    weft__draw_curve(drawing, x + k * rx, y - ry, x + rx, y - k * ry, x + rx, y);
}

void weft__draw_fill(weft__drawing *drawing, const weft__paint *paint)
{
    assert(drawing->layer_count < WEFT__LAYERS);
    drawing->layers[drawing->layer_count++] =
        (weft__layer){drawing->start, drawing->point_count - drawing->start, *paint};
    drawing->start = drawing->point_count;
}

void weft__draw_stroke(weft__drawing *drawing, float width, const weft__paint *paint)
{
    size_t count = drawing->point_count - drawing->start;
    weft__point *line = drawing->points + drawing->start;
    assert(count >= 2 && drawing->point_count + count <= WEFT__POINTS);
    /* The right side runs back behind the left one; both lie half a width off the line. */
    for (size_t i = count; i-- > 0;) {
        weft__point before = line[i ? i - 1 : 0], after = line[i + 1 < count ? i + 1 : i];
        float dx = after.x - before.x, dy = after.y - before.y;
        float length = sqrtf(dx * dx + dy * dy);
        float k = length > 0 ? 0.5f * width / length : 0;
        line[2 * count - 1 - i] = (weft__point){line[i].x + k * dy, line[i].y - k * dx};
    }
    for (size_t i = 0; i < count; i++) {
        weft__point right = line[2 * count - 1 - i];
        line[i] = (weft__point){2 * line[i].x - right.x, 2 * line[i].y - right.y};
    }
    drawing->point_count += count;
    weft__draw_fill(drawing, paint);
}

void weft__draw_bounds(const weft__drawing *drawing, weft__point *low, weft__point *high)
{
    *low = (weft__point){INFINITY, INFINITY};
    *high = (weft__point){-INFINITY, -INFINITY};
    for (size_t i = 0; i < drawing->point_count; i++) {
        weft__point p = drawing->points[i];
        low->x = fminf(low->x, p.x);
        low->y = fminf(low->y, p.y);
        high->x = fmaxf(high->x, p.x);
        high->y = fmaxf(high->y, p.y);
    }
}

uint32_t weft__mix(uint32_t word)
{
    /* Wellons: "lowbias32", 2018. */
    word = (word ^ word >> 16) * 0x7feb352du;
    word = (word ^ word >> 15) * 0x846ca68bu;
    return word ^ word >> 16;
}

static float lattice(int32_t x, int32_t y, uint32_t seed)
{
    uint32_t word = weft__mix(seed ^ (uint32_t)x * 0x9e3779b1u ^ (uint32_t)y * 0x85ebca77u);
    return (float)(word >> 8) * 0x1p-24f;
}

static int32_t whole(float x)
{
    int32_t i = (int32_t)x;
    return i - ((float)i > x);
}

float weft__noise(float x, float y, uint32_t seed)
{
    int32_t ix = whole(x), iy = whole(y);
    float fx = x - (float)ix, fy = y - (float)iy;
    fx = fx * fx * (3 - 2 * fx);
    fy = fy * fy * (3 - 2 * fy);
    float top = lattice(ix, iy, seed), bottom = lattice(ix, iy + 1, seed);
    top += fx * (lattice(ix + 1, iy, seed) - top);
    bottom += fx * (lattice(ix + 1, iy + 1, seed) - bottom);
    return top + fy * (bottom - top);
}

weft_status weft__canvas_create(
    weft__canvas *canvas, uint32_t height, uint32_t width, uint32_t channels)
{
    *canvas = (weft__canvas){height, width, channels, NULL, NULL, NULL};
    size_t area = (size_t)height * width;
    weft_status status =
        weft__alloc(&canvas->colour, area, channels * sizeof(float), "a canvas");
    if (status == WEFT_OK)
        status = weft__calloc(&canvas->cover, ((size_t)height + 1) * ((size_t)width + 2),
            sizeof(float), "a canvas");
    if (status == WEFT_OK)
        status = weft__alloc(&canvas->shade, area, sizeof(float), "a canvas");
    if (status != WEFT_OK)
        weft__canvas_clear(canvas);
    return status;
}

void weft__canvas_clear(weft__canvas *canvas)
{
    free(canvas->colour);
    free(canvas->cover);
    free(canvas->shade);
    *canvas = (weft__canvas){0};
}

/* Rows and columns that a layer can touch: begin <= i < end. */
struct box {
    uint32_t top, bottom, left, right;
};

static uint32_t clamp_index(float x, uint32_t limit)
{
    return x <= 0 ? 0 : x >= (float)limit ? limit : (uint32_t)x;
}

static float clamp(float x, float low, float high)
{
    return x < low ? low : x > high ? high : x;
}

/* Adds one edge to the differences of coverage: cell x of a row receives the change of
 * covered area from cell x - 1, so that a running sum along the row is the coverage
 * (Levien: font-rs, 2016). What lies left of the canvas counts in its first column. */
static void add_edge(weft__canvas *canvas, weft__point a, weft__point b)
{
    if (a.y == b.y)
        return;
    float sign = 1, width = (float)canvas->width;
    if (a.y > b.y) {
        weft__point swap = a;
        a = b;
        b = swap;
        sign = -1;
    }
    float slope = (b.x - a.x) / (b.y - a.y);
    /* Rounding must not carry x past the edge's ends: the layer's box is made of those. */
    float low = clamp(fminf(a.x, b.x), 0, width), high = clamp(fmaxf(a.x, b.x), 0, width);
    uint32_t end = clamp_index(ceilf(b.y), canvas->height);
    for (uint32_t row = clamp_index(a.y, canvas->height); row < end; row++) {
        float *cells = canvas->cover + (size_t)row * (canvas->width + 2);
        float y0 = fmaxf(a.y, (float)row), y1 = fminf(b.y, (float)(row + 1));
        float area = sign * (y1 - y0);
        float x0 = clamp(a.x + slope * (y0 - a.y), low, high);
        float x1 = clamp(a.x + slope * (y1 - a.y), low, high);
        if (x0 > x1) {
            float swap = x0;
            x0 = x1;
            x1 = swap;
        }
        uint32_t left = (uint32_t)x0, right = (uint32_t)x1;
        if (left == right) {
            float middle = 0.5f * (x0 + x1) - (float)left;
            cells[left] += area * (1 - middle);
            cells[left + 1] += area * middle;
            continue;
        }
        /* A part of the edge covers what lies right of it in its own cell, and all of the
         * cells further right. */
        float per_column = area / (x1 - x0);
        for (uint32_t x = left; x <= right; x++) {
            float enter = fmaxf(x0, (float)x) - (float)x;
            float leave = fminf(x1, (float)(x + 1)) - (float)x;
            float height = per_column * (leave - enter);
            float covered = height * (1 - 0.5f * (enter + leave));
            cells[x] += covered;
            cells[x + 1] += height - covered;
        }
    }
}

static weft__point map_point(const weft__map *map, weft__point p)
{
    return (weft__point){
        map->xx * p.x + map->xy * p.y + map->x0, map->yx * p.x + map->yy * p.y + map->y0};
}

/* Leaves the layer's coverage, 0..1, in canvas->cover within the box returned. */
static struct box cover_layer(weft__canvas *canvas, const weft__drawing *drawing,
    const weft__layer *layer, const weft__map *map)
{
    const weft__point *points = drawing->points + layer->first;
    weft__point low = {INFINITY, INFINITY}, high = {-INFINITY, -INFINITY};
    weft__point before = map_point(map, points[layer->count - 1]);
    for (size_t i = 0; i < layer->count; i++) {
        weft__point p = map_point(map, points[i]);
        add_edge(canvas, before, p);
        before = p;
        low.x = fminf(low.x, p.x);
        low.y = fminf(low.y, p.y);
        high.x = fmaxf(high.x, p.x);
        high.y = fmaxf(high.y, p.y);
    }
    struct box box = {clamp_index(low.y, canvas->height),
        clamp_index(ceilf(high.y), canvas->height), clamp_index(low.x, canvas->width),
        clamp_index(ceilf(high.x), canvas->width)};
    for (uint32_t y = box.top; y < box.bottom; y++) {
        float *cells = canvas->cover + (size_t)y * (canvas->width + 2), sum = 0;
        for (uint32_t x = box.left; x < box.right; x++) {
            sum += cells[x];
            float covered = fabsf(sum);
            cells[x] = covered > 1 ? 1 : covered;
        }
    }
    return box;
}

/* Makes the coverage zero again for the next layer. */
static void wipe(weft__canvas *canvas, struct box box)
{
    for (uint32_t y = box.top; y < box.bottom; y++)
        memset(canvas->cover + (size_t)y * (canvas->width + 2) + box.left, 0,
            (box.right - box.left + 2) * sizeof(float));
}

/* A square wave of period 1 whose flanks are as soft as `pixel`, a pixel's size in
 * periods, so that fine stripes blend to their mean. */
static float wave(float x, float pixel)
{
    float phase = x - (float)whole(x);
    float ramp = 1 - 4 * fabsf(phase - 0.5f); /* -1 .. 1 */
    float value = 0.5f + ramp / (8 * pixel + 0.2f);
    if (value > 0 && value < 1)
        return value;
    return value <= 0 ? 0 : 1;
}

static float dots(float s, float t, float pixel)
{
    float ds = s - (float)whole(s) - 0.5f, dt = t - (float)whole(t) - 0.5f;
    float inside = 0.3f - sqrtf(ds * ds + dt * dt);
    return clamp(0.5f + inside / (pixel + 0.05f), 0, 1);
}

/* The share of `other` in the paint at (x, y), both in drawing units. */
static float pattern_at(const weft__paint *paint, float x, float y, float pixel)
{
    float k = 1 / paint->period;
    float s = (paint->cosine * x + paint->sine * y) * k;
    float t = (paint->cosine * y - paint->sine * x) * k;
    switch (paint->pattern) {
    case WEFT__STRIPES:
        return wave(s, pixel * k);
    case WEFT__CHECKS:
        return 0.5f * (wave(s, pixel * k) + wave(t, pixel * k));
    case WEFT__DOTS:
        return dots(s, t, pixel * k);
    case WEFT__HEATHER:
        return weft__noise(8 * s, 8 * t, paint->seed);
    case WEFT__BLOTCHES:
        return clamp(4 * weft__noise(s, t, paint->seed) - 1.5f, 0, 1);
    case WEFT__FADE:
        return clamp(0.5f + 0.5f * s, 0, 1);
    case WEFT__PLAIN:
    case WEFT__PATTERNS:
        break;
    }
    return 0;
}

/* Folds run down more than across, and catch the light in two widths. */
static float light_at(const weft__paint *paint, float x, float y)
{
    if (paint->folds == 0)
        return 1;
    float wide = weft__noise(2.5f * x + 0.8f * y, 1.3f * y, paint->seed + 1);
    float narrow = weft__noise(7 * x - y, 2.2f * y, paint->seed + 2);
    return 1 + paint->folds * (1.4f * wide + 0.6f * narrow - 1.2f);
}

static void paint_pixel(float *pixel, uint32_t channels, const weft__paint *paint,
    float share, float light, float cover)
{
    for (uint32_t c = 0; c < channels; c++) {
        float colour = paint->colour[c] + share * (paint->other[c] - paint->colour[c]);
        pixel[c] += cover * (clamp(colour * light, 0, 1) - pixel[c]);
    }
}

void weft__canvas_draw(
    weft__canvas *canvas, const weft__drawing *drawing, const weft__map *map)
{
    float determinant = map->xx * map->yy - map->xy * map->yx;
    float ix = map->yy / determinant, iy = -map->xy / determinant;
    float jx = -map->yx / determinant, jy = map->xx / determinant;
    float pixel = 1 / sqrtf(fabsf(determinant));
    for (size_t i = 0; i < drawing->layer_count; i++) {
        const weft__layer *layer = &drawing->layers[i];
        const weft__paint *paint = &layer->paint;
        struct box box = cover_layer(canvas, drawing, layer, map);
        for (uint32_t y = box.top; y < box.bottom; y++) {
            const float *cover = canvas->cover + (size_t)y * (canvas->width + 2);
            float *row = canvas->colour + (size_t)y * canvas->width * canvas->channels;
            float dy = (float)y + 0.5f - map->y0;
            for (uint32_t x = box.left; x < box.right; x++) {
                if (cover[x] < 1 / 512.f)
                    continue;
                float dx = (float)x + 0.5f - map->x0;
                float u = ix * dx + iy * dy, v = jx * dx + jy * dy;
                paint_pixel(row + (size_t)x * canvas->channels, canvas->channels, paint,
                    pattern_at(paint, u, v, pixel), light_at(paint, u, v),
                    cover[x] * paint->alpha);
            }
        }
        wipe(canvas, box);
    }
}

/* A running mean over 2 radius + 1 cells, `step` apart; cells outside count as zero. */
static void blur_line(
    float *cells, size_t step, uint32_t count, uint32_t radius, float *line)
{
    for (uint32_t i = 0; i < count; i++)
        line[i] = cells[i * step];
    float sum = 0, scale = 1 / (float)(2 * radius + 1);
    for (uint32_t i = 0; i < radius && i < count; i++)
        sum += line[i];
    for (uint32_t i = 0; i < count; i++) {
        if (i + radius < count)
            sum += line[i + radius];
        cells[i * step] = sum * scale;
        if (i >= radius)
            sum -= line[i - radius];
    }
}

void weft__canvas_shadow(weft__canvas *canvas, const weft__drawing *drawing,
    const weft__map *map, uint32_t blur, float strength)
{
    size_t height = canvas->height, width = canvas->width;
    float *shade = canvas->shade;
    memset(shade, 0, height * width * sizeof(float));
    for (size_t i = 0; i < drawing->layer_count; i++) {
        struct box box = cover_layer(canvas, drawing, &drawing->layers[i], map);
        for (uint32_t y = box.top; y < box.bottom; y++)
            for (uint32_t x = box.left; x < box.right; x++) {
                float cover = canvas->cover[y * (width + 2) + x];
                if (cover > shade[y * width + x])
                    shade[y * width + x] = cover;
            }
        wipe(canvas, box);
    }
    /* The coverage buffer is zero and longer than any line: it serves as one. */
    for (int pass = 0; pass < 2 && blur; pass++) {
        for (size_t y = 0; y < height; y++)
            blur_line(shade + y * width, 1, canvas->width, blur, canvas->cover);
        for (size_t x = 0; x < width; x++)
            blur_line(shade + x, width, canvas->height, blur, canvas->cover);
    }
    memset(canvas->cover, 0, (height + width) * sizeof(float));
    for (size_t i = 0; i < height * width; i++)
        for (uint32_t c = 0; c < canvas->channels; c++)
            canvas->colour[i * canvas->channels + c] *= 1 - strength * shade[i];
}
