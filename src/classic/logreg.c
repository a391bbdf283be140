/* Multinomial logistic regression with an L2 penalty, fitted by L-BFGS.
 *
 * The objective is scikit-learn's divided by C n:
 *     1/n sum_i -log p(y_i | x_i) + 1/(2 C n) |W|^2,   p = softmax(W x + b),
 * with pixels as 0 to 1 and the intercept b free. Classes that have no picture get
 * probability 0. The pixels stay bytes; each thread turns a block of them into floats
 * that its cache holds.
 *
 * At W = 0 the Hessian is (I/K - 11^T/K^2) (x) 1/n sum_i x x^T, which hardly changes shape
 * later: its second factor preconditions (Boehning, Multinomial logistic regression
 * algorithm, 1992, bounds the Hessian by the same matrix). */
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classic/features.h"
#include "classic/gemm.h"
#include "classic/gram.h"
#include "classic/lbfgs.h"
#include "classic/linear.h"
#include "classic/softmax.h"
#include "core/events.h"
#include "core/mem.h"
#include "core/team.h"
#include "model/family.h"

enum {
    ROWS = 128,               /* pictures of a block */
    PRECONDITION_DIMS = 4096, /* above, factoring the moments costs more than it saves */
};

struct options {
    double c;
    uint64_t max_iterations;
    double tolerance;
    char *features;
    int calibrate;
};

static const weft_param params[] = {
    {"c", WEFT_PARAM_REAL, offsetof(struct options, c), "1", 1e-8, 1e8, NULL,
        "inverse strength of the L2 penalty"},
    {"max-iterations", WEFT_PARAM_COUNT, offsetof(struct options, max_iterations), "200", 1,
        100000, NULL, "L-BFGS iterations at most"},
    {"tolerance", WEFT_PARAM_REAL, offsetof(struct options, tolerance), "1e-4", 0, 1, NULL,
        "stops when no element of the mean loss's gradient exceeds this"},
    WEFT__FEATURES_PARAM(struct options, features),
    WEFT__CALIBRATE_PARAM(struct options),
    {0},
};

struct state {
    weft__features *features;
    size_t dims, classes;
    float *weights; /* classes x dims, of pixels from 0 to 1 */
    float *bias;    /* classes; -INFINITY: the class has no picture */
};

static void forget(weft_classifier *self)
{
    struct state *state = self->state;
    if (!state)
        return;
    weft__features_free(state->features);
    free(state->weights);
    free(state->bias);
    free(state);
    self->state = NULL;
}

/* Classes are padded to full vectors of the matrix product. */
static size_t padded(size_t classes)
{
    return (classes + 15) / 16 * 16;
}

/* ---- scores ------------------------------------------------------------------------ */

static float unit(const weft__points *points)
{
    return points->bytes ? 1.0f / 255 : 1;
}

/* The points of a block as floats: `room` (ROWS x dims) filled, or the points' own. */
static const float *block_floats(
    const weft__points *points, size_t first, size_t rows, float *room)
{
    if (!points->bytes)
        return points->floats + first * points->dims;
    weft__bytes_scale(
        room, points->bytes + first * points->dims, rows * points->dims, unit(points));
    return room;
}

/* scores (rows x width) = x weights + bias; weights is dims x width. */
static weft_status score_block(const float *x, size_t rows, size_t dims,
    const float *weights, const float *bias, size_t width, float *scores)
{
    for (size_t i = 0; i < rows; i++)
        memcpy(scores + i * width, bias, width * sizeof *scores);
    weft__gemm_shape shape = {.m = rows, .n = width, .k = dims};
    return weft__gemm_f32(shape, 1, x, dims, weights, width, 1, scores, width);
}

/* ---- the objective ----------------------------------------------------------------- */

struct thread {
    float *x;        /* ROWS x dims; only for bytes */
    float *scores;   /* ROWS x width */
    float *gradient; /* dims x width */
    double *bias;    /* width */
    double loss;
    size_t right;
};

