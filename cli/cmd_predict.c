/* weft predict: what a model makes of picture files. */
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "names.h"
#include "output.h"
#include "unknown.h"
#include "weft/photo.h"
#include "weft/picture.h"

enum { CSV, JSON };

/* Pictures decoded at once: a list may name millions. */
enum { BATCH = 4096, BATCH_BYTES = 1 << 28 };

struct options {
    int format;
    uint64_t digits;
    bool known;
    bool photo;
    char *show_steps;
};

static const weft_param table[] = {
    {"format", WEFT_PARAM_CHOICE, offsetof(struct options, format), "csv", 0, 0, "csv|json",
        "comma-separated values with a header, or one JSON object a line"},
    {"digits", WEFT_PARAM_COUNT, offsetof(struct options, digits), "6", 1, 9, NULL,
        "decimals of a probability"},
    {"known", WEFT_PARAM_FLAG, offsetof(struct options, known), "false", 0, 0, NULL,
        "always answer with a class, however unlike training a picture is"},
    {"photo", WEFT_PARAM_FLAG, offsetof(struct options, photo), "false", 0, 0, NULL,
        "find what is on a photo and show the model that alone, grey on black"},
    {"show-steps", WEFT_PARAM_TEXT, offsetof(struct options, show_steps), NULL, 0, 0, NULL,
        "photo: a new folder for a PNG of the steps on the way, one a photo"},
    {0},
};

static size_t likeliest(const float *row, size_t classes)
{
    size_t best = 0;
    for (size_t k = 1; k < classes; k++)
        if (row[k] > row[best])
            best = k;
    return best;
}

/* A cell as RFC 4180 has it: quoted where it must be. */
static void print_cell(const char *text)
{
    if (!strpbrk(text, ",\"\r\n")) {
        fputs(text, stdout);
        return;
    }
    putchar('"');
    for (const char *c = text; *c; c++) {
        if (*c == '"')
            putchar('"');
        putchar(*c);
    }
    putchar('"');
}

static void print_csv_header(const weft_classifier *model, bool unlike)
{
    fputs("picture,class,probability", stdout);
    for (size_t k = 0; k < weft_classifier_classes(model); k++) {
        putchar(',');
        print_cell(weft_classifier_class_name(model, k));
    }
    if (unlike)
        fputs(",unlike,nearest", stdout);
    putchar('\n');
}

static void print_csv(const weft_classifier *model, const char *path, const float *row,
    const weft_novelty *unlike, int digits)
{
    size_t classes = weft_classifier_classes(model), best = likeliest(row, classes);
    print_cell(path);
    putchar(',');
    print_cell(unknown_or_class(model, unlike, best));
    printf(",%.*f", digits, (double)row[best]);
    for (size_t k = 0; k < classes; k++)
        printf(",%.*f", digits, (double)row[k]);
    if (unlike)
        unknown_print_csv(model, unlike, digits);
    putchar('\n');
}

static double rounded(float value, int digits)
{
    char text[32];
    snprintf(text, sizeof text, "%.*f", digits, (double)value);
    return strtod(text, NULL);
}

