#include "nn/rate_search.h"

#include <math.h>

/* Of the running mean of the losses, which is corrected for its start as Adam's are. */
static const double KEEP = 0.9;
/* A loss this many times the lowest ends the search: it only gets worse. */
static const double DIVERGED = 4;
/* The slope is taken over this many steps to either side. */
enum { REACH = 3 };

double weft__search_rate(const weft__rate_search *search, uint64_t step)
{
    const weft_rate_range *r = &search->range;
    double place = (double)step / (double)(r->steps - 1);
    return r->lowest * pow(r->highest / r->lowest, place);
}

bool weft__search_over(const weft__rate_search *search)
{
    if (search->count == 0)
        return false;
    double loss = search->points[search->count - 1].loss;
    return search->count == search->range.steps || !isfinite(loss) ||
           loss > DIVERGED * search->lowest;
}

bool weft__search_step(weft__rate_search *search, double loss, double weight)
{
    if (weight <= search->weight) /* a new epoch's sums */
        search->loss = search->weight = 0;
    double batch = (loss - search->loss) / (weight - search->weight);
    search->loss = loss;
    search->weight = weight;
    search->mean = KEEP * search->mean + (1 - KEEP) * batch;
    double mean = search->mean / (1 - pow(KEEP, (double)search->count + 1));
    search->points[search->count] =
        (weft_rate){weft__search_rate(search, search->count), mean};
    if (search->count == 0 || mean < search->lowest)
        search->lowest = mean;
    search->count++;
    return !weft__search_over(search);
}

double weft__search_suggestion(const weft_rate *points, size_t count)
{
    size_t end = 0;
    for (size_t i = 0; i < count; i++)
        if (points[i].loss < points[end].loss)
            end = i;
    double steepest = 0, suggestion = (double)NAN;
    for (size_t i = REACH; i + REACH <= end; i++) {
        double slope = points[i + REACH].loss - points[i - REACH].loss;
        if (slope < steepest) {
            steepest = slope;
            suggestion = points[i].learning_rate;
        }
    }
    return suggestion;
}
