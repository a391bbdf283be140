/* What makes a search the same search. */
#include <stdlib.h>
#include <string.h>

#include "nn/named.h"
#include "tune/tuning.h"
#include "weft/weft.h"

static void add_text(weft__digest *digest, const char *text)
{
    weft__digest_add(digest, text ? text : "", text ? strlen(text) + 1 : 1);
}

static void add_texts(weft__digest *digest, const char *const *texts, size_t count)
{
    weft__digest_add_u64(digest, count);
    for (size_t i = 0; i < count; i++)
        add_text(digest, texts[i]);
}

static void add_real(weft__digest *digest, double value)
{
    weft__digest_add(digest, &value, sizeof value);
}

static void add_view(weft__digest *digest, const weft_view *view)
{
    weft__digest_add_u64(digest, view->count);
    if (view->count == 0)
        return;
    add_text(digest, weft_dataset_digest(view->data));
    for (size_t i = 0; view->index && i < view->count; i++)
        weft__digest_add_u64(digest, view->index[i]);
}

/* A network's text may change while its path stays. */
static weft_status add_network(weft__digest *digest, const char *name)
{
    weft__network network;
    weft_classifier *classifier;
    char text[4096] = "";
    WEFT_TRY(weft_classifier_create(&classifier, name));
    weft_status status = WEFT_OK;
    if (weft_param_find(weft_classifier_describe(classifier)->params, "sizes"))
        status = weft_classifier_get(classifier, "network", text, sizeof text);
    weft_classifier_free(classifier);
    if (status != WEFT_OK || !*text)
        return status;
    WEFT_TRY(weft__network_named(&network, text, NULL));
    add_text(digest, network.text);
    weft__network_clear(&network);
    return WEFT_OK;
}

static weft_status add_networks(weft__digest *digest, const weft_tuning *t)
{
    WEFT_TRY(add_network(digest, t->options.classifier));
    for (size_t i = 0; i < t->space.count; i++) {
        const weft__dimension *d = &t->space.dimensions[i];
        for (size_t v = 0; d->kind == WEFT__NETWORK && v < d->value_count; v++)
            WEFT_TRY(add_network(digest, d->values[v]));
    }
    return WEFT_OK;
}

weft_status weft__tuning_identity(char text[WEFT__DIGEST_TEXT], const weft_tuning *t)
{
    const weft_tune_options *o = &t->options;
    weft__digest digest;
    weft__digest_begin(&digest);
    add_text(&digest, weft_version());
    add_text(&digest, o->classifier);
    add_texts(&digest, o->fixed, o->fixed_count);
    add_texts(&digest, o->space, o->space_count);
    const uint64_t numbers[] = {o->trials, o->folds, (uint64_t)o->scoring, o->halving,
        o->halving ? o->factor : 0, o->seed};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        weft__digest_add_u64(&digest, numbers[i]);
    add_real(&digest, t->validation.count || o->folds ? 0 : o->validation);
    add_view(&digest, &t->train);
    add_view(&digest, &t->validation);
    if (t->assignment) /* which groups there are decides it, too */
        weft__digest_add(&digest, t->assignment, t->train.count);
    weft_status status = add_networks(&digest, t);
    weft__digest_end(&digest, text);
    return status;
}
