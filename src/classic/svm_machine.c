#include "classic/svm_machine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "classic/gemm.h"
#include "core/mem.h"
#include "core/team.h"
#include "core/text.h"

enum { WIDTH = 1024 };             /* support vectors at once */
static const double SUREST = 1e-7; /* a pair's probability keeps this from 0 and 1 */

void weft__svm_machine_clear(weft__svm_machine *machine)
{
    weft__points_clear(&machine->vectors);
    weft__kernel_set_clear(&machine->set);
    free(machine->class_end);
    free(machine->coefficients);
    free(machine->rho);
    free(machine->sigmoids);
    *machine = (weft__svm_machine){.classes = 0};
}

/* ---- decisions ------------------------------------------------------------------------
 */

/* One thread's room for deciding at most WEFT__KERNEL_ROWS pictures. */
struct room {
    weft__kernel_room kernel;
    weft__kernel_set set;
    float *values;     /* WEFT__KERNEL_ROWS x WIDTH */
    float *sums;       /* WEFT__KERNEL_ROWS x (classes - 1) */
    double *decisions; /* WEFT__KERNEL_ROWS x pairs */
    double *coupling;  /* 2 classes^2 + 2 classes */
};

static weft_status create_room(struct room *room, const weft__svm_machine *machine)
{
    size_t k = machine->classes, rows = WEFT__KERNEL_ROWS;
    const char *what = "deciding";
    WEFT_TRY(weft__kernel_room_create(&room->kernel, machine->dims));
    WEFT_TRY(weft__alloc(&room->values, rows, WIDTH * sizeof(float), what));
    WEFT_TRY(weft__alloc(&room->sums, rows, (k - 1) * sizeof(float), what));
    WEFT_TRY(weft__alloc(&room->decisions, rows, k * (k - 1) / 2 * sizeof(double), what));
    return weft__alloc(&room->coupling, 2 * k, (k + 1) * sizeof(double), what);
}

static void clear_room(struct room *room)
{
    weft__kernel_room_clear(&room->kernel);
    weft__kernel_set_clear(&room->set);
    free(room->values);
    free(room->sums);
    free(room->decisions);
    free(room->coupling);
}

/* Sums of class c's vectors, times their coefficients, over the room's pictures. */
static weft_status sum_class(
    const weft__svm_machine *machine, struct room *room, size_t begin, size_t end)
{
    size_t count = room->set.count, others = machine->classes - 1;
    uint32_t rows[WEFT__KERNEL_ROWS];
    float *out[WEFT__KERNEL_ROWS];
    for (size_t r = 0; r < count; r++)
        rows[r] = (uint32_t)r;
    for (size_t at = begin; at < end; at += WIDTH) {
        size_t width = end - at < WIDTH ? end - at : WIDTH;
        for (size_t r = 0; r < count; r++)
            out[r] = room->values + r * width;
        WEFT_TRY(weft__kernel_block(&machine->kernel, &room->set, rows, count,
            &machine->set, at, width, out, &room->kernel));
        WEFT_TRY(weft__gemm_f32((weft__gemm_shape){count, others, width, false, false}, 1,
            room->values, width, machine->coefficients + at * others, others,
            at == begin ? 0 : 1, room->sums, others));
    }
    return WEFT_OK;
}

static weft_status decide(const weft__svm_machine *machine, struct room *room)
{
    size_t k = machine->classes, pairs = k * (k - 1) / 2, count = room->set.count;
    for (size_t r = 0; r < count; r++)
        for (size_t p = 0; p < pairs; p++)
            room->decisions[r * pairs + p] = -machine->rho[p];
    for (size_t c = 0; c < k; c++) {
        size_t begin = c ? (size_t)machine->class_end[c - 1] : 0;
        size_t end = (size_t)machine->class_end[c];
        if (begin == end)
            continue;
        WEFT_TRY(sum_class(machine, room, begin, end));
        for (size_t r = 0; r < count; r++)
            for (size_t other = 0; other < k; other++) {
                if (other == c)
                    continue;
                size_t pair =
                    other < c ? weft__svm_pair(k, other, c) : weft__svm_pair(k, c, other);
                room->decisions[r * pairs + pair] +=
                    (double)room->sums[r * (k - 1) + other - (other > c)];
            }
    }
    return WEFT_OK;
}

