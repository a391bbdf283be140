/* The inside of an evaluation; only src/eval, src/report and src/store include this. */
#ifndef WEFT_EVAL_EVALUATION_H
#define WEFT_EVAL_EVALUATION_H

#include <jansson.h>

#include "weft/evaluation.h"

enum { WEFT__COVERAGE_POINTS = 50 };

struct weft_evaluation {
    size_t count, classes;
    float *probabilities;         /* count x classes */
    uint16_t *truth, *predicted;  /* count */
    char **class_names;           /* classes */
    size_t *confusion;            /* classes x classes, row truth, column prediction */
    weft_class_scores *per_class; /* classes */
    size_t *within; /* classes + 1: pictures whose class is among k likeliest */
    weft_bin bins[WEFT_BINS];
    weft_coverage coverage[WEFT__COVERAGE_POINTS];
    size_t coverage_points;
    weft_scores scores;
};

/* Precision, recall and F1 from a class's counts. */
weft_class_scores weft__class_scores(size_t correct, size_t predicted, size_t support);

/* The figures of a whole evaluation: what JSON and CSV call each, what a person reads, and
 * where it stands in weft_scores. A NULL key ends the list. */
typedef struct weft__score_name {
    const char *key, *title;
    size_t offset;
} weft__score_name;
extern const weft__score_name weft__score_names[];
double weft__score_value(const weft_scores *scores, const weft__score_name *figure);

/* Fills the coverage curve and its area from the predictions. */
WEFT_MUST weft_status weft__cover(weft_evaluation *evaluation);

/* The text as JSON; what is no UTF-8 or controls a terminal becomes '?'. */
json_t *weft__json_text(const char *text);

/* JSON knows no NaN: null for what is not finite. */
json_t *weft__json_real(double value);

/* Every figure as a new JSON object; weft_evaluation_json is its text. */
WEFT_MUST weft_status weft__evaluation_json(
    json_t **out, const weft_evaluation *evaluation);

#endif