struct fit {
    weft_classifier *self;
    weft_context *context;
    const weft__points *points;
    uint16_t *labels;      /* among the classes that occur */
    size_t classes, width; /* those that occur, and padded */
    double penalty;        /* 1 / (C n) */
    float *weights, *bias; /* dims x width and width, for the products */
    struct thread *threads;
    size_t thread_count;
    double *factor; /* Cholesky's L of the preconditioner, dims + 1 squared, or NULL */
    double *preconditioned; /* classes x (dims + 1): what precondition is working on */
    weft__task task;
    double began, right;
    weft_epoch last;
};

/* The unknowns are class by class: dims weights, then the bias. */
static size_t stride(const struct fit *f)
{
    return f->points->dims + 1;
}

/* Turns scores into residuals p - y and adds the loss. */
static void residuals(
    const struct fit *f, struct thread *t, const uint16_t *labels, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        float *row = t->scores + i * f->width;
        t->right += weft__likeliest(row, f->classes) == labels[i];
    }
    t->loss += weft__softmax_rows(t->scores, rows, f->classes, f->width, labels);
    for (size_t i = 0; i < rows; i++) {
        float *row = t->scores + i * f->width;
        row[labels[i]] -= 1;
        for (size_t c = 0; c < f->width; c++)
            t->bias[c] += (double)row[c];
    }
}

static weft_status evaluate_share(const weft__member *self, void *arg)
{
    struct fit *f = arg;
    struct thread *t = &f->threads[self->rank];
    size_t dims = f->points->dims, begin, end;
    memset(t->gradient, 0, dims * f->width * sizeof *t->gradient);
    memset(t->bias, 0, f->width * sizeof *t->bias);
    t->loss = 0;
    t->right = 0;
    weft__team_share(self, f->points->count, ROWS, &begin, &end);
    for (size_t first = begin; first < end; first += ROWS) {
        size_t rows = end - first < ROWS ? end - first : ROWS;
        const float *x = block_floats(f->points, first, rows, t->x);
        WEFT_TRY(score_block(x, rows, dims, f->weights, f->bias, f->width, t->scores));
        residuals(f, t, f->labels + first, rows);
        weft__gemm_shape shape = {
            .m = dims, .n = f->width, .k = rows, .a_transposed = true};
        WEFT_TRY(weft__gemm_f32(
            shape, 1, x, dims, t->scores, f->width, 1, t->gradient, f->width));
    }
    return WEFT_OK;
}

static void set_weights(struct fit *f, const double *x)
{
    size_t dims = f->points->dims;
    for (size_t c = 0; c < f->classes; c++) {
        for (size_t d = 0; d < dims; d++)
            f->weights[d * f->width + c] = (float)x[c * stride(f) + d];
        f->bias[c] = (float)x[c * stride(f) + dims];
    }
}

static weft_status evaluate(void *arg, const double *x, double *value, double *gradient)
{
    struct fit *f = arg;
    size_t dims = f->points->dims;
    double n = (double)f->points->count, loss = 0, square = 0;
    if (weft_context_cancelled(f->context))
        return weft_fail(WEFT_ECANCELLED, "cancelled while fitting logreg");
    set_weights(f, x);
    WEFT_TRY(weft__team_run(f->context, evaluate_share, f));
    memset(gradient, 0, f->classes * stride(f) * sizeof *gradient);
    f->right = 0;
    for (size_t r = 0; r < f->thread_count; r++) {
        const struct thread *t = &f->threads[r];
        loss += t->loss / n;
        f->right += (double)t->right;
        for (size_t c = 0; c < f->classes; c++) {
            for (size_t d = 0; d < dims; d++)
                gradient[c * stride(f) + d] += (double)t->gradient[d * f->width + c] / n;
            gradient[c * stride(f) + dims] += t->bias[c] / n;
        }
    }
    for (size_t c = 0; c < f->classes; c++)
        for (size_t d = 0; d < dims; d++) {
            double w = x[c * stride(f) + d];
            square += w * w;
            gradient[c * stride(f) + d] += f->penalty * w;
        }
    *value = loss + f->penalty / 2 * square;
    return WEFT_OK;
}

