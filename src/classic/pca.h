/* The inside of principal components, for whoever saves and loads them. */
#ifndef WEFT_CLASSIC_PCA_H
#define WEFT_CLASSIC_PCA_H

#include "weft/pca.h"

struct weft_pca {
    size_t dims, count;
    float *mean;       /* dims; owned */
    float *components; /* count x dims; owned */
    double *explained; /* count shares of the variance; owned */
};

#endif
