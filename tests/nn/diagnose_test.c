/* Trainings that go wrong, on purpose, are told what is wrong with them. */
#include "nn/training.h"

#include "nn/diagnose.h"

static const char NETWORK[] = "flatten\ndense 64\nrelu\ndense classes\nsoftmax\n";

static void note(void *user, const weft_event *event)
{
    if (event->kind == WEFT_EVENT_NOTE)
        snprintf(user, 320, "%s", event->text);
}

/* The last note of a training with 2 threads. */
static weft_status train(
    char text[320], const char *const *options, size_t count, bool wrong_labels)
{
    weft_context *context;
    write_network("n.net", NETWORK);
    assert_ok(weft_context_create(&context, 2));
    text[0] = 0;
    weft_context_on_event(context, note, text);
    weft_dataset *data = bands(count, 4, 1, wrong_labels),
                 *other = bands(200, 4, 2, wrong_labels);
    weft_view view = weft_view_all(data), validation = weft_view_all(other);
    weft_classifier *c = network_with("n.net", options);
    weft_status status = weft_classifier_fit(c, &view, &validation, context);
    weft_classifier_free(c);
    weft_dataset_free(data);
    weft_dataset_free(other);
    weft_context_free(context);
    return status;
}

static void assert_told(const char *text, const char *expected)
{
    if (!strstr(text, expected))
        fail_msg("'%s' lacks '%s'", text, expected);
}

static void a_loss_that_is_not_finite(void **state)
{
    (void)state;
    char text[320];
    assert_fails(train(text,
                     OPTIONS("optimizer", "sgd", "learning-rate", "100", "loss", "mse",
                         "epochs", "30"),
                     300, false),
        WEFT_ENUMERIC, "try a tenth of learning-rate=100");
}

static void a_loss_that_does_not_move(void **state)
{
    (void)state;
    char text[320];
    assert_ok(train(text, OPTIONS("learning-rate", "1e-7", "epochs", "3"), 300, false));
    assert_told(text, "the loss did not move");
    assert_told(text, "learning-rate=1e-06");
}

/* Labels that mean nothing can only be learnt by heart. */
static void overfitting(void **state)
{
    (void)state;
    char text[320];
    assert_ok(train(text, OPTIONS("epochs", "60", "learning-rate", "0.005"), 100, true));
    assert_told(text, "overfitting since epoch");
    assert_ok(train(text,
        OPTIONS("epochs", "60", "learning-rate", "0.005", "patience", "5"), 100, true));
    assert_string_equal(text, "");
}

static void a_rate_too_low(void **state)
{
    (void)state;
    char text[320];
    assert_ok(train(text, OPTIONS("learning-rate", "3e-4", "epochs", "4"), 400, false));
    assert_told(text, "still falling");
    assert_told(text, "learning-rate=0.0009");
}

static void a_good_training_is_left_in_peace(void **state)
{
    (void)state;
    char text[320];
    assert_ok(
        train(text, OPTIONS("learning-rate", "0.003", "epochs", "12", "schedule", "cosine"),
            400, false));
    assert_string_equal(text, "");
}

/* Figures as they come from runs that a test cannot repeat on every machine. */
static void figures_alone(void **state)
{
    (void)state;
    weft__train_options o = {.learning_rate = 0.1};
    char text[320];
    weft_epoch e[] = {
        {.epoch = 1, .loss = 0.6, .accuracy = 0.8, .val_loss = NAN},
        {.epoch = 2, .loss = 0.4, .accuracy = 0.9, .val_loss = NAN},
        {.epoch = 3, .loss = 1.9, .accuracy = 0.3, .val_loss = NAN},
    };
    assert_int_equal(weft__diagnose(text, e, 3, &o), WEFT__LOSS_JUMPS);
    assert_told(text, "learning-rate=0.01");
    assert_int_equal(weft__diagnose(text, e, 1, &o), WEFT__LEARNS_WELL);
    e[2].loss = 0.3; /* recovered, no val_loss */
    assert_int_equal(weft__diagnose(text, e, 3, &o), WEFT__STILL_FALLING);
    e[2].loss = 0.395;
    assert_int_equal(weft__diagnose(text, e, 3, &o), WEFT__LEARNS_WELL);
    assert_string_equal(text, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(a_loss_that_is_not_finite),
        folder_test(a_loss_that_does_not_move),
        folder_test(overfitting),
        folder_test(a_rate_too_low),
        folder_test(a_good_training_is_left_in_peace),
        folder_test(figures_alone),
    };
    return cmocka_run_group_tests_name("diagnosis", tests, NULL, NULL);
}
