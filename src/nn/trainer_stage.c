#include <math.h>

#include "nn/selection.h"
#include "nn/trainer.h"
#include "nn/trainer_state.h"
#include "nn/transfer.h"

static uint32_t side_of(uint32_t side, double share)
{
    long grown = lrint(side * share);
    return grown < 1 ? 1 : grown > (long)side ? side : (uint32_t)grown;
}

/* Each size is planned anew: few of them are nearly as cheap as many. */
enum { SIZES = 8 };

/* The share of their sides that an epoch's pictures have, which grows evenly with the
 * epochs (progressive resizing: Howard 2018; Tan and Le 2021, "EfficientNetV2", section 4).
 */
static double side_share(const weft__train_options *o, uint64_t epoch)
{
    uint64_t growing = (uint64_t)lrint(o->grow_until * (double)o->epochs);
    if (epoch >= growing)
        return 1;
    double way = (double)(epoch * SIZES / growing) / SIZES;
    return o->grow_from + (1 - o->grow_from) * way;
}

static weft__stage stage_of(const weft__trainer *t, uint64_t epoch)
{
    const weft__train_options *o = t->options;
    weft__stage stage = {.shape = weft_dataset_shape(t->train->data),
        .late = o->freeze_late && (double)epoch >= o->freeze_at * (double)o->epochs};
    double share = side_share(o, epoch);
    stage.shape.height = side_of(stage.shape.height, share);
    stage.shape.width = side_of(stage.shape.width, share);
    return stage;
}

/* The network anew, from its text: the same weights, seen at another size, or fewer of them
 * trained. */
static weft_status make_network(weft__trainer *t)
{
    const char *name = t->self->info.name;
    weft_shape s = t->stage.shape;
    WEFT_TRY(weft__network_parse(&t->staged, t->network->text, name));
    WEFT_TRY(weft__network_infer(&t->staged, (weft__dims){s.height, s.width, s.channels},
        t->network->classes, name));
    bool same = t->staged.parameter_count == t->network->parameter_count &&
                t->staged.block == t->network->block;
    for (size_t i = 0; same && i < t->staged.parameter_count; i++)
        same = t->staged.parameters[i].count == t->network->parameters[i].count;
    if (!same)
        return weft_fail(WEFT_EINVAL,
            "grow-until: the weights of %s depend on the picture's size (%u x %u here): a "
            "network ends with globalpool, or pools to 1 x 1",
            name, s.height, s.width);
    return weft__choose_rates(&t->staged, t->options, t->stage.late);
}

/* How many of `count` pictures an epoch shows. */
static size_t shown(const weft__train_options *o, size_t count, uint64_t epoch)
{
    size_t batch = o->batch < count ? o->batch : count;
    return weft__shown(count, batch, o->skip_easy, epoch, o->epochs);
}

size_t weft__trainer_shown(const weft__trainer *t, uint64_t epoch)
{
    return shown(t->options, t->train->count, epoch);
}

double weft__training_work(const weft__train_options *options, size_t pictures)
{
    double work = 0;
    size_t step = options->batch * options->accumulate;
    for (uint64_t epoch = 0; epoch < options->epochs; epoch++) {
        double side = side_share(options, epoch);
        size_t count = shown(options, pictures, epoch);
        work += side * side * (double)((count + step - 1) / step);
    }
    return work;
}

uint64_t weft__trainer_steps_before(const weft__trainer *t, uint64_t epoch)
{
    uint64_t steps = 0;
    for (uint64_t e = 0; e < epoch; e++)
        steps += (weft__trainer_shown(t, e) + t->step_pictures - 1) / t->step_pictures;
    return steps;
}

weft_status weft__trainer_enter_stage(weft__trainer *t)
{
    weft__stage stage = stage_of(t, t->epoch);
    size_t count = t->train->count, batch = t->options->batch;
    if (t->full && stage.late == t->stage.late &&
        stage.shape.height == t->stage.shape.height &&
        stage.shape.width == t->stage.shape.width)
        return WEFT_OK;
    weft__plan_free(t->full);
    weft__plan_free(t->rest);
    weft__network_clear(&t->staged);
    t->full = t->rest = t->ready = NULL;
    t->stage = stage;
    batch = batch < count ? batch : count;
    WEFT_TRY(make_network(t));
    WEFT_TRY(weft__plan_create(
        &t->full, &t->staged, batch, true, t->real, t->block, t->context));
    if (count % batch)
        WEFT_TRY(weft__plan_create(
            &t->rest, &t->staged, count % batch, true, t->real, t->block, t->context));
    return WEFT_OK;
}
