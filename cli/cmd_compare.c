/* weft compare: several classifiers on the same pictures, to a table and a report. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data_options.h"
#include "output.h"

struct options {
    struct data_options data;
    char *out;
    double validation, test;
    uint64_t seed;
};

static const weft_param table[] = {
    DATA_WHERE(struct options, data),
    {"out", WEFT_PARAM_TEXT, offsetof(struct options, out), NULL, 0, 0, NULL,
        "a new folder for report, figures and models; runs/compare when not given"},
    {"validation", WEFT_PARAM_REAL, offsetof(struct options, validation), "0", 0, 0.9, NULL,
        "hold this share of the training pictures out, for learning curves"},
    {"test", WEFT_PARAM_REAL, offsetof(struct options, test), "0.2", 0.01, 0.9, NULL,
        "share held out to score on, where the data has no split of its own"},
    {"seed", WEFT_PARAM_COUNT, offsetof(struct options, seed), "1", 0, 4294967295.0, NULL,
        "what is drawn by chance depends on this alone"},
    DATA_OPTIONS(struct options, data),
    {0},
};

static const char *const standard[] = {"knn", "ann", "kugler-cnn"};

/* One comparison, from the data to the files. */
struct comparing {
    weft_data data;
    char *folder, *models, *report, *command; /* owned */
    bool made;                                /* the folder, to keep its name */
    weft_comparison *comparison;
};

static void clear(struct comparing *c)
{
    weft_comparison_free(c->comparison);
    weft_data_clear(&c->data);
    if (c->made)
        (void)rmdir(c->folder); /* fails where it was filled */
    free(c->folder);
    free(c->models);
    free(c->report);
    free(c->command);
}

/* A word as a shell takes it for one. */
static void print_word(FILE *out, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789-_./:=,+@%";
    if (*word && word[strspn(word, plain)] == 0) {
        fprintf(out, " %s", word);
        return;
    }
    fputs(" '", out);
    for (; *word; word++)
        *word == '\'' ? (void)fputs("'\\''", out) : (void)putc(*word, out);
    putc('\'', out);
}

/* The command line that makes the same again: what was given, wherever it stood. */
static weft_status make_command(char **command, const struct call *call)
{
    size_t size;
    FILE *out = open_memstream(command, &size);
    if (!out)
        return weft_fail(WEFT_ENOMEM, "no memory for the command line");
    fputs("weft compare", out);
    for (size_t i = 0; i < call->count; i++)
        print_word(out, call->arguments[i]);
    for (const weft_param *p = table; p->name; p++) {
        char value[4096];
        if (!call_given(call, p->name) || strcmp(p->name, "out") == 0)
            continue;
        fprintf(out, " --%s", p->name);
        if (p->type != WEFT_PARAM_FLAG &&
            weft_param_get(table, call->options, p->name, value, sizeof value) == WEFT_OK)
            print_word(out, value);
    }
    if (fclose(out))
        return weft_fail(WEFT_ENOMEM, "no memory for the command line");
    return WEFT_OK;
}

static weft_status join(char **out, const char *folder, const char *name)
{
    if (asprintf(out, "%s/%s", folder, name) < 0) {
        *out = NULL;
        return weft_fail(WEFT_ENOMEM, "no memory for a file name");
    }
    return WEFT_OK;
}

static weft_status choose_folder(struct comparing *c, const struct options *o)
{
    if (o->out)
        c->folder = strdup(o->out);
    else
        WEFT_TRY(weft_run_folder(&c->folder, "compare"));
    c->made = !o->out;
    if (!c->folder)
        return weft_fail(WEFT_ENOMEM, "no memory for a file name");
    WEFT_TRY(output_check_new_folder(c->folder));
    WEFT_TRY(join(&c->models, c->folder, "models"));
    return join(&c->report, c->folder, "report.html");
}

static weft_status print_json(const struct comparing *c)
{
    char *text;
    WEFT_TRY(weft_comparison_json(&text, c->comparison));
    json_t *json = json_loads(text, 0, NULL);
    free(text);
    if (json)
        json_object_set_new(json, "report", json_string(c->report));
    return output_json(json);
}

static weft_status print(const struct comparing *c, const struct call *call)
{
    if (call->json)
        return print_json(c);
    char *text;
    WEFT_TRY(weft_comparison_text(&text, c->comparison));
    printf("%s\n%s\n", text, c->report);
    free(text);
    return WEFT_OK;
}

static weft_status compare(struct comparing *c, struct call *call)
{
    const struct options *o = call->options;
    bool given = call->count > 0;
    const char *const *names = given ? (const char *const *)call->arguments : standard;
    size_t count = given ? call->count : sizeof standard / sizeof *standard;
    if (weft_compare_check(names, count) != WEFT_OK)
        return call_misused(call, "%s", weft_error());
    WEFT_TRY(data_options_load(&c->data, o->data.where, &o->data, call));
    WEFT_TRY(choose_folder(c, o)); /* after the data, which may lie in the present one */
    WEFT_TRY(make_command(&c->command, call));
    weft_compare_options options = weft_compare_defaults();
    options.seed = o->seed;
    options.validation = o->validation;
    options.test = o->test;
    options.source = o->data.where;
    options.command = c->command;
    options.models = c->models;
    weft_status status =
        weft_compare(&c->comparison, &c->data, names, count, &options, call->context);
    if (!c->comparison)
        return status;
    /* What failed or was interrupted is told after what was finished is safe. */
    char why[1024];
    snprintf(why, sizeof why, "%s", weft_error());
    WEFT_TRY(weft_comparison_save(c->comparison, c->folder));
    WEFT_TRY(weft_report_write(c->report, c->comparison));
    WEFT_TRY(print(c, call));
    return status == WEFT_OK ? WEFT_OK : weft_fail(status, "%s", why);
}

static weft_status run(struct call *call)
{
    struct comparing c = {0};
    weft_status status = compare(&c, call);
    clear(&c);
    return status;
}

const struct command command_compare = {
    .name = "compare",
    .summary = "fit several classifiers and report which is best",
    .arguments = "[CLASSIFIER...] --data WHERE",
    .max_arguments = ANY_NUMBER,
    .details =
        "CLASSIFIER is a name that 'weft models' lists, or a network's text file, alone or "
        "with options: knn:k=11,weights=distance. Without any: knn, ann and kugler-cnn. "
        "All "
        "learn from the same training pictures; the test split is opened once, when all "
        "have. Ends with a table and the path of report.html, one file that opens offline; "
        "beside it lie the figures as JSON and CSV, and the models. An interrupt scores "
        "what is fitted by then.",
    .example = "weft compare --data fashion-mnist\n"
               "weft compare knn knn:k=11,weights=distance --data photos/ --size 64",
    .options = table,
    .options_size = sizeof(struct options),
    .json = true,
    .run = run,
};
