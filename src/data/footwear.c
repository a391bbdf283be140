/* Shoes from the side, toe to the left at x = 0, heel at x = 1, on the ground y = 0. */
#include "data/garment.h"

static void sole(weft__drawing *d, const weft__paint *paint, float thick, float spring)
{
    weft__draw_line(d, 0.02f, -thick - spring);
    weft__draw_bend(d, -0.02f, -spring, 0.1f, 0);
    weft__draw_line(d, 0.94f, 0);
    weft__draw_bend(d, 1.02f, 0, 1, -thick);
    weft__draw_bend(d, 0.5f, -thick + 0.01f, 0.02f, -thick - spring);
    weft__draw_fill(d, paint);
}

void weft__draw_sneaker(weft__drawing *d, const weft__cloth *cloth, weft_rng *rng)
{
    float thick = weft__between(rng, 0.05f, 0.13f), spring = weft__between(rng, 0, 0.05f);
    float toe = weft__between(rng, 0.1f, 0.18f) + thick;
    float tongue = weft__between(rng, 0.33f, 0.46f) + thick;
    float heel = weft__between(rng, 0.26f, 0.42f) + thick;
    if (weft__chance(rng, 0.12f)) { /* worn over the ankle */
        tongue += weft__between(rng, 0.12f, 0.3f);
        heel = tongue - 0.04f;
    }
    float throat = weft__between(rng, 0.44f, 0.56f);
    weft__draw_line(d, throat + 0.02f, -tongue); /* the lining, far side */
    weft__draw_line(d, 0.97f, -heel);
    weft__draw_line(d, 0.9f, -thick);
    weft__draw_line(d, throat, -thick);
    weft__draw_fill(d, &cloth->dark);

    weft__draw_line(d, 0.02f, -thick - spring);
    weft__draw_bend(d, 0.02f, -toe, 0.16f, -toe - 0.02f);
    weft__draw_bend(d, 0.32f, -toe - 0.04f, throat, -tongue);
    weft__draw_bend(d, throat + 0.06f, -tongue - 0.02f, throat + 0.09f, -tongue + 0.04f);
    weft__draw_curve(d, 0.68f, -heel + 0.1f, 0.84f, -heel + 0.1f, 0.95f, -heel);
    weft__draw_bend(d, 1.02f, -0.5f * heel, 0.99f, -thick);
    weft__draw_fill(d, &cloth->fabric);
    if (weft__chance(rng, 0.5f)) { /* a toe cap */
        weft__draw_line(d, 0.02f, -thick - spring);
        weft__draw_bend(d, 0.02f, -toe, 0.17f, -toe - 0.02f);
        weft__draw_bend(d, 0.24f, -0.5f * toe, 0.26f, -thick);
        weft__draw_fill(d, &cloth->side);
    }
    sole(d, weft__chance(rng, 0.65f) ? &cloth->trim : &cloth->dark, thick, spring);
    uint32_t laces = 3 + weft_rng_below(rng, 3);
    bool laced = weft__chance(rng, 0.75f);
    for (uint32_t i = 0; laced && i < laces; i++) {
        float s = ((float)i + 0.7f) / ((float)laces + 0.7f);
        float x = 0.24f + s * (throat - 0.24f), y = -toe - 0.03f - s * s * (tongue - toe);
        weft__draw_line(d, x - 0.02f, y);
        weft__draw_line(d, x + 0.07f, y + 0.08f);
        weft__draw_stroke(d, 0.025f, &cloth->trim);
    }
    float mark = weft_rng_uniform(rng), low = -thick - 0.04f;
    if (mark < 0.3f) { /* a sweeping stripe */
        weft__draw_line(d, 0.36f, low);
        weft__draw_bend(d, 0.45f, low - 0.01f, 0.88f, -heel * 0.8f);
        weft__draw_bend(d, 0.5f, low - 0.09f, 0.36f, low);
        weft__draw_fill(d, &cloth->trim);
    } else if (mark < 0.55f) {
        for (int i = 0; i < 3; i++) {
            float x = 0.46f + 0.09f * (float)i;
            weft__draw_line(d, x, low);
            weft__draw_line(d, x + 0.07f, -0.75f * heel);
            weft__draw_stroke(d, 0.035f, &cloth->trim);
        }
    }
}

