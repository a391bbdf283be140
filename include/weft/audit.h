/* weft/audit.h: what is likely wrong with labelled pictures, and a list of fixes.
 *
 *     weft_audit_options options = weft_audit_defaults();
 *     weft_audit *audit;
 *     WEFT_TRY(weft_audit_run(&audit, &data, &options, context));
 *     WEFT_TRY(weft_audit_save("looked-through", audit));
 *     weft_audit_free(audit);
 *
 * Every training picture is judged by classifiers that have not seen it (cross-validation);
 * from these out-of-fold probabilities wrong labels are found by confident learning
 * (Northcutt, Jiang and Chuang 2021, "Confident learning: estimating uncertainty in dataset
 * labels"). Pictures that are copies of each other, dark, pale, flat, blurred, of an odd
 * size or unlike all others are found from the pixels. Of validation and test pictures
 * copies alone are looked at; the test split is not opened. */
#ifndef WEFT_AUDIT_H
#define WEFT_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weft/check.h"
#include "weft/context.h"
#include "weft/dataset.h"
#include "weft/duplicates.h"
#include "weft/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Why a training picture is suspected. */
typedef enum weft_suspicion {
    WEFT_SUSPECT_LABEL,   /* off the diagonal of the confident joint: see below */
    WEFT_SUSPECT_LEAK,    /* has a copy in another split */
    WEFT_SUSPECT_COPY,    /* has a copy in train */
    WEFT_SUSPECT_OUTLIER, /* far from its nearest pictures, compared with the others */
    WEFT_SUSPECT_FLAT,    /* (almost) one colour */
    WEFT_SUSPECT_DARK,    /* nothing in it is bright */
    WEFT_SUSPECT_PALE,    /* nothing in it is dark */
    WEFT_SUSPECT_BLURRED, /* less fine detail than the others, for its contrast */
    WEFT_SUSPECT_SIZE,    /* the file's pixels or aspect are far from the others' */
    WEFT_SUSPICIONS
} weft_suspicion;

/* "label", "leak", "copy", "outlier", "flat", "dark", "pale", "blurred", "size". */
WEFT_API const char *weft_suspicion_name(weft_suspicion suspicion);

/* One training picture. */
typedef struct weft_audited {
    uint16_t label;
    uint16_t predicted; /* the likeliest class, out of fold */
    uint16_t suggested; /* the confident joint's class; `label` where it agrees */
    uint32_t rank;      /* 1: the label most likely to be wrong */
    float given;        /* out-of-fold probability of the label: the self-confidence that
                           ranks */
    float likeliest;    /* of the predicted class */
    float brightness;   /* mean of the pixels, 0 to 255 */
    float sharpness;    /* energy of the Laplacian over the variance of the pixels */
    float distance; /* to the fifth nearest other, along principal components; pixels as 0
                       to 1; NaN where not measured */
    uint32_t suspicions; /* bit 1 << WEFT_SUSPECT_... */
} weft_audited;

/* Two classes that are taken for each other. */
typedef struct weft_overlap {
    uint16_t a, b;
    size_t a_as_b, b_as_a;         /* out of fold */
    size_t a_likely_b, b_likely_a; /* labels likely wrong, by the confident joint */
    double gain;                   /* accuracy that would be won were the two one class */
} weft_overlap;

/* What the pictures with a suspicion do to the out-of-fold accuracy. */
typedef struct weft_audit_cost {
    size_t count;    /* training pictures with the suspicion */
    double among;    /* accuracy on these; NaN of none */
    double left_out; /* accuracy on all others; NaN of none */
} weft_audit_cost;

/* How well the border alone, an eighth of the shorter side all round, tells the label. */
typedef struct weft_border_cue {
    size_t count; /* pictures that were asked, evenly drawn over the training split */
    double accuracy, low, high; /* out of fold, with Wilson's 95 % interval */
    double chance;              /* share of the largest class */
} weft_border_cue;

typedef struct weft_audit_options {
    /* classifier_count of "NAME" or "NAME:OPTION=VALUE,..."; their out-of-fold
     * probabilities are averaged. None: one that suits the size of the pictures, see
     * weft_audit_classifiers. */
    const char *const *classifiers;
    size_t classifier_count;
    size_t folds;   /* 2 to 255 */
    size_t repeats; /* 1 to 100: each classifier is cross-validated so often, with folds and
                       seeds of their own, and the probabilities are averaged */
    uint64_t seed;
    /* Labels are changed in the fix list from this confidence on, (1 + p(other) - p(label))
     * / 2; 0.5 to 1. */
    double confidence;
    double similarity; /* as in weft_duplicates_options */
    bool refit;        /* cross-validate anew without what the fix list drops or relabels */
    const char *source, *command; /* for the record; may be NULL */
} weft_audit_options;

