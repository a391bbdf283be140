#include "nn/diagnose.h"

#include <math.h>
#include <stdio.h>

/* Thresholds are rules of thumb: far enough from the noise of a healthy run that a note is
 * rarely wrong. */
static const double JUMP = 1.5;        /* a loss this much above the lowest before it */
static const double STUCK_LOSS = 0.98; /* of the first epoch's, at the end */
static const double STUCK_ACCURACY = 0.02;
static const double LEARNT = 0.9; /* accuracy at which a loss may well stand still */
static const double OVERFIT = 1.1;
static const double FALLING = 0.05; /* a share of the loss in the last epoch */

static size_t lowest_val_loss(const weft_epoch *e, size_t count)
{
    size_t best = 0;
    for (size_t i = 1; i < count; i++)
        if (e[i].val_loss < e[best].val_loss)
            best = i;
    return best;
}

/* Up again from what was already reached, and not recovered since. */
static bool jumps(const weft_epoch *e, size_t count)
{
    double lowest = e[0].loss;
    bool jumped = false;
    for (size_t i = 1; i < count; i++) {
        jumped |= e[i].loss > JUMP * lowest;
        lowest = e[i].loss < lowest ? e[i].loss : lowest;
    }
    return jumped && e[count - 1].loss > lowest * OVERFIT;
}

static bool stuck(const weft_epoch *first, const weft_epoch *last)
{
    return last->loss > STUCK_LOSS * first->loss && last->accuracy < LEARNT &&
           last->accuracy < first->accuracy + STUCK_ACCURACY;
}

static bool still_falls(const weft_epoch *e, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (!(e[i].loss < e[i - 1].loss) || e[i].val_loss > e[i - 1].val_loss)
            return false;
    return e[count - 2].loss - e[count - 1].loss > FALLING * e[count - 1].loss;
}

weft__diagnosis weft__diagnose(char text[320], const weft_epoch *epochs, size_t count,
    const weft__train_options *options)
{
    enum { SIZE = 320 };
    double rate = options->learning_rate;
    text[0] = 0;
    if (count < 2)
        return WEFT__LEARNS_WELL;
    const weft_epoch *first = &epochs[0], *last = &epochs[count - 1];
    if (jumps(epochs, count)) {
        snprintf(text, SIZE,
            "the loss jumped up and ended at %.4g: the learning rate is too high: try "
            "learning-rate=%g, warmup=0.05 or clip-norm=1",
            last->loss, rate / 10);
        return WEFT__LOSS_JUMPS;
    }
    if (stuck(first, last)) {
        snprintf(text, SIZE,
            "the loss did not move: %.4g after the first epoch, %.4g after the last: try "
            "learning-rate=%g, or %g if it was too high from the start (--lr-find tells), "
            "and see whether the labels are right (weft data check)",
            first->loss, last->loss, rate * 10, rate / 10);
        return WEFT__LOSS_STUCK;
    }
    size_t best = lowest_val_loss(epochs, count);
    if (last->val_loss > OVERFIT * epochs[best].val_loss &&
        last->loss < epochs[best].loss && !options->patience) {
        snprintf(text, SIZE,
            "overfitting since epoch %u: val_loss rose from %.4g to %.4g while loss fell "
            "from %.4g to %.4g: try patience=3, augmentation, dropout, weight-decay, or "
            "epochs=%u",
            epochs[best].epoch, epochs[best].val_loss, last->val_loss, epochs[best].loss,
            last->loss, epochs[best].epoch);
        return WEFT__OVERFITS;
    }
    if (count > 2 && still_falls(epochs, count)) {
        snprintf(text, SIZE,
            "the loss was still falling, by %.0f %% in the last epoch: try more epochs or "
            "learning-rate=%g",
            100 * (1 - last->loss / epochs[count - 2].loss), rate * 3);
        return WEFT__STILL_FALLING;
    }
    return WEFT__LEARNS_WELL;
}
