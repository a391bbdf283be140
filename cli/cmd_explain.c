/* weft explain: where on pictures a model found its answer. */
#include <stdlib.h>
#include <string.h>

#include "again.h"
#include "data_options.h"
#include "explain_text.h"
#include "folder.h"
#include "names.h"
#include "output.h"
#include "weft/explain.h"
#include "weft/picture.h"

enum { TEST, VALIDATION, TRAIN };

struct options {
    weft_explain_options explain;
    char *where, *class, *out;
    int split;
    uint64_t limit, pictures, examples;
    bool check;
};

#define AT(field) offsetof(struct options, field)

static const weft_param table[] = {
    WEFT_EXPLAIN_PARAMS(struct options, explain),
    {"class", WEFT_PARAM_TEXT, AT(class), NULL, 0, 0, NULL,
        "explain this class's score; the class predicted when not given"},
    {"check", WEFT_PARAM_FLAG, AT(check), "false", 0, 0, NULL,
        "also take pixels away by the map's order, and put them back, beside a random "
        "order"},
    {"data", WEFT_PARAM_TEXT, AT(where), NULL, 0, 0, NULL,
        "explain this data instead of picture files"},
    {"split", WEFT_PARAM_CHOICE, AT(split), "test", 0, 0, "test|validation|train",
        "data: which part"},
    {"limit", WEFT_PARAM_COUNT, AT(limit), "0", 0, 4294967295.0, NULL,
        "data: at most N pictures, evenly over classes; 0: all"},
    {"pictures", WEFT_PARAM_COUNT, AT(pictures), "60", 0, 10000, NULL,
        "how many get a picture of their own, spread evenly"},
    {"examples", WEFT_PARAM_COUNT, AT(examples), "6", 0, 1000, NULL,
        "training pictures shown with each, where the model keeps them"},
    {"out", WEFT_PARAM_TEXT, AT(out), NULL, 0, 0, NULL,
        "a new folder for page, JSON and pictures; runs/explain when not given"},
    {0},
};

/* One use of the command. */
struct explaining {
    weft_classifier *model;
    weft_dataset *files; /* of picture files */
    weft_data data;      /* of --data */
    weft_view view;
    float *maps, *probabilities;
    uint16_t *classes;
    weft_evidence evidence;
    struct folder folder;
    char *command;
};

static void clear(struct explaining *x)
{
    weft_classifier_free(x->model);
    weft_dataset_free(x->files);
    weft_data_clear(&x->data);
    free(x->maps);
    free(x->probabilities);
    free(x->classes);
    weft_evidence_clear(&x->evidence);
    folder_clear(&x->folder);
    free(x->command);
}

static weft_status read_files(struct explaining *x, struct call *call)
{
    struct names names = {0};
    weft_recipe recipe = weft_classifier_recipe(x->model);
    weft_status status = WEFT_OK;
    for (size_t i = 1; status == WEFT_OK && i < call->count; i++)
        status = names_add(&names, call->arguments[i]);
    if (status == WEFT_OK)
        status = weft_dataset_from_files(&x->files, (const char *const *)names.items,
            names.count, &recipe, call->context);
    names_clear(&names);
    WEFT_TRY(status);
    if (weft_dataset_count(x->files) == 0)
        return weft_fail(WEFT_ENOTFOUND, "no pictures that can be read there");
    x->view = weft_view_all(x->files);
    return WEFT_OK;
}

static weft_status read_data(struct explaining *x, struct call *call)
{
    const struct options *o = call->options;
    weft_recipe recipe = weft_classifier_recipe(x->model);
    weft_load_options load = weft_load_defaults();
    load.height = recipe.shape.height;
    load.width = recipe.shape.width;
    load.channels = recipe.shape.channels;
    load.fit = recipe.fit;
    load.background = recipe.background;
    load.limit = o->limit;
    WEFT_TRY(weft_data_load(&x->data, o->where, &load, call->context));
    if (o->split == TEST && x->data.test)
        x->view = weft_test_open(x->data.test);
    else if (o->split == VALIDATION && x->data.validation)
        x->view = weft_view_all(x->data.validation);
    else if (o->split == TRAIN)
        x->view = weft_view_all(x->data.train);
    else
        return weft_fail(
            WEFT_ENOTFOUND, "%s: no such split: --split takes another", o->where);
    return WEFT_OK;
}

static weft_status choose_classes(struct explaining *x, const struct options *o)
{
    size_t class = WEFT_EXPLAIN_PREDICTED, count = weft_classifier_classes(x->model);
    for (size_t c = 0; o->class && c < count; c++)
        if (strcmp(weft_classifier_class_name(x->model, c), o->class) == 0)
            class = c;
    if (o->class && class == WEFT_EXPLAIN_PREDICTED)
        return weft_fail(
            WEFT_ENOTFOUND, "--class %s: the model knows no such class", o->class);
    for (size_t i = 0; i < x->view.count; i++)
        x->classes[i] = (uint16_t) class;
    return WEFT_OK;
}

static weft_status make_room(struct explaining *x)
{
    weft_shape shape = weft_classifier_recipe(x->model).shape;
    size_t pixels = (size_t)shape.height * shape.width;
    x->maps = calloc(x->view.count * pixels, sizeof *x->maps);
    x->classes = calloc(x->view.count, sizeof *x->classes);
    x->probabilities =
        calloc(x->view.count * weft_classifier_classes(x->model), sizeof *x->probabilities);
    if (!x->maps || !x->classes || !x->probabilities)
        return weft_fail(
            WEFT_ENOMEM, "no memory for the maps of %zu pictures", x->view.count);
    return WEFT_OK;
}

