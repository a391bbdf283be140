#include "nn/trainer.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/events.h"
#include "core/mem.h"
#include "nn/augment.h"
#include "nn/checkpoint.h"
#include "nn/diagnose.h"
#include "nn/loss.h"
#include "nn/optimiser.h"
#include "nn/plan.h"
#include "nn/predict.h"
#include "nn/real.h"
#include "nn/sampling.h"
#include "nn/schedule.h"
#include "nn/streams.h"
#include "weft/rng.h"

/* Parameters are shared out among members in runs of this many floats. */
enum { UPDATE_GRAIN = 1024 };

/* Where a run is, with all that a checkpoint must bring back but the big blocks. */
enum { EPOCH, STEP, PICTURES, SINCE_BEST, COUNTERS };
enum { BEST_LOSS, EPOCH_SECONDS, FIGURES };
enum { SUM_FIGURES = 3, MOST_KEPT = 8 };
/* Epochs end in quick succession on small data: not each is worth a checkpoint. */
static const double SECONDS_BETWEEN_CHECKPOINTS = 1;

/* A run of training. */
struct trainer {
    weft_classifier *self;
    weft__rate_search *search; /* of which this is a step; NULL: a training; borrowed */
    const weft__network *network;
    const weft__train_options *options;
    const weft__normalisation *normalisation;
    const weft_view *train, *validation;
    weft_context *context;
    weft__real real;
    float *block;                  /* borrowed */
    float *slots[WEFT__MAX_SLOTS]; /* the optimiser's state; owned */
    float *average;                /* the block's moving average, with ema; owned */
    float *best;                   /* the best epoch's block, with patience; owned */
    double best_loss;
    uint64_t epochs_since_best;

    weft__plan *full, *rest; /* for whole batches and for what is left of an epoch; owned */
    weft__plan *watching;    /* for validation; owned */
    weft__plan *ready;       /* whose compute weights agree with the block */
    uint32_t *order;         /* the epoch's order of pictures; owned */
    float *logits;           /* of the validation pictures; owned */
    weft__target *targets;   /* of the batch; owned */
    float *class_weights;    /* owned; NULL: all 1 */
    float *gathered;         /* the gradient of a step's batches so far, where a step has
                              * more than one; owned */
    size_t step_pictures;    /* of a whole step */

    /* One a member. */
    weft__loss_sums *sums;
    double *squares;  /* of the gradient */
    uint8_t *scratch; /* scratch_bytes, for augmentation */
    size_t scratch_bytes;

    uint64_t epoch, step, total_steps;
    size_t pictures; /* of the epoch that are done */

    json_t *facts;              /* of checkpoints; NULL: none are kept; owned */
    int64_t counters[COUNTERS]; /* copies for checkpoints */
    double *figures;            /* FIGURES, and SUM_FIGURES a member; owned */
    double checkpoint_written;  /* when */

    atomic_bool stop; /* agreed on at a barrier: leave the epoch */
    weft__task task;
    double epoch_began;
};

weft_status weft__choose_real(weft__real *out, int precision)
{
    if (precision == WEFT__PRECISION_BF16 && !weft__has_bf16())
        return weft_fail(WEFT_EUNSUPPORTED,
            "precision=bf16: this processor has no fast bf16: use f32 or auto");
    *out = precision == WEFT__PRECISION_F32 || !weft__has_bf16() ? WEFT__REAL_F32
                                                                 : WEFT__REAL_BF16;
    return WEFT_OK;
}

/* This member's pictures of the batch that begins at `first` of the epoch's order. */
static void load_rows(const weft__exec *x, struct trainer *t, size_t first)
{
    weft__plan *plan = x->plan;
    weft_shape shape = weft_dataset_shape(t->train->data);
    size_t bytes = weft_shape_bytes(shape);
    void *input = weft__rows(plan, x->self->rank, plan->input);
    uint8_t *scratch = t->scratch + (size_t)x->self->rank * t->scratch_bytes;
    const weft__augmenter augmenter = {
        &t->options->augmentation, t->options->seed, t->epoch};
    const weft__batch batch = {t->train, t->order, first, plan->batch};
    for (size_t i = 0; i < x->rows; i++) {
        const uint8_t *pixels = weft__augmented_row(
            &t->targets[x->first + i], &augmenter, &batch, x->first + i, scratch);
        weft__picture_to_reals(weft__advance(input, i * bytes, plan->real), plan->real,
            pixels, shape, t->normalisation);
    }
}

