/* A fitted classifier as one safetensors file.
 *
 * Metadata (all text, as the format demands; structured values are JSON in text):
 *   weft.format   "1"
 *   weft.version  the version that wrote it
 *   weft.family, weft.name
 *   weft.options  {"k": "5", ...}, every option as text
 *   weft.recipe   {"height":28,"width":28,"channels":1,"fit":"pad","background":0}
 *   weft.classes  ["T-shirt/top", ...]
 *   weft.digest   of the data that it was fitted on
 *   weft.calibration  {"temperature": 1.5}, where there is one
 *   weft.novelty  {"rate": 0.05, ...}, where what is unlike training was learnt
 *   weft.history  [{"epoch":1,"loss":...}, ...] but for timings, so that the same
 *                 training gives the same file
 * Arrays: the family's own, novelty.*, and golden.pixels, golden.probabilities. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/mem.h"
#include "model/calibrate.h"
#include "model/family.h"
#include "weft/weft.h"

static const char FORMAT[] = "1";
static const char *const FIT_NAMES[] = {"pad", "stretch", "crop", "product"};
enum { FITS = sizeof FIT_NAMES / sizeof *FIT_NAMES };
enum { OPTION_TEXT = 65536, LONGEST_HISTORY = 1000000 };

/* Puts a JSON value, consumed, into the metadata as text. */
static weft_status set_json(weft__tensors *tensors, const char *key, json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
    json_decref(value);
    if (!text)
        return weft_fail(WEFT_ENOMEM, "no memory for the metadata '%s'", key);
    weft_status status = weft__tensors_set(tensors, key, text);
    free(text);
    return status;
}

static weft_status save_options(const weft_classifier *self, weft__tensors *tensors)
{
    char *text;
    WEFT_TRY(weft__alloc(&text, OPTION_TEXT, 1, "options"));
    json_t *options = json_object();
    weft_status status = WEFT_OK;
    for (const weft_param *p = self->family->params; status == WEFT_OK && p->name; p++) {
        if (p->type == WEFT_PARAM_TEXT &&
            !*(char *const *)((const char *)self->options + p->offset))
            continue; /* not given */
        status = weft_classifier_get(self, p->name, text, OPTION_TEXT);
        if (status == WEFT_OK)
            json_object_set_new(options, p->name, json_string(text));
    }
    free(text);
    if (status != WEFT_OK) {
        json_decref(options);
        return status;
    }
    return set_json(tensors, "weft.options", options);
}

static json_t *history_json(const weft_classifier *self)
{
    json_t *rows = json_array();
    for (size_t i = 0; i < self->history_count; i++) {
        const weft_epoch *e = &self->history[i];
        const struct {
            const char *name;
            double value;
        } figures[] = {
            {"loss", e->loss},
            {"accuracy", e->accuracy},
            {"val_loss", e->val_loss},
            {"val_accuracy", e->val_accuracy},
            {"learning_rate", e->learning_rate},
        };
        json_t *row = json_pack("{s:I}", "epoch", (json_int_t)e->epoch);
        for (size_t f = 0; f < sizeof figures / sizeof *figures; f++)
            if (isfinite(figures[f].value)) /* JSON has no NaN: what is absent is NaN */
                json_object_set_new(row, figures[f].name, json_real(figures[f].value));
        json_array_append_new(rows, row);
    }
    return rows;
}

static weft_status save_metadata(const weft_classifier *self, weft__tensors *tensors)
{
    const weft_recipe *recipe = &self->recipe;
    json_t *classes = json_array();
    for (size_t i = 0; i < self->classes; i++)
        json_array_append_new(classes, json_string(self->class_names[i]));
    WEFT_TRY(set_json(tensors, "weft.classes", classes));
    WEFT_TRY(set_json(tensors, "weft.recipe",
        json_pack("{s:i,s:i,s:i,s:s,s:i}", "height", (int)recipe->shape.height, "width",
            (int)recipe->shape.width, "channels", (int)recipe->shape.channels, "fit",
            FIT_NAMES[recipe->fit], "background", (int)recipe->background)));
    WEFT_TRY(set_json(tensors, "weft.history", history_json(self)));
    if (self->temperature != 1)
        WEFT_TRY(set_json(tensors, "weft.calibration",
            json_pack("{s:f}", "temperature", self->temperature)));
    WEFT_TRY(save_options(self, tensors));
    WEFT_TRY(weft__tensors_set(tensors, "weft.format", FORMAT));
    WEFT_TRY(weft__tensors_set(tensors, "weft.version", weft_version()));
    WEFT_TRY(weft__tensors_set(tensors, "weft.family", self->family->name));
    WEFT_TRY(weft__tensors_set(tensors, "weft.name", self->info.name));
    return weft__tensors_set(tensors, "weft.digest", self->data_digest);
}

