/* A run stopped at any moment goes on to the bits of one never stopped. */
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "nn/training.h"

static const char NETWORK[] = "conv 8 kernel=3\nbatchnorm\nrelu\nmaxpool 2\nflatten\n"
                              "dropout 0.3\ndense 32\nrelu\ndense classes\nsoftmax\n";

#define USUAL \
    "epochs", "6", "batch", "32", "patience", "6", "schedule", "cosine", "clip-norm", "5"

static void count_epochs(void *user, const weft_event *event)
{
    *(int *)user += event->kind == WEFT_EVENT_EPOCH;
}

/* A training from the beginning or, where there is something to go on from, from there;
 * the model is kept at `out`. Returns how many epochs it had to do. */
static int train(const char *const *options, const char *checkpoint, const char *out)
{
    weft_context *context;
    int epochs = 0;
    assert_ok(weft_context_create(&context, 2));
    weft_context_on_event(context, count_epochs, &epochs);
    /* 300 pictures: an epoch ends with a batch of 12. */
    weft_dataset *train_data = bands(300, 4, 1, false), *held_out = bands(100, 4, 2, false);
    weft_view train = weft_view_all(train_data), validation = weft_view_all(held_out);
    weft_classifier *c = network_with("n.net", options);
    if (checkpoint)
        assert_ok(weft_classifier_checkpoint(c, checkpoint, 0, true));
    assert_ok(weft_classifier_fit(c, &train, &validation, context));
    assert_ok(weft_classifier_save(c, out, context));
    weft_classifier_free(c);
    weft_dataset_free(train_data);
    weft_dataset_free(held_out);
    weft_context_free(context);
    return epochs;
}

/* In a process of its own, killed after so many microseconds; 0: never. True when it came
 * to its end. */
static bool train_apart(
    const char *const *options, const char *checkpoint, const char *out, long kill_after)
{
    pid_t child = fork();
    if (child == 0) {
        train(options, checkpoint, out);
        _exit(0);
    }
    if (kill_after) {
        struct timespec wait = {0, kill_after * 1000};
        nanosleep(&wait, NULL);
        kill(child, SIGKILL);
    }
    int status;
    waitpid(child, &status, 0);
    if (WIFEXITED(status))
        assert_int_equal(WEXITSTATUS(status), 0);
    return WIFEXITED(status);
}

/* At least `kills` kills, those that came too late not counted. */
static void kill_and_resume(const char *const *options, int kills, uint64_t seed)
{
    assert_true(train_apart(options, NULL, "whole.safetensors", 0));
    weft_rng rng = weft_rng_create(seed, 0);
    for (int done = 0; done < kills;) {
        if (!train_apart(options, "run.checkpoint", "resumed.safetensors",
                1000 + weft_rng_below(&rng, 60000))) {
            done++;
            continue;
        }
        assert_true(same_files("whole.safetensors", "resumed.safetensors"));
        unlink("run.checkpoint");
    }
    assert_true(train_apart(options, "run.checkpoint", "resumed.safetensors", 0));
    assert_true(same_files("whole.safetensors", "resumed.safetensors"));
}

static int kills_wanted(void)
{
    const char *text = getenv("WEFT_TEST_KILLS");
    return text ? atoi(text) : 4;
}

static void a_killed_run_resumes_to_the_same_bits(void **state)
{
    (void)state;
    write_network("n.net", NETWORK);
    kill_and_resume(OPTIONS(USUAL, "precision", "f32"), kills_wanted(), 1);
}

static void also_with_momentum_and_whatever_precision_is_fast(void **state)
{
    (void)state;
    write_network("n.net", NETWORK);
    kill_and_resume(
        OPTIONS(USUAL, "optimizer", "sgd", "learning-rate", "0.05"), kills_wanted() / 2, 2);
}

