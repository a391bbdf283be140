/* C-SVC, one-versus-one. Pairs of classes are separate problems, solved by whichever thread
 * is free, the hardest first. */
#include "weft/svm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classic/smo.h"
#include "classic/svm_explain.h"
#include "classic/svm_machine.h"
#include "core/events.h"
#include "core/mem.h"
#include "core/team.h"
#include "model/family.h"

struct options {
    double c, gamma, coef0, tolerance;
    uint64_t degree, cache_mb, seed;
    int kernel, probability, calibrate;
    char *features;
};

enum { BY_MARGIN, BY_PLATT };

static const weft_param params[] = {
    {"kernel", WEFT_PARAM_CHOICE, offsetof(struct options, kernel), "rbf", 0, 0,
        "rbf|linear|poly", "exp(-gamma |x-y|^2), x y, or (gamma x y + coef0)^degree"},
    {"c", WEFT_PARAM_REAL, offsetof(struct options, c), "10", 1e-6, 1e6, NULL,
        "the price of a picture on the wrong side of its margin"},
    {"gamma", WEFT_PARAM_REAL, offsetof(struct options, gamma), "0", 0, 1e6, NULL,
        "of the kernel, for pixels / 255; 0: 1 / (features x their variance)"},
    {"degree", WEFT_PARAM_COUNT, offsetof(struct options, degree), "3", 1, 20, NULL,
        "of the polynomial"},
    {"coef0", WEFT_PARAM_REAL, offsetof(struct options, coef0), "0", -1e6, 1e6, NULL,
        "of the polynomial"},
    {"tolerance", WEFT_PARAM_REAL, offsetof(struct options, tolerance), "0.001", 1e-7, 1,
        NULL, "largest violation of the optimum's conditions that may be left"},
    {"probability", WEFT_PARAM_CHOICE, offsetof(struct options, probability), "margins", 0,
        0, "margins|platt",
        "margins: a fixed curve of each pair's margin, not calibrated, the most voted "
        "class "
        "first; platt: curves fitted to 5-fold decisions, about 4 times as long"},
    {"cache-mb", WEFT_PARAM_COUNT, offsetof(struct options, cache_mb), "2000", 1, 1 << 24,
        NULL, "memory for kernel rows, all threads together"},
    {"seed", WEFT_PARAM_COUNT, offsetof(struct options, seed), "1", 0, 1e15, NULL,
        "of the folds that platt draws"},
    WEFT__FEATURES_PARAM(struct options, features),
    WEFT__CALIBRATE_PARAM(struct options),
    {0},
};

/* Slope of the logistic curve that turns a pair's margin into a probability: of 1, 1.5, ...
 * 6 the one with the least log loss on 5,000 Fashion-MNIST training pictures that were held
 * out, for 5,000 and for 20,000 to fit. */
static const double MARGIN_SLOPE = 3.5;

enum {
    FOLDS = 5,   /* libsvm's */
    DECIDED = 64 /* pictures decided at once; at most WEFT__KERNEL_ROWS */
};

struct state {
    weft__features *features;
    weft__svm_machine machine;
    double *objectives; /* pairs; NULL after load */
};

/* ---- fitting --------------------------------------------------------------------------
 */

/* One thread's place. */
struct worker {
    weft__kernel_room room;
    float *cache;                 /* of fit->cache_bytes */
    double *v, *decisions;        /* points of the largest pair */
    bool *positive;               /* of the same */
    uint32_t *rows, *part, *kept; /* of the same */
    uint8_t *fold;                /* of the same */
    float *values;                /* DECIDED times as many */
};

struct pair {
    size_t a, b;
    double distance; /* of the classes' means: the nearer, the harder */
};

struct fit {
    const struct options *options;
    const weft__points *points;
    weft_context *context;
    weft__kernel kernel;
    size_t classes, threads, largest; /* largest: points of a pair */
    size_t cache_bytes;               /* of each thread */
    size_t *begin;                    /* classes + 1 */
    uint32_t *order;                  /* points sorted by class */
    struct pair *pairs;
    size_t pair_count;
    struct worker *workers;
    float *coefficients; /* points by order x (classes - 1) */
    double *rho, *objectives;
    weft__sigmoid *sigmoids;
};

