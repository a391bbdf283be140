/* The parts of a score are put on one scale by held-out pictures: the logarithm of each, 0
 * at their median and 1 at their 95th percentile. What is above 0 is added up and divided
 * by the threshold. docs/results/unknown.md says what was measured and what was not. */
#include "model/novelty.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/team.h"
#include "data/resize.h"
#include "model/family.h"

enum {
    MOST_LEARNT = 20000, /* training pictures that means and covariance are of */
    MOST_PIXELS = 588,   /* of a picture as its pixels are looked at: 14 x 14 x 3 */
    SKETCH = 512,        /* numbers that a longer embedding is folded into */
    CHUNK = 8192         /* pictures scored at a time */
};
static const double FAR = 0.95;
static const double LEAST = 1e-12; /* of a part, before its logarithm */

void weft__novelty_free(weft__novelty *novelty)
{
    if (!novelty)
        return;
    for (size_t p = 0; p < WEFT__NOVELTY_POINTS; p++)
        weft__normal_clear(&novelty->normal[p]);
    free(novelty);
}

double weft_novelty_rate(const weft_classifier *self)
{
    return self->novelty ? self->novelty->rate : 0;
}

/* ---- points ---- */

static weft_recipe pixels_recipe(weft_shape shape)
{
    double factor = sqrt(MOST_PIXELS / 3.0 / ((double)shape.height * shape.width));
    if (factor < 1) {
        shape.height = shape.height * factor < 1 ? 1 : (uint32_t)(shape.height * factor);
        shape.width = shape.width * factor < 1 ? 1 : (uint32_t)(shape.width * factor);
    }
    while (weft_shape_bytes(shape) > WEFT__NORMAL_DIMS) /* a very long picture */
        *(shape.height > shape.width ? &shape.height : &shape.width) /= 2;
    return (weft_recipe){.shape = shape, .fit = WEFT_FIT_STRETCH};
}

static size_t dims_of(const weft_classifier *self, int part)
{
    size_t embedding = weft_classifier_embedding_size(self);
    if (part == WEFT__NOVELTY_PIXELS)
        return weft_shape_bytes(pixels_recipe(self->recipe.shape).shape);
    return embedding < SKETCH ? embedding : SKETCH;
}

/* Long embeddings are folded: each number is added to one of SKETCH with a sign, both by
 * its position (count sketch, Charikar et al. 2002), which keeps distances on average. */
static void fold(float *point, const float *from, size_t dims)
{
    memset(point, 0, SKETCH * sizeof *point);
    for (size_t d = 0; d < dims; d++) {
        uint64_t mixed = (d + 1) * UINT64_C(0x9e3779b97f4a7c15);
        mixed ^= mixed >> 32;
        mixed *= UINT64_C(0xd6e8feb86659fd93);
        mixed ^= mixed >> 32;
        point[mixed % SKETCH] += mixed >> 63 ? from[d] : -from[d];
    }
}

static weft_status take_embeddings(float *points, const weft_classifier *self,
    const weft_view *view, weft_context *context)
{
    size_t dims = weft_classifier_embedding_size(self);
    if (dims <= SKETCH)
        return weft_classifier_embed(self, view, points, context);
    float *long_ones;
    WEFT_TRY(weft__alloc(&long_ones, view->count * dims, sizeof *long_ones, "embeddings"));
    weft_status status = weft_classifier_embed(self, view, long_ones, context);
    for (size_t i = 0; status == WEFT_OK && i < view->count; i++)
        fold(points + i * SKETCH, long_ones + i * dims, dims);
    free(long_ones);
    return status;
}

static weft_status take_points(float *points, const weft_classifier *self, int part,
    const weft_view *view, weft_context *context)
{
    if (part == WEFT__NOVELTY_EMBEDDING)
        return take_embeddings(points, self, view, context);
    weft_recipe recipe = pixels_recipe(self->recipe.shape);
    return weft__resize_points(points, &recipe, view, context);
}

/* ---- distances ---- */

struct distance_job {
    const weft__normal *normal;
    const float *points;
    double *parts;     /* this part of picture i at i * WEFT__NOVELTY_PARTS */
    weft_novelty *out; /* whose nearest classes are to be found; NULL: not by this part */
};

