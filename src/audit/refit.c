/* What leaving the suspicious pictures out of training brings. */
#include <math.h>
#include <stdlib.h>

#include "audit/audit.h"
#include "core/mem.h"

/* Marks what the fix list takes out of the training pictures or relabels. */
static size_t mark(const weft_audit *a, uint8_t *left_out)
{
    size_t count = 0;
    for (size_t i = 0; i < a->fix_count; i++) {
        const weft_fix *fix = &a->fixes[i];
        if (fix->split != WEFT_SPLIT_TRAIN || fix->action == WEFT_FIX_KEEP)
            continue;
        count += !left_out[fix->index];
        left_out[fix->index] = 1;
    }
    return count;
}

static weft_status judge(weft_audit *a, const weft_view *rest, weft_context *context)
{
    size_t classes = a->train->classes, before = 0, after = 0;
    float *probabilities;
    WEFT_TRY(weft__alloc(&probabilities, rest->count * classes, sizeof *probabilities,
        "out-of-fold probabilities"));
    weft_status status = weft__predict_out_of_fold(probabilities, &a->how, rest, context);
    for (size_t i = 0; status == WEFT_OK && i < rest->count; i++) {
        const weft_audited *p = &a->pictures[rest->index[i]];
        const float *row = probabilities + i * classes;
        size_t best = 0;
        for (size_t c = 1; c < classes; c++)
            best = row[c] > row[best] ? c : best;
        before += p->predicted == p->label;
        after += best == p->label;
    }
    free(probabilities);
    a->refit.before = (double)before / (double)rest->count;
    a->refit.after = (double)after / (double)rest->count;
    return status;
}

weft_status weft__audit_refit(weft_audit *a, weft_context *context)
{
    uint8_t *left_out;
    uint32_t *index = NULL;
    a->refit = (weft_audit_refit){0, NAN, NAN};
    if (!a->options.refit)
        return WEFT_OK;
    WEFT_TRY(weft__calloc(&left_out, a->train->count, 1, "a view"));
    weft_status status = weft__alloc(&index, a->train->count, sizeof *index, "a view");
    if (status == WEFT_OK) {
        a->refit.left_out = mark(a, left_out);
        weft_view all = weft_view_all(a->train);
        weft_view rest = weft_view_part(&all, left_out, 0, 1, index);
        if (a->refit.left_out)
            status = judge(a, &rest, context);
    }
    free(left_out);
    free(index);
    return status;
}
