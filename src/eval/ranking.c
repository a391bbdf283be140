/* Who is better, and who cannot be told apart. */
#include <stdlib.h>

#include "core/mem.h"
#include "eval/compare.h"

static const double SIGNIFICANT = 0.05;

static double accuracy_of(const weft__contender *c)
{
    return c->entry.evaluation ? c->entry.accuracy.mean : -1;
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

/* The evaluations of all seeds, owned by the caller. */
static weft_status evaluations(const weft_evaluation ***out, const weft__contender *c)
{
    WEFT_TRY(weft__alloc(out, c->fitted, sizeof **out, "evaluations"));
    for (size_t i = 0; i < c->fitted; i++)
        (*out)[i] = c->own[i].evaluation;
    return WEFT_OK;
}

/* A single fit that another seed would change says nothing of how much: then, as where no
 * seed matters, the two fits are compared and not the two ways to learn. */
static bool seeds_tell(const weft__contender *a, const weft__contender *b)
{
    bool single =
        (a->entry.by_chance && a->fitted < 2) || (b->entry.by_chance && b->fitted < 2);
    return !single && (a->fitted > 1 || b->fitted > 1);
}

static weft_status test_pair(
    weft_pair *pair, const weft__contender *a, const weft__contender *b)
{
    const weft_evaluation **first = NULL, **second = NULL;
    WEFT_TRY(weft_mcnemar_compare(&pair->test, a->entry.evaluation, b->entry.evaluation));
    weft_status status = evaluations(&first, a);
    if (status == WEFT_OK)
        status = evaluations(&second, b);
    if (status == WEFT_OK)
        status = weft_crossed_compare(&pair->crossed, first, a->fitted, second, b->fitted);
    free(first);
    free(second);
    pair->of_all_seeds = seeds_tell(a, b);
    pair->p_value = pair->of_all_seeds ? pair->crossed.p_value : pair->test.p_value;
    return status;
}

/* p_values and adjusted: one for each pair, row by row above the diagonal. */
static weft_status test_pairs(weft_comparison *c, double *p_values, double *adjusted)
{
    size_t n = c->finished, pairs = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            weft_pair *pair = &c->pairs[i * n + j];
            WEFT_TRY(test_pair(pair, &c->contenders[i], &c->contenders[j]));
            p_values[pairs++] = pair->p_value;
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

bool weft__has_seeds(const weft_comparison *c)
{
    for (size_t i = 0; i < c->finished; i++)
        if (c->contenders[i].fitted > 1)
            return true;
    return false;
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