/* Keeps the nearest few in order. */
static void meet(weft_novelty *found, double *distances, size_t group, double distance)
{
    size_t at = found->nearest_count;
    while (at > 0 && distances[at - 1] > distance)
        at--;
    if (at == WEFT_NOVELTY_NEAREST)
        return;
    if (found->nearest_count < WEFT_NOVELTY_NEAREST)
        found->nearest_count++;
    for (size_t n = found->nearest_count - 1; n > at; n--) {
        found->nearest[n] = found->nearest[n - 1];
        distances[n] = distances[n - 1];
    }
    found->nearest[at] = (uint16_t)group;
    distances[at] = distance;
}

static weft_status measure_distances(size_t begin, size_t end, int rank, void *arg)
{
    (void)rank;
    const struct distance_job *job = arg;
    for (size_t i = begin; i < end; i++) {
        weft_novelty found = {0};
        double distances[WEFT_NOVELTY_NEAREST];
        for (size_t g = 0; g < job->normal->groups; g++) {
            double distance =
                weft__normal_distance(job->normal, job->points + i * job->normal->dims, g);
            if (isfinite(distance))
                meet(&found, distances, g, distance);
        }
        job->parts[i * WEFT__NOVELTY_PARTS] = found.nearest_count ? distances[0] : INFINITY;
        if (job->out)
            job->out[i] = found;
    }
    return WEFT_OK;
}

static weft_status measure_part(double *parts, weft_novelty *out,
    const weft_classifier *self, const weft__normal *normal, int part,
    const weft_view *view, weft_context *context)
{
    float *points;
    WEFT_TRY(weft__alloc(&points, view->count * normal->dims, sizeof *points, "points"));
    struct distance_job job = {normal, points, parts + part, out};
    weft_status status = take_points(points, self, part, view, context);
    if (status == WEFT_OK)
        status =
            weft__parallel(context, view->count, 64, measure_distances, &job, NULL, NULL);
    free(points);
    return status;
}

static double doubt(const float *row, size_t classes)
{
    double most = 0;
    for (size_t k = 0; k < classes; k++)
        most = fmax(most, (double)row[k]);
    return 1 - most;
}

/* Every part of every picture; nearest classes by the first part that is there. */
static weft_status measure(double *parts, weft_novelty *out, const weft_classifier *self,
    const weft__novelty *novelty, const weft_view *view, const float *probabilities,
    weft_context *context)
{
    weft_novelty *nearest = out;
    for (int p = 0; p < WEFT__NOVELTY_POINTS; p++) {
        if (novelty->normal[p].dims == 0)
            continue;
        WEFT_TRY(measure_part(parts, nearest, self, &novelty->normal[p], p, view, context));
        nearest = NULL;
    }
    for (size_t i = 0; i < view->count; i++)
        parts[i * WEFT__NOVELTY_PARTS + WEFT__NOVELTY_DOUBT] =
            doubt(probabilities + i * self->classes, self->classes);
    return WEFT_OK;
}

static double joined(const weft__novelty *novelty, const double *parts)
{
    double sum = 0;
    for (int p = 0; p < WEFT__NOVELTY_PARTS; p++) {
        double middle = novelty->scale[p].middle, width = novelty->scale[p].far - middle;
        if (p < WEFT__NOVELTY_POINTS && novelty->normal[p].dims == 0)
            continue;
        if (width > 0)
            sum += fmax(0, (log(fmax(parts[p], LEAST)) - middle) / width);
    }
    return sum;
}

/* ---- fitting ---- */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void fit_scale(
    weft__novelty *novelty, int part, const double *parts, double *sorted, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sorted[i] = log(fmax(parts[i * WEFT__NOVELTY_PARTS + (size_t)part], LEAST));
    qsort(sorted, count, sizeof *sorted, ascending);
    novelty->scale[part].middle = sorted[count / 2];
    novelty->scale[part].far = sorted[(size_t)(FAR * (double)(count - 1))];
}

/* The k-th smallest of n with k = ceil((n + 1)(1 - rate)): a further picture like them is
 * above it with a chance of at most `rate`. */
