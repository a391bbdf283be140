/* Training a network. */
#ifndef WEFT_NN_TRAINER_H
#define WEFT_NN_TRAINER_H

#include "model/family.h"
#include "nn/batch.h"
#include "nn/network.h"
#include "nn/options.h"
#include "nn/rate_search.h"

/* The precision that an option asks for on this machine; WEFT_EUNSUPPORTED for bf16 on a
 * processor without it. */
WEFT_MUST weft_status weft__choose_real(weft__real *out, int precision);

/* Trains `block`, the network's initialised parameters, in place, and logs every epoch to
 * `self`. On WEFT_ECANCELLED the block holds the weights so far. */
WEFT_MUST weft_status weft__train(weft_classifier *self, const weft__network *network,
    float *block, const weft__normalisation *normalisation, const weft_view *train,
    const weft_view *validation, weft_context *context);

/* A training's work: steps of whole pictures that cost as much as the options' epochs. */
double weft__training_work(const weft__train_options *options, size_t pictures);

/* Trains the block for the steps of a search, whole pictures all of them. */
WEFT_MUST weft_status weft__search_rates(weft__rate_search *search, weft_classifier *self,
    const weft__network *network, float *block, const weft__normalisation *normalisation,
    const weft_view *train, weft_context *context);

#endif
