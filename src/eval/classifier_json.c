#include "eval/classifier_json.h"

#include <string.h>

#include "core/text.h"
#include "eval/evaluation.h"

/* An option's value in the JSON type it has. */
static json_t *option_json(const weft_param *param, const char *text)
{
    double real;
    uint64_t count;
    if (param->type == WEFT_PARAM_FLAG)
        return json_boolean(strcmp(text, "true") == 0);
    if (param->type == WEFT_PARAM_COUNT && weft__parse_count(text, &count) &&
        count <= INT64_MAX)
        return json_integer((json_int_t)count);
    if (param->type == WEFT_PARAM_REAL && weft__parse_real(text, &real))
        return json_real(real);
    return weft__json_text(text);
}

json_t *weft__options_json(const weft_classifier *classifier)
{
    json_t *options = json_object();
    const weft_param *param = weft_classifier_describe(classifier)->params;
    for (; param && param->name; param++) {
        char text[512];
        if (weft_classifier_get(classifier, param->name, text, sizeof text) == WEFT_OK)
            json_object_set_new(options, param->name, option_json(param, text));
    }
    return options;
}

json_t *weft__history_json(const weft_epoch *epochs, size_t count)
{
    static const struct {
        const char *name;
        size_t offset;
    } columns[] = {
        {"loss", offsetof(weft_epoch, loss)},
        {"accuracy", offsetof(weft_epoch, accuracy)},
        {"val_loss", offsetof(weft_epoch, val_loss)},
        {"val_accuracy", offsetof(weft_epoch, val_accuracy)},
        {"learning_rate", offsetof(weft_epoch, learning_rate)},
        {"seconds", offsetof(weft_epoch, seconds)},
    };
    json_t *history = json_object();
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++) {
        json_t *values = json_array();
        bool measured = false;
        for (size_t i = 0; i < count; i++) {
            double value;
            memcpy(&value, (const char *)&epochs[i] + columns[c].offset, sizeof value);
            json_t *json = weft__json_real(value);
            measured = measured || !json_is_null(json);
            json_array_append_new(values, json);
        }
        if (measured)
            json_object_set(history, columns[c].name, values);
        json_decref(values);
    }
    return history;
}
