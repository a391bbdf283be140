/* The state of one training, for the files that share it: trainer.c runs it,
 * trainer_memory.c makes and frees it, trainer_stage.c changes what is trained from epoch
 * to epoch, trainer_checkpoint.c saves it and brings it back. */
#ifndef WEFT_NN_TRAINER_STATE_H
#define WEFT_NN_TRAINER_STATE_H

#include <jansson.h>
#include <stdatomic.h>

#include "core/events.h"
#include "model/family.h"
#include "nn/batch.h"
#include "nn/loss.h"
#include "nn/optimiser.h"
#include "nn/options.h"
#include "nn/plan.h"
#include "nn/rate_search.h"

enum { WEFT__RUN_COUNTERS = 4 };

/* What epochs may differ in: the pictures' size, and which layers are frozen. */
typedef struct weft__stage {
    weft_shape shape;
    bool late; /* freeze-late's layers are frozen */
} weft__stage;

/* A run of training. */
typedef struct weft__trainer {
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
    float *average;                /* of the block, with ema or swa; owned */
    float *slow;                   /* lookahead's weights; owned */
    float *best;                   /* the best epoch's block, with patience; owned */
    double best_loss;
    uint64_t epochs_since_best;

    weft__stage stage;
    weft__network staged;    /* the network in this stage; owned */
    weft__plan *full, *rest; /* for whole batches and for what is left of an epoch, in this
                              * stage; owned */
    weft__plan *watching;    /* for validation; owned */
    weft__plan *ready;       /* whose compute weights agree with the block */
    uint32_t *order;         /* the epoch's order of pictures; owned */
    size_t shown;            /* how many of them */
    float *losses;           /* by picture, when last seen; with skip-easy; owned */
    float *losses_before;    /* the same when the epoch began; owned */
    float *batch_losses;     /* of the batch; owned */
    float *logits;           /* of the validation pictures; owned */
    weft__target *targets;   /* of the batch; owned */
    float *class_weights;    /* owned; NULL: all 1 */
    float *gathered;         /* the gradient of a step's batches so far, where a step has
                              * more than one; owned */
    size_t step_pictures;    /* of a whole step */

    /* One a member. */
    weft__loss_sums *sums;
    double *squares; /* of the gradient */
    float *matrix;   /* matrix_work floats, for updates of whole matrices; owned */
    size_t matrix_work;
    uint8_t *scratch; /* scratch_bytes, for augmentation */
    size_t scratch_bytes;

    uint64_t epoch, step, total_steps;
    size_t pictures; /* of the epoch that are done */

    json_t *facts;                        /* of checkpoints; NULL: none are kept; owned */
    int64_t counters[WEFT__RUN_COUNTERS]; /* copies for checkpoints */
    double *figures;                      /* FIGURES, and SUM_FIGURES a member; owned */
    double checkpoint_written;            /* when */

    atomic_bool stop; /* agreed on at a barrier: leave the epoch */
    weft__task task;
    double epoch_began;
} weft__trainer;

/* Whether the optimiser takes this parameter as a whole matrix, and which. */
bool weft__is_matrix(const weft__parameter *p, const weft__optimiser *optimiser,
    size_t *rows, size_t *columns);

/* How many pictures that epoch shows, and how many steps come before it. */
size_t weft__trainer_shown(const weft__trainer *t, uint64_t epoch);
uint64_t weft__trainer_steps_before(const weft__trainer *t, uint64_t epoch);

/* Makes staged, full and rest ready for the present epoch, where they are not. */
WEFT_MUST weft_status weft__trainer_enter_stage(weft__trainer *t);

/* Plans, blocks and lists for what t's options ask; t->real is set. */
WEFT_MUST weft_status weft__trainer_make(weft__trainer *t);
void weft__trainer_clear(weft__trainer *t);

/* Goes on from the checkpoint where that is wanted and there is one; else writes the
 * first, so that a run that could never write one ends before it began. */
WEFT_MUST weft_status weft__trainer_begin_checkpoints(weft__trainer *t);
bool weft__trainer_checkpoint_due(const weft__trainer *t, bool epoch_over);
/* A checkpoint that cannot be written is a note, and no reason to lose the run. */
void weft__trainer_checkpoint(weft__trainer *t);
/* The seconds that the epoch had taken at the checkpoint that was gone on from. */
double weft__trainer_seconds_before(const weft__trainer *t);

#endif