static weft_status save_golden(
    const weft_classifier *self, weft__tensors *tensors, const float *expected)
{
    weft_shape shape = self->recipe.shape;
    size_t pixels[] = {self->golden_count, shape.height, shape.width, shape.channels};
    size_t probabilities[] = {self->golden_count, self->classes};
    WEFT_TRY(
        weft__tensors_add(tensors, "golden.pixels", WEFT__U8, 4, pixels, self->golden));
    return weft__tensors_add(
        tensors, "golden.probabilities", WEFT__F32, 2, probabilities, expected);
}

weft_status weft_classifier_save(
    const weft_classifier *self, const char *path, weft_context *context)
{
    if (!self->state)
        return weft_fail(
            WEFT_EINVAL, "%s: nothing to save: %s is not fitted", path, self->info.name);
    float *expected;
    WEFT_TRY(weft__alloc(&expected, self->golden_count * self->classes, sizeof *expected,
        "golden probabilities"));
    weft__tensors tensors = {0};
    weft_status status = weft__classifier_predict_golden(self, expected, context);
    if (status == WEFT_OK)
        status = save_metadata(self, &tensors);
    if (status == WEFT_OK)
        status = save_golden(self, &tensors, expected);
    if (status == WEFT_OK)
        status = weft__novelty_save(self, &tensors);
    if (status == WEFT_OK)
        status = self->family->save(self, &tensors);
    if (status == WEFT_OK)
        status = weft__tensors_write(&tensors, path);
    weft__tensors_clear(&tensors);
    free(expected);
    return status;
}

static void digest_arrays(weft__digest *digest, const weft__tensors *tensors)
{
    for (size_t i = 0; i < tensors->count; i++) {
        const weft__tensor *t = &tensors->items[i];
        weft__digest_add(digest, t->name, strlen(t->name) + 1);
        weft__digest_add_u64(digest, t->dtype);
        weft__digest_add_u64(digest, t->rank);
        for (size_t d = 0; d < t->rank; d++)
            weft__digest_add_u64(digest, t->shape[d]);
        weft__digest_add(digest, t->data, t->bytes);
    }
}

weft_status weft__classifier_digest(
    const weft_classifier *self, char text[WEFT__DIGEST_TEXT])
{
    weft__tensors tensors = {0};
    weft_status status = save_metadata(self, &tensors);
    if (status == WEFT_OK)
        status = self->family->save(self, &tensors);
    char *metadata = status == WEFT_OK
                         ? json_dumps(tensors.metadata, JSON_COMPACT | JSON_SORT_KEYS)
                         : NULL;
    if (status == WEFT_OK && !metadata)
        status = weft_fail(WEFT_ENOMEM, "no memory for a model's digest");
    if (status == WEFT_OK) {
        weft__digest digest;
        weft__digest_begin(&digest);
        weft__digest_add(&digest, metadata, strlen(metadata) + 1);
        digest_arrays(&digest, &tensors);
        weft__digest_end(&digest, text);
    }
    free(metadata);
    weft__tensors_clear(&tensors);
    return status;
}

/* The metadata `key` as JSON, owned by the caller, of the given type. */
static weft_status get_json(
    const weft__tensors *tensors, const char *key, json_type type, json_t **out)
{
    const char *text = weft__tensors_get(tensors, key);
    if (!text)
        return weft_fail(WEFT_EFORMAT, "%s: not a weft model: no '%s' in its metadata",
            tensors->path, key);
    json_t *value = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    if (!value || json_typeof(value) != type) {
        json_decref(value);
        return weft_fail(WEFT_EFORMAT, "%s: metadata '%s' is damaged", tensors->path, key);
    }
    *out = value;
    return WEFT_OK;
}