/* ---- the preconditioner ------------------------------------------------------------ */

static void fill_moments(const struct fit *f, const double *gram, const double *sums)
{
    size_t dims = f->points->dims, side = stride(f);
    double n = (double)f->points->count, scale = (double)unit(f->points);
    double curvature = 1.0 / (double)f->classes, trace = 0;
    for (size_t i = 0; i < dims; i++) {
        for (size_t j = 0; j < dims; j++)
            f->factor[i * side + j] = curvature * scale * scale * gram[i * dims + j] / n;
        f->factor[i * side + dims] = f->factor[dims * side + i] =
            curvature * scale * sums[i] / n;
        trace += f->factor[i * side + i];
    }
    f->factor[dims * side + dims] = curvature;
    /* Single precision's share of the largest keeps the factor away from 0. */
    double floor = 1e-7 * (trace + curvature);
    for (size_t i = 0; i < side; i++)
        f->factor[i * side + i] += floor + (i < dims ? f->penalty : 0);
}

/* LAPACK inside the team stays on one thread; outside, its own would spin against ours. */
static weft_status factor_alone(const weft__member *self, void *arg)
{
    const struct fit *f = arg;
    lapack_int side = (lapack_int)stride(f);
    if (self->rank == 0 &&
        LAPACKE_dpotrf(LAPACK_COL_MAJOR, 'L', side, f->factor, side) != 0)
        return weft_fail(
            WEFT_ENUMERIC, "logreg: the pictures' second moments are not finite");
    return WEFT_OK;
}

static weft_status make_preconditioner(struct fit *f)
{
    size_t dims = f->points->dims, side = stride(f);
    if (dims > PRECONDITION_DIMS)
        return WEFT_OK;
    double *gram = NULL, *sums = NULL;
    weft_status status = weft__alloc(&gram, dims * dims, sizeof *gram, "second moments");
    if (status == WEFT_OK)
        status = weft__alloc(&sums, dims, sizeof *sums, "second moments");
    if (status == WEFT_OK)
        status = weft__gram(gram, sums, f->points, f->context);
    if (status == WEFT_OK)
        status = weft__alloc(&f->factor, side * side, sizeof *f->factor, "second moments");
    if (status == WEFT_OK)
        fill_moments(f, gram, sums);
    free(gram);
    free(sums);
    return status == WEFT_OK ? weft__team_run(f->context, factor_alone, f) : status;
}

/* Each thread takes some of the classes. */
static weft_status solve_share(const weft__member *self, void *arg)
{
    const struct fit *f = arg;
    size_t begin, end;
    weft__team_share(self, f->classes, 1, &begin, &end);
    lapack_int side = (lapack_int)stride(f);
    if (begin < end)
        LAPACKE_dpotrs_work(LAPACK_COL_MAJOR, 'L', side, (lapack_int)(end - begin),
            f->factor, side, f->preconditioned + begin * stride(f), side);
    return WEFT_OK;
}

static weft_status precondition(void *arg, double *v)
{
    struct fit *f = arg;
    f->preconditioned = v;
    return f->factor ? weft__team_run(f->context, solve_share, f) : WEFT_OK;
}

/* ---- fitting ----------------------------------------------------------------------- */

static weft_status iterated(void *arg, size_t iteration, double value)
{
    struct fit *f = arg;
    double n = (double)f->points->count, now = weft__now();
    weft_epoch row = {.epoch = (uint32_t)iteration,
        .loss = value,
        .accuracy = f->right / n,
        .val_loss = NAN,
        .val_accuracy = NAN,
        .learning_rate = NAN,
        .seconds = now - f->began,
        .rate = n / (now - f->began)};
    f->began = now;
    weft__task_progress(&f->task, (double)iteration);
    return weft__classifier_log(f->self, &row);
}

