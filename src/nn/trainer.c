#include "nn/trainer.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "data/resize.h"
#include "nn/augment.h"
#include "nn/diagnose.h"
#include "nn/predict.h"
#include "nn/real.h"
#include "nn/sampling.h"
#include "nn/schedule.h"
#include "nn/selection.h"
#include "nn/trainer_state.h"

/* Parameters are shared out among members in runs of this many floats. */
enum { UPDATE_GRAIN = 1024 };

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
static weft_status load_rows(const weft__exec *x, weft__trainer *t, size_t first)
{
    weft__plan *plan = x->plan;
    weft_shape shape = weft_dataset_shape(t->train->data);
    const weft_recipe small = {.shape = t->stage.shape, .fit = WEFT_FIT_STRETCH};
    size_t bytes = weft_shape_bytes(small.shape);
    bool smaller = bytes < weft_shape_bytes(shape);
    void *input = weft__rows(plan, x->self->rank, plan->input);
    uint8_t *scratch = t->scratch + (size_t)x->self->rank * t->scratch_bytes;
    uint8_t *shrunk = scratch + weft__augment_scratch(shape);
    const weft__augmenter augmenter = {
        &t->options->augmentation, t->options->seed, t->epoch};
    const weft__batch batch = {t->train, t->order, first, plan->batch};
    for (size_t i = 0; i < x->rows; i++) {
        const uint8_t *pixels = weft__augmented_row(
            &t->targets[x->first + i], &augmenter, &batch, x->first + i, scratch);
        if (smaller) {
            WEFT_TRY(weft__resize(shrunk, &small, pixels, shape));
            pixels = shrunk;
        }
        weft__picture_to_reals(weft__advance(input, i * bytes, plan->real), plan->real,
            pixels, small.shape, t->normalisation);
    }
    return WEFT_OK;
}

/* `pictures` are the whole step's; the batch begins at `at` of the epoch's order. */
static void take_loss(const weft__exec *x, weft__trainer *t, size_t at, size_t pictures)
{
    weft__plan *plan = x->plan;
    int m = x->self->rank;
    weft__loss_options o = {.kind = (weft__loss)t->options->loss,
        .smoothing = (float)t->options->label_smoothing,
        .class_weight = t->class_weights,
        .batch = pictures,
        .each = t->losses ? t->batch_losses + x->first : NULL};
    weft__loss_rows(&t->sums[m], weft__rows(plan, m, plan->diff_logits), plan->real,
        weft__rows(plan, m, plan->logits), t->targets + x->first, x->rows,
        plan->network->classes, &o);
    for (size_t i = 0; t->losses && i < x->rows; i++)
        t->losses[t->order[at + x->first + i]] = t->batch_losses[x->first + i];
}

/* The blocks whose sum is the gradient of parameter `which`. */
static float *const *gradient_blocks(
    weft__trainer *t, const weft__plan *plan, size_t which, int *parts)
{
    *parts = t->gathered || plan->reduced[which] ? 1 : plan->members;
    return t->gathered ? &t->gathered : plan->gradients;
}

/* Adds the batch's gradient to the step's, this member's share of it. */
static void gather(const weft__exec *x, weft__trainer *t, bool first)
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
static double gradient_square(const weft__exec *x, weft__trainer *t)
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
static float clip(const weft__exec *x, weft__trainer *t)
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

/* The member with the least to do so far takes the next matrix. */
static int take_turn(double *load, int members, size_t rows, size_t columns)
{
    double side = (double)(rows < columns ? rows : columns);
    int least = 0;
    for (int m = 1; m < members; m++)
        least = load[m] < load[least] ? m : least;
    load[least] += (double)rows * (double)columns * side;
    return least;
}

/* The matrices that fall to this member. */
static weft_status update_matrices(const weft__exec *x, weft__trainer *t, weft__update u)
{
    const weft__optimiser *optimiser = &weft__optimisers[t->options->optimizer];
    const float rate = u.learning_rate;
    double load[WEFT__MAX_THREADS] = {0};
    for (size_t i = 0; i < x->plan->network->parameter_count; i++) {
        const weft__parameter *p = &x->plan->network->parameters[i];
        size_t rows, columns;
        if (!weft__is_matrix(p, optimiser, &rows, &columns) ||
            take_turn(load, x->self->count, rows, columns) != x->self->rank)
            continue;
        u.gradients = gradient_blocks(t, x->plan, i, &u.parts);
        u.learning_rate = rate * p->rate;
        WEFT_TRY(optimiser->update_matrix(&u, p->offset, rows, columns,
            t->matrix + (size_t)x->self->rank * t->matrix_work));
    }
    return WEFT_OK;
}