static weft_status create_worker(const struct fit *fit, struct worker *w)
{
    const char *what = "support vectors";
    WEFT_TRY(weft__kernel_room_create(&w->room, fit->points->dims));
    WEFT_TRY(weft__alloc(&w->cache, fit->cache_bytes, 1, "the kernel cache"));
    WEFT_TRY(weft__alloc(&w->v, fit->largest, sizeof *w->v, what));
    WEFT_TRY(weft__alloc(&w->decisions, fit->largest, sizeof *w->decisions, what));
    WEFT_TRY(weft__alloc(&w->positive, fit->largest, sizeof *w->positive, what));
    WEFT_TRY(weft__alloc(&w->rows, fit->largest, sizeof *w->rows, what));
    WEFT_TRY(weft__alloc(&w->kept, fit->largest, sizeof *w->kept, what));
    WEFT_TRY(weft__alloc(&w->fold, fit->largest, 1, what));
    WEFT_TRY(weft__alloc(&w->values, fit->largest, DECIDED * sizeof *w->values, what));
    return weft__alloc(&w->part, fit->largest, sizeof *w->part, what);
}

static void clear_worker(struct worker *w)
{
    weft__kernel_room_clear(&w->room);
    free(w->cache);
    free(w->v);
    free(w->decisions);
    free(w->positive);
    free(w->rows);
    free(w->values);
    free(w->kept);
    free(w->fold);
    free(w->part);
}

static weft_status solve(struct fit *fit, struct worker *w, const weft__kernel_set *set,
    size_t positive, weft__smo_answer *answer)
{
    weft__smo_problem problem = {.set = set,
        .positive = positive,
        .kernel = fit->kernel,
        .c = fit->options->c,
        .tolerance = fit->options->tolerance,
        .cache = w->cache,
        .cache_bytes = fit->cache_bytes};
    return weft__smo_solve(w->v, answer, &problem, &w->room, fit->context);
}

/* Keeps the points at w->kept that have a coefficient, and these; returns how many. */
static size_t drop_idle(struct worker *w, size_t count)
{
    size_t left = 0;
    for (size_t i = 0; i < count; i++)
        if (w->v[i] != 0) {
            w->v[left] = w->v[i];
            w->kept[left++] = w->kept[i];
        }
    return left;
}

/* Decisions of the pair's points at w->part by those at w->kept. */
static weft_status decide_part(const struct fit *fit, struct worker *w, double rho,
    const weft__kernel_set *pair, size_t count, size_t vectors)
{
    weft__kernel_set set;
    float *out[DECIDED];
    WEFT_TRY(weft__kernel_set_create(&set, fit->points, w->kept, vectors));
    weft_status status = WEFT_OK;
    for (size_t at = 0; status == WEFT_OK && at < count; at += DECIDED) {
        size_t n = count - at < DECIDED ? count - at : DECIDED;
        for (size_t i = 0; i < n; i++)
            out[i] = w->values + i * vectors;
        status = weft__kernel_block(
            &fit->kernel, pair, w->part + at, n, &set, 0, vectors, out, &w->room);
        for (size_t i = 0; status == WEFT_OK && i < n; i++) {
            double sum = -rho;
            for (size_t j = 0; j < vectors; j++)
                sum += w->v[j] * (double)out[i][j];
            w->decisions[w->part[at + i]] = sum;
        }
    }
    weft__kernel_set_clear(&set);
    return status;
}

/* Decisions of one fold's points by a machine that saw the others. */
static weft_status decide_fold(struct fit *fit, struct worker *w,
    const weft__kernel_set *pair, size_t positive, uint8_t fold)
{
    size_t in = 0, out = 0, in_positive = 0;
    for (size_t i = 0; i < pair->count; i++)
        if (w->fold[i] == fold) {
            w->part[out++] = (uint32_t)i;
        } else {
            w->kept[in++] = w->rows[i];
            in_positive += i < positive;
        }
    if (in_positive == in || in_positive == 0) { /* one class is left, or none, as libsvm */
        for (size_t i = 0; i < out; i++)
            w->decisions[w->part[i]] = in == 0 ? 0 : in_positive ? 1 : -1;
        return WEFT_OK;
    }
    weft__kernel_set set;
    weft__smo_answer answer;
    WEFT_TRY(weft__kernel_set_create(&set, fit->points, w->kept, in));
    weft_status status = solve(fit, w, &set, in_positive, &answer);
    weft__kernel_set_clear(&set);
    if (status != WEFT_OK)
        return status;
    return decide_part(fit, w, answer.rho, pair, out, drop_idle(w, in));
}

