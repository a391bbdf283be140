/* Pictures and seeds as crossed random effects. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "eval/evaluation.h"
#include "eval/student.h"
#include "weft/statistics.h"

/* One side of a comparison. */
struct side {
    const weft_evaluation *const *evaluations;
    size_t count;
};

static weft_status check(const struct side *side, const weft_evaluation *like)
{
    for (size_t i = 0; i < side->count; i++)
        if (side->evaluations[i]->count != like->count ||
            memcmp(side->evaluations[i]->truth, like->truth,
                like->count * sizeof *like->truth) != 0)
            return weft_fail(
                WEFT_EINVAL, "the evaluations are not all of the same pictures");
    return WEFT_OK;
}

/* The share of the side's seeds that have the picture right. */
static double right(const struct side *side, size_t picture)
{
    size_t right = 0;
    for (size_t i = 0; i < side->count; i++)
        right += side->evaluations[i]->predicted[picture] ==
                 side->evaluations[i]->truth[picture];
    return (double)right / (double)side->count;
}

/* The variance of a mean and its degrees of freedom. */
struct part {
    double variance, freedom;
};

static struct part part_of(double squares, size_t count)
{
    if (count < 2)
        return (struct part){0};
    double freedom = (double)(count - 1);
    return (struct part){squares / freedom / (double)count, freedom};
}

static struct part of_seeds(const struct side *side)
{
    double mean = 0, squares = 0;
    for (size_t i = 0; i < side->count; i++)
        mean += side->evaluations[i]->scores.accuracy / (double)side->count;
    for (size_t i = 0; i < side->count; i++) {
        double d = side->evaluations[i]->scores.accuracy - mean;
        squares += d * d;
    }
    return part_of(squares, side->count);
}

static struct part of_pictures(
    const struct side *first, const struct side *second, size_t count, double *mean)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++)
        sum += right(first, i) - right(second, i);
    *mean = sum / (double)count;
    for (size_t i = 0; i < count; i++) {
        double d = right(first, i) - right(second, i) - *mean;
        squares += d * d;
    }
    return part_of(squares, count);
}

static weft_crossed decide(double difference, const struct part parts[3])
{
    double variance = 0, squares = 0;
    for (size_t i = 0; i < 3; i++) {
        variance += parts[i].variance;
        if (parts[i].variance > 0)
            squares += parts[i].variance * parts[i].variance / parts[i].freedom;
    }
    weft_crossed out = {.difference = difference,
        .interval = {difference, difference},
        .freedom = INFINITY,
        .p_value = 1};
    if (!(variance > 0)) /* one picture, or all differ alike: nothing to judge by */
        return out;
    out.freedom = variance * variance / squares;
    out.statistic = difference / sqrt(variance);
    out.p_value = weft__student_two_sided(out.statistic, out.freedom);
    double half = weft__student_quantile975(out.freedom) * sqrt(variance);
    out.interval = (weft_interval){difference - half, difference + half};
    return out;
}

weft_status weft_crossed_compare(weft_crossed *out, const weft_evaluation *const *first,
    size_t first_count, const weft_evaluation *const *second, size_t second_count)
{
    struct side a = {first, first_count}, b = {second, second_count};
    if (a.count == 0 || b.count == 0)
        return weft_fail(WEFT_EINVAL, "a side without any evaluation to compare");
    WEFT_TRY(check(&a, first[0]));
    WEFT_TRY(check(&b, first[0]));
    double difference;
    struct part parts[3] = {of_pictures(&a, &b, first[0]->count, &difference)};
    parts[1] = of_seeds(&a);
    parts[2] = of_seeds(&b);
    *out = decide(difference, parts);
    return WEFT_OK;
}