/* `pictures` are the whole step's. */
static void take_loss(const weft__exec *x, struct trainer *t, size_t pictures)
{
    weft__plan *plan = x->plan;
    int m = x->self->rank;
    weft__loss_options o = {.kind = (weft__loss)t->options->loss,
        .smoothing = (float)t->options->label_smoothing,
        .class_weight = t->class_weights,
        .batch = pictures};
    weft__loss_rows(&t->sums[m], weft__rows(plan, m, plan->diff_logits), plan->real,
        weft__rows(plan, m, plan->logits), t->targets + x->first, x->rows,
        plan->network->classes, &o);
}

/* The blocks whose sum is the gradient of parameter `which`. */
static float *const *gradient_blocks(
    struct trainer *t, const weft__plan *plan, size_t which, int *parts)
{
    *parts = t->gathered || plan->reduced[which] ? 1 : plan->members;
    return t->gathered ? &t->gathered : plan->gradients;
}

/* Adds the batch's gradient to the step's, this member's share of it. */
static void gather(const weft__exec *x, struct trainer *t, bool first)
{
    const weft__plan *plan = x->plan;
    for (size_t i = 0; i < plan->network->parameter_count; i++) {
        const weft__parameter *p = &plan->network->parameters[i];
        size_t begin, end;
        if (!p->trained)
            continue;
        weft__team_share(x->self, p->count, UPDATE_GRAIN, &begin, &end);
        weft__gather_gradient(t->gathered, plan->gradients,
            plan->reduced[i] ? 1 : plan->members, first, p->offset + begin,
            p->offset + end);
    }
}

/* This member's part of the squared length of the whole gradient. */
static double gradient_square(const weft__exec *x, struct trainer *t)
{
    weft__plan *plan = x->plan;
    double sum = 0;
    for (size_t i = 0; i < plan->network->parameter_count; i++) {
        const weft__parameter *p = &plan->network->parameters[i];
        int parts;
        float *const *blocks = gradient_blocks(t, plan, i, &parts);
        size_t begin, end;
        if (!p->trained)
            continue;
        weft__team_share(x->self, p->count, UPDATE_GRAIN, &begin, &end);
        for (size_t k = p->offset + begin; k < p->offset + end; k++) {
            float g = 0;
            for (int m = 0; m < parts; m++)
                g += blocks[m][k];
            sum += (double)g * (double)g;
        }
    }
    return sum;
}

/* The factor that brings the gradient to the longest allowed. */
static float clip(const weft__exec *x, struct trainer *t)
{
    if (t->options->clip_norm <= 0)
        return 1;
    t->squares[x->self->rank] = gradient_square(x, t);
    weft__team_barrier(x->self);
    double sum = 0;
    for (int m = 0; m < x->self->count; m++)
        sum += t->squares[m];
    double length = sqrt(sum);
    return length > t->options->clip_norm ? (float)(t->options->clip_norm / length) : 1;
}

