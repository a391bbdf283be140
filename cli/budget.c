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

static weft_status real_option(const weft_classifier *c, const char *name, double *value)
{
    char text[64];
    WEFT_TRY(weft_classifier_get(c, name, text, sizeof text));
    *value = strtod(text, NULL);
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
    double begin, step, pass; /* before the first step; a step; predicting a picture */
    bool f32;
};

/* A short and a longer run, of whole pictures. */
static weft_status time_twice(double seconds[2], const size_t steps[2],
    weft_classifier *classifier, const weft_view *train, weft_context *context)
{
    char *until;
    WEFT_TRY(text_option(classifier, "grow-until", &until));
    weft_status status = weft_classifier_set(classifier, "grow-until", "0");
    for (int i = 0; status == WEFT_OK && i < 2; i++)
        status = time_steps(&seconds[i], classifier, train, steps[i], context);
    if (status == WEFT_OK)
        status = weft_classifier_set(classifier, "grow-until", until);
    free(until);
    return status;
}

/* The difference of a short and a longer run, so that what comes before does not count. */
static weft_status measure(struct pace *pace, weft_classifier *classifier,
    const weft_view *train, weft_context *context)
{
    enum { SHORT = 10, LONG = 20 };
    double seconds[2];
    uint64_t batch;
    char *views;
    WEFT_TRY(count_option(classifier, "batch", &batch));
    WEFT_TRY(
        time_twice(seconds, (const size_t[]){SHORT, LONG}, classifier, train, context));
    double few = seconds[0], many = seconds[1];
    pace->step = many > few ? (many - few) / (LONG - SHORT) : many / LONG;
    pace->begin = fmax(few - SHORT * pace->step, 0);
    WEFT_TRY(text_option(classifier, "views", &views));
    size_t pictures = batch < train->count ? batch : train->count;
    pace->pass =
        pace->step / (double)pictures * PASS_OF_STEP * atoi(views) * (pace->f32 ? 0.5 : 1);
    free(views);
    return WEFT_OK;
}

