/* A patch's distance is Mahalanobis's, of a normal distribution of its own place. Of each
 * sheet the mean and the largest count, each as its logarithm with 0 at the median of
 * held-out good pictures and 1 at their 95th percentile, so that sizes can be added up; the
 * sum is divided by the threshold. */
#include "weft/inspect.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/team.h"
#include "model/family.h"
#include "search/inspect.h"

enum { LEAST_GOOD = 20, RANK = 32, CHUNK = 1024 };
static const double FAR = 0.95;
static const double LEAST = 1e-12; /* of a distance, before its logarithm */

weft_inspect_options weft_inspect_defaults(void)
{
    return (weft_inspect_options){.reject = 0.05, .held_out = 0.2, .seed = 1};
}

void weft_inspector_free(weft_inspector *self)
{
    if (!self)
        return;
    for (size_t s = 0; s < WEFT__INSPECT_SHEETS; s++) {
        const weft__inspect_sheet *sheet = &self->sheets[s];
        for (size_t p = 0; sheet->places && p < sheet->rows * sheet->columns; p++)
            weft__normal_clear(&sheet->places[p]);
        free(sheet->places);
    }
    weft_classifier_free(self->model);
    free(self->model_file);
    free(self);
}

weft_recipe weft_inspector_recipe(const weft_inspector *self)
{
    return self->recipe;
}

double weft_inspector_reject(const weft_inspector *self)
{
    return self->reject;
}

/* ---- distances ---- */

struct job {
    const weft_inspector *self;
    const weft__inspect_sheet *sheet;
    const float *points; /* the sheet's, of all pictures */
    size_t count, at;    /* of pictures; the sheet's number */
    double *parts;       /* count x sheets x ways */
    float *maps;         /* count x the picture's pixels, added to; or NULL */
};

static size_t sheet_size(const weft__inspect_sheet *s)
{
    return (size_t)s->shape.height * s->shape.width * s->shape.channels;
}

/* Adds a patch's surprise, summed over channels, to the sheet's map. */
static void add_surprise(double *map, double *met, const weft__inspect_sheet *s,
    size_t place, const float *surprise)
{
    size_t y = place / s->columns * s->step, x = place % s->columns * s->step;
    size_t channels = s->dims / ((size_t)s->side * s->side);
    for (size_t r = 0; r < s->side; r++)
        for (size_t c = 0; c < s->side; c++) {
            size_t to = (y + r) * s->shape.width + x + c;
            const float *from = surprise + (r * s->side + c) * channels;
            for (size_t k = 0; k < channels; k++)
                map[to] += (double)from[k];
            met[to]++;
        }
}

/* The sheet's map, a mean over overlapping patches, on the picture's pixels. */
static void spread(float *map, const double *from, const double *met,
    const weft__inspect_sheet *s, weft_shape shape)
{
    for (uint32_t y = 0; y < shape.height; y++)
        for (uint32_t x = 0; x < shape.width; x++) {
            size_t row = (size_t)y * s->shape.height / shape.height;
            size_t at = row * s->shape.width + (size_t)x * s->shape.width / shape.width;
            if (met[at] > 0)
                map[(size_t)y * shape.width + x] += (float)(from[at] / met[at]);
        }
}

/* Room for one picture's work. */
struct scratch {
    float *point, *surprise;
    double *map, *met;
};

static weft_status make_scratch(struct scratch *w, const weft__inspect_sheet *s)
{
    size_t cells = (size_t)s->shape.height * s->shape.width;
    WEFT_TRY(weft__calloc(&w->point, 2 * s->dims, sizeof *w->point, "a patch"));
    w->surprise = w->point + s->dims;
    WEFT_TRY(weft__calloc(&w->map, 2 * cells, sizeof *w->map, "a map"));
    w->met = w->map + cells;
    return WEFT_OK;
}

