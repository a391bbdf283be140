/* weft data info, check, convert, preview: what there is, what is wrong with it, the same
 * in another format, and how networks see it. */
#include <stdlib.h>

#include "command.h"
#include "data_options.h"

/* Prints `text`, consumed. */
static void print_text(char *text)
{
    fputs(text, stdout);
    free(text);
}

struct info_options {
    struct data_options data;
};

static const weft_param info_table[] = {DATA_OPTIONS(struct info_options, data), {0}};

static weft_status info(struct call *call)
{
    const struct info_options *o = call->options;
    weft_data data = {0};
    char *text;
    WEFT_TRY(data_options_load(&data, call->arguments[0], &o->data, call));
    weft_status status =
        call->json ? weft_data_json(&text, &data) : weft_data_text(&text, &data);
    weft_data_clear(&data);
    WEFT_TRY(status);
    print_text(text);
    if (call->json)
        putchar('\n');
    return WEFT_OK;
}

const struct command command_data_info = {
    .name = "data info",
    .summary = "show shape, splits, classes and digests",
    .arguments = "WHERE",
    .min_arguments = 1,
    .max_arguments = 1,
    .details = "WHERE is a folder, a CSV file, fashion-mnist or synth. Data in another "
               "format has the same digest when its pictures, labels and class names are "
               "the same.",
    .example = "weft data info fashion-mnist\n"
               "weft data info synth:n=1000,test=200,size=64,colour,seed=7",
    .options = info_table,
    .options_size = sizeof(struct info_options),
    .json = true,
    .run = info,
};

struct check_options {
    struct data_options data;
    bool strict;
    uint64_t most;
};

static const weft_param check_table[] = {
    {"strict", WEFT_PARAM_FLAG, offsetof(struct check_options, strict), "false", 0, 0, NULL,
        "exit with 3 when there is an error or a warning"},
    {"most", WEFT_PARAM_COUNT, offsetof(struct check_options, most), "10", 0, 1e9, NULL,
        "findings of a kind to show as text; 0: all"},
    DATA_OPTIONS(struct check_options, data),
    {0},
};

static weft_status tell(struct call *call, const weft_check *check)
{
    const struct check_options *o = call->options;
    char *text;
    if (call->json)
        WEFT_TRY(weft_check_json(&text, check));
    else
        WEFT_TRY(weft_check_text(&text, check, o->most));
    print_text(text);
    if (call->json)
        putchar('\n');
    /* The worst comes first. */
    const weft_finding *worst = weft_check_finding(check, 0);
    if (o->strict && worst && worst->severity >= WEFT_SEVERITY_WARNING)
        call_gate(call);
    return WEFT_OK;
}

static weft_status check(struct call *call)
{
    const struct check_options *o = call->options;
    weft_data data = {0};
    weft_check *result;
    WEFT_TRY(data_options_load(&data, call->arguments[0], &o->data, call));
    weft_status status = weft_data_check(&result, &data, call->context);
    weft_data_clear(&data);
    WEFT_TRY(status);
    status = tell(call, result);
    weft_check_free(result);
    return status;
}

const struct command command_data_check = {
    .name = "data check",
    .summary = "look for unreadable, duplicate and leaked pictures",
    .arguments = "WHERE",
    .min_arguments = 1,
    .max_arguments = 1,
    .details =
        "Looks at every picture of every split: files that cannot be read, the same "
        "picture in two splits or with two labels, duplicates, pictures of one colour, "
        "classes without pictures or far larger than others, odd value ranges. Data that "
        "cannot be loaded at all, such as a CSV with a missing cell, is an error.",
    .example = "weft data check photos --strict --json > findings.json",
    .options = check_table,
    .options_size = sizeof(struct check_options),
    .json = true,
    .run = check,
};

struct convert_options {
    struct data_options data;
    int to;
    bool overwrite;
    char *apply;
};

/* In the order of weft_format. */
#define FORMATS "idx|idx.gz|csv|csv.gz|png"

static const weft_param convert_table[] = {
    {"to", WEFT_PARAM_CHOICE, offsetof(struct convert_options, to), "png", 0, 0, FORMATS,
        "format to write; png: a folder SPLIT/CLASS/picture.png"},
    {"overwrite", WEFT_PARAM_FLAG, offsetof(struct convert_options, overwrite), "false", 0,
        0, NULL, "replace FOLDER when it holds a data set and nothing else"},
    {"apply", WEFT_PARAM_TEXT, offsetof(struct convert_options, apply), NULL, 0, 0, NULL,
        "a CSV file picture,action,to, as weft audit writes it, to apply to the copy"},
    DATA_OPTIONS(struct convert_options, data),
    {0},
};

