/* What every family of classifiers implements: one const table of operations each.
 *
 * A family is one file with its table and one line in families.c. Its options are a plain
 * struct described by a weft_param table; its fitted state is private to its file. */
#ifndef WEFT_MODEL_FAMILY_H
#define WEFT_MODEL_FAMILY_H

#include "core/digest.h"
#include "model/novelty.h"
#include "model/tensors.h"
#include "weft/classifier.h"
#include "weft/explain.h"

enum { WEFT__GOLDEN = 8 }; /* pictures kept in a model for weft_classifier_verify */

typedef struct weft__family weft__family;

/* Derivatives of one logit (of the class asked for) of each picture. Pictures are `count`
 * of the recipe's shape, row-major, channels last, in units of bytes (0 to 255) but not
 * only whole ones. What is NULL is not wanted. All borrowed. */
typedef struct weft__derivatives {
    size_t count;
    const float *pictures;
    const uint16_t *classes; /* count; NULL, or none below the number of classes: the
                              * class of the largest logit */
    const char *layer;       /* by name; NULL: the last that has height or width */
    bool untrained; /* take initial weights, drawn from `seed`, in place of the fitted: a
                     * check that explanations depend on them (Adebayo et al. 2018) */
    uint64_t seed;

    float *logits;          /* count x classes */
    float *probabilities;   /* the same as probabilities, uncalibrated; wants logits too */
    float *input_gradients; /* count x the picture's values, per unit of byte */
    float *activations;     /* count x the layer's output (derivatives_shape) */
    float *gradients;       /* the same, of the logit by them */
} weft__derivatives;

/* How much each value of a picture adds to the score of a class, whatever the family's
 * score is: base + the sum of a picture's values = score. Classes are below the number of
 * classes. All borrowed. */
typedef struct weft__contributions {
    const weft_view *view;   /* of the recipe's shape */
    const uint16_t *classes; /* count */
    double baseline; /* a byte that stands for "nothing there", for those who need one */
    float *values;   /* count x the picture's values; written */
    double *bases, *scores; /* count; written */
} weft__contributions;

/* Training pictures that the answers for these pictures rest on. */
typedef struct weft__examples {
    const weft_view *view;
    const uint16_t *classes;        /* count: whose score they weigh for or against */
    size_t wanted;                  /* for each picture */
    weft_explain_example *examples; /* count x wanted; of each picture the first `found` are
                                     * written */
    uint8_t *pixels;                /* count x wanted pictures, likewise */
    size_t found;
    bool pictured;       /* pixels were written */
    const char *meaning; /* of an example's weight; static */
} weft__examples;

/* The way of one picture through one tree. */
typedef struct weft__path_job {
    const weft_view *view;
    size_t at;
    uint16_t class;
    weft_explain_path *path; /* its steps come from malloc */
} weft__path_job;

/* Maps of the model itself: what each value of any picture weighs. */
typedef struct weft__weights {
    float *values;       /* count x the picture's values, from malloc; written, owned by the
                          * caller */
    size_t count;        /* the number of classes, or 1 for all */
    const char *meaning; /* static */
} weft__weights;

/* The option that every family has: a field `int calibrate` of its struct and this line of
 * its table. weft_classifier_fit sees to the rest. */
enum { WEFT__CALIBRATE_NONE, WEFT__CALIBRATE_TEMPERATURE };
#define WEFT__CALIBRATE_PARAM(type) \
    { \
        "calibrate", WEFT_PARAM_CHOICE, offsetof(type, calibrate), "none", 0, 0, \
            "none|temperature", \
            "temperature: one number that makes probabilities as sure as they are right, " \
            "fitted on the validation pictures" \
    }

struct weft_classifier {
    const weft__family *family;
    weft_classifier_info info; /* as the catalogue gives it; texts live as long as self */
    char *own_name, *own_title, *own_source; /* back info where it is not constant; owned */
    void *options;                           /* the family's struct, owned */
    void *state; /* NULL: unfitted; owned, freed by family->forget */

    /* Of the data that it was fitted on; set by weft_classifier_fit and by load, before
     * the family's own fit or load is called. */
    weft_recipe recipe;
    size_t classes;
    char **class_names; /* classes, owned */
    char data_digest[65];

    /* Set by weft_classifier_checkpoint. */
    char *checkpoint; /* where fits keep one, owned; NULL: nowhere */
    double checkpoint_seconds;
    bool resume;

    double temperature; /* of its probabilities (model/calibrate.h); 1: as they are */

    weft__novelty *novelty; /* what is unlike training; NULL: not fitted; owned */

    weft_epoch *history; /* owned */
    size_t history_count, history_capacity;

    uint8_t *golden; /* golden_count pictures, owned */
    size_t golden_count;
    float *golden_expected; /* golden_count x classes; NULL before save or load; owned */
};

