#include "model/family.h"

const weft__family *const weft__families[] = {
    NULL,
};