static void also_with_all_that_a_step_may_keep(void **state)
{
    (void)state;
    write_network("n.net", NETWORK);
    kill_and_resume(
        OPTIONS(USUAL, "ema", "0.95", "accumulate", "2", "sampling", "balanced", "sampling",
            "balanced", "flip", "alternate", "rotate", "10", "cutmix", "1"),
        kills_wanted() / 2, 3);
}

/* Pictures that grow, layers that stop learning, slow weights and their mean. */
static void also_through_stages(void **state)
{
    (void)state;
    write_network("n.net", "conv 8 kernel=3\nbatchnorm\nrelu\nconv 8 kernel=3\nrelu\n"
                           "globalpool\ndense classes\nsoftmax\n");
    kill_and_resume(
        OPTIONS(USUAL, "grow-until", "0.6", "freeze-late", "conv1,batchnorm1", "freeze-at",
            "0.6", "lookahead", "3", "swa", "0.4", "skip-easy", "0.4"),
        kills_wanted() / 2, 4);
}

/* The next epoch is then left after its first step. */
static void cancel_after_three(void *user, const weft_event *event)
{
    if (event->kind == WEFT_EVENT_EPOCH && (int)event->done == 3)
        weft_context_cancel(user);
}

/* Ctrl-C: what was learnt answers, and the checkpoint lets it go on. */
static void an_interrupted_run_is_usable_and_resumes(void **state)
{
    (void)state;
    write_network("n.net", NETWORK);
    const char *const *options = OPTIONS(USUAL);
    weft_dataset *data = bands(300, 4, 1, false), *held_out = bands(100, 4, 2, false);
    weft_view view = weft_view_all(data), validation = weft_view_all(held_out);
    weft_classifier *c = network_with("n.net", options);
    weft_context *context;
    assert_ok(weft_context_create(&context, 2));
    weft_context_on_event(context, cancel_after_three, context);
    assert_ok(weft_classifier_checkpoint(c, "run.checkpoint", 1000, false));
    assert_fails(weft_classifier_fit(c, &view, &validation, context), WEFT_ECANCELLED,
        "cancelled in epoch 4");
    weft_context_free(context);
    assert_ok(weft_context_create(&context, 2));
    assert_true(weft_classifier_is_fitted(c));
    float *probabilities = calloc(300 * 4, sizeof *probabilities);
    assert_ok(weft_classifier_predict_proba(c, &view, probabilities, context));
    for (size_t i = 0; i < 300; i++) {
        const float *p = probabilities + 4 * i;
        assert_true(fabsf(p[0] + p[1] + p[2] + p[3] - 1) < 1e-5f);
    }
    free(probabilities);
    assert_ok(weft_classifier_save(c, "partial.safetensors", context));
    weft_classifier_free(c);
    weft_dataset_free(data);
    weft_dataset_free(held_out);
    weft_context_free(context);

    assert_int_equal(train(options, NULL, "whole.safetensors"), 6);
    assert_int_equal(train(options, "run.checkpoint", "resumed.safetensors"), 3);
    assert_true(same_files("whole.safetensors", "resumed.safetensors"));
    assert_false(same_files("whole.safetensors", "partial.safetensors"));
}

/* A finished run's checkpoint gives its model again, without training. */
static void a_finished_run_resumes_to_its_end(void **state)
{
    (void)state;
    write_network("n.net", NETWORK);
    assert_int_equal(train(OPTIONS(USUAL), "run.checkpoint", "a.safetensors"), 6);
    assert_int_equal(train(OPTIONS(USUAL), "run.checkpoint", "b.safetensors"), 0);
    assert_true(same_files("a.safetensors", "b.safetensors"));
}

static weft_status resume(const char *const *options, const weft_view *view, int threads)
{
    weft_context *context;
    assert_ok(weft_context_create(&context, threads));
    weft_classifier *c = network_with("n.net", options);
    assert_ok(weft_classifier_checkpoint(c, "run.checkpoint", 0, true));
    weft_status status = weft_classifier_fit(c, view, NULL, context);
    weft_classifier_free(c);
    weft_context_free(context);
    return status;
}

