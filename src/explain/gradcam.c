/* Class activation maps: a layer's channels, weighted by how the class's logit depends on
 * them, then enlarged to the picture. */
#include <stdlib.h>

#include "core/mem.h"
#include "core/team.h"
#include "explain/explain.h"

struct layer {
    size_t height, width, channels;
    float *activations, *gradients; /* count x height x width x channels */
};

/* Grad-CAM: a channel weighs as much as its mean gradient (equation 1). */
static void weigh_mean(float *weights, const struct layer *l, size_t i)
{
    size_t pixels = l->height * l->width;
    const float *g = l->gradients + i * pixels * l->channels;
    for (size_t c = 0; c < l->channels; c++) {
        double sum = 0;
        for (size_t p = 0; p < pixels; p++)
            sum += (double)g[p * l->channels + c];
        weights[c] = (float)(sum / (double)pixels);
    }
}

/* Grad-CAM++: the positive gradients, each with the weight of equation 19, which for a
 * score that is the exponential of the logit needs first derivatives alone. */
static void weigh_plus_plus(float *weights, const struct layer *l, size_t i)
{
    size_t pixels = l->height * l->width, at = i * pixels * l->channels;
    for (size_t c = 0; c < l->channels; c++) {
        const float *a = l->activations + at + c, *g = l->gradients + at + c;
        double total = 0, weight = 0;
        for (size_t p = 0; p < pixels; p++)
            total += (double)a[p * l->channels];
        for (size_t p = 0; p < pixels; p++) {
            double d = (double)g[p * l->channels];
            double share = 2 * d * d + total * d * d * d;
            if (d > 0 && share != 0)
                weight += d * d / share * d;
        }
        weights[c] = (float)weight;
    }
}

/* The weighted sum, what is negative cut off (equation 2). */
static void combine(float *map, const float *weights, const struct layer *l, size_t i)
{
    size_t pixels = l->height * l->width;
    const float *a = l->activations + i * pixels * l->channels;
    for (size_t p = 0; p < pixels; p++) {
        double sum = 0;
        for (size_t c = 0; c < l->channels; c++)
            sum += (double)weights[c] * (double)a[p * l->channels + c];
        map[p] = sum > 0 ? (float)sum : 0;
    }
}

/* Where pixel `i` of `to` pixels lies among `from`: between *low and *low + 1 (or on the
 * last), *share of the way. Centres of pixels are half a pixel in, as in PyTorch's
 * align_corners=False. */
static void place(size_t i, size_t from, size_t to, size_t *low, float *share)
{
    float x = ((float)i + 0.5f) * (float)from / (float)to - 0.5f;
    x = x < 0 ? 0 : x;
    *low = (size_t)x;
    *share = *low + 1 < from ? x - (float)*low : 0;
}

/* Bilinear. */
static void enlarge(float *to, weft_shape shape, const float *from, const struct layer *l)
{
    for (size_t y = 0; y < shape.height; y++) {
        size_t top, left;
        float down, right;
        place(y, l->height, shape.height, &top, &down);
        size_t bottom = top + 1 < l->height ? top + 1 : top;
        for (size_t x = 0; x < shape.width; x++) {
            place(x, l->width, shape.width, &left, &right);
            size_t next = left + 1 < l->width ? left + 1 : left;
            const float *a = from + top * l->width, *b = from + bottom * l->width;
            to[y * shape.width + x] =
                (1 - down) * ((1 - right) * a[left] + right * a[next]) +
                down * ((1 - right) * b[left] + right * b[next]);
        }
    }
}

struct mapping {
    float *maps;
    const struct layer *layer;
    weft_shape shape;
    void (*weigh)(float *weights, const struct layer *l, size_t i);
    float **room; /* by rank: a channel's weights, then a small map */
};

