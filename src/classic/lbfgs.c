#include "classic/lbfgs.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"

enum { MEMORY = 10, TRIALS = 30 };

/* Wolfe's conditions: enough descent, and slope enough lost. */
static const double DESCENT = 1e-4, SLOPE = 0.9;

struct state {
    const weft__lbfgs *problem;
    double *x, *gradient, *direction; /* n */
    double *next_x, *next_gradient;   /* n */
    double *steps, *changes;          /* MEMORY x n: of x, of the gradient */
    double rho[MEMORY], scale;        /* 1 / (step . change); of the preconditioner */
    size_t kept, newest;              /* pairs kept, and the latest one's place */
    double value;
};

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
#pragma omp simd reduction(+ : sum)
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static void add(double *to, double factor, const double *from, size_t n)
{
    for (size_t i = 0; i < n; i++)
        to[i] += factor * from[i];
}

static double largest(const double *a, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, fabs(a[i]));
    return most;
}

static weft_status precondition(const struct state *s, double *v)
{
    if (s->problem->precondition)
        WEFT_TRY(s->problem->precondition(s->problem->arg, v));
    for (size_t i = 0; i < s->problem->n; i++)
        v[i] *= s->scale;
    return WEFT_OK;
}

/* direction = -H gradient by the two loops. */
static weft_status choose_direction(struct state *s)
{
    size_t n = s->problem->n;
    double alpha[MEMORY];
    for (size_t i = 0; i < n; i++)
        s->direction[i] = -s->gradient[i];
    for (size_t j = 0; j < s->kept; j++) {
        size_t at = (s->newest + MEMORY - j) % MEMORY;
        alpha[at] = s->rho[at] * dot(s->steps + at * n, s->direction, n);
        add(s->direction, -alpha[at], s->changes + at * n, n);
    }
    WEFT_TRY(precondition(s, s->direction));
    for (size_t j = s->kept; j-- > 0;) {
        size_t at = (s->newest + MEMORY - j) % MEMORY;
        double beta = s->rho[at] * dot(s->changes + at * n, s->direction, n);
        add(s->direction, alpha[at] - beta, s->steps + at * n, n);
    }
    return WEFT_OK;
}

/* Bisection for the weak conditions (Lewis and Overton 2013, algorithm 2.6). *found is
 * false when rounding hides any descent. */
static weft_status search_line(struct state *s, bool *found)
{
    const weft__lbfgs *p = s->problem;
    double slope = dot(s->gradient, s->direction, p->n);
    double low = 0, high = INFINITY, length = 1, value;
    *found = false;
    for (int trial = 0; slope < 0 && trial < TRIALS; trial++) {
        memcpy(s->next_x, s->x, p->n * sizeof *s->x);
        add(s->next_x, length, s->direction, p->n);
        WEFT_TRY(p->evaluate(p->arg, s->next_x, &value, s->next_gradient));
        if (!(value <= s->value + DESCENT * length * slope))
            high = length;
        else if (dot(s->next_gradient, s->direction, p->n) < SLOPE * slope)
            low = length;
        else {
            s->value = value;
            *found = true;
            return WEFT_OK;
        }
        length = high < INFINITY ? (low + high) / 2 : 2 * low;
    }
    return WEFT_OK;
}

/* Remembers the pair and moves to the new point. */
static weft_status advance(struct state *s)
{
    size_t n = s->problem->n, at = (s->newest + 1) % MEMORY;
    double *step = s->steps + at * n, *change = s->changes + at * n;
    for (size_t i = 0; i < n; i++) {
        step[i] = s->next_x[i] - s->x[i];
        change[i] = s->next_gradient[i] - s->gradient[i];
    }
    memcpy(s->x, s->next_x, n * sizeof *s->x);
    memcpy(s->gradient, s->next_gradient, n * sizeof *s->gradient);
    double curvature = dot(step, change, n);
    if (!(curvature > 0)) /* rounding: a pair that would spoil the metric */
        return WEFT_OK;
    s->newest = at;
    s->rho[at] = 1 / curvature;
    s->kept = s->kept < MEMORY ? s->kept + 1 : MEMORY;
    memcpy(s->next_x, change, n * sizeof *s->x); /* free until the next line search */
    s->scale = 1;
    WEFT_TRY(precondition(s, s->next_x));
    s->scale = curvature / dot(change, s->next_x, n);
    return WEFT_OK;
}

static weft_status minimise(struct state *s)
{
    const weft__lbfgs *p = s->problem;
    WEFT_TRY(p->evaluate(p->arg, s->x, &s->value, s->gradient));
    if (!isfinite(s->value))
        return weft_fail(WEFT_ENUMERIC, "the loss is not finite at the start");
    for (size_t i = 1; i <= p->max_iterations; i++) {
        bool found;
        if (largest(s->gradient, p->n) <= p->tolerance)
            break;
        WEFT_TRY(choose_direction(s));
        WEFT_TRY(search_line(s, &found));
        if (!found)
            break;
        WEFT_TRY(advance(s));
        if (p->iterated)
            WEFT_TRY(p->iterated(p->arg, i, s->value));
    }
    return WEFT_OK;
}

weft_status weft__lbfgs_minimise(const weft__lbfgs *problem, double *x)
{
    size_t n = problem->n, all;
    struct state s = {.problem = problem, .x = x, .scale = 1};
    double *block = NULL;
    if (!weft__mul(&all, n, 4 + 2 * MEMORY))
        all = SIZE_MAX;
    WEFT_TRY(weft__alloc(&block, all, sizeof *block, "an optimiser"));
    s.gradient = block;
    s.direction = block + n;
    s.next_x = block + 2 * n;
    s.next_gradient = block + 3 * n;
    s.steps = block + 4 * n;
    s.changes = s.steps + MEMORY * n;
    weft_status status = minimise(&s);
    free(block);
    return status;
}