/* Platt's curve from decisions on pictures that the machine did not see. w->rows are the
 * pair's points, the first `positive` of the first class. */
static weft_status fit_curve(struct fit *fit, struct worker *w, const struct pair *pair,
    const weft__kernel_set *set, size_t positive, weft__sigmoid *curve)
{
    size_t count = set->count;
    weft_rng rng =
        weft_rng_create(fit->options->seed, weft__svm_pair(fit->classes, pair->a, pair->b));
    for (size_t i = 0; i < count; i++)
        w->kept[i] = (uint32_t)i;
    weft_rng_shuffle(&rng, w->kept, count);
    for (size_t i = 0; i < count; i++) {
        w->fold[w->kept[i]] = (uint8_t)(i * FOLDS / count);
        w->positive[i] = i < positive;
    }
    for (uint8_t fold = 0; fold < FOLDS; fold++)
        WEFT_TRY(decide_fold(fit, w, set, positive, fold));
    *curve = weft__platt_fit(w->decisions, w->positive, count);
    return WEFT_OK;
}

static void take_answer(struct fit *fit, const struct worker *w, const struct pair *pair)
{
    size_t others = fit->classes - 1, in_a = fit->begin[pair->a + 1] - fit->begin[pair->a];
    for (size_t i = 0; i < in_a; i++)
        fit->coefficients[(fit->begin[pair->a] + i) * others + pair->b - 1] =
            (float)w->v[i];
    size_t in_b = fit->begin[pair->b + 1] - fit->begin[pair->b];
    for (size_t i = 0; i < in_b; i++)
        fit->coefficients[(fit->begin[pair->b] + i) * others + pair->a] =
            (float)w->v[in_a + i];
}

static weft_status solve_pair(struct fit *fit, struct worker *w, const struct pair *pair)
{
    size_t in_a = fit->begin[pair->a + 1] - fit->begin[pair->a];
    size_t in_b = fit->begin[pair->b + 1] - fit->begin[pair->b];
    size_t index = weft__svm_pair(fit->classes, pair->a, pair->b);
    memcpy(w->rows, fit->order + fit->begin[pair->a], in_a * sizeof *w->rows);
    memcpy(w->rows + in_a, fit->order + fit->begin[pair->b], in_b * sizeof *w->rows);
    weft__kernel_set set;
    weft__smo_answer answer;
    WEFT_TRY(weft__kernel_set_create(&set, fit->points, w->rows, in_a + in_b));
    weft_status status = solve(fit, w, &set, in_a, &answer);
    if (status == WEFT_OK) {
        take_answer(fit, w, pair);
        fit->rho[index] = answer.rho;
        fit->objectives[index] = answer.objective;
        fit->sigmoids[index] = (weft__sigmoid){-MARGIN_SLOPE, 0};
        if (fit->options->probability == BY_PLATT)
            status = fit_curve(fit, w, pair, &set, in_a, &fit->sigmoids[index]);
    }
    weft__kernel_set_clear(&set);
    return status;
}

static weft_status solve_pairs(size_t begin, size_t end, int rank, void *arg)
{
    struct fit *fit = arg;
    struct worker *w = &fit->workers[rank];
    if (!w->part)
        WEFT_TRY(create_worker(fit, w));
    for (size_t i = begin; i < end; i++)
        WEFT_TRY(solve_pair(fit, w, &fit->pairs[i]));
    return WEFT_OK;
}

/* ---- before and after ------------------------------------------------------------------
 */

static double value_at(const weft__points *points, size_t i)
{
    return points->bytes ? points->bytes[i] / 255.0 : (double)points->floats[i];
}

/* 1 / (features x their variance), as scikit-learn's gamma="scale". */
static double scale_gamma(const weft__points *points)
{
    double sum = 0, squares = 0, count = (double)points->count * (double)points->dims;
    for (size_t i = 0; i < points->count; i++) {
        double row = 0, row_squares = 0;
        for (size_t d = 0; d < points->dims; d++) {
            double value = value_at(points, i * points->dims + d);
            row += value;
            row_squares += value * value;
        }
        sum += row;
        squares += row_squares;
    }
    double variance = squares / count - sum / count * (sum / count);
    return variance > 0 ? 1 / ((double)points->dims * variance) : 1;
}

