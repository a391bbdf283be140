/* A mixture of Gaussians over colours. */
#ifndef WEFT_DATA_MIXTURE_H
#define WEFT_DATA_MIXTURE_H

#include <stddef.h>
#include <stdint.h>

enum { WEFT__MIXTURE_MOST = 6 };

typedef struct weft__mixture {
    size_t count;
    struct weft__gaussian {
        float mean[3], inverse[6]; /* of the covariance: xx xy xz yy yz zz */
        float log_weight;          /* of the share, and of the density at the mean */
    } part[WEFT__MIXTURE_MOST];
} weft__mixture;

/* Fits to the colours whose mark is `mark`: clusters by Lloyd's algorithm from colours far
 * from each other, a Gaussian each. `cluster`, of `count`, is working memory. Without a
 * colour so marked the mixture has no parts. */
void weft__mixture_fit(weft__mixture *mixture, const float (*colours)[3],
    const uint8_t *marks, uint8_t mark, size_t count, uint8_t *cluster);
/* The logarithm of the density; of no parts, that of a colour nobody has. */
float weft__mixture_log(const weft__mixture *mixture, const float colour[3]);

#endif
