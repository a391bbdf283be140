/* An inspector as one safetensors file. Metadata weft.format "1", weft.version,
 * weft.inspect (JSON: recipe, rate, threshold, scales). Arrays: sheet.S.place.P.* for each
 * place of each sheet, and network.model, the bytes of a model's file. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/file.h"
#include "core/mem.h"
#include "model/family.h"
#include "search/inspect.h"
#include "weft/weft.h"

enum { LARGEST_MODEL = 1 << 30 };

static weft_status use_model(weft_inspector *self, const char *where)
{
    weft__tensors tensors;
    WEFT_TRY(weft__tensors_parse(&tensors, where, self->model_file, self->model_size));
    weft_status status = weft__classifier_from_tensors(&self->model, &tensors);
    weft__tensors_clear(&tensors);
    WEFT_TRY(status);
    weft_shape a = self->model->recipe.shape, b = self->recipe.shape;
    if (a.height != b.height || a.width != b.width || a.channels != b.channels)
        return weft_fail(WEFT_EINVAL, "%s: takes pictures of %ux%ux%u, these are %ux%ux%u",
            where, a.height, a.width, a.channels, b.height, b.width, b.channels);
    return WEFT_OK;
}

weft_status weft__inspect_take_model(weft_inspector *self, const char *path)
{
    WEFT_TRY(weft__file_read(path, LARGEST_MODEL, &self->model_file, &self->model_size));
    return use_model(self, path);
}

static json_t *figures_json(const weft_inspector *self)
{
    const weft_recipe *r = &self->recipe;
    json_t *scales = json_array();
    for (size_t s = 0; s < self->sheet_count; s++)
        for (int w = 0; w < WEFT__INSPECT_WAYS; w++)
            json_array_append_new(scales,
                json_pack("[f, f]", self->scales[s][w].middle, self->scales[s][w].far));
    return json_pack("{s:i, s:i, s:i, s:i, s:i, s:f, s:f, s:i, s:o}", "height",
        (int)r->shape.height, "width", (int)r->shape.width, "channels",
        (int)r->shape.channels, "fit", (int)r->fit, "background", (int)r->background,
        "reject", self->reject, "threshold", self->threshold, "join", self->join, "scales",
        scales);
}

static weft_status fill(const weft_inspector *self, weft__tensors *tensors)
{
    json_t *json = figures_json(self);
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL, name[64];
    json_decref(json);
    if (!text)
        return weft_fail(WEFT_ENOMEM, "no memory for the metadata 'weft.inspect'");
    weft_status status = weft__tensors_set(tensors, "weft.inspect", text);
    free(text);
    WEFT_TRY(status);
    WEFT_TRY(weft__tensors_set(tensors, "weft.format", "1"));
    WEFT_TRY(weft__tensors_set(tensors, "weft.version", weft_version()));
    for (size_t s = 0; s < self->sheet_count; s++)
        for (size_t p = 0; p < self->sheets[s].rows * self->sheets[s].columns; p++) {
            snprintf(name, sizeof name, "sheet.%zu.place.%04zu", s, p);
            WEFT_TRY(weft__normal_save(&self->sheets[s].places[p], name, tensors));
        }
    if (self->model)
        WEFT_TRY(weft__tensors_add(
            tensors, "network.model", WEFT__U8, 1, &self->model_size, self->model_file));
    return WEFT_OK;
}

weft_status weft_inspector_save(const weft_inspector *self, const char *path)
{
    weft__tensors tensors = {0};
    weft_status status = fill(self, &tensors);
    if (status == WEFT_OK)
        status = weft__tensors_write(&tensors, path);
    weft__tensors_clear(&tensors);
    return status;
}

static weft_status read_scales(weft_inspector *self, const json_t *scales, const char *path)
{
    if (json_array_size(scales) != self->sheet_count * WEFT__INSPECT_WAYS)
        return weft_fail(WEFT_EFORMAT,
            "%s: metadata 'weft.inspect': %zu scales, expected %zu", path,
            json_array_size(scales), self->sheet_count * WEFT__INSPECT_WAYS);
    for (size_t i = 0; i < json_array_size(scales); i++) {
        weft__inspect_scale *to =
            &self->scales[i / WEFT__INSPECT_WAYS][i % WEFT__INSPECT_WAYS];
        if (json_unpack(json_array_get(scales, i), "[F, F]", &to->middle, &to->far))
            return weft_fail(
                WEFT_EFORMAT, "%s: metadata 'weft.inspect': scale %zu is damaged", path, i);
    }
    return WEFT_OK;
}

static weft_status read_figures(weft_inspector *self, json_t *json, const char *path)
{
    int height, width, channels, fit, background;
    if (json_unpack(json, "{s:i, s:i, s:i, s:i, s:i, s:F, s:F, s:i}", "height", &height,
            "width", &width, "channels", &channels, "fit", &fit, "background", &background,
            "reject", &self->reject, "threshold", &self->threshold, "join", &self->join) ||
        height < 1 || height > WEFT_MAX_SIDE || width < 1 || width > WEFT_MAX_SIDE ||
        (channels != 1 && channels != 3) || fit < 0 || fit > WEFT_FIT_CROP ||
        background < 0 || background > 255 || !(self->threshold > 0) || self->join < 0 ||
        self->join > WEFT__INSPECT_WAYS)
        return weft_fail(WEFT_EFORMAT, "%s: metadata 'weft.inspect' is damaged", path);
    self->recipe = (weft_recipe){{(uint32_t)height, (uint32_t)width, (uint32_t)channels},
        (weft_fit)fit, (uint8_t)background};
    return WEFT_OK;
}

static weft_status read_places(weft_inspector *self, const weft__tensors *tensors)
{
    char name[64];
    for (size_t s = 0; s < self->sheet_count; s++)
        for (size_t p = 0; p < self->sheets[s].rows * self->sheets[s].columns; p++) {
            snprintf(name, sizeof name, "sheet.%zu.place.%04zu", s, p);
            WEFT_TRY(weft__normal_load(
                &self->sheets[s].places[p], name, self->sheets[s].dims, 1, tensors));
        }
    return WEFT_OK;
}

static weft_status read_model(weft_inspector *self, const weft__tensors *tensors)
{
    const size_t any[] = {SIZE_MAX};
    const weft__tensor *file;
    if (!weft__tensors_find(tensors, "network.model"))
        return WEFT_OK;
    WEFT_TRY(weft__tensors_need(tensors, "network.model", WEFT__U8, 1, any, &file));
    WEFT_TRY(weft__alloc(&self->model_file, file->bytes, 1, "a model"));
    memcpy(self->model_file, file->data, file->bytes);
    self->model_size = file->bytes;
    return use_model(self, tensors->path);
}

static weft_status load_into(weft_inspector *self, const weft__tensors *tensors)
{
    const char *text = weft__tensors_get(tensors, "weft.inspect");
    json_t *json = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
    weft_status status = WEFT_OK;
    if (!json)
        return weft_fail(WEFT_EFORMAT,
            "%s: not what 'weft inspect --learn' writes: no 'weft.inspect' in its metadata",
            tensors->path);
    status = read_figures(self, json, tensors->path);
    if (status == WEFT_OK)
        status = read_model(self, tensors);
    if (status == WEFT_OK)
        status = weft__inspect_plan(self);
    if (status == WEFT_OK)
        status = read_scales(self, json_object_get(json, "scales"), tensors->path);
    if (status == WEFT_OK)
        status = read_places(self, tensors);
    json_decref(json);
    return status;
}

weft_status weft_inspector_load(weft_inspector **out, const char *path)
{
    weft__tensors tensors;
    weft_inspector *self;
    WEFT_TRY(weft__tensors_read(&tensors, path));
    weft_status status = weft__calloc(&self, 1, sizeof *self, "an inspector");
    if (status == WEFT_OK) {
        status = load_into(self, &tensors);
        if (status == WEFT_OK)
            *out = self;
        else
            weft_inspector_free(self);
    }
    weft__tensors_clear(&tensors);
    return status;
}
