#include "budget.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "progress.h"

/* From the dearest to the cheapest. */
static const char *const recipes[] = {"best", "balanced", "fast"};
enum { RECIPES = sizeof recipes / sizeof *recipes };

/* A prediction's pass in f32 takes about this much of a training step of as many pictures
 * in bf16, which takes three passes at twice the speed; in f32 half of it. */
static const double PASS_OF_STEP = 0.7;
/* Kept for what is not foreseen: other work on the machine, writing files. */
static const double RESERVE = 0.06;

weft_status budget_read(struct budget *budget, const char *text, struct call *call)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"", 1}, {"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}};
    static const weft_param number[] = {
        {"budget", WEFT_PARAM_REAL, 0, "0", 0, 1e6, NULL, ""}, {0}};
    size_t digits = strspn(text, "0123456789.");
    char value[32];
    if (digits < sizeof value) {
        memcpy(value, text, digits);
        value[digits] = 0;
        for (size_t u = 0; u < sizeof units / sizeof *units; u++)
            if (strcmp(text + digits, units[u].name) == 0 &&
                weft_param_set(number, &budget->seconds, "budget", value) == WEFT_OK &&
                budget->seconds > 0) {
                budget->seconds *= units[u].seconds;
                return WEFT_OK;
            }
    }
    return call_misused(call, "--budget %s: expected a time, such as 60s, 15m or 1h", text);
}

static weft_status count_option(const weft_classifier *c, const char *name, uint64_t *count)
{
    char text[64];
    WEFT_TRY(weft_classifier_get(c, name, text, sizeof text));
    *count = strtoull(text, NULL, 10);
    return WEFT_OK;
}

static weft_status text_option(const weft_classifier *c, const char *name, char **value)
{
    enum { LONGEST = 4096 };
    *value = malloc(LONGEST);
    if (!*value)
        return weft_fail(WEFT_ENOMEM, "no memory for an option");
    weft_status status = weft_classifier_get(c, name, *value, LONGEST);
    if (status != WEFT_OK) {
        free(*value);
        *value = NULL;
    }
    return status;
}

/* Seconds of so many steps, and of what comes before them. */
static weft_status time_steps(double *seconds, weft_classifier *classifier,
    const weft_view *train, size_t steps, weft_context *context)
{
    weft_rate_curve curve = {0};
    const weft_rate_range range = {1e-7, 1e-6, steps};
    double began = seconds_now();
    WEFT_TRY(weft_classifier_find_rate(&curve, classifier, train, &range, context));
    *seconds = seconds_now() - began;
    weft_rate_curve_clear(&curve);
    return WEFT_OK;
}

/* What a training's seconds are made of. */
struct pace {
    double begin, step;  /* before the first step; a step */
    double watch, judge; /* predicting a picture after an epoch; at the end, in f32 */
};

/* What is learnt, watched after every epoch, and judged at the end. */
struct burden {
    const weft_view *train;
    size_t watched, judged;
};

/* Where it is left to weft, bf16 wherever the processor has it: no network was seen that is
 * slower with it. */
static weft_status precision_of(char precision[8], const weft_classifier *c)
{
    weft_network_summary summary;
    const weft_network_use use = weft_network_use_defaults();
    WEFT_TRY(weft_classifier_get(c, "precision", precision, 8));
    if (strcmp(precision, "auto") != 0)
        return WEFT_OK;
    /* Of any network: it is the processor that decides. */
    WEFT_TRY(weft_network_summarise(&summary, recipes[RECIPES - 1], &use, NULL));
    snprintf(precision, 8, "%s", summary.precision);
    weft_network_summary_clear(&summary);
    return WEFT_OK;
}

/* The difference of a short and a longer run, so that what comes before does not count;
 * after one that does not count at all, in which the kernels are made. */