/* The optimiser's step, but for what depends on the parameter or on the whole gradient. */
static weft__update update_of(const weft__trainer *t, const weft__plan *plan)
{
    const weft__train_options *o = t->options;
    const double rate = t->search ? weft__search_rate(t->search, t->step)
                                  : weft__learning_rate(o, t->step, t->total_steps);
    weft__update u = {.values = t->block,
        .mirror = plan->mirror,
        .gradient_scale = 1,
        .learning_rate = (float)rate,
        .weight_decay = (float)o->weight_decay,
        .momentum = (float)o->momentum,
        .beta1 = (float)o->beta1,
        .beta2 = (float)o->beta2,
        .epsilon = (float)o->epsilon,
        .nesterov = o->nesterov,
        .step = t->step + 1};
    memcpy(u.slots, t->slots, sizeof u.slots);
    weft__update_unbias(&u);
    return u;
}

/* Whether layers may take the step in their backward pass: where it needs no more than
 * their own gradient of this batch. */
static bool steps_early(const weft__trainer *t)
{
    return !t->gathered && t->options->clip_norm <= 0;
}

/* How much of the average is kept at step `step`, from 1. Of swa (Izmailov et al. 2018,
 * after every step instead of every epoch) it is the mean since the last share began, and
 * before that the weights themselves. */
static float average_decay(const weft__trainer *t, uint64_t step)
{
    if (t->options->swa <= 0)
        return weft__average_decay(t->options->ema, step);
    uint64_t before = (uint64_t)((1 - t->options->swa) * (double)t->total_steps);
    return step <= before ? 0 : 1 - 1 / (float)(step - before);
}

/* Every `lookahead` steps, and at the end of the training. */
static bool looks_ahead(const weft__trainer *t, uint64_t step)
{
    return t->slow && (step % t->options->lookahead == 0 || step == t->total_steps);
}

static weft_status update_parameters(
    const weft__exec *x, weft__trainer *t, const weft__update *step)
{
    weft__plan *plan = x->plan;
    weft__update u = *step;
    u.gradient_scale = clip(x, t);
    float decay = average_decay(t, u.step);
    const weft__optimiser *optimiser = &weft__optimisers[t->options->optimizer];
    if (optimiser->update_matrix)
        WEFT_TRY(weft__team_agree(x->self, update_matrices(x, t, u)));
    for (size_t i = 0; i < plan->network->parameter_count; i++) {
        const weft__parameter *p = &plan->network->parameters[i];
        size_t begin, end, rows, columns;
        bool stepped = x->optimiser && plan->stepped[i];
        u.gradients = gradient_blocks(t, plan, i, &u.parts);
        u.learning_rate = step->learning_rate * p->rate;
        u.weight_decay = p->decayed ? step->weight_decay : 0;
        weft__team_share(x->self, p->count, UPDATE_GRAIN, &begin, &end);
        begin += p->offset;
        end += p->offset;
        if (p->trained && !stepped && !weft__is_matrix(p, optimiser, &rows, &columns))
            optimiser->update(&u, begin, end);
        if (looks_ahead(t, u.step))
            weft__look_ahead(t->slow, t->block, plan->mirror, begin, end);
        if (t->average) /* running statistics too */
            weft__move_average(t->average, t->block, decay, begin, end);
    }
    return WEFT_OK;
}

static double mean_loss(const weft__trainer *t, double *accuracy)
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

/* Rank 0, between barriers: counts the step, tells of it, and decides whether to go on. */
static void close_step(weft__trainer *t, size_t pictures)
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
    else if (weft__trainer_checkpoint_due(t, false))
        weft__trainer_checkpoint(t);
    if (now - t->task.told < 0.1)
        return;
    t->task.told = now;
    weft_event event = weft__event(WEFT_EVENT_PROGRESS, t->task.name);
    event.unit = "epochs";
    event.done = (double)t->epoch + (double)pictures / (double)t->shown;
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
    const weft__exec *x, weft__trainer *t, struct step step, size_t at)
{
    if (t->ready != x->plan)
        WEFT_TRY(weft__exec_prepare(x, false));
    WEFT_TRY(weft__team_agree(x->self, load_rows(x, t, at)));
    weft_status status = weft__exec_forward(x);
    take_loss(x, t, at, step.end - step.first);
    weft_status back = weft__exec_backward(x);
    WEFT_TRY(weft__team_agree(x->self, status != WEFT_OK ? status : back));
    if (t->gathered)
        gather(x, t, at == step.first);
    return WEFT_OK;
}

