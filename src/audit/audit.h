/* The inside of an audit. Each part is found by one file and told by json.c, text.c, csv.c
 * and the page. */
#ifndef WEFT_AUDIT_AUDIT_H
#define WEFT_AUDIT_AUDIT_H

#include <jansson.h>

#include "audit/predict.h"
#include "data/dataset.h"
#include "data/loader.h"
#include "weft/audit.h"

struct weft_audit {
    const weft_data *data; /* borrowed */
    const weft_dataset *splits[WEFT__SPLITS];
    const weft_dataset *train;
    weft_audit_options options; /* its texts: below */
    char *source, *command;     /* owned; NULL: not given */
    char *names;                /* classifiers, parted by spaces; owned */
    weft__prediction how;

    weft_check *check;
    weft_duplicates *copies;
    float *probabilities;   /* train->count x classes, out of fold; owned */
    weft_audited *pictures; /* train->count; owned */
    uint32_t *order;        /* positions by rank; owned */
    size_t *joint;          /* classes x classes; owned */
    double *thresholds;     /* classes: mean self-confidence; owned */
    double wrong;           /* labels, as the calibrated joint has it */
    double accuracy;
    weft_audit_cost costs[WEFT_SUSPICIONS];
    weft_overlap *overlaps; /* owned */
    size_t overlap_count;
    weft_border_cue border;
    weft_fix *fixes; /* owned */
    size_t fix_count, fix_capacity;
    weft_audit_refit refit;
    double seconds;
};

static inline bool weft__suspected(const weft_audited *picture, weft_suspicion why)
{
    return picture->suspicions >> why & 1;
}

/* Chooses what gives the probabilities where the options do not; sets audit->names. */
WEFT_MUST weft_status weft__audit_choose(weft_audit *audit);

/* Each fills its part; what was allocated by then is freed with the audit. */
WEFT_MUST weft_status weft__audit_labels(weft_audit *audit);
WEFT_MUST weft_status weft__audit_overlaps(weft_audit *audit);
WEFT_MUST weft_status weft__audit_looks(weft_audit *audit, weft_context *context);
WEFT_MUST weft_status weft__audit_sizes(weft_audit *audit, weft_context *context);
WEFT_MUST weft_status weft__audit_outliers(weft_audit *audit, weft_context *context);
WEFT_MUST weft_status weft__audit_copies(weft_audit *audit, weft_context *context);
WEFT_MUST weft_status weft__audit_border(weft_audit *audit, weft_context *context);
WEFT_MUST weft_status weft__audit_fix(weft_audit *audit);
WEFT_MUST weft_status weft__audit_refit(weft_audit *audit, weft_context *context);

/* Median and 1.4826 times the median absolute deviation, which is the standard deviation of
 * what is normally distributed, of the finite ones of `values`; both NaN of none. */
WEFT_MUST weft_status weft__robust(
    double *median, double *deviation, const double *values, size_t count);

/* A picture's name in fix lists; written to `text` of WEFT__ORIGIN bytes. */
const char *weft__audit_picture(
    const weft_audit *audit, weft_split split, size_t index, char *text);

/* The class or the split that a fix names, also one that is only to be looked at; "". */
const char *weft__audit_fix_to(const weft_audit *audit, const weft_fix *fix);

/* Everything but pictures, with at most `most` of each list (0: all). */
WEFT_MUST weft_status weft__audit_json(json_t **out, const weft_audit *audit, size_t most);

#endif
