#include "classic/svm_explain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classic/gemm.h"
#include "classic/linear.h"
#include "core/mem.h"
#include "core/team.h"

enum {
    ROWS = 16,   /* pictures a thread takes at once */
    WIDTH = 512, /* support vectors at once */
};

/* ---- scores ----------------------------------------------------------------------------
 */

/* The coefficient that vectors of class `of` have against class `other`, of a vector's. */
static size_t column(size_t of, size_t other)
{
    return other - (other > of);
}

/* beta: vectors numbers. Returns the bias. */
static double weigh_class(const weft__svm_machine *m, size_t class, float *beta)
{
    size_t k = m->classes, others = k - 1, v = 0;
    double share = 1 / (double)others, bias = 0;
    for (size_t of = 0; of < k; of++)
        for (; v < (size_t)m->class_end[of]; v++) {
            const float *c = m->coefficients + v * others;
            double sum = 0;
            for (size_t other = 0; of == class && other < k; other++)
                if (other != class)
                    sum +=
                        (class < other ? share : -share) * (double)c[column(class, other)];
            if (of != class)
                sum = (class < of ? share : -share) * (double)c[column(of, class)];
            beta[v] = (float)sum;
        }
    for (size_t other = 0; other < k; other++)
        if (other != class)
            bias -= class < other ? share * m->rho[weft__svm_pair(k, class, other)]
                                  : -share * m->rho[weft__svm_pair(k, other, class)];
    return bias;
}

/* ---- derivatives ------------------------------------------------------------------------
 */

/* One thread's: pictures, a block of vectors, their products, and sums. */
struct room {
    float *x, *vectors, *products, *gradient; /* ROWS, WIDTH, ROWS x WIDTH, ROWS */
    float *norms;                             /* WIDTH squared lengths of vectors */
    float *beta;                              /* vectors */
    size_t class;                             /* that beta is of */
    double along[ROWS], length[ROWS];         /* of a picture: factor; squared length */
};

struct differentiating {
    const weft__svm_machine *machine;
    const weft__derivatives *job;
    struct room *rooms; /* threads */
};

static void clear_room(struct room *r)
{
    free(r->x);
    free(r->vectors);
    free(r->products);
    free(r->gradient);
    free(r->norms);
    free(r->beta);
}

static weft_status make_room(struct room *r, const weft__svm_machine *m)
{
    const char *what = "a gradient";
    r->class = SIZE_MAX;
    WEFT_TRY(weft__alloc(&r->x, m->dims, ROWS * sizeof(float), what));
    WEFT_TRY(weft__alloc(&r->vectors, m->dims, WIDTH * sizeof(float), what));
    WEFT_TRY(weft__alloc(&r->products, ROWS, WIDTH * sizeof(float), what));
    WEFT_TRY(weft__alloc(&r->gradient, m->dims, ROWS * sizeof(float), what));
    WEFT_TRY(weft__alloc(&r->norms, WIDTH, sizeof(float), what));
    return weft__alloc(&r->beta, m->vectors.count, sizeof(float), what);
}

static float squared_length(const float *x, size_t dims)
{
    double sum = 0;
    for (size_t d = 0; d < dims; d++)
        sum += (double)x[d] * (double)x[d];
    return (float)sum;
}

/* Turns products x v of `width` vectors into what each vector counts in the gradient of the
 * score by x; the return is what x itself does. x_length, norms: squared lengths. */
static double derive(float *products, const weft__kernel *k, const float *beta,
    const float *norms, double x_length, size_t width)
{
    double of_picture = 0;
    for (size_t v = 0; v < width && k->kind == WEFT__KERNEL_LINEAR; v++)
        products[v] = beta[v];
    for (size_t v = 0; v < width && k->kind == WEFT__KERNEL_POLY; v++) {
        double inner = k->gamma * (double)products[v] + k->coef0;
        products[v] = (float)((double)beta[v] * k->degree * k->gamma *
                              pow(inner, (double)k->degree - 1));
    }
    if (k->kind != WEFT__KERNEL_RBF)
        return 0;
    float gamma = (float)k->gamma, length = (float)x_length;
    for (size_t v = 0; v < width; v++) {
        float away = length + norms[v] - 2 * products[v];
        products[v] = -gamma * (away > 0 ? away : 0);
    }
    weft__exp_of_negative(products, width);
    for (size_t v = 0; v < width; v++) {
        products[v] *= 2 * gamma * beta[v];
        of_picture -= (double)products[v];
    }
    return of_picture;
}