static weft_status fit_threshold(
    weft__novelty *novelty, const double *parts, double *sorted, size_t count)
{
    size_t k = (size_t)ceil((double)(count + 1) * (1 - novelty->rate) - 1e-9);
    for (size_t i = 0; i < count; i++)
        sorted[i] = joined(novelty, parts + i * WEFT__NOVELTY_PARTS);
    qsort(sorted, count, sizeof *sorted, ascending);
    novelty->threshold = sorted[k < 1 ? 0 : k - 1];
    if (!(novelty->threshold > 0) || !isfinite(novelty->threshold))
        return weft_fail(WEFT_ENUMERIC,
            "held-out pictures give no threshold for a rate of %g: %g", novelty->rate,
            novelty->threshold);
    return WEFT_OK;
}

static weft_status fit_scales(weft__novelty *novelty, const weft_classifier *self,
    const weft_view *held_out, weft_context *context)
{
    size_t count = held_out->count;
    float *probabilities = NULL;
    double *parts = NULL, *sorted = NULL;
    weft_status status = weft__alloc(
        &probabilities, count * self->classes, sizeof *probabilities, "probabilities");
    if (status == WEFT_OK)
        status = weft__calloc(&parts, count * WEFT__NOVELTY_PARTS, sizeof *parts, "scores");
    if (status == WEFT_OK)
        status = weft__calloc(&sorted, count, sizeof *sorted, "scores");
    if (status == WEFT_OK)
        status = weft_classifier_predict_proba(self, held_out, probabilities, context);
    if (status == WEFT_OK)
        status = measure(parts, NULL, self, novelty, held_out, probabilities, context);
    for (int p = 0; status == WEFT_OK && p < WEFT__NOVELTY_PARTS; p++)
        fit_scale(novelty, p, parts, sorted, count);
    if (status == WEFT_OK)
        status = fit_threshold(novelty, parts, sorted, count);
    free(probabilities);
    free(parts);
    free(sorted);
    return status;
}

static weft_status fit_normal(weft__normal *normal, const weft_classifier *self, int part,
    const weft_view *train, weft_context *context)
{
    size_t dims = dims_of(self, part);
    float *points = NULL;
    uint16_t *labels = NULL;
    if (dims == 0)
        return WEFT_OK;
    weft_status status = weft__alloc(&labels, train->count, sizeof *labels, "labels");
    if (status == WEFT_OK)
        status = weft__alloc(&points, train->count * dims, sizeof *points, "points");
    if (status == WEFT_OK)
        status = take_points(points, self, part, train, context);
    for (size_t i = 0; status == WEFT_OK && i < train->count; i++)
        labels[i] = weft_view_label(train, i);
    const weft__normal_points all = {points, labels, train->count, dims, self->classes};
    if (status == WEFT_OK)
        status = weft__normal_fit(normal, &all, WEFT__NORMAL_RANK);
    free(points);
    free(labels);
    return status;
}

/* An even part of the training pictures. */
static weft_status fit_normals(weft__novelty *novelty, const weft_classifier *self,
    const weft_view *train, weft_context *context)
{
    size_t count = train->count < MOST_LEARNT ? train->count : MOST_LEARNT;
    uint32_t *index;
    WEFT_TRY(weft__alloc(&index, count, sizeof *index, "pictures"));
    for (size_t i = 0; i < count; i++)
        index[i] = (uint32_t)weft_view_at(train, i * train->count / count);
    weft_view part = {train->data, index, count};
    weft_status status = WEFT_OK;
    for (int p = 0; status == WEFT_OK && p < WEFT__NOVELTY_POINTS; p++)
        status = fit_normal(&novelty->normal[p], self, p, &part, context);
    free(index);
    return status;
}

static weft_status check_views(const weft_classifier *self, const weft_view *train,
    const weft_view *held_out, double rate)
{
    const char *name = self->info.name;
    if (!self->state)
        return weft_fail(WEFT_EINVAL, "%s: not fitted yet", name);
    if (!(rate > 0 && rate < 1))
        return weft_fail(WEFT_EINVAL, "%s: a false-alarm rate of %g", name, rate);
    if (train->count == 0 || !weft_dataset_labels(train->data) ||
        weft_dataset_classes(train->data) > self->classes)
        return weft_fail(WEFT_EINVAL,
            "%s: what is unlike training needs labelled training pictures", name);
    size_t needed = (size_t)ceil(1 / rate - 1 - 1e-9);
    if (held_out->count < needed || held_out->count == 0)
        return weft_fail(WEFT_EINVAL,
            "%s: a false-alarm rate of %g needs %zu held-out pictures, there are %zu", name,
            rate, needed < 1 ? (size_t)1 : needed, held_out->count);
    return WEFT_OK;
}

