#include "model/family.h"

extern const weft__family weft__boost;
extern const weft__family weft__extratrees_family;
extern const weft__family weft__forest_family;
extern const weft__family weft__knn;
extern const weft__family weft__logreg;
extern const weft__family weft__network_family;
extern const weft__family weft__svm;

const weft__family *const weft__families[] = {
    &weft__knn,
    &weft__svm,
    &weft__forest_family,
    &weft__extratrees_family,
    &weft__boost,
    &weft__logreg,
    &weft__network_family,
    NULL,
};
