#include "data/scene.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

weft_status weft__scene_create(
    weft__scene **out, uint32_t height, uint32_t width, uint32_t channels)
{
    weft__scene *scene;
    WEFT_TRY(weft__calloc(&scene, 1, sizeof *scene, "a scene"));
    weft_status status = weft__canvas_create(&scene->canvas, height, width, channels);
    if (status != WEFT_OK) {
        weft__scene_free(scene);
        return status;
    }
    *out = scene;
    return WEFT_OK;
}

void weft__scene_free(weft__scene *scene)
{
    if (!scene)
        return;
    weft__canvas_clear(&scene->canvas);
    free(scene);
}

static uint32_t short_side(const weft__canvas *canvas)
{
    return canvas->height < canvas->width ? canvas->height : canvas->width;
}

/* Turns the drawing by `angle` about its middle, which comes to (x, y) pixels. */
static weft__map place(
    weft__point low, weft__point high, float sx, float sy, float angle, float x, float y)
{
    float c = cosf(angle), s = sinf(angle);
    weft__map map = {c * sx, -s * sy, 0, s * sx, c * sy, 0};
    float mx = 0.5f * (low.x + high.x), my = 0.5f * (low.y + high.y);
    map.x0 = x - map.xx * mx - map.xy * my;
    map.y0 = y - map.yx * mx - map.yy * my;
    return map;
}

/* Fashion-MNIST's way: trimmed, the longest edge as long as the frame, centred. */
static weft__map fill_frame(const weft__scene *scene, weft_rng *rng)
{
    weft__point low, high;
    weft__draw_bounds(&scene->garment, &low, &high);
    float side = (float)short_side(&scene->canvas);
    float scale = side / fmaxf(high.x - low.x, high.y - low.y);
    float stretch = weft__between(rng, 0.85f, 1);
    bool tall = high.y - low.y > high.x - low.x;
    scale *= weft__between(rng, 0.93f, 1);
    float angle = weft__between(rng, -0.06f, 0.06f), reach = 0.03f * side;
    float x = weft__between(rng, -reach, reach), y = weft__between(rng, -reach, reach);
    return place(low, high, scale * (tall ? stretch : 1), scale * (tall ? 1 : stretch),
        angle, 0.5f * (float)scene->canvas.width + x,
        0.5f * (float)scene->canvas.height + y);
}

/* Lying or hanging somewhere in the photo. */
static weft__map lay_down(const weft__scene *scene, weft_rng *rng)
{
    weft__point low, high;
    weft__draw_bounds(&scene->garment, &low, &high);
    float side = (float)short_side(&scene->canvas);
    float part = weft__between(rng, 0.55f, 0.95f);
    float scale = part * side / fmaxf(high.x - low.x, high.y - low.y);
    float mirror = weft__chance(rng, 0.5f) ? -1 : 1, room = 0.5f * (1.05f - part) * side;
    float stretch = weft__between(rng, 0.85f, 1.15f);
    float angle = weft__between(rng, -0.25f, 0.25f);
    if (weft__chance(rng, 0.15f)) /* thrown down */
        angle *= 4;
    float x = weft__between(rng, -room, room), y = weft__between(rng, -room, room);
    return place(low, high, mirror * scale * stretch, scale, angle,
        0.5f * (float)scene->canvas.width + x, 0.5f * (float)scene->canvas.height + y);
}

static weft__paint ground_paint(bool colour, float alpha, weft_rng *rng)
{
    weft__paint paint = {.alpha = alpha, .seed = weft_rng_u32(rng)};
    float hue = weft_rng_uniform(rng), saturation = weft_rng_uniform(rng);
    float value = weft__between(rng, 0.15f, 1);
    saturation *= weft__chance(rng, 0.6f) ? 0.25f : 0.8f;
    weft__tint(paint.colour, colour, hue, saturation, value);
    float other_hue = hue + weft__between(rng, 0.9f, 1.1f);
    weft__tint(
        paint.other, colour, other_hue, saturation, value * weft__between(rng, 0.55f, 1));
    paint.pattern = (weft__pattern)weft_rng_below(rng, WEFT__PATTERNS);
    paint.period = weft__between(rng, 0.08f, 0.6f);
    float turn = weft__between(rng, -1.6f, 1.6f);
    paint.cosine = cosf(turn);
    paint.sine = sinf(turn);
    paint.folds = weft__between(rng, 0, 0.3f);
    return paint;
}