struct weft__family {
    const char *name, *title, *source;
    const weft_param *params;
    size_t options_size;

    /* Families with named variants (networks): the i-th, NULL at the end; and taking one
     * on by its name or path, which sets self->options and self->info. Both NULL where a
     * family has none. */
    const weft_classifier_info *(*variant)(size_t i);
    weft_status (*choose)(weft_classifier *self, const char *name_or_path);

    /* Changes the options to how photos are best read for it: fit and photo_side. NULL: no
     * wishes. */
    weft_status (*prefer)(const weft_classifier *self, weft_load_options *options);

    /* Fits `train` (never empty; labels below self->classes, some of which may not occur,
     * two at least do) with self->options into self->state, which is NULL on entry. On
     * failure the state may be left partial; forget is called. On WEFT_ECANCELLED the
     * state, if any, must be usable; it is kept. */
    weft_status (*fit)(weft_classifier *self, const weft_view *train,
        const weft_view *validation, weft_context *context);
    /* Fills out->points, room for range->steps, and out->count. NULL: no such thing. */
    weft_status (*find_rate)(weft_rate_curve *out, weft_classifier *self,
        const weft_view *train, const weft_rate_range *range, weft_context *context);
    /* Of so many pictures, in steps of find_rate's. NULL where that is. */
    double (*training_work)(const weft_classifier *self, size_t pictures);
    /* view has self->recipe's shape; probabilities is count x classes, before calibration.
     */
    weft_status (*predict_proba)(const weft_classifier *self, const weft_view *view,
        float *probabilities, weft_context *context);
    /* What the classifier has made of a picture before it decides: embedding_size floats a
     * picture. Both NULL where a family has nothing of the kind. */
    size_t (*embedding_size)(const weft_classifier *self);
    weft_status (*embed)(const weft_classifier *self, const weft_view *view,
        float *embeddings, weft_context *context);
    /* What a family of src/classic is given to see of a picture (classic/features.h), once
     * fitted. NULL in others. */
    const struct weft__features *(*features)(const weft_classifier *self);
    /* Families whose scores have derivatives; NULL in others, the first also in those
     * without layers. The shape is that of the layer's output, WEFT_ENOTFOUND for a layer
     * that is not there, WEFT_EUNSUPPORTED where none has height or width. A job of NULL
     * only asks whether it can be done: WEFT_EUNSUPPORTED says why not. */
    weft_status (*derivatives_shape)(
        const weft_classifier *self, const char *layer, const char **name, size_t shape[3]);
    weft_status (*differentiate)(
        const weft_classifier *self, const weft__derivatives *job, weft_context *context);
    /* Whether job->probabilities are those of predict_proba; NULL: no. */
    bool (*predicts_by_logits)(const weft_classifier *self);
    /* What it rests an answer on, for explanations; each NULL in families that have no such
     * thing. A job of NULL only asks, likewise. */
    weft_status (*contribute)(
        const weft_classifier *self, const weft__contributions *job, weft_context *context);
    weft_status (*find_examples)(
        const weft_classifier *self, weft__examples *job, weft_context *context);
    /* The training pictures nearest to where one class becomes another: job->view is NULL,
     * and what counts pictures elsewhere counts classes. */
    weft_status (*find_boundary)(
        const weft_classifier *self, weft__examples *job, weft_context *context);
    weft_status (*find_path)(const weft_classifier *self, const weft__path_job *job);
    weft_status (*weigh)(const weft_classifier *self, weft__weights *job);
    /* Adds the state's arrays, borrowed until written; metadata where arrays do not fit. */
    weft_status (*save)(const weft_classifier *self, weft__tensors *tensors);
    /* Builds the state from arrays that nothing has checked but their own lengths. */
    weft_status (*load)(weft_classifier *self, const weft__tensors *tensors);
    /* Frees self->state; NULL-safe. */
    void (*forget)(weft_classifier *self);
};

/* The families, ended by NULL. */
extern const weft__family *const weft__families[];

/* A fitted classifier from a model's arrays. */
WEFT_MUST weft_status weft__classifier_from_tensors(
    weft_classifier **out, const weft__tensors *tensors);

/* SHA-256 of all that decides a fitted classifier's answers: its arrays and metadata. */
WEFT_MUST weft_status weft__classifier_digest(
    const weft_classifier *self, char text[WEFT__DIGEST_TEXT]);

/* Appends a row to the history. */
WEFT_MUST weft_status weft__classifier_log(weft_classifier *self, const weft_epoch *epoch);

/* Gives the classifier a name, title and source of its own, copied; NULL leaves one. */
WEFT_MUST weft_status weft__classifier_entitle(
    weft_classifier *self, const char *name, const char *title, const char *source);

/* golden_count x classes probabilities of the golden pictures, as predicted now. */
WEFT_MUST weft_status weft__classifier_predict_golden(
    const weft_classifier *self, float *probabilities, weft_context *context);

#endif