static weft_status print_json_line(const weft_classifier *model, const char *path,
    const float *row, const weft_novelty *unlike, int digits)
{
    size_t classes = weft_classifier_classes(model), best = likeliest(row, classes);
    json_t *all = json_object();
    for (size_t k = 0; k < classes; k++)
        json_object_set_new(
            all, weft_classifier_class_name(model, k), json_real(rounded(row[k], digits)));
    json_t *line = json_pack("{s:o, s:s, s:f, s:o}", "picture", output_name(path), "class",
        unknown_or_class(model, unlike, best), "probability", rounded(row[best], digits),
        "probabilities", all);
    if (!line)
        return weft_fail(WEFT_ENOMEM, "no memory for the results");
    if (unlike)
        unknown_add_json(line, model, unlike, rounded(unlike->score, digits));
    (void)json_dumpf(line, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    putchar('\n');
    json_decref(line);
    return WEFT_OK;
}

static weft_status print_all(const weft_classifier *model, const weft_dataset *pictures,
    const float *probabilities, const weft_novelty *unlike, const struct call *call)
{
    const struct options *o = call->options;
    char path[8192];
    size_t classes = weft_classifier_classes(model);
    for (size_t i = 0; i < weft_dataset_count(pictures); i++) {
        const float *row = probabilities + i * classes;
        const weft_novelty *found = unlike ? unlike + i : NULL;
        weft_dataset_origin(pictures, i, path, sizeof path);
        if (call->json || o->format == JSON)
            WEFT_TRY(print_json_line(model, path, row, found, (int)o->digits));
        else
            print_csv(model, path, row, found, (int)o->digits);
    }
    return WEFT_OK;
}

static weft_status predict_read(
    const weft_classifier *model, const weft_dataset *pictures, struct call *call)
{
    weft_view view = weft_view_all(pictures);
    float *probabilities =
        calloc(view.count + 1, weft_classifier_classes(model) * sizeof *probabilities);
    if (!probabilities)
        return weft_fail(WEFT_ENOMEM, "no memory for %zu pictures", view.count);
    const struct options *o = call->options;
    weft_novelty *unlike = NULL;
    weft_status status = WEFT_OK;
    if (view.count)
        status = weft_classifier_predict_proba(model, &view, probabilities, call->context);
    if (status == WEFT_OK && !o->known)
        status = unknown_find(&unlike, model, &view, probabilities, call->context);
    if (status == WEFT_OK)
        status = print_all(model, pictures, probabilities, unlike, call);
    free(unlike);
    free(probabilities);
    return status;
}

static weft_status predict_batch(const weft_classifier *model, const char *const *paths,
    size_t count, size_t *skipped, struct call *call)
{
    weft_dataset *pictures;
    const struct options *o = call->options;
    weft_recipe recipe = weft_classifier_recipe(model);
    if (o->photo)
        recipe.fit = WEFT_FIT_PRODUCT;
    WEFT_TRY(weft_dataset_from_files(&pictures, paths, count, &recipe, call->context));
    for (size_t i = 0; i < weft_dataset_skipped(pictures); i++)
        fprintf(stderr, "weft: %s\n", weft_dataset_skipped_reason(pictures, i));
    *skipped += weft_dataset_skipped(pictures);
    weft_status status = predict_read(model, pictures, call);
    weft_dataset_free(pictures);
    return status;
}

static size_t batch_size(const weft_classifier *model)
{
    size_t fitting = BATCH_BYTES / weft_shape_bytes(weft_classifier_recipe(model).shape);
    return fitting < 1 ? 1 : fitting < BATCH ? fitting : BATCH;
}

static weft_status predict(
    const weft_classifier *model, const struct names *names, struct call *call)
{
    const struct options *o = call->options;
    size_t skipped = 0, batch = batch_size(model);
    if (o->show_steps && !o->photo)
        return call_misused(call, "--show-steps draws what --photo does: give both");
    if (names->count == 0)
        return weft_fail(WEFT_ENOTFOUND, "no pictures there");
    if (o->show_steps)
        WEFT_TRY(weft_photo_save_steps(o->show_steps, (const char *const *)names->items,
            names->count, weft_classifier_recipe(model).shape, call->context));
    if (!call->json && o->format == CSV)
        print_csv_header(model, !o->known && weft_novelty_rate(model) > 0);
    for (size_t done = 0; done < names->count; done += batch) {
        size_t left = names->count - done;
        WEFT_TRY(predict_batch(model, (const char *const *)names->items + done,
            left < batch ? left : batch, &skipped, call));
    }
    if (skipped)
        return weft_fail(
            WEFT_EFORMAT, "%zu of %zu pictures could not be read", skipped, names->count);
    return WEFT_OK;
}

static weft_status run(struct call *call)
{
    weft_classifier *model;
    struct names names = {0};
    weft_context_on_event(call->context, NULL, NULL); /* every picture is told of here */
    WEFT_TRY(weft_classifier_load(&model, call->arguments[0]));
    weft_status status = WEFT_OK;
    for (size_t i = 1; status == WEFT_OK && i < call->count; i++)
        status = names_add(&names, call->arguments[i]);
    if (status == WEFT_OK)
        status = predict(model, &names, call);
    names_clear(&names);
    weft_classifier_free(model);
    return status;
}

const struct command command_predict = {
    .name = "predict",
    .summary = "say what is on pictures",
    .arguments = "MODEL PICTURE...",
    .min_arguments = 2,
    .max_arguments = ANY_NUMBER,
    .details =
        "PICTURE is a file, a folder, which is searched with all below it, or - for a "
        "list of files on standard input, one a line. Each line of the result has the "
        "likeliest class and the probabilities of all; of a model trained with --unknown "
        "also how unlike the training pictures it is and the nearest classes, and the "
        "class is 'unknown' where that is above 1. Pictures that cannot be read "
        "are named and counted on standard error; the others are answered, and the "
        "exit code is 1. With --photo a model that was fitted on pictures such as "
        "Fashion-MNIST's answers for people's own photos: what the photo is of is found, "
        "cut out, evened out, and made grey on black. It knows more of them when it has "
        "learnt with the option photo.",
    .example = "weft predict runs/knn/model.safetensors shoe.jpg shirts/\n"
               "find photos -name '*.jpg' | weft predict model.safetensors - --json",
    .options = table,
    .options_size = sizeof(struct options),
    .json = true,
    .run = run,
};
