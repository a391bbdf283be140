/* weft reproduce: a published study's experiments again, its figures beside ours. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "data_options.h"
#include "output.h"
#include "record.h"

struct options {
    struct data_options data;
    struct store_options store;
    char *out, *only;
    uint64_t seeds;
    bool quick, list, markdown, csv;
};

static const weft_param table[] = {
    {"data", WEFT_PARAM_TEXT, DATA_FIELD(struct options, data, where), NULL, 0, 0, NULL,
        "what to read instead of what the recipe names"},
    {"out", WEFT_PARAM_TEXT, offsetof(struct options, out), NULL, 0, 0, NULL,
        "where runs are written down; runs/RECIPE when not given"},
    {"only", WEFT_PARAM_TEXT, offsetof(struct options, only), NULL, 0, 0, NULL,
        "these experiments, as in cnn,knn-*"},
    {"seeds", WEFT_PARAM_COUNT, offsetof(struct options, seeds), "0", 0, 1000, NULL,
        "runs of each experiment; 0: as the recipe says"},
    {"quick", WEFT_PARAM_FLAG, offsetof(struct options, quick), "false", 0, 0, NULL,
        "one seed and a fifth of the epochs: to see it work, not to quote"},
    {"list", WEFT_PARAM_FLAG, offsetof(struct options, list), "false", 0, 0, NULL,
        "run nothing: show what there is to run and what is done"},
    {"markdown", WEFT_PARAM_FLAG, offsetof(struct options, markdown), "false", 0, 0, NULL,
        "print the table as Markdown"},
    {"csv", WEFT_PARAM_FLAG, offsetof(struct options, csv), "false", 0, 0, NULL,
        "print the table as CSV"},
    STORE_OPTIONS(struct options, store),
    DATA_OPTIONS(struct options, data),
    {0},
};

struct reproducing {
    weft_study *study;
    weft_data data;
    weft_study_results *results;
    char *folder;
    struct record whole, part; /* of the study and of the run under way */
    const char *where;         /* the data, as it was asked for */
};

static void clear(struct reproducing *p)
{
    weft_study_results_free(p->results);
    weft_data_clear(&p->data);
    weft_study_free(p->study);
    free(p->folder);
}

/* "runs/paper-1" also for "mine/paper-1.recipe". */
static weft_status choose_folder(struct reproducing *p, const struct options *o)
{
    const char *name = strrchr(p->study->path, '/');
    name = name ? name + 1 : p->study->path;
    if (o->out ? asprintf(&p->folder, "%s", o->out) < 0
               : asprintf(&p->folder, "runs/%.*s", (int)strcspn(name, "."), name) < 0) {
        p->folder = NULL;
        return weft_fail(WEFT_ENOMEM, "no memory for a file name");
    }
    return WEFT_OK;
}

static weft_status print_list(const struct reproducing *p)
{
    const weft_study *s = p->study;
    printf("%s\n%s\n\n", s->title, s->source);
    for (size_t i = 0; i < s->experiment_count; i++) {
        const weft_experiment *e = &s->experiments[i];
        size_t runs, finished;
        weft_study_progress(p->results, e, &runs, &finished);
        if (runs)
            printf("%-16s  %2zu of %2zu  %s  (%s)\n", e->name, finished, runs,
                e->classifier, e->protocol.text);
    }
    printf("\n%zu of %zu runs have ended; the rest may take %.0f min\n",
        weft_study_finished(p->results), weft_study_runs(p->results),
        weft_study_seconds_left(p->results) / 60);
    return WEFT_OK;
}

static weft_status print(const struct reproducing *p, const struct call *call)
{
    const struct options *o = call->options;
    char *text;
    if (o->list && !call->json && !o->markdown && !o->csv)
        return print_list(p);
    if (call->json)
        WEFT_TRY(weft_study_json(&text, p->results));
    else if (o->markdown)
        WEFT_TRY(weft_study_markdown(&text, p->results));
    else if (o->csv)
        WEFT_TRY(weft_study_csv(&text, p->results));
    else
        WEFT_TRY(weft_study_text(&text, p->results));
    fputs(text, stdout);
    if (call->json)
        putchar('\n');
    free(text);
    return WEFT_OK;
}

