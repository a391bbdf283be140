#include "nn/schedule.h"

#include <math.h>

enum { CONSTANT, STEP, COSINE, LINEAR, ONE_CYCLE, TRIANGULAR };

static const double PI = 3.14159265358979323846;

/* Step: a tenth after half of the run, a hundredth after three quarters, as He et al.
 * 2016 (section 4.2) for CIFAR-10. One-cycle (Smith 2018) rises linearly from a
 * twenty-fifth over the warm-up, by default three tenths of the run, then falls along a
 * cosine. Triangular rises from a fifth, by default over 23 % of the run, and falls in a
 * straight line (Jordan 2024, "94% on CIFAR-10 in 3.29 seconds", listing 4). The others
 * rise linearly over the warm-up, if any. */
static double rise_of(const weft__train_options *o, double *start)
{
    *start = o->schedule == ONE_CYCLE ? 1.0 / 25 : o->schedule == TRIANGULAR ? 0.2 : 0;
    double usual = o->schedule == ONE_CYCLE ? 0.3 : o->schedule == TRIANGULAR ? 0.23 : 0;
    return o->warmup > 0 ? o->warmup : usual;
}

double weft__learning_rate(const weft__train_options *o, uint64_t step, uint64_t total)
{
    double place = total > 1 ? (double)step / (double)(total - 1) : 1;
    double start, rise = rise_of(o, &start);
    if (place < rise)
        return o->learning_rate *
               (start + (1 - start) * (double)(step + 1) / (rise * (double)total + 1));
    double fall = rise < 1 ? (place - rise) / (1 - rise) : 1;
    switch (o->schedule) {
    case STEP:
        return o->learning_rate * (place < 0.5 ? 1 : place < 0.75 ? 0.1 : 0.01);
    case LINEAR:
    case TRIANGULAR:
        return o->learning_rate * (1 - fall * (1 - o->final_rate));
    case COSINE:
    case ONE_CYCLE:
        return o->learning_rate *
               (o->final_rate + (1 - o->final_rate) * 0.5 * (1 + cos(PI * fall)));
    default:
        return o->learning_rate;
    }
}
