/* What a search tries: for each option or named size a list of values or a range.
 *
 *     k=3,5,7                    these
 *     k=3..11                    every whole number from 3 to 11
 *     c=0.1..100:log:4           4 values, evenly spaced on a logarithmic scale
 *     learning-rate=1e-4..1e-2:log   any value: for search at random alone
 *     network=a.net,b.net        networks, each with its own training options
 *     filters=16,32,64           a size that the network's text names */
#ifndef WEFT_TUNE_SPACE_H
#define WEFT_TUNE_SPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weft/classifier.h"

typedef enum weft__dimension_kind {
    WEFT__OPTION,
    WEFT__SIZE,   /* goes into the option `sizes` */
    WEFT__NETWORK /* is the classifier itself */
} weft__dimension_kind;

typedef struct weft__dimension {
    char *name; /* owned */
    weft__dimension_kind kind;
    weft_param param; /* of the option; texts borrowed from its table */
    char **values;    /* value_count, owned; 0: any from low to high */
    size_t value_count, value_capacity;
    double low, high;
    bool log;
} weft__dimension;

typedef struct weft__space {
    weft__dimension *dimensions; /* owned */
    size_t count;
} weft__space;

enum { WEFT__MOST_TRIALS = 100000 };

/* Reads "name=values", count of them; `name` is the classifier that is tuned. Every listed
 * value is tried on an unfitted one. WEFT_EINVAL or WEFT_ENOTFOUND in one line. */
WEFT_MUST weft_status weft__space_read(
    weft__space *out, const char *const *texts, size_t count, const char *name);
void weft__space_clear(weft__space *space);

/* The trials: *out receives *trials x space->count values, one owned block of texts each
 * of which belongs to the list. With `wanted` 0 every combination, the last dimension
 * fastest (a grid); else `wanted` of them at random, without repetition where there are
 * finitely many, by the seed. */
WEFT_MUST weft_status weft__space_trials(
    char ***out, size_t *trials, const weft__space *space, size_t wanted, uint64_t seed);
void weft__values_free(char **values, size_t count);

/* The classifier that a trial fits: `name` with the seed, where it has such an option, the
 * `fixed` options ("epochs=5") and space->count values. */
WEFT_MUST weft_status weft__space_classifier(weft_classifier **out, const char *name,
    const char *const *fixed, size_t fixed_count, const weft__space *space,
    const char *const *values, uint64_t seed);

#endif
