/* weft explore: what a data set looks like, as text, JSON and a page. */
#include <jansson.h>
#include <stdlib.h>

#include "again.h"
#include "data_options.h"
#include "folder.h"
#include "output.h"

struct options {
    struct data_options data;
    char *out;
    uint64_t seed;
    double similarity;
};

static const weft_param table[] = {
    {"out", WEFT_PARAM_TEXT, offsetof(struct options, out), NULL, 0, 0, NULL,
        "a new folder for the page and the JSON; runs/explore when not given"},
    {"seed", WEFT_PARAM_COUNT, offsetof(struct options, seed), "1", 0, 4294967295.0, NULL,
        "what is drawn by chance depends on this alone"},
    {"similarity", WEFT_PARAM_REAL, offsetof(struct options, similarity), "0", 0, 1, NULL,
        "from here on pictures are copies, 0.5 to 1; 1: exact ones alone; 0: by the data"},
    DATA_OPTIONS(struct options, data),
    {0},
};

struct exploring {
    weft_data data;
    weft_exploration *exploration;
    struct folder folder;
    char *command; /* owned */
};

static void clear(struct exploring *x)
{
    weft_exploration_free(x->exploration);
    weft_data_clear(&x->data);
    folder_clear(&x->folder);
    free(x->command);
}

static weft_status print_json(const struct exploring *x, const char *page)
{
    char *text;
    WEFT_TRY(weft_exploration_json(&text, x->exploration));
    json_t *json = json_loads(text, 0, NULL);
    free(text);
    if (json)
        json_object_set_new(json, "page", json_string(page));
    return output_json(json);
}

static weft_status print(const struct exploring *x, const struct call *call)
{
    char *page, *text;
    if (asprintf(&page, "%s/explore.html", x->folder.path) < 0)
        return weft_fail(WEFT_ENOMEM, "no memory for a file name");
    weft_status status;
    if (call->json)
        status = print_json(x, page);
    else if ((status = weft_exploration_text(&text, x->exploration)) == WEFT_OK) {
        printf("%s\n%s\n", text, page);
        free(text);
    }
    free(page);
    return status;
}

static weft_status explore(struct exploring *x, struct call *call)
{
    const struct options *o = call->options;
    weft_explore_options options = weft_explore_defaults();
    if (o->similarity > 0 && o->similarity < 0.5)
        return call_misused(
            call, "--similarity %g: expected 0, or 0.5 to 1", o->similarity);
    WEFT_TRY(data_options_load(&x->data, call->arguments[0], &o->data, call));
    /* After the data, which may lie in the present one. */
    WEFT_TRY(folder_choose(&x->folder, o->out, "explore"));
    WEFT_TRY(again(&x->command, call));
    options.seed = o->seed;
    options.similarity = o->similarity;
    options.source = call->arguments[0];
    options.command = x->command;
    WEFT_TRY(weft_explore(&x->exploration, &x->data, &options, call->context));
    WEFT_TRY(weft_exploration_save(x->folder.path, x->exploration));
    return print(x, call);
}

static weft_status run(struct call *call)
{
    struct exploring x = {0};
    weft_status status = explore(&x, call);
    clear(&x);
    return status;
}

const struct command command_explore = {
    .name = "explore",
    .summary = "show what a data set looks like",
    .arguments = "WHERE",
    .min_arguments = 1,
    .max_arguments = 1,
    .details =
        "WHERE is a folder, a CSV file, fashion-mnist or synth. Pictures per class and "
        "split, "
        "sizes of files, pixel values, the mean picture of each class and its spread, "
        "principal components, which classes lie near each other, and copies, also turned, "
        "rescaled or recompressed ones, within and across splits. Ends with the path of "
        "explore.html, one file that opens offline; explore.json beside it holds the same "
        "figures. Of the test split only numbers, sizes and copies are looked at.",
    .example = "weft explore fashion-mnist\n"
               "weft explore photos/ --size 64 --out looked-at",
    .options = table,
    .options_size = sizeof(struct options),
    .json = true,
    .run = run,
};