static weft_status steps_of(
    const weft_classifier *classifier, const weft_view *train, double *steps)
{
    uint64_t batch, together;
    WEFT_TRY(count_option(classifier, "batch", &batch));
    WEFT_TRY(count_option(classifier, "accumulate", &together));
    *steps = ceil((double)train->count / (double)(batch * together)) * (double)together;
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

/* What makes some epochs cheaper than others. */
struct effort {
    double skipped, from, until;
};

static weft_status effort_of(struct effort *effort, const weft_classifier *c)
{
    WEFT_TRY(real_option(c, "skip-easy", &effort->skipped));
    WEFT_TRY(real_option(c, "grow-from", &effort->from));
    return real_option(c, "grow-until", &effort->until);
}

/* So many epochs' work, in epochs that show every picture whole. */
static double whole_epochs(const struct effort *e, uint64_t epochs)
{
    double growing = rint(e->until * (double)epochs), sum = 0;
    for (uint64_t i = 0; i < epochs; i++) {
        double side =
            (double)i < growing ? e->from + (1 - e->from) * (double)i / growing : 1;
        sum += side * side * (i == 0 || i + 1 == epochs ? 1 : 1 - e->skipped);
    }
    return sum;
}

/* Of a training of so many epochs, before its end is judged. */
static weft_status seconds_of(double *seconds, const weft_classifier *classifier,
    const weft_view *train, const struct pace *pace, double larger, uint64_t epochs)
{
    double steps;
    struct effort effort;
    WEFT_TRY(steps_of(classifier, train, &steps));
    WEFT_TRY(effort_of(&effort, classifier));
    *seconds = pace->begin + larger * pace->step * steps * whole_epochs(&effort, epochs);
    return WEFT_OK;
}

/* Epochs, at most `most`, that fit into what is left, for a network `larger` times as dear
 * as the measured one. */
static weft_status fitting(uint64_t *epochs, const weft_classifier *classifier,
    const weft_view *train, const struct pace *pace, double larger, double left,
    size_t judged, uint64_t most)
{
    double rest = left * (1 - RESERVE) - larger * pace->pass * (double)judged, seconds;
    uint64_t too_many = most + 1;
    for (*epochs = 0; too_many - *epochs > 1;) {
        uint64_t middle = *epochs + (too_many - *epochs) / 2;
        WEFT_TRY(seconds_of(&seconds, classifier, train, pace, larger, middle));
        *(seconds <= rest ? epochs : &too_many) = middle;
    }
    return WEFT_OK;
}

/* The largest recipe of whose epochs half fit, else the smallest. The cheapest is timed and
 * the others are reckoned by their multiply-adds. */
static weft_status choose_recipe(struct call *call, const weft_view *train, size_t judged,
    double left, const char **chosen)
{
    double began = seconds_now(), smallest;
    struct pace pace = {.f32 = false};
    weft_classifier *c;
    WEFT_TRY(multiply_adds(&smallest, recipes[RECIPES - 1], train));
    WEFT_TRY(weft_classifier_create(&c, recipes[RECIPES - 1]));
    weft_status status = measure(&pace, c, train, call->context);
    weft_classifier_free(c);
    WEFT_TRY(status);
    left -= seconds_now() - began;
    for (size_t i = 0; i < RECIPES; i++) {
        double work;
        uint64_t wanted, epochs;
        *chosen = recipes[i];
        WEFT_TRY(multiply_adds(&work, recipes[i], train));
        WEFT_TRY(weft_classifier_create(&c, recipes[i]));
        status = count_option(c, "epochs", &wanted);
        if (status == WEFT_OK)
            status =
                fitting(&epochs, c, train, &pace, work / smallest, left, judged, wanted);
        weft_classifier_free(c);
        WEFT_TRY(status);
        if (2 * epochs >= wanted)
            break;
    }
    return WEFT_OK;
}

/* Where it is left to weft, bf16 wherever the processor has it: no network was seen that is
 * slower with it. */
static weft_status choose_precision(struct call *call)
{
    char precision[8];
    weft_network_summary summary;
    const weft_network_use use = weft_network_use_defaults();
    WEFT_TRY(
        weft_classifier_get(call->classifier, "precision", precision, sizeof precision));
    if (strcmp(precision, "auto") != 0)
        return WEFT_OK;
    /* Of any network: it is the processor that decides. */
    WEFT_TRY(weft_network_summarise(&summary, recipes[RECIPES - 1], &use, NULL));
    snprintf(precision, sizeof precision, "%s", summary.precision);
    weft_network_summary_clear(&summary);
    return weft_classifier_set(call->classifier, "precision", precision);
}

static weft_status set_epochs(struct budget *budget, struct call *call,
    const weft_view *train, const struct pace *pace, size_t judged, double spent)
{
    uint64_t wanted;
    char text[32];
    WEFT_TRY(count_option(call->classifier, "epochs", &wanted));
    /* Twice the epochs that it was made for bring next to nothing more. */
    WEFT_TRY(fitting(&budget->epochs, call->classifier, train, pace, 1,
        budget->seconds - spent, judged, 2 * wanted));
    budget->epochs += budget->epochs == 0;
    snprintf(text, sizeof text, "%llu", (unsigned long long)budget->epochs);
    WEFT_TRY(weft_classifier_set(call->classifier, "epochs", text));
    WEFT_TRY(
        seconds_of(&budget->predicted, call->classifier, train, pace, 1, budget->epochs));
    budget->predicted += spent + pace->pass * (double)judged;
    return WEFT_OK;
}

/* The given epochs and precision stay; the rest is chosen. */
static weft_status plan(struct budget *budget, struct call *call, const weft_view *train,
    size_t judged, double spent)
{
    double began = seconds_now();
    if (!call->classifier) {
        const char *recipe;
        char seed[32];
        WEFT_TRY(choose_recipe(call, train, judged, budget->seconds - spent, &recipe));
        WEFT_TRY(weft_classifier_create(&call->classifier, recipe));
        WEFT_TRY(weft_param_get(
            call->command->options, call->options, "seed", seed, sizeof seed));
        WEFT_TRY(weft_classifier_set(call->classifier, "seed", seed));
    }
    if (!weft_param_find(
            weft_classifier_describe(call->classifier)->params, "learning-rate"))
        return call_misused(call, "--budget: %s does not learn in epochs",
            weft_classifier_describe(call->classifier)->name);
    snprintf(budget->recipe, sizeof budget->recipe, "%s",
        weft_classifier_describe(call->classifier)->name);
    WEFT_TRY(choose_precision(call));
    WEFT_TRY(weft_classifier_get(
        call->classifier, "precision", budget->precision, sizeof budget->precision));
    struct pace pace = {.f32 = strcmp(budget->precision, "f32") == 0};
    WEFT_TRY(measure(&pace, call->classifier, train, call->context));
    return set_epochs(budget, call, train, &pace, judged, spent + seconds_now() - began);
}

weft_status budget_plan(struct budget *budget, struct call *call, const weft_view *train,
    size_t judged, double spent)
{
    weft_context_on_event(call->context, NULL, NULL); /* a probe is no training */
    weft_status status = plan(budget, call, train, judged, spent);
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
