#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/events.h"
#include "core/mem.h"
#include "core/text.h"
#include "model/calibrate.h"
#include "model/family.h"

static weft_classifier_info family_info(const weft__family *family)
{
    return (weft_classifier_info){
        family->name, family->title, family->source, family->params};
}

/* The catalogue lists every family, each followed by its variants. Positions are found by
 * walking: there are a few dozen at most. */
static const weft_classifier_info *walk(size_t index, const weft__family **owner)
{
    static _Thread_local weft_classifier_info info;
    for (const weft__family *const *family = weft__families; *family; family++) {
        *owner = *family;
        if (index-- == 0) {
            info = family_info(*family);
            return &info;
        }
        const weft_classifier_info *variant;
        for (size_t i = 0; (*family)->variant && (variant = (*family)->variant(i)); i++)
            if (index-- == 0)
                return variant;
    }
    return NULL;
}

size_t weft_classifier_catalogue_size(void)
{
    const weft__family *owner;
    size_t count = 0;
    while (walk(count, &owner))
        count++;
    return count;
}

const weft_classifier_info *weft_classifier_catalogue(size_t index)
{
    const weft__family *owner;
    return walk(index, &owner);
}

static const char *catalogue_name(const void *unused, size_t i)
{
    (void)unused;
    const weft_classifier_info *info = weft_classifier_catalogue(i);
    return info ? info->name : NULL;
}

static bool is_path(const char *name)
{
    size_t length = strlen(name);
    return strchr(name, '/') || (length > 4 && strcmp(name + length - 4, ".net") == 0);
}

/* The family that `name` belongs to; *variant tells whether it is one of its variants. */
static weft_status find_family(const char *name, const weft__family **out, bool *variant)
{
    if (is_path(name)) {
        for (const weft__family *const *family = weft__families; *family; family++)
            if ((*family)->choose) {
                *out = *family;
                *variant = true;
                return WEFT_OK;
            }
    }
    const weft_classifier_info *info;
    for (size_t i = 0; (info = walk(i, out)); i++)
        if (strcmp(info->name, name) == 0) {
            *variant = strcmp((*out)->name, name) != 0;
            return WEFT_OK;
        }
    const char *near = weft__nearest(name, catalogue_name, NULL);
    if (near)
        return weft_fail(
            WEFT_ENOTFOUND, "no classifier '%s': did you mean '%s'?", name, near);
    return weft_fail(
        WEFT_ENOTFOUND, "no classifier '%s': 'weft models' lists what there is", name);
}

static weft_status create(weft_classifier **out, const weft__family *family)
{
    weft_classifier *self;
    WEFT_TRY(weft__calloc(&self, 1, sizeof *self, "a classifier"));
    self->family = family;
    self->info = family_info(family);
    self->temperature = 1;
    weft_status status = weft__calloc(&self->options, 1, family->options_size, "options");
    if (status == WEFT_OK)
        status = weft_param_defaults(family->params, self->options);
    if (status != WEFT_OK) {
        weft_classifier_free(self);
        return status;
    }
    *out = self;
    return WEFT_OK;
}

weft_status weft_classifier_create(weft_classifier **out, const char *name)
{
    const weft__family *family = NULL;
    bool variant = false;
    weft_classifier *self;
    WEFT_TRY(find_family(name, &family, &variant));
    WEFT_TRY(create(&self, family));
    if (variant) {
        weft_status status = family->choose(self, name);
        if (status != WEFT_OK) {
            weft_classifier_free(self);
            return status;
        }
    }
    *out = self;
    return WEFT_OK;
}

static void forget(weft_classifier *self)
{
    self->family->forget(self);
    self->state = NULL;
    for (size_t i = 0; self->class_names && i < self->classes; i++)
        free(self->class_names[i]);
    free(self->class_names);
    self->class_names = NULL;
    self->classes = 0;
    free(self->history);
    self->history = NULL;
    self->history_count = self->history_capacity = 0;
    free(self->golden);
    free(self->golden_expected);
    self->golden = NULL;
    self->golden_expected = NULL;
    self->golden_count = 0;
    self->data_digest[0] = 0;
    self->temperature = 1;
    weft__novelty_free(self->novelty);
    self->novelty = NULL;
}

void weft_classifier_free(weft_classifier *self)
{
    if (!self)
        return;
    forget(self);
    if (self->options)
        weft_param_clear(self->family->params, self->options);
    free(self->options);
    free(self->checkpoint);
    free(self->own_name);
    free(self->own_title);
    free(self->own_source);
    free(self);
}