/* ---- probabilities --------------------------------------------------------------------
 */

/* The class with most votes; the first of those with as many, as libsvm has it. */
static size_t most_voted(const double *decisions, size_t classes, double *votes)
{
    size_t pair = 0, best = 0;
    memset(votes, 0, classes * sizeof *votes);
    for (size_t a = 0; a < classes; a++)
        for (size_t b = a + 1; b < classes; b++)
            votes[decisions[pair++] > 0 ? a : b]++;
    for (size_t c = 1; c < classes; c++)
        best = votes[c] > votes[best] ? c : best;
    return best;
}

static void probabilities_of(const weft__svm_machine *machine, const double *decisions,
    float *probabilities, double *room)
{
    size_t k = machine->classes, pair = 0;
    double *p = room, *pairs = room + k, *products = pairs + k * k;
    for (size_t a = 0; a < k; a++)
        for (size_t b = a + 1; b < k; b++, pair++) {
            double share = weft__sigmoid_at(machine->sigmoids[pair], decisions[pair]);
            share = fmin(fmax(share, SUREST), 1 - SUREST);
            pairs[a * k + b] = share;
            pairs[b * k + a] = 1 - share;
        }
    if (k == 2)
        p[0] = pairs[1], p[1] = pairs[2];
    else
        weft__couple(p, pairs, k, products);
    double sum = 0;
    for (size_t c = 0; c < k; c++)
        sum += p[c];
    size_t likeliest = 0;
    for (size_t c = 0; c < k; c++) {
        probabilities[c] = (float)(p[c] / sum);
        likeliest = probabilities[c] > probabilities[likeliest] ? c : likeliest;
    }
    if (!machine->by_votes)
        return;
    size_t winner = most_voted(decisions, k, products);
    float top = probabilities[likeliest];
    probabilities[likeliest] = probabilities[winner];
    probabilities[winner] = top;
    if (winner > likeliest && probabilities[likeliest] == top) /* an exact tie */
        probabilities[likeliest] = nextafterf(top, 0);
}

struct prediction {
    const weft__svm_machine *machine;
    const weft__points *points;
    struct room *rooms;   /* threads */
    double *decisions;    /* or NULL */
    float *probabilities; /* or NULL */
};

static weft_status predict_some(size_t begin, size_t end, int rank, void *arg)
{
    struct prediction *p = arg;
    const weft__svm_machine *machine = p->machine;
    struct room *room = &p->rooms[rank];
    size_t k = machine->classes, pairs = k * (k - 1) / 2, dims = machine->dims;
    if (!room->coupling)
        WEFT_TRY(create_room(room, machine));
    weft__points part = {.count = end - begin,
        .dims = dims,
        .bytes = p->points->bytes ? p->points->bytes + begin * dims : NULL,
        .floats = p->points->floats ? p->points->floats + begin * dims : NULL};
    weft__kernel_set_clear(&room->set);
    WEFT_TRY(weft__kernel_set_create(&room->set, &part, NULL, part.count));
    WEFT_TRY(decide(machine, room));
    if (p->decisions)
        memcpy(p->decisions + begin * pairs, room->decisions,
            part.count * pairs * sizeof *p->decisions);
    for (size_t r = 0; p->probabilities && r < part.count; r++)
        probabilities_of(machine, room->decisions + r * pairs,
            p->probabilities + (begin + r) * k, room->coupling);
    return WEFT_OK;
}