static void update_parameters(const weft__exec *x, struct trainer *t)
{
    weft__plan *plan = x->plan;
    const weft__train_options *o = t->options;
    const double rate = t->search ? weft__search_rate(t->search, t->step)
                                  : weft__learning_rate(o, t->step, t->total_steps);
    weft__update u = {.values = t->block,
        .mirror = plan->mirror,
        .gradient_scale = clip(x, t),
        .momentum = (float)o->momentum,
        .beta1 = (float)o->beta1,
        .beta2 = (float)o->beta2,
        .epsilon = (float)o->epsilon,
        .nesterov = o->nesterov,
        .step = t->step + 1};
    memcpy(u.slots, t->slots, sizeof u.slots);
    float decay = weft__average_decay(o->ema, u.step);
    for (size_t i = 0; i < plan->network->parameter_count; i++) {
        const weft__parameter *p = &plan->network->parameters[i];
        size_t begin, end;
        u.gradients = gradient_blocks(t, plan, i, &u.parts);
        u.learning_rate = (float)rate * p->rate;
        u.weight_decay = p->decayed ? (float)o->weight_decay : 0;
        weft__team_share(x->self, p->count, UPDATE_GRAIN, &begin, &end);
        begin += p->offset;
        end += p->offset;
        if (p->trained)
            weft__optimisers[o->optimizer].update(&u, begin, end);
        if (t->average) /* running statistics too */
            weft__move_average(t->average, t->block, decay, begin, end);
    }
}

static double mean_loss(const struct trainer *t, double *accuracy)
{
    double loss = 0, weight = 0, correct = 0;
    for (int m = 0; m < t->full->members; m++) {
        loss += t->sums[m].loss;
        weight += t->sums[m].weight;
        correct += (double)t->sums[m].correct;
    }
    *accuracy = correct / weight;
    return loss / weight;
}

/* The arrays of a checkpoint; returns how many. */
static size_t list_kept(struct trainer *t, weft__kept kept[MOST_KEPT])
{
    static const char *const slots[WEFT__MAX_SLOTS] = {"optimiser.0", "optimiser.1"};
    size_t n = 0, block = t->network->block, members = (size_t)t->full->members;
    kept[n++] = (weft__kept){"counters", WEFT__I64, COUNTERS, t->counters};
    kept[n++] =
        (weft__kept){"figures", WEFT__F64, FIGURES + SUM_FIGURES * members, t->figures};
    kept[n++] = (weft__kept){"weights", WEFT__F32, block, t->block};
    for (int s = 0; s < WEFT__MAX_SLOTS; s++)
        if (t->slots[s])
            kept[n++] = (weft__kept){slots[s], WEFT__F32, block, t->slots[s]};
    if (t->best)
        kept[n++] = (weft__kept){"best", WEFT__F32, block, t->best};
    if (t->average)
        kept[n++] = (weft__kept){"average", WEFT__F32, block, t->average};
    return n;
}

static weft_status save_checkpoint(struct trainer *t)
{
    t->counters[EPOCH] = (int64_t)t->epoch;
    t->counters[STEP] = (int64_t)t->step;
    t->counters[PICTURES] = (int64_t)t->pictures;
    t->counters[SINCE_BEST] = (int64_t)t->epochs_since_best;
    t->figures[BEST_LOSS] = t->best_loss;
    t->figures[EPOCH_SECONDS] = weft__now() - t->epoch_began;
    for (int m = 0; m < t->full->members; m++) {
        double *to = t->figures + FIGURES + SUM_FIGURES * m;
        to[0] = t->sums[m].loss;
        to[1] = t->sums[m].weight;
        to[2] = (double)t->sums[m].correct;
    }
    weft__kept kept[MOST_KEPT];
    size_t count = list_kept(t, kept);
    t->checkpoint_written = weft__now();
    return weft__checkpoint_save(t->self->checkpoint, t->facts, t->self, kept, count);
}

/* A checkpoint that cannot be written is no reason to lose the run. */
static void try_checkpoint(struct trainer *t)
{
    if (save_checkpoint(t) != WEFT_OK)
        weft__note(t->context, "no checkpoint this time: %s", weft_error());
}

static bool checkpoint_due(const struct trainer *t, bool epoch_over)
{
    double wait = t->self->checkpoint_seconds;
    if (epoch_over && wait > SECONDS_BETWEEN_CHECKPOINTS)
        wait = SECONDS_BETWEEN_CHECKPOINTS;
    return t->facts && weft__now() - t->checkpoint_written >= wait;
}