/* Adds the part of vectors at..at + width to the gradients of `rows` pictures, the first of
 * which is the job's number `first`. */
static weft_status add_vectors(const struct differentiating *d, struct room *r,
    size_t first, size_t rows, size_t at, size_t width)
{
    const weft__svm_machine *m = d->machine;
    size_t dims = m->dims;
    const float *vectors = r->vectors;
    if (m->vectors.bytes)
        weft__bytes_scale(
            r->vectors, m->vectors.bytes + at * dims, width * dims, 1.0f / 255);
    else
        vectors = m->vectors.floats + at * dims;
    for (size_t v = 0; v < width; v++)
        r->norms[v] = squared_length(vectors + v * dims, dims);
    weft__gemm_shape shape = {.m = rows, .n = width, .k = dims, .b_transposed = true};
    WEFT_TRY(weft__gemm_f32(shape, 1, r->x, dims, vectors, dims, 0, r->products, width));
    for (size_t i = 0; i < rows; i++) {
        if (d->job->classes[first + i] != r->class) {
            r->class = d->job->classes[first + i];
            weigh_class(m, r->class, r->beta);
        }
        r->along[i] += derive(r->products + i * width, &m->kernel, r->beta + at, r->norms,
            r->length[i], width);
    }
    shape = (weft__gemm_shape){.m = rows, .n = dims, .k = width};
    return weft__gemm_f32(
        shape, 1, r->products, width, vectors, dims, 1, r->gradient, dims);
}

static weft_status differentiate_some(size_t begin, size_t end, int rank, void *arg)
{
    const struct differentiating *d = arg;
    const weft__svm_machine *m = d->machine;
    struct room *r = &d->rooms[rank];
    size_t dims = m->dims, rows = end - begin, count = m->vectors.count;
    if (!r->x)
        WEFT_TRY(make_room(r, m));
    memset(r->gradient, 0, rows * dims * sizeof *r->gradient);
    for (size_t i = 0; i < rows * dims; i++)
        r->x[i] = d->job->pictures[begin * dims + i] / 255;
    for (size_t i = 0; i < rows; i++) {
        r->along[i] = 0;
        r->length[i] = (double)squared_length(r->x + i * dims, dims);
    }
    for (size_t at = 0; at < count; at += WIDTH)
        WEFT_TRY(
            add_vectors(d, r, begin, rows, at, count - at < WIDTH ? count - at : WIDTH));
    for (size_t i = 0; i < rows; i++)
        for (size_t p = 0; p < dims; p++)
            d->job->input_gradients[(begin + i) * dims + p] =
                (float)((double)r->gradient[i * dims + p] +
                        r->along[i] * (double)r->x[i * dims + p]) /
                255;
    return WEFT_OK;
}

weft_status weft__svm_differentiate(const weft__svm_machine *machine,
    const weft__features *features, const weft__derivatives *job, weft_context *context)
{
    WEFT_TRY(weft__features_need_pixels(
        features, "derivatives by the pixels are not known through them"));
    if (!job)
        return WEFT_OK;
    if (job->untrained || !job->classes || !job->input_gradients)
        return weft_fail(WEFT_EUNSUPPORTED,
            "a support vector machine has no initial weights, no layers");
    struct differentiating d = {machine, job, NULL};
    size_t threads = (size_t)weft_context_threads(context);
    WEFT_TRY(weft__calloc(&d.rooms, threads, sizeof *d.rooms, "a gradient"));
    weft_status status =
        weft__parallel(context, job->count, ROWS, differentiate_some, &d, NULL, NULL);
    for (size_t t = 0; t < threads; t++)
        clear_room(&d.rooms[t]);
    free(d.rooms);
    return status;
}

/* ---- the vectors that weigh most
 * --------------------------------------------------------- */

struct weighing {
    const weft__svm_machine *machine;
    const weft__features *features;
    weft__examples *job;
    weft__kernel_set set;
    weft__kernel_room room;
    float *beta, *weights; /* vectors */
};

