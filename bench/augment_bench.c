/* Pictures a second that one thread makes ready for a network: augmented, then normalised.
 *
 *     augment_bench [SIDE [CHANNELS]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "core/mem.h"
#include "nn/augment.h"
#include "nn/batch.h"
#include "nn/options.h"
#include "nn/real.h"

enum { PICTURES = 4096, BATCH = 64, REPEATS = 7 };

static const struct set {
    const char *name, *options[6][2];
} sets[] = {
    {"none", {{0}}},
    {"photo 1", {{"photo", "1"}}},
    {"flip, shift", {{"flip", "random"}, {"shift", "2"}}},
    {"flip, crop-pad", {{"flip", "alternate"}, {"crop-pad", "4"}}},
    {"rotate, zoom", {{"rotate", "15"}, {"zoom", "0.1"}}},
    {"brightness, contrast", {{"brightness", "0.2"}, {"contrast", "0.2"}}},
    {"erase", {{"erase", "0.3"}}},
    {"mixup", {{"mixup", "0.4"}}},
    {"cutmix", {{"cutmix", "1"}}},
    {"flip, shift, rotate, zoom, erase",
        {{"flip", "random"}, {"shift", "2"}, {"rotate", "15"}, {"zoom", "0.1"},
            {"erase", "0.3"}}},
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double seconds_of(const weft__augmenter *a, const weft_view *view,
    const uint32_t *order, uint8_t *scratch, void *row, weft__real real)
{
    weft_shape shape = weft_dataset_shape(view->data);
    weft__normalisation n = weft__normalise_unit();
    double best = 1e9;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        double began = now();
        for (size_t i = 0; i < PICTURES; i++) {
            weft__batch batch = {view, order, i / BATCH * BATCH, BATCH};
            weft__target target;
            weft__picture_to_reals(row, real,
                weft__augmented_row(&target, a, &batch, i % BATCH, scratch), shape, &n);
        }
        double took = now() - began;
        best = took < best ? took : best;
    }
    return best;
}

static weft_status bench(weft_shape shape)
{
    weft_dataset *data;
    uint8_t *pixels, *scratch;
    uint32_t *order;
    float *row;
    size_t bytes = weft_shape_bytes(shape);
    WEFT_TRY(weft__alloc(&pixels, PICTURES, bytes, "pictures"));
    WEFT_TRY(weft__alloc(&scratch, 1, weft__augment_scratch(shape), "scratch"));
    WEFT_TRY(weft__alloc(&order, PICTURES, sizeof *order, "order"));
    WEFT_TRY(weft__alloc(&row, bytes, sizeof *row, "row"));
    weft_rng rng = weft_rng_create(1, 0);
    for (size_t i = 0; i < PICTURES * bytes; i++)
        pixels[i] = (uint8_t)weft_rng_u32(&rng);
    for (uint32_t i = 0; i < PICTURES; i++)
        order[i] = i;
    weft_rng_shuffle(&rng, order, PICTURES);
    uint16_t *labels;
    WEFT_TRY(weft__calloc(&labels, PICTURES, sizeof *labels, "labels"));
    WEFT_TRY(weft_dataset_create(
        &data, shape, PICTURES, pixels, labels, 1, (const char *const[]){"one"}));
    weft_view view = weft_view_all(data);
    for (size_t s = 0; s < sizeof sets / sizeof *sets; s++) {
        weft__train_options o;
        WEFT_TRY(weft_param_defaults(weft__train_params, &o));
        for (int k = 0; k < 6 && sets[s].options[k][0]; k++)
            WEFT_TRY(weft_param_set(
                weft__train_params, &o, sets[s].options[k][0], sets[s].options[k][1]));
        weft__augmenter a = {&o.augmentation, 1, 0};
        double f32 = seconds_of(&a, &view, order, scratch, row, WEFT__REAL_F32);
        double bf16 = seconds_of(&a, &view, order, scratch, row, WEFT__REAL_BF16);
        printf("%-34s %9.0f f32 %9.0f bf16 pictures/s\n", sets[s].name, PICTURES / f32,
            PICTURES / bf16);
        weft_param_clear(weft__train_params, &o);
    }
    weft_dataset_free(data);
    free(pixels);
    free(scratch);
    free(order);
    free(row);
    free(labels);
    return WEFT_OK;
}

int main(int argc, char **argv)
{
    uint32_t side = argc > 1 ? (uint32_t)atoi(argv[1]) : 28;
    uint32_t channels = argc > 2 ? (uint32_t)atoi(argv[2]) : 1;
    if (bench((weft_shape){side, side, channels}) != WEFT_OK) {
        fprintf(stderr, "augment_bench: %s\n", weft_error());
        return 1;
    }
    return 0;
}