static void measure_picture(const struct job *job, size_t i, struct scratch *w)
{
    const weft__inspect_sheet *s = job->sheet;
    const float *picture = job->points + i * sheet_size(s);
    size_t places = s->rows * s->columns, cells = (size_t)s->shape.height * s->shape.width;
    weft_shape shape = job->self->recipe.shape;
    double sum = 0, most = 0;
    memset(w->map, 0, 2 * cells * sizeof *w->map);
    for (size_t p = 0; p < places; p++) {
        weft__inspect_take(w->point, s, picture, p);
        double distance = weft__normal_distance(&s->places[p], w->point, 0);
        sum += distance;
        most = fmax(most, distance);
        if (job->maps) {
            weft__normal_surprise(&s->places[p], w->point, 0, w->surprise);
            add_surprise(w->map, w->met, s, p, w->surprise);
        }
    }
    double *part = job->parts + (i * WEFT__INSPECT_SHEETS + job->at) * WEFT__INSPECT_WAYS;
    part[WEFT__INSPECT_MEAN] = log(fmax(sum / (double)places, LEAST));
    part[WEFT__INSPECT_LARGEST] = log(fmax(most, LEAST));
    if (job->maps)
        spread(job->maps + i * shape.height * shape.width, w->map, w->met, s, shape);
}

static weft_status measure_some(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    const struct job *job = arg;
    struct scratch work = {0};
    weft_status status = make_scratch(&work, job->sheet);
    for (size_t i = begin; status == WEFT_OK && i < end; i++)
        measure_picture(job, i, &work);
    free(work.point);
    free(work.map);
    return status;
}

static weft_status measure(double *parts, float *maps, const weft_inspector *self,
    const weft_view *view, weft_context *context)
{
    weft_status status = WEFT_OK;
    for (size_t s = 0; status == WEFT_OK && s < self->sheet_count; s++) {
        float *points;
        WEFT_TRY(weft__inspect_points(&points, self, s, view, context));
        struct job job = {self, &self->sheets[s], points, view->count, s, parts, maps};
        status = weft__parallel(context, view->count, 16, measure_some, &job, NULL, NULL);
        free(points);
    }
    return status;
}

static double joined(const weft_inspector *self, const double *parts, int join)
{
    double sum = 0;
    for (size_t s = 0; s < self->sheet_count; s++)
        for (int w = 0; w < WEFT__INSPECT_WAYS; w++) {
            const weft__inspect_scale *scale = &self->scales[s][w];
            double width = fmax(scale->far - scale->middle, 1e-6);
            if (join != w && join != WEFT__INSPECT_WAYS)
                continue;
            sum += (parts[s * WEFT__INSPECT_WAYS + (size_t)w] - scale->middle) / width;
        }
    return sum;
}

/* What the threshold divides: positive, rising, and 1 where parts are at their medians. */
static double unlike(const weft_inspector *self, const double *parts, int join)
{
    double many = (double)self->sheet_count * (join == WEFT__INSPECT_WAYS ? 2 : 1);
    return exp(joined(self, parts, join) / many);
}

/* ---- fitting ---- */

struct fit_job {
    weft__inspect_sheet *sheet;
    const float *points;
    size_t count;
};

static weft_status fit_some(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    const struct fit_job *job = arg;
    weft__inspect_sheet *s = job->sheet;
    float *patches;
    WEFT_TRY(weft__alloc(&patches, job->count * s->dims, sizeof *patches, "patches"));
    weft_status status = WEFT_OK;
    for (size_t p = begin; status == WEFT_OK && p < end; p++) {
        for (size_t i = 0; i < job->count; i++)
            weft__inspect_take(
                patches + i * s->dims, s, job->points + i * sheet_size(s), p);
        const weft__normal_points all = {patches, NULL, job->count, s->dims, 1};
        status = weft__normal_fit(&s->places[p], &all, RANK);
    }
    free(patches);
    return status;
}