static weft_status measure(struct pace *pace, weft_classifier *classifier,
    const weft_view *train, weft_context *context)
{
    enum { SHORT = 10, LONG = 20 };
    double few, many;
    uint64_t batch, together;
    char *views, precision[8];
    WEFT_TRY(precision_of(precision, classifier));
    WEFT_TRY(count_option(classifier, "batch", &batch));
    WEFT_TRY(count_option(classifier, "accumulate", &together));
    WEFT_TRY(time_steps(&few, classifier, train, SHORT, context));
    WEFT_TRY(time_steps(&few, classifier, train, SHORT, context));
    WEFT_TRY(time_steps(&many, classifier, train, LONG, context));
    pace->step = many > few ? (many - few) / (LONG - SHORT) : many / LONG;
    pace->begin = fmax(few - SHORT * pace->step, 0);
    WEFT_TRY(text_option(classifier, "views", &views));
    size_t pictures = batch * together < train->count ? batch * together : train->count;
    pace->watch = pace->step / (double)pictures * PASS_OF_STEP * atoi(views) / 2;
    pace->judge = pace->watch * (strcmp(precision, "f32") == 0 ? 1 : 2);
    free(views);
    return WEFT_OK;
}

static weft_status multiply_adds(double *out, const char *recipe, const weft_view *train)
{
    weft_network_summary summary;
    weft_network_use use = weft_network_use_defaults();
    use.shape = weft_dataset_shape(train->data);
    use.classes = weft_dataset_classes(train->data);
    WEFT_TRY(weft_network_summarise(&summary, recipe, &use, NULL));
    *out = (double)summary.multiply_adds;
    weft_network_summary_clear(&summary);
    return WEFT_OK;
}

static weft_status write_epochs(weft_classifier *c, uint64_t count)
{
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)count);
    return weft_classifier_set(c, "epochs", text);
}

/* A training's seconds, for a network `larger` times as dear as the measured one. */
static weft_status seconds_of(double *seconds, const weft_classifier *classifier,
    const struct burden *b, const struct pace *pace, double larger)
{
    double steps;
    uint64_t epochs;
    WEFT_TRY(weft_classifier_training_work(&steps, classifier, b->train->count));
    WEFT_TRY(count_option(classifier, "epochs", &epochs));
    *seconds =
        pace->begin + larger * (pace->step * steps + pace->judge * (double)b->judged +
                                   pace->watch * (double)b->watched * (double)epochs);
    return WEFT_OK;
}

/* The most epochs, 0 to `most`, that fit into `left` seconds. */
static weft_status fit_epochs(uint64_t *epochs, weft_classifier *classifier,
    const struct burden *b, const struct pace *pace, double larger, double left,
    uint64_t most)
{
    double seconds;
    uint64_t too_many = most + 1;
    for (*epochs = 0; too_many - *epochs > 1;) {
        uint64_t middle = *epochs + (too_many - *epochs) / 2;
        WEFT_TRY(write_epochs(classifier, middle));
        WEFT_TRY(seconds_of(&seconds, classifier, b, pace, larger));
        *(seconds <= left * (1 - RESERVE) ? epochs : &too_many) = middle;
    }
    return WEFT_OK;
}

/* Whether half of the recipe's epochs fit. */
static weft_status fits(bool *out, weft_classifier *recipe, const struct burden *b,
    const struct pace *pace, double larger, double left)
{
    uint64_t wanted, epochs;
    WEFT_TRY(count_option(recipe, "epochs", &wanted));
    WEFT_TRY(fit_epochs(&epochs, recipe, b, pace, larger, left, wanted));
    *out = 2 * epochs >= wanted;
    return write_epochs(recipe, wanted);
}

/* As `fits`: first by the multiply-adds of the cheapest, whose pace is known, then, where
 * that gives hope, by a pace of its own, which comes out. */
static weft_status try_recipe(bool *out, struct pace *pace, weft_classifier *recipe,
    const struct burden *b, double left, struct call *call)
{
    double began = seconds_now(), cheapest, own;
    WEFT_TRY(multiply_adds(&cheapest, recipes[RECIPES - 1], b->train));
    WEFT_TRY(multiply_adds(&own, weft_classifier_describe(recipe)->name, b->train));
    WEFT_TRY(fits(out, recipe, b, pace, own / cheapest, left));
    if (!*out)
        return WEFT_OK;
    WEFT_TRY(measure(pace, recipe, b->train, call->context));
    return fits(out, recipe, b, pace, 1, left - (seconds_now() - began));
}

