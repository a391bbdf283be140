/* Sequential minimal optimisation on working sets of a few hundred points.
 *
 * Each round takes the points that violate the conditions most, computes their kernel rows
 * with one matrix product (kept while the cache has room), solves the problem restricted
 * to them by pairs chosen by second-order information (Fan, Chen, Lin: Working set
 * selection using second order information, JMLR 2005), and then updates every point's
 * gradient at once. Half of a set is kept for the next round (Wen et al.: ThunderSVM,
 * JMLR 2018, section 3).
 *
 * f_i = sum_j v_j K_ij - y_i is the gradient. A point may go up where v_i is below its
 * upper bound, down where above its lower; at the optimum no f of a point that may go up is
 * more than `tolerance` below that of one that may go down. */
#include "classic/smo.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "core/simd.h"

enum { SET = 256, NEW = SET / 2, MAX_ROUNDS = 1000000 };
static const double LEAST_CURVATURE = 1e-12; /* libsvm's TAU */
static const double INNER_SHARE = 0.1;       /* of a round's violation may be left */
static const uint32_t NOWHERE = UINT32_MAX;

struct solver {
    const weft__smo_problem *problem;
    size_t count;
    double *v, *f; /* count */
    float *self;   /* count: K_ii */

    size_t slots;       /* rows that the cache holds */
    float *cache;       /* slots x count; the problem's */
    uint32_t *slot_of;  /* count: NOWHERE, or the row's slot */
    uint32_t *point_in; /* slots */
    uint64_t *used_at;  /* slots: the last round that used it */
    size_t filled, rows;
    uint64_t round;

    size_t set_limit, size;
    uint32_t set[SET]; /* points, the oldest first */
    uint8_t *chosen;   /* count: in the set */
    float *row[SET];   /* of the set's points */
    _Alignas(64) double inner_v[SET], inner_f[SET], low[SET], high[SET];
    _Alignas(64) float inner_self[SET], gain[SET];
    float *inner; /* SET x SET kernel values */
};

static double lower(const struct solver *s, size_t i)
{
    return i < s->problem->positive ? 0 : -s->problem->c;
}

static double upper(const struct solver *s, size_t i)
{
    return i < s->problem->positive ? s->problem->c : 0;
}

/* ---- the working set ---------------------------------------------------------------- */

/* The `limit` smallest keys seen, as a heap with the largest on top. */
struct heap {
    double key[NEW];
    uint32_t point[NEW];
    size_t count, limit;
};

static void swap_nodes(struct heap *heap, size_t a, size_t b)
{
    double key = heap->key[a];
    uint32_t point = heap->point[a];
    heap->key[a] = heap->key[b];
    heap->point[a] = heap->point[b];
    heap->key[b] = key;
    heap->point[b] = point;
}

static void offer(struct heap *heap, double key, uint32_t point)
{
    size_t at;
    if (heap->count < heap->limit) {
        at = heap->count++;
        heap->key[at] = key;
        heap->point[at] = point;
        for (; at && heap->key[(at - 1) / 2] < heap->key[at]; at = (at - 1) / 2)
            swap_nodes(heap, at, (at - 1) / 2);
        return;
    }
    if (key >= heap->key[0])
        return;
    heap->key[0] = key;
    heap->point[0] = point;
    for (at = 0;;) {
        size_t child = 2 * at + 1;
        if (child >= heap->count)
            return;
        child += child + 1 < heap->count && heap->key[child + 1] > heap->key[child];
        if (heap->key[child] <= heap->key[at])
            return;
        swap_nodes(heap, at, child);
        at = child;
    }
}

/* The largest violation: how far the lowest f that may go up is below the highest that may
 * go down. */
static double violation(const struct solver *s, double *lowest_up, double *highest_down)
{
    double up = INFINITY, down = -INFINITY;
    for (size_t i = 0; i < s->count; i++) {
        if (s->v[i] < upper(s, i) && s->f[i] < up)
            up = s->f[i];
        if (s->v[i] > lower(s, i) && s->f[i] > down)
            down = s->f[i];
    }
    *lowest_up = up;
    *highest_down = down;
    return down - up;
}