/* Numbers the classes that occur, in order. numbers[c] is c's, or UINT16_MAX. */
static void number_classes(struct fit *f, const weft_view *train, uint16_t *numbers)
{
    size_t classes = f->self->classes;
    for (size_t c = 0; c < classes; c++)
        numbers[c] = UINT16_MAX;
    for (size_t i = 0; i < train->count; i++)
        numbers[weft_view_label(train, i)] = 0;
    for (size_t c = 0; c < classes; c++)
        if (numbers[c] == 0)
            numbers[c] = (uint16_t)f->classes++;
    for (size_t i = 0; i < train->count; i++)
        f->labels[i] = numbers[weft_view_label(train, i)];
}

static weft_status prepare(struct fit *f)
{
    static const char what[] = "a gradient";
    size_t dims = f->points->dims, cells;
    f->width = padded(f->classes);
    if (!weft__mul(&cells, dims, f->width))
        cells = SIZE_MAX;
    WEFT_TRY(weft__calloc(&f->weights, cells, sizeof *f->weights, what));
    WEFT_TRY(weft__calloc(&f->bias, f->width, sizeof *f->bias, what));
    f->thread_count = (size_t)weft_context_threads(f->context);
    WEFT_TRY(weft__calloc(&f->threads, f->thread_count, sizeof *f->threads, what));
    for (size_t r = 0; r < f->thread_count; r++) {
        struct thread *t = &f->threads[r];
        if (f->points->bytes)
            WEFT_TRY(weft__alloc(&t->x, ROWS * dims, sizeof *t->x, what));
        WEFT_TRY(weft__alloc(&t->scores, ROWS * f->width, sizeof *t->scores, what));
        WEFT_TRY(weft__alloc(&t->gradient, cells, sizeof *t->gradient, what));
        WEFT_TRY(weft__alloc(&t->bias, f->width, sizeof *t->bias, what));
    }
    return make_preconditioner(f);
}

static void fit_clear(struct fit *f)
{
    for (size_t r = 0; f->threads && r < f->thread_count; r++) {
        free(f->threads[r].x);
        free(f->threads[r].scores);
        free(f->threads[r].gradient);
        free(f->threads[r].bias);
    }
    free(f->threads);
    free(f->labels);
    free(f->weights);
    free(f->bias);
    free(f->factor);
}

/* The unknowns into the state, class by class of the dataset. */
static weft_status keep(const struct fit *f, const double *x, const uint16_t *numbers)
{
    struct state *state = f->self->state;
    size_t dims = f->points->dims, classes = f->self->classes;
    state->dims = dims;
    state->classes = classes;
    WEFT_TRY(weft__calloc(&state->weights, classes * dims, sizeof(float), "weights"));
    WEFT_TRY(weft__calloc(&state->bias, classes, sizeof(float), "weights"));
    for (size_t c = 0; c < classes; c++) {
        state->bias[c] = -INFINITY;
        if (numbers[c] == UINT16_MAX)
            continue;
        const double *from = x + numbers[c] * stride(f);
        for (size_t d = 0; d < dims; d++)
            state->weights[c * dims + d] = (float)from[d];
        state->bias[c] = (float)from[dims];
    }
    return WEFT_OK;
}

