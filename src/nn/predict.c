#include "nn/predict.h"

#include <string.h>

#include "nn/real.h"

struct job {
    weft__plan *plan;
    const weft_view *view;
    const weft__normalisation *normalisation;
    bool prepare;
    int buffer; /* whose rows are wanted */
    float *out;
};

/* This member's rows of the batch that begins at `first`. The last batch may be short: the
 * rows behind it are computed on what was there before, and nobody reads them. */
static weft_status predict_batch(const weft__exec *x, const struct job *job, size_t first)
{
    weft__plan *plan = x->plan;
    weft_shape shape = weft_dataset_shape(job->view->data);
    size_t bytes = weft_shape_bytes(shape), width = plan->buffers[job->buffer].row_bytes;
    size_t begin = first + x->first, left = job->view->count;
    size_t rows = begin >= left ? 0 : left - begin < x->rows ? left - begin : x->rows;
    for (size_t i = 0; i < rows; i++)
        weft__picture_to_reals(weft__advance(weft__rows(plan, x->self->rank, plan->input),
                                   i * bytes, plan->real),
            plan->real, weft_view_pixels(job->view, begin + i), shape, job->normalisation);
    WEFT_TRY(weft__exec_forward(x));
    if (rows)
        memcpy((uint8_t *)job->out + begin * width,
            weft__rows(plan, x->self->rank, job->buffer), rows * width);
    return WEFT_OK;
}

static weft_status predict_all(const weft__member *self, void *arg)
{
    const struct job *job = arg;
    weft__exec x = weft__exec_create(self, job->plan);
    if (job->prepare)
        WEFT_TRY(weft__exec_prepare(&x, false));
    weft_status status = WEFT_OK;
    for (size_t first = 0; first < job->view->count; first += job->plan->batch) {
        weft_status now = predict_batch(&x, job, first);
        if (status == WEFT_OK)
            status = now;
    }
    return status;
}

weft_status weft__predict_rows(weft__plan *plan, int buffer, const weft_view *view,
    const weft__normalisation *normalisation, bool prepare, float *rows,
    weft_context *context)
{
    struct job job = {plan, view, normalisation, prepare, buffer, rows};
    if (plan->members == 1)
        return weft__team_alone(context, predict_all, &job);
    return weft__team_run(context, predict_all, &job);
}

weft_status weft__predict_logits(weft__plan *plan, const weft_view *view,
    const weft__normalisation *normalisation, bool prepare, float *logits,
    weft_context *context)
{
    return weft__predict_rows(
        plan, plan->logits, view, normalisation, prepare, logits, context);
}
