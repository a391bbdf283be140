/* Picture files whose size or aspect is far from the others', from their headers. */
#include <math.h>
#include <stdlib.h>

#include "audit/audit.h"
#include "core/file.h"
#include "core/mem.h"
#include "core/team.h"
#include "data/picture.h"

/* In robust standard deviations of the logarithm; and no less than this factor, for where
 * almost all files are alike the deviation is next to nothing. */
static const double ODD = 4, FACTOR = 1.5;

struct survey {
    const weft_dataset *data;
    double *area, *aspect; /* logarithms; NaN: not known */
};

/* A file that has gone or changed since it was read is not known. */
static weft_status measure(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    const struct survey *s = arg;
    for (size_t i = begin; i < end; i++) {
        const char *path = s->data->paths + s->data->path_at[i];
        char *joined = NULL;
        uint8_t *bytes = NULL;
        weft_shape shape;
        size_t size;
        s->area[i] = s->aspect[i] = NAN;
        if (s->data->source)
            WEFT_TRY(weft__path_join(&joined, s->data->source, path));
        weft_status status = weft__picture_bytes(joined ? joined : path, &bytes, &size);
        if (status == WEFT_OK)
            status = weft__picture_probe(&shape, path, bytes, size);
        free(bytes);
        free(joined);
        if (status == WEFT_ENOMEM)
            return status;
        if (status != WEFT_OK)
            continue;
        s->area[i] = log((double)shape.height * shape.width);
        s->aspect[i] = log((double)shape.width / shape.height);
    }
    return WEFT_OK;
}

static weft_status mark(weft_audit *a, const double *logs)
{
    double median, deviation;
    WEFT_TRY(weft__robust(&median, &deviation, logs, a->train->count));
    double most = fmax(ODD * deviation, log(FACTOR));
    for (size_t i = 0; i < a->train->count; i++)
        if (fabs(logs[i] - median) > most)
            a->pictures[i].suspicions |= 1u << WEFT_SUSPECT_SIZE;
    return WEFT_OK;
}

weft_status weft__audit_sizes(weft_audit *a, weft_context *context)
{
    struct survey s = {.data = a->train};
    size_t count = a->train->count;
    if (!a->train->path_at)
        return WEFT_OK;
    weft_status status = weft__alloc(&s.area, count, sizeof *s.area, "sizes");
    if (status == WEFT_OK)
        status = weft__alloc(&s.aspect, count, sizeof *s.aspect, "sizes");
    if (status == WEFT_OK)
        status =
            weft__parallel(context, count, 16, measure, &s, "looking at files", "pictures");
    if (status == WEFT_OK)
        status = mark(a, s.area);
    if (status == WEFT_OK)
        status = mark(a, s.aspect);
    free(s.area);
    free(s.aspect);
    return status;
}
