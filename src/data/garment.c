#include "data/garment.h"

#include <math.h>
#include <stddef.h>

const char *const weft__garment_names[WEFT__GARMENTS] = {"T-shirt/top", "Trouser",
    "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"};

float weft__between(weft_rng *rng, float low, float high)
{
    return low + (high - low) * weft_rng_uniform(rng);
}

bool weft__chance(weft_rng *rng, float probability)
{
    return weft_rng_uniform(rng) < probability;
}

void weft__tint(float out[3], bool colour, float hue, float saturation, float value)
{
    static const float offset[3] = {5, 3, 1}; /* Smith: Color gamut transform pairs, 1978 */
    for (int c = 0; c < 3; c++) {
        float k = fmodf(offset[c] + 6 * hue, 6);
        float dip = fmaxf(0, fminf(fminf(k, 4 - k), 1));
        out[c] = colour ? value * (1 - saturation * dip) : value;
    }
}

static weft__paint tinted(const weft__paint *paint, float factor)
{
    weft__paint out = *paint;
    for (int c = 0; c < 3; c++) {
        out.colour[c] *= factor;
        out.other[c] *= factor;
    }
    return out;
}

/* `patterned`: how likely the fabric is to be anything but plain. */
static weft__cloth weave(bool colour, float patterned, weft_rng *rng)
{
    weft__cloth cloth = {.colour = colour};
    float hue = weft_rng_uniform(rng), strong = weft_rng_uniform(rng);
    float value = weft__between(rng, 0.3f, 0.95f);
    float other_value = weft__between(rng, 0.15f, 0.5f);
    other_value = value + (weft__chance(rng, 0.5f) ? other_value : -other_value);
    other_value = fminf(1, fmaxf(0.08f, other_value));
    float other_hue = hue + weft__between(rng, -0.25f, 0.25f) + 1;
    float saturation = weft__chance(rng, 0.3f) ? 0.08f : 0.2f + 0.7f * strong;
    weft__paint *fabric = &cloth.fabric;
    *fabric = (weft__paint){.alpha = 1, .period = 1, .cosine = 0, .sine = 1};
    weft__tint(fabric->colour, colour, hue, saturation, value);
    weft__tint(fabric->other, colour, other_hue, saturation, other_value);
    fabric->folds = weft__between(rng, 0.08f, 0.38f);
    fabric->seed = weft_rng_u32(rng);
    bool pattern = weft__chance(rng, patterned);
    uint32_t kind = weft_rng_below(rng, WEFT__PATTERNS - 1) + 1;
    float period = weft__between(rng, 0.09f, 0.3f);
    float turn = weft__chance(rng, 0.3f) ? 1.5708f : weft__between(rng, -0.06f, 0.06f);
    if (pattern) {
        fabric->pattern = (weft__pattern)kind;
        fabric->period = kind == WEFT__FADE ? 1.2f : period;
        fabric->cosine = sinf(turn);
        fabric->sine = cosf(turn);
    }
    cloth.side = tinted(fabric, weft__between(rng, 0.78f, 1.08f));
    cloth.dark = (weft__paint){.alpha = weft__between(rng, 0.5f, 1), .period = 1};
    weft__tint(cloth.dark.colour, colour, hue, saturation, value * 0.35f);
    cloth.seam = cloth.dark;
    cloth.seam.alpha = weft__between(rng, 0.25f, 0.75f);
    cloth.trim = (weft__paint){.alpha = 1, .period = 1, .seed = fabric->seed + 9};
    weft__tint(cloth.trim.colour, colour, other_hue, saturation * 0.8f,
        value > 0.55f ? value * weft__between(rng, 0.3f, 0.75f)
                      : fminf(1, value * weft__between(rng, 1.4f, 2.2f)));
    return cloth;
}

/* A garment for the upper body; lengths in halves of a shoulder's width or so. */
struct top {
    float neck, drop;      /* half width and depth of the neckline */
    float shoulder, slope; /* half width, fall from the neck */
    float chest, waist, hem, length;
    float hole;              /* armhole: from shoulder down to the armpit */
    float arm, reach, wrist; /* sleeve: length (0: none), angle off the vertical, width */
    bool vee;                /* neckline pointed instead of round */
};