/* A wall or floor over the whole frame (-1 .. 1 both ways), and things lying about. */
static void clutter(weft__drawing *d, bool colour, weft_rng *rng)
{
    weft__paint paint = ground_paint(colour, 1, rng);
    weft__draw_line(d, -3, -3);
    weft__draw_line(d, 3, -3);
    weft__draw_line(d, 3, 3);
    weft__draw_line(d, -3, 3);
    weft__draw_fill(d, &paint);
    uint32_t things = weft_rng_below(rng, 9);
    for (uint32_t i = 0; i < things; i++) {
        float alpha = weft__between(rng, 0.4f, 1);
        paint = ground_paint(colour, alpha, rng);
        float x = weft__between(rng, -1.1f, 1.1f), y = weft__between(rng, -1.1f, 1.1f);
        float rx = weft__between(rng, 0.05f, 0.6f), ry = weft__between(rng, 0.05f, 0.6f);
        float tilt = weft__between(rng, -0.4f, 0.4f);
        switch (weft_rng_below(rng, 3)) {
        case 0: /* boxes, doors, boards */
            weft__draw_line(d, x - rx, y - ry + tilt * rx);
            weft__draw_line(d, x + rx, y - ry - tilt * rx);
            weft__draw_line(d, x + rx, y + ry - tilt * rx);
            weft__draw_line(d, x - rx, y + ry + tilt * rx);
            weft__draw_fill(d, &paint);
            break;
        case 1:
            weft__draw_ellipse(d, x, y, rx, ry);
            weft__draw_fill(d, &paint);
            break;
        default: /* cables, rails, hangers */
            weft__draw_line(d, x, y);
            weft__draw_curve(d, x + rx * 3, y, x, y + ry * 3, x + 2 * tilt, y + 2 * rx);
            weft__draw_stroke(d, 0.02f + 0.2f * ry * ry, &paint);
        }
    }
}

/* Light that falls off across the frame, its colour, and the camera's exposure. */
static void light_up(weft__canvas *canvas, weft_rng *rng)
{
    float turn = weft__between(rng, 0, 6.2832f), fall = weft__between(rng, 0, 0.45f);
    float exposure = weft__between(rng, 0.75f, 1.15f), tone[3];
    for (uint32_t c = 0; c < 3; c++)
        tone[c] = exposure * weft__between(rng, 0.88f, 1.08f);
    float dx = cosf(turn) * fall / (float)canvas->width;
    float dy = sinf(turn) * fall / (float)canvas->height;
    for (uint32_t y = 0; y < canvas->height; y++)
        for (uint32_t x = 0; x < canvas->width; x++) {
            float light = 1 + dx * (2 * (float)x - (float)canvas->width) +
                          dy * (2 * (float)y - (float)canvas->height);
            float *pixel =
                canvas->colour + ((size_t)y * canvas->width + x) * canvas->channels;
            for (uint32_t c = 0; c < canvas->channels; c++)
                pixel[c] *= light * tone[c];
        }
}

/* Rounds to bytes with a camera's grain of about `grain` grey levels; black stays black
 * where there is no ground. */
static void develop(
    const weft__canvas *canvas, bool photo, float grain, uint32_t seed, uint8_t *pixels)
{
    size_t values = (size_t)canvas->height * canvas->width * canvas->channels;
    for (size_t i = 0; i < values; i++) {
        float value = 255 * canvas->colour[i];
        uint32_t word = weft__mix(seed + (uint32_t)i);
        /* The sum of two uniform numbers, near enough to a camera's noise. */
        float noise = (float)(word & 0xffff) + (float)(word >> 16) - 65535;
        if (photo || value > 2)
            value += grain * 2.45f * noise / 65535;
        pixels[i] = value <= 0 ? 0 : value >= 254.5f ? 255 : (uint8_t)(value + 0.5f);
    }
}

void weft__scene_draw(
    weft__scene *scene, unsigned label, bool photo, weft_rng *rng, uint8_t *pixels)
{
    weft__canvas *canvas = &scene->canvas;
    uint32_t side = short_side(canvas);
    bool colour = photo && canvas->channels == 3;
    size_t values = (size_t)canvas->height * canvas->width * canvas->channels;
    memset(canvas->colour, 0, values * sizeof(float));
    weft__draw_reset(&scene->garment, side);
    weft__garment_draw(&scene->garment, label, colour, rng);
    if (photo) {
        float half = 0.5f * (float)side;
        weft__map frame = {
            half, 0, 0.5f * (float)canvas->width, 0, half, 0.5f * (float)canvas->height};
        weft__draw_reset(&scene->ground, side);
        clutter(&scene->ground, colour, rng);
        weft__canvas_draw(canvas, &scene->ground, &frame);
        weft__map map = lay_down(scene, rng), shadow = map;
        shadow.x0 += (float)side * weft__between(rng, -0.06f, 0.06f);
        shadow.y0 += (float)side * weft__between(rng, 0, 0.06f);
        uint32_t blur = (uint32_t)((float)side * weft__between(rng, 0.01f, 0.05f));
        float strength = weft__between(rng, 0, 0.6f);
        weft__canvas_shadow(canvas, &scene->garment, &shadow, blur, strength);
        weft__canvas_draw(canvas, &scene->garment, &map);
        light_up(canvas, rng);
    } else {
        weft__map map = fill_frame(scene, rng);
        weft__canvas_draw(canvas, &scene->garment, &map);
    }
    float grain = weft__between(rng, 0.5f, photo ? 6 : 4);
    develop(canvas, photo, grain, weft_rng_u32(rng), pixels);
}
