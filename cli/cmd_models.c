/* weft models: what there is to choose from, with every option. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "help.h"
#include "output.h"

static json_t *option_json(const weft_param *param)
{
    static const char *const types[] = {"flag", "count", "real", "choice", "text"};
    json_t *option = json_pack("{s:s, s:s, s:s?, s:s}", "name", param->name, "type",
        types[param->type], "default", param->standard, "help", param->help);
    if (param->type == WEFT_PARAM_COUNT || param->type == WEFT_PARAM_REAL) {
        json_object_set_new(option, "min", json_real(param->min));
        json_object_set_new(option, "max", json_real(param->max));
    }
    if (param->type == WEFT_PARAM_CHOICE)
        json_object_set_new(option, "choices", json_string(param->choices));
    return option;
}

static json_t *info_json(const weft_classifier_info *info)
{
    json_t *options = json_array();
    for (const weft_param *p = info->params; p->name; p++)
        json_array_append_new(options, option_json(p));
    return json_pack("{s:s, s:s, s:s, s:o}", "name", info->name, "title", info->title,
        "source", info->source, "options", options);
}

static void list_names(void)
{
    for (size_t i = 0; i < weft_classifier_catalogue_size(); i++) {
        const weft_classifier_info *info = weft_classifier_catalogue(i);
        help_entry(stdout, info->name, info->title);
    }
}

struct options {
    bool names;
};

static const weft_param table[] = {
    {"names", WEFT_PARAM_FLAG, offsetof(struct options, names), "false", 0, 0, NULL,
        "list names and titles alone"},
    {0},
};

/* Networks share one table: it is printed with the first of them. */
static void describe(const weft_classifier_info *info, const weft_classifier_info *before)
{
    printf("%s: %s\n", info->name, info->title);
    if (*info->source)
        printf("  from %s\n", info->source);
    if (before && before->params == info->params)
        printf("  options: those of %s\n", before->name);
    else
        help_options(stdout, info->params);
}

static void describe_all(void)
{
    weft_classifier_info first = {0};
    for (size_t i = 0; i < weft_classifier_catalogue_size(); i++) {
        const weft_classifier_info info = *weft_classifier_catalogue(i);
        if (i)
            putchar('\n');
        describe(&info, first.name ? &first : NULL);
        if (info.params != first.params)
            first = info;
    }
}

static weft_status print_json(const weft_classifier *one)
{
    json_t *list = json_array();
    if (one)
        json_array_append_new(list, info_json(weft_classifier_describe(one)));
    for (size_t i = 0; !one && i < weft_classifier_catalogue_size(); i++)
        json_array_append_new(list, info_json(weft_classifier_catalogue(i)));
    return output_json(list);
}

static weft_status run(struct call *call)
{
    const struct options *o = call->options;
    weft_classifier *one = NULL;
    weft_status status = WEFT_OK;
    if (call->count > 0)
        status = weft_classifier_create(&one, call->arguments[0]);
    if (status == WEFT_ENOTFOUND)
        return call_misused(call, "%s", weft_error());
    WEFT_TRY(status);
    if (call->json)
        status = print_json(one);
    else if (one)
        describe(weft_classifier_describe(one), NULL);
    else if (o->names)
        list_names();
    else
        describe_all();
    weft_classifier_free(one);
    return status;
}

const struct command command_models = {
    .name = "models",
    .summary = "list the classifiers, their options, defaults and ranges",
    .arguments = "[CLASSIFIER]",
    .max_arguments = 1,
    .example = "weft models\nweft models knn\nweft models --json",
    .options = table,
    .options_size = sizeof(struct options),
    .json = true,
    .run = run,
};
