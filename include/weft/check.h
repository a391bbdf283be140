/* weft/check.h: what is in a data set, and what is wrong with it.
 *
 *     weft_check *check;
 *     WEFT_TRY(weft_data_check(&check, &data, context));
 *     for (size_t i = 0; i < weft_check_count(check); i++)
 *         puts(weft_check_finding(check, i)->message);
 *     weft_check_free(check);
 *
 * The test split is looked at but not opened: nothing here can choose a model. */
#ifndef WEFT_CHECK_H
#define WEFT_CHECK_H

#include <stddef.h>

#include "weft/context.h"
#include "weft/dataset.h"
#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What there is: shape, splits, classes, digests, as a table of at most 80 columns or as
 * JSON. Freed by the caller with free(). */
WEFT_API WEFT_MUST weft_status weft_data_text(char **out, const weft_data *data);
WEFT_API WEFT_MUST weft_status weft_data_json(char **out, const weft_data *data);

typedef enum weft_severity {
    WEFT_SEVERITY_NOTE,    /* worth knowing */
    WEFT_SEVERITY_WARNING, /* costs accuracy or flatters it a little */
    WEFT_SEVERITY_ERROR    /* makes results wrong */
} weft_severity;

/* One thing found. Everything is borrowed from the check. */
typedef struct weft_finding {
    weft_severity severity;
    /* "unreadable": a file that could not be read
     * "missing-class": a class without pictures in a split
     * "imbalance": a class with far more pictures than another
     * "range": pixel values that use little of 0 to 255
     * "constant": a picture of one colour
     * "duplicate": the same pixels more than once in a split, with the same label
     * "conflict": the same pixels with different labels
     * "leak": the same pixels in different splits */
    const char *kind;
    char *message; /* one line */
    char **where;  /* where_count origins: files, or "train-images[12]" */
    size_t where_count;
} weft_finding;

typedef struct weft_check weft_check;

/* Looks at every picture. Duplicates are found by SHA-256 of their pixels. */
WEFT_API WEFT_MUST weft_status weft_data_check(
    weft_check **out, const weft_data *data, weft_context *context);
WEFT_API void weft_check_free(weft_check *check); /* NULL-safe */

/* The findings, the worst first, each kind together. */
WEFT_API size_t weft_check_count(const weft_check *check);
WEFT_API const weft_finding *weft_check_finding(const weft_check *check, size_t index);

/* At most `most` findings of each kind (0: all) as text; all of them as JSON. Freed by the
 * caller with free(). */
WEFT_API WEFT_MUST weft_status weft_check_text(
    char **out, const weft_check *check, size_t most);
WEFT_API WEFT_MUST weft_status weft_check_json(char **out, const weft_check *check);

#ifdef __cplusplus
}
#endif
#endif
