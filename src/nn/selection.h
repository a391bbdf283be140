/* Selective training: epochs that leave out some of what is easy by now. */
#ifndef WEFT_NN_SELECTION_H
#define WEFT_NN_SELECTION_H

#include <stddef.h>
#include <stdint.h>

#include "weft/status.h"

/* How many of `count` pictures an epoch of `epochs` shows when `share` (0 to 0.5) of them
 * may be left out: whole batches are. The first epoch knows no losses yet, and the last
 * shows all, as Qin et al. 2024 ("InfoBatch", section 3.3) end on all data. */
size_t weft__shown(
    size_t count, size_t batch, double share, uint64_t epoch, uint64_t epochs);

/* Leaves count - shown of the pictures out of `order`, whose others move to its front, in
 * their order. Half of the twice as many with the smallest losses go, drawn by the seed and
 * the epoch, so that none is out of sight for long. `losses` is by picture, that is by what
 * `order` holds. */
WEFT_MUST weft_status weft__leave_easy(uint32_t *order, size_t count, size_t shown,
    const float *losses, uint64_t seed, uint64_t epoch);

#endif