/* The maps' faithfulness, then noise's. */
static weft_status check(
    struct explaining *x, weft_faithfulness found[2], struct call *call)
{
    const struct options *o = call->options;
    weft_explain_options noise = o->explain;
    weft_shape shape = weft_classifier_recipe(x->model).shape;
    noise.method = WEFT_EXPLAIN_RANDOM;
    noise.untrained = false;
    float *random = calloc(x->view.count * shape.height * shape.width, sizeof *random);
    if (!random)
        return weft_fail(WEFT_ENOMEM, "no memory for the check");
    weft_status status = weft_explain_faithfulness(&found[0], x->maps, x->classes, x->model,
        &x->view, o->explain.baseline, call->context);
    if (status == WEFT_OK)
        status = weft_explain(
            random, x->classes, NULL, x->model, &x->view, &noise, call->context);
    if (status == WEFT_OK)
        status = weft_explain_faithfulness(&found[1], random, x->classes, x->model,
            &x->view, o->explain.baseline, call->context);
    free(random);
    return status;
}

static weft_status print(const struct explaining *x, const weft_explanation *e,
    double seconds, struct call *call)
{
    const weft_faithfulness *found = e->faithfulness, *random = e->random;
    const struct options *o = call->options;
    weft_explain_method method = o->explain.method == WEFT_EXPLAIN_AUTO
                                     ? weft_explain_choose(x->model)
                                     : (weft_explain_method)o->explain.method;
    if (call->json) {
        json_t *json = json_pack("{s:s, s:I, s:s, s:f, s:s}", "folder", x->folder.path,
            "count", (json_int_t)x->view.count, "method", weft_explain_name(method),
            "seconds", seconds, "page", "explain.html");
        if (json && found)
            json_object_update_new(
                json, json_pack("{s:f, s:f, s:f, s:f}", "deletion_area",
                          found->deletion_area, "insertion_area", found->insertion_area,
                          "random_deletion_area", random->deletion_area,
                          "random_insertion_area", random->insertion_area));
        return output_json(json);
    }
    printf("%zu picture%s by %s in %.2f s\n", x->view.count, x->view.count == 1 ? "" : "s",
        weft_explain_name(method), seconds);
    if (o->explain.method == WEFT_EXPLAIN_AUTO && method == WEFT_EXPLAIN_OCCLUSION &&
        x->evidence.why_not[0])
        printf("by occlusion because %s\n", x->evidence.why_not);
    printf("\n");
    explain_print(e);
    if (found)
        printf("\narea under the curve of  this map  random order\n"
               "  deletion (low is good)   %6.3f        %6.3f\n"
               "  insertion (high)         %6.3f        %6.3f\n",
            found->deletion_area, random->deletion_area, found->insertion_area,
            random->insertion_area);
    printf("\n%s/explain.html\n", x->folder.path);
    return WEFT_OK;
}

static weft_status explain(struct explaining *x, struct call *call)
{
    const struct options *o = call->options;
    weft_faithfulness found[2];
    if ((call->count > 1) == (o->where != NULL))
        return call_misused(call, "give pictures, or --data WHERE, and not both");
    WEFT_TRY(weft_classifier_load(&x->model, call->arguments[0]));
    WEFT_TRY(o->where ? read_data(x, call) : read_files(x, call));
    WEFT_TRY(folder_choose(&x->folder, o->out, "explain"));
    WEFT_TRY(make_room(x));
    WEFT_TRY(choose_classes(x, o));
    double began = seconds_now();
    WEFT_TRY(weft_explain(x->maps, x->classes, x->probabilities, x->model, &x->view,
        &o->explain, call->context));
    double seconds = seconds_now() - began;
    WEFT_TRY(weft_explain_evidence(&x->evidence, x->model, &x->view, x->classes,
        o->pictures, o->examples, &o->explain, call->context));
    if (o->check)
        WEFT_TRY(check(x, found, call));
    WEFT_TRY(again(&x->command, call));
    const weft_explanation e = {.classifier = x->model,
        .view = &x->view,
        .options = &o->explain,
        .maps = x->maps,
        .classes = x->classes,
        .probabilities = x->probabilities,
        .faithfulness = o->check ? &found[0] : NULL,
        .random = o->check ? &found[1] : NULL,
        .evidence = &x->evidence,
        .command = x->command,
        .pictures = o->pictures};
    WEFT_TRY(weft_explain_save(x->folder.path, &e));
    return print(x, &e, seconds, call);
}

static weft_status run(struct call *call)
{
    struct explaining x = {0};
    weft_status status = explain(&x, call);
    clear(&x);
    return status;
}

const struct command command_explain = {
    .name = "explain",
    .summary = "show where on pictures a model found its answer",
    .arguments = "MODEL [PICTURE...]",
    .min_arguments = 1,
    .max_arguments = ANY_NUMBER,
    .details =
        "Writes a folder with explain.html, explain.json and a PNG file for each picture: "
        "the picture, the map, and the map over the picture; and, where a class has "
        "several, their mean. Networks are explained by Grad-CAM, Grad-CAM++, integrated "
        "gradients or SmoothGrad; logistic regression, trees and nearest neighbours by "
        "what "
        "each pixel adds to the score; support vector machines by integrated gradients; "
        "every model by occlusion. Beside the map: nearest neighbours, the support vectors "
        "that weigh most, a way through a tree, coefficients, importance. --check tells "
        "whether the map means something: deletion and insertion curves beside those of a "
        "random order; --untrained does the same with random weights.",
    .example = "weft explain runs/ann/model.safetensors shoe.jpg\n"
               "weft explain ann.safetensors --data fashion-mnist --limit 500 --check",
    .options = table,
    .options_size = sizeof(struct options),
    .json = true,
    .run = run,
};
