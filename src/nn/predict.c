#include "nn/predict.h"

#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "nn/augment.h"
#include "nn/real.h"

/* One way to look at a picture, and how much it counts. */
struct pose {
    bool flip;
    int32_t move;
    float weight;
};

static const struct pose poses[] = {{false, 0, 1.0f / 4}, {true, 0, 1.0f / 4},
    {false, -1, 1.0f / 8}, {true, -1, 1.0f / 8}, {false, 1, 1.0f / 8}, {true, 1, 1.0f / 8}};

struct job {
    weft__plan *plan;
    const weft__prediction *wanted;
    float *out;
    uint8_t *moved; /* members: a picture each */
};

static size_t pose_count(weft__views views)
{
    return views == WEFT__VIEWS_6 ? 6 : views == WEFT__VIEWS_2 ? 2 : 1;
}

/* This member's part of the batch that begins at `first`. The last batch may be short: the
 * rows behind it are computed on what was there before, and nobody reads them. */
struct part {
    size_t begin, rows;
};

static void load(
    const weft__exec *x, const struct job *job, struct part part, const struct pose *pose)
{
    const weft__prediction *w = job->wanted;
    weft_shape shape = weft_dataset_shape(w->view->data);
    size_t bytes = weft_shape_bytes(shape);
    void *input = weft__rows(x->plan, x->self->rank, x->plan->input);
    for (size_t i = 0; i < part.rows; i++) {
        const uint8_t *pixels = weft_view_pixels(w->view, part.begin + i);
        if (pose->flip || pose->move) {
            uint8_t *moved = job->moved + (size_t)x->self->rank * bytes;
            weft__move_picture(moved, pixels, shape,
                (weft__move){pose->move, pose->move, pose->flip, false});
            pixels = moved;
        }
        weft__picture_to_reals(weft__advance(input, i * bytes, x->plan->real),
            x->plan->real, pixels, shape, w->normalisation);
    }
}

/* Adds a pose's rows, or takes the only one's as they are. */
static void take(const weft__exec *x, const struct job *job, struct part part, size_t pose)
{
    const weft__plan *plan = x->plan;
    size_t bytes = plan->buffers[job->wanted->buffer].row_bytes;
    size_t width = bytes / sizeof(float), count = part.rows * width;
    const float *rows = weft__rows(plan, x->self->rank, job->wanted->buffer);
    float *out = job->out + part.begin * width;
    size_t views = pose_count(job->wanted->views);
    if (!part.rows)
        return;
    if (views == 1) {
        memcpy(out, rows, count * sizeof *out);
        return;
    }
    float weight = views == 2 ? 0.5f : poses[pose].weight;
    for (size_t i = 0; i < count; i++)
        out[i] = (pose ? out[i] : 0) + weight * rows[i];
}

static weft_status predict_batch(const weft__exec *x, const struct job *job, size_t first)
{
    size_t begin = first + x->first, left = job->wanted->view->count;
    struct part part = {begin, begin >= left            ? 0
                               : left - begin < x->rows ? left - begin
                                                        : x->rows};
    weft_status status = WEFT_OK;
    for (size_t p = 0; p < pose_count(job->wanted->views); p++) {
        load(x, job, part, &poses[p]);
        weft_status now = weft__exec_forward(x);
        status = status == WEFT_OK ? now : status;
        take(x, job, part, p);
    }
    return status;
}

static weft_status predict_all(const weft__member *self, void *arg)
{
    const struct job *job = arg;
    weft__exec x = weft__exec_create(self, job->plan);
    unsigned rounding = weft__round_tiny_to_zero();
    weft_status status = job->wanted->prepare ? weft__exec_prepare(&x, false) : WEFT_OK;
    for (size_t first = 0; first < job->wanted->view->count; first += job->plan->batch) {
        weft_status now = predict_batch(&x, job, first);
        if (status == WEFT_OK)
            status = now;
    }
    weft__round_tiny_as(rounding);
    return status;
}

weft_status weft__predict_rows(
    weft__plan *plan, const weft__prediction *wanted, float *rows, weft_context *context)
{
    struct job job = {plan, wanted, rows, NULL};
    if (wanted->views != WEFT__VIEWS_1)
        WEFT_TRY(weft__alloc(&job.moved, (size_t)plan->members,
            weft_shape_bytes(weft_dataset_shape(wanted->view->data)), "moved pictures"));
    weft_status status = plan->members == 1 ? weft__team_alone(context, predict_all, &job)
                                            : weft__team_run(context, predict_all, &job);
    free(job.moved);
    return status;
}