static int nearer_first(const void *a, const void *b)
{
    const struct pair *p = a, *q = b;
    if (p->distance != q->distance)
        return p->distance < q->distance ? -1 : 1;
    return p->a != q->a ? (p->a < q->a ? -1 : 1) : (p->b > q->b) - (p->b < q->b);
}

/* Lists the pairs of classes that occur, the nearest means first. */
static weft_status list_pairs(struct fit *fit)
{
    size_t k = fit->classes, dims = fit->points->dims;
    double *mean;
    WEFT_TRY(weft__calloc(&mean, k, dims * sizeof *mean, "class means"));
    for (size_t c = 0; c < k; c++) {
        size_t n = fit->begin[c + 1] - fit->begin[c];
        for (size_t i = fit->begin[c]; i < fit->begin[c + 1]; i++)
            for (size_t d = 0; d < dims; d++)
                mean[c * dims + d] +=
                    value_at(fit->points, fit->order[i] * dims + d) / (double)n;
    }
    for (size_t a = 0; a < k; a++)
        for (size_t b = a + 1; b < k; b++) {
            size_t in_a = fit->begin[a + 1] - fit->begin[a];
            size_t in_b = fit->begin[b + 1] - fit->begin[b];
            if (!in_a || !in_b)
                continue;
            double distance = 0;
            for (size_t d = 0; d < dims; d++)
                distance += pow(mean[a * dims + d] - mean[b * dims + d], 2);
            fit->pairs[fit->pair_count++] = (struct pair){a, b, distance};
            if (in_a + in_b > fit->largest)
                fit->largest = in_a + in_b;
        }
    free(mean);
    qsort(fit->pairs, fit->pair_count, sizeof *fit->pairs, nearer_first);
    return WEFT_OK;
}

static void sort_points(struct fit *fit, const weft_view *train)
{
    size_t k = fit->classes;
    for (size_t i = 0; i < train->count; i++)
        fit->begin[weft_view_label(train, i) + 1]++;
    for (size_t c = 0; c < k; c++)
        fit->begin[c + 1] += fit->begin[c];
    for (size_t i = 0; i < train->count; i++)
        fit->order[fit->begin[weft_view_label(train, i)]++] = (uint32_t)i;
    memmove(fit->begin + 1, fit->begin, k * sizeof *fit->begin);
    fit->begin[0] = 0;
}

static weft_status prepare(struct fit *fit, const weft_view *train)
{
    size_t k = fit->classes, pairs = k * (k - 1) / 2;
    const char *what = "support vectors";
    WEFT_TRY(weft__calloc(&fit->begin, k + 1, sizeof *fit->begin, what));
    WEFT_TRY(weft__alloc(&fit->order, train->count, sizeof *fit->order, what));
    WEFT_TRY(weft__alloc(&fit->pairs, pairs, sizeof *fit->pairs, what));
    WEFT_TRY(weft__calloc(&fit->workers, fit->threads, sizeof *fit->workers, what));
    WEFT_TRY(weft__calloc(
        &fit->coefficients, train->count, (k - 1) * sizeof *fit->coefficients, what));
    WEFT_TRY(weft__calloc(&fit->rho, pairs, sizeof *fit->rho, what));
    WEFT_TRY(weft__calloc(&fit->objectives, pairs, sizeof *fit->objectives, what));
    WEFT_TRY(weft__calloc(&fit->sigmoids, pairs, sizeof *fit->sigmoids, what));
    sort_points(fit, train);
    return list_pairs(fit);
}

static void release(struct fit *fit)
{
    for (size_t i = 0; fit->workers && i < fit->threads; i++)
        clear_worker(&fit->workers[i]);
    free(fit->begin);
    free(fit->order);
    free(fit->pairs);
    free(fit->workers);
    free(fit->coefficients);
    free(fit->rho);
    free(fit->objectives);
    free(fit->sigmoids);
}

