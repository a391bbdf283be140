/* The inside of a study; only src/eval includes this. */
#ifndef WEFT_EVAL_STUDY_H
#define WEFT_EVAL_STUDY_H

#include <jansson.h>

#include "eval/compare.h"
#include "weft/study.h"

/* A study that is built in. */
typedef struct weft__study_text {
    const char *name, *text;
} weft__study_text;

extern const weft__study_text weft__builtin_studies[]; /* ended by a NULL name */

/* Reads the text; `path` names it in messages. */
WEFT_MUST weft_status weft__study_read(
    weft_study **out, const char *text, const char *path);
WEFT_MUST weft_status weft__protocol_read(weft_protocol *out, const char *text);

/* The pictures of one run. Zeroed is empty; its views borrow from it. */
typedef struct weft__division {
    weft_test *published; /* borrowed; opened by weft__division_test */
    uint8_t *assignment;  /* of the divided dataset's pictures, as `index` */
    uint32_t *index;
    weft_view train, validation, test; /* validation.count may be 0 */
} weft__division;

/* Divides by the seed, stratified; `fold` counts from 0. `pooled`, borrowed, is all splits
 * in one where the protocol wants that, else NULL. */
WEFT_MUST weft_status weft__divide(weft__division *out, const weft_protocol *protocol,
    const weft_data *data, const weft_dataset *pooled, uint64_t seed, unsigned fold);
/* The test pictures; asked for once, when the run is fitted. */
weft_view weft__division_test(weft__division *division);
void weft__division_clear(weft__division *division);

/* One run that is asked for. */
typedef struct weft__study_run {
    const weft_experiment *experiment;
    uint64_t seed;
    unsigned fold;   /* from 0; the protocol may have none */
    double expected; /* seconds, roughly; only to say how long it may take */
    char *file;      /* its record's name in the folder, owned */
    json_t *record;  /* NULL: not run, or failed */
    char *error;     /* owned; why it failed */
} weft__study_run;

struct weft_study_results {
    const weft_study *study; /* borrowed */
    const weft_data *data;   /* borrowed */
    bool quick;
    weft_dataset *pooled; /* owned, NULL until needed */
    weft__study_run *runs;
    size_t run_count;
};

/* Lists the runs that are asked for. */
WEFT_MUST weft_status weft__study_list(
    weft_study_results *results, const weft_study_options *options);
/* The protocols need splits and the figures need classes that the data may not have. */
WEFT_MUST weft_status weft__study_check(const weft_study *study, const weft_data *data);
/* The run's classifier, with its seed and options. */
WEFT_MUST weft_status weft__study_classifier(
    weft__contender *out, const weft__study_run *run, bool quick);
/* How long fitting may take, seconds. */
double weft__study_guess(const weft__study_run *run, const weft_classifier *classifier,
    const weft_data *data, weft_context *context);
/* "cnn, seed 1, fold 2" */
void weft__study_say(char *text, size_t size, const weft__study_run *run);

/* A digest of what decides a run's figures, but for the classifier's options. */
WEFT_MUST weft_status weft__record_key(char key[65], const weft__study_run *run,
    const weft_classifier *classifier, const weft_data *data, bool quick);
/* Takes the record at `path` when it bears the key and the classifier's options; *out stays
 * NULL when there is none or it was made otherwise. WEFT_EFORMAT when it is damaged. */
WEFT_MUST weft_status weft__record_load(
    json_t **out, const char *path, const char *key, const weft_classifier *classifier);
WEFT_MUST weft_status weft__record_save(const json_t *record, const char *path);

/* Whether a figure of this name is one; WEFT_ENOTFOUND suggests the nearest. */
WEFT_MUST weft_status weft__figure_check(const char *figure);
/* The class of "f1:Shirt", or NULL where the figure is not a class's. */
const char *weft__figure_class(const char *figure);
/* NaN where the run did not measure it. */
double weft__figure(const json_t *record, const char *figure);

/* A figure over the runs of an experiment. */
typedef struct weft__spread {
    size_t n;
    double mean, sd; /* sd: NaN for fewer than two */
} weft__spread;

weft__spread weft__figure_spread(const weft_study_results *results,
    const weft_experiment *experiment, const char *figure);

/* What can be said of the paper's figure and ours, in words. */
void weft__verdict(char *text, size_t size, const weft_reported *reported,
    const weft__spread *ours, bool by_chance);
WEFT_MUST weft_status weft__claim_verdict(
    char **out, const weft_study_results *results, const weft_claim *claim);
/* Whether chance has a part in an experiment's figures. */
bool weft__by_chance(const weft_experiment *experiment);

#endif
