/* The inside of a comparison; only src/eval and src/report include this. */
#ifndef WEFT_EVAL_COMPARE_H
#define WEFT_EVAL_COMPARE_H

#include <jansson.h>

#include "core/left.h"
#include "core/machine.h"
#include "weft/compare.h"

/* What an entry owns; the public part borrows from it. */
typedef struct weft__contender {
    weft_entry entry;
    char *name, *error, *model;
    weft_status status;          /* what failed, when error is set */
    weft_classifier *classifier; /* the first of those below */
    /* One for each seed: `wanted` of them, the first `fitted` of which are. */
    struct weft__fit {
        weft_classifier *classifier;
        weft_evaluation *evaluation;
    } * own;
    weft_seed_fit *fits;
    weft_evaluation *uncalibrated;
    size_t wanted, fitted;
    double guess; /* seconds that one fit may take */
} weft__contender;

/* The letters of weft_comparison.assignment. */
enum { WEFT__TRAIN, WEFT__VALIDATION, WEFT__TEST };

struct weft_comparison {
    const weft_data *data; /* borrowed */
    weft_compare_options options;
    char *source, *command, *models; /* owned; options borrows them */

    weft__contender *contenders; /* count, the finished ones first */
    size_t count, finished;
    weft_pair *pairs; /* finished x finished, above the diagonal */

    uint8_t *assignment; /* each picture's part of data->train, or NULL: not split */
    uint32_t *index;     /* room for the parts' views, or NULL */
    weft_view train, validation, test;
    const char *test_origin; /* what the test pictures are, in words */

    weft__left left; /* while fitting */
    weft__machine machine;
    int threads;
    char began[32];
};

/* Makes the classifiers of "NAME" or "NAME:OPTION=VALUE,...": one, or where they have a
 * seed that the text does not set one for each of seed, seed + 1, ... */
WEFT_MUST weft_status weft__contender_create(
    weft__contender *out, const char *text, uint64_t seed, uint64_t seeds);
void weft__contender_clear(weft__contender *contender);

/* Whether any entry was fitted with several seeds. */
bool weft__has_seeds(const weft_comparison *comparison);

/* Sorts, tests every pair, gives places. */
WEFT_MUST weft_status weft__comparison_rank(weft_comparison *comparison);

/* Every figure as a new JSON object; weft_comparison_json is its text. */
WEFT_MUST weft_status weft__comparison_json(
    json_t **out, const weft_comparison *comparison);

#endif
