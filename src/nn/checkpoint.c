#include "nn/checkpoint.h"

#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "core/file.h"
#include "core/mem.h"
#include "weft/weft.h"

static const char FORMAT[] = "1";
enum { OPTION_TEXT = 65536, LONGEST_SHOWN = 64, EPOCH_FIGURES = 8 };

static weft_status set(json_t *facts, const char *key, const char *value)
{
    if (json_object_set_new(facts, key, json_string(value)) != 0)
        return weft_fail(WEFT_ENOMEM, "no memory for a checkpoint's '%s'", key);
    return WEFT_OK;
}

/* The pictures in their order; which are held out may change while the data does not. */
static weft_status set_view(json_t *facts, const char *key, const weft_view *view)
{
    char text[WEFT__DIGEST_TEXT] = "none";
    if (view) {
        weft__digest digest;
        weft__digest_begin(&digest);
        const char *data = weft_dataset_digest(view->data);
        weft__digest_add(&digest, data, strlen(data));
        for (size_t i = 0; i < view->count; i++)
            weft__digest_add_u64(&digest, weft_view_at(view, i));
        weft__digest_end(&digest, text);
    }
    return set(facts, key, text);
}

static weft_status set_options(json_t *facts, const weft_classifier *self)
{
    char *text;
    WEFT_TRY(weft__alloc(&text, OPTION_TEXT, 1, "options"));
    weft_status status = WEFT_OK;
    for (const weft_param *p = self->family->params; status == WEFT_OK && p->name; p++) {
        status = weft_classifier_get(self, p->name, text, OPTION_TEXT);
        if (status == WEFT_OK)
            status = set(facts, p->name, text);
    }
    free(text);
    return status;
}

static weft_status set_all(
    json_t *facts, const weft_classifier *self, const weft__run_facts *f)
{
    char threads[16];
    snprintf(threads, sizeof threads, "%d", f->threads);
    WEFT_TRY(set_options(facts, self));
    WEFT_TRY(set(facts, "checkpoint format", FORMAT));
    WEFT_TRY(set(facts, "weft's version", weft_version()));
    WEFT_TRY(set(facts, "number of threads", threads));
    WEFT_TRY(set(facts, "arithmetic", f->precision));
    WEFT_TRY(set(facts, "network's text", f->network->text));
    WEFT_TRY(set_view(facts, "digest of the training pictures", f->train));
    return set_view(facts, "digest of the validation pictures", f->validation);
}

weft_status weft__checkpoint_facts(
    json_t **out, const weft_classifier *self, const weft__run_facts *facts)
{
    json_t *object = json_object();
    if (!object)
        return weft_fail(WEFT_ENOMEM, "no memory for a checkpoint");
    weft_status status = set_all(object, self, facts);
    if (status != WEFT_OK) {
        json_decref(object);
        return status;
    }
    *out = object;
    return WEFT_OK;
}

static weft_status history_rows(double **out, const weft_classifier *self)
{
    double *row;
    WEFT_TRY(
        weft__alloc(out, self->history_count * EPOCH_FIGURES, sizeof **out, "a history"));
    row = *out;
    for (size_t i = 0; i < self->history_count; i++, row += EPOCH_FIGURES) {
        const weft_epoch *e = &self->history[i];
        const double figures[EPOCH_FIGURES] = {e->epoch, e->loss, e->accuracy, e->val_loss,
            e->val_accuracy, e->learning_rate, e->seconds, e->rate};
        memcpy(row, figures, sizeof figures);
    }
    return WEFT_OK;
}

static weft_status make_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return WEFT_OK;
    char *folder = strndup(path, (size_t)(slash - path));
    if (!folder)
        return weft_fail(WEFT_ENOMEM, "no memory for a file name");
    weft_status status = weft__make_folder(folder);
    free(folder);
    return status;
}

weft_status weft__checkpoint_save(const char *path, json_t *facts,
    const weft_classifier *self, const weft__kept *kept, size_t count)
{
    weft__tensors tensors = {.metadata = json_incref(facts)};
    double *history = NULL;
    weft_status status = history_rows(&history, self);
    if (status == WEFT_OK)
        status = weft__tensors_add(&tensors, "history", WEFT__F64, 2,
            (size_t[]){self->history_count, EPOCH_FIGURES}, history);
    for (size_t i = 0; status == WEFT_OK && i < count; i++)
        status = weft__tensors_add(&tensors, kept[i].name, kept[i].dtype, 1,
            (size_t[]){kept[i].count}, kept[i].data);
    if (status == WEFT_OK)
        status = make_parent(path);
    if (status == WEFT_OK)
        status = weft__tensors_write(&tensors, path);
    weft__tensors_clear(&tensors);
    free(history);
    return status;
}

static weft_status check_facts(const weft__tensors *tensors, json_t *facts)
{
    const char *key, *path = tensors->path;
    json_t *fact;
    if (!weft__tensors_get(tensors, "checkpoint format"))
        return weft_fail(WEFT_EFORMAT, "%s: not a checkpoint", path);
    json_object_foreach(facts, key, fact)
    {
        const char *now = json_string_value(fact), *then = weft__tensors_get(tensors, key);
        if (then && strcmp(now, then) == 0)
            continue;
        bool shown = then && strlen(now) < LONGEST_SHOWN && strlen(then) < LONGEST_SHOWN;
        if (shown)
            return weft_fail(WEFT_EINVAL,
                "%s: cannot resume: %s was '%s' when it was written and is '%s' now", path,
                key, then, now);
        return weft_fail(WEFT_EINVAL,
            "%s: cannot resume: %s is not as it was when it was written", path, key);
    }
    return WEFT_OK;
}

static weft_status take_history(weft_classifier *self, const weft__tensors *tensors)
{
    const weft__tensor *found;
    WEFT_TRY(weft__tensors_need(
        tensors, "history", WEFT__F64, 2, (size_t[]){SIZE_MAX, EPOCH_FIGURES}, &found));
    const double *row = found->data;
    for (size_t i = 0; i < found->shape[0]; i++, row += EPOCH_FIGURES) {
        weft_epoch epoch = {.epoch = (uint32_t)i + 1,
            .loss = row[1],
            .accuracy = row[2],
            .val_loss = row[3],
            .val_accuracy = row[4],
            .learning_rate = row[5],
            .seconds = row[6],
            .rate = row[7]};
        WEFT_TRY(weft__classifier_log(self, &epoch));
    }
    return WEFT_OK;
}

/* Everything is checked before anything is taken. */
static weft_status take(const weft__tensors *tensors, json_t *facts, weft_classifier *self,
    const weft__kept *kept, size_t count)
{
    const weft__tensor *found;
    WEFT_TRY(check_facts(tensors, facts));
    for (size_t i = 0; i < count; i++)
        WEFT_TRY(weft__tensors_need(
            tensors, kept[i].name, kept[i].dtype, 1, (size_t[]){kept[i].count}, &found));
    WEFT_TRY(take_history(self, tensors));
    for (size_t i = 0; i < count; i++) {
        found = weft__tensors_find(tensors, kept[i].name);
        memcpy(kept[i].data, found->data, found->bytes);
    }
    return WEFT_OK;
}

weft_status weft__checkpoint_load(const char *path, json_t *facts, weft_classifier *self,
    const weft__kept *kept, size_t count)
{
    weft__tensors tensors;
    WEFT_TRY(weft__tensors_read(&tensors, path));
    weft_status status = take(&tensors, facts, self, kept, count);
    weft__tensors_clear(&tensors);
    return status;
}
