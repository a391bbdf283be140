/* How the learning rate changes over a run. */
#ifndef WEFT_NN_SCHEDULE_H
#define WEFT_NN_SCHEDULE_H

#include <stdint.h>

#include "nn/options.h"

#define WEFT__SCHEDULE_CHOICES "constant|step|cosine|linear|one-cycle|triangular"

/* The learning rate of step `step` (from 0) of `total`. */
double weft__learning_rate(const weft__train_options *o, uint64_t step, uint64_t total);

#endif
