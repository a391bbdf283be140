#include "classic/platt.h"

#include <math.h>

/* Of the published algorithms. */
enum { NEWTON_STEPS = 100, LEAST_COUPLINGS = 100 };
static const double SMALLEST_STEP = 1e-10, RIDGE = 1e-12, GRADIENT = 1e-5;

double weft__sigmoid_at(weft__sigmoid s, double decision)
{
    double z = s.a * decision + s.b;
    return z >= 0 ? exp(-z) / (1 + exp(-z)) : 1 / (1 + exp(z));
}

struct targets {
    const double *decisions;
    const bool *positive;
    size_t count;
    double high, low; /* of positive and negative examples: Bayes' corrected */
};

/* The negative log-likelihood. */
static double loss_of(const struct targets *t, weft__sigmoid s)
{
    double loss = 0;
    for (size_t i = 0; i < t->count; i++) {
        double z = s.a * t->decisions[i] + s.b, target = t->positive[i] ? t->high : t->low;
        loss += z >= 0 ? target * z + log1p(exp(-z)) : (target - 1) * z + log1p(exp(z));
    }
    return loss;
}

/* Newton's direction; false at a stationary point. */
static bool direction(
    const struct targets *t, weft__sigmoid s, weft__sigmoid *step, double *slope)
{
    double h11 = RIDGE, h22 = RIDGE, h21 = 0, g1 = 0, g2 = 0;
    for (size_t i = 0; i < t->count; i++) {
        double x = t->decisions[i], p = weft__sigmoid_at(s, x), q = 1 - p;
        double off = (t->positive[i] ? t->high : t->low) - p;
        h11 += x * x * p * q;
        h22 += p * q;
        h21 += x * p * q;
        g1 += x * off;
        g2 += off;
    }
    if (fabs(g1) < GRADIENT && fabs(g2) < GRADIENT)
        return false;
    double determinant = h11 * h22 - h21 * h21;
    step->a = -(h22 * g1 - h21 * g2) / determinant;
    step->b = -(-h21 * g1 + h11 * g2) / determinant;
    *slope = g1 * step->a + g2 * step->b;
    return true;
}

weft__sigmoid weft__platt_fit(const double *decisions, const bool *positive, size_t count)
{
    double yes = 0;
    for (size_t i = 0; i < count; i++)
        yes += positive[i];
    double no = (double)count - yes;
    struct targets t = {decisions, positive, count, (yes + 1) / (yes + 2), 1 / (no + 2)};
    weft__sigmoid s = {0, log((no + 1) / (yes + 1))}, step;
    double loss = loss_of(&t, s), slope;
    for (int i = 0; i < NEWTON_STEPS && direction(&t, s, &step, &slope); i++) {
        double length = 1;
        for (; length >= SMALLEST_STEP; length /= 2) {
            weft__sigmoid there = {s.a + length * step.a, s.b + length * step.b};
            double then = loss_of(&t, there);
            if (then < loss + 1e-4 * length * slope) {
                s = there;
                loss = then;
                break;
            }
        }
        if (length < SMALLEST_STEP)
            break;
    }
    return s;
}

void weft__couple(double *p, const double *pairs, size_t k, double *q)
{
    double *qp = q + k * k;
    size_t most = k > LEAST_COUPLINGS ? k : LEAST_COUPLINGS;
    for (size_t i = 0; i < k; i++) {
        p[i] = 1 / (double)k;
        q[i * k + i] = 0;
        for (size_t j = 0; j < k; j++)
            if (j != i) {
                q[i * k + i] += pairs[j * k + i] * pairs[j * k + i];
                q[i * k + j] = -pairs[j * k + i] * pairs[i * k + j];
            }
    }
    for (size_t round = 0; round < most; round++) {
        double pqp = 0, error = 0;
        for (size_t i = 0; i < k; i++) {
            qp[i] = 0;
            for (size_t j = 0; j < k; j++)
                qp[i] += q[i * k + j] * p[j];
            pqp += p[i] * qp[i];
        }
        for (size_t i = 0; i < k; i++)
            error = fmax(error, fabs(qp[i] - pqp));
        if (error < 0.005 / (double)k)
            return;
        for (size_t i = 0; i < k; i++) {
            double change = (pqp - qp[i]) / q[i * k + i];
            p[i] += change;
            pqp = (pqp + change * (change * q[i * k + i] + 2 * qp[i])) / (1 + change) /
                  (1 + change);
            for (size_t j = 0; j < k; j++) {
                qp[j] = (qp[j] + change * q[i * k + j]) / (1 + change);
                p[j] /= 1 + change;
            }
        }
    }
}
