/* weft inspect: learns good pictures, and says of others whether they pass. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "again.h"
#include "data_options.h"
#include "names.h"
#include "output.h"
#include "weft/picture.h"

struct options {
    struct data_options data;
    char *learn, *defective, *features, *class, *out;
    double reject, held_out;
    uint64_t seed, pictures;
};

#define AT(field) offsetof(struct options, field)

static const weft_param table[] = {
    {"learn", WEFT_PARAM_TEXT, AT(learn), NULL, 0, 0, NULL,
        "learn from the good pictures in this folder (with --class: data) and write MODEL"},
    {"class", WEFT_PARAM_TEXT, AT(class), NULL, 0, 0, NULL,
        "learn: only the training pictures of this class of the data"},
    {"defective", WEFT_PARAM_TEXT, AT(defective), NULL, 0, 0, NULL,
        "learn: defective pictures too, in a folder: they choose how distances are joined"},
    {"features", WEFT_PARAM_TEXT, AT(features), NULL, 0, 0, NULL,
        "learn: also look at the last feature maps of this network's model"},
    {"reject", WEFT_PARAM_REAL, AT(reject), "0.05", 0.0001, 0.9, NULL,
        "learn: the share of good pictures that may fail"},
    {"held-out", WEFT_PARAM_REAL, AT(held_out), "0.2", 0.01, 0.9, NULL,
        "learn: the share of the good pictures that only sets the threshold"},
    {"seed", WEFT_PARAM_COUNT, AT(seed), "1", 0, 4294967295.0, NULL,
        "learn: which are held out"},
    {"out", WEFT_PARAM_TEXT, AT(out), NULL, 0, 0, NULL,
        "a new folder for a page, JSON and a heat map of each picture"},
    {"pictures", WEFT_PARAM_COUNT, AT(pictures), "100", 0, 10000, NULL,
        "out: how many get a heat map, the worst first"},
    DATA_OPTIONS(struct options, data),
    {0},
};

/* ---- learning ---- */

struct learning {
    weft_data data, bad_data;
    weft_dataset *good_files, *bad_files;
    weft_view good, bad;
    uint32_t *index;
    weft_inspector *inspector;
};

static weft_status read_names(
    weft_dataset **out, const char *where, const weft_recipe *recipe, struct call *call)
{
    struct names names = {0};
    weft_status status = names_add(&names, where);
    if (status == WEFT_OK)
        status = weft_dataset_from_files(
            out, (const char *const *)names.items, names.count, recipe, call->context);
    names_clear(&names);
    return status;
}

/* The training pictures of the class asked for. */
static weft_status choose_class(struct learning *l, const struct options *o)
{
    size_t class = 0, classes = weft_dataset_classes(l->data.train);
    while (class < classes &&
           strcmp(weft_dataset_class_name(l->data.train, class), o->class) != 0)
        class ++;
    if (class == classes)
        return weft_fail(
            WEFT_ENOTFOUND, "--class %s: the data have no such class", o->class);
    size_t count = weft_dataset_count(l->data.train), met = 0;
    l->index = calloc(count + 1, sizeof *l->index);
    if (!l->index)
        return weft_fail(WEFT_ENOMEM, "no memory for %zu pictures", count);
    for (size_t i = 0; i < count; i++)
        if (weft_dataset_labels(l->data.train)[i] == class)
            l->index[met++] = (uint32_t)i;
    l->good = (weft_view){l->data.train, l->index, met};
    return WEFT_OK;
}

/* Photos as files when nothing says that they are a data set of classes. */
static weft_status read_good(struct learning *l, struct call *call)
{
    const struct options *o = call->options;
    if (o->class) {
        WEFT_TRY(data_options_load(&l->data, o->learn, &o->data, call));
        return choose_class(l, o);
    }
    uint32_t side = o->data.size ? (uint32_t)o->data.size : 64;
    const weft_recipe recipe = {.shape = {side, side, o->data.channels == 1 ? 1 : 3},
        .fit = (weft_fit)o->data.fit,
        .background = (uint8_t)o->data.background};
    WEFT_TRY(read_names(&l->good_files, o->learn, &recipe, call));
    l->good = weft_view_all(l->good_files);
    return WEFT_OK;
}