/* Puts the worst violators that are not in the set behind what is kept of it. */
static void choose_set(struct solver *s, double lowest_up, double highest_down)
{
    struct heap up = {.limit = s->set_limit < 4 ? 1 : s->set_limit / 4}, down = up;
    for (size_t i = 0; i < s->count; i++) {
        if (s->chosen[i])
            continue;
        if (s->v[i] < upper(s, i) && s->f[i] < highest_down)
            offer(&up, s->f[i], (uint32_t)i);
        if (s->v[i] > lower(s, i) && s->f[i] > lowest_up)
            offer(&down, -s->f[i], (uint32_t)i);
    }
    size_t room = s->set_limit - s->size, wanted = up.count + down.count;
    size_t leave = wanted > room ? wanted - room : 0;
    leave = leave < s->size ? leave : s->size;
    for (size_t k = 0; k < leave; k++)
        s->chosen[s->set[k]] = 0;
    memmove(s->set, s->set + leave, (s->size - leave) * sizeof *s->set);
    s->size -= leave;
    for (size_t k = 0; k < up.count + down.count; k++) {
        uint32_t point = k < up.count ? up.point[k] : down.point[k - up.count];
        if (s->chosen[point] || s->size == s->set_limit)
            continue;
        s->chosen[point] = 1;
        s->set[s->size++] = point;
    }
}

/* ---- kernel rows --------------------------------------------------------------------- */

/* A free slot, or that of the row unused for longest; rows of this round stay. */
static uint32_t take_slot(struct solver *s)
{
    if (s->filled < s->slots)
        return (uint32_t)s->filled++;
    size_t oldest = 0;
    for (size_t i = 1; i < s->slots; i++)
        if (s->used_at[i] < s->used_at[oldest])
            oldest = i;
    s->slot_of[s->point_in[oldest]] = NOWHERE;
    return (uint32_t)oldest;
}

static weft_status fetch_rows(struct solver *s, weft__kernel_room *room)
{
    uint32_t missing[SET];
    float *place[SET];
    size_t lacking = 0;
    s->round++;
    for (size_t k = 0; k < s->size; k++)
        if (s->slot_of[s->set[k]] != NOWHERE)
            s->used_at[s->slot_of[s->set[k]]] = s->round;
    for (size_t k = 0; k < s->size; k++) {
        uint32_t point = s->set[k], slot = s->slot_of[point];
        if (slot == NOWHERE) {
            slot = s->slot_of[point] = take_slot(s);
            s->point_in[slot] = point;
            s->used_at[slot] = s->round;
            missing[lacking] = point;
            place[lacking++] = s->cache + slot * s->count;
        }
        s->row[k] = s->cache + slot * s->count;
    }
    s->rows += lacking;
    if (!lacking)
        return WEFT_OK;
    return weft__kernel_block(&s->problem->kernel, s->problem->set, missing, lacking,
        s->problem->set, 0, s->count, place, room);
}

/* ---- the restricted problem ---------------------------------------------------------- */

static void enter_set(struct solver *s)
{
    for (size_t k = 0; k < s->size; k++) {
        size_t i = s->set[k];
        s->inner_v[k] = s->v[i];
        s->inner_f[k] = s->f[i];
        s->low[k] = lower(s, i);
        s->high[k] = upper(s, i);
        s->inner_self[k] = s->self[i];
        for (size_t j = 0; j < s->size; j++)
            s->inner[k * SET + j] = s->row[k][s->set[j]];
    }
}

/* The lowest f that may go up and the highest that may go down. */
WEFT__SIMD static void extremes(
    const struct solver *s, double *lowest_up, double *highest_down)
{
    double up = INFINITY, down = -INFINITY;
    size_t n = s->size;
    const double *v = s->inner_v, *f = s->inner_f, *low = s->low, *high = s->high;
#pragma omp simd reduction(min : up) reduction(max : down)
    for (size_t k = 0; k < n; k++) {
        double u = v[k] < high[k] ? f[k] : (double)INFINITY;
        double d = v[k] > low[k] ? f[k] : -(double)INFINITY;
        up = u < up ? u : up;
        down = d > down ? d : down;
    }
    *lowest_up = up;
    *highest_down = down;
}

static size_t find_up(const struct solver *s, double value)
{
    size_t k = 0;
    while (!(s->inner_f[k] == value && s->inner_v[k] < s->high[k]))
        k++;
    return k;
}