static weft_status load_classes(weft_classifier *self, const weft__tensors *tensors)
{
    json_t *names;
    WEFT_TRY(get_json(tensors, "weft.classes", JSON_ARRAY, &names));
    size_t count = json_array_size(names);
    weft_status status = WEFT_OK;
    if (count < 2 || count > WEFT_MAX_CLASSES)
        status = weft_fail(WEFT_EFORMAT, "%s: %zu classes, expected 2 to %d", tensors->path,
            count, WEFT_MAX_CLASSES);
    if (status == WEFT_OK)
        status = weft__calloc(&self->class_names, count, sizeof(char *), "class names");
    if (status == WEFT_OK)
        self->classes = count;
    for (size_t i = 0; status == WEFT_OK && i < count; i++) {
        const char *name = json_string_value(json_array_get(names, i));
        status = name ? weft__strdup(&self->class_names[i], name)
                      : weft_fail(WEFT_EFORMAT, "%s: name of class %zu is no text",
                            tensors->path, i);
    }
    json_decref(names);
    return status;
}

static weft_status read_recipe(weft_recipe *recipe, const json_t *from, const char *path)
{
    int height, width, channels, background, fit = 0;
    const char *fit_name;
    if (json_unpack((json_t *)from, "{s:i,s:i,s:i,s:s,s:i}", "height", &height, "width",
            &width, "channels", &channels, "fit", &fit_name, "background", &background))
        return weft_fail(WEFT_EFORMAT, "%s: metadata 'weft.recipe' is damaged", path);
    while (fit < FITS && strcmp(FIT_NAMES[fit], fit_name) != 0)
        fit++;
    if (fit == FITS || height < 1 || height > WEFT_MAX_SIDE || width < 1 ||
        width > WEFT_MAX_SIDE || (channels != 1 && channels != 3) || background < 0 ||
        background > 255)
        return weft_fail(WEFT_EFORMAT,
            "%s: metadata 'weft.recipe' asks for pictures of %dx%dx%d, fit '%s'", path,
            height, width, channels, fit_name);
    *recipe = (weft_recipe){{(uint32_t)height, (uint32_t)width, (uint32_t)channels},
        (weft_fit)fit, (uint8_t)background};
    return WEFT_OK;
}

static weft_status load_options(weft_classifier *self, const weft__tensors *tensors)
{
    json_t *options, *value;
    const char *name;
    WEFT_TRY(get_json(tensors, "weft.options", JSON_OBJECT, &options));
    weft_status status = WEFT_OK;
    json_object_foreach(options, name, value)
    {
        const char *text = json_string_value(value);
        status = text ? weft_classifier_set(self, name, text)
                      : weft_fail(WEFT_EINVAL, "%s is no text", name);
        if (status != WEFT_OK) {
            status = weft_fail(status == WEFT_ENOMEM ? status : WEFT_EFORMAT,
                "%s: metadata 'weft.options': %s", tensors->path, weft_error());
            break;
        }
    }
    json_decref(options);
    return status;
}

static double figure(const json_t *row, const char *name)
{
    const json_t *value = json_object_get(row, name);
    return json_is_number(value) ? json_number_value(value) : NAN;
}

static weft_status load_history(weft_classifier *self, const weft__tensors *tensors)
{
    json_t *rows, *row;
    size_t i;
    WEFT_TRY(get_json(tensors, "weft.history", JSON_ARRAY, &rows));
    weft_status status = WEFT_OK;
    if (json_array_size(rows) > LONGEST_HISTORY)
        status = weft_fail(WEFT_EFORMAT, "%s: a history of %zu epochs", tensors->path,
            json_array_size(rows));
    json_array_foreach(rows, i, row)
    {
        if (status != WEFT_OK)
            break;
        weft_epoch epoch = {
            .epoch = (uint32_t)json_integer_value(json_object_get(row, "epoch")),
            .loss = figure(row, "loss"),
            .accuracy = figure(row, "accuracy"),
            .val_loss = figure(row, "val_loss"),
            .val_accuracy = figure(row, "val_accuracy"),
            .learning_rate = figure(row, "learning_rate"),
            .seconds = NAN,
            .rate = NAN,
        };
        status = weft__classifier_log(self, &epoch);
    }
    json_decref(rows);
    return status;
}

static weft_status load_calibration(weft_classifier *self, const weft__tensors *tensors)
{
    if (!weft__tensors_get(tensors, "weft.calibration"))
        return WEFT_OK;
    json_t *calibration;
    WEFT_TRY(get_json(tensors, "weft.calibration", JSON_OBJECT, &calibration));
    double temperature = figure(calibration, "temperature");
    json_decref(calibration);
    if (!(temperature >= WEFT__TEMPERATURE_MIN && temperature <= WEFT__TEMPERATURE_MAX))
        return weft_fail(WEFT_EFORMAT,
            "%s: metadata 'weft.calibration': temperature %g, expected %g to %g",
            tensors->path, temperature, WEFT__TEMPERATURE_MIN, WEFT__TEMPERATURE_MAX);
    self->temperature = temperature;
    return WEFT_OK;
}

