/* Who is better, and who cannot be told apart. */
#include <stdlib.h>

#include "core/mem.h"
#include "eval/compare.h"

static const double SIGNIFICANT = 0.05;

static double accuracy_of(const weft__contender *c)
{
    return c->evaluation ? weft_evaluation_scores(c->evaluation)->accuracy : -1;
}

/* Best first; equal ones and the unfinished stay in the order they were asked for. */
static void sort(weft_comparison *c)
{
    for (size_t i = 1; i < c->count; i++) {
        weft__contender moved = c->contenders[i];
        size_t j = i;
        for (; j > 0 && accuracy_of(&c->contenders[j - 1]) < accuracy_of(&moved); j--)
            c->contenders[j] = c->contenders[j - 1];
        c->contenders[j] = moved;
    }
}

/* p_values and adjusted: one for each pair, row by row above the diagonal. */
static weft_status test_pairs(weft_comparison *c, double *p_values, double *adjusted)
{
    size_t n = c->finished, pairs = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            weft_mcnemar *test = &c->pairs[i * n + j].test;
            WEFT_TRY(weft_mcnemar_compare(
                test, c->contenders[i].evaluation, c->contenders[j].evaluation));
            p_values[pairs++] = test->p_value;
        }
    weft_holm(adjusted, p_values, pairs);
    pairs = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            c->pairs[i * n + j].adjusted = adjusted[pairs++];
    return WEFT_OK;
}

/* A place begins with the first that differs from the best of the place before. */
static void give_places(weft_comparison *c)
{
    size_t best = 0;
    for (size_t i = 0; i < c->finished; i++) {
        if (i > best && c->pairs[best * c->finished + i].adjusted < SIGNIFICANT)
            best = i;
        c->contenders[i].entry.place = best + 1;
    }
}

weft_status weft__comparison_rank(weft_comparison *c)
{
    sort(c);
    size_t cells;
    if (!weft__mul(&cells, c->finished, c->finished))
        return weft_fail(WEFT_ENOMEM, "%zu classifiers are too many", c->finished);
    double *p_values;
    WEFT_TRY(weft__calloc(&c->pairs, cells, sizeof *c->pairs, "pairs of classifiers"));
    WEFT_TRY(weft__alloc(&p_values, cells, 2 * sizeof *p_values, "pairs of classifiers"));
    weft_status status = test_pairs(c, p_values, p_values + cells);
    free(p_values);
    if (status == WEFT_OK)
        give_places(c);
    return status;
}