weft_status weft_classifier_set(
    weft_classifier *self, const char *option, const char *value)
{
    return weft_param_set(self->family->params, self->options, option, value);
}

weft_status weft_classifier_get(
    const weft_classifier *self, const char *option, char *text, size_t size)
{
    return weft_param_get(self->family->params, self->options, option, text, size);
}

weft_status weft_classifier_checkpoint(
    weft_classifier *self, const char *path, double seconds, bool resume)
{
    char *copy;
    if (!(seconds >= 0))
        return weft_fail(WEFT_EINVAL, "a checkpoint every %g seconds", seconds);
    WEFT_TRY(weft__strdup(&copy, path));
    free(self->checkpoint);
    self->checkpoint = copy;
    self->checkpoint_seconds = seconds;
    self->resume = resume;
    return WEFT_OK;
}

static weft_status check_training_view(const weft_classifier *self, const weft_view *train)
{
    if (train->count == 0)
        return weft_fail(WEFT_EINVAL, "%s: no pictures to fit", self->info.name);
    if (!weft_dataset_labels(train->data))
        return weft_fail(WEFT_EINVAL, "%s: the pictures have no labels", self->info.name);
    uint16_t first = weft_view_label(train, 0);
    for (size_t i = 1; i < train->count; i++)
        if (weft_view_label(train, i) != first)
            return WEFT_OK;
    return weft_fail(WEFT_EINVAL,
        "%s: all %zu pictures are of one class, '%s': nothing to tell apart",
        self->info.name, train->count, weft_dataset_class_name(train->data, first));
}

static weft_status check_same_shape(
    const weft_classifier *self, const weft_view *view, weft_shape expected)
{
    weft_shape shape = weft_dataset_shape(view->data);
    if (shape.height != expected.height || shape.width != expected.width ||
        shape.channels != expected.channels)
        return weft_fail(WEFT_EINVAL,
            "%s: pictures are %ux%ux%u, expected %ux%ux%u (height x width x channels)",
            self->info.name, shape.height, shape.width, shape.channels, expected.height,
            expected.width, expected.channels);
    return WEFT_OK;
}

static weft_status take_class_names(weft_classifier *self, const weft_dataset *data)
{
    size_t classes = weft_dataset_classes(data);
    WEFT_TRY(weft__calloc(&self->class_names, classes, sizeof(char *), "class names"));
    self->classes = classes;
    for (size_t i = 0; i < classes; i++)
        WEFT_TRY(weft__strdup(&self->class_names[i], weft_dataset_class_name(data, i)));
    return WEFT_OK;
}

/* Golden pictures are spread evenly over the training view. */
static weft_status take_golden(weft_classifier *self, const weft_view *train)
{
    size_t count = train->count < WEFT__GOLDEN ? train->count : WEFT__GOLDEN;
    size_t bytes = weft_shape_bytes(self->recipe.shape);
    WEFT_TRY(weft__alloc(&self->golden, count, bytes, "golden pictures"));
    self->golden_count = count;
    for (size_t i = 0; i < count; i++)
        memcpy(self->golden + i * bytes, weft_view_pixels(train, i * train->count / count),
            bytes);
    return WEFT_OK;
}

/* Takes from the data what every family needs. */
static weft_status begin_fit(
    weft_classifier *self, const weft_view *train, weft_context *context)
{
    self->recipe = weft_dataset_recipe(train->data);
    const char *digest = weft_dataset_digest(train->data);
    memcpy(self->data_digest, digest, strlen(digest) + 1);
    WEFT_TRY(take_class_names(self, train->data));
    WEFT_TRY(take_golden(self, train));
    if (weft_context_cancelled(context))
        return weft_fail(WEFT_ECANCELLED, "%s: cancelled", self->info.name);
    return WEFT_OK;
}

static bool wants_calibration(const weft_classifier *self)
{
    const weft_param *p = weft_param_find(self->family->params, "calibrate");
    return p && *(const int *)((const char *)self->options + p->offset) ==
                    WEFT__CALIBRATE_TEMPERATURE;
}

/* Before anything is fitted. */
static weft_status check_calibration(
    const weft_classifier *self, const weft_view *validation)
{
    if (wants_calibration(self) && !validation)
        return weft_fail(WEFT_EINVAL,
            "%s: calibrate=temperature needs validation pictures, and there are none",
            self->info.name);
    return WEFT_OK;
}