static void sleeve(weft__drawing *d, const weft__cloth *cloth, const struct top *t, float s)
{
    float sx = sinf(t->reach), cy = cosf(t->reach);
    float shoulder = t->shoulder, armpit = t->slope + t->hole;
    float outer_x = shoulder + sx * t->arm, outer_y = t->slope + cy * t->arm;
    float inner_x = outer_x - cy * t->wrist, inner_y = outer_y + sx * t->wrist;
    float bulge = 0.12f * t->arm;
    weft__draw_line(d, s * shoulder * 0.7f, t->slope * 0.6f);
    weft__draw_line(d, s * shoulder, t->slope);
    weft__draw_bend(d, s * (shoulder + sx * t->arm * 0.5f + cy * bulge),
        t->slope + cy * t->arm * 0.45f, s * outer_x, outer_y);
    weft__draw_line(d, s * inner_x, inner_y);
    weft__draw_bend(d, s * (0.5f * (inner_x + t->chest) + 0.03f),
        0.5f * (inner_y + armpit) - 0.06f * t->arm, s * t->chest * 0.96f, armpit);
    weft__draw_fill(d, &cloth->side);
    if (t->arm > 0.25f) { /* the cuff's seam */
        float up = 0.07f;
        weft__draw_line(d, s * (outer_x - sx * up), outer_y - cy * up);
        weft__draw_line(d, s * (inner_x - sx * up), inner_y - cy * up);
        weft__draw_stroke(d, 0.025f, &cloth->seam);
    }
}

static void neckline(weft__drawing *d, const struct top *t)
{
    if (t->vee) {
        weft__draw_line(d, 0, t->drop);
        weft__draw_line(d, t->neck, 0);
    } else {
        weft__draw_bend(d, -t->neck * 0.75f, t->drop, 0, t->drop);
        weft__draw_bend(d, t->neck * 0.75f, t->drop, t->neck, 0);
    }
}

static void half_body(weft__drawing *d, const struct top *t)
{
    float armpit = t->slope + t->hole, waist = armpit + 0.45f * (t->length - armpit);
    weft__draw_line(d, t->shoulder, t->slope);
    weft__draw_bend(d, t->shoulder * 0.9f, t->slope + 0.6f * t->hole, t->chest, armpit);
    weft__draw_bend(d, t->waist, waist - 0.1f, t->waist, waist);
    weft__draw_bend(d, t->waist, waist + 0.15f, t->hem, t->length);
    weft__draw_bend(d, t->hem * 0.5f, t->length + 0.04f, 0, t->length + 0.04f);
}

/* The body with its neckline, mirrored; the left half is the right one turned over. */
static void body(weft__drawing *d, const weft__cloth *cloth, const struct top *t)
{
    weft__draw_line(d, -t->neck, 0); /* the back of the neck, seen from inside */
    weft__draw_bend(d, 0, 0.05f, t->neck, 0);
    weft__draw_bend(d, 0, 2 * t->drop, -t->neck, 0);
    weft__draw_fill(d, &cloth->dark);

    weft__draw_line(d, -t->neck, 0);
    neckline(d, t);
    size_t from = d->point_count;
    half_body(d, t);
    for (size_t i = d->point_count; i-- > from;)
        weft__draw_line(d, -d->points[i].x, d->points[i].y);
    weft__draw_fill(d, &cloth->fabric);
    for (int s = -1; s <= 1; s += 2) { /* where a sleeve is sewn on */
        weft__draw_line(d, (float)s * t->shoulder, t->slope);
        weft__draw_bend(d, (float)s * t->shoulder * 0.9f, t->slope + 0.6f * t->hole,
            (float)s * t->chest, t->slope + t->hole);
        weft__draw_stroke(d, 0.02f, &cloth->seam);
    }
}