/* 3 folds, 1 repeat, seed 1, confidence 0.95. */
WEFT_API weft_audit_options weft_audit_defaults(void);

typedef enum weft_fix_action {
    WEFT_FIX_KEEP, /* to be looked at; nothing is done */
    WEFT_FIX_DROP,
    WEFT_FIX_RELABEL,
    WEFT_FIX_MOVE,
    WEFT_FIX_ACTIONS
} weft_fix_action;

/* "keep", "drop", "relabel", "move". */
WEFT_API const char *weft_fix_action_name(weft_fix_action action);

/* A line of the fix list. */
typedef struct weft_fix {
    weft_split split;
    uint32_t index; /* in the split's dataset */
    weft_fix_action action;
    uint16_t to;              /* relabel: a class; move: a weft_split; else 0 */
    weft_suspicion suspicion; /* why */
    double confidence;        /* 0 to 1 */
} weft_fix;

/* With --refit: the same classifiers and folds' seed without the pictures that the fix list
 * drops or relabels, judged on the pictures that are left. */
typedef struct weft_audit_refit {
    size_t left_out;
    double before, after; /* accuracy on what is left; NaN: not asked for */
} weft_audit_refit;

typedef struct weft_audit weft_audit;

/* `options` NULL: the defaults. The data is borrowed and must outlive the audit.
 * WEFT_EINVAL without labelled training pictures of two classes. The same data, options and
 * number of threads give the same audit. */
WEFT_API WEFT_MUST weft_status weft_audit_run(weft_audit **out, const weft_data *data,
    const weft_audit_options *options, weft_context *context);
WEFT_API void weft_audit_free(weft_audit *audit); /* NULL-safe */

/* All of these are borrowed. Pictures by position in train; their positions by rank. */
WEFT_API size_t weft_audit_count(const weft_audit *audit);
WEFT_API const weft_audited *weft_audit_pictures(const weft_audit *audit);
WEFT_API const uint32_t *weft_audit_order(const weft_audit *audit);
/* classes x classes: the pictures of a row's label that confidently are a column's. */
WEFT_API const size_t *weft_audit_joint(const weft_audit *audit);
/* Wrong labels that the calibrated joint estimates (section 3.1 of the paper). */
WEFT_API double weft_audit_wrong_labels(const weft_audit *audit);
WEFT_API double weft_audit_accuracy(const weft_audit *audit); /* out of fold */
WEFT_API const weft_audit_cost *weft_audit_costs(const weft_audit *audit);
WEFT_API const weft_overlap *weft_audit_overlaps(const weft_audit *audit, size_t *count);
WEFT_API const weft_border_cue *weft_audit_border(const weft_audit *audit);
WEFT_API const weft_duplicates *weft_audit_copies(const weft_audit *audit);
WEFT_API const weft_check *weft_audit_check(const weft_audit *audit);
WEFT_API const weft_fix *weft_audit_fixes(const weft_audit *audit, size_t *count);
WEFT_API const weft_audit_refit *weft_audit_refitted(const weft_audit *audit);
/* What gave the probabilities, as it can be given again: names parted by spaces. */
WEFT_API const char *weft_audit_classifiers(const weft_audit *audit);

/* At most 80 columns of text, every figure as JSON, a row a training picture as CSV, and
 * the fix list as weft/fixes.h reads it. Freed by the caller with free(). */
WEFT_API WEFT_MUST weft_status weft_audit_text(char **out, const weft_audit *audit);
WEFT_API WEFT_MUST weft_status weft_audit_json(char **out, const weft_audit *audit);
WEFT_API WEFT_MUST weft_status weft_audit_pictures_csv(char **out, const weft_audit *audit);
WEFT_API WEFT_MUST weft_status weft_audit_fixes_csv(char **out, const weft_audit *audit);

/* Makes a folder, which must be new or empty, with audit.html, audit.json, pictures.csv and
 * fixes.csv. */
WEFT_API WEFT_MUST weft_status weft_audit_save(const char *folder, const weft_audit *audit);

#ifdef __cplusplus
}
#endif
#endif
