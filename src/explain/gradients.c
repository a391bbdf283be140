/* Maps of pixels from the gradient of the class's logit by the picture. */
#include <math.h>
#include <stdlib.h>

#include "core/mem.h"
#include "explain/explain.h"
#include "weft/rng.h"

/* One picture many times over, each time a little different, and what comes of it. */
struct variations {
    size_t values, most;         /* of a picture; variations at once */
    float *pictures, *gradients; /* most x values */
    uint16_t *classes;           /* most */
    double *sums;                /* values: of the gradients */
};

static void clear(struct variations *v)
{
    free(v->pictures);
    free(v->gradients);
    free(v->classes);
    free(v->sums);
}

static weft_status make(struct variations *v, const weft__explaining *e, size_t wanted)
{
    v->values = weft_shape_bytes(e->shape);
    size_t fitting = WEFT__EXPLAIN_BYTES / (2 * v->values * sizeof(float));
    v->most = wanted < fitting ? wanted : fitting ? fitting : 1;
    WEFT_TRY(
        weft__alloc(&v->pictures, v->most * v->values, sizeof *v->pictures, "pictures"));
    WEFT_TRY(
        weft__alloc(&v->gradients, v->most * v->values, sizeof *v->gradients, "gradients"));
    WEFT_TRY(weft__alloc(&v->classes, v->most, sizeof *v->classes, "classes"));
    return weft__alloc(&v->sums, v->values, sizeof *v->sums, "gradients");
}

/* Makes the variation `n` of the picture `pixels`. */
typedef void (*vary_fn)(float *to, const uint8_t *pixels, size_t values, size_t n,
    const weft__explaining *e, uint64_t picture);

/* The sum of the gradients over variations 0 to count - 1. */
static weft_status sum_gradients(struct variations *v, const weft__explaining *e,
    const uint8_t *pixels, uint16_t class, size_t count, uint64_t picture, vary_fn vary)
{
    for (size_t k = 0; k < v->values; k++)
        v->sums[k] = 0;
    for (size_t done = 0; done < count; done += v->most) {
        size_t here = count - done < v->most ? count - done : v->most;
        for (size_t n = 0; n < here; n++) {
            vary(v->pictures + n * v->values, pixels, v->values, done + n, e, picture);
            v->classes[n] = class;
        }
        weft__derivatives job = {.count = here,
            .pictures = v->pictures,
            .classes = v->classes,
            .untrained = e->options->untrained,
            .seed = e->options->seed,
            .input_gradients = v->gradients};
        WEFT_TRY(e->classifier->family->differentiate(e->classifier, &job, e->context));
        for (size_t n = 0; n < here; n++)
            for (size_t k = 0; k < v->values; k++)
                v->sums[k] += (double)v->gradients[n * v->values + k];
    }
    return WEFT_OK;
}

/* The midpoints of equal parts of the straight way from the baseline to the picture. */
static void towards(float *to, const uint8_t *pixels, size_t values, size_t n,
    const weft__explaining *e, uint64_t picture)
{
    double way = ((double)n + 0.5) / (double)e->options->steps;
    (void)picture;
    for (size_t k = 0; k < values; k++)
        to[k] = (float)(e->options->baseline +
                        way * ((double)pixels[k] - e->options->baseline));
}

weft_status weft__integrated_gradients(
    const weft__explaining *e, const weft__explain_run *run)
{
    struct variations v = {0};
    size_t channels = e->shape.channels;
    weft_status status = make(&v, e, e->options->steps);
    for (size_t i = 0; status == WEFT_OK && i < run->count; i++) {
        const uint8_t *picture = run->pixels + i * v.values;
        float *map = run->maps + i * v.values / channels;
        status =
            sum_gradients(&v, e, picture, run->classes[i], e->options->steps, i, towards);
        for (size_t p = 0; status == WEFT_OK && p < v.values / channels; p++) {
            double sum = 0;
            for (size_t k = p * channels; k < (p + 1) * channels; k++)
                sum += v.sums[k] / (double)e->options->steps *
                       ((double)picture[k] - e->options->baseline);
            map[p] = (float)sum;
        }
    }
    clear(&v);
    return status;
}

/* With normal noise, of a stream of its own for every variation of every picture. */
static void noisy(float *to, const uint8_t *pixels, size_t values, size_t n,
    const weft__explaining *e, uint64_t picture)
{
    weft_rng rng = weft_rng_create(e->options->seed, picture << 20 | n);
    float scale = (float)(255 * e->options->noise);
    for (size_t k = 0; k < values; k++)
        to[k] = (float)pixels[k] + scale * weft_rng_normal(&rng);
}

/* The magnitude of the mean gradient, the largest over the channels. */
weft_status weft__smooth_grad(const weft__explaining *e, const weft__explain_run *run)
{
    struct variations v = {0};
    size_t channels = e->shape.channels;
    weft_status status = make(&v, e, e->options->samples);
    for (size_t i = 0; status == WEFT_OK && i < run->count; i++) {
        float *map = run->maps + i * v.values / channels;
        status = sum_gradients(&v, e, run->pixels + i * v.values, run->classes[i],
            e->options->samples, i, noisy);
        for (size_t p = 0; status == WEFT_OK && p < v.values / channels; p++) {
            double largest = 0;
            for (size_t k = p * channels; k < (p + 1) * channels; k++)
                largest = fmax(largest, fabs(v.sums[k]) / (double)e->options->samples);
            map[p] = (float)largest;
        }
    }
    clear(&v);
    return status;
}