static struct top upper_body(weft_rng *rng)
{
    struct top t = {.neck = weft__between(rng, 0.15f, 0.26f)};
    t.drop = weft__between(rng, 0.06f, 0.24f);
    t.shoulder = weft__between(rng, 0.4f, 0.52f);
    t.slope = weft__between(rng, 0.06f, 0.16f);
    t.chest = t.shoulder * weft__between(rng, 0.88f, 1.04f);
    t.waist = t.chest * weft__between(rng, 0.86f, 1.02f);
    t.hem = t.waist * weft__between(rng, 0.96f, 1.12f);
    t.length = weft__between(rng, 1.2f, 1.5f);
    t.hole = weft__between(rng, 0.28f, 0.4f);
    t.vee = weft__chance(rng, 0.25f);
    return t;
}

static void long_sleeves(struct top *t, weft_rng *rng)
{
    t->arm = weft__between(rng, 0.95f, 1.3f);
    t->reach = weft__between(rng, 0.1f, 0.36f);
    t->wrist = weft__between(rng, 0.13f, 0.21f);
}

static void short_sleeves(struct top *t, weft_rng *rng)
{
    t->arm = weft__between(rng, 0.2f, 0.48f);
    t->reach = weft__between(rng, 0.35f, 0.95f);
    t->wrist = t->hole * weft__between(rng, 0.75f, 0.95f);
}

/* Sleeves before or behind the body. */
static void dress_up(
    weft__drawing *d, const weft__cloth *cloth, const struct top *t, bool sleeves_first)
{
    for (int pass = 0; pass < 2; pass++) {
        if ((pass == 0) != sleeves_first)
            body(d, cloth, t);
        else if (t->arm > 0) {
            sleeve(d, cloth, t, -1);
            sleeve(d, cloth, t, 1);
        }
    }
}

static void chest_print(
    weft__drawing *d, const weft__cloth *cloth, const struct top *t, weft_rng *rng)
{
    float y = t->slope + t->hole + weft__between(rng, -0.05f, 0.2f);
    float rx = t->chest * weft__between(rng, 0.2f, 0.6f),
          ry = weft__between(rng, 0.06f, 0.24f);
    weft__paint ink = cloth->trim;
    ink.alpha = weft__between(rng, 0.4f, 1);
    if (weft__chance(rng, 0.5f)) {
        weft__draw_ellipse(d, 0, y, rx, ry);
        weft__draw_fill(d, &ink);
        return;
    }
    uint32_t lines = 1 + weft_rng_below(rng, 3); /* lettering, from afar */
    for (uint32_t i = 0; i < lines; i++) {
        float half = rx * weft__between(rng, 0.5f, 1), at = y + (float)i * 0.12f;
        weft__draw_line(d, -half, at);
        weft__draw_line(d, half, at);
        weft__draw_stroke(d, 0.07f, &ink);
    }
}

static void tshirt(weft__drawing *d, const weft__cloth *cloth, weft_rng *rng)
{
    struct top t = upper_body(rng);
    if (weft__chance(rng, 0.85f))
        short_sleeves(&t, rng);
    else /* a tank top */
        t.neck *= 1.15f, t.shoulder *= 0.84f, t.drop *= 1.3f;
    if (weft__chance(rng, 0.06f))
        long_sleeves(&t, rng);
    dress_up(d, cloth, &t, true);
    if (weft__chance(rng, 0.35f))
        chest_print(d, cloth, &t, rng);
}

/* A band that follows the lower edge of the body. */
static void hem_band(weft__drawing *d, const weft__cloth *cloth, const struct top *t)
{
    weft__draw_line(d, -t->hem * 0.99f, t->length - 0.09f);
    weft__draw_bend(d, 0, t->length - 0.02f, t->hem * 0.99f, t->length - 0.09f);
    weft__draw_stroke(d, 0.025f, &cloth->seam);
}

