#include "data/mixture.h"

#include <math.h>
#include <string.h>

enum { ROUNDS = 8 };
static const float NOBODY = -30; /* logarithm of a density next to nothing */
/* Added to the variances of colours from 0 to 1: what a sensor's noise and JPEG leave. */
static const float FLOOR = 4e-4f;

static float distance(const float a[3], const float b[3])
{
    float x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2];
    return x * x + y * y + z * z;
}

/* The first centre is the mean, each further one the colour farthest from all. */
static size_t choose_centres(float centres[][3], const float (*colours)[3],
    const uint8_t *marks, uint8_t mark, size_t count)
{
    double sum[3] = {0};
    size_t n = 0, chosen = 1;
    for (size_t i = 0; i < count; i++)
        if (marks[i] == mark) {
            for (int c = 0; c < 3; c++)
                sum[c] += (double)colours[i][c];
            n++;
        }
    if (n == 0)
        return 0;
    for (int c = 0; c < 3; c++)
        centres[0][c] = (float)(sum[c] / (double)n);
    for (; chosen < WEFT__MIXTURE_MOST; chosen++) {
        float farthest = 0;
        size_t which = count;
        for (size_t i = 0; i < count; i++) {
            if (marks[i] != mark)
                continue;
            float nearest = INFINITY;
            for (size_t k = 0; k < chosen; k++)
                nearest = fminf(nearest, distance(colours[i], centres[k]));
            if (nearest > farthest) {
                farthest = nearest;
                which = i;
            }
        }
        if (which == count || farthest < FLOOR)
            break;
        memcpy(centres[chosen], colours[which], sizeof centres[chosen]);
    }
    return chosen;
}

static uint8_t nearest_centre(
    const float colour[3], float centres[][3], size_t centre_count)
{
    size_t best = 0;
    float least = INFINITY;
    for (size_t k = 0; k < centre_count; k++) {
        float d = distance(colour, centres[k]);
        if (d < least) {
            least = d;
            best = k;
        }
    }
    return (uint8_t)best;
}

/* A symmetric 3 x 3 matrix's inverse and determinant. */
static double invert(double inverse[6], const double m[6])
{
    double xx = m[3] * m[5] - m[4] * m[4], xy = m[2] * m[4] - m[1] * m[5];
    double xz = m[1] * m[4] - m[2] * m[3];
    double determinant = m[0] * xx + m[1] * xy + m[2] * xz;
    const double adjoint[6] = {xx, xy, xz, m[0] * m[5] - m[2] * m[2],
        m[1] * m[2] - m[0] * m[4], m[0] * m[3] - m[1] * m[1]};
    for (int i = 0; i < 6; i++)
        inverse[i] = adjoint[i] / determinant;
    return determinant;
}

/* The moments of a cluster: sums of the colours and of their products. */
struct moments {
    double n, sum[3], product[6];
};

static void add_colour(struct moments *m, const float colour[3])
{
    int at = 0;
    m->n++;
    for (int a = 0; a < 3; a++) {
        m->sum[a] += (double)colour[a];
        for (int b = a; b < 3; b++)
            m->product[at++] += (double)colour[a] * (double)colour[b];
    }
}

static void make_gaussian(struct weft__gaussian *g, const struct moments *m, double all)
{
    double covariance[6], inverse[6];
    int at = 0;
    for (int a = 0; a < 3; a++) {
        g->mean[a] = (float)(m->sum[a] / m->n);
        for (int b = a; b < 3; b++, at++)
            covariance[at] = m->product[at] / m->n - m->sum[a] * m->sum[b] / (m->n * m->n) +
                             (a == b ? (double)FLOOR : 0);
    }
    double determinant = invert(inverse, covariance);
    for (int i = 0; i < 6; i++)
        g->inverse[i] = (float)inverse[i];
    g->log_weight = (float)(log(m->n / all) - 0.5 * log(determinant));
}

void weft__mixture_fit(weft__mixture *mixture, const float (*colours)[3],
    const uint8_t *marks, uint8_t mark, size_t count, uint8_t *cluster)
{
    float centres[WEFT__MIXTURE_MOST][3];
    struct moments moments[WEFT__MIXTURE_MOST];
    size_t centre_count = choose_centres(centres, colours, marks, mark, count);
    double all = 0;
    *mixture = (weft__mixture){0};
    for (int round = 0; centre_count && round < ROUNDS; round++) {
        memset(moments, 0, sizeof moments);
        for (size_t i = 0; i < count; i++)
            if (marks[i] == mark) {
                cluster[i] = nearest_centre(colours[i], centres, centre_count);
                add_colour(&moments[cluster[i]], colours[i]);
            }
        for (size_t k = 0; k < centre_count; k++)
            for (int c = 0; c < 3 && moments[k].n > 0; c++)
                centres[k][c] = (float)(moments[k].sum[c] / moments[k].n);
    }
    for (size_t k = 0; k < centre_count; k++)
        all += moments[k].n;
    for (size_t k = 0; k < centre_count; k++)
        if (moments[k].n > 0)
            make_gaussian(&mixture->part[mixture->count++], &moments[k], all);
}

float weft__mixture_log(const weft__mixture *mixture, const float colour[3])
{
    float sum = 0;
    for (size_t k = 0; k < mixture->count; k++) {
        const struct weft__gaussian *g = &mixture->part[k];
        float x = colour[0] - g->mean[0], y = colour[1] - g->mean[1],
              z = colour[2] - g->mean[2];
        const float *m = g->inverse;
        float square = x * (m[0] * x + 2 * (m[1] * y + m[2] * z)) +
                       y * (m[3] * y + 2 * m[4] * z) + z * z * m[5];
        sum += expf(g->log_weight - 0.5f * square);
    }
    return sum > 0 ? fmaxf(logf(sum), NOBODY) : NOBODY;
}
