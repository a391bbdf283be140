/* One run's record: a JSON file that appears when the run has ended. */
#include <stdlib.h>
#include <string.h>

#include "core/digest.h"
#include "core/file.h"
#include "core/mem.h"
#include "core/text.h"
#include "eval/classifier_json.h"
#include "eval/study.h"
#include "nn/named.h"

/* Bumped when a record of before no longer says what it should. */
static const uint64_t RECORD_FORMAT = 1;
enum { OPTION_TEXT = 65536, LARGEST_RECORD = 64 << 20 };

static void add_text(weft__digest *digest, const char *text)
{
    weft__digest_add(digest, text, strlen(text) + 1);
}

static bool is_standard(const weft_param *param, const char *value)
{
    double a, b;
    if (!param->standard)
        return !*value;
    return strcmp(value, param->standard) == 0 ||
           (weft__parse_real(value, &a) && weft__parse_real(param->standard, &b) && a == b);
}

/* What is at its default is left out, so that a later version with more to set knows the
 * records of this one. */
static weft_status add_layer(weft__digest *digest, const weft__node *node, char *value)
{
    add_text(digest, node->name);
    for (size_t i = 0; i < (size_t)node->inputs; i++)
        weft__digest_add_u64(digest, node->input[i]);
    for (const weft_param *p = node->kind->params; p && p->name; p++) {
        WEFT_TRY(
            weft_param_get(node->kind->params, node->options, p->name, value, OPTION_TEXT));
        if (is_standard(p, value))
            continue;
        add_text(digest, p->name);
        add_text(digest, value);
    }
    return WEFT_OK;
}

/* The layers are as much a part of the run as its options; the text's comments are not. */
static weft_status add_network(
    weft__digest *digest, const weft_classifier *classifier, char *value)
{
    weft__network network;
    char sizes[4096];
    if (!weft_param_find(weft_classifier_describe(classifier)->params, "network"))
        return WEFT_OK;
    WEFT_TRY(weft_classifier_get(classifier, "sizes", sizes, sizeof sizes));
    WEFT_TRY(weft_classifier_get(classifier, "network", value, OPTION_TEXT));
    WEFT_TRY(weft__network_named(&network, value, sizes));
    weft_status status = WEFT_OK;
    for (size_t i = 0; status == WEFT_OK && i < network.node_count; i++)
        status = add_layer(digest, &network.nodes[i], value);
    weft__network_clear(&network);
    return status;
}

weft_status weft__record_key(char key[65], const weft__study_run *run,
    const weft_classifier *classifier, const weft_data *data, bool quick)
{
    weft__digest digest;
    char *value;
    WEFT_TRY(weft__alloc(&value, OPTION_TEXT, 1, "an option"));
    weft__digest_begin(&digest);
    weft__digest_add_u64(&digest, RECORD_FORMAT);
    add_text(&digest, weft_classifier_describe(classifier)->name);
    add_text(&digest, run->experiment->protocol.text);
    weft__digest_add_u64(&digest, run->seed);
    weft__digest_add_u64(&digest, run->fold);
    weft__digest_add_u64(&digest, quick);
    add_text(&digest, weft_dataset_digest(data->train));
    weft__digest_add_u64(&digest, data->test ? weft_test_count(data->test) : 0);
    weft_status status = add_network(&digest, classifier, value);
    weft__digest_end(&digest, key);
    free(value);
    return status;
}

/* Whether the run had the classifier's options. One that the record does not know came
 * with a later version: it must be at its default. */
static bool has_options(const json_t *record, const weft_classifier *classifier)
{
    const json_t *recorded = json_object_get(record, "options");
    json_t *now = weft__options_json(classifier);
    const weft_param *params = weft_classifier_describe(classifier)->params;
    bool same = true;
    size_t known = 0;
    char value[512];
    for (const weft_param *p = params; same && p && p->name; p++) {
        const json_t *then = json_object_get(recorded, p->name);
        known += then != NULL;
        if (then)
            same = json_equal(then, json_object_get(now, p->name));
        else
            same =
                weft_classifier_get(classifier, p->name, value, sizeof value) == WEFT_OK &&
                is_standard(p, value);
    }
    json_decref(now);
    return same && known == json_object_size(recorded);
}

weft_status weft__record_load(
    json_t **out, const char *path, const char *key, const weft_classifier *classifier)
{
    uint8_t *bytes;
    size_t size;
    *out = NULL;
    weft_status status = weft__file_read(path, LARGEST_RECORD, &bytes, &size);
    if (status == WEFT_ENOTFOUND)
        return WEFT_OK;
    WEFT_TRY(status);
    json_error_t error;
    json_t *record = json_loadb((const char *)bytes, size, JSON_REJECT_DUPLICATES, &error);
    free(bytes);
    if (!json_is_object(record)) {
        json_decref(record);
        return weft_fail(WEFT_EFORMAT,
            "%s, line %d: expected a run's record, found no JSON object: remove it to "
            "run again",
            path, record ? 1 : error.line);
    }
    const char *found = json_string_value(json_object_get(record, "key"));
    if (found && strcmp(found, key) == 0 && has_options(record, classifier))
        *out = record;
    else
        json_decref(record);
    return WEFT_OK;
}

weft_status weft__record_save(const json_t *record, const char *path)
{
    char *text = json_dumps(record, JSON_INDENT(1));
    if (!text)
        return weft_fail(WEFT_ENOMEM, "no memory for a run's record");
    weft_status status = weft__file_write(path, text, strlen(text));
    free(text);
    return status;
}