static void pullover(weft__drawing *d, const weft__cloth *cloth, weft_rng *rng)
{
    struct top t = upper_body(rng);
    long_sleeves(&t, rng);
    t.drop *= 0.8f;
    t.length *= weft__between(rng, 0.88f, 1);
    dress_up(d, cloth, &t, weft__chance(rng, 0.6f));
    if (weft__chance(rng, 0.6f))
        hem_band(d, cloth, &t);
    if (weft__chance(rng, 0.2f)) { /* a roll neck or hood */
        float height = weft__between(rng, 0.08f, 0.26f);
        weft__draw_line(d, -t.neck, t.drop * 0.5f);
        weft__draw_bend(d, -t.neck, -height, 0, -height);
        weft__draw_bend(d, t.neck, -height, t.neck, t.drop * 0.5f);
        weft__draw_bend(d, 0, t.drop * 1.2f, -t.neck, t.drop * 0.5f);
        weft__draw_fill(d, &cloth->side);
    }
    if (weft__chance(rng, 0.2f))
        chest_print(d, cloth, &t, rng);
}

/* The front's opening from the neck down, with buttons or a zip. */
static void opening(weft__drawing *d, const weft__cloth *cloth, const struct top *t,
    float width, float shift, uint32_t buttons)
{
    weft__draw_line(d, shift, t->drop);
    weft__draw_line(d, shift, t->length + 0.03f);
    weft__draw_stroke(d, width, width > 0.05f ? &cloth->dark : &cloth->seam);
    for (uint32_t i = 0; i < buttons; i++) {
        float share = ((float)i + 0.6f) / (float)buttons;
        weft__draw_ellipse(
            d, shift + 0.05f, t->drop + share * (t->length - t->drop), 0.022f, 0.022f);
        weft__draw_fill(d, &cloth->trim);
    }
}

/* Two flaps from the neck: a shirt's small points, a coat's lapels when long. */
static void collar(weft__drawing *d, const weft__cloth *cloth, const struct top *t,
    float length, float width)
{
    for (int i = -1; i <= 1; i += 2) {
        float s = (float)i;
        weft__draw_line(d, s * t->neck * 0.9f, -0.03f);
        weft__draw_line(d, s * (t->neck + width), 0.06f + length * 0.35f);
        weft__draw_line(d, s * t->neck * 0.45f, t->drop * 0.8f + length);
        weft__draw_line(d, s * 0.01f, t->drop);
        size_t first = d->start;
        weft__draw_fill(d, &cloth->side);
        for (size_t k = 0; k < 4; k++)
            weft__draw_line(d, d->points[first + k].x, d->points[first + k].y);
        weft__draw_stroke(d, 0.02f, &cloth->seam);
    }
}

static void coat(weft__drawing *d, const weft__cloth *cloth, weft_rng *rng)
{
    struct top t = upper_body(rng);
    long_sleeves(&t, rng);
    t.length *= weft__between(rng, 1.06f, 1.32f);
    t.reach *= 0.8f;
    t.wrist *= 1.15f;
    t.vee = true;
    dress_up(d, cloth, &t, weft__chance(rng, 0.6f));
    float width = weft__between(rng, 0.015f, 0.09f),
          shift = weft__between(rng, -0.08f, 0.08f);
    bool buttoned = weft__chance(rng, 0.5f);
    opening(d, cloth, &t, width, shift, buttoned ? 2 + weft_rng_below(rng, 4) : 0);
    float lapel = weft__between(rng, 0.08f, 0.4f), flare = weft__between(rng, 0, 0.1f);
    if (weft__chance(rng, 0.7f))
        collar(d, cloth, &t, lapel, flare);
    if (weft__chance(rng, 0.5f))
        for (int i = -1; i <= 1; i += 2) {
            float y = t.length * 0.68f;
            weft__draw_line(d, (float)i * t.hem * 0.4f, y + 0.03f);
            weft__draw_line(d, (float)i * t.hem * 0.8f, y);
            weft__draw_stroke(d, 0.04f, &cloth->seam);
        }
}

