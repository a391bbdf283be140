#include "eval/student.h"

#include <math.h>

/* The incomplete beta function's continued fraction by Lentz's method (Press et al.,
 * "Numerical recipes", section 6.4); converges fast for x < (a + 1) / (a + b + 2). */
static double continued_fraction(double a, double b, double x)
{
    const double TINY = 1e-300;
    enum { MOST = 100000 };
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < TINY ? TINY : d);
    double fraction = d;
    for (int m = 1; m < MOST; m++) {
        for (int odd = 0; odd < 2; odd++) {
            double n = m, k = a + 2 * n;
            double term = odd ? -(a + n) * (a + b + n) * x / (k * (k + 1))
                              : n * (b - n) * x / ((k - 1) * k);
            d = 1 + term * d;
            c = 1 + term / c;
            d = 1 / (fabs(d) < TINY ? TINY : d);
            c = fabs(c) < TINY ? TINY : c;
            fraction *= d * c;
        }
        if (fabs(d * c - 1) < 1e-16)
            break;
    }
    return fraction;
}

/* The logarithm of Gamma(a + 1/2) / Gamma(a); the two lgamma cancel where a is large, and
 * there the series is exact (DLMF 5.11.13). */
static double log_gamma_ratio(double a)
{
    if (a < 100)
        return lgamma(a + 0.5) - lgamma(a);
    double square = a * a;
    return 0.5 * log(a) - (1 / 8.0 - (1 / 192.0 - 1 / 640.0 / square) / square) / a;
}

/* The regularised incomplete beta function I_x(a, 1/2), given x and 1 - x so that neither
 * cancels. */
static double incomplete_beta_half(double a, double x, double rest)
{
    const double b = 0.5, LOG_GAMMA_HALF = 0.57236494292470008707; /* log(pi) / 2 */
    if (!(x > 0))
        return 0;
    if (!(rest > 0))
        return 1;
    double log_x = x < 0.5 ? log(x) : log1p(-rest);
    double front = exp(log_gamma_ratio(a) - LOG_GAMMA_HALF + a * log_x) * sqrt(rest);
    if (x < (a + 1) / (a + b + 2))
        return front * continued_fraction(a, b, x) / a;
    return 1 - front * continued_fraction(b, a, rest) / b;
}

double weft__student_two_sided(double t, double freedom)
{
    if (isinf(freedom))
        return erfc(fabs(t) / sqrt(2));
    double whole = freedom + t * t;
    return incomplete_beta_half(freedom / 2, freedom / whole, t * t / whole);
}

double weft__student_quantile975(double freedom)
{
    const double TAILS = 0.05;
    double low = 0, high = 2;
    while (weft__student_two_sided(high, freedom) > TAILS && high < 1e300)
        high *= 2;
    for (int i = 0; i < 100; i++) {
        double middle = (low + high) / 2;
        *(weft__student_two_sided(middle, freedom) > TAILS ? &low : &high) = middle;
    }
    return (low + high) / 2;
}