/* Rank 0, between barriers: counts the step, tells of it, and decides whether to go on. */
static void close_step(struct trainer *t, size_t pictures)
{
    double accuracy, loss = mean_loss(t, &accuracy), now = weft__now();
    double weight = 0;
    for (int m = 0; m < t->full->members; m++)
        weight += t->sums[m].weight;
    t->step++;
    t->pictures = pictures;
    bool over = !isfinite(loss) || weft_context_cancelled(t->context);
    if (t->search && !weft__search_step(t->search, loss * weight, weight))
        over = true;
    if (over)
        atomic_store(&t->stop, true);
    else if (checkpoint_due(t, false))
        try_checkpoint(t);
    if (now - t->task.told < 0.1)
        return;
    t->task.told = now;
    weft_event event = weft__event(WEFT_EVENT_PROGRESS, t->task.name);
    event.unit = "epochs";
    event.done = (double)t->epoch + (double)pictures / (double)t->train->count;
    event.total = (double)t->options->epochs;
    event.seconds = now - t->task.began;
    event.rate = (double)pictures / (now - t->epoch_began);
    event.loss = loss;
    event.accuracy = accuracy;
    weft__send(t->context, &event);
}

/* One update: pictures first to end of the epoch's order, in one batch or several. */
struct step {
    size_t first, end;
};

/* The gradient of the batch at `at`, all members; they leave with the same answer. */
static weft_status train_batch(
    const weft__exec *x, struct trainer *t, struct step step, size_t at)
{
    if (t->ready != x->plan)
        WEFT_TRY(weft__exec_prepare(x, false));
    load_rows(x, t, at);
    weft_status status = weft__exec_forward(x);
    take_loss(x, t, step.end - step.first);
    weft_status back = weft__exec_backward(x);
    WEFT_TRY(weft__team_agree(x->self, status != WEFT_OK ? status : back));
    if (t->gathered)
        gather(x, t, at == step.first);
    return WEFT_OK;
}

static weft_status train_step(const weft__member *self, struct trainer *t, struct step step)
{
    uint64_t batches = 0;
    for (size_t at = step.first;;) {
        weft__plan *plan = step.end - at >= t->full->batch ? t->full : t->rest;
        weft__exec x = weft__exec_create(self, plan);
        x.seed = t->options->seed;
        x.step = t->step * t->options->accumulate + batches++;
        WEFT_TRY(train_batch(&x, t, step, at));
        at += plan->batch;
        if (at == step.end)
            update_parameters(&x, t);
        if (self->rank == 0)
            t->ready = plan;
        weft__team_barrier(self);
        if (at < step.end)
            continue;
        if (self->rank == 0)
            close_step(t, at);
        return weft__exec_prepare(&x, true);
    }
}

static weft_status train_epoch(const weft__member *self, void *arg)
{
    struct trainer *t = arg;
    size_t count = t->train->count;
    for (size_t first = t->pictures; first < count && !atomic_load(&t->stop);) {
        size_t left = count - first;
        size_t end = first + (left < t->step_pictures ? left : t->step_pictures);
        WEFT_TRY(train_step(self, t, (struct step){first, end}));
        first = end;
    }
    return WEFT_OK;
}

/* The weights that are watched and kept. */
static const float *result(const struct trainer *t)
{
    return t->average ? t->average : t->block;
}

static weft_status watch(struct trainer *t, weft_epoch *row)
{
    size_t count = t->validation->count, classes = t->network->classes;
    WEFT_TRY(weft__predict_logits(
        t->watching, t->validation, t->normalisation, true, t->logits, t->context));
    weft__loss_options o = {.kind = (weft__loss)t->options->loss, .batch = count};
    weft__loss_sums sums = {0};
    for (size_t i = 0; i < count; i++) {
        uint16_t label = weft_view_label(t->validation, i);
        weft__target target = {label, label, 1};
        weft__loss_rows(
            &sums, NULL, WEFT__REAL_F32, t->logits + i * classes, &target, 1, classes, &o);
    }
    row->val_loss = sums.loss / sums.weight;
    row->val_accuracy = (double)sums.correct / sums.weight;
    return WEFT_OK;
}