static weft_status map_some(size_t begin, size_t end, int rank, void *arg)
{
    const struct mapping *m = arg;
    const struct layer *l = m->layer;
    size_t pixels = (size_t)m->shape.height * m->shape.width;
    float *weights = m->room[rank], *small = weights + l->channels;
    for (size_t i = begin; i < end; i++) {
        m->weigh(weights, l, i);
        combine(small, weights, l, i);
        enlarge(m->maps + i * pixels, m->shape, small, l);
    }
    return WEFT_OK;
}

static weft_status map_all(struct mapping *m, size_t count, weft_context *context)
{
    size_t threads = (size_t)weft_context_threads(context);
    size_t room = m->layer->channels + m->layer->height * m->layer->width;
    float *all = NULL;
    WEFT_TRY(weft__alloc(&all, threads * room, sizeof *all, "a map"));
    weft_status status = weft__calloc(&m->room, threads, sizeof *m->room, "a map");
    for (size_t t = 0; status == WEFT_OK && t < threads; t++)
        m->room[t] = all + t * room;
    if (status == WEFT_OK)
        status = weft__parallel(context, count, 16, map_some, m, NULL, NULL);
    free(m->room);
    free(all);
    return status;
}

/* What one run works on. */
struct room {
    struct layer layer;
    float *pictures; /* count of them, as derivatives want them */
    float *logits;   /* count x classes; NULL: not wanted */
};

static void clear(struct room *r)
{
    free(r->pictures);
    free(r->logits);
    free(r->layer.activations);
    free(r->layer.gradients);
}

static weft_status make(
    struct room *r, const weft__explaining *e, const weft__explain_run *run)
{
    size_t shape[3], values = run->count * weft_shape_bytes(e->shape);
    const char *name;
    struct layer *l = &r->layer;
    WEFT_TRY(e->classifier->family->derivatives_shape(
        e->classifier, e->options->layer, &name, shape));
    *l = (struct layer){shape[0], shape[1], shape[2], NULL, NULL};
    size_t outputs = run->count * l->height * l->width * l->channels;
    WEFT_TRY(weft__alloc(&r->pictures, values, sizeof *r->pictures, "pictures"));
    WEFT_TRY(weft__alloc(&l->activations, outputs, sizeof(float), "activations"));
    WEFT_TRY(weft__alloc(&l->gradients, outputs, sizeof(float), "gradients"));
    if (run->probabilities)
        WEFT_TRY(weft__alloc(&r->logits,
            run->count * weft_classifier_classes(e->classifier), sizeof(float), "logits"));
    for (size_t i = 0; i < values; i++)
        r->pictures[i] = run->pixels[i];
    return WEFT_OK;
}

static weft_status activation_maps(const weft__explaining *e, const weft__explain_run *run,
    void (*weigh)(float *, const struct layer *, size_t))
{
    struct room r = {0};
    weft_status status = make(&r, e, run);
    weft__derivatives job = {.count = run->count,
        .pictures = r.pictures,
        .classes = run->classes,
        .layer = e->options->layer,
        .untrained = e->options->untrained,
        .seed = e->options->seed,
        .logits = r.logits,
        .probabilities = run->probabilities,
        .activations = r.layer.activations,
        .gradients = r.layer.gradients};
    if (status == WEFT_OK)
        status = e->classifier->family->differentiate(e->classifier, &job, e->context);
    if (status == WEFT_OK && run->probabilities)
        weft__explain_take_likeliest(e, run, r.logits);
    struct mapping mapping = {run->maps, &r.layer, e->shape, weigh, NULL};
    if (status == WEFT_OK)
        status = map_all(&mapping, run->count, e->context);
    clear(&r);
    return status;
}

weft_status weft__grad_cam(const weft__explaining *e, const weft__explain_run *run)
{
    return activation_maps(e, run, weigh_mean);
}

weft_status weft__grad_cam_plus_plus(
    const weft__explaining *e, const weft__explain_run *run)
{
    return activation_maps(e, run, weigh_plus_plus);
}