static weft_status predict(struct prediction *p, weft_context *context)
{
    size_t threads = (size_t)weft_context_threads(context);
    WEFT_TRY(weft__calloc(&p->rooms, threads, sizeof *p->rooms, "deciding"));
    weft_status status = weft__parallel(context, p->points->count, WEFT__KERNEL_ROWS,
        predict_some, p, "predicting", "pictures");
    for (size_t i = 0; i < threads; i++)
        clear_room(&p->rooms[i]);
    free(p->rooms);
    return status;
}

weft_status weft__svm_predict(const weft__svm_machine *machine, const weft__points *points,
    float *probabilities, weft_context *context)
{
    struct prediction p = {machine, points, NULL, NULL, probabilities};
    return predict(&p, context);
}

weft_status weft__svm_decide(const weft__svm_machine *machine, const weft__points *points,
    double *decisions, weft_context *context)
{
    struct prediction p = {machine, points, NULL, decisions, NULL};
    return predict(&p, context);
}

/* ---- files ----------------------------------------------------------------------------
 */

/* kind, gamma, coef0, degree, by votes: as numbers in one array. */
enum { SETTINGS = 5 };

weft_status weft__svm_machine_save(const weft__svm_machine *m, weft__tensors *tensors)
{
    size_t k = m->classes, pairs = k * (k - 1) / 2, count = m->vectors.count;
    bool bytes = m->vectors.bytes != NULL;
    char text[SETTINGS][32];
    const double values[SETTINGS] = {(double)m->kernel.kind, m->kernel.gamma,
        m->kernel.coef0, m->kernel.degree, m->by_votes};
    const char *const names[SETTINGS] = {
        "svm.kernel", "svm.gamma", "svm.coef0", "svm.degree", "svm.by-votes"};
    for (size_t i = 0; i < SETTINGS; i++) {
        weft__format_real(values[i], text[i], sizeof text[i]);
        WEFT_TRY(weft__tensors_set(tensors, names[i], text[i]));
    }
    WEFT_TRY(weft__tensors_add(tensors, "svm.vectors", bytes ? WEFT__U8 : WEFT__F32, 2,
        (const size_t[]){count, m->dims}, m->vectors.owned));
    WEFT_TRY(weft__tensors_add(tensors, "svm.class-end", WEFT__I64, 1, &k, m->class_end));
    WEFT_TRY(weft__tensors_add(tensors, "svm.coefficients", WEFT__F32, 2,
        (const size_t[]){count, k - 1}, m->coefficients));
    WEFT_TRY(weft__tensors_add(tensors, "svm.rho", WEFT__F64, 1, &pairs, m->rho));
    return weft__tensors_add(
        tensors, "svm.sigmoids", WEFT__F64, 2, (const size_t[]){pairs, 2}, m->sigmoids);
}

static weft_status load_settings(weft__svm_machine *m, const weft__tensors *tensors)
{
    double values[SETTINGS];
    const char *const names[SETTINGS] = {
        "svm.kernel", "svm.gamma", "svm.coef0", "svm.degree", "svm.by-votes"};
    const double most[SETTINGS] = {WEFT__KERNEL_POLY, 1e12, 1e12, 100, 1};
    for (size_t i = 0; i < SETTINGS; i++) {
        const char *text = weft__tensors_get(tensors, names[i]);
        if (!text || !weft__parse_real(text, &values[i]) || fabs(values[i]) > most[i] ||
            (i != 2 && values[i] < 0))
            return weft_fail(WEFT_EFORMAT,
                "metadata '%s' is '%s': expected a number up to %g", names[i],
                text ? text : "missing", most[i]);
    }
    m->kernel = (weft__kernel){
        (weft__kernel_kind)(int)values[0], values[1], values[2], (unsigned)values[3]};
    m->by_votes = values[4] > 0;
    return WEFT_OK;
}

static weft_status copy(void *to, const weft__tensor *array)
{
    WEFT_TRY(weft__alloc(to, array->bytes, 1, "support vectors"));
    void *block;
    memcpy(&block, to, sizeof block);
    memcpy(block, array->data, array->bytes);
    return WEFT_OK;
}