static void tell_epoch(struct trainer *t, const weft_epoch *row)
{
    weft_event event = weft__event(WEFT_EVENT_EPOCH, t->task.name);
    event.unit = "epochs";
    event.done = row->epoch;
    event.total = (double)t->options->epochs;
    event.seconds = weft__now() - t->task.began;
    event.rate = row->rate;
    event.loss = row->loss;
    event.accuracy = row->accuracy;
    event.val_loss = row->val_loss;
    event.val_accuracy = row->val_accuracy;
    weft__send(t->context, &event);
}

static weft_status not_finite(const struct trainer *t)
{
    return weft_fail(WEFT_ENUMERIC,
        "%s: the loss is not finite at step %llu (epoch %llu): try a tenth of "
        "learning-rate=%g, clip-norm=1, or precision=f32",
        t->self->info.name, (unsigned long long)t->step, (unsigned long long)t->epoch + 1,
        t->options->learning_rate);
}

static void remember_best(struct trainer *t, double val_loss)
{
    if (!t->best || !isfinite(val_loss))
        return;
    if (val_loss < t->best_loss) {
        t->best_loss = val_loss;
        t->epochs_since_best = 0;
        memcpy(t->best, result(t), t->network->block * sizeof *t->best);
        return;
    }
    t->epochs_since_best++;
}

static bool finished(const struct trainer *t)
{
    return t->epoch >= t->options->epochs || (t->search && weft__search_over(t->search)) ||
           (t->best && t->epochs_since_best >= t->options->patience);
}

/* From its beginning, or from where a checkpoint left it. */
static weft_status begin_epoch(struct trainer *t)
{
    WEFT_TRY(weft__epoch_order(t->order, t->train, t->network->classes,
        (weft__sampling)t->options->sampling, t->options->seed, t->epoch));
    t->epoch_began = weft__now();
    if (t->pictures)
        t->epoch_began -= t->figures[EPOCH_SECONDS];
    else
        memset(t->sums, 0, (size_t)t->full->members * sizeof *t->sums);
    return WEFT_OK;
}

static weft_status run_epoch(struct trainer *t)
{
    size_t count = t->train->count;
    WEFT_TRY(begin_epoch(t));
    WEFT_TRY(weft__team_run(t->context, train_epoch, t));

    weft_epoch row = {
        .epoch = (uint32_t)t->epoch + 1, .val_loss = NAN, .val_accuracy = NAN};
    row.loss = mean_loss(t, &row.accuracy);
    if (!isfinite(row.loss))
        return not_finite(t);
    if (weft_context_cancelled(t->context))
        return weft_fail(WEFT_ECANCELLED, "%s: cancelled in epoch %llu", t->self->info.name,
            (unsigned long long)t->epoch + 1);
    row.seconds = weft__now() - t->epoch_began;
    row.rate = (double)count / row.seconds;
    row.learning_rate =
        weft__learning_rate(t->options, t->step ? t->step - 1 : 0, t->total_steps);
    if (t->validation)
        WEFT_TRY(watch(t, &row));
    WEFT_TRY(weft__classifier_log(t->self, &row));
    if (!t->search)
        tell_epoch(t, &row);
    remember_best(t, row.val_loss);
    t->epoch++;
    t->pictures = 0;
    if (checkpoint_due(t, true))
        try_checkpoint(t);
    return WEFT_OK;
}

/* The average begins as the initial weights. */
static weft_status make_average(struct trainer *t)
{
    size_t block = t->network->block;
    if (t->options->ema <= 0)
        return WEFT_OK;
    WEFT_TRY(weft__alloc(&t->average, block, sizeof *t->average, "average weights"));
    memcpy(t->average, t->block, block * sizeof *t->average);
    return WEFT_OK;
}

