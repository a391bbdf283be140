/* weft train on a network, stopped and resumed. */
#include "cli/weft.h"

#define TRAIN \
    "train", "ann", "--data", "synth:n=400,test=1,seed=3", "--epochs", "8", \
        "--checkpoint-seconds", "0", "--threads", "2"

static void nap(long milliseconds)
{
    nanosleep(&(struct timespec){milliseconds / 1000, milliseconds % 1000 * 1000000}, NULL);
}

/* Starts the training and stops it once a checkpoint is there. */
static const struct outcome *stop(
    const char *const words[], const char *checkpoint, int signal_number)
{
    pid_t child = start(&(struct manner){0}, words);
    for (int i = 0; i < 5000 && !exists(checkpoint); i++)
        nap(1);
    kill(child, signal_number);
    return finish(child);
}

static void a_killed_training_of_a_file_resumes_to_the_same_file(void **state)
{
    (void)state;
    assert_outcome(weft(TRAIN, "--out", "whole.safetensors"), 0, "");
    assert_false(exists("whole.safetensors.checkpoint"));
    const struct outcome *o =
        stop(WORDS(TRAIN, "--out", "m.safetensors"), "m.safetensors.checkpoint", SIGKILL);
    assert_int_equal(o->code, -SIGKILL);
    assert_failure(weft(TRAIN, "--out", "m.safetensors"), "--resume");
    assert_failure(weft(TRAIN, "--out", "m.safetensors", "--resume", "--batch", "7"),
        "batch was '64'");
    assert_outcome(weft(TRAIN, "--out", "m.safetensors", "--resume"), 0, "going on from");
    assert_false(exists("m.safetensors.checkpoint"));
    assert_int_equal(system("cmp m.safetensors whole.safetensors"), 0);
}

static void an_interrupted_run_keeps_a_model_and_resumes(void **state)
{
    (void)state;
    assert_outcome(weft(TRAIN, "--out", "whole.safetensors"), 0, "");
    const struct outcome *o = stop(WORDS(TRAIN), "runs/ann/checkpoint.safetensors", SIGINT);
    assert_outcome(o, 130, "--resume goes on from there");
    assert_outcome(weft("verify", "runs/ann/model.safetensors"), 0, "");
    assert_true(exists("runs/ann/checkpoint.safetensors"));

    /* Another training in between has a folder of its own. */
    assert_outcome(weft(TRAIN), 0, "");
    assert_true(exists("runs/ann-2/model.safetensors"));
    assert_outcome(weft(TRAIN, "--resume"), 0, "going on from runs/ann/");
    assert_false(exists("runs/ann/checkpoint.safetensors"));
    assert_int_equal(system("cmp runs/ann/model.safetensors whole.safetensors"), 0);
    assert_int_equal(
        system("test \"$(ls -A runs/ann)\" = \"$(printf 'args.json\\nmodel.safetensors\\n"
               "results.csv\\nresults.json')\""),
        0);
}

static void resuming_nothing_begins(void **state)
{
    (void)state;
    assert_outcome(weft(TRAIN, "--resume"), 0, "from the beginning");
    assert_true(exists("runs/ann/model.safetensors"));
}

static void learning_rates_are_tried_instead(void **state)
{
    (void)state;
    const struct outcome *o = weft(TRAIN, "--lr-find", "--out", "curve.csv");
    assert_outcome(o, 0, "");
    assert_non_null(strstr(o->out, "suggestion  --learning-rate "));
    assert_int_equal(system("head -1 curve.csv | grep -qx learning_rate,loss && "
                            "test $(wc -l <curve.csv) -gt 50 && test ! -e runs"),
        0);
    assert_failure(weft("train", "knn", "--data", "synth:n=100,test=1", "--lr-find"),
        "no learning rate");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        folder_test(a_killed_training_of_a_file_resumes_to_the_same_file),
        folder_test(an_interrupted_run_keeps_a_model_and_resumes),
        folder_test(resuming_nothing_begins),
        folder_test(learning_rates_are_tried_instead),
    };
    return cmocka_run_group_tests_name("resuming", tests, NULL, NULL);
}