/* Keeps the points with a coefficient. */
static weft_status keep_vectors(struct fit *fit, weft__svm_machine *m)
{
    size_t k = fit->classes, others = k - 1, kept = 0, dims = m->dims;
    uint32_t *rows;
    WEFT_TRY(weft__alloc(&m->class_end, k, sizeof *m->class_end, "support vectors"));
    WEFT_TRY(weft__alloc(&rows, fit->begin[k], sizeof *rows, "support vectors"));
    for (size_t c = 0; c < k; c++) {
        for (size_t i = fit->begin[c]; i < fit->begin[c + 1]; i++) {
            const float *from = fit->coefficients + i * others;
            bool any = false;
            for (size_t j = 0; j < others; j++)
                any |= from[j] != 0;
            if (!any)
                continue;
            memmove(fit->coefficients + kept * others, from, others * sizeof *from);
            rows[kept++] = fit->order[i];
        }
        m->class_end[c] = (int64_t)kept;
    }
    size_t size = fit->points->bytes ? 1 : sizeof(float);
    const uint8_t *from =
        fit->points->bytes ? fit->points->bytes : (const uint8_t *)fit->points->floats;
    uint8_t *to = NULL;
    weft_status status = weft__alloc(&to, kept, dims * size, "support vectors");
    for (size_t i = 0; status == WEFT_OK && i < kept; i++)
        memcpy(to + i * dims * size, from + rows[i] * dims * size, dims * size);
    free(rows);
    m->vectors = (weft__points){.count = kept, .dims = dims, .owned = to};
    if (fit->points->bytes)
        m->vectors.bytes = to;
    else
        m->vectors.floats = (const float *)(const void *)to;
    return status;
}

static weft_status take_over(struct fit *fit, struct state *state)
{
    weft__svm_machine *m = &state->machine;
    m->classes = fit->classes;
    m->dims = fit->points->dims;
    m->kernel = fit->kernel;
    m->by_votes = fit->options->probability == BY_MARGIN;
    WEFT_TRY(keep_vectors(fit, m));
    m->coefficients = fit->coefficients;
    m->rho = fit->rho;
    m->sigmoids = fit->sigmoids;
    state->objectives = fit->objectives;
    fit->coefficients = NULL;
    fit->rho = fit->objectives = NULL;
    fit->sigmoids = NULL;
    return weft__kernel_set_create(&m->set, &m->vectors, NULL, m->vectors.count);
}

/* Each thread's part of the cache, or what the largest pair's whole kernel takes. */
static void share_cache(struct fit *fit)
{
    size_t threads = fit->threads < fit->pair_count ? fit->threads : fit->pair_count, whole;
    fit->cache_bytes = (size_t)fit->options->cache_mb * 1000000 / (threads ? threads : 1);
    if (weft__mul(&whole, fit->largest * sizeof(float), fit->largest) &&
        whole < fit->cache_bytes)
        fit->cache_bytes = whole;
}

static weft_status fit_points(struct fit *fit, struct state *state, const weft_view *train)
{
    const struct options *o = fit->options;
    double gamma = o->gamma > 0 ? o->gamma : scale_gamma(fit->points);
    fit->kernel =
        (weft__kernel){(weft__kernel_kind)o->kernel, gamma, o->coef0, (unsigned)o->degree};
    WEFT_TRY(prepare(fit, train));
    share_cache(fit);
    WEFT_TRY(weft__parallel(
        fit->context, fit->pair_count, 1, solve_pairs, fit, "fitting pairs", "pairs"));
    return take_over(fit, state);
}

static weft_status fit(weft_classifier *self, const weft_view *train,
    const weft_view *validation, weft_context *context)
{
    (void)validation;
    const struct options *o = self->options;
    struct state *state;
    weft__points points = {0};
    WEFT_TRY(weft__calloc(&state, 1, sizeof *state, "support vectors"));
    self->state = state;
    weft_status status = weft__features_fit(&state->features, o->features, train, context);
    if (status == WEFT_OK)
        status = weft__features_apply(state->features, train, &points, context);
    if (status == WEFT_OK) {
        struct fit fit = {.options = o,
            .points = &points,
            .context = context,
            .classes = self->classes,
            .threads = (size_t)weft_context_threads(context)};
        status = fit_points(&fit, state, train);
        release(&fit);
    }
    weft__points_clear(&points);
    if (status == WEFT_ECANCELLED)
        self->family->forget(self);
    return status;
}

/* ---- the family ------------------------------------------------------------------------
 */

