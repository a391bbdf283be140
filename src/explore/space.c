/* Principal components of the training pictures, and some of the pictures along them. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classic/pca.h"
#include "core/mem.h"
#include "data/dataset.h"
#include "data/resized.h"
#include "explore/exploration.h"

/* Pictures of more values than this are scaled down first: the eigenvectors of that many
 * take a second, of twice as many eight. */
enum { MOST_DIMS = 1728 };
enum { DRAWN = 2000, STREAM = 0x9ca1 }; /* of the scatter; of the random numbers */

static uint32_t scaled_side(uint32_t side, double factor)
{
    double scaled = floor((double)side * factor);
    return scaled < 1 ? 1 : (uint32_t)scaled;
}

static weft_status scale_down(
    weft__space *space, const weft_dataset *train, weft_context *context)
{
    weft_shape shape = train->recipe.shape;
    double factor = sqrt((double)MOST_DIMS / (double)weft_shape_bytes(shape));
    if (factor >= 1)
        return WEFT_OK;
    shape.height = scaled_side(shape.height, factor);
    shape.width = scaled_side(shape.width, factor);
    return weft__dataset_resized(&space->scaled, train, shape, context);
}

/* As many of each class as there are, up to an even share of DRAWN; sorted by class. */
static weft_status draw(weft__space *space, const weft_dataset *train, uint64_t seed)
{
    static const char what[] = "a scatter of pictures";
    size_t classes = train->classes, share = DRAWN / classes ? DRAWN / classes : 1;
    size_t most = share * classes < train->count ? share * classes : train->count;
    size_t *at = NULL; /* classes: where the next of a class goes; classes: where it ends */
    uint32_t *order = NULL;
    WEFT_TRY(weft__alloc(&space->drawn, most, sizeof *order, what));
    WEFT_TRY(weft__calloc(&at, 2 * classes, sizeof *at, what));
    weft_status status = weft__alloc(&order, train->count, sizeof *order, what);
    if (status != WEFT_OK) {
        free(at);
        return status;
    }
    weft_rng rng = weft_rng_create(seed, STREAM);
    for (size_t i = 0; i < train->count; i++)
        order[i] = (uint32_t)i;
    weft_rng_shuffle(&rng, order, train->count);
    size_t *end = at + classes;
    for (size_t i = 0; i < train->count; i++)
        end[train->labels[i]] += end[train->labels[i]] < share;
    for (size_t c = 0; c < classes; c++) {
        at[c] = space->drawn_count;
        space->drawn_count = end[c] += at[c];
    }
    for (size_t i = 0; i < train->count; i++) {
        size_t c = train->labels[order[i]];
        if (at[c] < end[c])
            space->drawn[at[c]++] = order[i];
    }
    free(order);
    free(at);
    return WEFT_OK;
}

static weft_status project_drawn(
    weft__space *space, const weft_dataset *seen, weft_context *context)
{
    weft_pca three = *space->pca; /* its first components alone */
    three.count = three.count < 3 ? three.count : 3;
    weft_view view = {seen, space->drawn, space->drawn_count};
    float *along;
    WEFT_TRY(weft__calloc(&space->places, space->drawn_count, sizeof *space->places,
        "a scatter of pictures"));
    WEFT_TRY(weft__alloc(&along, view.count * three.count, sizeof *along, "projections"));
    weft_status status = weft_pca_project(&three, &view, along, context);
    for (size_t i = 0; status == WEFT_OK && i < view.count; i++)
        memcpy(space->places[i], along + i * three.count, three.count * sizeof *along);
    free(along);
    return status;
}

weft_status weft__explore_space(weft_exploration *e, weft_context *context)
{
    const weft_dataset *train = e->splits[WEFT__TRAIN];
    weft__space *space = &e->space;
    if (train->count < 2)
        return WEFT_OK;
    WEFT_TRY(scale_down(space, train, context));
    const weft_dataset *seen = space->scaled ? space->scaled : train;
    weft_view view = weft_view_all(seen);
    WEFT_TRY(weft_pca_fit(&space->pca, &view, NULL, context));
    WEFT_TRY(draw(space, train, e->seed));
    return project_drawn(space, seen, context);
}

size_t weft__components_for(const weft_pca *pca, double share)
{
    double sum = 0;
    for (size_t i = 0; i < weft_pca_count(pca); i++) {
        sum += weft_pca_explained(pca, i);
        if (sum >= share - 1e-12)
            return i + 1;
    }
    return weft_pca_count(pca);
}