/* The point that goes down with `i` going up and lowers the objective most. */
WEFT__SIMD static size_t best_partner(struct solver *s, size_t i)
{
    size_t n = s->size;
    const double *v = s->inner_v, *f = s->inner_f, *low = s->low;
    const float *row = s->inner + i * SET, *self = s->inner_self;
    float self_i = self[i], most = 0, least = (float)LEAST_CURVATURE;
    double f_i = f[i];
    float *gain = s->gain;
#pragma omp simd reduction(max : most)
    for (size_t k = 0; k < n; k++) {
        float difference = (float)(f[k] - f_i);
        float curvature = self_i + self[k] - 2 * row[k];
        curvature = curvature > least ? curvature : least;
        float g = difference * difference / curvature;
        g = (v[k] > low[k]) & (difference > 0) ? g : 0;
        gain[k] = g;
        most = g > most ? g : most;
    }
    if (most == 0)
        return n;
    size_t k = 0;
    while (gain[k] != most)
        k++;
    return k;
}

WEFT__SIMD static void move_gradient(struct solver *s, size_t i, size_t j, double step)
{
    size_t n = s->size;
    double *f = s->inner_f;
    const float *row_i = s->inner + i * SET, *row_j = s->inner + j * SET;
#pragma omp simd
    for (size_t k = 0; k < n; k++)
        f[k] += step * (double)(row_i[k] - row_j[k]);
}

/* Moves v_i up and v_j down by the best step that the bounds allow. */
static void move_pair(struct solver *s, size_t i, size_t j)
{
    double curvature = (double)s->inner_self[i] + (double)s->inner_self[j] -
                       2 * (double)s->inner[i * SET + j];
    double step = (s->inner_f[j] - s->inner_f[i]) /
                  (curvature > LEAST_CURVATURE ? curvature : LEAST_CURVATURE);
    double room_i = s->high[i] - s->inner_v[i], room_j = s->inner_v[j] - s->low[j];
    step = step < room_i ? step : room_i;
    step = step < room_j ? step : room_j;
    /* A bound that is reached is reached exactly. */
    s->inner_v[i] = step == room_i ? s->high[i] : s->inner_v[i] + step;
    s->inner_v[j] = step == room_j ? s->low[j] : s->inner_v[j] - step;
    move_gradient(s, i, j, step);
}

static void solve_set(struct solver *s, double tolerance)
{
    double up, down;
    for (size_t step = 0; step < 200 * SET; step++) {
        extremes(s, &up, &down);
        if (down - up < tolerance)
            return;
        size_t i = find_up(s, up), j = best_partner(s, i);
        if (j == s->size)
            return;
        move_pair(s, i, j);
    }
}

/* f += sum_k change_k row_k. */
WEFT__SIMD static void add_rows(double *restrict f, const float *const *rows,
    const double *change, size_t count, size_t n)
{
    enum { PART = 2048 }; /* of f, that stays in the nearest cache */
    for (size_t begin = 0; begin < n; begin += PART) {
        size_t width = n - begin < PART ? n - begin : PART, k = 0;
        double *to = f + begin;
        for (; k + 4 <= count; k += 4) {
            const float *a = rows[k] + begin, *b = rows[k + 1] + begin;
            const float *c = rows[k + 2] + begin, *d = rows[k + 3] + begin;
            double w = change[k], x = change[k + 1], y = change[k + 2], z = change[k + 3];
#pragma omp simd
            for (size_t i = 0; i < width; i++)
                to[i] += (w * (double)a[i] + x * (double)b[i]) +
                         (y * (double)c[i] + z * (double)d[i]);
        }
        for (; k < count; k++)
#pragma omp simd
            for (size_t i = 0; i < width; i++)
                to[i] += change[k] * (double)rows[k][begin + i];
    }
}

/* Takes the set's answer over. False when nothing changed. */
static bool leave_set(struct solver *s)
{
    const float *rows[SET];
    double change[SET];
    size_t changed = 0;
    for (size_t k = 0; k < s->size; k++) {
        double by = s->inner_v[k] - s->v[s->set[k]];
        s->v[s->set[k]] = s->inner_v[k];
        if (by != 0) {
            rows[changed] = s->row[k];
            change[changed++] = by;
        }
    }
    add_rows(s->f, rows, change, changed, s->count);
    return changed > 0;
}

/* ---- the whole ------------------------------------------------------------------------
 */