static weft_status load_golden(weft_classifier *self, const weft__tensors *tensors)
{
    weft_shape shape = self->recipe.shape;
    const weft__tensor *pixels, *probabilities;
    size_t pixel_shape[] = {SIZE_MAX, shape.height, shape.width, shape.channels};
    WEFT_TRY(
        weft__tensors_need(tensors, "golden.pixels", WEFT__U8, 4, pixel_shape, &pixels));
    size_t count = pixels->shape[0];
    if (count > WEFT__GOLDEN)
        return weft_fail(WEFT_EFORMAT, "%s: %zu golden pictures, expected at most %d",
            tensors->path, count, WEFT__GOLDEN);
    size_t probability_shape[] = {count, self->classes};
    WEFT_TRY(weft__tensors_need(
        tensors, "golden.probabilities", WEFT__F32, 2, probability_shape, &probabilities));
    WEFT_TRY(weft__alloc(&self->golden, pixels->bytes, 1, "golden pictures"));
    WEFT_TRY(weft__alloc(
        &self->golden_expected, probabilities->bytes, 1, "golden probabilities"));
    memcpy(self->golden, pixels->data, pixels->bytes);
    memcpy(self->golden_expected, probabilities->data, probabilities->bytes);
    self->golden_count = count;
    return WEFT_OK;
}

static weft_status find_saved_family(const weft__tensors *tensors, const weft__family **out)
{
    const char *format = weft__tensors_get(tensors, "weft.format");
    const char *name = weft__tensors_get(tensors, "weft.family");
    if (!format || !name)
        return weft_fail(WEFT_EFORMAT,
            "%s: a safetensors file, but not a weft model: no 'weft.format' in its "
            "metadata",
            tensors->path);
    if (strcmp(format, FORMAT) != 0)
        return weft_fail(WEFT_EUNSUPPORTED,
            "%s: model format '%s', this version reads '%s'", tensors->path, format,
            FORMAT);
    for (const weft__family *const *family = weft__families; *family; family++)
        if (strcmp((*family)->name, name) == 0) {
            *out = *family;
            return WEFT_OK;
        }
    return weft_fail(
        WEFT_EUNSUPPORTED, "%s: unknown classifier family '%s'", tensors->path, name);
}

static weft_status load_into(weft_classifier *self, const weft__tensors *tensors)
{
    const char *digest = weft__tensors_get(tensors, "weft.digest");
    const char *name = weft__tensors_get(tensors, "weft.name");
    if (digest && strlen(digest) < sizeof self->data_digest)
        memcpy(self->data_digest, digest, strlen(digest) + 1);
    WEFT_TRY(weft__classifier_entitle(self, name, NULL, NULL));
    json_t *recipe;
    WEFT_TRY(get_json(tensors, "weft.recipe", JSON_OBJECT, &recipe));
    weft_status status = read_recipe(&self->recipe, recipe, tensors->path);
    json_decref(recipe);
    WEFT_TRY(status);
    WEFT_TRY(load_classes(self, tensors));
    WEFT_TRY(load_options(self, tensors));
    WEFT_TRY(load_history(self, tensors));
    WEFT_TRY(load_calibration(self, tensors));
    WEFT_TRY(load_golden(self, tensors));
    WEFT_TRY(self->family->load(self, tensors));
    return weft__novelty_load(self, tensors); /* asks for the embedding's length */
}

weft_status weft__classifier_from_tensors(
    weft_classifier **out, const weft__tensors *tensors)
{
    const weft__family *family = NULL;
    weft_classifier *self = NULL;
    weft_status status = find_saved_family(tensors, &family);
    if (status == WEFT_OK)
        status = weft_classifier_create(&self, family->name);
    if (status == WEFT_OK)
        status = load_into(self, tensors);
    if (status != WEFT_OK) {
        weft_classifier_free(self);
        return status;
    }
    *out = self;
    return WEFT_OK;
}

weft_status weft_classifier_load(weft_classifier **out, const char *path)
{
    weft__tensors tensors;
    WEFT_TRY(weft__tensors_read(&tensors, path));
    weft_status status = weft__classifier_from_tensors(out, &tensors);
    weft__tensors_clear(&tensors);
    return status;
}