static weft_status solve(
    struct fit *f, const weft_view *train, uint16_t *numbers, double **x)
{
    const struct options *o = f->self->options;
    WEFT_TRY(weft__alloc(&f->labels, train->count, sizeof *f->labels, "labels"));
    number_classes(f, train, numbers);
    f->penalty = 1 / (o->c * (double)train->count);
    WEFT_TRY(prepare(f));
    weft__lbfgs problem = {.n = f->classes * stride(f),
        .max_iterations = o->max_iterations,
        .tolerance = o->tolerance,
        .arg = f,
        .evaluate = evaluate,
        .precondition = precondition,
        .iterated = iterated};
    WEFT_TRY(weft__calloc(x, problem.n, sizeof **x, "weights"));
    f->task = weft__task_begin(
        f->context, "fitting logreg", "iterations", (double)o->max_iterations);
    f->began = weft__now();
    weft_status status = weft__lbfgs_minimise(&problem, *x);
    weft__task_end(&f->task);
    return status;
}

static weft_status fit_points(weft_classifier *self, const weft_view *train,
    const weft__points *points, weft_context *context)
{
    struct fit f = {.self = self, .context = context, .points = points};
    uint16_t *numbers = NULL;
    double *x = NULL;
    weft_status status = weft__alloc(&numbers, self->classes, sizeof *numbers, "classes");
    if (status == WEFT_OK)
        status = solve(&f, train, numbers, &x);
    if (status == WEFT_OK)
        status = keep(&f, x, numbers);
    fit_clear(&f);
    free(numbers);
    free(x);
    return status;
}

static weft_status fit(weft_classifier *self, const weft_view *train,
    const weft_view *validation, weft_context *context)
{
    (void)validation;
    const struct options *o = self->options;
    struct state *state;
    weft__points points = {0};
    WEFT_TRY(weft__calloc(&state, 1, sizeof *state, "a classifier"));
    self->state = state;
    weft_status status = weft__features_fit(&state->features, o->features, train, context);
    if (status == WEFT_OK)
        status = weft__features_apply(state->features, train, &points, context);
    if (status == WEFT_OK)
        status = fit_points(self, train, &points, context);
    weft__points_clear(&points);
    if (status != WEFT_OK) /* nothing half-fitted stays, also when cancelled */
        forget(self);
    return status;
}

/* ---- predicting -------------------------------------------------------------------- */

struct prediction {
    const struct state *state;
    const weft__points *points;
    float *weights; /* dims x classes */
    float **rooms;  /* one for each thread: ROWS x dims; of bytes only */
    float *probabilities;
};

static weft_status predict_block(size_t begin, size_t end, int rank, void *arg)
{
    const struct prediction *p = arg;
    const struct state *s = p->state;
    float *scores = p->probabilities + begin * s->classes;
    const float *x = block_floats(p->points, begin, end - begin, p->rooms[rank]);
    WEFT_TRY(score_block(x, end - begin, s->dims, p->weights, s->bias, s->classes, scores));
    weft__softmax_rows(scores, end - begin, s->classes, s->classes, NULL);
    return WEFT_OK;
}

static weft_status predict_with(struct prediction *p, weft_context *context)
{
    const struct state *s = p->state;
    size_t threads = (size_t)weft_context_threads(context);
    WEFT_TRY(weft__alloc(&p->weights, s->dims * s->classes, sizeof(float), "weights"));
    for (size_t c = 0; c < s->classes; c++)
        for (size_t d = 0; d < s->dims; d++)
            p->weights[d * s->classes + c] = s->weights[c * s->dims + d];
    WEFT_TRY(weft__calloc(&p->rooms, threads, sizeof *p->rooms, "a prediction"));
    for (size_t r = 0; p->points->bytes && r < threads; r++)
        WEFT_TRY(weft__alloc(&p->rooms[r], ROWS * s->dims, sizeof(float), "a prediction"));
    return weft__parallel(context, p->points->count, ROWS, predict_block, p,
        "predicting with logreg", "pictures");
}