static weft_status learn_read(struct learning *l, struct call *call)
{
    const struct options *o = call->options;
    WEFT_TRY(read_good(l, call));
    if (o->defective) {
        weft_recipe recipe = weft_dataset_recipe(l->good.data);
        WEFT_TRY(read_names(&l->bad_files, o->defective, &recipe, call));
        l->bad = weft_view_all(l->bad_files);
    }
    weft_inspect_options wanted = {.reject = o->reject,
        .held_out = o->held_out,
        .seed = o->seed,
        .features = o->features};
    double began = seconds_now();
    WEFT_TRY(weft_inspector_fit(
        &l->inspector, &l->good, o->defective ? &l->bad : NULL, &wanted, call->context));
    double seconds = seconds_now() - began;
    WEFT_TRY(weft_inspector_save(l->inspector, call->arguments[0]));
    if (call->json)
        return output_json(json_pack("{s:o, s:I, s:f, s:f}", "model",
            output_name(call->arguments[0]), "good", (json_int_t)l->good.count, "reject",
            o->reject, "seconds", seconds));
    printf("learnt %zu good pictures in %.1f s: %s\n", l->good.count, seconds,
        call->arguments[0]);
    return WEFT_OK;
}

static weft_status learn(struct call *call)
{
    struct learning l = {0};
    WEFT_TRY(output_check_file(call->arguments[0]));
    weft_status status = learn_read(&l, call);
    weft_inspector_free(l.inspector);
    free(l.index);
    weft_dataset_free(l.good_files);
    weft_dataset_free(l.bad_files);
    weft_data_clear(&l.data);
    return status;
}

/* ---- inspecting ---- */

struct inspecting {
    weft_inspector *inspector;
    weft_dataset *pictures;
    weft_view view;
    float *scores, *maps;
};

static void clear(struct inspecting *x)
{
    weft_inspector_free(x->inspector);
    weft_dataset_free(x->pictures);
    free(x->scores);
    free(x->maps);
}

static weft_status read_pictures(struct inspecting *x, struct call *call)
{
    struct names names = {0};
    weft_recipe recipe = weft_inspector_recipe(x->inspector);
    weft_status status = WEFT_OK;
    for (size_t i = 1; status == WEFT_OK && i < call->count; i++)
        status = names_add(&names, call->arguments[i]);
    if (status == WEFT_OK)
        status = weft_dataset_from_files(&x->pictures, (const char *const *)names.items,
            names.count, &recipe, call->context);
    names_clear(&names);
    WEFT_TRY(status);
    x->view = weft_view_all(x->pictures);
    if (x->view.count == 0)
        return weft_fail(WEFT_ENOTFOUND, "no pictures that can be read there");
    size_t pixels = (size_t)recipe.shape.height * recipe.shape.width;
    x->scores = calloc(x->view.count, sizeof *x->scores);
    x->maps = calloc(x->view.count * pixels, sizeof *x->maps);
    return x->scores && x->maps ? WEFT_OK
                                : weft_fail(WEFT_ENOMEM, "no memory for heat maps");
}

static size_t count_failed(const struct inspecting *x)
{
    size_t failed = 0;
    for (size_t i = 0; i < x->view.count; i++)
        failed += x->scores[i] > 1;
    return failed;
}

/* The map's largest value: where a person should look first. */
static void place_of(const struct inspecting *x, size_t i, uint32_t *row, uint32_t *column)
{
    weft_shape shape = weft_inspector_recipe(x->inspector).shape;
    size_t pixels = (size_t)shape.height * shape.width, most = 0;
    const float *map = x->maps + i * pixels;
    for (size_t p = 1; p < pixels; p++)
        most = map[p] > map[most] ? p : most;
    *row = (uint32_t)(most / shape.width);
    *column = (uint32_t)(most % shape.width);
}

