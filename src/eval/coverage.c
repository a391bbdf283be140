/* Accuracy against coverage: what is gained by leaving the least certain pictures to a
 * person. Geifman and El-Yaniv, "Selective classification for deep neural networks", 2017;
 * the confidence is the likeliest class's probability. */
#include <stdbool.h>
#include <stdlib.h>

#include "core/mem.h"
#include "eval/evaluation.h"

struct answer {
    float confidence;
    bool wrong;
};

static int most_certain_first(const void *a, const void *b)
{
    float x = ((const struct answer *)a)->confidence;
    float y = ((const struct answer *)b)->confidence;
    return (x < y) - (x > y);
}

/* One past the last answer as certain as the one at `begin`. */
static size_t end_of_tie(const struct answer *answers, size_t begin, size_t count)
{
    size_t end = begin + 1;
    while (end < count && answers[end].confidence == answers[begin].confidence)
        end++;
    return end;
}

static void add_point(weft_evaluation *e, size_t taken, double errors, float confidence)
{
    e->coverage[e->coverage_points++] =
        (weft_coverage){.coverage = (double)taken / (double)e->count,
            .accuracy = 1 - errors / (double)taken,
            .confidence = (double)confidence};
}

/* How many pictures the next point of the curve takes. */
static size_t next_point(const weft_evaluation *e)
{
    size_t n = e->count, points = n < WEFT__COVERAGE_POINTS ? n : WEFT__COVERAGE_POINTS;
    size_t next = e->coverage_points + 1;
    return n / points * next + (n % points * next + points - 1) / points;
}

static void walk(weft_evaluation *e, const struct answer *answers)
{
    double errors = 0, area = 0; /* errors among those before the tie */
    for (size_t begin = 0, end; begin < e->count; begin = end) {
        end = end_of_tie(answers, begin, e->count);
        size_t wrong = 0;
        for (size_t i = begin; i < end; i++)
            wrong += answers[i].wrong;
        double share = (double)wrong / (double)(end - begin);
        for (size_t taken = begin + 1; taken <= end; taken++) {
            double expected = errors + share * (double)(taken - begin);
            area += expected / (double)taken;
            if (taken == next_point(e))
                add_point(e, taken, expected, answers[begin].confidence);
        }
        errors += (double)wrong;
    }
    e->scores.aurc = area / (double)e->count;
}

weft_status weft__cover(weft_evaluation *e)
{
    struct answer *answers;
    WEFT_TRY(weft__alloc(&answers, e->count, sizeof *answers, "confidences"));
    for (size_t i = 0; i < e->count; i++)
        answers[i] = (struct answer){
            .confidence = e->probabilities[i * e->classes + e->predicted[i]],
            .wrong = e->predicted[i] != e->truth[i]};
    qsort(answers, e->count, sizeof *answers, most_certain_first);
    walk(e, answers);
    free(answers);
    return WEFT_OK;
}