/* Puts the fixed data in the place of `data`. */
static weft_status apply_fixes(weft_data *data, struct call *call)
{
    const struct convert_options *o = call->options;
    weft_fixes_applied n;
    weft_data fixed;
    if (!o->apply)
        return WEFT_OK;
    WEFT_TRY(weft_data_fix(&fixed, &n, data, o->apply));
    weft_data_clear(data);
    *data = fixed;
    if (!call->quiet)
        fprintf(stderr, "%s: %zu dropped, %zu relabelled, %zu moved, %zu kept\n", o->apply,
            n.dropped, n.relabelled, n.moved, n.kept);
    return WEFT_OK;
}

static weft_status convert(struct call *call)
{
    const struct convert_options *o = call->options;
    const char *folder = call->arguments[1];
    weft_data data = {0};
    char *text;
    WEFT_TRY(data_options_load(&data, call->arguments[0], &o->data, call));
    weft_status status = apply_fixes(&data, call);
    if (status == WEFT_OK)
        status =
            weft_data_save(&data, folder, (weft_format)o->to, o->overwrite, call->context);
    if (status == WEFT_OK)
        status = call->json ? weft_data_json(&text, &data) : weft_data_text(&text, &data);
    weft_data_clear(&data);
    WEFT_TRY(status);
    if (!call->json)
        printf("%s: written\n", folder);
    print_text(text);
    if (call->json)
        putchar('\n');
    return WEFT_OK;
}

const struct command command_data_convert = {
    .name = "data convert",
    .summary = "write data in another format",
    .arguments = "WHERE FOLDER",
    .min_arguments = 2,
    .max_arguments = 2,
    .details = "FOLDER appears when all of it is written. Reading it gives the same "
               "digests, unless fixes were applied.",
    .example = "weft data convert fashion-mnist fashion-png --to png\n"
               "weft data convert photos fixed --size 96 --apply runs/audit/fixes.csv\n"
               "weft data convert synth:n=1000,colour garments --to idx.gz",
    .options = convert_table,
    .options_size = sizeof(struct convert_options),
    .json = true,
    .run = convert,
};

struct preview_options {
    struct data_options data;
    char *out;
    uint64_t pictures, epochs, seed;
    weft_augmentation augmentation;
};

static const weft_param preview_table[] = {
    {"out", WEFT_PARAM_TEXT, offsetof(struct preview_options, out), NULL, 0, 0, NULL,
        "the PNG file to write"},
    {"pictures", WEFT_PARAM_COUNT, offsetof(struct preview_options, pictures), "8", 1, 1000,
        NULL, "how many pictures, one a row"},
    {"epochs", WEFT_PARAM_COUNT, offsetof(struct preview_options, epochs), "8", 1, 1000,
        NULL, "how many epochs of each, one a column"},
    {"seed", WEFT_PARAM_COUNT, offsetof(struct preview_options, seed), "1", 0, 4294967295.0,
        NULL, "what is drawn by chance depends on this alone"},
    WEFT_AUGMENTATION_PARAMS(struct preview_options, augmentation),
    DATA_OPTIONS(struct preview_options, data),
    {0},
};

static weft_status preview(struct call *call)
{
    const struct preview_options *o = call->options;
    const weft_preview_options sheet = {o->pictures, o->epochs, o->seed};
    weft_data data = {0};
    if (!o->out)
        return call_misused(call, "no file: give --out SHEET.png");
    WEFT_TRY(data_options_load(&data, call->arguments[0], &o->data, call));
    weft_view view = weft_view_all(data.train);
    weft_status status = weft_preview_save(o->out, &view, &o->augmentation, &sheet);
    weft_data_clear(&data);
    WEFT_TRY(status);
    printf("%s: written\n", o->out);
    return WEFT_OK;
}

const struct command command_data_preview = {
    .name = "data preview",
    .summary = "write a sheet of augmented pictures",
    .arguments = "WHERE --out SHEET.png",
    .min_arguments = 1,
    .max_arguments = 1,
    .details = "One row for each picture of the training split, drawn by --seed: as it is, "
               "then as a network trained with these options would see it epoch by epoch.",
    .example =
        "weft data preview fashion-mnist --flip random --shift 2 --out sheet.png\n"
        "weft data preview photos --rotate 15 --zoom 0.1 --erase 0.3 --out sheet.png",
    .options = preview_table,
    .options_size = sizeof(struct preview_options),
    .run = preview,
};