/* The largest recipe of whose epochs half fit, else the smallest, with its pace. */
static weft_status choose_recipe(weft_classifier **out, struct pace *pace,
    struct call *call, const struct burden *b, double left)
{
    double began = seconds_now();
    struct pace cheapest;
    WEFT_TRY(weft_classifier_create(out, recipes[RECIPES - 1]));
    WEFT_TRY(measure(&cheapest, *out, b->train, call->context));
    for (size_t i = 0; i + 1 < RECIPES; i++) {
        bool taken = false;
        weft_classifier *c;
        *pace = cheapest;
        WEFT_TRY(weft_classifier_create(&c, recipes[i]));
        weft_status status =
            try_recipe(&taken, pace, c, b, left - (seconds_now() - began), call);
        weft_classifier_free(taken ? *out : c);
        *out = taken ? c : *out;
        if (status != WEFT_OK || taken)
            return status;
    }
    *pace = cheapest;
    return WEFT_OK;
}

static weft_status set_epochs(struct budget *budget, struct call *call,
    const struct burden *b, const struct pace *pace, double spent)
{
    uint64_t wanted;
    WEFT_TRY(count_option(call->classifier, "epochs", &wanted));
    const weft_param *option =
        weft_param_find(weft_classifier_describe(call->classifier)->params, "epochs");
    /* Twice the epochs that it was made for bring next to nothing more. */
    uint64_t most = (uint64_t)fmin(2 * (double)wanted, option->max);
    WEFT_TRY(fit_epochs(
        &budget->epochs, call->classifier, b, pace, 1, budget->seconds - spent, most));
    budget->epochs += budget->epochs == 0;
    WEFT_TRY(write_epochs(call->classifier, budget->epochs));
    WEFT_TRY(seconds_of(&budget->predicted, call->classifier, b, pace, 1));
    budget->predicted += spent;
    return WEFT_OK;
}

/* The given epochs and precision stay; the rest is chosen. */
static weft_status plan(
    struct budget *budget, struct call *call, const struct burden *b, double spent)
{
    double began = seconds_now();
    struct pace pace;
    bool chosen = !call->classifier;
    if (chosen) {
        char seed[32];
        WEFT_TRY(choose_recipe(&call->classifier, &pace, call, b, budget->seconds - spent));
        WEFT_TRY(weft_param_get(
            call->command->options, call->options, "seed", seed, sizeof seed));
        WEFT_TRY(weft_classifier_set(call->classifier, "seed", seed));
    }
    const weft_classifier_info *info = weft_classifier_describe(call->classifier);
    double work;
    if (weft_classifier_training_work(&work, call->classifier, b->train->count) != WEFT_OK)
        return call_misused(call, "--budget: %s", weft_error());
    snprintf(budget->recipe, sizeof budget->recipe, "%s", info->name);
    WEFT_TRY(precision_of(budget->precision, call->classifier));
    WEFT_TRY(weft_classifier_set(call->classifier, "precision", budget->precision));
    if (!chosen)
        WEFT_TRY(measure(&pace, call->classifier, b->train, call->context));
    return set_epochs(budget, call, b, &pace, spent + seconds_now() - began);
}

weft_status budget_plan(struct budget *budget, struct call *call, const weft_view *train,
    size_t watched, size_t tested, double spent)
{
    const struct burden burden = {train, watched, watched + tested};
    weft_context_on_event(call->context, NULL, NULL); /* a probe is no training */
    weft_status status = plan(budget, call, &burden, spent);
    weft_context_on_event(call->context, progress_event, call->progress);
    WEFT_TRY(status);
    if (!call->quiet)
        fprintf(stderr,
            "weft: %.0f s: %s, %llu epochs in %s: %.0f s expected%s; again without "
            "planning: --recipe %s --epochs %llu --precision %s\n",
            budget->seconds, budget->recipe, (unsigned long long)budget->epochs,
            budget->precision, budget->predicted,
            budget->predicted > budget->seconds ? " (less is not possible)" : "",
            budget->recipe, (unsigned long long)budget->epochs, budget->precision);
    return WEFT_OK;
}

void budget_print(const struct budget *budget, double seconds)
{
    printf("%-10s  %.1f s of %.0f s (%.1f expected): %s, %llu epochs, %s\n", "budget",
        seconds, budget->seconds, budget->predicted, budget->recipe,
        (unsigned long long)budget->epochs, budget->precision);
}

json_t *budget_json(const struct budget *budget, double seconds)
{
    return json_pack("{s:f, s:f, s:f, s:s, s:I, s:s}", "budget_seconds", budget->seconds,
        "predicted_seconds", budget->predicted, "seconds", seconds, "recipe",
        budget->recipe, "epochs", (json_int_t)budget->epochs, "precision",
        budget->precision);
}
