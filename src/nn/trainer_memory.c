#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "nn/augment.h"
#include "nn/predict.h"
#include "nn/sampling.h"
#include "nn/trainer_state.h"

/* The average and the slow weights begin as the initial ones. */
static weft_status make_averages(weft__trainer *t)
{
    size_t block = t->network->block;
    if (t->options->lookahead) {
        WEFT_TRY(weft__alloc(&t->slow, block, sizeof *t->slow, "slow weights"));
        memcpy(t->slow, t->block, block * sizeof *t->slow);
    }
    if (t->options->ema > 0 && t->options->swa > 0)
        return weft_fail(WEFT_EINVAL, "ema and swa: one average at a time");
    if (t->options->ema <= 0 && t->options->swa <= 0)
        return WEFT_OK;
    WEFT_TRY(weft__alloc(&t->average, block, sizeof *t->average, "average weights"));
    memcpy(t->average, t->block, block * sizeof *t->average);
    return WEFT_OK;
}

static weft_status make_plans(weft__trainer *t)
{
    size_t count = t->train->count, batch = t->options->batch;
    batch = batch < count ? batch : count;
    WEFT_TRY(weft__trainer_enter_stage(t));
    t->step_pictures = batch * t->options->accumulate;
    t->total_steps = weft__trainer_steps_before(t, t->options->epochs);
    if (!t->validation)
        return WEFT_OK;
    size_t watched = t->validation->count;
    WEFT_TRY(weft__plan_create(&t->watching, t->network,
        watched < WEFT__PREDICT_BATCH ? watched : WEFT__PREDICT_BATCH, false, t->real,
        t->average ? t->average : t->block, t->context));
    return weft__alloc(
        &t->logits, watched * t->network->classes, sizeof *t->logits, "logits");
}

bool weft__is_matrix(const weft__parameter *p, const weft__optimiser *optimiser,
    size_t *rows, size_t *columns)
{
    if (!optimiser->update_matrix || !p->trained || p->rank != 4)
        return false;
    *columns = p->shape[3];
    *rows = p->count / *columns;
    return true;
}

/* As much as the largest matrix needs, for each member. */
static weft_status make_matrix_work(weft__trainer *t)
{
    const weft__optimiser *optimiser = &weft__optimisers[t->options->optimizer];
    for (size_t i = 0; i < t->network->parameter_count; i++) {
        size_t rows, columns;
        if (!weft__is_matrix(&t->network->parameters[i], optimiser, &rows, &columns))
            continue;
        size_t work = optimiser->matrix_work(rows, columns);
        t->matrix_work = work > t->matrix_work ? work : t->matrix_work;
    }
    return weft__alloc(&t->matrix, (size_t)t->full->members * t->matrix_work,
        sizeof *t->matrix, "the optimiser's work");
}

static weft_status make_state(weft__trainer *t)
{
    size_t members = (size_t)t->full->members, block = t->network->block;
    WEFT_TRY(weft__calloc(&t->sums, members, sizeof *t->sums, "sums"));
    WEFT_TRY(weft__calloc(&t->squares, members, sizeof *t->squares, "sums"));
    /* A picture's room at the end is for its size in the stage. */
    weft_shape shape = weft_dataset_shape(t->train->data);
    t->scratch_bytes =
        weft__augment_scratch(shape) + (weft_shape_bytes(shape) + 63) / 64 * 64;
    WEFT_TRY(weft__alloc(&t->scratch, members, t->scratch_bytes, "augmentation"));
    WEFT_TRY(weft__calloc(&t->order, t->train->count, sizeof *t->order, "an order"));
    WEFT_TRY(weft__calloc(&t->targets, t->full->batch, sizeof *t->targets, "targets"));
    for (int s = 0; s < weft__optimisers[t->options->optimizer].slots; s++)
        WEFT_TRY(weft__calloc(&t->slots[s], block, sizeof(float), "the optimiser's state"));
    WEFT_TRY(make_matrix_work(t));
    if (t->options->skip_easy > 0) {
        size_t count = t->train->count;
        WEFT_TRY(weft__calloc(&t->losses, count, sizeof *t->losses, "losses"));
        WEFT_TRY(
            weft__calloc(&t->losses_before, count, sizeof *t->losses_before, "losses"));
        WEFT_TRY(weft__calloc(
            &t->batch_losses, t->full->batch, sizeof *t->batch_losses, "losses"));
    }
    if (t->options->accumulate > 1)
        WEFT_TRY(weft__alloc(&t->gathered, block, sizeof *t->gathered, "gradients"));
    if (t->options->class_weights == WEFT__CLASS_WEIGHTS_BALANCED) {
        size_t classes = t->network->classes;
        WEFT_TRY(
            weft__alloc(&t->class_weights, classes, sizeof *t->class_weights, "weights"));
        WEFT_TRY(weft__balanced_weights(t->class_weights, t->train, classes));
    }
    if (t->options->patience && t->validation)
        WEFT_TRY(weft__calloc(&t->best, block, sizeof *t->best, "the best weights"));
    t->best_loss = INFINITY;
    return WEFT_OK;
}

weft_status weft__trainer_make(weft__trainer *t)
{
    WEFT_TRY(make_averages(t));
    WEFT_TRY(make_plans(t));
    return make_state(t);
}

void weft__trainer_clear(weft__trainer *t)
{
    json_decref(t->facts);
    free(t->figures);
    weft__plan_free(t->full);
    weft__plan_free(t->rest);
    weft__plan_free(t->watching);
    for (int s = 0; s < WEFT__MAX_SLOTS; s++)
        free(t->slots[s]);
    weft__network_clear(&t->staged);
    free(t->average);
    free(t->slow);
    free(t->gathered);
    free(t->class_weights);
    free(t->best);
    free(t->order);
    free(t->losses);
    free(t->losses_before);
    free(t->batch_losses);
    free(t->logits);
    free(t->targets);
    free(t->sums);
    free(t->squares);
    free(t->matrix);
    free(t->scratch);
}
