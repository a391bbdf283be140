#include "weft/explore.h"

#include <stdlib.h>

#include "core/events.h"
#include "core/mem.h"
#include "data/dataset.h"
#include "data/describe.h"
#include "explore/exploration.h"

weft_explore_options weft_explore_defaults(void)
{
    return (weft_explore_options){.seed = 1};
}

static weft_status explore(
    weft_exploration *e, const weft_explore_options *options, weft_context *context)
{
    weft_duplicates_options copies = weft_duplicates_defaults();
    copies.similarity = options->similarity;
    e->seed = options->seed;
    WEFT_TRY(weft__strdup(&e->source, options->source));
    WEFT_TRY(weft__strdup(&e->command, options->command));
    for (int s = 0; s < WEFT__SPLITS; s++)
        if (e->splits[s])
            WEFT_TRY(weft__class_counts(&e->counts[s], e->splits[s]));
    WEFT_TRY(weft__explore_sizes(e, context));
    WEFT_TRY(weft__explore_pixels(e, context));
    WEFT_TRY(weft__explore_samples(e));
    WEFT_TRY(weft__explore_space(e, context));
    WEFT_TRY(weft__explore_nearness(e, context));
    return weft_duplicates_find(&e->duplicates, e->data, &copies, context);
}

weft_status weft_explore(weft_exploration **out, const weft_data *data,
    const weft_explore_options *options, weft_context *context)
{
    weft_explore_options standard = weft_explore_defaults();
    double began = weft__now();
    weft_exploration *e;
    if (data->train->count == 0 || !data->train->labels)
        return weft_fail(WEFT_EINVAL, "explore: no labelled training pictures");
    WEFT_TRY(weft__calloc(&e, 1, sizeof *e, "an exploration"));
    e->data = data;
    weft__data_splits(e->splits, data);
    weft_status status = explore(e, options ? options : &standard, context);
    e->seconds = weft__now() - began;
    if (status == WEFT_OK)
        *out = e;
    else
        weft_exploration_free(e);
    return status;
}

void weft_exploration_free(weft_exploration *e)
{
    if (!e)
        return;
    for (int s = 0; s < WEFT__SPLITS; s++)
        free(e->counts[s]);
    free(e->sizes.distinct);
    free(e->pixels.classes);
    free(e->pixels.mean);
    free(e->pixels.spread);
    free(e->samples.first);
    free(e->samples.random);
    free(e->samples.counts);
    weft_dataset_free(e->space.scaled);
    weft_pca_free(e->space.pca);
    free(e->space.drawn);
    free(e->space.places);
    free(e->nearness.confusion);
    free(e->nearness.distances);
    free(e->nearness.pairs);
    weft_duplicates_free(e->duplicates);
    free(e->source);
    free(e->command);
    free(e);
}

const weft_duplicates *weft_exploration_duplicates(const weft_exploration *exploration)
{
    return exploration->duplicates;
}