/* A run of the study is a run of the store, a part of the study's. */
static weft_status on_event(void *user, const weft_study_event *e)
{
    struct reproducing *p = user;
    weft_status status;
    switch (e->moment) {
    case WEFT_STUDY_BEGIN:
        record_begin_part(&p->part, &p->whole,
            &(weft_run_start){.kind = "entry",
                .name = e->experiment->name,
                .classifier = e->classifier,
                .data = p->where,
                .train = e->train,
                .validation = e->validation,
                .seed = e->seed});
        record_watch(&p->part, e->classifier);
        return WEFT_OK;
    case WEFT_STUDY_TEST:
        record_opened_test(&p->part, e->test);
        return WEFT_OK;
    case WEFT_STUDY_SCORE:
        record_evaluation(&p->part, e->split, e->evaluation);
        return WEFT_OK;
    case WEFT_STUDY_END:
        if (e->status == WEFT_OK)
            record_figure(&p->part, "", "fit_seconds", e->fit_seconds);
        /* What the store refuses fails the whole, at its end. */
        status = record_end(&p->part, e->status);
        if (e->status == WEFT_OK)
            record_fail(&p->whole, status);
        return e->status;
    }
    return WEFT_OK;
}

/* What failed or was interrupted is told after what is done is safe. */
static weft_status run_study(struct reproducing *p, struct call *call)
{
    const struct options *o = call->options;
    weft_study_options options = weft_study_defaults();
    options.folder = p->folder;
    options.only = o->only;
    options.seeds = o->seeds;
    options.quick = o->quick;
    options.plan = o->list;
    options.on_event = on_event;
    options.user = p;
    weft_status status =
        weft_study_run(&p->results, p->study, &p->data, &options, call->context);
    if (!p->results)
        return status;
    char why[1024];
    snprintf(why, sizeof why, "%s", weft_error());
    if (!o->list)
        WEFT_TRY(weft_study_save(p->results, p->folder));
    WEFT_TRY(print(p, call));
    if (status == WEFT_ECANCELLED)
        fprintf(stderr, "weft: the same command goes on from here\n");
    return status == WEFT_OK ? WEFT_OK : weft_fail(status, "%s", why);
}

static weft_status reproduce(struct reproducing *p, struct call *call)
{
    const struct options *o = call->options;
    WEFT_TRY(weft_study_load(&p->study, call->arguments[0]));
    WEFT_TRY(choose_folder(p, o));
    p->where = o->data.where || !*p->study->data ? o->data.where : p->study->data;
    WEFT_TRY(data_options_load(&p->data, p->where, &o->data, call));
    if (o->list)
        return run_study(p, call);
    weft_view train = weft_view_all(p->data.train);
    const weft_run_start start = {
        .name = p->study->path, .data = p->where, .train = &train};
    WEFT_TRY(record_begin(&p->whole, &o->store, call, &start));
    return record_end(&p->whole, run_study(p, call));
}

static weft_status run(struct call *call)
{
    struct reproducing p = {0};
    weft_status status = reproduce(&p, call);
    clear(&p);
    return status;
}

const struct command command_reproduce = {
    .name = "reproduce",
    .summary = "run a published study again, its figures beside ours",
    .arguments = "RECIPE [OPTION...]",
    .min_arguments = 1,
    .max_arguments = 1,
    .details =
        "RECIPE is paper-1 to paper-5, or a file such as recipes/paper-1.recipe. Its "
        "experiments run one after the other under the study's own protocol; each run is "
        "written down in the folder as it ends, so the same command goes on where an "
        "earlier "
        "one was stopped, by whatever. Nothing is chosen by a figure: a run's test "
        "pictures "
        "are opened once, when it is fitted. Prints n, mean and standard deviation beside "
        "each figure of the study, and whether they differ by more than the spread; "
        "results.md, results.csv and results.json in the folder hold the same.",
    .example = "weft reproduce paper-4\n"
               "weft reproduce paper-1 --only 'knn-*' --list\n"
               "weft reproduce paper-2 --only model-3 --seeds 5 --markdown",
    .options = table,
    .options_size = sizeof(struct options),
    .json = true,
    .run = run,
};