/* A heel from the sole's back, `high`, down to the ground. */
static void raise(weft__drawing *d, const weft__paint *paint, float high, float width)
{
    weft__draw_line(d, 1 - 0.02f - width * 1.3f, -high);
    weft__draw_line(d, 0.985f, -high - 0.02f);
    weft__draw_bend(d, 0.95f, -0.4f * high, 0.95f, 0);
    weft__draw_line(d, 0.95f - width, 0);
    weft__draw_bend(d, 0.95f - width, -0.6f * high, 0.98f - width * 1.5f, -high);
    weft__draw_fill(d, paint);
}

void weft__draw_boot(weft__drawing *d, const weft__cloth *cloth, weft_rng *rng)
{
    bool heeled = weft__chance(rng, 0.55f);
    float high =
        heeled ? weft__between(rng, 0.08f, 0.42f) : weft__between(rng, 0.02f, 0.06f);
    float thick = weft__between(rng, 0.02f, 0.08f), toe = weft__between(rng, 0.1f, 0.18f);
    float shaft = high + weft__between(rng, 0.62f, 1.05f);
    float front = weft__between(rng, 0.42f, 0.56f),
          lean = weft__between(rng, -0.05f, 0.05f);
    float instep = high + weft__between(rng, 0.3f, 0.4f);
    weft__draw_line(d, 0, -thick);
    weft__draw_bend(d, 0, -toe - thick, 0.16f, -toe - thick - 0.04f);
    weft__draw_curve(d, 0.34f, -toe - 0.3f * instep, front - 0.04f, -instep + 0.02f,
        front + 0.02f, -instep - 0.08f);
    weft__draw_bend(d, front + 0.02f + lean, -0.7f * shaft, front + lean, -shaft);
    float dip = weft__between(rng, -0.03f, 0.06f), back = weft__between(rng, -0.04f, 0.04f);
    weft__draw_bend(d, 0.74f + lean, -shaft + dip, 0.97f + lean, -shaft + back);
    weft__draw_bend(d, 0.93f, -0.5f * (shaft + high), 0.985f, -high);
    weft__draw_curve(d, 0.7f, -high, 0.5f, -thick, 0.32f, -thick);
    weft__draw_fill(d, &cloth->fabric);
    const weft__paint *rubber = weft__chance(rng, 0.5f) ? &cloth->dark : &cloth->trim;
    weft__draw_line(d, 0.01f, -0.5f * thick);
    weft__draw_line(d, 0.34f, -0.5f * thick);
    weft__draw_curve(d, 0.5f, -0.5f * thick, 0.7f, -high, 0.98f, -high);
    weft__draw_stroke(d, thick, rubber);
    if (high > 0.05f)
        raise(d, rubber, high, heeled ? weft__between(rng, 0.05f, 0.28f) : 0.3f);
    float detail = weft_rng_uniform(rng);
    if (detail < 0.3f) { /* laces up the front */
        for (int i = 0; i < 5; i++) {
            float y = -instep - 0.02f - (float)i * 0.2f * (shaft - instep);
            weft__draw_line(d, front - 0.01f, y);
            weft__draw_line(d, front + 0.12f, y + 0.03f);
            weft__draw_stroke(d, 0.03f, &cloth->trim);
        }
    } else if (detail < 0.6f) { /* a zip or elastic side */
        weft__draw_line(d, 0.72f, -shaft + 0.05f);
        weft__draw_bend(d, 0.74f, -0.6f * shaft, 0.7f, -high - 0.12f);
        weft__draw_stroke(d, detail < 0.45f ? 0.03f : 0.14f, &cloth->seam);
    }
    if (weft__chance(rng, 0.3f)) { /* a cuff or strap */
        float y = weft__chance(rng, 0.5f) ? -shaft + 0.06f : -instep - 0.05f;
        weft__draw_line(d, front - 0.01f, y);
        weft__draw_line(d, 0.95f, y);
        weft__draw_stroke(d, weft__between(rng, 0.05f, 0.12f), &cloth->side);
    }
}