/* Nothing that is not a number, and no sum that could leave the finite ones. */
static weft_status check_reals(
    const char *name, const float *singles, const double *doubles, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        double value = singles ? (double)singles[i] : doubles[i];
        if (!(fabs(value) < 1e15))
            return weft_fail(WEFT_EFORMAT, "array '%s': value %zu is %g", name, i, value);
    }
    return WEFT_OK;
}

static weft_status check(const weft__svm_machine *m)
{
    size_t k = m->classes, pairs = k * (k - 1) / 2, count = m->vectors.count;
    int64_t before = 0;
    for (size_t c = 0; c < k; before = m->class_end[c++])
        if (m->class_end[c] < before || (size_t)m->class_end[c] > count ||
            (c == k - 1 && (size_t)m->class_end[c] != count))
            return weft_fail(WEFT_EFORMAT,
                "array 'svm.class-end': class %zu ends at %lld of %zu vectors", c,
                (long long)m->class_end[c], count);
    WEFT_TRY(check_reals("svm.coefficients", m->coefficients, NULL, count * (k - 1)));
    WEFT_TRY(check_reals("svm.rho", NULL, m->rho, pairs));
    WEFT_TRY(check_reals("svm.sigmoids", NULL, &m->sigmoids->a, 2 * pairs));
    if (m->vectors.floats)
        WEFT_TRY(check_reals("svm.vectors", m->vectors.floats, NULL, count * m->dims));
    return WEFT_OK;
}

static weft_status load_arrays(
    weft__svm_machine *m, const weft__tensors *tensors, bool bytes)
{
    const weft__tensor *vectors, *ends, *coefficients, *rho, *sigmoids;
    size_t k = m->classes, pairs = k * (k - 1) / 2;
    WEFT_TRY(weft__tensors_need(tensors, "svm.vectors", bytes ? WEFT__U8 : WEFT__F32, 2,
        (const size_t[]){SIZE_MAX, m->dims}, &vectors));
    WEFT_TRY(weft__tensors_need(tensors, "svm.class-end", WEFT__I64, 1, &k, &ends));
    WEFT_TRY(weft__tensors_need(tensors, "svm.coefficients", WEFT__F32, 2,
        (const size_t[]){vectors->shape[0], k - 1}, &coefficients));
    WEFT_TRY(weft__tensors_need(tensors, "svm.rho", WEFT__F64, 1, &pairs, &rho));
    WEFT_TRY(weft__tensors_need(
        tensors, "svm.sigmoids", WEFT__F64, 2, (const size_t[]){pairs, 2}, &sigmoids));
    m->vectors = (weft__points){.count = vectors->shape[0], .dims = m->dims};
    if (bytes)
        m->vectors.bytes = vectors->data;
    else
        m->vectors.floats = vectors->data;
    WEFT_TRY(weft__points_own(&m->vectors));
    WEFT_TRY(copy(&m->class_end, ends));
    WEFT_TRY(copy(&m->coefficients, coefficients));
    WEFT_TRY(copy(&m->rho, rho));
    WEFT_TRY(copy(&m->sigmoids, sigmoids));
    WEFT_TRY(check(m));
    return weft__kernel_set_create(&m->set, &m->vectors, NULL, m->vectors.count);
}

weft_status weft__svm_machine_load(weft__svm_machine *out, const weft__tensors *tensors,
    size_t dims, bool bytes, size_t classes)
{
    if (classes < 2 || dims == 0)
        return weft_fail(WEFT_EFORMAT, "support vectors of %zu classes", classes);
    weft__svm_machine machine = {.classes = classes, .dims = dims};
    weft_status status = load_settings(&machine, tensors);
    if (status == WEFT_OK)
        status = load_arrays(&machine, tensors, bytes);
    if (status != WEFT_OK) {
        weft__svm_machine_clear(&machine);
        return status;
    }
    *out = machine;
    return WEFT_OK;
}
