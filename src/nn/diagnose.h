/* What a training's figures say went wrong, in plain words. */
#ifndef WEFT_NN_DIAGNOSE_H
#define WEFT_NN_DIAGNOSE_H

#include "nn/options.h"
#include "weft/classifier.h"

typedef enum weft__diagnosis {
    WEFT__LEARNS_WELL,  /* nothing to say */
    WEFT__LOSS_JUMPS,   /* the learning rate is too high */
    WEFT__LOSS_STUCK,   /* nothing is learnt */
    WEFT__OVERFITS,     /* the training pictures are learnt by heart */
    WEFT__STILL_FALLING /* the learning rate is too low, or the run too short */
} weft__diagnosis;

/* Judges `count` epochs and writes what was seen and what to try as one line; "" where
 * there is nothing to say. A loss that is not finite ends a training with a message of its
 * own and does not come here. */
weft__diagnosis weft__diagnose(char text[320], const weft_epoch *epochs, size_t count,
    const weft__train_options *options);

#endif
