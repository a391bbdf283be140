/* A short training whose learning rate rises from step to step, and what its losses say
 * (Smith 2017, "Cyclical learning rates for training neural networks", section 3.3). */
#ifndef WEFT_NN_RATE_SEARCH_H
#define WEFT_NN_RATE_SEARCH_H

#include <stdbool.h>

#include "weft/classifier.h"

typedef struct weft__rate_search {
    weft_rate_range range;
    weft_rate *points; /* range.steps, owned by the caller */
    size_t count;
    double loss, weight; /* of the epoch before this step */
    double mean, lowest; /* the running loss; its lowest */
} weft__rate_search;

/* The learning rate of a step, from 0. */
double weft__search_rate(const weft__rate_search *search, uint64_t step);
/* Takes the epoch's sums after a step; false when it is over. */
bool weft__search_step(weft__rate_search *search, double loss, double weight);
bool weft__search_over(const weft__rate_search *search);
/* The rate at which the loss falls fastest; NaN where it never falls. */
double weft__search_suggestion(const weft_rate *points, size_t count);

#endif