static void shirt(weft__drawing *d, const weft__cloth *cloth, weft_rng *rng)
{
    struct top t = upper_body(rng);
    if (weft__chance(rng, 0.6f))
        long_sleeves(&t, rng);
    else
        short_sleeves(&t, rng);
    t.length *= weft__between(rng, 1, 1.12f);
    t.chest *= 0.92f;
    t.waist *= 0.9f;
    bool buttoned = weft__chance(rng, 0.75f); /* else a blouse */
    dress_up(d, cloth, &t, weft__chance(rng, 0.6f));
    if (buttoned) {
        float width = weft__between(rng, 0.015f, 0.045f);
        opening(d, cloth, &t, width, 0, 4 + weft_rng_below(rng, 4));
        collar(d, cloth, &t, weft__between(rng, 0.02f, 0.12f), 0.03f);
    }
    if (weft__chance(rng, 0.25f)) { /* a breast pocket */
        float x = t.chest * 0.35f, y = t.slope + t.hole;
        weft__draw_line(d, x, y - 0.1f);
        weft__draw_line(d, x + 0.18f, y - 0.1f);
        weft__draw_line(d, x + 0.18f, y + 0.1f);
        weft__draw_line(d, x, y + 0.1f);
        weft__draw_fill(d, &cloth->side);
    }
}

static void dress(weft__drawing *d, const weft__cloth *cloth, weft_rng *rng)
{
    struct top t = upper_body(rng);
    float sleeves = weft_rng_uniform(rng);
    if (sleeves < 0.25f)
        long_sleeves(&t, rng);
    else if (sleeves < 0.5f)
        short_sleeves(&t, rng);
    else
        t.shoulder *= weft__between(rng, 0.62f, 0.9f), t.neck *= 0.95f;
    t.chest *= weft__between(rng, 0.72f, 0.88f);
    t.waist = t.chest * weft__between(rng, 0.74f, 0.95f);
    t.length = weft__between(rng, 1.75f, 2.5f);
    t.hem = t.waist * weft__between(rng, 1.1f, 2.1f);
    dress_up(d, cloth, &t, true);
    if (weft__chance(rng, 0.45f)) { /* a belt or waist seam */
        float y = t.slope + t.hole + 0.4f * (t.length - t.slope - t.hole);
        weft__draw_line(d, -t.waist, y);
        weft__draw_bend(d, 0, y + 0.04f, t.waist, y);
        bool belt = weft__chance(rng, 0.4f);
        weft__draw_stroke(d, belt ? 0.08f : 0.025f, belt ? &cloth->trim : &cloth->seam);
    }
}

static void trouser(weft__drawing *d, const weft__cloth *cloth, weft_rng *rng)
{
    float waist = weft__between(rng, 0.27f, 0.38f),
          hip = waist * weft__between(rng, 1.05f, 1.3f);
    float crotch = weft__between(rng, 0.42f, 0.6f),
          length = weft__between(rng, 1.7f, 2.15f);
    float spread = weft__between(rng, 0, 0.2f), cuff = weft__between(rng, 0.13f, 0.32f);
    float knee = 0.5f * (crotch + length);
    for (int i = -1; i <= 1; i += 2) {
        float s = (float)i;
        float inner = spread * 0.6f, outer = inner + cuff;
        float mid = 0.5f * (hip + outer) * weft__between(rng, 0.9f, 1);
        weft__draw_line(d, -s * 0.01f, 0.02f);
        weft__draw_line(d, s * waist, 0);
        weft__draw_bend(d, s * hip, 0.25f, s * hip, crotch * 0.9f);
        weft__draw_bend(d, s * mid, knee, s * outer, length);
        weft__draw_line(d, s * inner, length + 0.02f);
        weft__draw_bend(d, s * (inner * 0.4f + 0.02f), knee, -s * 0.01f, crotch);
        weft__draw_fill(d, i < 0 ? &cloth->side : &cloth->fabric);
        if (weft__chance(rng, 0.4f)) { /* pocket */
            weft__draw_line(d, s * waist * 0.6f, 0.1f);
            weft__draw_bend(d, s * waist * 0.7f, 0.22f, s * hip * 0.95f, 0.26f);
            weft__draw_stroke(d, 0.02f, &cloth->seam);
        }
    }
    weft__draw_line(d, 0, 0.1f);
    weft__draw_line(d, 0, crotch);
    weft__draw_stroke(d, 0.02f, &cloth->seam);
    weft__draw_line(d, -waist * 1.02f, 0.05f);
    weft__draw_line(d, waist * 1.02f, 0.05f);
    weft__draw_stroke(d, 0.1f, weft__chance(rng, 0.35f) ? &cloth->trim : &cloth->side);
}