static weft_status fit_sheets(
    weft_inspector *self, const weft_view *good, weft_context *context)
{
    weft_status status = WEFT_OK;
    for (size_t s = 0; status == WEFT_OK && s < self->sheet_count; s++) {
        weft__inspect_sheet *sheet = &self->sheets[s];
        float *points;
        WEFT_TRY(weft__inspect_points(&points, self, s, good, context));
        struct fit_job job = {sheet, points, good->count};
        status = weft__parallel(context, sheet->rows * sheet->columns, 1, fit_some, &job,
            "learning good pictures", "places");
        free(points);
    }
    return status;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static const double *parts_of(const double *parts, size_t i)
{
    return parts + i * WEFT__INSPECT_SHEETS * WEFT__INSPECT_WAYS;
}

static void fit_scales(
    weft_inspector *self, const double *parts, double *sorted, size_t count)
{
    for (size_t s = 0; s < self->sheet_count; s++)
        for (int w = 0; w < WEFT__INSPECT_WAYS; w++) {
            for (size_t i = 0; i < count; i++)
                sorted[i] = parts_of(parts, i)[s * WEFT__INSPECT_WAYS + (size_t)w];
            qsort(sorted, count, sizeof *sorted, ascending);
            self->scales[s][w] = (weft__inspect_scale){
                sorted[count / 2], sorted[(size_t)(FAR * (double)(count - 1))]};
        }
}

/* The share of pairs of a defective and a good picture in the right order. */
static double area(const weft_inspector *self, const double *good, size_t good_count,
    const double *defective, size_t defective_count, int join, double *sorted)
{
    double pairs = 0;
    for (size_t i = 0; i < good_count; i++)
        sorted[i] = unlike(self, parts_of(good, i), join);
    qsort(sorted, good_count, sizeof *sorted, ascending);
    for (size_t i = 0; i < defective_count; i++) {
        double value = unlike(self, parts_of(defective, i), join);
        size_t low = 0, high = good_count;
        while (low < high) {
            size_t middle = (low + high) / 2;
            *(sorted[middle] < value ? &low : &high) =
                sorted[middle] < value ? middle + 1 : middle;
        }
        pairs += (double)low;
    }
    return pairs / ((double)good_count * (double)defective_count);
}

/* The way to join that tells the defective best; both where there are none, or on a tie. */
static weft_status choose_join(weft_inspector *self, const double *parts, size_t count,
    const weft_view *defective, double *sorted, weft_context *context)
{
    double *others, best = -1;
    self->join = WEFT__INSPECT_WAYS;
    if (!defective || defective->count == 0)
        return WEFT_OK;
    WEFT_TRY(
        weft__calloc(&others, defective->count * WEFT__INSPECT_SHEETS * WEFT__INSPECT_WAYS,
            sizeof *others, "distances"));
    weft_status status = measure(others, NULL, self, defective, context);
    for (int join = WEFT__INSPECT_WAYS; status == WEFT_OK && join >= 0; join--) {
        double found = area(self, parts, count, others, defective->count, join, sorted);
        if (found > best) {
            best = found;
            self->join = join;
        }
    }
    free(others);
    return status;
}

/* As in conformal prediction: a further good picture is above it with a chance of at most
 * `reject`. */
static void fit_threshold(
    weft_inspector *self, const double *parts, double *sorted, size_t count)
{
    size_t k = (size_t)ceil((double)(count + 1) * (1 - self->reject) - 1e-9);
    for (size_t i = 0; i < count; i++)
        sorted[i] = unlike(self, parts_of(parts, i), self->join);
    qsort(sorted, count, sizeof *sorted, ascending);
    self->threshold = sorted[k < 1 ? 0 : k > count ? count - 1 : k - 1];
}

static weft_status fit_decision(weft_inspector *self, const weft_view *held_out,
    const weft_view *defective, weft_context *context)
{
    size_t count = held_out->count;
    double *parts = NULL, *sorted = NULL;
    weft_status status = weft__calloc(&parts,
        count * WEFT__INSPECT_SHEETS * WEFT__INSPECT_WAYS, sizeof *parts, "distances");
    if (status == WEFT_OK)
        status = weft__calloc(&sorted, count, sizeof *sorted, "distances");
    if (status == WEFT_OK)
        status = measure(parts, NULL, self, held_out, context);
    if (status == WEFT_OK) {
        fit_scales(self, parts, sorted, count);
        status = choose_join(self, parts, count, defective, sorted, context);
    }
    if (status == WEFT_OK)
        fit_threshold(self, parts, sorted, count);
    free(parts);
    free(sorted);
    return status;
}

static weft_status fit(weft_inspector *self, const weft_view *good,
    const weft_view *defective, const weft_inspect_options *o, weft_context *context)
{
    size_t held = (size_t)lround(o->held_out * (double)good->count);
    uint32_t *index;
    if (held < 1 || (double)(held + 1) * o->reject < 1 - 1e-9 || held + 1 >= good->count)
        return weft_fail(WEFT_EINVAL,
            "%zu of %zu good pictures are held out: a false-reject rate of %g needs %.0f",
            held, good->count, o->reject, ceil(1 / o->reject) - 1);
    WEFT_TRY(weft__inspect_plan(self));
    WEFT_TRY(weft__alloc(&index, good->count, sizeof *index, "pictures"));
    for (size_t i = 0; i < good->count; i++)
        index[i] = (uint32_t)weft_view_at(good, i);
    weft_rng rng = weft_rng_create(o->seed, 0);
    weft_rng_shuffle(&rng, index, good->count);
    weft_view kept = {good->data, index + held, good->count - held};
    weft_view apart = {good->data, index, held};
    weft_status status = fit_sheets(self, &kept, context);
    if (status == WEFT_OK)
        status = fit_decision(self, &apart, defective, context);
    free(index);
    return status;
}

static weft_status check_options(
    const weft_view *good, const weft_view *defective, const weft_inspect_options *o)
{
    weft_shape a = weft_dataset_shape(good->data);
    weft_shape b = defective ? weft_dataset_shape(defective->data) : a;
    if (!(o->reject > 0 && o->reject < 1) || !(o->held_out > 0 && o->held_out < 1))
        return weft_fail(WEFT_EINVAL, "a false-reject rate of %g, a share held out of %g",
            o->reject, o->held_out);
    if (good->count < LEAST_GOOD)
        return weft_fail(WEFT_EINVAL, "%zu good pictures, expected at least %d",
            good->count, LEAST_GOOD);
    if (a.height != b.height || a.width != b.width || a.channels != b.channels)
        return weft_fail(WEFT_EINVAL, "defective pictures are %ux%ux%u, good ones %ux%ux%u",
            b.height, b.width, b.channels, a.height, a.width, a.channels);
    return WEFT_OK;
}

weft_status weft_inspector_fit(weft_inspector **out, const weft_view *good,
    const weft_view *defective, const weft_inspect_options *o, weft_context *context)
{
    weft_inspector *self;
    WEFT_TRY(check_options(good, defective, o));
    WEFT_TRY(weft__calloc(&self, 1, sizeof *self, "an inspector"));
    self->recipe = weft_dataset_recipe(good->data);
    self->reject = o->reject;
    weft_status status = WEFT_OK;
    if (o->features)
        status = weft__inspect_take_model(self, o->features);
    if (status == WEFT_OK)
        status = fit(self, good, defective, o, context);
    if (status == WEFT_OK)
        *out = self;
    else
        weft_inspector_free(self);
    return status;
}

weft_status weft_inspector_score(float *scores, float *maps, const weft_inspector *self,
    const weft_view *view, weft_context *context)
{
    weft_shape wants = self->recipe.shape, is = weft_dataset_shape(view->data);
    size_t pixels = (size_t)wants.height * wants.width;
    if (wants.height != is.height || wants.width != is.width ||
        wants.channels != is.channels)
        return weft_fail(WEFT_EINVAL, "made for pictures of %ux%ux%u, these are %ux%ux%u",
            wants.height, wants.width, wants.channels, is.height, is.width, is.channels);
    uint32_t index[CHUNK];
    double *parts;
    WEFT_TRY(weft__calloc(&parts, CHUNK * WEFT__INSPECT_SHEETS * WEFT__INSPECT_WAYS,
        sizeof *parts, "distances"));
    if (maps)
        memset(maps, 0, view->count * pixels * sizeof *maps);
    weft_status status = WEFT_OK;
    for (size_t i = 0; status == WEFT_OK && i < view->count; i += CHUNK) {
        size_t count = view->count - i < CHUNK ? view->count - i : CHUNK;
        for (size_t n = 0; n < count; n++)
            index[n] = (uint32_t)weft_view_at(view, i + n);
        weft_view part = {view->data, index, count};
        status = measure(parts, maps ? maps + i * pixels : NULL, self, &part, context);
        for (size_t n = 0; status == WEFT_OK && n < count; n++)
            scores[i + n] =
                (float)(unlike(self, parts_of(parts, n), self->join) / self->threshold);
    }
    free(parts);
    return status;
}
