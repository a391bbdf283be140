/* What a person sees of the work, on a terminal and elsewhere. The clock is the test's. */
#include "../../cli/progress.c"

#include <fcntl.h>

#include "support.h"

static double now;

double seconds_now(void)
{
    return now;
}

static weft_event event(weft_event_kind kind, double seconds, double done)
{
    return (weft_event){.kind = kind,
        .left = NAN,
        .task = "reading photos",
        .unit = "pictures",
        .done = done,
        .total = 1000,
        .seconds = seconds,
        .rate = NAN,
        .loss = NAN,
        .accuracy = NAN,
        .val_loss = NAN,
        .val_accuracy = NAN,
        .text = "a note"};
}

/* Sends an event for every second from 0 to `last` and returns what came on stderr. */
static const char *told(struct progress *progress, weft_event_kind kind, int last)
{
    static char text[1 << 14];
    char path[] = "/tmp/weft-progress-XXXXXX";
    int file = mkstemp(path), before = dup(STDERR_FILENO);
    unlink(path);
    fflush(stderr);
    dup2(file, STDERR_FILENO);
    for (int s = 0; s <= last; s++) {
        now = 1000 + s;
        weft_event e = event(kind, s, s * 10);
        progress_event(progress, &e);
    }
    fflush(stderr);
    dup2(before, STDERR_FILENO);
    ssize_t n = pread(file, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = 0;
    close(before);
    close(file);
    return text;
}

static size_t count(const char *text, char c)
{
    size_t n = 0;
    for (; *text; text++)
        n += *text == c;
    return n;
}

static void the_first_two_seconds_are_silent(void **state)
{
    (void)state;
    struct progress live = {.live = true}, plain = {0};
    assert_string_equal(told(&live, WEFT_EVENT_PROGRESS, 1), "");
    assert_string_equal(told(&plain, WEFT_EVENT_PROGRESS, 1), "");
}

static void a_terminal_gets_one_line_that_is_redrawn(void **state)
{
    (void)state;
    struct progress progress = {.live = true};
    const char *text = told(&progress, WEFT_EVENT_PROGRESS, 20);
    assert_int_equal(count(text, '\n'), 0);
    assert_int_equal(count(text, '\r'), 19);
    assert_non_null(strstr(text, "\rreading photos  20%  10 pictures/s  1m20s left\033[K"));
}

static void elsewhere_lines_are_plain_and_few(void **state)
{
    (void)state;
    struct progress progress = {0};
    const char *text = told(&progress, WEFT_EVENT_PROGRESS, 20);
    assert_int_equal(count(text, '\n'), 4); /* at 2, 7, 12 and 17 s */
    assert_int_equal(count(text, '\r'), 0);
    assert_int_equal(count(text, '\033'), 0);
}

static void epochs_stay_on_the_terminal(void **state)
{
    (void)state;
    struct progress progress = {.live = true};
    assert_int_equal(count(told(&progress, WEFT_EVENT_EPOCH, 4), '\n'), 3);
}

static void quiet_is_silent_and_notes_are_lines(void **state)
{
    (void)state;
    struct progress quiet = {.quiet = true, .live = true}, plain = {0};
    assert_string_equal(told(&quiet, WEFT_EVENT_PROGRESS, 9), "");
    assert_string_equal(told(&plain, WEFT_EVENT_NOTE, 0), "a note\n");
}

static void what_does_not_fit_is_left_out_by_worth(void **state)
{
    (void)state;
    weft_event e = event(WEFT_EVENT_PROGRESS, 10, 3);
    e.task = "training a-network-of-long-name";
    e.unit = "epochs";
    e.total = 10;
    e.loss = 0.25;
    e.accuracy = 0.5;
    e.rate = 12345;
    struct parts parts = {.count = 0};
    char line[LINE] = "";
    describe(&parts, &e);
    join(line, &parts, 79);
    assert_string_equal(
        line, "training a-network-of-long-name  loss 0.2500  accuracy 0.5000  23s left");
}

static void long_lines_are_cut_between_characters(void **state)
{
    (void)state;
    char line[LINE] = "";
    for (int i = 0; i < 60; i++)
        strcat(line, "\xc3\xa9"); /* e with an accent: one column, two bytes */
    cut(line, 50);
    assert_int_equal(strlen(line), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_two_seconds_are_silent),
        cmocka_unit_test(a_terminal_gets_one_line_that_is_redrawn),
        cmocka_unit_test(elsewhere_lines_are_plain_and_few),
        cmocka_unit_test(epochs_stay_on_the_terminal),
        cmocka_unit_test(quiet_is_silent_and_notes_are_lines),
        cmocka_unit_test(what_does_not_fit_is_left_out_by_worth),
        cmocka_unit_test(long_lines_are_cut_between_characters),
    };
    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
