/* weft/fixes.h: a list of changes to a data set, applied to a copy.
 *
 *     weft_fixes_applied applied;
 *     WEFT_TRY(weft_data_fix(&fixed, &applied, &data, "fixes.csv"));
 *     WEFT_TRY(weft_data_save(&fixed, "photos-fixed", WEFT_FORMAT_PNG, false, context));
 *     weft_data_clear(&fixed);
 *
 * weft audit writes such a list; it is meant to be read and changed before it is applied.
 */
#ifndef WEFT_FIXES_H
#define WEFT_FIXES_H

#include <stddef.h>

#include "weft/dataset.h"
#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* How many pictures each action was applied to. */
typedef struct weft_fixes_applied {
    size_t kept, dropped, relabelled, moved;
} weft_fixes_applied;

/* Applies the CSV file at `path` to a copy of `data`, which the caller clears; `data` stays
 * as it is. The file's first line is its headings, in any order, of which three are
 * looked at and all others are for people:
 *
 *     picture  which one: a path below the data's folder, or "train-images-idx3-ubyte[12]"
 *     action   drop: leave it out; relabel: to the class `to`; move: to the split `to`
 *              (train, validation or test); keep: nothing
 *     to       a class's name, or a split's
 *
 * A picture may be given once for each action, and not both dropped and changed.
 * WEFT_EFORMAT, naming the line, when a picture, an action, a class or a split is unknown;
 * WEFT_EINVAL when a class would be left without training pictures. Test pictures are
 * moved and relabelled as the list says; that does not count as opening them. */
WEFT_API WEFT_MUST weft_status weft_data_fix(
    weft_data *out, weft_fixes_applied *applied, const weft_data *data, const char *path);

#ifdef __cplusplus
}
#endif
#endif