/* The labels of a view, checked; owned by the caller. */
static weft_status copy_labels(
    uint16_t **out, const weft_classifier *self, const weft_view *view)
{
    if (!weft_dataset_labels(view->data) || view->count == 0)
        return weft_fail(
            WEFT_EINVAL, "%s: no labelled pictures to calibrate on", self->info.name);
    uint16_t *labels;
    WEFT_TRY(weft__alloc(&labels, view->count, sizeof *labels, "labels"));
    for (size_t i = 0; i < view->count; i++) {
        labels[i] = weft_view_label(view, i);
        if (labels[i] < self->classes)
            continue;
        free(labels);
        return weft_fail(WEFT_EINVAL,
            "%s: a picture to calibrate on is of class %zu of %zu", self->info.name,
            (size_t)weft_view_label(view, i) + 1, self->classes);
    }
    *out = labels;
    return WEFT_OK;
}

weft_status weft_classifier_calibrate(
    weft_classifier *self, const weft_view *view, weft_context *context)
{
    uint16_t *labels = NULL;
    float *probabilities = NULL;
    weft__temperature t;
    double before = self->temperature;
    WEFT_TRY(copy_labels(&labels, self, view));
    self->temperature = 1;
    weft_status status = weft__alloc(&probabilities, view->count * self->classes,
        sizeof *probabilities, "probabilities");
    if (status == WEFT_OK)
        status = weft_classifier_predict_proba(self, view, probabilities, context);
    if (status == WEFT_OK)
        status =
            weft__temperature_fit(&t, probabilities, labels, view->count, self->classes);
    self->temperature = status == WEFT_OK ? t.value : before;
    if (status == WEFT_OK)
        weft__note(context,
            "%s: temperature %.4g: log loss of %zu pictures %.4f, %.4f before",
            self->info.name, t.value, view->count, t.loss, t.loss_before);
    free(labels);
    free(probabilities);
    return status;
}

double weft_classifier_temperature(const weft_classifier *self)
{
    return self->temperature;
}

weft_status weft_classifier_fit(weft_classifier *self, const weft_view *train,
    const weft_view *validation, weft_context *context)
{
    forget(self);
    WEFT_TRY(check_training_view(self, train));
    if (validation && validation->count == 0)
        validation = NULL;
    if (validation)
        WEFT_TRY(check_same_shape(self, validation, weft_dataset_shape(train->data)));
    WEFT_TRY(check_calibration(self, validation));
    weft_status status = begin_fit(self, train, context);
    if (status == WEFT_OK)
        status = self->family->fit(self, train, validation, context);
    if (status == WEFT_OK && wants_calibration(self))
        status = weft_classifier_calibrate(self, validation, context);
    if (status != WEFT_OK && !(status == WEFT_ECANCELLED && self->state))
        forget(self);
    return status;
}

weft_rate_range weft_rate_range_defaults(void)
{
    return (weft_rate_range){1e-6, 10, 200};
}

weft_status weft_classifier_prefer(const weft_classifier *self, weft_load_options *options)
{
    return self->family->prefer ? self->family->prefer(self, options) : WEFT_OK;
}

weft_status weft_classifier_find_rate(weft_rate_curve *out, weft_classifier *self,
    const weft_view *train, const weft_rate_range *range, weft_context *context)
{
    weft_rate_curve curve = {0};
    if (!self->family->find_rate)
        return weft_fail(WEFT_EUNSUPPORTED, "%s: has no learning rate", self->info.name);
    if (!(range->lowest > 0 && range->lowest < range->highest) ||
        !isfinite(range->highest) || range->steps < 10 || range->steps > 100000)
        return weft_fail(WEFT_EINVAL, "learning rates from %g to %g in %zu steps",
            range->lowest, range->highest, range->steps);
    forget(self);
    WEFT_TRY(check_training_view(self, train));
    weft_status status =
        weft__calloc(&curve.points, range->steps, sizeof *curve.points, "learning rates");
    if (status == WEFT_OK)
        status = begin_fit(self, train, context);
    if (status == WEFT_OK)
        status = self->family->find_rate(&curve, self, train, range, context);
    forget(self);
    if (status == WEFT_OK)
        *out = curve;
    else
        weft_rate_curve_clear(&curve);
    return status;
}

weft_status weft_classifier_training_work(
    double *steps, const weft_classifier *self, size_t pictures)
{
    if (!self->family->training_work)
        return weft_fail(
            WEFT_EUNSUPPORTED, "%s: does not learn in epochs", self->info.name);
    *steps = self->family->training_work(self, pictures);
    return WEFT_OK;
}

void weft_rate_curve_clear(weft_rate_curve *curve)
{
    free(curve->points);
    *curve = (weft_rate_curve){0};
}