static weft_status predict_proba(const weft_classifier *self, const weft_view *view,
    float *probabilities, weft_context *context)
{
    const struct state *state = self->state;
    weft__points points;
    WEFT_TRY(weft__features_apply(state->features, view, &points, context));
    struct prediction p = {
        .state = state, .points = &points, .probabilities = probabilities};
    weft_status status = predict_with(&p, context);
    for (int r = 0; p.rooms && r < weft_context_threads(context); r++)
        free(p.rooms[r]);
    free(p.rooms);
    free(p.weights);
    weft__points_clear(&points);
    return status;
}

/* ---- explaining -------------------------------------------------------------------- */

static weft__linear linear_of(const weft_classifier *self)
{
    const struct state *s = self->state;
    return (weft__linear){.features = s->features,
        .dims = s->dims,
        .classes = s->classes,
        .values = weft_shape_bytes(self->recipe.shape),
        .weights = s->weights,
        .bias = s->bias};
}

static weft_status contribute(
    const weft_classifier *self, const weft__contributions *job, weft_context *context)
{
    weft__linear linear = linear_of(self);
    return weft__linear_contribute(&linear, job, context);
}

static weft_status weigh(const weft_classifier *self, weft__weights *job)
{
    weft__linear linear = linear_of(self);
    return weft__linear_weigh(&linear, job);
}

/* ---- saving, loading --------------------------------------------------------------- */

static weft_status save(const weft_classifier *self, weft__tensors *tensors)
{
    const struct state *state = self->state;
    WEFT_TRY(weft__features_save(state->features, tensors));
    WEFT_TRY(weft__tensors_add(tensors, "weights", WEFT__F32, 2,
        (const size_t[]){state->classes, state->dims}, state->weights));
    return weft__tensors_add(tensors, "bias", WEFT__F32, 1, &state->classes, state->bias);
}

static weft_status check_finite(const struct state *state)
{
    bool any = false;
    for (size_t i = 0; i < state->classes * state->dims; i++)
        if (!isfinite(state->weights[i]))
            return weft_fail(WEFT_EFORMAT, "array 'weights': value %zu is not finite", i);
    for (size_t i = 0; i < state->classes; i++) {
        if (!(state->bias[i] < INFINITY))
            return weft_fail(WEFT_EFORMAT, "array 'bias': value %zu is not finite", i);
        any |= state->bias[i] > -INFINITY;
    }
    return any ? WEFT_OK : weft_fail(WEFT_EFORMAT, "array 'bias': no class is possible");
}

static weft_status load(weft_classifier *self, const weft__tensors *tensors)
{
    struct state *state;
    const weft__tensor *weights, *bias;
    WEFT_TRY(weft__calloc(&state, 1, sizeof *state, "a classifier"));
    self->state = state;
    WEFT_TRY(weft__features_load(&state->features, tensors, self->recipe.shape));
    state->dims = weft__features_dims(state->features);
    state->classes = self->classes;
    WEFT_TRY(weft__tensors_need(tensors, "weights", WEFT__F32, 2,
        (const size_t[]){state->classes, state->dims}, &weights));
    WEFT_TRY(weft__tensors_need(tensors, "bias", WEFT__F32, 1, &state->classes, &bias));
    WEFT_TRY(weft__alloc(&state->weights, weights->bytes, 1, "weights"));
    WEFT_TRY(weft__alloc(&state->bias, bias->bytes, 1, "weights"));
    memcpy(state->weights, weights->data, weights->bytes);
    memcpy(state->bias, bias->data, bias->bytes);
    return check_finite(state);
}

static const weft__features *features(const weft_classifier *self)
{
    return ((const struct state *)self->state)->features;
}

const weft__family weft__logreg = {
    .name = "logreg",
    .title = "multinomial logistic regression",
    .source = "Nocedal and Wright, Numerical Optimization, 2nd ed., 2006, chapter 7",
    .params = params,
    .options_size = sizeof(struct options),
    .fit = fit,
    .predict_proba = predict_proba,
    .contribute = contribute,
    .weigh = weigh,
    .features = features,
    .save = save,
    .load = load,
    .forget = forget,
};
