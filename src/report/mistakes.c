#include "report/mistakes.h"

#include <stdlib.h>

#include "core/mem.h"

enum { WORST = 24, CELL_WRONG = 12, CELL_RIGHT = 6 };

/* A test picture in its cell of a confusion matrix. */
struct seen {
    uint32_t at;
    uint16_t truth, predicted;
    float probability; /* of the predicted class */
    uint32_t rank;     /* how many of its cell are more certain */
};

static int by_certainty(const struct seen *a, const struct seen *b)
{
    if (a->probability != b->probability)
        return a->probability < b->probability ? 1 : -1;
    return (a->at > b->at) - (a->at < b->at);
}

static int by_cell(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;
    if (x->truth != y->truth)
        return (x->truth > y->truth) - (x->truth < y->truth);
    if (x->predicted != y->predicted)
        return (x->predicted > y->predicted) - (x->predicted < y->predicted);
    return by_certainty(x, y);
}

/* The wrong ones first, the most certain of them first. */
static int by_wrongness(const void *a, const void *b)
{
    const struct seen *x = a, *y = b;
    int right_x = x->truth == x->predicted, right_y = y->truth == y->predicted;
    return right_x != right_y ? right_x - right_y : by_certainty(x, y);
}

static void look(struct seen *seen, const weft_evaluation *e, size_t count)
{
    size_t classes = weft_evaluation_classes(e);
    for (size_t i = 0; i < count; i++) {
        uint16_t predicted = weft_evaluation_predicted(e)[i];
        seen[i] = (struct seen){.at = (uint32_t)i,
            .truth = weft_evaluation_truth(e)[i],
            .predicted = predicted,
            .probability = weft_evaluation_probabilities(e)[i * classes + predicted]};
    }
}

static void rank_in_cells(struct seen *seen, size_t count)
{
    qsort(seen, count, sizeof *seen, by_cell);
    for (size_t i = 1; i < count; i++) {
        bool same = seen[i].truth == seen[i - 1].truth &&
                    seen[i].predicted == seen[i - 1].predicted;
        seen[i].rank = same ? seen[i - 1].rank + 1 : 0;
    }
}

static json_t *rounded(float probability)
{
    return json_real((double)(int)((double)probability * 1e4 + 0.5) / 1e4);
}

static weft_status worst_json(
    json_t *out, struct seen *seen, size_t count, weft__gallery *gallery)
{
    qsort(seen, count, sizeof *seen, by_wrongness);
    json_t *worst = json_array();
    json_object_set_new(out, "worst", worst);
    for (size_t i = 0; i < count && i < WORST; i++) {
        int place;
        if (seen[i].truth == seen[i].predicted)
            break;
        WEFT_TRY(weft__gallery_add(gallery, WEFT__SHOWN_TEST, seen[i].at, &place));
        if (place >= 0)
            json_array_append_new(
                worst, json_pack("[i, i, o]", place, (int)seen[i].predicted,
                           rounded(seen[i].probability)));
    }
    return WEFT_OK;
}

static bool is_shown(const struct seen *s)
{
    return s->rank < (uint32_t)(s->truth == s->predicted ? CELL_RIGHT : CELL_WRONG);
}

static json_t *cells_json(
    const struct seen *seen, size_t count, const weft__gallery *gallery)
{
    json_t *cells = json_object();
    for (size_t i = 0; i < count; i++) {
        int place = weft__gallery_find(gallery, WEFT__SHOWN_TEST, seen[i].at);
        if (!is_shown(&seen[i]) || place < 0)
            continue;
        char key[16];
        snprintf(
            key, sizeof key, "%u-%u", (unsigned)seen[i].truth, (unsigned)seen[i].predicted);
        json_t *cell = json_object_get(cells, key);
        if (!cell) {
            cell = json_array();
            json_object_set_new(cells, key, cell);
        }
        json_array_append_new(
            cell, json_pack("[i, o]", place, rounded(seen[i].probability)));
    }
    return cells;
}

/* seen: finished x count. Every classifier gets its r-th pictures before any gets more, so
 * that a full gallery is shared evenly. */
static weft_status fill(
    const weft_comparison *c, struct seen *seen, json_t *out, weft__gallery *gallery)
{
    size_t count = c->test.count;
    for (size_t m = 0; m < c->finished; m++) {
        look(seen + m * count, c->contenders[m].entry.evaluation, count);
        WEFT_TRY(worst_json(json_array_get(out, m), seen + m * count, count, gallery));
        rank_in_cells(seen + m * count, count);
    }
    for (uint32_t round = 0; round < CELL_WRONG; round++)
        for (size_t i = 0; i < c->finished * count; i++) {
            int place;
            if (seen[i].rank == round && is_shown(&seen[i]))
                WEFT_TRY(weft__gallery_add(gallery, WEFT__SHOWN_TEST, seen[i].at, &place));
        }
    for (size_t m = 0; m < c->finished; m++)
        json_object_set_new(
            json_array_get(out, m), "cells", cells_json(seen + m * count, count, gallery));
    return WEFT_OK;
}

weft_status weft__mistakes_json(
    json_t **out, const weft_comparison *c, weft__gallery *gallery)
{
    size_t total;
    if (!weft__mul(&total, c->finished, c->test.count))
        return weft_fail(WEFT_ENOMEM, "%zu pictures are too many", c->test.count);
    struct seen *seen;
    WEFT_TRY(weft__alloc(&seen, total, sizeof *seen, "the pictures of a report"));
    json_t *array = json_array();
    for (size_t m = 0; m < c->finished; m++)
        json_array_append_new(array, json_object());
    weft_status status = fill(c, seen, array, gallery);
    free(seen);
    if (status != WEFT_OK)
        json_decref(array);
    else
        *out = array;
    return status;
}