static void bag_handle(weft__drawing *d, const weft__paint *paint, float half, float rise,
    float thick, float y)
{
    weft__draw_line(d, -half, y);
    weft__draw_curve(d, -half, y - rise * 1.33f, half, y - rise * 1.33f, half, y);
    weft__draw_stroke(d, thick, paint);
}

static void bag(weft__drawing *d, const weft__cloth *cloth, weft_rng *rng)
{
    float half = weft__between(rng, 0.5f, 0.75f), height = weft__between(rng, 0.5f, 1.15f);
    float top = half * weft__between(rng, 0.7f, 1.02f),
          round = weft__between(rng, 0.03f, 0.2f);
    float thick = weft__between(rng, 0.04f, 0.1f), rise = weft__between(rng, 0.2f, 0.75f);
    if (weft__chance(rng, 0.85f)) { /* else a clutch */
        float at = top * weft__between(rng, 0.4f, 0.9f);
        bag_handle(d, &cloth->dark, at * 0.92f, rise * 0.9f, thick, 0.03f);
        bag_handle(d, weft__chance(rng, 0.5f) ? &cloth->trim : &cloth->side, at, rise,
            thick, 0.06f);
    }
    weft__draw_line(d, -top + round, 0);
    weft__draw_line(d, top - round, 0);
    weft__draw_bend(d, top, 0, top + 0.02f, round);
    weft__draw_line(d, half, height - round);
    weft__draw_bend(d, half, height, half - round, height);
    weft__draw_bend(d, 0, height + 0.04f, -half + round, height);
    weft__draw_bend(d, -half, height, -half, height - round);
    weft__draw_line(d, -top - 0.02f, round);
    weft__draw_bend(d, -top, 0, -top + round, 0);
    weft__draw_fill(d, &cloth->fabric);
    if (weft__chance(rng, 0.5f)) { /* a flap */
        float deep = height * weft__between(rng, 0.25f, 0.65f);
        weft__draw_line(d, -top, 0.01f);
        weft__draw_line(d, top, 0.01f);
        weft__draw_bend(d, half, deep, half * 0.5f, deep);
        weft__draw_line(d, -half * 0.5f, deep);
        weft__draw_bend(d, -half, deep, -top, 0.01f);
        weft__draw_fill(d, &cloth->side);
        weft__draw_ellipse(d, 0, deep, 0.05f, 0.04f);
        weft__draw_fill(d, &cloth->trim);
    } else if (weft__chance(rng, 0.6f)) { /* a zip or seam */
        float y = height * weft__between(rng, 0.1f, 0.5f);
        weft__draw_line(d, -half * 0.9f, y);
        weft__draw_line(d, half * 0.9f, y);
        weft__draw_stroke(d, 0.035f, &cloth->seam);
    }
    if (weft__chance(rng, 0.3f)) {
        weft__draw_ellipse(d, 0, height * 0.6f, half * 0.25f, height * 0.12f);
        weft__draw_fill(d, &cloth->trim);
    }
}

void weft__garment_draw(weft__drawing *drawing, unsigned label, bool colour, weft_rng *rng)
{
    static const struct {
        void (*draw)(weft__drawing *, const weft__cloth *, weft_rng *);
        float patterned;
    } garments[WEFT__GARMENTS] = {{tshirt, 0.4f}, {trouser, 0.2f}, {pullover, 0.45f},
        {dress, 0.45f}, {coat, 0.25f}, {weft__draw_sandal, 0.1f}, {shirt, 0.5f},
        {weft__draw_sneaker, 0.15f}, {bag, 0.25f}, {weft__draw_boot, 0.15f}};
    weft__cloth cloth = weave(colour, garments[label].patterned, rng);
    garments[label].draw(drawing, &cloth, rng);
}