weft_status weft_novelty_fit(weft_classifier *self, const weft_view *train,
    const weft_view *held_out, double rate, weft_context *context)
{
    weft__novelty *novelty;
    WEFT_TRY(check_views(self, train, held_out, rate));
    WEFT_TRY(weft__calloc(&novelty, 1, sizeof *novelty, "what is unlike training"));
    novelty->rate = rate;
    weft_status status = fit_normals(novelty, self, train, context);
    if (status == WEFT_OK)
        status = fit_scales(novelty, self, held_out, context);
    if (status != WEFT_OK) {
        weft__novelty_free(novelty);
        return status;
    }
    weft__novelty_free(self->novelty);
    self->novelty = novelty;
    return WEFT_OK;
}

/* ---- scoring ---- */

static weft_status score_some(weft_novelty *out, double *parts, const weft_classifier *self,
    const weft_view *view, const float *probabilities, weft_context *context)
{
    const weft__novelty *novelty = self->novelty;
    WEFT_TRY(measure(parts, out, self, novelty, view, probabilities, context));
    for (size_t i = 0; i < view->count; i++) {
        double score = joined(novelty, parts + i * WEFT__NOVELTY_PARTS);
        out[i].score = (float)(score / novelty->threshold);
    }
    return WEFT_OK;
}

weft_status weft_novelty_score(weft_novelty *out, const weft_classifier *self,
    const weft_view *view, const float *probabilities, weft_context *context)
{
    weft_shape wants = self->recipe.shape, is = weft_dataset_shape(view->data);
    if (!self->novelty)
        return weft_fail(WEFT_EUNSUPPORTED,
            "%s: the model cannot tell what is unknown: train it with --unknown 0.05",
            self->info.name);
    if (wants.height != is.height || wants.width != is.width ||
        wants.channels != is.channels)
        return weft_fail(WEFT_EINVAL, "%s: takes pictures of %ux%ux%u, these are %ux%ux%u",
            self->info.name, wants.height, wants.width, wants.channels, is.height, is.width,
            is.channels);
    uint32_t *index = NULL;
    double *parts = NULL;
    weft_status status = weft__alloc(&index, CHUNK, sizeof *index, "pictures");
    if (status == WEFT_OK)
        status = weft__calloc(&parts, CHUNK * WEFT__NOVELTY_PARTS, sizeof *parts, "scores");
    for (size_t i = 0; status == WEFT_OK && i < view->count; i += CHUNK) {
        size_t count = view->count - i < CHUNK ? view->count - i : CHUNK;
        for (size_t n = 0; n < count; n++)
            index[n] = (uint32_t)weft_view_at(view, i + n);
        weft_view part = {view->data, index, count};
        status = score_some(
            out + i, parts, self, &part, probabilities + i * self->classes, context);
    }
    free(index);
    free(parts);
    return status;
}

/* ---- the model's file ---- */

static const char *const point_names[] = {"novelty.embedding", "novelty.pixels"};

weft_status weft__novelty_save(const weft_classifier *self, weft__tensors *tensors)
{
    const weft__novelty *n = self->novelty;
    if (!n)
        return WEFT_OK;
    json_t *scales = json_array();
    for (int p = 0; p < WEFT__NOVELTY_PARTS; p++)
        json_array_append_new(
            scales, json_pack("[f, f]", n->scale[p].middle, n->scale[p].far));
    json_t *json = json_pack(
        "{s:f, s:f, s:o}", "rate", n->rate, "threshold", n->threshold, "scales", scales);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    if (!text)
        return weft_fail(WEFT_ENOMEM, "no memory for the metadata 'weft.novelty'");
    weft_status status = weft__tensors_set(tensors, "weft.novelty", text);
    free(text);
    for (int p = 0; status == WEFT_OK && p < WEFT__NOVELTY_POINTS; p++)
        if (n->normal[p].dims)
            status = weft__normal_save(&n->normal[p], point_names[p], tensors);
    return status;
}