static weft_status train_step(const weft__member *self, weft__trainer *t, struct step step)
{
    uint64_t batches = 0;
    for (size_t at = step.first;;) {
        weft__plan *plan = step.end - at >= t->full->batch ? t->full : t->rest;
        weft__exec x = weft__exec_create(self, plan);
        x.seed = t->options->seed;
        x.step = t->step * t->options->accumulate + batches++;
        weft__update update = update_of(t, plan);
        if (steps_early(t)) {
            x.optimiser = &weft__optimisers[t->options->optimizer];
            x.update = &update;
        }
        WEFT_TRY(train_batch(&x, t, step, at));
        at += plan->batch;
        if (at == step.end)
            WEFT_TRY(update_parameters(&x, t, &update));
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
    weft__trainer *t = arg;
    size_t count = t->shown;
    unsigned rounding = weft__round_tiny_to_zero();
    weft_status status = WEFT_OK;
    for (size_t first = t->pictures;
         status == WEFT_OK && first < count && !atomic_load(&t->stop);) {
        size_t left = count - first;
        size_t end = first + (left < t->step_pictures ? left : t->step_pictures);
        status = train_step(self, t, (struct step){first, end});
        first = end;
    }
    weft__round_tiny_as(rounding);
    return status;
}

/* The weights that are watched and kept. */
static const float *result(const weft__trainer *t)
{
    return t->average ? t->average : t->block;
}

static weft_status watch(weft__trainer *t, weft_epoch *row)
{
    size_t count = t->validation->count, classes = t->network->classes;
    const weft__prediction wanted = {.view = t->validation,
        .normalisation = t->normalisation,
        .views = (weft__views)t->options->views,
        .prepare = true,
        .buffer = t->watching->logits};
    WEFT_TRY(weft__predict_rows(t->watching, &wanted, t->logits, t->context));
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

static void tell_epoch(weft__trainer *t, const weft_epoch *row)
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

static weft_status not_finite(const weft__trainer *t)
{
    return weft_fail(WEFT_ENUMERIC,
        "%s: the loss is not finite at step %llu (epoch %llu): try a tenth of "
        "learning-rate=%g, clip-norm=1, or precision=f32",
        t->self->info.name, (unsigned long long)t->step, (unsigned long long)t->epoch + 1,
        t->options->learning_rate);
}

static void remember_best(weft__trainer *t, double val_loss)
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

static bool finished(const weft__trainer *t)
{
    return t->epoch >= t->options->epochs || (t->search && weft__search_over(t->search)) ||
           (t->best && t->epochs_since_best >= t->options->patience);
}

/* From its beginning, or from where a checkpoint left it. */
static weft_status begin_epoch(weft__trainer *t)
{
    WEFT_TRY(weft__epoch_order(t->order, t->train, t->network->classes,
        (weft__sampling)t->options->sampling, t->options->seed, t->epoch));
    WEFT_TRY(weft__trainer_enter_stage(t));
    t->shown = weft__trainer_shown(t, t->epoch);
    if (t->losses && !t->pictures)
        memcpy(t->losses_before, t->losses, t->train->count * sizeof *t->losses);
    if (t->losses)
        WEFT_TRY(weft__leave_easy(t->order, t->train->count, t->shown, t->losses_before,
            t->options->seed, t->epoch));
    t->epoch_began = weft__now();
    if (t->pictures)
        t->epoch_began -= weft__trainer_seconds_before(t);
    else
        memset(t->sums, 0, (size_t)t->full->members * sizeof *t->sums);
    return WEFT_OK;
}

static weft_status run_epoch(weft__trainer *t)
{
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
    row.rate = (double)t->shown / row.seconds;
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
    if (weft__trainer_checkpoint_due(t, true))
        weft__trainer_checkpoint(t);
    return WEFT_OK;
}

/* What a resumed training took before: the time left is that of the whole. */
static double seconds_before(const weft__trainer *t)
{
    double seconds = t->pictures ? weft__trainer_seconds_before(t) : 0;
    for (size_t i = 0; i < t->self->history_count; i++)
        seconds += t->self->history[i].seconds;
    return seconds;
}

/* Plans, trains and cleans up. */
static weft_status run(weft__trainer *t, const char *doing)
{
    char name[80];
    snprintf(name, sizeof name, "%s %.60s", doing, t->self->info.name);
    weft_status status = weft__choose_real(&t->real, t->options->precision);
    if (status == WEFT_OK)
        status = weft__trainer_make(t);
    if (status == WEFT_OK && !t->search)
        status = weft__trainer_begin_checkpoints(t);
    t->task = weft__task_begin(t->context, name, "epochs", (double)t->options->epochs);
    if (status == WEFT_OK)
        t->task.began -= seconds_before(t);
    while (status == WEFT_OK && !finished(t))
        status = run_epoch(t);
    weft__task_end(&t->task);
    if (status == WEFT_ECANCELLED && t->facts)
        weft__trainer_checkpoint(t);
    if (t->best && isfinite(t->best_loss))
        memcpy(t->block, t->best, t->network->block * sizeof *t->block);
    else if (t->average)
        memcpy(t->block, t->average, t->network->block * sizeof *t->block);
    weft__trainer_clear(t);
    return status;
}

weft_status weft__train(weft_classifier *self, const weft__network *network, float *block,
    const weft__normalisation *normalisation, const weft_view *train,
    const weft_view *validation, weft_context *context)
{
    weft__trainer t = {.self = self,
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
    options.skip_easy = options.grow_until = 0;
    size_t pictures = options.batch * options.accumulate; /* a step */
    size_t steps = (train->count + pictures - 1) / pictures;
    options.epochs = (search->range.steps + steps - 1) / steps;
    weft__trainer t = {.self = self,
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