static weft_status weigh_vectors(struct weighing *w, size_t picture)
{
    const weft__svm_machine *m = w->machine;
    const uint32_t row = (uint32_t)picture;
    for (size_t at = 0; at < m->vectors.count; at += WIDTH) {
        size_t left = m->vectors.count - at;
        float *out = w->weights + at;
        WEFT_TRY(weft__kernel_block(&m->kernel, &w->set, &row, 1, &m->set, at,
            left < WIDTH ? left : WIDTH, &out, &w->room));
    }
    weigh_class(m, w->job->classes[picture], w->beta);
    for (size_t v = 0; v < m->vectors.count; v++)
        w->weights[v] *= w->beta[v];
    return WEFT_OK;
}

static uint16_t class_of(const weft__svm_machine *m, size_t vector)
{
    uint16_t c = 0;
    while ((size_t)m->class_end[c] <= vector)
        c++;
    return c;
}

/* Takes the largest that is left, as often as wanted. */
static void write_largest(struct weighing *w, size_t picture)
{
    const weft__svm_machine *m = w->machine;
    weft__examples *job = w->job;
    size_t bytes = weft_shape_bytes(weft_dataset_shape(job->view->data));
    for (size_t n = 0; n < job->found; n++) {
        size_t best = 0, to = picture * job->wanted + n;
        for (size_t v = 1; v < m->vectors.count; v++)
            best = fabsf(w->weights[v]) > fabsf(w->weights[best]) ? v : best;
        job->examples[to] =
            (weft_explain_example){class_of(m, best), w->weights[best], NAN};
        weft__features_restore(w->features, &m->vectors, best, job->pixels + to * bytes);
        w->weights[best] = 0;
    }
}

static weft_status find_all(struct weighing *w, const weft__points *points)
{
    const weft__svm_machine *m = w->machine;
    WEFT_TRY(weft__kernel_room_create(&w->room, m->dims));
    WEFT_TRY(weft__kernel_set_create(&w->set, points, NULL, points->count));
    WEFT_TRY(weft__alloc(&w->beta, m->vectors.count, sizeof *w->beta, "vectors"));
    WEFT_TRY(weft__alloc(&w->weights, m->vectors.count, sizeof *w->weights, "vectors"));
    for (size_t i = 0; i < points->count; i++) {
        WEFT_TRY(weigh_vectors(w, i));
        write_largest(w, i);
    }
    return WEFT_OK;
}

weft_status weft__svm_find_examples(const weft__svm_machine *machine,
    const weft__features *features, weft__examples *job, weft_context *context)
{
    if (!job)
        return WEFT_OK;
    struct weighing w = {.machine = machine, .features = features, .job = job};
    weft__points points;
    job->found =
        job->wanted < machine->vectors.count ? job->wanted : machine->vectors.count;
    job->pictured = weft__features_restore(features, &machine->vectors, 0, NULL);
    job->meaning = "the support vectors that weigh most, and what they add to the score";
    WEFT_TRY(weft__features_apply(features, job->view, &points, context));
    weft_status status = find_all(&w, &points);
    weft__kernel_room_clear(&w.room);
    weft__kernel_set_clear(&w.set);
    free(w.beta);
    free(w.weights);
    weft__points_clear(&points);
    return status;
}

/* ---- the vectors nearest the boundary
 * ------------------------------------------------------- */

/* A vector's decision against the class that it is nearest to, positive on its own side. */
static double nearest_decision(
    const weft__svm_machine *m, const double *pairs, size_t class, uint16_t *other)
{
    double nearest = INFINITY;
    for (size_t o = 0; o < m->classes; o++) {
        if (o == class)
            continue;
        double d = class < o ? pairs[weft__svm_pair(m->classes, class, o)]
                             : -pairs[weft__svm_pair(m->classes, o, class)];
        if (fabs(d) < fabs(nearest)) {
            nearest = d;
            *other = (uint16_t)o;
        }
    }
    return nearest;
}

/* Keeps the nearest vectors of one class in order. `pairs`: each vector's decisions. */
static void keep_nearest(weft__examples *job, size_t *at, const weft__svm_machine *m,
    const double *pairs, size_t class)
{
    weft_explain_example *kept = job->examples + class * job->wanted;
    size_t count = m->classes * (m->classes - 1) / 2;
    for (size_t k = 0; k < job->wanted; k++)
        kept[k] = (weft_explain_example){WEFT_EXPLAIN_NOBODY, INFINITY, NAN};
    for (size_t v = class ? (size_t)m->class_end[class - 1] : 0;
         v < (size_t)m->class_end[class]; v++) {
        uint16_t other = WEFT_EXPLAIN_NOBODY;
        float decision = (float)nearest_decision(m, pairs + v * count, class, &other);
        size_t k = job->wanted;
        for (; k > 0 && fabsf(decision) < fabsf(kept[k - 1].weight); k--)
            if (k < job->wanted) {
                kept[k] = kept[k - 1];
                at[k] = at[k - 1];
            }
        if (k < job->wanted) {
            kept[k] = (weft_explain_example){other, decision, NAN};
            at[k] = v;
        }
    }
}