static weft_status allocate(struct solver *s)
{
    size_t n = s->count, row_bytes;
    if (!weft__mul(&row_bytes, n, sizeof(float)))
        row_bytes = SIZE_MAX;
    s->slots = s->problem->cache_bytes / row_bytes;
    s->slots = s->slots < n ? s->slots : n;
    s->set_limit = s->slots < SET ? s->slots / 4 * 4 : SET;
    if (n <= SET)
        s->set_limit = s->slots; /* all at once */
    if (s->slots < 4 && s->slots < n)
        return weft_fail(WEFT_ENOMEM,
            "a kernel cache of %zu bytes holds %zu rows of %zu points: at least 4 are "
            "needed",
            s->problem->cache_bytes, s->slots, n);
    const char *what = "a support vector machine";
    WEFT_TRY(weft__alloc(&s->f, n, sizeof *s->f, what));
    WEFT_TRY(weft__alloc(&s->self, n, sizeof *s->self, what));
    WEFT_TRY(weft__alloc(&s->slot_of, n, sizeof *s->slot_of, what));
    WEFT_TRY(weft__calloc(&s->chosen, n, 1, what));
    WEFT_TRY(weft__alloc(&s->point_in, s->slots, sizeof *s->point_in, what));
    WEFT_TRY(weft__calloc(&s->used_at, s->slots, sizeof *s->used_at, what));
    s->cache = s->problem->cache;
    return weft__alloc(&s->inner, SET, SET * sizeof *s->inner, what);
}

static void release(struct solver *s)
{
    free(s->f);
    free(s->self);
    free(s->slot_of);
    free(s->chosen);
    free(s->point_in);
    free(s->used_at);
    free(s->inner);
    free(s);
}

static void begin(struct solver *s)
{
    for (size_t i = 0; i < s->count; i++) {
        s->v[i] = 0;
        s->f[i] = i < s->problem->positive ? -1 : 1;
        s->self[i] = weft__kernel_self(&s->problem->kernel, s->problem->set, i);
        s->slot_of[i] = NOWHERE;
    }
}

static void answer_with(const struct solver *s, double left, weft__smo_answer *answer)
{
    double objective = 0, free_sum = 0, highest_down, lowest_up;
    size_t free_count = 0;
    for (size_t i = 0; i < s->count; i++) {
        double y = i < s->problem->positive ? 1 : -1;
        objective += s->v[i] * (s->f[i] - y) / 2;
        if (s->v[i] > lower(s, i) && s->v[i] < upper(s, i)) {
            free_sum += s->f[i];
            free_count++;
        }
    }
    violation(s, &lowest_up, &highest_down);
    *answer = (weft__smo_answer){
        .rho = free_count ? free_sum / (double)free_count : (highest_down + lowest_up) / 2,
        .objective = objective,
        .violation = left,
        .rounds = s->round,
        .rows = s->rows};
}

static weft_status iterate(struct solver *s, weft__smo_answer *answer,
    weft__kernel_room *room, weft_context *context)
{
    double up, down, tolerance = s->problem->tolerance, gap = violation(s, &up, &down);
    while (gap >= tolerance && s->round < MAX_ROUNDS) {
        if (weft_context_cancelled(context))
            return weft_fail(WEFT_ECANCELLED, "cancelled while solving support vectors");
        choose_set(s, up, down);
        WEFT_TRY(fetch_rows(s, room));
        enter_set(s);
        solve_set(s, gap * INNER_SHARE > tolerance / 2 ? gap * INNER_SHARE : tolerance / 2);
        bool changed = leave_set(s);
        gap = violation(s, &up, &down);
        if (!changed) /* the numbers' own precision is reached */
            break;
    }
    answer_with(s, gap, answer);
    return WEFT_OK;
}

weft_status weft__smo_solve(double *v, weft__smo_answer *answer,
    const weft__smo_problem *problem, weft__kernel_room *room, weft_context *context)
{
    struct solver *s;
    WEFT_TRY(weft__calloc(&s, 1, sizeof *s, "a support vector machine"));
    s->problem = problem;
    s->count = problem->set->count;
    s->v = v;
    weft_status status = allocate(s);
    if (status == WEFT_OK) {
        begin(s);
        status = iterate(s, answer, room, context);
    }
    release(s);
    return status;
}
