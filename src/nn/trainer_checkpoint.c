#include <string.h>

#include "core/mem.h"
#include "nn/checkpoint.h"
#include "nn/trainer_state.h"

/* Where a run is, with all that a checkpoint must bring back but the big blocks. */
enum { EPOCH, STEP, PICTURES, SINCE_BEST };
enum { BEST_LOSS, EPOCH_SECONDS, FIGURES };
enum { SUM_FIGURES = 3, MOST_KEPT = 10 };
/* Epochs end in quick succession on small data: not each is worth a checkpoint. */
static const double SECONDS_BETWEEN_CHECKPOINTS = 1;

/* The arrays of a checkpoint; returns how many. */
static size_t list_kept(weft__trainer *t, weft__kept kept[MOST_KEPT])
{
    static const char *const slots[WEFT__MAX_SLOTS] = {"optimiser.0", "optimiser.1"};
    size_t n = 0, block = t->network->block, members = (size_t)t->full->members;
    kept[n++] = (weft__kept){"counters", WEFT__I64, WEFT__RUN_COUNTERS, t->counters};
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
    if (t->slow)
        kept[n++] = (weft__kept){"slow", WEFT__F32, block, t->slow};
    if (t->losses) {
        size_t count = t->train->count;
        kept[n++] = (weft__kept){"losses", WEFT__F32, count, t->losses};
        kept[n++] = (weft__kept){"losses.before", WEFT__F32, count, t->losses_before};
    }
    return n;
}

static weft_status save_checkpoint(weft__trainer *t)
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

void weft__trainer_checkpoint(weft__trainer *t)
{
    if (save_checkpoint(t) != WEFT_OK)
        weft__note(t->context, "no checkpoint this time: %s", weft_error());
}

bool weft__trainer_checkpoint_due(const weft__trainer *t, bool epoch_over)
{
    double wait = t->self->checkpoint_seconds;
    if (epoch_over && wait > SECONDS_BETWEEN_CHECKPOINTS)
        wait = SECONDS_BETWEEN_CHECKPOINTS;
    return t->facts && weft__now() - t->checkpoint_written >= wait;
}

/* What a file says is not yet a place in this run. */
static weft_status take_place(weft__trainer *t)
{
    const int64_t *c = t->counters;
    uint64_t epochs = t->options->epochs;
    bool known = c[EPOCH] >= 0 && (uint64_t)c[EPOCH] <= epochs;
    uint64_t epoch = known ? (uint64_t)c[EPOCH] : 0;
    size_t count = weft__trainer_shown(t, epoch), batch = t->step_pictures;
    uint64_t before = weft__trainer_steps_before(t, epoch);
    bool fits = known && c[PICTURES] >= 0 && (uint64_t)c[PICTURES] <= count &&
                ((uint64_t)c[PICTURES] % batch == 0 || (uint64_t)c[PICTURES] == count) &&
                c[SINCE_BEST] >= 0 && c[SINCE_BEST] <= c[EPOCH] &&
                (uint64_t)c[STEP] == before + ((uint64_t)c[PICTURES] + batch - 1) / batch &&
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

weft_status weft__trainer_begin_checkpoints(weft__trainer *t)
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

double weft__trainer_seconds_before(const weft__trainer *t)
{
    return t->figures[EPOCH_SECONDS];
}