static void what_differs_is_named(void **state)
{
    (void)state;
    write_network("n.net", NETWORK);
    weft_dataset *data = bands(64, 4, 1, false), *other = bands(64, 4, 2, false);
    weft_view view = weft_view_all(data), others = weft_view_all(other), fewer = view;
    fewer.count = 60;
    const char *const *usual = OPTIONS("epochs", "2");
    assert_ok(resume(usual, &view, 2));
    assert_ok(resume(usual, &view, 2));
    assert_fails(resume(OPTIONS("epochs", "2", "learning-rate", "0.1"), &view, 2),
        WEFT_EINVAL, "learning-rate was '0.001' when it was written and is '0.1' now");
    assert_fails(resume(OPTIONS("epochs", "3"), &view, 2), WEFT_EINVAL, "epochs");
    assert_fails(resume(usual, &view, 1), WEFT_EINVAL, "number of threads");
    assert_fails(resume(usual, &others, 2), WEFT_EINVAL, "training pictures");
    assert_fails(resume(usual, &fewer, 2), WEFT_EINVAL, "training pictures");
    write_network("n.net", "flatten\ndense classes\n");
    assert_fails(resume(usual, &view, 2), WEFT_EINVAL, "network's text");
    weft_dataset_free(data);
    weft_dataset_free(other);
}

static void damage_is_told(void **state)
{
    (void)state;
    write_network("n.net", NETWORK);
    weft_dataset *data = bands(64, 4, 1, false);
    weft_view view = weft_view_all(data);
    const char *const *usual = OPTIONS("epochs", "1");
    assert_ok(resume(usual, &view, 2));
    assert_int_equal(truncate("run.checkpoint", 3000), 0);
    assert_fails(resume(usual, &view, 2), WEFT_EFORMAT, "run.checkpoint");
    assert_int_equal(truncate("run.checkpoint", 0), 0);
    assert_fails(resume(usual, &view, 2), WEFT_EFORMAT, "run.checkpoint");

    /* A whole file, but not a checkpoint. */
    weft_classifier *c = network_with("n.net", usual);
    weft_context *context;
    assert_ok(weft_context_create(&context, 2));
    assert_ok(weft_classifier_fit(c, &view, NULL, context));
    assert_ok(weft_classifier_save(c, "run.checkpoint", context));
    weft_classifier_free(c);
    weft_context_free(context);
    assert_fails(resume(usual, &view, 2), WEFT_EFORMAT, "not a checkpoint");
    weft_dataset_free(data);
}

static void a_path_that_cannot_be_written_fails_at_once(void **state)
{
    (void)state;
    write_network("n.net", NETWORK);
    weft_dataset *data = bands(64, 4, 1, false);
    weft_view view = weft_view_all(data);
    weft_context *context;
    assert_ok(weft_context_create(&context, 1));
    weft_classifier *c = network_with("n.net", OPTIONS("epochs", "1"));
    assert_ok(weft_classifier_checkpoint(c, "n.net/run.checkpoint", 0, false));
    assert_fails(weft_classifier_fit(c, &view, NULL, context), WEFT_EIO, "n.net");
    assert_false(weft_classifier_is_fitted(c));
    weft_classifier_free(c);
    weft_context_free(context);
    weft_dataset_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(a_killed_run_resumes_to_the_same_bits),
        folder_test(also_with_momentum_and_whatever_precision_is_fast),
        folder_test(also_with_all_that_a_step_may_keep),
        folder_test(also_through_stages),
        folder_test(an_interrupted_run_is_usable_and_resumes),
        folder_test(a_finished_run_resumes_to_its_end),
        folder_test(what_differs_is_named),
        folder_test(damage_is_told),
        folder_test(a_path_that_cannot_be_written_fails_at_once),
    };
    return cmocka_run_group_tests_name("checkpoints", tests, NULL, NULL);
}
