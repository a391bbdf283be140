#include "model/family.h"

extern const weft__family weft__extratrees_family, weft__forest_family, weft__knn, weft__logreg;

const weft__family *const weft__families[] = {
    &weft__knn,
    &weft__forest_family,
    &weft__extratrees_family,
    &weft__logreg,
    NULL,
};