/* A strap that rises from the footbed at x, over the foot, and leans back. */
static void strap(weft__drawing *d, const weft__paint *paint, float x, float bed,
    float rise, float lean, float width)
{
    weft__draw_line(d, x, -bed + 0.01f);
    weft__draw_curve(d, x - 0.03f, -bed - rise * 0.7f, x + lean * 0.4f, -bed - rise,
        x + lean, -bed - rise);
    weft__draw_stroke(d, width, paint);
}

void weft__draw_sandal(weft__drawing *d, const weft__cloth *cloth, weft_rng *rng)
{
    float kind = weft_rng_uniform(rng);
    float high =
        kind < 0.5f ? weft__between(rng, 0.01f, 0.07f) : weft__between(rng, 0.15f, 0.55f);
    float thick = weft__between(rng, 0.03f, 0.09f), front = thick;
    bool wedge = kind > 0.75f;
    if (wedge)
        front += weft__between(rng, 0, 0.1f);
    uint32_t straps = 1 + weft_rng_below(rng, 4);
    float width = weft__between(rng, 0.03f, 0.13f), rise = weft__between(rng, 0.14f, 0.3f);
    const weft__paint *leather = weft__chance(rng, 0.5f) ? &cloth->fabric : &cloth->side;
    if (wedge) {
        weft__draw_line(d, 0.02f, -front);
        weft__draw_line(d, 0.3f, -front);
        weft__draw_curve(d, 0.5f, -front, 0.7f, -high - front, 1, -high - front);
        weft__draw_bend(d, 0.96f, -0.5f * high, 0.97f, 0);
        weft__draw_line(d, 0.04f, 0);
        weft__draw_fill(d, &cloth->trim);
    } else if (high > 0.08f) {
        raise(d, leather, high, weft__between(rng, 0.03f, 0.16f));
    }
    weft__draw_line(d, 0, -front + 0.5f * thick);
    weft__draw_line(d, 0.3f, -front + 0.5f * thick);
    weft__draw_curve(d, 0.5f, -front + 0.5f * thick, 0.7f, -high - front + 0.5f * thick, 1,
        -high - front + 0.5f * thick);
    weft__draw_stroke(d, thick, weft__chance(rng, 0.5f) ? &cloth->fabric : &cloth->trim);
    for (uint32_t i = 0; i < straps; i++) { /* over the toes and the instep */
        float x = 0.1f + 0.36f * ((float)i + 0.5f) / (float)straps +
                  weft__between(rng, -.03f, .03f);
        float bed = x < 0.3f ? front : front + high * (x - 0.3f) / 0.7f;
        strap(d, leather, x, bed, rise * (0.7f + 0.8f * x), weft__between(rng, 0.06f, 0.2f),
            width);
    }
    if (weft__chance(rng, 0.65f)) { /* round the heel, and the ankle */
        float bed = high + front, top = weft__between(rng, 0.22f, 0.45f);
        float thin = width * weft__between(rng, 0.5f, 1);
        weft__draw_line(d, 0.96f, -bed);
        weft__draw_bend(d, 1.02f, -bed - 0.5f * top, 0.97f, -bed - top);
        weft__draw_stroke(d, width, leather);
        weft__draw_line(d, 0.98f, -bed - top * 0.9f);
        weft__draw_bend(d, 0.8f, -bed - top * 0.85f, weft__between(rng, 0.52f, 0.66f),
            -bed - top * 1.05f);
        weft__draw_stroke(d, thin, leather);
        if (weft__chance(rng, 0.5f)) { /* joined to the instep */
            weft__draw_line(d, 0.6f, -bed - top);
            weft__draw_bend(d, 0.5f, -bed - 0.6f * top, 0.36f, -front - rise);
            weft__draw_stroke(d, thin, leather);
        }
    }
}