static weft_status read_figures(weft__novelty *n, const json_t *json, const char *path)
{
    double s[WEFT__NOVELTY_PARTS][2];
    if (json_unpack((json_t *)json, "{s:F, s:F, s:[[F,F],[F,F],[F,F]]}", "rate", &n->rate,
            "threshold", &n->threshold, "scales", &s[0][0], &s[0][1], &s[1][0], &s[1][1],
            &s[2][0], &s[2][1]) ||
        !(n->rate > 0 && n->rate < 1) || !(n->threshold > 0))
        return weft_fail(WEFT_EFORMAT, "%s: metadata 'weft.novelty' is damaged", path);
    for (int p = 0; p < WEFT__NOVELTY_PARTS; p++) {
        n->scale[p].middle = s[p][0];
        n->scale[p].far = s[p][1];
    }
    return WEFT_OK;
}

static weft_status load_into(
    weft__novelty *n, const weft_classifier *self, const weft__tensors *tensors)
{
    json_t *json = json_loads(
        weft__tensors_get(tensors, "weft.novelty"), JSON_REJECT_DUPLICATES, NULL);
    weft_status status = read_figures(n, json, tensors->path);
    json_decref(json);
    for (int p = 0; status == WEFT_OK && p < WEFT__NOVELTY_POINTS; p++) {
        size_t dims = dims_of(self, p);
        if (dims)
            status = weft__normal_load(
                &n->normal[p], point_names[p], dims, self->classes, tensors);
    }
    return status;
}

weft_status weft__novelty_load(weft_classifier *self, const weft__tensors *tensors)
{
    weft__novelty *novelty;
    if (!weft__tensors_get(tensors, "weft.novelty"))
        return WEFT_OK;
    WEFT_TRY(weft__calloc(&novelty, 1, sizeof *novelty, "what is unlike training"));
    weft_status status = load_into(novelty, self, tensors);
    if (status == WEFT_OK)
        self->novelty = novelty;
    else
        weft__novelty_free(novelty);
    return status;
}

/* ---- figures ---- */

struct scored {
    float score;
    bool foreign;
};

static int by_score(const void *a, const void *b)
{
    float x = ((const struct scored *)a)->score, y = ((const struct scored *)b)->score;
    return (x > y) - (x < y);
}

/* Mann and Whitney's statistic: for each foreign one the known below it, ties half. */
static double area(const struct scored *all, size_t count)
{
    double below = 0, sum = 0;
    for (size_t i = 0, end; i < count; i = end) {
        double known = 0, foreign = 0;
        for (end = i; end < count && all[end].score == all[i].score; end++)
            *(all[end].foreign ? &foreign : &known) += 1;
        sum += foreign * (below + known / 2);
        below += known;
    }
    return sum;
}

weft_status weft_novelty_measure(weft_novelty_figures *out, const float *known,
    size_t known_count, const float *foreign, size_t foreign_count)
{
    size_t count = known_count + foreign_count, alarms = 0, found = 0;
    struct scored *all;
    if (known_count == 0 || foreign_count == 0)
        return weft_fail(WEFT_EINVAL, "%zu known and %zu foreign pictures to tell apart",
            known_count, foreign_count);
    WEFT_TRY(weft__alloc(&all, count, sizeof *all, "scores"));
    for (size_t i = 0; i < count; i++) {
        bool is_foreign = i >= known_count;
        float score = is_foreign ? foreign[i - known_count] : known[i];
        all[i] = (struct scored){score, is_foreign};
        *(is_foreign ? &found : &alarms) += score > 1;
    }
    qsort(all, count, sizeof *all, by_score);
    *out = (weft_novelty_figures){.known = known_count,
        .foreign = foreign_count,
        .auroc = area(all, count) / ((double)known_count * (double)foreign_count),
        .false_alarms = (double)alarms / (double)known_count,
        .found = (double)found / (double)foreign_count};
    free(all);
    return WEFT_OK;
}