weft_status weft_classifier_predict_proba(const weft_classifier *self,
    const weft_view *view, float *probabilities, weft_context *context)
{
    if (!self->state)
        return weft_fail(WEFT_EINVAL, "%s: not fitted yet", self->info.name);
    if (view->count == 0)
        return WEFT_OK;
    WEFT_TRY(check_same_shape(self, view, self->recipe.shape));
    WEFT_TRY(self->family->predict_proba(self, view, probabilities, context));
    weft__temperature_apply(self->temperature, probabilities, view->count, self->classes);
    return WEFT_OK;
}

size_t weft_classifier_embedding_size(const weft_classifier *self)
{
    return self->state && self->family->embedding_size ? self->family->embedding_size(self)
                                                       : 0;
}

weft_status weft_classifier_embed(const weft_classifier *self, const weft_view *view,
    float *embeddings, weft_context *context)
{
    if (!self->state)
        return weft_fail(WEFT_EINVAL, "%s: not fitted yet", self->info.name);
    if (weft_classifier_embedding_size(self) == 0)
        return weft_fail(WEFT_EUNSUPPORTED,
            "%s: has no embedding: only networks that end in a dense layer do",
            self->info.name);
    if (view->count == 0)
        return WEFT_OK;
    WEFT_TRY(check_same_shape(self, view, self->recipe.shape));
    return self->family->embed(self, view, embeddings, context);
}

weft_status weft__classifier_predict_golden(
    const weft_classifier *self, float *probabilities, weft_context *context)
{
    weft_dataset *data;
    WEFT_TRY(weft_dataset_create(
        &data, self->recipe.shape, self->golden_count, self->golden, NULL, 0, NULL));
    weft_view view = weft_view_all(data);
    weft_status status = weft_classifier_predict_proba(self, &view, probabilities, context);
    weft_dataset_free(data);
    return status;
}

weft_status weft_classifier_verify(const weft_classifier *self, double tolerance,
    size_t *checked, double *largest, weft_context *context)
{
    if (!self->state || !self->golden_expected)
        return weft_fail(
            WEFT_EINVAL, "%s: no golden pictures: not a saved model", self->info.name);
    float *now;
    WEFT_TRY(weft__alloc(
        &now, self->golden_count * self->classes, sizeof *now, "probabilities"));
    weft_status status = weft__classifier_predict_golden(self, now, context);
    double worst = 0;
    for (size_t i = 0; status == WEFT_OK && i < self->golden_count * self->classes; i++) {
        double expected = (double)self->golden_expected[i];
        double difference = fabs((double)now[i] - expected);
        if (!(difference <= tolerance))
            status = weft_fail(WEFT_ENUMERIC,
                "golden picture %zu, class '%s': probability %.9g, expected %.9g",
                i / self->classes, self->class_names[i % self->classes], (double)now[i],
                expected);
        worst = difference > worst ? difference : worst;
    }
    free(now);
    if (status == WEFT_OK && checked)
        *checked = self->golden_count;
    if (status == WEFT_OK && largest)
        *largest = worst;
    return status;
}

bool weft_classifier_is_fitted(const weft_classifier *self)
{
    return self->state != NULL;
}

const weft_classifier_info *weft_classifier_describe(const weft_classifier *self)
{
    return &self->info;
}

weft_recipe weft_classifier_recipe(const weft_classifier *self)
{
    return self->recipe;
}

size_t weft_classifier_classes(const weft_classifier *self)
{
    return self->classes;
}

const char *weft_classifier_class_name(const weft_classifier *self, size_t index)
{
    return index < self->classes ? self->class_names[index] : NULL;
}

const char *weft_classifier_data_digest(const weft_classifier *self)
{
    return self->data_digest;
}

const weft_epoch *weft_classifier_history(const weft_classifier *self, size_t *count)
{
    *count = self->history_count;
    return self->history;
}

weft_status weft__classifier_log(weft_classifier *self, const weft_epoch *epoch)
{
    WEFT_TRY(weft__grow(&self->history, &self->history_capacity, self->history_count + 1,
        sizeof *self->history, "the history"));
    self->history[self->history_count++] = *epoch;
    return WEFT_OK;
}

static weft_status replace_text(char **own, const char **shown, const char *text)
{
    char *copy = NULL;
    if (!text)
        return WEFT_OK;
    WEFT_TRY(weft__strdup(&copy, text));
    free(*own);
    *own = copy;
    *shown = copy;
    return WEFT_OK;
}

weft_status weft__classifier_entitle(
    weft_classifier *self, const char *name, const char *title, const char *source)
{
    WEFT_TRY(replace_text(&self->own_name, &self->info.name, name));
    WEFT_TRY(replace_text(&self->own_title, &self->info.title, title));
    return replace_text(&self->own_source, &self->info.source, source);
}