weft_status weft__svm_find_boundary(const weft__svm_machine *machine,
    const weft__features *features, size_t picture, weft__examples *job,
    weft_context *context)
{
    size_t pairs = machine->classes * (machine->classes - 1) / 2, *at = NULL;
    double *decisions = NULL;
    if (!job)
        return WEFT_OK;
    job->found = job->wanted;
    job->pictured = weft__features_restore(features, &machine->vectors, 0, NULL);
    job->meaning = "the support vectors nearest the boundary, the class on its other side, "
                   "and how far on their own they are: 1 is the margin";
    weft_status status = weft__alloc(&at, job->wanted, sizeof *at, "vectors");
    if (status == WEFT_OK)
        status = weft__alloc(
            &decisions, machine->vectors.count, pairs * sizeof *decisions, "decisions");
    if (status == WEFT_OK)
        status = weft__svm_decide(machine, &machine->vectors, decisions, context);
    for (size_t c = 0; status == WEFT_OK && c < machine->classes; c++) {
        keep_nearest(job, at, machine, decisions, c);
        for (size_t k = 0; k < job->wanted; k++)
            if (job->examples[c * job->wanted + k].label != WEFT_EXPLAIN_NOBODY)
                weft__features_restore(features, &machine->vectors, at[k],
                    job->pixels + (c * job->wanted + k) * picture);
    }
    free(at);
    free(decisions);
    return status;
}

/* ---- the linear kernel
 * --------------------------------------------------------------------- */

static double vector_value(const weft__points *vectors, size_t i)
{
    return vectors->bytes ? vectors->bytes[i] / 255.0 : (double)vectors->floats[i];
}

/* A class's score as weights: classes x dims of them, and biases. `room`: vectors. */
static weft_status make_linear(
    const weft__svm_machine *m, float *weights, float *bias, float *room)
{
    double *sums;
    WEFT_TRY(weft__alloc(&sums, m->dims, sizeof *sums, "coefficients"));
    for (size_t c = 0; c < m->classes; c++) {
        bias[c] = (float)weigh_class(m, c, room);
        for (size_t d = 0; d < m->dims; d++)
            sums[d] = 0;
        for (size_t v = 0; v < m->vectors.count; v++)
            for (size_t d = 0; room[v] != 0 && d < m->dims; d++)
                sums[d] += (double)room[v] * vector_value(&m->vectors, v * m->dims + d);
        for (size_t d = 0; d < m->dims; d++)
            weights[c * m->dims + d] = (float)sums[d];
    }
    free(sums);
    return WEFT_OK;
}

weft_status weft__svm_explain_linear(const weft__svm_machine *machine,
    const weft__features *features, size_t values, const weft__contributions *contributions,
    weft__weights *out, weft_context *context)
{
    float *weights = NULL, *bias = NULL, *room = NULL;
    if (machine->kernel.kind != WEFT__KERNEL_LINEAR)
        return weft_fail(
            WEFT_EUNSUPPORTED, "its kernel makes no sum over pixels of the score");
    WEFT_TRY(weft__features_pull_back(features, NULL, NULL));
    if (!contributions && !out)
        return WEFT_OK;
    weft_status status =
        weft__alloc(&weights, machine->classes, machine->dims * sizeof *weights, "weights");
    if (status == WEFT_OK)
        status = weft__alloc(&bias, machine->classes, sizeof *bias, "weights");
    if (status == WEFT_OK)
        status = weft__alloc(&room, machine->vectors.count, sizeof *room, "weights");
    if (status == WEFT_OK)
        status = make_linear(machine, weights, bias, room);
    weft__linear linear = {
        features, machine->dims, machine->classes, values, weights, bias};
    if (status == WEFT_OK && contributions)
        status = weft__linear_contribute(&linear, contributions, context);
    if (status == WEFT_OK && out)
        status = weft__linear_weigh(&linear, out);
    free(weights);
    free(bias);
    free(room);
    return status;
}
