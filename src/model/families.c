#include "model/family.h"

extern const weft__family weft__knn, weft__logreg;

const weft__family *const weft__families[] = {
    &weft__knn,
    &weft__logreg,
    NULL,
};