static weft_status predict_proba(const weft_classifier *self, const weft_view *view,
    float *probabilities, weft_context *context)
{
    const struct state *state = self->state;
    weft__points points;
    WEFT_TRY(weft__features_apply(state->features, view, &points, context));
    weft_status status =
        weft__svm_predict(&state->machine, &points, probabilities, context);
    weft__points_clear(&points);
    return status;
}

static weft_status differentiate(
    const weft_classifier *self, const weft__derivatives *job, weft_context *context)
{
    const struct state *s = self->state;
    return weft__svm_differentiate(&s->machine, s->features, job, context);
}

static weft_status find_examples(
    const weft_classifier *self, weft__examples *job, weft_context *context)
{
    const struct state *s = self->state;
    return weft__svm_find_examples(&s->machine, s->features, job, context);
}

static weft_status find_boundary(
    const weft_classifier *self, weft__examples *job, weft_context *context)
{
    const struct state *s = self->state;
    return weft__svm_find_boundary(
        &s->machine, s->features, weft_shape_bytes(self->recipe.shape), job, context);
}

static weft_status contribute(
    const weft_classifier *self, const weft__contributions *job, weft_context *context)
{
    const struct state *s = self->state;
    return weft__svm_explain_linear(
        &s->machine, s->features, weft_shape_bytes(self->recipe.shape), job, NULL, context);
}

static weft_status weigh(const weft_classifier *self, weft__weights *job)
{
    const struct state *s = self->state;
    return weft__svm_explain_linear(
        &s->machine, s->features, weft_shape_bytes(self->recipe.shape), NULL, job, NULL);
}

static weft_status save(const weft_classifier *self, weft__tensors *tensors)
{
    const struct state *state = self->state;
    WEFT_TRY(weft__features_save(state->features, tensors));
    return weft__svm_machine_save(&state->machine, tensors);
}

static weft_status load(weft_classifier *self, const weft__tensors *tensors)
{
    struct state *state;
    WEFT_TRY(weft__calloc(&state, 1, sizeof *state, "support vectors"));
    self->state = state;
    WEFT_TRY(weft__features_load(&state->features, tensors, self->recipe.shape));
    return weft__svm_machine_load(&state->machine, tensors,
        weft__features_dims(state->features), weft__features_are_bytes(state->features),
        self->classes);
}

static void forget(weft_classifier *self)
{
    struct state *state = self->state;
    if (!state)
        return;
    weft__features_free(state->features);
    weft__svm_machine_clear(&state->machine);
    free(state->objectives);
    free(state);
    self->state = NULL;
}

static const weft__features *features(const weft_classifier *self)
{
    return ((const struct state *)self->state)->features;
}

const weft__family weft__svm = {
    .name = "svm",
    .title = "support vector machine",
    .source =
        "Cortes and Vapnik, Support-vector networks, 1995; Chang and Lin, LIBSVM, 2011",
    .params = params,
    .options_size = sizeof(struct options),
    .fit = fit,
    .predict_proba = predict_proba,
    .differentiate = differentiate,
    .contribute = contribute,
    .find_examples = find_examples,
    .find_boundary = find_boundary,
    .weigh = weigh,
    .features = features,
    .save = save,
    .load = load,
    .forget = forget,
};

static weft_status state_of(const struct state **out, const weft_classifier *classifier)
{
    if (classifier->family != &weft__svm || !classifier->state)
        return weft_fail(
            WEFT_EINVAL, "'%s' is no fitted support vector machine", classifier->info.name);
    *out = classifier->state;
    return WEFT_OK;
}

weft_status weft_svm_summarise(weft_svm_summary *out, const weft_classifier *classifier)
{
    const struct state *state = NULL;
    WEFT_TRY(state_of(&state, classifier));
    const weft__svm_machine *m = &state->machine;
    *out = (weft_svm_summary){.vectors = m->vectors.count,
        .pairs = m->classes * (m->classes - 1) / 2,
        .objectives = state->objectives,
        .rho = m->rho,
        .gamma = m->kernel.gamma};
    return WEFT_OK;
}

weft_status weft_svm_decide(const weft_classifier *classifier, const weft_view *view,
    double *decisions, weft_context *context)
{
    const struct state *state = NULL;
    weft__points points;
    WEFT_TRY(state_of(&state, classifier));
    WEFT_TRY(weft__features_apply(state->features, view, &points, context));
    weft_status status = weft__svm_decide(&state->machine, &points, decisions, context);
    weft__points_clear(&points);
    return status;
}