static weft_status print(const struct inspecting *x, const struct call *call)
{
    const struct options *o = call->options;
    json_t *list = json_array();
    char path[8192];
    for (size_t i = 0; i < x->view.count; i++) {
        uint32_t row, column;
        const char *verdict = x->scores[i] > 1 ? "fail" : "pass";
        place_of(x, i, &row, &column);
        weft_dataset_origin(x->pictures, i, path, sizeof path);
        if (call->json)
            json_array_append_new(
                list, json_pack("{s:o, s:s, s:f, s:i, s:i}", "picture", output_name(path),
                          "verdict", verdict, "score", (double)x->scores[i], "row",
                          (int)row, "column", (int)column));
        else
            printf("%s  %7.3f  row %3u column %3u  %s\n", verdict, (double)x->scores[i],
                row, column, path);
    }
    if (call->json)
        return output_json(json_pack("{s:o, s:I, s:I, s:f, s:s?}", "pictures", list,
            "count", (json_int_t)x->view.count, "failed", (json_int_t)count_failed(x),
            "reject", weft_inspector_reject(x->inspector), "folder", o->out));
    json_decref(list);
    printf("%zu of %zu failed\n", count_failed(x), x->view.count);
    if (o->out)
        printf("%s/inspect.html\n", o->out);
    return WEFT_OK;
}

static weft_status inspect(struct inspecting *x, struct call *call)
{
    const struct options *o = call->options;
    char *command;
    WEFT_TRY(weft_inspector_load(&x->inspector, call->arguments[0]));
    if (o->out)
        WEFT_TRY(output_check_new_folder(o->out));
    WEFT_TRY(read_pictures(x, call));
    WEFT_TRY(
        weft_inspector_score(x->scores, x->maps, x->inspector, &x->view, call->context));
    if (o->out) {
        WEFT_TRY(again(&command, call));
        const weft_inspection found = {.inspector = x->inspector,
            .view = &x->view,
            .scores = x->scores,
            .maps = x->maps,
            .command = command,
            .pictures = o->pictures};
        weft_status status = weft_inspection_save(o->out, &found);
        free(command);
        WEFT_TRY(status);
    }
    WEFT_TRY(print(x, call));
    if (weft_dataset_skipped(x->pictures))
        return weft_fail(WEFT_EFORMAT, "%zu pictures could not be read",
            weft_dataset_skipped(x->pictures));
    if (count_failed(x))
        call_gate(call);
    return WEFT_OK;
}

static weft_status run(struct call *call)
{
    const struct options *o = call->options;
    struct inspecting x = {0};
    if ((call->count > 1) == (o->learn != NULL))
        return call_misused(call, "give pictures, or --learn WHERE, and not both");
    if (o->learn)
        return learn(call);
    weft_status status = inspect(&x, call);
    clear(&x);
    return status;
}

const struct command command_inspect = {
    .name = "inspect",
    .summary = "learn good pictures, and find what is wrong on others",
    .arguments = "MODEL [PICTURE...]",
    .min_arguments = 1,
    .max_arguments = ANY_NUMBER,
    .details =
        "With --learn, writes MODEL from good pictures, and defective ones where there are "
        "any. Without, says of each PICTURE, a file or a folder, whether it passes, how "
        "unlike good ones it is (above 1 fails) and where most; the exit code is 3 when "
        "one fails. --out writes a page with heat maps.",
    .example = "weft inspect bottles.safetensors --learn good/ --reject 0.02\n"
               "weft inspect bottles.safetensors today/ --out report",
    .options = table,
    .options_size = sizeof(struct options),
    .json = true,
    .run = run,
};