static weft_status make_plans(struct trainer *t)
{
    size_t count = t->train->count, batch = t->options->batch;
    batch = batch < count ? batch : count;
    WEFT_TRY(weft__plan_create(
        &t->full, t->network, batch, true, t->real, t->block, t->context));
    if (count % batch)
        WEFT_TRY(weft__plan_create(
            &t->rest, t->network, count % batch, true, t->real, t->block, t->context));
    t->step_pictures = batch * t->options->accumulate;
    t->total_steps =
        t->options->epochs * ((count + t->step_pictures - 1) / t->step_pictures);
    if (!t->validation)
        return WEFT_OK;
    size_t watched = t->validation->count;
    WEFT_TRY(weft__plan_create(&t->watching, t->network,
        watched < WEFT__PREDICT_BATCH ? watched : WEFT__PREDICT_BATCH, false, t->real,
        t->average ? t->average : t->block, t->context));
    return weft__alloc(
        &t->logits, watched * t->network->classes, sizeof *t->logits, "logits");
}

static weft_status make_state(struct trainer *t)
{
    size_t members = (size_t)t->full->members, block = t->network->block;
    WEFT_TRY(weft__calloc(&t->sums, members, sizeof *t->sums, "sums"));
    WEFT_TRY(weft__calloc(&t->squares, members, sizeof *t->squares, "sums"));
    t->scratch_bytes = weft__augment_scratch(weft_dataset_shape(t->train->data));
    WEFT_TRY(weft__alloc(&t->scratch, members, t->scratch_bytes, "augmentation"));
    WEFT_TRY(weft__calloc(&t->order, t->train->count, sizeof *t->order, "an order"));
    WEFT_TRY(weft__calloc(&t->targets, t->full->batch, sizeof *t->targets, "targets"));
    for (int s = 0; s < weft__optimisers[t->options->optimizer].slots; s++)
        WEFT_TRY(weft__calloc(&t->slots[s], block, sizeof(float), "the optimiser's state"));
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

/* What a file says is not yet a place in this run. */
static weft_status take_place(struct trainer *t)
{
    const int64_t *c = t->counters;
    uint64_t epochs = t->options->epochs;
    size_t count = t->train->count, batch = t->step_pictures;
    uint64_t steps = t->total_steps / epochs;
    bool fits = c[EPOCH] >= 0 && (uint64_t)c[EPOCH] <= epochs && c[PICTURES] >= 0 &&
                (uint64_t)c[PICTURES] <= count &&
                ((uint64_t)c[PICTURES] % batch == 0 || (uint64_t)c[PICTURES] == count) &&
                c[SINCE_BEST] >= 0 && c[SINCE_BEST] <= c[EPOCH] &&
                (uint64_t)c[STEP] == (uint64_t)c[EPOCH] * steps +
                                         ((uint64_t)c[PICTURES] + batch - 1) / batch &&
                t->self->history_count == (size_t)c[EPOCH];
    for (int m = 0; fits && m < t->full->members; m++) {
        const double *from = t->figures + FIGURES + SUM_FIGURES * m;
        fits = from[2] >= 0 && from[2] <= (double)count;
        if (fits)
            t->sums[m] = (weft__loss_sums){from[0], from[1], (size_t)from[2]};
    }
    if (!fits)
        return weft_fail(
            WEFT_EFORMAT, "%s: damaged: its place is not in this run", t->self->checkpoint);
    t->epoch = (uint64_t)c[EPOCH];
    t->step = (uint64_t)c[STEP];
    t->pictures = (size_t)c[PICTURES];
    t->epochs_since_best = (uint64_t)c[SINCE_BEST];
    t->best_loss = t->figures[BEST_LOSS];
    return WEFT_OK;
}

/* Goes on from the checkpoint where that is wanted and there is one; else writes the
 * first, so that a run that could never write one ends before it began. */
static weft_status begin_checkpoints(struct trainer *t)
{
    if (!t->self->checkpoint)
        return WEFT_OK;
    const weft__run_facts facts = {.network = t->network,
        .train = t->train,
        .validation = t->validation,
        .threads = t->full->members,
        .precision = t->real == WEFT__REAL_BF16 ? "bf16" : "f32"};
    WEFT_TRY(weft__checkpoint_facts(&t->facts, t->self, &facts));
    WEFT_TRY(weft__calloc(&t->figures, FIGURES + SUM_FIGURES * (size_t)t->full->members,
        sizeof *t->figures, "figures"));
    if (!t->self->resume)
        return save_checkpoint(t);
    weft__kept kept[MOST_KEPT];
    size_t count = list_kept(t, kept);
    weft_status status =
        weft__checkpoint_load(t->self->checkpoint, t->facts, t->self, kept, count);
    if (status == WEFT_ENOTFOUND) {
        weft__note(t->context, "%s: no checkpoint yet: training from the beginning",
            t->self->checkpoint);
        return save_checkpoint(t);
    }
    WEFT_TRY(status);
    WEFT_TRY(take_place(t));
    t->checkpoint_written = weft__now();
    weft__note(t->context, "going on from %s: epoch %llu, picture %zu of %zu",
        t->self->checkpoint, (unsigned long long)t->epoch + 1, t->pictures,
        t->train->count);
    return WEFT_OK;
}

static void clear(struct trainer *t)
{
    json_decref(t->facts);
    free(t->figures);
    weft__plan_free(t->full);
    weft__plan_free(t->rest);
    weft__plan_free(t->watching);
    for (int s = 0; s < WEFT__MAX_SLOTS; s++)
        free(t->slots[s]);
    free(t->average);
    free(t->gathered);
    free(t->class_weights);
    free(t->best);
    free(t->order);
    free(t->logits);
    free(t->targets);
    free(t->sums);
    free(t->squares);
    free(t->scratch);
}

/* Plans, trains and cleans up. */
static weft_status run(struct trainer *t, const char *doing)
{
    char name[80];
    snprintf(name, sizeof name, "%s %.60s", doing, t->self->info.name);
    weft_status status = weft__choose_real(&t->real, t->options->precision);
    if (status == WEFT_OK)
        status = make_average(t);
    if (status == WEFT_OK)
        status = make_plans(t);
    if (status == WEFT_OK)
        status = make_state(t);
    if (status == WEFT_OK && !t->search)
        status = begin_checkpoints(t);
    t->task = weft__task_begin(t->context, name, "epochs", (double)t->options->epochs);
    while (status == WEFT_OK && !finished(t))
        status = run_epoch(t);
    weft__task_end(&t->task);
    if (status == WEFT_ECANCELLED && t->facts)
        try_checkpoint(t);
    if (t->best && isfinite(t->best_loss))
        memcpy(t->block, t->best, t->network->block * sizeof *t->block);
    else if (t->average)
        memcpy(t->block, t->average, t->network->block * sizeof *t->block);
    clear(t);
    return status;
}

weft_status weft__train(weft_classifier *self, const weft__network *network, float *block,
    const weft__normalisation *normalisation, const weft_view *train,
    const weft_view *validation, weft_context *context)
{
    struct trainer t = {.self = self,
        .network = network,
        .options = self->options,
        .normalisation = normalisation,
        .train = train,
        .validation = validation,
        .context = context,
        .block = block};
    WEFT_TRY(run(&t, "training"));
    char diagnosis[320];
    if (weft__diagnose(diagnosis, self->history, self->history_count, self->options))
        weft__note(context, "%s", diagnosis);
    return WEFT_OK;
}

weft_status weft__search_rates(weft__rate_search *search, weft_classifier *self,
    const weft__network *network, float *block, const weft__normalisation *normalisation,
    const weft_view *train, weft_context *context)
{
    weft__train_options options = *(const weft__train_options *)self->options;
    size_t pictures = options.batch * options.accumulate; /* a step */
    size_t steps = (train->count + pictures - 1) / pictures;
    options.epochs = (search->range.steps + steps - 1) / steps;
    struct trainer t = {.self = self,
        .search = search,
        .network = network,
        .options = &options,
        .normalisation = normalisation,
        .train = train,
        .context = context,
        .block = block};
    weft_status status = run(&t, "finding a learning rate for");
    /* A loss that left the finite numbers is where a search ends. */
    while (search->count && !isfinite(search->points[search->count - 1].loss))
        search->count--;
    return status == WEFT_ENUMERIC && search->count > 1 ? WEFT_OK : status;
}
