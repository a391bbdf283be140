/* Pictures' names within a data set: their origins without the folder that all share. */
#ifndef WEFT_DATA_ORIGINS_H
#define WEFT_DATA_ORIGINS_H

#include "weft/dataset.h"

enum { WEFT__ORIGIN = 4096 };

/* How many bytes every origin of the data begins with alike, up to and with a slash: what
 * is behind them is the same wherever the data lies. */
size_t weft__origins_shared(const weft_data *data);

#endif
